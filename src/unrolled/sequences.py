"""Sequences as lists and as tensors, and what lies inside a row's length.

The letters: B rows in the batch, T steps, U units (or any further axes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.contract import TensorLike
from unrolled.internal.checks import as_tensor, check_lengths, describe, unwrapped
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.internal.tracing import after, no_autograph


@no_autograph
def unpack_sequence(tensor: TensorLike) -> list[tf.Tensor]:
    """Split [B, T, ...] into a list of T tensors [B, ...], as `static_rnn` takes them.

    Raises:
      TypeError: no tensor, and nothing that can become one.
      ValueError: fewer than two axes, or a number of steps that is not known.
    """
    tensor = as_tensor(tensor, "tensor", "[B, T, ...]")
    if tensor.shape.rank is None or tensor.shape.rank < 2 or size_of(tensor, 1) is None:
        raise ValueError(
            f"tensor must be [B, T, ...] with a known number of steps T, since a list has a "
            f"length; got shape {tensor.shape}; set it with tf.ensure_shape or use dynamic_rnn."
        )
    return tf.unstack(tensor, axis=1)  # [B, T, ...] -> T times [B, ...]


@no_autograph
def pack_sequence(sequence: Sequence[TensorLike]) -> tf.Tensor:
    """Join a list of T tensors [B, ...] to one tensor [B, T, ...]; undoes `unpack_sequence`.

    Raises:
      TypeError: one tensor and not a list, or something in the list is no tensor.
      ValueError: the list is empty, or its tensors differ in shape or dtype.
    """
    if not isinstance(sequence, (list, tuple)):
        raise TypeError(f"sequence must be a list of T tensors [B, ...]; got {describe(sequence)}.")
    if not sequence:
        raise ValueError("sequence must hold at least one step; got an empty list.")
    for t, x in enumerate(sequence):
        if isinstance(x, (list, tuple)) and any(map(tf.is_tensor, x)):
            raise TypeError(
                f"sequence[{t}] must be one tensor [B, ...]; got {describe(x)}; pack each part of "
                "nested steps by itself."
            )
    steps = [as_tensor(x, f"sequence[{t}]", "a tensor [B, ...]") for t, x in enumerate(sequence)]
    shape = tf.TensorShape(None)  # what is known of it from the steps so far
    for t, x in enumerate(steps):
        if x.shape.rank == 0:
            raise ValueError(f"sequence[{t}] must be [B, ...]; got shape {x.shape}.")
        if not x.shape.is_compatible_with(shape) or x.dtype != steps[0].dtype:
            raise ValueError(
                f"sequence[{t}] must be like those before it, of shape {shape} and dtype "
                f"{steps[0].dtype.name}; got shape {x.shape} and dtype {x.dtype.name}."
            )
        shape = shape.merge_with(x.shape)
    if not all(x.shape.is_fully_defined() for x in steps):
        same = [
            tf.debugging.assert_equal(
                tf.shape(x), tf.shape(steps[0]), message=f"sequence[{t}] must be like sequence[0]"
            )
            for t, x in enumerate(steps)
        ]
        with after(*same):
            steps = [tf.identity(x) for x in steps]
    return tf.stack(steps, axis=1)  # T times [B, ...] -> [B, T, ...]


@no_autograph
def sequence_mask(lengths: TensorLike, maxlen: Any = None, dtype: Any = tf.bool) -> tf.Tensor:
    """Which steps are real: [B, T] of `dtype`, true (or 1) where t < lengths[b].

    Args:
      lengths: B integers.
      maxlen: T, a whole number or a scalar tensor (default: the greatest length).
      dtype: tf.bool for a mask, tf.float32 for the weights of `sequence_loss` (default: tf.bool).

    Raises:
      TypeError: `lengths` is no tensor and cannot become one, or `dtype` is not a type of numbers.
      ValueError: lengths that are not a vector of integers in 0..T, or `maxlen` is not a whole
        number of at least 0.
      tf.errors.InvalidArgumentError: the same, where known only at run time.
    """
    maxlen = unwrapped(maxlen)
    known = None if maxlen is None else _check_maxlen(maxlen)
    steps = known
    if known is None and maxlen is not None:  # known only at run time
        steps = tf.cast(maxlen, tf.int32)
        check = tf.debugging.assert_non_negative(steps, message="maxlen must not be negative")
        with after(check):
            steps = tf.identity(steps)
    lengths = check_lengths(lengths, None, steps, "lengths", "maxlen")
    return tf.sequence_mask(lengths, steps, _kind_of_mask(dtype))


def _kind_of_mask(dtype: Any) -> tf.DType:
    try:
        kind = None if isinstance(dtype, (bool, int)) else tf.as_dtype(dtype)
    except TypeError:
        kind = None
    if kind is None or not (kind.is_bool or kind.is_integer or kind.is_floating):
        raise TypeError(
            f"dtype must be a type of numbers such as tf.bool or tf.float32; got {describe(dtype)}."
        )
    return kind


def _check_maxlen(maxlen: Any) -> int | None:
    """`maxlen` where it is known before a graph runs."""
    wanted = "maxlen must be a whole number of at least 0, or None"
    if tf.is_tensor(maxlen) or isinstance(maxlen, tf.Variable):
        if not maxlen.dtype.is_integer or maxlen.shape.rank not in (0, None):
            raise ValueError(f"{wanted}; got {describe(maxlen)}.")
        value = tf.get_static_value(maxlen)
        if value is None:
            return None
    else:
        value = maxlen
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer, np.ndarray)):
        raise ValueError(f"{wanted}; got {describe(maxlen)}.")
    if np.ndim(value) or np.asarray(value).dtype.kind not in "iu" or int(value) < 0:
        raise ValueError(f"{wanted}; got {describe(maxlen)}.")
    return int(value)


@no_autograph
def last_relevant(outputs: TensorLike, lengths: TensorLike) -> tf.Tensor:
    """The output at each row's last real step; zeros for a row of length 0.

    Args:
      outputs: [B, T, ...], batch-major.
      lengths: B integers in 0..T.

    Returns:
      [B, ...]: outputs[b, lengths[b] - 1].

    Raises:
      TypeError: an argument is no tensor and cannot become one.
      ValueError: `outputs` has fewer than two axes, or `lengths` are not B integers in 0..T.
      tf.errors.InvalidArgumentError: the same of lengths, where known only at run time.
    """
    outputs = as_tensor(outputs, "outputs", "[B, T, ...]")
    if outputs.shape.rank is None or outputs.shape.rank < 2:
        raise ValueError(f"outputs must be [B, T, ...]; got shape {outputs.shape}.")
    batch, steps = size_or_tensor(outputs, 0), size_or_tensor(outputs, 1)
    lengths = check_lengths(lengths, batch, steps, "lengths")
    # A step of zeros in front: length 0 finds it at index 0, length n finds step n - 1 at index n.
    padded = tf.pad(outputs, [[0, 0], [1, 0]] + [[0, 0]] * (outputs.shape.rank - 2))
    return tf.gather(padded, lengths, axis=1, batch_dims=1)  # [B, T+1, ...] -> [B, ...]
