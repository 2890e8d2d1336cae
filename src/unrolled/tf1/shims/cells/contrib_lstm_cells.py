"""The LSTM cells that only `tf.contrib.rnn` had, and that are no fused kernels.

In the equations σ is the sigmoid, and i, j, f, o are blocks of [x, h] K + b as in
`unrolled.LSTMCell`. LN(a) is `layer_norm` below.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.cells as today
from unrolled.cells import LSTMStateTuple
from unrolled.internal.checks import check_count
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as
from unrolled.tf1.shims.cells.configs import initializer_given
from unrolled.tf1.shims.cells.rnn_cell import BaseLSTM
from unrolled.tf1.shims.layers.core import activation_function

ZEROS = tf.zeros_initializer()


class LSTMWithExtras(BaseLSTM):
    """What the cells below share with `LSTMCell`: its settings, and its step in overridable parts.

    `step` is the equation of `LayerNormLSTMCell`.
    """

    layer_norm = False
    norm_gain, norm_shift = 1.0, 0.0
    norms: Any = None

    def _set_up_norm(self, layer_norm: bool, norm_gain: float, norm_shift: float) -> None:
        self.layer_norm, self.norm_gain, self.norm_shift = layer_norm, norm_gain, norm_shift

    def make_norms(self, parts: str, dtype: Any) -> None:
        """`gamma` and `beta` [U] of each part, in a scope of its name."""
        made = dict(self.norms or {})
        for part in parts.split() if self.layer_norm else ():
            made[part] = [
                self.add_variable(
                    f"{part}/{name}", [self.num_units], dtype, tf.constant_initializer(start)
                )
                for name, start in (("gamma", self.norm_gain), ("beta", self.norm_shift))
            ]
        self.norms = made

    def matrix(self, name: str) -> Any:
        """A kernel as it is multiplied by."""
        return getattr(self, name)

    def norm(self, part: str, x: Any) -> Any:
        """LN of [B, U] with the gain and shift of that part; x where nothing is normalised."""
        return layer_norm(x, *self.norms[part]) if self.layer_norm else x

    def peephole(self, gate: str, c: Any) -> Any:
        """w_gate · c, or 0.0 without peepholes."""
        return getattr(self, f"w_{gate}_diag") * c if self.use_peepholes else 0.0

    def clipped(self, c: Any) -> Any:
        """c, clipped to ±cell_clip."""
        clip = self.cell_clip
        return c if clip is None else tf.clip_by_value(c, -clip, clip)

    def project(self, h: Any) -> Any:
        """h W, clipped to ±proj_clip: [B, U] -> [B, P]; or h without a projection."""
        if self.num_proj is None:
            return h
        h = tf.matmul(h, self.matrix("projection_kernel"))  # [B, U] @ [U, P]
        clip = self.proj_clip
        return h if clip is None else tf.clip_by_value(h, -clip, clip)

    def gates(self, inputs: Any, h: Any) -> Any:
        """[x, h] K, and b where nothing is normalised."""
        product = tf.matmul(tf.concat([inputs, h], 1), self.matrix("kernel"))  # [B, 4U]
        return product if self.layer_norm else product + self.bias

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        i, j, f, o = tf.split(self.gates(inputs, h), 4, axis=1)  # [B, U] each
        i, j = self.norm("input", i), self.norm("transform", j)
        f, o = self.norm("forget", f), self.norm("output", o)
        kept = c * tf.sigmoid(f + self.forget_bias + self.peephole("f", c))
        new_c = kept + tf.sigmoid(i + self.peephole("i", c)) * self.activation(j)
        new_c = self.clipped(self.norm("state", new_c))
        new_h = self.activation(new_c) * tf.sigmoid(o + self.peephole("o", new_c))
        new_h = self.project(new_h)
        return new_h, LSTMStateTuple(new_c, new_h)


def layer_norm(x: Any, gamma: Any, beta: Any) -> Any:
    """(x - mean) / deviation · gamma + beta over the columns of [B, U], each row for itself."""
    mean, variance = tf.nn.moments(x, [1], keepdims=True)  # [B, 1]
    epsilon = 1e-3 if x.dtype == tf.float16 else 1e-12
    return tf.nn.batch_normalization(x, mean, variance, beta, gamma, epsilon)


class CoupledInputForgetGateLSTMCell(LSTMWithExtras):
    """The LSTM that lets in as much as it forgets: one gate for both.

        j, f, o = blocks of [x, h] W + B
        c' = LN(σ(f + forget_bias) · c + (1 - σ(f + forget_bias)) · tanh(j))
        h' = clip((σ(o) · tanh(c')) W_P)

    Greff et al. (2015). The variables are `W_0` [D+P, 3U] (more, where `num_unit_shards` cuts its
    rows), `B` [3U], with peepholes `W_F_diag` and `W_O_diag` [U], and `W_P_0` [U, P].

    Args:
      num_units, use_peepholes, num_proj, proj_clip, forget_bias, state_is_tuple: as for
        `unrolled.LSTMCell`.
      initializer: has no effect, as in TensorFlow 1: the variable scope's is used.
      num_unit_shards, num_proj_shards: in how many variables W and W_P are cut (default: 1).
      activation: a function or its name in tf.nn (default: tanh).
      reuse: as `_reuse` of `RNNCell`.
      layer_norm: normalise j, f, o and c, and leave B out (default: False).
      norm_gain, norm_shift: where gamma and beta start (default: 1.0 and 0.0).

    Raises:
      As `unrolled.LSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        num_unit_shards: int = 1,
        num_proj_shards: int = 1,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        activation: Any = tf.tanh,
        reuse: Any = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
    ):
        today.LSTMCell.__init__(
            self,
            num_units,
            use_peepholes,
            num_proj=num_proj,
            proj_clip=proj_clip if num_proj else None,
            forget_bias=forget_bias,
            state_is_tuple=state_is_tuple,
            activation=activation_function(activation),
        )
        self._set_up(reuse)
        self._set_up_norm(layer_norm, norm_gain, norm_shift)
        self._shards = num_unit_shards, num_proj_shards

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        units = self.num_units
        rows = input_depth + self.h_size
        self.kernel = in_shards(self, "W", [rows, 3 * units], self._shards[0], dtype)
        self.bias = self.add_variable("B", [3 * units], dtype, ZEROS)
        self.make_norms("transform forget output", dtype)
        if self.use_peepholes:
            self.w_f_diag = self.add_variable("W_F_diag", [units], dtype)
            self.w_o_diag = self.add_variable("W_O_diag", [units], dtype)
        self.make_norms("state", dtype)
        if self.num_proj is not None:
            shape = [units, self.num_proj]
            self.projection_kernel = in_shards(self, "W_P", shape, self._shards[1], dtype)

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = self.apart(state)
        gates = tf.matmul(tf.concat([inputs, h], 1), self.matrix("kernel"))  # [B, 3U]
        if not self.layer_norm:
            gates += self.bias
        j, f, o = tf.split(gates, 3, axis=1)  # [B, U] each
        j, f, o = self.norm("transform", j), self.norm("forget", f), self.norm("output", o)
        kept = tf.sigmoid(f + self.forget_bias + self.peephole("f", c))
        new_c = self.norm("state", kept * c + (1 - kept) * self.activation(j))
        new_h = tf.sigmoid(o + self.peephole("o", new_c)) * self.activation(new_c)
        new_h = self.project(new_h)
        return new_h, self.together(new_c, new_h)

    def matrix(self, name: str) -> Any:
        """The shards of a kernel, joined."""
        shards = getattr(self, name)
        return shards[0] if len(shards) == 1 else tf.concat(shards, 0)


def in_shards(cell: RNNCell, name: str, shape: list[int], shards: int, dtype: Any) -> list[Any]:
    """A matrix in `shards` variables, name_0, name_1 and so on, each with a part of the rows."""
    if not 1 <= shards <= shape[0]:
        raise ValueError(
            f"{name} has {shape[0]} rows, so it can be cut in 1 to {shape[0]} shards; got {shards}."
        )
    rows, left_over = divmod(shape[0], shards)
    return [
        cell.add_variable(f"{name}_{i}", [rows + (i < left_over), *shape[1:]], dtype)
        for i in range(shards)
    ]


class LayerNormLSTMCell(LSTMWithExtras):
    """`LSTMCell` with layer normalisation of its gates and of c.

        i, j, f, o = LN(blocks of [x, h] K)
        c' = clip(LN(c · σ(f + w_f · c + forget_bias) + σ(i + w_i · c) · tanh(j)))
        h' = clip((tanh(c') · σ(o + w_o · c')) W)

    Ba, Kiros and Hinton (2016). Variables as those of `LSTMCell`, and a `gamma` and a `beta` [U] in
    each of the scopes `input`, `transform`, `forget`, `output` and `state`.

    Args:
      num_units, use_peepholes, cell_clip, num_proj, proj_clip, forget_bias: as for
        `unrolled.LSTMCell`.
      initializer: of the kernels (default: that of the variable scope).
      activation: a function or its name in tf.nn (default: tanh).
      layer_norm: False for LN(a) = a, and the bias in its place (default: False).
      norm_gain, norm_shift: where gamma and beta start (default: 1.0 and 0.0).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1.0,
        activation: Any = None,
        layer_norm: bool = False,
        norm_gain: float = 1.0,
        norm_shift: float = 0.0,
        reuse: Any = None,
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
            activation=activation_function(activation),
        )
        self._set_up(reuse)
        self._set_up_norm(layer_norm, norm_gain, norm_shift)

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> Any:
        """A variable; after the bias and the peepholes come the norms, in the order of 1.15."""
        if name.endswith("bias"):
            made = self.add_whole_bias(name, shape[0], dtype)
            self.make_norms("input transform forget output", dtype)
        else:
            made = super().make_variable(name, shape, initializer, dtype)
        if name.endswith("w_o_diag" if self.use_peepholes else "bias"):
            self.make_norms("state", dtype)
        return made


class WeightNormLSTMCell(LayerNormLSTMCell):
    """`LSTMCell` whose kernels have columns of a learned length.

        K_x = g_x · V_x / |V_x|, and likewise K_h and W: the lengths are those of the columns

    Salimans and Kingma (2016). Variables as those of `LSTMCell`, in a scope `wn_lstm_cell` within
    another of that name, with g_x and g_h in `norm_0` and `norm_1` [4U], and the length of the
    projection's columns in `projection/norm_0` [P].

    Args:
      num_units: U.
      norm: False leaves the kernels as they are (default: True).
      use_peepholes, cell_clip, num_proj, proj_clip, forget_bias: as for `unrolled.LSTMCell`.
      initializer: of the kernels and lengths (default: that of the variable scope).
      activation: a function or its name in tf.nn (default: tanh).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      As `unrolled.LSTMCell`.
    """

    _norm = known_as("norm_weights")

    def __init__(
        self,
        num_units: int,
        norm: bool = True,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_proj: int | None = None,
        proj_clip: float | None = None,
        forget_bias: float = 1,
        activation: Any = None,
        reuse: Any = None,
    ):
        super().__init__(
            num_units,
            use_peepholes,
            cell_clip,
            initializer,
            num_proj,
            proj_clip,
            forget_bias,
            activation,
            reuse=reuse,
        )
        self._cell_name = "wn_lstm_cell"
        self.norm_weights = norm

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.lengths: dict[str, list[Any]] = {}
        super().make_variables(input_depth, dtype)

    def make_variable(self, name: str, shape: Any, initializer: Any, dtype: Any) -> Any:
        """A variable; after a kernel come the lengths of its columns."""

        def make(name: str, shape: Any) -> Any:
            return super(WeightNormLSTMCell, self).make_variable(
                f"wn_lstm_cell/{name}", shape, initializer, dtype
            )

        made = make(name, shape)
        if self.norm_weights and name == "kernel":  # of x and of h
            self.lengths["kernel"] = [make(f"norm_{i}", shape[1:]) for i in (0, 1)]
        if self.norm_weights and name == "projection/kernel":
            self.lengths["projection_kernel"] = [make("projection/norm_0", shape[1:])]
        return made

    def matrix(self, name: str) -> Any:
        """A kernel whose columns have their learned lengths."""
        whole, lengths = getattr(self, name), self.lengths.get(name)
        if lengths is None:
            return whole
        blocks = tf.split(whole, [self.input_depth, self.h_size]) if name == "kernel" else [whole]
        blocks = [tf.nn.l2_normalize(v, axis=0) * g for v, g in zip(blocks, lengths)]
        return tf.concat(blocks, 0)


class GLSTMCell(FusedCell):
    """The group LSTM: units in groups that do not read one another.

        i_k, j_k, f_k, o_k = blocks of [x_k, h_k] K_k         # for the k-th part of x and of h
        c' = σ(f + forget_bias) · c + σ(i) · tanh(j)          # over all groups, with their biases
        h' = (σ(o) · tanh(c')) W

    Kuchaiev and Ginsburg (2017). `group<k>/kernel` [(D+P)/groups, 4U/groups], `bias_i`, `bias_j`,
    `bias_f`, `bias_o` [U], and `projection/kernel` W [U, P].

    Args:
      num_units: U.
      initializer: of the kernels of the groups (default: that of the variable scope).
      num_proj: P (default: no projection; P is U).
      number_of_groups: how many (default: 1).
      forget_bias: added to f before the sigmoid (default: 1.0).
      activation: a function or its name in tf.nn, on c' (default: tanh).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: U, P or D cannot be divided by the number of groups.
    """

    _forget_bias = known_as("forget_bias")
    _number_of_groups = known_as("number_of_groups")
    _num_proj = known_as("num_proj")

    def __init__(
        self,
        num_units: int,
        initializer: Any = None,
        num_proj: int | None = None,
        number_of_groups: int = 1,
        forget_bias: float = 1.0,
        activation: Any = tf.tanh,
        reuse: Any = None,
    ):
        RNNCell.__init__(self, _reuse=reuse)
        self.num_units = check_count(num_units, "num_units")
        self.number_of_groups = check_count(number_of_groups, "number_of_groups")
        self.num_proj, self.forget_bias = num_proj, forget_bias
        self.initializer = initializer_given(initializer)
        self.activation = activation_function(activation)
        self._check_groups(num_units, "num_units")
        self._check_groups(num_proj or 0, "num_proj")

    def _check_groups(self, size: int, what: str) -> None:
        if size % self.number_of_groups:
            raise ValueError(
                f"{what} must be divisible by number_of_groups, {self.number_of_groups}; "
                f"got {size}."
            )

    @property
    def state_size(self) -> Any:
        return LSTMStateTuple(self.num_units, self.output_size)

    @property
    def output_size(self) -> int:
        return self.num_proj or self.num_units

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        groups, units = self.number_of_groups, self.num_units
        self._check_groups(input_depth, "the depth of the inputs")
        shape = [(input_depth + self.output_size) // groups, 4 * units // groups]
        self.kernels = [
            self.add_variable(f"group{k}/kernel", shape, dtype, self.initializer)
            for k in range(groups)
        ]
        self.biases = [self.add_variable(f"bias_{b}", [units], dtype, ZEROS) for b in "ijfo"]
        if self.num_proj is not None:
            self.projection_kernel = self.add_variable(
                "projection/kernel", [units, self.num_proj], dtype
            )

    def step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        c, h = state
        xs = tf.split(inputs, self.number_of_groups, axis=1)
        hs = tf.split(h, self.number_of_groups, axis=1)
        products = [tf.matmul(tf.concat(xh, 1), k) for *xh, k in zip(xs, hs, self.kernels)]
        blocks = zip(*(tf.split(product, 4, axis=1) for product in products))
        i, j, f, o = (tf.concat(b, 1) + bias for b, bias in zip(blocks, self.biases))  # [B, U]
        new_c = tf.sigmoid(f + self.forget_bias) * c + tf.sigmoid(i) * tf.tanh(j)
        new_h = tf.sigmoid(o) * self.activation(new_c)
        if self.num_proj is not None:
            new_h = tf.matmul(new_h, self.projection_kernel)  # [B, U] @ [U, P]
        return new_h, LSTMStateTuple(new_c, new_h)
