"""Where a RoI lies on a map, and what each of its bins weighs every row and column with (PR-1 to PR-5, and the chain of PR-8).

`Rules` holds the formulas, one method per step; a subclass that overrides one imitates a faulty implementation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .....kernels.dialects.prroi_pool import Dialect

ZERO, ONE, HALF = Fraction(0), Fraction(1), Fraction(1, 2)

Edges = tuple[Fraction, Fraction]
"""Where a bin begins and ends along an axis, in feature pixels."""
Weights = dict[int, Fraction]
"""Pixels along an axis that count, each with its weight, which is not 0."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The formulas under one dialect. Written for y; those for x are the same."""

    dialect: Dialect

    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        """PR-1: a corner of a box, in feature pixels."""
        return y * scale

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        """PR-2: the extent of the RoI."""
        return max(end - start, ZERO)

    def edges(self, start: Fraction, extent: Fraction, bins: int) -> tuple[Edges, ...]:
        """PR-3: where each bin begins and ends."""
        return tuple((start + p * extent / bins, start + (p + 1) * extent / bins) for p in range(bins))

    def tent(self, t: Fraction) -> Fraction:
        """PR-4: what a pixel counts at a distance from it."""
        return max(ZERO, 1 - abs(t))

    def mass(self, t: Fraction) -> Fraction:
        """PR-5: the integral of the tent up to ``t``."""
        if t <= 0:
            return max(t + 1, ZERO) ** 2 / 2
        return 1 - max(1 - t, ZERO) ** 2 / 2

    def weight(self, a: Fraction, b: Fraction, i: int) -> Fraction:
        """PR-5: the integral of the tent of pixel ``i`` over a bin."""
        return self.mass(b - i) - self.mass(a - i)

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        """PR-5: the weights of the pixels of the map; those that are 0 are not read."""
        near = range(max(math.floor(a), 0), min(math.ceil(b), pixels - 1) + 1)
        return {i: weight for i in near if (weight := self.weight(a, b, i))}

    def line(self, at: Fraction, pixels: int) -> Weights:
        """PR-8: what the pixels of the map count at the edge of a bin."""
        near = range(max(math.floor(at), 0), min(math.ceil(at), pixels - 1) + 1)
        return {i: weight for i in near if (weight := self.tent(at - i))}

    def area(self, height: Fraction, width: Fraction) -> Fraction:
        """PR-6: what the integral over a bin is divided by."""
        return height * width

    def share(self, height: Fraction, width: Fraction) -> Fraction:
        """PR-7: what the gradient that arrives at a bin is divided by."""
        return self.area(height, width)

    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        """PR-8: how the two edges of bin ``p`` move with y1, and with y2."""
        first, second = Fraction(p, bins), Fraction(p + 1, bins)
        return (scale * (1 - first), scale * (1 - second)), (scale * first, scale * second)

    def change(self, line: Fraction, value: Fraction, height: Fraction) -> Fraction:
        """PR-8: how the value of a bin changes as its end moves away; as its start does so, by as much the other way."""
        return line - value / height


@dataclass(frozen=True)
class Axis:
    """One axis of a RoI.

    Attributes:
        box: Both corners, in image pixels.
        scale: Feature pixels per image pixel.
        bins, pixels: P and H.
        rules: The formulas.
    """

    box: tuple[Fraction, Fraction]
    scale: Fraction
    bins: int
    pixels: int
    rules: Rules

    @cached_property
    def corners(self) -> Edges:
        """Both corners, in feature pixels."""
        first, second = self.box
        return self.rules.corner(first, self.scale), self.rules.corner(second, self.scale)

    @cached_property
    def extent(self) -> Fraction:
        """The extent of the RoI."""
        return self.rules.extent(*self.corners)

    @property
    def bin(self) -> Fraction:
        """The extent of a bin."""
        return self.extent / self.bins

    @cached_property
    def edges(self) -> tuple[Edges, ...]:
        """Where each bin begins and ends."""
        return self.rules.edges(self.corners[0], self.extent, self.bins)

    @cached_property
    def weights(self) -> tuple[Weights, ...]:
        """The weights of each bin; none of a RoI without extent."""
        if not self.extent:
            return ({},) * self.bins
        return tuple(self.rules.weights(a, b, self.pixels) for a, b in self.edges)

    @cached_property
    def lines(self) -> tuple[tuple[Weights, Weights], ...]:
        """What pixels count at the first and at the second edge of each bin."""
        return tuple((self.rules.line(a, self.pixels), self.rules.line(b, self.pixels)) for a, b in self.edges)

    @property
    def moves(self) -> tuple[tuple[Edges, Edges], ...]:
        """How the edges of each bin move with the first corner, and with the second."""
        return tuple(self.rules.moves(p, self.bins, self.scale) for p in range(self.bins))


class Stages(NamedTuple):
    """Where a RoI lies: its image, and its axes."""

    batch: int
    y: Axis
    x: Axis

    @property
    def has_area(self) -> bool:
        """PR-6: whether its bins have an area to divide by."""
        return bool(self.y.extent and self.x.extent)


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a RoI; None if it cannot be pooled: it has no such image, or no finite corners."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def stages(
    row: Sequence[float], shape: Sequence[int], output_size: Sequence[int], scale: Sequence[float | Fraction], rules: Rules,
    *, largest: float = math.inf,
) -> Stages | None:  # fmt: skip
    """Where the RoI of a row ``[batch_index, x1, y1, x2, y2]`` lies on maps ``(N, C, H, W)``.

    None if it cannot be pooled: it has no such image, or a coordinate that is not finite or beyond the ``largest`` number.
    """
    batch = image_of(row, shape[0])
    if batch is None:
        return None
    _, x1, y1, x2, y2 = map(Fraction, row)
    y = Axis((y1, y2), Fraction(scale[0]), output_size[0], shape[2], rules)
    x = Axis((x1, x2), Fraction(scale[1]), output_size[1], shape[3], rules)
    for start, end in (y.corners, x.corners):
        if max(abs(start), abs(end), abs(end - start)) > largest:
            return None
    return Stages(batch, y, x)


def largest_weight(weights: Sequence[Mapping[int, Fraction]]) -> Fraction:
    """The greatest sum of absolute weights of a bin."""
    return max((sum(map(abs, each.values()), ZERO) for each in weights), default=ZERO)
