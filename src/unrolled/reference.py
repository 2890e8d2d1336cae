"""A recurrent network in NumPy alone: forward, loss, and backpropagation through time.

The network is the basic cell with one output layer shared by all steps,

    h_t = tanh([x_t, h_{t-1}] @ kernel + bias)        [B, U]
    logits_t = h_t @ output_kernel + output_bias      [B, C]

with B rows in the batch, T steps, D inputs, U units and C classes. Nothing here imports the rest
of the package: it is the yardstick that the TensorFlow code is measured with.

Source of the formulas: Elman, "Finding structure in time" (1990), for the network; Werbos,
"Backpropagation through time: what it does and how to do it" (1990), for the gradient.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray


class Parameters(NamedTuple):
    """The weights of the network, or their gradients: the same four shapes."""

    kernel: NDArray  # [D + U, U]: rows :D multiply the input, rows D: the previous state
    bias: NDArray  # [U]
    output_kernel: NDArray  # [U, C]
    output_bias: NDArray  # [C]


class Backward(NamedTuple):
    """What `backward` finds."""

    parameters: Parameters
    inputs: NDArray  # [B, T, D]: the gradient of the loss with respect to each input
    states: NDArray  # [B, T + 1, U]: with respect to each state; entry 0 is the initial one


def step(x: NDArray, h: NDArray, kernel: NDArray, bias: NDArray) -> NDArray:
    """One time step: x [B, D] and h [B, U] give the new state [B, U]."""
    return np.tanh(np.concatenate([x, h], axis=1) @ kernel + bias)  # [B, D+U] @ [D+U, U]


def live_steps(lengths: ArrayLike | None, batch: int, steps: int) -> NDArray:
    """Which steps are real: a boolean array [B, T], all True where no lengths are given."""
    if lengths is None:
        return np.ones((batch, steps), dtype=bool)
    lengths = np.asarray(lengths)
    if lengths.shape != (batch,) or lengths.dtype.kind not in "iu":
        raise ValueError(
            f"lengths must be {batch} integers, one for each row of the batch; "
            f"got shape {lengths.shape} and dtype {lengths.dtype}"
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > steps):
        raise ValueError(f"lengths must lie in 0..{steps}, the number of steps; got {lengths}")
    return np.arange(steps) < lengths[:, None]  # [T] < [B, 1] -> [B, T]


def forward(
    inputs: NDArray,
    kernel: NDArray,
    bias: NDArray,
    initial_state: NDArray | None = None,
    lengths: ArrayLike | None = None,
) -> NDArray:
    """All states, the initial one first.

    Args:
      inputs: [B, T, D].
      kernel, bias: [D + U, U] and [U].
      initial_state: [B, U]; zeros where it is left out.
      lengths: B integers in 0..T; past its length a row's state stands still.

    Returns:
      States [B, T + 1, U]: entry 0 is the initial state, entry t + 1 the state after step t.

    Raises:
      ValueError: the shapes do not fit together.
    """
    units = bias.shape[0]
    if inputs.ndim != 3 or kernel.shape != (inputs.shape[2] + units, units):
        raise ValueError(
            f"inputs must be [B, T, D] and kernel [D + U, U] with U = {units}; "
            f"got inputs {inputs.shape} and kernel {kernel.shape}"
        )
    batch, steps, _ = inputs.shape
    live = live_steps(lengths, batch, steps)
    h = np.zeros((batch, units), kernel.dtype) if initial_state is None else initial_state
    states = [h]
    for t in range(steps):
        new_h = step(inputs[:, t], h, kernel, bias)
        h = np.where(live[:, t, None], new_h, h)
        states.append(h)
    return np.stack(states, axis=1)  # T + 1 times [B, U] -> [B, T+1, U]


def softmax(logits: NDArray) -> NDArray:
    """Probabilities over the last axis; the largest logit is taken off first, so none overflows."""
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def loss(
    logits: NDArray, targets: NDArray, weights: NDArray | None = None
) -> tuple[float, NDArray]:
    """Weighted mean cross-entropy in nats, and its gradient.

    Args:
      logits: [B, T, C], unnormalised scores.
      targets: [B, T], class numbers in 0..C-1.
      weights: [B, T]; ones where they are left out. Weights that sum to 0 give a loss of 0.

    Returns:
      The loss, and its gradient with respect to the logits, [B, T, C].
    """
    weights = np.ones(targets.shape) if weights is None else np.asarray(weights)
    total = weights.sum()
    share = weights / total if total else np.zeros_like(weights, dtype=float)  # [B, T]
    one_hot = np.eye(logits.shape[-1])[targets]  # [B, T] -> [B, T, C]
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    value = -(share * (one_hot * log_p).sum(axis=-1)).sum()
    return float(value), share[..., None] * (np.exp(log_p) - one_hot)


def backward(
    inputs: NDArray,
    states: NDArray,
    parameters: Parameters,
    d_logits: NDArray,
    lengths: ArrayLike | None = None,
    truncate: int | None = None,
) -> Backward:
    """Backpropagation through time.

    The loop of `forward` runs backwards. At each step `d_h`, the gradient with respect to the
    state, gathers what comes from this step's logits and what comes from the step after it.

    Args:
      inputs: [B, T, D].
      states: [B, T + 1, U], as `forward` returned them.
      parameters: the weights.
      d_logits: [B, T, C], the gradient of the loss with respect to the logits.
      lengths: as for `forward`.
      truncate: stop the gradient at the start of every segment of this many steps (truncated
        backpropagation through time); None lets it run to the first step.

    Returns:
      The gradients of the weights, the inputs and the states.
    """
    if truncate is not None and truncate < 1:
        raise ValueError(f"truncate must be at least 1 step or None; got {truncate}")
    batch, steps, depth = inputs.shape
    live = live_steps(lengths, batch, steps)
    kernel = parameters.kernel
    d_kernel = np.zeros_like(kernel)
    d_bias = np.zeros_like(parameters.bias)
    d_inputs = np.zeros_like(inputs)
    d_states = np.zeros_like(states)
    d_h = np.zeros_like(states[:, 0])  # [B, U]: nothing comes from after the last step
    for t in reversed(range(steps)):
        d_output = np.where(live[:, t, None], d_logits[:, t] @ parameters.output_kernel.T, 0.0)
        d_h = d_h + d_output
        d_states[:, t + 1] = d_h
        # tanh'(z) = 1 - tanh(z)^2, and tanh(z) is the state itself
        d_z = np.where(live[:, t, None], d_h * (1 - states[:, t + 1] ** 2), 0.0)  # [B, U]
        x_and_h = np.concatenate([inputs[:, t], states[:, t]], axis=1)  # [B, D+U]
        d_kernel += x_and_h.T @ d_z  # [D+U, B] @ [B, U]
        d_bias += d_z.sum(axis=0)
        d_x_and_h = d_z @ kernel.T  # [B, U] @ [U, D+U]
        d_inputs[:, t] = d_x_and_h[:, :depth]
        d_h = np.where(live[:, t, None], d_x_and_h[:, depth:], d_h)
        if truncate is not None and t % truncate == 0:
            d_h = np.zeros_like(d_h)
    d_states[:, 0] = d_h
    outputs = np.where(live[..., None], states[:, 1:], 0.0)  # [B, T, U]
    return Backward(
        Parameters(
            d_kernel,
            d_bias,
            np.einsum("btu,btc->uc", outputs, d_logits),
            d_logits.sum(axis=(0, 1)),
        ),
        d_inputs,
        d_states,
    )


def loss_and_gradients(
    inputs: NDArray,
    targets: NDArray,
    parameters: Parameters,
    weights: NDArray | None = None,
    initial_state: NDArray | None = None,
    lengths: ArrayLike | None = None,
    truncate: int | None = None,
) -> tuple[float, Backward]:
    """The whole of it: `forward`, the output layer, `loss`, `backward`."""
    states = forward(inputs, parameters.kernel, parameters.bias, initial_state, lengths)
    live = live_steps(lengths, *inputs.shape[:2])
    outputs = np.where(live[..., None], states[:, 1:], 0.0)  # zero past a row's length
    logits = outputs @ parameters.output_kernel + parameters.output_bias  # [B, T, C]
    value, d_logits = loss(logits, targets, weights)
    return value, backward(inputs, states, parameters, d_logits, lengths, truncate)
