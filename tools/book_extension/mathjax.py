"""Copies MathJax from an installed package, in the parts that this book's formulas need.

The usual single file, `tex-chtml.js`, is 1.2 MB, a third of it for a menu on each formula. The
parts that read TeX, write HTML and tell screen readers what a formula says come to 0.7 MB.
"""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

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


def copy(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for part in PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source() / part).is_dir():
            shutil.copytree(source() / part, target / part, dirs_exist_ok=True)
        else:
            shutil.copy2(source() / part, target / part)


def setup(app: Sphinx) -> None:
    app.connect("config-inited", configure)
    app.connect("build-finished", copy)
