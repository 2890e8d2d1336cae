"""A cell as plain values, which Keras writes into a saved model, and a cell made of such values."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import tensorflow as tf


def config_of(cell: Any) -> dict[str, Any]:
    """The arguments that make another cell like this one; each must be kept in an attribute."""
    kind = _described_here(type(cell))
    config = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        kept = hasattr(cell, name)
        if not kept or parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise NotImplementedError(
                f"{kind.__name__} must define get_config() to be saved inside a Keras model, since "
                f"it keeps no attribute {name!r} for that argument of its __init__."
            )
        config[name] = _plain(getattr(cell, name), f"{name} of {kind.__name__}")
    return config


def _described_here(kind: type) -> type:
    """The class whose arguments are asked for: above those that have a `get_config` of their own.

    Such a one may call `super().get_config()`, and adds its own arguments.
    """
    bases = [base for base in kind.__mro__ if base.__module__ != "builtins"]
    own = [i for i, base in enumerate(bases) if "get_config" in vars(base)]
    last = max((i for i in own if bases[i].__name__ != "RNNCell"), default=-1)
    return bases[last + 1]


def from_config(kind: type, config: dict[str, Any]) -> Any:
    """The cell that `config_of` described."""
    return kind(**{name: _made(value) for name, value in config.items()})


def _plain(value: Any, what: str) -> Any:
    import keras

    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return [_plain(each, what) for each in value]
    if isinstance(value, tf.Variable) or tf.is_tensor(value):
        raise ValueError(
            f"{what} must be a number to be saved inside a Keras model; got a "
            f"{'tf.Variable' if isinstance(value, tf.Variable) else 'tensor'}."
        )
    name = getattr(value, "__name__", "")
    if name == "<lambda>":
        raise ValueError(
            f"{what} must have a name to be saved inside a Keras model; got a lambda: define a "
            "function and register it with keras.saving.register_keras_serializable()."
        )
    known = [getattr(place, name, None) for place in (keras.activations, tf.nn, tf)] if name else []
    if known and known[0] is not None and any(value is each for each in known):
        return name
    return keras.saving.serialize_keras_object(value)


def _made(value: Any) -> Any:
    import keras

    if isinstance(value, dict) and "class_name" in value:
        return keras.saving.deserialize_keras_object(value)
    return [_made(each) for each in value] if isinstance(value, list) else value
