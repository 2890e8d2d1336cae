"""`tf.layers`, `tf.contrib.layers`, and what stands for `tf.contrib.slim`.

A file is called as what it holds was called in TensorFlow 1:

    core                   tf.layers: dense, dropout, flatten, convolution and pooling
    normalization          tf.layers: batch normalisation
    layer_classes          tf.layers: the classes, and the module `base`
    contrib_layers         tf.contrib.layers: fully_connected and others
    contrib_embeddings     its embeddings
    contrib_initializers   its initialisers and regularisers
    optimize_loss          its training step in one call
    arg_scope              tf.contrib.framework.arg_scope, where tf_slim is not installed
    slim                   what the package tf_slim asks of TensorFlow
"""
