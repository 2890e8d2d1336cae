"""`training.fit` beside Keras's trainer, on three of the course's trainings.

    python -m benchmarks.trainers

Both train the same network from the same weights, with the same optimizer, data and order, for the
same number of epochs, in turns in one process. Keras runs all steps of an epoch in one execution,
from a `tf.data` pipeline that shuffles indices, batches them and gathers the rows: the fastest of
the forms that were tried. The first epoch, in which both trace, is counted apart.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import unrolled.quiet  # noqa: F401  # isort: skip
import keras
import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import training
from unrolled.layers import RNN

ROUNDS = 5


class Case(NamedTuple):
    """A training of the course: data [N, T, D], a cell, and how long it takes."""

    N: int
    T: int
    D: int
    cell: Callable[[], u.Cell]
    batch_size: int
    epochs: int


CASES = {
    "one word, every step labelled (chapter 8)": Case(1, 4, 4, lambda: u.BasicRNNCell(8), 1, 150),
    "waves (chapter 7)": Case(1000, 30, 1, lambda: u.BasicRNNCell(16), 50, 25),
    "MNIST, one layer (chapter 10)": Case(27500, 28, 28, lambda: u.BasicRNNCell(31), 128, 3),
    "MNIST, three layers (chapter 11)": Case(
        6400, 28, 28, lambda: u.MultiRNNCell([u.BasicLSTMCell(64) for _ in range(3)]), 128, 3
    ),
}


def main() -> None:
    print("median seconds of an epoch after the first, and of the first; ratio Keras / fit")
    for name, case in CASES.items():
        seconds: dict[str, list[list[float]]] = {"fit": [], "keras": []}
        for _ in range(ROUNDS):
            seconds["fit"].append(with_fit(case))
            seconds["keras"].append(with_keras(case))
        ratios = [np.sum(k[1:]) / np.sum(f[1:]) for f, k in zip(*seconds.values(), strict=True)]
        low, middle, high = np.quantile(ratios, [0.25, 0.5, 0.75])
        print(name)
        for contestant, rounds in seconds.items():
            later = np.median([np.mean(each[1:]) for each in rounds])
            first = np.median([each[0] for each in rounds])
            print(f"  {contestant:6} {later * 1e3:9.2f} ms an epoch, the first {first:6.2f} s")
        print(f"  ratio {middle:.2f} ({low:.2f} to {high:.2f})", flush=True)


def network(case: Case) -> tuple[keras.Model, Any, Any]:
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(case.N, case.T, case.D)).astype("float32")
    y = rng.integers(0, 10, size=(case.N, case.T))
    model = keras.Sequential(
        [
            keras.layers.Input([case.T, case.D]),
            RNN(case.cell(), return_sequences=True),
            keras.layers.Dense(10),
        ]
    )
    return model, tf.constant(x), tf.constant(y)


def with_fit(case: Case) -> list[float]:
    """The seconds of each epoch."""
    model, x, y = network(case)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    history = training.fit(
        model,
        lambda a, b: loss(b, model(a, training=True)),
        [x, y],
        epochs=case.epochs,
        batch_size=case.batch_size,
        shuffle_seed=0,
    )
    history.seconds[0] += history.seconds_to_trace
    return list(history.seconds)


def with_keras(case: Case) -> list[float]:
    """The seconds of each epoch."""
    model, x, y = network(case)
    steps = -(-case.N // case.batch_size)
    model.compile(
        training.Adam(1e-3),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        steps_per_execution=steps,
        jit_compile=False,
    )
    rows = tf.data.Dataset.range(case.N).shuffle(case.N, seed=0).batch(case.batch_size)
    data = rows.map(lambda i: (tf.gather(x, i), tf.gather(y, i))).prefetch(2)
    clock = Clock()
    model.fit(data, epochs=case.epochs, shuffle=False, verbose=0, callbacks=[clock])
    return clock.seconds


class Clock(keras.callbacks.Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self.start)


if __name__ == "__main__":
    main()
