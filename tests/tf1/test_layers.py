"""`tf.layers` against TensorFlow's own of 1.15, where the wheel still carries them, else NumPy."""

import types

import networks
import numpy as np
import pytest
from tensorflow.python.keras.legacy_tf_layers import convolutional, core, pooling

import unrolled.tf1 as tf
from unrolled.tf1 import layers as ours

pytestmark = pytest.mark.filterwarnings("ignore:`(tf.layers|layer.apply)")

theirs = types.SimpleNamespace(**{**vars(core), **vars(convolutional), **vars(pooling)})

B, T, D, U = 3, 4, 5, 6
RANDOM = np.random.RandomState(0)
ROWS = RANDOM.normal(size=[B, D]).astype(np.float32)
STEPS = RANDOM.normal(size=[B, T, D]).astype(np.float32)
IMAGES = RANDOM.normal(size=[B, 7, 6, 2]).astype(np.float32)


def squares(weights):
    return tf.reduce_sum(tf.square(weights))


def under_scopes(m, x):
    with tf.variable_scope("outer", initializer=tf.ones_initializer()):
        first = m.dense(x, U, tf.tanh)
        with tf.variable_scope("inner"):
            second = m.dense(first, 2)
    with tf.variable_scope("outer", reuse=True):
        again = m.dense(x, U, tf.tanh)
    return first, second, again


def reused(m, x):
    return [
        m.dense(x, U, name="shared"),
        m.dense(x, U, name="shared", reuse=True),
        m.dense(x, U, name="either", reuse=tf.AUTO_REUSE),
        m.dense(x, U, name="either", reuse=tf.AUTO_REUSE),
        m.dense(x, U),
        m.dense(x, U),
        m.dense(x, U, reuse=True),
        m.dense(x, U, reuse=tf.AUTO_REUSE),
    ]


def shared_instance(m, x):
    layer = m.Dense(D, activation=tf.nn.relu, name="cast")
    with tf.variable_scope("here"):
        first = layer(x)
    with tf.variable_scope("there"):
        return first, layer.apply(first), m.Dense(2)(x), m.Dense(2)(x)


def in_a_loop(m, x):
    layer = m.Dense(D)
    with tf.variable_scope("decoder"):
        step = lambda i, y: (i + 1, tf.tanh(layer(y)))  # noqa: E731
        return tf.while_loop(lambda i, y: i < 3, step, [0, x])[1], layer(x)


CASES = {
    "dense": (ROWS, lambda m, x: m.dense(x, U)),
    "dense, arguments in order": (ROWS, lambda m, x: m.dense(x, U, tf.nn.relu, False)),
    "dense on steps": (STEPS, lambda m, x: m.dense(inputs=x, units=U, activation="tanh")),
    "dense on images": (IMAGES, lambda m, x: m.dense(x, U, activation="linear")),
    "dense, more in order": (
        ROWS,
        lambda m, x: m.dense(x, U, None, True, tf.ones_initializer(), tf.ones_initializer()),
    ),
    "dense of a Dimension": (ROWS, lambda m, x: m.dense(x, x.shape[-1])),
    "dense, named": (ROWS, lambda m, x: m.dense(m.dense(x, U, name="a"), 2, name="b")),
    "under scopes": (ROWS, under_scopes),
    "reused": (ROWS, reused),
    "one layer, several calls": (ROWS, shared_instance),
    "same name twice": (ROWS, lambda m, x: [m.Dense(2, name="a")(x), m.Dense(2, name="a")(x)]),
    "scope as it is": (ROWS, lambda m, x: m.Dense(2, _scope="a", _reuse=tf.AUTO_REUSE)(x)),
    "in a loop": (ROWS, in_a_loop),
    "conv1d": (STEPS, lambda m, x: m.conv1d(x, U, 3)),
    "conv1d, all else": (
        STEPS,
        lambda m, x: m.conv1d(x, U, [2], 1, "SAME", "channels_last", 2, tf.nn.relu, name="c"),
    ),
    "conv2d": (IMAGES, lambda m, x: m.conv2d(m.conv2d(x, 3, 2), 4, (3, 2))),
    "conv2d, all else": (
        IMAGES,
        lambda m, x: m.conv2d(x, 3, 3, strides=(2, 1), padding="same", use_bias=False),
    ),
    "conv2d, reused": (
        IMAGES,
        lambda m, x: [m.conv2d(x, 3, 3, name="c"), m.conv2d(x, 3, 3, name="c", reuse=True)],
    ),
    "max_pooling1d": (STEPS, lambda m, x: m.max_pooling1d(x, 2, 1)),
    "average_pooling1d": (STEPS, lambda m, x: m.average_pooling1d(x, [3], [2], "same")),
    "max_pooling2d": (IMAGES, lambda m, x: m.max_pooling2d(x, 2, 2)),
    "max_pooling2d, all else": (
        IMAGES,
        lambda m, x: m.max_pooling2d(x, pool_size=(3, 2), strides=(2, 1), padding="SAME"),
    ),
    "average_pooling2d": (IMAGES, lambda m, x: m.average_pooling2d(x, [2, 3], 2, "valid")),
    "flatten": (IMAGES, lambda m, x: m.flatten(x)),
    "flatten, channels first": (IMAGES, lambda m, x: m.flatten(x, data_format="channels_first")),
    "flatten, two axes": (ROWS, lambda m, x: m.flatten(x)),
    "dropout at rest": (ROWS, lambda m, x: m.dropout(x)),
}


@pytest.mark.parametrize("case", CASES)
def test_variables_outputs_and_gradients(case):
    feed, build = CASES[case]
    networks.assert_equal(
        networks.run(lambda x: build(ours, x), {"x": feed}),
        networks.run(lambda x: build(theirs, x), {"x": feed}),
    )


def books(build, feed):
    """The names in the collections, the losses' values and the outputs' static shape."""
    with tf.Graph().as_default() as graph, tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, *feed.shape[1:]])
        y = build(x)
        losses = tf.losses.get_regularization_losses()
        session.run(tf.global_variables_initializer())
        for variable in tf.global_variables():
            variable.load(networks.weight(variable.name, variable.shape.as_list()), session)
        values = session.run(losses, {x: feed})
        keys = set(graph.get_all_collection_keys()) - {tf.GraphKeys.REGULARIZATION_LOSSES}
        names = {k: [v.name for v in graph.get_collection(k)] for k in keys if isinstance(k, str)}
        filled = {key: inside for key, inside in names.items() if inside}
        return filled, np.array(values), y.shape.as_list()


BOOKS = {
    "dense": (STEPS, lambda m, x: m.dense(x, U)),
    "frozen": (ROWS, lambda m, x: m.dense(m.dense(x, U, trainable=False), U)),
    "losses of dense": (
        ROWS,
        lambda m, x: m.dense(
            x,
            U,
            kernel_regularizer=squares,
            bias_regularizer=lambda b: 3 * squares(b),
            activity_regularizer=squares,
        ),
    ),
    "the scope's regularizer": (ROWS, lambda m, x: scope_regularizer(m, x)),
    "no second loss on reuse": (
        ROWS,
        lambda m, x: [
            m.dense(x, U, name="a", reuse=tf.AUTO_REUSE, kernel_regularizer=squares)
            for _ in range(2)
        ][-1],
    ),
    "losses of conv2d": (
        IMAGES,
        lambda m, x: m.conv2d(x, 3, 2, kernel_regularizer=squares, activity_regularizer=squares),
    ),
    "frozen conv1d": (STEPS, lambda m, x: m.conv1d(x, 3, 2, padding="same", trainable=False)),
    "pooling": (IMAGES, lambda m, x: m.max_pooling2d(x, 2, 2)),
}


def scope_regularizer(m, x):
    with tf.variable_scope("outer", regularizer=squares):
        return m.dense(x, U)


@pytest.mark.parametrize("case", BOOKS)
def test_collections_losses_and_shapes(case):
    feed, build = BOOKS[case]
    one, other = books(lambda x: build(ours, x), feed), books(lambda x: build(theirs, x), feed)
    assert one[0] == other[0]
    np.testing.assert_allclose(one[1], other[1], rtol=1e-5)
    assert one[2] == other[2]


def test_names_and_collections_as_they_were():
    x = tf.placeholder(tf.float32, [None, D])
    ours.dense(ours.dense(x, U), 2, trainable=False)
    names = [v.name for v in tf.global_variables()]
    assert names == ["dense/kernel:0", "dense/bias:0", "dense_1/kernel:0", "dense_1/bias:0"]
    assert [v.name for v in tf.trainable_variables()] == names[:2]


def test_constraints_reach_the_variables():
    constraint = tf.abs
    ours.dense(tf.zeros([1, 2]), 2, kernel_constraint=constraint)
    ours.conv1d(tf.zeros([1, 2, 2]), 2, 1, bias_constraint=constraint)
    with_one = [v.name for v in tf.global_variables() if v.constraint is constraint]
    assert with_one == ["dense/kernel:0", "conv1d/bias:0"]


def test_dense_as_an_object():
    layer = ours.Dense(U, tf.tanh, use_bias=False, trainable=False)
    assert (layer.units, layer.activation, layer.built) == (U, tf.tanh, False)
    assert layer.variables == []
    assert layer.compute_output_shape([None, T, D]).as_list() == [None, T, U]
    with tf.variable_scope("out"):
        layer.build([None, D])
    assert layer.built and layer.bias is None
    assert layer(tf.zeros([1, D])).op.name.startswith("out/dense/")
    assert [v.name for v in layer.weights] == ["out/dense/kernel:0"] == [layer.kernel.name]
    assert layer.trainable_weights == layer.trainable_variables == []
    assert ours.Dense(2).apply(tf.zeros([1, D], tf.float64)).dtype == tf.float64


def test_initial_values():
    ours.dense(tf.zeros([1, 40]), 60)
    with tf.variable_scope("ones", initializer=tf.ones_initializer()):
        ours.conv1d(tf.zeros([1, 2, 3]), 4, 1)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        kernel, bias, ones, zeros = session.run(tf.global_variables())
    limit = np.sqrt(6 / (40 + 60))  # Glorot's, the default of tf.get_variable
    assert 0.99 * limit < np.abs(kernel).max() <= limit
    assert (bias == 0).all() and (ones == 1).all() and (zeros == 0).all()


def test_initializers_by_name():
    x = tf.zeros([1, 100])
    named = [
        ours.dense(x, 100, kernel_initializer=name, name=name)
        for name in ("random_normal", "random_uniform", "truncated_normal", "ones")
    ]
    kernels = [v for v in tf.trainable_variables() if "kernel" in v.name]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        normal, uniform, truncated, ones = session.run(kernels)
    assert len(named) == 4 and (ones == 1).all()
    np.testing.assert_allclose(normal.std(), 0.05, rtol=0.05)
    np.testing.assert_allclose([uniform.min(), uniform.max()], [-0.05, 0.05], rtol=0.01)
    assert 0.09 < np.abs(truncated).max() <= 0.1


@pytest.mark.parametrize("how", [{"rate": 0.2, "seed": 7}, {"noise_shape": [B, 1], "seed": 8}])
def test_dropout_draws_as_it_did(how):
    def run(m):
        with tf.Graph().as_default(), tf.Session() as session:
            tf.set_random_seed(3)
            return session.run(m.dropout(tf.constant(ROWS), training=True, **how))

    dropped = run(ours)
    np.testing.assert_array_equal(dropped, run(theirs))
    kept = dropped != 0
    np.testing.assert_allclose(dropped[kept], ROWS[kept] / (1 - how.get("rate", 0.5)), rtol=1e-6)
    assert not kept.all()


def test_dropout_chosen_at_run_time():
    training = tf.placeholder_with_default(False, [])
    dropped = ours.dropout(tf.ones([10, 10]), training=training)
    with tf.Session() as session:
        assert (session.run(dropped) == 1).all()
        assert set(session.run(dropped, {training: True}).ravel()) == {0, 2}


@pytest.mark.parametrize("shape", [None, [None, None, 2], [None, T, None]])
def test_flatten_of_unknown_shapes(shape):
    x = tf.placeholder(tf.float32, shape)
    flat = ours.flatten(x)
    assert flat.shape.as_list() == [None, None]
    with tf.Session() as session:
        values = np.arange(B * T * 2).reshape(B, T, 2)
        np.testing.assert_array_equal(session.run(flat, {x: values}), values.reshape(B, -1))


def test_flatten_of_no_rows():
    assert ours.flatten(tf.zeros([0, 2, 3])).shape.as_list() == [0, 6]
    with tf.Session() as session:
        x = tf.placeholder(tf.float32, [None, 2, 3])
        assert session.run(ours.flatten(x), {x: np.zeros([0, 2, 3])}).shape == (0, 6)


def test_channels_first():
    # On the CPU TensorFlow convolves with channels last only, so this looks at shapes.
    x = tf.placeholder(tf.float32, [None, 2, 7, 6])
    assert ours.conv2d(x, 3, 2, data_format="channels_first").shape.as_list() == [None, 3, 6, 5]
    assert tf.trainable_variables()[0].shape.as_list() == [2, 2, 2, 3]
    pooled = ours.max_pooling2d(x, 2, 2, data_format="channels_first")
    assert pooled.shape.as_list() == [None, 2, 3, 3]


def standardised(x, axes, epsilon, gamma=1.0, beta=0.0):
    mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * gamma + beta


@pytest.mark.parametrize(
    "x, axis, how",
    [
        (ROWS, -1, {}),
        (STEPS, -1, {"momentum": 0.7, "epsilon": 0.1}),
        (STEPS, 1, {}),
        (IMAGES, -1, {}),
        (IMAGES, 3, {"fused": False}),
        (IMAGES, 1, {}),
    ],
)
def test_batch_normalization_in_training(x, axis, how):
    holder = tf.placeholder(tf.float32, [None, *x.shape[1:]])
    outputs = ours.batch_normalization(holder, axis, training=True, **how)
    assert outputs.shape.as_list() == [None, *x.shape[1:]]
    names = [v.op.name.rpartition("/")[2] for v in tf.global_variables()]
    assert names == ["gamma", "beta", "moving_mean", "moving_variance"]
    trainable = [v.name for v in tf.trainable_variables()]
    assert trainable == ["batch_normalization/gamma:0", "batch_normalization/beta:0"]
    updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
    assert len(updates) == 2
    axes = tuple(a for a in range(x.ndim) if a != axis % x.ndim)
    gamma, beta = np.linspace(1, 2, x.shape[axis]), np.linspace(-1, 1, x.shape[axis])
    wide = [-1 if a == axis % x.ndim else 1 for a in range(x.ndim)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for variable, value in zip(tf.trainable_variables(), (gamma, beta)):
            variable.load(value, session)
        epsilon = how.get("epsilon", 1e-3)
        expected = standardised(x, axes, epsilon, gamma.reshape(wide), beta.reshape(wide))
        got = session.run(outputs, {holder: x})
        np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-5)
        for _ in range(2):
            session.run(updates, {holder: x})
        moving = session.run(tf.global_variables()[2:])
    count = x.size / x.shape[axis]
    bessel = count / (count - 1) if x.ndim == 4 and "fused" not in how else 1
    kept = how.get("momentum", 0.99) ** 2
    np.testing.assert_allclose(moving[0], (1 - kept) * x.mean(axes), rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(moving[1], kept + (1 - kept) * x.var(axes) * bessel, rtol=1e-4)


def test_batch_normalization_has_the_gradients_of_the_fused_kernel():
    x = tf.constant(IMAGES)
    outputs = ours.batch_normalization(x, training=True)
    parameters = tf.trainable_variables()
    fused = tf.nn.fused_batch_norm(x, *parameters)[0]
    pairs = [tf.gradients(tf.reduce_sum(tf.sin(y)), [x, *parameters]) for y in (outputs, fused)]
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for one, other in zip(*session.run(pairs)):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5)


def test_batch_normalization_out_of_training():
    x = tf.constant(ROWS)
    outputs = ours.batch_normalization(
        x,
        center=False,
        scale=False,
        moving_mean_initializer=tf.constant_initializer(2.0),
        moving_variance_initializer=tf.constant_initializer(4.0),
        epsilon=0.0,
    )
    assert tf.get_collection(tf.GraphKeys.UPDATE_OPS) == tf.trainable_variables() == []
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        np.testing.assert_allclose(session.run(outputs), (ROWS - 2) / 2, rtol=1e-6)


@pytest.mark.parametrize("x", [ROWS, IMAGES])
def test_batch_normalization_chosen_at_run_time(x):
    training = tf.placeholder(tf.bool, [])
    outputs = ours.batch_normalization(tf.constant(x), training=training, name="bn")
    again = ours.batch_normalization(tf.constant(x), training=training, name="bn", reuse=True)
    assert len(tf.global_variables()) == 4
    moving = tf.global_variables()[2:]
    axes = tuple(range(x.ndim - 1))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        updates = tf.get_collection(tf.GraphKeys.UPDATE_OPS)
        session.run(updates, {training: False})
        for value, start in zip(session.run(moving), (0, 1)):
            np.testing.assert_array_equal(value, np.full(x.shape[-1], start))
        for got in session.run([outputs, again], {training: False}):
            np.testing.assert_allclose(got, x / np.sqrt(1.001), rtol=1e-5)
        got = session.run(outputs, {training: True})
        np.testing.assert_allclose(got, standardised(x, axes, 1e-3), rtol=1e-4, atol=1e-5)
        session.run(updates[0], {training: True})
        np.testing.assert_allclose(session.run(moving[0]), 0.01 * x.mean(axes), rtol=1e-4)


def second_depth():
    layer = ours.Dense(2)
    return layer(tf.zeros([1, 3])), layer(tf.zeros([1, 4]))


@pytest.mark.parametrize(
    "mistake, words",
    [
        (lambda: ours.dense(tf.placeholder(tf.float32, [3, None]), 2), r"dense .*known size.*\?"),
        (lambda: ours.dense(tf.placeholder(tf.float32), 2), "inputs of dense .*at least two axes"),
        (lambda: ours.dense(tf.zeros([3]), 2), "at least two axes.*got shape \\(3,\\)"),
        (lambda: ours.dense(tf.zeros([3, 3], tf.int32), 2), "floating-point.*int32"),
        (lambda: ours.dense(tf.zeros([3, 3]), 0), "units must be .* at least 1; got 0"),
        (second_depth, "depth 4 do not fit a Dense whose kernel has shape \\(3, 2\\)"),
        (lambda: ours.conv2d(tf.zeros([1, 3, 3, 2]), 2, 2, data_format="NHWC"), "got 'NHWC'"),
        (lambda: ours.conv1d(tf.placeholder(tf.float32, [1, 3, None]), 2, 2), "inputs of conv1d"),
        (lambda: ours.dense(tf.zeros([1, 2]), 2, reuse=True), "dense/kernel does not exist"),
        (
            lambda: [ours.dense(tf.zeros([1, 2]), 2, name="a") for _ in range(2)],
            "a/kernel already exists",
        ),
    ],
)
def test_mistakes(mistake, words):
    with pytest.raises(ValueError, match=words):
        mistake()
