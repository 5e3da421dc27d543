"""The rows that crop_and_resize is timed on: boxes of RoIAlign's rows of the same letters, as fractions of their maps."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...workloads import CPU_BOXES, DETECTORS

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

GPU_ROWS: dict[str, Row] = {letter: DETECTORS[letter] for letter in "abef"}
CPU_ROWS: dict[str, Row] = {letter: replace(row, boxes=CPU_BOXES[letter]) for letter, row in GPU_ROWS.items()}


class Boxes(NamedTuple):
    """Boxes as crop_and_resize takes them: rows ``[y1, x1, y2, x2]`` of fractions, and the image of each."""

    corners: np.ndarray
    indices: np.ndarray


def boxes_of(level: Level, dtype: str = "float32") -> Boxes:
    """The boxes of a level as fractions of its map, rounded once: in float64 beside such maps, otherwise in float32."""
    last = np.array(level.feature.shape[2:], np.float64) - 1
    pixels = level.boxes[:, [2, 1, 4, 3]].astype(np.float64) * level.scale
    corners = (pixels / np.tile(last, 2)).astype(np.float32)  # what float64 is handed is no more precise
    return Boxes(corners.astype(np.float64 if dtype == "float64" else np.float32), level.boxes[:, 0].astype(np.int32))
