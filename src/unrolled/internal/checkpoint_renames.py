"""What the variables of RNN programs were called from release to release of TensorFlow 1.

    RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix      before 1.0
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/weights       1.0 and 1.1
    rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel        1.2 to 1.15

`modern` gives the name that 1.15 uses. What stands behind a variable's own name, such as the slot
`/Adam_1` of an optimizer or `/ExponentialMovingAverage`, is left as it is, so that slots move with
their variables. `matched` finds, for the names that a program wants, those of a checkpoint.

This file works with the strings alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

_CLASSES = (
    "BasicRNNCell BasicLSTMCell LSTMCell GRUCell LayerNormBasicLSTMCell AttentionCellWrapper "
    "CoupledInputForgetGateLSTMCell TimeFreqLSTMCell GridLSTMCell InputProjectionWrapper "
    "OutputProjectionWrapper EmbeddingWrapper MultiRNNCell LSTMBlockCell GRUBlockCell"
).split()


def snake_case(name: str) -> str:
    """BasicLSTMCell -> basic_lstm_cell, the rule by which TensorFlow 1 named its layers."""
    name = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()


def _rule(pattern: str, new: str | Callable[[re.Match[str]], str]) -> tuple[re.Pattern[str], str]:
    """A renaming of whole parts of a name."""
    return re.compile(f"(?<![^/])(?:{pattern})(?![^/])"), new  # type: ignore[return-value]


# The scopes whose `weights` and `biases` became `kernel` and `bias` in 1.2. In other scopes, such
# as those of tf.contrib.layers.fully_connected, the old names stayed.
_WITH_WEIGHTS = (
    r"(?:basic_rnn_cell|basic_lstm_cell|gru_cell|lstm_cell|layer_norm_basic_lstm_cell|ugrnn_cell"
    r"|nas_cell|intersection_rnn_cell|phased_lstm_cell|attention_cell_wrapper|lstm_fused_cell"
    r"|input_projection_wrapper|output_projection_wrapper)(?:_\d+)?"
    r"(?:/(?:gates|candidate|projection|in_projection|mask_gates|new_input|output_gate|attention"
    r"|attn_output_projection))?"
    r"|attention_decoder(?:/(?:Attention_\d+|AttnOutputProjection))?"
)
_BLOCK = {"W": "kernel", "b": "bias", "wci": "w_i_diag", "wcf": "w_f_diag", "wco": "w_o_diag"}
_ATTENTION = {"AttnW": "attn_w", "AttnV": "attn_v"}
_RULES = [
    # Default scopes of the unrolls. A scope of the program's own may be called RNN too; in front
    # of a cell of before 1.0 it is taken for the default one.
    _rule("BiRNN[_/](FW|BW)", lambda m: f"bidirectional_rnn/{m[1].lower()}"),
    _rule(f"RNN(?=/(?:{'|'.join(_CLASSES)})/)", "rnn"),
    _rule(r"MultiRNNCell/Cell(\d+)", r"multi_rnn_cell/cell_\1"),
    # Variables with names of their own, by their cells.
    _rule(r"LSTMCell/W_(\d+)", r"LSTMCell/kernel/shard_\1"),
    _rule(r"LSTMCell/W_P_(\d+)", r"LSTMCell/projection/kernel/shard_\1"),
    _rule("LSTMCell/W_([FIO])_diag", lambda m: f"LSTMCell/w_{m[1].lower()}_diag"),
    _rule("LSTMCell/B", "LSTMCell/bias"),
    _rule("LSTMBlockCell/(W|b|wci|wcf|wco)", lambda m: f"LSTMBlockCell/{_BLOCK[m[1]]}"),
    _rule(r"LSTMBlockFusedCell/W_(\d+)", r"lstm_fused_cell/kernel/shard_\1"),
    _rule("LSTMBlockFusedCell/B", "lstm_fused_cell/bias"),
    _rule("LayerNormBasicLSTMCell/linear", "LayerNormBasicLSTMCell"),
    _rule("GRUCell/(Gates|Candidate)", lambda m: f"GRUCell/{m[1].lower()}"),
    _rule("AttentionCellWrapper/Attention/(AttnW|AttnV)",
          lambda m: f"AttentionCellWrapper/attention/{_ATTENTION[m[1]]}"),
    _rule("AttentionCellWrapper/Attention", "AttentionCellWrapper/attention"),
    _rule("AttentionCellWrapper/AttnOutputProjection",
          "AttentionCellWrapper/attn_output_projection"),
    # The cells themselves.
    _rule("LSTMBlockCell", "lstm_cell"),
    _rule("GRUBlockCell", "gru_cell"),
    _rule("lstm_block_wrapper", "lstm_fused_cell"),
    _rule("nas_rnn", "nas_cell"),
    _rule("|".join(_CLASSES), lambda m: snake_case(m[0])),
    # What all of them have.
    _rule("Linear/Matrix", "kernel"),
    _rule("Linear/Bias", "bias"),
    _rule(f"({_WITH_WEIGHTS})/weights", r"\1/kernel"),
    _rule(f"({_WITH_WEIGHTS})/biases", r"\1/bias"),
    _rule("nas_cell/recurrent_weights", "nas_cell/recurrent_kernel"),
]  # fmt: skip

# What may differ besides, between a program's names and a checkpoint's. Before 1.2 a cell inside of
# a wrapper was beside it by name; the two block cells of a GRU named their variables differently;
# and a program's own scopes and cells are in no table.
_LOOSE_RULES = [
    _rule("Matrix|weights", "kernel"),
    _rule("Bias|biases", "bias"),
    _rule("W_0", "kernel"),
    _rule("B", "bias"),
    _rule("W_P_0", "projection/kernel"),
    _rule("W_([FIO])_diag", lambda m: f"w_{m[1].lower()}_diag"),
    _rule("gru_cell/w_ru", "gru_cell/gates/kernel"),
    _rule("gru_cell/b_ru", "gru_cell/gates/bias"),
    _rule("gru_cell/w_c", "gru_cell/candidate/kernel"),
    _rule("gru_cell/b_c", "gru_cell/candidate/bias"),
    _rule(
        r"(?:(?:input_projection|output_projection|embedding)_wrapper/)+"
        r"(?=\w*(?:cell|wrapper)(?:_\d+)?/)([^/]+)",
        r"\1",
    ),
    _rule(r"\w+(?:Cell|Wrapper)", lambda m: snake_case(m[0])),
]
_SHARD = re.compile(r"/shard_(\d+)(?![^/])")


def _apply(rules: Iterable[tuple[re.Pattern[str], str]], name: str) -> str:
    for pattern, new in rules:
        name = pattern.sub(new, name)
    return name


def modern(name: str) -> str:
    """The name that TensorFlow 1.15 gives to a variable of any release; that of a shard's whole."""
    return _SHARD.sub("", _apply(_RULES, name))


def _shard_number(name: str) -> int | None:
    # A cell of before 1.0 in a scope of the program's own is not in the table.
    found = _SHARD.search(_apply(_RULES, name)) or re.search(r"/W_(?:P_)?(\d+)$", name)
    return int(found[1]) if found else None


def _loose(name: str) -> str:
    return _apply(_LOOSE_RULES, modern(name))


def renamed(names: Iterable[str]) -> dict[str, list[str]]:
    """{new name: the old names}: one old name, or the shards that the variable lay in, in order.

    Raises:
      ValueError: two names become one, or a shard is missing.
    """
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(modern(name), []).append(name)
    return {new: in_order(old) for new, old in groups.items()}


def in_order(names: Collection[str]) -> list[str]:
    """The names of one variable in the order of its shards.

    Raises:
      ValueError: they are not one whole variable.
    """
    numbers = {name: _shard_number(name) for name in names}
    if len(names) == 1 and None in numbers.values():
        return [*names]
    if None in numbers.values():
        raise ValueError(
            f"the checkpoint holds {_listed(sorted(names))}, which are names of one variable, "
            f"{modern(min(names))}; it must have one name."
        )
    ordered = sorted(names, key=lambda name: numbers[name] or 0)
    if [numbers[name] for name in ordered] != list(range(len(ordered))):
        raise ValueError(
            f"the checkpoint holds {_listed(ordered)}, which are shards of one variable, "
            f"{modern(ordered[0])}, but not all of them; find the whole checkpoint."
        )
    return ordered


class Match(NamedTuple):
    """What `matched` found."""

    found: dict[str, list[str]]  # wanted name: its names in the checkpoint, shards in order
    ambiguous: dict[str, list[str]]  # wanted name: the several variables that it may be
    missing: list[str]


def matched(wanted: Iterable[str], held: Iterable[str]) -> Match:
    """For each wanted name, the names under which a checkpoint of any release holds the variable.

    Raises:
      ValueError: a variable's shards are not complete.
    """
    held = set(held)
    found = {name: [name] for name in wanted if name in held}
    left = [name for name in wanted if name not in held]
    wholes: Mapping[str, list[str]] = renamed(held - found.keys())
    ambiguous: dict[str, list[str]] = {}
    for key in (modern, _loose, lambda name: _loose(name).lower()):
        candidates: dict[str, list[str]] = {}
        for whole in wholes:
            candidates.setdefault(key(whole), []).append(whole)
        claims: dict[str, list[str]] = {}
        for name in left:
            claims.setdefault(key(name), []).append(name)
        ambiguous = {}
        for name in left:
            options = candidates.get(key(name), [])
            if len(options) == 1 and len(claims[key(name)]) == 1:
                found[name] = wholes[options[0]]
            elif options:
                ambiguous[name] = sorted(old for whole in options for old in wholes[whole])
        taken = {old for names in found.values() for old in names}
        wholes = {whole: old for whole, old in wholes.items() if not taken & set(old)}
        left = [name for name in left if name not in found]
    return Match(found, ambiguous, [name for name in left if name not in ambiguous])


def _listed(names: Collection[str]) -> str:
    return ", ".join(names)
