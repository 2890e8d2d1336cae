"""The private `_linear` and `_Linear`, which programs with cells of their own used."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.shapes import size_of


class Linear:
    """[x_1, x_2, ...] K + b, made once and called often: the private `_Linear`.

    Args:
      args: a tensor [B, D] or a list of such, joined along D; only their depths and dtype count.
      output_size: the number of columns of K.
      build_bias: whether to make and add b.
      bias_initializer: of b (default: zeros).
      kernel_initializer: of K (default: that of the variable scope).
    """

    def __init__(
        self,
        args: Any,
        output_size: int,
        build_bias: bool,
        bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ):
        x = _joined(args)
        shape = [size_of(x, 1), output_size]
        self.kernel = tf.get_variable("kernel", shape, x.dtype, kernel_initializer)
        self.bias = None
        if build_bias:
            start = bias_initializer or tf.zeros_initializer()
            with tf.variable_scope(tf.get_variable_scope()) as whole:
                whole.set_partitioner(None)
                self.bias = tf.get_variable("bias", [output_size], x.dtype, start)
        self._weights, self._biases = self.kernel, self.bias  # their names in TensorFlow 1

    def __call__(self, args: Any) -> tf.Tensor:
        """One product, [B, D] -> [B, output_size]."""
        product = tf.matmul(_joined(args), self.kernel)
        return product if self.bias is None else product + self.bias


def linear(
    args: Any,
    output_size: int,
    bias: bool,
    bias_initializer: Any = None,
    kernel_initializer: Any = None,
    scope: Any = None,
    bias_start: float = 0.0,
) -> tf.Tensor:
    """A `Linear`, made and called once: [B, D] -> [B, output_size].

    Args:
      args, output_size, kernel_initializer: as for `Linear`.
      bias: whether to add b.
      bias_initializer: an initialiser, or the number at which b starts, which 1.0 took in this
        place (default: `bias_start`).
      scope: of the variables `kernel` and `bias` (default: the current one).
      bias_start: where b starts, under its name in 1.0 (default: 0.0).
    """
    if bias_initializer is None or isinstance(bias_initializer, (int, float)):
        bias_initializer = tf.constant_initializer(bias_initializer or bias_start)
    with tf.variable_scope(scope or tf.get_variable_scope()):
        return Linear(args, output_size, bias, bias_initializer, kernel_initializer)(args)


def _joined(args: Any) -> tf.Tensor:
    """Tensors [B, D] side by side."""
    args = args if isinstance(args, (list, tuple)) else [args]
    return tf.concat(args, 1) if len(args) > 1 else args[0]
