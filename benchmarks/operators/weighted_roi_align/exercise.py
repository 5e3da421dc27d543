"""What is exercised of weighted RoIAlign on a GPU: see ``python -m benchmarks.exercise weighted_roi_align``."""

from __future__ import annotations

from typing import Any

from roikit.kernels import (
    weighted_roi_align,
    weighted_roi_align_backward,
    weighted_roi_align_backward_boxes,
    weighted_roi_align_backward_weights,
)

from ...measuring.contestant import in_layout
from ...measuring.exercise import Exercise, RowCall, SmallCall, ours_on
from .calls import MEAN
from .workloads import weights


def small(call: SmallCall, grid: tuple[int, int], kind: tuple[str, bool, bool]) -> int:
    """Pools, and works out all gradients; returns how many calls that were."""
    import cupy

    bins, ratio = grid
    mode, normalise, of_channels = kind
    maps, boxes = call.maps(), call.boxes
    shape = (2, call.channels if of_channels else 1, *(maps.shape[2:] if call.layout == "NCHW" else maps.shape[1:3]))
    of_pixels = cupy.asarray(in_layout(call.rng.uniform(0, 1, shape), call.layout, call.dtype))
    how: dict[str, Any] = {"mode": mode, "normalise": normalise, "layout": call.layout}
    compared = None if mode == "avg" else maps
    grad = weighted_roi_align(maps, boxes, of_pixels, bins, 0.5, ratio, **how)
    weighted_roi_align_backward(grad, boxes, of_pixels, maps.shape, 0.5, ratio, **how, input=compared)
    weighted_roi_align_backward_weights(grad, maps, boxes, of_pixels, 0.5, ratio, **how)
    weighted_roi_align_backward_boxes(grad, maps, boxes, of_pixels, 0.5, ratio, **how)
    return 4


def ours(call: RowCall) -> None:
    """Pools a level."""
    import cupy

    of_pixels = cupy.asarray(in_layout(weights(call.level), call.layout, call.dtype))
    where = (call.row.bins, call.level.scale, call.row.sampling_ratio)
    weighted_roi_align(call.maps, call.boxes, of_pixels, *where, layout=call.layout, **MEAN)


EXERCISE = Exercise(
    kernels="weighted_roi_align",
    counted=ours_on("c1"),
    kinds=(
        ((1, 0), (3, 2)),
        (
            ("avg", False, False),
            ("avg", True, False),
            ("avg", True, True),
            ("max", False, False),
            ("max", False, True),
            ("lp", False, False),
            ("softmax", False, True),
        ),
    ),
    small=small,
    libraries={"roikit": ours},
)
