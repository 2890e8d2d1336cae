"""Colours, type and the settings that make every picture the same on every machine.

The hues are those of Okabe and Ito, which colour-blind readers can distinguish. No meaning depends
on a hue alone: each kind of thing also has its own shape, hatching, line style or label.
"""

from __future__ import annotations

import io
import sys
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.rcsetup import cycler

CARD = "#ffffff"  # every picture has its own light card, so that it is readable on a dark page
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

WIDTH = 7.2  # inches: the widest picture a page can hold
DPI = 100  # one inch is 100 CSS pixels; the file holds twice as many
FONT = "DejaVu Sans"
LABEL = 14.0  # points
TEXT = 13.0
SMALL = 11.5
SMALLEST = 9.0

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
    "figure.figsize": (6.6, 3.8),
    "grid.color": "#e4e7eb",
    "grid.linewidth": 1.0,
    "hatch.linewidth": 1.0,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.linewidth": 2.4,
    "lines.markersize": 6.5,
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

# Without this, Matplotlib writes its version into a PNG.
METADATA: dict[str, None] = {"Software": None}


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
    from IPython.core.pylabtools import select_figure_formats
    from matplotlib_inline.config import InlineBackend

    settings: dict[str, Any] = {"metadata": METADATA, "bbox_inches": None}
    config = InlineBackend.instance(parent=shell)
    config.print_figure_kwargs = settings  # used when pyplot is imported
    config.figure_formats = {"retina"}
    # pyplot would register the formats when imported; these pictures need no pyplot.
    select_figure_formats(shell, {"retina"}, **settings)


def png(figure: Figure, density: float = 2.0) -> bytes:
    """Return `figure` as the bytes of a PNG file: the same bytes for the same picture.

    Args:
      figure: what a picture function returns.
      density: pixels of the file for each CSS pixel (default: 2.0).
    """
    buffer = io.BytesIO()
    with matplotlib.rc_context(RC):  # ticks are made while drawing, in the style of that moment
        figure.savefig(buffer, format="png", dpi=DPI * density, metadata=METADATA, facecolor=CARD)
    return buffer.getvalue()
