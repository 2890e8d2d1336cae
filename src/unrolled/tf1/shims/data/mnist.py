"""`tf.examples.tutorials.mnist.input_data`: the old reader, on the data of `unrolled.mnist`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from unrolled import mnist

SOURCE_URL = "https://storage.googleapis.com/cvdf-datasets/mnist/"  # of the old reader; unused


class DataSet:
    """One split, which gives its examples in batches.

    Attributes:
      images: float32 from 0 to 1, or uint8 from 0 to 255; [N, 784], or [N, 28, 28, 1] with
        `reshape=False`.
      labels: uint8 [N], or float64 [N, 10] with `one_hot=True`.
      num_examples: N.
      epochs_completed: how often all examples have been given.
    """

    def __init__(self, images: NDArray[Any], labels: NDArray[Any], seed: int | None = None):
        if len(images) != len(labels):
            raise ValueError(
                "images and labels must be of the same number; got "
                f"{len(images)} images and {len(labels)} labels."
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

        Each epoch is shuffled anew, unless `shuffle` is False; a batch that reaches past the end of
        an epoch is filled from the next one.

        Raises:
          ValueError: `batch_size` is greater than the number of examples, or `fake_data` is True.
        """
        _refuse_fake_data(fake_data)
        if batch_size > self.num_examples:
            raise ValueError(
                f"batch_size must be at most the number of examples, {self.num_examples}; "
                f"got {batch_size}."
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
      train_dir, source_url: ignored: the files come from the cache of `unrolled.mnist`, or from the
        folder that UNROLLED_MNIST_DIR names.
      fake_data: only False.
      one_hot: labels [N, 10] of zeros and a one, and not [N] (default: False).
      dtype: float32 for images from 0 to 1, uint8 for 0 to 255 (default: float32).
      reshape: images [N, 784], and not [N, 28, 28, 1] (default: True).
      validation_size: how many of the training file's 60,000 images to set aside, from its start
        (default: 5000).
      seed: makes the order of `next_batch` repeatable (default: a new order each time).

    Raises:
      ValueError: `dtype`, `validation_size` or `fake_data` is none of these.
      unrolled.mnist.MNISTUnavailable: no source of the files answers.
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
        raise ValueError(f"fake_data must be False: only real digits are read; got {fake_data!r}.")
