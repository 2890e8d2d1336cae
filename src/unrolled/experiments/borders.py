"""Where in a segment does a network of letters err, and what does the state have to do with it?

A text is read in segments of 20 letters, three ways: every segment starts from zeros; every segment
starts from the state that the segment before it left; and the same with the borders between the
segments at other letters in every epoch. All three get the same number of updates. (An epoch with
borders that move has nine updates in place of eight, so there are fewer of them.) Each seed is a
start of the weights. A column holds for each way the loss at each step of a segment, borders where
they were first, [20], the mean loss during each epoch, and how many letters in a row are right when
the network goes on after the first 20.

It also holds a short training with the carried state, of 60 epochs ("short"): the loss before it,
the mean loss during each epoch, the loss at each step, and what the network writes, drawn letter by
letter: after some epochs, and at the end at some temperatures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import tasks
from unrolled.models import SequenceLabeller

SEEDS = (0, 1, 2)
EPOCHS = {"zeros": 180, "carried": 180, "carried, borders move": 160}  # 1440 updates each
SHORT = 60  # epochs of the training that is watched while it learns
WAYS = tuple(EPOCHS)
UNITS = 128
LEARNING_RATE = 5e-3  # at first; it falls to 0
B, T = 4, 20  # rows of a batch, steps of a segment
SAMPLES_AFTER = (0, 1, 5, 20, 60)  # epochs
TEMPERATURES = (0.2, 1.0, 2.0)

TEXT = (
    "a network with a loop reads one letter at a time. it keeps a state, and the state is all that "
    "it keeps. what it has read is gone, and what it has kept is small. so it learns what to keep. "
    "it learns that after a full stop a blank follows, that after a blank a word begins, and that "
    "some words come in pairs. it does not know what a word means. it knows what comes next. give "
    "it the first letters of this text, and it goes on, letter by letter, each one read from the "
    "state and given back as the next input. if it has learned well, it comes to the end. the end "
    "is a letter too."
)
SIGNS = tasks.Alphabet(sorted(set(TEXT)), end="$")


def streams() -> tuple[Any, Any, Any]:
    """The text as B rows: inputs [B, width, C], targets and weights [B, width]."""
    tokens = SIGNS.encode(TEXT, end=True)
    count = len(tokens) - 1
    width = -(-count // (B * T)) * T

    def rows(values: Any, fill: int) -> Any:
        padded = np.full(B * width, fill, values.dtype)
        padded[:count] = values
        return padded.reshape(B, width)

    inputs = SIGNS.one_hot(rows(tokens[:-1], -1))
    return inputs, rows(tokens[1:], 0), rows(np.ones(count, np.float32), 0)


def train(
    way: str,
    seed: int,
    epochs: int | None = None,
    each_epoch: Callable[[int, Any], None] | None = None,
) -> tuple[SequenceLabeller, list[float]]:
    """The trained network, and the mean loss during every epoch; `each_epoch` may look on."""
    epochs = EPOCHS[way] if epochs is None else epochs
    tf.random.set_seed(seed)
    model = SequenceLabeller(u.GRUCell(UNITS), len(SIGNS))
    x, y, w = streams()
    moves = way == "carried, borders move"  # then there is one more segment in an epoch
    updates = epochs * (y.shape[1] // T + moves)
    rate = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, updates)
    optimizer = tf.keras.optimizers.Adam(rate)
    model(x[:, :1])  # makes the variables

    @tf.function(
        input_signature=[
            tf.TensorSpec([B, None, len(SIGNS)]),
            tf.TensorSpec([B, None], tf.int64),
            tf.TensorSpec([B, None]),
            tf.TensorSpec([B, UNITS]),
        ]
    )
    def step(inputs: Any, targets: Any, weights: Any, state: Any) -> Any:
        with tf.GradientTape() as tape:
            logits, state = model(inputs, initial_state=state)
            loss = u.sequence_loss(logits, targets, weights)
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients, _ = tf.clip_by_global_norm(gradients, 1.0)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss, state

    width = y.shape[1]
    first = model.cell.zero_state(1, tf.float32)
    state: Any = model.cell.zero_state(B, tf.float32)
    rng = np.random.default_rng(seed)
    curve = []
    if each_epoch is not None:
        each_epoch(0, model)
    for epoch in range(1, epochs + 1):
        # Each stream goes on where the one above it ended.
        state = tf.concat([first, state[:-1]], axis=0)
        border = int(rng.integers(1, T + 1)) if moves else T
        cuts = [0, *range(border, width, T), width]
        total = 0.0
        for start, stop in zip(cuts, cuts[1:], strict=False):
            if way == "zeros":
                state = tf.zeros_like(state)
            part = w[:, start:stop]
            loss, state = step(x[:, start:stop], y[:, start:stop], part, state)
            total += float(loss) * float(part.sum())
        curve.append(total / float(w.sum()))
        if each_epoch is not None:
            each_epoch(epoch, model)
    return model, curve


def loss_by_step(model: SequenceLabeller, carry: bool) -> Any:
    """The mean loss at each step of a segment, [T]."""
    x, y, w = streams()
    rows = x.reshape(-1, T, len(SIGNS))  # [segments, T, C]
    if carry:  # one row, from the first letter to the last
        scores, _ = model(x.reshape(1, -1, len(SIGNS)))
        scores = tf.reshape(scores, rows.shape)
    else:
        scores, _ = model(rows)
    return u.sequence_loss(
        scores, y.reshape(-1, T), w.reshape(-1, T), average_across_timesteps=False
    ).numpy()


def letters(model: SequenceLabeller, prompt: str, choose: Callable[[Any], int]) -> Iterator[str]:
    """What the network writes after the prompt, letter by letter, up to its end token."""
    logits, state = model(SIGNS.one_hot(SIGNS.encode(prompt))[None])
    scores = logits[0, -1].numpy()  # [C]
    while (number := choose(scores)) != SIGNS.end_number:
        yield SIGNS.symbols[number]
        output, state = model.cell(SIGNS.one_hot([number]), state)  # [B, U], B = 1
        scores = model.output_layer(output)[0].numpy()  # [C]


def drawn(model: SequenceLabeller, temperature: float, count: int, seed: int) -> str:
    """Letters drawn after the first 20, each with its probability at that temperature.

    The end token is left out, so that there are `count` letters.
    """
    rng = np.random.default_rng(seed)

    def choose(scores: Any) -> int:
        scores = scores[:-1]  # the end token has the last number
        chances = np.exp((scores - scores.max()) / temperature)
        return int(rng.choice(len(scores), p=chances / chances.sum()))

    return "".join(letter for _, letter in zip(range(count), letters(model, TEXT[:T], choose)))


def right_letters(model: SequenceLabeller) -> int:
    """How many letters in a row are right after the first 20 of the text."""
    written = letters(model, TEXT[:T], lambda scores: int(np.argmax(scores)))
    right = 0
    for letter, wanted in zip(written, TEXT[T:]):
        if letter != wanted:
            break
        right += 1
    return right


def column(seed: int) -> dict[str, Any]:
    result: dict[str, Any] = {}
    samples = []

    def sample(epoch: int, model: SequenceLabeller) -> None:
        if epoch == 0:
            x, y, w = streams()
            result["short: before"] = round(float(u.sequence_loss(model(x)[0], y, w)), 5)
        if epoch in SAMPLES_AFTER:
            samples.append(drawn(model, 1.0, 60, seed))

    def rounded(losses: Any) -> list[float]:
        return [round(float(value), 5) for value in losses]

    model, curve = train("carried", seed, SHORT, each_epoch=sample)
    result["short"] = rounded(loss_by_step(model, carry=True))
    result["short: epochs"] = rounded(curve)
    result["short: right letters"] = right_letters(model)
    result["samples"] = samples
    result["temperatures"] = [drawn(model, tau, 60, seed) for tau in TEMPERATURES]
    for way in WAYS:
        model, curve = train(way, seed)
        result[way] = rounded(loss_by_step(model, carry=way != "zeros"))
        result[f"{way}: epochs"] = rounded(curve)
        result[f"{way}: right letters"] = right_letters(model)
    return result
