"""What a training run is, and all that it changes: what a backup holds."""

from __future__ import annotations

import json
import re
import weakref
import zlib
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from unrolled.internal.attributes import as_tensorflows, variables_of
from unrolled.internal.backup import Backup, encode
from unrolled.internal.callbacks import Hooks
from unrolled.internal.interrupts import uninterrupted
from unrolled.internal.tracing import has_effects, nodes_of

# How optimizers began that runs have left: their rate then, and their settings at the start.
_began: weakref.WeakKeyDictionary[Any, tuple[float | None, dict[str, Any]]] = (
    weakref.WeakKeyDictionary()
)


@dataclass
class Place:
    """Where a run stands."""

    epoch: int = 1
    step: int = 0  # of this epoch; that many are done
    begun: bool = False  # whether the callbacks know of this epoch
    seconds: float = 0.0  # that this epoch took so far
    order: Any = None  # the state of the shuffler before it draws the order of this epoch

    def next_epoch(self, order: Any) -> None:
        """Go to the start of the next epoch, for which the shuffler is in this state."""
        vars(self).update(vars(Place(self.epoch + 1, order=order)))


class Pace:
    """How many steps one call of the graph takes: those of about half a second.

    Ctrl-C waits for the end of a call.
    """

    def __init__(self, one_by_one: bool):
        self._one_by_one = one_by_one
        self._steps = 1

    def stop(self, step: int, steps: int, every: int | None) -> int:
        """Where a call that starts at `step` ends: with the epoch, or where a backup is due."""
        due = steps if every is None else (step // every + 1) * every
        return min(step + self._steps, steps, due)

    def learn(self, steps: int, seconds: float) -> None:
        """Take note that a call of so many steps took so long."""
        if not self._one_by_one and steps >= self._steps:
            self._steps = max(1, min(8 * steps, int(0.5 * steps / max(seconds, 1e-9))))


class Keeper:
    """Keeps a run in a folder and puts it back from there; without a folder it does nothing.

    Args:
      folder: of the backups, or None.
      place, history, hooks, optimizer: the run; they are changed to what is found.

    Raises:
      TypeError, OSError: as `Backup` does.
    """

    def __init__(self, folder: Any, place: Place, history: Any, hooks: Hooks, optimizer: Any):
        self._backup = None if folder is None else Backup(folder)
        self._finished = False
        self._place, self._history, self._hooks = place, history, hooks
        self._optimizer = optimizer
        self._found: Any = None
        self._under_way = False
        self._settings: dict[str, Any] = {}  # of the optimizer, when the run began
        self._held: bytes | None = None  # the run as it was before a function of the caller's

    def __enter__(self) -> Keeper:
        """Keep other processes out of the folder."""
        if self._backup is not None:
            self._backup.lock()
        return self

    def __exit__(self, *_: Any) -> None:
        """Let others in, and keep in mind how the optimizer began: callbacks change its rate."""
        if self._backup is not None:
            self._backup.unlock()
            if self._settings:
                _began[self._optimizer] = (self._rate(), self._settings)

    def look(
        self, variables: Variables, run: dict[str, Any], last: dict[str, Any], epochs: int
    ) -> str:
        """Look for a backup of this run.

        Args:
          variables: all that training uses.
          run: what else tells runs apart, by name.
          last: what is told of last, since other differences bring it about.
          epochs: to which the run is to go.

        Returns:
          A warning, or nothing.

        Raises:
          ValueError: no backup can be read, or the newest is one of another run, or of more epochs.
        """
        if self._backup is None:
            return ""
        self._variables = variables
        left_at, began = _began.get(self._optimizer, (None, {}))
        goes_on = bool(began) and left_at == self._rate()
        self._settings = began if goes_on else settings_of(self._optimizer)
        self._run = {
            **{**run, **self._settings, "variables": variables.described()},
            **{"callbacks": self._hooks.kinds, **last},
        }
        self._found, warning = self._backup.newest()
        if self._found is not None:
            self._check_same_run(self._found["run"], self._found["rate"])
            place, epochs_there = self._found["place"], len(self._found["history"]["seconds"])
            within = place["step"] > 0 or place["begun"]
            if within:
                epochs_there = max(epochs_there, place["epoch"])
            if epochs_there > epochs:
                what = "begun" if within else "behind it"
                raise ValueError(
                    f"epochs must be at least {epochs_there}, the epochs that the run in "
                    f"{self._backup.name} has {what}; got {epochs}: give more epochs, "
                    "another folder, or delete this one to start anew."
                )
        return warning

    def _check_same_run(self, run: dict[str, Any], rate: float | None) -> None:
        theirs, name = dict(run), "the optimizer's learning_rate"
        if rate is not None and self._rate() == rate:  # the same one, whose rate a callback lowered
            theirs[name] = self._run.get(name)
        if words := difference(self._run, theirs):
            folder = "" if self._backup is None else self._backup.name
            raise ValueError(
                f"backup must be a folder of this run or an empty one; got {folder}, which holds "
                f"another run: {words}; give another folder, or delete this one to start anew."
            )

    def has_ended(self, epochs: int) -> bool:
        """Whether the run that was found went to its end, which is then put back."""
        found = self._found
        if found is None or not found["ended"]:
            return False
        if not found["stopped"] and found["place"]["epoch"] <= epochs:
            return False
        self._put_back(found)
        if found["end"] is not None:
            self._variables.put_back(found["end"])
        self._hooks.put_back(found["callbacks_at_end"], found["stopped"])
        return True

    def begin(self) -> None:
        """Put back what was found, or write how the run begins."""
        with uninterrupted():
            if self._found is None:
                self.write()
            else:
                self._put_back(self._found)
                self._hooks.put_back(self._found["callbacks"], self._found["stopped"])
                self._found = None
            self._under_way = True

    def _put_back(self, found: dict[str, Any]) -> None:
        vars(self._place).update(found["place"])
        vars(self._history).update(found["history"])
        self._history.resumed_from = len(self._history.loss)
        self._variables.put_back(found["variables"])

    def hold(self) -> None:
        """Before functions of the caller's: an interrupt in them leaves the run as it is now.

        When it goes on they are called anew.
        """
        if self._backup is not None:
            self._held = _encoded(self._collect())

    def let_go(self) -> None:
        """After such functions."""
        self._held = None

    def write(self) -> None:
        """Write where the run stands.

        Raises:
          OSError: it cannot be written.
          TypeError: `each_epoch` returned what cannot be stored.
        """
        if self._backup is not None:
            with uninterrupted():
                self._backup.write(_encoded(self._collect()))
                self.let_go()

    def write_after_interrupt(self) -> str:
        """Write where the run stands or was held, if it is under way; says how it goes on."""
        if self._finished:
            return "after its end; the same call returns the whole run, by its backup"
        if self._backup is None or not self._under_way:
            return ""
        self._backup.write(self._held or _encoded(self._collect()))
        return "; the same call goes on from there, by its backup"

    def finish(self, trained: list[Any]) -> None:
        """Let optimizer and callbacks do what they do at the end, and write the end of the run."""
        self.hold()
        state = {} if self._backup is None else self._collect()  # more epochs go on from here
        self._optimizer.finalize_variable_values(trained)
        self._hooks.end()
        if self._backup is not None:
            end: list[Any] | None = self._variables.values()
            if all(a.tobytes() == b.tobytes() for a, b in zip(end or [], state["variables"])):
                end = None
            ended = {"ended": True, "end": end, "callbacks_at_end": self._hooks.state()}
            with uninterrupted():
                self._backup.write(_encoded({**state, **ended}))
                self._finished = True

    def _rate(self) -> float | None:
        """The learning rate where it is a number; that of a schedule follows from the step."""
        rate = self._optimizer.get_config().get("learning_rate")
        return rate if isinstance(rate, float) else None

    def _collect(self) -> dict[str, Any]:
        return {
            "run": self._run,
            "place": dict(vars(self._place)),
            "history": {**vars(self._history), "resumed_from": None},
            "variables": self._variables.values(),
            "rate": self._rate(),
            "callbacks": self._hooks.state(),
            "stopped": self._hooks.stopped,
            "ended": False,
            "end": None,
            "callbacks_at_end": [],
        }


def _encoded(state: dict[str, Any]) -> bytes:
    try:
        return encode(state)
    except TypeError as error:
        raise TypeError(
            "each_epoch must return numbers, strings, arrays, or lists, tuples and dicts of them, "
            f"where there is a backup; got {error}: return what float() or .numpy() makes of it."
        ) from None


class Variables:
    """The variables that a traced function uses, with those of the modules and the optimizer.

    Among them are those that hold the state of generators, and counters that a loss keeps.
    """

    def __init__(
        self,
        traced: Any,
        trained: list[tf.Variable],
        modules: list[Any],
        optimizer: Any,
        copies: list[tf.Variable],
    ):
        # A trace has its variables in no order, but captures their handles as it meets them.
        places = {id(handle): place for place, handle in enumerate(traced.captured_inputs)}
        found = [
            *trained,
            *(v for module in modules for v in variables_of(module, "variables")),
            *map(as_tensorflows, optimizer.variables),
            *sorted(traced.variables, key=lambda v: places.get(id(v.handle), -1)),
        ]
        without = {id(copy) for copy in copies}
        self._all = [v for v in {id(v): v for v in found}.values() if id(v) not in without]
        self._trained = len(trained)
        for variable in self._all:
            if not variable.dtype.is_numpy_compatible or variable.dtype == tf.string:
                raise TypeError(
                    f"backup must be None where a variable holds no numbers; got {variable.name} "
                    f"of {variable.dtype.name}, which cannot be stored."
                )

    def values(self) -> list[Any]:
        """A copy of each value."""
        return [np.array(variable.numpy()) for variable in self._all]

    def put_back(self, values: list[Any]) -> None:
        """Set the variables to what `values` gave."""
        for variable, value in zip(self._all, values, strict=True):
            variable.assign(tf.constant(value, variable.dtype))

    def described(self) -> list[str]:
        """Name, dtype and shape of each; the names of those alone that are trained.

        Keras and TensorFlow number the names of things that a program makes twice.
        """
        words = [f"{v.dtype.name} {v.shape}" for v in self._all]
        names = [re.sub(r"(_\d+)+(?=/|:|$)", "", v.name) for v in self._all[: self._trained]]
        return [f"{n} {w}" for n, w in zip(names, words)] + words[self._trained :]


def fingerprint(arrays: list[tf.Tensor]) -> list[str]:
    """Dtype, shape and checksum of each array."""
    return [f"{a.dtype.name} {a.shape} {zlib.crc32(_bytes_of(a)):08x}" for a in arrays]


def _bytes_of(array: tf.Tensor) -> Any:
    if array.dtype == tf.string:
        return tf.io.serialize_tensor(array).numpy()
    return np.ascontiguousarray(array.numpy()).reshape(-1).view(np.uint8)


def settings_of(optimizer: Any) -> dict[str, Any]:
    """Class and settings of an optimizer, as text."""
    try:
        config = optimizer.get_config()
    except NotImplementedError:
        raise TypeError(
            "learning_rate must be a schedule that has get_config where there is a backup, so that "
            "runs can be told apart; got one without: write this method, or leave backup out."
        ) from None
    texts = {
        f"the optimizer's {name}": json.dumps(_unnamed(value), sort_keys=True, default=_name_of)
        for name, value in _unnamed(config).items()
    }
    return {"optimizer": type(optimizer).__name__, **texts}


def description(thing: Any) -> str:
    """Class and settings of something of Keras's that has a `get_config`, as text."""
    try:
        config = thing.get_config()
    except (NotImplementedError, ValueError, TypeError):  # one of the caller's own
        return type(thing).__name__
    text = json.dumps(_unnamed(config), sort_keys=True, default=_name_of)
    return f"{type(thing).__name__} {text}"


def operations(traced: Any) -> str:
    """A checksum of what a traced function computes: the kinds and settings of its operations.

    Names are left out, and seeds: a program that makes a thing twice gives it other ones.
    """
    texts = sorted(map(_operation, nodes_of(traced)))
    return f"{zlib.crc32(b';'.join(texts)):08x}"


def _operation(node: Any) -> bytes:
    parts = [node.op.encode()]
    for name, value in sorted(node.attr.items()):
        kind = value.WhichOneof("value")
        if name.startswith("_") or name in ("seed", "seed2") or kind == "func":
            continue
        if kind == "list" and value.list.func:
            continue
        if kind == "s" and name not in ("equation", "padding", "data_format", "reduction"):
            continue  # names of variables and functions, numbers of Python's
        if kind == "tensor" and value.tensor.dtype == tf.string.as_datatype_enum:
            continue  # words of messages
        parts += [name.encode(), value.SerializeToString(deterministic=True)]
    return b" ".join(parts)


def _unnamed(config: Any) -> Any:
    """Settings without names: Keras numbers those of what a program makes twice."""
    if not isinstance(config, dict):
        return config
    return {key: _unnamed(value) for key, value in config.items() if key != "name"}


def _name_of(value: Any) -> str:
    """A function's name: what else `repr` says of it differs from run to run."""
    return getattr(value, "__name__", type(value).__name__)


def difference(mine: dict[str, Any], theirs: dict[str, Any]) -> str:
    """In a few words what differs between two runs, the first such thing; empty if nothing."""
    for name in {**mine, **theirs}:
        here, there = mine.get(name), theirs.get(name)
        if here == there:
            continue
        if isinstance(here, list) and isinstance(there, list):
            if len(here) != len(there):
                return f"{len(there)} {name} there, {len(here)} here"
            i = next(i for i in range(len(here)) if here[i] != there[i])
            return f"{name}[{i}] is {there[i]} there, {here[i]} here"
        return f"{name} is {there} there, {here} here"
    return ""


def draws_that_start_anew(traced: Any) -> str:
    """A warning where operations in a traced function draw from a stream of their own."""
    found = sorted({n.op for n in nodes_of(traced) if "seed2" in n.attr and has_effects(n.op)})
    if not found:
        return ""
    return (
        f"loss draws by {', '.join(found)}, whose stream starts anew when a run goes on from its "
        "backup: draw from a tf.random.Generator, whose state is kept"
    )


def rate_of(optimizer: Any) -> float:
    """The learning rate of the next step."""
    rate = optimizer.learning_rate
    return float(as_tensorflows(rate).numpy() if isinstance(rate, keras.Variable) else rate.numpy())


def tell(interrupt: KeyboardInterrupt, place: Place, history: Any, keeper: Keeper) -> None:
    """Keeps what was measured, and adds to the interrupt how far the run got and how to go on."""
    interrupt.history = history  # type: ignore[attr-defined]
    where = f"fit was interrupted after step {place.step} of epoch {place.epoch}"
    try:
        if goes_on := keeper.write_after_interrupt():
            at = "fit was interrupted " if goes_on.startswith("after") else where
            interrupt.add_note(f"{at}{goes_on}.")
            return
    except (OSError, TypeError) as error:
        interrupt.add_note(str(error))
    interrupt.add_note(
        f"{where}: the weights are as these steps left them, and the measurements in the error's "
        "`history`; fit called again trains on from these weights, in a new run, and one with "
        "backup= would go on exactly here."
    )
