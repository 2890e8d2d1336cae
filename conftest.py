"""How `pytest` runs the chapters, and who runs what where several processes share the tests.

`pytest --nbval chapters` needs nothing else on its command line: the numbers that may differ are
those of tests/measured.cfg, a chapter runs in the Python that runs pytest, and its pictures are
compared too, which nbval alone would not do (tools/compare_pictures.py).

With `-n` (pytest-xdist) a file is one piece of work: the cells of a notebook share a kernel, and
the tests of a file what they build. All of tests/browser is one, since its tests open one built
book. Plain `pytest` runs everything in one process, in its usual order.
"""

from __future__ import annotations

import functools
import os
import tempfile
import zlib
from collections.abc import Callable
from typing import Any

import pytest

MEASURED = "tests/measured.cfg"

# What takes longest begins first, so that short pieces are left for the end and no process waits
# long for the last one. What is not named here takes less than any of these.
LONGEST = [
    "tests/browser",
    "chapters/22_when_one_machine_is_not_enough.ipynb",
    "tests/test_backup.py",
    "tests/test_layers.py",
    "chapters/20_mistakes.ipynb",
    "chapters/04_gates.ipynb",
    "tests/test_workers.py",
    "tests/test_training.py",
    "tests/test_unroll.py",
    "tests/test_figures.py",
    "tests/test_benchmarks.py",
    "chapters/09_four_shapes.ipynb",
    "chapters/12_mnist_row_by_row.ipynb",
    "chapters/18_the_documents_programs.ipynb",
    "chapters/06_static_rnn.ipynb",
    "chapters/03_how_far_back.ipynb",
    "chapters/15_attention.ipynb",
    "chapters/08_lengths_and_masks.ipynb",
    "tests/test_soak.py",
    "tests/test_gallery.py",
    "tests/tf1/test_cells.py",
    "tests/tf1/test_runner_notebooks.py",
    "tests/tf1/test_keras.py",
    "tests/tf1/test_runner.py",
    "tests/tf1/test_attention.py",
]


def piece(nodeid: str) -> str:
    """`tests/test_cells.py::test_names[1]` -> `tests/test_cells.py`."""
    file = nodeid.split("::", 1)[0]
    return "tests/browser" if file.startswith("tests/browser/") else file


def pytest_configure(config: pytest.Config) -> None:
    for name in LONGEST:
        if not (config.rootpath / name).exists():
            raise pytest.UsageError(f"conftest.py names {name}, which is not there")
    if config.pluginmanager.hasplugin("nbval"):
        prepare_nbval(config)


def prepare_nbval(config: pytest.Config) -> None:
    """What nbval would have to be told on every command line, and the pictures."""
    option = config.option
    option.nbval_sanitize_with = option.nbval_sanitize_with or str(config.rootpath / MEASURED)
    option.nbval_current_env = option.nbval_current_env or not option.nbval_kernel_name
    # nbval kills a kernel, which cannot remove then what TensorFlow has written for AutoGraph.
    temporary = tempfile.TemporaryDirectory(prefix="unrolled-", ignore_cleanup_errors=True)
    config.add_cleanup(temporary.cleanup)
    os.environ["TMPDIR"] = temporary.name  # of the processes that this one starts
    from nbval.plugin import IPyNbCell

    if not hasattr(IPyNbCell.compare_outputs, "__wrapped__"):
        IPyNbCell.compare_outputs = with_pictures(IPyNbCell.compare_outputs)


def with_pictures(compare: Callable[..., bool]) -> Callable[..., bool]:
    """nbval's comparison of a cell's outputs, and after it that of its pictures."""
    import compare_pictures

    @functools.wraps(compare)
    def compare_outputs(cell: Any, test: list[Any], ref: list[Any], *rest: Any) -> bool:
        if not compare(cell, test, ref, *rest):
            return False
        if "measured" in cell.cell.metadata.get("tags", []):  # a picture of seconds or bytes
            return True
        reach = compare_pictures.reach_of(cell.parent.nb, cell.cell)
        cell.comparison_traceback += compare_pictures.differences(ref, test, reach)
        return not cell.comparison_traceback

    return compare_outputs


def leave_out_most(items: list[pytest.Item]) -> None:
    """Mark all but one in n cases of each test that is marked `one_in(n)` as `thorough`.

    Which ones are kept is drawn, by a sum of their names: so the same ones are kept in every run,
    and no value of any parameter goes with another one for good. The first case is always kept.
    """
    seen = set()
    for item in items:
        mark = item.get_closest_marker("one_in")
        if mark is None:
            continue
        test = item.nodeid.split("[")[0]
        if test in seen and zlib.crc32(item.nodeid.encode()) % mark.args[0]:
            item.add_marker("thorough")
        seen.add(test)


@pytest.hookimpl(tryfirst=True)  # before those that are marked `thorough` are left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    leave_out_most(items)
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
