"""Print the whole book into one PDF: every page as it is built, all that can be opened open.

    python tools/print_book.py

The pages are joined into one long one, whose links lead to places in itself, and Chromium prints it
with an outline and page numbers. Where pages of paper break is said in book.css, for readers who
print a chapter too. The file is _build/unrolled.pdf; a book that is built after it offers it for
download.
"""

from __future__ import annotations

import browser as chromium
import pages
from notebooks import ROOT

FIRST = "chapters/01_two_steps_in_numpy"  # has formulas, so their font is loaded
PDF = ROOT / "_build" / "unrolled.pdf"

# Puts the articles of all pages into this one. A place `x` of the page `a/b` becomes `a/b#x`, and a
# link to it a link inside the document; pictures keep their addresses, since all are absolute.
JOIN = """async ([site, names]) => {
    const joined = document.createElement("main");
    for (const name of names) {
        const address = `${site}${name}.html`;
        const text = await (await fetch(address)).text();
        const page = new DOMParser().parseFromString(text, "text/html");
        const article = document.adoptNode(page.querySelector("article.bd-article"));
        article.id = `page:${name}`;
        for (const each of article.querySelectorAll("[id]")) each.id = `${name}#${each.id}`;
        for (const each of article.querySelectorAll("img[src]"))
            each.src = new URL(each.getAttribute("src"), address).href;
        for (const each of article.querySelectorAll("a[href]")) {
            const target = new URL(each.getAttribute("href"), address);
            if (!target.href.startsWith(site)) continue;
            const other = target.href.slice(site.length).split("#")[0].replace(/\\.html$/, "");
            if (!names.includes(other)) continue;
            const place = decodeURIComponent(target.hash);
            each.href = place ? `#${other}${place}` : `#page:${other}`;
        }
        for (const each of article.querySelectorAll("script, .headerlink, button")) each.remove();
        for (const each of article.querySelectorAll("details")) each.open = true;
        article.style.breakBefore = "page";
        joined.append(article);
    }
    document.body.replaceChildren(joined);
    document.title = "Unrolled: recurrent networks in TensorFlow";
    await document.fonts.ready;
}"""
STYLE = """
    body { background: white; }
    main { display: block; max-width: none; }
    article.bd-article { padding: 0 !important; }
"""
FOOTER = """<div style="width: 100%; text-align: center; font-size: 8px; color: #52606d">
    Unrolled &nbsp;·&nbsp; <span class="pageNumber"></span></div>"""


def main() -> None:
    with chromium.opened_book() as (browser, site):
        page = chromium.reader(browser).new_page()
        page.goto(f"{site}{FIRST}.html")
        page.evaluate(chromium.SETTLED)
        page.add_style_tag(content=STYLE)
        page.evaluate(JOIN, [site, pages.files_in_contents()])
        page.evaluate(chromium.SETTLED)
        page.pdf(
            path=PDF,
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
    print(f"The book lies in {PDF.relative_to(ROOT)}.")


if __name__ == "__main__":
    main()
