"""Tables: on a phone nothing of them is cut, and long ones can be filtered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import pages
import pytest
from playwright.sync_api import Browser, Page

SMALLEST = 11  # CSS pixels
NAMES = "chapters/17_then_and_now"  # has long tables, with names that are gone
TABLES = "article table.table"

# What is wrong with the tables of a page, one line each.
FAULTS = """([tables, smallest]) => {
    const found = [];
    for (const table of document.querySelectorAll(tables)) {
        const frame = table.parentElement, name = table.rows[0].textContent.trim();
        if (frame.scrollWidth > frame.clientWidth + 1) found.push(`scrolls: ${name}`);
        const texts = document.createTreeWalker(table, NodeFilter.SHOW_TEXT);
        for (let text = texts.nextNode(); text; text = texts.nextNode()) {
            if (!text.data.trim()) continue;
            const shown = text.data.trim().slice(0, 60), parent = text.parentElement;
            if (parseFloat(getComputedStyle(parent).fontSize) < smallest)
                found.push(`too small: ${shown}`);
            const range = document.createRange();
            range.selectNodeContents(text);
            const limit = frame.getBoundingClientRect().right + 1;
            if (range.getBoundingClientRect().right > limit) found.push(`cut: ${shown}`);
            if (!parent.closest("code")) continue;
            for (const word of text.data.matchAll(/[\\w.]+/g)) {
                range.setStart(text, word.index);
                range.setEnd(text, word.index + word[0].length);
                const lines = new Set([...range.getClientRects()].map((box) => box.top));
                if (lines.size > 1) found.push(`broken: ${shown}`);
            }
        }
        for (const cell of table.querySelectorAll("td[data-label]")) {
            const empty = !cell.textContent.trim() && !cell.querySelector("img");
            const label = getComputedStyle(cell, "::before").content;
            if (empty && cell.checkVisibility() && label !== "none") found.push("only a label");
        }
    }
    return found;
}"""

# Playwright's own way of adding a style sheet waits for a script.
STYLE = """(text) => {
    const style = document.querySelector("#tested") ?? document.createElement("style");
    style.id = "tested";
    style.textContent = text;
    document.head.append(style);
}"""


@pytest.fixture(scope="module")
def phone(browser: Browser) -> Iterator[Page]:
    """A phone that runs no scripts."""
    context = chromium.reader(browser, size=chromium.NARROW, scripts=False)
    yield context.new_page()
    context.close()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("name", pages.files_in_contents())
def test_tables_fit_a_phone(phone: Page, site: str, name: str) -> None:
    """Whatever the fonts are."""
    phone.goto(f"{site}{name}.html")
    phone.evaluate(chromium.OPENED)
    for letters in ("own", "wide"):
        phone.evaluate(STYLE, chromium.LETTERS[letters])
        assert phone.evaluate(FAULTS, [TABLES, SMALLEST]) == [], letters


def test_a_table_with_a_fault_is_found(phone: Page, site: str) -> None:
    phone.goto(f"{site}{NAMES}.html")
    phone.locator(f"{TABLES} code").first.evaluate(
        "(code) => { code.textContent = 'a_name_without_end.'.repeat(9); }"
    )
    phone.evaluate(STYLE, "td {font-size: 8px !important}")
    phone.locator(f"{TABLES} td[data-label]").first.evaluate("(cell) => cell.replaceChildren()")
    found = phone.evaluate(FAULTS, [TABLES, SMALLEST])
    for fault in ("too small", "broken", "only a label"):
        assert any(each.startswith(fault) for each in found), fault
    phone.evaluate(STYLE, "td {white-space: nowrap; max-width: none !important}")
    found = phone.evaluate(FAULTS, [TABLES, SMALLEST])
    for fault in ("scrolls", "cut"):
        assert any(each.startswith(fault) for each in found), fault


def test_what_to_use_today_is_in_sight_on_a_phone(phone: Page, site: str) -> None:
    phone.goto(f"{site}{NAMES}.html")
    gone = phone.locator(TABLES).filter(has_text="gone").first
    row = gone.locator("tr", has_text="BasicLSTMCell").first
    box = row.locator("td", has_text="keras.layers.LSTM").bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= chromium.NARROW[0]


def test_rows_are_filtered(browser: Browser, html: Path) -> None:
    """In a folder of files, too; the number of the rows that are left is announced."""
    context = chromium.reader(browser, size=chromium.NARROW)
    page = context.new_page()
    page.goto((html / f"{NAMES}.html").as_uri())
    table = page.locator(f"{TABLES}.long").filter(has_text="gone").first
    rows = table.locator("tbody tr")
    every = rows.count()
    box = page.locator(".table-filter").filter(has=page.locator("input")).nth(1)
    box.get_by_label("Rows with").fill("LSTM")
    left = table.locator("tbody tr:visible")
    assert 0 < left.count() < every
    assert all("lstm" in text.lower() for text in left.all_text_contents())
    assert box.get_by_role("status").text_content() == f"{left.count()} of {every} rows"
    box.get_by_label("Rows with").fill("lstm keras nothing-has-this")
    assert left.count() == 0
    box.get_by_label("Rows with").fill("")
    assert left.count() == every
    context.close()


def test_the_whole_table_stands_without_scripts(phone: Page, site: str) -> None:
    phone.goto(f"{site}{NAMES}.html")
    assert phone.locator(".table-filter").count() == 0
    for row in phone.locator(f"{TABLES} tbody tr").all():
        assert row.is_visible()
