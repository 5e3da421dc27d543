"""The faults behind `mutants.py` that are in a formula of the oracle: where a RoI lies, and what its bins weigh."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from ..oracle.geometry import HALF, ONE, ZERO, Edges, Rules, Weights

if TYPE_CHECKING:
    from collections.abc import Iterator

# ---- PR-1, PR-2: where the RoI lies ----------------------------------------------------------------------------------


class HalfPixelOffset(Rules):
    """As RoIAlign's ``aligned``."""

    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        return super().corner(y, scale) - HALF


class CornersRounded(Rules):
    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        return Fraction(math.floor(super().corner(y, scale) + HALF))


class CornersTruncated(Rules):
    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        return Fraction(math.trunc(super().corner(y, scale)))


class ScaleForgotten(Rules):
    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        del scale
        return y


class ScaleInverted(Rules):
    def corner(self, y: Fraction, scale: Fraction) -> Fraction:
        return super().corner(y, 1 / scale)


class MinSizeOne(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(end - start, ONE)


class LittleSize(Rules):
    """No RoI has no extent: it is at least a little one."""

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(end - start, Fraction(1, 4096))


class InclusiveEnd(Rules):
    """1 is added to the extent, in feature pixels."""

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return super().extent(start, end + 1)


class SignedExtent(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return end - start


class AbsoluteExtent(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return abs(end - start)


# ---- PR-3: bins ------------------------------------------------------------------------------------------------------


class BinsOneLess(Rules):
    def edges(self, start: Fraction, extent: Fraction, bins: int) -> tuple[Edges, ...]:
        size = extent / max(bins - 1, 1)
        return tuple((start + p * size, start + (p + 1) * size) for p in range(bins))


class FirstBinOnly(Rules):
    def edges(self, start: Fraction, extent: Fraction, bins: int) -> tuple[Edges, ...]:
        return super().edges(start, extent, bins)[:1] * bins


class WholePixels(Rules):
    """Bins grow to whole cells, as RoIPool's do to whole pixels."""

    def edges(self, start: Fraction, extent: Fraction, bins: int) -> tuple[Edges, ...]:
        found = super().edges(start, extent, bins)
        return tuple((Fraction(math.floor(a)), Fraction(math.ceil(b))) for a, b in found)


# ---- PR-4: outside the map -------------------------------------------------------------------------------------------


class ClampedBorder(Rules):
    """Outside the map lies its nearest pixel, however far away."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        last = Fraction(pixels - 1)
        found = super().weights(min(max(a, ZERO), last), min(max(b, ZERO), last), pixels)
        below, above = min(b, ZERO) - min(a, ZERO), max(b, last) - max(a, last)
        for pixel, outside in ((0, below), (pixels - 1, above)):
            found[pixel] = found.get(pixel, ZERO) + outside
        return {pixel: weight for pixel, weight in found.items() if weight}


class HighBorderClamped(Rules):
    """The pixel after the last is the last."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        found = super().weights(a, b, pixels)
        after = self.weight(a, b, pixels)
        last = found.get(pixels - 1, ZERO) + after
        return {**found, **({pixels - 1: last} if last else {})}


class NothingOutside(Rules):
    """Only what lies between the first pixel and the last is integrated."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        low, high = (min(max(edge, ZERO), Fraction(pixels - 1)) for edge in (a, b))
        return super().weights(low, high, pixels)


class HalfAPixelOutside(Rules):
    """The map ends half a pixel beyond its pixels."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        low, high = (min(max(edge, -HALF), pixels - HALF) for edge in (a, b))
        return super().weights(low, high, pixels)


class LastRowLeftOut(Rules):
    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        return super().weights(a, b, pixels - 1)


class FirstRowLeftOut(Rules):
    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        return {i: weight for i, weight in super().weights(a, b, pixels).items() if i}


# ---- PR-5: weights ---------------------------------------------------------------------------------------------------


class NearestPixel(Rules):
    """The surface is a staircase."""

    def mass(self, t: Fraction) -> Fraction:
        return min(max(t + HALF, ZERO), ONE)


class MiddleOfBin(Rules):
    """One sample in the middle of the bin, as RoIAlign takes it."""

    def weight(self, a: Fraction, b: Fraction, i: int) -> Fraction:
        return self.tent((a + b) / 2 - i) * (b - a)


class TwoSamples(Rules):
    """Two samples for each axis of a bin, as RoIAlign takes them."""

    def weight(self, a: Fraction, b: Fraction, i: int) -> Fraction:
        at = ((3 * a + b) / 4, (a + 3 * b) / 4)
        return sum((self.tent(y - i) for y in at), ZERO) * (b - a) / 2


class EdgesOfBin(Rules):
    """The trapezoidal rule over all of the bin."""

    def weight(self, a: Fraction, b: Fraction, i: int) -> Fraction:
        return (self.tent(a - i) + self.tent(b - i)) * (b - a) / 2


class CellByCell(Rules):
    """What a subclass makes of the weights of each cell."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        found: Weights = {}
        for m, low, high in self.cells(a, b, pixels):
            for pixel, weight in zip((m, m + 1), self.of_cell(low, high), strict=True):
                if 0 <= pixel < pixels and weight:
                    found[pixel] = found.get(pixel, ZERO) + weight
        return {pixel: weight for pixel, weight in found.items() if weight}

    def cells(self, a: Fraction, b: Fraction, pixels: int) -> Iterator[tuple[int, Fraction, Fraction]]:
        """The cells of a bin where the map counts, and from where to where each is part of it, from the pixel before."""
        for m in range(max(math.floor(a), -1), min(math.ceil(b), pixels)):
            yield m, max(a - m, ZERO), min(b - m, ONE)

    def of_cell(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        """The weights of the pixel before a cell, and of that after it."""
        return (high - low) * (1 - (low + high) / 2), (high - low) * (low + high) / 2


class SidesExchanged(CellByCell):
    def of_cell(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        before, after = super().of_cell(low, high)
        return after, before


class BeginsWithCell(CellByCell):
    """A bin begins with the cell that its start is in."""

    def of_cell(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        del low
        return super().of_cell(ZERO, high)


class EndsWithCell(CellByCell):
    """A bin ends with the cell that its end is in."""

    def of_cell(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        del high
        return super().of_cell(low, ONE)


class LastCellLeftOut(CellByCell):
    def cells(self, a: Fraction, b: Fraction, pixels: int) -> Iterator[tuple[int, Fraction, Fraction]]:
        yield from (each for each in super().cells(a, b, pixels) if each[0] < math.floor(b))


class FirstCellLeftOut(CellByCell):
    def cells(self, a: Fraction, b: Fraction, pixels: int) -> Iterator[tuple[int, Fraction, Fraction]]:
        yield from (each for each in super().cells(a, b, pixels) if each[0] >= math.ceil(a))


class HalfForgotten(CellByCell):
    """The integral of a slope without its half."""

    def of_cell(self, low: Fraction, high: Fraction) -> tuple[Fraction, Fraction]:
        after = (high - low) * (low + high)
        return (high - low) - after, after


class AtMostThreePixels(Rules):
    """A bin reads no more than three pixels along an axis."""

    def weights(self, a: Fraction, b: Fraction, pixels: int) -> Weights:
        return dict(list(super().weights(a, b, pixels).items())[:3])


# ---- PR-6, PR-7: the area --------------------------------------------------------------------------------------------


class Sums(Rules):
    def area(self, height: Fraction, width: Fraction) -> Fraction:
        del height, width
        return ONE


class HeightTwice(Rules):
    def area(self, height: Fraction, width: Fraction) -> Fraction:
        del width
        return height * height


class AreaAtLeastOne(Rules):
    def area(self, height: Fraction, width: Fraction) -> Fraction:
        return max(super().area(height, width), ONE)


class AreaPlusLittle(Rules):
    """Something is added to the area, lest it be 0."""

    def area(self, height: Fraction, width: Fraction) -> Fraction:
        return super().area(height, width) + Fraction(1, 1024)


class SentInFull(Rules):
    def share(self, height: Fraction, width: Fraction) -> Fraction:
        del height, width
        return ONE


# ---- PR-8: the gradient for the boxes --------------------------------------------------------------------------------


class ValueForgotten(Rules):
    def change(self, line: Fraction, value: Fraction, height: Fraction) -> Fraction:
        del value, height
        return line


class LineForgotten(Rules):
    def change(self, line: Fraction, value: Fraction, height: Fraction) -> Fraction:
        del line
        return -value / height


class ValueAdded(Rules):
    def change(self, line: Fraction, value: Fraction, height: Fraction) -> Fraction:
        return line + value / height


class ValueNotDivided(Rules):
    def change(self, line: Fraction, value: Fraction, height: Fraction) -> Fraction:
        del height
        return line - value


class EdgesExchanged(Rules):
    """The factors of p and of p + 1 are exchanged."""

    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        first, second = super().moves(p, bins, scale)
        return first[::-1], second[::-1]


class MovesWithoutScale(Rules):
    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        del scale
        return super().moves(p, bins, ONE)


class SecondCornerHeld(Rules):
    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        return super().moves(p, bins, scale)[0], (ZERO, ZERO)


class AllMoveTogether(Rules):
    """All edges move with the first corner, as if the RoI kept its extent."""

    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        return (scale, scale), super().moves(p, bins, scale)[1]


class OuterEdgesOnly(Rules):
    """Only the first and the last edge of the RoI move."""

    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        return (scale * (p == 0), ZERO), (ZERO, scale * (p == bins - 1))


class EdgesInTheMiddle(Rules):
    """Both edges of a bin move as its middle does."""

    def moves(self, p: int, bins: int, scale: Fraction) -> tuple[Edges, Edges]:
        middle = Fraction(2 * p + 1, 2 * bins)
        return (scale * (1 - middle),) * 2, (scale * middle,) * 2
