"""Finds in a program's code what it uses of TensorFlow and the layer lacks."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import NamedTuple

from unrolled.tf1.runner import layer
from unrolled.tf1.runner.scopes import Function, Scopes, in_tensorflow
from unrolled.tf1.runner.sources import Part

_CAUGHT = {"AttributeError", "ImportError", "ModuleNotFoundError", "Exception", "BaseException"}
_VERSIONS = {"__version__", "VERSION", "GIT_VERSION"}

# Modules of Python 2's library: a program that imports them was not written for Python 3 alone.
PYTHON_2 = {
    "ConfigParser": "configparser",
    "Queue": "queue",
    "StringIO": "io",
    "Tkinter": "tkinter",
    "__builtin__": "builtins",
    "cPickle": "pickle",
    "urllib2": "urllib.request",
    "urlparse": "urllib.parse",
}


class Finding(NamedTuple):
    """One thing that a program uses and that is not there."""

    where: str
    line: int
    kind: str  # "name", "argument" or "package"
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
        self._guarded = False
        self._put_there: set[str] = set()  # names that the program itself adds to TensorFlow

    def read(self, part: Part) -> None:
        """Add what is found in a script or a cell to the findings."""
        self._where = part.where
        if isinstance(part.code, ast.Module):
            self.visit(part.code)

    # What it uses ---------------------------------------------------------------------------------

    def visit_Import(self, node: ast.Import) -> None:
        """A module must be there."""
        for alias in node.names:
            inside = in_tensorflow(alias.name)
            if inside is None:
                self._package(node, alias.name, 0)
            else:
                self._name(node, {inside}, layer.find_module)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        """A module must be there, and each name in it."""
        inside = None if node.level else in_tensorflow(node.module or "")
        if inside is None:
            return self._package(node, node.module or "", node.level)
        for alias in node.names:
            if alias.name == "*":
                self._name(node, {inside}, layer.find_module)
            else:
                self._name(node, {f"{inside}.{alias.name}".lstrip(".")})

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
            for argument in layer.unknown_arguments(name, keywords):
                self._add(node, "argument", f"tf.{name} takes no argument {argument!r}.")
        meaning = self.scopes.meaning(node)
        if meaning and not _is_call_of(node, "hasattr"):
            with self._guard(len(node.args) > 2):  # getattr with what to take instead
                self._name(node, meaning)
        else:
            self.generic_visit(node)

    # Where it asks first --------------------------------------------------------------------------

    def visit_Try(self, node: ast.Try) -> None:
        """What an error is caught for is guarded."""
        found = len(self.findings)
        with self._guard(any(_catches(handler.type) for handler in node.handlers)):
            self._visit_all(node.body)
        # Handlers run for certain where the body fails.
        with self._guard(len(self.findings) == found):
            self._visit_all(node.handlers)
        self._visit_all([*node.orelse, *node.finalbody])

    def visit_If(self, node: ast.If | ast.IfExp | ast.BoolOp) -> None:
        """What stands behind `hasattr` or a look at the version is guarded."""
        with self._guard(any(self._asks(each) for each in ast.walk(_condition(node)))):
            self.generic_visit(node)

    visit_IfExp = visit_BoolOp = visit_If

    def _asks(self, node: ast.AST) -> bool:
        if _is_call_of(node, "hasattr"):
            return True
        return any(name.split(".")[-1] in _VERSIONS for name in self.scopes.meaning(node))

    @contextmanager
    def _guard(self, guarded: bool) -> Iterator[None]:
        before = self._guarded
        self._guarded = before or guarded
        yield
        self._guarded = before

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
        if level or self.is_own(module, level) or top in sys.modules or find_spec(top):
            return
        instead = PYTHON_2.get(top)
        sentence = (
            f"{top} is a module of Python 2; use {instead}."
            if instead
            else f"{top} is not installed."
        )
        self._add(node, "package", sentence)

    def _add(self, node: ast.AST, kind: str, sentence: str) -> None:
        line: int = getattr(node, "lineno", 0)
        self.findings.append(Finding(self._where, line, kind, sentence, self._guarded))


def _is_call_of(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") == name


def _condition(node: ast.If | ast.IfExp | ast.BoolOp) -> ast.AST:
    return node if isinstance(node, ast.BoolOp) else node.test


def _catches(kind: ast.expr | None) -> bool:
    kinds = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return any(each is None or getattr(each, "id", "") in _CAUGHT for each in kinds)
