"""The student edition and the hosted one, made from the chapters as they are."""

from __future__ import annotations

import ast
import functools
import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import editions
import exercises
import nbformat
import notebooks
import pages
import plain
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
    assert cells[0].source == "Before.\n\n### Check: halves (1 point)\n\nWrite `twice`."
    stub, check = cells[1].source, cells[2].source
    assert stub.startswith(
        'def twice(x, by=2):\n    raise NotImplementedError("write twice here")\n'
    )
    assert "class Cell(Base):" in stub and "import math" in stub
    assert "half = ...  # your answer\nleft = ...  # your answer" in stub
    assert "rest" not in stub and "step" not in stub  # the check does not ask for them
    assert check.endswith("assert twice(half) == 2 and Cell.size == 3 and left and math")
    assert "assert half is not ... and left is not ..., (" in check
    assert check.startswith("# The check of your answer (halves, 1 point)\n")
    assert cells[2].metadata.tags == ["check-halves"]
    assert cells[3].source == "After."
    ast.parse(stub), ast.parse(check)


def test_student_edition_tells_nothing_of_solutions() -> None:
    text = notebooks.text_of(editions.student(made()))
    assert "solution" not in text and "Like this" not in text and "x * by" not in text


@each_chapter
def test_student_edition_of_a_chapter(name: str) -> None:
    """Every exercise keeps its question and its check; no solution, output or advice is left."""
    notebook = CHAPTERS[name]
    student = editions.student(notebook, name)
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
    student = editions.student(CHAPTERS[name], name)
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


RAW = {
    "a directive": re.compile(r"^[`:]{3,}\{", re.MULTILINE),
    "a role": re.compile(r"\{[\w:-]+\}`"),
    "a label": re.compile(r"^\([\w-]+\)=", re.MULTILINE),
    "an equation's label": re.compile(r"\$\$[ \t]*\([\w-]+\)"),
    "a link without words": re.compile(r"\[\]\("),
}
BOOK = "https://reader.example/book/"


@functools.cache
def edition(which: str, book: str) -> dict[str, NotebookNode]:
    return editions.edition(which, CHAPTERS, book)


@pytest.mark.parametrize("book", ["", BOOK])
@pytest.mark.parametrize("which", ["plain", "student"])
@each_chapter
def test_edition_is_plain_markdown(name: str, which: str, book: str) -> None:
    """Any notebook program shows it; links lead to a heading, a notebook beside it, or the book."""
    notebook = edition(which, book)[name]
    text = pages.FENCE.sub("", notebooks.markdown_of(notebook))
    for what, pattern in RAW.items():
        assert not pattern.findall(text), what
    assert text.count("<details") == text.count("</details>") == text.count("<summary>")
    headings = {
        other: {
            plain.slug(heading)
            for heading in re.findall(
                r"^#+ (.+)$", notebooks.markdown_of(edition(which, book)[other]), re.MULTILINE
            )
        }
        for other in CHAPTERS
    }
    prose = re.sub(r"(`+)(?!`).+?\1", "", text)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith(("http://", "https://", "data:image/")):
            continue
        page, _, place = target.partition("#")
        assert page in ("", *CHAPTERS), target
        if place and which == "plain":
            assert place in headings[page or name], target
    if not book:
        assert BOOK not in text


def test_edition_names_the_books_pages_where_it_is_published() -> None:
    name = "01_two_steps_in_numpy.ipynb"
    alone, linked = (notebooks.markdown_of(edition("plain", each)[name]) for each in ("", BOOK))
    assert f"[source map]({BOOK}chapters/source_map.html)" in linked
    assert "The source map lists them" in alone
    assert f"({BOOK}chapters/bibliography.html)" in linked and "Jordan, 1986" in alone


@each_chapter
def test_plain_edition_runs_as_the_chapter_does(name: str) -> None:
    """The same code and outputs in the same order; that of solutions is folded."""
    notebook = edition("plain", "")[name]
    nbformat.validate(notebook)
    mine, other = (notebooks.code_cells(each) for each in (CHAPTERS[name], notebook))
    assert [cell.source for cell in mine] == [cell.source for cell in other]
    assert [cell.outputs for cell in mine] == [cell.outputs for cell in other]
    solutions = {
        source
        for exercise in exercises.read_exercises(CHAPTERS[name]).found.values()
        for source in exercise.code
    }
    for cell in other:
        folded = cell.metadata.get("jupyter", {}).get("source_hidden", False)
        assert folded == (cell.source in solutions)
    for exercise in exercises.read_exercises(CHAPTERS[name]).found.values():
        assert f"### {exercise.title.split('`')[0]}" in notebooks.markdown_of(notebook)


def test_plain_forms() -> None:
    shown = plain.Plain("05_cells.ipynb", BOOK)
    source = """\
(cells-here)=
## Here

```{margin}
A note with {term}`two words <state>`.
```

:::{admonition} What `x` *is*
:class: dropdown
Nothing.
:::

:::{admonition} Mind
:class: tip
- one
:::

```python
(not-a-label)= {ref}`none`
```

See {ref}`steps-layer`, `[code](x.md)`, [the map](source_map.md#c8) and {cite:t}`elman1990`."""
    assert (
        shown.markdown(source)
        == f"""\
## Here

> A note with two words.

<details><summary>What <code>x</code> <em>is</em></summary>

Nothing.

</details>

> **Mind**
>
> - one

```python
(not-a-label)= {{ref}}`none`
```

See [{STEPS}](01_two_steps_in_numpy.ipynb#{plain.slug(STEPS)}), `[code](x.md)`, \
[the map]({BOOK}chapters/source_map.html#c8) and \
[Elman (1990)]({BOOK}chapters/bibliography.html)."""
    )


STEPS = plain.book().places["steps-layer"].heading


def test_unknown_markup_is_named() -> None:
    with pytest.raises(ValueError, match="05_cells.ipynb: the directive {figure} has no plain"):
        plain.Plain("05_cells.ipynb").markdown("```{figure} a.png\n```")
    with pytest.raises(ValueError, match="05_cells.ipynb: the role {kbd} has no plain form"):
        plain.Plain("05_cells.ipynb").markdown("{kbd}`x`")


def test_archive_holds_notebooks_and_package(tmp_path: Path) -> None:
    files = {"a.ipynb": notebooks.normal(made())}
    archive = editions.archive(files, "Some notebooks")
    assert archive == editions.archive(files, "Some notebooks")  # no time of making is inside
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        names = set(opened.namelist())
        assert opened.read("unrolled/README.txt").startswith(b"Unrolled: recurrent networks")
        opened.extractall(tmp_path)
    assert {"unrolled/a.ipynb", "unrolled/pyproject.toml", "unrolled/LICENSE"} <= names
    assert "unrolled/src/unrolled/cells.py" in names and "unrolled/src/unrolled/py.typed" in names
    assert not [name for name in names if name.endswith(".pyc")]
    # All that chapters import is there, and each file of data that the package reads.
    lines = {
        line
        for notebook in CHAPTERS.values()
        for cell in notebooks.code_cells(notebook)
        for line in re.findall(r"^(?:from unrolled|import unrolled).*$", cell.source, re.MULTILINE)
        if "(" not in line and "tf1" not in line
    }
    program = "\n".join(["import unrolled.quiet", *sorted(lines), READS])
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "unrolled" / "src")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith(str(tmp_path))


READS = """
import importlib.resources
import unrolled
from unrolled import experiments, tasks, timings
print(unrolled.__file__)
home = importlib.resources.files("unrolled")
for name in ("timings.json", "scaling.json", "sunspots.csv", "example.zip", "tf1/names.json"):
    assert (home / name).read_bytes(), name
assert [each for each in (home / "experiments").iterdir() if each.name.endswith(".json")]
"""


def test_an_edition_in_a_folder_has_the_package_and_a_word_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(editions, "chapters", lambda: {"a.ipynb": made()})
    assert editions.main(["student", str(tmp_path / "student")]) == 0
    assert {path.name for path in (tmp_path / "student").iterdir()} >= {
        *("README.txt", "a.ipynb", "pyproject.toml", "src"),
    }
    assert (tmp_path / "student/src/unrolled/timings.json").is_file()
