"""Decides, from what was read off an implementation, which choice it makes at each decision point.

Every combination of choices predicts every reading, exactly (`prediction`). What remains are the combinations that predict most.
A reading that none predicts says nothing of a dialect, and does not vote. A choice is decided when all that remain make it.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.ps_roi_pool import DIALECTS, Corners, Dialect
from ....findings import Decision, Detection, Difference, Oddity, RuledOut
from ....verdict import Verdict
from .prediction import GEOMETRIES, fits, predictions

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ....exact.numbers import Array
    from ....findings import Choice, Reading
    from .calls import Probe
    from .prediction import Prediction

POINTS = tuple(field.name for field in fields(Dialect))
"""The decision points."""

_HONEST = (Verdict.UNSUPPORTED, Verdict.REJECTED)  # failures that leave a dialect its name


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    return _Detective(readings, dtype).report()


def difference(probe: Probe, got: Array, prediction: Prediction) -> Difference:
    """The first element of ``got`` that is not as predicted."""
    wrong = prediction.wrong(got)
    at = tuple(int(n) for n in np.unravel_index(int(wrong.argmax()), wrong.shape))
    k, channel, p, q = at
    roi = f"RoI {k}, " if len(probe.boxes) > 1 else ""
    map_ = f", map {channel}" if len(probe.maps) > 1 else ""
    return Difference(f"{roi}bin ({p}, {q}){map_}", float(got[at]), float(prediction.values[at]))


@dataclass(frozen=True)
class _Detective:
    """The readings of one implementation in one setting, and what follows from them."""

    readings: Mapping[Probe, Reading]
    dtype: str

    @cached_property
    def values(self) -> dict[Probe, Array]:
        return {probe: reading.values for probe, reading in self.readings.items() if reading.values is not None}

    @cached_property
    def remaining(self) -> list[Dialect]:
        """Those combinations that predict most of the readings."""
        scores = [sum(self._fits(probe, each) is True for probe in self.values) for each in GEOMETRIES]
        return [each for each, score in zip(GEOMETRIES, scores, strict=True) if score == max(scores)]

    def _fits(self, probe: Probe, dialect: Dialect) -> bool | None:
        """Whether a reading may be what a dialect computes; None if nobody can say."""
        return fits(probe, self.values[probe], dialect, self.dtype)

    @cached_property
    def best(self) -> Dialect:
        """One of those that remain; one that is named, if there is one."""
        named = set(DIALECTS.values())
        return next((dialect for dialect in self.remaining if dialect in named), self.remaining[0])

    def predicts(self, probe: Probe, dialect: Dialect) -> bool:
        """Whether a dialect does not contradict what was read."""
        return self._fits(probe, dialect) is not False

    @cached_property
    def explained(self) -> list[Probe]:
        """The readings that some combination of choices predicts."""
        return [probe for probe in self.values if any(self._fits(probe, each) is True for each in GEOMETRIES)]

    def report(self) -> Detection:
        """Everything that follows from the readings."""
        failures = [
            (probe, reading)
            for probe, reading in self.readings.items()
            if reading.failure and reading.failure.verdict != Verdict.UNSUPPORTED
        ]
        failed = [Oddity(probe.name, reading.reason) for probe, reading in failures]
        unsupported = tuple(
            Oddity(probe.name, reading.reason)
            for probe, reading in self.readings.items()
            if reading.failure and reading.failure.verdict == Verdict.UNSUPPORTED
        )
        if not self.explained:
            odd = [Oddity(probe.name, "fits no dialect") for probe in self.values]
            return Detection((), (), None, (), (*odd, *failed), unsupported, None, is_sound=False)
        wrong = [probe for probe in self.values if not self.predicts(probe, self.best)]
        is_sound = all(probe.is_malformed for probe in wrong) and all(
            probe.is_malformed or (reading.failure and reading.failure.verdict in _HONEST)
            for probe, reading in failures
        )
        names = tuple(self._names()) if is_sound else ()
        nearest, differences = self._nearest()
        unexplained = (*(self._oddity(probe) for probe in wrong), *failed)
        decisions = tuple(self._decision(point) for point in POINTS)
        return Detection(
            decisions, names, None if names else nearest, () if names else differences, unexplained, unsupported,
            self.best, is_sound=is_sound,
        )  # fmt: skip

    def _names(self) -> Iterator[str]:
        for name, dialect in DIALECTS.items():
            if all(self.predicts(probe, dialect) for probe in self.explained):
                yield name

    def _nearest(self) -> tuple[str, tuple[tuple[str, Choice], ...]]:
        """The named dialect that makes the fewest other choices, and these; of several, the one that predicts most."""
        left = {point: self._left(point) for point in POINTS}

        def differing(name: str) -> tuple[tuple[str, Choice], ...]:
            choices = ((point, getattr(DIALECTS[name], point)) for point in POINTS)
            return tuple((p, c) for p, c in choices if left[p] and c not in left[p])

        scores = {name: sum(self.predicts(p, dialect) for p in self.explained) for name, dialect in DIALECTS.items()}
        nearest = min(scores, key=lambda name: (len(differing(name)), -scores[name]))
        return nearest, differing(nearest)

    def _left(self, point: str) -> tuple[Choice, ...]:
        if not self.values or (point == "edges" and self.best.corners != Corners.AFTER_SCALE):
            return ()
        return tuple(dict.fromkeys(getattr(dialect, point) for dialect in self.remaining))

    def _decision(self, point: str) -> Decision:
        left = self._left(point)
        if not left:
            return Decision(point, (), (), "not looked at where RoIs are no whole feature pixels")
        kind: Any = type(getattr(self.best, point))
        ruled_out = [evidence for choice in kind if choice not in left for evidence in self._evidence(point, choice)]
        return Decision(point, left, tuple(ruled_out), self._why_open(left) if len(left) > 1 else "")

    def _evidence(self, point: str, choice: Choice) -> Iterator[RuledOut]:
        """The first probe that rules a choice out, all else being equal."""
        try:
            other = replace(self.best, **{point: choice})
        except ValueError:  # there is no formula for it
            return
        for probe in self.explained:
            if self.predicts(probe, self.best) and not self.predicts(probe, other):
                prediction = predictions(probe, other.for_mode(probe.mode), self.dtype)[0]
                yield RuledOut(choice, probe.name, difference(probe, self.values[probe], prediction))
                return

    def _why_open(self, left: tuple[Choice, ...]) -> str:
        """Why several choices remain: the first probe that might have told, or that none can in this data type."""
        unread = (reading.reason for probe, reading in self.readings.items() if reading.values is None)
        return next(unread, f"makes no difference in {self.dtype}") if left else ""

    def _oddity(self, probe: Probe) -> Oddity:
        """A reading that the best dialect does not predict."""
        prediction = predictions(probe, self.best.for_mode(probe.mode), self.dtype)[0]
        off = difference(probe, self.values[probe], prediction)
        others = "fits other choices, but not with the rest" if probe in self.explained else "fits no dialect"
        return Oddity(probe.name, f"{off.where}: {off.got:.7g}, not {off.predicted:.7g}; {others}")
