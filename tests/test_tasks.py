"""The small made tasks: what they promise, by hand and by property."""

import subprocess
import sys
import unicodedata

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
            (lambda: tasks.Alphabet("ab", end="a"), "symbols must be different"),
            (lambda: tasks.Alphabet(["a", ""]), "symbols must not be empty"),
            (lambda: tasks.Alphabet(["a b", "c"], separator=" "), "not contain the separator, ' '"),
            (lambda: LETTERS.encode("help"), "text must be made of the symbols .*; got 'p'"),
            (lambda: WORDS.encode("one  two"), "text must be made of the symbols .*; got ''"),
            (lambda: LETTERS.encode("h", end=True), "make it with end="),
            (lambda: LETTERS.decode([0.5]), "numbers must be integers; got float64: .*argmax"),
            (lambda: LETTERS.decode([4]), "must lie in 0..3; got 4 to 4"),
            (lambda: LETTERS.decode([-1]), "must lie in 0..3; got -1"),
            (lambda: LETTERS.one_hot([-2]), "must lie in -1..3; got -2"),
            (lambda: LETTERS.one_hot([[0.0, 1.0]]), "numbers must be integers; got float64"),
            (lambda: LETTERS.one_hot([True]), "numbers must be integers; got bool"),
            (lambda: LETTERS.one_hot([[1], [1, 2]]), "numbers must be .* differ in length"),
            (lambda: LETTERS.one_hot(np.array([2**64 - 1], np.uint64)), "numbers must be integers"),
            (
                lambda: LETTERS.decode([[0, 1]]),
                r"numbers must be a vector .*; got shape \(1, 2\)",
            ),
            (lambda: LETTERS.decode(1), r"numbers must be a vector \[T\]; got shape \(\)"),
        ],
    )
    def test_errors_say_what_was_given_and_what_is_wanted(self, call, words):
        with pytest.raises(ValueError, match=rf"{words}.*\.$"):
            call()

    @pytest.mark.parametrize("wrong", [None, 5, 2.5, b"ab", [1, 2], ["a", None], {"a": 0}, [["a"]]])
    def test_symbols_and_texts_are_strings(self, wrong):
        with pytest.raises(TypeError, match=r"symbols must be .*list of strings; got .*\.$"):
            tasks.Alphabet(wrong)
        with pytest.raises(TypeError, match=r"text must be .*list of strings; got .*\.$"):
            LETTERS.encode(wrong)

    def test_a_set_has_no_order(self):
        with pytest.raises(TypeError, match=r"symbols .*; got a set, .* sorted\(symbols\)\.$"):
            tasks.Alphabet({"a", "b"})
        with pytest.raises(TypeError, match=r"text .*; got a set, which has no order"):
            LETTERS.encode({"h", "e"})

    @pytest.mark.parametrize("wrong", [5, True, b"$", ["$"]])
    def test_end_and_separator_are_strings(self, wrong):
        with pytest.raises(TypeError, match=r"end must be a string; got .*\.$"):
            tasks.Alphabet("ab", end=wrong)
        with pytest.raises(TypeError, match=r"separator must be a string; got .*\.$"):
            tasks.Alphabet("ab", separator=wrong)

    @pytest.mark.parametrize("wrong", ["<end>", 1, None])
    def test_the_flag_end(self, wrong):
        with pytest.raises(TypeError, match=r"end must be True or False; got .*\.$"):
            WORDS.encode("one", end=wrong)

    @pytest.mark.parametrize("wrong", [None, "0", "abc", {0}, {"a": 1}, ["h"], len])
    def test_numbers_are_arrays(self, wrong):
        for method in (LETTERS.one_hot, LETTERS.decode):
            with pytest.raises(TypeError, match=r"numbers must be integers; got .*\.$"):
                method(wrong)

    def test_empty_texts(self):
        assert LETTERS.encode("").shape == WORDS.encode("").shape == (0,)
        assert WORDS.encode("", end=True).tolist() == [29]
        assert LETTERS.decode([]) == ""
        assert LETTERS.one_hot([]).shape == (0, 4)


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
            (lambda: tasks.pad([]), "sequences must be .* one for each row; got an empty list"),
            (lambda: tasks.pad([[1], [[1]]]), r"sequences must be .*; got one of shape \(1, 1\)"),
            (lambda: tasks.pad([1, 2, 3]), r"sequences must be .*; got one of shape \(\)"),
            (lambda: tasks.pad([[1], [0.5]]), r"sequences\[1\] must be a vector .*; got float64"),
            (lambda: tasks.pad([[True]]), r"sequences\[0\] must be a vector .*; got bool"),
            (
                lambda: tasks.pad([[1], [[1], [2, 3]]]),
                r"sequences\[1\] must .* differ in length",
            ),
            (lambda: tasks.pad([[1, 2, 3]], steps=2), "steps must be at least 3, .*; got 2"),
            *(
                (lambda steps=steps: tasks.pad([[1]], steps=steps), "steps must be a whole number")
                for steps in (2.5, 2.0, -1, True, "3", np.inf, np.nan, [2])
            ),
            *(
                (lambda value=value: tasks.pad([[1]], value=value), "value must be a whole number")
                for value in (2.7, 2.0, True, "0", np.inf, np.nan, None, [0])
            ),
            (lambda: tasks.pad([[1]], value=2**70), "value must fit into 64 bits"),
        ],
    )
    def test_errors(self, call, words):
        with pytest.raises(ValueError, match=rf"{words}.*\.$"):
            call()

    @pytest.mark.parametrize("wrong", [None, 5, "abc", {"a": [1]}, {1, 2}, np.array(3)])
    def test_things_that_are_no_lists(self, wrong):
        with pytest.raises(TypeError, match=r"sequences must be a list of vectors .*; got .*\.$"):
            tasks.pad(wrong)

    @pytest.mark.parametrize("wrong", [None, "abc", {"a": 1}, ["a"]])
    def test_rows_that_are_no_vectors(self, wrong):
        with pytest.raises(TypeError, match=r"sequences\[1\] must be a vector .*; got .*\.$"):
            tasks.pad([[1], wrong])


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

    @given(st.one_of(st.integers(max_value=-1), st.integers(min_value=1000)))
    def test_outside(self, number):
        with pytest.raises(ValueError, match=r"number must be .* in 0\.\.999; got .*\.$"):
            tasks.words_for(number)

    @given(st.one_of(st.floats(), st.booleans(), st.text(max_size=3), st.none()))
    def test_not_whole(self, number):
        with pytest.raises(ValueError, match=r"(?s)number must be a whole number .*; got .*\.$"):
            tasks.words_for(number)

    def test_whole_numbers_of_numpy(self):
        assert tasks.words_for(np.int8(21)) == "twenty one"


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


def test_sunspots_are_those_that_were_published():
    years, numbers = tasks.sunspots()
    assert years.tolist() == list(range(1700, 2009))
    assert numbers.shape == (309,) and numbers.dtype == np.float64
    # The sum and these years are those of statsmodels.datasets.sunspots, which holds the same file.
    of_year = dict(zip(years.tolist(), numbers.tolist(), strict=True))
    assert [of_year[year] for year in (1700, 1778, 1810, 1957, 2008)] == [5, 154.4, 0, 190.2, 2.9]
    assert years[numbers.argmax()] == 1957 and numbers.min() == 0
    assert round(numbers.sum(), 1) == 15373.4


def test_sunspots_are_read_anew_each_time():
    tasks.sunspots().numbers[:] = 0
    assert tasks.sunspots().numbers.any()


@pytest.mark.parametrize(
    ("text", "size", "symbols", "first"),
    [
        (tasks.moby_dick(), 118633, 70, "Loomings.\nCall me Ishmael."),
        (tasks.constitution(), 18497, 380, "대한민국헌법\n유구한 역사와 전통에 빛나는"),
    ],
)
def test_texts_are_whole(text, size, symbols, first):
    assert (len(text), len(set(text))) == (size, symbols)
    assert text.startswith(first) and text.endswith(".\n") and "\n\n" not in text
    assert unicodedata.is_normalized("NFC", text)


@pytest.mark.parametrize(
    "make", [lambda seed: tasks.reviews(20, seed), lambda seed: tasks.waves(20, 5, seed)]
)
def test_the_same_seed_gives_the_same_data(make):
    def flat(data):
        return [np.asarray(part).tolist() for part in data]

    assert flat(make(3)) == flat(make(3))
    assert flat(make(3)) != flat(make(4))


NOT_WHOLE = st.one_of(
    st.floats(), st.booleans(), st.text(max_size=3), st.none(), st.lists(st.integers(1, 3))
)


class TestCountsAndSeeds:
    """Of everything that is drawn: a whole number in its range, or an error that names it."""

    GOOD = {
        tasks.reviews: {"count": 3, "seed": 1, "clauses": 2},
        tasks.waves: {"count": 3, "steps": 4, "seed": 1},
    }
    NAMES = [(function, name) for function, good in GOOD.items() for name in good]

    @pytest.mark.parametrize(("function", "name"), NAMES)
    @given(wrong=st.one_of(NOT_WHOLE, st.integers(max_value=-1)))
    def test_wrong(self, function, name, wrong):
        with pytest.raises(ValueError, match=rf"(?s)^{name} must be a whole number .*; got .*\.$"):
            function(**{**self.GOOD[function], name: wrong})

    def test_no_clause(self):
        with pytest.raises(ValueError, match=r"clauses must be a whole number in 1\.\..*; got 0"):
            tasks.reviews(3, 1, clauses=0)

    def test_nothing_asked_for(self):
        texts, labels = tasks.reviews(0, 1)
        assert texts == [] and labels.shape == (0,)
        assert tasks.waves(0, 5, 1).shape == (0, 5, 1)
        assert tasks.waves(2, 0, 1).shape == (2, 0, 1)

    def test_whole_numbers_of_numpy(self):
        assert tasks.reviews(np.int64(3), np.uint8(1))[0] == tasks.reviews(3, 1)[0]


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

    def test_the_images_given_are_left_alone(self):
        images = self.images.copy()
        tasks.digit_lines(images, self.labels, 20, 1, noise=1.0)
        assert np.array_equal(images, self.images)

    def test_long_strides_count_by_their_last_digit(self):
        far = self.make(strides=(10**18 + 1, 2**62))
        assert np.array_equal(far.labels, self.make(strides=(1, 2**62 % 10)).labels)

    def test_images_in_64_bits_give_32(self):
        lines = tasks.digit_lines(self.images.astype(float), self.labels, 3, 1)
        assert lines.images.dtype == np.float32

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ({"steps": 3}, "shortest must not be greater than steps, 3; got 4"),
            ({"shortest": 0}, "shortest must be a whole number of at least 1; got 0"),
            ({"shrink": 4}, "shrink must divide both sides of the images, .* 4 by 6; got 4"),
            ({"shrink": 0}, "shrink must be a whole number of at least 1; got 0"),
            ({"noise": -0.5}, "noise must be a finite number of at least 0; got -0.5"),
            ({"noise": np.nan}, "noise must be a finite number of at least 0; got nan"),
            ({"noise": np.inf}, "noise must be a finite number of at least 0; got inf"),
            ({"noise": True}, "noise must be a finite number of at least 0; got True"),
            ({"noise": "much"}, "noise must be a finite number of at least 0; got 'much'"),
            ({"strides": 2}, r"strides must be a list .*; got 2: write \(2,\)"),
            ({"strides": ()}, r"strides must be a list .*; got \[\]"),
            ({"strides": (1.5,)}, "strides must be a list of whole numbers; got float64"),
            ({"strides": (True,)}, "strides must be a list of whole numbers; got bool"),
            ({"strides": [[1, 2]]}, r"strides must be a list of whole numbers.*; got \[\[1, 2\]\]"),
        ],
    )
    def test_errors(self, more, words):
        with pytest.raises(ValueError, match=rf"{words}.*\.$"):
            self.make(**more)

    @pytest.mark.parametrize("name", ["count", "seed", "steps", "shortest", "shrink"])
    @given(wrong=st.one_of(NOT_WHOLE, st.integers(max_value=-1)))
    def test_counts_are_whole(self, name, wrong):
        arguments = {"images": self.images, "labels": self.labels, "count": 3, "seed": 1}
        with pytest.raises(ValueError, match=rf"(?s)^{name} must be a whole number .*; got .*\.$"):
            tasks.digit_lines(**{**arguments, name: wrong})

    @pytest.mark.parametrize("wrong", [None, "123", {1, 2}])
    def test_strides_are_an_array(self, wrong):
        with pytest.raises(TypeError, match=r"strides must be a list of whole numbers; got .*\.$"):
            self.make(strides=wrong)

    @pytest.mark.parametrize(
        ("images", "labels", "error", "words"),
        [
            (images[:9], labels[:9], ValueError, "labels must hold each digit .*; got no digit 9"),
            (images[:9], labels, ValueError, "images and labels .*; got 9 images and 30 labels"),
            (images, labels + 1, ValueError, "labels must hold each digit .*; got the label 10"),
            (images, labels - 1, ValueError, "labels must hold each digit .*; got the label -1"),
            (images, labels * 1.0, ValueError, "labels must be integers .*; got float64"),
            (images, labels == 1, ValueError, "labels must be integers .*; got bool"),
            (images, np.eye(10, dtype=int)[labels], ValueError, r"labels .*; got shape \(30, 10\)"),
            (images, None, TypeError, "labels must be integers .*; got None"),
            (images, "labels", TypeError, "labels must be integers .*; got 'labels'"),
            (images.astype(np.uint8), labels, ValueError, "images must be floating.* dtype uint8"),
            (images.reshape(30, 24), labels, ValueError, r"images must be .* \(30, 24\)"),
            (images[..., None], labels, ValueError, r"images must be .* \(30, 4, 6, 1\)"),
            (None, labels, TypeError, "images must be .*; got None"),
            ([[[1.0]], [[1.0, 2.0]]], labels, ValueError, "images must be .* differ in length"),
        ],
    )
    def test_errors_in_the_data(self, images, labels, error, words):
        with pytest.raises(error, match=rf"{words}.*\.$"):
            tasks.digit_lines(images, labels, 3, 1)
