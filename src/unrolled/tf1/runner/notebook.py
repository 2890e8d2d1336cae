"""Runs a notebook's code cells as Jupyter does: IPython runs them, in the notebook's folder."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

from unrolled.tf1.runner import extension, notebook_file, syntax
from unrolled.tf1.runner.refused import Refused


def run_notebook(path: str, arguments: list[str], save: str | None = None) -> None:
    """Run a notebook, whose text output goes to the screen while it runs.

    Args:
      path: the notebook.
      arguments: what its cells find in sys.argv after the notebook's path.
      save: where to write the notebook with its outputs and figures, also after an error; by
        default they are not kept.

    Raises:
      Refused: where `save` cannot be written.
      SystemExit: where a cell fails, with the cell's number; where a cell ends the program, as it
        wants; where the file is no notebook.
      KeyboardInterrupt: after Ctrl-C, which ends the process by the signal, as in a script.
    """
    file = Path(path).resolve()
    target = _writable(save) if save else None
    notebook = notebook_file.read(Path(path))
    # As Jupyter does: figures go into the notebook, modules come from where %cd leads.
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    os.chdir(file.parent)
    if not sys.flags.safe_path:
        sys.path[0] = ""
    sys.argv = [str(file), *arguments]
    with tempfile.TemporaryDirectory() as settings:
        shell = _shell(settings)
        extension.load_ipython_extension(shell)
        try:
            for number, cell in notebook_file.code_cells(notebook):
                _run_cell(shell, cell, f"{path}, code cell {number}")
        finally:
            if target:
                _write(notebook, target)


def _writable(save: str) -> Path:
    """Where to write the executed notebook; a notebook may run for hours before it is written."""
    target = Path(save).resolve()
    wanted = f"--save must name a notebook to write; got {save}"
    if target.suffix != ".ipynb":
        raise Refused(f"{wanted}, which does not end in .ipynb.")
    if target.is_dir():
        raise Refused(f"{wanted}, which is a folder.")
    if not target.parent.is_dir():
        raise Refused(f"{wanted}, but there is no folder {target.parent}.")
    if not os.access(target if target.exists() else target.parent, os.W_OK):
        raise Refused(f"{wanted}, which may not be written.")
    return target


def _shell(settings: str) -> Any:
    try:
        from traitlets.config import Config

        from unrolled.tf1.runner.recorder import Recorder
        from unrolled.tf1.runner.shell import Shell
    except ImportError:
        raise SystemExit(notebook_file.WANTED) from None
    config = Config()
    config.HistoryManager.enabled = False  # it would write what is run into the user's own history
    warnings.filterwarnings("ignore", "To exit: use")
    return Shell.instance(
        config=config, ipython_dir=settings, colors="NoColor", recorder=Recorder()
    )


def _run_cell(shell: Any, cell: Any, where: str) -> None:
    cell.outputs = shell.recorder.new_cell()
    cell.execution_count = shell.execution_count
    result = shell.run_cell(cell.source, store_history=True)
    sys.stdout.flush()
    error = result.error_before_exec or result.error_in_exec
    if isinstance(error, SyntaxError) and not _is_expected(cell):
        line = f"{where}, line {error.lineno}" if result.error_before_exec else None
        known = line or syntax.place(error)
        if known:
            raise SystemExit(syntax.sentence(known, error))
    shell.show_waiting()
    if error is None or _is_expected(cell):
        return
    if isinstance(error, SystemExit):
        raise error.with_traceback(None)
    if isinstance(error, KeyboardInterrupt):
        sys.excepthook = lambda *_: None  # its traceback is there already
        raise error.with_traceback(None)
    raise SystemExit(f"{where} failed; the cells after it were not run.")


def _is_expected(cell: Any) -> bool:
    """Whether the author wants to show the cell's error."""
    return "raises-exception" in cell.metadata.get("tags", [])


def _write(notebook: Any, target: Path) -> None:
    import nbformat

    version = sys.version_info
    notebook.metadata["kernelspec"] = {
        "display_name": "Python 3",
        "language": "python",
        "name": "python3",
    }
    notebook.metadata["language_info"] = {
        "codemirror_mode": {"name": "ipython", "version": version.major},
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "nbconvert_exporter": "python",
        "pygments_lexer": f"ipython{version.major}",
        "version": f"{version.major}.{version.minor}.{version.micro}",
    }
    nbformat.write(notebook, target)
