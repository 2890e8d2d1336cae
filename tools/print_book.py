"""Print the book into PDFs: the whole of it, and each chapter alone, without the solutions.

    python tools/print_book.py [PAGE ...]

The pages are joined into one long one, whose links lead to places in itself, and Chromium prints it
with a title page, a contents list, an outline and page numbers. What waits behind a click is open,
but not the solutions and the answers of the self-tests: a class may get these sheets. Where pages
of paper break is said in book.css, for readers who print a chapter too.

The files are _build/unrolled.pdf and _build/unrolled-chapters.zip; a book that is built after them
offers them for download. With a PAGE, an address without its ending such as chapters/05_cells, only
that page is printed, to _build/paper/05_cells.pdf.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import browser as chromium
import pages
import yaml
from notebooks import ROOT
from playwright.sync_api import Page

FIRST = "chapters/01_two_steps_in_numpy"  # has formulas, so their font is loaded
PDF = ROOT / "_build" / "unrolled.pdf"
CHAPTERS = ROOT / "_build" / "unrolled-chapters.zip"

# Puts the articles of pages into this one, after a title page and the contents. A place `x` of the
# page `a/b` becomes `a/b#x`, and a link to it a link inside the document; links to other pages lead
# to the book's address where there is one, and else are words. Pictures keep their addresses, since
# all are absolute.
JOIN = """async ([site, parts, home, title]) => {
    const names = parts.flatMap((part) => part.pages);
    const joined = document.createElement("main");
    const made = (tag, text, within) => {
        const element = document.createElement(tag);
        element.textContent = text;
        if (within) within.append(element);
        return element;
    };
    const front = made("header", "", joined);
    front.className = "paper-front";
    made("p", title.above, front).className = "paper-above";
    made("p", title.name, front).className = "paper-title";
    for (const line of title.lines) made("p", line, front);
    const contents = made("nav", "", joined);
    contents.className = "paper-contents";
    made("p", "Contents", contents).className = "paper-heading";
    for (const part of parts) {
        if (part.caption) made("p", part.caption, contents).className = "paper-part";
        const list = made("ul", "", contents);
        for (const name of part.pages) {
            const address = `${site}${name}.html`;
            const text = await (await fetch(address)).text();
            const page = new DOMParser().parseFromString(text, "text/html");
            const article = document.adoptNode(page.querySelector("article.bd-article"));
            article.id = `page:${name}`;
            for (const each of article.querySelectorAll(
                "script, .headerlink, button, div.solution, .path-foot")) each.remove();
            for (const each of article.querySelectorAll("details:not(.answer)")) each.open = true;
            for (const each of article.querySelectorAll("details.answer"))
                for (const inside of [...each.childNodes])
                    if (inside.nodeName !== "SUMMARY") inside.remove();
            for (const each of article.querySelectorAll("[id]")) each.id = `${name}#${each.id}`;
            for (const each of article.querySelectorAll("img[src]"))
                each.src = new URL(each.getAttribute("src"), address).href;
            for (const each of article.querySelectorAll("a[href]")) {
                const target = new URL(each.getAttribute("href"), address);
                if (!target.href.startsWith(site)) continue;
                const rest = target.href.slice(site.length);
                const other = rest.split("#")[0].replace(/\\.html$/, "");
                const place = decodeURIComponent(target.hash);
                if (names.includes(other))
                    each.href = place ? `#${other}${place}` : `#page:${other}`;
                else if (home) each.href = home + rest;
                else each.removeAttribute("href");
            }
            article.style.breakBefore = "page";
            joined.append(article);
            // Of a single page, its sections.
            const places = names.length > 1 ? ["h1"] : ["h2"];
            for (const heading of article.querySelectorAll(places.join(","))) {
                const at = heading.closest("section")?.id;
                const link = made("a", heading.textContent.trim(), made("li", "", list));
                link.href = names.length > 1 || !at ? `#page:${name}` : `#${at}`;
            }
        }
    }
    document.body.replaceChildren(joined);
    document.title = title.name;
    await document.fonts.ready;
}"""
STYLE = """
    body { background: white; }
    main { display: block; max-width: none; }
    article.bd-article { padding: 0 !important; }
    .paper-front { height: 230mm; padding-top: 70mm; text-align: center; }
    .paper-above { color: #52606d; }
    .paper-title { font-size: 2.5rem; font-weight: 600; margin: 1rem 0 2rem; line-height: 1.2; }
    .paper-contents { break-before: page; }
    .paper-heading { font-size: 1.75rem; font-weight: 600; }
    .paper-part { font-weight: 600; margin: 1.25rem 0 0.25rem; break-after: avoid; }
    .paper-contents ul { list-style: none; padding-left: 1rem; }
"""
FOOTER = """<div style="width: 100%; text-align: center; font-size: 8px; color: #52606d">
    Unrolled &nbsp;·&nbsp; <span class="pageNumber"></span></div>"""
TITLE = re.compile(rb"/Title (?P<text>\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>)")
COURSE = "Unrolled: recurrent networks in TensorFlow"
LEFT_OUT = (
    "The solutions of the exercises, and the answers of the self-tests, wait behind a click on the "
    "book's pages. They are not printed here."
)


def parts() -> list[dict[str, Any]]:
    """The parts of the book as _toc.yml has them: a caption, and the addresses of its pages."""
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    found = [{"caption": "", "pages": [contents["root"]]}]
    for part in contents["parts"]:
        files = [each["file"] for each in part["chapters"]]
        found.append({"caption": part["caption"], "pages": files})
    return found


def printed(page: Page, site: str, contents: list[dict[str, Any]], title: dict[str, Any]) -> bytes:
    """Pages of the book as one PDF.

    Args:
      page: of a browser; what it shows is replaced.
      site: where the book is served.
      contents: parts, as `parts` returns them.
      title: `name`, what stands `above` it, and `lines` below.
    """
    page.goto(f"{site}{FIRST}.html")
    page.evaluate(chromium.SETTLED)
    home = page.evaluate("document.querySelector('link[rel=canonical]')?.href || ''")
    page.add_style_tag(content=STYLE)
    page.evaluate(JOIN, [site, contents, home.partition("chapters/")[0], title])
    page.evaluate(chromium.SETTLED)
    headings = page.evaluate(
        "[...document.querySelectorAll('article :is(h1, h2, h3, h4)')].map(h => h.textContent)"
    )
    pdf = page.pdf(
        format="A4",
        scale=0.85,
        margin={"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        print_background=True,
        display_header_footer=True,
        header_template="<span></span>",
        footer_template=FOOTER,
        outline=True,
        tagged=True,
    )
    return with_titles_once(pdf, headings)


def letters(text: str) -> Counter[str]:
    return Counter("".join(text.split()))


def said_again(title: str, heading: str) -> bool:
    """Whether a title holds a heading with some of its pieces twice or three times."""
    number = re.compile(r"[\d.]+(?=\s)")
    if [number.match(each) for each in (title, heading)].count(None) % 2:
        return False
    if (first := number.match(title)) and first[0] != number.match(heading)[0]:  # type: ignore[index]
        return False
    here, there = letters(title), letters(heading)
    return here != there and all(
        there[each] <= here[each] <= 3 * there[each] for each in here | there
    )


def with_titles_once(pdf: bytes, headings: Sequence[str]) -> bytes:
    """The PDF with each title of its outline said once.

    Chromium says a heading twice, or some pieces of it, where it was moved to the next sheet. What
    this makes shorter is filled with spaces, so that nothing in the file moves.
    """

    def once(found: re.Match[bytes]) -> bytes:
        raw = found["text"]
        hexadecimal = raw.startswith(b"<")
        if hexadecimal:
            title = bytes.fromhex(raw[1:-1].decode()).decode("utf-16")
        else:
            title = re.sub(rb"\\(.)", rb"\1", raw[1:-1]).decode("latin-1")
        heading = next((each for each in headings if said_again(title, each)), None)
        if heading is None:
            return found[0]
        text = " ".join(heading.split())
        if hexadecimal:
            said = b"<" + ("\ufeff" + text).encode("utf-16-be").hex().encode() + b">"
        else:
            said = b"(" + re.sub(rb"([()\\])", rb"\\\1", text.encode("latin-1")) + b")"
        return b"/Title " + said.ljust(len(raw))

    return TITLE.sub(once, pdf)


def whole(page: Page, site: str) -> bytes:
    lines = ["From two time steps computed by hand to a network that reads MNIST row by row"]
    return printed(
        page, site, parts(), {"name": "Unrolled", "above": "A course", "lines": [*lines, LEFT_OUT]}
    )


def alone(page: Page, site: str, name: str) -> bytes:
    """One page of the book with a title page and its sections."""
    page.goto(f"{site}{name}.html")
    title = page.locator("article h1").first.evaluate(
        "h => [...h.childNodes].filter(n => !n.matches?.('.headerlink')).map(n => n.textContent)"
        ".join('').trim()"
    )
    shown = {"name": title, "above": COURSE, "lines": [LEFT_OUT]}
    return printed(page, site, [{"caption": "", "pages": [name]}], shown)


def main(names: Sequence[str] = ()) -> None:
    chapters = [name for name in pages.files_in_contents() if (ROOT / f"{name}.ipynb").is_file()]
    with chromium.opened_book() as (browser, site):
        page = chromium.reader(browser).new_page()
        for name in names:
            path = ROOT / "_build" / "paper" / f"{Path(name).name}.pdf"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(alone(page, site, name))
            print(f"The page lies in {path.relative_to(ROOT)}.")
        if names:
            return
        PDF.write_bytes(whole(page, site))
        with zipfile.ZipFile(
            CHAPTERS, "w", zipfile.ZIP_STORED
        ) as zipped:  # PDFs are packed already
            for name in chapters:
                zipped.writestr(f"unrolled/{Path(name).name}.pdf", alone(page, site, name))
    print(
        f"The book lies in {PDF.relative_to(ROOT)}, its chapters in {CHAPTERS.relative_to(ROOT)}."
    )


if __name__ == "__main__":
    main(sys.argv[1:])
