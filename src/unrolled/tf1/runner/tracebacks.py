"""Tracebacks as Python itself would write them, without the frames of the runner."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

_HERE = str(Path(__file__).parent) + os.sep
_MAIN = str(Path(__file__).parents[1] / "__main__.py")


@contextmanager
def without_the_runner() -> Iterator[None]:
    """What leaves this block is reported without the runner, by whatever hook is then set.

    The exception goes on, so Python ends the process as it always does: after Ctrl-C by the signal.
    """
    try:
        yield
    except BaseException:
        report = sys.excepthook

        def report_the_rest(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            _trim_chain(error)
            report(kind, error, error.__traceback__)

        sys.excepthook = report_the_rest
        raise


def _trim_chain(error: BaseException) -> None:
    """Trim an exception and those that led to it."""
    found: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in found:
            found.add(id(each))
            each.__traceback__ = _trim(each.__traceback__)
            waiting += [each.__cause__, each.__context__]


def _trim(trace: TracebackType | None) -> TracebackType | None:
    kept: list[TracebackType] = []
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        leads = not kept and file.startswith("<frozen ")  # Python's own, that started the runner
        if not (leads or file == _MAIN or file.startswith(_HERE)):
            kept.append(trace)
        trace = trace.tb_next
    for this, following in zip(kept, [*kept[1:], None]):
        this.tb_next = following
    return kept[0] if kept else None
