"""Private names that programs import, most for a cell or an unroll of their own.

Under `tensorflow.python`, most of what programs import is where it was. This table has what
TensorFlow moved from one private module to another, or renamed, or had in public all along.
"""

from __future__ import annotations

import importlib
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.exports import EXPORTS
from unrolled.tf1.shims import before_1_0, private
from unrolled.tf1.shims.cells import rnn_cell
from unrolled.tf1.shims.layers import layer_classes


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


def _moved(module: str, names: str) -> dict[str, Any]:
    """Names from where they are today, such as "framework.stack" in `tensorflow.python`."""
    return _of(importlib.import_module(f"tensorflow.python.{module}"), names)


_BEFORE_1_0 = {
    name: value
    for name, value in EXPORTS[""].items()
    if not name.startswith("__") and name != "VERSION" and "summar" not in name
}
_REDUCE = "reduce_sum reduce_mean reduce_max reduce_min reduce_prod reduce_all reduce_any"
_CROSS_ENTROPIES = "softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits"
_CONSTANTS = _of(tf.graph_util, "convert_variables_to_constants extract_sub_graph")
_CELL_MODULE = {"_like_rnncell": private.like_rnncell, "_RNNCell": rnn_cell.RNNCell}

PRIVATE: dict[str, dict[str, Any]] = {
    "keras": {"__version__": "2.2.4-tf"},  # that of 1.15
    "python.framework.graph_util": _CONSTANTS,
    "python.framework.graph_util_impl": _CONSTANTS,
    "python.framework.ops": {
        **_of(
            tf,
            "Tensor IndexedSlices convert_to_tensor_or_indexed_slices "
            "register_tensor_conversion_function",
        ),
        **_moved(
            "framework.indexed_slices",
            "IndexedSlicesValue convert_n_to_tensor_or_indexed_slices "
            "internal_convert_to_tensor_or_indexed_slices "
            "internal_convert_n_to_tensor_or_indexed_slices",
        ),
        **_moved("framework.stack", "default_session"),
    },
    "python.framework.tensor_shape": _of(private, "scalar vector matrix"),
    "python.framework.tensor_util": _moved("ops.shape_util", "shape_tensor maybe_set_static_shape"),
    "python.layers.base": {"_Layer": layer_classes.CLASSES["Layer"]},
    "python.layers.utils": _of(private, "static_shape"),
    "python.ops.array_ops": {**_BEFORE_1_0, **_of(tf, "stack unstack")},
    "python.ops.control_flow_ops": _of(tf, "Assert case cond switch_case while_loop"),
    "python.ops.math_ops": {**_BEFORE_1_0, **_of(tf, f"{_REDUCE} reduce_logsumexp")},
    "python.ops.nn_ops": _of(before_1_0, _CROSS_ENTROPIES),
    "python.ops.random_ops": _of(tf, "random_crop"),
    "python.ops.rnn": {"_is_keras_rnn_cell": private.is_keras_rnn_cell},
    "python.ops.rnn_cell": _CELL_MODULE,
    "python.ops.rnn_cell_impl": _CELL_MODULE,
    "python.ops.variable_scope": _of(
        tf, "enable_resource_variables disable_resource_variables resource_variables_enabled"
    ),
    "python.ops.variables": {
        **_of(tf, "is_variable_initialized"),
        **_moved("ops.ref_variable", "RefVariable"),
        **_moved("ops.variable_v1", "VariableV1 default_variable_creator"),
    },
    "python.pywrap_tensorflow": _moved("training.py_checkpoint_reader", "NewCheckpointReader"),
    "python.util.nest": {"is_sequence": tf.nest.is_nested},
}

# Private modules whose names are all to be had from another one.
TODAY = {
    **{
        f"python.layers.{name}": ["unrolled.tf1.layers"]
        for name in ("base", "convolutional", "core", "layers", "normalization", "pooling")
    },
    "python.ops.nn": ["unrolled.tf1.nn"],
    "python.ops.rnn_cell_impl": ["tensorflow.python.keras.layers.legacy_rnn.rnn_cell_impl"],
    "python.ops.rnn_cell_wrapper_impl": ["unrolled.tf1.nn.rnn_cell"],
    "python.training.tracking": ["tensorflow.python.trackable", "tensorflow.python.checkpoint"],
    "pywrap_tensorflow": ["unrolled.tf1.python.pywrap_tensorflow"],
}
