"""The cells that only `tf.contrib.rnn` had.

Those that were fused kernels are cells of `unrolled.cells` here, with the old names of the
variables; the others have an equation of their own.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
from unrolled.internal.checks import check_count
from unrolled.internal.named import glorot_uniform
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as
from unrolled.tf1.shims.cells.contrib_lstm_cells import LSTMWithExtras
from unrolled.tf1.shims.cells.rnn_cell import BaseGRU
from unrolled.tf1.shims.layers.core import activation_function


class LSTMBlockCell(LSTMWithExtras):
    """The LSTM that was one fused kernel; here it is `LSTMCell`, with the same weights.

    As in the kernel, the gradient does not notice `cell_clip`.

    Args:
      num_units: U.
      forget_bias: added to f before the sigmoid (default: 1.0).
      cell_clip: c is clipped to ±cell_clip; not above 0 means no clip (default: no clip).
      use_peephole: let the gates read c (default: False).
      dtype, reuse, name: as for `RNNCell` (default of the name: lstm_cell).

    Raises:
      As `unrolled.LSTMCell`.
    """

    _use_peephole = known_as("use_peepholes")

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: Any = None,
        name: str | None = "lstm_cell",
    ):
        # The fused kernel took -1 for "do not clip".
        clip = cell_clip if cell_clip is not None and cell_clip > 0 else None
        today.LSTMCell.__init__(self, num_units, use_peephole, clip, forget_bias=forget_bias)
        self._set_up(reuse, name, dtype)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        has_peepholes, self.use_peepholes = self.use_peepholes, False
        super().make_variables(input_depth, dtype)
        self.use_peepholes = has_peepholes
        for gate in "ifo" if has_peepholes else "":  # the kernel's order, not that of `LSTMCell`
            name = f"w_{gate}_diag"
            setattr(self, name, self.add_variable(name, [self.num_units], dtype))

    def clipped(self, c: Any) -> Any:
        """c, clipped; its gradient is that of c."""
        return c + tf.stop_gradient(super().clipped(c) - c)


class LayerNormBasicLSTMCell(LSTMWithExtras):
    """An LSTM whose gates and memory are normalised over the units of each row.

        i, j, f, o = LN(blocks of [x, h] K)
        c' = LN(c · σ(f + forget_bias) + σ(i) · dropout(tanh(j)))
        h' = tanh(c') · σ(o)
        LN(a) = (a - mean(a)) / deviation(a) · gamma + beta

    Ba, Kiros and Hinton (2016); the dropout, which leaves the memory whole, is that of Semeniuta,
    Severyn and Barth (2016). Each LN has a `gamma` and a `beta` [U] of its own, in the scopes
    `input`, `transform`, `forget`, `output` and `state`.

    Args:
      num_units: U.
      forget_bias: added to f before the sigmoid (default: 1.0).
      input_size: ignored.
      activation: a function (default: tanh).
      layer_norm: False for LN(a) = a and, in its place, a `bias` of the gates (default: True).
      norm_gain, norm_shift: where gamma and beta start (default: 1.0 and 0.0).
      dropout_keep_prob: the share of tanh(j) that is kept, a number or a tensor (default: 1.0).
      dropout_prob_seed: makes the dropout repeatable (default: new draws in each session).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tf.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ):
        today.LSTMCell.__init__(
            self, num_units, forget_bias=forget_bias, activation=activation_function(activation)
        )
        self._set_up(reuse)
        self._set_up_norm(layer_norm, norm_gain, norm_shift)
        self.keep_prob, self.seed = dropout_keep_prob, dropout_prob_seed

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units, glorot = self.num_units, glorot_uniform
        self.kernel = self.make_variable("kernel", [input_depth + units, 4 * units], glorot, dtype)
        if not self.layer_norm:
            self.bias = self.make_variable("bias", [4 * units], glorot, dtype)  # as theirs did
        self.make_norms("input transform forget output state", dtype)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        gates = tf.matmul(tf.concat([inputs, h], 1), self.kernel)  # [B, D+U] @ [D+U, 4U]
        if not self.layer_norm:
            gates += self.bias
        i, j, f, o = tf.split(gates, 4, axis=1)  # [B, 4U] -> four times [B, U]
        i, f, o = self.norm("input", i), self.norm("forget", f), self.norm("output", o)
        candidate = self.activation(self.norm("transform", j))
        if tf.is_tensor(self.keep_prob) or self.keep_prob < 1:
            candidate = tf.nn.dropout(candidate, rate=1 - self.keep_prob, seed=self.seed)
        new_c = c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * candidate
        new_c = self.norm("state", new_c)
        new_h = self.activation(new_c) * tf.sigmoid(o)
        return new_h, today.LSTMStateTuple(new_c, new_h)


class GRUBlockCellV2(BaseGRU):
    """The GRU that was one fused kernel; here it is `unrolled.GRUCell`, with the same weights.

    Args:
      num_units: U; before 1.3 it was called `cell_size`.
      reuse, name: as for `RNNCell` (default of the name: gru_cell).

    Raises:
      ValueError: neither or both of `num_units` and `cell_size` are given.
      And as `unrolled.GRUCell`.
    """

    _cell_size = known_as("num_units")

    def __init__(
        self,
        num_units: int | None = None,
        cell_size: int | None = None,
        reuse: Any = None,
        name: str | None = "gru_cell",
    ):
        units = cell_size if num_units is None else num_units
        if units is None or (num_units is not None and cell_size is not None):
            raise ValueError(
                f"{type(self).__name__} needs one of num_units and cell_size, its name before "
                f"1.3; got num_units={num_units} and cell_size={cell_size}."
            )
        today.GRUCell.__init__(self, units)
        self._set_up(reuse, name)


class GRUBlockCell(GRUBlockCellV2):
    """`GRUBlockCellV2` with its first names of the variables: w_ru, b_ru, w_c, b_c."""

    _NAMES = {
        "gates/kernel": "w_ru",
        "gates/bias": "b_ru",
        "candidate/kernel": "w_c",
        "candidate/bias": "b_c",
    }

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> tf.Variable:
        return super().make_variable(self._NAMES[name], shape, initializer, dtype)


class NASCell(FusedCell):
    """The cell that a search over architectures found, in the form of `tf.contrib.rnn`.

        x_1..x_8, h_1..h_8 = blocks of x K, h R + b
        a = tanh(σ(x_1 + h_1) · relu(x_2 + h_2)),   d = tanh(σ(x_3 + h_3) + relu(x_4 · h_4))
        e = tanh(tanh(x_5 + h_5) · σ(x_6 + h_6)),   g = σ(tanh(x_7 + h_7) + σ(x_8 + h_8))
        c' = tanh(a + c) · d
        h' = tanh(c' · tanh(e + g))

    Zoph and Le (2017), figure 8. The variables are `kernel` K [D, 8U], `recurrent_kernel` R
    [P, 8U], with `use_bias` also `bias` b [8U], and with `num_proj` `projection_weights` [U, P].

    Args:
      num_units: U.
      num_proj: P, the size of a linear layer on h (default: no such layer; P is U).
      use_bias: whether to add b (default: False).
      reuse, name, dtype, layer: as for `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **layer: Any,
    ):
        RNNCell.__init__(self, name=name, dtype=dtype, _reuse=reuse, **layer)
        self.num_units = check_count(num_units, "num_units")
        self.num_proj, self.use_bias = num_proj, use_bias

    @property
    def state_size(self) -> Any:
        return today.LSTMStateTuple(self.num_units, self.output_size)

    @property
    def output_size(self) -> int:
        return self.num_proj or self.num_units

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        wide = 8 * self.num_units
        glorot = glorot_uniform
        self.recurrent_kernel = self.make_variable(
            "recurrent_kernel", [self.output_size, wide], glorot, dtype
        )
        self.kernel = self.make_variable("kernel", [input_depth, wide], glorot, dtype)
        if self.use_bias:
            self.bias = self.make_variable("bias", [wide], tf.zeros, dtype)
        if self.num_proj:
            self.projection_kernel = self.make_variable(
                "projection_weights", [self.num_units, self.num_proj], glorot, dtype
            )

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        from_h = tf.matmul(h, self.recurrent_kernel)  # [B, P] @ [P, 8U]
        if self.use_bias:
            from_h += self.bias
        x = tf.split(tf.matmul(inputs, self.kernel), 8, axis=1)  # eight times [B, U]
        h = tf.split(from_h, 8, axis=1)
        a = tf.tanh(tf.sigmoid(x[0] + h[0]) * tf.nn.relu(x[1] + h[1]))
        d = tf.tanh(tf.sigmoid(x[2] + h[2]) + tf.nn.relu(x[3] * h[3]))
        e = tf.tanh(tf.tanh(x[4] + h[4]) * tf.sigmoid(x[5] + h[5]))
        g = tf.sigmoid(tf.tanh(x[6] + h[6]) + tf.sigmoid(x[7] + h[7]))
        new_c = tf.tanh(a + c) * d  # [B, U]
        new_h = tf.tanh(new_c * tf.tanh(e + g))
        if self.num_proj:
            new_h = tf.matmul(new_h, self.projection_kernel)  # [B, U] @ [U, P]
        return new_h, today.LSTMStateTuple(new_c, new_h)
