"""What `tf.contrib.framework` had and TensorFlow has otherwise, or the package tf_slim has not.

The names of variables, of scopes and of the training step are those of tf_slim, where it is
installed; what works without it stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.framework import ops, tensor_spec
from tensorflow.python.framework import smart_cond as cond
from tensorflow.python.ops import data_flow_ops, init_ops
from tensorflow.python.util import deprecation
from tensorflow.python.util import nest as today

NEST = {name: getattr(today, name) for name in dir(today) if not name.startswith("_")}
NEST["is_sequence"] = today.is_nested

SAME = {
    "TensorSpec": tf.TensorSpec,
    "argsort": tf.argsort,
    "assert_global_step": tf.train.assert_global_step,
    "assert_same_float_dtype": tf.debugging.assert_same_float_dtype,
    "assert_scalar": tf.assert_scalar,
    "CriticalSection": tf.CriticalSection,
    "convert_to_tensor_or_sparse_tensor": tf.convert_to_tensor_or_sparse_tensor,
    "create_global_step": tf.train.create_global_step,
    "deprecated": deprecation.deprecated,
    "deprecated_arg_values": deprecation.deprecated_arg_values,
    "deprecated_args": deprecation.deprecated_args,
    "get_global_step": tf.train.get_global_step,
    "get_or_create_global_step": tf.train.get_or_create_global_step,
    "is_tensor": tf.is_tensor,
    "smart_case": cond.smart_case,
    "smart_cond": cond.smart_cond,
    "smart_constant_value": cond.smart_constant_value,
    "sort": tf.sort,
}


# Private names, which a release may lack.
for _module, _names in (
    (ops, "get_name_scope prepend_name_scope strip_name_scope"),
    (data_flow_ops, "RecordInput"),
    (
        init_ops,
        "convolutional_delta_orthogonal convolutional_orthogonal_1d convolutional_orthogonal_2d "
        "convolutional_orthogonal_3d",
    ),
    (tensor_spec, "BoundedTensorSpec"),
):
    SAME.update({name: getattr(_module, name) for name in _names.split() if hasattr(_module, name)})


def list_variables(checkpoint_dir: str) -> list[tuple[str, list[int]]]:
    """The names and shapes in a checkpoint, or in the last of a folder."""
    return tf.train.list_variables(checkpoint_dir)


def load_checkpoint(filepattern: str) -> Any:
    """`tf.train.load_checkpoint`: a reader of a checkpoint, or of the last of a folder."""
    return tf.train.load_checkpoint(filepattern)


def load_variable(checkpoint_dir: str, name: str) -> Any:
    """The value of one variable in a checkpoint, or in the last of a folder."""
    return tf.train.load_variable(checkpoint_dir, name)


def init_from_checkpoint(checkpoint_dir: str, assignment_map: dict[str, Any]) -> None:
    """`tf.train.init_from_checkpoint`: let variables start from a checkpoint."""
    tf.train.init_from_checkpoint(checkpoint_dir, assignment_map)


def get_variables(
    scope: Any = None, suffix: str | None = None, collection: str = tf.GraphKeys.GLOBAL_VARIABLES
) -> list[tf.Variable]:
    """The variables of a collection.

    Args:
      scope: of a variable scope, or whose names start so (default: all).
      suffix: whose names end so (default: all).
      collection: (default: the global variables).
    """
    name = scope.name if isinstance(scope, tf.VariableScope) else scope
    if suffix is not None:
        name = f"{name or ''}.*{suffix}"
    return tf.get_collection(collection, name)


def get_trainable_variables(scope: Any = None, suffix: str | None = None) -> list[tf.Variable]:
    """`get_variables` of the trainable ones."""
    return get_variables(scope, suffix, tf.GraphKeys.TRAINABLE_VARIABLES)


def get_local_variables(scope: Any = None, suffix: str | None = None) -> list[tf.Variable]:
    """`get_variables` of the local ones."""
    return get_variables(scope, suffix, tf.GraphKeys.LOCAL_VARIABLES)


def get_model_variables(scope: Any = None, suffix: str | None = None) -> list[tf.Variable]:
    """`get_variables` of those that layers of `tf.contrib.layers` made."""
    return get_variables(scope, suffix, tf.GraphKeys.MODEL_VARIABLES)


def get_name_scope() -> str:
    """The name scope here, such as "outer/inner"."""
    return tf.get_default_graph().get_name_scope()


def get_placeholders(graph: tf.Graph) -> list[tf.Tensor]:
    """The placeholders of a graph, in the order in which they were made."""
    return [op.outputs[0] for op in graph.get_operations() if op.type == "Placeholder"]


def reduce_sum_n(tensors: Sequence[tf.Tensor], name: str | None = None) -> tf.Tensor:
    """The sum of all elements of all tensors, a scalar.

    Raises:
      ValueError: there are no tensors.
    """
    if not tensors:
        raise ValueError("tensors of reduce_sum_n must hold at least one; got none.")
    with tf.name_scope(name, "reduce_sum_n", tensors):
        return tf.add_n([tf.reduce_sum(tensor) for tensor in tensors])


def remove_squeezable_dimensions(
    predictions: Any, labels: Any, name: str | None = None
) -> tuple[tf.Tensor, tf.Tensor]:
    """Without a last axis of size 1 that only one of the two has.

    Raises:
      ValueError: a rank is not known.
    """
    with tf.name_scope(name, "remove_squeezable_dimensions", [predictions, labels]):
        predictions, labels = map(tf.convert_to_tensor, (predictions, labels))
        if predictions.shape.rank is None or labels.shape.rank is None:
            raise ValueError(
                "predictions and labels must have known ranks; "
                f"got shapes {predictions.shape} and {labels.shape}."
            )
        more = predictions.shape.rank - labels.shape.rank
        return (
            tf.squeeze(predictions, [-1]) if more == 1 else predictions,
            tf.squeeze(labels, [-1]) if more == -1 else labels,
        )


def with_shape(expected_shape: Any, tensor: tf.Tensor) -> tf.Tensor:
    """The tensor, whose shape is checked now as far as it is known, else when it is computed.

    Args:
      expected_shape: whole numbers, None or -1 where a size may vary, or a tensor of such.
      tensor: a dense tensor.

    Raises:
      ValueError: the known sizes do not fit.
    """
    shape = tf.get_static_value(expected_shape) if tf.is_tensor(expected_shape) else expected_shape
    if shape is not None:
        listed = shape.as_list() if isinstance(shape, tf.TensorShape) else shape
        shape = [None if size in (None, -1) else int(size) for size in listed]
        if not tensor.shape.is_compatible_with(shape):
            raise ValueError(f"{tensor.name} must have shape {shape}; got {tensor.shape}.")
        if tensor.shape.is_fully_defined():
            return tensor
        expected_shape = [-1 if size is None else size for size in shape]
    given = tf.shape(tensor)
    right = tf.logical_or(tf.equal(expected_shape, -1), tf.equal(expected_shape, given))
    message = [f"{tensor.name} must have shape", expected_shape, "and has", given]
    rank = tf.assert_equal(tf.size(expected_shape), tf.rank(tensor))
    with tf.control_dependencies([rank]):
        check = tf.Assert(tf.reduce_all(right), message)
    with tf.control_dependencies([check]):
        tensor = tf.identity(tensor)
    if shape is not None:
        tensor.set_shape(shape)
    return tensor


def with_same_shape(expected_tensor: tf.Tensor, tensor: tf.Tensor) -> tf.Tensor:
    """`with_shape` of another tensor's shape."""
    known = expected_tensor.shape.is_fully_defined()
    return with_shape(expected_tensor.shape if known else tf.shape(expected_tensor), tensor)


def assert_scalar_int(tensor: Any, name: str | None = None) -> tf.Tensor:
    """The tensor, if it is a whole number.

    Raises:
      ValueError: it is not a scalar, or not of a dtype of whole numbers.
    """
    tensor = tf.convert_to_tensor(tensor)
    if not tensor.dtype.is_integer:
        raise ValueError(f"{tensor.name} must be a whole number; got {tensor.dtype.name}.")
    return tf.assert_scalar(tensor, name)


def zero_initializer(
    ref: tf.Variable, use_locking: bool = True, name: str = "zero_initializer"
) -> Any:
    """An operation that gives a variable the value 0."""
    return ref.assign(tf.zeros_like(ref.initialized_value()), use_locking, name)


def py_func(
    func: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: dict[str, Any] | None = None,
    output_types: Any = None,
    output_shapes: Any = None,
    stateful: bool = True,
    name: str | None = None,
) -> Any:
    """`tf.py_func` with arguments by name and any structure of outputs.

    Args:
      func: called with NumPy arrays.
      args, kwargs: its arguments, tensors.
      output_types: the dtypes of what it returns, in the same structure.
      output_shapes: their shapes (default: not known).
      stateful: whether two calls may differ (default: True).
      name: of the operation.

    Raises:
      ValueError: `output_types` is missing.
    """
    if output_types is None:
        raise ValueError("output_types of py_func must be given; got None.")
    arguments = {"args": list(args), "kwargs": dict(kwargs or {})}

    def flat(*values: Any) -> list[Any]:
        given = tf.nest.pack_sequence_as(arguments, values)
        return tf.nest.flatten(func(*given["args"], **given["kwargs"]))

    types = tf.nest.flatten(output_types)
    results = tf.py_func(flat, tf.nest.flatten(arguments), types, stateful, name)
    if output_shapes is not None:
        for result, shape in zip(results, today.flatten_up_to(output_types, output_shapes)):
            result.set_shape(shape)
    return tf.nest.pack_sequence_as(output_types, results)
