"""Keras's side of the contract: its cells in our unrolls, our cells in its layers.

Keras is looked at only where a program has imported it: nothing here waits for it.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

import tensorflow as tf

from unrolled.contract import Cell, RNNCell
from unrolled.internal.checks import check_cell, describe


def as_cell(cell: Any, argument: str = "cell") -> Cell:
    """`cell` as the contract has it: itself, or a Keras cell in a `KerasCell`; else an error."""
    keras = sys.modules.get("keras")
    if (
        keras is not None
        and isinstance(cell, keras.layers.Layer)
        and not hasattr(cell, "zero_state")
    ):
        if isinstance(cell, keras.layers.RNN):
            raise TypeError(
                f"{argument} must be a cell, one step of a recurrent network; got the layer "
                f"{type(cell).__name__}, which runs one over a sequence: give {argument}.cell."
            )
        if hasattr(cell, "state_size"):
            cell = KerasCell(cell)
    check_cell(cell, argument)
    return cell


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

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        mine = {self.cell.variable_dtype, self.cell.compute_dtype}
        if mine != {dtype.name}:
            raise ValueError(
                f"inputs of {dtype.name} do not fit a {type(self.cell).__name__} whose dtype is "
                f"{self.cell.dtype_policy.name}; make it with dtype={dtype.name!r}."
            )
        if not self.cell.built:
            self.cell.build((None, input_depth))
            self.cell.built = True
        # TensorFlow's own variables, which a tf.Module around this one finds.
        self.kept = [variable.value for variable in self.cell.variables]

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new_state = self.cell(inputs, state if self._several else [state])
        if not self._several and isinstance(new_state, (list, tuple)):
            [new_state] = new_state
        return output, new_state


def variables_of(cell: Any) -> list[tf.Variable]:
    """TensorFlow's variables in a cell of any kind, each once, in an order that does not change."""
    found: dict[int, tf.Variable] = {}

    def visit(value: Any, seen: set[int]) -> None:
        if isinstance(value, tf.Variable):
            found.setdefault(id(value), value)
            return
        if id(value) in seen or isinstance(value, (str, bytes, type)):
            return
        seen = seen | {id(value)}
        if isinstance(value, (list, tuple)):
            parts = list(value)
        elif isinstance(value, dict):
            parts = list(value.values())
        elif isinstance(value, tf.Module):
            parts = [*value.variables, *(v for _, v in sorted(vars(value).items()))]
        elif _is_keras(value):
            parts = [v.value for v in value.variables]
        else:
            parts = (
                [v for _, v in sorted(vars(value).items())] if hasattr(value, "zero_state") else []
            )
        for part in parts:
            visit(part, seen)

    visit(cell, set())
    return list(found.values())


def _is_keras(value: Any) -> bool:
    keras = sys.modules.get("keras")
    return keras is not None and isinstance(value, keras.layers.Layer)


def warn_if_untracked(cell: Any) -> None:
    """A warning where a Keras layer that runs does not know the variables of `cell`."""
    layer = _layer_that_runs()
    if layer is None:
        return
    known = {id(v.value) for v in layer.variables}
    if any(v.trainable and id(v) not in known for v in variables_of(cell)):
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
