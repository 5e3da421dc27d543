"""torchvision on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.contestant import Contestant, Library
from ....measuring.torch_threads import torch_with
from ....workloads import gradient
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The compiled operator, on contiguous maps."""
    torch = torch_with(threads)
    from torchvision.ops import ps_roi_align as operator

    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        return lambda: [operator(maps, boxes, row.bins, level.scale, row.sampling_ratio)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


def backward(problem: Problem, threads: int) -> Contestant:
    """The compiled operator that torchvision's autograd function calls, with the channels that pooling says bins read."""
    torch = torch_with(threads)
    row, arriving = problem.row, gradient(problem.row)
    bins = (row.bins, row.bins)
    pool = torch.ops.torchvision.ps_roi_align
    operator = torch.ops.torchvision._ps_roi_align_backward  # noqa: SLF001 - it has no other name

    def call(level: Level) -> Callable[[], list[Any]]:
        grad, boxes = torch.from_numpy(arriving[level.rois]), torch.from_numpy(level.boxes)
        where = (level.scale, *bins, row.sampling_ratio)
        _, channels = pool(torch.from_numpy(level.feature.copy()), boxes, *where)
        return lambda: [operator(grad, boxes, channels, *where, *level.feature.shape)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


TORCHVISION = Library(("torch", "torchvision"), {Operation.FORWARD: forward, Operation.BACKWARD: backward})
