"""The reader's way: minutes at the head, a mark at the foot, a self-test that counts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import browser as chromium
import notebooks
import pytest
import questions
import teaching
from playwright.sync_api import Browser, BrowserContext, Page, expect

CHAPTER = "chapters/01_two_steps_in_numpy"
NAMES = [path.stem for path in notebooks.paths_of([])]
QUESTIONS = questions.read_questions(
    notebooks.markdown_of(notebooks.read(notebooks.CHAPTERS / "01_two_steps_in_numpy.ipynb"))
)
FULL = """Storage.prototype.setItem = () => {
    throw new DOMException("full", "QuotaExceededError"); };"""
FORBID = """Object.defineProperty(window, "localStorage", {
    get() { throw new DOMException("denied", "SecurityError"); } });"""


@pytest.fixture
def reader(browser: Browser) -> Iterator[BrowserContext]:
    """Somebody who opens the book for the first time."""
    context = chromium.reader(browser)
    yield context
    context.close()


@pytest.fixture
def page(reader: BrowserContext) -> Page:
    return reader.new_page()


def answer(page: Page, number: int, right: bool) -> None:
    """Opens an answer of a question, by its place among all answers of the page."""
    before = sum(len(each.answers) for each in QUESTIONS[:number])
    found = next(i for i, each in enumerate(QUESTIONS[number].answers) if each.right is right)
    page.locator("details.answer > summary").nth(before + found).click()


# --- what the build writes ---------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_chapter_says_how_long_and_how_hard(html: Path, name: str) -> None:
    advice = teaching.read_advice(notebooks.read(notebooks.CHAPTERS / f"{name}.ipynb"))
    text = (html / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    heads = re.findall(r'</h1>\n<p class="path-head"[^>]*>(.*?)</p>', text)
    assert heads == [
        f"About {advice.minutes_to_teach} minutes to read, {advice.minutes_for_exercises} for "
        f"exercises · {advice.level}"
    ]


@pytest.mark.parametrize("name", NAMES)
def test_ledger_rows_are_one_line_that_opens(html: Path, name: str) -> None:
    text = (html / "chapters" / f"{name}.html").read_text(encoding="utf-8")
    folded = re.search(
        r'<details class="ledger" id="ledger-rows-answered">.*?</details>', text, re.S
    )
    assert folded and "source_map.html#" in folded[0]
    assert "Ledger rows answered" not in text  # no heading, no line in the contents


# --- what was read -----------------------------------------------------------------------------


def test_mark_is_ticked_in_map_and_sidebar(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTER}.html")
    mark = page.locator(".path-foot button")
    assert mark.inner_text() == "Mark as read"
    assert mark.get_attribute("aria-pressed") == "false"
    mark.click()
    assert "Marked as read" in mark.inner_text()
    assert mark.get_attribute("aria-pressed") == "true"
    assert page.locator(".bd-links .path-tick").count() == 1
    page.goto(f"{site}index.html")
    for place in (".path-map", ".bd-links"):
        ticked = page.locator(f"{place} a:has(.path-tick)")
        assert ticked.count() == 1
        assert "01_two_steps" in (ticked.get_attribute("href") or "")
    assert f"1 of {len(NAMES)}" in page.locator(".path-status").inner_text()
    page.goto(f"{site}{CHAPTER}.html")
    page.locator(".path-foot button").click()  # taken back
    assert page.locator(".path-tick").count() == 0
    page.reload()
    assert page.locator(".path-foot button").inner_text() == "Mark as read"


def test_tick_is_there_after_going_back(page: Page, site: str) -> None:
    page.goto(f"{site}index.html")
    page.goto(f"{site}{CHAPTER}.html")
    page.locator(".path-foot button").click()
    page.go_back()
    page.locator(".path-map .path-tick").wait_for()


def test_another_tab_follows(reader: BrowserContext, site: str) -> None:
    front, chapter = reader.new_page(), reader.new_page()
    front.goto(f"{site}index.html")
    chapter.goto(f"{site}{CHAPTER}.html")
    chapter.locator(".path-foot button").click()
    front.locator(".path-map .path-tick").wait_for()


def test_all_that_is_kept_can_be_deleted(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTER}.html")
    page.locator(".path-foot button").click()
    answer(page, 0, right=True)
    page.goto(f"{site}index.html")
    erase = page.get_by_role("button", name="Delete what is kept")
    erase.focus()
    page.keyboard.press("Enter")
    assert page.locator(".path-status [role=status]:focus").inner_text() == "Deleted."
    assert not erase.is_visible()
    assert page.locator(".path-tick").count() == 0
    assert page.evaluate("localStorage.getItem('unrolled-path')") is None
    assert "this browser alone" in page.locator(".path-sum").inner_text()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("broken", ["{", "7", "null", "[]", '{"01_two_steps_in_numpy": 7}'])
def test_what_is_kept_may_be_broken(page: Page, site: str, broken: str) -> None:
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(f"{site}{CHAPTER}.html")
    page.evaluate("text => localStorage.setItem('unrolled-path', text)", broken)
    page.reload()
    page.locator(".path-foot button").click()
    assert troubles == []


# --- the self-test -----------------------------------------------------------------------------


def test_first_answer_counts(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTER}.html")
    score = page.locator(".path-score")
    total = len(QUESTIONS)
    answer(page, 0, right=True)
    assert f"1 of {total} right at first try, 1 answered" in score.inner_text()
    answer(page, 1, right=False)
    answer(page, 1, right=True)  # too late
    assert f"1 of {total} right at first try, 2 answered" in score.inner_text()
    page.reload()
    for number in range(1, total):
        answer(page, number, right=True)
    assert f"{total - 1} of {total} right at first try." in score.inner_text()


def test_answers_that_nobody_clicks_do_not_count(page: Page, site: str) -> None:
    """A printer opens all of them."""
    page.goto(f"{site}{CHAPTER}.html")
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert "counts" in page.locator(".path-score").inner_text()
    page.locator("details.answer > summary").first.click()  # closes one
    assert "counts" in page.locator(".path-score").inner_text()


def test_self_test_can_be_answered_again_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTER}.html")
    page.locator("details.answer > summary").first.focus()
    page.keyboard.press("Enter")
    assert "answered so far" in page.locator(".path-score").inner_text()
    page.get_by_role("button", name="Answer again").focus()
    page.keyboard.press("Enter")
    assert page.locator("details.answer[open]").count() == 0
    assert "counts" in page.locator(".path-score").inner_text()
    assert not page.get_by_role("button", name="Answer again").is_visible()
    assert page.locator("details.answer > summary").first.evaluate(
        "first => first === document.activeElement"
    )


# --- where it cannot work ----------------------------------------------------------------------


@pytest.mark.one_in(8)
@pytest.mark.parametrize("storage", [FORBID, FULL], ids=["forbidden", "full"])
@pytest.mark.parametrize("name", ["index", CHAPTER])
def test_page_reads_where_storage_is_forbidden(
    browser: Browser, site: str, name: str, storage: str
) -> None:
    context = chromium.context(browser)
    context.add_init_script(storage)
    page = context.new_page()
    page.goto(f"{site}{name}.html")
    assert "cannot be marked" in page.locator(".path-foot, .path-status").inner_text()
    assert page.get_by_text("cannot be marked").is_visible()
    assert page.locator(".path-foot button, .path-sum button").count() == 0
    assert "this browser alone" not in page.locator("article").inner_text()
    context.close()


def test_what_fills_up_meanwhile_is_said(page: Page, site: str) -> None:
    page.goto(f"{site}{CHAPTER}.html")
    page.evaluate(f"() => {{ {FULL} }}")
    page.locator(".path-foot button").click()
    assert "cannot be marked" in page.locator(".path-foot [role=status]").inner_text()


def test_nothing_is_offered_without_scripts(browser: Browser, site: str) -> None:
    context = chromium.reader(browser, scripts=False)
    page = context.new_page()
    for name in ("index", CHAPTER):
        page.goto(f"{site}{name}.html")
        assert (
            page.locator(".path-foot:visible, .path-sum:visible, .path-score:visible").count() == 0
        )
    context.close()


@pytest.mark.parametrize("name", ["index", CHAPTER])
def test_opening_a_page_writes_nothing(page: Page, site: str, name: str) -> None:
    """Else it could take away what another tab keeps at that moment."""
    page.add_init_script("""
        window.written = [];
        for (const name of ["setItem", "removeItem"]) {
            const real = Storage.prototype[name];
            Storage.prototype[name] = function (key, ...rest) {
                written.push(key);
                return real.call(this, key, ...rest);
            };
        }""")
    page.goto(f"{site}{name}.html")
    expect(page.locator(".path-foot button, .path-sum")).not_to_have_count(0)
    assert "unrolled-path" not in page.evaluate("written")


def test_mark_works_in_a_folder(page: Page, html: Path) -> None:
    page.goto((html / f"{CHAPTER}.html").as_uri())
    page.locator(".path-foot button").click()
    expect(page.locator(".path-foot button")).to_have_text("Marked as read")
    page.goto((html / "index.html").as_uri())
    expect(page.locator(".path-map a:has(.path-tick)")).to_have_count(1)


@pytest.mark.parametrize("scripts", [True, False])
def test_folded_claims_keep_their_distance(browser: Browser, site: str, scripts: bool) -> None:
    """From what follows them, be it the mark or the way on."""
    context = chromium.reader(browser, scripts=scripts, size=chromium.NARROW)
    page = context.new_page()
    page.goto(f"{site}{CHAPTER}.html")
    claims = page.locator("details.ledger").bounding_box()
    following = page.locator(
        ".path-foot" if scripts else ".prev-next-area .right-next"
    ).bounding_box()
    assert claims and following
    assert following["y"] - claims["y"] - claims["height"] >= 24
    context.close()


# --- nothing moves -----------------------------------------------------------------------------

HEIGHTS = """() => [...document.querySelectorAll(
    "article > section > *, .path-map li, .bd-links li, .prev-next-footer")].map(
    (each) => Math.round(each.getBoundingClientRect().height))"""


@pytest.mark.one_in(8)
@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("name", ["index", CHAPTER])
def test_ticks_and_marks_move_nothing(
    browser: Browser, site: str, size: tuple[int, int], name: str
) -> None:
    """What a script fills in has its room before: with all read, all is as tall as with none."""
    heights = []
    for kept in ("{}", str({each: {"read": True} for each in NAMES})):
        context = chromium.reader(browser, size=size)
        context.add_init_script(
            f"localStorage.setItem('unrolled-path', JSON.stringify({kept.replace('True', 'true')}))"
        )
        page = context.new_page()
        page.goto(f"{site}{name}.html")
        page.evaluate(chromium.SETTLED)
        assert (page.locator(".path-tick").count() > 0) == (kept != "{}")
        heights.append(page.evaluate(HEIGHTS))
        context.close()
    assert heights[0] == heights[1]


@pytest.mark.parametrize("name", [CHAPTER, "chapters/22_when_one_machine_is_not_enough"])
def test_way_on_has_the_whole_width_of_a_phone(browser: Browser, site: str, name: str) -> None:
    context = chromium.reader(browser, size=chromium.NARROW)
    page = context.new_page()
    page.goto(f"{site}{name}.html")
    onward, back = (
        page.locator(f".prev-next-area .{each}").bounding_box()
        for each in ("right-next", "left-prev")
    )
    assert onward and back and onward["width"] > 300 and onward["height"] >= 44
    assert onward["y"] < back["y"]
    mark = page.locator(".path-foot button").bounding_box()
    assert mark and mark["y"] + mark["height"] + 24 <= onward["y"]
    context.close()
