"""The command line: `python -m gallery record|page`.

    python -m gallery record [WORD ...]                   run the programs and note what came of it
    python -m gallery record --missing                    only those without a result
    python -m gallery record --then PYTHON [WORD ...]     the same on a real TensorFlow 1.15
    python -m gallery page                                write the page of the book anew

A WORD picks the programs whose name or repository holds it.
"""

from __future__ import annotations

import argparse
import sys

from gallery import page, results, running
from gallery.table import WrongTable, chosen, load


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="gallery", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=["record", "page"])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--then", default="", metavar="PYTHON", help="with TensorFlow 1.15")
    parser.add_argument("--missing", action="store_true", help="only what has no result yet")
    asked = parser.parse_intermixed_args(arguments)
    try:
        if asked.what == "record":
            _record(asked)
        print(f"{page.write()} is written.")
    except WrongTable as error:
        sys.exit(str(error))


def _record(asked: argparse.Namespace) -> None:
    side = "then" if asked.then else "now"
    failed = 0
    for program in chosen(load(), asked.words):
        if (
            (asked.then and program.not_then)
            or asked.missing
            and side in results.load().get(program.name, {})
        ):
            continue
        try:
            found = running.run(program, asked.then)
        except running.NoClone as error:
            print(f"{program.name}: left as it was; {error}", file=sys.stderr)
            failed += 1
            continue
        results.note(program, side, found)
        said = found.get("figure") or found.get("error") or "runs"
        print(f"{program.name}, {side}: {said} ({found['seconds']} s)", flush=True)
    if failed:
        print(f"{failed} repositories could not be had.", file=sys.stderr)


if __name__ == "__main__":
    main()
