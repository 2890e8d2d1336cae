"""One recurrent neuron over two steps: every value beside its arrow, and every gradient."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas
from .grids import number

BACK = "#b5321c"  # gradients; they are also at the other side of the arrow
STEPS = (1.0, 3.35)  # inches: the middles of the two steps
INPUT, SUM, TANH, HIDDEN, LOSS = 0.75, 2.35, 3.35, 4.4, 5.4  # and of what stands in them


def two_steps_back(
    x: Sequence[float] = (1.0, -1.0),
    w_x: float = 0.5,
    w_h: float = 0.8,
    target: float = 1.0,
    backward: bool = True,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a neuron, h_0 = tanh(w_x x_0), h_1 = tanh(w_x x_1 + w_h h_0), L = (h_1 - target)^2 / 2.

    A value is at the left of its arrow, its gradient in red at the right, with a small arrow that
    points back; a product with a weight, which is a term of the sum, is at the head of its arrow. A
    gradient after `w:` is what one use of a weight adds to the gradient of that weight. A long red
    arrow runs back along that of the state.

    Args:
      x: the two inputs (default: 1 and -1).
      w_x, w_h: the weights (default: 0.5 and 0.8).
      target: what h_1 should be (default: 1).
      backward: write the gradients (default: True).

    Raises:
      ValueError: x does not hold two numbers.
    """
    if len(x) != 2:
        raise ValueError(f"x has {len(x)} entries; give 2, one for each step.")
    z_0 = w_x * x[0]
    h_0 = float(np.tanh(z_0))
    z_1 = w_x * x[1] + w_h * h_0
    h_1 = float(np.tanh(z_1))
    d_h1 = h_1 - target
    d_z1 = d_h1 * (1 - h_1**2)
    d_h0 = d_z1 * w_h
    d_z0 = d_h0 * (1 - h_0**2)

    canvas = Canvas(style.WIDTH, LOSS + 0.35, ax)

    def back(left: float, y: float, value: float, weight: str = "") -> None:
        if not backward:
            return
        if not weight:  # it travels on: a small arrow says where to
            canvas.arrow((left, y + 0.2), (left, y - 0.2), colour=BACK)
            left += 0.09
        words = weight + number(value)
        canvas.text(left, y, words, align="left", colour=BACK, weight="bold")

    columns = ((x[0], z_0, d_z0, h_0, d_h0), (x[1], z_1, d_z1, h_1, d_h1))
    for step, (at, (x_t, z, d_z, h, d_h)) in enumerate(zip(STEPS, columns, strict=True)):
        left, right = at - 0.12, at + 0.12
        canvas.text(at, 0.25, f"step {step}", weight="bold")
        canvas.square(at, INPUT, 0.5, f"$x_{step}$")
        canvas.arrow((at, INPUT + 0.27), (at, SUM - 0.32))
        canvas.text(left, INPUT + 0.42, number(x_t), align="right")
        canvas.text(left, INPUT + 0.77, r"$\times w_x$", align="right")
        back(right, INPUT + 0.77, d_z * x_t, "w: ")
        canvas.text(left, SUM - 0.48, number(w_x * x_t), align="right")
        canvas.circle(at, SUM, 0.28, r"$\Sigma$", colours=style.CELL)
        canvas.arrow((at, SUM + 0.3), (at, TANH - 0.27))
        canvas.text(left, (SUM + TANH) / 2 + 0.03, number(z), align="right")
        back(right, (SUM + TANH) / 2 + 0.03, d_z)
        canvas.box(at, TANH, 0.68, 0.5, "tanh", size=style.TEXT)
        canvas.arrow((at, TANH + 0.27), (at, HIDDEN - 0.3))
        canvas.text(left, (TANH + HIDDEN) / 2, number(h), align="right")
        back(right, (TANH + HIDDEN) / 2, d_h)
        canvas.circle(at, HIDDEN, 0.28, f"$h_{step}$")

    first, last = STEPS
    turn = first + 0.98
    path = [(first + 0.3, HIDDEN), (turn, HIDDEN), (turn, SUM), (last - 0.3, SUM)]
    canvas.arrow(*path, line=STATE)
    canvas.text(turn + 0.1, TANH + 0.3, r"$\times w_h$", align="left")
    back(turn + 0.1, TANH - 0.05, d_z1 * h_0, "w: ")
    canvas.text(turn + 0.1, SUM + 0.2, number(w_h * h_0), align="left")
    if backward:
        beside = 0.14  # inches between the arrow of the state and the one that runs back
        path = [
            (last - 0.42, SUM - beside),
            (turn - beside, SUM - beside),
            (turn - beside, HIDDEN - beside),
            (first + 0.34, HIDDEN - beside),
        ]
        canvas.arrow(*path, colour=BACK)
        canvas.text(turn, SUM - 0.33, number(d_z1), align="left", colour=BACK, weight="bold")
    canvas.arrow((last, HIDDEN + 0.3), (last, LOSS - 0.26))
    words = f"L = {number((h_1 - target) ** 2 / 2)}"
    canvas.box(last, LOSS, 1.2, 0.48, words, colours=style.OTHER, size=style.TEXT)
    return canvas.done()
