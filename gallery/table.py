"""The gallery's table: `programs.toml`, read and checked."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PROGRAMS = HERE / "programs.toml"

# In the order of the page.
KINDS = {
    "text": "Text",
    "tagging": "Tagging and classifying text",
    "decoders": "Sequence to sequence, and decoders",
    "images": "Images, row by row",
    "series": "Series",
    "speech": "Speech",
    "reinforcement": "Reinforcement",
    "cells": "Cells and memories",
}
LANGUAGES = {"en": "English", "ko": "Korean", "zh": "Chinese"}

# Why a line was touched. Those of the first three would be needed without TensorFlow, too.
REASONS = {
    "python3": "written for Python 2",
    "numpy": "NumPy has changed",
    "other library": "another library has changed, or is left out",
    "data": "the data lie elsewhere, or are smaller",
    "own mistake": "the program is wrong, and was",
    "shorter": "fewer steps, smaller layers",
    "tensorflow": "TensorFlow has changed, and the layer does not make up for it",
    "python2": "only to run it on TensorFlow 1.15, which is not counted",
}

NUMBER = r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?"


class WrongTable(ValueError):
    """An entry of the table that cannot be used; the message says which, and why."""


@dataclass(frozen=True)
class Edit:
    """A touched line.

    Attributes:
      line: its number, from 1; in a notebook, within the code cell.
      why: one of REASONS.
      put: what stands there instead, at the old indentation; a newline makes several lines of it.
      swap: or the number or name to take out and what to put in its place.
      file: the file, from the repository's root (default: the program).
      cell: in a notebook, the number of the code cell, from 1.
      to: the last of several lines, which `put` replaces together (default: `line` alone).
    """

    line: int
    why: str
    put: str | None = None
    swap: Sequence[str] = ()
    file: str = ""
    cell: int = 0
    to: int = 0

    @property
    def lines(self) -> int:
        return max(self.to, self.line) - self.line + 1

    def check(self, of: str) -> None:
        if self.why not in REASONS:
            raise WrongTable(f"{of}: why must be one of {', '.join(REASONS)}; got {self.why!r}.")
        if (self.put is None) == (not self.swap) or len(self.swap) not in (0, 2):
            raise WrongTable(f"{of}, line {self.line}: give either put, or swap with two texts.")
        if self.line < 1 or (self.to and self.to < self.line):
            raise WrongTable(f"{of}: lines count from 1 upwards; got {self.line} to {self.to}.")


@dataclass(frozen=True)
class Program:
    """One program of the gallery.

    Attributes:
      name: what the page calls it, and ONLY on the command line.
      repository: owner/name on GitHub.
      commit: 40 hexadecimal digits.
      path: the script or notebook, from the repository's root.
      kind: one of KINDS.
      tutorial: the language it is explained in, one of LANGUAGES.
      year: of the commit, or of the first one where the program is older.
      does: what it does, in a few words.
      arguments: what follows the program's name.
      folder: where it is started, from the repository's root (default: where it lies).
      first: programs beside it that have to run before, such as one that prepares its data.
      data: the recipes of `gallery.data` to follow first, each "recipe" or "recipe:path".
      edits: the touched lines.
      python2: the files to turn into Python 3 with 2to3.
      shows: what the figure is, such as "loss".
      figure: a regular expression with one group, in which N stands for a number; its last match
        in the output is the figure.
      recorded: the figure that the repository itself keeps, and where.
      not_then: why it is not tried on TensorFlow 1.15, which stands here on Python 2.7.
      limit: seconds that it may take.
      release: the release it was written for, where lines of it mean something else today; it is
        run with UNROLLED_TF1_RELEASE set to that.
      note: a sentence for the page, where the row needs one.
      fails: a sentence that says why it does not run, where the error does not.
      fails_then: one that says why it does not run on TensorFlow 1.15.
    """

    name: str
    repository: str
    commit: str
    path: str
    kind: str
    tutorial: str
    year: int
    does: str
    shows: str = ""
    figure: str = ""
    arguments: Sequence[str] = ()
    folder: str = ""
    first: Sequence[str] = ()
    data: Sequence[str] = ()
    edits: Sequence[Edit] = ()
    python2: Sequence[str] = ()
    recorded: str = ""
    not_then: str = ""
    limit: int = 300
    release: str = ""
    note: str = ""
    fails: str = ""
    fails_then: str = ""

    @property
    def pattern(self) -> str:
        return self.figure.replace("(N)", f"({NUMBER})")

    @property
    def address(self) -> str:
        return f"https://github.com/{self.repository}"

    @property
    def started_in(self) -> str:
        return self.folder or str(Path(self.path).parent)

    def touched(self, *reasons: str) -> int:
        """How many lines were touched for these reasons; 2to3's are counted when it runs."""
        return sum(edit.lines for edit in self.edits if edit.why in reasons)

    def check(self) -> None:
        if not re.fullmatch(r"[0-9a-f]{40}", self.commit):
            raise WrongTable(f"{self.name}: commit must be 40 hex digits; got {self.commit!r}.")
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", self.repository):
            raise WrongTable(
                f"{self.name}: repository must be owner/name; got {self.repository!r}."
            )
        for what, value, known in [
            ("kind", self.kind, KINDS),
            ("tutorial", self.tutorial, LANGUAGES),
        ]:
            if value not in known:
                raise WrongTable(
                    f"{self.name}: {what} must be one of {', '.join(known)}; got {value!r}."
                )
        if self.figure and re.compile(self.figure).groups != 1:
            raise WrongTable(f"{self.name}: figure must have one group; got {self.figure!r}.")
        if bool(self.figure) != bool(self.shows):
            raise WrongTable(f"{self.name}: shows must say what the figure is, and only then.")
        for edit in self.edits:
            edit.check(self.name)


def load(path: Path = PROGRAMS) -> list[Program]:
    """The programs, in the order of the file.

    Raises:
      WrongTable: an entry lacks something or holds what cannot be.
    """
    entries = tomllib.loads(path.read_text(encoding="utf-8"))["program"]
    programs = [_program(entry) for entry in entries]
    twice = [name for name, times in Counter(each.name for each in programs).items() if times > 1]
    if twice:
        raise WrongTable(f"each name must be there once; got {', '.join(twice)} more often.")
    return programs


def _program(entry: Mapping[str, Any]) -> Program:
    name = entry.get("name", "an entry without a name")
    edits = [_made(Edit, edit, name) for edit in entry.get("edits", [])]
    program = _made(Program, {**entry, "edits": edits}, name)
    program.check()
    return program


def _made(kind: type[Any], entry: Mapping[str, Any], name: str) -> Any:
    known = {field.name for field in fields(kind)}
    if unknown := set(entry) - known:
        raise WrongTable(f"{name}: there is no {', '.join(sorted(unknown))}; see {kind.__name__}.")
    try:
        return kind(**entry)
    except TypeError as error:
        raise WrongTable(f"{name}: {error}.") from None


def chosen(programs: Iterable[Program], only: Sequence[str]) -> list[Program]:
    """Those that the words of `only` pick; all without any.

    A name in full, in one word or in several, picks that program alone. Another word picks all
    whose name or repository holds it.

    Raises:
      WrongTable: a word picks none.
    """
    programs = list(programs)
    picked: set[str] = set()
    names, words = {each.name for each in programs}, list(only)
    while words:
        parts = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in names), 1)
        word, words = " ".join(words[:parts]), words[parts:]
        found = (
            {word}
            if word in names
            else {each.name for each in programs if word in f"{each.repository} {each.name}"}
        )
        if not found:
            raise WrongTable(f"no program of the gallery is called {word!r}.")
        picked |= found
    return [each for each in programs if not only or each.name in picked]
