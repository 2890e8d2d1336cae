"""TensorFlow's own `static_rnn` and `dynamic_rnn`, in a graph and a session as in TensorFlow 1.

The cells have left the public API; the wheel still carries them.
"""

from __future__ import annotations

import warnings
from typing import Any

import tensorflow as tf
import tensorflow.python.keras.legacy_tf_layers.base  # noqa: F401  (the cells look for it)
from tensorflow.python.ops import rnn_cell_impl

from benchmarks.cases import Case
from benchmarks.contestants import Prepared, in_session

v1 = tf.compat.v1
v1.disable_v2_behavior()
CELLS = {"basic": rnn_cell_impl.BasicRNNCell, "gru": rnn_cell_impl.GRUCell}


def static_rnn(case: Case, mode: str) -> Prepared:
    """`static_rnn` over a list of T tensors [B, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, _ = v1.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
        return outputs, outputs[-1]

    return _prepare(case, mode, unroll)


def dynamic_rnn(case: Case, mode: str) -> Prepared:
    """`dynamic_rnn` over one tensor [B, T, D]."""

    def unroll(cell: Any, x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        outputs, _ = v1.nn.dynamic_rnn(cell, x, dtype=tf.float32)
        return outputs, outputs[:, -1]

    return _prepare(case, mode, unroll)


def _prepare(case: Case, mode: str, unroll: in_session.Unroll) -> Prepared:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the cells announce, once more, that they will go
        return in_session.prepare(case, mode, _cell, unroll)


def _cell(case: Case) -> Any:
    layers = [CELLS[case.kind](case.U) for _ in range(case.layers)]
    return rnn_cell_impl.MultiRNNCell(layers) if len(layers) > 1 else layers[0]
