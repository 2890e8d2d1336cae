"""Weights between this package's cells, Keras layers and TensorFlow 1 checkpoints, both ways.

    layer = to_keras(cell)                         cell = from_keras(layer)
    cell = from_checkpoint("model.ckpt-1000")      to_checkpoint(cell, "model.ckpt")

The equations are the same in all three places. A TensorFlow 1 checkpoint holds the variables as the
cells here do, under names that changed twice. Keras lays them out in its own way:

| | here and in TensorFlow 1 | Keras |
|---|---|---|
| kernel | one, [D+U, ...] | `kernel` [D, ...] and `recurrent_kernel` [U, ...] |
| LSTM's blocks of columns | i, j, f, o | i, f, c, o: c is our j |
| GRU's blocks of columns | r, u; the candidate in a kernel of its own | z, r, h: z is our u |
| forget bias | added when the cell is called | part of the stored bias |

A stack is a `MultiRNNCell` here and a list of layers in Keras. A pair (cell_fw, cell_bw), as
`bidirectional_dynamic_rnn` takes it, is a `keras.layers.Bidirectional`. The functions read and set
values, so they run eagerly.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.cells import BasicLSTMCell, GRUCell, LSTMCell
from unrolled.internal.checkpoint_names import (
    KINDS,
    NAMES,
    Kind,
    Layers,
    kind_at,
    networks,
    variables_by_cell,
)
from unrolled.internal.checks import check_flag, check_number, describe
from unrolled.wrappers import MultiRNNCell

_ACTIVATIONS = {
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


def to_keras(cell: Any, return_state: bool = False) -> Any:
    """A Keras layer that computes what `dynamic_rnn` computes with `cell`.

        layer = to_keras(cell)
        layer(x) == dynamic_rnn(cell, x, dtype=tf.float32)[0]          # [B, T, U]
        layer(x, mask=mask) == dynamic_rnn(cell, x, lengths, dtype=tf.float32)[0]

    The layers give all their outputs (`return_sequences`), with zeros where a mask [B, T] is
    False. An LSTM's forget bias becomes a part of its bias.

    Args:
      cell: a built BasicRNNCell, BasicLSTMCell, LSTMCell or GRUCell; a MultiRNNCell of these; or a
        pair (cell_fw, cell_bw) of either.
      return_state: let the layers return their final states too, an LSTM's h before its c (default:
        False).

    Returns:
      A SimpleRNN, LSTM or GRU(reset_after=False). For a MultiRNNCell a list of them, the bottom
      layer first, to call one after the other or to put into a keras.Sequential. For a pair one
      Bidirectional, whose output is the concatenation of both directions; where these are stacks,
      it runs keras.layers.RNN over their cells. Layers that share one cell here have equal weights
      there.

    Raises:
      TypeError: Keras has no counterpart of the cell: dropout, for example, is a layer there; or
        `return_state` is not True or False.
      ValueError: the cell has no variables yet, or has peepholes, a projection, a clip or an
        activation that is not among those of tf.nn; the sizes of a pair differ; the pair is a tuple
        of another length.
      RuntimeError: not called eagerly.
    """
    _check_eager("to_keras")
    return_state = check_flag(return_state, "return_state")
    how = {"return_sequences": True, "return_state": return_state, "zero_output_for_mask": True}
    if isinstance(cell, tuple):
        forward, backward = _check_pair(cell)
        layer = tf.keras.layers.Bidirectional(
            _keras_layer(forward, **how),
            backward_layer=_keras_layer(backward, go_backwards=True, **how),
        )
        return _with_weights(layer, [*_stacked(forward), *_stacked(backward)])
    if isinstance(cell, MultiRNNCell):
        return [_with_weights(_keras_layer(layer, **how), [layer]) for layer in cell.cells]
    return _with_weights(_keras_layer(cell, **how), [cell])


def from_keras(layer: Any, forget_bias: float = 1.0) -> Any:
    """The cell that computes with `dynamic_rnn` what a Keras layer computes, with its weights.

    Only weights and activation move. Dropout, which a Keras layer applies in training alone, is
    for a DropoutWrapper; what a stateful layer remembers is for `initial_state`; how a
    Bidirectional merges its outputs is for the caller. A layer with `use_bias=False` gives a cell
    with a bias of zeros.

    Args:
      layer: a built SimpleRNN, LSTM or GRU(reset_after=False), or an RNN over their cells; a list
        of such layers, the bottom one first; or a Bidirectional of one.
      forget_bias: what an LSTM cell adds to its forget gate at every call; it is subtracted from
        the stored bias (default: 1.0). A checkpoint does not hold it: where the weights go into
        one, give the `forget_bias` of the program that will read it.

    Returns:
      A built BasicRNNCell, BasicLSTMCell or GRUCell; for a list, or an RNN over several cells, a
      MultiRNNCell; for a Bidirectional a pair (cell_fw, cell_bw).

    Raises:
      TypeError: another kind of layer.
      ValueError: the layer has no weights yet, has `reset_after` or `go_backwards`, an activation
        that tf.nn lacks, or a recurrent activation other than sigmoid; a list is empty; or
        `forget_bias` is not a finite number.
      RuntimeError: not called eagerly.
    """
    _check_eager("from_keras")
    forget_bias = check_number(forget_bias, "forget_bias")
    if isinstance(layer, (list, tuple)):
        if not layer:
            raise ValueError("layer must be a layer or a list of at least one; got an empty list.")
        for number, one in enumerate(layer):
            if isinstance(one, tf.keras.layers.Bidirectional):
                raise TypeError(
                    f"layer[{number}] is a Bidirectional, whose two cells cannot be one layer of a "
                    "MultiRNNCell; convert each Bidirectional by itself and run them one after the "
                    "other with bidirectional_dynamic_rnn."
                )
        return MultiRNNCell([from_keras(one, forget_bias) for one in layer])
    if isinstance(layer, tf.keras.layers.Bidirectional):
        forward = from_keras(layer.forward_layer, forget_bias)
        return forward, _cell_of(layer.backward_layer, forget_bias)
    if getattr(layer, "go_backwards", False):
        raise ValueError(
            f"layer {layer.name!r} has go_backwards=True, and a cell knows no direction; set "
            "layer.go_backwards = False, and reverse what the cell gets with tf.reverse(x, [1])."
        )
    return _cell_of(layer, forget_bias)


def from_checkpoint(
    checkpoint: str | os.PathLike[str], scope: str | None = None, cell: Any = None
) -> Any:
    """The RNN of a TensorFlow 1 checkpoint: its cell, its stack, or its two directions.

        cell = from_checkpoint("model.ckpt-1000")
        outputs, state = dynamic_rnn(cell, x, dtype=tf.float32)

    It reads the names of all releases: `rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel` from 1.2
    on, `.../weights` in 1.0 and 1.1, `RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix` before
    1.0. Other variables, such as an optimizer's, are not read;
    `tf.train.list_variables(checkpoint)` shows them.

    A checkpoint shows the kind of the cell and its sizes. It does not show `forget_bias`, the
    activation, clips, wrappers, whether the state was a tuple, or that `[cell] * n` used one cell
    for n layers. If the old program set any of these, write its cell again and give it as `cell`:

        from_checkpoint(path, cell=BasicLSTMCell(128, forget_bias=0.0))

    Args:
      checkpoint: the path that the program gave to its Saver with the number that it appended, or
        a directory with a `checkpoint` file, which names the newest.
      scope: where the variables of the RNN are, such as `encoder/rnn` (default: the only RNN of the
        checkpoint). A cell with a `name` of its own is found by its full scope, `rnn/that_name`.
      cell: the cell to fill, or a pair (cell_fw, cell_bw) (default: a new one).

    Returns:
      `cell`, or a new BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell or MultiRNNCell, built; a pair
      (cell_fw, cell_bw) where scopes `fw` and `bw` hold the two directions of one RNN.

    Raises:
      TypeError: `cell` is not one of this package's, `checkpoint` not a path, or `scope` not a
        string.
      ValueError: the checkpoint holds no RNN or several, the kind of its cell cannot be read from
        it, or its variables do not fit `cell`.
      tf.errors.NotFoundError: there is no such checkpoint.
      RuntimeError: not called eagerly.
    """
    _check_eager("from_checkpoint")
    checkpoint, scope = _as_path(checkpoint, "checkpoint"), _as_scope(scope)
    reader = tf.train.load_checkpoint(checkpoint)
    found = variables_by_cell(reader.get_variable_to_shape_map())
    rnns = networks(found, scope)
    if len(rnns) != 1:
        raise ValueError(
            f"checkpoint {checkpoint!r} "
            + (_several(rnns) if rnns else _none(reader, scope, networks(found, "")))
        )
    [(scope, directions)] = rnns
    cells = [None] * len(directions) if cell is None else _one_or_pair(cell)
    if len(cells) != len(directions):
        counts = {1: "one direction", 2: "two directions"}
        wanted = {1: "one cell", 2: "a pair (cell_fw, cell_bw)"}
        raise ValueError(
            f"cell must be {wanted[len(directions)]}, since scope {scope!r} holds an RNN of "
            f"{counts[len(directions)]}; got {wanted[len(cells)]}."
        )
    loaded = []
    for layers, one in zip(directions, cells):
        weights = {
            directory: {
                name: np.concatenate([reader.get_tensor(part) for part in parts])
                for name, parts in found[directory].items()
            }
            for directory in layers.values()
        }
        loaded.append(_load(layers, weights, one))
    return tuple(loaded) if len(loaded) == 2 else loaded[0]


def to_checkpoint(cell: Any, path: str | os.PathLike[str], scope: str | None = None) -> str:
    """Write the cell's variables as TensorFlow 1.2 to 1.15 saved them.

    An old program restores them with a `tf.train.Saver` of these variables, and
    `from_checkpoint` reads them back. The answer of `tf.train.latest_checkpoint` for the directory
    does not change.

    Args:
      cell: as for `from_checkpoint`, built; wrappers leave no trace.
      path: of the checkpoint to write, in a directory that exists.
      scope: the beginning of the names (default: `rnn`, or `bidirectional_rnn` for a pair, the
        defaults of `dynamic_rnn` and `bidirectional_dynamic_rnn`).

    Returns:
      The path, for `Saver.restore`.

    Raises:
      TypeError: `cell` is not one of this package's, `path` not a path, or `scope` not a string.
      ValueError: `cell` has no variables yet.
      RuntimeError: not called eagerly.
    """
    _check_eager("to_checkpoint")
    cells, path, scope = _one_or_pair(cell), _as_path(path, "path"), _as_scope(scope)
    root = scope or ("rnn" if len(cells) == 1 else "bidirectional_rnn")
    roots = [root] if len(cells) == 1 else [f"{root}/fw", f"{root}/bw"]
    values = {}
    for root, one in zip(roots, cells):
        for number, layer in _layers(one).items():
            stack = "" if number is None else f"/multi_rnn_cell/cell_{number}"
            for name, value in _weights(layer).items():
                values[f"{root}{stack}/{_kind(layer).scope}/{NAMES[name][0]}"] = value
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        variables = {name: tf.Variable(value) for name, value in values.items()}
        session.run(tf.compat.v1.global_variables_initializer())
        saver = tf.compat.v1.train.Saver(variables)
        # Without the file `checkpoint`, which names the newest of a directory: in the directory of
        # an old program, its own checkpoint stays the newest.
        return saver.save(session, path, write_meta_graph=False, write_state=False)


def _as_path(path: Any, argument: str) -> str:
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{argument} must be the path of a checkpoint; got {describe(path)}.")
    text = os.fspath(path)
    if not text:
        raise ValueError(f"{argument} must be the path of a checkpoint; got an empty string.")
    return text


def _as_scope(scope: Any) -> str:
    if scope is not None and not isinstance(scope, str):
        raise TypeError(f"scope must be a string or None; got {describe(scope)}.")
    return (scope or "").strip("/")


def _check_eager(function: str) -> None:
    if not tf.executing_eagerly():
        raise RuntimeError(
            f"{function} reads and sets the values of variables, which a graph keeps in its "
            "session; call it eagerly, and from a program in graph mode save a checkpoint with "
            "tf.compat.v1.train.Saver, to be read with from_checkpoint by another program."
        )


# ------------------------------------------------------------------------------- our own cells


def _kind(cell: Any) -> Kind:
    for kind in KINDS:
        if type(cell) is kind.cell:
            return kind
    if hasattr(cell, "cell"):
        raise TypeError(
            f"a {type(cell).__name__} does not move into a Keras layer, only the cell inside does; "
            "convert that, wrapper.cell, and put a keras.layers.Dropout in front or behind."
        )
    *names, last = (kind.cell.__name__ for kind in KINDS)
    got = "a MultiRNNCell inside another" if isinstance(cell, MultiRNNCell) else describe(cell)
    raise TypeError(
        f"cell must be a {', '.join(names)} or {last}, a MultiRNNCell of these, or a pair "
        f"(cell_fw, cell_bw) of either; got {got}."
    )


def _weights(cell: Any) -> dict[str, np.ndarray]:
    kind = _kind(cell)
    if not hasattr(cell, kind.needs[0]):
        raise ValueError(
            f"this {kind.cell.__name__} has no variables to convert yet; call "
            "cell.build(input_depth) or run it first."
        )
    return {name: getattr(cell, name).numpy() for name in NAMES if hasattr(cell, name)}


def _assign(cell: Any, weights: Mapping[str, np.ndarray], depth: int, source: str) -> None:
    """Build the cell for inputs of `depth` and give it all its weights."""
    cell.build(depth, next(iter(weights.values())).dtype)
    expected = {name: value.shape for name, value in _weights(cell).items()}
    got = {name: weights[name].shape for name in NAMES if name in weights}
    if got != expected:
        raise ValueError(
            f"{source} holds weights of the shapes {got}, but this {type(cell).__name__} has "
            f"{expected}."
        )
    for name, value in weights.items():
        getattr(cell, name).assign(value)


def _one_or_pair(cell: Any) -> Sequence[Any]:
    if not isinstance(cell, tuple):
        return [cell]
    if len(cell) != 2:
        raise ValueError(
            f"cell must be one cell or a pair (cell_fw, cell_bw); got a tuple of {len(cell)}."
        )
    return cell


def _stacked(cell: Any) -> list[Any]:
    return cell.cells if isinstance(cell, MultiRNNCell) else [cell]


def _unwrapped(cell: Any) -> Any:
    while hasattr(cell, "cell"):
        cell = cell.cell
    return cell


def _layers(cell: Any) -> dict[int | None, Any]:
    """The cells that hold variables, by the numbers that name them: None where there is no stack.

    A cell that is several layers is named by the first, as TensorFlow 1 did from 1.2 on.
    """
    cell = _unwrapped(cell)
    if not isinstance(cell, MultiRNNCell):
        return {None: cell}
    inside = [_unwrapped(layer) for layer in cell.cells]
    return {n: layer for n, layer in enumerate(inside) if all(layer is not i for i in inside[:n])}


# -------------------------------------------------------------------------------------- Keras


def _keras_layer(cell: Any, **how: Any) -> Any:
    if isinstance(cell, MultiRNNCell):
        return tf.keras.layers.RNN([_made(layer, "Cell") for layer in cell.cells], **how)
    return _made(cell, "", **how)


def _made(cell: Any, suffix: str, **how: Any) -> Any:
    """The Keras layer, or with the suffix `Cell` the Keras cell, for one cell of ours."""
    kind = _kind(cell)
    for option in ("use_peepholes", "num_proj", "cell_clip"):
        value = getattr(cell, option, None)
        if value is not None and value is not False:  # a clip of 0.0 clips too
            raise ValueError(
                f"this {kind.cell.__name__} has {option}={value!r}, which "
                "keras.layers.LSTM does not have; keep the cell, or train without."
            )
    names = [name for name, ours in _ACTIVATIONS.items() if ours is cell.activation]
    if not names:
        raise ValueError(
            f"the activation {cell.activation!r} of this {kind.cell.__name__} has no known "
            f"counterpart in Keras; those that have one are {', '.join(_ACTIVATIONS)}, as "
            "functions of tf.nn, and tf.identity for linear."
        )
    if kind.layer == "GRU":
        how["reset_after"] = False
    dtype = _weights(cell)[kind.needs[0]].dtype.name
    make = getattr(tf.keras.layers, kind.layer + suffix)
    return make(cell.num_units, activation=names[0], dtype=dtype, **how)


def _with_weights(layer: Any, cells: Sequence[Any]) -> Any:
    moved = [_to_keras_weights(cell) for cell in cells]
    layer.build((None, None, moved[0][0].shape[0]))  # [B, T, D]
    layer.set_weights([weight for weights in moved for weight in weights])
    return layer


def _to_keras_weights(cell: Any) -> list[np.ndarray]:
    """kernel [D, nU], recurrent_kernel [U, nU] and bias [nU], in the order of Keras."""
    weights, kind = _weights(cell), _kind(cell)
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


def _check_pair(pair: tuple[Any, ...]) -> tuple[Any, Any]:
    forward, backward = _one_or_pair(pair)
    sizes = [(_depth(_stacked(cell)[0]), cell.output_size) for cell in (forward, backward)]
    if sizes[0] != sizes[1]:
        (depth, size), (backward_depth, backward_size) = sizes
        raise ValueError(
            "keras.layers.Bidirectional needs two directions of the same sizes; cell_fw has "
            f"inputs of depth {depth} and {size} outputs, cell_bw {backward_depth} and "
            f"{backward_size}; convert each by itself, and reverse what the backward one gets."
        )
    return forward, backward


def _depth(cell: Any) -> int:
    return _weights(cell)[_kind(cell).needs[0]].shape[0] - cell.output_size  # [D+U, ...] -> D


def _cell_of(layer: Any, forget_bias: float) -> Any:
    """Our cell for a Keras layer or, inside a stack, for a Keras cell."""
    if isinstance(layer, tf.keras.layers.RNN):
        layer = layer.cell
    if isinstance(layer, tf.keras.layers.StackedRNNCells):
        return MultiRNNCell([_cell_of(cell, forget_bias) for cell in layer.cells])
    kinds = [k for k in KINDS if type(layer) is getattr(tf.keras.layers, f"{k.layer}Cell")]
    if not kinds:
        raise TypeError(
            "layer must be a SimpleRNN, LSTM or GRU, an RNN over their cells, a list of these, or "
            f"a Bidirectional; got {describe(layer)}."
        )
    kind = kinds[0]
    _check_keras_cell(layer)
    names = [n for n in _ACTIVATIONS if tf.keras.activations.get(n) is layer.activation]
    if not names:
        raise ValueError(
            f"the activation {layer.activation!r} of layer {layer.name!r} has no known counterpart "
            f"in tf.nn; those that have one are {', '.join(_ACTIVATIONS)}."
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
    cell = kind.cell(units, activation=_ACTIVATIONS[names[0]], **options)
    _assign(cell, weights, kernel.shape[0] - units, layer.name)
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
            "that; train a GRU with reset_after=False."
        )
    recurrent = getattr(layer, "recurrent_activation", None)
    if recurrent not in (None, tf.keras.activations.sigmoid):
        raise ValueError(
            f"layer {layer.name!r} has the recurrent_activation {recurrent!r}, but the gates of a "
            "cell are always sigmoid; train with recurrent_activation='sigmoid'."
        )


# -------------------------------------------------------------------------------- checkpoints


def _several(rnns: Sequence[tuple[str, Any]]) -> str:
    scopes = ", ".join(repr(path) for path, _ in rnns)
    return f"holds several RNNs; name one with scope, {scopes}, or a longer part of a name."


def _none(reader: Any, scope: str, elsewhere: Sequence[tuple[str, Any]]) -> str:
    names = sorted(reader.get_variable_to_shape_map())
    if "_CHECKPOINTABLE_OBJECT_GRAPH" in names:
        return (
            "was written by tf.train.Checkpoint, not by TensorFlow 1's Saver; restore it with "
            "tf.train.Checkpoint and the same objects."
        )
    if elsewhere:
        holds = f"RNNs are at {', '.join(repr(path) for path, _ in elsewhere)}"
    else:
        holds = f"it holds {', '.join(names[:8])}{' and others' if names[8:] else ''}"
    where = f" under the scope {scope!r}" if scope else ""
    return (
        f"holds no variables of an RNN cell{where}; {holds}; a cell with a name of its own is "
        "found by its full scope."
    )


def _load(layers: Layers, weights: Mapping[str, Mapping[str, np.ndarray]], cell: Any) -> Any:
    """Fill `cell`, or a new one, with the weights of each layer."""
    if cell is None:
        made = [_new_cell(directory, weights[directory]) for directory in layers.values()]
        cell = made[0] if None in layers else MultiRNNCell(made)
    targets = _layers(cell)
    if list(targets) != list(layers):
        raise ValueError(
            f"cell must be {_in_words(layers)}, as in the checkpoint ({', '.join(weights)}); got "
            f"{_in_words(targets)}; make it as the old program did."
        )
    for target, directory in zip(targets.values(), layers.values()):
        _fill(target, directory, weights[directory])
    cell.build(_depth(next(iter(targets.values()))))  # do the layers fit each other?
    return cell


def _in_words(numbers: Iterable[int | None]) -> str:
    return "one cell" if None in numbers else f"a stack with the cells {[*numbers]}"


def _new_cell(directory: str, weights: Mapping[str, np.ndarray]) -> Any:
    kind = kind_at(directory, weights)
    if kind is None:
        raise ValueError(
            f"scope {directory!r} does not show which kind of cell its {' and '.join(weights)} "
            "belong to; give the cell as the old program made it, such as "
            "cell=BasicLSTMCell(num_units)."
        )
    sizes = _sizes(kind, directory, weights)
    if kind.cell is BasicLSTMCell and len(sizes) > 1:
        return LSTMCell(**sizes)  # an LSTMCell under the other's name
    return kind.cell(**sizes)


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
    kind = _kind(cell)
    sizes = _sizes(kind, directory, weights)
    options = ("num_units", "use_peepholes", "num_proj")
    ours = {name: getattr(cell, name) for name in options if getattr(cell, name, None)}
    if ours != sizes:
        raise ValueError(
            f"cell must be {_call(kind, sizes)}, as in scope {directory!r}; got "
            f"{_call(kind, ours)}."
        )
    depth = weights[kind.needs[0]].shape[0] - cell.output_size  # [D+U, ...] -> D
    _assign(cell, weights, max(depth, 1), f"scope {directory!r}")  # compares the shapes


def _call(kind: Kind, arguments: Mapping[str, Any]) -> str:
    return f"{kind.cell.__name__}({', '.join(f'{k}={v}' for k, v in arguments.items())})"
