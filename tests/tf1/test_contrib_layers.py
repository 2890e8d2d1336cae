"""The layers of `tf.contrib.layers` that need no tf_slim, against NumPy."""

import importlib
import types

import numpy as np
import pytest

import unrolled.tf1 as tf

FILES = "contrib_initializers contrib_layers contrib_embeddings optimize_loss".split()
MODULES = [importlib.import_module(f"unrolled.tf1.shims.layers.{name}") for name in FILES]
contrib = types.SimpleNamespace(**{k: v for module in MODULES for k, v in vars(module).items()})

B, T, D, U = 3, 4, 5, 6
RANDOM = np.random.RandomState(0)
ROWS = RANDOM.normal(size=[B, D]).astype(np.float32)
STEPS = RANDOM.normal(size=[B, T, D]).astype(np.float32)
IMAGES = RANDOM.normal(size=[B, 7, 6, 2]).astype(np.float32)


def standardised(x):
    return (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3)


def test_fully_connected():
    x = tf.placeholder(tf.float32, [None, T, D])
    first = contrib.fully_connected(x, U, variables_collections=["mine"])
    second = contrib.fully_connected(
        inputs=first,
        num_outputs=2,
        activation_fn=None,
        biases_initializer=tf.constant_initializer(0.5),
        weights_regularizer=contrib.l2_regularizer(0.1),
        variables_collections={"weights": ["its weights"]},
        outputs_collections="ends",
    )
    assert second.shape.as_list() == [None, T, 2]
    names = [v.op.name for v in tf.trainable_variables()]
    assert names == [
        "fully_connected/weights",
        "fully_connected/biases",
        "fully_connected_1/weights",
        "fully_connected_1/biases",
    ]
    assert tf.get_collection(tf.GraphKeys.MODEL_VARIABLES) == tf.global_variables()
    assert [v.op.name for v in tf.get_collection("mine")] == names[:2]
    assert [v.op.name for v in tf.get_collection("its weights")] == names[2:3]
    assert tf.get_collection("ends") == [second]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        (w1, b1, w2, b2), (loss,), hidden, outputs = session.run(
            [tf.trainable_variables(), tf.losses.get_regularization_losses(), first, second],
            {x: STEPS},
        )
    assert (b1 == 0).all() and (b2 == 0.5).all()
    np.testing.assert_allclose(hidden, np.maximum(STEPS @ w1, 0), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(outputs, hidden @ w2 + b2, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loss, 0.1 * (w2**2).sum() / 2, rtol=1e-5)
    assert np.abs(w1).max() <= np.sqrt(6 / (D + U))


def test_fully_connected_in_scopes():
    x = tf.ones([1, D])
    one = contrib.fully_connected(x, U, scope="fc", trainable=False)
    other = contrib.fully_connected(x, U, scope="fc", reuse=True)
    contrib.linear(x, U, biases_initializer=None)
    with tf.variable_scope("outer") as outer:
        contrib.relu6(x, 1)
    contrib.elu(x, 1, scope=outer, weights_initializer=tf.zeros_initializer)
    assert [v.op.name for v in tf.global_variables()] == [
        "fc/weights",
        "fc/biases",
        "fully_connected/weights",
        "outer/fully_connected/weights",
        "outer/fully_connected/biases",
        "outer/weights",
        "outer/biases",
    ]
    assert tf.trainable_variables() == tf.global_variables()[2:]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_array_equal(*session.run([one, other]))


@pytest.mark.parametrize("updates_collections", [tf.GraphKeys.UPDATE_OPS, None])
def test_fully_connected_with_batch_norm(updates_collections):
    params = {"decay": 0.9, "updates_collections": updates_collections}
    outputs = contrib.fully_connected(
        tf.constant(ROWS), U, normalizer_fn=contrib.batch_norm, normalizer_params=params
    )
    assert [v.op.name for v in tf.global_variables()] == [
        "fully_connected/weights",
        "fully_connected/BatchNorm/beta",
        "fully_connected/BatchNorm/moving_mean",
        "fully_connected/BatchNorm/moving_variance",
    ]
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == (2 if updates_collections else 0)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        weights, _, *before = session.run(tf.global_variables())
        got, _ = session.run([outputs, updates])
        _, _, *after = session.run(tf.global_variables())
    product = ROWS @ weights
    expected = np.maximum(standardised(product), 0)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
    assert (before[0] == 0).all() and (before[1] == 1).all()
    np.testing.assert_allclose(after[0], 0.1 * product.mean(0), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(after[1], 0.9 + 0.1 * product.var(0, ddof=1), rtol=1e-4)


def test_batch_norm_out_of_training_with_gamma():
    outputs = contrib.batch_norm(
        tf.constant(STEPS), scale=True, is_training=False, activation_fn=tf.tanh, scope="bn"
    )
    assert [v.op.name for v in tf.trainable_variables()] == ["bn/gamma", "bn/beta"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(
            session.run(outputs), np.tanh(STEPS / np.sqrt(1.001)), rtol=1e-5, atol=1e-6
        )


def test_embed_sequence():
    ids = tf.placeholder(tf.int32, [None, T])
    embedded = contrib.embed_sequence(ids, vocab_size=7, embed_dim=D)
    again = contrib.embed_sequence(ids, unique=True, scope="EmbedSequence", reuse=True)
    assert embedded.shape.as_list() == [None, T, D]
    (table,) = tf.trainable_variables()
    assert (table.name, table.shape.as_list()) == ("EmbedSequence/embeddings:0", [7, D])
    assert tf.get_collection(tf.GraphKeys.MODEL_VARIABLES) == [table]
    feed = np.array([[6, 0, 1, 1], [2, 3, 4, 5]])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        rows, *got = session.run([table, embedded, again], {ids: feed})
    for values in got:
        np.testing.assert_array_equal(values, rows[feed])


def test_flatten_of_contrib():
    flat = contrib.flatten(tf.constant(IMAGES), outputs_collections=["flat"])
    assert tf.get_collection("flat") == [flat] and flat.op.name.startswith("Flatten/")
    with tf.Session() as session:
        np.testing.assert_array_equal(session.run(flat), IMAGES.reshape(B, -1))


@pytest.mark.parametrize("shape, n", [([300, 100], 200), ([3, 3, 40, 80], 540), ([5000], 5000)])
def test_xavier_initializer(shape, n):
    even = contrib.xavier_initializer(seed=1)(shape)
    normal = contrib.xavier_initializer(uniform=False)(shape, dtype=tf.float64)
    assert normal.dtype == tf.float64
    with tf.Session() as session:
        even, normal = session.run([even, normal])
    limit = np.sqrt(3 / n)
    assert 0.99 * limit < np.abs(even).max() <= limit
    np.testing.assert_allclose(even.var(), 1 / n, rtol=0.05)
    assert 1.8 * np.sqrt(1.3 / n) < np.abs(normal).max() <= 2 * np.sqrt(1.3 / n)
    np.testing.assert_allclose(normal.var(), 1 / n, rtol=0.06)


@pytest.mark.parametrize("mode, n", [("FAN_IN", 300), ("FAN_OUT", 100), ("FAN_AVG", 200)])
def test_variance_scaling_initializer(mode, n):
    initializer = contrib.variance_scaling_initializer(mode=mode)
    variable = tf.get_variable("v", [300, 100], initializer=initializer)
    with tf.Session() as session:
        session.run(variable.initializer)
        np.testing.assert_allclose(session.run(variable).var(), 2 / n, rtol=0.05)


def test_regularizers():
    weights = tf.get_variable("w", [2], initializer=tf.constant_initializer([3.0, -4.0]))
    with tf.variable_scope("unheard", regularizer=contrib.l2_regularizer(0.0)):
        tf.get_variable("v", [2])
    assert tf.losses.get_regularization_losses() == []
    losses = [contrib.l1_regularizer(0.5)(weights), contrib.l2_regularizer(0.5, "mine")(weights)]
    assert [loss.op.name.split("/")[0] for loss in losses] == ["l1_regularizer", "mine"]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(losses), [3.5, 6.25])


# optimize_loss: W starts at [3, -4], the loss is W² / 2, so the gradient is W itself.

START = np.array([3.0, -4.0], np.float32)


def quadratic():
    weights = tf.get_variable("w", initializer=START)
    return tf.reduce_sum(tf.square(weights)) / 2, weights


def trained(steps=1, **how):
    """The losses that training returns, the weights after each step, and the step counter."""
    loss, weights = quadratic()
    counter = tf.train.get_or_create_global_step()
    train = contrib.optimize_loss(
        loss, counter, **{"learning_rate": 0.1, "optimizer": "SGD", **how}
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses, values = zip(*[(session.run(train), session.run(weights)) for _ in range(steps)])
        return losses, values, session.run(counter)


def step_of(optimizer):
    """One step of an optimiser of tf.train, alone."""
    with tf.Graph().as_default(), tf.Session() as session:
        loss, weights = quadratic()
        train = optimizer().minimize(loss)
        session.run(tf.global_variables_initializer())
        session.run(train)
        return session.run(weights)


MOMENTUM = lambda: tf.train.MomentumOptimizer(0.1, 0.9)  # noqa: E731
FORMS = {
    "SGD": ("SGD", lambda: tf.train.GradientDescentOptimizer(0.1)),
    "Adagrad": ("Adagrad", lambda: tf.train.AdagradOptimizer(0.1)),
    "Adam": ("Adam", lambda: tf.train.AdamOptimizer(0.1)),
    "Ftrl": ("Ftrl", lambda: tf.train.FtrlOptimizer(0.1)),
    "Momentum": ("Momentum", MOMENTUM),
    "RMSProp": ("RMSProp", lambda: tf.train.RMSPropOptimizer(0.1)),
    "a class": (tf.train.AdagradOptimizer, lambda: tf.train.AdagradOptimizer(0.1)),
    "a function": (lambda rate: tf.train.MomentumOptimizer(rate, 0.9), MOMENTUM),
}


@pytest.mark.parametrize("form", FORMS)
def test_optimize_loss_takes_a_step_of(form):
    optimizer, alone = FORMS[form]
    (loss,), (weights,), counted = trained(optimizer=optimizer)
    assert (loss, counted) == (12.5, 1)  # the loss from before the step
    np.testing.assert_allclose(weights, step_of(alone), rtol=1e-6)
    assert not np.array_equal(weights, START)


@pytest.mark.parametrize("form", ["an optimiser", "a function of nothing"])
@pytest.mark.parametrize("rate", [None, 0.7])
def test_optimize_loss_leaves_an_optimiser_its_own_rate(form, rate):
    made = tf.train.GradientDescentOptimizer(0.2)
    if form == "an optimiser":
        _, (weights,), _ = trained(optimizer=made, learning_rate=rate)
    elif rate is None:
        _, (weights,), _ = trained(optimizer=lambda: made, learning_rate=None)
    else:
        _, (weights,), _ = trained(optimizer=lambda rate: made, learning_rate=rate)
    np.testing.assert_allclose(weights, 0.8 * START, rtol=1e-6)


def test_optimize_loss_momentum_is_nine_tenths():
    _, values, counted = trained(2, optimizer="Momentum")
    first = 0.9 * START
    np.testing.assert_allclose(values[1], first - 0.1 * (0.9 * START + first), rtol=1e-6)
    assert counted == 2


def test_optimize_loss_names_and_collections():
    loss, weights = quadratic()
    counter = tf.train.get_or_create_global_step()
    contrib.optimize_loss(loss, None, 0.1, "Adagrad")
    contrib.optimize_loss(loss, counter, 1, "SGD")
    contrib.optimize_loss(loss, counter, tf.constant(0.1), "SGD", name="mine")
    assert [v.name for v in tf.trainable_variables()] == ["w:0"]
    assert [v.name for v in tf.global_variables()] == [
        "w:0",
        "global_step:0",
        "OptimizeLoss/learning_rate:0",
        "OptimizeLoss/w/Adagrad:0",
        "OptimizeLoss_1/learning_rate:0",
    ]
    tags = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
    assert tags == [
        f"{scope}/{tag}"
        for scope in ("OptimizeLoss", "OptimizeLoss_1", "mine")
        for tag in ("global_norm/gradient_norm", "loss")
    ]


@pytest.mark.parametrize(
    "clip, expected",
    [
        (2.5, START / 2),  # the norm is 5
        (5, START),
        (None, START),
        (lambda pairs: [(3 * gradient, v) for gradient, v in pairs], 3 * START),
    ],
)
def test_optimize_loss_clips_gradients(clip, expected):
    _, (weights,), _ = trained(clip_gradients=clip)
    np.testing.assert_allclose(weights, START - 0.1 * expected, rtol=1e-6)


def test_optimize_loss_decays_the_rate():
    halve = lambda rate, step: tf.train.exponential_decay(rate, step, 1, 0.5)  # noqa: E731
    _, values, _ = trained(3, learning_rate_decay_fn=halve)
    factors = np.cumprod([1 - 0.1, 1 - 0.05, 1 - 0.025])
    np.testing.assert_allclose(values, factors[:, np.newaxis] * START, rtol=1e-6)
    tags = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
    assert len(tags) == 3 and "OptimizeLoss/learning_rate_1" in tags  # the variable came first


def test_optimize_loss_counts_where_it_is_asked_to():
    assert trained(2, increment_global_step=False)[2] == 0
    tf.reset_default_graph()
    loss, _ = quadratic()
    train = contrib.optimize_loss(loss, None, 0.1, "SGD")  # a graph without a counter
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert [session.run(train) for _ in range(2)] == pytest.approx([12.5, 0.81 * 12.5])


@pytest.mark.parametrize("given", [False, True])
def test_optimize_loss_runs_updates(given):
    ran, other = (tf.get_variable(name, initializer=0.0) for name in ("ran", "other"))
    updates = [tf.assign_add(ran, 1.0)]
    tf.add_to_collection(
        tf.GraphKeys.UPDATE_OPS, tf.assign_add(other, 1.0) if given else updates[0]
    )
    loss, _ = quadratic()
    train = contrib.optimize_loss(loss, None, 0.1, "SGD", update_ops=updates if given else None)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([ran, other]) == [1, 0]


def test_optimize_loss_multiplies_and_chooses():
    x, y, z, frozen = (tf.get_variable(name, initializer=1.0) for name in ("x", "y", "z", "frozen"))
    table = tf.get_variable("table", initializer=np.ones([3, 1], np.float32))
    loss = x + y + z + frozen + tf.reduce_sum(tf.nn.embedding_lookup(table, [1]))
    contrib_train = contrib.optimize_loss(
        loss,
        None,
        0.1,
        "SGD",
        gradient_multipliers={x: 2.0, "y:0": 3.0, table: 4.0},
        variables=[x, y, z, table],
        summaries=["gradients", "gradient_norm"],
    )
    tags = [s.op.name for s in tf.get_collection(tf.GraphKeys.SUMMARIES)]
    assert {f"OptimizeLoss/gradient{kind}/x_0" for kind in ("s", "_norm")} < set(tags)
    assert "OptimizeLoss/loss" not in tags and len(tags) == 2 * 4 + 1
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run([contrib_train, tf.get_collection(tf.GraphKeys.SUMMARIES)])
        values, rows = session.run([[x, y, z, frozen], table])
    np.testing.assert_allclose(values, [0.8, 0.7, 0.9, 1.0], rtol=1e-6)
    np.testing.assert_allclose(rows[:, 0], [1.0, 0.6, 1.0], rtol=1e-6)


def test_optimize_loss_adds_noise():
    table = tf.get_variable("table", initializer=np.zeros([5000, 1], np.float32))
    unused = tf.get_variable("unused", initializer=0.0)
    loss = tf.reduce_sum(tf.nn.embedding_lookup(table, [1]))
    train = contrib.optimize_loss(loss, None, 1.0, "SGD", gradient_noise_scale=0.1)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        rows, still = session.run([table, unused])
    noise = np.delete(rows[:, 0], 1)
    assert 0.19 < np.abs(noise).max() <= 0.2 and still == 0
    np.testing.assert_allclose(noise.std(), 0.088, rtol=0.05)  # of a normal one cut off at 2


def optimize(**wrong):
    loss, _ = quadratic()
    how = {"loss": loss, "global_step": None, "learning_rate": 0.1, "optimizer": "SGD", **wrong}
    return contrib.optimize_loss(**how)


@pytest.mark.parametrize(
    "wrong, words",
    [
        ({"loss": [1.0, 2.0]}, r"loss must be a scalar; got shape \(2,\)"),
        ({"learning_rate": -0.1}, "learning_rate must be a number of at least 0.*got -0.1"),
        ({"learning_rate": "fast"}, "learning_rate must be a number.*got 'fast'"),
        ({"learning_rate": None}, "learning_rate must be .* the optimizer 'SGD' needs; got None"),
        (
            {"learning_rate": None, "optimizer": tf.train.AdamOptimizer},
            "learning_rate must be a number, .*; got None",
        ),
        ({"optimizer": "sgd"}, "one of the names Adagrad, .*SGD; got 'sgd'"),
        ({"optimizer": 3}, "optimizer must be an optimizer of tf.train.*got 3"),
        ({"optimizer": lambda rate: "mine"}, "which made 'mine'"),
        ({"clip_gradients": "much"}, "clip_gradients must be a number.*got 'much'"),
        ({"summaries": ["losses"]}, "summaries must be among loss, .*got \\['losses'\\]"),
        ({"learning_rate_decay_fn": lambda rate, step: rate}, "global_step must be .*; got None"),
    ],
)
def test_mistakes_of_optimize_loss(wrong, words):
    with pytest.raises(ValueError, match=words):
        optimize(**wrong)


@pytest.mark.parametrize(
    "mistake, words",
    [
        (lambda: contrib.fully_connected(tf.zeros([2]), 2), "inputs of fully_connected"),
        (
            lambda: contrib.embed_sequence([[0]], embed_dim=2),
            "vocab_size and embed_dim .*got None and 2",
        ),
        (lambda: contrib.l1_regularizer(1), "scale of l1_regularizer .*got 1"),
        (lambda: contrib.l2_regularizer(-0.5), "scale of l2_regularizer .*got -0.5"),
    ],
)
def test_mistakes(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()


def test_an_unknown_mode():
    with pytest.raises(TypeError, match="FAN_OUT or FAN_AVG; got 'fan_in'"):
        contrib.variance_scaling_initializer(mode="fan_in")
