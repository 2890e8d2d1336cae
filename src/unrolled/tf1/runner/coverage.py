"""`python -m unrolled.tf1 --coverage`: how many of TensorFlow 1.15's public names are there."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterable

from unrolled.tf1.old_names import names_of_1_15
from unrolled.tf1.runner import layer
from unrolled.tf1.runner.refused import Refused


def coverage(modules: Iterable[str]) -> int:
    """Print a line for each module, its name and how many of its names are there.

    For a module that is named, the names that it lacks follow in the line.

    Args:
      modules: such as "contrib.rnn", with or without "tf." in front; "contrib" for all that are
        below it; none for all that 1.15 had.

    Returns:
      0, the process's exit code.

    Raises:
      Refused: 1.15 had no such module.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # looked at, a name may warn
    names = names_of_1_15()
    asked = ["" if each == "tf" else each.removeprefix("tf.") for each in modules]
    for module in asked:
        if module in names:
            print(_line(module, *_counted(module), with_names=True))
        else:
            _print_all(module, _below(module))
    if not asked:
        _print_all("", sorted(names))
    return 0


def _below(module: str) -> list[str]:
    """The modules below one that has no names of its own, such as contrib."""
    names = names_of_1_15()
    found = sorted(name for name in names if name.startswith(f"{module}."))
    if not found:
        near = difflib.get_close_matches(module, names, n=1, cutoff=0.75) or ["contrib.rnn"]
        raise Refused(f"TensorFlow 1.15 had no public module tf.{module}; try tf.{near[0]}.")
    return found


def _print_all(above: str, modules: list[str]) -> None:
    total, missing = 0, 0
    for module in modules:
        count, lacking = _counted(module)
        print(_line(module, count, lacking, with_names=False))
        total, missing = total + count, missing + len(lacking)
    print(
        f"{len(modules)} modules of {_shown(above)}: {total - missing} of {total} names are there."
    )


def _counted(module: str) -> tuple[int, list[str]]:
    """How many names a module of 1.15 had, and those of them that are not there."""
    names = names_of_1_15()[module]
    above = f"tensorflow.{module}".rstrip(".")
    return len(names), [name for name in names if not _is_there(f"{above}.{name}")]


def _line(module: str, count: int, lacking: list[str], with_names: bool) -> str:
    line = f"{_shown(module)} {count - len(lacking)} of {count}"
    return f"{line}, without {', '.join(lacking)}" if lacking and with_names else line


def _shown(module: str) -> str:
    return f"tf.{module}" if module else "tf"


def _is_there(name: str) -> bool:
    try:
        layer.find(name)
    except AttributeError:
        return False
    return True
