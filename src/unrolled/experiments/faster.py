"""A training is slow: what does each remedy give? Milliseconds for an epoch, remedy by remedy.

256 rows of 5 to 60 steps, most of them short, go through a GRU of 32 units to one of ten classes.
Each form has all remedies of the forms before it:

- "as written": Python runs every step, 32 rows in a batch as they come, Keras's Adam;
- "in a graph": the same training step in a `tf.function`;
- "sorted by length": each batch has rows of about equal length, so its loop ends earlier;
- "an epoch in a call": the loop over the batches is in the graph too;
- "Adam in one operation": `unrolled.training.Adam`;
- "128 rows in a batch": four times the rows, a quarter of the training steps;
- "compiled": the same, by XLA.

The forms take turns, in an order that is drawn for each round, and a column has for each form the
times of the rounds. The seed draws the rows, the weights and the order.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import NamedTuple

import keras
import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import training

SEEDS = (0, 1, 2)
ROWS, LONGEST, DEPTH, UNITS, CLASSES = 256, 60, 28, 32, 10


class Form(NamedTuple):
    """What a form has of the remedies."""

    graph: bool = True
    by_length: bool = True
    whole_epoch: bool = True
    fused_adam: bool = True
    batch: int = 32
    compiled: bool = False


FORMS = {
    "as written": Form(graph=False, by_length=False, whole_epoch=False, fused_adam=False),
    "in a graph": Form(by_length=False, whole_epoch=False, fused_adam=False),
    "sorted by length": Form(whole_epoch=False, fused_adam=False),
    "an epoch in a call": Form(fused_adam=False),
    "Adam in one operation": Form(),
    "128 rows in a batch": Form(batch=128),
    "compiled": Form(batch=128, compiled=True),
}


def rows_of(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Padded rows [N, T, D], their lengths [N] and their classes [N]."""
    rng = np.random.default_rng(seed)
    lengths = np.minimum(5 + rng.exponential(10, ROWS), LONGEST).astype(np.int32)
    rows = rng.normal(size=(ROWS, LONGEST, DEPTH)).astype(np.float32)
    rows[np.arange(LONGEST) >= lengths[:, None]] = 0
    return rows, lengths, rng.integers(0, CLASSES, ROWS)


def epoch_of(form: Form, seed: int) -> Callable[[], float]:
    """A function that trains for an epoch and returns the mean loss."""
    rows, lengths, classes = rows_of(seed)
    order = np.argsort(lengths, kind="stable") if form.by_length else np.arange(ROWS)
    batches = [
        tf.constant(array[order].reshape(-1, form.batch, *array.shape[1:]))
        for array in (rows, lengths, classes)
    ]
    keras.utils.set_random_seed(seed)
    cell, output = u.GRUCell(UNITS), keras.layers.Dense(CLASSES)
    cell.build(DEPTH, tf.float32)
    output.build([None, UNITS])
    weights = [*cell.trainable_variables, *(w.value for w in output.trainable_variables)]
    optimizer = training.Adam() if form.fused_adam else keras.optimizers.Adam(epsilon=1e-8)
    optimizer.build(weights)

    def step(x: tf.Tensor, lengths: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            _, state = u.dynamic_rnn(cell, x, lengths, dtype=x.dtype)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(classes, output(state))
            loss = tf.reduce_mean(losses)
        optimizer.apply(tape.gradient(loss, weights), weights)
        return loss

    def epoch(x: tf.Tensor, lengths: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for i in tf.range(ROWS // form.batch):
            total += step(x[i], lengths[i], classes[i])
        return total

    if form.whole_epoch:
        call = tf.function(epoch, jit_compile=form.compiled)
        return lambda: float(call(*batches)) * form.batch / ROWS
    each = tf.function(step) if form.graph else step
    single = list(zip(*(tf.unstack(array) for array in batches)))
    return lambda: float(np.mean([float(each(*batch)) for batch in single]))


def column(seed: int, rounds: int = 5) -> dict[str, list[float]]:
    """For each form, milliseconds for an epoch in each round."""
    epochs = {name: epoch_of(form, seed) for name, form in FORMS.items()}
    for epoch in epochs.values():
        epoch()  # builds the graph
    milliseconds: dict[str, list[float]] = {name: [] for name in epochs}
    order = random.Random(seed)
    for _ in range(rounds):
        for name in order.sample(list(epochs), len(epochs)):
            start = time.perf_counter()
            epochs[name]()
            milliseconds[name].append(round(1e3 * (time.perf_counter() - start), 2))
    return milliseconds
