"""The decoders of 1.0 and the attention wrapper of 1.1, against loops in NumPy."""

import numpy as np
import pytest
from networks import weight
from unrolled.tf1.contrib import seq2seq

import unrolled.tf1 as tf

B, T, S, D, U, C = 3, 4, 5, 2, 6, 7  # rows, steps, memory, inputs, units, classes
RANDOM = np.random.RandomState(5)
INPUTS = RANDOM.normal(size=[B, T, D]).astype(np.float32)
MEMORY = RANDOM.normal(size=[B, S, U]).astype(np.float32)
FIRST = np.tanh(RANDOM.normal(size=[B, U])).astype(np.float32)
TABLE = RANDOM.normal(size=[C, D]).astype(np.float32)
LENGTHS = np.array([4, 1, 3])
NEAR = {"rtol": 1e-4, "atol": 1e-5}


def run(fetches):
    """Fetches and variables, after each variable was given the values that belong to its name."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for v in tf.global_variables():
            v.load(weight(v.name, v.shape.as_list()), session)
        variables = {v.op.name: v for v in tf.global_variables()}
        return session.run([fetches, variables])


class Decoder:
    """The same in NumPy, with the weights `w`."""

    def __init__(self, w, option=None, at="rnn/basic_rnn_cell"):
        self.w, self.option, self.h = w, option, FIRST
        self.kernel, self.bias = w[f"{at}/kernel"], w[f"{at}/bias"]
        self.attention = np.zeros([B, U])

    def step(self, x):
        if self.option:
            x = np.concatenate([x, self.attention], axis=1)
        self.h = np.tanh(np.concatenate([x, self.h], axis=1) @ self.kernel + self.bias)
        if self.option:
            self.attention = self.attend(self.h)
        return self.attention if self.option else self.h

    def attend(self, query):
        w, keys = self.w, MEMORY @ self.w["attention_keys/weights"]
        if self.option == "bahdanau":
            hidden = keys + (query @ w["attention_score/attnW"])[:, None]
            scores = np.tanh(hidden) @ w["attention_score/attnV"]
        else:
            scores = (keys * query[:, None]).sum(2)
        p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        looked = np.concatenate([query, np.einsum("bs,bsu->bu", p, MEMORY)], axis=1)
        return looked @ w["attention_construct/weights"]


def functions(option, reuse=False):
    return seq2seq.prepare_attention(tf.constant(MEMORY), option, U, reuse=reuse)


@pytest.mark.parametrize("option", [None, "luong", "bahdanau"])
@pytest.mark.parametrize("time_major", [False, True])
def test_training(option, time_major):
    first = tf.constant(FIRST)
    between = (
        seq2seq.attention_decoder_fn_train(first, *functions(option))
        if option
        else seq2seq.simple_decoder_fn_train(first)
    )
    outputs, state, context = seq2seq.dynamic_rnn_decoder(
        tf.nn.rnn_cell.BasicRNNCell(U),
        between,
        tf.constant(INPUTS.swapaxes(0, 1) if time_major else INPUTS),
        tf.constant(LENGTHS),
        time_major=time_major,
    )
    assert context is None
    assert all(g is not None for g in tf.gradients(outputs, tf.trainable_variables()))
    (outputs, state), w = run([outputs, state])
    outputs = outputs.swapaxes(0, 1) if time_major else outputs
    decoder, last = Decoder(w, option), FIRST.copy()
    for t in range(T):
        live = (t < LENGTHS)[:, None]
        expected = decoder.step(INPUTS[:, t])
        np.testing.assert_allclose(outputs[:, t], np.where(live, expected, 0), **NEAR)
        last = np.where(live, decoder.h, last)
    np.testing.assert_allclose(state, last, **NEAR)


@pytest.mark.parametrize("option", [None, "luong", "bahdanau"])
def test_inference(option):
    first, start, end, limit = tf.constant(FIRST), 1, 0, 5

    def output_fn(x):
        with tf.variable_scope("project", reuse=tf.AUTO_REUSE):
            return tf.matmul(x, tf.get_variable("kernel", [U, C]))

    numbers = start, end, limit, C
    between = (
        seq2seq.attention_decoder_fn_inference(
            output_fn, first, *functions(option), tf.constant(TABLE), *numbers
        )
        if option
        else seq2seq.simple_decoder_fn_inference(output_fn, first, tf.constant(TABLE), *numbers)
    )
    cell = tf.nn.rnn_cell.BasicRNNCell(U)
    outputs, state, _ = seq2seq.dynamic_rnn_decoder(cell, between)
    (outputs, state), w = run([outputs, state])
    decoder, ids, done = Decoder(w, option), np.full(B, start), np.zeros(B, bool)
    for t in range(outputs.shape[1]):
        logits = decoder.step(TABLE[ids]) @ w["rnn/project/kernel"]
        np.testing.assert_allclose(outputs[:, t], np.where(done[:, None], 0, logits), **NEAR)
        ids = logits.argmax(1)
        done |= (ids == end) | (t + 1 > limit)
    assert done.all()
    with pytest.raises(ValueError, match="inputs of dynamic_rnn_decoder must be None here"):
        seq2seq.dynamic_rnn_decoder(cell, between, tf.constant(INPUTS))


def test_training_and_inference_share_variables_as_tutorials_did():
    first = tf.nn.rnn_cell.LSTMStateTuple(tf.constant(FIRST), tf.constant(FIRST))
    cell = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.BasicLSTMCell(U)])
    with tf.variable_scope("decoding") as scope:
        train = seq2seq.attention_decoder_fn_train((first,), *functions("bahdanau"), name="a")
        outputs, _, _ = seq2seq.dynamic_rnn_decoder(
            cell, train, tf.constant(INPUTS), LENGTHS, scope=scope
        )
        made = tf.global_variables()
    with tf.variable_scope("decoding", reuse=True) as scope:
        infer = seq2seq.attention_decoder_fn_inference(
            lambda x: tf.concat([x, x[:, :1]], axis=1),
            (first,),
            *functions("bahdanau", reuse=True),
            tf.constant(TABLE),
            1,
            0,
            3,
            C,
            name="b",
        )
        said, _, _ = seq2seq.dynamic_rnn_decoder(cell, infer, scope=scope)
    assert tf.global_variables() == made
    assert "decoding/multi_rnn_cell/cell_0/basic_lstm_cell/kernel" in {v.op.name for v in made}
    (outputs, said), _ = run([outputs, said])
    assert outputs.shape == (B, T, U) and said.shape[2] == C


def test_one_preparation_serves_training_and_inference():
    first = tf.constant(FIRST)
    cell = tf.nn.rnn_cell.BasicRNNCell(U)
    with tf.variable_scope("Decoder") as scope:
        prepared = functions("bahdanau")
        train = seq2seq.attention_decoder_fn_train(first, *prepared)
        infer = seq2seq.attention_decoder_fn_inference(
            lambda x: tf.contrib.layers.linear(x, C, scope=scope),
            first,
            *prepared,
            tf.constant(TABLE),
            *(1, 0, 3, C),
        )
        outputs, _, _ = seq2seq.dynamic_rnn_decoder(cell, train, tf.constant(INPUTS), scope=scope)
        tf.contrib.layers.linear(outputs, C, scope=scope)
        made = tf.global_variables()
        scope.reuse_variables()
        said, _, _ = seq2seq.dynamic_rnn_decoder(cell, infer, scope=scope)
    assert tf.global_variables() == made
    assert "Decoder/attention_construct/weights" in {v.op.name for v in made}
    (_, said), _ = run([outputs, said])
    assert said.shape[2] == C


def test_a_second_preparation_makes_no_second_set_in_silence():
    train = seq2seq.attention_decoder_fn_train(tf.constant(FIRST), *functions("luong"))
    cell = tf.nn.rnn_cell.BasicRNNCell(U)
    seq2seq.dynamic_rnn_decoder(cell, train, tf.constant(INPUTS))
    with pytest.raises(ValueError, match="attention_keys/weights already exists"):
        functions("luong")


def test_wrong_arguments_of_1_0():
    with pytest.raises(ValueError, match=r'must be "luong" or "bahdanau"; got \'other\''):
        functions("other")
    between = seq2seq.simple_decoder_fn_train(tf.constant(FIRST))
    with pytest.raises(ValueError, match=r"inputs must be \[B, T, D\].*\(3, 2\)"):
        cell = tf.nn.rnn_cell.BasicRNNCell(U)
        seq2seq.dynamic_rnn_decoder(cell, between, tf.constant(INPUTS[:, 0]))


@pytest.mark.parametrize("kind", ["Luong", "Bahdanau"])
@pytest.mark.parametrize("output_attention", [True, False])
def test_the_wrapper_of_1_1(kind, output_attention):
    """Its scores are not masked: a step past the length takes part as zeros."""
    ends = np.array([5, 1, 3])
    mechanism = getattr(seq2seq, f"{kind}Attention")(U, tf.constant(MEMORY), ends)
    cell = seq2seq.DynamicAttentionWrapper(
        tf.nn.rnn_cell.BasicRNNCell(U), mechanism, 3, output_attention=output_attention
    )
    start = seq2seq.DynamicAttentionWrapperState(tf.constant(FIRST), tf.zeros([B, 3]))
    helper = seq2seq.TrainingHelper(tf.constant(INPUTS), [T] * B)
    decoder = seq2seq.BasicDecoder(cell, helper, start)
    outputs, state, _ = seq2seq.dynamic_decode(decoder)
    (outputs, state), w = run([outputs.rnn_output, state])
    at, memory = (
        "decoder/dynamic_attention_wrapper",
        MEMORY * (np.arange(S) < ends[:, None])[..., None],
    )
    h, attention, keys = FIRST, np.zeros([B, 3]), memory @ w["memory_layer/kernel"]
    for t in range(T):
        x = np.concatenate([INPUTS[:, t], attention, h], axis=1)
        h = np.tanh(x @ w[f"{at}/basic_rnn_cell/kernel"] + w[f"{at}/basic_rnn_cell/bias"])
        if kind == "Luong":
            scores = np.einsum("bu,bsu->bs", h, keys)
        else:
            hidden = keys + (h @ w[f"{at}/query_layer/kernel"])[:, None]
            scores = np.tanh(hidden) @ w[f"{at}/attention_v"]
        p = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        looked = np.concatenate([h, np.einsum("bs,bsu->bu", p, memory)], axis=1)
        attention = looked @ w[f"{at}/dense/kernel"] + w[f"{at}/dense/bias"]
        expected = attention if output_attention else h
        np.testing.assert_allclose(outputs[:, t], expected, **NEAR)
    np.testing.assert_allclose(state.attention, attention, **NEAR)


def test_what_the_wrapper_of_1_1_refuses():
    cell, memory = tf.nn.rnn_cell.BasicRNNCell(U), tf.constant(MEMORY)
    with pytest.raises(ValueError, match="use AttentionWrapper, which took its place in 1.2"):
        mechanism = seq2seq.BahdanauAttention(U, memory, normalize=True)
        seq2seq.DynamicAttentionWrapper(cell, mechanism, 3)
    with pytest.raises(TypeError, match="got LuongMonotonicAttention; use AttentionWrapper"):
        mechanism = seq2seq.LuongMonotonicAttention(U, memory)
        seq2seq.DynamicAttentionWrapper(cell, mechanism, 3)
