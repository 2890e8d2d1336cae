"""`tf.contrib.cudnn_rnn`, on this package's loops.

    cudnn_rnn           the layers: CudnnLSTM, CudnnGRU, CudnnRNNTanh, CudnnRNNRelu
    cudnn_rnn_cells     the cells that read what the layers learnt
    cudnn_rnn_ops       the networks of before 1.4
    cudnn_rnn_params    the buffer of weights, and how it is saved
"""
