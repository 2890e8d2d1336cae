"""The product of a run, in two parts, equals the one of a single step, [x, h] K + b."""

import numpy as np
import pytest
import tensorflow as tf
import ways

import unrolled as u
from unrolled.internal.affine import Affine

B, T, D, U = 3, 5, 2, 4
X = np.random.default_rng(3).normal(size=(B, T, D))

CELLS = {
    "basic": lambda: u.BasicRNNCell(U),
    "lstm": lambda: u.BasicLSTMCell(U),
    "lstm with all": lambda: u.LSTMCell(U, use_peepholes=True, num_proj=3, cell_clip=0.5),
    "gru": lambda: u.GRUCell(U),
    "stack": lambda: u.MultiRNNCell([u.GRUCell(U), u.LSTMCell(3, num_proj=2), u.BasicRNNCell(2)]),
    "shared": lambda: u.MultiRNNCell([u.GRUCell(D)] * 2, share_weights=True),
    "wrapped": lambda: u.DropoutWrapper(u.GRUCell(U)),
}


def by_hand(cell, x):
    """Step by step from outside: nothing is cut."""
    state = cell.zero_state(B, x.dtype)
    for t in range(T):
        output, state = cell(x[:, t], state)
    return output, state


def results(cell, run):
    """The last output, the state, and the gradients of a number made of both."""
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        output, state = run(cell, x)
        total = tf.reduce_sum(output**2) + sum(tf.reduce_sum(s**3) for s in tf.nest.flatten(state))
    return [output, *tf.nest.flatten(state), *tape.gradient(total, [x, *cell.trainable_variables])]


def static(cell, x):
    outputs, state = u.static_rnn(cell, tf.unstack(x, axis=1), dtype=x.dtype)
    return outputs[-1], state


def dynamic(**how):
    def run(cell, x):
        outputs, state = u.dynamic_rnn(cell, x, dtype=x.dtype, **how)
        return outputs[:, -1], state

    return run


UNROLLS = {
    "static": static,
    "dynamic": dynamic(),
    "loop": dynamic(unroll=1),
    "turns": dynamic(unroll=2),
    "segments": dynamic(recompute_every=2),
}


@pytest.mark.one_in(12)
@pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
@pytest.mark.parametrize("unroll", UNROLLS)
@pytest.mark.parametrize("kind", CELLS)
def test_a_run_equals_single_steps(kind, unroll, traced):
    cell = CELLS[kind]()
    cell.build(D, tf.float64)
    expected = results(cell, by_hand)
    run = UNROLLS[unroll]
    for ours, slow in zip(
        results(cell, tf.function(run) if traced else run), expected, strict=True
    ):
        np.testing.assert_allclose(ours, slow, rtol=1e-10, atol=1e-12)


def operations(cell, **how):
    @tf.function(input_signature=[tf.TensorSpec([B, T, D])], autograph=False)
    def run(x):
        outputs, _ = u.dynamic_rnn(cell, x, dtype=tf.float32, **how)
        return tf.gradients(tf.reduce_sum(outputs**2), cell.trainable_variables)

    return ways.operations(run.get_concrete_function())


@pytest.mark.parametrize("how", [{"unroll": T}, {"unroll": 1}], ids=str)
def test_each_kernel_is_read_and_cut_once(how):
    cell = u.GRUCell(U)
    cell.build(D)
    ops = operations(cell, **how)
    assert ops.count("ReadVariableOp") == 4  # two kernels, two biases
    assert ops.count("SplitV") == 2
    steps = how["unroll"]
    # The gradients of a kernel's two parts are put together once; those of r and u at each step.
    assert ops.count("ConcatV2") == 2 + steps
    assert ops.count("TanhGrad") == steps and ops.count("BiasAddGrad") == 2 * steps


def test_a_readers_step_sees_its_kernel_whole():
    shapes = []

    class Own(u.BasicRNNCell):
        def step(self, inputs, state):
            shapes.append(self.kernel.shape)
            return super().step(inputs, state)

    u.dynamic_rnn(Own(U), X, dtype=tf.float64)
    assert set(map(tuple, shapes)) == {(D + U, U)}


def test_both_forms_are_the_formula():
    rng = np.random.default_rng(5)
    kernel, bias = tf.Variable(rng.normal(size=(D + U, 7))), tf.Variable(rng.normal(size=7))
    x, h = X[:, 0], rng.normal(size=(B, U))
    whole = Affine(kernel, bias)
    expected = np.concatenate([x, h], axis=1) @ kernel.numpy() + bias.numpy()
    np.testing.assert_allclose(whole(x, h), expected, rtol=1e-12)
    np.testing.assert_allclose(whole.cut(D)(x, h), expected, rtol=1e-12)


def test_only_the_whole_form_joins_x_and_h():
    cell = u.BasicRNNCell(U)
    cell.build(D, tf.float64)
    step, prepared = cell.for_run()

    def kinds(run):
        x, h = tf.TensorSpec([B, D], tf.float64), tf.TensorSpec([B, U], tf.float64)
        return ways.operations(tf.function(run).get_concrete_function(x, h))

    assert "ConcatV2" in kinds(cell)
    assert "ConcatV2" not in kinds(lambda x, h: step(prepared, 0, x, h))
