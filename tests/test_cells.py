"""Every cell against NumPy, against TensorFlow's private legacy cells, and by known values."""

import copy
import warnings
from typing import ClassVar

import numpy as np
import numpy_cells
import pytest
import tensorflow as tf
import ways

import unrolled as u

B, D, U = 4, 3, 5
RNG = np.random.default_rng(3)
X = RNG.normal(size=(B, D))


def with_weights(cell, depth=D, dtype=tf.float64):
    cell.build(depth, dtype)
    for v in cell.variables:
        v.assign(ways.weight(ways.short_name(v), v.shape))
    return cell


def state_for(cell):
    sizes = tf.nest.flatten(cell.state_size)
    values = [RNG.normal(size=(B, size)) for size in sizes]
    return tf.nest.pack_sequence_as(cell.state_size, values)


def assert_same(actual, expected, rtol=1e-12):
    actual, expected = tf.nest.flatten(actual), tf.nest.flatten(expected)
    assert len(actual) == len(expected)
    for a, b in zip(actual, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-14)


LSTM_OPTIONS = {
    "plain": {},
    "peepholes": {"use_peepholes": True},
    "projection": {"num_proj": 2},
    "projection clipped": {"num_proj": 2, "proj_clip": 0.05},
    "clipped": {"cell_clip": 0.1},
    "clipped to zero": {"cell_clip": 0.0},
    "forget bias": {"forget_bias": -0.5},
    "all": {
        "use_peepholes": True,
        "cell_clip": 0.2,
        "num_proj": 2,
        "proj_clip": 0.1,
        "forget_bias": 0.25,
    },
}


class TestAgainstNumPy:
    def test_basic(self):
        cell = with_weights(u.BasicRNNCell(U))
        h = state_for(cell)
        assert_same(cell(X, h), numpy_cells.basic(X, h, ways.weights_of(cell)))

    def test_basic_with_an_activation(self):
        cell = with_weights(u.BasicRNNCell(U, activation=tf.nn.relu))
        h = state_for(cell)
        expected = numpy_cells.basic(X, h, ways.weights_of(cell), lambda z: np.maximum(z, 0))
        assert_same(cell(X, h), expected)

    @pytest.mark.parametrize("options", LSTM_OPTIONS.values(), ids=LSTM_OPTIONS)
    def test_lstm(self, options):
        cell = with_weights(u.LSTMCell(U, **options))
        state = state_for(cell)
        step = {
            key: options[key] for key in ("forget_bias", "cell_clip", "proj_clip") if key in options
        }
        expected = numpy_cells.lstm(
            X, state, ways.weights_of(cell), peepholes="use_peepholes" in options, **step
        )
        assert_same(cell(X, state), expected)

    def test_basic_lstm(self):
        cell = with_weights(u.BasicLSTMCell(U, forget_bias=0.3))
        state = state_for(cell)
        expected = numpy_cells.lstm(X, state, ways.weights_of(cell), forget_bias=0.3)
        assert_same(cell(X, state), expected)

    def test_gru(self):
        cell = with_weights(u.GRUCell(U))
        h = state_for(cell)
        assert_same(cell(X, h), numpy_cells.gru(X, h, ways.weights_of(cell)))

    def test_stack(self):
        cells = [u.GRUCell(U), u.BasicLSTMCell(2), u.BasicRNNCell(3)]
        stack = with_weights(u.MultiRNNCell(cells))
        state = state_for(stack)
        h, steps = X, (numpy_cells.gru, numpy_cells.lstm, numpy_cells.basic)
        expected = []
        for cell, step, layer_state in zip(cells, steps, state, strict=True):
            h, new = step(h, layer_state, ways.weights_of(cell))
            expected.append(new)
        output, new_state = stack(X, state)
        assert_same((output, new_state), (h, tuple(expected)))
        assert isinstance(new_state, tuple)
        assert isinstance(new_state[1], u.LSTMStateTuple)


class TestAgainstTensorFlowsLegacyCells:
    """The wheel still carries TensorFlow 1's cells privately: an oracle, never a dependency."""

    PAIRS: ClassVar = {
        "basic": (u.BasicRNNCell, "BasicRNNCell", {}),
        "basic lstm": (u.BasicLSTMCell, "BasicLSTMCell", {"forget_bias": 0.5}),
        "gru": (u.GRUCell, "GRUCell", {}),
        **{f"lstm {name}": (u.LSTMCell, "LSTMCell", opts) for name, opts in LSTM_OPTIONS.items()},
    }

    @pytest.mark.parametrize("ours, theirs, options", PAIRS.values(), ids=PAIRS)
    def test_same_numbers_shapes_and_names(self, ours, theirs, options):
        from tensorflow.python.ops import rnn_cell_impl

        cell = with_weights(ours(U, **options))
        state = state_for(cell)
        with tf.Graph().as_default(), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            legacy = getattr(rnn_cell_impl, theirs)(U, dtype=tf.float64, **options)
            legacy_state = state
            if isinstance(state, tuple):
                legacy_state = rnn_cell_impl.LSTMStateTuple(*map(tf.constant, state))
            result = legacy(tf.constant(X), legacy_state)
            assert {ways.short_name(v): v.shape for v in legacy.variables} == {
                ways.short_name(v): v.shape for v in cell.variables
            }
            with tf.compat.v1.Session() as session:
                for v in legacy.variables:
                    v.load(ways.weight(ways.short_name(v), v.shape), session)
                expected = session.run(result)
        assert_same(cell(X, state), expected)


class TestKnownValues:
    """Weights 0.5, state 0.1, inputs 1, biases at their defaults."""

    @pytest.mark.parametrize(
        "cell, expected",
        [
            (u.BasicRNNCell(2), 0.80049902),
            (u.GRUCell(2), 0.175991),
            (u.MultiRNNCell([u.BasicLSTMCell(2), u.BasicLSTMCell(2)]), 0.24024698),
        ],
        ids=["basic", "gru", "two lstm layers"],
    )
    def test_output(self, cell, expected):
        cell.build(2, tf.float64)
        for v in cell.variables:
            if "kernel" in v.name:
                v.assign(tf.fill(v.shape, tf.constant(0.5, tf.float64)))
        state = tf.nest.map_structure(lambda z: z + 0.1, cell.zero_state(1, tf.float64))
        output, _ = cell(tf.ones([1, 2], tf.float64), state)
        np.testing.assert_allclose(output, np.full((1, 2), expected), atol=5e-7)

    @pytest.mark.parametrize("way", ways.WAYS)
    def test_defaults_of_new_variables(self, way):
        biases = ways.run(
            way,
            lambda: u.GRUCell(U),
            D,
            # A read of the initial value, not of the weights that `ways` assigns.
            lambda cell, x: [tf.ones([2 * U]), tf.zeros([U])],
            {"x": X},
        )
        cell = u.GRUCell(U)
        cell.build(D)
        np.testing.assert_array_equal(cell.gate_bias, biases[0])
        np.testing.assert_array_equal(cell.candidate_bias, biases[1])

    @pytest.mark.parametrize("make", [u.BasicRNNCell, u.BasicLSTMCell, u.LSTMCell])
    def test_other_biases_start_at_zero(self, make):
        cell = make(U)
        cell.build(D)
        assert (cell.bias.numpy() == 0).all()

    def test_glorot_uniform_over_the_fused_matrix(self):
        tf.random.set_seed(4)
        cell = u.BasicLSTMCell(64)
        cell.build(36)
        limit = np.float32(np.sqrt(6 / (100 + 256)))  # may itself be drawn
        kernel = cell.kernel.numpy()
        assert np.abs(kernel).max() <= limit
        assert np.abs(kernel).max() > 0.99 * limit
        np.testing.assert_allclose(kernel.std(), limit / np.sqrt(3), rtol=0.02)


class TestVariables:
    @pytest.mark.parametrize(
        "cell, shapes",
        [
            (u.BasicRNNCell(2), {"kernel": (5, 2), "bias": (2,)}),
            (u.BasicLSTMCell(2), {"kernel": (5, 8), "bias": (8,)}),
            (
                u.LSTMCell(4, use_peepholes=True, num_proj=2),
                {
                    "kernel": (5, 16),
                    "bias": (16,),
                    "w_i_diag": (4,),
                    "w_f_diag": (4,),
                    "w_o_diag": (4,),
                    "projection/kernel": (4, 2),
                },
            ),
            (
                u.GRUCell(2),
                {
                    "gates/kernel": (5, 4),
                    "gates/bias": (4,),
                    "candidate/kernel": (5, 2),
                    "candidate/bias": (2,),
                },
            ),
        ],
        ids=["basic", "basic lstm", "lstm", "gru"],
    )
    def test_names_and_shapes(self, cell, shapes):
        cell.build(3)
        assert {ways.short_name(v): tuple(v.shape) for v in cell.trainable_variables} == shapes

    def test_attributes_of_the_contract(self):
        gru = u.GRUCell(2)
        gru.build(3)
        assert gru.gate_kernel.shape == (5, 4)
        assert gru.candidate_kernel.shape == (5, 2)
        lstm = u.LSTMCell(4, num_proj=2)
        lstm.build(3)
        assert lstm.projection_kernel.shape == (4, 2)

    def test_are_made_by_the_first_step_in_its_dtype(self):
        cell = u.GRUCell(2)
        assert cell.variables == ()
        cell(X, cell.zero_state(B, tf.float64))
        assert {v.dtype for v in cell.variables} == {tf.float64}

    def test_a_second_build_makes_nothing(self):
        cell = u.GRUCell(2)
        cell.build(3)
        before = [id(v) for v in cell.variables]
        cell.build(3)
        assert [id(v) for v in cell.variables] == before

    def test_a_graph_finds_them(self):
        with tf.Graph().as_default():
            cell = u.BasicLSTMCell(2)
            cell.build(3)
            found = tf.compat.v1.global_variables()
            assert {v.name for v in found} == {v.name for v in cell.variables}
            assert len(tf.compat.v1.trainable_variables()) == 2

    def test_a_checkpoint_restores_them(self, tmp_path):
        def stack():
            return u.MultiRNNCell([u.BasicLSTMCell(2), u.DropoutWrapper(u.GRUCell(3), 0.5)])

        saved, restored = stack(), stack()
        saved.build(3)
        path = tf.train.Checkpoint(cell=saved).save(str(tmp_path / "weights"))
        status = tf.train.Checkpoint(cell=restored).restore(path)  # before its variables exist
        restored.build(3)
        status.assert_consumed()
        for a, b in zip(saved.variables, restored.variables, strict=True):
            np.testing.assert_array_equal(a, b)

    def test_a_distribution_strategy_mirrors_them(self):
        strategy = tf.distribute.MirroredStrategy(["/cpu:0"])
        with strategy.scope():
            cell = u.GRUCell(2)
            cell.build(3)
        x = tf.ones([B, 4, 3])
        result = strategy.run(lambda: u.dynamic_rnn(cell, x, dtype=tf.float32)[1])
        assert result.shape == (B, 2)
        assert type(cell.gate_kernel).__name__ == "MirroredVariable"

    def test_a_saved_model_keeps_them(self, tmp_path):
        cell = with_weights(u.GRUCell(2), dtype=tf.float32)

        class Served(tf.Module):
            def __init__(self):
                super().__init__()
                self.cell = cell

            @tf.function(input_signature=[tf.TensorSpec([None, None, D])])
            def __call__(self, x):
                return u.dynamic_rnn(self.cell, x, dtype=tf.float32)[0]

        x = tf.constant(RNG.normal(size=(2, 3, D)), tf.float32)
        served = Served()
        tf.saved_model.save(served, str(tmp_path))
        np.testing.assert_array_equal(tf.saved_model.load(str(tmp_path))(x), served(x))

    def test_a_private_class_may_be_a_cell(self):
        class _Own(u.BasicRNNCell):
            pass

        cell = _Own(U)
        cell.build(D)
        assert cell.kernel.name == "private_Own/kernel:0"  # no scope may start with _


class TestStates:
    @pytest.mark.parametrize(
        "cell, shapes",
        [
            (u.BasicRNNCell(2), (B, 2)),
            (u.LSTMCell(4, num_proj=2), u.LSTMStateTuple((B, 4), (B, 2))),
            (u.MultiRNNCell([u.GRUCell(2), u.GRUCell(3)]), ((B, 2), (B, 3))),
            (u.DropoutWrapper(u.BasicLSTMCell(2)), u.LSTMStateTuple((B, 2), (B, 2))),
        ],
        ids=["basic", "lstm", "stack", "wrapper"],
    )
    @pytest.mark.parametrize("batch", [B, "tensor"])
    def test_zero_state(self, cell, shapes, batch):
        state = cell.zero_state(tf.constant(B) if batch == "tensor" else B, tf.float64)
        for tensor, shape in zip(
            tf.nest.flatten(state), np.reshape(tf.nest.flatten(shapes), (-1, 2)), strict=True
        ):
            np.testing.assert_array_equal(tensor, np.zeros(shape))
            assert tensor.dtype == tf.float64

    @pytest.mark.parametrize("make", [u.BasicLSTMCell, u.LSTMCell])
    def test_a_joined_lstm_state_holds_the_same_numbers(self, make):
        apart = with_weights(make(U))
        joined = with_weights(make(U, state_is_tuple=False))
        c, h = state_for(apart)
        output, state = joined(X, np.concatenate([c, h], axis=1))
        expected_output, expected = apart(X, (c, h))
        assert_same((output, state), (expected_output, tf.concat(expected, axis=1)))

    def test_a_joined_stack_state_holds_the_same_numbers(self):
        apart = with_weights(u.MultiRNNCell([u.GRUCell(2), u.GRUCell(3)]))
        joined = with_weights(u.MultiRNNCell([u.GRUCell(2), u.GRUCell(3)], state_is_tuple=False))
        state = state_for(apart)
        output, new = joined(X, np.concatenate(state, axis=1))
        expected_output, expected = apart(X, state)
        assert_same((output, new), (expected_output, tf.concat(expected, axis=1)))
        assert joined.state_size == 5


class TestSharedWeights:
    def test_on_purpose(self):
        cell = u.BasicRNNCell(D)
        shared = u.MultiRNNCell([cell] * 3, share_weights=True)
        with_weights(shared)
        assert len(shared.trainable_variables) == 2
        w = ways.weights_of(cell)
        h = X
        for _ in range(3):
            h, _ = numpy_cells.basic(h, np.zeros((B, D)), w)
        assert_same(shared(X, shared.zero_state(B, tf.float64))[0], h)

    def test_depths_that_differ_cannot_share(self):
        shared = u.MultiRNNCell([u.BasicRNNCell(31)] * 3, share_weights=True)
        with pytest.raises(
            ValueError, match=r"depth 31 do not fit .* built for depth 28.*\(59, 31\)"
        ):
            shared.build(28)


class TestDropout:
    N = 20_000

    def apply(self, **options):
        """One step of a wrapper around a cell that hands everything through."""

        class Through(u.RNNCell):
            state_size = u.LSTMStateTuple(self.N, self.N)
            output_size = self.N

            def make_variables(self, input_depth, dtype):
                pass

            def step(self, inputs, state):
                return inputs, u.LSTMStateTuple(state.c, state.h)

        wrapper = u.DropoutWrapper(Through(), **options)
        ones = tf.ones([1, self.N])
        return wrapper, wrapper(ones, u.LSTMStateTuple(ones, ones))

    @pytest.mark.parametrize("keep", [0.1, 0.5, 0.9])
    def test_kept_values_are_scaled_and_the_share_is_right(self, keep):
        tf.random.set_seed(1)
        _, (output, _) = self.apply(output_keep_prob=keep)
        kept = output.numpy()[output.numpy() != 0]
        np.testing.assert_allclose(kept, 1 / keep, rtol=1e-6)
        # five standard deviations of a binomial share
        assert abs(kept.size / self.N - keep) < 5 * np.sqrt(keep * (1 - keep) / self.N)

    def test_an_lstms_c_is_never_dropped(self):
        _, (output, state) = self.apply(state_keep_prob=0.5, seed=1)
        assert (state.c.numpy() == 1).all()
        assert (state.h.numpy() == 0).any()
        assert (output.numpy() == 1).all()

    def test_the_order_is_input_cell_state_output(self):
        class Recorder(u.BasicRNNCell):
            def step(self, inputs, state):
                self.seen = inputs
                return super().step(inputs, state)

        inner = Recorder(2)
        wrapper = u.DropoutWrapper(inner, input_keep_prob=0.5, output_keep_prob=0.5, seed=2)
        output, state = wrapper(tf.ones([50, 3]), wrapper.zero_state(50, tf.float32))
        assert set(np.unique(inner.seen)) == {0, 2}
        undropped, _ = inner.step(inner.seen, tf.zeros([50, 2]))
        np.testing.assert_array_equal(state, undropped)  # the output's mask leaves the state alone
        kept = output.numpy() != 0
        assert 0 < kept.mean() < 1
        np.testing.assert_allclose(output.numpy()[kept], 2 * undropped.numpy()[kept])

    def masks(self, wrapper, x, function=False, kind="dynamic"):
        def run():
            if kind == "dynamic":
                return u.dynamic_rnn(wrapper, x, dtype=tf.float32)[0]
            outputs, _ = u.static_rnn(wrapper, tf.unstack(x, axis=1), dtype=tf.float32)
            return tf.stack(outputs, axis=1)

        traced = tf.function(run) if function else run
        return [(traced().numpy() != 0) for _ in range(2)]

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("seed", [None, 7])
    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    @pytest.mark.parametrize("function", [False, True], ids=["eager", "function"])
    def test_masks_over_time_rows_and_runs(self, function, kind, seed):
        x = tf.ones([8, 6, 3])
        plain = u.DropoutWrapper(u.GRUCell(16), output_keep_prob=0.5, seed=seed)
        first, second = self.masks(plain, x, function, kind)
        assert (first[:, 0] != first[:, 1]).any(), "a new mask at every step"
        assert (first != second).any(), "a new mask at every run"
        variational = u.DropoutWrapper(
            u.GRUCell(16), output_keep_prob=0.5, variational_recurrent=True, seed=seed
        )
        first, second = self.masks(variational, x, function, kind)
        for run in (first, second):
            assert (run == run[:, :1]).all(), "one mask for all steps"
            assert (run[0] != run[1]).any(), "each sequence its own"
        assert (first != second).any(), "drawn anew for every sequence"

    def test_a_variational_wrapper_in_a_stack_draws_anew(self):
        stack = u.MultiRNNCell(
            [u.DropoutWrapper(u.GRUCell(9), 1.0, 0.5, variational_recurrent=True) for _ in "ab"]
        )
        first, second = self.masks(stack, tf.ones([5, 4, 3]))
        assert (first == first[:, :1]).all()
        assert (first != second).any()

    def test_a_variational_wrapper_called_by_hand_keeps_its_mask(self):
        wrapper = u.DropoutWrapper(u.GRUCell(30), 1.0, 0.5, variational_recurrent=True, seed=1)
        state = wrapper.zero_state(4, tf.float32)
        masks = []
        for _ in range(3):
            output, state = wrapper(tf.ones([4, 2]), state)
            masks.append(output.numpy() != 0)
        assert (masks[0] == masks[1]).all() and (masks[1] == masks[2]).all()
        step, prepared = wrapper.for_run()
        output, _ = step(prepared, 0, tf.ones([4, 2]), state)
        assert ((output.numpy() != 0) != masks[0]).any()

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("variational", [False, True])
    @pytest.mark.parametrize("function", [False, True], ids=["eager", "function"])
    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    def test_a_seed_repeats(self, function, kind, variational):
        x = tf.ones([4, 3, 2])
        cell = u.GRUCell(10)
        runs = [
            self.masks(
                u.DropoutWrapper(cell, 0.5, 0.5, 0.5, variational, seed=seed), x, function, kind
            )
            for seed in (5, 5, 6)
        ]
        np.testing.assert_array_equal(runs[0], runs[1])
        assert (np.array(runs[0]) != np.array(runs[2])).any()

    def test_a_seed_repeats_in_a_session(self):
        def masks():
            with tf.Graph().as_default():
                wrapper = u.DropoutWrapper(u.GRUCell(10), 0.5, 0.5, 0.5, seed=5)
                outputs, _ = u.static_rnn(wrapper, [tf.ones([4, 2])] * 3, dtype=tf.float32)
                with tf.compat.v1.Session() as session:
                    session.run(tf.compat.v1.global_variables_initializer())
                    return [np.stack(session.run(outputs)) != 0 for _ in range(2)]

        first, again = masks(), masks()
        np.testing.assert_array_equal(first, again)
        assert (first[0] != first[1]).any(), "a new mask at every run"
        assert (first[0][0] != first[0][1]).any(), "a new mask at every step"

    def test_the_graph_of_a_session_draws_anew(self):
        with tf.Graph().as_default():
            keep = tf.compat.v1.placeholder(tf.float32, [])
            wrapper = u.DropoutWrapper(
                u.GRUCell(20), output_keep_prob=keep, variational_recurrent=True
            )
            outputs, _ = u.dynamic_rnn(wrapper, tf.ones([3, 4, 2]), dtype=tf.float32)
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                first, second = (session.run(outputs, {keep: 0.5}) != 0 for _ in range(2))
                assert (first == first[:, :1]).all()
                assert (first != second).any()
                assert (session.run(outputs, {keep: 1.0}) != 0).all()
                with pytest.raises(tf.errors.InvalidArgumentError, match="output_keep_prob must"):
                    session.run(outputs, {keep: 1.5})

    def test_a_variable_is_checked_when_it_is_used(self):
        keep = tf.Variable(0.5)
        wrapper = u.DropoutWrapper(u.GRUCell(4), output_keep_prob=keep)
        keep.assign(1.5)
        with pytest.raises(tf.errors.InvalidArgumentError, match="output_keep_prob must lie in"):
            wrapper(tf.ones([1, 2]), wrapper.zero_state(1, tf.float32))

    def test_gradients_pass_the_kept_values_alone(self):
        x = tf.ones([1, 50])
        wrapper = u.DropoutWrapper(u.BasicRNNCell(4), input_keep_prob=0.5, seed=1)
        with tf.GradientTape() as tape:
            tape.watch(x)
            output, _ = wrapper(x, wrapper.zero_state(1, tf.float32))
        gradient = tape.gradient(output, x).numpy()
        assert 0 < (gradient == 0).mean() < 1


class TestSizesAssignedInInit:
    """A cell may name its sizes in `__init__`, as a cell of Keras does."""

    class Own(u.RNNCell):
        def __init__(self, size):
            super().__init__()
            self.state_size, self.output_size = size, 2

        def make_variables(self, input_depth, dtype):
            self.kernel = tf.Variable(tf.ones([input_depth, 2], dtype))

        def step(self, inputs, state):
            return inputs @ self.kernel, state

    @pytest.mark.parametrize("size", [5, [3, 4], (3, (4, 2)), {"a": 1}, tf.TensorShape([2, 3])])
    def test_a_size_is_kept_as_it_is_given(self, size):
        cell = self.Own(size)
        assert cell.state_size is size and cell.output_size == 2
        assert isinstance(cell, u.Cell) and type(copy.deepcopy(cell).state_size) is type(size)
        outputs, _ = u.dynamic_rnn(cell, tf.ones([1, 3, 4]), dtype=tf.float32)
        assert outputs.shape == [1, 3, 2]
        assert list(tf.train.Checkpoint(cell=cell).cell._trackable_children()) == ["kernel"]

    def test_a_size_can_be_assigned_again_and_only_to_this_cell(self):
        first, second = self.Own(5), self.Own(5)
        first.state_size = 7
        assert (first.state_size, second.state_size) == (7, 5)

    def test_a_size_that_the_class_defines_stays_a_property(self):
        class Fixed(self.Own):
            @property
            def state_size(self):
                return 1

        with pytest.raises(AttributeError):
            Fixed(5)

    def test_a_size_that_nobody_names_is_missed(self):
        class Nameless(u.RNNCell):
            pass

        with pytest.raises(NotImplementedError, match="Nameless does not define state_size"):
            Nameless().state_size  # noqa: B018
        cell = Nameless()
        cell.state_size = 3
        with pytest.raises(NotImplementedError, match="Nameless does not define output_size"):
            cell.output_size  # noqa: B018
