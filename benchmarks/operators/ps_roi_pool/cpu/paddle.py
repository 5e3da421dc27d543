"""Paddle on a CPU, whose operator has no threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The operator of ``paddle.vision``, without a gradient."""
    import paddle

    del threads  # the operator has none
    paddle.set_device("cpu")
    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = paddle.to_tensor(level.feature.copy()), paddle.to_tensor(level.boxes[:, 1:].copy())
        counts = np.bincount(level.boxes[:, 0].astype(int), minlength=row.images).astype(np.int32)
        on_images = paddle.to_tensor(counts)
        return lambda: [paddle.vision.ops.psroi_pool(maps, boxes, on_images, row.bins, level.scale)]

    def convert(output: Any) -> np.ndarray:
        return np.asarray(output.numpy())

    calls = [call(level) for level in problem.levels]
    return Contestant("paddle", "NCHW", "float32", calls, convert, dialect="paddle")


PADDLE = Library(("paddle",), {Operation.FORWARD: forward})
