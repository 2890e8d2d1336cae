"""How code and outputs break where a page is narrow.

Code is read line by line, so a long line of it wraps between words, and what follows hangs in from
the line's own indentation. Outputs are read in columns, so they keep their lines and scroll. Only
sentences wrap: an output of one line, or a line that is no row of a table and longer than a screen.
"""

from __future__ import annotations

import re
from html import unescape

LONGEST = 88  # characters in a line that the widest column shows

BLOCK = re.compile(
    r'<div class="(?P<classes>[^"]*highlight-(?P<language>[\w-]+)[^"]*)">'
    r'<div class="highlight"><pre>(?:<span></span>)?(?P<code>.*?)</pre>',
    re.DOTALL,
)
TEXT = {"myst-ansi", "none", "text", "ipythontb"}  # languages of outputs
COLON = re.compile(r'(<span class="p">:</span>) (?=<)')  # what it announces stays with it
COLUMN = re.compile(r"(?<=\S) {2,}(?=\S)")
INDENT = re.compile(r"^((?:<[^>]*>)*)( +)")
HYPHEN = re.compile(r"-(?:[\w-]|&\w+;)+")  # behind one a browser would break
RUN = re.compile(r"(?:<[^>]*>|[^\s<])+")  # code without a space, with the tags in it
PLACES = re.compile(r"(?<=[(\[{,=])|(?=\.(?!\d))")
TAG_OR_TEXT = re.compile(r"<[^>]*>|[^<]+")
NARROWEST = 34  # characters in a line on the smallest phone
DEEPEST = 16  # characters of indentation that a phone shows, see book.css


def plain(line: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", line))


def line_of(code: str) -> str:
    """One line of HTML that wraps: its indentation is told to the style sheet."""
    indent = INDENT.match(code)
    depth = len(indent[2]) if indent else 0
    room = NARROWEST - min(depth, DEEPEST)

    def hold(colon: re.Match[str]) -> str:
        before = plain(code[: colon.end(1)]).split(" ")[-1]
        after = plain(code[colon.end() :]).split(" ")[0]
        fits = len(before) + len(after) < room
        return f'{colon[1]}<span class="glue"> </span>' if fits else colon[0]

    code = COLON.sub(hold, code)
    code = RUN.sub(lambda run: with_breaks(run[0], room), code)
    code = INDENT.sub(r'\1<span class="indent">\2</span>', code)
    style = f' style="--indent:{depth}"' if depth else ""
    return f'<span class="line"{style}>{code}\n</span>'


def with_breaks(run: str, room: int) -> str:
    """A run of code that no line can hold, with places to break: at dots, brackets, commas …

    A name that no line can hold breaks at its underscores, too.
    """
    long = len(plain(run)) > room

    def pieces(part: re.Match[str]) -> str:
        text = part[0]
        if text.startswith("<"):
            return text
        if long:
            text = PLACES.sub("<wbr>", text)
        if len(part[0]) > room:
            text = re.sub("_(?=[a-zA-Z])", "_<wbr>", text)
        return HYPHEN.sub(r'<span class="glue">\g<0></span>', text)

    return TAG_OR_TEXT.sub(pieces, run)


def is_table(lines: list[str]) -> bool:
    """Whether two lines, one below the other, have a column that begins at the same place."""
    starts = [{found.end() for found in COLUMN.finditer(line)} for line in lines]
    return any(above & below for above, below in zip(starts, starts[1:]))


def wrapped(code: str, language: str) -> str:
    lines = code.removesuffix("\n").split("\n")
    if language not in TEXT:
        return "".join(line_of(line) if line else "\n" for line in lines)
    texts = [plain(line) for line in lines]
    table = is_table(texts)

    def is_sentence(text: str) -> bool:
        return len(texts) == 1 or (len(text) > LONGEST and not (table and COLUMN.search(text)))

    return "".join(
        line_of(line) if is_sentence(text) else f"{line}\n"
        for line, text in zip(lines, texts, strict=True)
    )


def laid_out(html: str) -> str:
    """The HTML of a page, its code and outputs made so that they break where they may."""

    def mend(block: re.Match[str]) -> str:
        head = block[0][: block.start("code") - block.start()]
        return f"{head}{wrapped(block['code'], block['language'])}</pre>"

    return BLOCK.sub(mend, html)
