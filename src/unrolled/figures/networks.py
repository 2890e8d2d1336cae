"""Whole programs: inputs below, layers of cells, the head above, what comes out at the top."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, fit, labels, text_width
from .chains import DOTS

LEFT = 1.02  # inches for the names of the rows
ROW = 0.74  # from the middle of a row to the middle of the next
TALL = 0.42
MOST = 5  # columns
CELL = 0.54  # of a column


def network(
    inputs: Sequence[Any],
    cell: str = "basic",
    layers: int = 1,
    head: str = "",
    outputs: Sequence[Any] | None = None,
    dropout: bool = False,
    *,
    names: tuple[str, str] = ("inputs", "outputs"),
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a network as a program builds it: every row of the picture is a line of the program.

    Args:
      inputs: up to 5 short strings, one for each step; None draws dots for steps left out.
      cell: the name of the rows of cells (default: "basic").
      layers: from 1 to 3 (default: 1).
      head: the name of a layer above the cells, such as "dense" (default: none).
      outputs: as many strings; where one is None or '', nothing leaves (default: y with the number
        of the column).
      dropout: dash the arrows that leave a layer, where values are dropped (default: False).
      names: of the lowest row and of the uppermost (default: "inputs" and "outputs").

    Raises:
      TypeError: `layers` is not a whole number.
      ValueError: `layers` is out of its range, there are too many columns, the lists differ in
        length, or a string does not fit.
    """
    count("layers", layers, 1, 3)
    count("the length of inputs", len(inputs), 1, MOST)
    above = labels("outputs", outputs, len(inputs))
    if above is None:
        above = [f"$y_{{{step}}}$" for step in range(len(inputs))]
    rows = layers + 2 + bool(head)
    pitch = min(1.0, (style.WIDTH - LEFT - 0.2) / len(inputs))
    width = LEFT + max(pitch * len(inputs), 1.5 if dropout else 0.0) + 0.2
    canvas = Canvas(width, 0.7 + ROW * (rows - 1) + (0.36 if dropout else 0.0), ax)
    wide = 0.84 * pitch
    low = 0.35 + (0.36 if dropout else 0.0)
    heights = [low + ROW * index for index in range(rows)]
    middles = heights[1 : layers + 1]
    captions = [names[0], *_row_names(cell, layers), *([head] if head else []), names[1]]
    for caption, y in zip(captions, heights, strict=True):
        size = fit(caption, LEFT - 0.3, style.TEXT)
        canvas.text(0.08, y, caption, size, align="left")

    places = [LEFT + pitch * (column + 0.5) for column in range(len(inputs))]
    for column, x in enumerate(places):
        gap = inputs[column] is None
        if gap:
            for y in [heights[0], *middles]:
                canvas.text(x, y, DOTS, 18)
        else:
            _label(canvas, x, low, wide, str(inputs[column]), style.INPUT, 0.07)
            for y in middles:
                canvas.box(x, y, CELL * pitch, TALL)
            for row, y in enumerate(heights[:layers]):
                _up(canvas, x, y, dropout and row > 0)
        if above[column] and not gap:
            _up(canvas, x, heights[layers], dropout)
            if head:
                canvas.box(x, heights[-2], wide, TALL, colours=style.OTHER)
                _up(canvas, x, heights[-2], False)
            _label(canvas, x, heights[-1], wide, above[column], style.OUTPUT, TALL / 2)
        elif gap and any(above[column + 1 :]) and any(above[:column]):
            for y in heights[layers + 1 :]:
                canvas.text(x, y, DOTS, 18)
        for y in middles:
            end = x - _half(inputs[column], pitch)
            before = places[column - 1] + _half(inputs[column - 1], pitch) if column else end - 0.24
            canvas.arrow((before, y), (end, y), line=STATE)
    if dropout:
        canvas.arrow((LEFT, 0.2), (LEFT + 0.6, 0.2), dashed=True)
        canvas.text(LEFT + 0.72, 0.2, "dropout", style.TEXT, align="left")
    return canvas.done()


KINDS = {
    "input": style.INPUT,
    "cell": style.CELL,
    "dense": style.OTHER,
    "shape": style.PLAIN,
    "output": style.OUTPUT,
}


def calls(
    chain: Sequence[tuple[str, Sequence[int | None], str, str]], *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw calls one below the other, each beside the shape of what it returns.

    Args:
      chain: from 2 to 10 calls: a name, a shape, the letters of its axes, and a kind: "input",
        "cell", "dense", "shape" for a call that only arranges anew, "output".

    Raises:
      ValueError: there are too few or too many calls, a kind is not one of these, or a name does
        not fit.
    """
    count("the length of chain", len(chain), 2, 10)
    pitch, wide, x = 0.66, 1.75, 0.975
    canvas = Canvas(style.WIDTH, pitch * (len(chain) - 1) + TALL + 0.2, ax)
    for index, (name, shape, letters, kind) in enumerate(chain):
        if kind not in KINDS:
            raise ValueError(f"kind is {kind!r}; give one of {', '.join(KINDS)}.")
        y = canvas.height - 0.1 - TALL / 2 - pitch * index
        rounding = {"input": 0.07, "output": TALL / 2}.get(kind, 0.12)
        canvas.box(x, y, wide, TALL, name, colours=KINDS[kind], size=style.TEXT, rounding=rounding)
        sizes = ", ".join("?" if size is None else str(size) for size in shape)
        canvas.text(2.0, y, f"[{sizes}]", align="left")
        canvas.text(3.05, y, f"[{letters}]", align="left", colour=style.MUTED)
        if index:
            canvas.arrow((x, y + pitch - TALL / 2 - 0.02), (x, y + TALL / 2 + 0.03))
    return canvas.done()


def _row_names(cell: str, layers: int) -> list[str]:
    return [cell] if layers == 1 else [f"{cell} {layer}" for layer in range(layers)]


def _up(canvas: Canvas, x: float, y: float, dashed: bool) -> None:
    """Draw the arrow from the row at `y` to the next one."""
    canvas.arrow((x, y + TALL / 2 + 0.02), (x, y + ROW - TALL / 2 - 0.03), dashed=dashed)


def _half(symbol: Any, pitch: float) -> float:
    """The distance from the middle of a column to where the arrows of the state begin and end."""
    return 0.2 if symbol is None else CELL * pitch / 2 + 0.02


def _label(
    canvas: Canvas,
    x: float,
    y: float,
    wide: float,
    text: str,
    colours: tuple[str, str],
    rounding: float,
) -> None:
    size = style.LABEL if "$" in text or text_width(text, style.LABEL) < 0.3 else style.TEXT
    canvas.box(x, y, wide, TALL, text, colours=colours, rounding=rounding, size=size)
