"""`python -m unrolled` says what this environment has, and what is wrong with it."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from collections.abc import Iterator

from packaging.requirements import Requirement

from unrolled.internal.machine import cores

OLDEST, NEWEST = (3, 11), (3, 13)  # of Python: what TensorFlow is built for


def requirements() -> list[Requirement]:
    """What the package needs, without what only its extras need."""
    named = [Requirement(each) for each in importlib.metadata.requires("unrolled") or ()]
    return [each for each in named if each.marker is None or each.marker.evaluate({"extra": ""})]


def problems() -> Iterator[str]:
    """A sentence for each thing that is wrong: what there is, what is wanted, how to mend it."""
    python = sys.version_info[:2]
    if not OLDEST <= python <= NEWEST:
        yield (
            f"Python is {platform.python_version()}; TensorFlow has builds for 3.11 to 3.13. Make "
            "a new environment with one of these."
        )
    for each in requirements():
        try:
            version = importlib.metadata.version(each.name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{each.name} is missing: run python -m pip install '{each}'."
            continue
        if not each.specifier.contains(version, prereleases=True):
            yield (
                f"{each.name} is {version}; wanted is {each.specifier}: run python -m pip install "
                f"--upgrade '{each}'."
            )


def main() -> int:
    print(
        f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, ", end=""
    )
    print(f"{cores()} cores")
    for name in ["unrolled", *(each.name for each in requirements()), "keras", "ipykernel"]:
        try:
            print(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            print(f"{name}: not installed")
    found = list(problems())
    if not found:
        try:
            import unrolled.quiet  # noqa: F401
        except Exception as error:  # whatever an installation that is broken raises
            found = [f"TensorFlow is installed and cannot be imported: {error}"]
    for each in found:
        print(each)
    print("Nothing is wrong." if not found else f"{len(found)} to mend.")
    return min(len(found), 1)


if __name__ == "__main__":
    sys.exit(main())
