"""Programs and notebooks that tests write down and run in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

RUNNER = ("-m", "unrolled.tf1")


def run(
    folder: Path, *arguments: str, python: tuple[str, ...] = RUNNER, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """`python -m unrolled.tf1 arguments` in a folder."""
    plain = {key: value for key, value in os.environ.items() if key != "MPLBACKEND"}
    return subprocess.run(
        [sys.executable, *python, *arguments],
        capture_output=True,
        text=True,
        input=typed,
        cwd=folder,
        env=plain,
        timeout=600,
    )


def write(path: Path, source: str) -> Path:
    """A file with a text that is indented in the test."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(source).lstrip("\n"), encoding="utf-8")
    return path


def notebook(path: Path, *cells: str) -> Path:
    """A notebook of format 4, with a text before each code cell."""
    made = []
    for source in cells:
        text = {"cell_type": "markdown", "metadata": {}, "source": ["%not a magic"]}
        lines = textwrap.dedent(source).strip("\n").splitlines(keepends=True)
        code = {"cell_type": "code", "metadata": {}, "source": lines}
        made += [text, {**code, "outputs": [], "execution_count": None}]
    content = {"nbformat": 4, "nbformat_minor": 2, "metadata": {}, "cells": made}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path
