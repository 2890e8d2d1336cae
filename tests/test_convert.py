"""Cells, Keras layers and TensorFlow 1 checkpoints: outputs before and after."""

import functools
import re
import warnings

import numpy as np
import pytest
import tensorflow as tf
import ways

import unrolled as u
from unrolled import convert
from unrolled.internal.keras_weights import ACTIVATIONS

keras = pytest.importorskip("keras")
tf1 = tf.compat.v1

B, T, D, U = 4, 6, 3, 5
X = np.random.default_rng(3).normal(size=(B, T, D)).astype(np.float32)
LENGTHS = np.array([6, 1, 0, 4], np.int32)
MASK = np.arange(T) < LENGTHS[:, None]  # [B, T]


def with_weights(cell, depth=D, seed=0, dtype=tf.float32):
    """The cell with every variable random, biases too."""
    cell.build(depth, dtype)
    rng = np.random.default_rng(seed)
    for v in sorted(cell.variables, key=lambda v: v.name):
        v.assign(rng.normal(scale=0.5, size=v.shape))
    return cell


def run(cell, lengths=None, x=X):
    """Outputs and state by the package's unroll; a pair's outputs side by side."""
    if isinstance(cell, tuple):
        outputs, states = u.bidirectional_dynamic_rnn(*cell, x, lengths, dtype=x.dtype)
        return tf.concat(outputs, axis=2), states
    return u.dynamic_rnn(cell, x, lengths, dtype=x.dtype)


def assert_close(actual, expected):
    actual, expected = tf.nest.flatten(actual), tf.nest.flatten(expected)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=2e-6)


def in_order_of_keras(state):
    """Our states as Keras returns them: one after the other, h before c."""
    if isinstance(state, u.LSTMStateTuple):
        return [state.h, state.c]
    if isinstance(state, tuple):
        return [tensor for part in state for tensor in in_order_of_keras(part)]
    return [state]


CELLS = {
    "basic": lambda: u.BasicRNNCell(U),
    "basic relu": lambda: u.BasicRNNCell(U, activation=tf.nn.relu),
    "basic lstm": lambda: u.BasicLSTMCell(U),
    "basic lstm, forget bias 0.3": lambda: u.BasicLSTMCell(U, forget_bias=0.3),
    "lstm softsign": lambda: u.LSTMCell(U, activation=tf.nn.softsign),
    "lstm, joined state": lambda: u.LSTMCell(U, state_is_tuple=False),
    "gru": lambda: u.GRUCell(U),
    "gru sigmoid": lambda: u.GRUCell(U, activation=tf.sigmoid),
}
STACK = [u.BasicLSTMCell, u.GRUCell, u.BasicRNNCell]


def stack(*sizes, **options):
    return u.MultiRNNCell([make(size) for make, size in zip(STACK, sizes)], **options)


class TestToKeras:
    @pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
    def test_outputs_and_states(self, make):
        cell = with_weights(make())
        outputs, state = run(cell)
        layer = convert.to_keras(cell, return_state=True)
        after, *states = layer(X)
        assert_close(after, outputs)
        if getattr(cell, "state_is_tuple", True):
            assert_close(states, in_order_of_keras(state))
        assert_close(convert.to_keras(cell)(X), outputs)

    @pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
    def test_a_mask_is_what_lengths_were(self, make):
        cell = with_weights(make())
        assert_close(convert.to_keras(cell)(X, mask=MASK), run(cell, LENGTHS)[0])

    def test_each_cell_has_its_layer(self):
        kinds = {u.BasicRNNCell: "SimpleRNN", u.LSTMCell: "LSTM", u.GRUCell: "GRU"}
        for make, name in kinds.items():
            layer = convert.to_keras(with_weights(make(U)))
            assert type(layer) is getattr(keras.layers, name)
            assert [w.shape[0] for w in layer.weights][:2] == [D, U]

    def test_the_forget_bias_is_in_the_third_block_here_and_in_the_second_there(self):
        cell = u.BasicLSTMCell(2, forget_bias=0.25)
        cell.build(D)
        cell.bias.assign([1, 1, 2, 2, 3, 3, 4, 4])
        _, _, bias = convert.to_keras(cell).get_weights()
        np.testing.assert_array_equal(bias, [1, 1, 3.25, 3.25, 2, 2, 4, 4])

    def test_a_stack_is_a_list_for_a_sequential(self):
        cell = with_weights(stack(5, 4, 2))
        layers = convert.to_keras(cell)
        assert [type(layer).__name__ for layer in layers] == ["LSTM", "GRU", "SimpleRNN"]
        model = keras.Sequential([keras.Input([None, D]), *layers])
        assert_close(model(X), run(cell)[0])
        after = X
        for layer in layers:
            after = layer(after, mask=MASK)
        assert_close(after, run(cell, LENGTHS)[0])

    def test_each_layer_of_a_stack_returns_its_state(self):
        cell = with_weights(stack(5, 4, 2))
        after, states = X, []
        for layer in convert.to_keras(cell, return_state=True):
            after, *state = layer(after)
            states += state
        assert_close(states, in_order_of_keras(run(cell)[1]))

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize(
        "make", [*CELLS.values(), lambda: stack(5, 4, 2)], ids=[*CELLS, "stacks"]
    )
    @pytest.mark.parametrize("lengths, mask", [(None, None), (LENGTHS, MASK)], ids=["all", "mask"])
    def test_a_pair_is_a_bidirectional(self, make, lengths, mask):
        pair = with_weights(make()), with_weights(make(), seed=1)
        outputs, states = run(pair, lengths)
        layer = convert.to_keras(pair, return_state=True)
        assert isinstance(layer, keras.layers.Bidirectional)
        after, *states_after = layer(X, mask=mask)
        assert_close(after, outputs)
        if getattr(pair[0], "state_is_tuple", True):
            assert_close(states_after, in_order_of_keras(states))

    def test_the_dtype_stays(self):
        cell = with_weights(u.GRUCell(U), dtype=tf.float64)
        x = X.astype(np.float64)
        after = convert.to_keras(cell)(x)
        assert after.dtype == tf.float64
        np.testing.assert_allclose(after, run(cell, x=x)[0], rtol=1e-12)

    def test_a_converted_layer_can_be_saved(self, tmp_path):
        cell = with_weights(stack(5, 4, 2))
        model = keras.Sequential([keras.Input([None, D]), *convert.to_keras(cell)])
        model.save(tmp_path / "model.keras")
        assert_close(keras.models.load_model(tmp_path / "model.keras")(X), run(cell)[0])

    @pytest.mark.parametrize(
        "make, error, words",
        [
            (
                lambda: u.LSTMCell(U, use_peepholes=True),
                ValueError,
                "this LSTMCell has use_peepholes=True, which keras.layers.LSTM does not have",
            ),
            (
                lambda: u.LSTMCell(U, num_proj=2),
                ValueError,
                r"has num_proj=2, .* give an LSTM without it W R in place of R .*Dense\(2, ",
            ),
            (
                lambda: u.LSTMCell(U, num_proj=2, proj_clip=1.0),
                ValueError,
                "has num_proj=2, .*; keep the cell, or train without",
            ),
            (lambda: u.LSTMCell(U, cell_clip=0.0), ValueError, "has cell_clip=0.0"),
            (
                lambda: u.GRUCell(U, activation=lambda x: x),
                ValueError,
                "of this GRUCell has no known counterpart in Keras; .*tf.identity for linear",
            ),
            (
                lambda: u.DropoutWrapper(u.GRUCell(U), 0.5),
                TypeError,
                "a DropoutWrapper does not move .* convert that, wrapper.cell, .*layers.Dropout",
            ),
            (
                lambda: u.MultiRNNCell([u.DropoutWrapper(u.GRUCell(U), 0.5)]),
                TypeError,
                "a DropoutWrapper does not move",
            ),
            (
                lambda: u.MultiRNNCell([stack(2), u.GRUCell(U)]),
                TypeError,
                r"cell must be a BasicRNNCell, .*of either; got a MultiRNNCell inside another\.$",
            ),
        ],
    )
    def test_what_keras_lacks_is_refused(self, make, error, words):
        with pytest.raises(error, match=words):
            convert.to_keras(with_weights(make()))

    def test_no_cell_and_no_variables(self):
        with pytest.raises(TypeError, match="cell must be a BasicRNNCell, .*; got 'gru'.$"):
            convert.to_keras("gru")
        with pytest.raises(
            ValueError, match=r"this GRUCell has no variables.*build\(input_depth\)"
        ):
            convert.to_keras(u.GRUCell(U))

    def test_pairs_that_do_not_pair(self):
        cell = with_weights(u.GRUCell(U))
        other = with_weights(u.GRUCell(2), depth=7)
        words = "inputs of depth 3 and 5 outputs, cell_bw 7 and 2; convert each by itself"
        with pytest.raises(ValueError, match=words):
            convert.to_keras((cell, other))
        with pytest.raises(
            ValueError, match=r"or a pair \(cell_fw, cell_bw\); got a tuple of 1\.$"
        ):
            convert.to_keras((cell,))


def keras_layer(layer, depth=D, seed=0):
    layer.build([None, None, depth])
    rng = np.random.default_rng(seed)
    layer.set_weights([rng.normal(scale=0.5, size=w.shape) for w in layer.get_weights()])
    return layer


ALL = {"return_sequences": True}
LAYERS = {
    "simple": lambda **how: keras.layers.SimpleRNN(U, **how),
    "lstm": lambda **how: keras.layers.LSTM(U, **how),
    "lstm elu": lambda **how: keras.layers.LSTM(U, activation="elu", **how),
    "gru": lambda **how: keras.layers.GRU(U, reset_after=False, **how),
    "gru without bias": lambda **how: keras.layers.GRU(U, reset_after=False, use_bias=False, **how),
    "a cell": lambda **how: keras.layers.RNN(keras.layers.LSTMCell(U), **how),
    "a stack of cells": lambda **how: keras.layers.RNN(
        [keras.layers.LSTMCell(4), keras.layers.SimpleRNNCell(U)], **how
    ),
}


class TestFromKeras:
    @pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
    def test_outputs_and_states(self, make):
        layer = keras_layer(make(return_state=True, **ALL))
        before, *states = layer(X)
        outputs, state = run(convert.from_keras(layer))
        assert_close(outputs, before)
        assert_close(in_order_of_keras(state), states)

    @pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
    def test_a_bidirectional_is_a_pair(self, make):
        layer = keras_layer(keras.layers.Bidirectional(make(return_state=True, **ALL)))
        before, *states = layer(X, mask=MASK)
        pair = convert.from_keras(layer)
        outputs, state = run(pair, LENGTHS)
        assert isinstance(pair, tuple)
        assert_close(outputs, before)
        assert_close(in_order_of_keras(state), states)

    def test_a_list_is_a_stack(self):
        model = keras.Sequential(
            [
                keras.Input([None, D]),
                keras.layers.LSTM(4, **ALL),
                keras.layers.SimpleRNN(2, activation="relu", **ALL),
            ]
        )
        cell = convert.from_keras(model.layers)
        assert isinstance(cell, u.MultiRNNCell)
        assert_close(run(cell)[0], model(X))

    @pytest.mark.parametrize("forget_bias, left", [(1.0, 0), (0.0, 1), (0.25, 0.75)])
    def test_the_forget_bias_is_taken_off_the_bias(self, forget_bias, left):
        layer = keras.layers.LSTM(2)  # starts with 1.0 in the forget block, its second
        layer.build([None, None, D])
        two = keras.layers.Bidirectional(keras.layers.LSTM(2))
        two.build([None, None, D])
        [stacked] = convert.from_keras([layer], forget_bias).cells
        for cell in (
            convert.from_keras(layer, forget_bias),
            stacked,
            *convert.from_keras(two, forget_bias),
        ):
            assert type(cell) is u.BasicLSTMCell
            assert cell.forget_bias == forget_bias
            np.testing.assert_array_equal(cell.bias, [0, 0, 0, 0, left, left, 0, 0])

    def test_a_default_lstm_reads_it_from_a_checkpoint(self, tmp_path):
        layer = keras_layer(keras.layers.LSTM(U, **ALL))
        path = convert.to_checkpoint(convert.from_keras(layer), tmp_path / "model.ckpt")
        assert_close(run(convert.from_checkpoint(path))[0], layer(X))
        assert_close(run(convert.from_checkpoint(path, cell=u.BasicLSTMCell(U)))[0], layer(X))

    @pytest.mark.parametrize("name", ACTIVATIONS)
    def test_activations_are_the_same_functions_on_both_sides(self, name):
        layer = keras_layer(keras.layers.SimpleRNN(U, activation=name, **ALL))
        cell = convert.from_keras(layer)
        assert cell.activation is ACTIVATIONS[name]
        np.testing.assert_allclose(run(cell)[0], layer(X), rtol=2e-5, atol=1e-5)

    @pytest.mark.parametrize("make", LAYERS.values(), ids=LAYERS)
    def test_there_and_back(self, make):
        layer = keras_layer(make(**ALL))
        again = convert.to_keras(convert.from_keras(layer, forget_bias=0.0))  # no rounding
        again = again if isinstance(again, list) else [again]
        weights = [w for one in again for w in one.get_weights()]
        before = layer.get_weights()
        if len(before) < len(weights):  # a bias of zeros for none
            before.append(np.zeros_like(weights[-1]))
        for a, b in zip(weights, before, strict=True):
            np.testing.assert_array_equal(a, b)

    @pytest.mark.parametrize("make", CELLS.values(), ids=CELLS)
    def test_back_and_there(self, make):
        cell = with_weights(make())
        again = convert.from_keras(convert.to_keras(cell))
        assert_close(run(again)[0], run(cell)[0])
        assert again.activation is cell.activation

    def test_keras_default_gru_runs_by_its_own_cell(self):
        layer = keras_layer(keras.layers.GRU(U, **ALL))
        assert_close(run(layer.cell)[0], layer(X))

    @pytest.mark.parametrize(
        "layer, error, words",
        [
            (
                lambda: keras_layer(keras.layers.GRU(U)),
                ValueError,
                "has reset_after=True, Keras's default, .*; run layer.cell itself in the unrolls",
            ),
            (
                lambda: keras_layer(keras.layers.LSTM(U, recurrent_activation="hard_sigmoid")),
                ValueError,
                "has the recurrent_activation .*hard_sigmoid.* always sigmoid",
            ),
            (
                lambda: keras_layer(keras.layers.LSTM(U, activation="mish")),
                ValueError,
                "the activation .*mish.* has no known counterpart in tf.nn",
            ),
            (
                lambda: keras_layer(keras.layers.LSTM(U, go_backwards=True)),
                ValueError,
                r"has go_backwards=True, .*reverse what the cell gets with tf.reverse\(x, \[1\]\)",
            ),
            (lambda: keras.layers.LSTM(U), ValueError, "has no weights to convert yet"),
            (
                lambda: keras.layers.Dense(U),
                TypeError,
                r"layer must be a SimpleRNN, LSTM or GRU, .* or a Bidirectional; got a Dense\.$",
            ),
            (
                lambda: [keras_layer(keras.layers.Bidirectional(keras.layers.LSTM(U)))],
                TypeError,
                r"layer\[0\] is a Bidirectional, whose two cells cannot be one layer",
            ),
        ],
        ids=["reset_after", "gates", "activation", "backwards", "unbuilt", "dense", "list of two"],
    )
    def test_what_no_cell_can_be_is_refused(self, layer, error, words):
        with pytest.raises(error, match=words):
            convert.from_keras(layer())


@functools.cache
def trained(network, slots):
    """TensorFlow 1's own code on random weights: (session, result).

    `network(cells, x)` builds with the private legacy module `cells`.
    """
    from tensorflow.python.ops import rnn_cell_impl as cells

    with tf.Graph().as_default(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = network(cells, tf.constant(X))
        variables = tf1.trainable_variables()
        if slots:
            loss = tf.add_n([tf.reduce_sum(t) for t in tf.nest.flatten(result)])
            tf1.train.AdamOptimizer().minimize(loss)
            tf1.get_variable("logits/kernel", [U, 2])
        session = tf1.Session()
        session.run(tf1.global_variables_initializer())
        for v in variables:
            v.load(ways.weight(v.name, v.shape), session)
        return session, session.run(result)


def legacy(folder, network, rename=str, slots=False, version=tf1.train.SaverDef.V2):
    """Save what `trained` gives, under the names that `rename` makes: (checkpoint, result)."""
    session, result = trained(network, slots)
    with session.graph.as_default(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        named = {rename(v.op.name): v for v in tf1.global_variables()}
        saver = tf1.train.Saver(named, write_version=version)
        return saver.save(session, str(folder / "model.ckpt"), global_step=7), result


def dynamic(make, **how):
    return lambda cells, x: tf1.nn.dynamic_rnn(make(cells), x, dtype=tf.float32, **how)


def bidirectional(make):
    def network(cells, x):
        outputs, states = tf1.nn.bidirectional_dynamic_rnn(
            make(cells), make(cells), x, LENGTHS, dtype=tf.float32
        )
        return tf.concat(outputs, axis=2), states

    return network


NETWORKS = {
    "basic": (dynamic(lambda c: c.BasicRNNCell(U)), u.BasicRNNCell),
    "basic lstm": (dynamic(lambda c: c.BasicLSTMCell(U)), u.BasicLSTMCell),
    "lstm": (dynamic(lambda c: c.LSTMCell(U)), u.LSTMCell),
    "lstm with everything": (
        dynamic(lambda c: c.LSTMCell(U, use_peepholes=True, num_proj=2)),
        u.LSTMCell,
    ),
    "gru": (dynamic(lambda c: c.GRUCell(U)), u.GRUCell),
    "in a wrapper": (dynamic(lambda c: c.DropoutWrapper(c.GRUCell(U))), u.GRUCell),
    "stack": (
        dynamic(
            lambda c: c.MultiRNNCell(
                [
                    c.DropoutWrapper(c.BasicLSTMCell(U)),
                    c.LSTMCell(4, num_proj=2),
                    c.GRUCell(3),
                    c.BasicRNNCell(2),
                ]
            )
        ),
        u.MultiRNNCell,
    ),
    "stack of one": (dynamic(lambda c: c.MultiRNNCell([c.GRUCell(U)])), u.MultiRNNCell),
    "stack of eleven": (
        dynamic(lambda c: c.MultiRNNCell([c.BasicRNNCell(n) for n in range(1, 12)])),
        u.MultiRNNCell,
    ),
    "bidirectional": (bidirectional(lambda c: c.LSTMCell(U)), tuple),
    "bidirectional stacks": (
        bidirectional(lambda c: c.MultiRNNCell([c.GRUCell(U), c.BasicLSTMCell(2)])),
        tuple,
    ),
    "another scope": (dynamic(lambda c: c.GRUCell(U), scope="encoder/deep"), u.GRUCell),
}


def before_1_2(name):
    """`rnn/basic_lstm_cell/kernel` -> `rnn/basic_lstm_cell/weights`, as 1.0 and 1.1 saved it."""
    return re.sub("bias$", "biases", re.sub("kernel$", "weights", name))


OLD = [
    ("bidirectional_rnn/fw", "BiRNN/FW"),
    ("bidirectional_rnn/bw", "BiRNN/BW"),
    ("rnn/", "RNN/"),
    ("multi_rnn_cell/cell_", "MultiRNNCell/Cell"),
    (r"/lstm_cell/kernel", "/LSTMCell/W_0"),
    (r"/lstm_cell/bias", "/LSTMCell/B"),
    (r"/lstm_cell/projection/kernel", "/LSTMCell/W_P_0"),
    (r"/lstm_cell/w_([fio])_diag", lambda m: f"/LSTMCell/W_{m[1].upper()}_diag"),
    (r"gru_cell/gates/", "GRUCell/Gates/Linear/"),
    (r"gru_cell/candidate/", "GRUCell/Candidate/Linear/"),
    (r"basic_lstm_cell/", "BasicLSTMCell/Linear/"),
    (r"basic_rnn_cell/", "BasicRNNCell/Linear/"),
    ("kernel$", "Matrix"),
    ("bias$", "Bias"),
]


def before_1_0(name):
    for pattern, old in OLD:
        name = re.sub(pattern, old, name)
    return name


RELEASES = {"from 1.2": str, "1.0 and 1.1": before_1_2, "before 1.0": before_1_0}


def test_the_names_of_the_releases():
    """The oracles above, against names as programs of those years quote them."""
    name = "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel"
    assert before_1_2(name) == "rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights"
    assert before_1_0(name) == "RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix"
    assert before_1_0("rnn/gru_cell/gates/bias") == "RNN/GRUCell/Gates/Linear/Bias"
    assert before_1_0("bidirectional_rnn/bw/lstm_cell/bias") == "BiRNN/BW/LSTMCell/B"
    assert before_1_0("rnn/lstm_cell/w_f_diag") == "RNN/LSTMCell/W_F_diag"


class TestFromCheckpoint:
    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("release", RELEASES.values(), ids=RELEASES)
    @pytest.mark.parametrize("network, kind", NETWORKS.values(), ids=NETWORKS)
    def test_outputs_and_states_of_the_old_network(self, tmp_path, network, kind, release):
        path, result = legacy(tmp_path, network, release)
        cell = convert.from_checkpoint(path)
        assert type(cell) is kind
        assert_close(run(cell, LENGTHS if kind is tuple else None), result)

    def test_what_an_optimizer_and_other_layers_saved_is_left_alone(self, tmp_path):
        path, result = legacy(tmp_path, NETWORKS["stack"][0], slots=True)
        names = [name for name, _ in tf.train.list_variables(path)]
        assert {"beta1_power", "logits/kernel"} < set(names)
        assert "rnn/multi_rnn_cell/cell_2/gru_cell/gates/kernel/Adam_1" in names
        assert_close(run(convert.from_checkpoint(path)), result)

    def test_the_first_format_of_checkpoints(self, tmp_path):
        network = NETWORKS["basic lstm"][0]
        path, result = legacy(tmp_path, network, before_1_0, version=tf1.train.SaverDef.V1)
        assert (tmp_path / "model.ckpt-7").exists()  # one file, as before 0.12
        assert_close(run(convert.from_checkpoint(path)), result)

    def test_shards_are_joined_in_the_order_of_their_numbers(self, tmp_path):
        kernel = np.random.default_rng(0).normal(size=(11, 8)).astype(np.float32)
        values = {f"RNN/LSTMCell/W_{n}": kernel[n : n + 1] for n in range(11)}
        path = save(tmp_path, {**values, "RNN/LSTMCell/B": np.ones(8, np.float32)})
        np.testing.assert_array_equal(convert.from_checkpoint(path).kernel, kernel)

    @pytest.mark.parametrize(
        "scopes",
        [
            ("BiRNN_FW/GRUCell", "BiRNN_BW/GRUCell"),  # of the first releases
            ("gru_fw/rnn/multi_rnn_cell/cell_0/mine", "gru_bw/rnn/multi_rnn_cell/cell_0/mine"),
        ],
    )
    def test_two_scopes_that_differ_in_the_direction_alone(self, tmp_path, scopes):
        pair = with_weights(u.GRUCell(U)), with_weights(u.GRUCell(U), seed=1)
        values = {}
        for root, cell in zip(scopes, pair, strict=True):
            values[f"{root}/gates/kernel"] = cell.gate_kernel.numpy()
            values[f"{root}/gates/bias"] = cell.gate_bias.numpy()
            values[f"{root}/candidate/kernel"] = cell.candidate_kernel.numpy()
            values[f"{root}/candidate/bias"] = cell.candidate_bias.numpy()
        again = convert.from_checkpoint(save(tmp_path, values))
        assert_close(run(again)[0], run(pair)[0])

    def test_a_directory_stands_for_its_newest_checkpoint(self, tmp_path):
        _, result = legacy(tmp_path, NETWORKS["gru"][0])
        assert_close(run(convert.from_checkpoint(tmp_path)), result)

    def test_writing_beside_an_old_program_leaves_its_newest_checkpoint(self, tmp_path):
        path, _ = legacy(tmp_path, NETWORKS["gru"][0])
        convert.to_checkpoint(with_weights(u.GRUCell(U)), tmp_path / "ours.ckpt")
        assert tf.train.latest_checkpoint(str(tmp_path)) == str(path)

    def test_what_a_checkpoint_does_not_hold_comes_with_the_cell(self, tmp_path):
        path, result = legacy(
            tmp_path,
            dynamic(lambda c: c.LSTMCell(U, forget_bias=0.2, cell_clip=0.3, activation=tf.nn.relu)),
        )
        cell = u.DropoutWrapper(
            u.LSTMCell(U, forget_bias=0.2, cell_clip=0.3, activation=tf.nn.relu)
        )
        assert convert.from_checkpoint(path, cell=cell) is cell
        assert_close(run(cell), result)
        with pytest.raises(AssertionError):
            assert_close(run(convert.from_checkpoint(path)), result)

    def test_a_built_cell_and_a_pair_can_be_filled(self, tmp_path):
        path, result = legacy(tmp_path, NETWORKS["bidirectional"][0])
        pair = with_weights(u.BasicLSTMCell(U)), u.BasicLSTMCell(U)
        kernel = pair[0].kernel
        filled = convert.from_checkpoint(path, cell=pair)
        assert filled[0] is pair[0] and filled[1] is pair[1]
        assert filled[0].kernel is kernel
        assert_close(run(pair, LENGTHS), result)

    @pytest.mark.filterwarnings("ignore:At least two cells")
    def test_one_cell_in_several_layers(self, tmp_path):
        def network(cells, x):
            one, top = cells.BasicLSTMCell(D), cells.GRUCell(U)
            layers = [cells.DropoutWrapper(one), cells.DropoutWrapper(one), top]
            return tf1.nn.dynamic_rnn(cells.MultiRNNCell(layers), x, dtype=tf.float32)

        path, result = legacy(tmp_path, network)
        one = u.BasicLSTMCell(D)
        cell = u.MultiRNNCell([one, u.DropoutWrapper(one), u.GRUCell(U)], share_weights=True)
        assert_close(run(convert.from_checkpoint(path, cell=cell)), result)
        words = (
            r"cell must be a stack with the cells \[0, 2\], .*; got a stack .* \[0, 1\]; make it"
        )
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path)

    def test_a_scope_chooses(self, tmp_path):
        def network(cells, x):
            below, _ = bidirectional(lambda c: c.GRUCell(U))(cells, x)
            with tf1.variable_scope("top"):
                layers = cells.MultiRNNCell([cells.GRUCell(U), cells.BasicLSTMCell(3)])
                return below, tf1.nn.dynamic_rnn(layers, x, dtype=tf.float32)

        path, (below, above) = legacy(tmp_path, network)
        words = (
            "several RNNs; name one with scope, 'bidirectional_rnn', 'top/rnn/multi_rnn_cell', or"
        )
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path)
        assert_close(run(convert.from_checkpoint(path, "bidirectional_rnn"), LENGTHS)[0], below)
        for scope in ("top", "top/rnn", "top/rnn/multi_rnn_cell", "/top/"):
            assert_close(run(convert.from_checkpoint(path, scope)), above)
        forward = convert.from_checkpoint(path, "bidirectional_rnn/fw")
        assert_close(run(forward, LENGTHS)[0], below[:, :, :U])
        layer = convert.from_checkpoint(path, "top/rnn/multi_rnn_cell/cell_1")
        assert type(layer) is u.BasicLSTMCell
        assert layer.num_units == 3
        with pytest.raises(
            ValueError, match="no variables of an RNN cell under the scope 'to'; RN"
        ):
            convert.from_checkpoint(path, "to")

    def test_a_cell_with_a_name_of_its_own(self, tmp_path):
        network = dynamic(lambda c: c.BasicLSTMCell(U, name="memory"))
        path, result = legacy(tmp_path, network)
        with pytest.raises(ValueError, match="it holds rnn/memory/bias, .* by its full scope"):
            convert.from_checkpoint(path)
        with pytest.raises(
            ValueError, match="does not show which kind of cell its bias and kernel"
        ):
            convert.from_checkpoint(path, "rnn/memory")
        cell = convert.from_checkpoint(path, "rnn/memory", u.BasicLSTMCell(U))
        assert_close(run(cell), result)

    def test_names_that_leave_no_doubt(self, tmp_path):
        def network(cells, x):
            layers = [cells.GRUCell(U, name="a"), cells.LSTMCell(4, num_proj=2, name="lstm_cell_3")]
            return tf1.nn.dynamic_rnn(cells.MultiRNNCell(layers), x, dtype=tf.float32)

        path, result = legacy(tmp_path, network)
        assert_close(run(convert.from_checkpoint(path)), result)

    def test_an_lstm_under_the_basic_ones_name(self, tmp_path):
        network = dynamic(lambda c: c.LSTMCell(U, num_proj=2, name="basic_lstm_cell"))
        path, result = legacy(tmp_path, network)
        assert_close(run(convert.from_checkpoint(path)), result)

    def test_no_rnn(self, tmp_path):
        path = save(tmp_path, {f"layer_{n}/kernel": np.ones([2, 2]) for n in range(9)})
        with pytest.raises(
            ValueError, match="it holds layer_0/kernel, .*layer_7/kernel and others"
        ):
            convert.from_checkpoint(path)

    def test_no_checkpoint(self, tmp_path):
        with pytest.raises(tf.errors.NotFoundError):
            convert.from_checkpoint(tmp_path / "nothing")

    def test_a_checkpoint_of_tensorflow_2(self, tmp_path):
        path = tf.train.Checkpoint(cell=with_weights(u.GRUCell(U))).save(str(tmp_path / "two"))
        with pytest.raises(ValueError, match="written by tf.train.Checkpoint, .* the same objects"):
            convert.from_checkpoint(path)

    @pytest.mark.parametrize(
        "network, cell, words",
        [
            (
                "lstm",
                lambda: u.LSTMCell(4),
                r"LSTMCell\(num_units=5\), as in scope 'rnn/lstm_cell'; got .*\(num_units=4\)\.$",
            ),
            (
                "lstm with everything",
                lambda: u.LSTMCell(U, num_proj=2),
                r"use_peepholes=True, num_proj=2\), .*got LSTMCell\(num_units=5, num_proj=2\)\.$",
            ),
            (
                "lstm",
                lambda: u.GRUCell(U),
                "holds bias, kernel, but the variables .* kind GRUCell are gate_kernel, gate_bias",
            ),
            (
                "lstm",
                lambda: stack(5),
                r"cell must be one cell, .*; got a stack with the cells \[0\]",
            ),
            ("stack", lambda: u.GRUCell(U), r"stack with the cells \[0, 1, 2, 3\], .*got one cell"),
            (
                "lstm",
                lambda: (u.LSTMCell(U), u.LSTMCell(U)),
                r"one cell, since .* an RNN of one direction; got a pair \(cell_fw, cell_bw\)\.$",
            ),
            (
                "bidirectional",
                lambda: u.LSTMCell(U),
                r"must be a pair \(cell_fw, cell_bw\), .* of two directions; got one cell\.$",
            ),
            (
                "gru",
                lambda: with_weights(u.GRUCell(U), depth=2),
                "inputs of depth 3 do not fit a GRUCell that was built for depth 2",
            ),
        ],
    )
    def test_a_cell_that_does_not_fit(self, tmp_path, network, cell, words):
        path, _ = legacy(tmp_path, NETWORKS[network][0])
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path, cell=cell())

    def test_a_cell_of_somebody_elses(self, tmp_path):
        class Mine(u.GRUCell):
            pass

        path, _ = legacy(tmp_path, NETWORKS["gru"][0])
        with pytest.raises(TypeError, match=r"cell must be a BasicRNNCell, .*; got a Mine\.$"):
            convert.from_checkpoint(path, cell=Mine(U))

    def test_weights_that_are_no_cells(self, tmp_path):
        dense = {"dense/kernel": np.ones([3, 8], np.float32), "dense/bias": np.ones(8, np.float32)}
        path = save(tmp_path, dense)
        words = r"'dense' holds weights of the shapes .*\(3, 8\).*this BasicRNNCell has .*\(9, 8\)"
        with pytest.raises(ValueError, match=words):
            convert.from_checkpoint(path, "dense", u.BasicRNNCell(8))

    def test_layers_that_do_not_fit_each_other(self, tmp_path):
        root = "rnn/multi_rnn_cell/cell_"
        values = {}
        for number, depth in enumerate([3, 9]):
            values[f"{root}{number}/basic_rnn_cell/kernel"] = np.ones([depth + 2, 2], np.float32)
            values[f"{root}{number}/basic_rnn_cell/bias"] = np.ones(2, np.float32)
        with pytest.raises(
            ValueError, match="depth 2 do not fit a BasicRNNCell .* built for depth 9"
        ):
            convert.from_checkpoint(save(tmp_path, values))


def save(folder, values):
    with tf.Graph().as_default(), tf1.Session() as session:
        variables = {name: tf.Variable(value) for name, value in values.items()}
        session.run(tf1.global_variables_initializer())
        return tf1.train.Saver(variables).save(session, str(folder / "saved"))


SAVED = {
    "basic": (lambda: u.BasicRNNCell(U), "basic"),
    "basic lstm": (lambda: u.BasicLSTMCell(U), "basic lstm"),
    "lstm with everything": (
        lambda: u.LSTMCell(U, use_peepholes=True, num_proj=2),
        "lstm with everything",
    ),
    "gru": (lambda: u.DropoutWrapper(u.GRUCell(U)), "gru"),
    "stack": (
        lambda: u.MultiRNNCell(
            [
                u.BasicLSTMCell(U),
                u.LSTMCell(4, num_proj=2),
                u.DropoutWrapper(u.GRUCell(3)),
                u.BasicRNNCell(2),
            ]
        ),
        "stack",
    ),
}


class TestToCheckpoint:
    @pytest.mark.parametrize("make, network", SAVED.values(), ids=SAVED)
    def test_the_old_network_restores_it(self, tmp_path, make, network):
        cell = with_weights(make())
        path = convert.to_checkpoint(cell, tmp_path / "cell.ckpt")
        assert_close(restored(NETWORKS[network][0], path), run(cell))

    def test_the_old_bidirectional_network_restores_a_pair(self, tmp_path):
        pair = tuple(
            with_weights(u.MultiRNNCell([u.GRUCell(U), u.BasicLSTMCell(2)]), seed=n) for n in (1, 2)
        )
        path = convert.to_checkpoint(pair, tmp_path / "pair.ckpt")
        after = restored(NETWORKS["bidirectional stacks"][0], path)
        assert_close(after, run(pair, LENGTHS))

    def test_an_empty_path(self):
        words = r"path must be the path of a checkpoint; got an empty string\.$"
        with pytest.raises(ValueError, match=words):
            convert.to_checkpoint(with_weights(u.GRUCell(U)), "")

    def test_names_under_a_scope(self, tmp_path):
        cell = with_weights(stack(5, 4))
        path = convert.to_checkpoint(cell, str(tmp_path / "c"), scope="encoder/rnn")
        assert [name for name, _ in tf.train.list_variables(path)] == [
            "encoder/rnn/multi_rnn_cell/cell_0/basic_lstm_cell/bias",
            "encoder/rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel",
            "encoder/rnn/multi_rnn_cell/cell_1/gru_cell/candidate/bias",
            "encoder/rnn/multi_rnn_cell/cell_1/gru_cell/candidate/kernel",
            "encoder/rnn/multi_rnn_cell/cell_1/gru_cell/gates/bias",
            "encoder/rnn/multi_rnn_cell/cell_1/gru_cell/gates/kernel",
        ]
        pair = with_weights(u.GRUCell(2)), with_weights(u.GRUCell(2))
        path = convert.to_checkpoint(pair, tmp_path / "p", scope="b")
        assert {name[:13] for name, _ in tf.train.list_variables(path)} == {
            "b/fw/gru_cell",
            "b/bw/gru_cell",
        }

    @pytest.mark.parametrize("make, network", SAVED.values(), ids=SAVED)
    def test_there_and_back(self, tmp_path, make, network):
        cell = with_weights(make(), dtype=tf.float64)
        again = convert.from_checkpoint(convert.to_checkpoint(cell, tmp_path / "c"))
        x = X.astype(np.float64)
        np.testing.assert_array_equal(run(again, x=x)[0], run(cell, x=x)[0])

    def test_shared_layers_are_written_once(self, tmp_path):
        one = u.GRUCell(D)
        cell = with_weights(u.MultiRNNCell([one, one], share_weights=True))
        path = convert.to_checkpoint(cell, tmp_path / "c")
        assert len(tf.train.list_variables(path)) == 4
        other = u.GRUCell(D)
        again = u.MultiRNNCell([other, other], share_weights=True)
        assert_close(run(convert.from_checkpoint(path, cell=again)), run(cell))

    def test_no_variables_and_no_cell(self, tmp_path):
        with pytest.raises(ValueError, match="this GRUCell has no variables to convert yet"):
            convert.to_checkpoint(u.MultiRNNCell([u.GRUCell(2)]), tmp_path / "c")
        with pytest.raises(TypeError, match=r"cell must be a BasicRNNCell, .*; got a Dense\.$"):
            convert.to_checkpoint(keras.layers.Dense(2), tmp_path / "c")


def restored(network, path):
    """The result of a legacy network whose program restores a checkpoint."""
    from tensorflow.python.ops import rnn_cell_impl as cells

    with tf.Graph().as_default(), tf1.Session() as session, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = network(cells, tf.constant(X))
        tf1.train.Saver().restore(session, path)
        return session.run(result)


@pytest.mark.parametrize(
    "call, error, words",
    [
        (
            lambda: convert.to_keras(with_weights(u.GRUCell(2)), return_state=1),
            TypeError,
            "return_state must be True or False; got 1",
        ),
        (lambda: convert.from_keras([]), ValueError, "layer must be .*; got an empty list"),
        (
            lambda: convert.from_keras(keras_layer(keras.layers.LSTM(2)), None),
            ValueError,
            "forget_bias must be a finite number; got None",
        ),
        (lambda: convert.from_checkpoint(5), TypeError, "checkpoint must be the path .*; got 5"),
        (lambda: convert.from_checkpoint("c", 0), TypeError, "scope must be a string .*; got 0"),
        (
            lambda: convert.to_checkpoint(with_weights(u.GRUCell(2)), None),
            TypeError,
            "path must be the path .*; got None",
        ),
        (
            lambda: convert.to_checkpoint(with_weights(u.GRUCell(2)), "c", []),
            TypeError,
            "scope must be a string or None; got a list of 0",
        ),
    ],
)
def test_arguments_of_another_kind(call, error, words):
    with pytest.raises(error, match=rf"^{words}\.$"):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: convert.to_keras(u.GRUCell(2)),
        lambda: convert.from_keras(None),
        lambda: convert.from_checkpoint("model.ckpt"),
        lambda: convert.to_checkpoint(u.GRUCell(2), "model.ckpt"),
    ],
    ids=["to_keras", "from_keras", "from_checkpoint", "to_checkpoint"],
)
def test_a_graph_is_refused(call):
    with tf.Graph().as_default(), pytest.raises(RuntimeError, match="call it eagerly, and from a"):
        call()


def test_a_checkpoint_moves_to_keras(tmp_path):
    path, (outputs, _) = legacy(tmp_path, bidirectional(lambda c: c.LSTMCell(U)))
    layer = convert.to_keras(convert.from_checkpoint(path))
    assert_close(layer(X, mask=MASK), outputs)
