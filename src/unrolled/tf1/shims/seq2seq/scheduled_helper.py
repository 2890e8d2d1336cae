"""Helpers that feed the given inputs at some steps and what the decoder said at others.

Scheduled sampling: Bengio, Vinyals, Jaitly and Shazeer (2015). Each row of each step is decided by
a draw of its own. The letters: B rows in the batch, T steps, D inputs, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.seq2seq.decoder import swap_batch_and_time
from unrolled.tf1.shims.seq2seq.helper import (
    TrainingHelper,
    as_function,
    drawn,
    one_tensor,
    unstacked,
)


class ScheduledEmbeddingTrainingHelper(TrainingHelper):
    """Feeds a class drawn by its probability, embedded, at some steps; the given inputs at others.

    Its `sample_ids` are the classes drawn, and -1 where the inputs are fed.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      embedding: a function from class numbers [N] to inputs [N, D], or the table [C, D] itself.
      sampling_probability: of feeding a drawn class, a scalar or [B].
      seed: of the classes (default: new draws in each session).
      scheduling_seed: of the decisions (default: new draws in each session).

    Raises:
      ValueError: `sequence_length` is not a vector, or the probability neither scalar nor vector.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        embedding: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        scheduling_seed: int | None = None,
        name: str | None = None,
    ):
        with tf.name_scope(name, "ScheduledEmbeddingSamplingWrapper"):
            self._embedding_fn = as_function(embedding)
            self._sampling_probability = _probability(sampling_probability)
            self._seed, self._scheduling_seed = seed, scheduling_seed
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        seed = self._scheduling_seed
        chosen = _decided(self._sampling_probability, self.batch_size, seed, outputs)
        ids = drawn(one_tensor(outputs), self._seed)
        return tf.where(chosen, ids, tf.fill(tf.shape(ids), -1))

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        finished, inputs, state = super().next_inputs(time, outputs, state, sample_ids)
        inputs = tf.cond(
            tf.reduce_all(finished),
            lambda: inputs,
            lambda: _mixed(
                sample_ids > -1,
                lambda rows: self._embedding_fn(tf.gather(sample_ids, rows)),
                inputs,
            ),
        )
        return finished, inputs, state


class ScheduledOutputTrainingHelper(TrainingHelper):
    """Feeds the decoder's own output at some steps, and the given inputs at others.

    Its `sample_ids` are 1 where the output is fed, and else 0.

    Args:
      inputs, sequence_length, time_major: as for `TrainingHelper`.
      sampling_probability: of feeding the output, a scalar or [B].
      seed: of the decisions (default: new draws in each session).
      next_inputs_fn: outputs [N, U] -> inputs [N, D] (default: the outputs are the inputs).
      auxiliary_inputs: [B, T, A], or [T, B, A] with `time_major`; joined at the end of what is fed
        at each step (default: none).

    Raises:
      ValueError: `sequence_length` is not a vector, or the probability neither scalar nor vector.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        sampling_probability: Any,
        time_major: bool = False,
        seed: int | None = None,
        next_inputs_fn: Callable[..., Any] | None = None,
        auxiliary_inputs: Any = None,
        name: str | None = None,
    ):
        with tf.name_scope(name, "ScheduledOutputTrainingHelper"):
            self._sampling_probability = _probability(sampling_probability)
            self._seed, self._next_inputs_fn = seed, next_inputs_fn
            self._auxiliary_input_tas = None
            if auxiliary_inputs is not None:
                more = tf.convert_to_tensor(auxiliary_inputs, name="auxiliary_inputs")
                inputs = tf.concat([tf.convert_to_tensor(inputs), more], axis=-1)
                frames = more if time_major else swap_batch_and_time(more)
                self._auxiliary_input_tas = unstacked(frames)
            super().__init__(inputs, sequence_length, time_major, name)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        chosen = _decided(self._sampling_probability, self.batch_size, self._seed, outputs)
        return tf.cast(chosen, tf.int32)

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        finished, inputs, state = super().next_inputs(time, outputs, state, sample_ids)
        chosen = tf.cast(sample_ids, tf.bool)

        def from_outputs(rows: tf.Tensor) -> tf.Tensor:
            own = tf.gather(outputs, rows)
            own = own if self._next_inputs_fn is None else self._next_inputs_fn(own)
            if self._auxiliary_input_tas is None:
                return own
            more = tf.gather(self._auxiliary_input_tas.read(time + 1), rows)
            return tf.concat([own, more], axis=-1)

        inputs = tf.cond(
            tf.reduce_all(finished) | ~tf.reduce_any(chosen),
            lambda: inputs,
            lambda: _mixed(chosen, from_outputs, inputs),
        )
        return finished, inputs, state


def _probability(value: Any) -> tf.Tensor:
    probability = tf.convert_to_tensor(value, name="sampling_probability")
    if probability.shape.rank not in (0, 1):
        raise ValueError(
            "sampling_probability must be a scalar, or a vector [B] with one for each row; got "
            f"shape {probability.shape}."
        )
    return probability


def _decided(probability: tf.Tensor, batch: Any, seed: int | None, outputs: Any) -> tf.Tensor:
    """Which rows feed back what the decoder said, [B]."""
    # After the outputs: steps that wait for nothing run in any order, and a seed would not help.
    with tf.control_dependencies(tf.nest.flatten(outputs)):
        return tf.random_uniform([batch], seed=seed, dtype=probability.dtype) < probability


def _mixed(chosen: tf.Tensor, make: Callable[[tf.Tensor], tf.Tensor], others: Any) -> Any:
    """[B, D]: what `make` returns for the numbers of the chosen rows, and the rest of `others`.

    Chosen rows alone are made: a function may be slow, or not defined for the others.
    """
    rows = tf.where(chosen)  # [N, 1]
    made = tf.scatter_nd(rows, make(rows[:, 0]), tf.shape(others, out_type=tf.int64))
    mixed = tf.where_v2(chosen[:, tf.newaxis], made, others)
    return tf.ensure_shape(mixed, others.shape)
