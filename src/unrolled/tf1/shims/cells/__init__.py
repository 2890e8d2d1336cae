"""The cells and their wrappers, of `tf.nn.rnn_cell`, `tf.contrib.rnn` and `tf.contrib.grid_rnn`.

A file is called as the file or module of TensorFlow 1 that held its classes:

    cell_base             what all cells share: their variables under scopes
    rnn_cell              tf.nn.rnn_cell: RNNCell, the basic cells, the LSTM cells and the GRU
    rnn_cell_wrappers     tf.nn.rnn_cell: MultiRNNCell and the wrappers, but for dropout
    dropout_wrapper       tf.nn.rnn_cell: DropoutWrapper
    contrib_rnn_cell      the cells that were fused kernels, LayerNormBasicLSTMCell, NASCell
    contrib_gated_cells   UGRNNCell, SRUCell, MinimalRNNCell, the Indy cells and their like
    contrib_lstm_cells    LSTM cells with coupled gates, layer or weight norm, or groups
    contrib_wrappers      AttentionCellWrapper, HighwayWrapper, CompiledWrapper
    conv_lstm             ConvLSTMCell in one, two and three dimensions
    frequency_cells       TimeFreqLSTMCell, GridLSTMCell and its bidirectional form
    phased_lstm           PhasedLSTMCell
    grid_rnn              tf.contrib.grid_rnn: a cell for each dimension of a grid
    keras_cells           Keras's cells in the unrolls and in wrappers
    linear                _linear and _Linear, private, which programs with their own cells used
"""
