"""A decoder that looks back at a memory, and the tree of what it may write."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from . import style
from .canvas import STATE, Canvas, count, key_width
from .plots import ONE_SIGN


def looking_back(
    source: Sequence[str],
    weights: Sequence[float],
    word: str,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw one step of a decoder with attention: a weighted sum of what the encoder kept.

    Args:
      source: 2 to 4 short strings, which the encoder reads.
      weights: one for each, from 0 to 1.
      word: what the decoder writes.

    Raises:
      ValueError: there are too few or too many, the weights do not fit, or a text does not.
    """
    columns = count("the length of source", len(source), 2, 4)
    if len(weights) != columns or not all(0 <= weight <= 1 for weight in weights):
        raise ValueError(f"weights must be {columns} numbers from 0 to 1; got {list(weights)}.")
    canvas = Canvas(style.WIDTH, 5.2, ax)
    first, pitch = 1.25, 0.85
    xs = [first + pitch * column for column in range(columns)]
    reads, cells, memory, scores, total, top = 0.3, 1.03, 1.86, 2.75, 3.72, 4.7
    names = ((reads, "reads"), (cells, "encoder"), (memory, "memory"))
    for y, name in names:
        canvas.text(0.08, y, name, style.SMALL, colour=style.MUTED, align="left")
    middle = (xs[0] + xs[-1]) / 2
    for s, (x, symbol, weight) in enumerate(zip(xs, source, weights, strict=True)):
        canvas.pill(x, reads, 0.22, symbol, pitch - 0.2, square=True)
        canvas.arrow((x, reads + 0.24), (x, cells - 0.26))
        canvas.box(x, cells, 0.56, 0.48, "cell", size=style.TEXT)
        if s:
            canvas.arrow((xs[s - 1] + 0.3, cells), (x - 0.3, cells), line=STATE)
        canvas.arrow((x, cells + 0.26), (x, memory - 0.27))
        canvas.circle(x, memory, 0.25, f"$m_{s}$")
        canvas.arrow((x, memory + 0.27), (x, scores - 0.27))
        shade = to_hex(ONE_SIGN(0.65 * weight))  # dark ink stays legible on it
        canvas.tile(x - 0.3, scores - 0.18, 0.6, 0.36, f"{weight:.2f}", colours=(shade, style.INK))
        aim = math.atan2(total - scores - 0.27, middle - x)
        near = (middle - 0.22 * math.cos(aim), total - 0.22 * math.sin(aim))
        canvas.arrow((x, scores + 0.27), near)
    canvas.circle(middle, total, 0.2, "+", colours=style.PLAIN, size=15)
    # The decoder: its output is the query, which meets every key and goes on to the word.
    left, edge = 0.62, xs[0] - 0.38
    frame = canvas.outline(edge, scores - 0.25, xs[-1] - xs[0] + 0.76, 0.5, line=1.6)
    frame.set_gid("all weights")
    canvas.text(0.08, scores - 0.36, "$q \\cdot k_s$", style.LABEL, align="left")
    canvas.box(left, total, 1.04, 0.5, "decoder", size=style.TEXT)
    canvas.arrow((left, total - 0.27), (left, scores), (edge - 0.03, scores))
    canvas.text(left - 0.08, 3.1, "$q$", style.LABEL, align="right")
    canvas.arrow((left, total + 0.27), (left, top), (middle - 0.42, top))
    canvas.arrow((middle, total + 0.22), (middle, top - 0.27))
    canvas.text(middle + 0.1, (total + top) / 2, "$c$", style.LABEL, align="left")
    canvas.box(middle, top, 0.8, 0.5, "join", size=style.TEXT)
    canvas.arrow((middle + 0.42, top), (3.42, top))
    canvas.pill(3.82, top, 0.24, word, 0.8)
    return canvas.done()


def search_tree(
    answers: Sequence[Sequence[tuple[str, float]]],
    greedy: int | None = None,
    beam: int | None = None,
    *,
    ax: Axes | None = None,
) -> Figure | Axes:
    """Draw the tree of all answers, and the way of a search through it.

    With `greedy` each line has the probability of its word after those above it, and below each
    answer stands its own, the product along its way; the largest is in bold.
    With `beam` each line has the product so far. What the beam drops is hatched, and nothing is
    drawn below it; the likeliest answer that is left is in bold.

    Args:
      answers: 2 to 4 answers, each a list of 1 to 3 pairs of a word and its probability; answers
        that begin alike are neighbours.
      greedy: the number of the answer whose way is drawn thick (default: none).
      beam: how many beginnings are kept at each step (default: none).

    Raises:
      ValueError: there are too few or too many, a word does not fit, or not exactly one of `greedy`
        and `beam` is given.
    """
    columns = count("the number of answers", len(answers), 2, 4)
    deepest = max(count("the length of an answer", len(each), 1, 3) for each in answers)
    if (greedy is None) == (beam is None):
        raise ValueError(f"greedy is {greedy} and beam is {beam}; give one of them.")
    if greedy is not None:
        count("greedy", greedy, 0, columns - 1)
    kept, dropped = _searched(answers, columns if beam is None else count("beam", beam, 1, columns))
    pitch, storey = style.WIDTH / columns, 1.12
    canvas = Canvas(style.WIDTH, 0.8 + storey * deepest, ax)
    top, half = canvas.height - 0.2, 0.2
    products = [_probability(answer, deepest) for answer in answers]
    left = [each for each in range(columns) if _beginning(answers[each], deepest) in kept]
    best = max(products[each] for each in left)

    def place(column: int, length: int) -> tuple[float, float]:
        """The middle of the node of an answer's first words: above all answers that share them."""
        words = _beginning(answers[column], length)
        sharing = [
            other
            for other in range(columns)
            if len(answers[other]) >= length and _beginning(answers[other], length) == words
        ]
        return pitch * (sum(sharing) / len(sharing) + 0.5), top - storey * length

    canvas.dot(*place(0, 0))
    drawn = set()
    for column in sorted(range(columns), key=lambda each: each != greedy):  # its way first
        for length, (word, p) in enumerate(answers[column], start=1):
            words = _beginning(answers[column], length)
            if words in drawn or words not in kept | dropped:
                continue
            drawn.add(words)
            x, y = place(column, length)
            above, high = place(column, length - 1)
            start = high - (half + 0.02 if length > 1 else 0.05)
            thick = column == greedy if beam is None else words in kept
            canvas.arrow(
                (above, start), (x, y + half + 0.02), line=4.0 if thick else 1.4, head=False
            )
            so_far = _probability(answers[column], length)
            ends = beam is not None and length == len(answers[column]) and so_far == best
            canvas.text(
                (above + x) / 2,
                (start + y + half) / 2,
                f"{p:g}" if beam is None else f"{so_far:.2f}",
                weight="bold" if ends else "normal",
                halo=True,
            )
            canvas.pill(x, y, half, word, pitch - 0.16, hatched=words in dropped)
    if beam is not None:
        key = [(style.OUTPUT, False, "kept"), (style.PADDING, True, "dropped")]
        canvas.key((canvas.width - key_width(key)) / 2, 0.2, key)
        return canvas.done()
    for column, product in enumerate(products):
        x, y = place(column, len(answers[column]))
        weight = "bold" if product == best else "normal"
        canvas.text(x, y - 0.45, f"{product:.2f}", weight=weight)
    return canvas.done()


def _beginning(answer: Sequence[tuple[str, float]], length: int) -> tuple[str, ...]:
    """The first words of an answer."""
    return tuple(word for word, _ in answer[:length])


def _probability(answer: Sequence[tuple[str, float]], length: int) -> float:
    """That of an answer's first words, the product along its way."""
    return math.prod(p for _, p in answer[:length])


def _searched(
    answers: Sequence[Sequence[tuple[str, float]]], width: int
) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """The beginnings that a beam keeps, and those that it looks at and drops."""
    beams: set[tuple[str, ...]] = {()}
    kept, dropped = set(beams), set()
    for length in range(1, 1 + max(map(len, answers))):
        longer = {
            _beginning(answer, length): _probability(answer, length)
            for answer in answers
            if _beginning(answer, length - 1) in beams  # one that has ended stays as it is
        }
        beams = set(sorted(longer, key=lambda words: longer[words], reverse=True)[:width])
        kept |= beams
        dropped |= longer.keys() - beams
    return kept - dropped, dropped
