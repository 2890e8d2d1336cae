"""Runs without a loop: all T steps at once, for states that are linear in the state before.

    h_t = a_t · h_{t-1} + b_t

Two such steps in a row are again one such step,

    a_2 (a_1 h + b_1) + b_2  =  (a_2 a_1) h + (a_2 b_1 + b_2)

and joining steps in pairs is associative, so T steps take about log2 T rounds of joined pairs
(Blelloch 1990; for recurrent networks Martin and Cundy 2018). `linear_scan` does that, `MinGRUCell`
and `MinLSTMCell` are cells whose step has this form, and `scan_rnn` runs them as `dynamic_rnn`
does, with the same results. The letters: B rows in the batch, T steps, D inputs, U units.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unrolled.cells import _EquationCell
from unrolled.contract import State, TensorLike
from unrolled.internal.checks import (
    as_float_tensor,
    check_count,
    check_flag,
    check_lengths,
    check_name,
    describe,
)
from unrolled.internal.named import (
    Activation,
    Initializer,
    check_activation,
    initializer_of,
)
from unrolled.internal.run import check_dtype, check_inputs, first_state
from unrolled.internal.shapes import size_or_tensor, swap_batch_and_time
from unrolled.internal.tracing import no_autograph


@no_autograph
def linear_scan(a: TensorLike, b: TensorLike, initial: TensorLike | None = None) -> tf.Tensor:
    """All states of h_t = a_t · h_{t-1} + b_t, without a loop over t.

        h = initial
        for t in range(T):
            h = a[:, t] * h + b[:, t]
            states[:, t] = h

    No number is divided and no logarithm taken, so products of many small `a` may become zero and
    the states stay right. Products of many large `a` must not overflow: where they do, a state may
    be infinite or NaN although the loop's is not. The gradient is a scan from the other end, and
    keeps nothing but `a` and the states.

    Args:
      a: the factors [B, T, ...], floating point; not complex.
      b: the terms, of the shape and the dtype of `a`.
      initial: the state before step 0, [B, ...] (default: zeros).

    Returns:
      The states [B, T, ...] after each step.

    Raises:
      TypeError: an argument is no tensor and cannot become one.
      ValueError: `a` has no axis of steps, is not floating point, or `b` or `initial` has another
        shape or dtype.
      tf.errors.InvalidArgumentError: the same for shapes that are known only at run time.
    """
    factors = as_float_tensor(a, "a", wanted="[B, T, ...]")
    terms = as_float_tensor(b, "b", wanted="[B, T, ...]")
    shape = factors.shape
    if shape.rank is None or shape.rank < 2:
        raise ValueError(f"a must be [B, T, ...], one factor for each step; got shape {shape}.")
    _check_alike(terms, "b", factors, shape)
    if initial is not None:
        dtype = factors.dtype if isinstance(initial, list | tuple) else None  # of plain numbers
        start = as_float_tensor(initial, "initial", dtype, wanted="[B, ...]")
        _check_alike(start, "initial", factors, tf.TensorShape([shape[0], *shape[2:]]))
        # What came before is a part of the first term.
        first = factors[:, :1] * start[:, tf.newaxis] + terms[:, :1]
        terms = tf.concat([first, terms[:, 1:]], axis=1)
    with tf.name_scope("linear_scan"):
        return _scan(factors, terms)


def _check_alike(x: tf.Tensor, argument: str, a: tf.Tensor, wanted: tf.TensorShape) -> None:
    if x.dtype != a.dtype:
        raise ValueError(f"{argument} must be {a.dtype.name}, as a is; got {x.dtype.name}.")
    if not x.shape.is_compatible_with(wanted):
        raise ValueError(f"{argument} must have the shape {wanted}; got {x.shape}.")


@tf.custom_gradient
def _scan(a: tf.Tensor, b: tf.Tensor) -> Any:
    """The states, [B, T, ...], from zeros."""
    steps = size_or_tensor(a, 1)
    states = _in_pairs(a, b) if isinstance(steps, int) else _doubling(a, b)
    states = tf.ensure_shape(states, a.shape)

    def gradient(d_states: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        # d_b[t] = d_states[t] + a[t+1] · d_b[t+1]: the same recurrence, from the last step on.
        after = tf.concat([a[:, 1:], tf.zeros_like(a[:, :1])], axis=1)
        d_b = tf.reverse(_scan(tf.reverse(after, [1]), tf.reverse(d_states, [1])), [1])
        before = tf.concat([tf.zeros_like(a[:, :1]), states[:, :-1]], axis=1)
        return d_b * before, d_b

    return states, gradient


def _in_pairs(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Join neighbours into half as many steps, scan those, and fill in the steps between.

    About 2T products in all, in 2 log2 T rounds.
    """
    steps = a.shape[1]
    if steps < 2:
        return b
    a_even, a_odd = _neighbours(a)  # [B, T/2, ...] each
    b_even, b_odd = _neighbours(b)
    odd = _in_pairs(a_odd * a_even, a_odd * b_even + b_odd)  # h_1, h_3, h_5, ...
    even = a_even[:, 1:] * odd[:, :-1] + b_even[:, 1:]  # h_2, h_4, ...
    even = tf.concat([b_even[:, :1], even], axis=1)  # h_0 = b_0
    woven = tf.stack([even, odd], axis=2)  # [B, T/2, 2, ...]
    woven = tf.reshape(woven, _sizes(a, [steps // 2 * 2]))
    if steps % 2 == 0:
        return woven
    return tf.concat([woven, a[:, -1:] * odd[:, -1:] + b[:, -1:]], axis=1)


def _neighbours(x: tf.Tensor) -> list[tf.Tensor]:
    """The steps 0, 2, 4, ... and the steps 1, 3, 5, ...; of an odd number the last is left out.

    By `reshape`: a slice of every second step is copied number by number, eight times as slowly.
    """
    steps = x.shape[1]
    x = x if steps % 2 == 0 else x[:, :-1]
    return list(tf.unstack(tf.reshape(x, _sizes(x, [steps // 2, 2])), axis=2))


def _sizes(x: tf.Tensor, in_place_of_steps: list[int]) -> tf.Tensor:
    sizes = tf.shape(x)
    return tf.concat([sizes[:1], in_place_of_steps, sizes[2:]], axis=0)


def _doubling(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Join each step with the one 1, 2, 4, ... steps before it, for a T that a graph learns late.

    About T log2 T products, in log2 T rounds.
    """
    steps = tf.shape(a)[1]

    def round_of(shift: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tuple[tf.Tensor, ...]:
        none = tf.minimum(shift, steps)
        before_a = tf.concat([tf.ones_like(a[:, :none]), a[:, : steps - none]], axis=1)
        before_b = tf.concat([tf.zeros_like(b[:, :none]), b[:, : steps - none]], axis=1)
        return 2 * shift, a * before_a, a * before_b + b

    shapes = (tf.TensorShape([]), a.shape, a.shape)
    values = (tf.constant(1), a, b)
    return tf.while_loop(
        lambda shift, *_: shift < steps, round_of, values, shape_invariants=shapes
    )[2]


class _LinearCell(_EquationCell):
    """A cell whose step is h' = a · h + b, with a and b [B, U] from the inputs alone."""

    blocks: int  # of the kernel

    def __init__(
        self,
        num_units: int,
        activation: Activation | str | None = "linear",
        kernel_initializer: Initializer | str | None = None,
        bias_initializer: Initializer | str | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(num_units, activation, kernel_initializer, bias_initializer, name=name)

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        check_activation(self.activation, self.num_units, dtype)
        depth, columns = check_count(input_depth, "input_depth"), self.blocks * self.num_units
        kernel = initializer_of(self.kernel_initializer)
        self.kernel = self.make_variable("kernel", [depth, columns], kernel, dtype)
        bias = initializer_of(self.bias_initializer, tf.zeros)
        self.bias = self.make_variable("bias", [columns], bias, dtype)

    def parameters(self) -> tuple[tf.Variable, tf.Variable]:
        return self.kernel, self.bias

    def coefficients(self, inputs: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """a and b [..., U] for inputs [..., D]: of one step, or of all steps at once."""
        return self._coefficients(inputs, self.kernel, self.bias)

    def _coefficients(
        self, inputs: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        sums = tf.tensordot(inputs, kernel, 1) + bias  # [..., D] @ [D, kU] -> [..., kU]
        return self.from_sums(*tf.split(sums, self.blocks, axis=-1))

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """a and b from the blocks of x K + b, [..., U] each."""
        raise NotImplementedError

    def equation(
        self, inputs: tf.Tensor, state: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        a, b = self._coefficients(inputs, kernel, bias)
        new_h = a * state + b  # [B, U]
        return new_h, new_h


class MinGRUCell(_LinearCell):
    """The minimal GRU: an update gate that does not see the state, and no reset gate.

        z_u, z_c = blocks of x K + b
        u = σ(z_u)
        h' = (1 − u) · h + u · z_c

    Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", where u is
    called z: the share of the new candidate, not of the old state as in `GRUCell`. `kernel`
    [D, 2U] and `bias` [2U] hold the blocks of the gate and of the candidate.

    Args:
      num_units: U.
      activation: of the candidate: a function of a tensor, or Keras's name of one (default: none,
        as in the paper's plain form; its form in logarithms has one above zero).
      kernel_initializer: a function of a shape and a dtype, or Keras's name of one (default:
        Glorot uniform over the whole kernel).
      bias_initializer: likewise (default: zeros).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name.
      ValueError: a number is out of its range, or a name is not one that Keras has.
    """

    blocks = 2

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_u, z_c = sums
        return tf.sigmoid(-z_u), tf.sigmoid(z_u) * self.activation(z_c)  # 1 − σ(z) = σ(−z)


class MinLSTMCell(_LinearCell):
    """The minimal LSTM: a forget and an input gate that do not see the state, and share out 1.

        z_f, z_i, z_c = blocks of x K + b
        f, i = σ(z_f) / (σ(z_f) + σ(z_i)), σ(z_i) / (σ(z_f) + σ(z_i))
        h' = f · h + i · z_c

    Feng, Tung, Ahmed, Bengio and Hajimirsadeghi (2024), "Were RNNs All We Needed?", in the form
    whose gates are normalised. `kernel` [D, 3U] and `bias` [3U] hold the blocks of the forget
    gate, of the input gate and of the candidate.

    Args:
      num_units: U.
      activation: of the candidate: a function of a tensor, or Keras's name of one (default: none,
        as in the paper's plain form; its form in logarithms has one above zero).
      kernel_initializer: a function of a shape and a dtype, or Keras's name of one (default:
        Glorot uniform over the whole kernel).
      bias_initializer: likewise (default: zeros).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name.
      ValueError: a number is out of its range, or a name is not one that Keras has.
    """

    blocks = 3

    def from_sums(self, *sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        z_f, z_i, z_c = sums
        # f = σ(ln σ(z_f) − ln σ(z_i)): no quotient of two numbers that may both be zero.
        forget = tf.math.log_sigmoid(z_f) - tf.math.log_sigmoid(z_i)  # [..., U]
        return tf.sigmoid(forget), tf.sigmoid(-forget) * self.activation(z_c)


@no_autograph
def scan_rnn(
    cell: Any,
    inputs: TensorLike,
    sequence_length: TensorLike | None = None,
    initial_state: State | None = None,
    dtype: tf.DType | None = None,
    time_major: bool = False,
    scope: str | None = None,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Run a cell of this module over all steps at once; the results are those of `dynamic_rnn`.

    Args:
      cell: a `MinGRUCell` or a `MinLSTMCell`, or a cell of your own whose step is h' = a · h + b,
        with a method `coefficients` that gives a and b [B, T, U] for inputs [B, T, D].
      inputs: one tensor [B, T, D], or [T, B, D] where `time_major`.
      sequence_length: B integers in 0..T. Past its length a row's outputs are exactly zero and its
        state no longer changes; its inputs there affect neither results nor gradients (default:
        every row has T steps).
      initial_state: [B, U] (default: zeros of `dtype`).
      dtype: the dtype of the initial zeros.
      time_major: the first two axes of inputs and outputs are [T, B] and not [B, T] (default:
        False).
      scope: a name for the operations (default: "rnn").

    Returns:
      The outputs [B, T, U] (or [T, B, U]), and the final state [B, U].

    Raises:
      TypeError: `cell` has no `coefficients`, since its step is not linear in the state.
      ValueError: the inputs are not floating point or not [B, T, D] with a known D; neither
        `initial_state` nor `dtype` is given; the state or the lengths do not fit.
      tf.errors.InvalidArgumentError: the same for states and lengths, if known only at run time.
    """
    if not callable(getattr(cell, "coefficients", None)):
        raise TypeError(
            f"scan_rnn needs a cell whose step is h' = a · h + b, such as MinGRUCell or "
            f"MinLSTMCell; got {describe(cell)}. dynamic_rnn runs any cell."
        )
    time_major = check_flag(time_major, "time_major")
    with tf.name_scope("rnn" if check_name(scope, "scope") is None else scope):
        dtype = check_dtype(dtype, initial_state)
        inputs = check_inputs(cell, inputs, dtype, rank=3, time_major=time_major)
        if time_major:
            inputs = swap_batch_and_time(inputs)  # [T, B, D] -> [B, T, D]
        batch, steps = size_or_tensor(inputs, 0), size_or_tensor(inputs, 1)
        one_step = tf.TensorSpec([inputs.shape[0], inputs.shape[2]], inputs.dtype)
        state = first_state(cell, one_step, batch, initial_state, inputs.dtype)
        if sequence_length is None:
            states = linear_scan(*cell.coefficients(inputs), state)  # [B, T, U]
            outputs = states
        else:
            lengths = check_lengths(sequence_length, batch, steps)
            live = tf.sequence_mask(lengths, steps)[:, :, tf.newaxis]  # [B, T, 1]
            # A NaN in the padding would come back in the gradient as 0 · NaN.
            a, b = cell.coefficients(tf.where(live, inputs, 0))
            states = linear_scan(tf.where(live, a, 1), tf.where(live, b, 0), state)
            outputs = tf.where(live, states, 0)
        # The last state; with no step at all, the first one.
        final = tf.concat([state[:, tf.newaxis], states], axis=1)[:, -1]  # [B, U]
        return swap_batch_and_time(outputs) if time_major else outputs, final
