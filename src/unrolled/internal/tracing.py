"""What has to do with how TensorFlow traces: AutoGraph, checks at run time, gradients to come."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

try:  # private, and a matter of speed alone: see `a_gradient_may_follow`
    from tensorflow.python.eager.record import could_possibly_record as _recording
except ImportError:

    def _recording() -> bool:
        return True


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
