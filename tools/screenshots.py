"""Photograph every page of the book: wide and narrow, light and dark, from top to bottom.

    python tools/screenshots.py [PAGE ...]

A PAGE is its address without the ending, such as chapters/07_dynamic_rnn; all without one. The
pictures lie in _build/screenshots. Build the book first (`make screenshots` does).
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence

import browser as chromium
import pages
from notebooks import ROOT

FOLDER = ROOT / "_build" / "screenshots"
SIZES = {"wide": chromium.WIDE, "narrow": chromium.NARROW}


def main(names: Sequence[str]) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium.opened_book() as (browser, site):
        for (size, window), theme in itertools.product(SIZES.items(), chromium.THEMES):
            context = chromium.reader(browser, theme=theme, size=window)
            page = context.new_page()
            for name in names or pages.files_in_contents():
                page.goto(f"{site}{name}.html")
                page.evaluate(chromium.SETTLED)
                path = FOLDER / f"{name.replace('/', '-')}-{size}-{theme}.png"
                page.screenshot(path=path, full_page=True)
            context.close()
    print(f"The pictures lie in {FOLDER.relative_to(ROOT)}.")


if __name__ == "__main__":
    main(sys.argv[1:])
