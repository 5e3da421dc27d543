"""The faults behind `mutants.py`, each as a change to one formula of the oracle, to a call, or to an answer."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.crop_and_resize import BILINEAR, NEAREST
from ....exact.floats import FLOAT_TYPES
from ....exact.numbers import Special
from ..oracle.geometry import HALF, ONE, ZERO, Rules, Taps
from ..oracle.output import inside_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....exact.numbers import Array
    from ..oracle.answers import Asked

_FLOAT32 = FLOAT_TYPES["float32"]


# ---- CR-1, CR-2: where points are ------------------------------------------------------------------------------------


class AllPixels(Rules):
    """1 is the far edge of the last pixel, and not its centre."""

    def reach(self, pixels: int) -> int:
        return pixels


class OneLessStill(Rules):
    def reach(self, pixels: int) -> int:
        return max(pixels - 2, 0)


class InPixels(Rules):
    """Corners are pixels already."""

    def reach(self, pixels: int) -> int:
        del pixels
        return 1


class OneStepMore(Rules):
    """As many steps as points, so that the second corner is not reached."""

    def step(self, y1: Fraction, y2: Fraction, points: int, pixels: int) -> Fraction:
        return (y2 - y1) * self.reach(pixels) / points

    def last(self, y1: Fraction, y2: Fraction, points: int, pixels: int) -> Fraction:
        return y1 * self.reach(pixels) + (points - 1) * self.step(y1, y2, points, pixels)


class HalfPixelCentres(Rules):
    """Points are the centres of as many bins, in images whose pixels have an extent."""

    def position(self, y1: Fraction, y2: Fraction, i: int, points: int, pixels: int) -> Fraction:
        return y1 * pixels + (i + HALF) * (y2 - y1) * pixels / points - HALF


class CentresOfBins(OneStepMore):
    """Points are the centres of as many bins between the corners."""

    def position(self, y1: Fraction, y2: Fraction, i: int, points: int, pixels: int) -> Fraction:
        return (y1 + (i + HALF) * (y2 - y1) / points) * self.reach(pixels)


class SingleAtFirst(Rules):
    def single(self, y1: Fraction, y2: Fraction, pixels: int) -> Fraction:
        del y2
        return y1 * self.reach(pixels)


class SingleAtSecond(Rules):
    def single(self, y1: Fraction, y2: Fraction, pixels: int) -> Fraction:
        del y1
        return y2 * self.reach(pixels)


class SingleAdds(Rules):
    """The middle of the box, and H − 1 added to it where it should be multiplied."""

    def single(self, y1: Fraction, y2: Fraction, pixels: int) -> Fraction:
        return HALF * (y1 + y2) + self.reach(pixels)


class SingleOfExtent(Rules):
    """The middle of a box that begins at 0."""

    def single(self, y1: Fraction, y2: Fraction, pixels: int) -> Fraction:
        return HALF * (y2 - y1) * self.reach(pixels)


class CornersSorted(Rules):
    """A box is never flipped."""

    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        return min(y1, y2), max(y1, y2)


class CornersClipped(Rules):
    """A box is clipped to the image."""

    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        return min(max(y1, ZERO), ONE), min(max(y2, ZERO), ONE)


class CornerAndExtent(Rules):
    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        return y1, y1 + y2


class Backwards(Rules):
    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        return y2, y1


class NotNegative(Rules):
    """A flipped box has no extent."""

    def corners(self, y1: Fraction, y2: Fraction) -> tuple[Fraction, Fraction]:
        return y1, max(y1, y2)


class FirstPointOnly(Rules):
    def position(self, y1: Fraction, y2: Fraction, i: int, points: int, pixels: int) -> Fraction:
        return super().position(y1, y2, 0, points, pixels)


class LastByStep(Rules):
    """The last point is reached by steps in float32, which may leave the image."""

    def last(self, y1: Fraction, y2: Fraction, points: int, pixels: int) -> Fraction:
        near, reach = _FLOAT32.nearest, Fraction(self.reach(pixels))
        step = near(near(near(y2 - y1) * reach) / (points - 1))
        return near(near(y1 * reach) + near((points - 1) * step))


# ---- CR-3: outside ---------------------------------------------------------------------------------------------------


class LastIsOutside(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return 0 <= y < pixels - 1


class FirstIsOutside(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return 0 < y <= pixels - 1


class Clamped(Rules):
    """Points outside are moved to the edge."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return True

    def taps(self, y: Fraction, pixels: int) -> Taps:
        return super().taps(min(max(y, ZERO), Fraction(pixels - 1)), pixels)

    def slope(self, y: Fraction, pixels: int) -> tuple[int, int]:
        return super().slope(y, pixels) if super().inside(y, pixels) else (0, 0)


class HalfPixelAround(Clamped):
    """Points up to half a pixel outside are moved to the edge."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return -HALF <= y <= pixels - HALF


class PixelAround(Clamped):
    """Points up to a pixel outside are moved to the edge, as RoIAlign does."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return -1 <= y <= pixels


class UpToH(Clamped):
    """Points are compared with H."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return 0 <= y <= pixels


class TruncatedAtLow(Clamped):
    """Whether a point is outside is asked of its first pixel, truncated towards 0."""

    def inside(self, y: Fraction, pixels: int) -> bool:
        return math.trunc(y) >= 0 and math.ceil(y) <= pixels - 1


# ---- CR-4, CR-5: what is read ----------------------------------------------------------------------------------------


class WeightsExchanged(Rules):
    def fraction(self, y: Fraction, low: int) -> Fraction:
        return 1 - super().fraction(y, low) if y != low else ZERO


class WeightsOfFiveBits(Rules):
    """Weights in fixed point, as image libraries have them."""

    def fraction(self, y: Fraction, low: int) -> Fraction:
        return Fraction(round(super().fraction(y, low) * 4), 4)


class LowPixel(Rules):
    """Nothing is interpolated: the pixel below."""

    def fraction(self, y: Fraction, low: int) -> Fraction:
        del y, low
        return ZERO


class AlwaysNearest(Rules):
    def taps(self, y: Fraction, pixels: int) -> Taps:
        pixel = self.nearest(y)
        return Taps(pixel, pixel, ZERO)


class AlwaysBilinear(Rules):
    def taps(self, y: Fraction, pixels: int) -> Taps:
        return self.between(y, pixels)


class HalvesToEven(Rules):
    def nearest(self, y: Fraction) -> int:
        return round(y)


class HalvesDown(Rules):
    def nearest(self, y: Fraction) -> int:
        return math.ceil(y - HALF)


class NearestBelow(Rules):
    def nearest(self, y: Fraction) -> int:
        return math.floor(y)


class NearestAbove(Rules):
    def nearest(self, y: Fraction) -> int:
        return math.ceil(y)


# ---- around the formulas ---------------------------------------------------------------------------------------------


def rows(change: Callable[[Array], Array]) -> Callable[[Asked], Asked]:
    """A change of the boxes ``[image, y1, x1, y2, x2]``."""
    return lambda asked: asked._replace(rows=change(asked.rows.copy()) if asked.rows.size else asked.rows)


def sides_exchanged(asked: Asked) -> Asked:
    """Fractions are of the other side of the image."""
    height, width = (max(side - 1, 1) for side in asked.maps.shape[2:])
    return rows(lambda boxes: boxes * np.array([1, width / height, height / width, width / height, height / width]))(
        asked
    )


def first_image(boxes: Array) -> Array:
    """All boxes on the first image."""
    boxes[:, 0] = np.where(boxes[:, 0] >= 0, 0, boxes[:, 0])
    return boxes


def index_in_half(boxes: Array) -> Array:
    """Indices in half precision."""
    boxes[:, 0] = boxes[:, 0].astype(np.float16).astype(np.float64)
    return boxes


def as_nearest(asked: Asked) -> Asked:
    """The method is forgotten."""
    return asked._replace(rules=type(asked.rules)(asked.rules.dialect, NEAREST))


def as_bilinear(asked: Asked) -> Asked:
    """The method is forgotten."""
    return asked._replace(rules=type(asked.rules)(asked.rules.dialect, BILINEAR))


def _masks(asked: Asked) -> list[tuple[int, Array, Array]]:
    """For each box that can be cropped, which of its rows and of its columns of points are inside."""
    found = []
    for k, box in enumerate(asked.boxes()):
        if box is not None:
            found.append((k, np.array([p.inside for p in box.y], bool), np.array([p.inside for p in box.x], bool)))
    return found


def outside_where(which: Callable[[Array, Array], Array]) -> Callable[[Array, Asked], Array]:
    """The extrapolation value where ``which`` says, of rows and columns that are outside, and 0 elsewhere outside."""

    def after(values: Array, asked: Asked) -> Array:
        values = values.copy()
        for k, y, x in _masks(asked):
            marked = which(~y[:, None], ~x[None, :])
            outside = ~y[:, None] | ~x[None, :]
            values[k][:, outside & ~marked] = ZERO
            values[k][:, marked] = Fraction(asked.extrapolation)
        return values

    return after


def outside_is(value: Any) -> Callable[[Array, Asked], Array]:
    """Another value for points outside."""

    def after(values: Array, asked: Asked) -> Array:
        values = values.copy()
        for k, box in enumerate(asked.boxes()):
            if box is not None and values[k].size:
                values[k] = np.where(inside_of(box), values[k], np.full((), value, object))
        return values

    return after


def extrapolation_added(values: Array, asked: Asked) -> Array:
    """The extrapolation value is added to points inside, too."""
    by = Fraction(asked.extrapolation)
    values = values.copy()
    for k, box in enumerate(asked.boxes()):
        if box is not None and values[k].size:
            inner = np.frompyfunc(lambda v: v if isinstance(v, Special) else Fraction(v) + by, 1, 1)(values[k])
            values[k] = np.where(inside_of(box), inner, values[k])
    return values


def of_first_box(values: Array, asked: Asked) -> Array:
    """The first box for all."""
    del asked
    return np.repeat(values[:1], len(values), axis=0)


def constant(value: Fraction) -> Callable[[Array, Asked], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def transposed(array: Array) -> Array:
    """Rows for columns, where there are as many."""
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array
