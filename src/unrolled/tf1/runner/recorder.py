"""What the cells of a notebook put out, in the form in which a notebook file keeps it."""

from __future__ import annotations

import base64
import sys
from typing import Any, TextIO

from nbformat import v4


class Recorder:
    """Keeps the outputs of a cell, and lets what is written to the screen pass."""

    def __init__(self) -> None:
        self.outputs: list[Any] = []  # of the cell that runs
        self._by_id: dict[str, list[Any]] = {}
        self._clear_before_next = False
        self._screen = {
            "stdout": self._listen(sys.stdout, "stdout"),
            "stderr": self._listen(sys.stderr, "stderr"),
        }

    def _listen(self, stream: TextIO, name: str) -> Any:
        # On the stream itself, as it is what logging and others have taken hold of.
        write = stream.write

        def record_and_write(text: str) -> int:
            self._text(name, text)
            return write(text)

        stream.write = record_and_write  # type: ignore[method-assign]
        return write

    def new_cell(self) -> list[Any]:
        """A new list, which the next cell's outputs go to."""
        self.outputs = []
        self._clear_before_next = False
        return self.outputs

    def show(self, text: str, stream: str = "stdout") -> None:
        """Write to the screen what is recorded in a richer form."""
        self._screen[stream](text + "\n")

    def add(self, kind: str, **parts: Any) -> Any:
        """Record an output of a kind of `nbformat`'s."""
        if self._clear_before_next:
            self.clear()
        self.outputs.append(v4.new_output(kind, **parts))
        return self.outputs[-1]

    def _text(self, stream: str, text: str) -> None:
        last = self.outputs[-1] if self.outputs and not self._clear_before_next else {}
        if last.get("output_type") == "stream" and last["name"] == stream:
            last["text"] += text
        elif text:
            self.add("stream", name=stream, text=text)

    def display(self, data: Any, metadata: Any, name: str | None, update: bool) -> None:
        """Record something displayed; with `update`, in the place of all that had its name."""
        data = {mime: _as_text(value) for mime, value in data.items()}
        if update:
            for earlier in self._by_id.get(name or "", []):
                earlier.update(data=data, metadata=metadata)
            return
        output = self.add("display_data", data=data, metadata=metadata)
        if name:
            self._by_id.setdefault(name, []).append(output)

    def clear(self, wait: bool = False) -> None:
        """Forget the cell's outputs, at once or when the next one comes."""
        self._clear_before_next = wait
        if not wait:
            self.outputs.clear()


def _as_text(value: Any) -> Any:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value
