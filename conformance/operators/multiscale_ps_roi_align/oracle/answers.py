"""What a call, or a gradient of it, must return: the pooler's answer with RoIAlign, of the channels that each bin reads.

Each bin of a RoI reads channels of its own of the map of the RoI's level. So of what `multiscale_roi_align` returns, all bins of
all channels, PSRoIAlign on a pyramid returns those that read their own, as PSRoIAlign does of what RoIAlign returns.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_ps_roi_align import DIALECTS
from ....operation import Operation
from ....operator import Answer
from ...multiscale_roi_align.oracle.answers import LevelledOracle
from ...ps_roi_align.oracle.answers import name_of
from ...ps_roi_align.selection import of_roi_align, selected, selected_of_lists
from ...roi_align.oracle.answers import RoiAlignOracle

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from fractions import Fraction

    from .....kernels.dialects.multiscale_ps_roi_align import Dialect
    from ....exact.numbers import Array

    Arguments = Mapping[str, Any]

_POOLER = LevelledOracle(RoiAlignOracle(), DIALECTS, lambda dialect: name_of(dialect.pooling))


class PsPyramidOracle:
    """The oracle of PSRoIAlign on feature pyramids. What it says of exactness it says of all channels, read by all bins.

    In a data type in which rounding decides the level of a box several answers may be due, as of `multiscale_roi_align`.
    """

    def answers(
        self, arguments: Arguments, operation: Operation, dialect: Dialect, claims: str
    ) -> Iterator[tuple[str, tuple[Answer, ...]]]:
        """Data types, and what the call may return in each."""
        given = of_roi_align(arguments, operation, dialect.channels)
        for dtype, found in _POOLER.answers(given, operation, dialect, claims):
            yield dtype, tuple(_selected(answer, arguments, operation, dialect) for answer in found)

    def exact_dtypes(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> tuple[str, ...]:
        """The data types in which everything is exact but the rounding of the result to a type of 16 bits."""
        return _POOLER.exact_dtypes(of_roi_align(arguments, operation, dialect.channels), operation, dialect)

    def values(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> Array:
        """The exact result."""
        found = _POOLER.values(of_roi_align(arguments, operation, dialect.channels), operation, dialect)
        return selected(found, arguments, dialect.channels) if operation == Operation.FORWARD else found

    def bounded(self, arguments: Arguments, dialect: Dialect, dtype: str) -> tuple[Array, Array]:
        """The exact output for what a call of ``dtype`` is handed, and the greatest error of each element."""
        values, errors = _POOLER.bounded(arguments, dialect, dtype)
        return selected(values, arguments, dialect.channels), selected(errors, arguments, dialect.channels)

    def bits(self, arguments: Arguments, operation: Operation, dialect: Dialect) -> int | None:
        """The bits of a significand that holds every number of a computation, but those by which levels are chosen."""
        return _POOLER.bits(of_roi_align(arguments, operation, dialect.channels), operation, dialect)

    def nearest_decision(self, arguments: Arguments, dialect: Dialect) -> Fraction | None:
        """The least distance of a sample from a bound of its map, and of an adaptive bin size from a step."""
        return _POOLER.nearest_decision(arguments, dialect)

    def quick(
        self, arguments: Arguments, operation: Operation, dialect: str, dtype: str, *, kinks: bool, bounds: bool
    ) -> tuple[Answer, ...]:
        """Exact answers; if there are none and ``bounds`` are wanted, one with bounds; or nothing."""
        rules = DIALECTS[dialect]
        given = of_roi_align(arguments, operation, rules.channels)
        found = _POOLER.quick(given, operation, dialect, dtype, kinks=kinks, bounds=bounds)
        return tuple(_selected(answer, arguments, operation, rules) for answer in found)


def _selected(answer: Answer, arguments: Arguments, operation: Operation, dialect: Dialect) -> Answer:
    """Of an answer of the pooler, what each bin reads."""
    if operation != Operation.FORWARD:
        return answer
    bound = answer.bound
    if isinstance(bound, list):
        bound = selected_of_lists(bound, arguments, dialect.channels)
    return Answer(selected_of_lists(answer.output, arguments, dialect.channels), bound)
