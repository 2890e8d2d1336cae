"""The inside of a cell: its layers, its pointwise operations and the paths of its state."""

from __future__ import annotations

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas

TALL = 0.44
WIDE = 0.52
SIGMA = r"$\sigma$"
TIMES = "\N{MULTIPLICATION SIGN}"


def _gate(canvas: Canvas, x: float, y: float, label: str, name: str = "") -> None:
    """Draw a layer of the cell; its letter stands at the left of what leaves it."""
    canvas.box(x, y, WIDE, TALL, label, rounding=0.06, size=style.TEXT)
    if name:
        canvas.text(x - 0.08, y + 0.38, f"${name}$", align="right")


def _operation(canvas: Canvas, x: float, y: float, sign: str) -> None:
    canvas.circle(x, y, 0.17, sign, colours=style.PLAIN, size=14)


def _frame(canvas: Canvas, left: float, right: float, low: float, high: float) -> None:
    canvas.box(
        (left + right) / 2,
        (low + high) / 2,
        right - left,
        high - low,
        colours=("#f7f8f9", style.RULE),
        rounding=0.25,
    ).set_zorder(0)


def _key(canvas: Canvas, *, pointwise: bool = True) -> None:
    y = 0.48 if pointwise else 0.33
    canvas.box(0.5, y, 0.36, 0.22, rounding=0.05)
    canvas.text(0.8, y, "layer with weights", style.SMALL, align="left")
    if not pointwise:
        return
    canvas.circle(0.5, 0.18, 0.11, colours=style.PLAIN)
    canvas.text(0.8, 0.18, "pointwise, no weights", style.SMALL, align="left")


def cell_diagram(kind: str, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw one step of a cell; the gates have the letters of their kernel's column blocks.

    Args:
      kind: 'basic', 'lstm' (i, j, f, o), 'gru' (r, u), 'any': a closed cell, which is handed its
        state in an envelope, or 'opened': the envelope of an LSTM, with c and h in it.

    Raises:
      ValueError: `kind` is none of these.
    """
    kinds = {"any": _any, "opened": _opened, "basic": _basic, "lstm": _lstm, "gru": _gru}
    if kind not in kinds:
        raise ValueError(f"kind is {kind!r}; give one of {', '.join(map(repr, kinds))}.")
    return kinds[kind](ax).done()


def _any(ax: Axes | None) -> Canvas:
    canvas = Canvas(style.WIDTH, 2.9, ax)
    middle, cell = 1.45, style.WIDTH / 2
    canvas.square(cell, 0.37, 0.46, "$x_t$")
    canvas.arrow((cell, 0.62), (cell, middle - 0.33))
    canvas.box(cell, middle, 0.9, 0.6, "cell", size=style.LABEL)
    canvas.arrow((cell, middle + 0.32), (cell, 2.24))
    canvas.circle(cell, 2.52, 0.26, "$y_t$")
    canvas.arrow((0.94, middle), (cell - 0.47, middle), line=STATE)
    canvas.arrow((cell + 0.47, middle), (style.WIDTH - 0.96, middle), line=STATE)
    for x, label in ((0.56, "$s_{t-1}$"), (style.WIDTH - 0.56, "$s_t$")):
        left, right, low, high = x - 0.36, x + 0.36, middle - 0.24, middle + 0.24
        _lines(canvas, (left, low), (left, high), (right, high), (right, low), (left, low))
        _lines(canvas, (left, high), (x, middle - 0.04), (right, high))
        canvas.text(x, high + 0.27, label, style.LABEL)
    return canvas


def _lines(canvas: Canvas, *points: tuple[float, float]) -> None:
    for here, there in pairwise(points):
        canvas.line(here, there, width=1.6, colour=style.INK)


def _opened(ax: Axes | None) -> Canvas:
    """Two cards stand above the edge of an envelope whose flap is up."""
    canvas = Canvas(3.4, 2.1, ax)
    left, right, low, high, top = 0.65, 2.75, 0.15, 1.0, 1.95
    middle = (left + right) / 2
    _lines(canvas, (left, high), (middle, top), (right, high))
    for x, name in ((middle - 0.27, "$c_t$"), (middle + 0.27, "$h_t$")):
        canvas.square(x, high + 0.17, 0.46, name, colours=style.PLAIN)
    front = ("#ffffff", style.INK)
    canvas.box(middle, (low + high) / 2, right - left, high - low, "$s_t$", colours=front)
    return canvas


def _basic(ax: Axes | None) -> Canvas:
    canvas = Canvas(3.9, 3.75, ax)
    middle = 2.15
    _frame(canvas, 0.72, 3.12, 1.5, 2.8)
    canvas.text(0.3, middle, "$h_{t-1}$", style.LABEL)
    canvas.arrow((0.58, middle), (1.62, middle), line=STATE)
    canvas.square(1.1, 1.08, 0.44, "$x_t$")
    canvas.arrow((1.1, 1.32), (1.1, middle), (1.5, middle), head=False)
    _gate(canvas, 1.92, middle, "tanh")
    canvas.arrow((2.2, middle), (3.4, middle), line=STATE)
    canvas.text(3.62, middle, "$h_t$", style.LABEL)
    canvas.dot(2.7, middle)
    canvas.arrow((2.7, middle), (2.7, 3.1))
    canvas.circle(2.7, 3.39, 0.26, "$y_t$")
    _key(canvas, pointwise=False)
    return canvas


def _lstm(ax: Axes | None) -> Canvas:
    canvas = Canvas(style.WIDTH, 5.2, ax)
    conveyor, low, gates = 3.95, 1.8, 2.35
    f, i, j, o, end, out = 1.14, 1.73, 2.32, 2.91, 3.32, 3.7
    _frame(canvas, 0.7, 3.86, 1.5, 4.3)
    canvas.text(0.29, conveyor, "$c_{t-1}$", style.LABEL)
    canvas.text(0.29, low, "$h_{t-1}$", style.LABEL)
    canvas.text(4.24, conveyor, "$c_t$", style.LABEL)
    canvas.text(4.24, low, "$h_t$", style.LABEL)

    # what the four layers see: the input joins the old h
    canvas.square(0.9, 1.08, 0.44, "$x_t$")
    canvas.arrow((0.9, 1.32), (0.9, low), (1.1, low), head=False)
    canvas.arrow((0.57, low), (0.95, low), line=STATE, head=False)
    canvas.arrow((0.95, low), (o, low), (o, gates - 0.24))
    for x in (f, i, j):
        canvas.arrow((x, low), (x, gates - 0.24))
        canvas.dot(x, low)
    for x, sign, letter in ((f, SIGMA, "f"), (i, SIGMA, "i"), (j, "tanh", "j"), (o, SIGMA, "o")):
        _gate(canvas, x, gates, sign, letter)

    # the path of c: forget some of the old, add some of the new
    canvas.arrow((0.57, conveyor), (f - 0.18, conveyor), line=STATE)
    canvas.arrow((f + 0.18, conveyor), (j - 0.18, conveyor), line=STATE)
    canvas.arrow((j + 0.18, conveyor), (4.08, conveyor), line=STATE)
    canvas.arrow((f, gates + 0.23), (f, conveyor - 0.19))
    canvas.arrow((i, gates + 0.23), (i, 3.25), (j - 0.19, 3.25))
    canvas.arrow((j, gates + 0.23), (j, 3.06))
    canvas.arrow((j, 3.43), (j, conveyor - 0.19))
    _operation(canvas, f, conveyor, TIMES)
    _operation(canvas, j, 3.25, TIMES)
    _operation(canvas, j, conveyor, "+")

    # the path of h: a squashed c, as much of it as o lets through
    canvas.dot(end, conveyor)
    canvas.arrow((end, conveyor), (end, 3.69))
    canvas.box(end, 3.5, 0.52, 0.34, "tanh", colours=style.PLAIN, rounding=0.16, size=style.TEXT)
    canvas.arrow((end, 3.32), (end, 2.99))
    canvas.arrow((o, gates + 0.23), (o, 2.8), (end - 0.19, 2.8))
    _operation(canvas, end, 2.8, TIMES)
    canvas.arrow((end, 2.62), (end, low), (4.08, low), line=STATE)
    canvas.dot(out, low)
    canvas.arrow((out, low), (out, conveyor + 0.15), head=False, bridge=True)
    canvas.arrow((out, conveyor + 0.15), (out, 4.55))
    canvas.circle(out, 4.84, 0.26, "$y_t$")
    _key(canvas)
    return canvas


def _gru(ax: Axes | None) -> Canvas:
    canvas = Canvas(style.WIDTH, 5.6, ax)
    path, low, gates, turn = 4.3, 1.95, 2.5, 3.7
    r, u, minus, candidate, out = 1.36, 2.0, 2.55, 3.1, 3.64
    _frame(canvas, 0.7, 3.86, 1.4, 4.65)
    canvas.text(0.29, path, "$h_{t-1}$", style.LABEL)
    canvas.text(4.24, path, "$h_t$", style.LABEL)

    # what the gates see: the input joins the old h; the candidate sees the input by itself
    canvas.square(0.9, 1.0, 0.44, "$x_t$")
    canvas.arrow((0.9, 1.24), (0.9, low), (1.1, low), head=False)
    canvas.arrow((0.9, path), (0.9, low), (1.1, low), head=False)
    canvas.arrow((1.0, low), (u, low), (u, gates - 0.24))
    canvas.arrow((r, low), (r, gates - 0.24))
    canvas.arrow((0.9, 1.6), (candidate, 1.6), (candidate, gates - 0.24))
    for x, y in ((0.9, 1.6), (0.9, path), (r, low), (r, path), (u, turn), (out, path)):
        canvas.dot(x, y)
    for x, sign, letter in ((r, SIGMA, "r"), (u, SIGMA, "u"), (candidate, "tanh", "")):
        _gate(canvas, x, gates, sign, letter)

    # the candidate: r says how much of the old h it sees
    canvas.arrow((r, path), (r, 3.44))
    canvas.arrow((r, gates + 0.23), (r, 3.06))
    _operation(canvas, r, 3.25, TIMES)
    canvas.arrow((u, gates + 0.23), (u, path - 0.19))
    canvas.arrow(
        (r + 0.18, 3.25), (minus, 3.25), (minus, gates), (candidate - 0.28, gates), bridge=True
    )

    # the path of h: u of the old, 1 - u of the candidate
    canvas.arrow((0.57, path), (u - 0.18, path), line=STATE)
    canvas.arrow((u + 0.18, path), (candidate - 0.18, path), line=STATE)
    canvas.arrow((candidate + 0.18, path), (4.08, path), line=STATE)
    canvas.arrow((u, turn), (minus - 0.23, turn))
    canvas.arrow((minus + 0.23, turn), (candidate - 0.19, turn))
    canvas.arrow((candidate, gates + 0.23), (candidate, turn - 0.19))
    canvas.arrow((candidate, turn + 0.18), (candidate, path - 0.19))
    _operation(canvas, u, path, TIMES)
    canvas.circle(minus, turn, 0.21, "1\N{MINUS SIGN}", colours=style.PLAIN, size=11)
    _operation(canvas, candidate, turn, TIMES)
    _operation(canvas, candidate, path, "+")
    canvas.arrow((out, path), (out, 4.9))
    canvas.circle(out, 5.19, 0.26, "$y_t$")
    _key(canvas)
    return canvas
