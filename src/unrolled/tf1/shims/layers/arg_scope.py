"""`arg_scope` of `tf.contrib.framework`: defaults for the arguments of several functions.

    with arg_scope([fully_connected, conv2d], activation_fn=tf.nn.elu):
        x = fully_connected(x, 10)

Where the package tf_slim is installed its own stand in their place, which reach its layers too.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

_scopes: list[dict[str, dict[str, Any]]] = [{}]  # the innermost last
_arguments: dict[str, list[str]] = {}  # by function, which may be given


def add_arg_scope(func: Callable[..., Any]) -> Callable[..., Any]:
    """Decorate a function, so that `arg_scope` may set its arguments."""
    key = f"{func.__module__}.{func.__qualname__}"

    @functools.wraps(func)
    def scoped(*args: Any, **given: Any) -> Any:
        return func(*args, **{**_scopes[-1].get(key, {}), **given})

    vars(scoped)["key_op"] = key
    code, defaults = func.__code__, func.__defaults__ or ()
    _arguments[key] = list(code.co_varnames[code.co_argcount - len(defaults) : code.co_argcount])
    return scoped


@contextmanager
def arg_scope(list_ops_or_scope: Any, **kwargs: Any) -> Iterator[dict[str, Any]]:
    """Inside the block, these arguments are defaults of the functions.

    Args:
      list_ops_or_scope: a list of functions that `add_arg_scope` decorated, or what an earlier
        `arg_scope` yielded, to use again.
      **kwargs: the arguments, none with an earlier scope.

    Yields:
      The scope, to be used again.

    Raises:
      TypeError: it is neither a list nor a scope.
      ValueError: there are arguments with an earlier scope, or a function is not decorated.
    """
    if isinstance(list_ops_or_scope, dict):
        if kwargs:
            raise ValueError(
                f"arg_scope must have no arguments with an earlier scope; got {', '.join(kwargs)}."
            )
        scope = dict(list_ops_or_scope)
    elif isinstance(list_ops_or_scope, (list, tuple)):
        scope = dict(_scopes[-1])
        for op in list_ops_or_scope:
            key = arg_scope_func_key(op)
            if not has_arg_scope(op):
                raise ValueError(
                    f"functions of arg_scope must be decorated with add_arg_scope; got {op}."
                )
            scope[key] = {**scope.get(key, {}), **kwargs}
    else:
        raise TypeError(
            "list_ops_or_scope of arg_scope must be a list of functions or an earlier scope; "
            f"got {list_ops_or_scope!r}."
        )
    _scopes.append(scope)
    try:
        yield scope
    finally:
        _scopes.pop()


def current_arg_scope() -> dict[str, Any]:
    """The innermost scope."""
    return _scopes[-1]


def arg_scope_func_key(op: Callable[..., Any]) -> str:
    """The key of a function in a scope."""
    return getattr(op, "key_op", str(op))


def has_arg_scope(func: Callable[..., Any]) -> bool:
    """Whether `add_arg_scope` decorated a function."""
    return arg_scope_func_key(func) in _arguments


def arg_scoped_arguments(func: Callable[..., Any]) -> Sequence[str]:
    """The arguments of a decorated function that a scope may set."""
    return _arguments[arg_scope_func_key(func)]
