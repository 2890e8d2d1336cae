"""Asks the layer itself, and NumPy, which names they have and which arguments these take.

A name is a whole one: "tensorflow.nn.rnn_cell.GRUCell" or "numpy.float64".
"""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import warnings
from types import ModuleType
from typing import Any

import unrolled.tf1
from unrolled.tf1 import removed
from unrolled.tf1.import_hook import Namespace
from unrolled.tf1.packages import stands_for

_LAYER = "unrolled.tf1"

UNKNOWN = object()  # what an attribute of something that is neither a module nor a class is


def known(module: str) -> str | None:
    """The whole name that an import stands for in a program; None where it is none of these.

    `unrolled.tf1.nn` is `tensorflow.nn`; Keras is `tensorflow.keras` where it stands for that.
    """
    stand_in = stands_for(module) or module
    if stand_in == _LAYER or stand_in.startswith(f"{_LAYER}."):
        return f"tensorflow{stand_in[len(_LAYER) :]}"
    return module if module.partition(".")[0] == "numpy" else None


@functools.cache
def find(name: str) -> Any:
    """What stands under a name.

    Raises:
      AttributeError: there is nothing.
    """
    top, *parts = name.split(".")
    if top == "numpy":
        return _in_numpy(name)
    value: Any = unrolled.tf1
    reached: list[str] = []
    for part in parts:
        if not isinstance(value, (ModuleType, type)):
            return UNKNOWN
        reached.append(part)
        try:
            value = getattr(value, part)
        except (AttributeError, ImportError) as error:
            try:
                value = importlib.import_module(".".join([_LAYER, *reached]))
            except ImportError:
                is_last = len(reached) == len(parts)
                if is_last and isinstance(value, Namespace):  # whose words these are
                    raise AttributeError(str(error)) from None
                beside = dir(value) if is_last else ()
                raise AttributeError(removed.explain(".".join(parts), beside)) from None
    return value


@functools.cache
def find_module(name: str) -> Any:
    """The module that `import <name>` gives.

    Raises:
      AttributeError: there is none.
    """
    top, _, inside = name.partition(".")
    if top == "numpy":
        return _in_numpy(name)
    try:
        return importlib.import_module(f"{_LAYER}.{inside}" if inside else _LAYER)
    except ImportError:
        raise AttributeError(removed.explain(inside)) from None


def _in_numpy(name: str) -> Any:
    above, _, last = name.rpartition(".")
    if not above:
        return importlib.import_module(name)
    value = _in_numpy(above)
    if not isinstance(value, (ModuleType, type)):
        return UNKNOWN
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return getattr(value, last)
        except AttributeError as error:
            try:
                return importlib.import_module(name)
            except ImportError:
                raise AttributeError(_not_in_numpy(name, value, str(error))) from None


def _not_in_numpy(name: str, module: Any, said: str) -> str:
    """A sentence, with NumPy's own advice where it has any."""
    version = importlib.import_module("numpy").__version__
    _, _, advice = said.partition("has no attribute")
    advice = " ".join(line for line in (advice or f"\n{said}").splitlines()[1:2])
    if advice:
        return f"NumPy {version} has no {name}: {advice.partition(' Doing this')[0].strip()}"
    near = difflib.get_close_matches(name.rpartition(".")[2], dir(module), n=1, cutoff=0.7)
    meant = f"; did you mean {name.rpartition('.')[0]}.{near[0]}?" if near else "."
    return f"NumPy {version} has no {name}{meant}"


def public_names(module: str) -> list[str]:
    """What `from <module> import *` gives."""
    try:
        found = find_module(module)
    except AttributeError:
        return []
    listed = getattr(found, "__all__", None) if module.startswith("numpy") else None
    return listed or [name for name in dir(found) if not name.startswith("_")]


def unknown_arguments(name: str, keywords: list[str]) -> list[str]:
    """The keyword arguments that what stands under a name does not take, where that is certain."""
    if name.startswith("numpy"):
        return []
    try:
        parameters = inspect.signature(find(name)).parameters
    except (AttributeError, TypeError, ValueError):
        return []
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        return []
    taken = {key for key, each in parameters.items() if each.kind is not each.POSITIONAL_ONLY}
    return [keyword for keyword in keywords if keyword not in taken]
