"""`tf.contrib.seq2seq`: the loss of a sequence, and decoders whose steps choose the next input.

    helper = TrainingHelper(inputs, lengths)           # feeds these inputs [B, T, D]
    helper = GreedyEmbeddingHelper(table, start, end)  # or feeds back the likeliest symbol
    decoder = BasicDecoder(cell, helper, initial_state, output_layer)
    outputs, state, lengths = dynamic_decode(decoder)

`dynamic_decode` is this loop inside the graph:

    t, (finished, inputs, state) = 0, decoder.initialize()
    while not all(finished):
        outputs[t], state, inputs, ended = decoder.step(t, inputs, state)
        t, finished = t + 1, finished | ended

A decoder defines the step; that of a `BasicDecoder` is a cell, an output layer and a helper, which
draws a symbol from the output and makes the next input from it. The letters: B rows in the
batch, T steps, D inputs, U units, C classes.
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

import unrolled.losses
from unrolled.internal.checks import check_cell, describe


def sequence_loss(
    logits: Any,
    targets: Any,
    weights: Any,
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    sum_over_timesteps: Any = False,
    sum_over_batch: Any = False,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """`unrolled.sequence_loss` with the arguments of all releases of TensorFlow 1.

    1.14 put `sum_over_timesteps` and `sum_over_batch` in front of `softmax_loss_function`. Both
    orders work: a function or None in the sixth place is the loss function of 1.0 to 1.13, and
    what follows it there is the name.

    Args:
      logits: [B, T, C].
      targets: [B, T], class numbers; with a `softmax_loss_function`, what that takes as labels.
      weights: [B, T].
      average_across_timesteps, average_across_batch: sum over the axis and divide by the sum of
        the weights (default: True).
      sum_over_timesteps, sum_over_batch: sum over the axis and, in spite of the names, divide by
        the number of weights that are not 0; used if neither axis is averaged (default: False).
      softmax_loss_function: called with labels [B*T] and logits [B*T, C]; returns [B*T] (default:
        the cross-entropy).

    Returns:
      A scalar, [B], [T] or [B, T], depending on which axes are summed.

    Raises:
      ValueError: one axis is both averaged and summed.
      And as `unrolled.sequence_loss`.
    """
    if sum_over_timesteps is None or callable(sum_over_timesteps):
        softmax_loss_function = softmax_loss_function or sum_over_timesteps
        sum_over_timesteps = False
        if isinstance(sum_over_batch, str):
            name, sum_over_batch = sum_over_batch, False
    for axis, averaged, summed in (
        ("timesteps", average_across_timesteps, sum_over_timesteps),
        ("batch", average_across_batch, sum_over_batch),
    ):
        if averaged and summed:
            raise ValueError(
                f"average_across_{axis} and sum_over_{axis} must not both be true; "
                f"got {averaged!r} and {summed!r}; give average_across_{axis}=False."
            )
    with tf.name_scope(name, "sequence_loss"):
        function = None
        if softmax_loss_function is not None:
            given = tf.reshape(targets, [-1])  # [B, T] -> [B*T]

            def function(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
                return call_softmax_loss(softmax_loss_function, given, logits)

            # The targets need not be class numbers of the logits here: a sampled softmax takes the
            # inputs of the last layer as logits. So these zeros pass the check in their place.
            targets = tf.zeros_like(targets, tf.int32)
        loss = unrolled.losses.sequence_loss(
            logits,
            targets,
            weights,
            bool(average_across_timesteps),
            bool(average_across_batch),
            function,
        )
        axes = [0] * bool(sum_over_batch) + [1] * bool(sum_over_timesteps)
        if not axes or average_across_timesteps or average_across_batch:
            return loss
        count = tf.cast(tf.math.count_nonzero(weights, axis=axes), loss.dtype)
        return tf.math.divide_no_nan(tf.reduce_sum(loss, axes), count)


def call_softmax_loss(
    function: Callable[..., tf.Tensor], labels: tf.Tensor, logits: tf.Tensor
) -> tf.Tensor:
    """Call a loss function as its release did.

    Before 1.0 it took (inputs, labels), in 1.0 (labels, logits), both by position; from 1.1 on it
    took the keywords `labels` and `logits`.
    """
    parameters = inspect.signature(function).parameters
    if {"labels", "logits"} <= set(parameters) or any(
        p.kind is p.VAR_KEYWORD for p in parameters.values()
    ):
        return function(labels=labels, logits=logits)
    if list(parameters)[1:2] == ["labels"]:
        return function(logits, labels)
    return function(labels, logits)


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
      inputs: [B, T, D], or [T, B, D] with `time_major`.
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
            self._inputs = tf.convert_to_tensor(inputs, name="inputs")
            lengths = tf.convert_to_tensor(sequence_length, name="sequence_length")
            if lengths.shape.rank != 1:
                raise ValueError(
                    "sequence_length must be a vector [B], one length for each row of the batch; "
                    f"got shape {lengths.shape}."
                )
            self._sequence_length = tf.cast(lengths, tf.int32)
            frames = self._inputs if time_major else _swap_batch_and_time(self._inputs)
            self._frames = tf.TensorArray(
                frames.dtype, tf.shape(frames)[0], element_shape=frames.shape[1:]
            ).unstack(frames)
            self._zero_inputs = tf.zeros(tf.shape(frames)[1:], frames.dtype)  # [B, D]
            self._batch_size = tf.size(lengths)

    @property
    def inputs(self) -> tf.Tensor:
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
        return _likeliest(outputs)

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

    def _frame(self, time: Any) -> tuple[tf.Tensor, tf.Tensor]:
        """Which rows end before this step, and its inputs [B, D]."""
        finished = self._sequence_length <= time
        inputs = tf.cond(  # after the last step there may be no inputs to read
            tf.reduce_all(finished), lambda: self._zero_inputs, lambda: self._frames.read(time)
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
        self._embedding_fn = (
            embedding if callable(embedding) else lambda ids: tf.nn.embedding_lookup(embedding, ids)
        )
        self._start_tokens = tf.convert_to_tensor(start_tokens, tf.int32, name="start_tokens")
        self._end_token = tf.convert_to_tensor(end_token, tf.int32, name="end_token")
        if self._start_tokens.shape.rank != 1:
            raise ValueError(
                "start_tokens must be a vector [B], one class number for each row of the batch; "
                f"got shape {self._start_tokens.shape}."
            )
        if self._end_token.shape.rank != 0:
            raise ValueError(
                f"end_token must be one class number; got shape {self._end_token.shape}."
            )
        self._batch_size = tf.size(self._start_tokens)
        self._start_inputs = self._embedding_fn(self._start_tokens)  # [B] -> [B, D]

    @property
    def batch_size(self) -> tf.Tensor:
        return self._batch_size

    def initialize(self, name: str | None = None) -> tuple[Any, Any]:
        return tf.zeros_like(self._start_tokens, tf.bool), self._start_inputs

    def sample(self, time: Any, outputs: Any, state: Any, name: str | None = None) -> Any:
        return _likeliest(outputs)

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
        if self._softmax_temperature is not None:
            outputs = outputs / self._softmax_temperature
        draws = tf.random.categorical(outputs, 1, dtype=tf.int32, seed=self._seed)  # [B, 1]
        return tf.squeeze(draws, axis=1)  # [B]


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


class BasicDecoderOutput(NamedTuple):
    """What a step of a `BasicDecoder` gives."""

    rnn_output: Any  # [B, U], or what the output layer makes of it
    sample_id: Any  # [B]


class BasicDecoder(Decoder):
    """A step is a cell, then an output layer, then what a helper makes of the output.

    Args:
      cell: any cell.
      helper: a `Helper`.
      initial_state: of the cell.
      output_layer: a layer such as `tf.layers.Dense`, applied before the helper reads the output
        (default: none).

    Raises:
      TypeError: `cell` is not a cell, `helper` not a `Helper`, or `output_layer` not a layer.
    """

    def __init__(self, cell: Any, helper: Helper, initial_state: Any, output_layer: Any = None):
        check_cell(cell)
        if not isinstance(helper, Helper):
            raise TypeError(
                "helper must be a Helper, such as TrainingHelper(inputs, sequence_length); got "
                f"{describe(helper)}."
            )
        if output_layer is not None and not (
            callable(output_layer)
            and (hasattr(output_layer, "compute_output_shape") or hasattr(output_layer, "units"))
        ):
            raise TypeError(
                "output_layer must be a layer, such as tf.layers.Dense(units); got "
                f"{describe(output_layer)}."
            )
        self._cell = cell
        self._helper = helper
        self._initial_state = initial_state
        self._output_layer = output_layer

    @property
    def batch_size(self) -> Any:
        return self._helper.batch_size

    @property
    def output_size(self) -> BasicDecoderOutput:
        size = self._cell.output_size
        if hasattr(self._output_layer, "compute_output_shape"):
            shape = tf.TensorShape([None]).concatenate(size)
            size = tf.TensorShape(self._output_layer.compute_output_shape(shape))[1:]
        elif self._output_layer is not None:
            size = tf.TensorShape([self._output_layer.units])
        return BasicDecoderOutput(size, self._helper.sample_ids_shape)

    @property
    def output_dtype(self) -> BasicDecoderOutput:
        dtype = tf.nest.flatten(self._initial_state)[0].dtype
        outputs = tf.nest.map_structure(lambda _: dtype, self.output_size.rnn_output)
        return BasicDecoderOutput(outputs, self._helper.sample_ids_dtype)

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        finished, inputs = self._helper.initialize()
        return finished, inputs, self._initial_state

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        with tf.name_scope(name, "BasicDecoderStep"):
            outputs, state = self._cell(inputs, state)  # [B, D] -> [B, U]
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)  # [B, U] -> [B, C]
            sample_ids = self._helper.sample(time=time, outputs=outputs, state=state)
            finished, next_inputs, next_state = self._helper.next_inputs(
                time=time, outputs=outputs, state=state, sample_ids=sample_ids
            )
        return BasicDecoderOutput(outputs, sample_ids), next_state, next_inputs, finished


def dynamic_decode(
    decoder: Decoder,
    output_time_major: bool = False,
    impute_finished: bool = False,
    maximum_iterations: Any = None,
    parallel_iterations: int = 32,
    swap_memory: bool = False,
    scope: Any = None,
) -> tuple[Any, Any, tf.Tensor]:
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
      (outputs, final state, lengths [B]) as TensorFlow has returned them since 1.2; 1.1 returned
      the first two alone. T is the number of steps taken.

    Raises:
      TypeError: `decoder` is not a `Decoder`.
      ValueError: `maximum_iterations` is not a scalar.
    """
    if not isinstance(decoder, Decoder):
        raise TypeError(
            "decoder must be a Decoder, such as BasicDecoder(cell, helper, initial_state); got "
            f"{describe(decoder)}."
        )
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
            lambda dtype: tf.TensorArray(dtype, size=0, dynamic_size=True), decoder.output_dtype
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
        outputs, state = decoder.finalize(outputs, state, lengths)
        if not output_time_major:
            outputs = tf.nest.map_structure(_swap_batch_and_time, outputs)  # [B, T, ...]
        return outputs, state, lengths


def _stand_still(finished: tf.Tensor, old: Any, new: Any) -> Any:
    """The old state for rows that are finished; a part without rows takes its new value."""
    if isinstance(new, tf.TensorArray):
        return new
    new.set_shape(old.shape)
    return new if new.shape.rank == 0 else tf.where(finished, old, new)


def _likeliest(logits: tf.Tensor) -> tf.Tensor:
    return tf.argmax(logits, axis=-1, output_type=tf.int32)  # [B, C] -> [B]


def _swap_batch_and_time(x: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back; a tensor of fewer axes stays as it is."""
    if x.shape.rank in (0, 1):
        return x
    return tf.transpose(x, tf.concat([[1, 0], tf.range(2, tf.rank(x))], axis=0))
