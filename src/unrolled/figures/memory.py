"""The memory of an LSTM: its line with its gates, its gates over a sequence, and what it pays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas
from .plots import _axes

WIDE = 4.4  # inches
BLOCK = 12  # steps in one row of `gates_over_time`
BAND = ("#e4e7eb", "none")


def memory_line(gates: str = "", *, ax: Axes | None = None) -> Figure | Axes:
    """Draw the line of the memory c through one step, with some of its gates and their work.

    Args:
      gates: the letters of the gates that are drawn, of f (forget), i (input) and o (output), in
        any order (default: none of them).

    Raises:
      ValueError: a letter is none of these.
    """
    if set(gates) - set("fio"):
        raise ValueError(f"gates is {gates!r}; give letters of 'fio'.")
    canvas = Canvas(WIDE, 3.2, ax)
    line, keep, add, end = 1.6, 1.25, 2.1, 3.0
    canvas.text(0.42, line, "$c_{t-1}$", style.LABEL)
    canvas.text(4.1, line, "$c_t$", style.LABEL)
    canvas.arrow((0.75, line), (add - 0.2, line), line=STATE)
    canvas.arrow((add + 0.2, line), (3.85, line), line=STATE)
    canvas.circle(add, line, 0.19, "+", colours=style.PLAIN, size=15)
    if "f" in gates:
        _times(canvas, keep, line)
        canvas.square(keep, 0.35, 0.46, "$f$", colours=style.CELL)
        canvas.arrow((keep, 0.6), (keep, line - 0.21))
        canvas.text(keep - 0.32, 0.35, "eraser", align="right")
    canvas.square(add, 0.35, 0.46, "$x_t$")
    canvas.arrow((add, 0.6), (add, line - 0.21))
    if "i" in gates:
        _times(canvas, add, 0.97)
        canvas.square(end, 0.97, 0.46, "$i$", colours=style.CELL)
        canvas.arrow((end - 0.25, 0.97), (add + 0.21, 0.97))
        canvas.text(end + 0.32, 0.97, "pen", align="left")
    canvas.dot(end, line)
    canvas.arrow((end, line), (end, 2.6))
    if "o" in gates:
        _times(canvas, end, 2.12)
        canvas.square(3.75, 2.12, 0.46, "$o$", colours=style.CELL)
        canvas.arrow((3.5, 2.12), (end + 0.21, 2.12))
        canvas.text(3.75, 2.5, "show")
    canvas.circle(end, 2.89, 0.27, "$y_t$")
    return canvas.done()


def gates_over_time(
    reads: Sequence[float],
    signs: Sequence[str],
    gates: Mapping[str, Sequence[float]],
    memory: Sequence[float],
    says: Sequence[float],
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the gates of one unit over a sequence, as tanks that are filled as far as they open.

    Above them stands what the unit reads, below them its memory and what is said, as bars that go
    up or down from a middle line; below the name stands the largest of the T numbers, which the
    longest bar shows. Grey bands mark the steps whose sign is not a dot. More than 12 steps are
    drawn in several rows.

    Args:
      reads: T numbers.
      signs: T short texts, written below the bars of `reads`.
      gates: name -> T numbers from 0 (closed) to 1 (open).
      memory, says: T numbers each.

    Raises:
      ValueError: the sequences differ in length, or a gate is not between 0 and 1.
    """
    steps = len(reads)
    for name, values in {"signs": signs, **gates, "memory": memory, "says": says}.items():
        if len(values) != steps:
            raise ValueError(f"{name} has {len(values)} entries where reads has {steps}.")
    for name, values in gates.items():
        if not all(0 <= value <= 1 for value in values):
            raise ValueError(f"gate {name!r} must lie between 0 and 1; got {list(values)}.")
    starts = range(0, steps, BLOCK)
    tall = 2.55 + 0.48 * len(gates)  # inches, of one row of steps
    canvas = Canvas(min(WIDE, _middle(steps - 1) + 0.25), tall * len(starts), ax)
    for row, start in enumerate(starts):
        top = canvas.height - row * tall - 0.1
        part = slice(start, start + BLOCK)
        _bars(canvas, top - 0.4, "reads", reads[part], reads, style.INPUT)
        for column, sign in enumerate(signs[part]):
            if sign != ".":
                place = (_middle(column) - 0.14, top - tall + 0.15)
                canvas.tile(*place, 0.28, tall - 0.95, colours=BAND, line=0).set_zorder(0)
            canvas.text(_middle(column), top - 0.94, str(sign), style.TEXT, weight="bold")
        y = top - 1.14
        for name, values in gates.items():
            canvas.text(0.66, y - 0.19, f"${name}$", style.LABEL, align="right")
            for column, value in enumerate(values[part]):
                left = _middle(column) - 0.12
                canvas.tile(left, y - 0.36, 0.24, 0.36, colours=style.PLAIN, line=1.0)
                # an edge would make a dark bar of the little in a gate that is nearly closed
                canvas.tile(left + 0.01, y - 0.35, 0.22, 0.34 * value, colours=style.CELL, line=0)
            y -= 0.48
        _bars(canvas, y - 0.3, "$c$", memory[part], memory, style.OTHER)
        _bars(canvas, y - 0.98, "says", says[part], says, style.OUTPUT)
    return canvas.done()


def _check_seeds(
    values: Mapping[str, Sequence[Sequence[float]]], columns: Sequence[object], most: int
) -> None:
    """An error unless there are 1 to `most` names, each with a list of numbers for each column."""
    if not 1 <= len(values) <= most:
        raise ValueError(f"values has {len(values)} names; give 1 to {most}.")
    for name, lists in values.items():
        if len(lists) != len(columns):
            raise ValueError(f"{name!r} has {len(lists)} lists for {len(columns)} columns.")


def seeds_side_by_side(
    values: Mapping[str, Sequence[Sequence[float]]],
    columns: Sequence[object],
    xlabel: str,
    ylabel: str,
    reference: tuple[str, Sequence[float]] | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw one mark for each seed: a median would hide that some seeds learn and others do not.

    Args:
      values: name -> for each column a number from each seed; 1 to 6 names.
      columns: what is written below the columns.
      xlabel, ylabel: the names of the axes.
      reference: a name and a number for each column, drawn as a dotted line (default: none).

    Raises:
      ValueError: there are too few or too many names, or a name does not have a list of numbers
        for each column.
    """
    _check_seeds(values, columns, most=6)
    with matplotlib.rc_context({**style.RC, "axes.grid": False}):
        ax, result = _axes(style.WIDTH, 3.7, ax)
        step = 0.8 / len(values)
        for index, ((name, lists), look) in enumerate(
            zip(values.items(), style.LINES, strict=False)
        ):
            middle = (index - (len(values) - 1) / 2) * step
            at: list[float] = []
            marks: list[float] = []
            for column, numbers in enumerate(lists):
                spread = np.linspace(-0.25, 0.25, len(numbers)) * step
                at.extend(column + middle + spread)
                marks.extend(float(number) for number in numbers)
            ax.plot(
                at,
                marks,
                color=look["color"],
                marker=look["marker"],
                linestyle="none",
                label=name,
                zorder=3,
            )
        if reference:
            name, heights = reference[0], [float(height) for height in reference[1]]
            for column, height in enumerate(heights):
                ends = [column - 0.5, column + 0.5]
                label = None if column else name
                ax.plot(ends, [height] * 2, color=style.MUTED, linestyle=":", zorder=2, label=label)
        for column in range(1, len(columns)):
            ax.axvline(column - 0.5, color=style.RULE, linewidth=1.0, zorder=1)
        ax.set_xticks(range(len(columns)), [str(column) for column in columns])
        ax.tick_params(axis="x", length=0)
        ax.set_xlim(-0.5, len(columns) - 0.5)
        low, high = ax.get_ylim()
        ax.set_ylim(min(low, 0.0), high + 0.1 * (high - low))
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        ax.legend(
            loc="lower left", bbox_to_anchor=(0, 1), ncols=2, handletextpad=0.2, columnspacing=1.2
        )
    return result


def seeds_in_rows(
    values: Mapping[str, Sequence[Sequence[float]]],
    columns: Sequence[str],
    xlabel: str,
    reference: tuple[str, Sequence[float]] | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a row for each name, with one mark for each seed in every column.

    Args:
      values: name -> for each column a number from each seed, none below 0; 1 to 8 names.
      columns: what is written above the columns, 1 to 3 of them.
      xlabel: the name of the numbers.
      reference: a name and a number for each column, drawn as a dotted line (default: none).

    Raises:
      ValueError: there are too few or too many names or columns, a name does not have a list of
        numbers for each column, or a number is negative.
    """
    _check_seeds(values, columns, most=8)
    if not 1 <= len(columns) <= 3:
        raise ValueError(f"columns has {len(columns)} names; give 1 to 3.")
    heights = [float(height) for height in reference[1]] if reference else []
    drawn = [float(number) for lists in values.values() for row in lists for number in row]
    least = min([*heights, *drawn], default=0.0)
    if least < 0:
        raise ValueError(f"values and reference must not be negative, but hold {least:g}.")
    highest = max([*heights, *drawn], default=0.0) or 1.0
    scale = 10 ** np.floor(np.log10(highest))
    whole = float(np.ceil(highest / scale) * scale)  # the right end of a column
    between = 1.25 * whole  # from the left end of a column to that of the next
    with matplotlib.rc_context({**style.RC, "axes.grid": False}):
        ax, result = _axes(style.WIDTH, 0.42 * len(values) + 1.4, ax)
        for row, (name, look) in enumerate(zip(values, cycle(style.LINES), strict=False)):
            for column, numbers in enumerate(values[name]):
                left = column * between
                ax.plot([left, left + whole], [row, row], color=style.RULE, linewidth=1.0, zorder=1)
                ax.plot(
                    [left + float(number) for number in numbers],
                    row + 0.6 * ((np.arange(len(numbers)) + 0.5) / len(numbers) - 0.5),
                    color=look["color"],
                    marker=look["marker"],
                    linestyle="none",
                    markersize=6,
                    clip_on=False,
                    zorder=3,
                )
        for column, words in enumerate(columns):
            left = column * between
            ax.text(left, -1.35, words, fontsize=style.TEXT, weight="bold", va="center")
            if reference:
                at = left + heights[column]
                ends = [-0.5, len(values) - 0.5]
                ax.plot([at, at], ends, color=style.INK, linestyle=":", zorder=2)
                ax.text(at, -0.8, reference[0], fontsize=style.SMALL, ha="center", va="center")
        ticks = [(column * between, part) for column in range(len(columns)) for part in (0, 0.5, 1)]
        ax.set_xticks(
            [left + part * whole for left, part in ticks],
            [f"{part * whole:g}" for _, part in ticks],
        )
        names = [name.replace(", ", ",\n") if len(name) > 12 else name for name in values]
        ax.set_yticks(range(len(values)), names)
        ax.tick_params(axis="y", length=0, labelcolor=style.INK)
        ax.spines["left"].set_visible(False)
        ax.set_xlim(-0.03 * whole, (len(columns) - 1) * between + 1.03 * whole)
        ax.set_ylim(len(values) - 0.4, -1.6)
        ax.set_xlabel(xlabel)
    return result


def _times(canvas: Canvas, x: float, y: float) -> None:
    canvas.circle(x, y, 0.19, "\N{MULTIPLICATION SIGN}", colours=style.PLAIN, size=15)


def _middle(column: int) -> float:
    return 0.92 + 0.295 * column


def _bars(
    canvas: Canvas,
    y: float,
    name: str,
    values: Sequence[float],
    scale: Sequence[float],
    colours: tuple[str, str],
) -> None:
    largest = float(np.abs(scale).max()) or 1.0
    size = style.LABEL if name.startswith("$") else style.TEXT
    canvas.text(0.66, y + 0.11, name, size, align="right")
    canvas.text(0.66, y - 0.14, f"\N{PLUS-MINUS SIGN}{largest:.2g}", style.SMALL, align="right")
    canvas.line((_middle(0) - 0.15, y), (_middle(len(values) - 1) + 0.15, y))
    for column, value in enumerate(values):
        height = 0.3 * float(value) / largest
        if abs(height) > 0.006:
            left = _middle(column) - 0.09
            canvas.tile(left, min(y, y + height), 0.18, abs(height), colours=colours, line=1.0)
