"""Do units, epochs or another rate help where one line is wrong? And two scores to doubt.

The tasks and the trainings are those of the chapter on mistakes. A column has accuracies on 512 new
rows: of each attempt with the wrong line, of the right one, and of a network that was trained with
dropout, tested with it and without; and of a network that forecasts a random walk the correlation
with the truth, the mean error, and the mean error of repeating the last value.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import models, training

SEEDS = (0, 1, 2)
ATTEMPTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "32 units": {"units": 32},
    "twice the epochs": {"epochs": 60},
    "rate 0.03": {"rate": 0.03},
    "rate 0.003": {"rate": 0.003},
}
Reader = Callable[[Any, Any, Any], tf.Tensor]


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of 1 to 4 steps [count, 4, 3], their lengths, and the class of each first step."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=[count, 4, 3]).astype("float32")
    lengths = rng.integers(1, 5, count)
    x[np.arange(4) >= lengths[:, None]] = 0
    return x, lengths, x[:, 0].argmax(axis=1)


def first_try(cell: Any, x: Any, lengths: Any) -> tf.Tensor:
    """The last step of the block, [B, U]."""
    return u.dynamic_rnn(cell, x, lengths, dtype=tf.float32)[0][:, -1]


def right(cell: Any, x: Any, lengths: Any) -> tf.Tensor:
    """The last real step, [B, U]."""
    outputs, _ = u.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    return u.last_relevant(outputs, lengths)


def train(cell: Any, reader: Reader, seed: int, epochs: int, rate: float) -> Callable[[], float]:
    """Returns a function that measures the accuracy on new rows."""
    layer = models.OutputLayer(3)

    def loss(x: tf.Tensor, lengths: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        logits = layer(reader(cell, x, lengths))  # [B, U] -> [B, C]
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(y, logits))

    def accuracy() -> float:
        x, lengths, y = rows(512, seed=2)
        return float(training.accuracy(layer(reader(cell, x, lengths)), y))

    training.fit(
        [cell, layer],
        loss,
        rows(512, seed=1),
        epochs=epochs,
        batch_size=32,
        learning_rate=rate,
        shuffle_seed=seed,
    )
    return accuracy


def score(reader: Reader, seed: int, units: int = 8, epochs: int = 30, rate: float = 0.01) -> float:
    tf.random.set_seed(seed)
    return train(u.BasicRNNCell(units), reader, seed, epochs, rate)()


def dropout_on_and_off(seed: int) -> list[float]:
    keep = tf.Variable(0.5, trainable=False)  # read at each step
    tf.random.set_seed(seed)
    wrapped = u.DropoutWrapper(u.BasicRNNCell(16), output_keep_prob=keep, seed=seed)
    accuracy = train(wrapped, right, seed, epochs=30, rate=0.01)
    scores = [accuracy()]
    keep.assign(1.0)
    return [*scores, accuracy()]


def windows(series: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ten values [N, 10, 1], and the next one [N]."""
    each = np.lib.stride_tricks.sliding_window_view(series, 11).astype("float32")
    return each[:, :-1, None], each[:, -1]


def forecast_of_a_walk(seed: int) -> list[float]:
    tf.random.set_seed(seed)
    series = np.random.default_rng(seed).normal(size=600).cumsum()
    series = (series - series[:400].mean()) / series[:400].std()
    (x, y), (new_x, new_y) = windows(series[:400]), windows(series[400:])
    net = models.SequenceClassifier(u.GRUCell(8), 1)
    training.fit(
        net,
        lambda x, y: tf.reduce_mean((net(x)[:, 0] - y) ** 2),
        [x, y],
        epochs=40,
        batch_size=32,
        learning_rate=0.01,
        shuffle_seed=seed,
    )
    forecast, last = net(new_x)[:, 0].numpy(), new_x[:, -1, 0]
    errors = [float(np.abs(each - new_y).mean()) for each in (forecast, last)]
    return [float(np.corrcoef(forecast, new_y)[0, 1]), *errors]


def column(seed: int) -> dict[str, Any]:
    """The result of one seed."""
    attempts = {name: score(first_try, seed, **change) for name, change in ATTEMPTS.items()}
    return {
        **attempts,
        "right": score(right, seed),
        "dropout": dropout_on_and_off(seed),
        "walk": forecast_of_a_walk(seed),
    }
