"""The speaker of telephone numbers: what is right to say, and that padding changes nothing."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from unrolled.experiments import attention, language, recorded


@pytest.mark.parametrize("number", ["7", "77", "777", "4072", "1777733"])
def test_every_reading_is_heard_right(number: str) -> None:
    readings = attention.readings(number)
    assert sum(readings.values()) == pytest.approx(1)
    assert {attention.written_down(words) for words in readings} == {number}
    rng = np.random.default_rng(0)
    assert {attention.say_aloud(number, rng) for _ in range(400)} <= readings.keys()


def test_readings_of_three_sevens() -> None:
    assert attention.readings("777") == pytest.approx(
        {
            "triple seven": 0.35,
            "double seven seven": 0.25,
            "seven double seven": 0.24,
            "seven seven seven": 0.16,
        }
    )


@pytest.mark.parametrize("words", ["double", "double triple seven", "seven triple"])
def test_what_makes_no_sense_is_heard_as_such(words: str) -> None:
    assert attention.written_down(words) == "?"


def test_training_has_no_number_of_the_tests() -> None:
    validation, test = attention.unseen()
    known = attention.known()
    assert not known.keys() & {*validation, *test} and len(known) == attention.COUNT
    lengths = [len(number) for number in test]
    assert sorted(set(lengths)) == list(attention.TEST_LENGTHS)
    assert {len(number) for number in known} == set(attention.LENGTHS)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("kind", attention.KINDS)
def test_padding_changes_nothing(kind: str) -> None:
    tf.random.set_seed(1)
    speaker = attention.Speaker(*attention.KINDS[kind][:2])
    word = tf.constant([-1])
    found = []
    for steps in (3, 8):
        digits = np.full([1, steps], 5)
        digits[0, :3] = 4, 7, 7
        state, remembered = speaker.read(tf.constant(digits), tf.constant([3]))
        logits, _, weights = speaker.step(word, state, remembered)
        found.append(logits)
        if weights is not None:
            np.testing.assert_allclose(np.sum(weights[0, :3]), 1, rtol=1e-6)
            assert not np.any(weights[0, 3:])
    np.testing.assert_allclose(*found, atol=1e-6)


def test_recorded_weights_make_the_recorded_speaker() -> None:
    weights = recorded("attention").columns[0]["weights"]
    speaker = attention.unpacked(weights)
    assert language.packed(speaker) == weights
    assert attention.answers(speaker, ["4072"]) == ["four zero seven two"]
