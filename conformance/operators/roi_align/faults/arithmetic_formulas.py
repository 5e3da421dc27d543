"""The faults behind `arithmetic_mutants.py`: numbers that are rounded to fewer bits than RA-14 asks for, or flushed to zero."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import Offset
from ....exact.floats import FloatType
from ....exact.numbers import HALF
from ....operation import Operation
from ....sampling.axis import Rules
from .gradient_formulas import rois

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....exact.numbers import Array
    from ....sampling.axis import Axis
    from .formulas import Call

    Number = Callable[[Fraction], Fraction]
    Numbers = Callable[[Array], Array]

TENSOR_FLOAT_32 = FloatType(11, -126, 127)
"""What tensor cores make of float32 numbers before they multiply them."""


def nearest_in(type_: FloatType) -> Number:
    """Rounding to a type; what is too large becomes its largest number."""

    def nearest(x: Fraction) -> Fraction:
        try:
            return type_.nearest(x)
        except OverflowError:
            return Fraction(type_.largest) * (1 if x > 0 else -1)

    return nearest


def towards_zero_in(type_: FloatType) -> Number:
    """Cutting off the bits that a type does not have."""
    return lambda x: math.trunc(x / type_.spacing(x)) * type_.spacing(x)


def halves_away_in(type_: FloatType) -> Number:
    """Rounding to a type where, of two that are equally near, the greater magnitude is taken."""

    def nearest(x: Fraction) -> Fraction:
        steps = math.floor(abs(x) / type_.spacing(x) + HALF)
        return steps * type_.spacing(x) * (1 if x > 0 else -1)

    return nearest


def each(change: Number) -> Numbers:
    """The change of every number of an array; what is none stays."""

    def changed(array: Array) -> Array:
        def one(x: Any) -> Any:
            number = isinstance(x, Fraction) or (isinstance(x, float | int) and math.isfinite(x))
            return type(x)(change(Fraction(x))) if number else x

        numbers: Array = np.frompyfunc(one, 1, 1)(array)
        return numbers

    return changed


def flushed_in(type_: FloatType) -> Number:
    """Zero for a subnormal number of a type."""
    smallest = Fraction(type_.smallest)
    return lambda x: x if abs(x) >= smallest else Fraction(0)


# ---- what is handed over ---------------------------------------------------------------------------------------------


def pixels(change: Number) -> Callable[[Call], Call]:
    return lambda call: replace(call, input=each(change)(call.input).astype(float))


def arriving(change: Number) -> Callable[[Call], Call]:
    def changed(call: Call) -> Call:
        assert call.grad is not None
        return replace(call, grad=each(change)(call.grad).astype(float))

    return changed


def corners(change: Number) -> Callable[[Call], Call]:
    def changed(call: Call) -> Call:
        boxes = call.boxes.copy()
        boxes[:, 1:] = each(change)(boxes[:, 1:])
        return replace(call, boxes=boxes)

    return changed


def scale(change: Number) -> Callable[[Call], Call]:
    def changed(call: Call) -> Call:
        y, x = (change(Fraction(number)) for number in call.spatial_scale)
        return replace(call, spatial_scale=(y, x))

    return changed


def decimals(count: int) -> Number:
    return lambda x: Fraction(round(x * 10**count), 10**count)


def whole_stride(x: Fraction) -> Fraction:
    return 1 / Fraction(round(1 / x)) if x < 1 else x


def power_of_two(x: Fraction) -> Fraction:
    return Fraction(2) ** round(math.log2(x))


# ---- what is computed ------------------------------------------------------------------------------------------------


def coordinates_in(type_: FloatType) -> type[Rules]:
    """RA-1 to RA-5 in a type, step by step."""
    nearest = nearest_in(type_)

    class Coordinates(Rules):
        def map(self, y: Fraction, scale: Fraction) -> Fraction:
            y, scale = nearest(y), nearest(scale)
            match self.dialect.offset:
                case Offset.NONE:
                    return nearest(y * scale)
                case Offset.HALF:
                    return nearest(nearest(y * scale) - HALF)
                case Offset.HALF_BEFORE_SCALE:
                    return nearest(nearest(y - HALF) * scale)
                case Offset.PIXEL_CENTRE:
                    return nearest(nearest(nearest(y + HALF) * scale) - HALF)

        def extent(self, start: Fraction, end: Fraction) -> Fraction:
            return nearest(super().extent(start, end))

        def bin(self, extent: Fraction, bins: int) -> Fraction:
            return nearest(super().bin(extent, bins))

        def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
            along = nearest(nearest((i + HALF) * bin_size) / grid)
            return nearest(nearest(start + nearest(p * bin_size)) + along)

    return Coordinates


def weights_in(change: Number) -> type[Rules]:
    """RA-7 with the weight of the second pixel changed, and the other one 1 less that."""

    class Weights(Rules):
        def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
            (low, _), (high, part) = super().weights(y, pixels)
            part = change(part)
            return (low, change(1 - part)), (high, part)

    return Weights


def in_steps_of(count: int) -> Number:
    """Weights as texture units have them."""
    return lambda x: Fraction(math.floor(x * count + HALF), count)


def _rounding(type_: FloatType) -> Numbers:
    """Rounding of float64 numbers to a type, many at once."""

    def nearest(numbers: Array) -> Array:
        _, exponents = np.frexp(numbers)
        units = np.ldexp(1.0, np.maximum(exponents - type_.bits, type_.least_exponent - type_.bits + 1))
        rounded = np.rint(numbers / units) * units
        return np.where(abs(rounded) > type_.largest, np.copysign(np.inf, numbers), rounded)

    return nearest


def _flushing(type_: FloatType) -> Numbers:
    return lambda numbers: np.where(abs(numbers) < type_.smallest, 0.0, numbers)


def _taps(axis: Axis, p: int) -> tuple[Array, Array]:
    """Pixels that a bin reads along an axis, and with which weights, sample by sample."""
    found = [(pixel, float(s.count * weight)) for s in axis.samples(p) for pixel, weight in (s.low, s.high)]
    return np.array([pixel for pixel, _ in found], int), np.array([weight for _, weight in found])


def sums_in(type_: FloatType) -> Callable[[Array, Call], Array]:
    """Averages of sums to which terms are added one by one in a type."""
    return _summed(lambda terms: terms, _rounding(type_))


def products_flushed(type_: FloatType) -> Callable[[Array, Call], Array]:
    """Averages where products of pixel and weight are flushed."""
    return _summed(_flushing(type_), lambda sums: sums)


def _summed(of_product: Numbers, of_sum: Numbers) -> Callable[[Array, Call], Array]:
    """Averages, with what becomes of every product, and of every sum as a term is added."""

    def pooled(values: Array, call: Call) -> Array:
        values = values.copy()
        for k, roi in rois(call):
            count = roi.y.grid * roi.x.grid
            for p, q in np.ndindex(*call.output_size):
                (rows, of_y), (columns, of_x) = _taps(roi.y, p), _taps(roi.x, q)
                if not (rows.size and columns.size):
                    continue
                read = call.input[roi.batch][:, rows][:, :, columns].astype(float)
                terms = of_product(read * np.outer(of_y, of_x)).reshape(len(read), rows.size * columns.size)
                sums = np.zeros(len(read))
                for n in range(terms.shape[1]):
                    sums = of_sum(sums + terms[:, n])
                values[k, :, p, q] = [Fraction(x) / count if math.isfinite(x) else None for x in sums]
        return values

    return pooled


def gradient_sums_in(type_: FloatType) -> Callable[[Array, Call], Array]:
    """Gradients for maps to which bins add their shares one by one in a type."""
    nearest = _rounding(type_)

    def summed(values: Array, call: Call) -> Array:
        assert call.grad is not None
        assert call.operation == Operation.FEATURE_GRADIENT
        sums = np.zeros(values.shape)
        for k, roi in rois(call):
            for p, q in np.ndindex(*call.output_size):
                (rows, of_y), (columns, of_x) = _taps(roi.y, p), _taps(roi.x, q)
                shares = call.grad[k, :, p, q].astype(float) / max(roi.y.grid * roi.x.grid, 1)
                for (y, weight_y), (x, weight_x) in product(
                    zip(rows, of_y, strict=True), zip(columns, of_x, strict=True)
                ):
                    at = (roi.batch, slice(None), y, x)
                    sums[at] = nearest(sums[at] + shares * (weight_y * weight_x))
        exact: Array = np.frompyfunc(lambda x: Fraction(x) if math.isfinite(x) else None, 1, 1)(sums)
        return exact

    return summed
