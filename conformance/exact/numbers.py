"""Exact numbers: fractions, and the values that are no numbers."""

from __future__ import annotations

import math
from enum import StrEnum
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
"""An array, of numbers or of exact numbers."""

Real = int | float | Fraction

HALF = Fraction(1, 2)


class Special(StrEnum):
    """A value that is not a number; ``NONFINITE`` is infinite or NaN, nobody can say which (RA-11)."""

    NAN = "nan"
    NONFINITE = "nonfinite"
    INFINITY = "inf"
    MINUS_INFINITY = "-inf"


Exact = Fraction | Special


def exact(number: Any) -> Exact:
    """The number as a fraction; `Special.NAN` or `Special.NONFINITE` if it is NaN or infinite."""
    if isinstance(number, int | Fraction) or math.isfinite(number := float(number)):
        return Fraction(number)
    return Special.NAN if math.isnan(number) else Special.NONFINITE


def common_denominator(fractions: Array) -> tuple[Array, int]:
    """Integers and the denominator they share."""
    denominator = math.lcm(*(number.denominator for number in fractions.flat))
    return np.frompyfunc(lambda x: x.numerator * (denominator // x.denominator), 1, 1)(fractions), denominator


def as_number(value: Exact | None) -> int | float | str:
    """An exact value as JSON has it; that of an invalid RoI, None, is NaN."""
    if value is None:
        return "nan"
    if isinstance(value, Fraction):
        return int(value) if value.denominator == 1 else float(value)
    return value.value


def as_json(values: Array) -> Any:
    """Exact values as nested lists of what a case file has for them."""
    nested: Any = np.frompyfunc(as_number, 1, 1)(values)
    return nested.tolist()


def as_float64(values: Array) -> Array:
    """Exact values, rounded; NaN for what is infinite or NaN, nobody can say which, and for an invalid RoI."""
    numbers: Array = np.asarray(np.frompyfunc(_as_float, 1, 1)(values), np.float64)
    return numbers


def _as_float(value: Exact | None) -> float:
    if value is None or value is Special.NONFINITE:
        return math.nan
    return float(value)
