"""The programs of the five documents: as our copies print them, and as they run today.

A document's letter names its program; document C has five, `c_by_hand` to `c_lengths`. The folder
`printed` holds the code of our copies without its comments, its broken lines joined; `today` holds
what runs on `unrolled.tf1`.
"""

from __future__ import annotations

import contextlib
import difflib
import importlib
import io
import json
import os
from collections import Counter
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import numpy as np

NAMES = ("c_by_hand", "c_static", "c_one_tensor", "c_dynamic", "c_lengths", "e", "a", "b", "d")


@cache
def printed(name: str) -> str:
    """The code as the document prints it."""
    return _read("printed", name)


@cache
def today(name: str) -> str:
    """The code as it runs on `unrolled.tf1`."""
    return _read("today", name)


@dataclass(frozen=True)
class Counts:
    """What became of a program's lines; empty lines do not count.

    Args:
      same: as printed.
      restored: as printed, after underscores were put back.
      moved: as printed, at another place.
      imports: changed because they import TensorFlow.
      changed: changed for another reason, or left out.
      added: beyond these.
    """

    same: int = 0
    restored: int = 0
    moved: int = 0
    imports: int = 0
    changed: int = 0
    added: int = 0


def counts(name: str) -> Counts:
    """Compare a program line by line."""
    old, new = _lines(printed(name)), _lines(today(name))
    same = restored = 0
    gone: list[str] = []
    come: list[str] = []
    for kind, i, j, k, m in _matcher(old, new).get_opcodes():
        if kind == "equal":
            exact = sum(a.strip() == b.strip() for a, b in zip(old[i:j], new[k:m], strict=True))
            same += exact
            restored += j - i - exact
        else:
            gone += _keys(old[i:j])
            come += _keys(new[k:m])
    moved = (Counter(gone) & Counter(come)).total()
    imports = sum(key.startswith(("importtensorflow", "fromtensorflow")) for key in gone)
    return Counts(
        same, restored, moved, imports, len(gone) - moved - imports, max(0, len(come) - len(gone))
    )


def diff(name: str, context: int = 0) -> str:
    """The lines that differ, as `diff` shows them: - printed, + today.

    Lines that differ in underscores and blanks alone are equal here.

    Args:
      name: one of NAMES.
      context: how many equal lines to show around them (default: 0).
    """
    old, new = _lines(printed(name)), _lines(today(name))
    shown: list[str] = []
    for group in _matcher(old, new).get_grouped_opcodes(context):
        if shown:
            shown.append("  ...")
        for kind, i, j, k, m in group:
            if kind == "equal":
                shown += ["  " + line for line in new[k:m]]
            else:
                shown += ["- " + line for line in old[i:j]]
                shown += ["+ " + line for line in new[k:m]]
    return "\n".join(shown)


def numbers(name: str) -> np.ndarray:
    """The outputs [B, T, U] = [4, 2, 5] that document C prints under a listing."""
    text = (resources.files(__name__) / "numbers.json").read_text(encoding="utf-8")
    return np.array(json.loads(text)[name])


def forged() -> dict[str, np.ndarray]:
    """What document C prints for samples 0 to 2 at step 0, [3, U], with two digits swapped."""
    prints = {name: numbers(name)[:3, 0] for name in NAMES if name.startswith("c_")}
    assert prints["c_lengths"][1, 3] == 0.6631046
    prints["c_lengths"][1, 3] = 0.6361046
    return prints


@dataclass(frozen=True)
class Run:
    """What a program left: its variables in Python, by name, and what it printed."""

    names: dict[str, Any]
    output: str

    def __getitem__(self, name: str) -> Any:
        return self.names[name]


def run(name: str, folder: str | os.PathLike[str]) -> Run:
    """Run a program on `unrolled.tf1`, in this process, an empty graph and a folder.

    The process keeps the behaviour of TensorFlow 1 afterwards.
    """
    tf: Any = importlib.import_module("unrolled.tf1")  # whose names are made when asked for
    tf.reset_default_graph()
    tf.set_random_seed(1)
    names: dict[str, Any] = {"__name__": "__main__"}
    code = compile(today(name), f"{name}.py", "exec")
    output = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(output):
        exec(code, names)
    return Run(names, output.getvalue())


def _read(folder: str, name: str) -> str:
    if name not in NAMES:
        raise ValueError(f"name must be one of {', '.join(NAMES)}; got {name!r}.")
    return (resources.files(__name__) / folder / f"{name}.txt").read_text(encoding="utf-8")


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]


def _matcher(old: list[str], new: list[str]) -> difflib.SequenceMatcher[str]:
    return difflib.SequenceMatcher(None, _keys(old), _keys(new), autojunk=False)


def _keys(lines: list[str]) -> list[str]:
    """What is left of the lines when a conversion has lost underscores and blanks."""
    return ["".join(line.replace("_", "").split()) for line in lines]
