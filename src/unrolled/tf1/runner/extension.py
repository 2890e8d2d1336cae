"""What `%load_ext unrolled.tf1` does in IPython and Jupyter."""

from __future__ import annotations

from typing import Any

from unrolled.tf1.runner.standing import stand_for_tensorflow


def load_ipython_extension(shell: Any) -> None:
    """Let `import tensorflow` in later cells give the layer.

    Args:
      shell: the IPython that loads it.
    """
    stand_for_tensorflow()
    shell.register_magic_function(tensorflow_version, "line")


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
