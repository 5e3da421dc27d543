"""OpenVINO on a CPU, composed: it has rotated RoIAlign, and no pooler of rotated boxes.

NumPy chooses the levels, level by level OpenVINO pools the boxes that it is given, and NumPy puts them where they belong: what
detectron2's and mmrotate's poolers do in Python. All of that is timed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....measuring.contestant import Contestant, Library, result_like
from ...roi_align_rotated.cpu.openvino import request
from ..operations import Operation
from ..workloads import all_turned

if TYPE_CHECKING:
    from ....measuring.problem import Problem, SampledRow


def levels_of(boxes: np.ndarray, first: int, count: int) -> np.ndarray:
    """Which of so many maps each box is pooled from, the first being of this level; a box of 224 pixels is of level 4."""
    found = np.floor(np.log2(np.sqrt(boxes[:, 3] * boxes[:, 4]) / np.float32(224))) + 4 - first
    chosen: np.ndarray = found.clip(0, count - 1).astype(int)
    return chosen


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, ROIAlignRotated-15 in float32, for as many boxes as there are."""
    row, boxes = cast("SampledRow", problem.row), all_turned(problem)
    requests = [request(level, row, threads, rois=-1) for level in problem.levels]
    first, out = -round(np.log2(problem.levels[0].scale)), result_like(row.rois, row, "NCHW", np.dtype(np.float32))

    def call() -> list[Any]:
        chosen = levels_of(boxes, first, len(requests))
        for index, (level, pooling) in enumerate(zip(problem.levels, requests, strict=True)):
            of_level = np.flatnonzero(chosen == index)
            rows = boxes[of_level]
            inputs = [level.feature, np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int32)]
            out[of_level] = pooling.infer(inputs, share_inputs=True, share_outputs=True)[0]
        return [out]

    return Contestant("openvino-by-level", "NCHW", "float32", [call], owned=[out])


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
