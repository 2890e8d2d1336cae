"""Optimisers of `tf.contrib.opt`: two relatives of Adam, and weights that decay by themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import tensorflow.compat.v1 as tf


class _Adam(tf.train.AdamOptimizer):
    """Adam, whose numbers the classes below take to their own updates."""

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "Adam",
    ):
        super().__init__(learning_rate, beta1, beta2, epsilon, use_locking, name)
        self.numbers = learning_rate, beta1, beta2, epsilon

    def scaled(self, dtype: Any) -> list[tf.Tensor]:
        """The learning rate, corrected for the steps so far, beta1, beta2 and epsilon."""
        given = [one() if callable(one) else one for one in self.numbers]
        rate, beta1, beta2, epsilon = (tf.cast(one, dtype) for one in given)
        powers = [
            tf.cast(variable, dtype)
            for name in ("beta1_power", "beta2_power")
            for variable in self.variables()
            if re.search(rf"\b{name}(_\d+)?$", variable.op.name)
        ]
        return [rate * tf.sqrt(1 - powers[1]) / (1 - powers[0]), beta1, beta2, epsilon]


class NadamOptimizer(_Adam):
    """Adam with Nesterov's momentum (Dozat, 2016); the arguments are those of Adam."""

    def _apply_dense(self, grad: Any, var: Any) -> tf.Operation:
        rate, beta1, beta2, epsilon = self.scaled(var.dtype.base_dtype)
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = tf.assign(m, beta1 * m + (1 - beta1) * grad)
        new_v = tf.assign(v, beta2 * v + (1 - beta2) * grad * grad)
        ahead = beta1 * new_m + (1 - beta1) * grad
        return tf.group(tf.assign_sub(var, rate * ahead / (tf.sqrt(new_v) + epsilon)), new_m, new_v)

    def _apply_sparse(self, grad: Any, var: Any) -> tf.Operation:
        rate, beta1, beta2, epsilon = self.scaled(var.dtype.base_dtype)
        g, rows = grad.values, grad.indices
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        with tf.control_dependencies([tf.assign(m, beta1 * m), tf.assign(v, beta2 * v)]):
            new_m = tf.scatter_add(m, rows, (1 - beta1) * g)
            new_v = tf.scatter_add(v, rows, (1 - beta2) * g * g)
        with tf.control_dependencies([new_m, new_v]):
            ahead = beta1 * tf.gather(m, rows) + (1 - beta1) * g
            step = rate * ahead / (tf.sqrt(tf.gather(v, rows)) + epsilon)
        return tf.group(tf.scatter_sub(var, rows, step))

    _resource_apply_dense = _apply_dense

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any) -> tf.Operation:
        return self._apply_sparse(tf.IndexedSlices(grad, indices), var)


class LazyAdamOptimizer(_Adam):
    """Adam that leaves the averages of rows alone which are not looked up in a step."""

    def _apply_sparse(self, grad: Any, var: Any) -> tf.Operation:
        rate, beta1, beta2, epsilon = self.scaled(var.dtype.base_dtype)
        g, rows = grad.values, grad.indices
        m, v = self.get_slot(var, "m"), self.get_slot(var, "v")
        new_m = beta1 * tf.gather(m, rows) + (1 - beta1) * g
        new_v = beta2 * tf.gather(v, rows) + (1 - beta2) * g * g
        return tf.group(
            tf.scatter_sub(var, rows, rate * new_m / (tf.sqrt(new_v) + epsilon)),
            tf.scatter_update(m, rows, new_m),
            tf.scatter_update(v, rows, new_v),
        )

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any) -> tf.Operation:
        return self._apply_sparse(tf.IndexedSlices(grad, indices), var)


class DecoupledWeightDecayExtension:
    """To inherit from before an optimiser: weights shrink by themselves (Loshchilov and Hutter).

    Each step takes `weight_decay` · w from the weights w, of a look-up from those looked up, before
    the optimiser's own update.

    Args:
      weight_decay: the share, a number, a scalar tensor or a function of nothing.
      **kwargs: those of the optimiser.
    """

    def __init__(self, weight_decay: Any, **kwargs: Any):
        self.weight_decay = weight_decay
        self.decayed: Callable[[Any], bool] = lambda variable: True
        super().__init__(**kwargs)

    def minimize(
        self, loss: Any, *settings: Any, decay_var_list: Iterable[Any] | None = None, **more: Any
    ) -> tf.Operation:
        """`Optimizer.minimize`, decaying the variables of `decay_var_list` (default: all)."""
        self._decay_these(decay_var_list)
        self.from_minimize = True
        try:
            return super().minimize(loss, *settings, **more)  # type: ignore[misc]
        finally:
            self.from_minimize = False

    def apply_gradients(
        self,
        grads_and_vars: Any,
        global_step: Any = None,
        name: str | None = None,
        decay_var_list: Iterable[Any] | None = None,
    ) -> tf.Operation:
        """`Optimizer.apply_gradients`, decaying the variables of `decay_var_list`."""
        if not getattr(self, "from_minimize", False):
            self._decay_these(decay_var_list)
        return super().apply_gradients(  # type: ignore[misc]
            grads_and_vars, global_step=global_step, name=name
        )

    def _decay_these(self, variables: Iterable[Any] | None) -> None:
        asked = {variable.op.name for variable in variables or ()}
        self.decayed = lambda variable: not asked or variable.op.name in asked

    def _decay(self, grad: Any, var: Any, indices: Any = None) -> Any:
        if not self.decayed(var):
            return tf.no_op()
        share = self.weight_decay() if callable(self.weight_decay) else self.weight_decay
        share = tf.cast(share, var.dtype.base_dtype)
        with tf.control_dependencies([grad]):  # which is that of the weights as they were
            if indices is None:
                return tf.assign_sub(var, share * var)
            return tf.scatter_sub(var, indices, share * tf.gather(var, indices))

    def _apply_dense(self, grad: Any, var: Any) -> Any:
        with tf.control_dependencies([self._decay(grad, var)]):
            return super()._apply_dense(grad, var)  # type: ignore[misc]

    def _resource_apply_dense(self, grad: Any, var: Any) -> Any:
        with tf.control_dependencies([self._decay(grad, var)]):
            return super()._resource_apply_dense(grad, var)  # type: ignore[misc]

    def _apply_sparse(self, grad: Any, var: Any) -> Any:
        with tf.control_dependencies([self._decay(grad.values, var, grad.indices)]):
            return super()._apply_sparse(grad, var)  # type: ignore[misc]

    def _resource_apply_sparse(self, grad: Any, var: Any, indices: Any) -> Any:
        with tf.control_dependencies([self._decay(grad, var, indices)]):
            return super()._resource_apply_sparse(grad, var, indices)  # type: ignore[misc]


def extend_with_decoupled_weight_decay(base_optimizer: type) -> type:
    """An optimiser's class, whose first argument is `weight_decay`, before its own."""

    class Decayed(DecoupledWeightDecayExtension, base_optimizer):  # type: ignore[misc, valid-type]
        def __init__(self, weight_decay: Any, *args: Any, **kwargs: Any):
            self.weight_decay = weight_decay
            self.decayed = lambda variable: True
            super(DecoupledWeightDecayExtension, self).__init__(*args, **kwargs)

    Decayed.__name__ = f"{base_optimizer.__name__}WithDecoupledWeightDecay"
    return Decayed


class AdamWOptimizer(DecoupledWeightDecayExtension, tf.train.AdamOptimizer):
    """Adam with decoupled weight decay; the other arguments are those of Adam."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any = 0.001,
        beta1: Any = 0.9,
        beta2: Any = 0.999,
        epsilon: Any = 1e-8,
        use_locking: bool = False,
        name: str = "AdamW",
    ):
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            beta1=beta1,
            beta2=beta2,
            epsilon=epsilon,
            use_locking=use_locking,
            name=name,
        )


class MomentumWOptimizer(DecoupledWeightDecayExtension, tf.train.MomentumOptimizer):
    """Momentum with decoupled weight decay; the other arguments are those of Momentum."""

    def __init__(
        self,
        weight_decay: Any,
        learning_rate: Any,
        momentum: Any,
        use_locking: bool = False,
        name: str = "MomentumW",
        use_nesterov: bool = False,
    ):
        super().__init__(
            weight_decay,
            learning_rate=learning_rate,
            momentum=momentum,
            use_locking=use_locking,
            name=name,
            use_nesterov=use_nesterov,
        )


def clip_gradients_by_global_norm(
    gradients_variables: Iterable[tuple[Any, Any]], clip_norm: float = 20.0
) -> list[tuple[Any, Any]]:
    """(gradient, variable) pairs, whose gradients together have a norm of at most `clip_norm`."""
    gradients, variables = zip(*gradients_variables)
    return list(zip(tf.clip_by_global_norm(gradients, clip_norm)[0], variables))
