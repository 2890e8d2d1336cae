"""Where the book is published, and what depends on it.

The address comes from the environment of the build (BOOK_URL). With it there are a site map, a
robots.txt and canonical links; without it pages name one another by relative addresses alone, their
preview cards included. The 404 page is shown at whatever address was not found, so it alone names
all others from the root of the host.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

DESCRIPTION = (
    "A course on recurrent networks in TensorFlow, from two time steps in NumPy to a stacked "
    "network that reads MNIST. Every number on its pages comes from code that you can run."
)
LOST = {
    "title": "Page not found",
    "body": "<h1>Page not found</h1>\n<p>There is no page at this address. "
    '<a href="{root}index.html">The front page</a> has a map of all chapters, and '
    '<a href="{root}search.html">the search</a> finds any word in them.</p>',
}


def root(address: str) -> str:
    """Where the book begins on its host: a path that starts and ends with a slash."""
    return "/" + f"{urlsplit(address).path.strip('/')}/".lstrip("/")


def mend_tags(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Completes what sphinxext-opengraph has written."""
    tags = context.get("metatags", "")
    if 'name="description"' not in tags:  # pages without a source: index, search, 404
        tags += f'<meta name="description" content="{DESCRIPTION}" />\n'
    # A description that had to be cut ends with a whole sentence.
    tags = re.sub(r'(escription" content="[^"]{40,}[.?!]) [^"]*[.]{3}"', r'\1"', tags)
    if not app.config.html_baseurl:  # its relative addresses hold for pages in the root alone
        card = context["pathto"](app.config.ogp_image, resource=True)
        tags = tags.replace(f'content="{app.config.ogp_image}"', f'content="{card}"')
        tags = re.sub(r'<meta property="og:url".*\n', "", tags)
    context["metatags"] = tags


def write_robots(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.name == "html":
        text = f"User-agent: *\nAllow: /\nSitemap: {app.config.html_baseurl}sitemap.xml\n"
        (Path(app.outdir) / "robots.txt").write_text(text, encoding="utf-8")


def configure(app: Sphinx, config: Config) -> None:
    address = os.environ.get("BOOK_URL", "")
    at = root(address)
    config.notfound_urls_prefix = at
    config.notfound_context = {key: text.format(root=at) for key, text in LOST.items()}
    config.sitemap_url_scheme = "{link}"
    config.sitemap_excludes = ["404.html", "genindex.html", "search.html"]
    if address:
        config.html_baseurl = config.ogp_site_url = address.rstrip("/") + "/"


def setup(app: Sphinx) -> None:
    app.connect("config-inited", configure)
    app.connect("html-page-context", mend_tags, priority=900)
    if os.environ.get("BOOK_URL"):
        app.setup_extension("sphinx_sitemap")
        app.connect("build-finished", write_robots)
