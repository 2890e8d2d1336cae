"""What a notebook says to teachers, in its last cell, which the book's own page leaves out.

The cell is Markdown with the tags `remove-cell` and `teacher`. The page "For teachers" is made from
these cells, so that what is said about a chapter stands in the chapter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nbformat import NotebookNode
from notebooks import tags

TAGS = ["remove-cell", "teacher"]
MINUTES = re.compile(r"^- minutes: (\d+) to teach, (\d+) for the exercises$", re.MULTILINE)
LEVELS = ("gentle", "moderate", "demanding")
LEVEL = re.compile(rf"^- level: ({'|'.join(LEVELS)})$", re.MULTILINE)
GOES_WRONG = re.compile(r"^- goes wrong: (.+)$", re.MULTILINE)
LEAVE_OUT = re.compile(r"^- leave out: (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Advice:
    """One chapter in class; minutes are a plan for beginners, not a measurement."""

    minutes_to_teach: int
    minutes_for_exercises: int
    level: str
    goes_wrong: list[str]
    leave_out: str


def teacher_cell(notebook: NotebookNode) -> str:
    """The text of the cell for teachers; empty where the last cell is none."""
    last = notebook.cells[-1] if notebook.cells else None
    return last.source if last is not None and tags(last) == TAGS else ""


def faults(notebook: NotebookNode) -> Iterator[str]:
    """What the cell for teachers lacks, one sentence each."""
    text = teacher_cell(notebook)
    if not text.startswith("**For teachers**\n"):
        yield f"the last cell is not the one for teachers, with the tags {', '.join(TAGS)}"
        return
    for pattern, what, fewest, most in (
        (MINUTES, "line '- minutes: N to teach, N for the exercises'", 1, 1),
        (LEVEL, f"line '- level: {' or '.join(LEVELS)}'", 1, 1),
        (GOES_WRONG, "line '- goes wrong: ...'", 2, 4),
        (LEAVE_OUT, "line '- leave out: ...'", 1, 1),
    ):
        found = len(pattern.findall(text))
        if not fewest <= found <= most:
            yield f"the cell for teachers has {found} times a {what}, not {fewest} to {most} times"
    items = len(re.findall(r"^- ", text, flags=re.MULTILINE))
    known = sum(len(each.findall(text)) for each in (MINUTES, LEVEL, GOES_WRONG, LEAVE_OUT))
    if items != known:
        yield f"{items - known} lines of the cell for teachers are none of the usual ones"


def read_advice(notebook: NotebookNode) -> Advice:
    """What the cell says. Raises ValueError where it is not in its form."""
    problems = list(faults(notebook))
    if problems:
        raise ValueError("; ".join(problems))
    text = teacher_cell(notebook)
    teach, exercise = MINUTES.findall(text)[0]
    return Advice(
        int(teach),
        int(exercise),
        LEVEL.findall(text)[0],
        GOES_WRONG.findall(text),
        LEAVE_OUT.findall(text)[0],
    )
