"""The sources of the book's pages, and the labels in them, read without building.

Whether every reference leads somewhere is for the strict build to say (tools/build_book.py).
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
