"""Faults to inject into the oracle, one at a time: what an implementation of deformable PSRoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.deform_ps_roi_pool import Dialect, Knot, Part
from ....fault import Fault
from ....operation import Operation
from ...deform_roi_pool.faults import formulas as bins
from ...roi_align_rotated.faults import formulas as points
from ..oracle.asked import Asked
from ..oracle.geometry import ONE, ZERO, Rules
from ..oracle.output import result_of
from . import calls, formulas
from .formulas import inherited

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of deformable PSRoIPool."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return Asked.of(arguments, dialect, self.dtype, self.rules or Rules)

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


def _finds_exactly(dialect: Dialect, _mode: str) -> bool:
    return dialect.part == Part.EXACT


def _rounds(dialect: Dialect, _mode: str) -> bool:
    return dialect.part == Part.ROUNDED


def _has_slopes(dialect: Dialect, _mode: str) -> bool:
    return dialect.knot == Knot.NEXT


def _has_none(dialect: Dialect, _mode: str) -> bool:
    return dialect.knot == Knot.NONE


_GEOMETRY: tuple[Mutant, ...] = (
    Mutant("all bins read the first group", rules=formulas.FirstGroup),
    Mutant("groups in turn", rules=formulas.GroupsInTurn),
    Mutant("the group of a bin's number", rules=formulas.GroupOfBin),
    Mutant("group rounded up", rules=formulas.GroupRoundedUp),
    Mutant("channels of a group follow each other", "OpenVINO, PSROIPooling in mode bilinear", rules=formulas.GroupsFirst),
    Mutant("groups transposed", rules=formulas.GroupsTransposed),
    Mutant("channel of the output", "deform_roi_pool", rules=formulas.SameChannel),
    Mutant("half a pixel forgotten", "PSRoIPool", rules=formulas.HalfForgotten),
    Mutant("half a pixel before the scale", rules=formulas.HalfBeforeScale),
    Mutant("half a pixel added", rules=formulas.HalfAdded),
    Mutant("scale forgotten", rules=formulas.ScaleForgotten),
    Mutant("scale inverted", rules=formulas.ScaleInverted),
    Mutant("scales exchanged", before=lambda asked: replace(asked, scales=asked.scales[::-1])),
    Mutant("corners not rounded", "mmcv's deform_roi_pool", rules=formulas.NotRounded),
    Mutant("halves to the even pixel", "Python's round", rules=formulas.HalfToEven),
    Mutant("halves to the next pixel", rules=formulas.HalfUp),
    Mutant("corners cut off", rules=formulas.CutOff),
    Mutant("corners rounded down", rules=formulas.RoundedDown),
    Mutant("corners rounded after the scale", "torchvision's PSRoIPool", rules=formulas.RoundedAfterScale),
    Mutant("second corner after the last pixel", rules=formulas.EndIsAfterTheLast),
    Mutant("1 added before the second corner is rounded", "OpenVINO's PSRoIPool", rules=formulas.OneAddedFirst),
    Mutant("1 added in feature pixels", rules=formulas.OneFeaturePixelMore),
    Mutant("no least size", rules=formulas.SizeNotHeld),
    Mutant("least size 0", rules=formulas.LeastSizeZero),
    Mutant("least size 1", "torchvision's PSRoIPool", rules=formulas.LeastSizeOne),
    Mutant("size without its sign", rules=formulas.SizeWithoutSign),
    Mutant("always one sample", rules=inherited(points.OneSample)),
    Mutant("numbers of samples of both axes exchanged", rules=inherited(points.GridsExchanged)),
    Mutant("one number of samples for both axes", rules=inherited(points.OneGridForBoth)),
    Mutant("samples in the middle of their cells", "mmcv's deform_roi_pool", rules=formulas.InTheMiddle),
    Mutant("samples at the end of their cells", rules=formulas.AtTheEnd),
    Mutant("samples from end to end of a bin", rules=formulas.FromEndToEnd),
    Mutant("bins from the far end", rules=formulas.BinsReversed),
    Mutant("every bin is the first", rules=inherited(points.FirstBinOnly)),
    Mutant("one bin less", rules=inherited(points.BinsOneLess)),
    Mutant("samples as far apart as bins", rules=formulas.SamplesNotScaled),
    Mutant("offsets forgotten", rules=inherited(bins.OffsetsForgotten)),
    Mutant("offsets along y before those along x", rules=inherited(bins.OffsetsExchanged)),
    Mutant("offsets in feature pixels", rules=inherited(bins.OffsetsInPixels)),
    Mutant("offsets by the size of a bin", rules=inherited(bins.OffsetsOfBins)),
    Mutant("offsets the other way", rules=inherited(bins.OffsetsTheOtherWay)),
    Mutant("offsets along x by the height", rules=inherited(bins.WidthMovesAlongTheHeight)),
    Mutant("offsets along x alone", rules=inherited(bins.OnlyMovedAlongX)),
    Mutant("offsets along y alone", rules=inherited(bins.OnlyMovedAlongY)),
    Mutant("gamma forgotten", rules=inherited(bins.GammaForgotten)),
    Mutant("gamma squared", rules=inherited(bins.GammaSquared)),
    Mutant("gamma is 0.1", rules=inherited(bins.GammaIsTheDefault)),
    Mutant("an offset that is no number moves nothing", rules=inherited(bins.UnknownOffsetsAreNone)),
    Mutant("offsets in pairs", before=calls.offsets(calls.in_pairs)),
    Mutant("offsets of rows for columns", before=calls.offsets(calls.transposed)),
    Mutant("the first part's offset for all", before=calls.offsets(calls.of_first_part)),
    Mutant("the first RoI's offsets for all", before=calls.offsets(calls.of_first_roi)),
    Mutant("the first class's offsets for all", before=calls.offsets(calls.of_first_class)),
    Mutant("classes in reverse order", before=calls.offsets(calls.classes_reversed)),
    Mutant("offsets along x of all classes first", before=calls.offsets(calls.classes_last)),
    Mutant("offsets in half precision", "MXNet, of half", before=calls.offsets(calls.in_half)),
    Mutant("classes in turn", rules=formulas.ClassesInTurn),
    Mutant("the part of a bin's number", rules=formulas.PartOfBin),
    Mutant("part rounded up", rules=formulas.PartRoundedUp),
    Mutant("parts in turn", rules=formulas.PartsInTurn),
    Mutant("parts of the other axis", "Paddle, backward", rules=formulas.PartsOfTheOtherAxis),
    Mutant("part of a rounded quotient", "MXNet, DCN, Paddle", rules=formulas.PartRounded, concerns=_finds_exactly),
    Mutant("part in whole numbers", "OpenVINO", rules=formulas.PartExact, concerns=_rounds),
    Mutant("no sample is outside", rules=inherited(points.ClampedEverywhere)),
    Mutant("outside from the first and last pixel on", rules=inherited(points.OutsideFromZero)),
    Mutant("outside from a pixel on", "RoIAlign", rules=formulas.OutsideFromOne),
    Mutant("exactly −½ is outside", rules=formulas.LowBoundIsOutside),
    Mutant("exactly H − ½ is outside", rules=formulas.HighBoundIsOutside),
    Mutant("mirrored below the map", rules=inherited(points.FadesBelow)),
    Mutant("nearest pixel", rules=inherited(points.NearestPixel)),
    Mutant("weights exchanged", rules=inherited(points.WeightsExchanged)),
    Mutant("weights of five bits", rules=inherited(points.WeightsOfFiveBits)),
    Mutant("divides by all samples", "mmcv's deform_roi_pool", rules=formulas.AllSamplesDivide),
    Mutant("sums instead of averages", rules=inherited(points.Sums)),
    Mutant("divides by the samples of one axis", rules=formulas.CountOfOneAxis),
    Mutant("x and y of corners exchanged", before=calls.columns(0, 2, 1, 4, 3)),
    Mutant("corners exchanged", before=calls.columns(0, 3, 4, 1, 2)),
    Mutant("boxes are a corner and a size", before=calls.boxes(calls.by_size)),
    Mutant("always the first image", before=calls.boxes(calls.first_image)),
)  # fmt: skip
"""Faults in where samples lie, what they read and what they weigh, which the output and both gradients may have."""

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


OFFSET_MUTANTS: tuple[Mutant, ...] = (
    *_derived("offsets", Operation.OFFSET_GRADIENT),
    _of_offsets("gradient of the first channel", before=calls.arriving(calls.first_channel)),
    _of_offsets("gradient of the first channel of a class", before=calls.first_of_class),
    _of_offsets("gradient of the first bin", before=calls.arriving(calls.first_bin)),
    _of_offsets("gradient of the first bin of a part", "a sum that is overwritten", before=calls.first_of_part),
    _of_offsets("what arrives transposed", before=calls.arriving(calls.transposed)),
    _of_offsets("what arrives in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_offsets("what arrives for channels in reverse order", before=calls.arriving(lambda grad: grad[:, ::-1])),
    _of_offsets("what arrives without its sign", before=calls.arriving(abs)),
    _of_offsets("no gradient", after=calls.constant(ZERO)),
    _of_offsets("gradient of ones", after=calls.constant(ONE)),
    _of_offsets("gradient added to what was there before", after=lambda values, _: calls.doubled(values)),
    _of_offsets("gradient with the wrong sign", after=lambda values, _: calls.negated(values)),
    _of_offsets("gradient not divided", rules=inherited(points.SentInFull)),
    _of_offsets("gradient divided twice", rules=inherited(points.SentTwiceDivided)),
    _of_offsets("only slopes along y", rules=inherited(bins.OnlySlopesAlongY)),
    _of_offsets("only slopes along x", rules=inherited(bins.OnlySlopesAlongX)),
    _of_offsets("no slope at a pixel", "MXNet, DCN, Paddle", rules=formulas.NoSlopesAtPixels, concerns=_has_slopes),
    _of_offsets("slope at a pixel", rules=formulas.SlopesAtPixels, concerns=_has_none),
    _of_offsets("slopes beyond the edge", rules=inherited(points.SlopesInTheBands)),
    _of_offsets("slope of the first sample", rules=inherited(bins.OneSampleSlopes)),
    _of_offsets("gradient not by the size of the RoI", rules=inherited(bins.PullWithoutSize)),
    _of_offsets("gradient by the size of a bin", rules=inherited(bins.PullOfBins)),
    _of_offsets("gradient by the size of the other axis", rules=inherited(bins.PullOfTheOtherAxis)),
    _of_offsets("gradient by the size in image pixels", rules=inherited(bins.PullInImagePixels)),
    _of_offsets("gradient without gamma", rules=inherited(bins.PullWithoutGamma)),
    _of_offsets("gradient by gamma squared", rules=inherited(bins.PullOfGammaSquared)),
    _of_offsets("gradients for y and x exchanged", rules=inherited(bins.GradientsExchanged)),
    _of_offsets("gradient transposed", after=lambda values, _: calls.transposed(values)),
    _of_offsets("parts in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    _of_offsets("gradients of classes in reverse order", after=lambda values, _: calls.classes_reversed(values).reshape(values.shape)),
    _of_offsets("every RoI is the first", after=calls.row_of_first_roi),
    _of_offsets("gradient of the last RoI alone", after=calls.last_roi),
)  # fmt: skip
"""Faults of the gradient for offsets."""

GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    _of_maps("backward: gradient not divided", rules=inherited(points.SentInFull)),
    _of_maps("backward: gradient divided twice", rules=inherited(points.SentTwiceDivided)),
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
)
"""Faults of gradients."""
