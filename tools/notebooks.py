"""Execute the chapters and write them back in one normal form.

    python tools/notebooks.py run [NAME ...]      execute and write back, all without a NAME
    python tools/notebooks.py check [NAME ...]    say what is not in order; executes nothing
    python tools/notebooks.py format [NAME ...]   write the normal form without executing

A NAME is a path or the stem of a file in chapters/, such as 01_two_steps_in_numpy.

Executing twice changes nothing. A cell keeps the outputs it has when the new ones say the same, and
its source is the one they came from: equal text once the numbers after the sign ≈ are taken out
(see tests/measured.cfg), and equal pictures unless the cell is tagged `measured` (a picture of
seconds or bytes). Below a cell that has changed all outputs are new ones. The notebook stores a
digest for each code cell, of its source and outputs; only `run` writes digests, so an output edited
by hand no longer matches its own.
"""

from __future__ import annotations

import argparse
import base64
import copy
import datetime
import hashlib
import io
import json
import os
import platform
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngImageFile, PngInfo

ROOT = Path(__file__).resolve().parent.parent
CHAPTERS = ROOT / "chapters"
MEASURED = ROOT / "tests" / "measured.cfg"
EXECUTIONS = CHAPTERS / "executed.json"  # when each chapter last ran, written by `run`
NAMED_VERSIONS = ("tensorflow", "keras", "numpy", "matplotlib")

NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
CELL_METADATA = ("mystnb", "reason", "tags")  # what a cell may carry; the rest is an editor's noise
SECONDS_PER_CELL = 1200

# What a text output must not hold, because it would differ on another machine or in another run.
FOREIGN = {
    "a carriage return": re.compile(r"\r"),
    "a memory address": re.compile(r"\b0x[0-9a-f]{6,}"),
    "a path of this machine": re.compile(
        r"(?<![\w.])/(?:home|Users|root|tmp|var/folders)/|site-packages|ipykernel_\d+|[A-Z]:\\Users"
        + "|"
        + re.escape(str(ROOT) + os.sep)
    ),
}


# --- normal form -------------------------------------------------------------------------------


class Unreadable(ValueError):
    """A file that is no notebook; the message names it."""


def read(path: Path) -> NotebookNode:
    """The notebook in a file. Raises Unreadable where there is none."""
    try:
        return nbformat.read(path, as_version=4)
    except OSError:
        raise
    except Exception as error:  # of nbformat's own kinds, or whatever it stumbles over
        said = (str(error).splitlines() or [""])[0]
        raise Unreadable(
            f"{path} is not a notebook that can be read ({type(error).__name__}: {said[:80]})"
        ) from None


def text_of(notebook: NotebookNode) -> str:
    """What a file holds: sorted keys, one space of indent, a final newline."""
    return nbformat.writes(notebook, version=nbformat.NO_CONVERT) + "\n"


def write_text(text: str, path: Path) -> None:
    """Write a file as a whole or not at all."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


def write(notebook: NotebookNode, path: Path) -> None:
    write_text(text_of(notebook), path)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def markdown_of(notebook: NotebookNode) -> str:
    """The text of all Markdown cells, a blank line between two."""
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def tags(cell: NotebookNode) -> list[str]:
    return list(cell.metadata.get("tags", []))


def with_palette(picture: bytes) -> bytes:
    """A PNG whose pixels are places in a list of 256 colours: a third of the size, no loss to see.

    A picture that has such a list already, and bytes that are no picture, come back as they are.
    """
    try:
        opened = Image.open(io.BytesIO(picture))
    except UnidentifiedImageError:
        return picture
    if opened.mode == "P" or not isinstance(opened, PngImageFile):
        return picture
    written, said = io.BytesIO(), PngInfo()
    for name, text in opened.text.items():  # such as the size of its smallest text
        said.add_text(name, text)
    opened.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        written, "png", optimize=True, dpi=opened.info.get("dpi"), pnginfo=said
    )
    return written.getvalue()


def normal_output(output: NotebookNode) -> NotebookNode:
    """One output without what varies: a traceback is cut down to its last line, the message."""
    output = copy.deepcopy(output)
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    picture = output.get("data", {}).get("image/png")
    if picture:
        output.data["image/png"] = base64.b64encode(
            with_palette(base64.b64decode(picture))
        ).decode()
    return output


def normal_outputs(cell: NotebookNode) -> list[NotebookNode]:
    """A cell's outputs, with neighbouring pieces of one stream joined."""
    joined: list[NotebookNode] = []
    for output in map(normal_output, cell.outputs):
        stream = output.get("name")  # None where the output is not a stream
        if stream and joined and joined[-1].get("name") == stream:
            joined[-1].text += output.text
            continue
        if output.output_type == "execute_result":
            output.execution_count = cell.execution_count
        joined.append(output)
    return joined


def normal(notebook: NotebookNode) -> NotebookNode:
    """A copy in normal form: sources, outputs, counts and digests stay, the rest is uniform."""
    result = nbformat.v4.new_notebook(metadata=copy.deepcopy(NOTEBOOK_METADATA))
    result.nbformat_minor = 5
    if "unrolled" in notebook.metadata:
        result.metadata["unrolled"] = copy.deepcopy(notebook.metadata["unrolled"])
    seen: Counter[str] = Counter()
    for cell in notebook.cells:
        cell = copy.deepcopy(cell)
        cell.source = cell.source.strip("\n")
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in CELL_METADATA if cell.metadata.get(key)}
        )
        name = hashlib.sha256(f"{cell.cell_type}\n{cell.source}".encode()).hexdigest()[:12]
        seen[name] += 1  # equal cells get a number behind the shared name
        cell.id = name if seen[name] == 1 else f"{name}-{seen[name]}"
        if cell.cell_type == "code":
            cell.outputs = normal_outputs(cell)
        else:
            cell.pop("attachments", None)
        result.cells.append(cell)
    return result


# --- what an output says -----------------------------------------------------------------------


def sanitisers(path: Path = MEASURED) -> list[tuple[re.Pattern[str], str]]:
    """The pairs of pattern and replacement that nbval reads from the same file."""
    pairs = re.findall(
        r"^regex: (.*)$\n^replace: (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return [(re.compile(pattern), replacement) for pattern, replacement in pairs]


def without_measured(text: str) -> str:
    for pattern, replacement in sanitisers():
        text = pattern.sub(replacement, text)
    return text


def said(output: NotebookNode) -> tuple[dict[str, str], dict[str, str]]:
    """An output's texts (numbers after ≈ taken out) and its pictures, each by its kind."""
    texts: dict[str, str] = {}
    pictures: dict[str, str] = {}
    if output.output_type == "stream":
        texts[output.name] = without_measured(output.text)
    elif output.output_type == "error":
        texts[output.ename] = without_measured(output.evalue)
    else:
        for kind, value in output.data.items():
            if kind.startswith("image/"):
                pictures[kind] = value
            else:
                texts[kind] = without_measured(
                    value if isinstance(value, str) else json.dumps(value)
                )
    return texts, pictures


def say_the_same(cell: NotebookNode, new: NotebookNode) -> bool:
    """Whether a cell's outputs may stay, given those of a new run of the same source."""
    if len(cell.outputs) != len(new.outputs):
        return False
    measured = "measured" in tags(cell)
    for mine, other in zip(cell.outputs, new.outputs, strict=True):
        (texts, pictures), (new_texts, new_pictures) = said(mine), said(other)
        if texts != new_texts or pictures.keys() != new_pictures.keys():
            return False
        if pictures != new_pictures and not measured:
            return False
    return True


def digest(cell: NotebookNode) -> str:
    """A code cell's source and outputs in 16 hexadecimal digits."""
    outputs = [
        {key: value for key, value in output.items() if key != "execution_count"}
        for output in cell.outputs
    ]
    said_by_cell = json.dumps([cell.source, outputs], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said_by_cell.encode()).hexdigest()[:16]


def stored_digests(notebook: NotebookNode) -> list[str]:
    return list(notebook.metadata.get("unrolled", {}).get("outputs_sha256", []))


# --- what is wrong with a notebook -------------------------------------------------------------


def texts_of(output: NotebookNode) -> Iterable[str]:
    if output.output_type == "stream":
        yield output.text
    elif output.output_type == "error":
        yield output.evalue
    else:
        for kind, value in output.data.items():
            if kind.startswith("text/") and isinstance(value, str):
                yield value


def unfit_outputs(notebook: NotebookNode) -> list[str]:
    """Outputs that would differ elsewhere, or that are an accident, by cell."""
    found = []
    for number, cell in enumerate(code_cells(notebook)):
        raises = "raises-exception" in tags(cell)
        kinds = [output.output_type for output in cell.outputs]
        if raises and "error" not in kinds:
            found.append(f"cell {number} is tagged raises-exception and raises nothing")
        if "error" in kinds and not raises:
            found.append(f"cell {number} raises an error and is not tagged raises-exception")
        for output in cell.outputs:
            if output.output_type == "stream" and output.name == "stderr" and not raises:
                found.append(f"cell {number} writes to stderr: {output.text.strip()[:300]}")
            for text in texts_of(output):
                for what, pattern in FOREIGN.items():
                    if match := pattern.search(text):
                        around = text[max(0, match.start() - 40) : match.end() + 40]
                        found.append(f"cell {number} prints {what}: {around!r}")
    return found


def unexecuted(notebook: NotebookNode) -> list[str]:
    """Code cells whose count is not their place, 1 to n: without one nbval compares nothing."""
    return [
        f"cell {number} has the execution count {cell.execution_count}, not {number + 1}"
        for number, cell in enumerate(code_cells(notebook))
        if cell.execution_count != number + 1
    ]


def unmatched(notebook: NotebookNode) -> list[str]:
    """Code cells whose source or outputs are not the ones that `run` stored."""
    cells, stored = code_cells(notebook), stored_digests(notebook)
    if len(cells) != len(stored):
        return [f"{len(cells)} code cells, but {len(stored)} digests of outputs"]
    return [
        f"cell {number} or its output was changed after it was executed"
        for number, (cell, was) in enumerate(zip(cells, stored, strict=True))
        if digest(cell) != was
    ]


def problems(path: Path) -> list[str]:
    """What keeps a notebook from being committed, one sentence each; empty when nothing does."""
    notebook = read(path)
    found = unexecuted(notebook) + unmatched(notebook) + unfit_outputs(notebook)
    if path.read_text(encoding="utf-8") != text_of(normal(notebook)):
        found.append("the file is not in normal form (python tools/notebooks.py format)")
    return found


# --- when it was executed ----------------------------------------------------------------------


def fingerprint(notebook: NotebookNode) -> str:
    """One digest of all code cells and their outputs."""
    return hashlib.sha256("".join(stored_digests(notebook)).encode()).hexdigest()[:16]


def executions() -> dict[str, dict[str, Any]]:
    """The last execution of each chapter, by stem."""
    if not EXECUTIONS.is_file():
        return {}
    return dict(json.loads(EXECUTIONS.read_text(encoding="utf-8")))


def processor_seconds() -> float:
    """What the kernels that have ended took of the processor, which a busy machine hardly changes.

    On Windows, which does not count it for a process's children, the time that has passed.
    """
    spent = os.times()
    return time.monotonic() if os.name == "nt" else spent.children_user + spent.children_system


def record_execution(path: Path, seconds: float) -> None:
    """Note that a chapter was executed today. A second run on the same day changes nothing."""
    if path.parent != CHAPTERS:
        return
    records = executions()
    versions = {"python": platform.python_version()}
    versions |= {name: metadata.version(name) for name in NAMED_VERSIONS}
    record = {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "fingerprint": fingerprint(read(path)),
        "versions": versions,
    }
    before = records.get(path.stem, {})
    if {key: before.get(key) for key in record} == record:
        return
    records[path.stem] = {**record, "seconds": round(seconds)}
    write_text(json.dumps(dict(sorted(records.items())), indent=1) + "\n", EXECUTIONS)


# --- commands ----------------------------------------------------------------------------------


def executed(path: Path) -> NotebookNode:
    """A notebook as a fresh kernel leaves it, started in the notebook's folder."""
    notebook = normal(read(path))
    for cell in code_cells(notebook):
        cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=SECONDS_PER_CELL,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--log-level=ERROR"],  # a kernel warns of its transport on every start
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    return normal(notebook)


def message_of(error: Exception) -> str:
    """A failing cell's source and its error, without the colours of a terminal."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip().replace("\n", "\n    ")


def with_kept_outputs(old: NotebookNode, new: NotebookNode) -> NotebookNode:
    """The new run, with the old outputs where they say the same, and digests for all.

    Below a cell that has changed, in its source or in what it says, none is kept: a number after ≈
    may come from there.
    """
    trusted = set(stored_digests(old))
    kept = {cell.id: cell for cell in code_cells(old) if digest(cell) in trusted}
    for cell in code_cells(new):
        before = kept.get(cell.id)
        if before is None or not say_the_same(before, cell):
            kept.clear()
            continue
        cell.outputs = copy.deepcopy(before.outputs)
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = cell.execution_count
    new.metadata["unrolled"] = {"outputs_sha256": [digest(cell) for cell in code_cells(new)]}
    return new


def run(path: Path, fresh: bool = False) -> list[str]:
    """Execute one notebook and write it back; what makes its outputs unfit, or nothing."""
    old = normal(read(path))
    if fresh:
        old.metadata.pop("unrolled", None)  # no output is trusted, so none is kept
    new = with_kept_outputs(old, executed(path))
    found = unfit_outputs(new)
    if found:
        # Written without digests: the author sees the outputs, and no test takes them for good.
        new.metadata.pop("unrolled")
    write(new, path)
    return found


def format_file(path: Path) -> list[str]:
    write(normal(read(path)), path)
    return []


def paths_of(names: Sequence[str]) -> list[Path]:
    if not names:
        return sorted(CHAPTERS.glob("[0-9]*.ipynb"))
    paths = []
    for name in names:
        path = Path(name) if name.endswith(".ipynb") else CHAPTERS / f"{name}.ipynb"
        if not path.is_file():
            raise SystemExit(f"{name!r} is neither a notebook's path nor its name in chapters/.")
        paths.append(path.resolve())
    return paths


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("command", choices=("run", "check", "format"))
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--fresh", action="store_true", help="run: keep no output")
    options = parser.parse_intermixed_args(arguments)
    # The kernel `python3` of this environment, whatever a user has installed under the same name.
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"

    failed = 0
    for path in paths_of(options.names):
        started = time.monotonic()
        before = path.read_bytes()
        try:
            if options.command == "run":
                spent = processor_seconds()
                found = run(path, options.fresh)
                if not found:
                    record_execution(path, processor_seconds() - spent)
            else:
                found = {"check": problems, "format": format_file}[options.command](path)
        except (CellExecutionError, Unreadable) as error:
            found = [message_of(error)]
        seconds = time.monotonic() - started
        change = "changed" if path.read_bytes() != before else "unchanged"
        state = (
            f"{len(found)} to mend" if found else ("good" if options.command == "check" else change)
        )
        print(f"{path.stem:32} {seconds:6.1f} s  {state}", flush=True)
        for problem in found:
            print(f"    {problem}", flush=True)
        failed += bool(found)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
