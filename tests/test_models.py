"""The networks of `unrolled.models`: what they take, what they return, what they refuse."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u
from unrolled import models

B, T, D, U, C = 4, 3, 2, 5, 6
X = np.random.default_rng(0).normal(size=[B, T, D]).astype(np.float32)
LENGTHS = [1, 3, 0, 2]

MODELS = {
    "classifier": lambda cell: models.SequenceClassifier(cell, C),
    "static": lambda cell: models.SequenceClassifier(cell, C, static=True),
    "labeller": lambda cell: models.SequenceLabeller(cell, C),
}
every_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def logits_of(model, *arguments):
    result = model(*arguments)
    return result[0] if isinstance(model, models.SequenceLabeller) else result


@pytest.mark.one_in(4)
@every_model
@pytest.mark.parametrize("lengths", [None, LENGTHS], ids=["no lengths", "lengths"])
@pytest.mark.parametrize(
    "form",
    [
        lambda x: x,
        lambda x: x.astype(np.float64),
        lambda x: x.tolist(),
        lambda x: tuple(x.tolist()),
        tf.Variable,
    ],
    ids=["array", "float64 array", "list", "tuple", "variable"],
)
def test_inputs_of_any_form_act_as_a_tensor(make, lengths, form):
    model = make(u.GRUCell(U))
    expected = logits_of(model, tf.constant(X), lengths)
    assert expected.shape[-1] == C
    np.testing.assert_allclose(logits_of(model, form(X), lengths), expected, rtol=1e-5, atol=1e-6)


@every_model
@pytest.mark.parametrize(
    "data, dtype",
    [
        (X, tf.float32),
        (X.astype(np.float64), tf.float64),
        (X.tolist(), tf.float64),
        (tf.constant(X, tf.float64), tf.float64),
    ],
    ids=["float32 array", "float64 array", "list", "float64 tensor"],
)
def test_the_first_inputs_decide_the_dtype(make, data, dtype):
    model = make(u.BasicLSTMCell(U))
    assert logits_of(model, data).dtype == dtype
    assert {variable.dtype for variable in model.variables} == {dtype}


@pytest.mark.one_in(3)
@every_model
def test_unknown_sizes_of_a_trace(make):
    model = make(u.GRUCell(U))
    expected = logits_of(model, X, LENGTHS)
    sizes = [None, T if getattr(model, "static", False) else None, D]
    signature = [tf.TensorSpec(sizes, tf.float32), tf.TensorSpec([None], tf.int32)]
    traced = tf.function(lambda x, n: logits_of(model, x, n), input_signature=signature)
    np.testing.assert_allclose(traced(X, LENGTHS), expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="lengths must not be negative"):
        traced(X, [-1, 1, 1, 1])


class Embedded(u.RNNCell):
    """A GRU that looks its inputs up: [B] word numbers."""

    any_inputs = True

    def __init__(self):
        super().__init__()
        self.inner = u.GRUCell(U)
        self.table = tf.random.normal([7, D])

    state_size = output_size = U

    def make_variables(self, input_depth, dtype):
        self.inner.build(D, dtype)

    def step(self, inputs, state):
        return self.inner.step(tf.gather(self.table, inputs), state)


@every_model
def test_a_cell_that_takes_word_numbers(make):
    words = np.array([[0, 1, 2], [3, 4, 5]])
    model = make(Embedded())
    assert logits_of(model, words, [3, 1]).shape[0] == 2
    assert logits_of(model, words).dtype == tf.float32


RAGGED = tf.ragged.constant([[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]])
BAD_INPUTS = {
    "None": (None, TypeError, r"inputs must be \[B, T, D\]; got None"),
    "ragged": (
        RAGGED,
        ValueError,
        "inputs must be ragged in their steps alone.* 2 ragged axes: make them with ragged_rank=1",
    ),
    "a mapping": ({"x": X}, TypeError, r"inputs must be \[B, T, D\]; got a mapping with the keys"),
    "a string": ("x", TypeError, r"inputs must be \[B, T, D\]; got 'x'"),
    "rows of unlike lengths": (
        [[[1.0]], [[1.0], [2.0]]],
        ValueError,
        "inputs must .* differ in len",
    ),
    "a list of steps": ([X[:, 0]] * T, TypeError, "inputs must be one tensor .* a list of 3 tens"),
    "rank 2": (X[0], ValueError, r"inputs must be \[B, T, D\]; got shape \(3, 2\)"),
    "rank 4": (X[None], ValueError, r"inputs must be \[B, T, D\]; got shape \(1, 4, 3, 2\)"),
    "integers": (X.astype(int), ValueError, "inputs must be floating-point numbers; got int64"),
    "another depth": (X[:, :, :1], ValueError, "inputs of depth 1 do not fit a GRUCell .* depth 2"),
    "another dtype": (
        tf.cast(X, tf.float64),
        ValueError,
        "inputs of dtype float64 do not fit a GRU",
    ),
}


@every_model
@pytest.mark.parametrize("bad, error, words", BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_inputs_that_do_not_fit(make, bad, error, words):
    model = make(u.GRUCell(U))
    model(X)
    with pytest.raises(error, match=rf"^{words}.*\.$"):
        model(bad)


@every_model
@pytest.mark.parametrize(
    "sizes, words",
    [
        ([B, T, None], r"inputs must be \[B, T, D\] with a known depth D"),
        (None, r"inputs must be \[B, T, D\]; got shape <unknown>"),
    ],
    ids=["depth", "rank"],
)
def test_inputs_of_unknown_shape(make, sizes, words):
    traced = tf.function(make(u.GRUCell(U)), input_signature=[tf.TensorSpec(sizes)])
    with pytest.raises(ValueError, match=words):
        traced.get_concrete_function()


@pytest.mark.parametrize(
    "lengths, error, words",
    [
        ([1, 2], ValueError, "lengths must hold one length for each of the 4 rows"),
        ([0, 1, 2, 4], ValueError, "lengths must not be greater than the number of steps, 3"),
        ([0, 1, 2, -1], ValueError, "lengths must not be negative"),
        ([1.0, 2.0, 3.0, 1.0], ValueError, "lengths must be integers; got float64"),
        ("all", TypeError, r"lengths must be a vector \[B\] of integers"),
    ],
)
@every_model
def test_lengths_that_do_not_fit(make, lengths, error, words):
    with pytest.raises(error, match=rf"^{words}.*\.$"):
        make(u.GRUCell(U))(X, lengths)


def test_a_static_model_needs_the_number_of_steps():
    model = models.SequenceClassifier(u.GRUCell(U), C, static=True)
    traced = tf.function(model, input_signature=[tf.TensorSpec([B, None, D])])
    with pytest.raises(ValueError, match="known number of steps T, since static is True; got .*"):
        traced.get_concrete_function()


@pytest.mark.parametrize("static", [False, True])
def test_a_classifier_needs_a_step(static):
    model = models.SequenceClassifier(u.GRUCell(U), C, static)
    with pytest.raises(ValueError, match=r"inputs must have at least one step; got .* \(4, 0, 2\)"):
        model(X[:, :0])
    dynamic = models.SequenceClassifier(u.GRUCell(U), C)
    traced = tf.function(dynamic, input_signature=[tf.TensorSpec([B, None, D])])
    np.testing.assert_allclose(traced(X), dynamic(X), rtol=1e-5, atol=1e-6)
    with pytest.raises(tf.errors.InvalidArgumentError, match="inputs must have at least one step"):
        traced(X[:, :0])


def test_a_labeller_starts_from_the_state_it_is_given():
    model = models.SequenceLabeller(u.GRUCell(U), C)
    first, state = model(X[:, :1])
    rest, final = model(X[:, 1:], initial_state=state)
    logits, last = model(X)
    np.testing.assert_allclose(tf.concat([first, rest], axis=1), logits, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(final, last, rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="initial_state has shape .*must fit its cell"):
        model(X, initial_state=state[:2])


BAD_X = {
    "None": (None, TypeError, r"x must be \[\.\.\., U\]; got None"),
    "a scalar": (1.0, ValueError, r"x must be \[\.\.\., U\] with a known depth U; got shape \(\)"),
    "integers": ([[1, 2]], ValueError, "x must be floating-point numbers; got int64"),
    "another depth": (
        X,
        ValueError,
        r"x of depth 2 does not fit an OutputLayer .* \(5, 6\); use a",
    ),
    "another dtype": (
        tf.zeros([B, U], tf.float64),
        ValueError,
        r"x of dtype float64 does not fit an OutputLayer .* cast it with tf.cast\(x, tf.float32\)",
    ),
}


@pytest.mark.parametrize("bad, error, words", BAD_X.values(), ids=BAD_X)
def test_an_output_layer_refuses_what_does_not_fit(bad, error, words):
    layer = models.OutputLayer(C)
    layer(tf.ones([B, U]))
    with pytest.raises(error, match=rf"^{words}.*\.$"):
        layer(bad)


@pytest.mark.parametrize("sizes", [None, [B, None]], ids=["rank", "depth"])
def test_an_output_layer_needs_a_known_depth(sizes):
    traced = tf.function(models.OutputLayer(C), input_signature=[tf.TensorSpec(sizes)])
    with pytest.raises(
        ValueError, match=r"x must be \[\.\.\., U\] with a known depth U; got shape"
    ):
        traced.get_concrete_function()


@pytest.mark.parametrize("form", [np.array, list], ids=["array", "list"])
def test_an_output_layer_takes_arrays_and_lists(form):
    layer = models.OutputLayer(C)
    expected = layer(tf.ones([B, T, U]))
    np.testing.assert_allclose(layer(form(np.ones([B, T, U]).tolist())), expected, rtol=1e-6)
    assert layer([0.0] * U).shape == [C]


@pytest.mark.parametrize(
    "make, error, words",
    [
        (lambda: models.OutputLayer(0), ValueError, "num_classes must be a whole number"),
        (
            lambda: models.OutputLayer(2, name=3),
            TypeError,
            "name must be None or a name",
        ),
        (lambda: models.SequenceClassifier(5, 2), TypeError, "cell must be a cell; got an int"),
        (lambda: models.SequenceLabeller(u.GRUCell, 2), TypeError, "cell must be .* class GRUCell"),
        (
            lambda: models.SequenceLabeller(u.GRUCell(2), 2.5),
            ValueError,
            "num_classes must be a who",
        ),
        (
            lambda: models.SequenceClassifier(u.GRUCell(2), 2, static=1),
            TypeError,
            "static must be True or False; got 1",
        ),
    ],
)
def test_arguments_of_the_constructors(make, error, words):
    with pytest.raises(error, match=rf"^{words}.*\.$"):
        make()
