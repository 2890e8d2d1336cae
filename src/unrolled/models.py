"""Networks that the chapters train: a cell, an unroll, and one output layer.

The letters: B rows in the batch, T steps, D inputs, U units, C classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from unrolled.contract import Cell, State, TensorLike
from unrolled.internal.checks import (
    as_float_tensor,
    check_count,
    check_flag,
    check_lengths,
    check_name,
    describe,
    is_plain,
)
from unrolled.internal.keras_cells import as_cell
from unrolled.internal.named import glorot_uniform
from unrolled.internal.ragged import padded
from unrolled.internal.run import check_inputs
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.internal.tracing import after, no_autograph
from unrolled.sequences import last_relevant, pack_sequence, unpack_sequence
from unrolled.unroll import dynamic_rnn, static_rnn


class OutputLayer(tf.Module):
    """Scores for each class: x W + b, the same weights wherever it is applied.

    This is the V of the formulas, which a cell does not have. `kernel` [U, C] starts Glorot
    uniform, `bias` [C] at zero; both are made at the first call.

    Args:
      num_classes: C.
      name: of the scope of the variables (default: the class's).

    Raises:
      TypeError: `name` is not a string.
      ValueError: `num_classes` is not a whole number of at least 1.
    """

    def __init__(self, num_classes: int, name: str | None = None):
        super().__init__(name=check_name(name))
        self.num_classes = check_count(num_classes, "num_classes")
        self.kernel: tf.Variable | None = None
        self.bias: tf.Variable | None = None

    @no_autograph
    def __call__(self, x: TensorLike) -> tf.Tensor:
        """Logits, that is scores before any softmax.

        Args:
          x: [..., U], floating point. The variables take its dtype at the first call; from then on,
            a list or a NumPy array is cast to theirs.

        Returns:
          [..., C].

        Raises:
          TypeError: `x` is no tensor and cannot become one.
          ValueError: `x` is not floating point or not [..., U] with a known U, or U or the dtype
            differs from that of the first call.
        """
        x = as_float_tensor(x, "x", _dtype_of_plain(x, self), wanted="[..., U]")
        depth = size_of(x, -1) if x.shape.rank else None
        if depth is None:
            raise ValueError(f"x must be [..., U] with a known depth U; got shape {x.shape}.")
        if self.kernel is None:
            shape = [depth, self.num_classes]
            with tf.init_scope(), self.name_scope:
                self.kernel = tf.Variable(lambda: glorot_uniform(shape, x.dtype), name="kernel")
                self.bias = tf.Variable(lambda: tf.zeros(shape[1:], x.dtype), name="bias")
        if depth != size_of(self.kernel, 0):
            raise ValueError(
                f"x of depth {depth} does not fit an OutputLayer whose kernel has shape "
                f"{self.kernel.shape}; use a layer of its own for each depth."
            )
        if x.dtype != self.kernel.dtype:
            raise ValueError(
                f"x of dtype {x.dtype.name} does not fit an OutputLayer whose variables are "
                f"{self.kernel.dtype.name}; cast it with tf.cast(x, tf.{self.kernel.dtype.name})."
            )
        return tf.tensordot(x, self.kernel, axes=1) + self.bias


class SequenceClassifier(tf.Module):
    """One answer for a whole sequence, read off its last real output.

    Args:
      cell: any cell.
      num_classes: C.
      static: unroll with `static_rnn` (a known number of steps, the faster training step for short
        sequences) and not with `dynamic_rnn` (default: False).
      name: of the scope of the variables (default: the class's).

    Raises:
      TypeError: `cell` is not a cell, `static` not True or False, or `name` not a string.
      ValueError: `num_classes` is not a whole number of at least 1.
    """

    def __init__(self, cell: Cell, num_classes: int, static: bool = False, name: str | None = None):
        super().__init__(name=check_name(name))
        self.cell = as_cell(cell)
        self.output_layer = OutputLayer(num_classes)
        self.static = check_flag(static, "static")

    @no_autograph
    def __call__(self, inputs: TensorLike, lengths: TensorLike | None = None) -> tf.Tensor:
        """Run the cell over the inputs, and score its last output.

        Args:
          inputs: [B, T, D], floating point, with at least one step. The variables take its dtype at
            the first call; from then on, a list or a NumPy array is cast to theirs.
          lengths: B integers in 0..T (default: every row has T steps).

        Returns:
          Logits [B, C].

        Raises:
          TypeError: an argument is no tensor and cannot become one.
          ValueError: `inputs` are not floating point or not [B, T, D] with a known D (with `static`
            also T), D or the dtype differs from that of the first call, or `lengths` are not B
            integers in 0..T.
          tf.errors.InvalidArgumentError: the same of T and lengths, where known only at run time.
        """
        inputs, lengths, dtype = _checked(self, inputs, lengths)
        steps = size_of(inputs, 1)
        if steps == 0:
            raise ValueError(f"inputs must have at least one step; got shape {inputs.shape}.")
        if self.static:
            if steps is None:
                raise ValueError(
                    "inputs must be [B, T, D] with a known number of steps T, since static is "
                    f"True; got shape {inputs.shape}; set it with tf.ensure_shape, or make the "
                    "classifier with static=False."
                )
            each, _ = static_rnn(
                self.cell, unpack_sequence(inputs), dtype=dtype, sequence_length=lengths
            )
            last = each[-1] if lengths is None else last_relevant(pack_sequence(each), lengths)
        else:
            if steps is None and lengths is None:
                some = tf.debugging.assert_positive(
                    tf.shape(inputs)[1], message="inputs must have at least one step"
                )
                with after(some):
                    inputs = tf.identity(inputs)
            outputs, _ = dynamic_rnn(self.cell, inputs, lengths, dtype=dtype)
            last = outputs[:, -1] if lengths is None else last_relevant(outputs, lengths)
        return self.output_layer(last)  # [B, U] -> [B, C]


class SequenceLabeller(tf.Module):
    """One answer for each step, all read off by one shared output layer.

    Args:
      cell: any cell.
      num_classes: C.
      name: of the scope of the variables (default: the class's).

    Raises:
      TypeError: `cell` is not a cell, or `name` not a string.
      ValueError: `num_classes` is not a whole number of at least 1.
    """

    def __init__(self, cell: Cell, num_classes: int, name: str | None = None):
        super().__init__(name=check_name(name))
        self.cell = as_cell(cell)
        self.output_layer = OutputLayer(num_classes)

    @no_autograph
    def __call__(
        self,
        inputs: TensorLike,
        lengths: TensorLike | None = None,
        initial_state: State | None = None,
    ) -> tuple[tf.Tensor, Any]:
        """Run the cell over the inputs, and score each of its outputs.

        Args:
          inputs, lengths: as for `SequenceClassifier`. Past its length, a row's outputs are zeros
            and its logits the bias.
          initial_state: as `cell.zero_state` makes it (default: zeros).

        Returns:
          Logits [B, T, C], and the final state.

        Raises:
          As `SequenceClassifier`; and ValueError where `initial_state` does not fit.
        """
        inputs, lengths, dtype = _checked(self, inputs, lengths)
        outputs, state = dynamic_rnn(
            self.cell, inputs, lengths, initial_state=initial_state, dtype=dtype
        )
        return self.output_layer(outputs), state  # [B, T, U] -> [B, T, C]


def _checked(model: Any, inputs: Any, lengths: Any) -> tuple[tf.Tensor, tf.Tensor | None, tf.DType]:
    """The inputs [B, T, D] and the lengths [B] of a model, and the dtype to compute in."""
    # A model has one tensor of inputs, where the unrolls also take a structure of them.
    if isinstance(inputs, Mapping):
        raise TypeError(f"inputs must be [B, T, D]; got {describe(inputs)}.")
    if isinstance(inputs, tuple):
        inputs = list(inputs)
    if isinstance(inputs, tf.RaggedTensor):
        inputs, lengths = padded(inputs, lengths, "lengths")
    inputs = check_inputs(model.cell, inputs, _dtype_of_plain(inputs, model), rank=3)
    if lengths is not None:
        batch, steps = size_or_tensor(inputs, 0), size_or_tensor(inputs, 1)
        lengths = check_lengths(lengths, batch, steps, "lengths")
    return inputs, lengths, inputs.dtype if inputs.dtype.is_floating else tf.float32


def _dtype_of_plain(data: Any, model: tf.Module) -> tf.DType | None:
    """What lists and NumPy arrays are cast to, once there are variables; tensors are not cast."""
    if not is_plain(data):
        return None
    return next((v.dtype for v in model.variables if v.dtype.is_floating), None)
