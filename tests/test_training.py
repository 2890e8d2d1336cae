"""The training loop and the models, on problems with known answers."""

import functools
import gc
import warnings
import weakref

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

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
ERRORS = (ValueError, tf.errors.InvalidArgumentError)  # the second where only a run tells


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


class Inside(tf.Module):
    """Its variable is made by the first call, as those of Keras's layers: it has to be lifted."""

    a = None

    def __call__(self, x):
        if self.a is None:
            self.a = tf.Variable(0.5)
        return x * self.a


def unrolled(cell, x):
    return u.dynamic_rnn(cell, x[:, None], dtype=tf.float32)[0]


def called(layer, x):
    return layer(x)


@pytest.mark.parametrize(
    "make, run, traces",
    [
        (lambda: u.LSTMCell(2), unrolled, 1),
        (lambda: models.OutputLayer(2), called, 1),
        (lambda: keras.layers.Dense(2), called, 2),
        (Inside, called, 2),
    ],
)
def test_loss_is_traced_again_only_where_tf_function_lifts_its_variables(make, run, traces):
    net, calls = make(), []

    def loss(x):
        calls.append(1)
        return tf.reduce_mean(run(net, x) ** 2)

    history = training.fit(net, loss, [X[:, None]], epochs=3, learning_rate=0.1)
    assert len(calls) == traces
    assert history.loss[2] < history.loss[0]


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
    original = training.Adam.apply

    def spy(self, gradients, variables):
        seen.append(gradients)
        return original(self, gradients, variables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Adam, "apply", spy)
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


class Table(tf.Module):
    """A look-up, whose gradient holds a row for every time that a row was looked up."""

    def __init__(self):
        super().__init__()
        self.rows = tf.Variable(tf.ones([4, 2]))

    def sparse(self, ids):
        return tf.reduce_sum(tf.gather(self.rows, ids))

    def dense(self, ids):
        return tf.reduce_sum(tf.one_hot(ids, 4) @ self.rows)


def gradient_of_fit(table, loss, ids, clip_norm):
    """The first gradient that `fit` gives to Adam, as it is and as a dense array."""
    seen, dense = [], tf.Variable(tf.zeros([4, 2]))
    original = training.Adam.apply

    def spy(self, gradients, variables):
        (gradient,) = gradients
        seen.append(gradient)
        dense.assign(tf.convert_to_tensor(gradient))
        return original(self, gradients, variables)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training.Adam, "apply", spy)
        training.fit(table, loss, [ids], epochs=1, clip_norm=clip_norm)
    return seen[0], dense.numpy()


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.sampled_from([None, 0.5, 1.0, 9.0]))
@settings(max_examples=6, deadline=None)
def test_look_ups_are_clipped_by_the_norm_of_the_sum(ids, clip_norm):
    ids, one, other = np.array(ids), Table(), Table()
    sparse, found = gradient_of_fit(one, one.sparse, ids, clip_norm)
    _, expected = gradient_of_fit(other, other.dense, ids, clip_norm)
    assert isinstance(sparse, tf.IndexedSlices)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    if clip_norm is not None:
        assert np.linalg.norm(found) <= clip_norm * (1 + 1e-6)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64])
def test_a_norm_in_other_dtypes(dtype):
    """300 squared is more than float16 can hold."""
    line = Line()
    line.a = tf.Variable(0.0, dtype=dtype)
    history = training.fit(
        line, lambda x: tf.reduce_sum(line.a * x), [tf.fill([1], tf.cast(300.0, dtype))], epochs=1
    )
    assert history.loss == [0]


def a_line(seed, **how):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 2)).astype(np.float32)
    line = Line()
    line.a = tf.Variable([1.0, 1.0])

    def loss(x, y):
        error = x @ line.a[:, None] - y[:, None]  # [B, 1]
        return tf.reduce_mean(error**2)

    return line, loss, x, x.sum(axis=1), {"epochs": 3, "batch_size": 5, **how}


class TestNotFinite:
    """Training stops at the step, before it changes a weight, and says where."""

    @given(
        st.sampled_from([np.nan, np.inf, -np.inf]),
        st.integers(0, 19),
        st.integers(0, 1),
        st.sampled_from([None, 0.5]),
    )
    @settings(max_examples=8, deadline=None)
    def test_examples(self, wrong, example, which, clip_norm):
        line, loss, x, y, how = a_line(1, clip_norm=clip_norm)
        data = [x, y]
        data[which][example] = wrong
        words = (
            rf"step {example // 5 + 1} of epoch 1, before .* changed a weight: the loss .* must be "
            rf"finite; got the loss (nan|inf) .* data\[{which}\] with .* in example {example}\.$"
        )
        with pytest.raises(FloatingPointError, match=words):
            training.fit(line, loss, data, **how)
        healthy, loss, x, y, how = a_line(1, clip_norm=clip_norm)
        if example // 5:
            good = [x[: example // 5 * 5], y[: example // 5 * 5]]
            training.fit(healthy, loss, good, **{**how, "epochs": 1})
        np.testing.assert_array_equal(line.a, healthy.a)  # as the steps before left it

    def test_the_example_is_found_in_any_order(self):
        line, loss, x, y, how = a_line(2, shuffle_seed=3)
        x[11] = np.nan
        with pytest.raises(FloatingPointError, match=r"data\[0\] with .* in example 11\.$"):
            training.fit(line, loss, (x, y), **how)

    def test_a_gradient(self):
        """The loss is finite, and the slope of the root at 0 is not."""
        line, _, x, y, how = a_line(3)
        with pytest.raises(
            FloatingPointError,
            match=r"step 1 of epoch 1.* gradient of norm (nan|inf) \(that of Variable:0 is not fin",
        ):
            training.fit(line, lambda x, y: tf.reduce_sum(tf.sqrt(line.a * 0)), (x, y), **how)
        np.testing.assert_array_equal(line.a, [1, 1])

    def test_in_a_later_epoch(self):
        line, loss, x, y, how = a_line(4)
        seen = tf.Variable(0.0, trainable=False)

        def fails(x, y):
            seen.assign_add(1.0)
            return loss(x, y) + tf.where(seen > 6, np.inf, 0.0)

        with pytest.raises(FloatingPointError, match=r"step 3 of epoch 2, .*: the examples are"):
            training.fit(line, fails, (x, y), **how)

    def test_a_check_inside_the_loss(self):
        """NaN scores fail in `accuracy` first; the step is named all the same."""
        model = models.OutputLayer(3)
        x, labels = np.ones((6, 2), np.float32), np.arange(6) % 3

        def loss(x, labels):
            logits = model(x)
            each = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
            return tf.reduce_mean(each), training.accuracy(logits, labels)

        x[4] = np.nan
        words = r"step 2 of epoch 1, before .*: data must be finite; got data\[0\] .* example 2\.$"
        with pytest.raises(FloatingPointError, match=words):
            training.fit(model, loss, (x[2:], labels[2:]), epochs=1, batch_size=2)
        assert np.isfinite(model.kernel).all()

        def finite_loss(x, labels):
            logits = model(x)
            return tf.reduce_sum(logits), training.accuracy(logits, labels)

        before = model.kernel.numpy()
        labels[5] = 3
        with pytest.raises(tf.errors.InvalidArgumentError, match="labels must be in") as caught:
            training.fit(model, finite_loss, (x[5:], labels[5:]), epochs=1)
        assert "step 1 of epoch 1, before that step" in caught.value.__notes__[0]
        np.testing.assert_array_equal(model.kernel, before)

    def test_weights_after_the_last_step(self):
        line = Line()
        line.a = tf.Variable(6.5e4, dtype=tf.float16)
        with pytest.raises(FloatingPointError, match="after epoch 1: the weights must stay finite"):
            training.fit(
                line,
                lambda x: -line.a * x[0],
                [np.ones(1, np.float16)],
                epochs=1,
                learning_rate=1000,
            )

    def test_a_loss_that_explodes(self):
        line = Line()
        with pytest.warns(UserWarning, match="epoch 1 is .*: training diverges"):
            training.fit(line, line.loss, (X, X), epochs=2, batch_size=5, learning_rate=1000)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit_a_line(epochs=3)

    def test_weights_from_the_start(self):
        line = Line()
        line.a.assign(np.inf)
        with pytest.raises(FloatingPointError, match=r"before the first step; got Variable:0 with"):
            training.fit(line, line.loss, (X, X), epochs=1)

    def test_what_64_bits_hold(self):
        line = Line()
        line.a = tf.Variable(1.0, dtype=tf.float64)
        history = training.fit(line, lambda x: 1e45 * line.a, [X], epochs=1)
        np.testing.assert_allclose(history.loss, [1e45])

    @pytest.mark.thorough
    def test_what_the_forward_pass_assigns(self):
        """The moving means of a normalization are as the step before left them."""

        def weights(count, wrong):
            tf.keras.utils.set_random_seed(1)
            layers = tf.keras.layers
            parts = [layers.BatchNormalization(), layers.Dropout(0.5), layers.Dense(1)]
            model = tf.keras.Sequential(parts)
            x, y = points(count)
            x[wrong] = np.nan
            try:
                training.fit(model, "mse", [x, y], epochs=1, batch_size=4)
            except FloatingPointError:
                assert wrong
            return [v.numpy() for v in model.variables]

        for one, other in zip(weights(8, []), weights(16, [9])):
            np.testing.assert_array_equal(one, other)


def fit_a_line(**how):
    line = Line()
    how = {"model": line, "loss": line.loss, "data": (X, X), "epochs": 1, **how}
    return training.fit(**how)


SCHEDULE = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
WHOLE = "must be a whole number of at least"


@pytest.mark.parametrize(
    "how, error, words",
    [
        ({"data": (X, X[:3])}, ValueError, r"equal numbers of examples; got \[10, 3\]"),
        ({"data": ()}, ValueError, r"equal numbers of examples; got \[\]"),
        ({"data": (X[:0], X[:0])}, ValueError, r"equal numbers of examples; got \[0, 0\]"),
        ({"data": X}, TypeError, r"data must be a list of arrays .*; got .* written as \[array\]"),
        ({"data": tf.constant(X)}, TypeError, r"data must be a list .* written as \[array\]"),
        ({"data": None}, TypeError, "data must be a list of arrays .*; got None"),
        ({"data": {"x": X, "y": X}}, TypeError, "data must be a list of arrays .*; got a mapping"),
        ({"data": tf.data.Dataset.from_tensors(X)}, TypeError, "data must be a list of arrays"),
        ({"data": [X, 1.0]}, ValueError, r"data\[1\] must be an array .*; got a single number"),
        ({"data": X.tolist()}, ValueError, r"data\[0\] must be an array .*; got a single number"),
        ({"data": [X, None]}, TypeError, r"data\[1\] must be an array .*; got None"),
        ({"data": [X, [[1], [2, 3]]]}, ValueError, r"data\[1\] must be an array .* differ in len"),
        (
            {"data": [X[:2], tf.ragged.constant([[1.0], [2.0, 3.0]])]},
            TypeError,
            r"data\[1\] must be an array .*; got a RaggedTensor; .*to_tensor\(\)",
        ),
        ({"data": [X]}, TypeError, "loss must take one argument for each array of data, 1 in all"),
        ({"data": [X] * 3}, TypeError, "loss must take one argument for each array of data, 3"),
        ({"batch_size": 0}, ValueError, f"batch_size {WHOLE} 1; got 0"),
        ({"batch_size": -5}, ValueError, f"batch_size {WHOLE} 1; got -5"),
        ({"batch_size": 2.5}, ValueError, f"batch_size {WHOLE} 1; got 2.5"),
        ({"batch_size": True}, ValueError, f"batch_size {WHOLE} 1; got True"),
        (
            {"batch_size": 11, "drop_remainder": True},
            ValueError,
            "batch_size is 11, but there are 10 examples",
        ),
        ({"epochs": 0}, ValueError, f"epochs {WHOLE} 1; got 0"),
        ({"epochs": -1}, ValueError, f"epochs {WHOLE} 1; got -1"),
        ({"epochs": 1.5}, ValueError, f"epochs {WHOLE} 1; got 1.5"),
        ({"epochs": True}, ValueError, f"epochs {WHOLE} 1; got True"),
        ({"epochs": "3"}, ValueError, f"epochs {WHOLE} 1; got '3'"),
        ({"shuffle_seed": -1}, ValueError, f"shuffle_seed {WHOLE} 0 or None; got -1"),
        ({"shuffle_seed": 0.5}, ValueError, f"shuffle_seed {WHOLE} 0 or None; got 0.5"),
        ({"shuffle_seed": False}, ValueError, f"shuffle_seed {WHOLE} 0 or None; got False"),
        ({"drop_remainder": 1}, TypeError, "drop_remainder must be True or False; got 1"),
        ({"drop_remainder": "no"}, TypeError, "drop_remainder must be True or False; got 'no'"),
        ({"each_epoch": 5}, TypeError, "each_epoch must be a function or None; got 5"),
        ({"loss": 5}, TypeError, "loss must be a function .*; got 5"),
        ({"loss": None}, TypeError, "loss must be a function .*; got None"),
        ({"model": None}, TypeError, "model must have trainable_variables, .*; got None"),
        ({"model": Line}, TypeError, "model must have trainable_variables, .*; got the class Line"),
        ({"model": [Line(), 3]}, TypeError, "model must have trainable_variables, .*; got 3"),
        ({"model": {"a": Line()}}, TypeError, "model must have trainable_variables, .*; got a map"),
        ({"model": [tf.Variable(1.0)]}, TypeError, "model .*: keep variables in a tf.Module"),
        ({"model": []}, ValueError, "model must be one module or a list .*; got an empty list"),
        ({"model": tf.Module()}, ValueError, "model must have trainable_variables; got none"),
        ({"model": Line()}, ValueError, "loss must depend on the variables of model; got no grad"),
        *(
            ({name: value}, ValueError, rf"{name} must be a number above 0.*; got -?{value}")
            for name in ("clip_norm", "learning_rate")
            for value in (0, -1, -0.5, np.nan, np.inf, -np.inf)
        ),
        *(
            ({name: value}, TypeError, rf"{name} must be a number above 0.*; got ")
            for name in ("clip_norm", "learning_rate")
            for value in (True, "adam", [0.1], tf.constant(0.1), lambda: 0.1)
        ),
        ({"clip_norm": SCHEDULE}, TypeError, "clip_norm must be a number above 0; got "),
        ({"learning_rate": 1e6}, ValueError, "learning_rate must be .* at most 1000; got 1000000"),
        (
            {"learning_rate": tf.keras.optimizers.Adam(0.1)},
            TypeError,
            "learning_rate must be a number .* an optimizer is given as optimizer=; got .*Adam",
        ),
        (
            {"learning_rate": 0.1, "optimizer": tf.keras.optimizers.SGD(0.1)},
            ValueError,
            "learning_rate must be left out beside an optimizer; got 0.1 and an optimizer SGD",
        ),
        ({"optimizer": "sgd"}, TypeError, "optimizer must be a keras.*; got 'sgd': keras.opt"),
        ({"loss": "nonsense"}, ValueError, "loss must be .*; got 'nonsense', which is no name"),
        ({"loss": "mse"}, TypeError, "model must be one module that can be called .*; got .*Line"),
        ({"callbacks": 5}, TypeError, "callbacks must be a list of Keras's callbacks; got 5"),
        ({"callbacks": [print]}, TypeError, r"callbacks\[0\] must be a keras.*; got "),
        ({"backup": 5}, TypeError, "backup must be the path of a folder; got 5"),
        ({"backup_every": 0}, ValueError, f"backup_every {WHOLE} 1; got 0"),
        ({"backup_every": 5}, ValueError, "backup_every must be left out without a backup; got 5"),
        ({"verbose": True}, ValueError, 'verbose must be "auto" or False; got True'),
    ],
)  # fmt: skip
def test_arguments(how, error, words):
    with pytest.raises(error, match=rf"{words}.*\.$"):
        fit_a_line(**how)


RETURNS = r"^loss must return a scalar, or the tuple \(scalar loss, scalar measure\); got "


@pytest.mark.one_in(4)
@pytest.mark.parametrize(
    "result, error, words",
    [
        (lambda loss: [loss, loss], TypeError, "a list of 2"),
        (lambda loss: (loss, loss, loss), TypeError, "a tuple of 3"),
        (lambda loss: (loss,), TypeError, "a tuple of 1"),
        (lambda loss: None, TypeError, "None"),
        (lambda loss: {"loss": loss}, TypeError, "a mapping with the keys 'loss'"),
        (lambda loss: "loss", TypeError, "'loss'"),
        (lambda loss: loss * X, ValueError, r"shape \(10,\): take tf.reduce_mean of it"),
        (lambda loss: loss * X[:1], ValueError, r"shape \(1,\): take tf.reduce_mean of it"),
        (lambda loss: tf.cast(loss, tf.int32), ValueError, "a loss of int32"),
        (lambda loss: (loss, X), ValueError, r"shape \(10,\) as the measure: take"),
        (lambda loss: (loss, None), TypeError, "None as the measure"),
        (lambda loss: (loss, (loss, loss)), TypeError, "a tuple of 2 as the measure"),
    ],
)
def test_what_a_loss_returns(result, error, words):
    line = Line()
    with pytest.raises(error, match=rf"{RETURNS}{words}.*\.$"):
        training.fit(line, lambda x: result(tf.reduce_sum(line.a * x)), [X], epochs=1)


@pytest.mark.parametrize("loss", [lambda x: tf.reduce_mean(x), lambda x: 3.0])
def test_a_loss_without_the_model(loss):
    with pytest.raises(ValueError, match=r"^loss must depend on the variables of model; got no "):
        training.fit(Line(), loss, [X], epochs=1)


def test_a_loss_whose_shape_only_a_run_tells():
    line = Line()
    shape = tf.Variable([1], shape=[None], trainable=False)

    def loss(x):
        return tf.reshape(line.a * x[0], shape)

    with pytest.raises(tf.errors.InvalidArgumentError, match="loss must return a scalar"):
        training.fit(line, loss, [X], epochs=1)
    shape.assign(np.zeros(0, np.int32))
    training.fit(line, loss, [X], epochs=1)


def test_a_variable_that_the_loss_does_not_need():
    used, unused = Line(), Line()
    unused.a = tf.Variable(2.0, name="spare")
    with pytest.warns(UserWarning, match="loss does not depend on spare:0: fit leaves"):
        training.fit([used, unused], used.loss, (X, X), epochs=1)
    assert unused.a.numpy() == 2 and used.a.numpy() != 0


def test_a_module_that_stands_twice_is_trained_once():
    once, twice = Line(), Line()
    parts = tf.Module()
    parts.inner = twice
    how = {"data": (X, 3 * X), "epochs": 5, "clip_norm": 0.01}
    losses = training.fit(once, once.loss, **how).loss
    np.testing.assert_array_equal(
        training.fit([twice, parts, twice], twice.loss, **how).loss, losses
    )
    np.testing.assert_array_equal(once.a, twice.a)


def test_what_nobody_sees_is_named():
    line, hidden = Line(), {Line()}
    hidden_names = "loss reads Variable:0, trainable variables that model does not hold"
    with pytest.warns(UserWarning, match=hidden_names):
        training.fit(line, lambda x: line.a * sum(h.a for h in hidden), [X], epochs=1)


@pytest.mark.parametrize("kind", [training.Adam, tf.keras.optimizers.SGD])
def test_nothing_of_a_finished_run_is_kept(kind):
    def run():
        line, data = Line(), tf.constant(np.ones(1000, np.float32))
        optimizer = kind(0.1)
        training.fit(line, line.loss, [data, data], epochs=1, clip_norm=1.0, optimizer=optimizer)
        return [weakref.ref(thing) for thing in (line, line.a, data, optimizer)]

    kept = run()
    gc.collect()
    assert [reference() for reference in kept] == [None] * 4


def test_a_keras_model_is_trained():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])

    def loss(x, y):
        return tf.reduce_mean((model(x)[:, 0] - y) ** 2)

    history = training.fit(
        model, loss, (X[:, None], 3 * X), epochs=100, learning_rate=0.1, clip_norm=1.0
    )
    assert history.loss[-1] < 1e-3 < history.loss[0]


TEACHER = np.array([[1.0], [-2.0]], np.float32)


def points(count=40):
    x = np.random.default_rng(0).normal(size=(count, 2)).astype(np.float32)
    return x, x @ TEACHER  # [B, 2], [B, 1]


class Dense(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(tf.zeros([2, 1]), name="w")

    def __call__(self, x):
        return x @ self.w


class TestAdam:
    """It is TensorFlow 1's to the bit, and a Keras optimizer."""

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("dtype", [tf.float32, tf.float64, tf.float16])
    @pytest.mark.parametrize("kind", ["dense", "sparse"])
    def test_two_hundred_steps_are_those_of_tensorflow_1(self, dtype, kind):
        rng = np.random.default_rng(3)
        start = rng.normal(size=(5, 2))
        mine, theirs = (tf.Variable(start, dtype=dtype) for _ in range(2))
        adam, old = training.Adam(0.01), tf.compat.v1.train.AdamOptimizer(0.01)

        @tf.function
        def step(gradient, ids):
            if kind == "sparse":  # some rows twice
                gradient = tf.IndexedSlices(tf.gather(gradient, ids), ids)
            adam.apply([gradient], [mine])
            old.apply_gradients([(gradient, theirs)])

        for _ in range(200):
            step(tf.constant(rng.normal(size=(5, 2)), dtype), tf.constant(rng.integers(0, 5, 3)))
        np.testing.assert_array_equal(mine, theirs)
        assert not np.array_equal(mine, start)

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("jit_compile", [False, True])
    @pytest.mark.parametrize(
        "how",
        [{}, {"amsgrad": True}, {"gradient_accumulation_steps": 2}, {"clipnorm": 0.1}],
        ids=str,
    )
    def test_in_keras_trainer(self, how, jit_compile):
        x, y = points()
        weights = []
        for kind in (training.Adam, tf.keras.optimizers.Adam):
            model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="ones")])
            model.compile(kind(0.01, epsilon=1e-7, **how), "mse", jit_compile=jit_compile)
            model.fit(x, y, batch_size=10, epochs=3, shuffle=False, verbose=0)
            weights.append(model.get_weights()[0])
        np.testing.assert_allclose(*weights, atol=1e-6)
        assert (weights[0] != 1).any()

    @pytest.mark.parametrize("kind", ["dense", "sparse"])
    def test_bfloat16(self, kind):
        weights = []
        for dtype in (tf.bfloat16, tf.float32):
            variable, adam = tf.Variable(tf.ones([3, 2], dtype)), training.Adam(0.05)
            for _ in range(20):
                gradient = tf.ones([3, 2], dtype)
                if kind == "sparse":
                    gradient = tf.IndexedSlices(gradient, [0, 1, 2])
                adam.apply([gradient], [variable])
            weights.append(tf.cast(variable, tf.float32).numpy())
        np.testing.assert_allclose(*weights, atol=0.05)
        assert abs(weights[0]).max() < 0.1

    def test_under_a_strategy(self):
        x, y = points()
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        weights = []
        for kind in (training.Adam, tf.keras.optimizers.Adam):
            with strategy.scope():
                model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_initializer="ones")])
                model.compile(kind(0.01, epsilon=1e-7), "mse")
            model.fit(x, y, batch_size=10, epochs=2, shuffle=False, verbose=0)
            weights.append(model.get_weights()[0])
        np.testing.assert_allclose(*weights, atol=1e-6)

    def test_it_is_saved_with_a_model(self, tmp_path):
        x, y = points()
        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        model.compile(training.Adam(0.01, beta_1=0.8), "mse")
        model.fit(x, y, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = tf.keras.models.load_model(tmp_path / "model.keras")
        assert type(loaded.optimizer) is training.Adam and loaded.optimizer.beta_1 == 0.8
        for each in (model, loaded):
            each.fit(x, y, shuffle=False, verbose=0)
        np.testing.assert_array_equal(model.get_weights()[0], loaded.get_weights()[0])


class TestOptimizers:
    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("kind", ["SGD", "RMSprop", "AdamW", "Nadam", "Lion", "Adafactor"])
    def test_any_of_keras(self, kind):
        x, y = points()
        dense = Dense()
        optimizer = getattr(tf.keras.optimizers, kind)(0.05)
        history = training.fit(
            dense, "mse", [x, y], epochs=30, batch_size=20, optimizer=optimizer, clip_norm=1.0
        )
        assert history.mean_loss() < history.mean_loss(0)
        assert int(optimizer.iterations) == 60

    @pytest.mark.parametrize("kind", ["SGD", "Adafactor", "Muon", None])
    def test_constraints_of_keras(self, kind):
        model = tf.keras.Sequential([tf.keras.layers.Dense(1, kernel_constraint="non_neg")])
        optimizer = None if kind is None else getattr(tf.keras.optimizers, kind)(0.1)
        training.fit(model, "mse", points(), epochs=20, optimizer=optimizer)
        kernel, bias = model.get_weights()
        assert kernel.min() >= 0 and bias != 0

    def test_a_constraint_of_tensorflow(self):
        dense = Dense()
        dense.w = tf.Variable(tf.zeros([2, 1]), constraint=tf.nn.relu)
        training.fit(dense, "mse", points(), epochs=20, learning_rate=0.1)
        assert dense.w.numpy()[0] > 0 == dense.w.numpy()[1]

    def test_a_schedule(self):
        x, y = points()
        schedule = tf.keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
        one, other = Dense(), Dense()
        training.fit(one, "mse", [x, y], epochs=4, batch_size=10, learning_rate=schedule)
        adam = training.Adam(schedule)
        training.fit(other, "mse", [x, y], epochs=4, batch_size=10, optimizer=adam)
        np.testing.assert_array_equal(one.w, other.w)
        assert float(adam.learning_rate) == pytest.approx(0.1 * 0.5 ** (16 / 5))

    def test_it_goes_on_from_its_slots(self):
        x, y = points()
        one, other = Dense(), Dense()
        training.fit(one, "mse", [x, y], epochs=4, batch_size=10)
        adam = training.Adam()
        for _ in range(2):
            training.fit(other, "mse", [x, y], epochs=2, batch_size=10, optimizer=adam)
        np.testing.assert_array_equal(one.w, other.w)
        with pytest.raises(ValueError, match="optimizer must be new or .*; got one, Adam, that "):
            training.fit(Dense(), "mse", [x, y], epochs=1, optimizer=adam)

    def test_not_finite(self):
        x, y = points()
        x[7] = np.nan
        dense = Dense()
        with pytest.raises(FloatingPointError, match=r"that of w:0 is not finite.*example 7\.$"):
            training.fit(dense, "mse", [x, y], epochs=1, optimizer=tf.keras.optimizers.SGD(0.1))
        assert not dense.w.numpy().any()

    def test_scaled_losses(self):
        x, y = points()
        plain, scaled = Dense(), Dense()
        how = {"epochs": 3, "batch_size": 10, "clip_norm": 0.5}
        training.fit(plain, "mse", [x, y], **how, optimizer=tf.keras.optimizers.SGD(0.1))
        inner = tf.keras.optimizers.SGD(0.1)
        training.fit(
            scaled, "mse", [x, y], **how, optimizer=tf.keras.optimizers.LossScaleOptimizer(inner)
        )
        np.testing.assert_allclose(plain.w, scaled.w, rtol=1e-5)


class TestKerasLosses:
    @pytest.mark.parametrize("name", ["mse", "mean_squared_error", "MeanSquaredError"])
    def test_a_name_and_a_function_give_the_same(self, name):
        x, y = points()
        one, other = Dense(), Dense()
        by_name = training.fit(one, name, [x, y[:, 0]], epochs=2, batch_size=16)  # [B] is squeezed
        by_hand = training.fit(
            other,
            lambda x, y: tf.reduce_mean((other(x) - y) ** 2),
            [x, y],
            epochs=2,
            batch_size=16,
        )
        np.testing.assert_allclose(by_name.loss, by_hand.loss, rtol=1e-6)

    def test_sample_weights(self):
        x, y = points()
        dense, weights = Dense(), np.zeros(40, np.float32)
        loss = tf.keras.losses.MeanSquaredError()
        assert training.fit(dense, loss, [x, y, weights], epochs=1).loss == [0]

    def test_every_name_of_keras(self):
        for name in ("kl_divergence", "log_cosh", "huber", "sparse_categorical_crossentropy"):
            assert isinstance(training._loss_of_name(name), tf.keras.losses.Loss)

    def test_a_keras_model_is_in_training_and_regularized(self):
        x, y = points()
        layers = tf.keras.layers
        model = tf.keras.Sequential(
            [layers.Dense(1, kernel_regularizer="l2", kernel_initializer="ones"), layers.Dropout(1)]
        )
        history = training.fit(model, "mse", [x, y], epochs=1)
        expected = np.mean(y**2) + 0.01 * 2  # all is dropped, and 0.01 times 1 squared, twice
        np.testing.assert_allclose(history.loss[0], expected, rtol=1e-5)

    @pytest.mark.parametrize(
        "model, data, error, words",
        [
            ([Dense(), Dense()], points(), TypeError, "model must be one module .*; got a list of"),
            (Dense(), points()[:1], ValueError, r"data must be \[x, y\] or .*; got 1 arrays"),
        ],
    )
    def test_arguments(self, model, data, error, words):
        with pytest.raises(error, match=words):
            training.fit(model, "mse", data, epochs=1)


class Holder(tf.Module):
    """Holds what it is given."""

    def __init__(self, **parts):
        super().__init__()
        self.bias = tf.Variable(tf.zeros([1]), name="bias")
        read = []  # the layers, for the loss alone
        self.reads = lambda: read
        for name, part in parts.items():
            setattr(self, name, part)

    def __call__(self, x):
        for layer in self.reads():
            x = layer(x)
        return x + self.bias


class TestLayersThatAreNotTracked:
    @pytest.mark.parametrize(
        "hold, path",
        [
            (lambda layer: {"dense": layer}, r"model\.dense"),
            (lambda layer: {"parts": [0, layer]}, r"model\.parts\[1\]"),
            (lambda layer: {"parts": {"a": (layer,)}}, r"model\.parts\['a'\]\[0\]"),
            (lambda layer: {"inner": Holder(_dense=layer)}, r"model\.inner\._dense"),
        ],
    )
    def test_are_named(self, hold, path):
        layer = tf.keras.layers.Dense(1)
        module = Holder(**hold(layer))
        module.reads().append(layer)
        add = path.removeprefix("model")
        with pytest.raises(
            ValueError,
            match=rf"model must track .*; got {path}, the Keras layer Dense, .*: pass "
            rf"model=\[module, module{add}\]\.$",
        ):
            training.fit(module, "mse", points(), epochs=1)

    def test_a_tf_module_in_a_keras_layer(self):
        class Outer(tf.keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.mine, self.head = Dense(), tf.keras.layers.Dense(1)

            def call(self, x):
                return self.head(self.mine(x))

        with pytest.raises(ValueError, match=r"got model\.mine, a Dense, whose .* a Keras layer"):
            training.fit(Outer(), "mse", points(), epochs=1)

    def test_all_that_is_well(self):
        x, y = points()
        layer, frozen, spare = (tf.keras.layers.Dense(1) for _ in range(3))
        frozen.trainable = False
        flatten = tf.keras.layers.Flatten()
        module = Holder(dense=layer, frozen=frozen, spare=spare, flatten=flatten)
        module.reads().extend([layer, frozen, flatten])
        spare(np.ones([1, 2]))  # built, but the loss does not read it
        before = []

        def loss(x, y):
            before.append(0)
            return tf.reduce_mean((module(x) - y) ** 2)

        training.fit([module, layer], loss, [x, y], epochs=1)
        training.fit([module, layer], loss, [x, y], epochs=1)  # built now

    def test_in_a_list(self):
        layer = tf.keras.layers.Dense(1)
        module = Holder(dense=layer)
        module.reads().append(layer)
        with pytest.raises(ValueError, match=r"got model\[1\]\.dense, .*=\[module, module\.dense"):
            training.fit(
                [Line(), module], lambda x, y: tf.reduce_mean(module(x) - y), points(), epochs=1
            )


def fit_with(callbacks, model=None, **how):
    model = Dense() if model is None else model
    how = {"epochs": 6, "batch_size": 10, "learning_rate": 0.1, **how}
    return model, training.fit(model, "mse", points(), callbacks=callbacks, **how)


class TestCallbacks:
    def test_a_bar_of_keras_and_no_warning(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            fit_with([tf.keras.callbacks.ProgbarLogger()], epochs=1, verbose=False)

    def test_hooks_and_logs(self):
        seen = []

        class Spy(tf.keras.callbacks.Callback):
            def on_train_begin(self, logs=None):
                seen.append(("begin", self.params["epochs"], self.params["steps"]))

            def on_epoch_begin(self, epoch, logs=None):
                seen.append(epoch)

            def on_epoch_end(self, epoch, logs=None):
                seen.append(logs)

            def on_train_end(self, logs=None):
                seen.append("end")

        _, history = fit_with([Spy()], epochs=2, each_epoch=lambda e, h: {"val_loss": e, "a": "b"})
        logs = [
            {
                "loss": pytest.approx(history.mean_loss(e)),
                "learning_rate": pytest.approx(0.1),
                "val_loss": e + 1,
            }
            for e in range(2)
        ]
        assert seen == [("begin", 2, 4), 0, logs[0], 1, logs[1], "end"]

    def test_steps_one_by_one_give_the_same(self):
        seen = []
        watch = tf.keras.callbacks.LambdaCallback(
            on_train_batch_begin=lambda step, logs: seen.append(step),
            on_train_batch_end=lambda step, logs: seen.append(logs["loss"]),
        )
        one, history = fit_with([watch])
        other, plain = fit_with(None)
        np.testing.assert_array_equal(one.w, other.w)
        np.testing.assert_array_equal(history.loss, plain.loss)
        assert seen[::2] == [0, 1, 2, 3] * 6
        np.testing.assert_array_equal(np.array(seen[1::2], np.float32), plain.loss)

    def test_early_stopping_restores_the_best(self):
        stop = tf.keras.callbacks.EarlyStopping(
            "val_loss", patience=2, restore_best_weights=True, mode="min"
        )
        kept = []
        model = Dense()

        def each_epoch(epoch, history):
            kept.append(model.w.numpy())
            return {"val_loss": abs(epoch - 2)}

        _, history = fit_with([stop], model, each_epoch=each_epoch)
        assert len(history.seconds) == 4
        np.testing.assert_array_equal(model.w, kept[1])

    def test_the_rate_is_lowered(self):
        class Rates(tf.keras.callbacks.Callback):
            def __init__(self):
                super().__init__()
                self.seen = []

            def on_epoch_end(self, epoch, logs=None):
                self.seen.append(round(logs["learning_rate"], 6))

        rates = Rates()
        lower = tf.keras.callbacks.ReduceLROnPlateau("loss", 0.5, patience=1, min_delta=1e9)
        fit_with([rates, lower], epochs=3)
        assert rates.seen == [0.1, 0.1, 0.05]
        rates = Rates()
        planned = tf.keras.callbacks.LearningRateScheduler(lambda epoch, rate: 0.1 / (epoch + 1))
        fit_with([planned, rates], epochs=2)
        assert rates.seen == [0.1, 0.05]

    def test_a_run_is_stopped_within_an_epoch(self):
        class Stop(tf.keras.callbacks.Callback):
            def on_train_batch_end(self, step, logs=None):
                self.model.stop_training = step == 1

        _, history = fit_with([Stop()])
        assert len(history.loss) == 2 and len(history.seconds) == 1

    def test_files(self, tmp_path):
        callbacks = tf.keras.callbacks
        fit_with(
            [
                callbacks.CSVLogger(tmp_path / "log.csv"),
                callbacks.TensorBoard(tmp_path / "board", write_graph=False),
                callbacks.TerminateOnNaN(),
            ],
            epochs=2,
        )
        rows = (tmp_path / "log.csv").read_text().splitlines()
        assert rows[0].startswith("epoch,learning_rate,loss") and len(rows) == 3
        assert list((tmp_path / "board" / "train").iterdir())

    def test_a_keras_model_is_given_itself(self, tmp_path):
        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        path = tmp_path / "best.keras"
        seen = []

        class Spy(tf.keras.callbacks.Callback):
            def on_epoch_end(self, epoch, logs=None):
                seen.append((self.model is model, float(self.model.optimizer.learning_rate)))

        fit_with([tf.keras.callbacks.ModelCheckpoint(path, "loss"), Spy()], model, epochs=1)
        assert seen == [(True, pytest.approx(0.1))]
        assert model.optimizer is None  # as it was
        loaded = tf.keras.models.load_model(path, compile=False)
        np.testing.assert_array_equal(loaded.get_weights()[0], model.get_weights()[0])

    def test_what_needs_a_keras_model_says_so(self, tmp_path):
        words = "model must be one Keras model for the callback ModelCheckpoint, .*; got Dense: "
        with pytest.raises(AttributeError, match=words):
            fit_with([tf.keras.callbacks.ModelCheckpoint(tmp_path / "best.keras")])


def test_fit_is_called_eagerly():
    with pytest.raises(RuntimeError, match="fit must be called eagerly"):
        tf.function(fit_a_line)()


def test_mean_loss_wants_an_epoch_that_was_run():
    history = fit_a_line(epochs=2, batch_size=5)
    assert history.mean_loss() == history.mean_loss(1) == history.mean_loss(-1)
    for wrong in (2, -3, 0.5, True, None):
        with pytest.raises(IndexError, match=r"epoch must be an index into the 2 epochs .*\.$"):
            history.mean_loss(wrong)


def test_accuracy():
    logits = [[[0.0, 1.0], [2.0, 1.0]], [[5.0, 1.0], [0.0, 9.0]]]
    labels = [[1, 1], [0, 1]]
    assert training.accuracy(logits, labels) == 0.75
    np.testing.assert_allclose(training.accuracy(logits, labels, [[1, 0], [1, 1]]), 1)
    assert training.accuracy(logits, labels, [[0, 0], [0, 0]]) == 0


def every_way(function, *arguments):
    """Eagerly; traced with known shapes; and with shapes and ranks that only a run tells."""
    yield lambda: function(*arguments)
    tensors = [tf.convert_to_tensor(argument) for argument in arguments]
    for shape in (lambda t: t.shape, lambda t: [None] * t.shape.rank, lambda t: None):
        specs = tuple(tf.TensorSpec(shape(tensor), tensor.dtype) for tensor in tensors)
        yield lambda specs=specs: traced(function, specs)(*tensors)


@functools.cache
def traced(function, specs):
    return tf.function(function, input_signature=specs)


LOGITS = np.random.default_rng(5).normal(size=(2, 3, 4)).astype(np.float32)
LABELS = np.array([[0, 1, 2], [3, 0, 1]])
ONES = np.ones((2, 3), np.float32)


class TestAccuracy:
    @pytest.mark.parametrize(
        "shape", [(2, 1), (1, 3), (1, 1), (2,), (3,), (1,), (), (3, 2), (2, 3, 1), (1, 2, 3)]
    )
    def test_shapes_are_not_stretched(self, shape):
        for call in every_way(training.accuracy, LOGITS, LABELS, np.ones(shape, np.float32)):
            with pytest.raises(ERRORS, match="weights must have the shape of labels"):
                call()
        for call in every_way(training.accuracy, LOGITS, np.zeros(shape, np.int64)):
            with pytest.raises(ERRORS, match="labels must have the shape of logits without"):
                call()

    @given(st.integers(0, 1), st.integers(0, 2), st.booleans())
    @settings(max_examples=8, deadline=None)
    def test_nan(self, b, t, all_classes):
        logits, weights = LOGITS.copy(), ONES.copy()
        logits[b, t, slice(None) if all_classes else 0] = np.nan
        weights[b, t] = 0
        expected = training.accuracy(LOGITS, LABELS, weights)
        for call in every_way(training.accuracy, logits, LABELS, weights):
            np.testing.assert_array_equal(call(), expected)
        for arguments in ([logits, LABELS], [logits, LABELS, ONES]):
            for call in every_way(training.accuracy, *arguments):
                with pytest.raises(ERRORS, match="(?s)logits must hold no NaN.*got.*nan"):
                    call()

    @given(st.sampled_from([-1, 4, 10**12, -(2**62)]))
    @settings(max_examples=4, deadline=None)
    def test_labels_out_of_range(self, wrong):
        labels, weights = LABELS.copy(), ONES.copy()
        labels[1, 2], weights[1, 2] = wrong, 0
        expected = training.accuracy(LOGITS, LABELS, weights)
        for call in every_way(training.accuracy, LOGITS, labels, weights):
            np.testing.assert_array_equal(call(), expected)
        for arguments in ([LOGITS, labels], [LOGITS, labels, ONES]):
            for call in every_way(training.accuracy, *arguments):
                with pytest.raises(ERRORS, match=f"(?s)labels must be in 0..C-1.*got.*{wrong}"):
                    call()

    @pytest.mark.parametrize("wrong", [-1.0, np.nan, np.inf])
    def test_weights(self, wrong):
        weights = ONES.copy()
        weights[0, 1] = wrong
        for call in every_way(training.accuracy, LOGITS, LABELS, weights):
            with pytest.raises(ERRORS, match="weights must be finite and at least 0"):
                call()

    @pytest.mark.parametrize("kind", [bool, np.int32, np.float64])
    def test_weights_of_any_kind(self, kind):
        expected = training.accuracy(LOGITS, LABELS, [[1.0, 0, 0], [0, 1, 1]])
        weights = np.array([[1, 0, 0], [0, 1, 1]], kind)
        assert training.accuracy(LOGITS, LABELS, weights) == expected

    def test_a_class_that_is_ruled_out(self):
        logits = LOGITS.copy()
        logits[..., 0] = -np.inf
        right = logits.argmax(-1) == LABELS
        np.testing.assert_allclose(training.accuracy(logits, LABELS), right.mean(), rtol=1e-6)

    def test_compiled_by_xla_nan_counts_as_wrong(self):
        compiled = tf.function(training.accuracy, jit_compile=True)
        right = LOGITS.argmax(-1)  # all are right
        assert compiled(LOGITS, right) == 1
        assert compiled(np.full_like(LOGITS, np.nan), right * 0) == 0

    @pytest.mark.parametrize(
        "arguments, error, words",
        [
            ([LOGITS, LABELS.astype(float)], ValueError, "labels must be class numbers .* float64"),
            ([LOGITS, LABELS > 0], ValueError, "labels must be class numbers .* bool"),
            ([LOGITS, np.eye(4)[LABELS]], ValueError, "labels .* tf.argmax.* for one-hot"),
            ([LOGITS > 0, LABELS], ValueError, "logits must be numbers; got bool"),
            ([1.0, 0], ValueError, r"logits must be \[\.\.\., C\], C at least 1; got shape \(\)"),
            ([LOGITS[..., :0], LABELS], ValueError, r"logits must be .* C at least 1"),
            ([None, LABELS], TypeError, "logits must be scores .*; got None"),
            ([LOGITS, None], TypeError, "labels must be class numbers .*; got None"),
            ([LOGITS, "abc"], TypeError, "labels must be class numbers .*; got 'abc'"),
            ([LOGITS, [[1], [1, 2]]], ValueError, "labels must be .* differ in length"),
            ([LOGITS, LABELS, "all"], TypeError, "weights must be numbers .*; got 'all'"),
            ([LOGITS, LABELS, ONES * 1j], ValueError, "weights must be numbers; got complex"),
            ([LOGITS, LABELS, 1], ValueError, r"weights must have the shape of labels, \(2, 3\)"),
        ],
    )
    def test_arguments(self, arguments, error, words):
        with pytest.raises(error, match=rf"{words}.*\.$"):
            training.accuracy(*arguments)

    def test_in_a_graph_of_tensorflow_1(self):
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            logits = tf.compat.v1.placeholder(tf.float32)
            weights = tf.compat.v1.placeholder(tf.float32)
            value = training.accuracy(logits, LABELS, weights)
            expected = (LOGITS.argmax(-1) == LABELS).mean()
            got = session.run(value, {logits: LOGITS, weights: ONES})
            np.testing.assert_allclose(got, expected, rtol=1e-6)
            with pytest.raises(tf.errors.InvalidArgumentError, match="logits must hold no NaN"):
                session.run(value, {logits: LOGITS * np.nan, weights: ONES})
            with pytest.raises(tf.errors.InvalidArgumentError, match="weights must have the shape"):
                session.run(value, {logits: LOGITS, weights: ONES[:, :1]})


def test_by_batch_drops_nothing():
    values, sizes = training.by_batch(lambda x: tf.reduce_mean(x), (X,), 4)
    np.testing.assert_array_equal(sizes, [4, 4, 2])
    np.testing.assert_allclose(values, [X[:4].mean(), X[4:8].mean(), X[8:].mean()], rtol=1e-6)
    np.testing.assert_allclose(np.average(values, weights=sizes), X.mean(), atol=1e-7)


def mean(*arrays):
    return tf.add_n([tf.reduce_mean(array) for array in arrays])


@pytest.mark.parametrize(
    "measure, data, batch_size, error, words",
    [
        (mean, [X], -5, ValueError, f"batch_size {WHOLE} 1; got -5"),
        (mean, [X], 0, ValueError, f"batch_size {WHOLE} 1; got 0"),
        (mean, [X], 2.5, ValueError, f"batch_size {WHOLE} 1; got 2.5"),
        (mean, [X], True, ValueError, f"batch_size {WHOLE} 1; got True"),
        (mean, [X], None, ValueError, f"batch_size {WHOLE} 1; got None"),
        (mean, X, 4, TypeError, r"data must be a list of arrays .* written as \[array\]"),
        (mean, tf.constant(X), 4, TypeError, r"data must be a list of arrays .* written as \[arr"),
        (mean, None, 4, TypeError, "data must be a list of arrays .*; got None"),
        (mean, [], 4, ValueError, r"data must be arrays .*; got \[\]"),
        (mean, [X[:0]], 4, ValueError, r"data must be arrays .*; got \[0\]"),
        (mean, [X, X[:3]], 4, ValueError, r"data must be arrays .*; got \[10, 3\]"),
        (mean, [X, 2.0], 4, ValueError, r"data\[1\] must be an array"),
        (5, [X], 4, TypeError, "measure must be a function of a batch; got 5"),
        (lambda x, y: x, [X], 4, TypeError, "measure must take one argument for each .* 1 in all"),
        (tf.identity, [X], 4, ValueError, r"measure must return a scalar; got shape \(4,\)"),
        (lambda x: None, [X], 4, TypeError, "measure must return a scalar; got None"),
        (
            lambda x: (x[0], x[0]),
            [X],
            4,
            TypeError,
            "measure must return a scalar; got a tuple",
        ),
    ],
)
def test_by_batch_arguments(measure, data, batch_size, error, words):
    with pytest.raises(error, match=rf"{words}.*\.$"):
        training.by_batch(measure, data, batch_size)


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
