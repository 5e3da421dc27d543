"""What is made of the pixels of bins: averages, sums that are sent back, and how far off these may be."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..exact.budgets import Budget, quantum
from ..exact.floats import FLOAT_TYPES, as_float, as_floats
from ..exact.numbers import Special
from ..operator import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..exact.floats import FloatType
    from ..exact.numbers import Array, Exact
    from .geometry import WindowRules

_BOUNDED = ("float32", "float64")
_DIVISION = 6
"""Roundings of a term besides those of its sum: of two reciprocals and their products, or of one division."""


class Gradient(NamedTuple):
    """The exact gradient for the map, ``(N, C, H, W)``: its values, Σ |term| and how many terms."""

    values: Array
    magnitude: Array
    counts: Array


def exact_pixel(number: Any) -> Exact:
    """A pixel, exactly."""
    if isinstance(number, int | Fraction) or math.isfinite(number):
        return Fraction(number)
    return Special.NAN if math.isnan(number) else Special.INFINITY if number > 0 else Special.MINUS_INFINITY


def exact_pixels(maps: Array) -> Array:
    """Maps of numbers, exactly."""
    pixels: Array = np.frompyfunc(exact_pixel, 1, 1)(maps)
    return pixels


def average(pixels: Sequence[Exact], rules: WindowRules) -> tuple[Exact, Fraction]:
    """The average of the pixels of a bin, and Σ |pixel|."""
    numbers = [pixel for pixel in pixels if isinstance(pixel, Fraction)]
    magnitude = sum(map(abs, numbers), Fraction(0))
    if any(pixel is Special.NAN for pixel in pixels):
        return Special.NAN, magnitude
    if len(numbers) < len(pixels):
        return Special.NONFINITE, magnitude
    return rules.average(sum(numbers, Fraction(0)), len(pixels)), magnitude


# ---- how far off -----------------------------------------------------------------------------------------------------


def error_of_average(magnitude: Array, counts: Array, pixels: Array, dtype: str) -> Array | None:
    """The greatest error of each average; None if all are exact, in whatever order they are computed.

    A term is a pixel times the reciprocals of two counts, each rounded; products and sums of n of them, or one division, add
    fewer than n + 6 roundings. ``magnitude`` is Σ |pixel| of each, ``counts`` over how many pixels of each bin.
    """
    type_ = FLOAT_TYPES[dtype]
    magnitude = _as_floats(magnitude)
    counts = np.broadcast_to(counts[:, None], magnitude.shape)
    seen = counts > 0
    if fits(pixels, magnitude.max(initial=0), type_) and are_powers(set(counts[seen].tolist())):
        unit = float(quantum(map(Fraction, set(np.ravel(pixels).tolist()))))
        if unit / counts.max(initial=1) >= type_.smallest:
            return None
    bound: Array = _error(magnitude / np.maximum(counts, 1), counts + _DIVISION, type_) * seen
    return bound


def error_of_shares(result: Gradient, counts: set[int], grad: Array, dtype: str) -> Array | None:
    """The greatest error of each sum of what bins of so many pixels send to all of these; None if all are exact."""
    type_, magnitude = FLOAT_TYPES[dtype], _as_floats(result.magnitude)
    if are_powers(counts) and fits(grad / max(counts, default=1), magnitude.max(initial=0), type_):
        return None
    bound: Array = _error(magnitude, result.counts + _DIVISION, type_) * (result.counts > 0)
    return bound


def error_of_sums(result: Gradient, grad: Array, dtype: str) -> Array | None:
    """The greatest error of each sum of what bins send to one pixel; None if all are exact."""
    type_, magnitude = FLOAT_TYPES[dtype], _as_floats(result.magnitude)
    if fits(grad, magnitude.max(initial=0), type_):
        return None
    bound: Array = _error(magnitude, result.counts, type_) * (result.counts > 1)
    return bound


def _as_floats(magnitude: Array) -> Array:
    """Sums of absolute values, exact or already rounded, in float64."""
    return as_floats(as_float, magnitude) if magnitude.dtype == object else magnitude


def _error(magnitude: Array, roundings: Array, type_: FloatType) -> Array:
    gamma = as_floats(type_.gamma, roundings)
    return np.asarray(gamma * magnitude + roundings * type_.underflow, float)


def is_power(count: int) -> bool:
    """Whether a count is a power of two, by which every number can be divided exactly."""
    return count & (count - 1) == 0


def are_powers(counts: Iterable[int]) -> bool:
    """Whether all counts are powers of two."""
    return all(map(is_power, counts))


def fits(numbers: Array, total: float, type_: FloatType) -> bool:
    """Whether sums of these numbers whose absolute values add up to ``total`` are exact, in whatever order."""
    unit = quantum(map(Fraction, set(numbers.ravel().tolist())))
    if not unit:
        return False
    # Less, and not equal: the total itself may have been rounded.
    return not total or (float(unit) >= type_.smallest and total < min(2.0**type_.bits * float(unit), type_.largest))


# ---- which bits it needs ---------------------------------------------------------------------------------------------


def budgets_of_averages(magnitude: Array, counts: Array, pixels: Array) -> Iterator[Budget]:
    """The budgets of sums and averages of finite pixels; of each, Σ |pixel|, and of each bin how many pixels it has."""
    unit = quantum(map(Fraction, set(pixels.ravel().tolist())))
    for k, c, p, q in np.ndindex(magnitude.shape):
        if count := int(counts[k, p, q]):
            total: Fraction = magnitude.item(k, c, p, q)
            yield Budget(unit, total)
            yield Budget(unit / count if is_power(count) else Fraction(0), total / count)


def budgets_of_shares(result: Gradient, counts: set[int], grad: Array) -> Iterator[Budget]:
    """The budgets of sums of what bins of so many pixels send to all of these; of 1 pixel each, if they send to one."""
    unit = quantum(map(Fraction, set(grad.ravel().tolist())))
    unit = unit / max(counts, default=1) if are_powers(counts) else Fraction(0)
    yield from (Budget(unit, total) for total in set(map(Fraction, result.magnitude.flat)))


# ---- as a case file has it -------------------------------------------------------------------------------------------


def answer_with(values: Any, error: Array | None, dtype: str) -> Answer | None:
    """An answer with its bounds, if it needs any; types of 16 bits, which may be added up in any type, have none."""
    if error is None:
        return Answer(values)
    return Answer(values, as_floats(_written, error).tolist()) if dtype in _BOUNDED else None


def _written(bound: float) -> float:
    return float(f"{bound * 1.01:.2e}")


def as_numbers(values: Array) -> Any:
    """Exact values, or those of float64, as nested lists of what a case file has for them."""
    numbers: Any = np.frompyfunc(_number, 1, 1)(values)
    return numbers.tolist()


def _number(value: Any) -> int | float | str:
    if value is None:  # of an invalid RoI
        return "nan"
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    number = value if isinstance(value, float) else Fraction(value)  # maps of many numbers are of float64, and go fast
    return int(number) if number == int(number) and abs(number) < 2**53 else float(number)  # type: ignore[operator]
