"""The unrolls of `tf.nn` and `tf.contrib.rnn`: `unrolled`'s own, under variable scopes.

The cell runs in the unroll's variable scope (default: `rnn`), so that its variables have their old
names, `rnn/basic_lstm_cell/kernel`. In two things these functions follow TensorFlow 1 and not
`unrolled`, since old programs rely on them: lengths may be of any numeric type, and a length beyond
T counts as T.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.unroll as today
from unrolled.internal.shapes import size_of, size_shape, swap_batch_and_time
from unrolled.tf1.shims import release
from unrolled.tf1.shims.cells.cell_base import cells_inside, regularized_outside_loops
from unrolled.tf1.shims.cells.keras_cells import as_cell
from unrolled.tf1.shims.lengths import lengths_of, lengths_of_list


class _InScope:
    """A cell as the unrolls call it: in a variable scope, whose variables later steps share.

    It has no `build`: the cell makes its variables at its first step, in this scope.
    """

    any_inputs = True  # the cell inside checks them: it may take word numbers or pictures

    def __init__(
        self,
        cell: Any,
        scope: tf.VariableScope,
        initial_state: Any,
        adopts_output_size: bool = False,
    ):
        self.cell, self.scope = cell, scope
        self.adopts_output_size = adopts_output_size
        self.state_size, self.output_size = _state_size(cell, initial_state), cell.output_size
        self.compiled = any(getattr(part, "compiled", False) for part in _with_those_inside(cell))
        self.started = False

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        state = self.cell.zero_state(batch_size, dtype)
        self.state_size = _state_size(self.cell, state)
        return state

    def for_run(self) -> tuple[Any, Any]:
        """What the cell returns is then checked at its first step alone, and while building."""
        return lambda _, t, inputs, state: self(inputs, state), ()

    def __call__(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        reuse = self.started or None
        again = tf.variable_scope(
            self.scope,
            reuse=reuse,
            custom_getter=regularized_outside_loops,
            auxiliary_name_scope=False,
        )
        with again:
            result = self.cell(inputs, state)
        self.started = True
        if self.adopts_output_size:
            self.output_size = tf.nest.map_structure(lambda y: y.shape[1:], result[0])
        return result


def _state_size(cell: Any, initial_state: Any) -> Any:
    """What the cell declares, or the sizes of an initial state of another rank.

    TensorFlow 1 never compared the two, and programs with a memory [B, N, M] declare one number.
    """
    if initial_state is None:
        return cell.state_size
    declared, given = tf.nest.flatten(cell.state_size), tf.nest.flatten(initial_state)
    if len(declared) != len(given) or not all(map(tf.is_tensor, given)):
        return cell.state_size
    sizes = [
        state.shape[1:] if _is_of_other_rank(state, size) else size
        for state, size in zip(given, declared)
    ]
    return tf.nest.pack_sequence_as(cell.state_size, sizes)


def _is_of_other_rank(state: tf.Tensor, size: Any) -> bool:
    declared = size_shape(size).rank
    return None not in (state.shape.rank, declared) and state.shape.rank != 1 + declared


def static_rnn(
    cell: Any,
    inputs: Any,
    initial_state: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """`unrolled.static_rnn` in a variable scope.

    Args:
      cell: any cell.
      inputs: a list of T tensors [B, D].
      initial_state: of the cell (default: zeros of `dtype`).
      dtype: the dtype of these zeros.
      sequence_length: B numbers (default: every row has T steps).
      scope: a name or a VariableScope (default: "rnn").

    Returns:
      A list of T outputs [B, U], and the final state.

    Raises:
      As `unrolled.static_rnn`.
    """
    with tf.variable_scope(scope or "rnn") as within:
        cell = as_cell(cell, inside="" if sequence_length is None else "cond")
        _check_apart(cell, initial_state, "initial_state")
        result = today.static_rnn(
            # TensorFlow 1's static_rnn never read output_size, and programs have wrong ones.
            _InScope(cell, within, initial_state, adopts_output_size=True),
            inputs,
            initial_state,
            dtype,
            lengths_of_list(inputs, sequence_length),
            _names_here(),
        )
        _take_names(cell)
        return result


def dynamic_rnn(
    cell: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[Any, Any]:
    """`unrolled.dynamic_rnn` in a variable scope.

    Args:
      cell: any cell.
      inputs: [B, T, D], or [T, B, D] with `time_major`.
      sequence_length: B numbers (default: every row has T steps).
      initial_state: of the cell (default: zeros of `dtype`).
      dtype: the dtype of these zeros.
      parallel_iterations, swap_memory, time_major: as for `unrolled.dynamic_rnn`.
      scope: a name or a VariableScope (default: "rnn").

    Returns:
      The outputs [B, T, U] (or [T, B, U]), and the final state.

    Raises:
      As `unrolled.dynamic_rnn`.
    """
    with tf.variable_scope(scope or "rnn") as within:
        cell = as_cell(cell, inside="while")
        _check_apart(cell, initial_state, "initial_state")
        inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
        result = today.dynamic_rnn(
            _InScope(cell, within, initial_state),
            inputs,
            lengths_of(inputs, sequence_length, time_major),
            initial_state,
            dtype,
            parallel_iterations,
            swap_memory,
            time_major,
            _names_here(),
        )
        _take_names(cell)
        return result


def bidirectional_dynamic_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: Any,
    sequence_length: Any = None,
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    parallel_iterations: int | None = None,
    swap_memory: bool = False,
    time_major: bool = False,
    scope: Any = None,
) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Two runs of `dynamic_rnn`, one from the end, in variable scopes `fw` and `bw`.

    Args:
      cell_fw, cell_bw: any cells; a cell that is both has one set of variables for both directions.
      initial_state_fw, initial_state_bw: of the cells (default: zeros of `dtype`).
      inputs, sequence_length, dtype, parallel_iterations, swap_memory, time_major: as for
        `dynamic_rnn`.
      scope: a name or a VariableScope (default: "bidirectional_rnn").

    Returns:
      ((outputs_fw, outputs_bw), (state_fw, state_bw)); both outputs are [B, T, U].

    Raises:
      As `unrolled.dynamic_rnn`.
    """
    time, rows = (0, 1) if time_major else (1, 0)
    how = (dtype, parallel_iterations, swap_memory, time_major)
    inputs = tf.nest.map_structure(tf.convert_to_tensor, inputs)
    lengths = lengths_of(inputs, sequence_length, time_major)

    def reverse(x: tf.Tensor) -> tf.Tensor:
        if lengths is None:
            return tf.reverse(x, axis=[time])
        return tf.reverse_sequence(x, lengths, seq_axis=time, batch_axis=rows)

    with tf.variable_scope(scope or "bidirectional_rnn"):
        with tf.variable_scope("fw") as fw:
            cell_fw = as_cell(cell_fw, "cell_fw", "fw/while")
            _check_apart(cell_fw, initial_state_fw, "initial_state_fw")
            outputs_fw, state_fw = dynamic_rnn(
                cell_fw, inputs, lengths, initial_state_fw, *how, scope=fw
            )
        with tf.variable_scope("bw") as bw:
            cell_bw = as_cell(cell_bw, "cell_bw", "bw/while")
            _check_apart(cell_bw, initial_state_bw, "initial_state_bw")
            reversed_inputs = tf.nest.map_structure(reverse, inputs)
            outputs_bw, state_bw = dynamic_rnn(
                cell_bw, reversed_inputs, lengths, initial_state_bw, *how, scope=bw
            )
    return (outputs_fw, tf.nest.map_structure(reverse, outputs_bw)), (state_fw, state_bw)


def static_bidirectional_rnn(
    cell_fw: Any,
    cell_bw: Any,
    inputs: list[Any],
    initial_state_fw: Any = None,
    initial_state_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any, Any]:
    """Two runs of `static_rnn`, one from the end.

    Args:
      cell_fw, cell_bw: any cells.
      inputs: a list of T tensors [B, D].
      initial_state_fw, initial_state_bw: of the cells (default: zeros of `dtype`).
      dtype, sequence_length: as for `static_rnn`.
      scope: a name or a VariableScope (default: "bidirectional_rnn").

    Returns:
      A list of T outputs [B, U of both], forward and backward side by side, and the two states.
    """
    with tf.variable_scope(scope or "bidirectional_rnn"):
        lengths = lengths_of_list(inputs, sequence_length)
        with tf.variable_scope("fw") as fw:
            outputs_fw, state_fw = static_rnn(
                cell_fw, inputs, initial_state_fw, dtype, lengths, scope=fw
            )
        with tf.variable_scope("bw") as bw:
            outputs_bw, state_bw = static_rnn(
                cell_bw, _reversed(inputs, lengths), initial_state_bw, dtype, lengths, scope=bw
            )
        outputs_bw = _reversed(outputs_bw, lengths)
    outputs = [
        tf.nest.map_structure(lambda a, b: tf.concat([a, b], axis=1), fw, bw)
        for fw, bw in zip(outputs_fw, outputs_bw)
    ]
    return outputs, state_fw, state_bw


def static_state_saving_rnn(
    cell: Any,
    inputs: list[Any],
    state_saver: Any,
    state_name: Any,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], Any]:
    """A `static_rnn` that starts from a saved state and saves its own.

    Args:
      cell: any cell.
      inputs: a list of T tensors [B, D].
      state_saver: an object with `state(name)` and `save_state(name, value)`, which returns an
        operation that is run before the last output is read.
      state_name: one name, or as many as the state has tensors, in a tuple.
      sequence_length, scope: as for `static_rnn`.

    Returns:
      A list of T outputs [B, U], and the final state.

    Raises:
      ValueError: `state_name` does not have a name for each tensor of the state.
    """
    names = tf.nest.flatten(state_name)
    alike = tf.nest.is_nested(state_name) == tf.nest.is_nested(cell.state_size)
    if not alike or len(names) != len(tf.nest.flatten(cell.state_size)):
        raise ValueError(
            f"state_name must name each tensor of a state of sizes {cell.state_size}; "
            f"got {state_name!r}."
        )
    initial = tf.nest.pack_sequence_as(cell.state_size, [state_saver.state(n) for n in names])
    outputs, state = static_rnn(cell, inputs, initial, None, sequence_length, scope)
    leaves = tf.nest.flatten(state)
    with tf.control_dependencies([state_saver.save_state(n, x) for n, x in zip(names, leaves)]):
        outputs[-1] = tf.nest.map_structure(tf.identity, outputs[-1])
        return outputs, tf.nest.map_structure(tf.identity, state)


def transpose_batch_time(x: Any) -> tf.Tensor:
    """[B, T, ...] -> [T, B, ...] and back; what has fewer axes stays as it is."""
    x = tf.convert_to_tensor(x)
    if x.shape.rank is None:
        rest = tf.range(2, tf.rank(x))
        return tf.transpose(x, tf.concat([[1, 0], rest], axis=0))
    return x if x.shape.rank < 2 else swap_batch_and_time(x)


def best_effort_input_batch_size(flat_input: list[Any]) -> Any:
    """B of tensors [T, B, ...]: a number where one of them knows it, else a tensor.

    Args:
      flat_input: a list of tensors.

    Raises:
      ValueError: one of them has fewer than two axes.
    """
    for x in flat_input:
        if x.shape.rank is not None:
            if x.shape.rank < 2:
                raise ValueError(f"flat_input must be tensors [T, B, ...]; got shape {x.shape}.")
            if size_of(x, 1) is not None:
                return size_of(x, 1)
    return tf.shape(flat_input[0])[1]


def stack_bidirectional_rnn(
    cells_fw: list[Any],
    cells_bw: list[Any],
    inputs: list[Any],
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    scope: Any = None,
) -> tuple[list[Any], tuple[Any, ...], tuple[Any, ...]]:
    """Layers of `static_bidirectional_rnn`, each reading both directions of the one below.

    Args:
      cells_fw, cells_bw: lists of cells, one for each layer, the bottom layer first.
      initial_states_fw, initial_states_bw: lists of states (default: zeros of `dtype`).
      inputs, dtype, sequence_length: as for `static_bidirectional_rnn`.
      scope: a name or a VariableScope (default: "stack_bidirectional_rnn").

    Returns:
      The outputs of the top layer, a list of T tensors, and two tuples with one state for each
      layer.

    Raises:
      ValueError: the lists are empty, or not of one length.
    """
    _check_layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for layer, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw)):
            # Without a `bidirectional_rnn` in the names, which the dynamic one has.
            with tf.variable_scope(f"cell_{layer}") as within:
                inputs, state_fw, state_bw = static_bidirectional_rnn(
                    cell_fw,
                    cell_bw,
                    inputs,
                    initial_states_fw and initial_states_fw[layer],
                    initial_states_bw and initial_states_bw[layer],
                    dtype,
                    sequence_length,
                    within,
                )
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def stack_bidirectional_dynamic_rnn(
    cells_fw: list[Any],
    cells_bw: list[Any],
    inputs: Any,
    initial_states_fw: Any = None,
    initial_states_bw: Any = None,
    dtype: Any = None,
    sequence_length: Any = None,
    parallel_iterations: int | None = None,
    time_major: bool = False,
    scope: Any = None,
    swap_memory: bool = False,
) -> tuple[Any, tuple[Any, ...], tuple[Any, ...]]:
    """Layers of `bidirectional_dynamic_rnn`, each reading both directions of the one below.

    Args:
      cells_fw, cells_bw: lists of cells, one for each layer, the bottom layer first.
      initial_states_fw, initial_states_bw: lists of states (default: zeros of `dtype`).
      inputs, dtype, sequence_length, parallel_iterations, time_major, swap_memory: as for
        `dynamic_rnn`.
      scope: a name or a VariableScope (default: "stack_bidirectional_rnn").

    Returns:
      The outputs of the top layer, [B, T, U of both], and two tuples with one state for each layer.

    Raises:
      ValueError: the lists are empty, or not of one length.
    """
    _check_layers(cells_fw, cells_bw, initial_states_fw, initial_states_bw)
    states_fw, states_bw = [], []
    with tf.variable_scope(scope or "stack_bidirectional_rnn"):
        for layer, (cell_fw, cell_bw) in enumerate(zip(cells_fw, cells_bw)):
            with tf.variable_scope(f"cell_{layer}"):
                outputs, (state_fw, state_bw) = bidirectional_dynamic_rnn(
                    cell_fw,
                    cell_bw,
                    inputs,
                    sequence_length,
                    initial_states_fw and initial_states_fw[layer],
                    initial_states_bw and initial_states_bw[layer],
                    dtype,
                    parallel_iterations,
                    swap_memory,
                    time_major,
                )
                inputs = tf.concat(outputs, axis=2)  # [B, T, U] and [B, T, U] -> [B, T, 2U]
            states_fw.append(state_fw)
            states_bw.append(state_bw)
    return inputs, tuple(states_fw), tuple(states_bw)


def _check_layers(cells_fw: Any, cells_bw: Any, *initial_states: Any) -> None:
    for name, cells in (("cells_fw", cells_fw), ("cells_bw", cells_bw)):
        if not isinstance(cells, list) or not cells:
            raise ValueError(f"{name} must be a list of at least one cell; got {cells!r}.")
    if len(cells_fw) != len(cells_bw):
        raise ValueError(
            "cells_fw and cells_bw must hold one cell for each layer; "
            f"got {len(cells_fw)} and {len(cells_bw)}."
        )
    for states in initial_states:
        if states is not None and len(states) != len(cells_fw):
            raise ValueError(
                f"initial states must be a list of {len(cells_fw)}, one for each layer; "
                f"got {len(states)}."
            )


def _with_those_inside(cell: Any) -> Iterator[Any]:
    """A cell and the cells inside it."""
    yield cell
    for inside in cells_inside(cell):
        yield from _with_those_inside(inside)


def _take_names(cell: Any) -> None:
    """Count the scopes of the cells as taken until the scope that is open now is left.

    As in TensorFlow 1, each call of a cell did so: a new cell of this kind, in the scope where
    this one has its variables, then gets a name of its own, `gru_cell_1`.
    """
    for part in _with_those_inside(cell):
        if isinstance(getattr(part, "_scope", None), tf.VariableScope):
            with tf.variable_scope(part._scope, auxiliary_name_scope=False):
                pass


def _names_here() -> str:
    """The name scope that is open, as an absolute name."""
    here = tf.get_default_graph().get_name_scope()
    return here and f"{here}/"


def _reversed(steps: list[Any], lengths: Any) -> list[Any]:
    """T steps from the last to the first, each row within its own length."""
    if lengths is None:
        return list(reversed(steps))

    def reverse(*steps: tf.Tensor) -> list[tf.Tensor]:
        stacked = tf.stack(steps)  # T times [B, D] -> [T, B, D]
        return tf.unstack(tf.reverse_sequence(stacked, lengths, seq_axis=0, batch_axis=1))

    leaves = zip(*(reverse(*step) for step in zip(*map(tf.nest.flatten, steps))))
    return [tf.nest.pack_sequence_as(step, leaf) for step, leaf in zip(steps, leaves)]


def _check_apart(cell: Any, state: Any, argument: str) -> None:
    """A ValueError where one tensor is given for a state of several, as before 0.11."""
    if tf.nest.is_nested(cell.state_size) and hasattr(state, "shape"):
        raise ValueError(
            f"{argument} must have a tensor for each of the sizes {cell.state_size}; got one of "
            f"shape {state.shape}, as cells joined their states before 0.11; make the cells with "
            f"state_is_tuple=False, or set the environment variable {release.VARIABLE}=0.10."
        )
