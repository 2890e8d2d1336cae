"""`python -m unrolled` says what an environment lacks."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib

import pytest
import yaml
from notebooks import ROOT
from packaging.requirements import Requirement

import unrolled
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


def test_the_built_package_has_its_files_of_data() -> None:
    """Whatever lies in the package and is no module is named by a pattern in pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    home = ROOT / "src" / "unrolled"
    named = {
        path
        for pattern in project["tool"]["setuptools"]["package-data"]["unrolled"]
        for path in home.glob(pattern)
    }
    files = {path for path in home.rglob("*") if path.is_file() and path.suffix not in MODULES}
    assert {path for path in files if not path.name.startswith(".")} == named


MODULES = (".py", ".pyc")


# --- what runs elsewhere -----------------------------------------------------------------------

WORKFLOWS = {
    path.stem: yaml.safe_load(path.read_text(encoding="utf-8"))
    for path in sorted((ROOT / ".github" / "workflows").glob("*.yml"))
}
JOBS = {
    f"{name}/{job}": content
    for name, workflow in WORKFLOWS.items()
    for job, content in workflow["jobs"].items()
}


@pytest.mark.parametrize("job", JOBS)
def test_a_job_runs_what_was_looked_at_and_may_do_little(job: str) -> None:
    """Actions at a commit with its release beside it, no credentials left, an end in time."""
    content = JOBS[job]
    if "uses" in content:  # another workflow of this repository
        assert content["uses"].startswith("./.github/workflows/")
        return
    assert 0 < content["timeout-minutes"] <= 180
    for step in content["steps"]:
        if "uses" in step:
            assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]), step["uses"]
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        # What others can choose, and secrets, come as variables, never in the text of a command.
        assert "${{" not in step.get("run", ""), step["run"]


def test_what_installs_may_not_write_and_what_writes_installs_nothing() -> None:
    for name, workflow in WORKFLOWS.items():
        assert workflow["permissions"] == {"contents": "read"}, name
    for name, job in JOBS.items():
        writes = "write" in job.get("permissions", {}).values()
        commands = " ".join(step.get("run", "") for step in job.get("steps", ()))
        assert not (writes and re.search(r"\b(pip|make|npm|apt-get|python3?)\b", commands)), name
    publish = WORKFLOWS["publish"]["jobs"]
    assert publish["build"]["needs"] == "test" and publish["deploy"]["needs"] == "build"


def test_what_is_promised_is_run() -> None:
    """Each Python of pyproject.toml, the oldest and the newest TensorFlow, Windows and macOS."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    matrix = JOBS["test/whole"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert project["requires-python"] == ">=3.11"
    assert any(each.startswith("macos") for each in matrix["os"])
    assert JOBS["test/windows"]["runs-on"].startswith("windows")
    oldest = project["dependencies"][0].removeprefix("tensorflow>=")
    commands = {
        name: " ".join(s.get("run", "") for s in job.get("steps", ())) for name, job in JOBS.items()
    }
    assert f"tensorflow=={oldest}.*" in commands["test/oldest"]
    assert "tf-nightly" in commands["scheduled/nightly"]
    assert "make lint" in commands["test/lint"]
    assert "pip wheel" in commands["test/wheel"] and "-m unrolled" in commands["test/wheel"]
    assert "--nbval" in commands["scheduled/colab"]


def test_the_version_stands_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" in project["dynamic"] and "version" not in project
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"## [{unrolled.__version__}]" in changes
