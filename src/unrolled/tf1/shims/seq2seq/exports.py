"""The names of `tf.contrib.seq2seq`, and of the private modules behind it that programs imported.

The modules are those of 1.15 and, where 1.0 and 1.1 had others, of these.
"""

from __future__ import annotations

from typing import Any

from unrolled.tf1.shims.seq2seq import (
    attention_mechanism,
    attention_wrapper,
    basic_decoder,
    beam_search_decoder,
    beam_search_ops,
    decoder,
    decoder_fn,
    dynamic_attention_wrapper,
    helper,
    loss,
    monotonic_attention,
    scheduled_helper,
)


def _of(module: Any, names: str) -> dict[str, Any]:
    return {name: getattr(module, name) for name in names.split()}


_LOSS = _of(loss, "sequence_loss")
_HELPER = {
    **_of(helper, "Helper CustomHelper TrainingHelper GreedyEmbeddingHelper"),
    **_of(helper, "SampleEmbeddingHelper InferenceHelper"),
    **_of(scheduled_helper, "ScheduledEmbeddingTrainingHelper ScheduledOutputTrainingHelper"),
}
_DECODER = _of(decoder, "Decoder dynamic_decode")
_BASIC_DECODER = _of(basic_decoder, "BasicDecoder BasicDecoderOutput")
_BEAM_SEARCH_OPS = _of(beam_search_ops, "gather_tree")
_BEAM_SEARCH = {
    **_of(beam_search_decoder, "BeamSearchDecoder BeamSearchDecoderOutput BeamSearchDecoderState"),
    **_of(beam_search_decoder, "FinalBeamSearchDecoderOutput"),
    **_of(beam_search_ops, "tile_batch"),
}
_MECHANISMS = {
    **_of(attention_mechanism, "AttentionMechanism BahdanauAttention LuongAttention hardmax"),
    **_of(monotonic_attention, "BahdanauMonotonicAttention LuongMonotonicAttention"),
    **_of(monotonic_attention, "safe_cumprod monotonic_attention"),
}
_WRAPPER = _of(attention_wrapper, "AttentionWrapper AttentionWrapperState")
_OF_1_1 = _of(dynamic_attention_wrapper, "DynamicAttentionWrapper DynamicAttentionWrapperState")
_SIMPLE_OF_1_0 = _of(decoder_fn, "simple_decoder_fn_train simple_decoder_fn_inference")
_ATTENTION_OF_1_0 = _of(
    decoder_fn, "prepare_attention attention_decoder_fn_train attention_decoder_fn_inference"
)
_LOOP_OF_1_0 = _of(decoder_fn, "dynamic_rnn_decoder")

# What programs took from the private module for mechanisms and wrappers of their own.
_PRIVATE_ATTENTION = {
    "_BaseAttentionMechanism": attention_mechanism.BaseAttentionMechanism,
    "_BaseMonotonicAttentionMechanism": monotonic_attention.BaseMonotonicAttentionMechanism,
    "_prepare_memory": attention_mechanism.prepare_memory,
    "_maybe_mask_score": attention_mechanism.mask_score,
    "_luong_score": attention_mechanism.luong_score,
    "_bahdanau_score": attention_mechanism.bahdanau_score,
    "_monotonic_probability_fn": monotonic_attention.monotonic_probability_fn,
    "_compute_attention": attention_wrapper.look,
    "_zero_state_tensors": attention_wrapper.zeros,
}

_OPS = "contrib.seq2seq.python.ops"

EXPORTS: dict[str, dict[str, Any]] = {
    "contrib.seq2seq": {
        **_LOSS,
        **_HELPER,
        **_DECODER,
        **_BASIC_DECODER,
        **_BEAM_SEARCH_OPS,
        **_BEAM_SEARCH,
        **_MECHANISMS,
        **_WRAPPER,
        **_OF_1_1,
        **_SIMPLE_OF_1_0,
        **_ATTENTION_OF_1_0,
        **_LOOP_OF_1_0,
    },
    f"{_OPS}.attention_decoder_fn": _ATTENTION_OF_1_0,
    f"{_OPS}.attention_wrapper": {**_MECHANISMS, **_WRAPPER, **_PRIVATE_ATTENTION},
    f"{_OPS}.basic_decoder": _BASIC_DECODER,
    f"{_OPS}.beam_search_decoder": {
        **_BEAM_SEARCH,
        **_of(beam_search_ops, "gather_tree_from_array"),
    },
    f"{_OPS}.beam_search_ops": _BEAM_SEARCH_OPS,
    f"{_OPS}.decoder": {**_DECODER, "_transpose_batch_time": decoder.swap_batch_and_time},
    f"{_OPS}.decoder_fn": _SIMPLE_OF_1_0,
    f"{_OPS}.dynamic_attention_wrapper": {**_MECHANISMS, **_OF_1_1},
    f"{_OPS}.helper": _HELPER,
    f"{_OPS}.loss": _LOSS,
    f"{_OPS}.seq2seq": _LOOP_OF_1_0,
}
