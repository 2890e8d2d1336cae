"""The draws of Hypothesis, and Ctrl-C in tests that run in the background."""

from __future__ import annotations

import signal

import pytest
from hypothesis import settings

# The same draws in every run, and no limit of time on one of them.
settings.register_profile("some", deadline=None, max_examples=8, derandomize=True)
settings.register_profile("thorough", settings.get_profile("some"), max_examples=50)
settings.load_profile("some")


def pytest_configure(config: pytest.Config) -> None:
    if config.option.markexpr != "not thorough":
        settings.load_profile("thorough")


# A shell starts what runs in the background with Ctrl-C ignored, and every process inherits that:
# tests that press it would wait in vain.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
