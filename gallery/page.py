"""The page of the book: made from the table and its results, never by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from benchmarks.record import write_text
from gallery import results
from gallery.table import HERE, KINDS, LANGUAGES, Program, load

PAGE = HERE.parent / "chapters" / "gallery.md"
HEAD = HERE / "page.md"  # its first part, with the names of the sums in braces
OTHERS = ("python3", "numpy", "other library", "data", "own mistake")

Results = Mapping[str, Mapping[str, Any]]


def write(path: Path = PAGE) -> Path:
    """Write the page, and say where."""
    write_text(text(load(), results.load()), path)
    return path


def text(programs: Sequence[Program], found: Results) -> str:
    """The page's Markdown."""
    tried = [each for each in programs if "now" in found.get(each.name, {})]
    parts = [HEAD.read_text(encoding="utf-8").format(**_sums(tried, found))]
    for kind, title in KINDS.items():
        rows = [_row(each, found[each.name]) for each in tried if each.kind == kind]
        if rows:
            head = ["program", "touched", "then", "now"]
            lines = [head, ["---", "---:", "---", "---"], *rows]
            table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
            # On a phone the style sheet makes labelled lines of the cells.
            table = f":::{{container}} gallery\n{table}\n:::"
            parts.append(f"(gallery-{kind})=\n## {title}\n\n{table}\n")
    parts.append(_failures(tried, found))
    parts.append(_notes(tried))
    return "\n".join(filter(None, parts))


def _sums(tried: Sequence[Program], found: Results) -> dict[str, Any]:
    now = [found[each.name]["now"] for each in tried]
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
        "older": _older(tried, found),
        "dates": _listed(sorted({each["date"] for each in now})),
        "versions": _listed(sorted({f"TensorFlow {each['tensorflow']}" for each in now})),
    }


def _older(tried: Sequence[Program], found: Results) -> str:
    count = sum(
        found[each.name]["now"]["runs"] and not found[each.name].get("then", {"runs": True})["runs"]
        for each in tried
    )
    return (
        f"{count} of those that run do not run on TensorFlow 1.15.0 itself, most of them because "
        "they were written for an earlier release."
    )


def _not_run(count: int) -> str:
    if not count:
        return "None of them fails."
    verb = "does not, and the reason stands" if count == 1 else "do not, and the reasons stand"
    return f"{count} {verb} [below](#gallery-failures)."


def _listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _row(program: Program, found: Mapping[str, Any]) -> list[str]:
    link = f"{program.address}/blob/{program.commit}/{quote(program.path)}"
    language = LANGUAGES[program.tutorial]
    written = f"{program.year}, for {program.release}" if program.release else program.year
    name = f"[{program.name}]({link}), {language}, {written}. {program.does}"
    others = program.touched(*OTHERS) + found["now"].get("python3", 0)
    touched = f"{program.touched('tensorflow')}, {others}, {program.touched('shorter')}"
    then = _said(found["then"], program) if "then" in found else "not tried"
    if program.not_then:
        then = f"not tried: {program.not_then}"
    if program.recorded:
        then = f"{program.recorded}; {then}"
    return [
        cell.replace("|", "\\|") for cell in (name, touched, then, _said(found["now"], program))
    ]


def _said(found: Mapping[str, Any], program: Program) -> str:
    if not found["runs"]:
        return "does not run"
    return f"{program.shows} {_short(found['figure'])}" if "figure" in found else "runs"


def _short(figure: str) -> str:
    """A figure of at most four digits, as many programs print them all."""
    try:
        return f"{float(figure):.4g}"
    except ValueError:
        return figure


def _failures(tried: Sequence[Program], found: Results) -> str:
    failed = [each for each in tried if not found[each.name]["now"]["runs"]]
    if not failed:
        return "(gallery-failures)=\n## What does not run\n\nNothing of what was tried.\n"
    counted = Counter(found[each.name]["now"]["because"] for each in failed)
    classes = _listed([f"{name} ({times})" for name, times in counted.most_common()])
    lines = [
        f"- **{each.name}**, {found[each.name]['now']['because']}: "
        f"`` {found[each.name]['now']['error']} ``"
        + ("; nor does it on 1.15" if found[each.name].get("then", {}).get("runs") is False else "")
        for each in failed
    ]
    return (
        f"(gallery-failures)=\n## What does not run\n\nThe reasons: {classes}. "
        "Each with the line it ends with:\n\n" + "\n".join(lines) + "\n"
    )


def _notes(tried: Sequence[Program]) -> str:
    lines = [f"- **{each.name}**: {each.note}" for each in tried if each.note]
    return "(gallery-notes)=\n## Notes\n\n" + "\n".join(lines) + "\n" if lines else ""
