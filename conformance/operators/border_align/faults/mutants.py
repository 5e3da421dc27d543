"""Faults to inject into the oracle, one at a time: what an implementation of BorderAlign gets wrong, in exact arithmetic.

Those that libraries really have, or had, name them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.choices import Offset
from ....fault import Fault
from ....operation import Operation
from ..oracle.asked import Asked
from ..oracle.face import result_of
from ..oracle.geometry import ONE, ZERO, Rules
from . import calls, formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .....kernels.dialects.border_align import Dialect
    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of BorderAlign."""

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


_GEOMETRY: tuple[Mutant, ...] = (
    Mutant("offset forgotten", rules=formulas.OffsetForgotten, concerns=_is_shifted),
    Mutant("offset though there is none", "whoever has RoIAlign", rules=formulas.OffsetAlways, concerns=_is_not_shifted),
    Mutant("offset added", rules=formulas.OffsetAdded),
    Mutant("corners of whole pixels", rules=formulas.WholePixels),
    Mutant("last point left out", rules=formulas.LastPointLeftOut),
    Mutant("first point left out", rules=formulas.FirstPointLeftOut),
    Mutant("both ends left out", rules=formulas.EndsLeftOut),
    Mutant("one point more", rules=formulas.OnePointMore),
    Mutant("one point less", rules=formulas.OnePointLess),
    Mutant("twice as many points", rules=formulas.TwiceAsManyPoints),
    Mutant("points in the middle of parts", "RoIAlign", rules=formulas.PointsInTheMiddle),
    Mutant("a point beyond the end", rules=formulas.PointBeyondTheEnd),
    Mutant("only both ends", rules=formulas.EndsAlone),
    Mutant("only the first point", rules=formulas.FirstPointAlone),
    Mutant("always ten parts", rules=formulas.AlwaysTenParts),
    Mutant("bottom and right begin at the first corner", rules=formulas.FirstCornerAlways),
    Mutant("top and left begin at the second corner", rules=formulas.SecondCornerAlways),
    Mutant("right begins at the first corner", rules=formulas.OnlyBottomRunsBack),
    Mutant("bottom begins at the first corner", rules=formulas.OnlyRightRunsBack),
    Mutant("sides run across", rules=formulas.SidesAcross),
    Mutant("all sides run along x", rules=formulas.AllAlongX),
    Mutant("width for height", rules=formulas.LengthsExchanged),
    Mutant("boxes end with their last pixel", rules=formulas.InclusiveLengths),
    Mutant("lengths without their sign", rules=formulas.LengthsWithoutSign),
    Mutant("lengths of at least one", "RoIAlign", rules=formulas.LeastLength),
    Mutant("no negative lengths", rules=formulas.NoNegativeLengths),
    Mutant("no point is outside", rules=formulas.ClampedEverywhere),
    Mutant("outside from the first and last pixel on", rules=formulas.OutsideFromZero),
    Mutant("outside from half a pixel on", "grid_sample", rules=formulas.OutsideFromHalf),
    Mutant("exactly −1 is outside", rules=formulas.LowBoundIsOutside),
    Mutant("exactly H is outside", rules=formulas.HighBoundIsOutside),
    Mutant("points outside do not count", rules=formulas.OutsideDoesNotCount),
    Mutant("points outside are 1", rules=formulas.OutsideIsOne),
    Mutant("mirrored below the map", rules=formulas.FadesBelow),
    Mutant("nearest pixel", rules=formulas.NearestPixel),
    Mutant("lower pixel", rules=formulas.LowerPixel),
    Mutant("weights exchanged", rules=formulas.WeightsExchanged),
    Mutant("weights of five bits", rules=formulas.WeightsOfFiveBits),
    Mutant("x and y exchanged", before=calls.columns(0, 2, 1, 4, 3)),
    Mutant("corners exchanged", before=calls.columns(0, 3, 4, 1, 2)),
    Mutant("both x before both y", before=calls.columns(0, 1, 3, 2, 4)),
    Mutant("corners in order", before=calls.boxes(calls.sorted_corners)),
    Mutant("boxes of corner and size", before=calls.boxes(calls.by_size)),
    Mutant("boxes of centre and size", before=calls.boxes(calls.by_centre)),
    Mutant("coordinates in half precision", "mmcv, of half", before=calls.boxes(calls.in_half)),
    Mutant("always the first image", before=calls.boxes(calls.first_image)),
)  # fmt: skip
"""Faults in where points lie and what they weigh, which the output and both gradients may have."""

_SIDES: Mapping[str, tuple[int, ...]] = {
    "left and bottom exchanged": (0, 2, 1, 3),
    "top and left exchanged": (1, 0, 2, 3),
    "bottom and right exchanged": (0, 1, 3, 2),
    "sides in the order of corners": (1, 0, 3, 2),
    "sides from the last on": (3, 2, 1, 0),
    "all sides read the channels of the top": (0, 0, 0, 0),
}
"""By the fault whose channels each side reads."""

MUTANTS: tuple[Mutant, ...] = (
    *_GEOMETRY,
    *(Mutant(name, before=calls.sides(*order)) for name, order in _SIDES.items()),
    Mutant("sides of a channel are neighbours", before=calls.neighbouring_sides),
    Mutant("average", "RoIAlign", rules=formulas.Average),
    Mutant("sum", rules=formulas.Sum),
    Mutant("minimum", rules=formulas.Minimum),
    Mutant("largest magnitude", rules=formulas.LargestMagnitude),
    Mutant("maximum without its sign", rules=formulas.MagnitudeOfMaximum),
    Mutant("maximum from 0 on", rules=formulas.MaximumFromZero),
    Mutant("last point", rules=formulas.LastPointPooled),
    Mutant("batch index in half precision", before=calls.boxes(calls.batch_in_half)),
    Mutant("batch index rounded", before=calls.boxes(calls.batch_rounded)),
    Mutant("every RoI is the first", after=calls.row_of_first_roi),
    Mutant("map transposed", before=calls.transposed_maps),
    Mutant("sides before channels", after=lambda values, _: calls.sides_before_channels(values)),
    Mutant("sides of the output in reverse order", after=lambda values, _: values[:, :, ::-1]),
    Mutant("channels in reverse order", after=lambda values, _: values[:, ::-1]),
    Mutant("offsets in 32 bits", of_32_bits=True),
    Mutant("zeros", after=calls.constant(ZERO)),
    Mutant("ones", after=calls.constant(ONE)),
)  # fmt: skip
"""Faults of the output."""


def _of_maps(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.FEATURE_GRADIENT, **how)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.BOX_GRADIENT, **how)


_WINNERS: Mapping[str, type[Rules]] = {
    "the last of equal points": formulas.LastOfEqual,
    "the point after the winner": formulas.AfterTheWinner,
    "the point before the winner": formulas.BeforeTheWinner,
    "the winner counted from the far end": formulas.WinnerFromTheFarEnd,
    "the least point": formulas.LeastWins,
    "the point of largest magnitude": formulas.LargestMagnitudeWins,
    "the first point": formulas.FirstPointWins,
    "positive maxima alone": formulas.PositiveMaximaSend,
}
"""By the fault which point sends a gradient back."""


def _derived(kind: str, operation: Operation) -> Iterator[Mutant]:
    """The faults of geometry, and of which point sends, in a gradient alone."""
    for mutant in _GEOMETRY:
        yield replace(mutant, name=f"{kind}: {mutant.name}", operation=operation)
    for name, rules in _WINNERS.items():
        yield Mutant(f"{kind}: {name}", rules=rules, operation=operation)
    for name, order in _SIDES.items():
        joined = _joining(order) if operation == Operation.FEATURE_GRADIENT else {}
        yield Mutant(f"{kind}: {name}", before=calls.sides(*order), operation=operation, **joined)


def _joining(order: tuple[int, ...]) -> dict[str, Any]:
    return {"after": lambda values, _: calls.of_sides_read(values, order)}


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_derived("backward", Operation.FEATURE_GRADIENT),
    _of_maps("points outside send to the edge", rules=formulas.OutsideSends),
    _of_maps("all points send", after=calls.sent_by_all_points),
    _of_maps("the last RoI overwrites the others", "a scatter without atomics", after=calls.last_wins),
    _of_maps("only the first RoI sends its gradient", after=calls.first_only),
    _of_maps("gradient added to what was there before", after=lambda values, _: values * 2),
    _of_maps("gradients of the sides before those of channels", before=calls.arriving(calls.sides_before_channels)),
    _of_maps("gradients of the sides in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1])),
    _of_maps("gradients of the channels in reverse order", before=calls.arriving(lambda grad: grad[:, ::-1])),
    _of_maps("gradient without its sign", before=calls.arriving(abs)),
    *(_of_maps(f"gradient of side {side} alone", before=calls.arriving(calls.one_side(side))) for side in range(4)),
    _of_maps("no gradient for the maps", after=calls.constant(ZERO)),
    _of_maps("gradient of ones", after=calls.constant(ONE)),
    *_derived("boxes", Operation.BOX_GRADIENT),
    _of_boxes("no gradient for the boxes", "mmcv", after=calls.constant(ZERO)),
    _of_boxes("box gradient of ones", after=calls.constant(ONE)),
    _of_boxes("box gradient with the wrong sign", after=lambda values, _: calls.negated(values)),
    _of_boxes("box gradient: ends exchanged", rules=formulas.EndsExchanged),
    _of_boxes("box gradient: sides do not grow", rules=formulas.OnlyTheBeginningMoves),
    _of_boxes("box gradient: all points in the middle", rules=formulas.SharesOfAHalf),
    _of_boxes("box gradient: only along the side", rules=formulas.OnlyAlong),
    _of_boxes("box gradient: only across the side", rules=formulas.OnlyAcross),
    _of_boxes("box gradient: shares twice as large", rules=formulas.NumbersOfPoints),
    _of_boxes("box gradient: slopes beyond the edge", rules=formulas.SlopesInTheBands),
    _of_boxes("box gradient: slopes from the left at edges", rules=formulas.SlopesFromTheLeft),
    _of_boxes("box gradient: only along x", rules=formulas.MovesAlongXAlone),
    _of_boxes("box gradient: only along y", rules=formulas.MovesAlongYAlone),
    _of_boxes("box gradient: corners exchanged", after=lambda values, _: values[:, [2, 3, 0, 1]]),
    _of_boxes("box gradient: x and y exchanged", after=lambda values, _: values[:, [1, 0, 3, 2]]),
    _of_boxes("box gradient of the first channel", before=calls.first_channel),
    *(_of_boxes(f"box gradient of side {side} alone", before=calls.arriving(calls.one_side(side))) for side in range(4)),
    _of_boxes("box gradient: what arrives of sides before channels", before=calls.arriving(calls.sides_before_channels)),
    _of_boxes("box gradient: what arrives in reverse order", before=calls.arriving(lambda grad: grad[:, :, ::-1])),
    _of_boxes("box gradient: what arrives without its sign", before=calls.arriving(abs)),
)  # fmt: skip
"""Faults of gradients."""
