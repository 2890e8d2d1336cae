"""What to say of a program that Python cannot read, which mostly is one of Python 2."""

from __future__ import annotations

from pathlib import Path

from unrolled.tf1.runner.python_2 import DIVISION, TOOL

HINT = f"it may be Python 2, which {TOOL} turns into Python 3; {DIVISION}"


def sentence(where: str, error: SyntaxError) -> str:
    """One sentence with the place, the parser's message and the way out."""
    return f"{where}: {error.msg}; {HINT}."


def place(error: SyntaxError) -> str | None:
    """The file and line of an error in a file; None where a program compiled a text of its own."""
    if error.filename is None or not Path(error.filename).is_file():
        return None
    return f"{error.filename}, line {error.lineno}"
