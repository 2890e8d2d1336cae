"""Decoders, models and losses of TensorFlow 1.15's `tf.contrib.legacy_seq2seq`."""

import collections

import numpy as np
from programs import numbers, program

B, D, U, C = 2, 3, 4, 5
BEFORE = np.array([[1, 4], [0, 2], [3, 3]], np.int32)  # steps of two rows
AFTER = np.array([[2, 0], [4, 1], [1, 1], [0, 3]], np.int32)


def ids(tf, steps):
    return [tf.constant(step) for step in steps]


def inputs(tf, name, steps):
    return [tf.constant(step) for step in numbers(name, [steps, B, D])]


def cells(tf):
    return tf.nn.rnn_cell


def projection(tf, dtype=None):
    return (
        tf.get_variable("proj_w", [U, C], dtype=dtype),
        tf.get_variable("proj_b", [C], dtype=dtype),
    )


def results(tf, decoded):
    """Outputs, the parts of the state, and the gradients of all variables."""
    outputs, state = decoded
    parts = _flat(state)
    found = {"outputs": tf.stack(outputs)}
    for number, part in enumerate(parts):
        found["state_" + str(number)] = part
    loss = tf.add_n([tf.reduce_sum(x * x) for x in [found["outputs"]] + parts])
    variables = tf.trainable_variables()
    for variable, gradient in zip(variables, tf.gradients(loss, variables)):
        if gradient is not None:
            found["gradient of " + variable.op.name] = tf.convert_to_tensor(gradient)
    return found


def _flat(state):
    if isinstance(state, (tuple, list)):
        return [part for one in state for part in _flat(one)]
    return [state]


# --- decoders and models without attention -----------------------------------------------------


@program
def rnn_decoder(tf):
    cell = cells(tf).GRUCell(U)
    start = tf.constant(numbers("start", [B, U]))
    return results(tf, tf.contrib.legacy_seq2seq.rnn_decoder(inputs(tf, "x", 3), start, cell))


@program
def rnn_decoder_with_a_loop_function(tf):
    cell = cells(tf).BasicLSTMCell(U)

    def loop(previous, t):
        w = tf.constant(numbers("loop", [U, D]))
        return tf.matmul(previous, w) + t

    return results(
        tf,
        tf.contrib.legacy_seq2seq.rnn_decoder(
            inputs(tf, "x", 3), cell.zero_state(B, tf.float32), cell, loop, "mine"
        ),
    )


@program
def basic_model_of_two_layers(tf):
    cell = cells(tf).MultiRNNCell([cells(tf).BasicLSTMCell(U), cells(tf).GRUCell(U)])
    model = tf.contrib.legacy_seq2seq.basic_rnn_seq2seq
    return results(tf, model(inputs(tf, "x", 2), inputs(tf, "y", 3), cell))


@program
def basic_model_with_joined_states(tf):
    cell = cells(tf).MultiRNNCell(
        [cells(tf).BasicLSTMCell(U, state_is_tuple=False) for _ in range(2)], state_is_tuple=False
    )
    model = tf.contrib.legacy_seq2seq.basic_rnn_seq2seq
    return results(tf, model(inputs(tf, "x", 2), inputs(tf, "y", 3), cell, scope="mine"))


@program
def tied_model(tf):
    model = tf.contrib.legacy_seq2seq.tied_rnn_seq2seq
    cell = cells(tf).BasicLSTMCell(U)
    return results(tf, model(inputs(tf, "x", 2), inputs(tf, "y", 3), cell))


@program
def tied_model_with_a_loop_function(tf):
    model = tf.contrib.legacy_seq2seq.tied_rnn_seq2seq

    def loop(previous, t):
        return tf.matmul(previous, tf.constant(numbers("loop", [U, D])))

    cell = cells(tf).GRUCell(U)
    return results(
        tf, model(inputs(tf, "x", 2), inputs(tf, "y", 3), cell, loop_function=loop, scope="mine")
    )


@program
def embedding_decoder(tf):
    cell = cells(tf).GRUCell(C)
    return results(
        tf,
        tf.contrib.legacy_seq2seq.embedding_rnn_decoder(
            ids(tf, AFTER), tf.constant(numbers("start", [B, C])), cell, C, D
        ),
    )


@program
def embedding_decoder_that_feeds_itself(tf):
    cell = cells(tf).GRUCell(C)
    return results(
        tf,
        tf.contrib.legacy_seq2seq.embedding_rnn_decoder(
            ids(tf, AFTER), tf.constant(numbers("start", [B, C])), cell, C, D, feed_previous=True
        ),
    )


@program
def embedding_decoder_with_a_projection(tf):
    cell = cells(tf).GRUCell(U)
    return results(
        tf,
        tf.contrib.legacy_seq2seq.embedding_rnn_decoder(
            ids(tf, AFTER),
            tf.constant(numbers("start", [B, U])),
            cell,
            C,
            D,
            projection(tf),
            True,
            False,
        ),
    )


@program
def embedding_model(tf):
    model = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq
    cell = cells(tf).BasicLSTMCell(U)
    return results(tf, model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D))


@program
def embedding_model_fed_by_a_tensor(tf):
    model = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq
    cell = cells(tf).MultiRNNCell([cells(tf).BasicLSTMCell(U) for _ in range(2)])
    fed = tf.placeholder_with_default(True, [])
    return results(tf, model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D, feed_previous=fed))


@program
def embedding_model_not_fed_by_a_tensor(tf):
    model = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq
    cell = cells(tf).GRUCell(U)
    fed = tf.placeholder_with_default(False, [])
    return results(
        tf,
        model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D, projection(tf), fed, scope="mine"),
    )


@program
def embedding_model_in_float64(tf):
    model = tf.contrib.legacy_seq2seq.embedding_rnn_seq2seq
    cell = cells(tf).BasicRNNCell(U)
    start = tf.constant_initializer(0.25)
    with tf.variable_scope("wide", initializer=start):
        outputs, state = model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D, dtype=tf.float64)
    return results(tf, (outputs, state))


@program
def embedding_tied_model(tf):
    model = tf.contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq
    cell = cells(tf).BasicLSTMCell(U)
    return results(tf, model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, D))


@program
def embedding_tied_model_that_feeds_itself(tf):
    model = tf.contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq
    cell = cells(tf).GRUCell(U)
    return results(
        tf,
        model(
            ids(tf, BEFORE),
            ids(tf, AFTER),
            cell,
            C,
            D,
            num_decoder_symbols=3,
            feed_previous=True,
        ),
    )


@program
def embedding_tied_model_fed_by_a_tensor(tf):
    model = tf.contrib.legacy_seq2seq.embedding_tied_rnn_seq2seq
    cell = cells(tf).BasicLSTMCell(U)
    fed = tf.placeholder_with_default(True, [])
    return results(
        tf,
        model(
            ids(tf, BEFORE),
            ids(tf, AFTER),
            cell,
            C,
            D,
            output_projection=projection(tf),
            feed_previous=fed,
        ),
    )


def one2many(tf, feed_previous):
    decoders = collections.OrderedDict([("a", ids(tf, AFTER)), ("b", ids(tf, AFTER[:2] % 3))])
    outputs, states = tf.contrib.legacy_seq2seq.one2many_rnn_seq2seq(
        ids(tf, BEFORE),
        decoders,
        cells(tf).BasicLSTMCell(U),
        {"a": cells(tf).BasicLSTMCell(U), "b": cells(tf).BasicLSTMCell(U)},
        C,
        {"a": C, "b": 3},
        D,
        feed_previous=feed_previous,
    )
    both = results(tf, (outputs["a"], [states["a"], states["b"]]))
    both["outputs of b"] = tf.stack(outputs["b"])
    return both


@program
def one_encoder_and_two_decoders(tf):
    return one2many(tf, False)


@program
def one_encoder_and_two_decoders_fed_by_a_tensor(tf):
    return one2many(tf, tf.placeholder_with_default(True, []))


# --- with attention ----------------------------------------------------------------------------


def attended(tf):
    return tf.constant(numbers("attended", [B, 3, 2]))


@program
def attention_decoder(tf):
    cell = cells(tf).GRUCell(U)
    start = tf.constant(numbers("start", [B, U]))
    return results(
        tf,
        tf.contrib.legacy_seq2seq.attention_decoder(inputs(tf, "x", 3), start, attended(tf), cell),
    )


@program
def attention_decoder_of_two_heads(tf):
    cell = cells(tf).BasicLSTMCell(U)
    start = cell.zero_state(B, tf.float32)

    def loop(previous, t):
        return previous[:, :D] + t

    return results(
        tf,
        tf.contrib.legacy_seq2seq.attention_decoder(
            inputs(tf, "x", 3),
            start,
            attended(tf),
            cell,
            output_size=6,
            num_heads=2,
            loop_function=loop,
            scope="mine",
            initial_state_attention=True,
        ),
    )


@program
def embedding_attention_decoder(tf):
    cell = cells(tf).GRUCell(U)
    return results(
        tf,
        tf.contrib.legacy_seq2seq.embedding_attention_decoder(
            ids(tf, AFTER),
            tf.constant(numbers("start", [B, U])),
            attended(tf),
            cell,
            C,
            D,
            output_projection=projection(tf),
            feed_previous=True,
            update_embedding_for_previous=False,
        ),
    )


@program
def embedding_attention_decoder_that_updates(tf):
    cell = cells(tf).GRUCell(U)
    return results(
        tf,
        tf.contrib.legacy_seq2seq.embedding_attention_decoder(
            ids(tf, AFTER),
            tf.constant(numbers("start", [B, U])),
            attended(tf),
            cell,
            C,
            D,
            2,
            C,
            feed_previous=True,
        ),
    )


@program
def attention_model(tf):
    model = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq
    cell = cells(tf).GRUCell(U)
    return results(tf, model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D))


@program
def attention_model_of_two_layers_fed_by_a_tensor(tf):
    model = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq
    cell = cells(tf).MultiRNNCell([cells(tf).BasicLSTMCell(U) for _ in range(2)])
    fed = tf.placeholder_with_default(True, [])
    return results(
        tf,
        model(
            ids(tf, BEFORE),
            ids(tf, AFTER),
            cell,
            C,
            C,
            D,
            num_heads=2,
            feed_previous=fed,
            initial_state_attention=True,
        ),
    )


@program
def attention_model_with_joined_states_and_a_projection(tf):
    model = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq
    cell = cells(tf).BasicLSTMCell(U, state_is_tuple=False)
    return results(
        tf,
        model(
            ids(tf, BEFORE),
            ids(tf, AFTER),
            cell,
            C,
            C,
            D,
            output_projection=projection(tf),
            feed_previous=True,
            scope="mine",
        ),
    )


@program
def attention_model_in_float64(tf):
    model = tf.contrib.legacy_seq2seq.embedding_attention_seq2seq
    cell = cells(tf).GRUCell(U)
    start = tf.constant_initializer(0.25)
    with tf.variable_scope("wide", initializer=start):
        outputs, state = model(ids(tf, BEFORE), ids(tf, AFTER), cell, C, C, D, dtype=tf.float64)
    return results(tf, (outputs, state))


# --- losses and buckets ------------------------------------------------------------------------


def scores(tf, steps=3):
    logits = [tf.constant(step) for step in numbers("logits", [steps, B, C])]
    weights = [tf.constant(step) for step in np.array([[1, 2], [0.5, 0], [0, 0]], np.float32)]
    return logits, ids(tf, AFTER[:steps]), weights[:steps]


@program
def losses(tf):
    legacy = tf.contrib.legacy_seq2seq
    given = scores(tf)
    found = {}
    for over_time in (True, False):
        found["by example " + str(over_time)] = legacy.sequence_loss_by_example(
            *given, average_across_timesteps=over_time
        )
        for over_batch in (True, False):
            found[str((over_time, over_batch))] = legacy.sequence_loss(
                *given, average_across_timesteps=over_time, average_across_batch=over_batch
            )
    return found


@program
def losses_of_an_own_function(tf):
    """Scores that are no logits of classes: what the function takes is up to the program."""
    legacy = tf.contrib.legacy_seq2seq

    def difference(labels, logits):
        return tf.square(labels - logits)

    given = [tf.fill([6], 2.0)], [tf.fill([6], 1.0)], [tf.fill([6], 0.5)]
    wide = (
        [tf.constant(step) for step in numbers("a", [2, B, 3])],
        [tf.constant(step) for step in numbers("b", [2, B, 3])],
        [tf.constant(np.float32(0.5)), tf.constant(np.float32(2))],
    )
    found = {}
    for averaged in (True, False):
        more = {"average_across_timesteps": averaged, "softmax_loss_function": difference}
        found["by example " + str(averaged)] = legacy.sequence_loss_by_example(*given, **more)
        found["wide by example " + str(averaged)] = legacy.sequence_loss_by_example(*wide, **more)
        found["wide " + str(averaged)] = legacy.sequence_loss(*wide, **more)
    return found


@program
def buckets(tf):
    legacy = tf.contrib.legacy_seq2seq

    def model(before, after):
        cell = cells(tf).GRUCell(U)  # here, since 1.15 cannot copy a cell that has run
        return legacy.embedding_attention_seq2seq(before, after, cell, C, C, D)

    weights = [tf.constant(np.float32([1, 0.5]))] * 4
    given = ids(tf, BEFORE), ids(tf, AFTER), ids(tf, AFTER[::-1]), weights
    outputs, losses = legacy.model_with_buckets(*given, buckets=[(1, 2), (3, 4)], seq2seq=model)
    found = {"loss " + str(number): loss for number, loss in enumerate(losses)}
    found.update({"outputs " + str(n): tf.stack(steps) for n, steps in enumerate(outputs)})
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        _, each = legacy.model_with_buckets(
            *given, buckets=[(1, 2), (3, 4)], seq2seq=model, per_example_loss=True
        )
    found.update({"each " + str(number): loss for number, loss in enumerate(each)})
    return found
