"""Running one program: its clone, its edits and data, and what came of it."""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from gallery import data, names
from gallery.edits import as_script, touch
from gallery.table import Program

# Why a program does not run, by the first of these that its last line holds.
CLASSES = [
    ("a missing name", r"unrolled\.tf1|\btf\.[\w.]+ is gone|has no attribute '(contrib|layers)"),
    ("another library", r"ModuleNotFoundError|cannot import name"),
    ("Python 2", r"Python 2|SyntaxError|TabError|NameError: name '(xrange|unicode|raw_input)'"),
    ("NumPy", r"module 'numpy'|inhomogeneous|np\.\w+"),
    ("its data are gone", r"FileNotFoundError|URLError|HTTPError|ConnectionError|No such file"),
    ("takes too long", r"still running after"),
]
# The last line of a traceback, or of a program that gives up by itself.
ERROR = re.compile(r"^(?:[\w.]+\.)?\w*(?:Error|Exception|Unavailable|Interrupt)\b.*", re.MULTILINE)


class NoClone(Exception):
    """A repository that cannot be had, or that does not hold the commit."""


def run(program: Program, interpreter: str = "") -> dict[str, Any]:
    """Run a program on the layer, or on a real TensorFlow 1.15.

    Args:
      program: the entry of the table.
      interpreter: a Python 2.7 with TensorFlow 1.15 (default: this Python, on `unrolled.tf1`).

    Returns:
      `runs`, and `seconds`; `figure`, when it ran and the table says how to find one; `error` and
      `because` when it failed; `python3`, the lines that 2to3 changed; today also `names`, those of
      `gallery.names` that it uses.

    Raises:
      NoClone: its repository cannot be had.
      WrongTable: an edit or a recipe does not fit.
    """
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place, "program"), Path(place, "home")
        home.mkdir()
        check_out(program, folder)
        by_2to3 = touch(program, folder, then=bool(interpreter))
        uses = [] if interpreter else names.used(program, folder)
        start_in = folder / program.started_in
        start_in.mkdir(parents=True, exist_ok=True)
        data.make(program.data, start_in)
        path = folder / program.path
        if interpreter and path.suffix == ".ipynb":
            path = as_script(path)
        started = time.perf_counter()
        by = [interpreter] if interpreter else [sys.executable, "-m", "unrolled.tf1"]
        commands = [[*by, each] for each in program.first]
        commands.append([*by, os.path.relpath(path, start_in), *program.arguments])
        for command in commands:
            code, output, errors = _ended(command, start_in, home, program)
            if code:
                break
        seconds = time.perf_counter() - started
    found: dict[str, Any] = {"runs": code == 0, "seconds": round(seconds, 1)}
    if by_2to3:
        found["python3"] = by_2to3
    if code == 0:
        figures = re.findall(program.pattern, output + errors) if program.figure else []
        if figures:
            found["figure"] = figures[-1]
        elif program.figure:
            found |= {"runs": False, "error": "It printed no figure.", "because": "no figure"}
    else:
        found["error"] = first_line(errors or output, folder)
        found["because"] = why(found["error"])
    return found if interpreter else found | {"names": uses}


def names_of(program: Program) -> list[str]:
    """The names of `gallery.names` that a program uses, without a run; raises as `run` does."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "program")
        check_out(program, folder)
        touch(program, folder)
        return names.used(program, folder)


def check_out(program: Program, folder: Path) -> None:
    """The program's repository at its commit, without its history.

    GALLERY_CLONES names a folder of clones, each in owner+name/repo, for a machine without network.
    """
    kept = os.environ.get("GALLERY_CLONES")
    with tempfile.TemporaryDirectory() as name:
        if kept:
            clone = Path(kept, program.repository.replace("/", "+"), "repo")
            clone = clone / ".git" if (clone / ".git").exists() else clone
        else:
            clone = Path(name, "clone")
            _git("init", "--quiet", "--bare", str(clone))
            _git("-C", str(clone), "fetch", "--quiet", "--depth=1", program.address, program.commit)
        listing = _git(f"--git-dir={clone}", "ls-tree", "-rz", program.commit).decode()
        blobs: dict[str, list[Path]] = {}  # where each file goes, by the name of its content
        for entry in filter(None, listing.split("\0")):
            about, _, path = entry.partition("\t")
            mode, kind, content = about.split()
            if kind == "blob" and mode != "120000":  # no links
                blobs.setdefault(content, []).append(folder / path)
        _write(clone, blobs)
    if not (folder / program.path).is_file():
        raise NoClone(f"{program.path} is not there at {program.commit[:8]}.")


def _git(*arguments: str, given: bytes = b"") -> bytes:
    made = subprocess.run(["git", *arguments], capture_output=True, input=given)
    if made.returncode:
        raise NoClone((made.stderr.decode().strip() or "git failed").splitlines()[-1])
    return made.stdout


def _write(clone: Path, blobs: dict[str, list[Path]]) -> None:
    """Write the files that the clone holds: one for a machine without a network may lack some."""
    asked = "".join(f"{content}\n" for content in blobs).encode()
    answer, at = _git(f"--git-dir={clone}", "cat-file", "--batch", given=asked), 0
    while at < len(answer):
        end = answer.index(b"\n", at)
        content, kind, *size = answer[at:end].decode().split()
        at = end + 1
        if kind == "missing":
            continue
        for path in blobs[content]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(answer[at : at + int(size[0])])
        at += int(size[0]) + 1


def _ended(command: list[str], folder: Path, home: Path, program: Program) -> tuple[int, str, str]:
    """A program's exit status and output; it has no network, no display and no home of anybody."""
    kept = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "TMPDIR", "SYSTEMROOT")
    environment = {key: os.environ[key] for key in kept if key in os.environ} | {
        "HOME": str(home),
        "MPLBACKEND": "Agg",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "UNROLLED_MNIST_DIR": str(data.mnist_folder()),
        **dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9"),
    }
    if program.release:
        environment["UNROLLED_TF1_RELEASE"] = program.release
    try:
        ended = subprocess.run(
            [*_without_network(), *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=program.limit,
            text=True,
            errors="replace",
        )
    except subprocess.TimeoutExpired:
        return 1, "", f"It was still running after {program.limit} s."
    return ended.returncode, ended.stdout, ended.stderr


@functools.cache
def _without_network() -> list[str]:
    """What to put before a command so that it reaches nothing, where the system can do that."""
    alone = ["unshare", "--map-root-user", "--net"]
    try:
        works = subprocess.run([*alone, "true"], capture_output=True).returncode == 0
    except OSError:
        works = False
    return alone if works else []


def first_line(errors: str, folder: Path) -> str:
    """The line of a traceback that says what is wrong, without the folder it happened in."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    found = ERROR.findall(errors)
    line = found[-1].strip() if found else (lines[-1] if lines else "It ended without a word.")
    if line.endswith("in converted code:"):  # of AutoGraph, which tells the error further down
        line = ([line] + [each for each in lines if ERROR.match(each)])[-1]
    if node := re.search(r"^Node: .*\n(.*)", errors, re.MULTILINE):  # an operation of the graph
        line = f"{line} {node[1].strip()}"
    return line.replace(f"{folder}/", "")[:300]


def why(error: str) -> str:
    """The class of a failure."""
    return next((name for name, holds in CLASSES if re.search(holds, error)), "another behaviour")
