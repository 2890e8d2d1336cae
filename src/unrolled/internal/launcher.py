"""Starts several processes that are joined by TF_CONFIG, and never leaves one behind.

It knows nothing of what they do, and does not import TensorFlow.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

HOST = "127.0.0.1"
HOLDS = "weights "  # begins the last line of each process; the rest must be equal for all
GOES = "lost another worker"  # begins the line of one that stops because another has gone
LOST = 75  # its exit status
ATTEMPTS = 3  # to find ports that are free and stay so
IN_USE = "Could not start gRPC server"
LAST_LINES = 4
GRACE = 20.0  # seconds for the others to notice that one has gone


def cluster() -> tuple[list[str], int]:
    """The addresses of all workers, and which of them this process is, from TF_CONFIG."""
    text = os.environ["TF_CONFIG"]
    try:
        config = json.loads(text)
        addresses, task = list(config["cluster"]["worker"]), config["task"]
        index = task["index"]
        if task["type"] != "worker" or not 0 <= index < len(addresses):
            raise ValueError
    except (ValueError, KeyError, TypeError):
        raise SystemExit(
            'TF_CONFIG must be {"cluster": {"worker": ["host:port", ...]}, "task": {"type": '
            f'"worker", "index": i}}}} with i below the number of workers; got {text!r}.'
        ) from None
    return addresses, index


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def end_with_standard_input() -> None:
    """End this process when the one that started it is gone, whatever ended that one."""

    def wait() -> None:
        while os.read(0, 1024):  # nothing ever comes
            pass
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def first_line(error: Exception) -> str:
    """The line of TensorFlow's message that says what happened, without the names of its graph."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if "abort" in line.lower()), lines[0] if lines else "")


class Team:
    """The processes of one run and the files that they write to."""

    def __init__(self, command: Sequence[str], count: int, folder: Path):
        self.command = command
        self.shown = 0  # lines of the first process
        self.outputs = [folder / f"{index}.out" for index in range(count)]
        self.processes: list[subprocess.Popen[bytes]] = []
        for path in self.outputs:
            path.touch()
            path.with_suffix(".err").touch()

    def start(self) -> None:
        addresses = [f"{HOST}:{port}" for port in free_ports(len(self.outputs))]
        for index, path in enumerate(self.outputs):
            config = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
            with open(path, "wb") as output, open(path.with_suffix(".err"), "wb") as errors:
                self.processes.append(
                    subprocess.Popen(
                        [*self.command, "--watched"],
                        stdin=subprocess.PIPE,  # closes when this process ends
                        stdout=output,
                        stderr=errors,
                        env={**os.environ, "TF_CONFIG": json.dumps(config)},
                        start_new_session=True,  # Ctrl-C is for this process, which ends them
                    )
                )

    def statuses(self) -> list[int | None]:
        return [process.poll() for process in self.processes]

    def lines(self, index: int, kind: str = ".out") -> list[str]:
        """What a process has written, whole lines only."""
        path = self.outputs[index].with_suffix(kind)
        text = path.read_text(encoding="utf-8", errors="replace")
        return text[: text.rfind("\n") + 1].splitlines()

    def show(self) -> None:
        """Print what the first process has written since the last time."""
        lines = self.lines(0)
        for line in lines[self.shown :]:
            if not line.startswith((HOLDS, GOES)):
                print(line, flush=True)
        self.shown = len(lines)

    def last_lines(self, index: int) -> str:
        """Of its errors, or of what it said where there are none."""
        lines = (self.lines(index, ".err") or self.lines(index))[-LAST_LINES:] or ["nothing"]
        return f"The last that worker {index} said:\n" + "\n".join(f"  {line}" for line in lines)

    def size(self) -> int:
        """How many bytes all have written."""
        paths = [path.with_suffix(kind) for path in self.outputs for kind in (".out", ".err")]
        return sum(path.stat().st_size for path in paths)

    def end(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()
            if process.stdin:
                process.stdin.close()


def launch(command: Sequence[str], count: int, wait: float) -> None:
    """Run `command` in `count` processes until all are done, and show what the first one says.

    Raises:
      SystemExit: one of them failed, none said anything for `wait` seconds, they ended with
        different weights, or this process was told to end.
    """
    before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        for attempt in range(ATTEMPTS):
            with tempfile.TemporaryDirectory() as folder:
                if run_once(command, count, wait, Path(folder), last=attempt == ATTEMPTS - 1):
                    return
    except KeyboardInterrupt:
        print("Stopped: all workers are ended.", file=sys.stderr)
        raise SystemExit(130) from None
    except BrokenPipeError:  # nobody reads any more, as behind `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    finally:
        signal.signal(signal.SIGTERM, before)


def run_once(command: Sequence[str], count: int, wait: float, folder: Path, last: bool) -> bool:
    """Whether the run came to its end; False where a port was taken by another program."""
    team = Team(command, count, folder)
    try:
        team.start()
        size, heard = 0, time.monotonic()
        while True:
            statuses = team.statuses()
            team.show()
            if any(statuses):
                settle(team)
                team.show()
                if not last and any(
                    IN_USE in "\n".join(team.lines(i, ".err")) for i in range(count)
                ):
                    return False
                fail(team)
            if all(status == 0 for status in statuses):
                break
            if team.size() > size:
                size, heard = team.size(), time.monotonic()
            elif time.monotonic() - heard > wait:
                team.end()
                raise SystemExit(
                    f"The workers said nothing for {wait:g} seconds and were ended: start again, "
                    f"or give a longer --wait.\n{team.last_lines(0)}"
                )
            time.sleep(0.05)
        held = {line for i in range(count) for line in team.lines(i) if line.startswith(HOLDS)}
        if len(held) != 1:
            raise SystemExit(f"The workers must end with equal weights; got {len(held)} different.")
        print(f"{count} workers, done: all hold the same weights" if count > 1 else "done")
        return True
    finally:
        team.end()


def settle(team: Team) -> None:
    """Give those that are left the time to notice that one has failed."""
    until = time.monotonic() + GRACE
    while None in team.statuses() and time.monotonic() < until:
        time.sleep(0.05)


def fail(team: Team) -> NoReturn:
    """End all, and say which one failed first, how, and what the others did."""
    statuses = team.statuses()
    failed = [index for index, status in enumerate(statuses) if status]
    culprit = next((index for index in failed if statuses[index] != LOST), failed[0])
    status = statuses[culprit] or 0
    how = f"ended with status {status}"
    if status < 0:
        how = f"was killed ({signal.Signals(-status).name})"
    did = []
    for index, its_status in enumerate(statuses):
        if index == culprit:
            continue
        if its_status == LOST:
            did.append(f"worker {index} noticed and stopped")
        elif its_status is None:
            did.append(f"worker {index} was still waiting and was ended")
        else:
            did.append(f"worker {index} ended with status {its_status}")
    team.end()
    raise SystemExit(
        f"Worker {culprit} of {len(statuses)} {how}{''.join(f'; {each}' for each in did)}.\n"
        f"{team.last_lines(culprit)}"
    )
