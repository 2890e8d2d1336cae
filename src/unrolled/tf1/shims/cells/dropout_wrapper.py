"""`DropoutWrapper` as TensorFlow 1 had it: the same masks from the same seeds."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.internal.checks import check_flag, describe
from unrolled.internal.shapes import size_shape
from unrolled.tf1.shims.cells.cell_base import known_as
from unrolled.tf1.shims.cells.rnn_cell_wrappers import Wrapper, called_in


class DropoutWrapper(Wrapper):
    """Dropout around a cell: on its input, its new state and its output, in this order.

    Kept values are scaled by 1/keep_prob. With `variational_recurrent` the same columns are dropped
    in all rows and at all steps (Gal and Ghahramani, 2016); else each row and step has a mask of
    its own. With a seed the masks are those that TensorFlow 1.15 drew; in a loop the order of the
    steps that draw them is certain only with parallel_iterations=1, there and here.

    Args:
      cell: any cell.
      input_keep_prob, output_keep_prob, state_keep_prob: in (0, 1], numbers or scalar tensors
        (default: 1.0).
      variational_recurrent: one mask for all steps (default: False).
      input_size, dtype: ignored: the masks follow the tensors.
      seed: a whole number that makes the masks repeatable (default: new masks in each session). It
        is also taken as the fourth argument by position, its place in 1.0.
      dropout_state_filter_visitor: a function of each level of the state. True drops out all of
        it, False nothing; a structure of these decides part by part (default: all but an LSTM's
        c is dropped, and no whole numbers).
      layer: as for `RNNCell`.

    Raises:
      TypeError: `cell` is not a cell, the seed not a whole number, or the visitor no function.
      ValueError: a keep_prob is outside (0, 1].
    """

    _shows_its_cell = True
    _in_config = (
        *("input_keep_prob", "output_keep_prob", "state_keep_prob", "variational_recurrent"),
        *("input_size", "seed"),
    )
    _input_keep_prob = known_as("input_keep_prob")
    _output_keep_prob = known_as("output_keep_prob")
    _state_keep_prob = known_as("state_keep_prob")
    _variational_recurrent = known_as("variational_recurrent")
    _seed = known_as("seed")

    def __init__(
        self,
        cell: Any,
        input_keep_prob: Any = 1.0,
        output_keep_prob: Any = 1.0,
        state_keep_prob: Any = 1.0,
        variational_recurrent: bool = False,
        input_size: Any = None,
        dtype: Any = None,
        seed: int | None = None,
        dropout_state_filter_visitor: Any = None,
        **layer: Any,
    ):
        super().__init__(cell, dtype=dtype, **layer)
        if state_keep_prob is None or (type(state_keep_prob) is int and state_keep_prob != 1):
            seed, state_keep_prob = state_keep_prob, 1.0
        if seed is not None and (isinstance(seed, bool) or not hasattr(seed, "__index__")):
            raise TypeError(f"seed must be a whole number or None; got {describe(seed)}.")
        visitor = dropout_state_filter_visitor
        if visitor is not None and not callable(visitor):
            raise TypeError(
                "dropout_state_filter_visitor must be a function of a part of the state; "
                f"got {describe(visitor)}."
            )
        self.input_keep_prob = _probability(input_keep_prob, "input_keep_prob")
        self.output_keep_prob = _probability(output_keep_prob, "output_keep_prob")
        self.state_keep_prob = _probability(state_keep_prob, "state_keep_prob")
        self.variational_recurrent = check_flag(variational_recurrent, "variational_recurrent")
        self.seed, self.input_size = seed, input_size
        self._visitor = visitor or _all_but_c

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self._visitor is not _all_but_c:
            config["dropout_state_filter_visitor"] = self._visitor
        return config

    def __call__(self, inputs: Any, state: Any, scope: Any = None) -> tuple[Any, Any]:
        """One time step; the variables are where the cell inside puts them."""
        if _drops(self.input_keep_prob):
            inputs = self._dropped(inputs, "input", self.input_keep_prob)
        output, new_state = called_in(self.cell, scope)(inputs, state)
        if _drops(self.state_keep_prob):
            new_state = self._dropped(new_state, "state", self.state_keep_prob, self._visitor)
        if _drops(self.output_keep_prob):
            output = self._dropped(output, "output", self.output_keep_prob)
        return output, new_state

    def _dropped(
        self, value: Any, what: str, keep_prob: Any, visitor: Callable[[Any], Any] | None = None
    ) -> Any:
        """Dropout on the tensors of a structure; their places in it give them their seeds."""
        leaves: list[Any] = []
        place = 0
        for drop, part in _decided(visitor or (lambda _: True), value):
            leaves.append(self._mask(part, f"{what}_{place}", keep_prob) if drop else part)
            # TensorFlow counted the masks of a run by tensors, those of a step by decisions.
            place += len(tf.nest.flatten(part)) if self.variational_recurrent else 1
        return tf.nest.pack_sequence_as(value, tf.nest.flatten(leaves))

    def _mask(self, x: tf.Tensor, place: str, keep_prob: Any) -> tf.Tensor:
        seed = None if self.seed is None else _salted(self.seed, place)
        if not self.variational_recurrent:
            return tf.nn.dropout(x, rate=1.0 - keep_prob, seed=seed)
        noises: dict[str, tf.Tensor] = self.__dict__.setdefault("_noises", {})
        if place not in noises:
            with tf.init_scope():  # outside the loop of the steps
                shape = [1, *size_shape(x.shape[1:]).as_list()]
                noises[place] = tf.random_uniform(shape, seed=seed, dtype=x.dtype)
        kept = tf.floor(keep_prob + noises[place])  # [1, U]: 1 with this probability, else 0
        return x / keep_prob * kept


def _salted(seed: int, place: str) -> int:
    digest = hashlib.md5(f"{seed}{place}".encode(), usedforsecurity=False).hexdigest()
    return int(digest[:8], 16) & 0x7FFFFFFF


def _all_but_c(part: Any) -> Any:
    """What is dropped where no visitor is given."""
    if getattr(part, "_fields", ()) == ("c", "h"):  # an LSTM's state, whoever made it
        return type(part)(False, True)
    return tf.nest.is_nested(part) or (hasattr(part, "dtype") and part.dtype.is_floating)


def _decided(visitor: Callable[[Any], Any], part: Any) -> Iterator[tuple[bool, Any]]:
    """What a visitor says of the tensors of a structure, or of parts that stay as they are."""
    answer = visitor(part)
    if not tf.nest.is_nested(part) or answer is False:
        yield bool(answer), part
        return
    children = _children(part)
    for inside, child in zip(_children(answer) if answer is not True else children, children):
        if inside is False:
            yield False, child
        else:
            yield from _decided(visitor, child)


def _children(part: Any) -> list[Any]:
    return [part[key] for key in sorted(part)] if isinstance(part, Mapping) else list(part)


def _drops(keep_prob: Any) -> bool:
    return not (isinstance(keep_prob, float) and keep_prob == 1)


def _probability(value: Any, argument: str) -> Any:
    """`value` as a number where it is known, or a tensor."""
    wanted = f"{argument} must lie in (0, 1], the share of values that is kept"
    try:
        tensor = tf.convert_to_tensor(value)
        known = tf.get_static_value(tensor)
        number = None if known is None else float(known)
    except (TypeError, ValueError):
        raise ValueError(f"{wanted}; got {describe(value)}.") from None
    if number is None:
        return tensor
    if not 0 < number <= 1:
        raise ValueError(f"{wanted}; got {number!r}.")
    return number
