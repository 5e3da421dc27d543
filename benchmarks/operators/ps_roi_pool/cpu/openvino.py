"""OpenVINO on a CPU: PSROIPooling-1, by averages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, in float32."""
    import openvino as ov
    from openvino import opset1
    from openvino.properties import hint, inference_num_threads

    bins, channels, core = problem.row.bins, problem.row.channels, ov.Core()

    def call(level: Level) -> Callable[[], list[Any]]:
        inputs = [level.feature, level.boxes]
        given = [opset1.parameter(array.shape, ov.Type.f32) for array in inputs]
        node = opset1.psroi_pooling(*given, channels, bins, level.scale, 1, 1, "average")
        settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
        request = core.compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()
        return lambda: [request.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    calls = [call(level) for level in problem.levels]
    return Contestant("openvino", "NCHW", "float32", calls, np.array, dialect="openvino")


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
