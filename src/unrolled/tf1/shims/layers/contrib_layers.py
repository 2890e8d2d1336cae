"""The layers of `tf.contrib.layers` that recurrent programs used most.

They are built as those of `tf.layers` but have other arguments: `scope` and not `name`, and
`variables_collections`, a list, or a dictionary of lists by the name of the variable. Where the
package tf_slim is installed, it has all layers of `tf.contrib.layers`, and its own are used.

The letters: B rows in the batch, D inputs, U units, C channels, H and W height and width.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.tf1.shims.layers import core as layers
from unrolled.tf1.shims.layers import normalization
from unrolled.tf1.shims.layers.arg_scope import add_arg_scope
from unrolled.tf1.shims.layers.contrib_initializers import xavier_initializer

_XAVIER = xavier_initializer()


@add_arg_scope
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
        make = model_variables(inputs.dtype, variables_collections, trainable)
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


@add_arg_scope
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
        make = model_variables(inputs.dtype, None, trainable)
        is_fused = fused is not False and inputs.shape.rank in (2, 4)
        parts = [("beta", center), ("gamma", scale)]  # the order of the fused kernel's variables
        outputs, updates = normalization.normalize(
            inputs,
            -1,
            decay,
            epsilon,
            [name for name, on in (parts if is_fused else reversed(parts)) if on],
            is_training,
            is_fused,
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


@add_arg_scope
def flatten(inputs: Any, outputs_collections: Any = (), scope: Any = None) -> tf.Tensor:
    """`tf.layers.flatten`, [B, ...] -> [B, all else], in the scope `Flatten`."""
    outputs = layers.flatten(inputs, scope or "Flatten")
    tf.add_to_collections(outputs_collections or (), outputs)
    return outputs


@add_arg_scope
def convolution2d(
    inputs: Any,
    num_outputs: int,
    kernel_size: Any,
    stride: Any = 1,
    padding: str = "SAME",
    data_format: str | None = None,
    rate: Any = 1,
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
    """A convolution: [B, H, W, C] -> [B, H', W', U], with `Conv/weights` and `Conv/biases`.

    Args:
      inputs: [B, H, W, C], or [B, T, C] for a convolution over steps.
      num_outputs: U.
      kernel_size, stride, rate: one number for all axes, or one for each (default of the last two:
        1).
      padding: "SAME" or "VALID" (default: "SAME").
      data_format: "NHWC" or "NCHW", or of steps "NWC" or "NCW" (default: channels last).

    The others are those of `fully_connected`.

    Raises:
      ValueError: the inputs have neither 3 nor 4 axes, or no known C.
    """
    with tf.variable_scope(scope, "Conv", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        if inputs.shape.rank not in (3, 4):
            raise ValueError(
                f"inputs of conv2d must have shape [B, H, W, C], or [B, T, C]; got {inputs.shape}."
            )
        first = data_format is not None and data_format.startswith("NC")
        window = layers.each(kernel_size, inputs.shape.rank - 2)
        depth = layers.known_size(inputs, 1 if first else -1, "conv2d")
        make = model_variables(inputs.dtype, variables_collections, trainable)
        shape = [*window, depth, int(num_outputs)]
        weights = make("weights", shape, weights_initializer, weights_regularizer)
        outputs = tf.nn.convolution(
            inputs,
            weights,
            padding=padding.upper(),
            strides=layers.each(stride, len(window)),
            dilation_rate=layers.each(rate, len(window)),
            data_format=data_format,
        )
        if normalizer_fn is not None:
            outputs = normalizer_fn(outputs, **(normalizer_params or {}))
        elif biases_initializer is not None:
            biases = make("biases", shape[-1:], biases_initializer, biases_regularizer)
            outputs = tf.nn.bias_add(outputs, biases, data_format="NCHW" if first else None)
        outputs = layers.finish(outputs, activation_fn)
        tf.add_to_collections(outputs_collections or (), outputs)
        return outputs


def _pooling(kind: str, default_scope: str) -> Callable[..., tf.Tensor]:
    def pool2d(
        inputs: Any,
        kernel_size: Any,
        stride: Any = 2,
        padding: str = "VALID",
        data_format: str = "NHWC",
        outputs_collections: Any = None,
        scope: str | None = None,
    ) -> tf.Tensor:
        with tf.name_scope(scope, default_scope, [inputs]):
            outputs = tf.nn.pool(
                inputs,
                layers.each(kernel_size, 2),
                kind,
                padding.upper(),
                strides=layers.each(stride, 2),
                data_format=data_format,
            )
            tf.add_to_collections(outputs_collections or (), outputs)
            return outputs

    pool2d.__qualname__ = default_scope  # which tells the two apart in `arg_scope`
    pool2d.__doc__ = f"`tf.nn.pool` of kind {kind}: [B, H, W, C] -> [B, H', W', C]."
    return add_arg_scope(pool2d)


max_pool2d = _pooling("MAX", "MaxPool2D")
avg_pool2d = _pooling("AVG", "AvgPool2D")


@add_arg_scope
def dropout(
    inputs: Any,
    keep_prob: Any = 0.5,
    noise_shape: Any = None,
    is_training: Any = True,
    outputs_collections: Any = None,
    scope: str | None = None,
    seed: int | None = None,
) -> tf.Tensor:
    """`tf.layers.dropout` at the rate 1 - `keep_prob`; `is_training` is True by default."""
    outputs = layers.dropout(
        inputs, 1 - keep_prob, noise_shape, seed, is_training, scope or "Dropout"
    )
    tf.add_to_collections(outputs_collections or (), outputs)
    return outputs


@add_arg_scope
def layer_norm(
    inputs: Any,
    center: bool = True,
    scale: bool = True,
    activation_fn: Any = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: Any = None,
    trainable: bool = True,
    begin_norm_axis: int = 1,
    begin_params_axis: int = -1,
    scope: Any = None,
) -> tf.Tensor:
    """(x - mean) / deviation · gamma + beta, with the mean of each row by itself.

    Args:
      inputs: [B, ..., C], with known sizes from `begin_params_axis` on.
      center, scale: whether there is a beta, and a gamma (default: True).
      activation_fn: a function of the outputs (default: none).
      begin_norm_axis: the mean is over this axis and those after it (default: 1).
      begin_params_axis: beta and gamma have this axis and those after it (default: the last).
      scope: the variable scope (default: `LayerNorm`, made unique).

    The others are those of `fully_connected`.

    Raises:
      ValueError: an axis is not one of the inputs, or a size is not known.
    """
    with tf.variable_scope(scope, "LayerNorm", [inputs], reuse=reuse):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        if rank is None or not max(begin_norm_axis, begin_params_axis) < rank:
            raise ValueError(
                "begin_norm_axis and begin_params_axis of layer_norm must be axes of the inputs; "
                f"got {begin_norm_axis} and {begin_params_axis} for shape {inputs.shape}."
            )
        shape = inputs.shape[begin_params_axis:]
        if not shape.is_fully_defined():
            raise ValueError(
                f"inputs of layer_norm must have known sizes from axis {begin_params_axis} on; "
                f"got shape {inputs.shape}."
            )
        make = model_variables(inputs.dtype, variables_collections, trainable)
        beta = make("beta", shape, "zeros") if center else None
        gamma = make("gamma", shape, "ones") if scale else None
        axes = list(range(rank))[begin_norm_axis:]
        mean, variance = tf.nn.moments(inputs, axes, keepdims=True)
        epsilon = 1e-3 if inputs.dtype == tf.float16 else 1e-12
        outputs = tf.nn.batch_normalization(inputs, mean, variance, beta, gamma, epsilon)
        outputs = layers.finish(outputs, activation_fn)
        tf.add_to_collections(outputs_collections or (), outputs)
        return outputs


def repeat(
    inputs: Any, repetitions: int, layer: Callable[..., Any], *args: Any, **kwargs: Any
) -> Any:
    """`layer(x, *args, **kwargs)` again and again, in the scopes `Repeat/<layer>_1` and on."""
    return _in_turn("Repeat", inputs, layer, [args] * repetitions, kwargs)


def stack(inputs: Any, layer: Callable[..., Any], stack_args: Sequence[Any], **kwargs: Any) -> Any:
    """`layer(x, *arguments, **kwargs)` for each of `stack_args`, in `Stack/<layer>_1` and on."""
    return _in_turn("Stack", inputs, layer, stack_args, kwargs)


def _in_turn(
    default_scope: str, inputs: Any, layer: Any, several: Sequence[Any], kwargs: dict[str, Any]
) -> Any:
    scope = kwargs.pop("scope", None)
    with tf.variable_scope(scope, default_scope, [inputs]):
        outputs = tf.convert_to_tensor(inputs)
        name = getattr(getattr(layer, "func", layer), "__name__", default_scope.lower())
        for number, args in enumerate(several, start=1):
            args = args if isinstance(args, (list, tuple)) else [args]
            outputs = layer(outputs, *args, **kwargs, scope=f"{scope or name}_{number}")
        return outputs


def model_variables(dtype: Any, collections: Any, trainable: bool) -> Callable[..., tf.Variable]:
    """`layers.make_variable` for these layers, whose variables are in further collections."""
    keys = [tf.GraphKeys.GLOBAL_VARIABLES, tf.GraphKeys.MODEL_VARIABLES]

    def make(name: str, *settings: Any, trainable: bool = trainable) -> tf.Variable:
        asked = collections.get(name) if isinstance(collections, dict) else collections
        return layers.make_variable(
            name, *settings, dtype=dtype, trainable=trainable, collections=[*keys, *(asked or [])]
        )

    return make
