"""Packages that took parts of TensorFlow 1 with them: Keras 2, and the estimators."""

from __future__ import annotations

import importlib.util
import os

_KERAS_2 = "tf_keras.api._v1.keras"

# Modules that Keras had before 2.4, which programs imported from, and where their names are now.
_LAYER_MODULES = (
    "advanced_activations convolutional convolutional_recurrent core cudnn_recurrent embeddings "
    "local merge noise normalization pooling recurrent wrappers"
)
_OLD_KERAS = {
    **{f"layers.{name}": ["layers"] for name in _LAYER_MODULES.split()},
    "backend.tensorflow_backend": ["backend"],
    "engine": ["layers", "models", "utils"],
    "engine.base_layer": ["layers"],
    "engine.input_layer": ["layers"],
    "engine.topology": ["layers", "models", "utils"],
    "engine.training": ["models"],
    "initializations": ["initializers"],
    "objectives": ["losses"],
    **{f"utils.{name}_utils": ["utils"] for name in "data generic io layer np vis".split()},
}


# The first one lets the package be imported.
_ESTIMATORS = {
    "estimator": ["unrolled.tf1.packages.estimators"],
    "contrib.estimator": [
        "unrolled.tf1.packages.estimators",
        "tensorflow_estimator.python.estimator.api._v1.estimator.experimental",
    ],
    "python.estimator": [
        "unrolled.tf1.packages.estimators",
        "tensorflow_estimator.python.estimator",
    ],
}


def behind() -> dict[str, list[str]]:
    """{a module of TensorFlow 1: the modules of installed packages that have taken its place}."""
    modules = {}
    if has("tf_keras"):
        # So that TensorFlow itself, and packages built on it, mean the same Keras: those of this
        # process, and not of the processes that it starts, which may lack tf_keras.
        if "TF_USE_LEGACY_KERAS" not in os.environ:
            os.environ["TF_USE_LEGACY_KERAS"] = "1"
            os.unsetenv("TF_USE_LEGACY_KERAS")  # of what they inherit, as os.environ keeps it
        for keras in ("keras", "contrib.keras", "contrib.keras.api.keras"):
            modules.update(_keras(keras, []))
        for keras in ("python.keras", "python.keras._impl.keras", "contrib.keras.python.keras"):
            modules.update(_keras(keras, ["tf_keras.src", "tensorflow.python.keras"]))
        if has("tensorflow_estimator"):
            modules |= _ESTIMATORS
    else:
        modules["keras"] = ["unrolled.tf1.packages.keras_3", "keras._tf_keras.keras"]
    return modules


def has(package: str) -> bool:
    """Whether a package is installed."""
    return importlib.util.find_spec(package) is not None


def stands_for(module: str) -> str | None:
    """What `import module` in a program's own code gives, or None for that module itself.

    The Keras of 2015 to 2018 built graphs, as Keras 2 of tf_keras can and Keras 3 cannot.
    """
    top, dot, inside = module.partition(".")
    if top == "tensorflow":
        return "unrolled.tf1" + dot + inside
    if top == "keras" and has("tf_keras"):
        return "unrolled.tf1.keras" + dot + inside
    return None


def _keras(root: str, also: list[str]) -> dict[str, list[str]]:
    old = {
        f"{root}.{name}": [f"{_KERAS_2}.{now}" for now in places]
        for name, places in _OLD_KERAS.items()
    }
    return {root: ["unrolled.tf1.packages.keras_2", _KERAS_2, *also], **old}
