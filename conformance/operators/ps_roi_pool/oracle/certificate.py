"""What makes a call of PSRoIPool exact and fair: the bits that its numbers need, and how near its corners come to a decision."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from ....call import DTYPES
from ....exact.budgets import Budget, bits_needed, quantum, single
from ....operation import Operation
from . import output
from .answers import Asked, answers_in, is_power
from .decisions import possible, ties
from .geometry import Rules, bins_of, pixels_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....exact.numbers import Array
    from .geometry import Stages


def bits(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> int | None:
    """The bits of a significand that holds every number that is read, formed and returned; None if none does."""
    asked, rules = Asked.of(arguments, "float64"), Rules(dialect, "float64")
    return bits_needed(_budgets(asked, operation, rules))


def _budgets(asked: Asked, operation: Operation, rules: Rules) -> Iterator[Budget]:
    yield from (single(Fraction(x)) for x in set(asked.maps[np.isfinite(asked.maps)].tolist()))
    for rois in possible(*asked.about, rules):
        if operation == Operation.FORWARD:
            finite = np.where(np.isfinite(asked.maps), asked.maps, 0)
            yield from _of_averages(finite, rois, asked.output_size, rules)
        elif operation == Operation.FEATURE_GRADIENT:
            assert asked.grad is not None
            yield from _of_gradient(asked, asked.grad, rois, rules)


def _of_averages(
    maps: Array, rois: Sequence[Stages | None], output_size: Sequence[int], rules: Rules
) -> Iterator[Budget]:
    unit = quantum(map(Fraction, set(maps.ravel().tolist())))
    result = output.ps_roi_pool(output.exact_pixels(maps), rois, output_size, rules)
    for k, c, p, q in np.ndindex(result.values.shape):
        if count := int(result.counts[k, p, q]):
            total: Fraction = result.magnitude.item(k, c, p, q)
            yield Budget(unit, total)
            yield Budget(unit / count if is_power(count) else Fraction(0), total / count)


def _of_gradient(asked: Asked, grad: Array, rois: Sequence[Stages | None], rules: Rules) -> Iterator[Budget]:
    result = output.feature_gradient(output.exact_pixels(grad), asked.maps.shape, rois, asked.output_size, rules)
    counts = {pixels_in(rows, columns) for roi in rois for _, _, rows, columns in bins_of(roi)} - {0}
    unit = quantum(map(Fraction, set(grad.ravel().tolist())))
    unit = unit / max(counts, default=1) if all(map(is_power, counts)) else Fraction(0)
    yield from (Budget(unit, total) for total in set(map(Fraction, result.magnitude.flat)))


def nearest_decision(arguments: Mapping[str, Any], dialect: Dialect) -> Fraction | None:
    """How near a corner, or an edge, comes to where it would become another pixel; 0 if one is exactly there."""
    asked = Asked.of(arguments, "float64")
    return min(ties(*asked.about, Rules(dialect, "float64")), default=None)


def exact_dtypes(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> tuple[str, ...]:
    """The data types in which a call has one answer, and that without bounds."""
    found = {dtype: answers_in(arguments, operation, dialect, dtype) for dtype in DTYPES}
    return tuple(dtype for dtype, each in found.items() if len(each) == 1 and each[0].bound is None)
