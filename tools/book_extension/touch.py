"""The directive `{touch}`: a figure that a reader can change, with a picture where scripts are off.

    ```{touch} two-steps
    :picture: _static/touch-two-steps.png
    :alt: What the picture shows.

    The caption.
    ```

The picture is what a page without scripts shows, so the caption asks for nothing that needs them.
`_touch/touch.js` puts the figure in its place; the argument is one of the presets in
`_touch/touch-presets.js`, which also have what a reader may try. The folder is not `_static`, since
every page loads every script in there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives
from PIL import Image
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util.docutils import SphinxDirective

PRESETS = ("word", "two-steps", "gradient", "lstm", "gru", "unroll", "lengths")
SCRIPTS = (  # in the order in which they build on each other
    "touch-weights.js",
    "touch-arithmetic.js",
    "touch-presets.js",
    "touch-drawing.js",
    "touch-link.js",
    "touch.js",
)


class touch(nodes.General, nodes.Element):
    """One figure; its children are the slot and the caption."""


class touch_slot(nodes.General, nodes.Element):
    """Where the picture is, and then the figure."""


class Touch(SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"picture": directives.unchanged_required, "alt": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        preset = self.arguments[0]
        missing = [name for name in ("picture", "alt") if name not in self.options]
        if preset not in PRESETS or missing:
            raise self.error(
                f"{preset!r} must be one of {', '.join(PRESETS)}, with the options picture and alt"
            )
        made = touch(preset=preset, ids=[f"touch-{preset}"])
        picture = self.options["picture"]
        with Image.open(Path(self.env.srcdir) / picture) as opened:
            width = opened.width // 2  # drawn at twice the density
        image = nodes.image(uri=f"/{picture}", alt=self.options["alt"], width=f"{width}px")
        caption = nodes.container(classes=["touch-caption"])
        self.state.nested_parse(self.content, self.content_offset, caption)
        made += [touch_slot("", image), caption]
        return [made]


def visit_html(self: Any, node: touch) -> None:
    self.body.append(
        f'<figure class="touch" id="{node["ids"][0]}" data-preset="{node["preset"]}">\n'
    )


def depart_html(self: Any, node: touch) -> None:
    self.body.append("</figure>\n")


def visit_slot(self: Any, node: touch_slot) -> None:
    self.body.append('<div class="touch-slot">')


def depart_slot(self: Any, node: touch_slot) -> None:
    self.body.append("</div>\n")


def load(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """The scripts and their styles, on the pages that have such a figure."""
    if doctree is not None and next(doctree.findall(touch), None) is not None:
        for script in SCRIPTS:
            app.add_js_file(script, loading_method="defer")
        app.add_css_file("touch.css")


def serve(app: Sphinx, config: Config) -> None:
    config.html_static_path.append("_touch")


def setup(app: Sphinx) -> None:
    app.connect("config-inited", serve)
    app.add_node(touch, html=(visit_html, depart_html))
    app.add_node(touch_slot, html=(visit_slot, depart_slot))
    app.add_directive("touch", Touch)
    app.connect("html-page-context", load)
