"""tf.contrib.cudnn_rnn: the layers against NumPy and against the cells that read their files."""

import numpy as np
import pytest

import unrolled.tf1 as tf

B, T, D, U, L = 2, 4, 3, 5, 2
RNG = np.random.default_rng(5)
X = RNG.normal(size=(T, B, D)).astype(np.float32)
LENGTHS = [4, 2]
KINDS = {
    "CudnnLSTM": "cudnn_compatible_lstm_cell",
    "CudnnGRU": "cudnn_compatible_gru_cell",
    "CudnnRNNTanh": "basic_rnn_cell",
    "CudnnRNNRelu": "basic_rnn_cell",
}
PARTS = {  # of each cell, in the order in which they are saved
    "cudnn_compatible_lstm_cell": (["kernel"], ["bias"]),
    "cudnn_compatible_gru_cell": tuple(
        [f"{part}/{leaf}" for part in parts]
        for leaf in ("kernel", "bias")
        for parts in [["gates", "candidate/input_projection", "candidate/hidden_projection"]]
    ),
    "basic_rnn_cell": (["kernel"], ["bias"]),
}
WAYS = {
    "unidirectional": ["rnn/multi_rnn_cell/cell_{}"],
    "bidirectional": [f"stack_bidirectional_rnn/cell_{{}}/bidirectional_rnn/{w}w" for w in "fb"],
}


def layer_of(kind, *given, **named):
    return getattr(tf.contrib.cudnn_rnn, kind)(*given, **named)


def cell_of(kind):
    if kind == "CudnnLSTM":
        return tf.contrib.cudnn_rnn.CudnnCompatibleLSTMCell(U)
    if kind == "CudnnGRU":
        return tf.contrib.cudnn_rnn.CudnnCompatibleGRUCell(U)
    return tf.nn.rnn_cell.BasicRNNCell(U, tf.nn.relu if kind == "CudnnRNNRelu" else None)


def run_cells(kind, direction, lengths):
    """The same network of cells, and its state as a layer gives it."""
    with tf.variable_scope("cudnn" if kind is None else f"{kind}_scope"):
        if direction == "unidirectional":
            cell = tf.nn.rnn_cell.MultiRNNCell([cell_of(kind) for _ in range(L)])
            outputs, state = tf.nn.dynamic_rnn(cell, X, lengths, dtype=tf.float32, time_major=True)
            states = list(state)
        else:
            outputs, *both = tf.contrib.rnn.stack_bidirectional_dynamic_rnn(
                [cell_of(kind) for _ in range(L)],
                [cell_of(kind) for _ in range(L)],
                X,
                dtype=tf.float32,
                sequence_length=lengths,
                time_major=True,
            )
            states = [state for layer in zip(*both) for state in layer]
    if kind == "CudnnLSTM":
        return outputs, (tf.stack([s.h for s in states]), tf.stack([s.c for s in states]))
    return outputs, (tf.stack(states),)


def close(result, expected):
    for one, other in zip(tf.nest.flatten(result), tf.nest.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def value(result):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(result)


# --- files -----------------------------------------------------------------------------------


@pytest.mark.one_in(6)
@pytest.mark.parametrize("direction", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_cells_read_what_a_layer_saved_and_the_other_way_round(kind, direction, tmp_path):
    lengths = LENGTHS if kind == "CudnnGRU" else None
    start = tf.random_uniform_initializer(-1, 1)
    layer = layer_of(kind, L, U, direction=direction, bias_initializer=start, name=f"{kind}_scope")
    network = layer(X, sequence_lengths=lengths)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        expected = session.run(network)
        path = tf.train.Saver().save(session, str(tmp_path / "layer"), write_meta_graph=False)

    cell = KINDS[kind]
    places = [way.format(i) for i in range(L) for way in WAYS[direction]]
    names = {
        f"{kind}_scope/{place}/{cell}/{part}"
        for place in places
        for parts in PARTS[cell]
        for part in parts
    }
    assert {name for name, _ in tf.train.list_variables(path)} == names | {
        f"{kind}_scope/opaque_kernel"
    }
    tf.reset_default_graph()
    result = run_cells(kind, direction, lengths)
    assert {v.op.name for v in tf.global_variables()} == names
    with tf.Session() as session:
        tf.train.Saver().restore(session, path)
        close(session.run(result), expected)
        path = tf.train.Saver().save(session, str(tmp_path / "cells"), write_meta_graph=False)

    tf.reset_default_graph()
    layer = layer_of(kind, L, U, direction=direction, name=f"{kind}_scope")
    network = layer(X, sequence_lengths=lengths)
    with tf.Session() as session:
        tf.train.Saver([layer.saveable]).restore(session, path)
        close(session.run(network), expected)


def test_the_names_of_1_15(tmp_path):
    """As 1.15 wrote them for the same program."""
    for _ in range(2):
        layer = layer_of("CudnnLSTM", 1, U)
        layer(X)
    with tf.variable_scope("outside"):
        layer_of("CudnnRNNTanh", 1, U)(X)
    with tf.variable_scope("built"):
        built = layer_of("CudnnRNNRelu", 1, U)
        built.build([None, None, D])
    with tf.variable_scope("elsewhere"):
        built(X)
    assert [v.op.name for v in tf.global_variables()] == [
        "cudnn_lstm/opaque_kernel",
        "cudnn_lstm_1/opaque_kernel",
        "outside/cudnn_rnn_tanh/opaque_kernel",
        "built/cudnn_rnn_relu/opaque_kernel",
    ]
    assert layer.scope_name == "cudnn_lstm_1"
    cell = "rnn/multi_rnn_cell/cell_0/{}/kernel".format
    saved = tf.get_collection(tf.GraphKeys.SAVEABLE_OBJECTS)
    assert [(one.name, one.specs[0].name) for one in saved] == [
        ("cudnn_lstm/opaque_kernel_saveable", "cudnn_lstm/" + cell("cudnn_compatible_lstm_cell")),
        (
            "cudnn_lstm_1/opaque_kernel_saveable",
            "cudnn_lstm_1/" + cell("cudnn_compatible_lstm_cell"),
        ),
        (
            "outside/cudnn_rnn_tanh/opaque_kernel_saveable",
            "outside/cudnn_rnn_tanh/" + cell("basic_rnn_cell"),
        ),
        ("built/cudnn_rnn_relu/opaque_kernel_saveable", "built/" + cell("basic_rnn_cell")),
    ]


def test_a_training_run_goes_on_from_its_file(tmp_path):
    def program():
        layer = layer_of("CudnnLSTM", 1, U, seed=3)
        outputs, _ = layer(X)
        loss = tf.reduce_mean(tf.square(outputs - 0.5))
        return loss, tf.train.AdamOptimizer(0.1).minimize(loss)

    loss, train = program()
    saver = tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        first = session.run(loss)
        for _ in range(20):
            session.run(train)
        path = saver.save(session, str(tmp_path / "model"))
        session.run(train)
        after = session.run(loss)
    assert after < first / 2
    assert "cudnn_lstm/opaque_kernel/Adam" in {name for name, _ in tf.train.list_variables(path)}
    tf.reset_default_graph()
    loss, train = program()
    with tf.Session() as session:
        tf.train.Saver().restore(session, path)
        session.run(train)
        np.testing.assert_allclose(session.run(loss), after, rtol=1e-4)


def test_layers_that_share_a_variable_save_it_once():
    outputs = []
    for _ in range(2):
        with tf.variable_scope("shared", reuse=tf.AUTO_REUSE):
            layer = layer_of("CudnnGRU", 1, U, name="gru")
            outputs.append(layer(X)[0])
    assert [v.op.name for v in tf.trainable_variables()] == ["shared/gru/opaque_kernel"]
    assert tf.get_collection(tf.GraphKeys.SAVEABLE_OBJECTS) == [layer.saveable]
    tf.train.Saver()
    one, other = value(outputs)
    np.testing.assert_array_equal(one, other)


def test_a_layer_that_is_made_in_a_loop_is_saved(tmp_path):
    layer = layer_of("CudnnGRU", 1, U)
    zero = tf.zeros([T, B, U])
    _, total = tf.while_loop(
        lambda i, total: i < 2, lambda i, total: (i + 1, total + layer(X)[0]), [0, zero]
    )
    once, saver = layer(X)[0], tf.train.Saver()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        twice, expected = session.run([total, once])
        path = saver.save(session, str(tmp_path / "model"), write_meta_graph=False)
        session.run(tf.global_variables_initializer())
        saver.restore(session, path)
        close(session.run(once), expected)
    close(twice, 2 * expected)


# --- the buffer ------------------------------------------------------------------------------


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cut(buffer, gates):
    """cuDNN's W, R, b_W and b_R of one layer, for each gate."""
    w, r, b = np.split(buffer, [gates * U * D, gates * U * (D + U)])
    b_w, b_r = b.reshape(2, gates, U)
    return w.reshape(gates, U, D), r.reshape(gates, U, U), b_w, b_r


def lstm_by_hand(buffer, h, c):
    w, r, b_w, b_r = cut(buffer, 4)
    outputs = []
    for x in X:
        i, f, j, o = (x @ w[g].T + b_w[g] + h @ r[g].T + b_r[g] for g in range(4))
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(j)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs), h[None], c[None]


def gru_by_hand(buffer, h):
    w, r, b_w, b_r = cut(buffer, 3)
    outputs = []
    for x in X:
        r_gate = sigmoid(x @ w[0].T + b_w[0] + h @ r[0].T + b_r[0])
        u = sigmoid(x @ w[1].T + b_w[1] + h @ r[1].T + b_r[1])
        candidate = np.tanh(x @ w[2].T + b_w[2] + r_gate * (h @ r[2].T + b_r[2]))
        h = (1 - u) * candidate + u * h
        outputs.append(h)
    return np.stack(outputs), h[None]


def test_an_lstm_whose_program_holds_the_buffer():
    """As programs before 1.4 called it, the flag for training in the fifth place."""
    network = tf.contrib.cudnn_rnn.CudnnLSTM(1, U, D, "auto_select", dropout=0.5)
    size = value(network.params_size())
    buffer = RNG.uniform(-1, 1, size).astype(np.float32)
    params = tf.get_variable("lstm_params", initializer=buffer, validate_shape=False)
    h, c = RNG.normal(size=(2, 1, B, U)).astype(np.float32)
    result = network(X, h, c, params, True)
    close(value(result), lstm_by_hand(buffer, h[0], c[0]))
    weights, biases = network.params_to_canonical(params)
    assert [w.shape.as_list() for w in weights] == [[U, D]] * 4 + [[U, U]] * 4
    assert [b.shape.as_list() for b in biases] == [[U]] * 8
    np.testing.assert_array_equal(value(network.canonical_to_params(weights, biases)), buffer)


def test_a_gru_whose_program_holds_the_buffer():
    ops = tf.contrib.cudnn_rnn.python.ops.cudnn_rnn_ops
    network = ops.CudnnGRU(num_layers=1, num_units=U, input_size=D)
    buffer = RNG.uniform(-1, 1, value(network.params_size())).astype(np.float32)
    h = RNG.normal(size=(1, B, U)).astype(np.float32)
    close(value(network(X, h, buffer, is_training=False)), gru_by_hand(buffer, h[0]))


def test_two_layers_in_two_directions_lie_one_after_the_other():
    """All matrices first, then all biases: a change of one is seen where it must be."""
    from unrolled.tf1.shims.cudnn.cudnn_rnn_params import CudnnParamsFormatConverterLSTM

    converter = CudnnParamsFormatConverterLSTM(2, U, D, direction="bidirectional")
    buffer = np.arange(converter.size(), dtype=np.float32)
    pieces = value(converter.cut(buffer))
    matrices = [part.ravel() for one in pieces for part in (one.w, one.r)]
    biases = [one.b.ravel() for one in pieces]
    np.testing.assert_array_equal(np.concatenate(matrices + biases), buffer)
    assert [one.w.shape for one in pieces] == [(4, U, D)] * 2 + [(4, U, 2 * U)] * 2
    weights, biases = converter.opaque_to_tf_canonical(RNG.normal(size=converter.size()))
    back = converter.opaque_to_tf_canonical(converter.tf_canonical_to_opaque(weights + biases))
    close(*value(((weights, biases), back)))


def test_each_gate_has_a_draw_of_its_own():
    layer = layer_of("CudnnGRU", 1, U, bias_initializer=tf.constant_initializer(0.25))
    layer(X)
    w, r, b_w, b_r = cut(value(layer.kernel), 3)
    for gates, depth in ((w, D), (r, U)):
        bound = np.sqrt(6 / (U + depth))
        assert bound / 2 < np.abs(gates).max() <= bound
        assert np.abs(gates[0] - gates[1]).max() > 0
    assert {*b_w.ravel(), *b_r.ravel()} == {0.25}


# --- calls -----------------------------------------------------------------------------------


def test_batch_major_order_and_a_given_state():
    layer = layer_of("CudnnLSTM", L, U, direction="bidirectional")
    start = tuple(RNG.normal(size=(2, 2 * L, B, U)).astype(np.float32))
    by_time = layer(X, start, LENGTHS)
    swapped = tuple(part.swapaxes(0, 1) for part in start)
    by_row = layer(X.swapaxes(0, 1), swapped, LENGTHS, time_major=False)
    zeros = layer(X), layer(X.swapaxes(0, 1), time_major=False)
    assert layer.state_shape(B) == ([2 * L, B, U], [2 * L, B, U])
    assert by_time[0].shape == (T, B, 2 * U) and by_time[1][0].shape == (2 * L, B, U)
    by_time, by_row, zeros = value((by_time, by_row, zeros))
    close([part.swapaxes(0, 1) for part in tf.nest.flatten(by_row)], by_time)
    close([part.swapaxes(0, 1) for part in tf.nest.flatten(zeros[1])], zeros[0])
    assert not by_time[0][2:, 1].any()  # past the length of the second row


@pytest.mark.parametrize("kind", ["CudnnLSTM", "CudnnRNNTanh"])
def test_dropout_is_between_layers_and_in_training_only(kind):
    layer = layer_of(kind, 2, U, dropout=0.5, seed=1)
    whole, again = layer(X, training=False)[0], layer(X, training=False)[0]
    dropped = layer(X)[0]
    shallow = layer_of(kind, 1, U, dropout=0.5)
    pair = shallow(X)[0], shallow(X, training=False)[0]
    whole, again, dropped, pair = value((whole, again, dropped, pair))
    np.testing.assert_array_equal(whole, again)
    assert np.abs(whole - dropped).max() > 1e-3
    np.testing.assert_array_equal(*pair)


@pytest.mark.parametrize("dtype", [tf.float16, tf.float64])
def test_other_dtypes(dtype):
    layer = layer_of("CudnnGRU", 2, U, dtype=dtype)
    outputs, (state,) = layer(X.astype(dtype.as_numpy_dtype))
    assert outputs.dtype == state.dtype == layer.kernel.dtype.base_dtype == dtype
    assert np.isfinite(value(outputs)).all()


def test_sizes_known_only_at_run_time():
    layer = layer_of("CudnnGRU", 1, U)
    x = tf.placeholder(tf.float32, [None, None, D])
    outputs, (state,) = layer(x)
    assert outputs.shape.as_list() == [None, None, U] and state.shape.as_list()[2] == U
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run(outputs, {x: X}).shape == (T, B, U)


def test_what_a_layer_says_of_itself():
    layer = layer_of("CudnnLSTM", 2, U, direction="bidirectional")
    assert (layer.rnn_mode, layer.num_dirs, layer.variables) == ("lstm", 2, [])
    with pytest.raises(ValueError, match="not known yet; call the layer"):
        _ = layer.canonical_weight_shapes
    layer(X)
    assert layer.input_size == D and layer.trainable_variables == [layer.kernel]
    one_way = [(U, D)] * 4 + [(U, U)] * 4, [(U, 2 * U)] * 4 + [(U, U)] * 4
    assert layer.canonical_weight_shapes == one_way[0] * 2 + one_way[1] * 2
    assert layer.canonical_bias_shapes == [[U]] * 32


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"direction": "both"}, "direction must be .* got 'both'"),
        ({"input_mode": "skip_input"}, 'not put back; give input_mode="linear_input"'),
        ({"input_mode": "skip"}, "input_mode must be .* got 'skip'"),
        ({"dropout": 1.5}, "dropout must be a number in .* got 1.5"),
        ({"dtype": tf.int32}, "dtype must be tf.float16, tf.float32 or tf.float64"),
        ({"input_size": D, "num_proj": 2}, "num_proj must be None"),
        ({"input_size": U, "input_mode": "auto_select"}, "without a matrix for its inputs"),
        ({"num_layers": 0, "input_size": D}, "num_layers"),
    ],
)
def test_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        layer_of("CudnnLSTM", **{"num_layers": 1, "num_units": U, **arguments})


def test_calls_that_do_not_fit():
    layer = layer_of("CudnnLSTM", 1, U, input_mode="auto_select")
    with pytest.raises(ValueError, match=r"must be \[T, B, D\] with a known D; got shape \(4, 3\)"):
        layer(X[:, 0])
    with pytest.raises(TypeError, match=r"must be a tuple of 2, \(h, c\)"):
        layer(X, tf.zeros([1, B, U]))
    with pytest.raises(ValueError, match=r"must be a tuple of 2, \(h, c\); got 1"):
        layer(X, (tf.zeros([1, B, U]),))
    with pytest.raises(ValueError, match="a depth of 3; got shape"):
        layer(np.zeros([T, B, D + 1], np.float32))
    with pytest.raises(ValueError, match="training must be True or False, no tensor"):
        layer(X, training=tf.placeholder(tf.bool, []))
    with pytest.raises(ValueError, match="without a matrix for its inputs"):
        layer_of("CudnnLSTM", 1, U, "auto_select")(np.zeros([T, B, U], np.float32))
