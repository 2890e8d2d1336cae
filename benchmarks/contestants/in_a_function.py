"""A step in a `tf.function`, called for each step or for many: for our unrolls and TensorFlow's."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_session, many_steps
from unrolled import training


def adam(fused: bool) -> keras.optimizers.Optimizer:
    """One operation for each variable, as TensorFlow 1 had it and `training.fit` has it; or ten."""
    kind = training.Adam if fused else keras.optimizers.Adam
    return kind(cases.LEARNING_RATE, epsilon=cases.EPSILON)


def prepare(
    case: Case,
    mode: str,
    cell: Any,
    weights: list[tf.Variable],
    unroll: in_session.Unroll,
    steps_in_a_call: int = 1,
    fused_adam: bool = True,
    jit_compile: bool = False,
) -> Prepared:
    """The step of a network whose cell is built, with `weights` in the order of `cases.Weights`.

    With `steps_in_a_call`, a `tf.function` with a loop of so many training steps inside, as
    `unrolled.training.fit` runs them.
    """
    start = cases.weights(case)
    x, y = (tf.constant(array) for array in cases.data(case))
    values = [value for layer in start.layers for value in layer.values()]
    for variable, value in zip(weights, values, strict=True):
        variable.assign(value)
    kernel, bias = tf.Variable(start.kernel), tf.Variable(start.bias)
    variables = [*weights, kernel, bias]

    def forward(x: tf.Tensor) -> Any:
        return unroll(cell, x)[0]

    def gradient(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(unroll(cell, x)[0]))
        return tape.gradient(loss, weights)

    def infer(x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(unroll(cell, x)[1], kernel) + bias

    def train_step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            logits = tf.matmul(unroll(cell, x)[1], kernel) + bias
            loss = tf.reduce_mean(
                tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits)
            )
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    if mode == "train":
        optimizer = adam(fused_adam)
        optimizer.build(variables)
        step = many_steps.in_a_call(train_step, steps_in_a_call)
    else:
        step = {"forward": forward, "gradient": gradient, "infer": infer}[mode]
    function = tf.function(step, jit_compile=jit_compile)
    arguments = (x, y) if mode == "train" else (x,)
    function.get_concrete_function(*arguments)
    if mode != "train":
        return Prepared(lambda: function(*arguments), np.asarray)
    return Prepared(lambda: function(*arguments), many_steps.first_loss, steps_in_a_call)
