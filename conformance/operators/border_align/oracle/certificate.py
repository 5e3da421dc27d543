"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

Numbers are within the `Budget` of a type if all are multiples of one power of two, and even the sum of their absolute values is
no more than 2ᵇⁱᵗˢ of them: then every partial sum is exact, in any order. So must be pixels, weights, their products with pixels
or with what arrives, and sums. Positions are what `errors.RoiError.are_exact` is about.
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
from .output import border_align

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Line, Roi
    from .output import Result

_FINE = 2**20
"""Distances from a decision are said in parts of a pixel as fine as this."""


def _read(asked: Asked) -> Iterator[Roi]:
    for roi in asked.rois:
        if roi is not None and roi.inside.any():
            yield roi


def _step(line: Line, where: Array) -> Fraction:
    """The power of two of which the positions of some points are multiples, at most 1; 0 if there is none."""
    return min(quantum(line.at[where].tolist()), ONE)


def _weight(roi: Roi) -> Fraction:
    """The power of two of which all weights are multiples; 0 if there is none."""
    y, x = roi.lines
    return _step(y, roi.inside) * _step(x, roi.inside)


def _units(values: Array) -> Fraction:
    return quantum(map(Fraction, np.unique(values[np.isfinite(values)]).tolist()))


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed; of a gradient those of the maxima, too."""
    weights = min((_weight(roi) for roi in _read(asked)), default=ONE)
    pooled = exact if operation == Operation.FORWARD else border_align(asked.maps, asked.rois)
    yield Budget(weights * _units(asked.pixels), max(set(pooled.magnitude.flat), default=ZERO))
    if operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        yield Budget(weights * _units(asked.grad), max(set(exact.magnitude.flat), default=ZERO))
    elif operation == Operation.BOX_GRADIENT:
        yield from _of_boxes(asked)
    yield from numbers(exact.values)


def _of_boxes(asked: Asked) -> Iterator[Budget]:
    """The budgets of how points move, times slopes and what arrives."""
    assert asked.grad is not None
    least = _units(asked.pixels) * _units(asked.grad)
    largest = Fraction(float(abs(asked.pixels[np.isfinite(asked.pixels)]).max(initial=0.0)))
    for k, roi in enumerate(asked.rois):
        if roi is None or not roi.inside.any():
            continue
        sent = Fraction(float(abs(asked.grad[k]).sum()))
        steps = min(_step(line, roi.inside) for line in roi.lines)
        yield Budget(least * steps * quantum(roi.shares), 4 * largest * sent)


def handed(asked: Asked) -> Iterator[Budget]:
    """The budgets of numbers that are handed over."""
    for values in (asked.pixels, asked.grad):
        if values is not None:
            for x in np.unique(values[np.isfinite(values)]).tolist():
                yield single(Fraction(x))


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of points, for the bits that a case needs."""
    for roi in _read(asked):
        yield from (single(x) for x in roi.box)
        for line in roi.lines:
            yield Budget(_step(line, roi.inside), max(abs(at) for at in line.at[roi.inside]))


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
    """How near a point comes to an edge of BA-4; 0 if one is there."""
    return min(_distances(asked), default=None)


def _distances(asked: Asked) -> Iterator[Fraction]:
    for roi in filter(None, asked.rois):
        for line in roi.lines:
            for at in line.at.flat:
                distance = min(abs(at + 1), abs(at - line.pixels))
                yield Fraction(math.floor(distance * _FINE), _FINE)
