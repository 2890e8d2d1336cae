"""The files of a program, and their code as Python's parser sees it."""

from __future__ import annotations

import ast
import re
import tokenize
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from unrolled.tf1.runner import notebook_file


class NoNotebook(SyntaxError):
    """A notebook that cannot be read; its message is a whole sentence."""


class Part(NamedTuple):
    """A script, or one cell of a notebook."""

    where: str
    code: ast.Module | SyntaxError


def parts(path: Path, shown: str) -> Iterator[Part]:
    """Read a file.

    Args:
      path: a script or a notebook.
      shown: how it is called in what people read.

    Yields:
      Its parts, in the order in which they run.
    """
    if path.suffix != ".ipynb":
        try:
            with tokenize.open(path) as file:  # in the encoding that its first lines name
                source = file.read()
        except (SyntaxError, UnicodeDecodeError) as error:
            yield Part(shown, SyntaxError(str(error)))
        else:
            yield Part(shown, _parsed(source))
        return
    try:
        notebook = notebook_file.read(path)
    except notebook_file.Unreadable as error:
        yield Part(shown, NoNotebook(str(error)))
        return
    for number, cell in notebook_file.code_cells(notebook):
        yield Part(f"{shown}, code cell {number}", _parsed(_python(cell.source)))


def _parsed(source: str) -> ast.Module | SyntaxError:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "\d" in a text that is no raw one
        try:
            return ast.parse(source)
        except SyntaxError as error:
            return error
        except ValueError as error:  # a null byte
            return SyntaxError(str(error))


def _python(cell: str) -> str:
    """The Python of a cell, its lines in their places; magics become calls of IPython."""
    try:
        from IPython.core.inputtransformer2 import TransformerManager
    except ImportError:
        raise SystemExit(notebook_file.WANTED) from None
    magic = re.match(r"\s*%%(\w*).*", cell)
    if magic and magic[1] not in ("time", "timeit", "capture", "prun"):
        return ""
    if magic:
        cell = cell.replace(magic[0].strip(), "", 1)
    cell = re.sub(r"(?m)^(\s*)%time ", r"\1", cell)
    before_code = len(cell) - len(cell.lstrip("\n"))
    return "\n" * before_code + TransformerManager().transform_cell(cell)


def in_folder(folder: Path) -> list[Path]:
    """The scripts and notebooks in a folder and those below it, without environments."""
    found = []
    for path in sorted(folder.rglob("*")):
        above = [folder / part for part in path.relative_to(folder).parents][:-1]
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        environment = any((each / "pyvenv.cfg").exists() for each in above)
        if path.suffix in (".py", ".ipynb") and path.is_file() and not hidden and not environment:
            found.append(path)
    return found


def module_files(name: str, level: int, importer: Path, top: Path) -> list[Path]:
    """The files of a program's own that an import reads; none where the module is another's.

    Args:
      name: the dotted name after `import` or `from`.
      level: the dots before it.
      importer: the file that imports.
      top: the program's folder.
    """
    names = name.split(".") if name else []
    if level:
        starts = [importer.parents[level - 1]] if level <= len(importer.parents) else []
    else:
        starts = [folder for folder in importer.parents if folder == top or top in folder.parents]
    for start in starts:
        found = [start.joinpath(*names[:i]) / "__init__.py" for i in range(1, len(names))]
        last = start.joinpath(*names)
        candidates = [last / "__init__.py", *([last.with_suffix(".py")] if names else [])]
        files = [path for path in [*found, *candidates] if path.is_file()]
        if files or (names and last.is_dir()):
            return files
    return []
