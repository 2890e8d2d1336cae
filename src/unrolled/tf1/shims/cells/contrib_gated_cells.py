"""The gated cells that only `tf.contrib.rnn` had: their state is one tensor [B, U].

In the equations σ is the sigmoid, K and V are kernels and b is a bias; the letters are those of
`unrolled.cells`. The IndRNN and the Indy cells have a vector u [1, k] where others have a matrix
for the state: each unit reads its own state alone.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_count
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as
from unrolled.tf1.shims.cells.configs import initializer_given
from unrolled.tf1.shims.layers.core import activation_function

ZEROS = tf.zeros_initializer()
ONES = tf.ones_initializer()


class UnitsCell(FusedCell):
    """A cell of U units whose state and output are [B, U], for those below."""

    _forget_bias = known_as("forget_bias")
    _initializer = known_as("initializer")

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
        **layer: Any,
    ):
        RNNCell.__init__(self, name=name, dtype=dtype, _reuse=reuse, **layer)
        self.num_units = check_count(num_units, "num_units")
        self.activation = activation_function(activation) or tf.tanh

    @property
    def state_size(self) -> Any:
        return self.num_units

    @property
    def output_size(self) -> Any:
        return self.num_units


class UGRNNCell(UnitsCell):
    """The update gate RNN, between a basic cell and a GRU.

        g, c = blocks of [x, h] K + b
        h' = σ(g + forget_bias) · h + (1 - σ(g + forget_bias)) · tanh(c)

    Collins, Sohl-Dickstein and Sussillo (2017). `kernel` [D+U, 2U], `bias` [2U].

    Args:
      num_units: U.
      initializer: of the kernel (default: that of the variable scope).
      forget_bias: added to g (default: 1.0).
      activation: a function or its name in tf.nn (default: tanh).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        forget_bias: float = 1.0,
        activation: Any = tf.tanh,
        reuse: Any = None,
    ):
        super().__init__(num_units, activation, reuse)
        self.initializer, self.forget_bias = initializer_given(initializer), forget_bias

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units = self.num_units
        shape = [input_depth + units, 2 * units]
        self.kernel = self.add_variable("kernel", shape, dtype, self.initializer)
        self.bias = self.add_whole_bias("bias", 2 * units, dtype)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        joined = tf.concat([inputs, state], 1)  # [B, D+U]
        g, c = tf.split(tf.matmul(joined, self.kernel) + self.bias, 2, axis=1)
        g = tf.sigmoid(g + self.forget_bias)
        new_h = g * state + (1 - g) * self.activation(c)  # [B, U]
        return new_h, new_h


class IntersectionRNNCell(UnitsCell):
    """A cell with two gated paths: one through time, and one from input to output.

        g_h, h̃, g_y, ỹ = blocks of [x, h] K + b
        h' = σ(g_h + forget_bias) · h + (1 - σ(g_h + forget_bias)) · tanh(h̃)
        y  = σ(g_y + forget_bias) · x + (1 - σ(g_y + forget_bias)) · relu(ỹ)

    Collins, Sohl-Dickstein and Sussillo (2017). `kernel` [2U, 4U], `bias` [4U]. Where D is not U,
    x is first projected to [B, U], by `in_projection/kernel` and `in_projection/bias`.

    Args:
      num_units: U.
      num_in_proj: any number but 0 allows the projection (default: none).
      initializer: of the kernels (default: that of the variable scope).
      forget_bias: added to both gates (default: 1.0).
      y_activation: the function on ỹ (default: relu).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1, or D is not U and `num_in_proj`
        is not given.
    """

    _y_activation = known_as("y_activation")
    projection: Any = None

    def __init__(
        self,
        num_units: int,
        num_in_proj: int | None = None,
        initializer: Any = None,
        forget_bias: float = 1.0,
        y_activation: Any = tf.nn.relu,
        reuse: Any = None,
    ):
        super().__init__(num_units, None, reuse)
        self.num_in_proj, self.y_activation = num_in_proj, activation_function(y_activation)
        self.initializer, self.forget_bias = initializer_given(initializer), forget_bias

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units = self.num_units
        if input_depth != units:
            if not self.num_in_proj:
                raise ValueError(
                    f"inputs of an IntersectionRNNCell must be [B, {units}], as its outputs; got "
                    f"depth {input_depth}; give num_in_proj={units}."
                )
            name, shape = "in_projection", [input_depth, units]
            kernel = self.add_variable(f"{name}/kernel", shape, dtype, self.initializer)
            self.projection = kernel, self.add_whole_bias(f"{name}/bias", units, dtype)
        self.kernel = self.add_variable("kernel", [2 * units, 4 * units], dtype, self.initializer)
        self.bias = self.add_whole_bias("bias", 4 * units, dtype)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if self.projection:
            inputs = tf.matmul(inputs, self.projection[0]) + self.projection[1]  # [B, D] -> [B, U]
        joined = tf.concat([inputs, state], 1)  # [B, 2U]
        g_h, h, g_y, y = tf.split(tf.matmul(joined, self.kernel) + self.bias, 4, axis=1)
        g_h, g_y = tf.sigmoid(g_h + self.forget_bias), tf.sigmoid(g_y + self.forget_bias)
        new_h = g_h * state + (1 - g_h) * tf.tanh(h)
        return g_y * inputs + (1 - g_y) * self.y_activation(y), new_h


class SRUCell(UnitsCell):
    """The simple recurrent unit, whose products do not wait for the state.

        x̃, f, r, x̂ = blocks of x K
        c' = σ(f + b_f) · c + (1 - σ(f + b_f)) · x̃
        h' = σ(r + b_r) · tanh(c') + (1 - σ(r + b_r)) · x̂

    Lei, Zhang, Wang, Dai and Artzi (2018). `kernel` [D, 4U], `bias` [2U]; the state is c.

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, layer: as `_reuse` and the others of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        **layer: Any,
    ):
        super().__init__(num_units, activation, reuse, name, **layer)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.kernel = self.add_variable("kernel", [input_depth, 4 * self.num_units], dtype)
        self.bias = self.add_variable("bias", [2 * self.num_units], dtype, ZEROS)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        x, f, r, passed = tf.split(tf.matmul(inputs, self.kernel), 4, axis=1)  # [B, U] each
        f, r = tf.split(tf.sigmoid(tf.concat([f, r], 1) + self.bias), 2, axis=1)
        new_c = f * state + (1 - f) * x
        return r * self.activation(new_c) + (1 - r) * passed, new_c


class _KerasStyleCell(UnitsCell):
    """A cell whose size is called `units`, with Keras's names for initialisers."""

    units = known_as("num_units")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "ones",
        name: str | None = None,
        dtype: Any = None,
        **layer: Any,
    ):
        super().__init__(units, activation, name=name, dtype=dtype, **layer)
        self.kernel_initializer = initializer_given(kernel_initializer)
        self.bias_initializer = initializer_given(bias_initializer)


class MinimalRNNCell(_KerasStyleCell):
    """The minimal RNN: the input is mapped once, and a gate mixes it into the state.

        z = tanh(x K_x),   u = σ([z, h] K_u + b)
        h' = u · h + (1 - u) · z

    Chen (2017). `kernel` [D+2U, U] holds K_x above K_u; `bias` [U].

    Args:
      units: U.
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer, bias_initializer: functions or names (default: Glorot uniform and ones).
      name, dtype, layer: as for `RNNCell`.

    Raises:
      ValueError: `units` is not a whole number of at least 1.
    """

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        shape = [input_depth + 2 * self.num_units, self.num_units]
        self.kernel = self.add_variable("kernel", shape, dtype, self.kernel_initializer)
        self.bias = self.add_variable("bias", [self.num_units], dtype, self.bias_initializer)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        depth = tf.dimension_value(inputs.shape[1])
        kernel_x, kernel_u = tf.split(self.kernel, [depth, 2 * self.num_units])
        z = self.activation(tf.matmul(inputs, kernel_x))  # [B, D] @ [D, U]
        u = tf.sigmoid(tf.matmul(tf.concat([z, state], 1), kernel_u) + self.bias)
        new_h = u * state + (1 - u) * z
        return new_h, new_h


class CFNCell(_KerasStyleCell):
    """The chaos free network, whose state without inputs goes to zero.

        θ, η = blocks of σ(h V + x K_g + b)
        h' = θ · tanh(h) + (1 - η) · tanh(x K_c)

    Laurent and von Brecht (2017), but for the 1 in front of η. `kernel` [D, 3U] holds K_g beside
    K_c; `recurrent_kernel` V [U, 2U], `bias` [2U].

    Args:
      units: U.
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer, bias_initializer: functions or names (default: Glorot uniform and ones).
      name, dtype, layer: as for `RNNCell`.

    Raises:
      ValueError: `units` is not a whole number of at least 1.
    """

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units, start = self.num_units, self.kernel_initializer
        self.kernel = self.add_variable("kernel", [input_depth, 3 * units], dtype, start)
        self.recurrent_kernel = self.add_variable(
            "recurrent_kernel", [units, 2 * units], dtype, start
        )
        self.bias = self.add_variable("bias", [2 * units], dtype, self.bias_initializer)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        theta, eta, candidate = tf.split(tf.matmul(inputs, self.kernel), 3, axis=1)
        gates = tf.matmul(state, self.recurrent_kernel) + tf.concat([theta, eta], 1) + self.bias
        theta, eta = tf.split(tf.sigmoid(gates), 2, axis=1)
        new_h = theta * self.activation(state) + (1 - eta) * self.activation(candidate)
        return new_h, new_h


class IndRNNCell(UnitsCell):
    """The independently recurrent network: h' = tanh(x K + u · h + b).

    Li, Li, Cook, Zhu and Gao (2018). `kernel_w` K [D, U], `kernel_u` u [1, U], `bias` [U].

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

    _kernel_w = known_as("kernel_w")
    _kernel_u = known_as("kernel_u")

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.kernel_w, self.kernel_u = _independent(self, "kernel_w", "kernel_u", input_depth, 1)
        self.bias = self.add_variable("bias", [self.num_units], dtype, ZEROS)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        new_h = self.activation(
            tf.matmul(inputs, self.kernel_w) + state * self.kernel_u + self.bias
        )
        return new_h, new_h


class IndyGRUCell(UnitsCell):
    """A GRU whose units read their own states alone.

        r, u = blocks of σ(x K_g + u_g · [h, h] + b_g)
        h' = u · h + (1 - u) · tanh(x K_c + u_c · r · h + b_c)

    Gonnet and Deselaers (2019). `gates/kernel_w`, `gates/kernel_u`, `gates/bias`,
    `candidate/kernel`, `candidate/kernel_u`, `candidate/bias`.

    Args:
      num_units: U.
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer: of the kernels (default: that of the variable scope).
      bias_initializer: of the biases (default: ones for the gates, zeros for the candidate).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

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
        super().__init__(num_units, activation, reuse, name, dtype)
        self.kernel_initializer = initializer_given(kernel_initializer)
        self.bias_initializer = initializer_given(bias_initializer)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units, bias, kernel = self.num_units, self.bias_initializer, self.kernel_initializer
        self.gate_kernels = _independent(
            self, "gates/kernel_w", "gates/kernel_u", input_depth, 2, kernel
        )
        self.gate_bias = self.add_variable("gates/bias", [2 * units], dtype, bias or ONES)
        self.candidate_kernels = _independent(
            self, "candidate/kernel", "candidate/kernel_u", input_depth, 1, kernel
        )
        self.candidate_bias = self.add_variable("candidate/bias", [units], dtype, bias or ZEROS)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        kernel_w, kernel_u = self.gate_kernels
        gates = tf.matmul(inputs, kernel_w) + tf.tile(state, [1, 2]) * kernel_u + self.gate_bias
        r, u = tf.split(tf.sigmoid(gates), 2, axis=1)
        kernel_w, kernel_u = self.candidate_kernels
        candidate = tf.matmul(inputs, kernel_w) + r * state * kernel_u + self.candidate_bias
        new_h = u * state + (1 - u) * self.activation(candidate)
        return new_h, new_h


class IndyLSTMCell(UnitsCell):
    """An LSTM whose units read their own states alone: `BasicLSTMCell` with u · [h, h, h, h].

    Gonnet and Deselaers (2019). `kernel_w` [D, 4U], `kernel_u` [1, 4U], `bias` [4U].

    Args:
      num_units: U.
      forget_bias: added to f before the sigmoid (default: 1.0).
      activation: a function or its name in tf.nn (default: tanh).
      kernel_initializer: of the kernel (default: that of the variable scope).
      bias_initializer: of the bias (default: zeros).
      reuse, name, dtype: as `_reuse`, `name` and `dtype` of `RNNCell`.

    Raises:
      ValueError: `num_units` is not a whole number of at least 1.
    """

    _kernel_w = known_as("kernel_w")
    _kernel_u = known_as("kernel_u")

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        activation: Any = None,
        reuse: Any = None,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        super().__init__(num_units, activation, reuse, name, dtype)
        self.forget_bias = forget_bias
        self.kernel_initializer = initializer_given(kernel_initializer)
        self.bias_initializer = initializer_given(bias_initializer)

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.num_units, self.num_units)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.kernel_w, self.kernel_u = _independent(
            self, "kernel_w", "kernel_u", input_depth, 4, self.kernel_initializer
        )
        start = self.bias_initializer or ZEROS
        self.bias = self.add_variable("bias", [4 * self.num_units], dtype, start)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        gates = tf.matmul(inputs, self.kernel_w) + tf.tile(h, [1, 4]) * self.kernel_u + self.bias
        i, j, f, o = tf.split(gates, 4, axis=1)  # [B, U] each
        new_c = c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * self.activation(j)
        new_h = self.activation(new_c) * tf.sigmoid(o)
        return new_h, LSTMStateTuple(new_c, new_h)


def _independent(
    cell: UnitsCell, w: str, u: str, depth: int, blocks: int, initializer: Any = None
) -> tuple[Any, Any]:
    """A matrix for the inputs and a vector for the state, `blocks` times U wide."""
    wide = blocks * cell.num_units
    start = tf.random_uniform_initializer(-1, 1)
    kernel = cell.add_variable(w, [depth, wide], initializer=initializer)
    return kernel, cell.add_variable(u, [1, wide], initializer=start)
