"""Which cells keep one number over 6, 20 and 50 steps, from which start?

The task and the training are those of the chapter on gates: 300 updates on 64 new lists each, Adam
with a rate of 0.01 and a limit of 1 on the gradient's norm, then 500 unseen lists. All cells have
about as many weights, some 1,200: 34 units in a basic cell, 16 in an LSTM and 19 in a GRU. A column
has the root of the mean squared error of each cell, one number for each distance. To say 0 every
time gives about 0.57.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import models, training

SEEDS = (0, 1, 2)
DISTANCES = (6, 20, 50)


def orthogonal_start(shape: list[int], dtype: tf.DType) -> tf.Tensor:
    """Small weights for the inputs, and an orthogonal W_h: [D+U, U]."""
    rows, units = shape
    w_x = 0.1 * tf.random.normal([rows - units, units], dtype=dtype)
    w_h, _ = tf.linalg.qr(tf.random.normal([units, units], dtype=dtype))
    return tf.concat([w_x, w_h], axis=0)


def open_gru(units: int) -> u.GRUCell:
    """A GRU whose update gate starts open, with a bias of 5."""
    cell = u.GRUCell(units)
    cell.build(2)
    cell.gate_bias.assign(np.r_[np.ones(units), np.full(units, 5.0)])  # r, u
    return cell


MAKERS: dict[str, Callable[[], u.RNNCell]] = {
    "basic": lambda: u.BasicRNNCell(34),
    "basic, orthogonal": lambda: u.BasicRNNCell(34, kernel_initializer=orthogonal_start),
    "LSTM": lambda: u.BasicLSTMCell(16),
    "GRU": lambda: u.GRUCell(19),
    "LSTM, bias 5": lambda: u.BasicLSTMCell(16, forget_bias=5.0),
    "GRU, bias 5": lambda: open_gru(19),
}


def note_one_number(rng: np.random.Generator, count: int, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [B, k+1, 2], and the number to say at the end, [B, 1]."""
    inputs = np.zeros((count, k + 1, 2), np.float32)
    inputs[:, :, 0] = rng.uniform(-1, 1, (count, k + 1))
    inputs[:, 0, 1] = 1
    return inputs, inputs[:, 0, :1]


def error_after_training(
    make_cell: Callable[[], u.RNNCell], k: int, seed: int, updates: int = 300
) -> float:
    """Train a cell on numbers k steps back; return its error on 500 unseen lists."""
    tf.random.set_seed(seed)
    cell, layer = make_cell(), models.OutputLayer(1)

    def loss(inputs: tf.Tensor, answer: tf.Tensor) -> tf.Tensor:
        outputs, _ = u.dynamic_rnn(cell, inputs, dtype=tf.float32)
        return tf.reduce_mean((layer(outputs[:, -1]) - answer) ** 2)

    lists = note_one_number(np.random.default_rng(seed), 64 * updates, k)
    training.fit(
        [cell, layer],
        loss,
        lists,
        epochs=1,
        batch_size=64,
        learning_rate=0.01,
        clip_norm=1.0,
        verbose=False,
    )
    unseen = note_one_number(np.random.default_rng(99), 500, k)
    return float(loss(*unseen)) ** 0.5


def column(seed: int) -> dict[str, list[float]]:
    """For each cell its errors at the three distances."""
    return {
        name: [round(error_after_training(make_cell, k, seed), 4) for k in DISTANCES]
        for name, make_cell in MAKERS.items()
    }
