"""Does a stack of three layers owe its lead to its depth, or to its weights?

Four networks read MNIST row by row: one layer, one layer with as many weights as three, three
layers that share the weights of one, and three layers with weights of their own. Each trains on the
same shuffled batches. A column holds their shares of wrong validation digits after every epoch.
"""

from __future__ import annotations

import tensorflow as tf

import unrolled as u
from unrolled import mnist, models, training
from unrolled.contract import Cell

SEEDS = (0, 1, 2, 3, 4)
EPOCHS = 4
UNITS = 28  # as many as there are inputs, so that one kernel fits every layer
WIDE = 54  # units of one layer with about as many weights as three layers of 28


def cells() -> dict[str, Cell]:
    """The four networks without their output layers."""
    return {
        "one layer": u.BasicRNNCell(UNITS),
        "one wide layer": u.BasicRNNCell(WIDE),
        "three, shared": u.MultiRNNCell([u.BasicRNNCell(UNITS)] * 3, share_weights=True),
        "three layers": u.MultiRNNCell([u.BasicRNNCell(UNITS) for _ in range(3)]),
    }


def errors(name: str, seed: int, epochs: int = EPOCHS) -> list[float]:
    """The share of wrong validation digits after each epoch, of one of the four networks."""
    data = mnist.load()
    tf.random.set_seed(seed)
    model = models.SequenceClassifier(cells()[name], 10, static=True)
    model(data.train.images[:2])  # makes the variables, from the seed

    def loss(images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        logits = model(images)  # [B, T, D] -> [B, C]
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # [B]
        return tf.reduce_mean(each)

    def wrong(epoch: int, history: training.History) -> float:
        logits = model(tf.constant(data.validation.images))  # [N, T, D] -> [N, C]
        return round(1 - float(training.accuracy(logits, data.validation.labels)), 4)

    return training.fit(
        model,
        loss,
        data.train,
        epochs=epochs,
        batch_size=128,
        shuffle_seed=seed,
        each_epoch=wrong,
        verbose=False,
    ).epochs


def column(seed: int) -> dict[str, list[float]]:
    return {name: errors(name, seed) for name in cells()}
