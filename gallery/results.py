"""What came of each program: `results.json`, one line for each run."""

from __future__ import annotations

import datetime
import importlib.metadata
import json
from pathlib import Path
from typing import Any

from gallery.table import HERE, Program
from gallery.table import load as programs
from unrolled.internal.machine import machine
from unrolled.internal.whole_files import write_text

RESULTS = HERE / "results.json"
SIDES = ("now", "then")


def load(path: Path = RESULTS) -> dict[str, dict[str, Any]]:
    """For each program's name, what came of it `now` and `then`."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def note(program: Program, side: str, found: dict[str, Any], path: Path = RESULTS) -> None:
    """Put one run into the file in place of the one before, in the order of the table."""
    release = "1.15.0" if side == "then" else importlib.metadata.version("tensorflow")
    dated = {
        **found,
        "commit": program.commit,
        "tensorflow": release,
        "date": datetime.date.today().isoformat(),
        "machine": "{processor}, {cores} cores, {system}".format(**machine()),
    }
    all_of_them = load(path)
    all_of_them.setdefault(program.name, {})[side] = dated
    _save(all_of_them, path)


def note_names(program: Program, names: list[str], path: Path = RESULTS) -> None:
    """Put the names that a program uses beside its last run of today."""
    all_of_them = load(path)
    all_of_them[program.name]["now"]["names"] = names
    _save(all_of_them, path)


def _save(all_of_them: dict[str, dict[str, Any]], path: Path) -> None:
    order = [each.name for each in programs()]
    lines = []
    for name in sorted(filter(order.__contains__, all_of_them), key=order.index):
        sides = [
            f'  "{each}": {json.dumps(all_of_them[name][each], ensure_ascii=False)}'
            for each in SIDES
            if each in all_of_them[name]
        ]
        lines.append(f" {json.dumps(name)}: {{\n" + ",\n".join(sides) + "\n }")
    write_text("{\n" + ",\n".join(lines) + "\n}\n", path)
