"""Keras 3: a Sequential model of SimpleRNN or GRU layers."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_a_function, many_steps


def _model(case: Case, mode: str, unroll: bool = False) -> keras.Model:
    """The layers, with the shared weights inside."""
    start = cases.weights(case)
    every_output = mode in ("forward", "gradient")
    layers: list[Any] = [keras.Input(batch_shape=(case.B, case.T, case.D))]
    for layer in range(case.layers):
        options = {
            "return_sequences": every_output or layer < case.layers - 1,
            "unroll": unroll,
        }
        if case.kind == "basic":
            layers.append(keras.layers.SimpleRNN(case.U, **options))
        else:
            layers.append(keras.layers.GRU(case.U, reset_after=False, **options))
    if not every_output:
        layers.append(keras.layers.Dense(cases.CLASSES))
    model = keras.Sequential(layers)
    for layer, values in zip(model.layers, start.layers):
        layer.set_weights(_as_keras(values, case.U))
    if not every_output:
        model.layers[-1].set_weights([start.kernel, start.bias])
    return model


def in_a_model(
    case: Case,
    mode: str,
    unroll: bool = False,
    jit_compile: bool = False,
    tf_function: bool = False,
    steps_in_a_call: int = 1,
    fused_adam: bool = True,
) -> Prepared:
    """`train_on_batch` and `predict_on_batch`; with `tf_function`, a step written around the model.

    With `steps_in_a_call`, that function has a loop of so many training steps inside. The optimizer
    is `unrolled.training.Adam`, as ours has it, or Keras's own with `fused_adam=False`.

    `train_on_batch` returns the mean of the losses since the metrics were reset, so reading a loss
    resets them.
    """
    x, y = (tf.constant(array) for array in cases.data(case))
    model = _model(case, mode, unroll)
    loss_function = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = in_a_function.adam(fused_adam)

    if mode in ("train", "infer") and not tf_function:
        model.compile(optimizer, loss_function, jit_compile=jit_compile)
        if mode == "infer":
            return Prepared(lambda: model.predict_on_batch(x), np.asarray)

        def loss(result: Any) -> float:
            model.reset_metrics()
            return float(result)

        return Prepared(lambda: model.train_on_batch(x, y), loss)

    variables = model.trainable_variables

    @tf.function(jit_compile=jit_compile)
    def forward(x: tf.Tensor) -> tf.Tensor:
        return model(x)

    @tf.function(jit_compile=jit_compile)
    def gradient(x: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(tf.square(model(x)))
        return tape.gradient(loss, variables)

    def train_step(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = loss_function(y, model(x, training=True))
        optimizer.apply(tape.gradient(loss, variables), variables)
        return loss

    train = tf.function(many_steps.in_a_call(train_step, steps_in_a_call), jit_compile=jit_compile)
    if mode == "train":
        optimizer.build(variables)
    function = {"gradient": gradient, "train": train}.get(mode, forward)
    arguments = (x, y) if mode == "train" else (x,)
    function.get_concrete_function(*arguments)
    if mode != "train":
        return Prepared(lambda: function(*arguments), np.asarray)
    return Prepared(lambda: function(*arguments), many_steps.first_loss, steps_in_a_call)


def _as_keras(values: dict[str, np.ndarray], units: int) -> list[np.ndarray]:
    """A layer's weights as Keras orders them: rows x and h apart, a GRU's blocks as u, r, h."""
    if "kernel" in values:
        kernel, bias = values["kernel"], values["bias"]
    else:
        r, u = np.split(values["gate_kernel"], 2, axis=1)
        r_bias, u_bias = np.split(values["gate_bias"], 2)
        kernel = np.concatenate([u, r, values["candidate_kernel"]], axis=1)
        bias = np.concatenate([u_bias, r_bias, values["candidate_bias"]])
    return [kernel[:-units], kernel[-units:], bias]
