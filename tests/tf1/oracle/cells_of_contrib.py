"""The cells that only `tf.contrib.rnn` of TensorFlow 1.15 had."""

from cells import flat, module, unrolled, with_gradients
from programs import numbers, program


def unlisted(tf):
    """The module, which has more cells than `tf.contrib.rnn` lists."""
    return module(tf, "contrib.rnn.python.ops.rnn_cell")


@program
def lstm_block_cell(tf):
    return unrolled(tf, tf.contrib.rnn.LSTMBlockCell(3, 0.5))


@program
def lstm_block_cell_with_peepholes(tf):
    return unrolled(tf, tf.contrib.rnn.LSTMBlockCell(3, cell_clip=0.4, use_peephole=True))


@program
def gru_block_cell(tf):
    return unrolled(tf, tf.contrib.rnn.GRUBlockCell(3))


@program
def gru_block_cell_v2(tf):
    return unrolled(tf, tf.contrib.rnn.GRUBlockCellV2(cell_size=3))


@program
def nas_cell(tf):
    return unrolled(tf, tf.contrib.rnn.NASCell(3, num_proj=2, use_bias=True))


@program
def layer_norm_basic_lstm_cell(tf):
    return unrolled(tf, tf.contrib.rnn.LayerNormBasicLSTMCell(4, 0.5))


@program
def layer_norm_basic_lstm_cell_without(tf):
    return unrolled(tf, tf.contrib.rnn.LayerNormBasicLSTMCell(4, layer_norm=False))


@program
def coupled_gates(tf):
    return unrolled(tf, tf.contrib.rnn.CoupledInputForgetGateLSTMCell(3))


@program
def coupled_gates_with_everything(tf):
    cell = tf.contrib.rnn.CoupledInputForgetGateLSTMCell(
        3,
        use_peepholes=True,
        num_proj=2,
        proj_clip=0.5,
        num_unit_shards=2,
        num_proj_shards=3,
        forget_bias=0.3,
        state_is_tuple=False,
        activation=tf.nn.softsign,
    )
    return unrolled(tf, cell)


@program
def coupled_gates_normalised(tf):
    cell = tf.contrib.rnn.CoupledInputForgetGateLSTMCell(4, use_peepholes=True, layer_norm=True)
    return unrolled(tf, cell)


@program
def layer_norm_lstm_cell(tf):
    cell = unlisted(tf).LayerNormLSTMCell(
        4, use_peepholes=True, cell_clip=0.8, num_proj=3, proj_clip=0.6, layer_norm=True
    )
    return unrolled(tf, cell)


@program
def layer_norm_lstm_cell_without(tf):
    return unrolled(tf, unlisted(tf).LayerNormLSTMCell(3, forget_bias=0.2))


@program
def weight_norm_lstm_cell(tf):
    cell = unlisted(tf).WeightNormLSTMCell(
        3, use_peepholes=True, cell_clip=0.5, num_proj=2, proj_clip=0.4
    )
    return unrolled(tf, cell)


@program
def weight_norm_lstm_cell_without(tf):
    return unrolled(tf, unlisted(tf).WeightNormLSTMCell(3, norm=False))


@program
def group_lstm(tf):
    return unrolled(tf, tf.contrib.rnn.GLSTMCell(4, number_of_groups=2), depth=6)


@program
def group_lstm_projected(tf):
    cell = tf.contrib.rnn.GLSTMCell(6, num_proj=4, number_of_groups=2, activation=tf.nn.relu)
    return unrolled(tf, cell, depth=4)


def phased_inputs():
    return 10.0 * numbers("times", [3, 4, 1]) ** 2, numbers("x", [3, 4, 2])


@program
def phased_lstm(tf):
    return unrolled(tf, tf.contrib.rnn.PhasedLSTMCell(3), inputs=phased_inputs())


@program
def phased_lstm_with_peepholes(tf):
    cell = tf.contrib.rnn.PhasedLSTMCell(
        3, use_peepholes=True, leak=0.1, ratio_on=0.4, trainable_ratio_on=False
    )
    return unrolled(tf, cell, inputs=phased_inputs())


@program
def ugrnn(tf):
    return unrolled(tf, tf.contrib.rnn.UGRNNCell(3, forget_bias=0.5))


@program
def intersection(tf):
    return unrolled(tf, tf.contrib.rnn.IntersectionRNNCell(3, y_activation=tf.nn.softplus))


@program
def intersection_projected(tf):
    return unrolled(tf, tf.contrib.rnn.IntersectionRNNCell(4, num_in_proj=4))


@program
def sru(tf):
    return unrolled(tf, tf.contrib.rnn.SRUCell(3))


@program
def minimal(tf):
    return unrolled(tf, unlisted(tf).MinimalRNNCell(3))


@program
def chaos_free(tf):
    return unrolled(tf, unlisted(tf).CFNCell(3))


@program
def ind_rnn(tf):
    return unrolled(tf, tf.contrib.rnn.IndRNNCell(3, tf.nn.relu))


@program
def indy_gru(tf):
    return unrolled(tf, tf.contrib.rnn.IndyGRUCell(3))


@program
def indy_lstm(tf):
    return unrolled(tf, tf.contrib.rnn.IndyLSTMCell(3, 0.5))


@program
def starts(tf):
    """The first values of what is not drawn at random."""
    rnn, more = tf.contrib.rnn, unlisted(tf)
    cells = [
        rnn.GRUBlockCell(2),
        rnn.LSTMBlockCell(2),
        rnn.IndyGRUCell(2),
        rnn.SRUCell(2),
        more.MinimalRNNCell(2),
        more.CFNCell(2),
        rnn.UGRNNCell(2),
        rnn.GLSTMCell(2),
        rnn.LayerNormBasicLSTMCell(2, norm_gain=0.5, norm_shift=0.25),
        more.LayerNormLSTMCell(2, layer_norm=True, norm_gain=0.5),
        rnn.AttentionCellWrapper(rnn.GRUCell(2), 2),
        rnn.HighwayWrapper(rnn.GRUCell(2), couple_carry_transform_gates=False, carry_bias_init=2.0),
    ]
    for cell in cells:
        cell(tf.zeros([1, 2]), cell.zero_state(1, tf.float32))
    phased = rnn.PhasedLSTMCell(2, ratio_on=0.25)
    phased((tf.zeros([1, 1]), tf.zeros([1, 2])), phased.zero_state(1, tf.float32))
    fixed = ("bias", "b_ru", "b_c", "gamma", "beta", "_b", "ratio_on", "bias_i")
    drawn = ("kernel", "_w")
    variables = [v for v in tf.global_variables() if v.op.name.endswith(fixed)]
    variables = [v for v in variables if not v.op.name.endswith(drawn)]
    return {v.op.name: v.initial_value for v in variables}


def pictures(tf, cell, shape):
    x = tf.constant(numbers("x", [2, 3] + shape))
    outputs, state = tf.nn.dynamic_rnn(cell, x, [3, 1], dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def conv_1d(tf):
    cell = tf.contrib.rnn.Conv1DLSTMCell(input_shape=[5, 2], output_channels=2, kernel_shape=[3])
    return pictures(tf, cell, [5, 2])


@program
def conv_2d(tf):
    cell = tf.contrib.rnn.ConvLSTMCell(2, [4, 3, 2], 2, [3, 2], use_bias=False, forget_bias=0.5)
    return pictures(tf, cell, [4, 3, 2])


@program
def conv_3d(tf):
    cell = tf.contrib.rnn.Conv3DLSTMCell(
        input_shape=[2, 3, 2, 1], output_channels=1, kernel_shape=[2, 2, 2]
    )
    return pictures(tf, cell, [2, 3, 2, 1])


@program
def conv_with_a_skip(tf):
    cell = tf.contrib.rnn.Conv2DLSTMCell(
        input_shape=[3, 3, 2], output_channels=2, kernel_shape=[2, 2], skip_connection=True
    )
    x = tf.constant(numbers("x", [2, 3, 3, 2]))
    return with_gradients(tf, *cell(x, cell.zero_state(2, tf.float32)))


@program
def time_and_frequency(tf):
    cell = tf.contrib.rnn.TimeFreqLSTMCell(
        2, use_peepholes=True, cell_clip=0.6, feature_size=2, frequency_skip=1, num_unit_shards=2
    )
    state = tf.constant(numbers("state", [3, 2 * 2 * 3]))
    found = cell(tf.constant(numbers("x", [3, 4])), state)
    with tf.variable_scope(tf.get_variable_scope(), reuse=True):
        return with_gradients(tf, *cell(tf.constant(numbers("y", [3, 4])), found[1]))


def grid(tf, **settings):
    cell = tf.contrib.rnn.GridLSTMCell(
        2, feature_size=2, frequency_skip=1, num_frequency_blocks=[3], **settings
    )
    return unrolled(tf, cell, depth=4)


@program
def grid_lstm(tf):
    return grid(tf)


@program
def grid_lstm_with_peepholes(tf):
    return grid(tf, use_peepholes=True, cell_clip=0.7, num_unit_shards=2)


@program
def grid_lstm_shared(tf):
    return grid(tf, use_peepholes=True, share_time_frequency_weights=True, forget_bias=0.3)


@program
def grid_lstm_coupled(tf):
    return grid(tf, use_peepholes=True, couple_input_forget_gates=True)


@program
def grid_lstm_joined(tf):
    return grid(tf, state_is_tuple=False)


def two_blocks(tf, **settings):
    return dict(
        num_units=2,
        feature_size=2,
        frequency_skip=1,
        num_frequency_blocks=[2, 1],
        start_freqindex_list=[0, 3],
        end_freqindex_list=[3, 5],
        **settings
    )


@program
def grid_lstm_of_two_blocks(tf):
    return unrolled(tf, tf.contrib.rnn.GridLSTMCell(**two_blocks(tf)), depth=5)


@program
def grid_lstm_of_two_blocks_joined(tf):
    cell = tf.contrib.rnn.GridLSTMCell(**two_blocks(tf, state_is_tuple=False))
    return unrolled(tf, cell, depth=5)


@program
def grid_lstm_both_ways(tf):
    cell = tf.contrib.rnn.BidirectionalGridLSTMCell(
        use_peepholes=True, backward_slice_offset=1, **two_blocks(tf)
    )
    return unrolled(tf, cell, depth=5)


@program
def grid_lstm_both_ways_moved_right(tf):
    cell = tf.contrib.rnn.BidirectionalGridLSTMCell(backward_slice_offset=-1, **two_blocks(tf))
    return unrolled(tf, cell, depth=5)


@program
def attention(tf):
    cell = tf.contrib.rnn.AttentionCellWrapper(tf.contrib.rnn.LSTMCell(3), 2)
    return unrolled(tf, cell)


@program
def attention_with_sizes(tf):
    rnn = tf.contrib.rnn
    cell = rnn.AttentionCellWrapper(
        rnn.GRUCell(3), 2, attn_size=4, attn_vec_size=5, input_size=2, state_is_tuple=False
    )
    return unrolled(tf, cell)


@program
def attention_in_a_stack(tf):
    rnn = tf.contrib.rnn
    inner = rnn.MultiRNNCell([rnn.BasicLSTMCell(3) for _ in range(2)])
    return unrolled(tf, rnn.MultiRNNCell([rnn.AttentionCellWrapper(inner, 3), rnn.GRUCell(2)]))


@program
def highway(tf):
    rnn = tf.contrib.rnn
    one = rnn.HighwayWrapper(rnn.GRUCell(3))
    two = rnn.HighwayWrapper(rnn.LSTMCell(3), couple_carry_transform_gates=False)
    return unrolled(tf, rnn.MultiRNNCell([one, two]))


@program
def projections(tf):
    rnn = tf.contrib.rnn
    inner = rnn.InputProjectionWrapper(rnn.GRUCell(3), 2, activation=tf.nn.relu)
    return unrolled(tf, rnn.OutputProjectionWrapper(inner, 4, activation=tf.tanh))


@program
def embedding(tf):
    rnn = tf.contrib.rnn
    cell = rnn.EmbeddingWrapper(rnn.LSTMCell(3), 5, 4)
    numbers_of_words = [tf.constant([t % 5, 2, 4 - t]) for t in range(4)]
    outputs, state = tf.nn.static_rnn(cell, numbers_of_words, dtype=tf.float32)
    return with_gradients(tf, outputs, state)


def sequence(tf):
    return tf.constant(numbers("x", [4, 3, 2]))


@program
def fused_lstm(tf):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(3, 0.5, cell_clip=0.6, use_peephole=True)
    return with_gradients(tf, *cell(sequence(tf), dtype=tf.float32, sequence_length=[4, 1, 0]))


@program
def fused_lstm_from_a_state(tf):
    cell = tf.contrib.rnn.LSTMBlockFusedCell(3, name="mine")
    state = (tf.constant(numbers("c", [3, 3])), tf.constant(numbers("h", [3, 3])))
    with tf.variable_scope("model"):
        return with_gradients(tf, *cell(sequence(tf), state))


@program
def fused_both_ways(tf):
    rnn = tf.contrib.rnn
    found = []
    for dynamic in (False, True):
        forward = rnn.FusedRNNCellAdaptor(rnn.GRUCell(3), use_dynamic_rnn=dynamic)
        backward = rnn.TimeReversedFusedRNN(
            rnn.FusedRNNCellAdaptor(rnn.LSTMCell(3), use_dynamic_rnn=dynamic)
        )
        for name, cell in (("fw", forward), ("bw", backward)):
            lengths = [4, 1, 2] if dynamic else None
            x = sequence(tf) if dynamic else tf.unstack(sequence(tf))
            scope = name + str(int(dynamic))
            found.append(cell(x, dtype=tf.float32, sequence_length=lengths, scope=scope))
    return with_gradients(tf, [one[0] for one in found], [flat(one[1]) for one in found])


def grids(tf, make, depth=2):
    x = [tf.constant(numbers("x%d" % t, [3, depth])) for t in range(3)]
    outputs, state = tf.nn.static_rnn(make(tf.contrib.grid_rnn), x, dtype=tf.float32)
    return with_gradients(tf, outputs, state)


@program
def grid_of_two_lstms(tf):
    return grids(tf, lambda m: m.Grid2LSTMCell(2, use_peepholes=True))


@program
def grid_of_two_tied_lstms(tf):
    return grids(tf, lambda m: m.Grid2BasicLSTMCell(2, tied=True))


@program
def grid_of_two_grus(tf):
    return grids(tf, lambda m: m.Grid2GRUCell(2))


@program
def grid_with_joined_states(tf):
    return grids(tf, lambda m: m.Grid2LSTMCell(2, state_is_tuple=False, output_is_tuple=False))


@program
def grid_of_two_basic_cells(tf):
    return grids(tf, lambda m: m.Grid2BasicRNNCell(2))


@program
def grid_of_two_lstms_with_a_dense_layer(tf):
    with tf.variable_scope("model", initializer=tf.zeros_initializer()):
        return grids(tf, lambda m: m.Grid2LSTMCell(2, non_recurrent_fn=tf.nn.relu))


@program
def grid_of_three(tf):
    return grids(tf, lambda m: m.Grid3LSTMCell(2))


@program
def grid_of_another_kind(tf):
    return grids(
        tf,
        lambda m: m.GridRNNCell(2, 3, input_dims=[0, 2], output_dims=[0, 1], priority_dims=[1]),
        depth=4,
    )
