"""The NumPy network against finite differences and against TensorFlow."""

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

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


class TestWhatIsNotRead:
    """Anything may stand past a row's length and where the weight is 0."""

    @given(st.sampled_from([np.nan, np.inf, -np.inf, 1e300]))
    def test_inputs_past_a_length(self, value):
        padded = np.where(ref.live_steps(LENGTHS, B, T)[..., None], X, value)
        expected_loss, expected = ref.loss_and_gradients(
            X, TARGETS, PARAMETERS, WEIGHTS, H0, LENGTHS
        )
        loss, found = ref.loss_and_gradients(padded, TARGETS, PARAMETERS, WEIGHTS, H0, LENGTHS)
        assert loss == expected_loss
        for a, b in zip((*found.parameters, *found[1:]), (*expected.parameters, *expected[1:])):
            np.testing.assert_array_equal(a, b)

    @given(
        st.lists(st.booleans(), min_size=B * T, max_size=B * T),
        st.sampled_from([np.nan, np.inf, -np.inf]),
        st.sampled_from([-1, C, 10**9]),
    )
    def test_logits_and_targets_of_weight_0(self, real, value, target):
        weights = WEIGHTS * np.reshape(real, (B, T))
        logits = RNG.normal(size=(B, T, C))
        none = weights == 0
        expected_loss, expected = ref.loss(logits, TARGETS, weights)
        loss, gradient = ref.loss(
            np.where(none[..., None], value, logits), np.where(none, target, TARGETS), weights
        )
        assert loss == expected_loss
        np.testing.assert_array_equal(gradient, expected)
        assert not gradient[none].any()

    def test_a_class_that_is_ruled_out(self):
        logits, targets = RNG.normal(size=(B, T, 3)), RNG.integers(0, 2, (B, T))
        two, d_two = ref.loss(logits[..., :2], targets)
        logits[..., 2] = -np.inf
        three, d_three = ref.loss(logits, targets)
        np.testing.assert_allclose(three, two, rtol=1e-14)
        np.testing.assert_allclose(d_three[..., :2], d_two, rtol=1e-12)
        assert not d_three[..., 2].any()
        assert ref.loss(logits, np.full((B, T), 2))[0] == np.inf  # and it was the right one

    def test_nan_where_the_weight_is_not_0_is_seen(self):
        logits = np.zeros((B, T, C))
        logits[1, 2] = np.nan
        value, gradient = ref.loss(logits, TARGETS, WEIGHTS)
        assert np.isnan(value) and np.isnan(gradient[1, 2]).all()


def test_whole_numbers_and_lists_are_read_as_floating_point():
    """Gradients of the kind of a whole number would be cut to 0."""
    whole = np.round(3 * X).astype(int)
    weights = np.arange(B * T).reshape(B, T)
    expected_loss, expected = ref.loss_and_gradients(
        whole.astype(float), TARGETS, PARAMETERS, weights.astype(float)
    )
    loss, found = ref.loss_and_gradients(whole.tolist(), TARGETS.tolist(), PARAMETERS, weights)
    assert loss == expected_loss
    np.testing.assert_array_equal(found.inputs, expected.inputs)
    assert found.inputs.any()


def test_32_bits_stay_32_bits():
    kernel, bias = (array.astype(np.float32) for array in PARAMETERS[:2])
    assert ref.forward(X.astype(np.float32), kernel, bias).dtype == np.float32


STATES = ref.forward(X, PARAMETERS.kernel, PARAMETERS.bias, H0)
GOOD = {
    ref.step: {"x": X[:, 0], "h": H0, "kernel": PARAMETERS.kernel, "bias": PARAMETERS.bias},
    ref.forward: {
        "inputs": X,
        "bias": PARAMETERS.bias,
        "kernel": PARAMETERS.kernel,
        "initial_state": H0,
    },
    ref.loss: {"logits": np.zeros((B, T, C)), "targets": TARGETS, "weights": WEIGHTS},
    ref.backward: {
        "inputs": X,
        "states": STATES,
        "parameters": PARAMETERS,
        "d_logits": np.zeros((B, T, C)),
    },
    ref.loss_and_gradients: {
        "inputs": X,
        "targets": TARGETS,
        "parameters": PARAMETERS,
        "weights": WEIGHTS,
        "initial_state": H0,
    },
}
ARRAYS = [
    (function, name)
    for function, arguments in GOOD.items()
    for name in arguments
    if name != "parameters"
]
FREE = [(ref.forward, "inputs", 1), (ref.loss, "logits", 2)]  # sizes that no other argument has


class TestWrongShapes:
    """Of every array of every function: nothing is stretched to fit."""

    @staticmethod
    def refused(function, name, **wrong):
        # The shapes of two arguments may disagree, and then either may be named.
        either = f"({'|'.join([name, *GOOD[function], *ref.Parameters._fields])})"
        with pytest.raises(ValueError, match=rf"^{either} must be \[.*; got shape \(.*\)\.$"):
            function(**{**GOOD[function], **wrong})

    @pytest.mark.parametrize("function, name", ARRAYS, ids=lambda x: getattr(x, "__name__", x))
    def test_of_arguments(self, function, name):
        good = GOOD[function][name]
        for axis in range(good.ndim):
            self.refused(function, name, **{name: good.take(0, axis)})  # an axis less
            if (function, name, axis) not in FREE:
                self.refused(function, name, **{name: good.take([0], axis)})  # size 1
                self.refused(function, name, **{name: np.repeat(good, 2, axis)})
        self.refused(function, name, **{name: good[None]})
        self.refused(function, name, **{name: 1})

    @pytest.mark.parametrize("function", [ref.backward, ref.loss_and_gradients])
    @pytest.mark.parametrize("name", ref.Parameters._fields)
    def test_of_parameters(self, function, name):
        good = getattr(PARAMETERS, name)
        for axis in range(good.ndim):
            for wrong in (good.take([0], axis), good.take(0, axis), np.repeat(good, 2, axis)):
                self.refused(function, name, parameters=PARAMETERS._replace(**{name: wrong}))

    @pytest.mark.parametrize("function, name", ARRAYS, ids=lambda x: getattr(x, "__name__", x))
    @pytest.mark.parametrize("wrong", ["abc", {"a": 1}, [[1, 2], ["a"]], 1j, len])
    def test_things_that_are_no_arrays(self, function, name, wrong):
        with pytest.raises((TypeError, ValueError), match=rf"^{name} must be .*; got .*\.$"):
            function(**{**GOOD[function], name: wrong})


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: ref.live_steps([1, 2], 3, 4), r"lengths must be 3 integers.*got shape \(2,\)"),
        (lambda: ref.live_steps([1.0], 1, 4), "lengths must be .* dtype float64"),
        (lambda: ref.live_steps([True], 1, 4), "lengths must be .* dtype bool"),
        (lambda: ref.live_steps([5], 1, 4), r"lengths .* 0\.\.4, the number of steps; got \[5\]"),
        (lambda: ref.live_steps([-1], 1, 4), r"lengths .* 0\.\.4, the number of steps; got \[-1\]"),
        (lambda: ref.live_steps(None, 2.5, 4), "batch must be a whole number .* got 2.5"),
        (lambda: ref.live_steps(None, 2, -1), "steps must be a whole number .* got -1"),
        (
            lambda: ref.forward(X, np.ones((2, 2)), np.ones(2)),
            r"kernel must be \[D \+ U, U\] with D = 3, U = 2; got shape \(2, 2\)",
        ),
        (lambda: ref.loss(np.zeros((B, T, 0)), TARGETS), r"logits must be .* C at least 1"),
        (lambda: ref.softmax(np.zeros((3, 0))), r"logits must be .* C at least 1"),
        (lambda: ref.softmax(1.0), r"logits must be .*; got shape \(\)"),
        (lambda: ref.loss(np.zeros((B, T, C)), TARGETS, 1), r"weights must be \[B, T\] with B = 4"),
    ],
)
def test_errors(call, words):
    with pytest.raises(ValueError, match=rf"{words}.*\.$"):
        call()


@pytest.mark.parametrize("truncate", [0, -3, 2.5, np.inf, np.nan, True, "2", [2]], ids=repr)
def test_truncate_is_a_whole_number(truncate):
    words = r"truncate must be a whole number of at least 1 or None; got .*\.$"
    with pytest.raises(ValueError, match=words):
        ref.loss_and_gradients(X, TARGETS, PARAMETERS, truncate=truncate)
    with pytest.raises(ValueError, match=words):
        ref.backward(X, STATES, PARAMETERS, np.zeros((B, T, C)), truncate=truncate)


@given(st.integers(0, B - 1), st.integers(0, T - 1), st.sampled_from([-1, -(10**9), C, 10**9]))
def test_targets_out_of_range(b, t, wrong):
    targets = TARGETS.copy()
    targets[b, t] = wrong
    words = rf"targets must be in 0\.\.1 where .* got {wrong} at \[{b}, {t}\]\.$"
    with pytest.raises(ValueError, match=words):
        ref.loss(np.zeros((B, T, C)), targets)
    with pytest.raises(ValueError, match=words):
        ref.loss_and_gradients(X, targets, PARAMETERS, WEIGHTS)


@pytest.mark.parametrize("kind", [float, bool, np.float32])
def test_targets_of_another_kind(kind):
    words = r"targets must be class numbers of an integer type; got .* argmax .*\.$"
    with pytest.raises(ValueError, match=words):
        ref.loss(np.zeros((B, T, C)), TARGETS.astype(kind))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_weights_that_are_not_finite(wrong):
    weights = WEIGHTS.copy()
    weights[2, 1] = wrong
    with pytest.raises(ValueError, match=rf"weights must be finite; got {wrong} at \[2, 1\]\.$"):
        ref.loss(np.zeros((B, T, C)), TARGETS, weights)


@pytest.mark.parametrize("parameters", [tuple(PARAMETERS), PARAMETERS.kernel, None])
def test_parameters_of_another_type(parameters):
    with pytest.raises(TypeError, match=r"parameters must be Parameters\(kernel, .*; got a .*\.$"):
        ref.loss_and_gradients(X, TARGETS, parameters)
