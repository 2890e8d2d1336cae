"""JAX: `jit` around `lax.scan`, with the products of all inputs in one before it."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared


def in_a_scan(case: Case, mode: str, unroll: int = 1, steps_in_a_call: int = 1) -> Prepared:
    """`unroll` is `lax.scan`'s own: so many time steps in one turn of its loop.

    With `steps_in_a_call`, a second scan around it takes so many training steps.
    """
    start = cases.weights(case)
    x, y = (jnp.array(array) for array in cases.data(case))
    parameters = jax.tree.map(jnp.array, (start.layers, start.kernel, start.bias))
    run_layer = partial({"basic": _basic, "gru": _gru}[case.kind], units=case.U, unroll=unroll)

    def logits(parameters: Any, x: jax.Array) -> jax.Array:
        layers, kernel, bias = parameters
        h = jnp.swapaxes(x, 0, 1)  # [B, T, D] -> [T, B, D]
        for layer in layers:
            h = run_layer(layer, h)
        return h[-1] @ kernel + bias

    def loss(parameters: Any, x: jax.Array, y: jax.Array) -> jax.Array:
        scores = jax.nn.log_softmax(logits(parameters, x))
        return -jnp.mean(jnp.take_along_axis(scores, y[:, None], axis=1))

    def adam(state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, jax.Array]:
        parameters, m, v, t = state
        value, g = jax.value_and_grad(loss)(parameters, x, y)
        t = t + 1
        m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, g)
        v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, g)
        rate = cases.LEARNING_RATE * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        parameters = jax.tree.map(
            lambda p, m, v: p - rate * m / (jnp.sqrt(v) + cases.EPSILON), parameters, m, v
        )
        return (parameters, m, v, t), value

    @partial(jax.jit, donate_argnums=0)
    def steps(state: Any, x: jax.Array, y: jax.Array) -> tuple[Any, jax.Array]:
        if steps_in_a_call == 1:
            return adam(state, x, y)
        return jax.lax.scan(lambda state, _: adam(state, x, y), state, length=steps_in_a_call)

    if mode == "infer":
        forward = jax.jit(logits).lower(parameters, x).compile()
        return Prepared(lambda: forward(parameters, x).block_until_ready(), np.asarray)

    zeros = partial(jax.tree.map, jnp.zeros_like)
    state = [(parameters, zeros(parameters), zeros(parameters), jnp.zeros(()))]
    update = steps.lower(*state, x, y).compile()

    def train() -> jax.Array:
        state[0], value = update(state[0], x, y)
        return value.block_until_ready()

    return Prepared(train, lambda losses: float(np.ravel(losses)[0]), steps_in_a_call)


def _basic(layer: dict[str, jax.Array], x: jax.Array, units: int, unroll: int) -> jax.Array:
    """[T, B, D] -> [T, B, U]."""
    kernel_x, kernel_h = layer["kernel"][:-units], layer["kernel"][-units:]

    def step(h: jax.Array, z: jax.Array) -> tuple[jax.Array, jax.Array]:
        h = jnp.tanh(z + h @ kernel_h)
        return h, h

    return _scan(step, x @ kernel_x + layer["bias"], units, unroll)


def _gru(layer: dict[str, jax.Array], x: jax.Array, units: int, unroll: int) -> jax.Array:
    """[T, B, D] -> [T, B, U], with the reset before the product as published."""
    gates, candidate = layer["gate_kernel"], layer["candidate_kernel"]
    z = (
        x @ gates[:-units] + layer["gate_bias"],
        x @ candidate[:-units] + layer["candidate_bias"],
    )

    def step(h: jax.Array, z: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        r, u = jnp.split(jax.nn.sigmoid(z[0] + h @ gates[-units:]), 2, axis=1)
        h = u * h + (1 - u) * jnp.tanh(z[1] + (r * h) @ candidate[-units:])
        return h, h

    return _scan(step, z, units, unroll)


def _scan(step: Any, z: Any, units: int, unroll: int) -> jax.Array:
    zero = jnp.zeros((jax.tree.leaves(z)[0].shape[1], units))
    return jax.lax.scan(step, zero, z, unroll=unroll)[1]
