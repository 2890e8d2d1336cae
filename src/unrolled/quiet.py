"""Imports TensorFlow without its native log lines.

    import unrolled.quiet  # before anything else that imports TensorFlow

Native code writes to the process's standard error while TensorFlow is imported: times, process
numbers, what the machine has. A notebook would record those lines, and they differ from run to run.
TensorFlow's own switch silences what comes later, but not the lines written before its logging is
set up, so the file descriptor itself points elsewhere during the import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_standard_error() -> Iterator[None]:
    """Points file descriptor 2 at nothing, and back."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


# Read by TensorFlow when it is imported: errors alone are logged, and sums are taken in the same
# order on processors with and without oneDNN's kernels.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")

with silent_standard_error():
    import tensorflow  # noqa: F401
