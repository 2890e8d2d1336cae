"""What a beam search does to tensors: rows repeated for the beams, and paths read off backwards.

The letters: B rows in the batch, W beams, T steps.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.shapes import size_or_tensor


def tile_batch(t: Any, multiplier: int, name: str | None = None) -> Any:
    """[B, ...] -> [B · multiplier, ...]: each row repeated, in one tensor or in a structure.

    Raises:
      ValueError: a tensor has no axis of the batch, or its number of axes is not known.
    """

    def repeated(x: Any) -> tf.Tensor:
        x = tf.convert_to_tensor(x, name="t")
        if not x.shape.rank:
            raise ValueError(f"t must be [B, ...] with a known number of axes; got {x.shape}.")
        return tf.repeat(x, multiplier, axis=0)

    with tf.name_scope(name, "tile_batch"):
        return tf.nest.map_structure(repeated, t)


def gather_tree(
    step_ids: Any,
    parent_ids: Any,
    max_sequence_lengths: Any,
    end_token: Any,
    name: str | None = None,
) -> tf.Tensor:
    """The classes on the path to each of the last beams, [T, B, W].

    Beam w of the last step holds class `step_ids[-1, b, w]`; the beam that it went on from is
    `parent_ids[-1, b, w]`, one step before; and so on to step 0.

    Args:
      step_ids, parent_ids: [T, B, W], int32.
      max_sequence_lengths: [B], int32: the step after the last in each row; from there on, and
        behind the first end token of a path, the result is the end token.
      end_token: a class number.

    Raises:
      tf.errors.InvalidArgumentError: at run time, a parent is not among the W beams.
    """
    with tf.name_scope(name, "GatherTree"):
        step_ids = tf.convert_to_tensor(step_ids, tf.int32, name="step_ids")
        parent_ids = tf.convert_to_tensor(parent_ids, tf.int32, name="parent_ids")
        end = tf.convert_to_tensor(end_token, tf.int32, name="end_token")
        lengths = tf.convert_to_tensor(max_sequence_lengths, tf.int32)
        steps, beams = tf.shape(step_ids)[0], size_or_tensor(step_ids, 2)
        inside = tf.range(steps)[:, tf.newaxis] < lengths  # [T, B]
        inside = tf.tile(inside[:, :, tf.newaxis], [1, 1, beams])
        # The parents of step 0 are not read.
        known = (parent_ids >= 0) & (parent_ids < beams)
        known |= ~inside | tf.equal(tf.range(steps), 0)[:, tf.newaxis, tf.newaxis]
        message = "parent_ids must be numbers of beams, from 0 to below their number"
        with tf.control_dependencies([tf.debugging.Assert(tf.reduce_all(known), [message])]):
            parent_ids = tf.identity(parent_ids)

        def step_back(carried: Any, now: Any) -> Any:
            at, _ = carried  # [B, W], the beam of this step that each path goes through
            ids, parents, real = now
            found = tf.where(real, tf.gather(ids, at, batch_dims=1), tf.fill(tf.shape(ids), end))
            at = tf.where(real, tf.gather(parents, at, batch_dims=1), at)
            return tf.ensure_shape(at, shape), tf.ensure_shape(found, shape)

        shape = step_ids.shape[1:]
        batch = tf.shape(step_ids)[1]
        last = tf.tile(tf.range(beams)[tf.newaxis], [batch, 1])
        last = tf.ensure_shape(last, shape)
        _, path = tf.scan(step_back, (step_ids, parent_ids, inside), (last, last), reverse=True)
        is_end = tf.cast(tf.equal(path, end), tf.int32)
        ended = tf.cumsum(is_end, axis=0, exclusive=True) > 0
        path = tf.where(ended, tf.fill(tf.shape(path), end), path)
        return tf.ensure_shape(path, step_ids.shape)


def gather_tree_from_array(t: Any, parent_ids: Any, sequence_length: Any) -> tf.Tensor:
    """What was kept of each step, along the path to each of the last beams.

    Args:
      t: [T, B, W, ...] or [T, B · W, ...], in the order of each step's own beams.
      parent_ids: [T, B, W], int32.
      sequence_length: [B, W]; past it a path stays with the number of its beam.

    Returns:
      A tensor of the shape of `t`.
    """
    parent_ids = tf.convert_to_tensor(parent_ids, tf.int32)
    steps, batch, beams = (size_or_tensor(parent_ids, axis) for axis in range(3))
    own = tf.tile(tf.range(beams)[tf.newaxis, tf.newaxis], [steps, batch, 1])  # [T, B, W]
    longest = tf.cast(tf.reduce_max(sequence_length, axis=1), tf.int32)
    path = gather_tree(own, parent_ids, longest, end_token=beams + 1)
    live = tf.transpose(tf.sequence_mask(sequence_length, steps), [2, 0, 1])  # [T, B, W]
    path = tf.where(live, path, own)
    flat = tf.reshape(t, [steps, batch, beams, -1])
    return tf.reshape(tf.gather(flat, path, batch_dims=2), tf.shape(t))
