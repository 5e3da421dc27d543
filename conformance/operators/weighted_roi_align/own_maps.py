"""Weights of RoIs (SW-12) as weights of images: each RoI has its image as a map of its own. NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np

NO_IMAGE = -1


def images_of(rows: np.ndarray, images: int) -> np.ndarray:
    """The image of each row of boxes, of so many; `NO_IMAGE` of one that has none."""
    indices = np.trunc(rows[:, 0].astype(np.float64)) if len(rows) else np.zeros(0)
    known = np.isfinite(indices) & (indices >= 0) & (indices < images)
    return np.where(known, np.where(known, indices, 0), NO_IMAGE).astype(np.int64)


def numbered(rows: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Rows of boxes that each lie on the map of their own number; on `NO_IMAGE` if they have none."""
    own = np.array(rows, copy=True)
    own[:, 0] = np.where(images == NO_IMAGE, NO_IMAGE, np.arange(len(rows)))
    return own


def taken(maps: Any, images: np.ndarray) -> Any:
    """The map of each RoI; of one that has none that of the first image."""
    return maps[np.maximum(images, 0)] if len(maps) else maps


def brought_together(gradient: Any, images: np.ndarray, count: int) -> Any:
    """The gradient for maps of so many images, from that for the maps of RoIs."""
    together = np.zeros((count, *gradient.shape[1:]), gradient.dtype)
    if gradient.dtype == object:
        together[...] = gradient.flat[0] * 0 if gradient.size else 0
    for image, of_roi in zip(images, gradient, strict=True):
        if image != NO_IMAGE:
            together[image] += of_roi
    return together
