"""Weights between this package's cells, Keras layers and TensorFlow 1 checkpoints, both ways.

    layer = to_keras(cell)                         cell = from_keras(layer)
    cell = from_checkpoint("model.ckpt-1000")      to_checkpoint(cell, "model.ckpt")
    rename_checkpoint("model.ckpt-1000", "renamed.ckpt")
    write_example("somewhere")                     # a real checkpoint, to try them on

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
import warnings
import zipfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import tensorflow as tf

from unrolled.cells import BasicLSTMCell, LSTMCell
from unrolled.internal.cell_weights import (
    check_eager,
    layers_of,
    one_or_pair,
    stacked,
    weights_of,
)
from unrolled.internal.checkpoint_cells import Loader
from unrolled.internal.checkpoint_files import open_checkpoint, write_checkpoint
from unrolled.internal.checkpoint_names import NAMES
from unrolled.internal.checkpoint_renames import matched, renamed
from unrolled.internal.checks import check_flag, check_number, describe
from unrolled.internal.keras_weights import cell_of, check_pair, layer_of, with_weights
from unrolled.wrappers import MultiRNNCell


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
    check_eager("to_keras")
    return_state = check_flag(return_state, "return_state")
    how = {"return_sequences": True, "return_state": return_state, "zero_output_for_mask": True}
    if isinstance(cell, tuple):
        forward, backward = check_pair(cell)
        layer = tf.keras.layers.Bidirectional(
            layer_of(forward, **how),
            backward_layer=layer_of(backward, go_backwards=True, **how),
        )
        return with_weights(layer, [*stacked(forward), *stacked(backward)])
    if isinstance(cell, MultiRNNCell):
        return [with_weights(layer_of(layer, **how), [layer]) for layer in cell.cells]
    return with_weights(layer_of(cell, **how), [cell])


def from_keras(layer: Any, forget_bias: float = 1.0, lstm: type = BasicLSTMCell) -> Any:
    """The cell that computes with `dynamic_rnn` what a Keras layer computes, with its weights.

    Only weights and activation move. Dropout, which a Keras layer applies in training alone, is
    for a DropoutWrapper; what a stateful layer remembers is for `initial_state`; how a
    Bidirectional merges its outputs is for the caller. A layer with `use_bias=False` gives a cell
    with a bias of zeros.

    The weights of a Keras 2 model (.h5) come by way of its layers: make the model again of today's
    layers, a GRU with `reset_after=False`, and call `model.load_weights("weights.h5")` first. Only
    layers with `recurrent_activation="sigmoid"` become cells. The default before Keras 2.3 and in
    TensorFlow 1 was a hard_sigmoid, clip(0.2 x + 0.5, 0, 1), which is another function than Keras's
    hard_sigmoid of today: give today's layer `lambda x: keras.ops.clip(0.2 * x + 0.5, 0, 1)`.

    Args:
      layer: a built SimpleRNN, LSTM or GRU(reset_after=False), or an RNN over their cells; a list
        of such layers, the bottom one first; or a Bidirectional of one.
      forget_bias: what an LSTM cell adds to its forget gate at every call; it is subtracted from
        the stored bias (default: 1.0). A checkpoint does not hold it: where the weights go into
        one, give the `forget_bias` of the program that will read it.
      lstm: the class of an LSTM's cell, BasicLSTMCell or LSTMCell (default: BasicLSTMCell). They
        compute the same, but a checkpoint names the variables by it: give that of the program that
        will read it.

    Returns:
      A built BasicRNNCell, BasicLSTMCell or GRUCell; for a list, or an RNN over several cells, a
      MultiRNNCell; for a Bidirectional a pair (cell_fw, cell_bw).

    Raises:
      TypeError: another kind of layer, or `lstm` is another class.
      ValueError: the layer has no weights yet, has `reset_after` or `go_backwards`, an activation
        that tf.nn lacks, or a recurrent activation other than sigmoid; a list is empty; or
        `forget_bias` is not a finite number.
      RuntimeError: not called eagerly.
    """
    check_eager("from_keras")
    forget_bias = check_number(forget_bias, "forget_bias")
    if lstm not in (BasicLSTMCell, LSTMCell):
        raise TypeError(f"lstm must be BasicLSTMCell or LSTMCell, the class; got {describe(lstm)}.")
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
        return MultiRNNCell([from_keras(one, forget_bias, lstm) for one in layer])
    if isinstance(layer, tf.keras.layers.Bidirectional):
        forward = from_keras(layer.forward_layer, forget_bias, lstm)
        return forward, cell_of(layer.backward_layer, forget_bias, lstm)
    if getattr(layer, "go_backwards", False):
        raise ValueError(
            f"layer {layer.name!r} has go_backwards=True, and a cell knows no direction; set "
            "layer.go_backwards = False, and reverse what the cell gets with tf.reverse(x, [1])."
        )
    return cell_of(layer, forget_bias, lstm)


def from_checkpoint(
    checkpoint: str | os.PathLike[str], scope: str | None = None, cell: Any = None
) -> Any:
    """The RNN of a TensorFlow 1 checkpoint: its cell, its stack, or its two directions.

        cell = from_checkpoint("model.ckpt-1000")
        outputs, state = dynamic_rnn(cell, x, dtype=tf.float32)

    It reads the names of all releases, `rnn/multi_rnn_cell/cell_0/basic_lstm_cell/kernel` from 1.2
    on, `.../weights` in 1.0 and 1.1, `RNN/MultiRNNCell/Cell0/BasicLSTMCell/Linear/Matrix` before
    1.0, and those of the cells that were one fused kernel (LSTMBlockCell, GRUBlockCell) or, of
    cuDNN, CudnnLSTM. Other variables, such as an optimizer's, are not read;
    `tf.train.list_variables(checkpoint)` shows them.

    The variables show the kind of the cell and its sizes. Where the graph that a Saver writes lies
    beside them (`model.ckpt-1000.meta`), it shows `forget_bias`, the activation, the clips, whether
    the state was one tensor, and in how many layers `[cell] * n` used one cell. The new cell gets
    them, and a `cell` that says otherwise gets a warning. Without the graph a new cell has the
    defaults; if the old program set any of these, write its cell again:

        from_checkpoint(path, cell=BasicLSTMCell(128, forget_bias=0.0))

    Wrappers are not read. One that has weights of its own, such as an OutputProjectionWrapper, and
    a ResidualWrapper in the graph get a warning, since the cell alone computes another function;
    dropout, which predictions do without, gets none. A GRU of cuDNN resets after the product with
    the state, which Keras's cell does too, and `GRUCell` does not: it becomes a
    `keras.layers.GRUCell`, which the unrolls run.

    Args:
      checkpoint: the path that the program gave to its Saver with the number that it appended, or
        the path of one of its files; a directory with a `checkpoint` file, which names the newest;
        the directory of a SavedModel; or a frozen graph (.pb), whose variables are constants.
      scope: where the variables of the RNN are, such as `encoder/rnn` (default: the only RNN of the
        checkpoint). A cell with a `name` of its own is found by its full scope, `rnn/that_name`, or
        with `cell` by any scope that holds no other.
      cell: the cell to fill, or a pair (cell_fw, cell_bw) (default: a new one).

    Returns:
      `cell`, or a new BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell or MultiRNNCell, built; a pair
      (cell_fw, cell_bw) where scopes `fw` and `bw` hold the two directions of one RNN. For a GRU of
      cuDNN a built keras.layers.GRUCell.

    Raises:
      TypeError: `cell` is not one of this package's, `checkpoint` not a path, or `scope` not a
        string.
      ValueError: the checkpoint is damaged or lacks a shard; it holds no RNN or several, or a cell
        of an equation that this package does not have; the kind of its cell cannot be read from it,
        or its variables do not fit `cell`.
      tf.errors.NotFoundError: there is no such checkpoint.
      RuntimeError: not called eagerly.
    """
    check_eager("from_checkpoint")
    path, scope = _as_path(checkpoint, "checkpoint"), _as_scope(scope)
    loader = Loader(open_checkpoint(path), scope)
    loaded = loader.load(cell)
    for message in loader.warnings:
        warnings.warn(message, stacklevel=2)
    return loaded


def to_checkpoint(cell: Any, path: str | os.PathLike[str], scope: str | None = None) -> str:
    """Write the cell's variables as TensorFlow 1.2 to 1.15 saved them.

    An old program restores them with a `tf.train.Saver` of these variables, and
    `from_checkpoint` reads them back. The answer of `tf.train.latest_checkpoint` for the directory
    does not change.

    Args:
      cell: as for `from_checkpoint`, built; wrappers leave no trace. A cell with a `name` of its
        own has that in its variables' names.
      path: of the checkpoint to write, in a directory that exists.
      scope: the beginning of the names (default: `rnn`, or `bidirectional_rnn` for a pair, the
        defaults of `dynamic_rnn` and `bidirectional_dynamic_rnn`).

    Returns:
      The path, for `Saver.restore`.

    Raises:
      TypeError: `cell` is not one of this package's, `path` not a path, or `scope` not a string.
      ValueError: `cell` has no variables yet.
      tf.errors.OpError: the file cannot be written.
      RuntimeError: not called eagerly.
    """
    check_eager("to_checkpoint")
    cells, path, scope = one_or_pair(cell), _as_path(path, "path"), _as_scope(scope)
    root = scope or ("rnn" if len(cells) == 1 else "bidirectional_rnn")
    roots = [root] if len(cells) == 1 else [f"{root}/fw", f"{root}/bw"]
    values = {}
    for root, one in zip(roots, cells):
        for number, layer in layers_of(one).items():
            stack = "" if number is None else f"/multi_rnn_cell/cell_{number}"
            for name, value in weights_of(layer).items():
                values[f"{root}{stack}/{layer.name}/{NAMES[name][0]}"] = value
    return write_checkpoint(path, values)


def rename_checkpoint(
    source: str | os.PathLike[str],
    target: str | os.PathLike[str],
    names: Iterable[str] | None = None,
) -> dict[str, str]:
    """Write a whole TensorFlow 1 checkpoint of any release again, under the names of 1.15.

        rename_checkpoint("model.ckpt-1000", "renamed.ckpt")
        # {"RNN/BasicLSTMCell/Linear/Matrix": "rnn/basic_lstm_cell/kernel", ...}

    The variables of an RNN get the names of 1.15, together with their optimizer's slots and moving
    averages; the shards of an LSTMCell's kernel become one; all others are copied as they are. The
    table of names is that of TensorFlow's own `checkpoint_convert`, and of the releases before 1.0.

    Two things are in no table: whether a scope `RNN` was the unroll's or the program's own (it
    becomes `rnn`), and that from 1.2 on the scope of a projection or an embedding wrapper is around
    that of its cell. With `names` the checkpoint gets the very names of the program that will read
    it. A program on `unrolled.tf1` needs no renaming: its `tf.train.Saver` restores old names.

    Args:
      source: a checkpoint, as for `from_checkpoint`, but not a frozen graph.
      target: the path of the checkpoint to write, in a directory that exists.
      names: the names of the variables that a program restores,
        `[v.op.name for v in tf.global_variables()]` (default: those that the table gives).

    Returns:
      {old name: new name} of what was renamed.

    Raises:
      TypeError: a path is not a path, or `names` is one string.
      ValueError: `target` is `source`, the checkpoint is damaged or not a TensorFlow 1 program's,
        two of its variables would get one name, or it lacks one of `names` or leaves in doubt which
        it is.
      tf.errors.NotFoundError: there is no such checkpoint.
      tf.errors.OpError: the file cannot be written.
    """
    source, target = _as_path(source, "source"), _as_path(target, "target")
    if isinstance(names, str):
        raise TypeError(f"names must be a list of names, or None; got {describe(names)}.")
    checkpoint = open_checkpoint(source)
    if "_CHECKPOINTABLE_OBJECT_GRAPH" in checkpoint.shapes or checkpoint.path.endswith(".pb"):
        raise ValueError(f"source must be a checkpoint of TensorFlow 1's Saver; got {source!r}.")
    if os.path.realpath(target) == os.path.realpath(checkpoint.path):
        raise ValueError(f"target must be another path than source; got {target!r} for both.")
    held = sorted(checkpoint.shapes)
    new = renamed(held) if names is None else _to_names(checkpoint.path, held, list(names))
    write_checkpoint(target, {name: checkpoint.value(old) for name, old in new.items()})
    return {one: name for name, old in new.items() for one in old if one != name}


def write_example(folder: str | os.PathLike[str]) -> list[Path]:
    """Write what a program of TensorFlow 1 left behind, as an example to try these functions on.

    The program of *Moving an old program*, `old_program.py`, says how a wave goes on: two layers of
    BasicLSTMCell and a dense layer. It was run on TensorFlow 1.15.0, and again on 1.0.1, whose
    files are in the folder `1.0`.

    Args:
      folder: where to write; it is made where it does not exist.

    Returns:
      The paths of the files: the program, its data `waves.npz`, its checkpoints, and its losses and
      predictions, `results.npz`.

    Raises:
      FileExistsError: one of the files is there already; nothing is written then.
    """
    target = Path(_as_path(folder, "folder"))
    packed = resources.files("unrolled") / "example.zip"
    with packed.open("rb") as file, zipfile.ZipFile(file) as example:
        paths = [target / name for name in example.namelist()]
        there = [path for path in paths if path.exists()]
        if there:
            raise FileExistsError(
                f"folder must not hold {there[0].name} yet, which would be overwritten; got "
                f"{str(target)!r}; name a new folder."
            )
        example.extractall(target)
    return paths


def _to_names(path: str, held: list[str], names: list[str]) -> dict[str, list[str]]:
    """{new name: old names} with all of `names`, and what is left as it is."""
    match = matched(names, held)
    if match.ambiguous:
        name, candidates = next(iter(match.ambiguous.items()))
        raise ValueError(
            f"{name!r} of names may be each of {', '.join(candidates)} in checkpoint {path!r}; "
            "leave it out of names, and rename those yourself."
        )
    if match.missing:
        raise ValueError(
            f"checkpoint {path!r} has no {', '.join(match.missing[:8])}, under older names "
            "neither; give as names only what the checkpoint holds."
        )
    taken = {old for olds in match.found.values() for old in olds}
    return {**match.found, **{name: [name] for name in held if name not in taken}}


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
