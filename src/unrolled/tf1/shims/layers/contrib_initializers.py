"""The initialisers and regularisers of `tf.contrib.layers`."""

from __future__ import annotations

import math
import numbers
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf


def variance_scaling_initializer(
    factor: float = 2.0,
    mode: str = "FAN_IN",
    uniform: bool = False,
    seed: int | None = None,
    dtype: Any = tf.float32,
) -> Callable[..., tf.Tensor]:
    """An initialiser of variance factor / n.

    Args:
      factor: see above (default: 2.0).
      mode: n is the number of inputs for FAN_IN, of outputs for FAN_OUT, and the mean of the two
        for FAN_AVG (default: FAN_IN).
      uniform: draw from a uniform distribution (default: from a normal distribution of 1.3 times
        that variance, cut off at two standard deviations).
      seed: makes the draws repeatable (default: new draws in each session).
      dtype: of the variable (default: tf.float32).

    Raises:
      TypeError: `mode` is none of these.
    """
    if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
        raise TypeError(f"mode must be FAN_IN, FAN_OUT or FAN_AVG; got {mode!r}.")

    def initializer(shape: Any, dtype: Any = dtype, partition_info: Any = None) -> tf.Tensor:
        window = math.prod(shape[:-2])  # of a convolution; 1 for a matrix
        fan_in, fan_out = window * shape[-2:][0], window * shape[-1]
        n = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2}[mode]
        if uniform:
            limit = math.sqrt(3 * factor / n)
            return tf.random_uniform(shape, -limit, limit, dtype, seed=seed)
        return tf.truncated_normal(shape, 0, math.sqrt(1.3 * factor / n), dtype, seed=seed)

    return initializer


def xavier_initializer(
    uniform: bool = True, seed: int | None = None, dtype: Any = tf.float32
) -> Callable[..., tf.Tensor]:
    """The initialiser of Glorot and Bengio (2010): variance 2 / (inputs + outputs).

    Args:
      uniform: draw from a uniform distribution (default: True).
      seed, dtype: as for `variance_scaling_initializer`.
    """
    return variance_scaling_initializer(1.0, "FAN_AVG", uniform, seed, dtype)


def l1_regularizer(scale: Any, scope: str | None = None) -> Callable[[Any], Any]:
    """The function scale · Σ |w| of weights w. With a scale of 0.0 it returns None, no loss.

    Raises:
      ValueError: `scale` is a whole number or negative.
    """
    return _regularizer("l1_regularizer", scale, scope, lambda w: tf.reduce_sum(tf.abs(w)))


def l2_regularizer(scale: Any, scope: str | None = None) -> Callable[[Any], Any]:
    """The function scale · Σ w² / 2 of weights w. With a scale of 0.0 it returns None, no loss.

    Raises:
      ValueError: `scale` is a whole number or negative.
    """
    return _regularizer("l2_regularizer", scale, scope, tf.nn.l2_loss)


def _regularizer(
    name: str, scale: Any, scope: str | None, penalty: Callable[[Any], tf.Tensor]
) -> Callable[[Any], Any]:
    is_number = isinstance(scale, numbers.Real)
    if isinstance(scale, numbers.Integral) or (is_number and scale < 0):
        raise ValueError(f"scale of {name} must be a float of at least 0.0; got {scale!r}.")

    def regularizer(weights: Any) -> Any:
        if is_number and scale == 0:
            return None
        with tf.name_scope(scope, name) as own:
            scaled = tf.cast(scale, weights.dtype.base_dtype)
            return tf.multiply(scaled, penalty(weights), name=own)

    return regularizer


def l1_l2_regularizer(
    scale_l1: Any = 1.0, scale_l2: Any = 1.0, scope: str | None = None
) -> Callable[[Any], Any] | None:
    """The sum of `l1_regularizer(scale_l1)` and `l2_regularizer(scale_l2)`.

    Raises:
      ValueError: a scale is a whole number or negative.
    """
    parts = [l1_regularizer(scale_l1), l2_regularizer(scale_l2)]
    return sum_regularizer(parts, scope or "l1_l2_regularizer")


def sum_regularizer(
    regularizer_list: Sequence[Any], scope: str | None = None
) -> Callable[[Any], Any] | None:
    """The sum of regularisers, of which some may be None; None if all are."""
    given = [one for one in regularizer_list if one is not None]
    if not given:
        return None

    def regularizer(weights: Any) -> Any:
        with tf.name_scope(scope, "sum_regularizer") as own:
            losses = [one(weights) for one in given]
            losses = [loss for loss in losses if loss is not None]
            return tf.add_n(losses, name=own) if losses else None

    return regularizer


def apply_regularization(
    regularizer: Callable[[Any], Any], weights_list: Sequence[Any] | None = None
) -> tf.Tensor:
    """The sum of a regulariser's values, each of which joins REGULARIZATION_LOSSES.

    Args:
      regularizer: a function of one tensor, with a scalar as its value.
      weights_list: what to regularise (default, and if empty: the collection
        `tf.GraphKeys.WEIGHTS`).

    Raises:
      ValueError: there are no weights, or a value is not a scalar.
    """
    if not weights_list:
        weights_list = tf.get_collection(tf.GraphKeys.WEIGHTS)
    if not weights_list:
        raise ValueError(
            "weights_list of apply_regularization must hold at least one tensor; got none."
        )
    with tf.name_scope("get_regularization_penalty", values=list(weights_list)):
        values = [regularizer(weights) for weights in weights_list]
        values = [tf.constant(0.0) if value is None else value for value in values]
        for value in values:
            if value.shape.rank != 0:
                raise ValueError(
                    f"regularizer must give a scalar for each tensor; got shape {value.shape}."
                )
        penalty = tf.add_n(values)
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, penalty)
        return penalty
