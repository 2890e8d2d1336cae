"""What public programs asked of the layer and did not get; a small test for each."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow.compat.v1 as tf


@pytest.fixture
def treebank(tmp_path):
    for part, text in {
        "train": "a b b\nb a c\n",
        "valid": "c zebra\n",
        "test": "b\n",
    }.items():
        (tmp_path / f"ptb.{part}.txt").write_text(text)
    return str(tmp_path)


def test_the_reader_of_the_penn_treebank(treebank):
    from unrolled.tf1.models.rnn.ptb import reader

    train, valid, test, vocabulary = reader.ptb_raw_data(treebank)
    assert train == [2, 0, 0, 1, 0, 2, 3, 1]  # b, <eos>, a, c: by count, then in order
    assert (valid, test, vocabulary) == ([3, 1], [0, 1], 4)


def test_the_treebanks_iterator_and_producer_agree():
    from unrolled.tf1.models.rnn.ptb import reader

    expected = list(reader.ptb_iterator(range(11), 2, 2))
    np.testing.assert_array_equal(expected[1], [[[2, 3], [7, 8]], [[3, 4], [8, 9]]])
    assert len(expected) == 2
    with tf.Graph().as_default(), tf.Session() as session:
        pair = reader.ptb_producer(range(11), 2, 2)
        assert pair[0].shape == pair[1].shape == (2, 2)
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        for wanted in [*expected, *expected]:
            np.testing.assert_array_equal(session.run(pair), wanted)
        coordinator.request_stop()
        coordinator.join(threads)
    with pytest.raises(ValueError, match=r"at least batch_size \* \(num_steps \+ 1\).*got 11"):
        next(reader.ptb_iterator(range(11), 4, 3))


def test_linear_has_a_module_of_its_own_in_the_first_releases():
    from unrolled.tf1 import nn
    from unrolled.tf1.models.rnn import linear

    assert linear.linear is nn.rnn_cell.linear
