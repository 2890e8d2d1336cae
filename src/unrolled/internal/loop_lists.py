"""The inputs and outputs of a loop in the graph: lists of tensors, one element for each step.

    frames = Frames(inputs, example, to_the_end=True)      # inputs [T, B, ...]
    outputs, left = frames.outputs(), frames.inputs()
    x, left = frames.take(left, t)                # [B, ...], inside the loop
    outputs = frames.put(outputs, t, y)
    frames.stacked(outputs)                       # [T, B, ...], zeros where nothing was put

The gradient of reading element t of a list is a list that is empty but for element t, and T such
lists have to be added up: T² elements are visited. The gradient of taking the top off a stack is to
put one on. So where a gradient may follow, inputs are kept on a stack, the first step on top, and
outputs are put on another, unless the loop may end before T. TFLite has no stacks, and a list costs
the same there; the loops of TensorFlow 1 find no gradient through a stack.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.internal.tracing import a_gradient_may_follow

ops = tf.raw_ops  # lists of tensors: their only public names


class Frames:
    """A structure of inputs [T, B, ...], and the lists that a loop over them needs."""

    def __init__(self, inputs: Any, example: Any, to_the_end: bool):
        """What a loop over `inputs` needs.

        `example` has the structure, shape and dtype of one step's output; `to_the_end` says that
        the loop runs all T steps.
        """
        self.inputs_like, self.example = inputs, example
        self.frames, self.examples = tf.nest.flatten(inputs), tf.nest.flatten(example)
        self.steps = size_or_tensor(self.frames[0], 0)
        self.in_lists = tf.compat.v1.control_flow_v2_enabled()
        self.on_a_stack = self.in_lists and a_gradient_may_follow()
        self.onto_a_stack = self.on_a_stack and to_the_end

    def inputs(self) -> list[Any]:
        """All inputs, to be taken from."""
        if not self.in_lists:
            return [
                tf.TensorArray(x.dtype, self.steps, element_shape=x.shape[1:]).unstack(x)
                for x in self.frames
            ]
        return [
            ops.TensorListFromTensor(
                tensor=tf.reverse(x, [0]) if self.on_a_stack else x,
                element_shape=_sizes(x.shape[1:]),
            )
            for x in self.frames
        ]

    def take(self, left: list[Any], t: Any) -> tuple[Any, list[Any]]:
        """The inputs [B, ...] of step t, and what is left."""
        taken, rest = [], []
        for each, frame in zip(left, self.frames):
            kind = {"element_shape": _sizes(frame.shape[1:]), "element_dtype": frame.dtype}
            if not self.in_lists:
                x = each.read(t)
            elif self.on_a_stack:
                each, x = ops.TensorListPopBack(input_handle=each, **kind)
            else:
                x = ops.TensorListGetItem(input_handle=each, index=t, **kind)
            x.set_shape(frame.shape[1:])
            taken.append(x)
            rest.append(each)
        return tf.nest.pack_sequence_as(self.inputs_like, taken), rest

    def outputs(self) -> list[Any]:
        """Lists of T outputs to come."""
        if not self.in_lists:
            return [
                tf.TensorArray(y.dtype, self.steps, element_shape=y.shape) for y in self.examples
            ]
        if self.onto_a_stack:
            return [
                ops.EmptyTensorList(
                    element_shape=_known_or_tensor(y),
                    max_num_elements=self.steps,  # XLA asks for it
                    element_dtype=y.dtype,
                )
                for y in self.examples
            ]
        return [
            ops.TensorListReserve(
                element_shape=_known_or_tensor(y), num_elements=self.steps, element_dtype=y.dtype
            )
            for y in self.examples
        ]

    def put(self, outputs: list[Any], t: Any, y: Any) -> list[Any]:
        """The lists with the output of step t."""
        tf.nest.assert_same_structure(self.example, y)
        if not self.in_lists:
            return [each.write(t, one) for each, one in zip(outputs, tf.nest.flatten(y))]
        pairs = zip(outputs, tf.nest.flatten(y))
        if self.onto_a_stack:
            return [ops.TensorListPushBack(input_handle=each, tensor=one) for each, one in pairs]
        return [ops.TensorListSetItem(input_handle=each, index=t, item=one) for each, one in pairs]

    def stacked(self, outputs: list[Any]) -> Any:
        """The outputs of all steps, [T, B, ...]."""
        stacks = [self._stack(each, y) for each, y in zip(outputs, self.examples)]
        for stack, y in zip(stacks, self.examples):
            stack.set_shape([size_of(self.frames[0], 0), *y.shape])
        return tf.nest.pack_sequence_as(self.example, stacks)

    def _stack(self, output: Any, example: tf.Tensor) -> tf.Tensor:
        if not self.in_lists:
            return output.stack()
        return ops.TensorListStack(
            input_handle=output,
            element_shape=_known_or_tensor(example),
            element_dtype=example.dtype,
            num_elements=size_of(self.frames[0], 0) or -1,
        )


def _sizes(shape: tf.TensorShape) -> np.ndarray:
    return np.array([-1 if size is None else size for size in shape.as_list()], np.int32)


def _known_or_tensor(y: tf.Tensor) -> Any:
    return _sizes(y.shape) if y.shape.is_fully_defined() else tf.shape(y)
