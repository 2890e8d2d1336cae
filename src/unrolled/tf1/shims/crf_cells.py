"""The three cells of `tf.contrib.crf`, for programs that run them themselves.

They are the recurrences of `unrolled.tf1.shims.crf` one step later: the first step's scores are the
initial state. The letters: B rows in the batch, K tags.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.cells.rnn_cell import RNNCell


class _OverTags(RNNCell):
    """A cell whose state and output are a number for each tag.

    Args:
      transition_params: A [K, K], with a known K.
    """

    def __init__(self, transition_params: Any):
        super().__init__()
        self._transition_params = tf.convert_to_tensor(transition_params)
        self._num_tags = tf.compat.dimension_value(self._transition_params.shape[0])

    @property
    def state_size(self) -> int:
        return self._num_tags

    @property
    def output_size(self) -> int:
        return self._num_tags

    def _ways(self, state: Any) -> tf.Tensor:
        """[B, K] -> [B, K before, K]: the scores of all ways from tag to tag."""
        return tf.expand_dims(state, 2) + self._transition_params


class CrfForwardRnnCell(_OverTags):
    """alpha'(k) = x(k) + log Σ_i exp(alpha(i) + A(i, k)), as output and as state."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """Inputs x and state alpha, both [B, K]; a scope changes nothing."""
        alphas = inputs + tf.reduce_logsumexp(self._ways(state), axis=1)
        return alphas, alphas


class CrfDecodeForwardRnnCell(_OverTags):
    """score'(k) = x(k) + max_i (score(i) + A(i, k)); the output is the i, int32."""

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """Inputs x and state score, both [B, K]; a scope changes nothing."""
        ways = self._ways(state)
        best = tf.argmax(ways, axis=1, output_type=tf.int32)
        return best, inputs + tf.reduce_max(ways, axis=1)


class CrfDecodeBackwardRnnCell(RNNCell):
    """Follows the outputs of `CrfDecodeForwardRnnCell` from the last tag back to the first.

    Args:
      num_tags: K.
    """

    state_size = output_size = 1

    def __init__(self, num_tags: int):
        super().__init__()
        self._num_tags = num_tags

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """Inputs [B, K], the best tag before each; state [B, 1], the tag: the tag before it."""
        before = tf.gather(inputs, state, batch_dims=1)  # [B, K] at [B, 1] -> [B, 1]
        return before, before
