"""TensorFlow's own `static_rnn` and `dynamic_rnn`, in a graph and a session as in TensorFlow 1.

The cells have left the public API; the wheel still carries them.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow.python.keras.legacy_tf_layers.base  # noqa: F401  (the cells look for it)
from tensorflow.python.ops import rnn_cell_impl

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared

v1 = tf.compat.v1
v1.disable_v2_behavior()
CELLS = {"basic": rnn_cell_impl.BasicRNNCell, "gru": rnn_cell_impl.GRUCell}


def static_rnn(case: Case, mode: str) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, _ = v1.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll)


def dynamic_rnn(case: Case, mode: str) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, _ = v1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll)


def _prepare(case: Case, mode: str, unroll: Any) -> Prepared:
    start = cases.weights(case)
    with tf.Graph().as_default() as graph, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cells announce, once more, that they will go
        session = v1.Session(graph=graph)
        x, y = (_resident(session, array) for array in cases.data(case))
        layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
        cell = rnn_cell_impl.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
        outputs, last = unroll(cell, x)
        cell_variables = v1.trainable_variables()
        if mode in ("forward", "gradient"):
            fetch = outputs
            if mode == "gradient":
                fetch = tf.gradients(tf.reduce_mean(tf.square(outputs)), cell_variables)
        else:
            kernel = v1.get_variable("kernel", start.kernel.shape)
            bias = v1.get_variable("bias", start.bias.shape)
            fetch = tf.matmul(last, kernel) + bias
            if mode == "train":
                loss = tf.reduce_mean(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=fetch)
                )
                optimizer = v1.train.AdamOptimizer(cases.LEARNING_RATE, epsilon=cases.EPSILON)
                fetch = [loss, optimizer.minimize(loss)]
        fresh = [v for v in v1.global_variables() if v not in v1.local_variables()]
        session.run(v1.variables_initializer(fresh))
        values = [a for layer in start.layers for a in layer.values()]
        for variable, value in zip(v1.trainable_variables(), [*values, start.kernel, start.bias]):
            variable.load(value, session)
        step = session.make_callable(fetch)
    return Prepared(step, (lambda result: float(result[0])) if mode == "train" else np.asarray)


def _resident(session: v1.Session, array: np.ndarray) -> tf.Tensor:
    """`array` as a variable of the session: nothing is fed while the clock runs."""
    value = v1.placeholder(array.dtype, array.shape)
    variable = v1.Variable(value, trainable=False, collections=[v1.GraphKeys.LOCAL_VARIABLES])
    session.run(variable.initializer, {value: array})
    return tf.ensure_shape(variable.value(), array.shape)
