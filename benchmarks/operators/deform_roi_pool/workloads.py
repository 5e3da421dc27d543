"""The rows that deformable RoI pooling is timed on: RoIAlign's, each bin moved by an offset drawn by chance."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ...measuring.contestant import numpy_dtype
from ...workloads import SEED, multiples, rows_on_cpu, sampled_rows

if TYPE_CHECKING:
    from ...measuring.problem import Level, Row

GPU_ROWS = sampled_rows(("a1", "b1", "c1", "e", "f"))
CPU_ROWS = rows_on_cpu(GPU_ROWS)

GAMMA = 0.1
"""An offset of 1 moves a bin by this part of its RoI's size: so most bins stay within it."""


@cache
def _offsets(rois: int, bins: int) -> np.ndarray:
    shape = (rois, 2, bins, bins)
    return multiples(np.random.default_rng([SEED, 4, *shape]), shape)


def offsets(level: Level, row: Row) -> np.ndarray:
    """Those of the RoIs of a level, ``(K, 2, P, P)`` in float32: along x, and then along y; exact in all data types."""
    return _offsets(row.rois, row.bins)[level.rois]


def offsets_of(level: Level, row: Row, dtype: str) -> tuple[np.ndarray]:
    """The same as our functions take them: in the data type of the maps."""
    return (offsets(level, row).astype(numpy_dtype(dtype)),)


def offsets_shape(level: Level, row: Row) -> tuple[int, int, int, int]:
    """The shape of a gradient for the offsets of a level."""
    return len(level.boxes), 2, row.bins, row.bins
