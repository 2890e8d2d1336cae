"""What this layer puts back, under each of the names that it had in TensorFlow 1."""

from __future__ import annotations

from typing import Any

from unrolled.cells import LSTMStateTuple
from unrolled.tf1.shims import (
    attention_wrapper,
    before_1_0,
    contrib_layers,
    contrib_rnn_cell,
    crf,
    layers,
    learn,
    legacy_seq2seq,
    linear,
    mnist,
    rnn,
    rnn_cell,
    rnn_cell_wrappers,
    seq2seq,
    vocabulary,
)


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


_CELLS = {
    "LSTMStateTuple": LSTMStateTuple,
    **_of(rnn_cell, "RNNCell BasicRNNCell BasicLSTMCell LSTMCell GRUCell"),
    **_of(rnn_cell_wrappers, "MultiRNNCell DropoutWrapper ResidualWrapper DeviceWrapper"),
}
_BLOCK_CELLS = _of(contrib_rnn_cell, "LSTMBlockCell GRUBlockCell GRUBlockCellV2")
_MORE_CELLS = {
    **_BLOCK_CELLS,
    **_of(contrib_rnn_cell, "NASCell LayerNormBasicLSTMCell"),
    **_of(rnn_cell_wrappers, "InputProjectionWrapper OutputProjectionWrapper EmbeddingWrapper"),
}
_UNROLLS = _of(rnn, "static_rnn dynamic_rnn bidirectional_dynamic_rnn static_bidirectional_rnn")
_STACKED = _of(rnn, "stack_bidirectional_rnn stack_bidirectional_dynamic_rnn")
_BEFORE_1_0 = _of(before_1_0, "rnn bidirectional_rnn")
_LEGACY_SEQ2SEQ = _of(
    legacy_seq2seq,
    "sequence_loss sequence_loss_by_example rnn_decoder basic_rnn_seq2seq embedding_rnn_decoder "
    "embedding_rnn_seq2seq",
)
_INITIALIZERS = {
    **_of(contrib_layers, "xavier_initializer variance_scaling_initializer"),
    "xavier_initializer_conv2d": contrib_layers.xavier_initializer,
}
_REGULARIZERS = _of(contrib_layers, "l1_regularizer l2_regularizer")
_OPTIMIZE_LOSS = _of(contrib_layers, "optimize_loss")
_CONTRIB_LAYERS = {
    **_of(
        contrib_layers,
        "fully_connected linear relu relu6 elu batch_norm embed_sequence flatten",
    ),
    **_INITIALIZERS,
    **_REGULARIZERS,
    **_OPTIMIZE_LOSS,
}
_CRF = _of(
    crf,
    "crf_log_likelihood crf_sequence_score crf_unary_score crf_binary_score crf_log_norm "
    "crf_decode viterbi_decode",
)
_SEQUENCE_LOSS = _of(seq2seq, "sequence_loss")
_HELPERS = _of(
    seq2seq, "Helper CustomHelper TrainingHelper GreedyEmbeddingHelper SampleEmbeddingHelper"
)
_DECODER = _of(seq2seq, "Decoder dynamic_decode")
_BASIC_DECODER = _of(seq2seq, "BasicDecoder BasicDecoderOutput")
_ATTENTION = _of(
    attention_wrapper,
    "AttentionMechanism BahdanauAttention LuongAttention AttentionWrapper AttentionWrapperState",
)
_TILE_BATCH = _of(attention_wrapper, "tile_batch")
_MNIST = _of(mnist, "read_data_sets DataSet Datasets")

# The private modules behind these, which programs imported all the same, mostly for `_linear`, or
# for `_Linear` from 1.3 on. They moved from release to release.
_RNN_CELL_MODULE = {
    **_CELLS,
    **_MORE_CELLS,
    "_linear": linear.linear,
    "linear": linear.linear,
    "_Linear": linear.Linear,
}
_RNN_MODULE = {**_UNROLLS, **_BEFORE_1_0}

EXPORTS: dict[str, dict[str, Any]] = {
    "": {
        "__version__": "1.15.0",  # whose names these are
        "VERSION": "1.15.0",
        **before_1_0.RENAMED,
        **_of(
            before_1_0, "batch_matmul concat split scalar_summary histogram_summary image_summary"
        ),
    },
    "contrib.crf": _CRF,
    "contrib.crf.python.ops.crf": _CRF,
    "contrib.layers": _CONTRIB_LAYERS,
    "contrib.layers.python.layers": _CONTRIB_LAYERS,
    "contrib.layers.python.layers.initializers": _INITIALIZERS,
    "contrib.layers.python.layers.layers": _CONTRIB_LAYERS,
    "contrib.layers.python.layers.optimizers": _OPTIMIZE_LOSS,
    "contrib.layers.python.layers.regularizers": _REGULARIZERS,
    "contrib.learn": _of(learn, "run_n"),
    "contrib.learn.datasets.mnist": _MNIST,
    "contrib.learn.preprocessing": _of(vocabulary, "VocabularyProcessor CategoricalVocabulary"),
    "contrib.learn.python.learn.datasets.mnist": _MNIST,
    "contrib.legacy_seq2seq": _LEGACY_SEQ2SEQ,
    "contrib.legacy_seq2seq.python.ops.seq2seq": _LEGACY_SEQ2SEQ,
    "contrib.rnn": {**_CELLS, **_MORE_CELLS, **_UNROLLS, **_STACKED},
    "contrib.rnn.core_rnn_cell": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn": _RNN_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.core_rnn_cell_impl": _RNN_CELL_MODULE,
    "contrib.rnn.python.ops.gru_ops": _BLOCK_CELLS,
    "contrib.rnn.python.ops.lstm_ops": _BLOCK_CELLS,
    "contrib.rnn.python.ops.rnn": _STACKED,
    "contrib.rnn.python.ops.rnn_cell": _RNN_CELL_MODULE,
    "contrib.seq2seq": {
        **_SEQUENCE_LOSS,
        **_HELPERS,
        **_DECODER,
        **_BASIC_DECODER,
        **_ATTENTION,
        **_TILE_BATCH,
    },
    "contrib.seq2seq.python.ops.attention_wrapper": {
        **_ATTENTION,
        "_BaseAttentionMechanism": attention_wrapper.AttentionMechanism,
    },
    "contrib.seq2seq.python.ops.basic_decoder": _BASIC_DECODER,
    "contrib.seq2seq.python.ops.beam_search_decoder": _TILE_BATCH,
    "contrib.seq2seq.python.ops.decoder": _DECODER,
    "contrib.seq2seq.python.ops.helper": _HELPERS,
    "contrib.seq2seq.python.ops.loss": _SEQUENCE_LOSS,
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
    "nn.rnn_cell": {**_CELLS, **_MORE_CELLS, "_linear": linear.linear},
    "nn.seq2seq": _LEGACY_SEQ2SEQ,
    "python.layers.core": _of(layers, "Dense dense dropout flatten"),
    "python.ops.rnn": _RNN_MODULE,
    "python.ops.rnn_cell": _RNN_CELL_MODULE,
    "python.ops.rnn_cell_impl": _RNN_CELL_MODULE,
    "python.ops.seq2seq": _LEGACY_SEQ2SEQ,
    "train": _of(before_1_0, "SummaryWriter"),
}
