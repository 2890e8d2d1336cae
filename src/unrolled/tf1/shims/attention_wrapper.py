"""The attention of `tf.contrib.seq2seq`: a cell that looks back at a memory at every step.

    mechanism = BahdanauAttention(units, encoder_outputs, lengths)       # the memory: [B, T, D]
    cell = AttentionWrapper(cell, mechanism, attention_layer_size=units)
    state = cell.zero_state(batch_size, tf.float32).clone(cell_state=encoder_state)

With h_s for the memory at step s and q for the output of the cell inside, a step is

    q, cell_state = cell([x, a], cell_state)     a: the attention of the step before
    p_s = softmax_s score(q, h_s)                the alignments, zero past a row's length
    a   = A [q, Σ_s p_s h_s]                     without an attention layer the sum alone

and the mechanism defines the score. The letters: B rows in the batch, T steps of the memory, D its
depth, U units, A the size of the attention.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell, describe
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.tf1.shims.layers import Dense
from unrolled.tf1.shims.rnn_cell import RNNCell


class AttentionMechanism:
    """A memory, and its alignments to a query.

    A subclass defines `__call__(query, state)`, which returns the alignments [B, T] and its next
    state, or, as in the first releases, the alignments alone, which are then the state too.

    Args:
      query_layer: a layer for queries, or None.
      memory: [B, T, D], usually the encoder's outputs.
      probability_fn: (scores [B, T], state) -> alignments [B, T].
      memory_sequence_length: [B], each at least 1; past it the memory is zeros (default: every row
        has T steps).
      memory_layer: a layer that makes the keys from the memory (default: the keys are the memory).
      score_mask_value: the scores past the length (default: minus infinity).

    Raises:
      ValueError: the memory is not [B, T, D] with a known D.
      tf.errors.InvalidArgumentError: at run time, a length is below 1.
    """

    def __init__(
        self,
        query_layer: Any,
        memory: Any,
        probability_fn: Callable[..., tf.Tensor],
        memory_sequence_length: Any = None,
        memory_layer: Any = None,
        score_mask_value: Any = None,
        name: str | None = None,
    ):
        live = None
        with tf.name_scope(name, "AttentionMechanism"):
            values = tf.convert_to_tensor(memory, name="memory")
            if values.shape.rank != 3 or size_of(values, 2) is None:
                raise ValueError(
                    f"memory must be [B, T, D] with a known depth D; got shape {values.shape}."
                )
            if memory_sequence_length is not None:
                lengths = tf.convert_to_tensor(memory_sequence_length)
                live = _live(lengths, tf.shape(values)[1])
                values *= tf.cast(live, values.dtype)[:, :, tf.newaxis]
            keys = memory_layer(values) if memory_layer else values  # [B, T, U]

        def probabilities(scores: tf.Tensor, state: Any) -> tf.Tensor:
            if live is not None:
                masked = -math.inf if score_mask_value is None else score_mask_value
                scores = tf.where(live, scores, tf.ones_like(scores) * masked)
            return probability_fn(scores, state)

        self.query_layer, self.memory_layer = query_layer, memory_layer
        self.values, self.keys, self.dtype = values, keys, values.dtype
        self.batch_size, self.alignments_size = size_or_tensor(keys, 0), size_or_tensor(keys, 1)
        self._probability_fn = probabilities

    def __call__(self, query: tf.Tensor, state: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(query, state).")

    @property
    def state_size(self) -> Any:
        """The size of the state, without the batch: T."""
        return self.alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> tf.Tensor:
        """Zeros [B, T]."""
        return tf.zeros([batch_size, self.alignments_size], dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step."""
        return self.initial_alignments(batch_size, dtype)


def _live(lengths: tf.Tensor, steps: tf.Tensor) -> tf.Tensor:
    """Which steps of a memory are real, [B, T]; in a row without any, softmax would give NaN."""
    message = "memory_sequence_length must be at least 1 in every row."
    with tf.control_dependencies([tf.debugging.assert_positive(lengths, message=message)]):
        return tf.sequence_mask(lengths, steps)


def _alone(function: Callable[[tf.Tensor], tf.Tensor] | None) -> Callable[..., tf.Tensor]:
    """A function of the scores as one of scores and state."""
    return lambda scores, _: (function or tf.nn.softmax)(scores)


class LuongAttention(AttentionMechanism):
    """score = q · K h_s, which Luong, Pham and Manning (2015) call general.

    Args:
      num_units: U, which must be the depth of the query.
      memory, memory_sequence_length, score_mask_value: as for `AttentionMechanism`.
      scale: multiply the score by a variable `attention_g`, which starts at 1 (default: False).
      probability_fn: scores [B, T] -> alignments [B, T] (default: the softmax).
      dtype: of the layers (default: that of the memory).

    Raises:
      As `AttentionMechanism`; and at a step, ValueError where the depth of the query is not U.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        probability_fn: Callable[..., tf.Tensor] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str | None = "LuongAttention",
    ):
        layer = Dense(num_units, use_bias=False, name="memory_layer", dtype=dtype)
        rest = memory_sequence_length, layer, score_mask_value, name
        super().__init__(None, memory, _alone(probability_fn), *rest)
        self._num_units, self._scale = layer.units, scale

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        if size_of(query, 1) != self._num_units:
            raise ValueError(
                f"queries of depth {size_of(query, 1)} do not fit a LuongAttention of num_units "
                f"{self._num_units}; set num_units to the output size of the cell."
            )
        scores = tf.matmul(self.keys, query[:, :, tf.newaxis])[:, :, 0]  # [B, T, 1] -> [B, T]
        if self._scale:
            with tf.variable_scope(None, "luong_attention"):
                scores *= tf.get_variable("attention_g", [], query.dtype, tf.ones_initializer())
        alignments = self._probability_fn(scores, state)
        return alignments, alignments


class BahdanauAttention(AttentionMechanism):
    """score = v · tanh(Q q + K h_s): Bahdanau, Cho and Bengio (2015).

    Args:
      num_units: U, the size of v.
      normalize: the score is g v / ||v|| · tanh(Q q + K h_s + b) instead, with the norm of the
        vector as a weight of its own: Salimans and Kingma (2016). g starts at sqrt(1 / U), b at 0
        (default: False).

    The others are those of `LuongAttention`.

    Raises:
      As `AttentionMechanism`.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        probability_fn: Callable[..., tf.Tensor] | None = None,
        score_mask_value: Any = None,
        dtype: Any = None,
        name: str | None = "BahdanauAttention",
    ):
        query_layer, layer = (
            Dense(num_units, use_bias=False, name=f"{what}_layer", dtype=dtype)
            for what in ("query", "memory")
        )
        rest = memory_sequence_length, layer, score_mask_value, name
        super().__init__(query_layer, memory, _alone(probability_fn), *rest)
        self._num_units, self._normalize = layer.units, normalize

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.variable_scope(None, "bahdanau_attention"):
            hidden = self.keys + self.query_layer(query)[:, tf.newaxis, :]  # [B, T, U]
            units, dtype = [self._num_units], hidden.dtype
            v = tf.get_variable("attention_v", units, dtype)
            if self._normalize:
                start = tf.constant_initializer(math.sqrt(1 / self._num_units))
                g = tf.get_variable("attention_g", [], dtype, start)
                hidden += tf.get_variable("attention_b", units, dtype, tf.zeros_initializer())
                v = g * v * tf.rsqrt(tf.reduce_sum(tf.square(v)))
            scores = tf.reduce_sum(v * tf.tanh(hidden), axis=2)  # [B, T, U] -> [B, T]
        alignments = self._probability_fn(scores, state)
        return alignments, alignments


class AttentionWrapperState(NamedTuple):
    """The state of an `AttentionWrapper`; with a list of mechanisms the last three are tuples."""

    cell_state: Any  # of the cell inside
    attention: Any  # [B, A], of the step before
    time: Any  # the number of steps so far, a scalar
    alignments: Any  # [B, T]
    alignment_history: Any  # a TensorArray whose stack() is [steps, B, T], or ()
    attention_state: Any = ()  # of the mechanism

    def clone(self, **changes: Any) -> AttentionWrapperState:
        """This state with some parts replaced."""
        return self._replace(**changes)


class AttentionWrapper(RNNCell):
    """A cell that looks at a memory at each step, by the equations at the head of this file.

    Args:
      cell: the cell inside.
      attention_mechanism: an `AttentionMechanism`, or a list whose attentions are concatenated.
      attention_layer_size: A, the size of a layer on [q, the sum], without a bias; with a list of
        mechanisms one for each (default: no such layer).
      alignment_history: keep the alignments of all steps in the state, for `dynamic_decode`
        (default: False).
      cell_input_fn: (inputs, attention) -> inputs of the cell (default: their concatenation).
      output_attention: the output is the attention, and not q (default: True).
      initial_cell_state: the state of the cell inside in `zero_state` (default: zeros).
      name: the wrapper's part of the variables' names (default: "attention_wrapper").
      attention_layer: a layer, or one for each mechanism, in place of those that
        `attention_layer_size` makes.

    Raises:
      TypeError: `cell` is not a cell, or a mechanism is not an `AttentionMechanism`.
      ValueError: sizes and layers are both given, or are not one for each mechanism; or the memory
        and `initial_cell_state` differ in B.
      tf.errors.InvalidArgumentError: they differ in B, known only at run time.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_layer_size: Any = None,
        alignment_history: bool = False,
        cell_input_fn: Callable[..., Any] | None = None,
        output_attention: bool = True,
        initial_cell_state: Any = None,
        name: str | None = None,
        attention_layer: Any = None,
    ):
        super().__init__(name=name)
        check_cell(cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        self._attention_mechanisms = _as_tuple(attention_mechanism)
        for mechanism in self._attention_mechanisms:
            if not isinstance(mechanism, AttentionMechanism):
                raise TypeError(
                    "attention_mechanism must be an AttentionMechanism, such as "
                    "LuongAttention(num_units, memory), or a list of them; got "
                    f"{describe(mechanism)}."
                )
        self._cell, self._output_attention = cell, output_attention
        self._cell_input_fn = cell_input_fn or (lambda x, attention: tf.concat([x, attention], -1))
        self._alignment_history = alignment_history
        self._attention_layers = self._layers(attention_layer_size, attention_layer)
        self._attention_layer_size = sum(
            _depth(layer, cell.output_size, mechanism.values)
            for mechanism, layer in zip(self._attention_mechanisms, self._attention_layers)
        )
        self._initial_cell_state = initial_cell_state
        if initial_cell_state is not None:
            rows = size_or_tensor(tf.nest.flatten(initial_cell_state)[-1], 0)
            self._initial_cell_state = self._as_many_rows(
                initial_cell_state, rows, "initial_cell_state"
            )

    def _layers(self, sizes: Any, layers: Any) -> tuple[Any, ...]:
        """An attention layer for each mechanism, or None."""
        count = len(self._attention_mechanisms)
        given = _as_tuple(layers if sizes is None else sizes)
        if given == (None,):
            return given * count
        if len(given) != count or (sizes is not None and layers is not None):
            raise ValueError(
                "either attention_layer_size or attention_layer must hold one for each mechanism, "
                f"of which there are {count}; got {sizes!r} and {layers!r}."
            )
        if sizes is None:
            return given
        return tuple(Dense(size, use_bias=False, name="attention_layer") for size in given)

    @property
    def output_size(self) -> Any:
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        return AttentionWrapperState(
            self._cell.state_size,
            self._attention_layer_size,
            tf.TensorShape(None),  # a scalar, whatever B is
            self._each(lambda mechanism: _known(mechanism.alignments_size)),
            self._each(lambda _: ()),  # an array has no size
            self._each(lambda mechanism: tf.nest.map_structure(_known, mechanism.state_size)),
        )

    def zero_state(self, batch_size: Any, dtype: Any) -> AttentionWrapperState:
        """The state before the first step.

        Args:
          batch_size: B, which must be that of the memory.
          dtype: of the state.

        Raises:
          ValueError: the memory has another B.
          tf.errors.InvalidArgumentError: the same, known only at run time.
        """
        with tf.name_scope("AttentionWrapperZeroState"):
            cell_state = self._initial_cell_state
            if cell_state is None:
                cell_state = self._cell.zero_state(batch_size, dtype)
            history = functools.partial(tf.TensorArray, dtype, size=0, dynamic_size=True)
            return AttentionWrapperState(
                self._as_many_rows(cell_state, batch_size, "zero_state"),
                tf.zeros([batch_size, self._attention_layer_size], dtype),
                tf.zeros([], tf.int32),
                self._each(lambda mechanism: mechanism.initial_alignments(batch_size, dtype)),
                self._each(lambda _: history() if self._alignment_history else ()),
                self._each(lambda mechanism: mechanism.initial_state(batch_size, dtype)),
            )

    def call(self, inputs: Any, state: Any) -> tuple[Any, AttentionWrapperState]:
        if not isinstance(state, AttentionWrapperState):
            raise TypeError(
                "state of AttentionWrapper must be an AttentionWrapperState; got "
                f"{describe(state)}; make it with zero_state(batch_size, dtype) and "
                "clone(cell_state=...)."
            )
        inputs = self._cell_input_fn(inputs, state.attention)
        query, cell_state = self._cell(inputs, state.cell_state)
        query = self._as_many_rows(query, size_or_tensor(query, 0), "the inputs")
        histories, states = state.alignment_history, state.attention_state
        if not self._is_multi:
            histories, states = (histories,), (states,)
        each = zip(self._attention_mechanisms, self._attention_layers, states)
        looks = [self._look(mechanism, layer, query, own) for mechanism, layer, own in each]
        attentions, alignments, next_states = zip(*looks)
        if self._alignment_history:
            histories = tuple(h.write(state.time, p) for h, p in zip(histories, alignments))
        attention = tf.concat(attentions, axis=1)  # [B, A]
        last = alignments, histories, next_states
        if not self._is_multi:
            last = tuple(part for (part,) in last)
        next_state = AttentionWrapperState(cell_state, attention, state.time + 1, *last)
        return attention if self._output_attention else query, next_state

    @staticmethod
    def _look(mechanism: Any, layer: Any, query: tf.Tensor, state: Any) -> tuple[Any, Any, Any]:
        """The attention [B, A] of one mechanism, its alignments [B, T] and its next state."""
        found = mechanism(query, state)
        alignments, next_state = found if isinstance(found, tuple) else (found, found)
        weights = alignments[:, tf.newaxis, :]  # [B, T] -> [B, 1, T]
        attention = tf.matmul(weights, mechanism.values)[:, 0]  # [B, 1, D] -> [B, D]
        if layer is not None:
            attention = layer(tf.concat([query, attention], axis=1))
        return attention, alignments, next_state

    def _each(self, part: Callable[[Any], Any]) -> Any:
        """A part of the state: of the one mechanism, or of each in a tuple."""
        parts = tuple(map(part, self._attention_mechanisms))
        return parts if self._is_multi else parts[0]

    def _as_many_rows(self, tensors: Any, rows: Any, what: str) -> Any:
        """`tensors`, after a check that the memories have as many rows."""
        checks = []
        for mechanism in self._attention_mechanisms:
            message = (
                f"the memory of an AttentionWrapper must have the batch size of {what}; repeat "
                "the rows of what has fewer with tf.contrib.seq2seq.tile_batch."
            )
            have = mechanism.batch_size
            if isinstance(rows, int) and isinstance(have, int):
                if rows != have:
                    raise ValueError(f"{message[:-1]} (got {have} and {rows}).")
            else:
                checks.append(tf.debugging.assert_equal(rows, have, message=message))
        with tf.control_dependencies(checks):
            return tf.nest.map_structure(tf.identity, tensors)


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """[B, ...] -> [B · multiplier, ...]: each row repeated, in one tensor or in a structure."""
    with tf.name_scope(name, "tile_batch"):
        return tf.nest.map_structure(lambda x: tf.repeat(x, multiplier, axis=0), t)


def _as_tuple(one_or_more: Any) -> tuple[Any, ...]:
    return tuple(one_or_more) if isinstance(one_or_more, (list, tuple)) else (one_or_more,)


def _depth(layer: Any, units: int, memory: tf.Tensor) -> int:
    """A of one mechanism, with or without a layer."""
    shape = memory.shape
    if layer is not None:
        depth = units + tf.dimension_value(shape[2])
        shape = tf.TensorShape(layer.compute_output_shape([None, depth]))
    return tf.dimension_value(shape[-1])


def _known(size: Any) -> Any:
    """An entry of a state_size; a size that is known only at run time is None."""
    return tf.TensorShape([None]) if tf.is_tensor(size) else size
