"""The pictures: each shows what it says, nothing touches, the same call gives the same bytes."""

import functools
import io
import itertools
import subprocess
import sys
import textwrap

import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch
from matplotlib.path import Path
from PIL import Image

from unrolled import figures, reference
from unrolled.figures import style
from unrolled.figures.canvas import fit, text_width
from unrolled.figures.grids import number

PHONE = 4.4  # inches: what is drawn at 100 pixels an inch shrinks to 73 percent in 320 pixels
RING = np.clip(1.4 - np.abs(np.hypot(*np.mgrid[-14:14, -14:14]) - 8) / 2, 0, 1)  # [28, 28]
KERNEL = np.linspace(-2.0, 2.0, 40).reshape(5, 8)  # [D+U, 4U] with D 3, U 2
FALL = np.exp(-np.arange(11) / 3)
THREE_SEVENS = [
    [("seven", 0.4), ("double", 0.6), ("seven", 1)],
    [("seven", 0.4), ("seven", 0.4), ("seven", 1)],
    [("double", 0.25), ("seven", 1), ("seven", 1)],
    [("triple", 0.35), ("seven", 1)],
]
BELIEF = np.random.default_rng(0).dirichlet(np.full(10, 0.2), (2, 28))  # [N, T, C]

LSTM_READS = {
    "split": ["Const:0", "BiasAdd:0"],
    "Add": ["split:2", "Const_2:0"],
    "Sigmoid": ["Add:0"],
    "Mul": ["rnn/while/Identity_3:0", "Sigmoid:0"],
    "Sigmoid_1": ["split:0"],
    "Tanh": ["split:1"],
    "Mul_1": ["Sigmoid_1:0", "Tanh:0"],
    "Add_1": ["Mul:0", "Mul_1:0"],
    "Tanh_1": ["Add_1:0"],
    "Sigmoid_2": ["split:3"],
    "Mul_2": ["Tanh_1:0", "Sigmoid_2:0"],
}
PICTURES = {
    "one number": lambda: figures.one_number(),
    "one number, one step": lambda: figures.one_number([2], -0.5, 0.75),
    "one number, negative": lambda: figures.one_number([1, 0, 0], w_h=-0.5),
    "feedforward and recurrent": lambda: figures.feedforward_and_recurrent(),
    "unrolled": lambda: figures.unrolled(),
    "unrolled hello": lambda: figures.unrolled(5, list("hello"), list("ello."), title="Spelling"),
    "unrolled masked": lambda: figures.unrolled(4, masked=(2, 3)),
    "unrolled unfolded": lambda: figures.unrolled(7, folded=False, masked=[6]),
    "unrolled long": lambda: figures.unrolled(28, outputs=[None] * 27 + ["$y_{27}$"]),
    "unrolled one": lambda: figures.unrolled(1, states=["0", "1"]),
    "unrolled, losses": lambda: figures.unrolled(
        2, outputs=["$L_0$", "$L_1$"], losses=True, folded=False
    ),
    "two steps": lambda: figures.two_steps_back(backward=False),
    "two steps back": lambda: figures.two_steps_back(),
    "two steps back, other weights": lambda: figures.two_steps_back((-1, 0.5), -1.5, 2.0, -1),
    "layer": lambda: figures.layer(),
    "layer on a batch": lambda: figures.layer(3, 5, 4),
    "layer, widest": lambda: figures.layer(8, 8, 6),
    "layer, smallest": lambda: figures.layer(1, 1),
    "kernel": lambda: figures.kernel_blocks(KERNEL[:, :2], 3, [f"$x_{i}$" for i in range(5)]),
    "kernel of an LSTM": lambda: figures.kernel_blocks(KERNEL, 3, column_labels="ijfo"),
    "kernel of a GRU": lambda: figures.kernel_blocks(KERNEL, 1, None, "ru", values=False),
    "kernel for Keras": lambda: figures.kernel_for_keras(),
    "kernel for Keras, smallest": lambda: figures.kernel_for_keras(1, 1),
    "batch": lambda: figures.batch([2, 1, 2, 2], 2),
    "batch of words": lambda: figures.batch(
        [5, 2], 5, ["hello", "hi"], [list("hello"), list("hi") + [None] * 3]
    ),
    "batch of numbers": lambda: figures.batch(range(10), 10, values=np.full((10, 10), 12)),
    "masked loss": lambda: figures.loss_masked(
        "ello.", "elao.", [1, 1, 1, 1, 0], [0.01, 0.2, 1.3, 0.4, 2.2]
    ),
    "layouts": lambda: figures.layouts(),
    "layouts, deep": lambda: figures.layouts(6, 2, 4),
    "slices": lambda: figures.slices(),
    "slices, wide": lambda: figures.slices(6, [5, 6]),
    "sightings": lambda: figures.sightings(
        {"wrong axes": ["alone"], "exploding gradient": []},
        {
            "data": ["lengths", "targets", "table"],
            "first answers": ["first loss", "repeats", "scores"],
            "must not matter": ["samples", "alone", "padding", "future"],
            "learning": ["gradient", "by heart"],
        },
    ),
    "shares": lambda: figures.shares(),
    "ring": lambda: figures.ring(),
    "LSTM in a graph": lambda: figures.lstm_operations(LSTM_READS, "1.0"),
    "any cell": lambda: figures.cell_diagram("any"),
    "opened envelope": lambda: figures.cell_diagram("opened"),
    "basic cell": lambda: figures.cell_diagram("basic"),
    "LSTM cell": lambda: figures.cell_diagram("lstm"),
    "GRU cell": lambda: figures.cell_diagram("gru"),
    "memory line": lambda: figures.memory_line(),
    "memory line with its gates": lambda: figures.memory_line("fio"),
    "gates over time": lambda: figures.gates_over_time(
        FALL, list("!....?....?"), {"f": FALL, "i": 1 - FALL}, -FALL, FALL
    ),
    "seeds side by side": lambda: figures.seeds_side_by_side(
        {"basic": [[0.03, 0.04], [0.1, 0.5]], "LSTM, bias 5": [[0.02, 0.02], [0.03, 0.03]]},
        [6, 50],
        "steps between",
        "error",
        ("always 0", [0.58, 0.55]),
    ),
    "seeds in rows": lambda: figures.seeds_in_rows(
        {"basic, orthogonal": [[0.03, 0.04], [0.1, 0.5]], "LSTM": [[0.02, 0.02], [0.03, 0.03]]},
        ["6 steps", "50 steps"],
        "error (one mark per seed)",
        ("always 0", [0.58, 0.55]),
    ),
    "four shapes": lambda: figures.four_shapes(),
    "encoder and decoder": lambda: figures.encoder_decoder(
        ["4", "2", "$\\$$"], ["forty", "two", "end"]
    ),
    "encoder and decoder, widest": lambda: figures.encoder_decoder("3421", ["hundred"] * 3),
    "forced and alone": lambda: figures.forced_and_alone("four.", "fiur.", "five."),
    "forced and alone, words": lambda: figures.forced_and_alone(
        ["forty", "two", "end"], ["fifty", "two", "end"], ["fifty", "end", "end"]
    ),
    "stack": lambda: figures.stack(),
    "stack with dropout": lambda: figures.stack(5, 28, dropout=True),
    "bidirectional": lambda: figures.bidirectional(),
    "bidirectional, padded": lambda: figures.bidirectional(4, 3),
    "image as rows": lambda: figures.image_as_rows(RING, "a ring"),
    "network": lambda: figures.mnist_network(),
    "network of three layers": lambda: figures.mnist_network(layers=3),
    "network of two steps": lambda: figures.network(["$x_0$", "$x_1$"]),
    "network that spells": lambda: figures.network(
        "hello", "LSTM", 1, "dense", "elloh", names=("reads", "answers")
    ),
    "network with one answer": lambda: figures.network(
        ["row 0", "row 1", None, "row 27"], "basic", 3, "dense", [None, None, None, "digit"]
    ),
    "network of one step": lambda: figures.network(["$x_0$"], head="dense", dropout=True),
    "calls": lambda: figures.calls(
        [
            ("x_data", [3, 4, 3], "B, T, D", "input"),
            ("dynamic_rnn", [3, 4, 5], "B, T, U", "cell"),
            ("reshape", [None, 5], "B \N{MIDDLE DOT} T, U", "shape"),
            ("fully_connected", [12, 5], "B \N{MIDDLE DOT} T, C", "dense"),
            ("embedding_lookup", [3, 5], "B, C", "output"),
        ]
    ),
    "network with dropout": lambda: figures.network(
        ["row 0", None, "row 27"], "GRU", 3, "softmax", ["class", None, "class"], True
    ),
    "questions": lambda: figures.questions(
        {"Is the program there?": "Run it.", "A file .meta\nor .pb?": "Let the graph\npredict."},
        "Search.",
    ),
    "one question": lambda: figures.questions({"Is it?": "Yes, it is."}, "It is not."),
    "streams": lambda: figures.streams("a network with a loop reads one letter at a t"),
    "streams, one row": lambda: figures.streams("one row of text.", 1, 2),
    "streams from zeros": lambda: figures.streams(
        "streams from zeros", 2, 3, "stream", goes_on=False
    ),
    "surprise": lambda: figures.surprise(
        "the state of a loop is what it keeps.", np.arange(37) % 9
    ),
    "unit": lambda: figures.unit("the sea,\nthe sea", np.linspace(-1, 1, 16)),
    "surprise at one letter": lambda: figures.surprise("w", [0.0], columns=3),
    "graph written out": lambda: figures.written_out(),
    "graph of one step": lambda: figures.written_out(1),
    "graph of a loop": lambda: figures.while_loop(),
    "segments": lambda: figures.segments(),
    "then and now": lambda: figures.then_and_now(),
    "stacked bars": lambda: figures.stacked_bars(
        {
            "every output": {
                "static_rnn": (2176, [640, 512, 512, 512]),
                "dynamic_rnn": (2182.3, [640, 512, 512, 512]),
            },
            "the last": {"static_rnn": (1161, [640, 512, 0, 0])},
        },
        ["input and state", "output, for tanh", "output, stacked", "its gradient"],
        "peak memory, KiB",
    ),
    "operations": lambda: figures.operations(
        {"called as it is": ([2, 32, 33, 64], [42, 460, 60, 60]), "loop": ([2, 64], [61, 60])}
    ),
    "graph growth": lambda: figures.graph_growth([2, 4, 8], [20, 40, 80], [41, 41, 41]),
    "curves": lambda: figures.curves(
        {"one layer": FALL + 0.3, "three layers": FALL + 0.17, "GRU": (np.arange(11), FALL + 0.16)},
        "epoch",
        "loss",
        {"the document, one layer": 0.302},
        "Loss",
    ),
    "curves, many": lambda: figures.curves({f"line {i}": FALL for i in range(6)}, "x", "y"),
    "curves, logarithmic": lambda: figures.curves(
        {"falls": 0.5 ** np.arange(20), "grows": 1.5 ** np.arange(20)}, "x", "y", logy=True
    ),
    "curves, less than two powers of ten": lambda: figures.curves(
        {"falls": 0.04 * FALL, "stays": 0 * FALL + 0.003}, "x", "y", logy=True
    ),
    "descent": lambda: figures.descent(
        (FALL + 1, FALL), {"free": [2.0, 1.5, 1.2, 9.0], "held": [1.2, 1.1]}, "w", "loss", 0.9
    ),
    "descent to the left": lambda: figures.descent(
        (FALL + 1, FALL), {"free": [2.0, 1.5, -1.0]}, "w", "loss", 1.0
    ),
    "heat": lambda: figures.heat(KERNEL, "unit", "row", "A kernel"),
    "heat, large": lambda: figures.heat(np.outer(FALL, np.arange(40)), "step", "unit"),
    "heat of counts": lambda: figures.heat(
        np.arange(100).reshape(10, 10),
        "read as",
        "is",
        xticklabels=range(10),
        yticklabels=range(10),
        center_zero=False,
    ),
    "joined steps": lambda: figures.joined_steps(),
    "joined steps, with numbers": lambda: figures.joined_steps([(0.5, -2), (2, 10)] * 4),
    "filled states": lambda: figures.filled_states(),
    "looking back": lambda: figures.looking_back(list("4772"), [0.04, 0.57, 0.35, 0.04], "double"),
    "looking back, shortest": lambda: figures.looking_back(["three", "4"], [0, 1], "four"),
    "search tree": lambda: figures.search_tree(THREE_SEVENS, greedy=0),
    "search tree, smallest": lambda: figures.search_tree([[("yes", 0.3)], [("no", 0.7)]], 1),
    "search tree, beam": lambda: figures.search_tree(THREE_SEVENS, beam=2),
    "search tree, beam of all": lambda: figures.search_tree(THREE_SEVENS, beam=4),
    "beliefs": lambda: figures.beliefs(
        np.stack([RING] * 2), {"one way": BELIEF, "another": BELIEF[:, ::-1]}, [9, 0]
    ),
    "belief, of two": lambda: figures.beliefs(RING[None], {"one way": BELIEF[:1, :, :2]}, [1]),
    "images": lambda: figures.images(np.stack([RING] * 10), titles=range(10)),
    "images in a row": lambda: figures.images(np.stack([RING] * 3), ["7 read as 1"] * 3),
}


@functools.cache
def picture(name):
    """Return a picture that tests look at and do not change, and the text in it."""
    figure = PICTURES[name]()
    return figure, drawn(figure)


every_picture = pytest.mark.parametrize("name", PICTURES)


def drawn(figure):
    """Return (text, box) for all that the figure writes, after drawing it."""
    canvas = FigureCanvasAgg(figure)
    with matplotlib.rc_context(style.RC):
        canvas.draw()
    found = []
    for axes in figure.axes:
        found += [*axes.texts]
        if not axes.axison:
            continue
        found += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label]
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            found += [
                label
                for place, label in zip(axis.get_ticklocs(), axis.get_ticklabels())
                if low <= place <= high
            ]
    renderer = canvas.get_renderer()
    return [
        (text, text.get_window_extent(renderer))
        for text in found
        if text.get_visible() and text.get_text().strip()
    ]


def words(figure):
    return [text.get_text() for text, _ in drawn(figure)]


def padding(figure):
    return sum(patch.get_gid() == "padding" for patch in figure.axes[0].patches)


def touch(a, b, slack=0.5):
    return min(a.x1, b.x1) - max(a.x0, b.x0) > slack and min(a.y1, b.y1) - max(a.y0, b.y0) > slack


def shaft(arrow):
    """Return the path of an arrow without its head, in pixels."""
    path = arrow.get_path().transformed(arrow.get_transform())
    *_, head = [0, *np.flatnonzero(path.codes == Path.MOVETO)[1:]]
    return path if not head else Path(path.vertices[:head], path.codes[:head])


def arrows(figure):
    return [
        patch
        for axes in figure.axes
        for patch in axes.patches
        if isinstance(patch, FancyArrowPatch) and patch.get_gid() == "arrow"
    ]


# -- all pictures -----------------------------------------------------------------------------


@pytest.mark.one_in(3)
@every_picture
def test_is_a_figure_that_fits_a_page(name):
    figure, _ = picture(name)
    assert isinstance(figure, Figure)
    width, height = figure.get_size_inches()
    assert width <= PHONE and height <= 8.0
    assert matplotlib.colors.to_rgba(figure.get_facecolor()) == (1.0, 1.0, 1.0, 1.0)


@pytest.mark.one_in(2)
@every_picture
def test_text_is_on_the_page_and_large_enough(name):
    """The smallest letter or index has 10 CSS pixels in a phone's column of 320."""
    figure, texts = picture(name)
    shown = min(1.0, 320 / (100 * figure.get_size_inches()[0]))
    points = style.smallest_text(figure)
    assert (points is None) == (not texts)
    assert points is None or points * 100 / 72 * shown >= 10.0
    page = figure.bbox
    for text, box in texts:
        assert box.x0 >= page.x0 and box.x1 <= page.x1, text
        assert box.y0 >= page.y0 and box.y1 <= page.y1, text


@every_picture
def test_no_text_touches_another(name):
    for (one, first), (two, second) in itertools.combinations(picture(name)[1], 2):
        assert not touch(first, second), (one.get_text(), two.get_text())


@every_picture
def test_labels_stay_inside_their_nodes(name):
    for text, box in picture(name)[1]:
        if text.get_gid() == "inside":
            node = text.container.get_window_extent()
            assert node.x0 <= box.x0 and box.x1 <= node.x1, text
            assert node.y0 <= box.y0 and box.y1 <= node.y1, text


@every_picture
def test_no_node_or_arrow_runs_through_free_text(name):
    figure, texts = picture(name)
    texts = [(text, box) for text, box in texts if text.get_gid() != "inside"]
    nodes = [
        patch.get_window_extent()
        for axes in figure.axes
        if not axes.axison
        for patch in axes.patches
        if patch.get_zorder() > 2.5
    ]
    lines = [shaft(arrow) for arrow in arrows(figure)]
    for text, box in texts:
        assert not any(touch(box, node) for node in nodes), text
        if text.get_bbox_patch() is None:  # a label with a piece of card behind it interrupts one
            assert not any(line.intersects_bbox(box, filled=False) for line in lines), text


@every_picture
def test_drawing_stays_on_the_page(name):
    figure, _ = picture(name)
    page = figure.bbox
    for axes in figure.axes:
        for patch in axes.patches:
            box = patch.get_window_extent()
            assert box.x0 >= page.x0 and box.x1 <= page.x1, patch
            assert box.y0 >= page.y0 and box.y1 <= page.y1, patch


@every_picture
@pytest.mark.one_in(10)
def test_same_call_same_bytes_and_no_version(name):
    first, second = (figures.png(PICTURES[name](), density=1) for _ in range(2))
    assert first == second
    assert b"atplotlib" not in first and b"Software" not in first


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("word", 20.0),
        ("$x$", 20.0),
        ("two\nlines", 20.0),
        ("$x_t$", 14.0),
        ("$x$ and\n$e^y$", 14.0),
    ],
)
def test_smallest_text_counts_indices(text, points):
    figure = Figure()
    axes = figure.add_subplot()
    axes.set_axis_off()  # its numbers, of 10 points, are not seen
    assert style.smallest_text(figure) is None
    axes.text(0.5, 0.5, text, fontsize=20)
    axes.text(0.5, 0.5, "hidden", fontsize=5, visible=False)
    assert style.smallest_text(figure) == pytest.approx(points)
    axes.set_axis_on()
    assert style.smallest_text(figure) == 10.0


def test_png_says_how_large_its_smallest_text_is():
    """In pixels of the file; a formula's index is smaller than its letter."""
    file = Image.open(io.BytesIO(figures.png(figures.cell_diagram("basic"))))
    index = 0.7 * style.LABEL
    assert float(file.text[style.RECORD]) == pytest.approx(
        min(index, style.SMALL) * 200 / 72, abs=0.01
    )
    blank = Image.open(io.BytesIO(figures.png(figures.images(np.stack([RING])))))
    assert blank.text[style.RECORD] == "none"


def test_png_has_two_pixels_for_one():
    figure = figures.unrolled()
    width, height = figure.get_size_inches()
    header = figures.png(figure)[16:24]
    size = int.from_bytes(header[:4]), int.from_bytes(header[4:])
    assert size == (round(200 * width), round(200 * height))


@pytest.mark.parametrize(
    "draw",
    [
        lambda ax: figures.unrolled(ax=ax),
        lambda ax: figures.batch([1, 2], 2, ax=ax),
        lambda ax: figures.curves({"a": [1, 2]}, "x", "y", ax=ax),
        lambda ax: figures.heat(KERNEL, "x", "y", ax=ax),
        lambda ax: figures.images(np.stack([RING]), ax=ax),
        lambda ax: figures.layouts(ax=ax),
    ],
)
def test_draws_on_the_axes_that_are_given(draw):
    axes = Figure(figsize=(7.2, 4)).add_subplot()
    assert draw(axes) is axes
    assert axes.get_children()


# -- what each picture shows ------------------------------------------------------------------


def test_streams_cut_the_text_and_hand_the_state_on():
    figure = figures.streams("abcdefgh ijk", 2, 3)
    assert [text for text in words(figure) if len(text) == 2] == [
        "ab", "cd", "ef", "gh", "\N{OPEN BOX}i", "jk"
    ]  # fmt: skip
    assert len(arrows(figure)) == 2 * 2 + 2  # within the rows; one between them, shaft and head
    with pytest.raises(ValueError, match="give 9 segments of one length, 1 to 8"):
        figures.streams("abcdefgh")
    from_zeros = PICTURES["streams from zeros"]()
    assert len(arrows(from_zeros)) == 2 * 2 and "stream 1" in words(from_zeros)
    with pytest.raises(ValueError, match="give a shorter label"):
        figures.streams("ab", 1, 1, "a long name")


def test_surprise_is_darker_where_the_loss_is_larger():
    figure = figures.surprise("ab c", [0, 1, 2, 4])
    assert words(figure)[:4] == ["a", "b", "\N{OPEN BOX}", "c"] and "4.0" in words(figure)
    shades = [sum(patch.get_facecolor()[:3]) for patch in figure.axes[0].patches[:4]]
    assert shades == sorted(shades, reverse=True) and len(set(shades)) == 4
    assert "loss 0" in words(figure)
    assert "bits 0" in words(figures.surprise("ab", [0, 1], key="bits"))
    for wrong in ([1, 2], [0, 1, -1, 2]):
        with pytest.raises(ValueError, match="a number of at least 0 for each of the 4 letters"):
            figures.surprise("ab c", wrong)


def test_unit_has_one_colour_for_each_sign():
    figure = figures.unit("ab\nc", [-1, -0.5, 0.5, 1])
    assert words(figure)[:4] == ["a", "b", "\N{RETURN SYMBOL}", "c"] and "+1" in words(figure)
    blues = [
        patch.get_facecolor()[2] - patch.get_facecolor()[0] for patch in figure.axes[0].patches[:4]
    ]
    assert blues[0] > 0 and blues[1] > 0 > blues[2] and blues[3] < 0
    for wrong in ([1, 2, 0, 0], [0, 1]):
        with pytest.raises(ValueError, match="a number from -1 to 1 for each of the 4 letters"):
            figures.unit("ab\nc", wrong)


def test_beliefs_have_a_row_for_each_row_and_the_right_class_in_bold():
    figure = figures.beliefs(RING[None], {"one way": BELIEF[:1]}, [9])
    page, belief = (image.get_extent() for image in figure.axes[0].images)
    assert page[2:] == belief[2:]  # row beside row
    assert words(figure)[1:4] == ["one way", "0", "9"]  # the rows are counted on the left
    np.testing.assert_array_equal(figure.axes[0].images[1].get_array(), BELIEF[0])
    bold = [text.get_text() for text, _ in drawn(figure) if text.get_weight() == "bold"]
    assert bold == ["9"]


def test_joined_steps_halve_in_number_at_each_round():
    found = words(figures.joined_steps())
    assert [found.count(each) for each in ("0", "0\N{EN DASH}1", "4\N{EN DASH}7")] == [1, 1, 1]
    assert len(found) == 8 + 4 + 2 + 1


def test_joined_steps_say_what_each_does_to_a_state():
    found = words(figures.joined_steps([(1, 3), (2, 1), (1, -2), (0.5, 1)] + [(1, 0)] * 4))
    times = "\N{MULTIPLICATION SIGN}"
    assert f"2\n{times}1\n\N{MINUS SIGN}2" in found
    assert f"0\N{EN DASH}1\n{times}2 +7" in found
    assert f"0\N{EN DASH}3\n{times}1 +3.5" in found
    with pytest.raises(ValueError, match="steps has 2 entries; give 8"):
        figures.joined_steps([(1, 3), (2, 1)])


def test_looking_back_shows_every_weight():
    figure = figures.looking_back(list("47"), [0.25, 0.75], "four")
    found = words(figure)
    assert {"0.25", "0.75", "$m_0$", "$m_1$", "four", "$q \\cdot k_s$"} <= set(found)
    for wrong in ([1.0], [0.5, 1.5]):
        with pytest.raises(ValueError, match="weights must be 2 numbers from 0 to 1"):
            figures.looking_back(list("47"), wrong, "four")
    with pytest.raises(ValueError, match="the length of source"):
        figures.looking_back(list("47724"), [0.2] * 5, "four")


def test_the_query_meets_every_weight():
    figure = figures.looking_back(list("4772"), [0.02, 0.95, 0.02, 0.01], "double")
    patches = figure.axes[0].patches
    (frame,) = [each for each in patches if each.get_gid() == "all weights"]
    around = frame.get_bbox()
    inside = [text for text in figure.axes[0].texts if text.get_text().startswith("0.")]
    assert len(inside) == 4
    assert all(around.contains(*text.get_position()) for text in inside)


def test_search_tree_multiplies_along_each_way():
    figure = figures.search_tree(THREE_SEVENS, greedy=0)
    texts = [text for text, _ in drawn(figure)]
    assert [text.get_text() for text in texts].count("double") == 2
    products = {text.get_text(): text.get_weight() for text in texts if text.get_weight() == "bold"}
    assert products == {"0.35": "bold"}
    thick = [arrow for arrow in arrows(figure) if arrow.get_linewidth() == 4.0]
    assert len(thick) == 3 and len(arrows(figure)) == 3 + 2 + 3 + 2
    with pytest.raises(ValueError, match="the number of answers"):
        figures.search_tree(THREE_SEVENS[:1], greedy=0)


def test_search_tree_hatches_what_a_beam_drops():
    figure = figures.search_tree(THREE_SEVENS, beam=2)
    texts = [text for text, _ in drawn(figure)]
    said = [text.get_text() for text in texts]
    assert [said.count(word) for word in ("seven", "double", "triple")] == [4, 2, 1]
    assert [text.get_text() for text in texts if text.get_weight() == "bold"] == ["0.35"]
    assert padding(figure) == 2 and {"0.25", "0.16", "kept", "dropped"} <= set(said)
    greedy = figures.search_tree(THREE_SEVENS, beam=1)
    assert words(greedy).count("0.24") == 2 and "triple" in words(greedy)
    for given in ({}, {"greedy": 0, "beam": 2}):
        with pytest.raises(ValueError, match="give one of them"):
            figures.search_tree(THREE_SEVENS, **given)


def test_filled_states_are_all_there_in_the_last_row():
    found = words(figures.filled_states())
    assert [found.count(f"$h_{step}$") for step in range(8)] == [1, 2, 1, 3, 1, 2, 1, 3]


def test_one_number_writes_each_product_and_each_sum():
    found = words(figures.one_number([1, 0, 0, 1], w_x=1, w_h=0.5))
    assert [text for text in found if text.startswith("\N{MULTIPLICATION SIGN}")] == [
        "\N{MULTIPLICATION SIGN}0.5",
        "\N{MULTIPLICATION SIGN}1",
    ] * 4
    for products_and_sums in ("0.5", "0.25", "0.125", "1.125"):
        assert products_and_sums in found
    assert {"$x_0$", "$x_3$", "$h_0$", "$h_3$"} <= set(found)


def test_descent_says_where_a_path_that_leaves_has_gone():
    curve = np.linspace(1, 2, 11), np.linspace(0, 1, 11)
    paths = {"free": [2.0, 1.5, 9.25, 1.1], "held": [2.0, 1.9]}
    figure = figures.descent(curve, paths, "w", "loss", 0.8)
    _, free, held = figure.axes[0].lines
    assert free.get_xydata().tolist() == [[2.0, 1.0], [1.5, 0.5]]
    assert held.get_xydata()[:, 0].tolist() == paths["held"]
    assert [word for word in words(figure) if "to" in word] == ["to 9.25 "]
    for wrong in ({}, {name: [1.5] for name in "abcd"}):
        with pytest.raises(ValueError, match="give 1 to 3"):
            figures.descent(curve, wrong, "w", "loss", 0.8)
    with pytest.raises(ValueError, match="two vectors"):
        figures.descent((1.0, 2.0), paths, "w", "loss", 0.8)


def test_two_steps_writes_values_and_gradients():
    """The gradients are those of `reference`: a kernel of one input and one unit."""
    x, kernel, target = np.array([[[1.0], [-1.0]]]), np.array([[0.5], [0.8]]), 1.0
    states = reference.forward(x, kernel, np.zeros(1))
    network = reference.Parameters(kernel, np.zeros(1), np.ones((1, 1)), np.zeros(1))
    d_logits = np.array([[[0.0], [states[0, 2, 0] - target]]])
    back = reference.backward(x, states, network, d_logits)
    red = [
        text.get_text()
        for text, _ in drawn(figures.two_steps_back())
        if text.get_weight() == "bold"
    ]
    shares = [float(word[3:].replace("\N{MINUS SIGN}", "-")) for word in red if word[:3] == "w: "]
    assert np.allclose(shares[0] + shares[1], back.parameters.kernel[0], atol=0.01)
    assert np.allclose(shares[2], back.parameters.kernel[1], atol=0.005)
    assert {number(value) for value in back.states[0, 1:, 0]} <= set(red)
    d_z1 = back.states[0, 2, 0] * (1 - states[0, 2, 0] ** 2)
    assert red.count(number(d_z1)) == 2  # at the sum, and on its way back from there
    forwards = words(figures.two_steps_back(backward=False))
    assert {number(value) for value in states[0, 1:, 0]} <= set(forwards)
    assert {number(-0.5), number(0.8 * states[0, 1, 0])} <= set(forwards)  # the terms of step 1
    assert not [word for word in forwards if word[:3] == "w: "]
    with pytest.raises(ValueError, match="x has 3 entries"):
        figures.two_steps_back((1, 2, 3))


def test_unrolled_writes_the_labels_it_is_given():
    found = words(
        figures.unrolled(
            3, ["a", "b", "c"], ["d", "", None], ["p", "q", "r", "s"], folded=False, title="A title"
        )
    )
    assert sorted(found) == sorted(
        ["a", "b", "c", "d", "p", "q", "r", "s", "A title"] + ["cell"] * 3
    )


def rows_of_cells(figure):
    return len({round(box.y0) for text, box in drawn(figure) if text.get_text() == "cell"})


@pytest.mark.parametrize(
    ("steps", "folded", "rows"),
    [(1, True, 1), (3, True, 1), (4, True, 2), (5, True, 2), (4, False, 1), (5, False, 2)],
)
def test_a_chain_that_a_phone_cannot_hold_has_two_rows(steps, folded, rows):
    figure = figures.unrolled(steps, folded=folded)
    assert rows_of_cells(figure) == rows
    assert words(figure).count("cell") == steps + folded
    ways = [shaft(arrow).vertices[:, 1] for arrow in arrows(figure)]
    turns = [way for way in ways if np.ptp(way) > 1.5 * 100 and way[-1] < way[0]]
    assert len(turns) == rows - 1  # the state's way down to the next row


def test_unrolled_folded_has_one_more_cell():
    folded, alone = figures.unrolled(3), figures.unrolled(3, folded=False)
    assert (words(folded).count("cell"), words(alone).count("cell")) == (4, 3)
    assert "=" in words(folded) and "=" not in words(alone)


def test_masked_steps_are_hatched_and_hand_the_state_on():
    figure = figures.unrolled(4, masked=(2, 3), folded=False)
    assert padding(figure) == 2 * 3  # input, cell and output of two steps
    found = words(figure)
    assert found.count("0") == 2 and found.count("cell") == 2
    assert found.count("$h_{1}$") == 3 and "$h_{2}$" not in found


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_kernel_feeds_the_product_of_every_step(steps):
    figure = figures.written_out(steps)
    found = words(figure)
    assert found.count("kernel K") == 1
    assert found.count("[x h]\n@ K") == found.count("tanh") == steps


def test_a_loop_has_one_cell_and_three_variables():
    found = words(figures.while_loop())
    assert found.count("cell") == found.count("kernel") == 1 and found.count("0") == 2
    assert {"t", "h", "outputs"} <= set(found)


def test_each_way_back_enters_above_its_own_column_and_two_ways_lead_out():
    paths = [shaft(arrow).vertices / 100 for arrow in arrows(figures.while_loop())]  # inches
    back = [path for path in paths if path[:, 0].max() > 3.6]
    assert [path[-1, 0] for path in back] == pytest.approx([1.03, 1.95, 3.08], abs=0.05)
    assert len({round(path[-1, 1], 2) for path in back}) == 3  # none joins another
    assert sum(path[-1, 0] < 0.5 for path in paths) == 2


def test_the_number_of_the_step_leads_to_the_input_and_to_the_output():
    ends = [shaft(arrow).vertices[-1] / 100 for arrow in arrows(figures.while_loop())]  # inches
    assert any(np.allclose(end, (1.57, 0.55), atol=0.05) for end in ends)  # beside x_t
    assert any(np.allclose(end, (2.85, 2.32), atol=0.05) for end in ends)  # above "write"


def test_the_state_crosses_the_cut_and_no_gradient_does():
    figure = figures.segments()
    assert {"cut", "gradient", "$h_1$"} <= set(words(figure))
    shafts = {arrow: shaft(arrow).vertices[:, 0] / 100 for arrow in arrows(figure)}  # inches
    crossing = [arrow for arrow, x in shafts.items() if x.min() < 2.25 < x.max()]
    assert len(crossing) == 1 and crossing[0].get_linewidth() > 2
    back = [arrow for arrow, x in shafts.items() if x[-1] < x[0]]
    assert len(back) == 4 and not {*back} & {*crossing}


def test_every_bar_has_its_number_and_its_parts():
    figure = PICTURES["stacked bars"]()
    assert len(figure.axes[0].patches) == 4 + 4 + 2
    assert {"2,176", "2,182", "1,161", "every output"} <= set(words(figure))
    with pytest.raises(ValueError, match="0 names; give 1 to 5"):
        figures.stacked_bars({}, [], "x")
    with pytest.raises(ValueError, match="'a' has 1 parts; give 2"):
        figures.stacked_bars({"loss": {"a": (1.0, [1.0])}}, ["b", "c"], "x")


def test_growth_is_ticked_where_it_was_counted():
    axes = PICTURES["graph growth"]().axes[0]
    assert list(axes.get_xticks()) == [2, 4, 8]
    assert axes.get_ylim()[0] == 0
    with pytest.raises(ValueError, match="give logy or from_zero"):
        figures.curves({"a": [1, 2]}, "x", "y", logy=True, from_zero=True)


def test_operations_are_counted_from_zero():
    axes = PICTURES["operations"]().axes[0]
    assert axes.get_ylim()[0] == 0.0
    assert list(axes.get_xticks()) == [8, 16, 32, 64]
    with pytest.raises(ValueError, match="0 lines; give 1 to 6"):
        figures.operations({})


def test_a_long_chain_shows_its_ends():
    found = words(figures.unrolled(28, folded=False))
    assert {"$x_{0}$", "$x_{2}$", "$x_{27}$", r"$\cdots$"} <= set(found)
    assert "$x_{3}$" not in found


@pytest.mark.parametrize(
    ("batch", "shapes"),
    [
        (None, ["$x_t$ [3]", "$h_{t-1}$ [5]", "$h_t$ [5]"]),
        (4, ["$X_t$ [4, 3]", "$H_{t-1}$ [4, 5]", "$H_t$ [4, 5]"]),
    ],
)
def test_layer_writes_its_shapes(batch, shapes):
    found = words(figures.layer(3, 5, batch))
    assert {"$W_x$ [3, 5]", "$W_h$ [5, 5]", "$b$ [5]", *shapes} <= set(found)


def test_kernel_is_split_where_the_inputs_end():
    figure = figures.kernel_blocks(KERNEL, 3, column_labels="ijfo")
    found = words(figure)
    assert {"input rows [3, 8]", "state rows [2, 8]", *"ijfo"} <= set(found)
    assert [number(value) in found for value in KERNEL.ravel()] == [True] * 40
    fills = [matplotlib.colors.to_hex(patch.get_facecolor()) for patch in figure.axes[0].patches]
    assert fills == [style.INPUT[0]] * 24 + [style.CELL[0]] * 16


def test_kernel_for_keras_is_cut_and_two_of_its_blocks_change_places():
    figure = figures.kernel_for_keras(3, 2)
    found = words(figure)
    assert [text for text in found if len(text) == 1] == list("ijfoifco")
    assert {"cell: kernel [5, 8]", "Keras: kernel [3, 8]", "recurrent_kernel [2, 8]"} <= set(found)
    assert len(arrows(figure)) == 4
    patches = [patch for patch in figure.axes[0].patches if patch not in arrows(figure)]
    assert len(patches) == 2 * (5 + 1) * 8  # every weight is there above, and again below


def test_calls_write_shapes_and_letters():
    chain = [("x", [3, None], "B, T", "input"), ("cell", [3, 4], "B, U", "output")]
    assert words(figures.calls(chain)) == ["x", "[3, ?]", "[B, T]", "cell", "[3, 4]", "[B, U]"]
    with pytest.raises(ValueError, match="kind is 'wide'; give one of input, cell, dense"):
        figures.calls([chain[0], ("y", [1], "B", "wide")])


@pytest.mark.parametrize("lengths", [[2, 1, 2, 2], [0, 5, 3], [4]])
def test_batch_hatches_what_lies_past_the_lengths(lengths):
    steps = max(lengths)
    assert padding(figures.batch(lengths, steps)) == sum(steps - length for length in lengths)


def test_batch_writes_values_and_labels():
    found = words(figures.batch([1, 2], 2, ["one", "two"], np.array([[1.0, 0.0], [1.0, -0.5]])))
    assert found.count("1") == 3 and "\N{MINUS SIGN}0.50" in found  # two values and a step
    assert {"one", "two", "real step", "padding"} <= set(found)


def test_batch_without_padding_has_no_key():
    assert not {"real step", "padding"} & set(words(figures.batch([2, 2], 2)))


def test_masked_loss_hatches_steps_without_weight():
    figure = figures.loss_masked("ab.", "ac.", [1, 1, 0])
    assert padding(figure) == 3
    assert "loss" not in words(figure)
    assert "loss" in words(figures.loss_masked("ab.", "ac.", [1, 1, 0], [0, 1, 2]))


def test_layouts_mark_the_same_entries_in_both():
    batch, steps, depth = 4, 3, 2
    figure = figures.layouts(batch, steps, depth)
    tiles = figure.axes[0].patches
    middle = figure.get_size_inches()[1] / 2
    upper = [tile for tile in tiles if tile.get_y() > middle]
    lower = [tile for tile in tiles if tile.get_y() < middle]
    for panel in (upper, lower):  # the key adds one of each
        fills = [matplotlib.colors.to_hex(tile.get_facecolor()) for tile in panel]
        assert sum(fill != style.INPUT[0] for fill in fills) == batch * depth + 1
        assert sum(bool(tile.get_hatch()) for tile in panel) == steps * depth + 1
    assert words(figure).count("x[:, -1]") == 2


def test_slices_say_which_block_fits():
    figure = figures.slices(4, [2, 4])
    assert {"2 rows, 4 labels", "4 rows, 4 labels", "an error", "no error"} <= set(words(figure))
    hatched = [tile for tile in figure.axes[0].patches if tile.get_hatch()]
    assert len(hatched) == 2 + 4 + 1  # the key adds one
    with pytest.raises(ValueError, match="give two, one for each block"):
        figures.slices(4, [2])
    with pytest.raises(ValueError, match=r"steps\[1\]"):
        figures.slices(4, [2, 9])


def test_an_lstm_has_an_arrow_for_each_thing_that_is_read():
    figure = figures.lstm_operations(LSTM_READS, "0.5")
    assert {"0.5", "old c", "split", "Mul_2", "0", "1", "2", "3"} <= set(words(figure))
    assert len(arrows(figure)) == sum(map(len, LSTM_READS.values())) - 2  # of split: not drawn
    with pytest.raises(ValueError, match="give the operations of one BasicLSTMCell"):
        figures.lstm_operations({"MatMul": []}, "1.0")


def test_in_a_ring_all_end_with_the_sum():
    figure = figures.ring()
    assert words(figure).count("sum") == 3 + 9
    assert len(arrows(figure)) == 3 * 4  # the one around the end has two parts


def test_sightings_have_a_dot_for_each():
    seen = {"axes": ["alone", "padding"], "kernel": []}
    groups = {"data": ["lengths"], "invariance": ["alone", "padding"]}
    figure = figures.sightings(seen, groups)
    dots = [p for p in figure.axes[0].patches if isinstance(p, matplotlib.patches.Circle)]
    assert len(dots) == 2
    assert {"axes", "kernel", "lengths", "alone", "padding"} <= set(words(figure))
    assert set(groups) <= set(words(figure))
    with pytest.raises(ValueError, match="groups lacks"):
        figures.sightings({"axes": ["other"]}, groups)
    with pytest.raises(ValueError, match="0 mistakes"):
        figures.sightings({}, groups)


@pytest.mark.parametrize(
    ("kind", "layers", "pointwise", "states"),
    [
        ("basic", ["tanh"], [], {"$h_{t-1}$", "$h_t$"}),
        (
            "lstm",
            [r"$\sigma$"] * 3 + ["tanh"] * 2,
            ["+", *"×××"],
            {"$c_{t-1}$", "$c_t$", "$h_{t-1}$", "$h_t$", "$i$", "$j$", "$f$", "$o$"},
        ),
        ("gru", [r"$\sigma$"] * 2 + ["tanh"], ["+", "1−", *"×××"], {"$r$", "$u$"}),
    ],
)
def test_cells_have_their_gates(kind, layers, pointwise, states):
    found = words(figures.cell_diagram(kind))
    assert sorted(word for word in found if word in {r"$\sigma$", "tanh"}) == sorted(layers)
    assert sorted(word for word in found if word in {"+", "1−", "×"}) == sorted(pointwise)
    assert states <= set(found)


def test_four_shapes_are_named():
    assert [name.replace("\n", " ") for name in words(figures.four_shapes())] == [
        "sequence to vector",
        "sequence to sequence",
        "vector to sequence",
        "encoder and decoder",
    ]


def test_five_cells_fit_in_one_row():
    one, two = (figures.unrolled(5, folded=False, one_row=each) for each in (True, False))
    assert words(one) == words(two) and one.get_figheight() < two.get_figheight()
    for arguments in ({"steps": 6, "folded": False}, {"steps": 3}):
        with pytest.raises(ValueError, match="at most 5 steps, and folded=False"):
            figures.unrolled(**arguments, one_row=True)


def test_decoder_feeds_back_what_it_wrote():
    figure = figures.encoder_decoder("42.", ["forty", "two", "end"])
    found = words(figure)
    assert [found.count(word) for word in ("4", "2", "–", "forty", "two", "end")] == [
        1,
        1,
        1,
        2,
        2,
        1,
    ]
    dashed = [arrow for arrow in arrows(figure) if arrow.get_linestyle() not in ("-", "solid")]
    assert len(dashed) == 2  # one from each word but the last
    with pytest.raises(ValueError, match="the length of words is 4"):
        figures.encoder_decoder("42.", ["a"] * 4)


def test_what_follows_a_mistake_is_read_from_what_was_written():
    found = words(figures.forced_and_alone("four.", "fiur.", "five."))
    assert found.count("×") == 1 + 3  # one letter is wrong when forced, three alone
    assert [found.count(letter) for letter in "fouive"] == [4, 1, 2, 3, 2, 2]
    with pytest.raises(ValueError, match="alone has 4 entries; give 5"):
        figures.forced_and_alone("four.", "fiur.", "five")


def test_stack_has_a_cell_for_each_layer_and_step():
    plain, dropped = figures.stack(3, 4), figures.stack(3, 4, dropout=True)
    assert words(plain).count("cell") == 12
    assert {"layer 0", "layer 2"} <= set(words(plain)) and "layer 3" not in words(plain)
    assert "dropout" in words(dropped) and "dropout" not in words(plain)
    dashed = [arrow for arrow in arrows(dropped) if arrow.get_linestyle() not in ("-", "solid")]
    assert len(dashed) == 2 * 4 + 1  # between three layers, and the key


def test_backward_chain_starts_at_the_last_real_step():
    full, short = figures.bidirectional(4), figures.bidirectional(4, 3)
    assert padding(full) == 0 and padding(short) == 5
    # The inputs and outputs of a step; the forward state goes on past the end, unchanged.
    assert len(arrows(full)) - len(arrows(short)) == 4 + 1
    assert {r"$h_{\mathrm{fw}}$", r"$h_{\mathrm{bw}}$"} <= set(words(short))


def test_image_is_cut_into_all_its_rows():
    figure = figures.image_as_rows(RING, "a ring")
    painted = figure.axes[0].images
    assert len(painted) == 1 + 28
    assert np.array_equal(painted[0].get_array(), RING)
    assert np.array_equal(painted[1 + 9].get_array()[0], RING[9])
    assert len({image.get_clim() for image in painted}) == 1
    assert {"a ring:", "[28, 28]", "$x_{0}$", "28 inputs", "$x_{27}$"} <= set(words(figure))


def test_network_names_its_constants():
    found = words(figures.mnist_network(28, 28, 31, 10, layers=3))
    assert {"row 0", "row 27", "layer 2", "31 units", "[31, 10]", "10 scores", "28 inputs"} <= set(
        found
    )


def test_curves_differ_without_colour_and_are_named_at_their_ends():
    figure = figures.curves({f"line {i}": FALL for i in range(6)}, "x", "y", {"chance": 0.125})
    lines = [line for line in figure.axes[0].lines if line.get_marker() not in ("None", "", None)]
    assert len({line.get_marker() for line in lines}) == 6
    assert len({str(line._dash_pattern) for line in lines}) == 6
    assert {"chance 0.125", *(f"line {i}" for i in range(6))} <= set(words(figure))


def test_curves_keep_their_data():
    figure = figures.curves({"a": ([1, 3], [2.0, 4.0])}, "x", "y", logy=True)
    line = figure.axes[0].lines[0]
    assert line.get_xydata().tolist() == [[1, 2], [3, 4]]
    assert figure.axes[0].get_yscale() == "log"


def test_few_powers_of_ten_are_plain_numbers():
    found = words(PICTURES["curves, less than two powers of ten"]())
    assert {"0.005", "0.01", "0.02"} <= set(found)
    assert "$\\mathdefault{10^{4}}$" in words(PICTURES["curves, logarithmic"]())


@pytest.mark.parametrize("ends", [(0.18, 0.6), (0.28, 0.4), (1.5, 9), (3, 60)])
def test_a_logarithmic_axis_has_three_numbers_at_least(ends):
    axes = figures.curves({"loss": list(ends)}, "x", "y", logy=True).axes[0]
    low, high = axes.get_ylim()
    assert 3 <= sum(low <= tick <= high for tick in axes.get_yticks()) <= 8


def test_names_stand_in_the_order_of_their_lines():
    figure = figures.curves({"low": [1, 1], "high": [1, 1.02], "middle": [1, 1.01]}, "x", "y")
    heights = {text.get_text(): box.y0 for text, box in drawn(figure)}
    assert heights["low"] < heights["middle"] < heights["high"]


def test_heat_writes_numbers_where_there_are_few():
    assert "\N{MINUS SIGN}2" in words(figures.heat(KERNEL[:, :6], "x", "y"))
    assert "0.123" in words(figures.heat([[0.1234]], "x", "y", digits=3))
    assert len(figures.heat(np.zeros((31, 28)), "x", "y").axes) == 2  # a colour bar instead


def test_heat_is_white_at_zero():
    picture = figures.heat([[-1.0, 3.0]], "x", "y").axes[0].images[0]
    assert np.allclose(picture.cmap(picture.norm(0.0)), 1.0, atol=0.01)


def test_images_are_all_there():
    figure = figures.images(np.arange(10 * 4).reshape(10, 2, 2), columns=4)
    assert len(figure.axes[0].images) == 10


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (1.0, "1"),
        (True, "1"),
        (0.004, "0.00"),
        (-0.004, "0.00"),
        (-0.0, "0"),
        (np.float32(-0.5), "\N{MINUS SIGN}0.50"),
        ("h", "h"),
        (None, ""),
        (float("nan"), "nan"),
        (np.int64(-12), "\N{MINUS SIGN}12"),
    ],
)
def test_numbers_are_short(value, text):
    assert number(value) == text


def test_labels_shrink_until_they_fit():
    assert fit("a", 1.0, 14.0) == 14.0
    smaller = fit("prediction", 0.8, 14.0)
    assert style.SMALLEST <= smaller < 14.0 and text_width("prediction", smaller) <= 0.8


def test_kinds_differ_in_grey():
    """Edges of the drawn kinds, and the lines of plots, keep apart from the white card in grey."""
    colours = [pair[1] for pair in (style.INPUT, style.CELL, style.OUTPUT, style.OTHER)]
    for colour in [*colours, *(line["color"] for line in style.LINES), style.MUTED, style.INK]:
        linear = [
            (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
            for c in matplotlib.colors.to_rgb(colour)
        ]
        luminance = np.dot(linear, [0.2126, 0.7152, 0.0722])
        assert 1.05 / (luminance + 0.05) >= 4.0, colour


# -- mistakes ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (
            lambda: figures.layer(0),
            ValueError,
            "num_inputs is 0; give a whole number from 1 to 8.",
        ),
        (
            lambda: figures.layer(2.5),
            TypeError,
            "num_inputs is 2.5; give a whole number from 1 to 8.",
        ),
        (
            lambda: figures.layer(True),
            TypeError,
            "num_inputs is True; give a whole number from 1 to 8.",
        ),
        (
            lambda: figures.unrolled(3, inputs=["a"]),
            ValueError,
            "inputs has 1 entries; give 3, one for each.",
        ),
        (
            lambda: figures.unrolled(3, states=["a"]),
            ValueError,
            "states has 1 entries; give 3, one after each step, or 4 with the initial state first.",
        ),
        (
            lambda: figures.unrolled(3, masked=[3]),
            ValueError,
            "masked names step 3; give steps from 0 to 2.",
        ),
        (
            lambda: figures.unrolled(1, inputs=["disestablishmentarian"]),
            ValueError,
            "label 'disestablishmentarian' is 1.8 inches wide where 1.1 are free; give a shorter label.",
        ),
        (
            lambda: figures.kernel_blocks(np.zeros(3), 1),
            ValueError,
            "kernel has shape [3]; give rows and columns.",
        ),
        (
            lambda: figures.kernel_blocks(np.zeros((5, 2)), 5),
            ValueError,
            "num_inputs is 5; give a whole number from 1 to 4.",
        ),
        (
            lambda: figures.kernel_blocks(KERNEL, 3, column_labels="abc"),
            ValueError,
            "column_labels has 3 entries, which do not divide the kernel's 8 columns into equal blocks.",
        ),
        (
            lambda: figures.kernel_blocks(np.zeros((5, 12)), 3),
            ValueError,
            "kernel has 12 columns, too many to print; pass values=False.",
        ),
        (
            lambda: figures.batch([3], 2),
            ValueError,
            "lengths[0] is 3; give a whole number from 0 to 2.",
        ),
        (lambda: figures.batch(2, 2), ValueError, "lengths is 2; give one length for each row."),
        (lambda: figures.batch([], 2), ValueError, "lengths has 0 rows; give 1 to 10."),
        (
            lambda: figures.batch([1, 2], 2, labels=["a"]),
            ValueError,
            "labels has 1 entries; give 2, one for each.",
        ),
        (
            lambda: figures.batch([1, 2], 2, values=[[1, 2]]),
            ValueError,
            "values has rows of [2] entries; give 2 rows of 2.",
        ),
        (
            lambda: figures.loss_masked("abc", "ab", [1, 1, 1]),
            ValueError,
            "prediction has 2 entries; give 3, one for each target.",
        ),
        (
            lambda: figures.cell_diagram("peephole"),
            ValueError,
            "kind is 'peephole'; give one of 'any', 'opened', 'basic', 'lstm', 'gru'.",
        ),
        (
            lambda: figures.bidirectional(3, 4),
            ValueError,
            "length is 4; give a whole number from 0 to 3.",
        ),
        (
            lambda: figures.image_as_rows(np.zeros((2, 28, 28))),
            ValueError,
            "image has shape [2, 28, 28]; give one image [T, D], both at least 4.",
        ),
        (
            lambda: figures.beliefs(RING, {"one way": BELIEF}, [9, 0]),
            ValueError,
            "images has shape [28, 28]; give 1 to 4 images [N, T, D], and as many labels, of which "
            "there are 2.",
        ),
        (
            lambda: figures.beliefs(RING[None], {}, [9]),
            ValueError,
            "given has 0 names; give 1 or 2.",
        ),
        (
            lambda: figures.beliefs(RING[None], {"one way": BELIEF}, [9]),
            ValueError,
            "'one way' has shape [2, 28, 10]; give [N, T, C] for images of shape [1, 28, 28], with "
            "more classes than the highest label, and at most 10.",
        ),
        (
            lambda: figures.images(RING),
            ValueError,
            "array has shape [28, 28]; give images [N, height, width].",
        ),
        (lambda: figures.curves({}, "x", "y"), ValueError, "series has 0 lines; give 1 to 6."),
        (
            lambda: figures.curves({"a": ([1], [1, 2])}, "x", "y"),
            ValueError,
            "series 'a' has x of shape [1] and y of shape [2]; give two vectors of the same length.",
        ),
        (
            lambda: figures.curves({"a": [0.0, -1.0]}, "x", "y", logy=True),
            ValueError,
            "logy is True, but no value of series is positive; give logy=False.",
        ),
        (
            lambda: figures.heat([1, 2], "x", "y"),
            ValueError,
            "matrix has shape [2]; give rows and columns.",
        ),
        (
            lambda: figures.heat(KERNEL, "x", "y", xticklabels=["a"]),
            ValueError,
            "xticklabels has 1 entries; give 8, one for each.",
        ),
    ],
)
def test_mistakes_are_said_in_one_sentence(call, error, message):
    with pytest.raises(error) as caught:
        call()
    assert str(caught.value) == message


# -- where the pictures are shown -------------------------------------------------------------


def run(code):
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_neither_tensorflow_nor_pyplot_is_imported():
    found = run("""
        import sys
        from unrolled import figures
        figures.use_style()
        figures.unrolled()
        unwanted = ("tensorflow", "keras", "matplotlib.pyplot")
        print([name for name in unwanted if name in sys.modules])
        """)
    assert found == ["[]"]


def test_style_does_not_change_the_bytes():
    code = """
        import hashlib
        from unrolled import figures
        {style}
        picture = figures.curves({{"a": [1, 2, 3]}}, "x", "y")
        print(hashlib.sha256(figures.png(picture)).hexdigest())
        """
    assert run(code.format(style="")) == run(code.format(style="figures.use_style()"))


@pytest.mark.one_in(2)
@pytest.mark.parametrize("pyplot", ["", "import matplotlib.pyplot"])
def test_a_notebook_shows_them_at_twice_the_density_without_a_version(pyplot):
    pytest.importorskip("IPython")
    found = run(f"""
        import base64, os
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        from unrolled import figures
        figures.use_style()
        {pyplot}
        figure = figures.unrolled()
        data, metadata = shell.display_formatter.format(figure)
        image = data["image/png"]
        image = base64.b64decode(image) if isinstance(image, str) else image
        width = round(100 * figure.get_size_inches()[0])
        print(int.from_bytes(image[16:20]) == 2 * width, metadata["image/png"]["width"] == width,
              b"Software" in image, image == figures.png(figure))
        """)
    assert found == ["True", "True", "False", "True"]


def test_memory_line_has_the_gates_it_is_given():
    for gates in ("", "f", "fi", "fio"):
        found = words(figures.memory_line(gates))
        assert [f"${gate}$" in found for gate in "fio"] == [gate in gates for gate in "fio"]
        assert found.count("\N{MULTIPLICATION SIGN}") == len(gates)
    with pytest.raises(ValueError, match="letters of 'fio'"):
        figures.memory_line("fj")


def test_a_gate_is_filled_as_far_as_it_is_open():
    openings = [0.0, 0.25, 1.0]
    figure = figures.gates_over_time([0, 0, 0], "!.?", {"f": openings}, [0, 0, 0], [0, 0, 0])
    filled = [
        patch.get_height()
        for patch in figure.axes[0].patches
        if matplotlib.colors.to_hex(patch.get_facecolor()) == style.CELL[0]
    ]
    assert np.allclose(filled, [0, 0.25 * filled[-1], filled[-1]])
    assert {"reads", "says", "$c$", "$f$", "!", ".", "?", "±1"} == set(words(figure))


def test_bars_say_how_long_the_longest_is():
    figure = figures.gates_over_time([0.5, -0.93], "!.", {}, [2.5, 0], [0.25, 0])
    assert [word for word in words(figure) if word.startswith("±")] == ["±0.93", "±2.5", "±0.25"]


def test_only_cells_with_pointwise_operations_explain_their_sign():
    assert "layer with weights" not in words(figures.cell_diagram("any"))
    for kind, explained in (("basic", False), ("lstm", True), ("gru", True)):
        found = words(figures.cell_diagram(kind))
        assert "layer with weights" in found
        assert ("pointwise, no weights" in found) == explained


def test_every_seed_has_its_mark():
    values = {"A": [[0.1, 0.2, 0.3], [0.4]], "B": [[0.5], [0.6, 0.7]]}
    line = ("guess", [0.9, 0.8])
    axes = figures.seeds_side_by_side(values, ["near", "far"], "", "", line).axes[0]
    drawn = {line.get_label(): list(line.get_ydata()) for line in axes.lines}
    assert drawn["A"] == [0.1, 0.2, 0.3, 0.4] and drawn["B"] == [0.5, 0.6, 0.7]
    dotted = [list(each.get_ydata()) for each in axes.lines if each.get_linestyle() == ":"]
    assert dotted == [[0.9, 0.9], [0.8, 0.8]]
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["near", "far"]
    with pytest.raises(ValueError, match="give 1 to 6"):
        figures.seeds_side_by_side({}, [], "", "")
    with pytest.raises(ValueError, match="'A' has 2 lists for 1 columns"):
        figures.seeds_side_by_side(values, ["near"], "", "")


def test_a_row_has_a_mark_for_every_seed():
    values = {"A": [[0.1, 0.2, 0.3], [0.4]], "B": [[0.5], [0.0, 0.7]]}
    axes = figures.seeds_in_rows(values, ["near", "far"], "", ("guess", [0.9, 0.8])).axes[0]
    marks = [line for line in axes.lines if line.get_linestyle() == "None"]
    rows = [(float(line.get_xdata()[0]), float(np.mean(line.get_ydata()))) for line in marks]
    between = rows[1][0] - 0.4  # from one column's 0 to the next's
    assert between > 1 and np.allclose(rows, [(0.1, 0), (between + 0.4, 0), (0.5, 1), (between, 1)])
    assert [len(line.get_xdata()) for line in marks] == [3, 1, 1, 2]
    dotted = [line.get_xdata()[0] for line in axes.lines if line.get_linestyle() == ":"]
    assert np.allclose(dotted, [0.9, between + 0.8])
    found = words(axes.figure)
    assert {"near", "far", "A", "B"} <= set(found) and found.count("guess") == 2
    with pytest.raises(ValueError, match="give 1 to 8"):
        figures.seeds_in_rows({}, [], "")
    with pytest.raises(ValueError, match="'A' has 2 lists for 1 columns"):
        figures.seeds_in_rows(values, ["near"], "")
    with pytest.raises(ValueError, match="columns has 0 names; give 1 to 3"):
        figures.seeds_in_rows({"A": []}, [], "")
    with pytest.raises(ValueError, match="must not be negative, but hold -0.1"):
        figures.seeds_in_rows({"A": [[0.2, -0.1]]}, ["near"], "")


def test_steps_with_a_sign_stand_in_a_band():
    figure = figures.gates_over_time([0] * 4, "!..?", {}, [0] * 4, [0] * 4)
    grey = matplotlib.colors.to_hex("#e4e7eb")
    bands = [
        patch
        for patch in figure.axes[0].patches
        if matplotlib.colors.to_hex(patch.get_facecolor()) == grey
    ]
    assert len(bands) == 2


def test_long_gates_take_several_rows():
    gates = {"o": np.ones(20)}
    figure = figures.gates_over_time(np.ones(20), "." * 20, gates, np.ones(20), np.ones(20))
    assert words(figure).count("$o$") == 2
    with pytest.raises(ValueError, match="between 0 and 1"):
        figures.gates_over_time([1], ".", {"f": [1.5]}, [1], [1])
    with pytest.raises(ValueError, match="signs has 2 entries"):
        figures.gates_over_time([1], "..", {"f": [1]}, [1], [1])


def test_network_has_a_cell_for_each_layer_and_step_that_is_drawn():
    figure = figures.network(["a", None, "b"], "GRU", 2, "dense", ["", None, "c"])
    assert words(figure).count("GRU 0") == words(figure).count("dense") == 1
    boxes = [patch for patch in figure.axes[0].patches if patch.get_zorder() == 3]
    assert len(boxes) == 2 + 2 * 2 + 2  # inputs, cells, the dense layer and its output
    with pytest.raises(ValueError, match="length of inputs is 6"):
        figures.network("abcdef")
    with pytest.raises(ValueError, match="outputs has 1 entries"):
        figures.network("ab", outputs=["c"])


def test_questions_lead_to_the_right_and_down():
    figure = figures.questions({"a?": "A", "b?": "B"}, "neither")
    assert sorted(words(figure)) == ["A", "B", "a?", "b?", "neither", "no", "no", "yes", "yes"]
    assert len(arrows(figure)) == 4
    with pytest.raises(ValueError, match="length of asked is 0"):
        figures.questions({}, "neither")
