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
from typing import NoReturn

USAGE = """\
usage: python -m unrolled.tf1 [--save EXECUTED.ipynb] PROGRAM [ARGUMENTS ...]
       python -m unrolled.tf1 -m MODULE [ARGUMENTS ...]
       python -m unrolled.tf1 --check PROGRAM|FOLDER|NOTEBOOK ...
       python -m unrolled.tf1 --coverage [MODULE ...]"""

HELP = f"""\
{USAGE}

{__doc__}
PROGRAM is a script, a folder with __main__.py in it, or a notebook (.ipynb).

  -m MODULE             run a module, found as `python -m` finds it
  --save EXECUTED.ipynb write the notebook that was run with its outputs and figures
  --check               run nothing; list what the programs use that unrolled.tf1 lacks
  --coverage            count the public names of TensorFlow 1.15 that are there, by module
  -h, --help            show this help

The environment variable UNROLLED_TF1_RELEASE, for instance 1.0, names the release that the program
was written for, where the same line meant something else in it (default: 1.15):

  before 1.2   dynamic_decode returns (outputs, state) without the lengths
  before 1.1   MultiRNNCell([cell] * n) has variables of its own for each layer
  before 0.11  LSTM cells and MultiRNNCell have state_is_tuple=False as their default"""


def main(arguments: list[str]) -> None:
    """Run the program that the arguments name, with those after it as its own."""
    rest = list(arguments)
    save: str | None = None
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in ("-h", "--help"):
            print(HELP)
            return
        if option == "--check":
            from unrolled.tf1.runner.check import check

            raise SystemExit(check(rest) if rest else _wrong("--check needs a program to read."))
        if option == "--coverage":
            from unrolled.tf1.runner.coverage import coverage

            raise SystemExit(coverage(rest))
        if option not in ("-m", "--save") or not rest:
            _wrong(f"{option} needs a name." if not rest else f"there is no option {option}.")
        if option == "--save":
            save = rest.pop(0)
            continue
        if save:
            _wrong("--save is for notebooks; got a module.")
        from unrolled.tf1.runner.program import run_module

        return run_module(rest[0], rest[1:])
    if not rest:
        _wrong("a program to run is missing.")
    if not Path(rest[0]).exists():
        _wrong(f"{rest[0]} does not exist; give a program or a notebook to run.")
    if rest[0].endswith(".ipynb"):
        from unrolled.tf1.runner.notebook import run_notebook

        return run_notebook(rest[0], rest[1:], save)
    if save:
        _wrong(f"--save is for notebooks; got {rest[0]}.")
    from unrolled.tf1.runner.program import run_file

    return run_file(rest[0], rest[1:])


def _wrong(sentence: str) -> NoReturn:
    print(f"{sentence}\n{USAGE}", file=sys.stderr)
    raise SystemExit(2)


if __name__ == "__main__":
    main(sys.argv[1:])
