"""OpenVINO on a CPU: DeformablePSROIPooling-8."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from ....measuring.contestant import Contestant, Library
from ...deform_roi_pool.workloads import GAMMA, offsets
from ..operations import Operation

if TYPE_CHECKING:
    from collections.abc import Callable

    from ....measuring.problem import Level, Problem, SampledRow


def forward(problem: Problem, threads: int) -> Contestant:
    """The CPU plugin, in float32."""
    import openvino as ov
    from openvino import opset8
    from openvino.properties import hint, inference_num_threads

    row, core = cast("SampledRow", problem.row), ov.Core()

    def call(level: Level) -> Callable[[], list[Any]]:
        inputs = [level.feature, level.boxes, offsets(level, row)]
        maps, boxes, moves = given = [opset8.parameter(array.shape, ov.Type.f32) for array in inputs]
        node = opset8.deformable_psroi_pooling(
            maps, boxes, row.channels, level.scale, row.bins, "bilinear_deformable", row.sampling_ratio, row.sampling_ratio,
            GAMMA, row.bins, moves,
        )  # fmt: skip
        settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
        request = core.compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()
        return lambda: [request.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    return Contestant("openvino", "NCHW", "float32", [call(level) for level in problem.levels], np.array)


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
