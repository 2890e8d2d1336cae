"""Build the book strictly, check every link inside it, and say where to open it.

    python tools/build_book.py

Fails when Sphinx warns of anything, when a link points at a page or a place that is not there, and
when a page would ask another host for what it needs to be shown.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"

# Where a page names what a browser fetches without being asked.
FETCHED = {
    "img": "src",
    "script": "src",
    "iframe": "src",
    "source": "src",
    "video": "src",
    "link": "href",
}
# Relations of <link> that name a page, not a thing to fetch.
NAMED_ONLY = {"canonical", "index", "search", "prev", "next", "author", "license", "alternate"}


class Page(HTMLParser):
    """The places of one page, what it links to, and what it fetches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {key: value for key, value in attributes if value}
        self.places.update(named[key] for key in ("id", "name") if key in named)
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        address = named.get(FETCHED.get(tag, ""))
        if address and not NAMED_ONLY & set(named.get("rel", "").split()):
            self.fetched.append(address)


def broken(html: Path) -> Iterator[str]:
    """What is wrong with the links of the pages in a folder, one sentence each."""
    html = html.resolve()
    files = [path.relative_to(html) for path in sorted(html.rglob("*.html"))]
    # In _static lie templates of the theme, which are no pages.
    pages = {html / file: Page(html / file) for file in files if file.parts[0] != "_static"}
    for path, page in pages.items():
        name = path.relative_to(html)
        for address in page.fetched:
            parts = urlsplit(address)
            if parts.netloc:
                yield f"{name} fetches {address} from another host"
            elif parts.path and not (path.parent / unquote(parts.path)).exists():
                yield f"{name} fetches {address}, which is not there"
        for address in dict.fromkeys(page.links):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            place = unquote(parts.fragment)
            if not target.exists():
                yield f"{name} links to {address}, which is not there"
            elif place and target in pages and place not in pages[target].places:
                yield f"{name} links to {address}, a place that page does not have"


def main() -> int:
    # All pages are written anew, from Sphinx's cache of what it has read: a page that left the
    # contents does not stay behind, and a reference whose target left is warned of.
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    # Not the script `jupyter-book`: it starts with the path of a Python, and paths may move.
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    options = ["build", str(ROOT), "-W", "-n", "--keep-going", "--quiet"]
    built = subprocess.run([*command, *options], cwd=ROOT, check=False)
    if built.returncode:
        # Sphinx warns of a page when it reads it and then takes it from its cache: without the
        # cache the next build warns again.
        shutil.rmtree(BUILD / ".doctrees", ignore_errors=True)
        print("The book was not built: see the warnings above.", file=sys.stderr)
        return 1
    html = BUILD / "html"
    problems = list(broken(html))
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"The book has {len(problems)} broken links.", file=sys.stderr)
        return 1
    print(f"Every link inside the book leads somewhere. Open {(html / 'index.html').as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
