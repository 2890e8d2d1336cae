"""Run a TensorFlow 1 program as it stands: `python -m unrolled.tf1 program.py [arguments]`.

In this process, and in those that `multiprocessing` spawns from it, `import tensorflow` gives the
program, and the modules of its own that it imports, the layer `unrolled.tf1`; installed packages
still import TensorFlow itself. What a notebook starts with `!python other.py` gets the layer, too.
A program that starts another with `subprocess` must name the runner there:
`[sys.executable, "-m", "unrolled.tf1", "other.py"]`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, NoReturn

USAGE = """\
usage: python -m unrolled.tf1 [--save EXECUTED.ipynb] PROGRAM [ARGUMENTS ...]
       python -m unrolled.tf1 -m MODULE [ARGUMENTS ...]
       python -m unrolled.tf1 --check PROGRAM|FOLDER|NOTEBOOK|-m MODULE ...
       python -m unrolled.tf1 --coverage [MODULE ...]"""

HELP = f"""\
{USAGE}

{__doc__}
PROGRAM is a script, a folder with __main__.py in it, a notebook (.ipynb), or - for what standard
input gives.

  -m MODULE             run a module, found as `python -m` finds it
  --save EXECUTED.ipynb write the notebook that was run with its outputs and figures
  --check               run nothing; list what the programs use and is not there: names of
                        TensorFlow and NumPy, arguments, packages, what Python 3 lacks. It does not
                        see what an argument must be today, the names of other libraries, or what
                        a program reads by getattr, eval and the like
  --coverage            count the public names of TensorFlow 1.15 that are there, by module, and
                        list those that are not for each module that is named
  -h, --help            show this help

The environment variable UNROLLED_TF1_RELEASE, for instance 1.0, names the release that the program
was written for, where the same line meant something else in it (unset or empty: 1.15):

  before 1.2   dynamic_decode returns (outputs, state) without the lengths
  before 1.1   MultiRNNCell([cell] * n) has variables of its own for each layer
  before 0.11  LSTM cells and MultiRNNCell have state_is_tuple=False as their default"""


def main(arguments: list[str]) -> None:
    """Run the program that the arguments name, with those after it as its own."""
    from unrolled.tf1.runner.refused import Refused

    try:
        _main(list(arguments))
    except Refused as error:
        print(error, file=sys.stderr)
        raise SystemExit(2) from None


def _main(rest: list[str]) -> None:
    save: str | None = None
    while rest and rest[0].startswith("-") and rest[0] != "-":
        option = rest.pop(0)
        if option in ("-h", "--help"):
            print(HELP)
            return
        if option == "--":
            break
        if option in ("--check", "--coverage"):
            return _look(option, rest)
        if option not in ("-m", "--save"):
            _wrong(f"there is no option {option}.")
        if not rest:
            _wrong(f"{option} needs a name.")
        if option == "--save":
            save = rest.pop(0)
            continue
        if save:
            _wrong("--save is for notebooks; got a module.")
        return _program().run_module(rest[0], rest[1:])
    if not rest:
        _wrong("Name a program to run.")
    if save and not rest[0].endswith(".ipynb"):
        _wrong(f"--save is for notebooks; got {rest[0]}.")
    if rest[0] == "-":
        return _program().run_input(rest[1:])
    if not Path(rest[0]).exists():
        _wrong(f"{rest[0]} does not exist; give a program or a notebook to run.")
    if not rest[0].endswith(".ipynb"):
        return _program().run_file(rest[0], rest[1:])
    _check_release()
    from unrolled.tf1.runner.notebook import run_notebook

    return run_notebook(rest[0], rest[1:], save)


def _look(option: str, rest: list[str]) -> None:
    """What runs no program."""
    if "-h" in rest or "--help" in rest:
        print(HELP)
        return
    rest = [each for each in rest if each != "--"]
    unknown = [each for each in rest if each.startswith("-") and each != "-m"]
    if unknown or (option == "--coverage" and "-m" in rest):
        _wrong(f"there is no option {(*unknown, '-m')[0]} for {option}.")
    if option == "--coverage":
        from unrolled.tf1.runner.coverage import coverage

        raise SystemExit(coverage(rest))
    from unrolled.tf1.runner.check import check

    raise SystemExit(check(rest) if rest else _wrong("--check needs a program to read."))


def _program() -> Any:
    _check_release()
    from unrolled.tf1.runner import program

    return program


def _check_release() -> None:
    """A program may first ask for the release after hours of work."""
    from unrolled.tf1.runner.refused import Refused
    from unrolled.tf1.shims import release

    try:
        release.written_for()
    except ValueError as error:
        raise Refused(str(error)) from None


def _wrong(sentence: str) -> NoReturn:
    print(f"{sentence}\n{USAGE}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
