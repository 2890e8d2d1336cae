"""Rows of their own lengths: a `tf.RaggedTensor` goes into an unroll, and one comes out."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def accepts_ragged(unroll: Callable[..., Any]) -> Callable[..., Any]:
    """An unroll that takes ragged inputs [B, (T), D] too, in place of inputs and lengths.

    The outputs are then ragged as well, each row as long as it was.
    """
    signature = inspect.signature(unroll)

    @functools.wraps(unroll)
    def run(*args: Any, **kwargs: Any) -> Any:
        if not any(isinstance(x, tf.RaggedTensor) for x in (*args, *kwargs.values())):
            return unroll(*args, **kwargs)
        given = signature.bind(*args, **kwargs).arguments
        inputs = given["inputs"]
        if not isinstance(inputs, tf.RaggedTensor):
            return unroll(*args, **kwargs)  # which names the argument that is wrong
        if given.get("time_major", False):
            raise ValueError(
                "time_major must be False for ragged inputs, which begin with their rows; got True."
            )
        dense, lengths = padded(inputs, given.get("sequence_length"))
        outputs, state = unroll(**{**given, "inputs": dense, "sequence_length": lengths})
        ragged = tf.nest.map_structure(
            lambda y: tf.RaggedTensor.from_tensor(y, lengths=lengths), outputs
        )
        return ragged, state

    return run


def padded(
    inputs: tf.RaggedTensor, lengths: Any = None, argument: str = "sequence_length"
) -> tuple[tf.Tensor, tf.Tensor]:
    """Ragged inputs [B, (T), ...] filled up with zeros to one length, and the lengths [B]."""
    if inputs.ragged_rank != 1:
        raise ValueError(
            f"inputs must be ragged in their steps alone, [B, (T), D]; got shape {inputs.shape} "
            f"with {inputs.ragged_rank} ragged axes: make them with ragged_rank=1."
        )
    if lengths is not None:
        raise ValueError(
            f"{argument} must be left out for ragged inputs, which know the lengths of their rows; "
            "got both."
        )
    return inputs.to_tensor(), tf.cast(inputs.row_lengths(), tf.int32)
