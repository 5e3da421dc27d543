"""What a call of an operator whose samples lie on a grid must at least cost: the bytes it touches, and the sums it forms.

With n the weights of all bins along an axis, and t the rows, columns or slices that are touched, the footprint of a RoI is the
product of the t, and the sums cost the product of the n multiply-adds per channel; or, if they are formed along one axis after
the other, t·t·n + t·P·n + P·P·n of a volume, and t·n + P·n of a map. What follows from the counts is in `footprints`.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

import numpy as np

from .axes import axes_of, product

if TYPE_CHECKING:
    from .problem import Level, Problem, Row


@dataclass(frozen=True)
class Geometry:
    """Counts of a row, summed over its RoIs; per channel, but for ``rois``."""

    rois: int
    footprint: int
    touched: int
    weights: int
    multiply_adds: int

    @property
    def operations(self) -> int:
        """Those in float32."""
        return 2 * self.multiply_adds


def geometry(problem: Problem, operation: object = None) -> Geometry:
    """The counts of a row; they are the same for all operations."""
    del operation
    levels = [_of_level(level, problem.row) for level in problem.levels]
    return Geometry(*(sum(counts) for counts in zip(*map(astuple, levels), strict=True)))


def _of_level(level: Level, row: Row) -> Geometry:
    images, _, *size = level.feature.shape
    union = np.zeros((images, *size), bool)
    footprint = weights = adds = 0
    for k, image in enumerate(level.boxes[:, 0].astype(int)):
        axes = axes_of(level, k, row)
        touched = [(one.weights > 0).any(axis=0) for one in axes]
        union[(image, *(one.window for one in axes))] |= product(touched)
        pixels, counts = [int(each.sum()) for each in touched], [int((one.weights > 0).sum()) for one in axes]
        footprint += math.prod(pixels)
        weights += math.prod(counts)
        adds += min(math.prod(counts), _one_after_the_other(pixels, counts, row.bins))
    return Geometry(len(level.boxes), footprint, int(union.sum()), weights, adds)


def _one_after_the_other(pixels: list[int], counts: list[int], bins: int) -> int:
    """Multiply-adds of sums along the last axis, then along the one before it, and so on."""
    return sum(math.prod(pixels[:axis]) * count * bins ** (len(counts) - 1 - axis) for axis, count in enumerate(counts))
