"""The form that every chapter keeps, as functions that say what a notebook lacks.

    python tools/chapters.py [NAME ...]

Each rule takes a notebook and yields one sentence for each thing to mend. `tools/notebooks.py`
knows how a notebook is stored; here is what a chapter holds.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pages
import questions
import teaching
from exercises import CHECK, GRADES, asked_for, out_of_reach, read_exercises
from nbformat import NotebookNode
from notebooks import Unreadable, code_cells, markdown_of, paths_of, read, tags, texts_of

INSTALLS = """\
# On a hosted machine this installs the course's package; where it is installed, it does nothing.
import importlib.util
import subprocess
import sys

REPOSITORY = ""
if importlib.util.find_spec("unrolled") is None:
    if not REPOSITORY:
        raise ModuleNotFoundError(
            "the package unrolled is not installed: write the address of the repository that "
            "this notebook comes from between the quotes of REPOSITORY, and run the cell again")
    package = f"unrolled[notebooks] @ git+{REPOSITORY}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", package], check=True)"""
FIRST_LINE = "import unrolled.quiet  # first: native log lines differ from run to run"
LAST_LINE = "figures.use_style()"
PROMISE = ":::{admonition} After this chapter you can"
CLOSING_HEADINGS = ["## Exercises", "## Summary", "## Self-test", "## Ledger rows answered"]
EXERCISES = 3  # at least
ALT_CHARACTERS = 40  # at least
OUTPUT_LINES = 30  # of text, at most, before an output must fold
CONFLICT = re.compile(r"^(?:<{7} .*|={7}|>{7} .*|\|{7} .*)$", re.MULTILINE)

ALLOWED_TAGS = {
    "hide-cell",
    "hide-input",
    "hide-output",
    "measured",
    "nbval-ignore-output",
    "raises-exception",
    "remove-cell",
    "remove-input",
    "teacher",
}


def alternative_text(cell: NotebookNode) -> str:
    return str(cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")).strip()


def pictures(cell: NotebookNode) -> int:
    return sum(
        any(kind.startswith("image/") for kind in output.get("data", {})) for output in cell.outputs
    )


# --- rules -------------------------------------------------------------------------------------


def opening(notebook: NotebookNode) -> Iterator[str]:
    """A title, a lead and what the reader will be able to do; then the two standard cells."""
    first = notebook.cells[0] if notebook.cells else None
    if first is None or first.cell_type != "markdown" or not first.source.startswith("# "):
        yield "the first cell is not Markdown that starts with a title (# ...)"
        return
    if PROMISE not in first.source:
        yield f"the first cell does not hold the box {PROMISE!r}"
    cells = code_cells(notebook)
    if not cells or cells[0].source != INSTALLS or tags(cells[0]) != ["remove-cell"]:
        yield "the first code cell is not the one that installs, with the tag remove-cell"
    lines = cells[1].source.splitlines() if len(cells) > 1 else [""]
    if lines[0] != FIRST_LINE:
        yield f"the second code cell does not start with {FIRST_LINE!r}"
    if lines[-1] != LAST_LINE:
        yield f"the second code cell does not end with {LAST_LINE!r}"


def closing(notebook: NotebookNode) -> Iterator[str]:
    """Exercises, summary, self-test, and the ledger rows answered, in this order, at the end."""
    markdown = markdown_of(notebook)
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


def long_outputs_folded(notebook: NotebookNode) -> Iterator[str]:
    """What prints more than a screen is shown on a click."""
    for number, cell in enumerate(code_cells(notebook)):
        lines = sum(text.count("\n") for output in cell.outputs for text in texts_of(output))
        if lines > OUTPUT_LINES and "hide-output" not in tags(cell):
            yield f"cell {number} prints {lines} lines; fold them with the tag hide-output"


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


def exercises(notebook: NotebookNode) -> Iterator[str]:
    """At least three, one of each grade, each with a solution behind a click, executed."""
    read_back = read_exercises(notebook)
    yield from read_back.faults
    found = list(read_back.found.values())
    for exercise in found:
        if not exercise.solved:
            yield f"the exercise {exercise.label!r} has no solution"
        elif not exercise.hidden:
            yield f"the solution of {exercise.label!r} is not hidden (:class: dropdown)"
        if not exercise.grade:
            yield f"the title {exercise.title!r} does not start with {' or '.join(GRADES)}:"
    executed = [each for each in found if each.solved and each.code]
    if len(executed) < EXERCISES:
        yield f"{len(executed)} exercises have a solution with executed code, not {EXERCISES}"
    grades = [GRADES.index(each.grade) for each in found if each.grade]
    if set(grades) != set(range(len(GRADES))) or grades != sorted(grades):
        yield f"the exercises are not of the grades {', '.join(GRADES)}, in this order"


def answers_checked(notebook: NotebookNode) -> Iterator[str]:
    """Each executed solution ends in a check of what its answer defines."""
    for exercise in read_exercises(notebook).found.values():
        if not exercise.code:
            continue
        marks = [source.splitlines().count(CHECK) for source in exercise.code]
        if marks != [0] * (len(marks) - 1) + [1]:
            yield f"the last cell of {exercise.label!r}, and no other, must hold one line {CHECK!r}"
        elif "assert" not in exercise.check:  # of Python or of numpy.testing
            yield f"the check of {exercise.label!r} asserts nothing"
        elif not asked_for(exercise):
            yield f"the check of {exercise.label!r} reads nothing that its answer defines"
    for label, name in out_of_reach(notebook):
        yield f"the check of {label!r} reads {name}, which a student would not have"


def checks_speak(notebook: NotebookNode) -> Iterator[str]:
    """Whatever a check refuses, it says why in a sentence."""
    for exercise in read_exercises(notebook).found.values():
        for node in ast.walk(ast.parse(exercise.check)):
            if isinstance(node, ast.Assert):
                silent = node.msg is None
            else:
                silent = (
                    isinstance(node, ast.Call)
                    and "testing.assert_" in ast.unparse(node.func)
                    and not any(each.arg == "err_msg" for each in node.keywords)
                )
            if silent:
                yield (
                    f"the check of {exercise.label!r} refuses without a sentence: "
                    f"{ast.unparse(node)[:60]}"
                )


def whole(notebook: NotebookNode) -> Iterator[str]:
    """No mark of two versions that git could not join is left in a cell."""
    for number, cell in enumerate(notebook.cells):
        if found := CONFLICT.search(cell.source):
            yield f"cell {number} of all holds a mark of a conflict: {found[0]!r}"


def self_test(notebook: NotebookNode) -> Iterator[str]:
    """A few questions; one right answer each, and every answer explained."""
    yield from questions.faults(markdown_of(notebook))


def for_teachers(notebook: NotebookNode) -> Iterator[str]:
    """The last cell speaks to teachers: minutes, what goes wrong in class, what to leave out."""
    yield from teaching.faults(notebook)


RULES: dict[str, Callable[[NotebookNode], Iterator[str]]] = {
    rule.__name__: rule
    for rule in (
        opening,
        closing,
        pictures_described,
        long_outputs_folded,
        tags_known,
        exercises,
        answers_checked,
        checks_speak,
        whole,
        self_test,
        for_teachers,
    )
}


def faults(paths: Iterable[Path]) -> Iterator[str]:
    """What is wrong with chapters, a sentence each, which begins with the chapter's name."""
    for path in paths:
        try:
            notebook = read(path)
        except Unreadable as error:
            yield str(error)
            continue
        for name, rule in RULES.items():
            try:
                yield from (f"{path.stem}: {problem}" for problem in rule(notebook))
            except Exception as error:  # code that is none, say; the other rules go on
                yield f"{path.stem}: {name} cannot be told ({type(error).__name__}: {error})"


def all_faults() -> Iterator[str]:
    """What is wrong with all chapters, and with the pages that are no notebooks."""
    yield from faults(paths_of([]))
    for name in pages.files_on_disk():
        path = (pages.ROOT / name).with_suffix(".md")
        if path.is_file() and (found := CONFLICT.search(path.read_text(encoding="utf-8"))):
            yield f"{path.name} holds a mark of a conflict: {found[0]!r}"


def main(names: Sequence[str]) -> int:
    found = list(faults(paths_of(names)) if names else all_faults())
    for each in found:
        print(each)
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
