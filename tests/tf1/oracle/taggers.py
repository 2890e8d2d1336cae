"""`tf.contrib.crf`: scores, norms, decoding, and the cells behind them."""

from programs import numbers, program

LENGTHS = [5, 2, 1]


def potentials(tf, steps=5):
    return tf.constant(numbers("x", [3, steps, 4]))


def transitions(tf):
    return tf.get_variable("A", [4, 4])


def allowed(tf):
    return tf.constant(numbers("allowed", [3, 5, 4]) > -0.5)


@program
def several_tags(tf):
    x, a = potentials(tf), transitions(tf)
    score = tf.contrib.crf.crf_multitag_sequence_score(x, allowed(tf), tf.constant(LENGTHS), a)
    return {"score": score}


@program
def several_tags_that_are_one(tf):
    x, a = potentials(tf), transitions(tf)
    tags = tf.constant([[0, 1, 2, 3, 0]] * 3)
    hot = tf.cast(tf.one_hot(tags, 4), tf.bool)
    lengths = tf.constant(LENGTHS)
    return {
        "score": tf.contrib.crf.crf_multitag_sequence_score(x, hot, lengths, a),
        "of one": tf.contrib.crf.crf_sequence_score(x, tags, lengths, a),
    }


@program
def several_tags_of_one_step(tf):
    x, a = potentials(tf, 1), transitions(tf)
    bitmap = allowed(tf)[:, :1]
    score = tf.contrib.crf.crf_multitag_sequence_score(x, bitmap, tf.constant([1, 1, 1]), a)
    return {"score": score}


@program
def likelihood_and_gradients(tf):
    x = potentials(tf)
    tags = tf.constant([[0, 1, 2, 3, 0], [3, 3, 0, 0, 0], [1, 0, 0, 0, 0]])
    score, a = tf.contrib.crf.crf_log_likelihood(x, tags, tf.constant(LENGTHS))
    return {"score": score, "gradients": tf.gradients(score, [x, a][:1]), "a": a}


@program
def forward_cell(tf):
    x, cell = potentials(tf), tf.contrib.crf.CrfForwardRnnCell(transitions(tf))
    y, state = tf.nn.dynamic_rnn(cell, x[:, 1:], [4, 1, 0], initial_state=x[:, 0])
    return {"y": y, "state": state, "gradient": tf.gradients(state, x)}


@program
def decoding_cells(tf):
    x, cell = potentials(tf), tf.contrib.crf.CrfDecodeForwardRnnCell(transitions(tf))
    first, score = cell(x[:, 1], x[:, 0])
    second, score = cell(x[:, 2], score)
    back = tf.contrib.crf.CrfDecodeBackwardRnnCell(4)
    last = tf.cast(tf.argmax(score, axis=1), tf.int32)[:, tf.newaxis]
    middle, state = back(second, last)
    start, _ = back(first, state)
    return {"best": [first, second], "score": score, "tags": [start, middle, last]}


@program
def rows_of_length_0(tf):
    crf, a = tf.contrib.crf, transitions(tf)
    found = {}
    for steps, lengths in ((5, [0, 5, 1]), (1, [0, 1, 1])):
        x = tf.placeholder_with_default(numbers("x", [3, steps, 4]), [None, None, 4])
        all_tags = tf.ones(tf.shape(x), tf.bool)
        tags, lengths = tf.ones(tf.shape(x)[:2], tf.int32), tf.constant(lengths)
        likelihood, _ = crf.crf_log_likelihood(x, tags, lengths, a)
        found["of %d" % steps] = {
            "decoded": crf.crf_decode(x, a, lengths),
            "likelihood": likelihood,
            "gradient": tf.gradients(likelihood, a),
            "norm": crf.crf_log_norm(x, lengths, a),
            "of all": crf.crf_multitag_sequence_score(x, all_tags, lengths, a),
        }
    return found
