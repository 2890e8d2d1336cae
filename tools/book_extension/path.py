"""The reader's way through the book: how long and how hard, what was read, where it ends.

- `{chapter-map}`   all chapters in their parts, on the front page, made from the notebooks
- each chapter      a line with minutes and level under its title, and at its end a place where
                    `_static/path.js` lets a reader mark it as read
- self-tests        a line that counts right answers
- ledger rows       which few readers need, are one line that opens
- previous, next    lead from the front page to the last page of the way, and no further
"""

from __future__ import annotations

import functools
import re
from typing import Any

import notebooks
import pages
import questions
import teaching
import yaml
from docutils import nodes
from sphinx.application import Sphinx

from chapters import CLOSING_HEADINGS

from .generated import Generated, link

END = "chapters/where_next"
PROMISE = re.compile(r"After this chapter you can\n(?::class: \w+\n)?\n*- (.+?)[,.]$", re.MULTILINE)
# Scripts fill these in; their room is kept, so that nothing moves.
SCORE = '<p class="path-score d-print-none" role="status" data-pagefind-ignore></p>'
FOOT = '<div class="path-foot d-print-none" data-pagefind-ignore></div>\n'
SUM = (
    '<div class="path-sum d-print-none" data-pagefind-ignore><p class="path-status"></p><p>What '
    "you mark as read and how you answer self-tests is kept in this browser alone, and sent to "
    "nobody.</p></div>"
)


@functools.cache
def advice(name: str) -> teaching.Advice:
    return teaching.read_advice(notebooks.read(notebooks.CHAPTERS / f"{name}.ipynb"))


def chapter(page: str) -> str:
    """The name of a page's notebook; empty where it is made from none."""
    folder, _, name = page.rpartition("/")
    return name if folder and (notebooks.ROOT / f"{page}.ipynb").is_file() else ""


def promise(name: str) -> str:
    """The first thing that a chapter says its reader will be able to do, as a sentence."""
    text = notebooks.read(notebooks.CHAPTERS / f"{name}.ipynb").cells[0].source
    found = PROMISE.search(text)
    if found is None:
        raise ValueError(f"{name} promises nothing in its first cell")
    return f"{found[1][0].upper()}{found[1][1:]}."


class ChapterMap(Generated):
    """Sections, one for each part of the contents, with a list of its chapters."""

    def run(self) -> list[nodes.Node]:
        contents = yaml.safe_load((notebooks.ROOT / "_toc.yml").read_text(encoding="utf-8"))
        number, minutes, made = 1, [0, 0], list[nodes.Node]()
        for part in contents["parts"]:
            names = [name for each in part["chapters"] if (name := chapter(each["file"]))]
            if not names:
                continue
            lines = []
            for number, name in enumerate(names, start=number):  # noqa: B020
                said = advice(name)
                minutes[0] += said.minutes_to_teach
                minutes[1] += said.minutes_for_exercises
                lines.append(
                    f"{number}. {link(f'chapters/{name}')}\n\n    {promise(name)}\n\n"
                    f"    {said.minutes_to_teach} min to read, {said.minutes_for_exercises} min "
                    f"for exercises · {said.level}\n"
                )
            number += 1
            title = part["caption"]
            section = nodes.section("", nodes.title("", title), ids=[nodes.make_id(title)])
            section += self.parse_text_to_nodes("\n".join(lines))
            next(section.findall(nodes.enumerated_list))["classes"].append("path-map")
            made.append(section)
        read, exercises = (round(each / 60) for each in minutes)
        intro = (
            "Each line says what you can do after the chapter, how long it takes and how hard it "
            f"is. All {number - 1} take about {read} hours to read, and their exercises about "
            f"{exercises} hours more."
        )
        return [nodes.paragraph("", intro), nodes.raw("", SUM, format="html"), *made]


def closing_section(doctree: nodes.document, heading: str) -> nodes.section | None:
    name = heading.removeprefix("## ").lower()
    return next((each for each in doctree.findall(nodes.section) if name in each["names"]), None)


def prepare(app: Sphinx, doctree: nodes.document) -> None:
    """The end of a chapter: a self-test that counts, ledger rows that are folded."""
    test = closing_section(doctree, questions.HEADING)
    ledger = closing_section(doctree, CLOSING_HEADINGS[-1])
    if not chapter(app.env.docname) or test is None or ledger is None:
        return
    test += nodes.raw("", SCORE, format="html")
    opening = (
        f'<details class="ledger" id="{ledger["ids"][0]}"><summary>Which claims of the '
        "five documents this chapter answers</summary>"
    )
    ledger.replace_self(
        [
            nodes.raw("", opening, format="html"),
            *ledger.children[1:],
            nodes.raw("", "</details>", format="html"),
        ]
    )


def surround(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """What stands at a chapter's head and foot, and where its links at the very end lead."""
    if name := chapter(page):
        said = advice(name)
        head = (
            f"About {said.minutes_to_teach} minutes to read, {said.minutes_for_exercises} for "
            f"exercises · {said.level}"
        )
        head = f'<p class="path-head" data-pagefind-ignore>{head}</p>'
        context["body"] = context["body"].replace("</h1>", f"</h1>\n{head}", 1) + FOOT
    listed = pages.files_in_contents()
    way = listed[: listed.index(END) + 1]
    if page not in way:
        context["prev"] = None
    if page not in way[:-1]:
        context["next"] = None


def setup(app: Sphinx) -> None:
    app.add_directive("chapter-map", ChapterMap)
    app.connect("doctree-read", prepare, priority=400)  # before the contents are collected
    app.connect("html-page-context", surround)
