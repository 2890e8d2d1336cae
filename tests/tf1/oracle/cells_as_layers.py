"""Cells that programs derive from the cells of TensorFlow 1.15, and scopes around them."""

from cells import module, said, unrolled, with_gradients
from programs import numbers, program


def a_gru_of_its_own(tf):
    class OwnGRU(tf.nn.rnn_cell.GRUCell):
        def call(self, inputs, state):
            joined = tf.concat([inputs, state], 1)
            gates = tf.nn.bias_add(tf.matmul(joined, self._gate_kernel), self._gate_bias)
            r, u = tf.split(tf.sigmoid(gates), 2, 1)
            joined = tf.concat([inputs, r * state], 1)
            candidate = tf.nn.bias_add(
                tf.matmul(joined, self._candidate_kernel), self._candidate_bias
            )
            new = u * state + (1 - u) * self._activation(candidate)
            return new, new

    return OwnGRU


@program
def call_with_the_kernels_of_a_gru(tf):
    return unrolled(tf, a_gru_of_its_own(tf)(3))


@program
def build_and_call_of_a_lstm(tf):
    class Own(tf.nn.rnn_cell.BasicLSTMCell):
        def build(self, inputs_shape):
            self._extra = self.add_variable("extra", [self._num_units])
            super(Own, self).build(inputs_shape)

        def call(self, inputs, state):
            output, state = super(Own, self).call(inputs, state)
            return output * self._extra, state

    return unrolled(tf, Own(3))


@program
def build_in_the_place_of_a_lstm_s(tf):
    class Own(tf.nn.rnn_cell.BasicLSTMCell):
        def build(self, inputs_shape):
            depth = inputs_shape[1].value
            self._kernel = self.add_variable(
                "kernel", shape=[depth + self._num_units, 4 * self._num_units]
            )
            self._bias = self.add_variable(
                "bias", shape=[4 * self._num_units], initializer=tf.ones_initializer()
            )
            self.built = True

    return unrolled(tf, Own(3))


@program
def call_of_a_lstm(tf):
    class Own(tf.nn.rnn_cell.BasicLSTMCell):
        def call(self, inputs, state):
            c, h = state
            gates = tf.matmul(tf.concat([inputs, h], 1), self._kernel) + self._bias
            i, j, f, o = tf.split(gates, 4, 1)
            new_c = c * tf.sigmoid(f + self._forget_bias) + tf.sigmoid(i) * self._activation(j)
            new_h = self._activation(new_c) * tf.sigmoid(o)
            if self._state_is_tuple:
                return new_h, tf.nn.rnn_cell.LSTMStateTuple(new_c, new_h)
            return new_h, tf.concat([new_c, new_h], 1)

    return unrolled(tf, Own(3))


@program
def a_peephole_more(tf):
    class Own(tf.nn.rnn_cell.LSTMCell):
        def call(self, inputs, state):
            output, state = super(Own, self).call(inputs, state)
            return output + self._w_f_diag * state.c, state

    return unrolled(tf, Own(3, use_peepholes=True))


@program
def a_cell_of_1_0(tf):
    class Own(tf.nn.rnn_cell.RNNCell):
        def __init__(self, num_units):
            self._num_units = num_units

        @property
        def state_size(self):
            return self._num_units

        @property
        def output_size(self):
            return self._num_units

        def __call__(self, inputs, state, scope=None):
            with tf.variable_scope(scope or type(self).__name__):
                joined = tf.concat([inputs, state], 1)
                w = tf.get_variable("w", [joined.get_shape()[1].value, self._num_units])
                new = tf.tanh(tf.matmul(joined, w))
                return new, new

    cell = tf.nn.rnn_cell.MultiRNNCell([Own(3), Own(2)])
    return unrolled(tf, cell)


@program
def a_cell_that_makes_its_variables_in_call(tf):
    class Own(tf.nn.rnn_cell.RNNCell):
        def __init__(self, num_units, reuse=None):
            super(Own, self).__init__(_reuse=reuse)
            self._num_units = num_units
            self._state_size = tf.nn.rnn_cell.LSTMStateTuple(num_units, num_units)

        @property
        def state_size(self):
            return self._state_size

        @property
        def output_size(self):
            return self._num_units

        def call(self, inputs, state, scope=None):
            c, h = state
            with tf.variable_scope("inside"):
                w = tf.get_variable("w", [inputs.shape[1].value, self._num_units])
                u = tf.get_variable("u", [self._num_units] * 2, trainable=False)
            new = tf.tanh(tf.matmul(inputs, w) + tf.matmul(h, u)) + tf.sin(c)
            return new, tf.nn.rnn_cell.LSTMStateTuple(0.5 * c + new, new)

    cell = Own(3)
    found = unrolled(tf, cell)
    names = {
        "kept": [v.op.name for v in cell.weights],
        "trained": [v.op.name for v in cell.trainable_weights],
        "scope": [cell.scope_name],
    }
    found.update(said(tf, names))
    return found


@program
def a_cell_with_regularizers(tf):
    class Own(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 3

        def build(self, inputs_shape):
            self.w = self.add_variable("w", [inputs_shape[1].value, 3], regularizer=tf.nn.l2_loss)
            self.built = True

        def call(self, inputs, state):
            return tf.matmul(inputs, self.w) + state, 0.5 * state + inputs

    cell = Own()
    outputs, state = cell(tf.constant(numbers("x", [2, 3])), cell.zero_state(2, tf.float32))
    found = with_gradients(tf, outputs, state)
    found["losses"] = cell.losses
    found["collected"] = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return found


@program
def a_regularizer_of_the_scope(tf):
    with tf.variable_scope("model", regularizer=tf.nn.l2_loss):
        found = unrolled(tf, tf.nn.rnn_cell.GRUCell(3))
    found["collected"] = tf.get_collection(tf.GraphKeys.REGULARIZATION_LOSSES)
    return found


@program
def a_custom_getter(tf):
    def doubled(getter, name, *more, **named):
        return 2.0 * getter(name, *more, **named)

    with tf.variable_scope("model", custom_getter=doubled):
        return unrolled(tf, tf.nn.rnn_cell.BasicLSTMCell(3))


@program
def a_frozen_cell(tf):
    cell = tf.nn.rnn_cell.GRUCell(3, trainable=False)
    x = tf.constant(numbers("x", [2, 3]))
    output, _ = cell(x, cell.zero_state(2, tf.float32))
    trained = [len(cell.trainable_weights), len(tf.trainable_variables())]
    found = said(tf, {"counts": trained + [len(cell.weights)]})
    found["output"] = output
    return found


@program
def reuse_in_three_ways(tf):
    rnn = tf.nn.rnn_cell
    x = tf.constant(numbers("x", [3, 4, 3]))
    first = tf.nn.dynamic_rnn(rnn.GRUCell(3), x, dtype=tf.float32)
    again = tf.nn.dynamic_rnn(rnn.GRUCell(3, reuse=True), x, dtype=tf.float32)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        third = tf.nn.dynamic_rnn(rnn.GRUCell(3), x, dtype=tf.float32)
    with tf.variable_scope("other", reuse=tf.AUTO_REUSE):
        one = tf.nn.dynamic_rnn(rnn.LSTMCell(3), x, dtype=tf.float32)
        two = tf.nn.dynamic_rnn(rnn.LSTMCell(3), x, dtype=tf.float32)
    return {"first": first, "again": again, "third": third, "one": one, "two": two}


@program
def steps_by_hand(tf):
    rnn = tf.nn.rnn_cell
    cell = rnn.MultiRNNCell([rnn.BasicLSTMCell(3), rnn.DropoutWrapper(rnn.BasicLSTMCell(3), 1.0)])
    x, state, outputs = tf.constant(numbers("x", [3, 4, 3])), cell.zero_state(3, tf.float32), []
    with tf.variable_scope("RNN"):
        for t in range(4):
            if t:
                tf.get_variable_scope().reuse_variables()
            output, state = cell(x[:, t, :], state)
            outputs.append(output)
    return with_gradients(tf, outputs, state)


@program
def a_cell_called_in_two_scopes(tf):
    cell = tf.nn.rnn_cell.BasicLSTMCell(3)
    x, state = tf.constant(numbers("x", [3, 3])), cell.zero_state(3, tf.float32)
    with tf.variable_scope("a"):
        output, state = cell(x, state)
    with tf.variable_scope("b"):
        return with_gradients(tf, *cell(output, state))


@program
def two_cells_in_one_scope(tf):
    rnn = tf.nn.rnn_cell
    x = tf.constant(numbers("x", [3, 3]))
    found = {}
    for name in ("a", "b"):
        cell = rnn.GRUCell(3)
        found[name] = cell(x, cell.zero_state(3, tf.float32))
    named = rnn.GRUCell(3, name="c")
    found["c"] = named(x, named.zero_state(3, tf.float32), scope="step")
    return found


@program
def a_linear_map_in_a_cell(tf):
    private = module(tf, "contrib.rnn.python.ops.core_rnn_cell")

    class Own(tf.nn.rnn_cell.RNNCell):
        state_size = output_size = 3
        map = None

        def call(self, inputs, state):
            if self.map is None:
                self.map = private._Linear([inputs, state], 3, True)
            with tf.variable_scope("more"):
                new = tf.tanh(self.map([inputs, state])) + private._linear(inputs, 3, True)
            return new, new

    return unrolled(tf, Own())


def written(tf, cell):
    """A cell's settings as strings; of floats in their shortest form."""

    def lines(config, prefix=""):
        for key in sorted(config):
            if isinstance(config[key], dict):
                for line in lines(config[key], prefix + key + "."):
                    yield line
            else:
                yield "%s%s=%s" % (prefix, key, config[key])

    return tf.constant(list(lines(cell.get_config())))


@program
def configs(tf):
    nn, contrib = tf.nn.rnn_cell, tf.contrib.rnn
    uniform = tf.random_uniform_initializer(-0.5, 0.5, seed=3)
    cells = [
        nn.BasicRNNCell(3),
        nn.BasicRNNCell(3, tf.nn.relu, name="n", dtype=tf.float32),
        nn.GRUCell(3, kernel_initializer=uniform, bias_initializer=tf.zeros_initializer()),
        nn.GRUCell(3, "relu", reuse=True, kernel_initializer=tf.orthogonal_initializer()),
        nn.BasicLSTMCell(3, state_is_tuple=False),
        nn.LSTMCell(3, True, 0.5, uniform, 2, 0.25),
        nn.MultiRNNCell([nn.GRUCell(3)]),
        nn.DropoutWrapper(nn.GRUCell(3), 0.5, seed=3),
        nn.DropoutWrapper(
            nn.GRUCell(3), 0.5, variational_recurrent=True, input_size=3, dtype=tf.float32
        ),
        nn.ResidualWrapper(nn.LSTMCell(3)),
        nn.DeviceWrapper(nn.GRUCell(3), "/cpu:0"),
        contrib.LayerNormBasicLSTMCell(3),
        contrib.UGRNNCell(3),
        contrib.NASCell(3),
        contrib.LSTMBlockCell(3),
        contrib.GRUBlockCellV2(3),
        contrib.AttentionCellWrapper(nn.GRUCell(3), 2, state_is_tuple=True),
        contrib.OutputProjectionWrapper(nn.GRUCell(3), 2),
        contrib.ConvLSTMCell(1, [3, 1], 2, [3]),
    ]
    return {"%02d" % number: written(tf, cell) for number, cell in enumerate(cells)}


@program
def configs_of_dense_layers(tf):
    uniform = tf.random_uniform_initializer(-0.5, 0.5, seed=3)
    return {
        "named": written(tf, tf.layers.Dense(3, tf.nn.relu, kernel_initializer=uniform, name="k")),
        "without bias": written(tf, tf.layers.Dense(2, use_bias=False, name="b", trainable=False)),
    }


@program
def cells_from_configs(tf):
    found = {}
    for number, cell in enumerate(
        [
            tf.nn.rnn_cell.GRUCell(3, kernel_initializer=tf.ones_initializer()),
            tf.nn.rnn_cell.LSTMCell(3, use_peepholes=True, num_proj=2, name="mine"),
        ]
    ):
        again = type(cell).from_config(cell.get_config())
        found[str(number)] = unrolled(tf, again)
        found["no updates %d" % number] = tf.constant(len(cell.updates))
    layer = tf.layers.Dense.from_config(tf.layers.Dense(2, name="out").get_config())
    found["dense"] = layer(tf.ones([2, 3]))
    return found
