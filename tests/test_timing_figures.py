"""The pictures of what was measured: bars beside a reference, and costs against a size."""

from __future__ import annotations

import itertools

import pytest
import test_figures
from matplotlib.figure import Figure
from test_figures import drawn, words

from unrolled import figures

SIZES = [8, 16, 32, 64, 128, 256]
CURVES = {
    "static_rnn": (SIZES, [0.4 + 0.05 * size for size in SIZES]),
    "dynamic_rnn": (SIZES, [0.6 + 0.06 * size for size in SIZES]),
    "TensorFlow's dynamic_rnn": (SIZES, [0.9 + 0.15 * size for size in SIZES]),
}
PRODUCTS = ("NumPy's products", SIZES, [0.03 * size for size in SIZES])
MARK = ("NumPy's products", 0.95)
BARS = {"static_rnn": 1.8, "dynamic_rnn": 2.1, "TensorFlow's static_rnn": 2.2, "PyTorch": 2.9}
STEPS = {"as written": 3100.0, "in a graph": 92.0, "sorted by length": 28.0, "larger batches": 7.4}

PICTURES = {
    "cost curves": lambda: figures.cost_curves(CURVES, "time steps T", reference=PRODUCTS),
    "cost curves, bare": lambda: figures.cost_curves({"a": ([1, 3], [2, 2.5])}, "x", title="Cost"),
    "cost curves, many": lambda: figures.cost_curves(
        {f"line {i}": CURVES["static_rnn"] for i in range(6)}, "units U", reference=PRODUCTS
    ),
    "time bars": lambda: figures.time_bars(
        {**BARS, "JAX": None}, MARK, spread={"PyTorch": (2.5, 3.4)}, marked=["static_rnn"]
    ),
    "time bars, titled": lambda: figures.time_bars(BARS, MARK, title="One step of training"),
    "time bars, close to the line": lambda: figures.time_bars(
        {"a": 144.0, "b": 115.5}, ("products", 115.0)
    ),
    "time bars, twelve": lambda: figures.time_bars({f"name {i}": 10.0 * i for i in range(12)}),
    "time steps": lambda: figures.time_steps(STEPS, spread={"in a graph": (80.0, 110.0)}),
    "time steps, slower again": lambda: figures.time_steps({"a": 9.0, "b": 3.0, "c": 4}, title="x"),
    "time steps, one": lambda: figures.time_steps({"a": 9.0}, "seconds"),
    "time bars, one blank": lambda: figures.time_bars({"JAX": None}),
}


@pytest.mark.one_in(6)
@pytest.mark.parametrize(
    "check",
    [
        test_figures.test_is_a_figure_that_fits_a_page,
        test_figures.test_text_is_on_the_page_and_large_enough,
        test_figures.test_no_text_touches_another,
        test_figures.test_drawing_stays_on_the_page,
        test_figures.test_same_call_same_bytes_and_no_version,
    ],
    ids=lambda check: check.__name__.removeprefix("test_"),
)
@pytest.mark.parametrize("name", PICTURES)
def test_is_a_picture_like_the_others(name, check, monkeypatch):
    monkeypatch.setitem(test_figures.PICTURES, name, PICTURES[name])
    check(name)


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: figures.cost_curves(CURVES, "T", reference=PRODUCTS, ax=ax),
        lambda ax: figures.time_bars(BARS, MARK, ax=ax),
    ],
)
def test_draws_on_the_axes_that_are_given(draw):
    axes = Figure(figsize=(7.2, 4)).add_subplot()
    assert draw(axes) is axes
    assert axes.get_children()


def test_curves_keep_their_data_on_two_logarithmic_axes():
    figure = figures.cost_curves(CURVES, "time steps T", reference=PRODUCTS)
    (axes,) = figure.axes
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
    lines = [line for line in axes.lines if line.get_marker() not in ("None", "", None)]
    for line, (sizes, times) in zip(lines, CURVES.values(), strict=True):
        assert line.get_xdata().tolist() == sizes and line.get_ydata().tolist() == times
    assert len({str(line._dash_pattern) for line in lines}) == 3
    wanted = {*map(str, SIZES), "NumPy's\nproducts", "static_rnn", "milliseconds"}
    assert wanted <= set(words(figure))


def test_the_reference_is_a_line_among_others():
    figure = figures.cost_curves(CURVES, "T", reference=PRODUCTS)
    (line,) = [each for each in figure.axes[0].lines if each.get_linestyle() == ":"]
    assert line.get_xdata().tolist() == SIZES and line.get_ydata().tolist() == PRODUCTS[2]


def test_bars_are_as_long_as_their_times_in_the_order_given():
    figure = figures.time_bars({**BARS, "JAX": None}, MARK, marked=["static_rnn"])
    bars = figure.axes[0].patches
    assert [bar.get_width() for bar in bars] == list(BARS.values())
    assert [bool(bar.get_hatch()) for bar in bars] == [True, False, False, False]
    found = words(figure)
    assert {
        "1.8",
        "2.1",
        "2.2",
        "2.9",
        "not measured",
        "NumPy's products 0.95",
        *BARS,
        "JAX",
    } <= set(found)
    heights = {text.get_text(): box.y0 for text, box in drawn(figure)}
    places = [heights[name] for name in [*BARS, "JAX"]]
    assert places == sorted(places, reverse=True)


def test_the_spread_lies_across_the_end_of_its_bar():
    figure = figures.time_bars(BARS, spread={"PyTorch": (2.5, 3.4)})
    (line,) = figure.axes[0].lines
    assert line.get_xdata().tolist() == [2.5, 3.4] and set(line.get_ydata()) == {3}


def test_arrows_lead_from_one_time_to_the_next():
    axes = figures.time_steps(STEPS).axes[0]
    assert axes.get_xscale() == "log"
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [float(dot.get_xdata()[0]) for dot in dots] == list(STEPS.values())
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    ends = [(arrow.xyann[0], arrow.xy[0]) for arrow in arrows]
    assert ends == list(itertools.pairwise(STEPS.values()))
    assert {"3,100", "92", "28", "7.4", *STEPS} <= set(words(axes.figure))


def test_a_time_that_hardly_moves_has_no_arrow():
    axes = figures.time_steps({"a": 100.0, "b": 10.0, "c": 10.1}).axes[0]
    arrows = [text for text in axes.texts if getattr(text, "arrow_patch", None)]
    assert [arrow.xy[0] for arrow in arrows] == [10.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: figures.time_steps({}), "times has 0 entries; give 1 to 12."),
        (
            lambda: figures.time_steps({"a": 0.0}),
            "times must be above 0 and finite; got {'a': 0.0}.",
        ),
        (lambda: figures.cost_curves({}, "x"), "series has 0 lines; give 1 to 6."),
        (
            lambda: figures.cost_curves({"a": ([0, 1], [1, 2])}, "x"),
            "series 'a' must be positive, since both axes are logarithmic; got 0.",
        ),
        (
            lambda: figures.cost_curves({"a": ([1], [2])}, "x", reference=("other", [1], [-1])),
            "series 'other' must be positive, .*; got -1.",
        ),
        (
            lambda: figures.cost_curves({"a": ([1], [float("nan")])}, "x"),
            "series 'a' must be positive, .*; got nan.",
        ),
        (
            lambda: figures.cost_curves({"a": ([1, 2], [1])}, "x"),
            r"series 'a' has x of shape \[2\] and y of shape \[1\]",
        ),
        (lambda: figures.time_bars({}), "times has 0 bars; give 1 to 12."),
        (
            lambda: figures.time_bars({"a": -1.0}),
            "times must not be negative or infinite; got {'a': -1.0}.",
        ),
        (
            lambda: figures.time_bars({"a": 1.0}, marked=["b"]),
            r"marked names 'b', which is none of \['a'\].",
        ),
        (
            lambda: figures.time_bars({"a": 1.0}, spread={"b": (1, 2)}),
            r"spread names 'b', which is none of \['a'\].",
        ),
    ],
)
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
