"""Where in TensorFlow 1's tree each thing stood that this layer puts back."""

from __future__ import annotations

from typing import Any

from unrolled.cells import LSTMStateTuple
from unrolled.tf1.put_back import (
    before_1_0,
    cells,
    layers,
    learn,
    legacy_seq2seq,
    mnist,
    seq2seq,
    unrolls,
    wrappers,
)


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


_CELLS = {
    "LSTMStateTuple": LSTMStateTuple,
    **_of(cells, "RNNCell BasicRNNCell BasicLSTMCell LSTMCell GRUCell"),
    **_of(wrappers, "MultiRNNCell DropoutWrapper ResidualWrapper DeviceWrapper"),
}
_MORE_CELLS = {
    **_of(cells, "LSTMBlockCell GRUBlockCell GRUBlockCellV2 NASCell"),
    **_of(wrappers, "InputProjectionWrapper OutputProjectionWrapper EmbeddingWrapper"),
}
_UNROLLS = _of(unrolls, "static_rnn dynamic_rnn bidirectional_dynamic_rnn static_bidirectional_rnn")
_STACKED = _of(unrolls, "stack_bidirectional_rnn stack_bidirectional_dynamic_rnn")
_BEFORE_1_0 = _of(before_1_0, "rnn bidirectional_rnn")
_LEGACY_SEQ2SEQ = _of(
    legacy_seq2seq,
    "sequence_loss sequence_loss_by_example rnn_decoder basic_rnn_seq2seq embedding_rnn_decoder "
    "embedding_rnn_seq2seq",
)
_MNIST = _of(mnist, "read_data_sets DataSet Datasets")

# The modules behind these, which were private, and which programs imported all the same: for
# `_linear` above all. They moved from release to release.
_RNN_CELL_MODULE = {**_CELLS, **_MORE_CELLS, "_linear": cells.linear, "linear": cells.linear}
_RNN_MODULE = {**_UNROLLS, **_BEFORE_1_0}

TREE: dict[str, dict[str, Any]] = {
    "": {
        "__version__": "1.15.0",  # whose names these are
        "VERSION": "1.15.0",
        **before_1_0.RENAMED,
        **_of(before_1_0, "concat split scalar_summary histogram_summary image_summary"),
    },
    "contrib.layers": {
        **_of(
            layers,
            "fully_connected linear relu relu6 elu batch_norm embed_sequence l1_regularizer "
            "l2_regularizer xavier_initializer variance_scaling_initializer",
        ),
        "xavier_initializer_conv2d": layers.xavier_initializer,
        "flatten": layers.contrib_flatten,
    },
    "contrib.learn": _of(learn, "run_n"),
    "contrib.learn.python.learn.datasets.mnist": _MNIST,
    "contrib.legacy_seq2seq": _LEGACY_SEQ2SEQ,
    "contrib.rnn": {**_CELLS, **_MORE_CELLS, **_UNROLLS, **_STACKED},
    "contrib.rnn.core_rnn_cell": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn": _RNN_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell_impl": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.rnn": _STACKED,
    "contrib.rnn.python.ops.rnn_cell": _RNN_CELL_MODULE,
    "contrib.seq2seq": _of(
        seq2seq,
        "sequence_loss Helper CustomHelper TrainingHelper GreedyEmbeddingHelper "
        "SampleEmbeddingHelper Decoder BasicDecoder BasicDecoderOutput dynamic_decode",
    ),
    "examples.tutorials.mnist": {},
    "examples.tutorials.mnist.input_data": _MNIST,
    "layers": _of(
        layers,
        "Dense dense dropout flatten batch_normalization conv1d conv2d max_pooling1d "
        "max_pooling2d average_pooling1d average_pooling2d",
    ),
    "models.rnn.rnn": _RNN_MODULE,
    "models.rnn.rnn_cell": _RNN_CELL_MODULE,
    "models.rnn.seq2seq": _LEGACY_SEQ2SEQ,
    "nn": {
        **_UNROLLS,
        **_BEFORE_1_0,
        **_of(
            before_1_0,
            "softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits "
            "sigmoid_cross_entropy_with_logits",
        ),
    },
    "nn.rnn_cell": {**_CELLS, **_MORE_CELLS, "_linear": cells.linear},
    "nn.seq2seq": _LEGACY_SEQ2SEQ,
    "python.layers.core": _of(layers, "Dense dense dropout flatten"),
    "python.ops.rnn": _RNN_MODULE,
    "python.ops.rnn_cell": _RNN_CELL_MODULE,
    "python.ops.rnn_cell_impl": _RNN_CELL_MODULE,
    "python.ops.seq2seq": _LEGACY_SEQ2SEQ,
    "train": _of(before_1_0, "SummaryWriter"),
}
