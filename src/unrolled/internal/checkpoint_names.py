"""The names that TensorFlow 1 gave to the variables of its cells.

    RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix      before 1.0
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights       1.0 and 1.1
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel        1.2 to 1.15

The part before the variable's own name is here called the scope of its cell. `unrolled.convert`
reads and writes by these names; this file works with the strings alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from unrolled.cells import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell


class Kind(NamedTuple):
    """A cell, its scope in TensorFlow 1, its Keras layer, and its blocks in that layer's order."""

    cell: type
    scope: str
    layer: str
    order: tuple[int, ...]  # swaps blocks at most pairwise, so that it is its own inverse
    needs: tuple[str, ...] = ("kernel", "bias")


_GRU_VARIABLES = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")
KINDS = (
    Kind(BasicRNNCell, "basic_rnn_cell", "SimpleRNN", (0,)),
    Kind(BasicLSTMCell, "basic_lstm_cell", "LSTM", (0, 2, 1, 3)),
    Kind(LSTMCell, "lstm_cell", "LSTM", (0, 2, 1, 3)),
    Kind(GRUCell, "gru_cell", "GRU", (1, 0, 2), _GRU_VARIABLES),
)

# Each variable's name from TensorFlow 1.2 on, in 1.0 and 1.1, and before, when an LSTMCell's
# kernel could lie in shards of rows.
NAMES = {
    "kernel": ("kernel", "weights", "Linear/Matrix", r"W_\d+"),
    "bias": ("bias", "biases", "Linear/Bias", "B"),
    "w_i_diag": ("w_i_diag", "W_I_diag"),
    "w_f_diag": ("w_f_diag", "W_F_diag"),
    "w_o_diag": ("w_o_diag", "W_O_diag"),
    "projection_kernel": ("projection/kernel", "projection/weights", r"W_P_\d+"),
    "gate_kernel": ("gates/kernel", "gates/weights", "Gates/Linear/Matrix"),
    "gate_bias": ("gates/bias", "gates/biases", "Gates/Linear/Bias"),
    "candidate_kernel": ("candidate/kernel", "candidate/weights", "Candidate/Linear/Matrix"),
    "candidate_bias": ("candidate/bias", "candidate/biases", "Candidate/Linear/Bias"),
}
_VARIABLE = re.compile(
    "(.+?)/(?:" + "|".join(f"(?P<{name}>{'|'.join(was)})" for name, was in NAMES.items()) + ")"
)
_LAYER = re.compile(r"((?:.+/)?(?:multi_rnn_cell|MultiRNNCell)(?:_\d+)?)/(?:cell_|Cell)(\d+)/[^/]+")


def variables_by_cell(names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """{the scope of a cell: {our name of a variable: its names in the checkpoint}}.

    Layers of other kinds have a kernel and a bias too: the scope decides. A name that goes on after
    a variable's name, as `kernel/Adam` does, belongs to something else.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in sorted(names, key=lambda name: (len(name), name)):  # W_9 before W_10
        match = _VARIABLE.fullmatch(name)
        if match and match.lastgroup:
            found.setdefault(match[1], {}).setdefault(match.lastgroup, []).append(name)
    return found


def kind_at(directory: str, variables: Iterable[str]) -> Kind | None:
    """The kind that the last part of a scope names, or that the variables show beyond doubt."""
    name = re.sub(r"_\d+$", "", directory.rpartition("/")[2])
    for kind in KINDS:
        if name in (kind.scope, kind.cell.__name__):
            return kind
    return KINDS[-1] if set(variables) == set(_GRU_VARIABLES) else None


Layers = dict[int | None, str]  # the scope of each cell; None where there is no stack
RNN = tuple[str, tuple[Layers, ...]]  # its scope, and its one or two directions


def networks(found: Mapping[str, Mapping[str, Any]], scope: str) -> list[RNN]:
    """The RNNs at or below `scope`; below a stack's own scope each layer is one by itself."""
    runs: dict[str, Layers] = {}
    for directory, variables in found.items():
        layer = _LAYER.fullmatch(directory)
        if scope and not f"{directory}/".startswith(f"{scope}/"):
            continue
        if layer and not scope.startswith(f"{layer[1]}/"):
            runs.setdefault(layer[1], {})[int(layer[2])] = directory
        elif directory == scope or kind_at(directory, variables):
            runs[directory] = {None: directory}
    runs = {path: dict(sorted(runs[path].items(), key=lambda item: item[0] or 0)) for path in runs}
    opposite = {path: path.replace("fw/", "bw/").replace("FW/", "BW/") for path in runs}
    pairs = {fw: bw for fw, bw in opposite.items() if fw != bw and bw in runs}
    return [
        (posixpath.commonpath([path, pairs[path]]) or path, (runs[path], runs[pairs[path]]))
        if path in pairs
        else (path, (runs[path],))
        for path in sorted(runs.keys() - pairs.values())
    ]
