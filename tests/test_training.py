"""The training loop and the models, on problems with known answers."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u
from unrolled import models, training


class Line(tf.Module):
    """y = a x, a starts at 0."""

    def __init__(self):
        super().__init__()
        self.a = tf.Variable(0.0)

    def loss(self, x, y):
        return tf.reduce_mean((self.a * x - y) ** 2)


X = np.linspace(-1, 1, 10, dtype=np.float32)


def test_fit_is_tensorflows_adam_step_by_step():
    line, by_hand = Line(), Line()
    history = training.fit(line, line.loss, (X, 3 * X), epochs=2, batch_size=4, learning_rate=0.1)
    optimizer = tf.compat.v1.train.AdamOptimizer(0.1)
    losses = []
    for _ in range(2):
        for start in (0, 4, 8):
            x = X[start : start + 4]
            with tf.GradientTape() as tape:
                loss = by_hand.loss(x, 3 * x)
            optimizer.apply_gradients([(tape.gradient(loss, by_hand.a), by_hand.a)])
            losses.append(loss.numpy())
    np.testing.assert_allclose(line.a, by_hand.a, rtol=1e-6)
    np.testing.assert_allclose(history.loss, losses, rtol=1e-5)
    assert history.steps_per_epoch == 3
    assert len(history.seconds) == 2
    np.testing.assert_allclose(history.mean_loss(0), np.mean(losses[:3]), rtol=1e-5)


@pytest.mark.parametrize("drop, seen", [(False, 10), (True, 8)])
def test_the_remainder_is_dropped_only_when_asked(drop, seen):
    count = tf.Variable(0)

    def loss(x):
        count.assign_add(tf.size(x))
        return tf.reduce_mean((line.a - x) ** 2)

    line = Line()
    training.fit(line, loss, (X,), epochs=1, batch_size=4, drop_remainder=drop)
    assert count.numpy() == seen


def test_every_epoch_has_an_order_of_its_own_and_a_seed_repeats_it():
    def orders(seed):
        seen = tf.Variable(tf.zeros([0]), shape=[None])

        def loss(x):
            seen.assign(tf.concat([seen, x], axis=0))
            return tf.reduce_mean((line.a - x) ** 2)

        line = Line()
        training.fit(line, loss, (X,), epochs=2, batch_size=4, shuffle_seed=seed)
        return seen.numpy().reshape(2, 10)

    first, second = orders(1)
    assert (np.sort(first) == X).all() and (np.sort(second) == X).all()
    assert (first != second).any() and (first != X).any()
    np.testing.assert_array_equal(orders(1), [first, second])
    assert (orders(2) != [first, second]).any()
    np.testing.assert_array_equal(orders(None), [X, X])


def test_clip_norm_scales_the_gradient_down():
    """Adam hides the scale of a gradient, so the slot that it averages gradients in is read."""
    line = Line()
    plain = tf.GradientTape()
    with plain:
        loss = line.loss(X, 3 * X)
    norm = abs(plain.gradient(loss, line.a).numpy())
    assert norm > 0.01
    seen = []
    original = tf.compat.v1.train.AdamOptimizer.apply_gradients

    def spy(self, pairs, *args):
        pairs = list(pairs)
        seen.append([g for g, _ in pairs])
        return original(self, pairs, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tf.compat.v1.train.AdamOptimizer, "apply_gradients", spy)
        training.fit(line, line.loss, (X, 3 * X), epochs=1, clip_norm=0.01)
    assert "clip_by_global_norm" in seen[0][0].name


def test_measures_and_each_epoch_are_kept():
    line = Line()
    history = training.fit(
        line,
        lambda x, y: (line.loss(x, y), tf.reduce_max(x)),
        (X, X),
        epochs=3,
        batch_size=5,
        each_epoch=lambda epoch, history: (epoch, len(history.loss)),
    )
    np.testing.assert_allclose(history.measure, np.tile([X[4], X[9]], 3))
    assert history.epochs == [(1, 2), (2, 4), (3, 6)]


@pytest.mark.parametrize(
    "how, words",
    [
        ({"data": (X, X[:3])}, r"equal numbers of examples; got \[10, 3\]"),
        ({"data": ()}, r"equal numbers of examples; got \[\]"),
        ({"batch_size": 0}, "batch_size must be a whole number of at least 1; got 0"),
        ({"batch_size": 11, "drop_remainder": True}, "batch_size is 11, but there are 10 examples"),
    ],
)
def test_errors(how, words):
    line = Line()
    with pytest.raises(ValueError, match=words):
        training.fit(line, line.loss, **{"data": (X, X), "epochs": 1, **how})


def test_accuracy():
    logits = [[[0.0, 1.0], [2.0, 1.0]], [[5.0, 1.0], [0.0, 9.0]]]
    labels = [[1, 1], [0, 1]]
    assert training.accuracy(logits, labels) == 0.75
    np.testing.assert_allclose(training.accuracy(logits, labels, [[1, 0], [1, 1]]), 1)
    assert training.accuracy(logits, labels, [[0, 0], [0, 0]]) == 0


def test_by_batch_drops_nothing():
    values, sizes = training.by_batch(lambda x: tf.reduce_mean(x), (X,), 4)
    np.testing.assert_array_equal(sizes, [4, 4, 2])
    np.testing.assert_allclose(values, [X[:4].mean(), X[4:8].mean(), X[8:].mean()], rtol=1e-6)
    np.testing.assert_allclose(np.average(values, weights=sizes), X.mean(), atol=1e-7)


class TestModels:
    FRAMES = np.random.default_rng(0).normal(size=(6, 4, 3)).astype(np.float32)
    LENGTHS = np.array([1, 2, 3, 4, 4, 1])

    @pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["no lengths", "lengths"])
    def test_both_unrolls_classify_alike(self, lengths):
        cell = u.GRUCell(5)
        dynamic = models.SequenceClassifier(cell, 2)
        static = models.SequenceClassifier(cell, 2, static=True)
        static.output_layer = dynamic.output_layer
        np.testing.assert_allclose(
            dynamic(self.FRAMES, lengths), static(self.FRAMES, lengths), rtol=1e-6
        )

    def test_the_classifier_reads_the_last_real_output(self):
        model = models.SequenceClassifier(u.GRUCell(5), 2)
        logits = model(self.FRAMES, self.LENGTHS)
        for row, n in enumerate(self.LENGTHS):
            alone = model(self.FRAMES[row : row + 1, :n])
            np.testing.assert_allclose(logits[row], alone[0], atol=1e-6)

    def test_the_labeller_shares_one_output_layer(self):
        model = models.SequenceLabeller(u.GRUCell(5), 2)
        logits, state = model(self.FRAMES)
        outputs, expected = u.dynamic_rnn(model.cell, self.FRAMES, dtype=tf.float32)
        layer = model.output_layer
        np.testing.assert_allclose(logits, outputs @ layer.kernel + layer.bias, rtol=1e-5)
        np.testing.assert_array_equal(state, expected)
        assert len(model.trainable_variables) == 6

    def test_training_learns_which_row_came_first(self):
        rng = np.random.default_rng(1)
        x = rng.normal(size=(256, 6, 2)).astype(np.float32)
        labels = (x[:, 0, 0] > 0).astype(np.int64)  # to be remembered for five steps
        tf.random.set_seed(0)
        model = models.SequenceClassifier(u.GRUCell(8), 2, static=True)

        def loss(x, labels):
            logits = model(x)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            return tf.reduce_mean(each), training.accuracy(logits, labels)

        history = training.fit(
            model, loss, (x, labels), epochs=40, batch_size=64, learning_rate=0.02
        )
        assert history.measure[:4].mean() < 0.75
        assert history.measure[-4:].mean() > 0.95


@pytest.mark.parametrize("make", [np.float32, tf.constant], ids=["array", "tensor"])
def test_an_output_layer_acts_on_the_last_axis(make):
    x = np.linspace(-1, 1, 24, dtype=np.float32).reshape(2, 3, 4)  # [B, T, U]
    layer = models.OutputLayer(5)
    logits = layer(make(x))
    assert layer.kernel.shape == (4, 5)
    np.testing.assert_allclose(logits, x @ layer.kernel.numpy() + layer.bias, rtol=1e-5)
