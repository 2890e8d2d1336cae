"""Activations and initialisers: functions, or Keras's names for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Activation = Callable[[tf.Tensor], tf.Tensor]
Initializer = Callable[..., tf.Tensor]


def glorot_uniform(shape: Sequence[int], dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Uniform in ±sqrt(6 / (rows + columns)): Glorot and Bengio (2010), equation 16."""
    return tf.random.uniform(shape, -1, 1, dtype) * math.sqrt(6 / (shape[0] + shape[-1]))


def activation_of(activation: Activation | str | None) -> Activation:
    """`activation` as a function: tf.tanh for None, Keras's for a name."""
    if activation is None:
        return tf.tanh
    if isinstance(activation, str):
        activation = _from_keras("activation", activation, tf.keras.activations.get, "tanh")
    if not callable(activation) or isinstance(activation, type):
        raise TypeError(
            "activation must be a function of a tensor, such as tf.nn.relu, or Keras's name of "
            f'one, such as "relu"; got {activation!r}.'
        )
    return activation


def check_activation(activation: Activation, units: int, dtype: tf.DType) -> None:
    """Try an activation on zeros [1, units]; what it makes must be like them.

    A layer that has variables, such as a PReLU, makes them here, ahead of any loop.
    """
    if activation is tf.tanh:
        return
    zeros = tf.zeros([1, units], dtype)
    try:
        made = activation(zeros)
    except TypeError as error:
        raise TypeError(
            "activation must be a function of one tensor, such as tf.nn.relu; calling it raised: "
            f"{error}"
        ) from error
    shape, kind = getattr(made, "shape", None), getattr(made, "dtype", None)
    if not tf.is_tensor(made) or kind != dtype or not zeros.shape.is_compatible_with(shape):
        got = f"shape {shape} and dtype {kind}" if tf.is_tensor(made) else repr(made)
        raise ValueError(
            f"activation must return a tensor like the one it is given, of shape {zeros.shape} and "
            f"dtype {dtype.name}; got {got}."
        )


def check_initializer(
    initializer: Initializer | str | None, argument: str
) -> Initializer | str | None:
    """`initializer`, or a TypeError that names the argument."""
    if isinstance(initializer, str):
        _from_keras(argument, initializer, tf.keras.initializers.get, "orthogonal")
    elif initializer is not None and not _makes_values(initializer):
        raise TypeError(
            f"{argument} must be a function of a shape and a dtype, such as "
            "tf.keras.initializers.Orthogonal(), or Keras's name of one, such as "
            f'"orthogonal"; got {initializer!r}.'
        )
    return initializer


def _makes_values(initializer: Any) -> bool:
    if isinstance(initializer, type):  # a Keras initializer class is accepted too
        return issubclass(initializer, tf.keras.initializers.Initializer)
    return callable(initializer)


def initializer_of(
    initializer: Initializer | str | None, default: Initializer = glorot_uniform
) -> Initializer:
    """`initializer` as a function of a shape and a dtype.

    A name or a class gives a new object at every call: Keras's objects return the same numbers
    for every variable of one shape.
    """
    if initializer is None:
        return default
    if isinstance(initializer, str):
        return tf.keras.initializers.get(initializer)
    return initializer() if isinstance(initializer, type) else initializer


def _from_keras(argument: str, name: str, get: Callable[[str], Any], example: str) -> Any:
    try:
        return get(name)
    except ValueError:
        raise ValueError(
            f'{argument} must be a function or a name that Keras knows, such as "{example}"; '
            f"got {name!r}."
        ) from None
