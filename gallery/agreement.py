"""How well the figures of then and now agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACTOR = 1.25


def agreement(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Sentences that say it.

    Args:
      found: for each program's name, what came of it `now` and `then`.
    """
    both = {
        name: (float(sides["then"]["figure"]), float(sides["now"]["figure"]))
        for name, sides in found.items()
        if all("figure" in sides.get(side, {}) for side in ("then", "now"))
    }
    zero = [name for name, figures in both.items() if not any(figures)]
    factors = {name: _factor(*both[name]) for name in both if name not in zero}
    apart = [name for name in factors if factors[name] > FACTOR]
    said = (
        "Every run draws its own random numbers, and 1.15 and today draw different ones even from "
        f"the same seed. Of the {len(both)} rows with a figure on both sides, "
        f"{len(factors) - len(apart)} agree within a factor of {FACTOR:g}."
    )
    if apart:
        apart.sort(key=factors.__getitem__, reverse=True)
        each = [f"{name} ({_said(*both[name])})" for name in apart]
        said += f" {len(apart)} lie further apart: {'; '.join(each)}."
    if zero:
        said += (
            f" In {', '.join(zero)} both are zero to the last digit that the program prints, which "
            "proves little."
        )
    return said


def _factor(then: float, now: float) -> float:
    """By how much the larger one exceeds the smaller one."""
    return max(then / now, now / then) if then * now > 0 else float("inf")


def _said(then: float, now: float) -> str:
    factor = _factor(then, now)
    return f"{then:g} then, {now:g} now" if factor == float("inf") else f"{factor:.1f} times"
