"""The LSTM cells that run over frequencies within each time step, for speech.

The input [B, D] is cut into overlapping slices, `feature_size` wide and `frequency_skip` apart; a
cell goes over them from the lowest on, and hands an m [B, U] (and a c) from one slice to the next.
"""

from __future__ import annotations

import functools
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.tf1.shims.cells.cell_base import FusedCell, RNNCell, known_as
from unrolled.tf1.shims.cells.contrib_lstm_cells import ZEROS, in_shards


class _FrequencyCell(FusedCell):
    """The settings of the cells below, and the matrices that these cut into shards."""

    _feature_size = known_as("feature_size")
    _frequency_skip = known_as("frequency_skip")
    _forget_bias = known_as("forget_bias")
    _use_peepholes = known_as("use_peepholes")
    _cell_clip = known_as("cell_clip")

    def _set_frequencies(
        self,
        num_units: int,
        use_peepholes: bool,
        cell_clip: float | None,
        num_unit_shards: int,
        forget_bias: float,
        feature_size: int | None,
        frequency_skip: int | None,
        reuse: Any,
    ) -> None:
        RNNCell.__init__(self, _reuse=reuse)
        self.num_units = check_count(num_units, "num_units")
        self.feature_size = check_count(feature_size, "feature_size")
        self.frequency_skip = check_count(frequency_skip, "frequency_skip")
        self.use_peepholes, self.cell_clip = use_peepholes, cell_clip
        self.shards, self.forget_bias = num_unit_shards, forget_bias

    def clipped(self, c: Any) -> Any:
        clip = self.cell_clip
        return c if clip is None else tf.clip_by_value(c, -clip, clip)

    def affine(self, kernel: str, bias: str, gates: int, dtype: Any) -> tuple[list[Any], Any]:
        """Variables of a map from a slice and two states to `gates` blocks of U."""
        wide = gates * self.num_units
        shape = [self.feature_size + 2 * self.num_units, wide]
        made = in_shards(self, kernel, shape, self.shards, dtype)
        return made, self.add_variable(bias, [wide], dtype, ZEROS)

    def slices(self, inputs: Any, first: int, size: int) -> list[Any]:
        """The slices of `size` columns from the `first` on, [B, feature_size] each."""
        count = int((size - self.feature_size) / self.frequency_skip) + 1
        starts = [first + i * self.frequency_skip for i in range(count)]
        return [inputs[:, start : start + self.feature_size] for start in starts]


def _times(affine: tuple[list[Any], Any], x: Any) -> Any:
    kernel, bias = affine
    return tf.matmul(x, tf.concat(kernel, 0) if len(kernel) > 1 else kernel[0]) + bias


class TimeFreqLSTMCell(_FrequencyCell):
    """An LSTM over time and frequency, whose one m comes from the slice below.

        i, j, f, o = blocks of [x_k, m_k, m_(k-1)'] W + B      # for the k-th slice
        c_k' = clip(σ(f + w_f · c_k + forget_bias) · c_k + σ(i + w_i · c_k) · tanh(j))
        m_k' = σ(o + w_o · c_k') · tanh(c_k')

    Li, Mohamed, Zweig and Gong (2015). The output is m_0', m_1' and so on, side by side. The
    variables are `W_0` (more, where `num_unit_shards` cuts its rows), `B`, and with peepholes
    `W_F_diag`, `W_I_diag` and `W_O_diag`.

    Args:
      num_units: U.
      use_peepholes: let the gates see the memory (default: False).
      cell_clip: clip c to ±cell_clip (default: no clipping).
      initializer: has no effect, as in TensorFlow 1: the variable scope's is used.
      num_unit_shards: in how many variables W is cut (default: 1).
      forget_bias: added to f before the sigmoid (default: 1.0).
      feature_size: the width of a slice.
      frequency_skip: the columns from one slice to the next (default: 1).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: a size is not a whole number of at least 1, or the state does not fit the slices.
    """

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int = 1,
        reuse: Any = None,
    ):
        self._set_frequencies(
            num_units,
            use_peepholes,
            cell_clip,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
            reuse,
        )

    @property
    def state_size(self) -> int:
        """Of one slice, as in TensorFlow 1; the state of a step is as many times as wide."""
        return 2 * self.num_units

    @property
    def output_size(self) -> int:
        return self.num_units

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.weights_and_bias = self.affine("W", "B", 4, dtype)
        names = ("W_F_diag", "W_I_diag", "W_O_diag") if self.use_peepholes else ()
        self.diagonals = [self.add_variable(name, [self.num_units], dtype) for name in names]

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        depth: Any = size_of(inputs, 1)
        self.check_depth(depth)
        slices = self.slices(inputs, 0, depth)
        if size_of(state, 1) != 2 * self.num_units * len(slices):
            raise ValueError(
                f"a state of {len(slices)} slices must be [B, {2 * self.num_units * len(slices)}]; "
                f"got shape {state.shape}."
            )
        w_f, w_i, w_o = self.diagonals or (0.0, 0.0, 0.0)
        below = tf.zeros([size_or_tensor(inputs, 0), self.num_units], inputs.dtype)
        outputs, states = [], []
        for x, own in zip(slices, tf.split(state, len(slices), axis=1)):
            c, m = tf.split(own, 2, axis=1)  # [B, U] each
            gates = _times(self.weights_and_bias, tf.concat([x, m, below], 1))
            i, j, f, o = tf.split(gates, 4, axis=1)
            kept = tf.sigmoid(f + self.forget_bias + w_f * c) * c
            c = self.clipped(kept + tf.sigmoid(i + w_i * c) * tf.tanh(j))
            below = tf.sigmoid(o + w_o * c) * tf.tanh(c)
            outputs.append(below)
            states += [c, below]
        return tf.concat(outputs, 1), tf.concat(states, 1)


class GridLSTMCell(_FrequencyCell):
    """An LSTM over time and one over frequency, which read each other's states at every slice.

        i, j, f, o = blocks of [x_k, m_t, m_f] W_t + B_t       # time; with W_f and B_f: frequency
        c_t' = clip(σ(f + forget_bias) · c_t + σ(i) · tanh(j)),   m_t' = σ(o) · tanh(c_t')
        c_f' and m_f' likewise, and go to the slice above

    Kalchbrenner, Danihelka and Graves (2015), as in Li and Sainath (2016). A peephole adds
    w_f · c_f + w_t · c_t to a gate. The output is m_t', m_f' of all slices, side by side. Blocks
    of slices, `num_frequency_blocks`, have variables of their own: for block b `W_f_<b>_0`,
    `B_f_<b>`, `W_t_<b>_0`, `B_t_<b>`, and `W_F_diag_freqf_<b>` and its like.

    Args:
      num_units: U.
      use_peepholes: let the gates see the memories (default: False).
      share_time_frequency_weights: use W_f for both (default: False).
      cell_clip: clip each c to ±cell_clip (default: no clipping).
      initializer: has no effect, as in TensorFlow 1: the variable scope's is used.
      num_unit_shards: in how many variables each W is cut (default: 1).
      forget_bias: added to f before the sigmoid (default: 1.0).
      feature_size: the width of a slice.
      frequency_skip: the columns from one slice to the next.
      num_frequency_blocks: a list with the number of slices of each block.
      start_freqindex_list, end_freqindex_list: the columns of each block (default: one block of
        all columns).
      couple_input_forget_gates: take 1 - i as the forget gate (default: False).
      state_is_tuple: False joins the states to one tensor (default: True).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      ValueError: a size is missing, or the slices are not as many as `num_frequency_blocks` says.
    """

    _prefixes: tuple[str, ...] = ("state",)  # of the names in the state, one for each direction

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Sequence[int] | None = None,
        start_freqindex_list: Sequence[int] | None = None,
        end_freqindex_list: Sequence[int] | None = None,
        couple_input_forget_gates: bool = False,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ):
        self._set_frequencies(
            num_units,
            use_peepholes,
            cell_clip,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
            reuse,
        )
        if num_frequency_blocks is None:
            raise ValueError("num_frequency_blocks must list the slices of each block; got None.")
        self.blocks = [int(number) for number in num_frequency_blocks]
        self.starts, self.ends = start_freqindex_list, end_freqindex_list
        self.shared = share_time_frequency_weights
        self.coupled, self.state_is_tuple = couple_input_forget_gates, state_is_tuple

    @functools.cached_property
    def state_tuple_type(self) -> Any:
        """The state's type: for each slice a c and an m, such as state_f00_b00_c."""
        names = [
            f"{prefix}_f{k:02d}_b{block:02d}_{part}"
            for prefix in self._prefixes
            for block, number in enumerate(self.blocks)
            for k in range(number)
            for part in "cm"
        ]
        return namedtuple(f"{type(self).__name__[:-4]}StateTuple", names)

    @property
    def state_size(self) -> Any:
        if not self.state_is_tuple:
            return self.output_size
        kind = self.state_tuple_type
        return kind(*[self.num_units] * len(kind._fields))

    @property
    def output_size(self) -> int:
        return 2 * self.num_units * sum(self.blocks) * len(self._prefixes)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.variables_of = {"": self._make_blocks("", dtype)}

    def _make_blocks(self, scope: str, dtype: Any) -> list[dict[str, Any]]:
        return [self._make_block(scope, str(block), dtype) for block in range(len(self.blocks))]

    def _make_block(self, scope: str, block: str, dtype: Any) -> dict[str, Any]:
        gates = 3 if self.coupled else 4
        made: dict[str, Any] = {
            "freq": self.affine(f"{scope}W_f_{block}", f"{scope}B_f_{block}", gates, dtype)
        }
        made["time"] = made["freq"]
        if not self.shared:
            made["time"] = self.affine(f"{scope}W_t_{block}", f"{scope}B_t_{block}", gates, dtype)
        for way in ("freq", "time") if self.use_peepholes else ():
            for gate in "IO" if self.coupled else "FIO":
                if way == "time" and self.shared:
                    made[f"{gate}time"] = made[f"{gate}freq"]
                    continue
                made[f"{gate}{way}"] = [
                    self.add_variable(
                        f"{scope}W_{gate}_diag_{way}{reads}_{block}", [self.num_units], dtype
                    )
                    for reads in "ft"
                ]
        return made

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        self.check_depth(size_of(inputs, 1))
        outputs, states = self._over_blocks(self.variables_of[""], self._sliced(inputs), state, 0)
        return tf.concat(outputs, 1), self._packed(states)

    def _packed(self, states: list[Any]) -> Any:
        return self.state_tuple_type(*states) if self.state_is_tuple else tf.concat(states, 1)

    def _over_blocks(
        self, variables: list[dict[str, Any]], slices: list[list[Any]], state: Any, first: int
    ) -> tuple[list[Any], list[Any]]:
        outputs: list[Any] = []
        states: list[Any] = []
        if not self.state_is_tuple:
            state = tf.split(state, 2 * sum(self.blocks), axis=1)
        for made, block in zip(variables, slices):
            # As in TensorFlow 1, every block of a joined state starts from the first one's.
            at = first + (len(states) if self.state_is_tuple else 0)
            own = state[at : at + 2 * len(block)]
            more_outputs, more_states = self._over_slices(made, block, own)
            outputs += more_outputs
            states += more_states
        return outputs, states

    def _over_slices(
        self, made: dict[str, Any], slices: list[Any], state: Any
    ) -> tuple[list[Any], list[Any]]:
        m_f = c_f = tf.zeros([size_or_tensor(slices[0], 0), self.num_units], slices[0].dtype)
        outputs: list[Any] = []
        states: list[Any] = []
        for x, c_t, m_t in zip(slices, state[::2], state[1::2]):
            joined = tf.concat([x, m_t, m_f], 1)
            new_c, output_gates = {}, {}
            for way, c in (("freq", c_f), ("time", c_t)):
                blocks = tf.split(_times(made[way], joined), 3 if self.coupled else 4, axis=1)
                i, j, *f, output_gates[way] = blocks
                i = tf.sigmoid(i + self._peephole(made, f"I{way}", c_f, c_t))
                if self.coupled:
                    kept = 1 - i
                else:
                    seen = self._peephole(made, f"F{way}", c_f, c_t)
                    kept = tf.sigmoid(f[0] + self.forget_bias + seen)
                new_c[way] = self.clipped(kept * c + i * tf.tanh(j))
            c_f, c_t = new_c["freq"], new_c["time"]
            m_f, m_t = (
                tf.sigmoid(output_gates[way] + self._peephole(made, f"O{way}", c_f, c_t))
                * tf.tanh(new_c[way])
                for way in ("freq", "time")
            )
            outputs += [m_t, m_f]
            states += [c_t, m_t]
        return outputs, states

    def _peephole(self, made: dict[str, Any], gate: str, c_f: Any, c_t: Any) -> Any:
        return made[gate][0] * c_f + made[gate][1] * c_t if self.use_peepholes else 0.0

    def _sliced(self, inputs: Any, offset: int = 0) -> list[list[Any]]:
        """The slices of each block, from inputs that are moved left by `offset` columns."""
        depth: Any = size_of(inputs, 1)
        if offset:  # to the left zeros come in at the end, to the right at the start
            inputs = tf.pad(inputs, [[0, 0], [max(-offset, 0), max(offset, 0)]])
        starts, ends = self.starts or [0], self.ends or [depth]
        if not len(starts) == len(ends) == len(self.blocks):
            raise ValueError(
                "num_frequency_blocks, start_freqindex_list and end_freqindex_list must be equally "
                f"long; got {len(self.blocks)}, {len(starts)} and {len(ends)}."
            )
        blocks = [
            self.slices(inputs, start + max(offset, 0), end - start)
            for start, end in zip(starts, ends)
        ]
        if [len(block) for block in blocks] != list(self.blocks):
            raise ValueError(
                f"num_frequency_blocks is {list(self.blocks)}, but inputs of depth {depth} have "
                f"{[len(block) for block in blocks]} slices of feature_size {self.feature_size}."
            )
        return blocks


class BidirectionalGridLSTMCell(GridLSTMCell):
    """Two `GridLSTMCell`s, from the lowest slice up and from the highest down.

    Their variables are in the scopes `fwd` and `bwd`.

    Args:
      backward_slice_offset: by how many columns the slices of the way down are moved (default: 0).

    The others are those of `GridLSTMCell`, whose `state_is_tuple` is always True here.

    Raises:
      As `GridLSTMCell`.
    """

    _prefixes = ("fwd_state", "bwd_state")

    def __init__(
        self,
        num_units: int,
        use_peepholes: bool = False,
        share_time_frequency_weights: bool = False,
        cell_clip: float | None = None,
        initializer: Any = None,
        num_unit_shards: int = 1,
        forget_bias: float = 1.0,
        feature_size: int | None = None,
        frequency_skip: int | None = None,
        num_frequency_blocks: Sequence[int] | None = None,
        start_freqindex_list: Sequence[int] | None = None,
        end_freqindex_list: Sequence[int] | None = None,
        couple_input_forget_gates: bool = False,
        backward_slice_offset: int = 0,
        reuse: Any = None,
    ):
        super().__init__(
            num_units,
            use_peepholes,
            share_time_frequency_weights,
            cell_clip,
            initializer,
            num_unit_shards,
            forget_bias,
            feature_size,
            frequency_skip,
            num_frequency_blocks,
            start_freqindex_list,
            end_freqindex_list,
            couple_input_forget_gates,
            reuse=reuse,
        )
        self.offset = int(backward_slice_offset)

    def make_variables(self, input_depth: int, dtype: Any) -> None:
        self.variables_of = {way: self._make_blocks(f"{way}/", dtype) for way in ("fwd", "bwd")}

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        self.check_depth(size_of(inputs, 1))
        down = [block[::-1] for block in self._sliced(inputs, self.offset)]
        outputs, states = self._over_blocks(
            self.variables_of["fwd"], self._sliced(inputs), state, 0
        )
        more_outputs, more_states = self._over_blocks(
            self.variables_of["bwd"], down, state, len(states)
        )
        return tf.concat(outputs + more_outputs, 1), self._packed(states + more_states)
