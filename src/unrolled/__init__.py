"""Unrolled: recurrent networks in TensorFlow, one equation at a time.

A *cell* computes one time step, an *unroll* runs a cell over a sequence, and everything else is
built on those two. The names below are loaded when they are first used, so that the NumPy parts
(`unrolled.reference`, `unrolled.mnist`, `unrolled.figures`) do not wait for TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOMES = {
    "contract": ["Cell", "RNNCell", "State", "TensorLike"],
    "cells": [
        "BasicLSTMCell",
        "BasicRNNCell",
        "GRUCell",
        "LSTMCell",
        "LSTMStateTuple",
    ],
    "layers": ["RNN"],
    "losses": ["sequence_loss"],
    "scan": ["MinGRUCell", "MinLSTMCell", "linear_scan", "scan_rnn"],
    "sequences": ["last_relevant", "pack_sequence", "sequence_mask", "unpack_sequence"],
    "wrappers": ["DropoutWrapper", "MultiRNNCell", "without_dropout"],
    "unroll": ["bidirectional_dynamic_rnn", "dynamic_rnn", "static_rnn"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}
_MODULES = {
    *_HOMES,
    "convert",
    "figures",
    "mnist",
    "models",
    "reference",
    "tasks",
    "timings",
    "training",
    "workers",
}

__all__ = list(_HOME_OF)

if TYPE_CHECKING:
    from unrolled.cells import BasicLSTMCell as BasicLSTMCell
    from unrolled.cells import BasicRNNCell as BasicRNNCell
    from unrolled.cells import GRUCell as GRUCell
    from unrolled.cells import LSTMCell as LSTMCell
    from unrolled.cells import LSTMStateTuple as LSTMStateTuple
    from unrolled.contract import Cell as Cell
    from unrolled.contract import RNNCell as RNNCell
    from unrolled.contract import State as State
    from unrolled.contract import TensorLike as TensorLike
    from unrolled.layers import RNN as RNN
    from unrolled.losses import sequence_loss as sequence_loss
    from unrolled.scan import MinGRUCell as MinGRUCell
    from unrolled.scan import MinLSTMCell as MinLSTMCell
    from unrolled.scan import linear_scan as linear_scan
    from unrolled.scan import scan_rnn as scan_rnn
    from unrolled.sequences import last_relevant as last_relevant
    from unrolled.sequences import pack_sequence as pack_sequence
    from unrolled.sequences import sequence_mask as sequence_mask
    from unrolled.sequences import unpack_sequence as unpack_sequence
    from unrolled.unroll import bidirectional_dynamic_rnn as bidirectional_dynamic_rnn
    from unrolled.unroll import dynamic_rnn as dynamic_rnn
    from unrolled.unroll import static_rnn as static_rnn
    from unrolled.wrappers import DropoutWrapper as DropoutWrapper
    from unrolled.wrappers import MultiRNNCell as MultiRNNCell
    from unrolled.wrappers import without_dropout as without_dropout


def __getattr__(name: str) -> Any:
    if name in _HOME_OF:
        value = getattr(importlib.import_module(f"unrolled.{_HOME_OF[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return importlib.import_module(f"unrolled.{name}")
    raise AttributeError(f"module 'unrolled' has no attribute {name!r}; it has {__all__}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES})
