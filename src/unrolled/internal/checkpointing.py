"""A long loop in little memory: `dynamic_rnn(..., recompute_every=S)`.

What the gradient needs of each step, its activations, is kept until the gradient comes back: all T
steps lie in memory at once. Here the sequence is cut into segments of S steps. Only the state
before each segment is kept, and a segment runs a second time when its gradient is due. So T/S
states and the activations of S steps are kept, and every step is computed twice: Chen, Xu, Zhang
and Guestrin (2016), "Training deep nets with sublinear memory cost".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from unrolled.contract import RunStep
from unrolled.internal.run import Run
from unrolled.internal.shapes import size_of, size_or_tensor
from unrolled.internal.tracing import has_effects, nodes_of

Loop = Callable[..., tuple[Any, Any]]  # (run, inputs [T, B, ...], ...) -> (outputs, carried)


def in_segments(loop: Loop, run: Run, inputs: Any, every: int, **how: Any) -> tuple[Any, Any]:
    """`loop` over segments of `every` steps, of which the gradient keeps only the first state.

    Args:
      loop: runs a `Run` over inputs [T, B, ...]; further arguments in `how`.
      run: what the steps need.
      inputs: a structure of tensors [T, B, ...].
      every: S, how many steps a segment has.

    Returns:
      The outputs [T, B, ...], and what the last step carried on.

    Raises:
      ValueError: a second run of the step would not be like the first, or the loops of TensorFlow
        2 are switched off.
    """
    if not tf.compat.v1.control_flow_v2_enabled():
        raise ValueError(
            "recompute_every needs the loops of TensorFlow 2, but this program has switched them "
            "off; leave recompute_every out, or call tf.compat.v1.enable_control_flow_v2()."
        )
    outside = _read_from_outside(run, inputs)
    steps = size_of(tf.nest.flatten(inputs)[0], 0)
    if steps is not None and steps <= every:
        return loop(run, inputs, **how)  # one segment: nothing would be saved
    example = run.example()
    whole = size_or_tensor(tf.nest.flatten(inputs)[0], 0) // every  # segments
    cut = whole * every  # steps in them; what is left over is run as it is

    def segment(prepared: Any, s: Any, x: Any, carried: Any) -> tuple[Any, Any]:  # x [S, B, ...]
        here = _shifted(run, s * every)
        here = here._replace(prepared=prepared, initial=carried, last=every, may_end_early=False)
        return loop(here, x, **how)

    segments = Run(
        segment,
        run.prepared,
        run.initial,
        whole,  # though all rows may have ended: the gradient visits each segment
        lambda: tf.nest.map_structure(lambda y: tf.stack([y] * every), example),
    )
    outputs, carried = _run_twice(
        loop,
        segments,
        tf.nest.map_structure(lambda x: _reshape(x[:cut], [whole, every], tf.shape(x)[1:]), inputs),
        outside,
    )
    outputs = tf.nest.map_structure(
        lambda y, one: _reshape(y, [cut], tf.shape(one)), outputs, example
    )
    if steps is None or steps % every:  # else nothing is left over, and a copy is saved
        left = tf.nest.map_structure(lambda x: x[cut:], inputs)
        rest_of_run = _shifted(run, cut)._replace(
            initial=carried, last=size_or_tensor(tf.nest.flatten(left)[0], 0), may_end_early=False
        )
        rest, carried = loop(rest_of_run, left, **how)
        outputs = tf.nest.map_structure(lambda *ys: tf.concat(ys, axis=0), outputs, rest)
    return outputs, carried


def _shifted(run: Run, first: Any) -> Run:
    """The run whose step 0 is step `first` of this one."""

    def step(prepared: Any, t: Any, x: Any, carried: Any) -> tuple[Any, Any]:
        return run.step(prepared, first + t, x, carried)

    return run._replace(step=step)


def _reshape(x: tf.Tensor, front: list[Any], back: tf.Tensor) -> tf.Tensor:
    return tf.reshape(x, tf.concat([front, back], axis=0))


class _Outside(NamedTuple):
    """What a step reads that the run did not hand to it."""

    tensors: list[tf.Tensor]
    variables: list[tf.Variable]  # those that are not trained: TensorFlow tells us of the others


def _run_twice(loop: Loop, run: Run, segments: Any, outside: _Outside) -> tuple[Any, Any]:
    """`run` over `segments` [T/S, S, B, ...], and once more for the gradient, from the last on.

    All that a gradient may be asked of is an argument of a function with a gradient of its own:
    the segments, what is carried and prepared, and what the step reads besides.
    """
    example = run.example()
    handed, put_back = _tensors_of(run.prepared)
    arguments = (segments, run.initial, handed)
    reads = [*outside.tensors, *(tf.convert_to_tensor(v) for v in outside.variables)]

    @tf.custom_gradient
    def forward(*flat: tf.Tensor) -> tuple[list[tf.Tensor], Callable[..., Any]]:
        given = len(flat) - len(reads)
        segments, first, prepared = tf.nest.pack_sequence_as(arguments, flat[:given])

        def there(prepared: Any, s: Any, x: Any, carried: Any) -> tuple[Any, Any]:
            y, after = run.step(put_back(prepared), s, x, carried)
            return (y, carried), after  # what is carried into the segment is what is kept

        (outputs, before), last = _one_by_one(
            loop, there, prepared, segments, first, (example, first), run.last
        )
        results = (outputs, last)

        def gradient(*upstream: tf.Tensor, variables: Any = ()) -> Any:
            known = [
                tf.zeros_like(y) if d is None else d
                for d, y in zip(upstream, tf.nest.flatten(results))
            ]
            d_outputs, d_last = tf.nest.pack_sequence_as(results, known)
            count = size_or_tensor(flat[0], 0)
            besides = [*outside.tensors, *outside.variables, *variables]

            def back(prepared: Any, s: Any, segment: Any, carried: Any) -> tuple[Any, Any]:
                (x, before, d_y), (d_carried, d_shared) = segment, carried
                sources = tf.nest.flatten((x, before, prepared))
                asked = [a for a in (*sources, *besides) if a.dtype.is_floating]
                with tf.GradientTape() as tape:
                    tape.watch(asked)
                    again = tf.nest.flatten(run.step(put_back(prepared), count - 1 - s, x, before))
                pairs = zip(again, tf.nest.flatten((d_y, d_carried)))
                targets = [(y, d) for y, d in pairs if y.dtype.is_floating]
                answers = iter(
                    tape.gradient(
                        [y for y, _ in targets],
                        asked,
                        output_gradients=[d for _, d in targets],
                        unconnected_gradients=tf.UnconnectedGradients.ZERO,
                    )
                )
                found = [
                    tf.convert_to_tensor(next(answers)) if a.dtype.is_floating else tf.zeros_like(a)
                    for a in (*sources, *besides)
                ]
                d_sources = tf.nest.pack_sequence_as((x, before, prepared), found[: len(sources)])
                d_x, d_before, d_prepared = d_sources
                new = [*tf.nest.flatten(d_prepared), *found[len(sources) :]]
                return d_x, (d_before, [a + b for a, b in zip(d_shared, new)])

            shared = [*tf.nest.flatten(prepared), *besides]
            d_segments, (d_first, d_shared) = _one_by_one(
                loop,
                back,
                prepared,
                _backwards((segments, before, d_outputs)),
                (d_last, [tf.zeros_like(a) for a in shared]),
                tf.nest.map_structure(lambda x: tf.zeros(tf.shape(x)[1:], x.dtype), segments),
                count,
            )
            given = len(shared) - len(variables)
            d_arguments = [*tf.nest.flatten((_backwards(d_segments), d_first)), *d_shared[:given]]
            return (d_arguments, d_shared[given:]) if variables else d_arguments

        return tf.nest.flatten(results), gradient

    flat = forward(*tf.nest.flatten(arguments), *reads)
    return tf.nest.pack_sequence_as((example, run.initial), flat)


def _tensors_of(prepared: Any) -> tuple[list[tf.Tensor], Callable[[list[tf.Tensor]], Any]]:
    """The tensors in what a run prepared, and a function that puts such ones back in there."""
    leaves = tf.nest.flatten(prepared)
    places = [i for i, leaf in enumerate(leaves) if tf.is_tensor(leaf)]

    def put_back(tensors: list[tf.Tensor]) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors):
            filled[place] = tensor
        return tf.nest.pack_sequence_as(prepared, filled)

    return [leaves[i] for i in places], put_back


def _one_by_one(
    loop: Loop,
    step: RunStep,
    prepared: Any,
    inputs: Any,
    first: Any,
    example: Any,
    last: int | tf.Tensor,
) -> tuple[Any, Any]:
    """A loop in which no segment runs ahead of its turn: any that did would occupy memory."""
    run = Run(step, prepared, first, last, lambda: example, may_end_early=False)
    return loop(run, inputs, unroll=1, parallel_iterations=1)


def _backwards(x: Any) -> Any:
    return tf.nest.map_structure(lambda x: tf.reverse(x, [0]), x)


def _read_from_outside(run: Run, inputs: Any) -> _Outside:
    """What a step reads besides its arguments; a ValueError where a second run would differ."""
    one_step = tf.nest.map_structure(lambda x: tf.TensorSpec(x.shape[1:], x.dtype), inputs)
    handed, put_back = _tensors_of(run.prepared)
    specs = tf.nest.map_structure(
        lambda x: tf.TensorSpec(x.shape, x.dtype), (handed, one_step, run.initial)
    )

    @tf.function(autograph=False)
    def probe(*leaves: tf.Tensor) -> list[tf.Tensor]:
        prepared, x, carried = tf.nest.pack_sequence_as(specs, leaves)
        return tf.nest.flatten(run.step(put_back(prepared), tf.constant(0), x, carried))

    traced = probe.get_concrete_function(*tf.nest.flatten(specs))
    functions = {f.signature.name for f in traced.graph.as_graph_def().library.function}
    for node in nodes_of(traced):
        if node.op not in functions and has_effects(node.op):
            raise ValueError(
                f"recompute_every runs every step a second time, but a step of this cell does "
                f"{node.op} ({node.name}), which would not be the same again; leave "
                "recompute_every out, or draw before the first step, in `for_run`."
            )
    return _Outside(
        [x for x in traced.captured_inputs if x.dtype.is_floating],
        [v for v in traced.graph.variables if not v.trainable and v.dtype.is_floating],
    )
