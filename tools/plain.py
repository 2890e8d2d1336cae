"""Markdown that any notebook program shows, made from the Markdown of the book.

The book's sources are MyST, which Jupyter, Colab and editors show raw. Here directives become
headings, quotations and `<details>`, and roles become words and links: to a heading of the same
notebook, to another notebook beside it, or to a page of the book where its address is known.
"""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import notebooks
import pages
from exercises import read_exercises
from nbformat import NotebookNode

OPENS = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\}[ \t]*(?P<argument>.*)$")
CODE = re.compile(r"^ *(?P<fence>`{3,}|~{3,})(?!\{)")
OPTION = re.compile(r"^:([\w-]+):[ \t]*(.*)$")
LABEL = re.compile(r"^\(([\w-]+)\)=[ \t]*\n", re.MULTILINE)
LABELLED_HEADING = re.compile(r"^\(([\w-]+)\)=[ \t]*\n+#+[ \t]+(.+)$", re.MULTILINE)
EQUATION = re.compile(r"^\$\$[ \t]*\n(?P<inside>.*?)\n\$\$[ \t]*\((?P<label>[\w-]+)\)", re.M | re.S)
LINK = re.compile(r"(?<!!)\[(?P<text>[^\[\]]*)\]\((?P<target>[^)\s]+)\)")
TITLE = re.compile(r"^# (.+)$", re.MULTILINE)
SPAN = re.compile(r"(?:\{(?P<role>[\w:-]+)\})?(?P<tick>`+)(?!`)(?P<inside>.+?)(?<!`)(?P=tick)(?!`)")
BOOK_ONLY = "In the book this figure can be changed"  # a touchable one


def slug(heading: str) -> str:
    """How Jupyter calls the place of a heading."""
    return quote(heading.replace("`", "").replace("*", "").replace(" ", "-"))


@dataclass(frozen=True)
class Place:
    """Where a label of the book leads: a page, a heading in it, and the words for it."""

    page: str  # the file's name
    title: str
    heading: str = ""  # as it is shown; empty for the page itself

    @property
    def is_notebook(self) -> bool:
        return self.page.endswith(".ipynb")


@dataclass
class Book:
    """What links and roles are about, read from the sources of all pages."""

    titles: dict[str, str] = field(default_factory=dict)  # by the name of a page's file
    places: dict[str, Place] = field(default_factory=dict)  # by label
    equations: dict[str, tuple[str, int]] = field(default_factory=dict)  # page and number
    papers: dict[str, tuple[str, str]] = field(default_factory=dict)  # authors and year, by key


def sources() -> Iterator[tuple[str, str]]:
    """The name of each page's file, and the whole Markdown in it."""
    for path in sorted((pages.ROOT / "chapters").glob("*.ipynb")):
        yield path.name, notebooks.markdown_of(notebooks.read(path))
    for path in sorted((pages.ROOT / "chapters").glob("*.md")):
        yield path.name, path.read_text(encoding="utf-8")


@functools.cache
def book() -> Book:
    found = Book()
    for page, text in sources():
        title = (TITLE.search(text) or ["", page])[1]
        found.titles[page] = title
        for label in pages.labels(pages.Page(Path(page), pages.prose(text))):
            found.places[label] = Place(page, title)
        for label, heading in LABELLED_HEADING.findall(text):
            found.places[label.lower()] = Place(page, title, heading)
        for number, equation in enumerate(EQUATION.finditer(text), start=1):
            found.equations[equation["label"]] = (page, number)
    for path in notebooks.paths_of([]):
        for label, exercise in read_exercises(notebooks.read(path)).found.items():
            at = Place(path.name, found.titles[path.name], exercise.title)
            found.places[label.lower()] = at
    found.papers = papers()
    return found


def papers() -> dict[str, tuple[str, str]]:
    """Whom a citation names, and the year, by its key."""
    from pybtex.database import parse_file

    entries = parse_file(str(pages.ROOT / "chapters" / "references.bib")).entries
    named = {}
    for key, entry in entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [" ".join(person.last_names).replace("{", "").replace("}", "") for person in people]
        if len(names) > 2:
            names = [f"{names[0]} et al."]
        named[key] = (" and ".join(names) or entry.fields["title"], entry.fields["year"])
    return named


class Plain:
    """One notebook's Markdown, made plain.

    Args:
      page: the name of the notebook's file.
      address: where the book is published; empty where that is not known, and then what would be
        a link to one of its pages is words alone.
    """

    def __init__(self, page: str, address: str = ""):
        self.page, self.book = page, book()
        self.address = f"{address.rstrip('/')}/" if address else ""

    # blocks ------------------------------------------------------------------------------------

    def markdown(self, text: str) -> str:
        """Markdown with its directives, labels and roles made plain."""
        return re.sub(r"\n{3,}", "\n\n", "".join(self._blocks(text.splitlines(keepends=True))))

    def _blocks(self, lines: list[str]) -> Iterator[str]:
        prose: list[str] = []
        place = 0
        while place < len(lines):
            opens, code = OPENS.match(lines[place].rstrip("\n")), CODE.match(lines[place])
            if not opens and not code:
                prose.append(lines[place])
                place += 1
                continue
            fence = (opens or code)["fence"]  # type: ignore[index]
            end = place + 1
            while end < len(lines) and lines[end].strip() != fence:
                end += 1
            yield self.prose("".join(prose))
            prose = []
            body, place = lines[place + 1 : end], end + 1
            if code:
                yield "".join(lines[end - len(body) - 1 : place])
            elif opens:
                yield self._directive(opens["name"], opens["argument"].strip(), body) + "\n"
        yield self.prose("".join(prose))

    def _directive(self, name: str, argument: str, lines: list[str]) -> str:
        options = {}
        while lines and (option := OPTION.match(lines[0])):
            options[option[1]] = option[2]
            lines = lines[1:]
        body = self.markdown("".join(lines).strip("\n"))
        classes = options.get("class", "").split()
        if name in ("exercise", "exercise-start"):
            return f"### {self.prose(argument)}\n\n{body}\n"
        if name == "exercise-end":
            return ""
        if name == "touch":
            shown = picture(pages.ROOT / options["picture"], options["alt"])
            at = self._in_book(self.page, f"touch-{argument}")
            where = f" [{BOOK_ONLY}]({at})." if at else f" {BOOK_ONLY}."
            return f"{shown}\n\n{body.rstrip()}{where}\n"
        if name == "image":
            return picture(pages.ROOT / "chapters" / argument, options.get("alt", "")) + "\n"
        title = self.prose(argument)
        if "dropdown" in classes:
            return f"<details><summary>{summary(title)}</summary>\n\n{body}\n\n</details>\n"
        if name in ("margin", "sidebar") and not title:
            return quotation(body)
        if name == "admonition" or name in ("note", "tip", "warning", "important", "margin"):
            return quotation(f"**{title or name.capitalize()}**\n\n{body}")
        raise ValueError(f"{self.page}: the directive {{{name}}} has no plain form in {__file__}")

    # prose -------------------------------------------------------------------------------------

    def prose(self, text: str) -> str:
        """Text without directives: labels go, roles and links become what a notebook shows."""
        text = LABEL.sub("", text)
        text = EQUATION.sub(self._equation, text)
        kept: list[str] = []

        def span(found: re.Match[str]) -> str:
            # What is a link already, and code that looks like one, is kept from the next step.
            role = found["role"]
            kept.append(self._role(role, found["inside"]) if role else found[0])
            return f"\0{len(kept) - 1}\0"

        text = SPAN.sub(span, text)
        text = LINK.sub(self._link, text)
        return re.sub("\0(\\d+)\0", lambda found: kept[int(found[1])], text)

    def _equation(self, found: re.Match[str]) -> str:
        _, number = self.book.equations[found["label"]]
        return f"$$\n{found['inside']}\n\\tag{{{number}}}\n$$"

    def _role(self, role: str, inside: str) -> str:
        inside = " ".join(inside.split())
        words, named = re.fullmatch(r"(?:(.*?)\s*<)?([^<>]+)>?", inside).groups()  # type: ignore[union-attr]
        if role == "term":
            return str(words or inside)
        if role == "ref":
            place = self.book.places[named.lower()]
            return self._linked(words or place.heading or place.title, place, named)
        if role == "eq":
            page, number = self.book.equations[named]
            if page == self.page:
                return f"({number})"
            place = Place(page, self.book.titles[page])
            return f"({number}) of {self._linked(place.title, place, named)}"
        if role in ("cite", "cite:t"):
            cited = [self.book.papers[key.strip()] for key in inside.split(",")]
            if role == "cite:t":
                text = " and ".join(f"{who} ({year})" for who, year in cited)
            else:
                text = "; ".join(f"{who}, {year}" for who, year in cited)
            place = Place("bibliography.md", "Bibliography")
            linked = self._linked(text, place, "")
            return linked if role == "cite:t" else f"({linked})"
        raise ValueError(f"{self.page}: the role {{{role}}} has no plain form in {__file__}")

    def _link(self, found: re.Match[str]) -> str:
        text, target = found["text"], found["target"]
        if re.match(r"[a-z]+:", target):
            return found[0]
        page, _, label = target.partition("#")
        page = Path(page).name or self.page
        if page not in self.book.titles:
            return text  # the front page, or a file that is not beside the notebook
        place = self.book.places.get(label.lower(), Place(page, self.book.titles[page]))
        return self._linked(text or place.heading or place.title, place, label)

    def _linked(self, text: str, place: Place, label: str) -> str:
        if place.is_notebook:
            at = f"#{slug(place.heading)}" if place.heading else ""
            page = "" if place.page == self.page else place.page
            return f"[{text}]({page}{at})" if page or at else text
        at = self._in_book(place.page, label)
        return f"[{text}]({at})" if at else text

    def _in_book(self, page: str, label: str) -> str:
        if not self.address:
            return ""
        place = f"#{label.lower()}" if label else ""
        return f"{self.address}chapters/{Path(page).stem}.html{place}"


def picture(path: Path, alternative: str) -> str:
    """A picture that a notebook holds itself."""
    content = base64.b64encode(path.read_bytes()).decode()
    return f"![{alternative}](data:image/{path.suffix.removeprefix('.')};base64,{content})\n"


def quotation(body: str) -> str:
    lines = body.strip("\n").splitlines()
    return "\n".join(f"> {line}" if line else ">" for line in lines) + "\n"


def summary(title: str) -> str:
    """The text of a <summary>, in which Markdown is not read."""
    title = re.sub(r"`([^`]+)`", r"<code>\1</code>", title)
    return re.sub(r"\*([^*]+)\*", r"<em>\1</em>", title)


# --- a whole notebook ---------------------------------------------------------------------------

SOLUTION = re.compile(
    r"^`{3,}\{(?P<name>solution-start|solution-end)\}[ \t]*(?P<argument>.*)\n"
    r"(?::.*\n)*`{3,}[ \t]*$",
    re.MULTILINE,
)
FOLDED = {"jupyter": {"source_hidden": True, "outputs_hidden": True}, "cellView": "form"}


def notebook(
    made: NotebookNode, page: str, address: str, text_cell: Callable[[str], NotebookNode]
) -> NotebookNode:
    """The notebook with plain Markdown; the solutions wait behind a click, their code is folded."""
    plain = Plain(page, address)
    cells: list[NotebookNode] = []
    inside = ""  # the title of the solution that is open
    titles = {label: each.title for label, each in read_exercises(made).found.items()}

    def add(text: str) -> None:
        text = plain.markdown(text).strip()
        if inside and text:
            title = summary(f"Solution. {plain.prose(inside)}")
            text = f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"
        if text:
            cells.append(text_cell(text))

    for cell in made.cells:
        if cell.cell_type == "code":
            if inside:
                cell.metadata.update(FOLDED)
            cells.append(cell)
            continue
        if cell.cell_type != "markdown":
            cells.append(cell)
            continue
        place = 0
        before = len(cells)
        for found in SOLUTION.finditer(cell.source):
            add(cell.source[place : found.start()])
            place = found.end()
            if found["name"] == "solution-start":
                inside = titles[found["argument"].strip()]
                rest = cell.source[place:]
                if not rest.strip():
                    cells.append(text_cell("*The solution is the folded cell below.*"))
            else:
                inside = ""
        add(cell.source[place:])
        for each in cells[before:]:
            each.metadata.update(cell.metadata)
    made.cells = cells
    for number, cell in enumerate(cells, start=1):
        cell.id = f"cell-{number}"
    return made
