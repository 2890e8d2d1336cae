"""The form that every chapter keeps, as functions that say what a notebook lacks.

    python tools/chapters.py [NAME ...]

Each rule takes a notebook and yields one sentence for each thing to mend. `tools/notebooks.py`
knows how a notebook is stored; here is what a chapter holds.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from nbformat import NotebookNode
from notebooks import code_cells, paths_of, read

FIRST_LINE = "import unrolled.quiet  # first: native log lines differ from run to run"
LAST_LINE = "figures.use_style()"
PROMISE = ":::{admonition} After this chapter you can"
CLOSING_HEADINGS = ["## Exercises", "## Summary", "## Ledger rows answered"]
EXERCISES = 3  # at least
ALT_CHARACTERS = 40  # at least

ALLOWED_TAGS = {
    "hide-cell",
    "hide-input",
    "hide-output",
    "measured",
    "nbval-ignore-output",
    "raises-exception",
    "remove-cell",
    "remove-input",
}


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def alternative_text(cell: NotebookNode) -> str:
    return str(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")).strip()


def pictures(cell: NotebookNode) -> int:
    return sum(
        any(kind.startswith("image/") for kind in output.get("data", {})) for output in cell.outputs
    )


# --- rules -------------------------------------------------------------------------------------


def opening(notebook: NotebookNode) -> Iterator[str]:
    """A title, a lead and what the reader will be able to do; then the standard code cell."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is not Markdown that starts with a title (# ...)"
        return
    if PROMISE not in first.source:
        yield f"the first cell does not hold the box {PROMISE!r}"
    cells = code_cells(notebook)
    lines = cells[0].source.splitlines() if cells else [""]
    if lines[0] != FIRST_LINE:
        yield f"the first code cell does not start with {FIRST_LINE!r}"
    if lines[-1] != LAST_LINE:
        yield f"the first code cell does not end with {LAST_LINE!r}"


def closing(notebook: NotebookNode) -> Iterator[str]:
    """Exercises, a summary, and the ledger rows answered, in this order, at the end."""
    markdown = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    headings = re.findall(r"^## .*$", markdown, flags=re.MULTILINE)
    if headings[-len(CLOSING_HEADINGS) :] != CLOSING_HEADINGS:
        yield f"the last headings are not {', '.join(CLOSING_HEADINGS)}"
        return
    answered = markdown.split(CLOSING_HEADINGS[-1])[1]
    if not re.search(r"^- \[[A-E]\d+\]\(source_map\.md#[a-e]\d+\)", answered, flags=re.MULTILINE):
        yield "no ledger row is named as `- [C8](source_map.md#c8): ...` at the end"


def pictures_described(notebook: NotebookNode) -> Iterator[str]:
    """Every picture has alternative text, and a cell has one picture, since it has one text."""
    for number, cell in enumerate(code_cells(notebook)):
        shown, text = pictures(cell), alternative_text(cell)
        if shown > 1:
            yield f"cell {number} shows {shown} pictures, which would share one alternative text"
        if shown and len(text) < ALT_CHARACTERS:
            yield f"cell {number} shows a picture and hardly describes it: {text!r}"
        if text and not shown:
            yield f"cell {number} has alternative text and no picture"


def tags_known(notebook: NotebookNode) -> Iterator[str]:
    """Only tags that are agreed on; an output that is not compared says why."""
    for number, cell in enumerate(code_cells(notebook)):
        for tag in sorted(set(tags(cell)) - ALLOWED_TAGS):
            yield f"cell {number} has the unknown tag {tag!r}"
        ignored = "nbval-ignore-output" in tags(cell)
        if ignored and len(str(cell.metadata.get("reason", ""))) < 20:
            yield f"cell {number} ignores its output and its metadata gives no reason"
        if "measured" in tags(cell) and not pictures(cell):
            yield f"cell {number} is tagged measured and shows no picture"
        if re.search(r"^\s*#\s*(NBVAL|PYTEST_VALIDATE)_", cell.source, flags=re.MULTILINE):
            yield f"cell {number} steers nbval by a comment; use a tag, which tests can count"


@dataclass
class Exercise:
    """What a notebook holds between the marks of one exercise."""

    label: str
    solved: bool = False  # a solution names this exercise
    hidden: bool = False  # that solution is behind a click
    executed: int = 0  # code cells in the solution


@dataclass
class Exercises:
    """All exercises of a notebook, in order, and what is out of order."""

    found: dict[str, Exercise] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>exercise|exercise-start|exercise-end|solution|solution-start"
    r"|solution-end)\}[ \t]*(?P<argument>.*)\n(?P<options>(?::[\w-]+:.*\n)*)",
    flags=re.MULTILINE,
)


def read_exercises(notebook: NotebookNode) -> Exercises:
    result = Exercises()
    inside: Exercise | None = None  # the exercise whose solution is open
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if inside is not None:
                inside.executed += 1
            continue
        for found in DIRECTIVE.finditer(cell.source + "\n"):
            name, argument = found["name"], found["argument"].strip()
            options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*)$", found["options"], re.MULTILINE))
            if name in ("exercise", "exercise-start"):
                label = options.get("label", "")
                if not label:
                    result.faults.append(f"the exercise {argument!r} has no label")
                result.found[label] = Exercise(label)
            elif name in ("solution", "solution-start"):
                if argument not in result.found:
                    result.faults.append(
                        f"a solution names {argument!r}, which is no exercise above it"
                    )
                    continue
                exercise = result.found[argument]
                exercise.solved = True
                exercise.hidden = "dropdown" in options.get("class", "").split()
                inside = exercise if name == "solution-start" else None
            elif name == "solution-end":
                inside = None
    if inside is not None:
        result.faults.append(f"the solution of {inside.label!r} has no end")
    return result


def exercises(notebook: NotebookNode) -> Iterator[str]:
    """At least three exercises, each with a solution behind a click, executed."""
    read_back = read_exercises(notebook)
    yield from read_back.faults
    for exercise in read_back.found.values():
        if not exercise.solved:
            yield f"the exercise {exercise.label!r} has no solution"
        elif not exercise.hidden:
            yield f"the solution of {exercise.label!r} is not hidden (:class: dropdown)"
    executed = [each for each in read_back.found.values() if each.solved and each.executed]
    if len(executed) < EXERCISES:
        yield f"{len(executed)} exercises have a solution with executed code, not {EXERCISES}"


RULES: dict[str, Callable[[NotebookNode], Iterator[str]]] = {
    rule.__name__: rule for rule in (opening, closing, pictures_described, tags_known, exercises)
}


def main(names: Sequence[str]) -> int:
    failed = False
    for path in paths_of(names):
        for rule in RULES.values():
            for problem in rule(read(path)):
                print(f"{path.stem}: {problem}")
                failed = True
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
