"""Keras's callbacks in a training loop that is not Keras's."""

from __future__ import annotations

import copy
import inspect
from contextlib import suppress
from typing import Any

import keras
import numpy as np

from unrolled.internal.attributes import as_tensorflows
from unrolled.internal.backup import encode
from unrolled.internal.checks import describe

EACH_STEP = ("on_batch_begin", "on_batch_end", "on_train_batch_begin", "on_train_batch_end")


def check_callbacks(callbacks: Any) -> list[Any]:
    """The callbacks as a list, or an error."""
    callbacks = [] if callbacks is None else callbacks
    if not isinstance(callbacks, (list, tuple)):
        raise TypeError(
            f"callbacks must be a list of Keras's callbacks; got {describe(callbacks)}."
        )
    for i, callback in enumerate(callbacks):
        if not isinstance(callback, keras.callbacks.Callback):
            raise TypeError(
                f"callbacks[{i}] must be a keras.callbacks.Callback; got {describe(callback)}."
            )
    return list(callbacks)


class StandIn:
    """What a callback finds as its `model` where a Keras model is not what is trained."""

    def __init__(self, modules: list[Any], optimizer: Any):
        self.optimizer = optimizer
        self.stop_training = False
        self._modules = modules
        self._of = ""  # the callback that is running

    def get_weights(self) -> list[np.ndarray]:
        """The values of all variables, trained or not."""
        return [variable.numpy() for variable in self._variables()]

    def set_weights(self, weights: list[Any]) -> None:
        """Set the variables to what `get_weights` gave."""
        for variable, weight in zip(self._variables(), weights, strict=True):
            variable.assign(weight)

    def _variables(self) -> list[Any]:
        found = [
            as_tensorflows(variable)
            for module in self._modules
            for variable in getattr(module, "variables", module.trainable_variables)
        ]
        return list({id(variable): variable for variable in found}.values())

    def __getattr__(self, name: str) -> Any:
        kinds = ", ".join(type(module).__name__ for module in self.__dict__.get("_modules", []))
        raise AttributeError(
            f"model must be one Keras model for the callback {self.__dict__.get('_of')}, which "
            f"asks it for {name!r}; got {kinds}: leave this callback out, and do what it does in "
            "each_epoch."
        )


class Hooks:
    """Calls the callbacks, each of which is given the model and the optimizer of this run.

    Args:
      callbacks: a list of Keras's callbacks.
      modules: what is trained.
      optimizer: Keras's optimizer that trains it.
      params: what callbacks know of the run, such as `epochs` and `steps`.
    """

    def __init__(self, callbacks: list[Any], modules: list[Any], optimizer: Any, params: Any):
        self._callbacks, self._params = callbacks, params
        alone = len(modules) == 1 and isinstance(modules[0], keras.Model)
        self._model = modules[0] if alone else StandIn(modules, optimizer)
        self._optimizer = optimizer
        self._first: list[dict[str, Any]] = []
        self.of_each_step = any(_overrides(c, name) for c in callbacks for name in EACH_STEP)

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    @property
    def stopped(self) -> bool:
        """Whether a callback has asked to stop."""
        return bool(self and getattr(self._model, "stop_training", False))

    def __enter__(self) -> Hooks:
        """Before the first step."""
        if self:
            self._model.stop_training = False
            self._own_optimizer = getattr(self._model, "optimizer", None)
            self._model.optimizer = self._optimizer  # where callbacks look for it
            self._call("set_params", self._params)
            self._call("set_model", self._model)
            self._call("on_train_begin", {})
            self._first = [_plain_ones(callback) for callback in self._callbacks]
        return self

    def epoch_begin(self, epoch: int) -> None:
        """Before an epoch, which Keras counts from 0."""
        self._call("on_epoch_begin", epoch - 1, {})

    def epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        """After an epoch."""
        self._call("on_epoch_end", epoch - 1, logs)

    def step_begin(self, step: int) -> None:
        """Before a step of the epoch, counted from 0."""
        if self.of_each_step:
            self._call("on_train_batch_begin", step, {})

    def step_end(self, step: int, logs: dict[str, float]) -> None:
        """After a step of the epoch, counted from 0."""
        if self.of_each_step:
            self._call("on_train_batch_end", step, logs)

    def end(self) -> None:
        """After the last step."""
        self._call("on_train_end", {})

    def __exit__(self, *_: Any) -> None:
        """Give the model back as it was, whatever happened."""
        if self:
            self._model.optimizer = self._own_optimizer

    def _call(self, method: str, *arguments: Any) -> None:
        for callback in self._callbacks:
            if isinstance(self._model, StandIn):
                self._model._of = type(callback).__name__
            getattr(callback, method)(*arguments)

    # What they remember: how long there was no progress, the best weights so far ---------------

    @property
    def kinds(self) -> list[str]:
        """The class of each callback."""
        return [type(callback).__name__ for callback in self._callbacks]

    def state(self) -> list[dict[str, Any]]:
        """A copy of the attributes of each callback that are plain data.

        Settings that it was made with are left out while they are as they were: they may be
        another in the call that goes on, such as the path of a file.
        """
        return [
            {
                name: value
                for name, value in _plain_ones(callback).items()
                if not (name in _settings(callback) and _are_equal(value, first.get(name)))
            }
            for callback, first in zip(self._callbacks, self._first)
        ]

    def put_back(self, state: list[dict[str, Any]], stopped: bool) -> None:
        """Set the attributes to what `state` gave, and whether one of them has asked to stop."""
        if stopped:
            self._model.stop_training = True
        for callback, values in zip(self._callbacks, state):
            # Keras turns the sign of min_delta when it first chooses what counts as better.
            choose = getattr(callback, "_set_monitor_op", None)
            if choose is not None and getattr(callback, "monitor_op", 0) is None:
                with suppress(ValueError):  # without a model it may not know; later it is asked too
                    choose()
            vars(callback).update(values)


def _overrides(callback: Any, name: str) -> bool:
    method = getattr(callback, name)
    return getattr(method, "__func__", method) is not getattr(keras.callbacks.Callback, name)


def _plain_ones(callback: Any) -> dict[str, Any]:
    """A deep copy of the attributes that are plain data, but for what `fit` itself sets."""
    return {
        name: copy.deepcopy(value)
        for name, value in vars(callback).items()
        if name != "params" and _is_plain(value)
    }


def _settings(callback: Any) -> set[str]:
    """The arguments that a callback is made with, other than lists and the like."""
    arguments = inspect.signature(type(callback).__init__).parameters
    values = vars(callback)
    return {
        name for name in arguments if not isinstance(values.get(name), (list, dict, np.ndarray))
    }


def _is_plain(value: Any) -> bool:
    if isinstance(value, (np.ndarray, np.generic)):
        return not value.dtype.hasobject
    if type(value) in (list, tuple):
        return all(map(_is_plain, value))
    if type(value) is dict:
        return all(_is_plain(item) for item in value.items())
    return value is None or type(value) in (bool, int, float, str)


def _are_equal(a: Any, b: Any) -> bool:
    return type(a) is type(b) and _is_plain(b) and encode(a) == encode(b)
