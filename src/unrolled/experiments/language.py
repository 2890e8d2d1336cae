"""How well does a small network foresee the letters of a text that it has not read?

Two texts in the public domain, chapters of Moby-Dick and the constitution of Korea, each cut into a
first part for training (80 %), a validation part and a test part (10 % each). The Korean text is
read in two alphabets: as syllables, and as jamo, the letters of which syllables are made.

The network: an embedding, a GRU, one output layer. It reads B streams side by side in segments of
T symbols; the state is carried from segment to segment and the gradient is cut. 20 epochs of Adam,
whose rate falls to 0, with a limit of 1 on the gradient's norm. All numbers are bits for each
character of the text; where a character is several jamo, their bits are added.

A column holds, for the English text, the bits on the validation part after each epoch, the mean
during each epoch in training, the bits on the test part at the end, the gradients' norms, what the
network writes after epochs 1, 5 and 20 and at some temperatures, its bits on the validation part
where the state is zero at the start of each segment (for each step of a segment) or before each
letter, the unit that agrees best with a mark of the text, and, for the first seed, the weights as
float16. "clipping" is one epoch of plain gradient descent at a high rate, with the limit and
without. For the Korean text it holds the bits on the validation part after the last epoch.
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

import unrolled as u
from unrolled import tasks
from unrolled.models import OutputLayer

SEEDS = (0, 1, 2)
UNITS, EMBEDDED = 128, 32
B, T = 32, 50  # streams, steps of a segment
EPOCHS = 20
LEARNING_RATE = 5e-3  # at first; it falls to 0
CLIP = 1.0
PLAIN_RATE = 8.0  # of plain gradient descent
SAMPLES_AFTER = (1, 5, 20)  # epochs
TEMPERATURES = (0.5, 1.0, 1.5)
RUN_UP = 100  # symbols that a stream of held-out text reads before its losses count


class Text(NamedTuple):
    """A text in three parts, as numbers, and its alphabet.

    `per_character` is the number of symbols for each character of the validation and test parts.
    """

    alphabet: tasks.Alphabet
    training: Any
    validation: Any
    test: Any
    per_character: tuple[float, float]


def parts(text: str) -> list[str]:
    """The first 80 % of a text, the next 10 %, and the last."""
    first, second = int(0.8 * len(text)), int(0.9 * len(text))
    return [text[:first], text[first:second], text[second:]]


def read_text(name: str) -> Text:
    """One of "english", "syllables" and "jamo"."""
    whole = tasks.moby_dick() if name == "english" else tasks.constitution()
    pieces = parts(whole)
    sizes = [len(piece) for piece in pieces]
    if name == "jamo":
        pieces = [unicodedata.normalize("NFD", piece) for piece in pieces]
    alphabet = tasks.Alphabet(sorted(set("".join(pieces))))
    training, validation, test = (alphabet.encode(piece) for piece in pieces)
    ratios = len(validation) / sizes[1], len(test) / sizes[2]
    return Text(alphabet, training, validation, test, ratios)


class LanguageModel(tf.Module):
    """An embedding [C, E], a GRU of U units, and scores for the next symbol [C]."""

    def __init__(self, symbols: int, units: int = UNITS, embedded: int = EMBEDDED):
        super().__init__()
        self.embedding = tf.Variable(tf.random.normal([symbols, embedded]), name="embedding")
        self.cell = u.GRUCell(units)
        self.output_layer = OutputLayer(symbols)
        self(tf.zeros([1, 1], tf.int64), self.start(1))  # makes the variables
        self.run = tf.function(self.__call__, reduce_retracing=True)  # the same as a graph

    def start(self, rows: int) -> Any:
        """The state before the first symbol, [B, U]."""
        return self.cell.zero_state(rows, tf.float32)

    def __call__(self, numbers: Any, state: Any) -> tuple[Any, Any, Any]:
        """Numbers [B, T] and a state give scores [B, T, C], the final state, and all [B, T, U]."""
        x = tf.gather(self.embedding, numbers)  # [B, T] -> [B, T, E]
        states, state = u.dynamic_rnn(self.cell, x, initial_state=state)
        return self.output_layer(states), state, states


def in_streams(numbers: Any, rows: int, steps: int) -> Any:
    """The text as rows, cut to whole segments: inputs and targets, [B, segments * T] each."""
    width = (len(numbers) - 1) // (rows * steps) * steps
    inputs = numbers[: rows * width].reshape(rows, width)
    targets = numbers[1 : rows * width + 1].reshape(rows, width)
    return inputs, targets


def held_out_streams(before: Any, numbers: Any, rows: int = 32) -> tuple[Any, Any, Any]:
    """Every symbol of a held-out part once as a target, in rows that begin with a run-up.

    Returns inputs, targets and weights [B, N]; a weight is 0 in the run-up and in padding.
    """
    width = -(-len(numbers) // rows)
    whole = np.concatenate([before[-RUN_UP - 1 :], numbers, np.zeros(rows * width, np.int64)])
    places = np.arange(rows)[:, None] * width + np.arange(RUN_UP + width)  # of the inputs
    weights = (places >= RUN_UP) & (places < RUN_UP + len(numbers))
    weights &= np.arange(RUN_UP + width) >= RUN_UP
    return whole[places], whole[places + 1], weights.astype(np.float32)


def bits(model: LanguageModel, before: Any, numbers: Any) -> float:
    """The bits for each symbol of a held-out part, the state carried through it."""
    inputs, targets, weights = held_out_streams(before, numbers)
    scores, _, _ = model.run(tf.constant(inputs), model.start(len(inputs)))
    return float(u.sequence_loss(scores, targets, weights)) / float(np.log(2))


def make_update(model: LanguageModel, optimizer: Any, clip: float | None) -> Callable[..., Any]:
    """One update on a segment: the loss, the new state, and the gradient's norm."""

    @tf.function
    def update(inputs: Any, targets: Any, state: Any) -> Any:
        with tf.GradientTape() as tape:
            scores, state, _ = model(inputs, state)
            loss = u.sequence_loss(scores, targets, tf.ones_like(targets, tf.float32))
        gradients = tape.gradient(loss, model.trainable_variables)
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
        norm = tf.linalg.global_norm(gradients)
        if clip is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip, use_norm=norm)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss, state, norm

    return update


class Run(NamedTuple):
    """A trained model, its bits on the validation part after each epoch, and all norms."""

    model: LanguageModel
    curve: list[float]
    training: list[float]
    norms: list[float]


def train(
    text: Text,
    seed: int,
    epochs: int = EPOCHS,
    rows: int = B,
    optimizer: Any = None,
    clip: float | None = CLIP,
    each_epoch: Callable[[int, LanguageModel], None] | None = None,
) -> Run:
    """Train on the first part, the rate falling to 0 over the epochs."""
    tf.random.set_seed(seed)
    model = LanguageModel(len(text.alphabet))
    inputs, targets = in_streams(text.training, rows, T)
    segments = inputs.shape[1] // T
    if optimizer is None:
        falling = tf.keras.optimizers.schedules.CosineDecay(LEARNING_RATE, epochs * segments)
        optimizer = tf.keras.optimizers.Adam(falling)
    update = make_update(model, optimizer, clip)
    result = Run(model, [], [], [])
    for epoch in range(1, epochs + 1):
        state, losses = model.start(rows), []
        for start in range(0, segments * T, T):
            here = slice(start, start + T)
            loss, state, norm = update(inputs[:, here], targets[:, here], state)
            losses.append(float(loss))
            result.norms.append(float(norm))
        result.training.append(float(np.mean(losses) / np.log(2)))
        result.curve.append(bits(model, text.training, text.validation))
        if each_epoch is not None:
            each_epoch(epoch, model)
    return result


def drawn(
    model: LanguageModel, text: Text, prompt: str, count: int, seed: int, temperature: float = 1.0
) -> str:
    """What the network writes after the prompt, each symbol drawn with its probability."""
    rng = np.random.default_rng(seed)
    numbers, state, written = text.alphabet.encode(prompt), model.start(1), []
    for _ in range(count):
        scores, state, _ = model.run(tf.constant(numbers[None]), state)
        values = scores[0, -1].numpy().astype(float) / temperature
        chances = np.exp(values - values.max())
        numbers = np.array([rng.choice(len(values), p=chances / chances.sum())])
        written.append(text.alphabet.symbols[numbers[0]])
    return unicodedata.normalize("NFC", "".join(written))


def bits_by_step(model: LanguageModel, before: Any, numbers: Any, segment: int) -> list[float]:
    """The bits at each step of a segment that begins with a state of zeros, [segment]."""
    whole = np.concatenate([before[-1:], numbers])
    inputs, targets = in_streams(whole, (len(whole) - 1) // segment, segment)
    scores, _, _ = model(tf.constant(inputs), model.start(len(inputs)))
    losses = u.sequence_loss(
        scores, targets, np.ones(targets.shape), average_across_timesteps=False
    )
    return [float(value) / float(np.log(2)) for value in losses]


def packed(model: tf.Module) -> str:
    """The weights as float16, in base64."""
    flat = np.concatenate([v.numpy().ravel() for v in model.trainable_variables])
    return base64.b64encode(flat.astype(np.float16).tobytes()).decode()


def unpacked(weights: str, symbols: int) -> LanguageModel:
    """A model with the weights that `packed` gave."""
    model = LanguageModel(symbols)
    load(model, weights)
    return model


def load(model: tf.Module, weights: str) -> None:
    """Give a model, whose variables are there, the weights of `packed`."""
    flat = np.frombuffer(base64.b64decode(weights), np.float16).astype(np.float32)
    for variable in model.trainable_variables:
        size = int(np.prod(variable.shape))
        variable.assign(flat[:size].reshape(variable.shape))
        flat = flat[size:]


def rounded(values: Any, digits: int = 4) -> list[float]:
    return [round(float(value), digits) for value in values]


def units(model: LanguageModel, before: Any, numbers: Any) -> Any:
    """The state after each symbol of a held-out part, carried through it, [N, U]."""
    start = model.start(1)
    _, state, _ = model.run(tf.constant(before[None, -RUN_UP:]), start)
    _, _, states = model.run(tf.constant(numbers[None]), state)
    return states[0].numpy()


def marks(text: str) -> dict[str, Any]:
    """What may be known of a text after each of its letters, as 0 or 1, [N] each.

    None of it can be read off the last letter alone.
    """
    letters = np.array(list(text))
    places = np.arange(len(letters))
    in_word = np.char.isalpha(letters)
    of_word = since(~in_word)  # 1 at the first letter of a word
    first = letters[np.clip(places - of_word + 1, 0, places)]  # of the word; or this one
    return {
        "inside a quotation": np.logical_xor.accumulate(letters == '"'),
        "fourth letter of a word or later": of_word >= 4,
        "in a word with a capital": in_word & np.char.isupper(first),
        "a sentence began at most 20 letters ago": since(np.isin(letters, [*".!?\n"])) <= 20,
        "no punctuation for 40 letters": since(np.isin(letters, [*",;:.!?\n—"])) > 40,
    }


def since(flags: Any) -> Any:
    """How many places ago a flag was last set, [N]; where there was none, more than there are."""
    places = np.arange(len(flags))
    return places - np.maximum.accumulate(np.where(flags, places, -len(flags)))


def without_last_letter(values: Any, letters: Any) -> Any:
    """Values [N] or [N, U], less their mean at places with the same letter."""
    rest = np.array(values, float)
    for letter in np.unique(letters):
        rest[letters == letter] -= rest[letters == letter].mean(axis=0)
    return rest


def agreement(states: Any, flags: Any, letters: Any) -> Any:
    """The correlation of each unit with the flags, the last letter's part taken out, [U]."""
    unit, flag = without_last_letter(states, letters), without_last_letter(flags, letters)
    return (unit * flag[:, None]).mean(axis=0) / (unit.std(axis=0) * flag.std() + 1e-12)


def clearest_unit(model: LanguageModel, text: Text) -> tuple[int, str, float, float]:
    """The unit and the mark that agree best on the validation part, and how well, there and later.

    A mark counts if it is there at 5 to 95 of 100 places.
    """
    letters = [np.array(list(text.alphabet.decode(p))) for p in (text.validation, text.test)]
    states = [
        units(model, text.training, text.validation),
        units(model, text.validation, text.test),
    ]
    flags = [marks("".join(each)) for each in letters]
    best = (0, "", 0.0, 0.0)
    for name, flag in flags[0].items():
        if not 0.05 < flag.mean() < 0.95:
            continue
        found = agreement(states[0], flag, letters[0])
        unit = int(np.abs(found).argmax())
        if abs(found[unit]) > abs(best[2]):
            later = agreement(states[1][:, unit : unit + 1], flags[1][name], letters[1])
            best = unit, name, float(found[unit]), float(later[0])
    return best


def trained(name: str, seed: int, rows: int) -> tuple[LanguageModel, Text, dict[str, Any]]:
    """A text's model after all epochs, the text, and what a column says of them."""
    text, samples = read_text(name), []

    def sample(epoch: int, model: LanguageModel) -> None:
        if epoch in SAMPLES_AFTER:
            samples.append(drawn(model, text, "\n", 200, seed))

    done = train(text, seed, rows=rows, each_epoch=sample)
    held_out, later = text.per_character
    return (
        done.model,
        text,
        {
            name: rounded(np.multiply(done.curve, held_out)),
            f"{name}: training": rounded(np.multiply(done.training, held_out)),
            f"{name}: test": round(bits(done.model, text.validation, text.test) * later, 4),
            f"{name}: samples": samples,
            f"{name}: norms": rounded(done.norms, 3),
        },
    )


def of_english(seed: int) -> dict[str, Any]:
    """What a column says of the English text."""
    model, text, result = trained("english", seed, B)
    held_out = text.training, text.validation
    result["temperatures"] = [drawn(model, text, "\n", 200, seed, tau) for tau in TEMPERATURES]
    result["carried, then zeros"] = rounded(bits_by_step(model, *held_out, T))
    result["zeros at each letter"] = rounded(bits_by_step(model, *held_out, 1))[0]
    unit, mark, here, later = clearest_unit(model, text)
    result["unit"] = [unit, mark, round(here, 3), round(later, 3)]
    result["weights"] = packed(model) if seed == SEEDS[0] else ""
    for name, clip in (("limit", CLIP), ("no limit", None)):
        plain = tf.keras.optimizers.SGD(PLAIN_RATE)
        short = train(text, seed, epochs=1, optimizer=plain, clip=clip)
        result[f"clipping: {name}"] = rounded(short.curve)
    return result


def of_korean(seed: int) -> dict[str, float]:
    """What a column says of the Korean text, in both alphabets."""
    result = {}
    for name, rows in (("syllables", 8), ("jamo", 16)):
        text = read_text(name)
        last = train(text, seed, rows=rows).curve[-1]
        result[name] = round(last * text.per_character[0], 4)
    return result


def column(seed: int) -> dict[str, Any]:
    return {**of_english(seed), **of_korean(seed)}
