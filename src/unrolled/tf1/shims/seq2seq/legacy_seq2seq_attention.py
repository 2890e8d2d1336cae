"""The decoders with attention of `tf.contrib.legacy_seq2seq`: Vinyals et al. (2014).

At each step the decoder looks back at what the encoder gave at its L steps. For each head,

    score[l] = v · tanh(W s_l + U q + b)        # s_l the encoder's output, q the decoder's state
    read = sum over l of softmax(score)[l] · s_l

and what the heads read is joined to the decoder's next input and to its output.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.cells.linear import linear
from unrolled.tf1.shims.cells.rnn_cell_wrappers import EmbeddingWrapper, OutputProjectionWrapper
from unrolled.tf1.shims.rnn import static_rnn
from unrolled.tf1.shims.seq2seq.legacy_seq2seq import (
    Decoded,
    LoopFunction,
    check_projection,
    extract_argmax_and_embed,
    fed_or_not,
    next_input,
)


def attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    output_size: int | None = None,
    num_heads: int = 1,
    loop_function: LoopFunction | None = None,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`rnn_decoder` with attention to a sequence.

    Args:
      decoder_inputs: T tensors [B, D]; with a `loop_function` only the first is read.
      initial_state: of the cell.
      attention_states: [B, L, A], with a known A.
      cell: any cell.
      output_size: the size of each output (default: that of the cell's).
      num_heads: how many reads there are at each step (default: 1).
      loop_function: as for `rnn_decoder` (default: the inputs are read).
      dtype: of the variables (default: that of the variable scope).
      scope: the variable scope (default: "attention_decoder").
      initial_state_attention: read once before the first step, with the initial state; without it
        the first step gets zeros in place of what is read (default: False).

    Returns:
      A list of T outputs [B, output_size], and the final state.

    Raises:
      ValueError: there are no inputs or no heads, or A or the depth of an input is not known.
    """
    if not decoder_inputs:
        raise ValueError("decoder_inputs must be a list of at least one step; got none.")
    check_count(num_heads, "num_heads")
    attention_states = tf.convert_to_tensor(attention_states)
    size = size_of(attention_states, 2) if attention_states.shape.rank == 3 else None
    if size is None:
        raise ValueError(
            "attention_states must be [B, L, A] with a known A; "
            f"got shape {attention_states.shape}."
        )
    if output_size is None:
        output_size = cell.output_size
    with tf.variable_scope(scope or "attention_decoder", dtype=dtype) as variables:
        dtype = variables.dtype
        heads = _Heads(attention_states, size, num_heads, dtype)
        if initial_state_attention:
            reads = heads.read(initial_state)
        else:
            rows = tf.shape(decoder_inputs[0])[0]
            reads = [tf.zeros([rows, size], dtype) for _ in range(num_heads)]
        state = initial_state
        outputs: list[Any] = []
        for t, x in enumerate(decoder_inputs):
            if t > 0:
                tf.get_variable_scope().reuse_variables()
                x = next_input(x, outputs[-1], t, loop_function)
            x = tf.convert_to_tensor(x)
            depth = size_of(x, 1) if x.shape.rank == 2 else None
            if depth is None:
                raise ValueError(
                    f"decoder_inputs must be [B, D] with a known D; got shape {x.shape}."
                )
            joined = [tf.cast(each, dtype) for each in (x, *reads)]
            output, state = cell(linear(joined, depth, True), state)
            seen = t > 0 or initial_state_attention
            with tf.variable_scope(variables, reuse=seen or None, auxiliary_name_scope=False):
                reads = heads.read(state)
            with tf.variable_scope("AttnOutputProjection"):
                outputs.append(linear([tf.cast(output, dtype), *reads], output_size, True))
    return outputs, state


class _Heads:
    """What reads from the attention states, with a W, a v and a query of its own for each head."""

    def __init__(self, states: tf.Tensor, size: int, count: int, dtype: Any):
        self.states, self.size, self.dtype = states, size, dtype
        self.keys, self.vectors = [], []
        for head in range(count):
            # The product was a convolution of one position once, and has its shape.
            w = tf.get_variable(f"AttnW_{head}", [1, 1, size, size], dtype)
            self.keys.append(tf.matmul(states, w[0]))  # [B, L, A] @ [1, A, A] -> [B, L, A]
            self.vectors.append(tf.get_variable(f"AttnV_{head}", [size], dtype))

    def read(self, state: Any) -> list[tf.Tensor]:
        """One read [B, A] for each head."""
        query = tf.concat(tf.nest.flatten(state), axis=1)  # [B, size of the state]
        reads = []
        for head, (keys, v) in enumerate(zip(self.keys, self.vectors)):
            with tf.variable_scope(f"Attention_{head}"):
                asked = tf.cast(linear(query, self.size, True), self.dtype)  # [B, A]
                scores = tf.reduce_sum(v * tf.tanh(keys + asked[:, tf.newaxis]), axis=2)  # [B, L]
                shares = tf.nn.softmax(tf.cast(scores, tf.float32))
                shares = tf.cast(shares, self.dtype)[..., tf.newaxis]  # [B, L, 1]
                reads.append(tf.reduce_sum(shares * self.states, axis=1))
        return reads


def embedding_attention_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    attention_states: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_size: int | None = None,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`attention_decoder` on class numbers, which it embeds by a table of its own.

    Args:
      decoder_inputs: T tensors [B], class numbers.
      num_symbols, embedding_size: the sizes of the table, the variable `embedding`.
      output_projection, feed_previous, update_embedding_for_previous: as for
        `embedding_rnn_decoder`.
      scope: the variable scope (default: "embedding_attention_decoder").
      initial_state, attention_states, cell, num_heads, output_size, dtype,
        initial_state_attention: as for `attention_decoder`.

    Returns:
      A list of T outputs [B, output_size], and the final state.

    Raises:
      As `embedding_rnn_decoder` and `attention_decoder`.
    """
    check_projection(output_projection, num_symbols)
    with tf.variable_scope(scope or "embedding_attention_decoder", dtype=dtype):
        embedding = tf.get_variable("embedding", [num_symbols, embedding_size])
        feed_back = extract_argmax_and_embed(
            embedding, output_projection, update_embedding_for_previous
        )
        return attention_decoder(
            [tf.nn.embedding_lookup(embedding, ids) for ids in decoder_inputs],
            initial_state,
            attention_states,
            cell,
            output_size,
            num_heads,
            feed_back if feed_previous else None,
            initial_state_attention=initial_state_attention,
        )


def embedding_attention_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    num_heads: int = 1,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
    initial_state_attention: bool = False,
) -> Decoded:
    """`embedding_rnn_seq2seq` whose decoder attends to all outputs of the encoder.

    Args:
      num_heads, initial_state_attention: as for `attention_decoder`.
      scope: the variable scope (default: "embedding_attention_seq2seq").
      encoder_inputs, decoder_inputs, cell, num_encoder_symbols, num_decoder_symbols,
        embedding_size, output_projection, feed_previous, dtype: as for `embedding_rnn_seq2seq`.

    Returns:
      A list of the decoder's outputs, logits [B, C] or as large as the cell's, and its final state.

    Raises:
      As `embedding_attention_decoder`.
    """
    with tf.variable_scope(scope or "embedding_attention_seq2seq", dtype=dtype) as variables:
        encoder_cell = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        encoded, state = static_rnn(encoder_cell, encoder_inputs, dtype=variables.dtype)
        attention_states = tf.stack(encoded, axis=1)  # L times [B, U] -> [B, L, U]
        output_size = None
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)
            output_size = num_decoder_symbols

        def decode(feed_previous: bool, update_embedding: bool) -> Decoded:
            return embedding_attention_decoder(
                decoder_inputs,
                state,
                attention_states,
                cell,
                num_decoder_symbols,
                embedding_size,
                num_heads,
                output_size,
                output_projection,
                feed_previous,
                update_embedding,
                initial_state_attention=initial_state_attention,
            )

        return fed_or_not(feed_previous, decode)
