"""Touching a program: its lines by number, Python 2 by 2to3."""

from __future__ import annotations

import ast
import difflib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gallery.table import Edit, Program, WrongTable

_CODING = "# -*- coding: utf-8 -*-\n"
_FUTURE = "from __future__ import division, print_function"


def touch(program: Program, folder: Path, then: bool = False) -> int:
    """Make a program's edits in its clone.

    Args:
      program: the entry of the table.
      folder: the clone's root, whose files are changed.
      then: for TensorFlow 1.15 on Python 2.7, which needs other edits (default: for today).

    Returns:
      the number of lines that 2to3 changed.

    Raises:
      WrongTable: an edit does not fit the file.
    """
    left_out = ("python3", "numpy", "tensorflow") if then else ("python2",)
    by_place: dict[tuple[str, int], list[Edit]] = {}
    for edit in program.edits:
        if edit.why not in left_out:
            by_place.setdefault((edit.file or program.path, edit.cell), []).append(edit)
    for (name, cell), edits in by_place.items():
        _change(folder / name, cell, lambda text, edits=edits: _edited(text, edits, program.name))  # type: ignore[misc]
    if then:
        for path in folder.rglob("*.py"):
            _for_python_2(path)
        return 0
    return sum(_to_python_3(folder / name) for name in program.python2)


def _change(path: Path, cell: int, change: Callable[[str], str]) -> None:
    if path.suffix != ".ipynb":
        path.write_text(change(read(path)), encoding="utf-8")
        return
    notebook = json.loads(read(path))
    found = code_cells(notebook)[cell - 1]
    key = "source" if "source" in found else "input"
    source = found[key] if isinstance(found[key], str) else "".join(found[key])
    found[key] = change(source)
    path.write_text(json.dumps(notebook), encoding="utf-8")


def read(path: Path) -> str:
    """A file's text, whatever ends its lines."""
    return path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")


def code_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The code cells of a notebook; format 3 keeps them in worksheets."""
    sheets = notebook.get("worksheets", [notebook])
    return [cell for sheet in sheets for cell in sheet["cells"] if cell["cell_type"] == "code"]


def _edited(text: str, edits: list[Edit], name: str) -> str:
    lines = text.split("\n")
    # From below, so that the numbers above stay what they are.
    for edit in sorted(edits, key=lambda edit: -edit.line):
        first, last = edit.line - 1, edit.line - 1 + edit.lines
        if last > len(lines):
            raise WrongTable(f"{name}: there is no line {last}, only {len(lines)}.")
        old = lines[first]
        if edit.swap:
            taken, put = edit.swap
            if taken not in old:
                raise WrongTable(f"{name}: line {edit.line} does not hold {taken!r}.")
            lines[first] = old.replace(taken, put, 1)
            continue
        indent = old[: len(old) - len(old.lstrip())]
        lines[first:last] = [indent + line for line in (edit.put or "pass").split("\n")]
    return "\n".join(lines)


def _to_python_3(path: Path) -> int:
    """Turn a file into Python 3, and say how many of its lines that changed."""
    before = read(path)
    if path.suffix == ".ipynb":
        raise WrongTable(f"{path.name}: 2to3 takes scripts alone; edit a notebook's lines.")
    made = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "lib2to3", "-nw", "--no-diffs", path.name],
        cwd=path.parent,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise WrongTable(f"2to3 is a part of Python up to 3.12 alone; {made.stderr.strip()[-200:]}")
    matcher = difflib.SequenceMatcher(None, before.splitlines(), read(path).splitlines(), False)
    return sum(
        max(end - start, until - since)
        for kind, start, end, since, until in matcher.get_opcodes()
        if kind != "equal"
    )


def _for_python_2(path: Path) -> None:
    try:
        text = read(path)
        path.write_text(_head(text) + text, encoding="utf-8")
    except (SyntaxError, ValueError):
        pass  # Python 2 as it stands, or nothing that it could read


def _head(text: str) -> str:
    """What Python 2.7 needs above a text that is Python 3, to read it alike."""
    constants = [each.value for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Constant)]
    foreign = any(isinstance(each, str) and not each.isascii() for each in constants)
    opens = re.search(r"(?<![.\w])open\([^)]*encoding", text)
    return f"{_CODING}{_FUTURE}{', unicode_literals' * foreign}\n" + (
        "from io import open\n" if opens and "from __future__" not in text else ""
    )


def as_script(path: Path) -> Path:
    """A notebook's cells as one script, for an interpreter that runs no notebooks."""
    parts = []
    for number, cell in enumerate(code_cells(json.loads(read(path))), start=1):
        source = cell.get("source", cell.get("input", ""))
        text = source if isinstance(source, str) else "".join(source)
        lines = [re.sub(r"^(\s*)(%[a-z%]|!).*", r"\1pass", line) for line in text.split("\n")]
        if not text.startswith("%%") or re.match(r"%%(time|capture)", text):
            parts.append(f"# cell {number}\n" + "\n".join(lines))
    script = path.with_name("notebook_as_script.py")
    whole = "\n".join(parts)
    future = re.findall(r"^from __future__ .*$", whole, re.MULTILINE)
    for line in future:
        whole = whole.replace(line, "", 1)
    whole = "\n".join([*future, whole])
    script.write_text(_head(whole) + whole, encoding="utf-8")
    return script
