"""What a timed call should have returned, and how far from it a sound result may be: RoIAlign's, of the channels that bins read.

Small rows are checked throughout; of large ones, results in all RoIs on some channels and some RoIs on all channels, gradients
for maps in all pixels of some channels, and gradients for some boxes. A few RoIs are held against the oracle, in fractions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient, feature_gradient
from roikit.kernels.dialects.roi_align import DIALECTS

from ...measuring.judgement import FLOAT64, SAMPLED_CHANNELS, SAMPLED_ROIS, Expected, Reference, crosswise
from ...workloads import SEED, gradient, gradient_of_few
from ..roi_align.reference.box_gradient import corner_gradients, rises_of
from ..roi_align.reference.gradient import sums_of_maps
from ..roi_align.reference.output import facts_of, pool_window
from .operations import Operation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...measuring.problem import Level, Problem
    from ..roi_align.reference.output import RoiFacts
    from .workloads import SampledRow

WHOLE = 8_000_000
"""Results of at most so many elements are checked throughout."""
_RULES = DIALECTS[Operation.FORWARD.sampling]


def reference_of(problem: Problem, processes: int, operation: Operation) -> Reference:
    """What an operation should give."""
    if operation == Operation.BOXES:
        return box_gradients(problem)
    facts = facts_of(problem, operation.sampling, processes)
    return (gradients if operation.gradient else outputs)(problem, facts)


def _how(problem: Problem, level: Level) -> tuple[tuple[float, float], tuple[int, int], str]:
    """Scale, samples and mode, as the oracle takes them."""
    row: SampledRow = problem.row  # type: ignore[assignment]
    return (level.scale,) * 2, (row.sampling_ratio,) * 2, "avg"


def _agree(name: str, own: np.ndarray, exact: np.ndarray, size: float) -> int:
    """How many numbers were compared.

    Raises:
        AssertionError: they disagree.
    """
    if (abs(own - exact.astype(float)) > FLOAT64 * size).any():
        raise AssertionError(f"{name}: the reference is not what the oracle gives")
    return own.size


# ---- the output ------------------------------------------------------------------------------------------------------


def outputs(problem: Problem, facts: Sequence[list[RoiFacts]]) -> Reference:
    """What pooling should give."""
    row, rng = problem.row, np.random.default_rng(SEED)
    reference = Reference([(len(level.boxes), row.channels, row.bins, row.bins) for level in problem.levels])
    for index, (level, of_level) in enumerate(zip(problem.levels, facts, strict=True)):
        whole = row.outputs <= WHOLE or row.channels <= SAMPLED_CHANNELS
        for rois, channels in crosswise(len(level.boxes), row.channels, rng, whole=whole):
            found = [average(level, of_level[k], k, channels, row.bins) for k in rois]
            value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
            reference.blocks.append(Expected(index, (rois[:, None], channels[None]), value, bound))
        for k in rng.choice(len(level.boxes), min(2, len(level.boxes)), replace=False):
            reference.checked_exactly += _validate(problem, level, of_level[k], int(k))
    return reference


def average(level: Level, facts: RoiFacts, k: int, channels: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The bins of a RoI in some channels of the output, ``(C, P, P)``, and bounds of their errors."""
    y, x = facts
    read = (channels[:, None] * bins**2 + np.arange(bins**2)).reshape(-1)
    window = level.feature[int(level.boxes[k, 0])][read, y.window, x.window].astype(np.float64)
    p, q = np.ogrid[:bins, :bins]
    of_bins = (
        array.reshape(len(channels), bins, bins, bins, bins)[:, p, q, p, q] for array in pool_window(y, x, window)
    )
    value, bound = of_bins
    return value, bound


def _validate(problem: Problem, level: Level, facts: RoiFacts, k: int) -> int:
    """Compares a RoI with the oracle, in the first channel; returns how many elements."""
    bins, box = problem.row.bins, level.boxes[k].astype(float)
    value, _ = average(level, facts, k, np.arange(1), bins)
    maps = level.feature[int(box[0])][None, : bins**2]
    exact = oracle.roi_align(maps, [[0, *box[1:]]], (bins, bins), *_how(problem, level), _RULES).values[0]
    p, q = np.ogrid[:bins, :bins]
    return _agree(problem.row.name, value[0], exact[p * bins + q, p, q], 1 + abs(value).max())


# ---- gradients -------------------------------------------------------------------------------------------------------


def gradients(problem: Problem, facts: Sequence[list[RoiFacts]]) -> Reference:
    """What the gradient for the maps should be."""
    row, rng, arriving = problem.row, np.random.default_rng(SEED), gradient(problem.row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    few = min(SAMPLED_CHANNELS, row.map_channels)
    channels = np.arange(row.map_channels)
    channels = channels if whole else np.sort(rng.choice(channels, few, replace=False))
    greatest = float(abs(arriving).max(initial=0.0))
    for index, (level, of_level) in enumerate(zip(problem.levels, facts, strict=True)):
        images, sent = level.boxes[:, 0].astype(int), at_readers(arriving[level.rois], channels)
        shape = level.feature.shape[0], len(channels), *level.feature.shape[2:]
        sums = sums_of_maps(shape, images, of_level, sent)
        at = np.arange(shape[0])[:, None], channels[None]
        reference.blocks.append(Expected(index, at, sums.value, sums.bound(greatest)))
        for k in rng.choice(len(of_level), min(2, len(of_level)), replace=False):
            reference.checked_exactly += _validate_gradient(problem, level, of_level[k], sent[k, :1], int(k))
    return reference


def at_readers(arriving: np.ndarray, channels: np.ndarray) -> np.ndarray:
    """What arrives at the bins that read some channels of the maps, ``(K, n, P, P)``, and nothing at others."""
    bins = arriving.shape[2]
    sent = np.zeros((len(arriving), len(channels), bins, bins), arriving.dtype)
    for n, channel in enumerate(channels):
        c, p, q = np.unravel_index(channel, arriving.shape[1:])
        sent[:, n, p, q] = arriving[:, c, p, q]
    return sent


def _validate_gradient(problem: Problem, level: Level, facts: RoiFacts, sent: np.ndarray, k: int) -> int:
    """Compares what a RoI sends to one channel with the oracle; returns to how many pixels."""
    box, shape = level.boxes[k].astype(float), (1, 1, *level.feature.shape[2:])
    own = sums_of_maps(shape, np.zeros(1, int), [facts], sent[None])
    exact = feature_gradient(sent[None], [[0, *box[1:]]], shape, *_how(problem, level), _RULES).values
    return _agree(problem.row.name, own.value, exact, 1 + float(own.magnitude.max()))


def box_gradients(problem: Problem) -> Reference:
    """What the gradients for some boxes of each level should be."""
    rng, everything = np.random.default_rng(SEED), gradient_of_few(problem.row)
    reference = Reference([(len(level.boxes), 4) for level in problem.levels], dtype="float32")
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        found = [_box_gradient(problem, level, int(k), everything[level.rois[k]]) for k in rois]
        value, bound = (np.array(arrays) for arrays in zip(*(each[:2] for each in found), strict=True))
        reference.blocks.append(Expected(index, (rois,), value, bound))
        reference.checked_exactly += sum(
            _agree(problem.row.name, own, np.array(exact()), 1 + abs(sent).sum()) for (own, _, sent, exact) in found[:2]
        )
    return reference


def _box_gradient(problem: Problem, level: Level, k: int, arriving: np.ndarray):
    """The gradient for a box and its bound; what is sent, and the exact gradient, worked out when it is called."""
    bins, box = problem.row.bins, level.boxes[k].astype(float)
    scale, ratio, mode = _how(problem, level)
    roi = oracle.stages(box.tolist(), level.feature.shape[2:], (bins, bins), scale, ratio, _RULES)
    y, x = rises_of(roi.y), rises_of(roi.x)
    channels = np.flatnonzero(arriving)  # as its bins are numbered, so are the channels that they read
    sent = at_readers(arriving[None], channels)[0].astype(np.float64)
    maps = level.feature[roi.batch][channels]
    value, bound = corner_gradients(y, x, maps[:, y.facts.window, x.facts.window].astype(np.float64), sent)

    def exact() -> np.ndarray:
        return box_gradient(sent[None], maps[None], [[0, *box[1:]]], scale, ratio, mode, _RULES).values[0]

    return value, bound, sent, exact
