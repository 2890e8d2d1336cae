"""Every row of the table of errors, by its words: what came, what was expected, how to mend it."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u

B, T, D, U = 4, 3, 3, 5
X = tf.ones([B, T, D])
FRAMES = [X[:, t] for t in range(T)]


def dynamic(x=X, *, cell=None, **how):
    how.setdefault("dtype", None if "initial_state" in how else tf.float32)
    return u.dynamic_rnn(cell or u.BasicRNNCell(U), x, **how)


def static(x=FRAMES, *, cell=None, **how):
    how.setdefault("dtype", None if "initial_state" in how else tf.float32)
    return u.static_rnn(cell or u.BasicRNNCell(U), x, **how)


def built(cell=None, depth=D):
    cell = cell or u.BasicRNNCell(U)
    cell.build(depth)
    return cell


def lstm_stack():
    return u.MultiRNNCell([u.GRUCell(U), u.BasicLSTMCell(U)])


def raises(error, words, call):
    with pytest.raises(error, match=words) as caught:
        call()
    text = str(caught.value)
    assert "\n" not in text and text.endswith("."), f"one sentence: {text}"


CASES = {
    # not a cell
    "a number as a cell": (
        lambda: dynamic(cell=7),
        TypeError,
        r"cell must be a cell; got an int, which lacks state_size, output_size, zero_state, "
        r"__call__\(inputs, state\)\.",
    ),
    "a Keras-like object as a cell": (
        lambda: static(cell=lambda x, s: (x, s)),
        TypeError,
        "got a function, which lacks state_size, output_size, zero_state",
    ),
    "a class as a cell": (
        lambda: dynamic(cell=u.GRUCell),
        TypeError,
        r"got the class GRUCell itself; make one with GRUCell\(num_units\)",
    ),
    "a wrong cell for one direction": (
        lambda: u.bidirectional_dynamic_rnn(u.GRUCell(2), None, X, dtype=tf.float32),
        TypeError,
        "cell_bw must be a cell; got a NoneType",
    ),
    "a wrapper around no cell": (lambda: u.DropoutWrapper(3), TypeError, "got an int, which lacks"),
    "a stack with no cell in it": (
        lambda: u.MultiRNNCell([u.GRUCell(2), "gru"]),
        TypeError,
        r"cells\[1\] must be a cell; got a str",
    ),
    # a tensor instead of a list
    "one tensor for static_rnn": (
        lambda: static(X),
        TypeError,
        r"list of T tensors \[B, D\]; got one tensor of shape \(4, 3, 3\); split it with "
        r"tf\.unstack\(x, axis=1\)\.",
    ),
    "one array for static_rnn": (
        lambda: static(X.numpy()),
        TypeError,
        r"tf\.unstack\(x, axis=1\)",
    ),
    "a generator for static_rnn": (
        lambda: static(iter(FRAMES)),
        TypeError,
        "must be a list of T tensors",
    ),
    # empty
    "an empty list for static_rnn": (
        lambda: static([]),
        ValueError,
        "must hold at least one step; got an empty list",
    ),
    "an empty stack": (
        lambda: u.MultiRNNCell([]),
        ValueError,
        "at least one cell; got an empty list",
    ),
    "a stack of one cell without a list": (
        lambda: u.MultiRNNCell(u.GRUCell(2)),
        TypeError,
        "cells must be a list of cells, the bottom layer first; got a GRUCell",
    ),
    # neither state nor dtype
    "neither state nor dtype, dynamic": (
        lambda: dynamic(dtype=None),
        ValueError,
        r"neither initial_state nor dtype is given; give dtype=tf\.float32",
    ),
    "neither state nor dtype, static": (
        lambda: static(dtype=None),
        ValueError,
        "neither initial_state nor dtype is given",
    ),
    "neither state nor dtype, one direction": (
        lambda: u.bidirectional_dynamic_rnn(
            u.GRUCell(2), u.GRUCell(2), X, initial_state_fw=tf.zeros([B, 2])
        ),
        ValueError,
        "neither initial_state_bw nor dtype is given",
    ),
    # rank and depth
    "inputs of rank 2": (
        lambda: dynamic(tf.ones([B, D])),
        ValueError,
        r"inputs must be \[B, T, D\]; got shape \(4, 3\)",
    ),
    "inputs of rank 4": (
        lambda: dynamic(tf.ones([B, T, D, 1])),
        ValueError,
        r"\[B, T, D\]; got shape \(4, 3, 3, 1\)",
    ),
    "time-major inputs of rank 2": (
        lambda: dynamic(tf.ones([B, D]), time_major=True),
        ValueError,
        r"\[T, B, D\] \(time_major=True\); got shape \(4, 3\)",
    ),
    "frames of rank 3": (
        lambda: static([X]),
        ValueError,
        r"inputs\[0\] must be \[B, D\]; got shape \(4, 3, 3\)",
    ),
    "one step of rank 1 for a cell": (
        lambda: u.BasicRNNCell(U)(tf.ones([D]), tf.zeros([1, U])),
        ValueError,
        r"inputs of BasicRNNCell must be \[B, D\] with a known depth D of at least 1; got shape "
        r"\(3,\)",
    ),
    "inputs of depth 0, one step": (
        lambda: u.GRUCell(U)(tf.zeros([B, 0]), tf.zeros([B, U])),
        ValueError,
        r"inputs of GRUCell must be \[B, D\] with a known depth D of at least 1; got .*\(4, 0\)",
    ),
    "inputs of depth 0": (
        lambda: u.dynamic_rnn(u.GRUCell(U), tf.zeros([B, T, 0]), dtype=tf.float32),
        ValueError,
        r"inputs must be \[B, T, D\] with D at least 1; got shape \(4, 3, 0\)",
    ),
    "frames of different depths": (
        lambda: static([tf.ones([B, D]), tf.ones([B, D + 1])]),
        ValueError,
        r"inputs\[1\] must be like inputs\[0\], of shape \(4, 3\).*got shape \(4, 4\)",
    ),
    # depth against the kernel
    "a depth the cell was not built for": (
        lambda: dynamic(tf.ones([B, T, 7]), cell=built()),
        ValueError,
        r"depth 7 do not fit a BasicRNNCell that was built for depth 3 \(its kernel has shape "
        r"\(8, 5\)\)",
    ),
    "a depth the cell was not built for, one step": (
        lambda: built(u.GRUCell(2))(tf.ones([B, 4]), tf.zeros([B, 2])),
        ValueError,
        r"depth 4 do not fit .* built for depth 3 \(its kernel has shape",
    ),
    "a second build for another depth": (
        lambda: built().build(9),
        ValueError,
        "depth 9 do not fit .* built for depth 3",
    ),
    # integers
    "integer inputs": (
        lambda: dynamic(tf.ones([B, T, D], tf.int32)),
        ValueError,
        r"inputs must be floating-point numbers; got int32; cast them with tf\.cast\(inputs",
    ),
    "integer arrays": (
        lambda: dynamic(np.ones([B, T, D], int)),
        ValueError,
        "floating-point numbers; got int64",
    ),
    "integer frames": (
        lambda: static([np.ones([B, D], int)]),
        ValueError,
        "floating-point numbers; got int64",
    ),
    "integer dtype": (
        lambda: dynamic(dtype=tf.int32),
        ValueError,
        r"dtype must be a floating-point type such as tf\.float32; got int32",
    ),
    "integer zero state": (
        lambda: u.GRUCell(2).zero_state(3, tf.int64),
        ValueError,
        "dtype must be a floating-point type such as tf.float32; got int64",
    ),
    "a dtype the inputs do not have": (
        lambda: dynamic(dtype=tf.float64),
        ValueError,
        r"inputs must be of dtype float64, which was asked for; got float32; cast them with",
    ),
    # lengths
    "lengths of rank 2": (
        lambda: dynamic(sequence_length=[[1], [2], [3], [3]]),
        ValueError,
        r"must be a vector \[B\].*got shape \(4, 1\)",
    ),
    "one number as lengths": (
        lambda: dynamic(sequence_length=3),
        ValueError,
        r"must be a vector \[B\].*got shape \(\)",
    ),
    "too few lengths": (
        lambda: dynamic(sequence_length=[1, 2]),
        ValueError,
        "one length for each of the 4 rows of the batch; got 2",
    ),
    "lengths that are not whole": (
        lambda: static(sequence_length=[1.0, 2.0, 3.0, 3.0]),
        ValueError,
        "sequence_length must be integers; got float64",
    ),
    "lengths that are flags": (
        lambda: dynamic(sequence_length=tf.constant([True, False, True, True])),
        ValueError,
        "must be integers; got bool",
    ),
    "a negative length": (
        lambda: dynamic(sequence_length=[1, 2, -1, 3]),
        ValueError,
        r"must not be negative; got \[1, 2, -1, 3\]",
    ),
    "a length beyond the steps": (
        lambda: static(sequence_length=[1, 2, 3, 4]),
        ValueError,
        r"not be greater than the number of steps, 3; got \[1, 2, 3, 4\]",
    ),
    # states
    "a state of another size": (
        lambda: dynamic(initial_state=tf.zeros([B, 4])),
        ValueError,
        r"initial_state has shape \(4, 4\), but \(4, 5\) was expected",
    ),
    "a state of another batch": (
        lambda: static(initial_state=tf.zeros([2, U])),
        ValueError,
        r"initial_state has shape \(2, 5\), but \(4, 5\) was expected",
    ),
    "a state of another dtype": (
        lambda: dynamic(initial_state=tf.zeros([B, U], tf.float64), dtype=tf.float32),
        ValueError,
        "initial_state is of dtype float64, but float32 was expected",
    ),
    "a state of integers": (
        lambda: dynamic(initial_state=tf.zeros([B, U], tf.int32), dtype=tf.float32),
        ValueError,
        "state is of dtype int32, but float32 was expected",
    ),
    "no state for a cell": (
        lambda: u.BasicRNNCell(U)(X[:, 0], None),
        ValueError,
        r"state must be one tensor \[B, 5\]; got None\.",
    ),
    "one tensor as a tuple's place": (
        lambda: dynamic(cell=lstm_stack(), initial_state=tf.zeros([B, U])),
        ValueError,
        r"initial_state must be a tuple of 2 states; got one tensor of shape \(4, 5\)",
    ),
    "one number a row where the size is empty": (
        lambda: u.internal.checks.check_state((tf.zeros([B, U]), tf.zeros([B])), (U, ()), B, None),
        ValueError,
        r"state\[1\] must be empty, since its size in state_size is \(\); one number for each row "
        r"has the size 1, with the shape \[B, 1\], or tf.TensorShape\(\[\]\), with the shape \[B\]",
    ),
    "a wrong shape deep inside": (
        lambda: dynamic(
            cell=lstm_stack(),
            initial_state=(tf.zeros([B, U]), u.LSTMStateTuple(tf.zeros([B, U]), tf.zeros([B, 1]))),
        ),
        ValueError,
        r"initial_state\[1\]\.h has shape \(4, 1\), but \(4, 5\) was expected",
    ),
    "a tuple as a tensor's place": (
        lambda: dynamic(initial_state=(tf.zeros([B, U]), tf.zeros([B, U]))),
        ValueError,
        r"initial_state must be one tensor \[B, 5\]; got a tuple of 2",
    ),
    "an LSTM state of three": (
        lambda: u.BasicLSTMCell(U)(X[:, 0], [tf.zeros([B, U])] * 3),
        ValueError,
        r"state must be LSTMStateTuple\(c, h\); got a list of 3",
    ),
    # dropout
    **{
        f"{argument} of {value}": (
            lambda argument=argument, value=value: u.DropoutWrapper(
                u.GRUCell(2), **{argument: value}
            ),
            ValueError,
            rf"{argument} must lie in \(0, 1\], the share of values that is kept; got "
            rf"{str(value).replace('.', '[.]').replace('+', '[+]')}",
        )
        for argument in ("input_keep_prob", "output_keep_prob", "state_keep_prob")
        for value in (0, -0.1, 1.0000001, 1e30, float("nan"))
    },
    "a keep_prob that is a word": (
        lambda: u.DropoutWrapper(u.GRUCell(2), "half"),
        ValueError,
        r"input_keep_prob must lie in \(0, 1\].*got 'half'",
    ),
    "dropout on the joined state of an LSTM": (
        lambda: u.DropoutWrapper(u.BasicLSTMCell(2, state_is_tuple=False), state_keep_prob=0.5),
        ValueError,
        "c must not be dropped; make the LSTM with state_is_tuple=True",
    ),
    # losses
    "logits of rank 2": (
        lambda: u.sequence_loss(tf.ones([2, 5]), [[1, 2]], [[1.0, 1.0]]),
        ValueError,
        r"targets \[B, T\] and weights \[B, T\]; got logits \(2, 5\), targets \(1, 2\) and weights",
    ),
    "one-hot targets": (
        lambda: u.sequence_loss(tf.ones([2, 3, 5]), tf.ones([2, 3, 5]), tf.ones([2, 3])),
        ValueError,
        r"got logits \(2, 3, 5\), targets \(2, 3, 5\) and weights \(2, 3\)",
    ),
    "weights of rank 1": (
        lambda: u.sequence_loss(tf.ones([2, 3, 5]), tf.ones([2, 3], tf.int32), tf.ones([2])),
        ValueError,
        r"targets \(2, 3\) and weights \(2,\)",
    ),
    "shapes that disagree": (
        lambda: u.sequence_loss(tf.ones([2, 3, 5]), tf.ones([2, 4], tf.int32), tf.ones([2, 3])),
        ValueError,
        r"equal B and equal T; got logits \(2, 3, 5\), targets \(2, 4\) and weights \(2, 3\)",
    ),
    "float targets": (
        lambda: u.sequence_loss(tf.ones([2, 3, 5]), tf.ones([2, 3]), tf.ones([2, 3])),
        ValueError,
        r"integer type; got float32.* logits \(2, 3, 5\), targets \(2, 3\) and weights \(2, 3\)",
    ),
    "integer logits": (
        lambda: u.sequence_loss(
            tf.ones([2, 3, 5], tf.int32), tf.ones([2, 3], tf.int32), tf.ones([2, 3])
        ),
        ValueError,
        "logits must be floating-point numbers; got int32",
    ),
    # sizes and options
    "no units": (lambda: u.BasicRNNCell(0), ValueError, "num_units .* at least 1; got 0"),
    "half a unit": (lambda: u.GRUCell(2.5), ValueError, "num_units .* whole number.* got 2.5"),
    "an activation that nobody knows": (
        lambda: u.BasicRNNCell(2, activation="rellu"),
        ValueError,
        r"activation must be a function or a name that Keras knows.*; got \'rellu\'",
    ),
    "an activation that is no function": (
        lambda: u.GRUCell(2, activation=3),
        TypeError,
        r"activation must be a function of a tensor, such as tf\.nn\.relu.*; got 3",
    ),
    "a negative clip": (
        lambda: u.LSTMCell(2, cell_clip=-1.0),
        ValueError,
        r"cell_clip must be at least 0, or None for no clipping; got -1\.0",
    ),
    "a projection clip without a projection": (
        lambda: u.LSTMCell(2, proj_clip=1.0),
        ValueError,
        r"proj_clip is 1\.0, but there is no projection",
    ),
    "joined states of tuples": (
        lambda: u.MultiRNNCell([u.BasicLSTMCell(2)], state_is_tuple=False),
        ValueError,
        r"cells\[0\] has state_size LSTMStateTuple.*make that cell with state_is_tuple=False",
    ),
}


@pytest.mark.parametrize("call, error, words", CASES.values(), ids=CASES)
def test_bad_input_gets_one_clear_sentence(call, error, words):
    raises(error, words, call)


class TestRepeatedCells:
    def test_the_documents_form_is_refused_with_its_mend(self):
        raises(
            ValueError,
            r"layers 0, 1 and 2 are the same GRUCell object.*make a new cell for each layer, "
            r"MultiRNNCell\(\[GRUCell\(\.\.\.\) for _ in range\(3\)\]\), or pass share_weights",
            lambda: u.MultiRNNCell([u.GRUCell(2)] * 3),
        )

    def test_only_the_layers_that_are_the_same_are_named(self):
        a, b = u.GRUCell(2), u.BasicRNNCell(2)
        raises(
            ValueError,
            "layers 1 and 3 are the same BasicRNNCell",
            lambda: u.MultiRNNCell([a, b, u.GRUCell(2), b]),
        )

    def test_a_wrapped_cell_is_found(self):
        shared = u.GRUCell(2)
        raises(
            ValueError,
            "layers 0 and 1 have a cell object in common",
            lambda: u.MultiRNNCell([u.DropoutWrapper(shared) for _ in range(2)]),
        )

    def test_on_purpose_it_is_allowed(self):
        u.MultiRNNCell([u.GRUCell(2)] * 3, share_weights=True)


class TestKnownOnlyAtRunTime:
    """What a graph cannot know when it is built is checked when it runs: never ignored."""

    @pytest.mark.one_in(4)
    @pytest.mark.parametrize(
        "lengths, words",
        [
            ([1, 2, 3, 4], "must not be greater than the number of steps"),
            ([1, 2, -1, 3], "must not be negative"),
            ([1, 2], "must hold one length for each row of the batch"),
        ],
    )
    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    @pytest.mark.parametrize("way", ["function", "graph"])
    def test_lengths(self, way, kind, lengths, words):
        cell = u.BasicRNNCell(U)

        def program(x, n):
            if kind == "dynamic":
                return u.dynamic_rnn(cell, x, n, dtype=tf.float32)[1]
            return u.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32, sequence_length=n)[1]

        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            if way == "function":
                tf.function(
                    program,
                    input_signature=[
                        tf.TensorSpec([None, T, D]),
                        tf.TensorSpec([None], tf.int32),
                    ],
                )(X, tf.constant(lengths))
            else:
                with tf.Graph().as_default(), tf.compat.v1.Session() as session:
                    x = tf.compat.v1.placeholder(tf.float32, [None, T, D])
                    n = tf.compat.v1.placeholder(tf.int32, [None])
                    result = program(x, n)
                    session.run(tf.compat.v1.global_variables_initializer())
                    session.run(result, {x: X.numpy(), n: lengths})

    @pytest.mark.parametrize("rows", [1, B - 1])
    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    def test_a_state_of_another_batch_does_not_broadcast(self, kind, rows):
        cell = u.BasicRNNCell(U)

        @tf.function(input_signature=[tf.TensorSpec([None, T, D]), tf.TensorSpec([None, U])])
        def run(x, state):
            if kind == "dynamic":
                return u.dynamic_rnn(cell, x, initial_state=state)[1]
            return u.static_rnn(cell, tf.unstack(x, axis=1), initial_state=state)[1]

        assert run(X, tf.zeros([B, U])).shape == (B, U)
        with pytest.raises(tf.errors.InvalidArgumentError):
            run(X, tf.zeros([rows, U]))

    def test_lengths_of_unknown_rank(self):
        run = tf.function(
            lambda x, n: u.dynamic_rnn(cell, x, n, dtype=tf.float32)[0],
            input_signature=[tf.TensorSpec([B, T, D]), tf.TensorSpec(None, tf.int32)],
        )
        cell = u.BasicRNNCell(U)
        assert run(X, tf.constant([1, 2, 3, 3])).shape == (B, T, U)
        words = r"\[1,4\] is not compatible with expected shape \[\?\].*\n.*sequence_length"
        with pytest.raises(tf.errors.InvalidArgumentError, match=words):
            run(X, tf.constant([[1, 2, 3, 3]]))

    @pytest.mark.parametrize("unknown", [[B, T, None], None])
    def test_inputs_of_unknown_depth_or_rank(self, unknown):
        run = tf.function(lambda x: dynamic(x), input_signature=[tf.TensorSpec(unknown)])
        with pytest.raises(ValueError, match=r"inputs must be \[B, T, D\]"):
            run(X)


class TestCellsThatReturnSomethingElse:
    @staticmethod
    def cell(returned):
        class Own(u.BasicRNNCell):
            def step(self, inputs, state):
                return state, returned(state)

        return Own(U)

    @pytest.mark.parametrize("run", [dynamic, static])
    @pytest.mark.parametrize(
        "returned, words",
        [
            (
                lambda s: (s, s),
                "the new state of Own must have the structure of its state_size.*got a tuple of 2",
            ),
            (lambda s: s[:, 1:], r"new state of Own must be of shape \(4, 5\).*got shape \(4, 4\)"),
            (
                lambda s: tf.cast(s, tf.float64),
                "dtype float32, as it declares; got .* dtype float64",
            ),
        ],
    )
    def test_is_told(self, run, returned, words):
        with pytest.raises(ValueError, match=words):
            run(cell=self.cell(returned))


def test_asking_for_a_variable_too_early_is_explained():
    with pytest.raises(AttributeError, match=r"no attribute 'kernel' yet.*build\(input_depth\)"):
        _ = u.BasicRNNCell(2).kernel
    with pytest.raises(AttributeError, match="has no attribute 'kernal' yet"):
        _ = u.BasicRNNCell(2).kernal
    with pytest.raises(AttributeError, match="'BasicRNNCell' object has no attribute 'kernal'"):
        _ = built().kernal


RAGGED = tf.ragged.constant([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]])
NOT_INPUTS = {
    "ragged rows": (
        RAGGED,
        r"inputs must be ragged in their steps alone.* 2 ragged axes: make them with ragged_rank=1",
    ),
    "sparse": (
        tf.sparse.from_dense([[[1.0]]]),
        r"SparseTensor; give tf\.sparse\.to_dense\(inputs\)",
    ),
    "rows of unequal length": ([[[1.0]], [[1.0], [2.0]]], "rows differ in length; pad them"),
    "nothing": (None, "inputs must be .*got None"),
    "a word": ("hello", "inputs must be .*got 'hello'"),
    "a data set": (tf.data.Dataset.range(3), r"tf\.data\.Dataset; loop over it and give one batch"),
    "a Keras input": (tf.keras.Input([T, D]), "a symbolic Keras tensor, which holds no numbers"),
    "a function": (lambda: X, "inputs must be .*got a function"),
    "a set": ({1.0, 2.0}, "inputs must be .*got a set; give a list or an array"),
    "a masked array": (np.ma.ones([B, T, D]), "a masked array, whose mask would be lost"),
    "a list of tensors": (
        FRAMES,
        r"got a list of 3 tensors, the first of shape \(4, 3\).*static_rnn",
    ),
    "flags": (np.ones([B, T, D], bool), "inputs must be floating-point numbers; got bool"),
    "keys of several kinds": ({1: X, "a": X}, "inputs must be tensors.*keys are of several kinds"),
    "nested rows that differ": ((X, X[:1]), "inputs that are nested must agree in all but D"),
}


@pytest.mark.parametrize("inputs, words", NOT_INPUTS.values(), ids=NOT_INPUTS)
def test_what_is_no_input_is_named_with_the_way_to_one(inputs, words):
    raises((TypeError, ValueError), words, lambda: dynamic(inputs))


class Sizeless(u.BasicRNNCell):
    state_size = None


class Careless(u.RNNCell):
    state_size = output_size = U

    def __init__(self):
        pass  # super().__init__() is forgotten


OPTIONS = {
    "no state_size": (lambda: dynamic(cell=Sizeless(U)), r"cell\.state_size must be a number of"),
    "no super().__init__()": (lambda: dynamic(cell=Careless()), r"call super\(\)\.__init__\(\) at"),
    "keep_prob of None": (lambda: u.DropoutWrapper(u.GRUCell(2), None), "input_keep_prob must lie"),
    "a list as keep_prob": (
        lambda: u.DropoutWrapper(u.GRUCell(2), [0.5]),
        "input_keep_prob must lie",
    ),
    "a seed in words": (lambda: u.DropoutWrapper(u.GRUCell(2), seed="one"), "seed must be a whole"),
    "an initializer of 0": (
        lambda: u.GRUCell(2, bias_initializer=0),
        "bias_initializer must be a func",
    ),
    "an unknown initializer": (
        lambda: u.GRUCell(2, kernel_initializer="orthogonol"),
        "kernel_initializer must be a function or a name.*\"orthogonal\"; got 'orthogonol'",
    ),
    "an initializer of another shape": (
        lambda: built(u.GRUCell(2, kernel_initializer=lambda shape, dtype: tf.ones([1, 1], dtype))),
        "the initial gates/kernel must be of shape",
    ),
    "time_major of 2": (lambda: dynamic(time_major=2), "time_major must be True or False; got 2"),
    "a scope in words": (lambda: dynamic(scope="a b"), "scope must be None or a name scope"),
    "a name that starts with _": (
        lambda: u.GRUCell(2, name="_x"),
        "name must be None or a name of",
    ),
    "a forget bias of nan": (
        lambda: u.BasicLSTMCell(2, float("nan")),
        "forget_bias must be a finite",
    ),
    "a dtype by number": (lambda: u.GRUCell(2).zero_state(1, 1), "dtype must be a floating-point"),
    "half a batch": (
        lambda: u.GRUCell(2).zero_state(1.5, tf.float32),
        "batch_size must be a whole",
    ),
    "a word as a state": (
        lambda: dynamic(initial_state="zeros"),
        "initial_state must be one tensor",
    ),
    "states of two dtypes": (
        lambda: u.bidirectional_dynamic_rnn(
            u.GRUCell(2),
            u.GRUCell(2),
            X,
            initial_state_fw=tf.zeros([B, 2]),
            initial_state_bw=tf.zeros([B, 2], tf.float64),
        ),
        "initial_state_fw and initial_state_bw must have one dtype; got float32 and float64",
    ),
    "a state of one direction": (
        lambda: u.bidirectional_dynamic_rnn(
            u.GRUCell(2), u.GRUCell(2), X, initial_state_bw=tf.zeros([B, 3]), dtype=tf.float32
        ),
        r"initial_state_bw has shape \(4, 3\)",
    ),
    "lengths of None": (lambda: u.sequence_mask(None), "lengths must be .*got None"),
    "half a maxlen": (lambda: u.sequence_mask([1], 2.5), "maxlen must be a whole number"),
    "a mask of words": (
        lambda: u.sequence_mask([1], 2, tf.string),
        "dtype must be a type of numbers",
    ),
    "nested steps": (lambda: u.pack_sequence([(X, X)]), r"sequence\[0\] must be one tensor"),
    "inputs of a cell that are empty": (
        lambda: u.GRUCell(2)([], tf.zeros([1, 2])),
        "inputs of GRUCell must be",
    ),
}


@pytest.mark.parametrize("call, words", OPTIONS.values(), ids=OPTIONS)
def test_an_option_that_is_none_is_named(call, words):
    raises((TypeError, ValueError), words, call)


def test_a_property_that_fails_says_why_itself():
    class Own(u.BasicRNNCell):
        @property
        def state_size(self):
            return self.unitss

    with pytest.raises(AttributeError, match="'?unitss"):
        dynamic(cell=Own(U))


@pytest.mark.parametrize("activation", ["tanh", "relu", "linear"])
@pytest.mark.parametrize("initializer", ["orthogonal", tf.keras.initializers.Orthogonal, "zeros"])
def test_keras_names_work_in_every_cell(activation, initializer):
    cells = [
        u.BasicRNNCell(U, activation, initializer, "zeros"),
        u.BasicLSTMCell(U, 1.0, True, activation, initializer, "zeros"),
        u.GRUCell(U, activation, initializer, "ones"),
        u.LSTMCell(U, initializer=initializer, activation=activation, bias_initializer="zeros"),
    ]
    for cell in cells:
        outputs, _ = dynamic(cell=cell)
        assert np.isfinite(outputs).all()


def test_a_keras_variable_as_a_state():
    cell = u.GRUCell(2)
    start = tf.keras.Variable(np.zeros([B, 2], np.float32))
    outputs, _ = dynamic(cell=cell, initial_state=start)
    np.testing.assert_array_equal(outputs, dynamic(cell=cell)[0])
