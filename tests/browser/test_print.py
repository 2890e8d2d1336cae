"""Paper: light in any theme, whole pictures, and no line alone at the foot of a sheet."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import browser as chromium
import print_book
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page

CHAPTER = "chapters/04_gates"
THEME = "document.documentElement.dataset.theme"
COLOURS = """() => ["html", "body", "article p", "article code", ".cell_input .highlight",
    ".cell_input .highlight .k", "h2"].map((name) => {
        const style = getComputedStyle(document.querySelector(name));
        return [name, style.backgroundColor, style.color];
    })"""


@pytest.fixture
def dark(browser: Browser) -> Iterator[BrowserContext]:
    context = chromium.reader(browser, theme="dark")
    yield context
    context.close()


def on_paper(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    page.evaluate(chromium.SETTLED)
    page.emulate_media(media="print")
    page.wait_for_function(f"{THEME} === 'light'")
    return page


def test_pdf_of_a_chapter(dark: BrowserContext, site: str) -> None:
    """A title page, the contents, an outline that says each heading once, and no solutions."""
    page = dark.new_page()
    pdf = print_book.alone(page, site, CHAPTER)
    assert pdf.startswith(b"%PDF-")
    title = page.locator(".paper-title").inner_text()
    assert page.locator("article h1").inner_text().startswith(title)
    assert page.locator(".paper-front").bounding_box()["y"] < 5
    headings = [each.strip() for each in page.locator("article h2").all_text_contents()]
    links = page.locator(".paper-contents a")
    assert [each.strip() for each in links.all_text_contents()] == headings
    nowhere = page.locator("a[href^='#']").evaluate_all(
        "links => links.map(a => decodeURIComponent(a.hash.slice(1)))"
        ".filter(place => !document.getElementById(place))"
    )
    assert nowhere == []
    assert page.locator("div.exercise").count() >= 3
    assert page.locator("div.solution").count() == 0
    assert page.locator("details.answer").count() >= 8
    assert page.locator("details.answer p").count() == 0
    assert page.get_by_text("Not quite.").count() == 0
    said = [found["text"] for found in print_book.TITLE.finditer(pdf)]
    assert len(said) > len(headings)
    assert not [text for text in said if re.match(rb"\(([\d.]+ )\1", text)]


@pytest.mark.thorough
def test_pdf_of_several_pages(dark: BrowserContext, site: str) -> None:
    """Their links lead to one another, and those to other pages are words."""
    page = dark.new_page()
    names = ["chapters/04_gates", "chapters/glossary"]
    contents = [{"caption": "A part", "pages": names}]
    print_book.printed(page, site, contents, {"name": "Two", "above": "", "lines": []})
    assert page.locator(".paper-part").all_inner_texts() == ["A part"]
    links = page.locator("a[href]")
    targets = links.evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert "#page:chapters/glossary" in targets
    assert any(each.startswith("#chapters/glossary#term-") for each in targets)
    assert not [each for each in targets if not each.startswith(("#", "https://", "http://"))]
    assert not [each for each in targets if each.startswith(site)]


def test_dark_and_light_print_alike(dark: BrowserContext, browser: Browser, site: str) -> None:
    """In all colours, and in the pixels of a picture."""
    light = chromium.reader(browser)
    printed = [on_paper(each, f"{site}{CHAPTER}.html") for each in (light, dark)]
    colours = [page.evaluate(COLOURS) for page in printed]
    assert colours[0] == colours[1]
    shots = [page.locator(".cell_output img").first.screenshot() for page in printed]
    pictures = [Image.open(io.BytesIO(each)).convert("L") for each in shots]
    assert pictures[0].tobytes() == pictures[1].tobytes()
    assert pictures[1].getpixel((1, 1)) > 240 and min(pictures[1].getdata()) < 100
    light.close()


def test_picture_is_as_drawn_before_the_theme_has_changed(dark: BrowserContext, site: str) -> None:
    """By the styles alone: no browser need tell a script that it prints."""
    page = on_paper(dark, f"{site}{CHAPTER}.html")
    page.evaluate(f"{THEME} = 'dark'")
    picture = page.locator(".cell_output img").first
    assert picture.evaluate("img => getComputedStyle(img).mixBlendMode") == "normal"
    assert "invert" not in picture.evaluate("img => getComputedStyle(img).filter")


def test_screen_is_dark_again_after_printing(dark: BrowserContext, site: str) -> None:
    page = dark.new_page()
    page.goto(f"{site}index.html")
    page.evaluate(f"addEventListener('beforeprint', () => {{ window.printed = {THEME}; }})")
    page.pdf()
    assert page.evaluate("printed") == "light"
    page.wait_for_function(f"{THEME} === 'dark'")


@pytest.mark.one_in(2)
@pytest.mark.parametrize("scripts", [True, False])
def test_touchable_figure_prints_as_its_picture(browser: Browser, site: str, scripts: bool) -> None:
    """Which takes no more room than its own."""
    context = chromium.reader(browser, scripts=scripts)
    page = context.new_page()
    page.goto(f"{site}{CHAPTER}.html")
    still = page.locator("figure.touch img").first
    if scripts:
        page.locator(".touch-body").first.wait_for()
        assert not still.is_visible()
    page.emulate_media(media="print")
    page.locator("figure.touch").first.scroll_into_view_if_needed()
    still.wait_for()
    assert page.locator(".touch-body:visible").count() == 0
    slot, picture = page.locator(".touch-slot").first.bounding_box(), still.bounding_box()
    assert slot and picture and picture["height"] > 100
    assert slot["height"] - picture["height"] < 20
    context.close()


def test_nothing_is_left_alone_at_the_foot_of_a_sheet(dark: BrowserContext, site: str) -> None:
    """Headings, and sentences that lead to code, a picture, a formula, a list or a table."""
    page = on_paper(dark, f"{site}{CHAPTER}.html")
    alone = page.evaluate(
        """() => [...document.querySelectorAll("article :is(h1, h2, h3, h4), article p")]
            .filter((each) => each.checkVisibility() && (each.matches("h1, h2, h3, h4")
                || each.nextElementSibling?.matches("div, figure, ul, ol, details")))
            .map((each) => [getComputedStyle(each).breakAfter, each.textContent])"""
    )
    assert len(alone) > 40
    assert [text for kept, text in alone if kept != "avoid"] == []


def test_one_line_says_that_closed_solutions_are_not_printed(
    dark: BrowserContext, site: str
) -> None:
    page = on_paper(dark, f"{site}{CHAPTER}.html")
    said = "getComputedStyle(document.querySelector('#exercises > h2'), '::after').content"
    assert page.evaluate(said) == '"Closed solutions are not printed."'
    page.evaluate(
        "document.querySelectorAll('.solution > details').forEach(e => { e.open = true })"
    )
    assert page.evaluate(said) == "none"
    page.emulate_media(media="screen")
    page.evaluate("document.querySelector('.solution > details').open = false")
    assert page.evaluate(said) == "none"


def test_first_button_is_read_on_paper_without_backgrounds(dark: BrowserContext, site: str) -> None:
    start = on_paper(dark, f"{site}index.html").locator("a.start")
    ink, ground = start.evaluate(
        "a => [getComputedStyle(a).color, getComputedStyle(a).backgroundColor]"
    )
    assert ground == "rgba(0, 0, 0, 0)" and ink == "rgb(15, 91, 196)"


def test_nothing_of_the_screen_alone_is_printed(dark: BrowserContext, site: str) -> None:
    page = on_paper(dark, f"{site}chapters/17_then_and_now.html")
    for name in ("button", ".skip-link", ".path-foot", ".path-score", ".table-filter", "nav"):
        assert page.locator(f"{name}:visible").count() == 0


def test_notes_of_the_margin_stand_within_the_sheet(dark: BrowserContext, site: str) -> None:
    page = on_paper(dark, f"{site}{CHAPTER}.html")
    page.set_viewport_size({"width": 794, "height": 1123})  # A4
    right = "(each) => each.getBoundingClientRect().right"
    text = page.locator("article section > p").first.evaluate(right)
    notes = page.locator("aside.margin").all()
    assert notes
    assert all(note.evaluate(right) <= text + 1 for note in notes)


def test_picture_stays_with_the_code_that_draws_it(dark: BrowserContext, site: str) -> None:
    page = on_paper(dark, f"{site}{CHAPTER}.html")
    cells = page.locator("div.cell:has(> details.fold):has(img)").all()
    assert cells
    for cell in cells:
        assert cell.evaluate("cell => getComputedStyle(cell).breakInside") == "avoid"
