"""A cell that looks back at a memory at every step.

    mechanism = BahdanauAttention(units, encoder_outputs, lengths)       # the memory: [B, T, D]
    cell = AttentionWrapper(cell, mechanism, attention_layer_size=units)
    state = cell.zero_state(batch_size, tf.float32).clone(cell_state=encoder_state)

With h_s for the memory at step s and q for the output of the cell inside, a step is

    q, cell_state = cell([x, a], cell_state)     a: the attention of the step before
    p_s = the mechanism's alignments of q to h   zero past a row's length
    a   = A [q, Σ_s p_s h_s]                     without an attention layer the sum alone

The letters: B rows in the batch, T steps of the memory, D its depth, A the size of the attention.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell, describe
from unrolled.internal.shapes import full_shape, size_or_tensor
from unrolled.tf1.shims.cells.rnn_cell import RNNCell
from unrolled.tf1.shims.seq2seq.attention_mechanism import AttentionMechanism, dense


class AttentionWrapperState(NamedTuple):
    """The state of an `AttentionWrapper`; with a list of mechanisms the last three are tuples."""

    cell_state: Any  # of the cell inside
    attention: Any  # [B, A], of the step before
    time: Any  # the number of steps so far, a scalar
    alignments: Any  # [B, T]
    alignment_history: Any  # a TensorArray whose stack() is [steps, B, T], or ()
    attention_state: Any = ()  # of the mechanism; (), as before 1.4: the alignments are it

    def clone(self, **changes: Any) -> AttentionWrapperState:
        """This state with some parts replaced.

        Raises:
          TypeError, ValueError: a part has another structure or another shape than before.
          tf.errors.InvalidArgumentError: another shape, known only at run time.
        """

        def like(old: Any, new: Any) -> Any:
            if tf.is_tensor(old) and tf.is_tensor(new):
                if not new.shape.is_compatible_with(old.shape):
                    raise ValueError(
                        f"a part of the state has shape {new.shape}, but {old.shape} was "
                        "expected; repeat the rows of what has fewer with "
                        "tf.contrib.seq2seq.tile_batch."
                    )
                return new if new.shape.is_fully_defined() else tf.ensure_shape(new, old.shape)
            return new

        return tf.nest.map_structure(like, self, self._replace(**changes))


def look(
    attention_mechanism: Any, cell_output: tf.Tensor, attention_state: Any, attention_layer: Any
) -> tuple[Any, Any, Any]:
    """The attention [B, A] of one mechanism, its alignments [B, T] and its next state."""
    found = attention_mechanism(cell_output, attention_state)
    alignments, next_state = found if isinstance(found, tuple) else (found, found)
    weights = alignments[:, tf.newaxis, :]  # [B, T] -> [B, 1, T]
    attention = tf.matmul(weights, attention_mechanism.values)[:, 0]  # [B, 1, D] -> [B, D]
    if attention_layer is not None:
        attention = attention_layer(tf.concat([cell_output, attention], axis=1))
    return attention, alignments, next_state


class AttentionWrapper(RNNCell):
    """A cell that looks at a memory at each step, by the equations at the head of this file.

    Args:
      cell: the cell inside.
      attention_mechanism: an `AttentionMechanism`, or a list whose attentions are concatenated.
      attention_layer_size: A, the size of a layer on [q, the sum], without a bias; with a list of
        mechanisms one for each (default: no such layer).
      alignment_history: keep the alignments of all steps in the state (default: False).
      cell_input_fn: (inputs, attention) -> inputs of the cell (default: their concatenation).
      output_attention: the output is the attention, and not q (default: True).
      initial_cell_state: the state of the cell inside in `zero_state` (default: zeros).
      name: the wrapper's part of the variables' names (default: "attention_wrapper").
      attention_layer: a layer, or one for each mechanism, in place of those that
        `attention_layer_size` makes.
      attention_fn: (mechanism, q, its state, its layer or None) -> (attention, alignments, its next
        state), in place of the last two equations; `attention_layer_size` or the depth of the
        memory must be the size of what it returns.
      dtype: of the cell (default: that of the inputs).

    Raises:
      TypeError: `cell` is not a cell, a mechanism is not an `AttentionMechanism`, or a function
        cannot be called.
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
        attention_fn: Callable[..., Any] | None = None,
        dtype: Any = None,
    ):
        super().__init__(name=name, dtype=dtype)
        check_cell(cell)
        self._is_multi = isinstance(attention_mechanism, (list, tuple))
        self._attention_mechanisms = _as_tuple(attention_mechanism)
        for mechanism in self._attention_mechanisms:
            check_mechanism(mechanism)
        for argument, function in ("cell_input_fn", cell_input_fn), ("attention_fn", attention_fn):
            if function is not None and not callable(function):
                raise TypeError(f"{argument} must be a function; got {describe(function)}.")
        self._cell, self._output_attention = cell, output_attention
        self._cell_input_fn = cell_input_fn or joined
        self._attention_fn = attention_fn or look
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
        each = zip(given, self._attention_mechanisms)
        return tuple(
            dense(size, "attention_layer", getattr(mechanism, "dtype", None))
            for size, mechanism in each
        )

    @property
    def output_size(self) -> Any:
        return self._attention_layer_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> AttentionWrapperState:
        def size(mechanism: Any) -> Any:
            return _known(mechanism.alignments_size)

        return AttentionWrapperState(
            self._cell.state_size,
            self._attention_layer_size,
            tf.TensorShape([]),  # and without the axis of the batch: a scalar
            self._each(size),
            self._each(size if self._alignment_history else lambda _: ()),
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

            def alignments(mechanism: Any) -> Any:
                return mechanism.initial_alignments(batch_size, dtype)

            def history(mechanism: Any) -> Any:
                shape = tf.TensorShape(alignments(mechanism).shape)
                return tf.TensorArray(dtype, size=0, dynamic_size=True, element_shape=shape)

            return AttentionWrapperState(
                self._as_many_rows(cell_state, batch_size, "zero_state"),
                zeros(self._attention_layer_size, batch_size, dtype),
                tf.zeros([], tf.int32),
                self._each(alignments),
                self._each(history if self._alignment_history else lambda _: ()),
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
        in_alignments = isinstance(state.attention_state, tuple) and not state.attention_state
        states = state.alignments if in_alignments else state.attention_state
        histories = state.alignment_history
        if not self._is_multi:
            histories, states = (histories,), (states,)
        each = zip(self._attention_mechanisms, states, self._attention_layers)
        looks = [self._attention_fn(how, query, own, layer) for how, own, layer in each]
        attentions, alignments, next_states = zip(*looks)
        if self._alignment_history:
            histories = tuple(h.write(state.time, p) for h, p in zip(histories, alignments))
        attention = tf.concat(attentions, axis=1)  # [B, A]
        next_state = AttentionWrapperState(
            cell_state,
            attention,
            state.time + 1,
            self._item_or_tuple(alignments),
            self._item_or_tuple(histories),
            () if in_alignments else self._item_or_tuple(next_states),
        )
        return attention if self._output_attention else query, next_state

    def _each(self, part: Callable[[Any], Any]) -> Any:
        """A part of the state: of the one mechanism, or of each in a tuple."""
        return self._item_or_tuple(map(part, self._attention_mechanisms))

    def _item_or_tuple(self, parts: Iterable[Any]) -> Any:
        given = tuple(parts)
        return given if self._is_multi else given[0]

    def _batch_size_checks(self, batch_size: Any, error_message: str) -> list[Any]:
        """Assertions that each memory has so many rows, or a ValueError where that is known."""
        checks = []
        for mechanism in self._attention_mechanisms:
            have = getattr(mechanism, "batch_size", batch_size)
            if isinstance(batch_size, int) and isinstance(have, int):
                if batch_size != have:
                    raise ValueError(f"{error_message[:-1]} (got {have} and {batch_size}).")
            else:
                checks.append(tf.debugging.assert_equal(batch_size, have, message=error_message))
        return checks

    def _as_many_rows(self, tensors: Any, rows: Any, what: str) -> Any:
        """`tensors`, after a check that the memories have as many rows."""
        message = (
            f"the memory of an AttentionWrapper must have the batch size of {what}; repeat the "
            "rows of what has fewer with tf.contrib.seq2seq.tile_batch."
        )
        with tf.control_dependencies(self._batch_size_checks(rows, message)):
            return tf.nest.map_structure(tf.identity, tensors)


def check_mechanism(mechanism: Any) -> None:
    """A TypeError where it is not an `AttentionMechanism`."""
    if not isinstance(mechanism, AttentionMechanism):
        raise TypeError(
            "attention_mechanism must be an AttentionMechanism, such as "
            "LuongAttention(num_units, memory), or a list of them; got "
            f"{describe(mechanism)}."
        )


def zeros(state_size: Any, batch_size: Any, dtype: Any) -> Any:
    """[B, *size] for each size in a structure."""
    return tf.nest.map_structure(
        lambda size: tf.zeros(full_shape(batch_size, size), dtype), state_size
    )


def joined(inputs: Any, attention: tf.Tensor) -> tf.Tensor:
    """The inputs of the cell inside: [B, D] and [B, A] -> [B, D + A]."""
    return tf.concat([inputs, attention], axis=-1)


def _as_tuple(one_or_more: Any) -> tuple[Any, ...]:
    return tuple(one_or_more) if isinstance(one_or_more, (list, tuple)) else (one_or_more,)


def _depth(layer: Any, units: int, memory: tf.Tensor) -> int:
    """A of one mechanism, with or without a layer."""
    shape = memory.shape
    if layer is not None:
        depth = units + tf.dimension_value(shape[-1])
        shape = tf.TensorShape(layer.compute_output_shape([None, depth]))
    return tf.dimension_value(shape[-1])


def _known(size: Any) -> Any:
    """An entry of a state_size; a size that is known only at run time is None."""
    return tf.TensorShape([None]) if tf.is_tensor(size) else size
