"""What `tf.contrib.data` had and `tf.data` has otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.util import nest

Transformation = Callable[[tf.data.Dataset], tf.data.Dataset]


def batch_and_drop_remainder(batch_size: Any) -> Transformation:
    """For `Dataset.apply`: batches, without a last one that is smaller."""
    return lambda dataset: dataset.batch(batch_size, drop_remainder=True)


def padded_batch_and_drop_remainder(
    batch_size: Any, padded_shapes: Any, padding_values: Any = None
) -> Transformation:
    """For `Dataset.apply`: `padded_batch`, without a last batch that is smaller."""
    return lambda dataset: dataset.padded_batch(
        batch_size, padded_shapes, padding_values, drop_remainder=True
    )


def assert_element_shape(expected_shapes: Any) -> Transformation:
    """For `Dataset.apply`: the same elements, with these shapes, which are checked when they come.

    Args:
      expected_shapes: a shape for each tensor of an element, None where a size may vary.
    """

    def checked(tensor: Any, shape: Any) -> tf.Tensor:
        sizes = [-1 if size is None else size for size in tf.TensorShape(shape).as_list()]
        given = tf.shape(tensor)
        right = tf.logical_or(tf.equal(sizes, -1), tf.equal(sizes, given))
        message = ["an element must have shape", str(shape), "and has", given]
        rank = tf.assert_rank(tensor, len(sizes))
        with tf.control_dependencies([rank, tf.Assert(tf.reduce_all(right), message)]):
            tensor = tf.identity(tensor)
        tensor.set_shape(shape)
        return tensor

    def check(*element: Any) -> Any:
        whole = element if len(element) > 1 else element[0]
        shapes = nest.flatten_up_to(whole, expected_shapes)
        tensors = tf.nest.flatten(whole)
        return tf.nest.pack_sequence_as(whole, list(map(checked, tensors, shapes)))

    return lambda dataset: dataset.map(check)


def sliding_window_batch(
    window_size: int, stride: Any = None, window_shift: Any = None, window_stride: int = 1
) -> Transformation:
    """For `Dataset.apply`: batches of `window_size` elements, each starting a bit after the last.

    Args:
      window_size: the number of elements in a batch.
      stride: the old name of `window_shift`.
      window_shift: how far the next batch starts from this one (default: 1).
      window_stride: how far one element of a batch is from the next (default: 1).

    Raises:
      ValueError: both `stride` and `window_shift` are given.
    """
    if stride is not None and window_shift is not None:
        raise ValueError(
            "sliding_window_batch must have window_shift or its old name stride; "
            f"got {window_shift} and {stride}."
        )
    shift = next((value for value in (stride, window_shift) if value is not None), 1)

    def batch(dataset: tf.data.Dataset) -> tf.data.Dataset:
        windows = dataset.window(window_size, shift, window_stride, drop_remainder=True)
        # A window is a dataset for each tensor of an element, of which one batch is all.
        joined = lambda *parts: tf.data.Dataset.zip(  # noqa: E731
            tf.nest.map_structure(
                lambda part: part.batch(window_size), parts if len(parts) > 1 else parts[0]
            )
        )
        return windows.flat_map(joined)

    return batch


def sloppy_interleave(map_func: Any, cycle_length: int, block_length: int = 1) -> Transformation:
    """For `Dataset.apply`: `parallel_interleave` in the order in which elements come."""
    return tf.data.experimental.parallel_interleave(
        map_func, cycle_length, block_length, sloppy=True
    )


def read_batch_features(
    file_pattern: Any,
    batch_size: int,
    features: Any,
    reader: Any = tf.data.TFRecordDataset,
    reader_args: Any = None,
    randomize_input: bool = True,
    num_epochs: int | None = None,
    capacity: int = 10000,
) -> Any:
    """The next batch of `tf.data.experimental.make_batched_features_dataset`, a dictionary."""
    dataset = tf.data.experimental.make_batched_features_dataset(
        file_pattern,
        batch_size,
        features,
        reader,
        reader_args=reader_args,
        num_epochs=num_epochs,
        shuffle=randomize_input,
        shuffle_buffer_size=capacity,
    )
    return tf.data.make_one_shot_iterator(dataset).get_next()
