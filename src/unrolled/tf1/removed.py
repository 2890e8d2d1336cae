"""The names that TensorFlow removed and this layer does not put back: in which release they went,
and what to use instead."""

from __future__ import annotations

# The longest name that a missing one begins with decides. The release is the first without it.
REMOVED = {
    "contrib": ("2.0", "the project that took over this part, or tf.keras"),
    "contrib.cudnn_rnn": ("2.0", "tf.keras.layers.LSTM or GRU, which use cuDNN where they can"),
    "contrib.crf": ("2.0", "crf_log_likelihood, crf_decode and viterbi_decode, which are put back"),
    "contrib.data": ("2.0", "tf.data"),
    "contrib.distributions": ("2.0", "TensorFlow Probability"),
    "contrib.eager": ("2.0", "TensorFlow 2 itself, which is eager; import tensorflow"),
    "contrib.estimator": ("2.0", "tf.keras models"),
    "contrib.framework": ("2.0", "tf.train and tf.compat.v1"),
    "contrib.grid_rnn": ("2.0", "cells of your own over tf.nn.rnn_cell.RNNCell"),
    "contrib.layers": ("2.0", "tf.layers, which is put back, or tf.keras.layers"),
    "contrib.learn": ("2.0", "tf.keras models; contrib.learn.run_n is put back"),
    "contrib.legacy_seq2seq": ("2.0", "tf.contrib.seq2seq, whose decoders are put back"),
    "contrib.lookup": ("2.0", "tf.lookup"),
    "contrib.losses": ("2.0", "tf.losses"),
    "contrib.metrics": ("2.0", "tf.metrics"),
    "contrib.rnn": ("2.0", "one of the cells that are put back, or a cell of your own"),
    "contrib.seq2seq": ("2.0", "BasicDecoder and AttentionWrapper, which are put back"),
    "contrib.slim": ("2.0", "the separate package tf_slim, or tf.layers"),
    "contrib.summary": ("2.0", "tf.summary"),
    "contrib.tensorboard": ("2.0", "the package tensorboard"),
    "contrib.training": ("2.0", "tf.data and tf.train"),
    "estimator": ("2.16", "tf.keras models"),
    "examples": ("2.0", "the data set from its own source; tutorials.mnist is put back"),
    "layers": ("2.16", "dense, dropout, flatten, convolution and pooling, which are put back"),
    "models": ("1.0", "tf.nn and tf.nn.rnn_cell"),
    "nn.rnn_cell": ("2.16", "one of the cells that are put back, or a cell of your own"),
    "nn.seq2seq": ("1.0", "tf.contrib.legacy_seq2seq"),
}


def explain(name: str) -> str:
    """One sentence on a missing `tf.<name>`: when it was removed, and what to use."""
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        known = REMOVED.get(".".join(parts[:length]))
        if known is not None:
            release, instead = known
            inside = "" if length == len(parts) else f" with tf.{'.'.join(parts[:length])}"
            return (
                f"tf.{name} is gone: TensorFlow {release} removed it{inside}, and unrolled.tf1 "
                f"does not put it back; use {instead}."
            )
    return (
        f"tf.{name} is neither in tf.compat.v1 nor among the names that unrolled.tf1 puts back; "
        "check its spelling, or look in TensorFlow's release notes for what replaced it."
    )
