"""Names and argument orders that TensorFlow 1.0 changed, for programs of 2016.

1.0 renamed some operations and swapped the arguments of others. The table `RENAMED` has the renamed
ones; for the others there are functions that take both orders and tell them apart by type.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.rnn import static_bidirectional_rnn, static_rnn

# old name -> the operation, by its name from 1.0 on
RENAMED: dict[str, Any] = {
    "pack": tf.stack,
    "unpack": tf.unstack,
    "mul": tf.multiply,
    "sub": tf.subtract,
    "neg": tf.negative,
    "select": tf.where,
    "listdiff": tf.setdiff1d,
    "inv": tf.reciprocal,
    "complex_abs": tf.abs,
    "merge_summary": tf.summary.merge,
    "merge_all_summaries": tf.summary.merge_all,
    "audio_summary": tf.summary.audio,
}


def scalar_summary(tag: Any, value: Any, collections: Any = None, name: Any = None) -> tf.Tensor:
    """`tf.summary.scalar` under its name before 1.0."""
    return tf.summary.scalar(tag, value, collections)


def histogram_summary(
    tag: Any, values: Any, collections: Any = None, name: Any = None
) -> tf.Tensor:
    """`tf.summary.histogram` under its name before 1.0."""
    return tf.summary.histogram(tag, values, collections)


def image_summary(tag: Any, tensor: Any, max_images: int = 3, collections: Any = None) -> tf.Tensor:
    """`tf.summary.image` under its name before 1.0."""
    return tf.summary.image(tag, tensor, max_images, collections)


def batch_matmul(
    x: Any, y: Any, adj_x: bool = False, adj_y: bool = False, name: Any = None
) -> tf.Tensor:
    """`tf.matmul` of stacked matrices under its name before 1.0."""
    return tf.matmul(x, y, adjoint_a=adj_x, adjoint_b=adj_y, name=name)


def concat(
    values: Any, axis: Any = None, name: str = "concat", concat_dim: Any = None
) -> tf.Tensor:
    """`tf.concat(values, axis)`, and `tf.concat(axis, values)` as it was before 1.0."""
    axis = axis if concat_dim is None else concat_dim
    if isinstance(values, int) and not isinstance(axis, int):
        values, axis = axis, values
    return tf.concat(values, axis, name)


def split(
    value: Any = None,
    num_or_size_splits: Any = None,
    axis: Any = 0,
    num: Any = None,
    name: str = "split",
    split_dim: Any = None,
    num_split: Any = None,
) -> list[tf.Tensor]:
    """`tf.split(value, n, axis)`, and `tf.split(axis, n, value)` as it was before 1.0."""
    if split_dim is not None or num_split is not None:
        return tf.split(value, num_split, split_dim or 0, name=name)
    if isinstance(value, int) and not isinstance(axis, int):
        value, axis = axis, value
    return tf.split(value, num_or_size_splits, axis, num, name)


def _logits_first(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """`function(labels=, logits=)`, which took (logits, labels) by position before 1.0."""

    def either(
        *positional: Any, labels: Any = None, logits: Any = None, name: Any = None, **others: Any
    ) -> tf.Tensor:
        if len(positional) > 1:
            logits, labels, *rest = positional
            name = rest[0] if rest else name
        elif positional and positional[0] is not None:
            logits = positional[0]
        return function(labels=labels, logits=logits, name=name, **others)

    either.__name__ = function.__name__
    either.__doc__ = f"`{function.__name__}`, by keyword or as (logits, labels), as before 1.0."
    return either


softmax_cross_entropy_with_logits = _logits_first(tf.nn.softmax_cross_entropy_with_logits)
sparse_softmax_cross_entropy_with_logits = _logits_first(
    tf.nn.sparse_softmax_cross_entropy_with_logits
)
sigmoid_cross_entropy_with_logits = _logits_first(tf.nn.sigmoid_cross_entropy_with_logits)


class SummaryWriter(tf.summary.FileWriter):
    """`tf.summary.FileWriter` under its name before 1.0."""

    def __init__(self, logdir: str, graph: Any = None, *arguments: Any, graph_def: Any = None):
        super().__init__(logdir, graph, *arguments, graph_def=graph_def)


def rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`tf.nn.static_rnn` under its name before 1.0, in the scope `RNN`."""
    return static_rnn(cell, inputs, initial_state, dtype, sequence_length, scope or "RNN")


def bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """`tf.nn.static_bidirectional_rnn` under its name before 1.0, in the scope `BiRNN`."""
    return static_bidirectional_rnn(
        cell_fw,
        cell_bw,
        inputs,
        initial_state_fw,
        initial_state_bw,
        dtype,
        sequence_length,
        scope or "BiRNN",
    )
