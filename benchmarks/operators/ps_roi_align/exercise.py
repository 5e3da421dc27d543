"""What is exercised of PSRoIAlign on a GPU: see ``python -m benchmarks.exercise ps_roi_align``."""

from __future__ import annotations

from typing import Any

from roikit.kernels import ps_roi_align, ps_roi_align_backward, ps_roi_align_backward_boxes

from ...measuring.exercise import Counted, Exercise, RowCall, SmallCall


def small(call: SmallCall, grid: tuple[int, int], dialect: str) -> int:
    """Pools, and works out both gradients; returns how many calls that were."""
    bins, ratio = grid
    maps = call.maps(bins**2)
    rules: dict[str, Any] = {"sampling_ratio": ratio, "layout": call.layout, "dialect": dialect}
    grad = ps_roi_align(maps, call.boxes, bins, 0.5, **rules)
    ps_roi_align_backward(grad, call.boxes, maps.shape, 0.5, **rules)
    ps_roi_align_backward_boxes(grad, maps, call.boxes, 0.5, **rules)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    ps_roi_align(call.maps, call.boxes, call.row.bins, call.level.scale, call.row.sampling_ratio, layout=call.layout)


def torchvision(call: RowCall) -> None:
    """The same by torchvision."""
    from torchvision.ops import ps_roi_align as operator

    operator(*call.tensors(), call.row.bins, call.level.scale, call.row.sampling_ratio)


EXERCISE = Exercise(
    kernels="ps_roi_align",
    counted=(
        Counted(row="c1", library="torchvision", layout="NCHW", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NHWC", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NCHW", dtype="float32"),
    ),
    kinds=(((1, 0), (3, 2)), ("roikit", "roikit-bin-major")),
    small=small,
    libraries={"roikit": ours, "torchvision": torchvision},
)
