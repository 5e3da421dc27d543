"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

Numbers are within the `Budget` of a type if all are multiples of one power of two, and even the sum of their absolute values is
no more than 2ᵇⁱᵗˢ of them: then every partial sum is exact, in any order. So must be pixels, weights, their products with pixels
or with what arrives, and sums. Positions are what `errors.RoiError.are_exact` is about.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....asking import coarse, units
from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from .geometry import ONE, ZERO
from .output import border_align

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed; of a gradient those of the maxima, too."""
    weights = min((_weight(roi) for roi in _read(asked)), default=ONE)
    pooled = exact if operation == Operation.FORWARD else border_align(asked.maps, asked.rois)
    yield Budget(weights * units(asked.pixels), max(set(pooled.magnitude.flat), default=ZERO))
    if operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        yield Budget(weights * units(asked.grad), max(set(exact.magnitude.flat), default=ZERO))
    elif operation == Operation.BOX_GRADIENT:
        yield from _of_boxes(asked)
    yield from numbers(exact.values)


def _of_boxes(asked: Asked) -> Iterator[Budget]:
    """The budgets of how points move, times slopes and what arrives."""
    assert asked.grad is not None
    least = units(asked.pixels) * units(asked.grad)
    largest = Fraction(float(abs(asked.pixels[np.isfinite(asked.pixels)]).max(initial=0.0)))
    for k, roi in enumerate(asked.rois):
        if roi is None or not roi.inside.any():
            continue
        sent = Fraction(float(abs(asked.grad[k]).sum()))
        steps = min(_step(line, roi.inside) for line in roi.lines)
        yield Budget(least * steps * quantum(roi.shares), 4 * largest * sent)


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of points, for the bits that a case needs."""
    for roi in _read(asked):
        yield from (single(x) for x in roi.box)
        for line in roi.lines:
            yield Budget(_step(line, roi.inside), max(abs(at) for at in line.at[roi.inside]))


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How near points come to an edge of BA-4; 0 if one is there."""
    for roi in filter(None, asked.rois):
        for line in roi.lines:
            for at in line.at.flat:
                yield coarse(min(abs(at + 1), abs(at - line.pixels)))
