"""The floors of operators that read the pixels of boxes: pooling, and its gradients.

A gradient for the maps reads what arrives at the output and writes every pixel of the maps, touched or not, once; one for boxes
reads what pooling reads and what pooling writes: its floor is that of pooling.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from .floors import floor_of

if TYPE_CHECKING:
    from .floors import Floor, Rates
    from .problem import Problem


class Counts(Protocol):
    """Counts of a row, summed over its RoIs, per channel: pixels of all RoIs, each pixel once, and operations in float32."""

    @property
    def footprint(self) -> int: ...

    @property
    def touched(self) -> int: ...

    @property
    def operations(self) -> int: ...


def floor(problem: Problem, counts: Counts, itemsize: int, rates: Rates, operation: Any) -> Floor:
    """The least time of an operation."""
    row = problem.row
    output, operations = row.outputs * itemsize, counts.operations * row.channels
    if operation.gradient:
        maps = sum(level.feature.size for level in problem.levels) * itemsize
        return floor_of(maps, maps, output, operations, rates)
    touched, footprint = (count * row.channels * itemsize for count in (counts.touched, counts.footprint))
    return floor_of(touched, footprint, output, operations, rates)


def visited(problem: Problem, counts: Counts, operation: Any) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, or a gradient and those for maps."""
    if operation.gradient:
        return problem.row.outputs + sum(level.feature.size for level in problem.levels)
    return counts.touched * problem.row.channels
