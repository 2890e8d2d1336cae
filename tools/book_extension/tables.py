"""Tables that a phone can show: a row becomes a card where a table is too wide for one.

What is too wide is decided here, from the text: a table stays one on a phone when its rows fit
there in one line or nearly so. In a card each cell stands behind the heading of its column, so the
cells are given that heading (`data-label`), and the roles that they lose with the look of a table.
The look is in `_static/tables.css`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from sphinx.application import Sphinx

PHONE = 38  # characters of a row that a phone shows side by side
SHORT = 3  # a title of so few characters says nothing without the heading of its column
TITLE = 80  # characters of a first cell that stands out as a title; more of them are prose
LONG = 18  # rows, from which on a table can be filtered

TABLE = re.compile(r"<table\b.*?</table>", re.DOTALL)
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row"}


def text(cell: Tag) -> str:
    return " ".join(cell.get_text().split())


def label(heading: str) -> str:
    return heading if not heading or heading.endswith("?") else f"{heading}:"


def width(column: tuple[str, ...]) -> int:
    """The characters that a column takes: its longest cell, or the longest word of its heading."""
    heading, *cells = column
    return max(map(len, [*heading.split(), *cells]))


def add_class(tags: Iterable[Tag], name: str) -> None:
    for tag in tags:
        tag["class"] = " ".join([*filter(None, tag.get_attribute_list("class")), name])


def mended(html: str) -> str:
    """The HTML of one table, with all that its style sheet needs."""
    soup = BeautifulSoup(html, "html.parser")
    rows = [row.find_all(["th", "td"]) for row in soup.find_all("tr")]
    texts = [[text(cell) for cell in row] for row in rows]
    regular = soup.thead and len({len(row) for row in rows}) == 1
    if regular and len(rows) > LONG:
        add_class(soup.find_all("table"), "long")
    if regular and sum(map(width, zip(*texts, strict=True))) > PHONE:
        add_class(soup.find_all("table"), "cards")
        for part in soup.find_all(list(ROLES)):
            part["role"] = ROLES[part.name]
        for heading in rows[0]:
            heading["role"] = "columnheader"
        for row, found in zip(rows[1:], texts[1:], strict=True):
            for place, (cell, said) in enumerate(zip(row, found, strict=True)):
                cell["role"] = "cell"
                if place or len(said) <= SHORT:
                    cell["data-label"] = label(texts[0][place])
                if not place and len(said) <= TITLE:
                    add_class([cell], "title")
                if not said and not cell.img:
                    add_class([cell], "empty")
    return str(soup)


def mend(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if "body" in context:
        context["body"] = TABLE.sub(lambda found: mended(found[0]), context["body"])


def setup(app: Sphinx) -> None:
    app.connect("html-page-context", mend)
