"""What a cell is: the contract in types, and a base class that enforces it.

A cell is a function of one time step,

    output, new_state = cell(inputs, state)        # [B, D], state -> [B, output_size], state

with `state_size`, `output_size` and `zero_state(batch_size, dtype)`. Any object with these runs in
every unroll; `RNNCell` adds the checks, the variables and the errors. The letters: B rows in the
batch, T steps, D inputs, U units.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from unrolled.internal.checks import (
    as_float_tensor,
    as_tensor,
    check_cell_state,
    check_count,
    check_float_dtype,
    check_name,
    float_dtype_of,
    unwrapped,
    with_article,
)
from unrolled.internal.configs import config_of, from_config
from unrolled.internal.named import Initializer
from unrolled.internal.shapes import full_shape, size_of, size_or_tensor
from unrolled.internal.tracing import no_autograph

TensorLike: TypeAlias = tf.Tensor | tf.Variable | NDArray[Any] | Sequence[Any] | float
State: TypeAlias = tf.Tensor | tuple["State", ...] | list["State"] | Mapping[str, "State"]
Size: TypeAlias = int | tf.TensorShape | tuple["Size", ...] | list["Size"] | Mapping[str, "Size"]

# One step of a run: what the run prepared, the number of the step, its inputs, the state.
RunStep: TypeAlias = Callable[[Any, Any, Any, Any], tuple[Any, Any]]


@runtime_checkable
class Cell(Protocol):
    """One time step of a recurrent network.

    `state_size` is a number of units, a shape, or a nested structure of these; a state is the same
    structure of tensors [B, size]. `output_size` likewise.

    A cell may also have three optional members. `build(input_depth)` makes its variables; an
    unroll calls it once, before its loop, unless `built` is true or the cell has variables already,
    and then sets `built`. `any_inputs = True` means that a step takes inputs that are not
    [B, D] floating point, such as word numbers, and checks them itself. `for_run` is explained at
    `RNNCell.for_run`.

    AutoGraph does not convert a step: for an `if` on a tensor write `tf.cond`, or decorate the step
    with `tf.function`.
    """

    @property
    def state_size(self) -> Size:
        """The size of each row of the state, without the batch."""

    @property
    def output_size(self) -> Size:
        """The size of each row of the output, without the batch."""

    def zero_state(self, batch_size: Any, dtype: Any) -> State:
        """A state of zeros for `batch_size` rows."""

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One time step: the output and the new state."""


build_lock = threading.RLock()  # two threads that meet an unbuilt cell must not both build it


class RNNCell(tf.Module):
    """What all cells share. A cell of your own must define the four members that raise here."""

    built = False
    any_inputs = False  # True: a step takes other inputs than [B, D] and checks them itself
    input_depth: Any = None  # D, once built
    variable_dtype: tf.DType | None = None  # of the variables; None before `build`, or without any

    # The `step` and the `__call__` that the class's `for_run` was written to replace in a run.
    _replaced_in_a_run: tuple[Any, Any] | None = None

    def __init_subclass__(cls, **how: Any) -> None:
        super().__init_subclass__(**how)
        if "for_run" in vars(cls):
            cls._replaced_in_a_run = (cls.step, cls.__call__)

    def for_run_applies(self) -> bool:
        """Whether `step` and `__call__` are still those that `for_run` was written to replace."""
        return (type(self).step, type(self).__call__) == self._replaced_in_a_run

    def __init__(self, name: str | None = None):
        kind = type(self).__name__
        if check_name(name) is None and kind.startswith("_"):
            name = f"private{kind}"  # the name of a scope may not start so
        super().__init__(name=name)

    @property
    def state_size(self) -> Any:
        return self._assigned_size("state_size")

    @property
    def output_size(self) -> Any:
        return self._assigned_size("output_size")

    def _assigned_size(self, name: str) -> Any:
        if f"_assigned_{name}" in vars(self):
            return vars(self)[f"_assigned_{name}"]
        raise NotImplementedError(f"{type(self).__name__} does not define {name}.")

    def __setattr__(self, name: str, value: Any) -> None:
        # `self.state_size = 5` in an `__init__`, as in a cell of Keras. It is kept as it is given:
        # tf.Module would wrap a list or a tuple, and save it in checkpoints.
        is_size = name in ("state_size", "output_size")
        if is_size and getattr(type(self), name) is getattr(RNNCell, name):
            self.__dict__[f"_assigned_{name}"] = value
        else:
            super().__setattr__(name, value)

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        """Create the variables; called once, outside any loop or traced function."""
        raise NotImplementedError(f"{type(self).__name__} does not define make_variables.")

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """The equation: [B, D] and a state give [B, output_size] and the next state."""
        raise NotImplementedError(f"{type(self).__name__} does not define step.")

    @no_autograph
    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One time step.

        Args:
          inputs: [B, D], floating point.
          state: as `zero_state` makes it.

        Returns:
          The output [B, output_size] and the new state.

        Raises:
          TypeError: the inputs are no tensor and cannot become one.
          ValueError: the inputs are not [B, D] or not floating point, D or the dtype differs from
            what the cell was built with, or the state has another structure, shape or dtype.
          tf.errors.InvalidArgumentError: a state of another batch size, known only at run time.
        """
        inputs = self._checked_inputs(inputs)
        first = tf.nest.flatten(inputs)[0]
        dtype = first.dtype
        if not dtype.is_floating:  # word numbers, say: then the state tells
            dtype = float_dtype_of(state) or self.variable_dtype or tf.float32
        self.build(depths(inputs), dtype)
        state = check_cell_state(self, state, size_or_tensor(first, 0), dtype)
        return self.step(inputs, state)

    def _checked_inputs(self, inputs: Any) -> Any:
        kind, leaves = type(self).__name__, tf.nest.flatten(inputs)
        if not leaves:
            raise ValueError(f"inputs of {kind} must be [B, D]; got an empty structure.")
        if self.any_inputs:
            return tf.nest.map_structure(
                lambda x: as_tensor(x, "inputs", "tensors [B, ...]"), inputs
            )
        if isinstance(inputs, list):
            inputs = as_float_tensor(inputs, "inputs", wanted="[B, D]")  # a list is data
        inputs = tf.nest.map_structure(
            lambda x: as_float_tensor(x, "inputs", wanted="[B, D]"), inputs
        )
        for x in tf.nest.flatten(inputs):
            if x.shape.rank != 2 or not size_of(x, 1):
                raise ValueError(
                    f"inputs of {kind} must be [B, D] with a known depth D of at least 1; got "
                    f"shape {x.shape}."
                )
        return inputs

    def for_run(self) -> tuple[RunStep, Any]:
        """The step for one run over a batch of sequences, and what it needs prepared.

        An unroll asks once a run, after `build`. It hands the prepared value, any structure of
        tensors, back to each step,

            step, prepared = cell.for_run()
            output, state = step(prepared, t, inputs, state)       # t = 0, 1, 2, ...

        so this is the place to read weights, cut kernels or draw masks once and not at each step.
        Nothing prepared here outlives the run. A cell need not define this: without it, and where
        `step` or `__call__` is overridden or patched later, a run calls the plain step.
        """
        return lambda _, t, inputs, state: self.step(inputs, state), ()

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        """A state of zeros: for every entry of `state_size` a tensor [batch_size, size].

        Raises:
          ValueError: the dtype is not floating point, or `batch_size` not a number of at least 0.
        """
        dtype = check_float_dtype(dtype)
        batch_size = _check_batch_size(batch_size)
        return tf.nest.map_structure(
            lambda size: tf.zeros(full_shape(batch_size, size), dtype), self.state_size
        )

    @no_autograph
    def build(self, input_depth: Any, dtype: Any = None) -> None:
        """Make the variables for inputs [B, input_depth]. A second call checks and makes nothing.

        Args:
          input_depth: D, or a structure of depths for nested inputs.
          dtype: of the variables (default: tf.float32).

        Raises:
          TypeError: a subclass did not call `super().__init__()`.
          ValueError: the cell was built with another depth or dtype, the depth is not a whole
            number, or the dtype is not floating point.
        """
        if "_name" not in vars(self):  # tf.Module sets it
            raise TypeError(
                f"this cell, {with_article(self)}, is not set up; call super().__init__() at the "
                "start of its __init__."
            )
        if dtype is not None:
            dtype = check_float_dtype(dtype)
        with build_lock:
            if self.built:
                self.check_depth(input_depth, dtype)
                return
            if not self.any_inputs:
                for depth in tf.nest.flatten(input_depth):
                    check_count(depth, "input_depth")
            if dtype is None:  # that of the cells inside, where they are built
                dtype = next((v.dtype for v in self.variables if v.dtype.is_floating), tf.float32)
            # Lifted out of whatever function or loop is traced: variables outlive all of them.
            with tf.init_scope(), self.name_scope:
                self.make_variables(input_depth, dtype)
            self.input_depth = input_depth
            self.variable_dtype = dtype if self.variables else None
            self.built = True

    def check_depth(self, input_depth: Any, dtype: tf.DType | None = None) -> None:
        """Raise a ValueError if the cell was built for another depth or dtype."""
        kind = type(self).__name__
        if input_depth != self.input_depth:
            kernel = next((v for v in self.variables if v.shape.rank == 2), None)
            shape = "" if kernel is None else f" (its kernel has shape {kernel.shape})"
            raise ValueError(
                f"inputs of depth {input_depth} do not fit a {kind} that was built for depth "
                f"{self.input_depth}{shape}; use a separate cell for each depth."
            )
        mine = self.variable_dtype
        if dtype is not None and mine is not None and dtype != mine:
            raise ValueError(
                f"inputs of dtype {dtype.name} do not fit a {kind} whose variables are "
                f"{mine.name}; cast them with tf.cast(inputs, tf.{mine.name}), or use a cell of "
                "its own for each dtype."
            )

    def make_variable(
        self, name: str, shape: Sequence[int], initializer: Initializer, dtype: tf.DType
    ) -> tf.Variable:
        """One variable, for `make_variables`; `initializer` is called with a shape and `dtype=`."""

        def start() -> tf.Tensor:
            try:
                made = initializer(shape, dtype=dtype)
            except (TypeError, ValueError) as error:
                raise type(error)(
                    f"the initializer of {name} must take a shape and dtype=; calling it raised: "
                    f"{error}"
                ) from error
            made = as_tensor(made, f"the initial {name}", f"a tensor of shape {tuple(shape)}")
            if not made.shape.is_compatible_with(shape) or made.dtype != dtype:
                raise ValueError(
                    f"the initial {name} must be of shape {tuple(shape)} and dtype {dtype.name}; "
                    f"its initializer gave shape {made.shape} and dtype {made.dtype.name}."
                )
            return made

        # A function, so that a TF1 graph can initialise the variable in its session.
        return tf.Variable(start, name=name, dtype=dtype)

    def get_config(self) -> dict[str, Any]:
        """The arguments of `__init__` as plain values, which Keras saves with a model.

        Each is read from the attribute of its name; a subclass that keeps one otherwise defines
        this, and `from_config`, itself.

        Raises:
          NotImplementedError: there is no attribute of that name.
          ValueError: a value cannot be saved: a tensor, or a function without a name.
        """
        return config_of(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RNNCell:
        """A new cell of what `get_config` gave."""
        return from_config(cls, config)

    def __getattr__(self, name: str) -> Any:
        if hasattr(type(self), name):  # a property failed: let its own error through
            return object.__getattribute__(self, name)
        kind = type(self).__name__
        if name.startswith("_") or self.built:
            raise AttributeError(f"{kind!r} object has no attribute {name!r}")
        raise AttributeError(
            f"this {kind} has no attribute {name!r} yet; if it is a variable, it is made by "
            "build(input_depth) or by the first step."
        )


def depths(inputs: Any) -> Any:
    """D of each of one step's inputs [B, ..., D]; None for a vector [B], which has none."""
    return tf.nest.map_structure(
        lambda x: size_of(x, -1) if x.shape.rank is not None and x.shape.rank > 1 else None, inputs
    )


def _check_batch_size(batch_size: Any) -> Any:
    batch_size = unwrapped(batch_size)
    if tf.is_tensor(batch_size) or isinstance(batch_size, tf.Variable):
        if batch_size.dtype.is_integer and batch_size.shape.rank in (0, None):
            return batch_size
        raise ValueError(
            "batch_size must be a whole number; got one tensor of shape "
            f"{batch_size.shape} and dtype {batch_size.dtype.name}."
        )
    if isinstance(batch_size, tf.compat.v1.Dimension):
        batch_size = batch_size.value
    whole = isinstance(batch_size, (int, np.integer)) and not isinstance(batch_size, bool)
    if not whole or batch_size < 0:
        raise ValueError(
            f"batch_size must be a whole number of at least 0; got {batch_size!r}; where a graph "
            "does not know it yet, take tf.shape(inputs)[0]."
        )
    return int(batch_size)
