"""The loss of a sequence: cross-entropy, weighted, summed or averaged over steps and batch.

The letters: B rows in the batch, T steps, C classes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.losses


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: Any = False,
    sum_over_batch: Any = False,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """`unrolled.sequence_loss` with the arguments of all releases of TensorFlow 1.

    1.14 put `sum_over_timesteps` and `sum_over_batch` in front of `softmax_loss_function`. Both
    orders work: a function or None in the sixth place is the loss function of 1.0 to 1.13, and
    what follows it there is the name.

    Args:
      logits: [B, T, C].
      targets: [B, T], class numbers; with a `softmax_loss_function`, what that takes as labels.
      weights: [B, T].
      average_across_timesteps, average_across_batch: sum over the axis and divide by the sum of
        the weights (default: True).
      sum_over_timesteps, sum_over_batch: sum over the axis and, in spite of the names, divide by
        the number of weights that are not 0; used if neither axis is averaged (default: False).
      softmax_loss_function: called with labels [B*T] and logits [B*T, C]; returns [B*T] (default:
        the cross-entropy).

    Returns:
      A scalar, [B], [T] or [B, T], depending on which axes are summed.

    Raises:
      ValueError: one axis is both averaged and summed.
      And as `unrolled.sequence_loss`.
    """
    if sum_over_timesteps is None or callable(sum_over_timesteps):
        softmax_loss_function = softmax_loss_function or sum_over_timesteps
        sum_over_timesteps = False
        if isinstance(sum_over_batch, str):
            name, sum_over_batch = sum_over_batch, False
    for axis, averaged, summed in (
        ("timesteps", average_across_timesteps, sum_over_timesteps),
        ("batch", average_across_batch, sum_over_batch),
    ):
        if averaged and summed:
            raise ValueError(
                f"average_across_{axis} and sum_over_{axis} must not both be true; "
                f"got {averaged!r} and {summed!r}; give average_across_{axis}=False."
            )
    with tf.name_scope(name, "sequence_loss"):
        function = None
        if softmax_loss_function is not None:
            given = tf.reshape(targets, [-1])  # [B, T] -> [B*T]

            def function(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
                return call_softmax_loss(softmax_loss_function, given, logits)

            # The targets need not be class numbers of the logits here: a sampled softmax takes the
            # inputs of the last layer as logits. So these zeros pass the check in their place.
            targets = tf.zeros_like(targets, tf.int32)
        loss = unrolled.losses.sequence_loss(
            logits,
            targets,
            weights,
            bool(average_across_timesteps),
            bool(average_across_batch),
            function,
        )
        axes = [0] * bool(sum_over_batch) + [1] * bool(sum_over_timesteps)
        if not axes or average_across_timesteps or average_across_batch:
            return loss
        count = tf.cast(tf.math.count_nonzero(weights, axis=axes), loss.dtype)
        return tf.math.divide_no_nan(tf.reduce_sum(loss, axes), count)


def call_softmax_loss(
    function: Callable[..., tf.Tensor], labels: tf.Tensor, logits: tf.Tensor
) -> tf.Tensor:
    """Call a loss function as its release did.

    Before 1.0 it took (inputs, labels), in 1.0 (labels, logits), both by position; from 1.1 on it
    took the keywords `labels` and `logits`.
    """
    parameters = inspect.signature(function).parameters
    if {"labels", "logits"} <= set(parameters) or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    ):
        return function(labels=labels, logits=logits)
    first, second = [*parameters, "", ""][:2]
    if second == "labels" or first in ("inputs", "logits"):
        return function(logits, labels)
    return function(labels, logits)
