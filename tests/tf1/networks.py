"""One network built and run twice, by this layer and by another, with the same weights."""

import zlib

import numpy as np

import unrolled.tf1 as tf


def weight(name, shape):
    """Values that depend on a variable's name and shape alone."""
    seed = zlib.crc32(f"{name} {list(shape)}".encode())
    return np.random.RandomState(seed).normal(scale=0.4, size=shape).astype(np.float32)


def run(build, feeds):
    """Variables of a new graph, by name, and what `build` gives and its gradients, as NumPy.

    `build` takes placeholders, of the names and shapes of `feeds` but an unknown batch.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        holders = {
            name: tf.placeholder(value.dtype, [None, *value.shape[1:]], name)
            for name, value in feeds.items()
        }
        results = build(**holders)
        variables = tf.global_variables()
        flat = [tf.cast(x, tf.float32) for x in tf.nest.flatten(results)]
        total = tf.add_n([tf.reduce_sum(tf.sin(x + i)) for i, x in enumerate(flat)])
        sources = [*variables, *(h for h in holders.values() if h.dtype == tf.float32)]
        gradients = tf.gradients(total, sources)
        session.run(tf.global_variables_initializer())
        for variable in variables:
            variable.load(weight(variable.name, variable.shape.as_list()), session)
        names = {v.name: v.shape.as_list() for v in variables}
        assert set(tf.trainable_variables()) == set(variables)
        feed = {holders[name]: value for name, value in feeds.items()}
        dense = [tf.convert_to_tensor(g) for g in gradients if g is not None]
        return names, *session.run([tf.nest.flatten(results), dense], feed)


def assert_equal(one, other):
    """The same variables, results and gradients."""
    assert one[0] == other[0]
    for ours, theirs in zip(one[1:], other[1:]):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-6)
