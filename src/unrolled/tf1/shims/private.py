"""Small private functions of TensorFlow 1 that programs with cells of their own used."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.cells.rnn_cell import RNNCell


def like_rnncell(cell: Any) -> bool:
    """Whether a thing has what an unroll needs of a cell."""
    return callable(cell) and all(
        hasattr(cell, name) for name in ("output_size", "state_size", "zero_state")
    )


def is_keras_rnn_cell(cell: Any) -> bool:
    """Whether a cell is one of Keras's, which keeps its state in a list."""
    return not isinstance(cell, RNNCell) and not hasattr(cell, "zero_state")


def scalar() -> tf.TensorShape:
    """The shape of a single number."""
    return tf.TensorShape([])


def vector(length: int | None) -> tf.TensorShape:
    """The shape of a vector."""
    return tf.TensorShape([length])


def matrix(rows: int | None, columns: int | None) -> tf.TensorShape:
    """The shape of a matrix."""
    return tf.TensorShape([rows, columns])


def static_shape(x: Any) -> tuple[int | None, ...] | None:
    """The static shape of a tensor, as a tuple, or None without one."""
    shape = tf.convert_to_tensor(x).shape
    return tuple(shape.as_list()) if shape.rank is not None else None
