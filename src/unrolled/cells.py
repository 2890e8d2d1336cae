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
import itertools
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from unrolled.checks import (
    as_float_tensor,
    as_written,
    check_cell,
    check_count,
    check_float_dtype,
    check_state,
    size_shape,
)

Activation = Callable[[tf.Tensor], tf.Tensor]
Initializer = Callable[..., tf.Tensor]
StepFunction = Callable[[Any, Any], tuple[Any, Any]]
Noise = Callable[[tf.Tensor, tf.DType, str], tf.Tensor]  # (shape, dtype, role) -> [*shape]

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
    depths = [x.shape[-1] for x in tf.nest.flatten(inputs)]
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

    def __init__(self, name: str | None = None):
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
            if x.shape.rank != 2 or x.shape[1] is None:
                raise ValueError(
                    f"inputs of {type(self).__name__} must be [B, D] with a known depth D; "
                    f"got shape {x.shape}."
                )
        self.build(tf.nest.map_structure(lambda x: x.shape[1], inputs), first.dtype)
        state = check_state(state, self.state_size, first.shape[0], first.dtype)
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
            lambda size: tf.zeros([batch_size, *size_shape(size)], dtype), self.state_size
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


def _zeros(shape: Sequence[int], dtype: tf.DType) -> tf.Tensor:
    return tf.zeros(shape, dtype)


def _ones(shape: Sequence[int], dtype: tf.DType) -> tf.Tensor:
    return tf.ones(shape, dtype)


class BasicRNNCell(RNNCell):
    """The basic cell: h' = tanh([x, h] K + b), and its output is its state.

    Elman (1990). `kernel` [D+U, U]: rows :D multiply the input, rows D: the state. `bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, tf.tanh where it is left out.
    """

    _made_by_build = ("kernel", "bias")

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
        self.bias = self._variable("bias", [self.num_units], _zeros, dtype)

    def step(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x_and_h = tf.concat([inputs, state], axis=1)  # [B, D] and [B, U] -> [B, D+U]
        new_h = self.activation(tf.matmul(x_and_h, self.kernel) + self.bias)  # [B, U]
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
        self.bias = self._variable("bias", [4 * units], _zeros, dtype)
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
        x_and_h = tf.concat([inputs, h], axis=1)  # [B, D] and [B, P] -> [B, D+P]
        gates = tf.matmul(x_and_h, self.kernel) + self.bias  # [B, D+P] @ [D+P, 4U]
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

    Cho et al. (2014), first version. `gate_kernel` [D+U, 2U], `gate_bias` [2U] (starts at 1.0, so
    that a new cell keeps most of its state), `candidate_kernel` [D+U, U], `candidate_bias` [U].

    Args:
      num_units: U.
      activation: a function of a tensor, tf.tanh where it is left out.
      kernel_initializer: a function (shape, dtype) for both kernels.
      bias_initializer: the same for both biases, in place of 1.0 and 0.0.
    """

    _made_by_build = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")

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
        self.gate_bias = self._variable("gates/bias", [2 * units], bias or _ones, dtype)
        self.candidate_kernel = self._variable("candidate/kernel", [depth, units], kernel, dtype)
        self.candidate_bias = self._variable("candidate/bias", [units], bias or _zeros, dtype)

    def step(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x_and_h = tf.concat([inputs, state], axis=1)  # [B, D] and [B, U] -> [B, D+U]
        gates = tf.sigmoid(tf.matmul(x_and_h, self.gate_kernel) + self.gate_bias)  # [B, 2U]
        r, u = tf.split(gates, 2, axis=1)  # [B, 2U] -> twice [B, U]
        x_and_reset_h = tf.concat([inputs, r * state], axis=1)  # [B, D+U]
        candidate = self.activation(
            tf.matmul(x_and_reset_h, self.candidate_kernel) + self.candidate_bias
        )  # [B, U]
        new_h = u * state + (1 - u) * candidate
        return new_h, new_h


class MultiRNNCell(RNNCell):
    """A stack: the output of each layer is the input of the next.

    The state is a tuple with one entry a layer, the bottom layer first; the output is the top
    layer's. `MultiRNNCell([cell] * n)` is refused: it repeats one object, so every layer would have
    the same weights (separate in TensorFlow 1.0, an error in 1.1, silently shared from 1.2 on).

    Args:
      cells: a list of cells, the bottom layer first.
      state_is_tuple: False joins the states to one tensor [B, sum of sizes].
      share_weights: allow the same cell in several layers, on purpose.
    """

    def __init__(
        self,
        cells: Sequence[Any],
        state_is_tuple: bool = True,
        *,
        share_weights: bool = False,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if not isinstance(cells, (list, tuple)):
            raise TypeError(
                f"cells must be a list of cells, the bottom layer first; "
                f"a {type(cells).__name__} came."
            )
        if not cells:
            raise ValueError("cells must hold at least one cell; an empty list came.")
        for layer, cell in enumerate(cells):
            check_cell(cell, f"cells[{layer}]")
        if not share_weights:
            _check_all_different(cells)
        if not state_is_tuple:
            for layer, cell in enumerate(cells):
                if tf.nest.is_nested(cell.state_size):
                    raise ValueError(
                        f"state_is_tuple=False needs layers whose state is one tensor, but "
                        f"cells[{layer}] has state_size {cell.state_size}; make that cell with "
                        "state_is_tuple=False too."
                    )
        self.cells = list(cells)
        self.state_is_tuple = state_is_tuple
        self.share_weights = share_weights

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self.cells)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self.cells[-1].output_size

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        dtype = check_float_dtype(dtype)
        states = tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)
        return states if self.state_is_tuple else tf.concat(states, axis=1)

    def make_variables(self, input_depth: int, dtype: tf.DType) -> None:
        depth = input_depth
        for cell in self.cells:
            ensure_built(cell, tf.TensorSpec([None, depth], dtype))
            depth = cell.output_size

    def step(self, inputs: tf.Tensor, state: Any) -> tuple[tf.Tensor, Any]:
        return self._step_through(self.cells, inputs, state)

    def _step_through(
        self, steps: Sequence[StepFunction], inputs: tf.Tensor, state: Any
    ) -> tuple[tf.Tensor, Any]:
        if not self.state_is_tuple:
            state = tf.split(state, [cell.state_size for cell in self.cells], axis=1)
        new_states = []
        for step, layer_state in zip(steps, state):
            inputs, new_state = step(inputs, layer_state)  # [B, D] or [B, U] -> [B, U]
            new_states.append(new_state)
        if not self.state_is_tuple:
            return inputs, tf.concat(new_states, axis=1)
        return inputs, tuple(new_states)

    def for_sequence(self) -> StepFunction:
        steps = [step_function(cell) for cell in self.cells]
        return lambda inputs, state: self._checked(
            lambda x, s: self._step_through(steps, x, s), inputs, state
        )


def _check_all_different(cells: Sequence[Any]) -> None:
    """Raise where two layers are, or wrap, one and the same cell."""
    layers: dict[int, list[int]] = {}
    for layer, cell in enumerate(cells):
        while hasattr(cell, "cell"):  # a wrapper: what counts is whose weights are inside
            cell = cell.cell
        layers.setdefault(id(cell), []).append(layer)
    same = [numbers for numbers in layers.values() if len(numbers) > 1]
    if same:
        named = "; ".join(f"layers {', '.join(map(str, n[:-1]))} and {n[-1]}" for n in same)
        kind = type(cells[same[0][0]]).__name__
        raise ValueError(
            f"cells: {named} are the same {kind} object, so they would share one set of weights; "
            f"make a new cell for each layer, MultiRNNCell([{kind}(...) for _ in "
            f"range({len(cells)})]), or say share_weights=True."
        )


class DropoutWrapper(RNNCell):
    """Dropout around a cell: on its input, its new state and its output, in this order.

    Kept values are scaled by 1/keep_prob, so that the expected value stays (Srivastava et al.,
    2014). An LSTM's c is never dropped. With `variational_recurrent` one mask is drawn for each
    sequence and used at all its steps (Gal and Ghahramani, 2016); the next run of an unroll draws
    anew. Called step by step without an unroll, a variational wrapper keeps one mask until
    `for_sequence()` gives a step function with another.

    Args:
      cell: the cell to wrap.
      input_keep_prob, output_keep_prob, state_keep_prob: in (0, 1], numbers or scalar tensors; 1.0
        drops nothing.
      variational_recurrent: one mask for all steps.
      seed: makes the masks repeatable.
    """

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        seed: int | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name)
        check_cell(cell)
        self.cell = cell
        self.input_keep_prob = _check_keep_prob(input_keep_prob, "input_keep_prob")
        self.output_keep_prob = _check_keep_prob(output_keep_prob, "output_keep_prob")
        self.state_keep_prob = _check_keep_prob(state_keep_prob, "state_keep_prob")
        if _has_joined_lstm_state(cell) and not _keeps_all(self.state_keep_prob):
            raise ValueError(
                f"state_keep_prob is {state_keep_prob!r}, but the LSTM inside joins c and h to one "
                "tensor and c must not be dropped; make the LSTM with state_is_tuple=True."
            )
        self.variational_recurrent = variational_recurrent
        self.seed = seed
        self._draws = itertools.count()
        self._generator: tf.random.Generator | None = None  # made at the first draw from `seed`
        if variational_recurrent:
            with tf.init_scope():
                self._by_hand = self._draw_sequence_seed()

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        ensure_built(
            self.cell,
            tf.nest.map_structure(lambda depth: tf.TensorSpec([None, depth], dtype), input_depth),
        )

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        noise = self._noise(self._by_hand if self.variational_recurrent else None)
        return self._drop_around(self.cell, noise, inputs, state)

    def for_sequence(self) -> StepFunction:
        inner = step_function(self.cell)
        noise = self._noise(self._draw_sequence_seed() if self.variational_recurrent else None)
        return lambda inputs, state: self._checked(
            lambda x, s: self._drop_around(inner, noise, x, s), inputs, state
        )

    def _drop_around(
        self, cell_step: StepFunction, noise: Noise, inputs: Any, state: Any
    ) -> tuple[Any, Any]:
        inputs = _drop(inputs, self.input_keep_prob, noise, "input")
        output, new_state = cell_step(inputs, state)
        new_state = _drop(new_state, self.state_keep_prob, noise, "state")
        return _drop(output, self.output_keep_prob, noise, "output"), new_state

    def _draw_sequence_seed(self) -> tf.Tensor:
        return self._uniform([2], tf.int32, "sequence", maxval=2**31 - 1)

    def _noise(self, sequence_seed: tf.Tensor | None) -> Noise:
        """Uniform numbers in [0, 1): the same at every step for a sequence_seed, else new ones."""
        if sequence_seed is None:
            return self._uniform
        return lambda shape, dtype, role: tf.random.stateless_uniform(
            shape, sequence_seed + [zlib.crc32(role.encode()) >> 1, 0], dtype=dtype
        )

    def _uniform(self, shape: Any, dtype: tf.DType, role: str, **range_: Any) -> tf.Tensor:
        if self.seed is None:
            return tf.random.uniform(shape, dtype=dtype, **range_)
        with tf.init_scope():
            in_session_graph = not tf.executing_eagerly()
            if self._generator is None and not in_session_graph:
                self._generator = tf.random.Generator.from_seed(self.seed)
        if self._generator is not None and not in_session_graph:
            return self._generator.uniform(shape, dtype=dtype, **range_)
        # A session runs what it can in any order, so a shared generator would not repeat: each
        # operation draws from a seed of its own. Equal seeds would give equal masks.
        seed = zlib.crc32(f"{self.seed} {role} {next(self._draws)}".encode()) >> 1
        return tf.random.uniform(shape, dtype=dtype, seed=seed, **range_)


def _drop(value: Any, keep_prob: Any, noise: Noise, role: str) -> Any:
    """Dropout on every tensor of a structure but an LSTM's c."""
    if _keeps_all(keep_prob):
        return value
    if isinstance(value, LSTMStateTuple):
        return LSTMStateTuple(value.c, _drop(value.h, keep_prob, noise, f"{role}.h"))
    if isinstance(value, Mapping):
        kind: Any = type(value)
        return kind({k: _drop(v, keep_prob, noise, f"{role}.{k}") for k, v in value.items()})
    if isinstance(value, (tuple, list)):
        parts = [_drop(v, keep_prob, noise, f"{role}[{i}]") for i, v in enumerate(value)]
        return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
    keep_prob = tf.cast(keep_prob, value.dtype)
    if tf.get_static_value(keep_prob) is None:  # a placeholder or an argument of a tf.function
        in_range = tf.logical_and(keep_prob > 0, keep_prob <= 1)
        message = f"{role.split('.')[0].split('[')[0]}_keep_prob must lie in (0, 1]"
        check = tf.debugging.Assert(in_range, [message, keep_prob])
        with tf.control_dependencies([check] if check is not None else []):
            keep_prob = tf.identity(keep_prob)
    kept = noise(tf.shape(value), value.dtype, role) < keep_prob
    return tf.where(kept, value / keep_prob, tf.zeros_like(value))


def _keeps_all(keep_prob: Any) -> bool:
    return isinstance(keep_prob, (int, float)) and keep_prob == 1


def _check_keep_prob(value: Any, argument: str) -> Any:
    known = tf.get_static_value(value) if tf.is_tensor(value) else value
    if known is None:
        return value  # known only at run time, and checked there
    try:
        number = float(known)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number <= 1:
        raise ValueError(
            f"{argument} must lie in (0, 1], the share of values that is kept; got {known!r}."
        )
    return number


def _has_joined_lstm_state(cell: Any) -> bool:
    inside = [*getattr(cell, "cells", []), *([cell.cell] if hasattr(cell, "cell") else [])]
    joined = isinstance(cell, LSTMCell) and not cell.state_is_tuple
    return joined or any(map(_has_joined_lstm_state, inside))


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
