"""A recurrent network in NumPy alone: forward, loss, and backpropagation through time.

The network is the basic cell with one output layer shared by all steps,

    h_t = tanh([x_t, h_{t-1}] @ kernel + bias)        [B, U]
    logits_t = h_t @ output_kernel + output_bias      [B, C]

with B rows in the batch, T steps, D inputs, U units and C classes. Nothing here imports the rest
of the package: it is the yardstick that the TensorFlow code is measured with. Whole numbers are
read as floating point. Inputs past a row's length are not read, nor are logits and targets of
weight 0, so that these may hold anything. Every function raises

  TypeError: an argument is not an array of numbers.
  ValueError: a shape or a value does not fit; the message names the argument.

Source of the formulas: Elman, "Finding structure in time" (1990), for the network; Werbos,
"Backpropagation through time: what it does and how to do it" (1990), for the gradient.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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
    x, bias, kernel, h = _checked(x=x, bias=bias, kernel=kernel, h=h)
    return np.tanh(np.concatenate([x, h], axis=1) @ kernel + bias)  # [B, D+U] @ [D+U, U]


def live_steps(lengths: ArrayLike | None, batch: int, steps: int) -> NDArray:
    """Which steps are real: a boolean array [B, T], all True without lengths.

    Args:
      lengths: B integers in 0..T, or None.
      batch, steps: B and T.
    """
    _check_whole(batch, "batch", lowest=0)
    _check_whole(steps, "steps", lowest=0)
    if lengths is None:
        return np.ones((batch, steps), dtype=bool)
    lengths = _as_array(lengths, "lengths")
    if lengths.shape != (batch,) or (lengths.size and lengths.dtype.kind not in "iu"):
        raise ValueError(
            f"lengths must be {batch} integers, one for each row of the batch; "
            f"got shape {lengths.shape} and dtype {lengths.dtype}."
        )
    if lengths.size and (lengths.min() < 0 or lengths.max() > steps):
        raise ValueError(f"lengths must lie in 0..{steps}, the number of steps; got {lengths}.")
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
      initial_state: [B, U] (default: zeros).
      lengths: B integers in 0..T; past its length a row's state stands still (default: T for each).

    Returns:
      States [B, T + 1, U]: entry 0 is the initial state, entry t + 1 the state after step t.
    """
    inputs, bias, kernel = _checked(inputs=inputs, bias=bias, kernel=kernel)
    (batch, steps, _), units = inputs.shape, len(bias)
    if initial_state is None:
        initial_state = np.zeros((batch, units), kernel.dtype)
    _, _, h = _checked(inputs=inputs, bias=bias, initial_state=initial_state)
    live = live_steps(lengths, batch, steps)
    inputs = np.where(live[..., None], inputs, 0.0)  # [B, T, D]; 0 times NaN would be NaN
    states = [h]
    for t in range(steps):
        new_h = step(inputs[:, t], h, kernel, bias)
        h = np.where(live[:, t, None], new_h, h)
        states.append(h)
    return np.stack(states, axis=1)  # T + 1 times [B, U] -> [B, T+1, U]


def softmax(logits: NDArray) -> NDArray:
    """Probabilities over the last axis; the largest logit is taken off first, so none overflows."""
    logits = _as_array(logits, "logits")
    if not logits.ndim or not logits.shape[-1]:
        raise ValueError(f"logits must be [..., C], C at least 1; got shape {logits.shape}.")
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


def loss(
    logits: NDArray, targets: NDArray, weights: NDArray | None = None
) -> tuple[float, NDArray]:
    """Weighted mean cross-entropy in nats, and its gradient.

    Args:
      logits: [B, T, C], unnormalised scores; -inf rules a class out.
      targets: [B, T], class numbers in 0..C-1. Where the weight is 0 any number will do.
      weights: [B, T] (default: ones). Weights that sum to 0 give a loss of 0.

    Returns:
      The loss, and its gradient with respect to the logits, [B, T, C].
    """
    logits, targets, weights = _checked_scores(logits, targets, weights)
    total = weights.sum()
    share = weights / total if total else np.zeros_like(weights)  # [B, T]
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))  # [B, T, C]
    log_p_target = np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0]  # [B, T]
    one_hot = np.eye(logits.shape[-1])[targets]  # [B, T] -> [B, T, C]
    return float(-(share * log_p_target).sum()), share[..., None] * (np.exp(log_p) - one_hot)


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
        backpropagation through time); None lets it run to the first step (default: None).

    Returns:
      The gradients of the weights, the inputs and the states.
    """
    if truncate is not None:
        _check_whole(truncate, "truncate", lowest=1, instead=" or None")
    inputs, parameters = _checked_network(inputs, parameters)
    kernel, bias, output_kernel, output_bias = parameters
    states, d_logits = _checked(
        inputs=inputs, bias=bias, output_bias=output_bias, states=states, d_logits=d_logits
    )[3:]
    batch, steps, depth = inputs.shape
    live = live_steps(lengths, batch, steps)
    inputs = np.where(live[..., None], inputs, 0.0)  # [B, T, D]; 0 times NaN would be NaN
    d_kernel = np.zeros_like(kernel)
    d_bias = np.zeros_like(bias)
    d_inputs = np.zeros_like(inputs)
    d_states = np.zeros_like(states)
    d_h = np.zeros_like(states[:, 0])  # [B, U]: nothing comes from after the last step
    for t in reversed(range(steps)):
        d_output = np.where(live[:, t, None], d_logits[:, t] @ output_kernel.T, 0.0)
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
    """The whole of it: `forward`, the output layer, `loss`, `backward`.

    Each argument is described with the function that takes it.

    Returns:
      The loss, and what `backward` returns.
    """
    inputs, parameters = _checked_network(inputs, parameters)
    states = forward(inputs, parameters.kernel, parameters.bias, initial_state, lengths)
    live = live_steps(lengths, *inputs.shape[:2])
    outputs = np.where(live[..., None], states[:, 1:], 0.0)  # zero past a row's length
    logits = outputs @ parameters.output_kernel + parameters.output_bias  # [B, T, C]
    value, d_logits = loss(logits, targets, weights)
    return value, backward(inputs, states, parameters, d_logits, lengths, truncate)


# The arguments ---------------------------------------------------------------------------------

_SHAPES = {
    "x": "B, D",
    "h": "B, U",
    "inputs": "B, T, D",
    "initial_state": "B, U",
    "states": "B, T + 1, U",
    "kernel": "D + U, U",
    "bias": "U",
    "output_kernel": "U, C",
    "output_bias": "C",
    "logits": "B, T, C",
    "d_logits": "B, T, C",
    "targets": "B, T",
    "weights": "B, T",
}


def _checked(**arguments: Any) -> list[NDArray]:
    """The arguments as arrays whose shapes agree: the first to have a letter says its size."""
    sizes: dict[str, int] = {}
    arrays = []
    for name, value in arguments.items():
        array = _as_array(value, name)
        axes = _SHAPES[name].split(", ")
        known = [axis for axis in axes if axis in sizes or "+" in axis]
        fits = array.ndim == len(axes)
        for axis, size in zip(axes, array.shape):
            if "+" not in axis:
                sizes.setdefault(axis, size)
            terms = (int(term) if term.isdigit() else sizes[term] for term in axis.split(" + "))
            fits = fits and size == sum(terms)
        if not fits:
            letters = sorted({letter for axis in known for letter in axis if letter in sizes})
            known_sizes = ", ".join(f"{letter} = {sizes[letter]}" for letter in letters)
            raise ValueError(
                f"{name} must be [{_SHAPES[name]}]{known_sizes and f' with {known_sizes}'}; "
                f"got shape {array.shape}."
            )
        arrays.append(array)
    return arrays


def _checked_network(inputs: Any, parameters: Any) -> tuple[NDArray, Parameters]:
    if not isinstance(parameters, Parameters):
        raise TypeError(
            f"parameters must be Parameters({', '.join(Parameters._fields)}); "
            f"got a {type(parameters).__name__}."
        )
    given = parameters._asdict()
    order = ("bias", "kernel", "output_kernel", "output_bias")
    inputs, *checked = _checked(inputs=inputs, **{name: given[name] for name in order})
    return inputs, Parameters(**dict(zip(order, checked)))


def _checked_scores(logits: Any, targets: Any, weights: Any) -> tuple[NDArray, NDArray, NDArray]:
    """Logits, targets and weights, with 0 in the first two where the weight is 0."""
    (logits,) = _checked(logits=logits)
    if weights is None:
        weights = np.ones(logits.shape[:2])
    logits, targets, weights = _checked(logits=logits, targets=targets, weights=weights)
    classes = logits.shape[-1]
    if not classes:
        raise ValueError(f"logits must be [B, T, C], C at least 1; got shape {logits.shape}.")
    if targets.dtype.kind not in "iu":
        raise ValueError(
            f"targets must be class numbers of an integer type; got {targets.dtype}: "
            "take argmax over the last axis of one-hot targets."
        )
    counts = weights != 0  # [B, T]
    outside = counts & ((targets < 0) | (targets >= classes))
    for wrong, array, name, wanted in (
        (~np.isfinite(weights), weights, "weights", "finite"),
        (outside, targets, "targets", f"in 0..{classes - 1} where the weight is not 0"),
    ):
        if wrong.any():
            b, t = map(int, np.argwhere(wrong)[0])
            raise ValueError(f"{name} must be {wanted}; got {array[b, t]} at [{b}, {t}].")
    targets = np.where(counts, targets, 0).astype(np.int64)
    return np.where(counts[..., None], logits, 0.0), targets, weights


def _as_array(value: Any, name: str) -> NDArray:
    """An array of floating-point numbers; targets and lengths keep what they are."""
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(
            f"{name} must be an array without a mask, which would be lost; got a masked one: give "
            f"{name}.filled(0), and say by lengths or weights what is real."
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{name} must be one array; got rows of different lengths: pad them to one length."
        ) from None
    if array.dtype.kind not in ("biuf" if name in ("weights", *_WHOLE) else "iuf"):
        raise TypeError(
            f"{name} must be an array of numbers; got {type(value).__name__} of {array.dtype}."
        )
    return array if array.dtype.kind == "f" or name in _WHOLE else array.astype(float)


_WHOLE = ("targets", "lengths")


def _check_whole(value: Any, name: str, lowest: int, instead: str = "") -> None:
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if not whole or value < lowest:
        raise ValueError(
            f"{name} must be a whole number of at least {lowest}{instead}; got {value!r}."
        )
