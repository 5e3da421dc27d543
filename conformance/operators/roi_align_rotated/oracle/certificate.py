"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

Numbers are within the `Budget` of a type if all are multiples of one power of two, and even the sum of their absolute
values is no more than 2ᵇⁱᵗˢ of them: then every partial sum is exact, in any order. So must be: pixels, positions,
weights, their products with pixels or with what arrives, sums, and these over the number of samples, which must be a
power of two.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....exact.budgets import Budget, numbers, quantum, single
from ....exact.floats import FLOAT_TYPES, WORKING
from ....operation import Operation
from .geometry import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Line, Roi
    from .output import Result

_FINE = 2**20
"""Distances from a decision are said in parts of a pixel as fine as this."""


def step_of(line: Line, where: Array) -> Fraction:
    """The power of two of which the positions of some samples are multiples, at most 1; 0 if there is none."""
    return min(quantum([Fraction(math.gcd(line.unit, *map(int, line.at[where])), line.unit)]), ONE)


def _read(asked: Asked) -> Iterator[Roi]:
    for roi in asked.rois:
        if roi is not None and roi.inside.any():
            yield roi


def weights(asked: Asked) -> Fraction:
    """The power of two of which all weights, over the number of samples, are multiples; 0 if there is none."""
    return min((_weight(roi) / _samples(roi) for roi in _read(asked)), default=ONE)


def _weight(roi: Roi) -> Fraction:
    y, x = roi.lines
    return step_of(y, roi.inside) * step_of(x, roi.inside)


def _samples(roi: Roi) -> Fraction:
    return Fraction(max(roi.grid[0] * roi.grid[1], 1))


def _units(values: Array) -> Fraction:
    return quantum(map(Fraction, np.unique(values[np.isfinite(values)]).tolist()))


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples, which `errors.RoiError.are_exact` is about."""
    for roi in _read(asked):
        samples = _samples(roi)
        yield Budget(samples if quantum([samples]) == samples else ZERO, samples)
    total = max(set(exact.magnitude.flat), default=ZERO)
    most = max((_samples(roi) for roi in _read(asked)), default=ONE)
    if operation == Operation.FORWARD:
        step = weights(asked) * _units(asked.pixels)
        yield Budget(step, total * most)
    elif operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        yield Budget(weights(asked) * _units(asked.grad), total * most)
    else:
        yield from _of_boxes(asked)
    yield from numbers(exact.values)


def _of_boxes(asked: Asked) -> Iterator[Budget]:
    """The budgets of how samples move, of slopes, of their products with each other and with what arrives."""
    assert asked.grad is not None
    least = _units(asked.pixels) * _units(asked.grad)
    largest = Fraction(float(abs(asked.pixels[np.isfinite(asked.pixels)]).max(initial=0.0)))
    arriving = Fraction(float(abs(asked.grad).max(initial=0.0)))
    channels = asked.pixels.shape[1]
    for roi in _read(asked):
        steps = min(step_of(line, roi.inside) for line in roi.lines)
        for pair in roi.rules.moves(roi):
            moves = set(pair[0].flat) | set(pair[1].flat)
            step, most = quantum(moves), max(map(abs, moves), default=ZERO)
            yield Budget(step, most)
            total = 4 * largest * arriving * most * channels * roi.inside.size
            yield Budget(least * steps * step / _samples(roi), total)


def handed(asked: Asked, operation: Operation) -> Iterator[Budget]:
    """The budgets of numbers that are handed over."""
    if operation != Operation.FEATURE_GRADIENT:
        yield from _each(asked.pixels)
    if asked.grad is not None:
        yield from _each(asked.grad)


def _each(values: Array) -> Iterator[Budget]:
    for x in np.unique(values[np.isfinite(values)]).tolist():
        yield single(Fraction(x))


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of samples that are read, for the bits that a case needs."""
    for roi in _read(asked):
        yield from (single(x) for x in (*roi.centre, *roi.size, roi.scale))
        for line in roi.lines:
            largest = max(abs(int(n)) for n in line.at[roi.inside])
            yield Budget(step_of(line, roi.inside), Fraction(largest, line.unit))
        if not roi.turned.is_exact:
            yield Budget(ZERO, ONE)


def fits(asked: Asked, stored: Iterable[Budget], computed: Iterable[Budget], values: Array) -> bool:
    """Whether the data type of a call holds what is stored, and its arithmetic what is computed, and its values."""
    type_ = FLOAT_TYPES[asked.dtype]
    largest = max((abs(value) for value in values.flat if isinstance(value, Fraction)), default=ZERO)
    return (
        largest <= type_.largest
        and all(budget.fits(type_) for budget in stored)
        and all(budget.fits(FLOAT_TYPES[WORKING[asked.dtype]]) for budget in computed)
    )


def nearest_decision(asked: Asked) -> Fraction | None:
    """How near a sample comes to an edge of RR-9, or the size of a bin to where there is one sample more; 0 if one is there."""
    return min(_decisions(asked), default=None)


def _decisions(asked: Asked) -> Iterator[Fraction]:
    for roi in filter(None, asked.rois):
        for line, pixels in zip(roi.lines, roi.pixels, strict=True):
            for n in line.at.flat:
                at = Fraction(int(n), line.unit)
                yield _coarse(min(abs(at + 1), abs(at - pixels)))
        for size, bins, ratio in zip(roi.size, roi.bins, asked.ratio, strict=True):
            if ratio <= 0:
                yield _coarse(abs(size / bins - round(size / bins)))


def _coarse(distance: Fraction) -> Fraction:
    return Fraction(math.floor(distance * _FINE), _FINE)
