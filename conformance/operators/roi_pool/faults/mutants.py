"""Faults to inject into the oracle, one at a time: what an implementation of RoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import Dialect, EdgeShift, MaxStart, NanPixel
from .... import mistakes
from ....fault import Fault
from ....operation import Operation
from ....windows import faults as windows
from ....windows.asked import WindowCall
from ..oracle.answers import result_of
from ..oracle.face import asked_of
from ..oracle.geometry import ZERO, Rules
from . import formulas as faults

ONE = Fraction(1)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array

SMALLEST = Fraction(1, 2**126)
"""The smallest normal number of float32."""


class Mutant(Fault[WindowCall[Rules]]):
    """A fault of RoIPool."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> WindowCall[Rules]:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return asked_of(arguments, dialect, self.dtype, windows.faulty(self.rules, Rules) if self.rules else Rules)

    def answer(self, asked: WindowCall[Rules], operation: Operation) -> Array:
        """The oracle's answer to a call."""
        values: Array = result_of(asked, asked.rois, operation).values
        return values


def only(mode: str) -> Callable[[Dialect, str], bool]:
    """Concerns one mode."""
    return lambda _, other: other == mode


def _choice(name: str, who: str = "", **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""
    return Mutant(name, who, **windows.choosing(**choices))


def _snaps(dialect: Dialect) -> bool:
    return dialect.snap != CornerSnap.NONE


def _enlarges(dialect: Dialect) -> bool:
    return dialect.min_size == MinSize.ONE


UNSNAPPED = "Where corners stay positions, a snap has no half to decide."
WHOLE = "Where corners are whole pixels, adding one before or after rounding is the same."
UNJUDGED = "Where corners stay positions, only calls are judged in which no rounding moves an edge."
NOT_ENLARGED = "Where an extent of less than a pixel has no bins, none is enlarged."

MUTANTS: tuple[Mutant, ...] = (
    windows.where(_snaps, UNSNAPPED, _choice("halves snapped away from 0", "Caffe and nearly everyone", snap=CornerSnap.HALF_AWAY)),
    windows.where(_snaps, UNSNAPPED, _choice("halves snapped to even", "Chainer on a CPU", snap=CornerSnap.HALF_EVEN)),
    windows.where(_snaps, UNSNAPPED, _choice("halves snapped up", "TVM", snap=CornerSnap.HALF_UP)),
    _choice("corners not snapped, shift before rounding", "mmcv", snap=CornerSnap.NONE, shift=EdgeShift.INSIDE),
    _choice("inclusive end", "Caffe and nearly everyone", end=SnappedEnd.INCLUSIVE),
    _choice("exclusive end", "Chainer's roi_max_pooling_2d", end=SnappedEnd.EXCLUSIVE),
    _choice("1 added before scaling", "mmcv", end=SnappedEnd.BEFORE_SCALE),
    _choice("no least size", "mmcv", min_size=MinSize.NONE),
    windows.where(_snaps, UNJUDGED, _choice("edges in integers", "OpenVINO, Paddle on a GPU", edges=BinEdges.EXACT)),
    windows.where(_snaps, UNJUDGED, _choice("edges in float32", "ONNX Runtime, Caffe2, Paddle on a CPU, ncnn", edges=BinEdges.FLOAT32)),
    windows.where(_snaps, UNJUDGED, _choice("edges in float64", "Chainer on a CPU", edges=BinEdges.FLOAT64)),
    windows.where(_snaps, UNJUDGED, _choice("edges accumulated", "MNN", edges=BinEdges.ACCUMULATED)),
    _choice("an empty bin is -inf", "Chainer's roi_max_pooling_2d", empty=EmptyBin.MINUS_INFINITY),
    _choice("an empty bin is 0", "Caffe and nearly everyone", empty=EmptyBin.ZERO),
    _choice("NaN skipped", "torchvision, Paddle, MXNet", nan=NanPixel.SKIPPED),
    _choice("NaN if first", "OpenVINO", nan=NanPixel.IF_FIRST),
    _choice("NaN if last", "ONNX Runtime, MNN", nan=NanPixel.IF_LAST),
    _choice("NaN if last of the map", "TVM", nan=NanPixel.IF_LAST_OF_MAP),
    _choice("NaN propagates", "Chainer on a CPU", nan=NanPixel.PROPAGATES),
    _choice("a maximum begins with -inf", "Chainer, OpenVINO, ncnn", start=MaxStart.MINUS_INFINITY),
    _choice("a maximum begins with float32's lowest number", "torchvision", start=MaxStart.LOWEST),
    _choice("a maximum begins with the lowest number of the map's type", "TVM, Paddle on a CPU", start=MaxStart.LOWEST_OF_MAP),
    windows.where(_snaps, UNSNAPPED, Mutant("snapped before scaling", "position-sensitive pooling", rules=faults.SnappedBeforeScale)),
    windows.where(_snaps, UNSNAPPED, Mutant("size measured before the snap", rules=windows.SizeBeforeSnap)),
    windows.where(_snaps, UNSNAPPED, Mutant("corners truncated", rules=windows.Truncated)),
    windows.where(_snaps, UNSNAPPED, Mutant("corners snapped outwards", rules=windows.SnappedOutwards)),
    Mutant("corners half a pixel off", "RoIAlign's offset", rules=faults.HalfPixelOffset),
    Mutant("scale forgotten", before=lambda asked: replace(asked, scale=(ONE, ONE))),
    Mutant("scale inverted", before=lambda asked: replace(asked, scale=(1 / asked.scale[0], 1 / asked.scale[1]))),
    Mutant("corners sorted", rules=windows.CornersSorted),
    windows.where(_enlarges, NOT_ENLARGED, Mutant("inverted box at its second corner", rules=windows.AtSecondCorner)),
    Mutant("least size two", rules=windows.MinSizeTwo),
    Mutant("extent without its sign", rules=windows.AbsoluteExtent),
    Mutant("one bin less", rules=windows.BinsOneLess),
    Mutant("every bin is the first", rules=windows.FirstBinOnly),
    Mutant("bins do not overlap", rules=faults.WithoutOverlap),
    Mutant("bins begin at the next pixel", rules=faults.BeginsLate),
    Mutant("bins end a pixel late", rules=faults.EndsOneLate),
    Mutant("bin size in whole pixels", rules=windows.WholeBinSize),
    Mutant("clipped before the edges", before=mistakes.clipped_to_map),
    Mutant("last row and column never read", rules=faults.LastPixelUnreachable),
    Mutant("an empty bin reads the pixel at the edge", rules=windows.ReadsAtEdge),
    Mutant("an empty bin is what a maximum begins with", rules=faults.EmptyIsLowest, concerns=lambda dialect, mode: mode == "max" and (dialect.start, dialect.empty) != (MaxStart.MINUS_INFINITY, EmptyBin.MINUS_INFINITY)),
    Mutant("a maximum begins with 0", rules=faults.begins_with(ZERO), concerns=only("max")),
    Mutant("a maximum begins with the smallest positive number", "ONNX Runtime before #322", rules=faults.begins_with(SMALLEST), concerns=only("max")),
    Mutant("a maximum begins with -10000", rules=faults.begins_with(Fraction(-10000)), concerns=only("max")),
    Mutant("maximum of magnitudes", rules=faults.MaximumOfMagnitude, concerns=only("max")),
    Mutant("minimum", rules=faults.Minimum, concerns=only("max")),
    Mutant("first pixel of a bin", rules=faults.FirstPixel, concerns=only("max")),
    Mutant("last pixel of a bin missing", rules=faults.LastPixelMissing, concerns=only("max")),
    Mutant("average instead of maximum", before=lambda asked: replace(asked, mode="avg"), concerns=only("max")),
    Mutant("maximum instead of average", before=lambda asked: replace(asked, mode="max"), concerns=only("avg")),
    Mutant("divides by one more", rules=windows.DividesByOneMore, concerns=only("avg")),
    Mutant("sums instead of averaging", rules=windows.Sums, concerns=only("avg")),
    Mutant("divides by the bin before it is clipped", "position-sensitive pooling", after=windows.over_unclipped_bins, concerns=only("avg")),
    Mutant("x and y of the boxes exchanged", "Chainer's roi_max_pooling_2d takes y first", before=mistakes.columns(0, 2, 1, 4, 3)),
    Mutant("boxes are corner and extent", before=mistakes.boxes(mistakes.extents_for_corners)),
    Mutant("always the first image", before=mistakes.boxes(mistakes.first_image)),
    Mutant("batch index in half precision", "torchvision (float16)", before=mistakes.boxes(mistakes.batch_in_half)),
    Mutant("batch index rounded", before=mistakes.boxes(mistakes.batch_rounded)),
    Mutant("every RoI is the first", after=mistakes.row_of_first_roi),
    Mutant("map transposed", before=mistakes.map_transposed),
    Mutant("one scale for both axes", before=lambda asked: replace(asked, scale=(asked.scale[0],) * 2)),
    Mutant("output transposed", after=lambda values, _: mistakes.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", "torchvision, mmcv, MXNet", of_32_bits=True),
    Mutant("zeros", after=mistakes.constant(ZERO)),
    Mutant("ones", after=mistakes.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""

OF_POSITIONS: tuple[Mutant, ...] = (
    _choice("least size one", min_size=MinSize.ONE),
    windows.where(lambda dialect: not _snaps(dialect), WHOLE, _choice("shift after rounding", shift=EdgeShift.AFTER)),
)
"""Faults that can only show where corners stay positions, as under no main dialect."""

_NO_EFFECT = (
    "an empty bin",  # it sends nothing, whatever its value
    "a maximum begins",  # of finite maps, whose gradient alone is looked at; but for those that hold a pixel back
    "NaN ",
    "batch index in half precision",  # of images that gradient cases have not
    "batch index rounded",
    "offsets in 32 bits",
)


def _derived() -> Iterator[Mutant]:
    """The faults of the output that change which pixels a bin has, or which of them is the maximum."""
    plain = Mutant("")
    for mutant in MUTANTS:
        holds_back = mutant.name in ("a maximum begins with 0", "an empty bin reads the pixel at the edge")
        if mutant.after is plain.after and (holds_back or not mutant.name.startswith(_NO_EFFECT)):
            yield replace(mutant, name=f"backward: {mutant.name}", operation=Operation.FEATURE_GRADIENT)


def _backward(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived(),
    _backward("the last of equal pixels wins", rules=faults.LastOfEqual, concerns=only("max")),
    _backward("argmax counted from the corner of the bin", rules=faults.RelativeWinner, concerns=only("max")),
    _backward("argmax with rows and columns exchanged", rules=faults.SwappedWinner, concerns=only("max")),
    _backward("an empty bin sends to pixel (0, 0)", "mmcv, RoIs that it skips", after=faults.empty_bins_send),
    _backward("an inverted box sends nothing", "Chainer's roi_pooling_2d on a CPU", before=mistakes.inverted_send_nothing, concerns=lambda dialect, _: _enlarges(dialect), equivalent=NOT_ENLARGED),
    _backward("the last RoI overwrites the others", "a scatter without atomics", after=mistakes.last_roi_wins(faults.of_maps)),
    _backward("the last bin overwrites the others", "a scatter without atomics", after=faults.last_bin_wins),
    _backward("only the first RoI sends its gradient", after=mistakes.first_roi_alone(faults.of_maps)),
    _backward("gradient added to what was there before", after=lambda values, _: values * 2),
    _backward("gradients of the bins transposed", before=mistakes.arriving(mistakes.transposed)),
    _backward("gradients of the bins in reverse order", before=mistakes.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _backward("gradients of the channels in reverse order", before=mistakes.arriving(lambda grad: grad[:, ::-1])),
    _backward("gradient without its sign", before=mistakes.arriving(abs)),
    _backward("no gradient for the maps", after=mistakes.constant(ZERO)),
    _backward("gradient of ones", after=mistakes.constant(ONE)),
)  # fmt: skip
"""Faults of faults."""
