"""What is exercised of RoIAlign on a GPU: see ``python -m benchmarks.exercise roi_align``.

Small calls of gradients and of poolers are made in fewer data types, since each must be compiled.
"""

from __future__ import annotations

from typing import Any

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    multiscale_roi_align_backward_boxes,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)

from ...measuring.exercise import Counted, Exercise, RowCall, SmallCall

_GRADIENT_TYPES = ("float32", "float16")


def small(call: SmallCall, mode: str, grid: tuple[int, int]) -> int:
    """Pools, and works out gradients, of one level and of two; returns how many calls that were."""
    ratio, bins = grid
    rules: dict[str, Any] = {"aligned": ratio > 0, "mode": mode, "layout": call.layout}
    maps, boxes = call.maps(), call.boxes
    grad = roi_align(maps, boxes, bins, 0.5, ratio, **rules)
    if call.dtype not in _GRADIENT_TYPES or call.channels == 1:
        return 1
    given = maps if mode == "max" else None
    roi_align_backward(grad, boxes, maps.shape, 0.5, ratio, input=given, **rules)
    roi_align_backward_boxes(grad, maps, boxes, 0.5, ratio, **rules)
    return 3 + _poolers(maps, boxes, bins, ratio, rules)


def _poolers(maps: Any, boxes: Any, bins: int, ratio: int, rules: dict[str, Any]) -> int:
    """Makes the calls on two levels, so small that boxes fall on both; returns how many."""
    levels, scales = [maps, maps], (0.5, 0.25)
    shapes, rule = [maps.shape] * 2, {"canonical_size": 20.0, "canonical_level": 2}
    given = levels if rules["mode"] == "max" else None
    grad = multiscale_roi_align(levels, boxes, bins, scales, ratio, **rule, **rules)
    multiscale_roi_align_backward(grad, boxes, shapes, scales, ratio, inputs=given, **rule, **rules)
    multiscale_roi_align_backward_boxes(grad, levels, boxes, scales, ratio, **rule, **rules)
    return 3


def ours(call: RowCall) -> None:
    """Pools a level."""
    row, scale = call.row, call.level.scale
    roi_align(call.maps, call.boxes, row.bins, scale, row.sampling_ratio, aligned=True, layout=call.layout)


def torchvision(call: RowCall) -> None:
    """The same by torchvision."""
    from torchvision.ops import roi_align as operator

    operator(*call.tensors(), call.row.bins, call.level.scale, call.row.sampling_ratio, True)


EXERCISE = Exercise(
    kernels="roi_align",
    counted=(
        Counted(row="a1", library="torchvision", layout="NCHW", dtype="float32"),
        Counted(row="a1", library="roikit", layout="NHWC", dtype="float32"),
        Counted(row="a1", library="roikit", layout="NCHW", dtype="float32"),
        Counted(row="c1", library="roikit", layout="NHWC", dtype="float32"),
    ),
    kinds=(("avg", "max"), ((2, 7), (0, 3))),
    small=small,
    libraries={"roikit": ours, "torchvision": torchvision},
)
