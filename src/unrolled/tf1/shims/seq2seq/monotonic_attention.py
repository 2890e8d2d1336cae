"""Attention that only moves on: Raffel, Luong, Liu, Weiss and Eck (2017).

At each output the reader starts at the step where it stopped before, and stops at step s with
probability σ(score_s + r), else it goes on to s + 1. The alignments are the probabilities of
stopping at each step. The letters: B rows in the batch, T steps of the memory, U units.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.seq2seq.attention_mechanism import (
    BaseAttentionMechanism,
    bahdanau_score,
    dense,
    luong_score,
)

MODES = ("recursive", "parallel", "hard")


def safe_cumprod(x: Any, *args: Any, **kwargs: Any) -> tf.Tensor:
    """`tf.cumprod` of values in (0, 1], as exp(Σ log x), whose gradient does not divide by zero.

    Args:
      x: values, which are clipped to what a float can hold above 0, and to 1.
      axis, exclusive, reverse, name: as for `tf.cumsum`.
    """
    with tf.name_scope(None, "SafeCumprod", [x]):
        x = tf.convert_to_tensor(x, name="x")
        tiny = np.finfo(x.dtype.as_numpy_dtype).tiny
        return tf.exp(tf.cumsum(tf.log(tf.clip_by_value(x, tiny, 1)), *args, **kwargs))


def monotonic_attention(p_choose_i: Any, previous_attention: Any, mode: str) -> tf.Tensor:
    """The probabilities of stopping at each step, [B, T].

        q_s = (1 - p_{s-1}) q_{s-1} + a_s     the reader comes to step s
        p_s q_s                               and stops there

    Args:
      p_choose_i: p, [B, T]: of stopping at a step where the reader has come to.
      previous_attention: a, [B, T]: where it stopped before; at first 1, 0, ..., 0.
      mode: "recursive" computes this step by step; "parallel" by cumulative sums and products,
        whose small divisors are clipped; "hard" is for a p and an a of zeros and ones.

    Raises:
      ValueError: `mode` is none of these.
    """
    p = tf.convert_to_tensor(p_choose_i, name="p_choose_i")
    before = tf.convert_to_tensor(previous_attention, name="previous_attention")
    if mode == "recursive":
        went_on = tf.concat([tf.ones_like(p[:, :1]), 1 - p[:, :-1]], axis=1)
        come_to = tf.scan(
            lambda q, now: tf.ensure_shape(now[0] * q + now[1], q.shape),
            (tf.transpose(went_on), tf.transpose(before)),  # [T, B]
            tf.zeros_like(p[:, 0]),
        )
        return p * tf.transpose(come_to)
    if mode == "parallel":
        went_on = safe_cumprod(1 - p, axis=1, exclusive=True)
        return p * went_on * tf.cumsum(before / tf.clip_by_value(went_on, 1e-10, 1.0), axis=1)
    if mode == "hard":
        p *= tf.cumsum(before, axis=1)  # no step before the last stop
        return p * tf.cumprod(1 - p, axis=1, exclusive=True)  # the first of these
    raise ValueError(f"mode must be one of {', '.join(MODES)}; got {mode!r}.")


def monotonic_probability_fn(
    score: Any, previous_alignments: Any, sigmoid_noise: float, mode: str, seed: Any = None
) -> tf.Tensor:
    """Alignments [B, T] from scores [B, T] and the alignments before.

    Args:
      sigmoid_noise: the standard deviation of noise on the scores, which in training drives the
        probabilities towards 0 and 1.
      mode: as for `monotonic_attention`; with "hard" the reader stops where a score is above 0.
      seed: of the noise.
    """
    if sigmoid_noise > 0:
        # After the score: steps that wait for nothing run in any order, and a seed would not help.
        with tf.control_dependencies([score]):
            noise = tf.random_normal(tf.shape(score), dtype=score.dtype, seed=seed)
        score += sigmoid_noise * noise
    p = tf.cast(score > 0, score.dtype) if mode == "hard" else tf.sigmoid(score)
    return monotonic_attention(p, previous_alignments, mode)


class BaseMonotonicAttentionMechanism(BaseAttentionMechanism):
    """A mechanism whose reader starts at step 0."""

    _score_bias_init: Any = 0.0

    def initial_alignments(self, batch_size: Any, dtype: Any) -> tf.Tensor:
        """1 at step 0 and 0 elsewhere, [B, T]."""
        first = tf.zeros([batch_size], tf.int32)
        return tf.one_hot(first, self._alignments_size, dtype=dtype)

    def _score_bias(self, dtype: Any) -> tf.Variable:
        start = tf.constant_initializer(self._score_bias_init)
        return tf.get_variable("attention_score_bias", [], dtype, start)


class BahdanauMonotonicAttention(BaseMonotonicAttentionMechanism):
    """Monotonic attention by the score of `BahdanauAttention` and a bias r.

    Args:
      num_units, memory, memory_sequence_length, normalize, score_mask_value, dtype: as for
        `BahdanauAttention`.
      sigmoid_noise, sigmoid_noise_seed: as `sigmoid_noise` and `seed` of
        `monotonic_probability_fn` (default: no noise).
      score_bias_init: the start of r; below 0 for a long memory (default: 0).
      mode: as for `monotonic_attention` (default: "parallel").

    Raises:
      As `BaseAttentionMechanism`; and at a step, ValueError for an unknown mode.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        normalize: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: Any = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str | None = "BahdanauMonotonicAttention",
    ):
        super().__init__(
            query_layer=dense(num_units, "query_layer", dtype),
            memory=memory,
            probability_fn=functools.partial(
                monotonic_probability_fn,
                sigmoid_noise=sigmoid_noise,
                mode=mode,
                seed=sigmoid_noise_seed,
            ),
            memory_sequence_length=memory_sequence_length,
            memory_layer=dense(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units, self._normalize, self._name = num_units, normalize, name
        self._score_bias_init = score_bias_init

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.variable_scope(None, "bahdanau_monotonic_attention", [query]):
            processed = self.query_layer(query) if self.query_layer else query
            score = bahdanau_score(processed, self._keys, bool(self._normalize))
            score += self._score_bias(processed.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments


class LuongMonotonicAttention(BaseMonotonicAttentionMechanism):
    """Monotonic attention by the score of `LuongAttention` and a bias r.

    Args:
      num_units, memory, memory_sequence_length, scale, score_mask_value, dtype: as for
        `LuongAttention`.

    The others are those of `BahdanauMonotonicAttention`.

    Raises:
      As `LuongAttention`; and at a step, ValueError for an unknown mode.
    """

    def __init__(
        self,
        num_units: int,
        memory: Any,
        memory_sequence_length: Any = None,
        scale: bool = False,
        score_mask_value: Any = None,
        sigmoid_noise: float = 0.0,
        sigmoid_noise_seed: Any = None,
        score_bias_init: float = 0.0,
        mode: str = "parallel",
        dtype: Any = None,
        name: str | None = "LuongMonotonicAttention",
    ):
        super().__init__(
            query_layer=None,
            memory=memory,
            probability_fn=functools.partial(
                monotonic_probability_fn,
                sigmoid_noise=sigmoid_noise,
                mode=mode,
                seed=sigmoid_noise_seed,
            ),
            memory_sequence_length=memory_sequence_length,
            memory_layer=dense(num_units, "memory_layer", dtype),
            score_mask_value=score_mask_value,
            name=name,
        )
        self._num_units, self._scale, self._name = num_units, scale, name
        self._score_bias_init = score_bias_init

    def __call__(self, query: tf.Tensor, state: Any) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.variable_scope(None, "luong_monotonic_attention", [query]):
            score = luong_score(query, self._keys, bool(self._scale))
            score += self._score_bias(query.dtype)
        alignments = self._probability_fn(score, state)
        return alignments, alignments
