"""What `get_config` of TensorFlow 1.15's cells and layers gave: their settings as plain values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow.compat.v1 as tf


def settings_of(thing: Any, names: Iterable[str]) -> dict[str, Any]:
    """The attributes of these names, with initialisers and functions as they are written down."""
    return {name: written_down(getattr(thing, name)) for name in names}


def written_down(value: Any) -> Any:
    """An initialiser as {"class_name": ..., "config": ...}, a function as its name."""
    if isinstance(value, tf.DType):
        return value.name
    if tf.is_tensor(value):
        return value
    if hasattr(value, "get_config"):
        return {"class_name": type(value).__name__, "config": value.get_config()}
    return getattr(value, "__name__", value)


def initializer_given(initializer: Any) -> Any:
    """An initialiser as a function; TensorFlow 1 took its class, its name or its config too.

    Raises:
      ValueError: there is no initialiser of that name.
    """
    if isinstance(initializer, dict):
        kinds = {kind.__name__: kind for kind in vars(tf.initializers).values() if _is_kind(kind)}
        kind = kinds.get(initializer.get("class_name", ""))
        if kind is None:
            raise ValueError(
                'an initializer must be a function, a name or {"class_name": ..., "config": ...} '
                f"of a class in tf.initializers; got {initializer!r}."
            )
        return kind(**initializer["config"])
    if isinstance(initializer, str):
        made = getattr(tf.initializers, initializer, None)
        if not isinstance(made, type):
            raise ValueError(
                "an initializer must be a function or a name in tf.initializers, such as "
                f'"orthogonal"; got {initializer!r}.'
            )
        return made()
    return initializer() if isinstance(initializer, type) else initializer


def _is_kind(value: Any) -> bool:
    return isinstance(value, type) and hasattr(value, "get_config")
