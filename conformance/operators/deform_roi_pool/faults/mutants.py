"""Faults to inject into the oracle, one at a time: what an implementation of deformable RoI pooling gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.deform_roi_pool import Dialect, Slope
from ....fault import Fault
from ....operation import Operation
from ...roi_align_rotated.faults import formulas as points
from ..oracle.asked import Asked
from ..oracle.geometry import ONE, ZERO, Rules
from ..oracle.output import result_of
from . import calls, formulas
from .formulas import of_points

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of deformable RoI pooling."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return Asked.of(arguments, dialect, self.dtype, self.rules or Rules)

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


def _is_derived(dialect: Dialect, _mode: str) -> bool:
    return dialect.slope == Slope.DERIVATIVE


def _is_raw(dialect: Dialect, _mode: str) -> bool:
    return dialect.slope == Slope.RAW


_GEOMETRY: tuple[Mutant, ...] = (
    Mutant("half a pixel forgotten", "RoIAlign before `aligned`", rules=formulas.HalfForgotten),
    Mutant("half a pixel before the scale", rules=formulas.HalfBeforeScale),
    Mutant("half a pixel added", rules=formulas.HalfAdded),
    Mutant("scale forgotten", rules=formulas.ScaleForgotten),
    Mutant("scale inverted", rules=formulas.ScaleInverted),
    Mutant("scales exchanged", before=lambda asked: replace(asked, scales=asked.scales[::-1])),
    Mutant("corners rounded", "MXNet, OpenVINO, Paddle", rules=formulas.CornersRounded),
    Mutant("size of the last pixel", rules=formulas.InclusiveEnd),
    Mutant("least size one", "RoIAlign before `aligned`", rules=formulas.LeastSizeOne),
    Mutant("size without its sign", rules=formulas.SizeWithoutSign),
    Mutant("adaptive grid one more", rules=of_points(points.GridOneMore)),
    Mutant("adaptive grid rounded down", rules=of_points(points.GridFloor)),
    Mutant("adaptive grid of the RoI", rules=of_points(points.GridOfSize)),
    Mutant("always one sample", rules=of_points(points.OneSample)),
    Mutant("always an adaptive grid", rules=of_points(points.AlwaysAdaptive)),
    Mutant("two samples for an adaptive grid", rules=of_points(points.TwoWhereAdaptive)),
    Mutant("grids of both axes exchanged", rules=of_points(points.GridsExchanged)),
    Mutant("one grid for both axes", rules=of_points(points.OneGridForBoth)),
    Mutant("samples at the beginning of their cells", "MXNet, OpenVINO, Paddle", rules=of_points(points.SamplesAtStarts)),
    Mutant("samples at the end of their cells", rules=of_points(points.SamplesAtEnds)),
    Mutant("first corner taken for the centre", rules=formulas.AroundTheCorner),
    Mutant("bins from the far end", rules=formulas.BinsReversed),
    Mutant("every bin is the first", rules=of_points(points.FirstBinOnly)),
    Mutant("one bin less", rules=of_points(points.BinsOneLess)),
    Mutant("samples as far apart as bins", rules=formulas.SamplesNotScaled),
    Mutant("offsets forgotten", "RoIAlign", rules=formulas.OffsetsForgotten),
    Mutant("offsets along y before those along x", rules=formulas.OffsetsExchanged),
    Mutant("offsets in feature pixels", rules=formulas.OffsetsInPixels),
    Mutant("offsets by the size of a bin", rules=formulas.OffsetsOfBins),
    Mutant("offsets the other way", rules=formulas.OffsetsTheOtherWay),
    Mutant("offsets by sizes without their sign", rules=formulas.OffsetsOfSizesWithoutSign),
    Mutant("offsets along x by the height", rules=formulas.WidthMovesAlongTheHeight),
    Mutant("offsets along x alone", rules=formulas.OnlyMovedAlongX),
    Mutant("offsets along y alone", rules=formulas.OnlyMovedAlongY),
    Mutant("offsets of rows for columns", rules=formulas.OffsetsTransposed),
    Mutant("offsets in pairs", rules=formulas.OffsetsInPairs),
    Mutant("the first bin's offset for all", rules=formulas.OffsetsOfTheFirstBin),
    Mutant("an offset that is no number moves nothing", rules=formulas.UnknownOffsetsAreNone),
    Mutant("gamma forgotten", rules=formulas.GammaForgotten),
    Mutant("gamma squared", rules=formulas.GammaSquared),
    Mutant("gamma is 0.1", rules=formulas.GammaIsTheDefault),
    Mutant("the first RoI's offsets for all", before=calls.first_offsets),
    Mutant("offsets in half precision", "mmcv, of half", before=calls.offsets_in_half),
    Mutant("no sample is outside", rules=of_points(points.ClampedEverywhere)),
    Mutant("outside from the first and last pixel on", rules=of_points(points.OutsideFromZero)),
    Mutant("outside from half a pixel on", "MXNet, OpenVINO, Paddle", rules=of_points(points.OutsideFromHalf)),
    Mutant("exactly −1 is outside", rules=of_points(points.LowBoundIsOutside)),
    Mutant("exactly H is outside", rules=of_points(points.HighBoundIsOutside)),
    Mutant("mirrored below the map", rules=of_points(points.FadesBelow)),
    Mutant("nearest pixel", rules=of_points(points.NearestPixel)),
    Mutant("weights exchanged", rules=of_points(points.WeightsExchanged)),
    Mutant("weights of five bits", rules=of_points(points.WeightsOfFiveBits)),
    Mutant("divides by the samples inside", "MXNet, OpenVINO, Paddle", rules=of_points(points.InsideCount)),
    Mutant("sums instead of averages", rules=of_points(points.Sums)),
    Mutant("divides by the samples of one axis", rules=of_points(points.OneAxisDivides)),
    Mutant("x and y of corners exchanged", before=calls.columns(0, 2, 1, 4, 3)),
    Mutant("corners exchanged", before=calls.columns(0, 3, 4, 1, 2)),
    Mutant("boxes are a corner and a size", before=calls.boxes(calls.by_size)),
    Mutant("always the first image", before=calls.boxes(calls.first_image)),
)  # fmt: skip
"""Faults in where samples lie and what they weigh, which the output and all gradients may have."""

MUTANTS: tuple[Mutant, ...] = (
    *_GEOMETRY,
    Mutant("0 / 0 without samples", after=calls.empty_is_nan),
    Mutant("batch index in half precision", before=calls.boxes(calls.batch_in_half)),
    Mutant("batch index rounded", before=calls.boxes(calls.batch_rounded)),
    Mutant("every RoI is the first", after=calls.row_of_first_roi),
    Mutant("map transposed", before=lambda asked: replace(asked, pixels=calls.transposed(asked.pixels))),
    Mutant("output transposed", after=lambda values, _: calls.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("32-bit addresses", of_32_bits=True),
    Mutant("zeros", after=calls.constant(ZERO)),
    Mutant("ones", after=calls.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""


def _derived(kind: str, operation: Operation) -> Iterator[Mutant]:
    """The faults of geometry in a gradient alone."""
    for mutant in _GEOMETRY:
        yield replace(mutant, name=f"{kind}: {mutant.name}", operation=operation)


def _of_maps(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


def _of_offsets(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(f"offsets: {name}", who, operation=Operation.OFFSET_GRADIENT, **how)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(f"boxes: {name}", who, operation=Operation.BOX_GRADIENT, **how)


_ARRIVING: dict[str, Any] = {
    "gradient of the first channel": calls.first_channel,
    "gradient of the first bin": calls.first_bin,
    "what arrives transposed": calls.arriving(calls.transposed),
    "what arrives in reverse order": calls.arriving(lambda grad: grad[:, :, ::-1, ::-1]),
    "what arrives for channels in reverse order": calls.arriving(lambda grad: grad[:, ::-1]),
    "what arrives without its sign": calls.arriving(abs),
}
_RETURNED: dict[str, Any] = {
    "no gradient": calls.constant(ZERO),
    "gradient of ones": calls.constant(ONE),
    "gradient added to what was there before": lambda values, _: calls.doubled(values),
    "gradient with the wrong sign": lambda values, _: calls.negated(values),
}
_SLOPES: dict[str, type[Rules]] = {
    "gradient not divided": of_points(points.SentInFull),
    "gradient divided twice": of_points(points.SentTwiceDivided),
    "only slopes along y": formulas.OnlySlopesAlongY,
    "only slopes along x": formulas.OnlySlopesAlongX,
}

_UNSEEN_BY_RAW = (
    "exactly H is outside",
    "nearest pixel",
    "weights exchanged",
    "weights of five bits",
)
"""Faults of values that slopes of the kind `raw` do not look at."""
_WHY_UNSEEN = "Slopes of the kind `raw` are formed of positions and not of weights, and are 0 beyond the last pixel"


def _of_slopes() -> Iterator[Mutant]:
    """The faults of geometry in the gradient for offsets alone."""
    for mutant in _derived("offsets", Operation.OFFSET_GRADIENT):
        if mutant.name.removeprefix("offsets: ") in _UNSEEN_BY_RAW:
            yield replace(mutant, concerns=_is_derived, equivalent=_WHY_UNSEEN)
        else:
            yield mutant


OFFSET_MUTANTS: tuple[Mutant, ...] = (
    *_of_slopes(),
    *(_of_offsets(name, before=before) for name, before in _ARRIVING.items()),
    *(_of_offsets(name, after=after) for name, after in _RETURNED.items()),
    *(_of_offsets(name, rules=rules) for name, rules in _SLOPES.items()),
    _of_offsets("slopes of cells extended beyond the edges", "mmcv", rules=formulas.RawSlopes, concerns=_is_derived),
    _of_offsets("slopes of the surface", rules=formulas.SlopesOfTheSurface, concerns=_is_raw),
    _of_offsets("slopes beyond the edge", rules=of_points(points.SlopesInTheBands), concerns=_is_derived),
    _of_offsets("slope of the first sample", rules=formulas.OneSampleSlopes),
    _of_offsets("gradient not by the size of the RoI", rules=formulas.PullWithoutSize),
    _of_offsets("gradient by the size of a bin", rules=formulas.PullOfBins),
    _of_offsets("gradient by the size of the other axis", rules=formulas.PullOfTheOtherAxis),
    _of_offsets("gradient by the size in image pixels", rules=formulas.PullInImagePixels),
    _of_offsets("gradient by the size without its sign", rules=formulas.PullWithoutSign),
    _of_offsets("gradient without gamma", rules=formulas.PullWithoutGamma),
    _of_offsets("gradient by gamma squared", rules=formulas.PullOfGammaSquared),
    _of_offsets("gradients for y and x exchanged", rules=formulas.GradientsExchanged),
    _of_offsets("gradient transposed", after=lambda values, _: calls.transposed(values)),
    _of_offsets("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    _of_offsets("every RoI is the first", after=calls.row_of_first_roi),
    _of_offsets("gradient of the last RoI alone", after=calls.last_roi),
)
"""Faults of the gradient for offsets."""

GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    _of_maps("backward: gradient not divided", rules=of_points(points.SentInFull)),
    _of_maps("backward: gradient divided twice", rules=of_points(points.SentTwiceDivided)),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=calls.last_wins),
    _of_maps("only the first RoI sends its gradient", after=calls.first_only),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the bins transposed", before=calls.arriving(calls.transposed)),
    _of_maps("gradients of the bins in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=calls.arriving(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=calls.arriving(abs)),
    _of_maps("no gradient for the maps", after=calls.constant(ZERO)),
    _of_maps("gradient of ones", after=calls.constant(ONE)),
    *OFFSET_MUTANTS,
    *_derived("boxes", Operation.BOX_GRADIENT),
    *(_of_boxes(name, before=before) for name, before in _ARRIVING.items()),
    *(_of_boxes(name, after=after) for name, after in _RETURNED.items()),
    *(_of_boxes(name, rules=rules) for name, rules in _SLOPES.items()),
    _of_boxes("gradient in feature pixels", rules=formulas.InFeaturePixels),
    _of_boxes("offsets do not grow with the RoI", rules=formulas.OffsetsDoNotGrow),
    _of_boxes("offsets shrink as the RoI grows", rules=formulas.OffsetsGrowTheOtherWay),
    _of_boxes("shares of pixels", rules=formulas.SharesOfPixels),
    _of_boxes("shares from the centre", rules=formulas.SharesFromTheCentre),
    _of_boxes("shares of bins", rules=formulas.SharesOfBins),
    _of_boxes("gradients of the corners exchanged", rules=formulas.CornersExchanged),
    _of_boxes("slopes beyond the edge", rules=of_points(points.SlopesInTheBands)),
    _of_boxes("gradients for x and y exchanged", after=lambda values, _: values[:, [1, 0, 3, 2]]),
    _of_boxes("no gradient for the second corner", after=calls.second_corner_is_still),
)
"""Faults of gradients."""
