"""`ScipyOptimizerInterface` of `tf.contrib.opt`: variables that scipy.optimize moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow.compat.v1 as tf
from numpy.typing import NDArray

Function = Callable[[NDArray], Any]


class ExternalOptimizerInterface:
    """Minimise a loss with a function of NumPy vectors, which a subclass has as `_minimize`.

    Args:
      loss: a scalar.
      var_list: what to move (default: all trainable variables).
      equalities: scalars that must be 0 (default: none).
      inequalities: scalars that must not be negative (default: none).
      var_to_bounds: a pair (low, high) for a variable, numbers or arrays (default: no bounds).
      **optimizer_kwargs: those of the function.
    """

    def __init__(
        self,
        loss: Any,
        var_list: Sequence[tf.Variable] | None = None,
        equalities: Sequence[Any] | None = None,
        inequalities: Sequence[Any] | None = None,
        var_to_bounds: dict[tf.Variable, tuple[Any, Any]] | None = None,
        **optimizer_kwargs: Any,
    ):
        self.optimizer_kwargs = optimizer_kwargs
        self.loss = loss
        self.variables = tf.trainable_variables() if var_list is None else list(var_list)
        self.equalities = [(one, self._gradient(one)) for one in equalities or ()]
        self.inequalities = [(one, self._gradient(one)) for one in inequalities or ()]
        self.loss_gradient = self._gradient(loss)
        self.start = self._packed(self.variables)
        self.ends = [tf.placeholder(v.dtype.base_dtype, v.shape) for v in self.variables]
        self.updates = [tf.assign(v, end) for v, end in zip(self.variables, self.ends)]
        self.bounds = None
        if var_to_bounds is not None:
            given = {variable.op.name: bounds for variable, bounds in var_to_bounds.items()}
            self.bounds = []
            for variable in self.variables:
                bounds = given.get(variable.op.name, (-np.inf, np.inf))
                low, high = (np.broadcast_to(b, variable.shape.as_list()).ravel() for b in bounds)
                self.bounds += list(zip(low, high))

    def minimize(
        self,
        session: tf.Session | None = None,
        feed_dict: dict[Any, Any] | None = None,
        fetches: Sequence[Any] | None = None,
        step_callback: Callable[[NDArray], Any] | None = None,
        loss_callback: Callable[..., Any] | None = None,
        **run_kwargs: Any,
    ) -> None:
        """Move the variables to where the loss is smallest, now.

        Args:
          session: (default: the one whose `with` block this is).
          feed_dict: what to feed in each run (default: nothing).
          fetches: tensors for `loss_callback` (default: none).
          step_callback: called with all variables as one vector after each step.
          loss_callback: called with the values of `fetches` whenever the loss is computed.
          **run_kwargs: those of `Session.run`, for the last run.
        """
        session = session or tf.get_default_session()
        fetches = list(fetches or [])

        def function(tensors: Any, callback: Any = None) -> Function:
            def run(x: NDArray) -> Any:
                feed = {**dict(zip(self.variables, self._unpacked(x))), **(feed_dict or {})}
                values, fetched = session.run([tensors, fetches], feed)
                if callback is not None:
                    callback(*fetched)
                return values

            return run

        found = self._minimize(
            initial_val=session.run(self.start),
            loss_grad_func=function([self.loss, self.loss_gradient], loss_callback),
            equality_funcs=[function(value) for value, _ in self.equalities],
            equality_grad_funcs=[function(gradient) for _, gradient in self.equalities],
            inequality_funcs=[function(value) for value, _ in self.inequalities],
            inequality_grad_funcs=[function(gradient) for _, gradient in self.inequalities],
            packed_bounds=self.bounds,
            step_callback=step_callback,
            optimizer_kwargs=self.optimizer_kwargs,
        )
        feed = dict(zip(self.ends, self._unpacked(np.asarray(found))))
        session.run(self.updates, feed, **run_kwargs)

    def _minimize(self, **given: Any) -> NDArray:
        raise NotImplementedError("_minimize must be defined by a subclass.")

    def _gradient(self, value: Any) -> tf.Tensor:
        found = tf.gradients(value, self.variables)
        return self._packed(
            [tf.zeros_like(v) if g is None else g for g, v in zip(found, self.variables)]
        )

    def _packed(self, tensors: Sequence[Any]) -> tf.Tensor:
        flat = [tf.reshape(tensor, [-1]) for tensor in tensors]
        return flat[0] if len(flat) == 1 else tf.concat(flat, 0)

    def _unpacked(self, x: NDArray) -> list[NDArray]:
        sizes = [variable.shape.num_elements() for variable in self.variables]
        parts = np.split(x, np.cumsum(sizes)[:-1])
        return [
            part.reshape(variable.shape.as_list()).astype(variable.dtype.base_dtype.as_numpy_dtype)
            for part, variable in zip(parts, self.variables)
        ]


class ScipyOptimizerInterface(ExternalOptimizerInterface):
    """`scipy.optimize.minimize` on variables, by L-BFGS-B unless another `method` is given.

    ScipyOptimizerInterface(loss, options={"maxiter": 100}).minimize(session)
    """

    def _minimize(self, **given: Any) -> NDArray:
        import scipy.optimize  # only this needs SciPy

        settings = dict(given["optimizer_kwargs"])
        fixed = {"jac", "callback", "constraints", "bounds"} & set(settings)
        if fixed:
            raise ValueError(
                "ScipyOptimizerInterface sets jac, callback and constraints itself, and bounds "
                f"from var_to_bounds; got {', '.join(sorted(fixed))}."
            )

        def in_float64(function: Function) -> Function:  # which SciPy's compiled methods need
            return lambda x: np.asarray(function(x), np.float64)

        def loss_and_gradient(x: NDArray) -> tuple[float, NDArray]:
            loss, gradient = given["loss_grad_func"](x)
            return float(loss), gradient.astype(np.float64)

        constraints = [
            {"type": kind, "fun": in_float64(function), "jac": in_float64(gradient)}
            for kind, name in (("eq", "equality"), ("ineq", "inequality"))
            for function, gradient in zip(given[f"{name}_funcs"], given[f"{name}_grad_funcs"])
        ]
        result = scipy.optimize.minimize(
            loss_and_gradient,
            given["initial_val"].astype(np.float64),
            jac=True,
            callback=given["step_callback"],
            method=settings.pop("method", "L-BFGS-B"),
            constraints=constraints,
            bounds=given["packed_bounds"],
            **settings,
        )
        tf.logging.info("Optimization ended: %s Loss: %f", result.message, result.fun)
        return result.x
