"""The floor: the matrix products of a step alone, in NumPy, in the order the recurrence allows.

No bias, no activation, no loss, no Adam; every result goes into an array that is there already.
For each layer and kernel [D+U, k]:

    forward      z[t] = xh[t] K                       [B, D+U] @ [D+U, k], T times
    backward     d_xh[t] = dz[t] K'                   [B, k] @ [k, D+U], T times
    weights      dK = sum over t of xh[t]' dz[t]      T products, or one of T·B rows
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from benchmarks.cases import Case
from benchmarks.contestants import Prepared

Product = Callable[[], object]


def floor(case: Case, mode: str, batched_weight_gradient: bool = False) -> Prepared:
    """The products of a cell that multiplies [x, h] by its kernel at every step."""
    layers = []
    for depth, columns in _kernels(case):
        rows = depth + case.U
        kernel = _random(rows, columns)
        xh, dz = _random(case.T, case.B, rows), _random(case.T, case.B, columns)
        z, d_xh, d_kernel = np.empty_like(dz[0]), np.empty_like(xh[0]), np.empty_like(kernel)
        all_xh, all_dz = xh.reshape(-1, rows), dz.reshape(-1, columns)
        layers.append((kernel, xh, dz, z, d_xh, d_kernel, all_xh, all_dz))

    def step() -> None:
        for kernel, xh, dz, z, d_xh, d_kernel, all_xh, all_dz in layers:
            for t in range(case.T):
                np.matmul(xh[t], kernel, out=z)
            if mode != "train":
                continue
            for t in reversed(range(case.T)):
                np.matmul(dz[t], kernel.T, out=d_xh)
                if not batched_weight_gradient:
                    np.matmul(xh[t].T, dz[t], out=d_kernel)
            if batched_weight_gradient:
                np.matmul(all_xh.T, all_dz, out=d_kernel)

    return Prepared(step)


def floor_split(case: Case, mode: str) -> Prepared:
    """Lower still, for a cell that is known inside: only h [B, U] is multiplied at every step.

    The inputs of all steps are multiplied in one product, and so are their gradients, which the
    first layer does not need.
    """
    layers = []
    for layer, (depth, columns) in enumerate(_kernels(case)):
        kernel_x, kernel_h = _random(depth, columns), _random(case.U, columns)
        x, h = _random(case.T * case.B, depth), _random(case.T, case.B, case.U)
        z, dz = np.empty((case.T * case.B, columns), np.float32), _random(case.T, case.B, columns)
        out = [np.empty_like(a) for a in (dz[0], x, h[0], kernel_x, kernel_h)]
        needs_dx = layer >= len(_kernels(case)) // case.layers
        layers.append((kernel_x, kernel_h, x, h, z, dz, out, needs_dx))

    def step() -> None:
        for kernel_x, kernel_h, x, h, z, dz, out, needs_dx in layers:
            zh, dx, dh, d_kernel_x, d_kernel_h = out
            np.matmul(x, kernel_x, out=z)
            for t in range(case.T):
                np.matmul(h[t], kernel_h, out=zh)
            if mode != "train":
                continue
            for t in reversed(range(case.T)):
                np.matmul(dz[t], kernel_h.T, out=dh)
            all_dz = dz.reshape(len(x), -1)
            if needs_dx:
                np.matmul(all_dz, kernel_x.T, out=dx)
            np.matmul(x.T, all_dz, out=d_kernel_x)
            np.matmul(h.reshape(len(x), -1).T, all_dz, out=d_kernel_h)

    return Prepared(step)


def _kernels(case: Case) -> list[tuple[int, int]]:
    """(input depth, columns) of every kernel, the bottom layer first; a GRU's layer has two."""
    columns = [case.U] if case.kind == "basic" else [2 * case.U, case.U]
    depths = [case.D] + [case.U] * (case.layers - 1)
    return [(depth, k) for depth in depths for k in columns]


def _random(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, np.float32) - np.float32(0.5)
