"""What makes `import tensorflow` in a program's own code give the layer `unrolled.tf1`.

Installed packages, such as Keras, still import TensorFlow itself. A package that is installed in
editable form lies outside the folders of installed ones, and is the program's own.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import inspect
import os
import site
import sys
import sysconfig
from multiprocessing import spawn
from pathlib import Path
from types import ModuleType
from typing import Any

from unrolled.tf1.packages import stands_for

_models: set[str] = set()  # the modules below tensorflow.models that the program imported


def imported_models() -> bool:
    """Whether the program imported `tensorflow.models`, which was there before TensorFlow 1.0."""
    return bool(_models)


def stand_for_tensorflow() -> bool:
    """From now on, let `import tensorflow` in a program's own code mean `unrolled.tf1`.

    So do `__import__("tensorflow")`, `importlib.import_module("tensorflow")` and the processes that
    `multiprocessing` spawns. A second call changes nothing.

    Returns:
      Whether this was the first call.
    """
    import_as_before = builtins.__import__
    if getattr(import_as_before, "__module__", None) == __name__:
        return False

    def import_for_program(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        # An import statement passes its globals; a call of __import__ mostly does not.
        stand_in = None if level else stands_for(name)
        if stand_in is None or is_installed(globals or _caller()):
            return import_as_before(name, globals, locals, fromlist, level)
        if name.startswith("tensorflow.models"):
            _models.add(name)
        module = import_as_before(stand_in, globals, locals, fromlist, level)
        # `import a.b` binds a, here `tensorflow`; `from a.b import c` needs a.b itself.
        return module if fromlist else sys.modules[str(stands_for(name.partition(".")[0]))]

    module_as_before = importlib.import_module

    @functools.wraps(module_as_before)
    def import_module(name: str, package: str | None = None) -> ModuleType:
        stand_in = stands_for(name)
        if stand_in is not None and not is_installed(_caller()):
            name = stand_in
        return module_as_before(name, package)

    builtins.__import__ = import_for_program
    importlib.import_module = import_module
    _stand_in_spawned_processes()
    return True


def _caller() -> dict[str, Any]:
    """The globals of the code that called the function that asks."""
    frame = inspect.currentframe()
    for _ in range(2):
        frame = frame and frame.f_back
    return frame.f_globals if frame else {}


def is_installed(importer: dict[str, Any]) -> bool:
    """Whether a module with these globals belongs to Python, to an installed package or to this."""
    file = importer.get("__file__")
    return file is not None and str(Path(file).resolve()).startswith(installed_folders())


@functools.cache
def installed_folders() -> tuple[str, ...]:
    """The folders of code that imports TensorFlow itself."""
    folders = [
        *map(sysconfig.get_path, ["stdlib", "platstdlib"]),
        *site.getsitepackages(),
        site.getusersitepackages(),
        # What `pip install --target` fills is found through PYTHONPATH.
        *(folder for folder in sys.path if folder and any(Path(folder).glob("*.dist-info"))),
        str(Path(__file__).parents[2]),
    ]
    return tuple(str(Path(folder).resolve()) + os.sep for folder in folders)


class _Standing:
    """Unpickled, it makes the process that reads it stand for TensorFlow, too."""

    def __reduce__(self) -> tuple[Any, ...]:
        return stand_for_tensorflow, ()


def _stand_in_spawned_processes() -> None:
    # A new process first unpickles what it needs to prepare itself, and then imports the program.
    data_as_before = spawn.get_preparation_data

    def get_preparation_data(name: str) -> dict[str, Any]:
        return {**data_as_before(name), "unrolled.tf1": _Standing()}

    spawn.get_preparation_data = get_preparation_data
