"""The faults behind `mutants.py`, each as a change to one formula of the oracle, to a call, or to an output."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import Offset, Outside
from ....arrays import box_rows, feature_map, numpy_dtype
from ....exact.floats import FLOAT_TYPES, WORKING
from ....exact.numbers import HALF, Exact, Special
from ....operation import Operation
from ....sampling.axis import Rules
from ..oracle import gradient
from ..oracle import output as oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from .....kernels.dialects.roi_align import Dialect

    Objects = NDArray[Any]

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, for a mutant to change before the oracle sees them. Pairs are ``(y, x)``.

    ``many`` says that the maps have more elements than a 32-bit index can count, ``dtype`` the data type of the call.
    """

    input: Objects
    boxes: Objects
    output_size: tuple[int, int]
    spatial_scale: tuple[Any, Any]
    sampling_ratio: tuple[int, int]
    mode: str
    dialect: Dialect
    operation: Operation = Operation.FORWARD
    grad: Objects | None = None
    many: bool = False
    dtype: str = "float64"


def call_of(
    arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool, dtype: str = "float64"
) -> Call:
    """The call of the arguments of a case, as numbers of a data type."""
    maps, boxes = feature_map(arguments["input"]), box_rows(arguments["boxes"])
    return Call(
        input=maps.astype(numpy_dtype(dtype)).astype(np.float64),
        boxes=boxes.astype(WORKING[dtype]).astype(np.float64),
        output_size=tuple(arguments["output_size"]),
        spatial_scale=tuple(arguments["spatial_scale"]),
        sampling_ratio=tuple(arguments["sampling_ratio"]),
        mode=arguments["mode"],
        dialect=dialect,
        operation=operation,
        grad=feature_map(arguments["grad"]) if "grad" in arguments else None,
        many=many,
        dtype=dtype,
    )


def output(call: Call, rules: type[Rules] = Rules) -> Objects:
    """What a call asks for under the oracle's formulas or a faulty copy; None for an invalid RoI."""
    common = (call.spatial_scale, call.sampling_ratio, call.mode, call.dialect)
    if call.operation == Operation.FORWARD:
        result = oracle.roi_align(call.input, call.boxes, call.output_size, *common, rules)
        return oracle.refused(result, FLOAT_TYPES[WORKING[call.dtype]]).values
    assert call.grad is not None
    if call.operation == Operation.BOX_GRADIENT:
        return gradient.box_gradient(call.grad, call.input, call.boxes, *common, rules).values
    return gradient.feature_gradient(call.grad, call.boxes, call.input.shape, *common, call.input, rules).values


# ---- RA-1, RA-2: where the RoI lies ----------------------------------------------------------------------------------


class OffsetOfOnePixel(Rules):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        return super().map(y, scale) - (HALF if self.dialect.offset == Offset.HALF else 0)


class ScaleForgotten(Rules):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        del scale
        return super().map(y, ONE)


class ScaleInverted(Rules):
    def map(self, y: Fraction, scale: Fraction) -> Fraction:
        return super().map(y, 1 / scale)


class CornersRounded(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        start, end = super().corners(y1, y2, scale)
        return Fraction(math.floor(start + HALF)), Fraction(math.floor(end + HALF))


class CornersSorted(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().corners(min(y1, y2), max(y1, y2), scale)


class ExtentPlusOne(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return super().extent(start, end + 1)


class MinSizeTwo(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(super().extent(start, end), Fraction(2))


class AbsoluteExtent(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return abs(super().extent(start, end))


# ---- RA-3, RA-4, RA-5: bins, grid, positions -------------------------------------------------------------------------


class BinsOneLess(Rules):
    def bin(self, extent: Fraction, bins: int) -> Fraction:
        return extent / max(bins - 1, 1)


class GridOfExtent(Rules):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return super().grid(bin_size * 2, sampling_ratio)


class CeilPlusOne(Rules):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return math.floor(bin_size) + 1 if sampling_ratio <= 0 else super().grid(bin_size, sampling_ratio)


class AdaptiveAlwaysTwo(Rules):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return super().grid(bin_size, sampling_ratio if sampling_ratio > 0 else 2)


class AlwaysAdaptive(Rules):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        del sampling_ratio
        return super().grid(bin_size, 0)


class AtLeastOneSample(Rules):
    def grid(self, bin_size: Fraction, sampling_ratio: int) -> int:
        return max(super().grid(bin_size, sampling_ratio), 1)


class LastSampleMissing(Rules):
    def taken(self, grid: int, sampling_ratio: int, pixels: int) -> int:
        taken = super().taken(grid, sampling_ratio, pixels)
        return taken - 1 if taken > 1 else taken


class SamplesAtCorners(Rules):
    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        return start + p * bin_size + i * bin_size / grid


class SamplesWithEnds(Rules):
    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        return start + p * bin_size + (i + 1) * bin_size / (grid + 1)


class FirstBinOnly(Rules):
    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        return super().position(start, bin_size, grid, 0, i) + 0 * p


class MirroredBins(Rules):
    def position(self, start: Fraction, bin_size: Fraction, grid: int, p: int, i: int) -> Fraction:
        return super().position(start, abs(bin_size), grid, p, i)


# ---- RA-6, RA-7: boundary and weights --------------------------------------------------------------------------------


def bounds(low: Fraction, high: int, *, including: bool = True) -> type[Rules]:
    class Bounds(Rules):
        def inside(self, y: Fraction, pixels: int) -> bool:
            if self.dialect.outside == Outside.CLAMP:
                return True
            return low <= y <= pixels + high if including else low < y < pixels + high

    return Bounds


class HighBoundExcluded(Rules):
    def inside(self, y: Fraction, pixels: int) -> bool:
        return super().inside(y, pixels) and (self.dialect.outside == Outside.CLAMP or y < pixels)


class FadesAtEdge(Rules):
    """Zero padding: pixels beyond the edge are 0 and interpolated with."""

    def clamp(self, y: Fraction, pixels: int) -> Fraction:
        return y

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low = math.floor(y)
        taps = [
            (min(max(i, 0), pixels - 1), w if 0 <= i < pixels else 0 * w)
            for i, w in ((low, low + 1 - y), (low + 1, y - low))
        ]
        return taps[0], taps[1]


class ClampOnlyLow(Rules):
    """Beyond the last pixel, extrapolates from the last two."""

    def clamp(self, y: Fraction, pixels: int) -> Fraction:
        return max(y, Fraction(0))

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low = max(min(math.floor(y), pixels - 2), 0)
        return (low, low + 1 - y), (min(low + 1, pixels - 1), y - low)


class LastPixelUnreachable(Rules):
    def clamp(self, y: Fraction, pixels: int) -> Fraction:
        return min(super().clamp(y, pixels), Fraction(max(pixels - 2, 0)))


class NearestPixel(Rules):
    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        nearest = min(math.floor(y + HALF), pixels - 1)
        return (nearest, ONE), (nearest, Fraction(0))


class FloorPixel(Rules):
    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low, high = super().weights(y, pixels)
        return (low[0], ONE), (high[0], Fraction(0))


class WeightsExchanged(Rules):
    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low, high = super().weights(y, pixels)
        return (low[0], high[1]), (high[0], low[1])


class OneWeightOff(Rules):
    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low, high = super().weights(y, pixels)
        return low, (high[0], high[1] * Fraction(63, 64))


class WeightsInQuarters(Rules):
    """A texture unit's interpolation, with fewer bits still."""

    def weights(self, y: Fraction, pixels: int) -> tuple[tuple[int, Fraction], tuple[int, Fraction]]:
        low, high = super().weights(y, pixels)
        rounded = Fraction(math.floor(high[1] * 4 + HALF), 4)
        return (low[0], 1 - rounded), (high[0], rounded)


# ---- RA-8, RA-9: average and maximum ---------------------------------------------------------------------------------


class DividesByGridPlusOne(Rules):
    def average(self, total: Fraction, grid_y: int, grid_x: int) -> Exact:
        value = super().average(total, grid_y, grid_x)
        positive = grid_y > 0 and grid_x > 0
        return value * (grid_y * grid_x) / (grid_y * grid_x + 1) if positive and isinstance(value, Fraction) else value


class DividesByOneAxisTwice(Rules):
    def average(self, total: Fraction, grid_y: int, grid_x: int) -> Exact:
        positive = grid_y > 0 and grid_x > 0
        return total / (grid_y * grid_y) if positive else super().average(total, grid_y, grid_x)


class Sums(Rules):
    def average(self, total: Fraction, grid_y: int, grid_x: int) -> Exact:
        positive = grid_y > 0 and grid_x > 0
        return total if positive else super().average(total, grid_y, grid_x)


class MaximumOfMagnitude(Rules):
    def maximum(self, values: Any, any_outside: bool) -> Exact:
        return super().maximum([abs(value) for value in values], any_outside)


class Minimum(Rules):
    def maximum(self, values: Any, any_outside: bool) -> Exact:
        negated = super().maximum([-value for value in values], any_outside)
        return -negated if isinstance(negated, Fraction) else negated


class OutsideSkipped(Rules):
    def maximum(self, values: Any, any_outside: bool) -> Exact:
        return super().maximum(values, any_outside and not values)


# ---- around the formulas ---------------------------------------------------------------------------------------------


def boxes(change: Callable[[Any], Any]) -> Callable[[Call], Call]:
    return lambda call: replace(call, boxes=change(call.boxes.copy()) if call.boxes.size else call.boxes)


def first_image(boxes: Objects) -> Objects:
    boxes[:, 0] = np.where(boxes[:, 0] >= 0, boxes[:, 0] * 0, boxes[:, 0])
    return boxes


def batch_in_half(boxes: Objects) -> Objects:
    boxes[:, 0] = boxes[:, 0].astype(np.float16).astype(np.float64)
    return boxes


def batch_rounded(boxes: Objects) -> Objects:
    boxes[:, 0] = np.floor(boxes[:, 0].astype(np.float64) + 0.5)
    return boxes


def ends_rounded_up(boxes: Objects) -> Objects:
    boxes[:, 3:] = np.ceil(boxes[:, 3:].astype(np.float64))
    return boxes


def extents_for_corners(boxes: Objects) -> Objects:
    boxes[:, 3:] = boxes[:, 3:] + boxes[:, 1:3]
    return boxes


def row_of_first_roi(values: Objects, call: Call) -> Objects:
    del call
    return np.repeat(values[:1], len(values), axis=0)


def poison_of_first_pixel(values: Objects, call: Call) -> Objects:
    """0 · F[0, 0] for outside samples: a NaN there poisons every RoI with one."""
    if call.dialect.outside == Outside.CLAMP:
        return values
    values = values.copy()
    pooled = [
        k
        for k in range(len(values))
        if call.boxes[k][0] == call.boxes[k][0] and 0 <= call.boxes[k][0] < len(call.input)
    ]
    for k, c in product(pooled, range(values.shape[1])):
        if not math.isfinite(float(call.input[int(call.boxes[k][0]), c, 0, 0])):
            rest = replace(call, boxes=call.boxes[k : k + 1], dialect=replace(call.dialect, outside=Outside.CLAMP))
            clamped = output(rest)[0, c]
            values[k, c] = np.where(clamped == values[k, c], values[k, c], Special.NAN)
    return values


def constant(value: Fraction) -> Callable[[Objects, Call], Objects]:
    return lambda values, _: np.full(values.shape, value, object)
