"""The layers of `tf.layers` that recurrent programs used.

A layer of TensorFlow 1 is plain operations, and variables that `tf.get_variable` makes in a scope
of the layer's own, so that the scopes around it decide on names, reuse and initialisers too. Keras
layers know no such scopes, so these are not built on them.

Names, order and defaults of the arguments are those of TensorFlow 1.15:

    name              the variable scope, as it is (default: dense, dense_1, ..., made unique)
    reuse             True: take existing variables; tf.AUTO_REUSE: make those that are missing
                      (default: what the scope says)
    trainable         whether the variables join tf.trainable_variables() (default: True)
    activation        a function of a tensor, or its name in tf.nn (default: none)
    ..._initializer   a function or its name in tf.initializers (default: that of the scope for a
                      kernel, zeros for a bias)
    ..._regularizer   a function whose value joins the collection REGULARIZATION_LOSSES; that of
                      the activity is divided by B (default: none)
    ..._constraint    a function that optimisers apply to the variable after each update (default:
                      none)
    data_format       "channels_last", [B, ..., C], or "channels_first", [B, C, ...] (default:
                      "channels_last")

The letters: B rows in the batch, T steps, D inputs, U units, C channels, H and W height and width.
"""

from __future__ import annotations

import functools
import math
import numbers
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count, check_float_dtype
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.cells.configs import initializer_given, settings_of, written_down


class Dense:
    """A dense layer, act(x K + b), that shares its `kernel` [D, U] and `bias` [U] among its calls.

    The variables are made at the first call, in the variable scope around it; later calls use the
    same ones in any scope.

    Args:
      units: U.
      use_bias: whether to add b (default: True).
      dtype: of the variables, to which the inputs are converted (default: that of the inputs).
      _scope: a name or scope that is taken as it is, whereas `name` is made unique.
      _reuse: what the functions call `reuse`.

    The others are explained at the head of this file.

    Raises:
      ValueError: `units` is below 1.
    """

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _scope: Any = None,
        _reuse: Any = None,
    ):
        self.units = check_count(int(units), "units")  # int() for a Dimension
        self.activation, self.use_bias = activation, use_bias
        self.activity_regularizer = activity_regularizer
        self.trainable, self.name, self.dtype = trainable, name or "dense", dtype
        self.built = False
        self.kernel: Any = None
        self.bias: Any = None
        self._kernel_settings = kernel_initializer, kernel_regularizer, kernel_constraint
        self._bias_settings = bias_initializer, bias_regularizer, bias_constraint
        self._reuse, self._scope = _reuse, None
        if _scope is not None:
            with tf.variable_scope(_scope) as self._scope:
                pass

    def __call__(self, inputs: Any) -> tf.Tensor:
        """[..., D] -> [..., U].

        Raises:
          ValueError: the inputs have fewer than two axes, no known D, another D than the kernel,
            or are not floating point; or `reuse` asks for variables that do not exist, or forbids
            those that do.
        """
        inputs = tf.convert_to_tensor(inputs, dtype=self.dtype)
        self.dtype = inputs.dtype
        if not self.built:
            self.build(inputs.shape)
        depth = known_size(inputs, -1, "dense")
        if depth != size_of(self.kernel, 0):
            raise ValueError(
                f"inputs of depth {depth} do not fit a Dense whose kernel has shape "
                f"{self.kernel.shape}; use a layer of its own for each depth."
            )
        with self._entered():
            outputs = times(inputs, self.kernel)
            if self.use_bias:
                outputs = tf.nn.bias_add(outputs, self.bias)
            return finish(outputs, self.activation, self.activity_regularizer)

    apply = __call__

    def build(self, input_shape: Any) -> None:
        """Make the variables for inputs [..., D] of this shape."""
        dtype = check_float_dtype(self.dtype or tf.float32, "dtype of the inputs of dense")
        depth = known_size(tf.TensorShape(input_shape), -1, "dense")
        make = functools.partial(make_variable, dtype=dtype, trainable=self.trainable)
        with self._entered():
            self.kernel = make("kernel", [depth, self.units], *self._kernel_settings)
            if self.use_bias:
                self.bias = make("bias", [self.units], *self._bias_settings)
        self.built = True

    @contextmanager
    def _entered(self) -> Iterator[None]:
        """The layer's own scope: of the variables, and again of the operations."""
        if self._scope is None:
            with layer_scope(None, self.name, self._reuse) as self._scope:
                pass
        reuse = self.built or self._reuse
        scope = tf.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False)
        with scope, tf.name_scope(self._scope.original_name_scope):
            yield

    @property
    def variables(self) -> list[tf.Variable]:
        return [v for v in (self.kernel, self.bias) if v is not None]

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        return [v for v in self.variables if v.trainable]

    weights, trainable_weights = variables, trainable_variables

    def get_config(self) -> dict[str, Any]:
        """The layer's arguments as plain values."""
        names = "units use_bias activity_regularizer trainable name".split()
        config = settings_of(self, names)
        config["activation"] = written_down(self.activation or "linear")
        config["dtype"] = self.dtype and tf.as_dtype(self.dtype).name
        for part, settings in (("kernel", self._kernel_settings), ("bias", self._bias_settings)):
            initializer, regularizer, constraint = settings
            config[f"{part}_initializer"] = written_down(layers_initializer(initializer))
            config[f"{part}_regularizer"] = written_down(regularizer)
            config[f"{part}_constraint"] = written_down(constraint)
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Dense:
        """A new layer of what `get_config` gave.

        Raises:
          ValueError: a regulariser or a constraint, of which `get_config` gives the name alone.
        """
        for name, value in config.items():
            if name.endswith(("regularizer", "constraint")) and not (
                value is None or callable(value)
            ):
                raise ValueError(f"{name} must be a function; got {value!r}: put it in its place.")
        return cls(**config)

    def compute_output_shape(self, input_shape: Any) -> tf.TensorShape:
        """[..., D] -> [..., U], for shapes."""
        return tf.TensorShape(input_shape)[:-1].concatenate(self.units)


def dense(
    inputs: Any, units: int, *settings: Any, name: Any = None, reuse: Any = None, **more: Any
) -> tf.Tensor:
    """act(x K + b): [..., D] -> [..., U], with `dense/kernel` and `dense/bias`.

    The arguments, their order and what raises are those of `Dense`.
    """
    layer: Any = functools.partial(Dense, name=name, _scope=name, _reuse=reuse)
    return layer(units, *settings, **more)(inputs)


def _convolution(
    rank: int,
    inputs: Any,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    data_format: str = "channels_last",
    dilation_rate: Any = 1,
    activation: Any = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = "zeros",
    kernel_regularizer: Any = None,
    bias_regularizer: Any = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> tf.Tensor:
    """A convolution over `rank` axes, plus a bias: [B, ..., C] -> [B, ..., filters].

    `kernel` [*kernel_size, C, filters] and `bias` [filters] are in the scope `conv1d` or `conv2d`.

    Args:
      filters: the number of output channels.
      kernel_size, strides, dilation_rate: one number for all axes, or one for each (default of
        strides and rate: 1).
      padding: "valid" or "same" (default: "valid").
      use_bias: whether to add the bias (default: True).

    The others are explained at the head of this file.

    Raises:
      ValueError: C is not known, or `data_format` is none of the two.
    """
    with layer_scope(name, f"conv{rank}d", reuse):
        inputs = tf.convert_to_tensor(inputs)
        axis, layout = _layout(rank, data_format)
        shape = [*each(kernel_size, rank), known_size(inputs, axis, f"conv{rank}d"), filters]
        make = functools.partial(make_variable, dtype=inputs.dtype, trainable=trainable)
        kernel = make("kernel", shape, kernel_initializer, kernel_regularizer, kernel_constraint)
        outputs = tf.nn.convolution(
            inputs,
            kernel,
            padding=padding.upper(),
            strides=each(strides, rank),
            dilation_rate=each(dilation_rate, rank),
            data_format=layout,
        )
        if use_bias:
            bias = make("bias", [filters], bias_initializer, bias_regularizer, bias_constraint)
            outputs = tf.nn.bias_add(outputs, bias, data_format=layout)
        return finish(outputs, activation, activity_regularizer)


conv1d = functools.partial(_convolution, 1)
conv2d = functools.partial(_convolution, 2)


def _pooling(
    kind: str,
    rank: int,
    inputs: Any,
    pool_size: Any,
    strides: Any,
    padding: str = "valid",
    data_format: str = "channels_last",
    name: str | None = None,
) -> tf.Tensor:
    """The largest or the mean of each window: [B, ..., C] -> [B, fewer, C].

    Args:
      pool_size, strides: one number for all axes, or one for each.
      padding: "valid" or "same" (default: "valid").

    Raises:
      ValueError: `data_format` is neither "channels_last" nor "channels_first".
    """
    with tf.name_scope(name, f"{kind}_pooling{rank}d"):
        return tf.nn.pool(
            inputs,
            each(pool_size, rank),
            {"max": "MAX", "average": "AVG"}[kind],
            padding.upper(),
            strides=each(strides, rank),
            data_format=_layout(rank, data_format)[1],
        )


max_pooling1d = functools.partial(_pooling, "max", 1)
max_pooling2d = functools.partial(_pooling, "max", 2)
average_pooling1d = functools.partial(_pooling, "average", 1)
average_pooling2d = functools.partial(_pooling, "average", 2)


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> tf.Tensor:
    """In training, zeros in place of the share `rate` of the inputs, the rest times 1 / (1 - rate).

    Args:
      inputs: of any shape.
      rate: the share that is dropped (default: 0.5).
      noise_shape: of the draws, 1 along an axis that is kept or dropped as a whole (default: the
        shape of the inputs).
      seed: makes the draws repeatable (default: new draws in each session).
      training: True, False, or a boolean scalar tensor (default: False).
    """
    with tf.name_scope(name, "dropout"):
        inputs = tf.convert_to_tensor(inputs)
        return if_training(
            training,
            lambda: tf.nn.dropout(inputs, rate=rate, noise_shape=noise_shape, seed=seed),
            lambda: tf.identity(inputs),
        )


def flatten(inputs: Any, name: str | None = None, data_format: str = "channels_last") -> tf.Tensor:
    """[B, ...] -> [B, all else]; within a row the channels are last, for both data formats."""
    with tf.name_scope(name, "flatten"):
        inputs = tf.convert_to_tensor(inputs)
        rank = inputs.shape.rank
        if rank is not None and rank > 2 and _layout(rank - 2, data_format)[0] == 1:
            inputs = tf.transpose(inputs, [0, *range(2, rank), 1])
        sizes = [None, None] if rank is None else inputs.shape.as_list()
        if None in sizes[1:]:
            flat = tf.reshape(inputs, tf.stack([tf.shape(inputs)[0], -1]))
            flat.set_shape([sizes[0], None])
            return flat
        return tf.reshape(inputs, [-1, math.prod(sizes[1:])])  # -1 is B, which may be 0


# What the layers share, those of `tf.contrib.layers` too.


def layer_scope(name: Any, default_name: str, reuse: Any) -> Any:
    """The variable scope of a layer; to reuse one without a name is to reuse the first."""
    return tf.variable_scope(name or (default_name if reuse else None), default_name, reuse=reuse)


def make_variable(
    name: str,
    shape: Any,
    initializer: Any = None,
    regularizer: Any = None,
    constraint: Any = None,
    **settings: Any,
) -> tf.Variable:
    """`tf.get_variable`, with the layers' settings in the order of their arguments."""
    return tf.get_variable(
        name,
        shape,
        initializer=layers_initializer(initializer),
        regularizer=regularizer,
        constraint=constraint,
        **settings,
    )


def layers_initializer(initializer: Any) -> Any:
    """An initialiser as a function; for some names 1.15's layers took Keras's defaults."""
    narrow: dict[Any, dict[str, float]] = {
        "random_normal": {"stddev": 0.05},
        "random_uniform": {"minval": -0.05, "maxval": 0.05},
        "truncated_normal": {"stddev": 0.05},
    }
    if isinstance(initializer, str):
        return getattr(tf.initializers, initializer)(**narrow.get(initializer, {}))
    return initializer_given(initializer)


def times(inputs: tf.Tensor, kernel: tf.Variable) -> tf.Tensor:
    """[..., D] @ [D, U] -> [..., U]."""
    if inputs.shape.rank == 2:
        return tf.matmul(inputs, kernel)
    outputs = tf.tensordot(inputs, kernel, 1)
    outputs.set_shape(inputs.shape[:-1].concatenate(kernel.shape[1:]))
    return outputs


def activation_function(activation: Any) -> Any:
    """An activation as a function; 1.13 and later also took its name in tf.nn."""
    if isinstance(activation, str):
        return tf.identity if activation == "linear" else getattr(tf.nn, activation)
    return activation


def finish(outputs: tf.Tensor, activation: Any, activity_regularizer: Any = None) -> tf.Tensor:
    """The activation of `outputs`, whose regulariser's value joins the losses."""
    activation = activation_function(activation)
    if activation is not None:
        outputs = activation(outputs)
    if activity_regularizer is not None:
        with tf.name_scope("ActivityRegularizer"):
            loss = activity_regularizer(outputs)
            loss /= tf.cast(tf.shape(outputs)[0], loss.dtype)
        tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, loss)
    return outputs


def known_training(training: Any) -> bool | None:
    """True or False where that is known while the graph is built, else None."""
    if not tf.is_tensor(training):
        return bool(training)
    value = tf.get_static_value(training)
    return None if value is None else bool(value)


def if_training(training: Any, then: Callable[[], Any], otherwise: Callable[[], Any]) -> Any:
    """What one of two functions gives, now if `training` is known, else when it is computed."""
    known = known_training(training)
    if known is None:
        return tf.cond(training, then, otherwise)
    return then() if known else otherwise()


def each(value: Any, rank: int) -> list[int]:
    """One number for each of `rank` axes."""
    return [int(value)] * rank if isinstance(value, numbers.Integral) else list(value)


def _layout(rank: int, data_format: str) -> tuple[int, str]:
    """The axis of the channels, and the name of the layout in TensorFlow's operations."""
    axes = "DHW"[-rank:]
    layouts = {"channels_last": (-1, f"N{axes}C"), "channels_first": (1, f"NC{axes}")}
    if data_format not in layouts:
        raise ValueError(
            f"data_format must be 'channels_last' or 'channels_first'; got {data_format!r}."
        )
    return layouts[data_format]


def known_size(inputs: Any, axis: int, layer: str) -> int:
    """The size of an axis of a tensor or shape, on which the variables' shapes depend."""
    shape = getattr(inputs, "shape", inputs)
    known = shape.rank is not None and shape.rank >= 2
    size = shape.as_list()[axis] if known else None
    if size is None:
        raise ValueError(
            f"inputs of {layer} must have at least two axes, and a known size along axis {axis}, "
            f"on which the shapes of the variables depend; got shape {shape}."
        )
    return size
