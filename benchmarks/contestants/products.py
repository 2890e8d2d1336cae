"""A reference: the matrix products that a training step needs, in NumPy, one after another.

No bias, no activation, no loss, no Adam; every result goes into an array that is there already.
For each layer and kernel K [D+U, k], with K_h its last U rows:

    forward      z[t] = xh[t] K                       [B, D+U] @ [D+U, k], T times
    backward     d_xh[t] = dz[t] K'                   [B, k] @ [k, D+U]
    weights      dK = sum over t of xh[t]' dz[t]      T products, or one of T·B rows

Nobody asks for the gradient of the bottom layer's x, nor for that of the state before step 0, so
backward the bottom layer takes dz[t] K_h', and step 0 nothing of the state.

It is no lower bound: it takes one product at a time and goes back to Python after each. A graph may
take those of two layers side by side.
"""

from __future__ import annotations

import numpy as np

from benchmarks.cases import Case
from benchmarks.contestants import Prepared


def in_turn(case: Case, mode: str, batched_weight_gradient: bool = False) -> Prepared:
    """The products of a cell that multiplies [x, h] by its kernel at every step."""
    layers = []
    for depth, columns, is_lowest in _kernels(case):
        rows = depth + case.U
        kernel = _random(rows, columns)
        xh, dz = _random(case.T, case.B, rows), _random(case.T, case.B, columns)
        z, d_kernel = np.empty_like(dz[0]), np.empty_like(kernel)
        # What the gradient goes back through at step 0, if anything, and at the other steps.
        first = None if is_lowest else kernel[:depth].T
        later = kernel[depth:].T if is_lowest else kernel.T
        d_first = None if first is None else _empty(case.B, depth)
        d_later = _empty(case.B, case.U if is_lowest else rows)
        layers.append((kernel, xh, dz, z, first, later, d_first, d_later, d_kernel))

    def step() -> None:
        for kernel, xh, _, z, *_ in layers:
            for t in range(case.T):
                np.matmul(xh[t], kernel, out=z)
        if mode != "train":
            return
        for _, xh, dz, _, first, later, d_first, d_later, d_kernel in reversed(layers):
            for t in reversed(range(case.T)):
                if t:
                    np.matmul(dz[t], later, out=d_later)
                elif first is not None:
                    np.matmul(dz[t], first, out=d_first)
                if not batched_weight_gradient:
                    np.matmul(xh[t].T, dz[t], out=d_kernel)
            if batched_weight_gradient:
                np.matmul(_rows(xh).T, _rows(dz), out=d_kernel)

    return Prepared(step)


def lifted(case: Case, mode: str) -> Prepared:
    """The same numbers, where only h [B, U] is multiplied at every step.

    The inputs of all steps are multiplied in one product, and so are their gradients.
    """
    layers = []
    for depth, columns, is_lowest in _kernels(case):
        kernel_x, kernel_h = _random(depth, columns), _random(case.U, columns)
        x, h = _random(case.T * case.B, depth), _random(case.T, case.B, case.U)
        z, dz = _empty(case.T * case.B, columns), _random(case.T, case.B, columns)
        out = [np.empty_like(a) for a in (dz[0], x, h[0], kernel_x, kernel_h)]
        layers.append((kernel_x, kernel_h, x, h, z, dz, out, is_lowest))

    def step() -> None:
        for kernel_x, kernel_h, x, h, z, _, out, _ in layers:
            np.matmul(x, kernel_x, out=z)
            for t in range(case.T):
                np.matmul(h[t], kernel_h, out=out[0])
        if mode != "train":
            return
        for kernel_x, kernel_h, x, h, _, dz, out, is_lowest in reversed(layers):
            _, dx, dh, d_kernel_x, d_kernel_h = out
            for t in reversed(range(1, case.T)):
                np.matmul(dz[t], kernel_h.T, out=dh)
            if not is_lowest:
                np.matmul(_rows(dz), kernel_x.T, out=dx)
            np.matmul(x.T, _rows(dz), out=d_kernel_x)
            np.matmul(_rows(h).T, _rows(dz), out=d_kernel_h)

    return Prepared(step)


def _kernels(case: Case) -> list[tuple[int, int, bool]]:
    """(input depth, columns, of the bottom layer?) of every kernel; a GRU's layer has two."""
    columns = [case.U] if case.kind == "basic" else [2 * case.U, case.U]
    depths = [case.D] + [case.U] * (case.layers - 1)
    return [(depth, k, layer == 0) for layer, depth in enumerate(depths) for k in columns]


def _rows(array: np.ndarray) -> np.ndarray:
    """[T, B, k] -> [T·B, k]."""
    return array.reshape(-1, array.shape[-1])


def _empty(*shape: int) -> np.ndarray:
    return np.empty(shape, np.float32)


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32) - np.float32(0.5)
