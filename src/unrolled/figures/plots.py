"""Plots of numbers: curves with their names at the line ends, bars, and matrices as heat maps."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch
from matplotlib.ticker import Locator, LogLocator, MaxNLocator, NullLocator

from . import style
from .canvas import labels, text_width
from .grids import number

# Blue below, orange above: both darken away from the middle, and blue darkens further.
BOTH_SIGNS = LinearSegmentedColormap.from_list(
    "both signs", ["#00507f", "#7fb9dd", "#ffffff", "#f5b971", "#b34700"]
)
ONE_SIGN = LinearSegmentedColormap.from_list("one sign", ["#ffffff", "#7fb9dd", "#00507f"])
_PARTS = (style.INPUT, style.CELL, style.OUTPUT, style.OTHER, style.PLAIN)  # of a stacked bar


def _axes(width: float, height: float, ax: Axes | None) -> tuple[Axes, Figure | Axes]:
    """Return the axes to draw on, and what the picture function returns."""
    if ax is not None:
        return ax, ax
    figure = Figure(
        figsize=(width, height),
        dpi=style.DPI,
        facecolor=style.CARD,
        layout=ConstrainedLayoutEngine(w_pad=0.06, h_pad=0.08),
    )
    return figure.add_subplot(), figure


def _plain_numbers(ax: Axes) -> None:
    """Write 0.02 at a logarithmic axis, and not 2 times a power of ten; three numbers at least."""
    low, high = ax.get_ylim()
    locator: Locator = MaxNLocator(nbins=4)
    for steps in ((1, 1.5, 2, 3, 5, 7), (1, 2, 5)):
        these = LogLocator(subs=steps, numticks=12)
        if sum(low <= tick <= high for tick in these.tick_values(low, high)) >= 3:
            locator = these
    ax.yaxis.set_major_locator(locator)
    ax.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.yaxis.set_minor_locator(NullLocator())
    ax.tick_params(axis="y", labelsize=style.SMALL)


def _headed(ax: Axes, title: str | None, **place: Any) -> None:
    if title:
        ax.set_title(textwrap.fill(title, 27), **place)


def _series(name: str, value: Any) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(value, tuple) and len(value) == 2:
        x, y = (np.asarray(part, dtype=float) for part in value)
    else:
        y = np.asarray(value, dtype=float)
        x = np.arange(y.size, dtype=float)
    if y.ndim != 1 or x.shape != y.shape or not y.size:
        raise ValueError(
            f"series {name!r} has x of shape {list(x.shape)} and y of shape "
            f"{list(y.shape)}; give two vectors of the same length."
        )
    return x, y


def curves(
    series: Mapping[str, Any],
    xlabel: str,
    ylabel: str,
    reference: Mapping[str, float] | None = None,
    title: str | None = None,
    logy: bool = False,
    *,
    from_zero: bool = False,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw one line for each series, with its name at the right end.

    Args:
      series: name -> (x, y), or name -> y, vectors of one length; 1 to 6 of them.
      xlabel, ylabel: the names of the axes.
      reference: name -> a constant, drawn as a dotted horizontal line: a printed value, a chance
        level (default: none).
      title: a heading (default: none).
      logy: make the vertical axis logarithmic; values that are not positive are not drawn (default:
        False).
      from_zero: begin the vertical axis at 0, as for what is counted (default: False).

    Raises:
      ValueError: there are too few or too many series, a series is not two vectors of one length,
        or `logy` is True and no value is positive, or `from_zero` is True as well.
    """
    if not 1 <= len(series) <= len(style.LINES):
        raise ValueError(f"series has {len(series)} lines; give 1 to {len(style.LINES)}.")
    data = {name: _series(name, value) for name, value in series.items()}
    if logy and not any((y > 0).any() for _, y in data.values()):
        raise ValueError("logy is True, but no value of series is positive; give logy=False.")
    if logy and from_zero:
        raise ValueError("A logarithmic axis cannot begin at 0; give logy or from_zero.")
    with matplotlib.rc_context(style.RC):
        ax, result = _axes(style.WIDTH, 3.4, ax)
        ends: list[tuple[float, str, str]] = []
        left = min(x.min() for x, _ in data.values())
        right = max(x.max() for x, _ in data.values())
        for (name, (x, y)), look in zip(data.items(), style.LINES, strict=False):
            ax.plot(x, y, markevery=max(1, x.size // 8), label=name, zorder=3, **look)
            good = np.isfinite(y) & ((y > 0) | (not logy))
            if good.any():
                ends.append((float(y[good][-1]), name, look["color"]))
        for name, value in (reference or {}).items():
            ax.axhline(value, color=style.MUTED, linestyle=":", linewidth=2.0, zorder=2)
            ends.append((float(value), f"{name} {value:g}", style.MUTED))
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        _headed(ax, title)
        if logy:
            ax.set_yscale("log")
            # an exponent is a small part of its label
            ax.tick_params(axis="y", which="both", labelsize=style.LABEL)
        if all(float(value).is_integer() for x, _ in data.values() for value in x):
            ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, min_n_ticks=2))
        span = right - left or 1.0
        ax.set_xlim(left - 0.02 * span, right + 0.02 * span)
        ax.margins(y=0.08)
        if from_zero:
            ax.set_ylim(bottom=0)
        low, high = ax.get_ylim()
        if logy and high < 100 * low:  # few powers of ten: plain numbers
            _plain_numbers(ax)
        _names_at_ends(ax, ends)
    return result


def _names_at_ends(ax: Axes, ends: list[tuple[float, str, str]]) -> None:
    """Write each name beside its line's right end, moved up or down where they would touch."""
    low, high = ax.get_ylim()
    ax.set_ylim(low, high)

    def place(value: float) -> float:
        """Return where `value` stands, as a share of the axes' height."""
        if ax.get_yscale() == "log":
            return float(np.log(value / low) / np.log(high / low))
        return (value - low) / (high - low)

    ends = sorted(ends, key=lambda end: end[0])
    names = [textwrap.fill(name, 12, break_long_words=False) for _, name, _ in ends]
    # the height of each name, as a share of the axes', which the layout will shrink a little
    tall = 0.9 * ax.bbox.height / ax.figure.dpi
    heights = [(1.25 * (name.count("\n") + 1) + 0.2) * style.SMALL / 72 / tall for name in names]
    places = [place(value) for value, _, _ in ends]
    for _ in range(200):  # push neighbours apart until none touch
        places[0] = max(places[0], heights[0] / 2)  # no name among the numbers below
        for index in range(len(places) - 1):
            short = (heights[index] + heights[index + 1]) / 2 - (places[index + 1] - places[index])
            if short > 0:
                places[index] -= short / 2
                places[index + 1] += short / 2
    for (value, _, colour), name, height in zip(ends, names, places, strict=True):
        # a thin line leads to a name that had to move
        ax.plot(
            [1.005, 1.03],
            [place(value), height],
            transform=ax.transAxes,
            color=colour,
            linewidth=1.0,
            clip_on=False,
        )
        ax.text(
            1.04,
            height,
            name,
            transform=ax.transAxes,
            color=colour,
            fontsize=style.SMALL,
            va="center",
            ha="left",
            weight="bold",
            linespacing=1.1,
        )


def graph_growth(
    steps: Any,
    static_counts: Any,
    dynamic_counts: Any,
    ylabel: str = "operations in the graph",
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a quantity that grows with T, for the static unroll and for the dynamic one.

    Args:
      steps: the values of T.
      static_counts, dynamic_counts: the quantity at each T, of the length of `steps`.
      ylabel: its name (default: "operations in the graph").

    Raises:
      ValueError: the vectors differ in length.
    """
    result = curves(
        {"static_rnn": (steps, static_counts), "dynamic_rnn": (steps, dynamic_counts)},
        "time steps T",
        ylabel,
        from_zero=True,
        ax=ax,
    )
    drawn = result.axes[0] if isinstance(result, Figure) else result
    drawn.set_xticks(list(steps))
    return result


def cost_curves(
    series: Mapping[str, Any],
    xlabel: str,
    ylabel: str = "milliseconds",
    reference: tuple[str, Any, Any] | None = None,
    title: str | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw times that grow with a size, on two logarithmic axes.

    Args:
      series: name -> (sizes, times), positive vectors of one length; 1 to 6 of them.
      xlabel: the name of the size.
      ylabel: the name of the times (default: "milliseconds").
      reference: (name, sizes, times) to compare with, drawn as a dotted line (default: none).
      title: a heading (default: none).

    Raises:
      ValueError: there are too few or too many series, or one of them is not two positive vectors
        of one length.
    """
    if not 1 <= len(series) <= len(style.LINES):
        raise ValueError(f"series has {len(series)} lines; give 1 to {len(style.LINES)}.")
    data = {name: _series(name, value) for name, value in series.items()}
    beside = {} if reference is None else {reference[0]: _series(reference[0], reference[1:])}
    everything = [*data.values(), *beside.values()]
    for name, (x, y) in [*data.items(), *beside.items()]:
        least = float(np.concatenate([x, y]).min())
        if not least > 0:
            raise ValueError(
                f"series {name!r} must be positive, since both axes are logarithmic; got {least:g}."
            )
    with matplotlib.rc_context(style.RC):
        ax, result = _axes(style.WIDTH, 3.4, ax)
        ends: list[tuple[float, str, str]] = []
        for (name, (x, y)), look in zip(data.items(), style.LINES, strict=False):
            ax.plot(x, y, label=name, zorder=3, **look)
            ends.append((float(y[-1]), name, look["color"]))
        ax.set_xscale("log", base=2)
        ax.set_yscale("log")
        sizes = sorted({float(size) for x, _ in everything for size in x})
        ax.set_xticks(sizes, [f"{size:g}" for size in sizes])
        ax.tick_params(axis="x", which="minor", bottom=False)
        ax.set_xlim(sizes[0] / 1.08, sizes[-1] * 1.08)
        low = min(float(y.min()) for _, y in everything) / 1.3
        ax.set_ylim(low, 1.3 * max(float(y.max()) for _, y in everything))
        _plain_numbers(ax)
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        _headed(ax, title)
        for name, (x, y) in beside.items():
            ax.plot(x, y, color=style.MUTED, linestyle=":", linewidth=2.0, zorder=2)
            ends.append((float(y[-1]), name, style.MUTED))
        _names_at_ends(ax, ends)
    return result


def stacked_bars(
    groups: Mapping[str, Mapping[str, tuple[float, Sequence[float]]]],
    parts: Sequence[str],
    xlabel: str,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw what was measured as horizontal bars, each made up of the parts that explain it.

    Args:
      groups: heading -> name of the bar -> (what was measured, which is written beside the bar, and
        its parts, 0 where it has none).
      parts: the names of the parts, 1 to 5 of them, in the order in which they are stacked.
      xlabel: the name of the quantity.

    Raises:
      ValueError: there are too few or too many parts, or a bar has not one for each name.
    """
    looks = list(zip(_PARTS, ("", "///", "...", "xxx", ""), strict=True))
    if not 1 <= len(parts) <= len(looks):
        raise ValueError(f"parts has {len(parts)} names; give 1 to {len(looks)}.")
    with matplotlib.rc_context({**style.RC, "hatch.linewidth": 0.7}):
        bars = sum(len(group) for group in groups.values())
        tall = 0.75 + 0.27 * bars + 0.34 * len(groups) + 0.2 * len(parts)
        ax, result = _axes(style.WIDTH, tall, ax)
        places, names, y, most = [], [], 0.0, 0.0
        for heading, group in groups.items():
            ax.annotate(heading, (0, y), (2, 0), textcoords="offset points", va="center",
                        fontsize=style.SMALL, weight="bold")  # fmt: skip
            y += 1.05
            for name, (measured, heights) in group.items():
                if len(heights) != len(parts):
                    raise ValueError(f"{name!r} has {len(heights)} parts; give {len(parts)}.")
                begin = 0.0
                for height, ((fill, edge), hatch) in zip(heights, looks, strict=False):
                    if height:
                        ax.barh(y, height, 0.82, begin, color=fill, edgecolor=edge, hatch=hatch)
                    begin += height
                ax.annotate(f"{measured:,.0f}", (begin, y), (4, 0), textcoords="offset points",
                            va="center", fontsize=style.SMALL)  # fmt: skip
                places.append(y)
                names.append(name)
                most = max(most, begin)
                y += 1.0
            y += 0.25
        ax.set_yticks(places, names)
        ax.set_ylim(y - 0.5, -0.7)
        ax.set_xlim(0, 1.18 * most)
        ax.tick_params(axis="y", length=0)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(xlabel)
        ax.legend(
            handles=[
                Patch(facecolor=fill, edgecolor=edge, hatch=hatch, label=name)
                for name, ((fill, edge), hatch) in zip(parts, looks, strict=False)
            ],
            loc="lower right",
            bbox_to_anchor=(1.0, 1.0),
            borderaxespad=0.2,
        )
    return result


def time_bars(
    times: Mapping[str, float | None],
    reference: tuple[str, float] | None = None,
    xlabel: str = "milliseconds",
    spread: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    marked: Sequence[str] = (),
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a bar for each time, with its number.

    Args:
      times: name -> time, in the order of the bars, 1 to 12 of them; the row of None reads "not
        measured".
      reference: (name, time) to compare with, drawn as a dotted line (default: none).
      xlabel: the name of the times (default: "milliseconds").
      spread: name -> (low, high), drawn as a thin line across the end of the bar (default: none).
      title: a heading (default: none).
      marked: the names of bars in another colour, hatched (default: none).

    Raises:
      ValueError: there are too few or too many times, one is negative or infinite, or `spread` or
        `marked` has a name that `times` does not have.
    """
    if not 1 <= len(times) <= 12:
        raise ValueError(f"times has {len(times)} bars; give 1 to 12.")
    known = {name: float(time) for name, time in times.items() if time is not None}
    if any(not np.isfinite(time) or time < 0 for time in known.values()):
        raise ValueError(f"times must not be negative or infinite; got {dict(times)}.")
    for kind, names in (("spread", spread or {}), ("marked", marked)):
        for name in names:
            if name not in times:
                raise ValueError(f"{kind} names {name!r}, which is none of {list(times)}.")
    with matplotlib.rc_context({**style.RC, "axes.grid": False}):
        ax, result = _axes(style.WIDTH, 0.57 * len(times) + 1.1, ax)
        ends = {name: max(time, *(spread or {}).get(name, (time,))) for name, time in known.items()}
        longest = max([*ends.values(), reference[1] if reference else 0.0]) or 1.0
        card = {"boxstyle": "square,pad=0.1", "facecolor": style.CARD, "edgecolor": "none"}
        for place, name in enumerate(times):
            # a name stands above its bar, which so has the whole width
            ax.text(
                0.01 * longest,
                place - 0.4,
                name,
                va="center",
                fontsize=style.SMALL,
                bbox=card,
                zorder=5,
            )
            if name not in known:
                words, at, colour = "not measured", 0.01 * longest, style.MUTED
            else:
                words, at, colour = f"{known[name]:.3g}", ends[name] + 0.015 * longest, style.INK
                fill, edge = style.CELL if name in marked else style.INPUT
                hatch = "//" if name in marked else None
                ax.barh(
                    place, known[name], 0.4, color=fill, edgecolor=edge, linewidth=1.2, hatch=hatch
                )
            if spread and name in spread:
                ax.plot(spread[name], [place, place], color=style.INK, linewidth=2.0, zorder=4)
            ax.text(
                at,
                place,
                words,
                va="center",
                fontsize=style.SMALL,
                color=colour,
                bbox=card,
                zorder=5,
            )
        ax.set_yticks([])
        ax.set_ylim(len(times) - 0.65, -0.65)
        ax.set_xlim(0, 1.18 * longest)
        ax.set_xlabel(xlabel)
        if reference is not None:
            name, at = reference
            ax.axvline(at, color=style.INK, linestyle=":", linewidth=2.0, zorder=3)
            ax.annotate(
                f"{name} {at:.3g}",
                (at, 1.0),
                (0, 3),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                ha="left" if at < longest / 2 else "right",
                fontsize=style.SMALL,
                color=style.MUTED,
                weight="bold",
            )
        _headed(ax, title, pad=22 if reference is not None else None)
    return result


def time_steps(
    times: Mapping[str, float],
    xlabel: str = "milliseconds",
    spread: Mapping[str, tuple[float, float]] | None = None,
    title: str | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw times that each follow from the one above, on a logarithmic axis.

    A dot for each time, and an arrow to it from the time before: arrows of equal length are equal
    factors.

    Args:
      times: name -> time, in their order, 1 to 12 of them.
      xlabel: the name of the times (default: "milliseconds").
      spread: name -> (low, high), drawn as a thin line through the dot (default: none).
      title: a heading (default: none).

    Raises:
      ValueError: there are too few or too many times, or one is not above 0 and finite.
    """
    if not 1 <= len(times) <= 12:
        raise ValueError(f"times has {len(times)} entries; give 1 to 12.")
    if any(not np.isfinite(time) or time <= 0 for time in times.values()):
        raise ValueError(f"times must be above 0 and finite; got {dict(times)}.")
    values = [float(time) for time in times.values()]
    with matplotlib.rc_context({**style.RC, "axes.grid": False}):
        ax, result = _axes(style.WIDTH, 0.57 * len(times) + 1.1, ax)
        ax.set_xscale("log")
        low, high = min(values), max(values)
        wide = high / low * 4
        low, high = low / wide**0.2, high * wide**0.2
        ax.set_xlim(low, high)
        card = {"boxstyle": "square,pad=0.1", "facecolor": style.CARD, "edgecolor": "none"}
        for place, (name, time) in enumerate(zip(times, values, strict=True)):
            ax.text(
                0.01,
                place - 0.36,
                name,
                transform=ax.get_yaxis_transform(),
                va="center",
                fontsize=style.SMALL,
                bbox=card,
                zorder=5,
            )
            moved = place and abs(np.log(time / values[place - 1])) / np.log(high / low)
            if moved > 0.02:  # a shorter arrow would hide under the dot
                ax.annotate(
                    "",
                    (time, place),
                    (values[place - 1], place),
                    arrowprops={"arrowstyle": "->", "color": style.MUTED, "linewidth": 1.6},
                    zorder=2,
                )
            if place:
                ax.plot(
                    [values[place - 1]] * 2,
                    [place - 1, place],
                    color=style.MUTED,
                    linestyle=":",
                    linewidth=1.2,
                    zorder=1,
                )
            if spread and name in spread:
                ax.plot(spread[name], [place, place], color=style.INK, linewidth=2.0, zorder=4)
            fill, edge = style.CELL
            ax.plot(time, place, "o", color=fill, markeredgecolor=edge, markersize=9, zorder=3)
            faster = bool(place) and time < values[place - 1]  # the number is not on the arrow
            ends = (time, *(spread or {}).get(name, ()))
            ax.annotate(
                f"{time:,.0f}" if time >= 100 else f"{time:.3g}",
                (min(ends) if faster else max(ends), place),
                (-8 if faster else 8, 0),
                textcoords="offset points",
                va="center",
                ha="right" if faster else "left",
                fontsize=style.SMALL,
                bbox=card,
            )
        ax.xaxis.set_major_locator(LogLocator(subs=(1,), numticks=8))
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
        ax.xaxis.set_minor_locator(NullLocator())
        ax.tick_params(axis="x", labelsize=style.SMALL)
        ax.set_yticks([])
        ax.set_ylim(len(times) - 0.5, -0.65)
        ax.set_xlabel(xlabel)
        _headed(ax, title)
    return result


def heat(
    matrix: Any,
    xlabel: str,
    ylabel: str,
    title: str | None = None,
    xticklabels: Sequence[Any] | None = None,
    yticklabels: Sequence[Any] | None = None,
    center_zero: bool = True,
    *,
    digits: int = 2,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a matrix as colours; a small one also has its numbers.

    Args:
      matrix: [rows, columns].
      xlabel, ylabel: the names of the axes.
      title: a heading (default: none).
      xticklabels, yticklabels: names of the columns and rows (default: their numbers).
      center_zero: white is 0, blue negative and orange positive; if False, white is the least value
        (default: True).
      digits: the number of decimals that are printed (default: 2).

    Raises:
      ValueError: the matrix has another shape, or the labels do not fit it.
    """
    values = np.asarray(matrix, dtype=float)
    if values.ndim != 2 or 0 in values.shape:
        raise ValueError(f"matrix has shape {list(values.shape)}; give rows and columns.")
    rows, columns = values.shape
    across = labels("xticklabels", xticklabels, columns)
    down = labels("yticklabels", yticklabels, rows)
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max()) if finite.size else 1.0
    limits = (
        (-largest or -1.0, largest or 1.0)
        if center_zero
        else ((float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0))
    )
    with matplotlib.rc_context({**style.RC, "axes.grid": False}):
        shape = min(max(rows / columns, 0.35), 1.1)
        tall = min(max(3.6 * shape, 0.32 * min(rows, 10) + 1.2), 4.4)
        ax, result = _axes(style.WIDTH, tall, ax)
        picture = ax.imshow(
            values,
            cmap=BOTH_SIGNS if center_zero else ONE_SIGN,
            vmin=limits[0],
            vmax=limits[1],
            interpolation="nearest",
            aspect="auto",
        )
        ax.spines[:].set_visible(False)
        for axis, names, size in ((ax.xaxis, across, columns), (ax.yaxis, down, rows)):
            if names is not None:
                axis.set_ticks(range(size), names)
            elif size <= 12:
                axis.set_ticks(range(size))
            else:
                axis.set_major_locator(MaxNLocator(nbins=8, integer=True))
            axis.set_tick_params(length=0)
        ax.set_xlabel(xlabel)
        ax.set_ylabel(ylabel)
        _headed(ax, title)
        texts = [[number(entry, digits) for entry in row] for row in values.tolist()]
        longest = max((text for row in texts for text in row), key=len)
        if rows <= 12 and text_width(longest, style.SMALLEST) + 0.06 <= 3.6 / columns:
            ax.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
            ax.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
            ax.grid(which="minor", color=style.CARD, linewidth=2.0)
            ax.tick_params(which="minor", length=0)
            for row in range(rows):
                for column in range(columns):
                    red, green, blue, _ = picture.cmap(picture.norm(values[row, column]))
                    dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
                    ax.text(
                        column,
                        row,
                        texts[row][column],
                        ha="center",
                        va="center",
                        fontsize=style.SMALLEST,
                        color=style.CARD if dark else style.INK,
                    )
        else:
            ax.figure.colorbar(picture, ax=ax, fraction=0.05, pad=0.03).outline.set_visible(False)
    return result


def descent(
    curve: tuple[Any, Any],
    paths: Mapping[str, Any],
    xlabel: str,
    ylabel: str,
    top: float,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a curve, and paths of points that move down it; a leap out of the picture is an arrow.

    Args:
      curve: (x, y), the second for the height above each of the first.
      paths: name -> the x of its points, in order; 1 to 3 of them.
      xlabel, ylabel: the names of the axes.
      top: the upper end of the vertical axis; the curve may go on above it.

    Raises:
      ValueError: there is no path or more than 3, or the curve is not two vectors of one length.
    """
    if not 1 <= len(paths) <= 3:
        raise ValueError(f"paths has {len(paths)} entries; give 1 to 3.")
    x, y = _series("curve", curve)
    with matplotlib.rc_context(style.RC):
        ax, result = _axes(style.WIDTH, 3.6, ax)
        ax.set(xlim=(x.min(), x.max()), ylim=(-0.06 * top, top), xlabel=xlabel, ylabel=ylabel)
        ax.plot(x, y, color=style.MUTED, linewidth=4.0, alpha=0.45, zorder=2)
        for (name, path), look in zip(paths.items(), style.LINES[1:], strict=False):
            path = np.asarray(path, dtype=float)
            heights = np.interp(path, x, y)
            inside = (path >= x.min()) & (path <= x.max())
            shown = path.size if inside.all() else int(np.argmin(inside))
            ax.plot(
                path[:shown],
                heights[:shown],
                linestyle="none",
                marker=look["marker"],
                color=look["color"],
                label=name,
                zorder=3,
            )
            if 0 < shown < path.size:
                end = x.max() if path[shown] > x.max() else x.min()
                right = end > path[shown - 1]
                ax.text(
                    end,
                    0.68 * top,
                    f"to {number(path[shown])} " if right else f" to {number(path[shown])}",
                    color=look["color"],
                    ha="right" if right else "left",
                    weight="bold",
                    size=style.SMALL,
                )
                ax.annotate(
                    "",
                    xy=(end, 0.55 * top),
                    xytext=(path[shown - 1], heights[shown - 1]),
                    arrowprops={
                        "arrowstyle": "-|>",
                        "connectionstyle": f"arc3,rad={-0.3 if right else 0.3}",
                        "color": look["color"],
                        "linewidth": 2.0,
                    },
                )
        ax.legend(loc="upper right")
    return result
