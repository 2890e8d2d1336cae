"""`tensorflow.models.rnn.ptb.reader`: the Penn Treebank's words as ids, for language models.

TensorFlow installed it until 0.11; later programs have a copy of their own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow.compat.v1 as tf
from numpy.typing import NDArray

_Ids = NDArray[np.int32]


def read_words(filename: str) -> list[str]:
    """The words of a file, with "<eos>" where a line ends."""
    with tf.gfile.GFile(filename, "r") as file:
        return str(file.read()).replace("\n", "<eos>").split()


def build_vocab(filename: str) -> dict[str, int]:
    """An id for each word of a file: the most frequent one is 0, equals are in order."""
    counts = Counter(read_words(filename))
    order = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: i for i, word in enumerate(order)}


def file_to_word_ids(filename: str, word_to_id: dict[str, int]) -> list[int]:
    """The ids of a file's words, without those of unknown words."""
    return [word_to_id[word] for word in read_words(filename) if word in word_to_id]


def ptb_raw_data(data_path: str = "") -> tuple[list[int], list[int], list[int], int]:
    """Read `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`.

    Args:
      data_path: the folder that they are in (default: the working directory).

    Returns:
      The ids of the three files, by the training file's vocabulary, and how many words it has.
    """
    names = [str(Path(data_path or "") / f"ptb.{part}.txt") for part in ("train", "valid", "test")]
    word_to_id = build_vocab(names[0])
    train, valid, test = (file_to_word_ids(name, word_to_id) for name in names)
    return train, valid, test, len(word_to_id)


def ptb_iterator(
    raw_data: Sequence[int], batch_size: int, num_steps: int
) -> Iterator[tuple[_Ids, _Ids]]:
    """The data once, in `batch_size` rows that go on from one pair to the next.

    Args:
      raw_data: ids [N].
      batch_size: B, the number of rows.
      num_steps: T, the steps of each pair.

    Yields:
      Ids [B, T] and those that follow them [B, T].

    Raises:
      ValueError: the data is too short for one pair.
    """
    rows, pairs = _rows(raw_data, batch_size, num_steps)
    for start in range(0, pairs * num_steps, num_steps):
        yield rows[:, start : start + num_steps], rows[:, start + 1 : start + num_steps + 1]


def ptb_producer(
    raw_data: Sequence[int], batch_size: int, num_steps: int, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """`ptb_iterator` over and over, as two tensors that queue runners fill.

    Args:
      raw_data: ids [N].
      batch_size: B, the number of rows.
      num_steps: T, the steps of each pair.
      name: of its operations (default: "PTBProducer").

    Returns:
      Ids [B, T] and those that follow them [B, T].

    Raises:
      ValueError: the data is too short for one pair.
    """
    rows, pairs = _rows(raw_data, batch_size, num_steps)
    with tf.name_scope(name, "PTBProducer"):
        data = tf.constant(rows)
        start = tf.train.range_input_producer(pairs, shuffle=False).dequeue() * num_steps
        shape = [batch_size, num_steps]
        return tf.slice(data, [0, start], shape), tf.slice(data, [0, start + 1], shape)


def _rows(raw_data: Sequence[int], batch_size: int, num_steps: int) -> tuple[_Ids, int]:
    ids = np.asarray(raw_data, np.int32)
    length = len(ids) // batch_size
    pairs = (length - 1) // num_steps
    if pairs < 1:
        raise ValueError(
            f"raw_data must hold at least batch_size * (num_steps + 1) ids, here "
            f"{batch_size * (num_steps + 1)}; got {len(ids)}."
        )
    return ids[: batch_size * length].reshape(batch_size, length), pairs


NAMES = {
    "ptb_raw_data": ptb_raw_data,
    "ptb_iterator": ptb_iterator,
    "ptb_producer": ptb_producer,
    "_read_words": read_words,
    "_build_vocab": build_vocab,
    "_file_to_word_ids": file_to_word_ids,
}
