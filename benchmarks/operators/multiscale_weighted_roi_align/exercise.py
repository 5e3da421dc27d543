"""What is exercised of it on a GPU: see ``python -m benchmarks.exercise multiscale_weighted_roi_align``."""

from __future__ import annotations

from typing import Any

from roikit.kernels import (
    multiscale_weighted_roi_align,
    multiscale_weighted_roi_align_backward,
    multiscale_weighted_roi_align_backward_boxes,
    multiscale_weighted_roi_align_backward_weights,
)

from ...measuring.contestant import in_layout
from ...measuring.exercise import Exercise, PyramidCall, SmallCall, ours_on
from ...measuring.pyramids import scales_of
from ..weighted_roi_align.exercise import EXERCISE as OF_ONE_MAP
from ..weighted_roi_align.workloads import weights_of
from .calls import MEAN


def small(call: SmallCall, grid: tuple[int, int], kind: tuple[str, bool, bool]) -> int:
    """Pools from two levels, on both of which boxes fall, and works out all gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    mode, normalise, of_channels = kind
    maps, boxes, scales = call.maps(), call.boxes, (0.5, 0.25)
    shape = (2, call.channels if of_channels else 1, *(maps.shape[2:] if call.layout == "NCHW" else maps.shape[1:3]))
    of_pixels = cupy.asarray(in_layout(call.rng.uniform(0, 1, shape), call.layout, call.dtype))
    levels, weights = [maps, maps], [of_pixels, of_pixels]
    how: dict[str, Any] = {"mode": mode, "normalise": normalise, "layout": call.layout}
    how |= {"canonical_size": 20.0, "canonical_level": 2}
    compared = None if mode == "avg" else levels
    where = (scales, ratio)
    grad = multiscale_weighted_roi_align(levels, boxes, weights, bins, *where, **how)
    shapes = [maps.shape] * 2
    multiscale_weighted_roi_align_backward(grad, boxes, weights, shapes, *where, **how, inputs=compared)
    multiscale_weighted_roi_align_backward_weights(grad, levels, boxes, weights, *where, **how)
    multiscale_weighted_roi_align_backward_boxes(grad, levels, boxes, weights, *where, **how)
    return 4


def ours(call: PyramidCall) -> None:
    """Pools all levels."""
    import cupy

    work, row = call.problem, call.row
    weights = [cupy.asarray(in_layout(array, call.layout, call.dtype)) for array in weights_of(work)]
    where = (row.bins, scales_of(work), row.sampling_ratio)
    boxes = cupy.asarray(work.boxes)
    multiscale_weighted_roi_align(call.maps, boxes, weights, *where, layout=call.layout, **MEAN)


EXERCISE = Exercise(
    kernels="weighted_roi_align",
    counted=ours_on("a1"),
    kinds=OF_ONE_MAP.kinds,
    small=small,
    libraries={"roikit": ours},
    joined=True,
)
