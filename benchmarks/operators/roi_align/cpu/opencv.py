"""OpenCV's dnn module on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation
from .onnx_model import model_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The dnn module of OpenCV 5. Setting an input copies it, and is part of the call."""
    import cv2

    if int(cv2.__version__.split(".")[0]) < 5:
        raise ImportError(f"OpenCV {cv2.__version__} has no RoiAlign")
    cv2.setNumThreads(threads)

    def call(level: Level) -> Callable[[], list[Any]]:
        model, inputs = model_of(problem, [level])
        net = cv2.dnn.readNetFromONNX(np.frombuffer(model, np.uint8), engine=cv2.dnn.ENGINE_NEW)

        def forward() -> list[Any]:
            for name, array in inputs.items():
                net.setInput(array, name)
            return [net.forward()]

        return forward

    return Contestant("opencv", "NCHW", "float32", [call(level) for level in problem.levels])


OPENCV = Library(("cv2", "onnx"), {Operation.FORWARD: forward})
