"""Modules under the names of TensorFlow 1's: what is put back, and else what today's have."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from unrolled.tf1 import removed

ROOT = "unrolled.tf1"


class Namespace(ModuleType):
    """One module of TensorFlow 1, such as `tf.nn`.

    A name is looked up in what programs assigned to the module, in what is put back, and in the
    module of today's TensorFlow that has taken its place; a name that is in none of them raises an
    AttributeError that says when it was removed and what to use.
    """

    # A package without files: `_Finder` makes the modules inside it.
    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # what `from unrolled.tf1 import *` takes
            return [public for public in dir(self) if not public.startswith("_")]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        still = self.__dict__.get("_still")
        if still is not None:
            try:
                return getattr(still, name)
            except AttributeError:
                pass  # not there, or a stub that raises since Keras 3
            if hasattr(still, "__path__") and not still.__name__.endswith("compat.v1"):
                inside = f"{still.__name__}.{name}"
                if importlib.util.find_spec(inside):
                    return importlib.import_module(inside)
        raise AttributeError(removed.explain(old_name(self.__name__, name)))

    def __dir__(self) -> list[str]:
        try:
            still = dir(self.__dict__.get("_still"))
        except ImportError:  # a stub for what Keras 2 had
            still = []
        return sorted({*super().__dir__(), *still})


def old_name(module: str, name: str = "") -> str:
    """`unrolled.tf1.contrib.rnn` and `GRUCell` -> `contrib.rnn.GRUCell`."""
    return ".".join(part for part in (module[len(ROOT) + 1 :], name) if part)


def plant(tree: Mapping[str, Mapping[str, Any]], still: Mapping[str, ModuleType]) -> None:
    """Make the modules of `tree`, each with what today's TensorFlow still has of it.

    Args:
      tree: for each dotted name, such as "contrib.rnn", what is put back there; "" is the root.
      still: today's module, for the root and for modules that cannot be found from the root.
    """
    sys.modules[ROOT].__class__ = Namespace
    for dotted, module in still.items():
        vars(_module(dotted.split(".") if dotted else []))["_still"] = module
    for dotted, names in tree.items():
        vars(_module(dotted.split(".") if dotted else [])).update(names)
    sys.meta_path.append(_Finder())


def _module(parts: Sequence[str]) -> ModuleType:
    """The namespace `unrolled.tf1.<parts>`, made together with those above it."""
    name = ".".join([ROOT, *parts])
    if name in sys.modules:
        return sys.modules[name]
    above = _module(parts[:-1])
    module = Namespace(name, f"`tf.{'.'.join(parts)}` of TensorFlow 1; see `unrolled.tf1`.")
    module.__spec__ = ModuleSpec(name, None, is_package=True)
    vars(module)["_still"] = _today(vars(above)["_still"], parts[-1])
    sys.modules[name] = module
    vars(above)[parts[-1]] = module
    return module


def _today(above: ModuleType | None, name: str) -> ModuleType | None:
    """The module of that name in today's TensorFlow, if there is one."""
    found = getattr(above, name, None)
    if not isinstance(found, ModuleType) and hasattr(above, "__path__"):
        try:
            found = importlib.import_module(f"{above.__name__}.{name}")  # type: ignore[union-attr]
        except ImportError:
            found = None
    return found if isinstance(found, ModuleType) else None


class _Finder(MetaPathFinder):
    """Finds modules without a file of their own, such as `unrolled.tf1.python.framework.ops`."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        above, _, last = name.rpartition(".")
        module = sys.modules.get(above)
        if not isinstance(module, Namespace):
            return None
        try:
            value = getattr(module, last)
        except AttributeError as error:
            # Under the old name: `from ... import name` would replace the message of the new one.
            raise ModuleNotFoundError(str(error), name=old_name(name)) from None
        if not isinstance(value, ModuleType):
            return None
        return ModuleSpec(name, _Loader(value), is_package=True)


class _Loader(Loader):
    def __init__(self, still: ModuleType):
        self.still = still

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = Namespace(spec.name, self.still.__doc__)
        vars(module)["_still"] = self.still
        return module

    def exec_module(self, module: ModuleType) -> None:
        pass
