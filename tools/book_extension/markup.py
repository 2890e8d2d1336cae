"""Mends the HTML of a page where the writers behind Sphinx lag.

Pictures are loaded when a reader comes near them, not all before the first line is read; their size
keeps their place until then, so that a link to a section leads there. Citations
lose roles that ARIA has deprecated; the list and the links say the same without them. Long words
of code in a sentence get places where they may break. Answers of a self-test say whether they are
right, for the style sheet, and have names.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from questions import RIGHT
from sphinx.application import Sphinx

from .listings import laid_out

WHOLE = 12  # characters of a word that never breaks
LEAST = 4  # characters on either side of a break
LONG = 24  # characters of a piece that may have to break anywhere
SEPARATOR = re.compile(r"&[#\w]+;|.", re.DOTALL)

SIZE = re.compile(r' style="width: (\d+)px; height: (\d+)px;"')
PRE = re.compile(r'<span class="pre">([^<]*)</span>')
SELF_TEST = re.compile(
    r"<p><strong>(?P<number>\d+)\. "
    r'|<details class="answer">(?=<summary>.*?</summary>\s*<p><strong>(?P<said>[^<]*)</strong>)',
    re.DOTALL,
)


def pieces(word: str) -> list[str]:
    """A word of code, as HTML, cut where it may break: after a dot, an underscore, a slash …"""
    characters = SEPARATOR.findall(word)
    if len(characters) <= WHOLE:
        return [word]
    cut, start = [], 0
    for place in range(LEAST, len(characters) - LEAST + 1):
        before, after = characters[place - 1 : place + 1]
        if before in "._/(,=:-" and after not in "._/(,=:-)" and place - start >= LEAST:
            cut.append("".join(characters[start:place]))
            start = place
    return [*cut, "".join(characters[start:])]


def breakable(html: str) -> str:
    """Inline code whose words break between their parts, and nowhere else unless nothing fits."""

    def piece(text: str) -> str:
        return f'<span class="pre{" long" * (len(text) > LONG)}">{text}</span>'

    return PRE.sub(lambda found: "<wbr>".join(map(piece, pieces(found[1]))), html)


def answers_named(html: str) -> str:
    """Each answer with a class, right or wrong, and an id: `answer-2-3` is question 2's third."""
    question, answer = "0", 0

    def name(found: re.Match[str]) -> str:
        nonlocal question, answer
        if found["number"]:
            question, answer = found["number"], 0
            return found[0]
        answer += 1
        kind = "right" if found["said"] == RIGHT.strip("*") else "wrong"
        return f'<details class="answer {kind}" id="answer-{question}-{answer}">'

    return SELF_TEST.sub(name, html)


def mended(html: str) -> str:
    html = html.replace("<img ", '<img loading="lazy" decoding="async" ')
    html = SIZE.sub(r' width="\1" height="\2"', html)  # they keep its place; a style does not
    html = re.sub(r' role="doc-(?:biblioentry|backlink)"', "", html)
    html = html.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    return answers_named(breakable(laid_out(html)))


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        context["body"] = mended(context["body"])


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", mend)
