"""torchvision on a CPU. Its gradient is not that of its output, and not timed beside ours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.contestant import Contestant, Library
from ....measuring.torch_threads import torch_with
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The compiled operator, on contiguous maps."""
    torch = torch_with(threads)
    from torchvision.ops import ps_roi_pool as operator

    bins = problem.row.bins

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, boxes = torch.from_numpy(level.feature.copy()), torch.from_numpy(level.boxes)
        return lambda: [operator(maps, boxes, bins, level.scale)]

    calls = [call(level) for level in problem.levels]
    return Contestant("torchvision", "NCHW", "float32", calls, dialect="torchvision")


TORCHVISION = Library(("torch", "torchvision"), {Operation.FORWARD: forward})
