"""Draw the pictures that stand where scripts are off, in place of the figures one can touch.

    python tools/draw_pictures.py

They lie in _static; front.png is the README's picture too, and card.png, made from it, is what
messengers show beside the book's address.
"""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure
from matplotlib.font_manager import findfont
from notebooks import ROOT, with_palette
from PIL import Image, ImageDraw, ImageFont

from unrolled import figures

PICTURES: dict[str, dict[str, Any]] = {
    "front": dict(steps=5, inputs=list("hello"), outputs=list("ello!")),
    "touch-two-steps": dict(steps=2, states=["0", "$h_0$", "$h_1$"]),
    "touch-gradient": dict(
        steps=2, folded=False, outputs=["", "$L$"], states=["$h_{-1}$", "$h_0$", "$h_1$"]
    ),
    "touch-lstm": dict(
        steps=2,
        folded=False,
        outputs=["$h_0$", "$h_1$"],
        states=["0", r"$c_0\,h_0$", r"$c_1\,h_1$"],
    ),
    "touch-gru": dict(steps=2, folded=False, states=["0", "$h_0$", "$h_1$"]),
    "touch-unroll": dict(steps=8, states=["0", *(f"$h_{t}$" for t in range(8))]),
    "touch-lengths": dict(steps=4, folded=False, masked=[2, 3], title="A row of length 2"),
}


def card() -> bytes:
    """The book's name above its picture, in the proportions that messengers expect."""
    made = Image.new("RGB", (1200, 630), "white")
    pen = ImageDraw.Draw(made)
    pen.rectangle((0, 0, 24, 630), fill="#a86400")
    for top, size, weight, colour, text in (
        (50, 84, "bold", "#1f2933", "Unrolled"),
        (160, 34, "normal", "#52606d", "Recurrent networks in TensorFlow, one step at a time"),
    ):
        font = ImageFont.truetype(findfont(f"DejaVu Sans:weight={weight}"), size)
        pen.text((80, top), text, font=font, fill=colour)
    with Image.open(ROOT / "_static" / "front.png") as front:
        made.paste(
            front.convert("RGB").resize((760, 760 * front.height // front.width)), (220, 236)
        )
    written = io.BytesIO()
    made.save(written, "png")
    return with_palette(written.getvalue())


def drawn(name: str) -> bytes:
    """The picture of PICTURES with this name."""
    picture = figures.unrolled(**PICTURES[name])
    assert isinstance(picture, Figure)  # and not axes, since none were given
    return with_palette(figures.png(picture))


def main() -> None:
    figures.use_style()
    for name in PICTURES:
        (ROOT / "_static" / f"{name}.png").write_bytes(drawn(name))
    (ROOT / "_static" / "card.png").write_bytes(card())


if __name__ == "__main__":
    main()
