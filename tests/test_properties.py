"""What must hold for any shapes, dtypes, lengths and structures (hypothesis)."""

import numpy as np
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

import unrolled as u
from unrolled import reference

sizes = st.integers(1, 4)
dtypes = st.sampled_from([tf.float32, tf.float64])


@st.composite
def cells(draw, depth=0):
    """Any cell, stacks and wrappers included."""
    units = draw(sizes)
    kind = draw(st.sampled_from(["basic", "gru", "lstm", "projected", "stack", "wrapped"]))
    if depth == 2 and kind in ("stack", "wrapped"):
        kind = "gru"
    if kind == "stack":
        return u.MultiRNNCell(draw(st.lists(cells(depth + 1), min_size=1, max_size=3)))
    if kind == "wrapped":
        return u.DropoutWrapper(draw(cells(depth + 1)))
    return {
        "basic": u.BasicRNNCell,
        "gru": u.GRUCell,
        "lstm": u.BasicLSTMCell,
        "projected": lambda n: u.LSTMCell(n, use_peepholes=True, num_proj=draw(sizes)),
    }[kind](units)


@st.composite
def batches(draw):
    """Inputs [B, T, D] and lengths."""
    batch, steps, depth = draw(sizes), draw(st.integers(1, 5)), draw(sizes)
    lengths = draw(st.lists(st.integers(0, steps), min_size=batch, max_size=batch))
    x = np.random.default_rng(draw(st.integers(0, 9))).normal(size=(batch, steps, depth))
    return x, np.array(lengths)


def both(cell, x, lengths, dtype):
    x = tf.cast(x, dtype)
    dynamic = u.dynamic_rnn(cell, x, lengths, dtype=dtype)
    outputs, state = u.static_rnn(cell, u.unpack_sequence(x), dtype=dtype, sequence_length=lengths)
    return dynamic, (u.pack_sequence(outputs), state)


@given(cells(), batches(), dtypes)
def test_static_and_dynamic_agree_in_numbers_shapes_and_dtypes(cell, batch, dtype):
    x, lengths = batch
    dynamic, static = both(cell, x, lengths, dtype)
    tf.nest.assert_same_structure(dynamic, static)
    for a, b in zip(tf.nest.flatten(dynamic), tf.nest.flatten(static), strict=True):
        assert a.dtype == b.dtype == dtype
        np.testing.assert_array_equal(a, b)
    assert dynamic[0].shape == (*x.shape[:2], cell.output_size)
    tf.nest.map_structure(
        lambda s, size: tf.ensure_shape(s, [len(x), size]), dynamic[1], cell.state_size
    )


@given(cells(), batches())
def test_a_row_does_not_know_its_padding_or_its_neighbours(cell, batch):
    x, lengths = batch
    outputs, state = u.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
    for row, n in enumerate(lengths):
        alone, final = u.dynamic_rnn(cell, x[row : row + 1, :n], dtype=tf.float64)
        np.testing.assert_allclose(outputs[row, :n], alone[0], atol=1e-12)
        assert not outputs[row, n:].numpy().any()
        tf.nest.map_structure(
            lambda a, b, row=row: np.testing.assert_allclose(a[row], b[0], atol=1e-12),
            state,
            final,
        )


@given(cells(), batches())
def test_time_major_is_the_same_transposed(cell, batch):
    x, lengths = batch
    outputs, state = u.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
    swapped, swapped_state = u.dynamic_rnn(
        cell, x.transpose(1, 0, 2), lengths, dtype=tf.float64, time_major=True
    )
    np.testing.assert_array_equal(outputs, tf.transpose(swapped, [1, 0, 2]))
    tf.nest.map_structure(np.testing.assert_array_equal, state, swapped_state)


@given(cells(), batches(), st.data())
def test_a_run_may_be_cut_anywhere(cell, batch, data):
    x, lengths = batch
    cut = data.draw(st.integers(0, x.shape[1]))
    whole, final = u.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
    first, state = u.dynamic_rnn(cell, x[:, :cut], np.minimum(lengths, cut), dtype=tf.float64)
    second, state = u.dynamic_rnn(
        cell, x[:, cut:], np.maximum(lengths - cut, 0), initial_state=state
    )
    np.testing.assert_allclose(whole, tf.concat([first, second], axis=1), atol=1e-12)
    tf.nest.map_structure(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-12), final, state)


@given(batches(), sizes)
def test_last_relevant_is_the_final_state_of_a_cell_whose_output_is_its_state(batch, units):
    x, lengths = batch
    outputs, state = u.dynamic_rnn(u.GRUCell(units), x, lengths, dtype=tf.float64)
    expected = np.where(lengths[:, None] > 0, state, 0)
    np.testing.assert_array_equal(u.last_relevant(outputs, lengths), expected)


@given(batches(), sizes)
def test_the_basic_cell_is_the_reference(batch, units):
    x, lengths = batch
    cell = u.BasicRNNCell(units)
    _, state = u.dynamic_rnn(cell, x, lengths, dtype=tf.float64)
    states = reference.forward(x, cell.kernel.numpy(), cell.bias.numpy(), lengths=lengths)
    np.testing.assert_allclose(state, states[:, -1], atol=1e-12)


@given(batches(), st.integers(2, 5))
def test_sequence_loss_is_the_references(batch, classes):
    x, lengths = batch
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(*x.shape[:2], classes))
    targets = rng.integers(0, classes, size=x.shape[:2])
    weights = reference.live_steps(lengths, *x.shape[:2])
    expected, _ = reference.loss(logits, targets, weights)
    np.testing.assert_allclose(u.sequence_loss(logits, targets, weights), expected, atol=1e-12)
