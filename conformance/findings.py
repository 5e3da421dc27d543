"""What is found out about an implementation by asking it: readings, and what follows from them about its dialect."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection

    from .exact.numbers import Array
    from .verdict import Judgement


@dataclass(frozen=True, slots=True)
class Reading:
    """What a probe gave: ``values`` ``(K, C, P_h, P_w)``, float64, or why there are none."""

    values: Array | None
    failure: Judgement | None = None

    @property
    def reason(self) -> str:
        """Why there are no values."""
        return f"{self.failure.verdict}: {self.failure.reason}" if self.failure else ""


@dataclass(frozen=True, slots=True)
class Readings:
    """All readings of one implementation in one setting.

    Attributes:
        forward: Of each probe. Of an average, channel H · W · … is the weight on that pixel: the footprint.
        slopes: By how much each pixel raises each bin of a maximum: what `forward` is for an average.
        backward: The gradient of each bin by each pixel, laid out like the footprint.
        box_slopes: By how much each corner moves each bin of one map: four quotients with the corner greater, four with it
            smaller, ``(K, 8, P_h, P_w)``.
        box_backward: The gradient of each bin by each corner, ``(K, 4, P_h, P_w)``.
    """

    forward: dict[Any, Reading] = field(default_factory=dict)
    slopes: dict[Any, Reading] = field(default_factory=dict)
    backward: dict[Any, Reading] = field(default_factory=dict)
    box_slopes: dict[Any, Reading] = field(default_factory=dict)
    box_backward: dict[Any, Reading] = field(default_factory=dict)


class Footprint(NamedTuple):
    """What a bin weighs the pixels of a map with, and where it lies, in feature pixels.

    Attributes:
        weights: Of each pixel, ``(H, W)``; NaN throughout if the bin is divided by nothing.
        roi: Its RoI: x1, y1, x2, y2.
        bin: The bin: x1, y1, x2, y2.
        samples: Where the bin is sampled: x, y, and whether that is inside; empty if it is not sampled.
    """

    weights: Array
    roi: tuple[float, float, float, float]
    bin: tuple[float, float, float, float]
    samples: tuple[tuple[float, float, bool], ...]


Choice = Any
"""A choice at a decision point: a `StrEnum`, or for ``max_start`` None or a number."""


class Difference(NamedTuple):
    """The first number of a probe that one prediction gets wrong; ``where`` is "bin (p, q), pixel (y, x)" or the like."""

    where: str
    got: float
    predicted: float


@dataclass(frozen=True, slots=True)
class RuledOut:
    """A choice that, all else being equal, does not fit."""

    choice: Choice
    probe: str
    difference: Difference


@dataclass(frozen=True, slots=True)
class Decision:
    """What is known of one decision point.

    Attributes:
        point: Its name.
        left: The choices that remain: one if it is decided, none if nothing can be said.
        ruled_out: Those that do not, each with a probe that shows it.
        open: Why not one choice remains; empty if one does.
    """

    point: str
    left: tuple[Choice, ...]
    ruled_out: tuple[RuledOut, ...]
    open: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """A reading that says nothing of a dialect, and why."""

    probe: str
    reason: str


@dataclass(frozen=True, slots=True)
class Detection:
    """What was found out.

    Attributes:
        decisions: One for every decision point; empty if nothing could be read.
        names: The named dialects that predict all that any dialect explains. None if a harmless box gives what no dialect
            explains: a value, a crash, another answer every time.
        nearest: Without these, the named dialect that makes the fewest other choices; of several, the one that predicts most.
        differences: Where that one chooses otherwise: point, its choice.
        unexplained: What no dialect explains: values, refusals, crashes.
        unsupported: Probes that the implementation does not offer to answer.
        best: A dialect, named or not, that fits best; None if nothing could be read.
        is_sound: Whether no harmless box gave what no dialect explains.
    """

    decisions: tuple[Decision, ...]
    names: tuple[str, ...]
    nearest: str | None
    differences: tuple[tuple[str, Choice], ...]
    unexplained: tuple[Oddity, ...]
    unsupported: tuple[Oddity, ...]
    best: Any
    is_sound: bool

    def fits(self, dialect: Any, unexplained: Collection[str] = ()) -> bool:
        """Whether a dialect, named or not, makes only choices that remain, and would be named if it had a name.

        ``unexplained`` are patterns of probes that no dialect need explain.
        """
        left_over = () if self.is_sound else self.unexplained
        is_known = all(any(fnmatchcase(odd.probe, pattern) for pattern in unexplained) for odd in left_over)
        return is_known and all(getattr(dialect, d.point) in d.left for d in self.decisions if d.left)


@dataclass(frozen=True, slots=True)
class Derivative:
    """What is known of a backward.

    Attributes:
        compared: How many probes gave both a footprint and a gradient; 0 if there is no backward, or none to compare.
        differences: Probes whose gradient is not the derivative, and where it first is not.
        failures: Probes whose output came, but no gradient.
        instead: If it is not the derivative, the choices that forward does not make and with which it would be, if there are any.
        names: The named dialects whose derivative it is then.
    """

    compared: int
    differences: tuple[Oddity, ...]
    failures: tuple[Oddity, ...]
    instead: tuple[tuple[str, Choice], ...]
    names: tuple[str, ...]


def number(value: float) -> float | str:
    """A number for JSON, which has no NaN and no infinity."""
    return float(value) if math.isfinite(value) else str(float(value))
