"""Reads a notebook file of any format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

WANTED = "IPython runs and reads the cells of a notebook: pip install ipython nbformat"


class Unreadable(SystemExit):
    """A file that is no notebook; where that is all a process was given, it ends it."""


def read(path: Path) -> Any:
    """A notebook, in format 4.

    Args:
      path: the file; formats 1 to 3, from before 2015, are converted.

    Returns:
      The notebook, as `nbformat` holds it.

    Raises:
      Unreadable: a sentence, where the file is no notebook.
      SystemExit: one, where `nbformat` is not installed.
    """
    try:
        import nbformat
    except ImportError:
        raise SystemExit(f"{path}: {WANTED}") from None
    try:
        text = path.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
    except UnicodeDecodeError as error:
        raise Unreadable(f"{path} must be UTF-8, as all notebooks are; {error}.") from None
    try:
        return nbformat.reads(text, as_version=4)
    except Exception as error:  # of nbformat's own kinds, or whatever it stumbles over
        said = (str(error).splitlines() or [""])[0]
        raise Unreadable(
            f"{path} is not a notebook that can be read; download it again, or save it anew in "
            f"Jupyter ({type(error).__name__}: {said[:80]})."
        ) from None


def code_cells(notebook: Any) -> Iterator[tuple[int, Any]]:
    """The code cells with the numbers that Jupyter gives them: an empty one gets none."""
    cells = (cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip())
    return enumerate(cells, start=1)
