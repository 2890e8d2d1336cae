"""What is the order of an image's rows worth, and what is a dense network's look at all of them?

MNIST's images, halved to 14 rows of 14 pixels. The same GRU reads the rows in their order, in one
shuffled order that is the same for all images, and in an order of its own for each image, drawn
anew whenever the image comes up in training. A bag of rows cannot see an order at all; a dense
network sees all pixels at once. The learning rate falls to 0, which makes every curve flat at its
end: whether there was more to learn, a longer training shows, so the bag is trained for 20 epochs
and for 80. Each seed is a start of the weights and the shuffles. A column holds for each the
accuracy on validation after every epoch, and that on test at the end.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import mnist, models, training

SEEDS = (0, 1, 2)
EPOCHS = {
    "in order": 15,
    "one order for all": 15,
    "an order for each": 60,
    "bag of rows": 80,
    "bag, 20 epochs": 20,
    "dense": 15,
    "wide dense": 15,
}
IMAGES = 10_000


class BagOfRows(tf.Module):
    """A layer on each row, the mean over the rows, two more layers; as many weights as the GRU."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = [models.OutputLayer(size) for size in (96, 32, 10)]

    def __call__(self, images: Any) -> Any:
        of_rows, of_images, answer = self.layers
        rows = tf.nn.relu(of_rows(images))  # [B, T, D] -> [B, T, 96]
        return answer(tf.nn.relu(of_images(tf.reduce_mean(rows, axis=1))))  # [B, C]


class Dense(tf.Module):
    """One hidden layer on all pixels; with 23 units it has about as many weights as the GRU."""

    def __init__(self, units: int = 23) -> None:
        super().__init__()
        self.layers = [models.OutputLayer(size) for size in (units, 10)]

    def __call__(self, images: Any) -> Any:
        hidden, answer = self.layers
        return answer(tf.nn.relu(hidden(tf.reshape(images, [-1, 14 * 14]))))  # [B, C]


def gru() -> models.SequenceClassifier:
    return models.SequenceClassifier(u.GRUCell(32), 10, static=True)


MODELS: dict[str, Any] = {
    "bag of rows": BagOfRows,
    "bag, 20 epochs": BagOfRows,
    "dense": Dense,
    "wide dense": lambda: Dense(128),
}


def halved(images: Any) -> Any:
    return images.reshape(-1, 14, 2, 14, 2).mean((2, 4))  # [N, 28, 28] -> [N, 14, 14]


def reordered(images: Any, how: str, rng: np.random.Generator, order: Any) -> Any:
    """The rows of the images [N, T, D] as `how` says."""
    if how == "one order for all":
        return images[:, order]
    if how == "an order for each":
        orders = rng.permuted(np.tile(order, (len(images), 1)), axis=1)  # [N, T]
        return np.take_along_axis(images, orders[:, :, np.newaxis], axis=1)
    return images


def train(how: str, seed: int, epochs: int | None = None) -> tuple[list[float], float]:
    """Accuracy on validation after every epoch, and on test at the end."""
    data = mnist.load()
    rng = np.random.default_rng(seed)
    order = rng.permutation(14)
    splits = (data.train, data.validation, data.test)
    images = [reordered(halved(split.images), how, rng, order) for split in splits]
    tf.random.set_seed(seed)
    model = MODELS.get(how, gru)()
    model(images[0][:1])  # makes the variables

    def loss(x: Any, labels: Any) -> Any:
        if how == "an order for each":  # another one whenever the image comes up
            orders = tf.argsort(tf.random.uniform(tf.shape(x)[:2]))  # [B, T]
            x = tf.gather(x, orders, batch_dims=1)
        logits = model(x)  # [B, C]
        each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return tf.reduce_mean(each)

    predict = tf.function(model)

    def on_validation(epoch: int, history: Any) -> float:
        return float(training.accuracy(predict(images[1]), data.validation.labels))

    epochs = EPOCHS[how] if epochs is None else epochs
    steps = epochs * IMAGES // 100
    rate = tf.keras.optimizers.schedules.CosineDecay(0.01, steps)
    history = training.fit(
        model,
        loss,
        [images[0][:IMAGES], data.train.labels[:IMAGES]],
        epochs=epochs,
        batch_size=100,
        learning_rate=rate,
        clip_norm=1.0,
        shuffle_seed=seed,
        each_epoch=on_validation,
        verbose=False,
    )
    return history.epochs, float(training.accuracy(predict(images[2]), data.test.labels))


def column(seed: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for how in EPOCHS:
        by_epoch, on_test = train(how, seed)
        result[how] = [round(value, 4) for value in by_epoch]
        result[f"{how}: test"] = round(on_test, 4)
    return result
