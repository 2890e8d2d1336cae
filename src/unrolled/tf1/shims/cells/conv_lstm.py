"""The LSTM cells whose state is a picture, and whose products are convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_state
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as


class ConvLSTMCell(FusedCell):
    """The convolutional LSTM.

        i, j, f, o = blocks of channels of conv([x, h], K) + b
        c' = σ(f + forget_bias) · c + σ(i) · tanh(j)
        h' = tanh(c') · σ(o)

    Shi et al. (2015), without peepholes. The convolution is padded to its input's size. The
    variables are `kernel` [*kernel_shape, C+F, 4F] and `biases` [4F].

    Args:
      conv_ndims: the number of axes of the pictures: 1, 2 or 3.
      input_shape: of one picture, its channels C last: [width, C], [height, width, C] or with
        depth.
      output_channels: F.
      kernel_shape: of the kernel, a number for each axis of a picture.
      use_bias: whether to add b (default: True).
      skip_connection: join x to the output, which then has F+C channels, and which as in TensorFlow
        1 is the next h, so that such a cell takes one step and no second (default: False).
      forget_bias: added to f before the sigmoid (default: 1.0).
      initializers: has no effect, as in TensorFlow 1: the variable scope's is used.
      name: the cell's part of the variables' names (default: conv_lstm_cell).

    Raises:
      ValueError: `input_shape` does not have `conv_ndims` axes and channels.
    """

    _forget_bias = known_as("forget_bias")
    _output_channels = known_as("output_channels")
    _kernel_shape = known_as("kernel_shape")
    _use_bias = known_as("use_bias")

    def __init__(
        self,
        conv_ndims: int,
        input_shape: Sequence[int],
        output_channels: int,
        kernel_shape: Sequence[int],
        use_bias: bool = True,
        skip_connection: bool = False,
        forget_bias: float = 1.0,
        initializers: Any = None,
        name: str | None = "conv_lstm_cell",
    ):
        RNNCell.__init__(self, name=name)
        if conv_ndims not in (1, 2, 3) or len(input_shape) != conv_ndims + 1:
            raise ValueError(
                "input_shape must have conv_ndims axes, 1 to 3, and the channels; "
                f"got {list(input_shape)} for conv_ndims={conv_ndims}."
            )
        self.input_shape, self.kernel_shape = list(input_shape), list(kernel_shape)
        self.output_channels = output_channels
        self.use_bias, self.skip_connection = use_bias, skip_connection
        self.forget_bias = forget_bias

    @property
    def state_size(self) -> Any:
        size = tf.TensorShape([*self.input_shape[:-1], self.output_channels])
        return LSTMStateTuple(size, size)

    @property
    def output_size(self) -> Any:
        more = self.input_shape[-1] if self.skip_connection else 0
        return tf.TensorShape([*self.input_shape[:-1], self.output_channels + more])

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        wide = 4 * self.output_channels
        shape = [*self.kernel_shape, input_depth + self.output_channels, wide]
        self.kernel = self.add_variable("kernel", shape, dtype)
        self.bias = None
        if self.use_bias:
            self.bias = self.add_variable("biases", [wide], dtype, tf.zeros_initializer())

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        self.check_depth(size_of(inputs, -1))
        c, h = check_state(state, self.state_size, None, inputs.dtype)
        gates = tf.nn.convolution(tf.concat([inputs, h], -1), self.kernel, padding="SAME")
        if self.use_bias:
            gates += self.bias
        i, j, f, o = tf.split(gates, 4, axis=-1)  # [B, ..., F] each
        new_c = tf.sigmoid(f + self.forget_bias) * c + tf.sigmoid(i) * tf.tanh(j)
        output = tf.tanh(new_c) * tf.sigmoid(o)
        if self.skip_connection:
            output = tf.concat([output, inputs], -1)
        return output, LSTMStateTuple(new_c, output)


class Conv1DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over pictures [width, C], with all arguments but the first."""

    def __init__(self, name: str | None = "conv_1d_lstm_cell", **arguments: Any):
        super().__init__(conv_ndims=1, name=name, **arguments)


class Conv2DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over pictures [height, width, C], with all arguments but the first."""

    def __init__(self, name: str | None = "conv_2d_lstm_cell", **arguments: Any):
        super().__init__(conv_ndims=2, name=name, **arguments)


class Conv3DLSTMCell(ConvLSTMCell):
    """`ConvLSTMCell` over pictures [depth, height, width, C], with all arguments but the first."""

    def __init__(self, name: str | None = "conv_3d_lstm_cell", **arguments: Any):
        super().__init__(conv_ndims=3, name=name, **arguments)
