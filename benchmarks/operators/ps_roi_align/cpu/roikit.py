"""Our kernels on the host, with the outputs given, by our dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import ps_roi_align, ps_roi_align_backward, ps_roi_align_backward_boxes

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, numpy_dtype, result_like
from ....workloads import gradient, gradient_of_few
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.contestant import PrepareOurs
    from ....measuring.problem import Level, Problem


def boxes_of(level: Level, dtype: str) -> np.ndarray:
    """The boxes of a level as our kernels take them: in float64 beside such maps, otherwise in float32."""
    return level.boxes.astype(np.float64 if dtype == "float64" else np.float32)


def pooling(operation: Operation) -> PrepareOurs:
    """Prepares pooling."""

    def prepare(problem: Problem, layout: str, dtype: str) -> Contestant:
        row, owned, calls = problem.row, [], []

        def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
            boxes, maps = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
            rules = {"layout": layout, "dialect": operation.dialect}
            return lambda: [ps_roi_align(maps, boxes, row.bins, level.scale, row.sampling_ratio, **rules, out=out)]

        for level in problem.levels:
            owned.append(result_like(len(level.boxes), row, layout, numpy_dtype(dtype)))
            calls.append(call(level, owned[-1]))
        return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)

    return prepare


def backward(operation: Operation) -> PrepareOurs:
    """Prepares the gradient for the maps."""

    def prepare(problem: Problem, layout: str, dtype: str) -> Contestant:
        arriving, owned, calls = gradient(problem.row), [], []

        def call(level: Level, grad: np.ndarray, out: np.ndarray) -> Callable[[], list[Any]]:
            boxes = boxes_of(level, dtype)
            rules = {"layout": layout, "dialect": operation.dialect}
            where = (out.shape, level.scale, problem.row.sampling_ratio)
            return lambda: [ps_roi_align_backward(grad, boxes, *where, **rules, out=out)]

        for level in problem.levels:
            grad = in_layout(arriving[level.rois], layout, dtype)
            owned.append(maps_like(level, layout, grad.dtype))
            calls.append(call(level, grad, owned[-1]))
        return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)

    return prepare


def boxes_backward(operation: Operation) -> PrepareOurs:
    """Prepares the gradient for the boxes. No peer has one."""

    def prepare(problem: Problem, layout: str, dtype: str) -> Contestant:
        row, arriving, owned, calls = problem.row, gradient_of_few(problem.row), [], []

        def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
            boxes, maps = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
            grad = in_layout(arriving[level.rois], layout, dtype)
            rules = {"layout": layout, "dialect": operation.dialect}
            where = (level.scale, row.sampling_ratio)
            return lambda: [ps_roi_align_backward_boxes(grad, maps, boxes, *where, **rules, out=out)]

        for level in problem.levels:
            owned.append(np.empty((len(level.boxes), 4), boxes_of(level, dtype).dtype))
            calls.append(call(level, owned[-1]))
        return Contestant("roikit", layout, dtype, calls, np.asarray, owned)

    return prepare


OURS = {
    Operation.FORWARD: pooling(Operation.FORWARD),
    Operation.BACKWARD: backward(Operation.BACKWARD),
    Operation.BOXES: boxes_backward(Operation.BOXES),
}
