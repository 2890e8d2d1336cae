"""`tf.contrib.lookup`: tables from words to numbers and back.

TensorFlow still has them, most of them without a public name; some arguments are called otherwise.
"""

from __future__ import annotations

from typing import Any

import tensorflow.compat.v1 as tf
from tensorflow.python.ops import lookup_ops

FAST = lookup_ops.FastHashSpec

SAME = {
    name: getattr(lookup_ops, name)
    for name in """
        FastHashSpec HasherSpec IdTableWithHashBuckets InitializableLookupTableBase
        KeyValueTensorInitializer LookupInterface MutableHashTable StrongHashSpec
        TableInitializerBase TextFileIdTableInitializer TextFileIndex TextFileInitializer
        TextFileStringTableInitializer index_table_from_file index_to_string_table_from_file
    """.split()
    if hasattr(lookup_ops, name)
}
SAME["MutableDenseHashTable"] = lookup_ops.DenseHashTable


class HashTable(tf.lookup.StaticHashTable):
    """A table that does not change, and is filled by `table.init` or `tf.tables_initializer()`.

    Args:
      initializer: a `KeyValueTensorInitializer` or `TextFileInitializer`.
      default_value: the value of other keys.
      shared_name: not put back: sessions do not share tables (default: none).
      name: of the operations (default: `hash_table`).

    Raises:
      ValueError: there is a `shared_name`.
    """

    def __init__(
        self,
        initializer: Any,
        default_value: Any,
        shared_name: str | None = None,
        name: str | None = None,
    ):
        if shared_name is not None:
            raise ValueError(
                "shared_name of HashTable must be left out, since unrolled.tf1 does not put it "
                f"back; got {shared_name!r}."
            )
        super().__init__(initializer, default_value, name=name)

    @property
    def init(self) -> tf.Operation:
        """The operation that fills the table."""
        return self.initializer


def index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = FAST,
    dtype: Any = tf.string,
    name: str | None = None,
) -> Any:
    """A table from the words in `mapping` to their places.

    Args:
      mapping: [words].
      num_oov_buckets: how many numbers there are after these for other words (default: 0).
      default_value: the number of other words, without such (default: -1).
      hasher_spec: how other words are told apart (default: `FastHashSpec`).
      dtype: of the words (default: tf.string).
      name: of the operations.
    """
    return lookup_ops.index_table_from_tensor(
        mapping, num_oov_buckets, default_value, hasher_spec, dtype, name
    )


def index_to_string_table_from_tensor(
    mapping: Any, default_value: str = "UNK", name: str | None = None
) -> Any:
    """A table from places to the words in `mapping`, and to `default_value` from elsewhere."""
    return lookup_ops.index_to_string_table_from_tensor(mapping, default_value, name)


def string_to_index_table_from_file(
    vocabulary_file: Any = None,
    num_oov_buckets: int = 0,
    vocab_size: int | None = None,
    default_value: int = -1,
    hasher_spec: Any = FAST,
    name: str | None = None,
) -> Any:
    """`index_table_from_file` under its name before 1.1."""
    return lookup_ops.index_table_from_file(
        vocabulary_file, num_oov_buckets, vocab_size, default_value, hasher_spec, name=name
    )


def string_to_index_table_from_tensor(
    mapping: Any,
    num_oov_buckets: int = 0,
    default_value: int = -1,
    hasher_spec: Any = FAST,
    name: str | None = None,
) -> Any:
    """`index_table_from_tensor` under its name before 1.1."""
    return index_table_from_tensor(mapping, num_oov_buckets, default_value, hasher_spec, name=name)


def string_to_index(
    tensor: Any, mapping: Any, default_value: int = -1, name: str | None = None
) -> tf.Tensor:
    """The places of words in `mapping`."""
    return index_table_from_tensor(mapping, default_value=default_value, name=name).lookup(tensor)


def index_to_string(
    tensor: Any, mapping: Any, default_value: str = "UNK", name: str | None = None
) -> tf.Tensor:
    """The words at places of `mapping`."""
    return index_to_string_table_from_tensor(mapping, default_value, name).lookup(tensor)
