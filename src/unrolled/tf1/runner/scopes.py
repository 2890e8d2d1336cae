"""Which variables of a program stand for names of TensorFlow and NumPy."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator

from unrolled.tf1.runner import layer, python_2

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
# The whole names that a variable may stand for; None among them is anything else.
Bound = dict[str, set[str | None]]
# What a module of the program's own binds, by the import that reads it.
Exports = Callable[[ast.ImportFrom], Bound]


class Scopes:
    """The variables that can be seen from one place of a file."""

    def __init__(self, exports: Exports):
        self.exports = exports
        self._stack: list[tuple[Bound, bool]] = []

    def enter(
        self, body: Iterable[ast.AST], arguments: ast.arguments | None, is_class: bool
    ) -> Bound:
        """Go into a module, a function or a class."""
        bound: Bound = {}
        self._stack.append((bound, is_class))
        if arguments is not None:
            for node in ast.walk(arguments):
                if isinstance(node, ast.arg):
                    bound[node.arg] = {None}
        for node in _in_scope(body):
            for name, meaning in self._bindings(node):
                bound.setdefault(name, set()).update(meaning)
        return bound

    def leave(self) -> None:
        """Go back to the scope around this one."""
        self._stack.pop()

    def is_bound(self, name: str) -> bool:
        """Whether the file itself gives a variable of this name a value."""
        around = self._stack[:-1]
        return name in self._stack[-1][0] or any(
            name in bound for bound, is_class in around if not is_class
        )

    def meaning(self, node: ast.AST) -> set[str]:
        """The whole names that an expression may stand for; none where it is uncertain."""
        if isinstance(node, ast.Name):
            for i, (bound, is_class) in enumerate(reversed(self._stack)):
                if node.id in bound and (i == 0 or not is_class):
                    known = bound[node.id]
                    return {name for name in known if name is not None and None not in known}
        if isinstance(node, ast.Attribute):
            return {f"{above}.{node.attr}" for above in self.meaning(node.value)}
        if isinstance(node, ast.Call) and (asked := asked_for(node)):
            return {f"{above}.{asked}" for above in self.meaning(node.args[0])}
        return set()

    def _bindings(self, node: ast.AST) -> Iterator[tuple[str, set[str | None]]]:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    top = alias.name.partition(".")[0]
                    yield alias.asname or top, {layer.known(alias.name if alias.asname else top)}
            case ast.ImportFrom(names=names):
                yield from self._imported(node, names)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from self._assigned(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from self._assigned(target, value)
            case ast.NamedExpr(target=target, value=value):
                yield from self._assigned(target, value)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name, {None}
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str() as name):
                yield name, {None}
            case ast.AugAssign(target=target) | ast.For(target=target):
                yield from self._assigned(target, None)
            case ast.comprehension(target=target) | ast.AsyncFor(target=target):
                yield from self._assigned(target, None)
            case ast.withitem(optional_vars=ast.expr() as target):
                yield from self._assigned(target, None)

    def _imported(
        self, node: ast.ImportFrom, names: list[ast.alias]
    ) -> Iterator[tuple[str, set[str | None]]]:
        module = node.module or ""
        inside = None if node.level else layer.known(module)
        own = self.exports(node) if inside is None else {}
        for alias in names:
            if alias.name != "*":
                known = own.get(alias.name, {None})
                yield (
                    alias.asname or alias.name,
                    known if inside is None else {f"{inside}.{alias.name}"},
                )
            elif inside is None:
                yield from ((name, known) for name, known in own.items() if name[0] != "_")
                if module == "past.builtins":  # those of Python 2
                    for name in python_2.BUILTINS:
                        yield name, {None}
            else:
                for name in layer.public_names(inside):
                    yield name, {f"{inside}.{name}"}

    def _assigned(
        self, target: ast.AST, value: ast.AST | None
    ) -> Iterator[tuple[str, set[str | None]]]:
        if isinstance(target, ast.Name):
            yield target.id, {*(self.meaning(value) if value is not None else ())} or {None}
        elif isinstance(target, (ast.Tuple, ast.List)):
            values: list[ast.AST | None] = [None] * len(target.elts)
            if isinstance(value, (ast.Tuple, ast.List)) and len(value.elts) == len(values):
                values = [*value.elts]
            for each, its_value in zip(target.elts, values):
                yield from self._assigned(each, its_value)
        elif isinstance(target, ast.Starred):
            yield from self._assigned(target.value, None)


def asked_for(call: ast.Call) -> str | None:
    """The name that `getattr(module, "name")` asks for, or hasattr."""
    match call:
        case ast.Call(
            func=ast.Name(id="getattr" | "hasattr"),
            args=[_, ast.Constant(value=str() as name), *_],
        ):
            return name
    return None


def _in_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of one scope in their order: functions and classes, but not what is in them."""
    for node in nodes:
        yield node
        if not isinstance(node, (Function, ast.ClassDef)):
            yield from _in_scope(ast.iter_child_nodes(node))
