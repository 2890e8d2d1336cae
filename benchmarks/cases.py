"""The networks that are measured, and the data and starting weights that all contestants share.

A network is one or more layers of one cell, a linear layer on the top layer's last output [B, U],
and the softmax cross entropy of its 10 scores; `train` is one step of Adam on it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unrolled.timings import Case

CASES = {
    "mnist1": Case("basic", layers=1, U=31, B=128, T=28, D=28),
    "mnist3": Case("basic", layers=3, U=31, B=128, T=28, D=28),
    "gru3": Case("gru", layers=3, U=200, B=64, T=100, D=28),
}
CLASSES = 10
LEARNING_RATE = 1e-3
EPSILON = 1e-8  # Adam's; the frameworks' own defaults differ


class Weights(NamedTuple):
    """Starting weights. A layer's have the names and the order of the package's cells."""

    layers: list[dict[str, np.ndarray]]
    kernel: np.ndarray  # [U, 10]
    bias: np.ndarray  # [10]


def data(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Inputs [B, T, D] and labels [B]."""
    random = np.random.default_rng(0)
    inputs = random.normal(size=(case.B, case.T, case.D)).astype(np.float32)
    return inputs, random.integers(0, CLASSES, case.B).astype(np.int32)


def weights(case: Case) -> Weights:
    """The same for everybody: Glorot's kernels, and biases that are not zero."""
    random = np.random.default_rng(1)

    def kernel(rows: int, columns: int) -> np.ndarray:
        limit = np.sqrt(6 / (rows + columns))
        return random.uniform(-limit, limit, (rows, columns)).astype(np.float32)

    def bias(units: int) -> np.ndarray:
        return random.uniform(-0.1, 0.1, units).astype(np.float32)

    layers = []
    depth, units = case.D, case.U
    for _ in range(case.layers):
        if case.kind == "basic":
            layer = {"kernel": kernel(depth + units, units), "bias": bias(units)}
        else:
            layer = {
                "gate_kernel": kernel(depth + units, 2 * units),
                "gate_bias": 1 + bias(2 * units),
                "candidate_kernel": kernel(depth + units, units),
                "candidate_bias": bias(units),
            }
        layers.append(layer)
        depth = units
    return Weights(layers, kernel(units, CLASSES), bias(CLASSES))


def loss_of(logits: np.ndarray, labels: np.ndarray) -> float:
    """The mean cross entropy of logits [B, 10], so that a forward run can be checked too."""
    logits = np.asarray(logits, np.float64)
    highest = logits.max(axis=1)
    log_sum = np.log(np.exp(logits - highest[:, None]).sum(axis=1)) + highest
    return float(np.mean(log_sum - logits[np.arange(len(labels)), labels]))
