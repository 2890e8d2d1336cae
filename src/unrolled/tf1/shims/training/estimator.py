"""What programs took from `tf.estimator` beside estimators: the three modes, and NumPy input."""

from __future__ import annotations

import collections
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf


class ModeKeys:
    """What a model is built for."""

    TRAIN = "train"
    EVAL = "eval"
    PREDICT = "infer"


class LearnModeKeys:
    """`ModeKeys` of `tf.contrib.learn`."""

    TRAIN = "train"
    EVAL = "eval"
    INFER = "infer"


def numpy_input_fn(
    x: Any,
    y: Any = None,
    batch_size: int = 128,
    num_epochs: int | None = 1,
    shuffle: bool | None = None,
    queue_capacity: int = 1000,
    num_threads: int = 1,
) -> Callable[[], Any]:
    """A function that returns the tensors of the next batch: of `x`, or of `x` and `y`.

    Args:
      x: an array [N, ...], or a dictionary of such.
      y: the same for the targets (default: none).
      batch_size: B; the last batch may be smaller.
      num_epochs: how often the arrays are read, None for ever (default: once).
      shuffle: draw from the next `queue_capacity` rows at random, or keep their order.
      queue_capacity: (default: 1000).
      num_threads: ignored: the rows are at hand.

    Raises:
      ValueError: `shuffle` is not given, an array is empty, or N differs.
      TypeError: `x` is neither an array nor a dictionary.
    """
    if not isinstance(shuffle, bool):
        raise ValueError(f"shuffle of numpy_input_fn must be True or False; got {shuffle!r}.")

    def input_fn() -> Any:
        if not isinstance(x, (dict, np.ndarray)):
            raise TypeError(
                f"x of numpy_input_fn must be an array or a dictionary of arrays; got {x!r}."
            )
        data = x if y is None else (x, y)
        rows = {name: len(array) for name, array in enumerate(tf.nest.flatten(data))}
        sizes = set(rows.values())
        if len(sizes) != 1 or 0 in sizes:
            raise ValueError(
                "x and y of numpy_input_fn must have one number of rows, at least 1; "
                f"got {list(rows.values())}."
            )
        # From NumPy when they are needed: constants of a graph may not be large.
        arrays = tf.nest.map_structure(np.asarray, data)
        flat = tf.nest.flatten(arrays)

        def take(index: Any) -> Any:
            read = lambda i: [array[i] for array in flat]  # noqa: E731
            types = [tf.as_dtype(array.dtype) for array in flat]
            found = tf.py_func(read, [index], types, stateful=False)
            for tensor, array in zip(found, flat):
                tensor.set_shape(array.shape[1:])
            return tf.nest.pack_sequence_as(arrays, found)

        indices = tf.data.Dataset.range(sizes.pop())
        if shuffle:
            indices = indices.shuffle(queue_capacity)
        batches = indices.repeat(num_epochs).map(take).batch(batch_size)
        return tf.data.make_one_shot_iterator(batches).get_next()

    return input_fn


_FIELDS = """
    mode predictions loss train_op eval_metric_ops export_outputs training_chief_hooks
    training_hooks scaffold evaluation_hooks prediction_hooks
"""


class EstimatorSpec(
    collections.namedtuple("EstimatorSpec", _FIELDS, defaults=[None] * 10)  # type: ignore[misc]
):
    """What a model function returns: its mode, and the tensors for it."""
