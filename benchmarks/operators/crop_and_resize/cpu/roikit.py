"""Our kernels on the host, with the outputs given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import crop_and_resize, crop_and_resize_backward, crop_and_resize_backward_boxes

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, numpy_dtype, result_like
from ....workloads import gradient
from ..operations import Operation
from ..workloads import boxes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem

    Layout = Any


def forward(problem: Problem, layout: Layout, dtype: str) -> Contestant:
    """Prepares cropping."""
    row, owned, calls = problem.row, [], []

    def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
        boxes, image = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
        return lambda: [crop_and_resize(image, *boxes, row.bins, layout=layout, out=out)]

    for level in problem.levels:
        owned.append(result_like(len(level.boxes), row, layout, numpy_dtype(dtype)))
        calls.append(call(level, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def backward(problem: Problem, layout: Layout, dtype: str) -> Contestant:
    """Prepares the gradient for the images."""
    arriving, owned, calls = gradient(problem.row), [], []

    def call(level: Level, grad: np.ndarray, out: np.ndarray) -> Callable[[], list[Any]]:
        boxes = boxes_of(level, dtype)
        return lambda: [crop_and_resize_backward(grad, *boxes, out.shape, layout=layout, out=out)]

    for level in problem.levels:
        grad = in_layout(arriving[level.rois], layout, dtype)
        owned.append(maps_like(level, layout, grad.dtype))
        calls.append(call(level, grad, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def boxes(problem: Problem, layout: Layout, dtype: str) -> Contestant:
    """Prepares the gradient for the boxes."""
    arriving, owned, calls = gradient(problem.row), [], []

    def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
        given, image = boxes_of(level, dtype), in_layout(level.feature, layout, dtype)
        grad = in_layout(arriving[level.rois], layout, dtype)
        return lambda: [crop_and_resize_backward_boxes(grad, image, *given, layout=layout, out=out)]

    for level in problem.levels:
        owned.append(np.empty((len(level.boxes), 4), np.float64 if dtype == "float64" else np.float32))
        calls.append(call(level, owned[-1]))
    return Contestant("roikit", layout, dtype, calls, np.asarray, owned)


OURS = {Operation.FORWARD: forward, Operation.BACKWARD: backward, Operation.BOXES: boxes}
