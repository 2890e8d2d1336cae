"""The unrolls of TensorFlow 1.15: their scopes, lengths, states and structures."""

import numpy as np
from cells import flat, module, with_gradients
from programs import numbers, program

B, T, D = 3, 4, 2


def x(tf):
    return tf.constant(numbers("x", [B, T, D]))


def steps(tf):
    return tf.unstack(x(tf), axis=1)


@program
def static_with_lengths(tf):
    cell = tf.nn.rnn_cell.LSTMCell(3)
    return with_gradients(
        tf, *tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32, sequence_length=[4, 0, 2])
    )


@program
def static_without_lengths(tf):
    cell = tf.nn.rnn_cell.GRUCell(3)
    state = tf.constant(numbers("h", [B, 3]))
    return with_gradients(tf, *tf.nn.static_rnn(cell, steps(tf), state, scope="mine"))


@program
def lengths_of_every_kind(tf):
    cell = tf.nn.rnn_cell.GRUCell(3)
    lengths = [
        [4, 1, 2],
        (4, 1, 2),
        np.array([4, 1, 2], np.int64),
        np.array([4, 1, 2], np.int32),
        tf.placeholder_with_default(np.array([4, 1, 2], np.int64), [None]),
        tf.placeholder_with_default(np.array([4, 1, 2], np.int32), [B]),
        tf.constant([9, 1, 2], tf.int64),
    ]
    found = {}
    for number, one in enumerate(lengths):
        with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
            dynamic = tf.nn.dynamic_rnn(cell, x(tf), one, dtype=tf.float32)
            static = tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32, sequence_length=one)
        found[str(number)] = (dynamic, static)
    return found


@program
def one_length_for_all_rows(tf):
    """A scalar, which 1.15 took in `static_rnn` where it does not know the lengths' rank."""
    cell, found = tf.nn.rnn_cell.GRUCell(3), {}
    for length in [2, 4, 9, 0]:
        with tf.variable_scope("model", reuse=tf.AUTO_REUSE):
            one = tf.placeholder_with_default(np.array(length, np.int32), None)
            given = tf.nn.static_rnn(cell, steps(tf), dtype=tf.float32, sequence_length=one)
        found[str(length)] = given
    return found


@program
def states_of_another_rank(tf):
    """A memory [B, N, M] that a cell declares as one number, from its zero_state and as given."""

    class Memory(tf.nn.rnn_cell.RNNCell):
        state_size, output_size = (2, 6), 2

        def zero_state(self, batch_size, dtype):
            return tf.zeros([batch_size, 2], dtype), tf.ones([batch_size, 3, 2], dtype)

        def __call__(self, inputs, state, scope=None):
            h, memory = state
            h = tf.tanh(h + inputs + tf.reduce_sum(memory, [1]))
            return h, (h, 0.5 * memory)

    cell = Memory()
    given = tf.zeros([B, 2]), tf.constant(numbers("memory", [B, 3, 2]))
    return {
        "own": tf.nn.dynamic_rnn(cell, x(tf), dtype=tf.float32, scope="a"),
        "given": tf.nn.dynamic_rnn(cell, x(tf), initial_state=given, scope="b"),
        "static": tf.nn.static_rnn(cell, steps(tf), given, scope="c"),
    }


@program
def time_first(tf):
    cell = tf.nn.rnn_cell.LSTMCell(3)
    state = cell.zero_state(B, tf.float32)
    outputs, state = tf.nn.dynamic_rnn(
        cell,
        tf.transpose(x(tf), [1, 0, 2]),
        sequence_length=[4, 1, 2],
        initial_state=state,
        time_major=True,
        swap_memory=True,
        parallel_iterations=2,
    )
    return with_gradients(tf, outputs, state)


@program
def scopes(tf):
    rnn = tf.nn.rnn_cell
    first, _ = tf.nn.dynamic_rnn(rnn.GRUCell(2), x(tf), dtype=tf.float32, scope="lower")
    with tf.variable_scope("upper") as scope:
        second, _ = tf.nn.dynamic_rnn(rnn.GRUCell(2), first, dtype=tf.float32, scope=scope)
    third, _ = tf.nn.dynamic_rnn(rnn.GRUCell(2, name="top"), second, dtype=tf.float32)
    with tf.variable_scope(scope, reuse=True) as shared:
        again, _ = tf.nn.dynamic_rnn(rnn.GRUCell(2), first, dtype=tf.float32, scope=shared)
    return {"third": third, "again": again}


@program
def unknown_batch_and_time(tf):
    fed = tf.placeholder_with_default(numbers("x", [B, T, D]), [None, None, D])
    lengths = tf.placeholder_with_default([2, 0, 3], [None])
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.LSTMCell(3), tf.nn.rnn_cell.GRUCell(2)])
    return with_gradients(tf, *tf.nn.dynamic_rnn(cell, fed, lengths, dtype=tf.float32))


def summing(tf):
    class Summing(tf.nn.rnn_cell.RNNCell):
        """Inputs, outputs and state are pairs."""

        state_size = output_size = (2, tf.TensorShape([2, 3]))

        def call(self, inputs, state):
            a, b = inputs
            c, d = state
            w = tf.get_variable("w", [2, 2])
            new = (0.5 * c + tf.matmul(a, w), 0.5 * d + tf.sin(b))
            return (new[0] * 2.0, new[1] * 3.0), new

    return Summing()


@program
def nested_inputs(tf):
    pair = x(tf), tf.constant(numbers("b", [B, T, 2, 3]))
    outputs, state = tf.nn.dynamic_rnn(summing(tf), pair, [4, 0, 2], dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def nested_inputs_in_a_list(tf):
    pairs = list(zip(steps(tf), tf.unstack(tf.constant(numbers("b", [B, T, 2, 3])), axis=1)))
    outputs, state = tf.nn.static_rnn(summing(tf), pairs, dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def both_ways(tf):
    rnn = tf.nn.rnn_cell
    outputs, state = tf.nn.bidirectional_dynamic_rnn(
        rnn.GRUCell(3), rnn.LSTMCell(2), x(tf), [4, 0, 2], dtype=tf.float32
    )
    return with_gradients(tf, outputs, state)


@program
def both_ways_time_first(tf):
    rnn = tf.nn.rnn_cell
    state = tf.constant(numbers("h", [B, 3]))
    outputs, state = tf.nn.bidirectional_dynamic_rnn(
        rnn.GRUCell(3),
        rnn.GRUCell(3),
        tf.transpose(x(tf), [1, 0, 2]),
        initial_state_fw=state,
        initial_state_bw=2.0 * state,
        time_major=True,
        scope="both",
    )
    return with_gradients(tf, outputs, state)


@program
def both_ways_with_one_cell(tf):
    cell = tf.nn.rnn_cell.GRUCell(3)
    return with_gradients(tf, *tf.nn.bidirectional_dynamic_rnn(cell, cell, x(tf), dtype=tf.float32))


@program
def static_both_ways(tf):
    rnn = tf.nn.rnn_cell
    outputs, fw, bw = tf.nn.static_bidirectional_rnn(
        rnn.GRUCell(3), rnn.LSTMCell(2), steps(tf), dtype=tf.float32, sequence_length=[4, 1, 2]
    )
    return with_gradients(tf, outputs, (fw, bw))


@program
def static_both_ways_of_pairs(tf):
    pairs = list(zip(steps(tf), tf.unstack(tf.constant(numbers("b", [B, T, 2, 3])), axis=1)))
    outputs, fw, bw = tf.nn.static_bidirectional_rnn(
        summing(tf), summing(tf), pairs, dtype=tf.float32, sequence_length=[4, 1, 2]
    )
    return with_gradients(tf, outputs, (fw, bw))


@program
def stacks_both_ways(tf):
    rnn = tf.contrib.rnn

    def cells():
        return [rnn.GRUCell(3), rnn.BasicRNNCell(2)]

    static = rnn.stack_bidirectional_rnn(
        cells(), cells(), steps(tf), dtype=tf.float32, sequence_length=[4, 1, 2], scope="s"
    )
    states = [tf.constant(numbers("a", [B, 3])), tf.constant(numbers("b", [B, 2]))]
    dynamic = rnn.stack_bidirectional_dynamic_rnn(
        cells(), cells(), x(tf), states, states, dtype=tf.float32, sequence_length=[4, 1, 2]
    )
    return with_gradients(tf, list(static[0]) + [dynamic[0]], [flat(static[1:]), flat(dynamic[1:])])


@program
def stack_both_ways_time_first(tf):
    rnn = tf.contrib.rnn
    outputs, fw, bw = rnn.stack_bidirectional_dynamic_rnn(
        [rnn.GRUCell(3)], [rnn.GRUCell(3)], x(tf), dtype=tf.float32, time_major=True
    )
    return {"outputs": outputs, "fw": fw, "bw": bw}


@program
def raw(tf):
    cell = tf.nn.rnn_cell.LSTMCell(3)
    inputs = tf.TensorArray(tf.float32, T).unstack(tf.transpose(x(tf), [1, 0, 2]))
    lengths = tf.constant([4, 1, 2])

    def loop(time, output, state, loop_state):
        new_state = cell.zero_state(B, tf.float32) if output is None else state
        finished = time >= lengths
        following = tf.cond(
            tf.reduce_all(finished), lambda: tf.zeros([B, D]), lambda: inputs.read(time)
        )
        return finished, following, new_state, output, None

    outputs, state, _ = tf.nn.raw_rnn(cell, loop)
    return with_gradients(tf, outputs.stack(), state)


@program
def raw_that_feeds_itself(tf):
    cell = tf.nn.rnn_cell.GRUCell(2)

    def loop(time, output, state, loop_state):
        if output is None:
            first = tf.constant(numbers("h", [B, 2]))
            emit = tf.TensorArray(tf.float32, size=T, clear_after_read=False)
            return time >= tf.constant([T] * B), tf.zeros([B, 2]), first, None, emit
        following = tf.sin(output)
        loop_state = loop_state.write(time - 1, following)
        return time >= tf.constant([T] * B), following, state, output, loop_state

    outputs, state, fed = tf.nn.raw_rnn(cell, loop, scope="raw")
    return {"outputs": outputs.stack(), "state": state, "fed": fed.stack()}


class Saver(object):
    """What `static_state_saving_rnn` asks of a queue of sequences."""

    def __init__(self, tf, sizes):
        self.tf = tf
        self.values = {
            name: tf.get_variable("saved_" + name, [B, size], trainable=False)
            for name, size in sorted(sizes.items())
        }
        self.before = {name: tf.identity(v) for name, v in self.values.items()}

    def state(self, name):
        return self.before[name]

    def save_state(self, name, value):
        return self.tf.assign(self.values[name], value)


@program
def state_saving(tf):
    saver = Saver(tf, {"c": 3, "h": 3})
    outputs, state = tf.nn.static_state_saving_rnn(
        tf.nn.rnn_cell.LSTMCell(3), steps(tf), saver, ("c", "h"), sequence_length=[4, 1, 2]
    )
    return {"outputs": outputs, "state": state}


@program
def batch_and_time(tf):
    helpers = tf.contrib.rnn
    partly = tf.placeholder_with_default(numbers("x", [B, T, D]), [None, None, D])
    return {
        "swapped": [helpers.transpose_batch_time(one) for one in (x(tf), partly)],
        "vector": helpers.transpose_batch_time(tf.constant([1.0, 2.0])),
        "sizes": [
            tf.convert_to_tensor(helpers.best_effort_input_batch_size(list_of_inputs))
            for list_of_inputs in ([x(tf)], [partly], [partly, x(tf)])
        ],
    }


@program
def private_modules(tf):
    rnn = module(tf, "python.ops.rnn")
    cells = module(tf, "python.ops.rnn_cell_impl")
    outputs, state = rnn.dynamic_rnn(cells.BasicLSTMCell(3), x(tf), dtype=tf.float32)
    return {"outputs": outputs, "state": state}


@program
def a_state_of_another_rank_than_declared(tf):
    class Memory(tf.nn.rnn_cell.RNNCell):
        """Declares one number for a memory [B, 2, 3], as neural Turing machines do."""

        @property
        def state_size(self):
            return 6

        @property
        def output_size(self):
            return 3

        def __call__(self, inputs, state, scope=None):
            state = 0.5 * state + tf.expand_dims(inputs, 1)
            return tf.reduce_sum(state, 1), state

    start = tf.constant(numbers("start", [2, 2, 3]))
    x = tf.constant(numbers("x", [2, 4, 3]))
    outputs, state = tf.nn.dynamic_rnn(Memory(), x, initial_state=start)
    listed, last = tf.nn.static_rnn(Memory(), tf.unstack(x, axis=1), initial_state=start)
    return {"outputs": outputs, "state": state, "listed": listed[-1], "last": last}
