"""A training loop that stays out of the way: whole epochs run inside one graph.

A call of a graph from Python costs about as much as a small recurrent step, so the loop over the
batches of an epoch lies in the graph too. Losses and measures of every step come back as arrays.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.checks import check_count


@dataclass
class History:
    """What a training run measured."""

    steps_per_epoch: int
    loss: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    measure: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    seconds: list[float] = field(default_factory=list)  # of each epoch, tracing not included
    seconds_to_trace: float = 0.0
    epochs: list[Any] = field(default_factory=list)  # what `each_epoch` returned

    def mean_loss(self, epoch: int = -1) -> float:
        """The mean loss over the batches of one epoch, the last one where it is left out."""
        return float(self.loss.reshape(-1, self.steps_per_epoch)[epoch].mean())

    @property
    def milliseconds_per_step(self) -> float:
        """The median over the epochs."""
        return 1e3 * float(np.median(self.seconds)) / self.steps_per_epoch


def fit(
    model: tf.Module | Sequence[tf.Module],
    loss: Callable[..., Any],
    data: Sequence[Any],
    *,
    epochs: int,
    batch_size: int | None = None,
    learning_rate: float = 1e-3,
    shuffle_seed: int | None = None,
    drop_remainder: bool = False,
    clip_norm: float | None = None,
    each_epoch: Callable[[int, History], Any] | None = None,
) -> History:
    """Train with Adam (Kingma and Ba, 2015), TensorFlow's own `AdamOptimizer` with its defaults.

    Args:
      model: the module (or modules) whose `trainable_variables` are trained.
      loss: called as loss(*batch) with one slice of each array of `data`; returns a scalar, or a
        pair (scalar loss, scalar measure such as the batch's accuracy).
      data: arrays with equal first axes, the examples.
      epochs: how many times to go through the data.
      batch_size: examples in a batch; all of them where it is left out.
      learning_rate: Adam's.
      shuffle_seed: seed of a new order of the examples for every epoch; None keeps their order.
      drop_remainder: leave out the last batch where it is smaller. Off, nothing is dropped.
      clip_norm: scale the gradient down to this global norm where it is longer.
      each_epoch: called as each_epoch(epoch, history) after every epoch, counted from 1; what it
        returns is kept in `History.epochs`.

    Raises:
      ValueError: the arrays differ in their first axis, or hold fewer examples than one batch.
    """
    arrays = [tf.convert_to_tensor(array) for array in data]
    counts = [array.shape[0] for array in arrays]
    if not counts or len(set(counts)) != 1 or counts[0] == 0:
        raise ValueError(f"data must be arrays with equal numbers of examples; got {counts}.")
    count = counts[0]
    batch_size = count if batch_size is None else check_count(batch_size, "batch_size")
    steps = count // batch_size if drop_remainder else -(-count // batch_size)
    if steps == 0:
        raise ValueError(
            f"batch_size is {batch_size}, but there are {count} examples and the remainder is "
            "dropped; use a smaller batch or drop_remainder=False."
        )
    modules = [model] if isinstance(model, tf.Module) else list(model)
    optimizer = tf.compat.v1.train.AdamOptimizer(learning_rate)  # one fused kernel a variable
    all_full = steps * batch_size <= count

    def train_step(i: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        rows = order[i * batch_size : (i + 1) * batch_size]
        if all_full:
            rows = tf.ensure_shape(rows, [batch_size])
        with tf.GradientTape() as tape:
            result = loss(*(tf.gather(array, rows) for array in arrays))
            value, measure = result if isinstance(result, tuple) else (result, np.nan)
        variables = [v for module in modules for v in module.trainable_variables]
        gradients = tape.gradient(value, variables)
        if clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm)
        optimizer.apply_gradients(zip(gradients, variables))
        return tf.cast(value, tf.float32), tf.cast(measure, tf.float32)

    @tf.function
    def run_epoch(order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values = tf.TensorArray(tf.float32, steps)
        measures = tf.TensorArray(tf.float32, steps)
        for i in tf.range(steps):
            value, measure = train_step(i, order)
            values = values.write(i, value)
            measures = measures.write(i, measure)
        return values.stack(), measures.stack()

    history = History(steps)
    start = time.perf_counter()
    run_epoch = run_epoch.get_concrete_function(tf.TensorSpec([count], tf.int32))
    history.seconds_to_trace = time.perf_counter() - start
    shuffler = None if shuffle_seed is None else np.random.default_rng(shuffle_seed)
    for epoch in range(1, epochs + 1):
        order = np.arange(count) if shuffler is None else shuffler.permutation(count)
        start = time.perf_counter()
        values, measures = (x.numpy() for x in run_epoch(tf.constant(order, tf.int32)))
        history.seconds.append(time.perf_counter() - start)
        history.loss = np.append(history.loss, values)
        history.measure = np.append(history.measure, measures)
        if each_epoch is not None:
            history.epochs.append(each_epoch(epoch, history))
    return history


def accuracy(logits: tf.Tensor, labels: tf.Tensor, weights: Any = None) -> tf.Tensor:
    """The share of labels [...] that have the highest of their scores [..., C].

    With `weights` [...], a weighted mean: steps of weight 0 do not count.
    """
    right = tf.cast(tf.equal(tf.argmax(logits, axis=-1), tf.cast(labels, tf.int64)), tf.float32)
    if weights is None:
        return tf.reduce_mean(right)
    weights = tf.cast(weights, tf.float32)
    return tf.math.divide_no_nan(tf.reduce_sum(right * weights), tf.reduce_sum(weights))


def by_batch(
    measure: Callable[..., tf.Tensor], data: Sequence[Any], batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """`measure(*batch)` for every batch, and the sizes of the batches; nothing is dropped.

    The mean over all examples is `np.average(values, weights=sizes)`.
    """
    run = tf.function(measure, reduce_retracing=True)
    count = len(data[0])
    starts = range(0, count, batch_size)
    values = [
        run(*(tf.convert_to_tensor(array[i : i + batch_size]) for array in data)).numpy()
        for i in starts
    ]
    return np.array(values), np.array([min(batch_size, count - i) for i in starts])
