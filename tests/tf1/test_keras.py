"""`tf.keras` of TensorFlow 1, which is that of the package tf_keras where it is installed."""

from __future__ import annotations

import importlib

import numpy as np
import pytest
from running import run, write

import unrolled.tf1 as tf
from unrolled.tf1 import packages

needs_keras_2 = pytest.mark.skipif(not packages.has("tf_keras"), reason="needs tf_keras")
needs_estimators = pytest.mark.skipif(
    not (packages.has("tf_keras") and packages.has("tensorflow_estimator")),
    reason="needs tf_keras and tensorflow_estimator",
)


def sequences(count=16):
    x = np.random.RandomState(0).uniform(-1, 1, [count, 5, 3]).astype(np.float32)
    return x, x.mean((1, 2), keepdims=False)[:, None]


@needs_keras_2
def test_a_model_trains_in_a_graph_and_a_session():
    keras = tf.keras
    x, y = sequences()
    with tf.Session() as session:
        keras.backend.set_session(session)
        model = keras.models.Sequential(
            [keras.layers.LSTM(8, input_shape=(5, 3)), keras.layers.Dense(1)]
        )
        model.compile(keras.optimizers.Adam(lr=0.05), "mse", metrics=["mae"])
        history = model.fit(x, y, epochs=20, batch_size=8, verbose=0, validation_split=0.25)
        assert history.history["loss"][-1] < history.history["loss"][0] / 2
        assert model.predict(x).shape == (16, 1)
        assert len(model.evaluate(x, y, verbose=0)) == 2
        assert session.run(model.output, {model.input: x}).shape == (16, 1)
        assert keras.backend.get_session() is session
        assert [v.name for v in tf.trainable_variables()][:2] == [
            "lstm/kernel:0",
            "lstm/recurrent_kernel:0",
        ]


@needs_keras_2
def test_layers_train_with_an_optimizer_of_tf_train():
    x, y = sequences()
    fed = tf.placeholder(tf.float32, [None, 5, 3])
    out = tf.keras.layers.Dense(1)(tf.keras.layers.GRU(8)(fed))
    loss = tf.losses.mean_squared_error(y, out)
    step = tf.train.AdamOptimizer(0.05).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        before = session.run(loss, {fed: x})
        for _ in range(20):
            session.run(step, {fed: x})
        assert session.run(loss, {fed: x}) < before / 2


@needs_keras_2
def test_weights_are_saved_and_read_again(tmp_path):
    x, _ = sequences()
    made = []
    for _ in range(2):
        given = tf.keras.layers.Input(shape=(5, 3))
        cells = tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(4), name="both")
        made.append(tf.keras.models.Model(inputs=given, outputs=cells(given)))
        made[-1].compile("sgd", "mse")
    assert np.abs(made[0].predict(x) - made[1].predict(x)).max() > 1e-3
    made[0].save_weights(str(tmp_path / "weights.h5"))
    made[1].load_weights(str(tmp_path / "weights.h5"))
    np.testing.assert_allclose(made[0].predict(x), made[1].predict(x), atol=1e-6)


@needs_keras_2
@pytest.mark.parametrize(
    "statement",
    """keras.layers:LSTM,Dense keras.models:Sequential keras.utils:to_categorical
    keras.datasets:imdb,mnist keras.preprocessing.sequence:pad_sequences keras.backend:set_session
    keras.preprocessing.text:Tokenizer keras.callbacks:EarlyStopping keras.optimizers:Adam,RMSprop
    keras.layers.recurrent:LSTM,GRU keras.layers.core:Dense,Dropout keras.layers.merge:concatenate
    keras.layers.embeddings:Embedding keras.layers.wrappers:TimeDistributed,Bidirectional
    keras.layers.normalization:BatchNormalization keras.layers.convolutional:Conv1D
    keras.layers.advanced_activations:LeakyReLU keras.utils.np_utils:to_categorical
    keras.utils.data_utils:get_file keras.utils.vis_utils:plot_model keras.engine:Layer,InputSpec
    keras.engine.topology:Layer,Input keras.engine.training:Model keras.objectives:hinge
    keras.backend.tensorflow_backend:set_session,get_session keras.applications.vgg16:VGG16
    python.keras:layers,backend python.keras.layers:LSTM python.keras.models:Model
    python.keras.engine.base_layer:Layer python.keras.utils.data_utils:Sequence
    python.keras.layers.recurrent:LSTMCell python.keras.backend:get_session
    python.keras._impl.keras.layers:LSTM contrib.keras:layers contrib.keras.layers:LSTM
    contrib.keras.api.keras.layers:LSTM contrib.keras.python.keras.layers:LSTM""".split(),
)
def test_what_programs_import(statement):
    module, _, names = statement.partition(":")
    found: dict[str, object] = {}
    exec(f"from unrolled.tf1.{module} import {names}", found)
    if "LSTM" in found:
        assert found["LSTM"] is tf.keras.layers.LSTM
    importlib.import_module(f"unrolled.tf1.{module}")


@needs_keras_2
def test_data_are_prepared():
    assert tf.keras.__version__ == "2.2.4-tf"
    pad = tf.keras.preprocessing.sequence.pad_sequences
    assert pad([[1, 2], [3]], maxlen=3).tolist() == [[0, 1, 2], [0, 0, 3]]
    assert tf.keras.utils.to_categorical([1, 0], 2).tolist() == [[0, 1], [1, 0]]


@pytest.mark.thorough
@needs_keras_2
def test_keras_on_its_own_is_that_of_the_layer_in_the_runner(tmp_path):
    program = """
        import importlib
        import keras
        import keras.backend as K
        import keras.datasets.imdb
        import numpy as np
        import tensorflow as tf
        from keras import backend
        from keras.backend.tensorflow_backend import set_session
        from keras.layers import LSTM, Dense
        from keras.layers.core import Dropout
        from keras.layers.recurrent import GRU
        from keras.models import Sequential
        from keras.preprocessing.sequence import pad_sequences
        from keras.utils import np_utils

        assert LSTM is keras.layers.LSTM is tf.keras.layers.LSTM and K is backend
        assert importlib.import_module("keras.layers").GRU is GRU
        set_session(tf.Session())
        model = Sequential()
        model.add(LSTM(4, input_shape=(5, 3)))
        model.add(Dropout(0.2))
        model.add(Dense(2, activation="softmax"))
        model.compile(loss="categorical_crossentropy", optimizer="rmsprop")
        y = np_utils.to_categorical([0, 1] * 4)
        print(sorted(model.fit(np.ones([8, 5, 3]), y, epochs=2, verbose=0).history))
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name)
    assert (done.stdout, done.returncode) == ("['loss']\n", 0), done.stderr


def test_the_package_itself_keeps_to_keras_3(tmp_path):
    program = """
        import unrolled.tf1
        import keras
        import unrolled.layers
        print(keras.__version__.split(".")[0], issubclass(unrolled.layers.RNN, keras.layers.Layer))
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name, python=())
    assert done.stdout.split()[0] == "3", done.stderr
    assert done.stdout.split()[1] == str(bool(1))


@pytest.mark.one_in(4)
@needs_keras_2
@pytest.mark.parametrize("given", [None, "0"])
def test_the_choice_of_keras_2_is_not_handed_on(tmp_path, monkeypatch, given):
    """The processes that a program starts may be of an environment without tf_keras."""
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    if given is not None:
        monkeypatch.setenv("TF_USE_LEGACY_KERAS", given)
    program = """
        import multiprocessing, os, subprocess, sys
        import tensorflow as tf

        print(os.environ["TF_USE_LEGACY_KERAS"], flush=True)
        look = "import os; print(os.environ.get('TF_USE_LEGACY_KERAS'))"
        subprocess.run([sys.executable, "-c", look])
        os.system(f'{sys.executable} -c "{look}"')
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name)
    assert done.stdout.split() == [given or "1", str(given), str(given)], done.stderr


@pytest.mark.thorough
def test_without_keras_2_training_names_the_package_that_is_missing(tmp_path):
    program = """
        import os, sys
        os.environ.pop("TF_USE_LEGACY_KERAS", None)  # of the tests' own process
        sys.modules["tf_keras"] = None  # as if it were not installed
        import unrolled.tf1 as tf
        import numpy as np

        y = tf.keras.layers.Dense(2)(tf.ones([1, 3]))
        model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        try:
            model.fit(np.ones([2, 3]), np.ones([2, 1]))
        except RuntimeError as error:
            print(error)
        print(hasattr(tf.keras, "no_such_name"), y.shape)
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name, python=())
    first, second = done.stdout.splitlines()
    assert first == (
        "Model.fit of Keras 3 needs eager execution, which unrolled.tf1 switches off: pip install "
        "tf_keras, and tf.keras will be Keras 2, which trains in a graph."
    ), done.stderr
    assert second == f"{bool(0)} (1, 2)"


@pytest.mark.skipif(packages.has("tensorflow_estimator"), reason="tf.estimator is put back")
def test_without_estimators_the_package_is_named():
    with pytest.raises(AttributeError, match="pip install tensorflow_estimator tf_keras"):
        tf.estimator.Estimator  # noqa: B018


@needs_estimators
def test_an_estimator_trains_evaluates_and_predicts(tmp_path):
    x = np.random.RandomState(0).randn(64, 5, 3).astype(np.float32)
    y = (x.mean((1, 2)) > 0).astype(np.int32)

    def model_fn(features, labels, mode, params):
        outputs, _ = tf.nn.dynamic_rnn(
            tf.nn.rnn_cell.GRUCell(params["units"]), features["x"], dtype=tf.float32
        )
        logits = tf.layers.dense(outputs[:, -1], 2)
        modes = tf.estimator.ModeKeys
        if mode == modes.PREDICT:
            return tf.estimator.EstimatorSpec(mode, predictions={"class": tf.argmax(logits, 1)})
        loss = tf.losses.sparse_softmax_cross_entropy(labels, logits)
        right = tf.metrics.accuracy(labels, tf.argmax(logits, 1))
        if mode == modes.EVAL:
            return tf.estimator.EstimatorSpec(mode, loss=loss, eval_metric_ops={"right": right})
        step = tf.train.AdamOptimizer(0.05).minimize(loss, tf.train.get_global_step())
        return tf.estimator.EstimatorSpec(mode, loss=loss, train_op=step)

    def input_fn():
        data = tf.data.Dataset.from_tensor_slices(({"x": x}, y)).repeat(20).batch(32)
        return data.make_one_shot_iterator().get_next()

    config = tf.estimator.RunConfig(model_dir=str(tmp_path), tf_random_seed=1)
    estimator = tf.estimator.Estimator(model_fn, params={"units": 8}, config=config)
    estimator.train(input_fn, steps=30)
    assert estimator.evaluate(input_fn, steps=2)["right"] > 0.8
    assert next(estimator.predict(input_fn))["class"] in (0, 1)
    assert "rnn/gru_cell/gates/kernel" in estimator.get_variable_names()

    from unrolled.tf1.estimator import DNNClassifier
    from unrolled.tf1.python.estimator.estimator import Estimator

    assert isinstance(estimator, Estimator)
    canned = DNNClassifier([4], [tf.feature_column.numeric_column("x", (5, 3))])
    canned.train(tf.estimator.inputs.numpy_input_fn({"x": x}, y, shuffle=False), steps=2)
