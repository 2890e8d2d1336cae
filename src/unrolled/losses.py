"""The cross-entropy of a sequence, weighted step by step."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from unrolled.contract import TensorLike
from unrolled.internal.checks import (
    as_float_tensor,
    as_tensor,
    check_flag,
    check_name,
    describe,
    with_shape,
)
from unrolled.internal.shapes import size_or_tensor
from unrolled.internal.tracing import after, no_autograph

SHAPES = "logits must be [B, T, C], targets [B, T] and weights [B, T]"


@no_autograph
def sequence_loss(
    logits: TensorLike,
    targets: TensorLike,
    weights: TensorLike,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Weighted cross-entropy, in nats, of a batch of sequences.

        loss[b, t] = weights[b, t] · −log softmax(logits[b, t])[targets[b, t]]

    then summed over the axes that are averaged and divided by the weights summed over the same
    axes, so that a step of weight 0 neither adds to the loss nor dilutes it, whatever it holds.

    | averaged over | result | divided by                    |
    |---------------|--------|-------------------------------|
    | both          | scalar | the sum of all weights        |
    | time          | [B]    | the weights summed over time  |
    | batch         | [T]    | the weights summed over batch |
    | neither       | [B, T] | nothing                       |

    XLA leaves out what is checked only when a graph runs: a target out of range then gives NaN.
    Weights that sum to 0 give 0. Sums of 16-bit numbers are taken in 32 bits. The definition is
    that of TensorFlow 1.15's `tf.contrib.seq2seq.sequence_loss`, less the 1e-12 that it adds to
    the divisor.

    Args:
      logits: [B, T, C], unnormalised scores; not probabilities, and not one-hot vectors.
      targets: [B, T], class numbers in 0..C-1. Where the weight is 0 any number will do.
      weights: [B, T], numbers or booleans. Negative ones are not refused: they subtract a step's
        loss, and from the divisor.
      average_across_timesteps, average_across_batch: see the table (default: True).
      softmax_loss_function: called as f(labels=[B*T], logits=[B*T, C]); returns [B*T]. What the
        last axis of the logits and the labels mean is up to that function: for a sampled softmax
        they are a network's outputs, and a label may mean "ignore" (default: the sparse softmax
        cross-entropy).
      name: of the operations (default: "sequence_loss").

    Returns:
      The loss, in the dtype of the logits; its shape is in the table.

    Raises:
      TypeError: an argument is no tensor and cannot become one.
      ValueError: a wrong rank, shapes that disagree, targets that are not integers or, where that
        is known before the graph runs, out of range where their weight is not 0.
      tf.errors.InvalidArgumentError: the same of shapes and targets, where known only at run time.
    """
    over_time = check_flag(average_across_timesteps, "average_across_timesteps")
    over_batch = check_flag(average_across_batch, "average_across_batch")
    own = softmax_loss_function
    if own is not None and not callable(own):
        raise TypeError(
            "softmax_loss_function must be a function of labels= and logits=, or None; got "
            f"{describe(own)}."
        )
    with tf.name_scope(check_name(name) or "sequence_loss"):
        logits = as_float_tensor(logits, "logits")
        targets = as_tensor(targets, "targets", "class numbers [B, T]")
        weights = as_tensor(weights, "weights", "numbers [B, T]")
        logits, targets, weights = _check_shapes(logits, targets, weights, own is not None)
        dtype = logits.dtype
        if dtype.size < 4:
            logits = tf.cast(logits, tf.float32)
        weights = tf.cast(weights, logits.dtype)  # [B, T]
        counts = tf.not_equal(weights, 0)  # [B, T]
        empty = tf.logical_not(counts)  # what does not count, and would spoil what does
        if own is None:
            targets, outside = _check_targets(targets, counts, logits)
            finite = tf.reduce_all(tf.math.is_finite(logits), axis=2)  # [B, T]
            empty = tf.logical_and(empty, tf.logical_or(outside, tf.logical_not(finite)))
        # Such entries are replaced before the softmax: a NaN, or a class that is ruled out by -inf,
        # would give a gradient of 0 · NaN.
        targets = tf.where(empty, tf.zeros_like(targets), targets)
        logits = tf.where(empty[..., tf.newaxis], tf.zeros_like(logits), logits)
        batch_and_time = tf.shape(targets)
        flat_logits = tf.reshape(logits, [-1, tf.shape(logits)[2]])  # [B, T, C] -> [B*T, C]
        flat_targets = tf.reshape(targets, [-1])  # [B, T] -> [B*T]
        if own is None:
            flat_loss = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=flat_targets, logits=flat_logits
            )
        else:
            flat_loss = _call_own(own, flat_targets, tf.cast(flat_logits, dtype))
            flat_loss = tf.cast(_check_own(flat_loss, flat_targets), logits.dtype)
        loss = tf.reshape(flat_loss, batch_and_time) * weights  # [B*T] -> [B, T]
        loss = tf.where(empty, tf.zeros_like(loss), loss)
        axes = [axis for axis, averaged in enumerate((over_batch, over_time)) if averaged]
        if axes:
            loss = tf.math.divide_no_nan(tf.reduce_sum(loss, axes), tf.reduce_sum(weights, axes))
        return tf.cast(loss, dtype)


def _check_shapes(
    logits: tf.Tensor, targets: tf.Tensor, weights: tf.Tensor, own: bool
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The three, of ranks 3, 2 and 2 and equal in B and T."""
    shapes = f"got logits {logits.shape}, targets {targets.shape} and weights {weights.shape}."
    ranks = (logits.shape.rank, targets.shape.rank, weights.shape.rank)
    if any(rank not in (None, wanted) for rank, wanted in zip(ranks, (3, 2, 2))):
        hint = " for one-hot targets give tf.argmax(targets, axis=-1);" * (targets.shape.rank == 3)
        raise ValueError(f"{SHAPES};{hint} {shapes}")
    steps = logits.shape[:2]
    if not (
        steps.is_compatible_with(targets.shape)
        and steps.is_compatible_with(weights.shape)
        and targets.shape.is_compatible_with(weights.shape)
    ):
        raise ValueError(f"{SHAPES}, with equal B and equal T; {shapes}")
    if not (targets.dtype.is_integer or (own and targets.dtype.is_floating)):
        raise ValueError(
            f"targets must be class numbers of an integer type; got {targets.dtype.name}; cast "
            f"whole numbers with tf.cast(targets, tf.int32); {shapes}"
        )
    if weights.dtype.is_complex or weights.dtype == tf.string:
        raise ValueError(f"weights must be numbers [B, T]; got dtype {weights.dtype.name}.")
    if all(x.shape.rank for x in (logits, targets, weights)) and all(
        x.shape[:2].is_fully_defined() for x in (logits, targets, weights)
    ):
        return logits, targets, weights
    # Some size is known only when the graph runs.
    logits = with_shape(logits, [None, None, None], f"{SHAPES}; the rank of logits differs")
    sizes: list[int | tf.Tensor | None] = [size_or_tensor(logits, 0), size_or_tensor(logits, 1)]

    def known_later(x: tf.Tensor, argument: str) -> tf.Tensor:
        message = f"{SHAPES}, with equal B and equal T; the shape of {argument} differs"
        return with_shape(x, sizes, message)

    return logits, known_later(targets, "targets"), known_later(weights, "weights")


def _check_targets(
    targets: tf.Tensor, counts: tf.Tensor, logits: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Targets as int64, and which are out of range; an error for the first such that counts."""
    targets = tf.cast(targets, tf.int64)
    classes = tf.shape(logits, out_type=tf.int64)[2]
    anywhere = tf.logical_or(targets < 0, targets >= classes)
    outside = tf.logical_and(counts, anywhere)
    known = tf.get_static_value(outside)
    if known is not None:
        if known.any():
            b, t = map(int, np.argwhere(known)[0])
            raise ValueError(
                f"targets must be class numbers in 0..{int(classes) - 1}; got "
                f"{int(targets[b, t])} at [{b}, {t}], where the weight is not 0."
            )
        return targets, anywhere
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
        return tf.identity(targets), anywhere


def _call_own(
    own: Callable[..., tf.Tensor], flat_targets: tf.Tensor, flat_logits: tf.Tensor
) -> tf.Tensor:
    """A reader's own loss; what it refuses is named."""
    try:
        return own(labels=flat_targets, logits=flat_logits)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"softmax_loss_function must take labels= and logits=, here targets [B*T] of "
            f"{flat_targets.dtype.name} and logits [B*T, C] of {flat_logits.dtype.name}; calling "
            f"it raised: {error}"
        ) from error


def _check_own(flat_loss: tf.Tensor, flat_targets: tf.Tensor) -> tf.Tensor:
    """What a reader's own loss returned: [B*T]."""
    wanted = "one loss for each of the B·T steps, [B*T]"
    flat_loss = as_tensor(flat_loss, "softmax_loss_function's result", wanted)
    shape = flat_loss.shape
    if not shape.is_compatible_with(flat_targets.shape) or not flat_loss.dtype.is_floating:
        raise ValueError(
            f"softmax_loss_function must return {wanted}; got shape {shape} and dtype "
            f"{flat_loss.dtype.name}; sequence_loss takes the mean itself."
        )
    if shape.is_fully_defined():
        return flat_loss
    return with_shape(
        flat_loss, [size_or_tensor(flat_targets, 0)], f"softmax_loss_function must return {wanted}"
    )
