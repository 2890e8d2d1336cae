"""Cells from the variables of a checkpoint, and from its graph where that lies beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from unrolled.cells import BasicLSTMCell, LSTMCell
from unrolled.internal import cudnn_gru
from unrolled.internal.cell_weights import (
    assign,
    depth_of_inputs,
    kind_of,
    layers_of,
    one_or_pair,
)
from unrolled.internal.checkpoint_files import Checkpoint
from unrolled.internal.checkpoint_graphs import CellGraph, Seen
from unrolled.internal.checkpoint_names import (
    RNN,
    Kind,
    Layers,
    foreign_at,
    kind_at,
    networks,
    variables_by_cell,
    wrappers_around,
)
from unrolled.internal.checkpoint_renames import in_order
from unrolled.wrappers import MultiRNNCell


class Loader:
    """The RNNs of a checkpoint.

    Args:
      checkpoint: an open one.
      scope: where the RNN is; "" is anywhere.
    """

    def __init__(self, checkpoint: Checkpoint, scope: str):
        self.checkpoint, self.scope = checkpoint, scope
        self.found = variables_by_cell(checkpoint.shapes)
        self.graph = CellGraph(checkpoint.graph())
        self.warnings: list[str] = []  # what the caller should be told of the graph

    def load(self, cell: Any) -> Any:
        """`cell`, or a new one, with the weights of the only RNN.

        Raises:
          ValueError: there is no such RNN, there are several, or `cell` is another.
        """
        scope, directions = self._only(cell is not None)
        cells = [None] * len(directions) if cell is None else one_or_pair(cell)
        if len(cells) != len(directions):
            counts = {1: "one direction", 2: "two directions"}
            wanted = {1: "one cell", 2: "a pair (cell_fw, cell_bw)"}
            raise ValueError(
                f"cell must be {wanted[len(directions)]}, since scope {scope!r} holds an RNN of "
                f"{counts[len(directions)]}; got {wanted[len(cells)]}."
            )
        loaded = [self._one(layers, one) for layers, one in zip(directions, cells)]
        return tuple(loaded) if len(loaded) == 2 else loaded[0]

    def _only(self, has_cell: bool) -> RNN:
        rnns = networks(self.found, self.scope, self._is_known)
        if not rnns and has_cell and self.scope:
            # Cells with names of their own, whose kind the caller gives.
            rnns = networks(self.found, self.scope, self._may_be_a_cell)
        if len(rnns) != 1:
            raise ValueError(
                f"checkpoint {self.checkpoint.path!r} {_several(rnns) if rnns else self._none()}"
            )
        return rnns[0]

    def _is_known(self, directory: str) -> bool:
        variables = self.found[directory]
        return (
            kind_at(directory, variables) is not None
            or foreign_at(directory) is not None
            or ({"kernel", "bias"} <= variables.keys() and self.graph.of(variables).is_lstm)
        )

    def _may_be_a_cell(self, directory: str) -> bool:
        return {"kernel", "bias"} <= self.found[directory].keys()

    def _none(self) -> str:
        names = sorted(self.checkpoint.shapes)
        if "_CHECKPOINTABLE_OBJECT_GRAPH" in names:
            return (
                "was written by tf.train.Checkpoint, not by TensorFlow 1's Saver; restore it with "
                "tf.train.Checkpoint and the same objects."
            )
        elsewhere = networks(self.found, "", self._is_known)
        if elsewhere:
            holds = f"RNNs are at {', '.join(repr(path) for path, _ in elsewhere)}"
        elif names:
            holds = f"it holds {', '.join(names[:8])}{' and others' if names[8:] else ''}"
        else:
            holds = "it is empty"
        where = f" under the scope {self.scope!r}" if self.scope else ""
        return (
            f"holds no variables of an RNN cell{where}; {holds}; a cell with a name of its own is "
            "found by its full scope."
        )

    def _one(self, layers: Layers, cell: Any) -> Any:
        """Fill `cell`, or a new one, with the weights of each layer."""
        foreign_cells = {directory: foreign_at(directory) for directory in layers.values()}
        if cell is None and {*foreign_cells.values()} == {cudnn_gru.NAME}:
            read = [cudnn_gru.keras_gru_cell(self.checkpoint, one) for one in foreign_cells]
            return read[0] if None in layers else MultiRNNCell(read)
        for directory, foreign in foreign_cells.items():
            if foreign == cudnn_gru.NAME:
                raise ValueError(
                    f"scope {directory!r} holds the GRU of cuDNN, which is read into a "
                    "keras.layers.GRUCell that is made for it; leave cell out."
                )
            if foreign:
                raise ValueError(
                    f"scope {directory!r} holds the variables of a {foreign}, whose equation no "
                    f"cell of this package has; build the old program's {foreign} on unrolled.tf1 "
                    "and restore the checkpoint there with tf.train.Saver."
                )
        weights = {directory: self._weights(directory) for directory in layers.values()}
        seen = {directory: self.graph.of(self.found[directory]) for directory in layers.values()}
        if cell is None:
            made = {
                number: self._new_cell(directory, weights[directory], seen[directory])
                for number, directory in layers.items()
            }
            cell = made[None] if None in made else _stack(made, layers, seen)
        else:
            for target, directory in zip(layers_of(cell).values(), layers.values()):
                self._compare(target, directory, seen[directory])
        targets = layers_of(cell)
        if list(targets) != list(layers):
            raise ValueError(
                f"cell must be {_in_words(layers)}, as in the checkpoint ({', '.join(weights)}); "
                f"got {_in_words(targets)}; make it as the old program did."
            )
        self._warn_of_wrappers(layers.values())
        for target, directory in zip(targets.values(), layers.values()):
            _fill(target, directory, weights[directory])
        cell.build(depth_of_inputs(next(iter(targets.values()))))  # do the layers fit each other?
        return cell

    def _new_cell(self, directory: str, weights: Mapping[str, np.ndarray], seen: Seen) -> Any:
        kind = kind_at(directory, weights)
        if kind is None and seen.is_lstm:
            kind = kind_of(BasicLSTMCell(1))
        if kind is None:
            raise ValueError(
                f"scope {directory!r} does not show which kind of cell its {' and '.join(weights)} "
                "belong to; give the cell as the old program made it, such as "
                "cell=BasicLSTMCell(num_units)."
            )
        options = {**_sizes(kind, directory, weights), **kind.options}
        options.update({k: v for k, v in seen.options.items() if v is not None})
        if seen.used and not _needed(kind) <= seen.options.keys():
            self.warnings.append(
                f"in the graph beside the checkpoint, the cell at scope {directory!r} has an "
                "activation or a forget bias of its own; write the old program's cell again and "
                "give it as cell."
            )
        if seen.residual:
            self.warnings.append(
                f"in the graph beside the checkpoint, scope {directory!r} is in a ResidualWrapper, "
                "which adds the cell's input to its output; the cell alone does not add it."
            )
        make = kind.cell
        basic = {"num_units", "forget_bias", "activation", "state_is_tuple"}
        if make is BasicLSTMCell and not options.keys() <= basic:
            make = LSTMCell  # an LSTMCell under the other's name
        return make(**options)

    def _compare(self, cell: Any, directory: str, seen: Seen) -> None:
        """Warn where the graph shows that the old program's cell was another than the caller's."""
        known = {} if seen.used else dict(getattr(kind_at(directory, ()), "options", {}))
        for name, value in {**known, **seen.options}.items():
            mine = getattr(cell, name, None)
            if mine != value and name != "state_is_tuple":  # which changes no output
                self.warnings.append(
                    f"the old program's cell at scope {directory!r} had {name}={_text(value)}, but "
                    f"the {type(cell).__name__} given as cell has {name}={_text(mine)}; outputs "
                    "will differ."
                )

    def _warn_of_wrappers(self, directories: Iterable[str]) -> None:
        """Warn where weights of the old program's network are around the cells, not in them."""
        cells = [one for one in self.found if self._is_known(one)]
        others = [
            name
            for name in self.checkpoint.shapes
            if not any(name.startswith(f"{cell}/") for cell in cells)
        ]
        found: dict[str, list[str]] = {}
        for directory in directories:
            found |= wrappers_around(directory, others)
        if found:
            listed = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in found.items())
            self.warnings.append(
                f"the old program's RNN had wrappers with weights of their own ({listed}); the "
                "cell alone computes another function: do with them what the wrappers did, or run "
                "the old program on unrolled.tf1."
            )

    def _weights(self, directory: str) -> dict[str, np.ndarray]:
        return {
            name: self.checkpoint.value(in_order(parts))
            for name, parts in self.found[directory].items()
        }


def _several(rnns: Sequence[RNN]) -> str:
    scopes = ", ".join(repr(path) for path, _ in rnns)
    return f"holds several RNNs; name one with scope, {scopes}, or a longer part of a name."


def _in_words(numbers: Iterable[int | None]) -> str:
    return "one cell" if None in numbers else f"a stack with the cells {[*numbers]}"


def _needed(kind: Kind) -> set[str]:
    return {"activation", "forget_bias"} if kind.layer == "LSTM" else {"activation"}


def _stack(made: Mapping[Any, Any], layers: Layers, seen: Mapping[str, Seen]) -> MultiRNNCell:
    """The layers in order, one cell several times where the graph shows `[cell] * n`."""
    counts = {number: seen[layers[number]].layers or 1 for number in layers}
    several = [number for number, count in counts.items() if count > 1]
    total = sum(counts.values())
    if not several or len(several) > 1 or max(made) >= total:
        return MultiRNNCell(list(made.values()))
    cells = [made.get(number, made[several[0]]) for number in range(total)]
    return MultiRNNCell(cells, share_weights=True)


def _text(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)


def _sizes(kind: Kind, directory: str, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """The arguments of the cell, as far as its variables show them."""
    if not set(kind.needs) <= set(weights):
        raise ValueError(
            f"scope {directory!r} holds {', '.join(weights)}, but the variables of a cell of kind "
            f"{kind.cell.__name__} are {', '.join(kind.needs)}."
        )
    biases = sum(weights[name].size for name in kind.needs if "bias" in name)
    sizes: dict[str, Any] = {"num_units": biases // len(kind.order)}
    if "w_f_diag" in weights:
        sizes["use_peepholes"] = True
    if "projection_kernel" in weights:
        sizes["num_proj"] = weights["projection_kernel"].shape[1]  # [U, P]
    return sizes


def _fill(cell: Any, directory: str, weights: Mapping[str, np.ndarray]) -> None:
    kind = kind_of(cell)
    sizes = _sizes(kind, directory, weights)
    options = ("num_units", "use_peepholes", "num_proj")
    ours = {name: getattr(cell, name) for name in options if getattr(cell, name, None)}
    if ours != sizes:
        raise ValueError(
            f"cell must be {_call(kind, sizes)}, as in scope {directory!r}; got "
            f"{_call(kind, ours)}."
        )
    depth = weights[kind.needs[0]].shape[0] - cell.output_size  # [D+U, ...] -> D
    assign(cell, weights, max(depth, 1), f"scope {directory!r}")  # compares the shapes


def _call(kind: Kind, arguments: Mapping[str, Any]) -> str:
    return f"{kind.cell.__name__}({', '.join(f'{k}={v}' for k, v in arguments.items())})"
