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


def outputs(problem: Problem, pooled: Pooled, rng: np.random.Generator) -> Reference:
    """What pooling should give."""
    row = problem.row
    reference = Reference([(len(level.boxes), row.channels, *row.bin_shape) for level in problem.levels])
    whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
    for index, level in enumerate(problem.levels):
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            value, bound = _stacked([pooled(level, k, channels) for k in rois])
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
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
) -> Reference:
    """What a gradient of this shape, which each RoI has for itself, should be if ``arriving`` comes to the output.

    ``dtype`` is its data type, if that is not the one of the maps.
    """
    reference = Reference([(len(level.boxes), *shape) for level in problem.levels], dtype=dtype)
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        value, bound = _stacked([of_roi(level, k, arriving[level.rois[k]]) for k in rois])
        reference.blocks.append(Expected(index, (rois,), value, bound))
    return reference


def _stacked(found: list[Bounded]) -> Bounded:
    value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
    return value, bound
