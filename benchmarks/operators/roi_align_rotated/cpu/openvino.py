"""OpenVINO on a CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....measuring.contestant import Contestant, Library
from ..operations import Operation
from ..workloads import turned

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem, SampledRow


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, ROIAlignRotated-15 in float32."""
    import openvino as ov
    from openvino import opset15
    from openvino.properties import hint, inference_num_threads

    row, core = cast("SampledRow", problem.row), ov.Core()

    def call(level: Level) -> Callable[[], list[Any]]:
        rows = turned(level)
        inputs = [level.feature, np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int32)]
        kinds = (ov.Type.f32, ov.Type.f32, ov.Type.i32)
        given = [opset15.parameter(array.shape, kind) for array, kind in zip(inputs, kinds, strict=True)]
        node = opset15.roi_align_rotated(*given, row.bins, row.bins, row.sampling_ratio, level.scale, False)
        settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
        request = core.compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()
        return lambda: [request.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    return Contestant("openvino", "NCHW", "float32", [call(level) for level in problem.levels], np.array)


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
