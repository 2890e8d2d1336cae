"""tf.contrib.seq2seq.sequence_loss against the same in NumPy."""

import itertools

import numpy as np
import pytest
from unrolled.tf1.contrib import seq2seq

import unrolled.tf1 as tf

B, T, C = 3, 5, 7
RNG = np.random.default_rng(3)
LOGITS = RNG.normal(size=(B, T, C)).astype(np.float32)
TARGETS = RNG.integers(0, C, size=(B, T))
WEIGHTS = np.array(
    [[1, 1, 0.5, 0, 0], [2, 0, 0, 0, 0], [0.25, 1, 1, 1, 0]], np.float32
)  # the last step has no weight


def run(result, feed=None):
    with tf.Session() as session:
        return session.run(result, feed)


def cross_entropy():
    odds = np.exp(LOGITS.astype(np.float64))
    p = np.take_along_axis(odds, TARGETS[..., None], axis=2)[..., 0] / odds.sum(axis=2)
    return -np.log(p) * WEIGHTS


@pytest.mark.parametrize("averaged", itertools.product([False, True], repeat=2))
@pytest.mark.parametrize("summed", itertools.product([False, True], repeat=2))
def test_loss_for_every_reduction(averaged, summed):
    arguments = (LOGITS, TARGETS, WEIGHTS, *averaged, *summed)
    if any(a and s for a, s in zip(averaged, summed)):
        with pytest.raises(ValueError, match="average_across_.* must not both be true; got True"):
            seq2seq.sequence_loss(*arguments)
        return
    # averaged and summed hold (time, batch); time is axis 1.
    averages = tuple(axis for axis, on in zip((1, 0), averaged) if on)
    sums = tuple(axis for axis, on in zip((1, 0), summed) if on)
    expected = cross_entropy()
    if averages:
        total = WEIGHTS.sum(axis=averages)
        expected = expected.sum(axis=averages) / np.where(total == 0, 1, total)
    elif sums:
        count = (WEIGHTS != 0).sum(axis=sums)
        expected = expected.sum(axis=sums) / np.where(count == 0, 1, count)
    loss = run(seq2seq.sequence_loss(*map(tf.constant, arguments[:3]), *arguments[3:]))
    assert loss.shape == np.shape(expected)
    np.testing.assert_allclose(loss, expected, rtol=2e-6)


def shifted(labels, logits):
    return tf.cast(labels, tf.float32) + tf.reduce_sum(logits, axis=1)


def shifted_by_hand():
    return ((TARGETS + LOGITS.sum(axis=2)) * WEIGHTS).sum() / WEIGHTS.sum()


@pytest.mark.parametrize(
    "rest, keywords",
    [
        ((True, True, shifted), {}),
        ((True, True, shifted, "old_name"), {}),
        ((True, True, False, False, shifted), {}),
        ((True, True, False, False, shifted, "new_name"), {}),
        ((), {"softmax_loss_function": shifted}),
        ((True, True, None), {"softmax_loss_function": shifted}),
    ],
)
def test_loss_function_in_both_orders(rest, keywords):
    loss = seq2seq.sequence_loss(
        tf.constant(LOGITS), tf.constant(TARGETS), tf.constant(WEIGHTS), *rest, **keywords
    )
    np.testing.assert_allclose(run(loss), shifted_by_hand(), rtol=1e-5)
    name = rest[-1] if rest and isinstance(rest[-1], str) else "sequence_loss"
    assert any(op.name.startswith(name + "/") for op in tf.get_default_graph().get_operations())


def test_none_in_sixth_place_is_no_loss_function():
    tensors = list(map(tf.constant, (LOGITS, TARGETS, WEIGHTS)))
    loss = seq2seq.sequence_loss(*tensors, True, True, None, "name")
    np.testing.assert_allclose(run(loss), cross_entropy().sum() / WEIGHTS.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    "function",
    [
        lambda labels, logits: shifted(labels, logits),
        lambda logits, labels: shifted(labels, logits),  # by name, whatever the order
        lambda labels, inputs: shifted(labels, inputs),  # 1.0
        lambda inputs, labels: shifted(labels, inputs),  # before 1.0
        lambda y, x: shifted(y, x),
        lambda **given: shifted(**given),
    ],
)
def test_loss_function_of_any_release(function):
    tensors = list(map(tf.constant, (LOGITS, TARGETS, WEIGHTS)))
    loss = seq2seq.sequence_loss(*tensors, softmax_loss_function=function)
    np.testing.assert_allclose(run(loss), shifted_by_hand(), rtol=1e-5)


@pytest.mark.parametrize("dtype", [tf.int32, tf.float32])
def test_loss_function_gets_the_targets_unchanged(dtype):
    """A sampled softmax has more classes than logits are wide; another loss has no classes."""
    logits, targets = tf.placeholder(tf.float32, [None] * 3), tf.placeholder(dtype, [None] * 2)
    seen = []

    def function(labels, logits):
        seen.append(labels)
        return shifted(labels, logits) - 1000

    loss = seq2seq.sequence_loss(logits, targets, tf.constant(WEIGHTS), True, True, function)
    feed = {logits: LOGITS, targets: TARGETS + 1000}
    np.testing.assert_allclose(run(loss, feed), shifted_by_hand(), rtol=1e-4)
    assert seen[0].dtype == dtype and seen[0].shape.rank == 1


@pytest.mark.parametrize("dtype", ["int32", "int64", "uint8", "int16"])
def test_loss_takes_targets_of_any_integer_type(dtype):
    holders = [
        tf.placeholder(tf.float32, [None, None, C]),
        tf.placeholder(dtype, [None, None]),
        tf.placeholder(tf.float32, [None, None]),
    ]
    feed = dict(zip(holders, (LOGITS, TARGETS.astype(dtype), WEIGHTS)))
    loss = run(seq2seq.sequence_loss(*holders), feed)
    np.testing.assert_allclose(loss, cross_entropy().sum() / WEIGHTS.sum(), rtol=1e-6)


@pytest.mark.parametrize(
    "shapes", [([B, C], [B, T], [B, T]), ([B, T, C], [B], [B, T]), ([B, T, C], [B, T], [B])]
)
@pytest.mark.parametrize("function", [None, shifted])
def test_loss_of_a_wrong_rank(shapes, function):
    kinds = (tf.float32, tf.int32, tf.float32)
    holders = [tf.placeholder(kind, shape) for kind, shape in zip(kinds, shapes)]
    with pytest.raises(ValueError, match=r"logits must be \[B, T, C\]"):
        seq2seq.sequence_loss(*holders, softmax_loss_function=function)
