"""This package's `static_rnn` and `dynamic_rnn`, called in each of the three ways.

They are a `tf.function` that is called for each step; with `steps_in_a_call`, one that takes many;
with `session=True`, a graph of TensorFlow 1.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

import unrolled
from benchmarks import cases
from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_a_function, in_session

CELLS = {"basic": unrolled.BasicRNNCell, "gru": unrolled.GRUCell}
CALLS = ("steps_in_a_call", "fused_adam", "jit_compile")  # arguments of `in_a_function.prepare`


def static_rnn(case: Case, mode: str, session: bool = False, **how: Any) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll, session, how)


def dynamic_rnn(case: Case, mode: str, session: bool = False, **options: Any) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]; it takes the arguments that are not of the call."""
    how = {name: options.pop(name) for name in CALLS if name in options}

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = unrolled.dynamic_rnn(cell, x, dtype=tf.float32, **options)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll, session, how)


def _prepare(
    case: Case, mode: str, unroll: in_session.Unroll, session: bool, how: dict[str, Any]
) -> Prepared:
    if session:
        return in_session.prepare(case, mode, _cell, unroll)
    cell, names = _cell(case), cases.weights(case).layers[0]
    weights = [getattr(layer, name) for layer in getattr(cell, "cells", [cell]) for name in names]
    return in_a_function.prepare(case, mode, cell, weights, unroll, **how)


def _cell(case: Case) -> Any:
    layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
    cell = unrolled.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
    cell.build(case.D)
    return cell
