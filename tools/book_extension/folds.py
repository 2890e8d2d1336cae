"""Folds the code that stands between a reader and the text: one click, or one key, opens it.

Folded are cells that import, cells that do nothing but assert and cells that only draw a figure;
their outputs stay in sight. The tags of MyST-NB (`hide-input` and its kin) mean what they always
do. A fold is a `<details>`, which needs no script; solutions are behind a click already.
"""

from __future__ import annotations

import ast
from typing import Any

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx_exercise.nodes import solution_node

IMPORTS, CHECKS, FIGURE = "Code: imports", "Checks", "Code that draws this figure"


def label(source: str, *, images: bool, silent: bool, read_later: set[str]) -> str | None:
    """What a folded cell is called; None for a cell that stays open.

    `images` says that all the cell shows is pictures, `silent` that it shows nothing. What defines
    a name that another cell reads is part of the lesson, even when it also draws.
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic of IPython, or a cell that shows a mistake
        return None
    if not body:
        return None
    if images:
        return FIGURE if draws(body) and not bound(body) & read_later else None
    if not silent:
        return None
    if all(map(only_asserts, body)):
        return CHECKS
    imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    settings = [each for each in body if isinstance(each, ast.Expr)]
    return IMPORTS if imports and len(imports) + len(settings) == len(body) else None


def draws(body: list[ast.stmt]) -> bool:
    """Whether code is one call, or a call of a figure with what is assigned for it."""
    *before, last = body
    if not isinstance(last, ast.Expr) or not isinstance(last.value, ast.Call):
        return False
    figure = ast.unparse(last.value.func).startswith("figures.")
    return not before or (figure and all(isinstance(each, ast.Assign) for each in before))


def only_asserts(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.For | ast.If | ast.With):
        return all(map(only_asserts, statement.body))
    return isinstance(statement, ast.Assert)


def names(body: list[ast.stmt], context: type[ast.expr_context]) -> set[str]:
    return {
        node.id
        for each in body
        for node in ast.walk(each)
        if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


def bound(body: list[ast.stmt]) -> set[str]:
    return names(body, ast.Store)


def read_names(source: str) -> set[str]:
    try:
        return names(ast.parse(source).body, ast.Load)
    except SyntaxError:
        return set()


class FoldCells(SphinxPostTransform):
    """Marks cells as MyST-NB marks those with a tag: its own transform wraps them."""

    default_priority = 198  # one before that transform
    formats = ("html",)

    def run(self, **kwargs: Any) -> None:
        read_later: set[str] = set()
        cells = [
            node
            for node in self.document.findall(nodes.container)
            if node.get("nb_element") == "cell_code" and node.children
        ]
        for cell in reversed(cells):
            code, *outputs = cell.children
            if code.get("nb_element") != "cell_code_source":
                continue
            source = code.astext()
            shown = [each for output in outputs for each in output.findall(shows)]
            images = bool(shown) and all(isinstance(each, nodes.image) for each in shown)
            if cell.get("hide_mode") == "input":
                fold(cell, FIGURE if images else "Code")
            elif cell.get("hide_mode") == "all":
                fold(cell, "Code and what it shows", mode="all")
            elif not cell.get("hide_mode") and not inside(cell, solution_node):
                name = label(source, images=images, silent=not outputs, read_later=read_later)
                if name is not None:
                    fold(cell, name)
            read_later |= read_names(source)


def fold(cell: nodes.container, name: str, mode: str = "input") -> None:
    cell["hide_mode"] = mode
    cell["prompt_show"] = cell["prompt_hide"] = name


def shows(node: nodes.Node) -> bool:
    return isinstance(node, nodes.image | nodes.literal_block | nodes.raw | nodes.paragraph)


def inside(node: nodes.Element, kind: type[nodes.Element]) -> bool:
    while node.parent is not None:
        node = node.parent
        if isinstance(node, kind):
            return True
    return False


def visit(self: Any, node: HideCodeCellNode) -> None:
    name = node["prompt_show"].replace("Show code cell ", "").capitalize()
    self.body.append(f'<details class="fold"><summary>{self.encode(name)}</summary>\n')


def depart(self: Any, node: HideCodeCellNode) -> None:
    self.body.append("</details>\n")


def setup(app: Sphinx) -> None:
    app.add_post_transform(FoldCells)
    app.add_node(HideCodeCellNode, override=True, html=(visit, depart))
