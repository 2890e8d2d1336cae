"""What do its neighbours tell about a digit that is hard to read?

Lines of noisy handwritten digits that count by one, two or three, up or down. Three labellers begin
with the same kind of layer for the pixels: one answers for each digit alone, one has a GRU that
reads from left to right, and one a GRU in each direction. Beside them stands exact reasoning: the
probabilities that the first gives for each digit, combined by Bayes's rule over all 60 lines that
could be meant. Each seed is a start of the weights. A column holds for each the accuracy on test at
each position, [8], over all positions, and on validation after every epoch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import mnist, models, tasks, training

SEEDS = (0, 1, 2)
STEPS, UNITS, EPOCHS = 8, 64, 8
COUNTS = {"train": 16_000, "validation": 1_000, "test": 3_000}
STRIDES = (1, 2, 3)


class Alone(tf.Module):
    """Two layers on each digit."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels = models.OutputLayer(UNITS)
        self.answer = models.OutputLayer(10)

    def __call__(self, x: Any, lengths: Any) -> Any:
        return self.answer(tf.nn.relu(self.pixels(x)))  # [B, T, D] -> [B, T, C]


class Forward(tf.Module):
    """A GRU between the two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels = models.OutputLayer(UNITS)
        self.labeller = models.SequenceLabeller(u.GRUCell(UNITS), 10)

    def __call__(self, x: Any, lengths: Any) -> Any:
        return self.labeller(tf.nn.relu(self.pixels(x)), lengths)[0]  # [B, T, C]


class BothWays(tf.Module):
    """A GRU in each direction between the two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels = models.OutputLayer(UNITS)
        self.ahead, self.back = u.GRUCell(UNITS), u.GRUCell(UNITS)
        self.answer = models.OutputLayer(10)

    def __call__(self, x: Any, lengths: Any) -> Any:
        features = tf.nn.relu(self.pixels(x))
        pair, _ = u.bidirectional_dynamic_rnn(
            self.ahead, self.back, features, lengths, dtype=tf.float32
        )
        return self.answer(tf.concat(pair, axis=2))  # [B, T, 2U] -> [B, T, C]


MODELS: dict[str, Any] = {"alone": Alone, "forward": Forward, "both ways": BothWays}


def lines(split: str) -> tuple[Any, Any, Any, Any]:
    """Images [B, T, D], labels [B, T], lengths [B], and weights [B, T], 1 for real steps."""
    digits = getattr(mnist.load(), split)
    drawn = tasks.digit_lines(
        digits.images,
        digits.labels,
        COUNTS[split],
        seed=list(COUNTS).index(split) + 1,
        steps=STEPS,
        strides=STRIDES,
        noise=0.5,
        shrink=2,
    )
    real = np.arange(STEPS) < drawn.lengths[:, np.newaxis]  # [B, T]
    images = drawn.images.reshape(*real.shape, -1)  # [B, T, D]
    return images, drawn.labels, drawn.lengths, real.astype(np.float32)


def train(name: str, seed: int, train_lines: Any, validation: Any) -> tuple[Any, list[float]]:
    """The trained labeller as a graph, and its accuracy on validation after every epoch."""
    tf.random.set_seed(seed)
    model = MODELS[name]()
    model(train_lines[0][:1], train_lines[2][:1])  # makes the variables
    predict = tf.function(model)

    def loss(x: Any, labels: Any, lengths: Any, weights: Any) -> Any:
        return u.sequence_loss(model(x, lengths), labels, weights)

    def on_validation(epoch: int, history: Any) -> float:
        right, _ = accuracy(predict(validation[0], validation[2]), validation)
        return right

    steps = EPOCHS * -(-len(train_lines[0]) // 50)
    history = training.fit(
        model,
        loss,
        train_lines,
        epochs=EPOCHS,
        batch_size=50,
        learning_rate=tf.keras.optimizers.schedules.CosineDecay(3e-3, steps),
        clip_norm=1.0,
        shuffle_seed=seed,
        each_epoch=on_validation,
        verbose=False,
    )
    return predict, history.epochs


def accuracy(scores: Any, lines: Any) -> tuple[float, Any]:
    """Over all real steps, and at each position [T]."""
    _, labels, _, real = lines
    right = (np.argmax(scores, axis=-1) == labels) * real  # [B, T]
    return float(right.sum() / real.sum()), right.sum(axis=0) / real.sum(axis=0)


def reason(log_p: Any, lengths: Any) -> tuple[Any, Any]:
    """What the digits read so far say about each digit, and what all of them say: [B, T, 10] twice.

    `log_p` [B, T, 10] are the logarithms of what one look at each digit says.
    """
    strides = np.array([*STRIDES, *(-stride for stride in STRIDES)])
    start = np.arange(10)
    could_be = (start[:, None, None] + strides[:, None] * np.arange(STEPS)) % 10
    could_be = could_be.reshape(-1, STEPS)  # [60, T]: all lines that there are
    real = np.arange(STEPS) < np.asarray(lengths)[:, None]  # [B, T]
    fits = log_p[:, np.arange(STEPS), could_be]  # [B, 60, T]
    so_far = np.cumsum(fits * real[:, np.newaxis], axis=2)  # [B, 60, T]
    digit_is = np.eye(10)[could_be]  # [60, T, 10]

    def by_digit(log_fit: Any) -> Any:
        chance = np.exp(log_fit - log_fit.max(axis=1, keepdims=True))  # [B, 60, T]
        return np.einsum("blt,ltc->btc", chance, digit_is)

    return by_digit(so_far), by_digit(np.repeat(so_far[:, :, -1:], STEPS, axis=2))


def column(seed: int) -> dict[str, Any]:
    train_lines, validation, test = (lines(split) for split in COUNTS)
    result: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for name in MODELS:
        predict, by_epoch = train(name, seed, train_lines, validation)
        answers[name] = predict(test[0], test[2])
        result[f"{name}: validation"] = [round(value, 4) for value in by_epoch]
    log_p = tf.nn.log_softmax(answers["alone"]).numpy()
    answers["exact forward"], answers["exact both ways"] = reason(log_p, test[2])
    for name, scores in answers.items():
        over_all, by_position = accuracy(scores, test)
        result[name] = [round(float(value), 4) for value in by_position]
        result[f"{name}: all"] = round(over_all, 4)
    return result
