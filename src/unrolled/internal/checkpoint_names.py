"""Which names of a checkpoint are the variables of which cell, and which cells are one RNN.

    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel

The part before the variable's own name is here called the scope of its cell. The names may be
those of any release; `checkpoint_renames` knows them.

This file works with the strings alone.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from unrolled.cells import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell


class Kind(NamedTuple):
    """A cell, its scopes in TensorFlow 1, its Keras layer, and its blocks in that layer's order."""

    cell: type
    scopes: tuple[str, ...]  # the first is that of 1.2 to 1.15
    layer: str
    order: tuple[int, ...]  # swaps blocks at most pairwise, so that it is its own inverse
    needs: tuple[str, ...] = ("kernel", "bias")
    options: Mapping[str, Any] = {}  # what the name alone tells of the cell

    @property
    def scope(self) -> str:
        return self.scopes[0]


_GRU_VARIABLES = ("gate_kernel", "gate_bias", "candidate_kernel", "candidate_bias")
_LSTM_SCOPES = "lstm_cell LSTMCell LSTMBlockCell lstm_fused_cell LSTMBlockFusedCell"
KINDS = (
    Kind(BasicRNNCell, ("basic_rnn_cell", "BasicRNNCell"), "SimpleRNN", (0,)),
    Kind(BasicLSTMCell, ("basic_lstm_cell", "BasicLSTMCell"), "LSTM", (0, 2, 1, 3)),
    Kind(LSTMCell, (*_LSTM_SCOPES.split(), "lstm_block_wrapper"), "LSTM", (0, 2, 1, 3)),
    Kind(GRUCell, ("gru_cell", "GRUCell", "GRUBlockCell"), "GRU", (1, 0, 2), _GRU_VARIABLES),
    Kind(
        BasicLSTMCell,
        ("cudnn_compatible_lstm_cell",),
        "LSTM",
        (0, 2, 1, 3),
        options={"forget_bias": 0.0},  # it is part of the stored bias, as in Keras
    ),
)

# Cells of other equations, which no cell of this package computes.
FOREIGN = {
    "cudnn_compatible_gru_cell": "CudnnCompatibleGRUCell",
    "layer_norm_basic_lstm_cell": "LayerNormBasicLSTMCell",
    "LayerNormBasicLSTMCell": "LayerNormBasicLSTMCell",
    "coupled_input_forget_gate_lstm_cell": "CoupledInputForgetGateLSTMCell",
    "CoupledInputForgetGateLSTMCell": "CoupledInputForgetGateLSTMCell",
    "ugrnn_cell": "UGRNNCell",
    "nas_cell": "NASCell",
    "phased_lstm_cell": "PhasedLSTMCell",
    "intersection_rnn_cell": "IntersectionRNNCell",
}

# Each variable's name from TensorFlow 1.2 on, in 1.0 and 1.1, before, when an LSTMCell's kernel
# could lie in shards of rows, and in the cells that were one fused kernel.
NAMES = {
    "kernel": ("kernel", "weights", "Linear/Matrix", r"W_\d+", "W"),
    "bias": ("bias", "biases", "Linear/Bias", "B", "b"),
    "w_i_diag": ("w_i_diag", "W_I_diag", "wci"),
    "w_f_diag": ("w_f_diag", "W_F_diag", "wcf"),
    "w_o_diag": ("w_o_diag", "W_O_diag", "wco"),
    "projection_kernel": ("projection/kernel", "projection/weights", r"W_P_\d+"),
    "gate_kernel": ("gates/kernel", "gates/weights", "Gates/Linear/Matrix", "w_ru"),
    "gate_bias": ("gates/bias", "gates/biases", "Gates/Linear/Bias", "b_ru"),
    "candidate_kernel": (
        "candidate/kernel", "candidate/weights", "Candidate/Linear/Matrix", "w_c",
    ),
    "candidate_bias": ("candidate/bias", "candidate/biases", "Candidate/Linear/Bias", "b_c"),
}  # fmt: skip
_VARIABLE = re.compile(
    "(.+?)/(?:" + "|".join(f"(?P<{name}>{'|'.join(was)})" for name, was in NAMES.items()) + ")"
)
_FOREIGN_SCOPE = re.compile(rf"((?:.+/)?(?:{'|'.join(FOREIGN)})(?:_\d+)?)(?![^/])")
_LAYER = re.compile(r"((?:.+/)?(?:multi_rnn_cell|MultiRNNCell)(?:_\d+)?)/(?:cell_|Cell)(\d+)/[^/]+")


def variables_by_cell(names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """{the scope of a cell: {our name of a variable: its names in the checkpoint}}.

    Layers of other kinds have a kernel and a bias too: the scope decides. A name that goes on after
    a variable's name, as `kernel/Adam` does, belongs to something else.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name in sorted(names):
        match = _VARIABLE.fullmatch(name)
        if match and match.lastgroup:
            # A cell of another equation has scopes inside its own.
            scope = _FOREIGN_SCOPE.match(match[1]) or match
            found.setdefault(scope[1], {}).setdefault(match.lastgroup, []).append(name)
    return found


def _named(scope: str) -> str:
    """The cell's own part of a scope, without the number of a second one."""
    return re.sub(r"_\d+$", "", scope.rpartition("/")[2])


def kind_at(scope: str, variables: Iterable[str]) -> Kind | None:
    """The kind that the last part of a scope names, or that the variables show beyond doubt."""
    for kind in KINDS:
        if _named(scope) in kind.scopes:
            return kind
    known = {kind.cell: kind for kind in KINDS}
    return known[GRUCell] if set(variables) == set(_GRU_VARIABLES) else None


def foreign_at(scope: str) -> str | None:
    """The cell of another equation that the last part of a scope names."""
    return FOREIGN.get(_named(scope))


_WRAPPER = re.compile(r"((?:.+/)?)(\w+_wrapper|\w+Wrapper)(?:_\d+)?/.+")
_HIGHWAY = re.compile(r"((?:.+/)?)carry_[wb]")


def wrappers_around(scope: str, names: Iterable[str]) -> dict[str, list[str]]:
    """{kind of a wrapper: its own weights} for those around the cell at `scope`.

    From 1.2 on, the scope of the cell is inside the wrapper's; before, it is beside it.

    Args:
      scope: of a cell.
      names: of the variables that are in no cell.
    """
    found: dict[str, list[str]] = {}
    names = {*names}
    for name in sorted(names):
        match, kind = _HIGHWAY.fullmatch(name), "HighwayWrapper"
        if not match and (match := _WRAPPER.fullmatch(name)):
            kind = "".join(word[:1].upper() + word[1:] for word in match[2].split("_"))
        is_slot = name.rpartition("/")[0] in names
        if match and scope.startswith(match[1]) and not is_slot:
            found.setdefault(kind, []).append(name)
    return found


Layers = dict[int | None, str]  # the scope of each cell; None where there is no stack
RNN = tuple[str, tuple[Layers, ...]]  # its scope, and its one or two directions


def networks(
    found: Mapping[str, Mapping[str, Any]], scope: str, is_cell: Callable[[str], bool]
) -> list[RNN]:
    """The RNNs at or below `scope`; below a stack's own scope each layer is one by itself."""
    runs: dict[str, Layers] = {}
    for directory in found:
        layer = _LAYER.fullmatch(directory)
        if scope and not f"{directory}/".startswith(f"{scope}/"):
            continue
        if layer and not scope.startswith(f"{layer[1]}/"):
            runs.setdefault(layer[1], {})[int(layer[2])] = directory
        elif directory == scope or is_cell(directory):
            runs[directory] = {None: directory}
    runs = {path: dict(sorted(runs[path].items(), key=lambda item: item[0] or 0)) for path in runs}
    pairs = {fw: bw for fw in runs if (bw := _opposite(fw, [*runs])) is not None}
    return [
        (posixpath.commonpath([path, pairs[path]]) or path, (runs[path], runs[pairs[path]]))
        if path in pairs
        else (path, (runs[path],))
        for path in sorted(runs.keys() - pairs.values())
    ]


def _opposite(path: str, others: Sequence[str]) -> str | None:
    """The other direction of `.../fw/...`: of the same names, or alone under `.../bw/`."""
    for fw, bw in (("fw", "bw"), ("FW", "BW")):
        swapped = re.sub(f"(?<![A-Za-z]){fw}(?![A-Za-z])", bw, path)
        if swapped == path:
            continue
        if swapped in others:
            return swapped
        root, inside, _ = path.partition(f"/{fw}/")
        same = [one for one in others if one.startswith(f"{root}/{fw}/")]
        other = [one for one in others if one.startswith(f"{root}/{bw}/")]
        if inside and len(same) == len(other) == 1:
            return other[0]
    return None
