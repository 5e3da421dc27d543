"""torchvision on a CPU: its compiled operators, and its pooler for all levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.contestant import Contestant, Library
from ....measuring.torch_threads import torch_with
from ....workloads import gradient
from ..operations import Operation
from .torch_poolers import backward_of, pooling_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem
    from .torch_poolers import Given


def forward(problem: Problem, threads: int) -> Contestant:
    """The compiled CPU operator, on contiguous maps."""
    torch = torch_with(threads)
    from torchvision.ops import roi_align as operator

    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        feature, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        return lambda: [operator(feature, boxes, row.bins, level.scale, row.sampling_ratio, True)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


def backward(problem: Problem, threads: int) -> Contestant:
    """The compiled CPU operator that torchvision's autograd function calls; it makes zeros first, which is part of the call."""
    torch = torch_with(threads)
    row, arriving = problem.row, gradient(problem.row)
    operator = torch.ops.torchvision._roi_align_backward  # noqa: SLF001 - it has no other name

    def call(level: Level) -> Callable[[], list[Any]]:
        grad, boxes = torch.from_numpy(arriving[level.rois]), torch.from_numpy(level.boxes)
        bins, shape = (row.bins, row.bins), level.feature.shape
        return lambda: [operator(grad, boxes, level.scale, *bins, *shape, row.sampling_ratio, True)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


def pooler(given: Given) -> Callable[[], Any]:
    """A call of torchvision's module."""
    from torchvision.ops import MultiScaleRoIAlign

    row, names = given.row, [str(level) for level in range(len(given.maps))]
    pooler = MultiScaleRoIAlign(names, row.bins, row.sampling_ratio)
    maps, sizes = dict(zip(names, given.maps, strict=True)), [given.image] * row.images
    return lambda: pooler(maps, given.boxes, sizes)


TORCHVISION = Library(
    ("torch", "torchvision"),
    {
        Operation.FORWARD: forward,
        Operation.BACKWARD: backward,
        Operation.POOLER: pooling_by("torchvision", pooler),
        Operation.POOLER_BACKWARD: backward_of("torchvision", pooler),
    },
)
