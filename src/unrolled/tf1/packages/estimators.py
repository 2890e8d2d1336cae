"""`tf.estimator` where the package `tensorflow_estimator` is installed.

Its last release is of TensorFlow 2.15. It imports private modules, for TPUs and for clusters, that
2.16 lacks; they stand here with no more than what the package reads from them.
"""

from __future__ import annotations

import importlib as _importlib
import sys as _sys
from types import ModuleType as _ModuleType
from typing import Any as _Any

_FOR_TPUS = (
    "TPUEmbedding AdagradParameters AdamParameters FtrlParameters MomentumParameters "
    "ProximalAdagradParameters RMSPropParameters StochasticGradientDescentParameters"
)


def _stand_in(name: str, **names: _Any) -> None:
    module = _ModuleType(name, f"Stands where `{name}` stood.")
    vars(module).update(names)
    _sys.modules[name] = module
    if name.startswith("tensorflow."):
        above, _, last = name.rpartition(".")
        setattr(_importlib.import_module(above), last, module)


_stand_in(
    "tensorflow.python.distribute.estimator_training",
    should_run_distribute_coordinator=lambda config: False,
)
_stand_in("tensorflow.python.tpu.tpu_embedding", **dict.fromkeys(_FOR_TPUS.split(), object))
_stand_in("tensorflow.python.tpu.tpu_embedding_gradient")
_stand_in("tensorflow.python.tpu.session_support")
# Its decorator would enter the names into a registry that TensorFlow has dropped.
_stand_in(
    "tensorflow_estimator.python.estimator.estimator_export",
    estimator_export=lambda *names, **more: lambda exported: exported,
)

_v1 = _importlib.import_module("tensorflow_estimator.python.estimator.api._v1.estimator")


def __getattr__(name: str) -> _Any:
    return getattr(_v1, name)


def __dir__() -> list[str]:
    return [name for name in dir(_v1) if not name.startswith("_")]
