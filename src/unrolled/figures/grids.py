"""Arrays as grids: kernels in blocks, padded batches, the two layouts of a batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from . import style
from .canvas import Canvas, count, key_width, labels, text_width


def number(value: Any, digits: int = 2) -> str:
    """Return `value` short: whole numbers as they are, others rounded, with a true minus."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "1" if value else "0"
    exact = float(value).is_integer()
    value = round(float(value), digits) + 0.0  # + 0.0 turns a negative zero into zero
    text = f"{value:.0f}" if exact else f"{value:.{digits}f}"
    return text.replace("-", "\N{MINUS SIGN}")


def _matrix(name: str, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} has shape {list(array.shape)}; give rows and columns.")
    return array


def kernel_blocks(
    kernel: Any,
    num_inputs: int,
    row_labels: Sequence[Any] | None = None,
    column_labels: Sequence[Any] | None = None,
    values: bool = True,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a fused kernel [D+U, k*U]: input rows above, state rows below, k column blocks.

    Args:
      kernel: [D+U, k*U], of 2 to 16 rows and 1 to 32 columns.
      num_inputs: D.
      row_labels: names of the D+U rows (default: none).
      column_labels: names of the k blocks: i, j, f, o of an LSTM, r, u of a GRU (default: one block
        without a name).
      values: print the numbers, of at most eight columns (default: True).

    Raises:
      TypeError: `num_inputs` is not a whole number.
      ValueError: the kernel has another shape, `num_inputs` is not in 1..rows - 1, the labels do
        not fit the shape, or there are too many columns to print.
    """
    array = _matrix("kernel", kernel)
    rows, columns = array.shape
    count("num_inputs", num_inputs, 1, rows - 1)
    count("rows of kernel", rows, 2, 16)
    count("columns of kernel", columns, 1, 32)
    beside = labels("row_labels", row_labels, rows)
    names = [""] if column_labels is None else [str(name) for name in column_labels]
    if columns % len(names):
        raise ValueError(
            f"column_labels has {len(names)} entries, which do not divide the "
            f"kernel's {columns} columns into equal blocks."
        )
    if values and columns > 8:
        raise ValueError(f"kernel has {columns} columns, too many to print; pass values=False.")

    gap = 0.1
    texts = [["" if not values else number(entry) for entry in row] for row in array.tolist()]
    first = 0.1
    if beside is not None:
        first += max(text_width(name, style.TEXT) for name in beside) + 0.1
    room = style.WIDTH - first - 0.1 - gap * (len(names) - 1)
    wide = min(0.75 if values else 0.4, room / columns)
    tall = 0.42 if values else 0.3
    head, top_row = 0.34, 0.36 if column_labels is not None else 0.05
    blocks = (("input rows", 0, num_inputs), ("state rows", num_inputs, rows))
    words = [f"{name} [{end - begin}, {columns}]" for name, begin, end in blocks]
    canvas = Canvas(
        first
        + max(
            wide * columns + gap * (len(names) - 1),
            *(text_width(text, style.TEXT, "bold") for text in words),
        )
        + 0.1,
        0.1 + rows * tall + 2 * head + top_row,
        ax,
    )
    per_block = columns // len(names)
    for block, name in enumerate(names):
        if name:
            middle = first + (block + 0.5) * per_block * wide + gap * block
            canvas.text(middle, canvas.height - 0.2, name, style.LABEL, weight="bold")
    bottom = canvas.height - top_row
    for (_, begin, end), heading in zip(blocks, words, strict=True):
        bottom -= head
        canvas.text(first, bottom + 0.15, heading, style.TEXT, align="left")
        for row in range(begin, end):
            bottom -= tall
            for column in range(columns):
                canvas.tile(
                    first + column * wide + gap * (column // per_block),
                    bottom,
                    wide,
                    tall,
                    texts[row][column] or None,
                    colours=style.CELL if begin else style.INPUT,
                )
            if beside is not None and beside[row]:
                canvas.text(first - 0.1, bottom + tall / 2, beside[row], align="right")
    return canvas.done()


def kernel_for_keras(
    num_inputs: int = 3, num_units: int = 5, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw the weights of an LSTM as a cell keeps them, and below as a Keras layer does.

    The blocks j and f change places, the kernel is cut where the inputs end, and block f of the
    bias is raised.

    Args:
      num_inputs: D, from 1 to 8 (default: 3).
      num_units: U, from 1 to 8 (default: 5).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("num_inputs", num_inputs, 1, 8)
    count("num_units", num_units, 1, 8)
    rows, columns = num_inputs + num_units, 4 * num_units
    tall, head, letters, gap, between = 0.15, 0.28, 0.3, 0.08, 0.8
    looks = {"i": style.INPUT, "j": style.CELL, "f": style.OTHER, "o": style.INPUT}
    tables = {
        "ijfo": [(f"cell: kernel [{rows}, {columns}]", rows), (f"bias [{columns}]", 1)],
        "ifjo": [
            (f"Keras: kernel [{num_inputs}, {columns}]", num_inputs),
            (f"recurrent_kernel [{num_units}, {columns}]", num_units),
            (f"bias [{columns}], with 1.0 added to f", 1),
        ],
    }
    heads = 2 * letters + head * sum(map(len, tables.values()))
    canvas = Canvas(style.WIDTH, heads + tall * (2 * rows + 2) + gap + between + 0.2, ax)
    block = (canvas.width - 0.2 - 3 * 0.1) / 4
    middles = [0.1 + block / 2 + (block + 0.1) * place for place in range(4)]
    y = canvas.height - 0.05
    for order, arrays in tables.items():
        for name, middle in zip(order, middles, strict=True):
            shown = "c" if name == "j" and order == "ifjo" else name
            canvas.text(middle, y - letters / 2, shown, style.LABEL, weight="bold")
        y -= letters
        for title, high in arrays:
            canvas.text(0.1, y - head / 2, title, style.TEXT, align="left")
            y -= head
            for row in range(high):
                if row == num_inputs and order == "ijfo":  # where it will be cut
                    canvas.line((0.02, y - gap / 2), (canvas.width - 0.02, y - gap / 2), 1.8)
                    y -= gap
                y -= tall
                for name, middle in zip(order, middles, strict=True):
                    for unit in range(num_units):
                        canvas.tile(
                            middle - block / 2 + unit * block / num_units,
                            y,
                            block / num_units,
                            tall,
                            colours=looks[name],
                            line=0.8,
                        )
        if order == "ijfo":
            for name, middle in zip(order, middles, strict=True):
                end = middles["ifjo".index(name)]
                canvas.arrow((middle, y - 0.05), (end, y - between + 0.05), colour=looks[name][1])
            y -= between
    return canvas.done()


def _lengths(lengths: Any, steps: int) -> list[int]:
    if np.ndim(lengths) != 1:
        raise ValueError(f"lengths is {lengths!r}; give one length for each row.")
    checked = [count(f"lengths[{row}]", value, 0, steps) for row, value in enumerate(lengths)]
    if not 1 <= len(checked) <= 10:
        raise ValueError(f"lengths has {len(checked)} rows; give 1 to 10.")
    return checked


def batch(
    lengths: Sequence[int],
    steps: int,
    labels: Sequence[Any] | None = None,
    values: Any = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw a padded batch: B = len(lengths) rows of T = `steps` cells, padding hatched.

    Args:
      lengths: B whole numbers in 0..T, B from 1 to 10.
      steps: T, from 1 to 12.
      labels: names of the B rows (default: their lengths).
      values: [B, T], strings or numbers to write into the cells: tokens, a mask, weights, losses
        (default: empty cells).

    Raises:
      TypeError: `steps` or a length is not a whole number.
      ValueError: a number is out of its range, or labels or values do not fit B and T.
    """
    count("steps", steps, 1, 12)
    checked = _lengths(lengths, steps)
    names = _named("labels", labels, len(checked)) or [f"length {length}" for length in checked]
    texts = _texts(values, len(checked), steps)
    return _grid(
        names,
        texts,
        [[step >= length for step in range(steps)] for length in checked],
        ("real step", "padding"),
        [style.INPUT] * len(checked),
        ax,
    )


# `labels` is an argument of `batch`, so the check of that name needs another one here.
_named = labels


def _texts(values: Any, rows: int, steps: int) -> list[list[str]]:
    if values is None:
        return [[""] * steps for _ in range(rows)]
    given = [list(row) for row in values]
    if len(given) != rows or any(len(row) != steps for row in given):
        raise ValueError(
            f"values has rows of {[len(row) for row in given]} entries; give {rows} "
            f"rows of {steps}."
        )
    return [[number(entry) for entry in row] for row in given]


def _grid(
    names: list[str],
    texts: list[list[str]],
    padding: list[list[bool]],
    meaning: tuple[str, str],
    colours: list[tuple[str, str]],
    ax: Axes | None,
) -> Figure | Axes:
    rows, steps = len(texts), len(texts[0])
    left = max(text_width(name, style.TEXT) for name in [*names, "step"]) + 0.2
    widest = max(text_width(text, style.TEXT) for row in texts for text in row)
    room = (style.WIDTH - left - 0.1) / steps
    wide = min(max(0.8 if steps <= 3 else 0.6, widest + 0.2), room)
    tall = 0.46
    # A key explains the hatching, if any.
    key = []
    if any(map(any, padding)):
        key = [(colours[0], False, meaning[0]), (style.PADDING, True, meaning[1])]
    foot = 0.5 if key else 0.1
    canvas = Canvas(
        max(left + wide * steps + 0.1, key_width(key) + 0.2),
        foot + rows * (tall + 0.08) + 0.4,
        ax,
    )
    top = canvas.height - 0.36
    canvas.text(left - 0.1, top + 0.16, "step", style.SMALL, colour=style.MUTED, align="right")
    for step in range(steps):
        canvas.text(
            left + (step + 0.5) * wide, top + 0.16, str(step), style.SMALL, colour=style.MUTED
        )
    for row, name in enumerate(names):
        bottom = top - (row + 1) * (tall + 0.08) + 0.04
        if name:
            canvas.text(left - 0.1, bottom + tall / 2, name, align="right")
        for step in range(steps):
            canvas.tile(
                left + step * wide,
                bottom,
                wide,
                tall,
                texts[row][step] or None,
                colours=colours[row],
                hatched=padding[row][step],
                size=style.LABEL,
            )
    if key:
        canvas.key(min(left, canvas.width - 0.1 - key_width(key)), 0.22, key)
    return canvas.done()


def loss_masked(
    targets: Sequence[Any],
    predictions: Sequence[Any],
    weights: Sequence[float],
    losses: Sequence[float] | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw one sequence under its loss: per step the target, prediction, weight and loss.

    Steps of weight 0 are hatched: they do not count.

    Args:
      targets, predictions, weights: [T], T from 1 to 12.
      losses: [T] (default: no such row).

    Raises:
      ValueError: T is out of its range, or another row is not [T].
    """
    steps = count("length of targets", len(targets), 1, 12)
    rows = {"target": targets, "prediction": predictions, "weight": weights}
    if losses is not None:
        rows["loss"] = losses
    for name, row in rows.items():
        if len(row) != steps:
            raise ValueError(f"{name} has {len(row)} entries; give {steps}, one for each target.")
    ignored = [float(weight) == 0 for weight in weights]
    kinds = {
        "target": style.PLAIN,
        "prediction": style.OUTPUT,
        "weight": style.INPUT,
        "loss": style.OTHER,
    }
    return _grid(
        list(rows),
        _texts(rows.values(), len(rows), steps),
        [ignored] * len(rows),
        ("counts", "does not count"),
        [kinds[name] for name in rows],
        ax,
    )


def layouts(
    batch: int = 4, steps: int = 3, depth: int = 2, *, ax: Axes | None = None
) -> Figure | Axes:
    """Draw a batch-major block [B, T, D] beside a time-major one [T, B, D].

    In each, the parts x[:, -1] and x[-1]: the last step in one is the last sample in the other.

    Args:
      batch: B, from 2 to 6 (default: 4).
      steps: T, from 2 to 6 (default: 3).
      depth: D, from 1 to 4 (default: 2).

    Raises:
      TypeError: a number is not a whole number.
      ValueError: a number is out of its range.
    """
    count("batch", batch, 2, 6)
    count("steps", steps, 2, 6)
    count("depth", depth, 1, 4)
    shift = 0.13
    reach = shift * (depth - 1)
    side = min(0.42, (1.7 - reach) / max(batch, steps))
    sizes = {"B": batch, "T": steps}
    step_colours = ("#f3b04a", style.CELL[1])  # darker than the input's blue, in grey too
    panels = (("batch-major", "BT"), ("time-major", "TB"))
    storeys = [1.5 + sizes[letters[0]] * side + reach for _, letters in panels]
    canvas = Canvas(style.WIDTH, sum(storeys) + 0.2, ax)
    ceiling = canvas.height
    first = 0.9
    for (name, letters), storey in zip(panels, storeys, strict=True):
        rows, columns = (sizes[letter] for letter in letters)
        canvas.text(
            0.1,
            ceiling - 0.22,
            f"{name} [{', '.join(letters)}, D]",
            style.LABEL,
            align="left",
            weight="bold",
        )
        top = ceiling - 0.8 - reach
        for sheet in reversed(range(depth)):
            for row in range(rows):
                for column in range(columns):
                    last_column, last_row = column == columns - 1, row == rows - 1
                    # The last step is orange in both; the last sample is hatched in both.
                    step = last_column if letters == "BT" else last_row
                    sample = last_row if letters == "BT" else last_column
                    patch = canvas.tile(
                        first + column * side + sheet * shift,
                        top - (row + 1) * side + sheet * shift,
                        side,
                        side,
                        colours=step_colours if step else style.INPUT,
                    )
                    patch.set_zorder(3 - 0.1 * sheet)
                    if sample:
                        patch.set_hatch("\\\\\\")
        canvas.text(first - 0.12, top - rows * side / 2, f"{letters[0]} = {rows}", align="right")
        canvas.text(
            first + columns * side / 2 + reach, top + reach + 0.18, f"{letters[1]} = {columns}"
        )
        canvas.text(first + columns * side + reach + 0.1, top - 0.1, f"D = {depth}", align="left")
        step_slice, sample_slice = (
            ("x[:, -1]", "x[-1]") if letters == "BT" else ("x[-1]", "x[:, -1]")
        )
        bottom = ceiling - storey
        for y, code, words, hatched in (
            (bottom + 0.5, step_slice, "last step", False),
            (bottom + 0.18, sample_slice, "last sample", True),
        ):
            swatch = canvas.tile(
                first, y - 0.11, 0.28, 0.22, colours=style.INPUT if hatched else step_colours
            )
            if hatched:
                swatch.set_hatch("\\\\\\")
            canvas.text(first + 0.4, y, code, family="DejaVu Sans Mono", align="left")
            canvas.text(first + 1.35, y, words, align="left")
        ceiling -= storey + 0.2
    middle = canvas.height - storeys[0] - 0.1
    canvas.line((0.1, middle), (style.WIDTH - 0.1, middle), colour=style.RULE)
    return canvas.done()
