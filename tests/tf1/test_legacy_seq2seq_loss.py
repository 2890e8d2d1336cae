"""The losses and the buckets of tf.contrib.legacy_seq2seq against loops in NumPy."""

import itertools

import numpy as np
import pytest

import unrolled.tf1 as tf

legacy_seq2seq = tf.contrib.legacy_seq2seq
rnn_cell = tf.nn.rnn_cell

B, T, D, U, C = 3, 4, 5, 6, 7
RNG = np.random.default_rng(8)
LOGITS = RNG.normal(size=(T, B, C)).astype(np.float32)
TARGETS = RNG.integers(0, C, size=(T, B)).astype(np.int32)
WEIGHTS = np.array([[1, 2, 0], [0.5, 1, 0], [0, 1, 0], [0, 0.25, 0]], np.float32)


def value(result, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(result, feed)


def constants(values):
    return [tf.constant(value) for value in values]


def by_hand(averaged, losses=None):
    """[B], one number at a time."""
    result = np.zeros(B)
    for b in range(B):
        total = weight = 0.0
        for t in range(T):
            odds = np.exp(LOGITS[t, b].astype(float))
            loss = -np.log(odds[TARGETS[t, b]] / odds.sum()) if losses is None else losses[t, b]
            total += WEIGHTS[t, b] * loss
            weight += WEIGHTS[t, b]
        result[b] = total / (weight + 1e-12) if averaged else total
    return result


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_loss_by_example(averaged, dtype):
    targets = constants(TARGETS.astype(dtype))
    loss = value(
        legacy_seq2seq.sequence_loss_by_example(
            constants(LOGITS), targets, constants(WEIGHTS), averaged
        )
    )
    np.testing.assert_allclose(loss, by_hand(averaged), rtol=2e-6)


@pytest.mark.parametrize("over_time, over_batch", itertools.product([True, False], repeat=2))
def test_loss(over_time, over_batch):
    loss = value(
        legacy_seq2seq.sequence_loss(
            constants(LOGITS), constants(TARGETS), constants(WEIGHTS), over_time, over_batch
        )
    )
    expected = by_hand(over_time).sum() / (B if over_batch else 1)
    np.testing.assert_allclose(loss, expected, rtol=2e-6)


def test_all_steps_of_all_rows_in_one_entry():
    """How word models called it: one entry of B*T rows, a class count in the fourth place."""
    loss = value(
        legacy_seq2seq.sequence_loss_by_example(
            [tf.constant(LOGITS.reshape(T * B, C))],
            [tf.reshape(tf.constant(TARGETS), [-1])],
            [tf.ones([T * B])],
            C,
        )
    )
    assert loss.shape == (T * B,)
    odds = np.exp(LOGITS)
    p = np.take_along_axis(odds, TARGETS[..., None], axis=2)[..., 0] / odds.sum(axis=2)
    np.testing.assert_allclose(loss, -np.log(p).ravel(), rtol=1e-5)


def test_one_row_whose_target_and_weight_are_scalars():
    loss = value(
        legacy_seq2seq.sequence_loss_by_example(
            constants(LOGITS[:, :1]), constants(TARGETS[:, 0]), [1.0, 0.5, 0.0, 0.0]
        )
    )
    np.testing.assert_allclose(loss, by_hand(True)[:1], rtol=2e-6)


@pytest.mark.parametrize(
    "names",
    ["labels, logits", "labels, inputs", "inputs, labels", "inputs, y", "logits, y", "y, x"],
)
@pytest.mark.parametrize("dtype", [tf.int32, tf.float32])
def test_loss_function(names, dtype):
    """It is called once a step, with what the program gave, whatever classes the targets name."""
    seen = []

    def shifted(labels, logits):
        seen.append((labels, logits))
        return tf.cast(labels, tf.float32) - 1000 + tf.reduce_sum(logits, axis=1)

    first, second = names.split(", ")
    call = f"{second}, {first}" if first in ("inputs", "logits") else f"{first}, {second}"
    function = eval(f"lambda {names}: shifted({call})", {"shifted": shifted})
    logits = [tf.placeholder(tf.float32, [None, None]) for _ in range(T)]
    targets = [tf.placeholder(dtype, [None]) for _ in range(T)]
    feed = dict(zip(logits + targets, [*LOGITS, *(TARGETS + 1000)]))
    loss = value(
        legacy_seq2seq.sequence_loss(
            logits, targets, constants(WEIGHTS), softmax_loss_function=function
        ),
        feed,
    )
    expected = by_hand(True, losses=TARGETS + LOGITS.sum(axis=2)).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert [pair[0] is t and pair[1] is x for pair, t, x in zip(seen, targets, logits)] == [
        True
    ] * T


def test_lists_of_different_lengths():
    with pytest.raises(ValueError, match="one length.*got 4, 3 and 4 entries"):
        legacy_seq2seq.sequence_loss(constants(LOGITS), constants(TARGETS[1:]), constants(WEIGHTS))


def test_a_loss_function_may_take_any_shapes():
    """Scores that are no logits, as programs that predict numbers give them."""
    difference = lambda labels, logits: tf.square(labels - logits)  # noqa: E731
    loss = value(
        legacy_seq2seq.sequence_loss_by_example(
            [tf.fill([6], 3.0)],
            [tf.fill([6], 2.0)],
            [tf.ones([6])],
            softmax_loss_function=difference,
        )
    )
    np.testing.assert_array_equal(loss, np.ones(6))


def test_a_step_of_weight_0_does_not_count_in_a_loss_function_of_ones_own():
    logs = lambda labels, logits: tf.log(logits) - labels  # noqa: E731
    loss = value(
        legacy_seq2seq.sequence_loss(
            [tf.constant([1.0, 1.0]), tf.constant([-1.0, 1.0])],
            [tf.constant([-1.0, -2.0])] * 2,
            [tf.constant([1.0, 1.0]), tf.constant([0.0, 1.0])],
            softmax_loss_function=logs,
        )
    )
    np.testing.assert_allclose(loss, 1.5)


def test_losses_before_0_8_took_the_number_of_classes():
    given = constants(LOGITS), constants(TARGETS), constants(WEIGHTS)
    zero = lambda inputs, labels: tf.zeros([B])  # noqa: E731
    early = legacy_seq2seq.sequence_loss_by_example
    results = value(
        (
            early(*given, C, False),
            early(*given, num_decoder_symbols=C),
            early(*given, C, True, zero),
            legacy_seq2seq.sequence_loss(*given, C, True, False),
        )
    )
    np.testing.assert_allclose(results[0], by_hand(False), rtol=2e-6)
    np.testing.assert_allclose(results[1], by_hand(True), rtol=2e-6)
    np.testing.assert_array_equal(results[2], np.zeros(B))
    np.testing.assert_allclose(results[3], by_hand(True).sum(), rtol=2e-6)


def test_buckets_before_0_8_took_the_number_of_classes():
    def model(before, after):
        return legacy_seq2seq.embedding_rnn_seq2seq(
            before, after, rnn_cell.GRUCell(U), C, C, D, feed_previous=False
        )

    steps = constants(TARGETS)
    outputs, losses = legacy_seq2seq.model_with_buckets(
        steps, steps, steps, constants(WEIGHTS), [(1, 2), (3, 4)], C, model
    )
    assert [len(steps) for steps in outputs] == [2, 4]
    assert all(loss.shape == [] for loss in losses)


@pytest.mark.parametrize("short", range(4))
def test_buckets_longer_than_a_list(short):
    lists = [constants(TARGETS), constants(TARGETS), constants(TARGETS), constants(WEIGHTS)]
    lists[short] = lists[short][:-1]
    with pytest.raises(
        ValueError, match=r"must have the 4 steps of the last bucket \(4, 4\); got 3"
    ):
        legacy_seq2seq.model_with_buckets(*lists, [(4, 4)], lambda before, after: (before, None))
