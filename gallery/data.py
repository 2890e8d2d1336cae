"""Small data for the programs whose own are large or gone: all made here, except for MNIST."""

from __future__ import annotations

import csv
import gzip
import pickle
import wave
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from gallery.table import WrongTable
from unrolled import mnist

WORDS = (
    "the a king queen child river mountain house garden bird sees finds loves takes gives small "
    "old quiet golden green and but when while near under over with without every other first last"
).split()

_BANDS = {"linear": 1025, "mel": 80}


def make(recipes: Sequence[str], folder: Path) -> None:
    """Follow the recipes of an entry, each "recipe" or "recipe:path" or "recipe:path:number".

    Args:
      recipes: which, and where to put the result, from `folder`.
      folder: where the program is started.

    Raises:
      WrongTable: there is no such recipe.
    """
    for recipe in recipes:
        name, _, rest = recipe.partition(":")
        place, _, number = rest.partition(":")
        if name not in RECIPES:
            raise WrongTable(f"data must be one of {', '.join(RECIPES)}; got {name!r}.")
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        RECIPES[name](path, int(number or 0))


def mnist_folder() -> Path:
    """Where MNIST lies on this machine, fetched when needed."""
    return mnist.fetch()


def _mnist(path: Path, number: int) -> None:
    """The four files, under the names and as packed as the old reader wants them."""
    path.mkdir(parents=True, exist_ok=True)
    for each in mnist_folder().iterdir():
        if "ubyte" in each.name and each.suffix != ".gz":
            with gzip.open(path / f"{each.name}.gz", "wb", compresslevel=1) as packed:
                packed.write(each.read_bytes())


def _mnist_npz(path: Path, number: int) -> None:
    """The digits in one file, as `tf.keras` fetches them: all, or the first `number`."""
    read, first = mnist.load(), number or None
    parts: dict[str, Any] = {}
    for part, splits in [("train", [read.validation, read.train]), ("test", [read.test])]:
        images = np.concatenate([split.images for split in splits])[:first]
        parts[f"x_{part}"] = np.rint(images * 255).astype(np.uint8)
        labels = np.concatenate([split.labels for split in splits])[:first]
        parts[f"y_{part}"] = labels.astype(np.uint8)
    np.savez(path, **parts)


def sentences(number: int, seed: int = 0) -> list[str]:
    """Sentences of three to eight words, the same ones every time."""
    draw = np.random.default_rng(seed)
    return [" ".join(draw.choice(WORDS, draw.integers(3, 9))) for _ in range(number)]


def _text(path: Path, number: int) -> None:
    lines = sentences(number or 2_000)
    path.write_text("".join(f"{line}.\n" for line in lines), encoding="utf-8")


def _words(path: Path, number: int) -> None:
    """A zipped text of `number` unlike words, the first ones many times over."""
    draw = np.random.default_rng(0)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    all_of_them = ["".join(letters[draw.integers(0, 26, 7)]) for _ in range(number)]
    often = [all_of_them[each % number] for each in draw.zipf(1.3, number)]
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("words", " ".join(all_of_them + often))


def _poems(path: Path, number: int) -> None:
    """A title and twenty signs a line, of two hundred signs."""
    draw = np.random.default_rng(0)
    signs = np.array([chr(0x4E00 + each) for each in range(200)])
    lines = ["".join(signs[draw.integers(0, 200, 20)]) for _ in range(number)]
    path.write_text("".join(f"{line[:2]}:{line}\n" for line in lines), encoding="utf-8")


def _imdb(path: Path, number: int) -> None:
    """`number` reviews as lists of word numbers for training, and as many for testing."""
    draw = np.random.default_rng(0)
    parts: dict[str, Any] = {}
    for part in ("train", "test"):
        labels = draw.integers(0, 2, number)
        # A good one holds higher numbers.
        reviews = draw.integers(4, 80, (number, 30)) + 50 * labels[:, None]
        parts |= {f"x_{part}": reviews, f"y_{part}": labels}
    np.savez(path, **parts)


def _pickled_tags(path: Path, number: int) -> None:
    """Sentences of 12 words, each 20 numbers, and their tags, one of 5, in six pickled files."""
    draw = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    for part, count in [("train", 256), ("test_a", 64), ("test_b", 64)]:
        tags = draw.integers(0, 5, (count, 12))
        words = draw.normal(0, 1, (count, 12, 20)) + tags[..., None]
        for name, values in [("embed", words), ("tag", np.eye(5)[tags])]:
            with (path / f"{part}_{name}.pkl").open("wb") as file:
                pickle.dump(values.tolist(), file, protocol=2)


def _glove(path: Path, number: int) -> None:
    """A vector of `number` numbers for each of a few words."""
    draw = np.random.default_rng(0)
    lines = [f"{word} {' '.join(f'{x:.3f}' for x in draw.normal(0, 1, number))}" for word in WORDS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _signals(path: Path, number: int) -> None:
    """Nine signals of 128 readings, `number` times for training, and which of six movements."""
    draw = np.random.default_rng(0)
    for part, count in [("train", number), ("test", number // 4)]:
        labels = draw.integers(0, 6, count)
        folder = path / part / "Inertial Signals"
        folder.mkdir(parents=True, exist_ok=True)
        np.savetxt(path / part / f"y_{part}.txt", labels[:, None] + 1, "%d")
        for kind in ("body_acc", "body_gyro", "total_acc"):
            for axis in "xyz":
                wave = np.sin(np.arange(128) * (labels[:, None] + 1) / 9)
                noisy = wave + draw.normal(0, 0.3, (count, 128))
                np.savetxt(folder / f"{kind}_{axis}_{part}.txt", noisy, "%.4f")


def _spoken(path: Path, number: int) -> None:
    """One sentence of 62 letters with its first and last sample."""
    path.write_text(
        "0 46797 The king sees the quiet river and the queen the bird. ", encoding="utf-8"
    )


def _spoken_corpus(path: Path, number: int) -> None:
    """`number` spoken sentences in one folder and what they say in another, called "txt"."""
    said = path.parent.parent / "txt" / path.name
    for folder in (path, said):
        folder.mkdir(parents=True, exist_ok=True)
    for i, line in enumerate(sentences(number)):
        _wav(path / f"p1_{i:03}.wav", 700 + 20 * i)
        (said / f"p1_{i:03}.txt").write_text(f"{line[:12].strip()}.\n", encoding="utf-8")


def _spectrograms(path: Path, number: int) -> None:
    """What Tacotron learns from: sentences with spectrograms of 65 and of 8 bands."""
    draw = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    lines = []
    for i, sentence in enumerate(sentences(number)):
        frames = 20 + i % 10
        for kind, bands in [("linear", 65), ("mel", 8)]:
            values = draw.random((frames, bands), dtype=np.float32)
            np.save(path / f"{kind}-{i}.npy", values, allow_pickle=False)
        lines.append(f"linear-{i}.npy|mel-{i}.npy|{frames}|{sentence}.")
    (path / "train.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _spectrograms_npz(path: Path, number: int) -> None:
    """`number` files, each with the signs of a sentence and its spectrograms of both kinds."""
    draw = np.random.default_rng(0)
    path.mkdir(parents=True, exist_ok=True)
    for i in range(number):
        frames = 160 + i % 10
        values = {kind: draw.random((frames, n), np.float32) for kind, n in _BANDS.items()}
        np.savez(path / f"{i}.npz", tokens=draw.integers(2, 60, 60 + i % 10), **values)  # type: ignore[arg-type]


def _strokes(path: Path, number: int) -> None:
    """Pen strokes: steps to the right and up or down, and where the pen is lifted."""
    draw = np.random.default_rng(0)
    drawn = []
    for _ in range(number or 60):
        steps = np.stack([draw.normal(20, 10, 400), draw.normal(0, 20, 400)], axis=1)
        drawn.append(np.column_stack([steps, draw.random(400) < 0.05]).astype(np.int16))
    with path.open("wb") as file:
        pickle.dump(drawn, file, protocol=2)


def _nothing(path: Path, number: int) -> None:
    path.write_text("", encoding="utf-8")


def _folder(path: Path, number: int) -> None:
    path.mkdir(parents=True, exist_ok=True)


def _prices(path: Path, number: int) -> None:
    """Days with an opening, a high, a low, a closing price and a volume, as a walk at random."""
    draw = np.random.default_rng(0)
    days = number or 700
    close = 100 * np.exp(np.cumsum(draw.normal(0.0003, 0.01, days)))
    start = np.datetime64("2015-01-01")
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow("Date Open High Low Close Volume".split())
        for day in range(days):
            a, b = np.sort(draw.normal(0, 0.5, 2))
            prices = [close[day] + each for each in ((a + b) / 2, b, a, 0)]
            rows.writerow(
                [start + day, *(f"{p:.2f}" for p in prices), draw.integers(100_000, 1_000_000)]
            )


def _wav(path: Path, number: int) -> None:
    """Half a second, or `number` milliseconds, of two tones at 16 kHz."""
    count = 16 * (number or 500)
    t = np.arange(count) / 16_000
    signal = 0.4 * np.sin(2 * np.pi * 440 * t) + 0.2 * np.sin(2 * np.pi * 660 * t * (1 + t))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, 16_000, count, "NONE", ""))
        file.writeframes((signal * 32_000).astype("<i2").tobytes())


RECIPES: dict[str, Callable[[Path, int], None]] = {
    "mnist": _mnist,
    "mnist_npz": _mnist_npz,
    "text": _text,
    "words": _words,
    "poems": _poems,
    "imdb": _imdb,
    "pickled_tags": _pickled_tags,
    "glove": _glove,
    "signals": _signals,
    "spoken": _spoken,
    "spoken_corpus": _spoken_corpus,
    "spectrograms": _spectrograms,
    "spectrograms_npz": _spectrograms_npz,
    "strokes": _strokes,
    "nothing": _nothing,
    "folder": _folder,
    "prices": _prices,
    "wav": _wav,
}
