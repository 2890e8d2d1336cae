"""Runs without a loop, held to the loop: states, gradients, lengths, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u

B, D, U = 3, 2, 4


def by_hand(a: np.ndarray, b: np.ndarray, h: Any = 0.0) -> np.ndarray:
    """The loop that a scan stands for."""
    states = []
    for t in range(a.shape[1]):
        h = a[:, t] * h + b[:, t]
        states.append(h)
    return np.stack(states, axis=1)


def draws(T: int, seed: int = 0, low: float = -1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.uniform(low, 1, (B, T, U)), rng.normal(size=(B, T, U)), rng.normal(size=(B, U))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("T", [1, 2, 3, 4, 7, 8, 9, 31, 100])
@pytest.mark.parametrize("dtype, bound", [("float64", 1e-14), ("float32", 1e-5)])
def test_scan_is_the_loop(T: int, dtype: str, bound: float) -> None:
    a, b, h = draws(T)
    expected = by_hand(a, b, h)
    found = u.linear_scan(*(tf.constant(each, dtype) for each in (a, b, h)))
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=bound, atol=bound)
    from_zeros = u.linear_scan(tf.constant(a, dtype), tf.constant(b, dtype))
    np.testing.assert_allclose(from_zeros, by_hand(a, b), rtol=bound, atol=bound)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("T", [0, 1, 5, 8, 33])
def test_unknown_sizes(T: int) -> None:
    a, b, h = draws(T) if T else (np.zeros((B, 0, U)), np.zeros((B, 0, U)), np.zeros((B, U)))
    unknown = tf.TensorSpec([None, None, None], tf.float64)

    @tf.function(input_signature=[unknown, unknown])
    def scan(a: tf.Tensor, b: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([a, b])
            states = u.linear_scan(a, b)
        return states, tape.gradient(states, [a, b])

    states, slopes = scan(a, b)
    expected = by_hand(a, b) if T else a
    np.testing.assert_allclose(states, expected, atol=1e-14)
    assert [each.shape for each in slopes] == [(B, T, U)] * 2


def test_any_rest_of_the_shape() -> None:
    rng = np.random.default_rng(1)
    for shape in ([2, 6], [2, 5, 3, 4], [0, 5, 3], [2, 6, 0]):
        a, b = rng.uniform(-1, 1, shape), rng.normal(size=shape)
        np.testing.assert_allclose(u.linear_scan(a, b), by_hand(a, b), atol=1e-14)


@pytest.mark.parametrize("T", [1, 6, 13])
def test_gradients_are_those_of_the_loop(T: int) -> None:
    """The first and, since nothing stops at them, the second."""
    a, b, h = (tf.constant(each) for each in draws(T))

    def slopes(run: Any) -> list[tf.Tensor]:
        with tf.GradientTape() as outer:
            outer.watch([a, b, h])
            with tf.GradientTape() as inner:
                inner.watch([a, b, h])
                loss = tf.reduce_sum(tf.sin(run(a, b, h)))
            first = inner.gradient(loss, [a, b, h])
            length = tf.add_n([tf.reduce_sum(each**2) for each in first])
        return [*first, *outer.gradient(length, [a, b, h])]

    def loop(a: tf.Tensor, b: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        states = []
        for t in range(T):
            h = a[:, t] * h + b[:, t]
            states.append(h)
        return tf.stack(states, axis=1)

    for found, expected in zip(slopes(u.linear_scan), slopes(loop)):
        np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_products_may_become_zero(dtype: str) -> None:
    """0.1 to the power 500 is zero in both; a quotient of such products would be 0 / 0."""
    T = 500
    a = tf.fill([1, T, 1], tf.constant(0.1, dtype))
    b = tf.ones([1, T, 1], dtype)
    states = u.linear_scan(a, b)
    np.testing.assert_allclose(states[0, -1, 0], 1 / 0.9, rtol=1e-6)
    in_logs = tf.exp(  # the form of the paper, for factors and terms above zero
        (sums := tf.cumsum(tf.math.log(a), axis=1))
        + tf.math.cumulative_logsumexp(tf.math.log(b) - sums, axis=1)
    )
    np.testing.assert_allclose(states, in_logs, rtol=1e-4 if dtype == "float32" else 1e-10)
    with np.errstate(all="ignore"):
        products = np.cumprod(a, axis=1)
        assert np.isnan(products * np.cumsum(b / products, axis=1)).any()  # why not so


def test_products_that_overflow_are_a_known_limit() -> None:
    """The docstring says so: joined factors overflow, and with a zero they give NaN."""
    a = np.ones([1, 64, 1], np.float32)
    a[0, 8:16], a[0, 16] = 1e6, 0
    b = np.zeros_like(a)
    b[0, 20] = 1
    assert np.isfinite(by_hand(a, b)).all()
    assert not np.isfinite(u.linear_scan(a, b)).all()


def test_plain_numbers_take_the_dtype_of_the_factors() -> None:
    a = tf.fill([2, 3, 1], tf.constant(0.5, tf.float32))
    states = u.linear_scan(a, tf.zeros_like(a), [[8.0], [4.0]])
    np.testing.assert_array_equal(states[:, :, 0], [[4, 2, 1], [2, 1, 0.5]])


def test_pairs_are_taken_without_a_strided_slice() -> None:
    """Such a slice is copied number by number, which made the whole scan half as fast."""
    scan = tf.function(lambda a: u.linear_scan(a, a))
    graph = scan.get_concrete_function(tf.TensorSpec([2, 12, 3])).graph.as_graph_def()
    nodes = [*graph.node, *(node for each in graph.library.function for node in each.node_def)]
    values = {node.name: tf.make_ndarray(node.attr["value"].tensor)
              for node in nodes if node.op == "Const"}  # fmt: skip
    strides = [values[node.input[3]] for node in nodes
               if node.op == "StridedSlice" and node.input[3] in values]  # fmt: skip
    assert strides and all((each == 1).all() for each in strides)


def test_factor_of_zero_forgets() -> None:
    a, b, h = draws(9)
    a[:, 4] = 0
    states = u.linear_scan(a, b, h)
    np.testing.assert_array_equal(states[:, 4], b[:, 4])
    np.testing.assert_allclose(states, by_hand(a, b, h), atol=1e-14)


@pytest.mark.parametrize(
    "a, b, initial, error, message",
    [
        (np.ones(3), np.ones(3), None, ValueError, r"a must be \[B, T, ...\].*shape \(3,\)"),
        (np.ones((2, 3)), np.ones((2, 4)), None, ValueError, r"b must have the shape \(2, 3\)"),
        (np.ones((2, 3)), np.ones((1, 3)), None, ValueError, r"b must have the shape \(2, 3\)"),
        (np.ones((2, 3)), np.ones((2, 3), "f"), None, ValueError, "b must be float64.*float32"),
        (np.ones((2, 3)), np.ones((2, 3)), np.ones(1), ValueError, r"initial .* shape \(2,\)"),
        (
            np.ones((2, 3), int),
            np.ones((2, 3)),
            None,
            ValueError,
            "a must be floating-point numbers; got int64",
        ),
        (np.ones((2, 3), complex), np.ones((2, 3)), None, ValueError, "complex128.*not supported"),
        (None, np.ones((2, 3)), None, TypeError, "a must be"),
    ],
)
def test_what_does_not_fit_is_refused(
    a: Any, b: Any, initial: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        u.linear_scan(a, b, initial)


# ------------------------------------------------------------------------------------ cells


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-z))


@pytest.mark.parametrize("activation", ["linear", "tanh"])
def test_mingru_equation(activation: str) -> None:
    tf.random.set_seed(0)  # an output that is nearly zero has few digits left
    cell = u.MinGRUCell(U, activation=activation)
    rng = np.random.default_rng(2)
    x, h = rng.normal(size=(B, D)), rng.normal(size=(B, U))
    output, state = cell(tf.constant(x), tf.constant(h))
    sums = x @ cell.kernel.numpy() + cell.bias.numpy()
    gate, candidate = sigmoid(sums[:, :U]), sums[:, U:]
    candidate = np.tanh(candidate) if activation == "tanh" else candidate
    np.testing.assert_allclose(output, (1 - gate) * h + gate * candidate, rtol=1e-12)
    np.testing.assert_array_equal(output, state)
    assert [v.shape for v in cell.trainable_variables] == [(2 * U,), (D, 2 * U)]


def test_minlstm_equation() -> None:
    tf.random.set_seed(0)  # an output that is nearly zero has few digits left
    cell = u.MinLSTMCell(U)
    rng = np.random.default_rng(3)
    x, h = rng.normal(size=(B, D)), rng.normal(size=(B, U))
    output, _ = cell(tf.constant(x), tf.constant(h))
    f, i, candidate = np.split(x @ cell.kernel.numpy() + cell.bias.numpy(), 3, axis=1)
    f, i = sigmoid(f), sigmoid(i)
    np.testing.assert_allclose(output, (f * h + i * candidate) / (f + i), rtol=1e-12)


def test_minlstm_with_both_gates_shut() -> None:
    """Both sigmoids are zero in float32, and what they share out is still 1."""
    a, b = u.MinLSTMCell(1).from_sums(*(tf.constant([z]) for z in (-200.0, -200.0, 3.0)))
    np.testing.assert_allclose([a[0], b[0]], [0.5, 1.5])


@pytest.mark.one_in(4)
@pytest.mark.parametrize("kind", [u.MinGRUCell, u.MinLSTMCell])
@pytest.mark.parametrize("lengths", [None, [5, 0, 3]])
@pytest.mark.parametrize("time_major", [False, True])
def test_scan_rnn_is_dynamic_rnn(kind: Any, lengths: Any, time_major: bool) -> None:
    """Outputs, final states and all gradients, also with NaN in the padding."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(B, 6, D))
    if lengths is not None:
        for row, length in enumerate(lengths):
            x[row, length:] = np.nan
    x = tf.constant(x.swapaxes(0, 1) if time_major else x)
    start = tf.constant(rng.normal(size=(B, U)))
    cell = kind(U)

    def values(run: Any) -> list[tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch([x, start])
            outputs, state = run(
                cell, x, sequence_length=lengths, initial_state=start, time_major=time_major
            )
            loss = tf.reduce_sum(outputs**2) + tf.reduce_sum(state**3)
        return [outputs, state, *tape.gradient(loss, [x, start, *cell.trainable_variables])]

    for found, expected in zip(values(u.scan_rnn), values(u.dynamic_rnn)):
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_scan_rnn_in_graphs() -> None:
    cell = u.MinGRUCell(U)
    x = tf.random.stateless_normal([B, 7, D], [1, 2])
    expected, last = u.scan_rnn(cell, x, dtype=tf.float32)
    np.testing.assert_array_equal(expected[:, -1], last)
    spec = tf.TensorSpec([None, None, D], tf.float32)
    late = tf.function(lambda x: u.scan_rnn(cell, x, dtype=tf.float32), input_signature=[spec])
    compiled = tf.function(lambda x: u.scan_rnn(cell, x, dtype=tf.float32), jit_compile=True)
    for run in (late, compiled):
        outputs, state = run(x)
        np.testing.assert_allclose(outputs, expected, atol=1e-6)
        np.testing.assert_allclose(state, last, atol=1e-6)
    outputs, state = late(x[:, :0])
    assert outputs.shape == (B, 0, U) and not np.any(state)


def test_scan_rnn_has_no_loop() -> None:
    cell = u.MinLSTMCell(U)
    traced = tf.function(lambda x: u.scan_rnn(cell, x, dtype=tf.float32)).get_concrete_function(
        tf.TensorSpec([B, 64, D])
    )
    kinds = [op.type for op in traced.graph.get_operations()]
    assert not any("While" in kind for kind in kinds) and kinds.count("MatMul") == 1


@pytest.mark.parametrize(
    "cell, arguments, error, message",
    [
        (u.GRUCell(U), {"dtype": tf.float32}, TypeError, "MinGRUCell or MinLSTMCell.*dynamic_rnn"),
        (u.MinGRUCell(U), {}, ValueError, "initial_state.*dtype"),
        (
            u.MinGRUCell(U),
            {"dtype": tf.float32, "sequence_length": [9, 1, 1]},
            (ValueError, tf.errors.InvalidArgumentError),
            "sequence_length",
        ),
    ],
)
def test_what_scan_rnn_refuses(cell: Any, arguments: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        u.scan_rnn(cell, tf.ones([B, 5, D]), **arguments)
