"""A description and a preview card for each page, made from its title and its first paragraph.

Both are what search engines and messengers show when someone sends the page's address: the
description as text, the card as a picture of 1200 x 630 pixels under `_static/cards`.
"""

from __future__ import annotations

import importlib.util
import re
import textwrap
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from PIL import Image, ImageColor, ImageDraw, ImageFont
from sphinx.application import Sphinx

DESCRIPTION = (
    "A course on recurrent networks in TensorFlow, from two time steps in NumPy to a stacked "
    "network that reads MNIST. Every number on its pages is recomputed by its tests."
)
CHARACTERS = 200  # of a description, at most: more is cut off where it is shown
CARD = (1200, 630)  # pixels, the proportions that such cards have
PAPER, INK, MUTED, ACCENT = "#ffffff", "#1f2933", "#52606d", "#a86400"
SHADES = 20  # between the paper and each colour, for the edges of letters


def shortened(text: str) -> str:
    """The first sentences of `text` that fit; the first words where not even one sentence does."""
    text = " ".join(text.split())
    taken = ""
    for sentence in re.split(r"(?<=[.?!:])\s+", text):
        if len(taken) + len(sentence) + 1 > CHARACTERS:
            break
        taken = f"{taken} {sentence}".strip()
    return taken.rstrip(":") or textwrap.shorten(text, CHARACTERS, placeholder=" …")


def description(doctree: nodes.document | None) -> str:
    """What a page is about: its first paragraph, or the book's description where it has none."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        if isinstance(paragraph.parent, nodes.section):
            return shortened(paragraph.astext())
    return DESCRIPTION


def fonts() -> Path:
    """The folder of the fonts of the book's figures, found without importing Matplotlib."""
    spec = importlib.util.find_spec("matplotlib")
    if spec is None or spec.origin is None:
        raise RuntimeError("Matplotlib, whose fonts the preview cards use, is not installed.")
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(fonts() / f"DejaVuSans{'-Bold' * bold}.ttf", size)


def palette() -> Image.Image:
    """The colours of every card: to look for the best ones of each takes longer than to draw it."""
    paper, *inks = map(ImageColor.getrgb, (PAPER, INK, MUTED, ACCENT))
    colours = [
        round(near + (far - near) * shade / SHADES)
        for ink in inks
        for shade in range(SHADES + 1)
        for near, far in zip(ink, paper)
    ]
    holder = Image.new("P", (1, 1))
    holder.putpalette(colours)
    return holder


def draw_card(title: str, text: str, path: Path) -> None:
    """Write the card of one page: the book's name, the page's title, what it is about."""
    card = Image.new("RGB", CARD, PAPER)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, 24, CARD[1]), fill=ACCENT)
    pen.text((80, 56), "Unrolled", font=font(36, bold=True), fill=ACCENT)
    pen.text((80, 108), "recurrent networks in TensorFlow", font=font(28), fill=MUTED)
    top = 190
    for line in textwrap.wrap(title, 28)[:3]:
        pen.text((80, top), line, font=font(62, bold=True), fill=INK)
        top += 80
    lines = textwrap.wrap(text, 62, max_lines=max(1, (590 - top - 20) // 42), placeholder=" …")
    for line in lines:
        pen.text((80, top + 20), line, font=font(29), fill=MUTED)
        top += 42
    path.parent.mkdir(parents=True, exist_ok=True)
    card.quantize(palette=palette(), dither=Image.Dither.NONE).save(path)


def describe(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if app.builder.name != "html":
        return
    title = app.env.titles[page].astext() if page in app.env.titles else str(app.config.html_title)
    text = description(doctree)
    card = f"_static/cards/{page.replace('/', '-')}.png"
    draw_card(title, text, Path(app.outdir) / card)
    # A messenger needs whole addresses; where the book's own is not known they are relative.
    base = (app.config.html_baseurl or "").rstrip("/")
    image = f"{base}/{card}" if base else context["pathto"](card, resource=True)
    named = {"description": text, "twitter:card": "summary_large_image"}
    properties = {
        "og:type": "article",
        "og:site_name": "Unrolled",
        "og:title": title,
        "og:description": text,
        "og:image": image,
        "og:image:alt": f"{title}. {text}",
    }
    if base:
        properties["og:url"] = f"{base}/{page}.html"
    tags = [f'<meta name="{key}" content="{escape(value)}" />' for key, value in named.items()]
    tags += [
        f'<meta property="{key}" content="{escape(value)}" />' for key, value in properties.items()
    ]
    context["metatags"] = context.get("metatags", "") + "\n" + "\n".join(tags)


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", describe)
