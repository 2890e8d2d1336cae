"""The front door: the page at the root, old and wrong addresses, the first paint, who sends it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import notebooks
import pages
import pytest
import teaching
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import Browser, Page, Route

NOTEBOOKS = sorted(  # in the order of the contents
    notebooks.paths_of([]),
    key=lambda path: pages.files_in_contents().index(f"chapters/{path.stem}"),
)


def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def front(html: Path) -> BeautifulSoup:
    return soup(html / "index.html")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = chromium.reader(browser)
    yield context.new_page()
    context.close()


# --- the page at the root ----------------------------------------------------------------------


def test_root_is_the_front_page_itself(page: Page, site: str) -> None:
    page.goto(site)
    assert page.url == site  # nobody is sent on
    assert page.title() == "Unrolled"
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("meta[http-equiv=refresh]").count() == 0
    for name in ("meta[name=description]", "meta[property='og:image']"):
        assert page.locator(name).get_attribute("content")


def test_other_titles_name_page_and_book(html: Path) -> None:
    title = soup(html / "chapters" / "05_cells.html").title.text
    assert re.fullmatch(r"\d+\. What a cell is — Unrolled", title)


def test_front_page_has_one_thing_to_do_before_all_others(front: BeautifulSoup) -> None:
    """A sentence, the button, the figure, three doors, the map: in this order."""
    article = front.select_one("article")
    order = ["a.start", "figure.touch", ".doors", ".path-map"]
    found = [each for each in article.find_all(True) if any(map(each.css.match, order))]
    first = [next(i for i, each in enumerate(found) if each.css.match(name)) for name in order]
    assert first == sorted(first) and first[0] == 0
    lead = article.select_one("h1 ~ p").text
    assert lead.count(".") == 1 and len(lead) < 200
    assert len(article.select(".doors > p > strong")) == 3


def test_map_says_what_the_notebooks_say(front: BeautifulSoup) -> None:
    items = front.select(".path-map > li")
    assert len(items) == len(NOTEBOOKS)
    totals = [0, 0]
    for path, item in zip(NOTEBOOKS, items, strict=True):
        advice = teaching.read_advice(notebooks.read(path))
        title, promise, said = item.find_all("p")
        assert title.a["href"] == f"chapters/{path.stem}.html"
        assert promise.text[0].isupper() and promise.text.endswith(".")
        assert said.text == (
            f"{advice.minutes_to_teach} min to read, {advice.minutes_for_exercises} min for "
            f"exercises · {advice.level}"
        )
        totals[0] += advice.minutes_to_teach
        totals[1] += advice.minutes_for_exercises
    intro = front.select_one("#the-chapters p").text
    assert [int(hours) for hours in re.findall(r"(\d+) hours", intro)] == [
        round(minutes / 60) for minutes in totals
    ]


def test_lists_of_the_map_go_on_counting(front: BeautifulSoup) -> None:
    counted = 1
    for part in front.select(".path-map"):
        assert int(part.get("start", 1)) == counted
        counted += len(part.select("li"))


def test_index_of_terms_is_linked(front: BeautifulSoup) -> None:
    assert front.select_one("article a[href='genindex.html']")


def test_repository_is_promised_only_where_there_is_one(html: Path) -> None:
    """The tests' book is built for no repository."""
    for name in ("index", "chapters/05_cells", "chapters/notebooks"):
        text = soup(html / f"{name}.html").select_one("main").text
        assert not re.search(r"rocket|Report a mistake|Edit this page", text)


# --- addresses ---------------------------------------------------------------------------------


@pytest.mark.one_in(2)
@pytest.mark.parametrize("scripts", [True, False])
def test_old_front_address_leads_to_the_front_page(
    browser: Browser, site: str, scripts: bool
) -> None:
    context = chromium.reader(browser, scripts=scripts)
    page = context.new_page()
    page.goto(f"{site}intro.html")
    page.wait_for_url(f"{site}index.html")
    context.close()


def test_page_that_has_moved_says_so(html: Path) -> None:
    moved = soup(html / "intro.html")
    assert moved.html["lang"] == "en" and moved.title.text
    assert moved.select_one("link[rel=canonical]")["href"] == "index.html"
    assert moved.body.a["href"] == "index.html"


@pytest.mark.one_in(2)
@pytest.mark.parametrize("lost", ["gone.html", "chapters/gone.html", "a/b/c/gone"])
def test_404_page_works_at_any_depth(page: Page, site: str, html: Path, lost: str) -> None:
    text = (html / "404.html").read_text(encoding="utf-8")
    page.route(f"{site}{lost}", lambda route: route.fulfill(status=404, body=text))
    failed: list[str] = []
    page.on("response", lambda got: failed.append(got.url) if got.status >= 400 else None)
    page.goto(f"{site}{lost}", wait_until="networkidle")
    assert failed == [f"{site}{lost}"]
    assert page.locator("h1:visible").inner_text() == "Page not found"
    page.locator("article a").first.click()
    page.wait_for_url(f"{site}index.html")


# --- the first paint ---------------------------------------------------------------------------


@pytest.mark.one_in(8)
@pytest.mark.parametrize("chosen", ["dark", "light", None])
@pytest.mark.parametrize("system", ["dark", "light"])
@pytest.mark.parametrize("name", ["index", "chapters/05_cells"])
def test_theme_is_there_before_style_sheets_and_scripts(
    browser: Browser, site: str, chosen: str | None, system: str, name: str
) -> None:
    context = chromium.context(browser, color_scheme=system)
    if chosen:
        context.add_init_script(f"localStorage.setItem('mode', '{chosen}')")

    def refuse(route: Route) -> None:
        blocked = route.request.resource_type in ("stylesheet", "script", "font")
        route.abort() if blocked else route.continue_()

    context.route("**/*", refuse)
    page = context.new_page()
    page.goto(f"{site}{name}.html", wait_until="commit")
    page.locator("h1").first.wait_for(state="attached")
    expected = chosen or system
    assert page.evaluate("document.documentElement.dataset.theme") == expected
    shot = Image.open(io.BytesIO(page.screenshot())).convert("L")
    paper = shot.getpixel((shot.width - 1, shot.height // 2))
    assert (paper < 40) if expected == "dark" else (paper > 240)
    context.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("system", ["dark", "light"])
def test_theme_of_a_first_visit_follows_the_system(
    browser: Browser, site: str, system: str
) -> None:
    """No fault in the console; the theme's own script agrees with what was set before it."""
    context = chromium.context(browser, color_scheme=system)
    page = context.new_page()
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    seen = "window.seen = []; new MutationObserver(() => seen.push("
    seen += "document.documentElement.dataset.theme)).observe(document, {attributes: true,"
    page.add_init_script(f"{seen} subtree: true, attributeFilter: ['data-theme']}})")
    page.goto(f"{site}index.html", wait_until="load")
    assert set(page.evaluate("seen")) == {system}
    assert heard == []
    context.close()


# --- without scripts ---------------------------------------------------------------------------


def without_scripts(browser: Browser, size: tuple[int, int]) -> Page:
    return chromium.reader(browser, theme="dark", size=size, scripts=False).new_page()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["index", "chapters/05_cells"])
def test_chapters_stand_at_the_foot_of_a_phone_without_scripts(
    browser: Browser, site: str, name: str
) -> None:
    page = without_scripts(browser, chromium.NARROW)
    page.goto(f"{site}{name}.html")
    chapter = page.locator(".bd-links a", has_text="MNIST, row by row")
    text, listed = page.locator("article").bounding_box(), chapter.bounding_box()
    assert text and listed and listed["x"] >= 0
    assert listed["y"] > text["y"] + text["height"]
    page.get_by_role("link", name="All chapters").click()
    assert page.url.endswith("#chapters")
    chapter.click()
    page.wait_for_url(f"{site}chapters/12_mnist_row_by_row.html")
    page.context.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
def test_no_dead_button_without_scripts(browser: Browser, site: str, size: tuple[int, int]) -> None:
    page = without_scripts(browser, size)
    page.goto(f"{site}chapters/05_cells.html")
    assert page.locator("button:visible").count() == 0
    assert page.locator("a:visible", has_text=".ipynb").first.is_visible()
    page.context.close()


def test_page_without_scripts_is_light_as_a_whole(html: Path) -> None:
    """The theme's styles, and those of code, ask for the attribute."""
    for name in pages.files_in_contents():
        text = (html / f"{name}.html").read_text(encoding="utf-8")
        assert re.search(r'<html[^>]*\bdata-theme="light"', text), name


# --- a book with an address --------------------------------------------------------------------


def test_nothing_is_promised_without_an_address(html: Path) -> None:
    """Neither a site map nor canonical links, which need whole addresses."""
    assert not (html / "sitemap.xml").exists() and not (html / "robots.txt").exists()
    assert not soup(html / "index.html").select_one("link[rel=canonical]")
