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
WORD = re.compile(r"[^\s<>]+|<[^>]*>|\s+")
HYPHEN = re.compile(r"-(?:[\w-]|&\w+;)+")  # behind one a browser would break
UNBROKEN = 24  # characters without a space that any line holds


def plain(line: str) -> str:
    return unescape(re.sub(r"<[^>]+>", "", line))


def line_of(code: str) -> str:
    """One line of HTML that wraps: its indentation is told to the style sheet."""
    indent = re.match(r" *", plain(code))
    depth = len(indent[0]) if indent else 0
    style = f' style="--indent:{depth}"' if depth else ""
    glued = COLON.sub(r'\1<span class="glue"> </span>', with_breaks(code))
    return f'<span class="line"{style}>{glued}\n</span>'


def with_breaks(code: str) -> str:
    """Where there is no space for long, a line may also break before a dot and after a bracket."""
    pieces, length = [], 0
    for piece in WORD.findall(code):
        if piece.isspace():
            length = 0
        elif not piece.startswith("<"):
            if piece == "." and length > UNBROKEN:
                pieces.append("<wbr>")
                length = 0
            length += len(unescape(piece))
            piece = HYPHEN.sub(r'<span class="glue">\g<0></span>', piece)
            if piece.endswith(tuple("([{,")) and length > UNBROKEN:
                piece += "<wbr>"
                length = 0
        pieces.append(piece)
    return "".join(pieces)


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
