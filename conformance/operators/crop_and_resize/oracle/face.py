"""The oracle of crop_and_resize as the harness asks it."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.crop_and_resize import DIALECTS
from ....call import DTYPES
from ....operation import Operation
from . import certificate, output
from .answers import Asked, answers_in, output_and_bound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.crop_and_resize import Dialect
    from ....exact.numbers import Array
    from ....operator import Answer

    Arguments = Mapping[str, Any]


class CropAndResizeOracle:
    """The oracle of crop_and_resize."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each, whatever it claims; exact answers first."""
        del claims
        found = [(dtype, answers_in(arguments, operation, dialect, dtype)) for dtype in DTYPES]
        some = [(dtype, answers) for dtype, answers in found if answers]
        yield from (each for each in some if each[1][0].bound is None)
        yield from (each for each in some if each[1][0].bound is not None)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which a call has an answer without bounds."""
        return certificate.exact_dtypes(arguments, operation, dialect)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        asked = Asked.of(arguments, dialect, "float64")
        return values_of(asked, asked.boxes(), operation)

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked = Asked.of(arguments, dialect, dtype)
        boxes = asked.boxes()
        values, bound = output_and_bound(asked, boxes, asked.placed(boxes))
        exact: Array = np.frompyfunc(lambda v: Fraction(v) if isinstance(v, float) else v, 1, 1)(values)
        return exact, bound

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number that is read, formed and returned."""
        return certificate.bits(arguments, operation, dialect)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a point comes to an edge of the image, or to another nearest pixel."""
        return certificate.nearest_decision(arguments, dialect)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """What a call may return in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # a dialect says what a slope is where there is none
        found = answers_in(arguments, operation, DIALECTS[dialect], dtype)
        return found if bounds or all(answer.bound is None for answer in found) else ()


def values_of(asked: Asked, boxes: output.Boxes, operation: Operation) -> Array:
    """The exact result of a call whose boxes lie there."""
    if operation == Operation.FORWARD:
        return output.crop_and_resize(asked.maps, boxes, asked.size, asked.extrapolation)
    assert asked.grad is not None
    if operation == Operation.FEATURE_GRADIENT:
        return output.feature_gradient(asked.grad, asked.maps.shape, boxes)[0]
    return output.box_gradient(asked.grad, asked.maps, boxes)[0]
