"""Thousands of random runs and thousands of malformed calls: `make soak`.

    python tests/soak.py --draws 10000 --seed 0          # both kinds, on every core
    python tests/soak.py --replay '{"kind": "run", ...}'  # one draw again, alone

A *run* is a random cell under a random form of unroll. Its outputs, states and gradients must be
those of TensorFlow's own engine, and what stands in the padding must reach nothing. A *call* is a
valid call of a public function in which one or two arguments are replaced by something else. It
must give what the argument means, or an error of a documented type that names the argument.

A draw is a dict of plain values, made from the seed, its kind and its number alone, so each can be
run again by itself. What fails is sorted by kind of failure, and of each kind the smallest draw
that still fails is looked for and printed.
"""

from __future__ import annotations

import argparse
import copy
import functools
import gc
import json
import multiprocessing
import multiprocessing.connection
import os
import random
import re
import signal
import sys
import tempfile
import time
import traceback
import warnings
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")  # small sizes, and several processes
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")

import numpy as np

import unrolled.quiet  # noqa: F401  # isort: skip
import tensorflow as tf

import unrolled as u
from unrolled import convert, mnist, models, reference, tasks, training

PACKAGE = str(Path(u.__file__).parent)
SECONDS = 150  # that one draw may take before it counts as hanging

Draw = dict[str, Any]


class Failure(NamedTuple):
    where: str  # what failed; failures are sorted by this and by what happened
    what: str  # what happened, in words that do not depend on sizes
    words: str  # the same, of this draw


# ============================================================================ a reader's own cells


def tensor_shape(*sizes: int) -> tf.TensorShape:
    return tf.TensorShape(sizes)


class Plain:
    """A plain Python class with `build`: nothing lists its variables."""

    def __init__(self, units: int, dtype: tf.DType):
        self.units, self.dtype, self.w = units, dtype, None

    state_size = output_size = property(lambda self: self.units)

    def zero_state(self, batch: Any, dtype: Any) -> Any:
        return tf.nest.map_structure(lambda n: tf.zeros([batch, n], dtype), self.state_size)

    def build(self, depth: Any) -> None:
        self.w = tf.Variable(tf.zeros([depth + self.units, self.units], self.dtype), name="w")

    def weights(self) -> list[tf.Variable]:
        return [self.w]

    def product(self, x: tf.Tensor, h: tf.Tensor) -> tf.Tensor:
        if self.w is None:
            self.build(x.shape[-1])
        return tf.tanh(tf.concat([x, h], 1) @ self.w)

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        h = self.product(x, h)
        return h, h


class Module(tf.Module):
    """A tf.Module with `build`, and not an RNNCell."""

    def __init__(self, units: int, dtype: tf.DType):
        super().__init__()
        self.units, self.dtype, self.w = units, dtype, None

    state_size = output_size = property(lambda self: self.units)
    zero_state, build, product = Plain.zero_state, Plain.build, Plain.product
    weights, __call__ = Plain.weights, Plain.__call__


class WithKerasLayers(tf.Module):
    """A tf.Module whose weights lie in Keras layers, which `variables` does not list."""

    def __init__(self, units: int, dtype: tf.DType):
        super().__init__()
        self.units, self.dtype, self.dense = units, dtype, None

    state_size = output_size = property(lambda self: self.units)
    zero_state = Plain.zero_state

    def build(self, depth: int) -> None:
        self.dense = tf.keras.layers.Dense(self.units, "tanh", dtype=self.dtype.name)
        self.dense.build([None, depth + self.units])

    def weights(self) -> list[tf.Variable]:
        return [v.value for v in self.dense.weights]

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        if self.dense is None:
            self.build(x.shape[-1])
        h = self.dense(tf.concat([x, h], 1))
        return h, h


class Forked(Plain):
    """Several outputs, and a nested state."""

    output_size = property(lambda self: (self.units, {"mean": tensor_shape(1)}))
    state_size = property(lambda self: {"h": self.units, "more": (self.units,)})

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        h = self.product(x, state["h"])
        c = state["more"][0] * 0.5 + h
        return (h, {"mean": tf.reduce_mean(c, 1, keepdims=True)}), {"h": tf.sin(c), "more": (c,)}


class Joined(Plain):
    """Several inputs."""

    def build(self, depth: Any) -> None:
        super().build(sum(tf.nest.flatten(depth)))

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        return super().__call__(tf.concat([x["a"], x["b"][0]], 1), h)


class Words(Plain):
    """Word numbers [B] come in, and are looked up."""

    any_inputs = True

    def build(self, depth: Any) -> None:
        self.w = tf.Variable(tf.zeros([7, self.units], self.dtype), name="w")

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        if self.w is None:
            self.build(None)
        h = tf.tanh(tf.gather(self.w, x) + tf.sin(h))
        return h, h


class Picture(Plain):
    """Pictures [B, 2, D] come in, and pictures [B, 2, U] go out."""

    any_inputs = True
    output_size = property(lambda self: tensor_shape(2, self.units))

    def build(self, depth: Any) -> None:
        self.w = tf.Variable(tf.zeros([2, self.units], self.dtype), name="w")

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        if self.w is None:
            self.build(None)
        rows = tf.reduce_sum(x, 2)  # [B, 2]
        h = tf.tanh(rows @ self.w + h)
        return tf.stack([h, tf.sin(h)], 1), h


class Counting(Plain):
    """A whole number in the state: how many steps a row has had."""

    state_size = property(lambda self: (self.units, tensor_shape()))

    def zero_state(self, batch: Any, dtype: Any) -> Any:
        return tf.zeros([batch, self.units], dtype), tf.zeros([batch], tf.int32)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        h, n = state
        h = self.product(x, h) / (1 + tf.cast(n, h.dtype)[:, None])
        return h, (h, n + 1)


class Singular(Plain):
    """Divides by the length of its input: no number at an input of zeros."""

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        return super().__call__(x / tf.norm(x, axis=1, keepdims=True), h)


class Wrapped:
    """A wrapper of a reader's own: adds the input's mean to the output."""

    def __init__(self, cell: Any):
        self.cell = cell
        self.any_inputs = getattr(cell, "any_inputs", False)

    state_size = property(lambda self: self.cell.state_size)
    output_size = property(lambda self: self.cell.output_size)

    def zero_state(self, batch: Any, dtype: Any) -> Any:
        return self.cell.zero_state(batch, dtype)

    def build(self, depth: Any) -> None:
        build(self.cell, depth, self.dtype)

    def __call__(self, x: Any, state: Any) -> tuple[Any, Any]:
        y, state = self.cell(x, state)
        first = tf.nest.flatten(x)[0]
        if not first.dtype.is_floating:
            return y, state
        mean = tf.reduce_mean(tf.reshape(first, [tf.shape(first)[0], -1]), 1)
        return tf.nest.map_structure(
            lambda a: a + tf.reshape(mean, [-1] + [1] * (a.shape.rank - 1)), y
        ), state


class Projecting(u.GRUCell):
    """Overrides `step` so that the output is not the state."""

    output_size = property(lambda self: self.num_units + 1)

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        super().make_variables(input_depth, dtype)
        self.w = tf.Variable(tf.zeros([self.num_units, self.num_units + 1], dtype), name="w")

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, state = super().step(inputs, state)
        return output @ self.w, state


class ShapeSized(u.BasicRNNCell):
    """Says its sizes as shapes."""

    state_size = output_size = property(lambda self: tensor_shape(self.num_units))


class StepIsAFunction(u.GRUCell):
    step = tf.function(u.GRUCell.step)


class LSTMStepIsAFunction(u.BasicLSTMCell):
    step = tf.function(u.BasicLSTMCell.step)


class StepIsRecomputed(u.GRUCell):
    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        return tf.recompute_grad(super().step)(inputs, state)


class TapeInTheStep(u.BasicRNNCell):
    """The new state goes down a gradient that the step takes itself."""

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        with tf.GradientTape() as tape:
            tape.watch(state)
            output, new_state = super().step(inputs, state)
            energy = tf.reduce_sum(new_state**2)
        return output, new_state - 0.1 * tape.gradient(energy, state)


class Frozen(u.BasicRNNCell):
    """A variable that is not trained, but may be watched."""

    def make_variables(self, input_depth: Any, dtype: tf.DType) -> None:
        super().make_variables(input_depth, dtype)
        self.gain = tf.Variable(tf.ones([self.num_units], dtype), trainable=False, name="gain")

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, state = super().step(inputs, state)
        return output * self.gain, state * tf.sin(self.gain)


OURS = ["basic", "basic_lstm", "lstm", "gru"]
OWN: dict[str, Any] = {
    "plain": Plain,
    "module": Module,
    "keras": WithKerasLayers,
    "forked": Forked,
    "joined": Joined,
    "words": Words,
    "picture": Picture,
    "counting": Counting,
    "singular": Singular,
}
OVERRIDING: dict[str, Any] = {
    "projecting": Projecting,
    "shape_sized": ShapeSized,
    "step_function": StepIsAFunction,
    "step_function_lstm": LSTMStepIsAFunction,
    "step_recomputed": StepIsRecomputed,
    "step_tape": TapeInTheStep,
    "frozen": Frozen,
}
TAKES = {"joined": "nested", "words": "words", "picture": "picture"}  # else vectors
WITHIN = ["stack", "dropout", "wrapped"]
IN_A_STACK = [*OURS, "plain", "module", "keras", "counting", "singular", *OVERRIDING]


def draw_cell(rng: random.Random, takes: str = "vector", nested: int = 0) -> Draw:
    """What says how to make a cell whose inputs are as `takes` says."""
    units = rng.randint(1, 4)
    if nested < 2 and rng.random() < 0.3:
        kind = rng.choice(WITHIN)
        if kind != "stack":
            return {"kind": kind, "cell": draw_cell(rng, takes, nested + 1)}
        cells = [draw_cell(rng, takes, nested + 1)]
        while rng.random() < 0.6 and len(cells) < 3 and gives_vectors(cells[-1]):
            cells.append(draw_cell(rng, "vector", nested + 1))
        joined = rng.random() < 0.15 and all(one_tensor(cell) for cell in cells)
        return {"kind": kind, "cells": cells, "tuple": not joined}
    if takes != "vector":
        kind = next(kind for kind, taken in TAKES.items() if taken == takes)
        return {"kind": kind, "units": units}
    if rng.random() < 0.55:
        kind = rng.choice(OURS)
        cell: Draw = {"kind": kind, "units": units}
        if kind in ("basic_lstm", "lstm"):
            cell["tuple"] = rng.random() < 0.85
        if kind == "lstm":
            cell["peepholes"] = rng.random() < 0.5
            cell["clip"] = rng.choice([None, None, 0.3])
            cell["proj"] = rng.choice([None, rng.randint(1, 4)])
            cell["proj_clip"] = None if cell["proj"] is None else rng.choice([None, 0.2])
        return cell
    kinds = [k for k in (*OWN, *OVERRIDING) if k not in TAKES]
    return {"kind": rng.choice(kinds), "units": units}


def kinds_in(cell: Draw | None) -> list[str]:
    """The kinds of cells in `cell`, itself first."""
    if cell is None:
        return []
    inside = [*cell.get("cells", []), *([cell["cell"]] if "cell" in cell else [])]
    return [cell["kind"], *(kind for one in inside for kind in kinds_in(one))]


def bottom(cell: Draw) -> str:
    """The kind of the cell that the inputs come to."""
    while cell["kind"] in WITHIN:
        cell = cell["cells"][0] if cell["kind"] == "stack" else cell["cell"]
    return cell["kind"]


def gives_vectors(cell: Draw) -> bool:
    while cell["kind"] in WITHIN:
        cell = cell["cells"][-1] if cell["kind"] == "stack" else cell["cell"]
    return cell["kind"] not in ("forked", "picture")


def one_tensor(cell: Draw) -> bool:
    """Is the state one tensor, whose size is a number?"""
    if cell["kind"] == "stack":
        return not cell["tuple"]
    if "cell" in cell:
        return one_tensor(cell["cell"])
    kinds = ("forked", "counting", "shape_sized", "step_function_lstm")
    return not cell.get("tuple") and cell["kind"] not in kinds


def make(cell: Draw, dtype: tf.DType) -> Any:
    kind, units = cell["kind"], cell.get("units")
    if kind == "stack":
        return u.MultiRNNCell([make(c, dtype) for c in cell["cells"]], cell["tuple"])
    if kind == "dropout":
        return u.DropoutWrapper(make(cell["cell"], dtype), 1.0, 1.0, 1.0)
    if kind == "wrapped":
        wrapped = Wrapped(make(cell["cell"], dtype))
        wrapped.dtype = dtype
        return wrapped
    if kind in OWN:
        return OWN[kind](units, dtype)
    if kind in OVERRIDING:
        return OVERRIDING[kind](units)
    return leaf(u, cell)


def leaf(home: Any, cell: Draw, **more: Any) -> Any:
    """One of the four cells of the package, or with another `home` TensorFlow's own."""
    kind, units = cell["kind"], cell["units"]
    if kind == "basic":
        return home.BasicRNNCell(units, **more)
    if kind == "gru":
        return home.GRUCell(units, **more)
    if kind == "basic_lstm":
        return home.BasicLSTMCell(units, state_is_tuple=cell["tuple"], **more)
    return home.LSTMCell(
        units,
        use_peepholes=cell["peepholes"],
        cell_clip=cell["clip"],
        num_proj=cell["proj"],
        proj_clip=cell["proj_clip"],
        state_is_tuple=cell["tuple"],
        **more,
    )


def build(cell: Any, depth: Any, dtype: tf.DType) -> None:
    if isinstance(cell, u.RNNCell):
        cell.build(depth, dtype)
    else:
        cell.build(depth)


def weights(cell: Any) -> list[Any]:
    if hasattr(cell, "cells"):
        return [w for one in cell.cells for w in weights(one)]
    if hasattr(cell, "cell"):
        return weights(cell.cell)
    return cell.weights() if hasattr(cell, "weights") else list(cell.variables)


# ================================================================================== random runs

LONG = 32  # more steps than this are a loop where the package decides


def draw_run(rng: random.Random) -> Draw:
    """One run: a cell, its sizes, and how it is unrolled and traced."""
    takes = rng.choice(["vector"] * 9 + ["nested", "words", "picture"])
    way = rng.choice(["eager"] * 34 + ["function"] * 5 + ["session"])
    if rng.random() < 0.006:
        way = "compiled"
    form = rng.choice(["dynamic"] * 6 + ["static"] * 2 + ["bidirectional"] * 2)
    dtype = rng.choice(["float64"] * 6 + ["float32"] * 5 + ["float16", "bfloat16"])
    small = dtype in ("float16", "bfloat16")
    steps = rng.randint(33, 70) if rng.random() < 0.07 and not small else rng.randint(0, 9)
    batch = rng.randint(0, 4)
    draw = {
        "kind": "run",
        "cell": draw_cell(rng, takes),
        "cell_bw": draw_cell(rng, takes) if form == "bidirectional" else None,
        "form": form,
        "way": way,
        "dtype": dtype,
        "batch": batch,
        "steps": max(steps, 1) if form == "static" else steps,
        "depth": rng.randint(1, 4),
        "lengths": None,
        "lengths_as": rng.choice(["list", "int32", "int64", "tensor"]),
        "initial": rng.random() < 0.5,
        "time_major": form != "static" and rng.random() < 0.3,
        "unroll": rng.choice([None, None, 1, 2, 3, min(steps, LONG) or 1])
        if form == "dynamic"
        else None,
        "recompute": rng.choice([None] * 12 + [1, 3, 100]) if form == "dynamic" else None,
        "hidden": [],  # the axes whose size a trace does not know
        "padding": rng.choice(["number", "nan", "nan", "inf"]),
        "built": way != "eager" or rng.random() < 0.7,
        "again": rng.random() < 0.4,
        "oracle": rng.choice(["engine", "engine", "cells"]),
        "seed": rng.randrange(10**6),
    }
    kind = rng.random()
    if kind < 0.1:
        draw["lengths"] = [0] * batch
    elif kind < 0.65:
        draw["lengths"] = [rng.choice([0, steps, rng.randint(0, steps)]) for _ in range(batch)]
    if way in ("function", "session"):
        axes = ["batch"] if form == "static" else ["batch", "steps"]
        draw["hidden"] = [axis for axis in axes if rng.random() < 0.4]
    return allowed(draw)


def allowed(draw: Draw) -> Draw:
    """`draw`, less what cannot be asked together."""
    kinds = {*kinds_in(draw["cell"]), *kinds_in(draw["cell_bw"])}
    if draw["way"] == "session":
        # Keras layers need TensorFlow 2's behaviour; these steps need an outer trace or eager mode.
        draw["way"] = "function" if kinds & {"keras", "step_recomputed"} else "session"
    if draw["lengths"] is not None:
        draw["lengths"] = [
            min(n, draw["steps"])
            for n in (draw["lengths"] + [draw["steps"]] * draw["batch"])[: draw["batch"]]
        ]
    if draw["dtype"] in ("float16", "bfloat16"):  # one rounding away from a clip, gradients differ
        for cell in (draw["cell"], draw["cell_bw"]):
            without_clips(cell)
    return draw


def without_clips(cell: Draw | None) -> None:
    if cell is None:
        return
    for name in ("clip", "proj_clip"):
        if name in cell:
            cell[name] = None
    for inside in [*cell.get("cells", []), *([cell["cell"]] if "cell" in cell else [])]:
        without_clips(inside)


TOLERANCE = {"float64": 1e-8, "float32": 1e-3, "float16": 5e-2, "bfloat16": 3e-1}


class Material(NamedTuple):
    """The numbers of a run."""

    inputs: Any  # a structure of arrays [B, T, ...]
    padded: Any  # the same, with something else past the lengths
    states: list[list[np.ndarray]]  # for each cell the leaves of its initial state


def leaf_shapes(cell: Any, batch: int) -> list[tuple[list[int], bool]]:
    """Shape and whether it is floating, for each leaf of a state."""
    states = tf.nest.flatten(cell.zero_state(batch, tf.float32))
    return [(s.shape.as_list(), s.dtype.is_floating) for s in states]


def material(draw: Draw, cells: list[Any]) -> Material:
    rng = np.random.default_rng(draw["seed"])
    batch, steps, depth = draw["batch"], draw["steps"], draw["depth"]
    dtype = np.float64 if draw["dtype"] == "float64" else np.float32
    kind = TAKES.get(bottom(draw["cell"]), "vector")

    def floats(*shape: int) -> np.ndarray:
        return rng.normal(size=shape).astype(dtype)

    if kind == "words":
        inputs: Any = rng.integers(0, 7, [batch, steps]).astype(np.int32)
    elif kind == "picture":
        inputs = floats(batch, steps, 2, depth)
    elif kind == "nested":
        inputs = {"a": floats(batch, steps, depth), "b": (floats(batch, steps, depth + 1),)}
    else:
        inputs = floats(batch, steps, depth)
    padded = tf.nest.map_structure(np.copy, inputs)
    if draw["lengths"] is not None and draw["padding"] != "number":
        value = np.nan if draw["padding"] == "nan" else np.inf
        for x in tf.nest.flatten(padded):
            for row, n in enumerate(draw["lengths"]):
                if x.dtype.kind == "f":
                    x[row, n:] = value
    states = [
        [
            floats(*shape) * 0.5 if floating else rng.integers(0, 3, shape).astype(np.int32)
            for shape, floating in leaf_shapes(cell, batch)
        ]
        for cell in cells
    ]
    return Material(inputs, padded, states)


def values_of(weight: Any, number: int, seed: int) -> np.ndarray:
    """The value of a weight: its place and shape decide, so twins get the same."""
    rng = np.random.default_rng([seed, number])
    return rng.normal(size=weight.shape.as_list()) * 0.5


def weighed(values: list[Any]) -> tf.Tensor:
    """A scalar to which every number adds with a factor of its own."""
    total: Any = 0.0
    for phase, value in enumerate(values):
        if value.dtype.is_floating:
            factors = tf.cos(tf.cast(tf.range(tf.size(value)), tf.float32) + phase)
            total += tf.reduce_sum(
                tf.cast(value, tf.float64)
                * tf.cast(tf.reshape(factors, tf.shape(value)), tf.float64)
            )
    return tf.cast(total, tf.float64)


def in_ours(draw: Draw, cells: list[Any], inputs: Any, lengths: Any, states: Any) -> Any:
    """The package's run over inputs [B, T, ...]: outputs [B, T, ...] and states."""
    dtype = None if draw["initial"] else tf.as_dtype(draw["dtype"])
    if draw["initial"] and bottom(draw["cell"]) == "words":
        dtype = tf.as_dtype(draw["dtype"])
    how = {"dtype": dtype, "sequence_length": lengths}
    if draw["form"] == "static":
        if draw["initial"]:
            how["initial_state"] = states[0]
        steps = [
            tf.nest.map_structure(lambda x, t=t: x[:, t], inputs) for t in range(draw["steps"])
        ]
        outputs, state = u.static_rnn(cells[0], steps, **how)
        return tf.nest.map_structure(lambda *ys: tf.stack(ys, 1), *outputs), [state]
    if draw["time_major"]:
        inputs = tf.nest.map_structure(swapped, inputs)
    how["time_major"] = draw["time_major"]
    if draw["form"] == "bidirectional":
        if draw["initial"]:
            how.update(initial_state_fw=states[0], initial_state_bw=states[1])
        outputs, state = u.bidirectional_dynamic_rnn(*cells, inputs, **how)
    else:
        if draw["initial"]:
            how["initial_state"] = states[0]
        outputs, state = u.dynamic_rnn(
            cells[0], inputs, unroll=draw["unroll"], recompute_every=draw["recompute"], **how
        )
        state = [state]
    if draw["time_major"]:
        outputs = tf.nest.map_structure(swapped, outputs)
    return outputs, state


def swapped(x: Any) -> Any:
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])


def in_theirs(draw: Draw, cells: list[Any], inputs: Any, lengths: Any, states: Any) -> Any:
    """The same by TensorFlow's own engine."""
    beyond = bottom(draw["cell"]) == "words" or "forked" in kinds_in(draw["cell_bw"])
    if draw["steps"] == 0 or draw["batch"] == 0 or beyond:
        return in_a_loop(draw, cells, inputs, lengths, states)
    v1, dtype = tf.compat.v1.nn, tf.as_dtype(draw["dtype"])
    if draw["form"] == "bidirectional":
        return v1.bidirectional_dynamic_rnn(*cells, inputs, lengths, *states, dtype)
    if draw["form"] == "static" and not tf.nest.is_nested(inputs) and inputs.shape.rank == 3:
        outputs, state = v1.static_rnn(
            cells[0], tf.unstack(inputs, axis=1), states[0], dtype, lengths
        )
        return tf.nest.map_structure(lambda *ys: tf.stack(ys, 1), *outputs), [state]
    outputs, state = v1.dynamic_rnn(cells[0], inputs, lengths, states[0], dtype)
    return outputs, [state]


def in_a_loop(draw: Draw, cells: list[Any], inputs: Any, lengths: Any, states: Any) -> Any:
    """The same by the loop of the docstrings, for what the engine refuses, sizes of 0 for one."""
    outputs, ends = [], []
    batch, steps = draw["batch"], draw["steps"]
    lengths = tf.fill([batch], steps) if lengths is None else tf.cast(lengths, tf.int32)
    for way, (cell, state) in enumerate(zip(cells, states)):

        def turned(x: Any, way: int = way) -> Any:
            return tf.reverse_sequence(x, lengths, 1, 0) if way and steps and batch else x

        def rows(live: Any, a: Any, b: Any) -> Any:
            return tf.where(tf.reshape(live, [-1] + [1] * (a.shape.rank - 1)), a, b)

        x, ys = tf.nest.map_structure(turned, inputs), []
        for t in range(steps):
            y, new = cell(tf.nest.map_structure(lambda x, t=t: x[:, t], x), state)
            live = t < lengths
            ys.append(tf.nest.map_structure(lambda a, on=live: rows(on, a, a * 0), y))
            state = tf.nest.map_structure(lambda a, b, on=live: rows(on, a, b), new, state)
        if ys:
            y = tf.nest.map_structure(lambda *ys: tf.stack(ys, 1), *ys)
        else:
            y = tf.nest.map_structure(
                lambda n: tf.zeros([batch, 0, *as_sizes(n)], draw["dtype"]), cell.output_size
            )
        outputs.append(tf.nest.map_structure(turned, y))
        ends.append(state)
    return (outputs if len(cells) == 2 else outputs[0]), ends


def as_sizes(size: Any) -> list[int]:
    return [size] if isinstance(size, int) else tf.TensorShape(size).as_list()


class Measured(NamedTuple):
    """What a run gave, as names and arrays; a gradient may be None."""

    values: dict[str, Any]
    gradients: dict[str, Any]


def measured(outputs: Any, states: Any, gradients: Any, names: list[str]) -> Measured:
    values = {f"outputs[{i}]": x for i, x in enumerate(tf.nest.flatten(outputs))}
    values.update({f"state[{i}]": x for i, x in enumerate(tf.nest.flatten(states))})
    return Measured(
        {name: np.asarray(x) for name, x in values.items()},
        {
            name: None if g is None else np.asarray(tf.convert_to_tensor(g))
            for name, g in zip(names, gradients, strict=True)
        },
    )


def names_of_gradients(draw: Draw, data: Material, all_weights: list[Any]) -> list[str]:
    """The names of what gradients are taken by, in the order of `sources_of`."""
    states = [s for leaves in data.states for s in leaves] if draw["initial"] else []
    return [
        *(f"inputs[{i}]" for i, x in enumerate(tf.nest.flatten(data.inputs)) if is_float(x)),
        *(f"initial_state[{i}]" for i, x in enumerate(states) if is_float(x)),
        *(f"weights[{i}]" for i in range(len(all_weights))),
    ]


def is_float(x: Any) -> bool:
    return tf.as_dtype(x.dtype).is_floating


def sources_of(draw: Draw, inputs: Any, states: Any, all_weights: list[Any]) -> list[Any]:
    tensors = tf.nest.flatten((inputs, states) if draw["initial"] else inputs)
    return [*filter(is_float, tensors), *all_weights]


class Runner:
    """One draw, made and run in any way."""

    def __init__(self, draw: Draw):
        self.draw = draw
        self.dtype = tf.as_dtype(draw["dtype"])

    def cells(self) -> list[Any]:
        specs = [self.draw["cell"], self.draw["cell_bw"]]
        return [make(spec, self.dtype) for spec in specs if spec]

    def built_cells(self) -> list[Any]:
        cells = self.cells()
        for spec, cell in zip([self.draw["cell"], self.draw["cell_bw"]], cells):
            self.build(spec, cell)
        return cells

    def build(self, spec: Draw, cell: Any) -> None:
        with tf.init_scope():
            build(cell, None if bottom(spec) == "words" else self.depths(), self.dtype)

    def depths(self) -> Any:
        depth = self.draw["depth"]
        kind = TAKES.get(bottom(self.draw["cell"]), "vector")
        return {"a": depth, "b": (depth + 1,)} if kind == "nested" else depth

    def tensor(self, x: np.ndarray) -> tf.Tensor:
        return tf.constant(x, self.dtype if x.dtype.kind == "f" else None)

    def lengths(self) -> Any:
        lengths = self.draw["lengths"]
        if lengths is None:
            return None
        how = self.draw["lengths_as"]
        if how == "tensor":
            return tf.constant(lengths, tf.int32)
        return lengths if how == "list" else np.array(lengths, how)

    def packed(self, cells: list[Any], flat: list[list[Any]]) -> list[Any]:
        batch = self.draw["batch"]
        return [
            tf.nest.pack_sequence_as(cell.zero_state(batch, self.dtype), leaves)
            for cell, leaves in zip(cells, flat)
        ]

    def states(self, cells: list[Any], data: Material) -> list[list[np.ndarray]]:
        if self.draw["initial"]:
            return data.states
        return [[np.zeros_like(x) for x in leaves] for leaves in data.states]

    def fill(self, cells: list[Any]) -> list[Any]:
        all_weights = [w for cell in cells for w in weights(cell)]
        for number, w in enumerate(all_weights):
            w.assign(tf.cast(values_of(w, number, self.draw["seed"]), w.dtype))
        return all_weights

    def eagerly(
        self, how: Any, cells: list[Any], all_weights: list[Any], inputs: Any, data: Material
    ):
        names = names_of_gradients(self.draw, data, all_weights)
        x = tf.nest.map_structure(self.tensor, inputs)
        flat = [[self.tensor(s) for s in leaves] for leaves in self.states(cells, data)]
        states = self.packed(cells, flat)
        with tf.GradientTape() as tape:
            sources = sources_of(self.draw, x, flat, all_weights)
            tape.watch(sources)
            outputs, ends = how(self.draw, cells, x, self.lengths(), states)
            loss = weighed(tf.nest.flatten((outputs, ends)))
        return measured(outputs, ends, tape.gradient(loss, sources), names)

    def traced(self, cells: list[Any], all_weights: list[Any], data: Material, how: Any = in_ours):
        """A run in a tf.function, gradients taken outside of it or inside."""
        draw = self.draw
        names = names_of_gradients(draw, data, all_weights)
        x = tf.nest.flatten(tf.nest.map_structure(self.tensor, data.padded))
        s = [self.tensor(s) for leaves in self.states(cells, data) for s in leaves]
        counts = [len(leaves) for leaves in data.states]
        n = [] if draw["lengths"] is None else [tf.constant(draw["lengths"], tf.int64)]
        as_constant = draw["lengths_as"] == "list" and "batch" not in draw["hidden"]

        def program(*values: tf.Tensor) -> Any:
            inputs = tf.nest.pack_sequence_as(data.inputs, values[: len(x)])
            flat = list(values[len(x) : len(x) + len(s)])
            split = [flat[: counts[0]], flat[counts[0] :]] if len(counts) == 2 else [flat]
            states = [
                tf.nest.pack_sequence_as(cell.zero_state(1, self.dtype), leaves)
                for cell, leaves in zip(cells, split)
            ]
            lengths = None if not n else draw["lengths"] if as_constant else values[-1]
            return how(draw, cells, inputs, lengths, states)

        def with_gradients(*values: tf.Tensor) -> Any:
            with tf.GradientTape() as tape:
                sources = sources_of(
                    draw, values[: len(x)], values[len(x) :][: len(s)], all_weights
                )
                tape.watch(sources)
                outputs, ends = program(*values)
                loss = weighed(tf.nest.flatten((outputs, ends)))
            return outputs, ends, tape.gradient(loss, sources)

        def spec(value: tf.Tensor, axes: list[str]) -> tf.TensorSpec:
            shape = value.shape.as_list()
            hidden = [None if axis in draw["hidden"] else size for axis, size in zip(axes, shape)]
            return tf.TensorSpec([*hidden, *shape[len(axes) :]], value.dtype)

        specs = [spec(v, ["batch", "steps"]) for v in x] + [spec(v, ["batch"]) for v in s + n]
        inside = draw["seed"] % 2 == 0 or draw["way"] == "compiled"
        traced = tf.function(
            with_gradients if inside else program,
            input_signature=specs,
            jit_compile=True if draw["way"] == "compiled" else None,
        )
        if inside:
            run: Any = traced
        else:

            def run(*values: tf.Tensor) -> Any:
                with tf.GradientTape() as tape:
                    sources = sources_of(
                        draw, values[: len(x)], values[len(x) :][: len(s)], all_weights
                    )
                    tape.watch(sources)
                    outputs, ends = traced(*values)
                    loss = weighed(tf.nest.flatten((outputs, ends)))
                return outputs, ends, tape.gradient(loss, sources)

        first = measured(*run(*x, *s, *n), names)
        return first, (measured(*run(*x, *s, *n), names) if draw["again"] else None)

    def in_session(self) -> Any:
        draw, v1 = self.draw, tf.compat.v1
        with tf.Graph().as_default():
            cells = self.built_cells()
            all_weights = [w for cell in cells for w in weights(cell)]
            data = material(draw, cells)
            names = names_of_gradients(draw, data, all_weights)
            feeds = {}

            def holder(x: np.ndarray, axes: list[str]) -> tf.Tensor:
                sizes = list(x.shape)
                hidden = [None if a in draw["hidden"] else n for a, n in zip(axes, sizes)]
                dtype = self.dtype if x.dtype.kind == "f" else tf.as_dtype(x.dtype)
                result = v1.placeholder(dtype, [*hidden, *sizes[len(axes) :]])
                feeds[result] = x.astype(dtype.as_numpy_dtype)
                return result

            x = tf.nest.map_structure(lambda a: holder(a, ["batch", "steps"]), data.padded)
            flat = [[holder(s, ["batch"]) for s in row] for row in self.states(cells, data)]
            states = [
                tf.nest.pack_sequence_as(cell.zero_state(1, self.dtype), leaves)
                for cell, leaves in zip(cells, flat)
            ]
            lengths = self.lengths()
            if lengths is not None and draw["lengths_as"] != "list":
                lengths = holder(np.array(draw["lengths"], np.int32), ["batch"])
            outputs, ends = in_ours(draw, cells, x, lengths, states)
            sources = sources_of(draw, x, flat, all_weights)
            found = tf.gradients(weighed(tf.nest.flatten((outputs, ends))), sources)
            found = [None if g is None else tf.convert_to_tensor(g) for g in found]
            with v1.Session() as session:
                session.run(v1.global_variables_initializer())
                for number, w in enumerate(all_weights):
                    value = values_of(w, number, draw["seed"])
                    w.load(value.astype(self.dtype.as_numpy_dtype), session)
                fetch = (tf.nest.flatten(outputs), tf.nest.flatten(ends))
                outputs, ends = session.run(fetch, feeds)
                known = [g for g in found if g is not None]
                numbers = iter(session.run(known, feeds) if known else [])
            gradients = [None if g is None else next(numbers) for g in found]
        values = {f"outputs[{i}]": x for i, x in enumerate(outputs)}
        values.update({f"state[{i}]": x for i, x in enumerate(ends)})
        return Measured(values, dict(zip(names, gradients, strict=True))), None


def native_cells(draw: Draw, cells: list[Any], dtype: tf.DType) -> list[Any] | None:
    """TensorFlow's own cells with the weights of `cells`; None where it has no counterpart."""
    kinds = {*kinds_in(draw["cell"]), *kinds_in(draw["cell_bw"])}
    if not kinds <= {*OURS, "stack", "dropout"} or dtype.size < 4:
        return None
    from tensorflow.python.ops import rnn_cell_impl as home

    def native(spec: Draw, ours: Any) -> Any:
        if spec["kind"] == "stack":
            inside = [native(s, c) for s, c in zip(spec["cells"], ours.cells)]
            return home.MultiRNNCell(inside, spec["tuple"])
        if spec["kind"] == "dropout":
            return native(spec["cell"], ours.cell)
        cell = leaf(home, spec, dtype=dtype)
        kernel = ours.gate_kernel if spec["kind"] == "gru" else ours.kernel
        cell.build(tf.TensorShape([None, kernel.shape[0] - ours.output_size]))
        named = {short(w): w for w in ours.variables}
        for w in cell.variables:
            w.assign(named[short(w)])
        return cell

    return [native(s, c) for s, c in zip([draw["cell"], draw["cell_bw"]], cells)]


def short(variable: Any) -> str:
    """`rnn/gru_cell/gates/kernel:0` -> `gates/kernel`."""
    parts = variable.name.split(":")[0].split("/")
    return "/".join(parts[-2:] if parts[-2] in ("gates", "candidate", "projection") else parts[-1:])


def check_run(draw: Draw) -> Failure | None:
    """Run a draw both ways; what differs, or None."""
    runner = Runner(draw)
    data = material(draw, runner.cells())
    where = "run"
    try:
        cells = runner.built_cells() if draw["built"] else runner.cells()
        if not draw["built"]:
            inputs = tf.nest.map_structure(runner.tensor, data.inputs)
            states = runner.packed(cells, [[runner.tensor(x) for x in s] for s in data.states])
            in_ours(draw, cells, inputs, runner.lengths(), states)
        all_weights = runner.fill(cells)
        if draw["way"] == "session":
            first, second = runner.in_session()
        elif draw["way"] == "eager":
            first = runner.eagerly(in_ours, cells, all_weights, data.padded, data)
            second = None
            if draw["again"]:
                second = runner.eagerly(in_ours, cells, all_weights, data.padded, data)
        else:
            first, second = runner.traced(cells, all_weights, data)
    except Exception as error:
        if draw["way"] in ("function", "compiled") and refused_by_the_engine(draw):
            SEEN["runs that TensorFlow's engine refuses too"] += 1
            return None
        return Failure(where, f"raises {told(error)}", spoken(error))

    with_native = native_cells(draw, cells, runner.dtype) if draw["oracle"] == "cells" else None
    if with_native:
        expected = of_native_cells(runner, with_native, cells, data)
    else:
        try:
            twins = runner.built_cells()  # what the run left in the cells is no yardstick
            expected = runner.eagerly(in_theirs, twins, runner.fill(twins), data.inputs, data)
        except Exception as error:
            return Failure(where, f"the cell called by itself raises {told(error)}", spoken(error))
    for run, got in (("", first), ("second run, ", second)):
        if got is not None:
            found = difference(draw, got, expected)
            if found:
                return Failure(where, run + found[0], found[1])
    return None


def refused_by_the_engine(draw: Draw) -> bool:
    """Does TensorFlow's own engine raise too, in the same trace? Sizes of 0 it never takes."""
    draw = allowed({**draw, "steps": max(2, draw["steps"]), "batch": max(1, draw["batch"])})
    runner = Runner(draw)
    try:
        twins = runner.built_cells()
        runner.traced(twins, runner.fill(twins), material(draw, twins), in_theirs)
    except Exception:
        return True
    return False


def of_native_cells(runner: Runner, natives: list[Any], cells: list[Any], data: Material) -> Any:
    """What TensorFlow's own cells give, with the gradients in the order of ours."""
    ours = [w for cell in cells for w in weights(cell)]

    def leaves(cell: Any) -> list[Any]:
        inside = getattr(cell, "_cells", None)
        return [leaf for c in inside for leaf in leaves(c)] if inside else [cell]

    def our_leaves(cell: Any) -> list[Any]:
        if hasattr(cell, "cells"):
            return [leaf for c in cell.cells for leaf in our_leaves(c)]
        return our_leaves(cell.cell) if hasattr(cell, "cell") else [cell]

    theirs = []
    for native, cell in zip(natives, cells):
        for a, b in zip(leaves(native), our_leaves(cell)):
            named = {short(w): w for w in a.variables}
            theirs += [named[short(w)] for w in b.variables]
    assert len(theirs) == len(ours)
    return runner.eagerly(in_theirs, natives, theirs, data.inputs, data)


def difference(draw: Draw, got: Measured, expected: Measured) -> tuple[str, str] | None:
    tolerance = TOLERANCE[draw["dtype"]]
    if list(got.values) != list(expected.values):
        return "another structure", f"{list(got.values)} and not {list(expected.values)}"
    everything = [*expected.values.items(), *expected.gradients.items()]
    for name, right in everything:
        is_gradient = name in expected.gradients
        ours = (got.gradients if is_gradient else got.values)[name]
        kind = re.sub(r"\[.*", "", name)
        kind = f"gradient by {kind}" if is_gradient else kind
        if ours is None:
            if right is None or draw["steps"] == 0:
                continue  # of nothing there is no gradient
            return f"{kind} is None", f"{name} has no gradient"
        if right is None:
            right = np.zeros_like(ours)
        if ours.shape != right.shape:
            return f"{kind} of another shape", f"{name} is {ours.shape} and not {right.shape}"
        if not is_gradient and ours.dtype != right.dtype:
            return f"{kind} of another dtype", f"{name} is {ours.dtype} and not {right.dtype}"
        a, b = ours.astype(np.float64), right.astype(np.float64)
        if not np.isfinite(b).all():
            continue  # the yardstick itself has no number here
        if not np.isfinite(a).all():
            return f"{kind} is not finite", f"{name} holds {a[~np.isfinite(a)][0]}"
        away = np.abs(a - b).max(initial=0) / max(1.0, np.abs(b).max(initial=0))
        if away > tolerance:
            return f"{kind} differ", f"{name} is off by {away:.2g}"
    return None


def smaller_cells(cell: Draw) -> Iterator[Draw]:
    yield from cell.get("cells", [])
    if "cell" in cell:
        yield cell["cell"]
        for inside in smaller_cells(cell["cell"]):
            yield {**cell, "cell": inside}
    for i, inside in enumerate(cell.get("cells", [])):
        if len(cell["cells"]) > 1:
            yield {**cell, "cells": cell["cells"][:i] + cell["cells"][i + 1 :]}
        for less in smaller_cells(inside):
            yield {**cell, "cells": cell["cells"][:i] + [less] + cell["cells"][i + 1 :]}
    plainer = {"clip": None, "proj_clip": None, "proj": None, "peepholes": False, "tuple": True}
    for name, value in plainer.items():
        if name in cell and cell[name] != value and (name != "proj" or cell["proj_clip"] is None):
            yield {**cell, name: value}
    if cell["kind"] in (*OWN, *OVERRIDING, *OURS):
        if cell["units"] > 1:
            yield {**cell, "units": 1}
            yield {**cell, "units": cell["units"] - 1}
        if cell["kind"] not in (*TAKES, "basic"):
            yield {"kind": "basic", "units": cell["units"]}


def smaller_runs(draw: Draw) -> Iterator[Draw]:
    """Draws that are simpler by one thing."""
    for name in ("cell", "cell_bw"):
        if draw[name]:
            taken = TAKES.get(bottom(draw[name]))
            for cell in smaller_cells(draw[name]):
                if TAKES.get(bottom(cell)) == taken and (gives_vectors(cell) or draw["form"]):
                    yield {**draw, name: cell}
    plainest = {
        "lengths": None,
        "initial": False,
        "time_major": False,
        "unroll": None,
        "recompute": None,
        "hidden": [],
        "padding": "number",
        "built": True,
        "again": False,
        "oracle": "engine",
        "lengths_as": "list",
        "dtype": "float32",
    }
    for name, value in plainest.items():
        if draw[name] != value:
            yield {**draw, name: value}
    if draw["way"] != "eager":
        yield {**draw, "way": "eager", "hidden": []}
    if draw["form"] == "bidirectional":
        yield {**draw, "form": "dynamic", "cell_bw": None}
    for name, least in (
        ("steps", 0 if draw["form"] != "static" else 1),
        ("batch", 0),
        ("depth", 1),
    ):
        for value in (least, 1, draw[name] // 2, draw[name] - 1):
            if least <= value < draw[name]:
                yield {**draw, name: value}
    for axis in draw["hidden"]:
        yield {**draw, "hidden": [other for other in draw["hidden"] if other != axis]}
    if draw["lengths"]:
        for value in (0, draw["steps"]):
            yield {**draw, "lengths": [value] * draw["batch"]}


# ------------------------------------------------------------------------------------- dropout


def draw_dropout(rng: random.Random) -> Draw:
    return {
        "kind": "dropout",
        "form": rng.choice(["dynamic", "static"]),
        "keep": [rng.choice([1.0, 0.3, 0.5, 0.8]) for _ in range(3)],  # input, output, state
        "variational": rng.random() < 0.5,
        "random_seed": rng.choice([None, 1, 7]),
        "lengths": rng.random() < 0.4,
        "steps": rng.randint(1, 6),
        "function": rng.random() < 0.15,
        "seed": rng.randrange(10**6),
    }


class Through:
    """Gives its input and its state as they are."""

    def __init__(self, units: int):
        self.state_size = self.output_size = units

    def zero_state(self, batch: Any, dtype: Any) -> Any:
        return tf.zeros([batch, self.state_size], dtype)

    def __call__(self, x: Any, h: Any) -> tuple[Any, Any]:
        return tf.identity(x), tf.identity(h)


def check_dropout(draw: Draw) -> Failure | None:
    """Dropout where numbers cannot be foretold: what is kept, its scale, its share, its seed."""
    batch, steps, units = 20, draw["steps"], 30
    keep_input, keep_output, keep_state = draw["keep"]
    lengths = [t % (steps + 1) for t in range(batch)] if draw["lengths"] else None
    live = np.arange(steps) < np.array(lengths or [steps] * batch)[:, None]  # [B, T]
    x = tf.ones([batch, steps, units])
    h = tf.ones([batch, units])

    def run() -> Any:
        tf.random.set_seed(draw["seed"])
        cell = u.DropoutWrapper(
            Through(units), *draw["keep"][:2], keep_state, draw["variational"], draw["random_seed"]
        )

        def program() -> Any:
            if draw["form"] == "dynamic":
                return u.dynamic_rnn(cell, x, lengths, initial_state=h)
            frames = tf.unstack(x, axis=1)
            outputs, state = u.static_rnn(cell, frames, h, sequence_length=lengths)
            return tf.stack(outputs, 1), state

        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs, state = (tf.function(program) if draw["function"] else program)()
        return outputs.numpy(), state.numpy(), tape.gradient(outputs, x).numpy()

    try:
        outputs, state, gradient = run()
        again = run() if draw["random_seed"] is not None else None
    except Exception as error:
        return Failure("dropout", f"raises {told(error)}", spoken(error))

    def bad(words: str) -> Failure:
        return Failure("dropout", re.sub(r"[0-9.]+", "_", words), words)

    scale = 1 / (keep_input * keep_output)
    if outputs[~live].any() or gradient[~live].any():
        return bad("something past the lengths")
    if not np.all(np.isclose(outputs, 0) | np.isclose(outputs, scale, rtol=1e-4)):
        return bad("outputs that are neither 0 nor scaled")
    if not np.allclose(outputs, gradient, rtol=1e-4):
        return bad("a gradient that is not the mask")
    if live.any():
        kept = (outputs[live] != 0).astype(float)
        numbers = units * batch if draw["variational"] else kept.size
        numbers = min(numbers, kept.size)
        share = keep_input * keep_output
        if abs(kept.mean() - share) > 8 * np.sqrt(share * (1 - share) / numbers) + 1e-6:
            return bad(f"a share of {kept.mean():.2f} kept where {share:.2f} was asked")
    if draw["variational"] and lengths is None and (outputs != outputs[:, :1]).any():
        return bad("masks that differ from step to step")
    if not draw["variational"] and share_of_equal_steps(outputs, lengths, draw["keep"]) == 1:
        return bad("masks that are the same at every step")
    powers = [0.0] + [keep_state**-t for t in range(steps + 1)]
    if not np.all(np.isclose(state[..., None], powers, rtol=1e-3).any(-1)):
        return bad("states that are neither 0 nor scaled")
    if again is not None and any((a != b).any() for a, b in zip((outputs, state), again)):
        return bad("a seed that does not repeat")
    return None


def share_of_equal_steps(outputs: np.ndarray, lengths: Any, keep: list[float]) -> float:
    if lengths is not None or outputs.shape[1] < 2 or keep[0] * keep[1] == 1:
        return 0.0
    return float((outputs[:, 1:] == outputs[:, :-1]).mean())


def smaller_dropouts(draw: Draw) -> Iterator[Draw]:
    for name, value in {"variational": False, "random_seed": None, "lengths": False}.items():
        if draw[name] != value:
            yield {**draw, name: value}
    for value in {1, draw["steps"] - 1}:
        if 1 <= value < draw["steps"]:
            yield {**draw, "steps": value}
    for i in range(3):
        if draw["keep"][i] != 1:
            yield {**draw, "keep": draw["keep"][:i] + [1.0] + draw["keep"][i + 1 :]}
    if draw["function"]:
        yield {**draw, "function": False}


# --------------------------------------------------------- cells that do not keep their word

LIES: dict[str, Callable[[Any, Any], tuple[Any, Any]]] = {
    "a wider output": lambda y, h: (tf.concat([y, y], 1), h),
    "a narrower output": lambda y, h: (y[:, :1], h),
    "an output without units": lambda y, h: (y[:, 0], h),
    "an output with an axis more": lambda y, h: (y[:, None], h),
    "an output of one row": lambda y, h: (y[:1], h),
    "a pair of outputs": lambda y, h: ((y, y), h),
    "an output of another dtype": lambda y, h: (tf.cast(y, tf.float16), h),
    "a whole output": lambda y, h: (tf.cast(y, tf.int32), h),
    "no output": lambda y, h: (None, h),
    "a word as output": lambda y, h: ("word", h),
    "a wider state": lambda y, h: (y, tf.concat([h, h], 1)),
    "a narrower state": lambda y, h: (y, h[:, :1]),
    "a state of one row": lambda y, h: (y, h[:1]),
    "a pair of states": lambda y, h: (y, (h, h)),
    "a state of another dtype": lambda y, h: (y, tf.cast(h, tf.float16)),
    "no state": lambda y, h: (y, None),
    "the output alone": lambda y, h: y,
    "three things": lambda y, h: (y, h, h),
    "nothing": lambda y, h: None,
}


class Lying(Plain):
    """Returns something else than its sizes say."""

    def __init__(self, units: int, lie: str):
        super().__init__(units, tf.float32)
        self.lie = lie

    def build(self, depth: Any) -> None:
        if self.w is None:
            super().build(depth)

    def __call__(self, x: Any, h: Any) -> Any:
        return LIES[self.lie](*super().__call__(x, h))


def draw_lie(rng: random.Random) -> Draw:
    form = rng.choice(["dynamic", "static", "bidirectional"])
    steps = rng.choice([1, 2, 5, 34])
    return {
        "kind": "lie",
        "lie": rng.choice(list(LIES)),
        "within": rng.choice([None, None, "stack", "dropout"]),
        "form": form,
        "steps": steps,
        "unroll": rng.choice([None, 1, 2]) if form == "dynamic" else None,
        "recompute": rng.choice([None] * 5 + [2]) if form == "dynamic" else None,
        "lengths": rng.random() < 0.4,
        "function": rng.random() < 0.25,
        "hidden": rng.random() < 0.5,
    }


def check_lie(draw: Draw) -> Failure | None:
    """A cell that returns something else than it says must be told so."""
    made = Lying(3, draw["lie"])
    made.build(2)
    cell: Any = made
    if draw["within"] == "stack":
        cell = u.MultiRNNCell([made])
    if draw["within"] == "dropout":
        cell = u.DropoutWrapper(made)
    steps = draw["steps"]
    lengths = [0, 1, steps] if draw["lengths"] else None

    def run(x: tf.Tensor) -> Any:
        how: dict[str, Any] = {"sequence_length": lengths, "dtype": tf.float32}
        if draw["form"] == "static":
            return u.static_rnn(cell, tf.unstack(x, steps, axis=1), **how)
        if draw["form"] == "bidirectional":
            return u.bidirectional_dynamic_rnn(cell, u.GRUCell(3), x, **how)
        how.update(unroll=draw["unroll"], recompute_every=draw["recompute"])
        return u.dynamic_rnn(cell, x, **how)

    known_steps = None if draw["hidden"] and draw["form"] != "static" else steps
    spec = tf.TensorSpec([None if draw["hidden"] else 3, known_steps, 2])
    where = f"lie: {draw['lie']}"
    try:
        x = tf.ones([3, steps, 2])
        result = tf.function(run, input_signature=[spec])(x) if draw["function"] else run(x)
    except (TypeError, ValueError, tf.errors.InvalidArgumentError) as error:
        at_run_time = isinstance(error, tf.errors.InvalidArgumentError)
        if from_the_package(error) or (at_run_time and re.search("cell|Lying", str(error))):
            return None
        return Failure(where, f"a raw {type(error).__name__}", spoken(error))
    except Exception as error:
        return Failure(where, f"raises {type(error).__name__}", spoken(error))
    return Failure(where, "is taken in silence", f"gave {shapes(plain(result))}")


def smaller_lies(draw: Draw) -> Iterator[Draw]:
    plainest = {
        "within": None,
        "form": "dynamic",
        "unroll": None,
        "recompute": None,
        "lengths": False,
        "function": False,
        "hidden": False,
        "steps": 1,
    }
    for name, value in plainest.items():
        if draw[name] != value:
            yield {**draw, name: value}


# -------------------------------------------------------------------------------- the loss


def draw_loss(rng: random.Random) -> Draw:
    long = rng.random() < 0.03
    return {
        "kind": "loss",
        "dtype": rng.choice(["float64", "float32", "float16", "bfloat16"]),
        "batch": rng.randint(0, 3),
        "steps": rng.choice([3_000, 70_000]) if long else rng.randint(0, 6),
        "classes": rng.randint(1, 4),
        "weights": rng.choice(["ones", "some", "lengths", "zeros"]),
        "weights_dtype": rng.choice(["float32", "float64", "bool", "int32"]),
        "without_weight": rng.choice(["numbers", "nan", "out of range", "ruled out"]),
        "average": [rng.random() < 0.7, rng.random() < 0.7],
        "function": rng.random() < 0.15,
        "reference": rng.random() < 0.3,
        "seed": rng.randrange(10**6),
    }


def check_loss(draw: Draw) -> Failure | None:
    """`sequence_loss` and its gradient against the definition in float64."""
    rng = np.random.default_rng(draw["seed"])
    batch, steps, classes = draw["batch"], draw["steps"], draw["classes"]
    dtype = tf.as_dtype(draw["dtype"])
    logits = tf.cast(rng.normal(size=[batch, steps, classes]), dtype)
    targets = rng.integers(0, classes, [batch, steps])
    weights = {
        "ones": np.ones([batch, steps]),
        "some": rng.integers(0, 3, [batch, steps]),
        "lengths": np.arange(steps) < rng.integers(0, steps + 1, [batch, 1]),
        "zeros": np.zeros([batch, steps]),
    }[draw["weights"]].astype(draw["weights_dtype"])
    on = weights.astype(np.float64)  # [B, T]
    counted = on != 0
    scores = tf.cast(logits, tf.float64).numpy()
    if draw["without_weight"] == "nan":
        scores[~counted] = np.nan
    elif draw["without_weight"] == "out of range":
        targets = np.where(counted, targets, classes + 5)
    elif draw["without_weight"] == "ruled out" and classes > 1:  # class 0 cannot be
        scores[..., 0] = -np.inf
        targets = np.where(counted, np.maximum(targets, 1), targets)
    logits = tf.cast(scores, dtype)

    with np.errstate(all="ignore"):
        p = np.exp(scores - scores.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        one_hot = np.eye(classes)[np.where(counted, targets, 0)]
        right = (p * one_hot).sum(-1)
        each = np.where(counted, -np.log(right) * on, 0.0)
    over = tuple(axis for axis, flag in zip((1, 0), draw["average"]) if flag)
    total = on.sum(axis=over, keepdims=True) if over else np.ones_like(on)
    total = np.where(total == 0, 1, total)
    expected = (each / total).sum(axis=over) if over else each
    expected_gradient = np.where(counted[..., None], (p - one_hot) * (on / total)[..., None], 0)

    if draw["reference"]:
        function: Any = None
        if not all(draw["average"]) or draw["weights_dtype"] == "bool":
            return None
    where = "loss: reference" if draw["reference"] else "loss: sequence_loss"
    try:
        if draw["reference"]:
            value, gradient = reference.loss(scores, targets, on)
            value, gradient = np.asarray(value), np.asarray(gradient)
        else:
            function = functools.partial(
                u.sequence_loss,
                average_across_timesteps=draw["average"][0],
                average_across_batch=draw["average"][1],
            )
            if draw["function"]:
                function = tf.function(
                    function,
                    input_signature=[
                        tf.TensorSpec([None, None, None], dtype),
                        tf.TensorSpec([None, None], tf.int64),
                        tf.TensorSpec([None, None], draw["weights_dtype"]),
                    ],
                )
            with tf.GradientTape() as tape:
                tape.watch(logits)
                value = function(logits, tf.constant(targets, tf.int64), tf.constant(weights))
            gradient = tape.gradient(value, logits)
            gradient = tf.cast(gradient, tf.float64).numpy()
            value = tf.cast(value, tf.float64).numpy()
    except Exception as error:
        return Failure(where, f"raises {told(error)}", spoken(error))
    tolerance = {"float64": 1e-9, "float32": 1e-4, "float16": 5e-3, "bfloat16": 3e-2}
    for name, a, b in (("value", value, expected), ("gradient", gradient, expected_gradient)):
        if a.shape != b.shape:
            return Failure(where, f"{name} of another shape", f"{a.shape} and not {b.shape}")
        if not np.isfinite(a).all():
            return Failure(where, f"{name} is not finite", f"holds {a[~np.isfinite(a)][0]}")
        scale = max(np.abs(b).max(initial=0), 1e-6 if name == "gradient" else 1)
        away = np.abs(a - b).max(initial=0) / scale
        if away > tolerance[draw["dtype"]] * 3:
            return Failure(where, f"{name} differs", f"off by {away:.2g} of {scale:.2g}")
    return None


def smaller_losses(draw: Draw) -> Iterator[Draw]:
    plainest = {
        "dtype": "float32",
        "weights": "ones",
        "weights_dtype": "float32",
        "without_weight": "numbers",
        "average": [True, True],
        "function": False,
    }
    for name, value in plainest.items():
        if draw[name] != value:
            yield {**draw, name: value}
    for name in ("batch", "steps", "classes"):
        for value in (1, draw[name] // 2, draw[name] - 1):
            if 1 <= value < draw[name]:
                yield {**draw, name: value}


# ============================================================================== malformed calls


class Wrong(Exception):
    """The argument is not what its function asks for: the call must raise."""


SIZES = {"B": 3, "T": 4, "D": 2, "U": 5, "C": 6, "N": 7, "*": 7}
Sizes = dict[str, int]


def numbers_in(value: Any) -> np.ndarray:
    """`value` as an array where it can be read as one, whatever holds it."""
    if isinstance(value, (tf.RaggedTensor, tf.SparseTensor, str, bytes, Mapping, set, type)):
        raise Wrong
    if tf.is_tensor(value) or isinstance(value, tf.Variable):
        try:
            value = value.numpy()
        except Exception:
            raise Wrong from None
    if hasattr(value, "value") and hasattr(value, "assign"):  # a keras.Variable
        value = value.numpy()
    if isinstance(value, (list, tuple)):
        value = [numbers_in(part) for part in value]
        if len({part.shape for part in value}) > 1:
            raise Wrong
    try:
        array = np.asarray(value)
    except Exception:
        raise Wrong from None
    if array.dtype == tf.bfloat16.as_numpy_dtype:
        array = array.astype(np.float32)
    if isinstance(value, np.ma.MaskedArray) or array.dtype.kind not in "fiu":
        raise Wrong
    return array


class Argument:
    """One argument: how a valid value is made, and how any value is to be understood."""

    optional = False
    is_array = False
    parts = 0  # of how many parts a value consists that can be replaced singly

    def valid(self, rng: np.random.Generator) -> Any:
        raise NotImplementedError

    def read(self, value: Any, sizes: Sizes) -> Any:
        """What `value` means, in plain form, or Wrong. `sizes` holds the letters known so far."""
        raise NotImplementedError


class Array(Argument):
    """An array. Each axis is a letter whose size is the same in all arguments, a sum of these, `*`
    for any size, or a word with `...` for any number of axes, the same for the same word."""

    is_array = True

    def __init__(self, axes: str, whole: bool = False, low: int = 0, high: Any = 2):
        self.axes, self.whole, self.low, self.high = axes.split(), whole, low, high

    def shape(self) -> list[int]:
        sizes: list[int] = []
        for axis in self.axes:
            if "..." in axis:
                sizes += [SIZES["B"], SIZES["T"]]
            else:
                sizes.append(sum(size_of_letter(letter, SIZES) for letter in axis.split("+")))
        return sizes

    def limit(self, sizes: Sizes) -> float:
        if isinstance(self.high, str):
            name, _, less = self.high.partition("-")
            return sizes.get(name, 10**9) - int(less or 0)
        return self.high

    def valid(self, rng: np.random.Generator) -> Any:
        if self.whole:
            return rng.integers(self.low, self.limit(SIZES) + 1, self.shape()).astype(np.int32)
        return rng.normal(size=self.shape()).astype(np.float32)

    def bind(self, shape: tuple[int, ...], sizes: dict[str, Any]) -> None:
        """Hold a shape against the axes, and note the sizes of letters not met before."""
        many = next((axis for axis in self.axes if "..." in axis), None)
        if many is None:
            pairs: list[tuple[str, Any]] = list(zip(self.axes, shape))
        else:
            before = self.axes.index(many)
            after = len(self.axes) - before - 1
            end = len(shape) - after
            if end < before:
                raise Wrong
            pairs = [*zip(self.axes[:before], shape), (many, tuple(shape[before:end]))]
            pairs += zip(self.axes[before + 1 :], shape[end:])
        if many is None and len(shape) != len(self.axes):
            raise Wrong
        for axis, size in pairs:
            if axis == "*":
                continue
            if "+" in axis:
                known = {**SIZES, **sizes}
                if size != sum(size_of_letter(letter, known) for letter in axis.split("+")):
                    raise Wrong
            elif sizes.setdefault(axis, size) != size:
                raise Wrong

    def read(self, value: Any, sizes: Sizes) -> Any:
        array = numbers_in(value)
        self.bind(array.shape, sizes)
        if not self.whole:
            if getattr(value, "dtype", None) == tf.bfloat16:
                return tf.convert_to_tensor(value)
            return array if array.dtype.kind == "f" else array.astype(np.float32)
        if array.size == 0:
            return array.astype(np.int32)
        if array.dtype.kind == "f" or array.min() < self.low or array.max() > self.limit(sizes):
            raise Wrong
        return array


def size_of_letter(letter: str, sizes: Mapping[str, int]) -> int:
    return int(letter) if letter.isdigit() else sizes[letter]


class Integers(Array):
    """Whole numbers of any size."""

    def __init__(self, axes: str):
        super().__init__(axes, True, 0, 9)

    def read(self, value: Any, sizes: Sizes) -> Any:
        array = numbers_in(value)
        self.bind(array.shape, sizes)
        if array.size and array.dtype.kind == "f":
            raise Wrong
        return array.astype(np.int64)


class AnyArray(Array):
    """An array that is only taken apart or put together: of any dtype."""

    def read(self, value: Any, sizes: Sizes) -> Any:
        try:
            array = numbers_in(value)
        except Wrong:
            array = np.asarray(value.numpy() if tf.is_tensor(value) else value)
            if array.dtype.kind not in "cbSU" or np.ma.isMA(value):
                raise
        self.bind(array.shape, sizes)
        return array


class Weights(Array):
    """Weights of steps: no less than 0."""

    def valid(self, rng: np.random.Generator) -> Any:
        return rng.uniform(0.5, 1.5, self.shape()).astype(np.float32)

    def read(self, value: Any, sizes: Sizes) -> Any:
        if getattr(value, "dtype", None) in (np.bool_, tf.bool):  # a mask: 1 or 0
            value = tf.cast(value, tf.float32)
        return super().read(value, sizes)


class Several(Argument):
    """A list, a tuple or a named tuple of arguments."""

    def __init__(self, *parts: Argument, kind: Any = list, alike: bool = False, axis: str = ""):
        self.kinds, self.kind, self.alike, self.parts = parts, kind, alike, len(parts)
        self.axis = axis  # the letter of how many there are

    def valid(self, rng: np.random.Generator) -> Any:
        return self.packed([part.valid(rng) for part in self.kinds])

    def packed(self, values: list[Any]) -> Any:
        return self.kind(*values) if hasattr(self.kind, "_fields") else self.kind(values)

    def read(self, value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, (list, tuple)):
            raise Wrong
        if self.alike and value:  # any number of them
            if self.axis and sizes.setdefault(self.axis, len(value)) != len(value):
                raise Wrong
            return self.packed([self.kinds[0].read(part, sizes) for part in value])
        if len(value) != len(self.kinds):
            raise Wrong
        return self.packed([kind.read(part, sizes) for kind, part in zip(self.kinds, value)])


class Flag(Argument):
    def valid(self, rng: np.random.Generator) -> Any:
        return bool(rng.integers(2))

    def read(self, value: Any, sizes: Sizes) -> Any:
        if isinstance(value, (bool, np.bool_)) or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        raise Wrong


class Ignored(Flag):
    """An argument of old programs, of which nothing depends."""

    def read(self, value: Any, sizes: Sizes) -> Any:
        return False


class Count(Argument):
    """A whole number, perhaps the size of an axis."""

    def __init__(self, value: int, least: int = 1, most: int = 10**12, axis: str = ""):
        self.value, self.least, self.most, self.axis = value, least, most, axis

    def valid(self, rng: np.random.Generator) -> Any:
        return self.value

    def read(self, value: Any, sizes: Sizes) -> Any:
        if type(value) is int and value > 10**12 == self.most:
            return value
        array = numbers_in(value)
        if isinstance(value, bool) or array.ndim or array.dtype.kind not in "iu":
            raise Wrong
        if not self.least <= int(array) <= self.most:
            raise Wrong
        if self.axis and sizes.setdefault(self.axis, int(array)) != int(array):
            raise Wrong
        return int(array)


class Number(Argument):
    def __init__(
        self, value: float, low: float = -np.inf, high: float = np.inf, above: bool = False
    ):
        self.value, self.low, self.high, self.above = value, low, high, above

    def valid(self, rng: np.random.Generator) -> Any:
        return self.value

    def read(self, value: Any, sizes: Sizes) -> Any:
        array = numbers_in(float(value) if isinstance(value, (int, np.bool_)) else value)
        if array.ndim:
            raise Wrong
        number = float(array)
        if not self.low <= number <= self.high or (self.above and number == self.low):
            raise Wrong
        return number


class DType(Argument):
    def valid(self, rng: np.random.Generator) -> Any:
        return tf.float32

    def read(self, value: Any, sizes: Sizes) -> Any:
        if isinstance(value, (int, float, list, tuple)):
            raise Wrong
        try:
            dtype = tf.as_dtype(value)
        except Exception:
            raise Wrong from None
        if not dtype.is_floating:
            raise Wrong
        return dtype


class MaskDType(DType):
    def read(self, value: Any, sizes: Sizes) -> Any:
        try:
            return super().read(value, sizes)
        except Wrong:
            if value in (tf.bool, bool, tf.int32, int):
                return tf.as_dtype(value)
            raise


class Text(Argument):
    def __init__(self, value: str = "name"):
        self.value = value

    def valid(self, rng: np.random.Generator) -> Any:
        return self.value

    def read(self, value: Any, sizes: Sizes) -> Any:
        if not isinstance(value, str):
            raise Wrong
        return value


class Letters(Text):
    """A text, or its letters one by one."""

    def read(self, value: Any, sizes: Sizes) -> Any:
        one_by_one = isinstance(value, (list, tuple)) and all(isinstance(v, str) for v in value)
        return value if one_by_one else super().read(value, sizes)


class Given(Argument):
    """An object of its own kind: only what passes `fits` may stand in its place."""

    def __init__(self, make: Callable[[], Any], fits: Callable[[Any], bool]):
        self.make, self.fits = make, fits

    def valid(self, rng: np.random.Generator) -> Any:
        return self.make()

    def read(self, value: Any, sizes: Sizes) -> Any:
        if not self.fits(value):
            raise Wrong
        return value


def opt(argument: Argument) -> Argument:
    """The same argument, which may also be left out or None."""
    argument = copy.copy(argument)
    argument.optional = True
    return argument


def a_cell(make: Callable[[], Any]) -> Argument:
    """A fresh cell with the same weights every time."""

    def seeded() -> Any:
        tf.random.set_seed(3)
        cell = make()
        cell.build(SIZES["D"])
        return cell

    return Given(seeded, lambda value: isinstance(value, (u.RNNCell, Plain)))


def a_function(function: Callable[..., Any]) -> Argument:
    return Given(lambda: function, lambda value: value is function)


def activation() -> Argument:
    return opt(Given(lambda: tf.nn.relu, lambda v: v in (tf.nn.relu, tf.tanh)))


def initializer() -> Argument:
    def ones(shape: Any, dtype: Any = tf.float32) -> Any:
        return tf.ones(shape, dtype) * 0.1

    return opt(Given(lambda: ones, lambda v: getattr(v, "__name__", "") == "ones"))


class Call(NamedTuple):
    function: Callable[..., Any]
    arguments: dict[str, Argument]
    always: tuple[str, ...] = ()  # optional arguments that every draw gives
    known: str = ""  # the letters of the sizes that a cell was built for
    errors: tuple[type[Exception], ...] = (ValueError, TypeError, tf.errors.InvalidArgumentError)
    numpy_alone: bool = False  # no tensors
    can_hide: bool = False  # may its arrays be tensors of unknown sizes in a tf.function?


class Fresh(NamedTuple):
    """Stands for a function that is made anew, with the same weights, before each call."""

    make: Callable[[], Any]

    def now(self) -> Any:
        tf.random.set_seed(5)
        return self.make()


def constructed(make: Any) -> Callable[..., Any]:
    """Make a cell and take a step with it: what is wrong must show by then."""

    def run(**how: Any) -> Any:
        tf.random.set_seed(5)
        cell = make(**how)
        x = tf.reshape(tf.range(6.0) / 6, [3, 2])
        state = cell.zero_state(3, tf.float32)
        return cell(x, state)

    return run


def method(make: Callable[[], Any], name: str) -> Callable[..., Any]:
    def run(**how: Any) -> Any:
        tf.random.set_seed(5)
        return getattr(make(), name)(**how)

    return run


def built_for(input_depth: Any, **how: Any) -> Any:
    tf.random.set_seed(5)
    cell = u.GRUCell(SIZES["U"])
    cell.build(input_depth, **how)
    return [v.shape.as_list() for v in cell.variables]


def one_gru() -> Any:
    tf.random.set_seed(3)
    cell = u.GRUCell(SIZES["U"])
    cell.build(SIZES["D"])
    return cell


def one_lstm() -> Any:
    tf.random.set_seed(3)
    cell = u.BasicLSTMCell(SIZES["U"])
    cell.build(SIZES["D"])
    return cell


def trained(model: Any, loss: Any, data: Any, **how: Any) -> Any:
    history = training.fit(model, loss, data, **how)
    return [history.loss, history.steps_per_epoch]


class Slope(tf.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w = tf.Variable(tf.ones([2]))

    def loss(self, x: Any, y: Any) -> Any:
        return tf.reduce_mean((tf.reduce_sum(x * self.w, 1) - y) ** 2)


SLOPES: list[Slope] = []  # the one of the present draw: model and loss belong together


def a_slope() -> Slope:
    SLOPES[:] = [Slope()]
    return SLOPES[0]


def slope_loss(x: Any, y: Any) -> Any:
    return SLOPES[0].loss(x, y)


def checkpoint_path() -> str:
    return str(scratch() / "ready")


@functools.cache
def scratch() -> Path:
    """A folder with what functions read from files."""
    folder = tempfile.TemporaryDirectory(prefix="soak")
    KEPT.append(folder)
    path = Path(folder.name)
    for name in ("in", "out"):
        (path / name).mkdir()
    convert.to_checkpoint(one_gru(), path / "ready")
    (path / "digits").write_bytes(b"\0\0\x08\x01\0\0\0\x03abc")
    return path


KEPT: list[Any] = []


def of_checkpoint(**how: Any) -> Any:
    return [v.numpy() for v in convert.from_checkpoint(**how).variables]


def to_checkpoint(cell: Any, **how: Any) -> Any:
    path = convert.to_checkpoint(cell, **how)
    return [shape for _, shape in sorted(tf.train.list_variables(path))]


def keras_gru() -> Any:
    tf.keras.utils.set_random_seed(3)
    layer = tf.keras.layers.GRU(SIZES["U"], reset_after=False, return_sequences=True)
    layer.build([None, None, SIZES["D"]])
    return layer


def from_keras(**how: Any) -> Any:
    return [v.numpy() for v in convert.from_keras(**how).variables]


def to_keras(**how: Any) -> Any:
    return [np.asarray(w) for w in convert.to_keras(**how).get_weights()]


def is_layer(value: Any) -> bool:
    """A recurrent layer of Keras, or a stack of one."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        (value,) = value
    return isinstance(value, tf.keras.layers.RNN)


def cells_of_two() -> Argument:
    return Several(a_cell(lambda: u.GRUCell(2)), a_cell(lambda: u.GRUCell(2)))


KNOWN = "DU"
UNROLLED = {
    "scope": opt(Text()),
    "parallel_iterations": opt(Count(2)),
    "swap_memory": Ignored(),
}


def calls() -> dict[str, Call]:
    """A valid call of every public function and constructor."""
    gru = a_cell(lambda: u.GRUCell(SIZES["U"]))
    lstm = a_cell(lambda: u.BasicLSTMCell(SIZES["U"]))
    lengths = opt(Array("B", True, 0, "T"))
    x = Array("B T D")
    h = opt(Array("B U"))
    ch = opt(Several(Array("B U"), Array("B U"), kind=u.LSTMStateTuple))
    frames = Several(*[Array("B D")] * SIZES["T"], alike=True, axis="T")
    dtype = opt(DType())
    logits, targets = Array("B T C"), Array("B T", True, 0, "C-1")
    name = opt(Text())
    keep = Number(1.0, 0.0, 1.0, above=True)
    parameters = Several(
        Array("D+U U"), Array("U"), Array("U C"), Array("C"), kind=reference.Parameters
    )
    kernel, bias = Array("D+U U"), Array("U")
    model = Given(a_slope, lambda v: isinstance(v, Slope))
    count, seed = Count(2, 0, 10**4), Count(3, 0)

    def dynamic(cell: Argument, state: Argument) -> dict[str, Argument]:
        return {
            "cell": cell,
            "inputs": x,
            "sequence_length": lengths,
            "initial_state": state,
            "dtype": dtype,
            **UNROLLED,
            "time_major": Flag(),
            "unroll": opt(Count(2)),
            "recompute_every": opt(Count(2)),
        }

    def only_batch_major(arguments: dict[str, Argument]) -> dict[str, Argument]:
        return {k: a for k, a in arguments.items() if k != "time_major"}

    static = {
        "cell": gru,
        "inputs": frames,
        "initial_state": h,
        "dtype": dtype,
        "sequence_length": lengths,
        "scope": UNROLLED["scope"],
    }
    both_ways = {
        "cell_fw": gru,
        "cell_bw": a_cell(lambda: u.GRUCell(SIZES["U"])),
        "inputs": x,
        "sequence_length": lengths,
        "initial_state_fw": h,
        "initial_state_bw": opt(Array("B U")),
        "dtype": dtype,
        **UNROLLED,
    }
    units = Count(3, 1, 10**4)
    lstm_options = {
        "num_units": units,
        "forget_bias": Number(1.0),
        "state_is_tuple": Flag(),
        "activation": activation(),
        "name": name,
    }
    fit = {
        "model": model,
        "loss": a_function(slope_loss),
        "data": Several(Array("N D"), Array("N")),
        "epochs": Count(2, 0, 1000),
        "batch_size": opt(Count(3)),
        "learning_rate": Number(1e-2),
        "shuffle_seed": opt(seed),
        "drop_remainder": Flag(),
        "clip_norm": opt(Number(1.0, 0.0)),
    }
    alphabet = {"symbols": Given(lambda: list("helo"), is_helo)}
    letters = functools.partial(tasks.Alphabet, "helo", end="<end>")

    return {
        "dynamic_rnn": Call(
            u.dynamic_rnn, only_batch_major(dynamic(gru, h)), ("dtype",), can_hide=True, known=KNOWN
        ),
        "dynamic_rnn of an LSTM": Call(
            u.dynamic_rnn,
            only_batch_major(dynamic(lstm, ch)),
            ("dtype",),
            can_hide=True,
            known=KNOWN,
        ),
        "dynamic_rnn, time-major": Call(
            functools.partial(u.dynamic_rnn),
            {
                "cell": gru,
                "inputs": Array("T B D"),
                "sequence_length": lengths,
                "initial_state": h,
                "dtype": dtype,
                "time_major": Given(lambda: True, lambda v: v is True or v is np.True_ or v == 1),
            },
            ("dtype", "time_major"),
            can_hide=True,
            known=KNOWN,
        ),
        "static_rnn": Call(u.static_rnn, static, ("dtype",), can_hide=True, known=KNOWN),
        "bidirectional_dynamic_rnn": Call(
            u.bidirectional_dynamic_rnn, both_ways, ("dtype",), can_hide=True, known=KNOWN
        ),
        "sequence_loss": Call(
            u.sequence_loss,
            {
                "logits": logits,
                "targets": targets,
                "weights": Weights("B T"),
                "average_across_timesteps": Flag(),
                "average_across_batch": Flag(),
                "softmax_loss_function": opt(
                    a_function(tf.nn.sparse_softmax_cross_entropy_with_logits)
                ),
                "name": name,
            },
            can_hide=True,
        ),
        "sequence_mask": Call(
            u.sequence_mask,
            {
                "lengths": Array("B", True, 0, "T"),
                "maxlen": opt(Count(4, 4, 10**6)),
                "dtype": MaskDType(),
            },
            can_hide=True,
        ),
        "last_relevant": Call(
            u.last_relevant,
            {"outputs": AnyArray("B T ..."), "lengths": Array("B", True, 0, "T")},
            can_hide=True,
        ),
        "pack_sequence": Call(
            u.pack_sequence,
            {"sequence": Several(*[AnyArray("B ...")] * 3, alike=True)},
            can_hide=True,
        ),
        "unpack_sequence": Call(u.unpack_sequence, {"tensor": AnyArray("B T ...")}),
        "BasicRNNCell": Call(
            constructed(u.BasicRNNCell),
            {"num_units": units, "activation": activation(), "name": name},
        ),
        "GRUCell": Call(
            constructed(u.GRUCell),
            {
                "num_units": units,
                "activation": activation(),
                "kernel_initializer": initializer(),
                "bias_initializer": initializer(),
                "name": name,
            },
        ),
        "BasicLSTMCell": Call(constructed(u.BasicLSTMCell), lstm_options),
        "LSTMCell": Call(
            constructed(u.LSTMCell),
            {
                **lstm_options,
                "use_peepholes": Flag(),
                "cell_clip": opt(Number(1.0, 0.0)),
                "initializer": initializer(),
                "num_proj": opt(Count(2, 1, 10**4)),
                "proj_clip": opt(Number(1.0, 0.0)),
            },
            ("num_proj",),
        ),
        "MultiRNNCell": Call(
            constructed(u.MultiRNNCell),
            {
                "cells": Several(
                    a_cell(lambda: u.GRUCell(2)), a_cell(lambda: u.BasicRNNCell(2)), alike=True
                ),
                "state_is_tuple": Flag(),
                "share_weights": Flag(),
                "name": name,
            },
        ),
        "DropoutWrapper": Call(
            constructed(u.DropoutWrapper),
            {
                "cell": gru,
                "input_keep_prob": keep,
                "output_keep_prob": keep,
                "state_keep_prob": keep,
                "variational_recurrent": Flag(),
                "seed": opt(Count(3, 0)),
                "name": name,
            },
        ),
        "GRUCell()": Call(
            Fresh(one_gru),
            {"inputs": Array("B D"), "state": Array("B U")},
            can_hide=True,
            known=KNOWN,
        ),
        "BasicLSTMCell()": Call(
            Fresh(one_lstm),
            {
                "inputs": Array("B D"),
                "state": Several(Array("B U"), Array("B U"), kind=u.LSTMStateTuple),
            },
            can_hide=True,
            known=KNOWN,
        ),
        "MultiRNNCell()": Call(
            Fresh(lambda: u.MultiRNNCell([one_gru(), u.GRUCell(2)])),
            {"inputs": Array("B D"), "state": Several(Array("B U"), Array("B D"), kind=tuple)},
            can_hide=True,
            known=KNOWN,
        ),
        "DropoutWrapper()": Call(
            Fresh(lambda: u.DropoutWrapper(one_lstm(), output_keep_prob=1.0)),
            {
                "inputs": Array("B D"),
                "state": Several(Array("B U"), Array("B U"), kind=u.LSTMStateTuple),
            },
            can_hide=True,
            known=KNOWN,
        ),
        "GRUCell.build": Call(built_for, {"input_depth": Count(2, 1, 10**4), "dtype": dtype}),
        "LSTMCell.zero_state": Call(
            method(one_lstm, "zero_state"), {"batch_size": Count(3, 0, 10**6), "dtype": DType()}
        ),
        "MultiRNNCell.zero_state": Call(
            method(lambda: u.MultiRNNCell([one_gru(), one_lstm()]), "zero_state"),
            {"batch_size": Count(3, 0, 10**6), "dtype": DType()},
        ),
        "fit": Call(trained, fit),
        "accuracy": Call(
            training.accuracy,
            {
                "logits": Array("... C"),
                "labels": Array("...", True, 0, "C-1"),
                "weights": opt(Weights("...")),
            },
            can_hide=True,
        ),
        "by_batch": Call(
            training.by_batch,
            {
                "measure": a_function(tf.reduce_mean),
                "data": Several(Array("N ..."), alike=True),
                "batch_size": Count(3),
            },
        ),
        "OutputLayer": Call(constructed_layer, {"num_classes": units, "name": name}),
        "OutputLayer()": Call(
            Fresh(lambda: models.OutputLayer(3)), {"x": Array("... U")}, can_hide=True
        ),
        "SequenceClassifier": Call(
            lambda **how: models.SequenceClassifier(**how)(tf.ones([3, 4, 2])),
            {"cell": gru, "num_classes": units, "static": Flag(), "name": name},
        ),
        "SequenceClassifier()": Call(
            Fresh(lambda: models.SequenceClassifier(one_gru(), 3)),
            {"inputs": x, "lengths": lengths},
            can_hide=True,
            known=KNOWN,
        ),
        "SequenceLabeller": Call(
            lambda **how: models.SequenceLabeller(**how)(tf.ones([3, 4, 2])),
            {"cell": gru, "num_classes": units, "name": name},
        ),
        "SequenceLabeller()": Call(
            Fresh(lambda: models.SequenceLabeller(one_gru(), 3)),
            {"inputs": x, "lengths": lengths, "initial_state": h},
            can_hide=True,
            known=KNOWN,
        ),
        "to_keras": Call(to_keras, {"cell": gru, "return_state": Flag()}),
        "from_keras": Call(
            from_keras, {"layer": Given(keras_gru, is_layer), "forget_bias": Number(1.0)}
        ),
        "from_checkpoint": Call(
            of_checkpoint,
            {
                "checkpoint": Given(checkpoint_path, lambda v: str(v) == checkpoint_path()),
                "scope": opt(Text("rnn")),
                "cell": opt(gru),
            },
            errors=(ValueError, TypeError, tf.errors.NotFoundError),
        ),
        "to_checkpoint": Call(
            to_checkpoint,
            {
                "cell": gru,
                "path": Given(
                    lambda: str(scratch() / "written"),
                    lambda v: isinstance(v, (str, Path)) and str(v) != "",
                ),
                "scope": opt(Text("rnn")),
            },
        ),
        "Alphabet": Call(
            lambda **how: tasks.Alphabet(**how).encode(["h", "e"]),
            {**alphabet, "end": opt(Text("<end>")), "separator": Text("")},
        ),
        "Alphabet.encode": Call(
            method(letters, "encode"), {"text": Letters("hello"), "end": Flag()}
        ),
        "Alphabet.decode": Call(method(letters, "decode"), {"numbers": Array("*", True, 0, 3)}),
        "Alphabet.one_hot": Call(
            method(letters, "one_hot"), {"numbers": Array("...", True, -1, 4)}
        ),
        "pad": Call(
            tasks.pad,
            {
                "sequences": Several(*[Integers("*")] * 3, alike=True),
                "steps": opt(Count(20, 20, 10**4)),
                "value": Count(0, -(10**9), 10**9),
            },
        ),
        "words_for": Call(tasks.words_for, {"number": Count(342, 0, 999)}),
        "reviews": Call(tasks.reviews, {"count": count, "seed": seed, "clauses": Count(2)}),
        "waves": Call(tasks.waves, {"count": count, "steps": Count(5, 0, 10**4), "seed": seed}),
        "digit_lines": Call(
            tasks.digit_lines,
            {
                "images": Given(
                    digit_images, lambda v: isinstance(v, np.ndarray) and v.shape == (20, 4, 4)
                ),
                "labels": Given(
                    digit_labels, lambda v: isinstance(v, np.ndarray) and v.shape == (20,)
                ),
                "count": count,
                "seed": seed,
                "steps": Count(8, 4, 1000),
                "shortest": Count(4, 1, 8),
                "noise": Number(0.0, 0.0),
                "shrink": Given(lambda: 2, lambda v: type(v) is int and v in (1, 2, 4)),
            },
        ),
        "reference.step": Call(
            reference.step, {"x": Array("B D"), "h": Array("B U"), "kernel": kernel, "bias": bias}
        ),
        "reference.live_steps": Call(
            reference.live_steps,
            {
                "batch": Count(3, 0, 10**4, "B"),
                "steps": Count(4, 0, 10**4, "T"),
                "lengths": lengths,
            },
            ("lengths",),
        ),
        "reference.forward": Call(
            reference.forward,
            {"inputs": x, "kernel": kernel, "bias": bias, "initial_state": h, "lengths": lengths},
        ),
        "reference.softmax": Call(reference.softmax, {"logits": Array("... C")}),
        "reference.loss": Call(
            reference.loss,
            {"logits": logits, "targets": targets, "weights": opt(Weights("B T"))},
        ),
        "reference.backward": Call(
            reference.backward,
            {
                "inputs": x,
                "states": Array("B T+1 U"),
                "parameters": parameters,
                "d_logits": logits,
                "lengths": lengths,
                "truncate": opt(Count(2)),
            },
        ),
        "reference.loss_and_gradients": Call(
            reference.loss_and_gradients,
            {
                "inputs": x,
                "targets": targets,
                "parameters": parameters,
                "weights": opt(Weights("B T")),
                "initial_state": h,
                "lengths": lengths,
                "truncate": opt(Count(2)),
            },
        ),
        "mnist.read_idx": Call(
            mnist.read_idx,
            {
                "path": Given(
                    lambda: str(scratch() / "digits"), lambda v: str(v) == str(scratch() / "digits")
                )
            },
            errors=(ValueError, TypeError, OSError),
        ),
        "mnist.batches": Call(
            lambda **how: list(mnist.batches(**how)),
            {
                "images": AnyArray("B ...images"),
                "labels": AnyArray("B ...labels"),
                "batch_size": Count(2),
                "shuffle_seed": opt(seed),
            },
        ),
    }


def is_helo(value: Any) -> bool:
    return isinstance(value, (list, tuple, str)) and list(value) == list("helo")


def constructed_layer(**how: Any) -> Any:
    tf.random.set_seed(5)
    return models.OutputLayer(**how)(tf.ones([3, 2]))


def digit_images() -> np.ndarray:
    return np.linspace(0, 1, 320, dtype=np.float32).reshape(20, 4, 4)


def digit_labels() -> np.ndarray:
    return np.arange(20) % 10


@functools.cache
def all_calls() -> dict[str, Call]:
    numpy_alone = ("reference", "mnist", "pad", "Alphabet", "digit_lines")
    return {
        name: call._replace(numpy_alone=name.startswith(numpy_alone))
        for name, call in calls().items()
    }


# --------------------------------------------------------------------- what is put in its place


ANYTHING: dict[str, Callable[[], Any]] = {
    "None": lambda: None,
    "True": lambda: True,
    "np.True_": lambda: np.True_,
    "a word": lambda: "half",
    "an empty word": lambda: "",
    "bytes": lambda: b"half",
    "0": lambda: 0,
    "1": lambda: 1,
    "3": lambda: 3,
    "-1": lambda: -1,
    "10**20": lambda: 10**20,
    "2.5": lambda: 2.5,
    "nan": lambda: float("nan"),
    "inf": lambda: float("inf"),
    "1j": lambda: 1j,
    "object()": object,
    "a function": lambda: lambda *_, **__: None,
    "int": lambda: int,
    "the class GRUCell": lambda: u.GRUCell,
    "[]": lambda: [],
    "()": lambda: (),
    "a ragged list": lambda: [[1.0, 2.0], [3.0]],
    "rows of unequal length": lambda: [[[1.0, 2.0]], [[3.0, 4.0], [5.0, 6.0]]],
    "a list of numbers and words": lambda: [1.0, "two"],
    "a list of None": lambda: [None, None, None],
    "{}": lambda: {},
    "a dict": lambda: {"a": 1.0},
    "a set": lambda: {1.0, 2.0},
    "a generator": lambda: (x for x in [1.0, 2.0]),
    "range(3)": lambda: range(3),
    "np.datetime64": lambda: np.datetime64("2020-01-01"),
    "an array of objects": lambda: np.array([None, 1, "a"], dtype=object),
    "an array of no axes": lambda: np.array(2.5),
    "RaggedTensor": lambda: tf.ragged.constant([[1.0, 2.0], [3.0]]),
    "RaggedTensor [B, T, D]": lambda: tf.RaggedTensor.from_row_lengths(tf.ones([6, 2]), [4, 0, 2]),
    "SparseTensor": lambda: tf.sparse.eye(3),
    "Dataset": lambda: tf.data.Dataset.range(3),
    "TensorArray": lambda: tf.TensorArray(tf.float32, 2),
    "keras.Input": lambda: tf.keras.Input([4, 2]),
    "keras.Variable": lambda: tf.keras.Variable(np.ones([3, 5], np.float32)),
    "a Keras layer": lambda: tf.keras.layers.Dense(2),
    "a Keras cell": lambda: tf.keras.layers.GRUCell(5),
    "tf.Variable": lambda: tf.Variable(tf.ones([3, 5])),
    "a scalar tf.Variable": lambda: tf.Variable(0.5),
    "a tensor of words": lambda: tf.constant(["a", "b", "c"]),
    "a tensor of whole numbers": lambda: tf.constant([1, 2, 3]),
    "a complex tensor": lambda: tf.constant([1j, 2j, 3j]),
    "a tensor of flags": lambda: tf.constant([True, False, True]),
    "a scalar tensor": lambda: tf.constant(1.0),
    "tf.float64": lambda: tf.float64,
    "tf.int32": lambda: tf.int32,
    "tf.string": lambda: tf.string,
    "TensorShape": lambda: tf.TensorShape([3, 5]),
    "TensorSpec": lambda: tf.TensorSpec([3, 5]),
    "an LSTMStateTuple": lambda: u.LSTMStateTuple(tf.ones([3, 5]), tf.ones([3, 5])),
    "a cell without super().__init__()": lambda: Careless(),
    "a cell whose sizes are None": lambda: Sizeless(1),
}


class Careless(u.RNNCell):
    state_size = output_size = 5

    def __init__(self) -> None:
        pass

    def make_variables(self, input_depth: Any, dtype: Any) -> None:
        pass

    def step(self, inputs: Any, state: Any) -> Any:
        return state, state


class Sizeless(Through):
    def __init__(self, units: int):
        self.state_size = self.output_size = None


SAME_NUMBERS: dict[str, Callable[[np.ndarray], Any]] = {
    "as lists": lambda a: a.tolist(),
    "as a tuple of arrays": lambda a: tuple(a),
    "as a list of arrays": lambda a: list(a),
    "as tf.Variable": tf.Variable,
    "as keras.Variable": lambda a: tf.keras.Variable(a, dtype=str(a.dtype)),
    "as SparseTensor": tf.sparse.from_dense,
    "as RaggedTensor": lambda a: (
        tf.RaggedTensor.from_tensor(a) if a.ndim > 1 else tf.ragged.stack(a)
    ),
    "as float64": lambda a: a.astype(np.float64),
    "as a float64 tensor": lambda a: tf.constant(a, tf.float64),
    "as float16": lambda a: a.astype(np.float16),
    "as a bfloat16 tensor": lambda a: tf.cast(a, tf.bfloat16),
    "as int64": lambda a: a.astype(np.int64),
    "as uint8": lambda a: a.astype(np.uint8),
    "as a complex tensor": lambda a: tf.cast(a, tf.complex64),
    "as words": lambda a: a.astype(str),
    "as flags": lambda a: a.astype(bool),
    "as objects": lambda a: a.astype(object),
    "as a masked array": lambda a: np.ma.masked_array(a, mask=a > 1),
    "a TensorSpec of it": lambda a: tf.TensorSpec(a.shape, a.dtype),
}
OTHER_NUMBERS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "with an axis in front": lambda a: a[None],
    "with an axis behind": lambda a: a[..., None],
    "without its first axis": lambda a: a[0],
    "without its last axis": lambda a: a[..., 0],
    "all in one axis": lambda a: a.reshape(-1),
    "one number of it": lambda a: a.reshape(-1)[0],
    "transposed": np.transpose,
    "with nan": lambda a: np.where(np.arange(a.size).reshape(a.shape) == 1, np.nan, a).astype(
        a.dtype if a.dtype.kind == "f" else np.float32
    ),
    "1000 times as large": lambda a: a * 1000,
    "negative": lambda a: -a - 1,
}
for _axis in range(3):
    OTHER_NUMBERS[f"size 1 on axis {_axis}"] = lambda a, k=_axis: a.take([0], axis=k)
    OTHER_NUMBERS[f"one less on axis {_axis}"] = lambda a, k=_axis: a.take(
        range(a.shape[k] - 1), axis=k
    )
    OTHER_NUMBERS[f"one more on axis {_axis}"] = lambda a, k=_axis: a.take(
        [0, *range(a.shape[k])], axis=k
    )
    OTHER_NUMBERS[f"nothing on axis {_axis}"] = lambda a, k=_axis: a.take([], axis=k)
OF_ONE: dict[str, Callable[[Any], Any]] = {
    "as an array": np.array,
    "as a tensor": tf.constant,
    "as tf.Variable": tf.Variable,
    "as text": str,
    "in a list": lambda v: [v],
    "in a tuple": lambda v: (v,),
    "as a dict": lambda v: {"value": v},
    "as a function": lambda v: lambda: v,
}
OF_ONE_NUMBER = ("as an array", "as a tensor", "as tf.Variable")
OF_NUMBER: dict[str, Callable[[Any], Any]] = {
    "as np.int64": np.int64,
    "as np.float32": np.float32,
    "as a float": float,
    "negated": lambda v: -v,
    "and a half": lambda v: v + 0.5,
    "as complex": complex,
}
OF_SEVERAL: dict[str, Callable[[Any], Any]] = {
    "as a tuple": tuple,
    "as a list": list,
    "as a generator": lambda v: (x for x in v),
    "as a set": lambda v: set(map(str, v)),
    "as a dict": lambda v: dict(enumerate(v)),
    "without the last": lambda v: list(v)[:-1],
    "with the first again": lambda v: [v[0], *v],
    "only the first": lambda v: v[0],
    "in another list": lambda v: [v],
    "as an array": lambda v: np.fromiter(v, dtype=object),
}
HUGE_IS_FINE = ("10**20",)
SLOW = {"fit": 0.35, "to_keras": 0.5, "from_checkpoint": 0.6, "to_checkpoint": 0.4, "by_batch": 0.6}


def replacements(argument: Argument, value: Any) -> list[str]:
    names = list(ANYTHING)
    if argument.is_array:
        ndim = value.ndim
        sized = [n for n in OTHER_NUMBERS if "on axis" not in n or int(n[-1]) < ndim]
        names = names + [*SAME_NUMBERS, *sized] * 2
    elif argument.parts:
        names = names + [*OF_SEVERAL] * 2
    elif isinstance(argument, (Count, Number)):
        names = names + [*OF_ONE, *OF_NUMBER]
    else:
        plain_value = isinstance(argument, (Flag, Text))
        names += [n for n in OF_ONE if plain_value or n not in OF_ONE_NUMBER]
    if isinstance(argument, Count) and argument.most < 10**12:
        names = [n for n in names if n not in HUGE_IS_FINE]
    return names


def replaced(argument: Argument, value: Any, name: str) -> Any:
    if argument.is_array:
        for table in (SAME_NUMBERS, OTHER_NUMBERS):
            if name in table:
                return table[name](value)  # type: ignore[operator]
    if argument.parts and name in OF_SEVERAL:
        return OF_SEVERAL[name](value)
    if name in OF_NUMBER:
        return OF_NUMBER[name](value)
    return ANYTHING[name]() if name in ANYTHING else OF_ONE[name](value)


def draw_call(rng: random.Random) -> Draw:
    """A valid call and what is changed about it."""
    while True:
        name = rng.choice(list(all_calls()))
        if rng.random() < SLOW.get(name, 1.0):
            break
    call = all_calls()[name]
    given = [
        n
        for n, a in call.arguments.items()
        if not a.optional or n in call.always or rng.random() < 0.5
    ]
    seed = rng.randrange(10**6)
    values = valid_arguments(call, given, seed)
    changes = {}
    hidden = call.can_hide and rng.random() < 0.25
    changeable = [n for n in given if not hidden or arrays_in(call.arguments[n])]
    for argument_name in rng.sample(changeable, min(rng.choice([1, 1, 1, 2]), len(changeable))):
        argument, value, part = call.arguments[argument_name], values[argument_name], None
        if argument.parts and (hidden or rng.random() < 0.6):
            part = rng.randrange(argument.parts)
            argument, value = argument.kinds[part], value[part]  # type: ignore[attr-defined]
        names = replacements(argument, value)
        if hidden:
            names = [n for n in names if n in OTHER_NUMBERS]
        changes[argument_name] = [part, rng.choice(names)]
    return {
        "kind": "call",
        "call": name,
        "given": given,
        "changes": changes,
        "tensors": rng.random() < 0.5,
        "hidden": hidden,
        "seed": seed,
    }


def arrays_in(argument: Argument) -> bool:
    kinds = getattr(argument, "kinds", [argument])
    return all(kind.is_array for kind in kinds)


def valid_arguments(call: Call, given: list[str], seed: int) -> dict[str, Any]:
    return {
        name: call.arguments[name].valid(np.random.default_rng([seed, zlib.crc32(name.encode())]))
        for name in given
    }


def arguments_of(draw: Draw) -> dict[str, Any]:
    call = all_calls()[draw["call"]]
    values = valid_arguments(call, draw["given"], draw["seed"])
    for name, (part, change) in draw["changes"].items():
        argument, value = call.arguments[name], values[name]
        if part is None:
            values[name] = replaced(argument, value, change)
        else:
            parts = list(value)
            parts[part] = replaced(argument.kinds[part], parts[part], change)  # type: ignore
            values[name] = argument.packed(parts)  # type: ignore[attr-defined]
    if draw["tensors"] and not call.numpy_alone:
        for name, value in values.items():
            values[name] = with_tensors(value)
    return values


def with_tensors(value: Any) -> Any:
    if isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and not np.ma.isMA(value):
        return tf.constant(value)
    if isinstance(value, u.LSTMStateTuple):
        return u.LSTMStateTuple(*map(with_tensors, value))
    if type(value) in (list, tuple) and all(isinstance(part, np.ndarray) for part in value):
        return type(value)(map(with_tensors, value))
    return value


def meaning_of(call: Call, values: dict[str, Any]) -> dict[str, Any]:
    """The arguments in plain form, or Wrong."""
    sizes = {letter: SIZES[letter] for letter in call.known}
    meaning = {}
    for name, value in values.items():
        argument = call.arguments[name]
        if value is None and argument.optional:
            meaning[name] = None
        else:
            try:
                meaning[name] = argument.read(value, sizes)
            except RecursionError:
                raise Wrong from None
    return meaning


def behind_specs(call: Call, function: Any, values: dict[str, Any], seed: int) -> Any:
    """The call in a tf.function, with arrays of sizes that the trace does not know."""
    rng = np.random.default_rng([seed, 1])
    tensors, specs = [], []

    def lifted(argument: Argument, value: Any) -> Any:
        if getattr(argument, "kinds", None) and isinstance(value, (list, tuple)):
            parts = [lifted(kind, part) for kind, part in zip(argument.kinds, value)]
            return argument.packed(parts)  # type: ignore[attr-defined]
        if not argument.is_array or not isinstance(value, (np.ndarray, tf.Tensor)):
            return value
        tensor = tf.convert_to_tensor(value)
        axes = argument.axes  # type: ignore[attr-defined]
        shape = tensor.shape.as_list()
        if len(axes) == len(shape) and "..." not in "".join(axes):
            hide = {"B": 0.8, "T": 0.8, "U": 0.3, "C": 0.3}
            shape = [None if rng.random() < hide.get(a, 0) else n for a, n in zip(axes, shape)]
        elif "..." in "".join(axes):
            shape = [None if rng.random() < 0.6 else n for n in shape[:-1]] + shape[-1:]
        elif rng.random() < 0.5:
            shape = None
        tensors.append(tensor)
        specs.append(tf.TensorSpec(shape, tensor.dtype))
        return Hole(len(tensors) - 1)

    holes = {name: lifted(call.arguments[name], value) for name, value in values.items()}

    def filled(value: Any, given: tuple[Any, ...]) -> Any:
        if isinstance(value, Hole):
            return given[value.number]
        if isinstance(value, (list, tuple)) and not isinstance(value, tf.TensorShape):
            parts = [filled(part, given) for part in value]
            return type(value)(*parts) if hasattr(value, "_fields") else type(value)(parts)
        return value

    @tf.function(input_signature=specs, autograph=False)
    def run(*given: tf.Tensor) -> Any:
        result = function(**{name: filled(v, given) for name, v in holes.items()})
        return [x for x in tf.nest.flatten(result) if tf.is_tensor(x)]

    return run(*tensors)


class Hole:
    """Stands where a tensor of the traced function goes."""

    def __init__(self, number: int):
        self.number = number


def plain(result: Any) -> list[np.ndarray]:
    found = []
    for value in tf.nest.flatten(result):
        try:
            array = np.asarray(value.numpy() if hasattr(value, "numpy") else value)
        except Exception:
            array = np.array(repr(type(value)))
        found.append(array.astype(np.float64) if array.dtype.kind not in "OSUT" else array)
    return found


def same_results(a: list[np.ndarray], b: list[np.ndarray]) -> bool:
    if len(a) != len(b) or any(x.shape != y.shape for x, y in zip(a, b)):
        return False
    for x, y in zip(a, b):
        if x.dtype.kind == "f" and y.dtype.kind == "f":
            if not np.allclose(x, y, rtol=2e-2, atol=2e-2, equal_nan=True):
                return False
        elif x.dtype.kind != y.dtype.kind or not np.array_equal(x, y):
            return False
    return True


def check_call(draw: Draw) -> Failure | None:
    """Make a malformed call; what is wrong about what came of it, or None."""
    call = all_calls()[draw["call"]]
    changed = ", ".join(draw["changes"]) or "nothing changed"
    where = f"call: {draw['call']}({changed})" + (" behind unknown sizes" if draw["hidden"] else "")
    values = arguments_of(draw)
    here = os.getcwd()
    # Any word may be taken for a path: what is written must not lie where something is read.
    os.chdir(scratch() / ("out" if draw["call"] == "to_checkpoint" else "in"))
    try:
        if draw["hidden"]:
            result = behind_specs(call, function_of(call), values, draw["seed"])
        else:
            result = function_of(call)(**values)
        result = plain(result)
    except Exception as error:
        SEEN["calls that raised"] += 1
        return error_fault(draw, call, where, error)
    finally:
        os.chdir(here)
    SEEN["calls that gave a result"] += 1
    came = " and ".join(change for _, change in draw["changes"].values())
    values = arguments_of(draw)  # anew: generators are empty by now, and models are trained
    try:
        meaning = meaning_of(call, values)
    except Wrong:
        return Failure(where, "is taken in silence", f"{came}: gave {shapes(result)}")
    try:
        expected = plain(function_of(call)(**meaning))
    except Exception as error:
        return Failure(where, "is taken in silence", f"{came}: but plainly put it {spoken(error)}")
    if draw["hidden"]:
        expected = [x for x in expected if x.dtype.kind == "f"]
    if not same_results(result, expected):
        return Failure(
            where, "gives something else", f"{came}: {shapes(result)} and not {shapes(expected)}"
        )
    return None


def function_of(call: Call) -> Any:
    return call.function.now() if isinstance(call.function, Fresh) else call.function


def shapes(arrays: list[np.ndarray]) -> str:
    told = [f"{a.dtype}{list(a.shape)}" for a in arrays[:4]]
    return ", ".join(told) + (" ..." if arrays[4:] else "")


def with_one_change(draw: Draw, failure: Failure) -> tuple[Draw, Failure]:
    """Where one of two changes fails by itself, that one."""
    if len(draw.get("changes", ())) > 1:
        for name, change in draw["changes"].items():
            single = {**draw, "changes": {name: change}}
            alone = check(single)
            if alone:
                return single, alone
    return draw, failure


def error_fault(draw: Draw, call: Call, where: str, error: Exception) -> Failure | None:
    kind = type(error).__name__
    came = " and ".join(change for _, change in draw["changes"].values())
    words = f"{came}: {spoken(error)}"
    if not draw["changes"]:
        return Failure(where, f"a valid call raises {kind}", words)
    if not isinstance(error, call.errors):
        return Failure(where, f"raises {kind}, which is not documented", words)
    text = str(error)
    first = text.split("\n")[0]
    if draw["hidden"]:  # found by the running graph, which says much more
        first = " ".join(line for line in text.split("\n") if 'File "' not in line)
    sizes_alone = all(change in OTHER_NUMBERS for _, change in draw["changes"].values())
    names = call.arguments if sizes_alone or draw["hidden"] else draw["changes"]
    names = [*names, *draw["changes"]]
    names += ["cell"] * ("cells" in names)  # one of them
    names += ["the initializer of"] * any("initializer" in name for name in names)
    if draw["call"].startswith("reference."):  # named by the part of `parameters` that is wrong
        names += ["kernel", "bias", "output_kernel", "output_bias"]
    if isinstance(error, OSError) and isinstance(error, tuple(call.errors)):
        return None  # it names the file
    if draw["hidden"] and re.search(r"hapes? of |Incompatible shapes|seq_lengths != ", first):
        return None  # TensorFlow may run the operation that fails ahead of the check that explains
    if not any(re.search(rf"\b{re.escape(name)}\b", first) for name in names):
        own = "" if from_the_package(error) else "raw "
        return Failure(where, f"a {own}{kind} that does not name the argument", words)
    if not from_the_package(error) and not isinstance(error, tf.errors.InvalidArgumentError):
        return Failure(where, f"a raw {kind}", words)
    return None


def from_the_package(error: BaseException) -> bool:
    """Is the error raised by a line of the package itself?"""
    frames = traceback.extract_tb(error.__traceback__)
    return bool(frames) and frames[-1].filename.startswith(PACKAGE)


def smaller_calls(draw: Draw) -> Iterator[Draw]:
    if len(draw["changes"]) > 1:
        for name in draw["changes"]:
            yield {**draw, "changes": {k: v for k, v in draw["changes"].items() if k != name}}
    call = all_calls()[draw["call"]]
    for name in draw["given"]:
        argument = call.arguments[name]
        if argument.optional and name not in (*draw["changes"], *call.always):
            yield {**draw, "given": [other for other in draw["given"] if other != name]}
    if draw["hidden"]:
        yield {**draw, "hidden": False}
    if draw["tensors"]:
        yield {**draw, "tensors": False}


# ============================================================================= draws and the rest

SEEN: Counter[str] = Counter()  # what the draws of this process were
CHECKS: dict[str, tuple[Any, Any]] = {
    "run": (check_run, smaller_runs),
    "dropout": (check_dropout, smaller_dropouts),
    "lie": (check_lie, smaller_lies),
    "loss": (check_loss, smaller_losses),
    "call": (check_call, smaller_calls),
}


class Hangs(BaseException):
    """Raised by the alarm."""


def lines_of(error: BaseException) -> list[str]:
    """The lines of a message, without where AutoGraph says that the user's code was."""
    lines = str(error).strip().split("\n")
    return [lines[-1].strip()] if lines[0] == "in user code:" else lines


def told(error: BaseException) -> str:
    """The kind of an error, without what depends on sizes and names."""
    text = re.sub(r"0x[0-9a-f]+|[0-9]+|'[^']*'|\{\{[^}]*\}\}", "_", lines_of(error)[0])
    return f"{type(error).__name__}: {text[:70]}"


def spoken(error: BaseException) -> str:
    lines = [
        line for line in lines_of(error) if not re.match(r"\s*(File |Detected at|Graph exec)", line)
    ]
    text = " ".join(" ".join(lines).split())
    return f"{type(error).__name__}: {text[:230]}"


def draw_of(kind: str, seed: int, number: int) -> Draw:
    """The draw of this number: the same whenever it is asked for."""
    rng = random.Random(f"{seed} {kind} {number}")
    if kind == "call":
        return draw_call(rng)
    share = rng.random()
    if share < 0.03:
        return draw_dropout(rng)
    if share < 0.08:
        return draw_lie(rng)
    return draw_loss(rng) if share < 0.14 else draw_run(rng)


def check(draw: Draw) -> Failure | None:
    """Any draw: what is wrong, or None."""

    def ring(*_: Any) -> None:
        raise Hangs

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            SEEN[describe(draw)] += 1
            return CHECKS[draw["kind"]][0](draw)
    except Hangs:
        return Failure(describe(draw), "hangs", f"no end after {SECONDS} s")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


OTHER_RUNS = {
    "dropout": "runs of dropout",
    "lie": "runs of cells that do not keep their word",
    "loss": "losses",
}


def describe(draw: Draw) -> str:
    if draw["kind"] == "run":
        return f"runs, {draw['way']}"
    if draw["kind"] in OTHER_RUNS:
        return OTHER_RUNS[draw["kind"]]
    return "calls behind unknown sizes" if draw["hidden"] else "calls as they are"


def checked(kind: str, seed: int, numbers: Any) -> list[tuple[Draw, Failure]]:
    """Draws of these numbers, in this process: those that fail."""
    failed = []
    for number in numbers:
        draw = draw_of(kind, seed, number)
        failure = check(draw)
        if failure:
            failed.append(with_one_change(draw, failure))
    return failed


def shrunk(draw: Draw, failure: Failure, seconds: float = 20) -> tuple[Draw, Failure]:
    """The simplest draw found that fails in the same way."""
    end = time.monotonic() + seconds
    smaller = CHECKS[draw["kind"]][1]
    again = True
    while again and time.monotonic() < end:
        again = False
        for candidate in smaller(draw):
            candidate = json.loads(json.dumps(candidate))
            if candidate["kind"] == "run":
                candidate = allowed(candidate)
                if candidate == draw:
                    continue
            try:
                found = check(candidate)
            except Exception:
                continue  # the candidate itself makes no sense
            if found and found.what == failure.what:
                draw, failure, again = candidate, found, True
                break
            if time.monotonic() > end:
                break
    return draw, failure


# A worker says which draw it begins, so that one that brings the process down is known.


def work(pipe: Any) -> None:
    tf.get_logger().setLevel("ERROR")
    while True:
        task = pipe.recv()
        if task is None:
            return
        if task[0] == "check":
            _, kind, seed, numbers = task
            for number in numbers:
                pipe.send(("begin", number))
                try:
                    draw = draw_of(kind, seed, number)
                    failure = check(draw)
                except Exception:
                    draw = {"kind": kind, "number": number, "seed": seed}
                    lines = traceback.format_exc().strip().splitlines()
                    failure = Failure("the soak itself", lines[-1][:80], " | ".join(lines[-7:]))
                if failure:
                    pipe.send(("failed", *with_one_change(draw, failure)))
            gc.collect()
        else:
            pipe.send(("begin", -1))
            pipe.send(("shrunk", task[3], *shrunk(task[1], task[2])))
        pipe.send(("done", dict(SEEN)))
        SEEN.clear()


class Worker:
    """A process of its own, given one task after the other."""

    def __init__(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, there = context.Pipe()
        self.process = context.Process(target=work, args=(there,), daemon=True)
        self.process.start()
        there.close()
        self.task: Any = None
        self.begun, self.since, self.tasks = -1, time.monotonic(), 0

    def give(self, task: Any) -> None:
        self.task, self.since = task, time.monotonic()
        self.tasks += 1
        self.pipe.send(task)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def spread(tasks_: list[Any], workers: int, receive: Callable[[Any], None]) -> None:
    """Give the tasks to processes; what comes back goes to `receive`."""
    waiting = list(reversed(tasks_))
    crew = [Worker() for _ in range(min(workers, len(tasks_)))]
    while crew:
        for worker in list(crew):
            if worker.task is None:
                if not waiting:
                    worker.end()
                    crew.remove(worker)
                    continue
                if worker.tasks >= 40:  # traced functions stay in memory
                    worker.end()
                    crew.remove(worker)
                    worker = Worker()
                    crew.append(worker)
                worker.give(waiting.pop())
        pipes = {worker.pipe: worker for worker in crew}
        for pipe in multiprocessing.connection.wait(list(pipes), timeout=5):
            worker = pipes[pipe]
            try:
                message = pipe.recv()
            except EOFError:
                lost(worker, "brings the process down", waiting, receive)
                crew.remove(worker)
                crew.append(Worker())
                continue
            worker.since = time.monotonic()
            if message[0] == "begin":
                worker.begun = message[1]
            else:
                receive(message)
            if message[0] == "done":
                worker.task = None
        for worker in list(crew):
            if worker.task is not None and time.monotonic() - worker.since > 4 * SECONDS:
                lost(worker, "hangs", waiting, receive)
                crew.remove(worker)
                crew.append(Worker())


def lost(worker: Worker, how: str, waiting: list[Any], receive: Callable[[Any], None]) -> None:
    """A process that is no more: its draw is a failure, and what it had left is given again."""
    worker.end()
    task = worker.task
    if task and task[0] == "check":
        _, kind, seed, numbers = task
        draw = draw_of(kind, seed, worker.begun)
        receive(("failed", draw, Failure(describe(draw), how, "no error, the process ended")))
        rest = [number for number in numbers if number > worker.begun]
        if rest:
            waiting.append(("check", kind, seed, rest))
    elif task:
        receive(("shrunk", task[3], task[1], task[2]))


def soak(draws: int, seed: int, workers: int, kinds: list[str], most: int) -> int:
    """Both kinds of draws on several processes; the number of kinds of failures."""
    print(f"seed {seed}, {draws} draws of each kind, on {workers} processes", flush=True)
    start = time.monotonic()
    failed: dict[tuple[str, str], list[tuple[Draw, Failure]]] = {}
    seen: Counter[str] = Counter()
    done = {"draws": 0, "shown": start}
    size = 25
    todo = [
        ("check", kind, seed, list(range(at, min(at + size, draws))))
        for at in range(0, draws, size)
        for kind in kinds
    ]

    def receive(message: Any) -> None:
        if message[0] == "failed":
            _, draw, failure = message
            key = failure.where, failure.what
            if key not in failed:  # at once, so that an interrupted soak has not lost it
                print(f"  {key[0]}: {key[1]}: {failure.words[:200]}", flush=True)
                if "number" not in draw:
                    print(f"    python tests/soak.py --replay '{json.dumps(draw)}'", flush=True)
            failed.setdefault(key, []).append((draw, failure))
        elif message[0] == "done":
            seen.update(message[1])
            now = time.monotonic()
            if now - done["shown"] > 15:
                done["shown"] = now
                total = sum(v for k, v in seen.items() if " that " not in k)
                print(
                    f"{now - start:6.0f} s: {total} draws, "
                    f"{sum(map(len, failed.values()))} failed in {len(failed)} kinds",
                    flush=True,
                )

    spread(todo, workers, receive)
    print(f"\n{time.monotonic() - start:.0f} s. Draws:")
    for name, count in sorted(seen.items()):
        print(f"  {count:6} {name}")
    if not failed:
        print("Nothing failed.")
        return 0
    report(failed, workers, most)
    return len(failed)


def report(failed: dict[Any, list[tuple[Draw, Failure]]], workers: int, most: int) -> None:
    """Each kind of failure with its smallest draws."""
    chosen: list[Any] = []
    for key, found in failed.items():
        found.sort(key=lambda f: len(json.dumps(f[0])))
        # One thing that happens to runs may have several causes: look at several cells.
        by_cells: dict[Any, tuple[Draw, Failure]] = {}
        for draw, failure in found:
            by_cells.setdefault(frozenset(kinds_in(draw.get("cell"))), (draw, failure))
        several = list(by_cells.values())[: 6 if found[0][0]["kind"] == "run" else 1]
        chosen += [("shrink", *one, key) for one in several if "number" not in one[0]]
    results: dict[Any, list[tuple[Draw, Failure]]] = {}

    def receive(message: Any) -> None:
        if message[0] == "shrunk":
            results.setdefault(message[1], []).append((message[2], message[3]))

    # A call needs it least: it is small already.
    chosen.sort(key=lambda task: task[1]["kind"] == "call")
    spread(chosen[:most], workers, receive)
    print(f"\n{len(failed)} kinds of failures:\n")
    for key in sorted(failed):
        print(f"{key[0]}: {key[1]} ({len(failed[key])} draws)")
        came = Counter(
            " and ".join(change for _, change in draw["changes"].values())
            if "changes" in draw
            else f"{draw['form']}, {draw['way']}"
            for draw, _ in failed[key]
            if "changes" in draw or "way" in draw
        )
        if came:
            print(f"    {'; '.join(name for name, _ in came.most_common(12))}")
        shown = set()
        for draw, failure in results.get(key) or failed[key][:1]:
            kinds = ", ".join(kinds_in(draw.get("cell")) + kinds_in(draw.get("cell_bw")))
            if kinds not in shown:
                shown.add(kinds)
                print(f"  - {kinds + ': ' if kinds else ''}{failure.words}")
                print(f"    python tests/soak.py --replay '{json.dumps(draw)}'", flush=True)
        print()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--draws", type=int, default=10_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", choices=["run", "call"], help="one of the kinds")
    parser.add_argument("--shrink", type=int, default=150, help="how many failures to make smaller")
    parser.add_argument("--replay", metavar="DRAW", help="one draw, as a failure printed it")
    options = parser.parse_args()
    if options.replay:
        tf.get_logger().setLevel("ERROR")
        draw = json.loads(options.replay)
        failure = check(draw)
        print(failure or "Nothing failed.")
        return 1 if failure else 0
    seed = random.randrange(10**6) if options.seed is None else options.seed
    kinds = [options.only] if options.only else ["run", "call"]
    return int(soak(options.draws, seed, options.processes, kinds, options.shrink) > 0)


if __name__ == "__main__":
    sys.exit(main())
