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

from ....asking import coarse, units
from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from .geometry import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from .asked import Asked
    from .geometry import Line, Roi
    from .output import Result


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


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples, which `errors.RoiError.are_exact` is about."""
    for roi in _read(asked):
        samples = _samples(roi)
        yield Budget(samples if quantum([samples]) == samples else ZERO, samples)
    total = max(set(exact.magnitude.flat), default=ZERO)
    most = max((_samples(roi) for roi in _read(asked)), default=ONE)
    if operation == Operation.FORWARD:
        step = weights(asked) * units(asked.pixels)
        yield Budget(step, total * most)
    elif operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        yield Budget(weights(asked) * units(asked.grad), total * most)
    else:
        yield from _of_boxes(asked)
    yield from numbers(exact.values)


def _of_boxes(asked: Asked) -> Iterator[Budget]:
    """The budgets of how samples move, of slopes, of their products with each other and with what arrives."""
    assert asked.grad is not None
    least = units(asked.pixels) * units(asked.grad)
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


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of samples that are read, for the bits that a case needs."""
    for roi in _read(asked):
        yield from (single(x) for x in (*roi.centre, *roi.size, roi.scale))
        for line in roi.lines:
            largest = max(abs(int(n)) for n in line.at[roi.inside])
            yield Budget(step_of(line, roi.inside), Fraction(largest, line.unit))
        if not roi.turned.is_exact:
            yield Budget(ZERO, ONE)


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How near samples come to an edge of RR-9, and the sizes of bins to where there is one sample more; 0 if one is there."""
    for roi in filter(None, asked.rois):
        for line, pixels in zip(roi.lines, roi.pixels, strict=True):
            for n in line.at.flat:
                at = Fraction(int(n), line.unit)
                yield coarse(min(abs(at + 1), abs(at - pixels)))
        for size, bins, ratio in zip(roi.size, roi.bins, asked.ratio, strict=True):
            if ratio <= 0:
                yield coarse(abs(size / bins - round(size / bins)))
