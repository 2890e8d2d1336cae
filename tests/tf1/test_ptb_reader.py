"""`tensorflow.models.rnn.ptb.reader`, from which programs before 1.0 took the Penn Treebank."""

from __future__ import annotations

import numpy as np
import pytest
from unrolled.tf1.models.rnn.ptb import reader

import unrolled.tf1 as tf

PARTS = {"train": " a b a \n c b a \n", "valid": " b zebra \n", "test": " c \n"}


@pytest.fixture
def folder(tmp_path):
    for part, text in PARTS.items():
        (tmp_path / f"ptb.{part}.txt").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_words_and_their_numbers(folder):
    assert reader._read_words(f"{folder}/ptb.train.txt") == "a b a <eos> c b a <eos>".split()
    numbers = {"a": 0, "<eos>": 1, "b": 2, "c": 3}
    assert reader._build_vocab(f"{folder}/ptb.train.txt") == numbers
    assert reader._file_to_word_ids(f"{folder}/ptb.valid.txt", numbers) == [2, 1]
    train, valid, test, size = reader.ptb_raw_data(folder)
    assert (train, valid, test, size) == ([0, 2, 0, 1, 3, 2, 0, 1], [2, 1], [3, 1], 4)


def test_batches_go_on_where_the_one_before_ended():
    [(x, y), (x2, y2)] = reader.ptb_iterator([4, 3, 2, 1, 0, 5, 6, 1, 1, 1, 1, 0, 3, 4, 1], 3, 2)
    np.testing.assert_array_equal(x, [[4, 3], [5, 6], [1, 0]])
    np.testing.assert_array_equal(y, [[3, 2], [6, 1], [0, 3]])
    np.testing.assert_array_equal(x2, [[2, 1], [1, 1], [3, 4]])
    np.testing.assert_array_equal(y2, [[1, 0], [1, 1], [4, 1]])


def test_the_producer_gives_the_same_again_and_again():
    words = [4, 3, 2, 1, 0, 5, 6, 1, 1, 1, 1, 0, 3, 4, 1]
    x, y = reader.ptb_producer(words, 3, 2)
    assert x.shape.as_list() == y.shape.as_list() == [3, 2]
    with tf.Session() as session:
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        try:
            for wanted in 2 * list(reader.ptb_iterator(words, 3, 2)):
                np.testing.assert_array_equal(session.run([x, y]), wanted)
        finally:
            coordinator.request_stop()
            coordinator.join(threads)


@pytest.mark.parametrize("words", [[], [1] * 8])
def test_too_few_words(words):
    said = "at least batch_size .* = 9 words; got .; decrease batch_size or num_steps"
    with pytest.raises(ValueError, match=said):
        next(reader.ptb_iterator(words, 3, 2))
    with pytest.raises(ValueError, match=said):
        reader.ptb_producer(words, 3, 2)


def test_the_reader_of_the_translations_is_gone():
    with pytest.raises(ImportError, match="models.rnn.translate.*beside the program"):
        from unrolled.tf1.models.rnn.translate import data_utils  # noqa: F401
