"""Checks of arguments that cells, unrolls and losses share. Each error is one sentence.

A check returns its argument in the form that the code behind it works with, or raises: TypeError
for a thing of another kind, ValueError for a value that does not fit. What is known only at run
time raises an InvalidArgumentError then. (XLA leaves such checks out of what it compiles.)
"""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.numpy_checks import as_number
from unrolled.internal.shapes import shape_with_batch, size_of, size_shape
from unrolled.internal.tracing import after

CELL_ATTRIBUTES = ("state_size", "output_size", "zero_state")


def check_cell(cell: Any, argument: str = "cell") -> None:
    """A TypeError that names what `cell` lacks, or a ValueError where it declares no sizes."""
    if isinstance(cell, type):
        raise TypeError(
            f"{argument} must be a cell; got the class {cell.__name__} itself; make one with "
            f"{cell.__name__}(num_units)."
        )
    lacks = [name for name in CELL_ATTRIBUTES if not _has(cell, name)]
    if not callable(cell):
        lacks.append("__call__(inputs, state)")
    if lacks:
        raise TypeError(
            f"{argument} must be a cell; got {with_article(cell)}, which lacks {', '.join(lacks)}."
        )
    for name in ("state_size", "output_size"):
        for path, size in _leaves(getattr(cell, name), name):
            _check_size(size, f"{argument}.{path}", in_full=name == "output_size")


def _has(cell: Any, name: str) -> bool:
    """Whether the class or the object has it; a property that raises is evaluated later."""
    return hasattr(type(cell), name) or hasattr(cell, name)


def _leaves(sizes: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(sizes, Mapping):
        for key, size in sizes.items():
            yield from _leaves(size, f"{path}[{key!r}]")
    elif isinstance(sizes, (tuple, list)):
        names = getattr(sizes, "_fields", None)
        for i, size in enumerate(sizes):
            yield from _leaves(size, f"{path}.{names[i]}" if names else f"{path}[{i}]")
    else:
        yield path, sizes


def _check_size(size: Any, path: str, in_full: bool) -> None:
    if isinstance(size, tf.compat.v1.Dimension):
        size = size.value
    if isinstance(size, tf.TensorShape):
        if size.is_fully_defined() or not in_full:
            return
    elif isinstance(size, (int, np.integer)) and not isinstance(size, bool) and size >= 0:
        return
    elif tf.is_tensor(size) and size.shape.rank == 0 and size.dtype.is_integer and not in_full:
        return  # a state may be as long as the memory of its attention, which a placeholder feeds
    raise ValueError(
        f"{path} must be a number of units, a tf.TensorShape that is known in full, or a structure "
        f"of these; got {describe(size)}."
    )


def check_count(value: Any, argument: str) -> int:
    """A whole number of at least 1, or a ValueError."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{argument} must be a whole number of at least 1; got {describe(value)}.")
    return int(value)


def check_flag(value: Any, argument: str) -> bool:
    """True or False, NumPy's included, or a TypeError."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument} must be True or False; got {describe(value)}.")
    return bool(value)


def check_number(value: Any, argument: str) -> float:
    """A finite number, or a ValueError."""
    number = as_number(value)
    if not math.isfinite(number):
        raise ValueError(f"{argument} must be a finite number; got {describe(value)}.")
    return number


def check_name(name: Any, argument: str = "name") -> str | None:
    """A name for operations or variables, or None."""
    scope = argument == "scope"
    form = r"|[A-Za-z0-9.][\w.\\/>-]*" if scope else r"[A-Za-z]\w*"
    if name is None or (isinstance(name, str) and re.fullmatch(form, name)):
        return name
    wanted = "a name scope" if scope else "a name of letters, digits and underscores"
    kind = ValueError if isinstance(name, str) else TypeError
    raise kind(
        f"{argument} must be None or {wanted} that starts with a letter; got {describe(name)}."
    )


def check_float_dtype(dtype: Any, argument: str = "dtype") -> tf.DType:
    """`dtype` as a floating tf.DType, or a ValueError."""
    try:
        # tf.as_dtype would read a number as an internal enum value.
        dtype_or_none = None if isinstance(dtype, (bool, int)) else tf.as_dtype(dtype)
    except (TypeError, ValueError):
        dtype_or_none = None
    if dtype_or_none is None or not dtype_or_none.is_floating:
        got = dtype_or_none.name if dtype_or_none else describe(dtype)
        raise ValueError(f"{argument} must be a floating-point type such as tf.float32; got {got}.")
    return dtype_or_none


def float_dtype_of(values: Any) -> tf.DType | None:
    """The dtype of the first floating tensor or array in a structure."""
    for value in tf.nest.flatten(values):
        dtype = getattr(value, "dtype", None)
        if dtype is not None and is_float(dtype):
            return tf.as_dtype(dtype)
    return None


def unwrapped(value: Any) -> Any:
    """TensorFlow's variable inside of a Keras variable; anything else as it is."""
    inside = getattr(value, "value", None)
    return inside if isinstance(inside, tf.Variable) else value


def describe(value: Any) -> str:
    """A value in a few words, for an error."""
    if isinstance(value, Mapping):
        return f"a mapping with the keys {', '.join(map(repr, value))}"
    if isinstance(value, (tuple, list)):
        return f"{with_article(value)} of {len(value)}"
    if tf.is_tensor(value) or isinstance(value, (np.ndarray, tf.Variable)):
        dtype = getattr(value.dtype, "name", value.dtype)
        return f"one tensor of shape {tf.TensorShape(value.shape)} and dtype {dtype}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    return with_article(value)


def with_article(value: Any) -> str:
    """The kind of a value with its article: an int, a GRUCell, an LSTMCell."""
    kind = type(value).__name__
    an = kind[0] in "aeioAEIO" or kind.startswith(("LSTM", "RNN", "nd"))
    return f"{'an' if an else 'a'} {kind}"


def as_tensor(value: Any, argument: str, wanted: str, dtype: tf.DType | None = None) -> tf.Tensor:
    """`value` as a tensor, or a TypeError that says what it is and how to make a tensor of it."""
    remedy = _remedy(value, argument)
    if remedy is not None:
        raise TypeError(f"{argument} must be {wanted}; got {remedy}.")
    try:
        return tf.convert_to_tensor(value, dtype=dtype)
    except (TypeError, ValueError, AttributeError, tf.errors.OpError):
        if isinstance(value, (list, tuple)):
            raise ValueError(
                f"{argument} must be {wanted}; got a {type(value).__name__} that is not one block "
                "of numbers: its rows differ in length or in kind; pad them to one length first."
            ) from None
        raise TypeError(f"{argument} must be {wanted}; got {describe(value)}.") from None


def _remedy(value: Any, argument: str) -> str | None:
    """What `value` is and how to get a tensor from it, where it cannot be one as it stands."""
    if isinstance(value, tf.RaggedTensor):
        return (
            f"a RaggedTensor; give {argument}.to_tensor(), with {argument}.row_lengths() as the "
            "lengths"
        )
    if isinstance(value, np.ma.MaskedArray):
        return (
            f"a masked array, whose mask would be lost; give {argument}.filled(0.0), and say by "
            "lengths or weights what is real"
        )
    if isinstance(value, tf.SparseTensor):
        return f"a SparseTensor; give tf.sparse.to_dense({argument})"
    if isinstance(value, tf.data.Dataset):
        return "a tf.data.Dataset; loop over it and give one batch at a time"
    if type(value).__name__ == "KerasTensor":
        return (
            "a symbolic Keras tensor, which holds no numbers; call this inside the `call` of a "
            "Keras layer of your own"
        )
    if inspect.isgenerator(value) or isinstance(value, (set, frozenset, Iterator)):
        return f"a {type(value).__name__}; give a list or an array"
    if value is None or isinstance(value, (str, bytes, bool, type, Mapping)) or callable(value):
        return describe(value)
    return None


def is_plain(value: Any) -> bool:
    """Whether NumPy reads `value` better than TensorFlow does: numbers, arrays, lists of these."""
    if isinstance(value, np.ma.MaskedArray):  # either would lose the mask
        return False
    return isinstance(value, (np.ndarray, np.generic, list, tuple, int, float)) and not any(
        tf.is_tensor(leaf) or isinstance(leaf, tf.Variable) or hasattr(leaf, "_keras_history")
        for leaf in tf.nest.flatten(value)
    )


def _as_array(value: Any, argument: str, wanted: str) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{argument} must be {wanted}; got a {type(value).__name__} whose rows differ in "
            "length; pad them to one length first."
        ) from None


def is_float(dtype: Any) -> bool:
    """Whether a NumPy dtype is floating point: bfloat16 is, though NumPy does not class it so."""
    try:
        return tf.as_dtype(dtype).is_floating
    except TypeError:
        return False


def as_float_tensor(
    value: Any,
    argument: str,
    dtype: tf.DType | None = None,
    wanted: str = "floating-point numbers",
) -> tf.Tensor:
    """`value` as a tensor of a floating dtype; NumPy values take `dtype` where one is given."""
    if is_plain(value):
        array = _as_array(value, argument, wanted)
        if array.dtype == object:
            raise TypeError(f"{argument} must be {wanted}; got {describe(value)}.")
        if not is_float(array.dtype):
            raise ValueError(_not_float(argument, array.dtype.name))
        return tf.cast(array, dtype) if dtype is not None else tf.convert_to_tensor(array)
    value = as_tensor(value, argument, wanted)
    if not value.dtype.is_floating:
        raise ValueError(_not_float(argument, value.dtype.name))
    if dtype is not None and value.dtype != dtype:
        raise ValueError(
            f"{argument} must be of dtype {dtype.name}, which was asked for; got "
            f"{value.dtype.name}; cast them with tf.cast({argument}, tf.{dtype.name})."
        )
    return value


def _not_float(argument: str, got: str) -> str:
    if got.startswith("complex"):
        return f"{argument} must be real floating-point numbers; got {got}, which is not supported."
    return (
        f"{argument} must be floating-point numbers; got {got}; "
        f"cast them with tf.cast({argument}, tf.float32)."
    )


def check_cell_state(
    cell: Any, state: Any, batch: int | tf.Tensor | None, dtype: tf.DType, path: str = "state"
) -> Any:
    """`check_state` for a cell; whole numbers stand only where the cell's zero_state has them."""
    checked = check_state(state, cell.state_size, batch, dtype, path)
    leaves = tf.nest.flatten(checked)
    if any(leaf.dtype.is_integer for leaf in leaves):
        zeros = tf.nest.flatten(cell.zero_state(1 if batch is None else batch, dtype))
        for leaf, zero in zip(leaves, zeros):
            if leaf.dtype.is_integer and tf.as_dtype(zero.dtype).is_floating:
                raise ValueError(_wrong_dtype(path, leaf.dtype, dtype))
    return checked


def check_state(
    state: Any,
    state_size: Any,
    batch: int | tf.Tensor | None,
    dtype: tf.DType | None,
    path: str = "state",
) -> Any:
    """`state` in the structure of `state_size`, each leaf a tensor [B, *size].

    Lists stand for tuples and NumPy arrays for tensors. A leaf may be a TensorArray instead, which
    holds what it likes. `dtype` is what floating leaves must be of;
    a cell may keep whole numbers in its state, a counter of steps say. Where `batch` is a tensor,
    sizes are compared when the graph runs.

    Raises:
      ValueError: the structure, a shape or a dtype differs; the path inside the state is named.
      tf.errors.InvalidArgumentError: a size differs that is known only at run time.
    """
    if isinstance(state_size, Mapping):
        if not isinstance(state, Mapping) or set(state) != set(state_size):
            keys = ", ".join(map(repr, state_size))
            raise ValueError(
                f"{path} must be a mapping with the keys {keys}; got {describe(state)}."
            )
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
        if not state_size:  # meant as a shape, perhaps
            expected = (
                f"empty, since its size in state_size is {state_size!r}; one number for each row "
                "has the size 1, with the shape [B, 1], or tf.TensorShape([]), with the shape [B]"
            )
        if not isinstance(state, (tuple, list)) or len(state) != len(state_size):
            raise ValueError(f"{path} must be {expected}; got {describe(state)}.")
        parts = [
            check_state(part, size, batch, dtype, f"{path}.{names[i]}" if names else f"{path}[{i}]")
            for i, (part, size) in enumerate(zip(state, state_size))
        ]
        return type(state_size)(*parts) if names else type(state_size)(parts)
    return _check_leaf(state, state_size, batch, dtype, path)


def _check_leaf(
    state: Any, size: Any, batch: int | tf.Tensor | None, dtype: tf.DType | None, path: str
) -> tf.Tensor:
    if isinstance(state, tf.TensorArray):
        return state
    axes = size_shape(size).as_list() if size_shape(size).rank is not None else ["..."]
    wanted = f"one tensor [{', '.join(['B', *map(str, axes)])}]"
    a_list_of_tensors = isinstance(state, list) and not is_plain(state)
    if state is None or isinstance(state, (Mapping, tuple)) or a_list_of_tensors:
        raise ValueError(f"{path} must be {wanted}; got {describe(state)}.")
    tensor = as_tensor(state, path, wanted)
    if isinstance(state, np.ndarray) and dtype is not None and tensor.dtype.is_floating:
        tensor = tf.cast(tensor, dtype)  # NumPy defaults to float64; nobody chose it
    known_batch = batch if isinstance(batch, int) else None
    shape = shape_with_batch(known_batch, size)
    # A counter of steps may stand without the axis of the batch.
    scalar = size_shape(size).rank == 0 and tensor.shape.rank == 0 and not tensor.dtype.is_floating
    if not scalar and not tensor.shape.is_compatible_with(shape):
        raise ValueError(
            f"{path} has shape {tensor.shape}, but {shape} was expected "
            f"({wanted[len('one tensor ') :]}); a state must fit its cell and its batch."
        )
    wrong = tensor.dtype.is_bool or tensor.dtype == tf.string or tensor.dtype.is_complex
    if wrong or (dtype is not None and tensor.dtype.is_floating and tensor.dtype != dtype):
        raise ValueError(_wrong_dtype(path, tensor.dtype, dtype or tf.float32))
    if scalar or batch is None or (known_batch is not None and tensor.shape.is_fully_defined()):
        return tensor
    # Some size is known only when the graph runs. The assertion explains; the reshape, which XLA
    # compiles too, keeps a state of one row from standing in for all.
    if shape.rank is None:
        return tensor
    sizes = [batch, *shape.as_list()[1:]]
    return with_shape(
        tensor, sizes, f"{path} must have one row for each row of the batch, {wanted}"
    )


def _wrong_dtype(path: str, got: tf.DType, expected: tf.DType) -> str:
    return (
        f"{path} is of dtype {got.name}, but {expected.name} was expected; make it with "
        f"zero_state(batch_size, tf.{expected.name}), or cast it with tf.cast."
    )


def with_shape(x: tf.Tensor, sizes: list[int | tf.Tensor | None], message: str) -> tf.Tensor:
    """`x`, whose axes have these sizes: checked when the graph runs, where not known before.

    None stands for any size. The assertion explains. The reshape, which XLA compiles too, keeps a
    size of 1 from standing in for another.
    """
    with after(tf.debugging.assert_rank(x, len(sizes), message=message)):
        shape = tf.shape(x)
    wanted = [shape[axis] if size is None else size for axis, size in enumerate(sizes)]
    same = tf.reduce_all(tf.equal(shape, tf.stack(wanted)))
    with after(tf.debugging.Assert(same, [message, "; its shape is", shape])):
        x = tf.identity(x)
    if all(isinstance(size, int) for size in sizes):
        return tf.ensure_shape(x, sizes)  # TensorFlow folds such a reshape, and the check with it
    if x.shape.rank and tf.is_tensor(sizes[0]):
        x = x[: sizes[0]]  # forget a number of rows that the rest of the graph does not know
    return tf.reshape(x, wanted)


def check_lengths(
    lengths: Any,
    batch: int | tf.Tensor | None,
    steps: int | tf.Tensor | None,
    argument: str = "sequence_length",
    limit: str = "the number of steps",
) -> tf.Tensor:
    """Lengths as an int32 tensor [B] whose values lie in 0..T.

    Args:
      lengths: B integers.
      batch, steps: B and T: a number, a scalar int32 tensor where known only at run time, or None
        where any will do.
      argument, limit: what the caller calls the lengths, and T.

    Raises:
      TypeError: not numbers at all.
      ValueError: not a vector, not integers, a wrong size, a negative length or one beyond T.
      tf.errors.InvalidArgumentError: the same, where it is known only at run time.
    """
    wanted = "a vector [B] of integers, one length for each row of the batch"
    if is_plain(lengths):
        array = _as_array(lengths, argument, wanted)
        if array.size == 0 and array.ndim == 1:
            array = array.astype(np.int32)  # NumPy calls an empty list float64
        if array.dtype.kind not in "iu":
            raise ValueError(_not_whole(argument, array.dtype.name))
        lengths = array
    lengths = as_tensor(lengths, argument, wanted)
    if not lengths.dtype.is_integer:
        raise ValueError(_not_whole(argument, lengths.dtype.name))
    if lengths.shape.rank not in (None, 1):
        raise ValueError(
            f"{argument} must be a vector [B], one length for each row of the batch; "
            f"got shape {lengths.shape}."
        )
    size = size_of(lengths, 0) if lengths.shape.rank == 1 else None
    if size is not None and isinstance(batch, int) and size != batch:
        raise ValueError(
            f"{argument} must hold one length for each of the {batch} rows of the batch; "
            f"got {size}."
        )
    values = tf.get_static_value(lengths)
    if values is not None:
        if values.size and values.min() < 0:
            raise ValueError(f"{argument} must not be negative; got {values.tolist()}.")
        if isinstance(steps, int) and values.size and values.max() > steps:
            raise ValueError(
                f"{argument} must not be greater than {limit}, {steps}; got {values.tolist()}."
            )
        if size is not None and not tf.is_tensor(batch) and not tf.is_tensor(steps):
            return tf.cast(lengths, tf.int32)

    # Something is known only when the graph runs: check it there, in front of every use.
    vector = tf.ensure_shape(lengths, [None], name=argument)  # where even B is unknown
    wide = tf.cast(vector, tf.int64)
    checks = [tf.debugging.assert_non_negative(wide, message=f"{argument} must not be negative")]
    if batch is not None:
        same = tf.debugging.assert_equal(
            tf.size(wide, out_type=tf.int64),
            tf.cast(batch, tf.int64),
            message=f"{argument} must hold one length for each row of the batch",
        )
        checks.append(same)
    if steps is not None:
        within = tf.debugging.assert_less_equal(
            wide,
            tf.cast(steps, tf.int64),
            message=f"{argument} must not be greater than {limit}",
        )
        checks.append(within)
    with after(*checks):
        lengths = tf.cast(wide, tf.int32)
        # XLA drops the checks, but not these.
        if batch is not None:
            # A constant would be folded, and its checks with it; a part of it is not.
            lengths = tf.reshape(lengths[:batch] if tf.is_tensor(batch) else lengths, [batch])
        if steps is not None:
            lengths = tf.minimum(lengths, steps)
    lengths.set_shape([batch if isinstance(batch, int) else size])
    return lengths


def _not_whole(argument: str, got: str) -> str:
    return f"{argument} must be integers; got {got}; give an integer array or tensor."
