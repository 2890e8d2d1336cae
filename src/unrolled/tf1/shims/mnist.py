"""`tf.examples.tutorials.mnist.input_data`: the old reader, on the data of `unrolled.mnist`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled import mnist

SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"  # where it read from; unused


class DataSet:
    """One split, handed out in batches.

    Attributes:
      images: float32 [N, 784] from 0 to 1, or [N, 28, 28, 1] where the reader was told not to
        reshape; uint8 from 0 to 255 where it was told so.
      labels: uint8 [N], or float64 [N, 10] where one-hot.
      num_examples: N.
      epochs_completed: how often all examples have been handed out.
    """

    def __init__(self, images: NDArray[Any], labels: NDArray[Any], seed: int | None = None):
        if len(images) != len(labels):
            raise ValueError(
                f"images are {len(images)} and labels {len(labels)}, expected as many of one as of "
                "the other."
            )
        self.images, self.labels = images, labels
        self.epochs_completed = 0
        self._next = 0
        self._random = np.random.RandomState(seed)

    @property
    def num_examples(self) -> int:
        return len(self.images)

    def next_batch(
        self, batch_size: int, fake_data: bool = False, shuffle: bool = True
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The next examples, as (images [batch_size, ...], labels [batch_size, ...]).

        Each epoch is shuffled anew; a batch that an epoch's end cuts is filled from the next one.
        """
        _refuse_fake_data(fake_data)
        if batch_size > self.num_examples:
            raise ValueError(
                f"batch_size is {batch_size}, but there are {self.num_examples} examples."
            )
        start = self._next
        if start == 0 and self.epochs_completed == 0 and shuffle:
            self._shuffle()
        end = start + batch_size
        if end <= self.num_examples:
            self._next = end
            return self.images[start:end], self.labels[start:end]
        rest = self.images[start:], self.labels[start:]
        self.epochs_completed += 1
        if shuffle:
            self._shuffle()
        self._next = end - self.num_examples
        return (
            np.concatenate([rest[0], self.images[: self._next]]),
            np.concatenate([rest[1], self.labels[: self._next]]),
        )

    def _shuffle(self) -> None:
        order = self._random.permutation(self.num_examples)
        self.images, self.labels = self.images[order], self.labels[order]


class Datasets(NamedTuple):
    """The three splits."""

    train: DataSet
    validation: DataSet
    test: DataSet


def read_data_sets(
    train_dir: str | None = None,
    fake_data: bool = False,
    one_hot: bool = False,
    dtype: Any = "float32",
    reshape: bool = True,
    validation_size: int = 5000,
    seed: int | None = None,
    source_url: str = SOURCE_URL,
) -> Datasets:
    """MNIST as TensorFlow 1's tutorials read it, from `unrolled.mnist`.

    Args:
      train_dir, source_url: where the files were kept and fetched from; the files come from the
        cache of `unrolled.mnist` now, or from the folder that UNROLLED_MNIST_DIR names.
      fake_data: only False.
      one_hot: labels [N, 10] of zeros and a one, in place of [N].
      dtype: float32 for 0 to 1, uint8 for 0 to 255.
      reshape: images [N, 784], not [N, 28, 28, 1].
      validation_size: how many of the training file's 60,000 images to set aside, from its start.
      seed: makes the order of `next_batch` repeatable.
    """
    _refuse_fake_data(fake_data)
    kind = getattr(dtype, "as_numpy_dtype", dtype)
    if np.dtype(kind) not in (np.dtype(np.float32), np.dtype(np.uint8)):
        raise ValueError(f"dtype must be float32 or uint8; got {dtype!r}.")
    read = mnist.load()
    images = np.concatenate([read.validation.images, read.train.images])  # [60000, 28, 28]
    labels = np.concatenate([read.validation.labels, read.train.labels])  # [60000]
    if not 0 <= validation_size <= len(images):
        raise ValueError(
            f"validation_size must lie in 0..{len(images)}, the number of images in the training "
            f"file; got {validation_size}."
        )

    def split(images: NDArray[Any], labels: NDArray[Any]) -> DataSet:
        shape = (len(images), 784) if reshape else (len(images), 28, 28, 1)
        if np.dtype(kind) == np.uint8:
            images = np.rint(images * 255).astype(np.uint8)
        labels = np.eye(10)[labels] if one_hot else labels.astype(np.uint8)
        return DataSet(images.reshape(shape), labels, seed)

    return Datasets(
        train=split(images[validation_size:], labels[validation_size:]),
        validation=split(images[:validation_size], labels[:validation_size]),
        test=split(read.test.images, read.test.labels),
    )


def _refuse_fake_data(fake_data: bool) -> None:
    if fake_data:
        raise ValueError("fake_data is True, but only real digits are read here; leave it out.")
