"""The four files of MNIST: how they are verified, and where they are kept.

A directory that the user names comes first, then the cache, then the sources of
`unrolled.internal.mnist_sources`. In each case the SHA-256 of the four unpacked files decides
whether they are MNIST. `unrolled.mnist` reads the files that this module finds.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import hashlib
import io
import os
import sys
import time
import uuid
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from unrolled.internal.mnist_sources import LARGEST_FILE, SOURCES, Source

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
DIRECTORY_VARIABLE = "UNROLLED_MNIST_DIR"
CACHE_VARIABLE = "UNROLLED_CACHE"
_ABANDONED = 3600.0  # seconds after which a temporary file belongs to a process that was killed


class MNISTUnavailable(RuntimeError):
    """No source has the four files; the message lists what was tried and what to do."""


def locate(sources: Sequence[Source] = SOURCES) -> tuple[Path, str]:
    """Finds the four verified files, fetching them into the cache when needed.

    Args:
      sources: tried in this order when neither the named directory nor the cache has the files
        (default: those of `unrolled.internal.mnist_sources`).

    Returns:
      The folder that holds the four files, each unpacked or, in a directory that the user names,
      as .gz; and the name of the source that had them.

    Raises:
      MNISTUnavailable: the directory that UNROLLED_MNIST_DIR names does not hold MNIST, the cache
        cannot be written, or no source has the files.
    """
    if named := os.environ.get(DIRECTORY_VARIABLE):
        return _named_directory(_expanded(named, DIRECTORY_VARIABLE)), DIRECTORY_VARIABLE
    folder = cache_folder()
    faults = [fault for name in SHA256 if (fault := _fault(folder / name, name))]
    _sweep(folder)
    if not faults:
        return folder, "the cache"
    if damaged := [fault for fault in faults if not fault.endswith("is missing")]:
        print(f"MNIST is fetched again: in {folder}, {'; '.join(damaged)}.", file=sys.stderr)

    held = "; ".join(damaged) or "not all four files are there"
    tried = [f"{DIRECTORY_VARIABLE}: not set", f"the cache, {folder}: {held}"]
    for source in sources:
        try:
            files = _verified(source.read())
        except Exception as error:  # whatever the failure, the next source is tried
            reason = " ".join(str(error).split()) or "no reason given"
            tried.append(f"{source.name}: {type(error).__name__}: {reason}")
        else:
            return _store(files, folder), source.name
    raise MNISTUnavailable(
        "MNIST was not found; this was tried:\n"
        + "".join(f"  - {line}\n" for line in tried)
        + f"To install the files by hand, put {', '.join(SHA256)} (unpacked, or each as .gz) into "
        f"a directory and set {DIRECTORY_VARIABLE} to it, or put them, unpacked, into {folder}."
    )


def cache_folder() -> Path:
    """The folder of the cached files, in UNROLLED_CACHE (default: the platform's cache folder).

    Raises:
      MNISTUnavailable: there is no home folder to keep it in.
    """
    if named := os.environ.get(CACHE_VARIABLE):
        return _expanded(named, CACHE_VARIABLE) / "mnist"
    variable = {"win32": "LOCALAPPDATA", "darwin": ""}.get(sys.platform, "XDG_CACHE_HOME")
    if variable and (named := os.environ.get(variable)):
        return Path(named) / "unrolled" / "mnist"
    try:
        home = Path.home()
    except RuntimeError as error:
        raise MNISTUnavailable(
            f"There is no home folder to keep MNIST in ({error}): set {CACHE_VARIABLE} to a folder "
            f"that can be written, or {DIRECTORY_VARIABLE} to one that holds the four files."
        ) from None
    caches = {"win32": home / "AppData" / "Local", "darwin": home / "Library" / "Caches"}
    return caches.get(sys.platform, home / ".cache") / "unrolled" / "mnist"


def _expanded(named: str, variable: str) -> Path:
    """The folder that an environment variable names, as a whole path."""
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:
        raise MNISTUnavailable(
            f"{variable} is {named!r}, which begins with a home folder that cannot be found "
            f"({error}): write the whole path."
        ) from None


# Verifying -------------------------------------------------------------------------------------


def _wrong(name: str, digest: str) -> str:
    """Returns in a few words what is wrong with the content of file `name`; empty if nothing is."""
    if digest == SHA256[name]:
        return ""
    for other, its_digest in SHA256.items():
        if digest == its_digest:
            return f"{name} holds the content of {other}"
    return f"{name} has a SHA-256 that starts with {digest[:12]}, expected {SHA256[name][:12]}"


def _verified(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """Returns `files` if they are the four files of MNIST, else raises ValueError."""
    faults = []
    for name in SHA256:
        if name not in files:
            faults.append(f"{name} is missing")
        elif wrong := _wrong(name, hashlib.sha256(files[name]).hexdigest()):
            faults.append(wrong)
    if faults:
        raise ValueError("; ".join(faults))
    return files


def _open(path: Path) -> io.BufferedIOBase:
    """Opens a plain or packed file; what is read from it is unpacked."""
    return gzip.open(path, "rb") if path.suffix == ".gz" else open(path, "rb")


# 55 MB cost 0.03 to 0.3 seconds to digest, once per process: an unchanged file is remembered.
@functools.lru_cache(maxsize=8)
def _digest(path: Path, stamp: tuple[int, ...]) -> str:
    """SHA-256 of the unpacked file; `stamp` (size, time, inode) changes when the file does.

    Of a file that is larger than any of MNIST, however well it is packed, only the first part is
    read.
    """
    total, left = hashlib.sha256(), LARGEST_FILE + 1
    with _open(path) as file:
        while left > 0 and (some := file.read(min(left, 1 << 20))):
            total.update(some)
            left -= len(some)
    return total.hexdigest()


def _fault(path: Path, name: str) -> str:
    """Returns how the file at `path` differs from the file `name` of MNIST; empty if nowhere."""
    try:
        stat = path.stat()
        digest = _digest(path, (stat.st_size, stat.st_mtime_ns, stat.st_ino))
    except FileNotFoundError:
        return f"{name} is missing"
    except (OSError, EOFError, zlib.error) as error:
        return f"{path.name} cannot be read ({error})"
    return _wrong(name, digest)


def path_of(folder: Path, name: str) -> Path:
    """The file `name` of MNIST in a folder, which may be there as .gz."""
    plain, packed = folder / name, folder / f"{name}.gz"
    return packed if packed.exists() and not plain.exists() else plain


def _named_directory(folder: Path) -> Path:
    """Verifies the directory that the user names. Its files are read where they lie."""
    if faults := [fault for name in SHA256 if (fault := _fault(path_of(folder, name), name))]:
        raise MNISTUnavailable(
            f"{DIRECTORY_VARIABLE} is {str(folder)!r}, where {'; '.join(faults)}: "
            f"put the four files of MNIST there, unpacked or as .gz, or unset {DIRECTORY_VARIABLE}."
        )
    return folder


# Keeping ---------------------------------------------------------------------------------------


def _sweep(folder: Path) -> None:
    """Removes what processes that were killed have left in the cache."""
    for part in folder.glob("*.part"):
        with contextlib.suppress(OSError):  # its process may move it meanwhile
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()


def _store(files: Mapping[str, bytes], folder: Path) -> Path:
    """Writes verified files into the cache so that nobody ever reads a part of one.

    Each is written under a temporary name and then moved into place, which the operating system
    does in one step. Two processes that do this at the same time write the same bytes twice.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in SHA256:
            part = folder / f"{name}.{uuid.uuid4().hex}.part"
            try:
                part.write_bytes(files[name])
                os.replace(part, folder / name)
            except PermissionError:
                # Windows refuses to replace a file that another process is reading.
                if _fault(folder / name, name):
                    raise
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise MNISTUnavailable(
            f"The cache {str(folder)!r} cannot be written ({error}): "
            f"set {CACHE_VARIABLE} to a directory that can."
        ) from error
    return folder
