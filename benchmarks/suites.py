"""The parts of the benchmarks: who runs what, and for how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.cases import CASES
from benchmarks.rounds import Effort, Job, job, measure_memory, take_turns
from unrolled.timings import Case, Row

Report = Callable[[str], None]

MIDDLE = Case("basic", layers=1, U=64, B=64, T=32, D=32)
SIZES = {
    "T": [8, 16, 64, 256],
    "B": [8, 32, 128, 512],
    "U": [16, 64, 256, 512],
}
LONG = Case("basic", layers=1, U=64, B=32, T=1000, D=32)
LONG_T = [1000, 10000]

TOO_LONG = "not run: a graph of 100 unrolled steps in three layers takes minutes to make"
COMPILES = "not run: PyTorch compiles each step of each layer by itself, which takes minutes"
ANOTHER_GRU = "its GRU resets after the product: another arithmetic, at about the same cost"


class Part(NamedTuple):
    """One part: what it fills rows with, at full length and in seconds."""

    run: Callable[[bool, Report], list[Row]]
    effort: Effort
    quick: Effort


def steps(quick: bool, report: Report) -> list[Row]:
    """One step of three networks, in training and forward alone."""
    rows: list[Row] = []
    for name, case in CASES.items():
        jobs = list(forms(name, case._replace(T=4) if quick else case))
        report(f"{name}: {len(jobs)} forms of {len({j.row.contestant for j in jobs})} contestants")
        take_turns(jobs, effort("steps", quick))
        rows += [each.row for each in jobs]
    return rows


def forms(name: str, case: Case) -> Iterator[Job]:
    """Every contestant of a case in every form, in both modes."""
    long = case.layers * case.T > 100
    for mode in ("train", "infer"):

        def form(contestant: str, skip: str = "", once: bool = False, **options: Any) -> Job:
            return job(name, mode, contestant, case, options, skip, once)  # noqa: B023

        yield form("floor")
        if mode == "train":
            yield form("floor", batched_weight_gradient=True)
        yield form("floor_split")
        yield form("tensorflow_static")
        yield form("tensorflow_dynamic")
        yield form("static_rnn")
        yield form("dynamic_rnn")
        for ours in () if long else ("static_rnn", "dynamic_rnn"):  # a call weighs in small steps
            yield form(ours, session=True)  # as TensorFlow's own are called
            if mode == "train":
                yield form(ours, steps_in_a_call=20)  # as `training.fit` does
        if mode == "train":
            yield form("dynamic_rnn", unroll=1)
            yield form("keras", jit_compile=True)
            yield form("keras", unroll=True, skip=TOO_LONG if long else "")
            if case.kind == "gru":  # large enough for oneDNN's kernels to matter
                yield form("tensorflow_dynamic", onednn=False)
                yield form("dynamic_rnn", onednn=False)
        yield form("keras")
        yield form("keras", tf_function=True)
        yield form("keras", unroll=True, tf_function=True, skip=TOO_LONG if long else "")
        if mode == "train" and not long:
            yield form("keras", unroll=True, tf_function=True, steps_in_a_call=20)
            yield form("jax", steps_in_a_call=20)
        yield form("jax")
        yield form("jax", unroll=10 if long else 7)
        eager = form("pytorch")
        if case.kind == "gru":
            eager.row.note = ANOTHER_GRU
        yield eager
        compiles = mode == "train" and case == CASES["mnist1"]
        yield form("pytorch", compiled=True, once=True, skip="" if compiles else COMPILES)


def curves(quick: bool, report: Report) -> list[Row]:
    """A training step against T, B and U around a middle."""
    jobs = []
    for letter, sizes in SIZES.items():
        for size in sizes[:2] if quick else sizes:
            case = MIDDLE._replace(**{letter: size})
            jobs.append(job(letter, "train", "floor", case))
            jobs.append(job(letter, "train", "floor", case, {"batched_weight_gradient": True}))
            for contestant in ("tensorflow_dynamic", "static_rnn", "dynamic_rnn"):
                jobs.append(job(letter, "train", contestant, case))
    report(f"{len(jobs)} points")
    take_turns(jobs, effort("curves", quick))
    return [each.row for each in jobs]


def memory(quick: bool, report: Report) -> list[Row]:
    """The highest memory over long sequences, all outputs kept."""
    jobs = []
    for T in [20, 40] if quick else LONG_T:
        case = LONG._replace(T=T)
        for mode in ("forward", "gradient"):
            for contestant in ("dynamic_rnn", "tensorflow_dynamic", "keras"):
                jobs.append(job("long", mode, contestant, case))
        segment = {"recompute_every": round(math.sqrt(T))}
        jobs.append(job("long", "gradient", "dynamic_rnn", case, segment))
        for contestant in ("dynamic_rnn", "tensorflow_dynamic", "keras"):
            jobs.append(job("long", "gradient", contestant, case, {"one_heap": True}))
    report(f"{len(jobs)} processes at a time alone")
    repeats, measured, _ = effort("memory", quick)
    measure_memory(jobs, repeats, measured)
    return [each.row for each in jobs]


def operations(quick: bool, report: Report) -> list[Row]:
    """What TensorFlow's executor takes for one operation, at the sizes of mnist1."""
    names = {
        "chain": ["concat", "matmul", "add", "tanh"],
        "call": [
            "numpy.matmul",
            "tf.function",
            "concrete function",
            "session",
            "while_loop",
            "while_loop with arrays",
        ],
    }
    jobs = [
        job(name, "forward", contestant, CASES["mnist1"], {"operation": name})
        for contestant in names
        for name in names[contestant]
    ]
    for each in jobs:
        each.row.unit, each.row.variant = "us", ""
    report(f"{len(jobs)} operations")
    take_turns(jobs, effort("operations", quick))
    return [each.row for each in jobs]


PARTS = {
    "steps": Part(steps, Effort(2, 7, 0.25), Effort(1, 1, 0.01)),
    "curves": Part(curves, Effort(2, 5, 0.12), Effort(1, 1, 0.01)),
    "memory": Part(memory, Effort(3, 3, 0), Effort(1, 2, 0)),  # here rounds are steps
    "operations": Part(operations, Effort(2, 6, 0.1), Effort(1, 1, 0.01)),
}


def effort(part: str, quick: bool) -> Effort:
    """How long to measure a part."""
    return PARTS[part].quick if quick else PARTS[part].effort
