"""What single operations of a graph cost: many of them one after another, divided by their number.

Each operation of a chain waits for the one before and takes the same inputs. A chain's graph is run
as it was written: TensorFlow's optimiser would fold it into one operation.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared

MANY = 1000


def in_a_chain(case: Case, mode: str, operation: str) -> Prepared:
    """`operation` at the sizes of one step of `case`, many times."""
    # For the whole process: read whenever a function is called.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    x, h, kernel, bias = _tensors(case)
    xh = tf.concat([x, h], axis=1)  # [B, D+U]
    operations = {
        "concat": lambda: tf.concat([x, h], axis=1),
        "matmul": lambda: tf.matmul(xh, kernel),
        "add": lambda: h + bias,
        "tanh": lambda: tf.tanh(h),
    }
    run = operations[operation]

    @tf.function(autograph=False)
    def chain() -> tf.Tensor:
        y = run()
        for _ in range(MANY - 1):
            with tf.control_dependencies([y]):
                y = run()
        return y

    chain.get_concrete_function()
    return Prepared(chain, repeats=MANY)


def as_it_comes(case: Case, mode: str, operation: str) -> Prepared:
    """A call from Python, a turn of a loop, and NumPy's product of the same sizes."""
    x, h, kernel, _ = _tensors(case)
    if operation == "numpy.matmul":
        xh, out = tf.concat([x, h], axis=1).numpy(), h.numpy()
        matrix = kernel.numpy()
        return Prepared(lambda: np.matmul(xh, matrix, out=out))
    if operation == "tf.function":
        nothing = tf.function(lambda x: x)
        nothing.get_concrete_function(x)
        return Prepared(lambda: nothing(x))
    if operation == "concrete function":
        traced = tf.function(lambda x: x).get_concrete_function(x)
        return Prepared(lambda: traced(x))
    if operation == "session":
        with tf.Graph().as_default():
            session = tf.compat.v1.Session()
            return Prepared(session.make_callable(tf.zeros([])))
    if operation == "session, fed":
        with tf.Graph().as_default():
            session, fed = tf.compat.v1.Session(), x.numpy()
            placeholder = tf.compat.v1.placeholder(tf.float32, x.shape)
            nothing = tf.identity(placeholder)
            return Prepared(lambda: session.run(nothing, {placeholder: fed}))
    loops = {"while_loop": _empty_turn, "while_loop with arrays": _turn_with_arrays}
    return Prepared(loops[operation](h), repeats=MANY)


def _tensors(case: Case) -> tuple[tf.Tensor, ...]:
    """x [B, D], h [B, U], and a kernel [D+U, U] and a bias [U]."""
    x = tf.constant(cases.data(case)[0][:, 0])
    kernel, bias = (tf.constant(a) for a in cases.weights(case).layers[0].values())
    return x, tf.zeros([case.B, case.U]), kernel, bias


def _empty_turn(h: tf.Tensor) -> Any:
    """A loop whose turns count and do nothing else."""

    @tf.function(autograph=False)
    def loop(many: tf.Tensor) -> tf.Tensor:
        return tf.while_loop(lambda t: t < many, lambda t: t + 1, [tf.constant(0)])

    many = tf.constant(MANY)
    loop.get_concrete_function(many)
    return lambda: loop(many)


def _turn_with_arrays(h: tf.Tensor) -> Any:
    """A loop that also reads a step from one array and writes it to another, as a dynamic RNN."""
    frames = tf.zeros([MANY, *h.shape])

    @tf.function(autograph=False)
    def loop(frames: tf.Tensor) -> tf.Tensor:
        source = tf.TensorArray(tf.float32, MANY, element_shape=h.shape).unstack(frames)
        target = tf.TensorArray(tf.float32, MANY, element_shape=h.shape)
        _, target = tf.while_loop(
            lambda t, _: t < MANY,
            lambda t, target: (t + 1, target.write(t, source.read(t))),
            [tf.constant(0), target],
        )
        return target.read(MANY - 1)

    loop.get_concrete_function(frames)
    return lambda: loop(frames)
