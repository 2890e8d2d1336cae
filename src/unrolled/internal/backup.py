"""The folder that keeps where a training run stands, so that it goes on where it stopped.

A backup is one file, `unrolled-backup-000012`, numbered from 1; the last two are kept. It is
written under another name, forced to the disk and then given its own, which the operating system
does in one step: a process that is killed at any moment leaves the ones before as they are. A file
holds a line that says what it is, the SHA-256 of what follows, plain data as JSON, and the bytes of
its arrays: nothing in it is ever executed. Files that were not written by this module are never
touched.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from unrolled.internal.numpy_checks import describe

fcntl: Any
try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

MAGIC = b"unrolled backup 1\n"
PART = re.compile(r"unrolled-backup[-\w]*\.part")  # those that are being written
LOCK = "unrolled-backup.lock"  # holds the process that writes here
NAME = re.compile(r"unrolled-backup-(\d{6,})")
KEPT = 2


class Backup:
    """The backups in one folder, which is made where it is not there.

    Raises:
      TypeError: `folder` is no path.
      OSError: it can neither be found nor made.
    """

    def __init__(self, folder: Any):
        if not isinstance(folder, (str, os.PathLike)) or not os.fspath(folder):
            raise TypeError(f"backup must be the path of a folder; got {describe(folder)}.")
        given = os.fsdecode(folder)
        if "\0" in given:
            raise ValueError(f"backup must be the path of a folder; got {given!r} with a null.")
        self.folder = Path(os.path.abspath(given))  # wherever the working directory goes
        self.name = repr(given)
        self._lock: BinaryIO | None = None
        self._good: list[Path] = []  # ours, the oldest first
        self._bad: list[Path] = []  # ours, but damaged
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OSError(
                f"backup must be a folder that can be written; got {self.name}, which "
                f"cannot be made ({_reason(error)}): give another folder."
            ) from error

    def newest(self) -> tuple[Any, str]:
        """What the newest backup that can be read holds, or None; and a warning, or nothing.

        Raises:
          ValueError: there are files under the names of backups, and none can be read.
        """
        found, unreadable = None, []
        for path in sorted(self._numbered(), key=_number, reverse=True):
            if found is not None:
                if _is_ours(path):
                    self._good.insert(0, path)
                continue
            try:
                found = decode(path.read_bytes())
                self._good = [path]
            except (OSError, ValueError):
                unreadable.append(path.name)
                if _is_ours(path):
                    self._bad.append(path)
        names = ", ".join(unreadable)
        if unreadable and found is None:
            raise ValueError(
                f"backup must be a folder whose backups can be read; got {self.name}, "
                f"where {names} cannot: delete what has this name to start the run anew, or give "
                "another folder."
            )
        if unreadable:
            return found, (
                f"backup: {names} in {self.name} is damaged, so that the run goes on from "
                f"the backup before it, {self._good[-1].name}"
            )
        return found, ""

    def write(self, content: bytes) -> None:
        """Adds a backup of a state as `encode` gives it.

        Raises:
          OSError: it cannot be written, as on a full disk; the backups before are left as they are.
        """
        part = self.folder / f"unrolled-backup-{os.getpid()}-{id(self):x}.part"
        try:
            with open(part, "xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            number = max(map(_number, self._numbered()), default=0) + 1
            path = self.folder / f"unrolled-backup-{number:06}"
            os.replace(part, path)
            _sync(self.folder)
        except OSError as error:
            with suppress(OSError):
                if _is_ours(part):
                    part.unlink()
            raise OSError(
                f"backup must be a folder that can be written; got {self.name}, where "
                f"writing failed ({_reason(error)}): make room or mend it, and call fit again, "
                "which goes on from the last backup that was written."
            ) from error
        self._good.append(path)
        while self._bad or len(self._good) > KEPT:
            old = self._bad.pop() if self._bad else self._good.pop(0)
            with suppress(OSError):
                old.unlink()

    def _numbered(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if NAME.fullmatch(path.name)]

    def lock(self) -> None:
        """Keeps other processes out, and removes what one that was killed left half written.

        The system takes the lock from a process that ends, however it ends.

        Raises:
          OSError: another process is writing there.
        """
        if fcntl is None:
            return
        path = self.folder / LOCK
        while self._lock is None:
            try:
                file = open(path, "a+b")  # noqa: SIM115  open as long as the lock is held
            except OSError:
                return  # a folder that cannot be written; the first backup says so
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.seek(0)
                owner = file.read().decode(errors="replace").strip()
                file.close()
                if owner.isdigit() and not _is_alive(int(owner)):  # a child of it holds the lock
                    return
                raise OSError(
                    f"backup must be a folder of one run at a time; got {self.name}, and another "
                    f"process is writing there{f', {owner}' if owner else ''}: wait for its end, "
                    "or give another folder."
                ) from None
            except OSError:  # a file system without locks
                file.close()
                return
            with suppress(OSError):
                if os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
                    self._lock = file
                    continue
            file.close()  # the one before removed it meanwhile
        self._lock.truncate(0)
        self._lock.write(f"{os.getpid()}\n".encode())
        self._lock.flush()
        for part in self.folder.iterdir():
            if PART.fullmatch(part.name) and _is_ours(part):
                with suppress(OSError):
                    part.unlink()

    def unlock(self) -> None:
        """Lets others in."""
        if self._lock is not None:
            with suppress(OSError):
                (self.folder / LOCK).unlink()
            self._lock.close()
            self._lock = None


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def _number(path: Path) -> int:
    match = NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def _is_ours(path: Path) -> bool:
    """Whether a file begins as a backup does, as far as it goes."""
    try:
        with open(path, "rb") as file:
            return MAGIC.startswith(file.read(len(MAGIC)))
    except OSError:
        return False


def _sync(folder: Path) -> None:
    """Forces the new name to the disk, where the system can open a folder."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    return error.strerror or str(error)


# One backup as bytes ---------------------------------------------------------------------------


def encode(state: Any) -> bytes:
    """The content of a file: numbers, strings, arrays, and lists, tuples and dicts of them.

    Raises:
      TypeError: something in it is neither a number, a string, an array, nor a list, tuple or dict.
    """
    arrays: list[bytes] = []
    plain = json.dumps(_as_plain(state, arrays)).encode()
    body = b"".join([struct.pack(">Q", len(plain)), plain, *arrays])
    return MAGIC + hashlib.sha256(body).digest() + body


def decode(content: bytes) -> Any:
    """The state in the content of a file.

    Raises:
      ValueError: the content is not as it was written.
    """
    start = len(MAGIC) + hashlib.sha256().digest_size
    body = memoryview(content)[start:]
    if content[:start] != MAGIC + hashlib.sha256(body).digest() or not body:
        raise ValueError("damaged")
    (length,) = struct.unpack(">Q", body[:8])
    return _Reader(body[8 + length :]).read(json.loads(bytes(body[8 : 8 + length])))


def _as_plain(value: Any, arrays: list[bytes]) -> Any:
    """`value` as JSON; the bytes of its arrays are added to `arrays`."""
    if isinstance(value, (np.ndarray, np.generic)) and not value.dtype.hasobject:
        if not _can_be_read(value):
            raise TypeError(f"{describe(value)} of {value.dtype}")
        arrays.append(value.tobytes())
        kind = "array" if isinstance(value, np.ndarray) else "number"
        name = value.dtype.name if value.dtype.kind == "V" else value.dtype.str  # bfloat16 is a V
        return {kind: [name, list(value.shape), len(arrays[-1])]}
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (list, tuple):
        return {type(value).__name__: [_as_plain(each, arrays) for each in value]}
    if type(value) is dict:
        return {"dict": [[_as_plain(each, arrays) for each in item] for item in value.items()]}
    raise TypeError(describe(value))


def _can_be_read(value: Any) -> bool:
    """Whether the name of a dtype says all of it."""
    return value.dtype.kind in "biufcSUmM" and value.dtype.itemsize > 0 or _named(value.dtype)


def _named(dtype: np.dtype) -> bool:
    """Whether a dtype of another library, such as bfloat16, is found by its name."""
    try:
        return dtype.names is None and dtype.itemsize > 0 and np.dtype(dtype.name) == dtype
    except TypeError:
        return False


class _Reader:
    """Puts plain data and the bytes of its arrays together again, in the order of writing."""

    def __init__(self, arrays: memoryview):
        self._arrays, self._at = arrays, 0

    def read(self, plain: Any) -> Any:
        if not isinstance(plain, dict):
            return plain
        [(kind, value)] = plain.items()
        if kind in ("array", "number"):
            dtype, shape, size = value
            content = self._arrays[self._at : self._at + size]
            self._at += size
            array = np.frombuffer(content, np.dtype(dtype)).reshape(shape)
            return array.copy() if kind == "array" else array[()]
        parts = [self.read({"list": item} if kind == "dict" else item) for item in value]
        return {"list": list, "tuple": tuple, "dict": dict}[kind](parts)
