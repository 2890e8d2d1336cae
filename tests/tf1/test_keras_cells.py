"""Keras's cells in wrappers and stacks, which 1.15 refused; the oracle has the unrolls."""

from __future__ import annotations

import copy

import numpy as np
import pytest

import unrolled.tf1 as tf

X = np.random.default_rng(1).normal(size=(2, 5, 3)).astype("float32")
kinds = tf.keras.layers


def values(*tensors):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(tensors)


def test_a_stack_of_them_is_one_after_the_other():
    cells = [kinds.GRUCell(4), kinds.LSTMCell(2)]
    y, state = tf.nn.dynamic_rnn(tf.nn.rnn_cell.MultiRNNCell(cells), X, [5, 3], dtype=tf.float32)
    first, h = tf.nn.dynamic_rnn(cells[0], X, [5, 3], dtype=tf.float32)
    second, hc = tf.nn.dynamic_rnn(cells[1], first, [5, 3], dtype=tf.float32)
    got, wanted, got_states, wanted_states = values(y, second, state, (h, hc))
    np.testing.assert_allclose(got, wanted, atol=1e-6)
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), got_states, tuple(wanted_states)
    )


def test_a_stack_counts_their_variables():
    stack = tf.nn.rnn_cell.MultiRNNCell([kinds.GRUCell(4), tf.nn.rnn_cell.GRUCell(2)])
    tf.nn.dynamic_rnn(stack, X, dtype=tf.float32)
    names = [v.op.name for v in tf.trainable_variables()]
    assert len(stack.weights) == len(names) == 7
    assert "rnn/multi_rnn_cell/cell_1/gru_cell/gates/kernel" in names


@pytest.mark.parametrize(
    "wrap",
    [
        lambda cell: tf.nn.rnn_cell.DropoutWrapper(cell, seed=1),
        lambda cell: tf.nn.rnn_cell.DeviceWrapper(cell, "/cpu:0"),
        lambda cell: tf.nn.rnn_cell.ResidualWrapper(cell, residual_fn=lambda x, y: y),
    ],
)
@pytest.mark.parametrize("kind", ["SimpleRNNCell", "GRUCell", "LSTMCell"])
def test_a_wrapper_around_one_that_changes_nothing(wrap, kind):
    cell = getattr(kinds, kind)(3)
    y, state = tf.nn.dynamic_rnn(wrap(cell), X, dtype=tf.float32)
    plain, plain_state = tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    one, two, three, four = values(y, plain, state, plain_state)
    np.testing.assert_allclose(one, two, atol=1e-6)
    np.testing.assert_allclose(np.asarray(three), np.asarray(four), atol=1e-6)


def test_dropout_around_one_drops_its_outputs():
    cell = tf.nn.rnn_cell.DropoutWrapper(kinds.GRUCell(40), output_keep_prob=0.5, seed=1)
    y, _ = tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    [numbers] = values(y)
    assert 0.3 < (numbers == 0).mean() < 0.7


def test_a_copy_of_a_wrapper_has_a_cell_of_its_own():
    cell = tf.nn.rnn_cell.DropoutWrapper(kinds.GRUCell(4))
    twin = copy.deepcopy(cell)
    tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)
    tf.nn.dynamic_rnn(twin, X, dtype=tf.float32, scope="twin")
    assert len(tf.trainable_variables()) == 6


def test_a_layer_is_no_cell():
    with pytest.raises(TypeError, match="cell must be a cell; got a GRU, which lacks"):
        tf.nn.dynamic_rnn(kinds.GRU(4), X, dtype=tf.float32)


def test_a_state_that_does_not_fit():
    with pytest.raises(ValueError, match="initial_state"):
        tf.nn.dynamic_rnn(kinds.GRUCell(4), X, initial_state=tf.zeros([2, 3]))
