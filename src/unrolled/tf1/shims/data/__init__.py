"""What old programs read their data with.

A file is called as what it holds was called in TensorFlow 1:

    contrib_data      tf.contrib.data: what tf.data.experimental does not have
    contrib_lookup    tf.contrib.lookup: tables of words
    vocabulary        tf.contrib.learn.preprocessing: VocabularyProcessor
    mnist             tf.examples.tutorials.mnist.input_data: read_data_sets
    ptb_reader        tf.models.rnn.ptb.reader: the Penn Treebank as word numbers
"""
