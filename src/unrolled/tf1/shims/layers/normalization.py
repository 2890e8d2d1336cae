"""Batch normalisation: the function of `tf.layers`, and what its other forms share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.layers import core as layers


def batch_normalization(
    inputs: Any,
    axis: Any = -1,
    momentum: float = 0.99,
    epsilon: float = 1e-3,
    center: bool = True,
    scale: bool = True,
    beta_initializer: Any = "zeros",
    gamma_initializer: Any = "ones",
    moving_mean_initializer: Any = "zeros",
    moving_variance_initializer: Any = "ones",
    beta_regularizer: Any = None,
    gamma_regularizer: Any = None,
    beta_constraint: Any = None,
    gamma_constraint: Any = None,
    training: Any = False,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
    renorm: bool = False,
    renorm_clipping: Any = None,
    renorm_momentum: float = 0.99,
    fused: bool | None = None,
    virtual_batch_size: int | None = None,
    adjustment: Any = None,
) -> tf.Tensor:
    """(x - mean) / sqrt(variance + epsilon) · gamma + beta, for each index along `axis`.

    Training uses the mean and variance of the batch, and puts into `tf.GraphKeys.UPDATE_OPS` the
    operations that move `moving_mean` and `moving_variance` towards them by the share
    1 - `momentum`. Otherwise the moving ones are used. For inputs [B, H, W, C] the variance is
    moved with Bessel's correction, as the fused kernel did, unless `fused` is False.

    Args:
      inputs: of any shape, with a known size along `axis`.
      axis: of the channels (default: the last).
      momentum, epsilon: see above (default: 0.99 and 0.001).
      center, scale: whether there is a beta, and a gamma (default: True).
      beta_initializer, moving_mean_initializer: (default: zeros).
      gamma_initializer, moving_variance_initializer: (default: ones).
      training: True, False, or a boolean scalar tensor (default: False).
      renorm, virtual_batch_size, adjustment: not put back (default: off).

    The others are explained at the head of this file.

    Returns:
      The shape of the inputs.

    Raises:
      ValueError: `axis` has no known size or lists several, or one of those that are not put back
        is given.
    """
    check_no_renorm(renorm, renorm_clipping, virtual_batch_size, adjustment)
    axis = single_axis(axis)
    settings = {
        "beta": (beta_initializer, beta_regularizer, beta_constraint),
        "gamma": (gamma_initializer, gamma_regularizer, gamma_constraint),
        "moving_mean": (moving_mean_initializer,),
        "moving_variance": (moving_variance_initializer,),
    }
    with layers.layer_scope(name, "batch_normalization", reuse):
        inputs = tf.convert_to_tensor(inputs)
        make = functools.partial(layers.make_variable, dtype=inputs.dtype, trainable=trainable)
        outputs, updates = normalize(
            inputs,
            axis,
            momentum,
            epsilon,
            [name for name, on in (("gamma", scale), ("beta", center)) if on],
            training,
            fused is not False and inputs.shape.rank == 4 and axis in (-1, 1, 3),
            lambda name, shape, **fixed: make(name, shape, *settings[name], **fixed),
        )
        tf.get_collection_ref(tf.GraphKeys.UPDATE_OPS).extend(updates)
        return outputs


def check_no_renorm(
    renorm: Any, renorm_clipping: Any, virtual_batch_size: Any, adjustment: Any
) -> None:
    """Refuse what of batch normalisation is not put back, since it would change the numbers."""
    for name, value in {
        "renorm": renorm or None,
        "renorm_clipping": renorm_clipping,
        "virtual_batch_size": virtual_batch_size,
        "adjustment": adjustment,
    }.items():
        if value is not None:
            raise ValueError(
                f"{name} of batch normalisation must be left out, since unrolled.tf1 does not put "
                f"it back; got {value!r}."
            )


def single_axis(axis: Any) -> int:
    """The axis of the channels, which may be given as a list of one."""
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if len(axes) != 1:
        raise ValueError(f"axis of batch normalisation must be one axis; got {axis}.")
    return int(axes[0])


def normalize(
    inputs: tf.Tensor,
    axis: int,
    momentum: float,
    epsilon: float,
    parameters: list[str],
    training: Any,
    corrected: bool,
    make: Callable[..., tf.Variable],
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    """Batch normalisation, and the operations that move its averages: none without training."""
    size = layers.known_size(inputs, axis, "batch normalisation")
    along = range(inputs.shape.rank)[axis]
    wide = [size if a == along else 1 for a in range(inputs.shape.rank)]  # [1, ..., C, ...]
    own = {name: tf.reshape(make(name, [size]), wide) for name in parameters}
    moving = [make(f"moving_{name}", [size], trainable=False) for name in ("mean", "variance")]
    statistics, updates = moving, []
    if layers.known_training(training) is not False:
        mean, variance = tf.nn.moments(inputs, [a for a in range(len(wide)) if a != along])
        unbiased = variance
        if corrected:
            n = tf.cast(tf.size(inputs) // size, inputs.dtype)
            unbiased = variance * (n / tf.maximum(n - 1, 1))
        # Without training the averages move towards themselves: they stay as they are.
        *statistics, goal = layers.if_training(
            training,
            lambda: [mean, variance, unbiased],
            lambda: [tf.identity(moving[0]), tf.identity(moving[1]), tf.identity(moving[1])],
        )
        updates = [
            tf.assign_sub(average, (average - towards) * (1 - momentum))
            for average, towards in zip(moving, (statistics[0], goal))
        ]
    mean, variance = (tf.reshape(statistic, wide) for statistic in statistics)
    outputs = tf.nn.batch_normalization(
        inputs, mean, variance, own.get("beta"), own.get("gamma"), epsilon
    )
    return outputs, updates
