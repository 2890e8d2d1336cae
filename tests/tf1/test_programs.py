"""Whole programs of 2016 to 2018, the listings of the five documents among them."""

from __future__ import annotations

import random
import sys
from pathlib import Path

import numpy as np
import pytest
from unrolled.tf1.contrib import rnn

import unrolled.tf1 as tf
from unrolled.internal import programs

RANDOM = np.random.RandomState(0)


def first_symbols(n: int, steps: int, symbols: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of one-hot symbols [N, T, D], and the first of each [N], which a net must keep."""
    numbers = np.random.RandomState(n + steps).randint(symbols, size=[n, steps])
    return np.eye(symbols, dtype=np.float32)[numbers], numbers[:, 0]


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """What the event files of a folder hold: for each tag its (step, value) pairs."""
    found: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in tf.train.summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.simple_value))
    return found


# Training, in the manners of the time ---------------------------------------------------------


def test_a_classifier_of_batches_of_any_size():
    x = tf.placeholder(tf.float32, [None, None, 3], name="x")
    y = tf.placeholder(tf.int64, [None], name="y")
    keep_prob = tf.placeholder_with_default(1.0, [], name="keep_prob")
    cell = tf.nn.rnn_cell.LSTMCell(12)
    cell = tf.nn.rnn_cell.DropoutWrapper(cell, output_keep_prob=keep_prob)
    outputs, state = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
    logits = tf.layers.dense(outputs[:, -1, :], 3, name="logits")
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)
    global_step = tf.train.get_or_create_global_step()
    rate = tf.train.exponential_decay(0.05, global_step, 50, 0.9)
    train = tf.train.AdamOptimizer(rate).minimize(loss, global_step=global_step)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(tf.argmax(logits, 1), y), tf.float32))
    assert logits.get_shape().as_list() == [None, 3]
    assert state.h.get_shape().as_list() == [None, 12]

    images, labels = first_symbols(64, 4)
    losses = []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        for _ in range(60):
            feed = {x: images, y: labels, keep_prob: 0.9}
            losses.append(sess.run([train, loss], feed_dict=feed)[1])
        assert sess.run(global_step) == 60
        assert losses[0] == pytest.approx(np.log(3), rel=0.2)
        assert losses[-1] < 0.2 * losses[0]
        for n, steps in [(1, 4), (31, 4), (7, 3)]:  # batches of other sizes, and shorter ones
            images, labels = first_symbols(n, steps)
            got, right = sess.run([logits, accuracy], {"x:0": images, "y:0": labels})
            assert got.shape == (n, 3) and right > 0.9


def test_an_interactive_session():
    sess = tf.InteractiveSession()
    x = tf.placeholder(tf.float32, shape=[None, 2, 3])
    outputs, state = tf.nn.dynamic_rnn(rnn.BasicRNNCell(4), x, dtype=tf.float32)
    target = tf.constant(0.5)
    loss = tf.reduce_mean(tf.square(state - target))
    train = tf.train.GradientDescentOptimizer(0.5).minimize(loss)
    tf.global_variables_initializer().run()
    feed = {x: np.ones([6, 2, 3])}
    before = loss.eval(feed_dict=feed)
    for _ in range(40):
        train.run(feed_dict=feed)
    assert loss.eval(feed) < 0.2 * before
    assert outputs.eval(feed_dict=feed).shape == (6, 2, 4)
    assert tf.get_default_session() is sess
    sess.close()
    assert tf.get_default_session() is None or tf.get_default_session() is not sess


def test_gradients_added_after_the_session_has_run():
    x = tf.placeholder(tf.float32, [None, 4, 3])
    y = tf.placeholder(tf.float32, [None, 5])
    _, state = tf.nn.dynamic_rnn(rnn.GRUCell(5), x, dtype=tf.float32)
    loss = tf.reduce_mean(tf.square(state - y))
    data = {x: RANDOM.normal(size=[8, 4, 3]), y: RANDOM.uniform(-0.5, 0.5, [8, 5])}
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        before = sess.run(loss, data)
        optimizer = tf.train.MomentumOptimizer(0.5, 0.9)
        gradients, variables = zip(*optimizer.compute_gradients(loss))
        gradients, norm = tf.clip_by_global_norm(gradients, 5.0)
        train = optimizer.apply_gradients(zip(gradients, variables))
        sess.run(tf.variables_initializer(optimizer.variables()))
        for _ in range(40):
            _, length = sess.run([train, norm], data)
        after = sess.run(loss, data)
    assert len(variables) == 4 and 0 < length < 5
    assert after < 0.5 * before


def test_a_language_model_that_carries_its_state_from_batch_to_batch():
    """Steps by hand in a scope that is reused, a state that is fed, a rate that is assigned."""
    batch, steps, units, words = 4, 5, 16, 6
    text = np.tile([0, 1, 2, 3, 4, 5, 3, 1], 40)[: batch * 51].reshape(batch, 51)
    inputs = tf.placeholder(tf.int32, [batch, steps])
    targets = tf.placeholder(tf.int32, [batch, steps])
    rate = tf.Variable(0.0, trainable=False)
    with tf.variable_scope("model", initializer=tf.random_uniform_initializer(-0.3, 0.3)):
        cell = rnn.MultiRNNCell(
            [rnn.BasicLSTMCell(units, forget_bias=0.0, state_is_tuple=True) for _ in range(2)],
            state_is_tuple=True,
        )
        initial_state = state = cell.zero_state(batch, tf.float32)
        with tf.device("/cpu:0"):
            embedding = tf.get_variable("embedding", [words, units])
            embedded = tf.nn.embedding_lookup(embedding, inputs)
        outputs = []
        with tf.variable_scope("RNN"):
            for step in range(steps):
                if step > 0:
                    tf.get_variable_scope().reuse_variables()
                output, state = cell(embedded[:, step, :], state)
                outputs.append(output)
        output = tf.reshape(tf.concat(outputs, 1), [-1, units])
        softmax_w = tf.get_variable("softmax_w", [units, words])
        softmax_b = tf.get_variable("softmax_b", [words])
        logits = tf.matmul(output, softmax_w) + softmax_b
    loss = tf.contrib.legacy_seq2seq.sequence_loss_by_example(
        [logits], [tf.reshape(targets, [-1])], [tf.ones([batch * steps])]
    )
    cost = tf.reduce_sum(loss) / batch
    gradients, _ = tf.clip_by_global_norm(tf.gradients(cost, tf.trainable_variables()), 5)
    train = tf.train.GradientDescentOptimizer(rate).apply_gradients(
        zip(gradients, tf.trainable_variables())
    )
    assert [v.name for v in tf.trainable_variables()] == [
        "model/embedding:0",
        "model/RNN/multi_rnn_cell/cell_0/basic_lstm_cell/kernel:0",
        "model/RNN/multi_rnn_cell/cell_0/basic_lstm_cell/bias:0",
        "model/RNN/multi_rnn_cell/cell_1/basic_lstm_cell/kernel:0",
        "model/RNN/multi_rnn_cell/cell_1/basic_lstm_cell/bias:0",
        "model/softmax_w:0",
        "model/softmax_b:0",
    ]

    def epoch(session):
        costs, count = 0.0, 0
        carried = session.run(initial_state)
        for at in range(0, 50, steps):
            feed = {inputs: text[:, at : at + steps], targets: text[:, at + 1 : at + 1 + steps]}
            for i, (c, h) in enumerate(initial_state):
                feed[c], feed[h] = carried[i].c, carried[i].h
            one, carried, _ = session.run([cost, state, train], feed)
            costs, count = costs + one, count + steps
        return np.exp(costs / count)

    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        at_rate_0 = epoch(session)
        assert at_rate_0 == pytest.approx(epoch(session))
        session.run(tf.assign(rate, 1.0))
        perplexities = [epoch(session) for _ in range(25)]
    assert at_rate_0 == pytest.approx(words, rel=0.1)
    assert perplexities[-1] < 1.7


def test_labelling_in_both_directions_fed_by_a_dataset():
    """A step's label is whether both neighbours are 1, which only both directions together know."""
    n, steps = 64, 5
    x = RANDOM.randint(2, size=[n, steps, 1]).astype(np.float32)
    padded = np.pad(x[:, :, 0], [(0, 0), (1, 1)], constant_values=1)
    y = (padded[:, :-2] * padded[:, 2:]).astype(np.int32)
    lengths = np.where(np.arange(n) % 2, steps, steps - 1).astype(np.int32)
    dataset = tf.data.Dataset.from_tensor_slices((x, y, lengths)).repeat().batch(n)
    inputs, labels, sequence_length = dataset.make_one_shot_iterator().get_next()
    (forward, backward), _ = tf.nn.bidirectional_dynamic_rnn(
        cell_fw=tf.contrib.rnn.GRUCell(12),
        cell_bw=tf.contrib.rnn.GRUCell(12),
        inputs=inputs,
        sequence_length=sequence_length,
        dtype=tf.float32,
    )
    logits = tf.layers.dense(tf.concat([forward, backward], axis=-1), 2)
    mask = tf.sequence_mask(sequence_length - 1, tf.shape(inputs)[1], dtype=tf.float32)
    loss = tf.contrib.seq2seq.sequence_loss(logits, labels, mask)
    train = tf.train.AdamOptimizer(0.03).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, train])[0] for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]


# Graphs ---------------------------------------------------------------------------------------


def test_two_graphs_in_one_process():
    results = []
    for seed in (1, 2):
        graph = tf.Graph()
        with graph.as_default():
            x = tf.placeholder(tf.float32, [None, 3, 2])
            weights = tf.random_uniform_initializer(-1, 1, seed=seed)
            with tf.variable_scope("net", initializer=weights):
                _, state = tf.nn.dynamic_rnn(rnn.BasicRNNCell(4), x, dtype=tf.float32)
            start = tf.global_variables_initializer()
        sess = tf.Session(graph=graph)
        sess.run(start)
        results.append((graph, sess, x, state))
    assert not tf.global_variables()  # of the default graph
    values = []
    for graph, sess, x, state in results:
        with graph.as_default():
            assert [v.name for v in tf.trainable_variables()] == [
                "net/rnn/basic_rnn_cell/kernel:0",
                "net/rnn/basic_rnn_cell/bias:0",
            ]
        values.append(sess.run(state, {x: np.ones([5, 3, 2])}))
        sess.close()
    assert values[0].shape == values[1].shape == (5, 4)
    assert not np.allclose(*values)


def test_a_finalized_graph_takes_no_more():
    x = tf.placeholder(tf.float32, [None, 3, 2])
    _, state = tf.nn.dynamic_rnn(rnn.GRUCell(4), x, dtype=tf.float32)
    start = tf.global_variables_initializer()
    tf.get_default_graph().finalize()
    with tf.Session() as sess:
        sess.run(start)
        assert sess.run(state, {x: np.ones([2, 3, 2])}).shape == (2, 4)
    with pytest.raises(RuntimeError, match="finalized"):
        tf.constant(1.0)


def test_a_loop_and_a_condition_around_a_cell():
    cell = tf.nn.rnn_cell.GRUCell(3)
    x = tf.placeholder(tf.float32, [None, 3])
    times = tf.placeholder(tf.int32, [])
    double = tf.placeholder(tf.bool, [])
    with tf.variable_scope("cell"):
        output, _ = cell(x, cell.zero_state(tf.shape(x)[0], tf.float32))

    def body(i, state):
        with tf.variable_scope("cell", reuse=True):
            _, state = cell(x, state)
        return i + 1, state

    _, state = tf.while_loop(lambda i, _: i < times, body, [tf.constant(0), tf.zeros_like(x)])

    def doubled():
        with tf.variable_scope("cell", reuse=True):
            return 2.0 * cell(x, state)[0]

    result = tf.cond(double, doubled, lambda: state)
    gradient = tf.gradients(result, x)[0]
    assert len(tf.trainable_variables()) == 4
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        feed = {x: RANDOM.normal(size=[2, 3]), double: False}
        zero, one, four, five = (sess.run(result, {**feed, times: n}) for n in (0, 1, 4, 5))
        np.testing.assert_allclose(one, sess.run(output, feed), rtol=1e-6)
        assert (zero == 0).all()
        np.testing.assert_allclose(
            sess.run(result, {**feed, times: 4, double: True}), 2 * five, rtol=1e-5
        )
        slope = sess.run(gradient, {**feed, times: 4})
    assert np.abs(four - one).max() > 1e-3 and np.abs(slope).max() > 1e-3


# Keeping what was learned ---------------------------------------------------------------------


def small_model():
    x = tf.placeholder(tf.float32, [None, 3, 2], name="x")
    cells = [rnn.DropoutWrapper(rnn.LSTMCell(n)) for n in (4, 3)]
    outputs, _ = tf.nn.dynamic_rnn(rnn.MultiRNNCell(cells), x, dtype=tf.float32)
    logits = tf.layers.dense(outputs[:, -1], 2)
    loss = tf.reduce_mean(tf.square(logits - 1.0), name="loss")
    train = tf.train.AdamOptimizer(0.1).minimize(loss, name="train")
    return x, tf.identity(logits, "logits"), loss, train


def test_a_saver_and_a_new_graph(tmp_path):
    feed = np.ones([2, 3, 2])
    with tf.Graph().as_default(), tf.Session() as sess:
        x, logits, _, train = small_model()
        trainable = [v.op.name for v in tf.trainable_variables()]
        everything = {v.op.name: v.shape.as_list() for v in tf.global_variables()}
        saver = tf.train.Saver(max_to_keep=2)
        sess.run(tf.global_variables_initializer())
        for step in range(3):
            sess.run(train, {x: feed})
            path = saver.save(sess, str(tmp_path / "model.ckpt"), global_step=step)
        expected = sess.run(logits, {x: feed})
        sess.run(train, {x: feed})
        one_more = sess.run(logits, {x: feed})
    assert path == tf.train.latest_checkpoint(str(tmp_path)) == str(tmp_path / "model.ckpt-2")
    assert not (tmp_path / "model.ckpt-0.index").exists()
    assert trainable == [
        *(
            f"rnn/multi_rnn_cell/cell_{layer}/lstm_cell/{name}"
            for layer in (0, 1)
            for name in ("kernel", "bias")
        ),
        "dense/kernel",
        "dense/bias",
    ]
    assert dict(tf.train.list_variables(path)) == everything
    slots = {f"{name}/{slot}" for name in trainable for slot in ("Adam", "Adam_1")}
    assert set(everything) == {*trainable, *slots, "beta1_power", "beta2_power"}

    with tf.Graph().as_default(), tf.Session() as sess:  # the program, run again
        x, logits, _, train = small_model()
        tf.train.Saver().restore(sess, path)
        np.testing.assert_array_equal(sess.run(logits, {x: feed}), expected)
        sess.run(train, {x: feed})  # by the optimiser's moments, restored too
        np.testing.assert_allclose(sess.run(logits, {x: feed}), one_more, rtol=1e-5)

    with tf.Graph().as_default(), tf.Session() as sess:  # without the program
        tf.train.import_meta_graph(path + ".meta").restore(sess, path)
        np.testing.assert_array_equal(sess.run("logits:0", {"x:0": feed}), expected)
        sess.run("train", {"x:0": feed})
        np.testing.assert_allclose(sess.run("logits:0", {"x:0": feed}), one_more, rtol=1e-5)


@pytest.mark.parametrize("manner", ["supervisor", "monitored"])
def test_a_run_that_is_taken_up_again(tmp_path, manner):
    def run_to(last):
        with tf.Graph().as_default():
            tf.set_random_seed(1)
            x = tf.placeholder(tf.float32, [None, 3, 2])
            _, state = tf.nn.dynamic_rnn(rnn.GRUCell(4), x, dtype=tf.float32)
            loss = tf.reduce_mean(tf.square(state - 0.5))
            step = tf.train.get_or_create_global_step()
            train = tf.train.AdamOptimizer(0.05).minimize(loss, global_step=step)
            losses, feed = [], {x: np.ones([2, 3, 2])}
            if manner == "supervisor":
                supervisor = tf.train.Supervisor(
                    logdir=str(tmp_path), global_step=step, summary_op=None, save_model_secs=0
                )
                with supervisor.managed_session() as sess:
                    while not supervisor.should_stop() and sess.run(step) < last:
                        losses.append(sess.run([loss, train], feed)[0])
                    supervisor.saver.save(sess, supervisor.save_path, global_step=step)
            else:
                with tf.train.MonitoredTrainingSession(
                    checkpoint_dir=str(tmp_path),
                    hooks=[tf.train.StopAtStepHook(last_step=last)],
                    save_summaries_steps=None,
                    log_step_count_steps=None,
                ) as sess:
                    while not sess.should_stop():
                        losses.append(sess.run([loss, train], feed)[0])
            return losses

    first, second = run_to(5), run_to(8)
    assert (len(first), len(second)) == (5, 3)
    assert second[0] < first[-1] < first[0]
    assert tf.train.latest_checkpoint(str(tmp_path)).endswith("model.ckpt-8")


def test_summaries_read_back(tmp_path):
    x, _, loss, train = small_model()
    tf.summary.scalar("cost", loss)
    tf.summary.histogram("kernel", tf.trainable_variables()[0])
    merged = tf.summary.merge_all()
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        writer = tf.summary.FileWriter(str(tmp_path), sess.graph)
        losses = []
        for step in range(3):
            text, one, _ = sess.run([merged, loss, train], {x: np.ones([2, 3, 2])})
            writer.add_summary(text, step)
            losses.append(one)
        writer.close()
    found = scalars(tmp_path)
    assert [step for step, _ in found["cost"]] == [0, 1, 2]
    assert [value for _, value in found["cost"]] == losses
    assert len(found["kernel"]) == 3
    (path,) = tmp_path.iterdir()
    graphs = [e.graph_def for e in tf.train.summary_iterator(str(path)) if e.graph_def]
    nodes = {node.name for node in tf.GraphDef.FromString(graphs[0]).node}
    assert "rnn/multi_rnn_cell/cell_0/lstm_cell/kernel" in nodes


def test_run_n():
    x = tf.placeholder(tf.float32, [None, 3, 2])
    _, state = tf.nn.dynamic_rnn(rnn.BasicLSTMCell(4), x, dtype=tf.float32)
    count = tf.Variable(0)
    results = tf.contrib.learn.run_n(
        {"state": state, "count": tf.assign_add(count, 1)}, {x: np.ones([2, 3, 2])}, n=3
    )
    assert [one["count"] for one in results] == [1, 2, 3]
    assert all(one["state"].h.shape == (2, 4) for one in results)
    (one,) = tf.contrib.learn.run_n({"count": count})
    assert one == {"count": 0}  # initialised anew


def test_run_n_from_a_checkpoint(tmp_path):
    count = tf.Variable(0)
    with tf.Session() as sess:
        sess.run(count.assign(7))
        path = tf.train.Saver().save(sess, str(tmp_path / "count"))
    assert tf.contrib.learn.run_n({"n": count}, restore_checkpoint_path=path) == [{"n": 7}]


# Flags ----------------------------------------------------------------------------------------


@pytest.fixture
def flags(monkeypatch):
    """A program's own flags, forgotten after the test."""
    from absl import flags as absl

    fresh = absl.FlagValues()
    for name in absl.FLAGS:
        fresh[name] = absl.FLAGS[name]
    known = vars(absl.FLAGS).copy()
    vars(absl.FLAGS).update(vars(fresh) | {"_parse_flags": known["_parse_flags"]})
    monkeypatch.setattr(sys, "argv", ["program.py", "--hidden=7", "--nodeep", "--log_dir", "here"])
    yield tf.app.flags
    vars(absl.FLAGS).clear()
    vars(absl.FLAGS).update(known)


def define(flags):
    flags.DEFINE_integer("hidden", 5, "Units.")
    flags.DEFINE_float("rate", 0.1, "Learning rate.")
    flags.DEFINE_boolean("deep", True, "Layers.")
    flags.DEFINE_string("log_dir", "/tmp", "absl has one too.")
    return flags.FLAGS


def test_flags_are_parsed_when_first_read(flags):
    FLAGS = define(flags)
    assert (FLAGS.hidden, FLAGS.rate, FLAGS.deep, FLAGS.log_dir) == (7, 0.1, False, "here")
    assert tf.flags.FLAGS.hidden == 7


def test_flags_parsed_by_hand_as_before_1_5(flags):
    FLAGS = define(flags)
    FLAGS._parse_flags()
    assert FLAGS.hidden == 7
    assert {"hidden", "rate", "deep", "log_dir"} <= set(FLAGS.__flags)


@pytest.mark.parametrize("by_name", [True, False])
def test_app_run(flags, monkeypatch, by_name):
    FLAGS = define(flags)
    got = []

    def main(rest):
        got.append((FLAGS.hidden, rest))
        return 3

    monkeypatch.setattr(sys.modules["__main__"], "main", main, raising=False)
    monkeypatch.setattr(sys, "argv", [*sys.argv, "more"])
    with pytest.raises(SystemExit) as ended:
        if by_name:
            tf.app.run(main=main)
        else:
            tf.app.run()
    assert ended.value.code == 3
    assert got == [(7, ["program.py", "more"])]


# Document A -----------------------------------------------------------------------------------

BATCH, STEPS, DEPTH, UNITS = 3, 4, 5, 6


def document_a_inputs():
    return tf.placeholder(tf.float32, [BATCH, STEPS, DEPTH])


def test_document_a_one_cell_both_unrolls():
    x = document_a_inputs()
    cell = tf.contrib.rnn.BasicLSTMCell(UNITS, forget_bias=1.0)
    initial_state = cell.zero_state(BATCH, tf.float32)
    output, _ = tf.nn.dynamic_rnn(
        cell, x, [STEPS] * BATCH, initial_state=initial_state, time_major=False, dtype=tf.float32
    )
    turned, _ = tf.nn.dynamic_rnn(
        cell, tf.transpose(x, [1, 0, 2]), time_major=True, dtype=tf.float32
    )
    steps, _ = tf.nn.static_rnn(cell, tf.unstack(x, axis=1), dtype=tf.float32)
    assert output.get_shape().as_list() == [BATCH, STEPS, UNITS]
    assert turned.get_shape().as_list() == [STEPS, BATCH, UNITS]
    assert [step.get_shape().as_list() for step in steps] == [[BATCH, UNITS]] * STEPS
    assert len(tf.trainable_variables()) == 2
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {x: RANDOM.normal(size=[BATCH, STEPS, DEPTH])}
        one, two, three = sess.run([output, turned, steps], feed)
        assert all((zeros == 0).all() for zeros in sess.run(initial_state))
    np.testing.assert_allclose(two.swapaxes(0, 1), one, rtol=1e-5)
    np.testing.assert_allclose(np.stack(three, 1), one, rtol=1e-5)


def test_document_a_layers():
    x = document_a_inputs()
    cell1, cell2 = tf.contrib.rnn.GRUCell(UNITS), tf.contrib.rnn.GRUCell(UNITS)
    rnn_cells = tf.contrib.rnn.MultiRNNCell([cell1, cell2])

    def create_rnn_cell():
        return tf.contrib.rnn.BasicLSTMCell(num_units=UNITS, state_is_tuple=True)

    multi_cells = tf.contrib.rnn.MultiRNNCell(
        [create_rnn_cell() for _ in range(2)], state_is_tuple=True
    )
    _, grus = tf.nn.dynamic_rnn(rnn_cells, x, dtype=tf.float32, scope="grus")
    outputs, lstms = tf.nn.dynamic_rnn(multi_cells, x, dtype=tf.float32)
    assert outputs.get_shape().as_list() == [BATCH, STEPS, UNITS]
    assert [state.get_shape().as_list() for state in grus] == [[BATCH, UNITS]] * 2
    assert [type(state) for state in lstms] == [tf.contrib.rnn.LSTMStateTuple] * 2
    assert [v.name for v in tf.trainable_variables() if "lstm" in v.name] == [
        f"rnn/multi_rnn_cell/cell_{layer}/basic_lstm_cell/{name}:0"
        for layer in (0, 1)
        for name in ("kernel", "bias")
    ]


def test_document_a_lengths():
    x = document_a_inputs()
    cell = tf.contrib.rnn.BasicLSTMCell(UNITS)
    outputs, _states = tf.nn.dynamic_rnn(cell, x, sequence_length=[1, 3, 2], dtype=tf.float32)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        values, state = sess.run([outputs, _states], {x: np.ones([BATCH, STEPS, DEPTH])})
    for row, length in enumerate([1, 3, 2]):
        assert (values[row, :length] != 0).all() and (values[row, length:] == 0).all()
        np.testing.assert_array_equal(state.h[row], values[row, length - 1])


def test_document_a_loss_and_last_step():
    classes = 7
    x = document_a_inputs()
    true_y = tf.placeholder(tf.int32, [BATCH, STEPS])
    lstm_output, _ = tf.nn.dynamic_rnn(tf.contrib.rnn.LSTMCell(UNITS), x, dtype=tf.float32)
    input_for_fc = tf.reshape(lstm_output, [-1, UNITS])
    fc_output = tf.contrib.layers.fully_connected(
        inputs=input_for_fc, num_outputs=classes, activation_fn=None
    )
    fc_output_reshaped = tf.reshape(fc_output, [BATCH, -1, classes])
    last_index = tf.shape(fc_output_reshaped)[1] - 1
    fc_output_reshaped_again = tf.transpose(fc_output_reshaped, [1, 0, 2])
    last_output = tf.nn.embedding_lookup(fc_output_reshaped_again, last_index)
    weights = tf.ones([BATCH, STEPS])
    sequence_loss = tf.contrib.seq2seq.sequence_loss(
        logits=fc_output_reshaped, targets=true_y, weights=weights
    )
    assert last_output.get_shape().as_list() == [BATCH, classes]
    assert sequence_loss.get_shape().as_list() == []
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        labels = RANDOM.randint(classes, size=[BATCH, STEPS])
        feed = {x: RANDOM.normal(size=[BATCH, STEPS, DEPTH]), true_y: labels}
        logits, last, loss = sess.run([fc_output_reshaped, last_output, sequence_loss], feed)
    np.testing.assert_array_equal(last, logits[:, -1])
    right = np.take_along_axis(logits, labels[:, :, None], axis=2)[:, :, 0]
    expected = np.log(np.exp(logits).sum(axis=2)) - right
    assert loss == pytest.approx(expected.mean(), rel=1e-5)


# Document B -----------------------------------------------------------------------------------

INPUT_UNITS, NUM_HIDDEN_UNITS, BATCH_SIZE, MAX_SEQ_LEN = 28, 31, 128, 28


class MnistRnn:
    """Rows of a picture as the steps of a sequence, in one layer or several."""

    def __init__(self, inputs, labels, num_hidden_units, batch_size, max_seq_len, layers):
        if layers == 1:
            cell = tf.contrib.rnn.BasicRNNCell(num_hidden_units)
        else:
            cell = tf.contrib.rnn.MultiRNNCell(
                [tf.contrib.rnn.BasicRNNCell(num_hidden_units) for _ in range(layers)]
            )
        self.last, self.states = tf.nn.dynamic_rnn(
            cell, inputs, sequence_length=[max_seq_len] * batch_size, dtype=tf.float32
        )
        self.rnn_output = self.last[:, max_seq_len - 1, :]
        self.outputs = tf.layers.dense(self.rnn_output, 10)
        self.loss = tf.losses.sparse_softmax_cross_entropy(labels, self.outputs)
        self.optimize = tf.train.AdamOptimizer(learning_rate=0.001).minimize(self.loss)
        preds = tf.argmax(self.outputs, axis=1)
        errors = tf.count_nonzero(labels - preds)
        self.accuracy = 1.0 - tf.cast(errors, tf.float32) / tf.cast(tf.size(preds), tf.float32)


@pytest.mark.parametrize("layers", [1, 3])
def test_document_b(tmp_path, layers):
    tf.reset_default_graph()
    inputs_ = tf.placeholder(tf.float32, [BATCH_SIZE, MAX_SEQ_LEN, INPUT_UNITS], name="inputs")
    labels_ = tf.placeholder(tf.int64, [BATCH_SIZE], name="labels")
    model = MnistRnn(inputs_, labels_, NUM_HIDDEN_UNITS, BATCH_SIZE, MAX_SEQ_LEN, layers)
    assert model.last.get_shape().as_list() == [128, 28, 31]
    assert model.rnn_output.get_shape().as_list() == [128, 31]
    assert model.outputs.get_shape().as_list() == [128, 10]
    printed = [
        f'Tensor("rnn/while/Exit_{2 + layer}:0", shape=(128, 31), dtype=float32)'
        for layer in range(layers)
    ]
    states = [model.states] if layers == 1 else list(model.states)
    assert [str(state) for state in states] == printed
    assert isinstance(model.states, tuple) == (layers > 1)

    config = tf.ConfigProto(gpu_options={"allow_growth": True})
    sess = tf.InteractiveSession(config=config)
    tf.global_variables_initializer().run()
    train_writer = tf.summary.FileWriter(str(tmp_path), graph=tf.get_default_graph())
    tf.get_default_graph().finalize()
    digits = np.random.RandomState(layers)
    batch_label = digits.randint(10, size=BATCH_SIZE)
    batch_input = digits.uniform(0, 0.1, [BATCH_SIZE, 784])
    batch_input = batch_input.reshape([BATCH_SIZE, MAX_SEQ_LEN, INPUT_UNITS])
    batch_input[np.arange(BATCH_SIZE), 24:, batch_label] = 1.0  # the last rows tell
    losses = []
    for step in range(1, 61):
        _, loss, accuracy = sess.run(
            [model.optimize, model.loss, model.accuracy],
            feed_dict={inputs_: batch_input, labels_: batch_label},
        )
        summary = tf.Summary(
            value=[
                tf.Summary.Value(tag="train accuracy", simple_value=accuracy),
                tf.Summary.Value(tag="loss", simple_value=loss),
            ]
        )
        train_writer.add_summary(summary, global_step=step)
        losses.append(loss)
    train_writer.flush()
    sess.close()
    assert losses[-1] < 0.6 * losses[0]
    found = scalars(tmp_path)
    assert [step for step, _ in found["loss"]] == list(range(1, 61))
    assert [value for _, value in found["loss"]] == losses
    assert found["train accuracy"][-1][1] > found["train accuracy"][0][1]


# Document C -----------------------------------------------------------------------------------

N_STEPS, N_INPUTS, N_NEURONS = 2, 3, 5
X_BATCH = np.arange(24).reshape(4, N_STEPS, N_INPUTS) % 9


def by_hand(weights, x, lengths=None):
    """NumPy's account of a BasicRNNCell over [B, T, D]: outputs and last states."""
    kernel, bias = weights
    state, outputs = np.zeros([len(x), N_NEURONS]), []
    for t in range(x.shape[1]):
        new = np.tanh(np.concatenate([x[:, t], state], 1) @ kernel + bias)
        on = np.full([len(x), 1], True) if lengths is None else (t < np.array(lengths))[:, None]
        outputs.append(np.where(on, new, 0))
        state = np.where(on, new, state)
    return np.stack(outputs, 1), state


def test_document_c_two_steps_by_hand():
    x0 = tf.placeholder(tf.float32, [None, N_INPUTS])
    x1 = tf.placeholder(tf.float32, [None, N_INPUTS])
    wx = tf.Variable(tf.random_normal(shape=[N_INPUTS, N_NEURONS], dtype=tf.float32))
    wy = tf.Variable(tf.random_normal(shape=[N_NEURONS, N_NEURONS], dtype=tf.float32))
    b = tf.Variable(tf.zeros([1, N_NEURONS], dtype=tf.float32))
    y0 = tf.tanh(tf.matmul(x0, wx) + b)
    y1 = tf.tanh(tf.matmul(y0, wy) + tf.matmul(x1, wx) + b)
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        feed = {x0: X_BATCH[:, 0], x1: X_BATCH[:, 1]}
        *values, top, bottom, bias = sess.run([y0, y1, wx, wy, b], feed_dict=feed)
    assert [value.shape for value in values] == [(4, 5), (4, 5)]
    expected, _ = by_hand((np.concatenate([top, bottom]), bias), X_BATCH)
    np.testing.assert_allclose(np.stack(values, 1), expected, rtol=1e-3, atol=1e-5)


def test_document_c_static_rnn_over_two_placeholders():
    x0 = tf.placeholder(tf.float32, [None, N_INPUTS])
    x1 = tf.placeholder(tf.float32, [None, N_INPUTS])
    basic_cell = tf.nn.rnn_cell.BasicRNNCell(num_units=N_NEURONS)
    output_seqs, states = tf.nn.static_rnn(cell=basic_cell, inputs=[x0, x1], dtype=tf.float32)
    y0, y1 = output_seqs
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        feed = {x0: X_BATCH[:, 0], x1: X_BATCH[:, 1]}
        one, two, last = sess.run([y0, y1, states], feed_dict=feed)
        expected, _ = by_hand(sess.run(tf.trainable_variables()), X_BATCH)
    assert one.shape == two.shape == (4, 5)
    np.testing.assert_array_equal(last, two)
    np.testing.assert_allclose(np.stack([one, two], 1), expected, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("unroll", ["static", "dynamic"])
def test_document_c_one_placeholder(unroll):
    x = tf.placeholder(tf.float32, [None, N_STEPS, N_INPUTS])
    basic_cell = tf.nn.rnn_cell.BasicRNNCell(num_units=N_NEURONS)
    if unroll == "static":
        x_seqs = tf.unstack(tf.transpose(x, perm=[1, 0, 2]))
        output_seqs, states = tf.nn.static_rnn(basic_cell, x_seqs, dtype=tf.float32)
        outputs = tf.transpose(tf.stack(output_seqs), perm=[1, 0, 2])
    else:
        outputs, states = tf.nn.dynamic_rnn(basic_cell, x, dtype=tf.float32)
    assert outputs.get_shape().as_list() == [None, 2, 5]
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        outputs_val = outputs.eval(feed_dict={x: X_BATCH})
        expected, _ = by_hand(sess.run(tf.trainable_variables()), X_BATCH)
    assert outputs_val.shape == (4, 2, 5)
    np.testing.assert_allclose(outputs_val, expected, rtol=1e-3, atol=1e-5)


def test_document_c_lengths():
    x = tf.placeholder(tf.float32, [None, N_STEPS, N_INPUTS])
    seq_length = tf.placeholder(tf.int32, [None])
    basic_cell = tf.nn.rnn_cell.BasicRNNCell(num_units=N_NEURONS)
    outputs, states = tf.nn.dynamic_rnn(basic_cell, x, dtype=tf.float32, sequence_length=seq_length)
    padded = X_BATCH.copy()
    padded[1, 1] = 0
    lengths = np.array([2, 1, 2, 2])
    with tf.Session() as sess:
        tf.global_variables_initializer().run()
        outputs_val, states_val = sess.run(
            [outputs, states], feed_dict={x: padded, seq_length: lengths}
        )
        expected = by_hand(sess.run(tf.trainable_variables()), padded, lengths)
    assert outputs_val.shape == (4, 2, 5)
    assert (outputs_val[1, 1] == 0).all() and (outputs_val[1, 0] != 0).all()
    np.testing.assert_array_equal(states_val[1], outputs_val[1, 0])
    np.testing.assert_array_equal(states_val[[0, 2, 3]], outputs_val[[0, 2, 3], 1])
    for got, printed in zip((outputs_val, states_val), expected):
        np.testing.assert_allclose(got, printed, rtol=1e-3, atol=1e-5)


# Document D -----------------------------------------------------------------------------------


def unpack_sequence(tensor):
    return tf.unpack(tf.transpose(tensor, perm=[1, 0, 2]))


def pack_sequence(sequence):
    return tf.transpose(tf.pack(sequence), perm=[1, 0, 2])


def weight_and_bias(in_size, out_size):
    weight = tf.Variable(tf.truncated_normal([in_size, out_size], stddev=0.1))
    return weight, tf.Variable(tf.constant(0.1, shape=[out_size]))


@pytest.mark.parametrize("shared", [True, False])
def test_document_d_the_network(shared):
    from unrolled.tf1.models.rnn import rnn, rnn_cell

    width = num_hidden = 8  # from 1.2 on, one object three times needs inputs of its own size
    max_length, num_layers = 5, 3
    dropout = tf.placeholder(tf.float32)

    def layer():
        network = rnn_cell.GRUCell(num_hidden)
        return rnn_cell.DropoutWrapper(network, output_keep_prob=dropout)

    layers = [layer()] * num_layers if shared else [layer() for _ in range(num_layers)]
    network = rnn_cell.MultiRNNCell(layers)
    data = tf.placeholder(tf.float32, [None, max_length, width])
    outputs, states = rnn.rnn(network, unpack_sequence(data), dtype=tf.float32)
    output, state = pack_sequence(outputs), pack_sequence(states)
    dynamic, _ = rnn.dynamic_rnn(network, data, dtype=tf.float32)
    last = tf.gather(tf.transpose(dynamic, [1, 0, 2]), int(dynamic.get_shape()[1]) - 1)
    assert len(outputs) == max_length and len(states) == num_layers
    assert output.get_shape().as_list() == [None, max_length, num_hidden]
    assert state.get_shape().as_list() == [None, num_layers, num_hidden]
    assert last.get_shape().as_list() == [None, num_hidden]
    names = [v.name for v in tf.trainable_variables()]
    assert len(names) == (4 if shared else 12)
    assert names[0] == "RNN/multi_rnn_cell/cell_0/gru_cell/gates/kernel:0"
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {data: RANDOM.normal(size=[2, max_length, width]), dropout: 1.0}
        one, end, final, other = sess.run([output, outputs[-1], last, dynamic], feed)
        dropped = sess.run(output, {**feed, dropout: 0.5})
    np.testing.assert_array_equal(one[:, -1], end)
    np.testing.assert_allclose(final, end, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(other, one, rtol=1e-5, atol=1e-6)
    assert 0.2 < (dropped == 0).mean() < 0.8


def test_document_d_classification():
    images, numbers = first_symbols(48, 4)
    data = tf.placeholder(tf.float32, [None, 4, 3])
    target = tf.placeholder(tf.float32, [None, 3])
    outputs, _ = tf.nn.rnn(tf.nn.rnn_cell.GRUCell(10), unpack_sequence(data), dtype=tf.float32)
    weight, bias = weight_and_bias(10, int(target.get_shape()[1]))
    prediction = tf.nn.softmax(tf.matmul(outputs[-1], weight) + bias)
    cross_entropy = -tf.reduce_sum(target * tf.log(prediction))
    optimize = tf.train.RMSPropOptimizer(0.02).minimize(cross_entropy)
    mistakes = tf.not_equal(tf.argmax(target, 1), tf.argmax(prediction, 1))
    error = tf.reduce_mean(tf.cast(mistakes, tf.float32))
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {data: images, target: np.eye(3)[numbers]}
        losses = [sess.run([cross_entropy, optimize], feed)[0] for _ in range(60)]
        assert losses[-1] < 0.2 * losses[0]
        assert sess.run(error, feed) == 0


@pytest.mark.parametrize("dynamic", [False, True])
def test_document_d_labelling(dynamic):
    """The label of a step is the symbol of the step before."""
    x, _ = first_symbols(32, 5)
    before = np.concatenate([x[:, :1] * 0 + np.eye(3)[0], x[:, :-1]], 1)
    data = tf.placeholder(tf.float32, [None, 5, 3])
    target = tf.placeholder(tf.float32, [None, 5, 3])
    max_length, num_classes = (int(target.get_shape()[axis]) for axis in (1, 2))
    weight, bias = weight_and_bias(12, num_classes)
    cell = tf.nn.rnn_cell.GRUCell(12)
    if dynamic:
        output, _ = tf.nn.dynamic_rnn(cell, data, dtype=tf.float32)
        output = tf.reshape(output, [-1, 12])
        prediction = tf.nn.softmax(tf.matmul(output, weight) + bias)
        prediction = tf.reshape(prediction, [-1, max_length, num_classes])
    else:
        outputs, _ = tf.nn.rnn(cell, unpack_sequence(data), dtype=tf.float32)
        predictions = [tf.nn.softmax(tf.matmul(one, weight) + bias) for one in outputs]
        prediction = pack_sequence(predictions)
    assert prediction.get_shape().as_list() == [None, 5, 3]
    cross_entropy = -tf.reduce_sum(target * tf.log(prediction), reduction_indices=[1])
    cross_entropy = tf.reduce_mean(cross_entropy)
    optimize = tf.train.AdamOptimizer(0.05).minimize(cross_entropy)
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        feed = {data: x, target: before}
        losses = [sess.run([cross_entropy, optimize], feed)[0] for _ in range(60)]
    assert losses[-1] < 0.2 * losses[0]


# Document E -----------------------------------------------------------------------------------

H, E, L, O = np.eye(4, dtype=np.float32)  # noqa: E741


def test_document_e_hello():
    sess = tf.InteractiveSession()
    with tf.variable_scope("five_sequences"):
        hidden_size = 2
        cell = tf.contrib.rnn.BasicRNNCell(num_units=hidden_size)
        x_data = np.array([[H, E, L, L, O]], dtype=np.float32)
        outputs, states = tf.nn.dynamic_rnn(cell, x_data, dtype=tf.float32)
        sess.run(tf.global_variables_initializer())
        values = outputs.eval()
    assert x_data.shape == (1, 5, 4)
    assert values.shape == (1, 5, 2)
    assert (np.abs(values) < 1).all() and (values != 0).all()
    assert [v.name for v in tf.trainable_variables()] == [
        "five_sequences/rnn/basic_rnn_cell/kernel:0",
        "five_sequences/rnn/basic_rnn_cell/bias:0",
    ]

    with pytest.raises(ValueError, match="not a valid root scope name"):
        tf.variable_scope("3 batches").__enter__()  # as our copy has it
    with tf.variable_scope("3_batches"):
        x_data = np.array([[H, E, L, L, O], [E, O, L, L, L], [L, L, E, E, L]], dtype=np.float32)
        cell = rnn.BasicLSTMCell(num_units=2, state_is_tuple=True)
        outputs, _states = tf.nn.dynamic_rnn(cell, x_data, dtype=tf.float32)
        sess.run(tf.global_variables_initializer())
        values = outputs.eval()
    sess.close()
    assert values.shape == (3, 5, 2)
    assert (np.abs(values) < 1).all() and (values != 0).all()
    assert tf.trainable_variables()[2].name == "3_batches/rnn/basic_lstm_cell/kernel:0"


def test_document_e_training_by_sequence_loss():
    batch_size, sequence_length, num_classes = 3, 5, 4
    x_data = np.array([[H, E, L, L, O], [E, O, L, L, L], [L, L, E, E, L]], dtype=np.float32)
    y_data = np.roll(x_data.argmax(2), -1, axis=1)  # the symbol that comes next
    y = tf.placeholder(tf.int32, [None, sequence_length])
    cell = tf.contrib.rnn.BasicLSTMCell(num_units=num_classes, state_is_tuple=True)
    initial_state = cell.zero_state(batch_size, tf.float32)
    outputs, _states = tf.nn.dynamic_rnn(
        cell, x_data, initial_state=initial_state, dtype=tf.float32
    )
    outputs = tf.contrib.layers.fully_connected(outputs, num_classes, activation_fn=None)
    outputs = tf.reshape(outputs, [batch_size, sequence_length, num_classes])
    weights = tf.ones([batch_size, sequence_length])
    sequence_loss = tf.contrib.seq2seq.sequence_loss(logits=outputs, targets=y, weights=weights)
    loss = tf.reduce_mean(sequence_loss)
    train = tf.train.AdamOptimizer(learning_rate=0.1).minimize(loss)
    with tf.Session() as sess:
        sess.run(tf.global_variables_initializer())
        losses = [sess.run([loss, train], {y: y_data})[0] for _ in range(120)]
        predicted = sess.run(tf.argmax(outputs, axis=2))
    assert losses[0] == pytest.approx(np.log(4), rel=0.3)
    assert losses[-1] < 0.2 * losses[0]
    assert (predicted == y_data).mean() > 0.8


# Names and orders from before 1.0 -------------------------------------------------------------


def value_of(tensor):
    with tf.Session() as sess:
        return sess.run(tensor)


A, B = np.float32([[1, 2], [3, 4]]), np.float32([[5, 6], [7, 8]])


@pytest.mark.parametrize(
    "join",
    [
        lambda a, b: tf.concat(1, [a, b]),
        lambda a, b: tf.concat([a, b], 1),
        lambda a, b: tf.concat([a, b], -1),
        lambda a, b: tf.concat(-1, (a, b)),
        lambda a, b: tf.concat(1, [a, b], name="joined"),
        lambda a, b: tf.concat([a, b], axis=1),
        lambda a, b: tf.concat(values=[a, b], axis=1),
        lambda a, b: tf.concat(concat_dim=1, values=[a, b]),
        lambda a, b: tf.concat([a, b], tf.constant(1)),
    ],
)
@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
def test_concat_in_both_orders(join, kind):
    np.testing.assert_array_equal(value_of(join(kind(A), kind(B))), [[1, 2, 5, 6], [3, 4, 7, 8]])


@pytest.mark.parametrize(
    "cut",
    [
        lambda x: tf.split(1, 3, x),
        lambda x: tf.split(x, 3, 1),
        lambda x: tf.split(x, 3, axis=1),
        lambda x: tf.split(x, [2, 2, 2], 1),
        lambda x: tf.split(x, num_or_size_splits=3, axis=-1),
        lambda x: tf.split(value=x, num_or_size_splits=3, axis=1),
        lambda x: tf.split(axis=1, num_or_size_splits=3, value=x),
        lambda x: tf.split(split_dim=1, num_split=3, value=x),
        lambda x: tf.split(1, 3, x, name="cut"),
    ],
)
@pytest.mark.parametrize("kind", [np.asarray, tf.constant])
def test_split_in_both_orders(cut, kind):
    x = np.arange(12, dtype=np.float32).reshape(2, 6)
    parts = value_of(cut(kind(x)))
    np.testing.assert_array_equal(parts, [x[:, :2], x[:, 2:4], x[:, 4:]])


def test_split_along_the_first_axis():
    x = np.arange(6)
    for parts in (tf.split(0, 3, x), tf.split(x, 3), tf.split(split_dim=0, num_split=3, value=x)):
        np.testing.assert_array_equal(value_of(parts), [[0, 1], [2, 3], [4, 5]])


@pytest.mark.parametrize(
    ("name", "arguments", "expected"),
    [
        ("pack", ([A, B],), np.stack([A, B])),
        ("unpack", (A,), [A[0], A[1]]),
        ("mul", (A, B), A * B),
        ("sub", (A, B), A - B),
        ("neg", (A,), -A),
        ("inv", (A,), 1 / A),
        ("select", (A > 2, A, B), np.where(A > 2, A, B)),
        ("batch_matmul", (np.stack([A, B]), np.stack([B, A])), np.stack([A @ B, B @ A])),
        ("complex_abs", (np.complex64(3 + 4j),), 5.0),
        ("listdiff", ([1, 2, 3, 4], [2, 4]), ([1, 3], [0, 2])),
    ],
)
def test_operations_that_were_renamed(name, arguments, expected):
    got = value_of(getattr(tf, name)(*arguments))
    for one, other in zip(got, expected) if isinstance(expected, tuple) else [(got, expected)]:
        np.testing.assert_allclose(one, other, rtol=1e-6)


LOGITS = np.float32([[2.0, 1.0, -1.0], [0.0, 3.0, 0.5]])
LABELS = {
    "softmax_cross_entropy_with_logits": np.float32([[1, 0, 0], [0.2, 0.5, 0.3]]),
    "sparse_softmax_cross_entropy_with_logits": np.array([0, 2]),
    "sigmoid_cross_entropy_with_logits": np.float32([[1, 0, 0], [0, 1, 1]]),
}


def losses_by_numpy():
    log_p = LOGITS - np.log(np.exp(LOGITS).sum(1, keepdims=True))
    soft, sparse, sigmoid = LABELS.values()
    return {
        "softmax_cross_entropy_with_logits": -(soft * log_p).sum(1),
        "sparse_softmax_cross_entropy_with_logits": -log_p[np.arange(2), sparse],
        "sigmoid_cross_entropy_with_logits": np.log1p(np.exp(LOGITS)) - sigmoid * LOGITS,
    }


@pytest.mark.parametrize("name", LABELS)
def test_losses_took_logits_first(name):
    function, labels, expected = getattr(tf.nn, name), LABELS[name], losses_by_numpy()[name]
    named = function(LOGITS, labels, "the_loss")
    for loss in (
        function(LOGITS, labels),
        function(logits=LOGITS, labels=labels),
        function(labels=labels, logits=LOGITS, name="again"),
        function(LOGITS, labels=labels),
        function(None, labels=labels, logits=LOGITS),
        named,
    ):
        np.testing.assert_allclose(value_of(loss), expected, rtol=1e-5)
    assert named.op.name.startswith("the_loss")


def test_summaries_before_1_0(tmp_path):
    count = tf.Variable(0.0)
    tf.scalar_summary("count", count)
    tf.histogram_summary("counts", tf.pack([count, count]))
    tf.image_summary("picture", tf.zeros([1, 2, 2, 1]))
    merged = tf.merge_all_summaries()
    own = tf.merge_summary([tf.scalar_summary("own", count * 2)])
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        writer = tf.train.SummaryWriter(str(tmp_path / "one"), sess.graph)
        other = tf.train.SummaryWriter(str(tmp_path / "two"), graph_def=sess.graph_def)
        for step in range(2):
            sess.run(tf.assign(count, step + 5.0))
            writer.add_summary(sess.run(merged), step)
            other.add_summary(sess.run(own), step)
        writer.close()
        other.close()
    found = scalars(tmp_path / "one")
    assert found["count"] == [(0, 5.0), (1, 6.0)]
    assert len(found["counts"]) == 2 and any("picture" in tag for tag in found)
    assert scalars(tmp_path / "two") == {"own": [(0, 10.0), (1, 12.0)]}
    for folder in ("one", "two"):
        (path,) = (tmp_path / folder).iterdir()
        assert any(event.graph_def for event in tf.train.summary_iterator(str(path)))


def test_unrolls_before_1_0():
    x = [tf.placeholder(tf.float32, [None, 3]) for _ in range(2)]
    one, other = tf.nn.rnn_cell.GRUCell(4), tf.nn.rnn_cell.BasicLSTMCell(5, state_is_tuple=False)
    outputs, forward, backward = tf.nn.bidirectional_rnn(
        one, other, x, dtype=tf.float32, sequence_length=[2, 1]
    )
    steps, state = tf.nn.rnn(tf.nn.rnn_cell.BasicRNNCell(4), x, dtype=tf.float32)
    scopes = {v.name.rsplit("/", 2)[0] for v in tf.trainable_variables()}
    assert {"BiRNN/bw", "RNN"} <= scopes
    assert [y.get_shape().as_list()[1] for y in outputs] == [9, 9]
    feed = {x[0]: np.ones([2, 3]), x[1]: np.ones([2, 3])}
    with tf.Session() as sess:
        sess.run(tf.initialize_all_variables())
        both, fw, bw, last, end = sess.run([outputs, forward, backward, steps[-1], state], feed)
    np.testing.assert_array_equal(last, end)
    np.testing.assert_array_equal(both[1][0, :4], fw[0])
    np.testing.assert_array_equal(both[0][0, 4:], bw[0, 5:])
    assert (both[1][1] == 0).all() and (both[0][1] != 0).all()


def test_a_program_that_fits_both_releases():
    """As programs of the change wrote it: whichever name is there."""
    try:
        cells = tf.contrib.rnn_cells_of_another_release
    except AttributeError:
        cells = tf.nn.rnn_cell
    join = (lambda a, v: tf.concat(v, a)) if int(tf.__version__[0]) else tf.concat
    start = getattr(tf, "global_variables_initializer", tf.initialize_all_variables)
    if not hasattr(tf.nn, "static_rnn"):
        raise AssertionError("1.0 has it")
    outputs, _ = tf.nn.static_rnn(cells.GRUCell(2), [tf.ones([1, 2])] * 2, dtype=tf.float32)
    random.seed(1)
    with tf.Session() as sess:
        sess.run(start())
        assert sess.run(join(0, outputs)).shape == (2, 2)


# The documents' programs, as their chapter runs them. That of document B trains on MNIST, and runs
# in the chapter alone.


@pytest.mark.one_in(3)
@pytest.mark.parametrize(
    ("name", "first_line"),
    [
        ("c_by_hand", "Y0_val:(4, 5)"),
        ("c_static", "Y0_val:(4, 5)"),
        ("c_one_tensor", "outputs_val:(4, 2, 5)"),
        ("c_dynamic", "outputs_val:(4, 2, 5)"),
        ("c_lengths", "outputs_val:(4, 2, 5)"),
        ("e", "(1, 5, 4)"),
        ("a", ""),
        ("d", ""),
    ],
)
def test_program_of_a_document_prints_its_shapes(name, first_line, tmp_path):
    ran = programs.run(name, tmp_path)
    assert ran.output.partition("\n")[0] == first_line
    assert tf.trainable_variables()
