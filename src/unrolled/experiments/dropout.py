"""Does dropout help a stack that has only 1,000 images to learn from?

Two GRU layers read images of MNIST four rows at a time, seven steps of 112 pixels, and learn from
1,000 of them. Dropout is off, or acts on what each layer sends up (at two rates), on the pixels, or
on both. A column holds for each way the losses on the training and validation images after every
fourth epoch, and the shares of wrong validation and test images after the last; nothing is dropped
in these.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import mnist, models, training
from unrolled.contract import Cell

SEEDS = (0, 1, 2, 3, 4)
EPOCHS, EACH = 48, 4  # measured after every fourth epoch
UNITS = 64
WAYS = {  # the probabilities to keep a value that goes up from a layer, and to keep a pixel
    "none": (1.0, 1.0),
    "upward": (0.5, 1.0),
    "upward, a fifth": (0.8, 1.0),
    "pixels": (1.0, 0.8),
    "upward and pixels": (0.5, 0.8),
}


class Network(tf.Module):
    """Two GRU layers and an output layer, with dropout (`noisy`) or without (`plain`)."""

    def __init__(self, way: str):
        super().__init__()
        upward, pixels = WAYS[way]
        self.cells = [u.GRUCell(UNITS), u.GRUCell(UNITS)]
        self.output_layer = models.OutputLayer(10)
        low, top = self.cells
        wrapped: list[Cell] = [
            u.DropoutWrapper(low, input_keep_prob=pixels, output_keep_prob=upward),
            u.DropoutWrapper(top, output_keep_prob=upward),
        ]
        # The same cells, so the same weights: one to train, one to evaluate.
        self.noisy, self.plain = u.MultiRNNCell(wrapped), u.MultiRNNCell(self.cells)

    def loss(self, stack: Cell, images: Any, labels: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """The mean cross-entropy and the accuracy: images [B, 7, 112], labels [B]."""
        outputs, _ = u.static_rnn(stack, tf.unstack(images, axis=1), dtype=tf.float32)
        logits = self.output_layer(outputs[-1])  # [B, U] -> [B, C]
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)  # [B]
        return tf.reduce_mean(losses), training.accuracy(logits, labels)


def four_rows(split: mnist.Split) -> mnist.Split:
    """Four rows at a time: [N, 28, 28] -> [N, 7, 112]."""
    return mnist.Split(np.reshape(split.images, [-1, 7, 112]), split.labels)


def run(way: str, seed: int, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train in one of the ways: losses after every fourth epoch, and wrong digits at the end."""
    data = mnist.MNIST(*map(four_rows, mnist.load()))
    train = mnist.Split(data.train.images[:1000], data.train.labels[:1000])
    tf.random.set_seed(seed)
    network = Network(way)
    network.loss(network.plain, tf.constant(train.images[:2]), train.labels[:2])  # the variables
    found: dict[str, Any] = {"train": [], "validation": []}

    @tf.function(reduce_retracing=True)
    def evaluate(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return network.loss(network.plain, images, labels)

    def after(epoch: int, history: training.History) -> None:
        if epoch % EACH:
            return
        for name, split in (("train", train), ("validation", data.validation)):
            mean, _ = evaluate(tf.constant(split.images), tf.constant(split.labels))
            found[name].append(round(float(mean), 4))

    training.fit(
        network,
        lambda images, labels: network.loss(network.noisy, images, labels),
        train,
        epochs=epochs,
        batch_size=50,
        shuffle_seed=seed,
        learning_rate=0.003,
        each_epoch=after,
        verbose=False,
    )
    for name, split in (("validation", data.validation), ("test", data.test)):
        _, right = evaluate(tf.constant(split.images), tf.constant(split.labels))
        found[f"{name} wrong"] = round(1 - float(right), 4)
    return found


def column(seed: int) -> dict[str, Any]:
    return {f"{way}, {what}": value for way in WAYS for what, value in run(way, seed).items()}
