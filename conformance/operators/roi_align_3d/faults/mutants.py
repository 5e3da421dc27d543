"""Faults to inject into the oracle, one at a time: what an implementation gets wrong, in exact arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import MinSize, Offset
from ....exact.numbers import HALF
from ....fault import Fault
from ....operation import Operation
from ...roi_align.faults import formulas as of_axes
from ...roi_align.faults import gradient_formulas as of_gradients
from ..oracle.asked import Asked
from ..oracle.geometry import ONE, ZERO
from ..oracle.output import result_of
from . import calls, formulas
from .formulas import along

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .....kernels.dialects.roi_align_3d import Dialect
    from ....exact.numbers import Array
    from ....sampling.axis import Rules as RulesOfAxis


@dataclass(frozen=True, slots=True)
class Mutant(Fault[Asked]):
    """A fault."""

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        return Asked.of(arguments, dialect, self.dtype, *([self.rules] if self.rules else []))

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


def _is_shifted(dialect: Dialect, _mode: str) -> bool:
    return dialect.offset == Offset.HALF


def _is_not_shifted(dialect: Dialect, _mode: str) -> bool:
    return dialect.offset == Offset.NONE


def _is_enlarged(dialect: Dialect, _mode: str) -> bool:
    return dialect.min_size == MinSize.ONE


def _is_not_enlarged(dialect: Dialect, _mode: str) -> bool:
    return dialect.min_size == MinSize.NONE


_NEVER_NEGATIVE = "An extent of at least one pixel is never negative"

_ALONG: tuple[tuple[str, type[RulesOfAxis]], ...] = (
    ("shift before scale", formulas.ShiftedBeforeScale),
    ("scale forgotten", of_axes.ScaleForgotten),
    ("scale inverted", of_axes.ScaleInverted),
    ("corners rounded to pixels", of_axes.CornersRounded),
    ("corners sorted", of_axes.CornersSorted),
    ("extent one larger", of_axes.ExtentPlusOne),
    ("one bin less", of_axes.BinsOneLess),
    ("grid of twice the bin", of_axes.GridOfExtent),
    ("grid one larger for whole bins", of_axes.CeilPlusOne),
    ("grid rounded down", formulas.GridFloor),
    ("adaptive means two", of_axes.AdaptiveAlwaysTwo),
    ("sampling ratio ignored", of_axes.AlwaysAdaptive),
    ("always one sample", formulas.OneSample),
    ("last sample missing", of_axes.LastSampleMissing),
    ("samples at the corners of their cells", of_axes.SamplesAtCorners),
    ("samples spread between the ends of the bin", of_axes.SamplesWithEnds),
    ("every bin is the first", of_axes.FirstBinOnly),
    ("outside begins at -1/2", of_axes.bounds(-HALF, 0)),
    ("outside begins at 0", of_axes.bounds(Fraction(0), 0)),
    ("outside begins at -2", of_axes.bounds(Fraction(-2), 0)),
    ("outside begins at H - 1", of_axes.bounds(-ONE, -1)),
    ("outside begins at H + 1", of_axes.bounds(-ONE, 1)),
    ("exactly -1 and exactly H are outside", of_axes.bounds(-ONE, 0, including=False)),
    ("exactly H is outside", of_axes.HighBoundExcluded),
    ("zero padding", of_axes.FadesAtEdge),
    ("extrapolates at the high edge", of_axes.ClampOnlyLow),
    ("last pixel never read", of_axes.LastPixelUnreachable),
    ("nearest pixel", of_axes.NearestPixel),
    ("lower pixel", of_axes.FloorPixel),
    ("weights exchanged", of_axes.WeightsExchanged),
    ("one weight off by 1/64", of_axes.OneWeightOff),
    ("weights in quarters", of_axes.WeightsInQuarters),
    ("higher pixel forgotten", formulas.HighPixelForgotten),
    ("lower pixel forgotten", formulas.LowPixelForgotten),
)
"""Faults along an axis, under every dialect."""

_OF_DIALECTS: tuple[tuple[str, type[RulesOfAxis], Callable[[Dialect, str], bool], str], ...] = (
    ("no half-pixel shift", formulas.NotShifted, _is_shifted, ""),
    ("half-pixel shift where none is due", formulas.Shifted, _is_not_shifted, ""),
    ("shift of one pixel", of_axes.OffsetOfOnePixel, _is_shifted, ""),
    ("no minimum size", formulas.NotEnlarged, _is_enlarged, ""),
    ("minimum size always", formulas.Enlarged, _is_not_enlarged, ""),
    ("minimum size two", of_axes.MinSizeTwo, lambda *_: True, ""),
    ("extent without its sign", of_axes.AbsoluteExtent, _is_not_enlarged, _NEVER_NEGATIVE),
    ("inverted bins run forward", of_axes.MirroredBins, _is_not_enlarged, _NEVER_NEGATIVE),
)
"""Those that show under some."""

_WHO = {"nearest pixel": "MedVision of order 0", "minimum size always": "the pull request of DKFZ"}
_ALONE = {"z": "along z alone", "x": "along x alone"}


def _lines() -> Iterator[Mutant]:
    """The faults of an axis, along all of them, and along one where the others are right."""
    for name, fault in _ALONG:
        yield Mutant(name, _WHO.get(name, ""), rules=along(fault))
        for axis, where in _ALONE.items():
            yield Mutant(f"{name}, {where}", rules=along(fault, axis))
    for name, fault, concerns, why in _OF_DIALECTS:
        yield Mutant(name, _WHO.get(name, ""), rules=along(fault), concerns=concerns, equivalent=why)
        for axis, where in _ALONE.items():
            yield Mutant(f"{name}, {where}", rules=along(fault, axis), concerns=concerns, equivalent=why)


_GEOMETRY: tuple[Mutant, ...] = (
    *_lines(),
    Mutant("samples along y for those along z", rules=formulas.GridOfYAlongZ),
    Mutant("samples along x for all", rules=formulas.GridOfXForAll),
    Mutant("z bounded by H", rules=formulas.DepthOfHeight),
    Mutant("x bounded by D", rules=formulas.WidthOfDepth),
    Mutant("divides by the samples of a slice", rules=formulas.DividesWithoutZ),
    Mutant("divides without those along x", rules=formulas.DividesWithoutX),
    Mutant("divides by those of one axis thrice", rules=formulas.DividesByOneAxis),
    Mutant("sums instead of averaging", rules=formulas.Sums),
    Mutant("z, y, x in rows of boxes", "a fork of torchvision", before=calls.columns(0, 3, 2, 1, 6, 5, 4)),
    Mutant("z after x and y in rows of boxes", "the pull request of DKFZ", before=calls.columns(0, 1, 2, 5, 3, 4, 6)),
    Mutant("both corners of an axis together in rows of boxes", before=calls.columns(0, 1, 3, 5, 2, 4, 6)),
    Mutant("x and y of the boxes exchanged", before=calls.columns(0, 2, 1, 3, 5, 4, 6)),
    Mutant("y and z of the boxes exchanged", before=calls.columns(0, 1, 3, 2, 4, 6, 5)),
    Mutant("corners exchanged", before=calls.columns(0, 4, 5, 6, 1, 2, 3)),
    Mutant("boxes are corner and extent", before=calls.boxes(calls.by_extent)),
    Mutant("scales in reverse order", before=calls.scales(2, 1, 0)),
    Mutant("the scale of y along z", before=calls.scales(1, 1, 2)),
    Mutant("one scale for all axes", "all that are known", before=calls.scales(2, 2, 2)),
    Mutant("sampling ratios in reverse order", before=calls.ratios(2, 1, 0)),
    Mutant("the sampling ratio of y along z", before=calls.ratios(1, 1, 2)),
    Mutant("one sampling ratio for all axes", "all that are known", before=calls.ratios(2, 2, 2)),
    Mutant("always the first image", before=calls.boxes(calls.first_image)),
)  # fmt: skip
"""Faults in where samples lie and what they weigh, which the output and all gradients may have."""

MUTANTS: tuple[Mutant, ...] = (
    *_GEOMETRY,
    Mutant("batch index in half precision", before=calls.boxes(calls.batch_in_half)),
    Mutant("batch index rounded", before=calls.boxes(calls.batch_rounded)),
    Mutant("every RoI is the first", after=calls.row_of_first_roi),
    Mutant("z and x of the volume exchanged", before=calls.pixels(lambda array: calls.transposed(array, 2, 4))),
    Mutant("z and y of the volume exchanged", before=calls.pixels(lambda array: calls.transposed(array, 2, 3))),
    Mutant("y and x of the volume exchanged", before=calls.pixels(lambda array: calls.transposed(array, 3, 4))),
    Mutant("slices from the far end", before=calls.pixels(lambda array: array[:, :, ::-1])),
    Mutant("only the first slice is read", before=calls.pixels(calls.first_slice)),
    Mutant("channels of the volume in reverse order", before=calls.pixels(lambda array: array[:, ::-1])),
    Mutant("z and x of the output exchanged", after=lambda values, _: calls.transposed(values, 2, 4)),
    Mutant("z and y of the output exchanged", after=lambda values, _: calls.transposed(values, 2, 3)),
    Mutant("y and x of the output exchanged", after=lambda values, _: calls.transposed(values, 3, 4)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1, ::-1]),
    Mutant("slices of bins in reverse order", after=lambda values, _: values[:, :, ::-1]),
    Mutant("32-bit addresses", of_32_bits=True),
    Mutant("zeros", after=calls.constant(ZERO)),
    Mutant("ones", after=calls.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""


def _derived(kind: str, operation: Operation) -> Iterator[Mutant]:
    """The faults of geometry in a gradient alone; those of one axis alone along z, which is what is new."""
    for mutant in _GEOMETRY:
        if not mutant.name.endswith(_ALONE["x"]):
            yield replace(mutant, name=f"{kind}: {mutant.name}", operation=operation)


def _of_maps(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(f"backward: {name}", who, operation=Operation.FEATURE_GRADIENT, **how)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(f"boxes: {name}", who, operation=Operation.BOX_GRADIENT, **how)


_ARRIVING: dict[str, Any] = {
    "gradient of the first slice of bins": calls.arriving(calls.first_bins(2)),
    "gradient of the first row of bins": calls.arriving(calls.first_bins(3)),
    "gradient of the first column of bins": calls.arriving(calls.first_bins(4)),
    "z and x of what arrives exchanged": calls.arriving(lambda grad: calls.transposed(grad, 2, 4)),
    "y and x of what arrives exchanged": calls.arriving(lambda grad: calls.transposed(grad, 3, 4)),
    "what arrives in reverse order": calls.arriving(lambda grad: grad[:, :, ::-1, ::-1, ::-1]),
    "slices of what arrives in reverse order": calls.arriving(lambda grad: grad[:, :, ::-1]),
    "what arrives for channels in reverse order": calls.arriving(lambda grad: grad[:, ::-1]),
    "what arrives without its sign": calls.arriving(abs),
}
_RETURNED: dict[str, Any] = {
    "no gradient": calls.constant(ZERO),
    "gradient of ones": calls.constant(ONE),
    "gradient added to what was there before": lambda values, _: calls.doubled(values),
    "gradient with the wrong sign": lambda values, _: calls.negated(values),
}
_SENT: dict[str, Any] = {
    "gradient not divided": formulas.SentInFull,
    "gradient divided twice": formulas.SentTwiceDivided,
}
_MOVED: tuple[tuple[str, type[RulesOfAxis]], ...] = (
    ("samples move as the corner does", of_gradients.MovesAtCorners),
    ("slopes beyond the edge", of_gradients.ClampedMove),
    ("gradient in feature pixels", of_gradients.MovesWithoutScale),
    ("no gradient for the second corner", of_gradients.SecondCornerHeld),
    ("no slope", formulas.NoSlope),
)

GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    *(_of_maps(name, before=before) for name, before in _ARRIVING.items()),
    *(_of_maps(name, after=after) for name, after in _RETURNED.items()),
    *(_of_maps(name, rules=rules) for name, rules in _SENT.items()),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=calls.last_wins),
    _of_maps("only the first RoI sends its gradient", after=calls.first_only),
    _of_maps("slices in reverse order", after=lambda values, _: values[:, :, ::-1]),
    *_derived("boxes", Operation.BOX_GRADIENT),
    *(_of_boxes(name, before=before) for name, before in _ARRIVING.items()),
    *(_of_boxes(name, after=after) for name, after in _RETURNED.items()),
    *(_of_boxes(name, rules=rules) for name, rules in _SENT.items()),
    _of_boxes("gradient of the first channel", before=calls.first_channel),
    *(_of_boxes(name, rules=along(fault)) for name, fault in _MOVED if fault is not formulas.NoSlope),
    *(_of_boxes(f"{name}, {where}", rules=along(fault, axis)) for name, fault in _MOVED for axis, where in _ALONE.items()),
    _of_boxes("a RoI that is enlarged moves", rules=along(of_gradients.HeldExtentMoves), concerns=_is_enlarged),
    _of_boxes("a RoI that is enlarged moves, along z alone", rules=along(of_gradients.HeldExtentMoves, "z"), concerns=_is_enlarged),
    _of_boxes("both corners along x first", rules=formulas.NumbersAxisByAxis),
    _of_boxes("those along z first in each corner", rules=formulas.NumbersFromZ),
    _of_boxes("those along z last", rules=formulas.NumbersOfPlanes),
    _of_boxes("gradients of the corners exchanged", rules=formulas.CornersExchanged),
    _of_boxes("no gradient along z", after=lambda values, _: calls.held(values, [2, 5])),
    _of_boxes("every RoI is the first", after=calls.row_of_first_roi),
)  # fmt: skip
"""Faults of gradients."""
