"""Our kernels on the host, with the outputs given: those of levels, and those of all levels at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import multiscale_roi_align, multiscale_roi_align_backward

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, result_like
from ....measuring.ours import on_cpu
from ....workloads import gradient
from ..calls import OF_LEVELS
from ..operations import Operation

if TYPE_CHECKING:
    from ....measuring.problem import Problem


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


OURS = {
    **on_cpu(OF_LEVELS),
    Operation.POOLER: pooler,
    Operation.POOLER_BACKWARD: pooler_backward,
}
