"""Other editions of the notebooks, made from the chapters and never edited by hand.

    python tools/editions.py plain FOLDER            all of a chapter, in Markdown that is shown
                                                     everywhere, solutions behind a click
    python tools/editions.py student FOLDER          exercises without solutions, with their checks
    python tools/editions.py hosted FOLDER ADDRESS   plain; the first cell installs from ADDRESS

Each writes one notebook for each chapter into FOLDER; plain and student, which need the package,
put it beside them, with a README.txt. The book offers these two as archives. With BOOK_URL in the
environment the notebooks link to pages of the book.
"""

from __future__ import annotations

import argparse
import ast
import copy
import io
import os
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
import plain
from exercises import DIRECTIVE, GRADES, Exercise, asked_for, read_exercises
from nbformat import NotebookNode
from notebooks import ROOT, Unreadable, code_cells, normal, paths_of, read, tags, text_of

# The line of the first cell that names the repository to install from; empty in the repository
# itself, which cannot know under which address it is read.
NO_ADDRESS = 'REPOSITORY = ""'

PACKAGE = [ROOT / name for name in ("pyproject.toml", "README.md", "LICENSE", "LICENSE-TEXT")]
README = """\
Unrolled: recurrent networks in TensorFlow
{what}.

The notebooks need the package `unrolled`, which lies here too. In this folder:

    python -m pip install ".[notebooks]" jupyterlab
    python -m jupyterlab

Python 3.11, 3.12 or 3.13. `python -m unrolled` says what is wrong with an environment, if anything
is. The chapters on MNIST fetch it when they first need it.
"""
POINTS = dict(zip(GRADES, (1, 2, 3), strict=True))  # of an exercise, by its grade

EDITIONS = {
    "plain": "All notebooks, with their outputs and solutions",
    "student": "The student edition: exercises without solutions, with cells that check an answer",
    "hosted": "Notebooks whose first cell installs the package",
}

NOT_YET = '"put your answer into the cell above and run it, then run this one"'


# --- student edition ---------------------------------------------------------------------------


def stub_of(name: str, statement: ast.stmt) -> str:
    """What stands where a student defines `name`, given how the solution defines it."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return ast.unparse(statement)
    if isinstance(statement, ast.FunctionDef):
        head = ast.unparse(
            ast.FunctionDef(name, statement.args, [ast.Pass()], [], None, None, lineno=0)
        ).partition("\n")[0]
        return f'{head}\n    raise NotImplementedError("write {name} here")\n'
    if isinstance(statement, ast.ClassDef):
        bases = ", ".join(ast.unparse(base) for base in statement.bases)
        return f"class {name}({bases}):\n    ...  # your answer\n"
    return f"{name} = ...  # your answer"


def text_cell(source: str) -> NotebookNode:
    """A Markdown cell. Its form is checked with the whole notebook, when that is written: to check
    each cell alone, as those of `nbformat.v4.new_markdown_cell` are, takes longer than the rest."""
    return nbformat.from_dict({"cell_type": "markdown", "source": source, "metadata": {}})


def code_cell(source: str, metadata: Mapping[str, Any] | None = None) -> NotebookNode:
    made = {"cell_type": "code", "source": source, "metadata": dict(metadata or {})}
    return nbformat.from_dict({**made, "outputs": [], "execution_count": None})


def stub_cell(exercise: Exercise) -> NotebookNode:
    stubs = [stub_of(name, statement) for name, statement in asked_for(exercise).items()]
    return code_cell("\n".join(dict.fromkeys(stubs)).strip())


def points(exercise: Exercise) -> int:
    return POINTS[exercise.grade or GRADES[0]]


def worth(exercise: Exercise) -> str:
    return "1 point" if points(exercise) == 1 else f"{points(exercise)} points"


def check_tag(exercise: Exercise) -> str:
    """The tag of the cell that checks an exercise, by which tools/grade.py finds it."""
    return f"check-{exercise.label}"


def check_mark(exercise: Exercise) -> str:
    """That cell's first line, by which it is found where an editor has dropped the tag."""
    return f"# The check of your answer ({exercise.label}, {worth(exercise)})"


def check_cell(exercise: Exercise) -> NotebookNode:
    """The exercise's check, after a line that says so where there is no answer yet."""
    values = [
        name
        for name, statement in asked_for(exercise).items()
        if not isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
    ]
    lines = [check_mark(exercise)]
    if values:
        answered = " and ".join(f"{name} is not ..." for name in values)
        lines += [f"assert {answered}, (", f"    {NOT_YET}", ")"]
    return code_cell("\n".join([*lines, exercise.check]), {"tags": [check_tag(exercise)]})


def question(found: str, exercises: Mapping[str, Exercise]) -> str:
    """An exercise's directive with what it is worth in its title."""
    first, _, rest = found.partition("\n")
    label = next(line for line in rest.splitlines() if line.startswith(":label:"))
    exercise = exercises[label.removeprefix(":label:").strip()]
    return f"{first.rstrip()} ({worth(exercise)})\n{rest}" if exercise.code else found


def student(notebook: NotebookNode, name: str = "", book: str = "") -> NotebookNode:
    """A chapter without solutions, outputs and advice to teachers; the checks stay.

    Args:
      notebook: the chapter.
      name: of its file, which links within the chapter leave out (default: "", of none).
      book: where the book is published (default: "", nobody knows).
    """
    shown = plain.Plain(name, book)
    exercises = read_exercises(notebook).found
    made = nbformat.v4.new_notebook(metadata=copy.deepcopy(notebook.metadata))
    made.metadata.pop("unrolled", None)
    solution: Exercise | None = None  # the one that is being left out
    for cell in notebook.cells:
        if "teacher" in tags(cell):
            continue
        if cell.cell_type == "code":
            if solution is None:
                made.cells.append(code_cell(cell.source, cell.metadata))
            continue
        kept, place = [], 0
        text = cell.source + "\n"
        for found in DIRECTIVE.finditer(text):
            if found.start() < place:
                continue  # inside a directive that has been dealt with
            name, fence = found["name"], found["fence"]
            end = text.find(f"\n{fence}\n", found.end() - 1)
            end = len(text) if end < 0 else end + len(fence) + 2
            if solution is None:
                kept.append(text[place : found.start()])
            place = end
            if name == "exercise":
                kept.append(question(text[found.start() : end], exercises))
            elif name == "solution-start":
                solution = exercises[found["argument"].strip()]
                add_text(made, shown.markdown("".join(kept)))
                kept = []
                if solution.code:
                    made.cells += [stub_cell(solution), check_cell(solution)]
            elif name == "solution-end":
                solution = None
        if solution is None:
            kept.append(text[place:])
        add_text(made, shown.markdown("".join(kept)))
    return normal(made)


def add_text(notebook: NotebookNode, text: str) -> None:
    if text.strip():
        notebook.cells.append(text_cell(text.strip()))


# --- all of a chapter --------------------------------------------------------------------------


def full(notebook: NotebookNode, name: str, book: str = "") -> NotebookNode:
    """A chapter with its outputs, in plain Markdown; the solutions wait behind a click."""
    made = normal(notebook)
    made.metadata.pop("unrolled", None)  # digests of a text that is another one now
    return plain.notebook(made, name, book, text_cell)


# --- hosted edition ----------------------------------------------------------------------------


def hosted(notebook: NotebookNode, address: str) -> NotebookNode:
    """A notebook whose first cell installs the package from the repository at `address`."""
    made = copy.deepcopy(notebook)
    first = code_cells(made)[0]
    if NO_ADDRESS not in first.source:
        raise ValueError(f"the first code cell has no line {NO_ADDRESS!r} to fill in")
    first.source = first.source.replace(NO_ADDRESS, f'REPOSITORY = "{address}"')
    return made


# --- archives and commands ---------------------------------------------------------------------


def package_files() -> dict[str, bytes]:
    """The package that the notebooks need, its data too, by path."""
    source = ROOT / "src" / "unrolled"
    paths = [path for path in sorted(source.rglob("*")) if path.is_file()]
    paths = [path for path in paths if path.suffix != ".pyc" and not path.name.startswith(".")]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in [*PACKAGE, *paths]}


def files(notebooks: Mapping[str, NotebookNode], what: str) -> dict[str, bytes]:
    """An edition that runs by itself: notebooks, the package they need, and a word on both."""
    found = {"README.txt": README.format(what=what).encode()}
    found |= {name: text_of(made).encode() for name, made in notebooks.items()}
    return found | package_files()


def archive(notebooks: Mapping[str, NotebookNode], what: str) -> bytes:
    """A zip of notebooks and the package they need; the same bytes for the same files."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files(notebooks, what).items():
            entry = zipfile.ZipInfo(f"unrolled/{name}")  # dated 1980, whenever it is made
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    return written.getvalue()


def chapters() -> dict[str, NotebookNode]:
    return {path.name: read(path) for path in paths_of([])}


def edition(
    which: str, chapters: Mapping[str, NotebookNode], book: str = "", repository: str = ""
) -> dict[str, NotebookNode]:
    """The notebooks of an edition, by the names of their files.

    Args:
      which: "plain", "student" or "hosted".
      chapters: as they are in the repository.
      book: where the book is published (default: "", nobody knows).
      repository: what the first cell installs from (default: "", nobody knows).
    """
    make = student if which == "student" else full
    if repository:
        chapters = {name: hosted(each, repository) for name, each in chapters.items()}
    return {name: make(each, name, book) for name, each in chapters.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("edition", choices=tuple(EDITIONS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("address", nargs="?", help="hosted: the repository, as git clone takes it")
    options = parser.parse_args(arguments)
    if options.edition == "hosted" and not options.address:
        parser.error("the hosted edition needs the address of the repository to install from")
    book = os.environ.get("BOOK_URL", "")
    try:
        made = edition(options.edition, chapters(), book, options.address or "")
    except Unreadable as error:
        raise SystemExit(str(error)) from None
    written = {name: text_of(each).encode() for name, each in made.items()}
    if options.edition != "hosted":  # there the first cell installs the package
        written = files(made, EDITIONS[options.edition])
    for name, content in written.items():
        path = options.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    print(f"The {options.edition} edition lies in {options.folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
