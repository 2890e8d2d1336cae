"""Spares the build what changes nothing in its pages.

`diff -r` finds the same book with this module and without it.
"""

from __future__ import annotations

import functools
import gc
import os

from pybtex.backends.plaintext import Backend
from pybtex.plugin import register_plugin
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search.en import SearchEnglish


class English(SearchEnglish):
    """Sphinx's English for the search, which stems a word once for the book, not once a page."""

    def init(self, options: dict[str, str]) -> None:
        super().init(options)
        self.stem = functools.cache(self.stem)  # type: ignore[method-assign]


def allow_parallel_reading(app: Sphinx, env: BuildEnvironment, names: list[str]) -> None:
    # It numbers the chapters when all pages have been read; but it does not declare so.
    app.extensions["sphinx_multitoc_numbering"].parallel_read_safe = True


def setup(app: Sphinx) -> None:
    gc.disable()  # pages are trees of many thousand nodes, and all live until the end
    app.parallel = (os.cpu_count() or 1) + 1  # one hands out the pages
    app.connect("env-before-read-docs", allow_parallel_reading)
    app.add_search_language(English)
    # Looked up for each citation otherwise, among the files of all installed packages.
    register_plugin("pybtex.backends", "plaintext", Backend, force=True)
