"""Experiments that were recorded: each has a result of all its seeds, which a chapter can read."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

import pytest

from unrolled import experiments
from unrolled.experiments import __main__ as command


@pytest.mark.parametrize("name", command.names())
def test_result_has_every_seed(name: str) -> None:
    module = importlib.import_module(f"unrolled.experiments.{name}")
    result = experiments.recorded(name)
    assert tuple(result.columns) == tuple(module.SEEDS) and len(module.SEEDS) >= 3
    assert len({tuple(column) for column in result.columns.values()}) == 1
    assert {"python", "tensorflow", "numpy"} <= set(result.versions) and result.machine["cores"]


def test_record_writes_what_recorded_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    doubled = SimpleNamespace(SEEDS=(3, 4), column=lambda seed: {"double": 2 * seed, "row": [seed]})
    monkeypatch.setattr(command.importlib, "import_module", lambda _: doubled)
    command.record("doubled", tmp_path)
    monkeypatch.setattr(experiments.resources, "files", lambda _: tmp_path)
    result = experiments.recorded("doubled")
    assert result.columns == {3: {"double": 6, "row": [3]}, 4: {"double": 8, "row": [4]}}
    assert result.values("double") == [6, 8] and result.seconds >= 0
    assert "doubled: 2 seeds" in str(result)
    with pytest.raises(KeyError, match="doubled has no 'half'; it has 'double', 'row'"):
        result.values("half")
    with pytest.raises(ValueError, match="no experiment 'other' .* there are doubled"):
        experiments.recorded("other")
    assert [path.name for path in tmp_path.iterdir()] == ["doubled.json"]


def test_unknown_name_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["other"])
    assert "no experiment 'other'" in capsys.readouterr().err
