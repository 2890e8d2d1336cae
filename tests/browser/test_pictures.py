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
from notebooks import ROOT
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
    """The files of the figures on a page, in order, read from its source."""
    source = (html / f"{name}.html").read_text(encoding="utf-8")
    article = source.split("<article", 1)[1].split("</article>", 1)[0]
    return re.findall(r'<img[^>]* src="[^"]*?(_images/[^"]+\.png)"', article)


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[BrowserContext]:
    """A reader without scripts: solutions are open, and the pictures of touchable figures there."""
    context = chromium.reader(browser, size=chromium.NARROW, scripts=False)
    yield context
    context.close()


@pytest.mark.parametrize("name", [name for name in pages.files_in_contents()])
def test_pictures_fit_a_phone_and_can_be_read(
    phone: BrowserContext, site: str, html: Path, name: str
) -> None:
    files = shown_files(html, name)
    if not files:
        pytest.skip("no figure on this page")
    page = phone.new_page()
    page.goto(f"{site}{name}.html")
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
