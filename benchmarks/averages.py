"""What operators that average samples should give, held against the exact oracle on a few RoIs and a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

import numpy as np

from roikit.conformance.operation import Operation as Asked

from . import oracles
from .measuring import points, references
from .workloads import SEED, gradient, gradient_of_few

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .measuring.judgement import Reference
    from .measuring.points import PointsOf
    from .measuring.problem import Level, Problem, Row
    from .measuring.references import Bounded


class Sums(Protocol):
    """How results are formed in float64, with bounds: an object, or a module such as `measuring.axes`."""

    def mean(self, level: Level, k: int, row: Row, channels: np.ndarray) -> Bounded:
        """What the RoI of this number gives of some channels."""

    def spread(self, level: Level, row: Row, sent: np.ndarray) -> Bounded:
        """What maps with as many channels get if RoIs send this."""

    def slope(self, level: Level, k: int, row: Row, sent: np.ndarray) -> Bounded:
        """What the numbers of a box get to which this arrives."""


@dataclass(frozen=True)
class AtPoints:
    """Sums of samples that lie anywhere, which may be moved by offsets."""

    points_of: PointsOf

    def mean(self, level: Level, k: int, row: Row, channels: np.ndarray) -> Bounded:
        """As `Sums` says."""
        return points.mean(level, k, self.points_of(level, k, row), channels)

    def spread(self, level: Level, row: Row, sent: np.ndarray) -> Bounded:
        """As `Sums` says."""
        return points.spread(level, row, sent, self.points_of)

    def slope(self, level: Level, k: int, row: Row, sent: np.ndarray) -> Bounded:
        """As `Sums` says."""
        return points.slope(level, k, self.points_of(level, k, row), sent)

    def pull(self, level: Level, k: int, row: Row, sent: np.ndarray) -> Bounded:
        """What the offsets of a RoI get to which this arrives."""
        return points.pull(level, k, self.points_of(level, k, row), sent)


@dataclass(frozen=True)
class Averages:
    """An operator that averages samples.

    Attributes:
        operator: Its name.
        sums: How its results are formed.
        arguments: Those of a case for a level, but for maps and what arrives.
        asked: What the oracle calls each of its operations.
        numbers: How many a box has.
        together: How many channels that follow each other are made of each other.
        joined: Whether a call is of all levels, and not of one.
    """

    operator: str
    sums: Sums
    arguments: Callable[[Level, Row], dict[str, Any]]
    asked: Mapping[Any, Asked]
    numbers: int = 4
    together: int = 1
    joined: ClassVar[bool] = False

    def reference_of(self, problem: Problem, processes: int, operation: Any) -> Reference:
        """What an operation should give."""
        del processes  # it takes less than a process needs to begin
        rng, asked, row = np.random.default_rng(SEED), self.asked[operation], problem.row
        arriving = gradient_of_few(row) if asked == Asked.BOX_GRADIENT else gradient(row)
        reference = self._reference(problem, asked, arriving, rng)
        reference.checked_exactly += self._validated(problem, operation, arriving, rng)
        return reference

    def _reference(self, problem: Problem, asked: Asked, arriving: np.ndarray, rng: np.random.Generator) -> Reference:
        row, sums = problem.row, self.sums
        match asked:
            case Asked.FORWARD:
                return references.outputs(
                    problem, lambda level, k, some: sums.mean(level, k, row, some), rng, joined=self.joined
                )
            case Asked.FEATURE_GRADIENT:
                return references.gradients(
                    problem, lambda level, sent, _: sums.spread(level, row, sent), arriving, rng, together=self.together
                )
        shape, dtype = ((self.numbers,), "float32") if asked == Asked.BOX_GRADIENT else ((2, *row.bin_shape), None)
        return references.of_rois(
            problem, lambda level, k, sent: self._of_roi(asked, level, k, row, sent), arriving, rng, shape, dtype,
            joined=self.joined,
        )  # fmt: skip

    def _of_roi(self, asked: Asked, level: Level, k: int, row: Row, sent: np.ndarray) -> Bounded:
        """What a RoI gets to which this arrives."""
        if asked == Asked.BOX_GRADIENT:
            return self.sums.slope(level, k, row, sent)
        return cast("AtPoints", self.sums).pull(level, k, row, sent)

    def _validated(self, problem: Problem, operation: Any, arriving: np.ndarray, rng: np.random.Generator) -> int:
        """Compares what some RoIs of each level give with the oracle; returns in how many numbers."""
        row = problem.row
        return sum(self._validate(row, level, operation, arriving[level.rois], rng) for level in problem.levels)

    def _validate(self, row: Row, level: Level, operation: Any, arriving: np.ndarray, rng: np.random.Generator) -> int:
        """Compares what some RoIs of a level give in a channel with the oracle; returns in how many numbers."""
        only, sent = oracles.some_of(level, arriving, rng, self.together)
        asked = self.asked[operation]
        arguments = {"input": oracles.stated(only.feature), **self.arguments(only, row)}
        if asked != Asked.FORWARD:
            arguments["grad"] = oracles.stated(sent)
        found = self._found(row, only, asked, sent, np.arange(self.together))
        return oracles.hold(found, self.operator, asked, operation.dialect, arguments, row.name)

    def _found(self, row: Row, level: Level, asked: Asked, sent: np.ndarray, channels: np.ndarray) -> np.ndarray:
        """What is formed of a level that has no other channels of the output than these."""
        every = range(len(level.boxes))
        match asked:
            case Asked.FORWARD:
                return np.array([self.sums.mean(level, k, row, channels)[0] for k in every])
            case Asked.FEATURE_GRADIENT:
                return self.sums.spread(level, row, sent)[0]
            case _:
                return np.array([self._of_roi(asked, level, k, row, sent[k])[0] for k in every])
