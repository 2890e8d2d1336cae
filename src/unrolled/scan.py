"""The loop of `dynamic_rnn`: what makes it fast, in one place.

    for t in range(T):
        outputs[t], state = step(t, inputs[t], state)

is all that `scan` computes; tests compare it with this loop, gradients included. As a plain
`tf.while_loop` around one step it would be slower than it need be, for two reasons met here.

A turn of the loop costs more than a small step does. So a turn takes `unroll` steps, as in
`jax.lax.scan`; and where one turn would be enough for all, no loop is made.

The gradient of reading element t of a list is a list that is empty but for element t, and T such
lists have to be added up: T² elements are visited. The gradient of taking the top off a stack is
to put one on. So inputs lie on a stack, the first step on top, and outputs are put on another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unrolled.internal.checks import size_of, size_or_tensor

Step = Callable[[Any, Any, Any], tuple[Any, Any]]  # (t, x [B, ...], state) -> (y [B, ...], state)

# What is worth writing out without a loop: few steps of a small cell, whose arithmetic is not much
# more than what a turn costs. Beyond, the longer graph costs more to trace than it saves.
STEPS_WRITTEN_OUT = 32
WEIGHTS_WRITTEN_OUT = 2**18  # in all copies of the cell

ops = tf.raw_ops  # stacks of tensors: their only public names


def sensible_unroll(cell: Any, steps: int | None) -> int:
    """How many steps of `cell` a turn takes where nobody says: all T of them, or one."""
    variables = getattr(cell, "trainable_variables", None)
    if not steps or steps > STEPS_WRITTEN_OUT or variables is None:
        return 1  # what is not known may be large
    weights = sum(v.shape.num_elements() for v in variables)
    return steps if steps * weights <= WEIGHTS_WRITTEN_OUT else 1


def scan(
    step: Step,
    inputs: Any,
    state: Any,
    example: Any,
    *,
    unroll: int = 1,
    time_major: bool = True,
    **while_loop: Any,
) -> tuple[Any, Any]:
    """`step` from the first to the last step of `inputs`, each with the state the last one left.

    Args:
      step: a function of the number of the step, its inputs and a state.
      inputs: a structure of tensors [T, B, ...], or [B, T, ...] where `time_major` is False.
      state: the state before the first step.
      example: tensors of the structure, shape and dtype of what a step gives out; not read.
      unroll: how many steps one turn of the loop takes at most.
      while_loop: further arguments for `tf.while_loop`.

    Returns:
      The outputs [T, B, ...] (or [B, T, ...]), and the state after the last step.
    """
    axis = 0 if time_major else 1
    steps = size_of(tf.nest.flatten(inputs)[0], axis)
    if steps and (steps <= unroll or tf.executing_eagerly()):
        return _written_out(step, inputs, state, axis)
    if time_major:
        return _loop(step, inputs, state, example, unroll, while_loop)
    inputs = tf.nest.map_structure(swap_batch_and_time, inputs)  # [B, T, ...] -> [T, B, ...]
    outputs, state = _loop(step, inputs, state, example, unroll, while_loop)
    return tf.nest.map_structure(swap_batch_and_time, outputs), state


def swap_batch_and_time(x: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back."""
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])


def _written_out(step: Step, inputs: Any, state: Any, axis: int) -> tuple[Any, Any]:
    """One copy of the step after the other. `axis` is time's."""
    outputs = []
    for t, x in enumerate(zip(*(tf.unstack(x, axis=axis) for x in tf.nest.flatten(inputs)))):
        y, state = step(t, tf.nest.pack_sequence_as(inputs, x), state)
        outputs.append(y)
    return tf.nest.map_structure(lambda *ys: tf.stack(ys, axis=axis), *outputs), state


def _loop(
    step: Step, inputs: Any, state: Any, example: Any, unroll: int, while_loop: dict[str, Any]
) -> tuple[Any, Any]:
    frames, examples = tf.nest.flatten(inputs), tf.nest.flatten(example)  # [T, B, ...], [B, ...]
    known, steps = size_of(frames[0], 0), size_or_tensor(frames[0], 0)
    if known:
        unroll = known // -(-known // unroll)  # turns of equal length: fewer steps are left over
    kept: Any = _Stacks if tf.compat.v1.control_flow_v2_enabled() else _Arrays

    # In TensorFlow 1 the state was the loop's third variable, called `Exit_2` in old print-outs.
    def one_step(t: Any, outputs: Any, state: Any, left: Any) -> tuple[Any, Any, Any, Any]:
        left, x = kept.read(left, t, frames)
        y, state = step(t, tf.nest.pack_sequence_as(inputs, x), state)
        return t + 1, kept.write(outputs, t, tf.nest.flatten(y)), state, left

    def turns(length: int, values: Any) -> Any:
        """As many turns of `length` steps as fit into the steps that are left."""

        def body(*values: Any) -> Any:
            for _ in range(length):
                values = one_step(*values)
            return values

        return tf.while_loop(lambda t, *_: t <= steps - length, body, values, **while_loop)

    empty = kept.for_outputs(examples, steps)
    values = turns(unroll, (tf.constant(0), empty, state, kept.of_inputs(frames)))
    if known:
        for _ in range(known % unroll):
            values = one_step(*values)
    elif unroll > 1:
        values = turns(1, values)
    _, outputs, state, _ = values
    outputs = [kept.stacked(kept_y, y) for kept_y, y in zip(outputs, examples)]
    for y, one in zip(outputs, examples):
        y.set_shape([known, *one.shape])
    return tf.nest.pack_sequence_as(example, outputs), state


class _Stacks:
    """Inputs and outputs of a loop on stacks of tensors, as the text at the top explains."""

    @staticmethod
    def of_inputs(frames: list[tf.Tensor]) -> list[tf.Tensor]:
        return [
            ops.TensorListFromTensor(
                tensor=tf.reverse(frame, [0]), element_shape=_sizes(frame.shape[1:])
            )
            for frame in frames
        ]

    @staticmethod
    def for_outputs(examples: list[tf.Tensor], steps: Any) -> list[tf.Tensor]:
        return [
            ops.EmptyTensorList(
                element_shape=_sizes(y.shape), max_num_elements=-1, element_dtype=y.dtype
            )
            for y in examples
        ]

    @staticmethod
    def read(left: list[tf.Tensor], t: Any, frames: list[tf.Tensor]) -> tuple[Any, Any]:
        """The stacks without their tops, and the tops: inputs [B, ...] of one step."""
        popped = [
            ops.TensorListPopBack(
                input_handle=stack,
                element_shape=_sizes(frame.shape[1:]),
                element_dtype=frame.dtype,
            )
            for stack, frame in zip(left, frames)
        ]
        for (_, x), frame in zip(popped, frames):
            x.set_shape(frame.shape[1:])
        return [stack for stack, _ in popped], [x for _, x in popped]

    @staticmethod
    def write(outputs: list[tf.Tensor], t: Any, ys: list[tf.Tensor]) -> list[tf.Tensor]:
        return [
            ops.TensorListPushBack(input_handle=stack, tensor=y) for stack, y in zip(outputs, ys)
        ]

    @staticmethod
    def stacked(output: tf.Tensor, example: tf.Tensor) -> tf.Tensor:
        return ops.TensorListStack(
            input_handle=output, element_shape=tf.shape(example), element_dtype=example.dtype
        )


class _Arrays:
    """The same in `TensorArray`s: the loops of TensorFlow 1 find no gradient through a stack."""

    @staticmethod
    def of_inputs(frames: list[tf.Tensor]) -> list[tf.TensorArray]:
        return [
            tf.TensorArray(x.dtype, size_or_tensor(x, 0), element_shape=x.shape[1:]).unstack(x)
            for x in frames
        ]

    @staticmethod
    def for_outputs(examples: list[tf.Tensor], steps: Any) -> list[tf.TensorArray]:
        return [tf.TensorArray(y.dtype, steps, element_shape=y.shape) for y in examples]

    @staticmethod
    def read(left: list[tf.TensorArray], t: Any, frames: list[tf.Tensor]) -> tuple[Any, Any]:
        return left, [array.read(t) for array in left]

    @staticmethod
    def write(outputs: list[tf.TensorArray], t: Any, ys: list[tf.Tensor]) -> list[tf.TensorArray]:
        return [array.write(t, y) for array, y in zip(outputs, ys)]

    @staticmethod
    def stacked(output: tf.TensorArray, example: tf.Tensor) -> tf.Tensor:
        return output.stack()


def _sizes(shape: tf.TensorShape) -> list[int]:
    return [-1 if size is None else size for size in shape.as_list()]
