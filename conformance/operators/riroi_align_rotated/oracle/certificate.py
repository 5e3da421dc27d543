"""In which data types a call is exact, in whatever order it is computed; and how near it comes to a decision.

Budgets are those of rotated RoIAlign, of what is pooled and of what arrives there; a weight of RI-3 makes every number a
multiple of so much less, and its own budget is one of them.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from ....asking import coarse, units
from ....exact.budgets import Budget, numbers, quantum, single
from ....exact.floats import as_float, as_floats
from ....operation import Operation
from ...roi_align_rotated.oracle import certificate as of_rotated
from ...roi_align_rotated.oracle.output import Result
from .orienting import ONE, ZERO
from .output import arriving_of, returned_by_all, sums

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .asked import Asked
    from .orienting import Mixture
    from .output import Mixed


def _mixtures(asked: Asked) -> Iterator[Mixture]:
    for roi, mixture in zip(asked.rois, asked.mixtures, strict=True):
        if roi is not None and mixture is not None and roi.inside.any():
            yield mixture


def _finest(asked: Asked) -> Fraction:
    """The power of two of which all weights of RI-3 are multiples; 0 if there is none."""
    parts = [quantum([mixture.low, mixture.high]) for mixture in _mixtures(asked) if mixture.is_exact]
    return min([*parts, ONE]) if len(parts) == len(list(_mixtures(asked))) else ZERO


def budgets(asked: Asked, operation: Operation, exact: Mixed) -> Iterator[Budget]:
    """The budgets of what is computed, but for the positions of samples."""
    finest = _finest(asked)
    yield from (single(part) for mixture in _mixtures(asked) for part in (mixture.low, mixture.high))
    given = asked
    if operation != Operation.FORWARD:
        given = asked.with_arriving(as_floats(as_float, returned_by_all(asked).magnitude))
    for budget in of_rotated.budgets(given, operation, Result(exact.values, exact.magnitude)):
        yield Budget(budget.quantum * finest, budget.total)
    yield from numbers(exact.values)
    if operation == Operation.BOX_GRADIENT:
        yield from _of_index(asked, exact)


def _of_index(asked: Asked, exact: Mixed) -> Iterator[Budget]:
    """Those of how outputs change with the index, which is irrational unless both channels are one: these sums must be 0."""
    assert exact.pooled is not None
    given = arriving_of(asked)
    unit = of_rotated.weights(asked) * _unit(asked)
    for k, (roi, mixture) in enumerate(zip(asked.rois, asked.mixtures, strict=True)):
        if roi is None or mixture is None or not roi.inside.any():
            continue
        total = (abs(given[k]) * sums(mixture, exact.pooled.magnitude[k])).sum() * max(roi.grid[0] * roi.grid[1], 1)
        yield Budget(unit if asked.orienting.orientations == 1 else ZERO, Fraction(total))


def _unit(asked: Asked) -> Fraction:
    """The power of two of which all products of pixels with what arrives are multiples."""
    assert asked.grad is not None
    return units(asked.pixels) * units(asked.grad)


def coordinates(asked: Asked) -> Iterator[Budget]:
    """The budgets of positions of samples, and of indices, for the bits that a case needs."""
    yield from of_rotated.coordinates(asked)
    for mixture in _mixtures(asked):
        yield single(mixture.index) if mixture.is_exact else Budget(ZERO, ONE)


def decisions(asked: Asked) -> Iterator[Fraction]:
    """How near samples, the sizes of bins, and indices come to a decision; 0 if one is there."""
    yield from of_rotated.decisions(asked)
    if asked.orienting.orientations > 1:
        inexact = (mixture for mixture in _mixtures(asked) if not mixture.is_exact)
        yield from (coarse(abs(mixture.index - round(mixture.index))) for mixture in inexact)
