"""`tf.contrib.seq2seq`: attention, decoders whose steps choose the next input, and their loss.

    helper = TrainingHelper(inputs, lengths)           # or GreedyEmbeddingHelper(table, start, end)
    decoder = BasicDecoder(cell, helper, initial_state, output_layer)
    outputs, state, lengths = dynamic_decode(decoder)

A file is called as the file of TensorFlow 1 that held its functions and classes:

    attention_wrapper          AttentionWrapper: a cell that looks at a memory
    attention_mechanism        what it looks with: LuongAttention, BahdanauAttention
    monotonic_attention        mechanisms that only move on
    decoder                    Decoder and dynamic_decode, the loop
    basic_decoder              BasicDecoder: a cell, an output layer and a helper
    helper, scheduled_helper   what is drawn at a step, and the next input
    beam_search_decoder        BeamSearchDecoder
    beam_search_ops            tile_batch, gather_tree
    loss                       sequence_loss
    dynamic_attention_wrapper  DynamicAttentionWrapper of 1.1
    decoder_fn                 dynamic_rnn_decoder and its functions, of 1.0

`tf.contrib.legacy_seq2seq`, which before 1.0 was `tf.nn.seq2seq`, works on lists of steps:

    legacy_seq2seq             decoders and models
    legacy_seq2seq_attention   those with attention
    legacy_seq2seq_loss        their losses, and model_with_buckets
"""

from unrolled.tf1.shims.seq2seq.loss import call_softmax_loss, sequence_loss

__all__ = ["call_softmax_loss", "sequence_loss"]
