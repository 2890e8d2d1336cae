"""Formulas as MathML, made while the book is built: a page needs no script to show them.

Every current browser sets MathML by itself, given a font that knows how formulas are set. The one
here is STIX Two Math as the package ziamath brings it, cut down to the characters of this book. It
lies inside a style sheet, so that it is there with the first line of text and in a folder of files.
"""

from __future__ import annotations

import base64
import html
import io
import re
import string
from pathlib import Path
from typing import Any

import ziamath
from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from math_core import LatexToMathML
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

FONT = Path(ziamath.__file__).parent / "fonts" / "STIXTwoMath-Regular.ttf"
STYLE_SHEET = """\
/* STIX Two Math (github.com/stipub/stixfonts) under SIL OFL 1.1, with the characters of this book.
   Made while the book is built. */
@font-face{{font-family:"Book Math";src:url("data:font/woff;base64,{data}") format("woff")}}
"""
MATH = re.compile("<math.*?</math>", re.DOTALL)
# What stands behind a formula in a sentence, and is kept with it on the same line.
BEHIND = re.compile(r"</math></span>([,.;:!?)]+)")
# A letter alone is shown as the slanted letter of a formula, which is another character.
SLANTED = {
    **dict(zip(string.ascii_uppercase, map(chr, range(0x1D434, 0x1D44E)), strict=True)),
    **dict(zip(string.ascii_lowercase, map(chr, range(0x1D44E, 0x1D468)), strict=True)),
    **dict(zip(map(chr, range(0x3B1, 0x3CA)), map(chr, range(0x1D6FC, 0x1D715)), strict=True)),
    **dict(zip("h∂ϵϑϰϕϱϖ", "ℎ𝜕𝜖𝜗𝜘𝜙𝜚𝜛", strict=True)),
}
SCRIPTS = 72  # per cent of the text: a script, and a script of a script, can be read on a phone

converter = LatexToMathML(fancy_error=False)


def inline(self: HTML5Translator, node: nodes.math) -> None:
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate"))
    self.body.append(converter.convert_with_local_state(node.astext(), displaystyle=False))
    self.body.append("</span>")
    raise nodes.SkipNode


def display(self: HTML5Translator, node: nodes.math_block) -> None:
    self.body.append(self.starttag(node, "div", CLASS="math notranslate"))
    self.body.append(converter.convert_with_local_state(node.astext(), displaystyle=True))
    if node["number"]:
        self.body.append(f'<span class="eqno">({get_node_equation_number(self, node)})')
        self.add_permalink_ref(node, "Link to this equation")
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def style(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The font goes with a page that has formulas itself; Sphinx counts those of sub-pages too."""
    if "body" in context:
        context["body"] = BEHIND.sub(r"</math>\1</span>", context["body"])
    if app.env.get_domain("math").data["has_equations"].get(page):
        app.add_css_file("math.css")


def characters(formulas: str) -> set[str]:
    """All that is drawn for formulas, given as MathML: a root's sign stands in no text."""
    found = set(html.unescape(re.sub("<[^>]*>", "", formulas)))
    found |= {SLANTED[each] for each in found & SLANTED.keys()}
    return found | ({"√"} if "<msqrt" in formulas or "<mroot" in formulas else set())


def font(characters: set[str]) -> bytes:
    """The font with these characters, their larger forms, and what says how to set them."""
    cut = TTFont(FONT, recalcTimestamp=False)  # the same font on every day
    options = subset.Options(
        notdef_outline=False, hinting=False, layout_features=["ssty"], drop_tables=["GPOS", "DSIG"]
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(characters))
    subsetter.subset(cut)
    constants = cut["MATH"].table.MathConstants
    constants.SubscriptBaselineDropMin.Value = 0  # the t of y_t is as high as that of x_t
    constants.ScriptPercentScaleDown = constants.ScriptScriptPercentScaleDown = SCRIPTS
    cut.flavor = "woff"
    written = io.BytesIO()
    cut.save(written)
    return written.getvalue()


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    pages = (path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
    formulas = "".join(formula for page in pages for formula in MATH.findall(page))
    data = base64.b64encode(font(characters(formulas))).decode("ascii")
    target = Path(app.outdir) / "_static" / "math.css"
    target.write_text(STYLE_SHEET.format(data=data), encoding="utf-8")


def configure(app: Sphinx, config: Config) -> None:
    config.html_math_renderer = "mathml"


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("mathml", (inline, None), (display, None))
    app.connect("config-inited", configure)
    app.connect("html-page-context", style)
    app.connect("build-finished", write)
