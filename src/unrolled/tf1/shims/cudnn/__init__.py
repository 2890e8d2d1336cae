"""`tf.contrib.cudnn_rnn`, on this package's loops.

A file is called as what it holds was called in TensorFlow 1:

    cudnn_rnn           the layers: CudnnLSTM, CudnnGRU, CudnnRNNTanh, CudnnRNNRelu
    cudnn_rnn_cells     the cells that read what the layers learnt
    cudnn_rnn_ops       the networks of before 1.4
    cudnn_rnn_params    the buffer of weights, and how it is saved
"""
