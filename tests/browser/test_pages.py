"""Every page in a browser that reaches no other host: it loads whole, and axe is content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import browser as chromium
import pages
import pytest
from playwright.sync_api import Browser, Page

ALL = [*pages.files_in_contents(), "genindex", "search"]
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

# `preload` would have axe fetch the style sheets once more, from addresses it gets wrong.
RUN_AXE = """async ([context, options]) =>
    (await axe.run(context, {resultTypes: ["violations"], preload: false, ...options}))
    .violations.map((found) => [found.id, found.help,
        ...found.nodes.map((node) => `${node.target} ${node.failureSummary}`)].join("\\n    "))"""

# A theme changes colours and nothing else, so the rules about them run once for each theme and the
# others once for each width. Thousands of coloured words of code would take minutes: of each kind
# of word one stays a word of its own, in each kind of box. Formulas have the colour of their text.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
STRUCTURE = [
    {"include": [["html"]]},
    {"rules": {rule: {"enabled": False} for rule in COLOUR_RULES}},
]
COLOURS = [{"exclude": [["mjx-container"]]}, {"runOnly": COLOUR_RULES}]
THIN_OUT = """() => {
    const kept = new Set();
    for (const word of document.querySelectorAll("article .highlight span[class]")) {
        const box = word.closest(".cell_input, .cell_output, .highlight").className;
        const kind = `${box} ${word.className}`;
        if (kept.has(kind)) word.replaceWith(...word.childNodes);
        kept.add(kind);
    }
    for (const pre of document.querySelectorAll("article pre")) pre.normalize();
}"""


class Visit:
    """One page as it was loaded, with everything that went wrong on the way."""

    def __init__(self, browser: Browser, site: str, name: str) -> None:
        self.site, self.name = site, name
        self.troubles: list[str] = []
        self.context = chromium.reader(browser)
        self.context.route("**/*", self.let_through)
        self.page: Page = self.context.new_page()
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error {error}"))
        self.page.on("requestfailed", lambda lost: self.troubles.append(f"failed {lost.url}"))
        self.page.on("response", self.answered)
        self.page.goto(f"{site}{name}.html")
        self.page.evaluate(chromium.SETTLED)

    def let_through(self, route) -> None:  # type: ignore[no-untyped-def]
        if route.request.url.startswith((self.site, "data:", "blob:")):
            route.continue_()
        else:
            self.troubles.append(f"asks another host: {route.request.url}")
            route.abort()

    def heard(self, message) -> None:  # type: ignore[no-untyped-def]
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def answered(self, response) -> None:  # type: ignore[no-untyped-def]
        if response.status >= 400:
            self.troubles.append(f"{response.status} {response.url}")

    def axe(self, rules: list[Any]) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.add_script_tag(path=str(AXE))
            self.page.evaluate(THIN_OUT)
        return list(self.page.evaluate(RUN_AXE, rules))

    def show(self, theme: str, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)


@pytest.fixture(scope="module", params=ALL)
def visit(browser: Browser, site: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The page, loaded once for all of its tests."""
    visit = Visit(browser, site, request.param)
    yield visit
    visit.context.close()


class TestPage:
    def test_loads_without_trouble(self, visit: Visit) -> None:
        assert visit.troubles == []

    def test_every_image_is_there(self, visit: Visit) -> None:
        lost = "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.currentSrc)"
        assert visit.page.evaluate(lost) == []

    def test_every_formula_is_typeset(self, visit: Visit) -> None:
        formulas = visit.page.locator("article .math").count()
        assert visit.page.locator("article mjx-container").count() >= formulas
        assert visit.page.locator("mjx-merror").count() == 0

    def test_has_one_of_each(self, visit: Visit) -> None:
        """One title, one header, one search box in sight."""
        page = visit.page
        visit.show("light", chromium.WIDE)
        assert page.locator("h1:visible").count() == 1
        assert page.locator("header.bd-header:visible").count() <= 1
        boxes = page.locator("input[type=search]:visible, .search-button-field:visible")
        assert boxes.count() == (2 if visit.name == "search" else 1)  # one more on the page for it

    def test_says_what_it_is(self, visit: Visit) -> None:
        """A title, a description, and the picture of a card for who sends the address."""
        page = visit.page
        assert page.title().endswith("Unrolled")
        described = page.locator("meta[name=description]").get_attribute("content") or ""
        assert 40 <= len(described) <= 200
        card = page.locator("meta[property='og:image']").get_attribute("content") or ""
        whole = page.evaluate("card => new URL(card, document.baseURI).href", card)
        assert page.request.get(whole).ok

    @pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
    def test_does_not_scroll_sideways(self, visit: Visit, size: tuple[int, int]) -> None:
        visit.show("light", size)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= size[0]

    @pytest.mark.parametrize("theme", chromium.THEMES)
    def test_axe_finds_no_fault_with_colours(self, visit: Visit, theme: str) -> None:
        visit.show(theme, chromium.WIDE)
        assert visit.axe(COLOURS) == []

    @pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
    def test_axe_finds_no_fault_with_structure(self, visit: Visit, size: tuple[int, int]) -> None:
        visit.show("light", size)
        assert visit.axe(STRUCTURE) == []
