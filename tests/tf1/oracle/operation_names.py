"""The names of tensors that programs of TensorFlow 1.15 ask a graph for."""

from programs import numbers, program

B, T, D = 3, 4, 2


def x(tf):
    return tf.constant(numbers("x", [B, T, D]))


def names(tf, **tensors):
    """What each tensor is called, or each of those in a structure."""
    flat = tf.contrib.framework.nest.flatten
    return {
        name: tf.constant([str(each.name) for each in flat(tensor)])
        for name, tensor in tensors.items()
    }


@program
def zero_states(tf):
    nn, contrib = tf.nn.rnn_cell, tf.contrib.rnn
    stack = nn.MultiRNNCell([nn.LSTMCell(3), nn.BasicLSTMCell(2)])
    return names(
        tf,
        lstm=nn.LSTMCell(3).zero_state(2, tf.float32),
        named=nn.LSTMCell(3, name="q").zero_state(tf.constant(2), tf.float32),
        dropped=nn.DropoutWrapper(nn.GRUCell(2)).zero_state(2, tf.float32),
        on_a_device=nn.DeviceWrapper(nn.GRUCell(2), "/cpu:0").zero_state(2, tf.float32),
        added=nn.ResidualWrapper(nn.GRUCell(2)).zero_state(2, tf.float32),
        projected=contrib.OutputProjectionWrapper(nn.GRUCell(2), 3).zero_state(2, tf.float32),
        stack=stack.zero_state(2, tf.float32),
        initial=stack.get_initial_state(None, 2, tf.float32),
    )


@program
def outputs_of_unrolls(tf):
    nn = tf.nn.rnn_cell
    lengths, steps = [4, 1, 2], tf.unstack(x(tf), axis=1)
    dynamic, _ = tf.nn.dynamic_rnn(nn.LSTMCell(3), x(tf), lengths, dtype=tf.float32)
    first, _ = tf.nn.dynamic_rnn(
        nn.GRUCell(3), x(tf), dtype=tf.float32, time_major=True, scope="time"
    )
    both, _ = tf.nn.bidirectional_dynamic_rnn(
        nn.GRUCell(3), nn.LSTMCell(3), x(tf), lengths, dtype=tf.float32
    )
    static, _ = tf.nn.static_rnn(nn.LSTMCell(3), steps, dtype=tf.float32, scope="static")
    stack = nn.MultiRNNCell([nn.LSTMCell(3), nn.BasicRNNCell(2)])
    layers, _ = tf.nn.static_rnn(stack, steps, dtype=tf.float32, scope="layers")
    joined = tf.nn.static_bidirectional_rnn(
        nn.GRUCell(3), nn.GRUCell(3), steps, dtype=tf.float32, scope="joined"
    )[0]
    with tf.variable_scope("outer"):
        inner, _ = tf.nn.dynamic_rnn(nn.GRUCell(3), x(tf), dtype=tf.float32)
    again, _ = tf.nn.dynamic_rnn(
        nn.GRUCell(3), x(tf), dtype=tf.float32, scope=tf.VariableScope(tf.AUTO_REUSE, "rnn")
    )
    return names(
        tf,
        dynamic=dynamic,
        first=first,
        both=both,
        static=static,
        layers=layers,
        joined=joined,
        inner=inner,
        again=again,
    )


@program
def a_cell_step_by_step(tf):
    cell, rows = tf.nn.rnn_cell.BasicRNNCell(3), tf.unstack(x(tf), axis=1)
    state, outputs = cell.zero_state(B, tf.float32), []
    for row in rows:
        output, state = cell(row, state)
        outputs.append(output)
    with tf.variable_scope("elsewhere"):
        elsewhere, _ = cell(rows[0], state)
    lstm, _ = tf.nn.rnn_cell.LSTMCell(3)(rows[0], (state, state))
    return names(tf, outputs=outputs, elsewhere=elsewhere, lstm=lstm)


@program
def a_cell_of_ones_own(tf):
    class Own(tf.nn.rnn_cell.RNNCell):
        state_size, output_size = 3, 3

        def call(self, inputs, state):
            h = tf.tanh(tf.layers.dense(inputs, 3, name="z") + state, name="h")
            return h, h

    steps = tf.unstack(x(tf), axis=1)
    outputs, _ = tf.nn.static_rnn(Own(), steps, dtype=tf.float32)
    tf.nn.dynamic_rnn(Own(), x(tf), dtype=tf.float32, scope="loop")
    in_the_loop = [
        operation.outputs[0]
        for operation in tf.get_default_graph().get_operations()
        if operation.type in ("Tanh", "MatMul") and operation.name.startswith("loop/")
    ]
    return names(tf, outputs=outputs, in_the_loop=in_the_loop)


@program
def matrices_in_the_loop(tf):
    nn = tf.nn.rnn_cell
    tf.nn.dynamic_rnn(nn.GRUCell(3), x(tf), dtype=tf.float32)
    stack = nn.MultiRNNCell([nn.LSTMCell(3), nn.BasicRNNCell(2)])
    tf.nn.dynamic_rnn(stack, x(tf), dtype=tf.float32, scope="stack")
    operations = tf.get_default_graph().get_operations()
    found = [one.outputs[0] for one in operations if one.type == "MatMul"]
    return names(tf, found=[one for one in found if "while" in one.name])


@program
def regularizers(tf):
    layers = tf.contrib.layers
    made = {
        "w": layers.l2_regularizer(0.1),
        "v": layers.l1_regularizer(0.1),
        "u": layers.l1_l2_regularizer(0.1, 0.1),
        "s": layers.sum_regularizer([layers.l2_regularizer(0.1), layers.l1_regularizer(0.1)]),
    }
    for name in sorted(made):
        tf.get_variable(name, [2], regularizer=made[name])
    return names(
        tf,
        collected=tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES),
        total=tf.losses.get_regularization_loss(),
    )
