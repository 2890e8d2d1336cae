"""Does a limit on the length of the gradient help where the gradient explodes through time?

The game of the chapter Learning by hand on strings of 60 letters, from a start with a gain of 1.8.
Without a limit a run may turn on the last digit of a sum, so single runs say little: count seeds.

Answers: the mean of the last 20 of 250 losses, for learning rates and limits, and of the last 20 of
1,000 for the smallest rate. A network that guesses pays 0.693.
"""

from __future__ import annotations

import numpy as np

from unrolled.experiments.looking_back import train

SEEDS = tuple(range(10))
SETTINGS = [(1.0, 0.5), (1.0, 0.1), (1.0, np.inf), (0.3, np.inf), (0.1, np.inf)]


def column(seed: int) -> dict[str, float]:
    """The loss at the end for each setting, from that seed."""
    found = {}
    for rate, limit in SETTINGS:
        losses = train(seed, rate, limit, updates=250, gain=1.8, units=16, steps=60)[1]
        found[f"rate {rate}, limit {limit}"] = round(float(np.mean(losses[-20:])), 4)
    losses = train(seed, 0.1, np.inf, updates=1000, gain=1.8, units=16, steps=60)[1]
    found["rate 0.1, limit inf, 1000 updates"] = round(float(np.mean(losses[-20:])), 4)
    return found
