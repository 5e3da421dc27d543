"""Decides, from what was read off an implementation, which choice it makes at each decision point.

Every combination of choices predicts every reading (`prediction`). What remains are the combinations that fit most readings; one
that fits no combination is explained by no dialect, and does not vote. A choice is decided when all that remain make it.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from .....kernels.dialects.choices import Max
from .....kernels.dialects.roi_align import DIALECTS
from ....exact.floats import FLOAT_TYPES
from ....findings import Decision, Detection, Difference, Oddity, RuledOut
from ....verdict import Verdict
from .calls import AVERAGES, CORNERS, MAXIMA, PIXELS, SIZE, TELLING, telling_maps
from .prediction import CANDIDATES, GEOMETRY, POINTS, Prediction, choices, geometry, maximum, outcomes, place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from .....kernels.dialects.roi_align import Dialect
    from ....exact.numbers import Array
    from ....findings import Choice, Reading
    from .calls import Probe

_STARTS: tuple[float | None, ...] = (
    None,
    -math.inf,
    0.0,
    -10000.0,
)  # of maxima, that are looked for; others if they are seen
_HONEST = (Verdict.UNSUPPORTED, Verdict.REJECTED)  # failures that leave a dialect its name
_MOST_TRIED = 16  # groups of combinations
_LEAST_CORNER = 2.0**-6  # than which no corner of a sample of an ordinary box weighs less


def detect(readings: Mapping[Probe, Reading], dtype: str) -> Detection:
    """What readings of a forward say."""
    return _Detective(readings, dtype).report()


def fitting(probe: Probe, values: Array, dtype: str, *, empty_is_zero: bool = False) -> Array:
    """Which candidates predict an average's reading; with ``empty_is_zero`` its gradient, which has no 0 / 0."""
    fits = np.zeros(len(CANDIDATES), bool)
    for outcome in outcomes(probe, dtype):
        prediction = outcome.prediction
        if empty_is_zero:
            prediction = Prediction(np.nan_to_num(prediction.values, nan=0.0), prediction.bound)
        if prediction.fits(values):
            fits |= outcome.members
    return fits


def difference(probe: Probe, got: Array, prediction: Prediction) -> Difference:
    """The first element of ``got`` that is not as predicted."""
    wrong = prediction.wrong(got)
    k, channel, p, q = (int(n) for n in np.unravel_index(int(wrong.argmax()), wrong.shape))
    roi = f"RoI {k}, " if len(probe.boxes) > 1 else ""
    at = k, channel, p, q
    where = f"{roi}bin ({p}, {q}), {_channel(channel, got.shape[1])}"
    return Difference(where, float(got[at]), float(prediction.values[at]))


def _channel(n: int, channels: int) -> str:
    """What channel ``n`` of so many stands for."""
    if channels == PIXELS:
        return f"pixel {divmod(n, SIZE[1])}"
    return (CORNERS if channels == len(CORNERS) else TELLING)[n]


class _Detective:
    """The readings of one implementation in one setting, and what follows from them."""

    def __init__(self, readings: Mapping[Probe, Reading], dtype: str) -> None:
        self.readings, self.dtype = readings, dtype
        self.values = {probe: reading.values for probe, reading in readings.items() if reading.values is not None}
        self.fits = {p: fitting(p, self.values[p], dtype) for p in AVERAGES if p in self.values}

    @cached_property
    def survivors(self) -> list[Dialect]:
        """The candidates that fit most averages."""
        scores = sum(self.fits.values(), np.zeros(len(CANDIDATES), int))
        return [CANDIDATES[n] for n in np.flatnonzero(scores == scores.max())]

    @cached_property
    def alike(self) -> dict[Any, list[Dialect]]:
        """The survivors, in groups that no maximum that was read can tell from each other."""
        read = [probe for probe in MAXIMA if probe in self.values]
        alike: dict[Any, list[Dialect]] = {}
        for dialect in self.survivors:
            alike.setdefault(tuple(geometry(probe, dialect) for probe in read), []).append(dialect)
        return alike

    @cached_property
    def readings_of_maximum(self) -> dict[tuple[Max, float | None], list[Dialect]]:
        """What a maximum may be, and those survivors that, so read, fit most maxima."""
        read = [probe for probe in MAXIMA if probe in self.values]
        tried = {
            (meaning, start, key): sum(self.predicts(p, replace(group[0], max=meaning, max_start=start)) for p in read)
            for (key, group), meaning, start in itertools.product(self.alike.items(), Max, self._starts())
        }
        most = max(tried.values())
        left: dict[tuple[Max, float | None], list[Dialect]] = {}
        for (meaning, start, key), score in tried.items():
            if score == most:
                left.setdefault((meaning, start), []).extend(self.alike[key])
        return left

    def _starts(self) -> list[float | None]:
        """What a maximum may start from: the usual, and what is seen where all else is far below."""
        seen: set[float] = set()
        maps = telling_maps(self.dtype)
        for probe, values in ((probe, self.values[probe]) for probe in MAXIMA if probe in self.values):
            for channel, name in enumerate(TELLING):
                if "below zero" in name and "ordinary" in probe.name:
                    seen.update(values[:, channel][values[:, channel] > maps[channel].max() * _LEAST_CORNER].flat)
            # What is the same whatever the map, as where nothing is read:
            seen.update(values[:, 0][(values == values[:, :1]).all(axis=1)])
        usual = [start for start in _STARTS if start is not None and math.isfinite(start)]
        others = {
            float(value)
            for value in seen
            if -float(np.finfo(np.float32).max) <= value < 0
            and all(abs(value - start) > FLOAT_TYPES[self.dtype].rounding(abs(start)) for start in usual)
        }
        return [*_STARTS, *sorted(others)]

    @cached_property
    def remaining(self) -> list[Dialect]:
        """All that fit best, one that is named first if there is one."""
        found = self.survivors
        if self.has_maximum:
            found = [
                replace(dialect, max=meaning, max_start=start)
                for (meaning, start), dialects in self.readings_of_maximum.items()
                for dialect in dialects
            ]
        named = set(DIALECTS.values())
        return sorted(found, key=lambda dialect: dialect not in named)

    @property
    def has_maximum(self) -> bool:
        """Whether maxima were read, and averages leave so few combinations that these can be tried with each meaning."""
        return any(probe in self.values for probe in MAXIMA) and len(self.alike) <= _MOST_TRIED

    def prediction(self, probe: Probe, dialect: Dialect) -> Prediction:
        if probe.mode == "max":
            return maximum(probe, dialect.for_mode("max"), self.dtype)
        at = place(dialect)
        return next(outcome.prediction for outcome in outcomes(probe, self.dtype) if outcome.members[at])

    def predicts(self, probe: Probe, dialect: Dialect) -> bool:
        """Whether a dialect predicts what was read."""
        if probe.mode == "avg":
            return bool(self.fits[probe][place(dialect)])
        return self.prediction(probe, dialect).fits(self.values[probe])

    @cached_property
    def explained(self) -> list[Probe]:
        """The probes that vote: some combination of choices predicts what they gave."""
        averages = [probe for probe, fits in self.fits.items() if fits.any()]
        maxima = [probe for probe in MAXIMA if probe in self.values]
        combinations = self.remaining if self.has_maximum else ()
        tried = {dialect.for_mode("max") for dialect in (*combinations, *DIALECTS.values())}
        return averages + [probe for probe in maxima if any(self.predicts(probe, dialect) for dialect in tried)]

    def report(self) -> Detection:
        """Everything that follows from the readings."""
        failures = [
            (reading.failure.verdict, Oddity(p.name, reading.reason))
            for p, reading in self.readings.items()
            if reading.failure
        ]
        unsupported = tuple(oddity for verdict, oddity in failures if verdict == Verdict.UNSUPPORTED)
        failed = tuple(oddity for verdict, oddity in failures if verdict != Verdict.UNSUPPORTED)
        if not self.explained:
            strange = tuple(Oddity(probe.name, "fits no dialect") for probe in self.values)
            return Detection((), (), None, (), (*strange, *failed), unsupported, None, is_sound=False)
        best = self.remaining[0]
        decisions = tuple(self._decision(point, best) for point in POINTS)
        unexplained = (*self._unexplained(best), *failed)
        names = self._names()
        nearest, differences = (None, ()) if names else self._nearest({d.point: d.left for d in decisions if d.left})
        return Detection(
            decisions, names, nearest, differences, unexplained, unsupported, best, is_sound=self._is_sound()
        )

    @cached_property
    def _scores(self) -> dict[str, int]:
        """How many of the probes that vote each named dialect predicts."""
        return {name: sum(self.predicts(p, dialect) for p in self.explained) for name, dialect in DIALECTS.items()}

    def _is_sound(self) -> bool:
        harmless = [(probe, reading) for probe, reading in self.readings.items() if not probe.is_malformed]
        return all(
            reading.failure.verdict in _HONEST if reading.failure else probe in self.explained
            for probe, reading in harmless
        )

    def _names(self) -> tuple[str, ...]:
        """The named dialects that fit, unless something is wrong with harmless boxes that no dialect explains."""
        if not self._is_sound():
            return ()
        return tuple(name for name, score in self._scores.items() if score == len(self.explained))

    def _nearest(self, left: Mapping[str, tuple[Choice, ...]]) -> tuple[str, tuple[tuple[str, Choice], ...]]:
        """The named dialect that makes the fewest choices but those ``left``, and these."""

        def differing(name: str) -> tuple[tuple[str, Choice], ...]:
            chosen = ((point, getattr(DIALECTS[name], point)) for point in left)
            return tuple((point, choice) for point, choice in chosen if choice not in left[point])

        nearest = min(self._scores, key=lambda name: (len(differing(name)), -self._scores[name]))
        return nearest, differing(nearest)

    def _decision(self, point: str, best: Dialect) -> Decision:
        if point not in GEOMETRY and not self.has_maximum:
            return Decision(point, (), (), self._why_no_maximum())
        left = tuple(dict.fromkeys(getattr(dialect, point) for dialect in self.remaining))
        others: Sequence[Choice] = self._starts() if point == "max_start" else choices(point)
        ruled_out = [
            evidence for choice in others if choice not in left for evidence in self._evidence(best, point, choice)
        ]
        return Decision(point, left, tuple(ruled_out), self._why_open(best, point, left) if len(left) > 1 else "")

    def _why_no_maximum(self) -> str:
        failures = [reading.reason for probe, reading in self.readings.items() if probe.mode == "max"]
        if failures and not all(failures):
            return "averages leave too much open"
        return f"not seen: {failures[0]}" if failures else "no maximum is offered"

    def _evidence(self, best: Dialect, point: str, choice: Choice) -> Iterator[RuledOut]:
        """The first probe that rules a choice out, all else being equal."""
        other = replace(best, **{point: choice})
        for probe in self.explained:
            if self.predicts(probe, best) and not self.predicts(probe, other):
                yield RuledOut(choice, probe.name, difference(probe, self.values[probe], self.prediction(probe, other)))
                return

    def _why_open(self, best: Dialect, point: str, left: tuple[Choice, ...]) -> str:
        """The first probe that would have told these choices from each other, if there is one."""
        beside = [self._nearest_with(best, point, choice) for choice in left]
        for probe, reading in self.readings.items():
            here = self.prediction(probe, best).values
            if any(not np.array_equal(here, self.prediction(probe, d).values, equal_nan=True) for d in beside):
                told = reading.reason or ("too near to tell" if probe in self.explained else "it fits no dialect")
                return f"{probe.name}: {told}"
        return "makes no difference beside the other choices"

    def _nearest_with(self, best: Dialect, point: str, choice: Choice) -> Dialect:
        """Which of those that remain makes a choice and otherwise differs least from ``best``."""
        having = (dialect for dialect in self.remaining if getattr(dialect, point) == choice)
        return min(having, key=lambda dialect: sum(getattr(dialect, p) != getattr(best, p) for p in POINTS))

    def _unexplained(self, best: Dialect) -> Iterator[Oddity]:
        """The values that the best dialect does not predict."""
        for probe, values in self.values.items():
            if self.predicts(probe, best):
                continue
            off = difference(probe, values, self.prediction(probe, best))
            text = f"{off.where}: {off.got:.7g}, not {off.predicted:.7g}"
            others = "; fits other choices, but not with the rest" if probe in self.explained else "; fits no dialect"
            yield Oddity(probe.name, text + others)
