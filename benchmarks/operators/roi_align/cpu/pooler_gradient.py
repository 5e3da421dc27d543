"""Who takes part in the gradients of pooling from all levels at once on a CPU; see `contestants`.

Of a pooler of PyTorch, autograd's work is timed by itself: it goes over a graph that is made once and kept, and adds to nothing.
Ours has no graph, and chooses the levels again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from roikit.kernels import multiscale_roi_align_backward

from ....measuring.contestant import Contestant, as_nchw, in_layout
from ..workloads import gradient
from .gradient import maps_like
from .pooler import POOLERS, given_on_cpu

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..workloads import Problem


def roikit(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Our kernels on the host, with the outputs given, by torchvision's rule for levels."""
    row, boxes = problem.row, problem.boxes
    grad = in_layout(gradient(row), layout, dtype)
    outs = [maps_like(level, layout, grad.dtype) for level in problem.levels]
    shapes, scales = [out.shape for out in outs], [level.scale for level in problem.levels]

    def call() -> list[Any]:
        return list(
            multiscale_roi_align_backward(grad, boxes, shapes, scales, row.sampling_ratio, layout=layout, out=outs)
        )

    return Contestant("roikit", layout, dtype, [call], as_nchw(layout), outs)


def _peer(library: str) -> Callable[[Problem, int], Contestant]:
    def prepare(problem: Problem, threads: int) -> Contestant:
        import torch

        given = given_on_cpu(problem, threads, learned=True)
        pooled, grad = POOLERS[library](given)(), torch.from_numpy(gradient(problem.row).copy())

        def call() -> list[Any]:
            return list(torch.autograd.grad(pooled, given.maps, grad, retain_graph=True))

        return Contestant(library, "NCHW", "float32", [call])

    return prepare


PEERS = {library: (_peer(library), ("torch", "torchvision")) for library in POOLERS}
