"""Which of TensorFlow 1's names a program uses, for the index of the page."""

from __future__ import annotations

import json
import re
from pathlib import Path

from gallery.edits import code_cells, read
from gallery.table import Program

# What the index lists, in its order.
NAMES = {
    "Unrolls": [
        "dynamic_rnn",
        "static_rnn",
        "bidirectional_dynamic_rnn",
        "static_bidirectional_rnn",
        "raw_rnn",
        "while_loop",
        "TensorArray",
    ],
    "Cells": [
        "BasicRNNCell",
        "BasicLSTMCell",
        "LSTMCell",
        "GRUCell",
        "NASCell",
        "PhasedLSTMCell",
        "LayerNormBasicLSTMCell",
        "LSTMBlockCell",
        "CudnnLSTM",
        "CudnnGRU",
        "LSTMStateTuple",
        "MultiRNNCell",
        "DropoutWrapper",
        "ResidualWrapper",
        "OutputProjectionWrapper",
        "EmbeddingWrapper",
    ],
    "Decoders and attention": [
        "dynamic_decode",
        "BasicDecoder",
        "BeamSearchDecoder",
        "TrainingHelper",
        "GreedyEmbeddingHelper",
        "ScheduledEmbeddingTrainingHelper",
        "AttentionWrapper",
        "BahdanauAttention",
        "LuongAttention",
        "BahdanauMonotonicAttention",
        "rnn_decoder",
        "embedding_attention_seq2seq",
    ],
    "Losses": [
        "sequence_loss",
        "sequence_loss_by_example",
        "sampled_softmax_loss",
        "ctc_loss",
        "crf_log_likelihood",
    ],
    "Data": [
        "tf.data",
        "tf.FIFOQueue",
        "tf.PaddingFIFOQueue",
        "range_input_producer",
        "tf.py_func",
    ],
    "Training": [
        "Estimator",
        "Supervisor",
        "MonitoredTrainingSession",
        "HParams",
        "import_meta_graph",
        "clip_by_global_norm",
        "slim",
        "tf.layers",
        "tf.keras",
        "tf.metrics",
    ],
}
# What stands in a source that uses it, where that is not the name alone.
STANDS_AS = {
    "static_rnn": r"(?<!\w)static_rnn(?!\w)|\b(nn|rnn)\.rnn\(",
    "static_bidirectional_rnn": r"(?<!\w)(static_)?bidirectional_rnn(?!\w)",
    "Estimator": r"(?<!\w)\w*Estimator(?!\w)|(?<!\w)estimator\.",
}

IMPORT = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+([\w, \t]+)|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)


def used(program: Program, folder: Path) -> list[str]:
    """The names of NAMES that stand in a program and in those files beside it that it imports.

    Args:
      program: the entry of the table.
      folder: the clone's root, with the program's edits made.

    Returns:
      the names, in the order of NAMES; comments do not count.
    """
    start_in = folder / program.started_in
    paths = [folder / program.path, *(start_in / each for each in program.first)]
    text = "\n".join(_source(path) for path in _with_imports(paths, [start_in, folder]))
    return [name for names in NAMES.values() for name in names if _pattern(name).search(text)]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(STANDS_AS.get(name, rf"(?<!\w){re.escape(name)}(?!\w)"))


def _source(path: Path) -> str:
    """A program's text without its comments."""
    text = read(path)
    if path.suffix == ".ipynb":
        cells = code_cells(json.loads(text))
        sources = [cell.get("source", cell.get("input", "")) for cell in cells]
        text = "\n".join(each if isinstance(each, str) else "".join(each) for each in sources)
    return re.sub(r"#.*", "", text)


def _with_imports(paths: list[Path], roots: list[Path]) -> list[Path]:
    """These files, and those that they import from their repository, and so on."""
    found: list[Path] = []
    while paths:
        path = paths.pop(0)
        if path in found or not path.is_file():
            continue
        found.append(path)
        for module, names, modules in IMPORT.findall(_source(path)):
            wanted = [module, *(f"{module}.{_first(name)}" for name in names.split(","))]
            for dotted in wanted if module else map(_first, modules.split(",")):
                place = dotted.strip(".").replace(".", "/")
                for root in [path.parent, *roots] if place else []:
                    paths += [root / f"{place}.py", root / place / "__init__.py"]
    return found


def _first(imported: str) -> str:
    """`a` of `a as b`."""
    return (imported.split() or [""])[0]
