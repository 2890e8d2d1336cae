"""Gives the layer to the programs that a notebook starts: `!python train.py --steps 100`.

Only the lines that a notebook hands to a shell are changed. A program that starts another one with
`subprocess` names the runner itself: a change that every Python below it would take with it, by its
environment, would reach package managers and other Pythons, too.
"""

from __future__ import annotations

import importlib.util
import re
import shlex
import sys
from pathlib import Path

from unrolled.tf1.runner.standing import installed_folders

_PYTHON = rf"(?:python3?(?:\.{sys.version_info.minor})?|{re.escape(sys.executable)})"
_WORD = r"(?:\"[^\"\n]*\"|'[^'\n]*'|[^\s;&|\"'<>()]+)"
_GAP = r"(?:[ \t]|\\\n)"
_COMMAND = re.compile(
    rf"""(?P<quoted> "(?:\\.|[^"\\])*" | '[^']*' | (?<!\S)\#[^\n]* ) |
    (?P<before> (?: ^ | [;&|(`\n] | \b(?:do|else|exec|nohup|then|time)\s ) \s* (?:\w+=\S*\s+)* )
    (?P<python> {_PYTHON} | "{_PYTHON}" | '{_PYTHON}' )
    (?P<options> (?: {_GAP}+ (?: -[BEIOPbdiqsuvx]+ | -[WX]{_GAP}*\S+ ) )* {_GAP}+ )
    (?P<what> -m{_GAP}*(?P<module>[\w.]+) | (?P<file>{_WORD}) ) (?=[\s;&|)`<>]|$)""",
    re.VERBOSE,
)


def with_the_layer(command: str) -> tuple[str, list[str]]:
    """Let the Python programs in a shell command or script run as `python -m unrolled.tf1` does.

    Args:
      command: it may start several programs. What is quoted as a whole stays as it is, and so do
        installed modules, other Pythons, and `setup.py`.

    Returns:
      The command, and what it runs on the layer now.
    """
    found: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        if match["quoted"] or not _is_own(match):
            return match.group()
        found.append(match["what"])
        runner = f"{shlex.quote(sys.executable)}{match['options']}-m unrolled.tf1 {match['what']}"
        return f"{match['before']}{runner}"

    return _COMMAND.sub(replaced, command), found


def _is_own(match: re.Match[str]) -> bool:
    """Whether it is a program of the notebook's, and not one that is installed or the runner."""
    if match["module"]:
        top = match["module"].partition(".")[0]
        try:
            spec = importlib.util.find_spec(top)
        except ValueError:  # a module without a spec, such as __main__
            return False
        # A folder that the command changes to may hold a module that is not seen from here.
        places = [*(spec.submodule_search_locations or []), spec.origin] if spec else []
        return not any(_is_installed(place) for place in places if place)
    name = match["file"].strip("\"'")
    return name.endswith(".py") and Path(name).name != "setup.py" and not _is_installed(name)


def _is_installed(place: str) -> bool:
    known = place in ("built-in", "frozen")
    return known or str(Path(place).resolve()).startswith(installed_folders())
