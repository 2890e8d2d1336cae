"""Cells of TensorFlow 1.15, and what they keep and take."""

import importlib

from programs import numbers, program

LENGTHS = [4, 1, 3]


def unrolled(tf, cell, depth=3, inputs=None, lengths=LENGTHS):
    """A run of a cell, and the gradients of its outputs and its state."""
    x = numbers("x", [3, 4, depth]) if inputs is None else inputs
    x = tuple(map(tf.constant, x)) if isinstance(x, tuple) else tf.constant(x)
    outputs, state = tf.nn.dynamic_rnn(cell, x, lengths, dtype=tf.float32)
    return with_gradients(tf, outputs, state)


def with_gradients(tf, outputs, state):
    leaves = flat(outputs) + flat(state)
    loss = tf.add_n([tf.reduce_sum(tf.sin(2.0 * leaf)) for leaf in leaves])
    variables = tf.trainable_variables()
    pairs = zip(variables, tf.gradients(loss, variables))
    gradients = {v.op.name: dense(tf, g) for v, g in pairs if g is not None}
    return {"outputs": outputs, "state": state, "gradients": gradients}


def dense(tf, gradient):
    return tf.convert_to_tensor(gradient)


def flat(value):
    if isinstance(value, (tuple, list)):
        return [leaf for one in value for leaf in flat(one)]
    return [value]


def module(tf, name):
    """A module below tensorflow, on either one."""
    return importlib.import_module("%s.%s" % (tf.__name__, name))


def said(tf, values):
    """Plain values as tensors that the recorder can run."""
    return {name: tf.constant(value) for name, value in values.items()}


@program
def basic_rnn_cell(tf):
    return unrolled(tf, tf.nn.rnn_cell.BasicRNNCell(3, activation="relu", name="mine"))


@program
def basic_lstm_cell(tf):
    return unrolled(tf, tf.nn.rnn_cell.BasicLSTMCell(3))


@program
def basic_lstm_cell_joined(tf):
    return unrolled(tf, tf.nn.rnn_cell.BasicLSTMCell(3, 0.5, state_is_tuple=False))


@program
def lstm_cell_with_everything(tf):
    cell = tf.nn.rnn_cell.LSTMCell(
        3,
        use_peepholes=True,
        cell_clip=0.4,
        num_proj=2,
        proj_clip=0.3,
        forget_bias=0.2,
        activation=tf.nn.relu,
    )
    return unrolled(tf, cell)


@program
def lstm_cell_in_shards(tf):
    return unrolled(
        tf, tf.nn.rnn_cell.LSTMCell(3, num_proj=2, num_unit_shards=2, num_proj_shards=3)
    )


@program
def gru_cell(tf):
    return unrolled(tf, tf.nn.rnn_cell.GRUCell(3, activation=tf.nn.softsign))


@program
def float64(tf):
    x = tf.constant(numbers("x", [2, 3, 2]).astype("float64"))
    cell = tf.nn.rnn_cell.GRUCell(2, dtype=tf.float64)
    cell(x[:, 0], cell.zero_state(2, tf.float64))
    return said(tf, {"dtype": [v.dtype.base_dtype.name for v in cell.variables]})


@program
def partitioned(tf):
    rnn = tf.contrib.rnn
    with tf.variable_scope("model", partitioner=tf.fixed_size_partitioner(2)):
        cells = [rnn.LSTMCell(4), rnn.GRUCell(4), rnn.UGRNNCell(4)]
        return unrolled(tf, tf.nn.rnn_cell.MultiRNNCell(cells))


@program
def stack_joined(tf):
    rnn = tf.nn.rnn_cell
    cells = [rnn.BasicLSTMCell(3, state_is_tuple=False), rnn.GRUCell(2)]
    return unrolled(tf, rnn.MultiRNNCell(cells, state_is_tuple=False))


@program
def one_cell_in_all_layers(tf):
    return unrolled(tf, tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(3)] * 3))


@program
def residual_and_device(tf):
    rnn = tf.nn.rnn_cell
    plain = rnn.ResidualWrapper(rnn.GRUCell(3))
    own = rnn.ResidualWrapper(rnn.GRUCell(3, name="own"), lambda x, y: x - 2.0 * y)
    return unrolled(tf, rnn.MultiRNNCell([rnn.DeviceWrapper(plain, "/cpu:0"), own]))


@program
def dropout_with_a_seed(tf):
    rnn = tf.nn.rnn_cell
    cell = rnn.DropoutWrapper(rnn.LSTMCell(5), 0.7, 0.6, 0.5, seed=3)
    x = tf.constant(numbers("x", [3, 4, 4]))
    outputs, state = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def dropout_in_a_loop(tf):
    rnn = tf.nn.rnn_cell
    cell = rnn.DropoutWrapper(rnn.LSTMCell(5), 0.7, 0.6, 0.5, seed=3)
    x = tf.constant(numbers("x", [3, 4, 4]))
    # More iterations at a time draw in an order that changes from run to run.
    return {"both": tf.nn.dynamic_rnn(cell, x, dtype=tf.float32, parallel_iterations=1)}


@program
def dropout_for_a_run(tf):
    rnn = tf.nn.rnn_cell
    cell = rnn.DropoutWrapper(
        rnn.LSTMCell(5),
        input_keep_prob=0.5,
        output_keep_prob=0.6,
        state_keep_prob=0.7,
        variational_recurrent=True,
        input_size=4,
        dtype=tf.float32,
        seed=11,
    )
    return unrolled(tf, cell, 4)


@program
def dropout_where_a_function_says(tf):
    rnn = tf.nn.rnn_cell

    def everything(part):
        return True

    def first_layer_alone(part):
        if isinstance(part, tuple) and len(part) == 2 and not hasattr(part, "c"):
            return (True, False)
        return True

    inner = rnn.MultiRNNCell([rnn.LSTMCell(4), rnn.GRUCell(4)])
    x = tf.constant(numbers("x", [3, 4, 4]))
    found = {}
    for name, visitor in (("all", everything), ("first", first_layer_alone)):
        cell = rnn.DropoutWrapper(
            inner, state_keep_prob=0.5, seed=5, dropout_state_filter_visitor=visitor
        )
        with tf.variable_scope(name):
            steps = tf.unstack(x, axis=1)
            found[name] = tf.nn.static_rnn(cell, steps, dtype=tf.float32)[0]
    return found


@program
def dropout_of_a_joined_state(tf):
    rnn = tf.nn.rnn_cell
    cell = rnn.DropoutWrapper(
        rnn.BasicLSTMCell(4, state_is_tuple=False), state_keep_prob=0.5, seed=2
    )
    steps = [tf.constant(numbers("x%d" % t, [3, 4])) for t in range(3)]
    outputs, state = tf.nn.static_rnn(cell, steps, dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def attributes(tf):
    """What subclasses read of the cells, as plain values."""
    rnn = tf.nn.rnn_cell
    x = tf.constant(numbers("x", [2, 3]))
    lstm = rnn.LSTMCell(4, use_peepholes=True, num_proj=3, forget_bias=0.5)
    gru, basic = rnn.GRUCell(4), rnn.BasicLSTMCell(4)
    for cell in (lstm, gru, basic):
        cell(x, cell.zero_state(2, tf.float32))
    found = {
        "settings": [lstm._num_units, lstm._num_proj, basic._forget_bias, lstm._forget_bias],
        "sizes": list(lstm._state_size) + [lstm._output_size],
        "weights": [v.op.name for v in lstm.weights + gru.trainable_weights + basic.variables],
        "scopes": [lstm.scope_name, gru.scope_name, basic.scope_name],
        "built": [lstm.built, gru.built, rnn.GRUCell(3).built],
        "counts": [lstm.count_params(), gru.count_params(), len(gru.non_trainable_weights)],
        "losses": len(basic.losses),
    }
    found = said(tf, found)
    found["gru"] = [gru._gate_kernel, gru._gate_bias, gru._candidate_kernel, gru._candidate_bias]
    found["lstm"] = [lstm._kernel, lstm._bias, lstm._w_f_diag, lstm._w_i_diag, lstm._w_o_diag]
    found["projection"] = lstm._proj_kernel
    found["basic"] = [basic._kernel, basic._bias, basic._activation(x)]
    return found
