"""What `make test` leaves to `make test-all`: most of long sweeps, and what takes many seconds.

A test that is marked `thorough` runs in `make test-all` alone. A sweep over many like cases keeps
some of them in `make test`, the same ones every time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest


def sampled(cases: Iterable[Any], every: int) -> list[Any]:
    """The cases for `parametrize`: the first of every `every` as it is, the others `thorough`."""
    return [case if number % every == 0 else _marked(case) for number, case in enumerate(cases)]


def _marked(case: Any) -> Any:
    values = case if isinstance(case, tuple) else (case,)
    return pytest.param(*values, marks=pytest.mark.thorough)
