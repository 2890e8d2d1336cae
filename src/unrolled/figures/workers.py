"""One batch for several workers: shares that meet in a sum, and a ring that adds them."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import Canvas

TURNS = {  # the three slices of workers 0, 1 and 2, and which slice each of them sends next
    "at the start": ("a b c", "a b c", "a b c", (0, 1, 2)),
    "after round 1": ("a a+b c", "a b b+c", "c+a b c", (2, 0, 1)),
    "after round 2": ("a a+b sum", "sum b b+c", "c+a sum c", (1, 2, 0)),
    "after round 4": ("sum sum sum", "sum sum sum", "sum sum sum", ()),
}


def shares(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw a batch in two parts: a worker for each, its share of the gradient, and the sum."""
    canvas = Canvas(style.WIDTH, 4.9, ax)
    canvas.text(2.2, 4.65, "one batch, B rows", 14)
    for row in range(8):
        canvas.tile(
            0.6 + 0.4 * row,
            4.05,
            0.4,
            0.34,
            colours=style.INPUT if row < 4 else style.OUTPUT,
            hatched=row > 3,
        )
    for number, x in enumerate((1.2, 3.2)):
        canvas.arrow((x, 4.0), (x, 3.42))
        canvas.box(x, 3.1, 1.4, 0.6, f"worker {number}", size=14)
        canvas.arrow((x, 2.78), (x, 2.27))
        canvas.box(x, 2.0, 1.4, 0.5, "its share", colours=style.OTHER, size=14)
        canvas.arrow((x, 1.73), (x + (2.2 - x) * 0.62, 1.28))
        outside = 0.2 if x < 2 else 4.2
        canvas.arrow(
            (2.2 + (x - 2.2) * 0.34, 1.03),
            (outside, 1.03),
            (outside, 3.1),
            (x + (outside - x) * 0.72, 3.1),
            dashed=True,
        )
    canvas.circle(2.2, 1.03, 0.3, "+", size=18)
    canvas.text(2.2, 0.45, "the sum goes back to both,", 13)
    canvas.text(2.2, 0.2, "and both take the same step", 13)
    return canvas.done()


def ring(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw how three workers in a ring add what they hold, slice by slice, and hand it round."""
    canvas = Canvas(style.WIDTH, 6.3, ax)
    wide, tall, pitch, first = 0.78, 0.32, 1.2, 0.62
    for number in range(3):
        canvas.text(first + wide / 2 + pitch * number, 6.1, f"worker {number}", style.TEXT)
    for y, (name, (*slices, sends)) in zip((4.65, 3.12, 1.59, 0.06), TURNS.items(), strict=True):
        canvas.text(0.1, y + 3 * tall + 0.16, name, style.SMALL, align="left", weight="bold")
        for row, held in enumerate(slices):
            for column, word in enumerate(str(held).split()):
                colours = style.OUTPUT if word == "sum" else style.INPUT
                left, low = first + pitch * column, y + tall * (2 - row)
                canvas.tile(left, low, wide, tall, word, size=style.SMALL, colours=colours)
        for column, row in enumerate(sends):
            height = y + tall * (2.5 - int(row))
            right = first + pitch * column + wide + 0.03
            canvas.arrow((right, height), (right + pitch - wide - 0.06, height))
            if column == 2:  # what leaves the last worker comes to the first
                canvas.arrow((first - 0.36, height), (first - 0.03, height))
    return canvas.done()
