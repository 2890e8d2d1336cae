"""A training loop that stays out of the way: whole epochs run inside one graph.

A call of a graph from Python costs about as much as a small recurrent step, so the loop over the
batches of an epoch lies in the graph too. Losses and measures of every step come back as arrays.
On most of the course's trainings Keras's trainer costs more than a tenth beyond this, and many
times as much where an epoch is one small batch: `python -m benchmarks.trainers` measures it.
"""

from __future__ import annotations

import functools
import inspect
import math
import os
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from unrolled.internal.attributes import (
    as_tensorflows,
    check_all_is_trained,
    hold_draws,
    not_seen,
    written_since,
)
from unrolled.internal.callbacks import Hooks, check_callbacks
from unrolled.internal.checks import as_tensor, check_count, check_flag, describe
from unrolled.internal.interrupts import uninterrupted
from unrolled.internal.progress import Progress
from unrolled.internal.resuming import (
    Keeper,
    Pace,
    Place,
    Variables,
    description,
    draws_that_start_anew,
    fingerprint,
    operations,
    rate_of,
    tell,
)
from unrolled.internal.shapes import size_or_tensor
from unrolled.internal.tracing import after, no_autograph, variables_at_once


@dataclass
class History:
    """What a training run measured. Of an epoch that was interrupted it holds the steps so far."""

    steps_per_epoch: int
    loss: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    measure: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    seconds: list[float] = field(default_factory=list)  # of each epoch, tracing not included
    seconds_to_trace: float = 0.0
    epochs: list[Any] = field(default_factory=list)  # what `each_epoch` returned
    resumed_from: int | None = None  # steps of the backup that this went on from; None: it began

    def mean_loss(self, epoch: int = -1) -> float:
        """The mean loss over the batches of one epoch.

        Args:
          epoch: as an index, so that 0 is the first epoch (default: -1, the last one).

        Raises:
          IndexError: no such epoch was run.
        """
        whole_epochs = self.loss[: len(self.loss) // self.steps_per_epoch * self.steps_per_epoch]
        means = whole_epochs.reshape(-1, self.steps_per_epoch).mean(axis=1)  # [epochs]
        whole = isinstance(epoch, (int, np.integer)) and not isinstance(epoch, bool)
        if not whole or not -len(means) <= epoch < len(means):
            raise IndexError(
                f"epoch must be an index into the {len(means)} epochs that were run, 0 for the "
                f"first; got {describe(epoch)}."
            )
        return float(means[epoch])

    @property
    def milliseconds_per_step(self) -> float:
        """The median over the epochs."""
        return 1e3 * float(np.median(self.seconds)) / self.steps_per_epoch


def fit(
    model: Any,
    loss: Any,
    data: Sequence[Any],
    *,
    epochs: int,
    batch_size: int | None = None,
    learning_rate: Any = None,
    optimizer: Any = None,
    shuffle_seed: int | None = None,
    drop_remainder: bool = False,
    clip_norm: float | None = None,
    each_epoch: Callable[[int, History], Any] | None = None,
    callbacks: Sequence[Any] | None = None,
    backup: str | os.PathLike[str] | None = None,
    backup_every: int | None = None,
    verbose: str | bool = "auto",
) -> History:
    """Train with Adam (Kingma and Ba, 2015), or with another optimizer of Keras's.

    Training stops with an error at the first step whose loss or gradient is not finite, before that
    step changes a weight. It warns of variables that the loss does not depend on, and of a loss
    that grows beyond measure.

    With `backup` a run that was interrupted, or killed, at any moment goes on where it stopped when
    the same call is made again, and ends with the same weights to the bit as one that was not. The
    folder holds the last two backups, files named `unrolled-backup-` and a number: all variables
    that a step uses, with those of the optimizer and of generators, the order of the examples, the
    history, what callbacks count, and what the run is. A run of another kind is refused, and one
    that had ended returns at once. Delete the folder to start anew. What Python alone keeps, and
    draws of `tf.random` in `loss`, are not in it; a dropout wrapper's draws are.

    Args:
      model: what is trained: anything with `trainable_variables`, such as a cell, a tf.Module, a
        Keras layer or model; or a list of such. A variable that two of them hold is trained once.
      loss: called as loss(*batch) with one slice of each array of `data`; returns a scalar, or a
        pair, the tuple (scalar loss, scalar measure such as the batch's accuracy). Or a
        keras.losses.Loss, or Keras's name of one: then `data` is [x, y] or [x, y, sample_weight],
        and the loss is that of y and model(x), with the regularization losses of a Keras model.
      data: a list of arrays [N, ...], the examples, one array for each argument of `loss`.
      epochs: how many times to go through the data, 1 or more.
      batch_size: examples in a batch, 1 or more (default: all of them).
      learning_rate: Adam's, above 0 and at most 1000, or a schedule of Keras's; a weight moves by
        about as much in a step (default: 0.001).
      optimizer: any keras.optimizers.Optimizer, which has a learning rate of its own (default:
        `Adam` with `learning_rate`).
      shuffle_seed: a whole number of at least 0, the seed of a new order of the examples for every
        epoch; None keeps their order (default: None).
      drop_remainder: leave out the last batch where it is smaller (default: False, which drops
        nothing).
      clip_norm: scale the gradient down to this global norm where it is longer (default: None, no
        clipping).
      each_epoch: called as each_epoch(epoch, history) after every epoch, counted from 1; what it
        returns is kept in `History.epochs` (default: None).
      callbacks: a list of keras.callbacks.Callback. The logs of an epoch hold `loss`, `measure`
        where there is one, `learning_rate`, and what `each_epoch` returns where that is a dict of
        numbers. Steps run one by one if a callback wants to know of each. With a backup CSVLogger
        wants `append=True`, or it begins its file anew when the run goes on (default: None).
      backup: a folder for backups, one after each epoch (default: None, no backups).
      backup_every: steps after which there is a backup within an epoch too (default: None).
      verbose: "auto" shows how far a run of more than a few seconds has got, on a terminal, in a
        log, or to a person in a notebook; False never does (default: "auto").

    Returns:
      A `History`: the loss and the measure of every step, the seconds of every epoch, and what
      `each_epoch` returned.

    Raises:
      TypeError: an argument is of another kind: a model without `trainable_variables`, one array in
        place of a list of them, an optimizer as `learning_rate`; with `backup`, `each_epoch`
        returned what cannot be stored.
      ValueError: a number is out of its range; the arrays differ in their first axis, or hold fewer
        examples than one batch; the loss is not a scalar or depends on no variable of the model;
        a tf.Module holds a Keras layer, which it does not track; both `learning_rate` and
        `optimizer` are given; the folder holds backups of another run, or none that can be read.
      FloatingPointError: the loss, the gradient or a weight was NaN or infinite; the message says
        in which step of which epoch, both counted from 1, which variable's gradient it was, and
        which example is not finite itself.
      OSError: a backup cannot be written; those that were are left as they are.
      RuntimeError: called while a graph is built, inside a tf.function for instance.
      KeyboardInterrupt: interrupted, within about a second. The weights stay as they are then; a
        note says how far the run got, `history` of the error holds what was measured, and with
        `backup` one more is written.
    """
    if not tf.executing_eagerly():
        raise RuntimeError("fit must be called eagerly; got a call while a graph was being built.")
    modules = _check_model(model)
    arrays, count = _check_data(data)
    loss, loss_name = _of_batch(loss, modules, arrays)
    _check_function(loss, "loss", arrays)
    epochs = check_count(epochs, "epochs")
    batch_size = count if batch_size is None else check_count(batch_size, "batch_size")
    optimizer = _check_optimizer(optimizer, learning_rate)
    clip_norm = None if clip_norm is None else _check_positive(clip_norm, "clip_norm")
    seed = None if shuffle_seed is None else _check_seed(shuffle_seed)
    if each_epoch is not None and not callable(each_epoch):
        raise TypeError(f"each_epoch must be a function or None; got {describe(each_epoch)}.")
    drop_remainder = check_flag(drop_remainder, "drop_remainder")
    steps = count // batch_size if drop_remainder else -(-count // batch_size)
    if steps == 0:
        raise ValueError(
            f"batch_size is {batch_size}, but there are {count} examples and the remainder is "
            "dropped; use a smaller batch or drop_remainder=False."
        )
    _check_backup_every(backup, backup_every)
    if verbose not in ("auto", False):
        raise ValueError(f'verbose must be "auto" or False; got {describe(verbose)}.')
    hooks = Hooks(
        check_callbacks(callbacks),
        modules,
        optimizer,
        {"epochs": epochs, "steps": steps, "verbose": int(verbose == "auto")},
    )

    all_full = steps * batch_size <= count
    skips_itself = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)  # looks for a scale
    done = tf.Variable(0, trainable=False)  # steps of the present epoch
    trained: list[tf.Variable] = []
    with_gradient: list[tf.Variable] = []
    given: dict[int, Any] = {}  # by id, what stands for a variable to an optimizer of Keras's
    read: list[tf.Variable] = []
    kept: list[tuple[tf.Variable, tf.Variable]] = []  # what the loss assigns, as a step left it
    refused: list[Exception] = []  # a trace would wrap an error of ours in words of its own

    def differentiate(i: tf.Tensor, order: tf.Tensor, data: Any) -> tuple[Any, ...]:
        rows = order[i * batch_size : (i + 1) * batch_size]
        if all_full:
            rows = tf.ensure_shape(rows, [batch_size])
        before = len(tf.compat.v1.get_default_graph().get_operations())
        with tf.GradientTape() as tape:
            with variables_at_once():
                result = loss(*(tf.gather(array, rows) for array in data))
            value, measure = _loss_and_measure(result, refused)
            scaled, scale = _scaled(optimizer, value)
        given.update(_as_given(modules))
        kept[:] = _copies(written_since(before, modules), kept)
        read[:] = tape.watched_variables()
        trained[:] = _variables(modules, tape.watched_variables(), refused)
        gradients = [_sum_rows(gradient) for gradient in tape.gradient(scaled, trained)]
        with_gradient[:] = _with_gradient(gradients, trained, refused)
        gradients = [gradient for gradient in gradients if gradient is not None]
        squares = _half_squares(gradients)
        if clip_norm is not None:
            norm = _norm(squares)
            longest = tf.cast(clip_norm * scale, norm.dtype)
            gradients, _ = tf.clip_by_global_norm(gradients, longest, use_norm=norm)
        finite = tf.math.is_finite(value)
        if not skips_itself:
            finite = tf.logical_and(finite, tf.math.is_finite(_norm(squares)))
        value, squares = tf.cast(value, tf.float64), tf.cast(squares, tf.float64)  # to be shown
        return value, measure, squares, gradients, finite

    @tf.function
    def run_steps(
        order: tf.Tensor, start: tf.Tensor, stop: tf.Tensor, *data: tf.Tensor
    ) -> tuple[tf.Tensor, ...]:
        done.assign(start)
        values = tf.TensorArray(tf.float64, stop - start, element_shape=[])
        measures = tf.TensorArray(tf.float32, stop - start, element_shape=[])
        squares = tf.zeros([0], tf.float64)  # an entry for each gradient
        for i in tf.range(start, stop):
            tf.autograph.experimental.set_loop_options(
                shape_invariants=[(squares, tf.TensorShape([None]))]
            )
            value, measure, squares, gradients, finite = differentiate(i, order, data)
            values = values.write(i - start, value)
            measures = measures.write(i - start, measure)
            with tf.control_dependencies([measure]):  # it may hold a check that fails
                finite = tf.identity(finite)
            if not finite:
                break
            _apply(
                optimizer, gradients, *(_given(given, v) for v in (with_gradient, trained)), refused
            )
            for variable, copy in kept:
                copy.assign(variable)
            done.assign_add(1)
        finite = [tf.reduce_all(tf.math.is_finite(v)) for v in trained]
        return values.stack(), measures.stack(), squares, tf.reduce_all(finite)

    def take_steps(order: np.ndarray, stop: int) -> None:
        """The steps of the present epoch up to `stop`, in one call of the graph."""
        start = time.perf_counter()
        for variable, copy in kept:
            copy.assign(variable)
        try:
            numbers = (tf.constant(order, tf.int32), tf.constant(place.step), tf.constant(stop))
            results = run(*numbers, *arrays)
        except tf.errors.InvalidArgumentError as error:  # of a check inside `loss`
            where, fault = where_it_stopped(order)
            if fault and "NaN" in str(error):
                raise FloatingPointError(f"{where}: data must be finite; got {fault}.") from error
            error.add_note(f"{where}.")
            raise
        values, measures, squares, finite = (result.numpy() for result in results)
        seconds = time.perf_counter() - start
        if int(done) < stop:
            where, fault = where_it_stopped(order)
            raise FloatingPointError(
                f"{where}: the loss and its gradient must be finite; got the loss "
                f"{values[int(done) - place.step]:g} and a gradient of norm "
                f"{_norm(squares):g}{_of_which(squares, with_gradient)}: "
                f"{fault or 'the examples are finite, so try a smaller learning_rate'}."
            )
        if not finite:
            step = "" if stop == steps else f"step {stop} of "
            raise FloatingPointError(
                f"fit stopped after {step}epoch {place.epoch}: the weights must stay finite, and "
                "the last step made one that is not: lower learning_rate; got "
                f"{rate_of(optimizer):g}."
            )
        history.loss = np.append(history.loss, _narrow(values))
        history.measure = np.append(history.measure, measures)
        place.seconds += seconds
        place.step = stop
        pace.learn(len(values), seconds)

    def where_it_stopped(order: np.ndarray) -> tuple[str, str]:
        for variable, copy in kept:
            variable.assign(copy)
        first = int(done) * batch_size
        fault = _not_finite(arrays, order[first : first + batch_size])
        if not fault and (names := _not_finite_weights(trained)):
            fault = f"{names} held NaN or infinity before that step: lower learning_rate"
        return (
            f"fit stopped in step {int(done) + 1} of epoch {place.epoch}, before that step changed "
            "a weight",
            fault,
        )

    # The graph is traced, which makes the variables; then a backup can be put back into them.
    if backup is not None:
        hold_draws(modules)
    place, history, pace = Place(), History(steps), Pace(hooks.of_each_step)
    shuffler = np.random.default_rng(seed)
    place.order = shuffler.bit_generator.state
    with Keeper(backup, place, history, hooks, optimizer) as keeper:
        start = time.perf_counter()
        try:
            with uninterrupted():
                number = tf.TensorSpec([], tf.int32)
                specs = [tf.TensorSpec(array.shape, array.dtype) for array in arrays]
                order_spec = tf.TensorSpec([count], tf.int32)
                run = run_steps.get_concrete_function(order_spec, number, number, *specs)
        except Exception:
            if refused:
                raise refused[0] from None
            raise
        history.seconds_to_trace = time.perf_counter() - start
        used = {id(v) for v in with_gradient}
        if unused := sorted(v.name for v in trained if id(v) not in used):
            warnings.warn(
                f"loss does not depend on {', '.join(unused)}: fit leaves these variables of model "
                "as they are",
                stacklevel=2,
            )
        if words := not_seen(modules, trained, read):
            warnings.warn(words, stacklevel=2)
        if backup is not None:
            identity = {
                **{"batch_size": batch_size, "drop_remainder": drop_remainder},
                **{"shuffle_seed": seed, "clip_norm": clip_norm, "data": fingerprint(arrays)},
            }
            variables = Variables(run, trained, modules, optimizer, [copy for _, copy in kept])
            last = {"loss": loss_name, "what a step computes": operations(run)}
            found = keeper.look(variables, identity, last, epochs)
            for words in (draws_that_start_anew(run), found):
                if words:
                    warnings.warn(words, stacklevel=2)
            if keeper.has_ended(epochs):
                return history

        warned = ""
        with hooks, Progress("fit:", epochs * steps, shown=verbose == "auto") as progress:
            try:
                keeper.begin()
                _check_weights(trained)
                progress.begin_at((place.epoch - 1) * steps + place.step)
                while place.epoch <= epochs and not hooks.stopped:
                    # What the caller's functions change half, an interrupt in them does not keep.
                    if not place.begun:
                        keeper.hold()
                        hooks.epoch_begin(place.epoch)
                        place.begun = True
                        keeper.let_go()
                    shuffler.bit_generator.state = place.order
                    order = np.arange(count) if seed is None else shuffler.permutation(count)
                    while place.step < steps:
                        hooks.step_begin(place.step)
                        with uninterrupted():
                            take_steps(order, pace.stop(place.step, steps, backup_every))
                        if hooks.of_each_step:
                            hooks.step_end(place.step - 1, _logs(history, 1, optimizer))
                        at = f"epoch {place.epoch} of {epochs}, loss {history.loss[-1]:.4g}"
                        progress.update((place.epoch - 1) * steps + place.step, at)
                        if hooks.stopped:
                            break
                        if backup_every and place.step % backup_every == 0 and place.step < steps:
                            keeper.write()
                    keeper.hold()
                    history.seconds.append(place.seconds)
                    if not warned:
                        warned = _divergence(history, place.epoch, place.step, optimizer)
                        if warned:
                            warnings.warn(warned, stacklevel=2)
                    logs = _logs(history, place.step, optimizer) if hooks else {}
                    if each_epoch is not None:
                        history.epochs.append(each_epoch(place.epoch, history))
                        logs.update(_numbers(history.epochs[-1]))
                    hooks.epoch_end(place.epoch, logs)
                    with uninterrupted():
                        place.next_epoch(shuffler.bit_generator.state)
                        keeper.write()
                keeper.finish(_given(given, trained))
            except KeyboardInterrupt as interrupt:
                with uninterrupted():
                    tell(interrupt, place, history, keeper)
                raise
    return history


@keras.saving.register_keras_serializable(package="unrolled")
class Adam(keras.optimizers.Adam):
    """Keras's Adam, computed for each variable in one operation and not in ten.

    Its numbers are those of TensorFlow 1's `AdamOptimizer`. In a `tf.distribute` strategy, with
    `amsgrad` and where gradients are accumulated it computes as Keras's does.

    Args:
      learning_rate: a number, or a schedule of Keras's (default: 0.001).
      beta_1, beta_2: the share of the mean of gradients, and of that of their squares, that a step
        keeps (default: 0.9 and 0.999).
      epsilon: what is added to the root that is divided by (default: 1e-8, as in TensorFlow 1).
      **how: what else keras.optimizers.Adam takes.
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        **how: Any,
    ):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **how)

    def build(self, variables: Any) -> None:
        """Make the slots for `variables`."""
        if not self.built:
            super().build(variables)
            # Multiplied up step by step, as TensorFlow 1 did: beta ** step differs in the last bit.
            self._powers = [
                self.add_variable([], keras.initializers.Constant(beta), "float32", name=name)
                for name, beta in (("beta_1_power", self.beta_1), ("beta_2_power", self.beta_2))
            ]

    def add_variable_from_reference(
        self, reference_variable: Any, name: Any = None, initializer: Any = "zeros"
    ) -> Any:
        """A slot for a variable."""
        reference = as_tensorflows(reference_variable)
        if self._computes_as_one() and _slot_dtype(reference) != reference.dtype:
            return self.add_variable(
                reference.shape, initializer, _slot_dtype(reference).name, name=name
            )
        return super().add_variable_from_reference(reference_variable, name, initializer)

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Update the variables by their gradients."""
        super().apply(grads, trainable_variables)
        if self.built and self._computes_as_one():
            for power, beta in zip(self._powers, (self.beta_1, self.beta_2)):
                power.value.assign(power.value * beta)

    def _computes_as_one(self) -> bool:
        several = tf.distribute.has_strategy()  # then slots have a copy for each device
        return not (several or self.amsgrad or self.gradient_accumulation_steps)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update one variable, TensorFlow's or Keras's."""
        variable = as_tensorflows(variable)
        gradient = _sum_rows(gradient)
        if not self._computes_as_one() or isinstance(variable, tf.distribute.DistributedValues):
            super().update_step(gradient, variable, learning_rate)
            return
        index, dtype = self._get_variable_index(variable), _slot_dtype(variable)
        m, v = self._momentums[index].value, self._velocities[index].value
        power_1, power_2, rate, beta_1, beta_2, epsilon = (
            tf.cast(tf.cast(number, tf.float32), dtype)
            for number in (*self._powers, learning_rate, self.beta_1, self.beta_2, self.epsilon)
        )
        if not isinstance(gradient, tf.IndexedSlices) and dtype == variable.dtype:
            tf.raw_ops.ResourceApplyAdam(
                **{"var": variable.handle, "m": m.handle, "v": v.handle},
                **{"beta1_power": power_1, "beta2_power": power_2, "lr": rate},
                **{"beta1": beta_1, "beta2": beta_2, "epsilon": epsilon},
                grad=tf.cast(gradient, dtype),
            )
            return
        if isinstance(gradient, tf.IndexedSlices):
            rows, values = gradient.indices, tf.cast(gradient.values, dtype)  # each row once
            m.assign(m * beta_1)
            m.scatter_add(tf.IndexedSlices(values * (1 - beta_1), rows))
            v.assign(v * beta_2)
            v.scatter_add(tf.IndexedSlices(values * values * (1 - beta_2), rows))
        else:
            gradient = tf.cast(gradient, dtype)
            m.assign(m * beta_1 + gradient * (1 - beta_1))
            v.assign(v * beta_2 + gradient * gradient * (1 - beta_2))
        alpha = rate * tf.sqrt(1 - power_2) / (1 - power_1)
        if dtype == variable.dtype:
            variable.assign_sub(alpha * m / (tf.sqrt(v) + epsilon))
        else:
            moved = tf.cast(variable, dtype) - alpha * m / (tf.sqrt(v) + epsilon)
            variable.assign(tf.cast(moved, variable.dtype))


def _slot_dtype(variable: tf.Variable) -> tf.DType:
    """In bfloat16 the rate 0.999 at which Adam forgets would be 1, so that is done in 32 bits."""
    return tf.float32 if variable.dtype == tf.bfloat16 else variable.dtype


@no_autograph
def accuracy(logits: Any, labels: Any, weights: Any = None) -> tf.Tensor:
    """The share of labels that have the highest of their scores.

    Args:
      logits: [..., C], scores; -inf rules a class out.
      labels: [...], class numbers in 0..C-1, of an integer type.
      weights: [...], the shape of `labels`, for a weighted mean (default: 1 for each). Where the
        weight is 0, scores and label may be anything; weights that sum to 0 give 0.

    Returns:
      A float32 scalar in 0..1.

    Raises:
      TypeError: an argument is not an array of numbers.
      ValueError: shapes that disagree, labels that are not integers or out of range, a score that
        is NaN, so that none is the highest, or a weight that is negative or not finite.
      tf.errors.InvalidArgumentError: the same, where it is known only at run time. XLA leaves such
        checks out; there, scores with a NaN among them count as a wrong answer.
    """
    logits, labels, weights = _check_answers(logits, labels, weights)
    unclear = tf.reduce_any(tf.math.is_nan(logits), axis=-1)  # [..., C] -> [...]
    outside = tf.logical_or(labels < 0, labels >= tf.cast(size_or_tensor(logits, -1), tf.int64))
    faults = [
        ("logits must hold no NaN", unclear, logits),
        ("labels must be in 0..C-1, C being the last axis of logits", outside, labels),
    ]
    if weights is not None:
        counts = tf.not_equal(weights, 0)
        faults = [
            (f"{words} where the weight is not 0", tf.logical_and(wrong, counts), values)
            for words, wrong, values in faults
        ]
        bad = tf.logical_not(tf.logical_and(weights >= 0, tf.math.is_finite(weights)))
        faults.append(("weights must be finite and at least 0", bad, weights))
    with after(*_refuse(faults)):
        right = tf.equal(tf.argmax(logits, axis=-1), labels)  # [..., C] -> [...]
    right = tf.cast(tf.logical_and(right, tf.logical_not(unclear)), tf.float32)
    if weights is None:
        return tf.reduce_mean(right)
    return tf.math.divide_no_nan(tf.reduce_sum(right * weights), tf.reduce_sum(weights))


def by_batch(
    measure: Callable[..., Any], data: Sequence[Any], batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """`measure(*batch)` for every batch, and the sizes of the batches; nothing is dropped.

    The mean over all examples is `np.average(values, weights=sizes)`.

    Args:
      measure: called as measure(*batch) with one slice of each array of `data`; returns a scalar.
      data: a list of arrays [N, ...], one for each argument of `measure`.
      batch_size: examples in a batch, 1 or more; the last batch may be smaller.

    Returns:
      Two arrays with an entry for each batch: what `measure` returned, and how many examples.

    Raises:
      TypeError: `measure` is no function of as many arguments, `data` is no list of arrays, or
        `measure` returns something else than a number.
      ValueError: `batch_size` is not a whole number of at least 1, the arrays differ in their first
        axis or are empty, or `measure` returns no scalar.
    """
    arrays, count = _check_data(data)
    _check_function(measure, "measure", arrays)
    batch_size = check_count(batch_size, "batch_size")
    run = tf.function(measure, reduce_retracing=True)
    starts = range(0, count, batch_size)
    values = []
    for i in starts:
        value = run(*(array[i : i + batch_size] for array in arrays))
        values.append(_scalar(value, "measure", "a scalar").numpy())
    return np.array(values), np.array([min(batch_size, count - i) for i in starts])


# The arguments ---------------------------------------------------------------------------------


def _check_model(model: Any) -> list[Any]:
    """The modules in `model`, or an error."""
    modules = list(model) if isinstance(model, (list, tuple)) else [model]
    for module in modules:
        if isinstance(module, type) or not hasattr(module, "trainable_variables"):
            raise TypeError(
                "model must have trainable_variables, as cells, tf.Modules and Keras models have, "
                f"or be a list of such; got {describe(module)}: keep variables in a tf.Module."
            )
    if not modules:
        raise ValueError("model must be one module or a list of modules; got an empty list.")
    return modules


def _check_data(data: Any) -> tuple[list[tf.Tensor], int]:
    """The arrays as tensors, and N."""
    if not isinstance(data, (list, tuple)):
        raise TypeError(
            f"data must be a list of arrays [N, ...]; got {describe(data)}: one array is written "
            "as [array]."
        )
    arrays = [as_tensor(array, f"data[{i}]", "an array [N, ...]") for i, array in enumerate(data)]
    for i, array in enumerate(arrays):
        if array.shape.rank == 0:
            raise ValueError(
                f"data[{i}] must be an array [N, ...]; got a single number: data is a list of "
                "arrays, and one array is written as [array]."
            )
    counts = [array.shape[0] for array in arrays]
    if not counts or len(set(counts)) != 1 or counts[0] == 0:
        raise ValueError(f"data must be arrays with equal numbers of examples; got {counts}.")
    return arrays, counts[0]


def _of_batch(loss: Any, modules: list[Any], arrays: list[tf.Tensor]) -> tuple[Any, str]:
    """A loss of Keras's as a function of a batch, any other as it is; and what tells it apart."""
    if isinstance(loss, str):
        loss = _loss_of_name(loss)
    if not isinstance(loss, keras.losses.Loss):
        return loss, "a function"
    if len(modules) != 1 or not callable(modules[0]):
        raise TypeError(
            "model must be one module that can be called where loss is Keras's; got "
            f"{describe(modules[0]) if len(modules) == 1 else f'a list of {len(modules)}'}: write "
            "the loss as a function of a batch."
        )
    if len(arrays) not in (2, 3):
        raise ValueError(
            "data must be [x, y] or [x, y, sample_weight] where loss is Keras's; got "
            f"{len(arrays)} arrays."
        )
    [model] = modules
    is_keras = isinstance(model, keras.layers.Layer)
    in_training = is_keras and "training" in inspect.signature(model.call).parameters
    how = {"training": True} if in_training else {}

    def of_batch(x: tf.Tensor, y: tf.Tensor, *weights: tf.Tensor) -> tf.Tensor:
        value = loss(y, model(x, **how), *weights)
        regularization = model.losses if is_keras else []
        return tf.add_n([value, *regularization]) if regularization else value

    return of_batch, description(loss)


def _loss_of_name(name: str) -> Any:
    """A loss of Keras's by its name, which may also be that of a function."""
    try:
        found = keras.losses.get(name)
    except ValueError:
        found = None
    if inspect.isfunction(found):  # "mse", say, of which Keras has the class as well
        kinds = {k.lower(): kind for k, kind in vars(keras.losses).items() if inspect.isclass(kind)}
        found = kinds[found.__name__.replace("_", "")]()
    if not isinstance(found, keras.losses.Loss):
        raise ValueError(
            f"loss must be a function of a batch or a loss of Keras's; got {name!r}, which is no "
            'name of one: "mse" is, for instance.'
        )
    return found


def _check_optimizer(optimizer: Any, learning_rate: Any) -> Any:
    """The optimizer, made from the learning rate where none is given."""
    if optimizer is None:
        if isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            return Adam(learning_rate)
        rate = 1e-3 if learning_rate is None else learning_rate
        remedy = " or a schedule of Keras's; an optimizer is given as optimizer="
        return Adam(_check_positive(rate, "learning_rate", most=1000.0, remedy=remedy))
    if not isinstance(optimizer, keras.optimizers.Optimizer):
        raise TypeError(
            f"optimizer must be a keras.optimizers.Optimizer or None; got {describe(optimizer)}: "
            "keras.optimizers.get makes one from a name."
        )
    if learning_rate is not None:
        raise ValueError(
            f"learning_rate must be left out beside an optimizer; got {describe(learning_rate)} "
            f"and an optimizer {type(optimizer).__name__}: give the rate to the optimizer."
        )
    return optimizer


def _check_backup_every(backup: Any, backup_every: Any) -> None:
    if backup_every is not None:
        check_count(backup_every, "backup_every")
        if backup is None:
            raise ValueError(
                f"backup_every must be left out without a backup; got {backup_every}: give the "
                "folder as backup=."
            )


def _check_function(function: Any, argument: str, arrays: list[tf.Tensor]) -> None:
    """A TypeError unless `function` can be called with one batch of each array."""
    if not callable(function):
        raise TypeError(f"{argument} must be a function of a batch; got {describe(function)}.")
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a function that does not tell
        return
    try:
        signature.bind(*arrays)
    except TypeError:
        raise TypeError(
            f"{argument} must take one argument for each array of data, {len(arrays)} in all; got "
            f"a function of {signature}."
        ) from None


def _check_positive(value: Any, argument: str, most: float = math.inf, remedy: str = "") -> float:
    number = isinstance(value, (int, float, np.integer, np.floating))
    wanted = "a number above 0" if most == math.inf else f"a number above 0 and at most {most:g}"
    if not number or isinstance(value, bool):
        raise TypeError(f"{argument} must be {wanted}{remedy}; got {describe(value)}.")
    if not 0 < value <= most or math.isinf(value):
        raise ValueError(f"{argument} must be {wanted}; got {describe(value)}.")
    return float(value)


def _check_seed(seed: Any) -> int:
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(
            f"shuffle_seed must be a whole number of at least 0 or None; got {describe(seed)}."
        )
    return int(seed)


def _check_answers(
    logits: Any, labels: Any, weights: Any
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor | None]:
    """Logits as floating point, labels as int64 and weights as float32, in shapes that agree."""
    logits = as_tensor(logits, "logits", "scores [..., C]")
    labels = as_tensor(labels, "labels", "class numbers [...]")
    if not (logits.dtype.is_floating or logits.dtype.is_integer):
        raise ValueError(f"logits must be numbers; got {logits.dtype.name}.")
    if logits.shape.rank == 0 or (logits.shape.rank and logits.shape[-1] == 0):
        raise ValueError(f"logits must be [..., C], C at least 1; got shape {logits.shape}.")
    if not labels.dtype.is_integer:
        raise ValueError(
            f"labels must be class numbers of an integer type; got {labels.dtype.name}: use "
            "tf.argmax(labels, axis=-1) for one-hot labels or tf.cast for whole numbers."
        )
    if logits.dtype.is_integer:
        logits = tf.cast(logits, tf.float64)
    labels = tf.cast(labels, tf.int64)
    checks = _same_shape(labels, "labels", logits, "logits without the last axis", less=1)
    if weights is not None:
        weights = as_tensor(weights, "weights", "numbers [...]")
        if weights.dtype.is_complex or weights.dtype == tf.string:
            raise ValueError(f"weights must be numbers; got {weights.dtype.name}.")
        weights = tf.cast(weights, tf.float32)
        checks += _same_shape(weights, "weights", labels, "labels")
    with after(*checks):
        return tf.identity(logits), labels, weights


def _same_shape(
    tensor: tf.Tensor, argument: str, other: tf.Tensor, what: str, less: int = 0
) -> list[tf.Operation]:
    """An error unless `tensor` has the shape of `other` less its last axes, now or in the run."""
    rank = other.shape.rank
    wanted = other.shape if rank is None else other.shape[: rank - less]
    words = f"{argument} must have the shape of {what}"
    if not tensor.shape.is_compatible_with(wanted):
        raise ValueError(f"{words}, {wanted}; got shape {tensor.shape}.")
    if tensor.shape.is_fully_defined() and wanted.is_fully_defined():
        return []
    # Shapes of different lengths are compared by length first: one number would stand for all.
    ranks = tf.debugging.assert_equal(tf.rank(tensor), tf.rank(other) - less, message=words)
    with after(ranks):
        sizes = tf.shape(other)[: tf.rank(other) - less]
        return [ranks, tf.debugging.assert_equal(tf.shape(tensor), sizes, message=words)]


def _refuse(faults: list[tuple[str, tf.Tensor, tf.Tensor]]) -> list[tf.Operation]:
    """An error for the first fault (words, where it is, values) that is True anywhere."""
    for words, wrong, values in faults:
        known = tf.get_static_value(wrong)
        if known is not None and known.any():
            at = np.argwhere(known)[0]
            value = tf.get_static_value(tf.gather_nd(values, at))
            raise ValueError(f"{words}; got {value} at {at.tolist()}.")
    unknown = [fault for fault in faults if tf.get_static_value(fault[1]) is None]
    if not unknown:
        return []

    def explain() -> tf.Tensor:
        checks = []
        for words, wrong, values in unknown:
            first = tf.where(wrong)[:1]
            found = [f"{words}; got", tf.gather_nd(values, first), "at", first]
            checks.append(tf.debugging.Assert(tf.logical_not(tf.reduce_any(wrong)), found))
        with after(*checks):
            return tf.constant(False)

    any_fault = tf.reduce_any(functools.reduce(tf.logical_or, [wrong for _, wrong, _ in unknown]))
    return [tf.cond(any_fault, explain, lambda: tf.constant(True)).op]


# One step --------------------------------------------------------------------------------------


@no_autograph
def _loss_and_measure(result: Any, refused: list[Exception]) -> tuple[tf.Tensor, tf.Tensor]:
    """What `loss` returned as two scalars; NaN stands for a measure that it does not return."""
    wanted = "a scalar, or the tuple (scalar loss, scalar measure)"
    value, measure = result if isinstance(result, tuple) and len(result) == 2 else (result, np.nan)
    try:
        value = _scalar(value, "loss", wanted)
        if not value.dtype.is_floating:
            raise ValueError(f"loss must return {wanted}; got a loss of {value.dtype.name}.")
        return value, tf.cast(_scalar(measure, "loss", wanted, " as the measure"), tf.float32)
    except (TypeError, ValueError) as error:
        refused.append(error)
        raise


def _scalar(value: Any, function: str, wanted: str, what: str = "") -> tf.Tensor:
    """`value`, which `function` returned, as a scalar tensor."""
    words = f"{function} must return {wanted}; got"
    if value is None or isinstance(value, (list, tuple, dict, str)) or callable(value):
        raise TypeError(f"{words} {describe(value)}{what}.")
    value = as_tensor(value, f"what {function} returns", wanted)
    if value.shape.rank not in (None, 0):
        raise ValueError(f"{words} shape {value.shape}{what}: take tf.reduce_mean of it.")
    rank = tf.debugging.assert_rank(value, 0, message=f"{function} must return {wanted}")
    with after(rank):
        return tf.reshape(value, [])


@no_autograph
def _variables(
    modules: list[Any], read: Sequence[tf.Variable], refused: list[Exception]
) -> list[tf.Variable]:
    """The trainable variables of all modules, each once; `read` are those that the loss used."""
    found = [as_tensorflows(v) for module in modules for v in module.trainable_variables]
    try:
        check_all_is_trained(modules, found, list(read))
        if not found:
            raise ValueError(
                "model must have trainable_variables; got none even after loss was called: call "
                "the model inside loss, and leave its variables trainable."
            )
    except ValueError as error:
        refused.append(error)
        raise
    return list({id(variable): variable for variable in found}.values())


@no_autograph
def _copies(
    variables: list[tf.Variable], made: list[tuple[tf.Variable, tf.Variable]]
) -> list[tuple[tf.Variable, tf.Variable]]:
    """Each variable with another that is to hold the same; `made` were made in a trace before.

    TensorFlow traces twice where the first trace makes variables, and lets the second make none.
    """
    copies = {id(variable): copy for variable, copy in made}
    with tf.init_scope():  # the variables themselves may have no value yet
        for v in variables:
            if id(v) not in copies:
                start = tf.zeros([size or 0 for size in v.shape], v.dtype)
                copies[id(v)] = tf.Variable(start, trainable=False, shape=v.shape, name="kept")
    return [(v, copies[id(v)]) for v in variables]


@no_autograph
def _as_given(modules: list[Any]) -> dict[int, Any]:
    """By the id of each variable of TensorFlow's, the one that the model has: Keras's, perhaps.

    Keras's holds what an optimizer asks for: a constraint, a path, a wish to be overwritten.
    """
    given = [variable for module in modules for variable in module.trainable_variables]
    return {id(as_tensorflows(variable)): variable for variable in given}


@no_autograph
def _given(given: dict[int, Any], variables: list[tf.Variable]) -> list[Any]:
    return [given[id(variable)] for variable in variables]


@no_autograph
def _with_gradient(
    gradients: list[Any], variables: list[tf.Variable], refused: list[Exception]
) -> list[tf.Variable]:
    """The variables that the loss depends on; an error where there is none."""
    found = [v for v, gradient in zip(variables, gradients) if gradient is not None]
    if not found:
        refused.append(
            ValueError(
                "loss must depend on the variables of model; got no gradient for any of "
                f"{', '.join(v.name for v in variables)}: call the model inside loss, with "
                "TensorFlow operations."
            )
        )
        raise refused[0]
    return found


@no_autograph
def _scaled(optimizer: Any, value: tf.Tensor) -> tuple[tf.Tensor, Any]:
    """The loss as the optimizer wants it for the gradient, and by how much it is larger."""
    scaled = optimizer.scale_loss(value)
    if scaled is value:
        return value, 1.0
    return scaled, tf.cast(optimizer.scale_loss(tf.ones([], value.dtype)), tf.float32)


@no_autograph
def _apply(
    optimizer: Any,
    gradients: list[Any],
    variables: list[Any],
    trained: list[Any],
    refused: list[Exception],
) -> None:
    """Update the variables that have a gradient; slots are made for all that are trained."""
    if not optimizer.built:
        with variables_at_once(), tf.init_scope():
            optimizer.build(trained)
    try:
        scales = isinstance(optimizer, keras.optimizers.LossScaleOptimizer)  # refuses what follows
        if scales or tf.distribute.has_strategy():
            optimizer.apply(gradients, variables)
        else:
            # Elsewhere Keras would sum over the one replica by a function with a gradient of its
            # own, which TensorFlow registers for good, and with it all that the trace holds.
            replica = tf.distribute.get_replica_context()
            replica.merge_call(lambda _: optimizer.apply(gradients, variables))
    except ValueError as error:
        if "Unknown variable" in str(error):  # Keras's words
            refused.append(
                ValueError(
                    "optimizer must be new or have trained these very variables before; got one, "
                    f"{type(optimizer).__name__}, that has trained others: make a new one."
                )
            )
        raise


@no_autograph
def _sum_rows(gradient: Any) -> Any:
    """The gradient of a look-up, in which a row may stand many times, with each row once.

    The norm of a sum is not that of its parts.
    """
    if not isinstance(gradient, tf.IndexedSlices):
        return gradient
    rows, places = tf.unique(gradient.indices)  # [n] -> [m] and [n]
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)


@no_autograph
def _half_squares(gradients: list[Any]) -> tf.Tensor:
    """Half the square of each gradient's norm; 16 bits would not hold it, nor 32 what 64 do."""
    values = [g.values if isinstance(g, tf.IndexedSlices) else g for g in gradients]
    wide = any(value.dtype == tf.float64 for value in values)
    halves = [
        tf.nn.l2_loss(value if value.dtype == tf.float64 else tf.cast(value, tf.float32))
        for value in values
    ]
    return tf.stack([tf.cast(half, tf.float64) for half in halves] if wide else halves)


@no_autograph
def _norm(half_squares: Any) -> tf.Tensor:
    """The norm of all gradients as one vector."""
    return tf.sqrt(tf.reduce_sum(half_squares) * tf.cast(2, half_squares.dtype))


# What a message or a callback is told ----------------------------------------------------------


def _narrow(values: np.ndarray) -> np.ndarray:
    """The values as float32, where that can hold them."""
    with np.errstate(over="ignore"):
        narrow = values.astype(np.float32)
    return values if (np.isfinite(narrow) != np.isfinite(values)).any() else narrow


def _check_weights(trained: list[tf.Variable]) -> None:
    """An error where a weight is not finite before there was a step."""
    if names := _not_finite_weights(trained):
        raise FloatingPointError(
            f"model must have finite weights before the first step; got {names} with NaN or "
            "infinity: initialize them anew, or make one that is meant to be so trainable=False."
        )


def _not_finite_weights(trained: list[tf.Variable]) -> str:
    """The names of the weights that are not finite."""
    return ", ".join(v.name for v in trained if not tf.reduce_all(tf.math.is_finite(v)))


def _of_which(half_squares: np.ndarray, variables: list[tf.Variable]) -> str:
    """The variables whose gradient is not finite, in a few words; nothing where all are."""
    names = [v.name for v, part in zip(variables, half_squares) if not np.isfinite(part)]
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f" (that of {', '.join(names[:3])}{more} is not finite)" if names else ""


def _not_finite(arrays: list[tf.Tensor], batch: np.ndarray) -> str:
    """Which example of a batch holds NaN or infinity; empty where none does."""
    for i, array in enumerate(arrays):
        if array.dtype.is_floating:
            values = tf.reshape(tf.gather(array, batch), [len(batch), -1])
            wrong = ~tf.reduce_all(tf.math.is_finite(values), axis=1).numpy()
            if wrong.any():
                return f"data[{i}] with NaN or infinity in example {batch[wrong.argmax()]}"
    return ""


def _logs(history: History, steps: int, optimizer: Any) -> dict[str, float]:
    """What callbacks are told of the last `steps` steps."""
    logs = {"loss": float(history.loss[-steps:].mean())}
    measures = history.measure[-steps:]
    if not np.isnan(measures).all():
        logs["measure"] = float(measures.mean())
    return {**logs, "learning_rate": rate_of(optimizer)}


def _numbers(result: Any) -> dict[str, float]:
    """The numbers in what `each_epoch` returned, where that is a dict of them."""
    if not isinstance(result, dict):
        return {}
    numbers = (int, float, np.integer, np.floating)
    return {name: float(value) for name, value in result.items() if isinstance(value, numbers)}


def _divergence(history: History, epoch: int, steps: int, optimizer: Any) -> str:
    """A warning where the loss of an epoch of so many steps has grown beyond measure."""
    mean = history.loss[-steps:].mean()
    if not mean > 1e3 * max(1, history.loss[0]):
        return ""
    return (
        f"the mean loss of epoch {epoch} is {mean:g}, and that of the first step was "
        f"{history.loss[0]:g}: training diverges; lower learning_rate, which is "
        f"{rate_of(optimizer):g}, or scale the data"
    )
