"""`MultivariateNormalDiag` of `tf.contrib.distributions`, a distribution as those of TensorFlow."""

from __future__ import annotations

import math
from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.util import deprecation


class MultivariateNormalDiag(tf.distributions.Distribution):
    """Independent normal distributions of D numbers, which together are one event.

    Args:
      loc: the means [..., D] (default: zeros).
      scale_diag: the standard deviations [..., D] (default: ones).
      scale_identity_multiplier: a deviation [...] that is added to all of a row (default: none).
      validate_args: check that no deviation is 0 (default: False).
      allow_nan_stats: as for `tf.distributions.Distribution` (default: True).
      name: of the operations (default: "MultivariateNormalDiag").

    Raises:
      ValueError: neither `loc` nor `scale_diag` is given.
    """

    def __init__(
        self,
        loc: Any = None,
        scale_diag: Any = None,
        scale_identity_multiplier: Any = None,
        validate_args: bool = False,
        allow_nan_stats: bool = True,
        name: str = "MultivariateNormalDiag",
    ):
        parameters = dict(locals())  # for `copy`, as every distribution keeps them
        del parameters["self"], parameters["__class__"]
        if loc is None and scale_diag is None:
            raise ValueError(
                "loc or scale_diag of MultivariateNormalDiag must be given, for the number of "
                "dimensions; got None for both."
            )
        with tf.name_scope(name, values=[loc, scale_diag, scale_identity_multiplier]):
            given = tf.convert_to_tensor(scale_diag if loc is None else loc)
            scale = tf.ones_like(given) if scale_diag is None else tf.convert_to_tensor(scale_diag)
            if scale_identity_multiplier is not None:
                more = tf.expand_dims(tf.cast(scale_identity_multiplier, given.dtype), -1)
                scale = scale + more if scale_diag is not None else scale * more
            if validate_args:
                with tf.control_dependencies([tf.assert_none_equal(scale, tf.zeros_like(scale))]):
                    scale = tf.identity(scale)
            # Both in one shape: the events of all rows of the batch.
            self.means = (tf.zeros_like(scale) if loc is None else given) + tf.zeros_like(scale)
            self.deviations = scale + tf.zeros_like(self.means)
        super().__init__(
            dtype=given.dtype,
            reparameterization_type=tf.distributions.FULLY_REPARAMETERIZED,
            validate_args=validate_args,
            allow_nan_stats=allow_nan_stats,
            parameters=parameters,
            graph_parents=[self.means, self.deviations],
            name=name,
        )

    @property
    def loc(self) -> tf.Tensor:
        """The means [..., D]."""
        return self.means

    def _batch_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.means)[:-1]

    def _batch_shape(self) -> tf.TensorShape:
        return self.means.shape[:-1]

    def _event_shape_tensor(self) -> tf.Tensor:
        return tf.shape(self.means)[-1:]

    def _event_shape(self) -> tf.TensorShape:
        return self.means.shape[-1:]

    def _sample_n(self, n: Any, seed: int | None = None) -> tf.Tensor:
        shape = tf.concat([[n], tf.shape(self.means)], 0)
        drawn = tf.random_normal(shape, dtype=self.means.dtype, seed=seed)
        return self.means + self.deviations * drawn

    def _log_prob(self, x: Any) -> tf.Tensor:
        z = (x - self.means) / self.deviations
        return tf.reduce_sum(
            -0.5 * tf.square(z) - tf.log(tf.abs(self.deviations)) - 0.5 * math.log(2 * math.pi), -1
        )

    def _prob(self, x: Any) -> tf.Tensor:
        return tf.exp(self._log_prob(x))

    def _entropy(self) -> tf.Tensor:
        each = 0.5 * (1 + math.log(2 * math.pi)) + tf.log(tf.abs(self.deviations))
        return tf.reduce_sum(each, -1)

    def _mean(self) -> tf.Tensor:
        return tf.identity(self.means)

    _mode = _mean

    def _stddev(self) -> tf.Tensor:
        return tf.abs(self.deviations)

    def _variance(self) -> tf.Tensor:
        return tf.square(self.deviations)

    def _covariance(self) -> tf.Tensor:
        return tf.linalg.diag(self._variance())


def _divergence(a: Any, b: Any, name: str | None = None) -> tf.Tensor:
    with tf.name_scope(name, "kl_mvn_diag"):
        ratio = tf.square(a.deviations / b.deviations)
        apart = tf.square((a.means - b.means) / b.deviations)
        return 0.5 * tf.reduce_sum(ratio + apart - 1 - tf.log(ratio), -1)


with deprecation.silence():  # which would advise TensorFlow Probability to whoever imports this
    tf.distributions.RegisterKL(MultivariateNormalDiag, MultivariateNormalDiag)(_divergence)


def softplus_inverse(x: Any, name: str | None = None) -> tf.Tensor:
    """The y of which x = log(1 + exp(y))."""
    with tf.name_scope(name, "softplus_inverse", values=[x]):
        x = tf.convert_to_tensor(x)
        return x + tf.log(-tf.expm1(-x))
