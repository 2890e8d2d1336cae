"""A Keras layer that runs any cell: `unrolled.RNN`.

    model = keras.Sequential([
        keras.layers.Input([28, 28]),
        unrolled.RNN(unrolled.LSTMCell(64)),           # [B, T, D] -> [B, U]
        keras.layers.Dense(10),
    ])

The letters: B rows in the batch, T steps, D inputs, U units. A saved model names the classes of
this module: import it before `keras.models.load_model`.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from unrolled.cells import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell
from unrolled.contract import Cell
from unrolled.internal.checks import check_flag, describe
from unrolled.internal.keras_cells import KerasCell, as_cell, variables_of
from unrolled.internal.run import ensure_built
from unrolled.internal.shapes import full_shape
from unrolled.sequences import last_relevant, unpack_sequence
from unrolled.unroll import dynamic_rnn, static_rnn
from unrolled.wrappers import DropoutWrapper, MultiRNNCell, without_dropout

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"unrolled.RNN needs Keras on TensorFlow; got the backend {keras.backend.backend()}: set "
        "the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
    )

register = keras.saving.register_keras_serializable(package="unrolled")
for each in (BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell, MultiRNNCell, DropoutWrapper):
    register(each)


@register
class RNN(keras.layers.Layer):
    """Runs a cell over a batch of sequences, as `keras.layers.RNN` does.

    The variables of the cell become weights of this layer: trained, counted, saved. Under a policy
    of mixed precision the recurrence is computed in the dtype of the variables, and its results
    are cast. Dropout wrappers drop only where `training` is true.

    A mask, from `Masking` or `Embedding` say, may have its gaps anywhere. A step that is masked
    leaves the state as it is, and its output is that of the step before it (zeros where there was
    none), or zeros, if `zero_output_for_mask`.

    Args:
      cell: any cell of the contract, a stack, a cell of your own, or a Keras cell.
      unroll: "dynamic" for `dynamic_rnn`, "static" for `static_rnn` (default: "dynamic").
      return_sequences: give the outputs of all steps [B, T, U], not the last one [B, U] (default:
        False).
      return_state: give the final state too, in a tuple behind the output: one entry for each in
        the cell's state, for an LSTM (output, c, h) (default: False).
      go_backwards: begin at the end; outputs are given in the order in which they were computed
        (default: False).
      stateful: start each batch from the state that the one before it left, until `reset_state()`
        (default: False).
      time_major: inputs and outputs are [T, B, ...]; a mask is [T, B] too (default: False).
      zero_output_for_mask: see above; it matters where `return_sequences` (default: False).
      **kwargs: those of every Keras layer, `name`, `dtype` and `trainable`.

    Call arguments:
      sequences: [B, T, D].
      initial_state: as the cell's `zero_state` has it, or its tensors in a list (default: zeros).
      mask: [B, T] booleans, True for real steps (default: all are real).
      training: whether dropout wrappers drop (default: False).

    Raises:
      TypeError: `cell` is not a cell, or a flag not a boolean.
      ValueError: `unroll` is neither word; a state does not fit; `stateful` without a known batch
        size.
    """

    def __init__(
        self,
        cell: Cell,
        *,
        unroll: str = "dynamic",
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        time_major: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ):
        super().__init__(autocast=False, **kwargs)
        self._cell = as_cell(cell)
        if unroll not in ("dynamic", "static"):
            raise ValueError(f'unroll must be "dynamic" or "static"; got {describe(unroll)}.')
        self.cell = cell
        self.unroll = unroll
        self.return_sequences = check_flag(return_sequences, "return_sequences")
        self.return_state = check_flag(return_state, "return_state")
        self.go_backwards = check_flag(go_backwards, "go_backwards")
        self.stateful = check_flag(stateful, "stateful")
        self.time_major = check_flag(time_major, "time_major")
        self.zero_output_for_mask = check_flag(zero_output_for_mask, "zero_output_for_mask")
        self.supports_masking = True
        self.supports_jit = False  # XLA would leave out what is checked when a graph runs
        self.states: Any = None

    # Keras calls `build` once, with the shapes of the arguments of `call` ------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        dtype = tf.as_dtype(self.variable_dtype)
        if self.unroll == "static" and sequences_shape[0 if self.time_major else 1] is None:
            raise ValueError(
                'unroll="static" needs a known number of steps T; got inputs of shape '
                f'{tuple(sequences_shape)}: give keras.layers.Input([T, D]), or take "dynamic".'
            )
        ensure_built(self._cell, tf.TensorSpec([None, *sequences_shape[2:]], dtype), dtype)
        if not isinstance(self._cell, KerasCell):  # Keras tracks its own
            for variable in variables_of(self._cell):
                self._track_variable(as_weight(variable))
        if self.stateful:
            batch = sequences_shape[1 if self.time_major else 0]
            if batch is None:
                raise ValueError(
                    "stateful=True needs a known batch size; got inputs of shape "
                    f"{tuple(sequences_shape)}: give keras.layers.Input(batch_shape=...)."
                )
            # Variables that Keras does not count as weights, as in its own layers.
            self.states = tf.nest.map_structure(
                lambda x: tf.Variable(x, trainable=False), self._cell.zero_state(batch, dtype)
            )

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: bool = False,
    ) -> Any:
        cell = self._cell if training else without_dropout(self._cell)
        dtype = tf.as_dtype(self.variable_dtype)
        x = tf.cast(sequences, dtype) if sequences.dtype.is_floating else sequences
        if self.time_major:
            x, mask = _swap(x), None if mask is None else _swap(mask)
        if self.go_backwards:
            x, mask = tf.reverse(x, [1]), None if mask is None else tf.reverse(mask, [1])
        state = self.states if initial_state is None else initial_state
        state = None if state is None else self._packed(state, dtype)

        if mask is None:
            outputs, state = self._run(cell, x, None, state, dtype)
            last = tf.nest.map_structure(lambda y: y[:, -1], outputs)
        else:
            skipped = Skipped(mask)
            outputs, state = self._run(cell, skipped.out_of(x), skipped.lengths, state, dtype)
            last = tf.nest.map_structure(lambda y: last_relevant(y, skipped.lengths), outputs)
            zeros = self.zero_output_for_mask
            outputs = tf.nest.map_structure(lambda y: skipped.back_into(y, zeros), outputs)
        if self.stateful:
            tf.nest.map_structure(lambda old, new: old.assign(new), self.states, state)

        output = outputs if self.return_sequences else last
        if self.return_sequences and self.time_major:
            output = tf.nest.map_structure(_swap, output)
        output, state = tf.nest.map_structure(self._as_result, (output, state))
        return (output, *self._parts(state)) if self.return_state else output

    def _run(self, cell: Cell, x: Any, lengths: Any, state: Any, dtype: tf.DType) -> Any:
        """Outputs [B, T, U] and the final state, by the unroll that was chosen."""
        how = {"initial_state": state, "dtype": dtype, "sequence_length": lengths}
        if self.unroll == "dynamic":
            return dynamic_rnn(cell, x, **how)
        outputs, state = static_rnn(cell, unpack_sequence(x), **how)
        return tf.nest.map_structure(lambda *ys: tf.stack(ys, axis=1), *outputs), state

    def _packed(self, state: Any, dtype: tf.DType) -> Any:
        """A state, or its tensors in a list, in the structure of the cell's."""
        leaves = [tf.convert_to_tensor(x) for x in tf.nest.flatten(state)]
        wanted = tf.nest.flatten(self._cell.state_size)
        if len(leaves) != len(wanted):
            raise ValueError(
                f"initial_state must hold {len(wanted)} tensors, as state_size of "
                f"{describe(self.cell)} does; got {len(leaves)}."
            )
        leaves = [tf.cast(x, dtype) if x.dtype.is_floating else x for x in leaves]
        return tf.nest.pack_sequence_as(self._cell.state_size, leaves)

    def _parts(self, state: Any) -> tuple[Any, ...]:
        """The entries of a state; a state that is one tensor is its only entry."""
        return tuple(state) if isinstance(state, (tuple, list)) else (state,)

    def _as_result(self, x: Any) -> Any:
        return tf.cast(x, self.compute_dtype) if x.dtype.is_floating else x

    # What Keras asks ------------------------------------------------------------------------------

    def reset_state(self) -> None:
        """Let the next batch start from zeros (`stateful`)."""
        if self.states is not None:
            tf.nest.map_structure(lambda v: v.assign(tf.zeros_like(v)), self.states)

    reset_states = reset_state

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        time, rows = (0, 1) if self.time_major else (1, 0)
        batch, steps = sequences_shape[rows], sequences_shape[time]

        def shape(size: Any, front: tuple[Any, ...]) -> tuple[Any, ...]:
            return (*front, *full_shape(batch, size)[1:])

        all_steps: tuple[Any, ...] = (steps, batch) if self.time_major else (batch, steps)
        front = all_steps if self.return_sequences else (batch,)
        output = tf.nest.map_structure(lambda size: shape(size, front), self._cell.output_size)
        if not self.return_state:
            return output
        state = tf.nest.map_structure(lambda size: shape(size, (batch,)), self._cell.state_size)
        several = isinstance(self._cell.state_size, (tuple, list))
        return (output, *(state if several else (state,)))

    def compute_mask(self, _: Any, previous_mask: Any = None) -> Any:
        mask = tf.nest.flatten(previous_mask)[0] if self.return_sequences else None
        if not self.return_state:
            return mask
        return [mask] + [None] * len(self._parts(self._cell.state_size))

    def get_config(self) -> dict[str, Any]:
        names = ["unroll", "return_sequences", "return_state", "go_backwards", "stateful"]
        names += ["time_major", "zero_output_for_mask"]
        cell = keras.saving.serialize_keras_object(self.cell)
        return {
            **super().get_config(),
            "cell": cell,
            **{name: getattr(self, name) for name in names},
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> RNN:
        config = dict(config)
        return cls(keras.saving.deserialize_keras_object(config.pop("cell")), **config)


class Skipped:
    """The steps that a mask skips: moved behind the real ones before a run, and back after it."""

    def __init__(self, mask: Any):
        mask = tf.cast(mask, tf.bool)  # [B, T]
        self.mask = mask
        self.lengths = tf.reduce_sum(tf.cast(mask, tf.int32), axis=1)  # [B]
        # Real steps first, each kind in its order.
        self.order = tf.argsort(
            tf.cast(mask, tf.int32), axis=1, direction="DESCENDING", stable=True
        )
        # The number of real steps up to each step, itself included: 0 stands for none yet.
        self.place = tf.cumsum(tf.cast(mask, tf.int32), axis=1)  # [B, T]

    def out_of(self, x: tf.Tensor) -> tf.Tensor:
        """[B, T, ...] with the real steps of each row in front."""
        return tf.gather(x, self.order, batch_dims=1)

    def back_into(self, outputs: tf.Tensor, zeros: bool) -> tf.Tensor:
        """[B, T, ...] in the order of the mask; skipped steps repeat what was before, or are 0."""
        padded = tf.pad(outputs, [[0, 0], [1, 0]] + [[0, 0]] * (outputs.shape.rank - 2))
        place = tf.where(self.mask, self.place, 0) if zeros else self.place
        return tf.gather(padded, place, batch_dims=1)


class CellVariable(keras.Variable):
    """A weight of Keras that is a variable of TensorFlow made elsewhere: one value, two names."""

    def __init__(self, variable: tf.Variable):
        self._made_elsewhere = variable
        super().__init__(
            lambda shape, dtype=None: variable,  # a function, so that Keras may ask for it later
            shape=variable.shape,
            dtype=variable.dtype.name,
            trainable=variable.trainable,
            name=variable.name.split(":")[0].replace("/", "_"),
            autocast=False,
        )

    def _initialize(self, _: Any) -> None:
        self._value = self._made_elsewhere

    _initialize_with_initializer = _initialize


def as_weight(variable: tf.Variable) -> CellVariable:
    """The one Keras weight of a variable, so that an optimizer meets it once."""
    weight = getattr(variable, "_unrolled_weight", None)
    if weight is None:
        weight = CellVariable(variable)
        variable._unrolled_weight = weight
    return weight


def _swap(x: tf.Tensor) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back."""
    return tf.transpose(x, [1, 0, *range(2, x.shape.rank)])
