"""Faults to inject into the oracle, one at a time: what an implementation of PrRoIPool gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.prroi_pool import Dialect, FlatBox
from .... import mistakes
from ....fault import Fault
from ....operation import Operation
from ..oracle.asked import Asked
from ..oracle.face import result_of
from ..oracle.geometry import ONE, ZERO, Rules
from . import calls, formulas

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of PrRoIPool."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        # Who makes mistakes may well pool a box that is beyond the numbers of a type.
        return replace(Asked.of(arguments, dialect, self.dtype, self.rules or Rules), largest=math.inf)

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


_GEOMETRY: tuple[Mutant, ...] = (
    Mutant("corners half a pixel off", "RoIAlign's offset", rules=formulas.HalfPixelOffset),
    Mutant("corners rounded", "RoIPool", rules=formulas.CornersRounded),
    Mutant("corners truncated", rules=formulas.CornersTruncated),
    Mutant("scale forgotten", rules=formulas.ScaleForgotten),
    Mutant("scale inverted", rules=formulas.ScaleInverted),
    Mutant("one scale for both axes", before=lambda asked: replace(asked, scale=(asked.scale[0],) * 2)),
    Mutant("least size one", "RoIAlign", rules=formulas.MinSizeOne),
    Mutant("least size a little", rules=formulas.LittleSize),
    Mutant("inclusive end, in feature pixels", "RoIPool", rules=formulas.InclusiveEnd),
    Mutant("inclusive end, in image pixels", before=mistakes.boxes(calls.ends_plus_one)),
    Mutant("inverted extents kept", rules=formulas.SignedExtent),
    Mutant("extent without its sign", rules=formulas.AbsoluteExtent),
    Mutant("corners sorted", before=mistakes.boxes(calls.sorted_corners)),
    Mutant("boxes clipped to the map", before=mistakes.clipped_to_map),
    Mutant("one bin less", rules=formulas.BinsOneLess),
    Mutant("every bin is the first", rules=formulas.FirstBinOnly),
    Mutant("bins of whole cells", rules=formulas.WholePixels),
    Mutant("border clamped", "RoIAlign", rules=formulas.ClampedBorder),
    Mutant("the pixel after the last is the last", rules=formulas.HighBorderClamped),
    Mutant("nothing integrated outside the map", rules=formulas.NothingOutside),
    Mutant("map ends half a pixel beyond its pixels", rules=formulas.HalfAPixelOutside),
    Mutant("last row and column left out", "torchvision's PSRoIPool", rules=formulas.LastRowLeftOut),
    Mutant("first row and column left out", rules=formulas.FirstRowLeftOut),
    Mutant("nearest pixel instead of a slope", rules=formulas.NearestPixel),
    Mutant("one sample in the middle", "RoIAlign", rules=formulas.MiddleOfBin),
    Mutant("two samples along each axis", "RoIAlign", rules=formulas.TwoSamples),
    Mutant("trapezoidal rule over the bin", rules=formulas.EdgesOfBin),
    Mutant("weights of both sides of a cell exchanged", rules=formulas.SidesExchanged),
    Mutant("bins begin with their first cell", rules=formulas.BeginsWithCell),
    Mutant("bins end with their last cell", rules=formulas.EndsWithCell),
    Mutant("last cell left out", rules=formulas.LastCellLeftOut),
    Mutant("first cell left out", rules=formulas.FirstCellLeftOut),
    Mutant("half of the square forgotten", rules=formulas.HalfForgotten),
    Mutant("at most three pixels along an axis", rules=formulas.AtMostThreePixels),
    Mutant("sums instead of averaging", rules=formulas.Sums),
    Mutant("divides by the height twice", rules=formulas.HeightTwice),
    Mutant("area at least one", rules=formulas.AreaAtLeastOne),
    Mutant("something added to the area", rules=formulas.AreaPlusLittle),
    Mutant("x and y of the boxes exchanged", before=mistakes.columns(0, 2, 1, 4, 3)),
    Mutant("boxes are corner and extent", before=mistakes.boxes(mistakes.extents_for_corners)),
    Mutant("always the first image", before=mistakes.boxes(mistakes.first_image)),
)  # fmt: skip
"""Faults in where a RoI lies and what it weighs, which the output and both gradients may have."""

MUTANTS: tuple[Mutant, ...] = (
    *_GEOMETRY,
    Mutant("divides by the number of bins", after=calls.over_bins),
    Mutant("divides by the area of the RoI", after=calls.over_roi),
    Mutant("0 / 0 without area", after=calls.flat_is_nan),
    Mutant("thin bins count as without area", after=calls.thin_is_flat),
    Mutant("batch index in half precision", before=mistakes.boxes(mistakes.batch_in_half)),
    Mutant("batch index rounded", before=mistakes.boxes(mistakes.batch_rounded)),
    Mutant("every RoI is the first", after=mistakes.row_of_first_roi),
    Mutant("map transposed", before=mistakes.map_transposed),
    Mutant("output transposed", after=lambda values, _: mistakes.transposed(values)),
    Mutant("bins in reverse order", after=lambda values, _: values[:, :, ::-1, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", of_32_bits=True),
    Mutant("zeros", after=mistakes.constant(ZERO)),
    Mutant("ones", after=mistakes.constant(ONE)),
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


def _gives(flat: FlatBox) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, rules=Rules(Dialect(flat_box=flat)))


def _does_not(flat: FlatBox) -> Callable[[Dialect, str], bool]:
    return lambda dialect, _mode: dialect.flat_box != flat


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    _of_maps("gradient not divided by the area", rules=formulas.SentInFull),
    _of_maps("gradient divided by the number of bins", before=calls.scaled(lambda roi: roi.y.bin * roi.x.bin / (roi.y.bins * roi.x.bins))),
    _of_maps("gradient divided by the area twice", before=calls.scaled(lambda roi: 1 / (roi.y.bin * roi.x.bin) if roi.has_area else ZERO)),
    _of_maps("a RoI without area sends NaN", after=calls.flat_spoils_map),
    _of_maps("the last bin overwrites the others", "Paddle on a CPU", after=calls.last_bin_wins),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=mistakes.last_roi_wins(calls.of_maps)),
    _of_maps("only the first RoI sends its gradient", after=mistakes.first_roi_alone(calls.of_maps)),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the bins transposed", before=mistakes.arriving(mistakes.transposed)),
    _of_maps("gradients of the bins in reverse order", before=mistakes.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=mistakes.arriving(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=mistakes.arriving(abs)),
    _of_maps("no gradient for the maps", after=mistakes.constant(ZERO)),
    _of_maps("gradient of ones", after=mistakes.constant(ONE)),
    *_derived("boxes", Operation.BOX_GRADIENT),
    _of_boxes("no gradient for the boxes", "nearly all pools", after=mistakes.constant(ZERO)),
    _of_boxes("box gradient of ones", after=mistakes.constant(ONE)),
    _of_boxes("box gradient with the wrong sign", after=lambda values, _: calls.negated(values)),
    _of_boxes("box gradient in feature pixels", rules=formulas.MovesWithoutScale),
    _of_boxes("box gradient: corners exchanged", after=lambda values, _: values[:, [2, 3, 0, 1]]),
    _of_boxes("box gradient: x and y exchanged", after=lambda values, _: values[:, [1, 0, 3, 2]]),
    _of_boxes("box gradient one place late", "Paddle", after=calls.one_place_late),
    _of_boxes("box gradient without the value", rules=formulas.ValueForgotten),
    _of_boxes("box gradient without the line", rules=formulas.LineForgotten),
    _of_boxes("box gradient with the value added", rules=formulas.ValueAdded),
    _of_boxes("box gradient with the value not divided", rules=formulas.ValueNotDivided),
    _of_boxes("box gradient: factors of both edges exchanged", rules=formulas.EdgesExchanged),
    _of_boxes("box gradient: second corner held", rules=formulas.SecondCornerHeld),
    _of_boxes("box gradient: all edges move with the first corner", rules=formulas.AllMoveTogether),
    _of_boxes("box gradient: only the outer edges move", rules=formulas.OuterEdgesOnly),
    _of_boxes("box gradient: edges move as the middle of the bin", rules=formulas.EdgesInTheMiddle),
    _of_boxes("box gradient of the first channel", before=calls.first_channel),
    _of_boxes("box gradient of the first bin", before=calls.first_bin),
    _of_boxes("box gradient: what arrives transposed", before=mistakes.arriving(mistakes.transposed)),
    _of_boxes("box gradient: what arrives in reverse order", before=mistakes.arriving(lambda grad: grad[:, :, ::-1, ::-1])),
    _of_boxes("box gradient: what arrives without its sign", before=mistakes.arriving(abs)),
    _of_boxes("box gradient: a flat box gets NaN", "Paddle", before=_gives(FlatBox.NAN), concerns=_does_not(FlatBox.NAN)),
)  # fmt: skip
"""Faults of gradients."""
