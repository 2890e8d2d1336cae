"""What Jupyter Book's configuration file cannot say: a Sphinx extension for this book.

Each module here is one matter:

- speed        the build in several processes, and nothing looked up twice
- repository   buttons point at the repository that builds the book
- labels       a link `page.md#label` may name any label of that page
- markup       pictures and citations, mended in the HTML
- formulas     formulas that a browser shows without scripts
- icons        the few icons that the pages show, instead of three fonts and a script
- address      where the book is published, and what depends on it: cards, site map, 404 page
- path         the reader's way: minutes, what was read, where the last chapter leads
- tables       tables that a phone can show, and names in them that break well
- touch        the directive for the figure that a reader can change
- generated    pages and files that are made from the notebooks
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import (
    address,
    formulas,
    generated,
    icons,
    labels,
    markup,
    path,
    repository,
    speed,
    tables,
    touch,
)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("comments_config", {}, "html")  # set by Jupyter Book, unused here
    for part in (
        speed,
        address,
        repository,
        labels,
        markup,
        formulas,
        tables,
        icons,
        touch,
        generated,
        path,
    ):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
