"""What TensorFlow removed, on this package's cells, unrolls and losses.

A file is called as the file or module of TensorFlow 1 that held its functions and classes:

    rnn_cell             tf.nn.rnn_cell: RNNCell, the basic cells, the LSTM cells and the GRU
    rnn_cell_wrappers    tf.nn.rnn_cell: MultiRNNCell, DropoutWrapper and the other wrappers
    contrib_rnn_cell     tf.contrib.rnn: the cells that were fused kernels, LayerNormBasicLSTMCell,
                         NASCell
    linear               _linear and _Linear, private, which programs with their own cells used
    rnn                  tf.nn and tf.contrib.rnn: the unrolls, from static_rnn to
                         stack_bidirectional_dynamic_rnn
    seq2seq              tf.contrib.seq2seq: sequence_loss, the helpers, BasicDecoder,
                         dynamic_decode
    attention_wrapper    tf.contrib.seq2seq: AttentionWrapper, BahdanauAttention, LuongAttention,
                         tile_batch
    legacy_seq2seq       tf.contrib.legacy_seq2seq, before 1.0 tf.nn.seq2seq: losses and decoders on
                         lists of steps
    crf                  tf.contrib.crf: the conditional random field of taggers
    layers               tf.layers: dense, dropout, flatten, batch normalisation, convolution and
                         pooling
    contrib_layers       tf.contrib.layers: fully_connected and others, initialisers, regularisers,
                         optimize_loss
    learn                tf.contrib.learn: run_n
    vocabulary           tf.contrib.learn.preprocessing: VocabularyProcessor
    mnist                tf.examples.tutorials.mnist.input_data: read_data_sets
    flags                tf.flags: the names and the parsing that absl took from programs
    before_1_0           names and orders of arguments from before 1.0: tf.pack, tf.concat(0, x),
                         tf.nn.rnn

`unrolled.tf1.exports` lists each of these under all its old names.
"""
