"""Reading and writing the files that hold a TensorFlow 1 program's variables, without its graph.

A checkpoint is named by its path without an ending; here the name of any of its files will do. A
SavedModel is a folder with a checkpoint in it, and a frozen graph (.pb) holds the variables as
constants under their names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf
from tensorflow.core.framework.graph_pb2 import GraphDef
from tensorflow.core.protobuf.meta_graph_pb2 import MetaGraphDef
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

_IN_SAVED_MODEL = os.path.join("variables", "variables")  # where it has its checkpoint
_ENDINGS = re.compile(r"(.+)\.(?:index|meta|data-\d{5}-of-\d{5})")


class Checkpoint:
    """The variables of a file: their shapes, and their values when they are asked for.

    Args:
      path: as it was given, for errors.
      shapes: {name: shape}.
      read: gives the value of a name.
    """

    def __init__(
        self, path: str, shapes: Mapping[str, Sequence[int]], read: Callable[[str], np.ndarray]
    ):
        self.path, self.shapes, self._read = path, dict(shapes), read

    def value(self, names: Sequence[str]) -> np.ndarray:
        """A variable, or its shards one after the other.

        Raises:
          ValueError: the file is damaged.
        """
        with _or_damaged(self.path):
            parts = [np.asarray(self._read(name)) for name in names]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def graph(self) -> Any:
        """The GraphDef that lies beside the checkpoint, or None where there is none.

        Raises:
          ValueError: the file is damaged.
        """
        meta, saved = Path(f"{self.path}.meta"), Path(self.path).parent.parent / "saved_model.pb"
        if meta.is_file():
            return _parsed(MetaGraphDef(), meta).graph_def
        if self.path.endswith(_IN_SAVED_MODEL) and saved.is_file():
            return _parsed(SavedModel(), saved).meta_graphs[0].graph_def
        return None


def open_checkpoint(path: str) -> Checkpoint:
    """Open what a path names: a checkpoint or a file of it, a folder, a SavedModel, a frozen graph.

    Raises:
      ValueError: the file is damaged, or of another kind.
      tf.errors.NotFoundError: there is no such checkpoint.
    """
    if path.endswith(".pb") and os.path.isfile(path):
        return _frozen(path)
    if path.endswith((".h5", ".hdf5", ".keras")) and os.path.isfile(path):
        raise ValueError(
            f"{path!r} is a file of Keras, not a checkpoint; make the same model of Keras's "
            "layers, call model.load_weights on the file, and give its layers to from_keras."
        )
    prefix = _prefix(path)
    with _or_damaged(path):
        reader = tf.train.load_checkpoint(prefix)
        shapes = reader.get_variable_to_shape_map()
    return Checkpoint(prefix, shapes, reader.get_tensor)


def _prefix(path: str) -> str:
    inside = os.path.join(path, _IN_SAVED_MODEL)
    if os.path.isfile(f"{inside}.index"):
        return inside
    if os.path.isdir(path):
        return tf.train.latest_checkpoint(path) or _no_newest(path)
    ending = _ENDINGS.fullmatch(path)
    return ending[1] if ending and os.path.isfile(path) else path


def _no_newest(folder: str) -> NoReturn:
    there = sorted(str(file.with_suffix("")) for file in Path(folder).glob("*.index"))
    instead = f"give one of {', '.join(there)}" if there else "nor has it any checkpoint"
    raise tf.errors.NotFoundError(
        None, None, f"directory {folder!r} has no file that names its newest checkpoint; {instead}."
    )


def _frozen(path: str) -> Checkpoint:
    graph = _parsed(GraphDef(), Path(path))
    constants = {node.name: node.attr["value"].tensor for node in graph.node if node.op == "Const"}
    shapes = {
        name: [dim.size for dim in value.tensor_shape.dim] for name, value in constants.items()
    }
    frozen = Checkpoint(path, shapes, lambda name: tf.make_ndarray(constants[name]))
    frozen.graph = lambda: graph  # type: ignore[method-assign]
    return frozen


def _parsed(message: Any, file: Path) -> Any:
    with _or_damaged(str(file)):
        message.ParseFromString(file.read_bytes())
    return message


@contextmanager
def _or_damaged(path: str) -> Iterator[None]:
    """Turn what the readers raise on damaged files into one sentence."""
    try:
        yield
    except (tf.errors.NotFoundError, tf.errors.PermissionDeniedError, OSError):
        raise
    except Exception as error:  # readers raise OpError, IndexError, DecodeError and others
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(f"{path!r} is damaged or no checkpoint: {first}") from error


def write_checkpoint(path: str, values: Mapping[str, np.ndarray]) -> str:
    """Write values as a checkpoint in TensorFlow's second format, and give its path.

    The file `checkpoint`, which names the newest of a folder, is not written: in the folder of an
    old program, its own checkpoint stays the newest.
    """
    names = list(values)
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        fed = [tf.compat.v1.placeholder(values[name].dtype) for name in names]
        save = tf.raw_ops.SaveV2(
            prefix=path, tensor_names=names, shape_and_slices=[""] * len(names), tensors=fed
        )
        session.run(save, dict(zip(fed, values.values())))
    return path
