"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

Numbers are within the `Budget` of a type if all are multiples of one power of two, and even the sum of their absolute values is
no more than 2ᵇⁱᵗˢ of them: then every partial sum is exact, in any order. So must be: voxels, weights along each axis and their
products, these times voxels or what arrives, sums, and all of it over the number of samples, which must be a power of two. Of the
gradient for boxes also how samples move. Where samples lie must be exact in whatever order it is formed (`sampling.errors`).
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from ....asking import coarse, units
from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from ...roi_align.oracle.certificate import coordinates_along
from .geometry import ONE, ZERO
from .output import steepest_sum

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .asked import Asked
    from .geometry import Roi
    from .output import Result

_FINE = 2**20
"""Distances from a decision are said in parts of a pixel as fine as this."""


def _read(asked: Asked) -> Iterator[tuple[int, Roi]]:
    return ((k, roi) for k, roi in enumerate(asked.rois) if roi is not None and roi.reads)


def _weight(roi: Roi) -> Fraction:
    """The power of two of which products of weights are multiples."""
    return math.prod((line.quantum for line in roi.lines), start=ONE)


def _heaviest(roi: Roi) -> Fraction:
    """The greatest sum of the weights of a bin."""
    sums = (Fraction(int(w.integers.sum(axis=1).max(initial=0)), w.denominator) for w in (l.weights for l in roi.lines))  # noqa: E741
    return math.prod(sums, start=ONE)


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples."""
    total = max(set(exact.magnitude.flat), default=ZERO)
    of_pixels = units(asked.pixels)
    of_grad = ONE if asked.grad is None else units(asked.grad)
    for k, roi in _read(asked):
        samples = Fraction(roi.divisor)
        yield Budget(samples if quantum([samples]) == samples else ZERO, samples)
        yield Budget(_weight(roi), _heaviest(roi))
        yield Budget(_weight(roi) / samples, _heaviest(roi) / samples)
        if operation == Operation.FORWARD:
            largest = max(set(exact.magnitude[k].flat), default=ZERO)
            yield Budget(_weight(roi) * of_pixels, largest * samples)
            yield Budget(_weight(roi) * of_pixels / samples, largest)
        elif operation == Operation.BOX_GRADIENT:
            yield from _of_motions(asked, k, roi, _weight(roi) * of_pixels * of_grad, exact)
    if operation == Operation.FEATURE_GRADIENT:
        least = min((_weight(roi) / roi.divisor for _, roi in _read(asked)), default=ONE)
        yield Budget(least * of_grad, total)
    yield from numbers(exact.values)


def _of_motions(asked: Asked, k: int, roi: Roi, least: Fraction, exact: Result) -> Iterator[Budget]:
    """The budgets of how samples of RoI k move, of slopes, and of their products with what arrives, multiples of ``least``."""
    sums, samples = steepest_sum(asked, k, roi), Fraction(roi.divisor)
    yield Budget(least, sums * samples)
    yield Budget(least / samples, sums)
    largest = max(exact.magnitude[k])
    for line in roi.lines:
        step = line.quantum_of_motion
        yield Budget(least * step, max(largest, sums * step) * samples)
        yield Budget(least * step / samples, max(largest, sums * step))


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of coordinates, for the bits that a case needs."""
    for roi in filter(None, asked.rois):
        yield single(Fraction(roi.image))
        for line in roi.lines:
            yield from coordinates_along(line.axis)


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How far samples are from a bound of a volume, and adaptive sizes of bins from a step."""
    for axis in (line.axis for roi in asked.rois if roi for line in roi.lines):
        if axis.sampling_ratio <= 0:
            yield coarse(abs(axis.bin - round(axis.bin)))
        for p in range(axis.bins if axis.taken else 0):
            at = [axis.position(p, i) for i in axis.beside_bounds(p)]
            yield from (coarse(abs(y - bound)) for y in at for bound in (-1, axis.pixels))
