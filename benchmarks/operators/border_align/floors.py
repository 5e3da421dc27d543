"""What a call must at least cost: as `measuring.point_floors`, each side in a channel of its own.

A gradient for the maps reads what pooling reads, to find the point that sends back, besides what arrives at the output, and
writes every pixel of the maps once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...measuring import footprints
from ...measuring.floors import floor_of
from ...measuring.point_floors import counts_by
from .points import points_of

if TYPE_CHECKING:
    from ...measuring.floors import Floor, Rates
    from ...measuring.point_floors import Geometry
    from ...measuring.problem import Problem
    from .operations import Operation


geometry = counts_by(points_of)
"""The counts of a row, per channel of the output."""


def floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates, operation: Operation) -> Floor:
    """The least time of an operation on a GPU."""
    if not operation.gradient:
        return footprints.floor(problem, counts, itemsize, rates, operation)
    row, maps = problem.row, sum(level.feature.size for level in problem.levels) * itemsize
    touched, footprint = (count * row.channels * itemsize for count in (counts.touched, counts.footprint))
    operations = counts.operations * row.channels
    return floor_of(maps + touched, maps + footprint, row.outputs * itemsize, operations, rates)


def visited(problem: Problem, counts: Geometry, operation: Operation) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, or also a gradient and those for maps."""
    found = footprints.visited(problem, counts, operation)
    return found + counts.touched * problem.row.channels if operation.gradient else found
