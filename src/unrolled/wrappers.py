"""Cells made of cells: a stack of layers, and dropout around a layer.

The contract is that of `unrolled.cells`, and so are the letters: B rows in the batch, D inputs,
U units.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow as tf

from unrolled.cells import (
    LSTMCell,
    LSTMStateTuple,
    RNNCell,
    StepFunction,
    ensure_built,
    step_function,
)
from unrolled.internal.checks import after, check_cell, check_float_dtype

Noise = Callable[[tf.Tensor, tf.DType, str], tf.Tensor]  # (shape, dtype, role) -> [*shape]


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
        keep_input = _in_range(self.input_keep_prob, "input_keep_prob")
        keep_state = _in_range(self.state_keep_prob, "state_keep_prob")
        keep_output = _in_range(self.output_keep_prob, "output_keep_prob")
        output, new_state = cell_step(_drop(inputs, keep_input, noise, "input"), state)
        new_state = _drop(new_state, keep_state, noise, "state")
        return _drop(output, keep_output, noise, "output"), new_state

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


def _in_range(keep_prob: Any, argument: str) -> Any:
    """`keep_prob`, checked when it is used where it was not known before: a placeholder, say."""
    if isinstance(keep_prob, float):
        return keep_prob
    in_range = tf.logical_and(keep_prob > 0, keep_prob <= 1)
    with after(tf.debugging.Assert(in_range, [f"{argument} must lie in (0, 1]; got", keep_prob])):
        return tf.ensure_shape(keep_prob, [])  # a placeholder may not say that it is a scalar


def _has_joined_lstm_state(cell: Any) -> bool:
    inside = [*getattr(cell, "cells", []), *([cell.cell] if hasattr(cell, "cell") else [])]
    joined = isinstance(cell, LSTMCell) and not cell.state_is_tuple
    return joined or any(map(_has_joined_lstm_state, inside))
