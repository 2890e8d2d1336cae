"""Pictures made of images: digits, an image cut into rows, and the network that reads the rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, fit, labels
from .chains import DOTS, elided


def _image(
    canvas: Canvas, image: np.ndarray, left: float, bottom: float, width: float, height: float
) -> None:
    """Paint an array [rows, columns], dark where it is large, without smoothing."""
    canvas.ax.imshow(
        image,
        cmap="gray_r",
        vmin=0,
        vmax=max(float(np.nanmax(image)), 1e-9),
        extent=(left, left + width, bottom, bottom + height),
        interpolation="nearest",
        aspect="auto",
        zorder=2,
    )
    canvas.ax.set_xlim(0, canvas.width)
    canvas.ax.set_ylim(0, canvas.height)
    canvas.ax.set_aspect("equal")


def image_as_rows(image: Any, label: Any = None, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw an image [T, D], its rows cut apart, and the steps they become.

    Args:
      image: [T, D], T and D at least 4.
      label: text above the image (default: its shape alone).

    Raises:
      ValueError: the image has another shape.
    """
    pixels = np.asarray(image, dtype=float)
    if pixels.ndim != 2 or min(pixels.shape) < 4:
        raise ValueError(
            f"image has shape {list(pixels.shape)}; give one image [T, D], both at least 4."
        )
    steps, depth = pixels.shape
    canvas = Canvas(7.2, 4.4, ax)
    side, tall = 2.3, 3.6
    bottom = 0.3
    canvas.text(
        0.25 + side / 2,
        bottom + (tall + side) / 2 + 0.3,
        f"[{steps}, {depth}]" if label is None else f"{label}: [{steps}, {depth}]",
    )
    _image(canvas, pixels, 0.25, bottom + (tall - side) / 2, side, side)
    canvas.outline(0.25, bottom + (tall - side) / 2, side, side, colour=style.INPUT[1], line=1.8)
    canvas.arrow((2.68, bottom + tall / 2), (3.12, bottom + tall / 2), line=STATE)
    strip = tall / steps
    left = 3.25
    canvas.text(left + side / 2, bottom + tall + 0.26, "cut into rows")
    for row in range(steps):
        low = bottom + tall - (row + 1) * strip
        _image(
            canvas,
            np.vstack([pixels[row], pixels[row]]),
            left,
            low + 0.14 * strip,
            side,
            0.72 * strip,
        )
        canvas.outline(
            left, low + 0.14 * strip, side, 0.72 * strip, colour=style.INPUT[1], line=0.7
        )
    # one scale for all strips, so that a dark row stays darker than a pale one
    for artist in canvas.ax.images:
        artist.set_clim(0, max(float(pixels.max()), 1e-9))
    side_x = left + side + 0.15
    for row in sorted({0, steps - 1}):
        y = bottom + tall - (row + 0.5) * strip
        inward = 0.06 if row else -0.06
        canvas.text(side_x, y + inward, f"$x_{{{row}}}$: {depth} inputs", align="left")
    canvas.text(side_x + 0.1, bottom + tall / 2, r"$\vdots$", 18)
    return canvas.done()


def mnist_network(
    steps: int = 28,
    depth: int = 28,
    units: int = 31,
    classes: int = 10,
    layers: int = 1,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the network that reads an image row by row and scores its class after the last row.

    Args:
      steps, depth: T rows of D inputs (default: 28 and 28).
      units: U (default: 31).
      classes: C (default: 10).
      layers: from 1 to 4 (default: 1).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    for name, value in (("steps", steps), ("depth", depth), ("units", units), ("classes", classes)):
        count(name, value, 1, 1000)
    count("layers", layers, 1, 4)
    shown = elided(steps, 4)
    storey = 0.95
    canvas = Canvas(7.2, 2.95 + storey * layers, ax)
    pitch, start = 1.3, 0.75
    low = 0.7
    rows = [low + 0.95 + storey * index for index in range(layers)]
    dense, scores = rows[-1] + 1.05, rows[-1] + 1.8
    for column, step in enumerate(shown):
        x = start + pitch * (column + 0.5)
        if step is None:
            for y in [low, *rows]:
                canvas.text(x, y, DOTS, 18)
            continue
        last = column + 1 == len(shown)
        canvas.box(
            x, low, 1.05, 0.36, f"row {step}", colours=style.INPUT, rounding=0.07, size=style.TEXT
        )
        canvas.arrow((x, low + 0.2), (x, rows[0] - 0.29))
        for index, y in enumerate(rows):
            canvas.box(x, y, 0.8, 0.52, "cell")
            if index + 1 < layers:
                canvas.arrow((x, y + 0.28), (x, rows[index + 1] - 0.29))
            if column == 0:
                canvas.arrow((x - 0.85, y), (x - 0.42, y), line=STATE)
            if not last:
                gone = shown[column + 1] is None
                canvas.arrow((x + 0.42, y), (x + pitch - (0.28 if gone else 0.42), y), line=STATE)
            if column > 0 and shown[column - 1] is None:
                canvas.arrow((x - pitch + 0.28, y), (x - 0.42, y), line=STATE)
    x = start + pitch * (len(shown) - 0.5)
    canvas.arrow((x, rows[-1] + 0.28), (x, dense - 0.27))
    canvas.text(x - 0.15, rows[-1] + 0.52, "last output", align="right")
    canvas.box(x, dense, 1.3, 0.48, "dense", colours=style.OTHER)
    canvas.arrow((x, dense + 0.26), (x, scores - 0.2))
    shown_scores = min(classes, 12)
    side = 2.6 / max(shown_scores, 8)
    for index in range(shown_scores):
        canvas.circle(x + (index - (shown_scores - 1) / 2) * side, scores, 0.4 * side, line=1.4)
    right = start + pitch * len(shown) + 0.1
    canvas.text(right, low, f"{depth} inputs", align="left")
    for number, y in enumerate(rows, start=1):
        words = f"{units} units" if layers == 1 else f"layer {number}: {units}"
        canvas.text(right, y, words, fit(words, 1.35, style.TEXT), align="left")
    canvas.text(right, dense, f"[{units}, {classes}]", align="left")
    canvas.text(x - 1.45, scores, f"{classes} scores", align="right")
    canvas.text(start + pitch * (len(shown) / 2), 0.22, f"{steps} steps, one row each")
    return canvas.done()


def images(
    array: Any, titles: Sequence[Any] | None = None, columns: int = 8, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw images in a grid, dark on white.

    Args:
      array: [N, height, width].
      titles: N labels, one above each image (default: none).
      columns: from 1 to 12 (default: 8).

    Raises:
      TypeError: `columns` is not a whole number.
      ValueError: `array` has another shape, `titles` another length, `columns` is out of its
        range, or a title does not fit.
    """
    pictures = np.asarray(array, dtype=float)
    if pictures.ndim != 3 or 0 in pictures.shape:
        raise ValueError(f"array has shape {list(pictures.shape)}; give images [N, height, width].")
    total = len(pictures)
    across = min(count("columns", columns, 1, 12), total)
    above = labels("titles", titles, total)
    down = math.ceil(total / across)
    pitch = min(1.6, (style.WIDTH - 0.3) / across)
    side = 0.9 * pitch
    head = 0.34 if above is not None else 0.0
    storey = pitch + head
    canvas = Canvas(across * pitch + 0.3, down * storey + 0.3, ax)
    for index, picture in enumerate(pictures):
        left = 0.15 + (index % across) * pitch + (pitch - side) / 2
        low = canvas.height - 0.15 - (index // across + 1) * storey + (pitch - side) / 2
        _image(canvas, picture, left, low, side, side)
        canvas.outline(left, low, side, side, colour=style.RULE, line=1.0)
        if above is not None and above[index]:
            canvas.text(
                left + side / 2,
                low + side + 0.19,
                above[index],
                fit(above[index], pitch - 0.08, style.TEXT),
            )
    return canvas.done()
