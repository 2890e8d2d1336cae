"""Two pictures for finding mistakes: a slice that happens to fit, and which check sees what."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import Canvas, count, text_width

LAST_STEP = ("#f3b04a", style.CELL[1])  # as in `layouts`


def slices(
    batch: int = 4, steps: Sequence[int] = (2, 4), *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw batch-major blocks [B, T] side by side: the last step, and the last sample.

    Under each stands whether `outputs[-1]` has a row for each of the B labels.

    Args:
      batch: B, from 2 to 6 (default: 4).
      steps: T of each block, two numbers from 2 to 6 (default: 2 and 4).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range, or `steps` is not two numbers.
    """
    count("batch", batch, 2, 6)
    if len(steps) != 2:
        raise ValueError(f"steps has {len(steps)} numbers; give two, one for each block.")
    for number, each in enumerate(steps):
        count(f"steps[{number}]", each, 2, 6)
    side = min(0.42, 1.75 / max(steps))
    canvas = Canvas(style.WIDTH, 2.25 + batch * side, ax)
    top = canvas.height - 0.5
    mono = "DejaVu Sans Mono"
    for middle, each in zip((1.25, 3.25), steps):
        left = middle - each * side / 2
        canvas.text(middle, top + 0.28, f"B = {batch}, T = {each}", style.TEXT, weight="bold")
        for row in range(batch):
            for column in range(each):
                patch = canvas.tile(
                    left + column * side,
                    top - (row + 1) * side,
                    side,
                    side,
                    colours=LAST_STEP if column == each - 1 else style.INPUT,
                )
                if row == batch - 1:
                    patch.set_hatch("\\\\\\")
        fits = each == batch
        below = top - batch * side
        canvas.text(middle, below - 0.25, "outputs[-1]", style.SMALL, family=mono)
        canvas.text(middle, below - 0.49, f"{each} rows, {batch} labels", style.SMALL)
        verdict = "no error" if fits else "an error"
        canvas.text(middle, below - 0.73, verdict, style.SMALL, weight="bold")
    canvas.line((0.3, 0.86), (style.WIDTH - 0.3, 0.86), colour=style.RULE)
    for y, code, words, hatched in (
        (0.6, "outputs[:, -1]", "last step", False),
        (0.25, "outputs[-1]", "last sample", True),
    ):
        swatch = canvas.tile(
            0.5, y - 0.11, 0.28, 0.22, colours=style.INPUT if hatched else LAST_STEP
        )
        if hatched:
            swatch.set_hatch("\\\\\\")
        canvas.text(0.9, y, code, style.SMALL, family=mono, align="left")
        canvas.text(2.55, y, words, style.SMALL, align="left")
    return canvas.done()


def sightings(
    seen: Mapping[str, Sequence[str]],
    groups: Mapping[str, Sequence[str]],
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw which check sees which mistake: a row for each mistake, a column for each check.

    Args:
      seen: mistake -> the checks that see it; 1 to 20 mistakes.
      groups: the checks in order, by the question that they answer; 1 to 12 checks in all. A line
        separates the groups, and the name of each stands above it.

    Raises:
      ValueError: there are too few or too many mistakes or checks, or a check is in no group.
    """
    checks = [check for group in groups.values() for check in group]
    if not 1 <= len(seen) <= 20 or not 1 <= len(checks) <= 12:
        raise ValueError(
            f"there are {len(seen)} mistakes and {len(checks)} checks; give 1 to 20 and 1 to 12."
        )
    unknown = {check for row in seen.values() for check in row} - set(checks)
    if unknown:
        raise ValueError(f"groups lacks {sorted(unknown)}; give each check a group.")
    left = 1.05 * max(text_width(name, style.SMALL) for name in seen) + 0.2
    wide = min(0.34, (style.WIDTH - left - 0.1) / len(checks))
    tall = 0.27
    names = [textwrap.fill(name, 9, break_long_words=False) for name in groups]
    lines = max(name.count("\n") + 1 for name in names)
    named = 0.19 * lines + 0.1
    head = max(text_width(check, style.SMALL) for check in checks) + 0.2 + named
    canvas = Canvas(style.WIDTH, head + tall * len(seen) + 0.15, ax)
    top = canvas.height - head
    for column, check in enumerate(checks):
        text = canvas.text(
            left + (column + 0.5) * wide, top + 0.08, check, style.SMALL, valign="bottom"
        )
        text.set_rotation(90)
    begin = 0
    for name, group in zip(names, groups.values(), strict=True):
        middle = left + (begin + len(group) / 2) * wide
        canvas.text(middle, canvas.height - named / 2 - 0.02, name, style.SMALLEST)
        begin += len(group)
    for row, (mistake, found) in enumerate(seen.items()):
        y = top - (row + 0.5) * tall
        canvas.text(left - 0.08, y, mistake, style.SMALL, align="right")
        for column, check in enumerate(checks):
            canvas.tile(
                left + column * wide,
                y - tall / 2,
                wide,
                tall,
                colours=style.CELL if check in found else style.PLAIN,
            )
            if check in found:
                canvas.circle(left + (column + 0.5) * wide, y, 0.06, colours=(style.INK, style.INK))
    edge = 0
    for group in list(groups.values())[:-1]:
        edge += len(group)
        x = left + edge * wide
        canvas.line((x, top + head - named - 0.1), (x, top), 1.6, style.MUTED)
    return canvas.done()
