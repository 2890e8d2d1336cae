"""The phased LSTM of `tf.contrib.rnn`, whose inputs come with their times."""

from __future__ import annotations

import math
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_count, check_state
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell


class PhasedLSTMCell(FusedCell):
    """The LSTM with a clock for each unit, which updates it only while its gate is open.

        c̃ = σ(f) · c + σ(i) · tanh([x, h] K_n),   h̃ = tanh(c̃) · σ(o)
        φ = ((t - phase) mod period) / period
        k = 2φ / ratio_on, then 2 - 2φ / ratio_on, then leak · φ   # opening, closing, closed
        c' = k · c̃ + (1 - k) · c,   h' = k · h̃ + (1 - k) · h

    Neil, Pfeiffer and Liu (2016). The inputs are a pair: the times t [B, 1] and x [B, D]. With
    peepholes the gates i and f also read c, and o reads c̃. Kernels and biases are in the scopes
    `mask_gates`, `new_input` and `output_gate`; `period`, `phase` and `ratio_on` are [U].

    Args:
      num_units: U.
      use_peepholes: let the gates read the memory (default: False).
      leak: what a closed gate lets through (default: 0.001).
      ratio_on: the share of a period in which the gate is open (default: 0.1).
      trainable_ratio_on: whether that share is trained (default: True).
      period_init_min, period_init_max: between them the periods start, evenly in their logarithm
        (default: 1.0 and 1000.0).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1, or the inputs are no pair.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        leak: float = 0.001,
        ratio_on: float = 0.1,
        trainable_ratio_on: bool = True,
        period_init_min: float = 1.0,
        period_init_max: float = 1000.0,
        reuse: Any = None,
    ):
        RNNCell.__init__(self, _reuse=reuse)
        self.num_units = check_count(num_units, "num_units")
        self.use_peepholes, self.leak, self.start = use_peepholes, leak, ratio_on
        self.trainable_ratio_on = trainable_ratio_on
        self.period_range = period_init_min, period_init_max

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.num_units, self.num_units)

    @property
    def output_size(self) -> int:
        return self.num_units

    def build(self, inputs_shape: Any) -> None:
        if not isinstance(inputs_shape, (tuple, list)) or len(inputs_shape) != 2:
            raise ValueError(
                "inputs of a PhasedLSTMCell must be a pair, times [B, 1] and x [B, D]; "
                f"got shape {inputs_shape}."
            )
        super().build(tf.TensorShape(inputs_shape[1]))

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units = self.num_units
        rows = input_depth + units
        more = units if self.use_peepholes else 0

        def affine(scope: str, rows: int, columns: int) -> tuple[Any, Any]:
            kernel = self.add_variable(f"{scope}/kernel", [rows, columns], tf.float32)
            return kernel, self.add_whole_bias(f"{scope}/bias", columns, tf.float32)

        self.mask_gates = affine("mask_gates", rows + more, 2 * units)
        self.new_input = affine("new_input", rows, units)
        self.output_gate = affine("output_gate", rows + more, units)

        def period(shape: Any, dtype: Any = tf.float32, partition_info: Any = None) -> tf.Tensor:
            low, high = map(math.log, self.period_range)
            return tf.exp(tf.random_uniform(shape, low, high, dtype))

        self.period = self.add_variable("period", [units], tf.float32, period)
        phase = tf.random_uniform_initializer(0.0, self.period.initial_value)
        self.phase = self.add_variable("phase", [units], tf.float32, phase)
        self.ratio_on = self.add_variable(
            "ratio_on",
            [units],
            tf.float32,
            tf.constant_initializer(self.start),
            trainable=self.trainable_ratio_on,
        )

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        time, x = inputs
        self.check_depth(size_of(x, 1))
        c, h = check_state(state, self.state_size, None, x.dtype)

        def affine(weights: tuple[Any, Any], *parts: Any) -> Any:
            return tf.matmul(tf.concat(parts, 1), weights[0]) + weights[1]

        peeped = (c,) if self.use_peepholes else ()
        i, f = tf.split(tf.sigmoid(affine(self.mask_gates, x, h, *peeped)), 2, axis=1)
        new_c = c * f + i * tf.tanh(affine(self.new_input, x, h))
        peeped = (new_c,) if self.use_peepholes else ()
        new_h = tf.tanh(new_c) * tf.sigmoid(affine(self.output_gate, x, h, *peeped))
        k = self._openness(time)  # [B, U]
        new_c, new_h = k * new_c + (1 - k) * c, k * new_h + (1 - k) * h
        return new_h, LSTMStateTuple(new_c, new_h)

    def _openness(self, time: Any) -> Any:
        phase, period = tf.cast(self.phase, time.dtype), tf.cast(self.period, time.dtype)
        shifted = time - phase
        # The remainder falls at whole periods; its gradient is taken as if it never did.
        rest = tf.stop_gradient(tf.mod(shifted, period) - shifted) + shifted
        ratio = tf.cast(rest / period, tf.float32)
        opening = 2 * ratio / self.ratio_on
        k = tf.where(ratio < self.ratio_on, 2 - opening, self.leak * ratio)
        return tf.where(ratio < 0.5 * self.ratio_on, opening, k)
