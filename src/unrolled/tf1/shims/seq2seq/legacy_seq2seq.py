"""`tf.contrib.legacy_seq2seq`, before 1.0 `tf.nn.seq2seq`: sequences as lists of T steps.

A model reads one list of tensors, the encoder's, and writes another, the decoder's. Those whose
names begin with `embedding_` take class numbers and look up their vectors in tables of their own.
The decoders with attention are in `legacy_seq2seq_attention`, the losses in `legacy_seq2seq_loss`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell
from unrolled.tf1.shims.cells.rnn_cell_wrappers import EmbeddingWrapper, OutputProjectionWrapper
from unrolled.tf1.shims.rnn import static_rnn

LoopFunction = Callable[[Any, int], Any]
Decoded = tuple[list[Any], Any]  # T outputs and the final state


def extract_argmax_and_embed(
    embedding: Any, output_projection: Any = None, update_embedding: bool = True
) -> LoopFunction:
    """A loop function that feeds back the likeliest class: the private `_extract_argmax_and_embed`.

    Args:
      embedding: the table [C, D].
      output_projection: (W [U, C], b [C]) that turn an output into logits (default: the outputs are
        logits).
      update_embedding: whether gradients reach the table through what is fed back (default: True).
    """

    def embed_likeliest(output: Any, t: int) -> tf.Tensor:
        if output_projection is not None:
            output = tf.nn.xw_plus_b(output, *output_projection)  # [B, U] -> [B, C]
        x = tf.nn.embedding_lookup(embedding, tf.argmax(output, axis=1))  # [B, C] -> [B, D]
        return x if update_embedding else tf.stop_gradient(x)

    return embed_likeliest


def rnn_decoder(
    decoder_inputs: Sequence[Any],
    initial_state: Any,
    cell: Any,
    loop_function: LoopFunction | None = None,
    scope: Any = None,
) -> Decoded:
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
                x = next_input(x, outputs[-1], t, loop_function)
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x, state)
            outputs.append(output)
    return outputs, state


def next_input(given: Any, output: Any, t: int, loop_function: LoopFunction | None) -> Any:
    """What a decoder reads at step t > 0."""
    if loop_function is None:
        return given
    with tf.variable_scope("loop_function", reuse=True):
        return loop_function(output, t)


def basic_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    dtype: Any = tf.float32,
    scope: Any = None,
) -> Decoded:
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


def tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    loop_function: LoopFunction | None = None,
    dtype: Any = tf.float32,
    scope: Any = None,
) -> Decoded:
    """`basic_rnn_seq2seq` with one cell, and one set of weights, for both sides.

    Args:
      encoder_inputs, decoder_inputs, dtype: as there.
      cell: any cell.
      loop_function: as for `rnn_decoder` (default: the inputs are read).
      scope: the variable scope inside "combined_tied_rnn_seq2seq" (default: "tied_rnn_seq2seq").

    Returns:
      A list of the decoder's outputs [B, U], and its final state.
    """
    with tf.variable_scope("combined_tied_rnn_seq2seq"):
        scope = scope or "tied_rnn_seq2seq"
        _, state = static_rnn(cell, encoder_inputs, dtype=dtype, scope=scope)
        tf.get_variable_scope().reuse_variables()
        return rnn_decoder(decoder_inputs, state, cell, loop_function, scope)


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
) -> Decoded:
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

    Raises:
      ValueError: `output_projection` does not give C logits.
    """
    check_projection(output_projection, num_symbols)
    with tf.variable_scope(scope or "embedding_rnn_decoder"):
        embedding = tf.get_variable("embedding", [num_symbols, embedding_size])
        feed_back = extract_argmax_and_embed(
            embedding, output_projection, update_embedding_for_previous
        )
        inputs = [tf.nn.embedding_lookup(embedding, ids) for ids in decoder_inputs]
        return rnn_decoder(inputs, initial_state, cell, feed_back if feed_previous else None)


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
) -> Decoded:
    """`basic_rnn_seq2seq` on class numbers, with a table for each side.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B] of class numbers, one for each step.
      cell: as for `basic_rnn_seq2seq`.
      num_encoder_symbols, num_decoder_symbols, embedding_size: the sizes of the tables.
      output_projection: as for `embedding_rnn_decoder` (default: the decoder's cell gets a
        projection of its own, and the outputs are logits).
      feed_previous: as for `embedding_rnn_decoder`, or a boolean scalar tensor; with a tensor, what
        is fed back gives the table no gradient (default: False).
      dtype: of the encoder's initial state and of the variables (default: that of the variable
        scope).
      scope: the variable scope (default: "embedding_rnn_seq2seq").

    Returns:
      A list of the decoder's outputs, logits [B, C] or as the cell gives them, and its final state.

    Raises:
      As `embedding_rnn_decoder`.
    """
    with tf.variable_scope(scope or "embedding_rnn_seq2seq", dtype=dtype) as variables:
        encoder_cell = EmbeddingWrapper(copy.deepcopy(cell), num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder_cell, encoder_inputs, dtype=variables.dtype)
        if output_projection is None:
            cell = OutputProjectionWrapper(cell, num_decoder_symbols)

        def decode(feed_previous: bool, update_embedding: bool) -> Decoded:
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

        return fed_or_not(feed_previous, decode)


def embedding_tied_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs: Sequence[Any],
    cell: Any,
    num_symbols: int,
    embedding_size: int,
    num_decoder_symbols: int | None = None,
    output_projection: tuple[Any, Any] | None = None,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> Decoded:
    """`tied_rnn_seq2seq` on class numbers, with one table for both sides.

    Args:
      encoder_inputs, decoder_inputs: lists of tensors [B] of class numbers, one for each step.
      cell: any cell.
      num_symbols, embedding_size: the sizes of the table, the variable `embedding`.
      num_decoder_symbols: the number of logits, for the first classes (default: `num_symbols`).
      output_projection, feed_previous, dtype: as for `embedding_rnn_seq2seq`.
      scope: the variable scope (default: "embedding_tied_rnn_seq2seq").

    Returns:
      A list of the decoder's outputs, logits or as the cell gives them, and its final state.

    Raises:
      As `embedding_rnn_decoder`.
    """
    check_projection(output_projection, num_symbols)
    with tf.variable_scope(scope or "embedding_tied_rnn_seq2seq", dtype=dtype) as variables:
        embedding = tf.get_variable("embedding", [num_symbols, embedding_size])
        before = [tf.nn.embedding_lookup(embedding, ids) for ids in encoder_inputs]
        after = [tf.nn.embedding_lookup(embedding, ids) for ids in decoder_inputs]
        if output_projection is None:
            classes = num_symbols if num_decoder_symbols is None else num_decoder_symbols
            cell = OutputProjectionWrapper(cell, classes)

        def decode(feed_previous: bool, update_embedding: bool) -> Decoded:
            feed_back = extract_argmax_and_embed(embedding, output_projection, update_embedding)
            return tied_rnn_seq2seq(
                before, after, cell, feed_back if feed_previous else None, variables.dtype
            )

        return fed_or_not(feed_previous, decode)


def one2many_rnn_seq2seq(
    encoder_inputs: Sequence[Any],
    decoder_inputs_dict: Mapping[str, Sequence[Any]],
    enc_cell: Any,
    dec_cells_dict: Mapping[str, Any],
    num_encoder_symbols: int,
    num_decoder_symbols_dict: Mapping[str, int],
    embedding_size: int,
    feed_previous: Any = False,
    dtype: Any = None,
    scope: Any = None,
) -> tuple[dict[str, list[Any]], dict[str, Any]]:
    """`embedding_rnn_seq2seq` with one encoder and several decoders, each under a name.

    Args:
      encoder_inputs: a list of tensors [B] of class numbers, one for each step.
      decoder_inputs_dict: for each name such a list.
      enc_cell: the encoder's cell.
      dec_cells_dict: for each name a cell.
      num_encoder_symbols, embedding_size: the sizes of the encoder's table.
      num_decoder_symbols_dict: for each name the number of its classes.
      feed_previous, dtype: as for `embedding_rnn_seq2seq`; but what is fed back always gives the
        table a gradient.
      scope: the variable scope (default: "one2many_rnn_seq2seq").

    Returns:
      Two dictionaries: for each name a list of logits [B, C], and the final state.

    Raises:
      TypeError: a cell is not a cell.
      ValueError: the dictionaries have different names.
    """
    check_cell(enc_cell, "enc_cell")
    if not set(dec_cells_dict) == set(decoder_inputs_dict) == set(num_decoder_symbols_dict):
        raise ValueError(
            "decoder_inputs_dict, dec_cells_dict and num_decoder_symbols_dict must have the same "
            f"names; got {sorted(decoder_inputs_dict)}, {sorted(dec_cells_dict)} and "
            f"{sorted(num_decoder_symbols_dict)}."
        )
    for name, cell in dec_cells_dict.items():
        check_cell(cell, f"dec_cells_dict[{name!r}]")
    outputs, states = {}, {}
    with tf.variable_scope(scope or "one2many_rnn_seq2seq", dtype=dtype) as variables:
        encoder_cell = EmbeddingWrapper(enc_cell, num_encoder_symbols, embedding_size)
        _, state = static_rnn(encoder_cell, encoder_inputs, dtype=variables.dtype)
        for name, decoder_inputs in decoder_inputs_dict.items():
            classes = num_decoder_symbols_dict[name]
            decoder_cell = OutputProjectionWrapper(dec_cells_dict[name], classes)
            with tf.variable_scope(f"one2many_decoder_{name}"):

                def decode(
                    feed_previous: bool,
                    update_embedding: bool,
                    # bound here, since the loop goes on
                    inputs: Any = decoder_inputs,
                    cell: Any = decoder_cell,
                    classes: int = classes,
                ) -> Decoded:
                    return embedding_rnn_decoder(
                        inputs, state, cell, classes, embedding_size, feed_previous=feed_previous
                    )

                outputs[name], states[name] = fed_or_not(feed_previous, decode)
    return outputs, states


def fed_or_not(feed_previous: Any, decode: Callable[[bool, bool], Decoded]) -> Decoded:
    """Decode with `feed_previous` as a boolean, or with a tensor, which picks one of two graphs.

    Args:
      decode: called with whether to feed the last output and whether what is fed back passes
        gradients on to the table.
    """
    if isinstance(feed_previous, bool):
        return decode(feed_previous, True)

    def decode_again() -> Decoded:
        with tf.variable_scope(tf.get_variable_scope(), reuse=True):
            return decode(False, False)

    return tf.cond(feed_previous, lambda: decode(True, False), decode_again)


def check_projection(output_projection: Any, num_symbols: int) -> None:
    """Raise a ValueError unless this is None or (W [U, num_symbols], b [num_symbols])."""
    if output_projection is None:
        return
    w, b = (tf.convert_to_tensor(part).shape for part in output_projection)
    if not (w.is_compatible_with([None, num_symbols]) and b.is_compatible_with([num_symbols])):
        raise ValueError(
            f"output_projection must be (W [U, {num_symbols}], b [{num_symbols}]), a column for "
            f"each symbol; got shapes {w} and {b}."
        )
