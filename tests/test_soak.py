"""Some of the random runs and malformed calls of `make soak`."""

import json

import pytest
import soak

SEED = 2026


@pytest.mark.one_in(10)
@pytest.mark.parametrize("part", range(10))
@pytest.mark.parametrize("kind, draws", [("run", 20), ("call", 60)])
def test_random_draws(kind, draws, part):
    failed = soak.checked(kind, SEED, range(part * draws, (part + 1) * draws))
    told = [f"{f.where}: {f.what}: {f.words}\n{json.dumps(draw)}" for draw, f in failed]
    assert not failed, "\n\n".join(told)


@pytest.mark.parametrize("name", soak.all_calls())
def test_the_calls_are_valid_before_they_are_changed(name):
    draw = {"kind": "call", "call": name, "changes": {}, "tensors": False, "hidden": False}
    draw |= {"given": list(soak.all_calls()[name].arguments), "seed": 0}
    assert soak.check(draw) is None


def test_a_draw_can_be_made_again_and_written_down():
    for kind in ("run", "call"):
        for number in range(200):
            draw = soak.draw_of(kind, SEED, number)
            assert json.loads(json.dumps(draw)) == draw == soak.draw_of(kind, SEED, number)
