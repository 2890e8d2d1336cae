"""The parts of the Sphinx extension that can be tried without building the book."""

from __future__ import annotations

import io
import re
from pathlib import Path
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
from book_extension import address as address_of
from book_extension import folds, formulas, icons, listings, markup, tables, touch
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from notebooks import ROOT
from PIL import Image
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

AWESOME = next(
    Path(pydata_sphinx_theme.__file__).parent.glob("theme/*/static/vendor/fontawesome/*")
)


@pytest.mark.parametrize(
    ("address", "root"),
    [
        ("", "/"),
        ("https://reader.example/", "/"),
        ("https://reader.example/fork", "/fork/"),
        ("https://reader.example/courses/fork/", "/courses/fork/"),
    ],
)
def test_404_page_names_others_from_the_root_of_the_host(address: str, root: str) -> None:
    assert address_of.root(address) == root


class Site:
    """Stands for Sphinx where only its configuration is read."""

    def __init__(self, baseurl: str) -> None:
        self.config = SimpleNamespace(html_baseurl=baseurl, ogp_image="_static/card.png")


def tags(baseurl: str, written: str) -> str:
    context = {"metatags": written, "pathto": lambda name, resource: f"../{name}"}
    address_of.mend_tags(Site(baseurl), "a/b", "page.html", context, None)  # type: ignore[arg-type]
    return str(context["metatags"])


def test_card_is_found_where_the_address_is_not_known() -> None:
    written = (
        '<meta property="og:url" content="a/b.html" />\n'
        '<meta property="og:image" content="_static/card.png" />\n'
    )
    assert "og:url" not in tags("", written)
    assert 'content="../_static/card.png"' in tags("", written)
    assert tags("https://a.example/", written).startswith(written)


@pytest.mark.parametrize("kind", ['name="description"', 'property="og:description"'])
def test_cut_description_ends_with_a_sentence(kind: str) -> None:
    whole = "Two sentences are longer than forty characters. Two of them."
    cut = f'<meta {kind} content="{whole} A third that is n..." />'
    assert f'{kind} content="{whole}" />' in tags("", cut)
    short = f'<meta {kind} content="Short. A long one that has no end here..." />'
    assert short in tags("", short)


def test_page_without_a_source_has_the_books_description() -> None:
    assert address_of.DESCRIPTION in tags("", "")


def test_card_has_the_size_that_messengers_expect() -> None:
    path = ROOT / "_static" / "card.png"
    assert Image.open(path).size == (1200, 630)
    assert path.stat().st_size < 60_000


CONF = f"""
extensions = ["sphinxext.opengraph", "notfound.extension"]
extensions += ["book_extension.address", "book_extension.repository"]
project = html_title = ogp_site_name = "Unrolled"
html_theme = "sphinx_book_theme"
templates_path = [{str(ROOT / "_templates")!r}]
html_sidebars = {{"**": []}}
ogp_image = "_static/card.png"
"""


@pytest.fixture
def small_book(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A book of two pages with this one's templates, built in an environment of its own."""
    for key in ("BOOK_URL", "GITHUB_REPOSITORY", "GITHUB_REF_NAME", "GITHUB_SERVER_URL"):
        monkeypatch.delenv(key, raising=False)
    for key, value in request.param.items():
        monkeypatch.setenv(key, value)
    source = tmp_path / "source"
    (source / "a").mkdir(parents=True)
    (source / "conf.py").write_text(CONF, encoding="utf-8")
    (source / "index.rst").write_text("A\n=\n\n.. toctree::\n\n   a/b\n", encoding="utf-8")
    (source / "a" / "b.rst").write_text("B\n=\n\nText.\n", encoding="utf-8")
    html, warnings = tmp_path / "html", io.StringIO()
    with docutils_namespace():
        app = Sphinx(source, source, html, tmp_path / "trees", "html", None, None, warnings)
        app.build()
    assert warnings.getvalue() == ""
    return html


FORK = {
    "BOOK_URL": "https://reader.example/fork",
    "GITHUB_REPOSITORY": "reader/fork",
    "GITHUB_REF_NAME": "main",
}


@pytest.mark.parametrize("small_book", [FORK], indirect=True)
def test_book_with_an_address(small_book: Path) -> None:
    listed = (small_book / "sitemap.xml").read_text(encoding="utf-8")
    assert sorted(re.findall(r"<loc>(.*?)</loc>", listed)) == [
        "https://reader.example/fork/a/b.html",
        "https://reader.example/fork/index.html",
    ]
    robots = (small_book / "robots.txt").read_text(encoding="utf-8")
    assert "Sitemap: https://reader.example/fork/sitemap.xml\n" in robots
    page = (small_book / "a" / "b.html").read_text(encoding="utf-8")
    assert '<link rel="canonical" href="https://reader.example/fork/a/b.html" />' in page
    assert 'content="https://reader.example/fork/_static/card.png"' in page
    lost = (small_book / "404.html").read_text(encoding="utf-8")
    addresses = re.findall(r'(?:href|src)="([^"#]+)', lost)
    assert addresses and not [each for each in addresses if not re.match("/fork/|https:", each)]


@pytest.mark.parametrize("small_book", [FORK], indirect=True)
def test_mistake_can_be_reported_where_the_repository_is_known(small_book: Path) -> None:
    page = (small_book / "a" / "b.html").read_text(encoding="utf-8")
    home = "https://github.com/reader/fork"
    assert f'<a href="{home}/issues/new?title=Mistake%20on%20a/b">Report a mistake</a>' in page
    assert f'<a href="{home}/edit/main/a/b.rst">Edit this page</a>' in page
    assert "Report a mistake" not in (small_book / "404.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("small_book", [{}], indirect=True)
def test_book_without_an_address_or_a_repository(small_book: Path) -> None:
    page = (small_book / "a" / "b.html").read_text(encoding="utf-8")
    assert "canonical" not in page and "Report a mistake" not in page
    assert 'content="../_static/card.png"' in page
    assert not (small_book / "sitemap.xml").exists()
    assert 'href="/index.html"' in (small_book / "404.html").read_text(encoding="utf-8")


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
    script = (ROOT / "_touch" / "touch-presets.js").read_text(encoding="utf-8")
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
    assert names.get_text() == "tf.nn.rnn_cell(a/b)"


def test_narrow_table_stays_one() -> None:
    narrow = BeautifulSoup(tables.mended(TABLE.format("name")), "html.parser")
    assert narrow.table and narrow.table["class"] == ["table"]
    assert not narrow.select("[role], [data-label]")


def test_many_rows_make_a_table_long() -> None:
    head, row, end = re.split("(?=<tr><td>)|(?=</tbody>)", TABLE.format("name"))
    few, many = (head + row * rows + end for rows in (tables.LONG - 1, tables.LONG))
    assert 'class="table long"' in tables.mended(many)
    assert 'class="table"' in tables.mended(few)


def test_characters_of_formulas_are_those_that_are_drawn() -> None:
    root = formulas.converter.convert_with_local_state(r"\sqrt{x}", displaystyle=False)
    assert "√" not in root and "<msqrt>" in root
    assert formulas.characters(root) == {"x", "𝑥", "√"}


def test_font_of_formulas_has_what_sets_them() -> None:
    """Its larger brackets, and scripts of scripts that are no smaller than scripts."""
    font = TTFont(io.BytesIO(formulas.font({"(", "x"})))
    assert {ord("("), ord("x")} <= font.getBestCmap().keys()
    assert len(font.getGlyphOrder()) > 8
    constants = font["MATH"].table.MathConstants
    assert constants.ScriptScriptPercentScaleDown == constants.ScriptPercentScaleDown > 70
