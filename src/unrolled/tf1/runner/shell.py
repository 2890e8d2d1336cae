"""The IPython that runs a notebook's cells, with nobody in front of it."""

from __future__ import annotations

import sys
from typing import Any

from IPython.core import page
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets import Instance, List, Type

from unrolled.tf1.runner import hints
from unrolled.tf1.runner.children import with_the_layer
from unrolled.tf1.runner.installs import without_installs
from unrolled.tf1.runner.recorder import Recorder


class Results(DisplayHook):
    """The value of a cell's last line: its text on the screen, all its forms in the record."""

    def write_output_prompt(self) -> None:
        pass  # a screen shows no Out[3]:

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        recorder: Recorder = self.shell.recorder  # type: ignore[union-attr]
        count = self.prompt_count
        recorder.add(
            "execute_result", data=format_dict, metadata=md_dict or {}, execution_count=count
        )
        recorder.show(format_dict.get("text/plain", ""))


class Displays(DisplayPublisher):
    """What `display` shows, figures among it."""

    def publish(
        self,
        data: Any,
        metadata: Any = None,
        source: Any = None,
        *,
        transient: Any = None,
        update: bool = False,
        **_: Any,
    ) -> None:
        recorder = self.shell.recorder
        recorder.display(data, metadata or {}, (transient or {}).get("display_id"), update)
        if "text/plain" in data:
            recorder.show(data["text/plain"])

    def clear_output(self, wait: bool = False) -> None:
        self.shell.recorder.clear(wait)


class Shell(InteractiveShell):
    """An IPython without prompts, windows, pager and history.

    Errors go to standard error. Commands that install packages are left out, and Python programs
    that a command starts get the layer.
    """

    displayhook_class = Type(Results)
    display_pub_class = Type(Displays)
    recorder = Instance(Recorder)
    _waiting: List[str] = List()

    def init_hooks(self) -> None:
        """Help is printed, as no pager can wait for a key."""
        super().init_hooks()
        self.set_hook("show_in_pager", page.as_hook(page.display_page), 99)

    def transform_cell(self, raw_cell: str) -> str:
        script = raw_cell.lstrip().startswith(("%%bash", "%%sh", "%%script"))
        return super().transform_cell(self._reduced(raw_cell) if script else raw_cell)

    def var_expand(self, cmd: str, depth: int = 0, *args: Any, **kwargs: Any) -> str:
        # Every shell command comes through here, with the Python values that it names filled in.
        return self._reduced(super().var_expand(cmd, depth + 1, *args, **kwargs))

    def _reduced(self, command: str) -> str:
        command, left_out = without_installs(command)
        for install in left_out:
            print(f"left out: {install}", file=sys.stderr)
        command, programs = with_the_layer(command)
        for program in programs:
            print(f"run on the layer: python -m unrolled.tf1 {program}", file=sys.stderr)
        return command

    def enable_gui(self, gui: Any = None) -> None:
        """No window's events are waited for."""

    def enable_matplotlib(self, gui: Any = None) -> Any:
        return super().enable_matplotlib("inline")  # a window or a widget would wait for someone

    def ask_exit(self) -> None:
        """`exit` and `quit` end the run."""
        raise SystemExit

    def showtraceback(self, *args: Any, **kwargs: Any) -> None:
        error = sys.exc_info()[1]
        if isinstance(error, SystemExit):  # which the runner hands on
            return
        if error is not None:
            hints.add(error)
        super().showtraceback(*args, **kwargs)

    def _showtraceback(self, etype: type, evalue: BaseException, stb: list[str]) -> None:
        notes = getattr(evalue, "__notes__", [])
        stb = [*stb, *(note for note in notes if not any(note in line for line in stb))]
        self.recorder.add("error", ename=etype.__name__, evalue=str(evalue), traceback=list(stb))
        text = self.InteractiveTB.stb2text(stb)
        if issubclass(etype, SyntaxError):  # of which the runner may have a sentence to say
            self._waiting.append(text)
        else:
            self.recorder.show(text, "stderr")

    def show_waiting(self) -> None:
        """Show what waited for the end of the cell."""
        for text in self._waiting:
            self.recorder.show(text, "stderr")
        self._waiting.clear()
