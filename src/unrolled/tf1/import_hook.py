"""Modules under the names of TensorFlow 1's: what is put back, and else what today's have.

A module in which something is put back, or that is gone, is a `Namespace`: it looks a name up among
what is put back and then in today's modules. Every other module is today's own, not a copy, under a
second name.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from unrolled.tf1 import removed

ROOT = "unrolled.tf1"


class Namespace(ModuleType):
    """One module of TensorFlow 1, such as `tf.nn`.

    A name is looked up in what programs assigned to the module, in what is put back, and in the
    modules of today that have taken its place; a name that is in none of them raises an
    AttributeError that says when it was removed and what to use.
    """

    # A package without files: `_Finder` makes the modules inside it.
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # what `from unrolled.tf1 import *` takes
            return [public for public in dir(self) if not public.startswith("_")]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        broken = None
        for module in _today(self):
            try:
                return getattr(module, name)
            except (AttributeError, ImportError):  # not there, or a stub that raises since Keras 3
                pass
            try:
                return _inside(module, name)
            except ModuleNotFoundError:
                pass
            except ImportError as error:  # it is there, but something that it imports is not
                broken = error
        missing = old_name(self.__name__, name)
        # Without `obj`, Python would add a guess of its own to that of `explain`.
        raise AttributeError(removed.explain(missing, dir(self)), name=name, obj=None) from broken

    def __dir__(self) -> list[str]:
        names = set(super().__dir__())
        for module in _today(self):
            try:
                names.update(dir(module))
            except ImportError:  # a stub for what Keras 2 had
                continue
        return sorted(names)


def old_name(module: str, name: str = "") -> str:
    """`unrolled.tf1.contrib.rnn` and `GRUCell` -> `contrib.rnn.GRUCell`."""
    return ".".join(part for part in (module[len(ROOT) + 1 :], name) if part)


def plant(
    trees: Sequence[Mapping[str, Mapping[str, Any]]], today: Mapping[str, Sequence[str]]
) -> None:
    """Make the modules of `trees`, each with what today's modules still have of it.

    Args:
      trees: for each dotted name, such as "contrib.rnn", what is put back there; "" is the root.
      today: the names of today's modules, for the root and where they do not stand inside those of
        the module above. They are imported when a program first needs them.
    """
    sys.modules[ROOT].__class__ = Namespace
    for dotted, names in today.items():
        vars(_module(dotted.split(".") if dotted else []))["_today"] = tuple(names)
    for dotted, put_back in (item for tree in trees for item in tree.items()):
        vars(_module(dotted.split(".") if dotted else [])).update(put_back)
    for dotted in removed.REMOVED:
        _module(dotted.split(".")[:-1])  # so that what is gone from there says so
    vars(_module(["compat"]))["v1"] = sys.modules[ROOT]  # it was TensorFlow 1 itself
    # First, as today's own modules would else be found, and run a second time, under these names.
    sys.meta_path.insert(0, _Finder())


def _module(parts: Sequence[str]) -> ModuleType:
    """The namespace `unrolled.tf1.<parts>`, made together with those above it."""
    name = ".".join([ROOT, *parts])
    if name in sys.modules:
        return sys.modules[name]
    above = _module(parts[:-1])
    sys.modules[name] = module = _namespace(name)
    vars(above)[parts[-1]] = module
    return module


def _namespace(name: str) -> Namespace:
    module = Namespace(name, f"`tf.{old_name(name)}` of TensorFlow 1; see `unrolled.tf1`.")
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    return module


def _today(namespace: ModuleType) -> Iterator[ModuleType]:
    """Today's modules behind a namespace: those named for it, and inside those of the one above."""
    yield from map(import_module, vars(namespace).get("_today", ()))
    above, _, last = namespace.__name__.rpartition(".")
    if namespace.__name__ != ROOT:
        yield from _modules_inside(sys.modules[above], last)


def _modules_inside(namespace: ModuleType, name: str) -> Iterator[ModuleType]:
    for module in _today(namespace):
        try:
            found = getattr(module, name, None)
            yield found if isinstance(found, ModuleType) else _inside(module, name)
        except ImportError:
            continue


def _inside(module: ModuleType, name: str) -> ModuleType:
    """The module of that name in a package, imported now.

    Raises:
      ModuleNotFoundError: there is none.
    """
    inside = f"{module.__name__}.{name}"
    # What TensorFlow's public modules hold, they have as attributes.
    if not hasattr(module, "__path__") or "._api." in inside:
        raise ModuleNotFoundError(f"No module named {inside!r}", name=inside)
    try:
        return import_module(inside)
    except ModuleNotFoundError as error:
        if error.name == inside:
            raise
        raise ImportError(str(error), name=error.name) from error


_OWN_FILES = {file.name for file in pkgutil.iter_modules(sys.modules[ROOT].__path__)}


class _Finder(MetaPathFinder):
    """Finds modules without a file of their own, such as `unrolled.tf1.python.framework.ops`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if not name.startswith(f"{ROOT}.") or name.split(".")[2] in _OWN_FILES:
            return None
        return ModuleSpec(name, _SecondName(_find(name)), is_package=True)


def _find(name: str) -> ModuleType:
    """The module that stands under a name such as `unrolled.tf1.python.framework.ops`."""
    again = f"{ROOT}.compat.v1"
    if name == again or name.startswith(f"{again}."):
        return import_module(ROOT + name[len(again) :])
    above, _, last = name.rpartition(".")
    module = sys.modules[above]
    if not isinstance(module, Namespace):
        try:
            return _inside(module, last)
        except ModuleNotFoundError:
            found = getattr(module, last, None)
            if not isinstance(found, ModuleType):
                raise
            return found
    found = list(_modules_inside(module, last))
    if len(found) > 1:
        return _namespace(name)
    try:
        found = getattr(module, last)
    except AttributeError as error:
        if isinstance(error.__cause__, ImportError):
            raise error.__cause__ from None
        # Under the old name: `from ... import name` would replace the message of the new one.
        raise ModuleNotFoundError(str(error), name=old_name(name)) from None
    if not isinstance(found, ModuleType):
        raise ModuleNotFoundError(f"tf.{old_name(name)} is not a module.", name=old_name(name))
    return found


class _SecondName(Loader):
    def __init__(self, module: ModuleType):
        self.module = module

    def create_module(self, spec: ModuleSpec) -> None:
        return None  # a module for the import system to start with

    def exec_module(self, module: ModuleType) -> None:
        sys.modules[module.__name__] = self.module  # which the import system takes instead
