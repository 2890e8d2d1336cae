"""The attention of `tf.contrib.seq2seq` against a decoder in NumPy with the same weights."""

import numpy as np
import pytest
from networks import weight
from unrolled.tf1.contrib import seq2seq
from unrolled.tf1.contrib.seq2seq.python.ops import attention_wrapper as private

import unrolled.tf1 as tf

B, T, S, D, M, U = 3, 5, 4, 2, 4, 6  # rows, memory, steps, inputs, depth of the memory, units
RANDOM = np.random.RandomState(5)
INPUTS = RANDOM.normal(size=[B, S, D]).astype(np.float32)
MEMORY = RANDOM.normal(size=[B, T, M]).astype(np.float32)
LENGTHS = np.array([5, 1, 3], np.int32)
SETTINGS = {
    "luong": {},
    "luong scaled": {"scale": True},
    "bahdanau": {},
    "bahdanau normalised": {"normalize": True},
}
HEAD = "decoder/attention_wrapper"


def mechanism_of(kind, memory, lengths=None):
    luong = kind.startswith("luong")
    make = seq2seq.LuongAttention if luong else seq2seq.BahdanauAttention
    return make(U if luong else 7, memory, lengths, **SETTINGS[kind])


def in_numpy(kinds, weights, lengths, layered):
    """Attentions, queries and alignments of all steps, [B, S, ...] and, by mechanism, [S, B, T]."""
    seen = np.arange(T) < (lengths[:, None] if lengths is not None else T)
    seen = np.broadcast_to(seen, [B, T])
    memory = MEMORY * seen[:, :, None]
    w = {name.removesuffix(":0"): value.astype(np.float64) for name, value in weights.items()}
    attention, state = None, np.zeros([B, U])
    attentions, queries, alignments = [], [], [[] for _ in kinds]
    size = sum(3 if layered else M for _ in kinds)
    attention = np.zeros([B, size])
    for t in range(S):
        kernel, bias = (w[f"{HEAD}/basic_rnn_cell/{part}"] for part in ("kernel", "bias"))
        state = np.tanh(np.concatenate([INPUTS[:, t], attention, state], 1) @ kernel + bias)
        looks = []
        for i, kind in enumerate(kinds):
            keys = memory @ w["memory_layer" + ("" if i == 0 else f"_{i}") + "/kernel"]
            if kind.startswith("luong"):
                scores = np.einsum("bu,btu->bt", state, keys)
                scores *= w.get(f"{HEAD}/luong_attention/attention_g", 1)
            else:
                at = f"{HEAD}/bahdanau_attention"
                v, hidden = w[f"{at}/attention_v"], keys
                hidden = keys + (state @ w[f"{at}/query_layer/kernel"])[:, None]
                if "normalised" in kind:
                    hidden = hidden + w[f"{at}/attention_b"]
                    v = w[f"{at}/attention_g"] * v / np.sqrt((v**2).sum())
                scores = np.tanh(hidden) @ v
            p = np.exp(scores) * seen
            p /= p.sum(1, keepdims=True)
            look = np.einsum("bt,btm->bm", p, memory)
            if layered:
                layer = w[f"{HEAD}/attention_layer" + ("" if i == 0 else f"_{i}") + "/kernel"]
                look = np.concatenate([state, look], 1) @ layer
            looks.append(look)
            alignments[i].append(p)
        attention = np.concatenate(looks, 1)
        attentions.append(attention)
        queries.append(state)
    return np.stack(attentions, 1), np.stack(queries, 1), np.array(alignments)


def run(fetches, feed=None):
    """Fetches, after every variable was given the values that belong to its name."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for v in tf.global_variables():
            v.load(weight(v.name, v.shape.as_list()), session)
        return session.run(fetches, feed)


def decode(cell, inputs, **settings):
    start = cell.zero_state(tf.shape(inputs)[0], tf.float32)
    helper = seq2seq.TrainingHelper(inputs, tf.fill(tf.shape(inputs)[:1], S))
    outputs, state, _ = seq2seq.dynamic_decode(
        seq2seq.BasicDecoder(cell, helper, start), **settings
    )
    return outputs.rnn_output, state


@pytest.mark.one_in(3)
@pytest.mark.parametrize("kinds", [*([kind] for kind in SETTINGS), ["bahdanau", "luong scaled"]])
@pytest.mark.parametrize(
    "lengths, layered, output_attention, known",
    [(LENGTHS, True, True, False), (LENGTHS, False, False, True), (None, False, True, False)],
)
def test_against_numpy(kinds, lengths, layered, output_attention, known):
    memory = tf.placeholder(tf.float32, [B, T, M] if known else [None, None, M])
    inputs = tf.placeholder(tf.float32, [B, S, D] if known else [None, None, D])
    mechanisms = [mechanism_of(kind, memory, lengths) for kind in kinds]
    single = len(kinds) == 1
    cell = seq2seq.AttentionWrapper(
        tf.nn.rnn_cell.BasicRNNCell(U),
        mechanisms[0] if single else mechanisms,
        (3 if single else [3, 3]) if layered else None,
        alignment_history=True,
        output_attention=output_attention,
    )
    size = (3 if layered else M) * len(kinds)
    assert cell.output_size == (size if output_attention else U)
    assert cell.state_size.attention == size
    outputs, state = decode(cell, inputs)
    assert isinstance(state, seq2seq.AttentionWrapperState)
    assert outputs.shape.as_list()[2] == cell.output_size
    histories = [state.alignment_history] if single else state.alignment_history
    fetches = {
        "outputs": outputs,
        "last": state._replace(alignment_history=()),
        "alignments": [history.stack() for history in histories],
        "weights": {v.name: v for v in tf.global_variables()},
    }
    got = run(fetches, {memory: MEMORY, inputs: INPUTS})
    attentions, queries, alignments = in_numpy(kinds, got["weights"], lengths, layered)
    near = {"rtol": 1e-4, "atol": 1e-5}
    np.testing.assert_allclose(got["outputs"], attentions if output_attention else queries, **near)
    np.testing.assert_allclose(got["alignments"], alignments, **near)
    np.testing.assert_allclose(np.sum(got["alignments"], axis=-1), 1, rtol=1e-5)
    if lengths is not None:
        past = np.arange(T) >= lengths[:, None]
        assert not np.array(got["alignments"])[:, :, past].any()
    last = got["last"]
    assert last.time == S
    np.testing.assert_allclose(last.attention, attentions[:, -1], **near)
    np.testing.assert_allclose(last.cell_state, queries[:, -1], **near)
    for of_mechanisms in (last.alignments, last.attention_state):
        of_mechanisms = [of_mechanisms] if single else of_mechanisms
        np.testing.assert_allclose(of_mechanisms, alignments[:, -1], **near)


@pytest.mark.parametrize("kind", SETTINGS)
def test_names_initial_values_and_gradients(kind):
    memory, inputs = tf.constant(MEMORY), tf.constant(INPUTS)
    with tf.variable_scope("decode"):
        mechanism = mechanism_of(kind, memory, LENGTHS)
        cell = tf.nn.rnn_cell.GRUCell(U)
        outputs, _ = decode(seq2seq.AttentionWrapper(cell, mechanism, 3), inputs)
    variables = {v.name: v for v in tf.trainable_variables()}
    own = {
        "luong": {},
        "luong scaled": {"luong_attention/attention_g": []},
        "bahdanau": {"query_layer/kernel": [U, 7], "attention_v": [7]},
    }
    own["bahdanau normalised"] = {**own["bahdanau"], "attention_g": [], "attention_b": [7]}
    prefix = "bahdanau_attention/" if kind.startswith("bahdanau") else ""
    expected = {
        "decode/memory_layer/kernel:0": [M, U if kind.startswith("luong") else 7],
        f"decode/{HEAD}/gru_cell/gates/kernel:0": [D + 3 + U, 2 * U],
        f"decode/{HEAD}/gru_cell/gates/bias:0": [2 * U],
        f"decode/{HEAD}/gru_cell/candidate/kernel:0": [D + 3 + U, U],
        f"decode/{HEAD}/gru_cell/candidate/bias:0": [U],
        f"decode/{HEAD}/attention_layer/kernel:0": [U + M, 3],
        **{f"decode/{HEAD}/{prefix}{name}:0": shape for name, shape in own[kind].items()},
    }
    assert {name: v.shape.as_list() for name, v in variables.items()} == expected
    starts = {name: v for name, v in variables.items() if name.endswith(("_g:0", "_b:0"))}
    gradients = tf.gradients(tf.reduce_sum(tf.sin(outputs)), [memory, *variables.values()])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for name, value in session.run(starts).items():
            bahdanau_g = 7**-0.5 if prefix else 1
            np.testing.assert_allclose(value, 0 if name.endswith("_b:0") else bahdanau_g)
    for name, gradient in zip(["memory", *variables], run(gradients)):
        assert np.isfinite(gradient).all() and gradient.any(), name
        if name == "memory":
            assert not gradient[np.arange(T) >= LENGTHS[:, None]].any()
            assert gradient[np.arange(T) < LENGTHS[:, None]].all()


def test_dynamic_rnn_and_a_cell_inside_a_multi_cell():
    mechanism = seq2seq.BahdanauAttention(7, tf.constant(MEMORY), LENGTHS)

    def stack():
        attended = seq2seq.AttentionWrapper(tf.nn.rnn_cell.BasicLSTMCell(U), mechanism)
        return tf.nn.rnn_cell.MultiRNNCell([attended, tf.nn.rnn_cell.GRUCell(2)])

    inputs = tf.constant(INPUTS)
    decoded, state = decode(stack(), inputs, scope="top", impute_finished=True)
    names = {v.name for v in tf.global_variables()}
    at = "top/multi_rnn_cell/cell_0/attention_wrapper"
    assert {f"{at}/basic_lstm_cell/kernel:0", f"{at}/bahdanau_attention/attention_v:0"} <= names
    with tf.variable_scope("", reuse=True):
        unrolled = tf.nn.dynamic_rnn(stack(), inputs, dtype=tf.float32, scope="top")
    with tf.variable_scope("", reuse=True):
        short = tf.nn.dynamic_rnn(stack(), inputs, [S, 1, 2], dtype=tf.float32, scope="top")
    assert {v.name for v in tf.global_variables()} == names
    (decoded, state), unrolled, (short, _) = run([(decoded, state), unrolled, short])
    for row, length in enumerate([S, 1, 2]):
        np.testing.assert_allclose(short[row, :length], decoded[row, :length], rtol=1e-5)
        assert not short[row, length:].any()
    np.testing.assert_allclose(unrolled[0], decoded, rtol=1e-5)
    assert decoded.shape == (B, S, 2) and decoded.any()
    assert state[0].time == unrolled[1][0].time == S
    np.testing.assert_allclose(unrolled[1][0].alignments, state[0].alignments, rtol=1e-5)


def test_what_the_wrapper_is_given():
    """A first state, a layer, and functions for the inputs and for the probabilities."""
    first = RANDOM.normal(size=[B, U]).astype(np.float32)
    layer = tf.layers.Dense(2, tf.tanh, name="mine")

    def hardmax(scores):
        return tf.one_hot(tf.argmax(scores, axis=1), tf.shape(scores)[1])

    mechanism = seq2seq.LuongAttention(U, MEMORY, LENGTHS, False, hardmax, -1e9)
    cell = seq2seq.AttentionWrapper(
        tf.nn.rnn_cell.BasicRNNCell(U),
        mechanism,
        cell_input_fn=lambda inputs, attention: inputs,
        initial_cell_state=tf.constant(first),
        name="looker",
        attention_layer=layer,
    )
    assert cell.output_size == 2
    start = cell.zero_state(dtype=tf.float32, batch_size=B)
    output, state = cell(tf.constant(INPUTS[:, 0]), start)
    again = cell(tf.constant(INPUTS[:, 0]), start.clone(cell_state=tf.zeros([B, U])))[1].cell_state
    variables = {v.name: v for v in tf.global_variables()}
    output, state, again, w = run([output, state, again, variables])
    kernel, bias = w["looker/basic_rnn_cell/kernel:0"], w["looker/basic_rnn_cell/bias:0"]
    query = np.tanh(np.concatenate([INPUTS[:, 0], first], 1) @ kernel + bias)
    np.testing.assert_allclose(state.cell_state, query, rtol=1e-4)
    np.testing.assert_allclose(again, np.tanh(INPUTS[:, 0] @ kernel[:D] + bias), rtol=1e-4)
    scores = np.einsum("bu,btu->bt", query, MEMORY @ w["memory_layer/kernel:0"])
    best = np.where(np.arange(T) < LENGTHS[:, None], scores, -np.inf).argmax(1)
    assert state.alignments.argmax(1).tolist() == best.tolist()
    assert set(state.alignments.ravel()) == {0, 1}
    joined = np.concatenate([query, MEMORY[np.arange(B), best]], 1)
    mine = joined @ w["looker/mine/kernel:0"] + w["looker/mine/bias:0"]
    np.testing.assert_allclose(output, np.tanh(mine), rtol=1e-4)


def test_a_mechanism_of_ones_own():
    """One that returns no state, as in the first releases, and looks one step further each time."""

    class Next(private._BaseAttentionMechanism):
        def __init__(self, memory):
            super().__init__(None, memory, probability_fn=lambda scores, state: scores)

        def initial_alignments(self, batch_size, dtype):
            return tf.one_hot(tf.fill([batch_size], T - 1), T, dtype=dtype)

        def __call__(self, query, previous_alignments):
            return self._probability_fn(tf.roll(previous_alignments, 1, axis=1), None)

    cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(U), Next(MEMORY))
    np.testing.assert_allclose(run(decode(cell, tf.constant(INPUTS))[0]), MEMORY[:, :S])
    with pytest.raises(NotImplementedError, match="must define __call__"):
        base = private._BaseAttentionMechanism(None, MEMORY, tf.nn.softmax)
        cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(U), base)
        decode(cell, tf.constant(INPUTS))


@pytest.mark.parametrize("kind", SETTINGS)
def test_all_made_anew_in_a_reused_scope(kind):
    def built():
        mechanism = mechanism_of(kind, tf.constant(MEMORY), LENGTHS)
        cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(U), mechanism, 3)
        return decode(cell, tf.constant(INPUTS))[0]

    with tf.variable_scope("decode"):
        first = built()
    made = tf.global_variables()
    with tf.variable_scope("decode", reuse=True):
        second = built()
    assert tf.global_variables() == made
    first, second = run([first, second])
    assert first.any()
    np.testing.assert_array_equal(second, first)


def test_learning_to_reverse():
    """Trained with the right inputs, run with its own, by one set of variables."""
    symbols, units, go, end = 6, 24, 6, 7
    source = tf.placeholder(tf.int32, [None, None])
    lengths = tf.placeholder(tf.int32, [None])
    target = tf.placeholder(tf.int32, [None, None])
    batch = tf.shape(source)[0]
    table = tf.get_variable("table", [symbols + 2, units])
    encoded, summary = tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(units),
        tf.nn.embedding_lookup(table, source),
        lengths,
        dtype=tf.float32,
    )
    with tf.variable_scope("decode"):
        mechanism = seq2seq.BahdanauAttention(units, encoded, lengths)

    def decoded(helper, reuse=None):
        with tf.variable_scope("decode", reuse=reuse):
            cell = seq2seq.AttentionWrapper(
                tf.nn.rnn_cell.GRUCell(units), mechanism, units, alignment_history=True
            )
            start = cell.zero_state(batch, tf.float32).clone(cell_state=summary)
            layer = tf.layers.Dense(symbols + 2, name="project")
            decoder = seq2seq.BasicDecoder(cell, helper, start, layer)
            return seq2seq.dynamic_decode(decoder, maximum_iterations=10)

    shifted = tf.concat([tf.fill([batch, 1], go), target[:, :-1]], axis=1)
    inputs = tf.nn.embedding_lookup(table, shifted)
    outputs, _, _ = decoded(seq2seq.TrainingHelper(inputs, lengths + 1))
    made = tf.global_variables()
    greedy = seq2seq.GreedyEmbeddingHelper(table, tf.fill([batch], go), end)
    answers, state, _ = decoded(greedy, reuse=True)
    assert tf.global_variables() == made
    weights = tf.sequence_mask(lengths + 1, dtype=tf.float32)
    loss = seq2seq.sequence_loss(outputs.rnn_output, target, weights)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)

    def batch_of(rows):
        sizes = RANDOM.randint(2, 6, size=rows)
        x, y = np.zeros([rows, sizes.max()], int), np.full([rows, sizes.max() + 1], end)
        for row, n in enumerate(sizes):
            x[row, :n] = RANDOM.randint(symbols, size=n)
            y[row, :n] = x[row, :n][::-1]
        return {source: x, lengths: sizes, target: y}

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([loss, train], batch_of(48))[0] for _ in range(150)]
        feed = batch_of(100)
        said, seen = session.run([answers.sample_id, state.alignment_history.stack()], feed)
    assert losses[-1] < 0.1 * losses[0]
    right = [
        said[row, : n + 1].tolist() == feed[target][row, : n + 1].tolist()
        for row, n in enumerate(feed[lengths])
    ]
    assert np.mean(right) > 0.9
    assert seen.shape[1:] == (100, feed[source].shape[1])


def test_tile_batch():
    x = tf.placeholder(tf.float32, [None, M])
    pair = tf.nn.rnn_cell.LSTMStateTuple(x, tf.constant([1, 2, 3]))
    tiled = seq2seq.tile_batch(pair, 2)
    assert tiled.c.shape.as_list() == [None, M] and tiled.h.shape.as_list() == [6]
    c, h = run(tiled, {x: MEMORY[:, 0]})
    np.testing.assert_array_equal(c, MEMORY[[0, 0, 1, 1, 2, 2], 0])
    assert h.tolist() == [1, 1, 2, 2, 3, 3]


def test_wrong_arguments():
    cell, mechanism = tf.nn.rnn_cell.GRUCell(U), seq2seq.LuongAttention(U, MEMORY)
    wrap = seq2seq.AttentionWrapper
    with pytest.raises(ValueError, match=r"memory must be \[B, T, D\].*shape \(3, 4\)\.$"):
        seq2seq.LuongAttention(U, MEMORY[:, 0])
    with pytest.raises(ValueError, match="queries of depth 6 do not fit .* 7; set num_units"):
        decode(wrap(cell, seq2seq.LuongAttention(7, MEMORY)), tf.constant(INPUTS))
    with pytest.raises(TypeError, match="cell must be a cell; got an int"):
        wrap(3, mechanism)
    with pytest.raises(TypeError, match=r"or a list of them; got a function\.$"):
        wrap(cell, [mechanism, run])
    layer = tf.layers.Dense(2)
    for sizes, layers in ([2, 2], None), (2, layer), (None, [layer, layer]):
        with pytest.raises(ValueError, match="one for each mechanism, of which there are 1; got"):
            wrap(cell, mechanism, sizes, attention_layer=layers)
    for argument in "cell_input_fn", "attention_fn":
        with pytest.raises(TypeError, match=f"{argument} must be a function; got 3"):
            wrap(cell, mechanism, **{argument: 3})
    with pytest.raises(TypeError, match="probability_fn must be callable; got 3"):
        private._BaseAttentionMechanism(None, MEMORY, 3)
    with pytest.raises(ValueError, match="mode must be one of recursive, parallel, hard; got 'x'"):
        seq2seq.monotonic_attention(tf.zeros([B, T]), tf.zeros([B, T]), "x")
    state = wrap(cell, mechanism).zero_state(B, tf.float32)
    with pytest.raises(ValueError, match=r"has shape \(6, 6\), but \(3, 6\) was .*tile_batch"):
        state.clone(cell_state=tf.zeros([2 * B, U]))
    with pytest.raises((TypeError, ValueError), match="structure"):
        state.clone(cell_state=(tf.zeros([B, U]),))
    with pytest.raises(TypeError, match="must be an AttentionWrapperState; got one tensor of"):
        wrap(cell, mechanism)(INPUTS[:, 0], tf.zeros([B, U]))
    with pytest.raises(ValueError, match=r"batch size of zero_state; .*tile_batch \(got 3 and 6\)"):
        wrap(cell, mechanism).zero_state(6, tf.float32)
    with pytest.raises(ValueError, match="batch size of initial_cell_state"):
        wrap(cell, mechanism, initial_cell_state=tf.zeros([2, U]))
    with pytest.raises(ValueError, match="batch size of the inputs"):
        state = wrap(cell, mechanism).zero_state(B, tf.float32)
        wrap(tf.nn.rnn_cell.GRUCell(U), mechanism, cell_input_fn=lambda x, _: x)(
            INPUTS[:2, 0], state._replace(cell_state=tf.zeros([2, U]))
        )


def test_what_only_a_run_can_tell():
    rows = tf.placeholder(tf.int32, [])
    mechanism = seq2seq.LuongAttention(U, MEMORY)
    wrapper = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(U), mechanism)
    state = wrapper.zero_state(rows, tf.float32).cell_state
    assert run(state, {rows: B}).shape == (B, U)
    with pytest.raises(tf.errors.InvalidArgumentError, match="batch size of zero_state"):
        run(state, {rows: 2 * B})
    lengths = tf.placeholder(tf.int32, [B])
    mechanism = seq2seq.BahdanauAttention(U, MEMORY, lengths)
    assert not run(mechanism.values, {lengths: [1, 1, 1]})[:, 1:].any()
    alignments, _ = mechanism(tf.zeros([B, U]), None)
    with pytest.raises(tf.errors.InvalidArgumentError, match="at least 1 in every row"):
        run(alignments, {lengths: [1, 0, 1]})


def test_private_functions_as_they_were_before_1_14():
    """A flag or a value in the place of a mask, and scores that make their own variables."""
    query, keys = tf.constant(MEMORY[:, 0]), tf.constant(MEMORY)
    with tf.variable_scope("luong"):
        luong = private._luong_score(query, keys, True)
    with tf.variable_scope("bahdanau"):
        bahdanau = private._bahdanau_score(query, keys, True)
    made = {"attention_v": [M], "attention_g": [], "attention_b": [M]}
    assert {v.op.name: v.shape.as_list() for v in tf.global_variables()} == {
        **{f"luong/{name}": shape for name, shape in made.items() if name == "attention_g"},
        **{f"bahdanau/{name}": shape for name, shape in made.items()},
    }
    masked = private._maybe_mask_score(tf.constant(MEMORY[:, :, 0]), LENGTHS, -7.0)
    assert (run(masked)[np.arange(T) >= LENGTHS[:, None]] == -7).all()
    memory = private._prepare_memory(tf.placeholder(tf.float32, [B, T, None]), LENGTHS, False)
    assert memory.shape.as_list() == [B, T, None]
    assert luong.shape == bahdanau.shape == (B, T)


def test_a_state_without_an_attention_state():
    """Before 1.4 the alignments were the state of the mechanism, and programs made five parts."""
    cell = seq2seq.AttentionWrapper(tf.nn.rnn_cell.GRUCell(U), mechanism_of("bahdanau", MEMORY))
    zero = cell.zero_state(B, tf.float32)
    old = seq2seq.AttentionWrapperState(*zero[:5])
    results = []
    for state in zero, old:
        helper = seq2seq.TrainingHelper(tf.constant(INPUTS), [S] * B)
        decoder = seq2seq.BasicDecoder(cell, helper, state)
        results.append(seq2seq.dynamic_decode(decoder, scope="same"))
    assert results[1][1].attention_state == ()
    outputs, again = run([outputs.rnn_output for outputs, _, _ in results])
    np.testing.assert_array_equal(again, outputs)


@pytest.mark.one_in(4)
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("lengths", [[3, 1, 2], [0, 0, 0]])
def test_arrays_in_a_state_end_with_the_longest_row(known, lengths):
    longest = max(lengths)
    feed = tf.placeholder_with_default(np.array(lengths, np.int32), [B])
    ends = lengths if known else feed
    cells = [
        seq2seq.AttentionWrapper(
            tf.nn.rnn_cell.GRUCell(U), mechanism_of("luong", MEMORY), alignment_history=True
        )
        for _ in range(3)
    ]
    inputs = tf.constant(INPUTS)
    looped, one = tf.nn.dynamic_rnn(cells[0], inputs, ends, dtype=tf.float32, scope="looped")
    written_out, two = tf.nn.static_rnn(
        cells[1], tf.unstack(inputs, axis=1), dtype=tf.float32, sequence_length=ends
    )
    *both, three, four = tf.nn.static_bidirectional_rnn(
        cells[2], cells[2], tf.unstack(inputs, axis=1), dtype=tf.float32, sequence_length=ends
    )
    states = [one, two, three, four]
    sizes = [state.alignment_history.size() for state in states]
    times = [state.time for state in states]
    sizes, times, looped, written_out = run([sizes, times, looped, tf.stack(written_out, axis=1)])
    # TensorFlow 1's loop took one step at least, to know what its outputs look like.
    assert sizes == [max(longest, 1), longest, longest, longest]
    assert times == [longest] * 4
    assert not looped[np.arange(S) >= np.array(lengths)[:, None]].any()
    assert looped.any() == written_out.any() == (longest > 0)
