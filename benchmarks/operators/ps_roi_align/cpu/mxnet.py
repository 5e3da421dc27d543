"""MXNet on a CPU. It takes the number of threads from the environment when it is loaded, and cannot change it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem

_THREADS = "OMP_NUM_THREADS"


def forward(problem: Problem, threads: int) -> Contestant:
    """The operator ROIAlign, told that each bin has channels of its own.

    Raises:
        RuntimeError: MXNet is loaded already, with another number of threads.
    """
    if "mxnet" in sys.modules and os.environ.get(_THREADS) != str(threads):
        raise RuntimeError(f"MXNet runs on {os.environ.get(_THREADS, 'all')} threads; start anew for {threads}")
    os.environ[_THREADS] = str(threads)
    import mxnet

    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = mxnet.nd.array(level.feature), mxnet.nd.array(level.boxes)

        def pool() -> list[Any]:
            pooled = mxnet.nd.contrib.ROIAlign(
                maps,
                boxes,
                pooled_size=(row.bins, row.bins),
                spatial_scale=level.scale,
                sample_ratio=row.sampling_ratio,
                position_sensitive=True,
                aligned=True,
            )
            pooled.wait_to_read()
            return [pooled]

        return pool

    def convert(output: Any) -> np.ndarray:
        return np.asarray(output.asnumpy())

    calls = [call(level) for level in problem.levels]
    return Contestant("mxnet", "NCHW", "float32", calls, convert)


MXNET = Library(("mxnet",), {Operation.FORWARD: forward})
