"""Networks that the chapters train: a cell, an unroll, and one output layer.

The letters: B rows in the batch, T steps, D inputs, U units, C classes.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unrolled.internal.checks import check_cell, check_count
from unrolled.internal.named import glorot_uniform
from unrolled.sequences import last_relevant, pack_sequence, unpack_sequence
from unrolled.unroll import dynamic_rnn, static_rnn


class OutputLayer(tf.Module):
    """Scores for each class: x W + b, the same weights wherever it is applied.

    This is the V of the formulas, which a cell does not have. `kernel` [U, C] starts Glorot
    uniform, `bias` [C] at zero; both are made at the first call.
    """

    def __init__(self, num_classes: int, name: str | None = None):
        super().__init__(name=name)
        self.num_classes = check_count(num_classes, "num_classes")
        self.kernel: tf.Variable | None = None
        self.bias: tf.Variable | None = None

    def __call__(self, x: Any) -> tf.Tensor:
        """[..., U] -> [..., C]: logits, that is scores before any softmax."""
        x = tf.convert_to_tensor(x)
        if self.kernel is None:
            shape = [x.shape.as_list()[-1], self.num_classes]
            with tf.init_scope(), self.name_scope:
                self.kernel = tf.Variable(lambda: glorot_uniform(shape, x.dtype), name="kernel")
                self.bias = tf.Variable(lambda: tf.zeros(shape[1:], x.dtype), name="bias")
        return tf.tensordot(x, self.kernel, axes=1) + self.bias


class SequenceClassifier(tf.Module):
    """One answer for a whole sequence, read off its last real output.

    Args:
      cell: any cell.
      num_classes: C.
      static: unroll with `static_rnn` (a known number of steps, the faster training step for short
        sequences) instead of `dynamic_rnn`.
    """

    def __init__(self, cell: Any, num_classes: int, static: bool = False, name: str | None = None):
        super().__init__(name=name)
        check_cell(cell)
        self.cell = cell
        self.output_layer = OutputLayer(num_classes)
        self.static = static

    def __call__(self, inputs: tf.Tensor, lengths: Any = None) -> tf.Tensor:
        """Inputs [B, T, D] give logits [B, C]."""
        if self.static:
            outputs, _ = static_rnn(
                self.cell, unpack_sequence(inputs), dtype=inputs.dtype, sequence_length=lengths
            )
            last = (
                outputs[-1] if lengths is None else last_relevant(pack_sequence(outputs), lengths)
            )
        else:
            outputs, _ = dynamic_rnn(self.cell, inputs, lengths, dtype=inputs.dtype)
            last = outputs[:, -1] if lengths is None else last_relevant(outputs, lengths)
        return self.output_layer(last)  # [B, U] -> [B, C]


class SequenceLabeller(tf.Module):
    """One answer for each step, all read off by one shared output layer.

    Args:
      cell: any cell.
      num_classes: C.
    """

    def __init__(self, cell: Any, num_classes: int, name: str | None = None):
        super().__init__(name=name)
        check_cell(cell)
        self.cell = cell
        self.output_layer = OutputLayer(num_classes)

    def __call__(
        self, inputs: tf.Tensor, lengths: Any = None, initial_state: Any = None
    ) -> tuple[tf.Tensor, Any]:
        """Inputs [B, T, D] give logits [B, T, C] and the final state."""
        outputs, state = dynamic_rnn(
            self.cell, inputs, lengths, initial_state=initial_state, dtype=inputs.dtype
        )
        return self.output_layer(outputs), state  # [B, T, U] -> [B, T, C]
