"""Which dialect of a pooler readings fit: what RoIAlign's say of sampling, and the levels that boxes are pooled from."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from .....kernels.dialects.multiscale_roi_align import DIALECTS, Dialect, LevelRule, NoLevel
from ....findings import Decision, Detection, Difference, Oddity, RuledOut
from ....verdict import Verdict
from ...roi_align.probes.composed import names_of, nearest, strange_choices
from ...roi_align.probes.decision import detect as detect_sampling
from ..oracle.levels import levels_of
from .asking import LevelProbe, sampled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ....exact.numbers import Array
    from ....findings import Readings

_SAMPLING = ("offset", "min_size")
_FIXED = ("end", "adaptive", "grid_cap", "empty_grid", "outside")
"""Decision points of RoIAlign of which poolers have none."""

_HONEST = (Verdict.UNSUPPORTED, Verdict.REJECTED)  # failures that leave a dialect its name

_RULES = tuple(Dialect(level_rule=rule, no_level=none) for rule, none in itertools.product(LevelRule, NoLevel))
"""Every way to choose a level."""


def detect(readings: Readings, dtype: str) -> Detection:
    """What readings of a forward say."""
    found = detect_sampling(sampled(readings).forward, dtype)
    levels = Levels(readings, dtype)
    decided = {decision.point: decision for decision in found.decisions}
    strange = (*levels.strange, *strange_choices(decided, _FIXED))
    is_sound = found.is_sound and levels.are_sound and not strange_choices(decided, _FIXED)
    decisions = (*levels.decisions, *(decided[point] for point in _SAMPLING)) if decided else ()
    names = tuple(name for name in names_of(DIALECTS, found.names) if levels.fit(DIALECTS[name])) if is_sound else ()
    near, differences = (None, ()) if names or not decisions else nearest(DIALECTS, decisions)
    best = None if found.best is None else replace(levels.best, offset=found.best.offset, min_size=found.best.min_size)
    return replace(
        found, decisions=decisions, names=names, nearest=near, differences=differences,
        unexplained=(*found.unexplained, *strange), unsupported=(*found.unsupported, *levels.unsupported), best=best,
        is_sound=is_sound,
    )  # fmt: skip


@cache
def _allowed(probe: LevelProbe, rules: Dialect, dtype: str) -> tuple[frozenset[int], ...]:
    """The levels that each box may be on, -1 being none: several where rounding decides."""
    found = levels_of(probe.arguments, rules, dtype)
    return tuple(frozenset(-1 if level is None else level for level in levels) for levels in found)


class Levels:
    """What was read of levels, and what follows from it."""

    def __init__(self, readings: Readings, dtype: str) -> None:
        probes = ((probe, found) for probe, found in readings.forward.items() if isinstance(probe, LevelProbe))
        self._readings, self._dtype = dict(probes), dtype
        self._read: dict[LevelProbe, Array] = {
            probe: found.values[:, 0, 0, 0] for probe, found in self._readings.items() if found.values is not None
        }
        self._explained = [probe for probe in self._read if any(self._fits(probe, rules) for rules in _RULES)]
        scores = [sum(self._fits(probe, rules) for probe in self._read) for rules in _RULES]
        self.remaining = [rules for rules, score in zip(_RULES, scores, strict=True) if score == max(scores)]

    def _wrong(self, probe: LevelProbe, rules: Dialect) -> Iterator[Difference]:
        """The boxes that are not on a level that a rule allows."""
        for box, got, allowed in zip(probe.boxes, self._read[probe], _allowed(probe, rules, self._dtype), strict=True):
            if got not in allowed:
                yield Difference(f"box to ({box[2]:.9g}, {box[3]:.9g})", float(got), float(min(allowed)))

    def _fits(self, probe: LevelProbe, rules: Dialect) -> bool:
        return next(self._wrong(probe, rules), None) is None

    @property
    def best(self) -> Dialect:
        """One of those that remain; torchvision's, if it does."""
        return self.remaining[0]

    def fit(self, rules: Dialect) -> bool:
        """Whether a dialect's levels are those of everything that some rule explains."""
        return all(self._fits(probe, rules) for probe in self._explained)

    @property
    def are_sound(self) -> bool:
        """Whether some rule explains all boxes that do no harm, and none of these is a crash."""
        harmless = [probe for probe in self._readings if not probe.is_malformed]
        failures = (self._readings[probe].failure for probe in harmless)
        honest = all(failure is None or failure.verdict in _HONEST for failure in failures)
        return honest and all(self._fits(probe, self.best) for probe in harmless if probe in self._read)

    @property
    def strange(self) -> tuple[Oddity, ...]:
        """What no rule explains."""
        wrong = [(probe, next(self._wrong(probe, self.best), None)) for probe in self._read]
        values = [
            Oddity(probe.name, f"{off.where}: level {off.got:g}, not {off.predicted:g}; fits no dialect")
            for probe, off in wrong
            if off
        ]
        return (*values, *(odd for odd, lacks in self._failures() if not lacks))

    @property
    def unsupported(self) -> tuple[Oddity, ...]:
        """What was not offered."""
        return tuple(odd for odd, lacks in self._failures() if lacks)

    def _failures(self) -> Iterator[tuple[Oddity, bool]]:
        for probe, found in self._readings.items():
            if found.failure:
                yield Oddity(probe.name, found.reason), found.failure.verdict == Verdict.UNSUPPORTED

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """What is known of the rule, and of boxes without a size."""
        of_rules = self._decision("level_rule", LevelRule, malformed=False)
        return of_rules, self._decision("no_level", NoLevel, malformed=True)

    def _decision(self, point: str, kind: Any, *, malformed: bool) -> Decision:
        seen = [probe for probe in self._explained if probe.is_malformed == malformed]
        if not seen:
            reasons = (found.reason for probe, found in self._readings.items() if probe.is_malformed == malformed)
            return Decision(point, (), (), next(filter(None, reasons), "not asked, or as in no dialect"))
        left = tuple(dict.fromkeys(getattr(rules, point) for rules in self.remaining))
        others = (each for each in kind if each not in left)
        ruled_out = tuple(each for other in others for each in self._evidence(point, other, seen))
        return Decision(point, left, ruled_out, f"makes no difference in {self._dtype}" if len(left) > 1 else "")

    def _evidence(self, point: str, choice: Any, probes: Sequence[LevelProbe]) -> Iterator[RuledOut]:
        """The first box that rules a choice out, all else being equal."""
        other = replace(self.best, **{point: choice})
        for probe in probes:
            if off := next(self._wrong(probe, other), None):
                yield RuledOut(choice, probe.name, off)
                return
