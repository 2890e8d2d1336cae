"""Contestants in turns: B A C, A C B, ... each in a fresh process that sleeps while others run.

A whole process may be twice as slow as the one before it, because the machine was busy with other
things. Bursts of a fraction of a second, in turns, see the same minutes; a ratio is taken within
each round, and the whole is repeated in other processes. The order is drawn anew for each round, so
that nobody always comes after the same other.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import queue
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from unrolled.internal.machine import cores
from unrolled.timings import Case, Row

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 600.0  # seconds: who says nothing for so long is given up, on a busy machine too
SEED = 21  # of the order
PAUSE = 0.03  # seconds between two bursts, until the threads of the last have gone to sleep
WORKER = (sys.executable, "-m", "benchmarks.worker")

Key = tuple[str, str, tuple[str, ...]]  # of a process

# Options that are settings of a whole process, and not the contestant's: what its environment has.
SETTINGS = {
    "onednn": {"TF_ENABLE_ONEDNN_OPTS": "0"},  # False
    "one_heap": {"MALLOC_ARENA_MAX": "1"},  # True: else each thread frees into a heap of its own
}


class Effort(NamedTuple):
    """How long to measure: `repeats` sets of processes, `rounds` of bursts of `seconds` in each."""

    repeats: int
    rounds: int
    seconds: float


@dataclass
class Job:
    """A contestant in one form: what its process is told, and the row that it fills."""

    row: Row
    options: dict[str, Any] = field(default_factory=dict)
    blank: bool = False  # cannot run: the row's note says why
    once: bool = False  # takes too long to start to be repeated
    patience: float = LIMIT  # seconds until it has its first result, or is given up

    @property
    def process(self) -> Key:
        """Forms of one contestant share a process: its name, the kind of cell, its settings."""
        assert self.row.case
        settings = tuple(name for name in SETTINGS if name in self.options)
        return self.row.contestant, self.row.case.kind, settings

    def fail(self, why: str) -> None:
        """Run no more."""
        self.row.note, self.blank = why, True

    def question(self) -> dict[str, Any]:
        """What `worker.start` is told."""
        options = {name: value for name, value in self.options.items() if name not in SETTINGS}
        return {
            "contestant": self.row.contestant,
            "case": self.row.case,
            "mode": self.row.mode,
            "options": options,
        }


def job(
    name: str,
    mode: str,
    contestant: str,
    case: Case,
    options: dict[str, Any] | None = None,
    skip: str = "",
    once: bool = False,
    patience: float = LIMIT,
) -> Job:
    """A job and its empty row; `skip` says why it is not run."""
    options = options or {}
    variant = ", ".join(f"{key}={value}" for key, value in options.items())
    row = Row(name, mode, contestant, variant, case=case, note=skip)
    return Job(row, options, blank=bool(skip), once=once, patience=patience)


class Gone(Exception):
    """A process has ended or says nothing."""


class Process:
    """A worker, asked by lines of JSON."""

    def __init__(self, settings: Sequence[str] = (), command: Sequence[str] = WORKER) -> None:
        threads = str(cores())
        environment = {
            **os.environ,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
            "CUDA_VISIBLE_DEVICES": "",
            "JAX_PLATFORMS": "cpu",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "TORCHINDUCTOR_FORCE_DISABLE_CACHES": "1",  # else only the first run compiles
        }
        # TensorFlow and NumPy multiply as they come, whatever this machine's settings are.
        chosen = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", *itertools.chain(*SETTINGS.values()))
        for name in chosen:
            environment.pop(name, None)
        for name in settings:
            environment.update(SETTINGS[name])
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")  # the end

    def send(self, do: str, **question: Any) -> None:
        """Ask without waiting for the answer."""
        assert self._process.stdin
        try:
            self._process.stdin.write(json.dumps({"do": do, **question}) + "\n")
            self._process.stdin.flush()
        except OSError:
            raise Gone(self._how_it_ended()) from None

    def answer(self, limit: float = LIMIT) -> dict[str, Any]:
        """Wait for the answer to what was sent.

        Raises:
          Gone: the process has ended, or gives no answer within `limit` seconds.
        """
        line = None
        for _ in range(math.ceil(limit)):  # by seconds: a machine that sleeps loses one, not all
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=1)
                break
        if line is None:
            raise Gone(f"no answer within {limit:g} seconds")
        if not line:
            raise Gone(self._how_it_ended())
        return json.loads(line)

    def ask(self, do: str, limit: float = LIMIT, **question: Any) -> dict[str, Any]:
        """Send, and wait for the answer."""
        self.send(do, **question)
        return self.answer(limit)

    def _how_it_ended(self) -> str:
        return f"its process ended with status {self._process.wait(LIMIT)}"

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()


class Contestants:
    """The processes of some jobs, all started and waiting for their turns."""

    def __init__(
        self, jobs: Sequence[Job], command: Sequence[str] = WORKER, limit: float = LIMIT
    ) -> None:
        self._jobs, self._command, self._limit = list(jobs), command, limit
        self._processes: dict[Key, Process] = {}
        keys = dict.fromkeys(job.process for job in jobs if not job.blank)
        for key in keys:
            self._spawn(key)  # they import their frameworks side by side
        for key in keys:
            self._start(key)

    def _spawn(self, key: Key) -> None:
        contestant, kind, settings = key
        process = self._processes[key] = Process(settings, self._command)
        process.send("wake", contestant=contestant, kind=kind)

    def _start(self, key: Key) -> None:
        """Start the jobs of a process; again without the one that it does not survive."""
        while alive := [job for job in self._jobs if job.process == key and not job.blank]:
            alive.sort(key=lambda job: job.patience)  # who may not survive begins
            started: list[tuple[Job, dict[str, Any]]] = []
            current = alive[0]
            try:
                if key not in self._processes:
                    self._spawn(key)
                process = self._processes[key]
                awake = process.answer(self._limit)
                if "error" in awake:
                    for each in alive:
                        each.fail(awake["error"])
                    return
                for current in alive:
                    question = {"job": self._jobs.index(current), **current.question()}
                    limit = min(self._limit, current.patience)
                    answer = process.ask("start", limit, **question)
                    started.append((current, answer))
            except Gone as gone:
                current.fail(str(gone))
                self._processes.pop(key).stop()
                continue
            for current, answer in started:
                if "error" in answer:
                    current.fail(answer["error"])
                elif answer["loss"] is not None:  # NumPy's products trace nothing
                    current.row.seconds_to_trace.append(round(answer["traced"], 4))
                    current.row.seconds_to_first.append(round(answer["seconds"], 4))
                    current.row.first_loss = answer["loss"]
            return

    def burst(self, job: Job, seconds: float) -> float | None:
        """The median of a burst, None where the job fails: its note then says why."""
        try:
            process = self._processes[job.process]
            answer = process.ask("burst", self._limit, job=self._jobs.index(job), seconds=seconds)
        except Gone as gone:
            job.fail(str(gone))
            self._processes.pop(job.process).stop()
            self._start(job.process)
            return None
        if "error" in answer:
            job.fail(answer["error"])
            return None
        return float(f"{answer['milliseconds'] * (1e3 if job.row.unit == 'us' else 1):.4g}")

    def stop(self) -> None:
        """End all processes."""
        for process in self._processes.values():
            process.stop()


@contextlib.contextmanager
def started(jobs: Sequence[Job], **how: Any) -> Iterator[Contestants]:
    """`Contestants` that end with the block."""
    contestants = Contestants(jobs, **how)
    try:
        yield contestants
    finally:
        contestants.stop()


def take_turns(jobs: Sequence[Job], effort: Effort, **how: Any) -> None:
    """Fill the rows of `jobs`: one number a round, None where a contestant could not run."""
    order = random.Random(SEED)
    for repeat in range(effort.repeats):
        running = [job for job in jobs if not (job.once and repeat)]
        with started(running, **how) as contestants:
            for _ in range(effort.rounds):
                for job in order.sample(jobs, len(jobs)):
                    here = job in running and not job.blank
                    job.row.rounds.append(contestants.burst(job, effort.seconds) if here else None)
                    time.sleep(PAUSE if here else 0)
    for job in jobs:
        if not job.row.measured:
            job.row.rounds.clear()


def measure_memory(jobs: Sequence[Job], repeats: int, steps: int, **how: Any) -> None:
    """Fill the rows of `jobs`, each in a process of its own: peaks, and times beside them."""
    for _ in range(repeats):
        for each in jobs:
            if each.blank:
                continue
            contestant, kind, settings = each.process
            process = Process(settings, **how)
            try:
                answer = process.ask("wake", contestant=contestant, kind=kind)
                if "error" not in answer:
                    answer = process.ask("start", job=0, run=False, **each.question())
                if "error" not in answer:
                    answer = process.ask("peak", job=0, steps=steps)
                if "error" in answer:
                    raise Gone(answer["error"])
                each.row.peak_megabytes.append(round(answer["megabytes"], 1))
                each.row.rounds.append(float(f"{answer['milliseconds']:.4g}"))
            except Gone as gone:
                each.fail(str(gone))
            finally:
                process.stop()
