"""The programs in `oracle/` give what TensorFlow 1.15 itself gave: names, shapes and numbers."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import unrolled.tf1 as tf

FOLDER = Path(__file__).with_name("oracle")
RECORDED = {path.stem: json.loads(path.read_text()) for path in FOLDER.glob("recorded/*.json")}

sys.path.insert(0, str(FOLDER))
import programs  # noqa: E402

for module in RECORDED:
    importlib.import_module(module)
sys.path.remove(str(FOLDER))


@pytest.mark.one_in(40)
@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module in sorted(programs.PROGRAMS) for name in programs.PROGRAMS[module]],
)
def test_a_program_gives_what_1_15_gave(module, name):
    assert name in RECORDED[module], f"record it: python tests/tf1/oracle/record.py {module}"
    then = RECORDED[module][name]
    now = programs.run(tf, programs.PROGRAMS[module][name])
    assert now["variables"] == then["variables"]
    assert now["values"].keys() == then["values"].keys()
    for key, value in then["values"].items():
        compare(now["values"][key], value, key)


def compare(now, then, where):
    if isinstance(then, dict):
        assert now.keys() == then.keys(), where
        for key in then:
            compare(now[key], then[key], f"{where}.{key}")
    elif isinstance(then, list) and then and isinstance(then[0], str):
        assert now == then, where
    elif _is_ragged(then):
        assert len(now) == len(then), where
        for number, (one, other) in enumerate(zip(now, then)):
            compare(one, other, f"{where}[{number}]")
    else:
        np.testing.assert_allclose(now, then, rtol=2e-5, atol=2e-6, err_msg=where)


def _is_ragged(value):
    try:
        np.asarray(value, dtype=float)
    except ValueError:
        return True
    return False
