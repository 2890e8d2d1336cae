"""A scan in rounds: neighbours are joined, and then the states between are filled in."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas

PITCH = 0.53  # inches from one step to the next
SPAN = 0.46  # a step
HIGH = 0.4
EIGHT = range(8)


def _middle(step: float) -> float:
    return 0.35 + PITCH * step


def _steps(first: int, last: int) -> str:
    return f"{first}" if first == last else f"{first}\N{EN DASH}{last}"


def _does(factor: float, amount: float, between: str) -> str:
    """What a step does to a state: "\N{MULTIPLICATION SIGN}2 +7"."""
    text = f"\N{MULTIPLICATION SIGN}{factor:g}{between}{amount:+g}"
    return text.replace("-", "\N{MINUS SIGN}")


def joined_steps(
    steps: Sequence[tuple[float, float]] | None = None, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw eight steps that are joined in pairs, three rounds long, into one step.

    Args:
      steps: the factor and the amount of each, which are written into the boxes, and those of the
        joined steps with them (default: no numbers).

    Raises:
      ValueError: there are not eight steps.
    """
    if steps is not None and len(steps) != 8:
        raise ValueError(f"steps has {len(steps)} entries; give 8, a factor and an amount in each.")
    does = [(float(factor), float(amount)) for factor, amount in steps or ()]
    highs = [HIGH] * 4 if steps is None else [0.72, 0.54, 0.54, 0.54]
    space = 0.5  # between two rows, for the arrows
    canvas = Canvas(style.WIDTH, 0.3 + sum(highs) + 3 * space, ax)
    y = canvas.height - 0.1 - highs[0] / 2
    for rounds, high in enumerate(highs):
        many = 2**rounds
        if rounds:
            y -= (highs[rounds - 1] + high) / 2 + space
            does = [
                (a_2 * a_1, a_2 * b_1 + b_2)
                for (a_1, b_1), (a_2, b_2) in zip(does[::2], does[1::2], strict=True)
            ]
        for first in range(0, 8, many):
            last = first + many - 1
            centre = (_middle(first) + _middle(last)) / 2
            if rounds:
                for half in (first, first + many // 2):
                    above = (_middle(half) + _middle(half + many // 2 - 1)) / 2
                    onto = above if rounds > 1 else (above + centre) / 2
                    below = y + high / 2
                    canvas.arrow((onto, below + space - 0.02), (onto, below + 0.03))
            label = _steps(first, last)
            if does:
                factor, amount = does[first // many]
                label += "\n" + _does(factor, amount, " " if rounds else "\n")
            canvas.box(
                centre,
                y,
                SPAN + PITCH * (many - 1),
                high,
                label,
                colours=style.INPUT if rounds == 0 else style.CELL,
                size=style.TEXT,
                rounding=0.07,
            )
    return canvas.done()


def filled_states(*, ax: Axes | None = None) -> Figure | Axes:
    """Draw how the eight states follow from joined steps: two states first, then four, then all."""
    canvas = Canvas(style.WIDTH, 4.2, ax)
    radius, storey, above = 0.22, 1.5, 0.67
    known: set[int] = set()
    for rounds, many in enumerate((4, 2, 1)):  # steps in a box of this round
        y = 3.3 - storey * rounds
        for last in EIGHT[many - 1 :: many]:
            x, fresh = _middle(last), last not in known
            colours = style.OUTPUT if fresh else style.PLAIN
            canvas.circle(x, y, radius, f"$h_{last}$", colours=colours)
            if not fresh:
                continue
            first = last - many + 1 if rounds else 0  # from joining: 0-3 and 0-7
            canvas.box(
                x,
                y + above,
                SPAN,
                HIGH,
                _steps(first, last),
                colours=style.INPUT if first == last else style.CELL,
                size=style.TEXT,
                rounding=0.07,
            )
            canvas.arrow((x, y + above - HIGH / 2 - 0.02), (x, y + radius + 0.03))
            if first:  # the state before comes in from the left
                before = _middle(first - 1)
                canvas.arrow(
                    (before, y + storey - radius - 0.02),
                    (before, y + above),
                    (x - SPAN / 2 - 0.02, y + above),
                    line=STATE,
                )
        known |= set(EIGHT[many - 1 :: many])
    return canvas.done()
