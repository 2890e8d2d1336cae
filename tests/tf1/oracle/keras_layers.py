"""`tf.keras` in a graph: recurrent layers, their wrappers and cells, and the layers around them."""

from programs import numbers, program


def sequences(tf, name="x"):
    return tf.constant(numbers(name, [2, 5, 3]))


def recurrent(tf, layer):
    """A layer's outputs, and the gradients in what it was given."""
    x = sequences(tf)
    y = layer(x)
    return {"y": y, "gradient": tf.gradients(y, x)}


@program
def lstm(tf):
    return recurrent(tf, tf.keras.layers.LSTM(4))


@program
def lstm_of_all_steps_and_states(tf):
    layer = tf.keras.layers.LSTM(4, return_sequences=True, return_state=True)
    y, h, c = layer(sequences(tf))
    return {"y": y, "h": h, "c": c}


@program
def lstm_without_bias_with_a_name(tf):
    return recurrent(tf, tf.keras.layers.LSTM(4, use_bias=False, name="reader"))


@program
def lstm_backwards_with_activations(tf):
    layer = tf.keras.layers.LSTM(
        4, activation="relu", recurrent_activation="sigmoid", go_backwards=True
    )
    return recurrent(tf, layer)


@program
def gru(tf):
    return recurrent(tf, tf.keras.layers.GRU(4))


@program
def gru_reset_after(tf):
    return recurrent(tf, tf.keras.layers.GRU(4, reset_after=True, return_sequences=True))


@program
def simple_rnn(tf):
    return recurrent(tf, tf.keras.layers.SimpleRNN(4, return_sequences=True))


@program
def from_a_state(tf):
    x = sequences(tf)
    states = [tf.constant(numbers(name, [2, 4])) for name in "hc"]
    y = tf.keras.layers.LSTM(4)(x, initial_state=states)
    return {"y": y, "gradient": tf.gradients(y, states)}


@program
def bidirectional(tf):
    return recurrent(tf, tf.keras.layers.Bidirectional(tf.keras.layers.LSTM(4)))


@program
def bidirectional_sum_of_sequences(tf):
    inside = tf.keras.layers.GRU(4, return_sequences=True)
    return recurrent(tf, tf.keras.layers.Bidirectional(inside, merge_mode="sum"))


@program
def rnn_of_a_cell(tf):
    return recurrent(tf, tf.keras.layers.RNN(tf.keras.layers.LSTMCell(4)))


@program
def rnn_of_stacked_cells(tf):
    cells = [tf.keras.layers.LSTMCell(4), tf.keras.layers.GRUCell(3)]
    return recurrent(tf, tf.keras.layers.RNN(cells, return_sequences=True))


@program
def in_a_variable_scope(tf):
    with tf.variable_scope("model"):
        y = tf.keras.layers.LSTM(4, name="reader")(sequences(tf))
        return {"y": tf.keras.layers.Dense(2, activation="tanh")(y)}


@program
def two_of_a_kind(tf):
    y = tf.keras.layers.LSTM(4, return_sequences=True)(sequences(tf))
    return {"y": tf.keras.layers.LSTM(4)(y)}


@program
def embedding_masking_and_time_distributed(tf):
    words = tf.constant([[1, 2, 3, 0, 0], [4, 1, 0, 0, 0]])
    y = tf.keras.layers.Embedding(5, 3, mask_zero=True)(words)
    y = tf.keras.layers.LSTM(4, return_sequences=True)(y)
    return {"y": tf.keras.layers.TimeDistributed(tf.keras.layers.Dense(2))(y)}


@program
def model_of_layers(tf):
    model = tf.keras.models.Sequential()
    model.add(tf.keras.layers.Masking(0.0, input_shape=(5, 3)))
    model.add(tf.keras.layers.LSTM(4))
    model.add(tf.keras.layers.Dense(2, activation="softmax"))
    return {"y": model(sequences(tf))}


@program
def functional_model(tf):
    layers = tf.keras.layers
    given = tf.keras.Input([5, 3])
    both = layers.concatenate([layers.LSTM(4)(given), layers.GRU(3)(given)])
    model = tf.keras.Model(given, layers.Dense(1)(both))
    return {"y": model(sequences(tf))}


@program
def backend(tf):
    K = tf.keras.backend
    x = sequences(tf)
    return {
        "hard_sigmoid": K.hard_sigmoid(x),
        "mean": K.mean(x, axis=-1),
        "sum": K.sum(K.square(x)),
        "dot": K.dot(x, K.ones((3, 2))),
    }
