"""Every page in a browser, which finds no other host: it loads whole, and axe is content."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import axe_playwright_python
import browser as chromium
import pages
import pytest
from playwright.sync_api import BrowserContext, Page

ALL = [*pages.files_in_contents(), "genindex", "search", "404"]
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"

# `preload` would have axe fetch the style sheets once more, from addresses it gets wrong.
RUN_AXE = """async ([context, options]) =>
    (await axe.run(context, {resultTypes: ["violations"], preload: false, ...options}))
    .violations.map((found) => [found.id, found.help,
        ...found.nodes.map((node) => `${node.target} ${node.failureSummary}`)].join("\\n    "))"""

# A theme changes colours and nothing else, so the rules about them run once for each theme and the
# others once for each width. Formulas have the colour of their text.
COLOUR_RULES = ["color-contrast", "link-in-text-block"]
STRUCTURE = [
    {"include": [["html"]]},
    {"rules": {rule: {"enabled": False} for rule in COLOUR_RULES}},
]
COLOURS = [{"exclude": [["math"]]}, {"runOnly": COLOUR_RULES}]

# Thousands of coloured words of code would take minutes: of each kind of word one stays a word of
# its own, in each kind of box.
THIN_OUT_CODE = """() => {
    const kept = new Set();
    for (const pre of document.querySelectorAll("article .highlight pre")) {
        const box = pre.closest(".cell_input, .cell_output, .highlight").className;
        const pieces = [];  // elements, and the text between them in one piece each
        for (const node of pre.childNodes) {
            const kind = node.matches?.("span[class]") ? `${box} ${node.className}` : "";
            if (kind ? !kept.has(kind) : node.nodeType === Node.ELEMENT_NODE) pieces.push(node);
            else pieces.push((typeof pieces.at(-1) === "string" ? pieces.pop() : "") +
                node.textContent);
            kept.add(kind);
        }
        pre.replaceChildren(...pieces);
    }
}"""

# For the colours, one element of each kind stays and the others are emptied. Two elements are of
# one kind when all is equal that a colour rule looks at, in each theme, and so it is for their
# parents, up to the body. An emptied element stays where it is: rows of tables change colours by
# their place. In the end every kind must still be there.
ONE_OF_EACH_KIND = """(themes) => {
    const looks = ["backgroundColor", "backgroundImage", "borderBottomStyle", "color", "filter",
        "fontSize", "fontWeight", "mixBlendMode", "opacity", "position", "textDecorationLine",
        "textShadow"];
    const isText = (node) => node.nodeType === Node.TEXT_NODE && node.data.trim() !== "";
    const numbers = new Map();
    const kinds = () => {
        const found = new Map();  // the number of each element's kind, parents first
        for (const theme of themes) {
            document.documentElement.dataset.theme = theme;
            for (const element of document.querySelectorAll("body, body :not(math *)")) {
                const style = getComputedStyle(element);
                const kind = [
                    found.get(element), found.get(element.parentElement),
                    element.tagName, element.getAttribute("class"),
                    [...element.childNodes].some(isText),
                    element.checkVisibility({ visibilityProperty: true }),
                    ...looks.map((name) => style[name]),
                ].join();
                if (!numbers.has(kind)) numbers.set(kind, numbers.size);
                found.set(element, numbers.get(kind));
            }
        }
        return found;
    };
    const before = new Set(), kept = new Set();
    for (const [element, kind] of kinds()) {
        if (before.has(kind)) continue;
        before.add(kind);
        for (let each = element; each; each = each.parentElement) kept.add(each);
    }
    for (const element of document.querySelectorAll("body *"))
        if (!kept.has(element)) element.replaceChildren();
    const after = new Set(kinds().values());
    return [...before].filter((kind) => !after.has(kind)).length;
}"""


class Visit:
    """One page as it was loaded, with everything that went wrong on the way."""

    def __init__(self, context: BrowserContext, site: str, name: str) -> None:
        self.site, self.name = site, name
        self.troubles: list[str] = []
        self.page: Page = context.new_page()
        self.page.on("request", self.asked)
        self.page.on("console", self.heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"error {error}"))
        self.page.on("requestfailed", lambda lost: self.troubles.append(f"failed {lost.url}"))
        self.page.on("response", self.answered)
        self.page.goto(f"{site}{name}.html")
        self.page.evaluate(chromium.SETTLED)

    def asked(self, request) -> None:  # type: ignore[no-untyped-def]
        if not request.url.startswith((self.site, "data:", "blob:")):
            self.troubles.append(f"asks another host: {request.url}")

    def heard(self, message) -> None:  # type: ignore[no-untyped-def]
        if message.type in ("error", "warning"):
            self.troubles.append(f"console {message.type}: {message.text}")

    def answered(self, response) -> None:  # type: ignore[no-untyped-def]
        if response.status >= 400:
            self.troubles.append(f"{response.status} {response.url}")

    def axe(self, rules: list[Any]) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            self.page.add_script_tag(path=str(AXE))
            self.page.evaluate(THIN_OUT_CODE)
        return list(self.page.evaluate(RUN_AXE, rules))

    def keep_one_of_each_kind(self) -> None:
        if not self.page.evaluate("'thinnedOut' in window"):
            lost = self.page.evaluate(ONE_OF_EACH_KIND, chromium.THEMES)
            assert lost == 0
            self.page.evaluate("window.thinnedOut = true")

    def show(self, theme: str, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        self.page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        self.page.evaluate(chromium.DRAWN, size[0])


@pytest.fixture(scope="module", params=ALL)
def visit(context: BrowserContext, site: str, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """The page, loaded once for all of its tests."""
    visit = Visit(context, site, request.param)
    yield visit
    visit.page.close()


class TestPage:
    def test_loads_without_trouble(self, visit: Visit) -> None:
        assert visit.troubles == []

    def test_every_image_is_there(self, visit: Visit) -> None:
        lost = "[...document.images].filter((i) => !i.naturalWidth).map((i) => i.currentSrc)"
        assert visit.page.evaluate(lost) == []

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
        if visit.name not in pages.files_in_contents():
            return  # nobody sends those
        card = page.locator("meta[property='og:image']").get_attribute("content") or ""
        whole = page.evaluate("card => new URL(card, document.baseURI).href", card)
        assert page.request.get(whole).ok

    @pytest.mark.one_in(12)
    @pytest.mark.parametrize("width", [320, 360, 800, 1100, 1280])
    def test_does_not_scroll_sideways(self, visit: Visit, width: int) -> None:
        """Whatever the fonts are."""
        visit.show("light", (width, 780))
        for letters in ("own", "wide and spaced"):
            style = visit.page.add_style_tag(content=chromium.LETTERS[letters] or "/* own */")
            found = visit.page.evaluate("document.documentElement.scrollWidth")
            style.evaluate("style => style.remove()")
            assert found <= width, letters

    @pytest.mark.one_in(16)
    @pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
    def test_axe_finds_no_fault_with_structure(self, visit: Visit, size: tuple[int, int]) -> None:
        visit.show("light", size)
        assert visit.axe(STRUCTURE) == []

    @pytest.mark.one_in(16)
    @pytest.mark.parametrize("theme", chromium.THEMES)
    def test_axe_finds_no_fault_with_colours(self, visit: Visit, theme: str) -> None:
        """The last tests of a page, since they empty most of it."""
        visit.show(theme, chromium.WIDE)
        visit.keep_one_of_each_kind()
        visit.show(theme, chromium.WIDE)
        assert visit.axe(COLOURS) == []


def test_axe_finds_the_one_element_with_a_fault(context: BrowserContext, site: str) -> None:
    """Guards the tests of colours: what they leave out of a page is nothing that differs."""
    visit = Visit(context, site, "chapters/source_map")
    visit.page.evaluate(
        """() => {
            const cell = [...document.querySelectorAll("article td p")].at(-1);
            cell.style.color = "#bbb";
            cell.textContent = "pale";
        }"""
    )
    visit.keep_one_of_each_kind()
    visit.show("light", chromium.WIDE)
    found = visit.axe(COLOURS)
    visit.page.close()
    assert len(found) == 1 and "#bbbbbb" in found[0]
