"""cuDNN's one buffer of weights, what the cells call the same weights, and how both are saved.

A network of cuDNN keeps all its weights in one vector. It holds the matrices of all layers and then
the biases of all layers; within a layer, the forward direction and then the backward one; within a
direction, the matrices W [U, D] of the gates and then their R [U, U]:

    gate g:    W_g x + b_Wg + R_g h + b_Rg        # LSTM i, f, c, o; GRU r, u, candidate

A cell of TensorFlow has other matrices, [W, R] transposed and joined over the gates, and a sum of
two biases. A `Saver` writes both: the vector under its own name, and by a `SaveableObject` the
matrices under the names that a cell's variables have, so that cells can read the file, here or on
another machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf
from tensorflow.python.training.saving.saveable_object import SaveableObject, SaveSpec

from unrolled.internal.checks import check_count

CONSTANTS = {
    "CUDNN_RNN_UNIDIRECTION": "unidirectional",
    "CUDNN_RNN_BIDIRECTION": "bidirectional",
    "CUDNN_LSTM": "lstm",
    "CUDNN_GRU": "gru",
    "CUDNN_RNN_RELU": "rnn_relu",
    "CUDNN_RNN_TANH": "rnn_tanh",
    "CUDNN_LSTM_PARAMS_PER_LAYER": 8,
    "CUDNN_GRU_PARAMS_PER_LAYER": 6,
    "CUDNN_RNN_TANH_PARAMS_PER_LAYER": 2,
    "CUDNN_RNN_RELU_PARAMS_PER_LAYER": 2,
    "CUDNN_INPUT_LINEAR_MODE": "linear_input",
    "CUDNN_INPUT_SKIP_MODE": "skip_input",
    "CUDNN_INPUT_AUTO_MODE": "auto_select",
}


class Direction(NamedTuple):
    """The weights of one direction of one layer, by gates."""

    w: Any  # [G, U, D]
    r: Any  # [G, U, U]
    b: Any  # [2, G, U], those beside W and those beside R


class CudnnParamsFormatConverter:
    """Takes cuDNN's buffer apart, and puts it together.

    Args:
      num_layers, num_units, input_size: of the network.
      num_proj: only None or 0.
      input_mode: "linear_input", or "auto_select" where `input_size` is not `num_units` (default:
        "linear_input").
      direction: "unidirectional" or "bidirectional" (default: "unidirectional").

    Raises:
      ValueError: an argument has another value.
    """

    rnn_mode: str
    gates: int
    cell_name: str
    # The gates as the cell's kernel has them; cuDNN's order backwards is the same permutation.
    order: Sequence[int] = (0,)
    weight_names: Sequence[str] = ("kernel",)
    bias_names: Sequence[str] = ("bias",)

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_size: int,
        num_proj: int | None = None,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
    ):
        check_direction(direction)
        check_input_mode(input_mode, input_size, num_units)
        if num_proj:
            raise ValueError(f"num_proj must be None, for no projection; got {num_proj}.")
        self.num_layers = check_count(num_layers, "num_layers")
        self.num_units = check_count(num_units, "num_units")
        self.input_size = check_count(input_size, "input_size")
        self.num_dirs = 2 if direction == "bidirectional" else 1

    def depth(self, layer: int) -> int:
        """D of a layer."""
        return self.input_size if layer == 0 else self.num_dirs * self.num_units

    def weight_shapes(self, layer: int) -> list[tuple[int, int]]:
        """[U, D] and [U, U] of the gates of a layer, for each direction."""
        units = self.num_units
        w, r = [(units, self.depth(layer))] * self.gates, [(units, units)] * self.gates
        return (w + r) * self.num_dirs

    def bias_shapes(self) -> list[list[int]]:
        """[U] of the gates of a layer, twice for each direction."""
        return [[self.num_units]] * (2 * self.gates * self.num_dirs)

    def size(self) -> int:
        """The size of the buffer."""
        matrices = [
            shape for layer in range(self.num_layers) for shape in self.weight_shapes(layer)
        ]
        biases = len(self.bias_shapes()) * self.num_layers * self.num_units
        return sum(rows * columns for rows, columns in matrices) + biases

    def cut(self, buffer: Any) -> list[Direction]:
        """The buffer as the weights of each direction of each layer."""
        gates, units = self.gates, self.num_units
        matrices = [
            [gates, units, columns]
            for layer in range(self.num_layers)
            for _ in range(self.num_dirs)
            for columns in (self.depth(layer), units)
        ]
        biases = [[2, gates, units]] * (self.num_layers * self.num_dirs)
        sizes = [a * b * c for a, b, c in matrices + biases]
        pieces = tf.split(tf.reshape(buffer, [self.size()]), sizes)
        blocks = [tf.reshape(piece, shape) for piece, shape in zip(pieces, matrices + biases)]
        ws, rs, bs = (
            blocks[: len(matrices) : 2],
            blocks[1 : len(matrices) : 2],
            blocks[-len(biases) :],
        )
        return [Direction(*one) for one in zip(ws, rs, bs)]

    def join(self, directions: Sequence[Direction]) -> tf.Tensor:
        """The buffer of such weights."""
        matrices = [matrix for one in directions for matrix in (one.w, one.r)]
        biases = [one.b for one in directions]
        return tf.concat([tf.reshape(block, [-1]) for block in matrices + biases], 0)

    def canonical(self, buffer: Any) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        """The buffer as cuDNN's matrices [U, D] or [U, U] and biases [U], two lists."""
        weights, biases = [], []
        for one in self.cut(buffer):
            weights += tf.unstack(one.w) + tf.unstack(one.r)
            biases += [b for beside in tf.unstack(one.b) for b in tf.unstack(beside)]
        return weights, biases

    def from_canonical(self, weights: Sequence[Any], biases: Sequence[Any]) -> tf.Tensor:
        """The buffer of cuDNN's matrices and biases."""
        return tf.concat([tf.reshape(part, [-1]) for part in (*weights, *biases)], 0)

    def opaque_to_tf_canonical(self, opaque_param: Any) -> tuple[list[Any], list[Any]]:
        """The buffer as the kernels of all cells, and their biases."""
        weights, biases = [], []
        for one in self.cut(opaque_param):
            of_cell = self.to_cell(one)
            weights += of_cell[: len(self.weight_names)]
            biases += of_cell[len(self.weight_names) :]
        return weights, biases

    def tf_canonical_to_opaque(self, tf_canonicals: Sequence[Any], weights_proj: Any = None) -> Any:
        """The buffer of the kernels of all cells and then their biases.

        Half of a cell's bias goes beside W and half beside R.
        """
        if weights_proj is not None:
            raise ValueError("weights_proj must be None, for no projection.")
        half = len(tf_canonicals) // 2
        weights, biases = tf_canonicals[:half], tf_canonicals[half:]
        count = len(self.weight_names)
        directions = [
            self.from_cell(weights[i : i + count], biases[i : i + count])
            for i in range(0, half, count)
        ]
        return self.join(directions)

    def to_cell(self, one: Direction) -> list[tf.Tensor]:
        """The kernels and the biases of a cell."""
        kernel = tf.concat([_columns(one.w, self.order), _columns(one.r, self.order)], 0)
        bias = tf.reshape(tf.gather(one.b[0] + one.b[1], self.order), [-1])
        return [kernel, bias]

    def from_cell(self, weights: Sequence[Any], biases: Sequence[Any]) -> Direction:
        """The weights of a direction, from the kernels and the biases of its cell."""
        kernel, bias = weights[0], biases[0]
        half = tf.gather(tf.reshape(bias, [self.gates, self.num_units]), self.order) / 2
        w, r = kernel[: -self.num_units], kernel[-self.num_units :]
        return Direction(
            self._rows(w, self.order), self._rows(r, self.order), tf.stack([half, half])
        )

    def _rows(self, columns: tf.Tensor, order: Sequence[int]) -> tf.Tensor:
        """[D, G·U] -> [G, U, D], with the gates put in order."""
        by_gate = tf.reshape(columns, [-1, len(order), self.num_units])
        return tf.gather(tf.transpose(by_gate, [1, 2, 0]), order)

    def names(self, scope: str | None = None) -> tuple[list[str], list[str]]:
        """The names of what `opaque_to_tf_canonical` returns, as cells' variables have them."""
        weights, biases = [], []
        for layer, way in self._places():
            if self.num_dirs == 1:
                place = f"rnn/multi_rnn_cell/cell_{layer}"
            else:
                place = f"stack_bidirectional_rnn/cell_{layer}/bidirectional_rnn/{way}"
            prefix = "/".join(part for part in (scope, place, self.cell_name) if part)
            weights += [f"{prefix}/{name}" for name in self.weight_names]
            biases += [f"{prefix}/{name}" for name in self.bias_names]
        return weights, biases

    def _places(self) -> Iterator[tuple[int, str]]:
        for layer in range(self.num_layers):
            for way in ("fw", "bw")[: self.num_dirs]:
                yield layer, way


def _columns(rows: tf.Tensor, order: Sequence[int]) -> tf.Tensor:
    """[G, U, D] -> [D, G·U], with the gates put in order."""
    gates, units, depth = rows.shape.as_list()
    by_input = tf.transpose(tf.gather(rows, order), [2, 0, 1])
    return tf.reshape(by_input, [depth, gates * units])


class CudnnParamsFormatConverterLSTM(CudnnParamsFormatConverter):
    """For LSTMs: cuDNN has i, f, c, o and the cell i, c, f, o."""

    rnn_mode, gates, cell_name = "lstm", 4, "cudnn_compatible_lstm_cell"
    order = (0, 2, 1, 3)


class CudnnParamsFormatConverterGRU(CudnnParamsFormatConverter):
    """For GRUs, whose candidate keeps its two matrices and its two biases apart."""

    rnn_mode, gates, cell_name = "gru", 3, "cudnn_compatible_gru_cell"
    weight_names = (
        "gates/kernel",
        "candidate/input_projection/kernel",
        "candidate/hidden_projection/kernel",
    )
    bias_names = (
        "gates/bias",
        "candidate/input_projection/bias",
        "candidate/hidden_projection/bias",
    )

    def to_cell(self, one: Direction) -> list[tf.Tensor]:
        gates = tf.concat([_columns(one.w[:2], (0, 1)), _columns(one.r[:2], (0, 1))], 0)
        bias = tf.reshape(one.b[0, :2] + one.b[1, :2], [-1])
        return [
            gates,
            _columns(one.w[2:], (0,)),
            _columns(one.r[2:], (0,)),
            bias,
            one.b[0, 2],
            one.b[1, 2],
        ]

    def from_cell(self, weights: Sequence[Any], biases: Sequence[Any]) -> Direction:
        (gates, input_kernel, hidden_kernel), (bias, input_bias, hidden_bias) = weights, biases
        half = tf.reshape(bias, [2, self.num_units]) / 2
        w, r = gates[: -self.num_units], gates[-self.num_units :]
        return Direction(
            tf.concat([self._rows(w, (0, 1)), self._rows(input_kernel, (0,))], 0),
            tf.concat([self._rows(r, (0, 1)), self._rows(hidden_kernel, (0,))], 0),
            tf.stack([tf.concat([half, [b]], 0) for b in (input_bias, hidden_bias)]),
        )


class CudnnParamsFormatConverterTanh(CudnnParamsFormatConverter):
    """For networks of basic cells with tanh."""

    rnn_mode, gates, cell_name = "rnn_tanh", 1, "basic_rnn_cell"


class CudnnParamsFormatConverterRelu(CudnnParamsFormatConverter):
    """For networks of basic cells with relu."""

    rnn_mode, gates, cell_name = "rnn_relu", 1, "basic_rnn_cell"


class CudnnOpaqueParamsSaveable(SaveableObject):
    """What a `Saver` needs to write a buffer under the names of cells' variables, and to read it.

    Args:
      opaque_params: a variable, the buffer.
      num_layers, num_units, input_size, input_mode, direction: as for the converters.
      scope: a name or a VariableScope in front of the names (default: none).
      name: of this object (default: "cudnn_rnn_saveable").
    """

    _converter: type[CudnnParamsFormatConverter]

    def __init__(
        self,
        opaque_params: Any,
        num_layers: int,
        num_units: int,
        input_size: int,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
        scope: Any = None,
        name: str = "cudnn_rnn_saveable",
    ):
        self.format_converter = self._converter(
            num_layers, num_units, input_size, None, input_mode, direction
        )
        self._variable = opaque_params
        prefix = getattr(scope, "name", scope)
        tensors = sum(self.format_converter.opaque_to_tf_canonical(opaque_params), [])
        names = sum(self.format_converter.names(prefix), [])
        specs = [SaveSpec(tensor, "", name) for tensor, name in zip(tensors, names)]
        super().__init__(tf.identity(opaque_params), specs, name)

    def restore(self, restored_tensors: Sequence[Any], restored_shapes: Any) -> Any:
        """The operation that gives the buffer what was read."""
        buffer = self.format_converter.tf_canonical_to_opaque(restored_tensors)
        return tf.assign(self._variable, buffer, validate_shape=False)


class CudnnLSTMSaveable(CudnnOpaqueParamsSaveable):
    """For LSTMs."""

    _converter = CudnnParamsFormatConverterLSTM


class CudnnGRUSaveable(CudnnOpaqueParamsSaveable):
    """For GRUs."""

    _converter = CudnnParamsFormatConverterGRU


class CudnnRNNTanhSaveable(CudnnOpaqueParamsSaveable):
    """For networks of basic cells with tanh."""

    _converter = CudnnParamsFormatConverterTanh


class CudnnRNNReluSaveable(CudnnOpaqueParamsSaveable):
    """For networks of basic cells with relu."""

    _converter = CudnnParamsFormatConverterRelu


def check_direction(direction: str) -> None:
    """Raise a ValueError if there is no such direction."""
    if direction not in ("unidirectional", "bidirectional"):
        raise ValueError(
            f'direction must be "unidirectional" or "bidirectional"; got {direction!r}.'
        )


def check_input_mode(input_mode: str, input_size: int | None, num_units: int) -> None:
    """Raise a ValueError if the first layer would have no W; `input_size` is None if not known."""
    if input_mode not in ("linear_input", "skip_input", "auto_select"):
        raise ValueError(
            'input_mode must be "linear_input", or "auto_select" where the inputs are not as deep '
            f"as the layer has units; got {input_mode!r}."
        )
    if input_mode == "skip_input" or (input_mode == "auto_select" and input_size == num_units):
        raise ValueError(
            f"input_mode={input_mode!r} makes a first layer without a matrix for its inputs, which "
            'is not put back; give input_mode="linear_input".'
        )
