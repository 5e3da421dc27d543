"""The faults behind `mutants.py`, each as a change to one formula of the oracle, to a call, or to an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import BinEdges
from ....arrays import box_rows, feature_map
from ....operation import Operation
from ..oracle import output as oracle
from ..oracle.geometry import ZERO, Best, Rules, Window, greater

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .....kernels.dialects.roi_pool import Dialect, MaxStart
    from ....exact.numbers import Array, Exact
    from ..oracle.geometry import Stages

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, for a mutant to change before the oracle sees them. Pairs are ``(y, x)``.

    ``many`` says that the maps have more elements than a 32-bit index can count.
    """

    input: Array
    boxes: Array
    output_size: tuple[int, int]
    spatial_scale: tuple[Fraction, Fraction]
    mode: str
    dialect: Dialect
    operation: Operation = Operation.FORWARD
    grad: Array | None = None
    dtype: str = "float64"
    many: bool = False

    @classmethod
    def of(
        cls,
        arguments: Mapping[str, Any],
        operation: Operation,
        dialect: Dialect,
        *,
        dtype: str = "float64",
        many: bool = False,
    ) -> Call:
        """The call of a case."""
        bins_y, bins_x = arguments["output_size"]
        scale_y, scale_x = map(Fraction, arguments["spatial_scale"])
        return cls(
            input=oracle.exact_pixels(feature_map(arguments["input"])),
            boxes=box_rows(arguments["boxes"]),
            output_size=(bins_y, bins_x),
            spatial_scale=(scale_y, scale_x),
            mode=arguments["mode"],
            dialect=dialect,
            operation=operation,
            grad=oracle.exact_pixels(feature_map(arguments["grad"])) if "grad" in arguments else None,
            dtype=dtype,
            many=many,
        )


def stages(call: Call, rules: type[Rules] = Rules) -> list[Stages | None]:
    """Where the RoIs of a call lie."""
    return oracle.all_stages(
        call.boxes, call.input.shape, call.output_size, call.spatial_scale, rules(call.dialect, call.dtype)
    )


def answer(call: Call, rules: type[Rules] = Rules) -> Array:
    """What a call asks for, under the oracle's formulas or a faulty copy; None throughout an invalid RoI."""
    about = stages(call, rules), call.output_size, call.mode, rules(call.dialect, call.dtype)
    if call.operation == Operation.FORWARD:
        return oracle.roi_pool(call.input, *about).values
    assert call.grad is not None
    return oracle.feature_gradient(call.grad, call.input, *about).values


# ---- RP-1, RP-2: where the RoI lies ----------------------------------------------------------------------------------


class SnappedBeforeScale(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().corners(self.snap(y1), self.snap(y2), scale)


class SizeBeforeSnap(Rules):
    """The extent is that of the corners before the snap."""

    def snap(self, y: Fraction) -> Fraction:
        return y

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return super().snap(start)


class Truncated(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return Fraction(math.trunc(y))


class SnappedOutwards(Rules):
    """The first corner rounded down, the second up."""

    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        first, second = super().corners(y1, y2, scale)
        return Fraction(math.floor(first)), Fraction(math.ceil(second))


class HalfPixelOffset(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        first, second = super().corners(y1, y2, scale)
        return first - Fraction(1, 2), second - Fraction(1, 2)


class ScaleForgotten(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        del scale
        return super().corners(y1, y2, ONE)


class ScaleInverted(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().corners(y1, y2, 1 / scale)


class CornersSorted(Rules):
    def corners(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().corners(min(y1, y2), max(y1, y2), scale)


class AtSecondCorner(Rules):
    """An inverted box is one pixel at its second corner."""

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return min(start, end)


class MinSizeTwo(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(super().extent(start, end), Fraction(2))


class AbsoluteExtent(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return super().extent(start, max(end, 2 * start - end))


# ---- RP-3 to RP-6: bins ----------------------------------------------------------------------------------------------


class BinsOneLess(Rules):
    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        step = extent / max(bins - 1, 1)
        return tuple(p * step for p in range(bins + 1))


class FirstBinOnly(Rules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, ZERO, until - at, pixels)


class WithoutOverlap(Rules):
    """Bins end where the next begins."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, at, Fraction(math.floor(until)), pixels)


class BeginsLate(Rules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, Fraction(math.ceil(at)), until, pixels)


class EndsOneLate(Rules):
    """``⌊(p + 1) · bin⌋ + 1``."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return super().window(start, at, Fraction(math.floor(until) + 1), pixels)


class WholeBinSize(Rules):
    """The bin size is rounded down to whole pixels."""

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        step = Fraction(max(math.floor(extent / bins), 1))
        return tuple(p * step for p in range(bins + 1))


class LastPixelUnreachable(Rules):
    def clip(self, first: int, end: int, pixels: int) -> Window:
        return super().clip(first, end, max(pixels - 1, 1))


class ReadsAtEdge(Rules):
    """A bin without pixels reads the one at the edge."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = super().clip(first, end, pixels)
        low = min(low, pixels - 1)
        return low, max(high, low + 1)


class EmptyIsLowest(Rules):
    def empty(self, mode: str) -> Exact:
        return super().greatest((), self.dialect.start)[0] or ZERO if mode == "max" else super().empty(mode)


# ---- RP-7: maximum and average ---------------------------------------------------------------------------------------


def begins_with(least: Fraction) -> type[Rules]:
    class Begins(Rules):
        def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
            value, at = super().greatest(numbers, begin)
            return (value, at) if value is not None and greater(value, least) else (least, None)

    return Begins


class LastOfEqual(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        numbers = list(numbers)
        value, at = super().greatest(numbers, begin)
        return value, at if at is None else max(n for n, number in numbers if number == value)


class Minimum(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        value, at = super().greatest([(n, -x if isinstance(x, Fraction) else x) for n, x in numbers], begin)
        return -value if isinstance(value, Fraction) else value, at


class MaximumOfMagnitude(Rules):
    def greatest(self, numbers: Iterable[tuple[int, Exact]], begin: MaxStart) -> Best:
        return super().greatest([(n, abs(x) if isinstance(x, Fraction) else x) for n, x in numbers], begin)


class FirstPixel(Rules):
    def best(self, pixels: Sequence[Exact], *, ends_map: bool) -> Best:
        return super().best(pixels[:1], ends_map=ends_map)


class LastPixelMissing(Rules):
    def best(self, pixels: Sequence[Exact], *, ends_map: bool) -> Best:
        return super().best(pixels[:-1] or pixels, ends_map=ends_map)


class DividesByOneMore(Rules):
    def average(self, total: Fraction, count: int) -> Fraction:
        return super().average(total, count + 1)


class Sums(Rules):
    def average(self, total: Fraction, count: int) -> Fraction:
        del count
        return super().average(total, 1)


class Unclipped(Rules):
    """For counting alone: windows as they are before the clip."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        del pixels
        return first, end


def over_unclipped_bins(values: Array, call: Call) -> Array:
    """Averages divided by the pixels that bins have before they are clipped."""
    values = values.copy()
    for k, (roi, whole) in enumerate(zip(stages(call), stages(call, Unclipped), strict=True)):
        counts = [pixels_of_bins(each) for each in (roi, whole)]
        for (p, q), clipped in counts[0].items():
            share = Fraction(clipped, max(counts[1][p, q], 1))
            values[k, :, p, q] = [v * share if isinstance(v, Fraction) else v for v in values[k, :, p, q]]
    return values


def pixels_of_bins(roi: Stages | None) -> dict[tuple[int, int], int]:
    """How many pixels each bin has."""
    return {(p, q): (rows[1] - rows[0]) * (columns[1] - columns[0]) for p, q, rows, columns in oracle.bins_of(roi)}


# ---- around the formulas ---------------------------------------------------------------------------------------------


def edges_of(dialect: Dialect, dtype: str) -> BinEdges:
    """In which arithmetic edges are computed; that of the map by its name."""
    by_type = {"float32": BinEdges.FLOAT32, "float64": BinEdges.FLOAT64}
    return by_type.get(dtype, BinEdges.MAP) if dialect.edges == BinEdges.MAP else dialect.edges


def boxes(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    return lambda call: replace(call, boxes=change(call.boxes.copy()) if call.boxes.size else call.boxes)


def clipped_before(call: Call) -> Call:
    """Boxes are clipped to the map before they are cut into bins."""
    boxes = call.boxes.copy()
    for columns, pixels, scale in (((1, 3), call.input.shape[3], 1), ((2, 4), call.input.shape[2], 0)):
        last = float((pixels - 1) / call.spatial_scale[scale])
        boxes[:, columns] = np.clip(boxes[:, columns], 0, last) if boxes.size else boxes[:, columns]
    return replace(call, boxes=boxes)


def first_image(boxes: Array) -> Array:
    boxes[:, 0] = np.where(boxes[:, 0] >= 0, 0, boxes[:, 0])
    return boxes


def batch_in_half(boxes: Array) -> Array:
    boxes[:, 0] = boxes[:, 0].astype(np.float16).astype(np.float64)
    return boxes


def batch_rounded(boxes: Array) -> Array:
    boxes[:, 0] = np.floor(boxes[:, 0] + 0.5)
    return boxes


def extents_for_corners(boxes: Array) -> Array:
    boxes[:, 3:] = boxes[:, 3:] + boxes[:, 1:3]
    return boxes


def row_of_first_roi(values: Array, call: Call) -> Array:
    del call
    return np.repeat(values[:1], len(values), axis=0)


def constant(value: Fraction) -> Callable[[Array, Call], Array]:
    return lambda values, _: np.full(values.shape, value, object)


def transposed(array: Array) -> Array:
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array
