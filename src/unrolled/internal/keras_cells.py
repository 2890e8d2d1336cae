"""Keras's side of the contract: its cells in our unrolls, our cells in its layers.

Keras is looked at only where a program has imported it: nothing here waits for it.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from unrolled.contract import Cell, RNNCell
from unrolled.internal.checks import check_cell, describe, with_article


def as_cell(cell: Any, argument: str = "cell") -> Cell:
    """`cell` as the contract has it: itself, or a Keras cell in a `KerasCell`; else an error."""
    if is_layer(cell) and not hasattr(cell, "zero_state"):
        inside = "cell" if hasattr(cell, "cell") else "forward_layer"
        if hasattr(cell, inside):
            raise TypeError(
                f"{argument} must be a cell, one step of a recurrent network; got the layer "
                f"{type(cell).__name__}, which runs one over a sequence: give its cell."
            )
        if hasattr(cell, "state_size"):
            cell = KerasCell(cell)
    check_cell(cell, argument)
    return cell


def is_layer(value: Any) -> bool:
    """Whether `value` is a Keras layer."""
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.layers.Layer)


class KerasCell(RNNCell):
    """A Keras cell, such as `keras.layers.LSTMCell`, as a cell of this package.

    Keras states have the order of `cell.state_size`: (h, c) for its LSTM, and not (c, h).

    Args:
      cell: the Keras cell; its own `dropout` must be 0.

    Raises:
      ValueError: the cell draws dropout masks, which only Keras's own layer renews.
    """

    def __init__(self, cell: Any):
        super().__init__()
        for each in getattr(cell, "cells", [cell]):
            if getattr(each, "dropout", 0) or getattr(each, "recurrent_dropout", 0):
                raise ValueError(
                    f"the {type(each).__name__} must have dropout=0 and recurrent_dropout=0, since "
                    "only Keras's own layer draws its masks; put it in a DropoutWrapper."
                )
        self.cell = cell
        self._several = isinstance(cell.state_size, (list, tuple))

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        size = getattr(self.cell, "output_size", None)
        return (self.state_size[0] if self._several else self.state_size) if size is None else size

    def zero_state(self, batch_size: int | tf.Tensor, dtype: Any) -> Any:
        """The state that the Keras cell starts from; zeros, where it does not say otherwise."""
        if not hasattr(self.cell, "get_initial_state"):
            return super().zero_state(batch_size, dtype)
        state = self.cell.get_initial_state(batch_size=batch_size)
        if not self._several and isinstance(state, (list, tuple)):
            [state] = state
        return tf.nest.pack_sequence_as(
            self.state_size, [_cast(x, tf.as_dtype(dtype)) for x in tf.nest.flatten(state)]
        )

    def build(self, input_depth: Any, dtype: Any = None) -> None:
        super().build(input_depth, dtype)
        # TensorFlow's own variables, which a tf.Module around this one finds. While Keras looks at
        # the shapes of a model alone, there are none yet.
        values = [variable.value for variable in self.cell.variables]
        self.kept = [value for value in values if isinstance(value, tf.Variable)]

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        if self.cell.variable_dtype != dtype.name:
            raise ValueError(
                f"inputs of {dtype.name} do not fit {with_article(self.cell)} whose variables are "
                f"{self.cell.variable_dtype}; make it with dtype={dtype.name!r}."
            )
        if not self.cell.built:
            self.cell.build((None, input_depth))
            self.cell.built = True

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new_state = self.cell(inputs, state if self._several else [state])
        if not self._several and isinstance(new_state, (list, tuple)):
            [new_state] = new_state
        # Under a policy of mixed precision the cell computes in another dtype than its state.
        leaves = zip(tf.nest.flatten(new_state), tf.nest.flatten(state))
        new_leaves = [_cast(new, old.dtype) for new, old in leaves]
        return _cast(output, inputs.dtype), tf.nest.pack_sequence_as(state, new_leaves)


def _cast(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.cast(x, dtype) if x.dtype.is_floating and dtype.is_floating else x


class Contents(NamedTuple):
    """What a cell of any kind holds, each once, in an order that does not change."""

    variables: list[tf.Variable]  # those that no Keras layer inside holds
    layers: list[Any]  # Keras layers, not those inside of them
    wrappers: list[Any]  # DropoutWrappers


def contents(cell: Any) -> Contents:
    """Look through modules, lists, mappings and whatever else has a `zero_state`."""
    variables: dict[int, tf.Variable] = {}
    layers: dict[int, Any] = {}
    wrappers: dict[int, Any] = {}
    seen: set[int] = set()

    def visit(value: Any) -> None:
        if isinstance(value, Mapping):
            value = list(value.values())
        if isinstance(value, (list, tuple)):
            for part in value:
                visit(part)
        elif isinstance(value, tf.Variable):
            variables[id(value)] = value
        elif is_layer(value):
            layers[id(value)] = value
        elif id(value) in seen:
            return
        elif isinstance(value, tf.Module) or hasattr(value, "zero_state"):
            seen.add(id(value))
            if hasattr(value, "around"):
                wrappers[id(value)] = value
            if isinstance(value, tf.Module):  # its order is the one that readers know
                visit(list(value.variables))
            visit([part for _, part in sorted(getattr(value, "__dict__", {}).items())])

    visit(cell)
    of_keras = {id(v.value) for layer in layers.values() for v in layer.variables}
    mine = [v for i, v in variables.items() if i not in of_keras]
    return Contents(mine, list(layers.values()), list(wrappers.values()))


def warn_if_untracked(cell: Any) -> None:
    """A warning where a Keras layer that runs does not know the variables of `cell`."""
    layer = _layer_that_runs()
    if layer is None:
        return
    known = {id(v.value) for v in layer.variables}
    variables, layers, _ = contents(cell)
    held = [*variables, *(v.value for inside in layers for v in inside.variables)]
    if any(v.trainable and id(v) not in known for v in held if isinstance(v, tf.Variable)):
        inside = cell.cell if isinstance(cell, KerasCell) else cell
        warnings.warn(
            f"the Keras layer {layer.name!r} runs {describe(inside)} whose variables it does not "
            "know, so it neither trains nor saves them: put the cell in unrolled.RNN(cell), and "
            "that layer in an attribute of yours.",
            stacklevel=4,
        )


def _layer_that_runs() -> Any:
    """The outermost Keras layer or model that is being called, or None."""
    if "keras" not in sys.modules:
        return None
    try:  # no public name says so; without it there is no warning
        from keras.src.backend.common.global_state import get_global_attribute
    except ImportError:
        return None
    context = get_global_attribute("current_call_ctx")
    return getattr(context, "entry_layer", None)
