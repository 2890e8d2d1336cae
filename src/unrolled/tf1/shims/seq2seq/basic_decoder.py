"""The decoder whose step is a cell, an output layer and a helper.

The letters: B rows in the batch, U units, C classes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell, describe
from unrolled.tf1.shims.seq2seq.decoder import Decoder
from unrolled.tf1.shims.seq2seq.helper import Helper


class BasicDecoderOutput(NamedTuple):
    """What a step of a `BasicDecoder` gives."""

    rnn_output: Any  # [B, U], or what the output layer makes of it
    sample_id: Any  # [B]


class BasicDecoder(Decoder):
    """A step is a cell, then an output layer, then what a helper makes of the output.

    Args:
      cell: any cell.
      helper: a `Helper`.
      initial_state: of the cell.
      output_layer: a layer such as `tf.layers.Dense`, applied before the helper reads the output
        (default: none).

    Raises:
      TypeError: `cell` is not a cell, `helper` not a `Helper`, or `output_layer` not a layer.
    """

    def __init__(self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None):
        check_cell(cell)
        if not isinstance(helper, Helper):
            raise TypeError(
                "helper must be a Helper, such as TrainingHelper(inputs, sequence_length); got "
                f"{describe(helper)}."
            )
        check_output_layer(output_layer)
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    def _rnn_output_size(self) -> Any:
        return size_behind(self._cell.output_size, self._output_layer)

    @property
    def output_size(self) -> BasicDecoderOutput:
        return BasicDecoderOutput(self._rnn_output_size(), self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        dtype = tf.nest.flatten(self._initial_state)[0].dtype
        outputs = tf.nest.map_structure(lambda _: dtype, self.output_size.rnn_output)
        return BasicDecoderOutput(outputs, self._helper.sample_ids_dtype)

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        finished, inputs = self._helper.initialize()
        return finished, inputs, self._initial_state

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        with tf.name_scope(name, "BasicDecoderStep"):
            outputs, state = self._cell(inputs, state)  # [B, D] -> [B, U]
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)  # [B, U] -> [B, C]
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )
        return BasicDecoderOutput(outputs, sample_ids), next_state, next_inputs, finished


def check_output_layer(layer: Any) -> None:
    """A TypeError where it is neither a layer nor None."""
    knows_its_size = hasattr(layer, "compute_output_shape") or hasattr(layer, "units")
    if layer is not None and not (callable(layer) and knows_its_size):
        raise TypeError(
            f"output_layer must be a layer, such as tf.layers.Dense(units); got {describe(layer)}."
        )


def size_behind(size: Any, layer: Any) -> Any:
    """The size of a cell's output, or of what an output layer makes of it."""
    if layer is None:
        return size
    if not hasattr(layer, "compute_output_shape"):
        return tf.TensorShape([layer.units])
    shape = tf.TensorShape([None]).concatenate(size)
    return tf.TensorShape(layer.compute_output_shape(shape))[1:]
