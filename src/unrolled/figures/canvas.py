"""A canvas measured in inches, and the few shapes that every diagram is made of."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Patch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.textpath import TextPath

from . import style

Point = tuple[float, float]
Colours = tuple[str, str]

STATE = 2.6  # line widths, in points: what is carried from step to step is thick
FLOW = 1.6
THIN = 1.0


@functools.lru_cache(maxsize=1024)
def text_width(text: str, size: float, weight: str = "normal", family: str = style.FONT) -> float:
    """Return the width of `text`, in inches, at `size` points: that of its longest line."""
    if "\n" in text:
        return max(text_width(line, size, weight, family) for line in text.split("\n"))
    if not text.strip():
        return 0.0
    font = FontProperties(family=family, size=size, weight=weight)
    return float(TextPath((0, 0), text, size=size, prop=font).get_extents().width) / 72


def least(text: str) -> float:
    """Return the size, in points, below which a phone shows some of `text` too small to read."""
    indexed = is_math_text(text) and ("_" in text or "^" in text)
    return style.LABEL if indexed else style.SMALLEST


def fit(text: str, width: float, size: float, weight: str = "normal") -> float:
    """Return the largest size, not above `size`, at which `text` is at most `width` inches wide."""
    size = max(size, least(text))
    wide = text_width(text, size, weight)
    fitted = size if wide <= width else math.floor(2 * size * width / wide) / 2
    if fitted < least(text):
        raise ValueError(
            f"label {text!r} is {wide:.1f} inches wide where {width:.1f} are free; "
            "give a shorter label."
        )
    return fitted


class Canvas:
    """A drawing surface: (0, 0) is its lower left corner and one unit is one inch.

    With `ax`, the drawing goes there instead of into a figure of its own.
    """

    def __init__(self, width: float, height: float, ax: Axes | None = None) -> None:
        width, height = (math.ceil(10 * side - 1e-6) / 10 for side in (width, height))
        self.width, self.height = width, height  # whole pixels at any density
        self._result: Figure | Axes
        if ax is None:
            # Not pyplot's: a notebook would show such a figure a second time by itself.
            figure = Figure(figsize=(width, height), dpi=style.DPI, facecolor=style.CARD)
            figure.set_layout_engine("none")
            ax = figure.add_axes((0, 0, 1, 1))
            self._result = figure
        else:
            self._result = ax
        self.ax = ax
        ax.set_xlim(0, width)
        ax.set_ylim(0, height)
        ax.set_aspect("equal")
        ax.set_axis_off()

    def done(self) -> Figure | Axes:
        """Return what a picture function returns: its figure, or the axes it was given."""
        return self._result

    # -- text -------------------------------------------------------------------------------

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float = style.TEXT,
        *,
        colour: str = style.INK,
        align: str = "center",
        valign: str = "center",
        weight: str = "normal",
        family: str = style.FONT,
        halo: bool = False,
    ) -> Text:
        """Write `text` at (x, y); `halo` puts a piece of card behind it."""
        box: dict[str, Any] | None = None
        size = max(size, least(text))
        if halo:
            box = {"boxstyle": "square,pad=0.08", "facecolor": style.CARD, "edgecolor": "none"}
        return self.ax.text(
            x,
            y,
            text,
            fontsize=size,
            color=colour,
            ha=align,
            va=valign,
            weight=weight,
            family=family,
            bbox=box,
            zorder=6,
            math_fontfamily="dejavusans",
        )

    def title(self, text: str | None) -> None:
        """Write a heading at the upper left."""
        if text:
            size = fit(text, self.width - 0.2, style.LABEL, "bold")
            self.text(0.1, self.height - 0.25, text, size, align="left", weight="bold")

    # -- nodes ------------------------------------------------------------------------------

    def _node(
        self,
        patch: Patch,
        label: str | None,
        x: float,
        y: float,
        room: float,
        *,
        size: float,
        hatched: bool,
    ) -> Patch:
        self.ax.add_patch(patch)
        if hatched:
            self._hatch(patch)
        if label:
            words = self.text(x, y, label, fit(label, room, size))
            words.set_gid("inside")
            words.container = patch  # type: ignore[attr-defined]  # tests check that it fits
            if hatched:
                words.set_bbox(
                    {"boxstyle": "round,pad=0.15", "facecolor": style.CARD, "edgecolor": "none"}
                )
        return patch

    def _hatch(self, patch: Patch) -> None:
        patch.set_facecolor(style.PADDING[0])
        patch.set_edgecolor(style.PADDING[1])
        patch.set_hatch("////")
        patch.set_gid("padding")

    def box(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        label: str | None = None,
        *,
        colours: Colours = style.CELL,
        hatched: bool = False,
        size: float = style.LABEL,
        rounding: float = 0.12,
        line: float = 1.8,
        dashed: bool = False,
    ) -> Patch:
        """Draw a rounded rectangle around the centre (x, y): a cell or a layer."""
        patch = FancyBboxPatch(
            (x - width / 2, y - height / 2),
            width,
            height,
            boxstyle=f"round,pad=0,rounding_size={rounding}",
            facecolor=colours[0],
            edgecolor=colours[1],
            linewidth=line,
            linestyle="--" if dashed else "-",
            zorder=3,
        )
        return self._node(patch, label, x, y, width - 0.06, size=size, hatched=hatched)

    def square(
        self,
        x: float,
        y: float,
        side: float,
        label: str | None = None,
        *,
        colours: Colours = style.INPUT,
        hatched: bool = False,
        size: float = style.LABEL,
    ) -> Patch:
        """Draw a rounded square around the centre (x, y): an input."""
        return self.box(
            x, y, side, side, label, colours=colours, hatched=hatched, size=size, rounding=0.07
        )

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        label: str | None = None,
        *,
        colours: Colours = style.OUTPUT,
        hatched: bool = False,
        size: float = style.LABEL,
        line: float = 1.8,
    ) -> Patch:
        """Draw a circle around (x, y): an output, a neuron or a pointwise operation."""
        patch = Circle(
            (x, y), radius, facecolor=colours[0], edgecolor=colours[1], linewidth=line, zorder=3
        )
        return self._node(patch, label, x, y, 2 * radius - 0.06, size=size, hatched=hatched)

    def pill(
        self,
        x: float,
        y: float,
        radius: float,
        label: str,
        room: float,
        *,
        square: bool = False,
        hatched: bool = False,
        colours: Colours = style.OUTPUT,
    ) -> Patch:
        """Draw an output, or with `square` an input, as wide as its label asks, up to `room`."""
        wide = text_width(label, max(style.TEXT, least(label))) + 0.12
        if wide <= 2 * radius - (0.0 if square else 0.05):  # a circle is narrower above its middle
            if square:
                return self.square(x, y, 2 * radius, label, hatched=hatched)
            return self.circle(x, y, radius, label, colours=colours, hatched=hatched)
        return self.box(
            x,
            y,
            min(wide, room),
            2 * radius,
            label,
            colours=style.INPUT if square else colours,
            hatched=hatched,
            size=style.TEXT,
            rounding=0.07 if square else radius,
        )

    def tile(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        label: str | None = None,
        *,
        colours: Colours = style.INPUT,
        hatched: bool = False,
        size: float = style.TEXT,
        line: float = 1.2,
    ) -> Patch:
        """Draw a plain rectangle whose lower left corner is (x, y): an entry of an array."""
        patch = Rectangle(
            (x, y),
            width,
            height,
            facecolor=colours[0],
            edgecolor=colours[1],
            linewidth=line,
            zorder=3,
        )
        return self._node(
            patch, label, x + width / 2, y + height / 2, width - 0.03, size=size, hatched=hatched
        )

    def outline(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        *,
        colour: str = style.INK,
        line: float = 2.4,
    ) -> Patch:
        """Draw an empty rectangle whose lower left corner is (x, y)."""
        patch = Rectangle(
            (x, y), width, height, fill=False, edgecolor=colour, linewidth=line, zorder=5
        )
        self.ax.add_patch(patch)
        return patch

    # -- lines ------------------------------------------------------------------------------

    def arrow(
        self,
        *points: Point,
        line: float = FLOW,
        colour: str = style.INK,
        dashed: bool = False,
        head: bool = True,
        bridge: bool = False,
        radius: float = 0.12,
    ) -> None:
        """Draw an arrow along `points`, with rounded corners.

        `bridge` draws it over what it crosses, with a gap beside it. Arrows lie under the nodes.
        """
        path = _rounded(points, radius)
        if bridge:
            self.ax.add_patch(
                FancyArrowPatch(
                    path=path,
                    arrowstyle="-",
                    linewidth=line + 6,
                    color=style.CARD,
                    zorder=1.6,
                    capstyle="butt",
                )
            )
        kwargs: dict[str, Any] = {
            "linewidth": line,
            "color": colour,
            "shrinkA": 0,
            "shrinkB": 0,
            "joinstyle": "miter",
            "capstyle": "butt",
            "gid": "arrow",
            "mutation_scale": 5.5 + 2.6 * line,
            "zorder": 1.7 if bridge else 1.5,
        }
        pointed = "-|>,head_length=0.62,head_width=0.36"
        if not dashed:
            self.ax.add_patch(
                FancyArrowPatch(path=path, arrowstyle=pointed if head else "-", **kwargs)
            )
            return
        # Matplotlib would dash the outline of the head as well: the head is an arrow of its own.
        *shaft, tip = points
        neck = _towards(tip, shaft[-1], 0.12)
        self.ax.add_patch(
            FancyArrowPatch(
                path=_rounded([*shaft, neck], radius),
                arrowstyle="-",
                linestyle=(0, (2.0, 1.3)),
                **kwargs,
            )
        )
        self.ax.add_patch(
            FancyArrowPatch(path=_rounded([neck, tip], radius), arrowstyle=pointed, **kwargs)
        )

    def line(
        self, start: Point, end: Point, width: float = THIN, colour: str = style.MUTED
    ) -> None:
        """Draw a straight line."""
        self.ax.plot(
            [start[0], end[0]],
            [start[1], end[1]],
            color=colour,
            linewidth=width,
            zorder=1.4,
            solid_capstyle="round",
        )

    def dot(self, x: float, y: float) -> None:
        """Mark the place where a line branches into two."""
        self.ax.add_patch(Circle((x, y), 0.05, color=style.INK, zorder=2))

    def bracket(self, x: float, low: float, high: float, depth: float = 0.12) -> None:
        """Draw a bracket that opens to the right, from `low` to `high`."""
        self.ax.plot(
            [x + depth, x, x, x + depth],
            [high, high, low, low],
            color=style.MUTED,
            linewidth=1.6,
            solid_joinstyle="round",
            zorder=2,
        )

    def key(self, x: float, y: float, entries: Sequence[tuple[Colours, bool, str]]) -> None:
        """Write a row of small squares with their meaning; `key_width` says how long it is."""
        for colours, hatched, words in entries:
            self.tile(x, y - 0.11, 0.28, 0.22, colours=colours, hatched=hatched).set_gid("key")
            self.text(x + 0.38, y, words, style.TEXT, align="left")
            x += 0.38 + text_width(words, style.TEXT) + 0.3


def key_width(entries: Sequence[tuple[Colours, bool, str]]) -> float:
    """Return the width of a key, in inches."""
    return sum(0.68 + text_width(words, style.TEXT) for _, _, words in entries) - 0.3


def _rounded(points: Sequence[Point], radius: float) -> Path:
    """Return the path along `points` with each corner replaced by a curve."""
    vertices, codes = [points[0]], [Path.MOVETO]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        vertices += [_towards(corner, before, radius), corner, _towards(corner, after, radius)]
        codes += [Path.LINETO, Path.CURVE3, Path.CURVE3]
    return Path([*vertices, points[-1]], [*codes, Path.LINETO])


def _towards(start: Point, end: Point, distance: float) -> Point:
    length = math.dist(start, end)
    share = min(distance, length / 2) / length
    return start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1])


def count(name: str, value: Any, low: int, high: int) -> int:
    """Return `value` as an int, or raise an error if it is not a whole number from low to high."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise TypeError(f"{name} is {value!r}; give a whole number from {low} to {high}.")
    number = value.__index__()
    if not low <= number <= high:
        raise ValueError(f"{name} is {number}; give a whole number from {low} to {high}.")
    return number


def labels(name: str, given: Sequence[Any] | None, expected: int) -> list[str] | None:
    """Return `given` as strings ('' for None), or raise an error if there are not `expected`."""
    if given is None:
        return None
    if len(given) != expected:
        raise ValueError(f"{name} has {len(given)} entries; give {expected}, one for each.")
    return ["" if entry is None else str(entry) for entry in given]
