"""Faults to inject into the oracle, one at a time: those of rotated RoIAlign, and what goes wrong with orientations."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.riroi_align_rotated import DIALECTS, Dialect
from .....kernels.dialects.roi_align_rotated import QuarterTurns, Turn
from ....fault import Fault
from ....operation import Operation
from ...roi_align_rotated.faults import mutants as of_rotated
from ...roi_align_rotated.oracle.geometry import Rules
from ..oracle.asked import Asked
from ..oracle.orienting import Orienting
from ..oracle.output import result_of
from . import calls, formulas

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array


class Mutant(Fault[Asked]):
    """A fault of rotation-invariant RoIAlign; its ``rules`` are those of where samples lie, or of orientations."""

    __slots__ = ()

    def ask(self, arguments: Mapping[str, Any], dialect: Dialect) -> Asked:
        """The call that a case describes, with the faulty formulas, if it is in them."""
        rules = self.rules or Rules
        if issubclass(rules, Orienting):
            return Asked.made(arguments, dialect, self.dtype, orienting=rules)  # type: ignore[arg-type]
        return Asked.made(arguments, dialect, self.dtype, rules)

    def answer(self, asked: Asked, operation: Operation) -> Array:
        """The oracle's answer to a call."""
        return result_of(asked, operation).values


_AFTER = {
    "the last RoI overwrites the others": calls.last_wins,
    "only the first RoI sends its gradient": calls.first_only,
}
"""Faults of rotated RoIAlign whose answers are put together of calls."""

_NOT_HERE = ("box gradient of the first channel",)
"""Faults of rotated RoIAlign that leave no whole feature."""


def _borrowed(mutant: of_rotated.Mutant) -> Mutant:
    """A fault of rotated RoIAlign."""
    given: dict[str, Any] = {each.name: getattr(mutant, each.name) for each in fields(mutant)}
    given["concerns"] = lambda dialect, mode: mutant.concerns(dialect.sampling, mode)
    given["after"] = _AFTER.get(mutant.name, mutant.after)
    return Mutant(**given)


def _of_rotated(mutants: tuple[of_rotated.Mutant, ...]) -> Iterator[Mutant]:
    """Those faults of rotated RoIAlign that can show under any dialect."""
    for mutant in mutants:
        if mutant.name not in _NOT_HERE and any(mutant.concerns(each.sampling, "avg") for each in DIALECTS.values()):
            yield _borrowed(mutant)


def _is_clockwise(dialect: Dialect, _mode: str) -> bool:
    return dialect.turn == Turn.CLOCKWISE


def _has_quarters(dialect: Dialect, _mode: str) -> bool:
    return dialect.quarter_turns == QuarterTurns.EXACT


_ORIENTATIONS: tuple[Mutant, ...] = (
    Mutant("index of the way in which the box turns", rules=formulas.IndexOfTheTurn, concerns=_is_clockwise),
    Mutant("index of the other way", rules=formulas.IndexOfTheOtherWay),
    Mutant("all orientations in half a turn", rules=formulas.IndexOfHalfTurns),
    Mutant("index of degrees", rules=formulas.IndexOfDegrees),
    Mutant("an orientation and its opposite are one", rules=formulas.IndexModuloHalfTurn),
    Mutant("index of an angle in half precision", "mmcv on CUDA, of half", rules=formulas.IndexInHalf),
    Mutant("index of a quarter turn computed", "mmcv", rules=formulas.IndexComputed, concerns=_has_quarters),
    Mutant("index truncated", rules=formulas.IndexTruncated),
    Mutant("index rounded up", rules=formulas.IndexRoundedUp),
    Mutant("weights of orientations exchanged", rules=formulas.WeightsExchanged),
    Mutant("nearest orientation", rules=formulas.NearestOrientation),
    Mutant("whole orientation alone", rules=formulas.WholeOrientation),
    Mutant("half of both orientations", rules=formulas.HalfOfBoth),
    Mutant("whole orientation in full", rules=formulas.WholeInFull),
    Mutant("orientations not turned", "rotated RoIAlign", rules=formulas.NotTurned),
    Mutant("index added", rules=formulas.Added),
    Mutant("the other neighbour", rules=formulas.OtherNeighbour),
    Mutant("one orientation twice", rules=formulas.SameTwice),
    Mutant("after the last orientation the next feature", rules=formulas.NeighbourOfNextFeature),
    Mutant("orientations do not go around", rules=formulas.NotAround),
    Mutant("remainders of negative numbers", rules=formulas.RemainderOfC),
    Mutant("orientations go around once", rules=formulas.AroundOnce),
    Mutant("only the first feature turned", rules=formulas.FirstFeatureOnly),
    Mutant("orientations slower than features", rules=formulas.OrientationsSlowest),
    Mutant("always eight orientations", rules=formulas.AlwaysEight),
    Mutant("always one orientation", rules=formulas.AlwaysOne),
)
"""Faults in which orientations are read, and what they weigh, which the output and both gradients may have."""

MUTANTS: tuple[Mutant, ...] = (*_of_rotated(of_rotated.MUTANTS), *_ORIENTATIONS)
"""Faults of the output."""


def _derived(kind: str, operation: Operation) -> Iterator[Mutant]:
    """The faults of orientations in a gradient alone."""
    for mutant in _ORIENTATIONS:
        yield replace(mutant, name=f"{kind}: {mutant.name}", operation=operation)


def _of_boxes(name: str, who: str = "", **how: Any) -> Mutant:
    return Mutant(name, who, operation=Operation.BOX_GRADIENT, **how)


GRADIENT_MUTANTS: tuple[Mutant, ...] = (
    *_of_rotated(of_rotated.GRADIENT_MUTANTS),
    *_derived("backward", Operation.FEATURE_GRADIENT),
    Mutant(
        "backward: mixed as the output is", rules=formulas.ReturnedAsRead, operation=Operation.FEATURE_GRADIENT
    ),
    *_derived("boxes", Operation.BOX_GRADIENT),
    _of_boxes("boxes: mixed as the output is", rules=formulas.ReturnedAsRead),
    _of_boxes("box gradient of the first feature", before=calls.first_feature),
    _of_boxes("box gradient of the first orientation", before=calls.first_orientation),
    _of_boxes("box gradient: the angle mixes nothing", "roi_align_rotated", rules=formulas.IndexStays),
    _of_boxes("box gradient: the angle mixes the other way", rules=formulas.IndexTurnsBack),
    _of_boxes(
        "box gradient: the angle mixes as the box turns", rules=formulas.IndexTurnsWithTheBox, concerns=_is_clockwise
    ),
    _of_boxes("box gradient: the angle mixes by orientations", rules=formulas.IndexOfATurn),
    _of_boxes("box gradient: the angle mixes by radians", rules=formulas.IndexOfARadian),
)  # fmt: skip
"""Faults of gradients."""
