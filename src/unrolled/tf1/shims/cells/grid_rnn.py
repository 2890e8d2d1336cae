"""The cells of `tf.contrib.grid_rnn`: a cell for each dimension of a grid, which all read all.

Kalchbrenner, Danihelka and Graves (2015). In one step every dimension has a cell of its own. Its
input is the last output of the other dimensions, its state that of its own dimension; those in
`priority_dims` run last, and read the new outputs of the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.internal.shapes import size_of
from unrolled.tf1.shims.cells.cell_base import RNNCell
from unrolled.tf1.shims.cells.rnn_cell import BasicLSTMCell, BasicRNNCell, GRUCell, LSTMCell


class GridRNNCell(RNNCell):
    """A grid of cells.

    An input dimension starts from the input: x `project_m_<i>`, and with LSTMs x `project_c_<i>`,
    each [D, U]. The cells are in the scopes `recurrent/cell_<i>`, or `recurrent` where they are
    tied; dense layers in the place of a cell are in `non_recurrent`.

    Args:
      num_units: U.
      num_dims: the number of dimensions, at least 2 (default: 1, which raises).
      input_dims, output_dims: which of them take the input, and give the output (default: none).
      priority_dims: which run last (default: none).
      non_recurrent_dims: which have a dense layer and not a cell (default: none).
      tied: one cell for all dimensions (default: False).
      cell_fn: a function of U that makes a cell (default: `LSTMCell`).
      non_recurrent_fn: the activation of the dense layers (default: relu).
      state_is_tuple: a tuple of states, and not one tensor (default: True).
      output_is_tuple: a tuple of outputs, and not one tensor (default: True).

    Raises:
      ValueError: a dimension is not one of the grid's, or there is but one.
      TypeError: `cell_fn` does not make a cell.
    """

    def __init__(
        self,
        num_units: int,
        num_dims: int = 1,
        input_dims: int | Sequence[int] | None = None,
        output_dims: int | Sequence[int] | None = None,
        priority_dims: int | Sequence[int] | None = None,
        non_recurrent_dims: int | Sequence[int] | None = None,
        tied: bool = False,
        cell_fn: Callable[[int], Any] | None = None,
        non_recurrent_fn: Any = None,
        state_is_tuple: bool = True,
        output_is_tuple: bool = True,
    ):
        super().__init__()
        self.num_units = check_count(num_units, "num_units")
        self.num_dims = check_count(num_dims, "num_dims")
        if num_dims == 1:
            raise ValueError(
                "a grid of one dimension is not put back: its cell reads inputs of depth 0; use "
                "num_dims=2, or the cell itself."
            )
        self.inputs = self._dims(input_dims, "input_dims")
        self.outputs = self._dims(output_dims, "output_dims")
        self.priority = self._dims(priority_dims, "priority_dims")
        self.dense = self._dims(non_recurrent_dims, "non_recurrent_dims")
        self.recurrent = [i for i in range(num_dims) if i not in self.dense]
        self.dense_activation = non_recurrent_fn or tf.nn.relu
        self.tied, self.state_is_tuple, self.output_is_tuple = tied, state_is_tuple, output_is_tuple

        def make_cell() -> Any:
            cell = cell_fn(num_units) if cell_fn else LSTMCell(num_units)
            if not isinstance(cell, RNNCell):
                raise TypeError(f"cell_fn must make an RNNCell; got {cell!r}.")
            return cell

        self.cells = [make_cell()] * num_dims if tied else [make_cell() for _ in range(num_dims)]

    def _dims(self, dims: int | Sequence[int] | None, argument: str) -> list[int]:
        listed = [] if dims is None else [dims] if isinstance(dims, int) else dims
        if any(not 0 <= i < self.num_dims for i in listed):
            raise ValueError(
                f"{argument} must be numbers from 0 to {self.num_dims - 1}; got {dims!r}."
            )
        return sorted(set(listed))

    @property
    def output_size(self) -> Any:
        sizes = tuple(self.cells[i].output_size for i in self.outputs)
        return sizes if self.output_is_tuple else sum(sizes)

    @property
    def state_size(self) -> Any:
        sizes = tuple(self.cells[i].state_size for i in self.recurrent)
        return sizes if self.state_is_tuple else sum(tf.nest.flatten(sizes))

    def __call__(
        self, inputs: Any, state: Any, scope: Any = None, *more: Any, **named: Any
    ) -> tuple[Any, Any]:
        with tf.variable_scope(scope or type(self).__name__, custom_getter=self._record):
            return self._step(inputs, state)

    def _step(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        """One time step, in the scope of the grid."""
        before = self._before(state)
        self._project(inputs, before)
        outputs: list[Any] = [None] * self.num_dims
        states: list[Any] = [None] * self.num_dims
        first = [i for i in range(self.num_dims) if i not in self.priority]
        entered: set[str] = set()
        for group in (first, self.priority):
            # All of a group read what was there before the group.
            seen = [b[-1] if y is None else y for b, y in zip(before, outputs)]
            for i in group:
                outputs[i], states[i] = self._run(i, seen, before[i], entered)
        given = tuple(outputs[i] for i in self.outputs)
        kept = tuple(states[i] for i in self.recurrent)
        return (
            given if self.output_is_tuple else self._joined(given, inputs),
            kept if self.state_is_tuple else self._joined(tf.nest.flatten(kept), inputs),
        )

    def _before(self, state: Any) -> list[list[Any]]:
        """(c, m) or (m,) of each dimension; None where a dense layer keeps none."""
        sizes = tf.nest.flatten(self.cells[0].state_size)
        parts: list[list[Any]] = [[None] * len(sizes) for _ in range(self.num_dims)]
        if self.state_is_tuple:
            leaves = [tf.nest.flatten(one) for one in state]
        else:
            cut = iter(tf.split(state, sizes * len(self.recurrent), axis=1))
            leaves = [[next(cut) for _ in sizes] for _ in self.recurrent]
        for i, one in zip(self.recurrent, leaves):
            parts[i] = list(one)
        return parts

    def _project(self, inputs: Any, before: list[list[Any]]) -> None:
        """Put the input into the place of its dimensions' states."""
        if not self.inputs or size_of(inputs, 1) == 0:
            return
        for i, x in zip(self.inputs, tf.split(inputs, len(self.inputs), axis=1)):
            for place in reversed(range(len(before[i]))):
                name = f"project_{'m' if place == len(before[i]) - 1 else 'c'}_{i}"
                shape = [size_of(x, 1), self.num_units]
                before[i][place] = tf.matmul(x, tf.get_variable(name, shape, x.dtype))

    def _run(
        self, i: int, seen: list[Any], before: list[Any], entered: set[str]
    ) -> tuple[Any, Any]:
        """The output and the state of one dimension."""
        kind = "non_recurrent" if i in self.dense else "recurrent"
        others = seen[:-1]
        name = kind if self.tied else f"{kind}/cell_{i}"
        with tf.variable_scope(name, reuse=True if name in entered else None):
            entered.add(name)
            if i in self.dense:
                return self._dense(tf.concat([*others, seen[-1]], 1)), None
            state = (before[0], seen[-1]) if len(before) > 1 else seen[-1]
            return self.cells[i](tf.concat(others, 1), state)

    def _dense(self, x: Any) -> Any:
        with tf.variable_scope("fully_connected"):
            shape = [size_of(x, 1), self.num_units]
            kernel = tf.get_variable("weights", shape, x.dtype)
            bias = tf.get_variable("biases", shape[1:], x.dtype, tf.zeros_initializer())
        return self.dense_activation(tf.matmul(x, kernel) + bias)

    def _joined(self, parts: Any, inputs: Any) -> Any:
        return tf.concat(parts, 1) if parts else tf.zeros([0, 0], inputs.dtype)


def _basic_lstm(forget_bias: float) -> Callable[[int], Any]:
    return lambda n: BasicLSTMCell(n, forget_bias, True)


def _lstm(use_peepholes: bool, forget_bias: float) -> Callable[[int], Any]:
    return lambda n: LSTMCell(n, use_peepholes, forget_bias=forget_bias, state_is_tuple=True)


class _Grid2(GridRNNCell):
    """Dimension 0 takes the input, gives the output and runs last; the others run through time."""

    _dimensions = 2

    def __init__(
        self,
        num_units: int,
        tied: bool,
        non_recurrent_fn: Any,
        cell_fn: Callable[[int], Any],
        state_is_tuple: bool,
        output_is_tuple: bool,
    ):
        super().__init__(
            num_units,
            self._dimensions,
            input_dims=0,
            output_dims=0,
            priority_dims=0,
            non_recurrent_dims=None if non_recurrent_fn is None else 0,
            tied=tied,
            cell_fn=cell_fn,
            non_recurrent_fn=non_recurrent_fn,
            state_is_tuple=state_is_tuple,
            output_is_tuple=output_is_tuple,
        )


class Grid2BasicRNNCell(_Grid2):
    """A grid of two `BasicRNNCell`s.

    Args:
      num_units: U.
      tied: one cell for both dimensions (default: False).
      non_recurrent_fn: the activation of a dense layer in the place of the cell that gives the
        output (default: no such layer).
      state_is_tuple, output_is_tuple: as for `GridRNNCell`.
    """

    def __init__(
        self,
        num_units: int,
        tied: bool = False,
        non_recurrent_fn: Any = None,
        state_is_tuple: bool = True,
        output_is_tuple: bool = True,
    ):
        super().__init__(
            num_units, tied, non_recurrent_fn, BasicRNNCell, state_is_tuple, output_is_tuple
        )


class Grid2GRUCell(_Grid2):
    """A grid of two `GRUCell`s; the arguments are those of `Grid2BasicRNNCell`."""

    def __init__(
        self,
        num_units: int,
        tied: bool = False,
        non_recurrent_fn: Any = None,
        state_is_tuple: bool = True,
        output_is_tuple: bool = True,
    ):
        super().__init__(
            num_units, tied, non_recurrent_fn, GRUCell, state_is_tuple, output_is_tuple
        )


class Grid2BasicLSTMCell(_Grid2):
    """A grid of two `BasicLSTMCell`s; the arguments are theirs and `Grid2BasicRNNCell`'s."""

    def __init__(
        self,
        num_units: int,
        tied: bool = False,
        non_recurrent_fn: Any = None,
        forget_bias: float = 1,
        state_is_tuple: bool = True,
        output_is_tuple: bool = True,
    ):
        make_cell = _basic_lstm(forget_bias)
        super().__init__(
            num_units, tied, non_recurrent_fn, make_cell, state_is_tuple, output_is_tuple
        )


class Grid2LSTMCell(_Grid2):
    """A grid of two `LSTMCell`s; the arguments are theirs and `Grid2BasicRNNCell`'s."""

    def __init__(
        self,
        num_units: int,
        tied: bool = False,
        non_recurrent_fn: Any = None,
        use_peepholes: bool = False,
        forget_bias: float = 1.0,
        state_is_tuple: bool = True,
        output_is_tuple: bool = True,
    ):
        make_cell = _lstm(use_peepholes, forget_bias)
        super().__init__(
            num_units, tied, non_recurrent_fn, make_cell, state_is_tuple, output_is_tuple
        )


class Grid3LSTMCell(Grid2LSTMCell):
    """A grid of three `LSTMCell`s; the arguments are those of `Grid2LSTMCell`."""

    _dimensions = 3
