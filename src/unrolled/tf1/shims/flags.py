"""`tf.flags` as it was before absl, on which it lives in `tf.compat.v1`."""

from __future__ import annotations

import sys

from absl import flags


def let_programs_parse() -> None:
    """Give programs the names that absl took for flags of its own, and `FLAGS._parse_flags()`."""
    for name in flags.FLAGS:
        flags.FLAGS[name].allow_override = True  # so that a program may define --log_dir, or --v
    vars(flags.FLAGS)["_parse_flags"] = lambda: flags.FLAGS(sys.argv, known_only=True)
