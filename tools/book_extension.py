"""What Jupyter Book's configuration file cannot say: a small Sphinx extension for this book.

- Repository, edit and launch buttons point at the repository that builds the book, named by its
  environment (GITHUB_REPOSITORY and its companions); without one there are no such buttons.
- A link `page.md#label` may name any label of that page, not only a heading.
- MathJax is copied from an installed package, so that formulas need no other host.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

# Of MathJax's 24 MB: the component that reads TeX and writes HTML, its fonts, and the TeX
# extensions, which it asks for when a formula needs one.
MATHJAX_PARTS = ("tex-chtml.js", "output/chtml/fonts/woff-v2", "input/tex/extensions")


def repository(environment: Mapping[str, str]) -> dict[str, str] | None:
    """Address and branch of the repository that builds the book; None outside a hosted build."""
    name = environment.get("GITHUB_REPOSITORY")
    if not name:
        return None
    server = environment.get("GITHUB_SERVER_URL", "https://github.com").rstrip("/")
    return {"url": f"{server}/{name}", "branch": environment.get("GITHUB_REF_NAME", "main")}


def theme_options(environment: Mapping[str, str]) -> dict[str, Any]:
    """The book theme's options for buttons."""
    home = repository(environment)
    present = home is not None
    options: dict[str, Any] = {
        "use_repository_button": present,
        "use_issues_button": present,
        "use_edit_page_button": present,
        "repository_url": home["url"] if home else "",
        "repository_branch": home["branch"] if home else "",
        "path_to_docs": "",
        "launch_buttons": {},
    }
    if home and home["url"].startswith("https://github.com/"):  # the only host both services read
        options["launch_buttons"] = {
            "notebook_interface": "jupyterlab",
            "colab_url": "https://colab.research.google.com",
            "binderhub_url": "https://mybinder.org",
        }
    return options


def configure(app: Sphinx, config: Config) -> None:
    config.html_theme_options = {**config.html_theme_options, **theme_options(os.environ)}
    config.html_baseurl = os.environ.get("BOOK_URL", config.html_baseurl)


def offer_labels(app: Sphinx, doctree: nodes.document) -> None:
    """Adds a page's explicit labels to the names that MyST looks `page.md#name` up in."""
    names = app.env.metadata[app.env.docname].setdefault("myst_slugs", {})
    for name, explicit in doctree.nametypes.items():
        identifier = doctree.nameids.get(name)
        if explicit and identifier:
            names.setdefault(name, (0, identifier, name))  # line, id, text of a bare link


def mathjax_folder() -> Path:
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "The package sphinx-mathjax-offline, which typesets the formulas, is not installed; "
            "`make book` installs it."
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir) / "_static" / "mathjax"
    for part in MATHJAX_PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy2(source / part, target / part)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("comments_config", {}, "html")  # set by Jupyter Book, unused here
    app.connect("config-inited", configure)
    app.connect("doctree-read", offer_labels)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
