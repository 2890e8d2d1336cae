"""`DynamicAttentionWrapper`, as TensorFlow 1.1 called its `AttentionWrapper`.

It differs in three things: its state is a pair, its attention layer has a bias, and it does not
mask the scores, so that steps past a length take part as zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_cell
from unrolled.tf1.shims.cells.rnn_cell import RNNCell
from unrolled.tf1.shims.layers.core import Dense
from unrolled.tf1.shims.seq2seq.attention_wrapper import check_mechanism, joined


class DynamicAttentionWrapperState(NamedTuple):
    """The state of a `DynamicAttentionWrapper`."""

    cell_state: Any  # of the cell inside
    attention: Any  # [B, A], of the step before


class DynamicAttentionWrapper(RNNCell):
    """A cell that looks at a memory at each step: a = A [q, Σ_s p_s h_s] + b.

    Args:
      cell: the cell inside.
      attention_mechanism: a `LuongAttention` or `BahdanauAttention`, not normalised.
      attention_size: A.
      cell_input_fn: (inputs, attention) -> inputs of the cell (default: their concatenation).
      probability_fn: scores [B, T] -> alignments [B, T] (default: the softmax).
      output_attention: the output is the attention, and not q (default: True).
      name: the wrapper's part of the variables' names (default: "dynamic_attention_wrapper").

    Raises:
      TypeError: `cell` is not a cell, or the mechanism not one with a score.
      ValueError: the mechanism is normalised, which in 1.1 took one more variable.
    """

    def __init__(
        self,
        cell: Any,
        attention_mechanism: Any,
        attention_size: int,
        cell_input_fn: Callable[..., Any] | None = None,
        probability_fn: Callable[..., tf.Tensor] | None = None,
        output_attention: bool = True,
        name: str | None = None,
    ):
        super().__init__(name=name)
        check_cell(cell)
        check_mechanism(attention_mechanism)
        if not hasattr(attention_mechanism, "score"):
            raise TypeError(
                "attention_mechanism must be a LuongAttention or a BahdanauAttention; got "
                f"{type(attention_mechanism).__name__}; use AttentionWrapper for others."
            )
        if getattr(attention_mechanism, "_normalize", False):
            raise ValueError(
                "attention_mechanism must be one without normalize=True in a "
                "DynamicAttentionWrapper; use AttentionWrapper, which took its place in 1.2."
            )
        self._cell, self._attention_mechanism = cell, attention_mechanism
        self._attention_size, self._output_attention = attention_size, output_attention
        self._attention_layer = Dense(attention_size, bias_initializer=None)
        self._cell_input_fn = cell_input_fn or joined
        self._probability_fn = probability_fn or tf.nn.softmax

    @property
    def output_size(self) -> Any:
        return self._attention_size if self._output_attention else self._cell.output_size

    @property
    def state_size(self) -> DynamicAttentionWrapperState:
        return DynamicAttentionWrapperState(self._cell.state_size, self._attention_size)

    def zero_state(self, batch_size: Any, dtype: Any) -> DynamicAttentionWrapperState:
        """Zeros.

        Args:
          batch_size: B.
          dtype: of the state.
        """
        return DynamicAttentionWrapperState(
            self._cell.zero_state(batch_size, dtype),
            tf.zeros([batch_size, self._attention_size], dtype),
        )

    def call(self, inputs: Any, state: Any) -> tuple[Any, DynamicAttentionWrapperState]:
        query, cell_state = self._cell(
            self._cell_input_fn(inputs, state.attention), state.cell_state
        )
        mechanism = self._attention_mechanism
        alignments = self._probability_fn(mechanism.score(query))[:, tf.newaxis]  # [B, 1, T]
        context = tf.matmul(alignments, mechanism.values)[:, 0]  # [B, 1, D] -> [B, D]
        attention = self._attention_layer(tf.concat([query, context], axis=1))
        output = attention if self._output_attention else query
        return output, DynamicAttentionWrapperState(cell_state, attention)
