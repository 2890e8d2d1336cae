"""Finds in a program's code what it uses and what is not there: of TensorFlow, NumPy, Python 3."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import NamedTuple

from unrolled.tf1.runner import layer, python_2
from unrolled.tf1.runner.scopes import Function, Scopes
from unrolled.tf1.runner.sources import Part

_ANY = {"Exception", "BaseException"}
_MISSING = {"AttributeError", "ImportError", "ModuleNotFoundError", *_ANY}
_UNDEFINED = {"NameError", *_ANY}
_VERSIONS = {"__version__", "VERSION", "GIT_VERSION"}
_DIVISION = f"{python_2.DIVISION}; write // where both are whole numbers"
_PYTHON_VERSIONS = {"version_info", "PY2", "PY3"}


class Finding(NamedTuple):
    """One thing that a program uses and that is not there."""

    where: str
    line: int
    kind: str  # a key of `check.KINDS`
    sentence: str
    guarded: bool  # the program asks before it uses it, or catches the error


class Uses(ast.NodeVisitor):
    """Reads the parts of one file.

    Args:
      scopes: the file's variables; its outermost scope is entered.
      is_own: whether an import reads a file of the program's own.
    """

    def __init__(self, scopes: Scopes, is_own: Callable[[str, int], bool]):
        self.scopes = scopes
        self.is_own = is_own
        self.findings: list[Finding] = []
        self._where = ""
        self._caught: set[str] = set()  # the errors that the program catches here
        self._divisions: list[Finding] = []
        self._divides_as_3 = False
        self._methods: set[str] = set()  # which its own classes have
        self._put_there: set[str] = set()  # names that the program itself adds to TensorFlow

    def read(self, part: Part) -> None:
        """Add what is found in a script or a cell to the findings."""
        self._where = part.where
        if isinstance(part.code, ast.Module):
            functions = (each for each in ast.walk(part.code) if isinstance(each, ast.FunctionDef))
            self._methods |= {each.name for each in functions}
            self.visit(part.code)

    def divisions(self) -> list[Finding]:
        """Where a file that is sure to be Python 2 divides, which gives other numbers today."""
        is_python_2 = any(each.kind == "python 2" and not each.guarded for each in self.findings)
        return self._divisions if is_python_2 and not self._divides_as_3 else []

    # What it uses ---------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> None:
        """A module must be there."""
        for alias in node.names:
            inside = layer.known(alias.name)
            if inside is None:
                self._package(node, alias.name, 0)
            else:
                self._name(node, {inside}, layer.find_module)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """A module must be there, and each name in it."""
        if node.module == "__future__":
            self._divides_as_3 |= any(alias.name == "division" for alias in node.names)
        inside = None if node.level else layer.known(node.module or "")
        if inside is None:
            return self._package(node, node.module or "", node.level)
        for alias in node.names:
            if alias.name == "*":
                self._name(node, {inside}, layer.find_module)
            else:
                self._name(node, {f"{inside}.{alias.name}"})

    def visit_Attribute(self, node: ast.Attribute) -> None:
        """The longest chain of attributes that starts at TensorFlow is one name."""
        meaning = self.scopes.meaning(node)
        if not meaning:
            self.generic_visit(node)
        elif isinstance(node.ctx, ast.Load):
            self._name(node, meaning)
        else:
            self._put_there |= meaning

    def visit_Call(self, node: ast.Call) -> None:
        """A call may pass arguments that are not taken, or ask for a name by `getattr`."""
        keywords = [each.arg for each in node.keywords if each.arg]
        known = [name for name in self.scopes.meaning(node.func) if self._is_there(name)]
        if keywords and known:
            name = min(known)
            shown = f"tf{name.removeprefix('tensorflow')}"
            for argument in layer.unknown_arguments(name, keywords):
                self._add(node, "argument", f"{shown} takes no argument {argument!r}.")
        meaning = self.scopes.meaning(node)
        if meaning and not _is_call_of(node, "hasattr"):
            with self._guard(_MISSING if len(node.args) > 2 else set()):  # what to take instead
                self._name(node, meaning)
        else:
            self._dict_method(node)
            self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        """A builtin of Python 2, unless the file gives the name a meaning."""
        said = python_2.builtin(node.id)
        if said and isinstance(node.ctx, ast.Load) and not self.scopes.is_bound(node.id):
            self._add(node, "python 2", said, _UNDEFINED)

    def _dict_method(self, node: ast.Call) -> None:
        name = getattr(node.func, "attr", "")
        count, _ = python_2.METHODS.get(name, (-1, ""))
        said = python_2.method(name)
        if said and len(node.args) == count and not node.keywords and name not in self._methods:
            self._add(node, "python 2", said)

    def visit_BinOp(self, node: ast.BinOp | ast.AugAssign) -> None:
        """A division may have been one between whole numbers."""
        if isinstance(node.op, ast.Div) and not any(map(_is_float, ast.iter_child_nodes(node))):
            line = node.lineno
            self._divisions.append(Finding(self._where, line, "note", f"{_DIVISION}.", False))
        self.generic_visit(node)

    visit_AugAssign = visit_BinOp

    # Where it asks first --------------------------------------------------------------------------

    def visit_Try(self, node: ast.Try) -> None:
        """What an error is caught for is guarded."""
        found = len(self.findings)
        with self._guard({name for handler in node.handlers for name in _caught(handler.type)}):
            self._visit_all(node.body)
        # Handlers run for certain where the body fails.
        with self._guard(_ANY if len(self.findings) == found else set()):
            self._visit_all(node.handlers)
        self._visit_all([*node.orelse, *node.finalbody])

    def visit_If(self, node: ast.If | ast.IfExp | ast.BoolOp) -> None:
        """What stands behind `hasattr` or a look at the version is guarded."""
        asks = any(self._asks(each) for each in ast.walk(_condition(node)))
        with self._guard(_ANY if asks else set()):
            self.generic_visit(node)

    visit_IfExp = visit_BoolOp = visit_If

    def _asks(self, node: ast.AST) -> bool:
        if _is_call_of(node, "hasattr"):
            return True
        if getattr(node, "attr", getattr(node, "id", "")) in _PYTHON_VERSIONS:
            return True
        return any(name.split(".")[-1] in _VERSIONS for name in self.scopes.meaning(node))

    @contextmanager
    def _guard(self, caught: set[str]) -> Iterator[None]:
        before = self._caught
        self._caught = before | caught
        yield
        self._caught = before

    # Scopes ---------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node: Function) -> None:
        """A function has variables of its own; its defaults are read outside it."""
        outside = [node.args, *getattr(node, "decorator_list", []), getattr(node, "returns", None)]
        self._visit_all(each for each in outside if each)
        body: Sequence[ast.AST] = node.body if isinstance(node.body, list) else [node.body]
        self._inside(body, node.args, is_class=False)

    visit_AsyncFunctionDef = visit_Lambda = visit_FunctionDef

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """A class has variables of its own; its bases are read outside it."""
        self._visit_all([*node.decorator_list, *node.bases, *node.keywords])
        self._inside(node.body, None, is_class=True)

    def _inside(self, body: Sequence[ast.AST], args: ast.arguments | None, is_class: bool) -> None:
        self.scopes.enter(body, args, is_class)
        self._visit_all(body)
        self.scopes.leave()

    def _visit_all(self, nodes: Iterable[ast.AST]) -> None:
        for node in nodes:
            self.visit(node)

    # What is missing ------------------------------------------------------------------------------

    def _name(
        self, node: ast.AST, names: set[str], find: Callable[[str], object] = layer.find
    ) -> None:
        """Report names of which the layer has none; a variable may stand for one of several."""
        if not any(self._is_there(name, find) for name in names):
            try:
                find(min(names))
            except AttributeError as error:
                self._add(node, "name", str(error))

    def _is_there(self, name: str, find: Callable[[str], object] = layer.find) -> bool:
        if any(name == own or name.startswith(f"{own}.") for own in self._put_there):
            return True
        try:
            find(name)
        except AttributeError:
            return False
        return True

    def _package(self, node: ast.AST, module: str, level: int) -> None:
        top = module.partition(".")[0]
        if level or self.is_own(module, level):
            return
        if top == "keras":
            keras = "keras is Keras 3 here; for the Keras 2 of such programs: pip install tf_keras."
            return self._add(node, "package", keras)
        if top in sys.modules or find_spec(top):
            return
        said = python_2.module(top)
        kind = "python 2" if said else "package"
        self._add(node, kind, said or f"{top} is not installed.")

    def _add(self, node: ast.AST, kind: str, sentence: str, errors: set[str] = _MISSING) -> None:
        line: int = getattr(node, "lineno", 0)
        guarded = bool(self._caught & errors)
        self.findings.append(Finding(self._where, line, kind, sentence, guarded))


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == name


def _condition(node: ast.If | ast.IfExp | ast.BoolOp) -> ast.AST:
    return node if isinstance(node, ast.BoolOp) else node.test


def _caught(kind: ast.expr | None) -> set[str]:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return {"BaseException" if each is None else getattr(each, "id", "") for each in kinds}


def _is_float(node: ast.AST) -> bool:
    return _is_call_of(node, "float") or isinstance(getattr(node, "value", None), float)
