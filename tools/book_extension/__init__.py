"""What Jupyter Book's configuration file cannot say: a Sphinx extension for this book.

Each module here is one matter:

- speed        the build in several processes, and nothing looked up twice
- repository   buttons point at the repository that builds the book
- address      where the book is published, and what depends on it: cards, site map, 404 page
- labels       a link `page.md#label` may name any label of that page
- folds        code that stands between a reader and the text, behind a click
- solutions    exercises have links of their own, solutions open without a script
- markup       pictures, citations, code and answers, mended in the HTML
- listings     how code and outputs break on a narrow page (used by markup)
- formulas     formulas that a browser shows without scripts
- tables       tables that a phone can show, and names in them that break well
- icons        the few icons that the pages show, instead of three fonts and a script
- search       an index of sections, and what people type for them
- touch        the directive for the figure that a reader can change
- generated    pages and files that are made from the notebooks
- path         the reader's way: minutes, what was read, where the last chapter leads
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import (
    address,
    folds,
    formulas,
    generated,
    icons,
    labels,
    markup,
    path,
    repository,
    search,
    solutions,
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
        folds,
        solutions,
        markup,
        formulas,
        tables,
        icons,
        touch,
        generated,
        path,
        search,
    ):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
