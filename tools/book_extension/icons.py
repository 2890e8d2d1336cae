"""The icons that the pages show, cut out of the theme's copy of Font Awesome.

The theme loads all of Font Awesome: a style sheet, three fonts and a script of 1.5 MB, for about a
dozen icons. The templates in `_templates` leave that out and load `icons.css`, which is made here:
the rules for the icons that the built pages and the theme's own styles name, and one font with
their glyphs.
"""

from __future__ import annotations

import base64
import io
import re
import shutil
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.application import Sphinx

FAMILIES = {  # file of the font: (its family, its weight, the classes that ask for it)
    "fa-solid-900.ttf": ("Font Awesome 6 Free", 900, (".fa-solid", ".fas", ".fa")),
    "fa-regular-400.ttf": ("Font Awesome 6 Free", 400, (".fa-regular", ".far")),
    "fa-brands-400.ttf": ("Font Awesome 6 Brands", 400, (".fa-brands", ".fab")),
}
COMMON = """\
/* Icons of Font Awesome Free 6 (fontawesome.com): fonts under SIL OFL 1.1, icons under CC BY 4.0.
   Made while the book is built, from the icons that its pages use. */
:root{--fa-font-solid:normal 900 1em/1 "Font Awesome 6 Free";\
--fa-font-regular:normal 400 1em/1 "Font Awesome 6 Free";\
--fa-font-brands:normal 400 1em/1 "Font Awesome 6 Brands"}
.fa,.fas,.far,.fab,.fa-solid,.fa-regular,.fa-brands{display:inline-block;font-style:normal;\
font-variant:normal;line-height:1;text-rendering:auto;-webkit-font-smoothing:antialiased}
.fa-lg{font-size:1.25em;line-height:.05em;vertical-align:-.075em}
"""


def codes(style_sheet: str) -> dict[str, str]:
    """The hexadecimal code of each icon's glyph, by class, from Font Awesome's own style sheet."""
    found = {}
    for names, code in re.findall(
        r'((?:\.fa-[\w-]+:{1,2}before,?)+)\{content:"\\([0-9a-f]+)"', style_sheet
    ):
        for name in re.findall(r"\.(fa-[\w-]+)", names):
            found[name] = code
    return found


def glyphs(font: Path, characters: Iterable[int]) -> bytes | None:
    """A WOFF font of the characters that `font` has; None where it has none of them."""
    original = TTFont(font, recalcTimestamp=False)  # the same font on every day
    wanted = sorted(set(characters) & set(original.getBestCmap()))
    if not wanted:
        return None
    subsetter = subset.Subsetter(subset.Options(notdef_outline=False, hinting=False))
    subsetter.populate(unicodes=wanted)
    subsetter.subset(original)
    original.flavor = "woff"
    written = io.BytesIO()
    original.save(written)
    return written.getvalue()


def characters_in(styles: str) -> set[int]:
    """The icons that styles name, by the escape of their character or the character itself."""
    return {int(code, 16) for code in re.findall(r"\\([ef][0-9a-f]{3})\b", styles)} | {
        ord(each) for each in re.findall("[\ue000-\uf8ff]", styles)
    }


def style_sheet(awesome: Path, named: set[str], coded: set[int]) -> str:
    """`icons.css` for icons that are named by class or by their character."""
    known = codes((awesome / "css" / "all.min.css").read_text(encoding="utf-8"))
    rules = {name: known[name] for name in sorted(named & known.keys())}
    characters = {int(code, 16) for code in rules.values()} | coded
    parts = [COMMON]
    for file, (family, weight, classes) in FAMILIES.items():
        if not named & {name[1:] for name in classes}:
            continue
        font = glyphs(awesome / "webfonts" / file, characters)
        if font is None:
            continue
        data = base64.b64encode(font).decode("ascii")
        parts.append(
            f'@font-face{{font-family:"{family}";font-weight:{weight};font-display:block;'
            f'src:url("data:font/woff;base64,{data}") format("woff")}}\n'
            f'{",".join(classes)}{{font-family:"{family}";font-weight:{weight}}}\n'
        )
    parts += [f'.{name}:before{{content:"\\{code}"}}\n' for name, code in rules.items()]
    return "".join(parts)


def write(app: Sphinx, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    pages = [path for path in Path(app.outdir).rglob("*.html") if static not in path.parents]
    named = set(re.findall(r"\bfa[srb]?(?:-[\w-]+)?\b", read_all(pages)))
    styles = [*static.glob("styles/*.css"), *static.glob("*.css")]
    coded = characters_in(read_all(styles))
    theme = Path(pydata_sphinx_theme.__file__).parent / "theme" / "pydata_sphinx_theme" / "static"
    awesome = next((theme / "vendor" / "fontawesome").iterdir())  # the folder of its version
    (static / "icons.css").write_text(style_sheet(awesome, named, coded), encoding="utf-8")
    # What no page asks for: the rest of Font Awesome, and what maps scripts to their sources.
    shutil.rmtree(static / "vendor", ignore_errors=True)
    for path in static.rglob("*.map"):
        path.unlink()


def read_all(paths: Iterable[Path]) -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def setup(app: Sphinx) -> None:
    app.connect("build-finished", write)
