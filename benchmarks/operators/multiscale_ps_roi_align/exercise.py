"""What is exercised of it on a GPU: see ``python -m benchmarks.exercise multiscale_ps_roi_align``."""

from __future__ import annotations

from typing import Any

from roikit.kernels import (
    multiscale_ps_roi_align,
    multiscale_ps_roi_align_backward,
    multiscale_ps_roi_align_backward_boxes,
)

from ...measuring.exercise import Exercise, PyramidCall, SmallCall, ours_on
from ...measuring.pyramids import scales_of


def small(call: SmallCall, grid: tuple[int, int], dialect: str) -> int:
    """Pools from two levels, on both of which boxes fall, and works out both gradients; returns how many calls that were."""
    bins, ratio = grid
    maps = call.maps(bins**2)
    levels, shapes, scales = [maps, maps], [maps.shape] * 2, (0.5, 0.25)
    how: dict[str, Any] = {"sampling_ratio": ratio, "layout": call.layout, "dialect": dialect}
    how |= {"canonical_size": 20.0, "canonical_level": 2}
    grad = multiscale_ps_roi_align(levels, call.boxes, bins, scales, **how)
    multiscale_ps_roi_align_backward(grad, call.boxes, shapes, scales, **how)
    multiscale_ps_roi_align_backward_boxes(grad, levels, call.boxes, scales, **how)
    return 3


def ours(call: PyramidCall) -> None:
    """Pools all levels."""
    import cupy

    work, row = call.problem, call.row
    boxes = cupy.asarray(work.boxes)
    multiscale_ps_roi_align(call.maps, boxes, row.bins, scales_of(work), row.sampling_ratio, layout=call.layout)


EXERCISE = Exercise(
    kernels="multiscale_ps_roi_align",
    counted=ours_on("a1"),
    kinds=(((1, 0), (3, 2)), ("roikit", "roikit-bin-major", "gluoncv")),
    small=small,
    libraries={"roikit": ours},
    joined=True,
)
