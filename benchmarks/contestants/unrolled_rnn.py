"""This package's `static_rnn` and `dynamic_rnn`, as a reader calls them."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

import unrolled
from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_session, many_steps
from unrolled import training

CELLS = {"basic": unrolled.BasicRNNCell, "gru": unrolled.GRUCell}


def static_rnn(case: Case, mode: str, session: bool = False, steps_in_a_call: int = 1) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll, session, steps_in_a_call)


def dynamic_rnn(
    case: Case, mode: str, session: bool = False, steps_in_a_call: int = 1, **options: Any
) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]; `options` are arguments of its own."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.dynamic_rnn(cell, x, dtype=tf.float32, **options)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll, session, steps_in_a_call)


def _prepare(
    case: Case,
    mode: str,
    unroll: in_session.Unroll,
    session: bool,
    steps_in_a_call: int,
) -> Prepared:
    """A `tf.function` that is called for each step.

    With `session`, the same program in a graph of TensorFlow 1, as its own unrolls are measured.
    With `steps_in_a_call`, a `tf.function` with a loop of so many training steps inside, as
    `unrolled.training.fit` runs them.
    """
    if session:
        return in_session.prepare(case, mode, _cell, unroll)
    start = cases.weights(case)
    x, y = (tf.constant(array) for array in cases.data(case))
    cell = _cell(case)
    for layer, values in zip(getattr(cell, "cells", [cell]), start.layers, strict=True):
        for name, value in values.items():
            getattr(layer, name).assign(value)
    kernel, bias = tf.Variable(start.kernel), tf.Variable(start.bias)
    optimizer = training.Adam(cases.LEARNING_RATE, epsilon=cases.EPSILON)
    optimizer.build([*cell.trainable_variables, kernel, bias])

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

    def train_step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = tf.matmul(unroll(cell, x)[1], kernel) + bias
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            )
        variables = [*cell.trainable_variables, kernel, bias]
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    train = tf.function(many_steps.in_a_call(train_step, steps_in_a_call))
    function = {"forward": forward, "gradient": gradient, "infer": infer, "train": train}[mode]
    arguments = (x, y) if mode == "train" else (x,)
    function.get_concrete_function(*arguments)
    if mode != "train":
        return Prepared(lambda: function(*arguments), np.asarray)
    return Prepared(lambda: function(*arguments), many_steps.first_loss, steps_in_a_call)


def _cell(case: Case) -> Any:
    layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
    cell = unrolled.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
    cell.build(case.D)
    return cell
