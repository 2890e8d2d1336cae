"""Keras's cells in the unrolls of `tf.nn`. (Its own wrappers and stacks refused them.)"""

from programs import numbers, program

LENGTHS = [5, 2]


def sequences(tf, name="x"):
    return tf.constant(numbers(name, [2, 5, 3]))


def unrolled(tf, cell, **options):
    """A run over lengths, and the gradients in its inputs."""
    x = sequences(tf)
    y, state = tf.nn.dynamic_rnn(cell, x, LENGTHS, dtype=tf.float32, **options)
    gradient = tf.gradients([y, state[0] if isinstance(state, list) else state], x)
    return {"y": y, "state": state, "gradient": gradient}


@program
def simple_rnn_cell(tf):
    return unrolled(tf, tf.keras.layers.SimpleRNNCell(4))


@program
def gru_cell(tf):
    return unrolled(tf, tf.keras.layers.GRUCell(4))


@program
def gru_cell_reset_after(tf):
    return unrolled(tf, tf.keras.layers.GRUCell(4, reset_after=True))


@program
def lstm_cell(tf):
    return unrolled(tf, tf.keras.layers.LSTMCell(4))


@program
def lstm_cell_with_a_name(tf):
    return unrolled(tf, tf.keras.layers.LSTMCell(4, use_bias=False, name="reader"), scope="top")


@program
def gru_cell_with_dropout_that_is_off(tf):
    return unrolled(tf, tf.keras.layers.GRUCell(4, dropout=0.5, recurrent_dropout=0.5))


@program
def stacked_rnn_cells(tf):
    kinds = tf.keras.layers
    cell = kinds.StackedRNNCells([kinds.LSTMCell(4), kinds.GRUCell(3)])
    x = sequences(tf)
    y, state = tf.nn.dynamic_rnn(cell, x, LENGTHS, dtype=tf.float32)
    return {"y": y, "state": tf.contrib.framework.nest.flatten(state), "g": tf.gradients(y, x)}


@program
def stacked_rnn_cells_of_one_kind(tf):
    kinds = tf.keras.layers
    cell = kinds.StackedRNNCells([kinds.SimpleRNNCell(4), kinds.SimpleRNNCell(3)])
    x = tf.unstack(sequences(tf), axis=1)
    y, state = tf.nn.static_rnn(cell, x, dtype=tf.float32)
    return {"y": y, "a": state[0], "b": state[1]}


@program
def doubles(tf):
    x = tf.cast(sequences(tf), tf.float64)
    cell = tf.keras.layers.GRUCell(4, kernel_initializer="ones", recurrent_initializer="ones")
    y, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float64)
    return {"y": y, "state": state}


@program
def without_lengths_time_major(tf):
    x = tf.transpose(sequences(tf), [1, 0, 2])
    cell = tf.keras.layers.GRUCell(4)
    y, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, time_major=True)
    return {"y": y, "state": state}


@program
def from_a_state(tf):
    start = tf.constant(numbers("h", [2, 4]))
    y, state = tf.nn.dynamic_rnn(
        tf.keras.layers.SimpleRNNCell(4), sequences(tf), initial_state=start
    )
    return {"y": y, "state": state, "gradient": tf.gradients(state, start)}


@program
def lstm_from_a_state(tf):
    start = [tf.constant(numbers(name, [2, 4])) for name in "hc"]
    cell = tf.keras.layers.LSTMCell(4)
    y, state = tf.nn.dynamic_rnn(cell, sequences(tf), LENGTHS, initial_state=start)
    return {"y": y, "state": state}


@program
def gradients_in_the_variables(tf):
    y, _ = tf.nn.dynamic_rnn(tf.keras.layers.LSTMCell(4), sequences(tf), dtype=tf.float32)
    return dict(zip("abc", tf.gradients(y, tf.trainable_variables())))


@program
def step_by_step(tf):
    x = tf.unstack(sequences(tf), axis=1)
    y, state = tf.nn.static_rnn(
        tf.keras.layers.SimpleRNNCell(4), x, dtype=tf.float32, sequence_length=LENGTHS
    )
    return {"y": y, "state": state}


@program
def lstm_step_by_step(tf):
    x = tf.unstack(sequences(tf), axis=1)
    y, state = tf.nn.static_rnn(tf.keras.layers.LSTMCell(4), x, dtype=tf.float32)
    return {"y": y, "state": state}


@program
def both_directions(tf):
    kinds = tf.keras.layers
    y, states = tf.nn.bidirectional_dynamic_rnn(
        kinds.GRUCell(4), kinds.LSTMCell(3), sequences(tf), LENGTHS, dtype=tf.float32
    )
    return {"y": y, "states": states}


@program
def both_directions_step_by_step(tf):
    kinds = tf.keras.layers
    x = tf.unstack(sequences(tf), axis=1)
    y, fw, bw = tf.nn.static_bidirectional_rnn(
        kinds.SimpleRNNCell(4), kinds.SimpleRNNCell(4), x, dtype=tf.float32
    )
    return {"y": y, "fw": fw, "bw": bw}


@program
def two_runs_of_one_cell(tf):
    cell = tf.keras.layers.GRUCell(3)
    y, state = tf.nn.dynamic_rnn(cell, sequences(tf), dtype=tf.float32)
    z, _ = tf.nn.dynamic_rnn(cell, y, initial_state=state, scope="again")
    return {"y": y, "z": z}


@program
def two_cells_of_one_kind(tf):
    y, _ = tf.nn.dynamic_rnn(tf.keras.layers.GRUCell(4), sequences(tf), dtype=tf.float32)
    z, _ = tf.nn.dynamic_rnn(tf.keras.layers.GRUCell(3), y, dtype=tf.float32, scope="more")
    return {"z": z}


@program
def in_a_variable_scope(tf):
    with tf.variable_scope("model"):
        return unrolled(tf, tf.keras.layers.GRUCell(4))


@program
def one_call(tf):
    cell = tf.keras.layers.LSTMCell(4)
    x = tf.constant(numbers("x", [2, 3]))
    y, state = cell(x, cell.get_initial_state(x))
    return {"y": y, "state": state}


@program
def initial_state_by_batch_and_dtype(tf):
    cell = tf.keras.layers.SimpleRNNCell(4)
    return {"state": cell.get_initial_state(batch_size=2, dtype=tf.float32)}
