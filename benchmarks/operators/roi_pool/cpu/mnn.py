"""MNN on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ....workloads import gradient
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The function ``roi_pooling``."""
    return _contestant(problem, threads, lambda _: ())


def backward(problem: Problem, threads: int) -> Contestant:
    """The same, told to return its gradient: it looks for each maximum again."""
    arriving = gradient(problem.row)
    return _contestant(problem, threads, lambda level: (True, _in_own_layout(arriving[level.rois])))


def _contestant(problem: Problem, threads: int, more: Callable[[Level], tuple[Any, ...]]) -> Contestant:
    """The expression API, on arrays in its own layout (NC4HW4); the result is converted back, within the call."""
    from MNN import expr

    expr.set_thread_number(threads)
    bins = problem.row.bins

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = _in_own_layout(level.feature), expr.const(level.boxes, list(level.boxes.shape), expr.NCHW)
        arguments = (maps, boxes, bins, bins, level.scale, *more(level))
        return lambda: [expr.convert(expr.roi_pooling(*arguments), expr.NCHW).read()]

    calls = [call(level) for level in problem.levels]
    return Contestant("mnn", "NC4HW4", "float32", calls, np.array, dialect="mnn")


def _in_own_layout(array: np.ndarray) -> Any:
    from MNN import expr

    converted = expr.convert(expr.const(array, list(array.shape), expr.NCHW), expr.NC4HW4)
    converted.read()  # now, and not within the call
    return converted


MNN = Library(("MNN",), {Operation.FORWARD: forward, Operation.BACKWARD: backward})
