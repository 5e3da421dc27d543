"""Our kernels on the host, with the outputs given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import prroi_pool, prroi_pool_backward, prroi_pool_backward_boxes

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, numpy_dtype, result_like
from ....workloads import gradient, gradient_of_few
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def boxes_of(level: Level, dtype: str) -> np.ndarray:
    """The boxes of a level as our kernels take them: in float64 beside such maps, otherwise in float32."""
    return level.boxes.astype(np.float64 if dtype == "float64" else np.float32)


def forward(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Pools each level by itself."""
    row, owned, calls = problem.row, [], []

    def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
        rois, maps = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
        return lambda: [prroi_pool(maps, rois, row.bins, level.scale, layout=layout, out=out)]

    for level in problem.levels:
        owned.append(result_like(len(level.boxes), row, layout, numpy_dtype(dtype)))
        calls.append(call(level, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def backward(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Works out the gradient for the maps of each level."""
    arriving, owned, calls = gradient(problem.row), [], []

    def call(level: Level, grad: np.ndarray, out: np.ndarray) -> Callable[[], list[Any]]:
        rois, shape = boxes_of(level, dtype), out.shape
        return lambda: [prroi_pool_backward(grad, rois, shape, level.scale, layout=layout, out=out)]

    for level in problem.levels:
        grad = in_layout(arriving[level.rois], layout, dtype)
        owned.append(maps_like(level, layout, grad.dtype))
        calls.append(call(level, grad, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def boxes(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Works out the gradient for the boxes of each level."""
    arriving, owned, calls = gradient_of_few(problem.row), [], []

    def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
        rois, maps = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
        grad = in_layout(arriving[level.rois], layout, dtype)
        return lambda: [prroi_pool_backward_boxes(grad, maps, rois, level.scale, layout=layout, out=out)]

    for level in problem.levels:
        owned.append(np.empty((len(level.boxes), 4), np.float64 if dtype == "float64" else np.float32))
        calls.append(call(level, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, np.asarray, owned)


OURS = {Operation.FORWARD: forward, Operation.BACKWARD: backward, Operation.BOXES: boxes}
