"""What recurrent programs took from `tf.contrib.layers`.

Initialisers, regularisers, `optimize_loss`, and layers that are built as those of `tf.layers` but
have other arguments: `scope` and not `name`, and `variables_collections`, a list, or a dictionary
of lists by the name of the variable. The letters: B rows in the batch, T steps, D inputs, U units.
"""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.tf1.shims import layers


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


_XAVIER = xavier_initializer()


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
        with tf.name_scope(scope, name):
            return tf.cast(scale, weights.dtype.base_dtype) * penalty(weights)

    return regularizer


def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Any = tf.nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = _XAVIER,
    weights_regularizer: Any = None,
    biases_initializer: Any = "zeros",
    biases_regularizer: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = (),
    trainable: bool = True,
    scope: Any = None,
) -> tf.Tensor:
    """act(x W + b): [..., D] -> [..., U], `fully_connected/weights` and `fully_connected/biases`.

    Args:
      inputs: [..., D], of two axes or more.
      num_outputs: U.
      activation_fn: None for none (default: relu).
      normalizer_fn: called with x W and `normalizer_params` in place of adding b (default: b is
        added).
      weights_initializer: (default: `xavier_initializer()`).
      biases_initializer: None for no b (default: zeros).
      weights_regularizer, biases_regularizer: as in `tf.layers` (default: none).
      reuse, trainable: as in `tf.layers`.
      variables_collections: further collections for the variables (default: none).
      outputs_collections: collections for the outputs (default: none).
      scope: the variable scope (default: `fully_connected`, made unique).

    Raises:
      ValueError: the inputs have fewer than two axes or no known D, or `num_outputs` is below 1.
    """
    with tf.variable_scope(scope, "fully_connected", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        units = check_count(int(num_outputs), "num_outputs")
        shape = [layers.known_size(inputs, -1, "fully_connected"), units]
        make = _model_variables(inputs.dtype, variables_collections, trainable)
        weights = make("weights", shape, weights_initializer, weights_regularizer)
        outputs = layers.times(inputs, weights)
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        elif biases_initializer is not None:
            biases = make("biases", shape[1:], biases_initializer, biases_regularizer)
            outputs = tf.nn.bias_add(outputs, biases)
        outputs = layers.finish(outputs, activation_fn)
        tf.add_to_collections(outputs_collections or (), outputs)
        return outputs


linear = functools.partial(fully_connected, activation_fn=None)
relu = functools.partial(fully_connected, activation_fn=tf.nn.relu)
relu6 = functools.partial(fully_connected, activation_fn=tf.nn.relu6)
elu = functools.partial(fully_connected, activation_fn=tf.nn.elu)


def batch_norm(
    inputs: Any,
    decay: float = 0.999,
    center: bool = True,
    scale: bool = False,
    epsilon: float = 0.001,
    activation_fn: Any = None,
    *,
    updates_collections: Any = tf.GraphKeys.UPDATE_OPS,
    is_training: Any = True,
    reuse: Any = None,
    trainable: bool = True,
    fused: bool | None = None,
    scope: Any = None,
) -> tf.Tensor:
    """`tf.layers.batch_normalization` over the last axis, in the scope `BatchNorm`.

    Args:
      inputs: [..., C], with a known C.
      decay: what is called `momentum` there (default: 0.999).
      center, scale: whether there is a beta (default: True), and a gamma (default: False).
      epsilon: added to the variance (default: 0.001).
      activation_fn: a function of the outputs (default: none).
      updates_collections: where the operations go that move the averages; None moves them whenever
        the outputs are computed (default: `tf.GraphKeys.UPDATE_OPS`).
      is_training: what is called `training` there (default: True).
      reuse, trainable, fused: as there.
      scope: the variable scope (default: `BatchNorm`, made unique).

    Raises:
      ValueError: C is not known.
    """
    with tf.variable_scope(scope, "BatchNorm", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        make = _model_variables(inputs.dtype, None, trainable)
        outputs, updates = layers.normalize(
            inputs,
            -1,
            decay,
            epsilon,
            [name for name, on in (("gamma", scale), ("beta", center)) if on],
            is_training,
            fused is not False and inputs.shape.rank in (2, 4),
            lambda name, shape, **fixed: make(
                name, shape, "ones" if name in ("gamma", "moving_variance") else "zeros", **fixed
            ),
        )
        if updates_collections is None:
            with tf.control_dependencies(updates):
                outputs = tf.identity(outputs)
        for update in updates:
            tf.add_to_collections(updates_collections or (), update)
        return layers.finish(outputs, activation_fn)


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> tf.Tensor:
    """Rows of `EmbedSequence/embeddings` [vocab_size, D]: ids [B, T] -> [B, T, D].

    Args:
      ids: [B, T], whole numbers below `vocab_size`.
      vocab_size, embed_dim: the number of rows, and D; with `reuse`, both may be None.
      unique: ignored: it saved look-ups, and the numbers are the same.
      initializer, regularizer, trainable, reuse: as in `tf.layers`.
      scope: the variable scope (default: `EmbedSequence`, made unique).

    Raises:
      ValueError: a size is missing without `reuse`.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "vocab_size and embed_dim of embed_sequence must be numbers of at least 1; "
            f"got {vocab_size} and {embed_dim}; give both, or reuse=True."
        )
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = [vocab_size, embed_dim] if vocab_size and embed_dim else None
        make = _model_variables(None, None, trainable)
        return tf.nn.embedding_lookup(make("embeddings", shape, initializer, regularizer), ids)


def flatten(inputs: Any, outputs_collections: Any = (), scope: Any = None) -> tf.Tensor:
    """`tf.layers.flatten`, [B, ...] -> [B, all else], in the scope `Flatten`."""
    outputs = layers.flatten(inputs, scope or "Flatten")
    tf.add_to_collections(outputs_collections or (), outputs)
    return outputs


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


def _model_variables(dtype: Any, collections: Any, trainable: bool) -> Callable[..., tf.Variable]:
    """`layers.make_variable` for these layers, whose variables are in further collections."""
    keys = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.MODEL_VARIABLES]

    def make(name: str, *settings: Any, trainable: bool = trainable) -> tf.Variable:
        asked = collections.get(name) if isinstance(collections, dict) else collections
        return layers.make_variable(
            name, *settings, dtype=dtype, trainable=trainable, collections=[*keys, *(asked or [])]
        )

    return make
