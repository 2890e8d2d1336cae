"""`tf.keras` where Keras 3 is the only one: its layers build graphs; its models cannot train."""

from __future__ import annotations

import functools as _functools
from collections.abc import Callable as _Callable
from typing import Any as _Any

import keras as _keras
import tensorflow as _tensorflow


def _needs_keras_2(method: _Callable[..., _Any]) -> _Callable[..., _Any]:
    @_functools.wraps(method)
    def eager_only(*arguments: _Any, **options: _Any) -> _Any:
        if not _tensorflow.executing_eagerly():
            raise RuntimeError(
                f"Model.{method.__name__} of Keras 3 needs eager execution, which unrolled.tf1 "
                "switches off: pip install tf_keras, and tf.keras will be Keras 2, which trains in "
                "a graph."
            )
        return method(*arguments, **options)

    return eager_only


for _name in ("fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "predict_on_batch"):
    setattr(_keras.Model, _name, _needs_keras_2(getattr(_keras.Model, _name)))
