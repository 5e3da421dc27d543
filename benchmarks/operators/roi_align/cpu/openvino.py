"""OpenVINO on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, ROIAlign-9 in float32."""
    import openvino as ov
    from openvino import opset9
    from openvino.properties import hint, inference_num_threads

    row, core = problem.row, ov.Core()

    def call(level: Level) -> Callable[[], list[Any]]:
        inputs = [level.feature, np.ascontiguousarray(level.boxes[:, 1:]), level.boxes[:, 0].astype(np.int32)]
        kinds = (ov.Type.f32, ov.Type.f32, ov.Type.i32)
        given = [opset9.parameter(array.shape, kind) for array, kind in zip(inputs, kinds, strict=True)]
        mode = "half_pixel_for_nn"
        node = opset9.roi_align(*given, row.bins, row.bins, row.sampling_ratio, level.scale, "avg", mode)
        settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
        request = core.compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()
        return lambda: [request.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    return Contestant("openvino", "NCHW", "float32", [call(level) for level in problem.levels], np.array)


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
