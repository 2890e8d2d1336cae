"""`unrolled.tf1` uses what the package promises: no underscored member of the package's classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import unrolled

PACKAGE = Path(unrolled.__file__).parent
LAYER = PACKAGE / "tf1"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
# Underscored, and public all the same: of NamedTuple.
PUBLIC = {"_asdict", "_fields", "_make", "_replace"}


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def members(tree: ast.AST) -> set[str]:
    """The underscored members of the classes in a file: methods, class attributes, self._x = ..."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            for part in node.body:
                if isinstance(part, FUNCTIONS):
                    found.add(part.name)
                targets = part.targets if isinstance(part, ast.Assign) else []
                targets += [part.target] if isinstance(part, ast.AnnAssign) else []
                found.update(target.id for target in targets if isinstance(target, ast.Name))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            found.add(node.attr)
    return {name for name in found if is_private(name)}


def uses(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a file reads or writes an underscored attribute: x._name, getattr(x, "_name")."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and is_private(node.attr):
            yield node.lineno, node.attr
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("getattr", "setattr"):
            name = node.args[1]
            if isinstance(name, ast.Constant) and is_private(str(name.value)):
                yield node.lineno, str(name.value)


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Where a file imports an underscored name or module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [part for alias in node.names for part in alias.name.split(".")]
        else:
            continue
        yield from ((node.lineno, name) for name in names if is_private(name))


def offenders(source: str, own: set[str], theirs: set[str]) -> list[str]:
    """What a file of the layer uses beside its own private members and what is public."""
    tree = ast.parse(source)
    reached = {(line, name) for line, name in uses(tree) if name in theirs or name not in own}
    return [f"line {line}: {name}" for line, name in sorted({*reached, *imports(tree)})]


def trees(folder: Path) -> dict[Path, ast.AST]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")}


OWN = set.union(*map(members, trees(LAYER).values())) | PUBLIC
# Of the classes below the layer, which must not define one of these names again, either.
BELOW = ["contract.py", "cells.py", "wrappers.py", "unroll.py", "internal/run.py"]
THEIRS = set.union(*(members(ast.parse((PACKAGE / name).read_text("utf-8"))) for name in BELOW))


@pytest.mark.parametrize("path", sorted(LAYER.rglob("*.py")), ids=lambda p: str(p.name))
def test_no_private_member_of_the_package_is_used(path):
    assert offenders(path.read_text(encoding="utf-8"), OWN, THEIRS) == []


@pytest.mark.parametrize(
    "line, name",
    [
        ("cell._checked_inputs(x)", "_checked_inputs"),
        ("today.DropoutWrapper._masked(self)", "_masked"),
        ("getattr(cell, '_draws')", "_draws"),
        ("self._by_hand = None", "_by_hand"),
        ("from unrolled.unroll import _loop", "_loop"),
    ],
)
def test_an_offender_is_named(line, name):
    assert offenders(f"import today\n{line}\n", OWN, THEIRS) == [f"line 2: {name}"]


def test_its_own_and_public_ones_are_no_offenders():
    source = "self._scope = state._replace(h=0)\nself.__dict__\n"
    assert offenders(source, OWN, THEIRS) == []
