"""What a reader does in the book: walk from page to page, open, copy, use the keyboard."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import pages
import pytest
from fontTools.ttLib import TTFont
from notebooks import ROOT
from playwright.sync_api import Browser, BrowserContext, Page

ADDRESSES = Path(__file__).with_name("addresses.txt")


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


WALK = """async ([address, link, most]) => {
    const walked = [];
    while (address && walked.length < most) {
        const answer = await fetch(address);
        walked.push(answer.url);
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const found = page.querySelector(`.prev-next-footer :is(${link})`);
        address = found && new URL(found.getAttribute("href"), answer.url).href;
    }
    return walked;
}"""


def test_next_leads_from_the_front_page_to_the_end_and_previous_back(page: Page, site: str) -> None:
    names = pages.files_in_contents()
    end = names.index("chapters/where_next")
    way = [f"{site}{name}.html" for name in names[: end + 1]]
    more = len(names) + 1
    page.goto(way[0])
    assert page.evaluate(WALK, [way[0], "a.right-next", more]) == way
    assert page.evaluate(WALK, [way[-1], "a.left-prev", more]) == way[::-1]
    for name in names[end + 1 :]:  # to look things up: no stage of the way
        alone = [f"{site}{name}.html"]
        assert page.evaluate(WALK, [alone[0], "a.right-next, a.left-prev", more]) == alone


def test_addresses_stay(html: Path) -> None:
    """An address that the book has had leads somewhere for good: lines are added, none leave."""
    promised = ADDRESSES.read_text(encoding="utf-8").split()
    assert promised == sorted(promised)
    there = {path.relative_to(html).as_posix() for path in html.rglob("*.html")}
    assert [address for address in promised if address not in there] == []
    new = {f"{name}.html" for name in pages.files_in_contents()} - set(promised)
    assert not new, f"add {sorted(new)} to {ADDRESSES.relative_to(ROOT)}"


def test_code_can_be_copied(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    cells = page.locator(".cell_input")
    assert page.locator(".cell_input button.copybtn").count() == cells.count() > 20
    cell = cells.locator("visible=true").first
    cell.hover()
    cell.locator("button.copybtn").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == (cell.locator("pre").text_content() or "").strip()
    context.close()


def test_every_icon_has_its_glyph(page: Page, site: str, html: Path) -> None:
    """Icons are characters; the font that was cut down for this book has all that a page shows."""
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    shown = page.evaluate("""() => [...document.querySelectorAll("body *")].flatMap((element) =>
        ["::before", "::after"].map((part) => getComputedStyle(element, part).content)).join("")""")
    wanted = {ord(each) for each in shown if "\ue000" <= each <= "\uf8ff"}
    assert len(wanted) > 5
    sheet = (html / "_static" / "icons.css").read_text(encoding="utf-8")
    fonts = [base64.b64decode(data) for data in re.findall(r"font/woff;base64,([^\"]+)", sheet)]
    there = {code for font in fonts for code in TTFont(io.BytesIO(font)).getBestCmap()}
    assert wanted <= there


def test_keyboard_opens_a_solution_and_an_answer(page: Page, site: str) -> None:
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    solution = page.locator(".solution").first
    assert not solution.locator("pre").first.is_visible()
    solution.locator("summary").focus()
    page.keyboard.press("Enter")
    assert solution.locator("pre").first.is_visible()

    answer = page.locator("details.answer").first
    explained = answer.locator("p").first
    assert not explained.is_visible()
    answer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert explained.is_visible()


def test_first_key_skips_to_the_text(page: Page, site: str) -> None:
    page.goto(f"{site}chapters/05_cells.html")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent").strip() == "Skip to main content"


def test_pages_read_without_scripts(browser: Browser, site: str) -> None:
    """Text, code, pictures and answers are there; nothing waits for a script for ever."""
    context = chromium.reader(browser, scripts=False)
    page = context.new_page()
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    assert page.locator("article h2").count() > 8
    page.locator(".solution summary").first.click()
    assert page.locator(".solution pre").first.is_visible()
    answer = page.locator("details.answer").first
    answer.locator("summary").click()
    assert answer.locator("p").first.is_visible()
    context.close()


def test_opens_from_a_folder(page: Page, html: Path) -> None:
    """`make book` names a file:// address: formulas and figures work there too."""
    page.goto((html / "chapters" / "01_two_steps_in_numpy.html").as_uri())
    page.evaluate(chromium.SETTLED)
    assert page.locator("math").count() == page.locator("article .math").count() > 0
    assert page.evaluate("document.fonts.check('1rem Book Math')")
    page.locator("figure.touch button").first.wait_for()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize(
    ("name", "place"),
    [("01_two_steps_in_numpy", "steps-memory-cells"), ("07_dynamic_rnn", "dynamic-hello")],
)
def test_a_link_leads_to_its_section(
    browser: Browser, site: str, size: tuple[int, int], name: str, place: str
) -> None:
    """Pictures above it, which are loaded later, have kept their place."""
    context = chromium.reader(browser, size=size)
    page = context.new_page()
    page.goto(f"{site}chapters/{name}.html#{place}")
    page.evaluate(chromium.SETTLED)
    top = page.locator(f"#{place}").evaluate("place => place.getBoundingClientRect().top")
    context.close()
    assert -5 <= top <= size[1] / 4


def test_the_contents_close_when_a_section_is_chosen(browser: Browser, site: str) -> None:
    context = chromium.reader(browser, size=chromium.NARROW)
    page = context.new_page()
    page.goto(f"{site}chapters/06_static_rnn.html")
    page.locator("button.secondary-toggle:visible").click()
    link = page.locator(".bd-sidebar-secondary a[href^='#']:visible").nth(2)
    link.click()
    page.locator(".bd-sidebar-secondary").wait_for(state="hidden")
    heading = page.locator(page.evaluate("CSS.escape(location.hash.slice(1))").join(["#", ""]))
    assert 0 <= heading.evaluate("place => place.getBoundingClientRect().top") <= 200
    context.close()
