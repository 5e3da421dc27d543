"""How far the edges of bins may be from where exact arithmetic has them, and what becomes of weights with that."""

from __future__ import annotations

import math
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from ....exact.floats import Approx, as_float
from .geometry import ZERO, Edges

if TYPE_CHECKING:
    from ....exact.floats import FloatType
    from .geometry import Axis, Weights

_CANCELLING = 16
"""Roundings, of numbers no greater than 1, of the weight of a cell that is the difference of two integrals, and of both sides."""


class AxisError:
    """The errors of one axis of one RoI whose coordinates are formed in ``type``."""

    def __init__(self, axis: Axis, type_: FloatType) -> None:
        """Follows the coordinates, operation by operation."""
        self.axis, self.type = axis, type_
        first, second = (Approx.rounded(y, type_) * Approx.rounded(axis.scale, type_) for y in axis.box)
        self.start, self.extent = first, second - first
        self.bin = Approx(axis.extent, self.extent.error, type_).over(axis.bins)

    @property
    def is_undecided(self) -> bool:
        """Whether rounding decides if the RoI has an extent: its corners are apart, but by less than they may be off."""
        first, second = self.axis.box
        return first != second and abs(as_float(self.extent.value)) <= self.extent.error

    @cached_property
    def edges(self) -> tuple[float, ...]:
        """The greatest error of each of the P + 1 edges, formed from the start or from the edge before."""
        errors = [self.start.error]
        edge = self.start
        for p in range(1, self.axis.bins + 1):
            along = Approx.rounded(Fraction(p), self.type) * self.bin
            directly, onwards = self.start + along, edge + self.bin
            errors.append(max(directly.error, onwards.error))
            edge = directly
        return tuple(errors)

    @property
    def is_exact(self) -> bool:
        """Whether no edge is rounded."""
        return not any(self.edges)

    def ratio(self, p: int) -> float:
        """By what share of the bin's size its weights, all together, may be off; infinite where nobody can say."""
        size = as_float(self.axis.bin)
        moved = self.edges[p] + self.edges[p + 1] + self.bin.error
        if not size > 2 * moved:
            return math.inf
        return (2 * moved + _CANCELLING * self.type.unit * min(1.0, size)) / (size - moved)

    def weights(self, sign: int) -> tuple[Weights, ...]:
        """What bins weigh that are longer at both ends, by their errors, or (``sign`` −1) shorter."""
        if not self.axis.extent:
            return self.axis.weights
        return tuple(self._between(p, edges, sign) for p, edges in enumerate(self.axis.edges))

    def _between(self, p: int, edges: Edges, sign: int) -> Weights:
        first, second = (ZERO if math.isinf(e) else Fraction(e) * sign for e in self.edges[p : p + 2])
        a, b = edges[0] - first, edges[1] + second
        return self.axis.rules.weights(a, b, self.axis.pixels) if a < b else {}
