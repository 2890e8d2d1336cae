"""The network that can be touched: its arithmetic against `unrolled`'s, then its figures.

The page with the figure is made here, one for each preset, of the scripts and the style in _touch;
one test looks at the book's own front page.
"""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import browser as chromium
import numpy as np
import pytest
import touch_weights
from book_extension.touch import PRESETS, SCRIPTS
from notebooks import ROOT
from playwright.sync_api import Browser, Locator, Page

import unrolled as u
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
<div class="touch-slot">
<img src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E" alt="A picture.">
</div>
<figcaption>What it shows.</figcaption>
</figure>
<p>What comes after it.</p>
{scripts}
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
UNROLLED = [name for name in PRESETS if name not in ("lstm", "gru")]  # figures of a basic cell
ORTHOGONAL = np.roll(np.eye(5), 1, axis=1)  # unit 0 to unit 1, and so on
NOISE = [1, 0.3, -0.2, 0.2, -0.3, 0.1]
SOLVED = {  # what solves the task of each preset, as a link
    "word": "scale=0",
    "two-steps": "wh=" + ",".join("0" if k % 5 == 0 else str(w) for k, w in enumerate(W_H.ravel())),
    "gradient": "scale=1.1",
    "lstm": "forgetBias=6&wx=8,2,0,0&b=-5,0,0,0",
    "gru": "b=6,-6,0",
    "unroll": "scale=2",
    "lengths": "lengths=3,3,3,3",
}
SCRIPT_TAGS = "\n".join(f'<script defer src="_static/{name}"></script>' for name in SCRIPTS)

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

    def open(self, preset: str, fragment: str = "", css: str = "") -> Page:
        html = PAGE.format(preset=preset, scripts=SCRIPT_TAGS)
        html = html.replace("</style>", css + "</style>")
        self.page.unroute_all()
        self.page.route(self.address, lambda r: r.fulfill(body=html, content_type="text/html"))
        self.page.set_viewport_size(self.size)
        self.page.goto("about:blank")  # or a fragment alone would load nothing
        self.page.goto(self.address + fragment)
        return self.page


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a folder with the scripts and the style."""
    folder = tmp_path_factory.mktemp("touch")
    shutil.copytree(ROOT / "_touch", folder / "_static")
    with chromium.served(folder) as address:
        yield address


@pytest.fixture(scope="module")
def readers() -> Iterator[dict[str, Reader]]:
    """The readers there are, by what they asked for: each figure is opened anew, on their page."""
    readers: dict[str, Reader] = {}
    yield readers
    for reader in readers.values():
        reader.context.close()


@pytest.fixture
def figure(browser: Browser, scripts: str, readers: dict[str, Reader]) -> Iterator[Open]:
    """A function that opens a page with the figure of a preset; no page may report an error."""

    def opened(
        preset: str, fragment: str = "", css: str = "", clock: bool = False, **options: Any
    ) -> Page:
        kind = repr((clock, options))
        if kind not in readers:
            readers[kind] = Reader(browser, scripts, clock, **options)
        return readers[kind].open(preset, fragment, css)

    yield opened
    errors = [error for reader in readers.values() for error in reader.errors]
    for reader in readers.values():
        reader.errors.clear()
    assert not errors


@pytest.fixture(scope="module")
def module(browser: Browser, scripts: str) -> Iterator[Callable[..., Any]]:
    """A function that evaluates JavaScript, with the script's functions as `touch`, and `data`."""
    context = chromium.context(browser)
    page = context.new_page()
    page.route(scripts + "bare.html", lambda r: r.fulfill(body="<p>", content_type="text/html"))
    page.goto(scripts + "bare.html")
    for name in SCRIPTS:
        page.add_script_tag(url=f"{scripts}_static/{name}")
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


@pytest.mark.one_in(4)
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


@pytest.mark.parametrize("preset", UNROLLED)
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


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_the_gates_equal_the_cells(module: Callable[..., Any], kind: str, seed: int) -> None:
    """The equations of `unrolled.cells`, with their order of the blocks and their forget bias."""
    rng = np.random.default_rng(seed)
    B, T, D, U = (int(size) for size in rng.integers([1, 1, 1, 1], [4, 7, 4, 4]))
    blocks, forget_bias = (4 if kind == "lstm" else 3), float(rng.normal())
    inputs = rng.normal(size=(B, T, D))
    kernel, bias = rng.normal(size=(D + U, blocks * U)), rng.normal(size=blocks * U)
    found = module(
        "return touch.run(data.model);",
        model={
            **dict(cell=kind, steps=T, scale=1, forgetBias=forget_bias, inputs=plain(inputs)),
            **dict(wx=plain(kernel[:D]), wh=plain(kernel[D:]), b=plain(bias)),
        },
    )
    cell = u.BasicLSTMCell(U, forget_bias=forget_bias) if kind == "lstm" else u.GRUCell(U)
    cell.build(D, "float64")
    parts = (
        [(cell.kernel, kernel), (cell.bias, bias)]
        if kind == "lstm"
        else [
            *((cell.gate_kernel, kernel[:, : 2 * U]), (cell.gate_bias, bias[: 2 * U])),
            *((cell.candidate_kernel, kernel[:, 2 * U :]), (cell.candidate_bias, bias[2 * U :])),
        ]
    )
    for variable, value in parts:
        variable.assign(value)
    state = cell.zero_state(B, "float64")
    for t in range(T):
        output, state = cell(inputs[:, t], state)
        equal(np.array(found["states"])[:, t + 1], output)
        equal(np.array(found["memories"])[:, t + 1], state.c if kind == "lstm" else state)
        equal(np.array(found["outputs"])[:, t], output)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def test_the_gates_that_are_shown_are_those_of_the_equations(module: Callable[..., Any]) -> None:
    x, h, c = np.array([0.4, -1.2]), np.array([0.3, -0.5]), np.array([1.5, 0.2])
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(4, 8)), rng.normal(size=8)
    joined = np.concatenate([x, h])
    found = module(
        "return touch.lstmStep(data.x, data.c, data.h, data.kernel, data.bias, 0.7).gates;",
        **{
            name: plain(each)
            for name, each in dict(x=x, c=c, h=h, kernel=kernel, bias=bias).items()
        },
    )
    i, j, f, o = np.split(joined @ kernel + bias, 4)
    for name, value in dict(i=sigmoid(i), j=np.tanh(j), f=sigmoid(f + 0.7), o=sigmoid(o)).items():
        equal(found[name], value)
    kernel, bias = kernel[:, :6], bias[:6]
    found = module(
        "return touch.gruStep(data.x, data.h, data.kernel, data.bias).gates;",
        **{name: plain(each) for name, each in dict(x=x, h=h, kernel=kernel, bias=bias).items()},
    )
    r, update = np.split(sigmoid(joined @ kernel[:, :4] + bias[:4]), 2)
    candidate = np.tanh(np.concatenate([x, r * h]) @ kernel[:, 4:] + bias[4:])
    for name, value in dict(r=r, u=update, candidate=candidate).items():
        equal(found[name], value)


def test_the_presets_are_the_chapters_examples(module: Callable[..., Any]) -> None:
    models = module(
        "return Object.fromEntries(Object.entries(touch.presets)"
        ".map(([name, preset]) => [name, touch.start(preset)]));"
    )
    assert set(models) == set(PRESETS)
    for name in ("two-steps", "unroll", "lengths", "gradient"):
        assert models[name]["wx"] == W_X.tolist()
    for name in ("two-steps", "lengths"):
        assert models[name]["wh"] == W_H.tolist()
        assert models[name]["b"] == BIAS.tolist()
    for name in ("unroll", "gradient"):
        assert models[name]["wh"] == ORTHOGONAL.tolist()
        assert models[name]["inputs"] == LONG[3:, :8].tolist()
    assert models["two-steps"]["inputs"] == LONG[:, :6].tolist()
    assert models["two-steps"]["steps"] == 2
    assert models["lengths"]["lengths"] == LENGTHS
    live = reference.live_steps(LENGTHS, 4, 6)
    assert models["lengths"]["inputs"] == np.where(live[..., None], LONG[:, :6], 0).tolist()
    hello = np.eye(4)[[LETTERS.index(letter) for letter in "hello"]]
    assert models["word"]["inputs"] == [hello.tolist()]
    assert models["lstm"]["forgetBias"] == 1 and models["gru"]["b"] == [1, 1, 0]  # as in new cells
    # Chapter 1's two steps, chapter 6's short row.
    expected = reference.forward(X, KERNEL, BIAS)
    found = module("return touch.run(touch.start(touch.presets['two-steps'])).states;")
    equal(found, expected)
    found = module("return touch.run(touch.start(touch.presets.lengths)).states;")
    equal(np.array(found)[1, -1], expected[1, 1])


def hello_network(module: Callable[..., Any]) -> reference.Parameters:
    weights = {name: np.array(each) for name, each in module("return touch.hello;").items()}
    kernel = np.concatenate([weights["wx"], weights["wh"]])
    return reference.Parameters(kernel, weights["b"], weights["wy"], weights["by"])


@pytest.mark.parametrize("word", ["hello", "hole", "eel", "olehlohe", "l"])
def test_the_probabilities_equal_the_reference(module: Callable[..., Any], word: str) -> None:
    found = module(
        """
        const preset = touch.presets.word;
        return touch.run(touch.spell(touch.start(preset), preset, data.word).model);
        """,
        word=word,
    )
    kernel, bias, out, out_bias = hello_network(module)
    inputs = np.eye(4)[[LETTERS.index(letter) for letter in word]][None]
    states = reference.forward(inputs, kernel, bias)
    expected = reference.softmax(states[:, 1:] @ out + out_bias)
    equal(found["probabilities"], expected)
    if word == "hello":  # the answers of the still picture
        assert "".join("helo!"[k] for k in expected[0].argmax(axis=1)) == "ello!"
        assert (expected.max(axis=2) > 0.95).all()


def test_the_weights_are_those_that_training_gives(module: Callable[..., Any]) -> None:
    trained = touch_weights.train()
    for found, expected in zip(hello_network(module), trained, strict=True):
        # One unit in the last place that is kept: rounding may differ between machines.
        np.testing.assert_allclose(found, expected, rtol=0, atol=0.1001)
    assert touch_weights.script(hello_network(module)) == touch_weights.FILE.read_text("utf-8")


@pytest.mark.parametrize("steps", range(2, 9))
def test_the_gradient_fades_and_grows_with_the_scale(steps: int) -> None:
    """What chapters 2 and 5 say of it holds at each T, and at T = 8 to the number."""
    start = []
    for scale in (0.5, 1, 1.5, 2):
        back = last_gradients(LONG[3:, :steps], np.concatenate([W_X, scale * ORTHOGONAL]), 0 * BIAS)
        start.append(np.linalg.norm(back.states[0, 0]) / np.sqrt(5))
    assert start == sorted(start)
    assert start[0] < 0.5 and start[1] < 1 < start[2]
    if steps == 8:
        assert 1 / 450 < start[0] < 1 / 400 and 0.5 < start[1] < 0.6 and 90 < start[3] < 100


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


def said(page: Page) -> str:
    return page.locator(".said").inner_text()


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def open_sums(page: Page) -> Locator:
    """The fields of the inputs at the chosen step."""
    if page.locator(".sums").get_attribute("open") is None:
        page.locator(".sums summary").click()
    return page.locator(".sums input")


def open_all(page: Page) -> None:
    page.locator("details").evaluate_all("all => all.forEach((details) => (details.open = true))")


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


@pytest.mark.one_in(4)
@pytest.mark.parametrize("row", range(4))
def test_a_step_shows_its_parts_row_by_row(figure: Open, row: int) -> None:
    page = figure("two-steps")
    slider(page, "Steps T").fill("4")
    page.get_by_role("radio", name=str(row)).check()
    states = reference.forward(LONG[:, :4], KERNEL, BIAS)
    x_table, sums = page.locator(".sums table").all()
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
    page.locator(".weights summary").click()
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
        close(shown(page.locator(".sums table").nth(1))[-1], states[1, t + 1])
    button(page, "Reset all to how it was").click()
    assert moved(page) == [False] * 2
    assert shown(page.locator(".weights table").nth(1)).tolist() == W_H.tolist()


def test_an_input_moves_its_own_step_and_the_later_ones(figure: Open) -> None:
    page = figure("unroll")
    choose(page, 3)
    open_sums(page)
    page.get_by_label("x, step 3, row 0").nth(1).fill("-0.7")
    inputs = LONG[3:, :8].copy()
    inputs[0, 3, 1] = -0.7
    states = reference.forward(inputs, np.concatenate([W_X, ORTHOGONAL]), 0 * BIAS)
    assert moved(page) == [t >= 3 for t in range(8)]
    for t in (2, 3, 7):
        choose(page, t)
        close(shown(page.locator(".sums table").nth(1))[-1], states[0, t + 1])
    choose(page, 3)
    marked = page.locator(".sums table").first.locator("td.changed .arrow")
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
    assert np.isfinite(shown(page.locator(".sums table").nth(1))).all()
    field.blur()
    assert field.input_value() == "10"
    assert "Numbers go from \u221210 to 10: 10 is used." in said(page)


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "text, value", [("0,5", 0.5), ("\u22120.25", -0.25), (" .5", 0.5), ("-1e-1", -0.1), ("+2.", 2)]
)
def test_numbers_are_read_as_people_write_them(figure: Open, text: str, value: float) -> None:
    page = figure("two-steps")
    field = page.get_by_label("x, step 1, row 1").first
    field.focus()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    field.blur()
    assert float(field.input_value().replace("\u2212", "-")) == value
    close(shown(page.locator(".sums table").nth(1))[1], [value, 0.4, 0.5] @ W_X)


@pytest.mark.one_in(8)
@pytest.mark.parametrize("text", ["abc", "1.2.3", "0,5,1", "", "1e", "Infinity", "0x10"])
def test_what_is_no_number_is_refused_with_a_sentence(figure: Open, text: str) -> None:
    page = figure("two-steps")
    field = page.get_by_label("x, step 1, row 1").first
    field.fill(text)  # all of it at once
    assert moved(page) == [False, False]
    field.blur()
    assert f"\u201c{text}\u201d is no number: 0.3 stays." in said(page)
    assert field.input_value() == "0.3"


def test_arrow_keys_change_a_number(figure: Open) -> None:
    page = figure("two-steps")
    field = page.get_by_label("x, step 1, row 1").first
    for key, value in (("ArrowUp", "0.4"), ("ArrowDown", "0.3"), ("ArrowDown", "0.2")):
        field.press(key)
        assert field.input_value() == value
    assert moved(page) == [False, True]


def test_a_length_moves_later_steps_only(figure: Open) -> None:
    page = figure("lengths")
    assert moved(page) == [False] * 4
    slider(page, "Length of row 1").fill("3")
    assert moved(page) == [False, True, True, True]
    slider(page, "Length of row 1").fill("1")
    assert moved(page) == [False] * 4
    choose(page, 2)  # an input in the padding moves nothing but itself
    open_sums(page)
    page.get_by_label("x, step 2, row 1").first.fill("5")
    assert moved(page) == [False, False, True, False]
    close(shown(page.locator(".sums table").nth(1))[-1], np.zeros(5))


@pytest.mark.one_in(4)
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
        signs = step.locator(".cell .strip").evaluate_all(
            "rows => rows.map(row => getComputedStyle(row, '::after').content)"
        )
        assert signs == ['"="' if t >= length else "none" for length in lengths]  # copied
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
            *_, state, output = shown(page.locator(".sums table").nth(1))
            close(state, states[row, t + 1])
            close(output, expected[row])
            if t >= length:
                assert not output.any()
    ended = [row for row, length in enumerate(lengths) if length < 4]
    assert ("every row is real" in said(page)) == (not ended)
    mask = [
        row.all_inner_texts() for row in (r.locator("td") for r in page.locator(".mask tr").all())
    ]
    assert mask[1:] == [["1" if t < length else "0" for t in range(4)] for length in lengths]


def test_fewer_steps_cut_the_lengths_until_there_are_more(figure: Open) -> None:
    page = figure("lengths")
    slider(page, "Steps T").fill("2")
    assert [slider(page, f"Length of row {i}").input_value() for i in range(4)] == list("2122")
    choose(page, 1)
    expected = reference.forward(X, KERNEL, BIAS, lengths=[2, 1, 2, 2])
    close(shown(page.locator(".sums table").nth(1))[-2], expected[1, -1])
    last = page.get_by_role("tab").nth(1).locator(".output .strip.framed")
    assert last.count() == 3  # row 0, cut to two steps, has its last output here, too
    slider(page, "Steps T").fill("4")
    assert [slider(page, f"Length of row {i}").input_value() for i in range(4)] == list("4123")


def sizes(page: Page, steps: int, scale: float) -> tuple[list[float], np.ndarray]:
    """The numbers under the steps that are in sight, and all of them in NumPy, [T+1]."""
    kernel = np.concatenate([W_X, scale * ORTHOGONAL])
    back = last_gradients(LONG[3:, :steps], kernel, 0 * BIAS)
    texts = page.locator(":is(.origin, .step) .value:visible").all_inner_texts()
    found = [float(text.replace("\u2212", "-").replace("\n", "")) for text in texts]
    return found, np.linalg.norm(back.states[0], axis=1) / np.sqrt(5)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("steps, scale", list(itertools.product([4, 8], [0.5, 1, 2])))
def test_the_gradient_shrinks_or_grows_over_the_steps(
    figure: Open, steps: int, scale: float
) -> None:
    page = figure("unroll")
    slider(page, "Steps T").fill(str(steps))
    slider(page, "times").fill(str(scale))
    found, ratio = sizes(page, steps, scale)
    np.testing.assert_allclose(found, ratio, rtol=0.06, atol=5e-4)


def test_the_gradient_walks_back(figure: Open) -> None:
    page = figure("gradient")
    slider(page, "times").fill("0.5")
    for t in reversed(range(8)):
        found, ratio = sizes(page, 8, 0.5)
        reached = ratio[t + 1 :] if t else ratio  # at step 0 the start has its gradient, too
        np.testing.assert_allclose(found, reached, rtol=0.06, atol=5e-4)
        if t < 7:
            factor = float(said(page).split("multiplied by ")[1].split(":")[0])
            np.testing.assert_allclose(factor, ratio[t + 1] / ratio[t + 2], rtol=0.06)
        if t:
            button(page, "Step back").click()
    button(page, "To the last step").click()
    assert len(sizes(page, 8, 0.5)[0]) == 1
    slider(page, "Steps T").fill("5")  # the walk begins at the new last step
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-4")


def test_cutting_the_loop_makes_the_two_ls_equal(figure: Open) -> None:
    page = figure("word")
    assert "The new states differ" in said(page)
    slider(page, "times").fill("0")
    assert "The new states are the same" in said(page)
    assert "the loop is cut" in said(page)


def test_a_word_is_answered_letter_by_letter(figure: Open) -> None:
    page = figure("word")
    answers = page.locator(".step:visible .answer")
    assert answers.all_inner_texts() == list("ello!")
    choose(page, 4)
    amounts = page.locator(".meters .amount").all_inner_texts()
    assert len(amounts) == 5 and float(amounts[4]) > 0.95  # h, e, l, o, !
    page.get_by_role("button", name="Read hole").click()
    assert answers.all_inner_texts() == list("ello")
    open_weights(page).nth(4 * 3 + 3 * 3 + 3 + 4).fill("10")  # from unit 0 to !
    assert moved(page) == [True] * 4


def test_a_word_is_typed_anew(figure: Open) -> None:
    page = figure("word")
    field = page.get_by_role("textbox", name="Word")
    letters = page.locator(".step:visible .letter")
    hint = page.locator(".word small")
    field.fill("hole")
    assert letters.all_inner_texts() == list("hole")
    assert moved(page) == [False] * 4  # another word is no other network
    field.fill("Hole<b>")  # only the letters that the network knows, and it says so
    assert letters.all_inner_texts() == list("hole")
    assert "<, b and > left out" in hint.inner_text()
    field.blur()
    assert field.input_value() == "hole"
    for text in ("cat", "\uc548\ub155", "\U0001f469\u200d\U0001f680"):
        field.fill(text)
        assert letters.all_inner_texts() == list("hole")
        assert hint.inner_text() == "It reads h, e, l and o only, so hole stays."
    field.fill("")
    assert hint.inner_text() == "The field is empty, so hole stays."
    field.fill("hellohellohello")
    assert letters.all_inner_texts() == list("hellohel")
    assert hint.inner_text() == "It reads 8 letters at most: the rest is cut off."
    field.fill("helloworld")
    assert letters.all_inner_texts() == list("hellool")
    assert "w, r and d left out" in hint.inner_text()
    page.get_by_role("button", name="Read eel").click()
    assert letters.all_inner_texts() == list("eel")
    assert slider(page, "Steps T").get_attribute("max") == "3"
    button(page, "Reset all to how it was").click()
    assert letters.all_inner_texts() == list("hello")
    assert field.input_value() == "hello"


def test_going_to_the_first_step_changes_nothing_else(figure: Open) -> None:
    page = figure("word")
    page.get_by_role("textbox", name="Word").fill("hole")
    slider(page, "times").fill("0.5")
    button(page, "To the first step").click()
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-0")
    assert page.locator(".step:visible .letter").all_inner_texts() == list("hole")
    assert slider(page, "times").input_value() == "0.5"


# ----------------------------------------------------------------------- gates, tasks, links, undo


@pytest.mark.parametrize("preset", ["lstm", "gru"])
def test_the_gates_are_bars_with_numbers(figure: Open, module: Any, preset: str) -> None:
    page = figure(preset, viewport={"width": 360, "height": 640})
    slider(page, "b of i" if preset == "lstm" else "b of u").fill("-2")
    choose(page, 2)
    slider(page, "x at this step").fill("0.8")
    inputs = np.array(NOISE)
    inputs[2] = 0.8
    c = h = 0.0
    for t, x in enumerate(inputs):
        if preset == "lstm":
            gates = [sigmoid(-2), np.tanh(2 * x), sigmoid(1), sigmoid(0)]
            c = c * gates[2] + gates[0] * gates[1]
            h = np.tanh(c) * gates[3]
        else:
            gates = [sigmoid(1), sigmoid(-2), np.tanh(2 * x + sigmoid(1) * h)]
            c = h = gates[1] * h + (1 - gates[1]) * gates[2]
        choose(page, t)
        texts = page.locator(".meters .amount").all_inner_texts()
        found = [float(text.replace("\u2212", "-")) for text in texts]
        np.testing.assert_allclose(found, gates, rtol=0, atol=0.00501)
        written = page.locator(".step").nth(t).locator(".value").inner_text()
        written = written.replace("\u2212", "-").replace("\n", "")
        np.testing.assert_allclose(float(written), c, atol=0.00501)
        for tube, value in zip(page.locator(".tube").all(), gates):
            box, bar = tube.bounding_box(), tube.locator("span").bounding_box()
            assert box and bar and bar["height"] >= 12
            share = abs(value) / 2 if "signed" in (tube.get_attribute("class") or "") else value
            np.testing.assert_allclose(bar["width"] / box["width"], share, atol=0.03)


def test_the_letters_are_those_of_the_chapter(figure: Open) -> None:
    """z_i is a sum and i a gate, as in the LSTM's equation there."""
    page = figure("lstm")
    choose(page, 1)
    names = page.locator(".meters .what").evaluate_all("all => all.map(one => one.textContent)")
    assert names == [
        "i = \u03c3(zi), input gate",
        "j = tanh(zj), candidate",
        "f = \u03c3(zf + f0), forget gate",
        "o = \u03c3(zo), output gate",
    ]
    lines = page.locator(".formula > span").evaluate_all("all => all.map(one => one.textContent)")
    assert lines[0] == "c1 = f \u00b7 c0 + i \u00b7 j"
    assert lines[2].startswith("h1 = o \u00b7 tanh(c1) = ")
    number = r"[-\u2212]?\d\.\d\d"
    found = [float(each.replace("\u2212", "-")) for each in re.findall(number, lines[1])]
    f, c0, i, j, c1 = found  # each written with two decimals
    assert f == 0.73 and i == 0.5 and abs(f * c0 + i * j - c1) < 0.01


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_task_can_be_done_and_is_not_done_at_the_start(figure: Open, preset: str) -> None:
    page = figure(preset)
    task = page.locator(".task")
    assert "Not done yet." in task.inner_text()
    page = figure(preset, f"#figure&{SOLVED[preset]}")
    assert "\u2713 Done." in task.inner_text()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_a_link_holds_what_is_shown(figure: Open, preset: str) -> None:
    page = figure(preset)
    choose(page, 1)
    page.locator(".weights summary").click()
    page.locator(".weights input").nth(1).fill("-0.37")
    page.locator(".controls input[type=range]").first.press("ArrowLeft")
    if preset == "word":
        page.get_by_role("textbox", name="Word").fill("hole")
    if page.get_by_role("radio").count():
        page.get_by_role("radio", name="2").check()
    button(page, "Copy a link to what is shown").click()
    page.wait_for_function("location.hash !== ''")
    shows = """JSON.stringify([
        ...[...document.querySelectorAll(".step:not([hidden]) .bar")].map((e) => e.outerHTML),
        ...[...document.querySelectorAll(".controls input, table input")].map((e) => e.value),
        document.querySelector(".panel").textContent])"""
    before, fragment = page.evaluate(shows), page.evaluate("location.hash")
    page = figure(preset, fragment)
    assert "This is what the link holds." in said(page)
    assert page.evaluate(shows) == before
    button(page, "Undo").click()
    assert moved(page) == [False] * page.get_by_role("tab").count()


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "fragment",
    [
        "word=cat",
        "steps=99",
        "steps=2.5",
        "scale=NaN",
        "scale=",
        "b=1,2",
        "b=1,2,3,4",
        "wx=<img>",
        "colour=red",
        "cell=lstm",
        "%E0%A4%A",
        "steps=2&scale=1e9",
        "lengths=1",
        "__proto__=1",
    ],
)
def test_a_wrong_link_is_left_out_with_a_sentence(figure: Open, fragment: str) -> None:
    page = figure("word", f"#figure&{fragment}")
    assert "The link holds something that this figure cannot show" in said(page)
    assert page.locator(".step:visible .answer").all_inner_texts() == list("ello!")


def test_a_link_to_somewhere_else_is_no_matter(figure: Open) -> None:
    for fragment in ("#figure", "#what-comes-after", "#figure-2&steps=1"):
        assert "link" not in said(figure("word", fragment))


def test_a_link_on_the_same_page_is_followed(figure: Open) -> None:
    page = figure("word")
    page.evaluate("location.hash = 'figure&word=eel'")
    page.locator(".step:visible .letter", has_text="h").wait_for(state="detached")
    page.wait_for_function("document.querySelector('.said').textContent.includes('link')")
    assert page.locator(".step:visible .letter").all_inner_texts() == list("eel")


def test_undo_takes_back_one_change_after_the_other(figure: Open) -> None:
    page = figure("word")
    undo = button(page, "Undo")
    assert undo.get_attribute("aria-disabled") == "true"
    for value in ("0.9", "0.8", "0.7"):  # one pull at the slider
        slider(page, "times").fill(value)
    page.get_by_role("button", name="Read eel").click()
    choose(page, 0)  # looking at another step is no change
    button(page, "Reset all to how it was").click()
    undo.click()
    assert page.locator(".step:visible .letter").all_inner_texts() == list("eel")
    assert slider(page, "times").input_value() == "0.7"
    undo.click()
    assert page.locator(".step:visible .letter").all_inner_texts() == list("hello")
    undo.click()
    assert slider(page, "times").input_value() == "1"
    assert undo.get_attribute("aria-disabled") == "true"


def test_each_word_is_one_change(figure: Open) -> None:
    page = figure("word")
    field, undo = page.get_by_role("textbox", name="Word"), button(page, "Undo")
    words = ["hole", "eel", "ooh", "hello", "lol"]
    for word in words:
        field.press("Control+A")
        page.keyboard.type(word)
        field.press("Enter")
    for word in reversed(["hello", *words[:-1]]):
        undo.click()
        assert page.locator(".step:visible .letter").all_inner_texts() == list(word)
    assert undo.get_attribute("aria-disabled") == "true"
    for word in ("hole", "eel"):
        page.get_by_role("button", name=f"Read {word}").click()
    undo.click()
    assert page.locator(".step:visible .letter").all_inner_texts() == list("hole")


def test_what_changes_nothing_is_not_to_be_undone(figure: Open) -> None:
    page = figure("word")
    field, undo = page.get_by_role("textbox", name="Word"), button(page, "Undo")
    for text in ("", "cat", "hello"):
        field.fill(text)
        assert undo.get_attribute("aria-disabled") == "true"
    choose(page, 0)
    button(page, "Reset all to how it was").click()
    assert undo.get_attribute("aria-disabled") == "true"
    field.press("Control+A")
    page.keyboard.type("hole")
    for _ in "hole":
        page.keyboard.press("Backspace")
    page.keyboard.type("hello")  # typed, and typed back
    assert undo.get_attribute("aria-disabled") == "true"
    field.fill("")
    field.fill("eel")
    undo.click()
    assert page.locator(".step:visible .letter").all_inner_texts() == list("hello")


# ----------------------------------------------------------------- keyboard, motion, no scripts


@pytest.mark.one_in(4)
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
        seen.add(said(page))
        left, right = page.evaluate(
            "(({ left, right }) => [left, right])(document.activeElement.getBoundingClientRect())"
        )
        assert left >= 0 and right <= 360  # all steps are in sight
    assert len(seen) > 1
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.id").endswith(f"-step-{last - 1}")
    page.keyboard.press("End")
    assert page.evaluate("document.activeElement.id").endswith(f"-step-{last}")
    assert page.evaluate("scrollY") == top
    assert page.locator(".said").get_attribute("aria-live") == "polite"


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_everything_is_reached_with_tab_and_named(figure: Open, preset: str) -> None:
    page = figure(preset)
    open_all(page)
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
    play = page.locator(".buttons button").nth(2)
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


def test_the_speed_can_be_chosen(figure: Open) -> None:
    page = figure("word", clock=True)
    page.get_by_role("tab").first.click()
    pace = page.locator(".buttons button").nth(4)
    pace.click()
    assert pace.inner_text() == "2\u00d7"
    assert pace.get_attribute("aria-label") == "Speed 2\u00d7"
    button(page, "Play").click()
    page.clock.run_for(950)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-2")
    button(page, "Stop").click()
    pace.click()
    assert pace.inner_text() == "\u00bd\u00d7"


def test_the_gradient_plays_backwards(figure: Open) -> None:
    page = figure("gradient", clock=True)
    button(page, "Play").click()
    page.clock.run_for(950)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-6")
    page.clock.run_for(20000)
    assert page.get_by_role("tab", selected=True).get_attribute("id").endswith("-step-0")
    assert button(page, "Play").is_visible()


def test_where_motion_is_unwanted_nothing_plays(figure: Open) -> None:
    page = figure("word", reduced_motion="reduce")
    assert page.get_by_role("button", name="Step forward").is_visible()
    assert page.get_by_text("Play", exact=True).is_hidden()
    assert page.locator(".buttons button:visible").count() == 6


@pytest.mark.one_in(12)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("letters", chromium.LETTERS)
def test_no_width_makes_the_page_scroll_sideways(figure: Open, preset: str, letters: str) -> None:
    page = figure(preset)
    if chromium.LETTERS[letters]:
        page.add_style_tag(content=chromium.LETTERS[letters])
    open_all(page)
    if slider(page, "Steps T").count():
        slider(page, "Steps T").press("End")
    for width in (320, 360, 768, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        cut = page.locator(".sums :is(td, th):visible").evaluate_all(
            "all => all.filter(e => e.scrollWidth > e.clientWidth).map(e => e.textContent)"
        )
        assert not cut  # no number runs into the next
        tabs = page.get_by_role("tab").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).map(box => [box.left, box.right])"
        )
        assert min(left for left, _ in tabs) >= 0 and max(right for _, right in tabs) <= width
        small = page.locator("#figure :is(input, button, summary):visible").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect())"
            ".filter(box => box.width < 24 || box.height < 24)"
        )
        assert not small


@pytest.mark.one_in(8)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("width", [360, 1280])
def test_all_of_it_can_be_read(figure: Open, preset: str, width: int) -> None:
    page = figure(preset, viewport={"width": width, "height": 780})
    open_all(page)
    if slider(page, "Steps T").count():
        slider(page, "Steps T").press("End")
    smallest = page.locator(".touch-body").evaluate(
        """body => Math.min(...[...body.querySelectorAll("*")]
            .filter((e) => [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim())
                && e.checkVisibility())
            .map((e) => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 11
    rows = page.locator(".buttons button:visible").evaluate_all(
        """all => Object.values(
            Object.groupBy(all.map((e) => e.getBoundingClientRect()), (box) => box.top))
            .map((row) => row.map((box) => Math.round(box.left)))"""
    )
    assert [len(row) for row in rows] == ([4, 4] if width == 360 else [8])
    assert all(row == rows[0] for row in rows)  # a grid


def change_much(page: Page) -> None:
    """As many steps as there can be, all of them moved, and all tables open."""
    open_all(page)
    if slider(page, "Steps T").count():
        slider(page, "Steps T").press("End")
    for k in (0, 1):
        page.locator(".weights input").nth(k).fill("-0.37")
    page.locator(".weights input").nth(1).blur()
    assert all(moved(page))


# A figure in the book has 24 pixels beside it on a phone.
IN_THE_BOOK = "body { padding: 0 24px !important }"
PHONES = [
    {"viewport": {"width": width, "height": 780}, "has_touch": True, "is_mobile": True}
    for width in (360, 320)
]
DESKTOP = {"viewport": {"width": 1280, "height": 780}}
# The fonts of phones are about as wide as these, and none is wider than the wide one.
COMMON = "* {font-family: 'Liberation Sans', Arimo, Arial, Helvetica, sans-serif !important}"
FONTS = {"common": COMMON, "wide": chromium.LETTERS["wide"]}


@pytest.mark.one_in(12)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("options", [*PHONES, DESKTOP], ids=["360", "320", "1280"])
@pytest.mark.parametrize("font", FONTS)
def test_every_number_in_a_field_is_whole(
    figure: Open, preset: str, options: dict[str, Any], font: str
) -> None:
    page = figure(preset, css=IN_THE_BOOK + FONTS[font], **options)
    open_all(page)
    for change in (False, True):
        if change:
            change_much(page)
        fields = page.locator("table input").evaluate_all(
            """all => all.map(e => [e.value, e.scrollWidth - e.clientWidth,
                parseFloat(getComputedStyle(e).fontSize)])"""
        )
        assert [value for value, over, _ in fields if over > 0] == []
        assert all(size >= (11 if options is DESKTOP else 12) for *_, size in fields)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("font", FONTS)
def test_tables_fit_on_a_phone(figure: Open, preset: str, font: str) -> None:
    page = figure(preset, css=IN_THE_BOOK + FONTS[font], **PHONES[0])
    change_much(page)
    for t in range(page.get_by_role("tab").count()):
        choose(page, t)
        over = page.locator(".panel, .tables").evaluate_all(
            "all => all.map(e => e.scrollWidth - e.clientWidth)"
        )
        assert max(over) <= 0
    assert page.locator(".more").count() == 0


@pytest.mark.parametrize("preset", ["two-steps", "lengths"])
def test_where_a_table_does_not_fit_the_figure_says_that_it_slides(
    figure: Open, preset: str
) -> None:
    page = figure(preset, css=IN_THE_BOOK + chromium.LETTERS["wide and spaced"], **PHONES[1])
    assert page.locator(".more:visible").count() == 0
    change_much(page)
    for part in page.locator(".panel, .tables").all():
        assert part.evaluate("e => e.scrollWidth > e.clientWidth")
    page.wait_for_function("document.querySelectorAll('.more').length === 2")
    sign = page.locator(".more").first.evaluate("e => getComputedStyle(e, '::before').content")
    assert "slide sideways" in sign


@pytest.mark.one_in(8)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("options", [*PHONES, DESKTOP], ids=["360", "320", "1280"])
def test_what_stands_at_a_step_overlaps_nothing(
    figure: Open, preset: str, options: dict[str, Any]
) -> None:
    """The mark of what moved, the names and the numbers: each inside its own step and the card."""
    page = figure(preset, css=IN_THE_BOOK + COMMON, **options)
    change_much(page)
    for t in (0, page.get_by_role("tab").count() - 1):
        choose(page, t)
        outside = page.locator(".step:visible").evaluate_all(
            """steps => steps.flatMap((step) => {
                const frame = step.getBoundingClientRect();
                return [...step.querySelectorAll(".flag, .time, .name, .value")].filter((part) => {
                    const range = document.createRange();
                    range.selectNodeContents(part);
                    const { left, right, width } = range.getBoundingClientRect();
                    return width && (left < frame.left || right > frame.right);
                }).map((part) => part.textContent);
            })"""
        )
        assert outside == []
        card, *frames = page.locator(".touch-body, .step:visible").evaluate_all(
            "all => all.map(e => e.getBoundingClientRect()).map(b => [b.left, b.right])"
        )
        edges = [card[0], *itertools.chain(*frames), card[1]]
        assert edges == sorted(edges)
    assert "\u25cf\u00a0Moved since the start" in said(page)  # what the mark means


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_bars_are_wide_enough_to_be_seen(figure: Open, preset: str) -> None:
    page = figure(preset, css=IN_THE_BOOK, **PHONES[0])
    change_much(page)
    widths = page.locator(".step:visible .bar").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().width)"
    )
    assert min(widths) >= 4


@pytest.mark.one_in(8)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("options", [*PHONES, DESKTOP], ids=["360", "320", "1280"])
@pytest.mark.parametrize("font", FONTS)
def test_a_button_has_one_line_and_is_high_enough(
    figure: Open, preset: str, options: dict[str, Any], font: str
) -> None:
    page = figure(preset, css=IN_THE_BOOK + FONTS[font], **options)
    buttons = page.locator(":is(.buttons, .word) button:visible").evaluate_all(
        """all => all.map((e) => {
            const range = document.createRange();
            range.selectNodeContents(e);
            const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.top)));
            return [e.textContent, lines.size, e.offsetHeight, e.scrollWidth - e.clientWidth];
        })"""
    )
    assert all(lines == 1 and height >= 40 and over <= 0 for _, lines, height, over in buttons)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_picture_is_printed(figure: Open, preset: str) -> None:
    page = figure(preset)
    page.emulate_media(media="print")
    assert page.locator(".touch-body").is_hidden()
    shown = page.locator("#figure img").evaluate("e => e.checkVisibility()")
    page.emulate_media(media="screen")
    assert shown


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("width", [360, 1280])
def test_the_frame_is_centred_on_what_it_frames(figure: Open, preset: str, width: int) -> None:
    page = figure(preset, viewport={"width": width, "height": 780})
    frame = page.get_by_role("tab", selected=True)
    box = "(e) => (({ left, right }) => [left, right])(e.getBoundingClientRect())"
    left, right = frame.evaluate(box)
    for kind in ("output", "cell", "input"):
        inner_left, inner_right = frame.locator(f".{kind}").evaluate(box)
        assert abs((inner_left - left) - (right - inner_right)) < 0.5
        assert 1 <= inner_left - left <= 6
    origin = page.locator(".origin .cell").bounding_box()
    first = page.get_by_role("tab").first.locator(".cell").bounding_box()
    assert origin and first and origin["width"] >= 24  # the first cell is not squeezed,
    assert first["x"] - origin["x"] - origin["width"] >= 5  # nor is the arrow that leaves it


SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_moves_when_the_figure_arrives(
    browser: Browser, scripts: str, preset: str, width: int
) -> None:
    """The picture is seen first, since the scripts come late."""
    context = chromium.context(browser, viewport={"width": width, "height": 780})
    page = context.new_page()
    page.add_init_script(SHIFTS)
    wide = chromium.LETTERS["wide"]  # with others the figure is not higher than its slot
    html = PAGE.format(preset=preset, scripts="").replace("</style>", wide + "</style>")
    html = html.replace("padding: 0 16px", "padding: 0 24px")  # as wide as in the book
    page.route(scripts + "slow.html", lambda r: r.fulfill(body=html, content_type="text/html"))
    page.goto(scripts + "slow.html")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    slot = page.locator(".touch-slot")
    reserved = slot.evaluate("e => e.offsetHeight")
    for name in SCRIPTS:
        page.add_script_tag(url=f"{scripts}_static/{name}")
    page.locator(".touch-body").wait_for()
    page.evaluate(
        "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    )
    assert slot.evaluate("e => e.offsetHeight") - reserved <= 4
    assert page.evaluate("shifts") < 0.02
    page.locator(".touch-body").evaluate("e => e.style.alignSelf = 'start'")
    spare = reserved - page.locator(".touch-body").evaluate("e => e.offsetHeight")
    print(preset, width, reserved, spare)
    assert spare < 120  # and not much is left empty
    context.close()


@pytest.mark.parametrize("size", [chromium.WIDE, chromium.NARROW], ids=["wide", "narrow"])
def test_nothing_moves_on_the_front_page(
    browser: Browser, site: str, size: tuple[int, int]
) -> None:
    context = chromium.reader(browser, size=size)
    page = context.new_page()
    page.add_init_script(SHIFTS)
    page.goto(site + "index.html")
    page.locator(".touch-live").wait_for()
    page.evaluate(chromium.SETTLED)
    assert page.evaluate("shifts") < 0.02
    context.close()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_the_figure_takes_the_pictures_place_and_keeps_the_caption(
    figure: Open, preset: str
) -> None:
    page = figure(preset)
    assert page.get_by_role("tablist", name="Time steps").is_visible()
    picture = page.locator("#figure img")
    assert picture.count() == 1 and picture.is_hidden()
    assert page.get_by_text("What it shows.").is_visible()


@pytest.mark.one_in(4)
@pytest.mark.parametrize("preset", PRESETS)
def test_without_scripts_the_picture_stays(figure: Open, preset: str) -> None:
    page = figure(preset, java_script_enabled=False)
    assert page.get_by_role("img", name="A picture.").count() == 1
    assert page.get_by_role("tab").count() == 0


def test_an_unknown_preset_leaves_the_picture(figure: Open) -> None:
    page = figure("no-such-preset")
    assert page.get_by_role("img", name="A picture.").count() == 1
    assert page.get_by_role("tab").count() == 0
