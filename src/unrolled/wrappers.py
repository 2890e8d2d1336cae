"""Cells made of cells: a stack of layers, and dropout around a layer.

The contract is that of `unrolled.contract`, and so are the letters: B rows in the batch, D inputs,
U units.
"""

from __future__ import annotations

import itertools
import math
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.cells import BasicLSTMCell
from unrolled.contract import Cell, RNNCell, RunStep
from unrolled.internal.checks import (
    check_flag,
    check_float_dtype,
    describe,
    unwrapped,
)
from unrolled.internal.keras_cells import as_cell
from unrolled.internal.run import depth_of, ensure_built, step_for_run
from unrolled.internal.shapes import size_shape
from unrolled.internal.tracing import after

Noise = Callable[[tf.Tensor, tf.DType, str], tf.Tensor]  # (shape, dtype, role) -> [*shape]


class MultiRNNCell(RNNCell):
    """A stack: the output of each layer is the input of the next.

    The state is a tuple with one entry per layer, the bottom layer first; the output is the top
    layer's. `MultiRNNCell([cell] * n)` is refused: it repeats one object, so every layer would have
    the same weights (separate in TensorFlow 1.0, an error in 1.1, silently shared from 1.2 on).

    Args:
      cells: a list of cells, the bottom layer first.
      state_is_tuple: False joins the states to one tensor [B, sum of sizes] (default: True).
      share_weights: allow the same cell in several layers, on purpose (default: False).
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: `cells` is not a list, or one of them is not a cell.
      ValueError: `cells` is empty, one cell is used for two layers, or the states cannot be joined.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        state_is_tuple: bool = True,
        *,
        share_weights: bool = False,
        name: str | None = None,
    ):
        super().__init__(name=name)
        if not isinstance(cells, (list, tuple)):
            raise TypeError(
                f"cells must be a list of cells, the bottom layer first; got {describe(cells)}."
            )
        if not cells:
            raise ValueError("cells must hold at least one cell; got an empty list.")
        cells = [as_cell(cell, f"cells[{layer}]") for layer, cell in enumerate(cells)]
        self.state_is_tuple = check_flag(state_is_tuple, "state_is_tuple")
        self.share_weights = check_flag(share_weights, "share_weights")
        if not share_weights:
            check_all_different(cells)
        if not state_is_tuple:
            for layer, cell in enumerate(cells):
                if tf.nest.is_nested(cell.state_size) or size_shape(cell.state_size).rank != 1:
                    raise ValueError(
                        f"state_is_tuple=False needs layers whose state is one tensor, but "
                        f"cells[{layer}] has state_size {cell.state_size}; make that cell with "
                        "state_is_tuple=False too."
                    )
        self.cells = cells
        self.any_inputs = bool(getattr(cells[0], "any_inputs", False))

    @property
    def state_size(self) -> Any:
        sizes = tuple(cell.state_size for cell in self.cells)
        return sizes if self.state_is_tuple else sum(self._widths())

    def _widths(self) -> list[int]:
        return [int(depth_of(cell.state_size)) for cell in self.cells]

    @property
    def output_size(self) -> Any:
        return self.cells[-1].output_size

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        dtype = check_float_dtype(dtype)
        states = tuple(cell.zero_state(batch_size, dtype) for cell in self.cells)
        return states if self.state_is_tuple else tf.concat(states, axis=1)

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        depth = input_depth
        for cell in self.cells:
            ensure_built(cell, _specs(depth, dtype), dtype)
            depth = depth_of(cell.output_size)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.through(self.cells, inputs, state)

    def for_run(self) -> tuple[RunStep, Any]:
        steps, prepared = zip(*map(step_for_run, self.cells))

        def step(prepared: Any, t: Any, inputs: Any, state: Any) -> tuple[Any, Any]:
            layers = [partial(layer, given, t) for layer, given in zip(steps, prepared)]
            return self.through(layers, inputs, state)

        return step, prepared

    def through(self, layers: Sequence[Callable[..., Any]], x: Any, state: Any) -> tuple[Any, Any]:
        """One time step through `layers`, functions of inputs and state, the bottom layer first."""
        states = state if self.state_is_tuple else tf.split(state, self._widths(), axis=1)
        new_states = []
        for layer, layer_state in zip(layers, states):
            x, new_state = layer(x, layer_state)  # [B, D] or [B, U] -> [B, U]
            new_states.append(new_state)
        return x, tuple(new_states) if self.state_is_tuple else tf.concat(new_states, axis=1)


def _specs(depth: Any, dtype: tf.DType) -> Any:
    """One step's inputs [B, D] of these depths; a depth of None stands for one that has none."""
    return tf.nest.map_structure(
        lambda d: tf.TensorSpec([None] if d is None else [None, d], dtype), depth
    )


def cells_inside(cell: Any) -> Iterator[Any]:
    """The cells that hold weights: those inside of stacks and wrappers, else the cell itself."""
    inside = [*getattr(cell, "cells", ())]
    if hasattr(cell, "cell"):
        inside.append(cell.cell)
    if not inside:
        yield cell
    for part in inside:
        yield from cells_inside(part)


def check_all_different(cells: Sequence[Any]) -> None:
    """A ValueError where one cell, wrapped or in a stack of its own, stands in two of `cells`."""
    places: dict[int, list[int]] = {}
    for place, cell in enumerate(cells):
        for inside in {id(each): each for each in cells_inside(cell)}:
            places.setdefault(inside, []).append(place)
    same = sorted({tuple(numbers) for numbers in places.values() if len(numbers) > 1})
    if same:
        layers = "; ".join(f"layers {', '.join(map(str, n[:-1]))} and {n[-1]}" for n in same)
        kind = type(cells[same[0][0]]).__name__
        objects = (
            f"are the same {kind} object"
            if all(cells[i] is cells[same[0][0]] for i in same[0])
            else "have a cell object in common"
        )
        raise ValueError(
            f"cells: {layers} {objects}, so they would share one set of weights; "
            f"make a new cell for each layer, MultiRNNCell([{kind}(...) for _ in "
            f"range({len(cells)})]), or pass share_weights=True."
        )


class DropoutWrapper(RNNCell):
    """Dropout around a cell: on its input, its new state and its output, in this order.

    Kept values are scaled by 1/keep_prob, so that the expected value stays the same (Srivastava et
    al., 2014). An LSTM's c is never dropped, nor are whole numbers in a state. With
    `variational_recurrent` one mask is drawn for each sequence and used at all its steps (Gal and
    Ghahramani, 2016); the next run of an unroll draws anew. Called step by step without an unroll,
    a variational wrapper keeps the mask it was made with.

    A run draws one number, before its first step; every mask follows from that number, the step
    and what is masked. So a run with a seed gives the same masks in whatever order its operations
    are carried out, and a step that is computed twice (`recompute_every`) the same both times.

    Args:
      cell: the cell to wrap.
      input_keep_prob, output_keep_prob, state_keep_prob: in (0, 1], numbers or scalar tensors; 1.0
        drops nothing (default: 1.0). A tf.Variable is read at each step, and is not among the
        variables of this cell: it is set, not trained.
      variational_recurrent: one mask for all steps (default: False).
      seed: a whole number that makes the masks repeatable (default: new ones in each program).
        Wrappers with equal seeds draw equal masks: give each layer its own.
      name: the scope of the variables (default: the class's name).

    Raises:
      TypeError: `cell` is not a cell, or the seed not a whole number.
      ValueError: a keep_prob is outside (0, 1], or `state_keep_prob` is below 1 and an LSTM inside
        has a joined state.
    """

    def __init__(
        self,
        cell: Cell,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        seed: int | None = None,
        *,
        name: str | None = None,
    ):
        super().__init__(name=name)
        self.cell = cell = as_cell(cell)
        self.any_inputs = bool(getattr(cell, "any_inputs", False))
        self._keep_probs = _Untracked(
            input_keep_prob=_check_keep_prob(input_keep_prob, "input_keep_prob"),
            output_keep_prob=_check_keep_prob(output_keep_prob, "output_keep_prob"),
            state_keep_prob=_check_keep_prob(state_keep_prob, "state_keep_prob"),
        )
        if any(_is_joined_lstm(c) for c in cells_inside(cell)) and not _keeps_all(
            self.state_keep_prob
        ):
            raise ValueError(
                f"state_keep_prob is {state_keep_prob!r}, but the LSTM inside joins c and h to one "
                "tensor and c must not be dropped; make the LSTM with state_is_tuple=True."
            )
        self.variational_recurrent = check_flag(variational_recurrent, "variational_recurrent")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, (int, np.integer))):
            raise TypeError(f"seed must be a whole number or None; got {describe(seed)}.")
        self.seed = seed
        self._draws = itertools.count()
        self._generator: tf.random.Generator | None = None
        with tf.init_scope():
            if seed is not None and tf.executing_eagerly():
                self._generator = tf.random.Generator.from_seed(seed)
            if variational_recurrent:
                self._by_hand = _Untracked(drawn=self.draw())

    @property
    def input_keep_prob(self) -> Any:
        return self._keep_probs.input_keep_prob

    @property
    def output_keep_prob(self) -> Any:
        return self._keep_probs.output_keep_prob

    @property
    def state_keep_prob(self) -> Any:
        return self._keep_probs.state_keep_prob

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        return self.cell.zero_state(batch_size, dtype)

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        ensure_built(self.cell, _specs(input_depth, dtype), dtype)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return self.around(self.cell, inputs, state)

    def for_run(self) -> tuple[RunStep, Any]:
        inner, prepared = step_for_run(self.cell)
        if self._keeps_everything():
            return inner, prepared

        def step(prepared: Any, t: Any, inputs: Any, state: Any) -> tuple[Any, Any]:
            given, drawn = prepared
            return self.around(lambda x, s: inner(given, t, x, s), inputs, state, drawn, t)

        return step, (prepared, self.draw())

    def around(
        self,
        call: Callable[..., Any],
        inputs: Any,
        state: Any,
        drawn: tf.Tensor | None = None,
        t: int | tf.Tensor = 0,
    ) -> tuple[Any, Any]:
        """One time step of `call`, a function of inputs and state, with dropout around it.

        Args:
          call: the step of the cell inside.
          inputs, state: those before dropout.
          drawn: the seed drawn for this run (default: one for a step that is called by hand).
          t: the number of the step in its run.
        """
        if self._keeps_everything():
            return call(inputs, state)
        if drawn is None:
            drawn = self._by_hand.drawn if self.variational_recurrent else self.draw()
        noise = _noise(drawn, 0 if self.variational_recurrent else t)
        return self._masked(call, noise, inputs, state)

    def _keeps_everything(self) -> bool:
        return all(map(_keeps_all, vars(self._keep_probs).values()))

    def _masked(
        self, call: Callable[..., Any], noise: Noise, inputs: Any, state: Any
    ) -> tuple[Any, Any]:
        keep_input = _in_range(self.input_keep_prob, "input_keep_prob")
        keep_state = _in_range(self.state_keep_prob, "state_keep_prob")
        keep_output = _in_range(self.output_keep_prob, "output_keep_prob")
        _check_droppable(inputs, keep_input)
        output, new_state = call(_drop(inputs, keep_input, noise, "input"), state)
        new_state = _drop(new_state, keep_state, noise, "state")
        return _drop(output, keep_output, noise, "output"), new_state

    def draw(self) -> tf.Tensor:
        """The number that a run's masks follow from: two int32."""
        highest = 2**31 - 1
        with tf.init_scope():
            in_session_graph = not tf.executing_eagerly()
        if self._generator is not None and not in_session_graph:
            return self._generator.uniform([2], maxval=highest, dtype=tf.int32)
        if self.seed is None:
            return tf.random.uniform([2], maxval=highest, dtype=tf.int32)
        # Each operation of a session's graph has a seed of its own: equal ones draw equal numbers.
        seed = zlib.crc32(f"{self.seed} {next(self._draws)}".encode()) >> 1
        return tf.random.uniform([2], maxval=highest, dtype=tf.int32, seed=seed)

    def hold_draws(self) -> None:
        """Without a seed: draw from a generator of its own from now on, whose state can be stored.

        TensorFlow's own stream, which is asked for a first number, cannot be wound back.
        """
        if self._generator is None and self.seed is None:
            first = tf.random.uniform([], maxval=2**31 - 1, dtype=tf.int32)
            self._generator = tf.random.Generator.from_seed(int(first))
            if self.variational_recurrent:  # a variable can be stored and set, a tensor cannot
                self._by_hand = _Untracked(drawn=tf.Variable(self._by_hand.drawn, trainable=False))


def without_dropout(cell: Any) -> Any:
    """`cell` with every `DropoutWrapper` in it left out, and the same weights: for evaluation.

    The states of both are alike.
    """
    if isinstance(cell, DropoutWrapper):
        return without_dropout(cell.cell)
    if type(cell) is not MultiRNNCell:
        return cell
    cells = [without_dropout(each) for each in cell.cells]
    if all(a is b for a, b in zip(cells, cell.cells)):
        return cell
    return MultiRNNCell(cells, cell.state_is_tuple, share_weights=True, name=cell.name)


class _Untracked:
    """Holds values that tf.Module must not track as its variables."""

    def __init__(self, **values: Any):
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:  # for type checkers: what is there is found before
        raise AttributeError(name)


def _noise(drawn: tf.Tensor, t: int | tf.Tensor) -> Noise:
    """Uniform numbers in [0, 1) that follow from what was drawn, the step and the role."""

    def noise(shape: tf.Tensor, dtype: tf.DType, role: str) -> tf.Tensor:
        seed = drawn + tf.stack([zlib.crc32(role.encode()) >> 1, t])
        kind = dtype if dtype in (tf.float32, tf.float64) else tf.float32
        return tf.random.stateless_uniform(shape, seed, dtype=kind)

    return noise


def _drop(value: Any, keep_prob: Any, noise: Noise, role: str) -> Any:
    """Dropout on every tensor of a structure but an LSTM's c and whole numbers."""
    if _keeps_all(keep_prob):
        return value
    fields = getattr(value, "_fields", ())
    if fields == ("c", "h"):  # an LSTM's state, whoever made it
        return type(value)(value.c, _drop(value.h, keep_prob, noise, f"{role}.h"))
    if isinstance(value, Mapping):
        kind: Any = type(value)
        return kind({k: _drop(v, keep_prob, noise, f"{role}.{k}") for k, v in value.items()})
    if isinstance(value, (tuple, list)):
        parts = [_drop(v, keep_prob, noise, f"{role}[{i}]") for i, v in enumerate(value)]
        return type(value)(*parts) if fields else type(value)(parts)
    if not value.dtype.is_floating:
        return value
    drawn = noise(tf.shape(value), value.dtype, role)
    keep_prob = tf.cast(keep_prob, drawn.dtype)
    return tf.where(
        drawn < keep_prob, value / tf.cast(keep_prob, value.dtype), tf.zeros_like(value)
    )


def _check_droppable(inputs: Any, keep_prob: Any) -> None:
    for x in tf.nest.flatten(inputs):
        if not _keeps_all(keep_prob) and not x.dtype.is_floating:
            raise ValueError(
                f"input_keep_prob is given, but the inputs are whole numbers ({x.dtype.name}), "
                "which dropout would turn into other numbers; apply dropout after the embedding."
            )


def _keeps_all(keep_prob: Any) -> bool:
    return isinstance(keep_prob, float) and keep_prob == 1


def _check_keep_prob(value: Any, argument: str) -> Any:
    wanted = f"{argument} must lie in (0, 1], the share of values that is kept"
    value = unwrapped(value)
    symbolic = tf.is_tensor(value) or isinstance(value, tf.Variable)
    if symbolic:
        if not value.dtype.is_floating or value.shape.rank not in (0, None):
            raise ValueError(f"{wanted}; got {describe(value)}.")
        known = None if isinstance(value, tf.Variable) else tf.get_static_value(value)
        if known is None:
            return value  # known only at run time, and checked there
    else:
        known = value
    try:
        number = math.nan if isinstance(known, (bool, str, bytes)) else float(known)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 < number <= 1:
        got = repr(known) if np.isscalar(known) else describe(known)
        raise ValueError(f"{wanted}; got {got}.")
    return number


def _in_range(keep_prob: Any, argument: str) -> Any:
    """`keep_prob`, checked at run time if it was not known before, as with a placeholder."""
    if isinstance(keep_prob, float):
        return keep_prob
    keep_prob = tf.convert_to_tensor(keep_prob)
    in_range = tf.logical_and(keep_prob > 0, keep_prob <= 1)
    with after(tf.debugging.Assert(in_range, [f"{argument} must lie in (0, 1]; got", keep_prob])):
        return tf.ensure_shape(keep_prob, [])  # a placeholder may not say that it is a scalar


def _is_joined_lstm(cell: Any) -> bool:
    return isinstance(cell, BasicLSTMCell) and not cell.state_is_tuple
