"""Grade student notebooks: put the original checks back, run everything, write a row per student.

    python tools/grade.py FOLDER [--to grades.csv] [--seconds 600]

FOLDER holds a folder for each student, named as the row shall be named, with notebooks of the
student edition in it (`make student`) under their own names. In each notebook the cells that check
an answer are made anew from this repository's chapters, whatever a student made of them; a check
that was deleted is put back below the answers. Then the notebook runs from top to bottom, in the
student's folder. An exercise whose check passes has all of its points, and any other has none.

The code that runs is the students': grade where it can do no harm, and read what looks strange.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import editions
import nbformat
from exercises import Exercise, read_exercises
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from notebooks import tags

SECONDS = 600  # for one cell


def exercises_of(chapters: Mapping[str, NotebookNode]) -> dict[str, dict[str, Exercise]]:
    """The exercises that have a check, by the name of their notebook and by label."""
    return {
        name: {
            label: exercise
            for label, exercise in read_exercises(notebook).found.items()
            if exercise.code
        }
        for name, notebook in chapters.items()
    }


def is_check(cell: NotebookNode, exercise: Exercise) -> bool:
    mark = editions.check_mark(exercise)
    return editions.check_tag(exercise) in tags(cell) or cell.source.startswith(mark)


def with_checks(
    notebook: NotebookNode, exercises: Mapping[str, Exercise]
) -> tuple[NotebookNode, dict[str, int]]:
    """The notebook with its original checks, and at which cell each of them is.

    Of several cells that say they check the same exercise, the first is the check; the others go.
    """
    cells: list[NotebookNode] = []
    places: dict[str, int] = {}
    for cell in notebook.cells:
        if cell.cell_type == "code":
            label = next((k for k, each in exercises.items() if is_check(cell, each)), None)
            if label is not None and label in places:
                continue
            if label is not None:
                places[label] = len(cells)
                cell = editions.check_cell(exercises[label])
        cells.append(cell)
    for label, exercise in exercises.items():
        if label not in places:
            places[label] = len(cells)
            cells.append(editions.check_cell(exercise))
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "code":  # what is stored says nothing of this run
            cell.outputs, cell.execution_count = [], None
    made = nbformat.v4.new_notebook(cells=cells, metadata=notebook.metadata)
    return made, places


def passed(cell: NotebookNode) -> bool:
    """Whether a cell ran, and to its end."""
    return cell.execution_count is not None and not any(
        output.output_type == "error" for output in cell.outputs
    )


def run(notebook: NotebookNode, folder: Path, seconds: int) -> str:
    """Run all cells, those after an error too; in a few words what kept it from its end."""
    client = NotebookClient(
        notebook,
        timeout=seconds,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except DeadKernelError:
        return "the process ended by itself"
    return ""


def grade(path: Path, exercises: Mapping[str, Exercise], seconds: int) -> tuple[set[str], str]:
    """The labels of the exercises that are right, and a word where the notebook did not run."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except Exception as error:  # of nbformat's own kinds, or whatever it stumbles over
        return set(), f"cannot be read ({type(error).__name__})"
    notebook, places = with_checks(notebook, exercises)
    said = run(notebook, path.parent, seconds)
    return {label for label, place in places.items() if passed(notebook.cells[place])}, said


def table(folder: Path, seconds: int = SECONDS) -> list[dict[str, Any]]:
    """A row for each student: the sum, what it may be at most, and the points of each exercise.

    Only chapters of which somebody handed in a notebook count.
    """
    students = sorted(path for path in folder.iterdir() if path.is_dir())
    known = exercises_of(editions.chapters())
    handed_in = [name for name in known if any((each / name).is_file() for each in students)]
    rows = []
    for student in students:
        points: dict[str, int] = {}
        notes = []
        for name in handed_in:
            right: set[str] = set()
            if (student / name).is_file():
                right, said = grade(student / name, known[name], seconds)
                notes += [f"{name}: {said}"] if said else []
            else:
                notes.append(f"{name}: not handed in")
            for label, exercise in known[name].items():
                points[label] = editions.points(exercise) if label in right else 0
        most = sum(editions.points(each) for name in handed_in for each in known[name].values())
        row = {"student": student.name, "points": sum(points.values()), "of": most}
        rows.append({**row, **points, "notes": "; ".join(notes)})
        print(f"{student.name}: {row['points']} of {most} points", flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--to", type=Path, default=Path("grades.csv"))
    parser.add_argument("--seconds", type=int, default=SECONDS, help="for one cell (default: 600)")
    options = parser.parse_args(arguments)
    if not options.folder.is_dir():
        raise SystemExit(f"{options.folder} is no folder: give one with a folder for each student.")
    if sys.platform == "win32":  # which zmq needs there
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    rows = table(options.folder, options.seconds)
    if not rows or len(rows[0]) == 4:
        raise SystemExit(
            f"No notebook of the student edition is in {options.folder}: it must hold a folder for "
            "each student, and that the notebooks under their own names, such as 05_cells.ipynb."
        )
    with options.to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"The grades lie in {options.to}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
