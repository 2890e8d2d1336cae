"""Recurrent cells: one class, one equation each.

A cell is a function of one time step,

    output, new_state = cell(inputs, state)        # [B, D], state -> [B, output_size], state

and `equation` is what it computes. The letters: B rows in the batch, D inputs, U units. In every
equation a product such as `affine(x, h)` stands for [x, h] K + b, with the kernel K [D+U, k] and
the bias b [k] of the cell: rows :D of K multiply the input, rows D: the state.

The arithmetic, the variable names and their order inside the fused kernels are those of
TensorFlow 1.15's `tf.nn.rnn_cell`; each class names the paper that its formula comes from.
Activations and initialisers are functions, or Keras's names for them.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import tensorflow as tf

from unrolled.contract import RNNCell, RunStep
from unrolled.internal.affine import Affine
from unrolled.internal.checks import check_count, check_flag, check_number
from unrolled.internal.named import (
    Activation,
    Initializer,
    activation_of,
    check_activation,
    check_initializer,
    initializer_of,
)

LSTMStateTuple = namedtuple("LSTMStateTuple", ("c", "h"))
LSTMStateTuple.__doc__ = (
    "The state of an LSTM: `c`, the memory [B, U], and `h`, the output: [B, U], or [B, P] after a "
    "projection."
)


class _EquationCell(RNNCell):
    """A cell of U units, an equation and its parameters: whole for one step, cut for a run."""

    def __init__(
        self,
        num_units: int,
        activation: Activation | str | None = None,
        kernel_initializer: Initializer | str | None = None,
        bias_initializer: Initializer | str | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.num_units = check_count(num_units, "num_units")
        self.activation = activation_of(activation)
        self.kernel_initializer = check_initializer(kernel_initializer, "kernel_initializer")
        self.bias_initializer = check_initializer(bias_initializer, "bias_initializer")

    @property
    def state_size(self) -> Any:
        return self.num_units

    @property
    def output_size(self) -> int:
        return self.num_units

    def parameters(self) -> tuple[Any, ...]:
        """What `equation` is called with besides inputs and state."""
        raise NotImplementedError

    def equation(self, inputs: tf.Tensor, state: Any, *parameters: Any) -> tuple[tf.Tensor, Any]:
        """[B, D] and a state give [B, output_size] and the next state."""
        raise NotImplementedError

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        return self.equation(inputs, state, *self.parameters())

    def for_run(self) -> tuple[RunStep, Any]:
        prepared = [_read(each, self.input_depth) for each in self.parameters()]
        return lambda given, t, inputs, state: self.equation(inputs, state, *given), prepared


class BasicRNNCell(_EquationCell):
    """The basic cell: h' = tanh([x, h] K + b), and its output is its state.

    Elman (1990). `kernel` [D+U, U], `bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, or Keras's name of one (default: tanh).
      kernel_initializer: a function of a shape and a dtype, or Keras's name of one (default:
        Glorot uniform over the whole kernel).
      bias_initializer: likewise (default: zeros).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name.
      ValueError: a number is out of its range, or a name is not one that Keras has.
    """

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        check_activation(self.activation, self.num_units, dtype)
        rows = check_count(input_depth, "input_depth") + self.num_units
        shape = [rows, self.num_units]  # [D+U, U]
        kernel = initializer_of(self.kernel_initializer)
        self.kernel = self.make_variable("kernel", shape, kernel, dtype)
        bias = initializer_of(self.bias_initializer, tf.zeros)
        self.bias = self.make_variable("bias", [self.num_units], bias, dtype)

    def parameters(self) -> tuple[Affine]:
        return (Affine(self.kernel, self.bias),)

    def equation(
        self, inputs: tf.Tensor, state: tf.Tensor, affine: Affine
    ) -> tuple[tf.Tensor, tf.Tensor]:
        new_h = self.activation(affine(inputs, state))  # [B, D] and [B, U] -> [B, U]
        return new_h, new_h


class BasicLSTMCell(_EquationCell):
    """The long short-term memory: gates around a memory c that is added to, not overwritten.

        z_i, z_j, z_f, z_o = blocks of [x, h] K + b
        i, j, f, o = σ(z_i), tanh(z_j), σ(z_f + forget_bias), σ(z_o)
        c' = f · c + i · j
        h' = o · tanh(c')

    Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000);
    in this form in Zaremba, Sutskever and Vinyals (2014). `kernel` [D+U, 4U] and `bias` [4U] hold
    the blocks i, j, f, o.

    Args:
      num_units: U.
      forget_bias: added to f when the cell is called; it is not stored in `bias` (default: 1.0).
      state_is_tuple: the state is LSTMStateTuple(c, h), each [B, U]; False joins them to [B, 2U]
        (default: True).
      activation: a function of a tensor, or Keras's name of one (default: tanh).
      kernel_initializer: a function of a shape and a dtype, or Keras's name of one (default:
        Glorot uniform over the whole kernel).
      bias_initializer: likewise (default: zeros).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name, or a flag no boolean.
      ValueError: a number is out of its range, or a name is not one that Keras has.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | str | None = None,
        kernel_initializer: Initializer | str | None = None,
        bias_initializer: Initializer | str | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(num_units, activation, kernel_initializer, bias_initializer, name=name)
        self.forget_bias = check_number(forget_bias, "forget_bias")
        self.state_is_tuple = check_flag(state_is_tuple, "state_is_tuple")

    @property
    def state_size(self) -> Any:
        if self.state_is_tuple:
            return LSTMStateTuple(self.num_units, self.h_size)
        return self.num_units + self.h_size

    @property
    def h_size(self) -> int:
        """The size of h: U here."""
        return self.num_units

    @property
    def output_size(self) -> int:
        return self.h_size

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        check_activation(self.activation, self.num_units, dtype)
        rows = check_count(input_depth, "input_depth") + self.h_size
        shape = [rows, 4 * self.num_units]  # [D+U, 4U]
        kernel = initializer_of(self.kernel_initializer)
        self.kernel = self.make_variable("kernel", shape, kernel, dtype)
        bias = initializer_of(self.bias_initializer, tf.zeros)
        self.bias = self.make_variable("bias", [4 * self.num_units], bias, dtype)

    def parameters(self) -> tuple[Any, ...]:
        return (Affine(self.kernel, self.bias),)

    def equation(self, inputs: tf.Tensor, state: Any, affine: Affine) -> tuple[tf.Tensor, Any]:
        c, h = self.apart(state)  # [B, U] each
        z_i, z_j, z_f, z_o = tf.split(affine(inputs, h), 4, axis=1)  # [B, 4U] -> [B, U] each
        i, j = tf.sigmoid(z_i), self.activation(z_j)  # [B, U] each
        f, o = tf.sigmoid(z_f + self.forget_bias), tf.sigmoid(z_o)  # [B, U] each
        new_c = f * c + i * j  # [B, U]
        new_h = o * self.activation(new_c)  # [B, U]
        return new_h, self.together(new_c, new_h)

    def apart(self, state: Any) -> Any:
        """c and h of a state in either form."""
        if self.state_is_tuple:
            return state
        return tf.split(state, [self.num_units, self.h_size], axis=1)

    def together(self, c: tf.Tensor, h: tf.Tensor) -> Any:
        """The state in the form that was chosen."""
        return LSTMStateTuple(c, h) if self.state_is_tuple else tf.concat([c, h], axis=1)


class LSTMCell(BasicLSTMCell):
    """`BasicLSTMCell` with three optional extras: peepholes, clipping and a projection.

        z_i, z_j, z_f, z_o = blocks of [x, h] K + b
        i, j, f = σ(z_i + w_i · c), tanh(z_j), σ(z_f + w_f · c + forget_bias)
        c' = clip(f · c + i · j)
        o = σ(z_o + w_o · c')
        h' = clip((o · tanh(c')) W)

    Sak, Senior and Beaufays (2014), whose formulas TensorFlow's `LSTMCell` cites. `kernel`
    [D+P, 4U] and `bias` [4U] hold the blocks i, j, f, o; P is `num_proj`, or U without it.

    Args:
      num_units: U, the size of the memory c.
      use_peepholes: let the gates see the memory through the vectors `w_i_diag`, `w_f_diag` (the
        old c) and `w_o_diag` (the new c after clipping), each [U] (default: False).
      cell_clip: clip c to ±cell_clip before it is used; 0.0 clips to zero (default: no clipping).
      initializer: a function of a shape and a dtype, or Keras's name of one, for the kernel, the
        peepholes and the projection (default: Glorot uniform). A Keras initializer *object* gives
        the same numbers to variables of one shape; its class or its name does not.
      num_proj: P; the output becomes h' W with `projection_kernel` W [U, P] and no bias (default:
        no projection).
      proj_clip: clip the projected output to ±proj_clip (default: no clipping).
      forget_bias: added to f when the cell is called; it is not stored in `bias` (default: 1.0).
      state_is_tuple: the state is LSTMStateTuple(c [B, U], h [B, P]); False joins them to
        one tensor [B, U+P] (default: True).
      activation: a function of a tensor, or Keras's name of one (default: tanh).
      bias_initializer: a function of a shape and a dtype, or Keras's name of one (default: zeros).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name, or a flag no boolean.
      ValueError: a number is out of its range, a name is not one that Keras has, or `proj_clip` is
        given without `num_proj`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | str | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | str | None = None,
        *,
        bias_initializer: Initializer | str | None = None,
        name: str | None = None,
    ):
        initializer = check_initializer(initializer, "initializer")
        super().__init__(
            num_units,
            forget_bias,
            state_is_tuple,
            activation,
            initializer,
            bias_initializer,
            name=name,
        )
        self.initializer = initializer
        self.use_peepholes = check_flag(use_peepholes, "use_peepholes")
        self.cell_clip = _check_clip(cell_clip, "cell_clip")
        self.num_proj = None if num_proj is None else check_count(num_proj, "num_proj")
        self.proj_clip = _check_clip(proj_clip, "proj_clip")
        if proj_clip is not None and num_proj is None:
            raise ValueError(
                f"proj_clip is {proj_clip}, but there is no projection to clip; give num_proj too."
            )

    @property
    def h_size(self) -> int:
        """The size of h: P, or U without a projection."""
        return self.num_units if self.num_proj is None else self.num_proj

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        super().make_variables(input_depth, dtype)

        def variable(name: str, shape: list[int]) -> tf.Variable:
            return self.make_variable(name, shape, initializer_of(self.initializer), dtype)

        if self.use_peepholes:
            self.w_f_diag = variable("w_f_diag", [self.num_units])
            self.w_i_diag = variable("w_i_diag", [self.num_units])
            self.w_o_diag = variable("w_o_diag", [self.num_units])
        if self.num_proj is not None:
            self.projection_kernel = variable("projection/kernel", [self.num_units, self.num_proj])

    def parameters(self) -> tuple[Any, ...]:
        peepholes = (self.w_f_diag, self.w_i_diag, self.w_o_diag) if self.use_peepholes else None
        projection = None if self.num_proj is None else self.projection_kernel
        return (*super().parameters(), peepholes, projection)

    def equation(
        self,
        inputs: tf.Tensor,
        state: Any,
        affine: Affine,
        peepholes: Any = None,
        projection: Any = None,
    ) -> tuple[tf.Tensor, Any]:
        c, h = self.apart(state)  # [B, U] and [B, P]
        z_i, z_j, z_f, z_o = tf.split(affine(inputs, h), 4, axis=1)  # [B, 4U] -> [B, U] each
        z_f = z_f + self.forget_bias  # [B, U]
        if peepholes is not None:
            w_f, w_i, w_o = peepholes  # [U] each
            z_f, z_i = z_f + w_f * c, z_i + w_i * c  # [B, U] each
        i, j, f = tf.sigmoid(z_i), self.activation(z_j), tf.sigmoid(z_f)  # [B, U] each
        new_c = _clip(f * c + i * j, self.cell_clip)  # [B, U]
        if peepholes is not None:
            z_o = z_o + w_o * new_c  # [B, U]
        new_h = tf.sigmoid(z_o) * self.activation(new_c)  # [B, U]
        if projection is not None:
            new_h = _clip(tf.matmul(new_h, projection), self.proj_clip)  # [B, U] @ [U, P] -> [B, P]
        return new_h, self.together(new_c, new_h)


class GRUCell(_EquationCell):
    """The gated recurrent unit: a reset gate r and an update gate u, no separate memory.

        r, u = blocks of σ([x, h] K_g + b_g)
        candidate = tanh([x, r · h] K_c + b_c)          # the reset comes before the product
        h' = u · h + (1 − u) · candidate

    Cho et al. (2014), as published. `gate_kernel` [D+U, 2U], `gate_bias` [2U] (starts at 1.0, so
    that a new cell keeps most of its state), `candidate_kernel` [D+U, U], `candidate_bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, or Keras's name of one (default: tanh).
      kernel_initializer: a function of a shape and a dtype, or Keras's name of one, for both
        kernels (default: Glorot uniform over each).
      bias_initializer: likewise, for both biases (default: ones for the gates, zeros for the
        candidate).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: the activation or an initializer is no function and no name.
      ValueError: a number is out of its range, or a name is not one that Keras has.
    """

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        rows = check_count(input_depth, "input_depth") + self.num_units
        units = self.num_units
        check_activation(self.activation, units, dtype)

        def variable(name: str, shape: list[int], initializer: Initializer) -> tf.Variable:
            return self.make_variable(name, shape, initializer, dtype)

        kernel, bias = self.kernel_initializer, self.bias_initializer
        self.gate_kernel = variable("gates/kernel", [rows, 2 * units], initializer_of(kernel))
        self.gate_bias = variable("gates/bias", [2 * units], initializer_of(bias, tf.ones))
        self.candidate_kernel = variable("candidate/kernel", [rows, units], initializer_of(kernel))
        self.candidate_bias = variable("candidate/bias", [units], initializer_of(bias, tf.zeros))

    def parameters(self) -> tuple[Affine, Affine]:
        return (
            Affine(self.gate_kernel, self.gate_bias),
            Affine(self.candidate_kernel, self.candidate_bias),
        )

    def equation(
        self, inputs: tf.Tensor, state: tf.Tensor, gates: Affine, candidates: Affine
    ) -> tuple[tf.Tensor, tf.Tensor]:
        r, u = tf.split(tf.sigmoid(gates(inputs, state)), 2, axis=1)  # [B, 2U] -> twice [B, U]
        candidate = self.activation(candidates(inputs, r * state))  # [B, U]
        new_h = u * state + (1 - u) * candidate  # [B, U]
        return new_h, new_h


def _read(parameter: Any, depth: int) -> Any:
    """A parameter as a run hands it on: a kernel cut, a variable read, the rest as it is."""
    if isinstance(parameter, Affine):
        return parameter.cut(depth)
    if isinstance(parameter, tuple):
        return tuple(_read(part, depth) for part in parameter)
    return tf.convert_to_tensor(parameter) if isinstance(parameter, tf.Variable) else parameter


def _clip(x: tf.Tensor, bound: float | None) -> tf.Tensor:
    return x if bound is None else tf.clip_by_value(x, -bound, bound)


def _check_clip(value: float | None, argument: str) -> float | None:
    if value is not None and not check_number(value, argument) >= 0:
        raise ValueError(f"{argument} must be at least 0, or None for no clipping; got {value!r}.")
    return value
