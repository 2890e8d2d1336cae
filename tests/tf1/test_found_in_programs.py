"""What public programs asked of the layer and did not get; a small test for each."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


def test_linear_has_a_module_of_its_own_in_the_first_releases():
    from unrolled.tf1.models.rnn import linear

    from unrolled.tf1 import nn

    assert linear.linear is nn.rnn_cell.linear


def test_dense_and_the_cells_are_layers():
    from unrolled.tf1 import layers, nn

    class Own(layers.Layer):
        def call(self, inputs):
            return inputs + 1.0

    for one in [layers.Dense(2), layers.Dropout(), Own(), nn.rnn_cell.GRUCell(2)]:
        assert isinstance(one, layers.Layer) and issubclass(type(one), layers.Layer)
    assert not isinstance(layers.Dropout(), Own) and not isinstance(layers.dense, layers.Layer)
    with tf.Graph().as_default(), tf.Session() as session:
        assert session.run(Own()(tf.zeros([]))) == 1.0


def test_an_argument_that_a_cell_does_not_take():
    from unrolled.tf1 import nn

    with pytest.raises(TypeError, match=r"^GRUCell takes no argument state_is_tuple; leave it"):
        nn.rnn_cell.GRUCell(2, state_is_tuple=True)


def test_the_distributions_and_the_layer_that_the_first_helpers_import():
    from unrolled.tf1.contrib.distributions.python.ops import bernoulli, categorical
    from unrolled.tf1.python.layers import base

    from unrolled.tf1 import distributions, layers

    assert bernoulli.Bernoulli is distributions.Bernoulli
    assert categorical.Categorical is distributions.Categorical
    assert base._Layer is base.Layer is layers.Layer


@pytest.mark.parametrize(("name", "base_name"), [(None, "gru_cell"), ("by", "by")])
def test_a_cell_has_the_base_name_that_copies_of_wrappers_read(name, base_name):
    from unrolled.tf1.nn.rnn_cell import GRUCell

    assert GRUCell(3, name=name)._base_name == base_name


def test_a_copy_of_the_base_of_cells_calls_the_layer():
    from unrolled.tf1 import layers, nn

    class Base(nn.rnn_cell.RNNCell):
        def __call__(self, inputs, state, scope=None, *others, **named):
            return layers.Layer.__call__(self, inputs, state, *others, scope=scope, **named)

    class Cell(Base):
        state_size = output_size = 2

        def build(self, shape):
            self.kernel = self.add_variable("kernel", [int(shape[1]), 2])
            self.built = True

        def call(self, inputs, state):
            state = tf.tanh(tf.matmul(inputs, self.kernel) + state)
            return state, state

    with tf.Graph().as_default():
        outputs, _ = nn.dynamic_rnn(Cell(), tf.zeros([3, 4, 5]), dtype=tf.float32)
        assert outputs.shape == (3, 4, 2)
        assert [one.name for one in tf.trainable_variables()] == ["rnn/cell/kernel:0"]


@pytest.mark.parametrize("wrapped", ["", "wrapped"])
def test_one_cell_in_unlike_layers_has_weights_for_each(wrapped):
    from unrolled.tf1.nn import rnn_cell

    cell = rnn_cell.BasicLSTMCell(4)
    if wrapped:
        cell = rnn_cell.DropoutWrapper(cell, output_keep_prob=0.5)
    stacked = rnn_cell.MultiRNNCell([cell] * 3)
    with tf.Graph().as_default():
        state = stacked.zero_state(2, tf.float32)
        for step in range(2):
            with tf.variable_scope("net", reuse=step > 0):
                _, state = stacked(tf.zeros([2, 3]), state)
        kernels = {v.op.name: v.shape for v in tf.trainable_variables() if "kernel" in v.name}
    layer = "net/multi_rnn_cell/cell_{}/basic_lstm_cell/kernel"
    assert kernels == {layer.format(i): (d + 4, 16) for i, d in enumerate([3, 4, 4])}


def test_arrays_pack_and_unpack():
    with tf.Graph().as_default(), tf.Session() as session:
        array = tf.TensorArray(tf.float32, size=2).unpack([1.0, 2.0])
        assert session.run(array.pack()).tolist() == [1.0, 2.0]


def test_a_state_may_be_as_long_as_a_memory_that_is_fed():
    from unrolled.tf1.nn import rnn_cell

    from unrolled.tf1 import nn

    class Attends(rnn_cell.RNNCell):
        def __init__(self, memory):
            super().__init__()
            self.memory = memory

        @property
        def state_size(self):
            return (3, tf.shape(self.memory)[1])

        @property
        def output_size(self):
            return 3

        def zero_state(self, batch_size, dtype):
            return tuple(tf.zeros([batch_size, size], dtype) for size in self.state_size)

        def call(self, inputs, state):
            return inputs + state[0], (inputs, state[1] + tf.reduce_sum(self.memory, 0))

    with tf.Graph().as_default(), tf.Session() as session:
        memory = tf.placeholder_with_default(np.ones([2, 5], np.float32), [None, None])
        cell = rnn_cell.MultiRNNCell([Attends(memory)])
        start = cell.zero_state(2, tf.float32)
        _, ((_, read),) = nn.dynamic_rnn(cell, tf.ones([2, 4, 3]), initial_state=start)
        assert session.run(read).tolist() == [[8.0] * 5] * 2
