"""`tf.contrib.crf` against all tag sequences, one by one, in NumPy."""

import itertools

import numpy as np
import pytest
from unrolled.tf1.contrib import crf

import unrolled.tf1 as tf

B, T, K = 4, 5, 3
RANDOM = np.random.RandomState(0)
X = RANDOM.normal(size=[B, T, K])
A = RANDOM.normal(size=[K, K])
TAGS = RANDOM.randint(K, size=[B, T])
LENGTHS = np.array([5, 0, 1, 3])


def total(x, a, tags):
    """s(y) of one row without padding."""
    return sum(x[t, k] for t, k in enumerate(tags)) + sum(a[i, k] for i, k in zip(tags, tags[1:]))


def ways(x, a):
    """Every tag sequence of one row without padding, and its score."""
    every = [list(tags) for tags in itertools.product(range(x.shape[1]), repeat=len(x))]
    return every, np.array([total(x, a, tags) for tags in every])


def log_norms(x, a, lengths):
    norms = [np.log(np.exp(ways(row[:n], a)[1]).sum()) for row, n in zip(x, lengths)]
    return np.array(norms) * (np.array(lengths) > 0)


def totals(x, a, tags, lengths):
    return np.array([total(row, a, y[:n]) for row, y, n in zip(x, tags, lengths)])


def best(row, a):
    every, scores = ways(row, a)
    return every[scores.argmax()], scores.max()


def run(build, *feeds, known=False):
    """What `build` makes of placeholders, whose B and T are known or not."""
    holders = []
    for value in map(np.asarray, feeds):
        free = value.shape if known else [None, None, K][: value.ndim]
        holders.append(tf.placeholder(value.dtype, free))
    with tf.Session() as session:
        results = build(*holders)
        session.run(tf.global_variables_initializer())
        return session.run(results, dict(zip(holders, feeds)))


@pytest.mark.one_in(3)
@pytest.mark.parametrize("known", [True, False], ids=["known sizes", "unknown sizes"])
@pytest.mark.parametrize("steps, lengths", [(T, LENGTHS), (T, [T] * B), (1, [1, 0, 1, 1])])
def test_scores_and_likelihood(steps, lengths, known):
    x, tags = X[:, :steps], TAGS[:, :steps]

    def build(x, tags, lengths):
        likelihood, transitions = crf.crf_log_likelihood(x, tags, lengths, tf.constant(A))
        return (
            likelihood,
            crf.crf_sequence_score(x, tags, lengths, transitions),
            crf.crf_unary_score(tags, lengths, x),
            crf.crf_binary_score(tags, lengths, transitions),
            crf.crf_log_norm(x, lengths, transitions),
        )

    likelihood, score, unary, binary, norm = run(build, x, tags, np.array(lengths), known=known)
    expected, norms = totals(x, A, tags, lengths), log_norms(x, A, lengths)
    np.testing.assert_allclose(score, expected)
    np.testing.assert_allclose(unary, totals(x, 0 * A, tags, lengths))
    np.testing.assert_allclose(binary, totals(0 * x, A, tags, lengths))
    np.testing.assert_allclose(norm, norms)
    np.testing.assert_allclose(likelihood, expected - norms)
    assert likelihood[np.array(lengths) == 0] == pytest.approx(0)


@pytest.mark.one_in(3)
@pytest.mark.parametrize("known", [True, False], ids=["known sizes", "unknown sizes"])
@pytest.mark.parametrize("steps, lengths", [(T, LENGTHS), (T, [T] * B), (1, [1, 0, 1, 1])])
def test_decoding(steps, lengths, known):
    x = X[:, :steps]
    tags, scores = run(
        lambda x, n: crf.crf_decode(x, tf.constant(A), n), x, np.array(lengths), known=known
    )
    assert tags.dtype == np.int32 and tags.shape == (B, steps)
    for row, n, path, score in zip(x, lengths, tags, scores):
        n = max(n, 1)  # as TensorFlow 1 decoded a row of length 0
        expected_path, expected_score = best(row[:n], A)
        assert path.tolist() == expected_path + [0] * (steps - n)
        np.testing.assert_allclose(score, expected_score)
        path, score = crf.viterbi_decode(row[:n], A)
        assert path == expected_path
        np.testing.assert_allclose(score, expected_score)


def test_transitions_decide():
    # Steps alone say 0, 1, 0; that tag 1 follows 0 costs more than it gains.
    x, a = np.array([[3.0, 0.0], [0.0, 1.0], [2.0, 0.0]]), np.array([[0.0, -5.0], [0.0, 0.0]])
    assert crf.viterbi_decode(x, a) == ([0, 0, 0], 5.0)
    tags, score = run(lambda n: crf.crf_decode(tf.constant(x[np.newaxis]), tf.constant(a), n), [3])
    assert tags.tolist() == [[0, 0, 0]] and score.tolist() == [5.0]


def test_one_tag_is_certain():
    zeros = np.zeros([2, T], int)
    likelihood, (tags, scores) = run(
        lambda x, n: (
            crf.crf_log_likelihood(x, zeros, n, tf.constant([[0.7]], tf.float64))[0],
            crf.crf_decode(x, tf.constant([[0.7]], tf.float64), n),
        ),
        X[:2, :, :1],
        np.array([T, 2]),
        known=True,
    )
    np.testing.assert_allclose(likelihood, [0, 0], atol=1e-12)
    assert not tags.any()
    np.testing.assert_allclose(scores, [X[0, :, 0].sum() + 0.7 * (T - 1), X[1, :2, 0].sum() + 0.7])


def test_gradients_by_differences():
    def build(x, a):
        likelihood, _ = crf.crf_log_likelihood(x, TAGS, LENGTHS, a)
        return tf.gradients(likelihood, [x, a])

    gradients = run(build, X, A)
    for which, gradient in enumerate(gradients):
        for at in np.ndindex(gradient.shape):
            values = []
            for step in (1e-5, -1e-5):
                x, a = X.copy(), A.copy()
                (x, a)[which][at] += step
                values.append((totals(x, a, TAGS, LENGTHS) - log_norms(x, a, LENGTHS)).sum())
            assert gradient[at] == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-7)


def test_what_stands_in_the_padding_does_not_count():
    padded, tags = X.copy(), TAGS.copy()
    for row, n in enumerate(LENGTHS):
        padded[row, n:], tags[row, n:] = np.nan, -1

    def build(x, tags):
        likelihood, _ = crf.crf_log_likelihood(x, tags, LENGTHS, tf.constant(A))
        return likelihood, tf.gradients(likelihood, x)[0], crf.crf_decode(x, A, LENGTHS)

    likelihood, gradient, (path, scores) = run(build, padded, tags)
    np.testing.assert_allclose(
        likelihood, totals(X, A, TAGS, LENGTHS) - log_norms(X, A, LENGTHS), atol=1e-12
    )
    assert np.isfinite(gradient).all() and np.isfinite(scores[LENGTHS > 0]).all()
    for row, n in enumerate(LENGTHS):
        assert not gradient[row, n:].any() and not path[row, max(n, 1) :].any()


def test_lengths_of_other_types_and_beyond():
    def build(x, lengths):
        return crf.crf_log_likelihood(x, TAGS, lengths, tf.constant(A))[0], crf.crf_decode(
            x, tf.constant(A), lengths
        )

    expected = run(build, X, np.array([T, 0, 1, 3], np.int64))
    for lengths in (np.array([T + 2, 0, 1, 3]), np.array([T, -1, 1, 3], np.float32)):
        for one, other in zip(tf.nest.flatten(run(build, X, lengths)), tf.nest.flatten(expected)):
            np.testing.assert_array_equal(one, other)


def test_large_scores_do_not_overflow():
    likelihood, decoded = run(
        lambda x: (
            crf.crf_log_likelihood(x, TAGS, [T] * B, A.astype(np.float32))[0],
            crf.crf_decode(x, A.astype(np.float32), [T] * B)[1],
        ),
        (1000 * X).astype(np.float32),
    )
    assert np.isfinite(likelihood).all()
    expected = [best(1000 * row, A)[1] for row in X]
    np.testing.assert_allclose(decoded, expected, rtol=1e-5)


def test_training_finds_tags_that_steps_alone_do_not_tell():
    # Tags alternate; only the first step says with which they begin.
    tags = np.array([[0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]])
    x = np.zeros([2, 6, 2], np.float32)
    x[[0, 1], 0, [0, 1]] = 1
    lengths = np.array([6, 5])
    with tf.variable_scope("tagger"):
        logits = tf.layers.dense(tf.constant(x), 2)
        likelihood, transitions = crf.crf_log_likelihood(logits, tags, lengths)
    assert transitions.name == "tagger/transitions:0"
    assert transitions in tf.trainable_variables() and transitions.shape.as_list() == [2, 2]
    loss = tf.reduce_mean(-likelihood)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    decoded, _ = crf.crf_decode(logits, transitions, lengths)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        losses = [session.run([loss, train])[0] for _ in range(60)]
        path, scores, a = session.run([decoded, logits, transitions])
    assert losses[-1] < 0.2 * losses[0]
    assert path.tolist() == [[0, 1, 0, 1, 0, 1], [1, 0, 1, 0, 1, 0]]
    for row, n, expected in zip(scores, lengths, tags):
        assert crf.viterbi_decode(row[:n], a)[0] == expected[:n].tolist()


def test_the_transitions_are_reused():
    x = tf.constant(X, tf.float32)
    with tf.variable_scope("crf"):
        first = crf.crf_log_likelihood(x, TAGS, LENGTHS)[1]
    with tf.variable_scope("crf", reuse=True):
        assert crf.crf_log_likelihood(x, TAGS, LENGTHS)[1] is first
    assert [v.name for v in tf.global_variables()] == ["crf/transitions:0"]


@pytest.mark.parametrize("shape", [[None, K], [None, None, None]])
def test_inputs_without_a_known_number_of_tags(shape):
    x = tf.placeholder(tf.float32, shape)
    with pytest.raises(ValueError, match=r"inputs must be \[B, T, K\] with a known number K"):
        crf.crf_log_likelihood(x, TAGS, LENGTHS)
    with pytest.raises(ValueError, match=r"inputs must be \[B, T, K\] with a known number K"):
        crf.crf_decode(x, A, LENGTHS)


def test_the_module_behind():
    from unrolled.tf1.contrib.crf.python.ops import crf as behind

    assert behind.viterbi_decode is crf.viterbi_decode
    with pytest.raises(AttributeError, match="crf_decode and viterbi_decode, which are put back"):
        _ = crf.crf_multitag_log_norm
