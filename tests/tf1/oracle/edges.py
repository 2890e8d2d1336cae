"""Unrolls of TensorFlow 1.15 at their edges: no step, no row, no scope of their own."""

import numpy as np
from cells import with_gradients
from programs import numbers, program

B, T, D = 3, 4, 2


def x(tf, rows=B):
    """Inputs [B, T, D] whose B and T the graph does not know."""
    return tf.placeholder_with_default(numbers("x", [B, T, D])[:rows], [None, None, D])


def lengths(tf, values):
    return tf.placeholder_with_default(np.array(values, np.int32), [None])


def cells(tf):
    contrib = tf.contrib.rnn
    return {
        "gru": contrib.GRUCell(2),
        "lstm": contrib.LSTMCell(3, use_peepholes=True, num_proj=2),
        "block": contrib.GRUBlockCellV2(2),
        "stack": contrib.MultiRNNCell([contrib.BasicLSTMCell(2), contrib.UGRNNCell(3)]),
    }


def of_all_cells(tf, rows, values, **scope):
    found = {}
    for name, cell in sorted(cells(tf).items()):
        with tf.variable_scope(name):
            got = tf.nn.dynamic_rnn(
                cell, x(tf, rows), lengths(tf, values), dtype=tf.float32, **scope
            )
        found[name] = got
        found[name + " kept"] = tf.nn.dynamic_rnn(
            cell,
            x(tf, rows),
            lengths(tf, values),
            tf.contrib.framework.nest.map_structure(tf.ones_like, got[1]),
            scope=name + "_kept",
        )
    loss = sum(tf.reduce_sum(found[name][0]) for name in cells(tf))
    found["gradients"] = tf.gradients(loss, tf.trainable_variables())
    return found


@program
def all_rows_of_length_0(tf):
    return of_all_cells(tf, B, [0, 0, 0])


@program
def no_rows(tf):
    found = of_all_cells(tf, 0, [])
    return {name: found[name] for name in ("gru", "block", "gradients")}


@program
def no_rows_without_lengths(tf):
    cell = tf.contrib.rnn.GRUCell(2)
    return with_gradients(tf, *tf.nn.dynamic_rnn(cell, x(tf, 0), dtype=tf.float32))


@program
def both_directions_of_length_0(tf):
    contrib = tf.contrib.rnn
    return with_gradients(
        tf,
        *tf.nn.bidirectional_dynamic_rnn(
            contrib.GRUCell(2),
            contrib.LSTMCell(2),
            x(tf),
            lengths(tf, [0, 0, 0]),
            dtype=tf.float32,
        )
    )


@program
def one_length_for_all_rows(tf):
    """A scalar, which 1.15 took where it does not know the lengths' rank."""
    cell, found = tf.nn.rnn_cell.GRUCell(3), {}
    for name, length in (("2", 2), ("9", 9), ("0", 0), ("each", [3, 0, 1])):
        with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
            one = tf.placeholder_with_default(np.array(length, np.int32), None)
            found[name] = tf.nn.dynamic_rnn(cell, x(tf), one, dtype=tf.float32)
    return found


def at_the_root(tf, unroll, *inputs):
    cell, root = tf.nn.rnn_cell.GRUCell(3), tf.get_variable_scope()
    return with_gradients(tf, *unroll(cell, *inputs, dtype=tf.float32, scope=root))


@program
def dynamic_at_the_root(tf):
    return at_the_root(tf, tf.nn.dynamic_rnn, x(tf))


@program
def static_at_the_root(tf):
    return at_the_root(tf, tf.nn.static_rnn, tf.unstack(x(tf), T, 1))


@program
def both_directions_at_the_root(tf):
    return at_the_root(tf, tf.nn.bidirectional_dynamic_rnn, tf.nn.rnn_cell.LSTMCell(2), x(tf))


@program
def both_static_directions_at_the_root(tf):
    steps = tf.unstack(x(tf), T, 1)
    cell, other = tf.nn.rnn_cell.GRUCell(3), tf.nn.rnn_cell.LSTMCell(2)
    found = tf.nn.static_bidirectional_rnn(
        cell, other, steps, dtype=tf.float32, scope=tf.get_variable_scope()
    )
    return {"outputs": found[0], "states": found[1:]}


@program
def a_scope_made_by_hand(tf):
    first = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(3), x(tf), dtype=tf.float32, scope="foo")
    again = tf.VariableScope(tf.AUTO_REUSE, "foo")
    second = tf.nn.dynamic_rnn(tf.nn.rnn_cell.GRUCell(3), x(tf), dtype=tf.float32, scope=again)
    return {"first": first, "second": second}


@program
def a_new_cell_where_an_old_one_has_its_variables(tf):
    old, found = tf.nn.rnn_cell.GRUCell(3), {}
    for number, (scope, cell) in enumerate(
        [("a", old), ("b", old), ("a", tf.nn.rnn_cell.GRUCell(3)), ("c", old)]
    ):
        with tf.variable_scope(scope):
            found[str(number)] = tf.nn.dynamic_rnn(cell, x(tf), dtype=tf.float32)
    with tf.variable_scope("d"):
        stack = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(D), old])
        found["stack"] = tf.nn.static_rnn(stack, tf.unstack(x(tf), T, 1), dtype=tf.float32)
    return found


@program
def compiled(tf):
    known = tf.constant(numbers("x", [B, T, D]))
    cell = tf.contrib.rnn.CompiledWrapper(tf.nn.rnn_cell.GRUCell(3))
    return with_gradients(tf, *tf.nn.dynamic_rnn(cell, known, [4, 1, 2], dtype=tf.float32))


@program
def compiled_in_a_stack(tf):
    known = tf.constant(numbers("x", [B, T, D]))
    inside = tf.contrib.rnn.CompiledWrapper(tf.nn.rnn_cell.LSTMCell(3))
    cell = tf.nn.rnn_cell.MultiRNNCell([inside, tf.nn.rnn_cell.GRUCell(2)])
    return with_gradients(tf, *tf.nn.dynamic_rnn(cell, known, dtype=tf.float32))
