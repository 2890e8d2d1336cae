"""Recurrent cells: one class, one equation each.

A cell is a function of one time step,

    output, new_state = cell(inputs, state)        # [B, D], state -> [B, output_size], state

with `state_size`, `output_size`, `zero_state(batch_size, dtype)` and `build(input_depth)`. It makes
its variables at `build` or, where nobody called that, at the first step. The letters: B rows in the
batch, D inputs, U units.

The arithmetic, the variable names and their order inside the fused kernels are those of
TensorFlow 1.15's `tf.nn.rnn_cell`; each class names the paper that its formula comes from.
"""

from __future__ import annotations

import collections
import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from unrolled.internal.affine import affine
from unrolled.internal.checks import (
    as_float_tensor,
    as_written,
    check_count,
    check_float_dtype,
    check_state,
    size_of,
    size_shape,
)

Activation = Callable[[tf.Tensor], tf.Tensor]
Initializer = Callable[..., tf.Tensor]
StepFunction = Callable[[Any, Any], tuple[Any, Any]]

LSTMStateTuple = collections.namedtuple("LSTMStateTuple", ("c", "h"))
LSTMStateTuple.__doc__ = "The state of an LSTM: `c`, the memory [B, U], and `h`, the output [B, U]."


def glorot_uniform(shape: Sequence[int], dtype: tf.DType = tf.float32) -> tf.Tensor:
    """Uniform in ±sqrt(6 / (rows + columns)): Glorot and Bengio (2010), equation 16."""
    return tf.random.uniform(shape, -1, 1, dtype) * math.sqrt(6 / (shape[0] + shape[-1]))


def ensure_built(cell: Any, inputs: Any) -> None:
    """Make `cell`'s variables now, before a loop or another graph could claim them as its own.

    `inputs` is one step, [B, D] or a structure of such; only depths and dtype are read. A reader's
    own cell is asked to `build` once, while it has no variables.
    """
    depths = [size_of(x, -1) for x in tf.nest.flatten(inputs)]
    depth = tf.nest.pack_sequence_as(inputs, depths)
    if isinstance(cell, RNNCell):
        cell.build(depth, tf.nest.flatten(inputs)[0].dtype)
    elif hasattr(cell, "build") and not getattr(cell, "variables", ()):
        with tf.init_scope():
            cell.build(depth)


def step_function(cell: Any) -> StepFunction:
    """The function that one run over a sequence calls at every step: see `RNNCell.for_sequence`."""
    return cell.for_sequence() if isinstance(cell, RNNCell) else cell


class RNNCell(tf.Module):
    """What all cells share. A cell of your own gives the four parts that raise here.

    `state_size` is a number of units, a shape, or a nested structure of these; a state is the same
    structure of tensors [B, size]. `output_size` likewise.
    """

    # The variables that `build` makes: named so that asking for one too early can be explained.
    _made_by_build: tuple[str, ...] = ()

    # The names of each kernel and its bias that `affine` is called with: a run cuts them once.
    products: tuple[tuple[str, str], ...] = ()

    def __init__(self, name: str | None = None):
        kind = type(self).__name__
        if name is None and kind.startswith("_"):
            name = f"private{kind}"  # the name of a scope may not start so
        super().__init__(name=name)
        self._input_depth: Any = None

    @property
    def state_size(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its state_size.")

    @property
    def output_size(self) -> Any:
        raise NotImplementedError(f"{type(self).__name__} does not say its output_size.")

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        """Create the variables; called once, outside any loop or traced function."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to make_variables.")

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        """The equation: [B, D] and a state give [B, output_size] and the next state."""
        raise NotImplementedError(f"{type(self).__name__} does not say how to step.")

    @as_written
    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One time step.

        Args:
          inputs: [B, D], floating point.
          state: as `zero_state` makes it.

        Returns:
          The output [B, output_size] and the new state.

        Raises:
          ValueError: the inputs are not [B, D] or not floating point, D differs from the depth the
            cell was built with, or the state has another structure, shape or dtype.
        """
        return self._checked(self.step, inputs, state)

    def _checked(self, step: StepFunction, inputs: Any, state: Any) -> tuple[Any, Any]:
        """`step`, after the checks that keep bad input out of the arithmetic."""
        inputs = tf.nest.map_structure(lambda x: as_float_tensor(x, "inputs"), inputs)
        first = tf.nest.flatten(inputs)[0]
        for x in tf.nest.flatten(inputs):
            if x.shape.rank != 2 or size_of(x, 1) is None:
                raise ValueError(
                    f"inputs of {type(self).__name__} must be [B, D] with a known depth D; "
                    f"got shape {x.shape}."
                )
        self.build(tf.nest.map_structure(lambda x: size_of(x, 1), inputs), first.dtype)
        state = check_state(state, self.state_size, size_of(first, 0), first.dtype)
        return step(inputs, state)

    def for_sequence(self) -> StepFunction:
        """The step to use from the first to the last step of one run over a batch of sequences.

        The unrolls ask for it once a run. Most cells give themselves; one that draws something for
        a whole sequence, such as variational dropout, draws it here.
        """
        return self

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        """A state of zeros: for every entry of `state_size` a tensor [batch_size, size]."""
        dtype = check_float_dtype(dtype)
        return tf.nest.map_structure(
            lambda size: tf.zeros([batch_size, *size_shape(size).as_list()], dtype),
            self.state_size,
        )

    @as_written
    def build(self, input_depth: Any, dtype: Any = tf.float32) -> None:
        """Make the variables for inputs [B, input_depth]. A second call checks and makes nothing.

        Raises:
          ValueError: the cell was built with another depth, or the dtype is not floating point.
        """
        if self._input_depth is not None:
            self._check_depth(input_depth)
            return
        dtype = check_float_dtype(dtype)
        for depth in tf.nest.flatten(input_depth):
            check_count(depth, "input_depth")
        # Lifted out of whatever function or loop is being traced: variables outlive all of them.
        with tf.init_scope(), self.name_scope:
            self.make_variables(input_depth, dtype)
        self._input_depth = input_depth

    def _check_depth(self, input_depth: Any) -> None:
        if input_depth != self._input_depth:
            kernel = next((v for v in self.variables if v.shape.rank == 2), None)
            shape = "" if kernel is None else f" (its kernel has shape {kernel.shape})"
            raise ValueError(
                f"inputs of depth {input_depth} came to a {type(self).__name__} that was built "
                f"for depth {self._input_depth}{shape}; use a cell of its own for each depth."
            )

    def _variable(
        self, name: str, shape: Sequence[int], initializer: Initializer, dtype: tf.DType
    ) -> tf.Variable:
        # The initial value is a function, so that a TF1 graph can initialise it in its session.
        return tf.Variable(lambda: initializer(shape, dtype=dtype), name=name, dtype=dtype)

    def __getattr__(self, name: str) -> Any:
        if name in type(self)._made_by_build:
            raise AttributeError(
                f"this {type(self).__name__} has no {name} yet: its variables are made by "
                "build(input_depth) or by the first step."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class BasicRNNCell(RNNCell):
    """The basic cell: h' = tanh([x, h] K + b), and its output is its state.

    Elman (1990). `kernel` [D+U, U]: rows :D multiply the input, rows D: the state. `bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, tf.tanh where it is left out.
    """

    _made_by_build = ("kernel", "bias")
    products = (("kernel", "bias"),)

    def __init__(
        self, num_units: int, activation: Activation | None = None, *, name: str | None = None
    ):
        super().__init__(name=name)
        self.num_units = check_count(num_units, "num_units")
        self.activation = _check_activation(activation)

    @property
    def state_size(self) -> int:
        return self.num_units

    @property
    def output_size(self) -> int:
        return self.num_units

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        shape = [input_depth + self.num_units, self.num_units]  # [D+U, U]
        self.kernel = self._variable("kernel", shape, glorot_uniform, dtype)
        self.bias = self._variable("bias", [self.num_units], tf.zeros, dtype)

    def step(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        new_h = self.activation(affine(inputs, state, self.kernel, self.bias))  # [B, U]
        return new_h, new_h


class LSTMCell(RNNCell):
    """The long short-term memory: four gates around a memory c that is added to, not overwritten.

        i, j, f, o = blocks of [x, h] K + b
        c' = c · σ(f + forget_bias) + σ(i) · tanh(j)
        h' = tanh(c') · σ(o)

    Hochreiter and Schmidhuber (1997), with the forget gate of Gers, Schmidhuber and Cummins (2000);
    peepholes and projection after Sak, Senior and Beaufays (2014), whose formulas TensorFlow's
    `LSTMCell` cites. `kernel` [D+P, 4U] and `bias` [4U] hold the blocks i, j, f, o; P is `num_proj`
    where it is given and U where it is not.

    Args:
      num_units: U, the size of the memory c.
      use_peepholes: let the gates see the memory through the vectors `w_i_diag`, `w_f_diag` (the
        old c) and `w_o_diag` (the new c after clipping), each [U].
      cell_clip: clip c to ±cell_clip before it is used; 0.0 clips to zero, None does not clip.
      initializer: a function (shape, dtype) for the kernel, the peepholes and the projection.
      num_proj: P; the output becomes h' W with `projection_kernel` W [U, P] and no bias.
      proj_clip: clip the projected output to ±proj_clip.
      forget_bias: added to f when the cell is called; it is not stored in `bias`.
      state_is_tuple: the state is LSTMStateTuple(c [B, U], h [B, P]); False joins them to
        one tensor [B, U+P].
      activation: a function of a tensor, tf.tanh where it is left out.
    """

    _made_by_build = ("kernel", "bias", "w_i_diag", "w_f_diag", "w_o_diag", "projection_kernel")
    products = (("kernel", "bias"),)

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Initializer | None = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.num_units = check_count(num_units, "num_units")
        self.use_peepholes = use_peepholes
        self.cell_clip = _check_clip(cell_clip, "cell_clip")
        self.initializer = initializer or glorot_uniform
        self.num_proj = None if num_proj is None else check_count(num_proj, "num_proj")
        self.proj_clip = _check_clip(proj_clip, "proj_clip")
        if proj_clip is not None and num_proj is None:
            raise ValueError(
                f"proj_clip is {proj_clip}, but there is no projection to clip; give num_proj too."
            )
        self.forget_bias = forget_bias
        self.state_is_tuple = state_is_tuple
        self.activation = _check_activation(activation)

    @property
    def state_size(self) -> Any:
        if self.state_is_tuple:
            return LSTMStateTuple(self.num_units, self.output_size)
        return self.num_units + self.output_size

    @property
    def output_size(self) -> int:
        return self.num_units if self.num_proj is None else self.num_proj

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        units = self.num_units
        shape = [input_depth + self.output_size, 4 * units]  # [D+P, 4U]
        self.kernel = self._variable("kernel", shape, self.initializer, dtype)
        self.bias = self._variable("bias", [4 * units], tf.zeros, dtype)
        if self.use_peepholes:
            self.w_f_diag = self._variable("w_f_diag", [units], self.initializer, dtype)
            self.w_i_diag = self._variable("w_i_diag", [units], self.initializer, dtype)
            self.w_o_diag = self._variable("w_o_diag", [units], self.initializer, dtype)
        if self.num_proj is not None:
            self.projection_kernel = self._variable(
                "projection/kernel", [units, self.num_proj], self.initializer, dtype
            )

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        sizes = [self.num_units, self.output_size]
        c, h = state if self.state_is_tuple else tf.split(state, sizes, axis=1)
        gates = affine(inputs, h, self.kernel, self.bias)  # [B, D+P] @ [D+P, 4U]
        i, j, f, o = tf.split(gates, 4, axis=1)  # [B, 4U] -> four times [B, U]
        f = f + self.forget_bias
        if self.use_peepholes:
            f, i = f + self.w_f_diag * c, i + self.w_i_diag * c
        new_c = c * tf.sigmoid(f) + tf.sigmoid(i) * self.activation(j)
        if self.cell_clip is not None:
            new_c = tf.clip_by_value(new_c, -self.cell_clip, self.cell_clip)
        if self.use_peepholes:
            o = o + self.w_o_diag * new_c
        new_h = self.activation(new_c) * tf.sigmoid(o)  # [B, U]
        if self.num_proj is not None:
            new_h = tf.matmul(new_h, self.projection_kernel)  # [B, U] @ [U, P]
            if self.proj_clip is not None:
                new_h = tf.clip_by_value(new_h, -self.proj_clip, self.proj_clip)
        if self.state_is_tuple:
            return new_h, LSTMStateTuple(new_c, new_h)
        return new_h, tf.concat([new_c, new_h], axis=1)


class BasicLSTMCell(LSTMCell):
    """The LSTM without peepholes, clipping or projection: the equation of `LSTMCell` alone.

    Zaremba, Sutskever and Vinyals (2014). `kernel` [D+U, 4U], `bias` [4U], blocks i, j, f, o.

    Args:
      num_units: U.
      forget_bias: added to f when the cell is called; it is not stored in `bias`.
      state_is_tuple: the state is LSTMStateTuple(c, h), each [B, U]; False joins them to [B, 2U].
      activation: a function of a tensor, tf.tanh where it is left out.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Activation | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation,
            name=name,
        )


class GRUCell(RNNCell):
    """The gated recurrent unit: a reset gate r and an update gate u, no separate memory.

        r, u = blocks of σ([x, h] K_g + b_g)
        candidate = tanh([x, r · h] K_c + b_c)          # the reset comes before the product
        h' = u · h + (1 − u) · candidate

    Cho et al. (2014), as published. `gate_kernel` [D+U, 2U], `gate_bias` [2U] (starts at 1.0, so
    that a new cell keeps most of its state), `candidate_kernel` [D+U, U], `candidate_bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, tf.tanh where it is left out.
      kernel_initializer: a function (shape, dtype) for both kernels.
      bias_initializer: the same for both biases, in place of 1.0 and 0.0.
    """

    _made_by_build = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")
    products = (("gate_kernel", "gate_bias"), ("candidate_kernel", "candidate_bias"))

    def __init__(
        self,
        num_units: int,
        activation: Activation | None = None,
        kernel_initializer: Initializer | None = None,
        bias_initializer: Initializer | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.num_units = check_count(num_units, "num_units")
        self.activation = _check_activation(activation)
        self.kernel_initializer = kernel_initializer or glorot_uniform
        self.bias_initializer = bias_initializer

    @property
    def state_size(self) -> int:
        return self.num_units

    @property
    def output_size(self) -> int:
        return self.num_units

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        units, depth = self.num_units, input_depth + self.num_units
        kernel, bias = self.kernel_initializer, self.bias_initializer
        self.gate_kernel = self._variable("gates/kernel", [depth, 2 * units], kernel, dtype)
        self.gate_bias = self._variable("gates/bias", [2 * units], bias or tf.ones, dtype)
        self.candidate_kernel = self._variable("candidate/kernel", [depth, units], kernel, dtype)
        self.candidate_bias = self._variable("candidate/bias", [units], bias or tf.zeros, dtype)

    def step(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        gates = tf.sigmoid(affine(inputs, state, self.gate_kernel, self.gate_bias))  # [B, 2U]
        r, u = tf.split(gates, 2, axis=1)  # [B, 2U] -> twice [B, U]
        candidate = self.activation(
            affine(inputs, r * state, self.candidate_kernel, self.candidate_bias)
        )  # [B, U]
        new_h = u * state + (1 - u) * candidate
        return new_h, new_h


def _check_activation(activation: Activation | None) -> Activation:
    if activation is None:
        return tf.tanh
    if not callable(activation):
        raise TypeError(
            f"activation must be a function of a tensor, such as tf.nn.relu; got {activation!r}."
        )
    return activation


def _check_clip(value: float | None, argument: str) -> float | None:
    if value is not None and not value >= 0:
        raise ValueError(f"{argument} must be at least 0, or None for no clipping; got {value!r}.")
    return value
