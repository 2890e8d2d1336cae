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
    pitch, first, middle = 1.29, 0.78, 1.5
    canvas = Canvas(0.43 + pitch * steps + (0.1 if steps > 1 else 0.9), 3.3, ax)
    centre = first + pitch * (steps - 1) / 2
    canvas.box(centre, 2.9, 1.1, 0.5, "kernel K", colours=style.OTHER, size=NAMES)
    canvas.text(0.1, middle, "0", NAMES, align="left")
    begin = 0.26
    for step in range(steps):
        x = first + pitch * step
        canvas.arrow((begin, middle), (x - 0.25, middle), line=STATE)
        canvas.arrow((centre + 0.22 * (step - (steps - 1) / 2), 2.64), (x, middle + 0.29))
        canvas.square(x, 0.45, 0.5, f"$x_{{{step}}}$", size=INDEXED)
        canvas.arrow((x, 0.72), (x, middle - 0.29))
        canvas.box(x, middle, 0.46, 0.54, "[x h]\n@ K", size=11.0, rounding=0.08)
        canvas.arrow((x + 0.24, middle), (x + 0.365, middle), line=1.4)
        canvas.box(x + 0.58, middle, 0.41, 0.4, "tanh", size=11.0, rounding=0.08)
        canvas.text(x + 0.6, middle - 0.4, f"$h_{{{step}}}$", INDEXED)
        begin = x + 0.795
    return canvas.done()


def while_loop(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw the loop of a recurrent network as one operation, with its three loop variables."""
    canvas = Canvas(4.4, 6.0, ax)
    left, right = 0.52, 3.54
    middle = (left + right) / 2
    lanes = {"t": 1.0, "h": 1.92, "outputs": 3.05}
    start, asked, top, turn, read = 5.35, 3.7, 2.95, 2.05, 0.55

    for name, x in lanes.items():
        canvas.text(x, start + 0.42, name, NAMES, weight="bold")
        if name == "outputs":  # a TensorArray: T empty places
            for place in range(3):
                canvas.tile(x - 0.45 + 0.3 * place, start - 0.2, 0.3, 0.4, colours=style.PLAIN)
        else:
            canvas.box(x, start, 0.6, 0.4, "0", colours=style.PLAIN, size=NAMES, rounding=0.05)
        line = STATE if name == "h" else FLOW
        canvas.arrow((x, start - 0.22), (x, asked + 0.27), line=line)
        canvas.arrow((x, asked - 0.27), (x, turn + 0.27), line=line)
    canvas.box(middle, asked, right - left, 0.5, "t < T ?", colours=style.PLAIN, size=NAMES)
    frame = canvas.outline(left, 0.97, right - left, top - 0.97, colour=style.MUTED, line=1.4)
    frame.set_zorder(1)
    canvas.text(lanes["h"] + 0.5, 3.19, "yes", NAMES)

    canvas.box(lanes["t"], turn, 0.75, 0.5, "t + 1", colours=style.PLAIN, size=NAMES)
    canvas.box(lanes["h"], turn, 0.75, 0.5, "cell", size=NAMES)
    canvas.box(lanes["outputs"], turn, 0.78, 0.5, "write", colours=style.OUTPUT, size=NAMES)
    canvas.text(right, 0.83, "body: one copy", NAMES, align="right")
    reads, weighs = lanes["h"] - 0.08, lanes["h"] + 0.3
    canvas.square(reads, read, 0.5, "$x_t$", size=INDEXED)
    canvas.arrow((reads, read + 0.27), (reads, turn - 0.27))
    canvas.text(reads, 0.15, "inputs[t]", NAMES)
    canvas.box(weighs + 0.33, read - 0.05, 0.74, 0.4, "kernel", colours=style.OTHER, size=NAMES)
    canvas.arrow((weighs, read + 0.17), (weighs, turn - 0.27))

    # the number of the step says which input is read and where the output is written
    branch, aside = 2.63, lanes["t"] + 0.45
    upon = lanes["outputs"] - 0.2
    canvas.dot(lanes["t"], branch)
    canvas.dot(aside, branch)
    canvas.arrow((lanes["t"], branch), (aside + 0.1, branch), head=False)
    canvas.arrow((aside, branch), (aside, read), (reads - 0.27, read))
    canvas.arrow((aside + 0.1, branch), (upon, branch), (upon, turn + 0.27), bridge=True)

    # what the body returns: three ways back, each to the top of its own column
    leaves = lanes["h"] + 0.48
    for name, begin, below, beside, above in (
        ("t + 1", (lanes["t"], turn - 0.27), 1.13, 4.22, 4.78),
        ("h", (leaves, turn), 1.36, 4.01, 4.5),
        ("outputs", (lanes["outputs"], turn - 0.27), 1.59, 3.8, 4.22),
    ):
        end = lanes["t" if name == "t + 1" else name] + 0.03
        down, up = (begin[0], below), (beside, below)
        canvas.arrow(
            begin,
            down,
            up,
            (beside, above),
            (end, above),
            line=STATE if name == "h" else FLOW,
            bridge=True,
        )
        canvas.text(3.75, above + 0.14, name, NAMES, align="right")
    canvas.arrow((lanes["h"] + 0.39, turn), (lanes["outputs"] - 0.41, turn), bridge=True)
    canvas.dot(leaves, turn)

    # and two ways out
    for name, leave, beside, end in (("h", 0.1, 0.13, 0.62), ("outputs", -0.1, 0.36, 0.38)):
        line = STATE if name == "h" else FLOW
        path = (left - 0.02, asked + leave), (beside, asked + leave), (beside, end)
        canvas.arrow(*path, line=line)
        canvas.text(0.06, end - 0.17, name, NAMES, align="left")
    canvas.text(0.33, asked + 0.3, "no", NAMES)
    return canvas.done()


def then_and_now(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw when a graph is made and when it is run: by a session, and by a traced function."""
    canvas = Canvas(4.4, 5.0, ax)
    line = 2.02  # above it a graph is made, below it numbers come
    canvas.ax.plot([0.1, 4.3], [line, line], "--", color=style.MUTED, linewidth=1.8, zorder=1)
    canvas.text(2.2, line + 0.17, "so far, nothing is computed", NAMES, halo=True)
    for x, name, written, made, asked in (
        (1.12, "then", "x = placeholder\nout = cell(x)", "at each line", "run(out, {x: X})"),
        (3.28, "now", "def network(x):\nreturn cell(x)", "at the\nfirst call", "network(X)"),
    ):
        canvas.text(x, 4.8, name, NAMES, weight="bold")
        canvas.box(x, 4.3, 1.75, 0.6, written, colours=style.PLAIN, size=11.0)
        canvas.arrow((x, 4.0), (x, 3.35))
        canvas.text(x + 0.1, 3.68, made, 11.0, align="left")
        frame = canvas.outline(x - 0.95, 2.4, 1.9, 0.9, colour=style.MUTED, line=1.4)
        frame.set_zorder(1)
        canvas.text(x - 0.9, 3.14, "graph", 11.0, align="left")
        canvas.box(x - 0.62, 2.75, 0.4, 0.4, "x", colours=style.INPUT, size=NAMES)
        canvas.arrow((x - 0.41, 2.75), (x - 0.27, 2.75))
        canvas.box(x, 2.75, 0.5, 0.4, "cell", size=NAMES)
        canvas.arrow((x + 0.26, 2.75), (x + 0.4, 2.75))
        canvas.box(x + 0.63, 2.75, 0.44, 0.4, "out", colours=style.OUTPUT, size=NAMES)
        canvas.text(x, 1.72, asked, NAMES)
        canvas.arrow((x, 1.52), (x, 0.82))
        canvas.text(x + 0.1, 1.17, "in a session" if name == "then" else "at each call", 11.0,
                    align="left")  # fmt: skip
        canvas.box(x, 0.5, 1.3, 0.55, "numbers", colours=style.OUTPUT, size=NAMES)
    return canvas.done()


# Where the operations of an LSTM stand, in inches, by their names in TensorFlow 1's graph.
_PLACES = {
    "split": (2.2, 0.4),
    "Const_2": (3.42, 1.35),
    "Add": (2.65, 1.35),
    "Sigmoid_1": (0.6, 2.25),
    "Tanh": (1.6, 2.25),
    "Sigmoid": (2.65, 2.25),
    "Sigmoid_2": (3.85, 2.25),
    "Identity_3": (1.65, 3.15),
    "Mul_1": (0.6, 3.15),
    "Mul": (2.65, 3.15),
    "Add_1": (1.65, 4.05),
    "Tanh_1": (1.65, 4.95),
    "Mul_2": (3.85, 4.95),
}
_HALVES = dict.fromkeys(_PLACES, 0.36) | {
    "split": 2.05,
    "Const_2": 0.2,
    "Add": 0.3,
    "Sigmoid": 0.4,
    "Sigmoid_1": 0.48,
    "Sigmoid_2": 0.48,
}


def lstm_operations(
    reads: Mapping[str, Sequence[str]], forget_bias: str, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw the operations of a BasicLSTMCell in a graph of TensorFlow 1, each with what it reads.

    Args:
      reads: operation -> the names of the tensors that it reads, such as "split:2"; of the names in
        a path the last part counts. What is drawn nowhere is left out.
      forget_bias: what is written into the constant.

    Raises:
      ValueError: an operation has none of the names that such a cell gives.
    """
    unknown = sorted(set(reads) - set(_PLACES))
    if unknown:
        raise ValueError(f"reads has {unknown}; give the operations of one BasicLSTMCell.")
    canvas = Canvas(style.WIDTH, 5.5, ax)
    blocks = [_PLACES[name][0] for name in ("Sigmoid_1", "Tanh", "Sigmoid", "Sigmoid_2")]
    words = {"Const_2": forget_bias, "Identity_3": "old c"}
    for name, (x, y) in _PLACES.items():
        kind = style.CELL if name in reads else style.OTHER
        wide = 2 * _HALVES[name]
        canvas.box(x, y, wide, 0.42, words.get(name, name), size=style.SMALL, colours=kind)
        for tensor in reads.get(name, ()):
            source, _, number = tensor.split("/")[-1].partition(":")
            if source not in _PLACES:
                continue
            left, low = _PLACES[source]
            if source == "split":
                left = blocks[int(number)]
                canvas.text(left + 0.14, 0.84, number, style.SMALL)
            if low == y:  # from the side
                way = 1 if left < x else -1
                canvas.arrow((left + way * _HALVES[source], y), (x - way * _HALVES[name], y))
            else:
                canvas.arrow((left, low + 0.22), (x + min(0.25, max(-0.25, left - x)), y - 0.22))
    canvas.text(2.08, 4.05, "new c", style.SMALL, align="left")
    canvas.text(3.85, 5.31, "output h", style.SMALL)
    return canvas.done()


def segments(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw a sequence cut into two segments: the state crosses the cut, the gradient does not."""
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
