"""The wrappers that only `tf.contrib.rnn` had: attention over a cell's own past, highways, XLA."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_count
from unrolled.tf1.shims.cells.cell_base import known_as
from unrolled.tf1.shims.cells.linear import Linear
from unrolled.tf1.shims.cells.rnn_cell_wrappers import Wrapper, called_in


class AttentionCellWrapper(Wrapper):
    """Attention of a cell to its own last outputs.

        x' = [x, d] K_1 + b_1                                      # d: what was attended to before
        y, state' = cell(x', state)
        a = softmax_i(v · tanh(m_i W + state' K_3 + b_3)),  d' = Σ a_i m_i     # i over the memory
        output = [y, d'] K_2 + b_2                                 # joins the memory m

    Bahdanau, Cho and Bengio (2015), within one sequence. K_1 and b_1 are `kernel` and `bias`; W, v,
    K_3 and b_3 are in the scope `attention`, as `attn_w`, `attn_v`, `kernel` and `bias`; K_2 and
    b_2 are in `attn_output_projection`.

    Args:
      cell: any cell.
      attn_length: how many outputs the memory holds.
      attn_size: the size of each, and of the output (default: that of the cell's output).
      attn_vec_size: the size of v (default: attn_size).
      input_size: the size of x' (default: that of x).
      state_is_tuple: the state is (the cell's, d, the memory); False joins them to one tensor
        (default: True).
      reuse: as `_reuse` of `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: `attn_length` is below 1, or a cell with a nested state is to be joined.
    """

    _state_is_tuple = known_as("state_is_tuple")
    _attn_length = known_as("attn_length")
    _attn_size = known_as("attn_size")
    _attn_vec_size = known_as("attn_vec_size")
    _input_size = known_as("input_size")
    _linear1: Any = None
    _linear2: Any = None
    _linear3: Any = None

    def __init__(
        self,
        cell: Any,
        attn_length: int,
        attn_size: int | None = None,
        attn_vec_size: int | None = None,
        input_size: int | None = None,
        state_is_tuple: bool = True,
        reuse: Any = None,
    ):
        super().__init__(cell, reuse)
        if not state_is_tuple and tf.nest.is_nested(cell.state_size):
            raise ValueError(
                "state_is_tuple=False needs a cell whose state is one tensor; got one with "
                f"state_size {cell.state_size}; make it with state_is_tuple=False too."
            )
        self.attn_length = check_count(attn_length, "attn_length")
        self.attn_size = cell.output_size if attn_size is None else attn_size
        self.attn_vec_size = self.attn_size if attn_vec_size is None else attn_vec_size
        self.input_size, self.state_is_tuple = input_size, state_is_tuple

    @property
    def state_size(self) -> Any:
        sizes = (self.cell.state_size, self.attn_size, self.attn_size * self.attn_length)
        return sizes if self.state_is_tuple else sum(sizes)

    @property
    def output_size(self) -> Any:
        return self.attn_size

    def zero_state(self, batch_size: Any, dtype: Any) -> Any:
        sizes = (self.attn_size, self.attn_size * self.attn_length)
        zeros = [tf.zeros([batch_size, size], dtype) for size in sizes]
        state = (self.cell.zero_state(batch_size, dtype), *zeros)
        return state if self.state_is_tuple else tf.concat(state, 1)

    def call(self, inputs: Any, state: Any) -> tuple[Any, Any]:
        if not self.state_is_tuple:
            sizes = [self.cell.state_size, self.attn_size, self.attn_size * self.attn_length]
            state = tf.split(state, sizes, axis=1)
        state, attended, memory = state
        memory = tf.reshape(memory, [-1, self.attn_length, self.attn_size])
        if self._linear1 is None:
            size = self.input_size or inputs.shape.as_list()[1]
            self._linear1 = Linear([inputs, attended], size, True)
        output, new_state = self.cell(self._linear1([inputs, attended]), state)
        query = tf.concat(tf.nest.flatten(new_state), 1)
        attended, memory = self._attention(query, memory)
        with tf.variable_scope("attn_output_projection"):
            if self._linear2 is None:
                self._linear2 = Linear([output, attended], self.attn_size, True)
            output = self._linear2([output, attended])
        memory = tf.concat([memory, output[:, tf.newaxis]], 1)  # [B, attn_length, attn_size]
        memory = tf.reshape(memory, [-1, self.attn_length * self.attn_size])
        new_state = (new_state, attended, memory)
        return output, new_state if self.state_is_tuple else tf.concat(new_state, 1)

    def _attention(self, query: Any, memory: Any) -> tuple[Any, Any]:
        """What is attended to [B, attn_size], and the memory without its oldest output."""
        with tf.variable_scope("attention"):
            shape = [1, 1, self.attn_size, self.attn_vec_size]
            kernel = tf.get_variable("attn_w", shape, query.dtype)
            v = tf.get_variable("attn_v", [self.attn_vec_size], query.dtype)
            if self._linear3 is None:
                self._linear3 = Linear(query, self.attn_vec_size, True)
            keys = tf.tensordot(memory, tf.reshape(kernel, shape[2:]), 1)  # [B, length, vec]
            scores = tf.reduce_sum(v * tf.tanh(keys + self._linear3(query)[:, tf.newaxis]), 2)
            weights = tf.nn.softmax(scores)  # [B, length]
            return tf.reduce_sum(weights[:, :, tf.newaxis] * memory, 1), memory[:, 1:]


class HighwayWrapper(Wrapper):
    """A gated way around a cell: y = carry · x + transform · cell(x).

        carry = σ(x C + c),   transform = 1 - carry, or σ(x T + t)

    Srivastava, Greff and Schmidhuber (2015). C and c are `carry_w` [D, D] and `carry_b` [D], T and
    t `transform_w` and `transform_b`, in the scope that the cell is called in.

    Args:
      cell: any cell, with outputs like its inputs.
      couple_carry_transform_gates: take 1 - carry for the other gate (default: True).
      carry_bias_init: where c starts, and -t (default: 1.0).

    Raises:
      TypeError: `cell` is not a cell.
      ValueError: input and output differ in shape.
    """

    def __init__(
        self, cell: Any, couple_carry_transform_gates: bool = True, carry_bias_init: float = 1.0
    ):
        super().__init__(cell)
        self.coupled, self.carry_bias_init = couple_carry_transform_gates, carry_bias_init

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; the variables are where the cell inside is called."""
        output, new_state = called_in(self.cell, scope)(inputs, state)
        tf.nest.assert_same_structure(inputs, output)
        here = tf.get_variable_scope()  # and no scope of its own
        with tf.variable_scope(here, custom_getter=self._record):
            return tf.nest.map_structure(self._highway, inputs, output), new_state

    def _highway(self, x: Any, y: Any) -> Any:
        if not x.shape.is_compatible_with(y.shape):
            raise ValueError(
                "the output of a cell in a HighwayWrapper must be shaped like its input, "
                f"{x.shape}; got {y.shape}."
            )
        carry = self._gate("carry", x, self.carry_bias_init)
        transform = 1 - carry if self.coupled else self._gate("transform", x, -self.carry_bias_init)
        return x * carry + y * transform

    def _gate(self, name: str, x: Any, start: float) -> Any:
        depth = x.shape.as_list()[1]
        kernel = tf.get_variable(f"{name}_w", [depth, depth], x.dtype)
        initializer = tf.constant_initializer(start)
        bias = tf.get_variable(f"{name}_b", [depth], x.dtype, initializer)
        return tf.sigmoid(tf.matmul(x, kernel) + bias)  # [B, D] @ [D, D]


class CompiledWrapper(Wrapper):
    """Asks TensorFlow to compile a cell's step with XLA, which changes no result.

    Args:
      cell: any cell.
      compile_stateful: also compile what is stateful, such as random numbers (default: False).

    Raises:
      TypeError: `cell` is not a cell.
    """

    compiled = True

    def __init__(self, cell: Any, compile_stateful: bool = False):
        super().__init__(cell)
        self.compile_stateful = compile_stateful

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; the variables are where the cell inside puts them."""
        stateful = ("Variable", "VarHandle", "Random", "Assign", "Assert")

        def compiled(node: Any) -> bool:
            return not node.op.startswith(stateful)

        with tf.xla.experimental.jit_scope(compile_ops=self.compile_stateful or compiled):
            return called_in(self.cell, scope)(inputs, state)
