"""Small tasks: symbols as numbers, padding, words for numbers, sentences, waves, digit lines.

All of them are made, but for one series that was observed, the sunspots of 309 years, and for two
texts in the public domain, one in English and one in Korean. NumPy alone.
Everything drawn at random takes a seed, and the same seed gives the same arrays. The
letters: B rows in the batch, T steps, C classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from importlib import resources
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from unrolled.internal.numpy_checks import (
    as_array,
    as_whole_numbers,
    check_flag,
    check_number,
    check_pairs,
    check_seed,
    check_whole,
    describe,
)


class Alphabet:
    """Symbols and the class numbers that stand for them: the n-th symbol has the number n.

        letters = Alphabet("helo")
        letters.encode("hello")                    # [0, 1, 2, 2, 3]
        words = Alphabet(["one", "two"], end="<end>", separator=" ")
        words.encode("two one", end=True)          # [1, 0, 2]

    Args:
      symbols: the symbols in order, all different; a string gives its characters.
      end: the end-of-sequence token, one more symbol, which gets the last number (default: None,
        no such token).
      separator: what stands between the symbols of a text (default: "", for symbols that are
        characters).

    Raises:
      TypeError: an argument is not made of strings, or the symbols have no order of their own.
      ValueError: there is no symbol, two are equal, one is empty, or one contains the separator.
    """

    def __init__(self, symbols: Iterable[str], end: str | None = None, separator: str = ""):
        for argument, value in (("end", end), ("separator", separator)):
            if not isinstance(value, str) and not (argument == "end" and value is None):
                raise TypeError(f"{argument} must be a string; got {describe(value)}.")
        self.symbols = _strings(symbols, "symbols") + ([] if end is None else [end])
        self.end = end
        self.separator = separator
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        if len(self._numbers) != len(self.symbols) or not self.symbols:
            raise ValueError(
                f"symbols must be different and at least one; got {self.symbols}: leave out what "
                "is there twice."
            )
        for symbol in self.symbols:
            if not symbol or (separator and separator in symbol):
                raise ValueError(
                    f"symbols must not be empty and not contain the separator, {separator!r}; got "
                    f"{symbol!r}: such a text could not be taken apart."
                )

    def __len__(self) -> int:
        """C, the number of classes, the end-of-sequence token counted."""
        return len(self.symbols)

    @property
    def end_number(self) -> int:
        """The number of the end-of-sequence token.

        Raises:
          ValueError: the alphabet has no such token.
        """
        if self.end is None:
            raise ValueError("this Alphabet has no end-of-sequence token: make it with end=.")
        return len(self.symbols) - 1

    def encode(self, text: str | Iterable[str], end: bool = False) -> NDArray[np.int64]:
        """Text, or its symbols one by one, as numbers [T].

        Args:
          text: a string, or a list of symbols; an empty one gives no numbers.
          end: whether the end-of-sequence token follows (default: False).

        Raises:
          TypeError: `text` is not made of strings, or `end` is not True or False.
          ValueError: a symbol is not of this alphabet, or it has no end-of-sequence token.
        """
        end = check_flag(end, "end", "the token itself is named when the Alphabet is made")
        if isinstance(text, str) and self.separator:
            text = text.split(self.separator) if text else []
        symbols = _strings(text, "text")
        unknown = [symbol for symbol in symbols if symbol not in self._numbers]
        if unknown:
            raise ValueError(
                f"text must be made of the symbols {self.symbols}; got {unknown[0]!r}: add it to "
                "the alphabet."
            )
        numbers = [self._numbers[symbol] for symbol in symbols]
        return np.array(numbers + ([self.end_number] if end else []), np.int64)

    def decode(self, numbers: ArrayLike) -> str:
        """Numbers [T] as text, read up to the first end-of-sequence token and without it.

        Raises:
          TypeError, ValueError: `numbers` is not a vector of whole numbers in 0..C-1.
        """
        checked = self._checked(numbers, lowest=0)
        if checked.ndim != 1:
            raise ValueError(
                f"numbers must be a vector [T]; got shape {checked.shape}: decode one row at a "
                "time."
            )
        symbols: list[str] = []
        for number in checked:
            if self.end is not None and number == self.end_number:
                break
            symbols.append(self.symbols[number])
        return self.separator.join(symbols)

    def one_hot(self, numbers: ArrayLike) -> NDArray[np.float32]:
        """Numbers [...] as vectors [..., C]: 1 at the symbol's number, 0 elsewhere.

        The number -1 stands for no symbol at all and gives zeros.

        Raises:
          TypeError, ValueError: `numbers` are not whole numbers in -1..C-1.
        """
        checked = self._checked(numbers, lowest=-1)
        vectors = np.vstack([np.eye(len(self), dtype=np.float32), np.zeros((1, len(self)))])
        return vectors[checked].astype(np.float32)  # [...] -> [..., C]; row -1 is the zeros

    def _checked(self, numbers: ArrayLike, lowest: int) -> NDArray[np.int64]:
        array = as_whole_numbers(
            numbers, "numbers", "integers", "for scores take argmax over the last axis"
        )
        if array.size and not lowest <= array.min() <= array.max() < len(self):
            raise ValueError(
                f"numbers must lie in {lowest}..{len(self) - 1}; got {array.min()} to "
                f"{array.max()}: encode with the same alphabet."
            )
        return array


def _strings(values: Any, argument: str) -> list[str]:
    """The strings in `values`, or a TypeError: a set has no order, a mapping one of its own."""
    wanted = f"{argument} must be a string or a list of strings"
    if isinstance(values, Set):
        raise TypeError(
            f"{wanted}; got {describe(values)}, which has no order: give sorted({argument})."
        )
    if isinstance(values, Mapping) or not isinstance(values, Iterable):
        raise TypeError(f"{wanted}; got {describe(values)}.")
    try:
        strings = list(values)
    except Exception:  # whatever a thing raises that only claims to be iterable
        raise TypeError(f"{wanted}; got {describe(values)}.") from None
    for string in strings:
        if not isinstance(string, str):
            raise TypeError(f"{wanted}; got {describe(string)} in it.")
    return strings


class Padded(NamedTuple):
    """Sequences of different lengths in one array.

    Attributes:
      numbers: int64 [B, T], each row its sequence and then padding.
      lengths: int64 [B], how many numbers of each row are real.
    """

    numbers: NDArray[np.int64]
    lengths: NDArray[np.int64]


def pad(sequences: Sequence[ArrayLike], steps: int | None = None, value: int = 0) -> Padded:
    """Lays sequences of numbers side by side, the short ones filled up with `value`.

    Args:
      sequences: B of them, each a vector of whole numbers.
      steps: T (default: the longest length).
      value: the padding, a whole number (default: 0). Any number will do where lengths or weights
        say what is real.

    Raises:
      TypeError: `sequences` is not a list.
      ValueError: there is no sequence, one is not a vector of whole numbers, one is longer than
        `steps`, or `steps` or `value` is not a whole number.
    """
    wanted = "a list of vectors of whole numbers, one for each row"
    try:
        given = None if isinstance(sequences, (str, Mapping, Set)) else list(sequences)
    except Exception:  # whatever a thing raises that cannot be iterated, a tensor of no axes say
        given = None
    if given is None:
        raise TypeError(f"sequences must be {wanted}; got {describe(sequences)}.")
    encode_first = "encode the symbols of each row first"
    rows = [
        as_whole_numbers(row, f"sequences[{i}]", "a vector of whole numbers", encode_first)
        for i, row in enumerate(given)
    ]
    wrong = [row for row in rows if row.ndim != 1]
    if wrong or not rows:
        got = f"one of shape {wrong[0].shape}" if wrong else "an empty list"
        raise ValueError(f"sequences must be {wanted}; got {got}: {encode_first}.")
    value = check_whole(value, "value", lowest=None)
    if abs(value) > np.iinfo(np.int64).max:
        raise ValueError(f"value must fit into 64 bits; got {value}.")
    lengths = np.array([row.size for row in rows], np.int64)  # [B]
    longest = int(lengths.max())
    if steps is None:
        steps = longest
    if check_whole(steps, "steps", instead=" or None") < longest:
        raise ValueError(
            f"steps must be at least {longest}, the length of the longest sequence; got {steps}."
        )
    numbers = np.full((len(rows), steps), value, np.int64)  # [B, T]
    for row, sequence in zip(numbers, rows, strict=True):
        row[: sequence.size] = sequence
    return Padded(numbers, lengths)


_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()

NUMBER_WORDS = (*_SMALL, *_TENS, "hundred")
"""The 29 words that `words_for` uses."""


def words_for(number: int) -> str:
    """A number from 0 to 999 in English words: 342 is "three hundred forty two".

    Raises:
      ValueError: `number` is not a whole number in 0..999.
    """
    hundreds, rest = divmod(check_whole(number, "number", 0, 999), 100)
    words = [_SMALL[hundreds], "hundred"] if hundreds else []
    if rest >= 20:
        words.append(_TENS[rest // 10 - 2])
        rest %= 10
    if rest or not words:
        words.append(_SMALL[rest])
    return " ".join(words)


_OPINIONS = {"good": 1, "great": 1, "bad": -1, "dull": -1}
_THINGS = ("film", "plot", "cast", "music")

REVIEW_WORDS = ("the", *_THINGS, "was", "not", "very", *_OPINIONS, "and")
"""The 13 words that `reviews` uses."""


def reviews(count: int, seed: int, clauses: int = 3) -> tuple[list[str], NDArray[np.int64]]:
    """Short reviews and whether they praise, in which "not" turns round the word after it.

    "the film was not bad and the plot was very dull" has a clause that counts +1 and one that
    counts -2, since "very" counts double: it does not praise. No review comes out even.

    Args:
      count: B, how many, 0 or more.
      seed: of the random numbers, a whole number of at least 0.
      clauses: a review has 1 to this many (default: 3).

    Returns:
      B texts of `REVIEW_WORDS` with blanks between, and labels int64 [B], 1 for praise.

    Raises:
      ValueError: an argument is not such a number.
    """
    count, seed = check_whole(count, "count"), check_seed(seed)
    clauses = check_whole(clauses, "clauses", lowest=1, highest=2**31 - 1)
    rng = np.random.default_rng(seed)
    texts: list[str] = []
    labels: list[int] = []
    while len(texts) < count:
        parts, score = [], 0
        for _ in range(rng.integers(1, clauses + 1)):
            thing = _THINGS[rng.integers(len(_THINGS))]
            opinion, value = [*_OPINIONS.items()][rng.integers(len(_OPINIONS))]
            before, factor = [("", 1), ("not ", -1), ("very ", 2)][rng.integers(3)]
            parts.append(f"the {thing} was {before}{opinion}")
            score += factor * value
        if score:
            texts.append(" and ".join(parts))
            labels.append(int(score > 0))
    return texts, np.array(labels, np.int64)


def waves(count: int, steps: int, seed: int) -> NDArray[np.float32]:
    """Time series [B, T, 1], each the sum of two sine waves of random period, phase and height.

    B is `count` and T is `steps`. Periods lie between 6 and 40 steps, heights between 0.2 and 0.5,
    so that values stay within -1 and 1.

    Raises:
      ValueError: `count`, `steps` or `seed` is not a whole number of at least 0.
    """
    count, steps = check_whole(count, "count"), check_whole(steps, "steps")
    seed = check_seed(seed)
    rng = np.random.default_rng(seed)
    period, phase, height = (
        rng.uniform(low, high, (count, 2, 1)) for low, high in ((6, 40), (0, 1), (0.2, 0.5))
    )  # [B, 2, 1] each
    turns = np.arange(steps) / period + phase  # [T] and [B, 2, 1] -> [B, 2, T]
    series = (height * np.sin(2 * np.pi * turns)).sum(axis=1)  # [B, 2, T] -> [B, T]
    return series[:, :, np.newaxis].astype(np.float32)  # [B, T] -> [B, T, 1]


class Sunspots(NamedTuple):
    """Sunspot numbers, year by year.

    Attributes:
      years: int64 [T], 1700 to 2008.
      numbers: float64 [T], the mean of each year.
    """

    years: NDArray[np.int64]
    numbers: NDArray[np.float64]


def sunspots() -> Sunspots:
    """The yearly sunspot numbers of 1700 to 2008, T = 309: a real series with a beat of its own.

    They rise and fall about every eleven years, unevenly, between 0 and 190.2. Published by the US
    National Geophysical Data Center, in the public domain; `sunspots.csv` in the package says more.
    """
    file = resources.files("unrolled") / "sunspots.csv"
    with file.open(encoding="utf-8") as lines:
        table = np.loadtxt(lines, delimiter=",", skiprows=5)  # [T, 2]; four lines say what it is
    return Sunspots(table[:, 0].astype(np.int64), table[:, 1])


def moby_dick() -> str:
    """Eighteen chapters of Moby-Dick (1851) by Herman Melville, 118633 characters, 70 different.

    Each title and each paragraph is one line. In the public domain; `moby_dick.txt` in the package
    says more.
    """
    return _text("moby_dick.txt")


def constitution() -> str:
    """The Constitution of the Republic of Korea, in Korean, 18497 characters, 380 different.

    Each paragraph is one line. In the public domain, as laws are; `constitution.txt` in the package
    says more.
    """
    return _text("constitution.txt")


def _text(name: str) -> str:
    """A text of the package, without the three lines that say where it comes from."""
    file = resources.files("unrolled") / name
    return file.read_text(encoding="utf-8").split("\n", 3)[3]


class DigitLines(NamedTuple):
    """Lines of handwritten digits that count.

    Attributes:
      images: float32 [B, T, height, width], zeros past a line's length.
      labels: int64 [B, T], the digit of each image, 0 past a line's length.
      lengths: int64 [B].
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]
    lengths: NDArray[np.int64]


def digit_lines(
    images: NDArray[np.float32],
    labels: NDArray[np.integer],
    count: int,
    seed: int,
    *,
    steps: int = 8,
    shortest: int = 4,
    strides: Sequence[int] = (1, 2, 3),
    noise: float = 0.0,
    shrink: int = 1,
) -> DigitLines:
    """Composes lines of real digits that count up or down, such as 3 5 7 9 1 or 2 1 0 9.

    Each line starts at a random digit and goes on by a random stride, up or down, 0 following 9.
    So a digit that is hard to read alone can be told from its neighbours: the order carries what
    one image does not show. Every digit's image is drawn anew from those that carry its label.

    Args:
      images: floating point [N, height, width], N digits; use one split for training and another
        for testing.
      labels: integers [N], what they are, each of 0 to 9 at least once.
      count: B, how many lines, 0 or more.
      seed: of the random numbers, a whole number of at least 0.
      steps: T, the longest length (default: 8).
      shortest: the shortest length; lengths are spread evenly from here to `steps` (default: 4).
      strides: what a line may count by, a list of whole numbers (default: (1, 2, 3)).
      noise: the standard deviation of noise added to every real pixel (default: 0.0).
      shrink: the mean over squares of this many pixels a side stands for each square; 2 turns
        28 by 28 into 14 by 14 (default: 1).

    Raises:
      TypeError: `images`, `labels` or `strides` are no arrays of numbers.
      ValueError: a number or a shape is not as above, the lengths do not fit each other, a digit
        is missing from the labels, images and labels differ in number, or `shrink` does not divide
        the images' sides.
    """
    count, seed = check_whole(count, "count"), check_seed(seed)
    steps, shortest = check_whole(steps, "steps"), check_whole(shortest, "shortest", lowest=1)
    noise, shrink = check_number(noise, "noise"), check_whole(shrink, "shrink", lowest=1)
    if shortest > steps:
        raise ValueError(f"shortest must not be greater than steps, {steps}; got {shortest}.")
    strides = as_whole_numbers(
        strides, "strides", "a list of whole numbers", "a line counts by whole numbers"
    ).tolist()
    if not isinstance(strides, list) or not strides or isinstance(strides[0], list):
        raise ValueError(
            f"strides must be a list of whole numbers, at least one; got {strides}: write (2,) "
            "for 2 alone."
        )
    images, labels = _digits(images, labels)
    height, width = images.shape[1:]
    if height % shrink or width % shrink:
        raise ValueError(
            f"shrink must divide both sides of the images, which are {height} by {width}; got "
            f"{shrink}."
        )
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, steps + 1, count)  # [B]
    start = rng.integers(0, 10, (count, 1))  # [B, 1]
    stride = rng.choice(np.mod(strides, 10), (count, 1)) * rng.choice([-1, 1], (count, 1))  # [B, 1]
    digits = (start + stride * np.arange(steps)) % 10  # [B, 1] and [T] -> [B, T]
    real = np.arange(steps) < lengths[:, np.newaxis]  # [T] and [B, 1] -> [B, T]

    chosen = np.zeros((count, steps), np.int64)  # [B, T], which image stands there
    for digit in range(10):
        here = digits == digit
        chosen[here] = rng.choice(np.flatnonzero(labels == digit), here.sum())
    small = images.reshape(-1, height // shrink, shrink, width // shrink, shrink).mean((2, 4))
    lines = small[chosen]  # [N, height, width] and [B, T] -> [B, T, height, width]
    if noise:
        lines += rng.normal(0, noise, lines.shape).astype(np.float32)
    lines[~real] = 0
    return DigitLines(lines, np.where(real, digits, 0).astype(np.int64), lengths.astype(np.int64))


def _digits(images: Any, labels: Any) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Images [N, height, width] and labels [N] that hold each digit, or an error."""
    images = as_array(images, "images", "floating-point numbers [N, height, width]")
    if images.ndim != 3 or images.dtype.kind != "f":
        raise ValueError(
            f"images must be floating-point numbers [N, height, width]; got {describe(images)}: "
            "divide bytes by 255, and give flat images their two sides back."
        )
    labels = as_whole_numbers(
        labels, "labels", "integers [N]", "take argmax over the last axis of one-hot labels"
    )
    if labels.ndim != 1:
        raise ValueError(f"labels must be integers [N]; got shape {labels.shape}.")
    check_pairs(images, labels)
    found = set(np.unique(labels).tolist())
    if found != set(range(10)):
        wrong = sorted(found - set(range(10)))
        missing = sorted(set(range(10)) - found)
        raise ValueError(
            "labels must hold each digit from 0 to 9 and nothing else; got "
            + (f"the label {wrong[0]}." if wrong else f"no digit {missing[0]}: give more of them.")
        )
    return images.astype(np.float32, copy=False), labels
