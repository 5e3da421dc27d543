"""The oracle of PSRoIPool as the harness asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.ps_roi_pool import DIALECTS
from ....call import DTYPES
from ....operation import Operation
from . import certificate, output
from .answers import Asked, answers_in, error_of_average
from .geometry import Rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....exact.numbers import Array
    from ....operator import Answer

    Arguments = Mapping[str, Any]


class PsRoiPoolOracle:
    """The oracle of PSRoIPool."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each; whatever it claims, all that rounding may make of a corner."""
        del claims
        found = [(dtype, answers_in(arguments, operation, dialect, dtype)) for dtype in DTYPES]
        inexact = [(dtype, answers) for dtype, answers in found if answers and answers[0].bound is not None]
        yield from ((dtype, answers) for dtype, answers in found if answers and answers[0].bound is None)
        yield from inexact

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which a call has one answer, and that without bounds."""
        return certificate.exact_dtypes(arguments, operation, dialect)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result of a call of float64."""
        asked, rules = Asked.of(arguments, "float64"), Rules(dialect, "float64")
        rois = output.all_stages(*asked.about, rules)
        if operation == Operation.FORWARD:
            return output.ps_roi_pool(output.exact_pixels(asked.maps), rois, asked.output_size, rules).values
        assert asked.grad is not None
        grad = output.exact_pixels(asked.grad)
        return output.feature_gradient(grad, asked.maps.shape, rois, asked.output_size, rules).values

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        asked, rules = Asked.of(arguments, dtype), Rules(dialect, dtype)
        rois = output.all_stages(*asked.about, rules)
        result = output.ps_roi_pool(output.exact_pixels(asked.maps), rois, asked.output_size, rules)
        bound = error_of_average(result, asked.maps, dtype)
        return result.values, np.zeros(result.values.shape) if bound is None else bound

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number that is read, formed and returned."""
        return certificate.bits(arguments, operation, dialect)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """How near a corner comes to where it would become another pixel."""
        return certificate.nearest_decision(arguments, dialect)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """What a call may return in one data type; nothing if it has bounds and these are not wanted."""
        del kinks  # boxes have no gradient
        found = answers_in(arguments, operation, DIALECTS[dialect].for_mode(arguments["mode"]), dtype)
        return found if bounds or all(answer.bound is None for answer in found) else ()
