"""The cross-entropy of a sequence, weighted step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.checks import after, as_float_tensor, as_written


@as_written
def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Weighted cross-entropy, in nats, of a batch of sequences.

        loss[b, t] = weights[b, t] · −log softmax(logits[b, t])[targets[b, t]]

    then summed over the axes that are averaged and divided by the weights summed over the same
    axes, so that a step of weight 0 neither adds to the loss nor dilutes it.

    | averaged over | result | divided by                    |
    |---------------|--------|-------------------------------|
    | both          | scalar | the sum of all weights        |
    | time          | [B]    | the weights summed over time  |
    | batch         | [T]    | the weights summed over batch |
    | neither       | [B, T] | nothing                       |

    Weights that sum to 0 give 0. The definition is that of TensorFlow 1.15's
    `tf.contrib.seq2seq.sequence_loss`, less the 1e-12 that it adds to the divisor.

    Args:
      logits: [B, T, C], unnormalised scores; not probabilities, and not one-hot vectors.
      targets: [B, T], class numbers in 0..C-1. Where the weight is 0 any number will do.
      weights: [B, T].
      average_across_timesteps, average_across_batch: see the table.
      softmax_loss_function: called as f(labels=[B*T], logits=[B*T, C]) in place of the sparse
        softmax cross-entropy; returns [B*T].
      name: of the operations, `sequence_loss` where it is left out.

    Raises:
      ValueError: a wrong rank, shapes that disagree, targets that are not integers or, where that
        is known before the graph runs, out of range where their weight is not 0.
      tf.errors.InvalidArgumentError: targets out of range, where known only at run time.
    """
    with tf.name_scope(name or "sequence_loss"):
        logits = as_float_tensor(logits, "logits")
        targets = tf.convert_to_tensor(targets)
        weights = tf.convert_to_tensor(weights)
        _check_shapes(logits, targets, weights)
        weights = tf.cast(weights, logits.dtype)  # [B, T]
        targets = _check_targets(targets, weights, logits)  # [B, T]
        batch_and_time = tf.shape(targets)
        flat_logits = tf.reshape(logits, [-1, tf.shape(logits)[2]])  # [B, T, C] -> [B*T, C]
        flat_targets = tf.reshape(targets, [-1])  # [B, T] -> [B*T]
        if softmax_loss_function is None:
            flat_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=flat_targets, logits=flat_logits
            )
        else:
            flat_loss = softmax_loss_function(labels=flat_targets, logits=flat_logits)
        loss = tf.reshape(flat_loss, batch_and_time) * weights  # [B*T] -> [B, T]
        axes = [0] * average_across_batch + [1] * average_across_timesteps
        if not axes:
            return loss
        return tf.math.divide_no_nan(tf.reduce_sum(loss, axes), tf.reduce_sum(weights, axes))


def _check_shapes(logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor) -> None:
    shapes = f"got logits {logits.shape}, targets {targets.shape} and weights {weights.shape}."
    expected = "logits must be [B, T, C], targets [B, T] and weights [B, T]"
    ranks = (logits.shape.rank, targets.shape.rank, weights.shape.rank)
    if any(rank not in (None, wanted) for rank, wanted in zip(ranks, (3, 2, 2))):
        raise ValueError(f"{expected}; {shapes}")
    steps = logits.shape[:2]
    if not (
        steps.is_compatible_with(targets.shape)
        and steps.is_compatible_with(weights.shape)
        and targets.shape.is_compatible_with(weights.shape)
    ):
        raise ValueError(f"{expected}, with equal B and equal T; {shapes}")
    if not targets.dtype.is_integer:
        raise ValueError(
            f"targets must be class numbers of an integer type, but {targets.dtype.name} came; use "
            f"tf.argmax(one_hot, axis=-1) for one-hot targets or tf.cast for whole numbers; "
            f"{shapes}"
        )


def _check_targets(targets: tf.Tensor, weights: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
    """Targets with 0 where the weight is 0; an error for the first one out of range elsewhere."""
    matters = tf.not_equal(weights, 0)  # [B, T]
    targets = tf.cast(targets, tf.int64)
    classes = tf.shape(logits, out_type=tf.int64)[2]
    outside = tf.logical_and(matters, tf.logical_or(targets < 0, targets >= classes))
    known = tf.get_static_value(outside)
    if known is not None:
        if known.any():
            b, t = map(int, np.argwhere(known)[0])
            raise ValueError(
                f"targets must be class numbers in 0..{int(classes) - 1}; got "
                f"{int(targets[b, t])} at [{b}, {t}], where the weight is not 0."
            )
        return tf.where(matters, targets, tf.zeros_like(targets))
    first = tf.where(outside)[:1]  # [1, 2] or [0, 2]: where the first one is
    check = tf.debugging.Assert(
        tf.logical_not(tf.reduce_any(outside)),
        [
            "targets must be class numbers in 0..C-1 where their weight is not 0; C is",
            classes,
            "and the first that is not stands at",
            first,
            "with the value",
            tf.gather_nd(targets, first),
        ],
    )
    with after(check):
        return tf.where(matters, targets, tf.zeros_like(targets))
