"""Formulas on a phone: whole, large enough, and there without any script."""

from __future__ import annotations

import re
from collections.abc import Iterator

import browser as chromium
import pages
import pytest
from playwright.sync_api import Browser, Page

SMALLEST = 11  # CSS pixels

# What is wrong with the formulas of a page, one line each.
FAULTS = """(smallest) => {
    const found = [];
    for (const math of document.querySelectorAll("article math")) {
        const name = math.textContent.trim().slice(0, 60);
        let column = math.parentElement;
        while (getComputedStyle(column).display === "inline") column = column.parentElement;
        const box = math.getBoundingClientRect(), limits = column.getBoundingClientRect();
        if (!box.width) found.push(`not shown: ${name}`);
        if (math.scrollWidth > math.clientWidth + 1 && math.clientWidth)
            found.push(`scrolls: ${name}`);
        if (box.right > limits.right + 1 || box.left < limits.left - 1)
            found.push(`leaves its column: ${name}`);
        for (const part of math.querySelectorAll("mi, mn, mo, mtext"))
            if (parseFloat(getComputedStyle(part).fontSize) < smallest)
                found.push(`too small: ${part.textContent} in ${name}`);
        const number = math.parentElement.querySelector(".eqno")?.getBoundingClientRect();
        if (number && number.left < box.right && number.top < box.bottom)
            found.push(`under its number: ${name}`);
        if (number && number.right > limits.right)
            found.push(`its number leaves the column: ${name}`);
    }
    return found;
}"""


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A phone that runs no scripts."""
    context = chromium.reader(browser, size=chromium.NARROW, scripts=False)
    yield context.new_page()
    context.close()


@pytest.mark.one_in(8)
@pytest.mark.parametrize("name", pages.files_in_contents())
def test_formulas_are_whole(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}{name}.html")
    page.evaluate(chromium.OPENED)
    assert page.locator("article .math").count() == page.locator("article math").count()
    assert page.evaluate(FAULTS, SMALLEST) == []


def test_a_formula_with_a_fault_is_found(page: Page, site: str) -> None:
    page.goto(f"{site}chapters/02_learning_by_hand.html")
    page.locator("article div.math").first.evaluate("""(display) => {
        display.querySelector("math").append(...display.cloneNode(true).children);
        display.querySelector("mi").style.fontSize = "8px";
        display.querySelector(".eqno").style.position = "absolute";
    }""")
    found = page.evaluate(FAULTS, SMALLEST)
    for fault in ("scrolls", "too small", "under its number"):
        assert any(each.startswith(fault) for each in found), fault


def test_the_font_has_every_character(browser: Browser, site: str) -> None:
    """The pages' own font is used, so that a formula is as wide on every machine."""
    context = chromium.reader(browser)
    page = context.new_page()
    page.goto(f"{site}chapters/05_cells.html")
    page.evaluate(chromium.SETTLED)
    session = context.new_cdp_session(page)
    session.send("DOM.enable")
    session.send("CSS.enable")
    root = session.send("DOM.getDocument")["root"]["nodeId"]
    for selector in ("mi", "mn", "mo", "mtext"):
        query = {"nodeId": root, "selector": f"article math {selector}"}
        for node in session.send("DOM.querySelectorAll", query)["nodeIds"]:
            fonts = session.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
            assert {font["familyName"] for font in fonts} <= {"STIX Two Math"}
    context.close()


def test_a_comma_stays_with_its_formula(page: Page, site: str) -> None:
    """It stands in the same piece of the line, which does not break."""
    page.goto(f"{site}chapters/02_learning_by_hand.html")
    kept = page.locator("article span.math", has_text=re.compile("[,.]$"))
    assert kept.count() > 5
    assert kept.evaluate_all("""(all) => all.every((each) =>
        each.lastChild.data && getComputedStyle(each).whiteSpace === "nowrap")""")
