"""Buttons and links that lead to the repository that builds the book.

It is named by the environment of a hosted build (GITHUB_REPOSITORY and its companions). Without one
there are none: neither the buttons at the head of a page, nor the links at its foot that report a
mistake or edit the page (_templates/page-links.html).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

# Notebooks for running are published on this branch, in plain Markdown: Colab and Binder read
# notebooks from a repository, and in Colab the first cell must know what to install.
HOSTED_BRANCH = "hosted-notebooks"


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
        "article_footer_items": ["page-links.html"] if present else [],
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


def opens(url: str, branch: str) -> str:
    """A Colab or Binder button's address, changed to the branch whose notebooks are for running."""
    url = url.replace(f"/blob/{branch}/", f"/blob/{HOSTED_BRANCH}/")
    return url.replace(f"/{branch}?urlpath=", f"/{HOSTED_BRANCH}?urlpath=")


def mend_buttons(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    branch = app.config.html_theme_options.get("repository_branch", "")
    for group in context.get("header_buttons", ()):
        for button in group.get("buttons", ()):
            if button.get("text") in ("Colab", "Binder"):
                button["url"] = opens(button["url"], branch)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", configure)
    app.connect("html-page-context", mend_buttons, priority=900)  # after the theme has made them
