"""Whether two pictures show the same: what another machine draws a little otherwise does not count.

Another machine smooths edges in other ways, and an edge may lie one pixel away. So a pixel of one
picture is right where the other picture has its colour, or a colour between those it has, within
`REACH` pixels. Numbers that were trained differ by more, and a curve through them lies a little
elsewhere: `REACH_OF_TRAINED` is for these. A letter, a curve or a bar that is another one is wrong
in far more than `STRAY` pixels.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from PIL import Image, ImageChops, ImageFilter

REACH = 1  # pixels
REACH_OF_TRAINED = 4
LEVELS = 48  # of 255, by which a colour may differ
STRAY = 8  # pixels that may be wrong

# A cell with one of these trains something, and what is drawn below it may come from that.
TRAINS = re.compile(r"\b(?:fit|train\w*|descend\w*)\(")


def reach_of(notebook: Any, cell: Any) -> int:
    """How far from its place a pixel may lie that this cell draws."""
    code = [each for each in notebook.cells if each.cell_type == "code"]
    above = code[: 1 + next(n for n, each in enumerate(code) if each is cell)]
    return REACH_OF_TRAINED if any(TRAINS.search(each.source) for each in above) else REACH


def opened(picture: bytes) -> Image.Image:
    """A picture on white paper."""
    shown = Image.open(io.BytesIO(picture)).convert("RGBA")
    paper = Image.new("RGBA", shown.size, "white")
    return Image.alpha_composite(paper, shown).convert("RGB")


def wrong_pixels(one: Image.Image, other: Image.Image, reach: int) -> Image.Image:
    """White where a pixel of `one` has a colour that `other` does not have near it."""
    size = 2 * reach + 1
    darkest, lightest = (
        other.filter(each(size)) for each in (ImageFilter.MinFilter, ImageFilter.MaxFilter)
    )
    beyond = ImageChops.lighter(
        ImageChops.subtract(one, lightest), ImageChops.subtract(darkest, one)
    )
    red, green, blue = beyond.split()
    worst = ImageChops.lighter(ImageChops.lighter(red, green), blue)
    return worst.point([0] * (LEVELS + 1) + [255] * (255 - LEVELS))


def difference(committed: bytes, new: bytes, reach: int = REACH) -> str:
    """In what two pictures differ, in a few words; empty where they show the same."""
    if committed == new:
        return ""
    one, other = opened(committed), opened(new)
    if one.size != other.size:
        sizes = " and ".join(f"{width} x {height}" for width, height in (one.size, other.size))
        return f"they are of {sizes} pixels"
    bands = ImageChops.difference(one, other).split()
    if not any(any(band.histogram()[LEVELS + 1 :]) for band in bands):
        return ""  # as mostly, and much the faster way to know
    wrong = ImageChops.lighter(wrong_pixels(one, other, reach), wrong_pixels(other, one, reach))
    box = wrong.getbbox()
    count = wrong.histogram()[255]
    if box is None or count <= STRAY:
        return ""
    left, top, right, bottom = box
    return (
        f"{count} pixels differ, all of them from {left} to {right} across and from {top} to "
        f"{bottom} down, of {one.width} x {one.height}"
    )


def pictures(outputs: Iterable[dict]) -> Iterator[bytes]:
    """The pictures among a cell's outputs, in their order."""
    for output in outputs:
        picture = output.get("data", {}).get("image/png")
        if picture:
            yield base64.b64decode(picture)


def differences(committed: Iterable[dict], new: Iterable[dict], reach: int = REACH) -> list[str]:
    """A sentence for each picture of a cell that differs from the committed one."""
    before, after = list(pictures(committed)), list(pictures(new))
    if len(before) != len(after):
        return [f"Pictures that are committed: {len(before)}; drawn now: {len(after)}."]
    found = (difference(one, other, reach) for one, other in zip(before, after))
    return [
        f"Picture {number} is not the committed one: {what}."
        for number, what in enumerate(found, start=1)
        if what
    ]
