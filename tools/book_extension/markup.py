"""Mends the HTML of a page where the writers behind Sphinx lag: pictures, citations.

Pictures are loaded when a reader comes near them, not all before the first line is read. Citations
lose roles that ARIA has deprecated; the list and the links say the same without them.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def mended(html: str) -> str:
    html = html.replace("<img ", '<img loading="lazy" decoding="async" ')
    html = re.sub(r' role="doc-(?:biblioentry|backlink)"', "", html)
    return html.replace('<div role="list" class="citation-list">', '<div class="citation-list">')


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        context["body"] = mended(context["body"])


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", mend)
