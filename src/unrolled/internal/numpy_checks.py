"""Checks of arguments for the modules that do without TensorFlow. Each error is one sentence.

A check returns its argument in the form that the code behind it works with, or raises: TypeError
for a thing of another kind, ValueError for a value or a shape that does not fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray


def check_whole(
    value: Any,
    argument: str,
    lowest: int | None = 0,
    highest: int | None = None,
    instead: str = "",
    remedy: str = "",
) -> int:
    """A whole number in lowest..highest, or a ValueError; `instead` names what else may stand."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    if (
        not whole
        or (lowest is not None and value < lowest)
        or (highest is not None and value > highest)
    ):
        bounds = "" if lowest is None else f" of at least {lowest}"
        if None not in (lowest, highest):
            bounds = f" in {lowest}..{highest}"
        raise ValueError(
            f"{argument} must be a whole number{bounds}{instead}; got {describe(value)}"
            f"{remedy and ': ' + remedy}."
        )
    return int(value)


def check_seed(seed: Any, argument: str = "seed") -> int:
    """A whole number of at least 0; with None, which NumPy takes, no two runs would be the same."""
    return check_whole(seed, argument, remedy="the same seed gives the same numbers")


def check_flag(value: Any, argument: str, remedy: str) -> bool:
    """True or False, NumPy's included, or a TypeError."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{argument} must be True or False; got {describe(value)}: {remedy}.")
    return bool(value)


def check_number(value: Any, argument: str) -> float:
    """A finite number of at least 0, or a ValueError."""
    number = as_number(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(
            f"{argument} must be a finite number of at least 0; got {describe(value)}."
        )
    return number


def as_number(value: Any) -> float:
    """A number as a float; NaN for what is no number, infinity for what no float holds."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.integer, np.floating)):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def as_array(value: Any, argument: str, wanted: str) -> NDArray:
    """`value` as an array of numbers, or an error: a ValueError where its rows differ in length."""
    other = value is None or isinstance(value, (str, bytes, Mapping, Set, Iterator))
    if other or callable(value):
        raise TypeError(f"{argument} must be {wanted}; got {describe(value)}.")
    try:
        if isinstance(value, np.ma.MaskedArray):
            raise TypeError(
                f"{argument} must be {wanted}; got a masked array, whose mask would be lost: give "
                f"{argument}.filled(0)."
            )
        array = np.asarray(value)
    except ValueError:
        raise ValueError(
            f"{argument} must be {wanted}; got {describe(value)} whose rows differ in length: "
            "pad them to one length first."
        ) from None
    except (TypeError, NotImplementedError):  # a tensor without numbers, say
        raise TypeError(f"{argument} must be {wanted}; got {describe(value)}.") from None
    if array.dtype.kind not in "biufc":
        raise TypeError(f"{argument} must be {wanted}; got {describe(value)} of other things.")
    return array


def as_whole_numbers(value: Any, argument: str, wanted: str, remedy: str) -> NDArray[np.int64]:
    """`value` as an int64 array, or an error: truth values and fractions are no whole numbers."""
    array = as_array(value, argument, wanted)
    if array.size and array.dtype.kind not in "iu":
        raise ValueError(f"{argument} must be {wanted}; got {array.dtype.name}: {remedy}.")
    if array.size and array.max() > np.iinfo(np.int64).max:
        raise ValueError(f"{argument} must be {wanted}; got {array.max()}, more than int64 holds.")
    return array.astype(np.int64)


def check_pairs(images: NDArray, labels: NDArray) -> None:
    """A ValueError unless there are as many images as labels."""
    if len(images) != len(labels):
        raise ValueError(
            f"images and labels must be equal in number; got {len(images)} images and "
            f"{len(labels)} labels: take both from the same split."
        )


def describe(value: Any) -> str:
    """A value in a few words, for an error."""
    if value is None or isinstance(value, (bool, int, float, complex, str, bytes, np.generic)):
        text = str(value) if isinstance(value, np.generic) else repr(value)
        return text if len(text) <= 60 else f"{text[:57]}..."
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and dtype {value.dtype.name}"
    name = type(value).__name__
    article = "an" if name[0] in "AEIOaeio" else "a"
    return f"{article} {name}"
