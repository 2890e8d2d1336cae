"""Checkpoints that old releases wrote, restored by the programs that wrote them."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest

import unrolled.tf1 as tf

FOLDER = Path(__file__).parents[1] / "checkpoints"
WRITTEN = {
    path.parent.name.removeprefix("written_by_"): json.loads(path.read_text())
    for path in sorted(FOLDER.glob("written_by_*/results.json"))
}

sys.path.insert(0, str(FOLDER))
import old_programs as programs  # noqa: E402

sys.path.remove(str(FOLDER))

# Until 1.2 the fused kernel's gradient left out a part of what its peepholes do.
OTHER_GRADIENTS = {("0.12", "lstm_block_peepholes"), ("1.0", "lstm_block_peepholes")} | {
    ("1.2", "lstm_block_peepholes")
}


def path_of(release, name):
    return str(FOLDER / f"written_by_{release}" / f"{name}.ckpt")


@pytest.fixture
def said(caplog, monkeypatch):
    """What TensorFlow's log says."""
    from unrolled.tf1.shims.training import saver

    monkeypatch.setattr(saver, "_told", set())
    monkeypatch.setattr(logging.getLogger("tensorflow"), "propagate", True)
    caplog.set_level("WARNING", "tensorflow")
    return lambda: [
        record.getMessage() for record in caplog.records if "old names" in record.getMessage()
    ]


# Names that changed, and what 0.12 did not have.
CHANGED = [
    (release, name)
    for release in WRITTEN
    for name, then in WRITTEN[release].items()
    if name not in WRITTEN["0.12"]
    or set(then["variables"]) != set(WRITTEN["1.15"][name]["variables"])
]


@pytest.mark.one_in(4)
@pytest.mark.parametrize(("release", "name"), CHANGED)
def test_an_old_program_goes_on_from_its_old_checkpoint(release, name, said):
    function, then = programs.PROGRAMS[name], WRITTEN[release][name]
    tensors = programs.flat(function(tf))
    loss, step = programs.trained(tf, function, tensors)
    with tf.Session() as session:
        saver = tf.train.Saver()
        saver.restore(session, path_of(release, name))
        for now, before in zip(session.run(tensors), then["values"], strict=True):
            np.testing.assert_allclose(now.ravel(), before, rtol=2e-5, atol=2e-6)
        losses = []
        for _ in range(2):  # the second needs the optimizer's slots
            losses.append(session.run(loss))
            session.run(step)
        count = 1 if (release, name) in OTHER_GRADIENTS else 2
        np.testing.assert_allclose(losses[:count], then["losses"][:count], rtol=1e-4)
    assert len(said()) == (1 if release in ("0.12", "1.0") else len(said()))


def restore(variables, path, **how):
    with tf.Session() as session:
        saver = tf.train.Saver(variables, **how)
        saver.restore(session, path)
        return session.run(variables if variables is not None else tf.global_variables())


def save(path, values):
    """A checkpoint of these values by TensorFlow's own Saver: its path."""
    with tf.Graph().as_default(), tf.Session() as session:
        variables = {name: tf.Variable(value) for name, value in values.items()}
        session.run(tf.global_variables_initializer())
        return tf.train.Saver(variables).save(session, str(path))


def test_what_stood_for_what_is_said_once(said):
    programs.basic_lstm(tf)
    for _ in range(2):
        restore(None, path_of("0.12", "basic_lstm"))
    [words] = said()
    assert words.startswith(path_of("0.12", "basic_lstm") + " has old names of variables:\n")
    assert "  rnn/basic_lstm_cell/kernel from RNN/BasicLSTMCell/Linear/Matrix" in words


def test_names_that_are_there_are_taken_as_they_are(said, tmp_path):
    path = save(tmp_path / "c", {"a/weights": [1.0], "a/kernel": [2.0]})
    with tf.variable_scope("a"):
        kernel = tf.get_variable("kernel", [1])
    assert restore([kernel], path) == [[2.0]]
    assert said() == []


def test_a_scope_of_the_programs_own(tmp_path):
    """Names that no table has, but for their ends."""
    values = {"Mine/weights": [1.0], "Mine/biases": [2.0], "yours/W_0": [3.0], "yours/B": [4.0]}
    path = save(tmp_path / "c", values)
    wanted = []
    for scope in ("Mine", "yours"):
        with tf.variable_scope(scope):
            wanted += [tf.get_variable("kernel", [1]), tf.get_variable("bias", [1])]
    assert restore(wanted, path) == [[1.0], [2.0], [3.0], [4.0]]


def test_a_name_in_doubt(tmp_path):
    path = save(tmp_path / "c", {"Net/weights": [1.0], "NET/weights": [2.0]})
    with tf.variable_scope("net"):
        kernel = tf.get_variable("kernel", [1])
    words = "c' has no net/kernel, and its old name may be each of NET/weights, Net/weights; rename"
    with pytest.raises(ValueError, match=words):
        restore([kernel], path)


def test_a_saver_of_a_few_variables():
    programs.stack(tf)
    wanted = [v for v in tf.global_variables() if "cell_1" in v.op.name]
    [kernel] = [v for v in wanted if v.op.name.endswith("candidate/kernel")]
    [value] = restore([kernel], path_of("0.12", "stack"))
    name = "RNN/MultiRNNCell/Cell1/GRUCell/Candidate/Linear/Matrix"
    np.testing.assert_array_equal(value, tf.train.load_variable(path_of("0.12", "stack"), name))


def test_names_that_the_program_gives(tmp_path):
    """A dictionary renames too, and its names are looked up first."""
    path = save(tmp_path / "c", {"RNN/GRUCell/Gates/Linear/Bias": [1.0], "other": [2.0]})
    variable = tf.get_variable("x", [1])
    with tf.Session() as session:
        tf.train.Saver({"other": variable}).restore(session, path)
        assert session.run(variable) == [2.0]
        tf.train.Saver({"rnn/gru_cell/gates/bias": variable}).restore(session, path)
        assert session.run(variable) == [1.0]


def test_a_finished_graph_restores(said):
    programs.gru(tf)
    saver = tf.train.Saver()
    tf.get_default_graph().finalize()
    with tf.Session() as session:
        saver.restore(session, path_of("0.12", "gru"))
    assert len(said()) == 1


def test_sessions_that_restore_by_themselves(tmp_path, said):
    """MonitoredTrainingSession and Supervisor make savers of their own."""
    name = "RNN/BasicRNNCell/Linear/Bias"
    for start in (
        lambda: tf.train.MonitoredTrainingSession(checkpoint_dir=str(tmp_path)),
        lambda: tf.train.Supervisor(logdir=str(tmp_path), summary_op=None).managed_session(),
    ):
        tf.reset_default_graph()
        path = save(
            tmp_path / "model.ckpt", {name: np.full(4, 7.0, np.float32), "global_step": np.int64(3)}
        )
        with tf.variable_scope("rnn/basic_rnn_cell"):
            bias = tf.get_variable("bias", [4])
        tf.train.create_global_step()
        with start() as session:
            np.testing.assert_array_equal(session.run(bias), np.full(4, 7.0))
    assert path.endswith("model.ckpt")


def test_a_variable_that_is_nowhere():
    programs.gru(tf)
    tf.get_variable("rnn/extra", [1])
    with pytest.raises(tf.errors.NotFoundError) as raised:
        restore(None, path_of("1.0", "gru"))
    assert "gru.ckpt' has no rnn/extra, under names of before 1.2 neither" in str(raised.value)
    assert "; build the program's variables as when it was saved" in str(raised.value)


def test_a_checkpoint_of_something_else_names_what_it_has(tmp_path):
    path = save(tmp_path / "c", {f"v{n}": [0.0] for n in range(10)})
    programs.gru(tf)
    with pytest.raises(tf.errors.NotFoundError, match="it holds v0, .*v7 and 2 others besides"):
        restore(None, path)


def test_a_missing_shard(tmp_path):
    part = np.zeros([2, 8], np.float32)
    path = save(tmp_path / "c", {"RNN/LSTMCell/W_0": part, "RNN/LSTMCell/W_2": part})
    with tf.variable_scope("rnn/lstm_cell"):
        kernel = tf.get_variable("kernel", [6, 8])
    with pytest.raises(ValueError, match="W_0, RNN/LSTMCell/W_2, which are shards of one variable"):
        restore([kernel], path)


def test_no_checkpoint_and_none():
    tf.get_variable("x", [1])
    for path, words in (("/nowhere/c", "not a valid checkpoint"), (None, "save_path when it is N")):
        with pytest.raises(ValueError, match=words):
            restore(None, path)


def test_savers_of_other_makers_are_ours():
    tf.get_variable("x", [1])
    definition = tf.train.Saver().as_saver_def()
    assert type(tf.train.Saver.from_proto(definition)) is tf.train.Saver
    from tensorflow.python.training import saver

    assert saver.Saver is tf.train.Saver
