"""Experiments that were recorded: each has a result of all its seeds, which a chapter can read."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from unrolled import experiments, reference
from unrolled.experiments import __main__ as command
from unrolled.experiments import language, looking_back


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


def test_held_out_letters_are_each_a_target_once() -> None:
    before, numbers = np.arange(500), np.arange(500, 737)
    inputs, targets, weights = language.held_out_streams(before, numbers, rows=8)
    assert sorted(targets[weights > 0]) == numbers.tolist()
    assert (targets - inputs == 1)[weights > 0].all()  # the letter before it
    assert (weights[:, : language.RUN_UP] == 0).all() and set(np.unique(weights)) == {0, 1}


def test_streams_go_on_in_their_own_row() -> None:
    inputs, targets = language.in_streams(np.arange(1001), rows=4, steps=50)
    assert inputs.shape == targets.shape == (4, 250) and inputs[1, 0] == 250
    assert (targets == inputs + 1).all() and (np.diff(inputs, axis=1) == 1).all()


def test_marks_say_what_is_known_after_a_letter() -> None:
    found = language.marks('\nHe said: "No, Ahab."')
    assert np.flatnonzero(found["inside a quotation"]).tolist() == list(range(10, 20))
    assert np.flatnonzero(found["fourth letter of a word or later"]).tolist() == [7, 18]
    capital = np.flatnonzero(found["in a word with a capital"]).tolist()
    assert capital == [1, 2, 11, 12, 15, 16, 17, 18]
    assert language.since(np.array([False, True, False, False])).tolist() == [4, 0, 1, 2]


def test_agreement_takes_out_what_the_last_letter_says() -> None:
    letters = np.array(list("abab" * 50))
    flags = np.arange(200) % 4 < 2
    states = np.stack([letters == "a", flags, ~flags], axis=1).astype(float)
    assert np.allclose(language.agreement(states, flags, letters), [0, 1, -1])


def test_probe_reads_what_a_line_of_units_holds() -> None:
    """Each unit hands its letter to the next: 8 units hold the letters of 0 to 7 steps ago."""
    kernel = np.concatenate([[[-3.0] + [0.0] * 7, [3.0] + [0.0] * 7], 3.0 * np.eye(8, k=1)])
    line = reference.Parameters(kernel, np.zeros(8), np.zeros((8, 2)), np.zeros(2))
    assert looking_back.probe(line, (0, 4, 7)).tolist() == [1.0, 1.0, 1.0]
    assert abs(looking_back.probe(line, [8])[0] - 0.5) < 0.05  # has left the line
