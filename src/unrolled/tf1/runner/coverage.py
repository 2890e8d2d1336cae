"""`python -m unrolled.tf1 --coverage`: how many of TensorFlow 1.15's public names are there."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable
from importlib import resources

from unrolled.tf1.runner import layer


def coverage(modules: Iterable[str]) -> int:
    """Print a line for each module: its name, how many of its names are there, and what lacks.

    Args:
      modules: such as "contrib.rnn", with or without "tf." in front; none for all that 1.15 had.

    Returns:
      0, the process's exit code.

    Raises:
      SystemExit: 1.15 had no such module.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # looked at, a name may warn
    names = names_of_1_15()
    for module in [module.removeprefix("tf.") for module in modules] or sorted(names):
        if module not in names:
            raise SystemExit(f"TensorFlow 1.15 had no module tf.{module}; try tf.contrib.rnn.")
        lacking = [name for name in names[module] if not _is_there(f"{module}.{name}".lstrip("."))]
        all_of_them = len(names[module])
        line = f"{_shown(module)} {all_of_them - len(lacking)} of {all_of_them}"
        print(f"{line}, without {', '.join(lacking)}" if lacking else line)
    return 0


def names_of_1_15() -> dict[str, list[str]]:
    """{module of TensorFlow 1.15, such as "contrib.rnn": its public names}; "" is `tf` itself."""
    text = resources.files("unrolled.tf1").joinpath("names.json").read_text(encoding="utf-8")
    return {module: listed.split() for module, listed in json.loads(text).items()}


def _shown(module: str) -> str:
    return f"tf.{module}" if module else "tf"


def _is_there(name: str) -> bool:
    try:
        layer.find(name)
    except AttributeError:
        return False
    return True
