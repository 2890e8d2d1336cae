"""The GRU of cuDNN from a checkpoint: Keras's cell, which computes the same.

    candidate = tanh((x W + b) + r · (h R + b_h))          # the reset comes after the product

`GRUCell` resets before the product, and no weights make up for that. A checkpoint of a CudnnGRU or
a CudnnCompatibleGRUCell holds one kernel for the gates r and u, and two for the candidate; Keras
holds a kernel for x and one for h, each with the blocks z (our u), r and h, and a bias for each.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.checkpoint_files import Checkpoint

NAME = "CudnnCompatibleGRUCell"
_PARTS = (
    "gates/kernel",
    "gates/bias",
    "candidate/input_projection/kernel",
    "candidate/input_projection/bias",
    "candidate/hidden_projection/kernel",
    "candidate/hidden_projection/bias",
)


def keras_gru_cell(checkpoint: Checkpoint, scope: str) -> Any:
    """A built `keras.layers.GRUCell` with the variables in `scope`.

    Raises:
      ValueError: some are not there.
    """
    names = [f"{scope}/{part}" for part in _PARTS]
    missing = [part for part, name in zip(_PARTS, names) if name not in checkpoint.shapes]
    if missing:
        raise ValueError(
            f"scope {scope!r} must hold all variables of a {NAME}; it has no {', '.join(missing)}."
        )
    gates, gate_bias, from_x, bias_x, from_h, bias_h = (checkpoint.value([name]) for name in names)
    r, u = np.split(gates, 2, axis=1)  # [D+U, 2U] -> twice [D+U, U]
    b_r, b_u = np.split(gate_bias, 2)
    units, depth = from_h.shape[0], from_x.shape[0]
    kernel, recurrent_kernel = np.split(np.concatenate([u, r], axis=1), [depth])
    nothing = np.zeros_like(gate_bias)
    cell = tf.keras.layers.GRUCell(units, dtype=gates.dtype.name)  # reset_after is its default
    cell.build([None, depth])
    cell.set_weights(
        [
            np.concatenate([kernel, from_x], axis=1),  # [D, 3U]
            np.concatenate([recurrent_kernel, from_h], axis=1),  # [U, 3U]
            np.stack([np.concatenate([b_u, b_r, bias_x]), np.concatenate([nothing, bias_h])]),
        ]
    )
    return cell
