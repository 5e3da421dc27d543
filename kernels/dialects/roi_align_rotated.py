"""The vocabulary of rotated RoIAlign's dialects: one choice for every point where public implementations differ.

This module is data, not arithmetic. The formulas behind each choice stand in
``conformance/operators/roi_align_rotated/RULES.md``; the rule numbers refer to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from .choices import MinSize, Offset
from .taking import called, take_choices

if TYPE_CHECKING:
    from collections.abc import Mapping


class Unit(StrEnum):
    """RR-3: the unit of the angle of a box."""

    RADIANS = "radians"
    DEGREES = "degrees"


class Turn(StrEnum):
    """RR-3: which way a box turns as its angle grows, on a screen, where y points down."""

    COUNTER_CLOCKWISE = "counter_clockwise"
    CLOCKWISE = "clockwise"


class QuarterTurns(StrEnum):
    """RR-4: what becomes of a multiple of a quarter turn."""

    EXACT = "exact"
    """Its cosine and sine are 0, 1 and −1: of a multiple of 90 degrees, and of the number that is nearest to a multiple
    of π/2."""
    COMPUTED = "computed"
    """Its cosine and sine are those of the rounded angle in radians, like those of any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One choice per decision point. The defaults are ours; but for quarter turns they are mmcv's with ``aligned=True``."""

    unit: Unit = Unit.RADIANS
    turn: Turn = Turn.COUNTER_CLOCKWISE
    quarter_turns: QuarterTurns = QuarterTurns.EXACT
    offset: Offset = Offset.HALF
    min_size: MinSize = MinSize.NONE

    def __post_init__(self) -> None:
        """Accepts the names of choices for the choices themselves.

        Raises:
            ValueError: a choice does not exist, or is one of RoIAlign that no rotated one has.
        """
        take_choices(self, _CHOICES)
        if self.offset not in OFFSETS or self.min_size not in MIN_SIZES:
            raise ValueError(f"no rotated RoIAlign has offset={self.offset!r} and min_size={self.min_size!r}")

    def for_mode(self, mode: str) -> Self:
        """The dialect without the choices that nobody looks at; there is one ``mode``, which looks at all."""
        del mode
        return self

    def for_gradient(self, mode: str) -> Self:
        """The dialect without the choices that the gradients of ``mode`` do not look at."""
        return self.for_mode(mode)


OFFSETS = (Offset.NONE, Offset.HALF)
MIN_SIZES = (MinSize.NONE, MinSize.ONE)
_CHOICES: Mapping[str, type[StrEnum]] = {
    "unit": Unit,
    "turn": Turn,
    "quarter_turns": QuarterTurns,
    "offset": Offset,
    "min_size": MinSize,
}

_COMPUTED = QuarterTurns.COMPUTED

DIALECTS: Mapping[str, Dialect] = MappingProxyType(
    {
        "roikit": Dialect(),
        "roikit-clockwise": Dialect(turn=Turn.CLOCKWISE),
        "roikit-legacy": Dialect(offset=Offset.NONE, min_size=MinSize.ONE),
        "roikit-legacy-clockwise": Dialect(turn=Turn.CLOCKWISE, offset=Offset.NONE, min_size=MinSize.ONE),
        "roikit-degrees": Dialect(unit=Unit.DEGREES),
        "mmcv": Dialect(quarter_turns=_COMPUTED),
        "mmcv-clockwise": Dialect(turn=Turn.CLOCKWISE, quarter_turns=_COMPUTED),
        "mmcv-legacy": Dialect(offset=Offset.NONE, min_size=MinSize.ONE, quarter_turns=_COMPUTED),
        "mmcv-legacy-clockwise": Dialect(
            turn=Turn.CLOCKWISE, offset=Offset.NONE, min_size=MinSize.ONE, quarter_turns=_COMPUTED
        ),
        "detectron2": Dialect(unit=Unit.DEGREES, quarter_turns=_COMPUTED),
        "openvino": Dialect(quarter_turns=_COMPUTED),
        "openvino-clockwise": Dialect(turn=Turn.CLOCKWISE, quarter_turns=_COMPUTED),
        "mxnet": Dialect(
            unit=Unit.DEGREES, offset=Offset.NONE, min_size=MinSize.ONE, quarter_turns=_COMPUTED
        ),
    }
)  # fmt: skip
"""The named dialects. A bare name is what the library does by default; a suffix names its other settings: ``clockwise``
is that of mmcv's argument, ``legacy`` is ``aligned=False``."""


def named_dialect(name: str) -> Dialect:
    """The dialect called ``name``.

    Raises:
        ValueError: no dialect has that name; the message lists those that exist.
    """
    return called(name, DIALECTS, of="roi_align_rotated")
