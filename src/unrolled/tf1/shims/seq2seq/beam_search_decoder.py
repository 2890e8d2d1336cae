"""Beam search: a decoder that keeps the W likeliest continuations of each row at every step.

    memory, lengths, state = tile_batch((memory, lengths, state), W)       # [B · W, ...]
    cell = AttentionWrapper(cell, LuongAttention(units, memory, lengths))
    start = cell.zero_state(batch_size * W, tf.float32).clone(cell_state=state)
    decoder = BeamSearchDecoder(cell, table, start_tokens, end_token, start, W, layer)
    outputs, state, _ = dynamic_decode(decoder, maximum_iterations=100)
    outputs.predicted_ids                                                   # [B, T, W], best first

With L for the sum of the log probabilities of a beam's classes and n for their number, a step
chooses the W pairs of a beam and a class with the greatest

    L / ((5 + n) / 6)^α + β Σ_s log min(1, Σ_t p_ts)     p_ts: the alignments of the beam

where α is `length_penalty_weight`, β `coverage_penalty_weight`, and the second term counts for
beams that have ended: Wu et al. (2016). A beam that has ended goes on with the end token alone, of
probability 1. The letters: B rows in the batch, W beams, T steps, D inputs, C classes.
"""

from __future__ import annotations

import warnings
from typing import Any, NamedTuple

import numpy as np
import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell, check_count
from unrolled.internal.shapes import size_or_tensor
from unrolled.tf1.shims.seq2seq.attention_wrapper import AttentionWrapperState
from unrolled.tf1.shims.seq2seq.basic_decoder import check_output_layer, size_behind
from unrolled.tf1.shims.seq2seq.beam_search_ops import gather_tree, gather_tree_from_array
from unrolled.tf1.shims.seq2seq.decoder import Decoder
from unrolled.tf1.shims.seq2seq.helper import as_function, tokens


class BeamSearchDecoderState(NamedTuple):
    """What a beam search carries from step to step."""

    cell_state: Any  # [B, W, ...]
    log_probs: Any  # [B, W], L
    finished: Any  # [B, W]
    lengths: Any  # [B, W], n, int64
    accumulated_attention_probs: Any  # [B, W, S], Σ_t p_ts, or () without a coverage penalty


class BeamSearchDecoderOutput(NamedTuple):
    """What a step gives, or all steps stacked."""

    scores: Any  # [B, W]
    predicted_ids: Any  # [B, W], the class that each beam went on with
    parent_ids: Any  # [B, W], the beam of the step before that it went on from


class FinalBeamSearchDecoderOutput(NamedTuple):
    """What `dynamic_decode` gives of a beam search."""

    predicted_ids: Any  # [B, T, W], along the path to each of the last beams, best first
    beam_search_decoder_output: Any  # of all steps, in the order of each step's own beams


class BeamSearchDecoder(Decoder):
    """Beam search by the equations at the head of this file.

    The lengths that `dynamic_decode` returns beside it count in each step's own beams; those of the
    paths are `lengths` in the final state. Arrays in the state of the cell, such as the history of
    alignments, are returned stacked along the paths, [T, B · W, ...].

    Args:
      cell: any cell.
      embedding: a function from class numbers [B, W] to inputs [B, W, D], or the table [C, D].
      start_tokens: [B], the class numbers to start from.
      end_token: the class number that ends a beam.
      initial_state: of the cell, for B · W rows: see `tile_batch`.
      beam_width: W.
      output_layer: a layer such as `tf.layers.Dense`, applied to the outputs (default: none).
      length_penalty_weight: α (default: 0, no penalty).
      coverage_penalty_weight: β, for a cell that is an `AttentionWrapper` or a tuple of states with
        some (default: 0, no penalty).
      reorder_tensor_arrays: whether arrays in the state are stacked along the paths; False leaves
        them as they are (default: True).

    Raises:
      TypeError: `cell` is not a cell, or `output_layer` not a layer.
      ValueError: `start_tokens` is not a vector or `end_token` not a scalar; the state does not
        have B · W rows; or a coverage penalty without attention.
    """

    def __init__(
        self,
        cell: Any,
        embedding: Any,
        start_tokens: Any,
        end_token: Any,
        initial_state: Any,
        beam_width: int,
        output_layer: Any = None,
        length_penalty_weight: Any = 0.0,
        coverage_penalty_weight: Any = 0.0,
        reorder_tensor_arrays: bool = True,
    ):
        check_cell(cell)
        check_output_layer(output_layer)
        self._cell, self._output_layer = cell, output_layer
        self._beam_width = check_count(beam_width, "beam_width")
        self._length_penalty_weight = length_penalty_weight
        self._coverage_penalty_weight = coverage_penalty_weight
        self._reorder_tensor_arrays = reorder_tensor_arrays
        self._embedding_fn = as_function(embedding)
        start, self._end_token = tokens(start_tokens, end_token)
        self._batch_size = size_or_tensor(start, 0)
        self._start_tokens = tf.tile(start[:, tf.newaxis], [1, self._beam_width])  # [B, W]
        self._start_inputs = self._embedding_fn(self._start_tokens)  # [B, W, D]
        self._initial_cell_state = tf.nest.map_structure(self._split, initial_state)
        self._finished = ~self._first_beam()

    def _first_beam(self) -> tf.Tensor:
        """True for the first beam, [B, W]: the beams are all alike before step 0."""
        first = tf.equal(tf.range(self._beam_width), 0)[tf.newaxis]
        return tf.tile(first, [self._batch_size, 1])

    @property
    def batch_size(self) -> Any:
        return self._batch_size

    @property
    def tracks_own_finished(self) -> bool:
        return True

    def _rnn_output_size(self) -> Any:
        return size_behind(self._cell.output_size, self._output_layer)

    @property
    def output_size(self) -> BeamSearchDecoderOutput:
        return BeamSearchDecoderOutput(*[tf.TensorShape([self._beam_width])] * 3)

    @property
    def output_dtype(self) -> BeamSearchDecoderOutput:
        return BeamSearchDecoderOutput(self._dtype(), tf.int32, tf.int32)

    def _dtype(self) -> Any:
        return tf.nest.flatten(self._initial_cell_state)[0].dtype

    def initialize(self, name: str | None = None) -> tuple[Any, Any, Any]:
        zeros = tf.zeros([self._batch_size, self._beam_width], self._dtype())
        probs = attention_probs(self._initial_cell_state, self._coverage_penalty_weight)
        state = BeamSearchDecoderState(
            cell_state=self._initial_cell_state,
            log_probs=tf.where(self._first_beam(), zeros, zeros - np.inf),
            finished=self._finished,
            lengths=tf.zeros([self._batch_size, self._beam_width], tf.int64),
            accumulated_attention_probs=() if probs is None else probs,
        )
        return self._finished, self._start_inputs, state

    def step(
        self, time: Any, inputs: Any, state: Any, name: str | None = None
    ) -> tuple[Any, Any, Any, Any]:
        with tf.name_scope(name, "BeamSearchDecoderStep"):
            outputs, cell_state = self._cell(
                tf.nest.map_structure(self._merge, inputs),
                tf.nest.map_structure(self._merge, state.cell_state),
            )
            outputs = tf.nest.map_structure(self._split, outputs)
            cell_state = tf.nest.map_structure(self._split, cell_state)
            if self._output_layer is not None:
                outputs = self._output_layer(outputs)  # [B, W, U] -> [B, W, C]
            output, state = self._choose(outputs, cell_state, state)
            next_inputs = tf.cond(  # nothing reads the inputs after the last step
                tf.reduce_all(state.finished),
                lambda: self._start_inputs,
                lambda: self._embedding_fn(output.predicted_ids),
            )
        return output, state, next_inputs, state.finished

    def _choose(
        self, logits: tf.Tensor, cell_state: Any, before: BeamSearchDecoderState
    ) -> tuple[BeamSearchDecoderOutput, BeamSearchDecoderState]:
        """The W best of the W · C continuations of each row."""
        classes, live = size_or_tensor(logits, -1), ~before.finished
        is_end = tf.equal(tf.range(classes), self._end_token)  # [C]
        ended = tf.where(is_end, tf.zeros_like(logits[0, 0]), tf.fill([classes], logits.dtype.min))
        ended = ended + tf.zeros_like(logits)  # [B, W, C]
        all_ended = tf.tile(before.finished[:, :, tf.newaxis], [1, 1, classes])
        log_probs = tf.where(all_ended, ended, tf.nn.log_softmax(logits))
        totals = before.log_probs[:, :, tf.newaxis] + log_probs  # [B, W, C]
        # A path's end token does not count before it is chosen.
        longer = tf.cast(live[:, :, tf.newaxis] & ~is_end, tf.int64)
        scores = totals / self._length_penalty(before.lengths[:, :, tf.newaxis] + longer, totals)
        probs = attention_probs(cell_state, self._coverage_penalty_weight)
        if probs is not None:
            counted = probs * tf.cast(live, probs.dtype)[:, :, tf.newaxis]
            probs = before.accumulated_attention_probs + counted
            scores += self._coverage_penalty(probs, before.finished)[:, :, tf.newaxis]

        best, chosen = tf.nn.top_k(self._flat(scores), self._beam_width)  # [B, W]
        ids, parents = chosen % classes, chosen // classes

        def of_parents(x: Any) -> Any:
            if isinstance(x, tf.TensorArray) or not x.shape.rank:
                return x
            return tf.gather(x, parents, batch_dims=1)

        was_finished = of_parents(before.finished)
        state = BeamSearchDecoderState(
            cell_state=tf.nest.map_structure(of_parents, cell_state),
            log_probs=tf.gather(self._flat(totals), chosen, batch_dims=1),
            finished=was_finished | tf.equal(ids, self._end_token),
            lengths=of_parents(before.lengths) + tf.cast(~was_finished, tf.int64),
            accumulated_attention_probs=() if probs is None else of_parents(probs),
        )
        return BeamSearchDecoderOutput(best, ids, parents), state

    def _flat(self, x: tf.Tensor) -> tf.Tensor:
        """[B, W, C] -> [B, W · C]."""
        return tf.reshape(x, [self._batch_size, -1])

    def _length_penalty(self, lengths: tf.Tensor, like: tf.Tensor) -> Any:
        weight = self._length_penalty_weight
        if not tf.is_tensor(weight) and weight == 0:
            return 1.0
        weight = tf.convert_to_tensor(weight, tf.float32)
        longer = (5.0 + tf.cast(lengths, tf.float32)) ** weight
        return tf.cast(longer / (5.0 + 1.0) ** weight, like.dtype)

    def _coverage_penalty(self, probs: tf.Tensor, finished: tf.Tensor) -> tf.Tensor:
        """[B, W], of accumulated alignments [B, W, S]; those that are 0 are past a length."""
        seen = tf.minimum(tf.where(tf.equal(probs, 0), tf.ones_like(probs), probs), 1)
        penalty = tf.reduce_sum(tf.log(seen), axis=2) * tf.cast(finished, probs.dtype)
        return penalty * self._coverage_penalty_weight

    def finalize(self, outputs: Any, final_state: Any, sequence_lengths: Any) -> tuple[Any, Any]:
        longest = tf.cast(tf.reduce_max(final_state.lengths, axis=1), tf.int32)
        ids = gather_tree(outputs.predicted_ids, outputs.parent_ids, longest, self._end_token)
        if self._reorder_tensor_arrays:
            cell_state = tf.nest.map_structure(
                lambda x: self._along_paths(x, outputs.parent_ids, final_state.lengths),
                final_state.cell_state,
            )
            final_state = final_state._replace(cell_state=cell_state)
        return FinalBeamSearchDecoderOutput(ids, outputs), final_state

    def _along_paths(self, array: Any, parent_ids: tf.Tensor, lengths: tf.Tensor) -> Any:
        """An array of [B · W, ...] or [B, W, ...] as one tensor; anything else as it is."""
        if not isinstance(array, tf.TensorArray):
            return array
        kind = array.element_shape
        if not kind.rank or self._seems_unfit(kind):
            warnings.warn(
                f"the array of {kind} in the state is returned as it is, since TensorFlow 1.15 "
                "takes it not to be [B · W, ...]; it does so where all sizes are known; "
                "reorder_tensor_arrays=False says that this is meant.",
                stacklevel=2,
            )
            return array
        stacked = array.stack()
        shape = tf.shape(stacked)
        joined = tf.equal(shape[1], self._batch_size * self._beam_width)
        if kind.rank > 1:
            pair = tf.equal(shape[1:3], tf.stack([self._batch_size, self._beam_width]))
            joined |= tf.reduce_all(pair)
        message = (
            "an array in the state of a BeamSearchDecoder's cell must hold [B · W, ...] or "
            "[B, W, ...] for each step; give reorder_tensor_arrays=False to leave it as it is; "
            "its shape is"
        )
        with tf.control_dependencies([tf.debugging.Assert(joined, [message, shape])]):
            return gather_tree_from_array(tf.identity(stacked), parent_ids, lengths)

    def _seems_unfit(self, kind: tf.TensorShape) -> bool:
        """TensorFlow 1.15's own question, whose answer programs rely on, though [B · W, S] fits."""
        batch = tf.get_static_value(self._batch_size)
        sizes = [tf.dimension_value(size) for size in kind[:2]]
        if None in (batch, sizes[0]):
            return False
        a_pair = len(sizes) < 2 or sizes[1] is None or sizes == [batch, self._beam_width]
        return sizes[0] != batch * self._beam_width or not a_pair

    def _split(self, x: Any) -> Any:
        """[B · W, ...] -> [B, W, ...]; arrays and scalars stay as they are."""
        if isinstance(x, tf.TensorArray) or x.shape.rank == 0:
            return x
        _check_rank(x)
        known, batch = tf.dimension_value(x.shape[0]), tf.get_static_value(self._batch_size)
        if None not in (known, batch) and known != batch * self._beam_width:
            raise ValueError(
                f"initial_state must have {batch} · {self._beam_width} rows, the batch times the "
                f"beams; got shape {x.shape}; repeat its rows with "
                "tf.contrib.seq2seq.tile_batch(state, multiplier=beam_width)."
            )
        rest = tf.shape(x)[1:]
        split = tf.reshape(x, tf.concat([[self._batch_size, self._beam_width], rest], axis=0))
        return tf.ensure_shape(split, [batch, self._beam_width, *x.shape[1:]])

    def _merge(self, x: Any) -> Any:
        """[B, W, ...] -> [B · W, ...]; arrays and scalars stay as they are."""
        if isinstance(x, tf.TensorArray) or x.shape.rank == 0:
            return x
        _check_rank(x)
        batch = tf.get_static_value(self._batch_size)
        rows = None if batch is None else batch * self._beam_width
        shape = tf.concat([[self._batch_size * self._beam_width], tf.shape(x)[2:]], axis=0)
        return tf.ensure_shape(tf.reshape(x, shape), [rows, *x.shape[2:]])


def attention_probs(cell_state: Any, coverage_penalty_weight: Any) -> tf.Tensor | None:
    """The alignments in a state, [B, W, S]: the mean of mechanisms and cells; None without weight.

    Raises:
      ValueError: there are none.
    """
    if not tf.is_tensor(coverage_penalty_weight) and coverage_penalty_weight == 0:
        return None
    states = [cell_state] if isinstance(cell_state, AttentionWrapperState) else cell_state
    found = [
        _mean(state.alignments)
        for state in (states if isinstance(states, (list, tuple)) else ())
        if isinstance(state, AttentionWrapperState)
    ]
    if not found:
        raise ValueError(
            "coverage_penalty_weight must be 0 for a cell without attention; wrap it in an "
            "AttentionWrapper."
        )
    return _mean(tuple(found))


def _mean(tensors: Any) -> tf.Tensor:
    if not isinstance(tensors, tuple):
        return tensors
    return tensors[0] if len(tensors) == 1 else tf.reduce_mean(tf.stack(tensors, -1), axis=-1)


def _check_rank(x: tf.Tensor) -> None:
    if x.shape.rank is None:
        raise ValueError(
            "states of a BeamSearchDecoder's cell must have a known number of axes; set it with "
            "tf.ensure_shape."
        )
