"""Pictures are loaded when a reader comes near them, not all before the first line is read."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def load_later(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        context["body"] = context["body"].replace("<img ", '<img loading="lazy" decoding="async" ')


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", load_later)
