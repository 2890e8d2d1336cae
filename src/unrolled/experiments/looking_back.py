"""What decides whether a basic cell learns to name the letter of some steps ago?

The game of the chapter Learning by hand: the network reads A or B and names the letter that it
read `back` steps before. A basic cell of 16 or 48 units, trained by plain gradient descent.

Answers: the accuracy at a distance of 20 steps, for numbers of units, gains of the start and
limits on the length of the gradient; and what 16 units reach with more updates.

The functions below are those of Learning by hand, for the chapter that goes on with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from unrolled import reference
from unrolled.reference import Parameters

SEEDS = (0, 1, 2)
FAR = [(units, gain, limit) for limit in (0.5, 0.1) for gain in (0.7, 1.2) for units in (16, 48)]


def column(seed: int) -> dict[str, float]:
    """The accuracy of each setting, from that seed."""
    found = {}
    for units, gain, limit in FAR:
        params = train(seed, 1.0, limit, 400, gain, units, back=20)[0]
        found[f"{units} units, gain {gain}, limit {limit}"] = round(accuracy(params, 20), 3)
    params = train(seed, 1.0, 0.1, 2500, gain=1.2, units=16, back=20)[0]
    found["16 units, gain 1.2, limit 0.1, 2500 updates"] = round(accuracy(params, 20), 3)
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


def first_weights(rng: np.random.Generator, gain: float = 0.7, units: int = 16) -> Parameters:
    """A start whose recurrent matrix is `gain` times an orthogonal one."""
    orthogonal = np.linalg.qr(rng.normal(size=(units, units)))[0]
    return Parameters(
        np.concatenate([0.5 * rng.normal(size=(2, units)), gain * orthogonal]),
        np.zeros(units),
        0.1 * rng.normal(size=(units, 2)),
        np.zeros(2),
    )


def forward(inputs: np.ndarray, params: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """All states [B, T + 1, U], the initial one first, and the logits [B, T, 2]."""
    states = reference.forward(inputs, params.kernel, params.bias)
    return states, states[:, 1:] @ params.output_kernel + params.output_bias


def through_time(
    inputs: np.ndarray, targets: np.ndarray, params: Parameters, weights: np.ndarray
) -> tuple[float, Parameters]:
    """The loss and its gradient, by backpropagation through time."""
    loss, back = reference.loss_and_gradients(inputs, targets, params, weights)
    return loss, back.parameters


def length(slopes: Parameters) -> float:
    """The length of the whole gradient, all weights together."""
    return float(np.sqrt(sum((array**2).sum() for array in slopes)))


def train(
    seed: int,
    rate: float = 1.0,
    limit: float = np.inf,
    updates: int = 400,
    gain: float = 0.7,
    units: int = 16,
    find_gradient: Callable[..., tuple[float, Parameters]] = through_time,
    **game: int,
) -> tuple[Parameters, np.ndarray, np.ndarray]:
    """The weights after so many updates; the loss and the length of the gradient before each."""
    rng = np.random.default_rng(seed)
    params, losses, lengths = first_weights(rng, gain, units), [], []
    for _ in range(updates):
        inputs, targets, weights = letters(rng, **game)
        loss, slopes = find_gradient(inputs, targets, params, weights)
        norm = length(slopes)
        step = rate * min(1.0, limit / norm)
        pairs = zip(params, slopes, strict=True)
        params = Parameters(*(weight - step * slope for weight, slope in pairs))
        losses.append(loss)
        lengths.append(norm)
    return params, np.array(losses), np.array(lengths)


def accuracy(params: Parameters, back: int = 6) -> float:
    """The share of right answers on 500 fresh strings."""
    inputs, targets, weights = letters(np.random.default_rng(99), 500, back)
    right = forward(inputs, params)[1].argmax(axis=-1) == targets
    return float((right * weights).sum() / weights.sum())


def probe(params: Parameters, agos: Iterable[int], steps: int = 32) -> np.ndarray:
    """For each of `agos`, the share of the letters of so many steps ago that a probe reads right.

    The probe is a new output layer for the state, fitted by least squares to 200 strings of `steps`
    letters and judged on 200 others, each time by the last 20 states.
    """
    inputs = letters(np.random.default_rng(7), 400, steps=steps)[0]
    states = forward(inputs, params)[0][:, -20:]  # [B, 20, U]
    states = np.concatenate([states, np.ones((400, 20, 1))], axis=2)  # [B, 20, U+1]
    windows = [inputs[:, steps - 20 - ago : steps - ago, 1] for ago in agos]
    read = np.stack(windows, axis=2) - 0.5  # [B, 20, K]: above 0 for B
    weights = np.linalg.lstsq(np.concatenate(states[:200]), np.concatenate(read[:200]), None)[0]
    right: np.ndarray = (states[200:] @ weights > 0) == (read[200:] > 0)
    return right.mean(axis=(0, 1))
