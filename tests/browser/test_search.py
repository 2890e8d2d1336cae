"""The search: what people type leads to the section that answers it, while they type."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import browser as chromium
import pytest
from playwright.sync_api import Browser, BrowserContext, Page

# What somebody types, and the sections that answer it, one of them among the first three results.
# Anchors are the authors' labels and the glossary's terms, which stay when chapters are renumbered.
ANSWERS = {
    # a learner
    "perplexity": "term-perplexity",
    "attention": "term-attention",
    "embedding": "term-embedding",
    "overfitting": "term-overfitting loss-by-heart",
    "padding mask": "lengths-masks lengths-padding",
    "vanishing gradient": "learning-vanish-explode",
    "exploding gradients": "learning-vanish-explode",
    "truncated BPTT": "learning-truncation",
    "BPTT": "learning-backward",
    "LSTM": "gates-lstm",
    "GRU": "gates-gru",
    "forget gate": "gates-lstm gates-forget-bias term-forget-gate",
    "what is a hidden state": "term-hidden-state steps-memory-cells",
    "backpropagation through time": "learning-backward",
    "teacher forcing": "shapes-teacher-forcing",
    "gradient clipping": "learning-clipping",
    "many to one": "shapes-four-shapes shapes-sequence-to-vector",
    "seq2seq": "shapes-encoder-decoder",
    "BiLSTM": "lengths-bidirectional",
    "softmax": "term-softmax steps-letters",
    "one-hot": "term-one-hot cells-order",
    "batch size": "term-mini-batch steps-mini-batch",
    "prerequisites": "what-you-need",
    # a question: its small words decide nothing
    "what is a recurrent neural network": "term-recurrent-neural-network",
    "what is an RNN": "term-recurrent-neural-network",
    "how do I clip gradients": "learning-clipping",
    "what is the difference between LSTM and GRU": "gates-gru",
    "how long does the course take": "teaching-plan",
    # a slip of the fingers
    "dinamic rnn": "dynamic-one-tensor",
    "lenght": "term-length",
    "sequense": "steps-sequences",
    "softmx": "term-softmax",
    "vanishing gradeint": "learning-vanish-explode",
    # a teacher
    "solution": "notebooks-exercises",
    "lesson plan": "teaching-plan",
    "two hours": "teaching-two-hours",
    "syllabus": "teaching-semester",
    "solutions": "notebooks-exercises",
    "answer key": "notebooks-exercises",
    # somebody with a program
    "stateful": "mistake-state",
    "static_rnn vs dynamic_rnn": "dynamic-static-against-dynamic",
    "state_is_tuple": "gates-lstm-options",
    "time_major": "dynamic-time-major",
    "return_sequences": "now-keras",
    "sequence_length": "lengths-rule",
    "sequence_loss": "loss-by-hand",
    "MultiRNNCell": "stacked-class stacked-picture",
    "DropoutWrapper": "stacked-dropout",
    "forget_bias": "gates-forget-bias",
    "clip_by_global_norm": "learning-clipping",
    "checkpoint": "moving-checkpoint",
    "swap_memory": "dynamic-swap",
    "BasicLSTMCell": "gates-lstm",
    # a name with its path
    "tf.contrib.seq2seq.sequence_loss": "loss-by-hand",
    "seq2seq.sequence_loss": "loss-by-hand",
    "tf.nn.rnn_cell.BasicLSTMCell": "gates-lstm",
    "tf.Session": "now-then-and-now",
    "sess.run(outputs)": "now-then-and-now",
    "keras.layers.LSTM": "now-keras",
    "tf.get_default_graph": "now-names now-replacements",
    "tf.truncated_normal": "now-names now-replacements",
    # somebody with a message
    "module 'tensorflow' has no attribute 'contrib'": "programs-layer",
    "AttributeError: module 'tensorflow' has no attribute 'placeholder'": "programs-layer",
    "ModuleNotFoundError: No module named 'tensorflow.contrib'": "programs-layer",
    "ValueError: Attempt to reuse RNNCell with a different variable scope": "stacked-same-cell",
    "sequence_length must not be greater than the number of steps": "lengths-masks mistake-lengths",
    "Graph is finalized and cannot be modified": "now-finalise",
    "tf.placeholder() is not compatible with eager execution": "now-then-and-now",
    "CUDA out of memory": "time-memory",
    # the whole last line of a trace, with words that no section has
    "ValueError: inputs of depth 9 do not fit a BasicRNNCell built for depth 7": (
        "cells-variables stacked-depth"
    ),
    # a reader of Korean
    "은닉 상태": "term-hidden-state",
    "은닉상태": "term-hidden-state",
    "순환 신경망": "term-recurrent-neural-network",
    "어텐션": "term-attention",
    "기울기 소실": "term-vanishing-gradient learning-vanish-explode",
    "역전파": "learning-backward",
    "패딩": "term-padding lengths-padding",
    "배치": "term-mini-batch",
    "배치 크기": "term-mini-batch",
    "미니배치": "term-mini-batch",
    "타임스텝": "term-time-step",
    "시퀀스": "steps-sequences",
    "가중치": "steps-neuron",
    "학습률": "term-learning-rate",
    "손실 함수": "term-loss",
    "활성화 함수": "term-activation",
    "셀": "term-cell",
    "게이트": "term-gate",
    "망각 게이트": "term-forget-gate",
    "양방향": "lengths-bidirectional",
    "임베딩": "term-embedding",
    "과적합": "term-overfitting",
    "인코더": "term-encoder",
    "디코더": "term-decoder",
    "언어 모델": "loss-hello",
    "은닉 상태란": "term-hidden-state",
    "LSTM이란": "gates-lstm",
}
AXE = Path(axe_playwright_python.__file__).parent / "axe.min.js"
RUN_AXE = """async () => (await axe.run(".search-box", {resultTypes: ["violations"]}))
    .violations.map((found) => `${found.id} ${found.nodes.map((node) => node.html)}`)"""
SIZES = pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
THEMES = pytest.mark.parametrize("theme", chromium.THEMES)
MOST = 250_000  # bytes that a first search may load
START = "chapters/05_cells.html"  # any page with a formula and a picture


@pytest.fixture(scope="module")
def box(context: BrowserContext, site: str) -> Iterator[Page]:
    """A page with the dialog open."""
    page = context.new_page()
    page.goto(f"{site}{START}")
    page.keyboard.press("Control+k")
    yield page
    page.close()


def type_in(page: Page, words: str) -> list[str]:
    """The anchors of the results for words that are typed, without pressing Enter."""
    page.locator("#search-input").fill(words)
    page.get_by_role("status").filter(has_text=f"“{words}”").wait_for()
    links = page.locator(".search-list a").all()
    return [(link.get_attribute("href") or "").partition("#")[2] for link in links]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("words", ANSWERS)
def test_answer_is_among_the_first_three(box: Page, words: str) -> None:
    found = type_in(box, words)
    assert set(found[:3]) & set(ANSWERS[words].split()), found[:6]


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    page = context.new_page()
    yield page
    page.close()


def test_nearest_sections_where_none_has_all_the_words(box: Page) -> None:
    found = type_in(box, "clipping xylophone")
    assert set(found[:3]) & {"learning-clipping", "term-clipping"}
    assert box.locator("#search-status").inner_text().startswith("No section has all the words")


def test_a_long_message_without_a_section_gives_no_flood(box: Page) -> None:
    message = "logits and labels must have the same first dimension, got shape and batch"
    assert 0 < len(type_in(box, message)) <= 10
    assert box.locator("#search-status").inner_text().startswith("No section has all the words")
    assert not box.get_by_role("button", name="More results").is_visible()


def test_what_was_mistyped_is_said_and_no_single_letter_marked(box: Page) -> None:
    type_in(box, "softmx")
    assert "read as “softmax”" in box.locator("#search-status").inner_text()
    for words in ("softmx", "xylophone", "clipping xylophone"):
        type_in(box, words)
        marked = box.locator(".search-list mark").all_inner_texts()
        assert all(len(re.findall(r"\w", each)) > 1 for each in marked), marked


def test_half_a_korean_term_finds_no_other_term(box: Page) -> None:
    """Two Korean words are one term: 크기 (size) alone would lead to the hidden size."""
    assert type_in(box, "학습 크기") == []


def test_several_names_of_one_thing_are_one_result(box: Page) -> None:
    type_in(box, "recurrent neural network")
    texts = box.locator(".search-list p").all_inner_texts()
    assert len(texts) == len(set(texts))


def test_the_number_of_a_section_finds_it(box: Page) -> None:
    type_in(box, "teacher forcing")
    section = box.locator(".search-list a[href$='#shapes-teacher-forcing']").inner_text()
    number, _, name = section.partition(". ")
    assert type_in(box, number)[0] == "shapes-teacher-forcing", (number, name)


def test_a_single_letter_is_too_little(box: Page) -> None:
    status = box.locator("#search-status")
    for words, said in {"a": "at least two letters", "": "Enter goes to the first result"}.items():
        type_in(box, "gru")
        box.locator("#search-input").fill(words)
        status.filter(has_text=said).wait_for()
        assert box.locator(".search-list li").count() == 0


def test_the_number_of_results_is_said(box: Page) -> None:
    type_in(box, "saturation")
    status = box.locator("#search-status")
    assert re.fullmatch(r"\d+ results for “saturation”", status.inner_text())
    assert type_in(box, "xylophone") == []
    assert status.inner_text() == "No results for “xylophone”"


def test_more_results_come_when_asked_for(box: Page) -> None:
    first = type_in(box, "kernel")
    assert len(first) == 10
    box.get_by_role("button", name="More results").click()
    box.locator(".search-list li").nth(19).wait_for()
    focused = "[...document.querySelectorAll('.search-list a')].indexOf(document.activeElement)"
    assert box.evaluate(focused) == 10


def test_a_snippet_is_prose(box: Page) -> None:
    """No line of code, nothing from a table of contents, no sign of LaTeX."""
    for words in ("LSTM", "padding mask", "sequence_length", "static_rnn"):
        type_in(box, words)
        for text in box.locator(".search-list p").all_inner_texts():
            assert not re.search(r"^import |assert |print\(|\\\\|Ledger rows|#$", text), text


def test_keyboard_walks_to_a_result_and_opens_it(page: Page, site: str) -> None:
    page.goto(f"{site}{START}")
    page.keyboard.press("Control+k")
    first = type_in(page, "vanishing gradient")[0]
    page.keyboard.press("ArrowDown")
    link = page.locator(".search-list a").first
    assert link.evaluate("link => link === document.activeElement")
    assert link.evaluate("link => getComputedStyle(link).outlineStyle") == "solid"
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.id") == "search-input"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/*#{first}")
    assert page.locator(f"#{first}").count() == 1


@pytest.mark.one_in(4)
@pytest.mark.parametrize("keys", [[], ["ArrowDown"], ["ArrowDown", "ArrowDown"], ["Tab"]])
def test_escape_closes_the_dialog_and_gives_the_focus_back(
    page: Page, site: str, keys: list[str]
) -> None:
    """From the box, from a result and from the button, with words in the box."""
    page.goto(f"{site}{START}")
    button = page.locator(".search-button-field")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.wait_for()
    type_in(page, "forget gate")
    for key in [*keys, "Escape"]:
        page.keyboard.press(key)
    dialog.wait_for(state="hidden")
    assert button.evaluate("button => button === document.activeElement")


def test_a_result_on_the_same_page_closes_the_dialog(page: Page, site: str) -> None:
    page.goto(f"{site}{START}")
    page.keyboard.press("Control+k")
    type_in(page, "zero_state")
    link = page.locator(f".search-list a[href*='{START}#']").first
    place = (link.get_attribute("href") or "").partition("#")[2]
    link.click()
    page.get_by_role("dialog").wait_for(state="hidden")
    page.wait_for_url(f"{site}{START}#{place}")
    page.wait_for_function("document.activeElement.matches('h2, h3')")
    assert page.locator(f"section:has(> #{place}) > :is(h2, h3):focus").count() == 1


def test_focus_goes_to_the_heading_of_a_result_on_another_page(page: Page, site: str) -> None:
    page.goto(f"{site}{START}")
    page.keyboard.press("Control+k")
    place = type_in(page, "teacher forcing")[0]
    page.locator(".search-list a").first.click()
    page.wait_for_url(f"**/*#{place}")
    page.wait_for_function("document.activeElement.matches('h2, h3, h4, dt')")
    focused = page.evaluate("document.activeElement.textContent")
    assert "teacher forcing" in focused.lower()


@pytest.mark.one_in(2)
@pytest.mark.parametrize("address", [START, "search.html"])
def test_enter_goes_to_the_first_result(page: Page, site: str, address: str) -> None:
    page.goto(f"{site}{address}")
    page.keyboard.press("Control+k")
    page.keyboard.type("forget gate")  # and Enter at once, before the results are there
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.matches('.search-list li:first-child a')")
    page.keyboard.press("Enter")
    page.wait_for_url("**/*#*")


def test_the_page_for_the_search_keeps_the_words(page: Page, site: str) -> None:
    page.goto(f"{site}search.html?q=forget+gate")
    page.get_by_role("status").filter(has_text="“forget gate”").wait_for()
    assert page.locator("#search-input").input_value() == "forget gate"
    assert page.locator(".search-list a").count()
    type_in(page, "gru")
    page.wait_for_url("**/search.html?q=gru")


def test_nothing_is_fetched_before_the_box_has_the_focus(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    page = context.new_page()
    asked: list[str] = []
    sizes: list[int] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "requestfinished",
        lambda request: sizes.append(
            request.sizes()["responseBodySize"] if "pagefind" in request.url else 0
        ),
    )
    page.goto(f"{site}{START}")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if "pagefind" in url] == []
    page.keyboard.press("Control+k")
    type_in(page, "forget gate")
    page.wait_for_load_state("networkidle")
    print(f"{len([each for each in sizes if each])} requests, {sum(sizes) / 1000:.0f} kB")
    assert 0 < sum(sizes) < MOST
    assert all(url.startswith((site, "data:")) for url in asked)
    context.close()


def test_a_search_that_cannot_be_loaded_says_so(browser: Browser, site: str) -> None:
    context = chromium.reader(browser)
    page = context.new_page()
    page.goto(f"{site}{START}")
    page.route("**/pagefind/**", lambda route: route.abort())
    page.keyboard.press("Control+k")
    page.keyboard.type("gru")
    page.get_by_role("status").filter(has_text="could not be loaded").wait_for()
    context.close()


def test_sphinx_answers_from_a_folder(page: Page, html: Path) -> None:
    """The dialog leads to the page for the search, where Sphinx's index needs no request."""
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("requestfailed", lambda request: troubles.append(request.url))
    page.on(
        "console",
        lambda said: troubles.append(said.text) if said.type in ("error", "warning") else None,
    )
    page.goto((html / START).as_uri())
    page.keyboard.press("Control+k")
    page.get_by_role("status").filter(has_text="From a folder").wait_for()
    page.keyboard.type("forget gate")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=forget+gate")
    page.locator("#search-results .search li a").first.wait_for()
    page.locator("#search-results .search-summary").filter(has_text="found").wait_for()
    links = [each.get_attribute("href") or "" for each in page.locator(".search li > a").all()]
    assert any("05_cells" in link or "glossary" in link for link in links[:3])
    assert page.locator("#search-input").input_value() == "forget gate"
    assert troubles == []


def test_without_scripts_the_page_says_that_the_search_needs_them(
    browser: Browser, site: str
) -> None:
    context = chromium.reader(browser, scripts=False)
    page = context.new_page()
    page.goto(f"{site}search.html")
    needs = page.locator("noscript p", has_text="The search needs JavaScript")
    assert needs.is_visible()
    assert not page.locator(".search-box").is_visible()
    context.close()


def test_a_page_has_one_box(html: Path) -> None:
    for path in html.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert text.count('id="search-input"') == ("<body" in text and "search-box" in text), path
    assert 'id="search-input"' in (html / START).read_text(encoding="utf-8")


@pytest.mark.one_in(4)
@SIZES
@pytest.mark.parametrize("address", [START, "search.html"])
def test_magnifier_stands_beside_what_is_typed(
    browser: Browser, site: str, address: str, size: tuple[int, int]
) -> None:
    context = chromium.reader(browser, size=size)
    page = context.new_page()
    page.goto(f"{site}{address}")
    page.keyboard.press("Control+k")
    icon = page.locator(".search-line i").bounding_box()
    field = page.locator("#search-input").bounding_box()
    assert icon and field
    assert icon["x"] >= 0 and icon["x"] + icon["width"] <= field["x"]
    assert field["x"] + field["width"] <= size[0]
    context.close()


@pytest.mark.one_in(8)
@THEMES
@SIZES
@pytest.mark.parametrize("address", [START, "search.html"])
def test_axe_finds_no_fault_with_the_results(
    browser: Browser, site: str, address: str, size: tuple[int, int], theme: str
) -> None:
    context = chromium.reader(browser, size=size, theme=theme)
    page = context.new_page()
    page.goto(f"{site}{address}")
    page.keyboard.press("Control+k")
    type_in(page, "forget gate")
    page.keyboard.press("ArrowDown")
    page.add_script_tag(path=str(AXE))
    assert page.evaluate(RUN_AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    context.close()
