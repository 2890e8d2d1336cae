"""`optimize_loss` of `tf.contrib.layers`."""

from __future__ import annotations

import functools
import numbers
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

# The optimisers that `optimize_loss` takes by name.
_OPTIMIZERS: dict[str, Callable[..., tf.train.Optimizer]] = {
    "Adagrad": tf.train.AdagradOptimizer,
    "Adam": tf.train.AdamOptimizer,
    "Ftrl": tf.train.FtrlOptimizer,
    "Momentum": functools.partial(tf.train.MomentumOptimizer, momentum=0.9),
    "RMSProp": tf.train.RMSPropOptimizer,
    "SGD": tf.train.GradientDescentOptimizer,
}
_SUMMARIES = ("loss", "learning_rate", "global_gradient_norm", "gradients", "gradient_norm")

GradientsAndVariables = list[tuple[Any, tf.Variable]]


def optimize_loss(
    loss: Any,
    global_step: Any,
    learning_rate: Any,
    optimizer: Any,
    gradient_noise_scale: float | None = None,
    gradient_multipliers: dict[Any, float] | None = None,
    clip_gradients: Any = None,
    learning_rate_decay_fn: Callable[[Any, Any], Any] | None = None,
    update_ops: Any = None,
    variables: Any = None,
    name: str | None = None,
    summaries: Any = None,
    colocate_gradients_with_ops: bool = False,
    increment_global_step: bool = True,
) -> tf.Tensor:
    """A tensor that takes one step of training whenever a session computes it.

    Args:
      loss: a scalar.
      global_step: the variable that counts the steps, or None for that of the graph, if it has one.
      learning_rate: a number, which becomes the variable `OptimizeLoss/learning_rate`, a scalar
        tensor, or None for an optimiser that has its own.
      optimizer: an optimiser; or a class or function that makes one from the learning rate (without
        an argument if that is None); or a name: Adagrad, Adam, Ftrl, Momentum, RMSProp, SGD.
      gradient_noise_scale: the scale of normal noise, cut off at 2, that is added to the gradients
        (default: no noise).
      gradient_multipliers: a dictionary of factors by variable, or by the name of one (default: no
        factors).
      clip_gradients: the largest norm of all gradients together, or a function from
        [(gradient, variable), ...] to the same (default: no clipping).
      learning_rate_decay_fn: (learning rate, global step) -> the rate to use (default: no decay).
      update_ops: operations to run before the loss (default: those in `tf.GraphKeys.UPDATE_OPS`).
      variables: the variables to train (default: all trainable ones).
      name: the variable scope (default: `OptimizeLoss`, made unique).
      summaries: which of loss, learning_rate (written if it decays), global_gradient_norm,
        gradients and gradient_norm to write (default: the first three).
      colocate_gradients_with_ops: as for `Optimizer.compute_gradients` (default: False).
      increment_global_step: False if another step of training counts already (default: True).

    Returns:
      The loss, as it was before the step.

    Raises:
      ValueError: an argument is none of these, or `learning_rate_decay_fn` has no global step.
    """
    loss = tf.convert_to_tensor(loss)
    if loss.shape.rank != 0:
        raise ValueError(
            f"loss must be a scalar; got shape {loss.shape}; take its mean with tf.reduce_mean."
        )
    if global_step is None:
        global_step = tf.train.get_global_step()
    else:
        tf.train.assert_global_step(global_step)
    written = set(_SUMMARIES[:3] if summaries is None else summaries)
    if not written.issubset(_SUMMARIES):
        raise ValueError(f"summaries must be among {', '.join(_SUMMARIES)}; got {summaries}.")

    with tf.variable_scope(name, "OptimizeLoss", [loss, global_step]):
        if update_ops is None:
            update_ops = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        with tf.control_dependencies(list(update_ops)):
            loss = tf.identity(loss)

        rate = _learning_rate(learning_rate)
        if rate is not None and learning_rate_decay_fn is not None:
            if global_step is None:
                raise ValueError(
                    "global_step must be a variable, since learning_rate_decay_fn needs it; got "
                    "None, and this graph has none; make one with "
                    "tf.train.get_or_create_global_step()."
                )
            rate = learning_rate_decay_fn(rate, global_step)
            if "learning_rate" in written:
                tf.summary.scalar("learning_rate", rate)
        trainer = _optimizer(optimizer, rate)
        pairs = trainer.compute_gradients(
            loss,
            tf.trainable_variables() if variables is None else variables,
            colocate_gradients_with_ops=colocate_gradients_with_ops,
        )

        if gradient_noise_scale is not None:
            pairs = [(_with_noise(g, gradient_noise_scale), v) for g, v in pairs]
        if gradient_multipliers is not None:
            pairs = [(_multiplied(g, v, gradient_multipliers), v) for g, v in pairs]
        write_norm = bool(written & {"gradient_norm", "global_gradient_norm"})
        if write_norm:
            tf.summary.scalar("global_norm/gradient_norm", _global_norm(pairs))
        if clip_gradients is not None:
            pairs = _clipped(pairs, clip_gradients)
            if write_norm:
                tf.summary.scalar("global_norm/clipped_gradient_norm", _global_norm(pairs))

        if "loss" in written:
            tf.summary.scalar("loss", loss)
        for gradient, variable in pairs:
            values = gradient.values if isinstance(gradient, tf.IndexedSlices) else gradient
            called = variable.name.replace(":", "_")
            if values is not None and "gradients" in written:
                tf.summary.histogram(f"gradients/{called}", values)
            if values is not None and "gradient_norm" in written:
                tf.summary.scalar(f"gradient_norm/{called}", tf.norm(values))

        counted = global_step if increment_global_step else None
        with tf.control_dependencies([trainer.apply_gradients(pairs, counted, name="train")]):
            return tf.identity(loss)


def _learning_rate(learning_rate: Any) -> Any:
    """A number as a variable, which a session may set; a scalar tensor or None unchanged."""
    if isinstance(learning_rate, numbers.Real) and float(learning_rate) >= 0:
        start = tf.constant_initializer(float(learning_rate))
        return tf.get_variable("learning_rate", [], tf.float32, start, trainable=False)
    if learning_rate is None or (tf.is_tensor(learning_rate) and learning_rate.shape.rank == 0):
        return learning_rate
    raise ValueError(
        f"learning_rate must be a number of at least 0, a scalar tensor or None; "
        f"got {learning_rate!r}."
    )


def _optimizer(optimizer: Any, rate: Any) -> tf.train.Optimizer:
    """The optimiser that a name, a class or a function makes of the learning rate."""
    if isinstance(optimizer, tf.train.Optimizer):
        return optimizer
    if rate is None and isinstance(optimizer, (str, type)):
        raise ValueError(
            f"learning_rate must be a number, which the optimizer {optimizer!r} needs; got None."
        )
    make = _OPTIMIZERS.get(optimizer) if isinstance(optimizer, str) else optimizer
    made = None
    if callable(make):
        made = make() if rate is None else make(rate)
    if not isinstance(made, tf.train.Optimizer):
        result = "" if made is None else f", which made {made!r}"
        raise ValueError(
            "optimizer must be an optimizer of tf.train, a class or function that makes one, or "
            f"one of the names {', '.join(_OPTIMIZERS)}; got {optimizer!r}{result}."
        )
    return made


def _with_noise(gradient: Any, scale: float) -> Any:
    if gradient is None:
        return None
    gradient = tf.convert_to_tensor(gradient)  # noise reaches the rows without a look-up too
    return gradient + scale * tf.truncated_normal(tf.shape(gradient), dtype=gradient.dtype)


def _multiplied(gradient: Any, variable: tf.Variable, factors: dict[Any, float]) -> Any:
    factor = factors.get(variable, factors.get(variable.name))
    if gradient is None or factor is None:
        return gradient
    if isinstance(gradient, tf.IndexedSlices):
        return tf.IndexedSlices(gradient.values * factor, gradient.indices, gradient.dense_shape)
    return gradient * factor


def _global_norm(pairs: GradientsAndVariables) -> tf.Tensor:
    return tf.global_norm([gradient for gradient, _ in pairs])


def _clipped(pairs: GradientsAndVariables, clip: Any) -> GradientsAndVariables:
    if callable(clip):
        return clip(pairs)
    if not isinstance(clip, numbers.Real):
        raise ValueError(
            "clip_gradients must be a number, or a function of a list of (gradient, variable); "
            f"got {clip!r}."
        )
    gradients, variables = zip(*pairs)
    return list(zip(tf.clip_by_global_norm(gradients, float(clip))[0], variables))
