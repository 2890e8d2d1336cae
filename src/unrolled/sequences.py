"""Sequences as lists and as tensors, and what lies inside a row's length.

The letters: B rows in the batch, T steps, U units (or any further axes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from unrolled.internal.checks import as_written, check_lengths, size_of


@as_written
def unpack_sequence(tensor: Any) -> list[tf.Tensor]:
    """Split [B, T, ...] into a list of T tensors [B, ...], as `static_rnn` takes them.

    Raises:
      ValueError: fewer than two axes, or a number of steps that is not known.
    """
    tensor = tf.convert_to_tensor(tensor)
    if tensor.shape.rank is None or tensor.shape.rank < 2 or size_of(tensor, 1) is None:
        raise ValueError(
            f"tensor must be [B, T, ...] with a known number of steps T, since a list has a "
            f"length; got shape {tensor.shape}; set it with tf.ensure_shape or use dynamic_rnn."
        )
    return tf.unstack(tensor, axis=1)  # [B, T, ...] -> T times [B, ...]


@as_written
def pack_sequence(sequence: Sequence[Any]) -> tf.Tensor:
    """Join a list of T tensors [B, ...] to one tensor [B, T, ...]; undoes `unpack_sequence`.

    Raises:
      TypeError: one tensor came and not a list.
      ValueError: the list is empty.
    """
    if not isinstance(sequence, (list, tuple)):
        came = f"a {type(sequence).__name__}"
        if hasattr(sequence, "shape"):
            came = f"one tensor of shape {tf.TensorShape(sequence.shape)}"
        raise TypeError(f"sequence must be a list of T tensors [B, ...]; {came} came.")
    if not sequence:
        raise ValueError("sequence must hold at least one step; an empty list came.")
    return tf.stack(sequence, axis=1)  # T times [B, ...] -> [B, T, ...]


@as_written
def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = tf.bool) -> tf.Tensor:
    """Which steps are real: [B, T] of `dtype`, true (or 1) where t < lengths[b].

    Args:
      lengths: B integers.
      maxlen: T; the greatest length where it is left out.
      dtype: tf.bool for a mask, tf.float32 for the weights of `sequence_loss`.

    Raises:
      ValueError or tf.errors.InvalidArgumentError: as for `sequence_length` of the unrolls.
    """
    known = maxlen if isinstance(maxlen, int) else None
    shape = None
    if maxlen is not None and known is None:
        shape = tf.stack([tf.size(lengths), tf.cast(maxlen, tf.int32)])
    lengths = check_lengths(lengths, None, known, shape)
    return tf.sequence_mask(lengths, maxlen, dtype)


@as_written
def last_relevant(outputs: Any, lengths: Any) -> tf.Tensor:
    """The output at each row's last real step; zeros for a row of length 0.

    Args:
      outputs: [B, T, ...], batch-major.
      lengths: B integers in 0..T.

    Returns:
      [B, ...]: outputs[b, lengths[b] - 1].

    Raises:
      ValueError or tf.errors.InvalidArgumentError: as for `sequence_length` of the unrolls.
    """
    outputs = tf.convert_to_tensor(outputs)
    if outputs.shape.rank is None or outputs.shape.rank < 2:
        raise ValueError(f"outputs must be [B, T, ...]; got shape {outputs.shape}.")
    batch, steps = size_of(outputs, 0), size_of(outputs, 1)
    lengths = check_lengths(lengths, batch, steps, tf.shape(outputs)[:2])
    # A step of zeros in front: length 0 finds it at index 0, length n finds step n - 1 at index n.
    padded = tf.pad(outputs, [[0, 0], [1, 0]] + [[0, 0]] * (outputs.shape.rank - 2))
    return tf.gather(padded, lengths, axis=1, batch_dims=1)  # [B, T+1, ...] -> [B, ...]
