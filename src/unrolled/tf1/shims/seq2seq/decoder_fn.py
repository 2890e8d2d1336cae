"""The decoders of TensorFlow 1.0: one loop, and functions that say what happens between two steps.

    keys, values, score, construct = prepare_attention(memory, "bahdanau", units)
    train = attention_decoder_fn_train(encoder_state, keys, values, score, construct)
    outputs, state, _ = dynamic_rnn_decoder(cell, train, inputs, lengths)

A function between the steps takes (time, cell_state, cell_input, cell_output, context_state) and
returns (done, cell_state, next_input, output, context_state). 1.1 replaced all of these by
`BasicDecoder` and the helpers. The letters: B rows in the batch, T steps of the decoder, S of the
memory, D inputs, U units, C classes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_cell
from unrolled.internal.shapes import size_of, size_or_tensor, swap_batch_and_time

Between = Callable[[Any, Any, Any, Any, Any], tuple[Any, Any, Any, Any, Any]]


def dynamic_rnn_decoder(
    cell: Any,
    decoder_fn: Between,
    inputs: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
    name: str | None = None,
) -> tuple[tf.Tensor, Any, Any]:
    """Run a cell in a loop in the graph, with a function between the steps.

    Args:
      cell: any cell.
      decoder_fn: such a function; done is None where the lengths say when a row has ended.
      inputs: [B, T, D], or [T, B, D] with `time_major`; None where `decoder_fn` makes them.
      sequence_length: [B] (default: every row has T steps).
      parallel_iterations, swap_memory: as for `tf.nn.raw_rnn`.
      time_major: the first two axes of inputs and outputs are [T, B] (default: False).
      scope: a name or a VariableScope (default: "rnn").

    Returns:
      The outputs [B, T, ...], the final state, and the last context state.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: the inputs are not [B, T, D] with a known D.
    """
    check_cell(cell)
    with tf.name_scope(name, "dynamic_rnn_decoder"):
        frames: Any = None
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            if inputs.shape.rank != 3 or size_of(inputs, 2) is None:
                raise ValueError(
                    f"inputs must be [B, T, D] with a known depth D; got shape {inputs.shape}."
                )
            inputs = inputs if time_major else swap_batch_and_time(inputs)
            steps, batch = size_or_tensor(inputs, 0), size_or_tensor(inputs, 1)
            frames = tf.TensorArray(
                inputs.dtype, steps, element_shape=inputs.shape[1:], clear_after_read=False
            ).unstack(inputs)
            if sequence_length is None:
                sequence_length = tf.fill([batch], steps)

        def between(time: Any, output: Any, state: Any, carried: Any) -> tuple[Any, ...]:
            _, context = carried if isinstance(carried, tuple) else (carried, None)
            given = None
            if frames is not None:  # after the last step there are no inputs to read
                given = frames.read(tf.minimum(time, steps - 1))
            done, state, given, output, context = decoder_fn(time, state, given, output, context)
            if done is None:
                done = time >= tf.cast(sequence_length, tf.int32)
            carried = done if context is None else (done, context)
            return done, given, state, output, carried

        arrays, state, carried = tf.nn.raw_rnn(
            cell, between, parallel_iterations, swap_memory, scope
        )
        outputs = tf.nest.map_structure(lambda array: array.stack(), arrays)  # [T, B, ...]
        if not time_major:
            outputs = tf.nest.map_structure(swap_batch_and_time, outputs)
        return outputs, state, carried[1] if isinstance(carried, tuple) else None


def simple_decoder_fn_train(encoder_state: Any, name: str | None = None) -> Between:
    """The given inputs are fed, from the encoder's last state on."""
    return _train(encoder_state, None)


def attention_decoder_fn_train(
    encoder_state: Any,
    attention_keys: Any,
    attention_values: Any,
    attention_score_fn: Callable[..., tf.Tensor],
    attention_construct_fn: Callable[..., tf.Tensor],
    name: str | None = None,
) -> Between:
    """The given inputs are fed, each with the attention [B, U] that the output before has made.

    Args:
      encoder_state: of the cell.
      attention_keys, attention_values, attention_score_fn, attention_construct_fn: what
        `prepare_attention` returns.
    """
    return _train(
        encoder_state, lambda q: attention_construct_fn(q, attention_keys, attention_values)
    )


def simple_decoder_fn_inference(
    output_fn: Callable[[tf.Tensor], tf.Tensor] | None,
    encoder_state: Any,
    embeddings: Any,
    start_of_sequence_id: Any,
    end_of_sequence_id: Any,
    maximum_length: Any,
    num_decoder_symbols: Any,
    dtype: Any = tf.int32,
    name: str | None = None,
) -> Between:
    """The likeliest class is fed back, embedded, until it is the end token.

    Args:
      output_fn: outputs [B, U] -> logits [B, C] (default: the outputs are the logits).
      encoder_state: of the cell.
      embeddings: the table [C, D].
      start_of_sequence_id, end_of_sequence_id: the class numbers to start from and to end at.
      maximum_length: a row ends one step after so many.
      num_decoder_symbols: C.
      dtype: of the class numbers (default: int32).
    """
    return _inference(
        output_fn,
        encoder_state,
        None,
        embeddings,
        (start_of_sequence_id, end_of_sequence_id, maximum_length, num_decoder_symbols),
        dtype,
    )


def attention_decoder_fn_inference(
    output_fn: Callable[[tf.Tensor], tf.Tensor] | None,
    encoder_state: Any,
    attention_keys: Any,
    attention_values: Any,
    attention_score_fn: Callable[..., tf.Tensor],
    attention_construct_fn: Callable[..., tf.Tensor],
    embeddings: Any,
    start_of_sequence_id: Any,
    end_of_sequence_id: Any,
    maximum_length: Any,
    num_decoder_symbols: Any,
    dtype: Any = tf.int32,
    name: str | None = None,
) -> Between:
    """`simple_decoder_fn_inference` with attention: `output_fn` takes the attention [B, U].

    The arguments are those of `simple_decoder_fn_inference` and `attention_decoder_fn_train`.
    """
    return _inference(
        output_fn,
        encoder_state,
        lambda q: attention_construct_fn(q, attention_keys, attention_values),
        embeddings,
        (start_of_sequence_id, end_of_sequence_id, maximum_length, num_decoder_symbols),
        dtype,
    )


def _train(encoder_state: Any, attend: Callable[[Any], tf.Tensor] | None) -> Between:
    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> Any:
        first = state is None
        if attend is not None:
            attention = _no_attention(encoder_state) if first else attend(output)
            output = None if first else attention
            given = tf.concat([given, attention], axis=1)
        return None, encoder_state if first else state, given, output, context

    return decoder_fn


def _inference(
    output_fn: Any, encoder_state: Any, attend: Any, embeddings: Any, numbers: Any, dtype: Any
) -> Between:
    start, end, limit, classes = (tf.convert_to_tensor(number, dtype) for number in numbers)
    batch = size_or_tensor(tf.nest.flatten(encoder_state)[0], 0)

    def decoder_fn(time: Any, state: Any, given: Any, output: Any, context: Any) -> Any:
        if given is not None:
            raise ValueError(
                "inputs of dynamic_rnn_decoder must be None here: the function makes them itself."
            )
        attention = None
        if output is None:
            state, ids, done = encoder_state, tf.fill([batch], start), tf.fill([batch], False)
            output = tf.zeros([classes])  # what a row's output looks like
            attention = None if attend is None else _no_attention(encoder_state)
        else:
            output = attention = output if attend is None else attend(output)
            output = output if output_fn is None else output_fn(output)  # [B, C]
            ids = tf.cast(tf.argmax(output, axis=1), dtype)
            done = tf.equal(ids, end)
        next_input = tf.gather(embeddings, ids)
        if attend is not None:
            next_input = tf.concat([next_input, attention], axis=1)
        return done | (tf.cast(time, dtype) > limit), state, next_input, output, context

    return decoder_fn


def _no_attention(encoder_state: Any) -> tf.Tensor:
    """Zeros [B, U] for the layer on top."""
    top = encoder_state[-1] if isinstance(encoder_state, tuple) else encoder_state
    return tf.zeros_like(top.h if isinstance(top, LSTMStateTuple) else top)


def prepare_attention(
    attention_states: Any, attention_option: str, num_units: int, reuse: Any = False
) -> tuple[tf.Tensor, Any, Callable[..., tf.Tensor], Callable[..., tf.Tensor]]:
    """What attention needs beside the cell: a = A [q, Σ_s softmax_s(score(q, K h_s)) h_s].

    Variables are made in the scopes `attention_keys`, `attention_score` and `attention_construct`.

    Args:
      attention_states: h, [B, S, U].
      attention_option: "luong", q · K h_s, or "bahdanau", v · tanh(Q q + K h_s).
      num_units: U.
      reuse: whether the variables exist (default: False).

    Returns:
      The keys [B, S, U], the values [B, S, U], a function (query, keys, values) -> the sum [B, U],
      and a function (query, keys, values) -> the attention [B, U].

    Raises:
      ValueError: the option is none of the two.
    """
    if attention_option not in ("luong", "bahdanau"):
        raise ValueError(
            f'attention_option must be "luong" or "bahdanau"; got {attention_option!r}.'
        )
    with tf.variable_scope("attention_keys", reuse=reuse or None):
        keys = _linear(attention_states, num_units)
    with tf.variable_scope("attention_score", reuse=reuse or None):
        if attention_option == "bahdanau":
            query_w = tf.get_variable("attnW", [num_units, num_units])
            score_v = tf.get_variable("attnV", [num_units])

    def score_fn(query: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        if attention_option == "bahdanau":
            query = tf.matmul(query, query_w)
            scores = tf.reduce_sum(score_v * tf.tanh(keys + query[:, tf.newaxis]), axis=2)
        else:
            scores = tf.reduce_sum(keys * query[:, tf.newaxis], axis=2)  # [B, S, U] -> [B, S]
        return tf.reduce_sum(tf.nn.softmax(scores)[:, :, tf.newaxis] * values, axis=1)

    with tf.variable_scope("attention_construct", reuse=reuse or None) as construct:
        pass
    called = False

    def construct_fn(query: tf.Tensor, keys: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        nonlocal called
        joined = tf.concat([query, score_fn(query, keys, values)], axis=1)
        # One function serves training and inference, often in one scope.
        with tf.variable_scope(construct, reuse=called or None):
            attention = _linear(joined, num_units)
        called = True
        return attention

    return keys, attention_states, score_fn, construct_fn


def _linear(x: Any, units: int) -> tf.Tensor:
    """[..., D] -> [..., U], by `weights` in the scope around it."""
    x = tf.convert_to_tensor(x)
    return tf.tensordot(x, tf.get_variable("weights", [size_of(x, -1), units], x.dtype), 1)
