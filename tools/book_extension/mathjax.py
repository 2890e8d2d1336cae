"""Copies MathJax from an installed package, in the parts that this book's formulas need.

The usual single file, `tex-chtml.js`, is 1.2 MB, a third of it for a menu on each formula. The
parts that read TeX, write HTML and tell screen readers what a formula says come to 0.7 MB.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config

# The start, what it loads, and what those ask for when a formula needs it.
PARTS = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts/tex.js",
    "output/chtml/fonts/woff-v2",
    "a11y/assistive-mml.js",
)
LOADED = ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]
MARK = re.compile("mathjax/|window.MathJax")  # of the scripts that load it and set it up


def source() -> Path:
    spec = importlib.util.find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            "The package sphinx-mathjax-offline, which typesets the formulas, is not installed; "
            "`make book` installs it."
        )
    return Path(spec.origin).parent / "static" / "mathjax"


def configure(app: Sphinx, config: Config) -> None:
    config.mathjax_path = "mathjax/startup.js"
    settings = config.mathjax3_config or {}
    settings["loader"] = {"load": LOADED}
    config.mathjax3_config = settings


def leave_out(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """No scripts for formulas on a page that has none; Sphinx counts those of its sub-pages too."""
    if app.env.get_domain("math").data["has_equations"].get(page):
        return
    context["script_files"] = [
        script
        for script in context.get("script_files", ())
        if not MARK.search(f"{script.filename} {script.attributes.get('body')}")
    ]


def copy(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    installed, target = source(), Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (installed / part).is_dir():
            shutil.copytree(installed / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy2(installed / part, target / part)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", configure)
    app.connect("html-page-context", leave_out, priority=900)  # after Sphinx has added them
    app.connect("build-finished", copy)
