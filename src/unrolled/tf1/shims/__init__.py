"""What TensorFlow removed, on this package's cells, unrolls and losses.

A file is called as the file or module of TensorFlow 1 that held its functions and classes. The
folders' own docstrings list what lies in each.

    cells                  cells and wrappers of tf.nn.rnn_cell, tf.contrib.rnn, tf.contrib.grid_rnn
    cudnn                  tf.contrib.cudnn_rnn
    seq2seq                tf.contrib.seq2seq and tf.contrib.legacy_seq2seq
    layers                 tf.layers, tf.contrib.layers, tf.contrib.slim
    training               Saver, buckets, optimisers, estimators' parts
    data                   readers of MNIST and the Penn Treebank, vocabularies, tables of words
    rnn                    tf.nn and tf.contrib.rnn: the unrolls, from static_rnn to
                           stack_bidirectional_dynamic_rnn
    fused_rnn              tf.contrib.rnn: functions of a whole sequence, such as LSTMBlockFusedCell
    crf, crf_cells         tf.contrib.crf: the conditional random field of taggers, and its cells
    contrib_framework      tf.contrib.framework: nest, checkpoints, variables by name, checks
    contrib_distributions  tf.contrib.distributions: MultivariateNormalDiag
    eager                  tf.contrib.eager: gradients of functions, variables, iterators
    flags                  tf.flags: the names and the parsing that absl took from programs
    private                small private functions, which programs with their own cells used
    before_1_0             names and orders of arguments from before 1.0: tf.pack, tf.concat(0, x),
                           tf.nn.rnn
    release                the environment variable UNROLLED_TF1_RELEASE, for programs of before 1.2

`unrolled.tf1.exports`, `exports_cells`, `exports_contrib` and `exports_private` list each of these
under all its old names; `unrolled.tf1.packages` has what comes from other packages.
"""
