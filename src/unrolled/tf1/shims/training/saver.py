"""`tf.train.Saver`, which also restores what releases before 1.2 wrote under other names."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.training import saver as today

from unrolled.internal.checkpoint_files import Checkpoint, open_checkpoint, write_checkpoint
from unrolled.internal.checkpoint_renames import matched

_told: set[str] = set()  # the checkpoints whose old names were reported


class Saver(today.Saver):
    """TensorFlow's Saver; where a checkpoint lacks a variable, it is looked for by its old names.

        RNN/BasicLSTMCell/Linear/Matrix/Adam    for    rnn/basic_lstm_cell/kernel/Adam

    The names are those of 0.8 to 1.15, with their shards, an optimizer's slots and moving averages.
    Which names stood for which is said once for each checkpoint, on TensorFlow's log. Its arguments
    are those of `tf.compat.v1.train.Saver`.
    """

    def restore(self, sess: Any, save_path: Any) -> None:
        """Give the variables the values of a checkpoint of any release.

        Args:
          sess: the session.
          save_path: as `save` gave it, or `tf.train.latest_checkpoint`.

        Raises:
          ValueError: there is no such checkpoint, or an old name may be that of several variables.
          tf.errors.NotFoundError: the checkpoint lacks variables, under old names too.
        """
        renamed = None if tf.executing_eagerly() else self._old_names(sess, save_path)
        if renamed is None:
            super().restore(sess, save_path)
            return
        checkpoint, old = renamed
        with tempfile.TemporaryDirectory() as folder:
            # A copy under today's names, so that slices, resources and tables are restored as ever.
            values = {name: checkpoint.value(names) for name, names in old.items()}
            super().restore(sess, write_checkpoint(os.path.join(folder, "renamed"), values))
        changed = {name: names for name, names in old.items() if names != [name]}
        if checkpoint.path not in _told:
            _told.add(checkpoint.path)
            tf.logging.warning("%s", _report(checkpoint.path, changed))

    def _old_names(
        self, sess: Any, save_path: Any
    ) -> tuple[Checkpoint, Mapping[str, Sequence[str]]] | None:
        """The checkpoint and its names for this saver's; None where it has them as they are."""
        wanted = _restored_names(sess.graph, self.saver_def) if self.saver_def else []
        if not wanted or save_path is None:
            return None
        try:
            checkpoint = open_checkpoint(str(save_path))
        except (ValueError, tf.errors.OpError):
            return None  # TensorFlow says itself what is wrong
        if set(wanted) <= checkpoint.shapes.keys():
            return None
        if "_CHECKPOINTABLE_OBJECT_GRAPH" in checkpoint.shapes:
            return None  # TensorFlow reads these by another way
        match = matched(wanted, checkpoint.shapes)
        if match.ambiguous:
            raise ValueError(_ambiguous(checkpoint.path, match.ambiguous))
        if match.missing:
            raise tf.errors.NotFoundError(None, None, _missing(checkpoint, match.missing, wanted))
        return checkpoint, match.found


def _restored_names(graph: tf.Graph, saver_def: Any) -> list[str]:
    """The names that a saver's operations look up in a checkpoint."""
    names: dict[str, None] = {}
    seen, left = set(), [graph.get_operation_by_name(saver_def.restore_op_name)]
    while left:
        operation = left.pop()
        if operation in seen:
            continue
        seen.add(operation)
        if operation.type in ("RestoreV2", "Restore", "RestoreSlice"):
            for name in tf.get_static_value(operation.inputs[1]).ravel():
                names[name.decode()] = None
            continue
        left += [*operation.control_inputs, *(tensor.op for tensor in operation.inputs)]
    return list(names)


def _report(path: str, changed: Mapping[str, Sequence[str]]) -> str:
    lines = [f"{path} has old names of variables:"]
    lines += [f"  {new} from {', '.join(old)}" for new, old in sorted(changed.items())]
    return "\n".join(lines)


def _ambiguous(path: str, ambiguous: Mapping[str, Sequence[str]]) -> str:
    name, candidates = next(iter(sorted(ambiguous.items())))
    more = f" (and {len(ambiguous) - 1} more variables like it)" if len(ambiguous) > 1 else ""
    return (
        f"checkpoint {path!r} has no {name}{more}, and its old name may be each of "
        f"{', '.join(candidates)}; rename the checkpoint with unrolled.convert.rename_checkpoint, "
        "or give the Saver a dictionary from the checkpoint's names to variables."
    )


def _missing(checkpoint: Checkpoint, missing: Sequence[str], wanted: Sequence[str]) -> str:
    others = sorted(checkpoint.shapes.keys() - set(wanted))
    rest = f"; it holds {_some(others)} besides" if others else ""
    return (
        f"checkpoint {checkpoint.path!r} has no {_some(sorted(missing))}, under names of before "
        f"1.2 neither{rest}; build the program's variables as when it was saved, or give the Saver "
        "those that the checkpoint has."
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:8]) + (f" and {len(names) - 8} others" if names[8:] else "")


# Supervisor and MonitoredTrainingSession make their savers by this name.
today.Saver = Saver
