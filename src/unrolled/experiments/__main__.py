"""The command line: `python -m unrolled.experiments [NAME ...]`, all of them without a name."""

from __future__ import annotations

import argparse
import datetime
import importlib
import json
import pkgutil
import time
from pathlib import Path

import unrolled.experiments
import unrolled.quiet  # noqa: F401  # the chapters' own arithmetic: sums in one order
from unrolled.internal.machine import machine, versions
from unrolled.internal.whole_files import write_text

FOLDER = Path(__file__).parent
PACKAGES = ("unrolled", "tensorflow", "keras", "numpy")


def names() -> list[str]:
    """The experiments that there are."""
    found = (each.name for each in pkgutil.iter_modules(unrolled.experiments.__path__))
    return sorted(name for name in found if name != "__main__")


def record(name: str, into: Path = FOLDER) -> Path:
    """Run one experiment for all its seeds and write its result as a whole or not at all."""
    experiment = importlib.import_module(f"unrolled.experiments.{name}")
    start = time.perf_counter()
    columns = {}
    for seed in experiment.SEEDS:
        columns[seed] = experiment.column(seed)
        print(f"{name}, seed {seed}: {time.perf_counter() - start:.0f} s", flush=True)
    head = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(PACKAGES),
        "seconds": round(time.perf_counter() - start),
    }
    lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
    rows = ",\n".join(f'  "{seed}": {json.dumps(column)}' for seed, column in columns.items())
    text = "{\n" + ",\n".join([*lines, f' "columns": {{\n{rows}\n }}']) + "\n}\n"
    path = into / f"{name}.json"
    write_text(text, path)
    return path


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="unrolled.experiments", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names()) or "none yet")
    asked = parser.parse_args(arguments)
    for unknown in set(asked.names) - set(names()):
        parser.error(f"no experiment {unknown!r}; there are {', '.join(names())}")
    for name in asked.names or names():
        print(f"Written to {record(name)}.")


if __name__ == "__main__":
    main()
