"""Sentences for errors that an old program meets and that do not name the way out themselves."""

from __future__ import annotations

import os
from pathlib import Path

from unrolled.tf1.runner import python_2, standing
from unrolled.tf1.shims import release


def add(error: BaseException, script: Path | None = None) -> None:
    """Write below an error's message what to do about it, where that is known.

    Args:
      error: Python shows its notes with its traceback.
      script: the file that was run, where it was named as one.
    """
    relative = isinstance(error, ImportError) and "no known parent package" in str(error)
    found = [
        python_2.hint(error),
        _module_of(script) if script and relative else None,
        _early_release() if isinstance(error, (TypeError, ValueError)) else None,
    ]
    for note in filter(None, found):
        error.add_note(note)


def _module_of(script: Path) -> str:
    """How to run a file that belongs to a package."""
    above = script.parent
    names = [above.name, *([] if script.stem == "__main__" else [script.stem])]
    while (above.parent / "__init__.py").is_file():
        above = above.parent
        names.insert(0, above.name)
    command = f"python -m unrolled.tf1 -m {'.'.join(names)}"
    return f"{script.name} is part of a package; try `{command}` in {above.parent}."


def _early_release() -> str | None:
    if not standing.imported_models() or os.environ.get(release.VARIABLE):
        return None
    return (
        "The program imports tensorflow.models, which went with TensorFlow 1.0. If it was written "
        f"before 0.11, run it with the environment variable {release.VARIABLE}=0.10 set."
    )
