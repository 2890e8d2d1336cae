"""Small programs of TensorFlow 1 that train, for every release and for `unrolled.tf1`.

A program is a function of `tf` that gives the outputs of its RNN and whatever else is worth
comparing. It runs as it stands on 0.12, 1.0, 1.2 and 1.15, so it is written for both Pythons and
for the names of each release.
"""

import numpy as np

PROGRAMS = {}
B, T, D, U = 2, 3, 3, 4
X = np.sin(np.arange(B * T * D, dtype=np.float32)).reshape(B, T, D)
LENGTHS = np.array([3, 2], np.int32)


def program(function=None, since="0.12", averages=False, graph=False, **how):
    """Mark a program.

    `since` is the first release that has what it uses, `averages` adds moving averages of its
    variables, `graph` records its graph too, and `how` goes to its Saver.
    """

    def mark(function):
        function.since, function.averages, function.graph = since, averages, graph
        function.how = how
        PROGRAMS[function.__name__] = function
        return function

    return mark(function) if function else mark


def flat(structure):
    """The tensors of nested results, dictionaries in the order of their keys."""
    if isinstance(structure, dict):
        return [one for key in sorted(structure) for one in flat(structure[key])]
    if isinstance(structure, (list, tuple)):
        return [one for part in structure for one in flat(part)]
    return [structure]


def trained(tf, function, tensors):
    """The loss of a program's results, and the step that lowers it."""
    loss = tf.add_n([tf.reduce_sum(tf.square(tensor)) for tensor in tensors])
    counter = tf.Variable(0, trainable=False, name="global_step")
    step = tf.train.AdamOptimizer(0.1).minimize(loss, global_step=counter)
    if function.averages:
        with tf.control_dependencies([step]):
            step = tf.train.ExponentialMovingAverage(0.5).apply(tf.trainable_variables())
    return loss, step


def rnn_cell(tf):
    """The cells, which were in tf.nn.rnn_cell before 1.0 and from 1.1 on."""
    return tf.nn.rnn_cell if hasattr(tf.nn, "rnn_cell") else tf.contrib.rnn


def unrolled(tf, cell, **how):
    outputs, state = tf.nn.dynamic_rnn(cell, X, dtype=tf.float32, **how)
    return {"outputs": outputs, "state": state}


@program(graph=True)
def basic_rnn(tf):
    return unrolled(tf, rnn_cell(tf).BasicRNNCell(U))


@program(graph=True)
def basic_lstm(tf):
    return unrolled(tf, rnn_cell(tf).BasicLSTMCell(U, forget_bias=0.0, state_is_tuple=True))


@program(write_version=1, graph=True)
def gru(tf):
    return unrolled(tf, rnn_cell(tf).GRUCell(U))


@program(write_version=1, graph=True)
def lstm(tf):
    cell = rnn_cell(tf).LSTMCell(
        U, use_peepholes=True, cell_clip=0.5, num_proj=2, forget_bias=0.3, state_is_tuple=True
    )
    return unrolled(tf, cell)


@program(averages=True, graph=True)
def stack(tf):
    cells = rnn_cell(tf)
    layers = [
        cells.BasicLSTMCell(U, state_is_tuple=True),
        cells.DropoutWrapper(cells.GRUCell(3), output_keep_prob=1.0),
        cells.BasicRNNCell(2),
    ]
    return unrolled(tf, cells.MultiRNNCell(layers, state_is_tuple=True))


@program(graph=True)
def bidirectional(tf):
    cells = rnn_cell(tf)
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        cells.LSTMCell(U, state_is_tuple=True), cells.GRUCell(2), X, LENGTHS, dtype=tf.float32
    )
    return {"outputs": outputs, "states": states}


@program
def two_networks(tf):
    cells = rnn_cell(tf)
    with tf.variable_scope("encoder"):
        _, state = tf.nn.dynamic_rnn(cells.GRUCell(U), X, dtype=tf.float32)
    with tf.variable_scope("decoder"):
        outputs, _ = tf.nn.dynamic_rnn(cells.GRUCell(U), X, initial_state=state)
    return {"outputs": outputs}


@program(averages=True, graph=True)
def by_hand(tf):
    """As the tutorial on language models called its cells, in a scope of its own name."""
    cells = rnn_cell(tf)
    layers = [cells.BasicLSTMCell(U, forget_bias=0.0, state_is_tuple=True) for _ in range(2)]
    cell = cells.MultiRNNCell(layers, state_is_tuple=True)
    with tf.variable_scope("Model"):
        softmax_w = tf.get_variable("softmax_w", [U, 2])
        softmax_b = tf.get_variable("softmax_b", [2])
        state, x = cell.zero_state(B, tf.float32), tf.constant(X)
        with tf.variable_scope("RNN"):
            for t in range(T):
                if t > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(x[:, t], state)
        return {"logits": tf.matmul(output, softmax_w) + softmax_b, "state": state}


@program(write_version=1)
def named_by_scope(tf):
    """A scope of one's own, instead of that of the unroll."""
    return unrolled(tf, rnn_cell(tf).GRUCell(U), scope="Reader")


@program(sharded=True, graph=True)
def shards(tf):
    cell = rnn_cell(tf).LSTMCell(
        5, num_proj=3, num_unit_shards=2, num_proj_shards=2, state_is_tuple=True
    )
    return unrolled(tf, cell)


@program(since="1.0")
def partitioned(tf):
    with tf.variable_scope("parts", partitioner=tf.fixed_size_partitioner(2)):
        return unrolled(tf, rnn_cell(tf).BasicLSTMCell(U, state_is_tuple=True))


@program
def projections(tf):
    cells = tf.contrib.rnn if hasattr(tf.contrib.rnn, "InputProjectionWrapper") else tf.nn.rnn_cell
    cell = cells.InputProjectionWrapper(rnn_cell(tf).GRUCell(U), 2)
    return unrolled(tf, cells.OutputProjectionWrapper(cell, 3))


@program
def lstm_block(tf):
    cell = tf.contrib.rnn.LSTMBlockCell(U, forget_bias=0.5)
    return unrolled(tf, cell)


@program(graph=True)
def lstm_block_peepholes(tf):
    return unrolled(tf, tf.contrib.rnn.LSTMBlockCell(U, use_peephole=True))


@program
def gru_block(tf):
    return unrolled(tf, tf.contrib.rnn.GRUBlockCell(U))


@program(write_version=1)
def layer_norm(tf):
    return unrolled(tf, tf.contrib.rnn.LayerNormBasicLSTMCell(U))


@program(since="1.15", graph=True)
def cudnn_lstm(tf):
    """The names and the equation of tf.contrib.cudnn_rnn.CudnnLSTM's checkpoints."""
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U)
    with tf.variable_scope("cudnn_lstm"):
        return unrolled(tf, tf.nn.rnn_cell.MultiRNNCell([cell]))


@program(since="1.15")
def cudnn_gru(tf):
    cell = tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U)
    with tf.variable_scope("cudnn_gru"):
        return unrolled(tf, tf.nn.rnn_cell.MultiRNNCell([cell]))


@program(since="1.2")
def attention(tf):
    mechanism = tf.contrib.seq2seq.BahdanauAttention(U, tf.constant(X))
    wrapper = getattr(tf.contrib.seq2seq, "AttentionWrapper", None)
    cell = wrapper(rnn_cell(tf).GRUCell(U), mechanism, attention_layer_size=3)
    return {"outputs": tf.nn.dynamic_rnn(cell, X, dtype=tf.float32)[0]}


@program
def translator(tf):
    legacy = tf.nn.seq2seq if hasattr(tf.nn, "seq2seq") else tf.contrib.legacy_seq2seq
    symbols = [tf.constant([1, 2]), tf.constant([3, 0])]
    outputs, state = legacy.embedding_attention_seq2seq(
        symbols, symbols, rnn_cell(tf).GRUCell(U), 5, 5, 3
    )
    return {"outputs": outputs, "state": state}


@program(graph=True)
def joined_state(tf):
    cell = rnn_cell(tf).BasicLSTMCell(U, state_is_tuple=False, activation=tf.nn.relu)
    return unrolled(tf, cell)


@program(since="1.15", graph=True)
def shared(tf):
    """One cell in two layers, whose variables are those of one."""
    cell = rnn_cell(tf).BasicLSTMCell(D, forget_bias=0.7)
    return unrolled(tf, rnn_cell(tf).MultiRNNCell([cell] * 2))


@program(since="1.15", graph=True)
def residual(tf):
    cells = rnn_cell(tf)
    layers = [cells.ResidualWrapper(cells.GRUCell(D)), cells.ResidualWrapper(cells.LSTMCell(D))]
    return unrolled(tf, cells.MultiRNNCell(layers))


@program(since="1.15", graph=True)
def named_pair(tf):
    cells = rnn_cell(tf)
    outputs, states = tf.nn.bidirectional_dynamic_rnn(
        cells.LSTMCell(U, name="lstm_fw", forget_bias=0.2),
        cells.LSTMCell(U, name="lstm_bw", forget_bias=0.2),
        X,
        LENGTHS,
        dtype=tf.float32,
    )
    return {"outputs": outputs, "states": states}


@program(since="1.15", graph=True)
def dropout(tf):
    cells = rnn_cell(tf)
    keep = tf.placeholder_with_default(1.0, [])
    cell = cells.DropoutWrapper(
        cells.BasicLSTMCell(U, forget_bias=0.4), keep, output_keep_prob=keep, state_keep_prob=keep
    )
    return unrolled(tf, cell)


@program(graph=True)
def lstm_fused(tf):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(U, forget_bias=0.6, cell_clip=0.8)
    outputs, state = cell(tf.constant(np.swapaxes(X, 0, 1)), dtype=tf.float32)
    return {"outputs": outputs, "state": state}


@program
def attention_cell(tf):
    cell = rnn_cell(tf).GRUCell(U)
    return unrolled(tf, tf.contrib.rnn.AttentionCellWrapper(cell, 2, state_is_tuple=True))


@program
def coupled(tf):
    cell = tf.contrib.rnn.CoupledInputForgetGateLSTMCell(
        U, use_peepholes=True, num_proj=2, state_is_tuple=True
    )
    return unrolled(tf, cell)


@program
def embedded(tf):
    cells = tf.contrib.rnn if hasattr(tf.contrib.rnn, "EmbeddingWrapper") else tf.nn.rnn_cell
    cell = cells.EmbeddingWrapper(rnn_cell(tf).BasicLSTMCell(U, state_is_tuple=True), 5, 3)
    symbols = tf.constant([[[1], [2]], [[3], [0]]])
    outputs, state = tf.nn.dynamic_rnn(cell, symbols, dtype=tf.float32)
    return {"outputs": outputs, "state": state}
