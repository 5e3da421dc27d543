"""ONNX Runtime on a CPU: com.microsoft.CropAndResize."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from roikit.conformance.adapters._onnx_model import CROP_AND_RESIZE_INPUTS, CropAndResizeModel

from ....measuring.contestant import Contestant, Library
from ..operations import Operation
from ..workloads import boxes_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU execution provider."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    model = CropAndResizeModel("bilinear", 0.0).build()
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    size = np.array([problem.row.bins] * 2, np.int32)

    def call(level: Level) -> Callable[[], list[Any]]:
        feeds = dict(zip(CROP_AND_RESIZE_INPUTS, (level.feature, *boxes_of(level), size), strict=True))
        return lambda: list(session.run(None, feeds))

    return Contestant("onnxruntime", "NCHW", "float32", [call(level) for level in problem.levels])


ONNXRUNTIME = Library(("onnxruntime", "onnx"), {Operation.FORWARD: forward})
