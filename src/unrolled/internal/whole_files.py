"""Files that are written as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_text(text: str, path: Path) -> None:
    """Write a file as a whole or not at all, and its folder if there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
