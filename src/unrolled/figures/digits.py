"""Pictures made of images: digits, an image cut into rows, and the network that reads the rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, fit, labels, text_width
from .chains import DOTS, elided
from .plots import ONE_SIGN


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
    canvas = Canvas(style.WIDTH, 3.4, ax)
    side, tall, bottom = 1.3, 2.7, 0.15
    middle = bottom + tall / 2
    shape = f"[{steps}, {depth}]"
    words = [shape] if label is None else [f"{label}:", shape]
    for line, text in enumerate(reversed(words)):
        canvas.text(0.08 + side / 2, middle + side / 2 + 0.2 + 0.23 * line, text)
    _image(canvas, pixels, 0.08, middle - side / 2, side, side)
    canvas.outline(0.08, middle - side / 2, side, side, colour=style.INPUT[1], line=1.8)
    canvas.arrow((0.12 + side, middle), (0.48 + side, middle), line=STATE)
    strip = tall / steps
    left = 0.53 + side
    canvas.text(left + side / 2, bottom + tall + 0.25, "cut into rows")
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
    side_x = left + side + 0.1
    for row, y in ((0, bottom + tall - 0.12), (steps - 1, bottom + 0.36)):
        canvas.text(side_x, y, f"$x_{{{row}}}$", align="left")
        canvas.text(side_x, y - 0.26, f"{depth} inputs", align="left")
    canvas.text(side_x + 0.1, middle, r"$\vdots$", 18)
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
    storey = 0.85
    canvas = Canvas(style.WIDTH, 2.85 + storey * layers, ax)
    notes = max(text_width(f"{number} inputs", style.TEXT) for number in (depth, units))
    start = 0.25
    pitch = (style.WIDTH - start - 0.15 - notes) / len(shown)
    cell = 0.56 * pitch
    low = 0.65
    rows = [low + 0.85 + storey * index for index in range(layers)]
    dense, scores = rows[-1] + 0.95, rows[-1] + 1.65

    def edge(column: int) -> float:
        """Return the distance from the middle of a column to where its arrows begin and end."""
        return 0.22 if shown[column] is None else cell / 2 + 0.02

    for column, step in enumerate(shown):
        x = start + pitch * (column + 0.5)
        if step is None:
            canvas.text(x, low, DOTS, 18)
        else:
            canvas.box(
                x,
                low,
                0.92 * pitch,
                0.36,
                f"row {step}",
                colours=style.INPUT,
                rounding=0.07,
                size=style.TEXT,
            )
            canvas.arrow((x, low + 0.2), (x, rows[0] - 0.26))
        for index, y in enumerate(rows):
            if column == 0:
                canvas.arrow((0.08, y), (x - edge(0), y), line=STATE)
            if column + 1 < len(shown):
                canvas.arrow((x + edge(column), y), (x + pitch - edge(column + 1), y), line=STATE)
            if step is None:
                canvas.text(x, y, DOTS, 18)
                continue
            canvas.box(x, y, cell, 0.46, "cell", size=style.TEXT)
            if index + 1 < layers:
                canvas.arrow((x, y + 0.25), (x, rows[index + 1] - 0.26))
    x = start + pitch * (len(shown) - 0.5)
    right = start + pitch * len(shown) + 0.08
    canvas.arrow((x, rows[-1] + 0.25), (x, dense - 0.25))
    canvas.text(x - 0.12, rows[-1] + 0.48, "last output", align="right")
    canvas.box(x, dense, 0.92 * pitch, 0.44, "dense", colours=style.OTHER, size=style.TEXT)
    canvas.arrow((x, dense + 0.24), (x, scores - 0.16))
    shown_scores = min(classes, 12)
    side = min(0.22, 2 * (style.WIDTH - x - 0.08) / shown_scores)
    for index in range(shown_scores):
        canvas.circle(x + (index - (shown_scores - 1) / 2) * side, scores, 0.4 * side, line=1.4)
    canvas.text(right, low, f"{depth} inputs", align="left")
    for layer, y in enumerate(rows):
        if layers == 1:
            canvas.text(right, y, f"{units} units", align="left")
        else:
            canvas.text(right, y + 0.12, f"layer {layer}", align="left")
            canvas.text(right, y - 0.12, f"{units} units", align="left")
    canvas.text(right, dense, f"[{units}, {classes}]", align="left")
    canvas.text(x - shown_scores * side / 2 - 0.1, scores, f"{classes} scores", align="right")
    canvas.text(start + pitch * len(shown) / 2, 0.2, f"{steps} steps, one row each")
    return canvas.done()


def beliefs(
    images: Any, given: Mapping[str, Any], labels: Sequence[int], *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw images, and beside each of their rows what a network believes once it has read that row.

    The darker a field, the more probable the class. The right class is written bold below; the
    numbers on the left count the rows.

    Args:
      images: [N, T, D], N from 1 to 4.
      given: name -> probabilities [N, T, C], C from 2 to 10; one or two of them.
      labels: N classes, each from 0 to C-1.

    Raises:
      ValueError: there are too few or too many images or names, or a shape does not fit the images.
    """
    pixels = np.asarray(images, dtype=float)
    if pixels.ndim != 3 or not 1 <= len(pixels) <= 4 or len(pixels) != len(labels):
        raise ValueError(
            f"images has shape {list(pixels.shape)}; give 1 to 4 images [N, T, D], and as many "
            f"labels, of which there are {len(labels)}."
        )
    if not 1 <= len(given) <= 2:
        raise ValueError(f"given has {len(given)} names; give 1 or 2.")
    maps = {name: np.asarray(value, dtype=float) for name, value in given.items()}
    for name, value in maps.items():
        fits = value.ndim == 3 and value.shape[:2] == pixels.shape[:2]
        if not fits or not max(labels) < value.shape[2] <= 10:
            raise ValueError(
                f"{name!r} has shape {list(value.shape)}; give [N, T, C] for images of shape "
                f"{list(pixels.shape)}, with more classes than the highest label, and at most 10."
            )
    edge, side, wide, gap, foot = 0.27, 1.4, 1.22, 0.1, 0.36
    end = edge + side  # of the page; its numbers are left of it
    canvas = Canvas(end + 0.05 + (wide + gap) * len(maps), 0.35 + (side + foot) * len(pixels), ax)
    for index, name in enumerate(["the page", *maps]):
        middle = edge + side / 2 if index == 0 else _left(index, end, wide, gap) + wide / 2
        canvas.text(middle, canvas.height - 0.18, name, fit(name, wide + gap, style.TEXT))
    for row, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        low = canvas.height - 0.35 - row * (side + foot) - side
        _image(canvas, picture, edge, low, side, side)
        canvas.outline(edge, low, side, side, colour=style.RULE, line=1.0)
        for step in range(0, len(picture), max(1, len(picture) // 3)):
            middle = low + side * (1 - (step + 0.5) / len(picture))
            canvas.text(edge - 0.05, middle, str(step), style.SMALLEST, align="right")
        for index, value in enumerate(maps.values(), start=1):
            left = _left(index, end, wide, gap)
            canvas.ax.imshow(
                value[row],
                cmap=ONE_SIGN,
                vmin=0,
                vmax=1,
                extent=(left, left + wide, low, low + side),
                interpolation="nearest",
                aspect="auto",
                zorder=2,
            )
            canvas.outline(left, low, wide, side, colour=style.RULE, line=1.0)
            classes = value.shape[2]
            for number in range(classes):
                canvas.text(
                    left + (number + 0.5) * wide / classes,
                    low - 0.15,
                    str(number),
                    style.SMALLEST,
                    colour=style.INK if number == label else style.MUTED,
                    weight="bold" if number == label else "normal",
                )
    canvas.ax.set_xlim(0, canvas.width)
    canvas.ax.set_ylim(0, canvas.height)
    canvas.ax.set_aspect("equal")
    return canvas.done()


def _left(index: int, end: float, wide: float, gap: float) -> float:
    """Return where the map number `index` begins, counted from 1; the page ends at `end`."""
    return end + gap + (index - 1) * (wide + gap)


def images(
    array: Any, titles: Sequence[Any] | None = None, columns: int = 8, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw images in a grid, dark on white.

    Args:
      array: [N, height, width].
      titles: N labels, one above each image (default: none).
      columns: from 1 to 12 (default: 8); fewer where the titles are long.

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
    room = style.WIDTH - 0.1
    longest = max((text_width(title, style.TEXT) for title in above or [""]), default=0.0) + 0.08
    if across * longest > room:  # then rows of equal length, of as many as there is room for
        across = math.ceil(total / math.ceil(total / max(1, math.floor(room / longest))))
    down = math.ceil(total / across)
    pitch = min(max(1.1, longest), room / across)
    side = min(0.9 * pitch, 1.2)
    head = 0.3 if above is not None else 0.0
    storey = pitch + head
    canvas = Canvas(across * pitch + 0.1, down * storey + 0.1, ax)
    for index, picture in enumerate(pictures):
        left = 0.05 + (index % across) * pitch + (pitch - side) / 2
        low = canvas.height - 0.05 - (index // across + 1) * storey + (pitch - side) / 2
        _image(canvas, picture, left, low, side, side)
        canvas.outline(left, low, side, side, colour=style.RULE, line=1.0)
        if above is not None and above[index]:
            canvas.text(
                left + side / 2,
                low + side + 0.16,
                above[index],
                fit(above[index], pitch, style.TEXT),
            )
    return canvas.done()
