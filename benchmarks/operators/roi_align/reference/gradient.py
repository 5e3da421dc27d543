"""What a timed gradient for the maps should have been, and how far from it a sound result may be.

The gradient of a pixel is a sum, over all RoIs and bins, of G · (weights along y) · (weights along x) ÷ samples: of the numbers
that `reference` has of each axis, in float64. Three things part a sound result from that.

* A sample that lies ``e`` off takes ``e`` of weight from one pixel of its cell to the other. So the weight that a bin puts on
  a pixel is off by no more than its samples may move in the two cells beside it, ``d``, and the product of two weights by
  ``(w + d) · (v + d') − w · v``.
* A term ``G · weight · weight ÷ samples`` is rounded no more than 8 times, and then once for each of the n terms that the pixel
  may get: γₙ₊₈ times the sum of magnitudes, with the weights ``w + d``. Gradual underflow adds to each operation.
* A result of 16 bits is rounded once more, at its end: `Reference.judge` allows for it.

A RoI of which nobody can say how many samples it has, or whether one is on the map, leaves the pixels it may reach without a
bound. `validate` holds values, magnitudes and n against the exact gradient of ``oracle/gradient.py`` on a few RoIs.

Of large rows some channels are checked in every pixel, and some pixels in all channels.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operators.roi_align.oracle.fast import spread
from roikit.conformance.operators.roi_align.oracle.gradient import feature_gradient
from roikit.conformance.sampling.errors import beside
from roikit.kernels.dialects.roi_align import DIALECTS

from ....measuring.judgement import FLOAT64, SAMPLED_CHANNELS, Expected, Reference
from ....workloads import SEED, gradient
from .output import facts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....measuring.problem import Problem
    from ..operations import Operation
    from .output import AxisFacts, RoiFacts

    Combine = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

WHOLE = 8_000_000
"""Maps of at most so many elements are checked throughout."""
_SAMPLED_PIXELS = 24
_WORKING = FLOAT_TYPES["float32"]
_OPERATIONS = 8  # on a term, before it is added


def off_by(axis: AxisFacts) -> np.ndarray:
    """By how much the weight that each bin puts on each pixel may be off, ``(P, window)``."""
    return beside(axis.total)


def terms_of(axis: AxisFacts) -> np.ndarray:
    """How many weights samples of each bin may put on each pixel, ``(P, window)``: two each on the last of the map."""
    return beside(axis.count, 2 if axis.window.stop == axis.pixels else 1)


def unsure(axis: AxisFacts) -> bool:
    """Whether nobody can say how many samples there are on the map."""
    return axis.fragile or bool(axis.at_bound.any())


@dataclass
class Sums:
    """What is added up in each pixel, over RoIs, bins and samples.

    Attributes:
        value: The gradient.
        magnitude: Σ |G| · weight ÷ samples.
        most: The same with each weight as large as it may be.
        terms: How many terms there may be, for all channels alike.
        unsure: Whether nobody can say what a RoI sends there, for all channels alike.
    """

    value: np.ndarray
    magnitude: np.ndarray
    most: np.ndarray
    terms: np.ndarray
    unsure: np.ndarray

    def add(self, at: tuple[Any, ...], y: AxisFacts, x: AxisFacts, sent: np.ndarray, combine: Combine = spread) -> None:
        """Adds what a RoI sends, ``(C, P, P)``, to the pixels ``at``; ``combine`` makes of weights and that what they get."""
        share = sent.astype(np.float64) / max(y.grid * x.grid, 1)
        self.value[at] += combine(y.weights, share, x.weights)
        self.magnitude[at] += combine(y.weights, abs(share), x.weights)
        self.most[at] += combine(y.weights + off_by(y), abs(share), x.weights + off_by(x))

    def bound(self, greatest: float) -> np.ndarray:
        """How far a sound result may be from the value, if no |G| is above ``greatest``; infinite where unsure."""
        roundings = (self.terms + _OPERATIONS) * _WORKING.unit
        gamma = np.where(roundings < 1, roundings / np.maximum(1 - roundings, _WORKING.unit), np.inf)
        error = self.most - self.magnitude + gamma * self.most
        error += _WORKING.underflow * _OPERATIONS * (self.terms + 1) * (greatest + 1)
        error = (error + 2.0**-53 * abs(self.value)) * (1 + 1e-9) + FLOAT64 * self.most
        return np.where(self.unsure, np.inf, error)


def _over_pixels(
    rows: np.ndarray, columns: np.ndarray, by: np.ndarray, share: np.ndarray, bx: np.ndarray
) -> np.ndarray:
    """What some pixels of the window get, ``(n, C)``."""
    return np.einsum("pn,cpn->nc", by[:, rows], share @ bx[:, columns])


def sums_of_maps(shape: tuple[int, ...], images: np.ndarray, facts: Sequence[RoiFacts], sent: np.ndarray) -> Sums:
    """The sums of whole maps, ``shape`` (N, C, H, W), of what RoIs on these images send, ``(K, C, P, P)``."""
    alike = shape[0], 1, *shape[2:]
    sums = Sums(*(np.zeros(shape) for _ in range(3)), np.zeros(alike), np.zeros(alike, bool))
    for image, (y, x), what in zip(images, facts, sent, strict=True):
        at = image, slice(None), y.window, x.window
        sums.add(at, y, x, what)
        sums.terms[at] += np.outer(terms_of(y).sum(axis=0), terms_of(x).sum(axis=0))
        if unsure(y) or unsure(x):
            sums.unsure[image, :, _reach(y), _reach(x)] = True
    return sums


def _reach(axis: AxisFacts) -> slice:
    """The pixels that samples may be on, however many there are."""
    return slice(None) if unsure(axis) else axis.window


def sums_of_pixels(
    pixels: np.ndarray, maps: Sums, images: np.ndarray, facts: Sequence[RoiFacts], sent: np.ndarray
) -> Sums:
    """The sums ``(n, C)`` of some pixels, rows ``(image, y, x)``; ``maps`` are those of some channels in all pixels."""
    n, rows, columns = pixels.T
    alike = (array[n, :, rows, columns] for array in (maps.terms, maps.unsure))
    sums = Sums(*(np.zeros((len(pixels), sent.shape[1])) for _ in range(3)), *alike)
    for image, (y, x), what in zip(images, facts, sent, strict=True):
        on_y, on_x = rows - y.first, columns - x.first
        on_map = (on_y >= 0) & (on_y < y.weights.shape[1]) & (on_x >= 0) & (on_x < x.weights.shape[1])
        at = np.flatnonzero((n == image) & on_map)
        if len(at):
            sums.add((at,), y, x, what, partial(_over_pixels, on_y[at], on_x[at]))
    return sums


def make_gradient_reference(problem: Problem, processes: int, operation: Operation) -> Reference:
    """Computes what the gradients for the maps of a row should be; raises if that disagrees with the oracle."""
    row, rng = problem.row, np.random.default_rng(SEED)
    everything = gradient(row)
    reference = Reference([level.feature.shape for level in problem.levels])
    whole = sum(level.feature.size for level in problem.levels) <= WHOLE
    greatest = float(abs(everything).max(initial=0.0))
    for index, facts in enumerate(facts_of(problem, operation.dialect, processes)):
        level = problem.levels[index]
        images, sent = level.boxes[:, 0].astype(int), everything[level.rois]
        n, _, *size = level.feature.shape
        few = min(SAMPLED_CHANNELS, row.channels)
        channels = np.arange(row.channels) if whole else np.sort(rng.choice(row.channels, few, replace=False))
        maps = sums_of_maps((n, len(channels), *size), images, facts, sent[:, channels])
        reference.blocks.append(
            Expected(index, (np.arange(n)[:, None], channels[None]), maps.value, maps.bound(greatest))
        )
        if not whole:
            touched = np.argwhere(maps.terms[:, 0] > 0)
            pixels = rng.choice(touched, min(_SAMPLED_PIXELS, len(touched)), replace=False)
            some = sums_of_pixels(pixels, maps, images, facts, sent)
            of_image, y, x = pixels.T[:, :, None]
            at = of_image, np.arange(row.channels)[None], y, x
            reference.blocks.append(Expected(index, at, some.value, some.bound(greatest)))
        reference.checked_exactly += validate(problem, index, facts, sent, operation, rng)
    return reference


def validate(
    problem: Problem,
    index: int,
    facts: Sequence[RoiFacts],
    sent: np.ndarray,
    operation: Operation,
    rng: np.random.Generator,
) -> int:
    """Compares the sums of two RoIs of a level with the oracle's, in one channel; returns in how many pixels.

    Raises:
        AssertionError: they disagree.
    """
    row, level = problem.row, problem.levels[index]
    rois, channel = rng.choice(len(facts), min(2, len(facts)), replace=False), rng.integers(row.channels)
    shape = level.feature.shape[0], 1, *level.feature.shape[2:]
    boxes, arriving = level.boxes[rois].astype(float), sent[rois, channel][:, None]
    ratio = (row.sampling_ratio, row.sampling_ratio)
    scale = (level.scale, level.scale)
    exact = feature_gradient(arriving, boxes, shape, scale, ratio, "avg", DIALECTS[operation.dialect])
    own = sums_of_maps(shape, boxes[:, 0].astype(int), [facts[k] for k in rois], arriving)
    touched = exact.terms.astype(int) > 0
    if (own.terms[touched] < exact.terms[touched].astype(int)).any() or own.magnitude[~touched].any():
        raise AssertionError(f"{row.name}: the reference and the oracle differ on which pixels have a gradient")
    for what, found, right in (("values", own.value, exact.values), ("magnitudes", own.magnitude, exact.magnitude)):
        if (abs(found[touched] - right[touched].astype(float)) > FLOAT64 * (1 + own.magnitude[touched])).any():
            raise AssertionError(f"{row.name}: the {what} of the gradient reference are not what the oracle gives")
    return int(touched.sum())
