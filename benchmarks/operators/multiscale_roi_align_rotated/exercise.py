"""What is exercised of it on a GPU: see ``python -m benchmarks.exercise multiscale_roi_align_rotated``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import (
    multiscale_roi_align_rotated,
    multiscale_roi_align_rotated_backward,
    multiscale_roi_align_rotated_backward_boxes,
)

from ...measuring.exercise import Exercise, PyramidCall, SmallCall, ours_on
from ...measuring.pyramids import scales_of
from .workloads import all_turned

if TYPE_CHECKING:
    from collections.abc import Mapping


def small(call: SmallCall, grid: tuple[int, int], rules: Mapping[str, Any]) -> int:
    """Pools from two levels, on both of which boxes fall, and works out both gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    maps, rows = call.maps(), call.boxes.get()
    angles = np.linspace(-2, 2, len(rows), dtype=rows.dtype)
    boxes = cupy.asarray(np.hstack([rows, angles[:, None]]))
    levels, shapes, scales = [maps, maps], [maps.shape] * 2, (0.5, 0.25)
    how: dict[str, Any] = {"sampling_ratio": ratio, "layout": call.layout, **rules}
    how |= {"canonical_size": 20.0, "canonical_level": 2}
    grad = multiscale_roi_align_rotated(levels, boxes, bins, scales, **how)
    multiscale_roi_align_rotated_backward(grad, boxes, shapes, scales, **how)
    multiscale_roi_align_rotated_backward_boxes(grad, levels, boxes, scales, **how)
    return 3


def ours(call: PyramidCall) -> None:
    """Pools all levels."""
    import cupy

    work, row = call.problem, call.row
    boxes = cupy.asarray(all_turned(work))
    multiscale_roi_align_rotated(call.maps, boxes, row.bins, scales_of(work), row.sampling_ratio, layout=call.layout)


EXERCISE = Exercise(
    kernels="multiscale_roi_align_rotated",
    counted=ours_on("a1"),
    kinds=(((1, 0), (3, 2)), ({}, {"aligned": False}, {"dialect": "detectron2"})),
    small=small,
    libraries={"roikit": ours},
    joined=True,
)
