"""The cells of `tf.contrib.cudnn_rnn`: what NVIDIA's cuDNN computes, one step at a time.

A cuDNN LSTM is an LSTM that adds nothing to its forget gate. A cuDNN GRU resets after the product
with the state, not before it, and has a bias there too.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
from unrolled.internal.affine import Affine
from unrolled.internal.checks import check_count
from unrolled.internal.named import Initializer, initializer_of
from unrolled.tf1.shims.cells.cell_base import FusedCell, known_as
from unrolled.tf1.shims.cells.configs import initializer_given
from unrolled.tf1.shims.cells.contrib_rnn_cell import LSTMBlockCell


class ResetAfterGRUCell(today.GRUCell):
    """The GRU of cuDNN:

        r, u = blocks of σ([x, h] K_g + b_g)
        candidate = tanh(x K_x + b_x + r · (h K_h + b_h))       # the reset comes after the product
        h' = u · h + (1 − u) · candidate

    Cho et al. (2014), in the form of their program. `gate_kernel` K_g [D+U, 2U] and `gate_bias` b_g
    [2U] are those of `GRUCell`; the candidate has `input_kernel` K_x [D, U], `hidden_kernel` K_h
    [U, U], `input_bias` b_x and `hidden_bias` b_h [U].

    The arguments are those of `unrolled.GRUCell`.
    """

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        depth, units = check_count(input_depth, "input_depth"), self.num_units

        def kernel(name: str, shape: list[int]) -> tf.Variable:
            start = initializer_of(self.kernel_initializer)
            return self.make_variable(f"{name}/kernel", shape, start, dtype)

        def bias(name: str, size: int, start: Initializer) -> tf.Variable:
            start = initializer_of(self.bias_initializer, start)
            return self.make_variable(f"{name}/bias", [size], start, dtype)

        self.gate_kernel = kernel("gates", [depth + units, 2 * units])
        self.gate_bias = bias("gates", 2 * units, tf.ones)
        self.input_kernel = kernel("candidate/input_projection", [depth, units])
        self.hidden_kernel = kernel("candidate/hidden_projection", [units, units])
        self.input_bias = bias("candidate/input_projection", units, tf.zeros)
        self.hidden_bias = bias("candidate/hidden_projection", units, tf.zeros)

    def parameters(self) -> tuple[Any, ...]:  # type: ignore[override]
        return (
            Affine(self.gate_kernel, self.gate_bias),
            (self.input_kernel, self.input_bias),
            (self.hidden_kernel, self.hidden_bias),
        )

    def equation(  # type: ignore[override]
        self, inputs: tf.Tensor, state: tf.Tensor, gates: Affine, from_x: Any, from_h: Any
    ) -> tuple[tf.Tensor, tf.Tensor]:
        r, u = tf.split(tf.sigmoid(gates(inputs, state)), 2, axis=1)  # [B, 2U] -> twice [B, U]
        x = tf.matmul(inputs, from_x[0]) + from_x[1]  # [B, D] @ [D, U]
        h = tf.matmul(state, from_h[0]) + from_h[1]  # [B, U] @ [U, U]
        new_h = u * state + (1 - u) * self.activation(x + r * h)  # [B, U]
        return new_h, new_h


class CudnnCompatibleLSTMCell(LSTMBlockCell):
    """The LSTM of cuDNN: `tf.contrib.rnn.LSTMBlockCell` with a forget bias of 0.

    Args:
      num_units: U.
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    def __init__(self, num_units: int, reuse: Any = None):
        super().__init__(num_units, forget_bias=0.0, reuse=reuse, name="cudnn_compatible_lstm_cell")


class CudnnCompatibleGRUCell(FusedCell, ResetAfterGRUCell):
    """The GRU of cuDNN, which resets after the product with the state.

    Args:
      num_units: U.
      reuse: as `_reuse` of `RNNCell`.
      kernel_initializer: of all kernels (default: that of the variable scope).

    Raises:
      As `unrolled.GRUCell`.
    """

    _gate_kernel = known_as("gate_kernel")
    _gate_bias = known_as("gate_bias")
    _candidate_input_kernel = known_as("input_kernel")
    _candidate_hidden_kernel = known_as("hidden_kernel")
    _candidate_input_bias = known_as("input_bias")
    _candidate_hidden_bias = known_as("hidden_bias")
    _kernel_initializer = known_as("kernel_initializer")
    _bias_initializer = known_as("bias_initializer")

    def __init__(self, num_units: int, reuse: Any = None, kernel_initializer: Any = None):
        kernel = initializer_given(kernel_initializer)
        today.GRUCell.__init__(self, num_units, kernel_initializer=kernel)
        self._set_up(reuse)
