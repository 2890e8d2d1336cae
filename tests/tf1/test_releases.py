"""Programs of releases in which the same line meant something else: UNROLLED_TF1_RELEASE."""

import numpy as np
import pytest
from unrolled.tf1.contrib import rnn

import unrolled.tf1 as tf
from unrolled.tf1.shims import release

B, T, D, U = 3, 4, 5, 6


def unrolled_once(cell, **how):
    x = tf.placeholder(tf.float32, [None, T, D])
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, **how)


def kernels():
    return {v.op.name: v.shape.as_list() for v in tf.global_variables() if "kernel" in v.name}


@pytest.mark.parametrize(("release", "values"), [("1.1", 2), ("1.0", 2), ("1.2.0", 3), (None, 3)])
def test_what_dynamic_decode_returns(monkeypatch, release, values):
    if release:
        monkeypatch.setenv("UNROLLED_TF1_RELEASE", release)
    helper = tf.contrib.seq2seq.TrainingHelper(tf.zeros([B, T, D]), [T] * B)
    decoder = tf.contrib.seq2seq.BasicDecoder(rnn.GRUCell(U), helper, tf.zeros([B, U]))
    outputs, state, *lengths = tf.contrib.seq2seq.dynamic_decode(decoder)
    assert outputs.rnn_output.shape.as_list() == [B, None, U]
    assert state.shape.as_list() == [B, U]
    assert len(lengths) == values - 2


class TestBefore1_1:
    @pytest.fixture(autouse=True)
    def release(self, monkeypatch):
        monkeypatch.setenv("UNROLLED_TF1_RELEASE", "1.0.1")

    def test_one_cell_n_times_has_weights_for_each_layer(self, caplog):
        outputs, state = unrolled_once(rnn.MultiRNNCell([rnn.BasicLSTMCell(U)] * 3))
        inside = "rnn/multi_rnn_cell/cell_{}/basic_lstm_cell/kernel"
        assert kernels() == {
            inside.format(0): [D + U, 4 * U],
            inside.format(1): [U + U, 4 * U],
            inside.format(2): [U + U, 4 * U],
        }
        assert len(state) == 3
        assert "same object" not in caplog.text
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            assert session.run(outputs, {outputs.graph.get_tensor_by_name("Placeholder:0"): x()})[
                0
            ].shape == (T, U)

    def test_a_wrapped_cell_too(self):
        cell = rnn.DropoutWrapper(rnn.GRUCell(U), 0.5)
        unrolled_once(rnn.MultiRNNCell([cell] * 2))
        assert len(kernels()) == 4

    def test_a_cell_for_both_directions(self):
        cell = rnn.GRUCell(U)
        x = tf.placeholder(tf.float32, [None, T, D])
        tf.nn.bidirectional_dynamic_rnn(cell, cell, x, dtype=tf.float32)
        assert {name.split("/")[1] for name in kernels()} == {"fw", "bw"}

    def test_steps_in_one_scope_share(self):
        cell, state = rnn.GRUCell(U), tf.zeros([B, U])
        with tf.variable_scope("RNN"):
            for t in range(3):
                if t:
                    tf.get_variable_scope().reuse_variables()
                _, state = cell(tf.zeros([B, D]), state)
        assert len(kernels()) == 2

    def test_states_are_tuples_already(self):
        assert rnn.BasicLSTMCell(U).state_size == (U, U)


class TestBefore0_11:
    @pytest.fixture(autouse=True)
    def release(self, monkeypatch):
        monkeypatch.setenv("UNROLLED_TF1_RELEASE", "0.10")

    def test_states_are_joined_by_default(self):
        cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(U, 0.0), rnn.LSTMCell(U, None, True)])
        assert cell.state_size == 4 * U
        state = tf.placeholder(tf.float32, [None, cell.state_size])
        _, final = unrolled_once(cell, initial_state=state)
        assert final.shape.as_list() == [None, 4 * U]

    @pytest.mark.parametrize(
        "make",
        [
            lambda: rnn.BasicLSTMCell(U, state_is_tuple=True),
            lambda: rnn.BasicLSTMCell(U, 1.0, None, True),
            lambda: rnn.LSTMCell(U, state_is_tuple=True),
        ],
    )
    def test_a_program_that_says_so_has_tuples(self, make):
        assert make().state_size == (U, U)


def x():
    return np.zeros([B, T, D], np.float32)


def test_the_cure_for_one_cell_in_unlike_layers_is_named():
    message = (
        r"depth 6 do not fit a BasicLSTMCell that was built for depth 5: a cell keeps the "
        r"variables of its first call; make a cell for each unroll and each layer, such as "
        r"MultiRNNCell\(\[make_cell\(\) for _ in range\(n\)\]\)\. A program that was written "
        r"before TensorFlow 1.1, .* runs with UNROLLED_TF1_RELEASE=1.0 set"
    )
    cell = rnn.BasicLSTMCell(U)
    unrolled_once(cell)
    with pytest.raises(ValueError, match=message):
        cell(tf.zeros([B, U]), cell.zero_state(B, tf.float32))


@pytest.mark.parametrize("unroll", ["dynamic", "static"])
def test_a_joined_state_for_a_cell_that_keeps_c_and_h_apart(unroll):
    joined = tf.placeholder(tf.float32, [None, 2 * U])
    x = tf.placeholder(tf.float32, [None, T, D])
    with pytest.raises(ValueError, match="state_is_tuple=False, or .* UNROLLED_TF1_RELEASE=0.10"):
        if unroll == "dynamic":
            tf.nn.dynamic_rnn(rnn.BasicLSTMCell(U), x, initial_state=joined)
        else:
            tf.nn.rnn(rnn.BasicLSTMCell(U), tf.unstack(x, axis=1), initial_state=joined)


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("UNROLLED_TF1_RELEASE", "")
    assert release.written_for() == (1, 15)


@pytest.mark.parametrize("value", ["2.0", "old", "1"])
def test_what_is_no_release_of_tensorflow_1(monkeypatch, value):
    monkeypatch.setenv("UNROLLED_TF1_RELEASE", value)
    with pytest.raises(ValueError, match="UNROLLED_TF1_RELEASE must be a release of TensorFlow 1"):
        unrolled_once(rnn.GRUCell(U))
