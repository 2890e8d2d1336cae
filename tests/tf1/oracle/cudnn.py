"""The cells of TensorFlow 1.15's `tf.contrib.cudnn_rnn`, and the unrolls that run them.

The layers themselves need a GPU there; here they are held to the cells, in `test_cudnn_rnn.py`.
"""

from programs import numbers, program

B, T, D, U = 2, 4, 3, 5
LENGTHS = [4, 2]


def x(tf, name="x"):
    return tf.constant(numbers(name, [B, T, D]))


def results(tf, outputs, state):
    parts = [outputs] + _flat(state)
    found = {"part " + str(number): part for number, part in enumerate(parts)}
    loss = tf.add_n([tf.reduce_sum(part * part) for part in parts])
    variables = tf.trainable_variables()
    for variable, gradient in zip(variables, tf.gradients(loss, variables)):
        found["gradient of " + variable.op.name] = gradient
    return found


def _flat(state):
    if isinstance(state, (tuple, list)):
        return [part for one in state for part in _flat(one)]
    return [state]


@program
def lstm_cell(tf):
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U)
    return results(tf, *tf.nn.dynamic_rnn(cell, x(tf), dtype=tf.float32))


@program
def lstm_cell_with_lengths(tf):
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U)
    return results(tf, *tf.nn.dynamic_rnn(cell, x(tf), LENGTHS, dtype=tf.float32))


@program
def gru_cell(tf):
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U)
    return results(tf, *tf.nn.dynamic_rnn(cell, x(tf), dtype=tf.float32))


@program
def gru_cell_with_lengths_in_time_major_order(tf):
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U)
    steps = tf.transpose(x(tf), [1, 0, 2])
    start = tf.constant(numbers("start", [B, U]))
    return results(
        tf, *tf.nn.dynamic_rnn(cell, steps, LENGTHS, initial_state=start, time_major=True)
    )


@program
def gru_cell_of_two_steps_that_share(tf):
    first = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U)
    state = tf.constant(numbers("start", [B, U]))
    with tf.variable_scope("mine"):
        _, state = first(x(tf)[:, 0], state)
    second = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U, reuse=True)
    with tf.variable_scope("mine"):
        output, state = second(x(tf)[:, 1], state)
    return results(tf, output, state)


@program
def lstm_cell_of_two_steps_that_share(tf):
    first = tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U)
    state = first.zero_state(B, tf.float32)
    with tf.variable_scope("mine"):
        _, state = first(x(tf)[:, 0], state)
    second = tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U, reuse=True)
    with tf.variable_scope("mine"):
        output, state = second(x(tf)[:, 1], state)
    return results(tf, output, state)


def two_layers(tf, cell):
    cells = [cell(U) for _ in range(2)]
    with tf.variable_scope("net"):
        stacked = tf.nn.rnn_cell.MultiRNNCell(cells)
        return results(tf, *tf.nn.dynamic_rnn(stacked, x(tf), LENGTHS, dtype=tf.float32))


@program
def two_layers_of_lstm(tf):
    return two_layers(tf, tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell)


@program
def two_layers_of_gru(tf):
    return two_layers(tf, tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell)


def two_layers_in_two_directions(tf, cell):
    forward, backward = [cell(U) for _ in range(2)], [cell(U) for _ in range(2)]
    with tf.variable_scope("net"):
        outputs, fw, bw = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
            forward, backward, x(tf), dtype=tf.float32, sequence_length=LENGTHS
        )
    return results(tf, outputs, [fw, bw])


@program
def two_layers_of_lstm_in_two_directions(tf):
    return two_layers_in_two_directions(tf, tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell)


@program
def two_layers_of_gru_in_two_directions(tf):
    return two_layers_in_two_directions(tf, tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell)


@program
def gru_cell_from_ones(tf):
    """What the gates' bias starts at."""
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U, kernel_initializer=tf.ones_initializer())
    outputs, _ = tf.nn.dynamic_rnn(cell, x(tf), dtype=tf.float32)
    starts = {v.op.name: v.initial_value for v in tf.global_variables()}
    return dict(starts, outputs=outputs)
