"""RoIAlign as an ONNX model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ....measuring.problem import Level, Problem


def model_of(problem: Problem, levels: Sequence[Level]) -> tuple[bytes, dict[str, np.ndarray]]:
    """An ONNX model of the calls of these levels, of opset 16 and with their shapes, and its inputs."""
    from onnx import TensorProto, helper

    row = problem.row
    nodes, inputs, outputs, arrays = [], [], [], {}
    for index, level in enumerate(levels):
        given = {
            f"maps{index}": level.feature,
            f"boxes{index}": np.ascontiguousarray(level.boxes[:, 1:]),
            f"images{index}": level.boxes[:, 0].astype(np.int64),
        }
        attributes = {"output_height": row.bins, "output_width": row.bins, "sampling_ratio": row.sampling_ratio}
        nodes.append(
            helper.make_node(
                "RoiAlign",
                list(given),
                [f"pooled{index}"],
                spatial_scale=level.scale,
                coordinate_transformation_mode="half_pixel",
                **attributes,
            )
        )
        kinds = (TensorProto.FLOAT, TensorProto.FLOAT, TensorProto.INT64)
        inputs += [
            helper.make_tensor_value_info(name, kind, array.shape)
            for (name, array), kind in zip(given.items(), kinds, strict=True)
        ]
        shape = (len(level.boxes), row.channels, row.bins, row.bins)
        outputs.append(helper.make_tensor_value_info(f"pooled{index}", TensorProto.FLOAT, shape))
        arrays |= given
    graph = helper.make_graph(nodes, "rois", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    return model.SerializeToString(), arrays
