"""Queues of `tf.contrib.training` that sort examples into batches: buckets and sampling.

As all queues of TensorFlow 1, they are filled by threads that `tf.train.start_queue_runners`
starts, and the last batch is followed by `tf.errors.OutOfRangeError`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

_CLOSED = (tf.errors.OutOfRangeError, tf.errors.CancelledError)


def bucket(
    tensors: Any,
    which_bucket: Any,
    batch_size: Any,
    num_buckets: int,
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Sequence[int] | None = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[tf.Tensor, Any]:
    """Batches of examples of the same bucket, each as soon as one bucket has enough.

    Args:
      tensors: one example: a list or a dictionary of dense tensors.
      which_bucket: a scalar, the number of its bucket, from 0.
      batch_size: the number of examples in a batch, or a list of one for each bucket.
      num_buckets: the number of buckets.
      num_threads: how many threads read examples (default: 1).
      capacity: how many batches wait, and how many examples in each bucket (default: 32).
      bucket_capacities: the latter for each bucket (default: `capacity`).
      shapes: of the tensors (default: as they are known).
      dynamic_pad: pad the examples of a batch to its longest one, with zeros or "", instead of
        asking for one shape (default: False).
      allow_smaller_final_batch: return the rest of each bucket at the end (default: drop it).
      keep_input: a boolean scalar, whether to take this example (default: True).
      shared_name: share the queues under this name among sessions (default: no sharing).
      name: of the operations (default: `bucket`).

    Returns:
      The number of the bucket, and the batch in the structure of `tensors`.

    Raises:
      ValueError: there are no tensors, a list does not have `num_buckets` elements, a tensor is
        sparse, or a shape is not known and `dynamic_pad` is False.
    """
    listed = _as_list(tensors)
    if not listed:
        raise ValueError("tensors of bucket must hold at least one tensor; got none.")
    if any(isinstance(tensor, tf.SparseTensor) for tensor in listed):
        raise ValueError(
            "tensors of bucket must be dense; got a SparseTensor; use tf.sparse.to_dense first."
        )
    several = isinstance(batch_size, (list, tuple))
    sizes = list(batch_size) if several else [batch_size] * num_buckets
    capacities = [capacity] * num_buckets if bucket_capacities is None else bucket_capacities
    for argument, values in {"batch_size": sizes, "bucket_capacities": capacities}.items():
        if len(values) != num_buckets:
            raise ValueError(
                f"{argument} of bucket must have {num_buckets} elements, one for each bucket; "
                f"got {len(values)}."
            )

    with tf.name_scope(name, "bucket", listed):
        listed = [tf.convert_to_tensor(tensor) for tensor in listed]
        types = [tensor.dtype for tensor in listed]
        shapes = [tf.TensorShape(s) for s in shapes or [tensor.shape for tensor in listed]]
        which_bucket = tf.cast(which_bucket, tf.int32)
        make = tf.PaddingFIFOQueue if dynamic_pad else tf.FIFOQueue
        queues = [
            make(
                capacities[i],
                types,
                shapes,
                shared_name=shared_name and f"{shared_name}_{i}",
                name=f"bucket_queue_{i}",
            )
            for i in range(num_buckets)
        ]
        # The batch's size is part of the shape where it is one number for all buckets.
        one_size = not (allow_smaller_final_batch or several)
        rows = [tf.get_static_value(tf.convert_to_tensor(sizes[0])) if one_size else None]
        top = tf.PaddingFIFOQueue(  # padding, since it also takes shapes with unknown sizes
            capacity,
            [tf.int32, *types],
            [tf.TensorShape([]), *(tf.TensorShape(rows).concatenate(s) for s in shapes)],
            shared_name=shared_name,
            name="top_queue",
        )

        def enqueue() -> tf.Operation:
            return tf.group(
                *(
                    tf.cond(
                        tf.equal(which_bucket, i),
                        functools.partial(queue.enqueue, listed),
                        tf.no_op,
                    )
                    for i, queue in enumerate(queues)
                ),
                name="group_enqueues",
            )

        keep = keep_input if isinstance(keep_input, bool) else tf.get_static_value(keep_input)
        if keep is None:
            filled = tf.cond(keep_input, enqueue, tf.no_op)
        else:
            filled = enqueue() if keep else tf.no_op()

        moved = []
        for i, (queue, size) in enumerate(zip(queues, sizes)):
            take = queue.dequeue_up_to if allow_smaller_final_batch else queue.dequeue_many
            batch = _as_list(take(size, name=f"read_bucket_{i}"))
            moved.append(top.enqueue([tf.constant(i), *batch], name=f"enqueue_from_bucket_{i}"))
        _run(queues[0], moved, [top])
        _run(top, [filled] * num_threads, queues)

        waiting = tf.cast(top.size(), tf.float32)
        tf.summary.scalar(f"bucket/{top.name}/fraction_of_{capacity}_full", waiting / capacity)
        which, *batch = top.dequeue(name="dequeue_top")
        if isinstance(tensors, dict):
            return which, dict(zip(tensors, batch))
        return which, batch if isinstance(tensors, (list, tuple)) else batch[0]


def bucket_by_sequence_length(
    input_length: Any,
    tensors: Any,
    batch_size: Any,
    bucket_boundaries: Sequence[int],
    num_threads: int = 1,
    capacity: int = 32,
    bucket_capacities: Sequence[int] | None = None,
    shapes: Any = None,
    dynamic_pad: bool = False,
    allow_smaller_final_batch: bool = False,
    keep_input: Any = True,
    shared_name: str | None = None,
    name: str | None = None,
) -> tuple[tf.Tensor, Any]:
    """Batches of examples of about the same length.

    Args:
      input_length: a scalar, the length of this example.
      bucket_boundaries: increasing whole numbers; the buckets are below the first, between one
        (inclusive) and the next, and from the last on.

    The others are those of `bucket`.

    Returns:
      The lengths [B], and the batch in the structure of `tensors`.

    Raises:
      TypeError: `bucket_boundaries` is not a list of whole numbers.
      ValueError: they do not increase, or what `bucket` raises.
    """
    bounds = bucket_boundaries
    if not isinstance(bounds, (list, tuple)) or not all(isinstance(b, int) for b in bounds):
        raise TypeError(f"bucket_boundaries must be a list of whole numbers; got {bounds!r}.")
    if not bounds or any(low >= high for low, high in zip(bounds, bounds[1:])):
        raise ValueError(f"bucket_boundaries must increase, and be at least one; got {bounds}.")
    listed = _as_list(tensors)
    with tf.name_scope(name, "bucket_by_sequence_length", [input_length, *listed]):
        input_length = tf.cast(input_length, tf.int32)
        _, (lengths, *batch) = bucket(
            [input_length, *listed],
            tf.reduce_sum(tf.cast(tf.less_equal(list(bounds), input_length), tf.int32)),
            batch_size,
            len(bounds) + 1,
            num_threads,
            capacity,
            bucket_capacities,
            shapes and [[], *shapes],
            dynamic_pad,
            allow_smaller_final_batch,
            keep_input,
            shared_name,
        )
        if isinstance(tensors, dict):
            return lengths, dict(zip(tensors, batch))
        return lengths, batch if isinstance(tensors, (list, tuple)) else batch[0]


def _as_list(tensors: Any) -> list[Any]:
    if isinstance(tensors, dict):
        return list(tensors.values())
    return list(tensors) if isinstance(tensors, (list, tuple)) else [tensors]


def _run(queue: Any, operations: list[Any], targets: list[Any]) -> None:
    """Threads that run `operations`; once one finds its source closed, it closes the targets."""
    runner = tf.train.QueueRunner(
        queue,
        operations,
        close_op=tf.group(*(target.close() for target in targets)),
        cancel_op=tf.group(*(target.close(cancel_pending_enqueues=True) for target in targets)),
        queue_closed_exception_types=_CLOSED,
    )
    tf.train.add_queue_runner(runner)


def rejection_sample(
    tensors: Sequence[Any],
    accept_prob_fn: Callable[[list[tf.Tensor]], Any],
    batch_size: int,
    queue_threads: int = 1,
    enqueue_many: bool = False,
    prebatch_capacity: int = 16,
    prebatch_threads: int = 1,
    runtime_checks: bool = False,
    name: str | None = None,
) -> list[tf.Tensor]:
    """Batches of examples, each of which is taken with a probability of its own.

    Args:
      tensors: one example, or a batch of such with `enqueue_many`.
      accept_prob_fn: from the tensors of one example to a scalar between 0 and 1.
      batch_size: B.
      queue_threads: how many threads fill the batches (default: 1).
      enqueue_many: whether the tensors are batches (default: False).
      prebatch_capacity, prebatch_threads: of the queue that takes those apart (default: 16 and 1).
      runtime_checks: check the probabilities (default: False).
      name: of the operations (default: `rejection_sample`).
    """
    with tf.variable_scope(name, "rejection_sample", list(tensors)):
        tensors = [tf.convert_to_tensor(tensor) for tensor in tensors]
        if enqueue_many:
            tensors = _one_by_one(tensors, prebatch_threads, prebatch_capacity)
        probability = tf.convert_to_tensor(accept_prob_fn(list(tensors)))
        if runtime_checks:
            inside = [
                tf.assert_less_equal(0.0, probability),
                tf.assert_less_equal(probability, 1.0),
            ]
            with tf.control_dependencies(inside):
                probability = tf.identity(probability)
        keep = tf.random_uniform([]) < probability
        return _as_list(tf.train.maybe_batch(tensors, keep, batch_size, queue_threads))


def stratified_sample(
    tensors: Sequence[Any],
    labels: Any,
    target_probs: Any,
    batch_size: int,
    init_probs: Any = None,
    enqueue_many: bool = False,
    queue_capacity: int = 16,
    threads_per_queue: int = 1,
    name: str | None = None,
) -> tuple[list[tf.Tensor], tf.Tensor]:
    """Batches in which the classes have these shares; examples of others are dropped.

    Args:
      tensors: one example, or a batch of such with `enqueue_many`.
      labels: its class, a whole number, or the classes of the batch.
      target_probs: the share of each class in a batch, [classes].
      batch_size: B.
      init_probs: the share of each class in the data (default: estimated from those seen).
      enqueue_many: whether the tensors are batches (default: False).
      queue_capacity, threads_per_queue: of the queues (default: 16 and 1).
      name: of the operations (default: `stratified_sample`).

    Returns:
      The batch, and its labels [B].

    Raises:
      ValueError: the two lists of shares do not have one length.
    """
    with tf.name_scope(name, "stratified_sample", [*tensors, labels]):
        tensors = [tf.convert_to_tensor(tensor) for tensor in tensors]
        labels = tf.convert_to_tensor(labels)
        target = tf.convert_to_tensor(target_probs, tf.float32)
        if not enqueue_many:
            tensors = [tf.expand_dims(tensor, 0) for tensor in tensors]
            labels = tf.expand_dims(labels, 0)
        classes = target.shape.num_elements()
        inside = tf.assert_less(labels, tf.cast(classes, labels.dtype))
        with tf.control_dependencies([inside, tf.assert_non_negative(labels)]):
            labels = tf.identity(labels)
        # From here on one example at a time: another look at `labels` would take another one.
        *tensors, label = _one_by_one([*tensors, labels], threads_per_queue, queue_capacity)
        if init_probs is None:
            seen = tf.Variable([10] * classes, trainable=False, name="class_count", dtype=tf.int64)
            more = tf.one_hot(label, classes, dtype=tf.int64)
            counted = tf.cast(seen.assign_add(more), tf.float32)
            given = counted / tf.reduce_sum(counted)
        else:
            given = tf.convert_to_tensor(init_probs, tf.float32)
        if given.shape.num_elements() != classes:
            raise ValueError(
                f"init_probs of stratified_sample must have {classes} elements, as target_probs; "
                f"got shape {given.shape}."
            )
        checks = [
            *(tf.assert_non_negative(shares) for shares in (given, target)),
            *(tf.assert_near(tf.reduce_sum(shares), 1.0) for shares in (given, target)),
            tf.Assert(
                tf.reduce_all(tf.logical_or(tf.not_equal(given, 0), tf.equal(target, 0))),
                ["target_probs must be 0 where init_probs is", given, target],
            ),
        ]
        with tf.control_dependencies(checks):
            # The class that is rarest, measured by its target, is kept whole.
            ratio = tf.math.divide_no_nan(target, given)
            accept = ratio / tf.reduce_max(ratio)
        keep = tf.random_uniform([]) < tf.gather(accept, label)
        *batch, labels = tf.train.maybe_batch(
            [*tensors, label], keep, batch_size, threads_per_queue
        )
        return batch, labels


def _one_by_one(tensors: Sequence[Any], threads: int, capacity: int) -> list[tf.Tensor]:
    """The rows of tensors, each by itself."""
    rows = tf.train.batch(list(tensors), 1, threads, capacity, enqueue_many=True)
    return [tf.squeeze(row, [0]) for row in _as_list(rows)]
