"""The command line: `python -m benchmarks [--quick] [--only PART] [--into FILE]`."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from pathlib import Path

from benchmarks import record
from benchmarks.rounds import ROOT
from benchmarks.suites import PARTS, effort
from unrolled.internal.machine import machine, versions
from unrolled.timings import PARTS as NAMES

TIMINGS = ROOT / "src" / "unrolled" / "timings.json"
TRIED = ROOT / "_build" / "timings.json"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds: a trial")
    parser.add_argument("--only", choices=NAMES, help="measure one part, and keep the others")
    parser.add_argument(
        "--into",
        type=Path,
        help="the file to write: the package's own unless told, and one in _build with --quick",
    )
    asked = parser.parse_args(arguments)
    path = asked.into or (TRIED if asked.quick else TIMINGS)
    print("on", ", ".join(f"{k} {v}" for k, v in machine().items()), flush=True)
    print("with", ", ".join(f"{k} {v}" for k, v in versions(record.PACKAGES).items()), flush=True)
    for name in [asked.only] if asked.only else NAMES:
        start = time.perf_counter()
        rows = PARTS[name].run(asked.quick, lambda text: print(f"{name}: {text} ...", flush=True))  # noqa: B023
        record.write(name, record.part(rows, effort(name, asked.quick), asked.quick), path)
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)
        print(record.table(rows), flush=True)
    print(f"Written to {path}.")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the processes end too
    main()
