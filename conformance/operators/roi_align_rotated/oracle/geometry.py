"""Where the samples of a rotated RoI lie: RR-1 to RR-9, once for all samples of a RoI, in whole numbers of a common unit."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .....kernels.dialects.choices import MinSize, Offset
from .....kernels.dialects.roi_align_rotated import QuarterTurns, Turn, Unit
from ....exact.numbers import HALF
from .turning import QUARTERS, Turned, quarter_of, turned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .....kernels.dialects.roi_align_rotated import Dialect
    from ....exact.floats import FloatType
    from ....exact.numbers import Array

ZERO, ONE = Fraction(0), Fraction(1)


class Rules:
    """The formulas under one dialect."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect

    def centre(self, x: Fraction, scale: Fraction) -> Fraction:
        """RR-2: a coordinate of the centre, in feature pixels."""
        return x * scale - (HALF if self.dialect.offset == Offset.HALF else ZERO)

    def size(self, w: Fraction, scale: Fraction) -> Fraction:
        """RR-2: the width or height before RR-5, in feature pixels."""
        return w * scale

    def least(self, w: Fraction) -> Fraction:
        """RR-5: the width or height."""
        return max(w, ONE) if self.dialect.min_size == MinSize.ONE else w

    def turned(self, angle: Fraction, type_: FloatType) -> Turned:
        """RR-3, RR-4: cosine and sine of the angle by which the RoI is turned, counter-clockwise."""
        degrees = self.dialect.unit == Unit.DEGREES
        quarter = quarter_of(angle, type_, degrees=degrees) if self.is_exact(angle) else None
        found = QUARTERS[quarter] if quarter is not None else turned(angle, degrees=degrees)._replace(is_exact=False)
        return found._replace(sin=-found.sin) if self.dialect.turn == Turn.CLOCKWISE else found

    def is_exact(self, angle: Fraction) -> bool:
        """RR-4: whether a quarter turn of this angle is to be exact."""
        return self.dialect.quarter_turns == QuarterTurns.EXACT or not angle

    def grid(self, size: Fraction, bins: int, sampling_ratio: int) -> int:
        """RR-6: samples per bin along an axis of the RoI; none if it is not positive."""
        return sampling_ratio if sampling_ratio > 0 else math.ceil(size / bins)

    def grids(self, size: tuple[Fraction, Fraction], bins: Sequence[int], ratio: Sequence[int]) -> tuple[int, int]:
        """RR-6 along both axes; ``(y, x)``."""
        return self.grid(size[0], bins[0], ratio[0]), self.grid(size[1], bins[1], ratio[1])

    def local(self, size: Fraction, bins: int, grid: int, p: int, i: int) -> Fraction:
        """RR-7: where sample ``i`` of bin ``p`` lies along an axis of the RoI, from its centre."""
        return -size / 2 + p * size / bins + (i + HALF) * size / bins / grid

    def rotated(self, v: Array, u: Array, cos: int, sin: int) -> tuple[Array, Array]:
        """RR-8: the way from the centre to a sample, ``(y, x)``."""
        return v * cos - u * sin, v * sin + u * cos

    def inside(self, y: Array, pixels: int, unit: int) -> Array:
        """RR-9: whether samples are inside along an axis of the map."""
        return np.asarray((y >= -unit) & (y <= pixels * unit), bool)

    def clamped(self, y: Array, pixels: int, unit: int) -> Array:
        """RR-9: the nearest points of the map."""
        return np.minimum(np.maximum(y, 0), (pixels - 1) * unit)

    def fraction(self, y: Array, low: Array, unit: int) -> Array:
        """RR-9: how far a sample is from the lower pixel."""
        rest: Array = y - low.astype(object) * unit
        return rest

    def divisor(self, grid: tuple[int, int], inside: Array) -> Array:
        """RR-10: what the sum of each bin ``(P_h, P_w)`` is divided by. ``inside`` is of all samples, ``(P_h, P_w, samples)``."""
        return np.full(inside.shape[:2], max(grid[0] * grid[1], 1), object)

    def sent(self, divisor: Array) -> Array:
        """RR-11: what the gradient of each bin is divided by."""
        return divisor

    def moves(self, roi: Roi) -> tuple[tuple[Array, Array], ...]:
        """RR-12: how samples move, ``(y, x)``, with cx, cy, w, h and the angle of the box, ``(P_h, P_w, g_y, g_x)`` or less."""
        cos, sin, still = roi.turned.cos, roi.turned.sin, np.full((1, 1, 1, 1), ZERO, object)
        scale = still + roi.scale
        by_h, by_w = (self.share(roi, axis) * roi.scale for axis in (0, 1))
        turn = self.per_unit() * (-1 if self.dialect.turn == Turn.CLOCKWISE else 1)
        return (
            (still, scale),
            (scale, still),
            (-by_w * sin, by_w * cos),
            (by_h * cos, by_h * sin),
            ((-roi.v * sin - roi.u * cos) * turn, (roi.v * cos - roi.u * sin) * turn),
        )

    def per_unit(self) -> Fraction:
        """RR-12: radians in the unit of angles."""
        return DEGREE if self.dialect.unit == Unit.DEGREES else ONE

    def share(self, roi: Roi, axis: int) -> Array:
        """RR-12: by how much samples move along an axis of the RoI, if its size grows by 1."""
        share: Array = roi.shares(axis) * (ZERO if roi.held[axis] else ONE)
        return share

    def slope(self, y: Array, pixels: int, unit: int) -> Array:
        """RR-12: whether the value of a sample changes along an axis of the map."""
        return np.asarray((y >= 0) & (y < (pixels - 1) * unit), bool)


def _degree() -> Fraction:
    from .turning import half_pi

    return half_pi() / 90


DEGREE = _degree()
"""π/180, within 2⁻¹⁶⁰."""


class Line(NamedTuple):
    """Samples along an axis of the map: arrays of their shape.

    Attributes:
        at: Where they are; whole numbers of ``unit`` to the pixel.
        low, high: The pixels that they read.
        fraction: The weight of ``high``, in units.
        inside: RR-9, along this axis.
        slopes: Whether values change along this axis.
        unit: As many are a pixel.
    """

    at: Array
    low: Array
    high: Array
    fraction: Array
    inside: Array
    slopes: Array
    unit: int


@dataclass(frozen=True, eq=False)
class Roi:
    """A RoI in feature pixels; pairs are ``(y, x)``.

    Attributes:
        image: The image it lies on.
        centre, asked, size: Of the RoI; ``asked`` is its size before RR-5.
        turned: Cosine and sine.
        grid: Samples per bin.
        bins, pixels: Of the output and of the map.
        scale: Feature pixels to the image pixel.
        rules: The formulas.
    """

    image: int
    centre: tuple[Fraction, Fraction]
    asked: tuple[Fraction, Fraction]
    size: tuple[Fraction, Fraction]
    turned: Turned
    grid: tuple[int, int]
    bins: tuple[int, int]
    pixels: tuple[int, int]
    scale: Fraction
    rules: Rules

    @property
    def taken(self) -> tuple[int, int]:
        """How many samples of a bin there are along each axis."""
        return (max(self.grid[0], 0), max(self.grid[1], 0)) if min(self.grid) > 0 else (0, 0)

    @property
    def held(self) -> tuple[bool, bool]:
        """Whether RR-5 holds the height, and the width."""
        return self.size[0] > self.asked[0], self.size[1] > self.asked[1]

    def shares(self, axis: int) -> Array:
        """Where samples lie along an axis of the RoI, in parts of its size; of a shape as `v` or `u`."""
        return self._spread(self._ways(axis, ONE), axis)

    def _ways(self, axis: int, size: Fraction) -> Array:
        """RR-7 along an axis of the RoI, were it of a size: ``(bins, samples)``."""
        rules, bins, grid = self.rules, self.bins[axis], self.grid[axis]
        ways = [[rules.local(size, bins, grid, p, i) for i in range(self.taken[axis])] for p in range(bins)]
        return np.array(ways, object).reshape(bins, self.taken[axis])

    def _spread(self, ways: Array, axis: int) -> Array:
        """What is known along an axis of the RoI, so that it can be combined with what is known along the other."""
        spread: Array = ways[:, None, :, None] if axis == 0 else ways[None, :, None, :]
        return spread

    def _all(self, ways: Array, axis: int) -> Array:
        """The same, for all samples: ``(P_h, P_w, g_y g_x)``."""
        (rows, columns), (g_y, g_x) = self.bins, self.taken
        every = np.broadcast_to(self._spread(ways, axis), (rows, columns, g_y, g_x))
        return every.reshape(rows, columns, g_y * g_x)

    @cached_property
    def v(self) -> Array:
        """Where samples lie along the height of the RoI, from its centre, ``(P_h, 1, g_y, 1)``."""
        return self._spread(self._ways(0, self.size[0]), 0)

    @cached_property
    def u(self) -> Array:
        """The same along its width, ``(1, P_w, 1, g_x)``."""
        return self._spread(self._ways(1, self.size[1]), 1)

    @cached_property
    def lines(self) -> tuple[Line, Line]:
        """Where all samples lie on the map: along y, and along x."""
        cos, sin, _ = self.turned
        ways = [self._ways(axis, size) for axis, size in enumerate(self.size)]
        ahead = math.lcm(*(way.denominator for each in ways for way in each.flat))
        turning = math.lcm(cos.denominator, sin.denominator)
        unit = math.lcm(ahead * turning, self.centre[0].denominator, self.centre[1].denominator)
        whole = np.frompyfunc(lambda way: int(way * ahead), 1, 1)
        v, u = (self._all(np.asarray(whole(each), object), axis) for axis, each in enumerate(ways))
        offsets = self.rules.rotated(v, u, int(cos * turning), int(sin * turning))
        more = unit // (ahead * turning)
        y, x = (offset * more + int(centre * unit) for offset, centre in zip(offsets, self.centre, strict=True))
        return self._line(y, self.pixels[0], unit), self._line(x, self.pixels[1], unit)

    def _line(self, at: Array, pixels: int, unit: int) -> Line:
        point = self.rules.clamped(at, pixels, unit)
        low = (point // unit).astype(np.int64)
        high = np.minimum(low + 1, pixels - 1)
        fraction = self.rules.fraction(point, low, unit)
        inside, slopes = self.rules.inside(at, pixels, unit), self.rules.slope(at, pixels, unit)
        return Line(at, low, high, fraction, inside, slopes, unit)

    @cached_property
    def inside(self) -> Array:
        """RR-9: which samples are inside."""
        y, x = self.lines
        return y.inside & x.inside

    @property
    def divisor(self) -> Array:
        """RR-10: what the sum of each bin is divided by."""
        return self.rules.divisor(self.grid, self.inside)


def image_of(row: Sequence[float], images: int) -> int | None:
    """The image of a RoI; None if it cannot be pooled: it has no such image, or a number that is not finite."""
    if not all(math.isfinite(number) for number in row) or not 0 <= int(row[0]) < images:
        return None
    return int(row[0])


def roi_of(
    row: Sequence[float], shape: Sequence[int], bins: tuple[int, int], scale: Fraction, ratio: tuple[int, int], rules: Rules,
    type_: FloatType,
) -> Roi | None:  # fmt: skip
    """The RoI of a row ``[batch_index, cx, cy, w, h, angle]`` on maps ``(N, C, H, W)``; None if it cannot be pooled.

    ``type_`` is that of coordinates: what does not fit it cannot be pooled, and angles are numbers of it.
    """
    image = image_of(row, shape[0])
    if image is None:
        return None
    _, cx, cy, w, h, angle = map(Fraction, row)
    centre = rules.centre(cy, scale), rules.centre(cx, scale)
    asked = rules.size(h, scale), rules.size(w, scale)
    if max(map(abs, (*centre, *asked))) > type_.largest:
        return None
    size = rules.least(asked[0]), rules.least(asked[1])
    grid = rules.grids(size, bins, ratio)
    pixels = shape[2], shape[3]
    return Roi(image, centre, asked, size, rules.turned(angle, type_), grid, bins, pixels, scale, rules)
