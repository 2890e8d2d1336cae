"""`tensorflow.models.rnn.ptb.reader`: the Penn Treebank as word numbers, for programs before 1.0.

The files are those of Mikolov's `simple-examples`, `ptb.train.txt`, `ptb.valid.txt` and
`ptb.test.txt`: a sentence a line, its words apart. The letters: B rows in the batch, T steps.
"""

from __future__ import annotations

import collections
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf


def read_words(filename: str) -> list[str]:
    """All words of a file; a line ends with the word "<eos>"."""
    with tf.gfile.GFile(filename, "r") as file:
        return str(file.read()).replace("\n", "<eos>").split()


def build_vocab(filename: str) -> dict[str, int]:
    """Numbers for the words of a file, the most frequent first, equals by their letters."""
    counts = collections.Counter(read_words(filename))
    ordered = sorted(counts, key=lambda word: (-counts[word], word))
    return {word: number for number, word in enumerate(ordered)}


def file_to_word_ids(filename: str, word_to_id: dict[str, int]) -> list[int]:
    """The numbers of a file's words, without those that have none."""
    return [word_to_id[word] for word in read_words(filename) if word in word_to_id]


def ptb_raw_data(data_path: str) -> tuple[list[int], list[int], list[int], int]:
    """The three parts as word numbers, and the size of the vocabulary.

    Args:
      data_path: the folder with the three files.

    Returns:
      The words for training, validation and testing, and the number of words that training has.
    """
    paths = [os.path.join(data_path, f"ptb.{part}.txt") for part in ("train", "valid", "test")]
    numbers = build_vocab(paths[0])
    train, valid, test = (file_to_word_ids(path, numbers) for path in paths)
    return train, valid, test, len(numbers)


def ptb_iterator(
    raw_data: Any, batch_size: int, num_steps: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of one epoch, each going on where the one before ended.

    Args:
      raw_data: word numbers, in their order.
      batch_size: B.
      num_steps: T.

    Yields:
      Inputs and targets, the words one later, both int32 [B, T].

    Raises:
      ValueError: there are too few words for one batch.
    """
    rows = _in_rows(raw_data, batch_size, num_steps)
    for start in range(0, rows.shape[1] - num_steps, num_steps):
        yield rows[:, start : start + num_steps], rows[:, start + 1 : start + 1 + num_steps]


def ptb_producer(
    raw_data: Any, batch_size: int, num_steps: int, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """`ptb_iterator` as two tensors: every run of a session takes the next batch, without end.

    A queue numbers the batches; `tf.train.start_queue_runners` starts it.

    Args:
      raw_data, batch_size, num_steps: as for `ptb_iterator`.
      name: of the operations (default: "PTBProducer").

    Returns:
      Inputs and targets, both int32 [B, T].

    Raises:
      ValueError: there are too few words for one batch.
    """
    words = _in_rows(raw_data, batch_size, num_steps)
    with tf.name_scope(name, "PTBProducer"):
        rows = tf.constant(words)
        batches = (words.shape[1] - 1) // num_steps
        start = num_steps * tf.train.range_input_producer(batches, shuffle=False).dequeue()
        x, y = (tf.slice(rows, [0, start + k], [batch_size, num_steps]) for k in (0, 1))
        return x, y


def _in_rows(raw_data: Any, batch_size: int, num_steps: int) -> np.ndarray:
    """The words in `batch_size` rows of equal length; those left over are dropped."""
    words = np.asarray(raw_data, np.int32)
    length = len(words) // batch_size
    if length <= num_steps:
        raise ValueError(
            "raw_data must have at least batch_size * (num_steps + 1) = "
            f"{batch_size * (num_steps + 1)} words; got {len(words)}; decrease batch_size or "
            "num_steps."
        )
    return words[: batch_size * length].reshape(batch_size, length)
