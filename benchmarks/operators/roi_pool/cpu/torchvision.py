"""torchvision on a CPU. Its gradient is told where each maximum was found, since its pooling says that too; ours looks again."""

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
    from torchvision.ops import roi_pool as operator

    bins = problem.row.bins

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        return lambda: [operator(maps, boxes, bins, level.scale)]

    calls = [call(level) for level in problem.levels]
    return Contestant("torchvision", "NCHW", "float32", calls, dialect="torchvision")


def backward(problem: Problem, threads: int) -> Contestant:
    """The compiled operator that its autograd function calls; it makes zeros first, which is part of the call."""
    torch = torch_with(threads)
    bins, arriving = problem.row.bins, gradient(problem.row)
    pool = torch.ops.torchvision.roi_pool
    operator = torch.ops.torchvision._roi_pool_backward  # noqa: SLF001 - it has no other name

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        _, where = pool(maps, boxes, level.scale, bins, bins)
        grad, shape = torch.from_numpy(arriving[level.rois]), maps.shape
        return lambda: [operator(grad, boxes, where, level.scale, bins, bins, *shape)]

    calls = [call(level) for level in problem.levels]
    return Contestant("torchvision", "NCHW", "float32", calls, dialect="torchvision")


TORCHVISION = Library(("torch", "torchvision"), {Operation.FORWARD: forward, Operation.BACKWARD: backward})
