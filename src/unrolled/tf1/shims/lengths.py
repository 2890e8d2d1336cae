"""Lengths as the unrolls of TensorFlow 1 read them: of any numeric type, and at most T."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.shapes import size_or_tensor


def lengths_of(inputs: Any, lengths: Any, time_major: bool) -> Any:
    """Lengths for inputs [B, T, ...], or [T, B, ...] with `time_major`."""
    if lengths is None:
        return None
    time, rows = (0, 1) if time_major else (1, 0)
    first = tf.nest.flatten(inputs)[0]
    return _for_each_row(_lengths(lengths, size_or_tensor(first, time)), first, rows)


def lengths_of_list(inputs: Any, lengths: Any) -> Any:
    """Lengths for a list of steps."""
    if lengths is None or not isinstance(inputs, (list, tuple)) or not inputs:
        return lengths
    return _for_each_row(_lengths(lengths, len(inputs)), tf.nest.flatten(inputs[0])[0], 0)


def _lengths(lengths: Any, steps: Any) -> Any:
    """Lengths as TensorFlow 1 read them: cast to whole numbers, and at most T."""
    return tf.minimum(tf.cast(lengths, tf.int32), steps)


def _for_each_row(lengths: tf.Tensor, x: Any, rows: int) -> tf.Tensor:
    """Lengths [B]; where it did not know their rank, TensorFlow 1 took one number for all rows."""
    if lengths.shape.rank is not None:
        return lengths
    batch = size_or_tensor(tf.convert_to_tensor(x), rows)
    shape = tf.concat([tf.shape(lengths), [batch]], axis=0)[:1]  # [B] where it is one number
    return tf.ensure_shape(tf.broadcast_to(lengths, shape), [None])
