"""Cells that this package did not write: each gets the plain step, and is held to what it says."""

import collections
import threading
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
import ways
from hypothesis import given
from hypothesis import strategies as st

import unrolled as u

B, T, D, U = 3, 5, 2, 4
X = tf.constant(np.random.default_rng(2).normal(size=(B, T, D)), tf.float32)

HOW = [{}, {"unroll": 1}, {"unroll": 2}, {"recompute_every": 2}]


def by_hand(cell, x):
    """The loop that an unroll stands for."""
    state, outputs = cell.zero_state(x.shape[0], x.dtype), []
    for t in range(x.shape[1]):
        output, state = cell(x[:, t], state)
        outputs.append(output)
    return tf.stack(outputs, axis=1), state


def gradients(run, cell, x=X):
    with tf.GradientTape() as tape:
        tape.watch(x)
        outputs, state = run(cell, x)
        total = tf.reduce_sum(outputs**2)
        for part in tf.nest.flatten(state):
            total += tf.reduce_sum(tf.cast(part, tf.float32) ** 3)
    return [outputs, *tape.gradient(total, [x, *cell.trainable_variables])]


# A1, in the words of a reader: what a subclass may do with its step.
class Traced(u.GRUCell):
    step = tf.function(u.GRUCell.step)


class TracedEquation(u.BasicLSTMCell):
    equation = tf.function(u.BasicLSTMCell.equation)


class Taped(u.BasicLSTMCell):
    def step(self, inputs, state):
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            output, new_state = super().step(inputs, state)
        return output + 0.1 * tf.reduce_sum(tape.gradient(output, inputs)), new_state


class Recomputed(u.GRUCell):
    def step(self, inputs, state):
        return tf.recompute_grad(super().step)(inputs, state)


class CustomGradient(u.BasicRNNCell):
    def step(self, inputs, state):
        @tf.custom_gradient
        def halved(h):
            return h, lambda upstream: upstream / 2

        output, state = super().step(inputs, state)
        return halved(output), state


class Masked(u.BasicRNNCell):
    """Its kernel is computed from another one."""

    def make_variables(self, input_depth, dtype):
        self.raw = self.make_variable("raw", [input_depth + U, U], tf.ones, dtype)
        self.bias = self.make_variable("bias", [U], tf.zeros, dtype)

    @property
    def kernel(self):
        return self.raw * tf.linspace(0.0, 1.0, U)


class Projected(u.BasicLSTMCell):
    """Its output is not its state."""

    output_size = 2

    def make_variables(self, input_depth, dtype):
        super().make_variables(input_depth, dtype)
        self.out = self.make_variable("out", [U, 2], tf.ones, dtype)

    def step(self, inputs, state):
        output, state = super().step(inputs, state)
        return output @ self.out, state


class ProjectedShape(Projected):
    output_size = tf.TensorShape([2])


class Doubled:
    """A mixin."""

    def step(self, inputs, state):
        return super().step(2 * inputs, state)


class Mixed(Doubled, u.GRUCell):
    pass


class Called(u.GRUCell):
    def __call__(self, inputs, state):
        output, state = super().__call__(inputs, state)
        return output + 1, state


KINDS = [
    Traced,
    TracedEquation,
    Taped,
    Recomputed,
    CustomGradient,
    Masked,
    Projected,
    ProjectedShape,
    Mixed,
    Called,
]


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    "traced, how, place",
    [
        (False, {}, "alone"),
        (False, {"recompute_every": 2}, "alone"),
        (True, {"unroll": 1}, "alone"),
        (True, {"recompute_every": 2}, "in a stack"),
        (True, {"unroll": 2}, "wrapped"),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_ones_own_is_what_runs(kind, traced, how, place):
    if kind is Recomputed and traced:
        how = {}  # TensorFlow's recompute_grad cannot stand in a loop of a graph
    cell = kind(U)
    if place == "in a stack":
        cell = u.MultiRNNCell([u.GRUCell(3), cell, u.BasicRNNCell(2)])
    elif place == "wrapped":
        cell = u.DropoutWrapper(cell)
    cell.build(D)
    expected = gradients(by_hand, cell)

    def run(cell, x):
        return u.dynamic_rnn(cell, x, dtype=x.dtype, **how)

    ours = tf.function(gradients, autograph=False) if traced else gradients
    for _ in range(2):  # nothing of the first run is left for the second
        for one, other in zip(ours(run, cell), expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_step_set_on_one_object_or_patched_in_its_class_is_what_runs():
    cell, plain = u.GRUCell(U), u.GRUCell(U)
    cell.build(D)
    plain.build(D)
    for mine, theirs in zip(plain.variables, cell.variables, strict=True):
        mine.assign(theirs)
    cell.step = lambda inputs, state: u.GRUCell.step(cell, 2 * inputs, state)
    outputs, _ = u.dynamic_rnn(cell, X, dtype=tf.float32)
    expected, _ = u.dynamic_rnn(plain, 2 * X, dtype=tf.float32)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)
    original = u.GRUCell.step
    with mock.patch.object(u.GRUCell, "step", lambda self, x, s: original(self, 2 * x, s)):
        outputs, _ = u.dynamic_rnn(plain, X, dtype=tf.float32)
    np.testing.assert_allclose(outputs, expected, rtol=1e-5, atol=1e-6)


def test_a_step_that_writes_to_its_kernel_is_seen_by_the_next():
    class Shrinking(u.BasicRNNCell):
        def step(self, inputs, state):
            result = super().step(inputs, state)
            self.kernel.assign(self.kernel / 2)
            return result

    def fresh():
        cell = Shrinking(U, kernel_initializer=tf.ones)
        cell.build(D)
        return cell

    expected, _ = by_hand(fresh(), X)
    for how in ({}, {"unroll": 1}):
        cell = fresh()
        run = tf.function(
            lambda x, cell=cell, how=how: u.dynamic_rnn(cell, x, dtype=x.dtype, **how)
        )
        np.testing.assert_allclose(run(X)[0], expected, rtol=1e-5)


class Plain:
    """No base class at all. `change` is done to what a step returns."""

    state_size = output_size = 2

    def __init__(self, change=None):
        self.change, self.builds = change, 0

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 2], dtype)

    def build(self, input_depth):
        self.builds += 1
        self.w = tf.Variable(tf.ones([input_depth, 2]))

    def __call__(self, inputs, state):
        state = tf.tanh(state + inputs @ self.w)
        return (state, state) if self.change is None else self.change(state)


class WithLayers(Plain, tf.Module):
    """A tf.Module that holds a Keras layer, which it does not count among its variables."""

    def build(self, input_depth):
        self.builds += 1
        self.layer = tf.keras.layers.Dense(2)

    def __call__(self, inputs, state):
        state = tf.tanh(state + self.layer(inputs))
        return state, state


@pytest.mark.parametrize("by_a_person", [False, True])
@pytest.mark.parametrize("kind", [Plain, WithLayers])
def test_is_built_once(kind, by_a_person):
    cell = kind()
    if by_a_person:
        cell.build(D)
        cell(X[:, 0], cell.zero_state(B, tf.float32))
    results = [u.dynamic_rnn(cell, X, dtype=tf.float32)[0].numpy() for _ in range(3)]
    results.append(u.static_rnn(cell, tf.unstack(X, axis=1), dtype=tf.float32)[0][-1].numpy())
    assert cell.builds == 1
    np.testing.assert_array_equal(results[0], results[2])


def test_a_cell_that_cannot_remember_that_it_is_built_is_refused():
    class Slotted:
        __slots__ = ()
        state_size = output_size = D

        def zero_state(self, batch_size, dtype):
            return tf.zeros([batch_size, D], dtype)

        def build(self, input_depth):
            pass

        def __call__(self, inputs, state):
            return inputs, state

    with pytest.raises(TypeError, match="a Slotted has a method `build`, but does not allow"):
        u.dynamic_rnn(Slotted(), X, dtype=tf.float32)


def test_threads_that_meet_an_unbuilt_cell_use_one_set_of_weights():
    for _ in range(5):
        cell, results = u.MultiRNNCell([u.GRUCell(U), u.BasicLSTMCell(U)]), []
        start = threading.Barrier(8)

        def run(cell=cell, results=results, start=start):
            start.wait()
            results.append(u.dynamic_rnn(cell, X, dtype=tf.float32)[0].numpy())

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        expected, _ = u.dynamic_rnn(cell, X, dtype=tf.float32)
        for result in results:
            np.testing.assert_allclose(result, expected, rtol=1e-6)


WRONG = {
    "an output of another size": (lambda s: (s[:, :1], s), "output of Plain must be of shape"),
    "an output with an axis more": (
        lambda s: (s[..., None], s),
        "output of Plain must be of shape",
    ),
    "an output of another dtype": (lambda s: (tf.cast(s, tf.float64), s), "dtype float32.*float64"),
    "an output of whole numbers": (lambda s: (tf.cast(s, tf.int32), s), "dtype float32.*int32"),
    "an output of another structure": (lambda s: ((s, s), s), "structure of its output_size, 2"),
    "no output": (lambda s: (None, s), "output of Plain must be a tensor; got None"),
    "an output alone": (lambda s: s, "Plain must return its output and its new state"),
    "three things": (lambda s: (s, s, s), "two things; got a tuple of 3"),
    "a state of another size": (lambda s: (s, s[:, :1]), "new state of Plain must be of shape"),
    "a state of another dtype": (lambda s: (s, tf.cast(s, tf.float16)), "new state.*got .*float16"),
    "a state of another structure": (lambda s: (s, [s]), "structure of its state_size"),
    "a state that is a word": (lambda s: (s, "state"), "new state of Plain must be a tensor; got"),
    "an output of one row": (lambda s: (s[:1], s), "output of Plain must"),
    "a state of one row": (lambda s: (s, s[:1]), "new state of Plain must"),
}


@pytest.mark.one_in(5)
@pytest.mark.parametrize(
    "sizes, place",
    [((B, T, D), "alone"), ((None, None, D), "alone"), ((None, None, D), "in a stack")],
    ids=["known", "unknown", "in a stack"],
)
@pytest.mark.parametrize("change, words", WRONG.values(), ids=WRONG)
def test_what_it_returns_is_held_to_what_it_declares(change, words, place, sizes):
    cell = Plain(change)
    cell.w = tf.Variable(tf.ones([D, 2]))
    if place == "in a stack":
        cell = u.MultiRNNCell([cell, u.GRUCell(2)])
    run = tf.function(
        lambda x: u.dynamic_rnn(cell, x, dtype=tf.float32),
        input_signature=[tf.TensorSpec(sizes)],
        autograph=False,
    )
    with pytest.raises((TypeError, ValueError, tf.errors.InvalidArgumentError), match=words):
        run(X)


Foreign = collections.namedtuple("LSTMStateTuple", ["c", "h"])  # TensorFlow has one of its own


class ForeignLSTM:
    state_size, output_size = Foreign(200, 200), 200

    def zero_state(self, batch_size, dtype):
        return Foreign(tf.ones([batch_size, 200], dtype), tf.ones([batch_size, 200], dtype))

    def __call__(self, inputs, state):
        return state.h, state


def test_the_c_of_a_foreign_lstm_is_not_dropped():
    cell = u.DropoutWrapper(ForeignLSTM(), state_keep_prob=0.5, seed=1)
    _, state = u.dynamic_rnn(cell, X, dtype=tf.float32)
    np.testing.assert_array_equal(state.c, np.ones([B, 200]))
    assert (state.h.numpy() == 0).any()


class Counting:
    """Counts its steps in a whole number, and gives a nested output of its own shapes."""

    state_size = {"sum": 2, "steps": tf.TensorShape([])}
    output_size = (tf.TensorShape([2]), 1)

    def zero_state(self, batch_size, dtype):
        return {"sum": tf.zeros([batch_size, 2], dtype), "steps": tf.zeros([batch_size], tf.int32)}

    def __call__(self, inputs, state):
        total = state["sum"] + inputs
        return (total, total[:, :1]), {"sum": total, "steps": state["steps"] + 1}


class OfPairs:
    """Reads a pair."""

    state_size = output_size = 2

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 2], dtype)

    def __call__(self, inputs, state):
        new = state + inputs[0] * inputs[1]
        return new, new


class Embedding:
    """Takes the numbers of words."""

    any_inputs = True
    state_size, output_size = 2, tf.TensorShape([2])

    def __init__(self):
        self.table = tf.Variable(tf.reshape(tf.range(18.0), [9, 2]))

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, 2], dtype)

    def __call__(self, inputs, state):
        new = state + tf.gather(self.table, inputs)
        return new, new


class TestWrappersPassOnTheContract:
    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
    @pytest.mark.parametrize("how", HOW, ids=str)
    def test_nested_outputs_and_whole_numbers_in_a_stack(self, how, traced):
        stack = u.MultiRNNCell([u.DropoutWrapper(Counting()), u.DropoutWrapper(OfPairs())])

        def run(x):
            return u.dynamic_rnn(stack, x, [5, 0, 3], dtype=tf.float32, **how)

        outputs, state = (tf.function(run) if traced else run)(X)
        np.testing.assert_array_equal(state[0]["steps"], [5, 0, 3])
        sums = np.cumsum(X, axis=1)
        expected = np.cumsum(sums * sums[..., :1], axis=1)
        np.testing.assert_allclose(outputs[0], expected[0], rtol=1e-4)
        np.testing.assert_allclose(outputs[2, :3], expected[2, :3], rtol=1e-4)
        assert not outputs[1].numpy().any()

    def test_dropout_leaves_whole_numbers_alone(self):
        cell = u.DropoutWrapper(Counting(), 0.5, 0.5, 0.5, seed=1)
        _, state = u.dynamic_rnn(cell, X, dtype=tf.float32)
        np.testing.assert_array_equal(state["steps"], [T] * B)

    @pytest.mark.parametrize("how", HOW, ids=str)
    def test_inputs_of_any_kind(self, how):
        words = tf.constant([[1, 2, 8], [4, 5, 0]])
        plain, _ = u.dynamic_rnn(Embedding(), words, [3, 1], dtype=tf.float32, **how)
        stack = u.MultiRNNCell([u.DropoutWrapper(Embedding())])
        outputs, _ = u.dynamic_rnn(stack, words, [3, 1], dtype=tf.float32, **how)
        np.testing.assert_array_equal(outputs, plain)
        np.testing.assert_array_equal(outputs[1], [[8, 9], [0, 0], [0, 0]])

    def test_dropout_of_the_numbers_of_words_is_refused(self):
        with pytest.raises(ValueError, match="input_keep_prob is given, but the inputs are whole"):
            u.dynamic_rnn(
                u.DropoutWrapper(Embedding(), 0.5), tf.constant([[1, 2]]), dtype=tf.float32
            )


class OfUnitLength(u.RNNCell):
    """Singular where its inputs are 0, and where its state is."""

    state_size = output_size = D

    def make_variables(self, input_depth, dtype):
        self.w = self.make_variable("w", [D, D], tf.ones, dtype)

    def step(self, inputs, state):
        new = (inputs / tf.norm(inputs, axis=1, keepdims=True)) @ self.w + tf.math.log1p(state**2)
        return new, new


@given(
    st.lists(st.integers(0, T), min_size=B, max_size=B),
    st.sampled_from([0.0, 1.0, np.nan, np.inf, -1e30]),
    st.sampled_from(HOW),
    st.sampled_from([True, False]),
)
def test_padding_has_no_gradient_in_a_cell_that_is_singular_there(lengths, padding, how, traced):
    cell = OfUnitLength()
    cell.build(D)
    live = tf.sequence_mask(lengths, T)[..., None]
    clean = gradients(lambda c, x: u.dynamic_rnn(c, x, lengths, dtype=x.dtype, **how), cell)

    def run(cell, x):
        return u.dynamic_rnn(cell, tf.where(live, x, padding), lengths, dtype=x.dtype, **how)

    dirty = (tf.function(gradients, autograph=False) if traced else gradients)(run, cell)
    for one, other in zip(dirty, clean, strict=True):
        assert np.isfinite(one).all()
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


class TestSharedByAccident:
    @pytest.mark.parametrize(
        "cells",
        [
            lambda c: [u.MultiRNNCell([u.GRUCell(2), c]), u.MultiRNNCell([c])],
            lambda c: [c, u.DropoutWrapper(u.MultiRNNCell([c]))],
            lambda c: [u.DropoutWrapper(c), u.GRUCell(2), c],
        ],
    )
    def test_in_stacks_inside_of_stacks(self, cells):
        layers = cells(u.GRUCell(2))
        with pytest.raises(ValueError, match="cells: layers 0 and . have a cell object in common"):
            u.MultiRNNCell(layers)
        u.MultiRNNCell(layers, share_weights=True)

    @pytest.mark.parametrize("wrap", [lambda c: c, u.DropoutWrapper, lambda c: u.MultiRNNCell([c])])
    def test_in_both_directions(self, wrap):
        cell = u.GRUCell(2)
        with pytest.raises(ValueError, match="cell_fw and cell_bw hold the same cell object"):
            u.bidirectional_dynamic_rnn(cell, wrap(cell), X, dtype=tf.float32)
        u.bidirectional_dynamic_rnn(cell, wrap(cell), X, dtype=tf.float32, share_weights=True)


def test_what_a_run_prepares_is_no_variable_and_no_attribute():
    cell = u.MultiRNNCell([u.GRUCell(U), u.DropoutWrapper(u.BasicLSTMCell(U), 0.5, seed=1)])
    cell.build(D)

    def everything(module):
        return {
            (type(part).__name__, name): id(value)
            for part in (module, *module.submodules)
            for name, value in vars(part).items()
        }

    before = everything(cell)
    for _ in range(2):
        u.dynamic_rnn(cell, X, dtype=tf.float32)
        tf.function(lambda: u.dynamic_rnn(cell, X, dtype=tf.float32, unroll=1))()
    assert everything(cell) == before


def test_a_run_reads_each_weight_once():
    cell = u.MultiRNNCell([u.GRUCell(U), u.LSTMCell(U, use_peepholes=True, num_proj=3)])
    cell.build(D)
    run = tf.function(lambda x: u.dynamic_rnn(cell, x, dtype=tf.float32, unroll=1)[0])
    ops = ways.operations(run.get_concrete_function(tf.TensorSpec([B, 50, D])))
    assert ops.count("ReadVariableOp") == len(cell.variables) == 10


class TestWhatMayRunTwice:
    """recompute_every runs each step a second time: only a step without effects may."""

    STEPS = {
        "scatter_nd_add": lambda cell, x: cell.count.scatter_nd_add([[0]], [1.0]),
        "a slice assigned": lambda cell, x: cell.count[0:1].assign(cell.count[0:1] + 1),
        "scatter_add": lambda cell, x: cell.count.scatter_add(tf.IndexedSlices(1.0, 0)),
        "assign_add": lambda cell, x: cell.count.assign_add([1.0]),
        "a NumPy function": lambda cell, x: tf.numpy_function(np.sin, [x], tf.float32),
        "a random number": lambda cell, x: tf.random.normal([]),
        "a candidate sampler": lambda cell, x: tf.random.uniform_candidate_sampler(
            tf.constant([[0]], tf.int64), 1, 1, True, 9
        ),
    }

    @staticmethod
    def cell(act):
        class Acting(u.BasicRNNCell):
            def make_variables(self, input_depth, dtype):
                super().make_variables(input_depth, dtype)
                self.count = tf.Variable([0.0], trainable=False)

            def step(self, inputs, state):
                act(self, inputs)
                return super().step(inputs, state)

        return Acting(U)

    @pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
    @pytest.mark.parametrize("act", STEPS.values(), ids=STEPS)
    def test_a_step_with_effects_is_refused(self, act, traced):
        cell = self.cell(act)

        def run():
            return u.dynamic_rnn(cell, X, dtype=tf.float32, recompute_every=2)

        with pytest.raises(ValueError, match="recompute_every runs every step a second time, but"):
            (tf.function(run, autograph=False) if traced else run)()
        if cell.built:
            assert cell.count.numpy() == 0

    HARMLESS = {
        "an assertion": lambda cell, x: tf.debugging.assert_all_finite(x, "finite"),
        "a variable read": lambda cell, x: tf.gather(cell.kernel, [0]),
        "a condition": lambda cell, x: tf.cond(x[0, 0] > 0, lambda: x, lambda: -x),
        "a loop": lambda cell, x: tf.while_loop(lambda i: i < 3, lambda i: (i + 1,), (0,)),
        "a function": lambda cell, x: tf.function(tf.sin)(x) + cell.bias[0],
        "seeded numbers": lambda cell, x: tf.random.stateless_normal([], [1, 2]),
    }

    @pytest.mark.parametrize("act", HARMLESS.values(), ids=HARMLESS)
    def test_one_without_is_not(self, act):
        cell = self.cell(act)
        run = tf.function(
            lambda: u.dynamic_rnn(cell, X, dtype=tf.float32, recompute_every=2), autograph=False
        )
        expected, _ = u.dynamic_rnn(cell, X, dtype=tf.float32)
        np.testing.assert_allclose(run()[0], expected, rtol=1e-5, atol=1e-6)


class OfALogarithm(OfUnitLength):
    """Singular where an input is 1."""

    def step(self, inputs, state):
        new = tf.math.log(1 - inputs) @ self.w
        return new, state + new


@pytest.mark.parametrize("how", HOW, ids=str)
@pytest.mark.parametrize("lengths", [[5, 3, 0], [0, 0, 2], [0, 5, 0], [1, 0, 1]])
def test_what_stands_in_for_an_empty_row_is_a_real_input(lengths, how):
    cell = OfALogarithm()
    cell.build(D)
    x = tf.sigmoid(X)
    for padding in (x, tf.ones_like(x)):
        padded = tf.where(tf.sequence_mask(lengths, T)[..., None], x, padding)
        found = gradients(
            lambda c, x: u.dynamic_rnn(c, x, lengths, dtype=x.dtype, **how), cell, padded
        )
        for each in found:
            assert np.isfinite(each).all()
        empty = np.array(lengths) == 0
        assert not found[1].numpy()[empty].any()  # the gradient by the inputs of empty rows


class TestACounterWithoutRows:
    class Counter(u.RNNCell):
        state_size, output_size = (D, tf.TensorShape([])), D

        def make_variables(self, input_depth, dtype):
            pass

        def zero_state(self, batch_size, dtype):
            return tf.zeros([batch_size, D], dtype), tf.constant(0)

        def step(self, inputs, state):
            return inputs, (inputs, state[1] + 1)

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize("traced", [False, True], ids=["eager", "traced"])
    @pytest.mark.parametrize("how", [*HOW, "static"], ids=str)
    @pytest.mark.parametrize("lengths, steps", [(None, T), ([4, 1, 0], 4), ([0, 0, 0], 0)])
    def test_counts_the_steps_of_the_longest_row_in_every_form(self, lengths, steps, how, traced):
        cell = self.Counter()

        def run():
            if how == "static":
                return u.static_rnn(
                    cell, tf.unstack(X, axis=1), dtype=tf.float32, sequence_length=lengths
                )[1][1]
            return u.dynamic_rnn(cell, X, lengths, dtype=tf.float32, **how)[1][1]

        assert (tf.function(run, autograph=False) if traced else run)().numpy() == steps


class TestWhatIsHandedOut:
    """A step from for_run is held to the same as any other."""

    WRONG = {
        "a wider output": lambda self, x, h: (tf.concat([h, h], 1), h),
        "another dtype": lambda self, x, h: (tf.cast(h, tf.float64), h),
        "a state of one row": lambda self, x, h: (h, h[:1]),
    }

    @pytest.mark.parametrize("how", [{}, {"unroll": 1}, {"recompute_every": 2}], ids=str)
    @pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
    def test_an_equation(self, wrong, how):
        class Own(u.BasicRNNCell):
            def equation(self, inputs, state, affine):
                return wrong(self, inputs, state)

        with pytest.raises(ValueError, match="the (output|new state) of Own must be of shape"):
            tf.function(lambda: u.dynamic_rnn(Own(U), X, dtype=tf.float32, **how))()

    @pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
    def test_a_step_of_ones_own(self, wrong):
        class Own(u.GRUCell):
            def for_run(self):
                return lambda prepared, t, x, h: wrong(self, x, h), ()

        with pytest.raises(ValueError, match="the (output|new state) of Own must be of shape"):
            u.dynamic_rnn(Own(U), X, dtype=tf.float32)

    @pytest.mark.parametrize(
        "activation",
        [
            lambda z: tf.reduce_mean(z, 0, keepdims=True)[:, :1],
            lambda z: tf.cast(z, tf.float64),
            lambda z: None,
            lambda z: z[:, :1],
        ],
    )
    @pytest.mark.parametrize("kind", [u.BasicRNNCell, u.BasicLSTMCell, u.GRUCell])
    def test_an_activation(self, kind, activation):
        with pytest.raises(ValueError, match="activation must return a tensor like the one it is"):
            u.dynamic_rnn(kind(U, activation=activation), X, dtype=tf.float32)

    @pytest.mark.parametrize("how", HOW, ids=str)
    def test_parameters_of_any_kind(self, how):
        class Own(u.BasicRNNCell):
            def parameters(self):
                return (*super().parameters(), 0.5, tf.nn.relu, (self.bias, "word"))

            def equation(self, inputs, state, affine, half, function, pair):
                new = half * function(affine(inputs, state)) + pair[0]
                return new, new

        cell = Own(U)
        cell.build(D)
        expected = gradients(by_hand, cell)
        found = gradients(lambda c, x: u.dynamic_rnn(c, x, dtype=x.dtype, **how), cell)
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)

    def test_an_object_may_hand_out_its_own(self):
        for cell in (u.GRUCell(2), self.a_plain_one()):
            cell.for_run = lambda: (lambda prepared, t, x, h: (x + prepared, h), 1.0)
            outputs, _ = u.dynamic_rnn(cell, X, dtype=tf.float32)
            np.testing.assert_allclose(outputs, X + 1)

    @staticmethod
    def a_plain_one():
        class Own(u.RNNCell):
            state_size = output_size = D

            def make_variables(self, input_depth, dtype):
                pass

            def step(self, inputs, state):
                return inputs, state

        return Own()

    def test_what_is_overridden_or_patched_is_called(self):
        calls = []

        def counted(original):
            def call(self, *arguments):
                calls.append(original)
                return original(self, *arguments)

            return call

        class Own(u.DropoutWrapper):
            around = counted(u.DropoutWrapper.around)

        u.dynamic_rnn(Own(u.GRUCell(2), 0.5), X, dtype=tf.float32)
        assert len(calls) == T
        stack, wrapper = u.MultiRNNCell([u.GRUCell(2)]), u.DropoutWrapper(u.GRUCell(2))
        for cell, kind in [(stack, u.MultiRNNCell), (wrapper, u.DropoutWrapper)]:
            for name in ("step", "__call__"):
                calls.clear()
                with mock.patch.object(kind, name, counted(getattr(kind, name))):
                    u.dynamic_rnn(cell, X, dtype=tf.float32)
                assert len(calls) == T, (kind, name)


class TestOddButLegitimate:
    def test_a_variable_of_unknown_shape(self):
        class Own(u.BasicRNNCell):
            def make_variables(self, input_depth, dtype):
                super().make_variables(input_depth, dtype)
                self.more = tf.Variable([1.0], shape=tf.TensorShape(None))

        cell = Own(U)
        run = tf.function(lambda: u.dynamic_rnn(cell, X, dtype=tf.float32)[0])
        np.testing.assert_allclose(run(), by_hand(cell, X)[0], rtol=1e-5, atol=1e-6)

    def test_an_attribute_with_keys_of_several_kinds(self):
        cell = Plain()
        cell.notes = {1: "a", "b": [2]}
        u.dynamic_rnn(cell, X, dtype=tf.float32)
        assert cell.builds == 1

    def test_a_wrapper_that_hands_everything_on(self):
        class Logging:
            def __init__(self, inner):
                self.inner = inner

            def __getattr__(self, name):
                return getattr(self.inner, name)

            def __call__(self, inputs, state):
                return self.inner(inputs, state)

        outputs, _ = u.dynamic_rnn(Logging(u.GRUCell(3)), tf.cast(X, tf.float64), dtype=tf.float64)
        assert outputs.dtype == tf.float64

    def test_a_list_as_a_state(self):
        cell = u.GRUCell(2)
        outputs, _ = u.dynamic_rnn(cell, X, initial_state=[[0.0, 0.0]] * B)
        np.testing.assert_array_equal(outputs, u.dynamic_rnn(cell, X, dtype=tf.float32)[0])
