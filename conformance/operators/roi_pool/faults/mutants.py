"""Faults to inject into the oracle, one at a time: what an implementation of RoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import BinEdges, CornerSnap, EmptyBin, MinSize, SnappedEnd
from .....kernels.dialects.roi_pool import Dialect, EdgeShift, MaxStart, NanPixel
from ....operation import Operation
from ..oracle.geometry import ZERO, Rules
from . import formulas as faults
from . import gradient_formulas as gradients
from .formulas import ONE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array

SMALLEST = Fraction(1, 2**126)
"""The smallest normal number of float32."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A fault.

    Attributes:
        name: What is wrong, in a few words.
        who: Libraries that have or had it; empty if it is a fault that one could make.
        rules: The oracle's formulas with the fault, if it is in them.
        before: Changes the call, if the fault is there.
        after: Changes the answer, if the fault is there; it also gets the call.
        concerns: Whether the fault can show under a dialect and in a mode; where it cannot, the mutant is equivalent.
        equivalent: Why it cannot show elsewhere; empty if the formulas are then the same.
        operation: What the fault is in.
        dtype: The data type of the calls in which it shows.
    """

    name: str
    who: str = ""
    rules: type[Rules] = Rules
    before: Callable[[faults.Call], faults.Call] = lambda call: call
    after: Callable[[Array, faults.Call], Array] = lambda values, _: values
    concerns: Callable[[Dialect, str], bool] = lambda _dialect, _mode: True
    equivalent: str = ""
    operation: Operation = Operation.FORWARD
    dtype: str = "float64"

    def returned(self, arguments: Mapping[str, Any], operation: Operation, dialect: Dialect, *, many: bool) -> Array:
        """What an implementation with this fault returns for the arguments of a case; None throughout an invalid RoI."""
        call = faults.Call.of(arguments, operation, dialect, many=many)
        return self.after(faults.answer(self.before(call), self.rules), call)


def only(mode: str) -> Callable[[Dialect, str], bool]:
    """Concerns one mode."""
    return lambda _, other: other == mode


def _choice(name: str, who: str = "", **choices: Any) -> Mutant:
    """The mutant that makes other choices than its dialect."""

    def concerns(dialect: Dialect, mode: str) -> bool:
        # Cases are judged in float64 here, where edges of the map's type are those of float64.
        own, other = (
            replace(each, edges=faults.edges_of(each, "float64")).for_mode(mode)
            for each in (dialect, replace(dialect, **choices))
        )
        return own != other

    return Mutant(
        name, who, before=lambda call: replace(call, dialect=replace(call.dialect, **choices)), concerns=concerns
    )


def _where(applies: Callable[[Dialect], bool], why: str, mutant: Mutant) -> Mutant:
    """The mutant, said to concern only dialects of which ``applies`` is true, and why no others."""
    before = mutant.concerns
    return replace(mutant, equivalent=why, concerns=lambda dialect, mode: applies(dialect) and before(dialect, mode))


def _snaps(dialect: Dialect) -> bool:
    return dialect.snap != CornerSnap.NONE


def _enlarges(dialect: Dialect) -> bool:
    return dialect.min_size == MinSize.ONE


UNSNAPPED = "Where corners stay positions, a snap has no half to decide."
WHOLE = "Where corners are whole pixels, adding one before or after rounding is the same."
UNJUDGED = "Where corners stay positions, only calls are judged in which no rounding moves an edge."
NOT_ENLARGED = "Where an extent of less than a pixel has no bins, none is enlarged."

MUTANTS: tuple[Mutant, ...] = (
    _where(_snaps, UNSNAPPED, _choice("halves snapped away from 0", "Caffe and nearly everyone", snap=CornerSnap.HALF_AWAY)),
    _where(_snaps, UNSNAPPED, _choice("halves snapped to even", "Chainer on a CPU", snap=CornerSnap.HALF_EVEN)),
    _where(_snaps, UNSNAPPED, _choice("halves snapped up", "TVM", snap=CornerSnap.HALF_UP)),
    _choice("corners not snapped, shift before rounding", "mmcv", snap=CornerSnap.NONE, shift=EdgeShift.INSIDE),
    _choice("inclusive end", "Caffe and nearly everyone", end=SnappedEnd.INCLUSIVE),
    _choice("exclusive end", "Chainer's roi_max_pooling_2d", end=SnappedEnd.EXCLUSIVE),
    _choice("1 added before scaling", "mmcv", end=SnappedEnd.BEFORE_SCALE),
    _choice("no least size", "mmcv", min_size=MinSize.NONE),
    _where(_snaps, UNJUDGED, _choice("edges in integers", "OpenVINO, Paddle on a GPU", edges=BinEdges.EXACT)),
    _where(_snaps, UNJUDGED, _choice("edges in float32", "ONNX Runtime, Caffe2, Paddle on a CPU, ncnn", edges=BinEdges.FLOAT32)),
    _where(_snaps, UNJUDGED, _choice("edges in float64", "Chainer on a CPU", edges=BinEdges.FLOAT64)),
    _where(_snaps, UNJUDGED, _choice("edges accumulated", "MNN", edges=BinEdges.ACCUMULATED)),
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
    _where(_snaps, UNSNAPPED, Mutant("snapped before scaling", "position-sensitive pooling", rules=faults.SnappedBeforeScale)),
    _where(_snaps, UNSNAPPED, Mutant("size measured before the snap", rules=faults.SizeBeforeSnap)),
    _where(_snaps, UNSNAPPED, Mutant("corners truncated", rules=faults.Truncated)),
    _where(_snaps, UNSNAPPED, Mutant("corners snapped outwards", rules=faults.SnappedOutwards)),
    Mutant("corners half a pixel off", "RoIAlign's offset", rules=faults.HalfPixelOffset),
    Mutant("scale forgotten", rules=faults.ScaleForgotten),
    Mutant("scale inverted", rules=faults.ScaleInverted),
    Mutant("corners sorted", rules=faults.CornersSorted),
    _where(_enlarges, NOT_ENLARGED, Mutant("inverted box at its second corner", rules=faults.AtSecondCorner)),
    Mutant("least size two", rules=faults.MinSizeTwo),
    Mutant("extent without its sign", rules=faults.AbsoluteExtent),
    Mutant("one bin less", rules=faults.BinsOneLess),
    Mutant("every bin is the first", rules=faults.FirstBinOnly),
    Mutant("bins do not overlap", rules=faults.WithoutOverlap),
    Mutant("bins begin at the next pixel", rules=faults.BeginsLate),
    Mutant("bins end a pixel late", rules=faults.EndsOneLate),
    Mutant("bin size in whole pixels", rules=faults.WholeBinSize),
    Mutant("clipped before the edges", before=faults.clipped_before),
    Mutant("last row and column never read", rules=faults.LastPixelUnreachable),
    Mutant("an empty bin reads the pixel at the edge", rules=faults.ReadsAtEdge),
    Mutant("an empty bin is what a maximum begins with", rules=faults.EmptyIsLowest, concerns=lambda dialect, mode: mode == "max" and (dialect.start, dialect.empty) != (MaxStart.MINUS_INFINITY, EmptyBin.MINUS_INFINITY)),
    Mutant("a maximum begins with 0", rules=faults.begins_with(ZERO), concerns=only("max")),
    Mutant("a maximum begins with the smallest positive number", "ONNX Runtime before #322", rules=faults.begins_with(SMALLEST), concerns=only("max")),
    Mutant("a maximum begins with -10000", rules=faults.begins_with(Fraction(-10000)), concerns=only("max")),
    Mutant("maximum of magnitudes", rules=faults.MaximumOfMagnitude, concerns=only("max")),
    Mutant("minimum", rules=faults.Minimum, concerns=only("max")),
    Mutant("first pixel of a bin", rules=faults.FirstPixel, concerns=only("max")),
    Mutant("last pixel of a bin missing", rules=faults.LastPixelMissing, concerns=only("max")),
    Mutant("average instead of maximum", before=lambda call: replace(call, mode="avg"), concerns=only("max")),
    Mutant("maximum instead of average", before=lambda call: replace(call, mode="max"), concerns=only("avg")),
    Mutant("divides by one more", rules=faults.DividesByOneMore, concerns=only("avg")),
    Mutant("sums instead of averaging", rules=faults.Sums, concerns=only("avg")),
    Mutant("divides by the bin before it is clipped", "position-sensitive pooling", after=faults.over_unclipped_bins, concerns=only("avg")),
    Mutant("x and y of the boxes exchanged", "Chainer's roi_max_pooling_2d takes y first", before=faults.boxes(lambda boxes: boxes[:, [0, 2, 1, 4, 3]])),
    Mutant("boxes are corner and extent", before=faults.boxes(faults.extents_for_corners)),
    Mutant("always the first image", before=faults.boxes(faults.first_image)),
    Mutant("batch index in half precision", "torchvision (float16)", before=faults.boxes(faults.batch_in_half)),
    Mutant("batch index rounded", before=faults.boxes(faults.batch_rounded)),
    Mutant("every RoI is the first", after=faults.row_of_first_roi),
    Mutant("map transposed", before=lambda call: replace(call, input=faults.transposed(call.input))),
    Mutant("one scale for both axes", before=lambda call: replace(call, spatial_scale=(call.spatial_scale[0],) * 2)),
    Mutant("output transposed", after=lambda values, _: faults.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", "torchvision, mmcv, MXNet", before=lambda call: replace(call, input=call.input * 0) if call.many else call),
    Mutant("zeros", after=faults.constant(ZERO)),
    Mutant("ones", after=faults.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""

OF_POSITIONS: tuple[Mutant, ...] = (
    _choice("least size one", min_size=MinSize.ONE),
    _where(lambda dialect: not _snaps(dialect), WHOLE, _choice("shift after rounding", shift=EdgeShift.AFTER)),
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
    _backward("argmax counted from the corner of the bin", rules=gradients.RelativeWinner, concerns=only("max")),
    _backward("argmax with rows and columns exchanged", rules=gradients.SwappedWinner, concerns=only("max")),
    _backward("an empty bin sends to pixel (0, 0)", "mmcv, RoIs that it skips", after=gradients.empty_bins_send),
    _backward("an inverted box sends nothing", "Chainer's roi_pooling_2d on a CPU", before=gradients.inverted_send_nothing, concerns=lambda dialect, _: _enlarges(dialect), equivalent=NOT_ENLARGED),
    _backward("the last RoI overwrites the others", "a scatter without atomics", after=gradients.last_wins),
    _backward("the last bin overwrites the others", "a scatter without atomics", after=gradients.last_bin_wins),
    _backward("only the first RoI sends its gradient", after=gradients.first_only),
    _backward("gradient added to what was there before", after=lambda values, _: values * 2),
    _backward("gradients of the bins transposed", before=gradients.arriving(faults.transposed)),
    _backward("gradients of the bins in reverse order", before=gradients.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _backward("gradients of the channels in reverse order", before=gradients.arriving(lambda grad: grad[:, ::-1])),
    _backward("gradient without its sign", before=gradients.arriving(abs)),
    _backward("no gradient for the maps", after=faults.constant(ZERO)),
    _backward("gradient of ones", after=faults.constant(ONE)),
)  # fmt: skip
"""Faults of gradients."""
