"""Our kernels on the host, with the outputs given, by exact edges of bins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit import kernels

from ....measuring.contestant import Contestant, as_nchw, in_layout, maps_like, result_like
from ....workloads import gradient
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np

    from ....measuring.contestant import PrepareOurs
    from ....measuring.problem import Level, Problem


def pooling(operation: Operation) -> PrepareOurs:
    """Prepares pooling, by maximum or average."""

    def prepare(problem: Problem, layout: str, dtype: str) -> Contestant:
        row, owned, calls = problem.row, [], []

        def call(level: Level, out: np.ndarray) -> Callable[[], list[Any]]:
            maps = in_layout(level.feature, layout, dtype)
            rules = {"mode": operation.mode, "layout": layout, "dialect": operation.dialect}
            return lambda: [kernels.roi_pool(maps, level.boxes, row.bins, level.scale, **rules, out=out)]

        for level in problem.levels:
            owned.append(
                result_like(len(level.boxes), row, layout, in_layout(level.feature[:1, :1], layout, dtype).dtype)
            )
            calls.append(call(level, owned[-1]))
        return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)

    return prepare


def backward(operation: Operation) -> PrepareOurs:
    """Prepares the gradient for the maps; that of a maximum finds the greatest pixels again."""

    def prepare(problem: Problem, layout: str, dtype: str) -> Contestant:
        arriving, owned, calls = gradient(problem.row), [], []

        def call(level: Level, grad: np.ndarray, out: np.ndarray) -> Callable[[], list[Any]]:
            rules = {"mode": operation.mode, "layout": layout, "dialect": operation.dialect}
            if operation.mode == "max":
                rules["input"] = in_layout(level.feature, layout, dtype)
            shape = out.shape
            return lambda: [kernels.roi_pool_backward(grad, level.boxes, shape, level.scale, **rules, out=out)]

        for level in problem.levels:
            grad = in_layout(arriving[level.rois], layout, dtype)
            owned.append(maps_like(level, layout, grad.dtype))
            calls.append(call(level, grad, owned[-1]))
        return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)

    return prepare


OURS = {operation: (backward if operation.gradient else pooling)(operation) for operation in Operation}
