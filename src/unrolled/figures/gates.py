"""The inside of a cell: its layers, its pointwise operations and the paths of its state."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas

TALL = 0.46
SIGMA = r"$\sigma$"
TIMES = "\N{MULTIPLICATION SIGN}"


def _gate(canvas: Canvas, x: float, y: float, label: str, name: str = "") -> None:
    """Draw a layer of the cell; its letter stands at the left of what leaves it."""
    canvas.box(x, y, 0.72, TALL, label, rounding=0.06)
    if name:
        canvas.text(x - 0.11, y + 0.4, f"${name}$", align="right")


def _operation(canvas: Canvas, x: float, y: float, sign: str) -> None:
    canvas.circle(x, y, 0.19, sign, colours=style.PLAIN, size=15)


def _frame(canvas: Canvas, left: float, right: float, low: float, high: float) -> None:
    canvas.box(
        (left + right) / 2,
        (low + high) / 2,
        right - left,
        high - low,
        colours=("#f7f8f9", style.RULE),
        rounding=0.25,
    ).set_zorder(0)


def _key(canvas: Canvas, x: float) -> None:
    canvas.box(x + 0.18, 0.28, 0.36, 0.24, rounding=0.05)
    canvas.text(x + 0.46, 0.28, "layer with weights", style.SMALL, align="left")
    canvas.circle(x + 2.4, 0.28, 0.13, colours=style.PLAIN)
    canvas.text(x + 2.63, 0.28, "pointwise, no weights", style.SMALL, align="left")


def cell_diagram(kind: str, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw one step of a cell; the gates have the letters of their kernel's column blocks.

    Args:
      kind: 'basic', 'lstm' (i, j, f, o) or 'gru' (r, u).

    Raises:
      ValueError: `kind` is none of these.
    """
    kinds = {"basic": _basic, "lstm": _lstm, "gru": _gru}
    if kind not in kinds:
        raise ValueError(f"kind is {kind!r}; give one of {', '.join(map(repr, kinds))}.")
    return kinds[kind](ax).done()


def _basic(ax: Axes | None) -> Canvas:
    canvas = Canvas(5.4, 3.9, ax)
    middle = 2.0
    _frame(canvas, 1.1, 4.3, 1.25, 2.75)
    canvas.text(0.5, middle, "$h_{t-1}$", style.LABEL)
    canvas.arrow((0.85, middle), (2.33, middle), line=STATE)
    canvas.square(1.6, 0.75, 0.5, "$x_t$")
    canvas.arrow((1.6, 1.02), (1.6, middle), (2.1, middle), head=False)
    _gate(canvas, 2.75, middle, "tanh")
    canvas.arrow((3.13, middle), (4.6, middle), line=STATE)
    canvas.text(4.87, middle, "$h_t$", style.LABEL)
    canvas.dot(3.75, middle)
    canvas.arrow((3.75, middle), (3.75, 3.03))
    canvas.circle(3.75, 3.33, 0.28, "$y_t$")
    _key(canvas, 0.35)
    return canvas


def _lstm(ax: Axes | None) -> Canvas:
    canvas = Canvas(7.2, 5.2, ax)
    conveyor, low, gates = 3.6, 1.5, 2.05
    f, i, j, o, end, out = 1.9, 2.8, 3.7, 4.6, 5.45, 5.96
    _frame(canvas, 1.0, 6.2, 1.2, 4.0)
    canvas.text(0.47, conveyor, "$c_{t-1}$", style.LABEL)
    canvas.text(0.47, low, "$h_{t-1}$", style.LABEL)
    canvas.text(6.8, conveyor, "$c_t$", style.LABEL)
    canvas.text(6.8, low, "$h_t$", style.LABEL)

    # what the four layers see: the input joins the old h
    canvas.square(1.3, 0.75, 0.5, "$x_t$")
    canvas.arrow((1.3, 1.02), (1.3, low), (1.6, low), head=False)
    canvas.arrow((0.82, low), (1.35, low), line=STATE, head=False)
    canvas.arrow((1.35, low), (o, low), (o, gates - 0.25))
    for x in (f, i, j):
        canvas.arrow((x, low), (x, gates - 0.25))
        canvas.dot(x, low)
    for x, sign, letter in ((f, SIGMA, "f"), (i, SIGMA, "i"), (j, "tanh", "j"), (o, SIGMA, "o")):
        _gate(canvas, x, gates, sign, letter)

    # the path of c: forget some of the old, add some of the new
    canvas.arrow((0.82, conveyor), (f - 0.2, conveyor), line=STATE)
    canvas.arrow((f + 0.2, conveyor), (j - 0.2, conveyor), line=STATE)
    canvas.arrow((j + 0.2, conveyor), (6.55, conveyor), line=STATE)
    canvas.arrow((f, gates + 0.24), (f, conveyor - 0.21))
    canvas.arrow((i, gates + 0.24), (i, 2.9), (j - 0.21, 2.9))
    canvas.arrow((j, gates + 0.24), (j, 2.69))
    canvas.arrow((j, 3.1), (j, conveyor - 0.21))
    _operation(canvas, f, conveyor, TIMES)
    _operation(canvas, j, 2.9, TIMES)
    _operation(canvas, j, conveyor, "+")

    # the path of h: a squashed c, as much of it as o lets through
    canvas.dot(end, conveyor)
    canvas.arrow((end, conveyor), (end, 3.31))
    canvas.box(end, 3.1, 0.7, 0.38, "tanh", colours=style.PLAIN, rounding=0.18, size=13)
    canvas.arrow((end, 2.9), (end, 2.66))
    canvas.arrow((o, gates + 0.24), (o, 2.45), (end - 0.21, 2.45))
    _operation(canvas, end, 2.45, TIMES)
    canvas.arrow((end, 2.25), (end, low), (6.55, low), line=STATE)
    canvas.dot(out, low)
    canvas.arrow((out, low), (out, conveyor + 0.15), head=False, bridge=True)
    canvas.arrow((out, conveyor + 0.15), (out, 4.3))
    canvas.circle(out, 4.62, 0.29, "$y_t$")
    _key(canvas, 1.3)
    return canvas


def _gru(ax: Axes | None) -> Canvas:
    canvas = Canvas(7.2, 5.45, ax)
    path, low, gates, turn = 3.9, 1.55, 2.1, 3.3
    r, u, candidate, out = 2.2, 3.15, 4.75, 5.7
    _frame(canvas, 1.0, 6.2, 1.0, 4.25)
    canvas.text(0.47, path, "$h_{t-1}$", style.LABEL)
    canvas.text(6.8, path, "$h_t$", style.LABEL)

    # what the gates see: the input joins the old h; the candidate sees the input by itself
    canvas.square(1.35, 0.6, 0.5, "$x_t$")
    canvas.arrow((1.35, 0.87), (1.35, low), (1.65, low), head=False)
    canvas.arrow((1.35, path), (1.35, low), (1.65, low), head=False)
    canvas.arrow((1.5, low), (u, low), (u, gates - 0.25))
    canvas.arrow((r, low), (r, gates - 0.25))
    canvas.arrow((1.35, 1.2), (candidate, 1.2), (candidate, gates - 0.25))
    for x, y in ((1.35, 1.2), (1.35, path), (r, low), (r, path), (u, turn), (out, path)):
        canvas.dot(x, y)
    for x, sign, letter in ((r, SIGMA, "r"), (u, SIGMA, "u"), (candidate, "tanh", "")):
        _gate(canvas, x, gates, sign, letter)

    # the candidate: r says how much of the old h it sees
    canvas.arrow((r, path), (r, 3.06))
    canvas.arrow((r, gates + 0.24), (r, 2.64))
    _operation(canvas, r, 2.85, TIMES)
    canvas.arrow((u, gates + 0.24), (u, path - 0.21))
    canvas.arrow(
        (r + 0.2, 2.85), (3.95, 2.85), (3.95, gates), (candidate - 0.38, gates), bridge=True
    )

    # the path of h: u of the old, 1 - u of the candidate
    canvas.arrow((0.82, path), (u - 0.2, path), line=STATE)
    canvas.arrow((u + 0.2, path), (candidate - 0.2, path), line=STATE)
    canvas.arrow((candidate + 0.2, path), (6.55, path), line=STATE)
    canvas.arrow((u, turn), (3.95 - 0.25, turn))
    canvas.arrow((3.95 + 0.25, turn), (candidate - 0.21, turn))
    canvas.arrow((candidate, gates + 0.24), (candidate, turn - 0.21))
    canvas.arrow((candidate, turn + 0.2), (candidate, path - 0.21))
    _operation(canvas, u, path, TIMES)
    canvas.circle(3.95, turn, 0.23, "1\N{MINUS SIGN}", colours=style.PLAIN, size=12)
    _operation(canvas, candidate, turn, TIMES)
    _operation(canvas, candidate, path, "+")
    canvas.arrow((out, path), (out, 4.53))
    canvas.circle(out, 4.85, 0.29, "$y_t$")
    _key(canvas, 2.2)
    return canvas
