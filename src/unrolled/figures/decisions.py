"""Questions with yes and no: what to do first, from the top down."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import Canvas, count, fit

ASKS, ANSWERS = 1.86, 1.86  # inches: the width of a question, and of what a yes leads to
TALL = 0.62
STEP = 1.06  # from a question to the next one


def questions(asked: Mapping[str, str], otherwise: str, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw questions below one another: each yes leads to the right, each no to the next question.

    Args:
      asked: from 1 to 6 questions, with what to do when the answer is yes; of one line or two.
      otherwise: what to do when all answers are no.

    Raises:
      ValueError: there are too few or too many, or a text does not fit.
    """
    count("the length of asked", len(asked), 1, 6)
    canvas = Canvas(style.WIDTH, 0.85 + STEP * len(asked), ax)
    left, right = 0.08 + ASKS / 2, style.WIDTH - 0.08 - ANSWERS / 2
    y = canvas.height - 0.42
    for question, answer in asked.items():
        _box(canvas, left, y, ASKS, question, style.PLAIN)
        _box(canvas, right, y, ANSWERS, answer, style.OUTPUT)
        canvas.arrow((left + ASKS / 2 + 0.02, y), (right - ANSWERS / 2 - 0.03, y))
        middle = (left + ASKS / 2 + right - ANSWERS / 2) / 2
        canvas.text(middle, y + 0.17, "yes", style.SMALL)
        below = y - STEP
        canvas.arrow((left, y - TALL / 2 - 0.02), (left, below + TALL / 2 + 0.03))
        canvas.text(left + 0.1, y - STEP / 2, "no", style.SMALL, align="left")
        y = below
    _box(canvas, left, y, ASKS, otherwise, style.CELL)
    return canvas.done()


def _box(
    canvas: Canvas, x: float, y: float, wide: float, text: str, colours: tuple[str, str]
) -> None:
    size = min(fit(line, wide - 0.14, style.TEXT) for line in text.split("\n"))
    canvas.box(x, y, wide, TALL, text, colours=colours, size=size)
