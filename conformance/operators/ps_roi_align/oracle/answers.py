"""What a call of PSRoIAlign, or of a gradient of it, must return: RoIAlign's answer, of the channels that each bin reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.ps_roi_align import DIALECTS
from .....kernels.dialects.roi_align import DIALECTS as OF_ROI_ALIGN
from ....operation import Operation
from ....operator import Answer
from ...roi_align.oracle.answers import RoiAlignOracle
from ..selection import of_roi_align, selected, selected_of_lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.ps_roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

_ROI_ALIGN = RoiAlignOracle()


class PsRoiAlignOracle:
    """The oracle of PSRoIAlign. What it says of exactness it says of all channels of the maps, read by all bins."""

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each."""
        given = of_roi_align(arguments, operation, dialect.channels)
        for dtype, found in _ROI_ALIGN.answers(given, operation, dialect.sampling, claims):
            yield dtype, tuple(_selected(answer, arguments, operation, dialect) for answer in found)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        return _ROI_ALIGN.exact_dtypes(
            of_roi_align(arguments, operation, dialect.channels), operation, dialect.sampling
        )

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result."""
        given = of_roi_align(arguments, operation, dialect.channels)
        found = _ROI_ALIGN.values(given, operation, dialect.sampling)
        return selected(found, arguments, dialect.channels) if operation == Operation.FORWARD else found

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        values, errors = _ROI_ALIGN.bounded(arguments, dialect.sampling, dtype)
        return selected(values, arguments, dialect.channels), selected(errors, arguments, dialect.channels)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation."""
        return _ROI_ALIGN.bits(of_roi_align(arguments, operation, dialect.channels), operation, dialect.sampling)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of the map, and of an adaptive bin size from a step."""
        return _ROI_ALIGN.nearest_decision(arguments, dialect.sampling)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing."""
        rules = DIALECTS[dialect]
        given = of_roi_align(arguments, operation, rules.channels)
        found = _ROI_ALIGN.quick(given, operation, name_of(rules), dtype, kinks=kinks, bounds=bounds)
        return tuple(_selected(answer, arguments, operation, rules) for answer in found)


def name_of(dialect: Dialect) -> str:
    """The name of a dialect by which RoIAlign samples alike."""
    wanted = dialect.sampling.for_mode("avg")
    return next(name for name, known in OF_ROI_ALIGN.items() if known.for_mode("avg") == wanted)


def _selected(answer: Answer, arguments: Arguments, operation: Operation, dialect: Dialect) -> Answer:
    """Of an answer of RoIAlign, what PSRoIAlign returns of it."""
    if operation != Operation.FORWARD:
        return answer
    bound = answer.bound
    if isinstance(bound, list):
        bound = selected_of_lists(bound, arguments, dialect.channels)
    return Answer(selected_of_lists(answer.output, arguments, dialect.channels), bound)
