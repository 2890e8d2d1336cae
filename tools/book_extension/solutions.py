"""Exercises and solutions as a reader meets them: each has a link of its own, and a solution opens.

A solution is a `<details>`, so that it opens without a script; its link stands beside it, where it
is seen while the solution is closed.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import is_exercise_node, solution_node

REPEATED = {"exercise-content", "solution-content"}  # ids that sphinx-exercise gives every time


class LinkExercises(SphinxPostTransform):
    default_priority = 30  # the titles are made at 20 and 21
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        for node in self.document.findall(nodes.section):
            node["ids"] = [each for each in node["ids"] if each not in REPEATED]
        for exercise in self.document.findall(is_exercise_node):
            title = next(iter(exercise.findall(nodes.title)))
            title += nodes.raw("", permalink(exercise, "exercise"), format="html")


def permalink(node: nodes.Element, kind: str) -> str:
    address = f"#{node['ids'][0]}"
    return f'<a class="headerlink" href="{address}" title="Link to this {kind}">#</a>'


def visit(self: Any, node: solution_node) -> None:
    title = node.pop(0).astext()
    node["classes"].remove("dropdown")
    self.body.append(self.starttag(node, "div", CLASS="admonition"))
    self.body.append(f"<details><summary>{self.encode(title)}</summary>\n")


def depart(self: Any, node: solution_node) -> None:
    self.body.append(f"</details>{permalink(node, 'solution')}</div>\n")


def setup(app: Sphinx) -> None:
    app.add_post_transform(LinkExercises)
    app.add_node(solution_node, override=True, html=(visit, depart))
