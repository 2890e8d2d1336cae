"""TensorFlow's own `static_rnn` and `dynamic_rnn`, called in each of the three ways.

The cells have left the public API; the wheel still carries them.
"""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf
import tensorflow.python.keras.legacy_tf_layers.base  # noqa: F401  (the cells look for it)
from tensorflow.python.ops import rnn_cell_impl

from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_a_function, in_session

v1 = tf.compat.v1
CELLS = {"basic": rnn_cell_impl.BasicRNNCell, "gru": rnn_cell_impl.GRUCell}


def static_rnn(case: Case, mode: str, session: bool = False, **how: Any) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = v1.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll, session, how)


def dynamic_rnn(case: Case, mode: str, session: bool = False, **how: Any) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[Any, tf.Tensor]:
        outputs, _ = v1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll, session, how)


def _prepare(
    case: Case, mode: str, unroll: in_session.Unroll, session: bool, how: dict[str, Any]
) -> Prepared:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cells announce, once more, that they will go
        if session:
            return in_session.prepare(case, mode, _cell, unroll)
        cell, depths = _cell(case), [case.D] + [case.U] * (case.layers - 1)
        for layer, depth in zip(getattr(cell, "_cells", [cell]), depths, strict=True):
            layer.build(tf.TensorShape([case.B, depth]))
        cell.built = True
        return in_a_function.prepare(case, mode, cell, cell.trainable_variables, unroll, **how)


def _cell(case: Case) -> Any:
    layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
    return rnn_cell_impl.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
