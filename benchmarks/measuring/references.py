"""Which elements of the results of a row are held against what they should be.

Small results are checked throughout; of large ones, those of pooling in all RoIs on some channels and some RoIs on all channels,
gradients for maps in all pixels of some channels, and of gradients that each RoI has for itself those of some RoIs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from .judgement import SAMPLED_CHANNELS, SAMPLED_ROIS, Expected, Reference, crosswise
from .problem import Level

if TYPE_CHECKING:
    from .problem import Problem

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""

Bounded = tuple[np.ndarray, np.ndarray]
"""Numbers, and bounds of their error."""
Pooled = Callable[[Level, int, np.ndarray], Bounded]
"""What the RoI of this number gives of some channels, ``(C, …)``."""
Sent = Callable[[Level, np.ndarray, np.ndarray], Bounded]
"""What maps ``(N, C, …)`` get of some channels if RoIs send this of them, ``(K, C, …)``."""
OfRoi = Callable[[Level, int, np.ndarray], Bounded]
"""What a RoI gets to which this arrives, ``(C, …)``."""


def counts_of(problem: Problem, *, joined: bool) -> list[int]:
    """How many RoIs each output has that has some: one for each level, or one for all of them, ``joined``."""
    return [problem.row.rois] if joined else [len(level.boxes) for level in problem.levels]


def places_of(level: Level, index: int, *, joined: bool) -> tuple[int, np.ndarray]:
    """The number of the output that has the RoIs of a level, and which of its rows these are."""
    return (0, level.rois) if joined else (index, np.arange(len(level.boxes)))


def outputs(problem: Problem, pooled: Pooled, rng: np.random.Generator, *, joined: bool = False) -> Reference:
    """What pooling should give, of each level by itself or of all of them."""
    row = problem.row
    reference = Reference([(count, row.channels, *row.bin_shape) for count in counts_of(problem, joined=joined)])
    whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
    for index, level in enumerate(problem.levels):
        output, places = places_of(level, index, joined=joined)
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value, bound = _stacked([pooled(level, k, channels) for k in rois])
            reference.blocks.append(Expected(output, (places[rois][:, None], channels[None]), value, bound))
    return reference


def gradients(
    problem: Problem,
    sent: Sent,
    arriving: np.ndarray,
    rng: np.random.Generator,
    read: Callable[[Level, np.ndarray], np.ndarray] | None = None,
    together: int = 1,
) -> Reference:
    """What the gradient for the maps should be if ``arriving`` comes to the output.

    ``read`` are the channels of the maps that some of the output are made of, in the order that ``sent`` has them: without it,
    as many for each, that follow each other. So many channels of the output as are ``together`` are made of each other, and
    drawn all or none.
    """
    row = problem.row
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    units = row.channels // together
    most = max(SAMPLED_CHANNELS * units // row.map_channels, 1)
    few = np.sort(rng.choice(units, min(most, units), replace=False))
    channels = _in_groups(np.arange(units) if whole else few, together)
    for index, level in enumerate(problem.levels):
        value, bound = sent(level, arriving[level.rois][:, channels], channels)
        of_maps = _in_groups(channels, row.map_channels // row.channels) if read is None else read(level, channels)
        at = np.arange(level.feature.shape[0])[:, None], of_maps[None]
        reference.blocks.append(Expected(index, at, value, bound))
    return reference


def _in_groups(numbers: np.ndarray, each: int) -> np.ndarray:
    """The members of groups of these numbers, which have so many each."""
    return (numbers[:, None] * each + np.arange(each)).ravel()


def of_rois(
    problem: Problem,
    of_roi: OfRoi,
    arriving: np.ndarray,
    rng: np.random.Generator,
    shape: tuple[int, ...],
    dtype: str | None = None,
    *,
    joined: bool = False,
) -> Reference:
    """What a gradient of this shape, which each RoI has for itself, should be if ``arriving`` comes to the output.

    ``dtype`` is its data type, if that is not the one of the maps. There is one for each level, or one for all, ``joined``.
    """
    reference = Reference([(count, *shape) for count in counts_of(problem, joined=joined)], dtype=dtype)
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        value, bound = _stacked([of_roi(level, k, arriving[level.rois[k]]) for k in rois])
        output, places = places_of(level, index, joined=joined)
        reference.blocks.append(Expected(output, (places[rois],), value, bound))
    return reference


def _stacked(found: list[Bounded]) -> Bounded:
    value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
    return value, bound
