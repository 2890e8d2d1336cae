"""Cells and unrolls of the layer against TensorFlow's own, which the wheel still carries."""

import copy
import functools
import inspect

import networks
import numpy as np
import pytest
from tensorflow.python.ops import rnn_cell_impl as theirs
from unrolled.tf1.contrib import rnn as ours

import unrolled
import unrolled.tf1 as tf

pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated:UserWarning")  # of TensorFlow's own

B, T, D, U = 3, 4, 5, 6
X = np.random.RandomState(0).normal(size=[B, T, D]).astype(np.float32)
LENGTHS = np.array([4, 0, 2], np.int32)
ORACLE = tf.compat.v1.nn  # still has the unrolls of 1.15

CELLS = {
    "basic": lambda m: m.BasicRNNCell(U),
    "basic, relu, named": lambda m: m.BasicRNNCell(U, activation=tf.nn.relu, name="mine"),
    "basic lstm": lambda m: m.BasicLSTMCell(U, forget_bias=0.5),
    "basic lstm, joined": lambda m: m.BasicLSTMCell(U, state_is_tuple=False),
    "lstm": lambda m: m.LSTMCell(U),
    "lstm with everything": lambda m: m.LSTMCell(
        U, use_peepholes=True, cell_clip=0.5, num_proj=3, proj_clip=0.3, forget_bias=0.2
    ),
    "gru": lambda m: m.GRUCell(U),
    "stack": lambda m: m.MultiRNNCell([m.BasicLSTMCell(U), m.GRUCell(4), m.BasicRNNCell(3)]),
    "stack, joined": lambda m: m.MultiRNNCell(
        [m.BasicLSTMCell(U, state_is_tuple=False), m.GRUCell(4)], state_is_tuple=False
    ),
    "dropout that keeps all": lambda m: m.DropoutWrapper(m.GRUCell(U), 1.0, 1.0),
    "stack of wrapped": lambda m: m.MultiRNNCell(
        [m.DropoutWrapper(m.LSTMCell(U), output_keep_prob=1.0) for _ in range(2)]
    ),
    "residual": lambda m: m.MultiRNNCell([m.GRUCell(U), m.ResidualWrapper(m.GRUCell(U))]),
    "device": lambda m: m.DeviceWrapper(m.BasicLSTMCell(U), "/cpu:0"),
    "one cell twice": lambda m: m.MultiRNNCell([m.GRUCell(D)] * 2),
}


def static(nn, cell, x, lengths=None, **keywords):
    outputs, state = nn.static_rnn(
        cell, tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=lengths, **keywords
    )
    return tf.stack(outputs, axis=1), state


def dynamic(nn, cell, x, lengths=None, **keywords):
    return nn.dynamic_rnn(cell, x, sequence_length=lengths, dtype=tf.float32, **keywords)


def dynamic_time_major(nn, cell, x, lengths=None, **keywords):
    x = tf.transpose(x, [1, 0, 2])
    return nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32, time_major=True, **keywords)


def network(nn, module, name, unroll, lengths):
    if lengths:
        return networks.run(
            lambda x, n: unroll(nn, CELLS[name](module), x, n), {"x": X, "n": LENGTHS}
        )
    return networks.run(lambda x: unroll(nn, CELLS[name](module), x), {"x": X})


@functools.cache
def network_of_1_15(name, lengths):
    return network(ORACLE, theirs, name, dynamic, lengths)


@pytest.mark.one_in(9)
@pytest.mark.parametrize("unroll", [static, dynamic])
@pytest.mark.parametrize(
    "name, lengths", [*((name, True) for name in CELLS), ("basic", False), ("lstm", False)]
)
def test_variables_results_and_gradients_are_those_of_1_15(name, lengths, unroll):
    networks.assert_equal(
        network(tf.nn, ours, name, unroll, lengths), network_of_1_15(name, lengths)
    )


def test_time_major_gives_the_same():
    name = "stack of wrapped"
    outputs_of = lambda n: network(tf.nn, ours, name, n, True)  # noqa: E731
    one, two = outputs_of(dynamic), outputs_of(dynamic_time_major)
    np.testing.assert_allclose(one[1][0].swapaxes(0, 1), two[1][0], rtol=1e-6)


def bidirectional(nn, m, x, n):
    return nn.bidirectional_dynamic_rnn(m.GRUCell(U), m.LSTMCell(4), x, n, dtype=tf.float32)


def bidirectional_named(nn, m, x, n):
    return nn.bidirectional_dynamic_rnn(
        m.GRUCell(U), m.LSTMCell(4), x, n, dtype=tf.float32, scope="both"
    )


def static_bidirectional(nn, m, x, n):
    return nn.static_bidirectional_rnn(
        m.GRUCell(U), m.LSTMCell(4), tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=n
    )


def two_runs_with_one_cell(nn, m, x, n):
    cell = m.BasicLSTMCell(U)
    _, state = nn.dynamic_rnn(cell, x, n, dtype=tf.float32)
    return nn.dynamic_rnn(cell, x[:, 1:], initial_state=state)


def two_runs_that_share_a_scope(nn, m, x, n):
    with tf.variable_scope("model"):
        first = nn.dynamic_rnn(m.GRUCell(U), x, n, dtype=tf.float32)
    with tf.variable_scope("model", reuse=True):
        return first, nn.dynamic_rnn(m.GRUCell(U), x[:, 1:], dtype=tf.float32)


def reuse_asked_of_the_cell(nn, m, x, n):
    first = nn.dynamic_rnn(m.GRUCell(U), x, n, dtype=tf.float32)
    return first, nn.dynamic_rnn(m.GRUCell(U, reuse=True), x[:, 1:], dtype=tf.float32)


def steps_by_hand(nn, m, x, n):
    cell = m.MultiRNNCell([m.BasicLSTMCell(U), m.BasicLSTMCell(U)])
    state, outputs = cell.zero_state(tf.shape(x)[0], tf.float32), []
    with tf.variable_scope("RNN"):
        for t in range(T):
            if t:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x[:, t, :], state)
            outputs.append(output)
    return outputs, state


def a_scope_for_the_step(nn, m, x, n):
    return m.GRUCell(U)(x[:, 0], tf.zeros([tf.shape(x)[0], U]), scope="step")


def named_scopes(nn, m, x, n):
    first = nn.dynamic_rnn(m.GRUCell(U), x, n, dtype=tf.float32, scope="lower")
    with tf.variable_scope("upper") as scope:
        return nn.dynamic_rnn(m.GRUCell(U), first[0], n, dtype=tf.float32, scope=scope)


def raw(nn, m, x, n):
    cell = m.LSTMCell(U)
    inputs = tf.TensorArray(tf.float32, T).unstack(tf.transpose(x, [1, 0, 2]))

    def loop(time, output, state, _):
        new_state = cell.zero_state(tf.shape(x)[0], tf.float32) if output is None else state
        done = time >= n
        following = tf.cond(
            tf.reduce_all(done), lambda: tf.zeros_like(x[:, 0]), lambda: inputs.read(time)
        )
        return done, following, new_state, output, None

    outputs, state, _ = nn.raw_rnn(cell, loop)
    return outputs.stack(), state


PROGRAMS = [
    bidirectional,
    bidirectional_named,
    static_bidirectional,
    two_runs_with_one_cell,
    two_runs_that_share_a_scope,
    reuse_asked_of_the_cell,
    steps_by_hand,
    a_scope_for_the_step,
    named_scopes,
    raw,
]


@pytest.mark.one_in(4)
@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_make_the_variables_and_results_of_1_15(program):
    feeds = {"x": X, "n": np.array([4, 1, 2], np.int32)}
    networks.assert_equal(
        networks.run(lambda x, n: program(tf.nn, ours, x, n), feeds),
        networks.run(lambda x, n: program(ORACLE, theirs, x, n), feeds),
    )


def names():
    return [v.name for v in tf.trainable_variables()]


def unrolled_once(cell, depth=D):
    x = tf.placeholder(tf.float32, [None, T, depth])
    return tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)


def test_the_names_that_a_reader_of_document_a_printed():
    unrolled_once(tf.contrib.rnn.BasicRNNCell(2), depth=3)
    assert {v.name: v.shape.as_list() for v in tf.trainable_variables()} == {
        "rnn/basic_rnn_cell/kernel:0": [5, 2],
        "rnn/basic_rnn_cell/bias:0": [2],
    }


@pytest.mark.parametrize("layers", [1, 3])
def test_the_state_has_the_name_that_document_b_printed(layers):
    cells = [ours.BasicRNNCell(31) for _ in range(layers)]
    cell = cells[0] if layers == 1 else ours.MultiRNNCell(cells)
    x = tf.placeholder(tf.float32, [128, 28, 28])
    outputs, states = tf.nn.dynamic_rnn(cell, x, sequence_length=[28] * 128, dtype=tf.float32)
    assert outputs.get_shape().as_list() == [128, 28, 31]
    assert [s.name for s in tf.nest.flatten(states)] == [
        f"rnn/while/Exit_{2 + layer}:0" for layer in range(layers)
    ]
    assert all(s.get_shape().as_list() == [128, 31] for s in tf.nest.flatten(states))


def test_fused_cells_have_their_names_and_the_unfused_arithmetic():
    def build(cell, scope):
        return lambda x: tf.nn.dynamic_rnn(cell(), x, dtype=tf.float32, scope=scope)

    pairs = [
        (lambda: ours.LSTMBlockCell(U), lambda: ours.LSTMCell(U)),
        (lambda: ours.GRUBlockCellV2(U), lambda: ours.GRUCell(U)),
        (lambda: ours.GRUBlockCellV2(cell_size=U), lambda: ours.GRUCell(U)),
    ]
    for fused, plain in pairs:
        networks.assert_equal(
            networks.run(build(fused, "rnn"), {"x": X}), networks.run(build(plain, "rnn"), {"x": X})
        )
    unrolled_once(ours.GRUBlockCell(U))
    assert names() == [f"rnn/gru_cell/{name}:0" for name in ("w_ru", "b_ru", "w_c", "b_c")]


def nas_in_numpy(x, c, h, kernel, recurrent, bias):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    i, m = np.split(x @ kernel, 8, axis=1), np.split(h @ recurrent + bias, 8, axis=1)
    first = [
        sigmoid(i[0] + m[0]),
        np.maximum(i[1] + m[1], 0),
        sigmoid(i[2] + m[2]),
        np.maximum(i[3] * m[3], 0),
        np.tanh(i[4] + m[4]),
        sigmoid(i[5] + m[5]),
        np.tanh(i[6] + m[6]),
        sigmoid(i[7] + m[7]),
    ]
    second = [
        np.tanh(np.tanh(first[0] * first[1]) + c),
        np.tanh(first[2] + first[3]),
        np.tanh(first[4] * first[5]),
        sigmoid(first[6] + first[7]),
    ]
    new_c = second[0] * second[1]
    return new_c, np.tanh(new_c * np.tanh(second[2] + second[3]))


def test_nas_cell_is_its_tree():
    rng = np.random.RandomState(3)
    x, c, h = (rng.normal(size=[B, n]).astype(np.float32) for n in (D, U, U))
    cell = ours.NASCell(U, use_bias=True)
    output, state = cell(tf.constant(x), tf.nn.rnn_cell.LSTMStateTuple(c, h))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        weights = [networks.weight(v.name, v.shape.as_list()) for v in tf.trainable_variables()]
        for v, w in zip(tf.trainable_variables(), weights):
            v.load(w, session)
        new_c, new_h = session.run(state)
    assert names() == [f"nas_cell/{n}:0" for n in ("recurrent_kernel", "kernel", "bias")]
    recurrent, kernel, bias = weights
    expected = nas_in_numpy(x, c, h, kernel, recurrent, bias)
    np.testing.assert_allclose(new_c, expected[0], rtol=1e-5)
    np.testing.assert_allclose(new_h, expected[1], rtol=1e-5)


def test_nas_cell_projects():
    outputs, state = unrolled_once(ours.NASCell(U, num_proj=2))
    assert outputs.shape.as_list() == [None, T, 2]
    assert [s.shape.as_list() for s in state] == [[None, U], [None, 2]]
    assert "rnn/nas_cell/projection_weights:0" in names()


PARTS = ("input", "transform", "forget", "output", "state")


def layer_norm_lstm_in_numpy(x, c, h, v, forget_bias):
    def sigmoid(a):
        return 1 / (1 + np.exp(-a))

    def norm(part, a):
        if f"{part}/gamma" not in v:
            return a
        deviation = a.std(axis=1, keepdims=True)
        centred = a - a.mean(axis=1, keepdims=True)
        return centred / deviation * v[f"{part}/gamma"] + v[f"{part}/beta"]

    gates = np.concatenate([x, h], axis=1) @ v["kernel"] + v.get("bias", 0)
    i, j, f, o = (norm(part, a) for part, a in zip(PARTS, np.split(gates, 4, axis=1)))
    new_c = norm("state", c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(j))
    return new_c, np.tanh(new_c) * sigmoid(o)


@pytest.mark.parametrize("layer_norm", [True, False])
def test_layer_norm_lstm_is_its_equation(layer_norm):
    rng = np.random.RandomState(3)
    x, c, h = (rng.normal(size=[B, n]).astype(np.float32) for n in (D, U, U))
    cell = ours.LayerNormBasicLSTMCell(U, 0.5, layer_norm=layer_norm)
    output, state = cell(tf.constant(x), tf.nn.rnn_cell.LSTMStateTuple(c, h))
    values = {}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for v in tf.trainable_variables():
            name = v.op.name.removeprefix("layer_norm_basic_lstm_cell/")
            values[name] = networks.weight(v.name, v.shape.as_list())
            v.load(values[name], session)
        new_h, (new_c, again) = session.run([output, state])
    own = [f"{part}/{name}" for part in PARTS for name in ("gamma", "beta")]
    assert list(values) == ["kernel", *(own if layer_norm else ["bias"])]
    assert values["kernel"].shape == (D + U, 4 * U)
    expected = layer_norm_lstm_in_numpy(x, c, h, values, 0.5)
    np.testing.assert_allclose(new_c, expected[0], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(new_h, expected[1], rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(again, new_h)


def test_layer_norm_lstm_starts_from_gain_and_shift():
    cell = ours.LayerNormBasicLSTMCell(U, norm_gain=2.0, norm_shift=-1.0)
    twin = copy.deepcopy(cell)
    unrolled_once(cell)
    kernel, *rest = tf.trainable_variables()
    assert rest[0].name == "rnn/layer_norm_basic_lstm_cell/input/gamma:0"
    assert set(cell.trainable_variables) == {kernel, *rest}
    for scope, another in (("twin", twin), ("copy", copy.deepcopy(cell))):
        with tf.variable_scope(scope):
            unrolled_once(another)
    assert len(tf.trainable_variables()) == 3 * 11
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for variable in rest:
            start = 2 if "gamma" in variable.name else -1
            assert (session.run(variable) == start).all()


@pytest.mark.parametrize("at_run_time", [False, True])
def test_layer_norm_lstm_drops_candidates_and_no_memory(at_run_time):
    n, keep = 1000, 0.5
    cell = ours.LayerNormBasicLSTMCell(
        n,
        activation=tf.ones_like,
        layer_norm=False,
        dropout_keep_prob=tf.placeholder_with_default(keep, []) if at_run_time else keep,
        dropout_prob_seed=1,
    )
    with tf.variable_scope("zero", initializer=tf.zeros_initializer()):
        c = tf.nn.rnn_cell.LSTMStateTuple(tf.fill([1, n], 4.0), tf.zeros([1, n]))
        _, (new_c, _) = cell(tf.zeros([1, D]), c)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        values = session.run(new_c)
    kept = 4 / (1 + np.exp(-1))  # what the forget gate lets through; the input gate is 1/2
    np.testing.assert_allclose(np.unique(values), [kept, kept + 0.5 * 2], rtol=1e-5)
    assert 0.45 < (values > kept + 0.5).mean() < 0.55


class TestArgumentsOf1_0:
    @pytest.mark.parametrize(
        "make",
        [
            lambda: ours.BasicRNNCell(U, None, tf.nn.relu),
            lambda: ours.BasicRNNCell(U, 5, tf.nn.relu),
            lambda: ours.BasicRNNCell(U, input_size=5, activation=tf.nn.relu),
            lambda: ours.GRUCell(U, None, tf.nn.relu),
            lambda: ours.BasicLSTMCell(U, 1.0, None, True, tf.nn.relu),
            lambda: ours.BasicLSTMCell(U, 1.0, 5, True, tf.nn.relu),
            lambda: ours.LSTMCell(U, None, True, activation=tf.nn.relu),
            lambda: ours.LSTMCell(U, 5, True, activation=tf.nn.relu),
            lambda: ours.BasicLSTMCell(U, 1.0, True, tf.nn.relu),
        ],
    )
    def test_input_size_is_taken_where_it_stood(self, make):
        cell = make()
        assert cell.activation is tf.nn.relu
        assert getattr(cell, "state_is_tuple", True) is True
        if isinstance(cell, ours.LSTMCell):
            assert cell.use_peepholes is True

    def test_positions_of_1_15_stay(self):
        assert ours.BasicLSTMCell(U, 1.0, False).state_is_tuple is False
        assert ours.LSTMCell(U, True).use_peepholes is True
        assert ours.BasicRNNCell(U, None, True)._reuse is True
        assert ours.GRUCell(U, tf.nn.relu, tf.AUTO_REUSE)._reuse is tf.AUTO_REUSE

    @pytest.mark.parametrize("name, function", [("relu", tf.nn.relu), ("linear", tf.identity)])
    def test_activations_may_be_given_by_name(self, name, function):
        assert ours.GRUCell(U, name).activation is function

    def test_programs_that_read_the_arguments_find_them(self):
        arguments = inspect.getfullargspec(ours.BasicLSTMCell.__init__).args
        assert arguments[:4] == ["self", "num_units", "forget_bias", "state_is_tuple"]
        assert "reuse" in arguments

    def test_seed_was_the_fourth_argument_of_dropout(self):
        wrapped = ours.DropoutWrapper(ours.GRUCell(U), 0.5, 0.5, 7)
        assert wrapped.seed == 7
        assert wrapped.state_keep_prob == 1.0


class TestScopes:
    def test_an_initializer_of_the_scope_counts_for_kernels_and_not_for_biases(self):
        with tf.variable_scope("model", initializer=tf.constant_initializer(0.25)):
            unrolled_once(ours.MultiRNNCell([ours.BasicLSTMCell(U), ours.GRUCell(U)]))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            values = {v.name: session.run(v) for v in tf.trainable_variables()}
        assert len(values) == 6
        for name, value in values.items():
            start = 1 if "gates/bias" in name else 0 if "bias" in name else 0.25
            assert (value == start).all(), name

    def test_a_regularizer_of_the_scope_counts(self):
        with tf.variable_scope("model", regularizer=lambda w: tf.reduce_sum(w**2)):
            unrolled_once(ours.GRUCell(U))
        assert len(tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)) == 4

    @pytest.mark.parametrize("in_call", [True, False])
    def test_a_loss_of_a_regularizer_can_be_read_outside_the_loop(self, in_call):
        class Own(tf.nn.rnn_cell.RNNCell):
            state_size = output_size = U

            def call(self, inputs, state):
                return tf.matmul(state, tf.get_variable("w", [U, U])), state

        class OfBefore1_2(Own):
            def __call__(self, inputs, state, scope=None):
                return self.call(inputs, state)

        with tf.variable_scope("model", regularizer=tf.nn.l2_loss):
            unrolled_once(Own() if in_call else OfBefore1_2())
        (w,), loss = tf.trainable_variables(), tf.losses.get_regularization_loss()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            w, loss = session.run([w, loss])
        np.testing.assert_allclose(loss, (w**2).sum() / 2, rtol=1e-5)

    def test_an_initializer_may_be_a_class_or_a_name(self):
        unrolled_once(ours.LSTMCell(D, initializer=tf.orthogonal_initializer, name="a"))
        unrolled_once(ours.GRUCell(D, kernel_initializer="orthogonal", name="b"))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for variable in tf.trainable_variables():
                if "kernel" in variable.name:
                    kernel = session.run(variable)
                    products = (
                        kernel.T @ kernel if len(kernel) >= kernel.shape[1] else (kernel @ kernel.T)
                    )
                    np.testing.assert_allclose(products, np.eye(len(products)), atol=1e-5)

    def test_kernels_start_glorot_uniform(self):
        unrolled_once(ours.BasicRNNCell(100), depth=200)
        kernel, bias = tf.trainable_variables()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            kernel, bias = session.run([kernel, bias])
        limit = np.sqrt(6 / (300 + 100))
        assert 0.99 * limit < np.abs(kernel).max() <= limit
        assert (bias == 0).all()

    def test_two_cells_made_in_one_scope_have_variables_of_their_own(self):
        x, state = tf.zeros([B, D]), tf.zeros([B, U])
        for cell in (ours.GRUCell(U), ours.GRUCell(U)):
            cell(x, state)
        assert {name.split("/")[0] for name in names()} == {"gru_cell", "gru_cell_1"}

    def test_a_second_unroll_in_the_scope_of_the_first_is_refused(self):
        unrolled_once(ours.GRUCell(U))
        with pytest.raises(ValueError, match="rnn/gru_cell/gates/kernel already exists"):
            unrolled_once(ours.GRUCell(U))

    def test_auto_reuse(self):
        for _ in range(2):
            with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
                unrolled_once(ours.GRUCell(U))
        assert len(names()) == 4


class TestSharedCells:
    def test_one_cell_n_times_shares_with_a_warning(self, caplog):
        with caplog.at_level("WARNING", logger="tensorflow"):
            cell = ours.MultiRNNCell([ours.BasicLSTMCell(D)] * 3)
        assert "same object and will share weights" in caplog.text
        unrolled_once(cell)
        assert names() == [
            f"rnn/multi_rnn_cell/cell_0/basic_lstm_cell/{name}:0" for name in ("kernel", "bias")
        ]

    def test_no_warning_for_cells_of_their_own(self, caplog):
        with caplog.at_level("WARNING", logger="tensorflow"):
            ours.MultiRNNCell([ours.BasicLSTMCell(D) for _ in range(3)])
        assert not caplog.text

    def test_document_b_cannot_share(self, caplog):
        cell = ours.MultiRNNCell([ours.BasicRNNCell(31)] * 3)
        with caplog.at_level("WARNING", logger="tensorflow"):
            unrolled_once(cell, depth=28)
        assert "unlike depths and cannot share weights, so each gets its own" in caplog.text
        assert len(names()) == 6


class TestCellsOfTheReader:
    def test_in_the_way_of_1_0(self):
        class Own(tf.nn.rnn_cell.RNNCell):
            def __init__(self, num_units):
                self._num_units = num_units

            @property
            def state_size(self):
                return self._num_units

            @property
            def output_size(self):
                return self._num_units

            def __call__(self, inputs, state, scope=None):
                with tf.variable_scope(scope or type(self).__name__):
                    w = tf.get_variable("w", [inputs.get_shape()[1].value, self._num_units])
                    u = tf.get_variable("u", [self._num_units, self._num_units])
                    new = tf.tanh(tf.matmul(inputs, w) + tf.matmul(state, u))
                return new, new

        x = tf.placeholder(tf.float32, [None, T, D])
        outputs, _ = tf.nn.dynamic_rnn(Own(U), x, dtype=tf.float32)
        steps, _ = tf.nn.static_rnn(Own(U), tf.unstack(x, axis=1), tf.zeros([B, U]), scope="st")
        assert names() == ["rnn/Own/w:0", "rnn/Own/u:0", "st/Own/w:0", "st/Own/u:0"]
        copy = [tf.assign(a, b) for a, b in zip(*np.split(np.array(tf.trainable_variables()), 2))]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(copy)
            a, b = session.run([outputs, tf.stack(steps, 1)], {x: X})
        np.testing.assert_allclose(a, b, rtol=1e-6)

    def test_in_the_way_of_1_2(self):
        class Own(tf.contrib.rnn.RNNCell):
            def __init__(self, num_units, reuse=None):
                super().__init__(_reuse=reuse)
                self._num_units = num_units

            @property
            def state_size(self):
                return self._num_units

            @property
            def output_size(self):
                return self._num_units

            def build(self, inputs_shape):
                self.w = self.add_variable("w", [inputs_shape[1].value, self._num_units])
                self.built = True

            def call(self, inputs, state):
                u = tf.get_variable("u", [self._num_units, self._num_units])
                new = tf.tanh(tf.matmul(inputs, self.w) + tf.matmul(state, u))
                return new, new

        unrolled_once(tf.nn.rnn_cell.MultiRNNCell([Own(U), Own(U)]))
        assert names() == [
            f"rnn/multi_rnn_cell/cell_{layer}/own/{name}:0" for layer in (0, 1) for name in "wu"
        ]

    def test_a_subclass_of_a_cell_that_borrows_linear(self):
        from unrolled.tf1.python.ops.rnn_cell_impl import _linear

        class Own(tf.nn.rnn_cell.BasicLSTMCell):
            def call(self, inputs, state):
                inputs = _linear([inputs, state.h], D, True, scope="mixed")
                return super().call(inputs, state)

        unrolled_once(Own(U))
        assert {v.name: v.shape.as_list() for v in tf.trainable_variables()} == {
            "rnn/own/kernel:0": [D + U, 4 * U],
            "rnn/own/bias:0": [4 * U],
            "rnn/own/mixed/kernel:0": [D + U, D],
            "rnn/own/mixed/bias:0": [D],
        }

    def test_a_cell_of_its_own_with_a_linear_map(self):
        from unrolled.tf1.contrib.rnn.python.ops.core_rnn_cell import _Linear

        class Own(tf.nn.rnn_cell.RNNCell):
            state_size = output_size = U
            mixed = alone = None

            def call(self, inputs, state):
                if self.mixed is None:
                    ones = tf.ones_initializer()
                    self.mixed = _Linear([inputs, state], U, True, bias_initializer=ones)
                    with tf.variable_scope("alone"):
                        self.alone = _Linear(state, U, False, kernel_initializer=ones)
                new = self.mixed([inputs, state]) + self.alone(state)
                return new, new

        x = np.ones([B, D], np.float32)
        cell, state = Own(), np.full([B, U], 0.5, np.float32)
        first = cell(tf.constant(x), tf.constant(state))[0]
        again = cell(tf.constant(x), first)[0]
        assert names() == [f"own/{name}:0" for name in ("kernel", "bias", "alone/kernel")]
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            kernel, one, two = session.run([tf.trainable_variables()[0], first, again])
        assert kernel.shape == (D + U, U)
        for value, before in ((one, state), (two, one)):
            product = np.concatenate([x, before], axis=1) @ kernel
            expected = product + 1 + before.sum(axis=1, keepdims=True)
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)

    def test_a_private_class_is_named_as_it_was(self):
        class _Own(tf.nn.rnn_cell.RNNCell):
            state_size = output_size = U

            def call(self, inputs, state):
                return inputs * tf.get_variable("v", [U]), state

        _Own()(tf.zeros([B, U]), tf.zeros([B, U]))
        assert names() == ["private__own/v:0"]

    def test_a_cell_that_defines_nothing(self):
        class Own(tf.nn.rnn_cell.RNNCell):
            state_size = output_size = U

        with pytest.raises(NotImplementedError, match="Own must define call"):
            Own()(tf.zeros([B, D]), tf.zeros([B, U]))


class TestWrappers:
    def test_projections(self):
        cell = ours.InputProjectionWrapper(ours.GRUCell(U), 7)
        unrolled_once(ours.OutputProjectionWrapper(cell, 2))
        shapes = {v.name: v.shape.as_list() for v in tf.trainable_variables()}
        inner = "rnn/output_projection_wrapper/input_projection_wrapper"
        assert shapes[f"{inner}/kernel:0"] == [D, 7]
        assert shapes[f"{inner}/gru_cell/gates/kernel:0"] == [7 + U, 2 * U]
        assert shapes["rnn/output_projection_wrapper/kernel:0"] == [U, 2]
        assert shapes["rnn/output_projection_wrapper/bias:0"] == [2]

    @pytest.mark.parametrize("shape", [[B], [B, 1]])
    def test_embedding_takes_numbers(self, shape):
        cell = ours.EmbeddingWrapper(ours.GRUCell(U), embedding_classes=10, embedding_size=4)
        ids = [tf.placeholder(tf.int32, shape) for _ in range(T)]
        outputs, state = tf.nn.static_rnn(cell, ids, dtype=tf.float32)
        assert [y.shape.as_list() for y in outputs] == [[B, U]] * T
        assert "rnn/embedding_wrapper/embedding:0" in names()
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            table = session.run(tf.trainable_variables()[0])
            value = session.run(state, {x: np.ones(shape) for x in ids})
        assert np.abs(table).max() <= np.sqrt(3)
        np.testing.assert_allclose(value, value[:1].repeat(B, 0), rtol=1e-6)

    def test_residual_with_a_function_of_its_own(self):
        cell = ours.ResidualWrapper(ours.GRUCell(D), residual_fn=lambda x, y: x - y)
        plain = ours.GRUCell(D)
        x, state = tf.constant(X[:, 0]), tf.zeros([B, D])
        with tf.variable_scope("a"):
            residual, _ = cell(x, state)
        with tf.variable_scope("a", reuse=True):
            output, _ = plain(x, state)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            a, b = session.run([residual, output])
        np.testing.assert_allclose(a, X[:, 0] - b, rtol=1e-6)

    def test_dropout_by_placeholder(self):
        keep = tf.placeholder(tf.float32)
        cell = ours.DropoutWrapper(ours.GRUCell(50), output_keep_prob=keep)
        x = tf.constant(X)
        outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            all_kept = session.run(outputs, {keep: 1.0})
            half = session.run(outputs, {keep: 0.5})
        assert (all_kept != 0).all()
        assert 0.3 < (half == 0).mean() < 0.7
        np.testing.assert_allclose(half[half != 0], 2 * all_kept[half != 0], rtol=1e-5)

    @pytest.mark.parametrize(
        "settings, message",
        [
            ({"input_keep_prob": 0.0}, r"input_keep_prob must lie in \(0, 1\]"),
            ({"state_keep_prob": 1.5}, r"state_keep_prob must lie in \(0, 1\]"),
            ({"output_keep_prob": "half"}, r"output_keep_prob must lie in \(0, 1\]"),
            ({"seed": 0.5}, "seed must be a whole number or None; got 0.5"),
            ({"dropout_state_filter_visitor": 3}, "visitor must be a function .* got 3"),
        ],
    )
    def test_dropout_says_what_it_wants(self, settings, message):
        with pytest.raises((TypeError, ValueError), match=message):
            ours.DropoutWrapper(ours.GRUCell(U), **settings)

    def test_variational_masks_last_for_a_run(self):
        cell = ours.DropoutWrapper(
            ours.GRUCell(50), output_keep_prob=0.5, variational_recurrent=True, dtype=tf.float32
        )
        outputs, _ = tf.nn.dynamic_rnn(cell, tf.constant(X), dtype=tf.float32)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            one, two = session.run(outputs) == 0, session.run(outputs) == 0
        assert (one == one[:, :1]).all()
        assert (one != two).any()


class TestUnrolls:
    @pytest.mark.parametrize("lengths, most", [(False, 4800), (True, 8000)])
    def test_200_static_steps_are_no_more_operations_than_needed(self, lengths, most):
        x = tf.placeholder(tf.float32, [None, 200, D])
        n = tf.placeholder(tf.int32, [None]) if lengths else None  # 12,054 in 1.15
        steps = tf.unstack(x, axis=1)
        tf.nn.static_rnn(ours.BasicLSTMCell(U), steps, dtype=tf.float32, sequence_length=n)
        assert len(tf.get_default_graph().get_operations()) < most

    def test_lengths_of_any_type_and_beyond_t_count_as_they_did(self):
        def build(n):
            return lambda x: tf.nn.dynamic_rnn(ours.GRUCell(U), x, n, dtype=tf.float32)

        expected = networks.run(build([4, 0, 2]), {"x": X})
        networks.assert_equal(networks.run(build(np.array([9.0, 0.0, 2.0])), {"x": X}), expected)

    def test_steps_that_are_pictures(self):
        class Summing(tf.nn.rnn_cell.RNNCell):
            state_size = output_size = tf.TensorShape([2, 3])

            def call(self, inputs, state):
                return inputs + state, inputs + state

        x = np.random.RandomState(1).normal(size=[B, T, 2, 3]).astype(np.float32)
        outputs, state = tf.nn.dynamic_rnn(Summing(), tf.constant(x), LENGTHS, dtype=tf.float32)
        with tf.Session() as session:
            outputs, state = session.run([outputs, state])
        sums = x.cumsum(axis=1)
        for row, n in enumerate(LENGTHS):
            np.testing.assert_allclose(outputs[row, :n], sums[row, :n], rtol=1e-5)
            assert (outputs[row, n:] == 0).all()
            np.testing.assert_allclose(state[row], sums[row, n - 1] if n else 0, rtol=1e-5)

    def test_a_batch_and_a_number_of_steps_known_only_when_it_runs(self):
        x = tf.placeholder(tf.float32, [None, None, D])
        n = tf.placeholder(tf.int32, [None])
        outputs, state = tf.nn.dynamic_rnn(ours.GRUCell(U), x, n, dtype=tf.float32)
        loss = tf.reduce_sum(outputs)
        train = tf.train.AdamOptimizer().minimize(loss)
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            for b, t in [(1, 2), (3, 4), (2, 1)]:
                feed = {x: X[:b, :t], n: [t] * b}
                got, last, _ = session.run([outputs, state, train], feed)
                assert got.shape == (b, t, U)
                np.testing.assert_array_equal(got[:, -1], last)

    @pytest.mark.parametrize("cells", [[], (ours.GRUCell(U),)])
    def test_stacks_need_lists_of_cells(self, cells):
        with pytest.raises(ValueError, match="cells_fw must be a list of at least one cell"):
            ours.stack_bidirectional_dynamic_rnn(cells, cells, tf.constant(X), dtype=tf.float32)


def test_the_arithmetic_is_the_package_s_own():
    for name in ("BasicRNNCell", "LSTMCell", "GRUCell", "MultiRNNCell"):
        assert issubclass(getattr(ours, name), getattr(unrolled, name))
    assert ours.LSTMStateTuple is unrolled.LSTMStateTuple


def test_cells_without_a_name_are_counted_in_a_graph():
    rnn_cell = tf.nn.rnn_cell
    kinds = [rnn_cell.GRUCell, rnn_cell.BasicLSTMCell, rnn_cell.GRUCell]
    assert [kind(U).name for kind in kinds] == ["gru_cell_1", "basic_lstm_cell_1", "gru_cell_2"]
    assert rnn_cell.GRUCell(U, name="gate").name == "gate"
    cell = rnn_cell.GRUCell(U)
    tf.nn.dynamic_rnn(cell, tf.zeros([B, T, D]), dtype=tf.float32)
    assert (cell.name, cell.scope_name) == ("gru_cell_3", "rnn/gru_cell")
    with tf.Graph().as_default():
        assert rnn_cell.GRUCell(U).name == "gru_cell_1"


def test_a_wrapper_from_its_config_needs_a_cell():
    wrapper = tf.nn.rnn_cell.DropoutWrapper(tf.nn.rnn_cell.GRUCell(3), 0.5, seed=3)
    config = wrapper.get_config()
    with pytest.raises(ValueError, match="must be the cell to put into the DropoutWrapper"):
        type(wrapper).from_config(config)
    again = type(wrapper).from_config({**config, "cell": tf.nn.rnn_cell.GRUCell(3)})
    assert (again.input_keep_prob, again.seed) == (0.5, 3)


def test_an_initializer_in_a_config_has_a_known_class():
    config = tf.nn.rnn_cell.GRUCell(3).get_config()
    config["kernel_initializer"] = {"class_name": "Mine", "config": {}}
    with pytest.raises(ValueError, match="of a class in tf.initializers; got"):
        tf.nn.rnn_cell.GRUCell.from_config(config)


def test_a_dense_layer_from_its_config_needs_its_regularizer():
    config = tf.layers.Dense(3, kernel_regularizer=tf.nn.l2_loss).get_config()
    with pytest.raises(ValueError, match="kernel_regularizer must be a function; got 'l2_loss'"):
        tf.layers.Dense.from_config(config)
