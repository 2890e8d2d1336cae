"""Chromium on this machine, and the built book served to it on the loopback address."""

from __future__ import annotations

import functools
import gzip
import http.server
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape

import matplotlib
from notebooks import ROOT
from playwright.sync_api import Browser, BrowserContext, Playwright, sync_playwright

HTML = ROOT / "_build" / "html"  # the built book
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MACOS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
MISSING = (
    "There is no Chromium on this machine: install one (Debian: apt-get install chromium), "
    "or name yours in the environment variable CHROMIUM."
)
COMPRESSED = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
THEMES = ("light", "dark")
WIDE, NARROW = (1280, 900), (360, 780)  # a desktop's window and a small phone's, in CSS pixels
PATIENCE = 600_000  # milliseconds: on a busy machine all is slow, and only what hangs takes so long

# Style sheets that make letters as wide as those of any reader: which fonts this machine has, and
# so how wide a line is, must not decide what a test finds. Matplotlib brings DejaVu, and `launched`
# shows it to Chromium; macOS and Windows have Verdana. The spacing is the one that readers may ask
# for by WCAG 2.2, 1.4.12.
WIDE_FONT = 'font-family: "DejaVu Sans", Verdana, sans-serif !important;'
SPACING = "letter-spacing: 0.12em !important; word-spacing: 0.16em !important;"
LETTERS = {
    "own": "",
    "monospace": '* {font-family: "DejaVu Sans Mono", monospace !important}',
    "wide": f"* {{{WIDE_FONT}}}",
    "spaced": f"* {{{SPACING}}}",
    "wide and spaced": f"* {{{WIDE_FONT} {SPACING}}}",
}

# Opens all that waits behind a click.
OPENED = "document.querySelectorAll('details').forEach((each) => { each.open = true; })"

# Waits until a page has its fonts and all of its pictures.
SETTLED = """async () => {
    await document.fonts.ready;
    for (const image of document.images) image.loading = "eager";
    await Promise.all([...document.images].map((image) => image.decode().catch(() => {})));
}"""

# Waits until a page has the width that is handed over, if any is, has been drawn, and its scripts
# have followed: what scrolls sideways takes the keyboard's focus then, on a busy machine late. What
# has not taken it after two minutes, axe finds.
DRAWN = """async (width) => {
    const frame = () => new Promise(requestAnimationFrame);
    const scrolls = (element) => element.scrollWidth - element.clientWidth > 1 &&
        ["auto", "scroll"].includes(getComputedStyle(element).overflowX);
    const late = () => [...document.querySelectorAll("article *")].some(
        (element) => scrolls(element) && element.tabIndex < 0);
    while (width && innerWidth !== width) await frame();
    await frame();
    await frame();
    for (const since = Date.now(); Date.now() - since < 120_000 && late(); ) await frame();
}"""


def chromium() -> str | None:
    """The path of a Chromium or Chrome: the one that CHROMIUM names, or any that is installed."""
    named = os.environ.get("CHROMIUM")
    if named:
        if not shutil.which(named):
            raise FileNotFoundError(f"CHROMIUM names {named!r}, which is no program")
        return shutil.which(named)
    found = filter(None, map(shutil.which, (*NAMES, *MACOS)))
    return next(found, None)


@contextmanager
def launched() -> Iterator[Browser]:
    """A headless browser. Raises FileNotFoundError where there is none."""
    path = chromium()
    if path is None:
        raise FileNotFoundError(MISSING)
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = start(playwright, path, FONTCONFIG_FILE=with_matplotlibs_fonts(Path(folder)))
        try:
            yield browser
        finally:
            browser.close()


def with_matplotlibs_fonts(folder: Path) -> str:
    """The path of a fontconfig file, written to `folder`: this machine's fonts and Matplotlib's."""
    known = os.environ.get("FONTCONFIG_FILE", "/etc/fonts/fonts.conf")
    added = Path(matplotlib.get_data_path(), "fonts", "ttf")
    file = folder / "fonts.conf"
    file.write_text(
        '<?xml version="1.0"?>\n<fontconfig>\n'
        f'<include ignore_missing="yes">{escape(known)}</include>\n'
        f"<dir>{escape(str(added))}</dir>\n</fontconfig>\n",
        encoding="utf-8",
    )
    return str(file)


def start(playwright: Playwright, path: str, **environment: str) -> Browser:
    # As root, and so in most containers, Chromium starts only without its own sandbox.
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return playwright.chromium.launch(
        executable_path=path,
        timeout=PATIENCE,
        env={**os.environ, **environment},
        args=[
            "--disable-background-networking",
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # no other host is reached
            *(["--no-sandbox"] if root else []),
        ],
    )


def context(browser: Browser, **options: Any) -> BrowserContext:
    """A browser context, with the options of Playwright's, that waits as long as it takes."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    return context


def reader(
    browser: Browser, *, theme: str = "light", size: tuple[int, int] = WIDE, scripts: bool = True
) -> BrowserContext:
    """A reader who has chosen a theme: a browser context with a cache of its own."""
    opened = context(
        browser,
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        java_script_enabled=scripts,
        reduced_motion="reduce",
    )
    opened.add_init_script(
        f"localStorage.setItem('mode', '{theme}'); localStorage.setItem('theme', '{theme}')"
    )
    return opened


@functools.cache
def compressed(path: Path, changed: int) -> bytes:
    """The content of a file, compressed once for each time that it was `changed`."""
    return gzip.compress(path.read_bytes(), mtime=0)


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files as hosts of pages do, text compressed, and does not report each one."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        if path.suffix not in COMPRESSED or not path.is_file():
            super().do_GET()
            return
        body = compressed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", COMPRESSED[path.suffix])
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=600")  # as GitHub Pages says
        super().end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address, ending in a slash, under which the files of `folder` are to be had."""
    handler = functools.partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def opened_book() -> Iterator[tuple[Browser, str]]:
    """A browser and the address of the built book; ends the program where there is no browser."""
    try:
        found = chromium()
    except FileNotFoundError as wrong:
        raise SystemExit(str(wrong)) from None
    if found is None:
        raise SystemExit(MISSING)
    with launched() as browser, served(HTML) as address:
        yield browser, address
