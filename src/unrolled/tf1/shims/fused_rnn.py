"""Fused RNNs: functions of a whole sequence [T, B, D], which TensorFlow 1 ran in one operation.

Here they are cells in the unrolls of this layer, with the old names of the variables. In all of
them the sequence may also be a list of T tensors [B, D], and then so are the outputs.
"""

from __future__ import annotations

import abc
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_cell
from unrolled.internal.shapes import size_or_tensor
from unrolled.tf1.shims.cells.cell_base import RNNCell, known_as
from unrolled.tf1.shims.cells.contrib_rnn_cell import LSTMBlockCell
from unrolled.tf1.shims.rnn import dynamic_rnn, static_rnn


class FusedRNNCell(abc.ABC):
    """A function of a sequence, for programs that write their own."""

    @abc.abstractmethod
    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """The outputs [T, B, U] and the final state.

        Args:
          inputs: [T, B, D], or a list of T tensors [B, D].
          initial_state: of the cell (default: zeros of `dtype`).
          dtype: the dtype of these zeros.
          sequence_length: B numbers (default: every row has T steps).
          scope: a name or a VariableScope.
        """


class FusedRNNCellAdaptor(FusedRNNCell):
    """A cell as a fused RNN.

    Args:
      cell: any cell.
      use_dynamic_rnn: run it in `dynamic_rnn` and not in `static_rnn` (default: False).

    Raises:
      TypeError: `cell` is not a cell.
    """

    def __init__(self, cell: Any, use_dynamic_rnn: bool = False):
        check_cell(cell)
        self._cell, self._use_dynamic_rnn = cell, use_dynamic_rnn

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        is_list = isinstance(inputs, list)
        how = {"sequence_length": sequence_length, "initial_state": initial_state, "dtype": dtype}
        if self._use_dynamic_rnn:
            whole = tf.stack(inputs) if is_list else inputs
            outputs, state = dynamic_rnn(self._cell, whole, time_major=True, scope=scope, **how)
            return (tf.unstack(outputs) if is_list else outputs), state
        steps = inputs if is_list else tf.unstack(inputs)
        outputs, state = static_rnn(self._cell, steps, scope=scope, **how)
        return (outputs if is_list else tf.stack(outputs)), state


class TimeReversedFusedRNN(FusedRNNCell):
    """A fused RNN over the sequence from its end; the outputs are in the order of the inputs.

    Args:
      cell: a fused RNN.
    """

    def __init__(self, cell: Any):
        self._cell = cell

    def __call__(
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        outputs, state = self._cell(
            self._reversed(inputs, sequence_length),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
            scope=scope,
        )
        return self._reversed(outputs, sequence_length), state

    def _reversed(self, sequence: Any, lengths: Any) -> Any:
        if isinstance(sequence, list):
            return sequence[::-1]  # whole, whatever the lengths: as in TensorFlow 1
        if lengths is None:
            return tf.reverse(sequence, [0])
        return tf.reverse_sequence(sequence, lengths, seq_axis=0, batch_axis=1)


class LSTMBlockWrapper(RNNCell):
    """The base of fused LSTMs, for programs that write their own.

    A subclass defines `num_units` and `_call_cell(inputs, initial_cell_state, initial_output,
    dtype, sequence_length)`, which gives c and h of all steps, [T, B, U] each, and makes its
    variables in `build(inputs_shape)`.
    """

    @property
    def num_units(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} does not define num_units.")

    def _call_cell(
        self,
        inputs: Any,
        initial_cell_state: Any,
        initial_output: Any,
        dtype: Any,
        sequence_length: Any,
    ) -> tuple[Any, Any]:
        raise NotImplementedError(f"{type(self).__name__} does not define _call_cell.")

    def __call__(  # type: ignore[override]
        self,
        inputs: Any,
        initial_state: Any = None,
        dtype: Any = None,
        sequence_length: Any = None,
        scope: Any = None,
    ) -> tuple[Any, Any]:
        """A run over a sequence, as `FusedRNNCell`.

        Raises:
          ValueError: neither `initial_state` nor `dtype` is given, or the state is no pair.
        """
        is_list = isinstance(inputs, list)
        inputs = tf.stack(inputs) if is_list else tf.convert_to_tensor(inputs)
        if self._cell_dtype is None:
            self._cell_dtype = inputs.dtype
        if initial_state is None:
            if dtype is None:
                raise ValueError(
                    "neither initial_state nor dtype is given; give dtype=tf.float32 to start "
                    "from zeros."
                )
            zeros = tf.zeros([size_or_tensor(inputs, 1), self.num_units], dtype)
            initial_state = (zeros, zeros)
        if len(initial_state) != 2:
            raise ValueError(f"initial_state must be a pair, c and h; got {initial_state!r}.")
        with self._entered(scope):
            if not self.built:
                self.build(inputs.shape)
            outputs, state = self.call(inputs, LSTMStateTuple(*initial_state), sequence_length)
            self.built = True
        return (tf.unstack(outputs) if is_list else outputs), state

    def call(  # type: ignore[override]
        self, inputs: Any, state: Any, sequence_length: Any = None
    ) -> tuple[Any, Any]:
        """The outputs, zero past the lengths, and the state at the end of each row."""
        c, h = self._call_cell(inputs, state.c, state.h, state.c.dtype, sequence_length)
        if sequence_length is None:
            return h, LSTMStateTuple(c[-1], h[-1])
        lengths = tf.cast(sequence_length, tf.int32)
        live = tf.sequence_mask(lengths, size_or_tensor(inputs, 0), h.dtype)  # [B, T]
        h *= tf.transpose(live)[:, :, tf.newaxis]
        ends = tf.stack([lengths, tf.range(tf.shape(inputs)[1])], axis=1)  # [B, 2]
        final = (
            tf.gather_nd(tf.concat([first[tf.newaxis], steps], 0), ends)
            for first, steps in zip(state, (c, h))
        )
        return h, LSTMStateTuple(*final)


class LSTMBlockFusedCell(LSTMBlockWrapper):
    """`LSTMBlockCell` over a whole sequence.

    Args:
      num_units, forget_bias, cell_clip, use_peephole: as for `LSTMBlockCell`.
      reuse, dtype, name: as for `RNNCell` (default of the name: lstm_fused_cell).

    Raises:
      As `LSTMBlockCell`.
    """

    _kernel = known_as("kernel")
    _bias = known_as("bias")

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        reuse: Any = None,
        dtype: Any = None,
        name: str | None = "lstm_fused_cell",
    ):
        super().__init__(name=name, dtype=dtype, _reuse=reuse)
        self.cell = LSTMBlockCell(num_units, forget_bias, cell_clip, use_peephole, dtype, reuse)

    @property
    def num_units(self) -> int:
        return self.cell.num_units

    @property
    def kernel(self) -> Any:
        return self.cell.kernel

    @property
    def bias(self) -> Any:
        return self.cell.bias

    def build(self, inputs_shape: Any) -> None:
        self.cell._scope, self.cell._cell_dtype = self._scope, self._cell_dtype  # one and the same
        self.cell.build(inputs_shape)
        self.built = True

    def call(self, inputs: Any, state: Any, sequence_length: Any = None) -> tuple[Any, Any]:
        return dynamic_rnn(self.cell, inputs, sequence_length, state, time_major=True)
