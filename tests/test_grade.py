"""Grading: the original checks decide, whatever a notebook that was handed in has made of them."""

from __future__ import annotations

import csv
from pathlib import Path

import editions
import grade
import nbformat
import notebooks
import pytest
from nbformat import NotebookNode

NAME = "00_made.ipynb"


def chapter() -> NotebookNode:
    made = nbformat.v4.new_notebook()
    made.cells = [
        nbformat.v4.new_markdown_cell(
            "# Made\n\n```{exercise} Check: halves\n:label: halves\n\nWrite `half`.\n```\n\n"
            "```{solution-start} halves\n:class: dropdown\n```"
        ),
        nbformat.v4.new_code_cell(
            "def half(x):\n    return x / 2\n# --- check ---\nassert half(8) == 4, 'not half'"
        ),
        nbformat.v4.new_markdown_cell(
            "```{solution-end}\n```\n\n"
            "```{exercise} Explore: far\n:label: far\n\nSet `far`.\n```\n\n"
            "```{solution-start} far\n:class: dropdown\n```"
        ),
        nbformat.v4.new_code_cell("far = 100\n# --- check ---\nassert far > 10, 'nearer'"),
        nbformat.v4.new_markdown_cell("```{solution-end}\n```"),
    ]
    return made


@pytest.fixture
def student(monkeypatch: pytest.MonkeyPatch) -> NotebookNode:
    """The student edition of a small chapter, in the place of all chapters."""
    monkeypatch.setattr(editions, "chapters", lambda: {NAME: chapter()})
    return editions.student(chapter(), NAME)


def with_answers(student: NotebookNode, half: str, far: str) -> NotebookNode:
    made = nbformat.from_dict(student)
    first, _, second, _ = notebooks.code_cells(made)
    first.source, second.source = half, far
    return made


HALF = "def half(x):\n    return x / 2"


def hand_in(folder: Path, name: str, notebook: NotebookNode) -> None:
    (folder / name).mkdir(parents=True)
    notebooks.write(notebooks.normal(notebook), folder / name / NAME)


def test_a_row_for_each_student(tmp_path: Path, student: NotebookNode) -> None:
    handed_in = tmp_path / "in"
    hand_in(handed_in, "all", with_answers(student, HALF, "far = 50"))
    hand_in(handed_in, "none", student)
    hand_in(handed_in, "wrong", with_answers(student, "def half(x):\n    return x", "far = 50"))
    tampered = with_answers(student, "def half(x):\n    return 1", "far = 2")
    for cell in (notebooks.code_cells(tampered)[1], notebooks.code_cells(tampered)[3]):
        cell.source = "assert True"
    hand_in(handed_in, "tampered", tampered)
    deleted = with_answers(student, HALF, "far = 2")
    deleted.cells = [cell for cell in deleted.cells if "The check" not in cell.source]
    hand_in(handed_in, "deleted", deleted)
    hand_in(handed_in, "slow", with_answers(student, "while True: pass", "far = 50"))
    hand_in(handed_in, "killed", with_answers(student, HALF, "import os; os._exit(1)"))
    (handed_in / "late").mkdir()
    (handed_in / "broken").mkdir()
    (handed_in / "broken" / NAME).write_text('{"cells": [', encoding="utf-8")

    to = tmp_path / "grades.csv"
    assert grade.main([str(handed_in), "--to", str(to), "--seconds", "3"]) == 0
    with to.open(encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert list(rows) == sorted(path.name for path in handed_in.iterdir())
    assert {row["of"] for row in rows.values()} == {"4"}  # one point and three
    points = {name: (row["halves"], row["far"], row["points"]) for name, row in rows.items()}
    assert points == {
        "all": ("1", "3", "4"),
        "none": ("0", "0", "0"),
        "wrong": ("0", "3", "3"),
        "tampered": ("0", "0", "0"),
        "deleted": ("1", "0", "1"),
        "slow": ("0", "3", "3"),
        "killed": ("1", "0", "1"),
        "late": ("0", "0", "0"),
        "broken": ("0", "0", "0"),
    }
    assert rows["late"]["notes"] == f"{NAME}: not handed in"
    assert rows["broken"]["notes"].startswith(f"{NAME}: cannot be read")
    assert rows["killed"]["notes"] == f"{NAME}: the process ended by itself"
    assert not rows["all"]["notes"]


def test_a_check_is_known_by_its_tag_or_its_first_line(student: NotebookNode) -> None:
    exercises = grade.exercises_of({NAME: chapter()})[NAME]
    tagged, marked = nbformat.from_dict(student), nbformat.from_dict(student)
    for cell in notebooks.code_cells(tagged):
        cell.source = "pass"
    for cell in notebooks.code_cells(marked):
        cell.metadata.clear()
    for made in map(notebooks.normal, (tagged, marked)):
        again, places = grade.with_checks(made, exercises)
        assert len(again.cells) == len(student.cells)
        for label, place in places.items():
            assert again.cells[place].source == editions.check_cell(exercises[label]).source


def test_a_folder_without_notebooks_is_told(tmp_path: Path, student: NotebookNode) -> None:
    (tmp_path / "someone").mkdir()
    with pytest.raises(SystemExit, match="No notebook of the student edition is in"):
        grade.main([str(tmp_path)])
    with pytest.raises(SystemExit, match="is no folder"):
        grade.main([str(tmp_path / "nowhere")])
