"""The faults behind `mutants.py`, each as a change to one formula of the oracle, to a call, or to an answer."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import BinEdges, CornerSnap
from ....arrays import box_rows, feature_map
from ....operation import Operation
from ....sampling.window import snapped
from ..oracle import output as oracle
from ..oracle.geometry import ONE, ZERO, Rules, Window, bins_of, pixels_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from .....kernels.dialects.ps_roi_pool import Dialect
    from ....exact.numbers import Array
    from ..oracle.geometry import Stages


@dataclass(frozen=True, slots=True)
class Call:
    """The arguments of one call, for a mutant to change before the oracle sees them. Pairs are ``(y, x)``.

    ``many`` says that the maps have more elements than a 32-bit index can count.
    """

    input: Array
    boxes: Array
    output_size: tuple[int, int]
    spatial_scale: tuple[Fraction, Fraction]
    dialect: Dialect
    operation: Operation = Operation.FORWARD
    grad: Array | None = None
    many: bool = False

    @classmethod
    def of(cls, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool = False) -> Call:
        """The call of a case."""
        bins_y, bins_x = arguments["output_size"]
        scale_y, scale_x = map(Fraction, arguments["spatial_scale"])
        return cls(
            input=oracle.exact_pixels(feature_map(arguments["input"])),
            boxes=box_rows(arguments["boxes"]),
            output_size=(bins_y, bins_x),
            spatial_scale=(scale_y, scale_x),
            dialect=dialect,
            operation=operation,
            grad=oracle.exact_pixels(feature_map(arguments["grad"])) if "grad" in arguments else None,
            many=many,
        )


def stages(call: Call, rules: type[Rules] = Rules) -> list[Stages | None]:
    """Where the RoIs of a call lie."""
    return oracle.all_stages(
        call.boxes, call.input.shape, call.output_size, call.spatial_scale, rules(call.dialect, "float64")
    )


def answer(call: Call, rules: type[Rules] = Rules) -> Array:
    """What a call asks for, under the oracle's formulas or a faulty copy; None throughout an invalid RoI."""
    about = stages(call, rules), call.output_size, rules(call.dialect, "float64")
    if call.operation == Operation.FORWARD:
        return oracle.ps_roi_pool(call.input, *about).values
    assert call.grad is not None
    return oracle.feature_gradient(call.grad, call.input.shape, *about).values


# ---- PP-1: which channel a bin reads ---------------------------------------------------------------------------------


class BinMajor(Rules):
    """All channels of a bin follow each other, and not all bins of a channel."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (p * bins[1] + q) * self.of_output + c

    of_output = 0


def bin_major(call: Call) -> type[Rules]:
    """The rules of a call whose channels are sorted by bins."""
    return type("BinMajorOf", (BinMajor,), {"of_output": call.input.shape[1] // max(1, math.prod(call.output_size))})


class RowsAndColumnsExchanged(Rules):
    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (c * bins[1] + q) * bins[0] + p


class BinsReversed(Rules):
    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return (c * bins[0] + bins[0] - 1 - p) * bins[1] + bins[1] - 1 - q


class FirstBinsChannel(Rules):
    """Every bin reads the channel of the first: the pooling is not sensitive to positions."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return super().channel(c, 0, 0, bins)


class OneGroupForAll(Rules):
    """The channel of the output is left out."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return super().channel(0, p, q, bins)


class RowsForColumns(Rules):
    """As many columns of bins are taken for granted as there are rows."""

    def channel(self, c: int, p: int, q: int, bins: Sequence[int]) -> int:
        return min((c * bins[0] + p) * bins[0] + q, (c + 1) * bins[0] * bins[1] - 1)


# ---- PP-2, PP-3: where the RoI lies ----------------------------------------------------------------------------------


class HalvesToEven(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return snapped(y, CornerSnap.HALF_EVEN)


class HalvesUp(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return snapped(y, CornerSnap.HALF_UP)


class Truncated(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return Fraction(math.trunc(y))


class SnappedOutwards(Rules):
    """The first corner rounded down, the second up."""

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().span(Fraction(math.floor(first)), Fraction(math.ceil(second)), scale)

    def snap(self, y: Fraction) -> Fraction:
        return y


class NotSnapped(Rules):
    def snap(self, y: Fraction) -> Fraction:
        return y


class SizeBeforeSnap(Rules):
    """The extent is that of the corners before they are rounded."""

    def snap(self, y: Fraction) -> Fraction:
        return y

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return super().snap(start)


class EndInclusive(Rules):
    """The second corner is the last pixel of the RoI, as it is to RoIPool."""

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        start, end = super().span(first, second, scale)
        return start, end + ONE


class EndExclusive(Rules):
    """The second corner is no pixel of the box: 1 is not added to it."""

    def unrounded(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        first, second = super().unrounded(y1, y2, scale)
        return first, y2 if second == y2 + 1 else second

    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return (first, second) if self.is_whole else (first * scale, second * scale)


class HalfPixelOffset(Rules):
    def span(self, first: Fraction, second: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        start, end = super().span(first, second, scale)
        return start - Fraction(1, 2), end - Fraction(1, 2)


class CornersSorted(Rules):
    def unrounded(self, y1: Fraction, y2: Fraction, scale: Fraction) -> tuple[Fraction, Fraction]:
        return super().unrounded(min(y1, y2), max(y1, y2), scale)


class AtSecondCorner(Rules):
    """An inverted box lies at its second corner."""

    def first(self, start: Fraction, end: Fraction) -> Fraction:
        return min(start, end)


class NoLeastSize(Rules):
    """A RoI whose end is not beyond its start has no pixels."""

    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(end - start, ZERO)


class MinSizeTwo(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return max(super().extent(start, end), Fraction(2))


class AbsoluteExtent(Rules):
    def extent(self, start: Fraction, end: Fraction) -> Fraction:
        return super().extent(start, max(end, 2 * start - end))


# ---- PP-4 to PP-6: bins ----------------------------------------------------------------------------------------------


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
        return self.clip(math.floor(start + at), math.floor(start + until), pixels)


class BeginsLate(Rules):
    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(math.ceil(start + at), math.ceil(start + until), pixels)


class EndsOneLate(Rules):
    """``⌊(p + 1) · bin + start⌋ + 1``."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(math.floor(start + at), math.floor(start + until) + 1, pixels)


class ShiftedAfterRounding(Rules):
    """The start, truncated, is added to edges that are whole pixels."""

    def window(self, start: Fraction, at: Fraction, until: Fraction, pixels: int) -> Window:
        return self.clip(int(start) + math.floor(at), int(start) + math.ceil(until), pixels)


class WholeBinSize(Rules):
    """The bin size is rounded down to whole pixels."""

    def positions(self, extent: Fraction, bins: int) -> tuple[Fraction, ...]:
        step = Fraction(max(math.floor(extent / bins), 1))
        return tuple(p * step for p in range(bins + 1))


class ClippedToLast(Rules):
    """The last row and the last column are never read."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = (min(max(edge, 0), pixels - 1) for edge in (first, end))
        return low, max(low, high)


class ClippedToMap(Rules):
    """The last row and the last column are read like all others."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = (min(max(edge, 0), pixels) for edge in (first, end))
        return low, max(low, high)


class ReadsAtEdge(Rules):
    """A bin without pixels reads the one at the edge."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        low, high = super().clip(first, end, pixels)
        low = min(low, pixels - 1)
        return low, max(high, low + 1)


class Unclipped(Rules):
    """For counting alone: windows as they are before the clip."""

    def clip(self, first: int, end: int, pixels: int) -> Window:
        del pixels
        return first, max(first, end)


# ---- PP-7: the average -----------------------------------------------------------------------------------------------


class DividesByOneMore(Rules):
    def average(self, total: Fraction, count: int) -> Fraction:
        return super().average(total, count + 1)


class Sums(Rules):
    def average(self, total: Fraction, count: int) -> Fraction:
        del count
        return super().average(total, 1)


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
    return {(p, q): pixels_in(rows, columns) for p, q, rows, columns in bins_of(roi)}


# ---- PP-8: the gradient ----------------------------------------------------------------------------------------------


def sent_unclipped(values: Array, call: Call) -> Array:
    """Each pixel is sent the share of one of the pixels that its bin has before it is clipped."""
    del values
    assert call.grad is not None
    grad = over_unclipped_bins(call.grad, call)
    return answer(replace(call, grad=grad))


def sent_by_each(call: Call) -> Iterable[Array]:
    """The gradient that each RoI sends."""
    assert call.grad is not None
    for k in range(len(call.boxes)):
        yield answer(replace(call, boxes=call.boxes[k : k + 1], grad=call.grad[k : k + 1]))


def last_wins(values: Array, call: Call) -> Array:
    """Of the RoIs that send to a pixel the last one's share remains."""
    for sent in sent_by_each(call):
        values = np.where(sent != 0, sent, values)
    return values


def first_only(values: Array, call: Call) -> Array:
    """Only the first RoI sends."""
    return next(iter(sent_by_each(call)), values)


def inverted_send_nothing(call: Call) -> Call:
    """A backward that walks the pixels of the box, of which an inverted box has none."""
    assert call.grad is not None
    grad = call.grad.copy()
    for k, (_, x1, y1, x2, y2) in enumerate(call.boxes.tolist()):
        if x2 < x1 or y2 < y1:
            grad[k] = grad[k] * 0
    return replace(call, grad=grad)


def arriving(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    """A change of what arrives."""

    def changed(call: Call) -> Call:
        assert call.grad is not None
        return replace(call, grad=change(call.grad))

    return changed


# ---- around the formulas ---------------------------------------------------------------------------------------------


def edges_of(dialect: Dialect, dtype: str) -> BinEdges:
    """In which arithmetic edges are computed; that of the map by its name."""
    by_type = {"float32": BinEdges.FLOAT32, "float64": BinEdges.FLOAT64}
    return by_type.get(dtype, BinEdges.MAP) if dialect.edges == BinEdges.MAP else dialect.edges


def boxes(change: Callable[[Array], Array]) -> Callable[[Call], Call]:
    """A change of the boxes."""
    return lambda call: replace(call, boxes=change(call.boxes.copy()) if call.boxes.size else call.boxes)


def clipped_before(call: Call) -> Call:
    """Boxes are clipped to the map before they are cut into bins."""
    boxes = call.boxes.copy()
    for columns, pixels, scale in (((1, 3), call.input.shape[3], 1), ((2, 4), call.input.shape[2], 0)):
        last = float((pixels - 1) / call.spatial_scale[scale])
        boxes[:, columns] = np.clip(boxes[:, columns], 0, last) if boxes.size else boxes[:, columns]
    return replace(call, boxes=boxes)


def first_image(boxes: Array) -> Array:
    """All boxes on the first image."""
    boxes[:, 0] = np.where(boxes[:, 0] >= 0, 0, boxes[:, 0])
    return boxes


def batch_in_half(boxes: Array) -> Array:
    """Batch indices in half precision."""
    boxes[:, 0] = boxes[:, 0].astype(np.float16).astype(np.float64)
    return boxes


def batch_rounded(boxes: Array) -> Array:
    """Batch indices rounded to the nearest."""
    boxes[:, 0] = np.floor(boxes[:, 0] + 0.5)
    return boxes


def extents_for_corners(boxes: Array) -> Array:
    """Boxes of a corner and an extent."""
    boxes[:, 3:] = boxes[:, 3:] + boxes[:, 1:3]
    return boxes


def row_of_first_roi(values: Array, call: Call) -> Array:
    """The first RoI for all."""
    del call
    return np.repeat(values[:1], len(values), axis=0)


def constant(value: Fraction) -> Callable[[Array, Call], Array]:
    """Nothing but this number."""
    return lambda values, _: np.full(values.shape, value, object)


def transposed(array: Array) -> Array:
    """Rows for columns, where there are as many."""
    return array.swapaxes(2, 3) if array.shape[2] == array.shape[3] else array
