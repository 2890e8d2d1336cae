"""Lists and tensors, masks, and the last real step."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u

B, T, U = 3, 4, 2
X = np.arange(B * T * U, dtype=np.float32).reshape(B, T, U)


def test_unpack_gives_the_frames():
    frames = u.unpack_sequence(X)
    assert len(frames) == T
    for t, frame in enumerate(frames):
        np.testing.assert_array_equal(frame, X[:, t])


@pytest.mark.parametrize("shape", [(3, 4), (3, 4, 2), (1, 1, 1, 5)])
def test_pack_undoes_unpack(shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(u.pack_sequence(u.unpack_sequence(x)), x)


@pytest.mark.parametrize("traced", [False, True])
def test_last_relevant(traced):
    last = tf.function(u.last_relevant) if traced else u.last_relevant
    expected = [[0, 0], X[1, 0], X[2, 3]]
    np.testing.assert_array_equal(last(tf.constant(X), tf.constant([0, 1, 4])), expected)


def test_last_relevant_of_no_steps():
    np.testing.assert_array_equal(u.last_relevant(X[:, :0], [0, 0, 0]), np.zeros((B, U)))


def test_last_relevant_of_no_steps_known_only_at_run_time():
    signature = [tf.TensorSpec([None, None, U]), tf.TensorSpec([None], tf.int32)]
    last = tf.function(u.last_relevant, input_signature=signature)
    np.testing.assert_array_equal(last(X[:, :0], [0, 0, 0]), np.zeros((B, U)))


def test_last_relevant_ignores_what_lies_beyond():
    dirty = X.copy()
    dirty[0] = np.nan
    dirty[1, 1:] = np.nan
    np.testing.assert_array_equal(u.last_relevant(dirty, [0, 1, 4]), [[0, 0], X[1, 0], X[2, 3]])


def test_last_relevant_is_the_final_output_of_an_unroll():
    cell = u.GRUCell(5)
    outputs, state = u.dynamic_rnn(cell, X, [0, 2, 4], dtype=tf.float32)
    np.testing.assert_array_equal(u.last_relevant(outputs, [0, 2, 4]), state)


def test_sequence_mask():
    mask = u.sequence_mask([0, 1, 3], 4)
    assert mask.dtype == tf.bool
    expected = [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0]]
    np.testing.assert_array_equal(mask, np.array(expected, bool))
    np.testing.assert_array_equal(u.sequence_mask([0, 1, 3], 4, tf.float32), expected)
    assert u.sequence_mask([0, 1, 3]).shape == (3, 3)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (lambda: u.unpack_sequence(np.zeros(3)), ValueError, r"\[B, T, ...\].*got shape \(3,\)"),
        (lambda: u.pack_sequence(X), TypeError, r"got one tensor of shape \(3, 4, 2\)"),
        (lambda: u.pack_sequence([]), ValueError, "at least one step; got an empty list"),
        (lambda: u.last_relevant(X, [1, 2]), ValueError, "each of the 3 rows.*got 2"),
        (lambda: u.last_relevant(X, [1, 2, 5]), ValueError, r"steps, 4; got \[1, 2, 5\]"),
        (lambda: u.last_relevant(X, [1, 2, 3.0]), ValueError, "must be integers; got float64"),
        (lambda: u.last_relevant(X[0, 0], [1, 2]), ValueError, r"got shape \(2,\)"),
        (lambda: u.sequence_mask([1, 5], 4), ValueError, r"maxlen, 4; got \[1, 5\]"),
        (lambda: u.sequence_mask([-1, 2], 4), ValueError, r"not be negative; got \[-1, 2\]"),
    ],
)
def test_errors(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_unpack_needs_a_known_number_of_steps():
    traced = tf.function(u.unpack_sequence, input_signature=[tf.TensorSpec([2, None, 3])])
    with pytest.raises(ValueError, match="known number of steps T"):
        traced(tf.zeros([2, 4, 3]))
