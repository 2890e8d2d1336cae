"""The cells of `tf.nn.rnn_cell` and `tf.contrib.rnn`: `unrolled.cells` under variable scopes.

The arithmetic is that of `unrolled.cells`. Added here is what programs of TensorFlow 1 rely on:
arguments in their order of 1.0 and of 1.15, `reuse`, `scope` and `name`, and variables that
`tf.get_variable` makes at the first call, under the names of TensorFlow 1,

    rnn/basic_lstm_cell/kernel:0        # scope of the unroll / the cell / the variable

so that the initialiser, the regulariser and the reuse of the scopes around them count too.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
from unrolled.tf1.shims import release
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as
from unrolled.tf1.shims.cells.configs import initializer_given
from unrolled.tf1.shims.layers.core import activation_function

__all__ = ["BasicLSTMCell", "BasicRNNCell", "GRUCell", "LSTMCell", "RNNCell"]


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
      reuse, name, dtype, layer: as `_reuse` and the others of `RNNCell`.

    Raises:
      As `unrolled.BasicRNNCell`.
    """

    _in_config = ("num_units", "activation")

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **layer: Any,
    ):
        today.BasicRNNCell.__init__(self, num_units, activation_function(activation))
        self._set_up(reuse, name, dtype, **layer)


class BaseLSTM(FusedCell, today.LSTMCell):
    """The base of the LSTM cells: what the subclasses in programs read."""

    _forget_bias = known_as("forget_bias")
    _state_is_tuple = known_as("state_is_tuple")
    _use_peepholes = known_as("use_peepholes")
    _cell_clip = known_as("cell_clip")
    _initializer = known_as("initializer")
    _num_proj = known_as("num_proj")
    _proj_clip = known_as("proj_clip")
    _w_f_diag = known_as("w_f_diag")
    _w_i_diag = known_as("w_i_diag")
    _w_o_diag = known_as("w_o_diag")
    _proj_kernel = known_as("projection_kernel")


class BasicLSTMCell(BaseLSTM):
    """`unrolled.BasicLSTMCell` as a cell of TensorFlow 1, with the same defaults.

    Args:
      num_units: U.
      forget_bias: added to f before the sigmoid (default: 1.0).
      state_is_tuple: False joins c and h to one tensor [B, 2U] (default: True).
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype, layer: as `_reuse` and the others of `RNNCell`.

    Raises:
      As `unrolled.BasicLSTMCell`.
    """

    _in_config = ("num_units", "forget_bias", "state_is_tuple", "activation")

    @_takes_input_size
    @release.with_its_state
    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **layer: Any,
    ):
        today.LSTMCell.__init__(
            self,
            num_units,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation_function(activation),
        )
        self._set_up(reuse, name, dtype, **layer)


class LSTMCell(BaseLSTM):
    """`unrolled.LSTMCell` as a cell of TensorFlow 1, with the same defaults.

    Args:
      num_units, use_peepholes, cell_clip, num_proj, proj_clip, forget_bias, state_is_tuple: as for
        `unrolled.LSTMCell`.
      initializer: of the kernels (default: that of the variable scope).
      num_unit_shards, num_proj_shards: in how many parts, each a variable of its own, the rows of
        the kernel and of the projection are cut (default: what the scope says).
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype, layer: as `_reuse` and the others of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    _in_config = (
        *("num_units", "use_peepholes", "cell_clip", "initializer", "num_proj", "proj_clip"),
        *("num_unit_shards", "num_proj_shards", "forget_bias", "state_is_tuple", "activation"),
    )

    @_takes_input_size
    @release.with_its_state
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
        **layer: Any,
    ):
        today.LSTMCell.__init__(
            self,
            num_units,
            use_peepholes,
            cell_clip,
            initializer_given(initializer),
            num_proj,
            proj_clip if num_proj else None,
            forget_bias,
            state_is_tuple,
            activation_function(activation),
        )
        self._set_up(reuse, name, dtype, **layer)
        self.num_unit_shards, self.num_proj_shards = num_unit_shards, num_proj_shards
        self._state_size, self._output_size = self.state_size, self.output_size

    _num_unit_shards = known_as("num_unit_shards")
    _num_proj_shards = known_as("num_proj_shards")

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> Any:
        parts = {"kernel": self.num_unit_shards, "projection/kernel": self.num_proj_shards}
        if parts.get(name) is None:
            return super().make_variable(name, shape, initializer, dtype)
        cut = tf.fixed_size_partitioner(parts[name])
        given = self.initializer and initializer
        return self.add_variable(name, shape, dtype, given, partitioner=cut)


class BaseGRU(FusedCell, today.GRUCell):
    """The base of the GRU cells: what the subclasses in programs read."""

    _gate_kernel = known_as("gate_kernel")
    _gate_bias = known_as("gate_bias")
    _candidate_kernel = known_as("candidate_kernel")
    _candidate_bias = known_as("candidate_bias")
    _kernel_initializer = known_as("kernel_initializer")
    _bias_initializer = known_as("bias_initializer")


class GRUCell(BaseGRU):
    """`unrolled.GRUCell` as a cell of TensorFlow 1.

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer, bias_initializer: as for `unrolled.GRUCell` (default of the kernels: that
        of the variable scope).
      reuse, name, dtype, layer: as `_reuse` and the others of `RNNCell`.

    Raises:
      As `unrolled.GRUCell`.
    """

    _in_config = ("num_units", "activation", "kernel_initializer", "bias_initializer")

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
        **layer: Any,
    ):
        today.GRUCell.__init__(
            self,
            num_units,
            activation_function(activation),
            initializer_given(kernel_initializer),
            initializer_given(bias_initializer),
        )
        self._set_up(reuse, name, dtype, **layer)
