"""Other editions of the notebooks, made from the chapters and never edited by hand.

    python tools/editions.py student FOLDER          exercises without solutions, with their checks
    python tools/editions.py hosted FOLDER ADDRESS   the first cell installs from that repository

Both write one notebook for each chapter into FOLDER. The book offers them as archives.
"""

from __future__ import annotations

import argparse
import ast
import copy
import io
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat
from exercises import DIRECTIVE, Exercise, asked_for, read_exercises
from nbformat import NotebookNode
from notebooks import ROOT, code_cells, normal, paths_of, read, tags, text_of

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

Python 3.11, 3.12 or 3.13. The chapters on MNIST fetch it when they first need it.
"""

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


def check_cell(exercise: Exercise) -> NotebookNode:
    """The exercise's check, after a line that says so where there is no answer yet."""
    values = [
        name
        for name, statement in asked_for(exercise).items()
        if not isinstance(statement, ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef)
    ]
    lines = ["# The check of your answer"]
    if values:
        answered = " and ".join(f"{name} is not ..." for name in values)
        lines += [f"assert {answered}, (", f"    {NOT_YET}", ")"]
    return code_cell("\n".join([*lines, exercise.check]))


def question(found: str) -> str:
    """An exercise's directive as plain Markdown, which reads well in any notebook program."""
    first, _, rest = found.partition("\n")
    title = first.partition("}")[2].strip()
    body = "\n".join(line for line in rest.splitlines() if not line.startswith(":label:"))
    return f"### {title}\n\n{body.strip()}"


def student(notebook: NotebookNode) -> NotebookNode:
    """A chapter without solutions, outputs and advice to teachers; the checks stay."""
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
                kept.append(question(text[found.start() : end].rstrip().removesuffix(fence)))
            elif name == "solution-start":
                solution = exercises[found["argument"].strip()]
                add_text(made, "".join(kept))
                kept = []
                if solution.code:
                    made.cells += [stub_cell(solution), check_cell(solution)]
            elif name == "solution-end":
                solution = None
        if solution is None:
            kept.append(text[place:])
        add_text(made, "".join(kept))
    return normal(made)


def add_text(notebook: NotebookNode, text: str) -> None:
    if text.strip():
        notebook.cells.append(text_cell(text.strip()))


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


def archive(notebooks: dict[str, NotebookNode], what: str) -> bytes:
    """A zip of notebooks and the package they need; the same bytes for the same files."""
    files = {"README.txt": README.format(what=what).encode()}
    files |= {name: text_of(made).encode() for name, made in notebooks.items()}
    package = [*PACKAGE, *sorted((ROOT / "src").rglob("*.py")), ROOT / "src/unrolled/py.typed"]
    files |= {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in package}
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            entry = zipfile.ZipInfo(f"unrolled/{name}")  # dated 1980, whenever it is made
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            zipped.writestr(entry, content)
    return written.getvalue()


def chapters() -> dict[str, NotebookNode]:
    return {path.name: read(path) for path in paths_of([])}


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("edition", choices=("student", "hosted"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("address", nargs="?", help="hosted: the repository, as git clone takes it")
    options = parser.parse_args(arguments)
    if options.edition == "hosted" and not options.address:
        parser.error("the hosted edition needs the address of the repository to install from")
    options.folder.mkdir(parents=True, exist_ok=True)
    for name, notebook in chapters().items():
        made = (
            student(notebook) if options.edition == "student" else hosted(notebook, options.address)
        )
        (options.folder / name).write_text(text_of(made), encoding="utf-8")
    print(f"The {options.edition} edition lies in {options.folder}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
