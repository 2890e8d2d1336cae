"""`tf.contrib.training`: what HParams says of mistakes, and queues that sort examples."""

from __future__ import annotations

import collections

import numpy as np
import pytest

import unrolled.tf1 as tf

training = tf.contrib.training


def hparams():
    return training.HParams(rate=0.1, units=8, sizes=[1, 2], name="lstm", train=True)


def test_hparams_are_attributes_and_print():
    one = hparams().parse("units=16,sizes=[3,4],train=false")
    assert (one.rate, one.units, one.sizes, one.train) == (0.1, 16, [3, 4], False)
    assert str(one) == "rate=0.1,units=16,sizes=[3, 4],name=lstm,train=False"
    assert list(one.values()) == ["rate", "units", "sizes", "name", "train"]
    assert "units" in one and "other" not in one
    assert one.get("other", 3) == 3 and one.get("units", 3) == 16
    assert training.HParams(**one.values()).to_json() == one.to_json()
    one.set_model_structure("deep")
    assert one.get_model_structure() == "deep"


@pytest.mark.parametrize(
    ("mistake", "words"),
    [
        (lambda one: one.parse("units=1.5"), "units must be of type int; got '1.5'"),
        (lambda one: one.parse("units"), "name=value .*; got 'units'"),
        (lambda one: one.parse("deep=2"), "among rate, units, .*; got 'deep'"),
        (lambda one: one.parse("units=1,units=2"), "units must be set once"),
        (lambda one: one.parse("sizes[0]=1,sizes[0]=2"), r"sizes\[0\] must be set once"),
        (lambda one: one.parse("sizes[0]=[1]"), r"sizes\[0\] must be set to one value"),
        (lambda one: one.parse("sizes=1"), "sizes must be a list of int; got 1"),
        (lambda one: one.set_hparam("units", [1]), r"units must be one int; got \[1\]"),
        (lambda one: one.set_hparam("train", 1), "train must be of type bool; got 1"),
        (lambda one: one.add_hparam("units", 1), "must be free.*got 'units'"),
        (lambda one: one.add_hparam("parse", 1), "not that of a method; got 'parse'"),
        (lambda one: one.add_hparam("empty", []), "empty must hold at least one value"),
        (lambda one: one.get("sizes", 1), "default of sizes must be a list of int; got 1"),
        (lambda one: training.HParams(hparam_def=3), "hparam_def .*left out"),
    ],
)
def test_mistakes_with_hparams(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake(hparams())


def test_a_setting_that_is_not_there():
    with pytest.raises(KeyError):
        hparams().set_hparam("other", 1)
    with pytest.raises(NotImplementedError, match="use to_json"):
        hparams().to_proto()


def until_the_end(tensors):
    """What the queues give until they are empty."""
    with tf.Session() as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        found = []
        try:
            while True:
                found.append(session.run(tensors))
        except tf.errors.OutOfRangeError:
            return found
        finally:
            coordinator.request_stop()
            coordinator.join(threads)


def steps_of(most):
    """A new example for each number up to `most`: that many steps."""
    length = tf.train.range_input_producer(most + 1, num_epochs=1, shuffle=False).dequeue()
    return length, tf.range(length)


@pytest.mark.parametrize("as_dictionary", [False, True])
def test_bucket_by_sequence_length(as_dictionary):
    length, steps = steps_of(12)
    tensors = {"steps": steps} if as_dictionary else [steps]
    lengths, batch = training.bucket_by_sequence_length(
        length, tensors, 3, [4, 8], dynamic_pad=True, allow_smaller_final_batch=True
    )
    assert isinstance(batch, dict) == as_dictionary
    steps = batch["steps"] if as_dictionary else batch[0]
    assert steps.shape.as_list() == lengths.shape.as_list() + [None] == [None, None]
    found = until_the_end([lengths, steps])
    for lengths, rows in found:
        assert len({np.searchsorted([4, 8], n, side="right") for n in lengths}) == 1
        assert rows.shape == (len(lengths), max(lengths)) and len(lengths) <= 3
        for n, row in zip(lengths, rows):
            assert row.tolist() == [*range(n), *[0] * (max(lengths) - n)]
    assert sorted(n for lengths, _ in found for n in lengths) == list(range(13))
    assert tf.get_collection(tf.GraphKeys.SUMMARIES)


def test_bucket_of_fixed_shapes_with_a_size_for_each_bucket():
    number = tf.train.range_input_producer(8, num_epochs=1, shuffle=False).dequeue()
    odd = number % 2
    which, numbers = training.bucket(number, odd, [2, 3], 2, keep_input=tf.less(number, 7))
    found = until_the_end([which, numbers])
    assert sorted((w, n.tolist()) for w, n in found) == [(0, [0, 2]), (0, [4, 6]), (1, [1, 3, 5])]


def test_bucket_of_one_size_knows_it():
    number = tf.train.range_input_producer(4, num_epochs=1, shuffle=False).dequeue()
    _, (numbers,) = training.bucket([number], 0, 2, 1)
    assert numbers.shape.as_list() == [2]
    assert [n.tolist() for n in until_the_end(numbers)] == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("mistake", "error", "words"),
    [
        (lambda x: training.bucket([], 0, 2, 1), ValueError, "at least one tensor"),
        (lambda x: training.bucket([x], 0, [2], 2), ValueError, "batch_size .* 2 elements.*got 1"),
        (
            lambda x: training.bucket([x], 0, 2, 2, bucket_capacities=[1]),
            ValueError,
            "bucket_capacities .*got 1",
        ),
        (
            lambda x: training.bucket([tf.sparse.from_dense([[1]])], 0, 2, 1),
            ValueError,
            "must be dense",
        ),
        (
            lambda x: training.bucket_by_sequence_length(x, [x], 2, [4, 3]),
            ValueError,
            r"must increase.*got \[4, 3\]",
        ),
        (
            lambda x: training.bucket_by_sequence_length(x, [x], 2, [4.0]),
            TypeError,
            r"whole numbers; got \[4.0\]",
        ),
    ],
)
def test_mistakes_with_buckets(mistake, error, words):
    with pytest.raises(error, match=words):
        mistake(tf.constant(1))


def test_rejection_sample_takes_what_it_is_told_to():
    number = tf.train.range_input_producer(40, num_epochs=1, shuffle=False).dequeue()
    accept = lambda tensors: tf.cast(tensors[0] % 2, tf.float32)  # noqa: E731
    (batch,) = training.rejection_sample([number], accept, 4, runtime_checks=True)
    found = until_the_end(batch)
    assert [n for batch in found for n in batch] == list(range(1, 41, 2))


@pytest.mark.parametrize("known", [False, True])
def test_stratified_sample_has_the_shares(known):
    number = tf.train.range_input_producer(4000, num_epochs=1, seed=1).dequeue()
    label = tf.cast(tf.less(number, 1000), tf.int32)  # one in four
    batch, labels = training.stratified_sample(
        [number], label, [0.5, 0.5], 50, init_probs=[0.75, 0.25] if known else None
    )
    found = until_the_end([batch[0], labels])
    counts = collections.Counter(one for _, labels in found for one in labels)
    assert counts.total() >= 1500
    np.testing.assert_allclose(counts[1] / counts.total(), 0.5, atol=0.06)
    for numbers, labels in found:
        assert (labels == (numbers < 1000)).all()


def test_stratified_sample_of_other_classes():
    with pytest.raises(ValueError, match=r"init_probs .* 2 elements.*got shape \(3,\)"):
        training.stratified_sample([1], 0, [0.5, 0.5], 2, init_probs=[0.5, 0.3, 0.2])


def test_what_to_use_for_batches_of_sequences_with_states():
    """The way that the error names: segments, and a state that is fetched and fed."""
    with pytest.raises(AttributeError, match="final state of dynamic_rnn, fetched from one run"):
        training.batch_sequences_with_states()
    x = np.random.RandomState(0).normal(size=[3, 7, 2]).astype(np.float32)
    lengths, segment = np.array([7, 2, 5]), 3
    cell = tf.nn.rnn_cell.GRUCell(4)
    whole, last = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    part = tf.placeholder(tf.float32, [None, segment, 2])
    real = tf.placeholder(tf.int32, [None])
    start = tf.placeholder(tf.float32, [None, 4])
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        outputs, state = tf.nn.dynamic_rnn(cell, part, real, initial_state=start)
    padded = np.pad(x, [(0, 0), (0, -7 % segment), (0, 0)])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        carried, found = np.zeros([3, 4]), []
        for at in range(0, padded.shape[1], segment):
            feed = {
                part: padded[:, at : at + segment],
                real: np.clip(lengths - at, 0, segment),
                start: carried,
            }
            y, carried = session.run([outputs, state], feed)
            found.append(y)
        wanted, wanted_last = session.run([whole, last])
    np.testing.assert_allclose(np.concatenate(found, axis=1)[:, :7], wanted, atol=1e-6)
    np.testing.assert_allclose(carried, wanted_last, atol=1e-6)
