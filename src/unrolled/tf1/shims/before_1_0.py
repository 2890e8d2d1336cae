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
    "concat_v2": tf.concat,
    # Operations on a batch of matrices had a name of their own; now each takes them.
    **{
        f"batch_{name}": getattr(tf, name)
        for name in (
            "cholesky cholesky_solve fft fft2d fft3d ifft ifft2d ifft3d matrix_band_part "
            "matrix_determinant matrix_diag matrix_diag_part matrix_inverse matrix_set_diag "
            "matrix_solve matrix_solve_ls matrix_transpose matrix_triangular_solve "
            "self_adjoint_eig self_adjoint_eigvals svd"
        ).split()
    },
}
RENAMED_NN: dict[str, Any] = {
    "deconv2d": tf.nn.conv2d_transpose,
    "state_saving_rnn": tf.nn.static_state_saving_rnn,
}
RENAMED_IMAGE: dict[str, Any] = {"per_image_whitening": tf.image.per_image_standardization}
# TensorFlow makes arrays of its own class inside loops, and so that class has the old names, too.
tf.TensorArray.pack, tf.TensorArray.unpack = tf.TensorArray.stack, tf.TensorArray.unstack


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


def reverse(tensor: Any, axis: Any = None, name: Any = None, dims: Any = None) -> tf.Tensor:
    """`tf.reverse(x, axis)`, and `tf.reverse(x, [False, True])` as it was before 1.0."""
    axis = axis if dims is None else dims
    if isinstance(axis, (list, tuple)) and axis and all(isinstance(one, bool) for one in axis):
        axis = [number for number, is_reversed in enumerate(axis) if is_reversed]
    return tf.reverse(tensor, axis, name)


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


def _labels_third(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """`function(weights, biases, labels, inputs, ...)`, which took inputs first before 1.0."""

    def either(
        weights: Any, biases: Any, labels: Any, inputs: Any, *more: Any, **named: Any
    ) -> tf.Tensor:
        labels, inputs = tf.convert_to_tensor(labels), tf.convert_to_tensor(inputs)
        if labels.dtype.is_floating and inputs.dtype.is_integer:
            labels, inputs = inputs, labels
        return function(weights, biases, labels, inputs, *more, **named)

    either.__name__ = function.__name__
    either.__doc__ = f"`{function.__name__}`, with labels and inputs in either order."
    return either


sampled_softmax_loss = _labels_third(tf.nn.sampled_softmax_loss)
nce_loss = _labels_third(tf.nn.nce_loss)


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
