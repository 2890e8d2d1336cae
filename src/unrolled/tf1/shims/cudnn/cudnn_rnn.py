"""The layers of `tf.contrib.cudnn_rnn`, without a GPU: on this package's cells and loops.

As in TensorFlow 1.15, a layer has one variable, `opaque_kernel`, cuDNN's buffer of all its weights.
A `Saver` also writes the kernels and biases under the names of compatible cells, and reads these:
`cudnn_rnn_params` explains both. So checkpoints of GPU runs are read here, with the slots of their
optimisers, and the other way round.
"""

from __future__ import annotations

import numbers
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import describe
from unrolled.internal.shapes import size_or_tensor
from unrolled.tf1.shims.cudnn import cudnn_rnn_ops as buffered
from unrolled.tf1.shims.cudnn import cudnn_rnn_params as params_of


class CudnnLayer:
    """Layers of one kind of cell, in one or two directions.

    Called with an `input_size`, as before 1.4, a class makes the network of `cudnn_rnn_ops` that
    has its name: the program holds the buffer there.

    Args:
      num_layers, num_units: the number of layers, and U.
      input_mode: "linear_input", or "auto_select" where the inputs are not U deep (default:
        "linear_input").
      direction: "unidirectional" or "bidirectional" (default: "unidirectional").
      dropout: the share of each layer's output but the last one's that is dropped in training
        (default: 0.0).
      seed: of the dropout and of the default initialiser (default: new draws in each session).
      dtype: of the weights (default: tf.float32).
      kernel_initializer: of each gate's matrices (default: Glorot uniform).
      bias_initializer: of each gate's two biases (default: zeros).
      name: the variable scope, made unique (default: cudnn_lstm, cudnn_gru, cudnn_rnn_tanh or
        cudnn_rnn_relu).

    Raises:
      ValueError: an argument has another value.
    """

    _network: type[buffered.CudnnNetwork]
    _saveable: type[params_of.CudnnOpaqueParamsSaveable]
    _states = 1

    def __new__(cls, *given: Any, **named: Any) -> Any:
        if "input_size" in named or (len(given) > 2 and isinstance(given[2], numbers.Integral)):
            return cls._network(*given, **named)
        return super().__new__(cls)

    def __init__(
        self,
        num_layers: int,
        num_units: int,
        input_mode: str = "linear_input",
        direction: str = "unidirectional",
        dropout: float = 0.0,
        seed: int | None = None,
        dtype: Any = tf.float32,
        kernel_initializer: Any = None,
        bias_initializer: Any = None,
        name: str | None = None,
    ):
        params_of.check_direction(direction)
        params_of.check_input_mode(input_mode, None, num_units)
        self.num_layers, self.num_units = num_layers, num_units
        self.input_mode, self.direction = input_mode, direction
        self.num_dirs = 2 if direction == "bidirectional" else 1
        self.dropout, self.seed = buffered.check_dropout(dropout), seed
        self.dtype = buffered.check_dtype(dtype)
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer
        self.name = name or f"cudnn_{self.rnn_mode}"
        self.built = False
        self.kernel: Any = None
        self.saveable: Any = None
        self._scope: Any = None
        self._made: Any = None  # the network, once the depth of the inputs is known

    def __call__(
        self,
        inputs: Any,
        initial_state: tuple[Any, ...] | None = None,
        sequence_lengths: Any = None,
        time_major: bool = True,
        training: bool = True,
        scope: Any = None,
    ) -> tuple[Any, tuple[Any, ...]]:
        """Run the network.

        Args:
          inputs: [T, B, D], or [B, T, D] if not `time_major`.
          initial_state: a tuple, (h, c) of an LSTM and (h,) of the others, each of
            [layers · directions, B, U], or [B, layers · directions, U] if not `time_major`
            (default: zeros).
          sequence_lengths: B whole numbers (default: T each).
          time_major: see there (default: True).
          training: whether dropout applies (default: True).
          scope: of the variable, at the first call (default: the layer's own).

        Returns:
          The outputs [T, B, U · directions], or [B, T, ...], and the new state.

        Raises:
          TypeError: `initial_state` is not a tuple.
          ValueError: `initial_state` has not as many tensors, or the inputs are not as deep as
            those of the first call.
        """
        inputs = tf.convert_to_tensor(inputs, self.dtype)
        with self._entered(scope):
            self.build(inputs.shape)
            if inputs.shape.rank != 3 or inputs.shape[2] != self.input_size:
                raise ValueError(
                    f"inputs of {self.name!r} must have three axes and a depth of "
                    f"{self.input_size}; got shape {inputs.shape}."
                )
            if initial_state is None:
                initial_state = self._zero_state(inputs, time_major)
            elif not isinstance(initial_state, tuple):
                raise TypeError(
                    f"initial_state must be a tuple of {self._states}, {self._parts()}; got "
                    f"{describe(initial_state)}."
                )
            if len(initial_state) != self._states:
                raise ValueError(
                    f"initial_state must be a tuple of {self._states}, {self._parts()}; got "
                    f"{len(initial_state)}."
                )
            return self._made.run(
                inputs, initial_state, self.kernel, sequence_lengths, time_major, training
            )

    apply = call = __call__

    def build(self, input_shape: Any) -> None:
        """Make the variable for inputs of this shape, whose last axis must be known.

        As in TensorFlow 1.15, a program that calls this itself has the names of the compatible
        cells begin with the scope around that call, and not with the layer's own.

        Raises:
          ValueError: the shape does not have three axes and a known depth.
        """
        if self.built:
            return
        shape = tf.TensorShape(input_shape)
        depth = tf.dimension_value(shape[-1]) if shape.rank == 3 else None
        if depth is None:
            raise ValueError(
                f"inputs of {self.name!r} must be [T, B, D] with a known D; got shape {shape}."
            )
        self._made = self._network(
            self.num_layers,
            self.num_units,
            depth,
            self.input_mode,
            self.direction,
            self.dtype,
            self.dropout,
            self.seed,
        )
        converter, around = self._made.converter, tf.get_variable_scope()
        with self._entered(None) as within:
            within.set_partitioner(None)  # the matrices lie across any parts
            self.kernel = tf.get_variable(
                "opaque_kernel", [converter.size()], self.dtype, self._start
            )
        self.built = True
        self._save_as_cells(around)

    def _start(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> tf.Tensor:
        """The initial buffer: one draw for each matrix and each bias."""
        kernel = self.kernel_initializer or tf.glorot_uniform_initializer(self.seed)
        bias = self.bias_initializer or tf.zeros_initializer()
        weights = [kernel(one, dtype=self.dtype) for one in self.canonical_weight_shapes]
        biases = [bias(one, dtype=self.dtype) for one in self.canonical_bias_shapes]
        return self._made.converter.from_canonical(weights, biases)

    def _save_as_cells(self, scope: tf.VariableScope) -> None:
        """Let every `Saver` know the buffer's other names, once for each variable."""
        name = f"{self.kernel.op.name}_saveable"
        for known in tf.get_collection(tf.GraphKeys.SAVEABLE_OBJECTS):
            if known.name == name:
                self.saveable = known
                return
        network = self._made
        with tf.init_scope():  # outside of any loop that the layer is called in
            self.saveable = self._saveable(
                self.kernel,
                network.num_layers,
                network.num_units,
                network.input_size,
                network.input_mode,
                network.direction,
                scope,
                name,
            )
        tf.add_to_collection(tf.GraphKeys.SAVEABLE_OBJECTS, self.saveable)

    @contextmanager
    def _entered(self, scope: Any) -> Iterator[tf.VariableScope]:
        """The layer's own variable scope: named at the first time, and the same from then on."""
        if self._scope is None:
            with tf.variable_scope(scope, default_name=self.name) as self._scope:
                pass
        reuse = self.built or None
        scope = tf.variable_scope(self._scope, reuse=reuse, auxiliary_name_scope=False)
        with scope as within, tf.name_scope(self._scope.original_name_scope):
            yield within

    @property
    def rnn_mode(self) -> str:
        return self._network.converter_class.rnn_mode

    @property
    def input_size(self) -> int:
        return self._need_made().input_size

    @property
    def canonical_weight_shapes(self) -> list[tuple[int, int]]:
        """The shapes of cuDNN's matrices, of all layers."""
        converter = self._need_made().converter
        return sum(map(converter.weight_shapes, range(self.num_layers)), [])

    @property
    def canonical_bias_shapes(self) -> list[list[int]]:
        """The shapes of cuDNN's biases, of all layers."""
        return self._need_made().converter.bias_shapes() * self.num_layers

    def _need_made(self) -> buffered.CudnnNetwork:
        if self._made is None:
            raise ValueError(
                f"the depth of the inputs of {self.name!r} is not known yet; call the layer, or "
                "its build(input_shape), first."
            )
        return self._made

    @property
    def variables(self) -> list[tf.Variable]:
        return [] if self.kernel is None else [self.kernel]

    @property
    def trainable_variables(self) -> list[tf.Variable]:
        return [variable for variable in self.variables if variable.trainable]

    weights, trainable_weights = variables, trainable_variables

    @property
    def scope_name(self) -> str:
        """The name of the layer's variable scope."""
        return self._scope.name

    def state_shape(self, batch_size: Any) -> tuple[list[Any], ...]:
        """The shapes of the state for B rows."""
        shape = [self.num_layers * self.num_dirs, batch_size, self.num_units]
        return tuple(list(shape) for _ in range(self._states))

    def _zero_state(self, inputs: tf.Tensor, time_major: bool) -> tuple[Any, ...]:
        rows = size_or_tensor(inputs, 1 if time_major else 0)
        layers = self.num_layers * self.num_dirs
        shape = [layers, rows] if time_major else [rows, layers]
        return (tf.zeros([*shape, self.num_units], self.dtype),) * self._states

    def _parts(self) -> str:
        return "(h, c)" if self._states == 2 else "(h,)"


class CudnnLSTM(CudnnLayer):
    """LSTM layers, without a forget bias. The arguments are those of `CudnnLayer`."""

    _network, _saveable, _states = buffered.CudnnLSTM, params_of.CudnnLSTMSaveable, 2


class CudnnGRU(CudnnLayer):
    """Layers of GRUs that reset after the product. The arguments are those of `CudnnLayer`."""

    _network, _saveable = buffered.CudnnGRU, params_of.CudnnGRUSaveable


class CudnnRNNTanh(CudnnLayer):
    """Layers of basic cells with tanh. The arguments are those of `CudnnLayer`."""

    _network, _saveable = buffered.CudnnRNNTanh, params_of.CudnnRNNTanhSaveable


class CudnnRNNRelu(CudnnLayer):
    """Layers of basic cells with relu. The arguments are those of `CudnnLayer`."""

    _network, _saveable = buffered.CudnnRNNRelu, params_of.CudnnRNNReluSaveable
