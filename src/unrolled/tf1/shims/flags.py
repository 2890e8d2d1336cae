"""`tf.flags` as it was before absl, on which that of `tf.compat.v1` is built."""

from __future__ import annotations

import sys

from absl import flags


def let_programs_parse() -> None:
    """Free the names that absl uses for its own flags, and bring back `FLAGS._parse_flags()`."""
    for name in flags.FLAGS:
        flags.FLAGS[name].allow_override = True  # so that a program may define --log_dir, or --v
    vars(flags.FLAGS)["_parse_flags"] = lambda: flags.FLAGS(sys.argv, known_only=True)
