"""The cells and fused functions of `tf.contrib.rnn`: errors, and what no recording shows."""

import copy

import numpy as np
import pytest
from unrolled.tf1.contrib import grid_rnn, rnn
from unrolled.tf1.contrib.rnn.python.ops import rnn_cell

import unrolled.tf1 as tf

B, T, D, U = 3, 4, 5, 6


def one_step(cell, depth=D):
    return cell(tf.zeros([B, depth]), cell.zero_state(B, tf.float32))


def blocks(**settings):
    return rnn.GridLSTMCell(2, feature_size=2, frequency_skip=1, **settings)


WRONG = {
    "IntersectionRNNCell must be .B, 6.* got depth 5; give num_in_proj=6": lambda: one_step(
        rnn.IntersectionRNNCell(U)
    ),
    "num_units must be divisible by number_of_groups, 4; got 6": lambda: rnn.GLSTMCell(
        U, number_of_groups=4
    ),
    "depth of the inputs must be divisible by number_of_groups, 2; got 5": lambda: one_step(
        rnn.GLSTMCell(U, number_of_groups=2)
    ),
    "inputs of a PhasedLSTMCell must be a pair": lambda: one_step(rnn.PhasedLSTMCell(U)),
    "W has 11 rows, so it can be cut in 1 to 11 shards; got 12": lambda: one_step(
        rnn.CoupledInputForgetGateLSTMCell(U, num_unit_shards=12)
    ),
    "input_shape must have conv_ndims axes, 1 to 3, .* got .4, 4. for conv_ndims=2": lambda: (
        rnn.ConvLSTMCell(2, [4, 4], 3, [2, 2])
    ),
    "state.h has shape .3, 3, 3, 4., but": lambda: two_steps_with_a_skip(),
    "a state of 4 slices must be .B, 16.; got shape .3, 4.": lambda: one_step(
        rnn.TimeFreqLSTMCell(2, feature_size=2)
    ),
    "num_frequency_blocks must list the slices of each block; got None": blocks,
    r"num_frequency_blocks is \[2\], but inputs of depth 5 have \[4\] slices": lambda: one_step(
        blocks(num_frequency_blocks=[2])
    ),
    "must be equally long; got 1, 2 and 2": lambda: one_step(
        blocks(num_frequency_blocks=[2], start_freqindex_list=[0, 2], end_freqindex_list=[2, 4])
    ),
    "attn_length must be": lambda: rnn.AttentionCellWrapper(rnn.GRUCell(U), 0),
    "state_is_tuple=False needs a cell whose state is one tensor": lambda: rnn.AttentionCellWrapper(
        rnn.LSTMCell(U), 2, state_is_tuple=False
    ),
    "HighwayWrapper must be shaped like its input, .3, 5.; got .3, 6.": lambda: one_step(
        rnn.HighwayWrapper(rnn.GRUCell(U))
    ),
    "ResidualWrapper must be shaped like its input, .3, 5.; got .3, 6.": lambda: one_step(
        rnn.ResidualWrapper(rnn.GRUCell(U))
    ),
    "neither initial_state nor dtype is given": lambda: rnn.LSTMBlockFusedCell(U)(
        tf.zeros([T, B, D])
    ),
    "a grid of one dimension is not put back": lambda: grid_rnn.GridRNNCell(U),
    "priority_dims must be numbers from 0 to 1; got 2": lambda: grid_rnn.GridRNNCell(
        U, 2, priority_dims=2
    ),
    "get_initial_state needs inputs, or batch_size and dtype": lambda: rnn.GRUCell(
        U
    ).get_initial_state(batch_size=3),
    "is not known yet; call the cell before you read scope_name": lambda: rnn.GRUCell(U).scope_name,
    'name in tf.initializers, such as "orthogonal"; got "?\'?no_such': lambda: rnn.IndyGRUCell(
        U, kernel_initializer="no_such"
    ),
    r"state_name must name each tensor of a state": lambda: tf.nn.static_state_saving_rnn(
        rnn.LSTMCell(U), [tf.zeros([B, D])], None, "one"
    ),
    "flat_input must be tensors .T, B, ....; got shape .3,": lambda: (
        rnn.best_effort_input_batch_size([tf.zeros([3])])
    ),
}


def two_steps_with_a_skip():
    cell = rnn.Conv2DLSTMCell(
        input_shape=[3, 3, 2], output_channels=2, kernel_shape=[2, 2], skip_connection=True
    )
    x = tf.zeros([B, 3, 3, 2])
    _, state = cell(x, cell.zero_state(B, tf.float32))
    cell(x, state)


@pytest.mark.parametrize("message", WRONG)
def test_what_is_wrong_is_said(message):
    with pytest.raises(ValueError, match=message):
        WRONG[message]()


@pytest.mark.parametrize("name", ["num_layers", "activity_regularizer"])
def test_arguments_that_no_cell_honours_are_refused(name):
    with pytest.raises(TypeError, match=name):
        rnn.GRUCell(U, **{name: 1})


def test_a_list_of_steps_gives_a_list_of_outputs():
    steps = [tf.fill([B, D], float(t)) for t in range(T)]
    fused = rnn.LSTMBlockFusedCell(U)
    outputs, state = fused(steps, dtype=tf.float32)
    again, _ = fused(tf.stack(steps), dtype=tf.float32)
    assert [y.shape.as_list() for y in outputs] == [[B, U]] * T
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        one, two, last = session.run([outputs, again, state.h])
    np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(one[-1], last)
    assert [v.op.name for v in fused.weights] == ["lstm_fused_cell/kernel", "lstm_fused_cell/bias"]


def test_a_fused_lstm_of_a_program_s_own():
    class Summing(rnn.LSTMBlockWrapper):
        num_units = D

        def build(self, inputs_shape):
            self.gain = self.add_variable("gain", [], initializer=tf.ones_initializer())
            self.built = True

        def _call_cell(self, inputs, c, h, dtype, sequence_length):
            sums = c + tf.cumsum(inputs, axis=0)
            return sums, self.gain * 2.0 * sums

    outputs, state = Summing(name="summing")(
        tf.ones([T, B, D]), dtype=tf.float32, sequence_length=[4, 0, 2]
    )
    assert [v.op.name for v in tf.global_variables()] == ["summing/gain"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        outputs, state = session.run([outputs, state])
    assert outputs[:, 0, 0].tolist() == [2, 4, 6, 8]
    assert outputs[:, 2, 0].tolist() == [2, 4, 0, 0]
    assert state.c[:, 0].tolist() == [4, 0, 2]


def test_a_compiled_cell_gives_the_same():
    x = tf.constant(np.random.RandomState(0).normal(size=[B, D]), tf.float32)
    cell = rnn.GRUCell(U)
    plain, _ = cell(x, tf.zeros([B, U]))
    compiled, _ = rnn.CompiledWrapper(cell)(x, tf.zeros([B, U]))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        one, two = session.run([plain, compiled])
    np.testing.assert_allclose(one, two, rtol=1e-5)


COPIED = {
    "attention": lambda: rnn.AttentionCellWrapper(rnn.GRUCell(D), 2),
    "highway": lambda: rnn.HighwayWrapper(rnn.IntersectionRNNCell(D, num_in_proj=D)),
    "projected": lambda: rnn.IntersectionRNNCell(U, num_in_proj=U),
    "weight norm": lambda: rnn_cell.WeightNormLSTMCell(U),
    "layer norm": lambda: rnn.LayerNormBasicLSTMCell(U),
    "groups": lambda: rnn.GLSTMCell(U, number_of_groups=1),
    "indy": lambda: rnn.IndyGRUCell(U),
    "grid": lambda: grid_rnn.Grid2LSTMCell(U),
    "frequencies": lambda: blocks(num_frequency_blocks=[4]),
    "dropout": lambda: rnn.DropoutWrapper(
        rnn.GRUCell(U), 0.5, variational_recurrent=True, dtype=tf.float32
    ),
}


@pytest.mark.parametrize("name", COPIED)
def test_a_copy_of_a_used_cell_has_variables_of_its_own(name):
    cell = COPIED[name]()
    for scope in ("a", "b", "c"):
        with tf.variable_scope(scope):
            one_step(cell)
        cell = copy.deepcopy(cell)
    of = {
        scope: [v.op.name[2:] for v in tf.global_variables() if v.op.name.startswith(scope + "/")]
        for scope in "abc"
    }
    assert of["a"] == of["b"] == of["c"] != []


def test_cells_that_contrib_did_not_list_are_in_the_module():
    assert issubclass(rnn_cell.LayerNormLSTMCell, rnn_cell.RNNCell)
    assert not hasattr(rnn, "LayerNormLSTMCell")


def test_a_period_starts_within_its_bounds():
    cell = rnn.PhasedLSTMCell(1000, period_init_min=2.0, period_init_max=50.0)
    cell((tf.zeros([1, 1]), tf.zeros([1, 2])), cell.zero_state(1, tf.float32))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        period, phase = session.run([cell.period, cell.phase])
    assert 2 <= period.min() < 2.5
    assert 45 < period.max() <= 50
    assert 0.3 < np.mean(period < 10) < 0.7  # even in the logarithm: half lie below the root of 100
    assert (phase >= 0).all()
    assert (phase <= period.max()).all()
