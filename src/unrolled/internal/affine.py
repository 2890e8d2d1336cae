"""[x, h] K + b, the product in every cell: whole for one step, cut for a run of many.

Rows :D of the kernel multiply x and rows D: multiply h, so that

    [x, h] K + b  =  (x K_x + b) + h K_h

The left side is the formula. It joins x and h, which copies both at every step, and the gradient
keeps the copy. The right side needs no copy, and its first part does not wait for h; but it needs
the kernel in two pieces. So a run cuts each kernel once, before its first step, and hands the
pieces to every step.
"""

from __future__ import annotations

from typing import NamedTuple

import tensorflow as tf


class Affine(NamedTuple):
    """The map (x [B, D], h [B, U]) -> [x, h] K + b [B, k], as the formula has it."""

    kernel: tf.Variable  # [D+U, k]
    bias: tf.Variable  # [k]

    def __call__(self, x: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        x_and_h = tf.concat([x, h], axis=1)  # [B, D] and [B, U] -> [B, D+U]
        return tf.matmul(x_and_h, self.kernel) + self.bias  # [B, D+U] @ [D+U, k]

    def cut(self, depth: int) -> CutAffine:
        """The same map with its kernel in two pieces; `depth` is D."""
        kernel = tf.convert_to_tensor(self.kernel)
        rows = tf.compat.dimension_value(kernel.shape[0])
        kernel_x, kernel_h = tf.split(kernel, [depth, rows - depth])
        return CutAffine(kernel_x, kernel_h, tf.convert_to_tensor(self.bias))


class CutAffine(NamedTuple):
    """The same map: (x K_x + b) + h K_h."""

    kernel_x: tf.Tensor  # [D, k]
    kernel_h: tf.Tensor  # [U, k]
    bias: tf.Tensor  # [k]

    def __call__(self, x: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        x_part = tf.nn.bias_add(tf.matmul(x, self.kernel_x), self.bias)  # [B, D] @ [D, k]
        return x_part + tf.matmul(h, self.kernel_h)  # [B, U] @ [U, k]
