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
    """The expression API, on maps in its own layout (NC4HW4); the output is converted back, within the call."""
    from MNN import expr

    expr.set_thread_number(threads)
    bins = problem.row.bins

    def call(level: Level) -> Callable[[], list[Any]]:
        maps = expr.convert(expr.const(level.feature, list(level.feature.shape), expr.NCHW), expr.NC4HW4)
        maps.read()
        boxes = expr.const(level.boxes, list(level.boxes.shape), expr.NCHW)

        def pool() -> list[Any]:
            pooled = expr.roi_pooling(maps, boxes, bins, bins, level.scale)
            return [expr.convert(pooled, expr.NCHW).read()]

        return pool

    calls = [call(level) for level in problem.levels]
    return Contestant("mnn", "NC4HW4", "float32", calls, np.array, dialect="mnn")


MNN = Library(("MNN",), {Operation.FORWARD: forward})
