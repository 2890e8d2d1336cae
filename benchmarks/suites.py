"""The parts of the benchmarks: who runs what, and for how long."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from benchmarks.cases import CASES
from benchmarks.rounds import LIMIT, Effort, Job, job, measure_memory, take_turns
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

MANY = 20  # training steps in a call
PATIENCE = 30.0  # seconds that a compiler has for the long network
LONG_STEP = "not run: {} such steps in a call take seconds, and the call is a thousandth of one"
LONG_GRAPH = "not run: the row of training says how long its graph takes to make"
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
    """Every contestant of a case in every form, in both modes.

    There are three ways to call a graph: once for each step, from a session, and, in training, once
    for many steps. Whoever has a way is measured in it, ours and the others alike, with Adam in one
    operation unless the form says otherwise.
    """
    long = case.layers * case.T > 100
    gru = case.kind == "gru"
    for mode in ("train", "infer"):

        def form(contestant: str, **options: Any) -> Job:
            skip = LONG_STEP.format(MANY) if long and "steps_in_a_call" in options else ""
            if long and mode == "infer" and contestant == "keras" and "unroll" in options:  # noqa: B023
                skip = LONG_GRAPH
            compiled = "compiled" in options or "jit_compile" in options
            patience = PATIENCE if long and compiled else LIMIT
            once = long or compiled  # takes long to start
            return job(name, mode, contestant, case, options, skip, once, patience)  # noqa: B023

        training = mode == "train"
        many: list[dict[str, Any]] = [{"steps_in_a_call": MANY}] if training else []
        yield form("products")
        if training:
            yield form("products", batched_weight_gradient=True)
        yield form("products_lifted")
        for contestant in ("tensorflow_static", "tensorflow_dynamic", "static_rnn", "dynamic_rnn"):
            for how in ({}, {"session": True}, *many):
                yield form(contestant, **how)
        for how in ({}, *many):
            yield form("dynamic_rnn", unroll=1, **how)
            yield form("keras", tf_function=True, **how)
            yield form("keras", unroll=True, tf_function=True, **how)
            yield form("jax", **how)
            yield form("jax", unroll=10 if long else 7, **how)
        yield form("keras")
        for how in ({}, {"compiled": True}, {"fused_adam": False}) if training else ({},):
            torchs = form("pytorch", **how)
            torchs.row.note = ANOTHER_GRU if gru else ""
            yield torchs
        if training:
            yield form("static_rnn", jit_compile=True)
            yield form("dynamic_rnn", unroll=1, jit_compile=True)
            yield form("keras", tf_function=True, jit_compile=True)
            yield form("dynamic_rnn", fused_adam=False)
            yield form("keras", tf_function=True, fused_adam=False)
            if gru:  # large enough for oneDNN's kernels to matter
                yield form("tensorflow_dynamic", onednn=False)
                yield form("dynamic_rnn", onednn=False)


def curves(quick: bool, report: Report) -> list[Row]:
    """A training step against T, B and U around a middle."""
    jobs = []
    for letter, sizes in SIZES.items():
        for size in sizes[:2] if quick else sizes:
            case = MIDDLE._replace(**{letter: size})
            jobs.append(job(letter, "train", "products", case))
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
        one_heap = {"one_heap": True}
        for contestant in ("dynamic_rnn", "tensorflow_dynamic", "keras"):
            jobs.append(job("long", "gradient", contestant, case, one_heap))
        jobs.append(job("long", "forward", "dynamic_rnn", case, one_heap))
        jobs.append(job("long", "gradient", "dynamic_rnn", case, segment | one_heap))
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
            "session, fed",
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
    "steps": Part(steps, Effort(1, 7, 0.1), Effort(1, 1, 0.01)),
    "curves": Part(curves, Effort(1, 7, 0.12), Effort(1, 1, 0.01)),
    "memory": Part(memory, Effort(3, 3, 0), Effort(1, 2, 0)),  # here rounds are steps
    "operations": Part(operations, Effort(1, 10, 0.1), Effort(1, 1, 0.01)),
}


def effort(part: str, quick: bool) -> Effort:
    """How long to measure a part."""
    return PARTS[part].quick if quick else PARTS[part].effort
