"""Neurons, layers and chains: inputs below, cells in the middle, outputs above, state to the right.

An input is a blue rounded square, a cell an orange rounded box, an output a green circle; what is
carried from one step to the next is a thick dark arrow.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.cbook import is_math_text
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, Point, count, fit, key_width, labels, text_width

SIDE = 0.5  # inches: an input
RADIUS = 0.28  # an output
TALL = 0.54  # a cell
RISE = 0.95  # from the middle of a cell up to its output, and down to its input
DOTS = r"$\cdots$"


def one_number(
    inputs: Sequence[float] = (1, 0, 0, 1),
    w_x: float = 1.0,
    w_h: float = 0.5,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a neuron of one input without tanh over time, each product beside its arrow.

    Args:
      inputs: 1 to 4 numbers, one for each step (default: 1, 0, 0, 1).
      w_x, w_h: the weights of the input and of the number before (default: 1 and 0.5).

    Raises:
      ValueError: there are too few or too many inputs, or a number is too long to print.
    """
    count("inputs", len(inputs), 1, 4)
    pitch, wide, low, middle = 1.03, 0.5, 0.62, 2.0
    canvas = Canvas(0.98 + pitch * (len(inputs) - 1) + 0.3, 2.7, ax)
    write = functools.partial(canvas.text, size=style.SMALL)

    canvas.text(0.1, middle, "0")
    h, before = 0.0, 0.2
    for step, x in enumerate(inputs):
        centre = 0.98 + pitch * step
        canvas.arrow((before, middle), (centre - wide / 2 - 0.02, middle), line=STATE)
        between = (before + centre - wide / 2) / 2
        write(between, middle + 0.2, _times(w_h))
        write(between, middle - 0.2, short(w_h * h))
        canvas.square(centre, low, SIDE, short(x))
        canvas.text(centre, 0.17, f"$x_{step}$")
        canvas.arrow((centre, low + SIDE / 2 + 0.02), (centre, middle - TALL / 2 - 0.03))
        up = (low + SIDE / 2 + middle - TALL / 2) / 2 - 0.05
        write(centre - 0.08, up, _times(w_x), align="right")
        write(centre + 0.08, up, short(w_x * x), align="left")
        h = w_x * x + w_h * h
        canvas.box(centre, middle, wide, TALL, short(h), size=style.TEXT)
        canvas.text(centre, middle + 0.5, f"$h_{step}$")
        before = centre + wide / 2 + 0.02
    return canvas.done()


def short(value: float) -> str:
    """Return `value` with up to three decimals, and a true minus."""
    return f"{round(float(value), 3) + 0.0:g}".replace("-", "\N{MINUS SIGN}")


def _times(weight: float) -> str:
    return f"\N{MULTIPLICATION SIGN}{short(weight)}"


def feedforward_and_recurrent(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw a feedforward layer beside a recurrent one, which differs in the way back alone."""
    canvas = Canvas(style.WIDTH, 3.5, ax)
    half = style.WIDTH / 2
    for left, name, formula in (
        (0.0, "feedforward", "$y = f(x)$"),
        (half, "recurrent", "$h_t = f(x_t,\\ h_{t-1})$"),
    ):
        recurrent = name == "recurrent"
        centre = left + half / 2 - (0.15 if recurrent else 0.0)
        suffix = "_t" if recurrent else ""
        canvas.text(left + half / 2, 3.3, name, style.LABEL, weight="bold")
        canvas.square(centre, 0.85, SIDE, f"$x{suffix}$")
        canvas.arrow((centre, 1.12), (centre, 1.43))
        canvas.box(centre, 1.75, 1.4, 0.6)
        for offset in (-0.48, -0.16, 0.16, 0.48):
            canvas.circle(centre + offset, 1.75, 0.12, colours=style.PLAIN)
        canvas.arrow((centre, 2.07), (centre, 2.4))
        canvas.circle(centre, 2.7, RADIUS, "$h_t$" if recurrent else "$y$")
        if recurrent:
            canvas.arrow(
                (centre + RADIUS + 0.02, 2.7),
                (centre + 1.05, 2.7),
                (centre + 1.05, 1.75),
                (centre + 0.73, 1.75),
                line=STATE,
                radius=0.2,
            )
        canvas.text(left + half / 2, 0.3, formula, style.LABEL)
    canvas.line((half, 0.25), (half, 3.35), colour=style.RULE)
    return canvas.done()


def elided(steps: int, most: int, kept: int = 2) -> list[int | None]:
    """Return the steps to draw: all if at most `most`, else the first `kept`, dots and the last.

    None stands for the dots.
    """
    if steps <= most:
        return list(range(steps))
    return [*range(kept), None, steps - 1]


def _masked(masked: Collection[int], steps: int) -> set[int]:
    wrong = [step for step in masked if not 0 <= step < steps]
    if wrong:
        raise ValueError(f"masked names step {wrong[0]}; give steps from 0 to {steps - 1}.")
    return set(masked)


def _state_labels(states: Sequence[Any] | None, steps: int, masked: set[int]) -> list[str]:
    """Return the labels of the steps + 1 state arrows, the initial state first."""
    if states is None:
        named, last = ["$h_{-1}$"], "$h_{-1}$"
        for step in range(steps):
            last = last if step in masked else f"$h_{{{step}}}$"
            named.append(last)
        return named
    if len(states) == steps:
        states = ["", *states]
    if len(states) != steps + 1:
        raise ValueError(
            f"states has {len(states)} entries; give {steps}, one after each step, or "
            f"{steps + 1} with the initial state first."
        )
    return ["" if entry is None else str(entry) for entry in states]


def unrolled(
    steps: int = 3,
    inputs: Sequence[Any] | None = None,
    outputs: Sequence[Any] | None = None,
    states: Sequence[Any] | None = None,
    folded: bool = True,
    title: str | None = None,
    masked: Collection[int] = (),
    *,
    losses: bool = False,
    one_row: bool = False,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a recurrent network folded (a cell and its loop) and unrolled over T = `steps`.

    A long chain shows its first steps and its last.

    Args:
      steps: T, from 1 to 1000 (default: 3).
      inputs, outputs: T short strings or formulas; one that is None or '' is not drawn (default:
        x and y with the number of the step).
      states: T of the same, the state after each step, or T + 1, the initial state first (default:
        h with the number of the step).
      folded: draw the folded network too (default: True).
      title: a heading (default: none).
      masked: the steps that are padding: grey and hatched, with output 0, and the state of the
        step before goes straight through (default: none).
      losses: the outputs are losses, in the colour of a loss (default: False).
      one_row: lay up to five cells in one row, where their labels are short; for a network that is
        not folded (default: False).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range, a list has the wrong length, `masked` names a step
        that does not exist, a label does not fit, or `one_row` is True and there are more than five
        cells or the folded network too.
    """
    count("steps", steps, 1, 1000)
    if one_row and (folded or steps > 5):
        raise ValueError("one_row is True: give at most 5 steps, and folded=False.")
    grey = _masked(masked, steps)
    below = labels("inputs", inputs, steps)
    above = labels("outputs", outputs, steps)
    along = _state_labels(states, steps, grey)
    if below is None:
        below = [f"$x_{{{step}}}$" for step in range(steps)]
    if above is None:
        above = ["0" if step in grey else f"$y_{{{step}}}$" for step in range(steps)]

    shown = elided(steps, 5) if folded else elided(steps, 7, kept=3)
    # One row of as many columns as a phone can show, or two: the folded network fills a column.
    start, most = (1.45, 3) if folded else (0.15, 4 + one_row)
    total = len(shown)
    first = total if total <= most else (total + (not folded)) // 2
    # a cell and an arrow for each column, and the arrow that leads to the first
    pitch = min(
        1.2,
        (style.WIDTH - start - 0.1) / (first + 0.34),
        (style.WIDTH - 0.25) / (total - first + 0.34),
    )
    cell = min(0.7, 0.53 * pitch)
    storey = 2.55
    rows = 1 if first == total else 2
    width = max(start + pitch * (first + 0.34), 0.15 + pitch * (total - first + 0.34)) + 0.1
    height = rows * storey + 0.25 * (rows - 1)
    canvas = Canvas(width, height + (0.4 if title else 0.0), ax)
    canvas.title(title)
    middles = [height - 1.28, height - 1.28 - storey - 0.25][:rows]

    if folded:
        _folded(canvas, 0.44, middles[0])
        canvas.text(1.31, middles[0], "=", 20)

    places: list[Point] = []
    for column, step in enumerate(shown):
        left, number = (start, column) if column < first else (0.15, column - first)
        x, y = left + pitch * (number + 0.72), middles[column >= first]
        places.append((x, y))
        if step is None:
            canvas.text(x, y, DOTS, 18)
            continue
        hatched = step in grey
        ink = style.PADDING[1] if hatched else style.INK
        if below[step]:
            canvas.pill(x, y - RISE, SIDE / 2, below[step], pitch, square=True, hatched=hatched)
            canvas.arrow((x, y - RISE + SIDE / 2 + 0.02), (x, y - TALL / 2 - 0.03), colour=ink)
        canvas.box(x, y, cell, TALL, None if hatched else "cell", hatched=hatched, size=style.TEXT)
        if hatched:  # the state passes by on the way to the next step
            _straight_through(canvas, x, cell / 2 + 0.02, y)
        if above[step]:
            canvas.arrow((x, y + TALL / 2 + 0.02), (x, y + RISE - RADIUS - 0.03), colour=ink)
            colours = style.OTHER if losses else style.OUTPUT
            canvas.pill(x, y + RISE, RADIUS, above[step], pitch, hatched=hatched, colours=colours)

    def edge(column: int) -> float:
        """Return the distance from the middle of a column to where its arrows begin and end."""
        return 0.25 if shown[column] is None else cell / 2 + 0.02

    (x, y) = places[0]
    _state(canvas, [(x - 0.7 * pitch, y), (x - edge(0), y)], along[0])
    for column, (step, here, there) in enumerate(zip(shown, places, places[1:], strict=False)):
        following = shown[column + 1]
        label = along[step + 1] if step is not None else along[following or 0]
        path = [(here[0] + edge(column), here[1]), (there[0] - edge(column + 1), there[1])]
        if here[1] != there[1]:  # on to the next row
            right, turn = here[0] + 0.58 * pitch, (here[1] + there[1]) / 2
            path[1:1] = [(right, here[1]), (right, turn), (0.12, turn), (0.12, there[1])]
        _state(canvas, path, label)
    (x, y) = places[-1]
    _state(canvas, [(x + edge(total - 1), y), (x + 0.6 * pitch, y)], along[steps])
    return canvas.done()


def _straight_through(canvas: Canvas, x: float, half: float, y: float) -> None:
    """Draw the state's line across a cell that leaves it as it is, `half` to each side of x."""
    canvas.ax.plot(
        [x - half, x + half],
        [y, y],
        color=style.INK,
        linewidth=STATE,
        zorder=5,
        solid_capstyle="butt",
    )


def _folded(canvas: Canvas, x: float, y: float) -> None:
    """Draw the folded network: a cell with a loop."""
    canvas.square(x, y - RISE, SIDE, "$x_t$")
    canvas.arrow((x, y - RISE + SIDE / 2 + 0.02), (x, y - TALL / 2 - 0.03))
    canvas.box(x, y, 0.6, TALL, "cell", size=style.TEXT)
    canvas.arrow((x, y + TALL / 2 + 0.02), (x, y + RISE - RADIUS - 0.03))
    canvas.circle(x, y + RISE, RADIUS, "$y_t$")
    loop = [(x + 0.3, y + 0.16), (x + 0.66, y + 0.16), (x + 0.66, y - 0.16), (x + 0.32, y - 0.16)]
    canvas.arrow(*loop, line=STATE, radius=0.15)


def _state(canvas: Canvas, path: list[Point], label: str) -> None:
    """Draw a state arrow with its label above the last piece of it."""
    canvas.arrow(*path, line=STATE)
    if label:
        (begin, _), (end, y) = path[-2:]
        size = fit(label, end - begin + 0.1, style.TEXT)
        canvas.text((begin + end) / 2, y + 0.4, label, size)


def layer(
    num_inputs: int = 3, num_units: int = 5, batch: int | None = None, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw a recurrent layer of U = `num_units` units on D = `num_inputs` inputs.

    The shapes are beside the arrows: W_x [D, U], W_h [U, U], and of the arrays [D] and [U], or
    [B, D] and [B, U] with `batch`.

    Args:
      num_inputs: D, from 1 to 8 (default: 3).
      num_units: U, from 1 to 8 (default: 5).
      batch: B, from 1 to 6 (default: one row without this axis).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("num_inputs", num_inputs, 1, 8)
    count("num_units", num_units, 1, 8)
    rows = 1 if batch is None else count("batch", batch, 1, 6)
    tile = min(0.26, 1.6 / max(num_inputs, num_units))
    unit = min(0.32, 1.6 / num_units)
    block = rows * tile
    lead = "" if batch is None else f"{rows}, "
    x, h = ("x", "h") if batch is None else ("X", "H")
    wide = max(num_units * unit + 0.2, 0.9)
    before, loop = f"${h}_{{t-1}}$ [{lead}{num_units}]", f"$W_h$ [{num_units}, {num_units}]"
    bias = f"$b$ [{num_units}]"
    centre = 0.15 + text_width(bias, style.LABEL) + 0.1 + wide / 2
    right = centre + wide / 2 + 0.35
    beside = max(text_width(before, style.LABEL), text_width(loop, style.LABEL))
    canvas = Canvas(right + 0.2 + beside, 3.25 + 2 * block, ax)
    low = 0.5
    middle = low + block + 1.05
    high = middle + 1.05

    def array(bottom: float, columns: int, colours: tuple[str, str]) -> None:
        for row in range(rows):
            for column in range(columns):
                canvas.tile(
                    centre + (column - columns / 2) * tile,
                    bottom + row * tile,
                    tile,
                    tile,
                    colours=colours,
                )

    canvas.text(centre, low - 0.25, f"${x}_t$ [{lead}{num_inputs}]")
    array(low, num_inputs, style.INPUT)
    canvas.arrow((centre, low + block + 0.03), (centre, middle - 0.33))
    canvas.text(
        centre + 0.12,
        (low + block + middle - 0.36) / 2,
        f"$W_x$ [{num_inputs}, {num_units}]",
        align="left",
    )
    canvas.box(centre, middle, wide, 0.6)
    for index in range(num_units):
        canvas.circle(
            centre + (index - (num_units - 1) / 2) * unit, middle, 0.38 * unit, colours=style.PLAIN
        )
    canvas.text(centre - wide / 2 - 0.1, middle, bias, style.LABEL, align="right")
    canvas.arrow((centre, middle + 0.32), (centre, high - 0.03))
    canvas.text(centre - 0.13, (middle + 0.32 + high - 0.1) / 2, "tanh", align="right")
    array(high, num_units, style.OUTPUT)
    canvas.text(centre, high + block + 0.25, f"${h}_t$ [{lead}{num_units}]")
    canvas.arrow(
        (centre + num_units * tile / 2 + 0.04, high + block / 2),
        (right, high + block / 2),
        (right, middle),
        (centre + wide / 2 + 0.03, middle),
        line=STATE,
        radius=0.2,
    )
    canvas.text(right + 0.1, high + block / 2 - 0.1, before, align="left")
    canvas.text(right + 0.1, middle + 0.12, loop, align="left")
    return canvas.done()


def _small_chain(
    canvas: Canvas,
    left: float,
    bottom: float,
    inputs: str,
    outputs: str,
    decoder_from: int,
    width: float,
) -> None:
    """Draw a chain without labels; `inputs` and `outputs` hold an 'x' for each node to draw."""
    steps = len(inputs)
    pitch = width / steps
    cell = 0.58 * pitch
    for step in range(steps):
        x = left + pitch * (step + 0.5)
        middle = bottom + 0.76
        colours = style.OTHER if step >= decoder_from else style.CELL
        if inputs[step] == "x":
            canvas.square(x, bottom + 0.15, 0.28)
            canvas.arrow((x, bottom + 0.3), (x, middle - 0.21))
        canvas.box(x, middle, cell, 0.38, colours=colours, rounding=0.07)
        if outputs[step] == "x":
            canvas.arrow((x, middle + 0.2), (x, bottom + 1.21))
            canvas.circle(x, bottom + 1.37, 0.15)
        if step + 1 < steps:
            canvas.arrow((x + cell / 2 + 0.01, middle), (x + pitch - cell / 2 - 0.01, middle))


def four_shapes(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw the four shapes of problem: which steps have an input and which an output."""
    canvas = Canvas(style.WIDTH, 4.7, ax)
    half = style.WIDTH / 2
    panels = (
        ("sequence\nto vector", "xxxx", "---x", 9),
        ("sequence\nto sequence", "xxxx", "xxxx", 9),
        ("vector\nto sequence", "x---", "xxxx", 9),
        ("encoder\nand decoder", "xxx--", "---xx", 3),
    )
    for index, (name, inputs, outputs, decoder_from) in enumerate(panels):
        left = half * (index % 2)
        bottom = 2.45 if index < 2 else 0.12
        canvas.text(left + half / 2, bottom + 1.88, name, style.TEXT, weight="bold")
        _small_chain(canvas, left + 0.1, bottom, inputs, outputs, decoder_from, half - 0.2)
    canvas.line((half, 0.15), (half, 4.55), colour=style.RULE)
    canvas.line((0.15, 2.35), (style.WIDTH - 0.15, 2.35), colour=style.RULE)
    return canvas.done()


def _decoder(
    canvas: Canvas,
    left: float,
    pitch: float,
    y: float,
    reads: Sequence[str],
    writes: Sequence[str],
    wrong: Sequence[bool],
    fed_back: bool,
) -> None:
    """Draw a row of a decoder's cells, the first in the middle of the first column at `left`."""
    cell = min(0.7, 0.6 * pitch)
    radius, size = 0.21, style.LABEL
    wide = 2 * radius
    if any(len(word) > 1 and not is_math_text(word) for word in [*reads, *writes]):  # words
        radius, size = RADIUS, style.TEXT
        wide = max(2 * radius, *(text_width(word, size) + 0.16 for word in [*reads, *writes]))
    for step, (read, write) in enumerate(zip(reads, writes, strict=True)):
        x = left + pitch * (step + 0.5)
        high, low = y + 0.92, y - 0.95
        canvas.box(x, low, wide, 2 * radius, read, colours=style.INPUT, size=size, rounding=0.07)
        canvas.arrow((x, low + radius + 0.02), (x, y - 0.28))
        canvas.box(x, y, cell, 0.52, "cell", colours=style.OTHER, size=style.TEXT)
        canvas.arrow((x, y + 0.28), (x, high - radius - 0.02))
        canvas.box(
            x, high, wide, 2 * radius, write, colours=style.OUTPUT, size=size, rounding=radius
        )
        if wrong[step]:
            canvas.text(x, high + radius + 0.15, "×", 14, weight="bold")
        if step + 1 == len(reads):
            continue
        if fed_back:
            turn = x + pitch / 2 - 0.03
            canvas.arrow(
                (x + wide / 2 + 0.02, high),
                (turn, high),
                (turn, low),
                (x + pitch - wide / 2 - 0.02, low),
                dashed=True,
                radius=0.09,
            )
        canvas.arrow(
            (x + cell / 2 + 0.02, y),
            (x + pitch - cell / 2 - 0.02, y),
            line=STATE,
            bridge=fed_back,
        )


def encoder_decoder(
    source: Sequence[Any], words: Sequence[Any], *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw an encoder that reads `source` and, below it, the decoder that writes `words`.

    The encoder's final state leads to the decoder; each word that is written is read at the next
    step.

    Args:
      source: 1 to 4 short strings.
      words: 1 to 3 of them.

    Raises:
      ValueError: there are too few or too many, or one does not fit.
    """
    symbols, writes = list(map(str, source)), list(map(str, words))
    count("the length of source", len(symbols), 1, 4)
    count("the length of words", len(writes), 1, 3)
    canvas = Canvas(style.WIDTH, 5.0, ax)
    left, pitch, cell = 0.4, 0.92, 0.6
    top, low = 4.28, 1.34
    canvas.text(0.1, 4.8, "encoder", weight="bold", align="left")
    for step, symbol in enumerate(symbols):
        x = left + pitch * (step + 0.5)
        canvas.pill(x, top - 0.95, 0.22, symbol, pitch - 0.24, square=True)
        canvas.arrow((x, top - 0.71), (x, top - 0.29))
        canvas.box(x, top, cell, 0.52, "cell", size=style.TEXT)
        if step + 1 < len(symbols):
            canvas.arrow((x + cell / 2 + 0.02, top), (x + pitch - cell / 2 - 0.02, top), line=STATE)
    canvas.text(0.4, low + 1.36, "decoder", weight="bold", align="left")
    wide = 1.28
    end, begin = left + pitch * (len(symbols) - 0.5), left + wide / 2  # middles of two cells
    turn = 2.95
    canvas.arrow(
        (end + cell / 2 + 0.02, top),
        (end + 0.62, top),
        (end + 0.62, turn),
        (0.2, turn),
        (0.2, low),
        (begin - 0.37, low),
        line=STATE,
    )
    canvas.text(end + 0.6, turn - 0.22, "one state, $h$", style.LABEL, align="right")
    _decoder(canvas, left, wide, low, ["–", *writes[:-1]], writes, [False] * len(writes), True)
    return canvas.done()


def forced_and_alone(
    truth: Sequence[Any], forced: Sequence[Any], alone: Sequence[Any], *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw a decoder twice: given the true symbol before, and reading what it wrote itself.

    A cross is above each symbol that is not the true one.

    Args:
      truth: what it should write, 2 to 5 short strings.
      forced: what it writes when it reads the true symbol before, as many.
      alone: what it writes when it reads its own, as many.

    Raises:
      ValueError: the lengths differ, or a string does not fit.
    """
    right = list(map(str, truth))
    steps = count("the length of truth", len(right), 2, 5)
    given, own = labels("forced", forced, steps), labels("alone", alone, steps)
    assert given is not None and own is not None
    canvas = Canvas(style.WIDTH, 6.5, ax)
    left = 0.72
    pitch = (style.WIDTH - left - 0.05) / steps
    panels = (
        ("given the true symbol before", 4.62, right, given, False),
        ("alone", 1.28, own, own, True),
    )
    for name, y, reads, writes, fed_back in panels:
        canvas.text(0.1, y + 1.62, name, weight="bold", align="left")
        for place, word in ((y + 0.92, "writes"), (y - 0.95, "reads")):
            canvas.text(0.1, place, word, style.SMALL, colour=style.MUTED, align="left")
        begin = left + pitch / 2 - min(0.7, 0.6 * pitch) / 2
        canvas.arrow((begin - 0.4, y), (begin - 0.02, y), line=STATE)
        wrong = [word != should for word, should in zip(writes, right, strict=True)]
        _decoder(canvas, left, pitch, y, ["–", *reads[:-1]], writes, wrong, fed_back)
    canvas.line((0.1, 3.1), (style.WIDTH - 0.1, 3.1), colour=style.RULE)
    return canvas.done()


def stack(
    layers: int = 3, steps: int = 3, dropout: bool = False, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw `layers` recurrent layers over T = `steps`: outputs go up, states go to the right.

    Layers are counted from 0, as in a list of cells.

    Args:
      layers: from 1 to 5 (default: 3).
      steps: T, from 1 to 1000 (default: 3).
      dropout: dash the arrows between layers, where values are dropped (default: False).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("layers", layers, 1, 5)
    count("steps", steps, 1, 1000)
    shown = elided(steps, 4)
    start = 0.78
    pitch = min(1.1, (style.WIDTH - start - 0.15) / (len(shown) + 0.1))
    cell = 0.54 * pitch
    storey = 0.92
    foot = 0.4 if dropout else 0.0
    canvas = Canvas(start + pitch * (len(shown) + 0.1) + 0.15, 1.65 + layers * storey + foot, ax)
    low = 0.35 + foot
    rows = [low + 0.85 + index * storey for index in range(layers)]
    high = rows[-1] + 0.88

    def edge(column: int) -> float:
        """Return the distance from the middle of a column to where its arrows begin and end."""
        return 0.22 if shown[column] is None else cell / 2 + 0.02

    for layer, y in enumerate(rows):
        canvas.text(0.08, y, f"layer {layer}", style.TEXT, align="left")
    for column, step in enumerate(shown):
        x = start + pitch * (column + 0.5)
        for index, y in enumerate(rows):
            if column == 0:
                canvas.arrow((x - pitch / 2, y), (x - edge(0), y), line=STATE)
            last = column + 1 == len(shown)
            end = x + (0.66 * pitch if last else pitch - edge(column + 1))
            canvas.arrow((x + edge(column), y), (end, y), line=STATE)
            if step is None:
                canvas.text(x, y, DOTS, 18)
                continue
            canvas.box(x, y, cell, 0.5, "cell", size=style.TEXT)
            if index + 1 < layers:
                canvas.arrow((x, y + 0.27), (x, rows[index + 1] - 0.28), dashed=dropout)
        if step is None:
            continue
        canvas.square(x, low, SIDE, f"$x_{{{step}}}$")
        canvas.arrow((x, low + 0.27), (x, rows[0] - 0.28))
        canvas.arrow((x, rows[-1] + 0.27), (x, high - RADIUS - 0.02))
        canvas.circle(x, high, RADIUS, f"$y_{{{step}}}$")
    if dropout:
        canvas.arrow((start + 0.1, 0.22), (start + 0.75, 0.22), dashed=True)
        canvas.text(start + 0.87, 0.22, "dropout", style.TEXT, align="left")
    return canvas.done()


def bidirectional(
    steps: int = 4, length: int | None = None, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw two chains over one sequence, forward and backward, their outputs side by side.

    Each chain ends in its final state; the output that holds the same numbers has a thick outline.

    Args:
      steps: T, from 1 to 4 (default: 4).
      length: the number of real steps: later ones are padding, and the backward chain starts at
        step length - 1 (default: T).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("steps", steps, 1, 4)
    real = steps if length is None else count("length", length, 0, steps)
    pitch, offset, margin, half = 0.9, 0.21, 0.4, 0.18
    chains = (
        (-offset, 1.4, style.CELL, "forward"),
        (offset, 2.3, style.OTHER, "backward"),
    )
    key = [(colours, False, name) for _, _, colours, name in chains]
    canvas = Canvas(max(pitch * steps + 2 * margin, key_width(key) + 0.2), 3.75, ax)
    (_, forward, *_), (_, backward, *_) = chains
    low, high = 0.75, 3.4
    canvas.key((canvas.width - key_width(key)) / 2, 0.2, key)
    start = (canvas.width - pitch * (steps - 1)) / 2
    for step in range(steps):
        x = start + pitch * step
        hatched = step >= real
        canvas.box(
            x,
            low,
            0.8,
            0.44,
            f"$x_{{{step}}}$",
            colours=style.INPUT,
            hatched=hatched,
            rounding=0.07,
        )
        for side, y, colours, _ in chains:
            if not hatched:
                canvas.arrow((x + side, low + 0.24), (x + side, y - 0.26))
                canvas.arrow((x + side, y + 0.25), (x + side, high - 0.24))
            canvas.box(x + side, y, 2 * half, 0.46, colours=colours, hatched=hatched)
            canvas.tile(
                x + side - offset,
                high - 0.21,
                2 * offset,
                0.42,
                "0" if hatched else f"$y_{{{step}}}$",
                colours=(style.OUTPUT[0], colours[1]),
                hatched=hatched,
                size=style.LABEL,
            )
        if hatched:  # past its end a row keeps the state of the forward chain
            _straight_through(canvas, x - offset, half + 0.04, forward)
        if step + 1 < steps:
            ahead = (x + pitch - offset - half - 0.04, forward)
            canvas.arrow((x - offset + half + 0.04, forward), ahead, line=STATE, bridge=True)
        if step + 1 < real:
            behind = (x + offset + half + 0.04, backward)
            here = (x + pitch + offset - half - 0.04, backward)
            canvas.arrow(here, behind, line=STATE, bridge=True)
    end = start + pitch * (steps - 1)
    last = (end - offset + half + 0.04, forward)
    canvas.arrow(last, (end + 0.82, forward), line=STATE, bridge=True)
    canvas.text(end + 0.62, forward + 0.24, r"$h_{\mathrm{fw}}$", style.LABEL)
    last = (start + offset - half - 0.04, backward)
    canvas.arrow(last, (start - 0.82, backward), line=STATE, bridge=True)
    canvas.text(start - 0.64, backward + 0.24, r"$h_{\mathrm{bw}}$", style.LABEL)
    if real:
        for x in (start + pitch * (real - 1) - 2 * offset, start):
            canvas.outline(x, high - 0.21, 2 * offset, 0.42)
    return canvas.done()
