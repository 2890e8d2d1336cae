"""Keras's cells, such as `tf.keras.layers.LSTMCell`, in the unrolls and wrappers of `tf.nn`."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell


def as_cell(cell: Any, argument: str = "cell", inside: str | None = None) -> Any:
    """A cell as it is, a Keras cell as a `KerasCell`.

    Args:
      cell: any cell.
      argument: its name in an error.
      inside: the name scope, in the one that is open now, where 1.15 made a Keras cell's
        variables (default: the one of its first call).

    Raises:
      TypeError: `cell` is not a cell.
    """
    is_keras_cell = _is_layer(cell) and hasattr(cell, "state_size")
    if is_keras_cell and hasattr(cell, "get_initial_state") and not hasattr(cell, "zero_state"):
        cell = KerasCell(cell, inside)
    check_cell(cell, argument)
    return cell


def _is_layer(value: Any) -> bool:
    """Whether a thing is a layer of Keras, the one or the other."""
    kinds = type(value).__mro__
    return any(kind.__name__ == "Layer" and "keras" in kind.__module__ for kind in kinds)


class KerasCell:
    """A Keras cell as the unrolls call it: without the list around a single tensor of state.

    It has the attributes of the Keras cell, too. As in 1.15, the variables of a Keras cell are
    named for the place of its first call, `rnn/while/lstm_cell/kernel`, and no variable scope
    changes their initialiser or shares them.

    Args:
      cell: the Keras cell.
      inside: as for `as_cell`.
    """

    def __init__(self, cell: Any, inside: str | None = None):
        self.keras_cell = cell
        here = "" if inside is None else tf.get_default_graph().get_name_scope()
        self._scope = "".join(f"{part}/" for part in (here, inside) if part)

    def __getattr__(self, name: str) -> Any:
        # Not `self.keras_cell`, which a copy that is being made lacks.
        return getattr(object.__getattribute__(self, "keras_cell"), name)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state that the Keras cell starts from."""
        initial_state = self.keras_cell.get_initial_state
        if "dtype" in inspect.signature(initial_state).parameters:
            state = initial_state(batch_size=batch_size, dtype=dtype)
        else:  # in Keras 3 the cell alone says it
            state = initial_state(batch_size=batch_size)
        return state if tf.nest.is_nested(self.state_size) else tf.nest.flatten(state)[0]

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; a scope changes nothing."""
        is_nested = tf.nest.is_nested(state)
        with tf.name_scope(self._scope) if self._scope else contextlib.nullcontext():
            output, new_state = self.keras_cell(inputs, state if is_nested else [state])
        leaves = tf.nest.flatten(new_state)
        return output, tf.nest.pack_sequence_as(state, leaves) if is_nested else leaves[0]
