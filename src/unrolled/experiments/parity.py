"""Which cells learn whether the ones so far are odd in number, and for how many bits?

The task: at each step one bit is read and the parity of all bits so far is said. 16 units, 1000
updates on 64 new rows of 12 bits each, Adam with a rate of 0.01 and a limit of 1 on the gradient's
norm, then 500 unseen rows of 48 bits. A column has the share of right answers of each cell: at
steps 0 to 11, which are as many as in training, and at steps 36 to 47. To guess gives 0.5.

Between the three layers stands a matrix with a tanh, 16 to 16. "minGRU, may flip" is a minGRU
whose factor is tanh(z), from −1 to 1, where the minGRU's is from 0 to 1; its candidate is not
multiplied by the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import models, training

SEEDS = (0, 1, 2)
BITS = 12  # of a row in training
UNSEEN_BITS = 48
UNITS = 16


class FlippingCell(u.MinGRUCell):
    """h' = tanh(z_a) · h + z_c: linear in the state, and the factor may be negative."""

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_a, z_c = sums
        return tf.tanh(z_a), self.activation(z_c)


MAKERS: dict[str, Callable[[], list[Any]]] = {
    "basic": lambda: [u.BasicRNNCell(UNITS)],
    "GRU": lambda: [u.GRUCell(UNITS)],
    "minGRU": lambda: [u.MinGRUCell(UNITS)],
    "minLSTM": lambda: [u.MinLSTMCell(UNITS)],
    "minGRU, 3 layers": lambda: [u.MinGRUCell(UNITS) for _ in range(3)],
    "minGRU, may flip": lambda: [FlippingCell(UNITS)],
}


def parities(rng: np.random.Generator, count: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits [B, T, 1], and whether the ones up to each step are odd in number, [B, T, 1]."""
    inputs = rng.integers(0, 2, (count, bits, 1)).astype(np.float32)
    return inputs, (np.cumsum(inputs, axis=1) % 2).astype(np.float32)


def rights_after_training(name: str, seed: int, updates: int = 1000) -> list[float]:
    """Train the cell of that name; the share of right answers, early and late."""
    tf.random.set_seed(seed)
    layers, say = MAKERS[name](), models.OutputLayer(1)
    between = [models.OutputLayer(UNITS) for _ in layers[1:]]

    def scores(inputs: tf.Tensor) -> tf.Tensor:  # [B, T, 1] -> [B, T, 1]
        values = inputs
        for depth, cell in enumerate(layers):
            if depth:
                values = tf.tanh(between[depth - 1](values))  # [B, T, U]
            run = u.scan_rnn if hasattr(cell, "coefficients") else u.dynamic_rnn
            values, _ = run(cell, values, dtype=tf.float32)
        return say(values)

    def loss(inputs: tf.Tensor, answer: tf.Tensor) -> tf.Tensor:
        return tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(answer, scores(inputs)))

    training.fit(
        [*layers, *between, say],
        loss,
        parities(np.random.default_rng(seed), 64 * updates, BITS),
        epochs=1,
        batch_size=64,
        learning_rate=0.01,
        clip_norm=1.0,
        verbose=False,
    )
    inputs, answer = parities(np.random.default_rng(99), 500, UNSEEN_BITS)
    right = (scores(tf.constant(inputs)).numpy() > 0) == (answer > 0)
    return [round(float(right[:, :BITS].mean()), 4), round(float(right[:, -BITS:].mean()), 4)]


def column(seed: int) -> dict[str, list[float]]:
    """For each cell the share of right answers, at steps 0 to 11 and at steps 36 to 47."""
    return {name: rights_after_training(name, seed) for name in MAKERS}
