"""This package's `static_rnn` and `dynamic_rnn`, as a reader calls them, in a `tf.function`."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled
from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared

CELLS = {"basic": unrolled.BasicRNNCell, "gru": unrolled.GRUCell}


def static_rnn(case: Case, mode: str) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll)


def dynamic_rnn(case: Case, mode: str, **options: Any) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]; `options` are arguments of its own."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.dynamic_rnn(cell, x, dtype=tf.float32, **options)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll)


def _prepare(case: Case, mode: str, unroll: Any) -> Prepared:
    start = cases.weights(case)
    x, y = (tf.constant(array) for array in cases.data(case))
    layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
    cell = unrolled.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
    cell.build(case.D)
    for layer, values in zip(layers, start.layers):
        for name, value in values.items():
            getattr(layer, name).assign(value)
    kernel, bias = tf.Variable(start.kernel), tf.Variable(start.bias)
    optimizer = tf.compat.v1.train.AdamOptimizer(cases.LEARNING_RATE, epsilon=cases.EPSILON)

    @tf.function
    def forward(x: tf.Tensor) -> Any:
        return unroll(cell, x)[0]

    @tf.function
    def gradient(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(unroll(cell, x)[0]))
        return tape.gradient(loss, cell.trainable_variables)

    @tf.function
    def infer(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(unroll(cell, x)[1], kernel) + bias

    @tf.function
    def train(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = tf.matmul(unroll(cell, x)[1], kernel) + bias
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            )
        variables = [*cell.trainable_variables, kernel, bias]
        optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        return loss

    function = {"forward": forward, "gradient": gradient, "infer": infer, "train": train}[mode]
    arguments = (x, y) if mode == "train" else (x,)
    function.get_concrete_function(*arguments)
    return Prepared(lambda: function(*arguments), float if mode == "train" else np.asarray)
