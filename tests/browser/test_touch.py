"""The network that can be touched: its arithmetic against `unrolled.reference`, then its figures.

The page with the figure is made here, one for each preset; the module and its style are the built
book's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import browser as chromium
import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page

from unrolled import reference

PAGE = """<!DOCTYPE html>
<html lang="en" data-theme="light">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>A figure</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="_static/touch.css">
<style>body {{ margin: 0 auto; max-width: 716px; padding: 0 16px }}</style>
</head>
<body>
<figure class="touch" data-preset="{preset}" id="figure">
<img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E" alt="A picture.">
<figcaption>What it shows.</figcaption>
</figure>
<script defer src="_static/touch.js"></script>
</body>
</html>"""

# The running example of chapter 1, from the formulas there.
X = (
    np.array(
        [
            [[0, 1, 2], [9, 8, 7]],
            [[3, 4, 5], [3, 4, 5]],
            [[6, 7, 8], [6, 5, 4]],
            [[9, 0, 1], [3, 2, 1]],
        ]
    )
    / 10
)  # [B, T, D]
W_X = np.round(np.sin(np.arange(1, 16)).reshape(3, 5) / 2, 2)  # [D, U]
W_H = np.round(np.cos(np.arange(1, 26)).reshape(5, 5) / 2, 2)  # [U, U]
BIAS = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])  # [U]
KERNEL = np.concatenate([W_X, W_H])  # [D+U, U]
LONG = np.tile(X, (1, 6, 1))  # [B, 12, D]
LENGTHS = [4, 1, 2, 3]
LETTERS = "helo"
PRESETS = ("word", "two-steps", "unroll", "lengths")

Open = Callable[..., Page]


class Reader:
    """A page for the figures of one kind of reader, and what went wrong on it."""

    def __init__(self, browser: Browser, site: str, clock: bool, **options: Any) -> None:
        self.address = f"{site}figure.html"
        self.size = options.get("viewport", {"width": 1280, "height": 720})
        self.errors: list[str] = []
        self.context = chromium.context(browser, **options)
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on(
            "request",
            lambda r: None if r.url.startswith((site, "data:")) else self.errors.append(r.url),
        )
        if clock:  # that stands still until a test moves it
            self.page.clock.install(time=0)
            self.page.clock.pause_at(1)

    def open(self, preset: str) -> Page:
        html = PAGE.format(preset=preset)
        self.page.unroute_all()
        self.page.route(self.address, lambda r: r.fulfill(body=html, content_type="text/html"))
        self.page.set_viewport_size(self.size)
        self.page.goto(self.address)
        return self.page


@pytest.fixture(scope="module")
def readers() -> Iterator[dict[str, Reader]]:
    """The readers there are, by what they asked for: each figure is opened anew, on their page."""
    readers: dict[str, Reader] = {}
    yield readers
    for reader in readers.values():
        reader.context.close()


@pytest.fixture
def figure(browser: Browser, site: str, readers: dict[str, Reader]) -> Iterator[Open]:
    """A function that opens a page with the figure of a preset; no page may report an error."""

    def opened(preset: str, clock: bool = False, **options: Any) -> Page:
        kind = repr((clock, options))
        if kind not in readers:
            readers[kind] = Reader(browser, site, clock, **options)
        return readers[kind].open(preset)

    yield opened
    errors = [error for reader in readers.values() for error in reader.errors]
    for reader in readers.values():
        reader.errors.clear()
    assert not errors


@pytest.fixture(scope="module")
def module(browser: Browser, site: str) -> Iterator[Callable[..., Any]]:
    """A function that evaluates JavaScript, with the script's functions as `touch`, and `data`."""
    context = chromium.context(browser)
    page = context.new_page()
    page.route(site + "bare.html", lambda r: r.fulfill(body="<p>", content_type="text/html"))
    page.goto(site + "bare.html")
    page.add_script_tag(url=site + "_static/touch.js")
    yield lambda script, **data: page.evaluate(
        f"(data) => {{ const touch = globalThis.unrolledTouch; {script} }}", data
    )
    context.close()


def equal(found: Any, expected: Any) -> None:
    """Equal to 12 digits; where sums cancel, to what is left of the digits of their terms."""
    np.testing.assert_allclose(np.array(found, float), expected, rtol=1e-12, atol=1e-14)


def plain(array: Any) -> Any:
    return None if array is None else np.asarray(array).tolist()


# ---------------------------------------------------------------------------------- arithmetic


@pytest.mark.parametrize("seed", range(24))
def test_the_arithmetic_equals_the_reference(module: Callable[..., Any], seed: int) -> None:
    rng = np.random.default_rng(seed)
    B, T, D, U = (int(size) for size in rng.integers([1, 1, 1, 1], [5, 8, 5, 6]))
    inputs = rng.normal(size=(B, T, D))
    kernel, bias = rng.normal(size=(D + U, U)), rng.normal(size=U)
    start = rng.normal(size=(B, U)) if seed % 3 else None
    lengths = rng.integers(0, T + 1, size=B) if seed % 2 else None
    d_outputs = rng.normal(size=(B, T, U))
    found = module(
        """
        const { inputs, kernel, bias, start, lengths, dOutputs } = data;
        const states = touch.forward(inputs, kernel, bias, start, lengths);
        const outputs = touch.outputsOf(states, lengths);
        const gradients = touch.backward(inputs, states, kernel, dOutputs, lengths);
        const first = touch.step(inputs.map((row) => row[0]), states.map((row) => row[0]),
                                 kernel, bias);
        return { states, outputs, gradients, first };
        """,
        inputs=plain(inputs),
        kernel=plain(kernel),
        bias=plain(bias),
        start=plain(start),
        lengths=plain(lengths),
        dOutputs=plain(d_outputs),
    )
    states = reference.forward(inputs, kernel, bias, start, lengths)
    live = reference.live_steps(lengths, B, T)
    equal(found["states"], states)
    equal(found["outputs"], np.where(live[..., None], states[:, 1:], 0))
    # An output layer that changes nothing: then the logits are the outputs.
    weights = reference.Parameters(kernel, bias, np.eye(U), np.zeros(U))
    back = reference.backward(inputs, states, weights, d_outputs, lengths)
    equal(found["gradients"]["kernel"], back.parameters.kernel)
    equal(found["gradients"]["bias"], back.parameters.bias)
    equal(found["gradients"]["inputs"], back.inputs)
    equal(found["gradients"]["states"], back.states)
    x, h = inputs[:, 0], states[:, 0]
    equal(found["first"]["fromInput"], x @ kernel[:D])
    equal(found["first"]["fromState"], h @ kernel[D:])
    equal(found["first"]["sum"], x @ kernel[:D] + h @ kernel[D:] + bias)
    equal(found["first"]["state"], reference.step(x, h, kernel, bias))


def last_gradients(inputs, kernel, bias, lengths=None):
    """What the bars show: the gradient of the sum of each row's last relevant output."""
    B, T, _ = inputs.shape
    U = bias.shape[0]
    d_outputs = np.zeros((B, T, U))
    for row, length in enumerate([T] * B if lengths is None else lengths):
        if length:
            d_outputs[row, length - 1] = 1
    states = reference.forward(inputs, kernel, bias, lengths=lengths)
    weights = reference.Parameters(kernel, bias, np.eye(U), np.zeros(U))
    return reference.backward(inputs, states, weights, d_outputs, lengths)


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("scale", [1, 0.5, 0])
def test_every_presets_numbers_equal_the_reference(
    module: Callable[..., Any], preset: str, scale: float
) -> None:
    found = module(
        """
        const model = { ...touch.start(touch.presets[data.preset]), scale: data.scale };
        return { model, now: touch.run(model) };
        """,
        preset=preset,
        scale=scale,
    )
    model, now = found["model"], found["now"]
    inputs = np.array(model["inputs"], float)[:, : model["steps"]]
    kernel = np.concatenate([model["wx"], scale * np.array(model["wh"], float)])
    bias, lengths = np.array(model["b"], float), model["lengths"]
    states = reference.forward(inputs, kernel, bias, lengths=lengths)
    equal(now["states"], states)
    live = reference.live_steps(lengths, *inputs.shape[:2])
    equal(now["outputs"], np.where(live[..., None], states[:, 1:], 0))
    back = last_gradients(inputs, kernel, bias, lengths)
    equal(now["gradients"]["states"], back.states)
    equal(now["gradients"]["inputs"], back.inputs)
    depth = inputs.shape[2]
    for t, parts in enumerate(now["parts"]):
        equal(parts["fromInput"], inputs[:, t] @ kernel[:depth])
        equal(parts["fromState"], states[:, t] @ kernel[depth:])
        equal(parts["sum"], inputs[:, t] @ kernel[:depth] + states[:, t] @ kernel[depth:] + bias)


def test_the_presets_are_the_chapters_examples(module: Callable[..., Any]) -> None:
    models = module(
        "return Object.fromEntries(Object.entries(touch.presets)"
        ".map(([name, preset]) => [name, touch.start(preset)]));"
    )
    assert set(models) == set(PRESETS)
    for name in ("two-steps", "unroll", "lengths"):
        assert models[name]["wx"] == W_X.tolist()
        assert models[name]["wh"] == W_H.tolist()
        assert models[name]["b"] == BIAS.tolist()
    assert models["two-steps"]["inputs"] == LONG[:, :6].tolist()
    assert models["two-steps"]["steps"] == 2
    assert models["unroll"]["inputs"] == LONG[3:].tolist()
    assert models["lengths"]["lengths"] == LENGTHS
    live = reference.live_steps(LENGTHS, 4, 6)
    assert models["lengths"]["inputs"] == np.where(live[..., None], LONG[:, :6], 0).tolist()
    hello = np.eye(4)[["helo".index(letter) for letter in "hello"]]
    assert models["word"]["inputs"] == [hello.tolist()]
    # Chapter 1's two steps, chapter 6's short row.
    expected = reference.forward(X, KERNEL, BIAS)
    found = module("return touch.run(touch.start(touch.presets['two-steps'])).states;")
    equal(found, expected)
    found = module("return touch.run(touch.start(touch.presets.lengths)).states;")
    equal(np.array(found)[1, -1], expected[1, 1])


def test_the_words_units_do_what_their_names_say(module: Callable[..., Any]) -> None:
    def signs(word: str) -> np.ndarray:
        states = module(
            """
            const preset = touch.presets.word;
            return touch.run(touch.spell(touch.start(preset), preset, data.word)).states[0];
            """,
            word=word,
        )
        found = np.array(states)[1:]  # [T, U]
        assert ((found == 0) | (np.abs(found) > 0.7)).all()
        return np.sign(found)

    for word in ("hello", "hole", "eel", "olehloeh", "l", "oo"):
        vowel = np.array([1 if letter in "eo" else -1 for letter in word])
        seen = np.array(["l" in word[: t + 1] for t in range(len(word))])
        found = signs(word)
        assert (found[:, 0] == seen).all()
        assert (found[:, 1] == vowel).all()
        assert found[0, 2] == 0 and (found[1:, 2] == vowel[:-1]).all()


# ------------------------------------------------------------------------------- what is shown


def shown(table: Locator) -> np.ndarray:
    """The numbers of a table, cell by cell."""
    texts = table.locator("tbody tr").evaluate_all(
        "rows => rows.map(row => [...row.querySelectorAll('td')].map("
        "cell => cell.firstChild.value ?? cell.firstChild.textContent))"
    )
    return np.array([[float(text.replace("\u2212", "-")) for text in row] for row in texts])


def slider(page: Page, label: str) -> Locator:
    return page.get_by_role("slider", name=label)


def choose(page: Page, step: int) -> None:
    page.get_by_role("tab").nth(step).click()


def moved(page: Page) -> list[bool]:
    """Which of the steps that are shown are marked as moved, in the picture and in words."""
    steps = page.get_by_role("tab").all()
    marks = ["moved" in (step.get_attribute("class") or "").split() for step in steps]
    for step, mark in zip(steps, marks):
        assert ("moved since the start" in step.locator(".unseen").inner_text()) == mark
        assert step.locator(".flag").is_visible() == mark
    return marks


def close(found: Any, expected: Any) -> None:
    """Equal in the four decimals that are shown."""
    np.testing.assert_allclose(found, expected, rtol=0, atol=5.01e-5)


@pytest.mark.parametrize("row", range(4))
def test_a_step_shows_its_parts_row_by_row(figure: Open, row: int) -> None:
    page = figure("two-steps")
    slider(page, "Steps T").fill("4")
    page.get_by_role("radio", name=str(row)).check()
    states = reference.forward(LONG[:, :4], KERNEL, BIAS)
    x_table, sums = page.locator(".panel table").all()
    for t in range(4):
        choose(page, t)
        x, h = LONG[row, t], states[row, t]
        close(shown(x_table), [x])
        total = x @ W_X + h @ W_H + BIAS
        close(shown(sums), [h, x @ W_X, h @ W_H, BIAS, total, states[row, t + 1]])
        names = sums.locator("tbody th").all_inner_texts()
        assert [name.split(" = [")[-1] for name in names] == ["4, 5]"] * 3 + ["5]"] + ["4, 5]"] * 2
        assert x_table.locator("tbody th").inner_text().endswith("[B, D] = [4, 3]")
        assert f"Step {t}" in page.get_by_role("tabpanel").inner_text()


def open_weights(page: Page) -> Locator:
    page.locator("summary").click()
    return page.locator(".weights input")


def test_a_weight_moves_the_steps_it_reaches(figure: Open) -> None:
    page = figure("two-steps")
    slider(page, "Steps T").fill("6")
    assert moved(page) == [False] * 6  # more steps move no state: T is in no weight
    open_weights(page).nth(15 + 5 * 2 + 4).fill("0.9")  # W_h, from unit 2 to unit 4
    changed = W_H.copy()
    changed[2, 4] = 0.9
    states = reference.forward(LONG[:, :6], np.concatenate([W_X, changed]), BIAS)
    before = reference.forward(LONG[:, :6], KERNEL, BIAS)
    expected = (states != before).any(axis=(0, 2))[1:].tolist()
    assert expected == [False, True, True, True, True, True]  # step 0 reads a state of zeros
    assert moved(page) == expected
    for t in range(6):
        choose(page, t)
        close(shown(page.locator(".panel table").nth(1))[-1], states[1, t + 1])
    page.get_by_role("button", name="Back to the start").click()
    assert moved(page) == [False] * 2
    assert shown(page.locator(".weights table").nth(1)).tolist() == W_H.tolist()


def test_an_input_moves_its_own_step_and_the_later_ones(figure: Open) -> None:
    page = figure("unroll")
    choose(page, 3)
    page.get_by_label("x, step 3, row 0").nth(1).fill("-0.7")
    inputs = LONG[3:, :8].copy()
    inputs[0, 3, 1] = -0.7
    states = reference.forward(inputs, KERNEL, BIAS)
    assert moved(page) == [t >= 3 for t in range(8)]
    for t in (2, 3, 7):
        choose(page, t)
        close(shown(page.locator(".panel table").nth(1))[-1], states[0, t + 1])
    choose(page, 3)
    marked = page.locator(".panel table").first.locator("td.changed .arrow")
    assert marked.all_inner_texts() == ["\u25be"]  # smaller than it was, said with a sign


def test_half_typed_numbers_change_nothing(figure: Open) -> None:
    page = figure("two-steps")
    field = page.get_by_label("x, step 1, row 1").first
    for text in ("", "-"):
        field.focus()
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        page.keyboard.type(text)
        assert moved(page) == [False, False]
    field.blur()
    assert field.input_value() == "0.3"
    field.fill("1e300")  # the sums stay finite
    assert moved(page) == [False, True]
    assert np.isfinite(shown(page.locator(".panel table").nth(1))).all()
    field.blur()
    assert field.input_value() == "10"


def test_a_length_moves_later_steps_only(figure: Open) -> None:
    page = figure("lengths")
    assert moved(page) == [False] * 4
    slider(page, "Length of row 1").fill("3")
    assert moved(page) == [False, True, True, True]
    slider(page, "Length of row 1").fill("1")
    assert moved(page) == [False] * 4
    choose(page, 2)  # an input in the padding moves nothing but itself
    page.get_by_label("x, step 2, row 1").first.fill("5")
    assert moved(page) == [False, False, True, False]
    close(shown(page.locator(".panel table").nth(1))[-1], np.zeros(5))


@pytest.mark.parametrize("lengths", [[4, 1, 2, 3], [0, 4, 3, 1], [4, 4, 4, 4], [0, 0, 0, 0]])
def test_past_its_length_a_row_is_masked_and_zero(figure: Open, lengths: list[int]) -> None:
    page = figure("lengths")
    for row, length in enumerate(lengths):
        slider(page, f"Length of row {row}").fill(str(length))
    live = reference.live_steps(LENGTHS, 4, 6)
    inputs = np.where(live[..., None], LONG[:, :6], 0)[:, :4]
    states = reference.forward(inputs, KERNEL, BIAS, lengths=lengths)
    sizes = np.linalg.norm(last_gradients(inputs, KERNEL, BIAS, lengths).inputs, axis=2)
    for t, step in enumerate(page.get_by_role("tab").all()):
        for kind in ("output", "cell", "input"):
            masked = step.locator(f".{kind} .strip").evaluate_all(
                "rows => rows.map(row => row.classList.contains('masked'))"
            )
            assert masked == [t >= length for length in lengths]
        framed = step.locator(".output .strip").evaluate_all(
            "rows => rows.map(row => row.classList.contains('framed'))"
        )
        assert framed == [t == length - 1 for length in lengths]
        heights = step.locator(".output .bar").evaluate_all(
            "bars => bars.map(bar => Number(bar.getAttribute('height')))"
        )
        bars = np.array(heights).reshape(4, 5)
        expected = np.where((t < np.array(lengths))[:, None], states[:, t + 1], 0)
        np.testing.assert_allclose(bars, 19 * np.abs(expected), rtol=1e-9)
        gradient = step.locator(".track span").evaluate_all(
            "bars => bars.map(bar => Number(bar.style.getPropertyValue('--size')))"
        )
        np.testing.assert_allclose(gradient, sizes[:, t] / max(sizes.max(), 1e-9), atol=1e-6)
        step.click()
        for row, length in enumerate(lengths):
            page.get_by_role("radio", name=str(row)).check()
            *_, state, output = shown(page.locator(".panel table").nth(1))
            close(state, states[row, t + 1])
            close(output, expected[row])
            if t >= length:
                assert not output.any()
    ended = [row for row, length in enumerate(lengths) if length < 4]
    said = page.get_by_role("status").inner_text()
    assert ("every row is real" in said) == (not ended)


def test_fewer_steps_cut_the_lengths(figure: Open) -> None:
    page = figure("lengths")
    slider(page, "Steps T").fill("2")
    assert [slider(page, f"Length of row {i}").input_value() for i in range(4)] == list("2122")
    choose(page, 1)
    expected = reference.forward(X, KERNEL, BIAS, lengths=[2, 1, 2, 2])
    close(shown(page.locator(".panel table").nth(1))[-2], expected[1, -1])
    last = page.get_by_role("tab").nth(1).locator(".output .strip.framed")
    assert last.count() == 3  # row 0, cut to two steps, has its last output here, too


@pytest.mark.parametrize("steps, scale", list(itertools.product([4, 12], [0.5, 1, 1.75])))
def test_the_gradient_shrinks_or_grows_over_the_steps(
    figure: Open, steps: int, scale: float
) -> None:
    page = figure("unroll")
    slider(page, "Steps T").fill(str(steps))
    slider(page, "times").fill(str(scale))
    kernel = np.concatenate([W_X, scale * W_H])
    back = last_gradients(LONG[3:, :steps], kernel, BIAS)
    ratio = np.linalg.norm(back.states[0], axis=1) / np.sqrt(5)  # [T+1]
    texts = [page.locator(".first .value").inner_text()]
    texts += page.locator(".step:visible .value").all_inner_texts()
    found = [float(text.replace("\u2212", "-")) for text in texts]
    np.testing.assert_allclose(found, ratio, rtol=0.5, atol=0)
    np.testing.assert_allclose(found, ratio, rtol=0.06, atol=5e-4)
    if steps == 12:
        assert {0.5: ratio[0] < 0.01, 1: 0.1 < ratio[0] < 0.3, 1.75: ratio[0] > 5}[scale]


def test_cutting_the_loop_makes_the_two_ls_equal(figure: Open) -> None:
    page = figure("word")
    said = page.get_by_role("status")
    assert "The new states differ" in said.inner_text()
    slider(page, "times").fill("0")
    assert "The new states are the same" in said.inner_text()
    assert "the loop is cut" in said.inner_text()


def test_a_word_is_typed_anew(figure: Open) -> None:
    page = figure("word")
    field = page.get_by_role("textbox", name="Word")
    letters = page.locator(".step:visible .letter")
    field.fill("Hole<b>")  # only the letters that the layer knows
    assert letters.all_inner_texts() == list("hole")
    assert moved(page) == [False, True, False, True]
    field.blur()
    assert field.input_value() == "hole"
    field.fill("xyz")
    assert letters.all_inner_texts() == list("hole")
    field.fill("hellohellohello")
    assert letters.all_inner_texts() == list("hellohel")
    page.get_by_role("button", name="Read eel").click()
    assert letters.all_inner_texts() == list("eel")
    assert slider(page, "Steps T").get_attribute("max") == "3"
    page.get_by_role("button", name="Back to the start").click()
    assert letters.all_inner_texts() == list("hello")
    assert field.input_value() == "hello"


# ----------------------------------------------------------------- keyboard, motion, no scripts


@pytest.mark.parametrize("preset", PRESETS)
def test_the_keyboard_walks_through_the_steps(figure: Open, preset: str) -> None:
    page = figure(preset, viewport={"width": 360, "height": 640})
    last = page.get_by_role("tab").count() - 1
    selected = page.get_by_role("tab", selected=True)
    selected.focus()
    top = page.evaluate("scrollY")
    page.keyboard.press("Home")
    seen = set()
    walk = [("ArrowLeft", 0), *(("ArrowRight", min(t, last)) for t in range(1, last + 2))]
    for key, place in walk:
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.ariaSelected") == "true"
        assert page.evaluate("document.activeElement.id").endswith(f"-step-{place}")
        seen.add(page.get_by_role("status").inner_text())
        step, frame = page.evaluate(
            "[document.activeElement, document.querySelector('.frame')]"
            ".map((one) => one.getBoundingClientRect())"
        )  # the frame scrolls to the step, and the page stays where it is
        assert step["left"] >= frame["left"] - 1 and step["right"] <= frame["right"] + 1
    assert len(seen) > 1
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id").endswith(f"-step-{last - 1}")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.id").endswith(f"-step-{last}")
    assert page.evaluate("scrollY") == top
    assert page.get_by_role("status").get_attribute("aria-live") == "polite"


@pytest.mark.parametrize("preset", PRESETS)
def test_everything_is_reached_with_tab_and_named(figure: Open, preset: str) -> None:
    page = figure(preset)
    page.locator("summary").click()
    page.evaluate(
        """() => {
            window.called = (e) => e.id || e.ariaLabel || e.value || e.textContent;
            window.reached = [];
            document.addEventListener("focusin", (event) => reached.push(called(event.target)));
        }"""
    )
    controls = page.locator("#figure :is(input, button, summary):visible").evaluate_all(
        """all => all.map((e) => [
            e.ariaLabel || e.labels?.[0]?.textContent || e.textContent, called(e),
            e.type === "radio" && !e.checked || e.getAttribute("tabindex") === "-1"])"""
    )
    assert all(name.strip() for name, _, _ in controls)
    expected = {called for _, called, passed_over in controls if not passed_over}
    page.locator("body").press("Home")
    for _ in range(2):
        for _ in expected:
            page.keyboard.press("Tab")
        if expected <= set(page.evaluate("reached")):
            break
    assert expected <= set(page.evaluate("reached"))


def test_playing_steps_on_and_stops(figure: Open) -> None:
    page = figure("word", clock=True)
    play = page.locator(".buttons button").nth(1)
    page.get_by_role("tab").first.click()
    play.click()
    assert play.inner_text() == "Stop"
    # What has not been computed yet is not shown.
    assert page.locator(".ahead").count() == 4
    page.clock.run_for(950)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-1")
    play.click()
    page.clock.run_for(5000)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-1")
    play.click()
    page.clock.run_for(10000)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-4")
    assert play.inner_text() == "Play"
    assert page.locator(".ahead").count() == 0


def test_where_motion_is_unwanted_nothing_plays(figure: Open) -> None:
    page = figure("word", reduced_motion="reduce")
    assert page.get_by_role("button", name="Step forward").is_visible()
    assert page.get_by_text("Play", exact=True).is_hidden()


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("letters", chromium.LETTERS)
def test_no_width_makes_the_page_scroll_sideways(figure: Open, preset: str, letters: str) -> None:
    page = figure(preset)
    if chromium.LETTERS[letters]:
        page.add_style_tag(content=chromium.LETTERS[letters])
    page.locator("summary").click()
    slider(page, "Steps T").press("End")
    for width in (320, 360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.locator(".panel :is(td, th):visible").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        )
        assert not cut  # no number runs into the next
        small = page.locator("#figure :is(input, button, summary):visible").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect())"
            ".filter(box => box.width < 24 || box.height < 24)"
        )
        assert not small


@pytest.mark.parametrize("preset", PRESETS)
def test_the_figure_takes_the_pictures_place_and_keeps_the_caption(
    figure: Open, preset: str
) -> None:
    page = figure(preset)
    assert page.get_by_role("tablist", name="Time steps").is_visible()
    assert page.locator("#figure img").count() == 0
    assert page.get_by_text("What it shows.").is_visible()


@pytest.mark.parametrize("preset", PRESETS)
def test_without_scripts_the_picture_stays(figure: Open, preset: str) -> None:
    page = figure(preset, java_script_enabled=False)
    assert page.get_by_role("img", name="A picture.").count() == 1
    assert page.get_by_role("tab").count() == 0


def test_an_unknown_preset_leaves_the_picture(figure: Open) -> None:
    page = figure("no-such-preset")
    assert page.get_by_role("img", name="A picture.").count() == 1
    assert page.get_by_role("tab").count() == 0
