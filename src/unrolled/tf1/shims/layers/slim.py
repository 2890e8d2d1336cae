"""What the package tf_slim asks of TensorFlow's private modules, where they have lost it.

tf_slim is contrib.slim, contrib.layers and more of TensorFlow 1.15, and has not changed since 2020.
The names below have moved since, or have gone without a successor at the same place.
"""

from __future__ import annotations

import importlib
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.layers import layer_classes

NEEDED: dict[str, dict[str, Any]] = {
    "framework.ops": {"IndexedSlices": tf.IndexedSlices, "Tensor": tf.Tensor},
    "layers.normalization": {
        name: layer_classes.CLASSES[name]
        for name in ("BatchNormalization",)
        if name in layer_classes.CLASSES
    },
    "ops.array_ops": {"stack": tf.stack, "unstack": tf.unstack},
    "ops.control_flow_ops": {
        "Assert": tf.Assert,
        "case": tf.case,
        "cond": tf.cond,
        "while_loop": tf.while_loop,
    },
    "ops.variable_scope": {"variable": tf.Variable},
}


def provide() -> None:
    """Put what is missing into TensorFlow's private modules, and leave what is there."""
    for module, names in NEEDED.items():
        inside = vars(importlib.import_module(f"tensorflow.python.{module}"))
        for name, value in names.items():
            inside.setdefault(name, value)
