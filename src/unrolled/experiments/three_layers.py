"""Does document B's log of three layers come out again?

The document's second network, three basic layers of 31 units, trained as there: ten epochs of 429
batches of 128 in the order of the file. A column holds what the document's log shows of each epoch,
the accuracy on all validation images after each epoch, and on all test images after the last.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import mnist, models, training

SEEDS = (0, 1, 2)
EPOCHS = 10
BATCH_SIZE = 128


def loss_of(model: models.SequenceClassifier) -> Any:
    """The document's loss and accuracy of a batch."""

    def loss(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        logits = model(images)  # [B, T, D] -> [B, C]
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # [B]
        return tf.reduce_mean(each), training.accuracy(logits, labels)

    return loss


def network(seed: int) -> models.SequenceClassifier:
    """The document's three layers and its output layer, with the initial weights of a seed."""
    tf.random.set_seed(seed)
    cells = [u.BasicRNNCell(31) for _ in range(3)]
    model = models.SequenceClassifier(u.MultiRNNCell(cells), 10, static=True)
    model(np.zeros([1, 28, 28], np.float32))  # makes the variables
    return model


def logged(epoch: int, values: np.ndarray) -> np.ndarray:
    """The batches that the log's training line of an epoch looks back on."""
    return values[: 250 - 7 * (epoch - 1)]


def column(seed: int) -> dict[str, Any]:
    return train(network(seed), EPOCHS)


def train(model: models.SequenceClassifier, epochs: int) -> dict[str, Any]:
    """Train as the document does, and return what its log shows, epoch by epoch."""
    data = mnist.load()
    loss = loss_of(model)
    found: dict[str, Any] = {
        "loss": [],
        "worst training batch": [],
        "worst test batch": [],
        "validation": [],
    }

    def right(split: mnist.Split) -> float:
        return float(training.accuracy(model(tf.constant(split.images)), split.labels))

    def after(epoch: int, history: training.History) -> None:
        losses = history.loss[-history.steps_per_epoch :]
        accuracies = history.measure[-history.steps_per_epoch :]
        found["loss"].append(round(float(logged(epoch, losses).mean()), 4))
        found["worst training batch"].append(round(float(logged(epoch, accuracies).min()), 4))
        seen = (78 - 7 * epoch) * BATCH_SIZE  # test images, by the time the log prints its line
        part = tf.constant(data.test.images[:seen])
        hits = tf.argmax(model(part), 1) == data.test.labels[:seen]  # [N]
        batches = np.reshape(hits, [-1, BATCH_SIZE])  # [N] -> [batches, B]
        found["worst test batch"].append(round(float(batches.mean(axis=1).min()), 4))
        found["validation"].append(round(right(data.validation), 4))

    history = training.fit(
        model,
        loss,
        data.train,
        epochs=epochs,
        batch_size=BATCH_SIZE,
        drop_remainder=True,
        each_epoch=after,
        verbose=False,
    )
    return {
        **found,
        "milliseconds": round(history.milliseconds_per_step, 2),
        "test": round(right(data.test), 4),
    }
