"""What makes a call of crop_and_resize exact and fair: the bits that its numbers need, and how near it comes to a decision."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.crop_and_resize import NEAREST
from ....call import DTYPES
from ....exact.budgets import Budget, bits_needed, single
from ....exact.floats import as_float, as_floats
from ....operation import Operation
from . import output
from .answers import Asked, answers_in, unit_of_motion
from .geometry import HALF

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.crop_and_resize import Dialect


def bits(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> int | None:
    """The bits of a significand that holds every number that is read, formed and returned; None if none does."""
    asked = Asked.of(arguments, dialect, "float64")
    return bits_needed(_budgets(asked, operation))


def _budgets(asked: Asked, operation: Operation) -> Iterator[Budget]:
    boxes = asked.boxes()
    finite = asked.maps[np.isfinite(asked.maps)]
    yield from (single(Fraction(x)) for x in set(finite.tolist()))
    for point in output.points_of(boxes):
        yield single(point.position)
    unit = output.unit_of_weights(boxes)
    if operation == Operation.FORWARD:
        yield Budget(output.unit_of(finite) * unit**2, Fraction(2 * float(abs(finite).max(initial=0))))
    elif operation == Operation.FEATURE_GRADIENT:
        assert asked.grad is not None
        _, magnitude, _ = output.feature_gradient(asked.grad, asked.maps.shape, boxes)
        most = as_floats(as_float, magnitude).max(initial=0) if magnitude.dtype == object else magnitude.max(initial=0)
        yield Budget(output.unit_of(asked.grad) * unit**2, Fraction(float(most)))
    else:
        assert asked.grad is not None
        _, sizes = output.box_gradient(asked.grad, asked.maps, boxes)
        quantum = output.unit_of(asked.grad) * output.unit_of(asked.maps) * unit * unit_of_motion(asked)
        yield Budget(quantum, Fraction(float(sizes.max(initial=0))))


def nearest_decision(arguments: Mapping[str, Any], dialect: Dialect) -> Fraction | None:
    """How near a point comes to an edge of the image, or to where another pixel is the nearest; 0 if one is exactly there."""
    asked = Asked.of(arguments, dialect, "float64")
    return min(_decisions(asked), default=None)


def _decisions(asked: Asked) -> Iterator[Fraction]:
    for box in asked.boxes():
        if box is None:
            continue
        for points, pixels in zip((box.y, box.x), asked.maps.shape[2:], strict=True):
            for y in {point.position for point in points}:
                yield min(abs(y), abs(y - (pixels - 1)))
                if asked.rules.mode == NEAREST:
                    yield abs(y - math.floor(y) - HALF)


def exact_dtypes(arguments: Mapping[str, Any], operation: Operation, dialect: Dialect) -> tuple[str, ...]:
    """The data types in which a call has an answer without bounds."""
    found = {dtype: answers_in(arguments, operation, dialect, dtype) for dtype in DTYPES}
    return tuple(dtype for dtype, each in found.items() if each and each[0].bound is None)
