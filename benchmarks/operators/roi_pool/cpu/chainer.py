"""Chainer on a CPU, whose function is NumPy without threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The function ``roi_pooling_2d``, without a gradient."""
    import chainer

    del threads  # it has none
    bins = problem.row.bins

    def call(level: Level) -> Callable[[], list[Any]]:
        def pool() -> list[Any]:
            with chainer.no_backprop_mode():
                return [chainer.functions.roi_pooling_2d(level.feature, level.boxes, bins, bins, level.scale).array]

        return pool

    calls = [call(level) for level in problem.levels]
    return Contestant("chainer", "NCHW", "float32", calls, np.asarray, dialect="chainer")


CHAINER = Library(("chainer",), {Operation.FORWARD: forward})
