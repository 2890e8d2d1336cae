"""How TensorFlow traces: AutoGraph, checks at run time, what a gradient or a second run may do."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

try:  # private, and a matter of speed alone: see `a_gradient_may_follow`
    from tensorflow.python.eager.record import could_possibly_record as _recording
except ImportError:

    def _recording() -> bool:
        return True


try:  # private too: no public name says of an operation inside a function whether it has state
    from tensorflow.python.framework.op_def_registry import get as _definition_of
except ImportError:

    def _definition_of(kind: str) -> Any:
        return None


# Stateful operations that a second run may repeat: they read, assert, print, or call functions that
# are looked at themselves.
HARMLESS = {
    *("ReadVariableOp", "ResourceGather", "ResourceGatherNd", "VarHandleOp", "VariableShape"),
    *("VarIsInitializedOp", "Placeholder", "NoOp", "PrintV2"),
    *("Assert", "CheckNumerics", "CheckNumericsV2"),
    *("StatefulPartitionedCall", "PartitionedCall", "While", "If", "Case"),
}


def nodes_of(traced: Any) -> list[Any]:
    """Every operation of a traced function as a NodeDef, those in its loops and calls included."""
    graph = traced.graph.as_graph_def()
    return [*graph.node, *(node for f in graph.library.function for node in f.node_def)]


def has_effects(kind: str) -> bool:
    """Whether an operation of this kind may give something else, or do more, a second time."""
    definition = _definition_of(kind)
    return kind not in HARMLESS and (definition is None or definition.is_stateful)


# A trace takes functions marked so as they are: AutoGraph, which rewrites Python's `if` and `for`
# into graph operations, would find nothing in them and take most of the time of the trace.
no_autograph = tf.autograph.experimental.do_not_convert


def after(*checks: tf.Operation | None) -> Any:
    """A context whose operations wait for `checks`; eagerly these have run already and are None."""
    return tf.control_dependencies([check for check in checks if check is not None])


def a_gradient_may_follow() -> bool:
    """Whether a tape records what is computed now, or a graph of TensorFlow 1 is being built.

    A gradient may also be asked of a finished trace. So this decides what is fast, never what is
    right.
    """
    return not tf.compat.v1.executing_eagerly_outside_functions() or _recording()


@no_autograph
def variables_at_once() -> Any:
    """A context in which `tf.init_scope` makes variables with their values, as outside of a trace.

    By itself tf.function lifts each variable that is made while it traces, also one of
    `tf.init_scope`, and then traces all a second time.
    """

    def make(next_creator: Any, **how: Any) -> tf.Variable:
        if tf.executing_eagerly():  # in tf.init_scope; any other is TensorFlow's to lift
            how["experimental_enable_variable_lifting"] = False
        return next_creator(**how)

    return tf.variable_creator_scope(make)
