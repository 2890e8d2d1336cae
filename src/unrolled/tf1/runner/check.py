"""`python -m unrolled.tf1 --check`: what programs use and is not there, without running them."""

from __future__ import annotations

import ast
import logging
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from unrolled.tf1.runner import sources, syntax
from unrolled.tf1.runner.refused import Refused
from unrolled.tf1.runner.scopes import Bound, Scopes
from unrolled.tf1.runner.uses import Finding, Uses

# How a summary counts each kind of finding, one and many; a note is not counted.
KINDS = {
    "name": ("name is missing", "names are missing"),
    "argument": ("argument is unknown", "arguments are unknown"),
    "package": ("package is missing", "packages are missing"),
    "python 2": ("name is Python 2's", "names are Python 2's"),
    "syntax": ("file or cell is not Python 3", "files or cells are not Python 3"),
}


def check(programs: Iterable[str]) -> int:
    """Print what is missing, a line for each name, and a summary.

    Args:
      programs: scripts and notebooks, each with the modules of its own folder that it imports;
        folders, with all scripts and notebooks in them; "-m" and a module of the working folder.

    Returns:
      0 where nothing is missing, else 1: the process's exit code.

    Raises:
      Refused: there is no such file or module, or nothing to read in a folder.
    """
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # looked at, a name may warn
    findings: list[Finding] = []
    files: set[Path] = set()
    for top, named in list(_programs(programs)):
        one = Program(top)
        for file in named:
            one.read(file)
        for file in sorted(one.findings.keys() - files):
            findings += one.findings[file]
        files |= one.findings.keys()
    for line in _lines(findings):
        print(line)
    print(_summary(len(files), findings))
    return int(any(not each.guarded for each in findings))


def _programs(named: Iterable[str]) -> Iterator[tuple[Path, list[Path]]]:
    """For each program its folder, and the files to begin with."""
    words = iter(named)
    for word in words:
        path = Path(word)
        if word == "-m":
            yield Path.cwd(), [_module_file(next(words, ""))]
        elif path.is_dir():
            files = sources.in_folder(path.resolve())
            if not files:
                raise Refused(f"{word} holds no script and no notebook; name another folder.")
            yield path.resolve(), files
        elif path.exists():
            yield path.resolve().parent, [path.resolve()]
        else:
            raise Refused(f"{word} does not exist; name scripts, notebooks or folders.")


def _module_file(name: str) -> Path:
    """The file that `-m name` runs."""
    here = Path.cwd()
    for each in (name, f"{name}.__main__") if name else ():
        files = sources.module_files(each, 0, here / "_", here)
        last = files[-1] if files else Path()
        if last.stem == each.rpartition(".")[2]:
            return last
    raise Refused(f"No module {name or 'after -m'} to run; are you in its parent directory?")


class Program:
    """The files of a program that have been read, each once.

    Args:
      top: the folder that its own modules are in.
    """

    def __init__(self, top: Path):
        self.top = top
        self.findings: dict[Path, list[Finding]] = {}
        self._bound: dict[Path, Bound] = {}

    def read(self, file: Path) -> Bound:
        """Read a file and those that it imports.

        Returns:
          What its outermost variables stand for.
        """
        if file in self.findings:
            return self._bound.get(file, {})  # not yet, where two files import each other
        self.findings[file] = []
        parts = list(sources.parts(file, os.path.relpath(file)))
        trees = [part.code for part in parts if isinstance(part.code, ast.Module)]
        for node in (node for tree in trees for node in ast.walk(tree)):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    self._follow(alias.name, 0, file)
            elif isinstance(node, ast.ImportFrom):
                self._imported(node, file)
        scopes = Scopes(lambda node: self._imported(node, file))
        self._bound[file] = scopes.enter(trees, None, is_class=False)
        uses = Uses(scopes, lambda name, level: self._is_own(name, level, file))
        for part in parts:
            uses.read(part)
            if isinstance(part.code, SyntaxError):
                said = str(part.code)
                if not isinstance(part.code, sources.NoNotebook):
                    said = syntax.sentence("Python 3 cannot read this", part.code)
                line = part.code.lineno or 1
                uses.findings.append(Finding(part.where, line, "syntax", said, False))
        order = [part.where for part in parts]
        self.findings[file] = sorted(
            [*uses.findings, *uses.divisions()],
            key=lambda each: (order.index(each.where), each.line),
        )
        return self._bound[file]

    def _imported(self, node: ast.ImportFrom, file: Path) -> Bound:
        bound = self._follow(node.module or "", node.level, file)
        for alias in node.names:
            inside = ".".join(part for part in (node.module, alias.name) if part)
            self._follow(inside, node.level, file)
        return bound

    def _follow(self, name: str, level: int, file: Path) -> Bound:
        bound: Bound = {}
        for each in sources.module_files(name, level, file, self.top):
            bound = self.read(each)
        return bound

    def _is_own(self, name: str, level: int, file: Path) -> bool:
        top = name.partition(".")[0]
        if sources.module_files(top, level, file, self.top):
            return True
        # What dots reach above the program's folder is no module by a name.
        inside = [other for other in self.findings if other.is_relative_to(self.top)]
        return any(top in (one.stem, *one.relative_to(self.top).parts[:-1]) for one in inside)


def _lines(findings: list[Finding]) -> list[str]:
    """A line for each thing that is missing from a file, where it is used first, first."""
    grouped: dict[tuple[str, bool, str], list[int]] = {}
    for each in findings:
        grouped.setdefault((each.where, each.guarded, each.sentence), []).append(each.line)
    lines = []
    for (where, guarded, sentence), numbers in grouped.items():
        used = ", ".join(map(str, sorted(set(numbers))))
        place = f"{where}, line {used}" if ".ipynb, " in where else f"{where}:{used}"
        lines.append(f"{place}: {'(guarded) ' if guarded else ''}{sentence}")
    return lines


def _summary(files: int, findings: list[Finding]) -> str:
    # A name counts once, a file or cell that cannot be read for itself.
    sure = {
        (each.kind, each.where if each.kind == "syntax" else each.sentence)
        for each in findings
        if not each.guarded
    }
    counts = {kind: sum(kind == each for each, _ in sure) for kind in KINDS}
    said = [f"{count} {KINDS[kind][count > 1]}" for kind, count in counts.items() if count]
    guarded = len({each.sentence for each in findings if each.guarded})
    said += [f"{guarded} more {'is' if guarded == 1 else 'are'} guarded"] if guarded else []
    nothing = "nothing is missing among the names of TensorFlow and NumPy"
    return f"Read {files} file{'s' * (files > 1)}; {', '.join(said) or nothing}."
