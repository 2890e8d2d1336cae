"""Small made tasks: symbols as numbers, padding, words for numbers, sentences, waves, digit lines.

NumPy alone. Everything drawn at random takes a seed, and the same seed gives the same arrays. The
letters: B rows in the batch, T steps, C classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Alphabet:
    """Symbols and the class numbers that stand for them: the n-th symbol has the number n.

        letters = Alphabet("helo")
        letters.encode("hello")                    # [0, 1, 2, 2, 3]
        words = Alphabet(["one", "two"], end="<end>", separator=" ")
        words.encode("two one", end=True)          # [1, 0, 2]

    Args:
      symbols: the symbols in order, all different; a string gives its characters.
      end: the end-of-sequence token, one more symbol, which gets the last number; None for none.
      separator: what stands between the symbols of a text; "" where symbols are characters.

    Raises:
      ValueError: a symbol comes twice, or there is none.
    """

    def __init__(self, symbols: Iterable[str], end: str | None = None, separator: str = ""):
        self.symbols = [*symbols] + ([] if end is None else [end])
        self.end = end
        self.separator = separator
        self._numbers = {symbol: number for number, symbol in enumerate(self.symbols)}
        if len(self._numbers) != len(self.symbols) or not self.symbols:
            raise ValueError(
                f"symbols must be different and at least one; got {self.symbols}: leave out what "
                "comes twice."
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
        """Text, or its symbols one by one, as numbers [T]; with `end` the token follows.

        Raises:
          ValueError: a symbol is not of this alphabet.
        """
        if isinstance(text, str) and self.separator:
            text = text.split(self.separator) if text else []
        symbols = list(text)
        unknown = [symbol for symbol in symbols if symbol not in self._numbers]
        if unknown:
            raise ValueError(
                f"text holds the symbol {unknown[0]!r}, expected one of {self.symbols}: add it to "
                "the alphabet."
            )
        numbers = [self._numbers[symbol] for symbol in symbols]
        return np.array(numbers + ([self.end_number] if end else []), np.int64)

    def decode(self, numbers: ArrayLike) -> str:
        """Numbers [T] as text, read up to the first end-of-sequence token and without it."""
        symbols: list[str] = []
        for number in self._checked(numbers, lowest=0):
            if self.end is not None and number == self.end_number:
                break
            symbols.append(self.symbols[number])
        return self.separator.join(symbols)

    def one_hot(self, numbers: ArrayLike) -> NDArray[np.float32]:
        """Numbers [...] as vectors [..., C]: 1 at the symbol's number, 0 elsewhere.

        The number -1 stands for no symbol at all and gives zeros.
        """
        checked = self._checked(numbers, lowest=-1)
        vectors = np.vstack([np.eye(len(self), dtype=np.float32), np.zeros((1, len(self)))])
        return vectors[checked].astype(np.float32)  # [...] -> [..., C]; row -1 is the zeros

    def _checked(self, numbers: ArrayLike, lowest: int) -> NDArray[np.int64]:
        array = np.asarray(numbers)
        if array.size and array.dtype.kind not in "iu":
            raise ValueError(
                f"numbers must be integers, but {array.dtype.name} came: for scores take "
                "argmax over the last axis."
            )
        array = array.astype(np.int64)
        if array.size and not lowest <= array.min() <= array.max() < len(self):
            raise ValueError(
                f"numbers must lie in {lowest}..{len(self) - 1}; got {array.min()} to "
                f"{array.max()}: encode with the same alphabet."
            )
        return array


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
      sequences: B of them, each a vector of numbers.
      steps: T; the longest length where it is left out.
      value: the padding. Any number will do where lengths or weights say what is real.

    Raises:
      ValueError: there is no sequence, one is not a vector of integers, or one is longer than
        `steps`.
    """
    rows = [np.asarray(row) for row in sequences]
    wrong = [row for row in rows if row.ndim != 1 or (row.size and row.dtype.kind not in "iu")]
    if wrong or not rows:
        came = "an empty list"
        if wrong:
            came = f"{wrong[0].dtype.name} of shape {list(wrong[0].shape)}"
        raise ValueError(
            f"sequences must be a list of vectors of whole numbers, one for each row; {came} came: "
            "encode the symbols of each row first."
        )
    lengths = np.array([row.size for row in rows], np.int64)  # [B]
    longest = int(lengths.max())
    steps = longest if steps is None else steps
    if longest > steps:
        raise ValueError(
            f"steps is {steps}, but a sequence has {longest} numbers: give at least {longest}."
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
      ValueError: the number is outside 0..999.
    """
    if not 0 <= number <= 999:
        raise ValueError(f"number is {number}, expected 0 to 999: take it apart first.")
    hundreds, rest = divmod(number, 100)
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
      count: B, how many.
      seed: of the random numbers.
      clauses: a review has 1 to this many.

    Returns:
      B texts of `REVIEW_WORDS` with blanks between, and labels int64 [B], 1 for praise.
    """
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
    """
    rng = np.random.default_rng(seed)
    period, phase, height = (
        rng.uniform(low, high, (count, 2, 1)) for low, high in ((6, 40), (0, 1), (0.2, 0.5))
    )  # [B, 2, 1] each
    turns = np.arange(steps) / period + phase  # [T] and [B, 2, 1] -> [B, 2, T]
    series = (height * np.sin(2 * np.pi * turns)).sum(axis=1)  # [B, 2, T] -> [B, T]
    return series[:, :, np.newaxis].astype(np.float32)  # [B, T] -> [B, T, 1]


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
      images: [N, height, width], N digits; use one split for training and another for testing.
      labels: [N], what they are, each of 0 to 9 at least once.
      count: B, how many lines.
      seed: of the random numbers.
      steps: T, the longest length.
      shortest: the shortest length; lengths are spread evenly from here to `steps`.
      strides: what a line may count by.
      noise: the standard deviation of noise added to every real pixel.
      shrink: the mean over squares of this many pixels a side stands for each square; 2 turns
        28 by 28 into 14 by 14.

    Raises:
      ValueError: the lengths do not fit each other, a digit is missing from the labels, images and
        labels differ in number, or `shrink` does not divide the images' sides.
    """
    if not 1 <= shortest <= steps:
        raise ValueError(
            f"shortest is {shortest} and steps {steps}, expected 1 <= shortest <= steps: give a "
            "shortest length no longer than the longest."
        )
    if len(images) != len(labels):
        raise ValueError(
            f"images are {len(images)} and labels {len(labels)}, expected as many of one as of the "
            "other: take both from the same split."
        )
    missing = sorted(set(range(10)) - set(np.unique(labels).tolist()))
    if missing:
        raise ValueError(f"labels hold no digit {missing[0]}, expected each of 0 to 9: give more.")
    height, width = images.shape[1:]
    if height % shrink or width % shrink:
        raise ValueError(
            f"shrink is {shrink}, which does not divide images of {height} by {width}: give a "
            "divisor of both."
        )
    rng = np.random.default_rng(seed)
    lengths = rng.integers(shortest, steps + 1, count)  # [B]
    start = rng.integers(0, 10, (count, 1))  # [B, 1]
    stride = rng.choice(strides, (count, 1)) * rng.choice([-1, 1], (count, 1))  # [B, 1]
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
