"""Sizes of axes, known while a graph is built or only when it runs."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf


def size_of(x: Any, axis: int) -> int | None:
    """The size of one axis, or None if it is known only at run time.

    With TensorFlow 1's behaviours switched on, `x.shape[axis]` is a `Dimension` and never None.
    """
    return tf.compat.dimension_value(x.shape[axis])


def size_or_tensor(x: tf.Tensor, axis: int) -> int | tf.Tensor:
    """The size of one axis: a number where it is known, else a tensor."""
    known = size_of(x, axis)
    return tf.shape(x)[axis] if known is None else known


def size_shape(size: Any) -> tf.TensorShape:
    """One entry of a state_size or output_size as a shape without the batch: U -> (U,)."""
    if tf.is_tensor(size):
        return tf.TensorShape([None])  # known when it runs
    return tf.TensorShape([size]) if isinstance(size, (int, np.integer)) else tf.TensorShape(size)


def last_size(size: Any) -> int | None:
    """The size of the last axis of such an entry: the depth D that the layer above reads."""
    shape = size_shape(size)
    return tf.compat.dimension_value(shape[-1]) if shape.rank else None


def shape_with_batch(batch: int | None, size: Any) -> tf.TensorShape:
    """[B, *size]."""
    return tf.TensorShape([batch]).concatenate(size_shape(size))


def swap_batch_and_time(x: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back."""
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])


def full_shape(batch: int | tf.Tensor, size: Any) -> list[Any]:
    """[B, *size] for operations that make tensors, where B may be a tensor."""
    return [batch, *size_shape(size).as_list()]
