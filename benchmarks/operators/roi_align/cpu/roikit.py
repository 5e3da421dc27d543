"""Our kernels on the host, with the outputs given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import (
    multiscale_roi_align,
    multiscale_roi_align_backward,
    roi_align,
    roi_align_backward,
    roi_align_backward_boxes,
)

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, result_like
from ....workloads import gradient, gradient_of_few
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.problem import Level, Problem


def forward(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Pools each level by itself."""
    row = problem.row
    owned, calls = [], []
    for level in problem.levels:
        feature, boxes, scale = in_layout(level.feature, layout, dtype), level.boxes, level.scale
        out = result_like(len(boxes), row, layout, feature.dtype)
        owned.append(out)
        calls.append(
            lambda feature=feature, boxes=boxes, scale=scale, out=out: [
                roi_align(feature, boxes, row.bins, scale, row.sampling_ratio, aligned=True, layout=layout, out=out)
            ]
        )
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def backward(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Works out the gradient for the maps of each level."""
    row, arriving = problem.row, gradient(problem.row)
    owned, calls = [], []
    for level in problem.levels:
        grad = in_layout(arriving[level.rois], layout, dtype)
        out = maps_like(level, layout, grad.dtype)
        owned.append(out)

        def call(level: Level = level, grad: np.ndarray = grad, out: np.ndarray = out) -> list[Any]:
            sampling = level.scale, row.sampling_ratio, True
            return [roi_align_backward(grad, level.boxes, out.shape, *sampling, layout=layout, out=out)]

        calls.append(call)
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def pooler(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Pools from all levels at once, by torchvision's rule for levels; all boxes are in one array."""
    row, boxes = problem.row, problem.boxes
    maps = [in_layout(level.feature, layout, dtype) for level in problem.levels]
    scales = [level.scale for level in problem.levels]
    out = result_like(row.rois, row, layout, maps[0].dtype)

    def call() -> list[Any]:
        return [multiscale_roi_align(maps, boxes, row.bins, scales, row.sampling_ratio, layout=layout, out=out)]

    return Contestant("roikit", layout, dtype, [call], as_nchw(layout), [out])


def pooler_backward(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Works out the gradients for the maps of all levels; there is no graph, and levels are chosen again."""
    row, boxes = problem.row, problem.boxes
    grad = in_layout(gradient(row), layout, dtype)
    outs = [maps_like(level, layout, grad.dtype) for level in problem.levels]
    shapes, scales = [out.shape for out in outs], [level.scale for level in problem.levels]

    def call() -> list[Any]:
        return list(
            multiscale_roi_align_backward(grad, boxes, shapes, scales, row.sampling_ratio, layout=layout, out=outs)
        )

    return Contestant("roikit", layout, dtype, [call], as_nchw(layout), outs)


def boxes(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Works out the gradient for the boxes of each level. No peer has one."""
    row, arriving = problem.row, gradient_of_few(problem.row)
    owned, calls = [], []
    for level in problem.levels:
        maps, grad = in_layout(level.feature, layout, dtype), in_layout(arriving[level.rois], layout, dtype)
        out = np.empty((len(level.boxes), 4), np.float32)
        owned.append(out)

        def call(
            level: Level = level, maps: np.ndarray = maps, grad: np.ndarray = grad, out: np.ndarray = out
        ) -> list[Any]:
            sampling = level.scale, row.sampling_ratio, True
            return [roi_align_backward_boxes(grad, maps, level.boxes, *sampling, layout=layout, out=out)]

        calls.append(call)
    return Contestant("roikit", layout, dtype, calls, np.asarray, owned)


OURS = {
    Operation.FORWARD: forward,
    Operation.BACKWARD: backward,
    Operation.POOLER: pooler,
    Operation.POOLER_BACKWARD: pooler_backward,
    Operation.BOXES: boxes,
}
