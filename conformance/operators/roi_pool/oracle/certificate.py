"""What makes a call of RoIPool exact and fair: the bits that its numbers need, and how near its corners come to a decision."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ....call import DTYPES
from ....exact.budgets import Budget, bits_needed, quantum, single
from ....operation import Operation
from . import output
from .answers import Asked, answers_in
from .decisions import possible, ties
from .geometry import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Stages


def bits(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> int | None:
    """The bits of a significand that holds every number that is read, formed and returned; None if none does."""
    asked, rules = Asked.of(arguments, "float64"), Rules(dialect, "float64")
    return bits_needed(_budgets(asked, operation, rules))


def _budgets(asked: Asked, operation: Operation, rules: Rules) -> Iterator[Budget]:
    yield from (single(Fraction(x)) for x in set(asked.maps[np.isfinite(asked.maps)].tolist()))
    for rois in possible(*asked.about, rules):
        if operation == Operation.FORWARD and asked.mode == "avg":
            finite = np.where(np.isfinite(asked.maps), asked.maps, 0)
            yield from _of_averages(finite, rois, asked.output_size, rules)
        elif operation == Operation.FEATURE_GRADIENT:
            assert asked.grad is not None
            yield from _of_gradient(asked, asked.grad, rois, rules)


def _of_averages(
    maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], rules: Rules
) -> Iterator[Budget]:
    unit = quantum(map(Fraction, set(maps.ravel().tolist())))
    result = output.roi_pool(output.exact_pixels(maps), rois, output_size, "avg", rules)
    for k, c, p, q in np.ndindex(result.values.shape):
        if count := int(result.counts[k, p, q]):
            total: Fraction = result.magnitude.item(k, c, p, q)
            yield Budget(unit, total)
            yield Budget(unit / count if is_power(count) else Fraction(0), total / count)


def _of_gradient(asked: Asked, grad: Array, rois: Sequence[Stages | None], rules: Rules) -> Iterator[Budget]:
    exact, pixels = output.exact_pixels(grad), output.exact_pixels(asked.maps)
    result = output.feature_gradient(exact, pixels, rois, asked.output_size, asked.mode, rules)
    unit = quantum(map(Fraction, set(grad.ravel().tolist())))
    if asked.mode == "avg":
        counts = {(r[1] - r[0]) * (c[1] - c[0]) for roi in rois for *_, r, c in output.bins_of(roi)} - {0}
        unit = unit / max(counts, default=1) if all(map(is_power, counts)) else Fraction(0)
    yield from (Budget(unit, total) for total in set(map(Fraction, result.magnitude.flat)))


def nearest_decision(arguments: Mapping[str, Any], dialect: Dialect) -> Fraction | None:
    """How near a corner comes to where it would become another pixel, in feature pixels; 0 if one is exactly there."""
    asked = Asked.of(arguments, "float64")
    return min(ties(*asked.about, Rules(dialect, "float64")), default=None)


def is_power(count: int) -> bool:
    """Whether a count is a power of two, by which every number can be divided exactly."""
    return count & (count - 1) == 0


def exact_dtypes(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> tuple[str, ...]:
    """The data types in which a call has one answer, and that without bounds."""
    found = {dtype: answers_in(arguments, operation, dialect, dtype) for dtype in DTYPES}
    return tuple(dtype for dtype, each in found.items() if len(each) == 1 and each[0].bound is None)
