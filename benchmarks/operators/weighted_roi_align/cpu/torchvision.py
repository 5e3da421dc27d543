"""torchvision on a CPU: two calls of its RoIAlign, of weighed maps and of weights, and a division."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....measuring.contestant import Contestant, Library
from ....measuring.torch_threads import torch_with
from ..operations import Operation
from ..workloads import weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The compiled operator, twice; the maps are weighed within the call, as they must be."""
    torch = torch_with(threads)
    from torchvision.ops import roi_align as operator

    row = problem.row

    def call(level: Level) -> Callable[[], list[Any]]:
        maps, of_pixels = torch.from_numpy(level.feature.copy()), torch.from_numpy(weights(level))
        where = (torch.from_numpy(level.boxes), row.bins, level.scale, row.sampling_ratio, True)
        return lambda: [operator(maps * of_pixels, *where) / operator(of_pixels, *where)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


TORCHVISION = Library(("torch", "torchvision"), {Operation.FORWARD: forward})
