"""The parts of the Sphinx extension that can be tried without building the book."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
from book_extension import folds, icons, listings, markup, previews, touch
from docutils import nodes
from fontTools.ttLib import TTFont
from notebooks import ROOT
from PIL import Image, ImageColor

AWESOME = next(
    Path(pydata_sphinx_theme.__file__).parent.glob("theme/*/static/vendor/fontawesome/*")
)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("One sentence. Another one.", "One sentence. Another one."),
        ("Fits.  Two\nlines. " + "x" * 200 + ".", "Fits. Two lines."),
        ("What follows: " + "x" * 200, "What follows"),
        ("word " * 60, " ".join(["word"] * 39) + " …"),
    ],
)
def test_description_is_cut_at_a_sentence(text: str, shown: str) -> None:
    assert previews.shortened(text) == shown
    assert len(shown) <= previews.CHARACTERS


def test_page_without_a_paragraph_has_the_books_description() -> None:
    assert previews.description(None) == previews.DESCRIPTION
    section = nodes.section("", nodes.title("", "T"), nodes.paragraph("", "What it is about."))
    document = nodes.document(None, None, "", section)  # type: ignore[arg-type]
    assert previews.description(document) == "What it is about."


def test_card_has_the_size_that_messengers_expect(tmp_path: Path) -> None:
    path = tmp_path / "cards" / "a.png"
    previews.draw_card("A title that is so long that it takes three lines", "About. " * 60, path)
    assert Image.open(path).size == previews.CARD
    assert path.stat().st_size < 60_000


def test_card_has_the_colours_it_names(tmp_path: Path) -> None:
    previews.draw_card("A title", "About.", tmp_path / "a.png")
    card = Image.open(tmp_path / "a.png").convert("RGB")
    drawn = {colour for _, colour in card.getcolors() or []}
    named = (previews.PAPER, previews.INK, previews.MUTED, previews.ACCENT)
    assert {ImageColor.getrgb(name) for name in named} <= drawn
    assert len(drawn) > 20  # with shades between them, at the edges of letters


def test_icons_are_those_that_pages_name() -> None:
    sheet = icons.style_sheet(AWESOME, {"fa-solid", "fa-moon", "fa-no-such-icon"}, {0xF107})
    assert '.fa-moon:before{content:"\\f186"}' in sheet and "fa-sun" not in sheet
    assert "no-such" not in sheet and 'Brands";font-weight' not in sheet
    assert len(sheet) < 3000


def test_icons_of_styles_are_found_however_they_are_written() -> None:
    styles = 'a{content:"\\f107"} b{--i:"\uf0eb"} c{color:#fff}'
    assert icons.characters_in(styles) == {0xF107, 0xF0EB}


def test_icon_font_holds_the_wanted_glyphs_alone() -> None:
    font = AWESOME / "webfonts" / "fa-solid-900.ttf"
    small = icons.glyphs(font, {0xF186, 0xF107, 0x1})
    assert small is not None
    cut = TTFont(io.BytesIO(small))
    assert set(cut.getBestCmap()) == {0xF186, 0xF107}
    assert cut["head"].modified == TTFont(font)["head"].modified  # the same bytes on every day
    assert icons.glyphs(font, {0x1}) is None


def test_html_is_mended() -> None:
    html = (
        '<img src="a.png"><div role="list" class="citation-list">'
        '<div class="citation" role="doc-biblioentry"><a role="doc-backlink" href="#a">A</a>'
    )
    assert markup.mended(html) == (
        '<img loading="lazy" decoding="async" src="a.png"><div class="citation-list">'
        '<div class="citation"><a href="#a">A</a>'
    )


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("W_out.T", ["W_out.T"]),
        ("--ip", ["--ip"]),
        ("use_peepholes", ["use_", "peepholes"]),
        ("tf.nn.dynamic_rnn", ["tf.nn.", "dynamic_rnn"]),
        ("tf.nn.rnn_cell.BasicRNNCell", ["tf.nn.", "rnn_", "cell.", "BasicRNNCell"]),
        ("rnn/while/Exit_2:0", ["rnn/", "while/", "Exit_2:0"]),
        ("&lt;tensorflow&gt;", ["&lt;tensorflow&gt;"]),
        ("d" * 40, ["d" * 40]),
    ],
)
def test_words_of_code_break_between_their_parts(word: str, shown: list[str]) -> None:
    assert markup.pieces(word) == shown


def test_a_piece_that_fills_a_line_may_break_anywhere() -> None:
    html = (
        f'<code><span class="pre">{"d" * 40}</span> <span class="pre">use_peepholes</span></code>'
    )
    assert markup.breakable(html) == (
        f'<code><span class="pre long">{"d" * 40}</span> '
        '<span class="pre">use_</span><wbr><span class="pre">peepholes</span></code>'
    )


def test_answers_are_named_by_question_and_place() -> None:
    answer = '<details class="answer"><summary>{}</summary>\n<p><strong>{}</strong> Why.</p>'
    html = (
        "<p><strong>1. Which?</strong></p>"
        + answer.format("a", "Not quite.")
        + answer.format("b", "Right.")
        + "<p><strong>2. And now?</strong></p>"
        + answer.format("c", "Right.")
    )
    named = markup.answers_named(html)
    assert re.findall(r'class="answer (\w+)" id="([\w-]+)"', named) == [
        ("wrong", "answer-1-1"),
        ("right", "answer-1-2"),
        ("right", "answer-2-1"),
    ]


def block(language: str, text: str) -> str:
    return (
        f'<div class="highlight-{language} notranslate"><div class="highlight"><pre><span></span>'
        f"{text}</pre></div></div>"
    )


def test_each_line_of_code_knows_its_indentation() -> None:
    assert listings.laid_out(block("python", "if a:\n\n    b\n")) == block(
        "python",
        '<span class="line">if a:\n</span>\n<span class="line" style="--indent:4">'
        '<span class="indent">    </span>b\n</span>',
    )


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ("fits.one(line)", "fits.one(line)"),
        ("does.not(fit,one=line)", "does|.not(|fit,|one=|line)"),
        ("a_name_that_no_line_can_hold", "a_|name_|that_|no_|line_|can_|hold"),
        ("<i>take_one</i>(<i>number</i>=0.123)", "<i>take_one</i>(|<i>number</i>=|0.123)"),
        ("hold_this(rate=1e-3)", 'hold_|this(|rate=|1e<span class="glue">-3</span>)'),
        ("x-images-idx3", 'x<span class="glue">-images-idx3</span>'),
    ],
)
def test_code_without_a_space_breaks_where_no_line_holds_it(run: str, shown: str) -> None:
    assert listings.with_breaks(run, 16).replace("<wbr>", "|") == shown


def test_a_value_stays_with_its_key_where_a_line_holds_both() -> None:
    pair = '<span class="s2">"a"</span><span class="p">:</span> <span class="mi">{}</span>'
    assert 'class="glue"> </span>' in listings.line_of(pair.format(1))
    assert "glue" not in listings.line_of(pair.format("1" * 40))


@pytest.mark.parametrize(
    ("output", "wrapped"),
    [
        ("one sentence\n", 1),
        ("two lines\nof a log\n", 0),
        ("[[1 2]\n [3 4]]\n", 0),
        ("short\n" + "a sentence " * 10 + "\n", 1),
        ("name    time\nkeras   " + "1.0 " * 30 + "\n", 0),
        ("name    time\nkeras   1.0\n" + "a sentence " * 10 + "\n", 1),
    ],
)
def test_outputs_wrap_where_they_are_sentences(output: str, wrapped: int) -> None:
    html = listings.laid_out(block("myst-ansi", output))
    assert html.count('class="line"') == wrapped
    assert re.sub("<[^>]*>", "", html) == output


@pytest.mark.parametrize(
    ("source", "images", "name"),
    [
        ("import numpy as np\nnp.set_printoptions(precision=4)", False, folds.IMPORTS),
        ("np.set_printoptions(precision=4)", False, None),
        ("import numpy as np\nX = np.zeros(3)", False, None),
        ("assert a\nfor b in c:\n    assert b", False, folds.CHECKS),
        ("assert a\nb = 1", False, None),
        ("figures.unrolled(3)", True, folds.FIGURE),
        ("bars('mnist1')", True, folds.FIGURE),
        ("figure", True, None),
        ("rows = [1, 2]\nfigures.batch(rows)", True, folds.FIGURE),
        ("lesson = [1, 2]\nfigures.batch(lesson)", True, None),  # read by a later cell
        ("for a in b:\n    c(a)\nfigures.batch(a)", True, None),
        ("%timeit f()", False, None),
        ("", False, None),
    ],
)
def test_cells_that_are_folded(source: str, images: bool, name: str | None) -> None:
    found = folds.label(source, images=images, silent=not images, read_later={"lesson"})
    assert found == name


def test_a_cell_that_prints_is_not_folded() -> None:
    source = "import os\nprint(os.name)"
    assert folds.label(source, images=False, silent=False, read_later=set()) is None


def test_presets_are_those_of_the_script() -> None:
    script = (ROOT / "_touch" / "touch.js").read_text(encoding="utf-8")
    table = script.partition("const presets = {")[2].partition("\n};")[0]
    for preset in touch.PRESETS:
        assert f"\n  {preset}: {{" in table or f'\n  "{preset}": {{' in table
    assert table.count("\n    label:") == len(touch.PRESETS)
