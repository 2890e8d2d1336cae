"""What modules and layers hold, by the path of attributes that leads there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import keras
import tensorflow as tf

from unrolled.internal.tracing import has_effects, no_autograph
from unrolled.wrappers import DropoutWrapper


def walk(thing: Any, path: str, seen: set[int] | None = None) -> Iterator[tuple[str, Any]]:
    """The modules and layers inside of `thing`, itself first, each once and with its path."""
    seen = set() if seen is None else seen
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, (tf.Module, keras.layers.Layer)):
        yield path, thing
        attributes = [  # not what TensorFlow writes there to find its way around
            item for item in list(vars(thing).items()) if not item[0].startswith("_self_")
        ]
        # The public name of what has two is the one to show.
        for name, value in sorted(attributes, key=lambda item: item[0].startswith("_")):
            yield from walk(value, f"{path}.{name}", seen)
    elif isinstance(thing, Mapping):
        for key, value in list(thing.items()):
            yield from walk(value, f"{path}[{key!r}]", seen)
    elif isinstance(thing, (list, tuple)):
        for i, value in enumerate(list(thing)):
            yield from walk(value, f"{path}[{i}]", seen)


def check_all_is_trained(modules: list[Any], trained: list[Any], read: list[Any]) -> None:
    """A ValueError where a module holds a layer that the loss reads and that it does not track.

    tf.Module finds no variables of Keras layers, nor a Keras layer those of a tf.Module, so that
    such a part would silently not be trained.

    Args:
      modules: what is trained.
      trained: their variables.
      read: the variables that the loss reads.
    """
    known, used = {id(v) for v in trained}, {id(v) for v in read}
    for i, module in enumerate(modules):
        if not _finds_variables_itself(module):
            continue
        path = "model" if len(modules) == 1 else f"model[{i}]"
        lost: list[tuple[str, Any]] = []
        for place, part in walk(module, path):
            inside = any(place.startswith(other) for other, _ in lost)
            if not inside and any(id(v) in used - known for v in variables_of(part)):
                lost.append((place, part))
        if lost:
            place, part = lost[0]
            add = ", ".join(f"module{place.removeprefix(path)}" for place, _ in lost)
            outer = "tf.Module" if isinstance(part, keras.layers.Layer) else "Keras layer"
            raise ValueError(
                f"model must track the variables of all that loss trains; got {place}, "
                f"{_kind(part)}, whose variables a {outer} does not track, so that fit would "
                f"leave them as they are: pass model=[module, {add}]."
            )


def _kind(part: Any) -> str:
    name = type(part).__name__
    return f"the Keras layer {name}" if isinstance(part, keras.layers.Layer) else f"a {name}"


def _finds_variables_itself(module: Any) -> bool:
    """Whether TensorFlow or Keras looks for the variables, and not a method of the module's own."""
    mine = getattr(type(module), "trainable_variables", None)
    return mine in (tf.Module.trainable_variables, keras.layers.Layer.trainable_variables)


def variables_of(part: Any, kind: str = "trainable_variables") -> list[tf.Variable]:
    """The variables of a module or layer as TensorFlow's; none of a layer that is not built yet."""
    if isinstance(part, keras.layers.Layer) and not part.built:
        return []
    return [as_tensorflows(variable) for variable in getattr(part, kind, [])]


def as_tensorflows(variable: Any) -> tf.Variable:
    """A variable of TensorFlow's, or the one that a variable of Keras's holds."""
    return variable if isinstance(variable, tf.Variable) else variable.value


def hold_draws(modules: list[Any]) -> None:
    """Gives every dropout wrapper a generator whose state can be stored."""
    for _, part in walk(modules, ""):
        if isinstance(part, DropoutWrapper):
            part.hold_draws()


def not_seen(modules: list[Any], trained: list[Any], read: list[Any]) -> str:
    """A warning where the loss reads trainable variables that no module is seen to hold.

    Sets, plain objects and the closures of functions, for instance, are not looked into.

    Args:
      modules: what is trained.
      trained: their variables.
      read: the trainable variables that the loss reads.
    """
    known = {id(v) for v in trained}
    for _, part in walk(modules, ""):
        known.update(id(v) for v in variables_of(part, "variables"))
    names = [v.name for v in read if v.dtype.is_floating and id(v) not in known]
    if not names:
        return ""
    return (
        f"loss reads {', '.join(names)}, trainable variables that model does not hold where they "
        "are found: fit leaves them as they are; add what holds them to model=[...], or make them "
        "trainable=False"
    )


@no_autograph
def written_since(count: int, modules: list[Any]) -> list[tf.Variable]:
    """The modules' variables that the graph being traced writes, in its operations from one on."""
    graph = tf.compat.v1.get_default_graph()
    written: set[str] = set()
    for operation in graph.get_operations()[count:]:
        handles = [(i, t) for i, t in enumerate(operation.inputs) if t.dtype == tf.resource]
        if not handles:
            continue
        try:  # of a function: which of its inputs it only reads
            reads = set(operation.get_attr("_read_only_resource_inputs"))
        except ValueError:
            reads = set() if has_effects(operation.type) else {i for i, _ in handles}
        written.update(tensor.name for i, tensor in handles if i not in reads)
    if not written:
        return []
    inside = {id(outer): inner.name for outer, inner in graph.captures}
    variables = [v for module in modules for v in variables_of(module, "variables")]
    found = {id(v): v for v in variables if inside.get(id(v.handle)) in written}
    return list(found.values())
