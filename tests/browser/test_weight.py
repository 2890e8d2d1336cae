"""How much a reader has to load: requests and bytes, as a host that compresses text sends them.

The record below is what was measured when it was last set; the tests allow a little more. The bytes
are Chromium's own count, headers included, with an empty cache.
"""

from __future__ import annotations

import browser as chromium
import pytest
from playwright.sync_api import Browser

SLACK = 1.1
RECORD = {  # page: requests and kilobytes until the first formula or figure is seen, then in all
    "index": ((40, 189), (40, 189)),  # was 32 requests and 1,338 kB before it was cut
    "chapters/01_two_steps_in_numpy": ((43, 299), (54, 510)),  # was 46 requests and 1,926 kB
    "chapters/05_cells": ((35, 247), (39, 342)),  # was 44 requests and 1,929 kB
}


def measured(browser: Browser, site: str, name: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Requests and kilobytes until the first formula is there, and once all is scrolled past."""
    context = chromium.reader(browser, size=chromium.NARROW)
    page = context.new_page()
    loaded: list[float] = []
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.on("Network.loadingFinished", lambda done: loaded.append(done["encodedDataLength"]))
    page.goto(f"{site}{name}.html")
    page.locator("math, .touch-live").first.wait_for()
    page.wait_for_load_state("networkidle")
    first = len(loaded), round(sum(loaded) / 1000)
    page.evaluate(chromium.SETTLED)
    page.wait_for_load_state("networkidle")
    whole = len(loaded), round(sum(loaded) / 1000)
    context.close()
    return first, whole


@pytest.mark.parametrize("name", RECORD)
def test_page_is_light(browser: Browser, site: str, name: str) -> None:
    now = measured(browser, site, name)
    print(name, now)
    for (requests, size), (most, largest) in zip(now, RECORD[name], strict=True):
        assert requests <= most + 2
        assert size <= largest * SLACK
