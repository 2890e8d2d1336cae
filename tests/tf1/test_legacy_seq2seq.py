"""tf.contrib.legacy_seq2seq against loops in NumPy with the same weights."""

import itertools

import numpy as np
import pytest

import unrolled.tf1 as tf
from unrolled.tf1.shims import legacy_seq2seq, rnn_cell

B, T, D, U, C = 3, 4, 5, 6, 7
RNG = np.random.default_rng(8)
LOGITS = RNG.normal(size=(T, B, C)).astype(np.float32)
TARGETS = RNG.integers(0, C, size=(T, B)).astype(np.int32)
WEIGHTS = np.array([[1, 2, 0], [0.5, 1, 0], [0, 1, 0], [0, 0.25, 0]], np.float32)
INPUTS = RNG.normal(size=(T, B, D)).astype(np.float32)
BEFORE = RNG.normal(size=(2, B, D)).astype(np.float32)
START = RNG.normal(size=(B, U)).astype(np.float32)
BACK = RNG.normal(size=(U, D)).astype(np.float32)


def run(result, feed=None):
    """The values of what is asked for and, by name, of all variables."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        weights = {v.name[:-2]: v for v in tf.global_variables()}
        return session.run((result, weights), feed)


def constants(values):
    return [tf.constant(value) for value in values]


def by_hand(averaged, losses=None):
    """[B], one number at a time."""
    result = np.zeros(B)
    for b in range(B):
        total = weight = 0.0
        for t in range(T):
            odds = np.exp(LOGITS[t, b].astype(float))
            loss = -np.log(odds[TARGETS[t, b]] / odds.sum()) if losses is None else losses[t, b]
            total += WEIGHTS[t, b] * loss
            weight += WEIGHTS[t, b]
        result[b] = total / (weight + 1e-12) if averaged else total
    return result


# --- losses ----------------------------------------------------------------------------------


@pytest.mark.parametrize("averaged", [True, False])
@pytest.mark.parametrize("dtype", [np.int32, np.int64])
def test_loss_by_example(averaged, dtype):
    targets = constants(TARGETS.astype(dtype))
    loss, _ = run(
        legacy_seq2seq.sequence_loss_by_example(
            constants(LOGITS), targets, constants(WEIGHTS), averaged
        )
    )
    np.testing.assert_allclose(loss, by_hand(averaged), rtol=2e-6)


@pytest.mark.parametrize("over_time, over_batch", itertools.product([True, False], repeat=2))
def test_loss(over_time, over_batch):
    loss, _ = run(
        legacy_seq2seq.sequence_loss(
            constants(LOGITS), constants(TARGETS), constants(WEIGHTS), over_time, over_batch
        )
    )
    expected = by_hand(over_time).sum() / (B if over_batch else 1)
    np.testing.assert_allclose(loss, expected, rtol=2e-6)


def test_all_steps_of_all_rows_in_one_entry():
    """How word models called it: one entry of B*T rows, a class count in the fourth place."""
    loss, _ = run(
        legacy_seq2seq.sequence_loss_by_example(
            [tf.constant(LOGITS.reshape(T * B, C))],
            [tf.reshape(tf.constant(TARGETS), [-1])],
            [tf.ones([T * B])],
            C,
        )
    )
    assert loss.shape == (T * B,)
    odds = np.exp(LOGITS)
    p = np.take_along_axis(odds, TARGETS[..., None], axis=2)[..., 0] / odds.sum(axis=2)
    np.testing.assert_allclose(loss, -np.log(p).ravel(), rtol=1e-5)


def test_one_row_whose_target_and_weight_are_scalars():
    loss, _ = run(
        legacy_seq2seq.sequence_loss_by_example(
            constants(LOGITS[:, :1]), constants(TARGETS[:, 0]), [1.0, 0.5, 0.0, 0.0]
        )
    )
    np.testing.assert_allclose(loss, by_hand(True)[:1], rtol=2e-6)


@pytest.mark.parametrize("names", ["labels, logits", "labels, inputs", "inputs, labels", "y, x"])
@pytest.mark.parametrize("dtype", [tf.int32, tf.float32])
def test_loss_function(names, dtype):
    """It is called once a step, with what the program gave, whatever classes the targets name."""
    seen = []

    def shifted(labels, logits):
        seen.append((labels, logits))
        return tf.cast(labels, tf.float32) - 1000 + tf.reduce_sum(logits, axis=1)

    first, second = names.split(", ")
    call = "labels=labels, logits=inputs" if first == "inputs" else f"{first}, {second}"
    function = eval(f"lambda {names}: shifted({call})", {"shifted": shifted})
    logits = [tf.placeholder(tf.float32, [None, None]) for _ in range(T)]
    targets = [tf.placeholder(dtype, [None]) for _ in range(T)]
    feed = dict(zip(logits + targets, [*LOGITS, *(TARGETS + 1000)]))
    loss, _ = run(
        legacy_seq2seq.sequence_loss(
            logits, targets, constants(WEIGHTS), softmax_loss_function=function
        ),
        feed,
    )
    expected = by_hand(True, losses=TARGETS + LOGITS.sum(axis=2)).mean()
    np.testing.assert_allclose(loss, expected, rtol=1e-4)
    assert [pair[0] is t and pair[1] is x for pair, t, x in zip(seen, targets, logits)] == [
        True
    ] * T


def test_lists_of_different_lengths():
    with pytest.raises(ValueError, match="one length.*got 4, 3 and 4 entries"):
        legacy_seq2seq.sequence_loss(constants(LOGITS), constants(TARGETS[1:]), constants(WEIGHTS))


# --- decoders --------------------------------------------------------------------------------


class Cell:
    """h' = tanh(x W + h V), with the variables made where a TensorFlow 1 cell makes them."""

    state_size = output_size = U

    def zero_state(self, batch_size, dtype):
        return tf.zeros([batch_size, U], dtype)

    def __call__(self, inputs, state, scope=None):
        with tf.variable_scope(scope or "cell"):
            w = tf.get_variable("w", [inputs.shape.as_list()[-1], U])
            v = tf.get_variable("v", [U, U])
        new = tf.tanh(tf.matmul(inputs, w) + tf.matmul(state, v))
        return new, new


def tanh_loop(inputs, h, w, v):
    outputs = []
    for x in inputs:
        h = np.tanh(x @ w + h @ v)
        outputs.append(h)
    return outputs, h


def close(result, expected):
    np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)


def test_rnn_decoder():
    outputs, state = legacy_seq2seq.rnn_decoder(constants(INPUTS), tf.constant(START), Cell())
    assert isinstance(outputs, list)
    (outputs, state), weights = run((outputs, state))
    assert set(weights) == {"rnn_decoder/cell/w", "rnn_decoder/cell/v"}
    expected, final = tanh_loop(INPUTS, START, *weights.values())
    close(outputs, expected)
    close(state, final)


def test_rnn_decoder_with_a_loop_function():
    seen = []

    def loop(previous, t):
        seen.append((t, tf.get_variable_scope().name, tf.get_variable_scope().reuse))
        return tf.matmul(previous, tf.constant(BACK)) + t

    outputs, state = legacy_seq2seq.rnn_decoder(
        constants(INPUTS), tf.constant(START), Cell(), loop_function=loop, scope="mine"
    )
    (outputs, state), weights = run((outputs, state))
    x, h = INPUTS[0], START
    for t in range(T):
        h = np.tanh(x @ weights["mine/cell/w"] + h @ weights["mine/cell/v"])
        close(outputs[t], h)
        x = h @ BACK + (t + 1)
    close(state, h)
    assert seen == [(t, "mine/loop_function", True) for t in (1, 2, 3)]


def test_rnn_decoder_makes_no_second_set_of_weights():
    legacy_seq2seq.rnn_decoder(constants(INPUTS), tf.constant(START), Cell())
    with pytest.raises(ValueError, match="already exists"):
        legacy_seq2seq.rnn_decoder(constants(INPUTS), tf.constant(START), Cell())


def test_basic_rnn_seq2seq():
    outputs, state = legacy_seq2seq.basic_rnn_seq2seq(constants(BEFORE), constants(INPUTS), Cell())
    (outputs, state), weights = run((outputs, state))
    at = "basic_rnn_seq2seq/{}/cell/{}".format
    assert set(weights) == {at(a, b) for a in ("rnn", "rnn_decoder") for b in "wv"}
    _, h = tanh_loop(BEFORE, np.zeros((B, U)), weights[at("rnn", "w")], weights[at("rnn", "v")])
    w, v = weights[at("rnn_decoder", "w")], weights[at("rnn_decoder", "v")]
    expected, final = tanh_loop(INPUTS, h, w, v)
    close(outputs, expected)
    close(state, final)


def test_basic_rnn_seq2seq_with_a_cell_of_the_layer():
    cell = rnn_cell.BasicLSTMCell(U)
    outputs, state = legacy_seq2seq.basic_rnn_seq2seq(
        constants(BEFORE), constants(INPUTS), cell, scope="mine"
    )
    (outputs, state), weights = run((outputs, state))
    kernels = [f"mine/{part}/basic_lstm_cell/kernel" for part in ("rnn", "rnn_decoder")]
    assert set(weights) == {
        k.replace("kernel", leaf) for k in kernels for leaf in ("kernel", "bias")
    }
    sigmoid = lambda z: 1 / (1 + np.exp(-z))  # noqa: E731
    c = h = np.zeros((B, U))
    for steps, kernel in zip((BEFORE, INPUTS), kernels):
        for t, x in enumerate(steps):
            i, j, f, o = np.split(np.concatenate([x, h], axis=1) @ weights[kernel], 4, axis=1)
            c = c * sigmoid(f + 1) + sigmoid(i) * np.tanh(j)
            h = np.tanh(c) * sigmoid(o)
            if steps is INPUTS:
                close(outputs[t], h)
    close(state.c, c)
    close(state.h, h)


@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("update", [False, True])
def test_embedding_rnn_decoder_that_feeds_itself(projected, update):
    projection = None
    if projected:
        projection = (tf.constant(BACK @ LOGITS[0, :1].repeat(D, 0)), tf.constant(LOGITS[1, 0]))
    outputs, state = legacy_seq2seq.embedding_rnn_decoder(
        constants(TARGETS % U), tf.constant(START), Cell(), C, D, projection, True, update
    )
    table = tf.global_variables("embedding_rnn_decoder/embedding")[0]
    gradient = tf.gradients(state, table)[0]
    touched = tf.unique(gradient.indices)[0] if isinstance(gradient, tf.IndexedSlices) else None
    (outputs, state, touched), weights = run((outputs, state, touched))
    table, w, v = weights.values()
    assert list(weights)[0] == "embedding_rnn_decoder/embedding"
    assert list(weights)[1] == "embedding_rnn_decoder/rnn_decoder/cell/w"
    ids, h, fed_back = TARGETS[0] % U, START, []
    for t in range(T):
        h = np.tanh(table[ids] @ w + h @ v)
        close(outputs[t], h)
        scores = h
        if projected:
            scores = h @ (BACK @ LOGITS[0, :1].repeat(D, 0)) + LOGITS[1, 0]
        ids = scores.argmax(axis=1)
        fed_back += list(ids) if t < T - 1 else []
    close(state, h)
    expected = set(TARGETS[0] % U) | (set(fed_back) if update else set())
    assert set(touched) == expected


@pytest.mark.parametrize("feed_previous", [False, True, "tensor"])
def test_embedding_rnn_seq2seq(feed_previous):
    before, ids = TARGETS[:2], TARGETS[::-1]
    fed = tf.placeholder(tf.bool, []) if feed_previous == "tensor" else feed_previous
    outputs, state = legacy_seq2seq.embedding_rnn_seq2seq(
        constants(before), constants(ids), rnn_cell.BasicRNNCell(U), C, C, D, feed_previous=fed
    )
    assert len(outputs) == T
    decoder = "embedding_rnn_seq2seq/embedding_rnn_decoder"
    wrapped = f"{decoder}/rnn_decoder/output_projection_wrapper"
    encoder = "embedding_rnn_seq2seq/rnn/embedding_wrapper"
    assert {v.name[:-2] for v in tf.global_variables()} == {
        f"{encoder}/embedding",
        f"{encoder}/basic_rnn_cell/kernel",
        f"{encoder}/basic_rnn_cell/bias",
        f"{decoder}/embedding",
        f"{wrapped}/basic_rnn_cell/kernel",
        f"{wrapped}/basic_rnn_cell/bias",
        f"{wrapped}/kernel",
        f"{wrapped}/bias",
    }
    for choice in (True, False) if feed_previous == "tensor" else (feed_previous,):
        feed = {fed: choice} if feed_previous == "tensor" else None
        (logits, final), weights = run((outputs, state), feed)

        def step(where, x, h, weights=weights):
            return np.tanh(np.concatenate([x, h], 1) @ weights[f"{where}/basic_rnn_cell/kernel"])

        h = np.zeros((B, U))
        for now in before:
            h = step(encoder, weights[f"{encoder}/embedding"][now], h)
        for t in range(T):
            now = ids[t] if t == 0 or not choice else logits[t - 1].argmax(axis=1)
            h = step(wrapped, weights[f"{decoder}/embedding"][now], h)
            close(logits[t], h @ weights[f"{wrapped}/kernel"])
        close(final, h)


def test_losses_fall_in_a_program_of_the_time():
    """A decoder on words in lists, all its steps in one entry of the loss."""
    words = [tf.placeholder(tf.int32, [B]) for _ in range(T)]
    cell = rnn_cell.BasicLSTMCell(U)
    outputs, _ = legacy_seq2seq.embedding_rnn_decoder(
        words, cell.zero_state(B, tf.float32), cell, C, D
    )
    with tf.variable_scope("softmax"):
        w, b = tf.get_variable("w", [U, C]), tf.get_variable("b", [C])
    logits = tf.matmul(tf.reshape(tf.concat(outputs, 1), [-1, U]), w) + b
    targets = tf.placeholder(tf.int32, [B, T])
    losses = legacy_seq2seq.sequence_loss_by_example(
        [logits], [tf.reshape(targets, [-1])], [tf.ones([B * T])], C
    )
    cost = tf.reduce_sum(losses) / B / T
    train = tf.train.AdamOptimizer(0.05).minimize(cost)
    feed = {**dict(zip(words, TARGETS)), targets: (TARGETS.T + 1) % C}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first, _ = session.run([cost, train], feed)
        for _ in range(100):
            last, _ = session.run([cost, train], feed)
    assert last < 0.1 < 1.5 < first
