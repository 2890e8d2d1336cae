"""A training loop that stays out of the way: whole epochs run inside one graph.

A call of a graph from Python costs about as much as a small recurrent step, so the loop over the
batches of an epoch lies in the graph too. Losses and measures of every step come back as arrays.
"""

from __future__ import annotations

import functools
import inspect
import math
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from unrolled.internal.checks import as_tensor, check_count, check_flag, describe
from unrolled.internal.shapes import size_or_tensor
from unrolled.internal.tracing import after, no_autograph


@dataclass
class History:
    """What a training run measured."""

    steps_per_epoch: int
    loss: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    measure: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))  # [all steps]
    seconds: list[float] = field(default_factory=list)  # of each epoch, tracing not included
    seconds_to_trace: float = 0.0
    epochs: list[Any] = field(default_factory=list)  # what `each_epoch` returned

    def mean_loss(self, epoch: int = -1) -> float:
        """The mean loss over the batches of one epoch.

        Args:
          epoch: as an index, so that 0 is the first epoch (default: -1, the last one).

        Raises:
          IndexError: no such epoch was run.
        """
        means = self.loss.reshape(-1, self.steps_per_epoch).mean(axis=1)  # [epochs]
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
    loss: Callable[..., Any],
    data: Sequence[Any],
    *,
    epochs: int,
    batch_size: int | None = None,
    learning_rate: float = 1e-3,
    shuffle_seed: int | None = None,
    drop_remainder: bool = False,
    clip_norm: float | None = None,
    each_epoch: Callable[[int, History], Any] | None = None,
) -> History:
    """Train with Adam (Kingma and Ba, 2015), TensorFlow's own `AdamOptimizer` with its defaults.

    Training stops with an error at the first step whose loss or gradient is not finite, before that
    step changes a weight. It warns of variables that the loss does not depend on, and of a loss
    that grows beyond measure.

    Args:
      model: what is trained: anything with `trainable_variables`, such as a cell, a tf.Module, a
        Keras layer or model; or a list of such. A variable that two of them hold is trained once.
      loss: called as loss(*batch) with one slice of each array of `data`; returns a scalar, or a
        pair, the tuple (scalar loss, scalar measure such as the batch's accuracy).
      data: a list of arrays [N, ...], the examples, one array for each argument of `loss`.
      epochs: how many times to go through the data, 1 or more.
      batch_size: examples in a batch, 1 or more (default: all of them).
      learning_rate: Adam's, above 0 and at most 1000; a weight moves by about as much in a step
        (default: 0.001).
      shuffle_seed: a whole number of at least 0, the seed of a new order of the examples for every
        epoch; None keeps their order (default: None).
      drop_remainder: leave out the last batch where it is smaller (default: False, which drops
        nothing).
      clip_norm: scale the gradient down to this global norm where it is longer (default: None, no
        clipping).
      each_epoch: called as each_epoch(epoch, history) after every epoch, counted from 1; what it
        returns is kept in `History.epochs` (default: None).

    Returns:
      A `History`: the loss and the measure of every step, the seconds of every epoch, and what
      `each_epoch` returned.

    Raises:
      TypeError: an argument is of another kind: a model without `trainable_variables`, one array in
        place of a list of them, a schedule or an optimizer as `learning_rate`.
      ValueError: a number is out of its range; the arrays differ in their first axis, or hold fewer
        examples than one batch; the loss is not a scalar or depends on no variable of the model.
      FloatingPointError: the loss, the gradient or a weight was NaN or infinite; the message says
        in which step of which epoch, both counted from 1, and which example is not finite itself.
      RuntimeError: called while a graph is built, inside a tf.function for instance.
    """
    if not tf.executing_eagerly():
        raise RuntimeError("fit must be called eagerly; got a call while a graph was being built.")
    modules = _check_model(model)
    arrays, count = _check_data(data)
    _check_function(loss, "loss", arrays)
    epochs = check_count(epochs, "epochs")
    batch_size = count if batch_size is None else check_count(batch_size, "batch_size")
    learning_rate = _check_positive(
        learning_rate,
        "learning_rate",
        most=1000.0,
        remedy=": fit uses Adam with one rate for all steps",
    )
    clip_norm = None if clip_norm is None else _check_positive(clip_norm, "clip_norm")
    shuffler = None if shuffle_seed is None else np.random.default_rng(_check_seed(shuffle_seed))
    if each_epoch is not None and not callable(each_epoch):
        raise TypeError(f"each_epoch must be a function or None; got {describe(each_epoch)}.")
    drop_remainder = check_flag(drop_remainder, "drop_remainder")
    steps = count // batch_size if drop_remainder else -(-count // batch_size)
    if steps == 0:
        raise ValueError(
            f"batch_size is {batch_size}, but there are {count} examples and the remainder is "
            "dropped; use a smaller batch or drop_remainder=False."
        )
    optimizer = tf.compat.v1.train.AdamOptimizer(learning_rate)  # one fused kernel a variable
    all_full = steps * batch_size <= count
    done = tf.Variable(0, trainable=False)  # steps of the present epoch
    unused: set[str] = set()
    refused: list[Exception] = []  # a trace would wrap an error of ours in words of its own

    def differentiate(i: tf.Tensor, order: tf.Tensor) -> tuple[Any, ...]:
        rows = order[i * batch_size : (i + 1) * batch_size]
        if all_full:
            rows = tf.ensure_shape(rows, [batch_size])
        with tf.GradientTape() as tape:
            result = loss(*(tf.gather(array, rows) for array in arrays))
            value, measure = _loss_and_measure(result, refused)
        variables = _variables(modules, refused)
        gradients = [_sum_rows(gradient) for gradient in tape.gradient(value, variables)]
        unused.update(_without_gradient(gradients, variables, refused))
        norm = _global_norm(gradients)
        if clip_norm is not None:
            gradients, _ = tf.clip_by_global_norm(gradients, clip_norm, use_norm=norm)
        return tf.cast(value, tf.float32), measure, norm, list(zip(gradients, variables))

    @tf.function
    def run_epoch(order: tf.Tensor) -> tuple[tf.Tensor, ...]:
        done.assign(0)
        values = tf.TensorArray(tf.float32, steps, element_shape=[])
        measures = tf.TensorArray(tf.float32, steps, element_shape=[])
        norm = tf.constant(0.0)
        for i in tf.range(steps):
            value, measure, norm, gradients = differentiate(i, order)
            values = values.write(i, value)
            measures = measures.write(i, measure)
            with tf.control_dependencies([measure]):  # it may hold a check that fails
                finite = tf.math.is_finite(value + norm)
            if not finite:
                break
            optimizer.apply_gradients(gradients)
            done.assign_add(1)
        finite = [tf.reduce_all(tf.math.is_finite(v)) for v in _variables(modules, refused)]
        return values.stack(), measures.stack(), norm, tf.reduce_all(finite)

    def where_it_stopped(epoch: int, order: np.ndarray) -> tuple[str, str]:
        step, first = int(done) + 1, int(done) * batch_size
        return (
            f"fit stopped in step {step} of epoch {epoch}, before that step changed a weight",
            _not_finite(arrays, order[first : first + batch_size]),
        )

    history, warned = History(steps), False
    start = time.perf_counter()
    try:
        run_epoch = run_epoch.get_concrete_function(tf.TensorSpec([count], tf.int32))
    except Exception:
        if refused:
            raise refused[0] from None
        raise
    history.seconds_to_trace = time.perf_counter() - start
    if unused:
        warnings.warn(
            f"loss does not depend on {', '.join(sorted(unused))}: fit leaves these variables of "
            "model as they are",
            stacklevel=2,
        )
    for epoch in range(1, epochs + 1):
        order = np.arange(count) if shuffler is None else shuffler.permutation(count)
        start = time.perf_counter()
        try:
            results = run_epoch(tf.constant(order, tf.int32))
        except tf.errors.InvalidArgumentError as error:  # of a check inside `loss`
            place, fault = where_it_stopped(epoch, order)
            if fault and "NaN" in str(error):
                raise FloatingPointError(f"{place}: data must be finite; got {fault}.") from error
            error.add_note(f"{place}.")
            raise
        values, measures, norm, finite = (result.numpy() for result in results)
        history.seconds.append(time.perf_counter() - start)
        if int(done) < steps:
            place, fault = where_it_stopped(epoch, order)
            raise FloatingPointError(
                f"{place}: the loss and its gradient must be finite; got the loss "
                f"{values[int(done)]:g} and a gradient of norm {norm:g}: "
                f"{fault or 'the examples are finite, so try a smaller learning_rate'}."
            )
        if not finite:
            raise FloatingPointError(
                f"fit stopped after epoch {epoch}: the weights must stay finite, and the last step "
                f"made one that is not: lower learning_rate; got {learning_rate:g}."
            )
        history.loss = np.append(history.loss, values)
        history.measure = np.append(history.measure, measures)
        if not warned and values.mean() > 1e3 * max(1, history.loss[0]):
            warned = True
            warnings.warn(
                f"the mean loss of epoch {epoch} is {values.mean():g}, and that of the first step "
                f"was {history.loss[0]:g}: training diverges; lower learning_rate, which is "
                f"{learning_rate:g}, or scale the data",
                stacklevel=2,
            )
        if each_epoch is not None:
            history.epochs.append(each_epoch(epoch, history))
    return history


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
        raise TypeError(f"{argument} must be {wanted}; got {describe(value)}{remedy}.")
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
def _variables(modules: list[Any], refused: list[Exception]) -> list[tf.Variable]:
    """The trainable variables of all modules, each once; Keras's hold one of TensorFlow's each."""
    found = {}
    for module in modules:
        for variable in module.trainable_variables:
            inner = variable if isinstance(variable, tf.Variable) else variable.value
            found[id(inner)] = inner
    if not found:
        refused.append(
            ValueError(
                "model must have trainable_variables; got none even after loss was called: call "
                "the model inside loss, and leave its variables trainable."
            )
        )
        raise refused[0]
    return list(found.values())


@no_autograph
def _without_gradient(
    gradients: list[Any], variables: list[tf.Variable], refused: list[Exception]
) -> list[str]:
    """The names of the variables that the loss does not depend on; an error where that is all."""
    names = [v.name for v, gradient in zip(variables, gradients) if gradient is None]
    if len(names) == len(variables):
        refused.append(
            ValueError(
                "loss must depend on the variables of model; got no gradient for any of "
                f"{', '.join(names)}: call the model inside loss, with TensorFlow operations."
            )
        )
        raise refused[0]
    return names


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
def _global_norm(gradients: list[Any]) -> tf.Tensor:
    """The norm of all gradients as one vector; 16 bits would not hold the squares."""
    return tf.linalg.global_norm([g if g is None else tf.cast(g, tf.float32) for g in gradients])


def _not_finite(arrays: list[tf.Tensor], batch: np.ndarray) -> str:
    """Which example of a batch holds NaN or infinity; empty where none does."""
    for i, array in enumerate(arrays):
        if array.dtype.is_floating:
            values = tf.reshape(tf.gather(array, batch), [len(batch), -1])
            wrong = ~tf.reduce_all(tf.math.is_finite(values), axis=1).numpy()
            if wrong.any():
                return f"data[{i}] with NaN or infinity in example {batch[wrong.argmax()]}"
    return ""
