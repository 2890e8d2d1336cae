"""Pictures of text: how it is cut, how much a letter surprised a network, what a unit did there."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, fit
from .plots import BOTH_SIGNS, ONE_SIGN

# Blanks and ends of lines that can be seen.
MARKS = str.maketrans({" ": "\N{OPEN BOX}", "\n": "\N{RETURN SYMBOL}"})


def streams(
    text: str,
    rows: int = 3,
    segments: int = 3,
    name: str = "row",
    *,
    goes_on: bool = True,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a text cut into the rows of a batch, and each row into segments, with the state's way.

    Args:
      text: at most 8 letters for each of the rows * segments parts; marks stand for blanks and
        ends of lines.
      rows: from 1 to 4 (default: 3).
      segments: of each row, from 1 to 3 (default: 3).
      name: what a row is called, at most as long as "stream" (default: "row").
      goes_on: the next epoch begins each row with the last state of the row above; else from zeros
        (default: True).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range, or the text cannot be cut into equal segments.
    """
    count("rows", rows, 1, 4)
    count("segments", segments, 1, 3)
    size, rest = divmod(len(text), rows * segments)
    if rest or not 1 <= size <= 8:
        raise ValueError(
            f"text has {len(text)} letters; give {rows * segments} segments of one length, 1 to 8."
        )
    wide, gap, tall, storey, left = 0.87, 0.27, 0.46, 0.92, 0.9
    canvas = Canvas(left + segments * (wide + gap) + 0.05, 0.12 + rows * storey, ax)
    top = canvas.height - 0.2
    canvas.text(0.05, top, "update", style.SMALL, colour=style.MUTED, align="left")
    for segment in range(segments):
        middle = left + segment * (wide + gap) + wide / 2
        canvas.text(middle, top, str(segment), style.SMALL, colour=style.MUTED)
    right = left + segments * (wide + gap) - 0.08
    for row in range(rows):
        y = top - 0.55 - row * storey
        label = f"{name} {row}"
        canvas.text(0.05, y, label, fit(label, left - 0.1, style.TEXT), align="left")
        for segment in range(segments):
            x = left + segment * (wide + gap)
            first = (row * segments + segment) * size
            piece = text[first : first + size].translate(MARKS)
            canvas.tile(x, y - tall / 2, wide, tall, piece, size=style.TEXT)
            if segment:
                canvas.arrow((x - gap + 0.02, y), (x - 0.02, y), line=STATE)
        if goes_on and row + 1 < rows:  # in the next epoch the row below goes on from here
            end, turn, start = right - gap + 0.1, y - storey / 2, left - 0.22
            canvas.arrow(
                (end, y),
                (right, y),
                (right, turn),
                (start, turn),
                (start, y - storey),
                (left - 0.02, y - storey),
                dashed=True,
            )
    return canvas.done()


def surprise(
    text: str, losses: Any, columns: int = 20, key: str = "loss", *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw a text in which a letter is the darker, the larger its loss.

    Args:
      text: N letters; a blank is drawn as a mark.
      losses: [N], not negative.
      columns: letters in a row, from 1 to 20 (default: 20).
      key: what the losses are called below the letters (default: "loss").

    Raises:
      TypeError: `columns` is not a whole number.
      ValueError: there is no letter, `losses` is not one number of at least 0 for each, or
        `columns` is out of its range.
    """
    count("columns", columns, 1, 20)
    values = np.asarray(losses, dtype=float)
    if values.shape != (len(text),) or not len(text) or not (values >= 0).all():
        raise ValueError(
            f"losses has shape {list(values.shape)}; give a number of at least 0 for each of the "
            f"{len(text)} letters."
        )
    top = max(float(values.max()), 1e-9)
    canvas = _coloured(text, values, columns, Normalize(0.0, top), ONE_SIGN, ax)
    _key(canvas, ONE_SIGN, f"{key} 0", f"{values.max():.1f}")
    return canvas.done()


def unit(text: str, values: Any, columns: int = 20, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw a text in which a letter's colour is the value of one unit after that letter.

    Args:
      text: N letters; a blank is drawn as a mark, the end of a line as another.
      values: [N], from -1 to 1: blue below 0, orange above.
      columns: letters in a row, from 1 to 20 (default: 20).

    Raises:
      TypeError: `columns` is not a whole number.
      ValueError: there is no letter, `values` is not one number from -1 to 1 for each, or `columns`
        is out of its range.
    """
    count("columns", columns, 1, 20)
    numbers = np.asarray(values, dtype=float)
    if numbers.shape != (len(text),) or not len(text) or not (np.abs(numbers) <= 1).all():
        raise ValueError(
            f"values has shape {list(numbers.shape)}; give a number from -1 to 1 for each of the "
            f"{len(text)} letters."
        )
    canvas = _coloured(text, numbers, columns, Normalize(-1.0, 1.0), BOTH_SIGNS, ax)
    _key(canvas, BOTH_SIGNS, "unit \N{MINUS SIGN}1", "+1")
    return canvas.done()


def _coloured(
    text: str, values: np.ndarray, columns: int, span: Normalize, shades: Any, ax: Axes | None
) -> Canvas:
    """A canvas with the letters in rows, each in the colour of its value."""
    rows = -(-len(text) // columns)
    side, tall = 0.21, 0.42
    scale = ScalarMappable(span, shades)
    canvas = Canvas(style.WIDTH, 0.75 + rows * tall, ax)
    left = (canvas.width - min(columns, len(text)) * side) / 2
    for place, (letter, value) in enumerate(zip(text, values, strict=True)):
        row, column = divmod(place, columns)
        x, y = left + column * side, canvas.height - 0.08 - (row + 1) * tall
        fill = scale.to_rgba(value)
        red, green, blue, _ = fill
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
        tile = canvas.tile(x, y, side, tall - 0.06, colours=(to_hex(fill), style.RULE), line=0.6)
        written = canvas.text(
            x + side / 2,
            y + tall / 2 - 0.03,
            letter.translate(MARKS),
            colour=style.CARD if dark else style.INK,
        )
        written.set_gid("inside")
        written.container = tile  # type: ignore[attr-defined]  # tests check that it fits
    return canvas


def _key(canvas: Canvas, shades: Any, least: str, most: str) -> None:
    """A bar of all shades at the foot of the canvas, with what its ends mean."""
    low, wide = 0.2, 1.6
    middle = canvas.width / 2
    for part in range(32):
        shade = to_hex(shades((part + 0.5) / 32))
        canvas.tile(
            middle - wide / 2 + part * wide / 32,
            low,
            wide / 32,
            0.2,
            colours=(shade, shade),
            line=0.0,
        )
    canvas.text(middle - wide / 2 - 0.1, low + 0.1, least, style.SMALL, align="right")
    canvas.text(middle + wide / 2 + 0.1, low + 0.1, most, style.SMALL, align="left")
