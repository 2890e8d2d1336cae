"""Private modules of `tensorflow.python`, from which programs with cells of their own imported."""

import importlib

from programs import numbers, program


def private(tf, name):
    """A module of `tensorflow.python`, or of what stands for it."""
    root = "tensorflow" if tf.__name__.startswith("tensorflow") else tf.__name__
    return importlib.import_module(root + ".python." + name)


def matrix(tf, name="x"):
    return tf.constant(numbers(name, [4, 3]))


@program
def arrays(tf):
    array_ops = private(tf, "ops.array_ops")
    x = matrix(tf)
    first, second = array_ops.split(value=x, num_or_size_splits=2, axis=0)
    return {
        "concat": array_ops.concat([first, second], 1),
        "stack": array_ops.stack(array_ops.unstack(x)[::-1]),
        "expand": array_ops.expand_dims(x, 1),
        "where": array_ops.where(x > 0),
        "zeros": array_ops.zeros([2, 2]),
        "squeeze": array_ops.squeeze(array_ops.expand_dims(x, 0), [0]),
    }


@program
def mathematics(tf):
    math_ops = private(tf, "ops.math_ops")
    x = matrix(tf)
    return {
        "sum": math_ops.reduce_sum(x, [1]),
        "mean": math_ops.reduce_mean(x, axis=0),
        "product": math_ops.matmul(x, x, transpose_b=True),
        "max": math_ops.reduce_max(x),
        "cast": math_ops.cast(x, tf.int32),
        "argmax": math_ops.argmax(x, 1),
        "sigmoid": math_ops.sigmoid(x) * math_ops.tanh(x),
    }


@program
def control_flow(tf):
    control_flow_ops = private(tf, "ops.control_flow_ops")
    x = matrix(tf)
    count, last = control_flow_ops.while_loop(
        lambda i, value: i < 3, lambda i, value: (i + 1, value * 2), (0, x)
    )
    with tf.control_dependencies([control_flow_ops.Assert(count > 2, [count])]):
        chosen = control_flow_ops.cond(count > 2, lambda: last, lambda: x)
    return {"chosen": chosen, "group": control_flow_ops.with_dependencies([last], count)}


@program
def variables_and_scopes(tf):
    vs = private(tf, "ops.variable_scope")
    init_ops = private(tf, "ops.init_ops")
    with vs.variable_scope("outer", initializer=init_ops.constant_initializer(0.5)):
        w = vs.get_variable("w", [3, 2])
    nn_ops = private(tf, "ops.nn_ops")
    b = vs.get_variable("b", [2], initializer=init_ops.zeros_initializer())
    return {"y": nn_ops.bias_add(tf.matmul(matrix(tf), w), b)}


@program
def nests(tf):
    nest = private(tf, "util.nest")
    x = matrix(tf)
    doubled = nest.map_structure(lambda t: 2 * t, {"a": x, "b": (x, x)})
    return {
        "flat": nest.flatten(doubled)[2],
        "sequences": tf.constant([nest.is_sequence([x]), nest.is_sequence(x)]),
    }


@program
def unrolling_by_hand(tf):
    rnn = private(tf, "ops.rnn")
    x = tf.constant(numbers("x", [2, 5, 3]))
    return {
        "time_major": rnn._transpose_batch_time(x),
        "size": tf.constant(rnn._best_effort_input_batch_size([tf.transpose(x, [1, 0, 2])])),
    }


@program
def cell_of_its_own(tf):
    rnn_cell_impl = private(tf, "ops.rnn_cell_impl")
    array_ops = private(tf, "ops.array_ops")
    math_ops = private(tf, "ops.math_ops")

    class Cell(rnn_cell_impl.RNNCell):
        @property
        def state_size(self):
            return 4

        @property
        def output_size(self):
            return 4

        def call(self, inputs, state):
            w = tf.get_variable("w", [7, 4])
            state = math_ops.tanh(math_ops.matmul(array_ops.concat([inputs, state], 1), w))
            return state, state

    y, state = private(tf, "ops.rnn").dynamic_rnn(
        Cell(), tf.constant(numbers("x", [2, 5, 3])), dtype=tf.float32
    )
    return {"y": y, "state": state}


@program
def layer_cell_of_its_own(tf):
    rnn_cell_impl = private(tf, "ops.rnn_cell_impl")

    class Cell(rnn_cell_impl.LayerRNNCell):
        def __init__(self, units):
            super(Cell, self).__init__()
            self.units = units

        state_size = output_size = property(lambda self: self.units)

        def build(self, shape):
            self.w = self.add_variable("kernel", [shape.dims[-1].value + self.units, self.units])
            self.built = True

        def call(self, inputs, state):
            state = tf.tanh(tf.matmul(tf.concat([inputs, state], 1), self.w))
            return state, state

    x = tf.constant(numbers("x", [2, 5, 3]))
    return {"y": tf.nn.dynamic_rnn(Cell(4), x, dtype=tf.float32)[0]}


@program
def dense_layer(tf):
    core = private(tf, "layers.core")
    base = private(tf, "layers.base")

    class Scale(base.Layer):
        def build(self, shape):
            self.scale = self.add_variable("scale", [3])
            self.built = True

        def call(self, x):
            return x * self.scale

    x = Scale(name="by")(matrix(tf))
    return {"y": core.Dense(2, name="projection")(x), "z": core.dense(x, 2, use_bias=False)}


@program
def embeddings_and_losses(tf):
    table = private(tf, "ops.variable_scope").get_variable("table", [6, 3])
    embedded = private(tf, "ops.embedding_ops").embedding_lookup(table, [[1, 2], [3, 0]])
    nn_ops = private(tf, "ops.nn_ops")
    loss = nn_ops.sparse_softmax_cross_entropy_with_logits(
        labels=tf.constant([[0, 1], [2, 2]]), logits=embedded
    )
    clipped, norm = private(tf, "ops.clip_ops").clip_by_global_norm(
        private(tf, "ops.gradients_impl").gradients(loss, embedded), 0.5
    )
    return {"loss": loss, "clipped": clipped, "norm": norm}


@program
def frozen_graph(tf):
    graph_util = private(tf, "framework.graph_util")
    w = tf.get_variable("w", [3, 2], initializer=tf.ones_initializer())
    tf.matmul(matrix(tf), w, name="y")
    session = tf.get_default_session()
    session.run(tf.global_variables_initializer())
    definition = graph_util.convert_variables_to_constants(
        session, tf.get_default_graph().as_graph_def(), ["y"]
    )
    (y,) = tf.import_graph_def(definition, return_elements=["y:0"], name="again")
    return {"y": y}
