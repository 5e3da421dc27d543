"""What a call must at least cost: what RoIAlign's calls do, and the weights that they read or write besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...measuring.floors import floor_of
from .operations import Operation

if TYPE_CHECKING:
    from ...measuring.axis_floors import Geometry
    from ...measuring.floors import Floor, Rates
    from ...measuring.problem import Problem


def floor(problem: Problem, counts: Geometry, itemsize: int, rates: Rates, operation: Operation) -> Floor:
    """The least time of an operation on a GPU. A gradient for weights writes all of them, touched or not, once."""
    row = problem.row
    output, operations = row.outputs * itemsize, counts.operations * (row.channels + 1)
    touched, footprint = counts.touched * itemsize, counts.footprint * itemsize
    read, read_by_all = touched * (row.channels + 1), footprint * (row.channels + 1)
    if operation.gradient:
        maps = sum(level.feature.size for level in problem.levels) * itemsize
        if operation == Operation.BACKWARD:
            read, read_by_all = touched, footprint  # weights alone
        return floor_of(maps + read, maps + read_by_all, output, operations, rates)
    if operation == Operation.WEIGHTS:
        written = _weights(problem) * itemsize
        return floor_of(read + written, read_by_all + written, output, operations, rates)
    return floor_of(read, read_by_all, output, operations, rates)


def visited(problem: Problem, counts: Geometry, operation: Operation) -> int:
    """How many elements the calls of a row visit of what there are copies of: maps, weights, and what arrives."""
    row = problem.row
    read = counts.touched * (1 if operation == Operation.BACKWARD else row.channels + 1)
    written = sum(level.feature.size for level in problem.levels) if operation.gradient else 0
    return read + written + (0 if operation.pools else row.outputs)


def _weights(problem: Problem) -> int:
    """How many there are."""
    return sum(level.feature.size // level.feature.shape[1] for level in problem.levels)
