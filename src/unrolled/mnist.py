"""MNIST, read with NumPy alone: 55,000 training, 5,000 validation and 10,000 test digits.

`python -m unrolled.mnist` fetches the data ahead of time and says where it lies. Where the files
come from is the business of `unrolled.internal.mnist_files`, which takes the first source that
answers. None of this imports TensorFlow.
"""

from __future__ import annotations

import gzip
import math
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled.internal.mnist_files import MNISTUnavailable, locate, path_of
from unrolled.internal.numpy_checks import (
    as_array,
    check_pairs,
    check_seed,
    check_whole,
    describe,
)

__all__ = ["MNIST", "MNISTUnavailable", "Split", "batches", "fetch", "load", "read_idx"]

VALIDATION = 5_000  # images, the first of the training file, as TensorFlow 1's `read_data_sets` did


class Split(NamedTuple):
    """Digits and what they are.

    Attributes:
      images: float32 [B, 28, 28], from 0 (paper) to 1 (ink).
      labels: int64 [B], from 0 to 9.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]


class MNIST(NamedTuple):
    """The three splits, each in the order of its file."""

    train: Split
    validation: Split
    test: Split


def fetch() -> Path:
    """Returns the folder that holds the four verified IDX files, fetching them when needed.

    In a directory that UNROLLED_MNIST_DIR names, each may be there as .gz.

    Raises:
      MNISTUnavailable: no source answers, or the directory named by UNROLLED_MNIST_DIR does not
        hold MNIST; the message says what was tried and where to put the files by hand.
    """
    folder, _ = locate()
    return folder


def load() -> MNIST:
    """Reads MNIST, fetching it when needed.

    The files are verified by SHA-256 once per process, which costs 0.03 to 0.3 seconds. The
    images take 220 MB of memory; every call reads them anew. Files that are packed are unpacked in
    memory, so that many readers can share one folder of them.

    Returns:
      train, 55,000 images; validation, the first 5,000 of the training file; test, 10,000.

    Raises:
      MNISTUnavailable: as `fetch` does.
    """
    folder = fetch()
    train = _read_split(folder, "train")
    return MNIST(
        train=Split(train.images[VALIDATION:], train.labels[VALIDATION:]),
        validation=Split(train.images[:VALIDATION], train.labels[:VALIDATION]),
        test=_read_split(folder, "t10k"),
    )


def _read_split(folder: Path, prefix: str) -> Split:
    images = read_idx(path_of(folder, f"{prefix}-images-idx3-ubyte"))  # [B, 28, 28]
    labels = read_idx(path_of(folder, f"{prefix}-labels-idx1-ubyte"))  # [B]
    return Split(np.divide(images, 255, dtype=np.float32), labels.astype(np.int64))


def read_idx(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """Reads one IDX file of bytes, unpacked or as .gz.

    The format, all numbers big-endian: two zero bytes, 8 for "unsigned byte", the number of axes
    in one byte, the size of each axis in four, then the values.

    Args:
      path: of the file.

    Returns:
      uint8, of the shape that the header gives: [B, 28, 28] for images, [B] for labels.

    Raises:
      TypeError: `path` is not a path.
      OSError: there is no such file, or it cannot be read.
      ValueError: the header is not that of an IDX file of bytes with 1 to 64 axes, the file is
        shorter or longer than its header says, or a .gz file cannot be unpacked.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"path must be the path of a file, a str or Path; got {describe(path)}.")
    content = _content(path)
    magic = content[:4].tobytes()
    if len(magic) < 4 or magic[:3] != b"\0\0\x08":
        raise ValueError(
            f"{os.fspath(path)!r} starts with the bytes {magic.hex(' ') or '(none)'}, where an "
            "IDX file of bytes starts with 00 00 08: give an unpacked IDX file, or fetch it again."
        )
    if not 1 <= magic[3] <= 64:
        raise ValueError(
            f"{os.fspath(path)!r} has {magic[3]} axes by its header, where an array has 1 to 64: "
            "fetch it again."
        )
    start = 4 + 4 * magic[3]
    if content.size < start:
        raise ValueError(
            f"{os.fspath(path)!r} ends after {content.size} bytes, inside its header of {start}: "
            "the file is truncated, fetch it again."
        )
    shape = tuple(int(size) for size in content[4:start].view(">u4"))
    expected = start + math.prod(shape)
    if content.size != expected:
        what = "truncated" if content.size < expected else "followed by bytes that are not its own"
        raise ValueError(
            f"{os.fspath(path)!r} has {content.size} bytes, where its header, which says "
            f"{list(shape)}, makes {expected} expected: the file is {what}, fetch it again."
        )
    return content[start:].reshape(shape)


def _content(path: str | os.PathLike[str]) -> NDArray[np.uint8]:
    """The bytes of a file, unpacked where it is a .gz."""
    if not os.fspath(path).endswith(".gz"):
        return np.fromfile(path, dtype=np.uint8)
    try:
        with gzip.open(path, "rb") as file:
            return np.frombuffer(bytearray(file.read()), np.uint8)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(
            f"{os.fspath(path)!r} cannot be unpacked ({error}): fetch it again."
        ) from None


def batches(
    images: NDArray[np.float32],
    labels: NDArray[np.int64],
    batch_size: int,
    shuffle_seed: int | None = None,
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Cuts images and labels into batches and drops nothing.

    Args:
      images: [N, ...]; N is any number of examples.
      labels: [N, ...].
      batch_size: B, a whole number of at least 1.
      shuffle_seed: a whole number of at least 0 shuffles, the same number always the same way;
        give each epoch its own. None keeps the order (default: None).

    Returns:
      An iterator of (images [B, ...], labels [B, ...]); the last batch is smaller when B does not
      divide N.

    Raises:
      TypeError: images or labels are not arrays.
      ValueError: images and labels differ in number, or `batch_size` or `shuffle_seed` is not such
        a whole number.
    """
    size = check_whole(batch_size, "batch_size", lowest=1)
    seed = None if shuffle_seed is None else check_seed(shuffle_seed, "shuffle_seed")
    images, labels = as_array(images, "images", "[N, ...]"), as_array(labels, "labels", "[N, ...]")
    for argument, array in (("images", images), ("labels", labels)):
        if array.ndim == 0:
            raise ValueError(f"{argument} must be [N, ...], N examples; got {describe(array)}.")
    check_pairs(images, labels)
    starts = range(0, len(images), size)
    if seed is None:
        return ((images[at : at + size], labels[at : at + size]) for at in starts)
    order = np.random.default_rng(seed).permutation(len(images))  # [N]
    picks = (order[at : at + size] for at in starts)  # [B] each
    return ((images[pick], labels[pick]) for pick in picks)


def main() -> None:
    """Fetches MNIST and prints where it lies."""
    try:
        folder, source = locate()
    except MNISTUnavailable as error:
        raise SystemExit(str(error)) from None
    except KeyboardInterrupt:
        print("Interrupted; nothing of MNIST was kept.", file=sys.stderr)
        raise SystemExit(130) from None  # as shells do
    print(f"MNIST lies in {folder} (four files verified by SHA-256, from {source}).")


if __name__ == "__main__":
    main()
