"""What does the order of the images do to a network that reads MNIST row by row?

One basic cell of 31 units is trained four times from the same starting weights, five epochs each:
in the order of the file without the last 88 images, as document B does it; in that order with all
images; shuffled once, before training; shuffled anew in every epoch. Each number is the share of
the 5,000 validation images that is read correctly, the mean after the epochs 3, 4 and 5: a single
epoch is noisier than what is compared.

And what if the network reads columns in place of rows, or the rows in an order that makes no
sense? Those are shares after three epochs of the basic cell, shuffled anew in every epoch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unrolled import BasicRNNCell, mnist, models, training

SEEDS = (1, 2, 3, 4, 5)
UNITS, EPOCHS, BATCH_SIZE = 31, 5, 128
ROWS = np.random.default_rng(0).permutation(28)  # an order that makes no sense, for all seeds


def score(
    train: mnist.Split, validation: mnist.Split, seed: int, epochs: int, **how: Any
) -> list[float]:
    """The share of validation images that is read correctly, after each epoch."""
    tf.random.set_seed(seed)  # decides the starting weights
    model = models.SequenceClassifier(BasicRNNCell(UNITS), 10, static=True)

    def loss(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        logits = model(images)  # [B, T, D] -> [B, C]
        return tf.reduce_mean(
            tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        )

    def share(epoch: int, history: training.History) -> float:
        return float(training.accuracy(model(validation.images), validation.labels))

    return training.fit(
        model, loss, train, epochs=epochs, batch_size=BATCH_SIZE, each_epoch=share, **how
    ).epochs


def orders(seed: int) -> dict[str, float]:
    """Five epochs for each way to order the images; of the last way, what three epochs give too."""
    train, validation, _ = mnist.load()
    once = np.random.default_rng(seed).permutation(len(train.labels))
    mixed = mnist.Split(train.images[once], train.labels[once])
    runs: dict[str, tuple[mnist.Split, dict[str, Any]]] = {
        "file order, 88 left out": (train, {"drop_remainder": True}),
        "file order": (train, {}),
        "shuffled once": (mixed, {}),
        "every epoch": (train, {"shuffle_seed": seed}),
    }
    found = {}
    for name, (images, how) in runs.items():
        shares = score(images, validation, seed, EPOCHS, **how)
        found[name] = float(np.mean(shares[-3:]))
        if name == "every epoch":
            found["rows"] = shares[2]
    return found


def reading(way: str, seed: int) -> float:
    """Three epochs with images that are turned, or whose rows are out of order."""

    def turned(split: mnist.Split) -> mnist.Split:
        images = split.images
        images = images.transpose(0, 2, 1) if way == "columns" else images[:, ROWS]
        return mnist.Split(np.ascontiguousarray(images), split.labels)

    train, validation, _ = mnist.load()
    return score(turned(train), turned(validation), seed, epochs=3, shuffle_seed=seed)[-1]


def column(seed: int) -> dict[str, float]:
    ways = {way: reading(way, seed) for way in ("columns", "rows out of order")}
    return {**orders(seed), **ways}
