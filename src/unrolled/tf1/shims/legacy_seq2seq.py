"""`tf.contrib.legacy_seq2seq`, before 1.0 `tf.nn.seq2seq`: sequences as lists of T steps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.losses
from unrolled.tf1.shims.rnn import static_rnn
from unrolled.tf1.shims.rnn_cell_wrappers import EmbeddingWrapper, OutputProjectionWrapper
from unrolled.tf1.shims.seq2seq import call_softmax_loss

LoopFunction = Callable[[Any, int], Any]


def sequence_loss_by_example(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """Weighted cross-entropy of each row, on `unrolled.sequence_loss`.

    Args:
      logits: T tensors [B, C].
      targets: T tensors [B], class numbers; with a `softmax_loss_function`, what that takes as
        labels.
      weights: T tensors [B].
      average_across_timesteps: divide each row's sum by the sum of its weights (default: True).
      softmax_loss_function: called at each step with labels [B] and logits [B, C]; returns [B]
        (default: the cross-entropy).

    Returns:
      [B].

    Raises:
      ValueError: lists of different lengths.
      And as `unrolled.sequence_loss`.
    """
    if not len(logits) == len(targets) == len(weights):
        raise ValueError(
            "logits, targets and weights must be lists of one length, an entry for each step; got "
            f"{len(logits)}, {len(targets)} and {len(weights)} entries."
        )
    with tf.name_scope(name, "sequence_loss_by_example"):
        vectors = [tf.reshape(target, [-1]) for target in targets]  # one row may be a scalar
        labels = tf.stack(vectors, axis=1)  # T times [B] -> [B, T]
        shares = tf.stack(
            [tf.broadcast_to(w, tf.shape(target)) for w, target in zip(weights, vectors)], axis=1
        )  # [B, T]
        function = None
        if softmax_loss_function is not None:
            losses = [
                call_softmax_loss(softmax_loss_function, *step) for step in zip(targets, logits)
            ]

            def function(labels: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
                return tf.reshape(tf.stack(losses, axis=1), [-1])  # T times [B] -> [B*T]

            # The targets of such a function need not be class numbers of the logits.
            labels = tf.zeros_like(labels, tf.int32)
        loss = unrolled.losses.sequence_loss(
            tf.stack(logits, axis=1),  # T times [B, C] -> [B, T, C]
            labels,
            shares,
            bool(average_across_timesteps),  # early programs gave the number of classes here
            False,
            function,
        )
        return loss if average_across_timesteps else tf.reduce_sum(loss, axis=1)  # [B]


def sequence_loss(
    logits: Sequence[Any],
    targets: Sequence[Any],
    weights: Sequence[Any],
    average_across_timesteps: bool = True,
    average_across_batch: bool = True,
    softmax_loss_function: Callable[..., tf.Tensor] | None = None,
    name: str | None = None,
) -> tf.Tensor:
    """The losses of `sequence_loss_by_example`, summed over the batch.

    Args:
      average_across_batch: divide the sum by B (default: True).
      logits, targets, weights, average_across_timesteps, softmax_loss_function: as there.

    Returns:
      A scalar.

    Raises:
      As `sequence_loss_by_example`.
    """
    with tf.name_scope(name, "sequence_loss"):
        losses = sequence_loss_by_example(
            logits, targets, weights, average_across_timesteps, softmax_loss_function
        )  # [B]
        return tf.reduce_mean(losses) if average_across_batch else tf.reduce_sum(losses)


def rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: Any,
    loop_function: LoopFunction | None = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Run a cell step by step, on the inputs or on what a function makes of the last output.

    Args:
      decoder_inputs: T tensors [B, D]; with a `loop_function` only the first is read.
      initial_state: of the cell.
      cell: any cell.
      loop_function: (the last output, the number of the step) -> the next input [B, D] (default:
        the inputs are read).
      scope: the variable scope (default: "rnn_decoder").

    Returns:
      A list of T outputs [B, U], and the final state.
    """
    with tf.variable_scope(scope or "rnn_decoder"):
        state = initial_state
        outputs: list[Any] = []
        for t, x in enumerate(decoder_inputs):
            if t > 0:
                if loop_function is not None:
                    with tf.variable_scope("loop_function", reuse=True):
                        x = loop_function(outputs[-1], t)
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x, state)
            outputs.append(output)
    return outputs, state


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    dtype: Any = tf.float32,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """Read one sequence and decode another from the state at its end, with weights of their own.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B, D], one for each step.
      cell: the decoder's cell; the encoder takes a copy of it.
      dtype: of the encoder's initial state (default: tf.float32).
      scope: the variable scope (default: "basic_rnn_seq2seq").

    Returns:
      A list of the decoder's outputs [B, U], and its final state.
    """
    with tf.variable_scope(scope or "basic_rnn_seq2seq"):
        _, state = static_rnn(copy.deepcopy(cell), encoder_inputs, dtype=dtype)
        return rnn_decoder(decoder_inputs, state, cell)


def embedding_rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: bool = False,
    update_embedding_for_previous: bool = True,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`rnn_decoder` on class numbers, which it embeds by a table of its own.

    Args:
      decoder_inputs: T tensors [B], class numbers.
      initial_state, cell: as for `rnn_decoder`.
      num_symbols, embedding_size: C and D of the table, the variable `embedding`.
      output_projection: (W [U, C], b [C]) that turn an output into logits before it is fed back
        (default: the outputs are logits).
      feed_previous: feed the likeliest class of the last output, and read only the first input
        (default: False).
      update_embedding_for_previous: whether gradients reach the table through what is fed back
        (default: True).
      scope: the variable scope (default: "embedding_rnn_decoder").

    Returns:
      A list of T outputs [B, U], and the final state.
    """
    with tf.variable_scope(scope or "embedding_rnn_decoder"):
        embedding = tf.get_variable("embedding", [num_symbols, embedding_size])

        def embed_likeliest(output: Any, t: int) -> tf.Tensor:
            if output_projection is not None:
                output = tf.nn.xw_plus_b(output, *output_projection)  # [B, U] -> [B, C]
            x = tf.nn.embedding_lookup(embedding, tf.argmax(output, axis=1))  # [B, C] -> [B, D]
            return x if update_embedding_for_previous else tf.stop_gradient(x)

        inputs = [tf.nn.embedding_lookup(embedding, ids) for ids in decoder_inputs]
        return rnn_decoder(inputs, initial_state, cell, embed_likeliest if feed_previous else None)


def embedding_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    num_encoder_symbols: int,
    num_decoder_symbols: int,
    embedding_size: int,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`basic_rnn_seq2seq` on class numbers, with a table for each side.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B] of class numbers, one for each step.
      cell: as for `basic_rnn_seq2seq`.
      num_encoder_symbols, num_decoder_symbols, embedding_size: the sizes of the tables.
      output_projection: as for `embedding_rnn_decoder` (default: the decoder's cell gets a
        projection of its own, and the outputs are logits).
      feed_previous: as for `embedding_rnn_decoder`, or a boolean scalar tensor (default: False).
      dtype: of the encoder's initial state and of the variables (default: that of the variable
        scope).
      scope: the variable scope (default: "embedding_rnn_seq2seq").

    Returns:
      A list of the decoder's outputs, logits [B, C] or as the cell gives them, and its final state.
    """
    with tf.variable_scope(scope or "embedding_rnn_seq2seq", dtype=dtype) as variables:
        encoder_cell = EmbeddingWrapper(
            copy.deepcopy(cell),
            embedding_classes=num_encoder_symbols,
            embedding_size=embedding_size,
        )
        _, state = static_rnn(encoder_cell, encoder_inputs, dtype=variables.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feed_previous: bool, update_embedding: bool = True) -> tuple[list[Any], Any]:
            return embedding_rnn_decoder(
                decoder_inputs,
                state,
                cell,
                num_decoder_symbols,
                embedding_size,
                output_projection,
                feed_previous,
                update_embedding,
            )

        if isinstance(feed_previous, bool):
            return decode(feed_previous)

        def decode_again() -> tuple[list[Any], Any]:
            with tf.variable_scope(tf.get_variable_scope(), reuse=True):
                return decode(False)

        return tf.cond(feed_previous, lambda: decode(True, False), decode_again)
