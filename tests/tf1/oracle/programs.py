"""How a program is written down, filled with numbers and run, on either TensorFlow."""

import zlib

import numpy as np

PROGRAMS = {}  # by module, then by name


def program(function):
    """Mark a function (tf) -> {name: tensor} as a program to record."""
    module = function.__module__.rpartition(".")[2]
    PROGRAMS.setdefault(module, {})[function.__name__] = function
    return function


def numbers(name, shape, scale=1.0):
    """float32 numbers in [-scale, scale) that follow from a name."""
    seed = zlib.crc32(name.encode("utf-8")) & 0xFFFFFFFF
    return (scale * np.random.RandomState(seed).uniform(-1, 1, shape)).astype(np.float32)


def run(tf, function):
    """Build a program's graph and evaluate what it returns.

    Returns:
      {"variables": [[name, shape], ...] in the order in which they were made, the local ones last,
      "values": {name: nested lists}}.
    """
    with tf.Graph().as_default(), tf.Session() as session:
        tensors = function(tf)
        variables = tf.global_variables() + tf.local_variables()
        session.run([tf.global_variables_initializer(), tf.local_variables_initializer()])
        session.run(tf.tables_initializer())
        for variable in tf.global_variables():
            if variable.dtype.base_dtype == tf.float32:
                name = variable.op.name
                variable.load(numbers(name, variable.get_shape().as_list()), session)
        values = {name: session.run(tensor) for name, tensor in sorted(tensors.items())}
        return {
            "variables": [[v.op.name, v.get_shape().as_list()] for v in variables],
            "values": {name: _plain(value) for name, value in values.items()},
        }


def _plain(value):
    if isinstance(value, dict):
        return {key: _plain(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    array = np.asarray(value)
    if array.dtype.kind in "SOU":
        return [one.decode("utf-8") if isinstance(one, bytes) else one for one in array.ravel()]
    if array.dtype.kind == "f":
        return np.vectorize(lambda x: float("%.7g" % x), otypes=[float])(array).tolist()
    return array.tolist()
