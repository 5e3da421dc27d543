"""What a timed call should have returned, and how far from it a sound result may be.

A bin is the mean of weighed pixels over that of weights, both by `measuring.axes`, and off by as much as both may be; or the
greatest sample of weighed pixels, or another mean of them (`means`). Gradients are those of the two means, of what arrives over
that of weights. Each kind is held against the exact oracle on two RoIs of each level, in a channel.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from roikit.conformance.exact.floats import FLOAT_TYPES
from roikit.conformance.operation import Operation as Asked

from ... import oracles
from ...measuring import axes, references
from ...measuring.judgement import FLOAT64, Expected, Reference
from ...workloads import SEED, gradient, gradient_of_few
from . import means as other_means
from .operations import Operation
from .workloads import weights

if TYPE_CHECKING:
    from ...measuring.problem import Level, Problem, Row, SampledRow

_TYPE = FLOAT_TYPES["float32"]
_QUOTIENT = 8  # roundings of a quotient, or of what arrives over one
_OPERATIONS = 32  # on a term of a gradient for weights, besides its sum
_ONE = np.array([0])


class Means(NamedTuple):
    """The bins of a RoI.

    Attributes:
        value, bound: The weighted means of some channels, ``(C, P, P)``, and how far they may be off.
        divided: One over the mean of the weights of each bin, ``(P, P)``; 0 where that is 0.
        off: What share of this it may be off by.
    """

    value: np.ndarray
    bound: np.ndarray
    divided: np.ndarray
    off: np.ndarray


def weighed(level: Level) -> tuple[Level, Level]:
    """The levels of weighed pixels, and of weights as their only channel."""
    return replace(level, feature=level.feature * weights(level)), replace(level, feature=weights(level))


def means(products: Level, of_weights: Level, k: int, row: Row, channels: np.ndarray) -> Means:
    """Those of a RoI."""
    sums, sums_off = axes.mean(products, k, row, channels)
    (total,), (total_off,) = axes.mean(of_weights, k, row, _ONE)
    sure, least = total > total_off, np.maximum(total - total_off, np.finfo(float).tiny)
    divided = np.divide(1, total, out=np.zeros(total.shape), where=total > 0)
    off = np.where(sure, total_off / least + _QUOTIENT * _TYPE.unit, np.where(total > 0, np.inf, 0.0))
    value = sums * divided
    bound = np.where(sure, sums_off / least + abs(value) * np.where(sure, off, 0.0) + FLOAT64 * abs(value), np.inf)
    return Means(value, np.where((total == 0) & (total_off == 0), 0.0, bound), divided, off)


def pooled(
    of: tuple[Level, Level], k: int, row: Row, channels: np.ndarray, operation: Operation
) -> tuple[np.ndarray, np.ndarray]:
    """What the bins of a RoI come to, of weighed pixels and of weights, and how far that may be off."""
    match operation.mode:
        case "avg":
            return means(*of, k, row, channels)[:2]
        case "max":
            return axes.maximum(of[0], k, row, channels)
        case mean:
            return other_means.pooled(of[0], k, row, channels, mean)


def sent_to_maps(
    level: Level, row: Row, sent: np.ndarray, channels: np.ndarray, operation: Operation
) -> tuple[np.ndarray, np.ndarray]:
    """What some channels of maps get if RoIs send this of them, and a bound of its error."""
    if operation == Operation.BACKWARD:
        return spread(level, row, sent)
    return other_means.spread(level, row, sent, channels, operation.mode)


def spread(level: Level, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What maps with as many channels as ``sent``, ``(K, C, P, P)``, get if RoIs send that, and a bound of its error."""
    of_weights = replace(level, feature=weights(level))
    found = [means(of_weights, of_weights, k, row, _ONE) for k in range(len(level.boxes))]
    shares = sent * np.array([one.divided for one in found])[:, None]
    value, bound = axes.spread(level, row, shares)
    unsure, _ = axes.spread(level, row, abs(shares) * np.array([one.off for one in found])[:, None])
    return value * weights(level), (bound + unsure) * weights(level) * (1 + 2 * _TYPE.unit)


def shares(level: Level, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What weights, ``(N, 1, H, W)``, get if RoIs send this, ``(K, C, P, P)``; and a bound of its error."""
    products, of_weights = weighed(level)
    channels = np.arange(level.feature.shape[1])
    value, magnitude, moved, terms = np.zeros((4, len(level.feature), 1, *level.feature.shape[2:]))
    for k, arriving in enumerate(sent.astype(np.float64)):
        y, x = both = axes.axes_of(level, k, row)
        found, pixels = means(products, of_weights, k, row, channels), axes.read_by(level, k, both, channels)
        at = int(level.boxes[k, 0]), 0, y.window, x.window
        of_bins = (_by_bins(arriving, pixels) - _of_bins(arriving, found.value)) * found.divided[..., None, None]
        value[at] += _over_bins(y.weights, x.weights, of_bins)
        size = abs(arriving)
        most = (_by_bins(size, abs(pixels)) + _of_bins(size, abs(found.value))) * found.divided[..., None, None]
        off = most * found.off[..., None, None] + _of_bins(size, found.bound) * found.divided[..., None, None]
        summed = _over_bins(y.weights, x.weights, most)
        magnitude[at] += summed
        moved[at] += _over_bins(y.weights + y.off, x.weights + x.off, most + off) - summed
        terms[at] += np.outer(y.near.sum(axis=0), x.near.sum(axis=0))
    roundings = (terms + len(channels) + _OPERATIONS) * _TYPE.unit  # RoIs of a channel are added up, and then channels
    return value, moved + roundings / (1 - roundings) * (magnitude + moved) + FLOAT64 * magnitude


def _by_bins(arriving: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """The sums over channels of what arrives at each bin times each pixel, ``(P, P, h, w)``."""
    found = arriving.reshape(len(arriving), -1).T @ pixels.reshape(len(pixels), -1)
    return found.reshape(*arriving.shape[1:], *pixels.shape[1:])


def _of_bins(arriving: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The sums over channels of what arrives at each bin times its number, ``(P, P, 1, 1)``."""
    found: np.ndarray = (arriving * numbers).sum(axis=0)[..., None, None]
    return found


def _over_bins(share_y: np.ndarray, share_x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The sums over bins of numbers times shares of pixels, ``(h, w)``."""
    found: np.ndarray = np.einsum("ph,qw,pqhw->hw", share_y, share_x, numbers, optimize=True)
    return found


def slope(level: Level, k: int, row: Row, sent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The gradient for x1, y1, x2, y2 of a RoI to which this arrives, ``(C, P, P)``, and a bound of its error."""
    channels = np.flatnonzero(sent.any(axis=(1, 2)))
    arriving = sent[channels].astype(np.float64)
    products, of_weights = weighed(replace(level, feature=level.feature[:, channels]))
    found = means(products, of_weights, k, row, np.arange(len(channels)))
    share = arriving * found.divided
    taken = (share * found.value).sum(axis=0, keepdims=True)
    ours, bound = axes.slope(products, k, row, share)
    theirs, more = axes.slope(of_weights, k, row, taken)
    of_share = abs(share) * found.off
    of_taken = (abs(share) * (found.bound + abs(found.value) * found.off)).sum()
    image = int(level.boxes[k, 0])
    unsure = (of_share.sum(axis=(1, 2)) * products.largest[image]).sum() + of_taken * of_weights.largest[image, 0]
    return ours - theirs, bound + more + 2 * level.scale * unsure


def reference_of(problem: Problem, processes: int, operation: Operation, *, joined: bool = False) -> Reference:
    """What an operation should give, of each level by itself, or ``joined`` of all RoIs together."""
    del processes  # it takes less than a process needs to begin
    rng, row = np.random.default_rng(SEED), problem.row
    arriving = gradient_of_few(row) if operation == Operation.BOXES else gradient(row)
    if operation.pools:
        of = {id(level): weighed(level) for level in problem.levels}
        reference = references.outputs(
            problem, lambda level, k, some: pooled(of[id(level)], k, row, some, operation), rng, joined=joined
        )
    elif operation.gradient:
        reference = references.gradients(
            problem, lambda level, sent, some: sent_to_maps(level, row, sent, some, operation), arriving, rng
        )
    elif operation == Operation.WEIGHTS:
        reference = _of_weights(problem, arriving)
    else:
        reference = references.of_rois(
            problem, lambda level, k, sent: slope(level, k, row, sent), arriving, rng, (4,), "float32", joined=joined
        )
    for level in problem.levels:
        reference.checked_exactly += _validate(row, level, operation, arriving[level.rois], rng)
    return reference


def _of_weights(problem: Problem, arriving: np.ndarray) -> Reference:
    """What the gradient for all weights should be, which all channels have a part in."""
    reference = Reference([weights(level).shape for level in problem.levels])
    for index, level in enumerate(problem.levels):
        value, bound = shares(level, problem.row, arriving[level.rois])
        reference.blocks.append(Expected(index, (np.arange(len(value)),), value, bound))
    return reference


# ---- against the exact oracle ----------------------------------------------------------------------------------------

_OF = {Operation.WEIGHTS: Asked.WEIGHT_GRADIENT, Operation.BOXES: Asked.BOX_GRADIENT}


def _validate(row: Row, level: Level, operation: Operation, arriving: np.ndarray, rng: np.random.Generator) -> int:
    """Compares what some RoIs of a level give in a channel with the oracle; returns in how many numbers."""
    only, sent = oracles.some_of(level, arriving, rng)
    ratio = cast("SampledRow", row).sampling_ratio
    arguments: dict[str, Any] = {
        "input": oracles.stated(only.feature),
        "weights": oracles.stated(weights(only)),
        "normalise": operation.mode == "avg",
        "boxes": only.boxes.astype(np.float64).tolist(),
        "output_size": [row.bins, row.bins],
        "spatial_scale": [level.scale, level.scale],
        "sampling_ratio": [ratio, ratio],
        "mode": operation.mode,
    }
    if not operation.pools:
        arguments["grad"] = oracles.stated(sent)
    found = _found(row, only, operation, sent)
    asked = Asked.FORWARD if operation.pools else _OF.get(operation, Asked.FEATURE_GRADIENT)
    return oracles.hold(found, "weighted_roi_align", asked, operation.dialect, arguments, row.name)


def _found(row: Row, level: Level, operation: Operation, sent: np.ndarray) -> np.ndarray:
    """What the reference has for a level of one channel."""
    every = range(len(level.boxes))
    if operation.pools:
        return np.array([pooled(weighed(level), k, row, _ONE, operation)[0] for k in every])
    if operation.gradient:
        return sent_to_maps(level, row, sent, _ONE, operation)[0]
    if operation == Operation.WEIGHTS:
        return shares(level, row, sent)[0]
    return np.array([slope(level, k, row, sent[k])[0] for k in every])
