"""A fresh process that runs what it is told to: one line of JSON in, one line out.

    {"do": "wake", "contestant": ..., "kind": ...}
    {"do": "start", "job": 0, "contestant": ..., "case": [...], "mode": ..., "options": {...}}
    {"do": "burst", "job": 0, "seconds": 0.3}  ->  the median of a burst of steps
    {"do": "losses", "job": 0, "steps": 3}     ->  the losses of so many steps
    {"do": "peak", "job": 0, "steps": 3}       ->  the highest memory above what there was before

Between two lines it is silent and holds no processor.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared, maker

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Worker:
    """The jobs of one process."""

    def __init__(self) -> None:
        self.jobs: dict[int, tuple[Prepared, Case, str]] = {}

    def wake(self, contestant: str, kind: str) -> dict[str, Any]:
        """Import the framework and run a very small network, so that all of it is loaded."""
        make = maker(contestant)
        if contestant not in ("chain", "call"):
            make(Case(kind, layers=1, U=2, B=2, T=2, D=2), "train").step()
        return {}

    def start(
        self,
        job: int,
        contestant: str,
        case: list[Any],
        mode: str,
        options: dict[str, Any],
        run: bool = True,
    ) -> dict[str, Any]:
        """Prepare a job and, where `run`, run it once.

        The seconds are counted from nothing: until it is traced, and until there is a result.
        """
        make, sizes = maker(contestant), Case(*case)
        start = time.perf_counter()
        prepared = make(sizes, mode, **options)
        traced = time.perf_counter() - start
        self.jobs[job] = prepared, sizes, mode
        if not run:
            return {}
        result = prepared.step()
        seconds = time.perf_counter() - start
        return {"traced": traced, "seconds": seconds, "loss": self._loss(job, result)}

    def _loss(self, job: int, result: Any) -> float | None:
        prepared, case, mode = self.jobs[job]
        value = prepared.loss(result)
        if mode == "infer" and value is not None:
            value = cases.loss_of(value, cases.data(case)[1])
        return value if isinstance(value, float) else None

    def losses(self, job: int, steps: int) -> dict[str, Any]:
        """The losses of the next steps."""
        step = self.jobs[job][0].step
        return {"losses": [self._loss(job, step()) for _ in range(steps)]}

    def burst(self, job: int, seconds: float) -> dict[str, Any]:
        """The median of the steps of a burst, after one that fills the caches again."""
        prepared = self.jobs[job][0]
        step, clock = prepared.step, time.perf_counter
        step()
        times: list[float] = []
        end = clock() + seconds
        while len(times) < 2 or clock() < end:
            start = clock()
            step()
            times.append(clock() - start)
        return {"milliseconds": 1e3 * statistics.median(times) / prepared.repeats}

    def peak(self, job: int, steps: int) -> dict[str, Any]:
        """The highest memory while some steps run, and the median time of all but the first."""
        step = self.jobs[job][0].step
        before = highest_memory(reset=True)
        times: list[float] = []
        for _ in range(steps):
            start = time.perf_counter()
            step()
            times.append(time.perf_counter() - start)
        return {
            "megabytes": highest_memory() - before,
            "milliseconds": 1e3 * statistics.median(times[1:]),
        }


def highest_memory(reset: bool = False) -> float:
    """The highest resident set of this process so far, in megabytes, or since now where `reset`."""
    if STATUS.exists():
        if reset:
            CLEAR.write_text("5")
        found = re.search(r"VmHWM:\s+(\d+) kB", STATUS.read_text())
        if found:
            return int(found[1]) / 1024
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 2**20


def explain(error: Exception) -> str:
    """One line for a note, without the paths of this machine."""
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {re.sub(r'(/[^ /:]+){2,}', '...', first)[:160]}"


def main() -> None:
    """Answer line after line. What the frameworks print goes to the standard error."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    worker = Worker()
    for line in sys.stdin:
        question = json.loads(line)
        try:
            answer = getattr(worker, question.pop("do"))(**question)
        except ModuleNotFoundError as error:
            answer = {"error": f"{(error.name or '').split('.')[0]} is not installed"}
        except Exception as error:
            answer = {"error": explain(error)}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
