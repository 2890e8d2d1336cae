"""Many training steps in one call of a graph, so that the call is paid once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

TrainStep = Callable[..., tf.Tensor]  # a batch gives a loss


def in_a_call(train_step: TrainStep, steps: int) -> TrainStep:
    """`train_step` so many times on one batch: for a `tf.function`, whose loop this becomes."""
    if steps == 1:
        return train_step

    def train_steps(*batch: tf.Tensor) -> tf.Tensor:
        losses = tf.TensorArray(tf.float32, steps)
        for i in tf.range(steps):
            losses = losses.write(i, train_step(*batch))
        return losses.stack()

    return train_steps


def first_loss(result: Any) -> float:
    """The loss of the first step, of one loss or many."""
    return float(np.ravel(result)[0])
