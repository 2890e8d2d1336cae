"""Photograph every page of the book: wide and narrow, light and dark, from top to bottom.

The pictures lie in _build/screenshots. Build the book first (`make screenshots` does).
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence

import browser as chromium
import pages
from notebooks import ROOT

FOLDER = ROOT / "_build" / "screenshots"
SIZES = {"wide": chromium.WIDE, "narrow": chromium.NARROW}


def main(names: Sequence[str]) -> None:
    names = names or pages.files_in_contents()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with chromium.opened_book() as (browser, site):
        for name in names:
            if not (chromium.HTML / f"{name}.html").exists():
                sys.exit(f"No page {name!r}: build the book first, or name one, such as index.")
        for (size, window), theme in itertools.product(SIZES.items(), chromium.THEMES):
            context = chromium.reader(browser, theme=theme, size=window)
            page = context.new_page()
            for name in names:
                page.goto(f"{site}{name}.html")
                page.evaluate(chromium.SETTLED)
                path = FOLDER / f"{name.replace('/', '-')}-{size}-{theme}.png"
                page.screenshot(path=path, full_page=True)
            context.close()
    print(f"The pictures lie in {FOLDER.relative_to(ROOT)}.")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "pages",
        nargs="*",
        metavar="PAGE",
        help="an address without its ending, such as chapters/07_dynamic_rnn (default: every page)",
    )
    main(parser.parse_args().pages)
