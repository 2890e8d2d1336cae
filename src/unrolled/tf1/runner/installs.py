"""Leaves the installing of packages out of a notebook's shell commands.

A notebook installs what it needs on a machine that it knows, such as `tensorflow==1.15`; here it
would change an environment that is not its own.
"""

from __future__ import annotations

import re

_TOOLS = r"(?:pip[\d.]*|conda|mamba|uv|apt|apt-get|aptitude|yum|dnf|brew|npm)"
_VERBS = r"(?:install|uninstall|upgrade|update|remove|add)"
# One command goes on to the next `;`, `&`, `|` or line end that is neither quoted nor escaped.
_MORE = r"(?:\"[^\"]*\"|'[^']*'|\\\n|>&|&>|[^;&|\n\"'])*"
_INSTALL = re.compile(
    rf"""(?<![^;&|\n])(?P<indent>\s*)
    (?:sudo\s+(?:-\S+\s+)*)?  (?:(?:'[^']*'|"[^"]*"|\S+)\s+-m\s+)?  (?:\S*/)?
    (?: {_TOOLS}\s(?:\\\n|[^;&|\n])*?\b{_VERBS}\b | easy_install\s | dpkg\s+-i\b
      | \S+\s+setup\.py\s+(?:install|develop)\b )
    {_MORE}""",
    re.VERBOSE,
)


def without_installs(command: str) -> tuple[str, list[str]]:
    """A shell command or script with `true` in the place of what installs, and what that was."""
    left_out = [" ".join(found.group().split()) for found in _INSTALL.finditer(command)]
    return _INSTALL.sub(r"\g<indent>true", command), left_out
