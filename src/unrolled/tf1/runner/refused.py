"""What the runner is asked for and cannot do."""

from __future__ import annotations


class Refused(Exception):
    """Its message is one sentence, which the command line shows before it ends with code 2."""
