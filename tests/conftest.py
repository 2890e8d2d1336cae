"""Who runs what, and when, where several processes share the tests (`make test`).

The cells of a notebook share a kernel, and the tests of a file what they build, so a file is one
piece of work. All of tests/browser is one, since its tests open one built book. Plain `pytest`
runs everything in one process, in its usual order.
"""

from __future__ import annotations

import signal
from typing import Any

import pytest
from hypothesis import settings

# The same draws in every run, and no limit of time on one of them.
settings.register_profile("unrolled", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("unrolled")

# A shell starts what runs in the background with Ctrl-C ignored, and every process inherits that:
# tests that press it would wait in vain.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# What takes longest begins first, so that short pieces are left for the end and no process waits
# long for the last one. What is not named here takes less than any of these.
LONGEST = [
    "chapters/13_stacked.ipynb",
    "chapters/12_mnist_row_by_row.ipynb",
    "tests/browser",
    "tests/test_unroll.py",
    "chapters/22_when_one_machine_is_not_enough.ipynb",
    "tests/test_workers.py",
    "tests/test_backup.py",
    "tests/test_layers.py",
    "chapters/09_four_shapes.ipynb",
    "chapters/11_one_output_or_many.ipynb",
    "chapters/19_moving_an_old_program.ipynb",
    "chapters/10_sequence_loss.ipynb",
    "chapters/14_language_model.ipynb",
    "chapters/18_the_documents_programs.ipynb",
    "tests/test_convert.py",
    "tests/test_figures.py",
    "tests/tf1/test_cells.py",
    "tests/tf1/test_attention.py",
]


def piece(nodeid: str) -> str:
    """`tests/test_cells.py::test_names[1]` -> `tests/test_cells.py`."""
    file = nodeid.split("::", 1)[0]
    return "tests/browser" if file.startswith("tests/browser/") else file


def pytest_configure(config: pytest.Config) -> None:
    for name in LONGEST:
        if not (config.rootpath / name).exists():
            raise pytest.UsageError(f"tests/conftest.py names {name}, which is not there")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):  # one of several processes
        ranks = {name: rank for rank, name in enumerate(LONGEST)}
        items.sort(key=lambda item: ranks.get(piece(item.nodeid), len(ranks)))


@pytest.hookimpl(optionalhook=True)  # plain `pytest` does without pytest-xdist
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from xdist.scheduler import LoadScopeScheduling

    class Pieces(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return piece(nodeid)

    config.option.loadscopereorder = False  # keeps the order from above
    return Pieces(config, log)
