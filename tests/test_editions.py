"""The student edition and the hosted one, made from the chapters as they are."""

from __future__ import annotations

import ast
import io
import zipfile

import editions
import exercises
import nbformat
import notebooks
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

CHAPTERS = editions.chapters()
each_chapter = pytest.mark.parametrize("name", CHAPTERS)

SOLUTION = """\
def twice(x, by=2):
    return x * by


class Cell(Base):
    size = 3


half, rest = 1, 2
for step in range(3):
    left = step
import math
# --- check ---
assert twice(half) == 2 and Cell.size == 3 and left and math"""


def made(solution: str = SOLUTION) -> NotebookNode:
    notebook = nbformat.v4.new_notebook()
    exercise = "```{exercise} Check: halves\n:label: halves\n\nWrite `twice`.\n```"
    start = "```{solution-start} halves\n:class: dropdown\n```\n\nLike this:"
    notebook.cells = [
        nbformat.v4.new_markdown_cell(f"Before.\n\n{exercise}\n\n{start}"),
        nbformat.v4.new_code_cell(solution),
        nbformat.v4.new_markdown_cell("```{solution-end}\n```\n\nAfter."),
    ]
    return notebook


def test_student_sees_question_stub_and_check() -> None:
    cells = editions.student(made()).cells
    assert cells[0].source == "Before.\n\n### Check: halves\n\nWrite `twice`."
    stub, check = cells[1].source, cells[2].source
    assert stub.startswith(
        'def twice(x, by=2):\n    raise NotImplementedError("write twice here")\n'
    )
    assert "class Cell(Base):" in stub and "import math" in stub
    assert "half = ...  # your answer\nleft = ...  # your answer" in stub
    assert "rest" not in stub and "step" not in stub  # the check does not ask for them
    assert check.endswith("assert twice(half) == 2 and Cell.size == 3 and left and math")
    assert "assert half is not ... and left is not ..., (" in check
    assert cells[3].source == "After."
    ast.parse(stub), ast.parse(check)


def test_student_edition_tells_nothing_of_solutions() -> None:
    text = notebooks.text_of(editions.student(made()))
    assert "solution" not in text and "Like this" not in text and "x * by" not in text


@each_chapter
def test_student_edition_of_a_chapter(name: str) -> None:
    """Every exercise keeps its question and its check; no solution, output or advice is left."""
    notebook = CHAPTERS[name]
    student = editions.student(notebook)
    text = notebooks.markdown_of(student)
    sources = [cell.source for cell in notebooks.code_cells(student)]
    for exercise in exercises.read_exercises(notebook).found.values():
        assert f"### {exercise.title}" in text
        assert any(source.endswith(exercise.check) for source in sources)
        assert not any(exercise.answer in source for source in sources)
    assert "{solution" not in text and "**For teachers**" not in text
    assert not any(cell.outputs for cell in notebooks.code_cells(student))


@pytest.mark.parametrize("name", ["01_two_steps_in_numpy.ipynb"])
def test_checks_tell_an_answer_from_none(name: str) -> None:
    """Left as it is, each check fails with a sentence; with the solution put in, it passes."""
    student = editions.student(CHAPTERS[name])
    before, after = {}, {}  # the checks, by the label of their exercise
    for exercise in exercises.read_exercises(CHAPTERS[name]).found.values():
        cells = student.cells
        at = next(n for n, cell in enumerate(cells) if cell.source.endswith(exercise.check))
        again = nbformat.v4.new_code_cell(cells[at].source)
        cells[at + 1 : at + 1] = [nbformat.v4.new_code_cell(exercise.answer), again]
        before[exercise.label], after[exercise.label] = cells[at], again
    NotebookClient(
        student,
        kernel_name="python3",
        allow_errors=True,
        resources={"metadata": {"path": str(notebooks.CHAPTERS)}},
    ).execute()
    for label in before:
        (error,) = [o for o in before[label].outputs if o.output_type == "error"]
        assert error.evalue.startswith(("put your answer", "write ")), label
        assert not [o for o in after[label].outputs if o.output_type == "error"], label
    assert before


@each_chapter
def test_hosted_edition_names_its_repository(name: str) -> None:
    address = "https://github.com/reader/fork"
    hosted = editions.hosted(CHAPTERS[name], address)
    changed = [
        (mine.source, other.source)
        for mine, other in zip(CHAPTERS[name].cells, hosted.cells, strict=True)
        if mine.source != other.source
    ]
    ((before, after),) = changed
    assert after == before.replace('REPOSITORY = ""', f'REPOSITORY = "{address}"')


def test_archive_holds_notebooks_and_package() -> None:
    files = {"a.ipynb": notebooks.normal(made())}
    archive = editions.archive(files, "Some notebooks")
    assert archive == editions.archive(files, "Some notebooks")  # no time of making is inside
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = opened.namelist()
        assert opened.read("unrolled/README.txt").startswith(b"Unrolled: recurrent networks")
    assert {"unrolled/a.ipynb", "unrolled/pyproject.toml", "unrolled/LICENSE"} <= set(names)
    assert "unrolled/src/unrolled/cells.py" in names and "unrolled/src/unrolled/py.typed" in names
