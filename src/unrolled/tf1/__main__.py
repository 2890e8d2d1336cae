"""Run a TensorFlow 1 program as it stands: `python -m unrolled.tf1 program.py [arguments]`.

In this one process `import tensorflow` gives the program, and the modules of its own that it
imports, the layer `unrolled.tf1`; installed packages still import TensorFlow itself. A notebook
(.ipynb) is run cell by cell.
"""

from __future__ import annotations

import ast
import builtins
import json
import linecache
import os
import runpy
import site
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

USAGE = "usage: python -m unrolled.tf1 PROGRAM.py|NOTEBOOK.ipynb [ARGUMENTS ...]"

# Code in these folders imports TensorFlow itself: Python's library, installed packages, this one.
_INSTALLED = tuple(
    str(Path(folder).resolve()) + os.sep
    for folder in [
        *map(sysconfig.get_path, ["stdlib", "platstdlib"]),
        *site.getsitepackages(),
        site.getusersitepackages(),
        str(Path(__file__).parents[1]),
    ]
)


def main(arguments: list[str]) -> None:
    """Run the program that the first argument names, with the others as its own."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(f"{__doc__}\n{USAGE}")
        raise SystemExit(0 if arguments else 2)
    program = Path(arguments[0])
    if not program.is_file():
        raise SystemExit(f"{program} does not exist; give a program or a notebook to run. {USAGE}")
    sys.argv = list(arguments)
    sys.path[0] = str(program.resolve().parent)
    stand_for_tensorflow()
    if program.suffix == ".ipynb":
        run_notebook(program)
        return
    try:
        runpy.run_path(str(program), run_name="__main__")
    except SyntaxError as error:
        raise SystemExit(_python_2(error)) from None


def stand_for_tensorflow() -> None:
    """From now on, let `import tensorflow` in a program's own code mean `unrolled.tf1`."""
    import unrolled.tf1  # switches behaviours, which must happen before the program's first line

    import_as_before = builtins.__import__

    def import_for_program(
        name: str, globals: Any = None, locals: Any = None, fromlist: Any = (), level: int = 0
    ) -> ModuleType:
        top, _, rest = name.partition(".")
        if level or top != "tensorflow" or _is_installed(globals):
            return import_as_before(name, globals, locals, fromlist, level)
        module = import_as_before(
            "unrolled.tf1" + (rest and f".{rest}"), globals, locals, fromlist, level
        )
        # `import a.b` binds a, here `tensorflow`; `from a.b import c` needs a.b itself.
        return module if fromlist else unrolled.tf1

    builtins.__import__ = import_for_program


def _is_installed(importer: dict[str, Any] | None) -> bool:
    file = (importer or {}).get("__file__")
    return file is not None and str(Path(file).resolve()).startswith(_INSTALLED)


def run_notebook(path: Path) -> None:
    """Run a notebook's code cells one after the other, in one namespace."""
    os.environ.setdefault("MPLBACKEND", "Agg")  # nobody is there to close a window
    notebook = json.loads(path.read_text(encoding="utf-8"))
    main_module = ModuleType("__main__")
    vars(main_module)["display"] = print
    sys.modules["__main__"] = main_module
    for number, source in enumerate(_code_cells(notebook), start=1):
        where = f"{path.name}, code cell {number}"
        try:
            _run_cell(_without_magics(source, where), where, vars(main_module))
        except SyntaxError as error:
            raise SystemExit(_python_2(error)) from None
        except Exception:
            traceback.print_exc()
            raise SystemExit(f"{where} failed; the cells after it were not run.") from None


def _code_cells(notebook: dict[str, Any]) -> Iterator[str]:
    # Notebooks of format 3, from before 2015, hold worksheets and call a cell's source its input.
    sheets = notebook.get("worksheets", [notebook])
    for cell in (cell for sheet in sheets for cell in sheet["cells"]):
        if cell["cell_type"] == "code":
            source = cell.get("source", cell.get("input", ""))
            yield source if isinstance(source, str) else "".join(source)


# Magics around Python code, which they time, record or profile.
_AROUND_PYTHON = ("time", "timeit", "capture", "prun")


def _without_magics(source: str, where: str) -> str:
    """The Python of a cell. Commands to the notebook are left out, each with a line on stderr."""
    lines = source.strip("\n").splitlines()
    if lines and lines[0].startswith("%%"):
        print(f"{where}: left out {lines[0]!r}", file=sys.stderr)
        if lines[0][2:].split()[0] not in _AROUND_PYTHON:
            return ""
        lines[0] = ""
    while (i := _wrong_line(lines)) is not None:
        code = lines[i].lstrip()
        if not (code.startswith(("%", "!", "?")) or code.endswith("?")):
            break  # a mistake in the program: running the cell raises it
        print(f"{where}: left out {code!r}", file=sys.stderr)
        indent = lines[i][: len(lines[i]) - len(code)]
        magic, _, rest = code[1:].partition(" ")
        if magic in _AROUND_PYTHON and rest:
            lines[i] = indent + rest
            continue
        while lines[i].endswith("\\") and i + 1 < len(lines):  # a command of several lines
            lines[i] = ""
            i += 1
        lines[i] = indent and indent + "pass"  # at the left, "pass" might precede a __future__
    return "\n".join(lines)


def _wrong_line(lines: list[str]) -> int | None:
    """The index of the first line that is not Python."""
    try:
        ast.parse("\n".join(lines))
    except SyntaxError as error:
        return min(error.lineno or 1, len(lines)) - 1
    return None


def _run_cell(source: str, where: str, names: dict[str, Any]) -> None:
    """Run a cell; the value of a last line that is an expression is shown, as a notebook does."""
    linecache.cache[where] = (len(source), None, source.splitlines(True), where)  # for tracebacks
    tree = ast.parse(source, where)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, where, "exec", dont_inherit=True), names)
    if isinstance(last, ast.Expr):
        value = eval(compile(ast.Expression(last.value), where, "eval", dont_inherit=True), names)
        if value is not None:
            print(repr(value))


def _python_2(error: SyntaxError) -> str:
    hint = "it may be Python 2, which `2to3 -w` of Python 3.12 and before turns into Python 3"
    return f"{error.filename}, line {error.lineno}: {error.msg}; {hint}."


if __name__ == "__main__":
    main(sys.argv[1:])
