"""tf.contrib.seq2seq against loops in NumPy with the same weights."""

import numpy as np
import pytest
from unrolled.tf1.contrib import seq2seq

import unrolled.tf1 as tf

B, T, D, U, C = 3, 5, 4, 6, 7
RNG = np.random.default_rng(3)
W = RNG.normal(size=(D, U)).astype(np.float32)
V = RNG.normal(size=(U, U)).astype(np.float32) * 0.5
TABLE = RNG.normal(size=(C, D)).astype(np.float32)
OUT = RNG.normal(size=(U, C)).astype(np.float32) * 2
START = RNG.normal(size=(B, U)).astype(np.float32)
INPUTS = RNG.normal(size=(B, T, D)).astype(np.float32)
LENGTHS = np.array([5, 2, 0], np.int32)


def run(result, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(result, feed)


class Cell:
    """h' = tanh(x W + h V), with the variables made where a TensorFlow 1 cell makes them."""

    state_size = output_size = U

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, U], dtype)

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "cell"):
            w = tf.get_variable("w", initializer=W)
            v = tf.get_variable("v", initializer=V)
        new = tf.tanh(tf.matmul(inputs, w) + tf.matmul(state, v))
        return new, new


class Layer:
    """A layer that knows its units alone."""

    units = C

    def __call__(self, x):
        return tf.matmul(x, tf.get_variable("out", initializer=OUT))


class ShapedLayer(Layer):
    """A layer in the way of tf.layers."""

    units = property(lambda self: 1 / 0)

    def compute_output_shape(self, shape):
        assert tf.TensorShape(shape).as_list() == [None, U]
        return tf.TensorShape(shape)[:-1].concatenate(C)


def step(x, h):
    return np.tanh(x @ W + h @ V)


def decoded(inputs, lengths, impute):
    """The training loop by hand: T is the longest length."""
    steps = lengths.max()
    h, outputs = START.copy(), np.zeros((B, steps, U), np.float32)
    for t in range(steps):
        new = step(inputs[:, t] if t < steps else 0, h)
        live = (t < lengths)[:, None]
        outputs[:, t] = np.where(live, new, 0) if impute else new
        h = np.where(live, new, h) if impute else new
    return outputs, h


def greedy(end, limit, impute):
    """The greedy loop by hand, from class 1 in row 0, 2 in row 1, 3 in row 2."""
    ids, h = np.array([1, 2, 3]), START.copy()
    finished, lengths = np.zeros(B, bool), np.zeros(B, int)
    all_logits, samples = [], []
    while not finished.all() and len(samples) < limit:
        new = step(TABLE[ids], h)
        logits = new @ OUT
        ids = logits.argmax(axis=1)
        lengths[~finished] += 1
        was = finished[:, None]
        all_logits.append(np.where(was, 0, logits) if impute else logits)
        samples.append(np.where(finished, 0, ids) if impute else ids)
        h = np.where(was, h, new) if impute else new
        finished = finished | (ids == end)
    return np.stack(all_logits, 1), np.stack(samples, 1), h, lengths


def greedy_helper(embedding=TABLE, end=0):
    return seq2seq.GreedyEmbeddingHelper(embedding, [1, 2, 3], end)


# --- TrainingHelper --------------------------------------------------------------------------


@pytest.mark.parametrize("impute", [False, True])
@pytest.mark.parametrize("time_major", [False, True])
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("lengths", [LENGTHS, np.array([3, 3, 1])])
def test_training(impute, time_major, known, lengths):
    values = INPUTS.swapaxes(0, 1) if time_major else INPUTS
    shape = list(values.shape) if known else [None, None, D]
    inputs, start = tf.placeholder(tf.float32, shape), tf.placeholder(tf.float32, [None, U])
    sizes = tf.placeholder(lengths.dtype, [B] if known else [None])
    helper = seq2seq.TrainingHelper(inputs, sizes, time_major)
    decoder = seq2seq.BasicDecoder(Cell(), helper, start)
    outputs, state, ends = seq2seq.dynamic_decode(
        decoder, output_time_major=time_major, impute_finished=impute
    )
    assert outputs.rnn_output.shape.as_list()[2] == U
    feed = {inputs: values, start: START, sizes: lengths}
    (y, ids), h, ends = run([tuple(outputs), state, ends], feed)
    expected, final = decoded(INPUTS, lengths, impute)
    if time_major:
        y, ids = y.swapaxes(0, 1), ids.swapaxes(0, 1)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(h, final, rtol=1e-4, atol=1e-6)
    assert (ends == lengths).all()
    live = np.arange(lengths.max()) < lengths[:, None]
    assert (ids == np.where(live | (not impute), expected.argmax(axis=2), 0)).all()
    assert ids.dtype == np.int32


def test_training_gradients_stop_at_the_end_of_a_row():
    inputs = tf.constant(INPUTS)
    decoder = seq2seq.BasicDecoder(
        Cell(), seq2seq.TrainingHelper(inputs, LENGTHS), tf.constant(START), Layer()
    )
    outputs, state, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)
    loss = tf.reduce_sum(outputs.rnn_output) + tf.reduce_sum(state)
    names = [v.name for v in tf.trainable_variables()]
    assert names == ["decoder/cell/w:0", "decoder/cell/v:0", "decoder/out:0"]
    by_input, *by_weights = run(tf.gradients(loss, [inputs, *tf.trainable_variables()]))

    def by_hand(inputs, w=W):
        h, total = START.astype(np.float64), 0.0
        for t in range(LENGTHS.max()):
            new = np.tanh(inputs[:, t] @ w + h @ V)
            live = (t < LENGTHS)[:, None]
            total += (live * (new @ OUT)).sum()
            h = np.where(live, new, h)
        return total + h.sum()

    def slope(along, at, name):
        nudge = np.zeros_like(at, dtype=np.float64)
        nudge[along] = 1e-5
        high, low = (by_hand(**{"inputs": INPUTS, name: at + s * nudge}) for s in (1, -1))
        return (high - low) / 2e-5

    for along in [(0, 0, 1), (0, 4, 2), (1, 1, 3)]:
        np.testing.assert_allclose(by_input[along], slope(along, INPUTS, "inputs"), rtol=1e-3)
    np.testing.assert_allclose(by_weights[0][1, 2], slope((1, 2), W, "w"), rtol=1e-3)
    assert (by_input[1, 2:] == 0).all() and (by_input[2] == 0).all()
    assert all(np.abs(g).max() > 0 for g in by_weights)


def test_lengths_that_are_all_zero():
    helper = seq2seq.TrainingHelper(tf.constant(INPUTS), np.zeros(B, np.int32))
    outputs, state, ends = seq2seq.dynamic_decode(
        seq2seq.BasicDecoder(Cell(), helper, tf.constant(START))
    )
    y, h, ends = run([outputs.rnn_output, state, ends])
    assert y.shape == (B, 0, U)
    assert (h == START).all()
    assert ends.tolist() == [0, 0, 0]


def test_a_helper_shows_what_it_was_given():
    inputs = tf.constant(INPUTS)
    helper = seq2seq.TrainingHelper(inputs, LENGTHS)
    assert helper.inputs is inputs
    length, batch = run([helper.sequence_length, helper.batch_size])
    assert length.tolist() == LENGTHS.tolist() and batch == B
    with pytest.raises(ValueError, match=r"sequence_length must be a vector \[B\].*\(\)"):
        seq2seq.TrainingHelper(inputs, 3)


# --- greedy and sampled decoding -------------------------------------------------------------


def ends_at_different_steps():
    """An end token that the three rows reach at different steps, none of them the first."""
    for end in range(C):
        lengths = greedy(end, 50, False)[3]
        samples = greedy(end, 50, False)[1]
        if (samples == end).any(axis=1).all() and len(set(lengths)) > 1 and min(lengths) > 1:
            return end
    raise AssertionError("choose other weights")


@pytest.mark.parametrize("impute", [False, True])
@pytest.mark.parametrize("layer", [Layer, ShapedLayer])
@pytest.mark.parametrize("as_function", [False, True])
def test_greedy(impute, layer, as_function):
    end = ends_at_different_steps()
    table = tf.get_variable("table", initializer=tf.constant(TABLE))
    embedding = (lambda ids: tf.nn.embedding_lookup(table, ids)) if as_function else table
    helper = greedy_helper(embedding, end)
    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.constant(START), layer())
    assert tf.TensorShape(decoder.output_size.rnn_output).as_list() == [C]
    outputs, state, ends = seq2seq.dynamic_decode(
        decoder, impute_finished=impute, maximum_iterations=50
    )
    y, ids, h, ends = run([*outputs, state, ends])
    logits, samples, final, lengths = greedy(end, 50, impute)
    assert ends.tolist() == lengths.tolist()
    assert ids.tolist() == samples.tolist()
    np.testing.assert_allclose(y, logits, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(h, final, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("limit", [0, 1, 3])
@pytest.mark.parametrize("known", [False, True])
def test_maximum_iterations(limit, known):
    maximum = limit if known else tf.placeholder(tf.int32, [])
    decoder = seq2seq.BasicDecoder(Cell(), greedy_helper(end=-1), tf.constant(START), Layer())
    outputs, state, ends = seq2seq.dynamic_decode(decoder, maximum_iterations=maximum)
    feed = None if known else {maximum: limit}
    ids, h, ends = run([outputs.sample_id, state, ends], feed)
    assert ids.shape == (B, limit)
    assert ends.tolist() == [limit] * B
    if limit:
        _, samples, final, _ = greedy(-1, limit, False)
        assert ids.tolist() == samples.tolist()
        np.testing.assert_allclose(h, final, rtol=1e-3, atol=1e-4)


def test_maximum_iterations_must_be_a_scalar():
    decoder = seq2seq.BasicDecoder(Cell(), greedy_helper(), tf.constant(START), Layer())
    with pytest.raises(ValueError, match=r"maximum_iterations must be a scalar.*\(2,\)"):
        seq2seq.dynamic_decode(decoder, maximum_iterations=[1, 2])


def test_training_and_greedy_decoding_share_the_variables_of_a_scope():
    cell, layer = Cell(), Layer()
    with tf.variable_scope("decode"):
        helper = seq2seq.TrainingHelper(tf.constant(INPUTS), LENGTHS)
        seq2seq.dynamic_decode(seq2seq.BasicDecoder(cell, helper, tf.constant(START), layer))
    names = [v.name for v in tf.global_variables()]
    with tf.variable_scope("decode", reuse=True):
        decoder = seq2seq.BasicDecoder(cell, greedy_helper(), tf.constant(START), layer)
        seq2seq.dynamic_decode(decoder, maximum_iterations=2)
    assert [v.name for v in tf.global_variables()] == names
    assert names[0] == "decode/decoder/cell/w:0"


def test_scope_names_the_variables():
    helper = seq2seq.TrainingHelper(tf.constant(INPUTS), LENGTHS)
    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.constant(START))
    seq2seq.dynamic_decode(decoder, scope="mine")
    assert tf.global_variables()[0].name == "mine/cell/w:0"
    seq2seq.dynamic_decode(decoder)
    seq2seq.dynamic_decode(decoder)
    assert tf.global_variables()[-1].name == "decoder_1/cell/v:0"


def test_start_and_end_token_of_a_wrong_rank():
    with pytest.raises(ValueError, match=r"start_tokens must be a vector"):
        seq2seq.GreedyEmbeddingHelper(TABLE, 1, 0)
    with pytest.raises(ValueError, match=r"end_token must be one class number.*\(1,\)"):
        seq2seq.GreedyEmbeddingHelper(TABLE, [1, 2, 3], [0])


def test_sampling_follows_the_probabilities():
    rows = 4000
    helper = seq2seq.SampleEmbeddingHelper(TABLE, [1] * rows, 0, softmax_temperature=2.0, seed=5)
    logits = np.array([0.0, 1.0, 2.0, -1.0, 0.5, -9.0, -9.0], np.float32)
    ids = run(helper.sample(0, tf.constant(np.tile(logits, (rows, 1))), None))
    assert ids.dtype == np.int32 and ids.shape == (rows,)
    odds = np.exp(logits / 2)
    shares = np.bincount(ids, minlength=C) / rows
    np.testing.assert_allclose(shares, odds / odds.sum(), atol=0.03)


def test_sampling_feeds_back_what_it_drew():
    helper = seq2seq.SampleEmbeddingHelper(TABLE, [1, 2, 3], -1, seed=5)
    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.constant(START), Layer())
    outputs, _, _ = seq2seq.dynamic_decode(decoder, maximum_iterations=6)
    y, ids = run([*outputs])
    h, last = START, np.array([1, 2, 3])
    for t in range(6):
        h = step(TABLE[last], h)
        np.testing.assert_allclose(y[:, t], h @ OUT, rtol=1e-3, atol=1e-4)
        last = ids[:, t]
    assert (ids != y.argmax(axis=2)).any()


# --- helpers, decoders and cells of the program's own ----------------------------------------


def test_custom_helper():
    def next_inputs(time, outputs, state, sample_ids):
        return tf.fill([B], time >= 2), outputs[:, :D], state

    helper = seq2seq.CustomHelper(
        lambda: (tf.fill([B], False), tf.constant(INPUTS[:, 0])),
        lambda time, outputs, state: tf.nn.softmax(outputs),
        next_inputs,
        sample_ids_shape=[U],
        sample_ids_dtype=tf.float32,
    )
    with pytest.raises(ValueError, match="before initialize"):
        helper.batch_size  # noqa: B018
    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.constant(START))
    outputs, _, ends = seq2seq.dynamic_decode(decoder)
    y, p, ends, batch = run([*outputs, ends, helper.batch_size])
    x, h = INPUTS[:, 0], START
    for t in range(3):
        h = step(x, h)
        np.testing.assert_allclose(y[:, t], h, rtol=1e-4, atol=1e-6)
        x = h[:, :D]
    np.testing.assert_allclose(p, np.exp(y) / np.exp(y).sum(axis=2, keepdims=True), rtol=1e-5)
    assert ends.tolist() == [3, 3, 3] and batch == B


def test_a_helper_of_the_first_releases():
    class Constant(seq2seq.Helper):
        batch_size = B

        def initialize(self, name=None):
            return tf.fill([B], False), tf.constant(INPUTS[:, 0])

        def sample(self, time, outputs, name=None, **unused):
            return tf.fill([B], time)

        def next_inputs(self, time, outputs, state, name=None, **unused):
            return tf.fill([B], time >= 1), tf.constant(INPUTS[:, 0]), state

    decoder = seq2seq.BasicDecoder(Cell(), Constant(), tf.constant(START))
    outputs, state, _ = seq2seq.dynamic_decode(decoder)
    ids, h = run([outputs.sample_id, state])
    assert ids.tolist() == [[0, 1]] * B
    np.testing.assert_allclose(h, step(INPUTS[:, 0], step(INPUTS[:, 0], START)), rtol=1e-4)


class Counting(seq2seq.Decoder):
    """Outputs a count; row b ends at step b, and is alive again at the next."""

    batch_size, output_size, output_dtype = B, tf.TensorShape([]), tf.int32
    own = False

    @property
    def tracks_own_finished(self):
        return self.own

    def initialize(self, name=None):
        return tf.fill([B], False), tf.zeros([B]), tf.constant(0)

    def step(self, time, inputs, state, name=None):
        ended = tf.equal(tf.range(B), time)
        if self.own:
            ended = tf.fill([B], time >= 4)
        return tf.fill([B], state), state + 1, inputs, ended


def test_a_decoder_of_ones_own():
    outputs, state, ends = run(list(seq2seq.dynamic_decode(Counting(), impute_finished=True)))
    assert outputs.tolist() == [[0, 0, 0], [0, 1, 0], [0, 1, 2]]
    assert state == 3  # a scalar state has no rows to stand still
    assert ends.tolist() == [1, 2, 3]


def test_a_decoder_that_tracks_what_is_finished():
    decoder = Counting()
    decoder.own = True
    outputs, _, ends = run(list(seq2seq.dynamic_decode(decoder)))
    assert outputs.tolist() == [[0, 1, 2, 3, 4]] * B
    assert ends.tolist() == [5] * B


def test_finalize_sees_all_steps_time_major():
    class Doubled(Counting):
        def finalize(self, outputs, final_state, sequence_lengths):
            return outputs * 2, final_state + tf.reduce_sum(sequence_lengths)

    outputs, state, _ = run(list(seq2seq.dynamic_decode(Doubled())))
    assert outputs.tolist() == [[0, 2, 4]] * B
    assert state == 3 + 6


def legacy_cell():
    from tensorflow.python.ops import rnn_cell_impl

    return rnn_cell_impl.LSTMCell(16)


@pytest.mark.parametrize("make", [legacy_cell, lambda: tf.contrib.rnn.LSTMCell(16)])
def test_a_program_that_reverses_words(make):
    """Encoder, training decoder and greedy decoder with placeholders of unknown sizes."""
    end, go = 0, 1
    words = np.array([[2, 3, 4], [3, 5, 2], [4, 4, 6], [6, 2, 0]])
    lengths = np.array([3, 3, 3, 2])
    reversed_words = np.array([[4, 3, 2, end], [2, 5, 3, end], [6, 4, 4, end], [2, 6, end, end]])

    source, target = (tf.placeholder(tf.int32, [None, None]) for _ in range(2))
    source_length, target_length = (tf.placeholder(tf.int32, [None]) for _ in range(2))
    batch = tf.shape(source)[0]
    embedded = tf.contrib.layers.embed_sequence(source, C, D)
    cell = tf.contrib.rnn.MultiRNNCell([make()])
    _, state = tf.nn.dynamic_rnn(cell, embedded, source_length, dtype=tf.float32)

    table = tf.Variable(tf.random_uniform([C, D], -1, 1))
    shifted = tf.concat([tf.fill([batch, 1], go), target[:, :-1]], 1)
    cell = tf.contrib.rnn.MultiRNNCell([make()])
    layer = tf.layers.Dense(C, use_bias=False)
    longest = tf.reduce_max(target_length)
    with tf.variable_scope("decode"):
        helper = tf.contrib.seq2seq.TrainingHelper(
            inputs=tf.nn.embedding_lookup(table, shifted),
            sequence_length=target_length,
            time_major=False,
        )
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, state, layer)
        outputs, _, _ = tf.contrib.seq2seq.dynamic_decode(
            decoder, impute_finished=True, maximum_iterations=longest
        )
    with tf.variable_scope("decode", reuse=True):
        start = tf.tile(tf.constant([go], tf.int32), [batch], name="start_tokens")
        helper = tf.contrib.seq2seq.GreedyEmbeddingHelper(table, start, end)
        decoder = tf.contrib.seq2seq.BasicDecoder(cell, helper, state, layer)
        said, last, ends = tf.contrib.seq2seq.dynamic_decode(
            decoder, impute_finished=True, maximum_iterations=2 * longest
        )
    logits = tf.identity(outputs.rnn_output, "logits")
    weights = tf.sequence_mask(target_length, longest, dtype=tf.float32)
    cost = tf.contrib.seq2seq.sequence_loss(logits, target, weights)
    optimizer = tf.train.AdamOptimizer(0.05)
    gradients = optimizer.compute_gradients(cost)
    assert all(gradient is not None for gradient, _ in gradients)
    train = optimizer.apply_gradients((tf.clip_by_value(g, -1.0, 1.0), v) for g, v in gradients)

    decoding = [v.name for v in tf.trainable_variables() if v.name.startswith("decode")]
    assert decoding == [
        "decode/decoder/multi_rnn_cell/cell_0/lstm_cell/kernel:0",
        "decode/decoder/multi_rnn_cell/cell_0/lstm_cell/bias:0",
        "decode/decoder/dense/kernel:0",
    ]
    assert type(last[0]).__name__ == "LSTMStateTuple"
    feed = {
        source: words,
        target: reversed_words,
        source_length: lengths,
        target_length: lengths + 1,
    }
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(cost, feed)
        for _ in range(100):
            session.run(train, feed)
        assert session.run(cost, feed) < 0.1 < 1.5 < first
        said, ends = session.run([said.sample_id, ends], feed)
    assert said.tolist() == reversed_words.tolist()
    assert ends.tolist() == (lengths + 1).tolist()


def test_what_is_not_what_it_should_be():
    helper = greedy_helper()
    with pytest.raises(TypeError, match="cell must be a cell"):
        seq2seq.BasicDecoder(3, helper, tf.constant(START))
    with pytest.raises(TypeError, match="helper must be a Helper.*; got a list of"):
        seq2seq.BasicDecoder(Cell(), [], tf.constant(START))
    with pytest.raises(TypeError, match=r"output_layer must be a layer.*; got a function\.$"):
        seq2seq.BasicDecoder(Cell(), helper, tf.constant(START), lambda x: x)
    with pytest.raises(TypeError, match=r"decoder must be a Decoder.*; got a Cell\.$"):
        seq2seq.dynamic_decode(Cell())


def test_inputs_in_a_structure():
    class Pair(Cell):
        def __call__(self, inputs, state, scope=None):
            return super().__call__(inputs["x"] + inputs["more"], state)

    half = {"x": tf.constant(INPUTS * 0.25), "more": tf.constant(INPUTS * 0.75)}
    decoder = seq2seq.BasicDecoder(
        Pair(), seq2seq.TrainingHelper(half, LENGTHS), tf.constant(START)
    )
    outputs, _, _ = seq2seq.dynamic_decode(decoder, impute_finished=True)
    expected, _ = decoded(INPUTS, LENGTHS, True)
    np.testing.assert_allclose(run(outputs.rnn_output), expected, rtol=1e-4, atol=1e-6)


def test_a_decoder_that_finalizes_nothing():
    class Raises(Counting):
        def finalize(self, outputs, final_state, sequence_lengths):
            raise NotImplementedError

    assert run(seq2seq.dynamic_decode(Raises())[0]).tolist() == [[0, 1, 2]] * B


def test_scheduled_sampling_with_a_probability_for_each_row():
    probability = tf.constant([0.0, 1.0, 1.0])
    helper = seq2seq.ScheduledEmbeddingTrainingHelper(
        tf.constant(INPUTS), [T, T, T], TABLE, probability
    )
    decoder = seq2seq.BasicDecoder(Cell(), helper, tf.constant(START), Layer())
    outputs, _, _ = seq2seq.dynamic_decode(decoder)
    ids, logits = run([outputs.sample_id, outputs.rnn_output])
    assert (ids[0] == -1).all() and (ids[1:] >= 0).all()
    h = START[1:]
    for t in range(T):
        h = step(INPUTS[1:, t] if t == 0 else TABLE[ids[1:, t - 1]], h)
        np.testing.assert_allclose(logits[1:, t], h @ OUT, rtol=1e-3, atol=1e-4)


def test_helpers_that_are_given_the_wrong_thing():
    for kind, more in (
        ("ScheduledEmbeddingTrainingHelper", [TABLE, [[0.5]]]),
        ("ScheduledOutputTrainingHelper", [[[0.5]]]),
    ):
        with pytest.raises(
            ValueError, match=r"sampling_probability must be a scalar, or.*\(1, 1\)"
        ):
            getattr(seq2seq, kind)(tf.constant(INPUTS), LENGTHS, *more)
    pair = (tf.zeros([B, C]), tf.zeros([B, C]))
    for helper in greedy_helper(), seq2seq.SampleEmbeddingHelper(TABLE, [1, 2, 3], 0):
        with pytest.raises(TypeError, match="outputs must be one tensor of logits .* tuple of 2"):
            helper.sample(0, pair, None)
