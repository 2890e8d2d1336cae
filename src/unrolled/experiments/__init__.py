"""Experiments that take too long for a chapter: each is a module, with its result beside it.

A module states its question in its docstring and has

    SEEDS: tuple[int, ...]             the repetitions
    def column(seed: int) -> dict:     one of them: names, each with a number or a list of numbers

`make experiments` (or `python -m unrolled.experiments NAME ...`) computes the column of every seed
and writes `NAME.json`, with the machine, the date and the versions. A chapter shows all columns and
computes one of them again:

    from unrolled.experiments import recorded, shuffling

    result = recorded("shuffling")
    result.columns[0]["every epoch"], result.date, result.machine, result.versions
    shuffling.column(0)
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class Recorded:
    """What one experiment gave when it was last run.

    `columns` has the result of each seed, under the seed; `seconds` is what they took together.
    """

    name: str
    date: str
    machine: dict[str, Any]
    versions: dict[str, str]
    seconds: float
    columns: dict[int, dict[str, Any]]

    def values(self, name: str) -> list[Any]:
        """What each seed gave under that name, in the order of the seeds.

        Raises KeyError with the names that there are.
        """
        for column in self.columns.values():
            if name not in column:
                raise KeyError(
                    f"{self.name} has no {name!r}; it has {', '.join(map(repr, column))}"
                )
        return [column[name] for column in self.columns.values()]

    def __str__(self) -> str:
        made = "{processor}, {cores} cores, {gigabytes} GB".format(**self.machine)
        return f"{self.name}: {len(self.columns)} seeds, {self.date}, on {made}"


def recorded(name: str) -> Recorded:
    """The result of an experiment, as the package brings it.

    Raises ValueError, with the names that there are, if there is none of that name.
    """
    folder = resources.files(__name__)
    file = folder / f"{name}.json"
    if not file.is_file():
        there = sorted(each.name[:-5] for each in folder.iterdir() if each.name.endswith(".json"))
        raise ValueError(f"no experiment {name!r} has been recorded; there are {', '.join(there)}")
    stored = json.loads(file.read_text(encoding="utf-8"))
    stored["columns"] = {int(seed): column for seed, column in stored["columns"].items()}
    return Recorded(name=name, **stored)
