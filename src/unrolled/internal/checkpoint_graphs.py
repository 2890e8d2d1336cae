"""What the graph beside a checkpoint shows of a cell that its variables do not.

A program's Saver writes its graph into the file `.meta`. From a cell's kernel the way leads through
its matrix product to the operations behind it, whatever they are named:

    kernel -> MatMul -> BiasAdd -> Split -> 0: i -> Sigmoid
                                            1: j -> Tanh          the activation
                                            2: f -> Add(f, 1.0)   the forget bias -> Sigmoid
                                            3: o -> Sigmoid

or, where the cell was a fused kernel, to one operation that has them as attributes.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import tensorflow as tf

_ACTIVATIONS = {
    "Tanh": tf.tanh,
    "Relu": tf.nn.relu,
    "Relu6": tf.nn.relu6,
    "Elu": tf.nn.elu,
    "Selu": tf.nn.selu,
    "Sigmoid": tf.sigmoid,
    "Softplus": tf.nn.softplus,
    "Softsign": tf.nn.softsign,
    "Identity": tf.identity,
    "Mul": tf.identity,  # what comes after an activation
}
_SUMS = ("BiasAdd", "Add", "AddV2")
_FUSED = ("LSTMBlockCell", "BlockLSTM")
_FUSED_DEFAULTS = {"forget_bias": 1.0, "cell_clip": 3.0}  # which a graph may leave out
_BACKWARD = re.compile(r"(?:.*/)?gradients(?:_\d+)?/")


class Seen(NamedTuple):
    """What a graph shows of a cell."""

    options: dict[str, Any]  # of `unrolled.LSTMCell` and the others; only those that are seen
    layers: int | None = None  # how many layers use these variables; None: not seen
    residual: bool = False  # whether its input is added to its output
    is_lstm: bool = False
    used: bool = True  # whether the graph has the cell at all


class CellGraph:
    """A GraphDef by its names and the ways between them.

    Args:
      graph: a GraphDef, or None for a checkpoint without one: then nothing is seen.
    """

    def __init__(self, graph: Any):
        nodes = [] if graph is None else [n for n in graph.node if not _BACKWARD.match(n.name)]
        self._nodes = {node.name: node for node in nodes}
        self._consumers: dict[str, list[tuple[Any, int]]] = defaultdict(list)
        for node in nodes:
            for position, tensor in enumerate(node.input):
                if not tensor.startswith("^"):
                    self._consumers[_tensor(tensor)].append((node, position))

    def of(self, names: Mapping[str, Sequence[str]]) -> Seen:
        """What is seen of the cell whose variables have these names in the checkpoint."""
        kernel = names.get("kernel") or names.get("candidate_kernel") or [""]
        uses = [*self._uses(kernel[0])]
        if not uses:
            return Seen({}, used=False)
        per_loop = Counter(frame for _, frame in uses if frame)
        layers = max(per_loop.values()) if per_loop else None
        node = uses[0][0]
        if node.op in _FUSED:
            options: dict[str, Any] = {key: _attribute(node, key) for key in _FUSED_DEFAULTS}
            if options["cell_clip"] <= 0:
                options["cell_clip"] = None  # "no clip" to the fused kernel
            return Seen({**options, "activation": tf.tanh}, layers, is_lstm=True)
        if node.op != "MatMul":
            return Seen({}, layers)
        before = self._behind(node.name, _SUMS) or node.name
        split = self._behind(before, ("Split",))
        inputs = self._joined(node)
        if split is not None and self._nodes[split].attr["num_split"].i == 4:
            options, output = self._lstm(split)
            options.update(self._clip_of_projection(names))
            output = self._projected(names) or output
            is_lstm = "cell_clip" in options  # the way led from the gates to the memory
            return Seen(options, layers, self._is_residual(output, inputs), is_lstm)
        activation, after = self._activation(before)
        if "candidate_kernel" in names and after is not None:
            product = self._product_behind(after)
            after = product and self._behind(product, _SUMS)
        options = {} if activation is None else {"activation": activation}
        return Seen(options, layers, self._is_residual(after, inputs))

    def _lstm(self, split: str) -> tuple[dict[str, Any], str | None]:
        """The options that an LSTM's gates show, and the name of its output."""
        options: dict[str, Any] = {}
        for node, position in self._consumers[f"{split}:2"]:
            if node.op == "Sigmoid":
                options["forget_bias"] = 0.0
            elif node.op in _SUMS:
                value = self._constant(node.input[1 - position])
                if value is not None:
                    options["forget_bias"] = value
        activation, j = self._activation(f"{split}:1")
        if activation is None or j is None:
            return options, None
        options["activation"] = activation
        product = self._product_behind(j)
        c = product and self._behind(product, _SUMS)
        if c is None:
            return options, None
        options["cell_clip"], c = self._clip(c)
        options["state_is_tuple"] = self._behind(c, ("Concat", "ConcatV2")) is None
        return options, self._product_behind(self._activation(c)[1])

    def _uses(self, variable: str) -> Iterator[tuple[Any, str | None]]:
        """The operations that compute with a variable, each with the loop that it is in."""
        left: list[tuple[str, str | None]] = [(variable, None)]
        while left:
            tensor, frame = left.pop()
            for node, position in self._consumers[tensor]:
                if node.op in ("Identity", "ReadVariableOp", "Concat", "ConcatV2"):
                    left.append((node.name, frame))
                elif node.op == "Enter":
                    left.append((node.name, node.attr["frame_name"].s.decode()))
                elif (node.op == "MatMul" and position == 1) or node.op in _FUSED:
                    yield node, frame

    def _behind(self, tensor: str, kinds: Sequence[str]) -> str | None:
        """The first consumer of one of these kinds."""
        return next((node.name for node, _ in self._consumers[tensor] if node.op in kinds), None)

    def _activation(self, tensor: str) -> tuple[Any, str | None]:
        """The activation behind a tensor, and the operation that it is."""
        known = [node for node, _ in self._consumers[tensor] if node.op in _ACTIVATIONS]
        if len(known) != 1:
            return None, None
        return _ACTIVATIONS[known[0].op], known[0].name

    def _product_behind(self, activation: str | None) -> str | None:
        """The product that an activation goes into; without one it is found itself."""
        if activation is None or self._nodes[activation].op == "Mul":
            return activation
        return self._behind(activation, ("Mul",))

    def _clip(self, tensor: str) -> tuple[float | None, str]:
        """The bound of a clip behind a tensor, and the clipped tensor."""
        lower = self._behind(tensor, ("Minimum",))
        upper = lower and self._behind(lower, ("Maximum",))
        if lower is None or upper is None:
            return None, tensor
        return self._constant(self._nodes[lower].input[1]), upper

    def _projected(self, names: Mapping[str, Sequence[str]]) -> str | None:
        kernel = names.get("projection_kernel")
        return next((node.name for node, _ in self._uses(kernel[0])), None) if kernel else None

    def _clip_of_projection(self, names: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        product = self._projected(names)
        return {} if product is None else {"proj_clip": self._clip(product)[0]}

    def _joined(self, product: Any) -> list[str]:
        """What a cell joins to [x, h], by name: [x, h]."""
        joined = self._nodes.get(_tensor(product.input[0]))
        if joined is None or joined.op not in ("Concat", "ConcatV2"):
            return []
        inputs = joined.input[1:] if joined.op == "Concat" else joined.input[:-1]
        return [_tensor(one) for one in inputs]

    def _is_residual(self, output: str | None, inputs: Sequence[str]) -> bool:
        sums = (node for node, _ in self._consumers[output or ""] if node.op in _SUMS)
        return bool(inputs) and any(
            {_tensor(one) for one in node.input} == {output, inputs[0]} for node in sums
        )

    def _constant(self, tensor: str) -> float | None:
        node = self._nodes.get(_tensor(tensor))
        while node is not None and node.op in ("Identity", "Enter"):
            node = self._nodes.get(_tensor(node.input[0]))
        if node is None or node.op != "Const":
            return None
        value = tf.make_ndarray(node.attr["value"].tensor)
        # As the program wrote it, 0.3 and not 0.30000001192092896.
        return float(np.format_float_positional(value[()])) if value.ndim == 0 else None


def _tensor(name: str) -> str:
    """A tensor's name, without the number of an operation's first output."""
    return name.removesuffix(":0")


def _attribute(node: Any, key: str) -> float:
    value = node.attr[key].f if key in node.attr else _FUSED_DEFAULTS[key]
    return float(np.format_float_positional(np.float32(value)))
