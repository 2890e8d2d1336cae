"""The small made tasks: what they promise, by hand and by property."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled import tasks

LETTERS = tasks.Alphabet("helo")
WORDS = tasks.Alphabet(tasks.NUMBER_WORDS, end="<end>", separator=" ")


def test_tensorflow_is_not_imported():
    code = "import sys, unrolled.tasks; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


class TestAlphabet:
    def test_numbers_follow_the_order_of_the_symbols(self):
        assert LETTERS.encode("hello").tolist() == [0, 1, 2, 2, 3]
        assert len(LETTERS) == 4

    def test_the_end_token_comes_last(self):
        assert len(WORDS) == 30
        assert WORDS.end_number == 29
        assert WORDS.encode("two one", end=True).tolist() == [2, 1, 29]

    def test_decoding_stops_at_the_first_end_token(self):
        assert WORDS.decode([2, 1, 29, 5, 29]) == "two one"
        assert WORDS.decode([29, 3]) == ""

    def test_one_hot(self):
        expected = [[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
        vectors = LETTERS.one_hot([0, 3, -1])
        assert vectors.tolist() == expected
        assert vectors.dtype == np.float32

    @given(st.lists(st.integers(-1, 3), max_size=6), st.integers(1, 3))
    def test_one_hot_keeps_leading_axes(self, numbers, rows):
        block = np.array([numbers] * rows, np.int64).reshape(rows, len(numbers))
        vectors = LETTERS.one_hot(block)
        assert vectors.shape == (*block.shape, 4)
        assert np.array_equal(vectors.sum(-1), block >= 0)
        assert np.array_equal(vectors.argmax(-1)[block >= 0], block[block >= 0])

    @given(st.text("helo", max_size=12))
    def test_decode_undoes_encode(self, text):
        assert LETTERS.decode(LETTERS.encode(text)) == text

    @given(st.lists(st.sampled_from(tasks.NUMBER_WORDS), max_size=5))
    def test_decode_undoes_encode_for_words(self, words):
        text = " ".join(words)
        assert WORDS.decode(WORDS.encode(text, end=True)) == text
        assert np.array_equal(WORDS.encode(words), WORDS.encode(text))

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: tasks.Alphabet("hello"), "symbols must be different"),
            (lambda: tasks.Alphabet(""), "at least one"),
            (lambda: tasks.Alphabet("ab", end="b"), "symbols must be different"),
            (lambda: LETTERS.encode("help"), "symbol 'p', expected one of"),
            (lambda: LETTERS.encode("h", end=True), "make it with end="),
            (lambda: LETTERS.decode([0.5]), "must be integers, but float64 came"),
            (lambda: LETTERS.decode([4]), "must lie in 0..3; got 4 to 4"),
            (lambda: LETTERS.decode([-1]), "must lie in 0..3; got -1"),
            (lambda: LETTERS.one_hot([-2]), "must lie in -1..3; got -2"),
        ],
    )
    def test_errors_say_what_came_and_what_was_expected(self, call, words):
        with pytest.raises(ValueError, match=words):
            call()


class TestPad:
    def test_by_hand(self):
        numbers, lengths = tasks.pad([[5, 6], [], [7, 8, 9]], value=1)
        assert numbers.tolist() == [[5, 6, 1], [1, 1, 1], [7, 8, 9]]
        assert lengths.tolist() == [2, 0, 3]

    @given(st.lists(st.lists(st.integers(0, 9), max_size=6), min_size=1, max_size=5))
    def test_nothing_is_lost(self, rows):
        numbers, lengths = tasks.pad(rows, steps=7)
        assert numbers.shape == (len(rows), 7)
        for row, given_row, length in zip(numbers, rows, lengths, strict=True):
            assert row[:length].tolist() == given_row
            assert not row[length:].any()

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda: tasks.pad([]), "one for each row; an empty list came"),
            (lambda: tasks.pad([[1], [[1]]]), r"int64 of shape \[1, 1\] came"),
            (lambda: tasks.pad([[0.5]]), r"one for each row; float64 of shape \[1\]"),
            (lambda: tasks.pad([[1, 2, 3]], steps=2), "steps is 2, but a sequence has 3 numbers"),
        ],
    )
    def test_errors(self, call, words):
        with pytest.raises(ValueError, match=words):
            call()


class TestWordsForNumbers:
    @pytest.mark.parametrize(
        ("number", "words"),
        [
            (0, "zero"),
            (7, "seven"),
            (13, "thirteen"),
            (20, "twenty"),
            (21, "twenty one"),
            (100, "one hundred"),
            (105, "one hundred five"),
            (110, "one hundred ten"),
            (342, "three hundred forty two"),
            (999, "nine hundred ninety nine"),
        ],
    )
    def test_by_hand(self, number, words):
        assert tasks.words_for(number) == words

    def test_all_differ_and_use_every_word(self):
        texts = [tasks.words_for(number) for number in range(1000)]
        assert len(set(texts)) == 1000
        assert set(" ".join(texts).split()) == set(tasks.NUMBER_WORDS)

    @pytest.mark.parametrize("number", [-1, 1000])
    def test_outside(self, number):
        with pytest.raises(ValueError, match=f"number is {number}, expected 0 to 999"):
            tasks.words_for(number)


def praise(text):
    """The label of a review, worked out from its text alone."""
    score = 0
    for clause in text.split(" and "):
        *_, before, opinion = clause.split()
        value = 1 if opinion in ("good", "great") else -1
        score += value * {"not": -1, "very": 2, "was": 1}[before]
    assert score != 0
    return score > 0


def test_reviews_say_what_their_labels_say():
    texts, labels = tasks.reviews(300, seed=1)
    assert labels.tolist() == [praise(text) for text in texts]
    assert set(" ".join(texts).split()) == set(tasks.REVIEW_WORDS)
    assert 0.4 < labels.mean() < 0.6
    assert {text.count(" and ") for text in texts} == {0, 1, 2}


def test_waves_stay_within_one_and_differ():
    series = tasks.waves(50, 40, seed=2)
    assert series.shape == (50, 40, 1)
    assert series.dtype == np.float32
    assert np.abs(series).max() <= 1
    assert np.unique(series[:, 0]).size == 50


@pytest.mark.parametrize(
    "make", [lambda seed: tasks.reviews(20, seed), lambda seed: tasks.waves(20, 5, seed)]
)
def test_the_same_seed_gives_the_same_data(make):
    def flat(data):
        return [np.asarray(part).tolist() for part in data]

    assert flat(make(3)) == flat(make(3))
    assert flat(make(3)) != flat(make(4))


class TestDigitLines:
    # The images of a digit are filled with its value, so that a line can be read back.
    labels = np.tile(np.arange(10), 3)
    images = np.broadcast_to(labels[:, None, None], (30, 4, 6)).astype(np.float32)

    def make(self, seed=1, **more):
        return tasks.digit_lines(self.images, self.labels, 60, seed, **more)

    def test_images_are_of_the_digits_that_the_labels_say(self):
        lines = self.make()
        assert lines.images.shape == (60, 8, 4, 6)
        assert lines.images.dtype == np.float32
        assert np.array_equal(lines.images[:, :, 0, 0], lines.labels)
        assert (lines.images == lines.images[:, :, :1, :1]).all()

    def test_lines_count_by_one_stride(self):
        lines = self.make(strides=(1, 3))
        seen = set()
        for row, length in zip(lines.labels, lines.lengths, strict=True):
            jumps = set((np.diff(row[:length]) % 10).tolist())
            assert len(jumps) == 1
            seen |= jumps
        assert seen == {1, 3, 7, 9}

    def test_padding_is_zero_even_with_noise(self):
        lines = self.make(noise=0.5)
        past = np.arange(8) >= lines.lengths[:, None]
        assert not lines.images[past].any()
        assert not lines.labels[past].any()
        assert not np.array_equal(lines.images[~past], self.make().images[~past])

    def test_lengths(self):
        assert set(self.make(steps=5, shortest=2).lengths.tolist()) == {2, 3, 4, 5}
        assert set(self.make(steps=6, shortest=6).lengths.tolist()) == {6}

    def test_shrinking_takes_means(self):
        images = np.arange(24, dtype=np.float32).reshape(1, 4, 6).repeat(10, 0)
        lines = tasks.digit_lines(images, np.arange(10), 3, 1, shrink=2)
        assert lines.images.shape == (3, 8, 2, 3)
        assert lines.images[0, 0, 0].tolist() == [3.5, 5.5, 7.5]

    def test_the_seed_decides(self):
        first, again, other = self.make(seed=5), self.make(seed=5), self.make(seed=6)
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
        assert not np.array_equal(first.labels, other.labels)

    def test_the_images_that_came_are_left_alone(self):
        images = self.images.copy()
        tasks.digit_lines(images, self.labels, 20, 1, noise=1.0)
        assert np.array_equal(images, self.images)

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"steps": 3}, "shortest is 4 and steps 3"),
            ({"shortest": 0}, "shortest is 0 and steps 8"),
            ({"shrink": 4}, "shrink is 4, which does not divide images of 4 by 6"),
        ],
    )
    def test_errors(self, more, words):
        with pytest.raises(ValueError, match=words):
            self.make(**more)

    def test_errors_in_the_data(self):
        with pytest.raises(ValueError, match="labels hold no digit 9, expected each of 0 to 9"):
            tasks.digit_lines(self.images[:9], self.labels[:9], 3, 1)
        with pytest.raises(ValueError, match="images are 9 and labels 30"):
            tasks.digit_lines(self.images[:9], self.labels, 3, 1)
