"""How a training step scales with workers on this machine: `make scaling`.

Runs of 1, 2 and 4 workers, with two sizes of the whole batch, in an order that is drawn anew for
each round, so that no number of workers always meets the same minute. Each run is a fresh start of
`python -m unrolled.workers`. A run begins when as many cores are free as it has workers, and counts
only if they stayed free, as far as the system tells; a disturbed one is taken again in the next
round. What was measured goes to `src/unrolled/scaling.json`, which chapter 17
reads.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

import unrolled.quiet  # noqa: F401  # before TensorFlow
from benchmarks import record
from unrolled import workers
from unrolled.internal.machine import cores, machine, versions

SCALING = Path(__file__).resolve().parent.parent / "src" / "unrolled" / "scaling.json"
WORKERS = (1, 2, 4)
BATCHES = (32, 256)
UNITS, STEPS, ROUNDS = 64, 21, 3
DISTURBED = 0.12  # of a core, used by others beside what is free
PATIENCE = 3600.0  # seconds until a busy machine is given up
SEED = 17  # of the order


def ticks() -> tuple[int, int]:
    """What all processes have used of the processor, and what there was; zeros if unknown."""
    try:
        first = Path("/proc/stat").read_text(encoding="ascii").splitlines()[0].split()[1:9]
    except OSError:
        return 0, 0
    numbers = [int(each) for each in first]
    return sum(numbers) - numbers[3] - numbers[4], sum(numbers)  # less what was idle


def disturbs(others: float, count: int) -> bool:
    """Whether others use a core that `count` workers need; `others` is a share of all cores."""
    free = max(0, cores() - count)
    return others * cores() > DISTURBED + 0.9 * free


def busy(seconds: float = 0.5) -> float:
    """The share of all cores that is used while this program does nothing."""
    used, total = ticks()
    time.sleep(seconds)
    used_after, total_after = ticks()
    return (used_after - used) / max(1, total_after - total)


def measured(count: int, batch: int) -> dict[str, float]:
    """Milliseconds of a step of worker 0: medians of one run; and the share that others used.

    The share is of the processor, from the end of the second step to that of the last.
    """
    settings = {"workers": count, "batch": batch, "units": UNITS, "steps": STEPS}
    options = [f"--{name}={value}" for name, value in settings.items()]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "unrolled.workers", *options, "--into", folder]
        seen = {}
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or []:
                seen[line.partition(":")[0]] = ticks()
        if process.returncode:
            raise SystemExit("A run failed: see the lines above.")
        everyone = workers.results(folder)
    (used, total), (used_after, total_after) = seen["step 2"], seen[f"step {STEPS}"]
    mine = sum(float(each.processor[2:].sum()) for each in everyone)
    others = used_after - used - mine * os.sysconf("SC_CLK_TCK")
    return {
        "step": 1e3 * float(np.median(everyone[0].seconds[2:])),  # the first one traces
        "processor": 1e3 * float(np.median(everyone[0].processor[2:])),
        "exchange": 1e3 * float(np.median(everyone[0].exchange)),
        "others": max(0.0, others / max(1, total_after - total)),
    }


def summary(rounds: list[float]) -> dict[str, Any]:
    """Median and quartiles, and the rounds they are of."""
    rounds = [round(each, 3) for each in rounds]
    low, middle, high = statistics.quantiles(rounds, n=4, method="inclusive")
    return {
        "median": round(middle, 3),
        "quartiles": [round(low, 3), round(high, 3)],
        "rounds": rounds,
    }


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.scaling", description=__doc__)
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, help="undisturbed ones, 2 or more (default: 3)"
    )
    parser.add_argument("--into", type=Path, default=SCALING, help="(default: the package's own)")
    asked = parser.parse_args(arguments)
    cases = [(count, batch) for batch in BATCHES for count in WORKERS]
    found: dict[tuple[int, int], list[dict[str, float]]] = {case: [] for case in cases}
    draw = random.Random(SEED)
    until = time.monotonic() + PATIENCE
    while open_cases := [case for case in cases if len(found[case]) < asked.rounds]:
        for case in draw.sample(open_cases, len(open_cases)):
            while disturbs(busy(), case[0]):
                if time.monotonic() > until:
                    raise SystemExit("The machine is busy with something else: try again later.")
            run = measured(*case)
            if not disturbs(run["others"], case[0]):
                found[case].append(run)
            done = sum(map(len, found.values()))
            print(f"{done} of {asked.rounds * len(cases)} undisturbed runs", case, run, flush=True)
    rows = [
        {
            "workers": count,
            "batch": batch,
            **{
                f"{name}_ms": summary([each[name] for each in found[count, batch]])
                for name in ("step", "processor", "exchange")
            },
            "others": [round(each["others"], 3) for each in found[count, batch]],
        }
        for count, batch in cases
    ]
    settings = {"units": UNITS, "layers": workers.LAYERS, "steps": STEPS, "rounds": asked.rounds}
    content = {
        "date": datetime.date.today().isoformat(),
        "machine": machine(),
        "versions": versions(record.PACKAGES),
        "settings": {**settings, "threads of a worker": 1},
        "rows": rows,
    }
    record.write_text(json.dumps(content, indent=1) + "\n", asked.into)
    for row in rows:
        print(f"{row['workers']} workers, B = {row['batch']:3}: {row['step_ms']['median']} ms")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the workers end too
    main()
