"""A Keras layer that runs any cell: `unrolled.RNN`.

    model = keras.Sequential([
        keras.layers.Input([28, 28]),
        unrolled.RNN(unrolled.LSTMCell(64)),           # [B, T, D] -> [B, U]
        keras.layers.Dense(10),
    ])

The letters: B rows in the batch, T steps, D inputs, U units.
"""

from __future__ import annotations

import itertools
import warnings
import weakref
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from unrolled.cells import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell
from unrolled.contract import Cell
from unrolled.internal.checks import check_flag, describe, with_shape
from unrolled.internal.keras_cells import KerasCell, as_cell, contents
from unrolled.internal.run import ensure_built
from unrolled.internal.shapes import full_shape, size_or_tensor, swap_batch_and_time
from unrolled.sequences import last_relevant, unpack_sequence
from unrolled.unroll import dynamic_rnn, static_rnn
from unrolled.wrappers import DropoutWrapper, MultiRNNCell, without_dropout

if keras.backend.backend() != "tensorflow":
    raise ImportError(
        f"unrolled.RNN needs Keras on TensorFlow; got the backend {keras.backend.backend()}: set "
        "the environment variable KERAS_BACKEND=tensorflow before Keras is imported."
    )

register = keras.saving.register_keras_serializable(package="unrolled")
CELLS: list[type] = [BasicRNNCell, BasicLSTMCell, LSTMCell, GRUCell]
for each in [*CELLS, MultiRNNCell, DropoutWrapper, KerasCell]:
    register(each)


@register
class RNN(keras.layers.Layer):
    """Runs a cell over a batch of sequences, as `keras.layers.RNN` does.

    The variables of the cell, and Keras layers inside it, become part of this layer: trained,
    counted, saved. Under a policy of mixed precision the recurrence is computed in the dtype of the
    variables, and its results are cast. Dropout wrappers drop only where `training` is true.

    A mask, from `Masking` or `Embedding` say, may have its gaps anywhere. A step that is masked
    leaves the state as it is, and its output is that of the step before it (zeros where there was
    none), or zeros, if `zero_output_for_mask`.

    `keras.models.load_model` knows this class in a program that has imported `unrolled.layers`.
    `Bidirectional` makes new cells from the old one's arguments, as of every layer of Keras's. XLA
    leaves out what is checked when a graph runs, so Keras compiles this layer only where
    `layer.supports_jit = True` says so.

    Args:
      cell: any cell of the contract, a stack, a cell of your own, or a Keras cell; a list of cells
        is a stack.
      return_sequences: give the outputs of all steps [B, T, U], not the last one [B, U] (default:
        False).
      return_state: give the final state too, in a tuple behind the output: one entry for each in
        the cell's state, for an LSTM (output, c, h) (default: False).
      go_backwards: begin at the end; outputs are given in the order in which they were computed
        (default: False).
      stateful: start each batch from the state that the one before it left, until `reset_state()`
        (default: False).
      unroll: "dynamic" for `dynamic_rnn`, "static" for `static_rnn` (default: "dynamic").
      zero_output_for_mask: see above; it matters where `return_sequences` (default: False).
      time_major: inputs and outputs are [T, B, ...]; a mask is [T, B] too (default: False).
      **kwargs: those of every Keras layer, `name`, `dtype` and `trainable`.

    Call arguments:
      sequences: [B, T, D], or a dict of such for a cell that takes one.
      initial_state: as the cell's `zero_state` has it, or its tensors in a list (default: what
        `zero_state` gives).
      mask: [B, T] booleans, True for real steps (default: all are real).
      training: whether dropout wrappers drop (default: False).

    Raises:
      TypeError: `cell` is not a cell, or a flag not a boolean.
      ValueError: `unroll` is neither word; inputs, mask or state do not fit; `stateful` without a
        known batch size; a layer that is `time_major` inside `Bidirectional`.
    """

    def __init__(
        self,
        cell: Cell | list[Cell],
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: str = "dynamic",
        zero_output_for_mask: bool = False,
        *,
        time_major: bool = False,
        **kwargs: Any,
    ):
        super().__init__(autocast=False, **kwargs)
        self.cell = MultiRNNCell(cell) if isinstance(cell, (list, tuple)) else cell
        self._cell = as_cell(self.cell)
        if unroll not in ("dynamic", "static"):
            raise ValueError(f'unroll must be "dynamic" or "static"; got {describe(unroll)}.')
        self.unroll = unroll
        self.return_sequences = check_flag(return_sequences, "return_sequences")
        self.return_state = check_flag(return_state, "return_state")
        self.go_backwards = check_flag(go_backwards, "go_backwards")
        self.stateful = check_flag(stateful, "stateful")
        self.time_major = False  # until the flag below is set
        self.zero_output_for_mask = check_flag(zero_output_for_mask, "zero_output_for_mask")
        self.time_major = check_flag(time_major, "time_major")
        self.supports_masking = True
        self.supports_jit = False
        self.states: Any = None
        # Keras layers inside the cell: what is listed here Keras builds, trains and saves itself.
        inside = contents(self._cell).layers
        self.layers_inside = [layer for layer in inside if layer is not self.cell]

    @property
    def zero_output_for_mask(self) -> bool:
        """Whether outputs of masked steps are zeros."""
        return self._zeros

    @zero_output_for_mask.setter
    def zero_output_for_mask(self, value: bool) -> None:
        if self.time_major:  # nobody but Bidirectional sets it afterwards
            raise ValueError(
                "time_major must be False inside keras.layers.Bidirectional, which reverses the "
                "second axis of the outputs; got True."
            )
        self._zeros = value

    # Keras calls `build` once, with the shapes of the arguments of `call` ------------------------

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        dtype = tf.as_dtype(self.variable_dtype)
        batch, steps = self._batch_and_steps(sequences_shape)
        if self.unroll == "static" and steps is None:
            raise ValueError(
                'unroll="static" needs a known number of steps T; got inputs of shape '
                f'{tuple(sequences_shape)}: give keras.layers.Input([T, D]), or take "dynamic".'
            )
        one_step = _for_each_shape(
            lambda shape: tf.TensorSpec([None, *shape[2:]], dtype), sequences_shape
        )
        ensure_built(self._cell, one_step, dtype)
        found = contents(self._cell)
        for layer in found.layers:  # those that the cell made only now
            if not any(layer is known for known in [self.cell, *self.layers_inside]):
                self.layers_inside.append(layer)
        taken: set[str] = set()
        for variable in found.variables:
            weight = as_weight(variable, taken)
            weight.layers.add(self)
            self._track_variable(weight)
        if self.stateful:
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
        if any(w.is_replaced for w in self.weights if isinstance(w, CellVariable)):
            raise NotImplementedError(
                f"stateless_call does not reach the layer {self.name!r}, whose cell reads "
                "TensorFlow's variables; assign the values, and call the model."
            )
        dtype = tf.as_dtype(self.variable_dtype)
        x = tf.nest.map_structure(lambda a: _as_dtype(a, dtype), sequences)
        mask = self._fitting(mask, tf.nest.flatten(x)[0])
        if self.time_major:
            x, mask = tf.nest.map_structure(swap_batch_and_time, (x, mask))
        if self.go_backwards:
            x, mask = tf.nest.map_structure(lambda a: tf.reverse(a, [1]), (x, mask))
        state = self._start(initial_state, tf.nest.flatten(x)[0], dtype)
        cell = self._cell if training else self._calm()

        if isinstance(mask, tuple):
            outputs, state = self._run(cell, x, None, state, dtype)
            last = tf.nest.map_structure(lambda y: y[:, -1], outputs)
        else:
            skipped = Skipped(mask)
            x = tf.nest.map_structure(skipped.out_of, x)
            outputs, state = self._run(cell, x, skipped.lengths, state, dtype)
            last = tf.nest.map_structure(lambda y: last_relevant(y, skipped.lengths), outputs)
            zeros = self.zero_output_for_mask
            outputs = tf.nest.map_structure(lambda y: skipped.back_into(y, zeros), outputs)
        if self.stateful:
            tf.nest.map_structure(lambda old, new: old.assign(new), self.states, state)

        output = outputs if self.return_sequences else last
        if self.return_sequences and self.time_major:
            output = tf.nest.map_structure(swap_batch_and_time, output)
        compute_dtype = tf.as_dtype(self.compute_dtype)
        output, state = tf.nest.map_structure(
            lambda a: _as_dtype(a, compute_dtype), (output, state)
        )
        return (output, *self._parts(state)) if self.return_state else output

    def _run(self, cell: Cell, x: Any, lengths: Any, state: Any, dtype: tf.DType) -> Any:
        """Outputs [B, T, U] and the final state, by the unroll that was chosen."""
        how = {"initial_state": state, "dtype": dtype, "sequence_length": lengths}
        if self.unroll == "dynamic":
            return dynamic_rnn(cell, x, **how)
        steps = zip(*(unpack_sequence(a) for a in tf.nest.flatten(x)))
        frames = [tf.nest.pack_sequence_as(x, step) for step in steps]
        outputs, state = static_rnn(cell, frames, **how)
        return tf.nest.map_structure(lambda *ys: tf.stack(ys, axis=1), *outputs), state

    def _calm(self) -> Cell:
        """The cell without its dropout wrappers, and a warning where one cannot be taken out."""
        cell = without_dropout(self._cell)
        if contents(cell).wrappers:
            warnings.warn(
                f"the DropoutWrapper inside {describe(self.cell)} drops in evaluation too, since "
                "the cell around it is not this package's: put the wrapper around that cell, or "
                "give it a keep_prob that is a tf.Variable.",
                stacklevel=2,
            )
        return cell

    def _fitting(self, mask: Any, x: tf.Tensor) -> Any:
        """The mask as booleans of the shape of the inputs' first two axes; () stands for none."""
        given = [m for m in tf.nest.flatten(mask) if m is not None]  # one of several inputs' masks
        if not given:
            return ()
        mask = tf.cast(given[0], tf.bool)
        layout = "[T, B]" if self.time_major else "[B, T]"
        if not mask.shape.is_compatible_with(x.shape[:2]):
            raise ValueError(
                f"mask must be {layout} like the inputs, {x.shape[:2]}; got shape {mask.shape}."
            )
        sizes = [size_or_tensor(x, 0), size_or_tensor(x, 1)]
        return with_shape(mask, sizes, f"mask must be {layout} like the inputs")

    def _start(self, state: Any, x: tf.Tensor, dtype: tf.DType) -> Any:
        """The state to start from, in the structure of the cell's; None for that of the cell."""
        if state is None:
            if self.states is None:
                return None
            rows = {v.shape[0] for v in tf.nest.flatten(self.states)}
            if x.shape[0] is not None and rows != {x.shape[0]}:
                raise ValueError(
                    f"inputs of a stateful layer must have the {rows.pop()} rows that it was built "
                    f"for; got {x.shape[0]}: leave out what does not fill a batch."
                )
            state = self.states
        leaves = tf.nest.flatten(state)
        wanted = tf.nest.flatten(self._cell.state_size)
        if len(leaves) != len(wanted) or any(leaf is None for leaf in leaves):
            none = leaves.count(None) if len(leaves) == len(wanted) else 0
            raise ValueError(
                f"initial_state must hold {len(wanted)} tensors, as state_size of "
                f"{describe(self.cell)} does; got {f'None for {none}' if none else len(leaves)}."
            )
        leaves = [_as_dtype(tf.convert_to_tensor(leaf), dtype) for leaf in leaves]
        return tf.nest.pack_sequence_as(self._cell.state_size, leaves)

    def _parts(self, state: Any) -> tuple[Any, ...]:
        """The entries of a state; a state that is one tensor is its only entry."""
        return tuple(state) if isinstance(state, (tuple, list)) else (state,)

    def _batch_and_steps(self, sequences_shape: Any) -> tuple[int | None, int | None]:
        shapes: list[Any] = []
        _for_each_shape(shapes.append, sequences_shape)
        for shape in shapes:
            least = 2 if getattr(self._cell, "any_inputs", False) else 3
            if len(shape) < least:
                layout = "[T, B, D]" if self.time_major else "[B, T, D]"
                raise ValueError(f"inputs must be {layout}; got shape {tuple(shape)}.")
        first, second = shapes[0][:2]
        return (second, first) if self.time_major else (first, second)

    # What Keras asks ------------------------------------------------------------------------------

    @property
    def state_size(self) -> Any:
        """The cell's."""
        return self._cell.state_size

    def get_initial_state(self, batch_size: Any) -> list[tf.Tensor]:
        """The state that a run starts from, as a list of its entries."""
        state = self._cell.zero_state(batch_size, tf.as_dtype(self.variable_dtype))
        return list(self._parts(state))

    def reset_state(self) -> None:
        """Let the next batch start from the cell's own first state (`stateful`)."""
        if self.states is not None:
            batch = tf.nest.flatten(self.states)[0].shape[0]
            first = self._cell.zero_state(batch, tf.as_dtype(self.variable_dtype))
            tf.nest.map_structure(lambda v, x: v.assign(x), self.states, first)

    reset_states = reset_state

    def compute_output_shape(self, sequences_shape: Any, initial_state_shape: Any = None) -> Any:
        batch, steps = self._batch_and_steps(sequences_shape)

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
        for variable in contents(self._cell).variables:
            weight = getattr(variable, "_unrolled_weight", None)
            if weight is not None and len(weight.layers) > 1:
                both = " and ".join(sorted(repr(layer.name) for layer in weight.layers))
                raise ValueError(
                    f"the layers {both} share a cell, which a saved model would take apart: "
                    "use one layer in both places, or save the weights alone."
                )
        names = ["unroll", "return_sequences", "return_state", "go_backwards", "stateful"]
        names += ["time_major", "zero_output_for_mask"]
        cell = keras.saving.serialize_keras_object(self.cell)
        return {**super().get_config(), "cell": cell, **{n: getattr(self, n) for n in names}}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RNN:
        config = dict(config)
        cell = keras.saving.deserialize_keras_object(config.pop("cell"), custom_objects)
        return cls(cell, **config)


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

    def __init__(self, variable: tf.Variable, name: str):
        self._made_elsewhere = variable
        self.layers: weakref.WeakSet[RNN] = weakref.WeakSet()  # those that it is a weight of
        super().__init__(
            lambda shape, dtype=None: variable,  # a function, so that Keras may ask for it later
            shape=variable.shape,
            dtype=variable.dtype.name,
            trainable=variable.trainable,
            name=name,
            autocast=False,
        )

    @property
    def is_replaced(self) -> bool:
        """Whether Keras has put another value in its place for the present call."""
        return self.value is not self._made_elsewhere

    def _initialize(self, _: Any) -> None:
        self._value = self._made_elsewhere

    _initialize_with_initializer = _initialize


def as_weight(variable: tf.Variable, taken: set[str]) -> CellVariable:
    """The one Keras weight of a variable, so that an optimizer meets it once.

    `taken` holds the names that other weights of the layer have; that of this one is added.
    """
    weight: CellVariable | None = getattr(variable, "_unrolled_weight", None)
    if weight is None:
        first = variable.name.split(":")[0].replace("/", "_")
        numbered = (f"{first}_{n}" for n in itertools.count(1))
        name = next(n for n in itertools.chain([first], numbered) if n not in taken)
        weight = variable._unrolled_weight = CellVariable(variable, name)
    taken.add(weight.name)
    return weight


def _for_each_shape(function: Callable[[Any], Any], shape: Any) -> Any:
    """`function` of a shape, or of each in a dict, list or tuple of shapes."""
    if isinstance(shape, dict):
        return {key: _for_each_shape(function, part) for key, part in shape.items()}
    if isinstance(shape, (list, tuple)) and any(isinstance(p, (dict, list, tuple)) for p in shape):
        return tuple(_for_each_shape(function, part) for part in shape)
    return function(shape)


def _as_dtype(x: Any, dtype: tf.DType) -> tf.Tensor:
    """`x` in a dtype, if it is floating point; whole numbers stay what they are."""
    if isinstance(x, tf.RaggedTensor):
        raise TypeError(
            "sequences must be a tensor [B, T, D]; got a RaggedTensor: give sequences.to_tensor() "
            "with mask=unrolled.sequence_mask(sequences.row_lengths()), or take dynamic_rnn."
        )
    return tf.cast(x, dtype) if tf.as_dtype(x.dtype).is_floating else tf.convert_to_tensor(x)
