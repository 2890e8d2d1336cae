"""A loop in the graph whose steps choose their next input.

    outputs, state, lengths = dynamic_decode(decoder)

is this:

    t, (finished, inputs, state) = 0, decoder.initialize()
    while not all(finished):
        outputs[t], state, inputs, ended = decoder.step(t, inputs, state)
        t, finished = t + 1, finished | ended

The letters: B rows in the batch, T steps.
"""

from __future__ import annotations

import contextlib
import functools
from abc import ABC, abstractmethod
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import describe
from unrolled.tf1.shims import release


class Decoder(ABC):
    """What `dynamic_decode` runs: a first input and state, and a step."""

    @property
    def batch_size(self) -> Any:
        """B, a scalar int32 tensor."""
        raise NotImplementedError(f"{type(self).__name__} does not say its batch_size.")

    @property
    def output_size(self) -> Any:
        """The sizes of a step's outputs without the batch, in their structure."""
        raise NotImplementedError(f"{type(self).__name__} does not say its output_size.")

    @property
    def output_dtype(self) -> Any:
        """The dtypes of a step's outputs, in their structure."""
        raise NotImplementedError(f"{type(self).__name__} does not say its output_dtype.")

    @property
    def tracks_own_finished(self) -> bool:
        """Whether `step` returns all rows that are finished and not only those that end there."""
        return False

    @abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        """Returns (finished [B], the first inputs, the initial state)."""

    @abstractmethod
    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        """Returns (outputs, next state, next inputs, finished [B])."""

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        """Returns what `dynamic_decode` returns of all steps, time-major: here both unchanged."""
        return outputs, final_state


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, ...]:
    """Run a decoder in a loop inside the graph until every row is finished.

    The step at which a row ends counts in its length. The loop goes on until all rows have ended;
    without `impute_finished`, the outputs also hold what the finished rows give in the meantime.

    Args:
      decoder: a `Decoder`.
      output_time_major: the outputs are [T, B, ...] and not [B, T, ...] (default: False).
      impute_finished: outputs past the end of a row are zeros and its state does not change, so
        that the final state is that at the row's own end (default: False).
      maximum_iterations: the greatest number of steps, an int32 scalar (default: no limit).
      parallel_iterations, swap_memory: of `tf.while_loop` (default: 32 and False).
      scope: the variable scope (default: "decoder").

    Returns:
      (outputs, final state, lengths [B]) as TensorFlow has returned them since 1.2; the first two
      alone, as 1.1 did, where the environment variable UNROLLED_TF1_RELEASE is 1.1. T is the number
      of steps taken.

    Raises:
      TypeError: `decoder` is not a `Decoder`.
      ValueError: `maximum_iterations` is not a scalar; or `impute_finished` with beams.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(
            "decoder must be a Decoder, such as BasicDecoder(cell, helper, initial_state); got "
            f"{describe(decoder)}."
        )
    with_lengths = release.decoding_returns_lengths()
    with tf.variable_scope(scope, "decoder"):
        if maximum_iterations is not None:
            maximum_iterations = tf.convert_to_tensor(maximum_iterations, tf.int32)
            if maximum_iterations.shape.rank != 0:
                raise ValueError(
                    "maximum_iterations must be a scalar, one limit for all rows; got shape "
                    f"{maximum_iterations.shape}."
                )
        finished, inputs, state = decoder.initialize()
        arrays = tf.nest.map_structure(
            functools.partial(_array, tf.get_static_value(decoder.batch_size)),
            decoder.output_size,
            decoder.output_dtype,
        )
        lengths = tf.zeros_like(finished, tf.int32)

        def body(
            time: Any, arrays: Any, state: Any, inputs: Any, finished: Any, lengths: Any
        ) -> tuple[Any, ...]:
            outputs, next_state, next_inputs, ended = decoder.step(time, inputs, state)
            tf.nest.assert_same_structure(arrays, outputs)
            tf.nest.assert_same_structure(state, next_state)
            tf.nest.assert_same_structure(inputs, next_inputs)
            lengths = tf.where(finished, lengths, tf.fill(tf.shape(lengths), time + 1))
            if impute_finished:
                outputs = tf.nest.map_structure(
                    lambda y: tf.where(finished, tf.zeros_like(y), y), outputs
                )
                next_state = tf.nest.map_structure(
                    lambda old, new: _stand_still(finished, old, new), state, next_state
                )
            arrays = tf.nest.map_structure(lambda array, y: array.write(time, y), arrays, outputs)
            if not decoder.tracks_own_finished:
                ended = tf.logical_or(ended, finished)
            return time + 1, arrays, next_state, next_inputs, ended, lengths

        _, arrays, state, _, _, lengths = tf.while_loop(
            lambda time, arrays, state, inputs, finished, lengths: tf.logical_not(
                tf.reduce_all(finished)
            ),
            body,
            (tf.constant(0), arrays, state, inputs, finished, lengths),
            parallel_iterations=parallel_iterations,
            swap_memory=swap_memory,
            maximum_iterations=maximum_iterations,
        )
        outputs = tf.nest.map_structure(lambda array: array.stack(), arrays)  # [T, B, ...]
        with contextlib.suppress(NotImplementedError):
            outputs, state = decoder.finalize(outputs, state, lengths)
        if not output_time_major:
            outputs = tf.nest.map_structure(swap_batch_and_time, outputs)  # [B, T, ...]
        return (outputs, state, lengths) if with_lengths else (outputs, state)


def _array(batch: Any, size: Any, dtype: Any) -> tf.TensorArray:
    """For the outputs of all steps, each [B, *size]; a size that is a number is seen at step 0."""
    shape = None
    if isinstance(size, tf.TensorShape) and size.rank != 0:
        shape = tf.TensorShape([None if batch is None else int(batch)]).concatenate(size)
    return tf.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape)


def _stand_still(finished: tf.Tensor, old: Any, new: Any) -> Any:
    """The old state for rows that are finished; a part without rows takes its new value."""
    if isinstance(new, tf.TensorArray):
        return new
    new.set_shape(old.shape)
    if new.shape.rank == 0:
        return new
    if finished.shape.rank not in (None, 1) and new.shape != finished.shape:
        raise ValueError(
            "impute_finished must be False for a decoder of beams, which move from row to row; a "
            "beam that has ended takes the end token from then on all the same."
        )
    return tf.where(finished, old, new)


def swap_batch_and_time(x: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back; a tensor of fewer axes stays as it is."""
    if x.shape.rank in (0, 1):
        return x
    return tf.transpose(x, tf.concat([[1, 0], tf.range(2, tf.rank(x))], axis=0))
