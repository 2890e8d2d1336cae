"""Asks the layer itself which names it has and which arguments they take."""

from __future__ import annotations

import functools
import importlib
import inspect
from types import ModuleType
from typing import Any

import unrolled.tf1
from unrolled.tf1 import removed

UNKNOWN = object()  # what an attribute of something that is neither a module nor a class is


@functools.cache
def find(name: str) -> Any:
    """What stands under a name of TensorFlow 1, such as "nn.rnn_cell.GRUCell"; "" is `tf` itself.

    Raises:
      AttributeError: where the layer lacks it.
    """
    value: Any = unrolled.tf1
    reached: list[str] = []
    for part in name.split(".") if name else []:
        if not isinstance(value, (ModuleType, type)):
            return UNKNOWN
        reached.append(part)
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError) as error:
            try:
                value = importlib.import_module(".".join(["unrolled.tf1", *reached]))
            except ImportError:
                is_last = isinstance(value, ModuleType) and len(reached) == name.count(".") + 1
                raise AttributeError(str(error) if is_last else removed.explain(name)) from None
    return value


@functools.cache
def find_module(name: str) -> Any:
    """The module that `import tensorflow.<name>` gives.

    Raises:
      AttributeError: where the layer lacks it.
    """
    try:
        return importlib.import_module(f"unrolled.tf1.{name}" if name else "unrolled.tf1")
    except ImportError:
        raise AttributeError(removed.explain(name)) from None


def public_names(module: str) -> list[str]:
    """What `from tensorflow.<module> import *` gives."""
    try:
        return [name for name in dir(find_module(module)) if not name.startswith("_")]
    except AttributeError:
        return []


def unknown_arguments(name: str, keywords: list[str]) -> list[str]:
    """The keyword arguments that what stands under a name does not take, where that is certain."""
    try:
        parameters = inspect.signature(find(name)).parameters
    except (AttributeError, TypeError, ValueError):
        return []
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return []
    taken = {key for key, each in parameters.items() if each.kind is not each.POSITIONAL_ONLY}
    return [keyword for keyword in keywords if keyword not in taken]
