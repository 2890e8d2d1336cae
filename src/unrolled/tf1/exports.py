"""What this layer puts back, under each of the names that it had in TensorFlow 1."""

from __future__ import annotations

from typing import Any

from unrolled.tf1 import exports_cells
from unrolled.tf1.exports_contrib import CONTRIB
from unrolled.tf1.shims import before_1_0, crf, crf_cells, eager
from unrolled.tf1.shims.cells import linear
from unrolled.tf1.shims.cudnn import cudnn_rnn, cudnn_rnn_cells, cudnn_rnn_ops, cudnn_rnn_params
from unrolled.tf1.shims.data import mnist, ptb_reader
from unrolled.tf1.shims.seq2seq import exports as seq2seq
from unrolled.tf1.shims.seq2seq import legacy_seq2seq, legacy_seq2seq_attention, legacy_seq2seq_loss
from unrolled.tf1.shims.training import saver


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


_SUMMARIES = {
    **_of(before_1_0, "scalar_summary histogram_summary image_summary"),
    **{name: value for name, value in before_1_0.RENAMED.items() if "summar" in name},
}
_SAVER = _of(saver, "Saver")
_LEGACY_SEQ2SEQ = {
    **_of(
        legacy_seq2seq,
        "rnn_decoder basic_rnn_seq2seq tied_rnn_seq2seq embedding_rnn_decoder "
        "embedding_rnn_seq2seq embedding_tied_rnn_seq2seq one2many_rnn_seq2seq",
    ),
    **_of(
        legacy_seq2seq_attention,
        "attention_decoder embedding_attention_decoder embedding_attention_seq2seq",
    ),
    **_of(legacy_seq2seq_loss, "sequence_loss sequence_loss_by_example model_with_buckets"),
}
_LEGACY_SEQ2SEQ_MODULE = {
    **_LEGACY_SEQ2SEQ,
    "_extract_argmax_and_embed": legacy_seq2seq.extract_argmax_and_embed,
    "linear": linear.linear,
    "Linear": linear.Linear,
}
_CRF = {
    **_of(
        crf,
        "crf_log_likelihood crf_sequence_score crf_multitag_sequence_score crf_unary_score "
        "crf_binary_score crf_log_norm crf_decode viterbi_decode",
    ),
    **_of(crf_cells, "CrfForwardRnnCell CrfDecodeForwardRnnCell CrfDecodeBackwardRnnCell"),
}
_CUDNN_NETWORKS = "CudnnLSTM CudnnGRU CudnnRNNTanh CudnnRNNRelu"
_CUDNN_PARTS = {
    **_of(cudnn_rnn_cells, "CudnnCompatibleLSTMCell CudnnCompatibleGRUCell"),
    **_of(
        cudnn_rnn_params,
        "CudnnLSTMSaveable CudnnGRUSaveable CudnnRNNTanhSaveable CudnnRNNReluSaveable "
        "CudnnParamsFormatConverterLSTM CudnnParamsFormatConverterGRU "
        "CudnnParamsFormatConverterTanh CudnnParamsFormatConverterRelu",
    ),
}
_CUDNN = {**_of(cudnn_rnn, _CUDNN_NETWORKS), **_CUDNN_PARTS}
_MNIST = _of(mnist, "read_data_sets DataSet Datasets")

EXPORTS: dict[str, dict[str, Any]] = {
    **CONTRIB,
    **exports_cells.EXPORTS,
    "": {
        "__version__": "1.15.0",  # whose names these are
        "VERSION": "1.15.0",
        **before_1_0.RENAMED,
        **_of(before_1_0, "batch_matmul concat split reverse"),
        **_SUMMARIES,
    },
    "contrib.crf": _CRF,
    "contrib.crf.python.ops.crf": _CRF,
    "contrib.cudnn_rnn": _CUDNN,
    "contrib.cudnn_rnn.python.layers": _CUDNN,
    "contrib.cudnn_rnn.python.layers.cudnn_rnn": {**_CUDNN, **cudnn_rnn_params.CONSTANTS},
    "contrib.cudnn_rnn.python.ops.cudnn_rnn_ops": {
        **_of(cudnn_rnn_ops, _CUDNN_NETWORKS),
        **_CUDNN_PARTS,
        **cudnn_rnn_params.CONSTANTS,
    },
    "contrib.deprecated": _SUMMARIES,
    "contrib.eager": eager.NAMES,
    "contrib.legacy_seq2seq": _LEGACY_SEQ2SEQ,
    "contrib.legacy_seq2seq.python.ops.seq2seq": _LEGACY_SEQ2SEQ_MODULE,
    **seq2seq.EXPORTS,
    "examples.tutorials.mnist": {},
    "examples.tutorials.mnist.input_data": _MNIST,
    "image": before_1_0.RENAMED_IMAGE,
    "models.rnn.ptb": {},
    "models.rnn.ptb.reader": {
        **_of(ptb_reader, "ptb_raw_data ptb_iterator ptb_producer"),
        "_read_words": ptb_reader.read_words,
        "_build_vocab": ptb_reader.build_vocab,
        "_file_to_word_ids": ptb_reader.file_to_word_ids,
    },
    "models.rnn.seq2seq": _LEGACY_SEQ2SEQ_MODULE,
    "nn": {
        **exports_cells.RNN_MODULE,
        **before_1_0.RENAMED_NN,
        **_of(
            before_1_0,
            "softmax_cross_entropy_with_logits sparse_softmax_cross_entropy_with_logits "
            "sigmoid_cross_entropy_with_logits sampled_softmax_loss nce_loss",
        ),
    },
    "nn.seq2seq": _LEGACY_SEQ2SEQ_MODULE,
    "python.ops.seq2seq": _LEGACY_SEQ2SEQ_MODULE,
    "python.training.saver": _SAVER,
    "train": {**_of(before_1_0, "SummaryWriter"), **_SAVER},
}
