"""Runs a script, a folder, a module or standard input as Python's command line does."""

from __future__ import annotations

import builtins
import difflib
import importlib.util
import pkgutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from unrolled.tf1.runner import hints, standing, syntax, tracebacks


def run_file(path: str, arguments: list[str]) -> None:
    """`python path arguments`: a script, or a folder or an archive with `__main__.py` in it.

    Args:
      path: as the user wrote it, which the program finds in sys.argv[0].
      arguments: the program's own.

    Raises:
      SystemExit: where there is nothing to run, or Python cannot read it.
    """
    sys.argv = [path, *arguments]
    standing.stand_for_tensorflow()
    absolute = Path(path).absolute()
    with _reported(absolute):
        spec = PathFinder.find_spec("__main__", [str(absolute)])
        if spec is not None:
            _put_first(str(absolute))
            _run_spec(spec)
        elif absolute.is_dir():
            raise SystemExit(f"{path} holds no __main__.py; give it one, or name a file to run.")
        else:
            _put_first(str(absolute.resolve().parent))
            loader = SourceFileLoader("__main__", str(absolute))
            code = loader.source_to_code(loader.get_data(loader.path), loader.path)
            _run(code, __file__=loader.path, __loader__=loader, __package__=None, __cached__=None)


def run_module(name: str, arguments: list[str]) -> None:
    """`python -m name arguments`; Python has put the working folder first on sys.path.

    Args:
      name: a module, or a package with a module `__main__` in it.
      arguments: the program's own.

    Raises:
      SystemExit: where there is no such module, or Python cannot read it.
    """
    sys.argv = ["-m", *arguments]  # while packages above the module are imported, as in Python
    standing.stand_for_tensorflow()
    with _reported():
        spec = _find_module(name)
        sys.argv[0] = spec.origin or name
        _run_spec(spec)


def run_input(arguments: list[str]) -> None:
    """`python - arguments`: what standard input gives.

    Args:
      arguments: the program's own.
    """
    sys.argv = ["-", *arguments]
    standing.stand_for_tensorflow()
    with _reported():
        _put_first("")
        _run(compile(sys.stdin.buffer.read(), "<stdin>", "exec", dont_inherit=True))


@contextmanager
def _reported(script: Path | None = None) -> Iterator[None]:
    """Errors as Python reports them with a hint, and a sentence for a file that it cannot read."""
    with tracebacks.without_the_runner():
        try:
            yield
        except SyntaxError as error:
            where = syntax.place(error)
            if where is None:
                raise
            raise SystemExit(syntax.sentence(where, error)) from None
        except Exception as error:
            hints.add(error, script)
            raise


def _put_first(folder: str) -> None:
    if not sys.flags.safe_path:  # with `python -P` no folder of the program's was put there
        sys.path[0] = folder


def _find_module(name: str) -> ModuleSpec:
    spec = _spec(name)
    if spec.submodule_search_locations is not None:
        spec = _spec(f"{name}.__main__")
    if spec.submodule_search_locations is not None:
        raise SystemExit(f"{name}.__main__ is a package, which cannot be run.")
    return spec


def _spec(name: str) -> ModuleSpec:
    """Where a module is; those above it are imported.

    Raises:
      SystemExit: it is not there.
    """
    above = None
    for i in range(1, name.count(".") + 2):
        here = ".".join(name.split(".")[:i])
        if above and above.submodule_search_locations is None:
            raise SystemExit(f"No module named {name!r}: {above.name} is no package.")
        spec = importlib.util.find_spec(here)
        if spec is None:
            raise SystemExit(_no_module(here, above))
        above = spec
    assert above
    return above


def _no_module(name: str, above: ModuleSpec | None) -> str:
    """A sentence on a module that the package above it lacks."""
    if above is None:
        return f"No module named {name!r}; are you in its parent directory?"
    last = name.rpartition(".")[2]
    folders = list(above.submodule_search_locations or [])
    found = sorted({each.name for each in pkgutil.iter_modules(folders)})
    if last == "__main__":
        named = f", such as {above.name}.{found[0]}" if found else ""
        return f"The package {above.name} has no module __main__; name the one to run{named}."
    near = difflib.get_close_matches(last, found, n=1, cutoff=0.6)
    meant = f"; did you mean {above.name}.{near[0]}?" if near else "."
    return f"The package {above.name} in {folders[0]} has no module {last!r}{meant}"


def _run_spec(spec: ModuleSpec) -> None:
    loader: Any = spec.loader
    code = loader.get_code(spec.name) if hasattr(loader, "get_code") else None
    if code is None:
        raise SystemExit(f"{spec.name} has no Python code to run: {spec.origin}.")
    _run(
        code,
        __file__=spec.origin,
        __loader__=spec.loader,
        __package__=spec.parent,
        __cached__=spec.cached,
        __spec__=spec,
    )


def _run(code: CodeType, **names: Any) -> None:
    main = ModuleType("__main__")
    vars(main).update(names, __builtins__=builtins)
    sys.modules["__main__"] = main
    exec(code, vars(main))
