"""Unrolls: functions that run any cell over a sequence.

    state = initial_state
    outputs = []
    for x in inputs:                       # one x [B, D] for each of T steps
        output, state = cell(x, state)
        outputs.append(output)
    return outputs, state

`static_rnn` runs this loop in Python: a graph holds T copies of the cell. `dynamic_rnn` runs it
inside the graph: one copy, run T times. (Few steps of a small cell without lengths are written out
there too; `unroll=1` always gives the loop.) Both give the same numbers. The letters: B rows in the
batch, T steps, D inputs, U units. The arguments are those of TensorFlow 1.15's functions.

What a run checks and prepares before its first step is in `unrolled.internal.run`; the loops
themselves are in this file. XLA (`jit_compile=True`) compiles them, and leaves out what is checked
only when a graph runs: lengths beyond T then count as T, and negative ones as 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.contract import Cell, State, TensorLike
from unrolled.internal.checkpointing import in_segments
from unrolled.internal.checks import (
    check_cell_state,
    check_count,
    check_flag,
    check_lengths,
    check_name,
    describe,
)
from unrolled.internal.keras_cells import as_cell
from unrolled.internal.loop_lists import Frames
from unrolled.internal.ragged import accepts_ragged
from unrolled.internal.run import Run, check_dtype, check_inputs, start_run
from unrolled.internal.shapes import size_of, size_or_tensor, swap_batch_and_time
from unrolled.internal.tracing import after, no_autograph
from unrolled.wrappers import cells_inside

# What is worth writing out without a loop: few steps of a small cell, whose arithmetic is not much
# more than what a turn of the loop costs. Beyond, a longer graph costs more to trace than it saves.
STEPS_WRITTEN_OUT = 32
WEIGHTS_WRITTEN_OUT = 2**18  # in all copies of the cell


@no_autograph
def static_rnn(
    cell: Cell,
    inputs: Sequence[Any],
    initial_state: State | None = None,
    dtype: tf.DType | None = None,
    sequence_length: TensorLike | None = None,
    scope: str | None = None,
) -> tuple[list[Any], State]:
    """Unroll a cell step by step, one copy of the cell in the graph for each step.

        state = cell.zero_state(B, dtype)
        for x in inputs:
            output, state = cell(x, state)

    Args:
      cell: any cell.
      inputs: a list of T tensors [B, D] (or T equal structures of such).
      initial_state: as `cell.zero_state` makes it (default: zeros of `dtype`).
      dtype: the dtype of the initial zeros.
      sequence_length: B integers in 0..T. Past its length a row's outputs are exactly zero and its
        state no longer changes; its inputs there affect neither results nor gradients. Eagerly
        the run ends with the longest row, so a later frame that is a variable of its own gets the
        gradient None, as in TensorFlow's own; a graph runs all its T steps (default: every row
        has T steps).
      scope: a name for the operations (default: "rnn").

    Returns:
      A list of T outputs [B, U], and the final state.

    Raises:
      TypeError: `cell` is not a cell, or `inputs` is one tensor and not a list.
      ValueError: `inputs` is empty, not floating point, or not [B, D] with a known D; neither
        `initial_state` nor `dtype` is given; the state or the lengths do not fit; the cell returns
        something other than it declares.
      tf.errors.InvalidArgumentError: the same for states and lengths, if known only at run time.
    """
    cell = as_cell(cell)
    _check_list(inputs)
    with tf.name_scope("rnn" if check_name(scope, "scope") is None else scope):
        dtype = check_dtype(dtype, initial_state)
        steps = [
            check_inputs(cell, x, dtype, rank=2, argument=f"inputs[{t}]")
            for t, x in enumerate(inputs)
        ]
        steps = _check_all_alike(steps)
        one_step = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape, x.dtype), steps[0])
        batch = size_or_tensor(tf.nest.flatten(steps[0])[0], 0)

        def first_step() -> Any:
            return tf.nest.map_structure(lambda x: x[:, tf.newaxis], steps[0])

        run = start_run(
            cell,
            one_step=one_step,
            first_step=first_step,
            batch=batch,
            steps=len(steps),
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
        )

        outputs, carried = [], run.initial  # the state, and with lengths the last real inputs
        last = run.last if isinstance(run.last, int) else len(steps)
        for t, x in enumerate(steps[:last]):
            output, carried = run.step(run.prepared, t, x, carried)
            outputs.append(output)
        return _with_zeros(outputs, len(steps)), run.final(carried)


@no_autograph
@accepts_ragged
def dynamic_rnn(
    cell: Cell,
    inputs: Any,
    sequence_length: TensorLike | None = None,
    initial_state: State | None = None,
    dtype: tf.DType | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
    *,
    unroll: int | None = None,
    recompute_every: int | None = None,
) -> tuple[Any, State]:
    """Run a cell in a loop inside the graph (`unroll` says when a short one is written out).

        t, state = 0, cell.zero_state(B, dtype)
        while t < T:
            outputs[:, t], state = cell(inputs[:, t], state)
            t += 1

    Args:
      cell: any cell.
      inputs: one tensor [B, T, D], or [T, B, D] where `time_major` (or a structure of such). A
        `tf.RaggedTensor` [B, (T), D] brings its lengths along, and the outputs are ragged too.
      sequence_length: B integers in 0..T. Past its length a row's outputs are exactly zero and its
        state no longer changes; its inputs there affect neither results nor gradients. The loop
        ends with the longest row, unless its segments are recomputed (default: every row has
        T steps).
      initial_state: as `cell.zero_state` makes it (default: zeros of `dtype`).
      dtype: the dtype of the initial zeros.
      parallel_iterations: how many turns of the loop TensorFlow may run at once (default: 32); it
        matters only for work in a step that does not wait for the state.
      swap_memory: accepted for old programs and passed to `tf.while_loop`, which has ignored it
        since TensorFlow 2 (default: False).
      time_major: the first two axes of inputs and outputs are [T, B] and not [B, T] (default:
        False).
      scope: a name for the operations (default: "rnn").
      unroll: the most steps that one turn of the loop takes, as in `jax.lax.scan`; it changes no
        result. 1 is the loop above; a T that is known and not greater is written out without a
        loop; else turns are made equal, so that few steps are left over. With `sequence_length`
        a graph always holds a loop, which ends with the longest row: `unroll` copies in a turn.
        Eagerly Python runs the steps (default: up to 32 steps of a small cell without lengths are
        written out, all else is a loop of single steps).
      recompute_every: S, to train on sequences too long for the memory. What the gradient needs is
        then kept for S steps at a time and otherwise computed again from every S-th state: about
        T/S + S states are kept and not T, and every step is computed twice. S ≈ √T keeps the least
        (default: everything is kept). XLA compiles its gradient, not the gradient of that.

    Returns:
      The outputs, one tensor [B, T, U] (or [T, B, U]), and the final state.

    Raises:
      TypeError: `cell` is not a cell, or `inputs` is a list of tensors or no tensor at all.
      ValueError: the inputs are not floating point or not [B, T, D] with a known D; neither
        `initial_state` nor `dtype` is given; the state or the lengths do not fit; the cell returns
        something other than it declares; `unroll` or `recompute_every` is not a whole number of at
        least 1; `recompute_every` with a cell whose second run would differ from its first.
      tf.errors.InvalidArgumentError: the same for states and lengths, if known only at run time.
    """
    cell = as_cell(cell)
    time_major = check_flag(time_major, "time_major")
    unroll = None if unroll is None else check_count(unroll, "unroll")
    every = None if recompute_every is None else check_count(recompute_every, "recompute_every")
    how = {
        "parallel_iterations": check_count(
            32 if parallel_iterations is None else parallel_iterations, "parallel_iterations"
        ),
        "swap_memory": check_flag(swap_memory, "swap_memory"),
    }
    with tf.name_scope("rnn" if check_name(scope, "scope") is None else scope):
        dtype = check_dtype(dtype, initial_state)
        inputs = check_inputs(cell, inputs, dtype, rank=3, time_major=time_major)
        time, rows = (0, 1) if time_major else (1, 0)
        first = tf.nest.flatten(inputs)[0]
        steps, batch = size_or_tensor(first, time), size_or_tensor(first, rows)
        one_step = tf.nest.map_structure(lambda x: _spec_of_a_step(x, time), inputs)

        def first_step() -> Any:
            return tf.nest.map_structure(lambda x: x[:1] if time_major else x[:, :1], inputs)

        run = start_run(
            cell,
            one_step=one_step,
            first_step=first_step,
            batch=batch,
            steps=steps,
            initial_state=initial_state,
            dtype=dtype,
            sequence_length=sequence_length,
        )
        unroll = unroll or default_unroll(cell, run.last)

        if every is None and _fits_one_turn(run, steps, unroll):
            outputs, carried = _written_out(run, inputs, time)
            return outputs, run.final(carried)
        if not time_major:
            # [B, T, ...] -> [T, B, ...]
            inputs = tf.nest.map_structure(swap_batch_and_time, inputs)
        if every is None:
            outputs, carried = _loop(run, inputs, unroll=unroll, **how)
        else:
            outputs, carried = in_segments(
                _loop_or_written_out, run, inputs, every, unroll=unroll, **how
            )
        if not time_major:
            outputs = tf.nest.map_structure(swap_batch_and_time, outputs)
        return outputs, run.final(carried)


def _loop(run: Run, inputs: Any, *, unroll: int, **while_loop: Any) -> tuple[Any, Any]:
    """The loop of `dynamic_rnn`, over inputs [T, B, ...]; a turn takes `unroll` steps."""
    if size_of(tf.nest.flatten(inputs)[0], 0) == 0:
        # XLA cannot compile a loop over zero steps: give it one step, and stop before it.
        inputs = tf.nest.map_structure(lambda x: tf.zeros([1, *_full(x)[1:]], x.dtype), inputs)
        run = run._replace(last=0, may_end_early=True)
        outputs, carried = _loop(run, inputs, unroll=1, **while_loop)
        return tf.nest.map_structure(lambda y: y[:0], outputs), carried
    frames = Frames(inputs, run.example(), to_the_end=not run.may_end_early)
    steps = frames.steps
    counted = tf.compat.v1.control_flow_v2_enabled() or run.compiled
    if counted:  # XLA asks for it; the loops of TensorFlow 1 would add a variable
        while_loop = {**while_loop, "maximum_iterations": steps}

    # In TensorFlow 1 the state was the loop's third variable: `Exit_2` in graphs that it printed.
    def one_step(t: Any, outputs: Any, carried: Any, left: Any) -> tuple[Any, Any, Any, Any]:
        x, left = frames.take(left, t)
        output, carried = run.step(run.prepared, t, x, carried)
        return t + 1, frames.put(outputs, t, output), carried, left

    def turns(length: int, values: Any) -> Any:
        """As many turns of `length` steps as fit into T, until the longest row has ended."""

        def go_on(t: Any, *_: Any) -> Any:
            if counted and unroll == 1 and not run.may_end_early:
                return True  # the loop counts its turns itself, and ends at T
            more = t < run.last
            return more if length == 1 else tf.logical_and(more, t <= steps - length)

        def turn(*values: Any) -> Any:
            for _ in range(length):
                values = one_step(*values)
            return values

        return tf.while_loop(go_on, turn, values, **while_loop)

    if isinstance(steps, int):
        unroll = steps // -(-steps // unroll)  # turns of equal length: fewer steps are left over
    values = turns(unroll, (tf.constant(0), frames.outputs(), run.initial, frames.inputs()))
    if unroll > 1 and (not isinstance(steps, int) or steps % unroll):
        values = turns(1, values)
    _, outputs, carried, _ = values
    return frames.stacked(outputs), carried


def _written_out(run: Run, inputs: Any, time: int) -> tuple[Any, Any]:
    """The loop of `static_rnn`, for one tensor in and out; `time` is the axis of the steps."""
    frames = zip(*(tf.unstack(x, axis=time) for x in tf.nest.flatten(inputs)))
    outputs, carried = [], run.initial
    for t, x in enumerate(frames):
        if t and t >= run.last:  # at least one: an input that no step reads would get no gradient
            break
        output, carried = run.step(run.prepared, t, tf.nest.pack_sequence_as(inputs, x), carried)
        outputs.append(output)
    outputs = _with_zeros(outputs, tf.nest.flatten(inputs)[0].shape[time])
    return tf.nest.map_structure(lambda *ys: tf.stack(ys, axis=time), *outputs), carried


def _with_zeros(outputs: list[Any], steps: int) -> list[Any]:
    """The outputs, and zeros for the steps that were not run because every row had ended."""
    left_out = steps - len(outputs)
    if not left_out:
        return outputs
    return outputs + [tf.nest.map_structure(tf.zeros_like, outputs[0])] * left_out


def _fits_one_turn(run: Run, steps: int | tf.Tensor, unroll: int) -> bool:
    """Whether there are no more steps than one turn takes, or Python itself runs them."""
    known = isinstance(steps, int) and isinstance(run.last, int) and steps > 0
    return known and (run.last <= unroll or tf.executing_eagerly())


def _loop_or_written_out(
    run: Run, inputs: Any, *, unroll: int, **while_loop: Any
) -> tuple[Any, Any]:
    """Either form, over inputs [T, B, ...]."""
    if _fits_one_turn(run, size_or_tensor(tf.nest.flatten(inputs)[0], 0), unroll):
        return _written_out(run, inputs, time=0)
    return _loop(run, inputs, unroll=unroll, **while_loop)


def default_unroll(cell: Cell, steps: int | tf.Tensor) -> int:
    """How many steps of `cell` a turn takes by default: all T of them, or one."""
    variables = getattr(cell, "trainable_variables", None)
    if not isinstance(steps, int) or not 0 < steps <= STEPS_WRITTEN_OUT or variables is None:
        return 1  # an unknown size may be large
    sizes = [v.shape.num_elements() for v in variables]
    weights = WEIGHTS_WRITTEN_OUT + 1 if None in sizes else sum(sizes)
    return steps if steps * weights <= WEIGHTS_WRITTEN_OUT else 1


def _full(x: tf.Tensor) -> list[int | tf.Tensor]:
    return [size_or_tensor(x, axis) for axis in range(x.shape.rank)]


def _spec_of_a_step(x: tf.Tensor, time: int) -> tf.TensorSpec:
    """[B, T, ...] (or [T, B, ...]) -> [B, ...]."""
    return tf.TensorSpec([*x.shape[:time], *x.shape[time + 1 :]], x.dtype)


@no_autograph
@accepts_ragged
def bidirectional_dynamic_rnn(
    cell_fw: Cell,
    cell_bw: Cell,
    inputs: Any,
    sequence_length: TensorLike | None = None,
    initial_state_fw: State | None = None,
    initial_state_bw: State | None = None,
    dtype: tf.DType | None = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: str | None = None,
    *,
    share_weights: bool = False,
    unroll: int | None = None,
    recompute_every: int | None = None,
) -> tuple[tuple[Any, Any], tuple[State, State]]:
    """Two runs of `dynamic_rnn`, one over the sequence as it is and one from its end.

        outputs_fw, state_fw = dynamic_rnn(cell_fw, inputs)
        outputs_bw, state_bw = dynamic_rnn(cell_bw, reverse(inputs));  outputs_bw = reverse(...)

    Each row is reversed within its own length, so that the backward run starts at the last real
    step and the padding stays at the end. Schuster and Paliwal (1997).

    Args:
      cell_fw, cell_bw: any cells, one for each direction.
      inputs, sequence_length: as for `dynamic_rnn`.
      initial_state_fw, initial_state_bw: the `initial_state` of each direction.
      dtype, parallel_iterations, swap_memory, time_major, scope: as for `dynamic_rnn` (the default
        scope is "bidirectional_rnn").
      share_weights: allow one cell for both directions, on purpose (default: False).
      unroll, recompute_every: as for `dynamic_rnn`.

    Returns:
      ((outputs_fw, outputs_bw), (state_fw, state_bw)); both outputs are [B, T, U] in the order of
      the inputs, so that `tf.concat(outputs, axis=2)` puts the two views of a step side by side.

    Raises:
      ValueError: both directions hold the same cell.
      Otherwise as for `dynamic_rnn`.
    """
    cell_fw = as_cell(cell_fw, "cell_fw")
    cell_bw = as_cell(cell_bw, "cell_bw")
    time_major = check_flag(time_major, "time_major")
    if not check_flag(share_weights, "share_weights"):
        _check_apart(cell_fw, cell_bw)
    with tf.name_scope("bidirectional_rnn" if check_name(scope, "scope") is None else scope):
        forward_dtype = check_dtype(dtype, initial_state_fw, "initial_state_fw")
        backward_dtype = check_dtype(dtype, initial_state_bw, "initial_state_bw")
        both_known = forward_dtype is not None and backward_dtype is not None
        if both_known and forward_dtype != backward_dtype:
            raise ValueError(
                "initial_state_fw and initial_state_bw must have one dtype; got "
                f"{tf.as_dtype(forward_dtype).name} and {tf.as_dtype(backward_dtype).name}."
            )
        inputs = check_inputs(cell_fw, inputs, backward_dtype, rank=3, time_major=time_major)
        first = tf.nest.flatten(inputs)[0]
        time, batch = (0, 1) if time_major else (1, 0)
        states = []  # checked here, so that errors name the right argument
        for cell, state, name in (
            (cell_fw, initial_state_fw, "initial_state_fw"),
            (cell_bw, initial_state_bw, "initial_state_bw"),
        ):
            kind = first.dtype if first.dtype.is_floating else dtype or tf.float32
            rows = size_or_tensor(first, batch)
            states.append(
                None if state is None else check_cell_state(cell, state, rows, kind, name)
            )
        initial_state_fw, initial_state_bw = states
        if sequence_length is not None:
            sequence_length = check_lengths(
                sequence_length, size_or_tensor(first, batch), size_or_tensor(first, time)
            )

        def reverse(x: tf.Tensor) -> tf.Tensor:
            if sequence_length is None:
                return tf.reverse(x, axis=[time])
            return tf.reverse_sequence(x, sequence_length, seq_axis=time, batch_axis=batch)

        how: dict[str, Any] = {
            "dtype": dtype,
            "sequence_length": sequence_length,
            "parallel_iterations": parallel_iterations,
            "swap_memory": swap_memory,
            "time_major": time_major,
            "unroll": unroll,
            "recompute_every": recompute_every,
        }
        outputs_fw, state_fw = dynamic_rnn(
            cell_fw, inputs, initial_state=initial_state_fw, scope="fw", **how
        )
        reversed_inputs = tf.nest.map_structure(reverse, inputs)
        outputs_bw, state_bw = dynamic_rnn(
            cell_bw, reversed_inputs, initial_state=initial_state_bw, scope="bw", **how
        )
        return (outputs_fw, tf.nest.map_structure(reverse, outputs_bw)), (state_fw, state_bw)


def _check_list(inputs: Any) -> None:
    """static_rnn takes a list of T tensors."""
    if isinstance(inputs, tf.RaggedTensor):
        raise TypeError(
            "inputs of static_rnn must be a list of T tensors [B, D]; got a RaggedTensor: give it "
            "to dynamic_rnn."
        )
    if tf.is_tensor(inputs) or isinstance(inputs, (np.ndarray, tf.Variable)):
        raise TypeError(
            f"inputs of static_rnn must be a list of T tensors [B, D]; got one tensor of shape "
            f"{tf.TensorShape(inputs.shape)}; split it with tf.unstack(x, axis=1)."
        )
    if not isinstance(inputs, (list, tuple)):
        raise TypeError(
            f"inputs of static_rnn must be a list of T tensors [B, D]; "
            f"got a {type(inputs).__name__}."
        )
    if not inputs:
        raise ValueError("inputs of static_rnn must hold at least one step; got an empty list.")


def _check_all_alike(steps: list[Any]) -> list[Any]:
    """Every step of static_rnn must look like the first."""
    for t, x in enumerate(steps):
        try:
            tf.nest.assert_same_structure(steps[0], x)
        except (TypeError, ValueError):
            raise ValueError(
                f"inputs[{t}] must have the structure of inputs[0]; got {describe(x)}."
            ) from None
        for a, b in zip(tf.nest.flatten(steps[0]), tf.nest.flatten(x)):
            if not a.shape.is_compatible_with(b.shape) or a.dtype != b.dtype:
                raise ValueError(
                    f"inputs[{t}] must be like inputs[0], of shape {a.shape} and dtype "
                    f"{a.dtype.name}; got shape {b.shape} and dtype {b.dtype.name}."
                )
    firsts = [tf.nest.flatten(x)[0] for x in steps]
    if all(size_of(x, 0) is not None for x in firsts):
        return steps
    rows = tf.stack([tf.shape(x)[0] for x in firsts])  # [T]
    same = tf.debugging.assert_equal(
        rows, rows[0], message="inputs of static_rnn must all have the rows of inputs[0]"
    )
    with after(same):
        return tf.nest.map_structure(tf.identity, steps)


def _check_apart(cell_fw: Cell, cell_bw: Cell) -> None:
    both = {id(cell) for cell in cells_inside(cell_fw)} & {id(c) for c in cells_inside(cell_bw)}
    if both:
        raise ValueError(
            "cell_fw and cell_bw hold the same cell object, so both directions would share one "
            "set of weights; make a cell for each, or pass share_weights=True."
        )
