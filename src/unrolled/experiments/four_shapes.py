"""What the four shapes of problem give, seed by seed.

One part for each question of the chapter: how many verdicts on reviews are right, also where `not`
is several words before the word that it reverses; how far off a GRU's forecasts are, on made waves
and on the sunspots; how many names of digits are right, and how many are no name at all, with and
without the letters fed back; and how many words are right after a first wrong one, given the true
words and alone.
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import mnist, tasks, training
from unrolled.experiments.row_order import halved
from unrolled.models import OutputLayer

SEEDS = (0, 1, 2, 3)
NAMES = tasks.NUMBER_WORDS[:10]
LETTERS = tasks.Alphabet("efghinorstuvwxz", end="$")
WORDS = tasks.Alphabet(tasks.NUMBER_WORDS, end="<end>", separator=" ")
FAR_WORDS = ("by", "any", "measure")
SPELLERS = ("image at step 0", "image as state", "letters fed back")


def column(seed: int) -> dict[str, Any]:
    return {
        "verdicts right": verdicts(seed),
        "verdicts right, far": verdicts(seed, far=True),
        "waves": waves(seed),
        "waves, 480 epochs": waves(seed, epochs=480),
        **sunspots(seed),
        **{
            f"{kind}: {what}": share
            for kind in SPELLERS
            for what, share in spelling(seed, kind).items()
        },
        **after_a_mistake(seed),
    }


def far_review(text: str) -> str:
    """A review with three words before each opinion, but for those after `very`."""
    for before in ("was not", "was"):
        for opinion in ("good", "great", "bad", "dull"):
            text = text.replace(f"{before} {opinion}", f"{before} by any measure {opinion}")
    return text


def verdicts(seed: int, far: bool = False) -> float:
    """The share of 1,000 reviews from another seed that a GRU judges rightly."""
    words = tasks.Alphabet([*tasks.REVIEW_WORDS, *FAR_WORDS * far], separator=" ")

    def made(count: int, from_seed: int) -> tuple[Any, Any, Any]:
        texts, labels = tasks.reviews(count, seed=from_seed)
        if far:
            texts = [far_review(text) for text in texts]
        padded = tasks.pad([words.encode(text) for text in texts], steps=26 if far else 17)
        return words.one_hot(padded.numbers), padded.lengths, labels

    tf.random.set_seed(seed)
    cell, layer = u.GRUCell(16), OutputLayer(2)

    def loss(reviews: Any, lengths: Any, labels: Any) -> tf.Tensor:
        _, state = u.dynamic_rnn(cell, reviews, lengths, dtype=tf.float32)
        losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, layer(state))
        return tf.reduce_mean(losses)

    training.fit(
        [cell, layer],
        loss,
        made(2000, 1),
        epochs=12,
        batch_size=50,
        learning_rate=1e-2,
        shuffle_seed=seed,
    )
    reviews, lengths, labels = made(1000, 2)
    _, state = u.dynamic_rnn(cell, reviews, lengths, dtype=tf.float32)
    return round(float(training.accuracy(layer(state), labels)), 4)


def _forecaster(units: int) -> tuple[list[Any], Any]:
    cell, layer = u.GRUCell(units), OutputLayer(1)

    def expected(values: Any) -> tf.Tensor:
        outputs, _ = u.dynamic_rnn(cell, values, dtype=tf.float32)
        return layer(outputs)  # [B, T, U] -> [B, T, 1]

    return [cell, layer], tf.function(expected)


def waves(seed: int, epochs: int = 120) -> float:
    """The error of a GRU on unseen waves from step 10 on, the root of the mean square.

    The learning rate falls to zero over the epochs.
    """
    tf.random.set_seed(seed)
    model, expected = _forecaster(32)

    def loss(series: Any) -> tf.Tensor:
        error = expected(series[:, :-1]) - series[:, 1:]
        return tf.reduce_mean(error[:, 5:] ** 2)

    training.fit(
        model,
        loss,
        [tasks.waves(1000, steps=31, seed=1)],
        epochs=epochs,
        batch_size=50,
        learning_rate=keras.optimizers.schedules.CosineDecay(1e-2, 20 * epochs),
        shuffle_seed=seed,
    )
    unseen = tasks.waves(500, steps=31, seed=2)
    error = expected(unseen[:, :-1]).numpy() - unseen[:, 1:]
    return round(float(np.sqrt(np.mean(error[:, 10:] ** 2))), 6)


def sunspots(seed: int) -> dict[str, float]:
    """A GRU's errors in 1900 to 1949, which choose its epoch, and from 1950 on.

    The last are taken apart: the record cycle, 1955 to 1960, and the other years.
    """
    values = tasks.sunspots().numbers.astype(np.float32)[:, None] / 100  # [T, 1]
    tf.random.set_seed(seed)
    model, expected = _forecaster(16)

    def loss(pieces: Any) -> tf.Tensor:
        error = expected(pieces[:, :-1]) - pieces[:, 1:]
        return tf.reduce_mean(error[:, 11:] ** 2)

    def errors(epoch: int, history: Any) -> list[float]:
        error = 100 * (expected(values[None, :-1])[0].numpy() - values[1:])  # from 1701 on
        test = error[249:]
        parts = error[199:249], test, test[5:11], np.concatenate([test[:5], test[11:]])
        return [float(np.sqrt(np.mean(part**2))) for part in parts]

    history = training.fit(
        model,
        loss,
        [np.stack([values[start : start + 45] for start in range(156)])],
        epochs=60,
        batch_size=32,
        learning_rate=5e-3,
        shuffle_seed=seed,
        each_epoch=errors,
    )
    validation, test, record, others = min(history.epochs)
    return {
        "sunspots, validation": round(validation, 2),
        "sunspots, validation, last 20 epochs": round(
            float(np.mean([each[0] for each in history.epochs[-20:]])), 2
        ),
        "sunspots, test": round(test, 2),
        "sunspots, 1955 to 1960": round(record, 2),
        "sunspots, test without 1955 to 1960": round(others, 2),
        "sunspots, test, last epoch": round(history.epochs[-1][1], 2),
    }


def spelling(seed: int, kind: str) -> dict[str, float]:
    """Of the names that are written for 5,000 unseen digits: how many are right, and no name.

    Without letters fed back there is another way to write: of the ten names the one whose letters
    are most probable together. Then "right as a whole" says how many are right.
    """
    data = mnist.load()

    def small(images: Any) -> Any:
        return halved(images).reshape(-1, 14 * 14)

    spelled = tasks.pad([LETTERS.encode(name, end=True) for name in NAMES])
    digits = data.train.labels[:6000]
    targets = spelled.numbers[digits]  # [B] -> [B, T]
    weights = tf.sequence_mask(spelled.lengths, 6, tf.float32).numpy()[digits]  # [B, T]
    before = np.concatenate([np.full([6000, 1], -1), targets[:, :-1]], axis=1)
    if kind != "letters fed back":
        before = np.full_like(before, -1)  # no letter at any step
    tf.random.set_seed(seed)
    cell, layer, first = u.GRUCell(64), OutputLayer(len(LETTERS)), OutputLayer(64)

    def scores(images: Any, before: Any) -> tf.Tensor:
        if kind == "image at step 0":
            inputs = [images] + [tf.zeros_like(images)] * 5
            outputs, _ = u.static_rnn(cell, inputs, dtype=tf.float32)
            return layer(u.pack_sequence(outputs))
        letters = tf.one_hot(before, len(LETTERS))  # [B, T, C]
        outputs, _ = u.dynamic_rnn(cell, letters, initial_state=tf.tanh(first(images)))
        return layer(outputs)

    def loss(images: Any, before: Any, targets: Any, weights: Any) -> tf.Tensor:
        return u.sequence_loss(scores(images, before), targets, weights)

    training.fit(
        [cell, layer] + [first] * (kind != "image at step 0"),
        loss,
        [small(data.train.images[:6000]), before, targets, weights],
        epochs=24,
        batch_size=100,
        learning_rate=5e-3,
        shuffle_seed=seed,
    )
    unseen = small(data.validation.images)
    before = np.full([len(unseen), 6], -1)
    for step in range(6):
        logits = scores(unseen, before)  # [B, T, C]
        rows = logits.numpy().argmax(-1)  # [B, T]
        if kind == "letters fed back" and step < 5:
            before[:, step + 1] = rows[:, step]
    written = np.array([LETTERS.decode(row) for row in rows])
    result = {
        "right": round(float(np.mean(written == np.array(NAMES)[data.validation.labels])), 4),
        "no name": round(float(np.mean(~np.isin(written, NAMES))), 4),
    }
    if kind != "letters fed back":
        letter = tf.nn.log_softmax(logits).numpy()  # [B, T, C]
        name = np.stack(
            [letter[:, np.arange(length), numbers[:length]].sum(1)
             for numbers, length in zip(*spelled, strict=True)], axis=1,
        )  # fmt: skip  # [B, 10]
        result["right as a whole"] = round(
            float(np.mean(name.argmax(1) == data.validation.labels)), 4
        )
    return result


def after_a_mistake(seed: int) -> dict[str, Any]:
    """Words of unseen numbers after a first wrong one, counted in each of 12 epochs.

    How many there are, and how many of them are right: given the true word before, and alone.
    """
    digits = tasks.Alphabet("0123456789", end="$")
    sources = tasks.pad([digits.encode(str(n), end=True) for n in range(1000)])
    outcomes = tasks.pad([WORDS.encode(tasks.words_for(n), end=True) for n in range(1000)])
    targets = outcomes.numbers  # [B, T]
    before = np.concatenate([np.full([1000, 1], -1), targets[:, :-1]], axis=1)
    real = tf.sequence_mask(outcomes.lengths, 5, tf.float32).numpy()
    order = np.random.default_rng(0).permutation(1000)
    known, unseen = order[:800], order[800:]
    tf.random.set_seed(seed)
    encoder, decoder, layer = u.GRUCell(64), u.GRUCell(64), OutputLayer(len(WORDS))

    def scores(inputs: Any, lengths: Any, before: Any) -> tf.Tensor:
        _, state = u.dynamic_rnn(encoder, inputs, lengths, dtype=tf.float32)
        words = tf.one_hot(before, len(WORDS))
        outputs, _ = u.dynamic_rnn(decoder, words, initial_state=state)
        return layer(outputs)

    def loss(inputs: Any, lengths: Any, before: Any, targets: Any, real: Any) -> tf.Tensor:
        return u.sequence_loss(scores(inputs, lengths, before), targets, real)

    arrays = digits.one_hot(sources.numbers), sources.lengths, before, targets, real

    def counted(epoch: int, history: Any) -> list[int]:
        inputs, lengths, before, targets, weights = (array[unseen] for array in arrays)
        forced = scores(inputs, lengths, before).numpy().argmax(-1)  # [B, T]
        own = np.full_like(before, -1)
        for step in range(5):
            alone = scores(inputs, lengths, own).numpy().argmax(-1)
            if step < 4:
                own[:, step + 1] = alone[:, step]
        wrong = (forced != targets) & (weights > 0)
        later = (np.cumsum(wrong, axis=1) - wrong > 0) & (weights > 0)
        return [int(part.sum()) for part in (later, forced[later] == targets[later],
                                             alone[later] == targets[later])]  # fmt: skip

    history = training.fit(
        [encoder, decoder, layer],
        loss,
        [array[known] for array in arrays],
        epochs=12,
        batch_size=50,
        learning_rate=1e-2,
        shuffle_seed=seed,
        each_epoch=counted,
    )
    words, forced, alone = zip(*history.epochs, strict=True)
    return {
        "later words": list(words),
        "later words right, forced": list(forced),
        "later words right, alone": list(alone),
    }
