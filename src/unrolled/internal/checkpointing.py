"""A long loop in little memory: `dynamic_rnn(..., recompute_every=S)`.

What the gradient needs of each step, its activations, is kept until the gradient comes back: all T
steps lie in memory at once. Here the sequence is cut into segments of S steps. Only the state
before each segment is kept, and a segment runs a second time when its gradient is due. So T/S
states and the activations of S steps are kept, and every step is computed twice: Chen, Xu, Zhang
and Guestrin (2016), "Training deep nets with sublinear memory cost".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unrolled.internal.checks import size_of, size_or_tensor
from unrolled.scan import Step, scan, swap_batch_and_time

# Operations that give something else, or do something again, when they run a second time.
NOT_REPEATABLE = ("Random", "Stateful", "Truncated", "Multinomial", "RngReadAndSkip", "Assign")
CALLS = ("StatefulPartitionedCall",)  # what is called is looked at for itself


def scan_in_segments(
    make_step: Callable[[], Step],
    inputs: Any,
    state: Any,
    example: Any,
    *,
    every: int,
    time_major: bool = True,
    **how: Any,
) -> tuple[Any, Any]:
    """`scan` over segments of `every` steps, of which the gradient keeps the first state alone.

    Args:
      every: S, how many steps a segment has.
      make_step: gives the step for `scan`. It is asked anew for each run of a segment, so that what
        it computes from the weights before the first step belongs to that run, and to its gradient.
      inputs, state, example, time_major, how: as for `scan`.

    Returns:
      The outputs [T, B, ...] (or [B, T, ...]), and the state after the last step.

    Raises:
      ValueError: a second run of the step would not be like the first, or its gradient would be
        lost, or the loops of TensorFlow 2 are switched off.
    """
    if not tf.compat.v1.control_flow_v2_enabled():
        raise ValueError(
            "recompute_every needs the loops of TensorFlow 2, but this program has switched them "
            "off; leave recompute_every out, or call tf.compat.v1.enable_control_flow_v2()."
        )
    if not time_major:
        inputs = tf.nest.map_structure(swap_batch_and_time, inputs)  # [B, T, ...] -> [T, B, ...]
    _check_repeatable(make_step, inputs, state)
    whole = size_or_tensor(tf.nest.flatten(inputs)[0], 0) // every  # segments
    cut = whole * every  # steps in them; what is left over is run as it is

    def run(s: Any, x: Any, state: Any) -> tuple[Any, Any]:  # x [S, B, ...]
        step = make_step()
        return scan(lambda t, *args: step(s * every + t, *args), x, state, example, **how)

    outputs, state = _run_twice(
        run,
        tf.nest.map_structure(lambda x: _reshape(x[:cut], [whole, every], tf.shape(x)[1:]), inputs),
        state,
        tf.nest.map_structure(lambda y: tf.stack([y] * every), example),
    )
    outputs = tf.nest.map_structure(
        lambda y, one: _reshape(y, [cut], tf.shape(one)), outputs, example
    )
    steps = size_of(tf.nest.flatten(inputs)[0], 0)
    if steps is None or steps % every:  # else nothing is left over, and a copy is saved
        step = make_step()
        rest, state = scan(
            lambda t, *args: step(cut + t, *args),
            tf.nest.map_structure(lambda x: x[cut:], inputs),
            state,
            example,
            **how,
        )
        outputs = tf.nest.map_structure(lambda *ys: tf.concat(ys, axis=0), outputs, rest)
    return outputs if time_major else tf.nest.map_structure(swap_batch_and_time, outputs), state


def _reshape(x: tf.Tensor, front: list[Any], back: tf.Tensor) -> tf.Tensor:
    return tf.reshape(x, tf.concat([front, back], axis=0))


def _run_twice(run: Step, segments: Any, state: Any, example: Any) -> tuple[Any, Any]:
    """`run` over `segments` [T/S, S, B, ...], and once more for the gradient, from the last on."""
    arguments = (segments, state)

    @tf.custom_gradient
    def forward(*flat: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., Any]]:
        segments, first_state = tf.nest.pack_sequence_as(arguments, flat)

        def there(s: Any, x: Any, state: Any) -> tuple[Any, Any]:
            y, new_state = run(s, x, state)
            return (y, state), new_state  # the state before the segment is what is kept

        (outputs, before), last_state = _one_by_one(
            there, segments, first_state, (example, first_state)
        )
        results = (outputs, last_state)

        def gradient(*upstream: tf.Tensor, variables: Any = ()) -> Any:
            d_outputs, d_state = tf.nest.pack_sequence_as(results, upstream)
            count = size_or_tensor(flat[0], 0)

            def back(s: Any, segment: Any, carried: Any) -> tuple[Any, Any]:
                (x, state, d_y), (d_state, d_variables) = segment, carried
                sources = tf.nest.flatten((x, state))
                with tf.GradientTape() as tape:
                    tape.watch([x for x in sources if x.dtype.is_floating])
                    again = tf.nest.flatten(run(count - 1 - s, x, state))
                targets = [
                    pair
                    for pair in zip(again, tf.nest.flatten((d_y, d_state)))
                    if pair[0].dtype.is_floating
                ]
                found = tape.gradient(
                    [y for y, _ in targets],
                    [*sources, *variables],
                    output_gradients=[d for _, d in targets],
                    unconnected_gradients=tf.UnconnectedGradients.ZERO,
                )
                d_x, d_state = tf.nest.pack_sequence_as((x, state), found[: len(sources)])
                d_variables = [a + b for a, b in zip(d_variables, found[len(sources) :])]
                return d_x, (d_state, d_variables)

            d_segments, (d_state, d_variables) = _one_by_one(
                back,
                _backwards((segments, before, d_outputs)),
                (d_state, [tf.zeros_like(v) for v in variables]),
                tf.nest.map_structure(lambda x: tf.zeros(tf.shape(x)[1:], x.dtype), segments),
            )
            d_arguments = tf.nest.flatten((_backwards(d_segments), d_state))
            return (d_arguments, d_variables) if variables else d_arguments

        return tf.nest.flatten(results), gradient

    flat = forward(*tf.nest.flatten(arguments))
    return tf.nest.pack_sequence_as((example, state), flat)


def _one_by_one(step: Step, inputs: Any, state: Any, example: Any) -> tuple[Any, Any]:
    """`scan` in which no segment runs ahead of its turn: those that did would lie in memory."""
    return scan(step, inputs, state, example, parallel_iterations=1)


def _backwards(x: Any) -> Any:
    return tf.nest.map_structure(lambda x: tf.reverse(x, [0]), x)


def _check_repeatable(make_step: Callable[[], Step], inputs: Any, state: Any) -> None:
    """Raise where a second run of the step would differ, or what it reads would get no gradient."""
    leaves = tf.nest.flatten((inputs, state))
    specs = [tf.TensorSpec(x.shape[1:], x.dtype) for x in tf.nest.flatten(inputs)]
    specs += [tf.TensorSpec(x.shape, x.dtype) for x in leaves[len(specs) :]]

    @tf.function(autograph=False)
    def probe(*leaves: tf.Tensor) -> list[tf.Tensor]:
        step = make_step()
        return tf.nest.flatten(
            step(tf.constant(0), *tf.nest.pack_sequence_as((inputs, state), leaves))
        )

    traced = probe.get_concrete_function(*specs)
    graph = traced.graph.as_graph_def()
    nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
    for node in nodes:
        if node.op.startswith(NOT_REPEATABLE) and node.op not in CALLS:
            raise ValueError(
                f"recompute_every runs every step a second time, but a step of this cell does "
                f"{node.op} ({node.name}), which would not be the same again; leave "
                "recompute_every out, or use DropoutWrapper with variational_recurrent=True, "
                "which draws its masks before the first step."
            )
    for tensor in traced.captured_inputs:
        if tensor.dtype.is_floating:
            raise ValueError(
                f"recompute_every finds the gradients of inputs, states and variables, but a step "
                f"of this cell also reads the tensor {tensor.name} of shape {tensor.shape}, whose "
                "gradient would be lost; hand it in with the inputs, or leave recompute_every out."
            )
