"""Lets a link `page.md#label` name any label of that page, not only a heading."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx


def offer_labels(app: Sphinx, doctree: nodes.document) -> None:
    """Adds a page's explicit labels to the names that MyST looks `page.md#name` up in."""
    names = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for name, explicit in doctree.nametypes.items():
        identifier = doctree.nameids.get(name)
        if explicit and identifier:
            names.setdefault(name, (0, identifier, name))  # line, id, text of a bare link


def setup(app: Sphinx) -> None:
    app.connect("doctree-read", offer_labels)
