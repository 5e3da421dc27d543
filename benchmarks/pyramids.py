"""What poolers of pyramids that average samples should give, held against the exact oracle on a few RoIs of all levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from roikit.conformance.operation import Operation as Asked

from . import oracles
from .averages import Averages

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .measuring.problem import Problem


@dataclass(frozen=True)
class PyramidAverages(Averages):
    """A pooler: its call is of all levels, and so is that of the oracle, which gives each RoI a level for itself."""

    joined: ClassVar[bool] = True

    def _validated(self, problem: Problem, operation: Any, arriving: np.ndarray, rng: np.random.Generator) -> int:
        """Compares what some RoIs of all levels give in a channel for each level; returns in how many numbers."""
        asked = self.asked[operation]
        few, sent = some_of(problem, arriving, rng)
        arguments = {
            **self.arguments_of(few),
            "input": oracles.stated(piled([level.feature for level in few.levels])),
            "level_sizes": [list(level.feature.shape[2:]) for level in few.levels],
        }
        if asked != Asked.FORWARD:
            arguments["grad"] = oracles.stated(np.concatenate(sent))
        channels = np.arange(sent[0].shape[1])
        found = [
            self._found(few.row, level, asked, each, channels) for level, each in zip(few.levels, sent, strict=True)
        ]
        whole = piled(found) if asked == Asked.FEATURE_GRADIENT else np.concatenate(found)
        return oracles.hold(whole, self.operator, asked, operation.dialect, arguments, few.row.name)

    def arguments_of(self, problem: Problem) -> dict[str, Any]:
        """Those of a case for all levels, but for maps and what arrives; each level's differ in boxes and scale."""
        each = [self.arguments(level, problem.row) for level in problem.levels]
        return {**each[0], "boxes": [box for arguments in each for box in arguments["boxes"]]}


def require_levels(
    problem: Problem, levels_of: Callable[..., Any], rules: Mapping[str, Any], boxes: list[Any] | None = None
) -> None:
    """Holds the level that every box of a row is put on against those of an oracle, computed in float32, by each of some rules.

    ``boxes`` are those that the oracle is asked about, level by level; without them those of the row.

    Raises:
        AssertionError: a box may be on another, or rounding decides it.
    """
    arguments = {
        "input": {"shape": problem.levels[0].feature.shape},
        "boxes": boxes or [row for level in problem.levels for row in level.boxes.astype(np.float64).tolist()],
        "spatial_scale": [problem.levels[0].scale] * 2,
        "level_sizes": [list(level.feature.shape[2:]) for level in problem.levels],
    }
    put = [{index} for index, level in enumerate(problem.levels) for _ in level.rois]
    for name, dialect in rules.items():
        if levels_of(arguments, dialect, "float32") != put:
            raise AssertionError(f"{problem.row.name}: a box is not certainly on its level by the rules of {name}")


def some_of(problem: Problem, arriving: np.ndarray, rng: np.random.Generator) -> tuple[Problem, list[np.ndarray]]:
    """Some RoIs of each level drawn by chance, with what arrives at these in a few channels: something does on each level."""
    drawn = [oracles.drawn(level, arriving[level.rois], rng) for level in problem.levels]
    channels = np.unique([channel for _, _, channel in drawn])
    levels = [
        type(level)(level.feature[:, channels], level.boxes[rois], level.scale, level.rois[rois])
        for level, (rois, _, _) in zip(problem.levels, drawn, strict=True)
    ]
    return replace(problem, levels=tuple(levels)), [arriving[level.rois][:, channels] for level in levels]


def piled(maps: Sequence[np.ndarray]) -> np.ndarray:
    """The maps of all levels in one array, one below the other, as cases have them: 0 beside those that are narrow."""
    widest = max(array.shape[3] for array in maps)
    return np.concatenate([np.pad(array, [(0, 0)] * 3 + [(0, widest - array.shape[3])]) for array in maps], axis=2)
