"""The bit-budget certificate: in which data types a call is exact, in whatever order it is computed.

Numbers are within the `Budget` of a type if all are multiples of one power of two, the *quantum*, and even the sum of their
absolute values is no more than 2ᵇⁱᵗˢ quanta: then every partial sum, in any order, fused or not, is exact. The budgets are those
of

* coordinates: boxes, corners, extent, bin, ``p · bin``, edges;
* weights, as products or as differences of integrals: halves of squares of what an edge is apart from a pixel; and these over
  the size of the
  bin, which must be a power of two;
* products of these with each other, with pixels, or with what arrives; and their sums;
* for a box, also how an edge moves, for which the number of bins must be a power of two; and the result.

Maps of 16 bits are only stored in these: everything but maps and result has float32, and the result is rounded once.
"""

from __future__ import annotations

import itertools
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ....exact.budgets import Budget, numbers, quantum, single
from ....operation import Operation
from .geometry import HALF, ONE, ZERO, largest_weight
from .output import Read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .asked import Asked
    from .geometry import Axis, Stages
    from .gradient import FeatureGradient


class Along(NamedTuple):
    """Of the weights of an axis: their quantum and greatest sum, as they are, and the size of a bin that they are divided by."""

    quantum: Fraction
    total: Fraction
    size: Fraction

    @property
    def divided(self) -> Along:
        """The weights over the size of the bin; without a quantum if that is no power of two."""
        if not is_power(self.size):
            return self._replace(quantum=ZERO)
        return Along(self.quantum / self.size, self.total / self.size, self.size)


def is_power(x: Fraction) -> bool:
    """Whether a positive number is a power of two."""
    return x > 0 and quantum([x]) == x


def are_exact(asked: Asked) -> bool:
    """Whether all coordinates are exact in the data type of a call."""
    return all(budget.fits(asked.working) for budget in coordinates(asked))


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of all coordinates of all RoIs (PR-1 to PR-3)."""
    for roi in filter(None, asked.rois):
        yield single(Fraction(roi.batch))
        for axis in (roi.y, roi.x):
            start, end = axis.corners
            yield from map(single, (*axis.box, axis.scale, start, end, end - start))
            if axis.extent:
                along = axis.bins * axis.bin
                yield single(axis.bin)
                yield Budget(quantum([axis.bin]), along)
                yield Budget(quantum([start, axis.bin]), abs(start) + along)


def along(axis: Axis) -> Along:
    """The budget of the weights of an axis."""
    apart = min(ONE, quantum([axis.corners[0], axis.bin]))
    return Along(apart * apart * HALF, largest_weight(axis.weights), axis.bin)


def read_of(rois: Sequence[Stages | None]) -> Iterator[tuple[Stages, Along, Along]]:
    """The RoIs that read some pixel, with the budgets of their weights."""
    for roi in filter(None, rois):
        if roi.has_area and any(roi.y.weights) and any(roi.x.weights):
            yield roi, along(roi.y), along(roi.x)


def _weights(y: Along, x: Along) -> Iterator[tuple[Fraction, Fraction]]:
    """Quanta and sums of products of weights, of both axes divided by the size of the bin or not."""
    for first, second in itertools.product((y, y.divided), (x, x.divided)):
        yield first.quantum * second.quantum, first.total * second.total


def weights(rois: Sequence[Stages | None]) -> Iterator[Budget]:
    """The budgets of weights (PR-5), alone and multiplied."""
    for _, y, x in read_of(rois):
        for axis in (y, x):
            yield Budget(axis.quantum, 4 * ONE)  # the two integrals, of two terms each
            yield Budget(axis.quantum, axis.total)
            yield Budget(axis.divided.quantum, axis.divided.total)
        yield from (Budget(*pair) for pair in _weights(y, x))


def sums(asked: Asked) -> Iterator[Budget]:
    """The budgets of weighted pixels, and of their sums (PR-6)."""
    for roi, y, x in read_of(asked.rois):
        least, most = _pixels_of(asked, roi)
        for first in (y, y.divided, x, x.divided):
            yield Budget(first.quantum * least, first.total * most)
        for weight, total in _weights(y, x):
            yield Budget(weight * least, total * most)


def _pixels_of(asked: Asked, roi: Stages) -> tuple[Fraction, Fraction]:
    """The quantum of the pixels that a RoI reads, and the largest."""
    read = Read.by(roi)
    found = asked.maps.numbers.part(roi.batch).part(slice(None), read.rows, read.columns)
    distinct = {abs(int(n)) for n in np.unique(found.integers)} if found.integers.size else {0}
    return quantum(Fraction(n, found.denominator) for n in distinct), Fraction(max(distinct), found.denominator)


def sent(asked: Asked, exact: FeatureGradient) -> Iterator[Budget]:
    """The budgets of what pixels are sent (PR-7), over all RoIs, as atomic additions make their sums in any order."""
    assert asked.grad is not None
    least = quantum(map(Fraction, set(asked.grad.ravel().tolist())))
    total = max(set(exact.magnitude.flat), default=ZERO)
    found = list(read_of(asked.rois))
    largest = max((y.size * x.size for _, y, x in found), default=ONE)
    for _, y, x in found:
        # Sums of weights that are not divided yet are larger, if bins are.
        yield from (Budget(weight * least, total * max(ONE, largest)) for weight, _ in _weights(y, x))


def moved(asked: Asked) -> Iterator[Budget]:
    """The budgets of the gradients for the boxes (PR-8)."""
    assert asked.grad is not None
    for k, roi in enumerate(asked.rois):
        arriving = asked.grad[k]
        if roi is None or not roi.has_area or not (any(roi.y.weights) and any(roi.x.weights)):
            continue
        least, most = _pixels_of(asked, roi)
        least *= quantum(map(Fraction, set(arriving.ravel().tolist())))
        total = sum(map(abs, map(Fraction, arriving.ravel().tolist())), ZERO)
        for moving, other in ((roi.y, along(roi.x)), (roi.x, along(roi.y))):
            own = along(moving)
            share = quantum([Fraction(1, moving.bins)]) * quantum([moving.scale])
            weight = own.divided.quantum * other.divided.quantum / own.size
            yield Budget(share, moving.scale)
            yield Budget(weight * share * least, 4 * total * most / own.size * moving.scale)


def budgets(asked: Asked, operation: Operation, exact: Any) -> Iterator[Budget]:
    """The budgets of all numbers that a computation may form, but for coordinates; ``exact`` is its result."""
    yield from set(weights(asked.rois))
    if operation == Operation.FEATURE_GRADIENT:
        yield from set(sent(asked, exact))
    else:
        yield from set(sums(asked))
    if operation == Operation.BOX_GRADIENT:
        yield from set(moved(asked))
    yield from numbers(exact.values)


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How near each RoI comes to having no extent; 0 if it has none. Nothing else is decided: the function is continuous."""
    for roi in filter(None, asked.rois):
        for start, end in (roi.y.corners, roi.x.corners):
            yield abs(end - start)
