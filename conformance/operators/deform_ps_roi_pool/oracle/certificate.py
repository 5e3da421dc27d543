"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

As of points: pixels, positions, weights, their products with pixels or with what arrives, sums, and these over how many samples
are inside, which must be a power of two. Of the gradient for offsets so must be: slopes, their products with what arrives, sums
of these over the number of samples, and their products with gamma and sizes.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ....asking import coarse, units
from ....exact.budgets import Budget, numbers, quantum, single
from ....exact.numbers import HALF
from ....operation import Operation
from ...roi_align_rotated.oracle.certificate import step_of
from .bounds import errors_of
from .geometry import ONE, ZERO

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ....exact.numbers import Array
    from ...roi_align_rotated.oracle.output import Result
    from .asked import Asked, Part
    from .geometry import Roi

_FINE = 2**20
"""Distances from a decision are said in parts of a pixel as fine as this."""


def _read(asked: Asked) -> Iterator[Roi]:
    return (roi for roi in asked.rois if roi is not None and roi.inside.any())


def _counts(roi: Roi) -> set[Fraction]:
    """How many samples of bins are inside, none of which has none."""
    return {Fraction(int(count)) for count in roi.divisor.flat}


def budgets(asked: Asked, operation: Operation, exact: Result) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples, which `errors.RoiError.are_exact` is about."""
    counts = set().union(*map(_counts, _read(asked))) or {ONE}
    for count in counts:
        yield Budget(count if quantum([count]) == count else ZERO, count)
    yield from numbers(exact.values)
    if operation == Operation.OFFSET_GRADIENT:
        for part in asked.parts:
            for k, roi in enumerate(part.asked.rois):
                if roi is not None and roi.inside.any():
                    yield from _of_offsets(part, k, roi)
        return
    steps = (step_of(roi.lines[0], roi.inside) * step_of(roi.lines[1], roi.inside) for roi in _read(asked))
    weight, most = min(steps, default=ONE) / max(counts), max(counts)
    total = max(set(exact.magnitude.flat), default=ZERO)
    read = asked.pixels if operation == Operation.FORWARD else asked.grad
    assert read is not None
    yield Budget(weight * units(read), total * most)


def _of_offsets(part: Part, k: int, roi: Roi) -> Iterator[Budget]:
    """The budgets of the slopes of the samples of RoI k, their products with what arrives, and these with gamma and sizes."""
    asked = part.asked
    assert asked.grad is not None
    least = units(asked.pixels) * units(asked.grad) / max(_counts(roi))
    least *= min(step_of(line, roi.inside) for line in roi.lines)
    for axis, size in enumerate(_sizes(part, k, roi)):
        if not (roi.lines[axis].slopes & roi.inside).any():
            continue
        reach = roi.reach[axis]
        yield single(reach)
        yield Budget(least, size)
        yield Budget(least * quantum([reach]), size * max(abs(reach), ONE))


def _sizes(part: Part, k: int, roi: Roi) -> tuple[Fraction, Fraction]:
    """What the sums of what arrives at RoI k times the slopes of its samples would be if no term were negative, along y and x.

    The four pixels of a sample count by themselves, so that nothing is said of the order in which they are put together.
    """
    asked = part.asked
    image, arriving = abs(asked.maps.integers[roi.image]), abs(asked.arriving.integers[k])[..., None]
    y, x = roi.lines
    at = [[image[:, rows, columns] for columns in (x.low, x.high)] for rows in (y.low, y.high)]
    over_x, over_y = (at[0][0] + at[1][0], at[0][1] + at[1][1]), (at[0][0] + at[0][1], at[1][0] + at[1][1])

    def total(across: tuple[Array, Array], unit: int, fraction: Array) -> Fraction:
        low, high = across
        terms = (low * (unit - fraction) + high * fraction) * arriving * roi.inside
        return Fraction(int(terms.sum()), unit * asked.maps.denominator * asked.arriving.denominator)

    return total(over_x, x.unit, x.fraction), total(over_y, y.unit, y.fraction)


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of samples that are read, for the bits that a case needs."""
    for part in asked.parts:
        for error in errors_of(part):
            if error is None or not error.roi.inside.any():
                continue
            roi = error.roi
            for axis, line in enumerate(roi.lines):
                largest = max(abs(int(n)) for n in line.at[roi.inside])
                yield Budget(step_of(line, roi.inside), Fraction(largest, line.unit))
                if error.is_settled(axis):
                    continue
                yield from (single(x) for x in (roi.start[axis], roi.size[axis], roi.scales[axis]))
                if asked.offset is not None:
                    yield from (single(x) for x in (roi.gamma, roi.reach[axis]))


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How near samples come to an edge of DQ-6; 0 if one is there."""
    for roi in filter(None, asked.rois):
        for line, pixels in zip(roi.unmoved, roi.pixels, strict=True):
            for n in line.at.flat:
                at = Fraction(int(n), line.unit)
                yield coarse(min(abs(at + HALF), abs(at - pixels + HALF)))
