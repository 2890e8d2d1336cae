"""What the sources of the book's pages name and what they refer to, read without building.

The strict build resolves every reference too; this is for the tests, which say which page and which
word, in a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml
from notebooks import ROOT, read

LABELS = (
    re.compile(r"^(?:- )?\(([\w-]+)\)=[ \t]*$", re.MULTILINE),  # (label)= before a block
    re.compile(r"^:(?:label|name):[ \t]*([\w-]+)[ \t]*$", re.MULTILINE),  # a directive's option
    re.compile(r"\$\$[ \t]*\(([\w-]+)\)[ \t]*$", re.MULTILINE),  # $$ ... $$ (label)
    re.compile(r"\]\{#([\w-]+)[^}]*\}"),  # [text]{#label}
)
ROLE = re.compile(r"\{(ref|eq|numref|term|cite(?::\w+)?)\}`([^`]+)`")
LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
FENCE = re.compile(
    r"^(?P<fence>`{3,}|~{3,})(?!\{)\w[^\n]*\n.*?^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL
)
SPAN = re.compile(r"(?P<role>\{[\w:-]+\})?(?P<tick>`+)(?!`)(?:.+?)(?<!`)(?P=tick)(?!`)")


@dataclass(frozen=True)
class Page:
    """One source file of the book and the Markdown in it, code taken out."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return self.path.relative_to(ROOT).as_posix()


def prose(markdown: str) -> str:
    """Markdown without code: fenced listings and `spans` go, directives and roles stay."""
    return SPAN.sub(lambda span: span[0] if span["role"] else "", FENCE.sub("", markdown))


def page(path: Path) -> Page:
    if path.suffix == ".ipynb":
        cells = (cell.source for cell in read(path).cells if cell.cell_type == "markdown")
        return Page(path, prose("\n\n".join(cells)))
    return Page(path, prose(path.read_text(encoding="utf-8")))


def files_in_contents() -> list[str]:
    """The pages that _toc.yml lists, in order, as paths without suffix."""

    def walk(entry: object) -> Iterator[str]:
        if isinstance(entry, dict):
            for key, value in entry.items():
                if key in ("root", "file"):
                    yield value
                else:
                    yield from walk(value)
        elif isinstance(entry, list):
            for each in entry:
                yield from walk(each)

    return list(walk(yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))))


def files_on_disk() -> list[str]:
    """The pages that lie where pages belong, as paths without suffix."""
    paths = [ROOT / "index.md", *(ROOT / "chapters").glob("*.ipynb"), *ROOT.glob("chapters/*.md")]
    return [path.relative_to(ROOT).with_suffix("").as_posix() for path in paths]


def all_pages() -> list[Page]:
    names = (ROOT / name for name in sorted(files_on_disk()))
    return [
        page(
            next(
                name.with_suffix(end)
                for end in (".md", ".ipynb")
                if name.with_suffix(end).is_file()
            )
        )
        for name in names
    ]


def labels(of: Page) -> list[str]:
    """Every label that a page defines, lower case as Sphinx keeps them."""
    return [found.lower() for pattern in LABELS for found in pattern.findall(of.text)]


def slugs(of: Page) -> set[str]:
    """The anchors of a page's headings down to the third level."""
    headings = re.findall(r"^#{1,3} (.+)$", of.text, flags=re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in headings
    }


def glossary_terms(text: str) -> set[str]:
    """The terms that {glossary} directives explain, in lower case."""
    bodies = re.findall(r"(?ms)^(?:`{3,}|:{3,})\{glossary\}\n(.*?)^(?:`{3,}|:{3,})", text)
    return {
        " ".join(line.lower().split())
        for body in bodies
        for line in body.splitlines()
        if line[:1].strip()  # an explanation is indented
    }


def citation_keys() -> set[str]:
    path = ROOT / "chapters" / "references.bib"
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return set(re.findall(r"^@\w+\{([^,\s]+),", text, flags=re.MULTILINE))


def unresolved(of: Page, pages: list[Page]) -> Iterator[str]:
    """What a page refers to that is nowhere in the book, one sentence each."""
    everywhere = {label for each in pages for label in labels(each)}
    terms = {term for each in pages for term in glossary_terms(each.text)}
    by_path = {each.path: each for each in pages}
    citations = citation_keys()
    for role, argument in ROLE.findall(of.text):
        target = re.sub(r"^.*<([^>]+)>$", r"\1", argument.strip(), flags=re.DOTALL)
        if role == "term":
            named, known, lack = [target.lower()], terms, "a term that the glossary lacks"
        elif role.startswith("cite"):
            named, known, lack = target.split(","), citations, "a key that references.bib lacks"
        else:
            named, known, lack = [target.lower()], everywhere, "a label that no page has"
        for name in named:
            if " ".join(name.split()) not in known:
                yield f"refers to {name.strip()!r}, {lack}"
    for address in LINK.findall(of.text):
        if re.match(r"[a-z][a-z0-9+.-]*:", address):
            continue
        name, _, place = address.partition("#")
        path = (of.path.parent / name).resolve() if name else of.path
        if path != of.path and not path.is_file():
            yield f"links to {address}, a file that is not there"
        elif place and path in by_path:
            known = {*labels(by_path[path]), *slugs(by_path[path])}
            if place.lower() not in known and (name or place.lower() not in everywhere):
                yield f"links to {address}, a place that page does not have"
