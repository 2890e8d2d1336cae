"""`unrolled.quiet` keeps native log lines, which differ from run to run, out of a notebook."""

from __future__ import annotations

import os
import subprocess
import sys

CODE = """
import os, sys
import unrolled.quiet
assert "tensorflow" in sys.modules
assert os.environ["TF_ENABLE_ONEDNN_OPTS"] == "0"
os.write(2, b"heard")
"""


def test_importing_tensorflow_says_nothing_and_standard_error_comes_back() -> None:
    plain = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    done = subprocess.run(
        [sys.executable, "-c", CODE], env=plain, capture_output=True, text=True, check=True
    )
    assert done.stderr == "heard"
