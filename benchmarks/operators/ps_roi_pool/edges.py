"""Which pixels each bin of a RoI covers along an axis, by rules PP-2 to PP-6, in NumPy; libraries differ in where RoIs lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from ...measuring.problem import Level

    Edges = Callable[[np.ndarray, np.ndarray, float, int], tuple[np.ndarray, np.ndarray]]


def half_away(values: np.ndarray) -> np.ndarray:
    """The nearest whole numbers, halves away from zero."""
    return np.copysign(np.floor(abs(values) + 0.5), values)


def exact_edges(low: np.ndarray, high: np.ndarray, scale: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """First pixel of each bin, and the one after its last, of RoIs of whole feature pixels: floor and ceil of fractions."""
    start, sizes, p = *_whole(low, high, scale), np.arange(bins)
    return start + p * sizes // bins, start - (-(p + 1) * sizes // bins)


def single_edges(low: np.ndarray, high: np.ndarray, scale: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """The same, with the size of a bin and its products rounded to float32: a bin may begin or end a pixel off."""
    start, sizes = _whole(low, high, scale)
    p, step = np.arange(bins, dtype=np.float32), sizes.astype(np.float32) / np.float32(bins)
    ends = np.ceil((p + np.float32(1)) * step).astype(int)
    return start + np.floor(p * step).astype(int), start + ends


def _whole(low: np.ndarray, high: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """First pixel and number of pixels of RoIs whose corners are rounded after they were scaled."""
    first, last = (half_away(corner.astype(np.float64) * scale).astype(int)[:, None] for corner in (low, high))
    return first, np.maximum(last - first, 1)


def image_edges(low: np.ndarray, high: np.ndarray, scale: float, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Of RoIs of whole image pixels, in float32."""
    factor, p = np.float32(scale), np.arange(bins, dtype=np.float32)
    start = (half_away(low.astype(np.float32)) * factor)[:, None]
    end = ((half_away(high.astype(np.float32)) + np.float32(1)) * factor)[:, None]
    step = np.maximum(end - start, np.float32(0.1)) / np.float32(bins)
    return np.floor(p * step + start).astype(int), np.ceil((p + np.float32(1)) * step + start).astype(int)


@dataclass(frozen=True)
class Rules:
    """Where the bins of a library begin and end, and how many rows and columns at the end of a map it never reads."""

    edges: Edges
    unread: int


EXACT = Rules(exact_edges, 1)
_IMAGE = Rules(image_edges, 0)
DIALECTS = {"torchvision": Rules(single_edges, 1), "mxnet": _IMAGE, "paddle": _IMAGE, "openvino": _IMAGE}
"""The rules of peers, in float32."""


@dataclass(frozen=True)
class Windows:
    """The bins of each RoI of a level, ``(K, P)`` along each axis: first pixel, and the one after the last, clipped to maps."""

    images: np.ndarray
    top: np.ndarray
    bottom: np.ndarray
    left: np.ndarray
    right: np.ndarray


def windows_of(level: Level, bins: int, rules: Rules) -> Windows:
    """The bins of a level's RoIs."""
    found = []
    for axis, pixels in ((2, level.feature.shape[2]), (1, level.feature.shape[3])):
        edges = rules.edges(level.boxes[:, axis], level.boxes[:, axis + 2], level.scale, bins)
        begin, end = (side.clip(0, pixels - rules.unread) for side in edges)
        found += [begin, np.maximum(begin, end)]
    return Windows(level.boxes[:, 0].astype(int), *found)
