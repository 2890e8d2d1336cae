"""One file a framework, one function a contestant: it makes a step that can be run and timed."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

PLACES = {
    "products": "products.in_turn",
    "products_lifted": "products.lifted",
    "tensorflow_static": "tensorflow_own.static_rnn",
    "tensorflow_dynamic": "tensorflow_own.dynamic_rnn",
    "static_rnn": "unrolled_rnn.static_rnn",
    "dynamic_rnn": "unrolled_rnn.dynamic_rnn",
    "keras": "keras_layers.in_a_model",
    "pytorch": "torch_rnn.recurrent_layers",
    "jax": "jax_scan.in_a_scan",
    "chain": "operations.in_a_chain",
    "call": "operations.as_it_comes",
}


def no_loss(result: Any) -> None:
    """For a step that computes no loss."""


@dataclass
class Prepared:
    """A step, traced or compiled as far as that is possible without running it.

    `step` returns when its work is done. `loss` reads a result of `step`: the loss of a training
    step, or the logits [B, 10] of a forward one.
    """

    step: Callable[[], Any]
    loss: Callable[[Any], Any] = no_loss
    repeats: int = 1  # how many operations one step holds


def maker(contestant: str) -> Callable[..., Prepared]:
    """The function that makes `contestant` ready: called as (case, mode, **options).

    Raises:
      ModuleNotFoundError: its framework is missing.
    """
    module, function = PLACES[contestant].split(".")
    return getattr(importlib.import_module(f"{__name__}.{module}"), function)
