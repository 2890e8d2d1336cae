"""What TensorFlow removed, on this package's cells, unrolls and losses.

A file is called as the file or module of TensorFlow 1 that held its functions and classes:

    rnn_cell             tf.nn.rnn_cell: RNNCell, the basic cells, the LSTM cells and the GRU
    cell_base            what all cells share: their variables under scopes
    release              the environment variable UNROLLED_TF1_RELEASE, for programs of before 1.2
    keras_cells          Keras's cells in the unrolls and in wrappers
    rnn_cell_wrappers    tf.nn.rnn_cell: MultiRNNCell and the wrappers; dropout_wrapper has dropout
    contrib_rnn_cell     tf.contrib.rnn: the cells that were fused kernels, LayerNormBasicLSTMCell,
                         NASCell; contrib_gated_cells, contrib_lstm_cells, phased_lstm, conv_lstm
                         and frequency_cells have the others, and contrib_wrappers the wrappers
    fused_rnn            tf.contrib.rnn: functions of a whole sequence, such as LSTMBlockFusedCell
    grid_rnn             tf.contrib.grid_rnn: a cell for each dimension of a grid
    linear               _linear and _Linear, private, which programs with their own cells used
    rnn                  tf.nn and tf.contrib.rnn: the unrolls, from static_rnn to
                         stack_bidirectional_dynamic_rnn
    seq2seq              tf.contrib.seq2seq, a folder: attention, decoders, helpers, beam search,
                         sequence_loss
    legacy_seq2seq       tf.contrib.legacy_seq2seq, before 1.0 tf.nn.seq2seq: decoders and models on
                         lists of steps; ..._attention has those with attention, and ..._loss the
                         losses and model_with_buckets
    cudnn_rnn            tf.contrib.cudnn_rnn: layers on this package's loops; ..._cells has the
                         compatible cells, ..._ops the networks of before 1.4, and ..._params the
                         buffer of weights and how it is saved
    crf                  tf.contrib.crf: the conditional random field of taggers; crf_cells has its
                         cells
    layers               tf.layers: dense, dropout, flatten, convolution and pooling; normalization
                         has batch normalisation, and layer_classes the classes
    contrib_layers       tf.contrib.layers: fully_connected and others; contrib_initializers,
                         contrib_embeddings and optimize_loss have what their names say
    slim                 what the package tf_slim asks of TensorFlow, to stand for tf.contrib.slim
    arg_scope            tf.contrib.framework: arg_scope, where tf_slim is not installed
    contrib_framework    tf.contrib.framework: nest, checkpoints, variables by name, checks
    contrib_data         tf.contrib.data: what tf.data.experimental does not have
    contrib_lookup       tf.contrib.lookup: tables of words
    contrib_opt          tf.contrib.opt: Nadam, lazy Adam, decay of weights; scipy_optimizer has
                         ScipyOptimizerInterface
    hparams, bucketing   tf.contrib.training: HParams; buckets and sampling on queues
    estimator            tf.estimator: ModeKeys, EstimatorSpec, numpy_input_fn
    predictor            tf.contrib.predictor: from_saved_model
    learn                tf.contrib.learn: run_n
    vocabulary           tf.contrib.learn.preprocessing: VocabularyProcessor
    mnist                tf.examples.tutorials.mnist.input_data: read_data_sets
    ptb_reader           tf.models.rnn.ptb.reader: the Penn Treebank as word numbers
    flags                tf.flags: the names and the parsing that absl took from programs
    eager                tf.contrib.eager: gradients of functions, variables, iterators
    private              small private functions, which programs with their own cells used
    saver                tf.train.Saver, which restores what releases before 1.2 wrote
    before_1_0           names and orders of arguments from before 1.0: tf.pack, tf.concat(0, x),
                         tf.nn.rnn

`unrolled.tf1.exports`, `exports_cells`, `exports_contrib` and `exports_private` list each of these
under all its old names; `unrolled.tf1.packages` has what comes from other packages.
"""
