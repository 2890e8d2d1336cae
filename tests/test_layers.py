"""`unrolled.RNN`, our cells inside Keras, and Keras's cells inside our unrolls."""

import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

import unrolled as u
from unrolled import convert

B, T, D, U = 4, 6, 3, 5


def assert_close(a, b):
    """Structures of tensors that agree to the last digits of float32."""
    a, b = tf.nest.flatten(a), tf.nest.flatten(b)
    for x, y in zip(a, b, strict=True):
        np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


X = np.random.default_rng(0).normal(size=(B, T, D)).astype("float32")
MASKS = {
    "none": None,
    "padding behind": np.arange(T) < np.array([[6], [0], [2], [5]]),
    "padding in front": np.arange(T) >= np.array([[0], [6], [2], [5]]),
    "gaps": np.random.default_rng(1).random((B, T)) > 0.4,
}
THEIRS = {
    "SimpleRNN": lambda **how: keras.layers.SimpleRNN(U, **how),
    "LSTM": lambda **how: keras.layers.LSTM(U, **how),
    "GRU": lambda **how: keras.layers.GRU(U, reset_after=False, **how),
}


def pair(name, **how):
    """A layer of Keras's, and one of ours with the same weights."""
    theirs = THEIRS[name]()
    theirs.build((None, T, D))
    for weight in theirs.weights:  # biases start at zero, which would hide their order
        rng = np.random.default_rng(7)
        weight.assign(rng.normal(size=weight.shape).astype("float32") / 2)
    ours = u.RNN(convert.from_keras(theirs), **how)
    how.pop("unroll", None)
    again = THEIRS[name](**how)
    again.build((None, T, D))
    again.set_weights(theirs.get_weights())
    return again, ours


class TestAgainstKerassOwnLayers:
    @pytest.mark.one_in(6)
    @pytest.mark.parametrize("mask", MASKS)
    @pytest.mark.parametrize("name", THEIRS)
    @settings(max_examples=6)
    @given(
        unroll=st.sampled_from(["dynamic", "static"]),
        return_sequences=st.booleans(),
        go_backwards=st.booleans(),
        zero_output_for_mask=st.booleans(),
        with_state=st.booleans(),
    )
    def test_outputs_states_and_gradients(self, name, unroll, mask, with_state, **how):
        if not how["return_sequences"]:  # which Keras's text says, though not its code
            how["zero_output_for_mask"] = False
        theirs, ours = pair(name, unroll=unroll, return_state=True, **how)
        mask = MASKS[mask]
        state = None
        if with_state:
            rng = np.random.default_rng(4)
            count = 2 if name == "LSTM" else 1
            state = [rng.normal(size=(B, U)).astype("float32") for _ in range(count)]
        results = []
        for layer, start in ((theirs, state), (ours, state and state[::-1])):
            x = tf.Variable(X)
            with tf.GradientTape() as tape:
                output, *states = layer(x, initial_state=start, mask=mask)
                tensors = [output, *(states if layer is theirs else states[::-1])]
                loss = tf.add_n([tf.reduce_sum(tf.sin(y) * y) for y in tensors])
            results.append((tensors, tape.gradient(loss, x)))
        assert_close(*results)  # the gradients of weights are compared below, by a trained epoch

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("unroll", ["dynamic", "static"])
    @pytest.mark.parametrize("name", THEIRS)
    def test_a_trained_epoch(self, name, unroll):
        theirs, ours = pair(name, unroll=unroll)
        rng = np.random.default_rng(2)
        x, y = rng.normal(size=(32, T, D)), rng.normal(size=(32, U))
        for layer in (theirs, ours):
            model = keras.Sequential([keras.layers.Input([T, D]), layer])
            model.compile(keras.optimizers.SGD(0.1), "mse")
            model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
        back = convert.to_keras(ours.cell)
        back.build((None, T, D))
        for a, b in zip(back.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(ours(X), theirs(X), rtol=1e-4, atol=1e-5)


class OwnCell(tf.Module):
    """A cell as a reader writes it, with variables where tf.Module does not look for them."""

    state_size = output_size = U

    def __init__(self):
        super().__init__()
        self.dense = keras.layers.Dense(U)

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, U], dtype)

    def build(self, depth):
        self.dense.build([None, depth])
        self.parts = {"w": [tf.Variable(tf.ones([U, U]) / 9)]}

    def __call__(self, x, h):
        h = tf.tanh(self.dense(x) + h @ self.parts["w"][0])
        return h, h

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


keras.saving.register_keras_serializable(package="tests")(OwnCell)


class PlainCell:
    """No base class at all."""

    state_size = output_size = U

    def __init__(self):
        self.w = None

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, U], dtype)

    def build(self, depth):
        self.w = tf.Variable(tf.ones([depth, U]) / 3)

    def __call__(self, x, h):
        h = tf.tanh(x @ self.w + h)
        return h, h


CELLS = {
    "lstm": (lambda: u.LSTMCell(U, use_peepholes=True, num_proj=2, cell_clip=3.0), 6),
    "stack": (
        lambda: u.MultiRNNCell(
            [
                u.BasicLSTMCell(U, state_is_tuple=False),
                u.BasicRNNCell(3, "relu", "orthogonal"),
                u.DropoutWrapper(u.GRUCell(2, activation=tf.nn.softsign), 0.9),
            ]
        ),
        8,
    ),
    "own": (OwnCell, 3),
    "keras": (lambda: keras.layers.LSTMCell(U), 3),
}


def model_of(cell, **how):
    return keras.Sequential(
        [
            keras.layers.Input([T, D]),
            keras.layers.Masking(),
            u.RNN(cell, name="recurrent", **how),
            keras.layers.Dense(2),
        ]
    )


class TestAModel:
    @pytest.mark.one_in(10)
    @pytest.mark.parametrize("name", CELLS)
    def test_trains_counts_saves_and_loads(self, name, tmp_path):
        make, count = CELLS[name]
        model = model_of(make())
        layer = model.get_layer("recurrent")
        assert len(layer.trainable_weights) == count
        assert len({w.path for w in layer.weights}) == count
        assert model.count_params() == sum(w.value.shape.num_elements() for w in model.weights)
        before = [w.numpy() for w in layer.weights]
        model.compile("adam", "mse")
        model.fit(X, np.ones((B, 2)), epochs=2, verbose=0)
        moved = [np.abs(a - w.numpy()).max() > 0 for a, w in zip(before, layer.weights)]
        assert all(moved)

        expected = model.predict(X, verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert_close(loaded.predict(X, verbose=0), expected)
        assert loaded.optimizer.iterations == 2

        model.save_weights(tmp_path / "model.weights.h5")
        fresh = model_of(make())
        assert np.abs(fresh.predict(X, verbose=0) - expected).max() > 1e-4
        fresh.load_weights(tmp_path / "model.weights.h5")
        assert_close(fresh.predict(X, verbose=0), expected)

        model.export(tmp_path / "exported", verbose=False)
        exported = tf.saved_model.load(tmp_path / "exported")  # kept: it owns the variables
        assert_close(exported.serve(X), expected)

    @pytest.mark.thorough
    def test_a_saved_model_is_read_by_another_program(self, tmp_path):
        model = model_of(u.MultiRNNCell([u.LSTMCell(4), u.BasicRNNCell(3)]), unroll="static")
        model.save(tmp_path / "model.keras")
        np.save(tmp_path / "x.npy", X)
        program = (
            "import numpy as np, unrolled.layers, keras, sys\n"
            "model = keras.models.load_model(sys.argv[1] + '/model.keras')\n"
            "x = np.load(sys.argv[1] + '/x.npy')\n"
            "np.save(sys.argv[1] + '/y.npy', model.predict(x, verbose=0))\n"
        )
        subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)
        assert_close(np.load(tmp_path / "y.npy"), model.predict(X, verbose=0))

    def test_a_functional_encoder_and_decoder(self):
        source, target = keras.Input([None, D]), keras.Input([None, D])
        _, c, h = u.RNN(u.LSTMCell(U), return_state=True)(source)
        outputs = u.RNN(u.LSTMCell(U), return_sequences=True)(target, initial_state=[c, h])
        model = keras.Model([source, target], outputs)
        assert model.output_shape == (None, None, U)
        assert model([X, X[:, :4]]).shape == (B, 4, U)
        assert len(model.trainable_weights) == 4

    def test_a_subclassed_model(self):
        class Reader(keras.Model):
            def __init__(self):
                super().__init__()
                self.embed = keras.layers.Embedding(9, D, mask_zero=True)
                self.rnn = u.RNN(u.GRUCell(U), return_sequences=True, return_state=True)

            def call(self, words):
                return self.rnn(self.embed(words))

        model, words = Reader(), np.array([[3, 1, 0, 0], [2, 0, 0, 0], [1, 2, 3, 4]])
        outputs, state = model(words)
        assert_close(outputs[0, 3], outputs[0, 1])  # masked: the output before is repeated
        assert_close(state, outputs[:, -1])
        assert len(model.trainable_weights) == 5

    def test_bidirectional_and_time_distributed(self, tmp_path):
        model = keras.Sequential(
            [
                keras.layers.Input([2, T, D]),
                keras.layers.TimeDistributed(
                    keras.layers.Bidirectional(u.RNN(u.GRUCell(U), return_sequences=True))
                ),
                keras.layers.TimeDistributed(u.RNN(u.BasicRNNCell(3))),
            ]
        )
        assert model.output_shape == (None, 2, 3)
        assert len(model.trainable_weights) == 4 + 4 + 2
        model.compile("adam", "mse")
        x = np.stack([X, X + 1], axis=1)
        model.fit(x, np.ones((B, 2, 3)), verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert_close(loaded.predict(x, verbose=0), model.predict(x, verbose=0))

    @pytest.mark.parametrize("merge_mode", ["concat", "sum", None])
    def test_bidirectional_is_kerass(self, merge_mode):
        theirs, _ = pair("LSTM", return_sequences=True)
        cell = convert.from_keras(theirs)
        backward = u.RNN(u.BasicLSTMCell(U), return_sequences=True, go_backwards=True)
        layer = keras.layers.Bidirectional(
            u.RNN(u.BasicLSTMCell(U), return_sequences=True), merge_mode, backward_layer=backward
        )
        whole = keras.layers.Bidirectional(theirs, merge_mode)
        layer.build((None, T, D))
        whole.build((None, T, D))
        for ours, their in (
            (layer.forward_layer, whole.forward_layer),
            (layer.backward_layer, whole.backward_layer),
        ):
            their.set_weights(theirs.get_weights())
            for a, b in zip(ours.cell.variables, cell.variables, strict=True):
                a.assign(b)
            ours.cell.forget_bias = cell.forget_bias
        for mask in MASKS.values():
            assert_close(layer(X, mask=mask), whole(X, mask=mask))

    def test_mixed_precision(self):
        policy = keras.DTypePolicy("mixed_float16")
        layer = u.RNN(u.LSTMCell(U), dtype=policy, return_sequences=True)
        model = keras.Sequential(
            [keras.layers.Input([T, D]), layer, keras.layers.Dense(1, dtype=policy)]
        )
        assert layer(X).dtype == "float16"
        assert {w.dtype for w in layer.weights} == {"float32"}
        model.compile(keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam()), "mse")
        assert np.isfinite(model.fit(X, X[..., :1], verbose=0).history["loss"]).all()

    def test_double_precision(self):
        layer = u.RNN(u.GRUCell(U), dtype="float64")
        assert layer(X.astype("float64")).dtype == "float64"
        assert {w.dtype for w in layer.weights} == {"float64"}

    def test_a_layer_that_is_not_trained(self):
        model = model_of(u.GRUCell(U))
        model.get_layer("recurrent").trainable = False
        before = model.get_layer("recurrent").get_weights()
        model.compile("adam", "mse")
        model.fit(X, np.ones((B, 2)), verbose=0)
        assert_close(model.get_layer("recurrent").get_weights(), before)
        assert len(model.trainable_weights) == 2

    def test_one_cell_in_two_layers_is_trained_once(self):
        cell = u.GRUCell(U)
        first, second = u.RNN(cell, return_sequences=True), u.RNN(cell)
        inputs = keras.Input([T, D])
        model = keras.Model(inputs, [first(inputs), second(inputs)])
        assert len(model.trainable_weights) == 4

    def test_a_cell_that_is_trained_already_keeps_its_weights(self):
        cell = u.LSTMCell(U)
        outputs, _ = u.dynamic_rnn(cell, X, dtype=tf.float32)
        assert_close(u.RNN(cell, return_sequences=True)(X), outputs)

    @pytest.mark.thorough
    def test_compiled_by_xla(self):
        """XLA leaves out checks, so Keras does not take it unasked; a word lets it."""
        model = model_of(u.LSTMCell(U))
        assert not model.get_layer("recurrent").supports_jit
        model.get_layer("recurrent").supports_jit = True
        expected = model.predict(X, verbose=0)
        model.compile("adam", "mse", jit_compile=True)
        assert_close(model.predict(X, verbose=0), expected)
        model.fit(X, np.ones((B, 2)), verbose=0)


class TestDropout:
    def test_drops_only_in_training(self):
        cell = u.DropoutWrapper(u.GRUCell(U), output_keep_prob=0.5, seed=3)
        layer = u.RNN(u.MultiRNNCell([cell, u.BasicRNNCell(2)]), return_sequences=True)
        calm = layer(X)
        assert_close(layer(X), calm)
        assert np.abs(layer(X, training=True) - calm).max() > 1e-3

    def test_without_dropout_shares_the_weights(self):
        stack = u.MultiRNNCell([u.DropoutWrapper(u.GRUCell(U), 0.5), u.BasicRNNCell(2)])
        calm = u.without_dropout(stack)
        assert u.without_dropout(calm) is calm
        outputs = [u.dynamic_rnn(calm, X, dtype=tf.float32)[0] for _ in range(2)]
        assert_close(*outputs)
        u.dynamic_rnn(stack, X, dtype=tf.float32)
        ids = [{id(v) for v in cell.trainable_variables} for cell in (stack, calm)]
        assert ids[0] == ids[1]
        assert calm.state_size == stack.state_size


class TestState:
    @pytest.mark.parametrize("unroll", ["dynamic", "static"])
    def test_carried_from_batch_to_batch(self, unroll):
        cell = u.MultiRNNCell([u.LSTMCell(U), u.GRUCell(2)])
        whole = u.RNN(cell, return_sequences=True)(X)
        layer = u.RNN(cell, stateful=True, return_sequences=True, unroll=unroll)
        halves = [layer(X[:, :3]), layer(X[:, 3:])]
        assert_close(tf.concat(halves, axis=1), whole)
        layer.reset_state()
        assert_close(layer(X[:, :3]), halves[0])
        assert len(layer.weights) == 6

    def test_carried_in_training_and_forgotten_at_a_word(self):
        inputs = keras.Input(batch_shape=(B, T, D))
        layer = u.RNN(u.GRUCell(U), stateful=True)
        model = keras.Model(inputs, layer(inputs))
        model.compile("sgd", "mse")
        model.fit(X, np.zeros((B, U)), batch_size=B, verbose=0)
        assert np.abs(layer.states).max() > 0
        layer.reset_states()
        assert np.abs(layer.states).max() == 0

    @pytest.mark.parametrize("mask", MASKS)
    @pytest.mark.parametrize("return_sequences", [False, True])
    def test_time_major(self, mask, return_sequences):
        cell = u.LSTMCell(U)
        mask = MASKS[mask]
        how = {"return_sequences": return_sequences, "return_state": True}
        rows = u.RNN(cell, **how)(X, mask=mask)
        swapped = u.RNN(cell, time_major=True, **how)(
            X.swapaxes(0, 1), mask=None if mask is None else mask.T
        )
        outputs = swapped[0].numpy()
        assert_close(outputs.swapaxes(0, 1) if return_sequences else outputs, rows[0])
        assert_close(swapped[1:], rows[1:])

    def test_shapes_that_keras_is_told(self):
        cell = u.MultiRNNCell([u.LSTMCell(U), u.GRUCell(2)])
        layer = u.RNN(cell, return_sequences=True, return_state=True)
        outputs = layer(keras.Input([None, D]))
        shapes = [tuple(x.shape) for x in tf.nest.flatten(outputs)]
        assert shapes == [(None, None, 2), (None, U), (None, U), (None, 2)]


class TestKerasCells:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: keras.layers.SimpleRNNCell(U),
            lambda: keras.layers.LSTMCell(U),
            lambda: keras.layers.GRUCell(U),
            lambda: keras.layers.StackedRNNCells(
                [keras.layers.LSTMCell(3), keras.layers.GRUCell(U)]
            ),
        ],
        ids=["simple", "lstm", "gru", "stacked"],
    )
    @pytest.mark.parametrize("how", [{}, {"unroll": 1}, {"recompute_every": 2}, "static"])
    def test_in_our_unrolls(self, make, how):
        cell = make()
        theirs = keras.layers.RNN(cell, return_sequences=True, return_state=True)
        expected, *states = theirs(X, mask=MASKS["padding behind"])
        expected = tf.where(MASKS["padding behind"][..., None], expected, 0.0)
        lengths = [6, 0, 2, 5]
        with tf.GradientTape() as tape:
            if how == "static":
                frames = u.unpack_sequence(X)
                outputs, state = u.static_rnn(
                    cell, frames, dtype=tf.float32, sequence_length=lengths
                )
                outputs = u.pack_sequence(outputs)
            else:
                outputs, state = u.dynamic_rnn(cell, X, lengths, dtype=tf.float32, **how)
            loss = tf.reduce_sum(outputs**2)
        assert_close(outputs, expected)
        assert_close(tf.nest.flatten(state), tf.nest.flatten(states))
        weights = [w.value for w in cell.trainable_weights]
        assert all(g is not None for g in tape.gradient(loss, weights))

    def test_in_a_stack_and_a_wrapper(self):
        keras_cell = keras.layers.GRUCell(U)
        stack = u.MultiRNNCell([u.DropoutWrapper(keras_cell, 0.9), u.LSTMCell(2)])
        u.dynamic_rnn(stack, X, dtype=tf.float32)
        assert len(stack.trainable_variables) == 3 + 2
        with pytest.raises(ValueError, match="share one set of weights"):
            u.MultiRNNCell([keras_cell, keras_cell])

    def test_errors(self):
        with pytest.raises(TypeError, match="got the layer LSTM, which .*: give its cell"):
            u.dynamic_rnn(keras.layers.LSTM(U), X, dtype=tf.float32)
        with pytest.raises(TypeError, match="cell must be a cell; got a Dense, which lacks"):
            u.RNN(keras.layers.Dense(U))
        with pytest.raises(ValueError, match="LSTMCell must have dropout=0 .* DropoutWrapper"):
            u.dynamic_rnn(keras.layers.LSTMCell(U, dropout=0.1), X, dtype=tf.float32)
        with pytest.raises(
            ValueError, match="inputs of float64 do not fit a GRUCell .*variables are float32; make"
        ):
            u.dynamic_rnn(keras.layers.GRUCell(U), X.astype("float64"), dtype=tf.float64)


class TestWhatIsTold:
    def test_a_cell_in_a_keras_layer_without_the_bridge(self):
        class Layer(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.cell = u.GRUCell(U)

            def call(self, x):
                return u.dynamic_rnn(self.cell, x, dtype=tf.float32)[0]

        words = "runs a GRUCell whose variables it does not know.* unrolled.RNN"
        with pytest.warns(UserWarning, match=words):
            Layer()(X)
        with pytest.warns(UserWarning, match=words):
            keras.Sequential([keras.layers.Input([T, D]), Layer()])

    def test_our_cell_in_kerass_own_layer(self):
        with pytest.raises(ValueError, match="`call` method"):
            keras.layers.RNN(u.GRUCell(U))

    def test_nothing_is_said_where_all_is_well(self):
        class Layer(keras.layers.Layer):
            def __init__(self):
                super().__init__()
                self.rnn = u.RNN(u.GRUCell(U))

            def call(self, x):
                return self.rnn(x)

        frozen = u.GRUCell(U, name="frozen")
        frozen.build(D)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model = keras.Sequential([keras.layers.Input([T, D]), Layer()])
            model.compile("adam", "mse")
            model.fit(X, np.zeros((B, U)), verbose=0)
            u.dynamic_rnn(frozen, X, dtype=tf.float32)  # outside of any layer

    @pytest.mark.parametrize(
        "make, kind, words",
        [
            (lambda: u.RNN(u.GRUCell), TypeError, "cell must be a cell; got the class GRUCell"),
            (lambda: u.RNN(u.GRUCell(U), unroll=True), ValueError, "unroll must be .*; got True"),
            (
                lambda: u.RNN(u.GRUCell(U), return_state=1),
                TypeError,
                "return_state must be True or False; got 1",
            ),
            (
                lambda: u.RNN(u.GRUCell(U), stateful=True)(keras.Input([T, D])),
                ValueError,
                r"stateful=True needs a known batch size; got .*\(None, 6, 3\)",
            ),
            (
                lambda: u.RNN(u.GRUCell(U), unroll="static")(keras.Input([None, D])),
                ValueError,
                "static.* needs a known number of steps T",
            ),
            (
                lambda: u.RNN(u.LSTMCell(U))(X, initial_state=[X[:, 0]]),
                ValueError,
                "initial_state must hold 2 tensors, as state_size of a LSTMCell|an LSTMCell",
            ),
        ],
    )
    def test_errors(self, make, kind, words):
        with pytest.raises(kind, match=words):
            make()

    @pytest.mark.parametrize(
        "make, kind, words",
        [
            (lambda: u.GRUCell(U, lambda x: x), ValueError, "activation of GRUCell .* lambda"),
            (
                lambda: u.DropoutWrapper(u.GRUCell(U), tf.Variable(0.5)),
                ValueError,
                "input_keep_prob of DropoutWrapper must be a number .* tf.Variable",
            ),
            (PlainCell, TypeError, "PlainCell"),
        ],
    )
    def test_what_cannot_be_saved(self, make, kind, words, tmp_path):
        model = model_of(make())
        with pytest.raises(kind, match=words):
            model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")  # weights can, always


class Learned(keras.layers.Layer):
    """A Keras cell whose first state is a weight."""

    state_size = output_size = U

    def build(self, shape):
        self.first = self.add_weight(shape=[U], initializer="ones")

    def get_initial_state(self, batch_size=None):
        return [tf.tile(self.first[None], [batch_size, 1])]

    def call(self, x, states):
        h = tf.tanh(states[0] + x[:, :1])
        return h, [h]


class Around(u.RNNCell):
    """A reader's cell around another."""

    state_size = output_size = U

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def make_variables(self, input_depth, dtype):
        if hasattr(self.inner, "zero_state"):
            self.inner.build(input_depth, dtype)

    def step(self, x, h):
        if hasattr(self.inner, "zero_state"):
            return self.inner(x, h)
        h = tf.tanh(self.inner(x) + h)
        return h, h


class TestKerasLayersInsideCells:
    """They stay Keras's: built, trained, constrained and saved by it, wherever they stand."""

    MAKE = {
        "stack": lambda layer: u.MultiRNNCell([layer, u.GRUCell(U)]),
        "wrapper": lambda layer: u.DropoutWrapper(layer, 0.9),
        "list": lambda layer: [layer, keras.layers.SimpleRNNCell(U)],
        "a reader's cell": lambda layer: u.MultiRNNCell(
            [u.DropoutWrapper(layer), Around(keras.layers.Dense(U))]
        ),
    }

    @staticmethod
    def subclassed(layer):
        class Model(keras.Model):
            def __init__(self):
                super().__init__()
                self.rnn, self.head = layer, keras.layers.Dense(1)

            def call(self, x):
                return self.head(self.rnn(x))

        return Model()

    @staticmethod
    def functional(layer):
        inputs = keras.Input([T, D])
        return keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))

    @pytest.mark.one_in(10)
    @pytest.mark.parametrize(
        "place, kind", [("stack", "functional"), *((place, "subclassed") for place in MAKE)]
    )
    def test_are_trained_once(self, place, kind):
        layer = u.RNN(self.MAKE[place](keras.layers.GRUCell(U)))
        model = getattr(self, kind)(layer)
        model.compile("sgd", "mse")
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            model.fit(X, np.ones((B, 1)), epochs=2, verbose=0)
        others = {"stack": 4, "wrapper": 0, "list": 3, "a reader's cell": 2}[place]
        assert len(model.trainable_weights) == 3 + others + 2
        assert len({w.path for w in model.weights}) == len(model.weights)
        values = {id(w.value) for w in model.trainable_weights}
        assert len(values) == len(model.trainable_weights)

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("place", ["stack", "wrapper", "list"])
    def test_are_saved_and_loaded(self, place, tmp_path):
        model = self.functional(u.RNN(self.MAKE[place](keras.layers.GRUCell(U))))
        model.save(tmp_path / "model.keras")
        loaded = keras.models.load_model(tmp_path / "model.keras")
        assert_close(loaded.predict(X, verbose=0), model.predict(X, verbose=0))

    def test_keep_their_losses_constraints_and_switches(self):
        cell = keras.layers.SimpleRNNCell(
            U, kernel_regularizer="l2", kernel_constraint="non_neg", bias_initializer="ones"
        )
        layer = u.RNN(u.MultiRNNCell([cell, u.GRUCell(U)]))
        model = self.functional(layer)
        model(X)
        assert len(model.losses) == 1
        model.compile("sgd", "mse")
        model.fit(X, np.ones((B, 1)), epochs=2, verbose=0)
        assert cell.kernel.numpy().min() >= 0
        before = cell.get_weights()
        cell.trainable = False
        model.compile("sgd", "mse")
        model.fit(X, np.ones((B, 1)), verbose=0)
        assert_close(cell.get_weights(), before)
        assert len(layer.trainable_weights) == 4

    def test_a_step_is_as_long_as_it_should_be(self):
        """A variable with two names in one model would be moved twice."""

        class Both(keras.layers.Layer):  # Keras's layer and our contract at once
            state_size = output_size = U

            def zero_state(self, batch_size, dtype):
                return tf.zeros([batch_size, U], dtype)

            def build(self, depth):
                self.k = self.add_weight(shape=(D, U))

            def call(self, x, h):
                h = tf.tanh(x @ self.k + h)
                return h, h

        dense = keras.layers.Dense(D)
        for cell in (Both(), keras.layers.SimpleRNNCell(U), Around(keras.layers.Dense(U))):
            model = keras.Sequential([keras.layers.Input([T, D]), dense, u.RNN(cell)])
            with tf.GradientTape() as tape:
                loss = tf.reduce_mean(tf.square(model(X) - 1))
            weights = list({id(w.value): w.value for w in model.trainable_weights}.values())
            assert len(weights) == len(model.trainable_weights)
            expected = [w - g for w, g in zip(weights, tape.gradient(loss, weights))]
            model.compile(keras.optimizers.SGD(1.0), "mse")
            model.fit(X, np.ones((B, U)), batch_size=B, verbose=0)
            assert_close(weights, expected)

    @pytest.mark.parametrize("stateful", [False, True])
    def test_the_first_state_is_the_cells_own(self, stateful):
        cell = Learned()
        theirs = keras.layers.RNN(cell, return_sequences=True)(X)
        layer = u.RNN(cell, return_sequences=True, stateful=stateful)
        assert_close(layer(X), theirs)
        assert_close(u.dynamic_rnn(cell, X, dtype=tf.float32)[0], theirs)
        layer.reset_state()
        assert_close(layer(X), theirs)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(u.RNN(u.MultiRNNCell([cell, u.GRUCell(2)]))(X))
        assert tape.gradient(loss, cell.first.value) is not None

    def test_mixed_precision(self):
        policy = keras.DTypePolicy("mixed_float16")
        cell = keras.layers.LSTMCell(U, dtype=policy)
        outputs = u.RNN(u.MultiRNNCell([cell, u.GRUCell(2)]), dtype=policy)(X)
        assert outputs.dtype == "float16"

    def test_dropout_that_cannot_be_switched_off_is_told(self):
        layer = u.RNN(Around(u.DropoutWrapper(u.GRUCell(U), output_keep_prob=0.5)))
        with pytest.warns(UserWarning, match="inside an Around drops in evaluation too"):
            layer(X)
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            layer(X, training=True)


class TestWhatKerasAsks:
    def test_paths_differ(self):
        layer = u.RNN([u.LSTMCell(U), u.LSTMCell(U), u.LSTMCell(U)])
        layer(X)
        assert len({w.path for w in layer.weights}) == 6

    def test_inputs_in_a_dict(self):
        class Cell:
            any_inputs = True
            state_size = output_size = D

            def zero_state(self, batch_size, dtype):
                return tf.zeros([batch_size, D], dtype)

            def __call__(self, inputs, h):
                h = h + inputs["a"] * tf.cast(inputs["n"], h.dtype)
                return h, h

        inputs = {"a": keras.Input([T, D]), "n": keras.Input([T, 1], dtype="int32")}
        for unroll in ("dynamic", "static"):
            model = keras.Model(inputs, u.RNN(Cell(), unroll=unroll, go_backwards=True)(inputs))
            n = np.arange(B * T).reshape(B, T, 1)
            assert_close(model({"a": X, "n": n}), (X * n).sum(axis=1))

    def test_arguments_stand_where_kerass_do(self):
        ours = u.RNN(u.GRUCell(U), True, True)
        assert [y.shape for y in ours(X)] == [(B, T, U), (B, U)]
        assert ours.state_size == U
        assert [s.shape for s in u.RNN(u.LSTMCell(U)).get_initial_state(2)] == [(2, U), (2, U)]

    def test_a_cell_in_two_layers_is_not_saved_apart(self, tmp_path):
        cell, inputs = u.GRUCell(D), keras.Input([T, D])
        model = keras.Model(inputs, u.RNN(cell)(u.RNN(cell, return_sequences=True)(inputs)))
        with pytest.raises(ValueError, match="share a cell, which a saved model would take apart"):
            model.save(tmp_path / "model.keras")
        model.save_weights(tmp_path / "model.weights.h5")

    def test_a_cell_whose_config_adds_to_ours(self):
        class Mine(u.GRUCell):
            def __init__(self, scale, **how):
                super().__init__(**how)
                self.scale_ = scale

            def get_config(self):
                return {**super().get_config(), "scale": self.scale_}

        config = Mine(2.0, num_units=3, activation="relu").get_config()
        assert (config["scale"], config["num_units"], config["activation"]) == (2.0, 3, "relu")
        assert Mine.from_config(config).num_units == 3

    @pytest.mark.parametrize(
        "make, kind, words",
        [
            (
                lambda: u.RNN(u.GRUCell(U))(X, mask=np.ones((B, T - 1), bool)),
                ValueError,
                r"mask must be \[B, T\] like the inputs, \(4, 6\); got shape \(4, 5\)",
            ),
            (
                lambda: u.RNN(u.GRUCell(U), time_major=True)(X, mask=np.ones((1, T), bool)),
                ValueError,
                r"mask must be \[T, B\] like the inputs",
            ),
            (
                lambda: keras.layers.Bidirectional(u.RNN(u.GRUCell(U), True, time_major=True)),
                ValueError,
                "time_major must be False inside keras.layers.Bidirectional",
            ),
            (
                lambda: u.RNN(u.GRUCell(U))(X[:, 0]),
                ValueError,
                r"inputs must be \[B, T, D\]; got shape \(4, 3\)",
            ),
            (
                lambda: u.RNN(u.LSTMCell(U))(X, initial_state=[None, None]),
                ValueError,
                "initial_state must hold 2 tensors.*got None for 2",
            ),
            (lambda: u.RNN(u.RNN(u.GRUCell(U))), TypeError, "got the layer RNN, which runs one"),
            (
                lambda: u.RNN(keras.layers.Bidirectional(keras.layers.GRU(3))),
                TypeError,
                "got the layer Bidirectional, which runs one",
            ),
        ],
    )
    def test_errors(self, make, kind, words):
        with pytest.raises(kind, match=words):
            make()

    def test_stateless_calls(self):
        model = model_of(u.GRUCell(U))
        zeros = [np.zeros_like(w) for w in model.trainable_weights]
        with pytest.raises(NotImplementedError, match="stateless_call does not reach"):
            model.stateless_call(zeros, [w.value for w in model.non_trainable_weights], X)

    def test_a_last_batch_that_is_smaller(self):
        layer = u.RNN(u.GRUCell(U), stateful=True)
        layer(X)
        words = "must have the 4 rows that it was built for; got 3: leave out"
        with pytest.raises(ValueError, match=words):
            layer(X[:3])

    def test_a_mask_behind_unknown_sizes(self):
        layer = u.RNN(u.GRUCell(U), return_sequences=True)
        layer(X)
        floats, flags = tf.TensorSpec([None, None, D]), tf.TensorSpec([None, None], tf.bool)
        run = tf.function(lambda x, mask: layer(x, mask=mask), input_signature=[floats, flags])
        assert_close(run(X, MASKS["gaps"]), layer(X, mask=MASKS["gaps"]))
        for wrong in (np.ones((1, T), bool), np.ones((B, 1), bool), np.ones((B, T - 1), bool)):
            with pytest.raises(tf.errors.InvalidArgumentError, match="mask must be"):
                run(X, wrong)


class TestRagged:
    ROWS = [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]], []]

    @pytest.mark.parametrize("traced", [False, True])
    def test_rows_of_their_own_lengths(self, traced):
        ragged = tf.ragged.constant(self.ROWS, ragged_rank=1, inner_shape=(2,))
        cell = u.GRUCell(U)
        run = tf.function(lambda x: u.dynamic_rnn(cell, x, dtype=tf.float32))
        outputs, state = (run if traced else run.python_function)(ragged)
        dense, expected = u.dynamic_rnn(
            cell, ragged.to_tensor(), ragged.row_lengths(), dtype=tf.float32
        )
        assert isinstance(outputs, tf.RaggedTensor)
        assert outputs.row_lengths().numpy().tolist() == [1, 2, 0]
        assert_close(outputs.to_tensor(), dense)
        assert_close(state, expected)

    def test_both_ways_with_gradients(self):
        ragged = tf.ragged.constant(self.ROWS, ragged_rank=1, inner_shape=(2,))
        cells = u.GRUCell(U), u.LSTMCell(U)
        with tf.GradientTape() as tape:
            tape.watch(ragged.flat_values)
            (forward, backward), _ = u.bidirectional_dynamic_rnn(*cells, ragged, dtype=tf.float32)
            loss = tf.reduce_sum(forward.flat_values * backward.flat_values)
        assert forward.shape[-1] == U and backward.row_lengths().numpy().tolist() == [1, 2, 0]
        gradient = tf.convert_to_tensor(tape.gradient(loss, ragged.flat_values))
        assert (np.abs(gradient) > 0).all()

    def test_a_model(self):
        from unrolled.models import SequenceClassifier

        ragged = tf.ragged.constant(self.ROWS, ragged_rank=1, inner_shape=(2,))
        model = SequenceClassifier(u.GRUCell(U), 3)
        assert_close(model(ragged), model(ragged.to_tensor(), [1, 2, 0]))

    @pytest.mark.parametrize(
        "how, kind, words",
        [
            ({"sequence_length": [1, 2, 0]}, ValueError, "sequence_length must be left out"),
            ({"time_major": True}, ValueError, "time_major must be False for ragged inputs"),
        ],
    )
    def test_errors(self, how, kind, words):
        ragged = tf.ragged.constant(self.ROWS, ragged_rank=1, inner_shape=(2,))
        with pytest.raises(kind, match=words):
            u.dynamic_rnn(u.GRUCell(U), ragged, dtype=tf.float32, **how)
        with pytest.raises(TypeError, match="got a RaggedTensor: give it to dynamic_rnn"):
            u.static_rnn(u.GRUCell(U), ragged, dtype=tf.float32)
        with pytest.raises(ValueError, match="ragged in their steps alone"):
            deeper = tf.ragged.constant([[[1.0], [2.0, 3.0]]])
            u.dynamic_rnn(u.GRUCell(U), deeper, dtype=tf.float32)
