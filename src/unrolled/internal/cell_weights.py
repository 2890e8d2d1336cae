"""The cells whose weights move to other places: their kinds, and their variables as arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.checkpoint_names import KINDS, NAMES, Kind
from unrolled.internal.checks import describe
from unrolled.internal.keras_cells import KerasCell, is_layer
from unrolled.wrappers import MultiRNNCell


def check_eager(function: str) -> None:
    """Raise a RuntimeError in a graph, where variables have no values."""
    if not tf.executing_eagerly():
        raise RuntimeError(
            f"{function} reads and sets the values of variables, which a graph keeps in its "
            "session; call it eagerly, and from a program in graph mode save a checkpoint with "
            "tf.compat.v1.train.Saver, to be read with from_checkpoint by another program."
        )


def kind_of(cell: Any) -> Kind:
    """The kind of a cell of ours; a TypeError for any other."""
    for kind in KINDS:
        if type(cell) is kind.cell:
            return kind
    keras_cell = cell.cell if isinstance(cell, KerasCell) else cell
    if is_layer(keras_cell) and hasattr(keras_cell, "state_size"):
        raise TypeError(
            f"a {type(keras_cell).__name__} of Keras's own is not converted; it runs in "
            "keras.layers.RNN(cell) as it is."
        )
    if hasattr(cell, "cell"):
        raise TypeError(
            f"a {type(cell).__name__} does not move into a Keras layer, only the cell inside does; "
            "convert that, wrapper.cell, and put a keras.layers.Dropout in front or behind."
        )
    *names, last = dict.fromkeys(kind.cell.__name__ for kind in KINDS)
    got = "a MultiRNNCell inside another" if isinstance(cell, MultiRNNCell) else describe(cell)
    raise TypeError(
        f"cell must be a {', '.join(names)} or {last}, a MultiRNNCell of these, or a pair "
        f"(cell_fw, cell_bw) of either; got {got}."
    )


def weights_of(cell: Any) -> dict[str, np.ndarray]:
    """{name: value} of a built cell's variables."""
    kind = kind_of(cell)
    if not hasattr(cell, kind.needs[0]):
        raise ValueError(
            f"this {kind.cell.__name__} has no variables to convert yet; call "
            "cell.build(input_depth) or run it first."
        )
    return {name: getattr(cell, name).numpy() for name in NAMES if hasattr(cell, name)}


def assign(cell: Any, weights: Mapping[str, np.ndarray], depth: int, source: str) -> None:
    """Build the cell for inputs of `depth` and give it all its weights."""
    cell.build(depth, next(iter(weights.values())).dtype)
    expected = {name: value.shape for name, value in weights_of(cell).items()}
    got = {name: weights[name].shape for name in NAMES if name in weights}
    if got != expected:
        raise ValueError(
            f"{source} holds weights of the shapes {got}, but this {type(cell).__name__} has "
            f"{expected}."
        )
    for name, value in weights.items():
        getattr(cell, name).assign(value)


def depth_of_inputs(cell: Any) -> int:
    """D of a built cell."""
    return weights_of(cell)[kind_of(cell).needs[0]].shape[0] - cell.output_size  # [D+U, ...] -> D


def one_or_pair(cell: Any) -> Sequence[Any]:
    """[cell], or the two cells of a pair."""
    if not isinstance(cell, tuple):
        return [cell]
    if len(cell) != 2:
        raise ValueError(
            f"cell must be one cell or a pair (cell_fw, cell_bw); got a tuple of {len(cell)}."
        )
    return cell


def stacked(cell: Any) -> list[Any]:
    """The layers of a stack, or the one cell."""
    return cell.cells if isinstance(cell, MultiRNNCell) else [cell]


def unwrapped(cell: Any) -> Any:
    """The cell inside of its wrappers."""
    while hasattr(cell, "cell"):
        cell = cell.cell
    return cell


def layers_of(cell: Any) -> dict[int | None, Any]:
    """The cells that hold variables, by the numbers that name them: None where there is no stack.

    A cell that is several layers is named by the first, as TensorFlow 1 did from 1.2 on.
    """
    cell = unwrapped(cell)
    if not isinstance(cell, MultiRNNCell):
        return {None: cell}
    inside = [unwrapped(layer) for layer in cell.cells]
    return {n: layer for n, layer in enumerate(inside) if all(layer is not i for i in inside[:n])}
