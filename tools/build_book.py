"""Build the book strictly, check every link inside it, and say where to open it.

    python tools/build_book.py [FOLDER]

With a FOLDER, which must not be there yet, the pages are copied into it too: a later build does not
change them while they are read.

Fails when a chapter is not in its form, when Sphinx warns of anything, when a link points at a page
or a place that is not there, and when a page would ask another host for what it needs to be shown.

Either every page is made anew, or nothing is done: that is, when the book that lies there is whole
and has been made from what there is now. No part of an earlier build is ever used for another one.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import chapters

fcntl: Any
try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"

# Folders that no page is made from, beside the hidden ones: what was built, and environments.
MADE = {"_build", "build", "dist", "__pycache__"}
# How the names of environment variables begin that say who builds the book, and for which address.
HOSTED = ("BOOK_", "GITHUB_")

# Where a page names what a browser fetches without being asked.
FETCHED = {
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "image": ("href", "xlink:href"),
    "img": ("src", "srcset"),
    "input": ("src",),
    "link": ("href", "imagesrcset"),
    "object": ("data",),
    "script": ("src",),
    "source": ("src", "srcset"),
    "track": ("src",),
    "use": ("href", "xlink:href"),
    "video": ("src", "poster"),
}
# And where a style does, and a script. Of a script only an address that stands in it is seen.
STYLE_FETCHES = re.compile(r"""url\(\s*["']?([^"')]+)|@import\s+["']([^"']+)""")
SCRIPT_FETCHES = re.compile(
    r"""(?:fetch|import|importScripts|Worker|EventSource|WebSocket|sendBeacon)\(\s*["'`]"""
    r"""((?:https?:|wss?:)?//[^"'`\s]+)|\.(?:src|href)\s*=\s*["'`]((?:https?:)?//[^"'`\s]+)"""
)
# Thousands of words of code have a colour and nothing else: no place, no link.
COLOURED = re.compile(r'</?span(?: class="[^"]*")?>')
# Relations of <link> that name a page, not a thing to fetch.
NAMED_ONLY = {"canonical", "index", "search", "prev", "next", "author", "license", "alternate"}


class Page(HTMLParser):
    """The places of one page, what it links to, and what it fetches."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.places: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self._inside = ""
        self.feed(COLOURED.sub("", path.read_text(encoding="utf-8")))

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {key: value for key, value in attributes if value}
        self.places.update(named[key] for key in ("id", "name") if key in named)
        if tag == "a" and "href" in named:
            self.links.append(named["href"])
        if not NAMED_ONLY & set(named.get("rel", "").split()):
            for name in FETCHED.get(tag, ()):
                listed = named.get(name, "")
                several = name.endswith("srcset")
                parts = [each.split()[0] for each in listed.split(",") if each.strip()]
                self.fetched += parts if several else [listed] if listed else []
        self.fetched += fetched_by_style(named.get("style", ""))
        self.fetched = [each for each in self.fetched if not each.startswith(("data:", "#"))]
        self._inside = tag if tag in ("script", "style") else ""

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "style":
            self.fetched += fetched_by_style(data)
        elif self._inside == "script":
            self.fetched += fetched_by_script(data)


def fetched_by_style(text: str) -> list[str]:
    """The addresses in a style, without those that hold what they name."""
    found = (one or other for one, other in STYLE_FETCHES.findall(text))
    return [each.strip() for each in found if not each.startswith(("data:", "#"))]


def fetched_by_script(text: str) -> list[str]:
    """The addresses of other hosts that a script asks for by name."""
    return [one or other for one, other in SCRIPT_FETCHES.findall(text)]


def place_of(html: Path, page: Path, address: str) -> Path:
    """The file that an address on a page means; the 404 page's start at the root of the host."""
    path = unquote(address)
    if path.startswith("/"):
        book = urlsplit(os.environ.get("BOOK_URL", "")).path.rstrip("/")
        return html / path.removeprefix(book).lstrip("/")
    return (page.parent / path).resolve()


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
            elif parts.path and not place_of(html, path, parts.path).exists():
                yield f"{name} fetches {address}, which is not there"
        for address in dict.fromkeys(page.links):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc:
                continue
            target = place_of(html, path, parts.path) if parts.path else path
            place = unquote(parts.fragment)
            if not target.exists():
                yield f"{name} links to {address}, which is not there"
            elif place and target in pages and place not in pages[target].places:
                yield f"{name} links to {address}, a place that page does not have"


def from_elsewhere(html: Path) -> Iterator[str]:
    """What the styles and scripts of a book would fetch from other hosts, one sentence each."""
    looks = {".css": fetched_by_style, ".js": fetched_by_script, ".svg": fetched_by_style}
    for path in sorted(html.rglob("*")):
        if path.suffix in looks:
            for address in looks[path.suffix](path.read_text(encoding="utf-8", errors="replace")):
                if urlsplit(address).netloc:
                    yield f"{path.relative_to(html)} fetches {address} from another host"


def sources() -> Iterator[Path]:
    """Every file that a page may be made from: all of the project's but what was built."""
    for folder, folders, files in os.walk(ROOT):
        place = Path(folder)
        folders[:] = [
            name
            for name in folders
            if not (name.startswith(".") or name in MADE or (place / name / "pyvenv.cfg").exists())
        ]
        yield from (place / name for name in files if not name.startswith("."))
    for kind in ("*.pdf", "*.zip"):  # the book offers them for download
        yield from BUILD.glob(kind)


def digest(files: Iterable[Path]) -> str:
    """One digest of the names and contents of files."""
    total = hashlib.sha256()
    for path in sorted(files):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        total.update(f"{path.relative_to(ROOT).as_posix()} {content}\n".encode())
    return total.hexdigest()


def surroundings() -> str:
    """What pages depend on beside files: Python, the installed packages, who builds the book."""
    folders = [Path(each) for each in sys.path if Path(each).is_dir()]
    packages = sorted(path.name for each in folders for path in each.glob("*.dist-info"))
    hosted = sorted(f"{key}={os.environ[key]}" for key in os.environ if key.startswith(HOSTED))
    return hashlib.sha256("\n".join([sys.version, *packages, *hosted]).encode()).hexdigest()


def origin() -> str:
    """What the book would be made from now, as digests."""
    return f"{digest(sources())} {surroundings()}"


def record(made_from: str) -> str:
    """What is noted of a book: what it was made from, and all of its files."""
    files = (path for path in (BUILD / "html").rglob("*") if path.is_file())
    return f"{made_from} {digest(files)}\n"


def build() -> bool:
    """Make all pages anew and check them; whether all is well."""
    faults = list(chapters.all_faults())
    for fault in faults:  # all of them at once, and before Sphinx stumbles over the first
        print(fault, file=sys.stderr)
    if faults:
        print(f"The book was not built: {len(faults)} to mend in its chapters.", file=sys.stderr)
        return False
    for folder in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)
    # Not the script `jupyter-book`: it starts with the path of a Python, and paths may move.
    command = [sys.executable, "-c", "from jupyter_book.cli.main import main; main()"]
    options = ["build", str(ROOT), "-W", "-n", "--keep-going", "--quiet"]
    built = subprocess.run([*command, *options], cwd=ROOT, check=False)
    if built.returncode:
        print("The book was not built: see the warnings above.", file=sys.stderr)
        return False
    problems = [*broken(BUILD / "html"), *from_elsewhere(BUILD / "html")]
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        print(f"The book has {len(problems)} broken links.", file=sys.stderr)
    return not problems


def main(arguments: Sequence[str] = ()) -> int:
    BUILD.mkdir(exist_ok=True)
    noted = BUILD / "book.sha256"
    with (BUILD / "book.lock").open("w") as lock:
        if fcntl is not None:  # the second of two builds waits, and finds the book
            fcntl.flock(lock, fcntl.LOCK_EX)
        made_from = origin()
        if noted.is_file() and noted.read_text(encoding="utf-8") == record(made_from):
            print("Nothing has changed since the book was built.")
        else:
            noted.unlink(missing_ok=True)
            if not build():
                return 1
            noted.write_text(record(made_from), encoding="utf-8")
        for folder in arguments:
            shutil.copytree(BUILD / "html", folder)
    index = BUILD / "html" / "index.html"
    print(f"Every link inside the book leads somewhere. Open {index.as_uri()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
