"""What an `AttentionWrapper` looks with: a memory, and its alignments to a query.

    h_s = memory at step s, zeros past the length     q = the query, the output of a cell
    p   = softmax_s score(q, K h_s)                   the alignments, zeros past the length

A mechanism defines the score. The letters: B rows in the batch, T steps of the memory, D its depth,
U units.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import describe
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.tf1.shims.layers.core import Dense


class AttentionMechanism:
    """What an `AttentionWrapper` takes: it has `values`, two sizes, and can be called.

    A subclass defines `__call__(query, state)`, which returns the alignments [B, T] and its next
    state, or, as in 1.2 and 1.3, the alignments alone, which are then the state too.
    """

    def __call__(self, query: Any, state: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __call__(query, state).")

    @property
    def alignments_size(self) -> Any:
        """T."""
        raise NotImplementedError(f"{type(self).__name__} does not say its alignments_size.")

    @property
    def state_size(self) -> Any:
        """The size of the state, without the batch."""
        raise NotImplementedError(f"{type(self).__name__} does not say its state_size.")


class BaseAttentionMechanism(AttentionMechanism):
    """A memory that is masked and turned into keys once, for mechanisms that score them.

    Args:
      query_layer: a layer for queries, or None.
      memory: [B, T, D], usually the encoder's outputs; or a structure of such, for a
        `custom_key_value_fn`.
      probability_fn: (scores [B, T], state) -> alignments [B, T].
      memory_sequence_length: [B], each at least 1; past it the memory is zeros (default: every row
        has T steps).
      memory_layer: a layer that makes the keys from the memory (default: the keys are the memory).
      check_inner_dims_defined: whether the sizes after T must be known (default: True).
      score_mask_value: the scores past the length (default: minus infinity).
      custom_key_value_fn: (keys, values) -> the keys and values to use (default: these).

    Raises:
      TypeError: a layer or `probability_fn` cannot be called.
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
        check_inner_dims_defined: bool = True,
        score_mask_value: Any = None,
        custom_key_value_fn: Callable[..., Any] | None = None,
        name: str | None = None,
    ):
        for argument, function in (
            ("query_layer", query_layer),
            ("memory_layer", memory_layer),
            ("probability_fn", probability_fn),
        ):
            missing = function is None and argument != "probability_fn"
            if not missing and not callable(function):
                raise TypeError(f"{argument} must be callable; got {describe(function)}.")
        self._query_layer, self._memory_layer = query_layer, memory_layer
        with tf.name_scope(name, "BaseAttentionMechanismInit"):
            values = prepare_memory(
                memory, memory_sequence_length, check_inner_dims_defined=check_inner_dims_defined
            )
            keys = memory_layer(values) if memory_layer else values  # [B, T, U]
            if custom_key_value_fn is not None:
                keys, values = custom_key_value_fn(keys, values)
        self._values, self._keys = values, keys
        self._batch_size, self._alignments_size = (size_or_tensor(keys, axis) for axis in (0, 1))
        self.dtype = tf.as_dtype(getattr(memory_layer, "dtype", None) or keys.dtype)
        masked = -math.inf if score_mask_value is None else score_mask_value

        def probabilities(score: tf.Tensor, state: Any) -> tf.Tensor:
            score = mask_score(score, memory_sequence_length, score_mask_value=masked)
            return probability_fn(score, state)

        self._probability_fn = probabilities

    @property
    def query_layer(self) -> Any:
        return self._query_layer

    @property
    def memory_layer(self) -> Any:
        return self._memory_layer

    @property
    def values(self) -> Any:
        return self._values

    @property
    def keys(self) -> Any:
        return self._keys

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def alignments_size(self) -> Any:
        return self._alignments_size

    @property
    def state_size(self) -> Any:
        return self._alignments_size

    def initial_alignments(self, batch_size: Any, dtype: Any) -> tf.Tensor:
        """Zeros [B, T]."""
        return tf.zeros([batch_size, self._alignments_size], dtype)

    def initial_state(self, batch_size: Any, dtype: Any) -> Any:
        """The state before the first step."""
        return self.initial_alignments(batch_size, dtype)


def prepare_memory(
    memory: Any,
    memory_sequence_length: Any = None,
    memory_mask: Any = None,
    check_inner_dims_defined: bool = True,
) -> Any:
    """[B, T, ...] as tensors, zeros past the lengths, or where `memory_mask` [B, T] is False.

    Raises:
      ValueError: lengths and a mask are both given, or sizes after T are not known.
    """
    if isinstance(memory_mask, bool):  # before 1.14 the flag stood in its place
        memory_mask, check_inner_dims_defined = None, memory_mask
    memory = tf.nest.map_structure(lambda m: tf.convert_to_tensor(m, name="memory"), memory)
    first = tf.nest.flatten(memory)[0]
    for m in tf.nest.flatten(memory):
        if m.shape.rank == 2 or (check_inner_dims_defined and not m.shape[2:].is_fully_defined()):
            raise ValueError(f"memory must be [B, T, D] with a known depth D; got shape {m.shape}.")
    live = _live(memory_sequence_length, memory_mask, tf.shape(first)[1])

    def masked(m: tf.Tensor) -> tf.Tensor:
        ones = tf.ones([tf.rank(m) - 2 if m.shape.rank is None else m.shape.rank - 2], tf.int32)
        shape = tf.concat([tf.shape(live), ones], axis=0)  # [B, T, 1, ...]
        return m * tf.reshape(tf.cast(live, m.dtype), shape)

    return memory if live is None else tf.nest.map_structure(masked, memory)


def mask_score(
    score: Any,
    memory_sequence_length: Any = None,
    memory_mask: Any = None,
    score_mask_value: Any = None,
) -> tf.Tensor:
    """Scores [B, T] with `score_mask_value` past the lengths, or where the mask is False.

    Raises:
      ValueError: lengths and a mask are both given.
      tf.errors.InvalidArgumentError: at run time, a length is below 1.
    """
    if score_mask_value is None:
        number = memory_mask is not None and tf.TensorShape(getattr(memory_mask, "shape", [])) == []
        # Before 1.14 the value stood in the place of the mask.
        score_mask_value, memory_mask = (memory_mask, None) if number else (-math.inf, memory_mask)
    checks = []
    if memory_sequence_length is not None:  # in a row without any step, softmax would give NaN
        message = "memory_sequence_length must be at least 1 in every row."
        checks = [tf.debugging.assert_positive(memory_sequence_length, message=message)]
    with tf.control_dependencies(checks):
        live = _live(memory_sequence_length, memory_mask, tf.shape(score)[1])
    return score if live is None else tf.where(live, score, tf.ones_like(score) * score_mask_value)


def _live(lengths: Any, mask: Any, steps: tf.Tensor) -> tf.Tensor | None:
    """Which steps of a memory are real, [B, T]."""
    if lengths is not None and mask is not None:
        raise ValueError(
            "memory_sequence_length and memory_mask must not both be given; leave one of them out."
        )
    return mask if lengths is None else tf.sequence_mask(lengths, steps)


def of_scores(function: Callable[[tf.Tensor], tf.Tensor] | None) -> Callable[..., tf.Tensor]:
    """A function of the scores, the softmax by default, as one of scores and state."""
    return lambda score, _: (function or tf.nn.softmax)(score)


def hardmax(logits: Any, name: str | None = None) -> tf.Tensor:
    """[..., C] -> [..., C]: 1 at the greatest, the first of these, and 0 elsewhere."""
    with tf.name_scope(name, "Hardmax"):
        logits = tf.convert_to_tensor(logits, name="logits")
        depth = size_or_tensor(logits, -1)
        return tf.one_hot(tf.argmax(logits, axis=-1), depth, dtype=logits.dtype)


def dense(units: int, name: str, dtype: Any) -> Dense:
    """A layer without a bias."""
    return Dense(units, use_bias=False, name=name, dtype=dtype)


class LuongAttention(BaseAttentionMechanism):
    """score = q · K h_s, which Luong, Pham and Manning (2015) call general.

    Args:
      num_units: U, which must be the depth of the query.
      memory, memory_sequence_length, score_mask_value, custom_key_value_fn: as for
        `BaseAttentionMechanism`.
      scale: multiply the score by a variable `attention_g`, which starts at 1 (default: False).
      probability_fn: scores [B, T] -> alignments [B, T] (default: the softmax).
      dtype: of the layers (default: that of the memory).

    Raises:
      As `BaseAttentionMechanism`; and at a step, ValueError where the depth of the query is not U.
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
        custom_key_value_fn: Callable[..., Any] | None = None,
        name: str | None = "LuongAttention",
    ):
        super().__init__(
            query_layer=None,
            memory=memory,
            probability_fn=of_scores(probability_fn),
            memory_sequence_length=memory_sequence_length,
            memory_layer=dense(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units, self._scale, self._name = num_units, scale, name

    def score(self, query: tf.Tensor) -> tf.Tensor:
        """[B, U] -> [B, T], with the variables in the scope around it."""
        return luong_score(query, self._keys, bool(self._scale))

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.variable_scope(None, "luong_attention", [query]):
            score = self.score(query)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class BahdanauAttention(BaseAttentionMechanism):
    """score = v · tanh(Q q + K h_s): Bahdanau, Cho and Bengio (2015).

    Args:
      num_units: U, the size of v.
      normalize: the score is g v / ||v|| · tanh(Q q + K h_s + b) instead, with the norm of the
        vector as a weight of its own: Salimans and Kingma (2016). g starts at sqrt(1 / U), b at 0
        (default: False).

    The others are those of `LuongAttention`.

    Raises:
      As `BaseAttentionMechanism`.
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
        custom_key_value_fn: Callable[..., Any] | None = None,
        name: str | None = "BahdanauAttention",
    ):
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory=memory,
            probability_fn=of_scores(probability_fn),
            memory_sequence_length=memory_sequence_length,
            memory_layer=dense(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            custom_key_value_fn=custom_key_value_fn,
            name=name,
        )
        self._num_units, self._normalize, self._name = num_units, normalize, name

    def score(self, query: tf.Tensor) -> tf.Tensor:
        """[B, U] -> [B, T], with the variables in the scope around it."""
        processed = self.query_layer(query) if self.query_layer else query
        return bahdanau_score(processed, self._keys, bool(self._normalize))

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.variable_scope(None, "bahdanau_attention", [query]):
            score = self.score(query)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


def luong_score(query: tf.Tensor, keys: tf.Tensor, scale: Any) -> tf.Tensor:
    """[B, T] of [B, U] and [B, T, U].

    `scale` is a factor or None, as from 1.14 on; or True or False, as before: whether to multiply
    by a variable `attention_g`, made here.
    """
    if size_of(query, -1) is None or size_of(query, -1) != size_of(keys, -1):
        raise ValueError(
            f"queries of depth {size_of(query, -1)} do not fit a LuongAttention of num_units "
            f"{size_of(keys, -1)}; set num_units to the output size of the cell."
        )
    score = tf.matmul(keys, query[:, :, tf.newaxis])[:, :, 0]  # [B, T, 1] -> [B, T]
    if isinstance(scale, bool):
        ones = tf.ones_initializer()
        scale = tf.get_variable("attention_g", [], query.dtype, ones) if scale else None
    return score if scale is None else scale * score


def bahdanau_score(
    processed_query: tf.Tensor,
    keys: tf.Tensor,
    attention_v: Any,
    attention_g: Any = None,
    attention_b: Any = None,
) -> tf.Tensor:
    """[B, T] of [B, U] and [B, T, U].

    From 1.14 on v [U] is given, and for the normalised form also g and b [U]. Before, `normalize`
    stood in the third place, and the variables were made here.
    """
    if isinstance(attention_v, bool):
        normalize, dtype = attention_v, processed_query.dtype
        units = tf.dimension_at_index(keys.shape, 2).value
        attention_v = tf.get_variable("attention_v", [units], dtype)
        if normalize:
            start = tf.constant_initializer(math.sqrt(1 / units))
            attention_g = tf.get_variable("attention_g", [], dtype, start)
            attention_b = tf.get_variable("attention_b", [units], dtype, tf.zeros_initializer())
    hidden = keys + processed_query[:, tf.newaxis, :]  # [B, T, U]
    if attention_g is not None and attention_b is not None:
        hidden += attention_b
        attention_v = attention_g * attention_v * tf.rsqrt(tf.reduce_sum(tf.square(attention_v)))
    return tf.reduce_sum(attention_v * tf.tanh(hidden), axis=2)  # [B, T, U] -> [B, T]
