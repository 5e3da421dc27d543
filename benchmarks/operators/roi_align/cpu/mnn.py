"""MNN on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """MNN's expression API, on maps in its own layout (NC4HW4); the output is converted back, within the call."""
    from MNN import expr

    expr.set_thread_number(threads)
    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        shape = list(level.feature.shape)
        feature = expr.convert(expr.const(level.feature, shape, expr.NCHW), expr.NC4HW4)
        feature.read()
        boxes = expr.const(level.boxes, list(level.boxes.shape), expr.NCHW)
        ratio, mode = row.sampling_ratio or -1, expr.Pooling_Mode.AVEPOOL

        def forward() -> list[Any]:
            pooled = expr.roi_align(feature, boxes, row.bins, row.bins, level.scale, ratio, True, mode)
            return [expr.convert(pooled, expr.NCHW).read()]

        return forward

    return Contestant("mnn", "NC4HW4", "float32", [call(level) for level in problem.levels], np.array)


MNN = Library(("MNN",), {Operation.FORWARD: forward})
