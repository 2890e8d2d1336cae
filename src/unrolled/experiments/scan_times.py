"""When is a scan cheaper than a loop? Processor time over the number of steps.

A minGRU reads a batch and the gradient of the sum of its outputs is taken, in four ways:

- "as it comes": `dynamic_rnn` as one calls it, which writes up to 32 steps of a small cell out;
- "loop": `dynamic_rnn` with one step a turn, the products with the inputs in the loop;
- "loop, lifted": `dynamic_rnn` with nothing left in it but a · h + b, as it comes;
- "scan": `scan_rnn`.

Small: 8 rows, 16 units, up to 2048 steps. Large: 32 rows, 256 units, up to 256 steps. A column has,
for each way and size, milliseconds of processor time for each number of steps: the least of
several runs, graphs built before; the ways take turns. That is the work of all cores together, and
not the time that somebody waits. Under "..., waiting" are the milliseconds that passed, which mean
something only if the machine had nothing else to do. The seed counts repetitions.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u

SEEDS = (0, 1, 2)
SIZES = {"small": (8, 16), "large": (32, 256)}  # B, and D = U
STEPS = {"small": (8, 32, 128, 512, 2048), "large": (8, 32, 128, 256)}


class OnlyTheSum(u.RNNCell):
    """h' = a · h + b, where a and b, side by side, are the inputs."""

    def __init__(self, units: int) -> None:
        super().__init__()
        self.units = units

    @property
    def state_size(self) -> int:
        return self.units

    @property
    def output_size(self) -> int:
        return self.units

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        pass

    def step(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        a, b = tf.split(inputs, 2, axis=1)  # [B, U] each
        h = a * state + b
        return h, h


def as_it_comes(cell: u.MinGRUCell, x: tf.Tensor) -> Any:
    return u.dynamic_rnn(cell, x, dtype=x.dtype)[0]


def looped(cell: u.MinGRUCell, x: tf.Tensor) -> Any:
    return u.dynamic_rnn(cell, x, dtype=x.dtype, unroll=1)[0]


def lifted(cell: u.MinGRUCell, x: tf.Tensor) -> Any:
    a_and_b = tf.concat(cell.coefficients(x), axis=2)  # [B, T, 2U]
    return u.dynamic_rnn(OnlyTheSum(cell.output_size), a_and_b, dtype=x.dtype)[0]


def scanned(cell: u.MinGRUCell, x: tf.Tensor) -> Any:
    return u.scan_rnn(cell, x, dtype=x.dtype)[0]


WAYS: dict[str, Callable[[u.MinGRUCell, tf.Tensor], Any]] = {
    "as it comes": as_it_comes,
    "loop": looped,
    "loop, lifted": lifted,
    "scan": scanned,
}


def milliseconds(
    size: str, steps: int, seed: int = 0, ways: Sequence[str] = tuple(WAYS), runs: int = 15
) -> dict[str, tuple[float, float]]:
    """For each way, the least processor time and the least time passed, in milliseconds."""
    batch, units = SIZES[size]
    x = np.random.default_rng(seed).normal(size=(batch, steps, units)).astype(np.float32)
    inputs, cell = tf.constant(x), u.MinGRUCell(units)
    cell.build(units, tf.float32)

    def program(way: str) -> Any:
        @tf.function
        def outputs_and_gradient(x: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                outputs = WAYS[way](cell, x)
                total = tf.reduce_sum(outputs)
            return outputs, tape.gradient(total, cell.trainable_variables)

        outputs_and_gradient(inputs)  # builds the graph
        return outputs_and_gradient

    programs = {way: program(way) for way in ways}
    work = {way: np.inf for way in ways}
    passed = {way: np.inf for way in ways}
    for _ in range(runs):
        for way in ways:
            before, began = time.process_time(), time.perf_counter()
            programs[way](inputs)
            work[way] = min(work[way], 1000 * (time.process_time() - before))
            passed[way] = min(passed[way], 1000 * (time.perf_counter() - began))
    return {way: (work[way], passed[way]) for way in ways}


def column(seed: int) -> dict[str, list[float]]:
    """For each way and size, milliseconds for each number of steps: of work, and of waiting."""
    found: dict[str, list[float]] = {}
    for size, steps in STEPS.items():
        for T in steps:
            for way, (work, passed) in milliseconds(size, T, seed).items():
                found.setdefault(f"{way}, {size}", []).append(round(work, 3))
                found.setdefault(f"{way}, {size}, waiting", []).append(round(passed, 3))
    return found
