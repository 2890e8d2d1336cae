"""A step in a graph and a session, as in TensorFlow 1: for its own unrolls, and for ours too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared

v1 = tf.compat.v1
Unroll = Callable[[Any, tf.Tensor], tuple[Any, tf.Tensor]]  # (cell, x) -> outputs, the last one


def prepare(case: Case, mode: str, make_cell: Callable[[Case], Any], unroll: Unroll) -> Prepared:
    """The step of a network whose cell is made, and its variables too, inside the graph."""
    start = cases.weights(case)
    with tf.Graph().as_default() as graph:
        session = v1.Session(graph=graph)
        x, y = (_resident(session, array) for array in cases.data(case))
        outputs, last = unroll(make_cell(case), x)
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
