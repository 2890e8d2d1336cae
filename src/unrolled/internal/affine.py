"""[x, h] K + b, the product in every cell, and how a run over a sequence computes it faster.

    affine(x, h, kernel, bias)

is `tf.concat([x, h], axis=1) @ kernel + bias`, as the formulas have it. A run over many steps does
better. Rows :D of the kernel multiply x and rows D: multiply h, so the same sum is

    (x K_x + b) + h K_h

Joining x and h would copy both at every step, and the gradient would keep the copy; and the first
part does not wait for h. The cuts are made once, before the first step, and not at each: that is
what `cut_once` is for. A cell names its kernels in `products`, multiplies with `affine`, and need
not know more; tests compare the two ways.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import tensorflow as tf


class Cut(NamedTuple):
    """A kernel and its bias, read once."""

    kernel_x: tf.Tensor  # [D, k]
    kernel_h: tf.Tensor  # [U, k]
    bias: tf.Tensor  # [k]


_cuts: ContextVar[Mapping[int, Cut]] = ContextVar("cuts")  # of the present run, by id(kernel)


def affine(x: tf.Tensor, h: tf.Tensor, kernel: tf.Variable, bias: tf.Variable) -> tf.Tensor:
    """[x, h] K + b: x [B, D] and h [B, U], kernel [D+U, k] and bias [k] give [B, k]."""
    cut = _cuts.get({}).get(id(kernel))
    if cut is None:
        x_and_h = tf.concat([x, h], axis=1)  # [B, D] and [B, U] -> [B, D+U]
        return tf.matmul(x_and_h, kernel) + bias  # [B, D+U] @ [D+U, k]
    x_part = tf.nn.bias_add(tf.matmul(x, cut.kernel_x), cut.bias)  # [B, D] @ [D, k]
    return x_part + tf.matmul(h, cut.kernel_h)  # [B, U] @ [U, k]


def cut_once(cell: Any, step: Callable[..., Any]) -> Callable[..., Any]:
    """`step` of `cell`, with every kernel inside read and cut here and now."""
    cuts = dict(_all_cuts(cell))
    if not cuts:
        return step

    def with_cuts(*arguments: Any) -> Any:
        with _using(cuts):
            return step(*arguments)

    return with_cuts


def _all_cuts(cell: Any) -> Iterator[tuple[int, Cut]]:
    for part in (cell, *getattr(cell, "submodules", ())):
        for kernel_name, bias_name in getattr(part, "products", ()):
            kernel, bias = getattr(part, kernel_name, None), getattr(part, bias_name, None)
            if kernel is not None and bias is not None:  # else they are made at the first step
                rows = kernel.shape[0] - part.output_size  # D
                kernel_x, kernel_h = tf.split(kernel, [rows, part.output_size])
                yield id(kernel), Cut(kernel_x, kernel_h, tf.convert_to_tensor(bias))


@contextmanager
def _using(cuts: Mapping[int, Cut]) -> Iterator[None]:
    token = _cuts.set(cuts)
    try:
        yield
    finally:
        _cuts.reset(token)
