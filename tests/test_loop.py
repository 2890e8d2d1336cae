"""What makes `dynamic_rnn` fast or small changes no number: it is compared with its slow twin."""

import numpy as np
import pytest
import tensorflow as tf
import ways

import unrolled as u
from unrolled.unroll import STEPS_WRITTEN_OUT, WEIGHTS_WRITTEN_OUT, default_unroll

B, T, D, U = 3, 7, 2, 4
X = np.random.default_rng(3).normal(size=(B, T, D))
LENGTHS = [7, 0, 4]


def slow_twin(cell, x, lengths):
    """The loop that `dynamic_rnn` stands for, eagerly, with a mask for the rows that have ended."""
    state, outputs = cell.zero_state(B, x.dtype), []
    for t in range(T):
        live = (t < np.array(lengths))[:, np.newaxis]
        output, new_state = cell(x[:, t], state)
        outputs.append(tf.where(live, output, 0.0))
        state = tf.where(live, new_state, state)
    return tf.stack(outputs, axis=1), state


class OwnCell(tf.Module):
    """A cell as a reader writes it: no base class of the package, a variable used twice, another in
    a dictionary, and one that is not trained."""

    state_size = output_size = U

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(5)
        self.w = tf.Variable(rng.normal(size=(U, U)) / 2)
        self.rest = {"v": tf.Variable(rng.normal(size=(D, U)))}
        self.scale = tf.Variable(0.9, trainable=False, dtype=tf.float64)

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, U], dtype)

    def __call__(self, inputs, state):
        h = tf.tanh(inputs @ self.rest["v"] + state @ self.w) * self.scale  # [B, U]
        return h @ self.w, h


def results(run, cell):
    """Outputs, state, and the gradients by inputs and weights of a scalar that weighs them all."""
    x = tf.constant(X)
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, state = run(x)
        total = tf.reduce_sum(outputs * tf.cos(X[..., :1])) + tf.reduce_sum(state**3)
    return [outputs, state, *tape.gradient(total, [x, *cell.trainable_variables])]


HOW = [{}, *({"unroll": k} for k in (1, 3, T))]
HOW += [{"recompute_every": s} for s in (1, 3, 100)] + [{"recompute_every": 3, "unroll": 2}]


@pytest.mark.one_in(8)
@pytest.mark.parametrize("steps_known", [True, False], ids=["T known", "T unknown"])
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["no lengths", "lengths"])
@pytest.mark.parametrize("how", HOW, ids=str)
def test_a_readers_own_cell_equals_the_slow_twin(how, lengths, steps_known):
    cell = OwnCell()
    expected = results(lambda x: slow_twin(cell, x, lengths or [T] * B), cell)

    @tf.function(input_signature=[tf.TensorSpec([B, T if steps_known else None, D], tf.float64)])
    def run(x):
        return u.dynamic_rnn(cell, x, lengths, dtype=tf.float64, **how)

    for ours, slow in zip(results(run, cell), expected, strict=True):
        np.testing.assert_allclose(ours, slow, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("how", [{}, {"unroll": 2}, {"recompute_every": 3}], ids=str)
def test_eagerly_too(how):
    cell = OwnCell()
    expected = results(lambda x: slow_twin(cell, x, LENGTHS), cell)
    ours = results(lambda x: u.dynamic_rnn(cell, x, LENGTHS, dtype=tf.float64, **how), cell)
    for one, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("how", [{"unroll": 1}, {"unroll": 3}], ids=str)
def test_the_gradient_has_a_gradient(how):
    cell = OwnCell()

    def second(run):
        x = tf.constant(X)
        with tf.GradientTape() as outer:
            outer.watch(x)
            with tf.GradientTape() as inner:
                inner.watch(x)
                outputs, _ = run(x)
                total = tf.reduce_sum(outputs**2)
            first = inner.gradient(total, x)
            squares = tf.reduce_sum(first**2)
        return outer.gradient(squares, x)

    expected = second(lambda x: slow_twin(cell, x, [T] * B))
    ours = tf.function(second)(lambda x: u.dynamic_rnn(cell, x, dtype=tf.float64, **how))
    np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-11)


def traced(how, steps, units=U, depth=D, **arguments):
    """The graph of outputs and gradients, with all functions that it calls."""
    cell = u.BasicRNNCell(units)
    cell.build(depth)

    @tf.function(input_signature=[tf.TensorSpec([B, steps, depth])], autograph=False)
    def run(x):
        outputs, _ = u.dynamic_rnn(cell, x, dtype=tf.float32, **how, **arguments)
        return tf.gradients(tf.reduce_sum(outputs**2), [x, *cell.trainable_variables])

    return run.get_concrete_function()


def operations(how, steps):
    return ways.operations(traced(how, steps))


def test_a_turn_holds_so_many_steps_and_a_short_sequence_no_loop():
    def copies(how, steps):
        return operations(how, steps).count("TanhGrad")

    assert [copies({"unroll": k}, 20) for k in (1, 2, 4, 20)] == [1, 2, 4, 20]
    assert copies({"unroll": 3}, 10) == 2 + 0 and copies({"unroll": 3}, 11) == 2 + 1
    assert copies({"unroll": 3}, None) == 3 + 1  # turns of 3 steps, then turns of one
    assert copies({}, 8) == 8 and copies({}, STEPS_WRITTEN_OUT + 1) == 1
    assert "StatelessWhile" in operations({"unroll": 2}, 8)
    assert not {"While", "StatelessWhile"} & set(operations({"unroll": 8}, 8))


@pytest.mark.parametrize("taped", [True, False])
def test_inputs_lie_on_a_stack_where_a_gradient_may_follow(taped):
    """Reading a list element by element has a gradient of T lists of T elements."""
    cell = u.BasicRNNCell(U)
    cell.build(D)

    @tf.function(input_signature=[tf.TensorSpec([B, 50, D])], autograph=False)
    def run(x):
        if not taped:
            return u.dynamic_rnn(cell, x, dtype=tf.float32, unroll=1)[0]
        with tf.GradientTape() as tape:
            outputs, _ = u.dynamic_rnn(cell, x, dtype=tf.float32, unroll=1)
            total = tf.reduce_sum(outputs**2)
        return tape.gradient(total, cell.trainable_variables)

    ops = ways.operations(run.get_concrete_function())
    assert ("TensorListPopBack" in ops) == taped


def test_the_default_unroll_looks_at_the_steps_and_the_weights():
    small, large = u.BasicRNNCell(31), u.GRUCell(200)
    small.build(28)
    large.build(28)
    assert default_unroll(small, 28) == 28
    assert default_unroll(small, STEPS_WRITTEN_OUT + 1) == 1
    assert default_unroll(small, None) == 1
    middle = u.GRUCell(100)
    middle.build(28)
    weights = 128 * 300 + 300
    most = WEIGHTS_WRITTEN_OUT // weights
    assert most > 1 and default_unroll(middle, most) == most
    assert default_unroll(middle, most + 1) == 1
    assert default_unroll(large, 2) == 1
    assert default_unroll(lambda x, state: (x, state), 2) == 1  # of unknown cost


def peak_bytes(steps, gradient=True, make_cell=u.BasicRNNCell, **how):
    """The most bytes in use at once, from the record of a run in a session."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [B, steps, 8])
        cell = make_cell(32)
        outputs, _ = u.dynamic_rnn(cell, x, dtype=tf.float32, **how)
        wanted = outputs[:, -1]
        if gradient:
            wanted = tf.gradients(tf.reduce_sum(wanted**2), cell.trainable_variables)
        session.run(v1.global_variables_initializer())
        feed, record = {x: np.zeros(x.shape)}, v1.RunMetadata()
        session.run(wanted, feed)
        session.run(wanted, feed, run_metadata=record, options=v1.RunOptions(trace_level=3))
    changes = sorted(
        (change.alloc_micros, -change.alloc_bytes)
        for device in record.step_stats.dev_stats
        for node in device.node_stats
        for memory in node.memory
        for change in memory.allocation_records
    )
    return max(np.cumsum([-size for _, size in changes]))


def test_recomputing_keeps_less():
    forward = peak_bytes(400, gradient=False, unroll=1)  # inputs and outputs alone
    all_kept = peak_bytes(400, unroll=1)
    recomputed = peak_bytes(400, unroll=1, recompute_every=20)
    assert recomputed - forward < 0.5 * (all_kept - forward)


def test_a_cut_kernel_keeps_no_joined_copy_of_inputs_and_state():
    class Joined(u.BasicRNNCell):
        def step(self, inputs, state):  # as a cell that hands out no step: [x, h] K each time
            return super().step(inputs, state)

    assert peak_bytes(400, unroll=1) < 0.8 * peak_bytes(400, make_cell=Joined, unroll=1)


class TestWhatCannotBeRunAgain:
    def run(self, cell):
        return u.dynamic_rnn(cell, X, dtype=tf.float64, recompute_every=3)

    def test_masks_drawn_in_a_step_of_ones_own(self):
        class Noisy(u.GRUCell):
            def step(self, inputs, state):
                return super().step(
                    inputs + tf.random.normal(tf.shape(inputs), dtype=X.dtype), state
                )

        with pytest.raises(ValueError, match=r"a step of this cell does \w+ .*for_run"):
            self.run(Noisy(U))

    @pytest.mark.parametrize("variational", [False, True])
    def test_dropout_is_the_same_the_second_time(self, variational):
        def gradients(**how):
            tf.random.set_seed(3)
            cell = u.DropoutWrapper(
                u.GRUCell(U, kernel_initializer=tf.ones),
                0.6,
                0.7,
                0.8,
                variational_recurrent=variational,
                seed=1,
            )
            cell.build(D, tf.float64)
            with tf.GradientTape() as tape:
                outputs, _ = u.dynamic_rnn(cell, X, dtype=tf.float64, **how)
                total = tf.reduce_sum(outputs**2)
            return [outputs, *tape.gradient(total, cell.trainable_variables)]

        for one, other in zip(gradients(), gradients(recompute_every=3), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)

    def test_a_variable_that_a_step_writes_to(self):
        class Counting(u.BasicRNNCell):
            steps = tf.Variable(0, trainable=False)

            def step(self, inputs, state):
                self.steps.assign_add(1)
                return super().step(inputs, state)

        with pytest.raises(ValueError, match="a step of this cell does AssignAddVariableOp"):
            self.run(Counting(U))


class TestWhatAStepReadsFromOutside:
    """Its gradient is the one that the plain loop gives, in recomputed segments too."""

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
    @pytest.mark.parametrize("kind", ["tensor", "trained", "not trained"])
    def test_has_its_gradient(self, kind, traced):
        start = np.random.default_rng(4).normal(size=(B, U))
        source = tf.Variable(start, trainable=kind != "not trained")

        class Reading(u.BasicRNNCell):
            def step(self, inputs, state):
                output, state = super().step(inputs, state)
                return output * self.outside[0], state + 0.1 * self.outside[0] ** 2

        cell = Reading(U, kernel_initializer=tf.ones)

        def gradient(**how):
            with tf.GradientTape() as tape:
                tape.watch(source)
                outside = source * 2.0 if kind == "tensor" else source
                object.__setattr__(cell, "outside", (outside,))
                outputs, state = u.dynamic_rnn(cell, X, [7, 0, 4], dtype=tf.float64, **how)
                total = tf.reduce_sum(outputs**2) + tf.reduce_sum(state**3)
            return [total, tape.gradient(total, source)]

        run = tf.function(gradient, autograph=False) if traced else gradient
        for one, other in zip(gradient(), run(recompute_every=3), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)


class TestAConstantBehindAnUnknownBatch:
    """A state or lengths whose own size is known while B is not: one row must not stand for all."""

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("rows", [0, 1, 2, 4])
    @pytest.mark.parametrize("cell", [u.GRUCell, u.BasicLSTMCell, u.BasicRNNCell])
    @pytest.mark.parametrize(
        "how", [{"unroll": 1}, {"unroll": T}, {"recompute_every": 2}, "static"]
    )
    def test_a_state(self, how, cell, rows):
        cell = cell(U)
        state = cell.zero_state(rows, tf.float32)

        @tf.function(input_signature=[tf.TensorSpec([None, T, D])])
        def run(x):
            if how == "static":
                return u.static_rnn(cell, u.unpack_sequence(x), state)[1]
            return u.dynamic_rnn(cell, x, initial_state=state, **how)[1]

        x = tf.cast(X, tf.float32)
        words = "initial_state.* must have one row for each row of the batch"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(x)
        fitting = tf.zeros([rows, T, D])
        assert tf.nest.flatten(run(fitting))[0].shape == (rows, U)

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("size", [0, 1, 2, 4])
    @pytest.mark.parametrize("function", ["dynamic_rnn", "bidirectional_dynamic_rnn"])
    def test_lengths(self, function, size):
        cells = [u.GRUCell(U) for _ in range(1 + ("bi" in function))]

        @tf.function(input_signature=[tf.TensorSpec([None, T, D])])
        def run(x):
            return getattr(u, function)(*cells, x, [1] * size, dtype=tf.float32)[0]

        # Of a constant, TensorFlow may run the reversal ahead of the check that explains.
        words = "sequence_length must hold one length for each row of the batch|seq_lengths != "
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(tf.cast(X, tf.float32))


class TestTheLoopsOfTensorFlow1:
    """There is no gradient through their stacks, so they keep arrays."""

    @pytest.fixture(autouse=True)
    def switched_on(self):
        tf.compat.v1.disable_control_flow_v2()
        yield
        tf.compat.v1.enable_control_flow_v2()

    @pytest.mark.one_in(2)
    @pytest.mark.parametrize("how", [{"unroll": 1}, {"unroll": 3}], ids=str)
    @pytest.mark.parametrize("steps", [T, None])
    def test_the_same_numbers(self, how, steps):
        cell = u.BasicRNNCell(U)
        cell.build(D, tf.float64)
        weights = [v.numpy() for v in cell.trainable_variables]
        expected = results(lambda x: slow_twin(cell, x, LENGTHS), cell)
        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            x = tf.compat.v1.placeholder(tf.float64, [B, steps, D])
            again = u.BasicRNNCell(U)
            outputs, state = u.dynamic_rnn(again, x, LENGTHS, dtype=tf.float64, **how)
            total = tf.reduce_sum(outputs * np.cos(X[..., :1])) + tf.reduce_sum(state**3)
            gradients = tf.gradients(total, [x, *again.trainable_variables])
            session.run(tf.compat.v1.global_variables_initializer())
            for variable, value in zip(again.trainable_variables, weights, strict=True):
                variable.load(value, session)
            ours = session.run([outputs, state, *gradients], {x: X})
        for one, other in zip(ours, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-10, atol=1e-12)

    def test_recomputing_says_what_it_needs(self):
        with tf.Graph().as_default(), pytest.raises(ValueError, match="needs the loops of Tensor"):
            u.dynamic_rnn(u.GRUCell(U), X, dtype=tf.float64, recompute_every=2)


@pytest.mark.parametrize("argument", ["unroll", "recompute_every"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True])
def test_numbers_of_steps_are_whole(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be a whole number of at least 1; got"):
        u.dynamic_rnn(u.GRUCell(U), X, dtype=tf.float64, **{argument: value})
