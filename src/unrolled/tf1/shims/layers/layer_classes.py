"""The classes of `tf.layers`, and the functions that only call one of them.

TensorFlow still carries the classes of 1.15, without a public name and without batch
normalisation, which is added here. Where a release has dropped them, `CLASSES` and `FUNCTIONS` are
empty, and the functions of `layers` are what is left of `tf.layers`.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable
from types import ModuleType
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.cells.cell_base import RNNCell
from unrolled.tf1.shims.layers import core as layers
from unrolled.tf1.shims.layers import normalization

carried: list[ModuleType] = []
with contextlib.suppress(ImportError):
    from tensorflow.python.layers import base, convolutional, core, pooling

    carried = [base, convolutional, core, pooling]

# They advise Keras layers at each call, which a program of TensorFlow 1 cannot heed.
warnings.filterwarnings("ignore", message="`(tf.layers|layer.(apply|add_variable|updates))")

_NAMES = """
    Layer InputSpec Conv1D Conv2D Conv3D Conv2DTranspose Conv3DTranspose SeparableConv1D
    SeparableConv2D Dropout Flatten AveragePooling1D AveragePooling2D AveragePooling3D MaxPooling1D
    MaxPooling2D MaxPooling3D
"""
CLASSES: dict[str, Any] = {
    name: getattr(module, name)
    for name in _NAMES.split()
    for module in carried
    if hasattr(module, name)
}


def _function(of: type) -> Callable[..., tf.Tensor]:
    def layer(inputs: Any, *settings: Any, name: Any = None, reuse: Any = None, **more: Any) -> Any:
        if issubclass(of, _POOLING):
            return of(*settings, name=name, **more)(inputs)
        return of(*settings, name=name, _scope=name, _reuse=reuse, **more)(inputs)

    layer.__doc__ = f"One call of a new `tf.layers.{of.__name__}`, whose arguments it takes."
    return layer


_POOLING = tuple(kind for name, kind in CLASSES.items() if "Pooling" in name)

FUNCTIONS = {
    name: _function(CLASSES[kind])
    for name, kind in {
        "conv3d": "Conv3D",
        "conv2d_transpose": "Conv2DTranspose",
        "conv3d_transpose": "Conv3DTranspose",
        "separable_conv1d": "SeparableConv1D",
        "separable_conv2d": "SeparableConv2D",
        "average_pooling3d": "AveragePooling3D",
        "max_pooling3d": "MaxPooling3D",
    }.items()
    if kind in CLASSES
}

if carried:

    class BatchNormalization(base.Layer):  # type: ignore[misc, name-defined]
        """`tf.layers.batch_normalization` as an object, whose calls share their variables.

        Args:
          axis: of the channels, a number or a list of one (default: the last).
          renorm, virtual_batch_size, adjustment: not put back (default: off).

        The others are explained at `tf.layers.batch_normalization`.

        Raises:
          ValueError: one of those that are not put back is given, or `axis` lists several.
        """

        def __init__(
            self,
            axis: Any = -1,
            momentum: float = 0.99,
            epsilon: float = 1e-3,
            center: bool = True,
            scale: bool = True,
            beta_initializer: Any = "zeros",
            gamma_initializer: Any = "ones",
            moving_mean_initializer: Any = "zeros",
            moving_variance_initializer: Any = "ones",
            beta_regularizer: Any = None,
            gamma_regularizer: Any = None,
            beta_constraint: Any = None,
            gamma_constraint: Any = None,
            renorm: bool = False,
            renorm_clipping: Any = None,
            renorm_momentum: float = 0.99,
            fused: bool | None = None,
            trainable: bool = True,
            virtual_batch_size: int | None = None,
            adjustment: Any = None,
            name: str | None = None,
            **more: Any,
        ):
            normalization.check_no_renorm(renorm, renorm_clipping, virtual_batch_size, adjustment)
            super().__init__(trainable=trainable, name=name, **more)
            self.axis = normalization.single_axis(axis)
            self.momentum, self.epsilon, self.fused = momentum, epsilon, fused
            self.settings = {
                "gamma": (scale, gamma_initializer, gamma_regularizer, gamma_constraint, True),
                "beta": (center, beta_initializer, beta_regularizer, beta_constraint, True),
                "moving_mean": (True, moving_mean_initializer, None, None, False),
                "moving_variance": (True, moving_variance_initializer, None, None, False),
            }
            self.gamma = self.beta = self.moving_mean = self.moving_variance = None

        def build(self, input_shape: Any) -> None:
            """Make the variables for inputs of this shape, each [C]."""
            size = layers.known_size(tf.TensorShape(input_shape), self.axis, "BatchNormalization")
            for name, (asked, start, regularizer, constraint, trained) in self.settings.items():
                if asked:
                    initializer = start
                    if isinstance(start, str):
                        initializer = getattr(tf.initializers, start)
                    variable = self.add_weight(
                        name,
                        [size],
                        self.dtype or tf.float32,
                        initializer() if isinstance(initializer, type) else initializer,
                        regularizer,
                        trained and self.trainable,
                        constraint,
                    )
                    setattr(self, name, variable)
            self.built = True

        def call(self, inputs: Any, training: Any = False) -> tf.Tensor:
            """[..., C] -> the same shape; what moves the averages joins `updates`."""
            rank = inputs.shape.rank
            outputs, updates = normalization.normalize(
                inputs,
                self.axis,
                self.momentum,
                self.epsilon,
                [name for name in ("gamma", "beta") if getattr(self, name) is not None],
                training,
                self.fused is not False and rank == 4 and self.axis in (-1, 1, 3),
                lambda name, shape, **fixed: getattr(self, name),
            )
            self.add_update(updates)
            return outputs

    CLASSES["BatchNormalization"] = BatchNormalization

    class _Kind(type(base.Layer)):  # type: ignore[misc, name-defined]
        """Counts in what is a layer here without TensorFlow's class: `Dense`, and the cells."""

        def __instancecheck__(cls, one: Any) -> bool:
            return issubclass(type(one), cls)

        def __subclasscheck__(cls, kind: type) -> bool:
            if cls is CLASSES["Layer"]:
                return issubclass(kind, (base.Layer, layers.Dense, RNNCell))
            return super().__subclasscheck__(kind)

    class Layer(base.Layer, metaclass=_Kind):  # type: ignore[misc, name-defined]
        """The base of the classes of `tf.layers`, and of those in programs."""

        def __call__(self, *inputs: Any, **more: Any) -> Any:
            # Copies of 1.15's LayerRNNCell call this on a cell, which is a layer of its own here.
            if isinstance(self, RNNCell):
                return RNNCell.__call__(self, *inputs, **more)
            return super().__call__(*inputs, **more)

    CLASSES["Layer"] = Layer
