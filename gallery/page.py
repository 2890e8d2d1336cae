"""The page of the book: made from the table and its results, never by hand."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from gallery import results
from gallery.agreement import agreement
from gallery.names import NAMES
from gallery.table import HERE, KINDS, LANGUAGES, Program, load
from unrolled.internal.whole_files import write_text

PAGE = HERE.parent / "chapters" / "gallery.md"
TEMPLATE = HERE / "page.md"  # with the names of the parts in braces
MANY = 12  # programs with one name, of which the index lists a few only
OTHERS = ("python3", "numpy", "other library", "data", "own mistake")

Results = Mapping[str, Mapping[str, Any]]


def write(path: Path = PAGE) -> Path:
    """Write the page, and say where."""
    write_text(text(load(), results.load()), path)
    return path


def text(programs: Sequence[Program], found: Results) -> str:
    """The page's Markdown."""
    tried = [each for each in programs if "now" in found.get(each.name, {})]
    whole = TEMPLATE.read_text(encoding="utf-8").format(
        **_sums(tried, found),
        then_edits=_then_edits(tried, found),
        agreement=agreement({each.name: found[each.name] for each in tried}),
        rows="\n".join(filter(None, (_table(kind, tried, found) for kind in KINDS))),
        failures=_failures(tried, found),
        failures_then=_failures_then(tried, found),
        notes=_notes(tried),
        index=_index(tried, found),
    )
    return re.sub(r"\n{3,}", "\n\n", whole)


# The first part -------------------------------------------------------------------------------


def _sums(tried: Sequence[Program], found: Results) -> dict[str, Any]:
    now = [found[each.name]["now"] for each in tried]
    then = [found[each.name]["then"] for each in tried if "then" in found[each.name]]
    run = sum(each["runs"] for each in now)
    languages = Counter(LANGUAGES[each.tutorial] for each in tried)
    for_tensorflow = [each for each in tried if each.touched("tensorflow")]
    untouched = (
        "In none of them was a line touched for TensorFlow's sake."
        if not for_tensorflow
        else f"In {len(for_tensorflow)} of them a line was touched for TensorFlow's sake: "
        + ", ".join(each.name for each in for_tensorflow)
        + "."
    )
    return {
        "tried": len(tried),
        "repositories": len({each.repository for each in tried}),
        "languages": _listed([f"{name} ({times})" for name, times in languages.most_common()]),
        "run": run,
        "failed": _not_run(len(tried) - run),
        "untouched": untouched,
        "for_tensorflow": "" if for_tensorflow else "; there are none",
        "older": _older(tried, found),
        "dates_now": _dates(now),
        "dates_then": _dates(then),
        "versions": _listed(sorted({f"TensorFlow {each['tensorflow']}" for each in now})),
        "minutes_now": _minutes(now),
        "minutes_then": _minutes(then),
    }


def _older(tried: Sequence[Program], found: Results) -> str:
    older = [
        each
        for each in tried
        if found[each.name]["now"]["runs"] and _fails(found[each.name], "then")
    ]
    return (
        f"{len(older)} of those that run {'does' if len(older) == 1 else 'do'} not run on "
        "TensorFlow 1.15.0 itself, each for [its own reason](#gallery-failures-then); "
        f"{sum(bool(each.release) for each in older)} of the {len(older)} were written for an "
        "earlier release that their row names."
    )


def _then_edits(tried: Sequence[Program], found: Results) -> str:
    edited = [each for each in tried if "then" in found[each.name] and each.touched("python2")]
    lines = sum(each.touched("python2") for each in edited)
    programs = "1 program" if len(edited) == 1 else f"{len(edited)} programs"
    return (
        f"{lines} lines in {programs} for Python 2.7 and its older libraries, in place "
        "of those for Python 3 and NumPy; and up to three lines on top of each file in Python 3 "
        "(its encoding, `from __future__` and `open`)."
    )


def _not_run(count: int) -> str:
    if not count:
        return "None of them fails."
    verb = "does not, and the reason stands" if count == 1 else "do not, and the reasons stand"
    return f"{count} {verb} [below](#gallery-failures)."


def _dates(runs: Sequence[Mapping[str, Any]]) -> str:
    days = sorted({each["date"] for each in runs})
    return " to ".join(dict.fromkeys([*days[:1], *days[-1:]])) or "no day yet"


def _minutes(runs: Sequence[Mapping[str, Any]]) -> int:
    return max(1, round(sum(each["seconds"] for each in runs) / 60))


def _listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


# The rows -------------------------------------------------------------------------------------


def _table(kind: str, tried: Sequence[Program], found: Results) -> str:
    rows = [_row(each, found[each.name]) for each in tried if each.kind == kind]
    if not rows:
        return ""
    head = ["program", "lines touched", "recorded", "then", "now"]
    table = "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *rows])
    # On a phone the style sheet makes labelled lines of the cells.
    return f"(gallery-{kind})=\n## {KINDS[kind]}\n\n:::{{container}} gallery\n{table}\n:::\n"


def _row(program: Program, found: Mapping[str, Any]) -> list[str]:
    address = f"{program.address}/blob/{program.commit}/{quote(program.path)}"
    language = LANGUAGES[program.tutorial]
    written = f"{program.year}, for {program.release}" if program.release else program.year
    about = f"[[{program.name}]({address})]{{#{_anchor(program)}}}, {language}, {written}. "
    about += program.does + (f" [Note](#{_anchor(program, 'note')})." if program.note else "")
    then = f"not tried: {program.not_then}" if program.not_then else "not tried"
    if "then" in found:
        then = _said(found, "then", program)
    cells = [about, _touched(program, found), program.recorded, then, _said(found, "now", program)]
    return [cell.replace("|", "\\|") for cell in cells]


def _touched(program: Program, found: Mapping[str, Any]) -> str:
    counts = {
        "for TensorFlow": program.touched("tensorflow"),
        "others": program.touched(*OTHERS) + found["now"].get("python3", 0),
        "shorter": program.touched("shorter"),
    }
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return re.sub(r"\b1 others", "1 other", said) or "none"


def _said(found: Mapping[str, Any], side: str, program: Program) -> str:
    if _fails(found, side):
        return f"[does not run](#{_anchor(program, side)})"
    if "figure" not in found[side]:
        return "runs"
    return f"{program.shows} {short(found[side]['figure'])}"


def _fails(found: Mapping[str, Any], side: str) -> bool:
    return side in found and not found[side]["runs"]


def _anchor(program: Program, of: str = "row") -> str:
    return f"gallery-{of}-" + re.sub(r"\W+", "-", program.name.lower()).strip("-")


def short(figure: str) -> str:
    """A figure of at most four digits, as many programs print them all; a zero as it is printed."""
    try:
        return f"{float(figure):.4g}" if float(figure) else figure
    except ValueError:
        return figure


# What stands below them -----------------------------------------------------------------------


def _failures(tried: Sequence[Program], found: Results) -> str:
    failed = [each for each in tried if _fails(found[each.name], "now")]
    head = "(gallery-failures)=\n## What does not run\n\n"
    if not failed:
        return f"{head}Nothing of what was tried.\n"
    counted = Counter(found[each.name]["now"]["because"] for each in failed)
    classes = _listed([f"{name} ({times})" for name, times in counted.most_common()])
    lines = [_failure(each, found[each.name], "now", each.fails) for each in failed]
    return (
        f"{head}The reasons: {classes}. Each with the line it ends with:\n\n"
        + "\n".join(lines)
        + "\n"
    )


def _failures_then(tried: Sequence[Program], found: Results) -> str:
    failed = [each for each in tried if _fails(found[each.name], "then")]
    if not failed:
        return ""
    lines = [_failure(each, found[each.name], "then", each.fails_then) for each in failed]
    return (
        "(gallery-failures-then)=\n## What does not run on 1.15\n\n"
        "Why, and the line it ends with on TensorFlow 1.15.0 under Python 2.7:\n\n"
        + "\n".join(lines)
        + "\n"
    )


def _failure(program: Program, found: Mapping[str, Any], side: str, why: str) -> str:
    said = f"**[{program.name}](#{_anchor(program)})**"
    if side == "now":
        said += f", {found['now']['because']}"
    parts = [f"{said}:", why, f"`` {found[side]['error']} ``"]
    if side == "now" and _fails(found, "then"):
        parts.append(f"It [does not run on 1.15](#{_anchor(program, 'then')}) either.")
    return f"- ({_anchor(program, side)})=\n  {' '.join(filter(None, parts))}"


def _notes(tried: Sequence[Program]) -> str:
    lines = [
        f"- ({_anchor(each, 'note')})=\n  **[{each.name}](#{_anchor(each)})**: {each.note}"
        for each in tried
        if each.note
    ]
    return "(gallery-notes)=\n## Notes\n\n" + "\n".join(lines) + "\n" if lines else ""


def _index(tried: Sequence[Program], found: Results) -> str:
    """By name: the programs in whose files it stands."""
    parts = [
        "(gallery-index)=\n## By name\n\nA name is listed where it stands in the program itself or "
        "in a file of its repository that it imports, whether or not that line is ever reached."
    ]
    missing = []
    for title, names in NAMES.items():
        lines = []
        for name in names:
            rows = [each for each in tried if name in found[each.name]["now"].get("names", ())]
            if rows:
                lines.append(f"- `{name}`: {_entries(rows, found)}")
            else:
                missing.append(f"`{name}`")
        if lines:
            parts.append(f"**{title}**\n\n" + "\n".join(lines))
    if missing:
        parts.append(f"No program of the gallery uses {_listed(missing, 'or')}.")
    return "\n\n".join(parts) + "\n"


def _entries(rows: Sequence[Program], found: Results) -> str:
    """Links to these programs, those that run first; of many, the first few."""
    links = [
        _entry(each, found[each.name])
        for each in sorted(rows, key=lambda each: _fails(found[each.name], "now"))
    ]
    if len(links) > MANY:
        return f"{len(links)} programs, such as {'; '.join(links[:3])}"
    return "; ".join(links)


def _entry(program: Program, found: Mapping[str, Any]) -> str:
    link = f"[{program.name}](#{_anchor(program)})"
    return f"{link} (does not run)" if _fails(found, "now") else link
