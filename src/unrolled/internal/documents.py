"""The TensorFlow names in the five documents: where each lives today, and what takes its place."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import tensorflow as tf

# Document -> its names, with underscores put back and imports written out. A method stands under
# its class: `sess.run` is Session.run.
USED = {
    "A": """contrib.layers.fully_connected contrib.rnn.BasicLSTMCell contrib.rnn.BasicRNNCell
        contrib.rnn.MultiRNNCell contrib.seq2seq.sequence_loss float32 initialize_all_variables
        nn.dynamic_rnn nn.embedding_lookup nn.static_rnn ones reshape shape transpose""",
    "B": """ConfigProto Graph.finalize InteractiveSession Operation.run Session.run Summary
        Summary.Value Tensor Tensor.get_shape argmax cast
        contrib.learn.python.learn.datasets.mnist.DataSet contrib.rnn.BasicRNNCell
        contrib.rnn.MultiRNNCell count_nonzero examples.tutorials.mnist.input_data.read_data_sets
        float32 get_default_graph global_variables_initializer int64 layers.conv2d layers.dense
        losses.sparse_softmax_cross_entropy nn.dynamic_rnn nn.softmax nn.static_rnn placeholder
        reset_default_graph size summary.FileWriter summary.FileWriter.add_summary
        train.AdamOptimizer train.AdamOptimizer.minimize while_loop""",
    "C": """Operation.run Session Session.run Tensor.eval Variable float32
        global_variables_initializer int32 matmul nn.dynamic_rnn nn.rnn_cell.BasicRNNCell
        nn.static_rnn placeholder random_normal stack tanh transpose unstack while_loop zeros""",
    "D": """Tensor.get_shape Variable constant float32 gather log matmul models.rnn.rnn.dynamic_rnn
        models.rnn.rnn.rnn models.rnn.rnn_cell.DropoutWrapper models.rnn.rnn_cell.GRUCell
        models.rnn.rnn_cell.LSTMCell models.rnn.rnn_cell.MultiRNNCell nn.softmax pack placeholder
        reduce_mean reduce_sum reshape transpose truncated_normal unpack""",
    "E": """InteractiveSession Session.run Tensor.eval contrib.rnn.BasicLSTMCell
        contrib.rnn.BasicRNNCell contrib.seq2seq.sequence_loss float32 global_variables_initializer
        nn.dynamic_rnn ones reduce_mean reshape train.AdamOptimizer train.AdamOptimizer.minimize
        variable_scope""",
}

CROSS_ENTROPY = "keras.losses.SparseCategoricalCrossentropy"

# The last part of a name that moved or went -> what to use: here, then in TensorFlow and Keras.
TODAY = {
    "BasicRNNCell": "unrolled.BasicRNNCell keras.layers.SimpleRNN",
    "BasicLSTMCell": "unrolled.BasicLSTMCell keras.layers.LSTM",
    "LSTMCell": "unrolled.LSTMCell keras.layers.LSTM",
    "GRUCell": "unrolled.GRUCell keras.layers.GRU",
    "MultiRNNCell": "unrolled.MultiRNNCell keras.layers.StackedRNNCells",
    "DropoutWrapper": "unrolled.DropoutWrapper keras.layers.Dropout",
    "rnn": "unrolled.static_rnn keras.layers.RNN",
    "static_rnn": "unrolled.static_rnn keras.layers.RNN",
    "dynamic_rnn": "unrolled.dynamic_rnn keras.layers.RNN",
    "dense": "unrolled.models.OutputLayer keras.layers.Dense",
    "fully_connected": "unrolled.models.OutputLayer keras.layers.Dense",
    "conv2d": "keras.layers.Conv2D",
    "placeholder": "tf.function tf.TensorSpec",
    "Session": "tf.function",
    "Session.run": "tf.function",
    "InteractiveSession": "tf.function",
    "ConfigProto": "tf.config.experimental.set_memory_growth",
    "global_variables_initializer": "tf.Variable",
    "initialize_all_variables": "tf.Variable",
    "get_default_graph": "tf.function",
    "reset_default_graph": "tf.Graph keras.utils.clear_session",
    "variable_scope": "tf.Module tf.name_scope",
    "sequence_loss": f"unrolled.sequence_loss {CROSS_ENTROPY}",
    "sparse_softmax_cross_entropy": (
        f"tf.nn.sparse_softmax_cross_entropy_with_logits {CROSS_ENTROPY}"
    ),
    "AdamOptimizer": "unrolled.training.fit keras.optimizers.Adam",
    "minimize": "tf.GradientTape keras.optimizers.Adam.apply_gradients",
    "count_nonzero": "tf.math.count_nonzero",
    "log": "tf.math.log",
    "pack": "tf.stack",
    "unpack": "tf.unstack",
    "random_normal": "tf.random.normal",
    "truncated_normal": "tf.random.truncated_normal",
    "FileWriter": "tf.summary.create_file_writer",
    "add_summary": "tf.summary.scalar",
    "Summary": "tf.summary.scalar",
    "Value": "tf.summary.scalar",
    "read_data_sets": "unrolled.mnist.load keras.datasets.mnist.load_data",
    "DataSet": "unrolled.mnist.Split tf.data.Dataset",
}

# The last part of a name -> what its replacement does differently, or needs to be told.
MIND = {
    "BasicLSTMCell": "Keras: other order of gates; add the forget bias",
    "LSTMCell": (
        "Keras: other order of gates; add the forget bias; no peepholes, projection or clipping"
    ),
    "GRUCell": "Keras: `reset_after=False`",
    "DropoutWrapper": "Keras: `rate` is 1 − `keep_prob`",
    "rnn": "Keras: `return_sequences=True` for every step; `unroll=True` writes the steps out",
    "static_rnn": (
        "Keras: `return_sequences=True` for every step; `unroll=True` writes the steps out"
    ),
    "dynamic_rnn": "Keras: `return_sequences=True` for every step",
    "fully_connected": "its default was ReLU, here it is none",
    "variable_scope": "`reuse=True`: call the same object again",
    "InteractiveSession": "often nothing: calls compute at once",
    "global_variables_initializer": "nothing to run",
    "initialize_all_variables": "nothing to run",
    "get_default_graph": "each traced function has its own graph",
    "sequence_loss": "Keras: `from_logits=True`; with weights, another mean",
    "sparse_softmax_cross_entropy": (
        "`tf.nn`: no mean; Keras: `from_logits=True`; with weights, another mean"
    ),
    "AdamOptimizer": "Keras: `epsilon=1e-8`",
    "read_data_sets": "Keras: pixels from 0 to 255",
}

M = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.5]], np.float32)


def _softmax(x: np.ndarray) -> np.ndarray:
    return np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)


# A name that is in place -> a call as the documents write it, and what it should give.
CALLS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "argmax": lambda: (tf.argmax(M, axis=1), M.argmax(axis=1)),
    "cast": lambda: (tf.cast(M, tf.int32), M.astype(np.int32)),
    "constant": lambda: (tf.constant(0.1, shape=[3]), np.full(3, 0.1)),
    "float32": lambda: (tf.zeros([2], tf.float32), np.zeros(2)),
    "gather": lambda: (tf.gather(M, 1), M[1]),
    "Graph.finalize": lambda: (_finalized(), True),
    "int32": lambda: (tf.zeros([2], tf.int32), np.zeros(2)),
    "int64": lambda: (tf.zeros([2], tf.int64), np.zeros(2)),
    "matmul": lambda: (tf.matmul(M, M.T), M @ M.T),
    "nn.embedding_lookup": lambda: (tf.nn.embedding_lookup(M, [1, 0]), M[[1, 0]]),
    "nn.softmax": lambda: (tf.nn.softmax(M), _softmax(M)),
    "ones": lambda: (tf.ones([2, 3]), np.ones([2, 3])),
    "Operation.run": lambda: (tf.compat.v1.global_variables_initializer().run(), None),
    "reduce_mean": lambda: (tf.reduce_mean(M), M.mean()),
    "reduce_sum": lambda: (tf.reduce_sum(M, reduction_indices=[1]), M.sum(axis=1)),
    "reshape": lambda: (tf.reshape(M, [3, 2]), M.reshape(3, 2)),
    "shape": lambda: (tf.shape(M), M.shape),
    "size": lambda: (tf.size(M), M.size),
    "stack": lambda: (tf.stack([M, M]), np.stack([M, M])),
    "tanh": lambda: (tf.tanh(M), np.tanh(M)),
    "Tensor": lambda: (isinstance(tf.constant(M), tf.Tensor), True),
    "Tensor.eval": lambda: (tf.constant(M).eval(), M),
    "Tensor.get_shape": lambda: (tf.constant(M).get_shape().as_list(), M.shape),
    "transpose": lambda: (tf.transpose(M, perm=[1, 0]), M.T),
    "unstack": lambda: (tf.unstack(M), M),
    "Variable": lambda: (tf.Variable(M), M),
    "while_loop": lambda: (tf.while_loop(lambda n: n < 5, lambda n: [n + 1], [0])[0], 5),
    "zeros": lambda: (tf.zeros([2, 3]), np.zeros([2, 3])),
}


def _finalized() -> bool:
    graph = tf.Graph()
    graph.finalize()
    return bool(graph.finalized)


def users() -> dict[str, str]:
    """Each name, with the letters of the documents that use it."""
    found: dict[str, str] = {}
    for letter, names in USED.items():
        for name in names.split():
            found[name] = found.get(name, "") + letter
    return found


def exists(path: str) -> bool:
    """Whether a dotted name stands for something today."""
    package, *parts = path.split(".")
    try:
        reduce(getattr, parts, importlib.import_module(package))
    except AttributeError:
        return False
    return True


def place(name: str) -> str:
    """Where a name of TensorFlow 1 is: "in place", "tf.compat.v1" or "gone"."""
    if exists(f"tensorflow.{name}"):
        return "in place"
    return "tf.compat.v1" if exists(f"tensorflow.compat.v1.{name}") else "gone"


def today(name: str) -> list[str]:
    """What to use for a name that moved or went; nothing for others."""
    for key in (name, name.rpartition(".")[2]):
        if key in TODAY:
            return TODAY[key].split()
    return []


def mind(name: str) -> str:
    """What differs in the replacement of a name; nothing where there is nothing to mind."""
    return MIND.get(name.rpartition(".")[2], "")


def call(name: str) -> str:
    """Call a name that is in place as the documents do; what is wrong, or nothing."""
    try:
        result, expected = CALLS[name]()
        difference = np.abs(np.asarray(result, float) - np.asarray(expected, float)).max()
    except Exception as error:  # whatever a reader would see
        message = str(error).splitlines()[0]
        return f"{type(error).__name__}: {message}"
    return "" if difference < 1e-6 else f"off by {difference:.1g}"


def names_at(where: str) -> list[str]:
    """The documents' names that are there, in alphabetical order."""
    return sorted((name for name in users() if place(name) == where), key=str.lower)


def code(*names: str) -> str:
    """Names in a cell of a table, which break at a dot or an underscore, for readers on a phone."""
    spans = (f"<code>{name}</code>".replace(".", ".<wbr>") for name in names)
    return ", ".join(spans).replace("_", "_<wbr>")


def table(head: str, rows: list[list[str]]) -> str:
    """A table in Markdown; `head` has the names of its columns, with | between two."""
    cells = [head.split("|"), ["---"] * (head.count("|") + 1), *rows]
    return "\n".join("| " + " | ".join(row) + " |" for row in cells)


def table_of(where: str, head: str) -> str:
    """The names that are there, who uses them, what to use today, and what to mind."""
    used_in = users()
    rows = [
        [code(f"tf.{name}"), used_in[name], code(*today(name)), mind(name)]
        for name in names_at(where)
    ]
    return table(head, rows)
