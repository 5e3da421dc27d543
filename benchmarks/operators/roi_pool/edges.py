"""Which pixels each bin of a RoI covers along an axis, by rules RP-1 to RP-5, in NumPy; libraries differ in where bins end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...measuring.problem import Level


def exact_edges(size: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixel of each bin, and the one after its last, of a RoI of so many pixels: floor and ceil of fractions."""
    p = np.arange(bins)
    return p * size // bins, -(-(p + 1) * size // bins)


def single_edges(size: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, with the size of a bin and its products rounded to float32: a bin may begin or end a pixel off."""
    p, step = np.arange(bins, dtype=np.float32), np.float32(size) / np.float32(bins)
    return np.floor(p * step).astype(int), np.ceil((p + np.float32(1)) * step).astype(int)


def double_edges(size: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, rounded to float64."""
    p, step = np.arange(bins, dtype=np.float64), np.float64(size) / np.float64(bins)
    return np.floor(p * step).astype(int), np.ceil((p + 1) * step).astype(int)


def accumulated_edges(size: int, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, the size of a bin being added up in float32."""
    step = np.float32(size) / np.float32(bins)
    begin = np.concatenate([np.zeros(1, np.float32), np.full(bins - 1, step)]).cumsum(dtype=np.float32)
    return np.floor(begin).astype(int), np.ceil(begin + step).astype(int)


def half_away(values: np.ndarray) -> np.ndarray:
    """The nearest integers, halves away from zero."""
    return np.copysign(np.floor(abs(values) + 0.5), values).astype(int)


def half_even(values: np.ndarray) -> np.ndarray:
    """The nearest integers, halves to the even one."""
    return np.rint(values).astype(int)


@dataclass(frozen=True)
class Rules:
    """Where a library snaps corners, and where its bins end."""

    snap: Callable[[np.ndarray], np.ndarray]
    edges: Callable[[int, int], tuple[np.ndarray, np.ndarray]]


EXACT = Rules(half_away, exact_edges)
DIALECTS = {
    "torchvision": Rules(half_away, single_edges),
    "onnxruntime": Rules(half_away, single_edges),
    "paddle": Rules(half_away, single_edges),
    "mxnet": Rules(half_away, single_edges),
    "mnn": Rules(half_away, accumulated_edges),
    "chainer": Rules(half_even, double_edges),
}
"""The rules of peers, in float32, that may differ from the exact ones."""


@dataclass(frozen=True)
class Windows:
    """The bins of each RoI of a level, ``(K, P)`` along each axis: first pixel, and the one after the last, clipped to maps."""

    images: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    left: np.ndarray
    right: np.ndarray

    def same_as(self, other: Windows) -> bool:
        """Whether all bins cover the same pixels."""
        return all(np.array_equal(mine, vars(other)[name]) for name, mine in vars(self).items())


def windows_of(level: Level, bins: int, rules: Rules) -> Windows:
    """The bins of a level's RoIs.

    Raises:
        ValueError: corners times the scale are not exact in float32, so that libraries may snap them differently.
    """
    corners = level.boxes[:, 1:].astype(np.float64) * level.scale
    if (corners != corners.astype(np.float32)).any():
        raise ValueError("a corner times the scale is not exact in float32")
    snapped = rules.snap(corners)
    found = []
    for axis, pixels in ((1, level.feature.shape[2]), (0, level.feature.shape[3])):
        first, sizes = snapped[:, axis], np.maximum(snapped[:, axis + 2] - snapped[:, axis] + 1, 1)
        edges = [rules.edges(int(size), bins) for size in sizes]
        found += [(np.array(side) + first[:, None]).clip(0, pixels) for side in zip(*edges, strict=True)]
    return Windows(level.boxes[:, 0].astype(int), *found)
