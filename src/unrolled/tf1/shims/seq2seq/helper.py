"""Helpers: what a `BasicDecoder` draws from its output at a step, and what its next input is.

    helper = TrainingHelper(inputs, lengths)           # feeds these inputs [B, T, D]
    helper = GreedyEmbeddingHelper(table, start, end)  # or feeds back the likeliest class

The letters: B rows in the batch, T steps, D inputs, C classes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import describe
from unrolled.tf1.shims.seq2seq.decoder import swap_batch_and_time


class Helper(ABC):
    """Decides at each step of a `BasicDecoder` which symbol is drawn, and which input is next."""

    @property
    @abstractmethod
    def batch_size(self) -> Any:
        """B, a scalar int32 tensor."""

    # Helpers of the first releases did not have these two.
    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        """The shape of what `sample` returns, without the batch."""
        return tf.TensorShape([])

    @property
    def sample_ids_dtype(self) -> tf.DType:
        """The dtype of what `sample` returns."""
        return tf.int32

    @abstractmethod
    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        """Returns (finished [B], the first inputs)."""

    @abstractmethod
    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        """Returns what is drawn from the outputs of a step."""

    @abstractmethod
    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        """Returns (finished [B], the next inputs, the next state)."""


class CustomHelper(Helper):
    """A helper made of three functions.

    Args:
      initialize_fn: () -> (finished, inputs).
      sample_fn: (time, outputs, state) -> sample_ids.
      next_inputs_fn: (time, outputs, state, sample_ids) -> (finished, inputs, state).
      sample_ids_shape, sample_ids_dtype: of what `sample_fn` returns for one row (default: a scalar
        and int32).
    """

    def __init__(
        self,
        initialize_fn: Callable[..., Any],
        sample_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any],
        sample_ids_shape: Any = None,
        sample_ids_dtype: Any = None,
    ):
        self._initialize_fn = initialize_fn
        self._sample_fn = sample_fn
        self._next_inputs_fn = next_inputs_fn
        self._sample_ids_shape = tf.TensorShape(sample_ids_shape or [])
        self._sample_ids_dtype = tf.as_dtype(sample_ids_dtype or tf.int32)
        self._batch_size: Any = None

    @property
    def batch_size(self) -> Any:
        if self._batch_size is None:
            raise ValueError(
                "batch_size of a CustomHelper is not known before initialize(); call that first."
            )
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        return self._sample_ids_shape

    @property
    def sample_ids_dtype(self) -> tf.DType:
        return self._sample_ids_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        finished, inputs = self._initialize_fn()
        if self._batch_size is None:
            self._batch_size = tf.size(finished)
        return finished, inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return self._sample_fn(time=time, outputs=outputs, state=state)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        return self._next_inputs_fn(time=time, outputs=outputs, state=state, sample_ids=sample_ids)


class TrainingHelper(Helper):
    """Feeds the given inputs, whatever the outputs; the samples are the likeliest classes.

    Args:
      inputs: [B, T, D], or [T, B, D] with `time_major`; or a tuple or mapping of such.
      sequence_length: [B], after how many steps each row is finished.
      time_major: whether the steps are the first axis of the inputs (default: False).

    Raises:
      ValueError: `sequence_length` is not a vector.
    """

    def __init__(
        self,
        inputs: Any,
        sequence_length: Any,
        time_major: bool = False,
        name: str | None = None,
    ):
        with tf.name_scope(name, "TrainingHelper"):
            self._inputs = _as_tensors(inputs)
            lengths = tf.convert_to_tensor(sequence_length, name="sequence_length")
            if lengths.shape.rank != 1:
                raise ValueError(
                    "sequence_length must be a vector [B], one length for each row of the batch; "
                    f"got shape {lengths.shape}."
                )
            self._sequence_length = tf.cast(lengths, tf.int32)
            frames = self._inputs
            if not time_major:
                frames = tf.nest.map_structure(swap_batch_and_time, frames)
            self._input_tas = tf.nest.map_structure(unstacked, frames)
            self._zero_inputs = tf.nest.map_structure(  # [B, D]
                lambda x: tf.zeros(tf.shape(x)[1:], x.dtype), frames
            )
            self._batch_size = tf.size(lengths)

    @property
    def inputs(self) -> Any:
        return self._inputs

    @property
    def sequence_length(self) -> tf.Tensor:
        return self._sequence_length

    @property
    def batch_size(self) -> tf.Tensor:
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return self._frame(0)

    def sample(self, time: Any, outputs: Any, state: Any = None, name: str | None = None) -> Any:
        return likeliest(outputs)

    def next_inputs(
        self,
        time: Any,
        outputs: Any,
        state: Any,
        sample_ids: Any = None,
        name: str | None = None,
    ) -> tuple[Any, Any, Any]:
        finished, inputs = self._frame(time + 1)
        return finished, inputs, state

    def _frame(self, time: Any) -> tuple[tf.Tensor, Any]:
        """Which rows end before this step, and its inputs [B, D]."""
        finished = self._sequence_length <= time
        inputs = tf.cond(  # after the last step there may be no inputs to read
            tf.reduce_all(finished),
            lambda: self._zero_inputs,
            lambda: tf.nest.map_structure(lambda array: array.read(time), self._input_tas),
        )
        return finished, inputs


class GreedyEmbeddingHelper(Helper):
    """Feeds back the likeliest class, embedded; a row is finished when that is the end token.

    Args:
      embedding: a function from class numbers [B] to inputs [B, D], or the table [C, D] itself.
      start_tokens: [B], the class numbers to start from.
      end_token: the class number that ends a row.

    Raises:
      ValueError: `start_tokens` is not a vector, or `end_token` not a scalar.
    """

    def __init__(self, embedding: Any, start_tokens: Any, end_token: Any):
        self._embedding_fn = as_function(embedding)
        self._start_tokens, self._end_token = tokens(start_tokens, end_token)
        self._batch_size = tf.size(self._start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)  # [B] -> [B, D]

    @property
    def batch_size(self) -> tf.Tensor:
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return tf.zeros_like(self._start_tokens, tf.bool), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return likeliest(outputs)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        finished = tf.equal(sample_ids, self._end_token)  # [B]
        inputs = tf.cond(  # nothing reads the inputs after the last step
            tf.reduce_all(finished),
            lambda: self._start_inputs,
            lambda: self._embedding_fn(sample_ids),
        )
        return finished, inputs, state


class SampleEmbeddingHelper(GreedyEmbeddingHelper):
    """Feeds back a class drawn by its probability, embedded.

    Args:
      embedding, start_tokens, end_token: as for `GreedyEmbeddingHelper`.
      softmax_temperature: divides the logits; above 1 the draws are more even, below 1 less
        (default: 1).
      seed: makes the draws repeatable (default: new draws in each session).

    Raises:
      As `GreedyEmbeddingHelper`.
    """

    def __init__(
        self,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        softmax_temperature: Any = None,
        seed: int | None = None,
    ):
        super().__init__(embedding, start_tokens, end_token)
        self._softmax_temperature = softmax_temperature
        self._seed = seed

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        logits = one_tensor(outputs)
        if self._softmax_temperature is not None:
            logits = logits / self._softmax_temperature
        return drawn(logits, self._seed)


class InferenceHelper(Helper):
    """Feeds back what functions make of the output.

    Args:
      sample_fn: outputs -> sample_ids.
      sample_shape, sample_dtype: of what `sample_fn` returns for one row.
      start_inputs: [B, D].
      end_fn: sample_ids -> finished [B].
      next_inputs_fn: sample_ids -> inputs [B, D] (default: the samples are the inputs).
    """

    def __init__(
        self,
        sample_fn: Callable[..., Any],
        sample_shape: Any,
        sample_dtype: Any,
        start_inputs: Any,
        end_fn: Callable[..., Any],
        next_inputs_fn: Callable[..., Any] | None = None,
    ):
        self._sample_fn, self._end_fn, self._next_inputs_fn = sample_fn, end_fn, next_inputs_fn
        self._sample_shape = tf.TensorShape(sample_shape)
        self._sample_dtype = tf.as_dtype(sample_dtype)
        self._start_inputs = tf.convert_to_tensor(start_inputs, name="start_inputs")
        self._batch_size = tf.shape(self._start_inputs)[0]

    @property
    def batch_size(self) -> tf.Tensor:
        return self._batch_size

    @property
    def sample_ids_shape(self) -> tf.TensorShape:
        return self._sample_shape

    @property
    def sample_ids_dtype(self) -> tf.DType:
        return self._sample_dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return tf.fill([self._batch_size], False), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return self._sample_fn(outputs)

    def next_inputs(
        self, time: Any, outputs: Any, state: Any, sample_ids: Any, name: str | None = None
    ) -> tuple[Any, Any, Any]:
        inputs = sample_ids if self._next_inputs_fn is None else self._next_inputs_fn(sample_ids)
        return self._end_fn(sample_ids), inputs, state


def as_function(embedding: Any) -> Callable[[Any], Any]:
    """The lookup in a table [C, D]; a function as it is."""
    if callable(embedding):
        return embedding
    return lambda ids: tf.nn.embedding_lookup(embedding, ids)


def tokens(start_tokens: Any, end_token: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """[B] and a scalar, as int32; or a ValueError."""
    start = tf.convert_to_tensor(start_tokens, tf.int32, name="start_tokens")
    end = tf.convert_to_tensor(end_token, tf.int32, name="end_token")
    if start.shape.rank != 1:
        raise ValueError(
            "start_tokens must be a vector [B], one class number for each row of the batch; "
            f"got shape {start.shape}."
        )
    if end.shape.rank != 0:
        raise ValueError(f"end_token must be one class number; got shape {end.shape}.")
    return start, end


def one_tensor(outputs: Any) -> tf.Tensor:
    """The outputs of a cell as logits, or a TypeError where they are a structure."""
    if not tf.is_tensor(outputs):
        raise TypeError(
            f"outputs must be one tensor of logits [B, C]; got {describe(outputs)}; use a helper "
            "of your own, whose sample() picks one of them."
        )
    return outputs


def likeliest(logits: Any) -> tf.Tensor:
    """[B, C] -> [B]."""
    return tf.argmax(one_tensor(logits), axis=-1, output_type=tf.int32)


def drawn(logits: tf.Tensor, seed: int | None) -> tf.Tensor:
    """Class numbers drawn by their probabilities: [..., C] -> [...]."""
    rows = tf.reshape(logits, [-1, tf.shape(logits)[-1]])
    draws = tf.random.categorical(rows, 1, dtype=tf.int32, seed=seed)  # [B, 1]
    ids = tf.reshape(draws, tf.shape(logits)[:-1])
    ids.set_shape(logits.shape[:-1])
    return ids


def unstacked(frames: tf.Tensor) -> tf.TensorArray:
    """[T, B, D] as T elements [B, D]."""
    steps, shape = tf.shape(frames)[0], frames.shape[1:]
    return tf.TensorArray(frames.dtype, steps, element_shape=shape).unstack(frames)


def _as_tensors(inputs: Any) -> Any:
    """Tuples and mappings are structures; a list is data, as TensorFlow reads it."""
    if isinstance(inputs, (tuple, dict)):
        return tf.nest.map_structure(tf.convert_to_tensor, inputs)
    return tf.convert_to_tensor(inputs, name="inputs")
