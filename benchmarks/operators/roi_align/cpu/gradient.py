"""Who takes part in the gradient for the maps on a CPU, a call per level; see `contestants`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align_backward

from ....measuring.contestant import Contestant, as_nchw, in_layout
from ..workloads import gradient

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..workloads import Level, Problem


def maps_like(level: Level, layout: str, dtype: np.dtype[Any]) -> np.ndarray:
    """Returns an array for the gradient for the maps of a level."""
    n, c, h, w = level.feature.shape
    return np.empty((n, c, h, w) if layout == "NCHW" else (n, h, w, c), dtype)


def roikit(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Our kernels on the host, with the output given."""
    row, arriving = problem.row, gradient(problem.row)
    owned, calls = [], []
    for level in problem.levels:
        grad = in_layout(arriving[level.rois], layout, dtype)
        out = maps_like(level, layout, grad.dtype)
        owned.append(out)

        def call(level: Level = level, grad: np.ndarray = grad, out: np.ndarray = out) -> list[Any]:
            sampling = level.scale, row.sampling_ratio, True
            return [roi_align_backward(grad, level.boxes, out.shape, *sampling, layout=layout, out=out)]

        calls.append(call)
    return Contestant("roikit", layout, dtype, calls, as_nchw(layout), owned)


def torchvision(problem: Problem, threads: int) -> Contestant:
    """The compiled CPU operator that torchvision's autograd function calls; it makes zeros first, which is part of the call."""
    import torch
    from torchvision.extension import _has_ops

    if not _has_ops():
        raise ImportError("torchvision's compiled operators are missing")
    torch.set_num_threads(threads)
    row, arriving = problem.row, gradient(problem.row)
    operator = torch.ops.torchvision._roi_align_backward  # noqa: SLF001 - it has no other name

    def call(level: Level) -> Callable[[], list[Any]]:
        grad, boxes = torch.from_numpy(arriving[level.rois]), torch.from_numpy(level.boxes)
        bins, shape = (row.bins, row.bins), level.feature.shape
        return lambda: [operator(grad, boxes, level.scale, *bins, *shape, row.sampling_ratio, True)]

    return Contestant("torchvision", "NCHW", "float32", [call(level) for level in problem.levels])


PEERS = {"torchvision": (torchvision, ("torch", "torchvision"))}
