"""Every cell once more, in NumPy and float64: what the TensorFlow code is compared with.

Written from the formulas in the docstrings, one gate at a time and without fused tricks.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def clip(x, bound):
    return x if bound is None else np.clip(x, -bound, bound)


def basic(x, h, w, activation=np.tanh):
    depth = x.shape[1]
    new = activation(x @ w["kernel"][:depth] + h @ w["kernel"][depth:] + w["bias"])
    return new, new


def lstm(x, state, w, forget_bias=1.0, cell_clip=None, proj_clip=None, peepholes=False):
    c, h = state
    units = c.shape[1]
    z = np.concatenate([x, h], axis=1) @ w["kernel"] + w["bias"]
    i, j, f, o = (z[:, k * units : (k + 1) * units] for k in range(4))
    if peepholes:
        i = i + w["w_i_diag"] * c
        f = f + w["w_f_diag"] * c
    new_c = clip(c * sigmoid(f + forget_bias) + sigmoid(i) * np.tanh(j), cell_clip)
    if peepholes:
        o = o + w["w_o_diag"] * new_c
    new_h = np.tanh(new_c) * sigmoid(o)
    if "projection/kernel" in w:
        new_h = clip(new_h @ w["projection/kernel"], proj_clip)
    return new_h, (new_c, new_h)


def gru(x, h, w):
    units = h.shape[1]
    z = sigmoid(np.concatenate([x, h], axis=1) @ w["gates/kernel"] + w["gates/bias"])
    r, u = z[:, :units], z[:, units:]
    candidate = np.tanh(
        np.concatenate([x, r * h], axis=1) @ w["candidate/kernel"] + w["candidate/bias"]
    )
    new = u * h + (1 - u) * candidate
    return new, new


def run(step, inputs, state, lengths=None):
    """Outputs [B, T, U] and the final state of `step` over inputs [B, T, D], row by row in time."""
    batch, steps, _ = inputs.shape
    lengths = [steps] * batch if lengths is None else lengths
    outputs = []
    for t in range(steps):
        output, new_state = step(inputs[:, t], state)
        live = (t < np.asarray(lengths))[:, None]
        outputs.append(np.where(live, output, 0))
        if isinstance(state, tuple):
            state = tuple(np.where(live, a, b) for a, b in zip(new_state, state, strict=True))
        else:
            state = np.where(live, new_state, state)
    return np.stack(outputs, axis=1), state
