"""The still figures: on a phone all of each is there and can be read; in the dark theme it is dark.

What a file shows is compared with what the browser makes of it. Each PNG says itself how large its
smallest text is (`unrolled.figures.style.RECORD`); one without that line fails.
"""

from __future__ import annotations

import colorsys
import io
import re
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import numpy as np
import pages
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from playwright.sync_api import Browser, BrowserContext

from unrolled.figures import style

READABLE = 10.0  # CSS pixels: the least size of a letter

# Every picture of a page: its file, its size, and what holds it back.
PICTURES = """() => [...document.querySelectorAll("article :is(.cell_output, figure) img")].map(
    (image) => {
        const box = image.getBoundingClientRect();
        const frames = [];
        for (let each = image.parentElement; each.tagName !== "ARTICLE"; each = each.parentElement)
            frames.push(each);
        const left = Math.max(...frames.map((each) => each.getBoundingClientRect().left));
        const right = Math.min(...frames.map((each) => each.getBoundingClientRect().right));
        return {
            file: image.src,
            width: box.width,
            height: box.height,
            shown: image.checkVisibility(),
            inside: box.left >= left - 0.5 && box.right <= right + 0.5 && box.left >= 0,
            scrolls: frames.some((each) => each.scrollWidth > each.clientWidth + 1
                && getComputedStyle(each).overflowX !== "visible"),
        };
    })"""


def shown_files(html: Path, name: str) -> list[str]:
    """The files of the figures on a page, in order, read from its source; no photograph."""
    source = (html / f"{name}.html").read_text(encoding="utf-8")
    article = source.split("<article", 1)[1].split("</article>", 1)[0]
    return re.findall(r'<img[^>]* src="[^"]*?(_images/(?!tensorboard)[^"]+\.png)"', article)


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A reader without scripts, to whom a touchable figure is a picture."""
    context = chromium.reader(browser, size=chromium.NARROW, scripts=False)
    yield context
    context.close()


@pytest.mark.one_in(6)
@pytest.mark.parametrize("name", pages.files_in_contents())
def test_pictures_fit_a_phone_and_can_be_read(
    phone: BrowserContext, site: str, html: Path, name: str
) -> None:
    files = shown_files(html, name)
    if not files:
        pytest.skip("no figure on this page")
    page = phone.new_page()
    page.goto(f"{site}{name}.html")
    page.evaluate(chromium.OPENED)
    pictures = page.evaluate(PICTURES)
    page.close()
    assert [picture["file"].removeprefix(site) for picture in pictures] == files
    wrong = []
    for file, picture in zip(files, pictures, strict=True):
        assert picture["shown"], file
        with Image.open(html / file) as opened:
            width, height, said = *opened.size, opened.text.get(style.RECORD)  # type: ignore[attr-defined]
        if not picture["inside"] or picture["scrolls"]:
            wrong.append(f"{file} leaves its column or scrolls")
        if abs(picture["height"] / picture["width"] - height / width) > 0.02:
            wrong.append(f"{file} is cut or pressed")
        if said is None:
            wrong.append(f"{file} does not say how large its smallest text is")
        elif said != "none" and float(said) * picture["width"] / width < READABLE:
            least = float(said) * picture["width"] / width
            wrong.append(f"{file} has text of {least:.1f} pixels at a width of {picture['width']}")
    assert not wrong, "\n".join(wrong)


def luminance(colour: np.ndarray) -> float:
    parts = colour / 255
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: np.ndarray, other: np.ndarray) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def hue(colour: np.ndarray) -> float:
    """The place of a colour on the circle of hues, in degrees."""
    return 360 * colorsys.rgb_to_hsv(*(colour / 255))[0]


def apart(one: float, other: float) -> float:
    return abs((one - other + 180) % 360 - 180)


def pixels(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("RGB"), dtype=float)


def rgb(colour: str) -> np.ndarray:
    return 255 * np.array(to_rgb(colour))


class Change:
    """What the browser makes of the colours of a picture."""

    def __init__(self, drawn: np.ndarray, seen: np.ndarray) -> None:
        height, width, _ = drawn.shape
        self.drawn, self.seen = drawn, seen[:height, :width]
        assert self.seen.shape == drawn.shape

    def __call__(self, colour: str) -> np.ndarray | None:
        """What is seen where this colour was drawn, if it was."""
        # Nearly exactly this one: the soft edges of another colour pass through many.
        there = np.abs(self.drawn - rgb(colour)).max(axis=2) < 3
        return np.median(self.seen[there], axis=0) if there.sum() > 50 else None


@pytest.fixture(scope="module")
def night(browser: Browser) -> Iterator[BrowserContext]:
    """A reader in the dark theme, whose screen has the two pixels for one that pictures have."""
    context = chromium.context(
        browser, viewport={"width": 1280, "height": 900}, device_scale_factor=2
    )
    context.add_init_script("localStorage.setItem('mode', 'dark')")
    yield context
    context.close()


TEXTS = [style.INK, style.MUTED, *(line["color"] for line in style.LINES)]
KINDS = [style.INPUT, style.CELL, style.OUTPUT, style.OTHER]  # fill and edge


@pytest.mark.one_in(3)
@pytest.mark.parametrize("chapter", ["05_cells", "08_lengths_and_masks", "09_four_shapes"])
def test_pictures_are_dark_in_the_dark_theme(
    night: BrowserContext, site: str, html: Path, chapter: str
) -> None:
    """White is the page's colour, text can be read on it and on each fill, and hues stay."""
    page = night.new_page()
    page.goto(f"{site}chapters/{chapter}.html")
    page.evaluate(chromium.SETTLED)
    ground = np.array(
        [
            float(part)
            for part in re.findall(
                r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor")
            )[:3]
        ]
    )
    assert luminance(ground) < 0.05
    looked_at = set()
    for image in page.locator("article div.cell_output img:visible").all():
        image.scroll_into_view_if_needed()
        drawn = pixels(
            Image.open(html / "_images" / (image.get_attribute("src") or "").split("/")[-1])
        )
        box = image.bounding_box() or {}
        top, left = (round(2 * (box[side] % 1)) for side in "yx")  # a screenshot begins before it
        seen = pixels(Image.open(io.BytesIO(image.screenshot())))[top:, left:]
        became = Change(drawn, seen)
        alt = image.get_attribute("alt")
        card = became(style.CARD)
        assert card is not None and np.abs(card - ground).max() <= 2, alt
        ink = became(style.INK)
        for colour in TEXTS:
            text = became(colour)
            if text is not None:
                looked_at.add(colour)
                assert contrast(text, ground) >= 4.5, (colour, text, alt)
        for fill, edge in KINDS:
            filled, edged = became(fill), became(edge)
            if filled is None or edged is None or ink is None:
                continue
            looked_at.add(edge)
            assert contrast(ink, filled) >= 4.5, (fill, filled, alt)
            assert contrast(edged, ground) >= 3, (edge, edged, alt)
            for before, after in ((fill, filled), (edge, edged)):
                assert apart(hue(rgb(before)), hue(after)) < 30, (before, after, alt)
    page.close()
    assert {style.INK, style.INPUT[1]} <= looked_at
