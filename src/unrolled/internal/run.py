"""One run of a cell over a batch of sequences: what is checked, read, cut and drawn before step 0.

    run = start_run(cell, ...)
    carried = run.initial
    for t, x in enumerate(inputs):
        output, carried = run.step(run.prepared, t, x, carried)
    state = run.final(carried)

is an unroll. `prepared` holds tensors and is handed to every step: nothing is kept elsewhere, so
nothing outlives the run.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import tensorflow as tf

from unrolled.contract import RNNCell, RunStep, build_lock, depths
from unrolled.internal.checks import (
    as_float_tensor,
    as_tensor,
    check_cell_state,
    check_float_dtype,
    check_lengths,
    describe,
    float_dtype_of,
    with_article,
    with_shape,
)
from unrolled.internal.keras_cells import warn_if_untracked
from unrolled.internal.shapes import (
    full_shape,
    last_size,
    shape_with_batch,
    size_of,
    size_or_tensor,
)
from unrolled.internal.tracing import after


class Run(NamedTuple):
    """What both unrolls need, checked."""

    step: RunStep  # (prepared, t, x, carried) -> (output, carried)
    prepared: Any  # a structure of tensors
    initial: Any  # what step 0 is given: the state, and with lengths what replaces padding
    last: int | tf.Tensor  # the steps of the longest row, at least 1; T where there are no lengths
    example: Callable[[], Any]  # makes zeros in the structure, shape and dtype of an output
    may_end_early: bool = True  # before step T
    compiled: bool = False  # the cell asks XLA for parts of its step

    def final(self, carried: Any) -> Any:
        """The state that the last step left."""
        return carried[0]


def start_run(
    cell: Any,
    *,
    one_step: Any,
    first_step: Callable[[], Any],
    batch: int | tf.Tensor,
    steps: int | tf.Tensor,
    initial_state: Any,
    dtype: tf.DType | None,
    sequence_length: Any,
) -> Run:
    """Check what both unrolls are given.

    `one_step` says what a step is given, [B, D] as specs, and `first_step` gives the inputs of step
    0 with their axis of time, of size 1, or 0 where there is no step.
    """
    first = tf.nest.flatten(one_step)[0]
    # Integer inputs do not determine the dtype: use the one that was asked for.
    dtype = first.dtype if first.dtype.is_floating else dtype or tf.float32
    state = first_state(cell, one_step, batch, initial_state, dtype)

    def example() -> Any:
        return tf.nest.map_structure(
            lambda size: tf.zeros(full_shape(batch, size), dtype), cell.output_size
        )

    cell_step, prepared = step_for_run(cell)
    compiled = getattr(cell, "compiled", False)
    if sequence_length is None:

        def step(prepared: Any, t: Any, x: Any, carried: Any) -> tuple[Any, Any]:
            output, state = cell_step(prepared, t, x, carried[0])
            return output, (state,)

        return Run(step, prepared, (state,), steps, example, may_end_early=False, compiled=compiled)
    lengths = check_lengths(sequence_length, batch, steps)
    last = _longest(steps, lengths)
    of_live_rows = _with_lengths(cell_step)
    if any(isinstance(x, tf.TensorArray) for x in tf.nest.flatten(state)):
        of_live_rows = _none_after(_longest(steps, lengths, least=0), of_live_rows, example)
    return Run(
        of_live_rows,
        (prepared, lengths),
        (state, _stand_in(one_step, first_step(), lengths, batch)),
        last,
        example,
        compiled=compiled,
    )


def _with_lengths(cell_step: RunStep) -> RunStep:
    """A step in which the rows that have ended give zeros and keep their state.

    Where a row has ended, its last real input takes the place of its padding. An infinity or a NaN
    that went through the cell would come back in the gradient as 0 · NaN, though its result is
    thrown away; and so would a constant of ours in some cells: 0 in one that divides by its input.
    """

    def step(prepared: Any, t: Any, x: Any, carried: Any) -> tuple[Any, Any]:
        cell_prepared, lengths = prepared
        state, before = carried
        live = t < lengths  # [B]
        x = tf.nest.map_structure(lambda a, b: _rows(live, a, b), x, before)
        output, new_state = cell_step(cell_prepared, t, x, state)
        output = tf.nest.map_structure(lambda a: _rows(live, a, tf.zeros_like(a)), output)
        new_state = tf.nest.map_structure(lambda a, b: _rows(live, a, b), new_state, state)
        return output, (new_state, x)

    return step


def _none_after(last: int | tf.Tensor, step: RunStep, example: Callable[[], Any]) -> RunStep:
    """`step`, left out once the longest row has ended, as a loop in the graph leaves it out.

    A step that a row no longer needs may be taken back, but not what it has written to an array.
    """
    if not isinstance(last, int):
        # A constant that TensorFlow folds: it would then lose the outputs of a branch not taken.
        last = tf.compat.v1.placeholder_with_default(last, [])

    def taken_or_not(prepared: Any, t: Any, x: Any, carried: Any) -> tuple[Any, Any]:
        if not isinstance(t, int):  # of a loop in the graph, which ends there itself
            return step(prepared, t, x, carried)
        if isinstance(last, int):
            return step(prepared, t, x, carried) if t < last else (example(), carried)
        return tf.cond(
            t < last, lambda: step(prepared, t, x, carried), lambda: (example(), carried)
        )

    return taken_or_not


def _rows(live: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Rows of a where live [B], else of b; a and b are [B, ...]."""
    if isinstance(a, tf.TensorArray):  # it has no rows: it takes what a step writes
        return a
    if a.shape.rank == 0:  # a counter of steps has no rows: it counts while any row is live
        return tf.where(tf.reduce_any(live), a, b)
    return tf.where(tf.reshape(live, [-1] + [1] * (a.shape.rank - 1)), a, b)


def _stand_in(one_step: Any, first_step: Any, lengths: tf.Tensor, batch: Any) -> Any:
    """The input for rows of length 0, which have none of their own: the first one of another row.

    Where all rows are of length 0 it is ones; whole numbers, which may be indices, are then 0.
    """
    longest = tf.argmax(tf.concat([lengths, [0]], axis=0), output_type=tf.int32)
    some = tf.reduce_any(lengths > 0)

    def for_all_rows(first: tf.Tensor, spec: tf.TensorSpec) -> tf.Tensor:
        kind = tf.ones if spec.dtype.is_floating else tf.zeros
        rest = tf.shape(first)[2:]
        rows = tf.reshape(first, tf.concat([[-1], rest], axis=0))  # [B, 1, ...] -> [B, ...]
        rows = tf.concat([rows, kind(tf.concat([[1], rest], axis=0), spec.dtype)], axis=0)
        chosen = tf.gather(rows, tf.where(some, longest, tf.shape(rows)[0] - 1))  # [...]
        made = tf.broadcast_to(chosen, tf.concat([[batch], rest], axis=0))  # [B, ...]
        return tf.stop_gradient(tf.ensure_shape(made, spec.shape))

    return tf.nest.map_structure(for_all_rows, first_step, one_step)


def _longest(steps: int | tf.Tensor, lengths: tf.Tensor, least: int = 1) -> int | tf.Tensor:
    """The steps of the longest row; where all are of length 0, one, unless `least` says otherwise.

    The loops of TensorFlow 1 learn from a step what its outputs look like.
    """
    last = tf.minimum(steps, tf.reduce_max(tf.concat([[least], lengths], axis=0)))
    known = tf.get_static_value(last)
    return last if known is None else int(known)


def first_state(
    cell: Any, one_step: Any, batch: int | tf.Tensor, initial_state: Any, dtype: tf.DType
) -> Any:
    """The checked state before step 0, zeros unless one is given, of a cell that is then built."""
    ensure_built(cell, one_step, dtype)
    warn_if_untracked(cell)
    if initial_state is None:
        initial_state = cell.zero_state(batch, dtype)
    return check_cell_state(cell, initial_state, batch, dtype, "initial_state")


def ensure_built(cell: Any, one_step: Any, dtype: tf.DType) -> None:
    """Make `cell`'s variables now, before a loop or another graph could capture them.

    A cell that is not an `RNNCell` is built once, and marked as `built`, as Keras marks a layer.
    """
    depth = depths(one_step)
    if isinstance(cell, RNNCell):
        cell.build(depth, dtype)
    elif callable(getattr(cell, "build", None)):
        with build_lock:
            if not getattr(cell, "built", False) and not _has_variables(cell):
                with tf.init_scope():
                    _build(cell, depth, dtype)
                _mark_as_built(cell)


def _build(cell: Any, depth: Any, dtype: tf.DType) -> None:
    """`cell.build(depth)`, with the dtype where it takes one."""
    try:
        inspect.signature(cell.build).bind(depth, dtype)
    except TypeError:
        cell.build(depth)
    else:
        cell.build(depth, dtype)


def _has_variables(cell: Any) -> bool:
    """Whether a cell of a reader's own holds variables: its own, or those of layers inside it."""
    if getattr(cell, "variables", ()):
        return True
    return any(
        isinstance(part, tf.Variable)
        or getattr(part, "variables", ())
        or (hasattr(part, "state_size") and _has_variables(part))  # a cell inside
        for part in _parts(getattr(cell, "__dict__", {}))
    )


def _parts(value: Any) -> Iterator[Any]:
    """What stands in a value, through lists, tuples and mappings."""
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for part in value:
            yield from _parts(part)
    else:
        yield value


def _mark_as_built(cell: Any) -> None:
    try:
        cell.built = True
    except AttributeError:
        if not _has_variables(cell):  # otherwise these show that it is built
            raise TypeError(
                f"a {type(cell).__name__} has a method `build`, but does not allow `built` to be "
                "set, so every run would rebuild it; allow that attribute."
            ) from None


def step_for_run(cell: Any) -> tuple[RunStep, Any]:
    """The step of `cell` for one run, and what it needs prepared: see `RNNCell.for_run`.

    A cell that hands out no step, or whose `step` or `__call__` is no longer the one that its
    `for_run` speeds up, is called plainly. What a cell returns is held to what it declares: at each
    step where it is called plainly, at the first where the step was handed out.
    """
    if _hands_out_a_step(cell):
        handed_out, prepared = cell.for_run()

        def step(prepared: Any, t: Any, inputs: Any, state: Any) -> tuple[Any, Any]:
            result = handed_out(prepared, t, inputs, state)
            if isinstance(t, int) and t:
                return result
            return _check_result(cell, result, inputs, state, at_run_time=False)

        return step, prepared
    checks_itself = isinstance(cell, RNNCell) and type(cell).__call__ is RNNCell.__call__
    plain = cell.step if checks_itself else cell  # the run has checked what __call__ would

    def plain_step(_: Any, t: Any, inputs: Any, state: Any) -> tuple[Any, Any]:
        return _check_result(cell, plain(inputs, state), inputs, state)

    return plain_step, ()


def _hands_out_a_step(cell: Any) -> bool:
    own = getattr(cell, "__dict__", {})
    if "for_run" in own:
        return True
    if {"step", "__call__"} & set(own):
        return False
    if isinstance(cell, RNNCell):
        return cell.for_run_applies()

    def place(name: str) -> float:
        kinds = enumerate(type(cell).__mro__)
        return next((i for i, kind in kinds if name in vars(kind)), float("inf"))

    return place("for_run") < float("inf") and place("for_run") <= place("__call__")


def _check_result(
    cell: Any, result: Any, inputs: Any, state: Any, at_run_time: bool = True
) -> tuple[Any, Any]:
    """The output and the new state of a cell, held to its output_size and to `state`."""
    kind = type(cell).__name__
    if not isinstance(result, (tuple, list)) or len(result) != 2:
        raise ValueError(
            f"{kind} must return its output and its new state, two things; got {describe(result)}."
        )
    leaves = [x for x in tf.nest.flatten((inputs, state)) if not isinstance(x, tf.TensorArray)]
    batch = next((size_or_tensor(x, 0) for x in leaves if x.shape.rank), None)
    dtype = next((x.dtype for x in leaves if x.dtype.is_floating), None)

    def fits_size(y: Any, size: Any) -> tf.Tensor:
        shape, what = shape_with_batch(None, size), f"the output of {kind}"
        return _fits(y, shape, batch, dtype, what, at_run_time)

    def fits_old(new: Any, old: Any) -> Any:
        if isinstance(old, tf.TensorArray) and isinstance(new, tf.TensorArray):
            return new
        rows = size_or_tensor(old, 0) if old.shape.rank else None
        return _fits(new, old.shape, rows, old.dtype, f"the new state of {kind}", at_run_time)

    output = _map(fits_size, result[0], cell.output_size, f"the output of {kind}", "output_size")
    new_state = _map(fits_old, result[1], state, f"the new state of {kind}", "state_size")
    return output, new_state


def _map(fit: Any, value: Any, wanted: Any, what: str, declared: str) -> Any:
    try:
        tf.nest.assert_same_structure(wanted, value)
    except (TypeError, ValueError):
        sizes = tf.nest.map_structure(lambda x: getattr(x, "shape", x), wanted)
        raise ValueError(
            f"{what} must have the structure of its {declared}, {sizes}; got {describe(value)}."
        ) from None
    return tf.nest.map_structure(fit, value, wanted)


def _fits(
    y: Any,
    shape: tf.TensorShape,
    batch: int | tf.Tensor | None,
    dtype: tf.DType | None,
    what: str,
    at_run_time: bool,
) -> tf.Tensor:
    """`y` as a tensor, where it is [batch, ...] of the shape and dtype that are wanted."""
    y = as_tensor(y, what, "a tensor")
    if batch is not None:
        known = batch if isinstance(batch, int) else None
        shape = tf.TensorShape([known]).concatenate(shape[1:])
    wrong_dtype = dtype is not None and y.dtype != dtype
    if wrong_dtype or not y.shape.is_compatible_with(shape):
        wanted = "" if dtype is None else f" and dtype {dtype.name}"
        raise ValueError(
            f"{what} must be of shape {shape}{wanted}, as it declares; got shape {y.shape} and "
            f"dtype {y.dtype.name}."
        )
    known = isinstance(batch, int) and y.shape.is_fully_defined()
    if batch is None or known or not at_run_time:
        return y
    if shape.rank is None:
        return y
    sizes = [batch, *shape.as_list()[1:]]
    return with_shape(y, sizes, f"{what} must have one row for each row of its inputs")


def check_dtype(dtype: Any, initial_state: Any, argument: str = "initial_state") -> tf.DType | None:
    """The dtype to compute in, if the arguments determine it."""
    if dtype is not None:
        return check_float_dtype(dtype)
    if initial_state is None:
        raise ValueError(
            f"neither {argument} nor dtype is given; give dtype=tf.float32 to start from zeros, or "
            f"{argument}=cell.zero_state(batch_size, tf.float32)."
        )
    if any(map(tf.is_tensor, tf.nest.flatten(initial_state))):
        return float_dtype_of(initial_state)
    return None  # NumPy states take the dtype of the inputs


def check_inputs(
    cell: Any,
    inputs: Any,
    dtype: tf.DType | None,
    rank: int,
    time_major: bool = False,
    argument: str = "inputs",
) -> Any:
    """The inputs as tensors: [B, D] for one step (rank 2), [B, T, D] or [T, B, D] for all.

    A cell whose `any_inputs` is true takes a step of another rank or type, a picture or the number
    of a word say, and checks it itself.
    """
    layout = "[B, D]" if rank == 2 else "[T, B, D]" if time_major else "[B, T, D]"
    if rank == 3:
        _refuse_a_list_of_steps(inputs, layout)
    leaves = _flattened(inputs, argument)
    if not leaves:
        raise ValueError(f"{argument} must be {layout}; got an empty {type(inputs).__name__}.")
    if getattr(cell, "any_inputs", False):
        inputs = tf.nest.map_structure(lambda x: as_tensor(x, argument, layout), inputs)
        for x in tf.nest.flatten(inputs):
            if x.shape.rank is None or x.shape.rank < rank - 1:
                raise ValueError(f"{argument} must begin with {layout[:-4]}]; got shape {x.shape}.")
    else:
        if isinstance(inputs, list):
            # A list is data, such as [[[0., 1.], [2., 3.]]]; a structure is a tuple or a mapping.
            inputs = as_float_tensor(inputs, argument, dtype, wanted=layout)
        inputs = tf.nest.map_structure(
            lambda x: as_float_tensor(x, argument, dtype, wanted=layout), inputs
        )
        for x in tf.nest.flatten(inputs):
            if x.shape.rank != rank:
                hint = " (time_major=True)" if time_major else ""
                raise ValueError(f"{argument} must be {layout}{hint}; got shape {x.shape}.")
            if size_of(x, -1) == 0:
                raise ValueError(
                    f"{argument} must be {layout} with D at least 1; got shape {x.shape}."
                )
            if size_of(x, -1) is None:
                raise ValueError(
                    f"{argument} must be {layout} with a known depth D, since the kernel's size "
                    f"depends on it; got shape {x.shape}; set it with tf.ensure_shape."
                )
    return _check_alike(inputs, rank - 1)


def _flattened(inputs: Any, argument: str) -> list[Any]:
    try:
        return tf.nest.flatten(inputs)
    except TypeError:
        raise TypeError(
            f"{argument} must be tensors, in tuples or mappings; got {with_article(inputs)} whose "
            "keys are of several kinds."
        ) from None


def _refuse_a_list_of_steps(inputs: Any, layout: str) -> None:
    if isinstance(inputs, list) and any(getattr(x, "shape", ()) != () for x in inputs):
        shape = tf.TensorShape(next(x.shape for x in inputs if getattr(x, "shape", ()) != ()))
        raise TypeError(
            f"inputs must be one tensor {layout}; got a list of {len(inputs)} tensors, the first "
            f"of shape {shape}; give a list of T tensors [B, D] to static_rnn, or join them with "
            "pack_sequence(inputs) first."
        )


def _check_alike(inputs: Any, axes: int) -> Any:
    """Nested inputs must agree in their first axes: B for one step, B and T for all."""
    first, *others = tf.nest.flatten(inputs)
    for x in others:
        if not x.shape[:axes].is_compatible_with(first.shape[:axes]):
            shapes = [tuple(x.shape.as_list()) for x in (first, *others)]
            raise ValueError(f"inputs that are nested must agree in all but D; got {shapes}.")
        if not (x.shape[:axes].is_fully_defined() and first.shape[:axes].is_fully_defined()):
            same = tf.debugging.assert_equal(
                tf.shape(x)[:axes],
                tf.shape(first)[:axes],
                message="inputs that are nested must agree in all but D",
            )
            with after(same):
                first = tf.identity(first)
    return tf.nest.pack_sequence_as(inputs, [first, *others])


def depth_of(size: Any) -> Any:
    """The depths D that the layer above a cell of this output_size reads, in its structure."""
    return tf.nest.map_structure(last_size, size)
