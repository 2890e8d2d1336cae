"""`tf.contrib.crf`: a linear-chain conditional random field, which taggers put on top of an LSTM.

A sequence of tags y has the score

    s(y) = Σ_t x_t(y_t) + Σ_t A(y_{t-1}, y_t)

the network's own x_t(k) for tag k at step t, and a learned A(i, k) for tag k after tag i. Its
probability is exp s(y) / Σ_y' exp s(y'): Lafferty, McCallum and Pereira (2001). The sum has K^T
terms, but it is a recurrence, and so is the search for the best of them (Viterbi, 1967). With m_t
for the message of the steps before t to step t,

    score_t(k)  = x_t(k) + m_t(k)                         m_1 = 0
    m_{t+1}(k)  = log Σ_i exp(score_t(i) + A(i, k))       all ways to get to k: the normaliser
    m_{t+1}(k)  = max_i (score_t(i) + A(i, k))            the best way to get to k: Viterbi

and, backwards over Viterbi's scores in place of x, so that the best tag is known at each step,

    m_{t-1}(k)  = A(k, argmax_i score_t(i))

One cell computes all three, run by `dynamic_rnn` within each row's length. The letters: B rows in
the batch, T steps, K tags.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf

from unrolled.internal.shapes import size_of
from unrolled.sequences import last_relevant
from unrolled.tf1.shims.cells.rnn_cell import RNNCell
from unrolled.tf1.shims.rnn import dynamic_rnn


class _ChainCell(RNNCell):
    """score = x + m: the output is the score [B, K], the next state is `hand_on(score)`."""

    def __init__(self, num_tags: int, hand_on: Callable[[tf.Tensor], tf.Tensor]):
        super().__init__()
        self.num_tags, self.hand_on = num_tags, hand_on

    @property
    def state_size(self) -> int:
        return self.num_tags

    @property
    def output_size(self) -> int:
        return self.num_tags

    def call(self, inputs: tf.Tensor, state: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        scores = inputs + state  # [B, K]
        return scores, self.hand_on(scores)


def _scores(
    inputs: tf.Tensor, lengths: tf.Tensor, hand_on: Callable[[tf.Tensor], tf.Tensor]
) -> tf.Tensor:
    """score_t of all steps, [B, T, K], zeros past a row's length."""
    cell = _ChainCell(_num_tags(inputs), hand_on)
    return dynamic_rnn(cell, inputs, lengths, dtype=inputs.dtype)[0]


def crf_log_likelihood(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any = None
) -> tuple[tf.Tensor, Any]:
    """log p(y) of the tags of each row, s(y) less the normaliser.

    Args:
      inputs: [B, T, K], floating point, each step's score for each tag.
      tag_indices: [B, T], tag numbers, the right ones.
      sequence_lengths: [B]. Steps past them do not count; a row of length 0 has log p = 0.
      transition_params: A [K, K] (default: a new variable, `transitions`).

    Returns:
      [B], and A.

    Raises:
      ValueError: inputs that are not [B, T, K] with a known K.
    """
    inputs = tf.convert_to_tensor(inputs)
    num_tags = _num_tags(inputs)
    if transition_params is None:
        transition_params = tf.get_variable("transitions", [num_tags, num_tags], inputs.dtype)
    score = crf_sequence_score(inputs, tag_indices, sequence_lengths, transition_params)
    return score - crf_log_norm(inputs, sequence_lengths, transition_params), transition_params


def crf_sequence_score(
    inputs: Any, tag_indices: Any, sequence_lengths: Any, transition_params: Any
) -> tf.Tensor:
    """s(y) of the tags of each row, [B]; the arguments are those of `crf_log_likelihood`."""
    return crf_unary_score(tag_indices, sequence_lengths, inputs) + crf_binary_score(
        tag_indices, sequence_lengths, transition_params
    )


def crf_multitag_sequence_score(
    inputs: Any, tag_bitmap: Any, sequence_lengths: Any, transition_params: Any
) -> tf.Tensor:
    """log Σ exp s(y) over the tags y of each row that are allowed, [B].

    Args:
      inputs, sequence_lengths, transition_params: as for `crf_log_likelihood`.
      tag_bitmap: [B, T, K], True where a step may have a tag.

    Raises:
      ValueError: inputs that are not [B, T, K] with a known K.
    """
    inputs = tf.convert_to_tensor(inputs)
    impossible = tf.fill(tf.shape(inputs), tf.constant(float("-inf"), inputs.dtype))
    allowed = tf.where(tag_bitmap, inputs, impossible)
    # Where T is 1, TensorFlow 1 did not look at the lengths.
    least = tf.cast(tf.equal(tf.shape(inputs)[1], 1), tf.int32)
    lengths = _lengths(sequence_lengths, inputs, least)
    return crf_log_norm(allowed, lengths, transition_params)


def crf_unary_score(tag_indices: Any, sequence_lengths: Any, inputs: Any) -> tf.Tensor:
    """Σ_t x_t(y_t) of the tags of each row, [B]."""
    tags, live = _tags(tag_indices, sequence_lengths)
    chosen = tf.gather(inputs, tags[:, :, tf.newaxis], batch_dims=2)[:, :, 0]  # [B, T]
    return tf.reduce_sum(tf.where(live, chosen, tf.zeros_like(chosen)), axis=1)


def crf_binary_score(tag_indices: Any, sequence_lengths: Any, transition_params: Any) -> tf.Tensor:
    """Σ_t A(y_{t-1}, y_t) of the tags of each row, [B]."""
    tags, live = _tags(tag_indices, sequence_lengths)
    pairs = tf.stack([tags[:, :-1], tags[:, 1:]], axis=2)  # [B, T-1, 2]
    chosen = tf.gather_nd(transition_params, pairs)  # [B, T-1]
    return tf.reduce_sum(tf.where(live[:, 1:], chosen, tf.zeros_like(chosen)), axis=1)


def crf_log_norm(inputs: Any, sequence_lengths: Any, transition_params: Any) -> tf.Tensor:
    """The normaliser log Σ_y exp s(y) of each row, [B], and 0 for a row of length 0.

    The arguments, and what raises, are those of `crf_log_likelihood`.
    """
    inputs = tf.convert_to_tensor(inputs)
    lengths = _lengths(sequence_lengths, inputs)

    def all_ways(scores: tf.Tensor) -> tf.Tensor:
        return tf.reduce_logsumexp(scores[:, :, tf.newaxis] + transition_params, axis=1)

    last = last_relevant(_scores(inputs, lengths, all_ways), lengths)  # [B, T, K] -> [B, K]
    norm = tf.reduce_logsumexp(last, axis=1)
    return tf.where(lengths > 0, norm, tf.zeros_like(norm))


def crf_decode(
    potentials: Any, transition_params: Any, sequence_length: Any
) -> tuple[tf.Tensor, tf.Tensor]:
    """The tags of the greatest score, inside the graph.

    Args:
      potentials: [B, T, K], the inputs of `crf_log_likelihood`.
      transition_params: A [K, K].
      sequence_length: [B].

    Returns:
      The tags [B, T], int32 and 0 past a row's length, and their scores [B]. As in TensorFlow 1, a
      row of length 0 counts as one of length 1.

    Raises:
      ValueError: potentials that are not [B, T, K] with a known K.
    """
    potentials = tf.convert_to_tensor(potentials)
    lengths = _lengths(sequence_length, potentials, least=1)

    def best_way(scores: tf.Tensor) -> tf.Tensor:
        return tf.reduce_max(scores[:, :, tf.newaxis] + transition_params, axis=1)

    def into_the_best(scores: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.transpose(transition_params), tf.argmax(scores, axis=1))  # [B, K]

    scores = _scores(potentials, lengths, best_way)
    best = tf.reduce_max(last_relevant(scores, lengths), axis=1)  # [B]
    backwards = tf.reverse_sequence(scores, lengths, seq_axis=1)
    backwards = tf.argmax(_scores(backwards, lengths, into_the_best), axis=2, output_type=tf.int32)
    return tf.reverse_sequence(backwards, lengths, seq_axis=1), best


def viterbi_decode(score: Any, transition_params: Any) -> tuple[list[int], Any]:
    """The tags of the greatest score, in NumPy, for one sequence without its padding.

    Args:
      score: [T, K], the inputs of `crf_log_likelihood` for one row.
      transition_params: A [K, K].

    Returns:
      A list of T tags, and their score.
    """
    inputs, transitions = np.asarray(score), np.asarray(transition_params)
    scores: list[np.ndarray] = []
    message = np.zeros(len(transitions), inputs.dtype)
    for x in inputs:
        scores.append(x + message)
        message = np.max(scores[-1][:, np.newaxis] + transitions, axis=0)
    tags: list[int] = []
    message = np.zeros_like(message)
    for total in reversed(scores):
        tags.append(int(np.argmax(total + message)))
        message = transitions[:, tags[-1]]
    return tags[::-1], np.max(scores[-1]) if scores else 0.0


def _num_tags(inputs: tf.Tensor) -> int:
    size = size_of(inputs, 2) if inputs.shape.rank == 3 else None
    if size is None:
        raise ValueError(
            f"inputs must be [B, T, K] with a known number K of tags; got shape {inputs.shape}."
        )
    return size


def _lengths(lengths: Any, steps: tf.Tensor, least: Any = 0) -> tf.Tensor:
    """Lengths of any numeric type as int32 in least..T, for `steps` [B, T, ...]."""
    return tf.minimum(tf.maximum(tf.cast(lengths, tf.int32), least), tf.shape(steps)[1])


def _tags(tag_indices: Any, lengths: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Tags [B, T], 0 past a row's length, and a mask [B, T] of the real steps."""
    tags = tf.cast(tag_indices, tf.int32)
    live = tf.sequence_mask(_lengths(lengths, tags), tf.shape(tags)[1])  # [B, T]
    return tf.where(live, tags, tf.zeros_like(tags)), live
