"""The NumPy network against finite differences and against TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u
from unrolled import reference as ref

B, T, D, U, C = 4, 5, 3, 6, 2
RNG = np.random.default_rng(2)
X = RNG.normal(size=(B, T, D))
TARGETS = RNG.integers(0, C, size=(B, T))
WEIGHTS = RNG.uniform(0.5, 2, size=(B, T))
H0 = RNG.normal(size=(B, U))
LENGTHS = np.array([0, 2, 5, 3])
PARAMETERS = ref.Parameters(
    RNG.normal(scale=0.5, size=(D + U, U)),
    RNG.normal(size=U),
    RNG.normal(size=(U, C)),
    RNG.normal(size=C),
)
each_length = pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["no lengths", "lengths"])


def loss_of(parameters=PARAMETERS, x=X, h0=H0, lengths=None):
    return ref.loss_and_gradients(x, TARGETS, parameters, WEIGHTS, h0, lengths)[0]


def numeric_gradient(f, at, eps=1e-6):
    """Central differences, one number at a time."""
    gradient = np.zeros_like(at)
    for i in np.ndindex(at.shape):
        step = np.zeros_like(at)
        step[i] = eps
        gradient[i] = (f(at + step) - f(at - step)) / (2 * eps)
    return gradient


class TestAgainstFiniteDifferences:
    @each_length
    @pytest.mark.parametrize("name", ref.Parameters._fields)
    def test_weights(self, name, lengths):
        _, found = ref.loss_and_gradients(X, TARGETS, PARAMETERS, WEIGHTS, H0, lengths)
        expected = numeric_gradient(
            lambda value: loss_of(PARAMETERS._replace(**{name: value}), lengths=lengths),
            getattr(PARAMETERS, name),
        )
        np.testing.assert_allclose(getattr(found.parameters, name), expected, atol=1e-8)

    @each_length
    def test_inputs_and_initial_state(self, lengths):
        _, found = ref.loss_and_gradients(X, TARGETS, PARAMETERS, WEIGHTS, H0, lengths)
        expected = numeric_gradient(lambda x: loss_of(x=x, lengths=lengths), X)
        np.testing.assert_allclose(found.inputs, expected, atol=1e-8)
        expected = numeric_gradient(lambda h0: loss_of(h0=h0, lengths=lengths), H0)
        np.testing.assert_allclose(found.states[:, 0], expected, atol=1e-8)


class TestAgainstTensorFlow:
    @each_length
    @pytest.mark.parametrize("truncate", [None, 1, 2, 3])
    def test_loss_and_gradients(self, lengths, truncate):
        value, found = ref.loss_and_gradients(
            X, TARGETS, PARAMETERS, WEIGHTS, H0, lengths, truncate
        )
        cell = u.BasicRNNCell(U)
        cell.build(D, tf.float64)
        cell.kernel.assign(PARAMETERS.kernel)
        cell.bias.assign(PARAMETERS.bias)
        out, out_bias = tf.Variable(PARAMETERS.output_kernel), tf.Variable(PARAMETERS.output_bias)
        with tf.GradientTape() as tape:
            state, outputs = tf.constant(H0), []
            size = truncate or T
            for start in range(0, T, size):
                n = (
                    None
                    if lengths is None
                    else np.clip(lengths - start, 0, len(X[0, start:][:size]))
                )
                segment, state = u.dynamic_rnn(
                    cell, X[:, start : start + size], n, initial_state=tf.stop_gradient(state)
                )
                outputs.append(segment)
            logits = tf.concat(outputs, axis=1) @ out + out_bias
            loss = u.sequence_loss(logits, TARGETS, WEIGHTS)
        expected = tape.gradient(loss, [cell.kernel, cell.bias, out, out_bias])
        np.testing.assert_allclose(value, loss, rtol=1e-12)
        for a, b in zip(found.parameters, expected, strict=True):
            np.testing.assert_allclose(a, b, atol=1e-13)

    @each_length
    def test_forward(self, lengths):
        cell = u.BasicRNNCell(U)
        cell.build(D, tf.float64)
        cell.kernel.assign(PARAMETERS.kernel)
        cell.bias.assign(PARAMETERS.bias)
        outputs, state = u.dynamic_rnn(cell, X, lengths, initial_state=tf.constant(H0))
        states = ref.forward(X, PARAMETERS.kernel, PARAMETERS.bias, H0, lengths)
        live = ref.live_steps(lengths, B, T)
        np.testing.assert_allclose(np.where(live[..., None], states[:, 1:], 0), outputs)
        np.testing.assert_allclose(states[:, -1], state)


def test_softmax_does_not_overflow():
    np.testing.assert_allclose(ref.softmax(np.array([1e4, 0.0])), [1, 0])


def test_weights_that_sum_to_zero_give_zero():
    value, gradient = ref.loss(RNG.normal(size=(B, T, C)), TARGETS, np.zeros((B, T)))
    assert value == 0
    assert not gradient.any()


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ref.live_steps([1, 2], 3, 4), r"3 integers.*got shape \(2,\)"),
        (lambda: ref.live_steps([1.0], 1, 4), "dtype float64"),
        (lambda: ref.live_steps([5], 1, 4), r"0\.\.4, the number of steps; got \[5\]"),
        (lambda: ref.forward(X, np.ones((2, 2)), np.ones(2)), r"kernel \(2, 2\)"),
        (
            lambda: ref.loss_and_gradients(X, TARGETS, PARAMETERS, truncate=0),
            "truncate must be at least 1 step or None; got 0",
        ),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=words):
        call()
