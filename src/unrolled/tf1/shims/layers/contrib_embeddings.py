"""The look-ups of `tf.contrib.layers`: rows of an embedding for words, documents, sparse words."""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf

from unrolled.tf1.shims.layers.contrib_layers import model_variables


def embed_sequence(
    ids: Any,
    vocab_size: int | None = None,
    embed_dim: int | None = None,
    unique: bool = False,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> tf.Tensor:
    """Rows of `EmbedSequence/embeddings` [vocab_size, D]: ids [B, T] -> [B, T, D].

    Args:
      ids: [B, T], whole numbers below `vocab_size`.
      vocab_size, embed_dim: the number of rows, and D; with `reuse`, both may be None.
      unique: ignored: it saved look-ups, and the numbers are the same.
      initializer, regularizer, trainable, reuse: as in `tf.layers`.
      scope: the variable scope (default: `EmbedSequence`, made unique).

    Raises:
      ValueError: a size is missing without `reuse`.
    """
    if not (reuse or (vocab_size and embed_dim)):
        raise ValueError(
            "vocab_size and embed_dim of embed_sequence must be numbers of at least 1; "
            f"got {vocab_size} and {embed_dim}; give both, or reuse=True."
        )
    with tf.variable_scope(scope, "EmbedSequence", [ids], reuse=reuse):
        shape = [vocab_size, embed_dim] if vocab_size and embed_dim else None
        make = model_variables(None, None, trainable)
        return tf.nn.embedding_lookup(make("embeddings", shape, initializer, regularizer), ids)


def bow_encoder(
    ids: Any,
    vocab_size: int,
    embed_dim: int,
    sparse_lookup: bool = True,
    initializer: Any = None,
    regularizer: Any = None,
    trainable: bool = True,
    scope: Any = None,
    reuse: Any = None,
) -> tf.Tensor:
    """The mean of the embeddings of a row's words: ids [B, T] -> [B, D].

    Args:
      ids: [B, T], whole numbers below `vocab_size`, dense or sparse.
      vocab_size, embed_dim: the number of rows of `bow_encoder/embeddings`, and D.
      sparse_lookup: leave 0 out of a row of dense ids, as padding, and take the embedding of 0 for
        a row of nothing else; False counts each 0 (default: True).
      initializer, regularizer, trainable, reuse: as in `tf.layers`.
      scope: the variable scope (default: `bow_encoder`, made unique).

    Raises:
      TypeError: sparse ids with `sparse_lookup=False`.
    """
    with tf.variable_scope(scope, "bow_encoder", [ids], reuse=reuse):
        make = model_variables(None, None, trainable)
        embeddings = make("embeddings", [vocab_size, embed_dim], initializer, regularizer)
        is_sparse = isinstance(ids, tf.SparseTensor)
        if sparse_lookup:
            return tf.nn.safe_embedding_lookup_sparse(
                [embeddings],
                ids if is_sparse else tf.sparse.from_dense(ids),
                combiner="mean",
                default_id=0,
            )
        if is_sparse:
            raise TypeError(
                "ids of bow_encoder must be a dense tensor with sparse_lookup=False; got a "
                "SparseTensor."
            )
        return tf.reduce_mean(tf.nn.embedding_lookup(embeddings, ids), axis=1)


def embedding_lookup_unique(
    params: Any, ids: Any, partition_strategy: str = "mod", name: str | None = None
) -> tf.Tensor:
    """`tf.nn.embedding_lookup` that looks each id up once: ids [...] -> [..., D]."""
    with tf.name_scope(name, "EmbeddingLookupUnique", [params, ids]):
        ids = tf.convert_to_tensor(ids)
        unique, where = tf.unique(tf.reshape(ids, [-1]))
        rows = tf.gather(tf.nn.embedding_lookup(params, unique, partition_strategy), where)
        shape = tf.concat([tf.shape(ids), tf.shape(rows)[1:]], axis=0)
        embedded = tf.reshape(rows, shape)
        embedded.set_shape(ids.shape.concatenate(rows.shape[1:]))
        return embedded
