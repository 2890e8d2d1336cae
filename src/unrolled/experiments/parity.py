"""Which cells learn whether the ones so far are odd in number, and for how many bits?

The task: at each step one bit is read and the parity of all bits so far is said. 16 units, 1000
updates on 64 new rows of 12 bits each, Adam with a rate of 0.01 and a limit of 1 on the gradient's
norm, then 100 unseen rows of 1,000 bits. A column has the share of right answers of each cell at
twelve steps each: 0 to 11, which are as many as in training, 36 to 47, 188 to 199 and 988 to 999.
Its "curve" has the mean of each ten steps. To guess gives 0.5; to answer the first bit and guess
the others gives 0.542 at steps 0 to 11.

Between the three layers is a matrix with a tanh, 16 to 16. The last four cells are minGRUs with
another amount, or another factor, or another of each:

- "amount c": the minGRU's factor 1 − u, and the amount c, which is not multiplied by u;
- "factor 1 − 2u": from −1 to 1, and the minGRU's amount u · c;
- "1 − 2u and c": that factor and that amount;
- "tanh(z) and c": the factor tanh(z), from −1 to 1 and twice as steep, and the amount c.
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
ENDS = (12, 48, 200, 1000)  # where the twelve steps end that are counted
UNITS = 16
Scores = Callable[[tf.Tensor], tf.Tensor]


class AmountCell(u.MinGRUCell):
    """h' = (1 − u) · h + c."""

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_u, z_c = sums
        return tf.sigmoid(-z_u), self.activation(z_c)


class SignCell(u.MinGRUCell):
    """h' = (1 − 2u) · h + u · c: the factor may be negative."""

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_u, z_c = sums
        share = tf.sigmoid(z_u)
        return 1 - 2 * share, share * self.activation(z_c)


class SignAmountCell(u.MinGRUCell):
    """h' = (1 − 2u) · h + c: the factor may be negative, and the amount is not multiplied by u."""

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_u, z_c = sums
        return 1 - 2 * tf.sigmoid(z_u), self.activation(z_c)


class FlippingCell(u.MinGRUCell):
    """h' = tanh(z) · h + c: the same range of factors, and twice as steep."""

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z, z_c = sums
        return tf.tanh(z), self.activation(z_c)


MAKERS: dict[str, Callable[[], list[Any]]] = {
    "basic": lambda: [u.BasicRNNCell(UNITS)],
    "GRU": lambda: [u.GRUCell(UNITS)],
    "minGRU": lambda: [u.MinGRUCell(UNITS)],
    "minLSTM": lambda: [u.MinLSTMCell(UNITS)],
    "minGRU, 3 layers": lambda: [u.MinGRUCell(UNITS) for _ in range(3)],
    "amount c": lambda: [AmountCell(UNITS)],
    "factor 1 − 2u": lambda: [SignCell(UNITS)],
    "1 − 2u and c": lambda: [SignAmountCell(UNITS)],
    "tanh(z) and c": lambda: [FlippingCell(UNITS)],
}


def parities(rng: np.random.Generator, count: int, bits: int) -> tuple[np.ndarray, np.ndarray]:
    """Bits [B, T, 1], and whether the ones up to each step are odd in number, [B, T, 1]."""
    inputs = rng.integers(0, 2, (count, bits, 1)).astype(np.float32)
    return inputs, (np.cumsum(inputs, axis=1) % 2).astype(np.float32)


def trained(name: str, seed: int, updates: int = 1000) -> tuple[list[Any], Scores]:
    """The layers of that name after training, and the scores [B, T, 1] that they give to bits."""
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
    return layers, scores


def rights(scores: Scores) -> np.ndarray:
    """The share of right answers at each of 1,000 steps, [T]."""
    inputs, answer = parities(np.random.default_rng(99), 100, max(ENDS))
    right = (scores(tf.constant(inputs)).numpy() > 0) == (answer > 0)  # [B, T, 1]
    return right.mean(axis=(0, 2))


def at_the_ends(shares: np.ndarray) -> list[float]:
    """The mean share at the twelve steps before each of the ends."""
    return [round(float(shares[end - BITS : end].mean()), 4) for end in ENDS]


def curve(shares: np.ndarray) -> list[float]:
    """The mean share of each ten steps, up to step 250."""
    return [round(float(each), 4) for each in shares[:250].reshape(-1, 10).mean(axis=1)]


def column(seed: int) -> dict[str, list[float]]:
    """For each cell the share of right answers at twelve steps, at four places of a row."""
    shares = {name: rights(trained(name, seed)[1]) for name in MAKERS}  # [T] each
    return {name: at_the_ends(each) for name, each in shares.items()} | {
        f"{name}, curve": curve(each) for name, each in shares.items()
    }
