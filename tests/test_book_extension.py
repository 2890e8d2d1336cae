"""The parts of the Sphinx extension that can be tried without building the book."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import pydata_sphinx_theme
import pytest
from book_extension import address as address_of
from book_extension import icons, markup, touch
from fontTools.ttLib import TTFont
from notebooks import ROOT
from PIL import Image

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
