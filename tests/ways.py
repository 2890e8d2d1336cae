"""One program run three ways: eagerly, in a tf.function, in a TF1 graph with a session.

Weights depend on a variable's name and shape alone, so that the same cell made three times (or
made by another implementation with the same names) has the same weights.
"""

import zlib

import numpy as np
import tensorflow as tf

WAYS = ["eager", "function", "graph"]


def short_name(variable):
    """`rnn/lstm_cell/projection/kernel:0` -> `projection/kernel`."""
    parts = variable.name.split(":")[0].split("/")
    return "/".join(
        parts[-2:] if parts[-2:-1][0] in ("gates", "candidate", "projection") else parts[-1:]
    )


def weight(name, shape):
    seed = zlib.crc32(f"{name} {list(shape)}".encode())
    return np.random.default_rng(seed).normal(scale=0.4, size=shape)


def weights_of(cell):
    """Variable names and values, as `numpy_cells` takes them."""
    return {short_name(v): weight(short_name(v), v.shape) for v in cell.variables}


def operations(traced):
    """The kind of every operation of a traced function, those in its loops included."""
    graph = traced.graph.as_graph_def()
    return [n.op for n in (*graph.node, *(n for f in graph.library.function for n in f.node_def))]


def run(way, make_cell, depth, program, feeds, dtype=tf.float64, unknown=()):
    """`program(cell, **feeds)` as NumPy values.

    `unknown` names axes, as (feed, axis), whose size is hidden from the graph.
    """

    def spec(name, value):
        shape = [None if (name, i) in unknown else n for i, n in enumerate(value.shape)]
        return tf.TensorSpec(shape, value.dtype, name)

    if way == "graph":
        with tf.Graph().as_default():
            cell = make_cell()
            cell.build(depth, dtype)
            holders = {
                name: tf.compat.v1.placeholder(value.dtype, spec(name, value).shape)
                for name, value in feeds.items()
            }
            result = program(cell, **holders)
            with tf.compat.v1.Session() as session:
                session.run(tf.compat.v1.global_variables_initializer())
                for v in cell.variables:
                    v.load(weight(short_name(v), v.shape), session)
                return session.run(result, {holders[k]: v for k, v in feeds.items()})
    cell = make_cell()
    cell.build(depth, dtype)
    for v in cell.variables:
        v.assign(weight(short_name(v), v.shape))
    if way == "eager":
        result = program(cell, **{k: tf.constant(v) for k, v in feeds.items()})
    else:
        names = list(feeds)
        traced = tf.function(
            lambda *values: program(cell, **dict(zip(names, values, strict=True))),
            input_signature=[spec(name, feeds[name]) for name in names],
        )
        result = traced(*(tf.constant(feeds[name]) for name in names))
    return tf.nest.map_structure(lambda x: x.numpy(), result)
