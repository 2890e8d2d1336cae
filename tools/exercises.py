"""The exercises of a chapter, read from its notebook: what is asked, the answer, and the check.

A solution is a run of cells between `{solution-start}` and `{solution-end}`. Its last code cell is
cut by one line, `# --- check ---`: above it stands the answer, below it what tells a right answer
from a wrong one. The book shows both; the student edition (tools/editions.py) keeps the check.
"""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbformat import NotebookNode

GRADES = ("Check", "Apply", "Explore")  # in the order in which a chapter asks them
CHECK = "# --- check ---"

DIRECTIVE = re.compile(
    r"^(?P<fence>`{3,}|:{3,})\{(?P<name>exercise|exercise-start|exercise-end|solution|solution-start"
    r"|solution-end)\}[ \t]*(?P<argument>.*)\n(?P<options>(?::[\w-]+:.*\n)*)",
    flags=re.MULTILINE,
)


@dataclass
class Exercise:
    """What a notebook holds between the marks of one exercise."""

    label: str
    title: str = ""
    solved: bool = False  # a solution names this exercise
    hidden: bool = False  # that solution is behind a click
    code: list[str] = field(default_factory=list)  # sources of the solution's code cells

    @property
    def grade(self) -> str:
        """The word before the colon of the title, or nothing when it is none of the grades."""
        word = self.title.partition(":")[0]
        return word if word in GRADES else ""

    @property
    def answer(self) -> str:
        """The solution's code above the line of the check."""
        if not self.code:
            return ""
        return "\n\n".join([*self.code[:-1], self.code[-1].partition(CHECK)[0].strip()]).strip()

    @property
    def check(self) -> str:
        """The code below that line; empty when there is none."""
        return self.code[-1].partition(CHECK)[2].strip() if self.code else ""


@dataclass
class Exercises:
    """All exercises of a notebook by label, in order, and what is out of order."""

    found: dict[str, Exercise] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_exercises(notebook: NotebookNode) -> Exercises:
    result = Exercises()
    inside: Exercise | None = None  # the exercise whose solution is open
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if inside is not None:
                inside.code.append(cell.source)
            continue
        for found in DIRECTIVE.finditer(cell.source + "\n"):
            name, argument = found["name"], found["argument"].strip()
            options = dict(re.findall(r"^:([\w-]+):[ \t]*(.*)$", found["options"], re.MULTILINE))
            if name in ("exercise", "exercise-start"):
                label = options.get("label", "")
                if not label:
                    result.faults.append(f"the exercise {argument!r} has no label")
                result.found[label] = Exercise(label, argument)
            elif name in ("solution", "solution-start"):
                if argument not in result.found:
                    result.faults.append(
                        f"a solution names {argument!r}, which is no exercise above it"
                    )
                    continue
                exercise = result.found[argument]
                exercise.solved = True
                exercise.hidden = "dropdown" in options.get("class", "").split()
                inside = exercise if name == "solution-start" else None
            elif name == "solution-end":
                inside = None
    if inside is not None:
        result.faults.append(f"the solution of {inside.label!r} has no end")
    return result


# --- what a check reads ------------------------------------------------------------------------


def defined(source: str) -> dict[str, ast.stmt]:
    """The names that code binds at its top level, loops and branches included, and by what."""
    names: dict[str, ast.stmt] = {}

    def targets(node: ast.AST) -> Iterator[str]:
        for each in ast.walk(node):
            if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store):
                yield each.id

    def walk(body: list[ast.stmt]) -> None:
        for statement in body:
            if isinstance(statement, ast.FunctionDef | ast.ClassDef):
                names[statement.name] = statement
                continue
            if isinstance(statement, ast.Import | ast.ImportFrom):
                for each in statement.names:
                    names[each.asname or each.name.partition(".")[0]] = statement
                continue
            for inner in ("body", "orelse", "finalbody"):
                walk(getattr(statement, inner, []))
            heads = [
                value
                for name, value in ast.iter_fields(statement)
                if name not in ("body", "orelse", "finalbody", "handlers")
            ]
            for head in heads:
                for node in head if isinstance(head, list) else [head]:
                    if isinstance(node, ast.AST):
                        names.update(dict.fromkeys(targets(node), statement))

    walk(ast.parse(source).body)
    return names


def read_names(source: str) -> set[str]:
    """The names that code reads, wherever in it."""
    return {
        node.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }


def asked_for(exercise: Exercise) -> dict[str, ast.stmt]:
    """What a student has to define: names of the answer that the check reads, in their order."""
    wanted = read_names(exercise.check)
    return {
        name: statement for name, statement in defined(exercise.answer).items() if name in wanted
    }


def out_of_reach(notebook: NotebookNode) -> Iterator[tuple[str, str]]:
    """Exercise and name, for each name that a check reads and a student would not have.

    Known are the chapter's own names, what the exercise asks for and what the check defines.
    """
    found = read_exercises(notebook).found
    solutions = {source for exercise in found.values() for source in exercise.code}
    known = set(dir(builtins))
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.source not in solutions:
            known |= defined(cell.source).keys()
    for exercise in found.values():
        inner = every_name_bound(exercise.check)
        for name in sorted(read_names(exercise.check) - known - inner - asked_for(exercise).keys()):
            yield exercise.label, name


def every_name_bound(source: str) -> set[str]:
    """Names that code binds anywhere: arguments of functions and loops of comprehensions too."""
    names = set(defined(source))
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            names.add(node.name)
    return names
