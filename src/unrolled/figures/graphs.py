"""Graphs of an unroll: written out, as one operation of the graph, cut; what they hold and keep."""

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
    pitch, first, middle = 1.29, 0.82, 1.5
    canvas = Canvas(0.43 + pitch * steps + (0.1 if steps > 1 else 0.9), 3.3, ax)
    centre = first + pitch * (steps - 1) / 2
    canvas.box(centre, 2.9, 1.1, 0.5, "kernel K", colours=style.OTHER, size=NAMES)
    canvas.text(0.1, middle, "0", NAMES, align="left")
    begin = 0.26
    for step in range(steps):
        x = first + pitch * step
        canvas.arrow((begin, middle), (x - 0.29, middle), line=STATE)
        canvas.arrow((centre + 0.22 * (step - (steps - 1) / 2), 2.64), (x, middle + 0.29))
        canvas.square(x, 0.45, 0.5, f"$x_{{{step}}}$", size=INDEXED)
        canvas.arrow((x, 0.72), (x, middle - 0.29))
        canvas.box(x, middle, 0.54, 0.54, "[x h]\n@ K", size=11.0, rounding=0.08)
        canvas.arrow((x + 0.28, middle), (x + 0.42, middle), line=1.4)
        canvas.box(x + 0.64, middle, 0.43, 0.4, "tanh", size=11.0, rounding=0.08)
        canvas.text(x + 0.66, middle - 0.4, f"$h_{{{step}}}$", INDEXED)
        begin = x + 0.865
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
    canvas.text(right, 0.93, "body: one copy", NAMES, align="right")
    reads, weighs = lanes["h"] - 0.08, lanes["h"] + 0.3
    canvas.square(reads, read, 0.5, "$x_t$", size=INDEXED)
    canvas.arrow((reads, read + 0.27), (reads, turn - 0.27))
    canvas.text(reads, 0.17, "inputs[t]", NAMES)
    canvas.box(weighs + 0.33, read - 0.05, 0.74, 0.4, "kernel", colours=style.OTHER, size=NAMES)
    canvas.arrow((weighs, read + 0.17), (weighs, turn - 0.27))

    # the number of the step says which input is read and where the output is written
    branch, aside = 2.36, lanes["t"] + 0.45
    upon = lanes["outputs"] - 0.2
    canvas.dot(lanes["t"], branch)
    canvas.dot(aside, branch)
    canvas.arrow((lanes["t"], branch), (aside + 0.1, branch), head=False)
    canvas.arrow((aside, branch), (aside, read), (reads - 0.27, read))
    canvas.arrow((aside + 0.1, branch), (upon, branch), (upon, turn + 0.27), bridge=True)

    # what the body returns goes back to the question, and is what the next turn begins with
    returned, leaves = 1.31, lanes["h"] + 0.46
    back = ((4.22, returned), (4.22, asked), (right + 0.03, asked))
    canvas.arrow((lanes["t"], turn - 0.27), (lanes["t"], returned), *back, bridge=True)
    canvas.dot(leaves, turn)
    canvas.arrow((leaves, turn), (leaves, returned + 0.03), line=STATE, head=False)
    canvas.arrow((lanes["outputs"], turn - 0.27), (lanes["outputs"], returned + 0.03), head=False)
    for x in (leaves, lanes["outputs"]):
        canvas.dot(x, returned)
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
    canvas.text((columns[2] + columns[3]) / 2, row - 0.42, "gradient", 11.0, colour=pink)
    canvas.text(cut, 2.93, "cut", NAMES)
    return canvas.done()


def memory_bars(
    groups: Sequence[str],
    kept: Mapping[str, Sequence[float | None]],
    xlabel: str,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw quantities side by side: a group of horizontal bars for each thing that a loss reads.

    Args:
      groups: their names, from the top.
      kept: name -> its quantity in each group, or None where it has none; 1 to 6 of them.
      xlabel: the name of the quantity.

    Raises:
      ValueError: there are too few or too many names, or a name has not one entry for each group.
    """
    if not 1 <= len(kept) <= len(style.LINES):
        raise ValueError(f"kept has {len(kept)} names; give 1 to {len(style.LINES)}.")
    for name, values in kept.items():
        if len(values) != len(groups):
            raise ValueError(f"{name!r} has {len(values)} entries; give one for each group.")
    with matplotlib.rc_context(style.RC):
        ax, result = _axes(style.WIDTH, 0.9 + len(groups) * (0.22 + 0.26 * len(kept)), ax)
        thick, hatches = 0.8 / len(kept), ("", "///", "...", "xxx", "--", "++")
        most = max(value for values in kept.values() for value in values if value is not None)
        for index, (name, values) in enumerate(kept.items()):
            colour = str(style.LINES[index]["color"])
            places = [group + thick * (index - (len(kept) - 1) / 2) for group in range(len(groups))]
            there = [(y, value) for y, value in zip(places, values) if value is not None]
            ax.barh(
                [y for y, _ in there],
                [value for _, value in there],
                0.9 * thick,
                label=name,
                color=style.CARD if hatches[index] else colour,
                edgecolor=colour,
                hatch=hatches[index],
            )
            for y, value in there:
                ax.text(value + 0.015 * most, y, f"{value:.0f}", va="center", size=style.SMALL)
        ax.set_yticks(range(len(groups)), groups)
        ax.invert_yaxis()
        ax.set_xlim(0, 1.16 * most)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(xlabel)
        ax.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, borderaxespad=0.2)
    return result


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
