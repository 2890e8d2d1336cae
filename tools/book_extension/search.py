"""The index of the search: each section of each page is a result of its own, found by Pagefind.

What is indexed is the prose of a section, and the error messages that its cells print. The names in
its code, and what `chapters/search.yml` says that people type for it, lead to it too, but are never
shown. Beside Pagefind's index lies a list of all its words, by which the browser mends what is
mistyped. Read from a folder nothing can be fetched: there Sphinx's own index serves.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from pathlib import Path

import yaml
from bs4 import BeautifulSoup, Tag
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FOLDER = "pagefind"
WORDS = "words.txt"
ALIASES = Path("chapters") / "search.yml"
# Parts of a page with a heading or a name of their own, each a result.
PLACES = "section:has(> :is(h1, h2, h3, h4)), .exercise[id]"
HEADING = ":scope > :is(h1, h2, h3, h4, .admonition-title)"
# No prose, or none that answers: links, formulas, answers that wait behind a click.
UNREAD = ".headerlink, .toctree-wrapper, .math, .solution, .answer, figure, script, style, noscript"
# The words of code have their colours from most of the elements of a page.
CODE = re.compile("<pre>.*?</pre>", re.DOTALL)
COLOURS = re.compile("</?span[^>]*>")
PASSED_OVER = {"Self-test", "Ledger rows answered"}
MESSAGE = re.compile(r"^.*\b[A-Z]\w+(?:Error|Exception|Warning)\b.*$", re.MULTILINE)
# A name in code that nobody would take for a word: has_lines, HasHumps.
NAME = re.compile(r"\b(?:[A-Za-z]\w*_\w+|[A-Z]+[a-z]\w*[A-Z]\w*)\b")
# A word of what is searched: `tidy` of _static/search.js splits what is typed in the same way.
WORD = re.compile(r"[^\W_][\w-]+")
KOREAN = re.compile("^[(]([\uac00-\ud7a3]+(?: [\uac00-\ud7a3]+)*)[)]")
# Pagefind's other user interfaces.
UNUSED = ("pagefind-*ui.*", "pagefind-highlight.js")


@dataclass
class Section:
    """One place of a page that a result leads to."""

    page: str  # its name in Sphinx
    anchor: str
    title: str
    chapter: str
    text: str
    code: str = ""
    aliases: str = ""

    def html(self) -> str:
        meta = {
            "title": self.title,
            "chapter": self.chapter,
            "url": f"{self.page}.html#{self.anchor}",
            "aliases": self.aliases,
            "code": self.code,
        }
        hidden = "".join(
            f'<p data-pagefind-ignore data-pagefind-meta="{key}">{escape(value)}</p>'
            for key, value in meta.items()
            if value
        )
        return f'<html lang="en"><body>{hidden}<p>{escape(self.text)}</p></body></html>'


def words(tag: Tag) -> str:
    return " ".join(tag.get_text().split())


def readable_formulas(article: Tag) -> None:
    """Formulas that read as they are written stay: x_t does, a fraction in LaTeX does not."""
    for formula in article.select("span.math"):
        written = formula.get_text().removeprefix(r"\(").removesuffix(r"\)")
        formula.replace_with("…" if "\\" in written else re.sub(r"[{}]", "", written))


def terms(glossary: Tag, page: str, chapter: str) -> Iterator[Section]:
    """The terms of a glossary; several names of one thing are one result."""
    for explained in glossary.find_all("dd", recursive=False):
        names: list[Tag] = []
        for before in explained.find_previous_siblings():
            if before.name != "dt":
                break
            names.insert(0, before)
        text = words(explained)
        # Many write a Korean term of two words without the blank.
        korean = [name for each in KOREAN.findall(text) for name in (each, each.replace(" ", ""))]
        titles = [words(name) for name in names]
        aliases = " | ".join(dict.fromkeys([*titles, *korean]))
        yield Section(page, str(names[0]["id"]), ", ".join(titles), chapter, text, aliases=aliases)


def sections(page: str, html: str) -> Iterator[Section]:
    """The places of a page, the last first."""
    plain = CODE.sub(lambda code: COLOURS.sub("", code[0]), html)
    article = BeautifulSoup(plain, "html.parser").article
    if article is None or article.h1 is None:
        return
    readable_formulas(article)
    for unread in article.select(UNREAD):
        unread.extract()
    chapter = words(article.h1)
    for glossary in article.select("dl.glossary"):
        yield from terms(glossary.extract(), page, chapter)
    for place in reversed(article.select(PLACES)):
        place.extract()  # from the one that holds it, which comes later
        heading = place.select_one(HEADING)
        # A label of the author's stays when a heading changes, and with it Sphinx's own anchor.
        label = place.select_one(":scope > span[id]:not(.math)") or place
        if heading is None:
            continue
        title = words(heading.extract())
        if re.sub(r"^[\d.]+ ", "", title) in PASSED_OVER:
            continue
        outputs = "\n".join(each.get_text() for each in place.select(".cell_output"))
        # Names in a table that a cell makes are what the table is about, however plain: tf.Session.
        listed = [each.get_text() for each in place.select(".cell_output table code")]
        code = [each.extract().get_text() for each in place.select(".highlight, .cell, .traceback")]
        messages = " ".join(dict.fromkeys(map(str.strip, MESSAGE.findall(outputs))))
        parts = [each.rpartition(".")[2] for each in listed]
        names = " ".join(dict.fromkeys([*parts, *NAME.findall("\n".join(code))]))
        text = f"{words(place)} {messages}".strip()
        yield Section(page, str(label["id"]), title, chapter, text, names)


def apply_aliases(source: str, found: list[Section]) -> None:
    """Adds what people type to the sections that answer it."""
    for entry in yaml.safe_load(source):
        named = [each for each in found if each.anchor == entry["find"]]
        if len(named) != 1:
            raise ExtensionError(
                f"{ALIASES.as_posix()} sends {entry['type'][0]!r} to the label "
                f"{entry['find']!r}, which {len(named) or 'no'} sections of the book have."
            )
        named[0].aliases = " | ".join(filter(None, [named[0].aliases, *entry["type"]]))
        if "says" in entry:
            named[0].text = f"{entry['says']} {named[0].text}"


def vocabulary(found: list[Section]) -> list[str]:
    """All words that are found, those that are in most sections first."""
    counted: Counter[str] = Counter()
    for each in found:
        text = f"{each.title} {each.text} {each.code} {each.aliases}".lower()
        text = re.sub(r"(?<=\d)[.](?=\d)", "", text)
        spelt = {part for word in WORD.findall(text) for part in (*word.split("-"), word)}
        counted.update({word.replace("-", "") for word in spelt if len(word) > 1})
    return [word for word, _ in sorted(counted.items(), key=lambda each: (-each[1], each[0]))]


def write_index(found: list[Section], out: Path) -> None:
    """Has Pagefind index one small page for each section: it ranks pages, not their parts."""
    with tempfile.TemporaryDirectory() as folder:
        for number, section in enumerate(found):
            (Path(folder) / f"{number:04}.html").write_text(section.html(), encoding="utf-8")
        options = ["--site", folder, "--output-path", str(out), "--include-characters", "_"]
        command = [sys.executable, "-m", "pagefind", *options, "--quiet"]
        if subprocess.run(command, check=False).returncode:
            raise ExtensionError("Pagefind could not write the index of the search.")
    (out / WORDS).write_text(" ".join(vocabulary(found)), encoding="utf-8")
    for pattern in UNUSED:
        for path in out.glob(pattern):
            path.unlink()


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    found = [
        section
        for page in sorted(app.env.found_docs)
        for section in sections(page, (out / f"{page}.html").read_text(encoding="utf-8"))
    ]
    apply_aliases((Path(app.srcdir) / ALIASES).read_text(encoding="utf-8"), found)
    write_index(found, out / FOLDER)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write)
