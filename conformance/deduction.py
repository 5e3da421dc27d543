"""Which choices an operator of whole pixels makes, from what was read off it.

Every combination of choices predicts every reading, exactly. What remains are the combinations that predict most. A reading that
none predicts says nothing of a dialect, and does not vote. A choice is decided when all that remain make it.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from .findings import Decision, Derivative, Detection, Difference, Oddity, RuledOut
from .operation import Operation
from .verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .exact.numbers import Array
    from .findings import Choice, Reading, Readings
    from .operator import Answer

NONE = Derivative(0, (), (), (), ())
"""Of a gradient that there is none of."""

_HONEST = (Verdict.UNSUPPORTED, Verdict.REJECTED)  # failures that leave a dialect its name


# ---- what a probe may give -------------------------------------------------------------------------------------------


class Prediction(NamedTuple):
    """What a probe may give, and the greatest error of each element; infinite where nobody can say."""

    values: Array
    bound: Array

    def wrong(self, got: Array) -> Array:
        """Which elements of ``got``, of the same shape, cannot be what was computed."""
        with np.errstate(invalid="ignore"):
            near = np.abs(got - self.values) <= self.bound
        same = (got == self.values) | (np.isnan(got) & np.isnan(self.values))
        wrong: Array = ~(near | same | np.isinf(self.bound))
        return wrong

    def fits(self, got: Array) -> bool:
        """Whether ``got`` may be what was computed."""
        return not self.wrong(got).any()


def prediction_of(answer: Answer) -> Prediction:
    """What an answer allows."""
    values = _floats(answer.output)
    return Prediction(values, np.zeros(values.shape) if answer.bound is None else _floats(answer.bound))


def _floats(nested: Any) -> Array:
    """Nested lists as an array; infinity for a bound that does not hold."""
    array = np.array(nested, object)
    return np.array([math.inf if v is None else float(v) for v in array.flat], np.float64).reshape(array.shape)


# ---- outputs ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Detective(ABC):
    """The readings of one implementation in one setting, and what follows from them."""

    readings: Mapping[Any, Reading]
    dtype: str

    dialects: ClassVar[Mapping[str, Any]]
    """The named dialects."""
    points: ClassVar[tuple[str, ...]]
    """The decision points."""
    not_seen: ClassVar[str]
    """Why a decision point was not looked at, where nothing is left of it."""

    @staticmethod
    @abstractmethod
    def predictions(probe: Any, dialect: Any, dtype: str) -> tuple[Prediction, ...]:
        """What a probe may give under a dialect: several where rounding decides, none if nobody can say."""

    @property
    @abstractmethod
    def remaining(self) -> list[Any]:
        """The combinations that predict most of the readings."""

    @property
    @abstractmethod
    def explained(self) -> list[Any]:
        """The readings that some combination of choices predicts."""

    @property
    def sees_enough(self) -> bool:
        """Whether anything can be said of what is explained."""
        return bool(self.explained)

    @abstractmethod
    def left(self, point: str) -> tuple[Choice, ...]:
        """The choices that remain at a decision point; none if it was not looked at."""

    def is_known(self, choice: Choice) -> bool:
        """Whether a named dialect says what it chooses."""
        del choice
        return True

    @cached_property
    def values(self) -> dict[Any, Array]:
        """What was read."""
        return {probe: reading.values for probe, reading in self.readings.items() if reading.values is not None}

    def fits(self, probe: Any, dialect: Any) -> bool | None:
        """Whether a reading may be what a dialect computes; None if nobody can say."""
        allowed = self.predictions(probe, dialect.for_mode(probe.mode), self.dtype)
        return any(prediction.fits(self.values[probe]) for prediction in allowed) if allowed else None

    @cached_property
    def best(self) -> Any:
        """One of those that remain; one that is named, if there is one."""
        named = set(self.dialects.values())
        return next((dialect for dialect in self.remaining if dialect in named), self.remaining[0])

    def predicts(self, probe: Any, dialect: Any) -> bool:
        """Whether a dialect does not contradict what was read."""
        return self.fits(probe, dialect) is not False

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
        if not self.sees_enough:
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
        decisions = tuple(self._decision(point) for point in self.points)
        return Detection(
            decisions, names, None if names else nearest, () if names else differences, unexplained, unsupported,
            self.best, is_sound=is_sound,
        )  # fmt: skip

    def _names(self) -> Iterator[str]:
        for name, dialect in self.dialects.items():
            if all(self.predicts(probe, dialect) for probe in self.explained):
                yield name

    def _nearest(self) -> tuple[str, tuple[tuple[str, Choice], ...]]:
        """The named dialect that makes the fewest other choices, and these; of several, the one that predicts most."""
        left = {point: self.left(point) for point in self.points}

        def differing(name: str) -> tuple[tuple[str, Choice], ...]:
            choices = ((point, getattr(self.dialects[name], point)) for point in self.points)
            return tuple((p, c) for p, c in choices if left[p] and c not in left[p] and self.is_known(c))

        scores = {name: sum(self.predicts(p, known) for p in self.explained) for name, known in self.dialects.items()}
        nearest = min(scores, key=lambda name: (len(differing(name)), -scores[name]))
        return nearest, differing(nearest)

    def _decision(self, point: str) -> Decision:
        left = self.left(point)
        if not left:
            return Decision(point, (), (), self.not_seen)
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
                yield RuledOut(choice, probe.name, self._difference(probe, other))
                return

    def _why_open(self, left: tuple[Choice, ...]) -> str:
        """Why several choices remain: the first probe that might have told, or that none can in this data type."""
        unread = (reading.reason for probe, reading in self.readings.items() if reading.values is None)
        return next(unread, f"makes no difference in {self.dtype}") if left else ""

    def _oddity(self, probe: Any) -> Oddity:
        """A reading that the best dialect does not predict."""
        off = self._difference(probe, self.best)
        others = "fits other choices, but not with the rest" if probe in self.explained else "fits no dialect"
        return Oddity(probe.name, f"{off.where}: {off.got:.7g}, not {off.predicted:.7g}; {others}")

    def _difference(self, probe: Any, dialect: Any) -> Difference:
        """The first element of a reading that is not as a dialect predicts."""
        prediction, got = self.predictions(probe, dialect.for_mode(probe.mode), self.dtype)[0], self.values[probe]
        wrong = prediction.wrong(got)
        at = tuple(int(n) for n in np.unravel_index(int(wrong.argmax()), wrong.shape))
        return Difference(_place(probe, at), float(got[at]), float(prediction.values[at]))


def _place(probe: Any, at: tuple[int, ...]) -> str:
    """Where an element of a reading is: a bin, or a corner of a box."""
    roi = f"RoI {at[0]}, " if len(probe.boxes) > 1 else ""
    if len(at) == 2:  # of a gradient for boxes
        return f"{roi}corner {probe.corners[at[1]]}"
    bin_ = f"bin {at[2:] if len(at) > 3 else at[2]}"
    if getattr(probe, "operation", Operation.FORWARD) == Operation.OFFSET_GRADIENT:
        return f"{roi}offset {at[1]} of {bin_}"
    map_ = f", map {at[1]}" if len(probe.maps) > 1 else ""
    return f"{roi}{bin_}{map_}"


# ---- gradients -------------------------------------------------------------------------------------------------------


def compare(
    readings: Readings,
    best: Any,
    dtype: str,
    predictions: Callable[..., tuple[Prediction, ...]],
    operation: Operation = Operation.FEATURE_GRADIENT,
) -> Derivative:
    """Whether gradients are those of the outputs: of the dialect that fits these best, if there is one."""
    compared, differences, failures = 0, list[Oddity](), list[Oddity]()
    of_maps = operation == Operation.FEATURE_GRADIENT
    for probe, gradient in (readings.backward if of_maps else readings.box_backward).items():
        if gradient.values is None:
            failures.append(Oddity(probe.name, gradient.reason))
            continue
        if best is None:
            continue
        allowed = predictions(probe, best.for_mode(probe.mode), dtype, operation)
        compared += bool(allowed)
        if allowed and not any(prediction.fits(gradient.values) for prediction in allowed):
            at = tuple(int(n) for n in min(zip(*allowed[0].wrong(gradient.values).nonzero(), strict=True)))
            place = f"pixel {at[2:]}" if of_maps else _place(probe, at)
            differences.append(
                Oddity(probe.name, f"{place}: {gradient.values[at]:.7g}, not {allowed[0].values[at]:.7g}")
            )
    return Derivative(compared, tuple(differences), tuple(failures), (), ())
