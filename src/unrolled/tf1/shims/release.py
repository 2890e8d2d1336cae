"""The release that a program was written for, where the same line meant something else in it.

The environment variable `UNROLLED_TF1_RELEASE` says it, for instance 1.0 (unset or empty: 1.15):

    before 1.2   tf.contrib.seq2seq.dynamic_decode returns (outputs, state) without the lengths
    before 1.1   a cell makes variables of its own in every scope that it is called in, so that
                 MultiRNNCell([cell] * n) has n sets of them; later it keeps to its first scope
    before 0.11  LSTM cells and MultiRNNCell have state_is_tuple=False as their default
"""

from __future__ import annotations

import functools
import inspect
import os
import re
from collections.abc import Callable
from typing import Any

VARIABLE = "UNROLLED_TF1_RELEASE"


def written_for() -> tuple[int, int]:
    """The release, such as (1, 15).

    Raises:
      ValueError: the variable names none of TensorFlow 1.
    """
    text = os.environ.get(VARIABLE) or "1.15"
    numbers = re.match(r"(\d+)\.(\d+)(\.|$)", text)
    if numbers is None or int(numbers[1]) > 1:
        raise ValueError(
            f"{VARIABLE} must be a release of TensorFlow 1 or before, with its second number, "
            f"such as 1.0; got {text!r}."
        )
    return int(numbers[1]), int(numbers[2])


def cells_keep_their_scope() -> bool:
    """Whether a cell takes its variables from the scope of its first call ever after."""
    return written_for() >= (1, 1)


def decoding_returns_lengths() -> bool:
    """Whether `dynamic_decode` returns three values, the lengths last."""
    return written_for() >= (1, 2)


def with_its_state(init: Callable[..., None]) -> Callable[..., None]:
    """Give `state_is_tuple` of an `__init__` the default that it had in the release."""
    signature = inspect.signature(init)

    @functools.wraps(init)
    def wrapped(*positional: Any, **named: Any) -> None:
        given = signature.bind_partial(*positional, **named).arguments
        if "state_is_tuple" not in given and written_for() < (0, 11):
            named["state_is_tuple"] = False
        init(*positional, **named)

    vars(wrapped)["__signature__"] = signature  # programs read it to find out their release
    return wrapped
