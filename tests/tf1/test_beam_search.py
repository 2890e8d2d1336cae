"""Beam search: against all sequences written out, on a small translator, and its errors."""

import itertools

import numpy as np
import pytest
from unrolled.tf1.contrib import seq2seq
from unrolled.tf1.contrib.seq2seq.python.ops.beam_search_decoder import gather_tree_from_array

import unrolled.tf1 as tf

B, C, U, END = 2, 4, 4, 0
RANDOM = np.random.RandomState(3)
ODDS = RANDOM.normal(size=[C, C]).astype(np.float32)  # logits by the class before


class Chain(tf.nn.rnn_cell.RNNCell):
    """The logits of the next class are a row of a table."""

    state_size = output_size = C

    def call(self, inputs, state):
        return inputs, state


def search(width, steps, cell=None, state=None, **settings):
    cell = cell or Chain()
    state = cell.zero_state(B * width, tf.float32) if state is None else state
    decoder = seq2seq.BeamSearchDecoder(cell, ODDS, [1, 2], END, state, width, **settings)
    return seq2seq.dynamic_decode(decoder, maximum_iterations=steps)


def run(fetches, feed=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_beams_that_hold_everything_find_the_best(penalty):
    """As many beams as there are sequences: these are all of them, best first."""
    steps, width = 3, 40  # 1 + 3 + 9 + 27 sequences, ended or not
    outputs, state, _ = search(width, steps, length_penalty_weight=penalty)
    ids, scores = run([outputs.predicted_ids, outputs.beam_search_decoder_output.scores])
    log_p = ODDS - np.log(np.exp(ODDS).sum(1, keepdims=True))
    for row, start in enumerate([1, 2]):
        found = {}
        for classes in itertools.product(range(C), repeat=steps):
            length = classes.index(END) + 1 if END in classes else steps
            kept = classes[:length] + (END,) * (steps - length)
            total = sum(log_p[a, b] for a, b in zip((start, *classes), classes[:length]))
            # An end token does not count in the step that chooses it, but in those after.
            counted = length - 1 if length == steps and END in classes else length
            found[kept] = total / ((5 + counted) / 6) ** penalty
        best = sorted(found.items(), key=lambda item: -item[1])
        assert ids.shape == (B, steps, width)
        live = np.isfinite(scores[row, -1]) & (scores[row, -1] > -1e30)
        got = dict(zip(map(tuple, ids[row].T[live].tolist()), scores[row, -1][live]))
        assert set(got) <= set(found)
        np.testing.assert_allclose(
            [got[classes] for classes, _ in best[:10]], [score for _, score in best[:10]], rtol=1e-4
        )


def test_sizes_that_only_a_run_can_tell():
    rows = tf.placeholder(tf.int32, [None])
    cell, width = Chain(), 2
    state = cell.zero_state(tf.size(rows) * width, tf.float32)
    decoder = seq2seq.BeamSearchDecoder(cell, ODDS, rows, END, state, width)
    outputs, final, lengths = seq2seq.dynamic_decode(decoder, maximum_iterations=5)
    assert outputs.predicted_ids.shape.as_list() == [None, None, width]
    ids, ends, counted = run([outputs.predicted_ids, final.lengths, lengths], {rows: [1, 2]})
    known = run(search(width, 5)[0].predicted_ids)
    np.testing.assert_array_equal(ids, known)
    assert ends.shape == counted.shape == (2, width)


def test_learning_to_translate():
    """Words of another order and alphabet: trained once, said greedily and by beams."""
    symbols, units, go, end, width = 5, 24, 5, 6, 3
    source, target = (tf.placeholder(tf.int32, [None, None]) for _ in range(2))
    lengths = tf.placeholder(tf.int32, [None])
    batch = tf.shape(source)[0]
    table = tf.get_variable("table", [symbols + 2, units])
    encoded, summary = tf.nn.dynamic_rnn(
        tf.nn.rnn_cell.GRUCell(units),
        tf.nn.embedding_lookup(table, source),
        lengths,
        dtype=tf.float32,
    )

    def decoder_of(make, beams=1, reuse=True):
        memory, sizes, state = seq2seq.tile_batch((encoded, lengths, summary), beams)
        with tf.variable_scope("decode", reuse=reuse):
            mechanism = seq2seq.LuongAttention(units, memory, sizes)
            cell = seq2seq.AttentionWrapper(
                tf.nn.rnn_cell.GRUCell(units), mechanism, units, alignment_history=True
            )
            start = cell.zero_state(batch * beams, tf.float32).clone(cell_state=state)
            layer = tf.layers.Dense(symbols + 2, name="project")
            return seq2seq.dynamic_decode(make(cell, start, layer), maximum_iterations=8)

    def trained(cell, start, layer):
        shifted = tf.concat([tf.fill([batch, 1], go), target[:, :-1]], axis=1)
        inputs = tf.nn.embedding_lookup(table, shifted)
        helper = seq2seq.TrainingHelper(inputs, lengths + 1)
        return seq2seq.BasicDecoder(cell, helper, start, layer)

    def greedy(cell, start, layer):
        helper = seq2seq.GreedyEmbeddingHelper(table, tf.fill([batch], go), end)
        return seq2seq.BasicDecoder(cell, helper, start, layer)

    def beams(cell, start, layer):
        first = tf.fill([batch], go)
        return seq2seq.BeamSearchDecoder(
            cell,
            table,
            first,
            end,
            start,
            width,
            layer,
            length_penalty_weight=1.0,
            coverage_penalty_weight=0.1,
        )

    outputs, _, _ = decoder_of(trained, reuse=False)
    said, _, _ = decoder_of(greedy)
    found, state, _ = decoder_of(beams, width)
    weights = tf.sequence_mask(lengths + 1, dtype=tf.float32)
    loss = seq2seq.sequence_loss(outputs.rnn_output, target, weights)
    train = tf.train.AdamOptimizer(0.01).minimize(loss)

    def batch_of(rows):
        sizes = RANDOM.randint(2, 5, size=rows)
        x, y = np.zeros([rows, sizes.max()], int), np.full([rows, sizes.max() + 1], end)
        for row, n in enumerate(sizes):
            x[row, :n] = RANDOM.randint(symbols, size=n)
            y[row, :n] = symbols - 1 - x[row, :n][::-1]
        return {source: x, lengths: sizes, target: y}

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(150):
            session.run(train, batch_of(48))
        feed = batch_of(100)
        said, ids, seen, scores = session.run(
            [
                said.sample_id,
                found.predicted_ids,
                state.cell_state.alignment_history,
                found.beam_search_decoder_output.scores,
            ],
            feed,
        )
    assert ids.shape[2] == width
    assert seen.shape == (ids.shape[1], 100 * width, feed[source].shape[1])
    np.testing.assert_allclose(seen.sum(axis=2), 1, rtol=1e-5)
    assert (np.diff(scores, axis=2) <= 0).all()
    for answers in said, ids[:, :, 0]:
        right = [
            answers[row, : n + 1].tolist() == feed[target][row, : n + 1].tolist()
            for row, n in enumerate(feed[lengths])
        ]
        assert np.mean(right) > 0.9


def test_a_tree_whose_parents_do_not_exist():
    ids, parents = np.ones([3, 1, 2], np.int32), np.zeros([3, 1, 2], np.int32)
    parents[2] = 9
    beyond = run(seq2seq.gather_tree(ids, parents, [2], END))
    assert beyond[:, 0, 0].tolist() == [1, 1, END]
    with pytest.raises(tf.errors.InvalidArgumentError, match="must be numbers of beams"):
        run(seq2seq.gather_tree(ids, parents, [3], END))


def test_what_was_kept_is_read_along_the_paths():
    kept = RANDOM.normal(size=[3, 2, 2, 5]).astype(np.float32)
    parents = np.array([[[0, 0], [0, 0]], [[1, 0], [0, 0]], [[1, 1], [1, 0]]], np.int32)
    lengths = np.array([[3, 3], [3, 3]])
    read = run(gather_tree_from_array(kept, parents, lengths))
    flat = run(gather_tree_from_array(kept.reshape(3, 4, 5), parents, lengths))
    expected = np.empty_like(kept)
    for row, beam in itertools.product(range(2), range(2)):
        at = beam
        for t in (2, 1, 0):
            expected[t, row, beam] = kept[t, row, at]
            at = parents[t, row, at]
    np.testing.assert_array_equal(read, expected)
    np.testing.assert_array_equal(flat.reshape(kept.shape), expected)


def test_wrong_arguments():
    cell = Chain()
    with pytest.raises(ValueError, match=r"must have 2 · 3 rows.*shape \(2, 4\).*tile_batch"):
        search(3, 2, state=tf.zeros([B, C]))
    with pytest.raises(ValueError, match="coverage_penalty_weight must be 0 for a cell without"):
        search(3, 2, coverage_penalty_weight=0.5)
    with pytest.raises(TypeError, match="output_layer must be a layer"):
        search(3, 2, output_layer=3)
    with pytest.raises(ValueError, match="beam_width must be a whole number of at least 1; got 0"):
        search(0, 2)
    with pytest.raises(ValueError, match="a known number of axes"):
        search(1, 2, state=tf.placeholder(tf.float32))
    for start, end, message in ([[1]], 0, "start_tokens must be a vector"), ([1], [0], "end_token"):
        with pytest.raises(ValueError, match=message):
            seq2seq.BeamSearchDecoder(cell, ODDS, start, end, tf.zeros([2, C]), 2)
    decoder = seq2seq.BeamSearchDecoder(cell, ODDS, [1, 2], END, tf.zeros([4, C]), 2)
    with pytest.raises(ValueError, match="impute_finished must be False for a decoder of beams"):
        seq2seq.dynamic_decode(decoder, impute_finished=True, maximum_iterations=2)
    with pytest.raises(ValueError, match=r"t must be \[B, \.\.\.\] with a known number of axes"):
        seq2seq.tile_batch(3.0, 2)
