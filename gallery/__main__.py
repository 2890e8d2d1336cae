"""The command line: `python -m gallery record|names|page`.

    python -m gallery record [WORD ...]                   run the programs and note what came of it
    python -m gallery record --missing                    only those without a result
    python -m gallery record --then PYTHON [WORD ...]     the same on a real TensorFlow 1.15
    python -m gallery names [WORD ...]                    note which names they use, without a run
    python -m gallery page                                write the page of the book anew

A WORD picks the programs whose name or repository holds it; a name in full picks that one alone.
"""

from __future__ import annotations

import argparse
import sys

from gallery import page, results, running
from gallery.table import Program, WrongTable, chosen, load


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="gallery", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["record", "names", "page"])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--then", default="", metavar="PYTHON", help="with TensorFlow 1.15")
    parser.add_argument("--missing", action="store_true", help="only what has no result yet")
    asked = parser.parse_intermixed_args(arguments)
    not_fetched: set[str] = set()
    try:
        if asked.what != "page":
            programs = _asked_for(asked)
            not_fetched = _each(programs, asked)
            if programs and len(not_fetched) == len({each.repository for each in programs}):
                sys.exit(f"{_count(not_fetched)}; nothing has changed.")
        print(f"{page.write()} is written.")
    except WrongTable as error:
        sys.exit(str(error))
    if not_fetched:
        sys.exit(f"{_count(not_fetched)}; what was known of them has been kept.")


def _count(repositories: set[str]) -> str:
    how_many = "1 repository" if len(repositories) == 1 else f"{len(repositories)} repositories"
    return f"{how_many} could not be fetched"


def _asked_for(asked: argparse.Namespace) -> list[Program]:
    found = results.load()
    return [
        each
        for each in chosen(load(), asked.words)
        if not (asked.then and each.not_then)
        and not (asked.missing and _side(asked) in found.get(each.name, {}))
    ]


def _side(asked: argparse.Namespace) -> str:
    return "then" if asked.then else "now"


def _each(programs: list[Program], asked: argparse.Namespace) -> set[str]:
    """Run them, or read their names, and note it; returns the repositories that were not had."""
    not_fetched = set()
    for program in programs:
        try:
            said = _names(program) if asked.what == "names" else _run(program, asked)
        except running.NoClone as error:
            print(f"{program.name}: not run; {error}", file=sys.stderr)
            not_fetched.add(program.repository)
        else:
            print(f"{program.name}, {said}", flush=True)
    return not_fetched


def _run(program: Program, asked: argparse.Namespace) -> str:
    found = running.run(program, asked.then)
    results.note(program, _side(asked), found)
    said = found.get("figure") or found.get("error") or "runs"
    return f"{_side(asked)}: {said} ({found['seconds']} s)"


def _names(program: Program) -> str:
    used = running.names_of(program)
    results.note_names(program, used)
    return f"uses: {', '.join(used) or 'none of the list'}"


if __name__ == "__main__":
    main()
