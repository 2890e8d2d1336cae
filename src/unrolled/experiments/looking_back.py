"""What decides whether a basic cell learns to name the letter of some steps ago?

The game of the chapter Learning by hand: the network reads A or B and names the letter that it
read `back` steps before. A basic cell of 16 or 48 units, trained by plain gradient descent.

Answers: the accuracy at a distance of 20 steps, for numbers of units, gains of the start and
limits on the length of the gradient.
"""

from __future__ import annotations

import numpy as np

from unrolled import reference
from unrolled.reference import Parameters

SEEDS = (0, 1, 2)
FAR = [(units, gain, limit) for limit in (0.5, 0.1) for gain in (0.7, 1.2) for units in (16, 48)]


def column(seed: int) -> dict[str, float]:
    """The accuracy of each setting, from that seed."""
    found = {}
    for units, gain, limit in FAR:
        params, _ = train(seed, 1.0, limit, 400, gain, units, back=20)
        found[f"{units} units, gain {gain}, limit {limit}"] = round(accuracy(params, 20), 3)
    return found


def letters(
    rng: np.random.Generator, batch: int = 32, back: int = 6, steps: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs [B, T, 2], targets [B, T] and weights [B, T] of one batch of the game."""
    steps = back + 12 if steps is None else steps
    read = rng.integers(0, 2, (batch, steps))
    weights = np.ones((batch, steps))
    weights[:, :back] = 0
    return np.eye(2)[read], np.roll(read, back, axis=1), weights


def first_weights(rng: np.random.Generator, gain: float, units: int) -> Parameters:
    """A start whose recurrent matrix is `gain` times an orthogonal one."""
    orthogonal = np.linalg.qr(rng.normal(size=(units, units)))[0]
    return Parameters(
        np.concatenate([0.5 * rng.normal(size=(2, units)), gain * orthogonal]),
        np.zeros(units),
        0.1 * rng.normal(size=(units, 2)),
        np.zeros(2),
    )


def train(
    seed: int, rate: float, limit: float, updates: int, gain: float, units: int, **game: int
) -> tuple[Parameters, list[float]]:
    """The weights after so many updates, and the loss before each."""
    rng = np.random.default_rng(seed)
    params, losses = first_weights(rng, gain, units), []
    for _ in range(updates):
        inputs, targets, weights = letters(rng, **game)
        loss, back = reference.loss_and_gradients(inputs, targets, params, weights)
        length = np.sqrt(sum((slopes**2).sum() for slopes in back.parameters))
        step = rate * min(1.0, limit / length)
        pairs = zip(params, back.parameters, strict=True)
        params = Parameters(*(weight - step * slopes for weight, slopes in pairs))
        losses.append(loss)
    return params, losses


def accuracy(params: Parameters, back: int) -> float:
    """The share of right answers on 500 fresh strings."""
    inputs, targets, weights = letters(np.random.default_rng(99), 500, back)
    states = reference.forward(inputs, params.kernel, params.bias)[:, 1:]
    logits = states @ params.output_kernel + params.output_bias
    right = logits.argmax(axis=-1) == targets
    return float((right * weights).sum() / weights.sum())
