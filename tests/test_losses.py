"""sequence_loss by hand, for every combination of its flags."""

import math

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u

B, T, C = 2, 3, 5
RNG = np.random.default_rng(11)
LOGITS = RNG.normal(size=(B, T, C)) * 3
TARGETS = RNG.integers(0, C, size=(B, T))
WEIGHTS = np.array([[1.0, 0.5, 0.0], [2.0, 0.0, 0.0]])
FLAGS = [(True, True), (True, False), (False, True), (False, False)]


def by_hand(logits, targets, weights, over_time, over_batch):
    """One number at a time, from the definition."""
    table = np.zeros((B, T))
    for b in range(B):
        for t in range(T):
            odds = [math.exp(v) for v in logits[b, t]]
            table[b, t] = -weights[b, t] * math.log(odds[targets[b, t]] / sum(odds))
    axes = tuple(axis for axis, on in ((0, over_batch), (1, over_time)) if on)
    if not axes:
        return table
    total, divisor = table.sum(axis=axes), weights.sum(axis=axes)
    return np.divide(total, divisor, out=np.zeros_like(total), where=divisor != 0)


@pytest.mark.parametrize("over_time, over_batch", FLAGS)
@pytest.mark.parametrize("weights", [WEIGHTS, np.ones((B, T)), np.zeros((B, T))])
@pytest.mark.parametrize("way", ["eager", "function", "graph"])
def test_every_flag(over_time, over_batch, weights, way):
    def program(logits, targets, weights):
        return u.sequence_loss(logits, targets, weights, over_time, over_batch)

    arguments = (LOGITS, TARGETS, weights)
    if way == "graph":
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            holders = [tf.compat.v1.placeholder(a.dtype, [None] * a.ndim) for a in arguments]
            loss = session.run(program(*holders), dict(zip(holders, arguments, strict=True)))
    else:
        traced = tf.function(program) if way == "function" else program
        loss = traced(*map(tf.constant, arguments)).numpy()
    expected = by_hand(LOGITS, TARGETS, weights, over_time, over_batch)
    assert np.shape(loss) == np.shape(expected)
    np.testing.assert_allclose(loss, expected, rtol=1e-12)


def test_known_value():
    loss = u.sequence_loss(tf.zeros([2, 3, 5]), np.zeros((2, 3), np.int32), tf.ones([2, 3]))
    np.testing.assert_allclose(loss, math.log(5), rtol=1e-6)
    assert f"{loss.numpy():.5f}" == "1.60944"


@pytest.mark.parametrize("over_time, over_batch", FLAGS)
def test_no_weight_gives_zero_and_a_zero_gradient(over_time, over_batch):
    logits = tf.constant(LOGITS)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = u.sequence_loss(logits, TARGETS, np.zeros((B, T)), over_time, over_batch)
    np.testing.assert_array_equal(loss, np.zeros(loss.shape))
    np.testing.assert_array_equal(tape.gradient(loss, logits), np.zeros((B, T, C)))


def test_a_step_of_weight_zero_does_not_dilute():
    full = u.sequence_loss(LOGITS[:, :2], TARGETS[:, :2], np.ones((B, 2)))
    masked = u.sequence_loss(LOGITS, TARGETS, [[1.0, 1.0, 0.0]] * B)
    np.testing.assert_allclose(full, masked, rtol=1e-12)


def test_logits_far_apart_do_not_overflow():
    loss = u.sequence_loss(tf.constant([[[1e4, 0.0]]]), [[1]], [[1.0]])
    np.testing.assert_allclose(loss, 1e4)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.int64])
def test_integer_targets_of_any_width(kind):
    loss = u.sequence_loss(LOGITS, TARGETS.astype(kind), WEIGHTS)
    np.testing.assert_allclose(loss, by_hand(LOGITS, TARGETS, WEIGHTS, True, True))


@pytest.mark.parametrize("kind", [bool, np.int32, np.float32])
def test_weights_of_any_kind(kind):
    weights = np.array([[1, 1, 0], [1, 0, 0]])
    loss = u.sequence_loss(LOGITS, TARGETS, weights.astype(kind))
    np.testing.assert_allclose(loss, by_hand(LOGITS, TARGETS, weights, True, True), rtol=1e-6)


def test_a_loss_function_of_the_callers_own():
    seen = {}

    def squared(labels, logits):
        seen.update(labels=labels, logits=logits)
        return tf.reduce_sum((logits - tf.one_hot(labels, C, dtype=logits.dtype)) ** 2, axis=-1)

    loss = u.sequence_loss(LOGITS, TARGETS, WEIGHTS, softmax_loss_function=squared)
    errors = ((LOGITS - np.eye(C)[TARGETS]) ** 2).sum(axis=-1)
    np.testing.assert_allclose(loss, (errors * WEIGHTS).sum() / WEIGHTS.sum())
    assert seen["labels"].shape == (B * T,)
    assert seen["logits"].shape == (B * T, C)


class TestTargetsOutOfRange:
    BAD = np.array([[0, 1, -7], [4, 99, 5]])  # only where WEIGHTS is 0

    @pytest.mark.parametrize("traced", [False, True])
    def test_do_not_matter_where_the_weight_is_zero(self, traced):
        loss = tf.function(u.sequence_loss) if traced else u.sequence_loss
        good = np.where(WEIGHTS == 0, 0, self.BAD)
        np.testing.assert_array_equal(
            loss(tf.constant(LOGITS), tf.constant(self.BAD), tf.constant(WEIGHTS)),
            loss(tf.constant(LOGITS), tf.constant(good), tf.constant(WEIGHTS)),
        )

    def test_are_an_error_elsewhere(self):
        with pytest.raises(ValueError, match=r"0\.\.4; got -7 at \[0, 2\], where the weight"):
            u.sequence_loss(LOGITS, self.BAD, np.ones((B, T)))

    def test_are_an_error_when_the_graph_runs(self):
        loss = tf.function(u.sequence_loss)
        with pytest.raises(tf.errors.InvalidArgumentError) as error:
            loss(tf.constant(LOGITS), tf.constant(self.BAD), tf.ones([B, T]))
        assert "[0 2]" in str(error.value).replace("[[0 2]]", "[0 2]")
        assert "[-7]" in str(error.value)
        assert "targets must be class numbers in 0..C-1" in str(error.value)


class TestWhatDoesNotCount:
    """A step of weight 0, whatever it holds, adds nothing to the loss and nothing to a gradient."""

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("known", [True, False], ids=["known sizes", "unknown sizes"])
    @pytest.mark.parametrize("spoilt", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("target", [0, -1, 99])
    def test_spoilt_logits_and_targets(self, spoilt, target, known):
        rng = np.random.default_rng(0)
        logits, targets = rng.normal(size=(2, 3, 4)), rng.integers(0, 4, (2, 3))
        weights = np.array([[1.0, 0.0, 2.0], [0.0, 0.5, 0.0]])
        ignored = weights == 0
        dirty, odd = logits.copy(), targets.copy()
        dirty[ignored, 1:], odd[ignored] = spoilt, target

        def loss_and_gradient(logits, targets):
            def run(logits, targets, weights):
                with tf.GradientTape() as tape:
                    tape.watch(logits)
                    loss = u.sequence_loss(logits, targets, weights)
                return loss, tape.gradient(loss, logits)

            sizes = [[2, 3, 4], [2, 3], [2, 3]] if known else [[None] * 3, [None] * 2, [None] * 2]
            kinds = [tf.float64, tf.int64, tf.float64]
            specs = [tf.TensorSpec(s, k) for s, k in zip(sizes, kinds, strict=True)]
            return tf.function(run, input_signature=specs)(logits, targets, weights)

        loss, gradient = loss_and_gradient(dirty, odd)
        expected, expected_gradient = loss_and_gradient(logits, targets)
        np.testing.assert_allclose(loss, expected, rtol=1e-12)
        np.testing.assert_allclose(gradient, expected_gradient, atol=1e-12)
        assert not gradient.numpy()[ignored].any()

    def test_a_class_that_is_ruled_out(self):
        logits = np.zeros([1, 2, 3])
        logits[..., 0] = -np.inf
        with tf.GradientTape() as tape:
            x = tf.constant(logits)
            tape.watch(x)
            loss = u.sequence_loss(x, [[1, 0]], [[1.0, 0.0]])
        np.testing.assert_allclose(loss, np.log(2))
        np.testing.assert_allclose(tape.gradient(loss, x)[0], [[0, -0.5, 0.5], [0, 0, 0]])

    def test_a_weight_of_zero_has_the_gradient_of_its_neighbours(self):
        rng = np.random.default_rng(1)
        logits, targets = rng.normal(size=(1, 3, 4)), [[0, 1, 2]]

        def gradient(weight):
            w = tf.constant([[1.0, weight, 2.0]], tf.float64)
            with tf.GradientTape() as tape:
                tape.watch(w)
                loss = u.sequence_loss(logits, targets, w)
            return tape.gradient(loss, w).numpy()

        np.testing.assert_allclose(gradient(0.0), gradient(1e-9), rtol=1e-6)


class TestShapesKnownOnlyAtRunTime:
    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("argument", ["targets", "weights"])
    @pytest.mark.parametrize("shape", [[1, 3], [2, 1], [1, 1], [3, 2], [2, 4], [6], [2, 3, 1]])
    def test_nothing_broadcasts(self, argument, shape):
        @tf.function(
            input_signature=[
                tf.TensorSpec([None, None, 4]),
                tf.TensorSpec(None, tf.int32),
                tf.TensorSpec(None),
            ]
        )
        def run(logits, targets, weights):
            return u.sequence_loss(logits, targets, weights)

        given = {"targets": tf.zeros([2, 3], tf.int32), "weights": tf.ones([2, 3])}
        run(tf.zeros([2, 3, 4]), **given)
        given[argument] = tf.cast(tf.ones(shape), given[argument].dtype)
        with pytest.raises(tf.errors.InvalidArgumentError, match=f"shape of {argument} differs"):
            run(tf.zeros([2, 3, 4]), **given)


class TestOwnLossFunctions:
    def test_a_sampled_softmax_has_logits_that_are_none(self):
        table, bias = tf.eye(50, 7), tf.zeros([50])

        def sampled(labels, logits):
            return tf.nn.sampled_softmax_loss(table, bias, labels[:, None], logits, 5, 50, seed=1)

        loss = u.sequence_loss(
            tf.zeros([2, 3, 7]), [[49, 3, 2], [1, 2, 30]], tf.ones([2, 3]),
            softmax_loss_function=sampled,
        )  # fmt: skip
        assert np.isfinite(loss)

    def test_a_label_may_say_ignore(self):
        def ignoring(labels, logits):
            ce = tf.nn.sparse_softmax_cross_entropy_with_logits(
                labels=tf.maximum(labels, 0), logits=logits
            )
            return tf.where(labels < 0, 0.0, ce)

        loss = u.sequence_loss(
            tf.zeros([1, 2, 3]), [[-1, 2]], tf.ones([1, 2]), softmax_loss_function=ignoring
        )
        np.testing.assert_allclose(loss, np.log(3) / 2, rtol=1e-6)

    @pytest.mark.parametrize(
        "wrong",
        [
            lambda labels, logits: tf.reduce_mean(logits),
            lambda labels, logits: tf.zeros_like(logits),
            lambda labels, logits: tf.zeros([tf.size(labels), 1]),
            lambda labels, logits: tf.zeros_like(labels),
            lambda labels, logits: None,
        ],
    )
    def test_anything_but_one_loss_a_step_is_refused(self, wrong):
        with pytest.raises(
            (TypeError, ValueError), match="softmax_loss_function.* must (be|return) one"
        ):
            u.sequence_loss(
                tf.zeros([1, 2, 3]), [[0, 2]], tf.ones([1, 2]), softmax_loss_function=wrong
            )


@pytest.mark.parametrize("dtype", [tf.float16, tf.bfloat16])
def test_sums_of_16_bits_are_taken_in_32(dtype):
    logits = tf.Variable(tf.zeros([88, 800, 5], dtype))
    with tf.GradientTape() as tape:
        loss = u.sequence_loss(logits, np.zeros([88, 800], int), np.ones([88, 800]))
    assert loss.dtype == dtype
    np.testing.assert_allclose(float(loss), np.log(5), rtol=1e-2)
    gradient = tf.cast(tape.gradient(loss, logits), tf.float64)
    np.testing.assert_allclose(gradient[0, 0, 0], -0.8 / 70_400, rtol=1e-2)


@pytest.mark.parametrize("flag", [np.True_, np.False_])
def test_numpys_flags(flag):
    logits, targets, weights = tf.zeros([2, 3, 4]), np.zeros([2, 3], int), np.ones([2, 3])
    assert (u.sequence_loss(logits, targets, weights, flag, flag).shape == ()) == bool(flag)
