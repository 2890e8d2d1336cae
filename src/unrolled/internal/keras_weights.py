"""Our cells as Keras layers, and Keras layers as our cells: the weights in the other's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.cells import GRUCell
from unrolled.internal.cell_weights import (
    assign,
    depth_of_inputs,
    kind_of,
    one_or_pair,
    stacked,
    weights_of,
)
from unrolled.internal.checkpoint_names import KINDS
from unrolled.internal.checks import describe
from unrolled.wrappers import MultiRNNCell

ACTIVATIONS = {
    "tanh": tf.tanh,
    "relu": tf.nn.relu,
    "relu6": tf.nn.relu6,
    "leaky_relu": tf.nn.leaky_relu,
    "elu": tf.nn.elu,
    "selu": tf.nn.selu,
    "silu": tf.nn.silu,
    "sigmoid": tf.sigmoid,
    "softplus": tf.nn.softplus,
    "softsign": tf.nn.softsign,
    "linear": tf.identity,
}


def layer_of(cell: Any, **how: Any) -> Any:
    """The Keras layer of a cell, or of a stack one `RNN`, without its weights yet."""
    if isinstance(cell, MultiRNNCell):
        return tf.keras.layers.RNN([_made(layer, "Cell") for layer in cell.cells], **how)
    return _made(cell, "", **how)


def _made(cell: Any, suffix: str, **how: Any) -> Any:
    """The Keras layer, or with the suffix `Cell` the Keras cell, for one cell of ours."""
    kind = kind_of(cell)
    for option in ("use_peepholes", "num_proj", "cell_clip"):
        value = getattr(cell, option, None)
        if value is not None and value is not False:  # a clip of 0.0 clips too
            way = "keep the cell, or train without"
            if option == "num_proj" and getattr(cell, "proj_clip", None) is None:
                way = (  # (h W) R = h (W R)
                    "keep the cell, or give an LSTM without it W R in place of R (W is the kernel "
                    "of the projection, R the rows of the kernel that read it), and let "
                    f"Dense({value}, use_bias=False) with W follow"
                )
            raise ValueError(
                f"this {kind.cell.__name__} has {option}={value!r}, which "
                f"keras.layers.LSTM does not have; {way}."
            )
    names = [name for name, ours in ACTIVATIONS.items() if ours is cell.activation]
    if not names:
        raise ValueError(
            f"the activation {cell.activation!r} of this {kind.cell.__name__} has no known "
            f"counterpart in Keras; those that have one are {', '.join(ACTIVATIONS)}, as "
            "functions of tf.nn, and tf.identity for linear."
        )
    if kind.layer == "GRU":
        how["reset_after"] = False
    dtype = weights_of(cell)[kind.needs[0]].dtype.name
    make = getattr(tf.keras.layers, kind.layer + suffix)
    return make(cell.num_units, activation=names[0], dtype=dtype, **how)


def with_weights(layer: Any, cells: Sequence[Any]) -> Any:
    """The layer, built, with the weights of our cells."""
    moved = [_to_keras_weights(cell) for cell in cells]
    layer.build((None, None, moved[0][0].shape[0]))  # [B, T, D]
    layer.set_weights([weight for weights in moved for weight in weights])
    return layer


def _to_keras_weights(cell: Any) -> list[np.ndarray]:
    """kernel [D, nU], recurrent_kernel [U, nU] and bias [nU], in the order of Keras."""
    weights, kind = weights_of(cell), kind_of(cell)
    if kind.cell is GRUCell:
        kernel = np.concatenate([weights["gate_kernel"], weights["candidate_kernel"]], axis=1)
        bias = np.concatenate([weights["gate_bias"], weights["candidate_bias"]])
    else:
        kernel, bias = weights["kernel"], weights["bias"]
    if kind.layer == "LSTM":
        bias = _with_forget_bias(bias, cell.forget_bias)
    kernel, bias = _reordered(kernel, kind.order), _reordered(bias, kind.order)
    return [*np.split(kernel, [-cell.num_units]), bias]  # [D+U, nU] -> [D, nU] and [U, nU]


def _with_forget_bias(bias: np.ndarray, forget_bias: float) -> np.ndarray:
    i, j, f, o = np.split(bias, 4)  # [4U] -> four times [U]
    return np.concatenate([i, j, f + np.asarray(forget_bias, f.dtype), o])


def _reordered(x: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """Blocks of the last axis in another order."""
    blocks = np.split(x, len(order), axis=-1)
    return np.concatenate([blocks[n] for n in order], axis=-1)


def check_pair(pair: tuple[Any, ...]) -> tuple[Any, Any]:
    """The two cells of a pair, which must have the same sizes."""
    forward, backward = one_or_pair(pair)
    sizes = [(depth_of_inputs(stacked(cell)[0]), cell.output_size) for cell in (forward, backward)]
    if sizes[0] != sizes[1]:
        (depth, size), (backward_depth, backward_size) = sizes
        raise ValueError(
            "keras.layers.Bidirectional needs two directions of the same sizes; cell_fw has "
            f"inputs of depth {depth} and {size} outputs, cell_bw {backward_depth} and "
            f"{backward_size}; convert each by itself, and reverse what the backward one gets."
        )
    return forward, backward


def cell_of(layer: Any, forget_bias: float, lstm: type) -> Any:
    """Our cell for a Keras layer or, inside a stack, for a Keras cell."""
    if isinstance(layer, tf.keras.layers.RNN):
        layer = layer.cell
    if isinstance(layer, tf.keras.layers.StackedRNNCells):
        return MultiRNNCell([cell_of(cell, forget_bias, lstm) for cell in layer.cells])
    kinds = [k for k in KINDS if type(layer) is getattr(tf.keras.layers, f"{k.layer}Cell")]
    if not kinds:
        raise TypeError(
            "layer must be a SimpleRNN, LSTM or GRU, an RNN over their cells, a list of these, or "
            f"a Bidirectional; got {describe(layer)}."
        )
    kind = kinds[0]
    _check_keras_cell(layer)
    names = [n for n in ACTIVATIONS if tf.keras.activations.get(n) is layer.activation]
    if not names:
        raise ValueError(
            f"the activation {layer.activation!r} of layer {layer.name!r} has no known counterpart "
            f"in tf.nn; those that have one are {', '.join(ACTIVATIONS)}."
        )
    to_numpy = tf.keras.ops.convert_to_numpy
    kernel = np.concatenate([to_numpy(layer.kernel), to_numpy(layer.recurrent_kernel)])
    bias = to_numpy(layer.bias) if layer.use_bias else np.zeros_like(kernel[0])
    kernel, bias = _reordered(kernel, kind.order), _reordered(bias, kind.order)
    options = {}
    if kind.layer == "LSTM":
        options["forget_bias"] = forget_bias
        bias = _with_forget_bias(bias, -forget_bias)
    units, weights = layer.units, {"kernel": kernel, "bias": bias}
    if kind.cell is GRUCell:
        parts = [*np.split(kernel, [2 * units], axis=1), *np.split(bias, [2 * units])]
        gate_kernel, candidate_kernel, gate_bias, candidate_bias = parts
        weights = dict(zip(kind.needs, (gate_kernel, gate_bias, candidate_kernel, candidate_bias)))
    made = lstm if kind.layer == "LSTM" else kind.cell
    cell = made(units, activation=ACTIVATIONS[names[0]], **options)
    assign(cell, weights, kernel.shape[0] - units, layer.name)
    return cell


def _check_keras_cell(layer: Any) -> None:
    if not layer.built:
        raise ValueError(
            f"layer {layer.name!r} has no weights to convert yet; call "
            "layer.build([None, None, D]) or the model first."
        )
    if getattr(layer, "reset_after", False):
        raise ValueError(
            f"layer {layer.name!r} has reset_after=True, Keras's default, which resets after the "
            "product with the state, whereas GRUCell resets before it, and no weights make up for "
            "that; run layer.cell itself in the unrolls, or train a GRU with reset_after=False."
        )
    recurrent = getattr(layer, "recurrent_activation", None)
    if recurrent not in (None, tf.keras.activations.sigmoid):
        raise ValueError(
            f"layer {layer.name!r} has the recurrent_activation {recurrent!r}, but the gates of a "
            "cell are always sigmoid; train with recurrent_activation='sigmoid'."
        )
