"""Graphs of an unroll: the loop written out, as one operation of the graph, cut into pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import FLOW, STATE, Canvas, count
from .plots import _axes, _names_at_ends

NAMES = 12.0  # points: what stands inside a node or beside it
INDEXED = 14.5  # a letter with an index, which is smaller than the letter


def written_out(steps: int = 3, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw the graph of a loop written out: a product and a tanh for each step, and one kernel.

    Args:
      steps: T, from 1 to 3 (default: 3).

    Raises:
      TypeError: `steps` is not a whole number.
      ValueError: it is out of its range.
    """
    count("steps", steps, 1, 3)
    pitch, first, middle = 1.28, 0.78, 1.5
    canvas = Canvas(0.46 + pitch * steps + (0.1 if steps > 1 else 0.9), 3.3, ax)
    centre = first + pitch * (steps - 1) / 2
    canvas.box(centre, 2.9, 1.1, 0.5, "kernel", colours=style.OTHER, size=NAMES)
    canvas.text(0.1, middle, "0", NAMES, align="left")
    begin = 0.26
    for step in range(steps):
        x = first + pitch * step
        canvas.arrow((begin, middle), (x - 0.23, middle), line=STATE)
        canvas.arrow((centre + 0.22 * (step - (steps - 1) / 2), 2.64), (x, middle + 0.24))
        canvas.square(x, 0.45, 0.5, f"$x_{{{step}}}$", size=INDEXED)
        canvas.arrow((x, 0.72), (x, middle - 0.24))
        canvas.circle(x, middle, 0.2, "\N{MULTIPLICATION SIGN}", colours=style.CELL, size=NAMES)
        canvas.arrow((x + 0.21, middle), (x + 0.37, middle), line=1.4)
        canvas.box(x + 0.6, middle, 0.44, 0.4, "tanh", size=11.0, rounding=0.08)
        canvas.text(x + 0.62, middle - 0.4, f"$h_{{{step}}}$", INDEXED)
        begin = x + 0.83
    return canvas.done()


def while_loop(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw the loop of a recurrent network as one operation, with its three loop variables."""
    canvas = Canvas(4.4, 5.2, ax)
    middle, left, right = 2.3, 0.65, 3.95
    lanes = {"t": 1.15, "h": 2.1, "outputs": 3.25}
    start, asked, top, turn, read = 4.4, 3.4, 2.65, 1.75, 0.55

    for name, x in lanes.items():
        canvas.text(x, start + 0.5, name, NAMES, weight="bold")
        if name == "outputs":  # a TensorArray: T empty places
            for place in range(3):
                canvas.tile(x - 0.45 + 0.3 * place, start - 0.2, 0.3, 0.4, colours=style.PLAIN)
        else:
            canvas.box(x, start, 0.6, 0.4, "0", colours=style.PLAIN, size=NAMES, rounding=0.05)
        line = STATE if name == "h" else FLOW
        canvas.arrow((x, start - 0.22), (x, asked + 0.27), line=line)
        canvas.arrow((x, asked - 0.27), (x, turn + 0.27), line=line)
    canvas.box(middle, asked, right - left, 0.5, "t < T ?", colours=style.PLAIN, size=NAMES)
    frame = canvas.outline(left, 1.1, right - left, top - 1.1, colour=style.MUTED, line=1.4)
    frame.set_zorder(1)
    canvas.text(lanes["h"] + 0.5, 2.88, "yes", NAMES)
    canvas.text(right + 0.15, 2.88, "again", NAMES, align="right")

    canvas.box(lanes["t"], turn, 0.75, 0.5, "t + 1", colours=style.PLAIN, size=NAMES)
    canvas.box(lanes["h"], turn, 0.75, 0.5, "cell", size=NAMES)
    canvas.box(lanes["outputs"], turn, 0.9, 0.5, "write", colours=style.OUTPUT, size=NAMES)
    canvas.arrow((lanes["h"] + 0.39, turn), (lanes["outputs"] - 0.47, turn))
    canvas.text(lanes["h"] + 0.15, 1.27, "body: one copy", NAMES, align="left")
    canvas.square(lanes["h"], read, 0.5, "$x_t$", size=INDEXED)
    canvas.arrow((lanes["h"], read + 0.27), (lanes["h"], turn - 0.27))
    canvas.text(lanes["h"] + 0.37, read, "= inputs[t]", NAMES, align="left")

    # the number of the step says which input is read and where the output is written
    branch, aside = 2.36, (lanes["t"] + lanes["h"]) / 2
    upon = lanes["outputs"] - 0.2
    canvas.dot(lanes["t"], branch)
    canvas.dot(aside, branch)
    canvas.arrow((lanes["t"], branch), (aside + 0.1, branch), head=False)
    canvas.arrow((aside, branch), (aside, read), (lanes["h"] - 0.27, read))
    canvas.arrow((aside + 0.1, branch), (upon, branch), (upon, turn + 0.27), bridge=True)

    canvas.arrow((right + 0.02, turn), (4.22, turn), (4.22, asked), (right + 0.03, asked))
    canvas.arrow((left - 0.02, asked), (0.3, asked), (0.3, 0.45))
    canvas.text(0.33, asked + 0.24, "no", NAMES)
    canvas.text(0.1, 0.25, "h, outputs", NAMES, align="left")
    return canvas.done()


def pieces(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw a sequence cut into two pieces: the state crosses the cut, the gradient stops there."""
    canvas = Canvas(4.4, 3.1, ax)
    columns, row, cut = (0.78, 1.63, 2.87, 3.72), 1.5, 2.25
    forth, back = row + 0.1, row - 0.13
    pink = style.OTHER[1]
    canvas.ax.plot([cut, cut], [0.2, 2.8], "--", color=style.MUTED, linewidth=1.8, zorder=1.2)
    begin = 0.12
    for step, x in enumerate(columns):
        canvas.square(x, 0.45, 0.5, f"$x_{step}$", size=INDEXED)
        canvas.arrow((x, 0.72), (x, row - 0.3))
        canvas.box(x, row, 0.52, 0.54, "cell", size=11.0)
        canvas.arrow((x, row + 0.29), (x, 2.25))
        canvas.circle(x, 2.53, 0.26, f"$y_{step}$", size=INDEXED)
        canvas.arrow((begin, forth), (x - 0.28, forth), line=STATE)
        end = cut + 0.03 if step == 2 else begin
        canvas.arrow((x - 0.28, back), (end, back), line=1.2, colour=pink)
        name = "$h_{-1}$" if step == 0 else f"$h_{step - 1}$"
        canvas.text(cut - 0.17 if step == 2 else (begin + x - 0.28) / 2, row + 0.42, name, INDEXED)
        begin = x + 0.28
    canvas.arrow((begin, forth), (4.3, forth), line=STATE)
    canvas.text(4.17, row + 0.42, "$h_3$", INDEXED)
    canvas.text(cut + 0.02, row - 0.42, "gradient", 11.0, colour=pink, halo=True)
    canvas.text(cut, 2.93, "cut", NAMES)
    return canvas.done()


def operations(
    series: Mapping[str, tuple[Sequence[int], Sequence[int]]], *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw how many operations a graph holds for T steps: from 0 on, a tick at each power of two.

    Args:
      series: name -> (the values of T, the operations at each); 1 to 6 of them.

    Raises:
      ValueError: there are too few or too many series.
    """
    if not 1 <= len(series) <= len(style.LINES):
        raise ValueError(f"series has {len(series)} lines; give 1 to {len(style.LINES)}.")
    with matplotlib.rc_context(style.RC):
        ax, result = _axes(style.WIDTH, 3.4, ax)
        for (name, (steps, counts)), look in zip(series.items(), style.LINES, strict=False):
            ax.plot(steps, counts, label=name, zorder=3, **look)
        largest = max(max(steps) for steps, _ in series.values())
        most = max(max(counts) for _, counts in series.values())
        ax.set_xticks([2**k for k in range(3, largest.bit_length()) if 2**k <= largest])
        ax.set_xlim(0, 1.02 * largest)
        ax.set_ylim(0, 1.08 * most)
        ax.set_xlabel("steps T")
        ax.set_ylabel("operations in the graph")
        looks = zip(series.items(), style.LINES, strict=False)
        _names_at_ends(ax, [(y[-1], name, look["color"]) for (name, (_, y)), look in looks])
    return result
