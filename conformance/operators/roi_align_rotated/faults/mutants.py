"""Faults to inject into the oracle, one at a time: what an implementation of rotated RoIAlign gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import MinSize, Offset
from .....kernels.dialects.roi_align_rotated import Dialect, Unit
from ....fault import Fault
from ....operation import Operation
from ..oracle.asked import Asked
from ..oracle.face import result_of
from ..oracle.geometry import ONE, ZERO, Rules
from . import calls, formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of rotated RoIAlign."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return Asked.of(arguments, dialect, self.dtype, self.rules or Rules)

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


def _is_shifted(dialect: Dialect, _mode: str) -> bool:
    return dialect.offset == Offset.HALF


def _is_not_shifted(dialect: Dialect, _mode: str) -> bool:
    return dialect.offset == Offset.NONE


def _has_least_size(dialect: Dialect, _mode: str) -> bool:
    return dialect.min_size == MinSize.ONE


def _has_any_size(dialect: Dialect, _mode: str) -> bool:
    return dialect.min_size == MinSize.NONE


def _takes_degrees(dialect: Dialect, _mode: str) -> bool:
    return dialect.unit == Unit.DEGREES


_GEOMETRY: tuple[Mutant, ...] = (
    Mutant("offset forgotten", "mmcv before `aligned`", rules=formulas.OffsetForgotten, concerns=_is_shifted),
    Mutant("offset though there is none", "detectron2's, for others", rules=formulas.OffsetAlways, concerns=_is_not_shifted),
    Mutant("offset before the scale", rules=formulas.OffsetBeforeScale),
    Mutant("offset added", rules=formulas.OffsetAdded),
    Mutant("offset taken from the size", rules=formulas.OffsetOfSize, concerns=_is_shifted),
    Mutant("scale forgotten", rules=formulas.ScaleForgotten),
    Mutant("size not scaled", rules=formulas.SizeInImagePixels),
    Mutant("scale inverted", rules=formulas.ScaleInverted),
    Mutant("size of the last pixel", rules=formulas.InclusiveSize),
    Mutant("sizes from the centre on", rules=formulas.HalfSizes),
    Mutant("turned the other way", "ReDet, AerialDetection", rules=formulas.OtherWay),
    Mutant("unit of angles exchanged", rules=formulas.OtherUnit),
    Mutant("not turned", "RoIAlign", rules=formulas.NotTurned),
    Mutant("turned to the nearest quarter", rules=formulas.TurnedToNearestQuarter),
    Mutant("angle modulo half a turn", rules=formulas.HalfTurnsForgotten),
    Mutant("angle without its sign", rules=formulas.AngleWithoutSign),
    Mutant("angle from the y axis on", rules=formulas.QuarterMore),
    Mutant("cosine and sine exchanged", rules=formulas.CosineAndSineExchanged),
    Mutant("cosine is 1", rules=formulas.SmallAngle),
    Mutant("angle in half precision", "mmcv on CUDA, of half", before=calls.boxes(calls.angle_in_half)),
    Mutant("least size forgotten", rules=formulas.LeastSizeForgotten, concerns=_has_least_size),
    Mutant("least size one", "mmcv with `aligned=False`", rules=formulas.LeastSizeOne, concerns=_has_any_size),
    Mutant("size without its sign", rules=formulas.SizeWithoutSign, concerns=_has_any_size),
    Mutant("adaptive grid one more", rules=formulas.GridOneMore),
    Mutant("adaptive grid rounded down", rules=formulas.GridFloor),
    Mutant("adaptive grid of the RoI", rules=formulas.GridOfSize),
    Mutant("always one sample", rules=formulas.OneSample),
    Mutant("always an adaptive grid", rules=formulas.AlwaysAdaptive),
    Mutant("two samples for an adaptive grid", rules=formulas.TwoWhereAdaptive),
    Mutant("grids of both axes exchanged", rules=formulas.GridsExchanged),
    Mutant("one grid for both axes", rules=formulas.OneGridForBoth),
    Mutant("samples at the beginning of their cells", rules=formulas.SamplesAtStarts),
    Mutant("samples at the end of their cells", rules=formulas.SamplesAtEnds),
    Mutant("centre taken for a corner", rules=formulas.FromTheCentre),
    Mutant("bins from the far end", rules=formulas.BinsReversed),
    Mutant("every bin is the first", rules=formulas.FirstBinOnly),
    Mutant("one bin less", rules=formulas.BinsOneLess),
    Mutant("samples as far apart as bins", rules=formulas.SamplesNotScaled),
    Mutant("x turned the other way", rules=formulas.XTurnedTheOtherWay),
    Mutant("y turned the other way", rules=formulas.YTurnedTheOtherWay),
    Mutant("cosine and sine exchanged in x", rules=formulas.ExchangedInX),
    Mutant("only y turned", rules=formulas.OnlyYTurned),
    Mutant("no sample is outside", "torchvision's Python", rules=formulas.ClampedEverywhere),
    Mutant("outside from the first and last pixel on", rules=formulas.OutsideFromZero),
    Mutant("outside from half a pixel on", "grid_sample", rules=formulas.OutsideFromHalf),
    Mutant("exactly −1 is outside", rules=formulas.LowBoundIsOutside),
    Mutant("exactly H is outside", rules=formulas.HighBoundIsOutside),
    Mutant("mirrored below the map", rules=formulas.FadesBelow),
    Mutant("nearest pixel", rules=formulas.NearestPixel),
    Mutant("weights exchanged", rules=formulas.WeightsExchanged),
    Mutant("weights of five bits", rules=formulas.WeightsOfFiveBits),
    Mutant("divides by the samples inside", rules=formulas.InsideCount),
    Mutant("sums instead of averages", rules=formulas.Sums),
    Mutant("divides by the samples of one axis", rules=formulas.OneAxisDivides),
    Mutant("width and height exchanged", "mmcv's symbolic for ONNX", before=calls.columns(0, 1, 2, 4, 3, 5)),
    Mutant("x and y of the centre exchanged", before=calls.columns(0, 2, 1, 3, 4, 5)),
    Mutant("angle in front of the size", before=calls.columns(0, 1, 2, 5, 3, 4)),
    Mutant("boxes are corners", before=calls.boxes(calls.by_corners)),
    Mutant("always the first image", before=calls.boxes(calls.first_image)),
)  # fmt: skip
"""Faults in where samples lie and what they weigh, which the output and both gradients may have."""

MUTANTS: tuple[Mutant, ...] = (
    *_GEOMETRY,
    Mutant("0 / 0 without samples", after=calls.empty_is_nan, concerns=_has_any_size, equivalent="A RoI of a least size has samples"),
    Mutant("batch index in half precision", before=calls.boxes(calls.batch_in_half)),
    Mutant("batch index rounded", before=calls.boxes(calls.batch_rounded)),
    Mutant("every RoI is the first", after=calls.row_of_first_roi),
    Mutant("map transposed", before=lambda asked: replace(asked, pixels=calls.transposed(asked.pixels))),
    Mutant("output transposed", after=lambda values, _: calls.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", of_32_bits=True),
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


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.BOX_GRADIENT, **how)


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    _of_maps("gradient not divided", rules=formulas.SentInFull),
    _of_maps("gradient divided twice", rules=formulas.SentTwiceDivided),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=calls.last_wins),
    _of_maps("only the first RoI sends its gradient", after=calls.first_only),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the bins transposed", "mmcv on NPU", before=calls.arriving(calls.transposed)),
    _of_maps("gradients of the bins in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=calls.arriving(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=calls.arriving(abs)),
    _of_maps("no gradient for the maps", "MXNet, OpenVINO", after=calls.constant(ZERO)),
    _of_maps("gradient of ones", after=calls.constant(ONE)),
    *_derived("boxes", Operation.BOX_GRADIENT),
    _of_boxes("no gradient for the boxes", "all others", after=calls.constant(ZERO)),
    _of_boxes("no gradient for the angle", after=lambda values, _: calls.angle_is_still(values)),
    _of_boxes("box gradient of ones", after=calls.constant(ONE)),
    _of_boxes("box gradient with the wrong sign", after=lambda values, _: calls.negated(values)),
    _of_boxes("box gradient not divided", rules=formulas.SentInFull),
    _of_boxes("box gradient in feature pixels", rules=formulas.InFeaturePixels),
    _of_boxes("box gradient: angle in radians", rules=formulas.AngleInRadians, concerns=_takes_degrees),
    _of_boxes("box gradient: sizes by distances", rules=formulas.SharesOfPixels),
    _of_boxes("box gradient: sizes from the corner", rules=formulas.SharesFromTheCorner),
    _of_boxes("box gradient: sizes along the map", rules=formulas.SizesMoveAlongTheMap),
    _of_boxes("box gradient: centre along the RoI", rules=formulas.CentreMovesAlongTheRoi),
    _of_boxes("box gradient: angle without the width", rules=formulas.AngleWithoutWidth),
    _of_boxes("box gradient: angle the other way", rules=formulas.AngleTheOtherWay),
    _of_boxes("box gradient: angle of the upright box", rules=formulas.AngleOfTheUpright),
    _of_boxes("box gradient: a held size moves", rules=formulas.HeldSizeMoves, concerns=_has_least_size),
    _of_boxes("box gradient: slopes beyond the edge", rules=formulas.SlopesInTheBands),
    _of_boxes("box gradient: only slopes along y", rules=formulas.OnlySlopesAlongY),
    _of_boxes("box gradient: only slopes along x", rules=formulas.OnlySlopesAlongX),
    _of_boxes("box gradient: width and height exchanged", after=lambda values, _: values[:, [0, 1, 3, 2, 4]]),
    _of_boxes("box gradient: x and y exchanged", after=lambda values, _: values[:, [1, 0, 2, 3, 4]]),
    _of_boxes("box gradient of the first channel", before=calls.first_channel),
    _of_boxes("box gradient of the first bin", before=calls.first_bin),
    _of_boxes("box gradient: what arrives transposed", before=calls.arriving(calls.transposed)),
    _of_boxes("box gradient: what arrives in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_boxes("box gradient: what arrives without its sign", before=calls.arriving(abs)),
)  # fmt: skip
"""Faults of gradients."""
