"""Train the network of the front page's figure: it reads h, e, l, l, o and answers e, l, l, o, !.

    python tools/touch_weights.py

Writes _touch/touch-weights.js. A basic cell and an output layer, trained with `unrolled.reference`
on that one word; the weights are rounded, so that a reader can see all of their digits.
"""

from __future__ import annotations

import json

import numpy as np
from notebooks import ROOT

from unrolled import reference
from unrolled.reference import Parameters

LETTERS, ANSWERS = "helo", "helo!"
WORD, NEXT = "hello", "ello!"
UNITS, UPDATES, RATE, DECAY = 3, 2000, 0.05, 0.002
FILE = ROOT / "_touch" / "touch-weights.js"


def train(seed: int = 0) -> Parameters:
    """Plain gradient descent; a little decay keeps the weights small enough for a slider."""
    rng = np.random.default_rng(seed)
    depth, classes = len(LETTERS), len(ANSWERS)
    weights = [
        rng.normal(size=(depth + UNITS, UNITS)) / 2,
        np.zeros(UNITS),
        rng.normal(size=(UNITS, classes)) / 2,
        np.zeros(classes),
    ]
    inputs = np.eye(depth)[[LETTERS.index(letter) for letter in WORD]][None]  # [1, T, D]
    targets = np.array([[ANSWERS.index(letter) for letter in NEXT]])  # [1, T]
    for _ in range(UPDATES):
        _, back = reference.loss_and_gradients(inputs, targets, Parameters(*weights))
        for weight, gradient in zip(weights, back.parameters, strict=True):
            weight -= RATE * len(WORD) * (gradient + DECAY * weight)
    return Parameters(*(np.round(weight, 1) + 0.0 for weight in weights))


def script(weights: Parameters) -> str:
    """The weights as the script that the figure loads."""
    depth = len(LETTERS)
    parts = {
        "wx": weights.kernel[:depth],
        "wh": weights.kernel[depth:],
        "b": weights.bias,
        "wy": weights.output_kernel,
        "by": weights.output_bias,
    }
    lines = "".join(f"  {name}: {json.dumps(part.tolist())},\n" for name, part in parts.items())
    return (
        "/* Made by tools/touch_weights.py: a basic cell that was trained on hello! alone. */\n"
        f"(globalThis.unrolledTouch ??= {{}}).hello = {{\n{lines}}};\n"
    )


def main() -> None:
    FILE.write_text(script(train()), encoding="utf-8")


if __name__ == "__main__":
    main()
