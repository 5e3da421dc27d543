"""What a timed gradient for the boxes should have been, and how far from it a sound result may be.

That of a corner is a sum over bins, channels and samples of G ÷ samples · motion · (pixel after − pixel before) · weights along
the other axis: in float64, of the numbers that `output` has of each axis, and of the rises that this module adds.

* A sample whose error reaches over a row of pixels may rise between others: its coefficient of each may be off by 2.
* Weights along the other axis are off as `gradient` says.
* Terms are rounded, and there are n of them: γₙ₊₁₆, twice, since the motion of a corner may be the difference of two.

If all of G were something, n would be so great that the bound of the error were as great as the result. So G is zero but for a
few numbers for each RoI, `workloads.gradient_of_few`: kernels do the same work, and to add zeros rounds nothing. In row f, of
boxes over hundreds of pixels, the bound is about as great as the result all the same, so that there the check shows little.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle import output as oracle
from roikit.conformance.operators.roi_align.oracle.fast import Rows, changes, read
from roikit.conformance.operators.roi_align.oracle.gradient import box_gradient
from roikit.conformance.sampling.errors import AxisError
from roikit.kernels.dialects.roi_align import DIALECTS

from ....measuring.judgement import FLOAT64, SAMPLED_ROIS, Expected, Reference
from ....workloads import SEED, gradient_of_few
from .gradient import off_by, terms_of, unsure
from .output import AxisFacts, axis_facts

if TYPE_CHECKING:
    from ....measuring.problem import Level, Problem, Row
    from ..operations import Operation

_WORKING = FLOAT_TYPES["float32"]
_OPERATIONS = 16  # on a term, before it is added


@dataclass(frozen=True)
class Rises:
    """How one axis of one RoI changes with its corners; arrays ``(P, window)``.

    Attributes:
        facts: The axis.
        rises: For each corner, the coefficient of each pixel.
        sizes: The scale, once for each sample that may have the pixel beside it.
        doubt: By how much a coefficient may be off since nobody can say between which pixels a sample lies.
    """

    facts: AxisFacts
    rises: tuple[np.ndarray, np.ndarray]
    sizes: np.ndarray
    doubt: np.ndarray


def rises_of(axis: oracle.Axis) -> Rises:
    """The rises of an axis, in float64."""
    facts, error, rows, scale = axis_facts(axis), AxisError(axis, _WORKING), Rows(axis), float(axis.scale)
    sizes, doubt = (np.zeros((axis.bins, axis.pixels)) for _ in range(2))
    for p, samples in enumerate(rows.samples):
        for sample in samples:
            off = error.position(p, sample.index + sample.count - 1)
            if not np.isfinite(off):
                continue
            low, high = (int(np.floor(float(sample.position) + sign * off)) for sign in (-1, 1))
            for cell in range(max(low, 0), min(high, axis.pixels - 2) + 1):
                sizes[p, cell : cell + 2] += scale * sample.count
                doubt[p, cell : cell + 2] += 2 * scale * sample.count * (low != high)
    at = facts.window
    first, second = (slopes[:, at] for slopes in rows.slopes)
    return Rises(facts, (first, second), sizes[:, at], doubt[:, at])


def corner_gradients(y: Rises, x: Rises, pixels: np.ndarray, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradients for x1, y1, x2, y2 of a RoI, and bounds, from its window ``(C, h, w)`` and ``sent``."""
    share = sent / max(y.facts.grid * x.facts.grid, 1)
    found = changes(y.facts.weights, x.facts.weights, y.rises, x.rises, pixels)
    value, bound = np.array([(share * change).sum() for change in found]), np.empty(4)
    of_bins = np.outer(terms_of(y.facts).sum(axis=1), terms_of(x.facts).sum(axis=1))
    terms = float(((sent != 0) * of_bins).sum())
    gamma = 2 * _WORKING.gamma(terms + _OPERATIONS)
    least = _WORKING.underflow * _OPERATIONS * (terms + 1) * (abs(pixels).max(initial=0.0) + 1)
    turned = x, y, abs(pixels).transpose(0, 2, 1), abs(share).transpose(0, 2, 1)
    for corner, (along, across, *sizes) in enumerate((turned, (y, x, abs(pixels), abs(share)))):
        off = off_by(across.facts)
        magnitude = _total(along.sizes, across.facts.weights + off, *sizes)
        error = _total(along.doubt, across.facts.weights + off, *sizes) + _total(along.sizes, off, *sizes)
        bound[corner::2] = error + gamma * magnitude + least + FLOAT64 * magnitude
    return value, np.full(4, np.inf) if unsure(y.facts) or unsure(x.facts) else bound


def _total(along: np.ndarray, across: np.ndarray, window: np.ndarray, given: np.ndarray) -> float:
    """The sum over bins and channels of ``given`` times what coefficients of both axes make of a window ``(C, h, w)``."""
    return float((given * read(along, window, across)).sum())


def _expected(level: Level, row: Row, k: int, sent: np.ndarray, operation: Operation) -> tuple[np.ndarray, np.ndarray]:
    bins, scale, ratio = (row.bins,) * 2, (level.scale,) * 2, (row.sampling_ratio,) * 2
    box = level.boxes[k].astype(float).tolist()
    roi = oracle.stages(box, level.feature.shape[2:], bins, scale, ratio, DIALECTS[operation.dialect])
    y, x = rises_of(roi.y), rises_of(roi.x)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    pixels = level.feature[roi.batch][channels, y.facts.window, x.facts.window]
    return corner_gradients(y, x, pixels.astype(np.float64), sent[channels].astype(np.float64))


def make_box_reference(problem: Problem, processes: int, operation: Operation) -> Reference:
    """Computes what the gradients for some boxes of each level should be; raises if that disagrees with the oracle."""
    del processes  # few boxes are looked at
    rng, everything = np.random.default_rng(SEED), gradient_of_few(problem.row)
    reference = Reference([(len(level.boxes), 4) for level in problem.levels], dtype="float32")
    for index, level in enumerate(problem.levels):
        rois = np.sort(rng.choice(len(level.boxes), min(SAMPLED_ROIS, len(level.boxes)), replace=False))
        found = [_expected(level, problem.row, k, everything[level.rois[k]], operation) for k in rois]
        value, bound = (np.array(arrays) for arrays in zip(*found, strict=True))
        reference.blocks.append(Expected(index, (rois,), value, bound))
        for at in range(min(2, len(rois))):
            reference.checked_exactly += validate(
                problem, level, rois[at], everything[level.rois[rois[at]]], value[at], operation
            )
    return reference


def validate(problem: Problem, level: Level, k: int, sent: np.ndarray, value: np.ndarray, operation: Operation) -> int:
    """Compares the gradient for a box with the oracle's; returns how many numbers.

    Raises:
        AssertionError: they disagree.
    """
    row, box = problem.row, level.boxes[k].astype(float)
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    maps = level.feature[int(box[0])][None, channels]
    scale, ratio = (level.scale,) * 2, (row.sampling_ratio,) * 2
    rules = DIALECTS[operation.dialect]
    exact = (
        box_gradient(sent[None, channels], maps, [[0, *box[1:]]], scale, ratio, "avg", rules).values[0].astype(float)
    )
    if (abs(value - exact) > FLOAT64 * (1 + abs(sent[channels]).sum())).any():
        raise AssertionError(f"{row.name}: the reference of gradients for boxes is not what the oracle gives")
    return len(exact)
