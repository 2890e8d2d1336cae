"""Unrolls: functions that run any cell over a sequence.

    state = initial_state
    outputs = []
    for x in inputs:                       # one x [B, D] for each of T steps
        output, state = cell(x, state)
        outputs.append(output)
    return outputs, state

`static_rnn` is this loop, run while the graph is built: T copies of the cell. `dynamic_rnn` is this
loop inside the graph: one copy, run T times. Both give the same numbers. The letters: B rows in the
batch, T steps, D inputs, U units. The arguments are those of TensorFlow 1.15's functions.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

from unrolled.cells import StepFunction, ensure_built, step_function
from unrolled.internal.affine import cut_once
from unrolled.internal.checkpointing import scan_in_segments
from unrolled.internal.checks import (
    as_float_tensor,
    as_written,
    check_cell,
    check_count,
    check_float_dtype,
    check_lengths,
    check_state,
    size_of,
    size_or_tensor,
    size_shape,
)
from unrolled.scan import Step, scan, sensible_unroll


@as_written
def static_rnn(
    cell: Any,
    inputs: Sequence[Any],
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: str | None = None,
) -> tuple[list[Any], Any]:
    """Unroll a cell step by step, one copy of the cell in the graph for each step.

        state = cell.zero_state(B, dtype)
        for x in inputs:
            output, state = cell(x, state)

    Args:
      cell: any cell.
      inputs: a list of T tensors [B, D] (or T equal structures of such).
      initial_state: as `cell.zero_state` makes it; zeros where it is left out.
      dtype: the dtype of the zeros, needed where `initial_state` is left out.
      sequence_length: B integers in 0..T. Past its length a row's outputs are exactly zero and its
        state stands still; what its inputs hold there reaches neither results nor gradients.
      scope: a name for the operations, `rnn` where it is left out.

    Returns:
      A list of T outputs [B, U], and the final state.

    Raises:
      TypeError: `cell` is not a cell, or `inputs` is one tensor and not a list.
      ValueError: `inputs` is empty, not floating point, or not [B, D] with a known D; neither
        `initial_state` nor `dtype` is given; the state or the lengths do not fit.
      tf.errors.InvalidArgumentError: lengths that do not fit, where known only at run time.
    """
    check_cell(cell)
    if tf.is_tensor(inputs) or isinstance(inputs, (np.ndarray, tf.Variable)):
        raise TypeError(
            f"inputs of static_rnn must be a list of T tensors [B, D], but one tensor of shape "
            f"{tf.convert_to_tensor(inputs).shape} came; split it with tf.unstack(x, axis=1)."
        )
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            f"inputs of static_rnn must be a list of T tensors [B, D]; "
            f"a {type(inputs).__name__} came."
        )
    if not inputs:
        raise ValueError("inputs of static_rnn must hold at least one step; an empty list came.")
    with tf.name_scope(scope or "rnn"):
        dtype = _check_dtype(dtype, initial_state)
        steps = [_as_inputs(cell, x, dtype, rank=2) for x in inputs]
        _check_all_alike(steps)
        first = tf.nest.flatten(steps[0])[0]
        batch = size_or_tensor(first, 0)
        one_step = tf.nest.map_structure(_spec, steps[0])
        run = _prepare(cell, one_step, batch, len(steps), initial_state, dtype, sequence_length)
        step = _masked_step(cell, run)
        state, outputs = run.initial_state, []
        for t, x in enumerate(steps):
            output, state = step(t, x, state)
            outputs.append(output)
        return outputs, state


@as_written
def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
    *,
    unroll: int | None = None,
    recompute_every: int | None = None,
) -> tuple[Any, Any]:
    """Run a cell in a loop inside the graph, one copy of the cell whatever the number of steps.

        t, state = 0, cell.zero_state(B, dtype)
        while t < T:
            outputs[:, t], state = cell(inputs[:, t], state)
            t += 1

    Args:
      cell: any cell.
      inputs: one tensor [B, T, D], or [T, B, D] where `time_major` (or a structure of such).
      sequence_length: B integers in 0..T. Past its length a row's outputs are exactly zero and its
        state stands still; what its inputs hold there reaches neither results nor gradients. The
        loop ends with the longest row.
      initial_state: as `cell.zero_state` makes it; zeros where it is left out.
      dtype: the dtype of the zeros, needed where `initial_state` is left out.
      parallel_iterations: how many turns of the loop TensorFlow may run at once, 32 where it is
        left out; it matters only for work in a step that does not wait for the state.
      swap_memory: taken for the sake of old programs and handed on to `tf.while_loop`, whose loops
        have ignored it since TensorFlow 2: what the gradient needs stays where it was made.
      time_major: the first two axes of inputs and outputs are [T, B] and not [B, T].
      scope: a name for the operations, `rnn` where it is left out.
      unroll: how many steps one turn of the loop takes, as in `jax.lax.scan`; it changes no number.
        1 is the loop above; a T that is known and not greater is written out without a loop. Left
        out, up to 32 steps of a small cell are written out, and more are a loop of single steps.
      recompute_every: S, to train on sequences too long for the memory. What the gradient needs is
        then kept for S steps at a time and otherwise computed again from every S-th state: about
        T/S + S states are kept and not T, and every step is computed twice. S = √T keeps least.

    Returns:
      The outputs, one tensor [B, T, U] (or [T, B, U]), and the final state.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: the inputs are not floating point or not [B, T, D] with a known D; neither
        `initial_state` nor `dtype` is given; the state or the lengths do not fit; `unroll` or
        `recompute_every` is not a whole number of at least 1; `recompute_every` with a cell whose
        second run would differ from its first.
      tf.errors.InvalidArgumentError: lengths that do not fit, where known only at run time.
    """
    check_cell(cell)
    if unroll is not None:
        unroll = check_count(unroll, "unroll")
    if recompute_every is not None:
        recompute_every = check_count(recompute_every, "recompute_every")
    with tf.name_scope(scope or "rnn"):
        dtype = _check_dtype(dtype, initial_state)
        inputs = _as_inputs(cell, inputs, dtype, rank=3, time_major=time_major)
        time, batch_axis = (0, 1) if time_major else (1, 0)
        first = tf.nest.flatten(inputs)[0]
        steps, batch = size_or_tensor(first, time), size_or_tensor(first, batch_axis)

        def without_time(x: tf.Tensor) -> tf.TensorSpec:
            return tf.TensorSpec(x.shape[1:] if time_major else x.shape[:1] + x.shape[2:], x.dtype)

        one_step = tf.nest.map_structure(without_time, inputs)
        run = _prepare(cell, one_step, batch, steps, initial_state, dtype, sequence_length)
        last = _last_step(steps, run.lengths)
        if last is not steps:
            inputs = tf.nest.map_structure(lambda x: _up_to(last, x, time), inputs)
        how: dict[str, Any] = {
            "unroll": unroll or sensible_unroll(cell, last if isinstance(last, int) else None),
            "time_major": time_major,
            "parallel_iterations": parallel_iterations or 32,
            "swap_memory": swap_memory,
        }
        example = tf.nest.map_structure(
            lambda size: tf.zeros([batch, *size_shape(size).as_list()], run.dtype),
            cell.output_size,
        )
        if recompute_every is None:
            step = _masked_step(cell, run)
            outputs, state = scan(step, inputs, run.initial_state, example, **how)
        else:
            outputs, state = scan_in_segments(
                partial(_masked_step, cell, run),
                inputs,
                run.initial_state,
                example,
                every=recompute_every,
                **how,
            )
        if last is not steps:
            outputs = tf.nest.map_structure(lambda y: _zeros_after(y, steps - last, time), outputs)
        return outputs, state


@as_written
def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Two runs of `dynamic_rnn`, one over the sequence as it is and one from its end.

        outputs_fw, state_fw = dynamic_rnn(cell_fw, inputs)
        outputs_bw, state_bw = dynamic_rnn(cell_bw, reverse(inputs));  outputs_bw = reverse(...)

    Each row is reversed within its own length, so that the backward run starts at the last real
    step and the padding stays at the end. Schuster and Paliwal (1997).

    Args:
      cell_fw, cell_bw: any cells, one for each direction.
      initial_state_fw, initial_state_bw: as for `dynamic_rnn`.
      inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major, scope: as for
        `dynamic_rnn`.

    Returns:
      ((outputs_fw, outputs_bw), (state_fw, state_bw)); both outputs are [B, T, U] in the order of
      the inputs, so that `tf.concat(outputs, axis=2)` puts the two views of a step side by side.

    Raises:
      As `dynamic_rnn`.
    """
    check_cell(cell_fw, "cell_fw")
    check_cell(cell_bw, "cell_bw")
    with tf.name_scope(scope or "bidirectional_rnn"):
        _check_dtype(dtype, initial_state_fw, "initial_state_fw")
        backward_dtype = _check_dtype(dtype, initial_state_bw, "initial_state_bw")
        inputs = _as_inputs(cell_fw, inputs, backward_dtype, rank=3, time_major=time_major)
        first = tf.nest.flatten(inputs)[0]
        time, batch = (0, 1) if time_major else (1, 0)
        if sequence_length is not None:
            sequence_length = check_lengths(
                sequence_length,
                size_of(first, batch),
                size_of(first, time),
                tf.gather(tf.shape(first), [batch, time]),
            )

        def reverse(x: tf.Tensor) -> tf.Tensor:
            if sequence_length is None:
                return tf.reverse(x, axis=[time])
            return tf.reverse_sequence(x, sequence_length, seq_axis=time, batch_axis=batch)

        how = {
            "dtype": dtype,
            "sequence_length": sequence_length,
            "parallel_iterations": parallel_iterations,
            "swap_memory": swap_memory,
            "time_major": time_major,
        }
        outputs_fw, state_fw = dynamic_rnn(
            cell_fw, inputs, initial_state=initial_state_fw, scope="fw", **how
        )
        reversed_inputs = tf.nest.map_structure(reverse, inputs)
        outputs_bw, state_bw = dynamic_rnn(
            cell_bw, reversed_inputs, initial_state=initial_state_bw, scope="bw", **how
        )
        return (outputs_fw, tf.nest.map_structure(reverse, outputs_bw)), (state_fw, state_bw)


class _Run(NamedTuple):
    """What one run over a batch of sequences needs, checked."""

    step: StepFunction
    initial_state: Any
    lengths: tf.Tensor | None  # [B], int32
    dtype: tf.DType


def _prepare(
    cell: Any,
    one_step: Any,
    batch: int | tf.Tensor,
    steps: int | tf.Tensor,
    initial_state: Any,
    dtype: tf.DType | None,
    sequence_length: Any,
) -> _Run:
    """Check what both unrolls are given against `one_step`, the specs [B, D] of a step's inputs."""
    first = tf.nest.flatten(one_step)[0]
    known_batch, input_dtype = size_of(first, 0), first.dtype
    if not input_dtype.is_floating:  # word numbers, say: the results are of the dtype asked for
        input_dtype = dtype or tf.float32
    ensure_built(cell, one_step)
    if initial_state is None:
        initial_state = cell.zero_state(batch, dtype)
    # Only floating states are held to the dtype of the inputs: a cell of the reader's own may keep
    # a whole number in its state, a counter of steps say.
    state = check_state(initial_state, cell.state_size, known_batch, None, "initial_state")
    if any(x.dtype.is_floating and x.dtype != input_dtype for x in tf.nest.flatten(state)):
        state = check_state(
            initial_state, cell.state_size, known_batch, input_dtype, "initial_state"
        )
    lengths = None
    if sequence_length is not None:
        known_steps = steps if isinstance(steps, int) else None
        lengths = check_lengths(sequence_length, known_batch, known_steps, tf.stack([batch, steps]))
    return _Run(step_function(cell), state, lengths, input_dtype)


def _spec(x: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec(x.shape, x.dtype)


def _check_dtype(
    dtype: Any, initial_state: Any, argument: str = "initial_state"
) -> tf.DType | None:
    """The dtype to compute in, where the arguments say it."""
    if dtype is not None:
        return check_float_dtype(dtype)
    if initial_state is None:
        raise ValueError(
            f"neither {argument} nor dtype is given; give dtype=tf.float32 to start from zeros, or "
            f"{argument}=cell.zero_state(batch_size, tf.float32)."
        )
    kinds = [x.dtype for x in tf.nest.flatten(initial_state) if tf.is_tensor(x)]
    return next((kind for kind in kinds if kind.is_floating), None)


def _as_inputs(
    cell: Any, inputs: Any, dtype: tf.DType | None, rank: int, time_major: bool = False
) -> Any:
    """The inputs as tensors: [B, D] for one step (rank 2), [B, T, D] or [T, B, D] for all.

    A cell whose `any_inputs` is true takes a step of another rank or type, a picture or the number
    of a word say, and checks it itself.
    """
    if getattr(cell, "any_inputs", False):
        return tf.nest.map_structure(tf.convert_to_tensor, inputs)
    layout = "[B, D]" if rank == 2 else "[T, B, D]" if time_major else "[B, T, D]"
    if isinstance(inputs, list):
        # A list is data, such as [[[0., 1.], [2., 3.]]]; a structure of inputs is a tuple or dict.
        inputs = as_float_tensor(inputs, "inputs", dtype)
    inputs = tf.nest.map_structure(lambda x: as_float_tensor(x, "inputs", dtype), inputs)
    if not tf.nest.flatten(inputs):
        raise ValueError(f"inputs must be {layout}; an empty {type(inputs).__name__} came.")
    for x in tf.nest.flatten(inputs):
        if x.shape.rank != rank:
            hint = " (time_major=True)" if time_major else ""
            raise ValueError(f"inputs must be {layout}{hint}; got shape {x.shape}.")
        if size_of(x, -1) is None:
            raise ValueError(
                f"inputs must be {layout} with a known depth D, since the kernel's size depends on "
                f"it; got shape {x.shape}; set it with tf.ensure_shape."
            )
    shapes = [x.shape[:-1] for x in tf.nest.flatten(inputs)]
    if not all(shape.is_compatible_with(shapes[0]) for shape in shapes):
        raise ValueError(f"nested inputs must agree in all but D; got {shapes}.")
    return inputs


def _check_all_alike(steps: list[Any]) -> None:
    """Every step of static_rnn must look like the first."""
    for t, x in enumerate(steps):
        try:
            tf.nest.assert_same_structure(steps[0], x)
        except (TypeError, ValueError):
            raise ValueError(
                f"inputs[{t}] must have the structure of inputs[0], {steps[0]}; got {x}."
            ) from None
        for a, b in zip(tf.nest.flatten(steps[0]), tf.nest.flatten(x)):
            if not a.shape.is_compatible_with(b.shape) or a.dtype != b.dtype:
                raise ValueError(
                    f"inputs[{t}] must be like inputs[0], of shape {a.shape} and dtype "
                    f"{a.dtype.name}; got shape {b.shape} and dtype {b.dtype.name}."
                )


def _masked_step(cell: Any, run: _Run) -> Step:
    """The step of a run, in which the rows that have ended give zeros and keep their state."""
    cell_step = cut_once(cell, run.step)

    def step(t: int | tf.Tensor, x: Any, state: Any) -> tuple[Any, Any]:
        if run.lengths is None:
            output, new_state = cell_step(x, state)
            return output, _like(state, new_state)
        live = t < run.lengths  # [B]
        # The padding is replaced before the cell sees it: an infinity or a NaN that went through
        # the cell would come back in the gradient as 0 · NaN, even where its result is thrown away.
        x = tf.nest.map_structure(lambda a: _where(live, a, tf.zeros_like(a)), x)
        output, new_state = cell_step(x, state)
        new_state = _like(state, new_state)
        output = tf.nest.map_structure(lambda a: _where(live, a, tf.zeros_like(a)), output)
        return output, tf.nest.map_structure(lambda a, b: _where(live, a, b), new_state, state)

    return step


def _where(live: tf.Tensor, a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
    """Rows of a where live [B], else of b; a and b are [B, ...]."""
    if a.shape.rank == 0:  # a counter of steps has no rows
        return a
    return tf.where(tf.reshape(live, [-1] + [1] * (a.shape.rank - 1)), a, b)


def _like(state: Any, new_state: Any) -> Any:
    """`new_state`, after a check that it can take the place of `state` at the next step."""
    try:
        tf.nest.assert_same_structure(state, new_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"the cell must return a new state of the structure that it was given, {state}; "
            f"it returned {new_state}."
        ) from None

    def check(old: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
        new = tf.convert_to_tensor(new)
        if new.dtype != old.dtype or not new.shape.is_compatible_with(old.shape):
            raise ValueError(
                f"the cell must return a new state like the one that it was given, of shape "
                f"{old.shape} and dtype {old.dtype.name}; it returned shape {new.shape} and dtype "
                f"{new.dtype.name}."
            )
        return tf.ensure_shape(new, old.shape) if new.shape.rank is None else new

    return tf.nest.map_structure(check, state, new_state)


def _last_step(steps: int | tf.Tensor, lengths: tf.Tensor | None) -> int | tf.Tensor:
    """How many steps the longest row has: T itself where there are no lengths."""
    if lengths is None:
        return steps
    # At least one step, though it be all padding: what no step has read has no gradient.
    last = tf.minimum(steps, tf.reduce_max(tf.concat([[1], lengths], axis=0)))
    known = tf.get_static_value(last)
    return last if known is None else int(known)


def _up_to(last: int | tf.Tensor, x: tf.Tensor, time: int) -> tf.Tensor:
    return x[:last] if time == 0 else x[:, :last]


def _zeros_after(y: tf.Tensor, steps: int | tf.Tensor, time: int) -> tf.Tensor:
    """`y` with so many steps of zeros after its last."""
    before_and_after = [[0, 0] for _ in y.shape]
    before_and_after[time][1] = steps
    return tf.pad(y, before_and_after)
