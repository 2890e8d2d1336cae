"""Checks of arguments that cells, unrolls and losses share. Each error is one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

# A trace takes functions marked so as they are: AutoGraph, which rewrites Python's `if` and `for`
# into graph operations, would find nothing in them and take most of the time of the trace.
as_written = tf.autograph.experimental.do_not_convert

CELL_ATTRIBUTES = ("state_size", "output_size", "zero_state")


def check_cell(cell: Any, argument: str = "cell") -> None:
    """Raise a TypeError that names what `cell` lacks of the cell contract."""
    if isinstance(cell, type):
        raise TypeError(
            f"{argument} must be a cell, but the class {cell.__name__} itself came; make one "
            f"with {cell.__name__}(num_units)."
        )
    lacks = [name for name in CELL_ATTRIBUTES if not hasattr(cell, name)]
    if not callable(cell):
        lacks.append("__call__(inputs, state)")
    if lacks:
        raise TypeError(
            f"{argument} must be a cell, but a {type(cell).__name__} came, which lacks "
            f"{', '.join(lacks)}."
        )


def check_count(value: Any, argument: str) -> int:
    """A whole number of at least 1, or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{argument} must be a whole number of at least 1; got {value!r}.")
    return int(value)


def as_float_tensor(value: Any, argument: str, dtype: tf.DType | None = None) -> tf.Tensor:
    """`value` as a tensor of a floating dtype; NumPy values take `dtype` where one is given."""
    if _without_tensors(value):
        value = np.asarray(value)
        if value.dtype.kind != "f":
            raise ValueError(_not_float(argument, value.dtype.name))
        return tf.convert_to_tensor(value, dtype=dtype)
    value = tf.convert_to_tensor(value)
    if not value.dtype.is_floating:
        raise ValueError(_not_float(argument, value.dtype.name))
    if dtype is not None and value.dtype != dtype:
        raise ValueError(
            f"{argument} are of dtype {value.dtype.name}, but dtype {dtype.name} was asked for; "
            f"cast them with tf.cast({argument}, tf.{dtype.name})."
        )
    return value


def after(*checks: tf.Operation | None) -> Any:
    """A context whose operations wait for `checks`; eagerly these have run already and are None."""
    return tf.control_dependencies([check for check in checks if check is not None])


def _without_tensors(value: Any) -> bool:
    """Numbers, NumPy arrays and lists of these, which NumPy reads better than TensorFlow does."""
    return not any(
        tf.is_tensor(leaf) or isinstance(leaf, tf.Variable) for leaf in tf.nest.flatten(value)
    )


def _not_float(argument: str, came: str) -> str:
    return (
        f"{argument} must be floating-point numbers, but {came} came; "
        f"cast them with tf.cast({argument}, tf.float32)."
    )


def check_float_dtype(dtype: Any, argument: str = "dtype") -> tf.DType:
    """`dtype` as a floating tf.DType, or a ValueError."""
    dtype = tf.as_dtype(dtype)
    if not dtype.is_floating:
        raise ValueError(
            f"{argument} must be a floating-point type such as tf.float32; got {dtype.name}."
        )
    return dtype


def size_of(x: Any, axis: int) -> int | None:
    """The size of one axis, or None where only a run will tell, whichever TensorFlow behaves.

    With TensorFlow 1's behaviours switched on, `x.shape[axis]` is a `Dimension` and never None.
    """
    return tf.compat.dimension_value(x.shape[axis])


def size_or_tensor(x: tf.Tensor, axis: int) -> int | tf.Tensor:
    """The size of one axis: a number where it is known, else a tensor that a run will fill."""
    known = size_of(x, axis)
    return tf.shape(x)[axis] if known is None else known


def size_shape(size: Any) -> tf.TensorShape:
    """One entry of a state_size or output_size as a shape without the batch: U -> (U,)."""
    return tf.TensorShape([size]) if isinstance(size, (int, np.integer)) else tf.TensorShape(size)


def check_state(
    state: Any,
    state_size: Any,
    batch: int | None,
    dtype: tf.DType | None,
    path: str = "state",
) -> Any:
    """`state` in the structure of `state_size`, each leaf a tensor [B, *size].

    Lists stand for tuples and NumPy arrays for tensors. Raises a ValueError with the path inside
    the state where the structure, a shape or a dtype differs.
    """
    if isinstance(state_size, Mapping):
        if not isinstance(state, Mapping) or set(state) != set(state_size):
            keys = ", ".join(map(repr, state_size))
            raise ValueError(f"{path} must be a mapping with the keys {keys}; got {_told(state)}.")
        kind: Any = type(state_size)
        return kind(
            {
                key: check_state(state[key], size, batch, dtype, f"{path}[{key!r}]")
                for key, size in state_size.items()
            }
        )
    if isinstance(state_size, (tuple, list)):
        names = getattr(state_size, "_fields", None)
        expected = (
            f"{type(state_size).__name__}({', '.join(names)})"
            if names
            else f"a {type(state_size).__name__} of {len(state_size)} states"
        )
        if not isinstance(state, (tuple, list)) or len(state) != len(state_size):
            raise ValueError(f"{path} must be {expected}; got {_told(state)}.")
        parts = [
            check_state(part, size, batch, dtype, f"{path}.{names[i]}" if names else f"{path}[{i}]")
            for i, (part, size) in enumerate(zip(state, state_size))
        ]
        return type(state_size)(*parts) if names else type(state_size)(parts)

    if state is None or isinstance(state, (Mapping, tuple, list)):
        raise ValueError(
            f"{path} must be one tensor [B, {_sizes(state_size)}]; got {_told(state)}."
        )
    tensor = tf.convert_to_tensor(state)
    if isinstance(state, np.ndarray) and dtype is not None and state.dtype.kind == "f":
        tensor = tf.cast(tensor, dtype)  # NumPy's default float64 is nobody's choice
    shape = tf.TensorShape([batch]).concatenate(size_shape(state_size))
    if not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"{path} has shape {tensor.shape}, but {shape} was expected "
            "(the batch of the inputs, then the cell's state_size)."
        )
    if dtype is not None and tensor.dtype != dtype:
        raise ValueError(
            f"{path} is of dtype {tensor.dtype.name}, but {dtype.name} was expected, the dtype of "
            f"the inputs; make it with cell.zero_state(batch_size, tf.{dtype.name}) or tf.cast."
        )
    return tensor


def _sizes(size: Any) -> str:
    return ", ".join(map(str, size_shape(size).as_list()))


def _told(value: Any) -> str:
    """What came, in a few words."""
    if isinstance(value, Mapping):
        return f"a mapping with the keys {', '.join(map(repr, value))}"
    if isinstance(value, (tuple, list)):
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape"):
        return f"one tensor of shape {tf.TensorShape(value.shape)}"
    return repr(value)


def check_lengths(
    lengths: Any, batch: int | None, steps: int | None, shape: tf.Tensor | None = None
) -> tf.Tensor:
    """`sequence_length` as an int32 tensor [B] whose values lie in 0..T.

    Args:
      lengths: B integers.
      batch, steps: B and T where they are known when the graph is built, else None.
      shape: [B, T] as an int32 tensor, for what is known only at run time.

    Raises:
      ValueError: not a vector, not integers, a wrong size, a negative length or one beyond T.
      tf.errors.InvalidArgumentError: the same, where it is known only at run time.
    """
    if _without_tensors(lengths):
        lengths = np.asarray(lengths)
        if lengths.size == 0 and lengths.ndim == 1:
            lengths = lengths.astype(np.int32)  # NumPy calls an empty list float64
        if lengths.dtype.kind not in "iu":
            raise ValueError(_not_whole(lengths.dtype.name))
    lengths = tf.convert_to_tensor(lengths)
    if not lengths.dtype.is_integer:
        raise ValueError(_not_whole(lengths.dtype.name))
    if lengths.shape.rank not in (None, 1):
        raise ValueError(
            "sequence_length must be a vector [B], one length for each row of the batch; "
            f"got shape {lengths.shape}."
        )
    size = size_of(lengths, 0) if lengths.shape.rank == 1 else None
    if None not in (size, batch) and size != batch:
        raise ValueError(
            f"sequence_length must hold one length for each of the {batch} rows of the batch; "
            f"got {size}."
        )
    values = tf.get_static_value(lengths)
    if values is not None:
        if values.size and values.min() < 0:
            raise ValueError(f"sequence_length must not be negative; got {values.tolist()}.")
        if steps is not None and values.size and values.max() > steps:
            raise ValueError(
                f"sequence_length must not be greater than the number of steps, {steps}; "
                f"got {values.tolist()}."
            )
        if None not in (size, batch, steps):
            return tf.cast(lengths, tf.int32)

    # Something is known only when the graph runs: check it there, in front of every use.
    vector = tf.ensure_shape(lengths, [None], name="sequence_length")  # where even B is unknown
    wide = tf.cast(vector, tf.int64)
    checks = [
        tf.debugging.assert_non_negative(wide, message="sequence_length must not be negative")
    ]
    if shape is not None:
        sizes = tf.cast(shape, tf.int64)
        checks += [
            tf.debugging.assert_equal(
                tf.size(wide, out_type=tf.int64),
                sizes[0],
                message="sequence_length must hold one length for each row of the batch",
            ),
            tf.debugging.assert_less_equal(
                wide,
                sizes[1],
                message="sequence_length must not be greater than the number of steps",
            ),
        ]
    with after(*checks):
        lengths = tf.cast(wide, tf.int32)
    lengths.set_shape([batch])
    return lengths


def _not_whole(came: str) -> str:
    return (
        f"sequence_length must be integers, but {came} came; lengths are counted, not measured: "
        "give an integer array or tensor."
    )
