"""Pictures are compared where chapters run: a changed one fails, a smoothed edge passes."""

from __future__ import annotations

import base64
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import compare_pictures
import draw_pictures
import matplotlib
import nbformat
import notebooks
import pytest
from nbformat import NotebookNode
from PIL import Image, ImageDraw, ImageFont

from unrolled.figures import style

SIZE = (440, 340)


def drawn(
    label: str = "0.93", end: float = 60, colour: str = "#1f5fbf", moved: float = 0, scale: int = 8
) -> bytes:
    """A line, a bar and a label, drawn large and made smaller: so their edges are smooth."""
    large = Image.new("RGB", tuple(side * scale for side in SIZE), "white")
    draw = ImageDraw.Draw(large)

    def at(*places: float) -> list[float]:
        return [(place + moved) * scale for place in places]

    draw.line(at(40, 300, 400, end), fill=colour, width=3 * scale)
    draw.rectangle(at(300, 200, 330, 300), fill="#d98c00")
    draw.line(at(40, 20, 40, 300, 420, 300), fill="black", width=2 * scale)
    draw.text(at(120, 60), label, fill="black", font=ImageFont.load_default(22 * scale))
    written = io.BytesIO()
    large.resize(SIZE, Image.Resampling.BOX).save(written, "png")
    return written.getvalue()


@pytest.mark.parametrize(
    "new",
    [
        drawn(),
        notebooks.with_palette(drawn()),
        drawn(scale=4),  # smoothed in another way
        drawn(moved=0.4),  # of a pixel
        drawn(moved=1),
    ],
)
def test_the_same_picture_from_another_machine_passes(new: bytes) -> None:
    committed = notebooks.with_palette(drawn())
    assert compare_pictures.difference(committed, new) == ""
    assert compare_pictures.difference(new, committed) == ""


CHANGED: dict[str, dict[str, Any]] = {
    "one digit": {"label": "0.98"},
    "another digit": {"label": "0.83"},
    "a line that ends lower": {"end": 70},
    "another colour": {"colour": "#107c41"},
    "all of it three pixels away": {"moved": 3},
}


@pytest.mark.parametrize("change", CHANGED)
def test_a_changed_picture_fails(change: str) -> None:
    committed = notebooks.with_palette(drawn())
    said = compare_pictures.difference(committed, drawn(**CHANGED[change]))
    assert "pixels differ, all of them from" in said
    assert compare_pictures.difference(drawn(**CHANGED[change]), committed)


def test_a_trained_line_may_lie_a_little_elsewhere_and_no_more() -> None:
    reach = compare_pictures.REACH_OF_TRAINED
    committed = notebooks.with_palette(drawn())
    assert compare_pictures.difference(committed, drawn(end=63))
    assert not compare_pictures.difference(committed, drawn(end=63), reach)
    assert compare_pictures.difference(committed, drawn(end=75), reach)


@pytest.mark.parametrize("name", draw_pictures.PICTURES)
def test_a_picture_that_stands_where_scripts_are_off_is_as_it_is_drawn_today(name: str) -> None:
    committed = (notebooks.ROOT / "_static" / f"{name}.png").read_bytes()
    with matplotlib.rc_context(style.RC):
        assert compare_pictures.difference(committed, draw_pictures.drawn(name)) == ""


def test_another_size_and_another_number_of_pictures_are_told() -> None:
    narrow = io.BytesIO()
    Image.new("RGB", (430, 340)).save(narrow, "png")
    said = compare_pictures.difference(drawn(), narrow.getvalue())
    assert said == "they are of 440 x 340 and 430 x 340 pixels"
    outputs = [{"data": {"image/png": base64.b64encode(drawn()).decode()}}]
    assert compare_pictures.differences(outputs, []) == [
        "Pictures that are committed: 1; drawn now: 0."
    ]


# --- plain `pytest --nbval` --------------------------------------------------------------------

DRAWS = """\
import io
import os

from IPython.display import Image, display
from PIL import Image as Paper

paper = Paper.new("RGB", (200, 100), colour)
written = io.BytesIO()
paper.save(written, "png")
display(Image(written.getvalue()))"""


def displayed(colour: str) -> NotebookNode:
    written = io.BytesIO()
    Image.new("RGB", (200, 100), colour).save(written, "png")
    data = {
        "image/png": base64.b64encode(written.getvalue()).decode(),
        "text/plain": "<IPython.core.display.Image object>",
    }
    return nbformat.v4.new_output("display_data", data=data)


def cell(source: str, *outputs: NotebookNode, **metadata: Any) -> NotebookNode:
    made = nbformat.v4.new_code_cell(source, metadata=metadata, outputs=list(outputs))
    made.execution_count = 1
    return made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of the project's, so that its settings hold there."""
    made = notebooks.ROOT / "_build" / "compared"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    yield made
    shutil.rmtree(made)


@pytest.mark.one_in(2)
@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["alone", "two"])
def test_plain_nbval_has_all_it_needs(folder: Path, processes: list[str], tmp_path: Path) -> None:
    """One kernel for a notebook, numbers after the sign, and pictures, without another option.

    No temporary file outlives the run, though nbval kills a kernel before that can remove its own.
    """
    made = nbformat.v4.new_notebook()
    said = nbformat.v4.new_output("stream", name="stdout", text="one step ≈ 3.10 ms\n")
    made.cells = [
        cell('colour = "green"'),
        cell('print("one step ≈ 4.25 ms")', said),
        cell(DRAWS, displayed("green")),
        cell(DRAWS, displayed("red")),
        cell(DRAWS, displayed("red"), tags=["measured"]),
        cell("print(colour)", nbformat.v4.new_output("stream", text="green\n")),
        cell("import tempfile\nkept = tempfile.mkdtemp()"),
    ]
    nbformat.write(made, folder / "made.ipynb")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    done = subprocess.run(
        [*command, *processes, str(folder)],
        cwd=notebooks.ROOT,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert "1 failed, 6 passed" in done.stdout, done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir() if "pytest-of" not in path.name] == []
    assert "made.ipynb::Cell 3" in done.stdout
    assert "Picture 1 is not the committed one: 20000 pixels differ" in done.stdout
