"""`tf.contrib.eager`: what programs of 1.4 to 1.15 that ran eagerly took from there."""

from __future__ import annotations

from collections.abc import Iterator as _Iterator
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.eager import backprop, context
from tensorflow.python.ops import resource_variable_ops, script_ops, variable_scope


def iterator(dataset: Any) -> _Iterator[Any]:
    """`tfe.Iterator`: the elements of a dataset, one after the other."""
    return iter(dataset)


NAMES: dict[str, Any] = {
    "Checkpoint": tf.train.Checkpoint,
    "EagerVariableStore": variable_scope.EagerVariableStore,
    "GradientTape": tf.GradientTape,
    "Iterator": iterator,
    "Variable": resource_variable_ops.ResourceVariable,
    "custom_gradient": tf.custom_gradient,
    "defun": tf.function,
    "enable_eager_execution": tf.enable_eager_execution,
    "executing_eagerly": tf.executing_eagerly,
    "gradients_function": backprop.gradients_function,
    "implicit_gradients": backprop.implicit_grad,
    "implicit_value_and_gradients": backprop.implicit_val_and_grad,
    "in_eager_mode": tf.executing_eagerly,
    "make_template": tf.make_template,
    "num_gpus": context.num_gpus,
    "py_func": script_ops.eager_py_func,
    "value_and_gradients_function": backprop.val_and_grad_function,
}
