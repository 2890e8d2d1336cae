"""The networks of `tf.contrib.cudnn_rnn` whose weights are a buffer that the program holds.

Before 1.4 these were all there was; later they lay in `tf.contrib.cudnn_rnn.python.ops`. The layers
of `cudnn_rnn` are built on them. No GPU is needed: the loops and the cells are this package's.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
import unrolled.unroll
from unrolled.internal.checks import describe
from unrolled.internal.shapes import swap_batch_and_time
from unrolled.tf1.shims.cudnn import cudnn_rnn_params as params_of
from unrolled.tf1.shims.cudnn.cudnn_rnn_cells import ResetAfterGRUCell

State = tuple[Any, ...]  # (h, c) of an LSTM, (h,) of the others


class CudnnNetwork:
    """Layers of one kind of cell, in one or two directions, with all weights in one buffer.

    Args:
      num_layers, num_units, input_size: the number of layers, U and D.
      input_mode: "linear_input", or "auto_select" where `input_size` is not `num_units` (default:
        "linear_input").
      direction: "unidirectional" or "bidirectional" (default: "unidirectional").
      dtype: of the weights (default: tf.float32).
      dropout: the share of each layer's output but the last one's that is dropped in training
        (default: 0.0).
      seed: makes the dropout repeatable; None for new draws in each session (default: 0).

    Raises:
      ValueError: an argument has another value.
    """

    converter_class: type[params_of.CudnnParamsFormatConverter]

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_size: int,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
        dtype: Any = tf.float32,
        dropout: float = 0.0,
        seed: int | None = 0,
    ):
        self.converter = self.converter_class(
            num_layers, num_units, input_size, None, input_mode, direction
        )
        self.num_layers, self.num_units, self.input_size = num_layers, num_units, input_size
        self.input_mode, self.direction = input_mode, direction
        self.num_dirs = self.converter.num_dirs
        self.dtype = check_dtype(dtype)
        self.dropout = check_dropout(dropout)
        self.seed = seed

    @property
    def rnn_mode(self) -> str:
        return self.converter.rnn_mode

    def params_size(self) -> tf.Tensor:
        """The size of the buffer."""
        return tf.constant(self.converter.size())

    def params_to_canonical(self, params: Any) -> tuple[list[Any], list[Any]]:
        """The buffer as matrices and biases: of each layer, of each direction, of each gate."""
        return self.converter.canonical(params)

    def canonical_to_params(self, weights: Any, biases: Any) -> tf.Tensor:
        """The buffer of such matrices and biases."""
        return self.converter.from_canonical(weights, biases)

    def run(
        self,
        inputs: Any,
        state: State,
        buffer: Any,
        sequence_lengths: Any,
        time_major: bool,
        training: bool,
    ) -> tuple[Any, State]:
        """All layers over all steps.

        Args:
          inputs: [T, B, D], or [B, T, D] if not `time_major`.
          state: tensors [layers · directions, B, U], or [B, layers · directions, U] likewise.
          buffer: a vector, the weights.
          sequence_lengths: B whole numbers, or None for T each.
          training: whether dropout applies.

        Returns:
          The outputs [T, B, U · directions], or [B, T, ...], and the new state.
        """
        if training not in (True, False):
            raise ValueError(
                f"training must be True or False, no tensor; got {describe(training)}; build the "
                "network twice, with reused weights, to have both."
            )
        x = tf.convert_to_tensor(inputs, self.dtype)
        state = tuple(tf.convert_to_tensor(part, self.dtype) for part in state)
        if not time_major:
            x, state = swap_batch_and_time(x), tuple(map(swap_batch_and_time, state))
        weights = self.converter.cut(tf.convert_to_tensor(buffer, self.dtype))
        finals = []
        for layer in range(self.num_layers):
            if layer > 0 and training and self.dropout > 0:
                seed = None if self.seed is None else self.seed + layer
                x = tf.nn.dropout(x, rate=self.dropout, seed=seed)
            here = range(layer * self.num_dirs, (layer + 1) * self.num_dirs)
            cells = [self._cell(self.converter.depth(layer), weights[i]) for i in here]
            starts = [self._state_of_cell([part[i] for part in state]) for i in here]
            x, ends = self._layer(cells, x, sequence_lengths, starts)
            finals += ends
        parts = zip(*(self._state_of_network(end) for end in finals))
        new_state = tuple(tf.stack(part) for part in parts)  # [layers · directions, B, U]
        if not time_major:
            x, new_state = swap_batch_and_time(x), tuple(map(swap_batch_and_time, new_state))
        return x, new_state

    def _layer(self, cells: Any, x: Any, lengths: Any, starts: Any) -> tuple[Any, Any]:
        """One layer, [T, B, D] -> [T, B, U · directions], and the final state of each cell."""
        if self.num_dirs == 1:
            x, end = unrolled.unroll.dynamic_rnn(cells[0], x, lengths, starts[0], time_major=True)
            return x, [end]
        outputs, ends = unrolled.unroll.bidirectional_dynamic_rnn(
            *cells, x, lengths, *starts, time_major=True
        )
        return tf.concat(outputs, axis=2), list(ends)

    def _cell(self, depth: int, weights: params_of.Direction) -> Any:
        """A cell that has these weights for its variables."""
        cell = self._new_cell()
        for name, tensor in zip(self._attributes(), self.converter.to_cell(weights)):
            setattr(cell, name, tensor)
        cell.input_depth, cell.variable_dtype, cell.built = depth, self.dtype, True
        return cell

    def _attributes(self) -> tuple[str, ...]:
        """What a cell calls its weights, in the order of the converter."""
        return ("kernel", "bias")

    def _new_cell(self) -> Any:
        raise NotImplementedError

    def _state_of_cell(self, parts: list[Any]) -> Any:
        return parts[0]

    def _state_of_network(self, state: Any) -> State:
        return (state,)


class _OneState(CudnnNetwork):
    """The networks without a memory c."""

    def __call__(
        self,
        input_data: Any,
        input_h: Any,
        params: Any,
        sequence_lengths: Any = None,
        time_major: bool = True,
        is_training: bool = True,
    ) -> tuple[Any, Any]:
        """Run the network.

        Args:
          input_data: [T, B, D], or [B, T, D] if not `time_major`.
          input_h: the state [layers · directions, B, U], or [B, layers · directions, U] likewise.
          params: the buffer.
          sequence_lengths: B whole numbers; before 1.4 `is_training` stood here (default: T each).
          time_major: see there (default: True).
          is_training: whether dropout applies (default: True).

        Returns:
          The outputs [T, B, U · directions], or [B, T, ...], and the new state.
        """
        lengths, training = _lengths_and_training(sequence_lengths, is_training)
        outputs, state = self.run(input_data, (input_h,), params, lengths, time_major, training)
        return outputs, state[0]


class CudnnLSTM(CudnnNetwork):
    """An LSTM network. The arguments are those of `CudnnNetwork`, and `num_proj`, only None."""

    converter_class = params_of.CudnnParamsFormatConverterLSTM

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_size: int,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
        dtype: Any = tf.float32,
        dropout: float = 0.0,
        seed: int | None = 0,
        num_proj: int | None = None,
    ):
        if num_proj:
            raise ValueError(f"num_proj must be None, for no projection; got {num_proj}.")
        super().__init__(
            num_layers, num_units, input_size, input_mode, direction, dtype, dropout, seed
        )

    def __call__(
        self,
        input_data: Any,
        input_h: Any,
        input_c: Any,
        params: Any,
        sequence_lengths: Any = None,
        time_major: bool = True,
        is_training: bool = True,
    ) -> tuple[Any, Any, Any]:
        """Run the network.

        Args:
          input_data: [T, B, D], or [B, T, D] if not `time_major`.
          input_h, input_c: the state [layers · directions, B, U], or [B, layers · directions, U]
            likewise.
          params: the buffer.
          sequence_lengths: B whole numbers; before 1.4 `is_training` stood here (default: T each).
          time_major: see there (default: True).
          is_training: whether dropout applies (default: True).

        Returns:
          The outputs [T, B, U · directions], or [B, T, ...], and the new h and c.
        """
        lengths, training = _lengths_and_training(sequence_lengths, is_training)
        start = (input_h, input_c)
        outputs, (h, c) = self.run(input_data, start, params, lengths, time_major, training)
        return outputs, h, c

    def _new_cell(self) -> Any:
        return today.BasicLSTMCell(self.num_units, forget_bias=0.0)

    def _state_of_cell(self, parts: list[Any]) -> Any:
        h, c = parts
        return today.LSTMStateTuple(c, h)

    def _state_of_network(self, state: Any) -> State:
        return state.h, state.c


class CudnnGRU(_OneState):
    """A network of GRUs that reset after the product. The arguments are those of `CudnnNetwork`."""

    converter_class = params_of.CudnnParamsFormatConverterGRU

    def _new_cell(self) -> Any:
        return ResetAfterGRUCell(self.num_units)

    def _attributes(self) -> tuple[str, ...]:
        kernels = ("gate_kernel", "input_kernel", "hidden_kernel")
        return (*kernels, "gate_bias", "input_bias", "hidden_bias")


class CudnnRNNTanh(_OneState):
    """A network of basic cells with tanh. The arguments are those of `CudnnNetwork`."""

    converter_class = params_of.CudnnParamsFormatConverterTanh

    def _new_cell(self) -> Any:
        return today.BasicRNNCell(self.num_units)


class CudnnRNNRelu(_OneState):
    """A network of basic cells with relu. The arguments are those of `CudnnNetwork`."""

    converter_class = params_of.CudnnParamsFormatConverterRelu

    def _new_cell(self) -> Any:
        return today.BasicRNNCell(self.num_units, tf.nn.relu)


def check_dtype(dtype: Any) -> Any:
    """The dtype of a network, or a ValueError."""
    if dtype not in (tf.float16, tf.float32, tf.float64):
        raise ValueError(f"dtype must be tf.float16, tf.float32 or tf.float64; got {dtype!r}.")
    return tf.as_dtype(dtype)


def check_dropout(dropout: Any) -> float:
    """The share that is dropped, or a ValueError."""
    if tf.is_tensor(dropout) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout must be a number in [0, 1], the share that is dropped; "
            f"got {describe(dropout)}."
        )
    return float(dropout)


def _lengths_and_training(lengths: Any, training: Any) -> tuple[Any, Any]:
    """Before 1.4 the flag came where the lengths are now."""
    return (None, lengths) if isinstance(lengths, bool) else (lengths, training)
