"""Pages and files that are made from the notebooks while the book is built.

- `{executions}`   a table: when each chapter was last executed, how long it took, with what
- `{class-plan}`   a table: minutes and exercises of each chapter
- `{class-notes}`  chapter by chapter, what goes wrong in class and what may be left out
- `{hosted}`       its content, where notebook services can read the repository
- `{downloads}`    links to the archives of notebooks, which are written beside the pages

Each directive writes Markdown and has it parsed in its place.
"""

from __future__ import annotations

import os
import shutil
from collections import Counter
from pathlib import Path

import editions
import notebooks
import teaching
from docutils import nodes
from exercises import GRADES, read_exercises
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from .repository import repository, theme_options

FOLDER = "downloads"
PRINTED = {  # by `make pdf`
    notebooks.ROOT / "_build" / "unrolled.pdf": "The whole book as a PDF, without the solutions",
    notebooks.ROOT / "_build" / "unrolled-chapters.zip": "The chapters as PDFs, one each",
}
ARCHIVES = {"unrolled-notebooks.zip": "plain", "unrolled-student.zip": "student"}


class Generated(SphinxDirective):
    """Markdown made from the notebooks, parsed in place of the directive."""

    def markdown(self) -> str:
        raise NotImplementedError

    def run(self) -> list[nodes.Node]:
        for path in [*notebooks.paths_of([]), notebooks.EXECUTIONS, __file__]:
            self.env.note_dependency(str(path))
        return self.parse_text_to_nodes(self.markdown())


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def link(name: str) -> str:
    """A link to a chapter whose text is its title."""
    return f"[]({name}.ipynb)"


class Executions(Generated):
    def markdown(self) -> str:
        records = notebooks.executions()
        rows: list[list[str]] = []
        used: dict[str, str] = {}  # versions, each with its letter
        for path in notebooks.paths_of([]):
            record = records[path.stem]
            versions = ", ".join(f"{name} {each}" for name, each in record["versions"].items())
            used.setdefault(versions, chr(ord("a") + len(used)))
            seconds = f"{record['seconds']} s"
            rows.append([link(path.stem), record["date"], seconds, used[versions]])
        total = sum(records[path.stem]["seconds"] for path in notebooks.paths_of([]))
        rows.append(["**all**", "", f"**{total // 60} min {total % 60} s**", ""])
        explained = "\n".join(f"- {letter}: {versions}" for versions, letter in used.items())
        head = ["chapter", "last executed", "processor time", "versions"]
        return f"{table(head, rows)}\n{explained}\n"


class ClassPlan(Generated):
    def markdown(self) -> str:
        rows, sums = [], [0, 0]
        for path in notebooks.paths_of([]):
            notebook = notebooks.read(path)
            advice = teaching.read_advice(notebook)
            found = read_exercises(notebook).found.values()
            counted = Counter(exercise.grade for exercise in found)
            minutes = [f"{advice.minutes_to_teach}", f"{advice.minutes_for_exercises}"]
            rows.append(
                [link(path.stem), advice.level, *minutes]
                + [str(counted[grade]) for grade in GRADES]
            )
            sums[0] += advice.minutes_to_teach
            sums[1] += advice.minutes_for_exercises
        rows.append(["**all**", "", *(f"**{each}**" for each in sums), "", "", ""])
        head = ["chapter", "level", "minutes to teach", "minutes for the exercises"]
        return table(head + [grade.lower() for grade in GRADES], rows)


class ClassNotes(Generated):
    def markdown(self) -> str:
        parts = []
        for path in notebooks.paths_of([]):
            advice = teaching.read_advice(notebooks.read(path))
            parts.append(f"**{link(path.stem)}**\n")
            parts += [f"- {each}" for each in advice.goes_wrong]
            parts.append(f"- *When time is short:* {advice.leave_out}\n")
        return "\n".join(parts)


class Hosted(SphinxDirective):
    """Its content where a chapter's page has buttons that open its notebook elsewhere."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        if not theme_options(os.environ)["launch_buttons"]:
            return []
        return self.parse_content_to_nodes()


class Downloads(SphinxDirective):
    """A list of links to files that are no pages, so that no reference of Sphinx leads to them."""

    def run(self) -> list[nodes.Node]:
        offered = {name: editions.EDITIONS[edition] for name, edition in ARCHIVES.items()}
        offered |= {path.name: text for path, text in PRINTED.items() if path.is_file()}
        up = "../" * self.env.docname.count("/")
        items = nodes.bullet_list()
        for name, text in offered.items():
            reference = nodes.reference("", name, refuri=f"{up}{FOLDER}/{name}", internal=False)
            items += nodes.list_item(
                "", nodes.paragraph("", f"{text}: ", reference, nodes.Text("."))
            )
        return [items]


def write_archives(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.name != "html":
        return
    folder = Path(app.outdir) / FOLDER
    folder.mkdir(exist_ok=True)
    home = repository(os.environ)
    chapters = editions.chapters()
    for name, which in ARCHIVES.items():
        made = editions.edition(
            which, chapters, app.config.html_baseurl, home["url"] if home else ""
        )
        (folder / name).write_bytes(editions.archive(made, editions.EDITIONS[which]))
    for path in PRINTED:
        if path.is_file():
            shutil.copy2(path, folder / path.name)


def setup(app: Sphinx) -> None:
    app.add_directive("executions", Executions)
    app.add_directive("class-plan", ClassPlan)
    app.add_directive("class-notes", ClassNotes)
    app.add_directive("hosted", Hosted)
    app.add_directive("downloads", Downloads)
    app.connect("build-finished", write_archives)
