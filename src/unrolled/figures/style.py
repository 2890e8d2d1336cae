"""Colours, type and the settings that make every picture the same on every machine.

The hues are those of Okabe and Ito, which colour-blind readers can distinguish. No meaning depends
on a hue alone: each kind of thing also has its own shape, hatching, line style or label.
"""

from __future__ import annotations

import base64
import importlib
import io
import sys
from typing import Any

import matplotlib
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure
from matplotlib.mathtext import MathTextParser
from matplotlib.rcsetup import cycler
from matplotlib.text import Text

CARD = "#ffffff"  # a page in the dark theme turns it, and all that is drawn on it, around
INK = "#1f2933"
MUTED = "#52606d"
RULE = "#c3cad2"

# (fill, edge) for each kind of thing that is drawn
INPUT = ("#d3e9f8", "#0067a3")
CELL = ("#fddfa8", "#a86400")
OUTPUT = ("#c8ecdf", "#00704f")
OTHER = ("#f2d7e6", "#9c3f74")
PLAIN = ("#ffffff", "#52606d")
PADDING = ("#eef0f2", "#8a949e")

# A phone's column is some 320 CSS pixels, within a frame 300: a picture of this width is shown
# there at 68 percent, and its smallest text in 10 pixels.
WIDTH = 4.4  # inches: no picture is wider
DPI = 100  # one inch is 100 CSS pixels; the file holds twice as many
FONT = "DejaVu Sans"
LABEL = 15.2  # points; the least for a formula, whose indices have 0.7 of it
TEXT = 12.0
SMALL = 11.0
SMALLEST = 10.6  # the least for a word

# Lines in order of use: hue, dash and marker all differ from one to the next.
LINES: tuple[dict[str, Any], ...] = (
    {"color": "#0067a3", "linestyle": "-", "marker": "o"},
    {"color": "#c64f00", "linestyle": "--", "marker": "s"},
    {"color": "#00704f", "linestyle": "-.", "marker": "^"},
    {"color": "#9c3f74", "linestyle": (0, (1, 1)), "marker": "D"},
    {"color": "#1f2933", "linestyle": (0, (6, 1.5, 1, 1.5, 1, 1.5)), "marker": "v"},
    {"color": "#a07800", "linestyle": (0, (8, 3)), "marker": "P"},
)

RC: dict[str, Any] = {
    "font.family": FONT,
    "font.size": TEXT,
    "mathtext.fontset": "dejavusans",
    "text.color": INK,
    "text.usetex": False,
    "axes.edgecolor": MUTED,
    "axes.facecolor": CARD,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelcolor": INK,
    "axes.labelsize": TEXT,
    "axes.linewidth": 1.0,
    "axes.prop_cycle": cycler(color=[line["color"] for line in LINES]),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": LABEL,
    "axes.titleweight": "bold",
    "axes.unicode_minus": True,
    "figure.constrained_layout.use": True,
    "figure.dpi": DPI,
    "figure.facecolor": CARD,
    "figure.figsize": (WIDTH, 3.3),
    "grid.color": "#e4e7eb",
    "grid.linewidth": 1.0,
    "hatch.linewidth": 1.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 2.2,
    "lines.markersize": 6.0,
    "savefig.bbox": None,
    "savefig.dpi": "figure",
    "savefig.facecolor": CARD,
    "savefig.transparent": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": SMALL,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": SMALL,
}

RECORD = "Smallest text"  # what a PNG says of itself: the size of its smallest text, in its pixels
FORMULAS = MathTextParser("path")


def smallest_text(figure: Figure) -> float | None:
    """Return the size in points of the smallest text that `figure` shows, or None without text."""
    figure.draw_without_rendering()  # ticks are made while drawing
    hidden = {
        text
        for axes in figure.axes
        if not axes.axison
        for axis in (axes.xaxis, axes.yaxis)
        for text in axis.findobj(Text)
    }
    sizes: list[float] = []
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        words = text.get_text()
        if text in hidden or not text.get_visible() or not words.strip():
            continue
        font = text.get_fontproperties()
        if is_math_text(words):  # indices and exponents are smaller than the rest
            for line in words.split("\n"):
                sizes += [glyph[1] for glyph in FORMULAS.parse(line, 72, font).glyphs]
        else:
            sizes.append(font.get_size_in_points())
    return min(sizes, default=None)


def use_style() -> None:
    """Set the book's style; every chapter calls it once, before its first picture.

    In a notebook, pictures become PNG files at twice the density, in the size of the figure (no
    cropping), without the version of Matplotlib inside. Outside a notebook only the style is set.
    """
    matplotlib.rcParams.update(RC)
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None:
        return
    # A notebook's backend registers formats of its own when it is loaded: let that be now.
    importlib.import_module("matplotlib_inline.backend_inline")
    shell.display_formatter.formatters["image/png"].for_type(Figure, _shown)


def _shown(figure: Figure) -> tuple[str, dict[str, int]] | None:
    """Return what a notebook keeps of a figure: the file, and its size in CSS pixels."""
    if not figure.axes and not figure.lines:
        return None  # an empty one is not shown
    file = _written(figure, 2 * figure.dpi)
    width, height = (int.from_bytes(file[at : at + 4]) // 2 for at in (16, 20))
    return base64.b64encode(file).decode(), {"width": width, "height": height}


def _written(figure: Figure, dpi: float) -> bytes:
    points = smallest_text(figure)
    metadata = {
        "Software": None,  # or Matplotlib would write its version
        RECORD: "none" if points is None else f"{points * dpi / 72:.2f}",
    }
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format="png", dpi=dpi, metadata=metadata, facecolor=figure.get_facecolor()
    )
    return buffer.getvalue()


def png(figure: Figure, density: float = 2.0) -> bytes:
    """Return `figure` as the bytes of a PNG file: the same bytes for the same picture.

    Args:
      figure: what a picture function returns.
      density: pixels of the file for each CSS pixel (default: 2.0).
    """
    with matplotlib.rc_context(RC):  # ticks are made while drawing, in the style of that moment
        return _written(figure, DPI * density)
