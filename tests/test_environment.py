"""`python -m unrolled` says what an environment lacks."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

import pytest
from notebooks import ROOT
from packaging.requirements import Requirement

from unrolled import __main__ as environment


def test_this_environment_is_good(capsys: pytest.CaptureFixture[str]) -> None:
    assert environment.main() == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("Python 3.") and said[-1] == "Nothing is wrong."
    assert f"tensorflow {importlib.metadata.version('tensorflow')}" in said


def test_what_is_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name == "rich":
            raise importlib.metadata.PackageNotFoundError(name)
        return "1.0.0" if name == "numpy" else real(name)

    monkeypatch.setattr(environment.importlib.metadata, "version", version)
    monkeypatch.setattr(environment.sys, "version_info", (3, 14, 0))
    assert environment.main() == 1
    said = capsys.readouterr().out
    assert "TensorFlow has builds for 3.11 to 3.13" in said
    assert "numpy is 1.0.0; wanted is >=1.26: run python -m pip install --upgrade 'numpy" in said
    assert "rich is missing: run python -m pip install 'rich>=13'." in said
    assert said.endswith("3 to mend.\n")


def pins() -> set[str]:
    """What requirements.txt pins, without the package itself."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-e"))}


def test_uv_installs_the_same() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(project["dependency-groups"]["dev"]) == pins()


def test_lock_has_every_pin_and_hashes() -> None:
    """`make lock` was run after the last change of requirements.txt."""
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = {}
    for entry in re.split(r"\n(?=\S)", lock):
        if not entry.startswith("#"):
            requirement = Requirement(entry.split("\\")[0].strip())
            locked[requirement.name] = str(requirement.specifier)
            assert "--hash=sha256:" in entry, requirement.name
    wanted = {each.name.replace("_", "-"): str(each.specifier) for each in map(Requirement, pins())}
    assert {name: locked.get(name) for name in wanted} == wanted
    assert "://" not in lock  # from whichever index a reader uses
