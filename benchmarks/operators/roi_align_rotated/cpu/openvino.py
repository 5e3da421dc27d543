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


def request(level: Level, row: SampledRow, threads: int, rois: int) -> Any:
    """A request of the CPU plugin, ROIAlignRotated-15 in float32: for so many RoIs of a level, or with -1 for any number.

    It takes maps, boxes ``(K, 5)``, and the image of each.
    """
    import openvino as ov
    from openvino import opset15
    from openvino.properties import hint, inference_num_threads

    shapes = (level.feature.shape, [rois, 5], [rois])
    kinds = (ov.Type.f32, ov.Type.f32, ov.Type.i32)
    given = [opset15.parameter(ov.PartialShape(list(shape)), kind) for shape, kind in zip(shapes, kinds, strict=True)]
    node = opset15.roi_align_rotated(*given, row.bins, row.bins, row.sampling_ratio, level.scale, False)
    settings = {hint.inference_precision: ov.Type.f32, inference_num_threads: threads}
    return ov.Core().compile_model(ov.Model([node], given), "CPU", settings).create_infer_request()


def forward(problem: Problem, threads: int) -> Contestant:
    """A request for each level."""
    row = cast("SampledRow", problem.row)

    def call(level: Level) -> Callable[[], list[Any]]:
        rows = turned(level)
        inputs = [level.feature, np.ascontiguousarray(rows[:, 1:]), rows[:, 0].astype(np.int32)]
        pooling = request(level, row, threads, len(rows))
        return lambda: [pooling.infer(inputs, share_inputs=True, share_outputs=True)[0]]

    return Contestant("openvino", "NCHW", "float32", [call(level) for level in problem.levels], np.array)


OPENVINO = Library(("openvino",), {Operation.FORWARD: forward})
