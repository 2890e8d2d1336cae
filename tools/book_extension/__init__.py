"""What Jupyter Book's configuration file cannot say: a Sphinx extension for this book.

Each module here is one matter:

- speed        the build in several processes, and nothing looked up twice
- repository   buttons point at the repository that builds the book
- labels       a link `page.md#label` may name any label of that page
- markup       pictures and citations, mended in the HTML
- mathjax      formulas are typeset by scripts that the book itself serves
- icons        the few icons that the pages show, instead of three fonts and a script
- previews     a description and a preview card for each page
- search       an index of sections, and what people type for them
- touch        the directive for the figure that a reader can change
- generated    pages and files that are made from the notebooks
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import generated, icons, labels, markup, mathjax, previews, repository, search, speed, touch


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("comments_config", {}, "html")  # set by Jupyter Book, unused here
    for part in (
        speed,
        repository,
        labels,
        markup,
        mathjax,
        icons,
        previews,
        touch,
        generated,
        search,
    ):
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
