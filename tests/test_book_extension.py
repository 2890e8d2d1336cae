"""The parts of the Sphinx extension that can be tried without building the book."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pydata_sphinx_theme
import pytest
from book_extension import formulas, icons, markup, previews, tables, touch
from bs4 import BeautifulSoup
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


def test_presets_are_those_of_the_script() -> None:
    script = (ROOT / "_touch" / "touch.js").read_text(encoding="utf-8")
    table = script.partition("const presets = {")[2].partition("\n};")[0]
    for preset in touch.PRESETS:
        assert f"\n  {preset}: {{" in table or f'\n  "{preset}": {{' in table
    assert table.count("\n    label:") == len(touch.PRESETS)


TABLE = """<table class="table"><thead><tr><th>{}</th><th>needed?</th><th>default</th></tr></thead>
<tbody><tr><td><code><span class="pre">tf.nn.rnn_cell(a/b)</span></code></td><td>yes</td><td></td>
</tr></tbody></table>"""


def test_wide_table_becomes_cards_with_labels_and_roles() -> None:
    """`display` takes the roles of a table away, so all of its parts name theirs."""
    cards = BeautifulSoup(tables.mended(TABLE.format("heading" * 4)), "html.parser")
    names, needed, default = cards.find_all("td")
    assert cards.table and cards.table["class"] == ["table", "cards"]
    for tag, role in {**tables.ROLES, "th": "columnheader", "td": "cell"}.items():
        assert {part["role"] for part in cards.find_all(tag)} == {role}
    assert "data-label" not in names.attrs and names["class"] == ["title"]
    assert needed["data-label"] == "needed?"
    assert default["data-label"] == "default:" and default["class"] == ["empty"]
    code = "tf.<wbr/>nn.<wbr/>rnn_<wbr/>cell(<wbr/>a/<wbr/>b)"
    assert code in str(names) and names.get_text() == "tf.nn.rnn_cell(a/b)"


def test_narrow_table_stays_one() -> None:
    narrow = BeautifulSoup(tables.mended(TABLE.format("name")), "html.parser")
    assert narrow.table and narrow.table["class"] == ["table"]
    assert not narrow.select("[role], [data-label]") and narrow.select("wbr")


def test_many_rows_make_a_table_long() -> None:
    head, row, end = re.split("(?=<tr><td>)|(?=</tbody>)", TABLE.format("name"))
    few, many = (head + row * rows + end for rows in (tables.LONG - 1, tables.LONG))
    assert 'class="table long"' in tables.mended(many)
    assert 'class="table"' in tables.mended(few)


def test_font_of_formulas_has_what_sets_them() -> None:
    """Its larger brackets, and scripts of scripts that are no smaller than scripts."""
    font = TTFont(io.BytesIO(formulas.font({"(", "x"})))
    assert {ord("("), ord("x")} <= font.getBestCmap().keys()
    assert len(font.getGlyphOrder()) > 8
    constants = font["MATH"].table.MathConstants
    assert constants.ScriptScriptPercentScaleDown == constants.ScriptPercentScaleDown > 70
