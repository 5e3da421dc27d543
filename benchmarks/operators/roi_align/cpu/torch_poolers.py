"""Poolers of PyTorch: what they are given, and how their pooling and their gradients are timed.

They take a tensor for each image, as their users have them. Of a gradient, autograd's work is timed by itself: it goes over a
graph that is made once and kept, and adds to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....measuring.contestant import Contestant
from ....measuring.torch_threads import torch_with
from ....workloads import gradient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ....measuring.contestant import Prepare
    from ....measuring.problem import Problem
    from ..workloads import RoiAlignRow

    Pooler = Callable[["Given"], Callable[[], Any]]


@dataclass(frozen=True)
class Given:
    """What a pooler of PyTorch is given: tensors, as its users have them.

    Attributes:
        row: The row.
        maps: Maps ``(N, C, H, W)`` of each level, finest first.
        boxes: Boxes ``(L, 4)`` on each image.
        scales: Feature pixels of each level per image pixel.
        image: Height and width of all images, padding included.
    """

    row: RoiAlignRow
    maps: list[Any]
    boxes: list[Any]
    scales: list[float]
    image: tuple[int, int]

    @classmethod
    def of(cls, problem: Problem, maps: Sequence[Any], boxes: Any) -> Given:
        """The tensors ``maps`` of each level and ``boxes`` ``(K, 5)`` of a problem as poolers take them."""
        finest = problem.levels[0]
        height, width = (round(pixels / finest.scale) for pixels in finest.feature.shape[2:])
        of_images = [boxes[boxes[:, 0] == image, 1:] for image in range(problem.row.images)]
        return cls(problem.row, list(maps), of_images, [level.scale for level in problem.levels], (height, width))


def given_on_cpu(problem: Problem, threads: int, *, learned: bool = False) -> Given:
    """What poolers are given on a CPU; with ``learned`` there is a gradient for the maps."""
    torch = torch_with(threads)
    maps = [torch.from_numpy(level.feature.copy()).requires_grad_(learned) for level in problem.levels]
    return Given.of(problem, maps, torch.from_numpy(problem.boxes))


def pooling_by(library: str, pooler: Pooler) -> Prepare:
    """Prepares the pooling of a pooler."""

    def prepare(problem: Problem, threads: int) -> Contestant:
        pool = pooler(given_on_cpu(problem, threads))
        return Contestant(library, "NCHW", "float32", [lambda: [pool()]])

    return prepare


def backward_of(library: str, pooler: Pooler) -> Prepare:
    """Prepares the gradients of a pooler."""

    def prepare(problem: Problem, threads: int) -> Contestant:
        import torch

        given = given_on_cpu(problem, threads, learned=True)
        pooled, grad = pooler(given)(), torch.from_numpy(gradient(problem.row).copy())

        def call() -> list[Any]:
            return list(torch.autograd.grad(pooled, given.maps, grad, retain_graph=True))

        return Contestant(library, "NCHW", "float32", [call])

    return prepare
