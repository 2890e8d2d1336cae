"""What else TensorFlow makes of an unroll: XLA, TFLite, SavedModel. The numbers stay the same."""

import numpy as np
import pytest
import tensorflow as tf

import unrolled as u

B, T, D = 3, 40, 2  # more steps than are written out by default
X = np.random.default_rng(1).normal(size=(B, T, D)).astype(np.float32)
LENGTHS = np.array([17, 0, 40], np.int32)

CELLS = {
    "basic": lambda: u.BasicRNNCell(4),
    "lstm with all": lambda: u.LSTMCell(4, use_peepholes=True, cell_clip=0.5, num_proj=3),
    "stack": lambda: u.MultiRNNCell([u.GRUCell(4), u.BasicLSTMCell(3)]),
}
FORMS = {
    "written out": {},
    "loop": {"unroll": 1},
    "turns of 3": {"unroll": 3},
    "segments": {"recompute_every": 7},
    "time major": {"time_major": True},
}


def made(name):
    cell = CELLS[name]()
    cell.build(D)
    return cell


def unroll(cell, x, lengths, how):
    if not how:  # by default these are written out
        x, lengths = x[:, :6], None if lengths is None else tf.minimum(lengths, 6)
    if how.get("time_major"):
        x = tf.transpose(x, [1, 0, 2])
    return u.dynamic_rnn(cell, x, lengths, dtype=tf.float32, **how)


class TestXLA:
    @staticmethod
    def both(cell, how, with_lengths, spec=(B, T, D)):
        """Outputs and gradients, traced and compiled."""

        def run(x, lengths):
            with tf.GradientTape() as tape:
                tape.watch(x)
                outputs, state = unroll(cell, x, lengths if with_lengths else None, how)
                total = tf.reduce_sum(outputs**2) + tf.reduce_sum(tf.nest.flatten(state)[0] ** 3)
            return [outputs, *tape.gradient(total, [x, *cell.trainable_variables])]

        specs = [tf.TensorSpec(spec), tf.TensorSpec(spec[:1], tf.int32)]
        return [
            tf.function(run, input_signature=specs, jit_compile=jit)(X, LENGTHS)
            for jit in (False, True)
        ]

    @pytest.mark.one_in(9)
    @pytest.mark.parametrize("with_lengths", [False, True], ids=["no lengths", "lengths"])
    @pytest.mark.parametrize("form", FORMS)
    def test_every_form_compiles(self, form, with_lengths):
        traced, compiled = self.both(made("basic"), FORMS[form], with_lengths)
        for one, other in zip(traced, compiled, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)

    def test_every_cell_compiles(self):
        for name in ("lstm with all", "stack"):
            for one, other in zip(*self.both(made(name), {"unroll": 1}, True), strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)

    @pytest.mark.one_in(3)
    @pytest.mark.parametrize("form", ["loop", "turns of 3", "segments"])
    def test_sizes_may_be_known_only_when_it_is_compiled(self, form):
        traced, compiled = self.both(made("basic"), FORMS[form], True, spec=(None, None, D))
        for one, other in zip(traced, compiled, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4)

    def test_no_steps(self):
        run = tf.function(
            lambda x: u.dynamic_rnn(cell, x, dtype=tf.float32), jit_compile=True, autograph=False
        )
        cell = made("basic")
        outputs, state = run(tf.zeros([B, 0, D]))
        assert outputs.shape == (B, 0, 4)
        np.testing.assert_array_equal(state, np.zeros([B, 4]))

    def test_what_it_leaves_out_is_made_harmless(self):
        """Its programs have no run-time checks: no row may stand in for all of them."""
        cell = made("basic")

        @tf.function(
            input_signature=[
                tf.TensorSpec([None, T, D]),
                tf.TensorSpec([None, 4]),
                tf.TensorSpec([None], tf.int32),
            ],
            jit_compile=True,
        )
        def run(x, state, lengths):
            return u.dynamic_rnn(cell, x, lengths, initial_state=state)[0]

        good = run(X, np.zeros([B, 4], np.float32), LENGTHS)
        assert good.shape == (B, T, 4)
        for state, lengths in [(np.zeros([1, 4], np.float32), LENGTHS), (good[:, 0], LENGTHS[:1])]:
            with pytest.raises(tf.errors.InvalidArgumentError):
                run(X, state, lengths)
        # As the docstring of unrolled.unroll says:
        beyond = run(X, np.zeros([B, 4], np.float32), [17, -5, 99])
        np.testing.assert_array_equal(beyond, good)


class TestTFLite:
    @staticmethod
    def converted(run, *arrays):
        """What the converted function makes of the arrays, which differ in dtype."""
        module = tf.Module()
        module.run = tf.function(
            run, input_signature=[tf.TensorSpec(a.shape, a.dtype) for a in arrays]
        )
        converter = tf.lite.TFLiteConverter.from_concrete_functions(
            [module.run.get_concrete_function()], module
        )
        interpreter = tf.lite.Interpreter(model_content=converter.convert())
        interpreter.allocate_tensors()
        for detail in interpreter.get_input_details():
            array = next(a for a in arrays if a.dtype == detail["dtype"])
            interpreter.set_tensor(detail["index"], array)
        interpreter.invoke()
        return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])

    @pytest.mark.filterwarnings("ignore:.*tf.lite.Interpreter is deprecated")
    @pytest.mark.one_in(12)
    @pytest.mark.parametrize("lengths", [None, "known", "given"])
    @pytest.mark.parametrize("form", FORMS)
    def test_every_form_converts(self, form, lengths):
        cell, how = made("stack"), FORMS[form]
        if lengths == "given":
            result = self.converted(lambda x, n: unroll(cell, x, n, how)[0], X, LENGTHS)
        else:
            known = None if lengths is None else LENGTHS
            result = self.converted(lambda x: unroll(cell, x, known, how)[0], X)
        expected, _ = unroll(cell, tf.constant(X), None if lengths is None else LENGTHS, how)
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-6)


def test_a_saved_model_takes_other_sizes(tmp_path):
    cell = made("stack")

    class Served(tf.Module):
        def __init__(self):
            super().__init__()
            self.cell = cell

        @tf.function(
            input_signature=[tf.TensorSpec([None, None, D]), tf.TensorSpec([None], tf.int32)]
        )
        def __call__(self, x, lengths):
            return u.dynamic_rnn(self.cell, x, lengths, dtype=tf.float32)[0]

    tf.saved_model.save(Served(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    for x, lengths in [(X, LENGTHS), (X[:2, :5], [5, 0])]:
        expected, _ = u.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
        np.testing.assert_allclose(loaded(x, lengths), expected, rtol=1e-5, atol=1e-7)
