"""The losses and the buckets of `tf.contrib.legacy_seq2seq`: sequences as lists of T steps."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.losses
from unrolled.tf1.shims.seq2seq.loss import call_softmax_loss

LossFunction = Callable[..., tf.Tensor]


def _takes_num_decoder_symbols(at: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a function take the argument `num_decoder_symbols`, which it ignores.

    Before 0.8 it stood in the place `at`, where a flag or a function has come since; a whole number
    tells it apart.
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def wrapped(*given: Any, num_decoder_symbols: Any = None, **keywords: Any) -> Any:
            if len(given) > at and isinstance(given[at], numbers.Integral) and int(given[at]) > 1:
                given = given[:at] + given[at + 1 :]
            return function(*given, **keywords)

        return wrapped

    return decorate


@_takes_num_decoder_symbols(3)
def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: LossFunction | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Weighted cross-entropy of each row, on `unrolled.sequence_loss`.

    Args:
      logits: T tensors [B, C]; with a `softmax_loss_function`, of any shape that it takes.
      targets: T tensors [B], class numbers; with a `softmax_loss_function`, what that takes as
        labels.
      weights: T tensors [B], or of a shape that fits what the loss function returns.
      average_across_timesteps: divide each row's sum by the sum of its weights (default: True).
      softmax_loss_function: called at each step with its labels and logits; returns one loss for
        each row (default: the cross-entropy).

    Returns:
      [B], or the shape of what the loss function returns.

    Raises:
      ValueError: lists of different lengths.
      And as `unrolled.sequence_loss`.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            "logits, targets and weights must be lists of one length, an entry for each step; got "
            f"{len(logits)}, {len(targets)} and {len(weights)} entries."
        )
    with tf.name_scope(name, "sequence_loss_by_example"):
        if softmax_loss_function is not None:
            steps = zip(targets, logits)
            losses = [call_softmax_loss(softmax_loss_function, *step) for step in steps]
            return _weighted(losses, weights, average_across_timesteps)
        vectors = [tf.reshape(target, [-1]) for target in targets]  # one row may be a scalar
        shares = [tf.broadcast_to(w, tf.shape(target)) for w, target in zip(weights, vectors)]
        loss = unrolled.losses.sequence_loss(
            tf.stack(logits, axis=1),  # T times [B, C] -> [B, T, C]
            tf.stack(vectors, axis=1),  # T times [B] -> [B, T]
            tf.stack(shares, axis=1),
            bool(average_across_timesteps),
            False,
        )
        return loss if average_across_timesteps else tf.reduce_sum(loss, axis=1)  # [B]


def _weighted(losses: list[Any], weights: Sequence[Any], averaged: bool) -> tf.Tensor:
    """The sum of the steps' losses times their weights; a step of weight 0 does not count."""
    losses = [tf.convert_to_tensor(loss) for loss in losses]
    shares = [tf.cast(w, loss.dtype) for w, loss in zip(weights, losses)]
    total = tf.add_n([tf.math.multiply_no_nan(x, w) for x, w in zip(losses, shares)])
    return tf.math.divide_no_nan(total, tf.add_n(shares)) if averaged else total


@_takes_num_decoder_symbols(3)
def sequence_loss(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: LossFunction | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """The losses of `sequence_loss_by_example`, summed over the batch.

    Args:
      average_across_batch: divide the sum by B (default: True).
      logits, targets, weights, average_across_timesteps, softmax_loss_function: as there.

    Returns:
      A scalar.

    Raises:
      As `sequence_loss_by_example`.
    """
    with tf.name_scope(name, "sequence_loss"):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )  # [B]
        total = tf.reduce_sum(losses)
        if not average_across_batch:
            return total
        first = tf.convert_to_tensor(targets[0])
        rows = 1 if first.shape.rank == 0 else tf.shape(first)[0]
        return total / tf.cast(rows, total.dtype)


@_takes_num_decoder_symbols(5)
def model_with_buckets(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    buckets: Sequence[tuple[int, int]],
    seq2seq: Callable[[Any, Any], tuple[Any, Any]],
    softmax_loss_function: LossFunction | None = None,
    per_example_loss: bool = False,
    name: str | None = None,
) -> tuple[list[Any], list[Any]]:
    """One model for sequences of several lengths: a graph for each bucket, with shared weights.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors, one for each step, as long as the last
        bucket.
      targets, weights: as for `sequence_loss`, likewise.
      buckets: pairs (steps of the encoder, steps of the decoder), the longest last.
      seq2seq: (encoder inputs, decoder inputs) -> (outputs, state), for a bucket's steps.
      softmax_loss_function: as for `sequence_loss` (default: the cross-entropy).
      per_example_loss: a loss for each row in place of one for the batch (default: False).

    Returns:
      Two lists with an entry for each bucket: its outputs, a list of tensors, and its loss, a
      scalar or [B].

    Raises:
      ValueError: a list is shorter than the last bucket.
      And as `sequence_loss`.
    """
    for argument, steps, least in (
        ("encoder_inputs", encoder_inputs, buckets[-1][0]),
        ("decoder_inputs", decoder_inputs, buckets[-1][1]),
        ("targets", targets, buckets[-1][1]),
        ("weights", weights, buckets[-1][1]),
    ):
        if len(steps) < least:
            raise ValueError(
                f"{argument} must have the {least} steps of the last bucket {buckets[-1]}; "
                f"got {len(steps)}."
            )
    outputs, losses = [], []
    with tf.name_scope(name, "model_with_buckets"):
        for number, (before, after) in enumerate(buckets):
            with tf.variable_scope(tf.get_variable_scope(), reuse=number > 0 or None):
                made, _ = seq2seq(encoder_inputs[:before], decoder_inputs[:after])
                loss = sequence_loss_by_example if per_example_loss else sequence_loss
                outputs.append(made)
                losses.append(
                    loss(
                        made,
                        targets[:after],
                        weights[:after],
                        softmax_loss_function=softmax_loss_function,
                    )
                )
    return outputs, losses
