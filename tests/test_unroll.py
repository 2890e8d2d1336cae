"""The unrolls against NumPy, against TensorFlow's own, and against each other."""

import warnings

import numpy as np
import numpy_cells
import pytest
import tensorflow as tf
import ways

import unrolled as u

B, T, D, U = 4, 3, 3, 5
RNG = np.random.default_rng(7)
X = RNG.normal(size=(B, T, D))
RAMP = np.arange(B, dtype=np.int32)  # every length from 0 to T
CELLS = {
    "basic": lambda: u.BasicRNNCell(U),
    "lstm": lambda: u.BasicLSTMCell(U),
    "lstm with everything": lambda: u.LSTMCell(
        U, use_peepholes=True, cell_clip=0.3, num_proj=2, proj_clip=0.2
    ),
    "gru": lambda: u.GRUCell(U),
    "stack": lambda: u.MultiRNNCell([u.GRUCell(U), u.BasicLSTMCell(2), u.BasicRNNCell(3)]),
}


# What is left to choose, the small cells here are written out: `dynamic` has no loop, unless it has
# lengths that are known only at run time.
DYNAMIC = {
    "dynamic": {},
    "loop": {"unroll": 1},
    "turns of 2": {"unroll": 2},
    "segments": {"unroll": 1, "recompute_every": 2},
}


def unroll(kind, cell, x, lengths=None, time_major=False, **how):
    """Outputs [B, T, U] (or [T, B, U]) and state, by either function of the package."""
    how.setdefault("dtype", None if "initial_state" in how else x.dtype)
    if kind in DYNAMIC:
        return u.dynamic_rnn(cell, x, lengths, time_major=time_major, **DYNAMIC[kind], **how)
    outputs, state = u.static_rnn(cell, tf.unstack(x, axis=1), sequence_length=lengths, **how)
    return tf.stack(outputs, axis=1), state


def weighed(value, phase):
    """A scalar in which every number of `value` has a factor of its own: no errors cancel."""
    factors = tf.cos(tf.cast(tf.range(tf.size(value)) + phase, value.dtype))
    return tf.reduce_sum(tf.reshape(value, [-1]) * factors)


def with_gradients(run):
    """A program whose result also holds the gradients by inputs and weights."""

    def program(cell, x, **feeds):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, state = run(cell, x, **feeds)
            total = tf.add_n(
                [weighed(v, i) for i, v in enumerate(tf.nest.flatten((outputs, state)))]
            )
        variables = sorted(cell.trainable_variables, key=lambda v: v.name)
        return outputs, state, tape.gradient(total, [x, *variables])

    return program


ORACLES = {}


def oracle(name, lengths):
    """TensorFlow 1's own dynamic_rnn on the same cell, in a TF1 graph."""
    key = name, None if lengths is None else tuple(lengths)
    if key not in ORACLES:
        program = with_gradients(
            lambda cell, x: tf.compat.v1.nn.dynamic_rnn(
                cell, x, sequence_length=lengths, dtype=x.dtype
            )
        )
        ORACLES[key] = ways.run("graph", CELLS[name], D, program, {"x": X})
    return ORACLES[key]


def assert_equal(actual, expected):
    tf.nest.map_structure(
        lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12), actual, expected
    )


def as_batch_major(kind, cell, x, lengths=None, time_major=False):
    if not time_major:
        return unroll(kind, cell, x, lengths)
    outputs, state = unroll(kind, cell, tf.transpose(x, [1, 0, 2]), lengths, time_major=True)
    return tf.transpose(outputs, [1, 0, 2]), state


LAYOUTS = [("static", False), ("loop", False), ("turns of 2", True)]


@pytest.mark.parametrize("lengths", [None, RAMP], ids=["no lengths", "lengths 0 to T"])
@pytest.mark.parametrize("way", ways.WAYS)
@pytest.mark.parametrize("kind, time_major", LAYOUTS)
@pytest.mark.parametrize("name", CELLS)
class TestEveryCell:
    @pytest.mark.one_in(16)
    def test_outputs_states_and_gradients_are_tensorflows_own(
        self, name, kind, time_major, way, lengths
    ):
        program = with_gradients(lambda cell, x: as_batch_major(kind, cell, x, lengths, time_major))
        actual = ways.run(way, CELLS[name], D, program, {"x": X})
        assert_equal(actual, oracle(name, lengths))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("length", range(T + 1))
@pytest.mark.parametrize("way", ways.WAYS)
@pytest.mark.parametrize("kind, time_major", LAYOUTS)
def test_every_length(kind, time_major, way, length):
    lengths = np.full(B, length)
    program = with_gradients(lambda cell, x: as_batch_major(kind, cell, x, lengths, time_major))
    outputs, state, gradients = actual = ways.run(way, CELLS["basic"], D, program, {"x": X})
    assert_equal(actual, oracle("basic", lengths))
    assert (outputs[:, length:] == 0).all()
    assert (gradients[0][:, length:] == 0).all()
    np.testing.assert_array_equal(state, outputs[:, length - 1] if length else np.zeros((B, U)))


@pytest.mark.parametrize("lengths", [None, RAMP], ids=["no lengths", "lengths 0 to T"])
@pytest.mark.parametrize("kind", ["static", "dynamic"])
@pytest.mark.parametrize(
    "name, step",
    [
        ("basic", numpy_cells.basic),
        ("lstm", numpy_cells.lstm),
        (
            "lstm with everything",
            lambda x, s, w: numpy_cells.lstm(x, s, w, cell_clip=0.3, proj_clip=0.2, peepholes=True),
        ),
        ("gru", numpy_cells.gru),
    ],
)
def test_unrolled_cells_are_numpys(name, step, kind, lengths):
    cell = CELLS[name]()
    cell.build(D, tf.float64)
    w = ways.weights_of(cell)
    size = tuple(cell.state_size) if isinstance(cell.state_size, tuple) else cell.state_size
    zeros = tf.nest.map_structure(lambda units: np.zeros((B, units)), size)
    expected = numpy_cells.run(lambda x, s: step(x, s, w), X, zeros, lengths)
    outputs, state = ways.run(
        "eager", CELLS[name], D, lambda cell, x: unroll(kind, cell, x, lengths), {"x": X}
    )
    assert_equal(outputs, expected[0])
    assert_equal(tuple(state) if isinstance(state, tuple) else state, expected[1])


@pytest.mark.one_in(8)
@pytest.mark.parametrize("kind", ["dynamic", "segments"])
@pytest.mark.parametrize("way", ["function", "graph"])
@pytest.mark.parametrize("lengths", [None, RAMP, 0 * RAMP], ids=["none", "ramp", "all zero"])
def test_sizes_known_only_at_run_time(kind, way, lengths):
    feeds = {"x": X} if lengths is None else {"x": X, "lengths": lengths}
    unknown = [("x", 0), ("x", 1), ("lengths", 0)]
    program = with_gradients(lambda cell, x, lengths=None: unroll(kind, cell, x, lengths))
    actual = ways.run(way, CELLS["stack"], D, program, feeds, unknown=unknown)
    assert_equal(actual, oracle("stack", lengths))


@pytest.mark.parametrize("kind", ["dynamic", "segments"])
@pytest.mark.parametrize("way", ways.WAYS)
@pytest.mark.parametrize("unknown", [(), [("x", 0), ("x", 1)]], ids=["known", "unknown"])
def test_no_steps_at_all(kind, way, unknown):
    outputs, state = ways.run(
        way,
        CELLS["gru"],
        D,
        lambda cell, x: unroll(kind, cell, x, initial_state=tf.ones([B, U], x.dtype)),
        {"x": X[:, :0]},
        unknown=unknown,
    )
    assert outputs.shape == (B, 0, U)
    np.testing.assert_array_equal(state, np.ones((B, U)))


@pytest.mark.one_in(4)
@pytest.mark.parametrize("rows", [B, 0])
@pytest.mark.parametrize("way", DYNAMIC)
def test_no_row_has_a_step_in_a_batch_of_unknown_size(way, rows):
    cell = u.GRUCell(U)

    @tf.function(input_signature=[tf.TensorSpec([None, T, D]), tf.TensorSpec([None], tf.int32)])
    def run(x, lengths):
        with tf.GradientTape() as tape:
            outputs, state = u.dynamic_rnn(cell, x, lengths, dtype=tf.float32, **DYNAMIC[way])
            loss = tf.reduce_sum(outputs) + tf.reduce_sum(state)
        return outputs, state, tape.gradient(loss, cell.trainable_variables)

    outputs, state, gradients = run(np.float32(X[:rows]), np.zeros(rows, np.int32))
    assert outputs.shape == (rows, T, U) and state.shape == (rows, U)
    assert not any(np.any(x) for x in (outputs, state, *gradients))


@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_length_zero_gives_the_initial_state(kind):
    start = RNG.normal(size=(B, U))
    _, state = ways.run(
        "function",
        CELLS["gru"],
        D,
        lambda cell, x: unroll(kind, cell, x, RAMP, initial_state=tf.constant(start)),
        {"x": X},
    )
    np.testing.assert_array_equal(state[0], start[0])
    assert (np.abs(state[1:] - start[1:]) > 0).all()


@pytest.mark.one_in(8)
@pytest.mark.parametrize("padding", [np.nan, np.inf, -np.inf, 1e300])
@pytest.mark.parametrize("way", ways.WAYS)
@pytest.mark.parametrize("kind", ["static", "loop"])
def test_what_the_padding_holds_reaches_nothing(kind, way, padding):
    dirty = np.where((np.arange(T) < RAMP[:, None])[..., None], X, padding)
    program = with_gradients(lambda cell, x: unroll(kind, cell, x, RAMP))
    actual = ways.run(way, CELLS["stack"], D, program, {"x": dirty})
    assert_equal(actual, oracle("stack", RAMP))


class TestBidirectional:
    @staticmethod
    def make():
        """Two cells in one module, so that `ways` finds all variables."""
        module = u.MultiRNNCell([u.GRUCell(U, name="fw"), u.GRUCell(2, name="bw")])
        module.build = lambda depth, dtype: [c.build(depth, dtype) for c in module.cells]
        return module

    @pytest.mark.one_in(8)
    @pytest.mark.parametrize("time_major", [False, True])
    @pytest.mark.parametrize("lengths", [None, RAMP], ids=["no lengths", "lengths 0 to T"])
    @pytest.mark.parametrize("way", ways.WAYS)
    def test_is_tensorflows_own(self, way, lengths, time_major):
        def call(function):
            def program(pair, x):
                if time_major:
                    x = tf.transpose(x, [1, 0, 2])
                outputs, state = function(
                    *pair.cells, x, lengths, dtype=x.dtype, time_major=time_major
                )
                if time_major:
                    outputs = tuple(tf.transpose(o, [1, 0, 2]) for o in outputs)
                return outputs, state

            return with_gradients(program)

        theirs = ways.run(
            "graph", self.make, D, call(tf.compat.v1.nn.bidirectional_dynamic_rnn), {"x": X}
        )
        ours = ways.run(way, self.make, D, call(u.bidirectional_dynamic_rnn), {"x": X})
        assert_equal(ours, theirs)

    def test_padding_reaches_nothing(self):
        dirty = np.where((np.arange(T) < RAMP[:, None])[..., None], X, np.nan)
        program = with_gradients(
            lambda pair, x: u.bidirectional_dynamic_rnn(*pair.cells, x, RAMP, dtype=x.dtype)
        )
        clean = ways.run("function", self.make, D, program, {"x": X})
        assert_equal(ways.run("function", self.make, D, program, {"x": dirty}), clean)


class Counter:
    """A cell that is no `RNNCell`: it adds its input to its state and counts its steps."""

    output_size = 2

    @property
    def state_size(self):
        return {"sum": 2, "steps": tf.TensorShape([])}

    def zero_state(self, batch_size, dtype):
        return {"sum": tf.zeros([batch_size, 2], dtype), "steps": tf.zeros([batch_size], tf.int32)}

    def __call__(self, inputs, state):
        total = state["sum"] + inputs
        return total, {"sum": total, "steps": state["steps"] + 1}


class Pair:
    """A cell with nested inputs, outputs and states."""

    state_size = (2, {"b": 3})

    @property
    def output_size(self):
        return {"left": 2, "right": 3}

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 2], dtype), {"b": tf.zeros([batch_size, 3], dtype)}

    def __call__(self, inputs, state):
        left, right = state[0] + inputs["x"], state[1]["b"] + 2 * inputs["y"]
        return {"left": left, "right": right}, (left, {"b": right})


class TestCellsOfTheReadersOwn:
    X2 = np.arange(2 * 3 * 2, dtype=np.float32).reshape(2, 3, 2)

    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    def test_a_cell_with_a_whole_number_in_its_state(self, kind):
        outputs, state = tf.function(lambda x: unroll(kind, Counter(), x, [2, 3]))(
            tf.constant(self.X2)
        )
        np.testing.assert_array_equal(
            outputs, [[[0, 1], [2, 4], [0, 0]], [[6, 7], [14, 16], [24, 27]]]
        )
        np.testing.assert_array_equal(state["steps"], [2, 3])
        np.testing.assert_array_equal(state["sum"], [[2, 4], [24, 27]])

    @pytest.mark.parametrize("lengths", [None, [1, 2]])
    def test_nested_inputs_outputs_and_states(self, lengths):
        x, y = tf.constant(self.X2), tf.ones([2, 3, 3])
        dynamic, state = u.dynamic_rnn(Pair(), {"x": x, "y": y}, lengths, dtype=tf.float32)
        frames = [
            {"x": a, "y": b} for a, b in zip(*(tf.unstack(a, axis=1) for a in (x, y)), strict=True)
        ]
        static, static_state = u.static_rnn(
            Pair(), frames, dtype=tf.float32, sequence_length=lengths
        )
        for key, size in (("left", 2), ("right", 3)):
            assert dynamic[key].shape == (2, 3, size)
            np.testing.assert_array_equal(dynamic[key], tf.stack([o[key] for o in static], 1))
        tf.nest.map_structure(np.testing.assert_array_equal, state, static_state)
        last = 3 if lengths is None else lengths[0]
        np.testing.assert_array_equal(state[1]["b"][0], [2.0 * last] * 3)

    def test_build_is_called_once_and_outside_the_loop(self):
        class Lazy(tf.Module):
            state_size = output_size = 2
            builds = 0

            def zero_state(self, batch_size, dtype):
                return tf.zeros([batch_size, 2], dtype)

            def build(self, input_depth):
                self.builds += 1
                self.kernel = tf.Variable(tf.ones([input_depth, 2]))

            def __call__(self, inputs, state):
                state = state + inputs @ self.kernel
                return state, state

        cell = Lazy()
        run = tf.function(lambda x: u.dynamic_rnn(cell, x, dtype=tf.float32)[1])
        run(tf.constant(self.X2))
        u.dynamic_rnn(cell, self.X2, dtype=tf.float32)
        assert cell.builds == 1
        np.testing.assert_array_equal(run(tf.constant(self.X2)), [[15, 15], [51, 51]])

    def test_tensorflows_own_legacy_cells_run_too(self):
        from tensorflow.python.ops import rnn_cell_impl

        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it calls itself deprecated
            cell = rnn_cell_impl.GRUCell(3)
            ours, _ = u.dynamic_rnn(cell, tf.constant(self.X2), [1, 3], dtype=tf.float32)
            theirs, _ = tf.compat.v1.nn.dynamic_rnn(
                cell, tf.constant(self.X2), [1, 3], dtype=tf.float32
            )
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                np.testing.assert_allclose(*session.run([ours, theirs]), rtol=1e-6)


def test_a_new_cell_inside_a_function_makes_its_variables_once():
    cell = u.GRUCell(U)
    run = tf.function(lambda x: u.dynamic_rnn(cell, x, dtype=tf.float64)[0])
    first, second = run(tf.constant(X)), run(tf.constant(X))
    np.testing.assert_array_equal(first, second)
    assert [v.dtype for v in cell.variables] == [tf.float64] * 4


def test_the_dynamic_graph_does_not_grow_and_the_static_one_does():
    def operations(kind, steps):
        cell = u.BasicRNNCell(2)
        run = tf.function(lambda x: unroll(kind, cell, x)[0])
        return len(ways.operations(run.get_concrete_function(tf.TensorSpec([2, steps, 3]))))

    assert operations("loop", 5) == operations("loop", 50) == operations("dynamic", 50)
    assert operations("dynamic", 5) < operations("dynamic", 20)  # written out: no loop
    growth = operations("static", 20) - operations("static", 10)
    assert operations("static", 30) - operations("static", 20) == growth > 0


@pytest.mark.parametrize("kind", ["static", "dynamic"])
def test_zeros_are_made_only_for_steps_that_are_left_out(kind):
    cell = u.BasicRNNCell(2)
    run = tf.function(lambda x: unroll(kind, cell, x)[0])
    graph = run.get_concrete_function(tf.TensorSpec([2, 3, 3])).graph
    assert not [each.name for each in graph.get_operations() if "zeros_like" in each.name]


@pytest.mark.parametrize("unroll, copies", [(None, 1), (1, 1), (4, 4), (20, 20)])
def test_with_lengths_a_graph_holds_a_loop(unroll, copies):
    run = tf.function(lambda x: u.dynamic_rnn(cell, x, [20, 3], dtype=x.dtype, unroll=unroll)[0])
    cell = u.BasicRNNCell(2)
    found = ways.operations(run.get_concrete_function(tf.TensorSpec([2, 20, 3])))
    assert found.count("Tanh") == copies
    assert found.count("While") + found.count("StatelessWhile") == 1


def test_the_loop_ends_with_the_longest_row():
    steps_run = tf.Variable(0)

    class Counted(u.BasicRNNCell):
        def step(self, inputs, state):
            steps_run.assign_add(1)
            return super().step(inputs, state)

    run = tf.function(lambda x, n: u.dynamic_rnn(cell, x, n, dtype=tf.float64)[0])
    cell = Counted(2)
    outputs = run(tf.constant(X), tf.constant([1, 2, 0, 1]))
    assert steps_run.numpy() == 2
    assert outputs.shape == (B, T, 2)


@pytest.mark.parametrize("eager", [True, False])
def test_static_rnn_ends_with_the_longest_row_eagerly_and_its_graph_does_not(eager):
    steps_run = tf.Variable(0)

    class Counted(u.BasicRNNCell):
        def step(self, inputs, state):
            steps_run.assign_add(1)
            return super().step(inputs, state)

    def run(x, lengths):
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, state = u.static_rnn(
                cell, tf.unstack(x, axis=1), sequence_length=lengths, dtype=tf.float64
            )
            loss = tf.reduce_sum(state**2) + tf.reduce_sum(tf.stack(outputs) ** 3)
        return tf.stack(outputs, axis=1), state, tape.gradient(loss, x)

    x, lengths = tf.constant(X), [1, 2, 0, 1]
    cell = Counted(2)
    cell.build(D, tf.float64)
    actual = (run if eager else tf.function(run))(x, tf.constant(lengths))
    assert steps_run.numpy() == (2 if eager else T)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, state = u.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
        loss = tf.reduce_sum(state**2) + tf.reduce_sum(outputs**3)
    wanted = (outputs, state, tape.gradient(loss, x))
    for a, b in zip(actual, wanted):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-15)
    assert not np.any(actual[0][:, 2:])


def test_carrying_the_state_equals_one_long_run():
    cell = u.MultiRNNCell([u.BasicLSTMCell(3), u.GRUCell(2)])
    whole, final = u.dynamic_rnn(cell, X, dtype=tf.float64)
    first, state = u.dynamic_rnn(cell, X[:, :1], dtype=tf.float64)
    second, state = u.dynamic_rnn(cell, X[:, 1:], initial_state=state)
    assert_equal(tf.concat([first, second], 1).numpy(), whole.numpy())
    tf.nest.map_structure(np.testing.assert_allclose, state, final)
