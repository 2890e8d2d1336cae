"""How far something long has got, shown to whoever is there to see it.

A terminal gets a bar, a log or a pipe a line now and then, and a notebook a bar where a person sits
in front of it: what is executed by a program is stored, and must be the same from run to run. What
takes less than a few seconds shows nothing.
"""

from __future__ import annotations

import html
import os
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import Any, Protocol

BAR_AFTER = 2.0  # seconds
LINE_AFTER, LINE_EVERY = 10.0, 30.0  # seconds, in a log

now = time.monotonic
_one_at_a_time = threading.Lock()  # two bars on one screen would overwrite each other


class View(Protocol):
    """A place where progress is seen."""

    def show(self, done: float | None, total: float | None, text: str, seconds: float) -> None:
        """Show that `done` of `total` (None: nobody knows) is done, after `seconds`."""

    def close(self) -> None:
        """Leave nothing behind but lines of a log."""


class Progress:
    """The progress of one thing; `with` closes it.

    It never breaks what it reports on: after the first error of its own it is silent.

    Args:
      title: what is being done, such as "fit".
      total: how much there is to do, in any unit (default: None, unknown).
      shown: False shows nothing anywhere (default: True).
    """

    def __init__(self, title: str, total: float | None = None, *, shown: bool = True):
        self._title, self._total = title, total
        self._start = now()
        self._begun_at = 0.0  # how much was done before: it says nothing about the speed
        self._silent = not shown
        self._view: View | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._silent = True
        if self._view is not None:
            with suppress(Exception):
                self._view.close()
            self._view = None
            _one_at_a_time.release()

    def begin_at(self, done: float) -> None:
        """Say that `done` was done before, by a run that this one goes on from."""
        self._begun_at = done

    def update(self, done: float | None, text: str = "", total: float | None = None) -> None:
        """Say how far it has got.

        Args:
          done: how much is done, in the unit of `total`; None where nobody knows.
          text: where it is, in a few words (default: "").
          total: how much there is to do, where that was not known before (default: None).
        """
        seconds = now() - self._start
        if self._silent or seconds < BAR_AFTER:
            return
        self._total = self._total if total is None else total
        try:
            if self._view is None:
                self._view = self._open()
            if self._view is not None:
                left = self._time_left(done, seconds)
                words = f"{self._title} {text}" + (f", {left} left" if left else "")
                self._view.show(done, self._total, words, seconds)
        except Exception:
            self._silent = True

    def _open(self) -> View | None:
        """The view that fits where this runs; none where another bar stands."""
        if not _one_at_a_time.acquire(blocking=False):
            return None
        try:
            view = _view()
        except BaseException:
            _one_at_a_time.release()
            raise
        if view is None:
            _one_at_a_time.release()
            self._silent = True
        return view

    def _time_left(self, done: float | None, seconds: float) -> str:
        if not done or not self._total or done <= self._begun_at:
            return ""
        left = seconds * (self._total - done) / (done - self._begun_at)
        minutes, seconds = divmod(max(0, round(left)), 60)
        hours, minutes = divmod(int(minutes), 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _view() -> View | None:
    if _in_a_test():
        return None
    kernel = _kernel()
    if kernel is not None:
        # A front end that cannot be asked for input is a program, which stores what it is shown.
        request = kernel.get_parent().get("content", {})
        return _Notebook() if request.get("allow_stdin") else None
    if sys.stderr is None:
        return None
    return _Terminal() if sys.stderr.isatty() else _Log()


def _in_a_test() -> bool:
    """Whether what is printed here, or in a process that was started here, will be looked at."""
    return "PYTEST_CURRENT_TEST" in os.environ


def _kernel() -> Any:
    """The kernel of the notebook that this runs in, or None."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython  # type: ignore[attr-defined, unused-ignore]

    return getattr(get_ipython(), "kernel", None)


class _Terminal:
    """A bar that is redrawn, and gone at the end."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            TextColumn("{task.description}", markup=False),
            console=Console(file=sys.stderr),
            transient=True,
            auto_refresh=False,  # no thread: it would draw while another one writes
            # Lines that are printed meanwhile go above the bar, and so to the same screen.
            redirect_stdout=sys.stdout is not None and sys.stdout.isatty(),
            redirect_stderr=True,
        )
        self._bar.start()
        self._task = self._bar.add_task("", total=None)

    def show(self, done: float | None, total: float | None, text: str, seconds: float) -> None:
        self._bar.update(
            self._task, completed=done or 0, total=total, description=text, refresh=True
        )

    def close(self) -> None:
        self._bar.stop()


class _Log:
    """A line now and then."""

    def __init__(self) -> None:
        self._next = LINE_AFTER

    def show(self, done: float | None, total: float | None, text: str, seconds: float) -> None:
        if seconds >= self._next:
            self._next = seconds + LINE_EVERY
            share = f"{100 * done / total:.0f} % of " if done and total else ""
            print(f"{share}{text}", file=sys.stderr, flush=True)

    def close(self) -> None:
        pass


class _Notebook:
    """A bar in the output of the cell, which is empty at the end."""

    def __init__(self) -> None:
        from IPython.display import HTML, display

        self._html = HTML
        self._handle = display(HTML(""), display_id=True)

    def show(self, done: float | None, total: float | None, text: str, seconds: float) -> None:
        share = f' value="{done:g}" max="{total:g}"' if done is not None and total else ""
        self._handle.update(self._html(f"<progress{share}></progress> {html.escape(text)}"))

    def close(self) -> None:
        self._handle.update(self._html(""))
