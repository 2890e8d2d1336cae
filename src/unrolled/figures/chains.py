"""Neurons, layers and chains: inputs below, cells in the middle, outputs above, state to the right.

An input is a blue rounded square, a cell an orange rounded box, an output a green circle; what is
carried from one step to the next is a thick dark arrow.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, fit, labels, text_width

SIDE = 0.6  # inches: an input
RADIUS = 0.32  # an output
DOTS = r"$\cdots$"


def neuron(num_inputs: int = 3, *, ax: Axes | None = None) -> Figure | Axes:
    """Draw one recurrent neuron: a weighted sum, tanh, and the output that is fed back.

    Args:
      num_inputs: D, from 1 to 6 (default: 3).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("num_inputs", num_inputs, 1, 6)
    pitch = 0.78
    height = max(num_inputs * pitch, 1.6) + 1.9
    canvas = Canvas(7.0, height, ax)
    middle = height - 0.3 - max(num_inputs * pitch, 1.6) / 2
    total, squash, result = (2.9, middle), (4.5, middle), (6.05, middle)

    for index in range(num_inputs):
        y = middle + ((num_inputs - 1) / 2 - index) * pitch
        canvas.square(0.65, y, SIDE, f"$x_{{{index + 1}}}$")
        canvas.arrow((0.97, y), (total[0] - 0.42, middle + 0.16 * (y - middle)))
        at = 0.36  # how far along the arrow its weight stands
        canvas.text(
            0.97 + at * 1.5, y + at * 0.84 * (middle - y), f"$w_{{{index + 1}}}$", halo=True
        )
    canvas.circle(*total, 0.38, r"$\Sigma$", colours=style.CELL, size=18)
    canvas.text(total[0], middle + 0.99, "$b$")
    canvas.arrow((total[0], middle + 0.84), (total[0], middle + 0.4))
    canvas.box(*squash, 0.95, 0.62, "tanh")
    canvas.arrow((total[0] + 0.4, middle), (squash[0] - 0.5, middle))
    canvas.circle(*result, 0.38, "$y_t$")
    canvas.arrow((squash[0] + 0.5, middle), (result[0] - 0.41, middle))

    low = 0.75
    canvas.arrow(
        (result[0], middle - 0.4),
        (result[0], low),
        (total[0], low),
        (total[0], middle - 0.42),
        line=STATE,
        radius=0.25,
    )
    canvas.text(total[0] - 0.22, (low + middle - 0.4) / 2 + 0.02, "$w_y$", align="right")
    canvas.text((total[0] + result[0]) / 2, low - 0.32, "$y_{t-1}$: one step later", style.TEXT)
    return canvas.done()


def feedforward_and_recurrent(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw a feedforward layer beside a recurrent one, which differs in the way back alone."""
    canvas = Canvas(7.0, 4.1, ax)
    for left, name, formula in (
        (0.0, "feedforward", "$y = f(x)$"),
        (3.5, "recurrent", "$y_t = f(x_t,\\ y_{t-1})$"),
    ):
        centre = left + (1.75 if name == "feedforward" else 1.5)
        recurrent = name == "recurrent"
        canvas.text(left + 1.75, 3.85, name, style.LABEL, weight="bold")
        suffix = "_t" if recurrent else ""
        canvas.square(centre, 0.95, SIDE, f"$x{suffix}$")
        canvas.arrow((centre, 1.27), (centre, 1.68))
        canvas.box(centre, 2.05, 2.0, 0.7)
        for offset in (-0.66, -0.22, 0.22, 0.66):
            canvas.circle(centre + offset, 2.05, 0.17, colours=style.PLAIN)
        canvas.arrow((centre, 2.42), (centre, 2.82))
        canvas.circle(centre, 3.16, RADIUS, f"$y{suffix}$")
        if recurrent:
            canvas.arrow(
                (centre + RADIUS + 0.02, 3.16),
                (left + 3.0, 3.16),
                (left + 3.0, 2.05),
                (centre + 1.03, 2.05),
                line=STATE,
                radius=0.25,
            )
        canvas.text(left + 1.75, 0.32, formula, style.LABEL)
    canvas.line((3.5, 0.3), (3.5, 3.8), colour=style.RULE)
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
      masked: the steps that are padding: grey and hatched, with output 0 and the state of the step
        before (default: none).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range, a list has the wrong length, `masked` names a step
        that does not exist, or a label does not fit.
    """
    count("steps", steps, 1, 1000)
    grey = _masked(masked, steps)
    below = labels("inputs", inputs, steps)
    above = labels("outputs", outputs, steps)
    along = _state_labels(states, steps, grey)
    if below is None:
        below = [f"$x_{{{step}}}$" for step in range(steps)]
    if above is None:
        above = ["0" if step in grey else f"$y_{{{step}}}$" for step in range(steps)]

    shown = elided(steps, 5) if folded else elided(steps, 7, kept=3)
    start = 2.2 if folded else 0.25
    # a cell and an arrow for each column, and the arrow that leads to the first
    columns = len(shown) + 0.34
    pitch = min(1.55, (style.WIDTH - start - 0.2) / columns)
    cell = min(0.85, 0.53 * pitch)
    top = 0.45 if title else 0.0
    canvas = Canvas(start + pitch * columns + 0.2, 3.4 + top, ax)
    canvas.title(title)
    low, middle, high = 0.55, 1.67, 2.84

    if folded:
        centre = 0.8
        canvas.square(centre, low, SIDE, "$x_t$")
        canvas.arrow((centre, low + 0.32), (centre, middle - 0.36))
        canvas.box(centre, middle, 0.85, 0.66, "cell")
        canvas.arrow((centre, middle + 0.35), (centre, high - RADIUS - 0.03))
        canvas.circle(centre, high, RADIUS, "$y_t$")
        canvas.arrow(
            (centre + 0.43, middle + 0.2),
            (centre + 0.85, middle + 0.2),
            (centre + 0.85, middle - 0.2),
            (centre + 0.45, middle - 0.2),
            line=STATE,
            radius=0.18,
        )
        canvas.text(1.98, middle, "=", 22)

    for column, step in enumerate(shown):
        x = start + pitch * (column + 0.72)
        if step is None:
            canvas.text(x, middle, DOTS, 18)
            continue
        hatched = step in grey
        ink = style.PADDING[1] if hatched else style.INK
        if column == 0:
            begin = x - 0.7 * pitch
        else:
            begin = x - pitch + (0.3 if shown[column - 1] is None else cell / 2 + 0.02)
        _state(canvas, begin, x - cell / 2 - 0.02, middle, along[step])
        if below[step]:
            canvas.square(x, low, SIDE, below[step], hatched=hatched)
            canvas.arrow((x, low + 0.32), (x, middle - 0.36), colour=ink)
        canvas.box(x, middle, cell, 0.66, None if hatched else "cell", hatched=hatched)
        if above[step]:
            canvas.arrow((x, middle + 0.35), (x, high - RADIUS - 0.03), colour=ink)
            canvas.circle(x, high, RADIUS, above[step], hatched=hatched)
        if column + 1 == len(shown) or shown[column + 1] is None:
            end = x + (0.6 * pitch if column + 1 == len(shown) else pitch - 0.28)
            _state(canvas, x + cell / 2 + 0.02, end, middle, along[step + 1])
    return canvas.done()


def _state(canvas: Canvas, begin: float, end: float, y: float, label: str) -> None:
    """Draw a state arrow with its label above it."""
    canvas.arrow((begin, y), (end, y), line=STATE)
    if label:
        canvas.text((begin + end) / 2, y + 0.25, label, fit(label, end - begin + 0.1, style.TEXT))


def layer(
    num_inputs: int = 3, num_units: int = 5, batch: int | None = None, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw a recurrent layer of U = `num_units` units on D = `num_inputs` inputs.

    The shapes are beside the arrows: W_x [D, U], W_y [U, U], and of the arrays [D] and [U], or
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
    tile, unit = 0.28, 0.42
    block = rows * tile
    lead = "" if batch is None else f"{rows}, "
    x, y = ("x", "y") if batch is None else ("X", "Y")
    words = {
        "inputs": f"${x}_t$ [{lead}{num_inputs}]",
        "kernel": f"$W_x$ [{num_inputs}, {num_units}]",
        "bias": f"$b$ [{num_units}]",
        "outputs": f"${y}_t$ [{lead}{num_units}]",
        "before": f"${y}_{{t-1}}$ [{lead}{num_units}]",
        "loop": f"$W_y$ [{num_units}, {num_units}]",
    }
    long = {name: text_width(text, style.TEXT) for name, text in words.items()}
    wide = max(num_units * unit + 0.3, 1.2)
    centre = 0.4 + max(
        num_inputs * tile / 2 + long["inputs"],
        num_units * tile / 2 + long["outputs"],
        wide / 2 + long["bias"],
    )
    right = centre + wide / 2 + 0.75
    canvas = Canvas(right + 0.4 + max(long["before"], long["loop"]), 3.0 + 2 * block, ax)
    low = 0.3
    middle = low + block + 1.2
    high = middle + 1.2

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

    array(low, num_inputs, style.INPUT)
    canvas.text(
        centre - num_inputs * tile / 2 - 0.15, low + block / 2, words["inputs"], align="right"
    )
    canvas.arrow((centre, low + block + 0.04), (centre, middle - 0.39))
    canvas.text(centre + 0.18, (low + block + middle - 0.42) / 2, words["kernel"], align="left")
    canvas.box(centre, middle, wide, 0.74)
    for index in range(num_units):
        canvas.circle(
            centre + (index - (num_units - 1) / 2) * unit, middle, 0.16, colours=style.PLAIN
        )
    canvas.text(centre - wide / 2 - 0.15, middle, words["bias"], align="right")
    canvas.arrow((centre, middle + 0.39), (centre, high - 0.04))
    canvas.text(centre - 0.18, (middle + 0.39 + high - 0.1) / 2, "tanh", align="right")
    array(high, num_units, style.OUTPUT)
    canvas.text(
        centre - num_units * tile / 2 - 0.15, high + block / 2, words["outputs"], align="right"
    )
    canvas.arrow(
        (centre + num_units * tile / 2 + 0.05, high + block / 2),
        (right, high + block / 2),
        (right, middle),
        (centre + wide / 2 + 0.03, middle),
        line=STATE,
        radius=0.25,
    )
    canvas.text(right + 0.15, high + block / 2 - 0.18, words["before"], align="left")
    canvas.text(right + 0.15, middle + 0.12, words["loop"], align="left")
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
    for step in range(steps):
        x = left + pitch * (step + 0.5)
        middle = bottom + 0.86
        colours = style.OTHER if step >= decoder_from else style.CELL
        if inputs[step] == "x":
            canvas.square(x, bottom + 0.18, 0.34)
            canvas.arrow((x, bottom + 0.36), (x, middle - 0.23))
        canvas.box(x, middle, 0.4, 0.42, colours=colours, rounding=0.09)
        if outputs[step] == "x":
            canvas.arrow((x, middle + 0.22), (x, bottom + 1.36))
            canvas.circle(x, bottom + 1.55, 0.18)
        if step + 1 < steps:
            canvas.arrow((x + 0.21, middle), (x + pitch - 0.21, middle), line=STATE)


def four_shapes(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw the four shapes of problem: which steps have an input and which an output."""
    canvas = Canvas(7.0, 5.2, ax)
    panels = (
        ("vector to sequence", "x---", "xxxx", 9),
        ("sequence to vector", "xxxx", "---x", 9),
        ("sequence to sequence", "xxxx", "xxxx", 9),
        ("encoder and decoder", "xxx--", "---xx", 3),
    )
    for index, (name, inputs, outputs, decoder_from) in enumerate(panels):
        left = 0.2 + 3.4 * (index % 2)
        bottom = 2.75 if index < 2 else 0.2
        canvas.text(left + 1.6, bottom + 2.08, name, style.TEXT, weight="bold")
        _small_chain(canvas, left, bottom, inputs, outputs, decoder_from, 3.2)
    canvas.line((3.5, 0.25), (3.5, 4.95), colour=style.RULE)
    canvas.line((0.25, 2.6), (6.75, 2.6), colour=style.RULE)
    return canvas.done()


def stack(
    layers: int = 3, steps: int = 3, dropout: bool = False, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw `layers` recurrent layers over T = `steps`: outputs go up, states go to the right.

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
    pitch = min(1.7, 5.6 / len(shown))
    storey = 1.05
    foot = 0.45 if dropout else 0.0
    start = 1.2
    canvas = Canvas(start + pitch * len(shown) + 0.25, 1.95 + layers * storey + foot, ax)
    low = 0.5 + foot
    rows = [low + 1.0 + index * storey for index in range(layers)]
    high = rows[-1] + 1.0

    for number, y in enumerate(rows, start=1):
        canvas.text(0.2, y, f"layer {number}", style.TEXT, align="left")
    for column, step in enumerate(shown):
        x = start + pitch * (column + 0.5)
        if step is None:
            for y in rows:
                canvas.text(x, y, DOTS, 18)
            continue
        canvas.square(x, low, SIDE, f"$x_{{{step}}}$")
        canvas.arrow((x, low + 0.32), (x, rows[0] - 0.31))
        for index, y in enumerate(rows):
            canvas.box(x, y, 0.8, 0.56, "cell")
            if index + 1 < layers:
                canvas.arrow((x, y + 0.3), (x, rows[index + 1] - 0.31), dashed=dropout)
            if column == 0:
                canvas.arrow((x - 0.78, y), (x - 0.42, y), line=STATE)
            elif shown[column - 1] is None:
                canvas.arrow((x - pitch + 0.3, y), (x - 0.42, y), line=STATE)
            follows_dots = column + 1 < len(shown) and shown[column + 1] is None
            end = x + (
                0.75 if column + 1 == len(shown) else pitch - (0.28 if follows_dots else 0.42)
            )
            canvas.arrow((x + 0.42, y), (end, y), line=STATE)
        canvas.arrow((x, rows[-1] + 0.3), (x, high - RADIUS - 0.02))
        canvas.circle(x, high, RADIUS, f"$y_{{{step}}}$")
    if dropout:
        canvas.arrow((start + 0.1, 0.3), (start + 0.75, 0.3), dashed=True)
        canvas.text(start + 0.87, 0.3, "dropout", style.TEXT, align="left")
    return canvas.done()


def bidirectional(
    steps: int = 4, length: int | None = None, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw two chains over one sequence, forward and backward, their outputs side by side.

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
    start, pitch, offset = 1.2, 1.45, 0.31
    canvas = Canvas(start + pitch * steps + 0.1, 4.6, ax)
    low, forward, backward, high = 0.5, 1.65, 2.8, 4.05
    canvas.text(0.15, forward, "forward", style.TEXT, align="left")
    canvas.text(0.15, backward, "backward", style.TEXT, align="left")
    chains = (("f", -offset, forward, style.CELL), ("b", offset, backward, style.OTHER))
    for step in range(steps):
        x = start + pitch * (step + 0.5)
        hatched = step >= real
        canvas.box(
            x,
            low,
            1.05,
            0.5,
            f"$x_{{{step}}}$",
            colours=style.INPUT,
            hatched=hatched,
            rounding=0.07,
        )
        for letter, side, y, colours in chains:
            if not hatched:
                canvas.arrow((x + side, low + 0.27), (x + side, y - 0.31), bridge=True)
                canvas.arrow((x + side, y + 0.3), (x + side, high - 0.31), bridge=True)
            canvas.box(x + side, y, 0.52, 0.56, colours=colours, hatched=hatched)
            canvas.circle(
                x + side, high, 0.28, "0" if hatched else f"${letter}_{{{step}}}$", hatched=hatched
            )
        if step + 1 < real:
            canvas.arrow(
                (x - offset + 0.28, forward), (x + pitch - offset - 0.28, forward), line=STATE
            )
            canvas.arrow(
                (x + pitch + offset - 0.28, backward), (x + offset + 0.28, backward), line=STATE
            )
    return canvas.done()
