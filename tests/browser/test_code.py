"""Code and what stands around it, as a reader sees, copies, unfolds, follows and prints it."""

from __future__ import annotations

from collections.abc import Iterator

import browser as chromium
import nbformat
import pytest
from notebooks import ROOT
from playwright.sync_api import Browser, BrowserContext, Page, expect

CHAPTERS = (
    "01_two_steps_in_numpy",
    "12_mnist_row_by_row",
    "18_the_documents_programs",
    "19_moving_an_old_program",
    "21_where_the_time_goes",
)
OPEN_ALL = "() => { for (const each of document.querySelectorAll('details')) each.open = true; }"

# The frames of code and outputs that go on beyond their edge, and what a reader sees of that.
SIDEWAYS = """() => [...document.querySelectorAll("article pre")]
    .filter((pre) => pre.checkVisibility() && pre.scrollWidth > pre.clientWidth + 1)
    .map((pre) => {
        const seen = (part) => getComputedStyle(pre.parentElement, part).content !== "none";
        const hints = () => [seen("::before"), seen("::after")];
        const start = hints();
        pre.scrollLeft = pre.scrollWidth;
        pre.dispatchEvent(new Event("scroll"));
        const end = hints();
        return { code: pre.closest(".cell_output") === null, start, end };
    })"""

# Words that stand in two lines, and comments whose sign stands in another line than their words.
TORN = """() => {
    const rows = (node, start, end) => {
        const range = document.createRange();
        range.setStart(node, start);
        range.setEnd(node, end);
        return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size;
    };
    const torn = [];
    for (const line of document.querySelectorAll("article .line")) {
        if (!line.checkVisibility()) continue;
        const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            for (const word of node.data.matchAll(/[^\\W_][^\\W_-]*(?:-[^\\W_]+)*|^# \\w+/g))
                if (rows(node, word.index, word.index + word[0].length) > 1) torn.push(word[0]);
        }
    }
    return torn;
}"""


class Reader:
    """Pages of one reader, each opened once."""

    def __init__(self, context: BrowserContext, site: str) -> None:
        self.context, self.site = context, site
        self.opened: dict[str, Page] = {}

    def at(self, name: str) -> Page:
        if name not in self.opened:
            page = self.context.new_page()
            page.goto(f"{self.site}chapters/{name}.html")
            page.evaluate(chromium.SETTLED)
            page.evaluate(chromium.DRAWN)
            self.opened[name] = page
        return self.opened[name]


@pytest.fixture(scope="module")
def phone(browser: Browser, site: str) -> Iterator[Reader]:
    """A small phone, on which nothing hovers."""
    context = chromium.context(
        browser,
        viewport={"width": chromium.NARROW[0], "height": chromium.NARROW[1]},
        has_touch=True,
        is_mobile=True,
        reduced_motion="reduce",
    )
    yield Reader(context, site)
    context.close()


@pytest.fixture(scope="module")
def desktop(context: BrowserContext, site: str) -> Reader:
    return Reader(context, site)


@pytest.mark.parametrize("name", CHAPTERS)
class TestLines:
    @pytest.mark.one_in(4)
    def test_what_goes_on_beyond_its_frame_says_so(self, phone: Reader, name: str) -> None:
        page = phone.at(name)
        page.evaluate(OPEN_ALL)
        page.evaluate(chromium.DRAWN)
        found = page.evaluate(SIDEWAYS)
        assert found  # there are outputs in columns
        for each in found:
            assert each["start"] == [False, True] and each["end"] == [True, False]

    @pytest.mark.one_in(4)
    def test_code_wraps_between_words(self, phone: Reader, name: str) -> None:
        page = phone.at(name)
        page.evaluate(OPEN_ALL)
        assert page.evaluate(TORN) == []

    def test_lines_of_code_and_outputs_are_set_alike(self, phone: Reader, name: str) -> None:
        sizes = """() => [...document.querySelectorAll("article .highlight pre")]
            .map((pre) => getComputedStyle(pre).fontSize)"""
        assert len(set(phone.at(name).evaluate(sizes))) == 1

    def test_short_words_in_a_sentence_never_break(self, phone: Reader, name: str) -> None:
        torn = """() => [...document.querySelectorAll("article code .pre:not(.long)")]
            .filter((piece) => piece.getClientRects().length > 1)
            .map((piece) => piece.textContent)"""
        assert phone.at(name).evaluate(torn) == []


def test_a_wrapped_line_hangs_in_from_its_own_indentation(phone: Reader) -> None:
    lines = """() => [...document.querySelectorAll("article .cell_input .line")]
        .filter((line) => line.checkVisibility())
        .map((line) => {
            const range = document.createRange();
            range.selectNodeContents(line);
            const boxes = [...range.getClientRects()].filter((box) => box.width > 0);
            const top = Math.min(...boxes.map((box) => box.top));
            const below = boxes.filter((box) => box.top > top + 8).map((box) => box.left);
            const indent = Number(getComputedStyle(line).getPropertyValue("--indent"));
            const start = line.getBoundingClientRect().left;
            return [below.length ? Math.min(...below) - start : null, indent];
        })
        .filter(([below]) => below !== null)"""
    found = phone.at("12_mnist_row_by_row").evaluate(lines)
    assert len(found) > 20
    depths = {indent for _, indent in found if indent <= 16}  # deeper ones are shown at 16
    by_depth = {
        depth: {round(below) for below, indent in found if indent == depth} for depth in depths
    }
    assert all(len(each) == 1 for each in by_depth.values())  # all lines of a depth alike
    starts = [each.pop() for _, each in sorted(by_depth.items())]
    assert starts[0] > 8 and starts == sorted(set(starts)) and len(starts) > 2


def test_columns_and_logs_keep_their_lines(phone: Reader) -> None:
    """A line wraps when it is the only one, or too long for any screen; not those of a table."""
    outputs = """() => [...document.querySelectorAll(".cell_output .stream pre")].map((pre) => [
        pre.textContent, [...pre.querySelectorAll(".line")].map((line) => line.textContent),
        getComputedStyle(pre).whiteSpace])"""
    several = 0
    for name in CHAPTERS:
        for text, wrapped, space in phone.at(name).evaluate(outputs):
            assert space == "pre"
            lines = text.strip("\n").split("\n")
            several += len(lines) > 1
            for line in wrapped:
                assert len(lines) == 1 or len(line.rstrip("\n")) > 88
    assert several > 30


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["18_the_documents_programs", "21_where_the_time_goes"])
def test_nothing_scrolls_sideways_on_a_desk(desktop: Reader, name: str) -> None:
    page = desktop.at(name)
    page.add_style_tag(content=chromium.LETTERS["monospace"])
    page.evaluate(chromium.DRAWN)
    assert page.evaluate(SIDEWAYS) == []


def test_the_old_program_has_colours(desktop: Reader) -> None:
    """The longest listing of chapter 14 that is no cell."""
    kinds = """() => {
        const all = [...document.querySelectorAll("article .highlight-python pre")];
        const old = all.find((pre) => pre.textContent.includes("tf.app.run()"));
        const colours = [...old.querySelectorAll("span")].map((e) => getComputedStyle(e).color);
        return new Set(colours).size;
    }"""
    assert desktop.at("19_moving_an_old_program").evaluate(kinds) >= 4


# --- copying -----------------------------------------------------------------------------------


def sources(name: str) -> list[str]:
    notebook = nbformat.read(ROOT / "chapters" / f"{name}.ipynb", 4)
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("name", ["01_two_steps_in_numpy", "12_mnist_row_by_row"])
def test_what_is_copied_is_the_code(desktop: Reader, name: str) -> None:
    """By the button, which takes the text, and by hand."""
    page = desktop.at(name)
    page.evaluate(OPEN_ALL)
    texts, selected = page.evaluate(
        """() => {
            const cells = [...document.querySelectorAll(".cell_input pre")];
            const select = (pre) => {
                getSelection().selectAllChildren(pre);
                return getSelection().toString();
            };
            return [cells.map((pre) => pre.textContent), cells.map(select)];
        }"""
    )
    written = sources(name)
    assert len(texts) > 20
    for text, by_hand in zip(texts, selected, strict=True):
        assert text.strip("\n") in written
        assert by_hand.strip("\n") == text.strip("\n")


def test_copy_buttons_are_there_without_a_hover_and_on_code_alone(phone: Reader) -> None:
    page = phone.at("01_two_steps_in_numpy")
    page.locator("button.copybtn").first.wait_for(state="attached")
    page.evaluate(OPEN_ALL)
    buttons = page.evaluate(
        """() => [...document.querySelectorAll("button.copybtn")].map((button) => {
            const box = button.getBoundingClientRect();
            return [getComputedStyle(button).opacity, box.width, box.height];
        })"""
    )
    assert len(buttons) == page.locator(".cell_input").count() > 20
    assert all(opacity == "1" and min(size) >= 24 for opacity, *size in buttons)
    assert page.locator(".cell_output button.copybtn").count() == 0


def test_copy_buttons_cover_no_code_on_a_phone(phone: Reader) -> None:
    """No word of it: a blank at the end of a line may stand below the button."""
    page = phone.at("12_mnist_row_by_row")
    page.locator("button.copybtn").first.wait_for(state="attached")
    page.evaluate(OPEN_ALL)
    covered = page.evaluate(
        """() => {
            const words = function* (code) {
                const texts = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
                const range = document.createRange();
                while (texts.nextNode())
                    for (const { 0: word, index } of texts.currentNode.data.matchAll(/\\S+/g)) {
                        range.setStart(texts.currentNode, index);
                        range.setEnd(texts.currentNode, index + word.length);
                        yield* range.getClientRects();
                    }
            };
            return [...document.querySelectorAll("button.copybtn")].filter((button) => {
                const icon = button.querySelector("svg").getBoundingClientRect();
                return [...words(button.parentElement.querySelector("pre"))].some((box) =>
                    box.right > icon.left && box.top < icon.bottom - 6 && box.bottom > icon.top);
            }).map((button) => button.parentElement.textContent.slice(0, 60));
        }"""
    )
    assert covered == []


def test_copying_keeps_the_focus_and_says_so(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{site}chapters/12_mnist_row_by_row.html")
    button = page.locator("button.copybtn:visible").first
    button.focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").filter(has_text="Copied").wait_for(state="attached")
    assert button.evaluate("button => button === document.activeElement")
    expect(button).to_have_css("opacity", "1")  # it fades in
    context.close()


# --- folds -------------------------------------------------------------------------------------


def test_folded_code_opens_with_a_key_and_has_no_blank_line(phone: Reader) -> None:
    page = phone.at("05_cells")
    fold = page.locator("details.fold", has_text="draws this figure").first
    pre = fold.locator("pre")
    assert not pre.is_visible()
    assert page.locator("details.fold + .cell_output img").first.is_visible()
    fold.locator("summary").focus()
    page.keyboard.press("Enter")
    assert pre.is_visible()
    gap, line = pre.evaluate(
        """(pre) => {
            const style = getComputedStyle(pre);
            const first = pre.querySelector(".line").getBoundingClientRect();
            const top = pre.getBoundingClientRect().top + parseFloat(style.paddingTop);
            return [first.top - top, parseFloat(style.lineHeight)];
        }"""
    )
    assert gap < line / 2


def test_ring_around_an_open_fold_is_whole(phone: Reader) -> None:
    """No code lies over its lower edge."""
    page = phone.at("05_cells")
    summary = page.locator("details.fold > summary").first
    page.keyboard.press("Tab")
    summary.focus()
    if not summary.evaluate("summary => summary.parentElement.open"):
        page.keyboard.press("Enter")
    seen = summary.evaluate(
        """(summary) => {
            const { position, zIndex, outlineStyle } = getComputedStyle(summary);
            const below = summary.nextElementSibling.querySelector(".highlight");
            const over = getComputedStyle(below).zIndex;
            return [outlineStyle, position, Number(zIndex) > (Number(over) || 0)];
        }"""
    )
    assert seen == ["solid", "relative", True]


def test_first_cell_of_imports_is_folded(phone: Reader) -> None:
    summary = phone.at("05_cells").locator("details.fold > summary").first
    assert summary.text_content() == "Code: imports"


# --- exercises, solutions, answers -------------------------------------------------------------


def test_exercises_and_solutions_have_a_link_of_their_own(phone: Reader) -> None:
    page = phone.at("01_two_steps_in_numpy")
    links = page.evaluate(
        """() => [...document.querySelectorAll("div.exercise, div.solution")].map((box) => {
            const link = box.querySelector(".headerlink");
            const { width, height } = link.getBoundingClientRect();
            const { opacity, visibility } = getComputedStyle(link);
            return [link.hash === `#${box.id}`, opacity, visibility, Math.min(width, height) >= 24];
        })"""
    )
    assert len(links) > 4
    assert all(each == [True, "1", "visible", True] for each in links)


def test_link_of_a_solution_is_seen_on_hover_and_with_the_keyboard(desktop: Reader) -> None:
    page = desktop.at("05_cells")
    for box in (page.locator("div.exercise").first, page.locator("div.solution").first):
        link = box.locator(".headerlink")
        page.mouse.move(0, 0)
        expect(link).to_have_css("opacity", "0")
        link.focus()
        expect(link).to_have_css("opacity", "1")
        link.blur()
        box.hover()
        expect(link).to_have_css("opacity", "1")


def test_link_to_a_solution_opens_it(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    page = context.new_page()
    page.goto(f"{site}chapters/05_cells.html")
    identifier = page.locator("div.solution").nth(1).get_attribute("id")
    page.evaluate("place => { location.hash = place; }", identifier)
    page.locator("div.solution").nth(1).locator("pre").first.wait_for()
    assert not page.locator("div.solution").nth(0).locator("pre").first.is_visible()
    page.goto("about:blank")
    page.goto(f"{site}chapters/05_cells.html#{identifier}")
    page.locator("div.solution").nth(1).locator("pre").first.wait_for()
    context.close()


CONTRAST = """(element) => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const ground = (each) => {
        for (; each; each = each.parentElement) {
            const [r, g, b, a = 1] = parts(getComputedStyle(each).backgroundColor);
            if (a > 0.5) return [r, g, b];
        }
        return [255, 255, 255];
    };
    const light = (colour) => {
        const [r, g, b] = colour.map((part) => {
            const c = part / 255;
            return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (colour, behind) => {
        const [low, high] = [light(parts(colour)), light(ground(behind))].sort((a, b) => a - b);
        return (high + 0.05) / (low + 0.05);
    };
"""


@pytest.mark.one_in(2)
@pytest.mark.parametrize("theme", chromium.THEMES)
def test_right_answer_looks_other_than_a_wrong_one(browser: Browser, site: str, theme: str) -> None:
    """In words, with a sign and by colour, all of them easy to read."""
    context = chromium.reader(browser, theme=theme)
    page = context.new_page()
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    looks = {}
    for kind in ("right", "wrong"):
        answer = page.locator(f"details.answer.{kind}").first
        answer.locator("summary").click()
        looks[kind] = answer.locator("p > strong").first.evaluate(
            CONTRAST
            + """const style = getComputedStyle(element);
                const box = element.closest("details");
                return [element.textContent, getComputedStyle(element, "::before").content,
                    style.color, getComputedStyle(box).borderLeftColor,
                    contrast(style.color, element)];
            }"""
        )
    *right, contrast_of_right = looks["right"]
    *wrong, contrast_of_wrong = looks["wrong"]
    assert all(one != other for one, other in zip(right, wrong, strict=True))
    assert min(contrast_of_right, contrast_of_wrong) >= 4.5
    context.close()


# --- paper -------------------------------------------------------------------------------------


def test_paper_shows_what_is_open_and_all_code(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    page = context.new_page()
    page.goto(f"{site}chapters/05_cells.html")
    page.evaluate(chromium.SETTLED)
    solutions, answers = page.locator("div.solution"), page.locator("details.answer")
    solutions.nth(1).locator("summary").click()
    answers.nth(1).locator("summary").click()
    page.emulate_media(media="print")
    assert not solutions.nth(0).is_visible()
    assert solutions.nth(1).locator("pre").first.is_visible()
    assert answers.nth(0).locator("summary").is_visible()
    assert not answers.nth(0).locator("p").first.is_visible()
    assert answers.nth(1).locator("p").first.is_visible()
    heights = page.locator("details.fold pre").evaluate_all(
        "all => all.map((pre) => pre.checkVisibility() && pre.getBoundingClientRect().height)"
    )
    assert heights and all(height > 20 for height in heights)
    assert page.locator("h1:visible").count() == 1
    assert page.locator(".headerlink:visible, button.copybtn:visible").count() == 0
    frames = """() => [...document.querySelectorAll("article .cell_input")]
        .map((cell) => getComputedStyle(cell).breakInside)"""
    assert set(page.evaluate(frames)) == {"avoid"}
    context.close()


# --- focus and theme ---------------------------------------------------------------------------


@pytest.mark.one_in(4)
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("theme", chromium.THEMES)
def test_focus_is_seen_on_all_that_takes_it(
    browser: Browser, site: str, theme: str, size: tuple[int, int]
) -> None:
    """A ring of two pixels or more around it, or around what it stands in, of contrast 3 to 1."""
    context = chromium.reader(browser, theme=theme, size=size)
    page = context.new_page()
    page.goto(f"{site}chapters/01_two_steps_in_numpy.html")
    page.evaluate(chromium.SETTLED)
    page.locator("button.copybtn").first.wait_for(state="attached")
    page.keyboard.press("Tab")  # from now on this reader is one with a keyboard
    faults = page.evaluate(
        "() => { const fault = "
        + CONTRAST
        + """
            element.focus({ preventScroll: true });
            if (document.activeElement !== element) return null;
            const ring = [element, ...element.querySelectorAll("*")].some((each) => {
                const style = getComputedStyle(each);
                const outline = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
                    && contrast(style.outlineColor, each.parentElement) >= 3;
                const shadow = style.boxShadow.match(/^(rgba?\\([^)]*\\)) 0px 0px 0px (\\d+)/)
                    ?? style.boxShadow.match(/, (rgba?\\([^)]*\\)) 0px 0px 0px (\\d+)/);
                return outline || (shadow && Number(shadow[2]) >= 2
                    && contrast(shadow[1], each.parentElement) >= 3);
            });
            return ring ? null : element.outerHTML.slice(0, 120);
        };
        const takes = "a[href], button, summary, input, select, [tabindex='0']";
        return [...document.querySelectorAll(takes)]
            .filter((each) => each.checkVisibility({ visibilityProperty: true }))
            .map(fault).filter(Boolean);
        }"""
    )
    assert faults == []
    context.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("theme", chromium.THEMES)
def test_links_under_the_mouse_stand_out(browser: Browser, site: str, theme: str) -> None:
    context = chromium.reader(browser, theme=theme)
    page = context.new_page()
    page.goto(f"{site}chapters/05_cells.html")
    page.evaluate(chromium.SETTLED)
    for name in (
        "article section p a:not(.headerlink)",
        ".bd-links .toctree-l1:not(.active) a",
        ".page-toc a:not(.active)",
        ".right-next",
        "details.fold > summary",
        ".bd-footer-content a",
        ".theme-switch-button:visible",
    ):
        link = page.locator(name).first
        link.hover()
        found = "() => { const element = document.querySelector(':hover a:hover, button:hover, "
        found += "summary:hover'); " + CONTRAST.removeprefix("(element) => {")
        found += " return contrast(getComputedStyle(element).color, element); }"
        page.wait_for_function(found.replace("return contrast", "return 4.5 <= contrast"))
    context.close()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("name", ["index", "chapters/05_cells", "genindex", "404"])
@pytest.mark.parametrize("scripts", [True, False])
def test_skip_link_leads_to_the_text(browser: Browser, site: str, name: str, scripts: bool) -> None:
    """Past the buttons above it, too."""
    context = chromium.reader(browser, scripts=scripts)
    page = context.new_page()
    page.goto(f"{site}{name}.html")
    page.keyboard.press("Tab")
    focus = page.locator(":focus")
    assert focus.inner_text() == "Skip to main content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.locator("article :focus").count() == 1
    context.close()


def test_skip_link_of_the_search_leads_to_its_box(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    page = context.new_page()
    page.goto(f"{site}search.html")
    page.locator(".skip-link a").focus()
    page.keyboard.press("Enter")
    page.locator("#search-input:focus").wait_for()
    context.close()


def test_button_to_the_top_covers_nothing_on_a_phone(phone: Reader) -> None:
    page = phone.at("05_cells")
    page.evaluate("document.querySelector('#pst-back-to-top').style.display = 'block'")  # theme's
    assert not page.locator("#pst-back-to-top").is_visible()


FORBID = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); } });"""
FULL = """Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError"); };"""


@pytest.mark.one_in(2)
@pytest.mark.parametrize("storage", [FORBID, FULL], ids=["forbidden", "full"])
def test_theme_changes_where_storage_is_forbidden(
    browser: Browser, site: str, storage: str
) -> None:
    context = chromium.context(browser, viewport={"width": 1280, "height": 900})
    context.add_init_script(storage)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{site}chapters/05_cells.html")
    button = page.locator(".theme-switch-button:visible")
    seen = set()
    for _ in range(3):
        button.click()
        seen.add(page.evaluate("document.documentElement.dataset.mode"))
    assert seen == {"light", "dark", "auto"}
    assert troubles == []
    context.close()


def test_theme_button_says_which_theme_is_on(browser: Browser, site: str) -> None:
    context = chromium.context(
        browser, viewport={"width": 1280, "height": 900}, color_scheme="light"
    )
    page = context.new_page()
    page.goto(f"{site}chapters/05_cells.html")
    button = page.locator(".theme-switch-button:visible")
    labels = []
    for _ in range(3):
        labels.append(button.get_attribute("aria-label") or "")
        button.click()
    now, following = zip(
        *(label.removeprefix("Theme: ").split(". Change to: ") for label in labels)
    )
    assert set(now) == {"light", "dark", "as on your device"}
    assert following == (*now[1:], now[0])
    context.close()
