"""In which data types a call is exact, in whatever order it is computed: what is added to what is said of points.

Of the gradients for offsets and boxes so must be: slopes, their products with what arrives and with where samples lie, sums of
these over the number of samples, and their products with gamma, sizes and offsets.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from ....asking import units
from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from ...roi_align_rotated.oracle import certificate as of_points
from ...roi_align_rotated.oracle.certificate import step_of
from .geometry import ONE, ZERO, Rules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ...roi_align_rotated.oracle.output import Result
    from .asked import Asked
    from .geometry import Roi


def _read(asked: Asked) -> Iterator[Roi]:
    return (roi for roi in asked.rois if roi is not None and roi.inside.any())


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples, which `errors.RoiError.are_exact` is about."""
    if operation in (Operation.FORWARD, Operation.FEATURE_GRADIENT):
        yield from of_points.budgets(asked, operation, exact)
        return
    for k, roi in enumerate(asked.rois):
        if roi is not None and roi.inside.any():
            samples = Fraction(max(roi.grid[0] * roi.grid[1], 1))
            yield Budget(samples if quantum([samples]) == samples else ZERO, samples)
            yield from _of_motions(asked, operation, k, roi, samples)
    yield from numbers(exact.values)


def _of_motions(asked: Asked, operation: Operation, k: int, roi: Roi, samples: Fraction) -> Iterator[Budget]:
    """The budgets of how samples of RoI k move, of slopes, and of their products with each other and with what arrives."""
    assert asked.grad is not None
    least = units(asked.pixels) * units(asked.grad)
    steps = min(step_of(line, roi.inside) for line in roi.lines)
    sums = _sizes(asked, k, roi)
    for factor in _factors(operation, roi):
        step, most = quantum(factor), max(map(abs, factor), default=ZERO)
        yield Budget(step, most)
        yield Budget(least * steps * step / samples, sums * max(most, ONE))
    yield Budget(least * steps / samples, sums)


def _sizes(asked: Asked, k: int, roi: Roi) -> Fraction:
    """What the sum of what arrives at RoI k times the slopes of its samples would be if no term were negative, along y or x.

    The four pixels of a sample count by themselves, so that nothing is said of the order in which they are put together.
    """
    image, arriving = abs(asked.maps.integers[roi.image]), abs(asked.arriving.integers[k])[..., None]
    y, x = roi.lines
    at = [[image[:, rows, columns] for columns in (x.low, x.high)] for rows in (y.low, y.high)]
    sizes = []
    for line, low, high in ((x, at[0][0] + at[1][0], at[0][1] + at[1][1]), (y, sum(at[0]), sum(at[1]))):
        # The greater of the weights of a slope that is extended to where the sample was, and of one that is not.
        reach = (abs(line.at - end.astype(object) * line.unit) for end in (line.high, line.low))
        below, above = (np.maximum(np.minimum(way, 2 * line.unit), 0) for way in reach)
        terms = low * np.maximum(below, line.unit - line.fraction) + high * np.maximum(above, line.fraction)
        total = int((terms * arriving * roi.inside).sum())
        sizes.append(Fraction(total, line.unit * asked.maps.denominator * asked.arriving.denominator))
    return max(sizes)


def _factors(operation: Operation, roi: Roi) -> Iterator[list[Fraction]]:
    """What sums of slopes are multiplied with: one after the other, and all at once."""
    rules = Rules(roi.deformed.choices)
    offsets = [[x for x in each.flat if x is not None] for each in roi.offsets]
    if operation == Operation.OFFSET_GRADIENT:
        yield from ([roi.reach[axis]] for axis in (0, 1))
        return
    for axis in (0, 1):
        shares, scale = list(roi.shares(axis).flat), roi.scales[axis]
        moved = [roi.gamma * x for x in offsets[axis]]
        yield from (shares, moved, [scale * x for x in (*shares, *moved, ONE)])
    for pair in rules.moves(roi):
        yield [*pair[0].flat, *pair[1].flat]


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of samples that are read, for the bits that a case needs."""
    for roi in _read(asked):
        yield from (single(x) for x in (*roi.start, *roi.size, *roi.scales))
        if asked.offset is not None:
            yield from (single(x) for x in (roi.gamma, *roi.reach))
        for line in roi.lines:
            largest = max(abs(int(n)) for n in line.at[roi.inside])
            yield Budget(step_of(line, roi.inside), Fraction(largest, line.unit))
