"""The cells of `tf.nn.rnn_cell` and `tf.contrib.rnn`: `unrolled.cells` under variable scopes.

The arithmetic is that of `unrolled.cells`. Added here is what programs of TensorFlow 1 count on:
arguments in their order of 1.0 and of 1.15, `reuse`, `scope` and `name`, and variables that
`tf.get_variable` makes at the first call, under the names they had,

    rnn/basic_lstm_cell/kernel:0        # scope of the unroll / the cell / the variable

so that initialisers, regularisers and reuse of the scopes around them count too.
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
from unrolled.checks import check_count, check_state, size_of


class RNNCell(today.RNNCell):
    """The base class of TensorFlow 1's cells, for programs that make their own.

    A cell gives `state_size`, `output_size` and either `call(inputs, state)`, with its variables
    made there or in `build(inputs_shape)`, or, in the way of the first releases, the whole of
    `__call__(inputs, state, scope=None)`. It need not call this `__init__`.

    Args:
      trainable: whether the variables join the collection of trainable ones.
      name: the cell's part of the variables' names; the class's name in snake case by default.
      dtype: of the variables, that of the first inputs by default.
      _reuse: take variables that are there and make none; tf.AUTO_REUSE makes what is missing.
    """

    built = False
    trainable = True
    _input_depth: Any = None
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
        """One time step: inputs [B, D] and a state give the output and the next state.

        Args:
          scope: a name or scope for the variables in place of the cell's own.
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
        """Make the variables for inputs of this shape; nothing where `call` makes them."""
        self.built = True

    @contextmanager
    def _entered(self, scope: Any) -> Iterator[None]:
        """The cell's own variable scope: named at the first call, the same one ever after."""
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
        """A cell of the same settings and without variables yet; tensors are shared."""
        twin = memo[id(self)] = type(self).__new__(type(self))
        for name, value in vars(self).items():
            made_since = name in ("built", "_scope", "_input_depth") or isinstance(
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
        """A state of zeros, for the batch and the dtype of `inputs` where they are given."""
        if inputs is not None:
            inputs = tf.convert_to_tensor(inputs)
            batch_size, dtype = tf.shape(inputs)[0], inputs.dtype
        return self.zero_state(batch_size, dtype)

    def _variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> tf.Variable:
        # The scope's own initialiser comes before the package's default, as it came before theirs.
        chosen = None if initializer is today.glorot_uniform else initializer
        return self.add_variable(name, shape, dtype, chosen)


def _snake_case(name: str) -> str:
    """BasicLSTMCell -> basic_lstm_cell, the rule by which TensorFlow 1 named layers."""
    name = re.sub("(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
    return f"private{name}" if name.startswith("_") else name  # no scope may start with "_"


class _FusedCell(RNNCell):
    """What the cells below share: variables and step are those of a cell of `unrolled.cells`."""

    def build(self, inputs_shape: Any) -> None:  # type: ignore[override]
        depth = tf.dimension_value(inputs_shape[-1])
        if depth is None:
            raise ValueError(
                f"inputs of {type(self).__name__} must be [B, D] with a known depth D; "
                f"got shape {inputs_shape}."
            )
        self.make_variables(depth, self._cell_dtype)
        self._input_depth = depth
        self.built = True

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if size_of(inputs, -1) is not None:
            self._check_depth(size_of(inputs, -1))
        return self.step(inputs, check_state(state, self.state_size, None, inputs.dtype))

    @property
    def _num_units(self) -> int:
        return self.num_units

    @property
    def _activation(self) -> Any:
        return self.activation


def _takes_input_size(init: Callable[..., None]) -> Callable[..., None]:
    """Let `init` take the unused argument `input_size`, which 1.0 and 1.1 still had.

    In positional calls it stood where the later signature has a flag or an activation, and is told
    from these by what came: a whole number, or a None where a flag belongs or that an activation
    follows.
    """
    parameters = list(inspect.signature(init).parameters.values())
    at = next(
        i for i, p in enumerate(parameters) if p.name == "activation" or isinstance(p.default, bool)
    )
    is_flag = parameters[at].name != "activation"

    @functools.wraps(init)
    def wrapped(self: Any, *positional: Any, input_size: Any = None, **keywords: Any) -> None:
        came = (self, *positional)
        if len(came) > at:
            is_size = isinstance(came[at], int) and not isinstance(came[at], bool)
            activation_follows = len(came) > at + 1 and callable(came[at + 1])
            if is_size or (came[at] is None and (is_flag or activation_follows)):
                came = came[:at] + came[at + 1 :]
        init(*came, **keywords)

    # Programs looked for `reuse` here to tell the releases apart.
    vars(wrapped)["__signature__"] = inspect.signature(init)
    return wrapped


class BasicRNNCell(_FusedCell, today.BasicRNNCell):
    """`unrolled.BasicRNNCell` as a cell of TensorFlow 1: h' = tanh([x, h] K + b)."""

    @_takes_input_size
    def __init__(
        self,
        num_units: int,
        activation: Any = None,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        today.BasicRNNCell.__init__(self, num_units, _function(activation))
        self._set_up(reuse, name, dtype)


class _LSTM(_FusedCell, today.LSTMCell):
    """What the LSTM cells share: the attributes that subclasses of them read."""

    @property
    def _forget_bias(self) -> float:
        return self.forget_bias

    @property
    def _state_is_tuple(self) -> bool:
        return self.state_is_tuple


class BasicLSTMCell(_LSTM):
    """`unrolled.BasicLSTMCell` as a cell of TensorFlow 1."""

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
            activation=_function(activation),
        )
        self._set_up(reuse, name, dtype)


class LSTMCell(_LSTM):
    """`unrolled.LSTMCell` as a cell of TensorFlow 1.

    The numbers of shards are taken for the sake of old programs: TensorFlow has ignored them since
    1.2, and each matrix is one variable.
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
            _function(activation),
        )
        self._set_up(reuse, name, dtype)


class LSTMBlockCell(_LSTM):
    """The LSTM that was one fused kernel; here it is `unrolled.LSTMCell`, with the same weights."""

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        cell_clip: float | None = None,
        use_peephole: bool = False,
        dtype: Any = None,
        reuse: Any = None,
        name: str | None = "lstm_cell",
    ):
        # The fused kernel took -1 for "do not clip".
        clip = cell_clip if cell_clip is not None and cell_clip > 0 else None
        today.LSTMCell.__init__(self, num_units, use_peephole, clip, forget_bias=forget_bias)
        self._set_up(reuse, name, dtype)


class LayerNormBasicLSTMCell(_LSTM):
    """An LSTM whose gates and memory are normalised over the units of each row.

        i, j, f, o = LN(blocks of [x, h] K)
        c' = LN(c · σ(f + forget_bias) + σ(i) · dropout(tanh(j)))
        h' = tanh(c') · σ(o)
        LN(a) = (a - mean(a)) / deviation(a) · gamma + beta

    Ba, Kiros and Hinton (2016); the dropout, which leaves the memory whole, is that of Semeniuta,
    Severyn and Barth (2016). Each LN has a `gamma` and a `beta` [U] of its own, in the scopes
    `input`, `transform`, `forget`, `output` and `state`.

    Args:
      input_size: taken for the sake of old programs.
      layer_norm: False for LN(a) = a and, in its place, a `bias` of the gates.
      norm_gain, norm_shift: where gamma and beta start.
      dropout_keep_prob: the share of tanh(j) that is kept, a number or a tensor.
    """

    def __init__(
        self,
        num_units: int,
        forget_bias: float = 1.0,
        input_size: Any = None,
        activation: Any = tf.tanh,
        layer_norm: bool = True,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        dropout_keep_prob: Any = 1.0,
        dropout_prob_seed: int | None = None,
        reuse: Any = None,
    ):
        today.LSTMCell.__init__(self, num_units, forget_bias=forget_bias, activation=activation)
        self._set_up(reuse)
        self.layer_norm, self.norm_gain, self.norm_shift = layer_norm, norm_gain, norm_shift
        self.keep_prob, self.seed = dropout_keep_prob, dropout_prob_seed

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units, glorot = self.num_units, today.glorot_uniform
        self.kernel = self._variable("kernel", [input_depth + units, 4 * units], glorot, dtype)
        if not self.layer_norm:
            self.bias = self._variable("bias", [4 * units], glorot, dtype)  # as theirs did
            return
        gain = tf.constant_initializer(self.norm_gain)
        shift = tf.constant_initializer(self.norm_shift)
        for part in ("input", "transform", "forget", "output", "state"):
            setattr(self, f"{part}_gamma", self._variable(f"{part}/gamma", [units], gain, dtype))
            setattr(self, f"{part}_beta", self._variable(f"{part}/beta", [units], shift, dtype))

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        gates = tf.matmul(tf.concat([inputs, h], 1), self.kernel)  # [B, D+U] @ [D+U, 4U]
        if not self.layer_norm:
            gates += self.bias
        i, j, f, o = tf.split(gates, 4, axis=1)  # [B, 4U] -> four times [B, U]
        i, f, o = self._norm("input", i), self._norm("forget", f), self._norm("output", o)
        candidate = self.activation(self._norm("transform", j))
        if tf.is_tensor(self.keep_prob) or self.keep_prob < 1:
            candidate = tf.nn.dropout(candidate, rate=1 - self.keep_prob, seed=self.seed)
        new_c = c * tf.sigmoid(f + self.forget_bias) + tf.sigmoid(i) * candidate
        new_c = self._norm("state", new_c)
        new_h = self.activation(new_c) * tf.sigmoid(o)
        return new_h, today.LSTMStateTuple(new_c, new_h)

    def _norm(self, part: str, x: Any) -> Any:
        """LN of [B, U], each row for itself."""
        if not self.layer_norm:
            return x
        mean, variance = tf.nn.moments(x, [1], keepdims=True)  # [B, 1]
        gamma, beta = getattr(self, f"{part}_gamma"), getattr(self, f"{part}_beta")
        epsilon = 1e-3 if x.dtype == tf.float16 else 1e-12
        return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


class GRUCell(_FusedCell, today.GRUCell):
    """`unrolled.GRUCell` as a cell of TensorFlow 1."""

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
            self, num_units, _function(activation), kernel_initializer, bias_initializer
        )
        self._set_up(reuse, name, dtype)


class GRUBlockCellV2(_FusedCell, today.GRUCell):
    """The GRU that was one fused kernel; here it is `unrolled.GRUCell`, with the same weights."""

    def __init__(
        self,
        num_units: int | None = None,
        cell_size: int | None = None,
        reuse: Any = None,
        name: str | None = "gru_cell",
    ):
        units = cell_size if num_units is None else num_units
        if units is None or (num_units is not None and cell_size is not None):
            raise ValueError(
                f"{type(self).__name__} needs num_units, or cell_size, its name before 1.3, and "
                f"not both; got num_units={num_units} and cell_size={cell_size}."
            )
        today.GRUCell.__init__(self, units)
        self._set_up(reuse, name)


class GRUBlockCell(GRUBlockCellV2):
    """`GRUBlockCellV2` with the variables' names that it had: w_ru, b_ru, w_c, b_c."""

    _NAMES = {
        "gates/kernel": "w_ru",
        "gates/bias": "b_ru",
        "candidate/kernel": "w_c",
        "candidate/bias": "b_c",
    }

    def _variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> tf.Variable:
        return super()._variable(self._NAMES[name], shape, initializer, dtype)


class NASCell(_FusedCell):
    """The cell that a search over architectures found, as TensorFlow 1's `tf.contrib.rnn` had it.

        x_1..x_8, h_1..h_8 = blocks of x K, h R + b
        a = tanh(σ(x_1 + h_1) · relu(x_2 + h_2)),   d = tanh(σ(x_3 + h_3) + relu(x_4 · h_4))
        e = tanh(tanh(x_5 + h_5) · σ(x_6 + h_6)),   g = σ(tanh(x_7 + h_7) + σ(x_8 + h_8))
        c' = tanh(a + c) · d
        h' = tanh(c' · tanh(e + g))

    Zoph and Le (2017), figure 8. `kernel` K [D, 8U], `recurrent_kernel` R [P, 8U]; `bias` b [8U]
    only where `use_bias`; P is `num_proj` where it is given and U where it is not.
    """

    def __init__(
        self,
        num_units: int,
        num_proj: int | None = None,
        use_bias: bool = False,
        reuse: Any = None,
        name: str | None = None,
        dtype: Any = None,
    ):
        RNNCell.__init__(self, name=name, dtype=dtype, _reuse=reuse)
        self.num_units = check_count(num_units, "num_units")
        self.num_proj, self.use_bias = num_proj, use_bias

    @property
    def state_size(self) -> Any:
        return today.LSTMStateTuple(self.num_units, self.output_size)

    @property
    def output_size(self) -> int:
        return self.num_proj or self.num_units

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        wide = 8 * self.num_units
        glorot = today.glorot_uniform
        self.recurrent_kernel = self._variable(
            "recurrent_kernel", [self.output_size, wide], glorot, dtype
        )
        self.kernel = self._variable("kernel", [input_depth, wide], glorot, dtype)
        if self.use_bias:
            self.bias = self._variable("bias", [wide], tf.zeros, dtype)
        if self.num_proj:
            self.projection_kernel = self._variable(
                "projection_weights", [self.num_units, self.num_proj], glorot, dtype
            )

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        from_h = tf.matmul(h, self.recurrent_kernel)  # [B, P] @ [P, 8U]
        if self.use_bias:
            from_h += self.bias
        x = tf.split(tf.matmul(inputs, self.kernel), 8, axis=1)  # eight times [B, U]
        h = tf.split(from_h, 8, axis=1)
        a = tf.tanh(tf.sigmoid(x[0] + h[0]) * tf.nn.relu(x[1] + h[1]))
        d = tf.tanh(tf.sigmoid(x[2] + h[2]) + tf.nn.relu(x[3] * h[3]))
        e = tf.tanh(tf.tanh(x[4] + h[4]) * tf.sigmoid(x[5] + h[5]))
        g = tf.sigmoid(tf.tanh(x[6] + h[6]) + tf.sigmoid(x[7] + h[7]))
        new_c = tf.tanh(a + c) * d  # [B, U]
        new_h = tf.tanh(new_c * tf.tanh(e + g))
        if self.num_proj:
            new_h = tf.matmul(new_h, self.projection_kernel)  # [B, U] @ [U, P]
        return new_h, today.LSTMStateTuple(new_c, new_h)


def _function(activation: Any) -> Any:
    """An activation given by name, as 1.13 and later took it."""
    return getattr(tf.nn, activation) if isinstance(activation, str) else activation


class Linear:
    """[x_1, x_2, ...] K + b, made once and called often: what was the private `_Linear`.

    Args:
      args: a tensor [B, D] or a list of such, joined along D; here only depths and dtype count.
      output_size: the number of columns of K.
      build_bias: whether to make and add b.
      bias_initializer: zeros where it is left out.
      kernel_initializer: the scope's own where it is left out.
    """

    def __init__(
        self,
        args: Any,
        output_size: int,
        build_bias: bool,
        bias_initializer: Any = None,
        kernel_initializer: Any = None,
    ):
        x = _joined(args)
        shape = [size_of(x, 1), output_size]
        self.kernel = tf.get_variable("kernel", shape, x.dtype, kernel_initializer)
        self.bias = None
        if build_bias:
            start = bias_initializer or tf.zeros_initializer()
            self.bias = tf.get_variable("bias", [output_size], x.dtype, start)

    def __call__(self, args: Any) -> tf.Tensor:
        """One product, [B, D] -> [B, output_size]."""
        product = tf.matmul(_joined(args), self.kernel)
        return product if self.bias is None else product + self.bias


def linear(
    args: Any,
    output_size: int,
    bias: bool,
    bias_initializer: Any = None,
    kernel_initializer: Any = None,
    scope: Any = None,
    bias_start: float = 0.0,
) -> tf.Tensor:
    """A `Linear` made and called: the private `_linear` that programs with cells of their own used.

    Args:
      args, output_size, kernel_initializer: as for `Linear`.
      bias: whether to add b.
      bias_initializer: an initialiser, or the number at which b starts, which stood here in 1.0.
      scope: of the variables `kernel` and `bias`; the current one where it is left out.
      bias_start: where b starts, under its name in 1.0.
    """
    if bias_initializer is None or isinstance(bias_initializer, (int, float)):
        bias_initializer = tf.constant_initializer(bias_initializer or bias_start)
    with tf.variable_scope(scope or tf.get_variable_scope()):
        return Linear(args, output_size, bias, bias_initializer, kernel_initializer)(args)


def _joined(args: Any) -> tf.Tensor:
    """Tensors [B, D] side by side."""
    args = args if isinstance(args, (list, tuple)) else [args]
    return tf.concat(args, 1) if len(args) > 1 else args[0]
