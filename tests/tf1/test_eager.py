"""`tf.enable_eager_execution()`, with which programs of 1.4 to 1.15 ran eagerly."""

from __future__ import annotations

import pytest
from running import run, write

PROGRAM = """
    import numpy as np
    import tensorflow as tf
    import tensorflow.contrib.eager as tfe

    tfe.enable_eager_execution()
    assert tf.executing_eagerly() and tfe.in_eager_mode()
    x = tf.constant(np.random.RandomState(0).randn(2, 5, 3).astype(np.float32))
    rnn = tf.nn.rnn_cell
    for make in rnn.BasicRNNCell, rnn.BasicLSTMCell, rnn.LSTMCell, rnn.GRUCell:
        cell = make(4)
        runs = [tf.nn.dynamic_rnn(cell, x, [5, 3], dtype=tf.float32)[0] for _ in range(2)]
        np.testing.assert_array_equal(runs[0], runs[1])
        assert runs[0].shape == [2, 5, 4] and not np.any(runs[0][1, 3:])
        count = len(cell.variables)
        cell(x[:, 0], cell.zero_state(2, tf.float32))
        assert len(cell.variables) == count > 0
    outputs, _ = tf.nn.static_rnn(rnn.GRUCell(4), tf.unstack(x, axis=1), dtype=tf.float32)
    assert len(outputs) == 5

    cell = rnn.MultiRNNCell([rnn.LSTMCell(4), rnn.GRUCell(3)])
    optimizer = tf.train.AdamOptimizer(0.1)
    losses = []
    for _ in range(20):
        with tf.GradientTape() as tape:
            outputs, _ = tf.nn.dynamic_rnn(cell, x, dtype=tf.float32)
            loss = tf.reduce_mean(tf.square(outputs - 0.5))
        gradients = tape.gradient(loss, cell.trainable_variables)
        optimizer.apply_gradients(zip(gradients, cell.trainable_variables))
        losses.append(float(loss))
    assert losses[-1] < losses[0] / 2, losses
    assert not cell.non_trainable_variables
    fixed = rnn.GRUCell(4, trainable=False)
    tf.nn.dynamic_rnn(fixed, x, dtype=tf.float32)
    assert (len(fixed.variables), len(fixed.trainable_variables)) == (4, 0)

    dense = tf.layers.Dense(2)
    assert dense(outputs).shape == dense(outputs).shape == [2, 5, 2]
    assert len(dense.variables) == 2
    assert [int(n) for n in tfe.Iterator(tf.data.Dataset.range(3))] == [0, 1, 2]
    v = tfe.Variable(2.0)
    value, ((gradient, of),) = tfe.implicit_value_and_gradients(lambda x: v * v * x)(3.0)
    assert (float(value), float(gradient), of is v) == (12.0, 12.0, 1)
    assert float(tfe.gradients_function(lambda x: x * x)(3.0)[0]) == 6.0
    assert type(x.shape[0]).__name__ == "Dimension"
    print("eager")
"""


def test_cells_and_unrolls_run_eagerly(tmp_path):
    done = run(tmp_path, write(tmp_path / "program.py", PROGRAM).name)
    assert (done.stdout, done.returncode) == ("eager\n", 0), done.stderr


@pytest.mark.thorough
def test_too_late_is_said(tmp_path):
    program = """
        import tensorflow as tf
        tf.constant(3)
        try:
            tf.enable_eager_execution()
        except ValueError as error:
            print(error)
    """
    done = run(tmp_path, write(tmp_path / "program.py", program).name)
    assert done.stdout == "tf.enable_eager_execution must be called at program startup.\n"
