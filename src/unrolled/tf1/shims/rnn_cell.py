"""The cells of `tf.nn.rnn_cell` and `tf.contrib.rnn`: `unrolled.cells` under variable scopes.

The arithmetic is that of `unrolled.cells`. Added here is what programs of TensorFlow 1 rely on:
arguments in their order of 1.0 and of 1.15, `reuse`, `scope` and `name`, and variables that
`tf.get_variable` makes at the first call, under the names of TensorFlow 1,

    rnn/basic_lstm_cell/kernel:0        # scope of the unroll / the cell / the variable

so that the initialiser, the regulariser and the reuse of the scopes around them count too.
"""

from __future__ import annotations

import copy
import functools
import inspect
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
from unrolled.contract import RNNCell as TodaysCell
from unrolled.internal.checks import check_state
from unrolled.internal.named import glorot_uniform
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.layers import activation_function


class RNNCell(TodaysCell):
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
    """

    built = False
    trainable = True
    _reuse: Any = None
    _scope: Any = None
    _cell_name: str | None = None
    _cell_dtype: Any = None

    def __init__(
        self,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
        _reuse: Any = None,
        **_ignored_by_layers: Any,
    ):
        super().__init__(_snake_case(type(self).__name__))
        self._set_up(_reuse, name, dtype)
        self.trainable = trainable

    def _set_up(self, reuse: Any, name: str | None = None, dtype: Any = None) -> None:
        self._reuse, self._cell_name = reuse, name
        self._cell_dtype = None if dtype is None else tf.as_dtype(dtype)

    @property
    def name(self) -> str:
        return self._cell_name or _snake_case(type(self).__name__)

    @property
    def dtype(self) -> Any:
        return self._cell_dtype

    @property
    def weights(self) -> list[tf.Variable]:
        return list(self.variables)

    @property
    def trainable_weights(self) -> list[tf.Variable]:
        return list(self.trainable_variables)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step.

        Args:
          inputs: [B, D].
          state: as `zero_state` makes it.
          scope: a name or scope for the variables (default: the cell's own).

        Returns:
          The output [B, output_size] and the new state.

        Raises:
          NotImplementedError: a subclass defines neither `call` nor `__call__`.
          ValueError: inputs or state do not fit, or `reuse` asks for variables that do not exist,
            or forbids those that do.
        """
        inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
        first = tf.nest.flatten(inputs)[0]
        if self._cell_dtype is None:
            self._cell_dtype = first.dtype
        with self._entered(scope):
            if not self.built:
                self.build(first.shape)
            result = self.call(inputs, state)
            self.built = True
            return result

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """What a subclass computes."""
        raise NotImplementedError(
            f"{type(self).__name__} must define call(inputs, state) or __call__(inputs, state)."
        )

    def build(self, inputs_shape: Any) -> None:  # type: ignore[override]
        """Make the variables for inputs of this shape; here none, since `call` may make them."""
        self.built = True

    @contextmanager
    def _entered(self, scope: Any) -> Iterator[None]:
        """The cell's own variable scope: named at the first call, and the same from then on."""
        if self._scope is None:
            if self._reuse and scope is None:
                where = tf.variable_scope(self.name)
            else:
                where = tf.variable_scope(scope, default_name=self.name)
            with where as self._scope:
                pass
        with tf.variable_scope(self._scope, reuse=self.built or self._reuse):
            yield

    def add_variable(
        self,
        name: str,
        shape: Any,
        dtype: Any = None,
        initializer: Any = None,
        regularizer: Any = None,
        trainable: bool = True,
        **_ignored_by_layers: Any,
    ) -> tf.Variable:
        """`tf.get_variable` in the cell's scope, as layers call it."""
        return tf.get_variable(
            name,
            shape,
            dtype or self._cell_dtype,
            initializer,
            regularizer,
            trainable=trainable and self.trainable,
        )

    add_weight = add_variable

    def __deepcopy__(self, memo: dict[int, Any]) -> RNNCell:
        """A cell of the same settings without variables; tensors are shared."""
        twin = memo[id(self)] = type(self).__new__(type(self))
        for name, value in vars(self).items():
            made_since = name in ("built", "_scope", "input_depth") or isinstance(
                value, tf.Variable
            )
            if made_since or name.startswith("_self_"):  # what tf.Module keeps for itself
                continue
            shared = tf.is_tensor(value)
            object.__setattr__(twin, name, value if shared else copy.deepcopy(value, memo))
        return twin

    def get_initial_state(
        self, inputs: Any = None, batch_size: Any = None, dtype: Any = None
    ) -> Any:
        """A state of zeros.

        Args:
          inputs: [B, ...], whose B and dtype count (default: `batch_size` and `dtype` count).
          batch_size: B.
          dtype: of the state.
        """
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            batch_size, dtype = tf.shape(inputs)[0], inputs.dtype
        return self.zero_state(batch_size, dtype)

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> tf.Variable:
        # As in TensorFlow 1, the scope's initialiser comes before the default one.
        chosen = None if initializer is glorot_uniform else initializer
        return self.add_variable(name, shape, dtype, chosen)


def _snake_case(name: str) -> str:
    """BasicLSTMCell -> basic_lstm_cell, the rule by which TensorFlow 1 named layers."""
    name = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    return f"private{name}" if name.startswith("_") else name  # no scope may start with "_"


class FusedCell(RNNCell):
    """The base of the cells below: variables and step are those of a cell of `unrolled.cells`."""

    def build(self, inputs_shape: Any) -> None:  # type: ignore[override]
        depth = tf.dimension_value(inputs_shape[-1])
        if depth is None:
            raise ValueError(
                f"inputs of {type(self).__name__} must be [B, D] with a known depth D; "
                f"got shape {inputs_shape}."
            )
        self.make_variables(depth, self._cell_dtype)
        self.input_depth = depth
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        depth = size_of(inputs, -1)
        if depth is not None:
            self.check_depth(depth)
        return self.step(inputs, check_state(state, self.state_size, None, inputs.dtype))

    @property
    def _num_units(self) -> int:
        return self.num_units

    @property
    def _activation(self) -> Any:
        return self.activation


def _takes_input_size(init: Callable[..., None]) -> Callable[..., None]:
    """Let `init` take the unused argument `input_size`, which 1.0 and 1.1 still had.

    In positional calls it was in the place of a flag or an activation of the later signature. It
    is recognised by its type: a whole number, or a None in the place of a flag or in front of an
    activation.
    """
    parameters = list(inspect.signature(init).parameters.values())
    at = next(
        i for i, p in enumerate(parameters) if p.name == "activation" or isinstance(p.default, bool)
    )
    is_flag = parameters[at].name != "activation"

    @functools.wraps(init)
    def wrapped(self: Any, *positional: Any, input_size: Any = None, **keywords: Any) -> None:
        got = (self, *positional)
        if len(got) > at:
            is_size = isinstance(got[at], int) and not isinstance(got[at], bool)
            activation_follows = len(got) > at + 1 and callable(got[at + 1])
            if is_size or (got[at] is None and (is_flag or activation_follows)):
                got = got[:at] + got[at + 1 :]
        init(*got, **keywords)

    # Programs looked for `reuse` in the signature to find out which release they ran on.
    vars(wrapped)["__signature__"] = inspect.signature(init)
    return wrapped


class BasicRNNCell(FusedCell, today.BasicRNNCell):
    """`unrolled.BasicRNNCell` as a cell of TensorFlow 1: h' = tanh([x, h] K + b).

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      As `unrolled.BasicRNNCell`.
    """

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        today.BasicRNNCell.__init__(self, num_units, activation_function(activation))
        self._set_up(reuse, name, dtype)


class BaseLSTM(FusedCell, today.LSTMCell):
    """The base of the LSTM cells: the private attributes that programs' subclasses read."""

    @property
    def _forget_bias(self) -> float:
        return self.forget_bias

    @property
    def _state_is_tuple(self) -> bool:
        return self.state_is_tuple


class BasicLSTMCell(BaseLSTM):
    """`unrolled.BasicLSTMCell` as a cell of TensorFlow 1, with the same defaults.

    Args:
      num_units: U.
      forget_bias: added to f before the sigmoid (default: 1.0).
      state_is_tuple: False joins c and h to one tensor [B, 2U] (default: True).
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      As `unrolled.BasicLSTMCell`.
    """

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        today.LSTMCell.__init__(
            self,
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation_function(activation),
        )
        self._set_up(reuse, name, dtype)


class LSTMCell(BaseLSTM):
    """`unrolled.LSTMCell` as a cell of TensorFlow 1, with the same defaults.

    Args:
      num_units, use_peepholes, cell_clip, num_proj, proj_clip, forget_bias, state_is_tuple: as for
        `unrolled.LSTMCell`.
      initializer: of the kernels (default: that of the variable scope).
      num_unit_shards, num_proj_shards: ignored, as TensorFlow did from 1.2 on: each matrix is one
        variable.
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int | None = None,
        num_proj_shards: int | None = None,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        today.LSTMCell.__init__(
            self,
            num_units,
            use_peepholes,
            cell_clip,
            initializer,
            num_proj,
            proj_clip if num_proj else None,
            forget_bias,
            state_is_tuple,
            activation_function(activation),
        )
        self._set_up(reuse, name, dtype)


class GRUCell(FusedCell, today.GRUCell):
    """`unrolled.GRUCell` as a cell of TensorFlow 1.

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer, bias_initializer: as for `unrolled.GRUCell` (default of the kernels: that
        of the variable scope).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      As `unrolled.GRUCell`.
    """

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        today.GRUCell.__init__(
            self, num_units, activation_function(activation), kernel_initializer, bias_initializer
        )
        self._set_up(reuse, name, dtype)
