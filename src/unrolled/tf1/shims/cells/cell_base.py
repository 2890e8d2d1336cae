"""What all cells of TensorFlow 1 share: their variables under scopes, and what layers offer.

`RNNCell` is the base class that programs derive their own cells from. `FusedCell` is the base of
the cells that this layer puts back: they make their variables in `build` and compute in `step`.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import inspect
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.contract import RNNCell as TodaysCell
from unrolled.internal.checkpoint_renames import snake_case
from unrolled.internal.checks import check_state
from unrolled.internal.named import glorot_uniform
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.tf1.shims import release
from unrolled.tf1.shims.cells.configs import settings_of
from unrolled.tf1.shims.cells.linear import Linear

# How many cells of a kind each graph has, by which 1.15 told them apart.
_COUNTS: weakref.WeakKeyDictionary[Any, collections.Counter[str]] = weakref.WeakKeyDictionary()

# What a cell gathers as it is used, which a copy of it starts without.
_GATHERED = ("built", "input_depth", "_scope", "_recorded", "_losses", "_by_scope", "_noises")


class _WithoutNameScope(tf.Module):
    """A module that leaves its name to the cell's operations; others open a name scope for it."""

    def __init__(self, name: str | None = None):
        with tf.Graph().as_default():
            super().__init__(name=name)


class RNNCell(TodaysCell, _WithoutNameScope):
    """The base class of TensorFlow 1's cells, for programs that make their own.

    A cell defines `state_size`, `output_size` and either `call(inputs, state)`, with its variables
    made there or in `build(inputs_shape)`, or, as in the first releases, the whole of
    `__call__(inputs, state, scope=None)`. It need not call this `__init__`.

    Args:
      trainable: whether the variables join the collection of trainable ones (default: True).
      name: the cell's part of the variables' names (default: the class's name in snake case).
      dtype: of the variables (default: that of the first inputs).
      _reuse: True takes existing variables and makes none, tf.AUTO_REUSE makes those that are
        missing (default: what the scope says).
      _scope: a scope for the variables, entered now (default: the cell's own, at its first call).
      autocast: ignored: inputs are never cast.
    """

    built = False
    trainable = True
    input_spec: Any = None  # programs set it
    _reuse: Any = None
    _scope: Any = None
    _cell_name: str | None = None
    _counted_name: str | None = None
    _cell_dtype: Any = None
    _in_config: tuple[str, ...] = ()  # the arguments that `get_config` gives, and `reuse` with them

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _reuse: Any = None,
        _scope: Any = None,
        autocast: bool = False,
    ):
        super().__init__(_snake_case(type(self).__name__))
        self._set_up(_reuse, name, dtype, trainable, _scope, autocast)

    def _set_up(
        self,
        reuse: Any,
        name: str | None = None,
        dtype: Any = None,
        trainable: bool = True,
        _scope: Any = None,
        autocast: bool = False,
        **unknown: Any,
    ) -> None:
        if unknown:
            raise TypeError(
                f"{type(self).__name__} takes no argument {next(iter(unknown))}; leave it out."
            )
        self._reuse, self._cell_name, self.trainable = reuse, name, trainable
        if not name:
            kind, counts = (
                self._base_name,
                _COUNTS.setdefault(self.graph, collections.Counter()),
            )
            counts[kind] += 1
            self._counted_name = f"{kind}_{counts[kind]}"
        self._cell_dtype = None if dtype is None else tf.as_dtype(dtype)
        if _scope is not None:
            with tf.variable_scope(_scope) as self._scope:
                pass

    @property
    def name(self) -> str:
        """The name that was given, or else the kind of cell and its number in the graph."""
        return self._cell_name or self._counted_name or self._base_name

    @property
    def _base_name(self) -> str:  # as in TensorFlow 1: programs' copies of its wrappers read it
        return self._cell_name or _snake_case(type(self).__name__)

    @property
    def dtype(self) -> Any:
        return self._cell_dtype

    @property
    def graph(self) -> tf.Graph:
        return tf.get_default_graph()

    @property
    def scope_name(self) -> str:
        """The scope of the variables, known from the first call on."""
        if self._scope is None:
            raise ValueError(
                f"the scope of {self.name} is not known yet; call the cell before you read "
                "scope_name."
            )
        return str(self._scope.name)

    @property
    def weights(self) -> list[Any]:
        """The variables, in the order in which they were made; those of cells inside are last."""
        found = list(vars(self).get("_recorded", ()))
        for cell in cells_inside(self):
            found += [v for v in getattr(cell, "weights", ()) if all(v is not w for w in found)]
        return found

    @property
    def variables(self) -> Any:
        return self.weights

    @property
    def trainable_weights(self) -> list[Any]:
        return [v for v in self.weights if _first_part(v).trainable]

    @property
    def trainable_variables(self) -> Any:
        return self.trainable_weights

    @property
    def non_trainable_weights(self) -> list[Any]:
        trainable = {id(v) for v in self.trainable_weights}
        return [v for v in self.weights if id(v) not in trainable]

    @property
    def non_trainable_variables(self) -> Any:
        return self.non_trainable_weights

    def count_params(self) -> int:
        """How many numbers the variables hold."""
        return sum(v.get_shape().num_elements() for v in self.weights)

    @property
    def updates(self) -> list[Any]:
        """Of layers; no cell has any."""
        return []

    @property
    def losses(self) -> list[Any]:
        """What the regularisers given to `add_variable` and `add_loss` made.

        Those of a regulariser of the scope are in the collection REGULARIZATION_LOSSES alone.
        """
        return list(vars(self).get("_losses", ()))

    def add_loss(self, losses: Any, inputs: Any = None) -> None:
        """Let tensors join `losses` and the collection REGULARIZATION_LOSSES."""
        for loss in tf.nest.flatten(losses):
            self.__dict__.setdefault("_losses", []).append(loss)
            tf.add_to_collection(tf.GraphKeys.REGULARIZATION_LOSSES, loss)

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *more: Any, **named: Any
    ) -> tuple[Any, Any]:
        """One time step.

        Args:
          inputs: [B, D].
          state: as `zero_state` makes it.
          scope: a name or scope for the variables (default: the cell's own).
          more, named: handed to `call`.

        Returns:
          The output [B, output_size] and the new state.

        Raises:
          NotImplementedError: a subclass defines neither `call` nor `__call__`.
          ValueError: inputs or state do not fit, or `reuse` asks for variables that do not exist,
            or forbids those that do.
        """
        if not release.cells_keep_their_scope():
            twin = self._twin_of_this_scope()
            if twin is not self:
                return twin(inputs, state, scope, *more, **named)
        inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
        if self._cell_dtype is None:
            self._cell_dtype = tf.nest.flatten(inputs)[0].dtype
        with self._entered(scope) as own:
            if not self.built:
                self.build(tf.nest.map_structure(lambda x: x.shape, inputs))
            if "scope" in inspect.signature(self.call).parameters:
                named["scope"] = own
            result = self.call(inputs, state, *more, **named)
            self.built = True
            return result

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """What a subclass computes."""
        raise NotImplementedError(
            f"{type(self).__name__} must define call(inputs, state) or __call__(inputs, state)."
        )

    def build(self, inputs_shape: Any) -> None:  # type: ignore[override]
        """Make the variables for inputs of this shape; here none, since `call` may make them."""

    @contextmanager
    def _entered(self, scope: Any = None) -> Iterator[tf.VariableScope]:
        """The cell's own variable scope: named at the first call, and the same from then on."""
        if self._scope is None:
            if self._reuse and scope is None:
                where = tf.variable_scope(self._base_name)
            else:
                where = tf.variable_scope(scope, default_name=self._base_name)
            with self._name_scope_of_the_scope(scope), where as self._scope:
                pass
        reuse = self.built or self._reuse
        again = tf.variable_scope(
            self._scope, reuse=reuse, custom_getter=self._record, auxiliary_name_scope=False
        )
        with again as own, tf.name_scope(self._scope.original_name_scope):
            yield own

    def _name_scope_of_the_scope(self, scope: Any) -> Any:
        """The name scope that 1.15 opened around the first call of a cell that is no layer."""
        here = tf.get_variable_scope().name.rpartition("/")[2]
        if scope is not None or not here or isinstance(self, LayerRNNCell):
            return contextlib.nullcontext()
        return tf.name_scope(here)

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return super().zero_state(batch_size, dtype)

    def _record(self, getter: Any, *positional: Any, **named: Any) -> Any:
        """`getter`, whose variable becomes one of the cell's."""
        variable = regularized_outside_loops(getter, *positional, **named)
        recorded = self.__dict__.setdefault("_recorded", [])
        if all(variable is not v for v in recorded):
            recorded.append(variable)
        return variable

    def _twin_of_this_scope(self) -> RNNCell:
        """The cell for the current scope, as before 1.1: itself in the first, else a copy."""
        by_scope = self.__dict__.setdefault("_by_scope", {})
        here = tf.get_variable_scope().name
        if here not in by_scope:
            by_scope[here] = copy.deepcopy(self) if by_scope else self
            by_scope[here].__dict__.setdefault("_by_scope", {})[here] = by_scope[here]
        twin: RNNCell = by_scope[here]
        return twin

    def add_variable(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool | None = None,
        constraint: Any = None,
        use_resource: bool | None = None,
        **more: Any,
    ) -> Any:
        """`tf.get_variable` in the cell's own scope, as layers call it.

        Args:
          name, shape: of the variable.
          dtype: of the variable (default: that of the cell, or else tf.float32).
          regularizer: a function of the variable, whose value joins `losses` too.
          trainable: whether it joins tf.trainable_variables(), where the cell is trainable
            (default: True).
          initializer, constraint, use_resource, more: as for `tf.get_variable`.
        """
        losses = tf.get_collection_ref(tf.GraphKeys.REGULARIZATION_LOSSES)
        before = len(losses)
        with self._entered():
            variable = tf.get_variable(
                name,
                shape,
                dtype or self._cell_dtype or tf.float32,
                initializer,
                regularizer,
                trainable=trainable is not False and self.trainable,
                constraint=constraint,
                use_resource=use_resource,
                **more,
            )
        if regularizer is not None:
            self.__dict__.setdefault("_losses", []).extend(losses[before:])
        return variable

    def add_weight(self, name: str, shape: Any, *more: Any, **named: Any) -> Any:
        """`add_variable` under its other name."""
        return self.add_variable(name, shape, *more, **named)

    def add_whole_bias(self, name: str, size: int, dtype: Any) -> Any:
        """Zeros [size] in one variable, even where the scope's partitioner cuts all others.

        TensorFlow 1's private `_Linear` made its bias so.
        """
        with self._entered() as own:
            own.set_partitioner(None)
            return tf.get_variable(
                name, [size], dtype, tf.zeros_initializer(), trainable=self.trainable
            )

    def __deepcopy__(self, memo: dict[int, Any]) -> RNNCell:
        """A cell of the same settings without variables; tensors are shared."""
        twin = memo[id(self)] = type(self).__new__(type(self))
        for name, value in vars(self).items():
            if name in _GATHERED or name.startswith("_self_"):  # what tf.Module keeps for itself
                continue
            if isinstance(value, Linear):
                value = None  # as programs set it before the first call
            elif any(_is_variable(leaf) for leaf in tf.nest.flatten(value)):
                continue
            elif not any(tf.is_tensor(leaf) for leaf in tf.nest.flatten(value)):
                value = copy.deepcopy(value, memo)
            object.__setattr__(twin, name, value)
        return twin

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """A state of zeros.

        Args:
          inputs: [B, ...], whose B and dtype count (default: `batch_size` and `dtype` count).
          batch_size: B.
          dtype: of the state.

        Raises:
          ValueError: neither `inputs` nor both of the others are given.
        """
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            batch_size, dtype = size_or_tensor(inputs, 0), inputs.dtype
        if batch_size is None or dtype is None:
            raise ValueError(
                "get_initial_state needs inputs, or batch_size and dtype; got "
                f"batch_size={batch_size} and dtype={dtype}."
            )
        return self.zero_state(batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        """The cell's name, dtype and the settings that 1.15 gave, as plain values."""
        given = {"name": self.name, "trainable": self.trainable, "dtype": self._cell_dtype}
        if self._cell_dtype is not None:
            given["dtype"] = self._cell_dtype.name
        if self._in_config:
            given["reuse"] = self._reuse
        return {**given, **settings_of(self, self._in_config)}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RNNCell:
        """A new cell of what `get_config` gave."""
        return cls(**config)

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> Any:
        # As in TensorFlow 1, the scope's initialiser comes before the default one.
        chosen = None if initializer is glorot_uniform else initializer
        return self.add_variable(name, shape, dtype, chosen)


def regularized_outside_loops(getter: Any, *positional: Any, **named: Any) -> Any:
    """A custom getter: variables may be made in the loop of an unroll, and losses are read outside.

    Today's `tf.get_variable` leaves the value of a regulariser where the variable is made.
    """
    regularizer = named.get("regularizer")
    if regularizer is None:
        return getter(*positional, **named)

    def outside(variable: Any) -> Any:
        with tf.init_scope():
            return regularizer(variable)

    return getter(*positional, **{**named, "regularizer": outside})


class LayerRNNCell(RNNCell):
    """The base class of cells that make all their variables in `build`; here like `RNNCell`."""


def known_as(public: str) -> Any:
    """An attribute under the name that it had in TensorFlow 1, which subclasses read and set."""

    def get(self: Any) -> Any:
        return getattr(self, public)

    def set_(self: Any, value: Any) -> None:
        setattr(self, public, value)

    return property(get, set_, doc=f"`{public}` under its name in TensorFlow 1.")


class FusedCell(LayerRNNCell):
    """The base of the cells put back: `build` makes the variables and `step` is the equation."""

    _num_units = known_as("num_units")
    _activation = known_as("activation")
    _kernel = known_as("kernel")
    _bias = known_as("bias")

    def build(self, inputs_shape: Any) -> None:  # type: ignore[override]
        depth = tf.dimension_value(inputs_shape[-1])
        if depth is None:
            raise ValueError(
                f"inputs of {type(self).__name__} must be [B, D] with a known depth D; "
                f"got shape {inputs_shape}."
            )
        self.make_variables(depth, self._cell_dtype or tf.float32)
        self.input_depth = depth
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        depth = size_of(inputs, -1)
        if depth is not None:
            self.check_depth(depth)
        return self.step(inputs, check_state(state, self.state_size, None, inputs.dtype))

    def check_depth(self, input_depth: Any, dtype: Any = None) -> None:
        # A subclass with a `build` of its own has not said for which depth it built.
        if self.input_depth is not None and input_depth != self.input_depth:
            raise ValueError(
                f"inputs of depth {input_depth} do not fit a {type(self).__name__} that was built "
                f"for depth {self.input_depth}: a cell keeps the variables of its first call; make "
                "a cell for each unroll and each layer, such as MultiRNNCell([make_cell() for _ in "
                "range(n)]). A program that was written before TensorFlow 1.1, when a cell had "
                f"variables of its own in each scope, runs with {release.VARIABLE}=1.0 set."
            )


# `tf.Variable` of TensorFlow 1 does not count resource variables, as eager ones are.
_ANY_VARIABLE = tf.compat.v2.Variable


def _is_variable(value: Any) -> bool:
    return isinstance(value, _ANY_VARIABLE) or type(value).__name__ == "PartitionedVariable"


def _first_part(variable: Any) -> Any:
    """A variable itself, or the first of the variables that make up a partitioned one."""
    return variable if isinstance(variable, _ANY_VARIABLE) else next(iter(variable))


def _snake_case(name: str) -> str:
    """BasicLSTMCell -> basic_lstm_cell, and _Mine -> private_mine: no scope may start with "_"."""
    name = snake_case(name)
    return f"private{name}" if name.startswith("_") else name


def cells_inside(cell: Any) -> Iterator[Any]:
    """The cells that a stack or a wrapper holds itself; those of others in turn are theirs."""
    yield from getattr(cell, "cells", ())
    if (inside := getattr(cell, "cell", None)) is not None:
        yield inside
