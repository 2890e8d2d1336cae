"""What `%load_ext unrolled.tf1` does in IPython and Jupyter."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from unrolled.tf1.packages import stands_for
from unrolled.tf1.runner.standing import stand_for_tensorflow


def load_ipython_extension(shell: Any) -> None:
    """Let `import tensorflow` in later cells give the layer.

    Args:
      shell: the IPython that loads it.
    """
    if stand_for_tensorflow():
        _say_what_stays(shell.user_ns)
    shell.register_magic_function(tensorflow_version, "line")


def _say_what_stays(variables: dict[str, Any]) -> None:
    """A warning where cells before have imported what the layer stands for from now on."""
    old = [
        name
        for name, value in variables.items()
        if isinstance(value, ModuleType) and name[0] != "_" and stands_for(value.__name__)
    ]
    if old:
        print(
            f"{', '.join(old)} came from TensorFlow 2 before %load_ext unrolled.tf1, and stays so; "
            "restart the kernel and load the extension first, or import again below.",
            file=sys.stderr,
        )


def tensorflow_version(line: str) -> None:
    """Colab's `%tensorflow_version 1.x`: what the layer gives anyway.

    Args:
      line: the version that the notebook wants.

    Raises:
      UsageError: for another version.
    """
    from IPython.core.error import UsageError  # which IPython shows as one line

    if not line.strip().startswith("1"):
        raise UsageError(
            f"%tensorflow_version must be 1.x with unrolled.tf1; got {line}; "
            "run TensorFlow 2 code without unrolled.tf1, in a process of its own."
        )
