"""`tf.contrib.learn.run_n`: try a few tensors without writing a session."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf


def run_n(
    output_dict: dict[str, Any],
    feed_dict: dict[Any, Any] | None = None,
    restore_checkpoint_path: str | None = None,
    n: int = 1,
) -> list[dict[str, Any]]:
    """Run tensors n times in a new session, after initialising what the graph needs.

    Args:
      output_dict: names and the tensors to run, all of one graph.
      feed_dict: what to feed, the same for each run (default: nothing).
      restore_checkpoint_path: a checkpoint to read the variables from (default: the variables start
        from their initialisers).
      n: the number of runs (default: 1).

    Returns:
      A list of n dictionaries, each with the names of `output_dict` and the values.
    """
    graph = tf.nest.flatten(output_dict)[0].graph
    with graph.as_default(), tf.Session(graph=graph) as session:
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        session.run(tf.tables_initializer())
        if restore_checkpoint_path:
            tf.train.Saver().restore(session, restore_checkpoint_path)
        coordinator = tf.train.Coordinator()
        threads = tf.train.start_queue_runners(session, coordinator)
        try:
            return [session.run(output_dict, feed_dict) for _ in range(n)]
        finally:
            coordinator.request_stop()
            coordinator.join(threads, stop_grace_period_secs=5)
