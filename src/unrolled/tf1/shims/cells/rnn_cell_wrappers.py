"""The wrappers of `tf.nn.rnn_cell` and `tf.contrib.rnn`: cells around cells."""

from __future__ import annotations

import copy
from typing import Any

import tensorflow.compat.v1 as tf

import unrolled.wrappers as today
from unrolled.tf1.shims import release
from unrolled.tf1.shims.cells.cell_base import RNNCell, known_as
from unrolled.tf1.shims.cells.keras_cells import as_cell
from unrolled.tf1.shims.cells.linear import linear


class MultiRNNCell(RNNCell, today.MultiRNNCell):
    """`unrolled.MultiRNNCell` as a cell of TensorFlow 1; layer i's variables are under `cell_i`.

    `[cell] * n` acts as it did from 1.2 on: all layers share one set of weights, with a warning.
    Before 1.1 they had sets of their own: see `unrolled.tf1.shims.release`. Inputs of another depth
    than the outputs leave no other meaning (later releases refuse them), and give sets, too.

    Args:
      cells: a list of cells, the bottom layer first.
      state_is_tuple: False joins the states to one tensor [B, sum of sizes] (default: True).

    Raises:
      As `unrolled.MultiRNNCell`.
    """

    _cells = known_as("cells")
    _state_is_tuple = known_as("state_is_tuple")

    @release.with_its_state
    def __init__(self, cells: Any, state_is_tuple: bool = True):
        layers = cells
        if isinstance(cells, (list, tuple)):
            as_cells = {id(c): as_cell(c, f"cells[{layer}]") for layer, c in enumerate(cells)}
            layers = [as_cells[id(cell)] for cell in cells]
        today.MultiRNNCell.__init__(self, layers, state_is_tuple, share_weights=True)
        self._set_up(None)
        if len({id(cell) for cell in cells}) < len(cells) and release.cells_keep_their_scope():
            tf.logging.warn(
                "At least two cells provided to MultiRNNCell are the same object and will share "
                "weights. For weights of their own write MultiRNNCell([make_cell() for _ in "
                f"range({len(cells)})]), or set the environment variable {release.VARIABLE}=1.0, "
                "the last release in which [cell] * n had them."
            )

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if release.cells_keep_their_scope():
            self._part_unlike_layers(inputs)

        def scoped(layer: int, cell: Any) -> Any:
            def step(inputs: Any, state: Any) -> tuple[Any, Any]:
                with tf.variable_scope(f"cell_{layer}"):
                    return cell(inputs, state)

            return step

        steps = [scoped(layer, cell) for layer, cell in enumerate(self.cells)]
        return self.through(steps, inputs, state)

    def _part_unlike_layers(self, inputs: Any) -> None:
        """Copies for `[cell] * n` where the first call shows that weights cannot be shared."""
        depths = [inputs.shape[-1], *(cell.output_size for cell in self.cells[:-1])]
        seen: dict[int, set[Any]] = {}
        for cell, depth in zip(self.cells, map(tf.compat.dimension_value, depths), strict=True):
            seen.setdefault(id(cell), set()).add(depth)
        shared = {key for key, its in seen.items() if len(its - {None}) > 1}
        if not shared or any(
            getattr(cell, "variables", None) for cell in self.cells if id(cell) in shared
        ):
            return
        tf.logging.warn(
            "The layers of MultiRNNCell([cell] * n) have inputs of unlike depths and cannot share "
            "weights, so each gets its own, as before TensorFlow 1.1."
        )
        self.cells = [copy.deepcopy(cell) if id(cell) in shared else cell for cell in self.cells]


class Wrapper(RNNCell):
    """A cell around one cell, with its state."""

    _shows_its_cell = False  # in `get_config`
    _cell = known_as("cell")
    wrapped_cell = known_as("cell")

    def __init__(self, cell: Any, reuse: Any = None, **layer: Any):
        super().__init__(_reuse=reuse, **layer)
        self.cell = as_cell(cell)

    @property
    def state_size(self) -> Any:
        return self.cell.state_size

    @property
    def output_size(self) -> Any:
        return self.cell.output_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with tf.name_scope(f"{type(self).__name__}ZeroState"):
            return self.cell.zero_state(batch_size, dtype)

    def get_config(self) -> dict[str, Any]:
        """The wrapper's settings as plain values; the cell's own are under "cell"."""
        config = super().get_config()
        config.pop("reuse", None)
        if self._shows_its_cell:
            inside = {"class_name": type(self.cell).__name__, "config": self.cell.get_config()}
            config["cell"] = inside
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> RNNCell:
        """A new wrapper of what `get_config` gave, with a cell in the place of its description.

        Raises:
          ValueError: "cell" is still a description.
        """
        if isinstance(config.get("cell"), dict):
            raise ValueError(
                f'config["cell"] must be the cell to put into the {cls.__name__}; got the '
                "description of one: make it, and put it there."
            )
        return cls(**config)


class ResidualWrapper(Wrapper):
    """Adds a cell's input to its output: y = x + cell(x).

    Args:
      cell: any cell.
      residual_fn: (input, output) -> y (default: their sum).
      layer: as for `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: input and output differ in shape.
    """

    _shows_its_cell = True
    _residual_fn = known_as("residual_fn")

    def __init__(self, cell: Any, residual_fn: Any = None, **layer: Any):
        super().__init__(cell, **layer)
        self.residual_fn = residual_fn

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        return config if self.residual_fn is None else {**config, "residual_fn": self.residual_fn}

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; the variables are where the cell inside puts them."""
        output, new_state = called_in(self.cell, scope)(inputs, state)
        if self.residual_fn is not None:
            return self.residual_fn(inputs, output), new_state
        tf.nest.assert_same_structure(inputs, output)
        return tf.nest.map_structure(_sum, inputs, output), new_state


def _sum(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    if not x.shape.is_compatible_with(y.shape):
        raise ValueError(
            f"the output of a cell in a ResidualWrapper must be shaped like its input, {x.shape}; "
            f"got {y.shape}."
        )
    return x + y


class DeviceWrapper(Wrapper):
    """Runs a cell on one device, such as "/cpu:0"."""

    _shows_its_cell = True
    _in_config = ("device",)
    _device = known_as("device")

    def __init__(self, cell: Any, device: Any, **layer: Any):
        super().__init__(cell, **layer)
        self.device = device

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        with tf.device(self.device):
            return super().zero_state(batch_size, dtype)

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; the variables are where the cell inside puts them."""
        with tf.device(self.device):
            return called_in(self.cell, scope)(inputs, state)


class InputProjectionWrapper(Wrapper):
    """A linear layer in front of a cell: [B, D] -> [B, num_proj] at every step.

    Args:
      cell: any cell.
      num_proj: the size of the layer.
      activation: a function of its result (default: none).
      input_size: ignored.
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell.
    """

    def __init__(
        self,
        cell: Any,
        num_proj: int,
        activation: Any = None,
        input_size: Any = None,
        reuse: Any = None,
    ):
        super().__init__(cell, reuse)
        self.num_proj, self.activation = num_proj, activation

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        projected = linear(inputs, self.num_proj, True)  # [B, D] -> [B, num_proj]
        if self.activation:
            projected = self.activation(projected)
        return self.cell(projected, state)


class OutputProjectionWrapper(Wrapper):
    """A linear layer behind a cell: [B, U] -> [B, output_size] at every step.

    Args:
      cell: any cell.
      output_size: the size of the layer.
      activation: a function of its result (default: none).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell.
    """

    def __init__(self, cell: Any, output_size: int, activation: Any = None, reuse: Any = None):
        super().__init__(cell, reuse)
        self.projected_size, self.activation = output_size, activation

    @property
    def output_size(self) -> int:
        return self.projected_size

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        output, new_state = self.cell(inputs, state)
        projected = linear(output, self.projected_size, True)  # [B, U] -> [B, output_size]
        if self.activation:
            projected = self.activation(projected)
        return projected, new_state


class EmbeddingWrapper(Wrapper):
    """A table of vectors in front of a cell: numbers [B] or [B, 1] -> [B, embedding_size].

    Args:
      cell: any cell.
      embedding_classes, embedding_size: the sizes of the table, the variable `embedding`.
      initializer: of the table (default: that of the variable scope, or else uniform in ±sqrt(3),
        which has a variance of 1).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: a size is below 1.
    """

    def __init__(
        self,
        cell: Any,
        embedding_classes: int,
        embedding_size: int,
        initializer: Any = None,
        reuse: Any = None,
    ):
        super().__init__(cell, reuse)
        if embedding_classes <= 0 or embedding_size <= 0:
            raise ValueError(
                "embedding_classes and embedding_size must be at least 1; "
                f"got {embedding_classes} and {embedding_size}."
            )
        self.embedding_classes, self.embedding_size = embedding_classes, embedding_size
        self.initializer = initializer

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        initializer = (
            self.initializer
            or tf.get_variable_scope().initializer
            or tf.random_uniform_initializer(-(3**0.5), 3**0.5)
        )
        table = tf.get_variable(
            "embedding",
            [self.embedding_classes, self.embedding_size],
            tf.nest.flatten(state)[0].dtype,
            initializer,
        )
        return self.cell(tf.nn.embedding_lookup(table, tf.reshape(inputs, [-1])), state)


def called_in(cell: Any, scope: Any) -> Any:
    """`cell` as a function of inputs and state; only a scope other than None is passed to it."""
    return cell if scope is None else lambda inputs, state: cell(inputs, state, scope)
