"""How many digits fit between an encoder and a decoder, with and without attention?

The task: a telephone number is read and said aloud, as people say it: 7 7 7 may be "seven seven
seven", "seven double seven", "double seven seven" or "triple seven". What is said is right if a
listener who writes it down has the number.

Training: 10,000 numbers of 3 to 10 digits, each with one reading; 6 epochs in batches of 100, Adam
with a rate that falls to zero, a limit of 1 on the gradient's norm. The rate begins at 0.02 with
attention and at 0.04 without, which was the best of 0.005, 0.02 and 0.04 for "wider" on the
validation numbers (0.06 and 0.08, with seed 0 alone, were no better). A column has, for each
model, the share of right answers on 400 validation numbers after every epoch, and on 200 test
numbers of each of `TEST_LENGTHS`, of which 12 and 14 do not occur in training. No number of theirs
is in training.

"weights" are those of "Luong", as float16, for the first seed.

"wider" has no attention, twice the units, and twice as many weights as the models that look back;
"wider, longer" is the same with twice as many epochs.
"""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import tasks, training
from unrolled.experiments import language
from unrolled.models import OutputLayer

SEEDS = (0, 1, 2)
LENGTHS = tuple(range(3, 11))  # of the numbers in training
TEST_LENGTHS = (4, 6, 8, 10, 12, 14)
UNITS, WIDER = 32, 64
EPOCHS, COUNT = 6, 10_000
NAMES = tasks.NUMBER_WORDS[:10]
DIGITS = tasks.Alphabet("0123456789")
WORDS = tasks.Alphabet([*NAMES, "double", "triple"], end="<end>", separator=" ")
HABITS = {  # so many equal digits are still to be said -> how many of them are said next
    1: {1: 1.0},
    2: {1: 0.4, 2: 0.6},
    3: {1: 0.4, 2: 0.25, 3: 0.35},
}
KINDS = {  # units, score, epochs
    "state": (UNITS, None, EPOCHS),
    "wider": (WIDER, None, EPOCHS),
    "wider, longer": (WIDER, None, 2 * EPOCHS),
    "Luong": (UNITS, "Luong", EPOCHS),
    "Bahdanau": (UNITS, "Bahdanau", EPOCHS),
}


def numbers(count: int, lengths: Any, seed: int) -> list[str]:
    """Strings of digits, each with a chance of 0.3 a copy of the one before it, else any."""
    rng = np.random.default_rng(seed)
    made = []
    for length in rng.choice(lengths, count):
        digits = rng.integers(0, 10, length)
        for t in np.flatnonzero(rng.random(length) < 0.3):
            digits[t] = digits[max(t - 1, 0)]
        made.append("".join(map(str, digits)))
    return made


def next_words(number: str) -> dict[str, tuple[float, str]]:
    """What a speaker may say first: the words, with their probability and the digits left over."""
    run = len(number) - len(number.lstrip(number[0]))
    name = NAMES[int(number[0])]
    said = {1: name, 2: f"double {name}", 3: f"triple {name}"}
    return {said[many]: (p, number[many:]) for many, p in HABITS[min(run, 3)].items()}


def readings(number: str) -> dict[str, float]:
    """All ways to say a number, each with its probability."""
    found: dict[str, float] = {}
    unfinished = [("", 1.0, number)]
    while unfinished:
        before, p, rest = unfinished.pop()
        if not rest:
            found[before.strip()] = p
            continue
        for words, (q, left) in next_words(rest).items():
            unfinished.append((f"{before} {words}", p * q, left))
    return found


def say_aloud(number: str, rng: np.random.Generator) -> str:
    """One reading, drawn by its probability."""
    said = []
    while number:
        choices = next_words(number)
        words = list(choices)[rng.choice(len(choices), p=[p for p, _ in choices.values()])]
        said.append(words)
        number = choices[words][1]
    return " ".join(said)


def written_down(words: str) -> str:
    """The digits that a listener writes; "?" where what is said makes no sense."""
    digits, times = "", 1
    for word in words.split():
        if word in NAMES:
            digits += str(NAMES.index(word)) * times
            times = 1
        elif times > 1:
            return "?"
        else:
            times = {"double": 2, "triple": 3}[word]
    return digits if times == 1 else "?"


def arrays(said: dict[str, str]) -> tuple[Any, ...]:
    """Digits [B, S], how many, words before [B, T], words [B, T], and 1.0 where they are real."""
    digits = tasks.pad([DIGITS.encode(number) for number in said], max(LENGTHS))
    words = tasks.pad([WORDS.encode(text, end=True) for text in said.values()], max(LENGTHS) + 1)
    first = np.full([len(said), 1], -1)
    before = np.concatenate([first, words.numbers[:, :-1]], axis=1)
    real = tf.sequence_mask(words.lengths, max(LENGTHS) + 1, tf.float32).numpy()
    return digits.numbers, digits.lengths, before, words.numbers, real


def unseen() -> tuple[list[str], list[str]]:
    """The validation numbers, and the test numbers in the order of `TEST_LENGTHS`."""
    test = [numbers(200, [length], seed=length) for length in TEST_LENGTHS]
    return numbers(400, LENGTHS, seed=2), sum(test, [])


@functools.cache
def known() -> dict[str, str]:
    """The numbers of training, each with its reading."""
    rng, others = np.random.default_rng(3), set(sum(unseen(), []))
    made = dict.fromkeys(
        each for each in numbers(COUNT + 4000, LENGTHS, seed=1) if each not in others
    )
    return {number: say_aloud(number, rng) for number in list(made)[:COUNT]}


def matrix(rows: int, columns: int) -> tf.Variable:
    """Glorot uniform."""
    bound = np.sqrt(6 / (rows + columns))
    return tf.Variable(tf.random.uniform([rows, columns], -bound, bound))


class Speaker(tf.Module):
    """An encoder that reads digits and a decoder that says words; with a score, it looks back."""

    def __init__(self, units: int = UNITS, score: str | None = None):
        super().__init__()
        self.score = score
        self.encoder, self.decoder = u.GRUCell(units), u.GRUCell(units)
        self.output_layer = OutputLayer(len(WORDS))
        if score:
            self.for_keys = matrix(units, units)
            self.join = matrix(2 * units, units)
        if score == "Bahdanau":
            self.for_queries, self.v = matrix(units, units), matrix(units, 1)

    def read(self, digits: Any, lengths: Any) -> tuple[Any, Any]:
        """The state before the first word; and the memory, its keys, and where it is real."""
        x = tf.one_hot(digits, len(DIGITS))  # [B, S, 10]
        memory, h = u.dynamic_rnn(self.encoder, x, lengths, dtype=tf.float32)
        if not self.score:
            return (h,), ()
        real = tf.sequence_mask(lengths, tf.shape(digits)[1])  # [B, S]
        keys = tf.tensordot(memory, self.for_keys, 1)  # [B, S, U]
        return (h, tf.zeros_like(h)), (memory, keys, real)

    def scores(self, q: Any, keys: Any) -> tf.Tensor:
        if self.score == "Luong":
            return tf.einsum("bu,bsu->bs", q, keys)
        hidden = tf.tanh((q @ self.for_queries)[:, None] + keys)  # [B, S, U]
        return tf.tensordot(hidden, self.v[:, 0], 1)  # [B, S]

    def step(self, word: Any, state: Any, remembered: Any) -> tuple[Any, Any, Any]:
        """Logits [B, C], the next state, and the weights [B, S] or None."""
        a, state, weights = self.inner_step(word, state, remembered)
        return self.output_layer(a), state, weights

    def inner_step(self, word: Any, state: Any, remembered: Any) -> tuple[Any, Any, Any]:
        """The same, without the output layer: [B, U] instead of logits."""
        x = tf.one_hot(word, len(WORDS))  # [B, C]; -1 gives zeros
        if not self.score:
            h, _ = self.decoder(x, state[0])
            return h, (h,), None
        (h, a), (memory, keys, real) = state, remembered
        q, h = self.decoder(tf.concat([x, a], axis=1), h)
        scores = tf.where(real, self.scores(q, keys), -np.inf)
        weights = tf.nn.softmax(scores)  # [B, S]
        context = tf.einsum("bs,bsu->bu", weights, memory)
        a = tf.concat([q, context], axis=1) @ self.join  # [B, 2U] -> [B, U]
        return a, (h, a), weights

    def loss(self, digits: Any, lengths: Any, before: Any, words: Any, real: Any) -> tf.Tensor:
        state, remembered = self.read(digits, lengths)
        outputs = []
        for t in range(before.shape[1]):
            a, state, _ = self.inner_step(before[:, t], state, remembered)
            outputs.append(a)
        logits = self.output_layer(tf.stack(outputs, axis=1))  # [B, T, U] -> [B, T, C]
        return u.sequence_loss(logits, words, real)

    @tf.function(reduce_retracing=True)
    def write(self, digits: Any, lengths: Any, limit: int) -> tf.Tensor:
        """The likeliest word at each step, [B, limit]."""
        state, remembered = self.read(digits, lengths)
        word = tf.fill(tf.shape(lengths), tf.constant(-1, tf.int64))
        written = []
        for _ in range(limit):
            logits, state, _ = self.step(word, state, remembered)
            word = tf.argmax(logits, axis=-1)
            written.append(word)
        return tf.stack(written, axis=1)


def answers(speaker: Any, chosen: list[str]) -> list[str]:
    """What it says of each number, greedily."""
    digits = tasks.pad([DIGITS.encode(number) for number in chosen])
    rows = speaker.write(*map(tf.constant, digits), digits.numbers.shape[1] + 1).numpy()
    return [WORDS.decode(row) for row in rows]


def rights(speaker: Any, chosen: list[str]) -> np.ndarray:
    """Whether a listener to each number writes it down right, [B]."""
    said = answers(speaker, chosen)
    return np.array([written_down(each) == number for each, number in zip(said, chosen)])


def train(speaker: Any, seed: int, epochs: int = EPOCHS) -> list[float]:
    """Train it; the share of right answers on the validation numbers after each epoch."""
    validation, _ = unseen()
    data = arrays(known())
    steps = epochs * -(-len(data[0]) // 100)
    history = training.fit(
        [speaker],
        speaker.loss,
        data,
        epochs=epochs,
        batch_size=100,
        learning_rate=keras.optimizers.schedules.CosineDecay(
            0.02 if speaker.score else 0.04, steps
        ),
        clip_norm=1.0,
        shuffle_seed=seed,
        each_epoch=lambda *_: round(float(rights(speaker, validation).mean()), 4),
        verbose=False,
    )
    return history.epochs


def unpacked(weights: str) -> Speaker:
    """Luong's speaker with the weights of a record."""
    speaker = Speaker(*KINDS["Luong"][:2])
    state, remembered = speaker.read([[0]], [1])
    speaker.step([0], state, remembered)  # now all variables are there
    language.load(speaker, weights)
    return speaker


def column(seed: int) -> dict[str, Any]:
    """For each model the rights on validation by epoch, and on the test by length."""
    _, test = unseen()
    result: dict[str, Any] = {}
    for kind, (units, score, epochs) in KINDS.items():
        tf.random.set_seed(seed)
        speaker = Speaker(units, score)
        result[f"{kind}, validation"] = train(speaker, seed, epochs)
        by_length = rights(speaker, test).reshape(len(TEST_LENGTHS), -1).mean(axis=1)
        result[f"{kind}, test"] = [round(float(share), 4) for share in by_length]
        if kind == "Luong":
            result["weights"] = language.packed(speaker) if seed == SEEDS[0] else ""
    return result
