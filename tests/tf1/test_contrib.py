"""The rest of `tf.contrib`: with the package tf_slim and without, and what else came back."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

import unrolled.tf1 as tf
from unrolled.tf1.shims.layers import arg_scope as own
from unrolled.tf1.shims.training.estimator import numpy_input_fn

ROWS = np.random.RandomState(0).normal(size=[6, 3]).astype(np.float32)
TARGETS = ROWS @ np.float32([[1.0], [-2.0], [0.5]])

# Programs of the oracle that need nothing but this layer.
ALONE = """
    contrib_fully_connected contrib_layer_norm contrib_batch_norm contrib_batch_norm_of_steps
    contrib_batch_norm_moves_at_once normalizer_and_scope stack_and_repeat regularizers look_ups
    optimize_loss
"""
WITHOUT = """
import sys
sys.modules["tf_slim"] = None  # as if it were not installed
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/oracle", sys.argv[1] + "/.."]
import test_oracle
for name in sys.argv[2:]:
    test_oracle.test_a_program_gives_what_1_15_gave("layers", name)
    print(name)
import unrolled.tf1 as tf
print(hasattr(tf.contrib.layers, "instance_norm"), hasattr(tf.contrib.slim, "learning"))
try:
    tf.contrib.slim.learning
except AttributeError as error:
    print(error)
"""


def test_without_tf_slim():
    command = [sys.executable, "-c", WITHOUT, str(Path(__file__).parent), *ALONE.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    *names, has, message = done.stdout.strip().splitlines()
    assert names == ALONE.split(), done.stderr
    assert has == "False False"
    assert "tf.contrib.slim.learning is not there" in message and "pip install tf_slim" in message


def test_slim_trains_saves_and_evaluates(tmp_path):
    slim = pytest.importorskip("tf_slim") and tf.contrib.slim

    def model():
        predicted = slim.fully_connected(tf.constant(ROWS), 1, activation_fn=None, scope="out")
        return predicted, tf.losses.mean_squared_error(TARGETS, predicted)

    _, loss = model()
    train = slim.learning.create_train_op(loss, tf.train.GradientDescentOptimizer(0.2))
    last = slim.learning.train(train, str(tmp_path), number_of_steps=60, log_every_n_steps=100)
    assert last < 0.05

    tf.reset_default_graph()
    predicted, _ = model()
    value, update = slim.metrics.streaming_mean_squared_error(predicted, tf.constant(TARGETS))
    checkpoint = tf.train.latest_checkpoint(str(tmp_path))
    found = slim.evaluation.evaluate_once(
        "", checkpoint, str(tmp_path), eval_op=update, final_op=value
    )
    np.testing.assert_allclose(found, last, atol=0.02)

    restore = slim.assign_from_checkpoint_fn(checkpoint, slim.get_variables_to_restore())
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        restore(session)
        weights = tf.contrib.framework.load_variable(checkpoint, "out/weights")
        kernel = tf.contrib.framework.get_variables("out", suffix="weights")[0]
        np.testing.assert_array_equal(session.run(kernel), weights)
    names = [name for name, _ in tf.contrib.framework.list_variables(checkpoint)]
    assert names == ["global_step", "out/biases", "out/weights"]


def test_slim_nets_stand_at_their_addresses():
    pytest.importorskip("tf_slim")
    from unrolled.tf1.contrib import slim
    from unrolled.tf1.contrib.framework import arg_scope
    from unrolled.tf1.contrib.framework.python.ops import arg_scope as module
    from unrolled.tf1.contrib.framework.python.ops.arg_scope import add_arg_scope  # noqa: F401
    from unrolled.tf1.contrib.layers.python.layers import layers, utils
    from unrolled.tf1.contrib.slim.nets import alexnet
    from unrolled.tf1.contrib.slim.python.slim import learning

    assert slim.arg_scope is arg_scope is tf.contrib.slim.arg_scope
    assert module is arg_scope
    assert layers.conv2d is slim.conv2d is tf.contrib.layers.conv2d
    assert learning.train and utils.collect_named_outputs
    with arg_scope(alexnet.alexnet_v2_arg_scope()):
        logits, ends = alexnet.alexnet_v2(tf.zeros([2, 224, 224, 3]), 5, is_training=False)
    assert logits.shape.as_list() == [2, 5] and "alexnet_v2/conv1" in ends


def test_one_scope_reaches_all_layers():
    layers, framework = tf.contrib.layers, tf.contrib.framework
    with framework.arg_scope([layers.fully_connected], activation_fn=tf.tanh) as scope:
        x = layers.fully_connected(ROWS, 2)
        assert framework.current_arg_scope() == scope
    assert framework.has_arg_scope(layers.fully_connected)
    y = layers.stack(ROWS, layers.fully_connected, [2], activation_fn=None)
    assert "tanh" in x.op.type.lower() and "bias" in y.op.type.lower()


def test_arg_scope_of_this_layer():
    @own.add_arg_scope
    def add(x, a=1, b=2):
        return x + 10 * a + 100 * b

    with own.arg_scope([add], a=3) as outer:
        assert add(1) == 231
        with own.arg_scope([add], b=5):
            assert add(1) == 531 and add(1, a=4) == 541
        assert own.current_arg_scope() is outer
    assert add(1) == 211
    with own.arg_scope(outer):
        assert add(1) == 231
    assert own.arg_scoped_arguments(add) == ["a", "b"]
    with (
        pytest.raises(ValueError, match="must be decorated with add_arg_scope"),
        own.arg_scope([len]),
    ):
        pass
    with pytest.raises(ValueError, match="no arguments with an earlier scope; got a"):
        own.arg_scope(outer, a=1).__enter__()
    with pytest.raises(TypeError, match="list of functions or an earlier scope"):
        own.arg_scope(add, a=1).__enter__()


@pytest.mark.parametrize("argument", ["renorm", "virtual_batch_size", "renorm_clipping"])
def test_batch_normalisation_refuses_what_is_not_put_back(argument):
    with pytest.raises(ValueError, match=f"{argument} of batch normalisation must be left out"):
        tf.layers.batch_normalization(ROWS, **{argument: 2})
    with pytest.raises(ValueError, match=f"{argument} of batch normalisation must be left out"):
        tf.layers.BatchNormalization(**{argument: 2})
    with pytest.raises(ValueError, match=r"one axis; got \[1, 2\]"):
        tf.layers.batch_normalization(ROWS, axis=[1, 2])


def test_with_shape():
    framework = tf.contrib.framework
    x = tf.placeholder(tf.float32, [None, None])
    y = framework.with_shape([None, 3], x)
    assert y.shape.as_list() == [None, 3]
    assert framework.with_shape([6, 3], y).shape.as_list() == [6, 3]
    with tf.Session() as session:
        assert session.run(y, {x: ROWS}).shape == (6, 3)
        with pytest.raises(tf.errors.InvalidArgumentError, match="must have shape"):
            session.run(y, {x: ROWS.T})
    with pytest.raises(ValueError, match=r"must have shape \[2, 3\]; got \(6, 3\)"):
        framework.with_shape([2, 3], tf.constant(ROWS))
    with pytest.raises(ValueError, match="must be a whole number; got float32"):
        framework.assert_scalar_int(1.0)


def test_py_func_needs_types():
    with pytest.raises(ValueError, match="output_types of py_func"):
        tf.contrib.framework.py_func(lambda x: x, [1.0])


def test_scipy_moves_variables():
    pytest.importorskip("scipy")
    v = tf.get_variable("v", initializer=[7.0, 7.0])
    w = tf.get_variable("w", initializer=[[3.0]])
    fed = tf.placeholder(tf.float32, [])
    loss = tf.reduce_sum(tf.square(v - fed)) + tf.reduce_sum(tf.square(w))
    seen = []
    free = tf.contrib.opt.ScipyOptimizerInterface(loss, options={"maxiter": 100})
    bound = tf.contrib.opt.ScipyOptimizerInterface(loss, var_to_bounds={v: ([3, 4], np.inf)})
    held = tf.contrib.opt.ScipyOptimizerInterface(
        loss, [v], equalities=[v[1] - 1.0], inequalities=[v[0] - 5.0], method="SLSQP"
    )
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for optimizer, expected in ((free, [2, 2]), (bound, [3, 4]), (held, [5, 1])):
            optimizer.minimize(session, {fed: 2.0}, fetches=[loss], loss_callback=seen.append)
            np.testing.assert_allclose(session.run(v), expected, atol=1e-3)
        np.testing.assert_allclose(session.run(w), [[0]], atol=1e-3)
    assert len(seen) > 3 and seen[-1] < seen[0]


def test_decay_of_the_variables_that_are_asked_for():
    v, w = (tf.get_variable(name, initializer=[1.0]) for name in "vw")
    optimizer = tf.contrib.opt.MomentumWOptimizer(0.5, 0.0, 0.9)
    train = optimizer.minimize(tf.reduce_sum(v + w), decay_var_list=[v])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([v, w]) == [[0.5], [1.0]]


def test_a_predictor_of_a_saved_model(tmp_path):
    folder = str(tmp_path / "model")
    x = tf.placeholder(tf.float32, [None, 3], name="x")
    y = tf.contrib.layers.fully_connected(x, 1, activation_fn=None)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        tf.saved_model.simple_save(session, folder, {"x": x}, {"y": y})
        expected = session.run(y, {x: ROWS})
    predict = tf.contrib.predictor.from_saved_model(folder)
    np.testing.assert_array_equal(predict({"x": ROWS})["y"], expected)
    named = tf.contrib.predictor.from_saved_model(
        folder, input_names={"in": "x:0"}, output_names={"out": y.name}
    )
    assert list(named({"in": ROWS})) == ["out"]
    with pytest.raises(ValueError, match="must be among x; got z"):
        predict({"z": 1})
    with pytest.raises(ValueError, match="signature_def_key must be among serving_default"):
        tf.contrib.predictor.from_saved_model(folder, "other")


def test_the_projector_writes_its_file(tmp_path):
    pytest.importorskip("tensorboard")
    from unrolled.tf1.contrib.tensorboard.plugins import projector

    config = projector.ProjectorConfig()
    config.embeddings.add().tensor_name = "table"
    projector.visualize_embeddings(tf.summary.FileWriter(str(tmp_path)), config)
    assert "table" in (tmp_path / "projector_config.pbtxt").read_text()


def test_sound_of_the_speech_commands(tmp_path):
    from unrolled.tf1.contrib.framework.python.ops import audio_ops as contrib_audio

    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((1000 * np.sin(np.arange(1600))).astype("<i2").tobytes())
    decoded = contrib_audio.decode_wav(tf.read_file(str(tmp_path / "a.wav")), desired_channels=1)
    power = contrib_audio.audio_spectrogram(decoded.audio, 640, 320, magnitude_squared=True)
    coefficients = contrib_audio.mfcc(power, decoded.sample_rate, dct_coefficient_count=13)
    with tf.Session() as session:
        assert session.run(coefficients).shape == (1, 4, 13)


def test_summaries_of_contrib(tmp_path):
    step = tf.train.get_or_create_global_step()
    writer = tf.contrib.summary.create_file_writer(str(tmp_path))
    with writer.as_default(), tf.contrib.summary.always_record_summaries():
        tf.contrib.summary.scalar("loss", 0.25, step=step)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            tf.contrib.summary.initialize(graph=tf.get_default_graph(), session=session)
            session.run(tf.contrib.summary.all_summary_ops())
            session.run(tf.contrib.summary.flush())
    (path,) = tmp_path.glob("events*")
    events = list(tf.train.summary_iterator(str(path)))
    assert "loss" in [value.tag for event in events for value in event.summary.value]


@pytest.mark.parametrize("as_dictionary", [False, True])
def test_numpy_input(as_dictionary):
    x = {"rows": ROWS} if as_dictionary else ROWS
    # This layer's, which tensorflow_estimator's hides where that is installed.
    read = numpy_input_fn(x, TARGETS, batch_size=4, shuffle=False)
    features, targets = read()
    rows = features["rows"] if as_dictionary else features
    assert rows.shape.as_list() == [None, 3]
    with tf.Session() as session:
        batches = [session.run([rows, targets]) for _ in range(2)]
        with pytest.raises(tf.errors.OutOfRangeError):
            session.run(rows)
    for array, found in zip((ROWS, TARGETS), zip(*batches)):
        np.testing.assert_array_equal(np.concatenate(found), array)


@pytest.mark.parametrize(
    ("mistake", "error", "words"),
    [
        (lambda f: f(ROWS), ValueError, "shuffle .*True or False; got None"),
        (lambda f: f([1], shuffle=False)(), TypeError, "an array or a dictionary"),
        (lambda f: f(ROWS, ROWS[:2], shuffle=True)(), ValueError, r"got \[6, 2\]"),
    ],
)
def test_mistakes_with_numpy_input(mistake, error, words):
    with pytest.raises(error, match=words):
        mistake(numpy_input_fn)


@pytest.mark.parametrize(
    "name",
    """training.batch_sequences_with_states layers.real_valued_column
    distributions.MixtureSameFamily opt.ShampooOptimizer memory_stats.BytesInUse
    graph_editor.graph_replace image.rotate integrate.odeint nn.alpha_dropout
    ffmpeg.decode_audio eager.Network""".split(),
)
def test_what_stays_away_says_what_to_use(name):
    found = tf.contrib
    with pytest.raises(AttributeError, match=r"TensorFlow \d.\d+ removed it.*; use "):
        for part in name.split("."):
            found = getattr(found, part)
