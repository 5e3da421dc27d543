"""Who takes part in the gradient for the boxes on a CPU, a call per level; see `contestants`. No peer has one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.kernels import roi_align_backward_boxes

from ....measuring.contestant import Contestant, in_layout
from ..workloads import gradient_of_few

if TYPE_CHECKING:
    from ....measuring.contestant import Prepare
    from ..workloads import Level, Problem


def roikit(problem: Problem, layout: str, dtype: str) -> Contestant:
    """Our kernels on the host, with the output given."""
    row, arriving = problem.row, gradient_of_few(problem.row)
    owned, calls = [], []
    for level in problem.levels:
        maps, grad = in_layout(level.feature, layout, dtype), in_layout(arriving[level.rois], layout, dtype)
        out = np.empty((len(level.boxes), 4), np.float32)
        owned.append(out)

        def call(
            level: Level = level, maps: np.ndarray = maps, grad: np.ndarray = grad, out: np.ndarray = out
        ) -> list[Any]:
            sampling = level.scale, row.sampling_ratio, True
            return [roi_align_backward_boxes(grad, maps, level.boxes, *sampling, layout=layout, out=out)]

        calls.append(call)
    return Contestant("roikit", layout, dtype, calls, np.asarray, owned)


PEERS: dict[str, tuple[Prepare, tuple[str, ...]]] = {}
