"""The draws of Hypothesis, and Ctrl-C in tests that run in the background."""

from __future__ import annotations

import signal

from hypothesis import settings

# The same draws in every run, and no limit of time on one of them.
settings.register_profile("unrolled", deadline=None, max_examples=25, derandomize=True)
settings.load_profile("unrolled")

# A shell starts what runs in the background with Ctrl-C ignored, and every process inherits that:
# tests that press it would wait in vain.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
